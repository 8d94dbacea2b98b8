"""Notifications on a real session bus, with a service that shows them, that is clicked, or that is missing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QSystemTrayIcon
from pytestqt.qtbot import QtBot
from tests.desktop.desk import Notifications

from outlet_sync_gui import settings, words
from outlet_sync_gui.desktop.bus import Bus
from outlet_sync_gui.desktop.herald import Herald
from outlet_sync_gui.desktop.notices import Item, Kind
from outlet_sync_gui.desktop.notifier import Notifier
from outlet_sync_gui.status import Pending, State, Status

CALM = Status(state=State.IDLE, version="1", is_running=True)
REFUSED = replace(CALM, state=State.ATTENTION, dead=3)


@pytest.fixture(autouse=True)
def _english() -> None:
    words.use("en")


@pytest.fixture
def service(bus: dict[str, str]) -> Iterator[Notifications]:
    with closing(Notifications(bus)) as owner:
        yield owner


@pytest.fixture
def notifier(bus: dict[str, str], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Iterator[Notifier]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus["DBUS_SESSION_BUS_ADDRESS"])
    connection = Bus.open("SESSION")
    assert connection is not None
    yield Notifier(connection)
    connection.close()


def picture() -> QImage:
    image = QImage(16, 16, QImage.Format.Format_ARGB32)
    image.fill(0)
    return image


def herald_of(directory: Path, notifier: Notifier) -> Herald:
    return Herald(directory, notifier, lambda _: picture())


def test_a_later_one_takes_the_place_of_the_former_and_a_click_names_it(
    notifier: Notifier, service: Notifications, qtbot: QtBot
) -> None:
    for title, replaced in (("3 records", 0), ("4 records", 1)):
        with qtbot.waitSignal(notifier.shown):
            notifier.show("refused", title, "below", picture())
        assert service.next_shown() == (replaced, title, "below")
    with qtbot.waitSignal(notifier.shown):
        notifier.show("conflicts", "2 prices", "", picture())
    with qtbot.waitSignal(notifier.clicked) as clicked:
        service.click(1)
    assert clicked.args == ["refused"]
    notifier.withdraw("conflicts")
    assert service.next("CloseNotification") == (2,)


@pytest.mark.parametrize(
    ("has_markup", "shown"), [(True, "&lt;b&gt;Nasi &amp; Ayam&lt;/b&gt;"), (False, "<b>Nasi & Ayam</b>")]
)
def test_text_from_outside_is_no_markup(
    bus: dict[str, str], notifier: Notifier, qtbot: QtBot, has_markup: bool, shown: str
) -> None:
    with closing(Notifications(bus, has_markup=has_markup)) as service:
        with qtbot.waitSignal(notifier.shown):
            notifier.show("questions", "Headquarters", "<b>Nasi & Ayam</b>", picture())
        assert service.next_shown()[2] == shown


def test_without_a_service_nothing_breaks_and_a_later_one_is_used(
    bus: dict[str, str], notifier: Notifier, qtbot: QtBot
) -> None:
    notifier.show("refused", "title", "", picture())  # nobody there, and no tray
    assert notifier._bus is not None
    asked = notifier._bus._awaited
    qtbot.waitUntil(lambda: not asked)
    with closing(Notifications(bus)) as service:
        with qtbot.waitSignal(notifier.shown):
            notifier.show("refused", "title", "a & b", picture())
        assert service.next_shown() == (0, "title", "a &amp; b")


def test_a_person_is_told_once_lands_where_it_is_seen_to_and_a_restart_tells_nothing_again(
    notifier: Notifier, service: Notifications, tmp_path: Path, qtbot: QtBot
) -> None:
    herald = herald_of(tmp_path, notifier)
    herald.hear(CALM, is_watched=False)
    with qtbot.waitSignal(notifier.shown):
        for _ in range(3):
            herald.hear(REFUSED, is_watched=False)
    assert service.next_shown() == (0, "3 records need attention", "The rest is still sent.")
    with qtbot.waitSignal(herald.asked) as asked:
        service.click(1)
    assert asked.args == [Item(Kind.REFUSED)]
    herald_of(tmp_path, notifier).hear(REFUSED, is_watched=False)
    with qtbot.waitSignal(notifier.shown):
        notifier.show("last", "last", "", picture())
    assert service.next_shown()[1] == "last"
    herald.hear(CALM, is_watched=False)
    qtbot.waitUntil(lambda: not service.heard.empty())
    assert service.next("CloseNotification") == (1,)


@pytest.mark.parametrize("why", ["watched", "unwanted"])
def test_who_looks_anyway_and_who_wants_none_is_told_nothing(
    notifier: Notifier, service: Notifications, tmp_path: Path, qtbot: QtBot, why: str
) -> None:
    settings.save(tmp_path, {"notifications": why != "unwanted"})
    herald = herald_of(tmp_path, notifier)
    herald.hear(REFUSED, is_watched=why == "watched")
    herald.hear(REFUSED, is_watched=False)
    with qtbot.waitSignal(notifier.shown):
        notifier.show("last", "last", "", picture())
    assert service.next_shown()[1] == "last"


def test_at_the_shutdown_unsent_records_are_told_with_their_sum(
    notifier: Notifier, service: Notifications, tmp_path: Path, qtbot: QtBot
) -> None:
    herald = herald_of(tmp_path, notifier)
    herald.hear(CALM, is_watched=True)
    assert not herald.say_farewell()
    waiting = replace(CALM, state=State.WAITING, pending=Pending(high=12), pending_amount=1_845_000)
    herald.hear(waiting, is_watched=True)
    with qtbot.waitSignal(herald.farewell_told):
        assert herald.say_farewell()
    title, text = service.next_shown()[1:]
    assert (title, text) == ("12 records (Rp1.845.000) not sent", "Safe on this PC, sent when it is on again.")


def test_without_a_bus_the_trays_balloon_shows_it_and_its_click_names_the_last_one(qtbot: QtBot) -> None:
    notifier, tray = Notifier(None), QSystemTrayIcon()
    notifier.show("refused", "no tray yet", "", picture())
    notifier.use(tray)
    notifier.show("refused", "3 records", "", picture())
    notifier.show("conflicts", "2 prices", "", picture())
    with qtbot.waitSignal(notifier.clicked) as clicked:
        tray.messageClicked.emit()
    assert clicked.args == ["conflicts"]
