"""Why something is not sent: reasons to pick from, or an own one."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from outlet_sync_gui import words
from outlet_sync_gui.status import Row
from outlet_sync_gui.ui.dialogs import Dialog, name_button
from outlet_sync_gui.ui.widgets import Label, Pick, set_checked

TOLD_ROWS = 3
LONGEST_REASON = 500
REASONS = (
    words.N_("Entered twice"),
    words.N_("Cancelled by the guest"),
    words.N_("Only a test"),
    words.N_("Headquarters has it already"),
)


class DiscardDialog(Dialog):
    """Asks why; without a reason it can't be pressed. `n`: how many there are, where these are the newest of them."""

    reasoned = Signal(str)

    def __init__(self, parent: QWidget, rows: Sequence[Row], *, n: int | None = None) -> None:
        super().__init__(parent, wanted=QSize(560, 372))
        self._rows, self._n = rows, n if n is not None else len(rows)
        self.records = Label("quiet", wraps=True)
        self.picks = [Pick() for _ in REASONS]
        self.reason = QLineEdit(maxLength=LONGEST_REASON)
        self.kept = Label("small", wraps=True)
        self.discard = self.main_button()
        self._lay_out_reasons()
        self.discard.clicked.connect(self.accept)
        self.reason.textChanged.connect(self._show_whether)
        self.accepted.connect(lambda: self.reasoned.emit(self.reason.text().strip()))
        self.retranslate()
        self.picks[0].setFocus()

    def retranslate(self) -> None:
        """Say it again in the language of now; a reason that was picked, too."""
        super().retranslate()
        question = words.say_n("Why not send {n} record?", "Why not send these {n} records?", self._n)
        self.title.say(question)
        self.records.say(_names(self._rows, self._n))
        picked = next((place for place, pick in enumerate(self.picks) if pick.isChecked()), None)
        for pick, reason in zip(self.picks, REASONS, strict=True):
            name_button(pick, words.say(reason))
        if picked is not None:
            self.reason.setText(self.picks[picked].text())
        self.reason.setAccessibleName(question)
        self.reason.setPlaceholderText(words.say("Or in your own words"))
        self.kept.say(words.say("It stays in Activity, with your name and the reason."))
        name_button(self.discard, words.say("Discard"))
        self._show_whether()

    def _lay_out_reasons(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(8)
        for place, pick in enumerate(self.picks):
            pick.setProperty("kind", "option")
            pick.toggled.connect(self._picker(pick))
            grid.addWidget(pick, place // 2, place % 2)
        self.body.addWidget(self.records)
        self.body.addLayout(grid)
        self.body.addWidget(self.reason)
        self.body.addWidget(self.kept)
        self.body.addStretch()

    def _picker(self, pick: Pick) -> Callable[[], None]:
        def picked() -> None:
            self.reason.setText(pick.text())
            self._show_whether()  # a second press takes nothing back

        return picked

    def _show_whether(self) -> None:
        reason = self.reason.text().strip()
        for pick in self.picks:
            set_checked(pick, is_checked=pick.text() == reason)
        self.discard.setEnabled(bool(reason))
        self.discard.setToolTip("" if reason else words.say("Say why first."))


def _names(rows: Sequence[Row], n: int) -> str:
    shown = ", ".join(words.row_title(row) for row in rows[:TOLD_ROWS])
    more = n - min(TOLD_ROWS, len(rows))
    return f"{shown}, {words.say('{n} more', n=words.number(more))}" if more > 0 else shown
