"""Every page and every dialog of the window with something in it, to be looked at as a whole."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QDialog, QWidget
from tests.ui.checks import refused, show
from tests.ui.days import DAYS, TODAY, show_day
from tests.ui.happenings import HISTORIES
from tests.ui.headquarters import ASKED, CONFLICTS, PAGES
from tests.ui.kept import STATUS, Answering
from tests.ui.records import RECORDS
from tests.ui.states import NOW, REFUSED, ROWS, STATES, status

from outlet_sync_gui import reasons
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.reader import Part, WantActivity, WantGaps, WantRecord
from outlet_sync_gui.status import State
from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.sync.closing import Check
from outlet_sync_gui.sync.commands import Retry
from outlet_sync_gui.ui.about import AboutDialog
from outlet_sync_gui.ui.conflict_dialog import ConflictDialog
from outlet_sync_gui.ui.day_dialogs import DayDialog, GapsDialog, TechnicalDialog
from outlet_sync_gui.ui.details_dialog import DetailsDialog
from outlet_sync_gui.ui.dialogs import Dialog
from outlet_sync_gui.ui.discard_dialog import DiscardDialog
from outlet_sync_gui.ui.edit_dialog import EditDialog
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.record_list import Action
from outlet_sync_gui.ui.settings_page import Section
from outlet_sync_gui.ui.summary_page import SummaryPage

Scene = Callable[[MainWindow], QWidget]  # shows it; what is to be looked at


def _state(name: str) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        window.open_page(Page.STATUS)
        window.show_status(STATES[name], NOW)
        window.show_rows(ROWS.get(name, []))
        return window

    return shown


def _list(name: str, page: Page) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        show(window, name, page)
        return window

    return shown


def _headquarters(name: str, page: Page) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        value, messages, changes = PAGES[name]
        window.open_page(page)
        window.show_status(value, NOW)
        window.messages_page.show_messages(messages)
        window.changes_page.show_changes(changes)
        return window

    return shown


def _activity(window: MainWindow) -> QWidget:
    window.open_page(Page.ACTIVITY)
    window.show_status(status(State.IDLE), NOW)
    window.activity_page.parts[Part.ALL].click()
    window.show_found(WantActivity(), HISTORIES["full"])
    window.activity_page.list.start_anew()
    window.activity_page.list.rows.table.selectRow(3)
    return window


def _asked(window: MainWindow) -> QWidget:
    window.open_page(Page.ATTENTION)
    window.show_status(ASKED, NOW)
    window.attention_page.show_refused(refused([]))
    return window


def _summary(window: MainWindow) -> QWidget:
    window.show_status(status(State.IDLE), NOW)
    show_day(window, DAYS["usual"])
    return window


def _over_summary(kind: type[Dialog], ask: Callable[[SummaryPage], None]) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        _summary(window)
        ask(window.summary_page)
        dialog = window.findChild(kind)
        assert dialog is not None
        return dialog

    return shown


def _settings(section: Section) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        window.open_page(Page.SETTINGS)
        page = window.settings_page
        if page.keys.cards["api-key"].is_there is None:
            page.answering = Answering(page)  # type: ignore[attr-defined]  # kept as long as the page
        window.show_status(STATUS, NOW)
        page.go_to(section)
        return window

    return shown


def _declined(window: MainWindow) -> QWidget:
    _state("attention")(window)
    window.decisions.ask(Action.RETRY, REFUSED[:1])
    window.show_declined(Retry(who="Rina"), InputRefused("row_sending", {"name": "1"}))
    return window


def _discard(window: MainWindow) -> QWidget:
    show(window, "refused", Page.ATTENTION)
    window.decisions.ask(Action.DISCARD, REFUSED)
    dialog = window.decisions.dialog
    assert isinstance(dialog, DiscardDialog)
    dialog.picks[1].click()
    return dialog


def _details(name: str) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        row, record = RECORDS[name]
        show(window, "refused", Page.ATTENTION)
        window.decisions.show_record(WantRecord(row), record)
        dialog = window.decisions.dialog
        assert isinstance(dialog, DetailsDialog)
        dialog.show_technical(is_shown=name == "refused")
        return dialog

    return shown


def _edit(typed: str) -> Scene:
    def shown(window: MainWindow) -> QWidget:
        row, record = RECORDS["refused"]
        show(window, "refused", Page.ATTENTION)
        window.decisions.show_record(WantRecord(row, is_edit=True), record)
        dialog = window.decisions.dialog
        assert isinstance(dialog, EditDialog)
        dialog.field.insertPlainText(typed)
        dialog.check()
        return dialog

    return shown


def _review(window: MainWindow) -> ConflictDialog:
    window.open_page(Page.STATUS)
    window.show_status(status(State.ATTENTION, conflicts=9, clock_offset_s=0.4), NOW)
    window.decisions.review()
    dialog = window.decisions.conflicts
    assert dialog is not None
    dialog.show_conflicts(list(CONFLICTS.values()))
    return dialog


def _chosen(window: MainWindow) -> QWidget:
    dialog = _review(window)
    dialog._go(CONFLICTS["three"].conflict_id)
    dialog._choose_all(Strategy.CLOUD_WINS)
    dialog.comparison.rows[0].head.other.click()
    dialog.comparison.rows[0].own.text.setText("Nasi Goreng Istimewa")
    dialog.signature.button.click()
    dialog.applied.tell(CONFLICTS["deleted"])
    dialog.tell(lambda: reasons.declined(InputRefused("undo_over"), ""))
    return dialog


def _same(window: MainWindow) -> QWidget:
    dialog = _review(window)
    dialog._go(CONFLICTS["one"].conflict_id)
    dialog._choose_all(Strategy.LOCAL_WINS)
    dialog._ask_same()
    assert dialog.same_dialog is not None
    return dialog.same_dialog


def _about(window: MainWindow) -> QWidget:
    dialog = AboutDialog(window, Path("/home/kasir/.local/share/outlet-sync"), "")
    dialog.open()
    return dialog


ON_PAGES: Mapping[str, Scene] = {
    **{f"status-{name}": _state(name) for name in ("syncing", "offline", "paused", "attention")},
    "queue": _list("line", Page.QUEUE),
    "attention": _list("refused", Page.ATTENTION),
    "attention-standing": _list("standing", Page.ATTENTION),
    "attention-asked": _asked,
    "activity": _activity,
    **{
        f"{page.name.lower()}-{name}": _headquarters(name, page)
        for page in (Page.MESSAGES, Page.CHANGES)
        for name in PAGES
    },
    "summary": _summary,
    **{f"settings-{section.name.lower()}": _settings(section) for section in Section},
    "declined": _declined,
}
IN_DIALOGS: Mapping[str, Scene] = {
    "discard": _discard,
    **{f"details-{name}": _details(name) for name in RECORDS},
    "edit": _edit("B-02"),
    "edit-wrong": _edit('B-02,,"'),
    "review": _review,
    "review-chosen": _chosen,
    "same": _same,
    "about": _about,
    "days": _over_summary(DayDialog, lambda page: page.head.day.click()),
    "technical": _over_summary(TechnicalDialog, lambda page: page.head.more.click()),
    "gaps": _over_summary(GapsDialog, lambda page: page.show_gaps(WantGaps(TODAY, Check.STRAY, 5), ROWS["idle"])),
}
SCENES: Mapping[str, Scene] = {**ON_PAGES, **IN_DIALOGS}


def leave(window: MainWindow) -> None:
    """Close what is open over the window, the innermost first."""
    for dialog in reversed(window.findChildren(QDialog)):
        dialog.reject()
        QCoreApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
