"""The card of a day beside headquarters: there only where it is on, what it says, and what it asks for."""

from dataclasses import replace

import pytest
from tests.ui.checks import SIZES, cut_off, nameless, overlapping, settle, too_small
from tests.ui.days import DAYS, TODAY, YESTERDAY, show_day
from tests.ui.states import NOW, status

from outlet_sync_gui import words
from outlet_sync_gui.errors import CloudUnreachable
from outlet_sync_gui.reader import AnyWish, Compared, Day, WantReconciled
from outlet_sync_gui.status import State
from outlet_sync_gui.sync.commands import Command, Reconcile, Retry
from outlet_sync_gui.sync.events import ReadBack
from outlet_sync_gui.sync.reconcile import Figures, Reconciled, Told
from outlet_sync_gui.sync.summary import Amount
from outlet_sync_gui.ui.compared_card import ComparedCard
from outlet_sync_gui.ui.main_window import MainWindow

ALL = Figures(orders=Amount(145, 12_500_000), transactions=Amount(145, 12_500_000))
MISSING = tuple(Told("order", f"ORD-{n}", 70_000, "paid") for n in range(250))
SAME = Reconciled(date=TODAY, at=NOW, ours=ALL, theirs=ALL, missing=(), different=(), only_there=())
LACKING = replace(
    SAME,
    missing=MISSING,
    different=((MISSING[0], MISSING[1]),),
    only_there=MISSING[:3],
    unsent=2,
    skipped={"cashier_shift": 2, "a_type_with_a_very_long_name": 12_345},
)


def day(name: str = "usual", *, is_on: bool = True) -> Day:
    usual = DAYS[name]
    return replace(usual, settings=usual.settings.model_copy(update={"cloud_extras": is_on}))


def show(window: MainWindow, found: Reconciled | None = None, *, is_on: bool = True) -> ComparedCard:
    window.show_status(status(State.IDLE), NOW)
    page = show_day(window, day(is_on=is_on))
    window.show_found(WantReconciled(TODAY), Compared(date=TODAY, is_on=is_on, found=found))
    settle()
    return page.cards.compared


def test_where_it_is_off_nothing_of_it_is_shown_or_read(window: MainWindow, wishes: list[AnyWish]) -> None:
    assert not show(window, is_on=False).isVisible()
    assert not any(isinstance(wish, WantReconciled) for wish in wishes)


def test_where_it_is_on_what_is_known_of_the_day_is_read(window: MainWindow, wishes: list[AnyWish]) -> None:
    card = show(window)
    assert WantReconciled(TODAY) in wishes
    assert (card.sentence.whole(), card.at.isVisible(), card.send.isVisible()) == ("Not compared yet.", False, False)


def test_a_day_that_is_the_same_says_so(window: MainWindow) -> None:
    card = show(window, SAME)
    assert card.sentence.whole() == "Headquarters has all of it: 145 orders, Rp12.500.000."
    assert not card.send.isVisible()


def test_what_was_found_of_another_day_is_not_shown(window: MainWindow) -> None:
    card = show(window)
    window.show_found(WantReconciled(YESTERDAY), Compared(date=YESTERDAY, is_on=True, found=SAME))
    assert card.sentence.whole() == "Not compared yet."


def test_to_compare_is_asked_and_what_came_is_read(
    window: MainWindow, wishes: list[AnyWish], decided: list[Command]
) -> None:
    card = show(window)
    card.compare.click()
    assert (decided, card.sentence.whole()) == ([Reconcile(TODAY)], "Headquarters is being read…")
    wishes.clear()
    window.show_read_back(ReadBack(Reconcile(TODAY)))
    assert wishes == [WantReconciled(TODAY)]


def test_what_ended_for_another_day_changes_nothing(window: MainWindow) -> None:
    card = show(window)
    card.compare.click()
    window.show_read_back(ReadBack(Reconcile(YESTERDAY)))
    assert card.sentence.whole() == "Headquarters is being read…"


def test_why_it_could_not_be_read_is_said(window: MainWindow) -> None:
    card = show(window, SAME)
    card.compare.click()
    window.show_read_back(ReadBack(Reconcile(TODAY), CloudUnreachable("N-CLOUD")))
    assert card.sentence.whole().startswith("▲ The trouble is at headquarters")


def test_what_is_missing_is_sent_again_in_parts_and_compared_anew(window: MainWindow, decided: list[Command]) -> None:
    card = show(window, LACKING)
    card.send.click()
    retries = [command for command in decided if isinstance(command, Retry)]
    assert [len(retry.names or ()) for retry in retries] == [200, 50]
    assert sorted(name for retry in retries for name in retry.names or ()) == sorted(told.name for told in MISSING)
    assert decided[-1] == Reconcile(TODAY)


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_fits_in_every_size_and_has_names(window: MainWindow, language: str) -> None:
    words.use(language)
    window.retranslate()
    show(window, LACKING)
    for size in SIZES:
        window.resize(size)
        settle()
        page = window.summary_page
        card = page.cards.compared
        room = page.figures.viewport() if page.figures.isVisible() else page
        assert page.cards.width() <= room.width(), size
        assert (cut_off(card), too_small(card), nameless(card), overlapping(card)) == ([], [], [], [])
