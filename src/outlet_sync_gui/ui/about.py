"""What the help desk asks first: which program, which version, which outlet, and where it keeps its data."""

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QWidget

from outlet_sync_gui import __version__, words
from outlet_sync_gui.ui.dialogs import Dialog
from outlet_sync_gui.ui.widgets import Label

SIZE = QSize(460, 300)


class AboutDialog(Dialog):
    """`log` wants the folder of the log opened."""

    def __init__(self, parent: QWidget, directory: Path, outlet_code: str) -> None:
        super().__init__(parent, "Outlet Sync", wanted=SIZE)
        self.setWindowTitle(words.say("About Outlet Sync"))
        self.cancel.setText(words.say("Close"))
        self.cancel.setAccessibleName(self.cancel.text())
        self.log = QPushButton(words.say("Log folder"))
        self.log.setAutoDefault(False)
        self.footer.insertWidget(0, self.log)
        self.lines = [
            (words.say("Version"), __version__),
            (words.say("Outlet"), outlet_code or words.say("Not set up yet")),
            (words.say("Data folder"), str(directory)),
        ]
        for name, value in self.lines:
            self._add(name, value)
        self.body.addStretch()

    def _add(self, name: str, value: str) -> None:
        label, text = Label("quiet"), Label("strong", wraps=True)
        label.say(name)
        text.say(value)
        text.setAccessibleName(f"{name}: {value}")
        self.body.addWidget(label)
        self.body.addWidget(text)
