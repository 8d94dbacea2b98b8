"""How records get in, by command or over HTTP (`http`), and how what headquarters says gets out to the till."""

from outlet_sync_gui.intake.lines import LONGEST_LINE, Line, Origin, read_json, read_lines
from outlet_sync_gui.intake.report import Report

__all__ = ["LONGEST_LINE", "Line", "Origin", "Report", "read_json", "read_lines"]
