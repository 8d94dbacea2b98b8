"""The queue's page over a real store: what is shown is a part of the truth, and stays where somebody looks."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from tests.builders import Bench, order, product, read, transaction
from tests.ui.checks import cut_off, nameless, settle, too_small
from tests.ui.states import NOW, status

from outlet_sync_gui import words
from outlet_sync_gui.reader import ROWS_ABOVE, ROWS_BELOW, QueuePart, WantLine
from outlet_sync_gui.status import Pending, State
from outlet_sync_gui.store.views import STORED, Group, Sought, Stretch
from outlet_sync_gui.ui.main_window import MainWindow
from outlet_sync_gui.ui.queue_page import QueuePage
from outlet_sync_gui.ui.rail import Page

MADE = {"order": order, "transaction": transaction, "product": product}
AT_HAND = ROWS_ABOVE + ROWS_BELOW


class Line:
    """A window with its queue, a store, and whoever reads the one for the other, at once."""

    def __init__(self, window: MainWindow, bench: Bench) -> None:
        self.window, self.store, self.bench = window, bench.store, bench
        self.n = 0
        self._wishes: list[WantLine] = []
        window.read_asked.connect(self._hear)
        window.open_page(Page.QUEUE)
        self.look()

    @property
    def page(self) -> QueuePage:
        return self.window.queue_page

    def look(self) -> None:
        """The service told a status; what is wanted is read and shown, until nothing is wanted any more."""
        self.window.show_status(status(State.SYNCING, pending=Pending(high=1)), NOW)
        self.read()

    def read(self) -> None:
        while self._wishes:
            wish = self._wishes[-1]
            self._wishes.clear()
            self.window.show_found(wish, wish.read(self.store))

    def put(self, n: int, kind: str = "order") -> None:
        names = range(self.n, self.n + n)
        self.bench.put_all([read(kind, MADE[kind](f"A-{name:05}")) for name in names])
        self.n += n

    def drain(self, n: int) -> None:
        """The oldest are sent."""
        with self.store.write():
            query = "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox ORDER BY seq LIMIT ?)"
            self.store._db.execute(query, (n,))

    def drop(self, seqs: list[int]) -> None:
        with self.store.write():
            self.store._db.execute_many("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in seqs])

    def change(self, seqs: list[int], state: int) -> None:
        with self.store.write():
            self.store._db.execute_many("UPDATE outbox SET state = ? WHERE seq = ?", [(state, seq) for seq in seqs])

    def scroll(self, pixels: int) -> None:
        bar = self.page.list.rows.table.verticalScrollBar()
        bar.setValue(bar.value() + pixels)
        self.read()

    def shown(self) -> list[int]:
        """What the list shows, by place in the line."""
        rows = {row.record_id: row.seq for row in self.page._part.stretch.rows}
        return [rows[line.key] for line in self.page.list.rows.model.lines()]

    def top(self) -> tuple[int, int]:
        """The row at the top by its place in the line, and how much of it is scrolled away."""
        shown, rows = self.shown(), self.page.list.rows
        return (shown[rows.in_view().start], rows.offset() % 45) if shown else (0, 0)

    def truth(self) -> list[int]:
        states = STORED[self.page._sought().group]
        return [seq for seq, state in self.every() if state in states]

    def every(self) -> list[tuple[int, int]]:
        return self.store._db.rows("SELECT seq, state FROM outbox ORDER BY seq DESC")

    def _hear(self, wish: object) -> None:
        if isinstance(wish, WantLine):
            self._wishes.append(wish)


@pytest.fixture
def line(window: MainWindow, tmp_path: Path) -> Iterator[Line]:
    bench = Bench(tmp_path)
    bench.hurry()
    settle()
    yield Line(window, bench)
    bench.store.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 30)),
        st.tuples(st.just("drain"), st.integers(1, 120)),
        st.tuples(st.just("drop"), st.integers(0, 99)),
        st.tuples(st.just("change"), st.integers(0, 99)),
        st.tuples(st.just("scroll"), st.integers(-4000, 9000)),
        st.tuples(st.just("choose"), st.integers(0, 99)),
        st.tuples(st.just("newest"), st.just(0)),
    ),
    min_size=3,
    max_size=14,
)


@given(first=st.integers(0, 700), group=st.sampled_from([Group.ALL, Group.ALL, Group.WAITING, Group.DEAD]), steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_shown_is_a_part_of_the_truth_and_does_not_jump(
    line: Line, first: int, group: Group, steps: list[tuple[str, int]]
) -> None:
    start(line, first, group)
    for what, n in steps:
        before = (*line.top(), {row.record_id for row in line.page.list.chosen()}, is_held(line))
        act(line, what, n)
        line.look()
        check(line, what, *before)


def start(line: Line, n: int, group: Group) -> None:
    line.drain(10_000)
    line.page.group.value = group
    line.page._narrow_down()
    line.put(n)
    seqs = [seq for seq, _ in line.every()]
    line.change(seqs[::3], 4)
    line.page.newest.setEnabled(True)
    line.page._to_newest()
    line.look()


def act(line: Line, what: str, n: int) -> None:
    rng, shown = random.Random(n), line.shown()  # noqa: S311 - a course of events, no secret
    match what:
        case "put":
            line.put(n)
        case "drain":
            line.drain(n)
        case "drop":
            line.drop(rng.sample(shown, len(shown) // 4))
        case "change":
            line.change(rng.sample(shown, len(shown) // 4), rng.choice((0, 1, 3, 4)))
        case "scroll":
            line.scroll(n)
        case "choose" if shown:
            line.page.list.rows.table.selectRow(n % len(shown))
        case "newest":
            line.page._to_newest()


def is_held(line: Line) -> bool:
    """Whether what is at the top has to stay there."""
    return line.page.list.rows.offset() > 0 or bool(line.page.list.chosen())


def check(line: Line, what: str, seq: int, offset: int, chosen: set[int], held: bool) -> None:
    truth, shown = line.truth(), line.shown()
    first = truth.index(shown[0]) if shown else 0
    assert shown == truth[first : first + len(shown)], "a gap, a double, or out of order"
    stretch = line.page._part.stretch
    assert (stretch.has_newer, stretch.has_older) == (first > 0, first + len(shown) < len(truth))
    assert len(shown) <= AT_HAND
    assert len(shown) == min(len(truth), len(shown)) >= min(len(truth), ROWS_ABOVE)
    places = {row.seq for row in line.page.list.chosen()}
    known = {row.seq: row.record_id for row in stretch.rows}
    if what in ("put", "scroll"):
        assert chosen <= {row.record_id for row in line.page.list.chosen()}
    assert all(place in truth for place in places if shown and shown[-1] <= place <= shown[0])
    marked = {line.page.list.rows.model.line(index.row()).key for index in selected(line)}
    assert marked == {known[place] for place in places if place in known}
    if what in ("put", "drain", "drop", "change") and held and seq in truth:
        bottom = len(shown) - len(line.page.list.rows.in_view()) - 1
        if shown.index(seq) < bottom:  # else there is not enough under it to keep it at the top
            assert line.top() == (seq, offset)
    if what == "newest":
        assert line.page.list.rows.offset() == 0
        assert shown[:1] == truth[:1]


def selected(line: Line) -> list[QModelIndex]:
    return list(line.page.list.rows.table.selectionModel().selectedRows())


def test_the_model_keeps_qts_own_rules(line: Line) -> None:
    tester = QAbstractItemModelTester(
        line.page.list.rows.model, QAbstractItemModelTester.FailureReportingMode.Warning
    )  # a warning fails the test
    line.put(400)
    for pixels in (0, 3000, 9000, 9000, -20_000, 500):
        line.scroll(pixels)
        line.drain(7)
        line.drop(line.shown()[3:40:4])
        line.put(5)
        line.look()
    line.drain(9999)
    line.look()
    assert line.shown() == []
    tester.deleteLater()


# -- going through it


def test_one_scrolls_from_the_newest_to_the_oldest_and_back(line: Line) -> None:
    line.put(1000)
    line.look()
    seen, before = set(line.shown()), 0
    while len(seen) != before:
        before = len(seen)
        line.scroll(99_999)
        seen |= set(line.shown())
        assert line.page.list.rows.model.rowCount() <= AT_HAND
    assert seen == set(line.truth())
    assert line.page.newest.isEnabled()
    line.page.newest.click()
    line.read()
    assert (line.shown()[0], line.page.list.rows.offset()) == (line.truth()[0], 0)
    assert not line.page.newest.isEnabled()


def test_new_rows_come_into_view_at_the_top_unless_something_is_chosen(line: Line) -> None:
    line.put(30)
    line.look()
    line.put(1)
    line.look()
    assert line.top() == (31, 0)
    line.page.list.rows.table.selectRow(0)
    line.put(2)
    line.look()
    assert line.top() == (31, 0)
    assert [row.seq for row in line.page.list.chosen()] == [31]
    assert line.page.newest.isEnabled()


def test_what_was_chosen_stays_chosen_while_it_is_scrolled_out_and_back(line: Line) -> None:
    line.put(900)
    line.look()
    line.page.list.rows.table.selectRow(2)
    (chosen,) = line.page.list.chosen()
    for _ in range(5):
        line.scroll(6000)
    assert chosen.seq not in line.shown()
    assert line.page.list.chosen() == [chosen]
    assert line.page.list.chosen_label.whole() == "1 chosen"
    line.page.newest.click()
    line.read()
    assert [index.row() for index in line.page.list.rows.table.selectionModel().selectedRows()] == [2]
    line.drop([chosen.seq])
    line.look()
    assert line.page.list.chosen() == []


def test_all_can_be_chosen_only_where_all_is_at_hand(line: Line) -> None:
    line.put(AT_HAND + 1)
    line.look()
    assert not line.page.list.choose_all.isEnabled()
    assert line.page.list.choose_all.toolTip() == "Too many to choose at once: search or filter first."
    line.drain(1)
    line.look()
    line.page.list.choose_all.click()
    assert len(line.page.list.chosen()) == AT_HAND


def test_while_the_scroll_bar_is_held_nothing_moves_under_it(line: Line) -> None:
    line.put(500)
    line.look()
    bar = line.page.list.rows.table.verticalScrollBar()
    bar.setSliderDown(True)
    before = line.shown()
    line.scroll(99_999)
    line.look()
    assert line.shown() == before
    bar.setSliderDown(False)
    line.read()
    assert line.shown() != before
    assert set(line.shown()) & set(before)


def test_what_was_read_for_another_place_is_read_again(line: Line) -> None:
    line.put(900)
    line.look()
    for _ in range(4):
        line.scroll(7000)
    before = line.shown()
    late = WantLine(Sought(), 880)
    line.window.show_found(late, late.read(line.store))
    assert line.shown() == before
    line.read()
    assert set(line.shown()) & set(before)


# -- narrowing it down


def test_filters_and_search_show_their_own_and_say_when_there_is_none(line: Line) -> None:
    line.put(3)
    line.put(1, "product")
    line.change([1], 4)
    line.look()
    page = line.page
    page.group.pick(Group.DEAD)
    line.read()
    assert line.shown() == [1]
    page.kind.pick("product")
    line.read()
    assert (line.shown(), page.list.rows.empty.whole()) == ([], "Nothing of the kind is in the queue.")
    page.group.pick(Group.ALL)
    line.read()
    assert line.shown() == [4]
    page.kind.pick(None)
    page.search.setText(" a-0000")
    page._narrow_down()
    line.read()
    assert line.shown() == [4, 3, 2, 1]
    page.search.setText("none")
    page._narrow_down()
    line.read()
    assert (line.shown(), page.list.rows.empty.whole()) == ([], "Nothing in the queue is called so.")


def test_what_is_narrowed_down_begins_at_its_top_with_nothing_chosen(line: Line) -> None:
    line.put(300)
    line.look()
    line.page.list.rows.table.selectRow(1)
    line.scroll(3000)
    line.page.group.pick(Group.WAITING)
    line.read()
    assert (line.top(), line.page.list.chosen()) == ((300, 0), [])


def test_a_search_that_finds_too_many_says_so(line: Line) -> None:
    line.put(AT_HAND + 5)
    line.look()
    line.page.search.setText("A-")
    line.page._narrow_down()
    line.read()
    assert line.page.line.whole() == f"1 waiting · more than {AT_HAND} found: type more of the number"
    line.scroll(99_999)
    assert len(line.shown()) == AT_HAND


def test_a_choice_is_heard_and_its_menu_tells_how_many(window: MainWindow) -> None:
    window.open_page(Page.QUEUE)
    page = window.queue_page
    window.show_status(status(State.ATTENTION, pending=Pending(high=9), held=2, blocked=3, dead=4), NOW)
    page.show_part(page.wish(), QueuePart(stretch=Stretch(rows=()), types=("order", "x_type")))
    assert (page.group.accessibleName(), page.kind.accessibleName()) == ("What becomes of it: All", "Type: All types")
    page.group.choices.aboutToShow.emit()
    page.kind.choices.aboutToShow.emit()
    told = ["All", "Waiting  ·  4", "Refused  ·  4", "Held  ·  2", "After their order  ·  3"]
    assert [action.text() for action in page.group.choices.actions()] == told
    assert [action.text() for action in page.kind.choices.actions()] == ["All types", "Orders", "X_type"]
    page.group.choices.actions()[2].trigger()
    assert (page.group.value, page.group.text()) == (Group.DEAD, "Refused")
    page.group.choices.aboutToShow.emit()
    assert [action.isChecked() for action in page.group.choices.actions()] == [False, False, True, False, False]


def test_the_keyboard_goes_to_the_newest(line: Line) -> None:
    line.put(600)
    line.look()
    for _ in range(3):
        line.scroll(5000)
    line.window.activateWindow()
    line.page.search.setFocus()
    QTest.keyClick(line.page.list.rows.table, Qt.Key.Key_Home, Qt.KeyboardModifier.ControlModifier)
    line.read()
    assert line.top() == (600, 0)


def test_nothing_is_cut_off_when_everything_is_narrowed_down(line: Line) -> None:
    line.put(AT_HAND + 5)
    for language in ("id", "en"):
        words.use(language)
        line.window.retranslate()
        line.look()
        line.page.group.pick(Group.BLOCKED)
        line.page.kind.pick("order")
        line.read()
        for size in ((480, 360), (800, 480), (1024, 528)):
            line.window.resize(*size)
            settle()
            assert [*cut_off(line.window), *too_small(line.window), *nameless(line.window)] == []
        line.page.group.pick(Group.ALL)
        line.read()
