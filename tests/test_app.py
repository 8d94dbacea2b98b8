"""The desktop program put together: tray, window, service and reader."""

import json
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_ID, order, product, read, transaction
from tests.endings import stop
from tests.fakes import KEY, answer, command, configure, environment, program, read_key, until_running

from outlet_sync_gui import __version__, channel, words
from outlet_sync_gui.app import App
from outlet_sync_gui.desktop.notices import Item, Kind
from outlet_sync_gui.errors import SettingsInvalid
from outlet_sync_gui.settings import load
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.status import State
from outlet_sync_gui.store import open_store
from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.store.halts import HaltKind
from outlet_sync_gui.sync.commands import LineUp, Pause, SyncNow
from outlet_sync_gui.sync.records import accept
from outlet_sync_gui.ui.about import AboutDialog
from outlet_sync_gui.ui.conflict_dialog import ConflictDialog
from outlet_sync_gui.ui.details_dialog import DetailsDialog
from outlet_sync_gui.ui.dialogs import Dialog
from outlet_sync_gui.ui.discard_dialog import DiscardDialog
from outlet_sync_gui.ui.edit_dialog import EditDialog
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.record_list import Action
from outlet_sync_gui.ui.refused_group import GroupCard
from outlet_sync_gui.ui.row_model import Column
from outlet_sync_gui.ui.theme import Theme

NO_RAISE = pytest.mark.qt_log_ignore("This plugin does not support raise")  # off-screen there is no stack of windows


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, cloud: SimulatedCloud, qapp: QApplication) -> Iterator[App]:
    words.use("en")
    made = App(configure(tmp_path, cloud.url), Theme(qapp, is_dark=False), read_key=read_key)
    yield made
    stop(made)


def test_a_sale_goes_from_the_till_to_the_window_and_the_cloud(
    app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    page = app.window.status_page
    app.start()
    assert app.window.isVisible()
    qtbot.waitUntil(lambda: page.band.sentence.whole() == "Everything is sent")
    command(tmp_path, "enqueue", "order", given=json.dumps(order("A1", total_amount=187_000)))
    qtbot.waitUntil(lambda: page.cards.cards[1].line.whole() == "Rp187.000")
    qtbot.waitUntil(lambda: page.list.model.rowCount() == 1)
    assert page.list.model.data(page.list.model.index(0, 1)) == "Order A1"
    assert cloud.call(lambda c: c.total("order", "total_amount")) == 187_000


def test_pause_and_resume_from_the_window(app: App, qtbot: QtBot) -> None:
    band = app.window.status_page.band
    app.start()
    qtbot.waitUntil(lambda: band.sentence.whole() == "Everything is sent")
    band.pause.click()
    qtbot.waitUntil(lambda: band.sentence.whole() == "Paused until resumed")
    band.pause.click()
    qtbot.waitUntil(lambda: band.sentence.whole() == "Everything is sent")


def test_what_was_refused_is_sent_again_from_the_window(
    app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    page = app.window.status_page
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(tmp_path, "enqueue", "order", given=json.dumps(order("A1")))
    app.start()
    qtbot.waitUntil(lambda: page.band.sentence.whole() == "1 record needs attention")
    cloud.call(lambda c: c.rejects.clear())
    page.list.retry.click()
    qtbot.waitUntil(lambda: page.band.sentence.whole() == "Everything is sent")
    assert cloud.call(lambda c: [arrival.local_id for arrival in c.journal]) == ["A1"]


# -- decisions


@pytest.fixture
def refused(app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot) -> GroupCard:
    """The page of what needs attention with one order, chosen, that headquarters refused and would take now."""
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(tmp_path, "enqueue", "order", given=json.dumps(order("A1", table_number="B-12")))
    app.start()
    app.window.open_page(Page.ATTENTION)
    cards = app.window.attention_page.cards
    qtbot.waitUntil(lambda: [len(card.chosen()) for card in cards.values()] == [1])  # a single one is chosen
    cloud.call(lambda c: c.rejects.clear())
    return next(iter(cards.values()))


def dialog(app: App, qtbot: QtBot) -> Dialog:
    """The dialog that opens."""
    qtbot.waitUntil(lambda: app.window.decisions.dialog is not None)
    opened = app.window.decisions.dialog
    assert opened is not None
    return opened


def history(directory: Path, name: str) -> list[tuple[str, str, bool]]:
    """What was decided over a record, why, and whether it is told by whom."""
    shown = answer(command(directory, "queue", "show", name, "--json"))
    return [(deed["what"], deed["why"], bool(deed["who"])) for deed in shown["history"]]


def test_retry_on_its_page_sends_it_again(
    app: App, refused: GroupCard, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    refused.buttons[Action.RETRY].click()
    qtbot.waitUntil(lambda: cloud.call(lambda c: ("order", "A1") in c.records))
    qtbot.waitUntil(lambda: not app.window.attention_page.cards)
    assert history(tmp_path, "order/A1") == [("retried", "", True)]


def test_what_is_discarded_never_arrives_and_the_reason_is_kept(
    app: App, refused: GroupCard, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    refused.buttons[Action.DISCARD].click()
    opened = dialog(app, qtbot)
    assert isinstance(opened, DiscardDialog)
    opened.reason.setText("entered twice")
    opened.discard.click()
    qtbot.waitUntil(lambda: app.status.state is State.IDLE)
    qtbot.waitUntil(lambda: not app.window.attention_page.cards)
    assert history(tmp_path, "order/A1") == [("discarded", "entered twice", True)]
    assert not cloud.call(lambda c: ("order", "A1") in c.records)


def test_what_is_mended_arrives_as_it_was_mended(
    app: App, refused: GroupCard, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    refused.buttons[Action.EDIT].click()
    opened = dialog(app, qtbot)
    assert isinstance(opened, EditDialog)
    opened.field.insertPlainText("B-02")  # in the place of what headquarters complained of
    qtbot.waitUntil(opened.send.isEnabled)
    opened.send.click()
    qtbot.waitUntil(lambda: cloud.call(lambda c: ("order", "A1") in c.records))
    there = cloud.call(lambda c: c.records[("order", "A1")])
    assert (there.data["table_number"], there.version) == ("B-02", 2)
    assert history(tmp_path, "order/A1") == [("edited", "", True)]


def test_details_show_what_was_decided_so_far(
    app: App, refused: GroupCard, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(tmp_path, "queue", "retry", "order/A1")
    qtbot.waitUntil(lambda: app.status.state is State.ATTENTION and bool(app.window.attention_page.cards))
    card = next(iter(app.window.attention_page.cards.values()))
    qtbot.waitUntil(lambda: bool(card.chosen()))
    QTest.keyClick(card.table, Qt.Key.Key_Return)
    opened = dialog(app, qtbot)
    assert isinstance(opened, DetailsDialog)
    assert "Sent again" in [moment.title for moment in opened.moments]
    opened.reject()


def test_a_decision_that_came_too_late_is_told_until_it_is_read(
    app: App, refused: GroupCard, tmp_path: Path, qtbot: QtBot
) -> None:
    refused.buttons[Action.DISCARD].click()
    opened = dialog(app, qtbot)
    assert isinstance(opened, DiscardDialog)
    command(tmp_path, "queue", "discard", "order/A1", "--reason", "from a terminal")
    opened.reason.setText("entered twice")
    opened.discard.click()
    banner = app.window.banner
    qtbot.waitUntil(banner.isVisible)
    assert banner.text.whole() == ("Order A1 is not waiting any more: it was sent, or settled by somebody else.")
    assert history(tmp_path, "order/A1") == [("discarded", "from a terminal", True)]
    qtbot.waitUntil(lambda: app.status.state is State.IDLE)
    assert banner.isVisible()


def test_a_question_is_answered_in_the_window(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    with closing(open_store(tmp_path, OUTLET_ID)) as store:
        accept(store, [read("order", order(f"A{n}")) for n in range(3)], now_ms=wall_ms())
        ids = [row.record_id for row in store.views.queue()]
        with store.write():
            halt = store.halts.put(
                HaltKind.ALIKE,
                "order",
                words="no",
                now_ms=wall_ms(),
                probe_at=wall_ms() + 600_000,
                records=ids,
                probes=1,
            )
            store.halts.set_aside(halt, ids, code="R-DATA", words="no")
            store.halts.suspend(halt, ids)
    app.start()
    page = app.window.attention_page
    app.window.open_page(Page.ATTENTION)
    qtbot.waitUntil(lambda: len(page.standing.cards) == 1)
    assert page.cards == {}
    (give_up, _) = page.standing.cards[0].buttons
    give_up.click()
    qtbot.waitUntil(lambda: [card.group.n for card in page.cards.values()] == [3])
    assert (page.standing.cards, app.status.dead) == ([], 3)


@pytest.fixture
def disputed(app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot) -> App:
    """A running program in which a price differs, and the review of conflicts is open."""
    app.start()
    command(tmp_path, "enqueue", "product", given=json.dumps(product("P1", price=35_000)))
    app.ask(SyncNow())
    qtbot.waitUntil(lambda: app.status.sent_today == 1 and app.status.pending.total == 0)
    cloud.call(lambda c: c.change_product("P1", price=40_000))
    command(tmp_path, "enqueue", "product", given=json.dumps(product("P1", price=38_000)))
    app.ask(SyncNow())
    qtbot.waitUntil(lambda: app.status.conflicts == 1)
    app.window.open_page(Page.CONFLICTS)
    qtbot.waitUntil(lambda: bool(review_of(app).comparison.rows))
    return app


def review_of(app: App) -> ConflictDialog:
    assert app.window.decisions.conflicts is not None
    return app.window.decisions.conflicts


def test_a_conflict_is_settled_in_the_window(disputed: App, cloud: SimulatedCloud, qtbot: QtBot) -> None:
    review = review_of(disputed)
    assert review.head.title.whole() == "Price of Nasi differs"
    review.comparison.rows[0].head.other.click()
    review.comparison.rows[0].own.text.setText("Rp39.000")
    review.apply.click()
    qtbot.waitUntil(lambda: disputed.status.conflicts == 0)
    qtbot.waitUntil(lambda: review.head.title.whole() == "Everything is chosen")
    review.later.click()
    disputed.ask(SyncNow())
    qtbot.waitUntil(lambda: cloud.call(lambda c: c.records[("product", "P1")].data["price"]) == 39_000)


def test_what_headquarters_changes_while_it_is_reviewed_is_looked_at_first(
    disputed: App, cloud: SimulatedCloud, qtbot: QtBot
) -> None:
    review = review_of(disputed)
    review.keep[Strategy.CLOUD_WINS].click()
    assert review.apply.isEnabled()
    cloud.call(lambda c: c.change_product("P1", price=41_000))
    disputed.ask(SyncNow())
    qtbot.waitUntil(review.notice.isVisible)
    assert review.notice.whole() == "▲ Headquarters changed it again. Look first."
    assert (review.apply.isEnabled(), review.comparison.rows[0].cloud.side.value) == (False, "Rp41.000")
    review.keep[Strategy.CLOUD_WINS].click()
    review.apply.click()
    qtbot.waitUntil(lambda: disputed.status.untaken == 1)
    review.later.click()
    disputed.window.open_page(Page.CHANGES)
    changes = disputed.window.changes_page
    qtbot.waitUntil(lambda: changes.list.rows.model.rowCount() == 1)
    assert changes.list.rows.model.line(0).text(Column.DETAIL) == "Price Rp38.000 → Rp41.000"
    changes.list.choose_all.click()
    changes.list.done.click()
    qtbot.waitUntil(lambda: disputed.status.untaken == 0)


def test_an_announcement_is_read_in_the_window(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    with closing(open_store(tmp_path, OUTLET_ID)) as store, store.write():
        store.messages.add(
            message_id="1", title="Closed on Monday", text="", level="urgent", expires_at=None, now_ms=wall_ms()
        )
    app.start()
    qtbot.waitUntil(lambda: app.status.messages == 1)
    app.window.open_page(Page.MESSAGES)
    page = app.window.messages_page
    qtbot.waitUntil(lambda: len(page.cards) == 1)
    page.cards[0].done.click()
    qtbot.waitUntil(lambda: app.status.messages == 0)
    qtbot.waitUntil(lambda: not page.cards[0].is_open)


def test_the_queue_is_searched_by_the_start_of_a_number(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    records = [order(local_id) for local_id in ("ORD-1", "ORD-2", "X-1")]
    command(tmp_path, "enqueue", "order", given=json.dumps(records))
    command(tmp_path, "enqueue", "transaction", given=json.dumps(transaction("ORD-3", "ORD-1")))
    app.ask(Pause())
    app.start()
    app.window.open_page(Page.QUEUE)
    model = app.window.queue_page.list.rows.model
    qtbot.waitUntil(lambda: model.rowCount() == 4)
    app.window.queue_page.search.setText("ORD")
    qtbot.waitUntil(lambda: model.rowCount() == 3)
    titles = [model.data(model.index(row, 1)) for row in range(3)]
    assert titles == ["Transaction ORD-3", "Order ORD-2", "Order ORD-1"]
    assert model.data(model.index(0, 2)) == "Goes right after its order ORD-1."
    assert model.data(model.index(1, 2)) == "Paused until resumed."


@NO_RAISE
def test_without_a_panel_the_window_stays_within_reach(app: App) -> None:
    app.start(is_minimized=True)
    assert not app.window.isVisible()
    app.panel.missed.emit()
    assert (app.window.isVisible(), app.window.isMinimized()) == (True, True)
    app.window.come_up()
    assert not app.window.isMinimized()
    app.window.close()
    assert (app.window.isVisible(), app.window.isMinimized()) == (True, True)


@NO_RAISE
@pytest.mark.parametrize(
    ("kind", "page"), [(Kind.REFUSED, Page.ATTENTION), (Kind.LATE, Page.CHANGES), (Kind.TROUBLE, Page.STATUS)]
)
def test_a_notification_lands_where_it_is_seen_to(app: App, kind: Kind, page: Page) -> None:
    app.herald.asked.emit(Item(kind))
    assert (app.window.isVisible(), app.window.rail.page()) == (True, page)


@NO_RAISE
def test_a_click_on_a_told_refusal_lands_on_the_record(
    app: App, cloud: SimulatedCloud, tmp_path: Path, qtbot: QtBot
) -> None:
    cloud.call(lambda c: c.rejects.update({"A1": "Table B-12 not registered"}))
    command(tmp_path, "enqueue", "order", given=json.dumps(order("A1")))
    app.start(is_minimized=True)
    qtbot.waitUntil(lambda: app.status.dead == 1)
    app.herald.asked.emit(Item(Kind.REFUSED))
    cards = app.window.attention_page.cards
    qtbot.waitUntil(lambda: [card.table.hasFocus() for card in cards.values()] == [True])
    assert [row.local_id for card in cards.values() for row in card.chosen()] == ["A1"]


def test_waking_and_a_network_that_comes_up_reach_the_service(app: App) -> None:
    app.machine.woke.emit()
    assert list(app.worker._service._inbox) == [LineUp()]


@NO_RAISE
def test_the_about_box_tells_what_the_help_desk_asks(app: App, tmp_path: Path) -> None:
    app.tray.about.trigger()
    (about,) = app.window.findChildren(AboutDialog)
    assert dict(about.lines()) == {"Version": __version__, "Outlet": "JKT-001", "Data folder": str(tmp_path)}
    about.reject()


def test_a_language_that_is_chosen_is_kept(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    app.speak("id")
    qtbot.waitUntil(lambda: load(tmp_path).settings.language == "id")
    assert app.tray.quit.text() == "Keluar"
    words.use("en")


def test_a_mistake_of_the_service_shows_and_says_that_data_is_safe(app: App) -> None:
    app._ended_badly(None)
    band = app.window.status_page.band
    assert (band.sentence.whole(), app.status.state) == ("Something broke", State.ERROR)
    assert "Data is safe. Tell IT: code E-BUG." in band.line.whole()


def test_the_whole_program_starts_raises_its_window_and_ends_in_time(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = configure(tmp_path / "data", cloud.url)
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    first = subprocess.Popen([*program()], env=env, stderr=subprocess.PIPE)
    try:
        until_running(directory)
        assert channel.ask(directory, {"do": "show"}) == {"shown": True}
        second = subprocess.run([*program()], env=env, timeout=20, capture_output=True, check=False)
        assert second.returncode == 0
        beside = command(directory, "run")
        assert beside.returncode == 6
    finally:
        first.send_signal(signal.SIGTERM)
        _, said = first.communicate(timeout=4)
    assert (first.returncode, b"Traceback" in said) == (0, False)


def test_of_several_starts_at_once_one_stays_and_the_others_raise_it(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = configure(tmp_path / "data", cloud.url)
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    starts = [subprocess.Popen([*program(), *words], env=env) for words in ([], [], ["--minimized"])]
    with ThreadPoolExecutor() as pool:
        ends = as_completed([pool.submit(start.wait) for start in starts], timeout=40)
        try:
            assert [next(ends).result() for _ in range(2)] == [0, 0]
            until_running(directory)
        finally:
            for start in starts:
                start.send_signal(signal.SIGTERM)
        assert next(ends).result() == 0


def test_after_kill_9_the_next_start_is_the_first(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = configure(tmp_path / "data", cloud.url)
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    for number in (signal.SIGKILL, signal.SIGTERM):
        running = subprocess.Popen([*program()], env=env)
        until_running(directory)
        assert channel.ask(directory, {"do": "show"}) == {"shown": True}
        running.send_signal(number)
        running.wait(10)


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [("cloud_url", "http://cloud.example", "The setting cloud_url can't be"), ("nonsense", 1, "There is no setting")],
)
def test_settings_that_cannot_work_are_shown_in_the_window(
    tmp_path: Path, qapp: QApplication, key: str, value: object, sentence: str
) -> None:
    words.use("en")
    (configure(tmp_path, "https://cloud.example") / "settings.toml").write_text(f"{key} = {json.dumps(value)}\n")
    app = App(tmp_path, Theme(qapp, is_dark=False), read_key=read_key)
    app.start()
    assert app.status.state is State.ERROR
    assert app.window.status_page.band.line.whole().startswith(sentence)
    assert isinstance(app.failure, SettingsInvalid)
    stop(app)


def test_a_tray_beside_a_run_is_6(tmp_path: Path, cloud: SimulatedCloud) -> None:
    directory = configure(tmp_path / "data", cloud.url)
    env = environment(directory, QT_QPA_PLATFORM="offscreen")
    service = subprocess.Popen([*program(), "run"], env=env, stderr=subprocess.DEVNULL)
    try:
        until_running(directory)
        tray = subprocess.run([*program()], env=env, timeout=20, capture_output=True, check=False)
        assert tray.returncode == 6
        assert b"Traceback" not in tray.stderr
    finally:
        service.send_signal(signal.SIGTERM)
        assert service.wait(2) == 0
