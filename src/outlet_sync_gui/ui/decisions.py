"""From a button to a decision: the dialogs between, and what came back because it could not be done.

Each kind of dialog is loaded when one of it is opened: the pages are there before anybody decides anything.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from outlet_sync_gui import reasons, words
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import Record, WantConflicts, WantDeciders, WantRecord
from outlet_sync_gui.settings import user_name
from outlet_sync_gui.status import Row, Status
from outlet_sync_gui.store.activity import Deed
from outlet_sync_gui.store.conflicts import Conflict
from outlet_sync_gui.store.refusals import Alike
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.commands import (
    AnswerQuestion,
    Command,
    Discard,
    Edit,
    FieldChoice,
    ReadMessage,
    Resolve,
    Retry,
    SendSummary,
    TakeChanges,
    Undo,
)
from outlet_sync_gui.sync.history import Happened
from outlet_sync_gui.ui.dialogs import Dialog
from outlet_sync_gui.ui.record_list import Action
from outlet_sync_gui.ui.theme import Theme
from outlet_sync_gui.ui.widgets import Banner

if TYPE_CHECKING:
    from outlet_sync_gui.ui.conflict_dialog import ConflictDialog


class Decisions(QObject):
    """Asks a person what is needed, and the service to do it. `dialog` is the one that is open."""

    decided = Signal(object)  # a Command
    read_asked = Signal(object)  # a Wish

    def __init__(self, window: QWidget, theme: Theme, banner: Banner) -> None:
        super().__init__(window)
        self._window, self._theme, self._banner = window, theme, banner
        self._status: Status | None = None
        self._now_ms = 0
        self._rows: dict[str, Row] = {}  # what was decided over
        self._drafts: dict[int, str] = {}  # contents that were declined: nobody types them twice
        self._to_mend: list[Row] = []  # one after another
        self.dialog: Dialog | None = None
        self.conflicts: ConflictDialog | None = None

    def show_status(self, status: Status, now_ms: int) -> None:
        """What is true now, for dialogs; what is reviewed may have changed with it."""
        self._status, self._now_ms = status, now_ms
        if self.conflicts is not None:
            self.conflicts.show_status(status, now_ms)
            self.read_asked.emit(WantConflicts(self.conflicts.seen()))

    def review(self, *, is_newest_wanted: bool = False) -> None:
        """Open the review of conflicts, at the oldest; or at the newest, wherever it is."""
        from outlet_sync_gui.ui.conflict_dialog import ConflictDialog

        if self.conflicts is not None and is_newest_wanted:
            self.conflicts.land()
            self.read_asked.emit(WantConflicts(self.conflicts.seen()))
        if self._status is None or self.conflicts is not None or self.dialog is not None:
            return
        self.conflicts = ConflictDialog(self._window, self._theme, user_name())
        self.conflicts.chosen.connect(self._resolve)
        self.conflicts.undone.connect(self._undo)
        self.conflicts.finished.connect(self._reviewed)
        self.conflicts.show_status(self._status, self._now_ms)
        if is_newest_wanted:
            self.conflicts.land()
        self.conflicts.open()
        self.read_asked.emit(WantConflicts())
        self.read_asked.emit(WantDeciders())

    def show_deciders(self, names: Sequence[str]) -> None:
        """Show who may be picked for having decided."""
        if self.conflicts is not None:
            self.conflicts.signature.offer(names)

    def retranslate(self) -> None:
        """Say all that is open over the window again, in the language and the colours of now."""
        self._banner.retranslate()
        if self.conflicts is not None:
            self.conflicts.retranslate()
        for dialog in self._window.findChildren(Dialog):
            dialog.retranslate()

    def show_conflicts(self, conflicts: Sequence[Conflict]) -> None:
        """Show what was read of conflicts."""
        if self.conflicts is not None:
            self.conflicts.show_conflicts(conflicts)

    def ask(self, action: Action, rows: Sequence[Row], alike: Alike | None = None) -> None:
        """Somebody wants something done about these rows, or about all that failed alike."""
        self._rows |= {str(row.record_id): row for row in rows}
        match action:
            case Action.RETRY:
                self.decided.emit(Retry(who=user_name(), names=_names(rows), alike=alike))
            case Action.DISCARD:
                self._ask_why(rows, alike)
            case Action.EDIT:
                self._to_mend = list(rows)
                self._mend_next()
            case Action.DETAILS:
                self.read_asked.emit(WantRecord(rows[0]))

    def answer(self, question_id: int, choice: str) -> None:
        """Somebody answered a question."""
        self.decided.emit(AnswerQuestion(who=user_name(), question_id=question_id, choice=choice))

    def show_details(self, row: Row) -> None:
        """Somebody wants to see all that is known of a record."""
        self.ask(Action.DETAILS, [row])

    def undo(self, happened: Happened) -> None:
        """Somebody takes a decision back."""
        record, deed = happened.entry.record, happened.entry.told
        if isinstance(deed, Deed) and record is not None:
            self._rows[str(record.record_id)] = record
            self.decided.emit(Undo(who=user_name(), deed=deed.number))

    def acknowledge(self, number: int) -> None:
        """Somebody has read an announcement."""
        self.decided.emit(ReadMessage(who=user_name(), number=number))

    def take(self, seqs: tuple[int, ...] | None) -> None:
        """Somebody has seen to headquarters' changes on the till; None: to all."""
        self.decided.emit(TakeChanges(who=user_name(), seqs=seqs))

    def send_summary(self, date: str) -> None:
        """Somebody sends the daily summary of a business day."""
        self.decided.emit(SendSummary(who=user_name(), date=date))

    def show_record(self, wish: WantRecord, record: Record) -> None:
        """Open what was read for details or for mending."""
        if self._status is None or self.dialog is not None:
            return
        if wish.is_edit:
            self._mend(wish.row, record, self._status)
        else:
            self._show_details(wish.row, record, self._status)

    def declined(self, command: Command, error: InputRefused) -> None:
        """The service could not do it: say so until somebody has read it."""
        if isinstance(command, Edit):
            self._drafts[int(command.name)] = command.content.decode()
        if isinstance(command, Resolve):
            self._decline(command, error)
            return
        if isinstance(command, Undo) and self.conflicts is not None:
            self.conflicts.tell(partial(reasons.declined, error, ""))
            return
        is_row = isinstance(command, Retry | Discard | Edit | Undo)  # others have numbers of their own
        row = self._rows.get(str(error.facts.get("name", ""))) if is_row else None
        self._banner.tell(lambda: reasons.declined(error, words.row_title(row) if row is not None else ""))

    def _decline(self, command: Resolve, error: InputRefused) -> None:
        """Where it was chosen, as long as it is still reviewed; and look again at what holds now."""
        say = partial(reasons.declined, error, "")
        if self.conflicts is None:
            self._banner.tell(say)
            return
        self.conflicts.decline(command.conflict_id, say)
        self.read_asked.emit(WantConflicts(self.conflicts.seen()))

    def _resolve(self, conflict: Conflict, choices: tuple[FieldChoice, ...]) -> None:
        assert self.conflicts is not None
        signed = self.conflicts.signature
        self.decided.emit(
            Resolve(
                who=signed.who(),
                conflict_id=conflict.conflict_id,
                choices=choices,
                revision=conflict.revision,
                notes=signed.notes(),
            )
        )

    def _undo(self, conflict_id: int) -> None:
        assert self.conflicts is not None
        self.decided.emit(Undo(who=self.conflicts.signature.who(), conflict_id=conflict_id))

    def _reviewed(self) -> None:
        self.conflicts = None

    def _show_details(self, row: Row, record: Record, status: Status) -> None:
        from outlet_sync_gui.ui.details_dialog import DetailsDialog

        self._open(DetailsDialog(self._window, self._theme, row, record, status, now().wall_ms))

    def _ask_why(self, rows: Sequence[Row], alike: Alike | None) -> None:
        from outlet_sync_gui.ui.discard_dialog import DiscardDialog

        dialog = DiscardDialog(self._window, rows, n=alike.n if alike is not None else None)
        names = _names(rows)
        dialog.reasoned.connect(
            lambda reason: self.decided.emit(Discard(who=user_name(), names=names, reason=reason, alike=alike))
        )
        self._open(dialog)

    def _mend_next(self) -> None:
        if self._to_mend:
            self.read_asked.emit(WantRecord(self._to_mend.pop(0), is_edit=True))

    def _mend(self, row: Row, record: Record, status: Status) -> None:
        from outlet_sync_gui.ui.edit_dialog import LARGEST, EditDialog

        if len(record.content) > LARGEST:
            self._banner.tell(partial(_too_big, row))
            return
        draft = self._drafts.pop(row.record_id, None)
        dialog = EditDialog(self._window, self._theme, row, record, status, draft=draft)
        name = str(row.record_id)
        dialog.mended.connect(
            lambda content: self.decided.emit(Edit(who=user_name(), name=name, content=bytes(content)))
        )
        dialog.rejected.connect(self._to_mend.clear)
        self._open(dialog)

    def _open(self, dialog: Dialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(self._closed)
        dialog.open()

    def _closed(self) -> None:
        self.dialog = None
        self._mend_next()


def _too_big(row: Row) -> str:
    return words.say("{name} is too big to be mended here.", name=words.row_title(row))


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(str(row.record_id) for row in rows)
