"""Icons, colours, model and tray on their own."""

from itertools import combinations

import pytest
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from tests.ui.checks import contrast
from tests.ui.states import NOW, ROWS, STATES

from outlet_sync_gui.resources import resource
from outlet_sync_gui.status import Row, RowState, State
from outlet_sync_gui.ui import icons
from outlet_sync_gui.ui.row_model import RowModel, line_of
from outlet_sync_gui.ui.tokens import DARK, LIGHT, TRAY, Tokens
from outlet_sync_gui.ui.tray import Tray


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_everything(tokens: Tokens) -> None:
    tints = [tint for _, tint in tokens.states.values()]
    for ground in (tokens.rail, tokens.bg, tokens.surface, tokens.sunken, tokens.accent_tint, *tints):
        assert contrast(tokens.text, ground) >= 7
        assert contrast(tokens.text2, ground) >= 4.5
        assert contrast(tokens.accent, ground) >= 4.5
    for ground in (tokens.accent, tokens.accent_hover, tokens.accent_down):
        assert contrast(tokens.on_accent, ground) >= 4.5
    assert contrast(tokens.edge, tokens.surface) >= 3


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_a_states_colour_can_be_told_from_its_tint(tokens: Tokens) -> None:
    assert all(contrast(colour, tint) >= 4.5 for colour, tint in tokens.states.values())


@pytest.mark.parametrize("state", State)
def test_the_tray_can_be_seen_on_light_and_dark_panels(state: State) -> None:
    assert contrast(TRAY[state], "#F3F3F3") >= 3
    assert contrast(TRAY[state], "#202020") >= 3


def image(state: State, size: int, badge: int = 0) -> QImage:
    return icons.tray_icon(state, badge).pixmap(size, size).toImage()


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("size", icons.TRAY_SIZES)
def test_states_differ_by_shape_and_not_by_colour_alone(size: int) -> None:
    shapes = {}
    for state in State:
        drawn = icons.stall(state, "#000000", size).toImage()
        shapes[state] = {
            (x, y)
            for x in range(size)
            for y in range(size)
            if drawn.pixelColor(x, y).alpha() > 128 and drawn.pixelColor(x, y).lightness() < 128
        }
    for one, other in combinations(State, 2):
        assert len(shapes[one] ^ shapes[other]) >= size * size / 100, (one, other)


@pytest.mark.usefixtures("qapp")
def test_a_badge_shows_and_its_number_from_22_px() -> None:
    for size in icons.TRAY_SIZES:
        assert image(State.ATTENTION, size, 3) != image(State.ATTENTION, size)
        assert (image(State.ATTENTION, size, 3) != image(State.ATTENTION, size, 5)) is (size >= 22)


def test_every_icon_is_there() -> None:
    names = {path.stem for path in resource("icons").glob("*.svg")}
    assert {f"stall-{grid}-{state.value}" for grid in (16, 32) for state in State} <= names


@pytest.mark.usefixtures("qapp")
def test_the_model_keeps_qts_promises() -> None:
    model = RowModel(LIGHT)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for name in ("idle", "attention", "waiting"):
        model.set_lines([line_of(row, NOW) for row in ROWS[name]])
    model.set_colours(DARK)
    model.set_lines([])
    assert model.rowCount() == 0


def row(entity_type: str, local_id: str, **values: object) -> Row:
    return Row(at_ms=NOW, entity_type=entity_type, local_id=local_id, **values)  # type: ignore[arg-type]  # a builder


@pytest.mark.parametrize(
    ("shown", "what", "detail", "amount", "state"),
    [
        (row("order", "A1", table="A-05", pax=1, amount=5000), "Order A1", "Table A-05 · 1 guest", "Rp5.000", "sent"),
        (row("order", "A1", state=RowState.BLOCKED), "Order A1", "Take-away", "", "after its order"),
        (row("transaction", "T1", method="CASH", state=RowState.RETRY), "Transaction T1", "Cash", "", "tried again"),
        (
            row("product", "P1", title="Nasi", stock=1200, amount=9, state=RowState.READY),
            "Nasi",
            "stock 1,200",
            "",
            "waiting",
        ),
        (row("loyalty_card", "L1", state=RowState.HELD), "Loyalty_card L1", "", "", "held"),
    ],
)
def test_a_row_in_words(shown: Row, what: str, detail: str, amount: str, state: str) -> None:
    line = line_of(shown, NOW)
    assert (line.what, line.detail, line.amount, line.state) == (what, detail, amount, state)


@pytest.mark.qt_log_ignore("No such signal QPlatformNativeInterface")  # off-screen there is no panel to listen to
def test_the_tray_says_what_the_window_says(qtbot: QtBot) -> None:
    tray = Tray()
    tray.show_status(STATES["offline"], NOW)
    tray.icon.appear()
    assert tray.sentence.text() == "12 waiting · internet down since 10:05"
    assert tray.icon.shown is not None
    assert tray.icon.shown.toolTip() == tray.sentence.text()
    tray.show_status(STATES["syncing"], NOW)
    assert not tray.sync.isEnabled()
    tray.show_status(STATES["paused"], NOW)
    assert [action.isVisible() for action in (tray.resume, tray.pauses[0][0])] == [True, False]
    with qtbot.waitSignal(tray.resume_asked):
        tray.resume.trigger()
    tray.show_status(STATES["idle"], NOW)
    with qtbot.waitSignal(tray.pause_asked, check_params_cb=lambda minutes: minutes == 60):
        tray.pauses[1][0].trigger()
    for signal, action in ((tray.sync_asked, tray.sync), (tray.open_asked, tray.open), (tray.quit_asked, tray.quit)):
        with qtbot.waitSignal(signal):
            action.trigger()
