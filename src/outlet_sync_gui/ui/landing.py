"""From a notification to the very item that it is about; where that is gone meanwhile, to the page it was on."""

from outlet_sync_gui.desktop.notices import Item, Kind
from outlet_sync_gui.status import Status
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.page import Page
from outlet_sync_gui.ui.standing import of_the_menu


def land(window: MainWindow, item: Item, status: Status) -> None:
    """Open the page, or the dialog, with the item in view and under the keyboard."""
    match item.kind:
        case Kind.REFUSED:
            window.open_page(Page.ATTENTION)
            window.attention_page.land()
        case Kind.CONFLICTS if status.conflicts:
            window.decisions.review(is_newest_wanted=True)
        case Kind.MESSAGES:
            window.open_page(Page.MESSAGES)
            window.messages_page.land()
        case Kind.LATE:
            window.open_page(Page.CHANGES)
            window.changes_page.land()
        case Kind.QUESTIONS:
            _land_on_question(window, item.question_id, status)
        case _:
            window.open_page(Page.STATUS)


def _land_on_question(window: MainWindow, question_id: int | None, status: Status) -> None:
    asked = next((found for found in status.asked if found.question_id == question_id), None)
    is_of_menu = bool(of_the_menu([asked] if asked is not None else status.asked))
    window.open_page(Page.CHANGES if is_of_menu else Page.ATTENTION)
    page = window.changes_page if is_of_menu else window.attention_page
    if asked is not None:
        page.standing.land(asked.question_id)
