"""Settings: environment over file over default, each fault named, the file never half written."""

from pathlib import Path

import pytest

from outlet_sync_gui import settings
from outlet_sync_gui.errors import SettingsInvalid, StoreFailed
from outlet_sync_gui.settings import Settings


def fault(values: dict[str, object]) -> tuple[str, str]:
    with pytest.raises(SettingsInvalid) as refused:
        settings.parse(values)
    return refused.value.code, str(refused.value.facts["key"])


def test_the_environment_wins_over_the_file_over_the_default(tmp_path: Path) -> None:
    settings.save(tmp_path, {"pull_interval_s": 60, "outlet_code": "FILE"})
    loaded = settings.load(tmp_path, {"OUTLET_SYNC_OUTLET_CODE": "ENV"})
    assert (loaded.settings.outlet_code, loaded.settings.pull_interval_s, loaded.settings.retention_days) == (
        "ENV",
        60,
        90,
    )
    sources = {key: loaded.sources[key] for key in ("outlet_code", "pull_interval_s", "retention_days")}
    assert sources == {"outlet_code": "environment", "pull_interval_s": "file", "retention_days": "default"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://cloud.example", "https://cloud.example"),
        ("https://cloud.example/", "https://cloud.example"),
        ("https://cloud.example/api/v1", "https://cloud.example"),
        ("https://cloud.example/api/v1/", "https://cloud.example"),
        ("https://cloud.example/tenant", "https://cloud.example/tenant"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_an_address(given: str, kept: str) -> None:
    assert Settings(cloud_url=given).cloud_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://cloud.example",
        "ftp://cloud.example",
        "cloud.example",
        "https://",
        "https://user:key@cloud.example",
        "https://cloud.example?key=1",
        "https://cloud.example#x",
        "https://cloud.example:99999",
        "http://127.0.0.1.evil.example",
    ],
)
def test_an_address_that_cannot_be(url: str) -> None:
    assert fault({"cloud_url": url}) == ("setting_invalid", "cloud_url")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate_limit_per_minute", 9),
        ("rate_limit_per_minute", 100_001),
        ("batch_max_items", 0),
        ("batch_max_items", 1001),
        ("batch_max_bytes", 10_000_001),
        ("pull_interval_s", 0),
        ("timezone", "Mars/Base"),
        ("timezone", "../etc/passwd"),
        ("business_day_start", "24:00"),
        ("closing_time", "9pm"),
        ("language", "de"),
        ("conflict_policy", "coin"),
        ("outlet_id", "a\r\nX-Evil: 1"),
        ("outlet_code", "é"),
        ("webhook_port", 70_000),
        ("notifications", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_is_named(key: str, value: object) -> None:
    assert fault({key: value}) == ("setting_invalid", key)


def test_an_unknown_key_is_named() -> None:
    assert fault({"api_key": "secret"}) == ("setting_unknown", "api_key")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("notifications", "off", False),
        ("notifications", "ya", True),
        ("pull_interval_s", " 60 ", 60),
        ("paid_statuses", "paid, lunas", ("paid", "lunas")),
        ("conflict_policy", "cloud_wins", "cloud_wins"),
        ("conflict_policy", "product=cloud_wins,category=ask", {"product": "cloud_wins", "category": "ask"}),
        ("closing_time", "22:30", "22:30"),
    ],
)
def test_a_value_from_a_command_line(key: str, text: str, value: object) -> None:
    assert settings.typed(key, text) == value


def test_saving_keeps_comments_and_the_rest(tmp_path: Path) -> None:
    file = settings.settings_file(tmp_path)
    file.write_text('# by Rina\noutlet_code = "JKT-001" # on the letter\n', encoding="utf-8")
    settings.save(tmp_path, {"pull_interval_s": 60})
    assert (
        file.read_text(encoding="utf-8") == '# by Rina\noutlet_code = "JKT-001" # on the letter\npull_interval_s = 60\n'
    )


def test_a_value_that_cannot_be_is_not_stored(tmp_path: Path) -> None:
    settings.save(tmp_path, {"outlet_code": "JKT-001"})
    before = settings.settings_file(tmp_path).read_bytes()
    with pytest.raises(SettingsInvalid):
        settings.save(tmp_path, {"pull_interval_s": -1})
    assert settings.settings_file(tmp_path).read_bytes() == before


@pytest.mark.parametrize("text", ["nonsense = [", "= 1", "\x00", "a = 1\na = 2"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    settings.settings_file(tmp_path).write_text(text)
    with pytest.raises(SettingsInvalid) as refused:
        settings.load(tmp_path, {})
    assert refused.value.code in ("settings_unreadable", "setting_unknown")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    settings.settings_file(tmp_path).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsInvalid) as refused:
        settings.load(tmp_path, {})
    assert refused.value.code == "settings_unreadable"


def test_secrets_and_the_place_are_no_settings(tmp_path: Path) -> None:
    environment = {"OUTLET_SYNC_API_KEY": "k", "OUTLET_SYNC_DATA_DIR": "x", "OUTLET_SYNC_OUTLET_CODE": " "}
    assert settings.load(tmp_path, environment).settings == Settings()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed) as failed:
        settings.prepare_directory(tmp_path / "file" / "data")
    assert failed.value.code == "data_dir_unwritable"


def test_where_the_data_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLET_SYNC_DATA_DIR", str(tmp_path / "env"))
    assert settings.data_directory() == tmp_path / "env"
    assert settings.data_directory(str(tmp_path / "chosen")) == tmp_path / "chosen"
    monkeypatch.delenv("OUTLET_SYNC_DATA_DIR")
    assert settings.data_directory().name == "outlet-sync-gui"


def test_what_is_needed_and_missing_is_named() -> None:
    assert Settings(outlet_id="a").missing == ("outlet_code", "cloud_url")
