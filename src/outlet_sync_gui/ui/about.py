"""What the help desk asks first: which program, which version, which outlet, and where it keeps its data."""

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QWidget

from outlet_sync_gui import __version__, words
from outlet_sync_gui.ui.dialogs import Dialog, name_button
from outlet_sync_gui.ui.widgets import Label

PROGRAM = "Outlet Sync"  # a name, the same in every language
SIZE = QSize(460, 300)


class AboutDialog(Dialog):
    """`log` wants the folder of the log opened."""

    def __init__(self, parent: QWidget, directory: Path, outlet_code: str) -> None:
        super().__init__(parent, wanted=SIZE)
        self._directory, self._outlet_code = directory, outlet_code
        self.title.say(PROGRAM)
        self.log = QPushButton()
        self.log.setAutoDefault(False)
        self.footer.insertWidget(0, self.log)
        self._labels = [(Label("quiet"), Label("strong", wraps=True)) for _ in self.lines()]
        for name, value in self._labels:
            self.body.addWidget(name)
            self.body.addWidget(value)
        self.body.addStretch()
        self.retranslate()

    def lines(self) -> list[tuple[str, str]]:
        """What is told, each with its name."""
        return [
            (words.say("Version"), __version__),
            (words.say("Outlet"), self._outlet_code or words.say("Not set up yet")),
            (words.say("Data folder"), str(self._directory)),
        ]

    def retranslate(self) -> None:
        """Say it again in the language of now."""
        super().retranslate()
        self.setWindowTitle(words.say("About Outlet Sync"))
        name_button(self.cancel, words.say("Close"))
        name_button(self.log, words.say("Log folder"))
        for (name, value), (title, text) in zip(self._labels, self.lines(), strict=True):
            name.say(title)
            value.say(text)
            value.setAccessibleName(f"{title}: {text}")
