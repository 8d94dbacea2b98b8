"""What `doctor` says of the desktop: is there a tray, does the program start with the session."""

import sys
from collections.abc import Iterator
from pathlib import Path

from outlet_sync_gui.desktop import autostart, trays
from outlet_sync_gui.desktop.autostart import State
from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.support.doctor import Check
from outlet_sync_gui.support.ladder import Result


def examine(directory: Path) -> Iterator[Check]:
    """Both checks. A till does without either, so that only what is wrong fails."""
    has_tray = sys.platform != "linux" or trays.has_watcher() or trays.has_manager()
    yield (
        Check(name="tray", result=Result.PASSED) if has_tray else Check(name="tray", result=Result.OFF, code="no_tray")
    )
    yield _autostart(directory)


def _autostart(directory: Path) -> Check:
    try:
        found = autostart.look(directory)
    except StoreFailed as error:
        return Check(name="autostart", result=Result.FAILED, code=error.code, facts=tuple(error.facts.items()))
    match found.state:
        case State.ON:
            return Check(name="autostart", result=Result.PASSED)
        case State.OFF:
            return Check(name="autostart", result=Result.OFF, code="autostart_off")
        case State.ELSEWHERE:
            facts = (("command", found.command or ""),)
            return Check(name="autostart", result=Result.FAILED, code="autostart_elsewhere", facts=facts)
