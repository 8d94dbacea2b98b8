"""Pictures of the window in every state: python tests/ui/pictures.py FOLDER."""

import os
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if len(sys.argv) > 2:
    os.environ["QT_SCALE_FACTOR"] = sys.argv[2]

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QTableView, QWidget
from tests.builders import order
from tests.ui.checks import refused, settle, show
from tests.ui.days import DAYS, TODAY, show_day
from tests.ui.first_run import SCENES, FirstRun
from tests.ui.happenings import HISTORIES
from tests.ui.headquarters import ASKED, CONFLICTS, PAGES, PRICE
from tests.ui.kept import STATUS, Answering
from tests.ui.records import RECORDS
from tests.ui.states import LISTS, NOW, REFUSED, ROWS, STATES, status

from outlet_sync_gui import words
from outlet_sync_gui.contract.text import dumps
from outlet_sync_gui.reader import Part, Record, WantActivity, WantGaps, WantRecord
from outlet_sync_gui.status import Pending, State
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.sync.closing import Check
from outlet_sync_gui.ui.day_dialogs import DayDialog
from outlet_sync_gui.ui.details_dialog import DetailsDialog
from outlet_sync_gui.ui.dialogs import Dialog
from outlet_sync_gui.ui.edit_dialog import EditDialog
from outlet_sync_gui.ui.forms import Entry
from outlet_sync_gui.ui.main_window import SIZE, MainWindow
from outlet_sync_gui.ui.queue_page import QueuePage
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.record_list import Action
from outlet_sync_gui.ui.settings_page import Section
from outlet_sync_gui.ui.theme import Theme

DEEDS = (
    Deed(at=NOW - 90_000_000, what=What.RETRIED, who="Rina", why="", before=None, after=None),
    Deed(at=NOW - 60_000, what=What.EDITED, who="Budi", why="", before=None, after=None),
)


def main() -> None:
    """Draw all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(["pictures"])
    theme = Theme(app, is_dark=False)
    window = MainWindow(theme)
    window.show()
    for language, is_dark in product(("id", "en"), (False, True)):
        words.use(language)
        theme.apply(is_dark=is_dark)
        window.retranslate()
        tail = f"{language}-{'dark' if is_dark else 'light'}"
        for size in (SIZE, QSize(480, 360), QSize(512, 264)):  # the last one: 1024 by 528 at 200 %
            window.resize(size)
            camera = Camera(folder, f"{tail}-{size.width()}")
            draw_states(window, camera)
            draw_lists(window, camera)
            draw_dialogs(window, camera)
            draw_headquarters(window, camera)
            draw_activity(window, camera)
            draw_summary(window, camera)
            draw_conflicts(window, camera)
            draw_settings(window, camera)
            draw_wizard(window, theme, camera)


class Camera:
    """Takes pictures of widgets that have settled."""

    def __init__(self, folder: Path, tail: str) -> None:
        self._folder, self._tail = folder, tail

    def take(self, widget: QWidget, name: str) -> None:
        settle()
        widget.grab().save(str(self._folder / f"{name}-{self._tail}.png"))


def draw_states(window: MainWindow, camera: Camera) -> None:
    """The Status page."""
    huge = status(
        State.WAITING,
        outlet_code="JAKARTA-SELATAN-SENOPATI-000001",
        pending=Pending(high=1_000_000, medium=250_000, low=99_999),
        pending_amount=999_999_999_999,
        sent_today=1_234_567,
        sent_today_amount=999_999_999_999,
    )
    window.open_page(Page.STATUS)
    for name, value in {**STATES, "long": huge, "empty": status(State.IDLE)}.items():
        window.show_status(value, NOW)
        window.show_rows(ROWS.get(name, []))
        camera.take(window, name)


def draw_lists(window: MainWindow, camera: Camera) -> None:
    """The pages of what waits and of what was refused, one record chosen."""
    for name, page in product(LISTS, (Page.QUEUE, Page.ATTENTION)):
        shown = show(window, name, page)
        table = shown.list.rows.table if isinstance(shown, QueuePage) else shown.findChild(QTableView)
        if isinstance(table, QTableView):
            table.clearSelection()
            if name != "line":
                table.selectRow(0)
        camera.take(window, f"{page.name.lower()}-{name}")
    window.banner.tell(lambda: "ORD-20260127-0142: sedang dikirim. Coba lagi sebentar lagi.")
    camera.take(window, "banner")
    window.banner.clear()


def draw_dialogs(window: MainWindow, camera: Camera) -> None:
    """Discard, details, and mending with and without a mistake."""
    window.show_status(LISTS["refused"][0], NOW)
    content = dumps({**order("ORD-20260127-0142", table_number="B-12", total_amount=426_000), "items": [{"n": 1}] * 9})
    record = Record(entity_type="order", local_id="ORD-20260127-0142", content=content, history=DEEDS)
    window.decisions.ask(Action.DISCARD, REFUSED)
    _take_dialog(window, camera, "discard")
    for name, typed in (("edit", "B-02"), ("edit-wrong", 'B-02,,"')):
        window.decisions.show_record(WantRecord(REFUSED[0], is_edit=True), record)
        _take_dialog(window, camera, name, typed)
    for name, (row, lived) in RECORDS.items():
        window.decisions.show_record(WantRecord(row), lived)
        _take_dialog(window, camera, f"details-{name}")
    window.decisions.show_record(WantRecord(row), lived)
    details = window.decisions.dialog
    assert isinstance(details, DetailsDialog)
    details.show_technical(is_shown=True)
    _take_dialog(window, camera, "details-technical")


def draw_headquarters(window: MainWindow, camera: Camera) -> None:
    """Announcements, menu changes and questions."""
    for name, (value, messages, changes) in PAGES.items():
        for page in (Page.MESSAGES, Page.CHANGES):
            window.open_page(page)
            window.show_status(value, NOW)
            window.messages_page.show_messages(messages)
            window.changes_page.show_changes(changes)
            window.changes_page.list.rows.table.clearSelection()
            if changes:
                window.changes_page.list.rows.table.selectRow(0)
            camera.take(window, f"{page.name.lower()}-{name}")
    for page in (Page.ATTENTION, Page.STATUS):
        window.open_page(page)
        window.show_status(ASKED, NOW)
        window.attention_page.show_refused(refused([]))
        window.show_rows([])
        camera.take(window, f"asked-{page.name.lower()}")


def draw_activity(window: MainWindow, camera: Camera) -> None:
    """All that happened: full, with long names, empty; a decision that can be undone chosen."""
    window.open_page(Page.ACTIVITY)
    window.show_status(status(State.IDLE), NOW)
    for name, found in HISTORIES.items():
        window.activity_page.parts[Part.ALL].click()
        window.activity_page.list.start_anew()
        window.show_found(WantActivity(), found)
        camera.take(window, f"activity-{name}")
        if found:
            window.activity_page.list.rows.table.selectRow(2 if name == "edge" else 3)
            camera.take(window, f"activity-{name}-chosen")


def draw_summary(window: MainWindow, camera: Camera) -> None:
    """The daily summary in every state, its days, its JSON, and what a check counted."""
    window.open_page(Page.SUMMARY)
    window.show_status(status(State.IDLE), NOW)
    page = window.summary_page
    for name, shown in DAYS.items():
        show_day(window, shown)
        camera.take(window, f"summary-{name}")
    show_day(window, DAYS["usual"])
    page.cards.chart.setFocus()
    page.cards.chart.setCurrentIndex(page.cards.chart.hours.index(0, 0))
    camera.take(window, "summary-chart-hour")
    for name, button in (("days", page.head.day), ("technical", page.head.more)):
        button.click()
        _take_over(window, camera, f"summary-{name}")
    page.head.day.click()
    days = window.findChildren(DayDialog)[-1]
    days.other.click()
    _take_over(window, camera, "summary-calendar")
    page.show_gaps(WantGaps(TODAY, Check.STRAY, 120), ROWS["idle"])
    _take_over(window, camera, "summary-gaps")


def _take_over(window: MainWindow, camera: Camera, name: str) -> None:
    dialog = window.findChildren(Dialog)[-1]
    camera.take(dialog, name)
    dialog.reject()
    dialog.deleteLater()


def draw_conflicts(window: MainWindow, camera: Camera) -> None:
    """The review of conflicts: nothing chosen, something chosen, an own value, changed meanwhile, and none."""
    window.show_status(status(State.ATTENTION, conflicts=9, clock_offset_s=0.4), NOW)
    window.decisions.review()
    dialog = window.decisions.conflicts
    assert dialog is not None
    camera.take(dialog, "conflict-reading")
    dialog.show_conflicts(list(CONFLICTS.values()))
    for name, conflict in CONFLICTS.items():
        dialog._go(conflict.conflict_id)
        camera.take(dialog, f"conflict-{name}")
        dialog._choose_all(Strategy.CLOUD_WINS if name in ("deleted", "unknown") else Strategy.NEWEST_WINS)
        if name == "three":
            dialog.comparison.rows[0].head.other.click()
            dialog.comparison.rows[0].own.text.setText("Nasi Goreng Istimewa")
        camera.take(dialog, f"conflict-{name}-chosen")
    many = [replace(CONFLICTS["one"], conflict_id=n, name=f"Menu {n}", category="Makanan") for n in range(100, 300)]
    dialog.show_conflicts([*CONFLICTS.values(), *many])
    dialog._go(100)
    dialog._choose_all(Strategy.CLOUD_WINS)
    dialog.signature.button.click()
    dialog.applied.tell(CONFLICTS["one"])
    dialog._show_case()
    camera.take(dialog, "conflict-200")
    dialog._ask_same()
    assert dialog.same_dialog is not None
    camera.take(dialog.same_dialog, "conflict-same")
    dialog.same_dialog.reject()
    dialog.signature.button.click()
    dialog.show_conflicts([replace(each, closed_at=NOW) for each in many])
    dialog._go(1)
    dialog.comparison.rows[0].head.other.click()
    dialog.comparison.rows[0].own.text.setText("Rp39.00")
    camera.take(dialog, "conflict-own-wrong")
    again = replace(CONFLICTS["one"], fields=(replace(PRICE, cloud="41000"),), revision=2)
    dialog.show_conflicts([again, *list(CONFLICTS.values())[1:]])
    camera.take(dialog, "conflict-changed")
    ended = [replace(each, closed_at=NOW, closed_by="") for each in CONFLICTS.values()]
    dialog.show_conflicts(ended)
    camera.take(dialog, "conflict-equal")
    dialog.reject()


def draw_settings(window: MainWindow, camera: Camera) -> None:
    """Each section; a field that is wrong, one that is begun, applied; a key that is entered, one that is renewed."""
    window.open_page(Page.SETTINGS)
    page = window.settings_page
    if not page.form(Section.OUTLET).begun() and page.keys.cards["api-key"].is_there is None:
        page.answering = Answering(page)  # type: ignore[attr-defined]  # kept as long as the page
    window.show_status(STATUS, NOW)
    for section in Section:
        page.go_to(section)
        camera.take(window, f"settings-{section.name.lower()}")
    page.go_to(Section.OUTLET)
    form, footer = page.form(Section.OUTLET), page.place(Section.OUTLET).footer
    field = form.fields["cloud_url"]
    assert isinstance(field, Entry)
    assert footer is not None
    for name, typed in (("wrong", "http://pusat"), ("begun", "https://pusat.example")):
        field.control.setText(typed)
        field.control.textEdited.emit(typed)
        field.tell_fault()
        camera.take(window, f"settings-{name}")
    footer.press()
    camera.take(window, "settings-applied")
    footer.back.click()
    page.go_to(Section.KEYS)
    secret, token = page.keys.cards["webhook-secret"], page.keys.cards["intake-token"]
    secret.replace.click()
    secret.box.field.control.setText("short")
    secret.box.field.control.textEdited.emit("short")
    secret.box.field.tell_fault()
    token.forget.click()
    camera.take(window, "settings-keys-open")
    secret.box.cancel.click()
    token.sure.no.click()


def draw_wizard(window: MainWindow, theme: Theme, camera: Camera) -> None:
    """The first run at each of its questions, in every state."""
    for name, (kept, scene) in SCENES.items():
        run = FirstRun(window, theme, kept)
        run.wizard.resize(window.size())
        run.wizard.show()
        scene(run)
        camera.take(run.wizard, f"wizard-{name}")
        run.close()


def _take_dialog(window: MainWindow, camera: Camera, name: str, typed: str = "") -> None:
    dialog = window.decisions.dialog
    assert dialog is not None
    if isinstance(dialog, EditDialog):
        dialog.field.insertPlainText(typed)
        dialog.field.ensureCursorVisible()
        dialog.check()
    camera.take(dialog, f"dialog-{name}")
    dialog.reject()


if __name__ == "__main__":
    main()
