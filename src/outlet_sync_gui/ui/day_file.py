"""A day as a file: the system's dialog asks where, and what is shown is written there."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.reader import Day
from outlet_sync_gui.support.export import as_csv, as_json
from outlet_sync_gui.ui.day_head import FORMS


class SaveDialog(QFileDialog):
    """Writes the day in that form (csv, pdf, json); `failed` brings a Say."""

    failed = Signal(object)

    def __init__(self, parent: QWidget, form: str, day: Day) -> None:
        super().__init__(parent, words.say("Save as"))
        self._form, self._day = form, day
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self.setNameFilter(f"{words.say(FORMS[form])} (*.{form})")
        self.setDefaultSuffix(form)
        name = words.say("daily-summary")
        self.selectFile(f"{name}-{day.settings.outlet_code}-{day.closing.summary.date}.{form}")
        self.fileSelected.connect(self._write)

    def _write(self, path: str) -> None:
        try:
            Path(path).write_bytes(content(self._form, self._day))
        except OSError as error:
            facts = {"path": path, "why": error.strerror or ""}
            self.failed.emit(lambda: words.say("The file {path} can't be written: {why}.", **facts))


def content(form: str, day: Day) -> bytes:
    """The bytes of the file."""
    if form == "pdf":
        from outlet_sync_gui.ui.summary_pdf import as_pdf  # late: few days are printed

        return as_pdf(day.closing, day.settings)
    return (as_csv if form == "csv" else as_json)(day.closing, day.settings)
