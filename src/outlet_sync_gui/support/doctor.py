"""Each thing that has to be right, looked at one after the other; nothing is mended, all that is wrong says how."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from outlet_sync_gui import channel, credentials
from outlet_sync_gui import settings as settings_module
from outlet_sync_gui.doors import INTAKE, WEBHOOKS, try_doors
from outlet_sync_gui.errors import AlreadyRunning, CredentialsMissing, Fact, OutletSyncError, SettingsInvalid
from outlet_sync_gui.service import Service
from outlet_sync_gui.settings import NEEDED, Settings
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.store import open_store
from outlet_sync_gui.support.ladder import READINGS, STEPS, Result, Step, climb
from outlet_sync_gui.sync.state import from_json

EXCHANGE_S = 40.0  # a pull's own deadline, and then some


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line: `name` as `words.CHECKS` has it; `code` tells what is wrong or missing, None where nothing is."""

    name: str
    result: Result
    code: str | None = None
    facts: tuple[tuple[str, Fact], ...] = ()


def examine(directory: Path) -> Iterator[Check]:
    """Look at everything, and yield each check as it is done."""
    yield _looked("data_dir", lambda: settings_module.prepare_directory(directory))
    settings = Settings()
    try:
        settings = _complete(directory)
        yield Check(name="settings", result=Result.PASSED)
    except SettingsInvalid as error:
        yield _failed("settings", error)
    if settings.missing:
        unchecked = ("database", "key", *STEPS, READINGS, WEBHOOKS, INTAKE)
        yield from (Check(name=name, result=Result.UNCHECKED) for name in unchecked)
        return
    yield _looked("database", lambda: _check_database(directory, settings))
    key = _key(settings)
    yield key
    line = list(_line(settings, directory, has_key=key.result is Result.PASSED))
    yield from line
    yield _readings(settings, directory, is_known=line[-1].result is Result.PASSED)
    troubles = {dict(found.facts)["name"]: found for found in _door_troubles(directory, settings)}
    yield _door(WEBHOOKS, troubles.get(WEBHOOKS) or _no_secret(settings), is_wanted=settings.webhook_enabled)
    yield _door(INTAKE, troubles.get(INTAKE), is_wanted=settings.intake_enabled)


def try_line(directory: Path) -> Iterator[Step]:
    """The ladder's rungs as they are tried (see `climb`); after the last whether headquarters can be read back.

    Raises SettingsInvalid, and whatever else keeps headquarters from being asked that is no fault of the line.
    """
    settings = _complete(directory)
    for step in climb(settings, lambda: _ask(directory)):
        yield step
        if step.code == STEPS[-1] and step.result is Result.PASSED:
            yield Step(code=READINGS, result=Result.PASSED if _can_be_read(settings, directory) else Result.OFF)


def _key(settings: Settings) -> Check:
    """Whether there is one; `variable` among the facts where it does not come from the password store."""
    found = _looked("key", lambda: credentials.read("api-key", outlet_id=settings.outlet_id))
    variable = credentials.variable_of("api-key")
    return replace(found, facts=(*found.facts, ("variable", variable))) if variable is not None else found


def _line(settings: Settings, directory: Path, *, has_key: bool) -> Iterator[Check]:
    """The ladder's rungs in order, each once."""
    rungs: dict[str, Step] = {}
    with suppress(OutletSyncError):  # why headquarters can't be asked: other checks tell
        for step in climb(settings, lambda: _ask(directory) if has_key else _unasked()):
            rungs[step.code] = step
    for code in STEPS:
        step = rungs.get(code, Step(code=code, result=Result.UNCHECKED))
        failed = code if step.result is Result.FAILED else None
        yield Check(name=code, result=step.result, code=failed, facts=step.facts)


def _readings(settings: Settings, directory: Path, *, is_known: bool) -> Check:
    """As the exchange with headquarters found it."""
    if not is_known:
        return Check(name=READINGS, result=Result.UNCHECKED)
    if _can_be_read(settings, directory):
        return Check(name=READINGS, result=Result.PASSED)
    return Check(name=READINGS, result=Result.OFF, code="extras_missing")


def _can_be_read(settings: Settings, directory: Path) -> bool:
    with closing(open_store(directory, settings.outlet_id)) as store:
        return bool(store.findings.can_be_read)


def _unasked() -> Trouble | None:
    raise CredentialsMissing("secret_missing", {"name": "api-key"})


def _ask(directory: Path) -> Trouble | None:
    """One exchange within the limit, by the service that runs or by one of our own. Raises why there can be none."""
    answered = channel.ask(directory, {"do": "check"}, timeout_s=EXCHANGE_S)
    if answered is not None:
        return _trouble(answered)
    try:
        return Service(directory).run_check(timeout_s=EXCHANGE_S)
    except AlreadyRunning:  # it started meanwhile
        busy: dict[str, object] = {"error": "", "code": "not_running", "facts": {}}
        return _trouble(channel.ask(directory, {"do": "check"}, timeout_s=EXCHANGE_S) or busy)


def _door_troubles(directory: Path, settings: Settings) -> tuple[Trouble, ...]:
    """Of the doors of the service that runs, or of the same ones, opened for a moment."""
    shown: Any = channel.ask(directory, {"do": "status"})
    return try_doors(settings) if shown is None else from_json(shown).doors


def _no_secret(settings: Settings) -> Trouble | None:
    try:
        credentials.read("webhook-secret", outlet_id=settings.outlet_id)
    except CredentialsMissing:
        return Trouble(code="D-SECRET")
    return None


def _door(name: str, found: Trouble | None, *, is_wanted: bool) -> Check:
    if not is_wanted:
        return Check(name=name, result=Result.OFF)
    if found is None:
        return Check(name=name, result=Result.PASSED)
    result = Result.OFF if found.is_optional else Result.FAILED
    return Check(name=name, result=result, code=found.code, facts=found.facts)


def _trouble(answered: Mapping[str, Any]) -> Trouble | None:
    if "error" in answered:
        raise OutletSyncError(answered["code"], answered["facts"])
    found = answered["trouble"]
    return Trouble(code=found["code"], facts=tuple(found["facts"].items())) if found else None


def _complete(directory: Path) -> Settings:
    settings = settings_module.load(directory).settings
    missing = [key for key in NEEDED if not getattr(settings, key)]
    if missing:
        raise SettingsInvalid("setting_missing", {"key": ", ".join(missing)})
    return settings


def _check_database(directory: Path, settings: Settings) -> None:
    store = open_store(directory, settings.outlet_id)
    try:
        store.check()
    finally:
        store.close()


def _looked(name: str, look: Callable[[], object]) -> Check:
    try:
        look()
    except OutletSyncError as error:
        return _failed(name, error)
    return Check(name=name, result=Result.PASSED)


def _failed(name: str, error: OutletSyncError) -> Check:
    return Check(name=name, result=Result.FAILED, code=error.code, facts=tuple(error.facts.items()))
