"""`config` and `secret`: settings in a file, secrets in the keyring."""

import getpass
import json
import os
import sys
from pathlib import Path

from outlet_sync_gui import channel, credentials, words
from outlet_sync_gui import settings as settings_module
from outlet_sync_gui.commands import DONE, Context, answer, say
from outlet_sync_gui.desktop import autostart
from outlet_sync_gui.errors import InputRefused, SettingsInvalid
from outlet_sync_gui.settings import PREFIX, Settings

KEYS = {
    "stored": words.N_("The API key is in the password store."),
    "environment": words.N_("The API key comes from OUTLET_SYNC_API_KEY."),
    "kept": words.N_("The API key was there already."),
}


def config_list(context: Context) -> int:
    """Every setting, its value, and where it comes from."""
    loaded = context.loaded()
    rows = [
        {"key": key, "value": getattr(loaded.settings, key), "source": source} for key, source in loaded.sources.items()
    ]
    if context.wants_json:
        answer(rows)
        return DONE
    for row in rows:
        say(f"{row['key']} = {_text(row['value'])}  ({row['source']})")
    return DONE


def config_get(context: Context) -> int:
    """One setting."""
    key = _known(context.arguments.key)
    value = getattr(context.loaded().settings, key)
    if context.wants_json:
        answer({"key": key, "value": value})
    else:
        say(_text(value))
    return DONE


def config_set(context: Context) -> int:
    """Store one setting; the service that runs takes it up."""
    key = _known(context.arguments.key)
    value = settings_module.typed(key, context.arguments.value)
    if key == "start_with_session":
        (autostart.enable if value else autostart.disable)(context.directory)
    settings_module.save(context.directory, {key: list(value) if isinstance(value, tuple) else value})
    channel.ask(context.directory, {"do": "settings"})
    if context.wants_json:
        answer({"key": key, "value": value})
        return DONE
    say(words.say("Stored."))
    if f"{PREFIX}{key.upper()}" in os.environ:
        say(words.say("The environment variable {name} wins over it.", name=f"{PREFIX}{key.upper()}"))
    if key == "language":
        say(words.say("Takes effect at the next start."))
    return DONE


def set_up(context: Context) -> int:
    """Settings from a file and the key from standard input. All is looked at before anything is kept; again is fine."""
    given = _given(Path(context.arguments.file))
    changes = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
    merged = settings_module.load(context.directory, proposed=changes).settings
    if merged.missing:
        raise SettingsInvalid("setting_missing", {"key": ", ".join(merged.missing)})
    settings_module.prepare_directory(context.directory)
    key = _keep_key(merged.outlet_id)
    settings_module.save(context.directory, changes)
    if "start_with_session" in changes:
        (autostart.enable if merged.start_with_session else autostart.disable)(context.directory)
    is_running = channel.ask(context.directory, {"do": "settings"}) is not None
    channel.ask(context.directory, {"do": "key"})
    if context.wants_json:
        answer({"success": True, "settings": sorted(changes), "api_key": key, "service": _service(is_running)})
        return DONE
    say(words.say("Set up: outlet {code}, {n} settings.", code=merged.outlet_code, n=len(changes)))
    say(words.say(KEYS[key]))
    say(words.say("The service takes it up.") if is_running else words.say("Start it with: outlet-sync-gui"))
    return DONE


def _given(file: Path) -> dict[str, object]:
    """The settings of a file, each valid. Raises InputRefused, SettingsInvalid."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputRefused("file_unreadable", {"path": str(file), "why": error.strerror or ""}) from error
    except UnicodeDecodeError as error:
        raise InputRefused("not_utf8", {"position": error.start}) from error
    try:
        found = json.loads(text, object_pairs_hook=lambda pairs: _once(file, pairs))
    except (ValueError, RecursionError) as error:
        raise InputRefused("setup_no_json", {"path": str(file), "line": getattr(error, "lineno", 1)}) from error
    if not isinstance(found, dict):
        raise InputRefused("setup_no_json", {"path": str(file), "line": 1})
    parsed = settings_module.parse(found)
    return {key: getattr(parsed, key) for key in found}


def _once(file: Path, pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of the file. Raises InputRefused where it says a thing twice: nobody can tell which holds."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise InputRefused("setup_twice", {"path": str(file), "key": name})
    return dict(pairs)


def _keep_key(outlet_id: str) -> str:
    """Where the key is: kept now, in the environment, or there before. Raises CredentialsMissing, InputRefused."""
    if os.environ.get(credentials.VARIABLES["api-key"], "").strip():
        return "environment"
    value = getpass.getpass(words.say("API key (not shown): ")) if sys.stdin.isatty() else sys.stdin.readline()
    if value.strip():
        credentials.write("api-key", value, outlet_id=outlet_id)
        return "stored"
    credentials.read("api-key", outlet_id=outlet_id)
    return "kept"


def _service(is_running: bool) -> str:
    return "running" if is_running else "stopped"


def secret_set(context: Context) -> int:
    """Keep a secret in the password store; its value comes from a prompt or standard input."""
    name, outlet_id = context.arguments.name, context.settings("outlet_id").outlet_id
    credentials.write(name, _prompted(), outlet_id=outlet_id)
    _poke(context)
    return _done(context, "Kept in the password store.")


def secret_check(context: Context) -> int:
    """Whether a secret is there; its value is not shown."""
    credentials.read(context.arguments.name, outlet_id=context.settings("outlet_id").outlet_id)
    return _done(context, "There.")


def secret_show(context: Context) -> int:
    """The token with which the POS hands records over; no other secret is ever shown."""
    token = credentials.read("intake-token", outlet_id=context.settings("outlet_id").outlet_id)
    if context.wants_json:
        answer({"value": token})
    else:
        say(token)
    return DONE


def secret_delete(context: Context) -> int:
    """Forget a secret."""
    credentials.delete(context.arguments.name, outlet_id=context.settings("outlet_id").outlet_id)
    _poke(context)
    return _done(context, "Forgotten.")


def _poke(context: Context) -> None:
    """The service that runs takes it up."""
    channel.ask(context.directory, {"do": "key" if context.arguments.name == "api-key" else "secrets"})


def _done(context: Context, text: str) -> int:
    if context.wants_json:
        answer({"success": True})
    else:
        say(words.say(text))
    return DONE


def _prompted() -> str:
    if sys.stdin.isatty():
        return getpass.getpass(words.say("Value (not shown): "))
    line = sys.stdin.readline()
    if not line.strip():
        raise InputRefused("secret_empty")
    return line


def _known(key: str) -> str:
    if key not in Settings.model_fields:
        raise SettingsInvalid("setting_unknown", {"key": key})
    return key


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
