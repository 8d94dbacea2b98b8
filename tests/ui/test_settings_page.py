"""The page of the settings: checked as typed, nothing kept before Apply, taken up by what runs, and no key shown."""

import gc
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import keyring
import polib
import pytest
from keyring.backends import SecretService
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from tests.builders import OUTLET_ID
from tests.endings import stop
from tests.fakes import KEY, configure, read_key
from tests.secret_service import keyring_daemon, lock, missing, session_bus, silent_owner
from tests.ui.checks import cut_off, nameless, settle, too_small
from tests.ui.states import NOW, STATES

from outlet_sync_gui import credentials, settings, words
from outlet_sync_gui.app import App
from outlet_sync_gui.resources import resource
from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms
from outlet_sync_gui.store import open_store
from outlet_sync_gui.support.ladder import READINGS, Result, Step
from outlet_sync_gui.ui import keeper as keeping
from outlet_sync_gui.ui import setting_fields
from outlet_sync_gui.ui.forms import Entry, Switch
from outlet_sync_gui.ui.keeper import Errand, Keeper
from outlet_sync_gui.ui.keys_section import API_KEY, WEBHOOK_SECRET, KeyCard
from outlet_sync_gui.ui.main_window import SIZE, MainWindow
from outlet_sync_gui.ui.rail import Page
from outlet_sync_gui.ui.settings_form import Form
from outlet_sync_gui.ui.settings_page import PARTS, Section, SettingsPage
from outlet_sync_gui.ui.theme import Theme

URL = "https://cloud.example"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return configure(tmp_path / "data", URL)


@pytest.fixture
def keeper(directory: Path, window: MainWindow) -> Iterator[Keeper]:
    made = Keeper(directory)
    window.errand_asked.connect(made.do)
    made.came.connect(window.show_errand)
    yield made
    made.finish()


@pytest.fixture
def page(window: MainWindow, keeper: Keeper, qtbot: QtBot) -> SettingsPage:
    assert keeper
    window.open_page(Page.SETTINGS)
    qtbot.waitUntil(lambda: bool(window.settings_page.form(Section.OUTLET).fields["outlet_id"].value()))
    return window.settings_page


def entry(page: SettingsPage, key: str) -> tuple[Section, Entry]:
    section = next(
        section for section, (parts, _) in PARTS.items() for part in parts for spec in part.specs if spec.key == key
    )
    page.go_to(section)
    for disclosure in page.form(section).for_it:
        disclosure.button.setChecked(True)
    found = page.form(section).fields[key]
    assert isinstance(found, Entry)
    return section, found


def type_in(field: Entry, text: str) -> None:
    field.control.selectAll()
    QTest.keyClick(field.control, Qt.Key.Key_Delete)
    if text.isascii():
        QTest.keyClicks(field.control, text)
    else:  # which no key of the test's keyboard has
        QGuiApplication.clipboard().setText(text)
        field.control.paste()


def apply(page: SettingsPage, section: Section, qtbot: QtBot) -> None:
    footer = page.place(section).footer
    assert footer is not None
    footer.apply.click()
    qtbot.waitUntil(lambda: footer.text.whole() == "Applied. No restart is needed.")


def in_file(directory: Path) -> dict[str, str]:
    lines = settings.settings_file(directory).read_text(encoding="utf-8").splitlines()
    return {key: value for key, _, value in (line.partition(" = ") for line in lines)}


@pytest.mark.parametrize(
    ("key", "text", "kept"),
    [
        ("outlet_id", "another", '"another"'),
        ("outlet_code", " JKT-002 ", '"JKT-002"'),
        ("cloud_url", "https://pusat.example/api/v1/", '"https://pusat.example"'),
        ("cloud_url", "http://127.0.0.1:9000", '"http://127.0.0.1:9000"'),
        ("proxy", "http://proxy.example:3128", '"http://proxy.example:3128"'),
        ("rate_limit_per_minute", "10", "10"),
        ("request_timeout_s", "600", "600"),
        ("batch_max_items", "1", "1"),
        ("batch_max_bytes", "10000", "10000"),
        ("intake_port", "9000", "9000"),
        ("webhook_port", "65535", "65535"),
        ("webhook_host", "0.0.0.0", '"0.0.0.0"'),
        ("webhook_tls_cert", "/etc/cert.pem", '"/etc/cert.pem"'),
        ("closing_time", "22:30", '"22:30"'),
        ("closing_time", "22.30", '"22:30"'),
        ("closing_time", "9:05", '"09:05"'),
        ("business_day_start", "04.00", '"04:00"'),
    ],
)
def test_what_is_typed_is_kept_once_it_is_applied(
    page: SettingsPage, directory: Path, qtbot: QtBot, key: str, text: str, kept: str
) -> None:
    before = settings.settings_file(directory).read_bytes()
    section, field = entry(page, key)
    type_in(field, text)
    assert settings.settings_file(directory).read_bytes() == before
    apply(page, section, qtbot)
    assert in_file(directory)[key] == kept
    assert not page.form(section).begun()


@pytest.mark.parametrize(
    ("key", "text", "sentence"),
    [
        ("outlet_id", "", "This is needed: nothing can be sent without it"),
        ("outlet_code", "é", "Only letters, digits and signs, without accents"),
        ("outlet_code", "x" * 101, "Too long"),
        ("cloud_url", "", "This is needed: nothing can be sent without it"),
        ("cloud_url", "htt", "Write it like https://cloud.example"),
        ("cloud_url", "https://", "Write it like https://cloud.example"),
        ("cloud_url", "http://cloud.example", "The address begins with https://"),
        ("cloud_url", "https://cloud.example:99999", "The port is a number from 1 to 65,535"),
        ("proxy", "proxy.example", "Write it like http://proxy.example:3128"),
        ("proxy", "http://proxy.example:99999", "Write it like http://proxy.example:3128"),
        ("rate_limit_per_minute", "9", "At least 10"),
        ("rate_limit_per_minute", "100001", "At most 100,000"),
        ("rate_limit_per_minute", "many", "Write a whole number, such as 30"),
        ("request_timeout_s", "", "Write a whole number, such as 30"),
        ("request_timeout_s", "601", "At most 600"),
        ("batch_max_items", "0", "At least 1"),
        ("batch_max_items", "1001", "At most 1,000"),
        ("batch_max_bytes", "9999", "At least 10,000"),
        ("intake_port", "-1", "At least 0"),
        ("webhook_port", "65536", "At most 65,535"),
        ("closing_time", "25:00", "Write the time like 22:00"),
        ("closing_time", "10 pm", "Write the time like 22:00"),
        ("closing_time", "22", "Write the time like 22:00"),
        ("business_day_start", "", "Write the time like 22:00"),
    ],
)
def test_what_cannot_be_is_told_where_it_is_typed_and_is_never_kept(
    page: SettingsPage, directory: Path, key: str, text: str, sentence: str
) -> None:
    before = settings.settings_file(directory).read_bytes()
    section, field = entry(page, key)
    footer = page.place(section).footer
    assert footer is not None
    type_in(field, text)
    assert not footer.apply.isEnabled()
    QTest.keyClick(field.control, Qt.Key.Key_Return)
    assert field.line.whole() == f"▲ {sentence}"
    assert footer.text.whole() == f"Mend first: {field.label.whole()}"
    assert settings.settings_file(directory).read_bytes() == before


def test_a_fault_is_told_after_a_moments_rest_and_gone_at_once(page: SettingsPage, qtbot: QtBot) -> None:
    _, field = entry(page, "cloud_url")
    type_in(field, "http://c")
    assert field.line.whole() == "Such as https://cloud.example"
    qtbot.waitUntil(lambda: field.line.whole() == "▲ The address begins with https://")
    field.control.setCursorPosition(4)
    QTest.keyClicks(field.control, "s")
    assert field.line.whole() == "Such as https://cloud.example"


def test_enter_applies(page: SettingsPage, directory: Path, qtbot: QtBot) -> None:
    section, field = entry(page, "outlet_code")
    type_in(field, "JKT-009")
    QTest.keyClick(field.control, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: in_file(directory)["outlet_code"] == '"JKT-009"')
    qtbot.waitUntil(lambda: not page.form(section).begun())


def test_what_was_applied_is_undone_to_the_very_file(page: SettingsPage, directory: Path, qtbot: QtBot) -> None:
    before = in_file(directory)
    section, field = entry(page, "cloud_url")
    type_in(field, "https://wrong.example")
    _, proxy = entry(page, "proxy")  # which the file did not say
    type_in(proxy, "http://proxy.example:1")
    apply(page, section, qtbot)
    footer = page.place(section).footer
    assert footer is not None
    assert footer.back.text() == "Undo"
    footer.back.click()
    qtbot.waitUntil(lambda: footer.text.whole() == "Undone.")
    assert in_file(directory) == before
    assert (field.text(), proxy.text(), footer.back.isEnabled()) == (URL, "", False)


def test_what_was_begun_is_dropped_or_stays_until_somebody_applies_it(page: SettingsPage, keeper: Keeper) -> None:
    section, field = entry(page, "outlet_code")
    footer = page.place(section).footer
    assert footer is not None
    type_in(field, "JKT-0")
    page.go_to(Section.HELP)
    assert page.list.item(section).text() == "Outlet •"
    page.begin()
    keeper.finish()
    page.go_to(section)
    assert (field.text(), footer.text.whole()) == ("JKT-0", "1 change not applied yet")
    footer.back.click()
    assert (field.text(), footer.text.whole(), page.list.item(section).text()) == ("JKT-001", "", "Outlet")


def test_what_it_sets_is_read_only_and_says_why(
    window: MainWindow, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    assert keeper
    monkeypatch.setenv("OUTLET_SYNC_OUTLET_CODE", "ENV-1")
    monkeypatch.setenv("OUTLET_SYNC_LANGUAGE", "en")
    monkeypatch.setenv("OUTLET_SYNC_PULL_INTERVAL_S", "77")
    monkeypatch.setenv("OUTLET_SYNC_WEBHOOK_ENABLED", "off")
    window.open_page(Page.SETTINGS)
    page = window.settings_page
    _, field = entry(page, "outlet_code")
    qtbot.waitUntil(lambda: field.text() == "ENV-1")
    assert field.line.whole() == "Set by IT on this PC (OUTLET_SYNC_OUTLET_CODE). It can't be changed here."
    assert field.control.isReadOnly()
    assert not page.look.language.control.isEnabled()
    pick = page.form(Section.SCHEDULE).fields["pull_interval_s"]
    assert (pick.control.isEnabled(), pick.control.property("currentText")) == (False, "77 seconds")
    switch = page.form(Section.SOURCES).fields["webhook_enabled"]
    assert (switch.control.isEnabled(), switch.value()) == (False, False)


def test_what_headquarters_set_says_so_and_a_change_here_wins(
    window: MainWindow, keeper: Keeper, directory: Path, qtbot: QtBot
) -> None:
    assert keeper
    store = open_store(directory, OUTLET_ID)
    store.outlet.configure({"values": {"closing_time": "23:00"}, "former": {}}, at="2026-01-27T03:00:00Z")
    store.close()
    window.open_page(Page.SETTINGS)
    page = window.settings_page
    section, field = entry(page, "closing_time")
    qtbot.waitUntil(lambda: field.text() == "23:00")
    assert field.line.whole().endswith("Set by headquarters. A change here wins.")
    type_in(field, "22:00")
    apply(page, section, qtbot)
    assert in_file(directory)["closing_time"] == '"22:00"'
    rows = [(name.whole(), value.whole()) for name, value in page.help.remote.labels]
    assert rows == [("closing time", "23:00 · not in force: set here")]


def test_a_network_certificate_that_is_not_there_is_not_kept(page: SettingsPage, directory: Path, qtbot: QtBot) -> None:
    section, field = entry(page, "ca_file")
    type_in(field, str(directory / "missing.pem"))
    footer = page.place(section).footer
    assert footer is not None
    footer.apply.click()
    qtbot.waitUntil(lambda: footer.text.whole().startswith("▲ The setting ca_file can't be"))
    assert "ca_file" not in in_file(directory)
    assert page.form(section).begun() == {"ca_file"}


def test_a_disk_that_does_not_write_is_told_and_nothing_is_lost(
    page: SettingsPage, directory: Path, qtbot: QtBot
) -> None:
    (directory / "settings.new").mkdir()
    section, field = entry(page, "outlet_code")
    type_in(field, "JKT-009")
    footer = page.place(section).footer
    assert footer is not None
    footer.apply.click()
    qtbot.waitUntil(lambda: footer.text.whole().startswith("▲ "))
    assert (field.text(), footer.apply.isEnabled()) == ("JKT-009", True)


def test_every_field_knows_its_setting(page: SettingsPage) -> None:
    for section in PARTS:
        for shown in page.form(section).shown:
            chosen = settings.Settings()
            text = setting_fields.text_of(chosen, shown.spec.key)
            if shown.spec.key not in settings.NEEDED:
                value = setting_fields.value_of(shown.spec.key, text)
                assert settings.parse({shown.spec.key: value}) == chosen


@pytest.mark.parametrize("size", [SIZE, QSize(480, 360), QSize(800, 480), QSize(512, 264)])
@pytest.mark.parametrize("language", ["id", "en"])
def test_nothing_is_cut_off_and_everything_can_be_touched_and_has_a_name(
    window: MainWindow, page: SettingsPage, qtbot: QtBot, size: QSize, language: str
) -> None:
    for section in Section:  # made in another language and width
        page.place(section)
    qtbot.waitUntil(lambda: all(key.state.whole().startswith("▲") for key in page.keys.cards.values()))
    words.use(language)
    window.resize(size)
    window.retranslate()
    window.show_status(STATES["offline"], NOW)
    for section in Section:
        page.go_to(section)
        content = page.place(section).content
        if isinstance(content, Form):
            for disclosure in content.for_it:
                disclosure.button.setChecked(True)
        settle()
        assert (cut_off(page), too_small(page), nameless(page)) == ([], [], []), section


def test_the_keyboard_reaches_every_field_and_button(window: MainWindow, page: SettingsPage) -> None:
    for section in Section:
        page.go_to(section)
        settle()
        place = page.stack.currentWidget()
        assert place is not None
        kinds = (QPushButton, QLineEdit)
        wanted = {w for kind in kinds for w in place.findChildren(kind) if w.isVisible() and w.isEnabled()}
        page.list.setFocus()
        seen = set()
        for _ in range(60):
            QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
            seen.add(window.focusWidget())
        grouped = {w for w in wanted if isinstance(w, QPushButton) and w.autoExclusive() and not w.isChecked()}
        assert [w.accessibleName() for w in wanted - seen - grouped] == [], section


# -- the whole program


@pytest.fixture
def cloud() -> Iterator[SimulatedCloud]:
    with SimulatedCloud(Cloud(now_ms=wall_ms, api_key=KEY)) as running:
        yield running


@pytest.fixture
def app(tmp_path: Path, cloud: SimulatedCloud, qapp: QApplication) -> Iterator[App]:
    made = App(configure(tmp_path / "app", cloud.url), Theme(qapp, is_dark=False), read_key=read_key)
    yield made
    stop(made)


def test_the_service_that_runs_takes_a_setting_up(app: App, qtbot: QtBot) -> None:
    app.start()
    qtbot.waitUntil(lambda: app.status.is_running and app.status.last_success_at is not None)
    app.window.open_page(Page.SETTINGS)
    page = app.window.settings_page
    qtbot.waitUntil(lambda: bool(page.form(Section.OUTLET).fields["outlet_id"].value()))
    section, field = entry(page, "outlet_code")
    type_in(field, "JKT-777")
    apply(page, section, qtbot)
    qtbot.waitUntil(lambda: app.status.outlet_code == "JKT-777")
    switch = page.form(Section.SOURCES).fields["webhook_enabled"]
    assert isinstance(switch, Switch)
    assert app.status.webhook_url is not None
    page.go_to(Section.SOURCES)
    switch.control.click()
    apply(page, Section.SOURCES, qtbot)
    qtbot.waitUntil(lambda: app.status.webhook_url is None)


def test_the_connection_is_tested_where_it_is_set_and_where_the_key_is(app: App, qtbot: QtBot) -> None:
    app.start()
    qtbot.waitUntil(lambda: app.status.is_running and app.status.last_success_at is not None)
    app.window.open_page(Page.SETTINGS)
    page = app.window.settings_page
    qtbot.waitUntil(lambda: bool(page.form(Section.OUTLET).fields["outlet_id"].value()))
    for section in (Section.OUTLET, Section.KEYS):
        page.go_to(section)
        test = page.place(section).test
        assert test is not None
        assert (test.isVisible(), test.card.isVisible()) == (True, False)
        with qtbot.waitSignal(test.over):
            test.button.click()
        assert test.has_passed
        assert test.card.isVisible()


def texts(window: MainWindow) -> set[str]:
    labels = {label.text() for label in window.findChildren(QLabel)}
    return labels | {button.text() for button in window.findChildren(QPushButton)} - {""}


def test_another_language_is_spoken_everywhere_at_once_and_at_the_next_start(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    catalogue = {e.msgid: e.msgstr for e in polib.pofile(str(resource("i18n", "id.po"))) if e.msgid != e.msgstr}
    app.start()
    for each in Page:
        app.window.open_page(each)
        if app.window.decisions.conflicts is not None:
            app.window.decisions.conflicts.reject()
    app.window.open_page(Page.SETTINGS)
    page = app.window.settings_page
    qtbot.waitUntil(lambda: bool(page.form(Section.OUTLET).fields["outlet_id"].value()))
    assert "Settings" in texts(app.window)
    for section in Section:
        page.place(section)
    page.go_to(Section.LOOK)
    page.look.language.buttons["id"].click()
    left = {text for text in texts(app.window) if text in catalogue}
    assert left == set()
    assert app.window.rail.settings.text() == "Pengaturan"
    qtbot.waitUntil(lambda: settings.load(tmp_path / "app").settings.language == "id")


def test_colours_are_chosen_at_once_and_kept(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    app.start()
    app.window.open_page(Page.SETTINGS)
    page = app.window.settings_page
    qtbot.waitUntil(lambda: bool(page.form(Section.OUTLET).fields["outlet_id"].value()))
    page.go_to(Section.LOOK)
    before = app.window.palette().window().color()
    page.look.appearance.buttons["dark"].click()
    assert app.window.palette().window().color() != before
    qtbot.waitUntil(lambda: settings.load(tmp_path / "app").settings.appearance == "dark")
    page.look.appearance.buttons["light"].click()
    assert app.window.palette().window().color() == before


# -- keys


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    if (name := missing()) is not None:
        assert os.environ.get("CI") != "true", f"{name} is missing, and CI must not pass this over"
        pytest.skip(f"{name} is not installed")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    let_threads_end()  # those of an earlier test would ask this bus
    chosen = keyring.get_keyring()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the library never closes its connections to the bus
        with session_bus(home, starts_others=False) as env:  # nobody but the test starts a keyring
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
            keyring.set_keyring(SecretService.Keyring())  # type: ignore[no-untyped-call]  # without annotations
            yield env
            keyring.set_keyring(chosen)
        let_threads_end()  # those that hung: their bus is gone
        gc.collect()


def let_threads_end() -> None:
    """Wait for what was asked beside a window."""
    for name in ("aside", "keyring"):
        for thread in [each for each in threading.enumerate() if each.name == name]:
            thread.join(5)


def card(window: MainWindow, name: str) -> KeyCard:
    window.open_page(Page.SETTINGS)
    window.settings_page.go_to(Section.KEYS)
    return window.settings_page.keys.cards[name]


def test_a_key_is_replaced_and_never_shown(
    bus: dict[str, str], window: MainWindow, keeper: Keeper, qtbot: QtBot
) -> None:
    assert keeper
    with keyring_daemon(bus):
        key = card(window, API_KEY)
        qtbot.waitUntil(lambda: key.is_there is False)
        assert (key.state.whole(), key.replace.text()) == ("Not set yet", "Enter…")
        key.replace.click()
        type_in(key.box.field, "s3cret-key")
        key.box.save.click()
        qtbot.waitUntil(lambda: key.state.whole() == "Kept in this PC's password store")
        assert (key.box.field.text(), key.box.isVisible()) == ("", False)
        assert credentials.read(API_KEY, outlet_id=OUTLET_ID) == "s3cret-key"
        assert not any("s3cret" in text for text in texts(window))


def test_a_key_that_was_set_elsewhere_is_found_at_the_next_visit(
    bus: dict[str, str], window: MainWindow, keeper: Keeper, qtbot: QtBot
) -> None:
    assert keeper
    with keyring_daemon(bus):
        key = card(window, API_KEY)
        qtbot.waitUntil(lambda: key.is_there is False)
        credentials.write(API_KEY, "by-a-terminal", outlet_id=OUTLET_ID)
        window.open_page(Page.STATUS)
        window.open_page(Page.SETTINGS)
        qtbot.waitUntil(lambda: key.state.whole() == "Kept in this PC's password store")


def test_a_webhook_secret_is_long_enough_and_is_deleted_only_when_asked_twice(
    bus: dict[str, str], window: MainWindow, keeper: Keeper, qtbot: QtBot
) -> None:
    assert keeper
    with keyring_daemon(bus):
        key = card(window, WEBHOOK_SECRET)
        qtbot.waitUntil(lambda: key.is_there is False)
        key.replace.click()
        type_in(key.box.field, "short")
        key.box.save.click()
        assert key.box.field.line.whole() == "▲ At least 16 characters"
        type_in(key.box.field, "long-enough-for-webhooks")
        QTest.keyClick(key.box.field.control, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: key.is_there is True)
        key.forget.click()
        assert credentials.read(WEBHOOK_SECRET, outlet_id=OUTLET_ID) == "long-enough-for-webhooks"
        key.sure.yes.click()
        qtbot.waitUntil(lambda: key.is_there is False)


def test_the_tills_token_is_shown_copied_and_renewed(
    bus: dict[str, str], window: MainWindow, keeper: Keeper, qtbot: QtBot
) -> None:
    assert keeper
    with keyring_daemon(bus):
        credentials.write(keeping.TOKEN, "of-the-till", outlet_id=OUTLET_ID)
        token = card(window, keeping.TOKEN)
        qtbot.waitUntil(lambda: token.is_there is True)
        token.show_it.click()
        qtbot.waitUntil(lambda: token.token.text() == "of-the-till")
        token.show_it.click()
        assert token.token.text() == ""
        token.copy.click()
        qtbot.waitUntil(lambda: QGuiApplication.clipboard().text() == "of-the-till")
        token.forget.click()
        token.sure.yes.click()
        qtbot.waitUntil(lambda: token.token.text() not in ("", "of-the-till"))
        assert credentials.read(keeping.TOKEN, outlet_id=OUTLET_ID) == token.token.text()


def test_without_a_password_store_each_key_says_what_to_do(window: MainWindow, keeper: Keeper, qtbot: QtBot) -> None:
    assert keeper
    key = card(window, API_KEY)
    qtbot.waitUntil(lambda: key.state.whole().startswith("▲ This PC has no password store."))
    assert key.replace.isEnabled()


def test_a_password_store_that_cannot_be_reached_is_a_sentence_and_no_bug(
    window: MainWindow, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    assert keeper
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "nonsense")
    chosen = keyring.get_keyring()
    keyring.set_keyring(SecretService.Keyring())  # type: ignore[no-untyped-call]  # without annotations
    try:
        key = card(window, API_KEY)
        qtbot.waitUntil(lambda: key.state.whole().startswith("▲ The password store"))
    finally:
        keyring.set_keyring(chosen)


def test_a_locked_password_store_is_a_sentence(
    bus: dict[str, str], window: MainWindow, keeper: Keeper, qtbot: QtBot
) -> None:
    assert keeper
    with keyring_daemon(bus):
        credentials.write(API_KEY, "one", outlet_id=OUTLET_ID)
        lock(bus)
        key = card(window, API_KEY)
        qtbot.waitUntil(lambda: key.state.whole().startswith("▲ The password store"), timeout=15_000)


def test_a_password_store_that_hangs_holds_neither_the_page_nor_the_files(
    bus: dict[str, str],
    window: MainWindow,
    keeper: Keeper,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    assert keeper
    monkeypatch.setattr(keeping, "DEADLINE_S", 1.0)
    with silent_owner(bus):
        key = card(window, API_KEY)
        qtbot.waitUntil(lambda: key.state.whole() == "Asking the password store…")
        assert not key.replace.isEnabled()
        section, field = entry(window.settings_page, "outlet_code")
        type_in(field, "JKT-009")
        apply(window.settings_page, section, qtbot)
        assert in_file(directory)["outlet_code"] == '"JKT-009"'
        qtbot.waitUntil(lambda: "did not answer within 1 s" in key.state.whole())
        assert key.replace.isEnabled()


def test_a_key_of_the_environment_is_told_and_not_asked_for(
    window: MainWindow, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setenv("OUTLET_SYNC_API_KEY", "of-it")
    asked: list[Errand] = []
    keeper.came.connect(lambda errand, _: asked.append(errand))
    key = card(window, API_KEY)
    qtbot.waitUntil(lambda: len(asked) == 3)  # what is kept, and the two other keys
    assert key.state.whole() == "Set by IT on this PC (OUTLET_SYNC_API_KEY). It can't be changed here."
    assert not key.replace.isEnabled()


# -- what headquarters offers beyond the contract


@pytest.mark.parametrize(
    ("can_be_read", "is_on", "is_shown"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_the_comparison_is_offered_where_headquarters_can_be_read_back(
    directory: Path, window: MainWindow, keeper: Keeper, qtbot: QtBot, can_be_read: bool, is_on: bool, is_shown: bool
) -> None:
    store = open_store(directory, OUTLET_ID)
    with store.write():
        store.findings.looked(can_be_read=can_be_read)
    store.close()
    settings.save(directory, {"cloud_extras": is_on})
    assert keeper
    window.open_page(Page.SETTINGS)
    page = window.settings_page
    qtbot.waitUntil(lambda: bool(page.form(Section.OUTLET).fields["outlet_id"].value()))
    page.go_to(Section.CLOSING)
    assert page.form(Section.CLOSING).fields["cloud_extras"].isVisible() is is_shown


@pytest.mark.parametrize("is_seen_before", [True, False])
def test_a_test_that_finds_it_offers_it_at_once(page: SettingsPage, is_seen_before: bool) -> None:
    if is_seen_before:
        page.go_to(Section.CLOSING)
        assert not page.form(Section.CLOSING).fields["cloud_extras"].isVisible()
    test = page.place(Section.OUTLET).test
    assert test is not None
    test.steps = {READINGS: Step(code=READINGS, result=Result.PASSED)}
    test.over.emit(test.can_be_read)
    page.go_to(Section.CLOSING)
    assert page.form(Section.CLOSING).fields["cloud_extras"].isVisible()


def test_a_section_is_made_when_somebody_first_goes_there(page: SettingsPage) -> None:
    def made() -> list[bool]:
        places = [page.stack.widget(section) for section in Section]
        return [place is not None and place.layout() is not None for place in places]

    assert made() == [True, False, False, False, False, False, False]
    page.go_to(Section.CLOSING)
    assert made() == [True, False, False, False, True, False, False]
