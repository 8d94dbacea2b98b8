"""`run`, `sync`, `status` and `simulate-cloud`: the service, and what it says."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from outlet_sync_gui import channel, words
from outlet_sync_gui.commands import DONE, NEEDS_PERSON, NO_KEY, UNREACHABLE, Context, answer, say
from outlet_sync_gui.errors import (
    AlreadyRunning,
    CloudUnreachable,
    CredentialsMissing,
    InputRefused,
    OutletSyncError,
    SettingsInvalid,
    StoreFailed,
)
from outlet_sync_gui.settings import NEEDED, Settings, prepare_directory
from outlet_sync_gui.status import State, Status
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.state import Facts, as_json, not_set_up, status_of

ERRORS = {
    kind.__name__: kind for kind in (CredentialsMissing, StoreFailed, SettingsInvalid, InputRefused, CloudUnreachable)
}
REFUSED_KEY = frozenset({"N-KEY", "N-OUTLET"})


def run(context: Context) -> int:
    """The service without a window, until SIGTERM or Ctrl-C."""
    from outlet_sync_gui.service import Service  # late, like below: `status` needs no courier

    context.settings()
    service = Service(context.directory)
    _stop_on_signals(service.stop)
    service.run()
    return DONE


def sync(context: Context) -> int:
    """One cycle, here or in the service that runs."""
    context.settings(*NEEDED)
    started = time.monotonic()
    tally, status = _cycle_elsewhere(context) or _cycle_here(context)
    pending = status["pending"]["total"]
    result = {name: tally[name] for name in ("sent", "failed", "pulled")}
    result |= {"conflicts": status["conflicts"], "requests": tally["requests"]}
    result |= {"duration_s": round(time.monotonic() - started, 3), "pending": pending}
    if context.wants_json:
        answer(result)
    else:
        text = "Sent {sent}, refused {failed}, news {pulled}, {requests} requests, {pending} waiting."
        say(words.say(text, **{name: words.number(value) for name, value in result.items()}))
    return _exit_code(tally["stopped_by"], status)


def status(context: Context) -> int:
    """The state, from the service that runs or from what is on disk."""
    shown = channel.ask(context.directory, {"do": "status"}) or as_json(_at_rest(context))
    if context.wants_json:
        answer(shown)
    else:
        _say_status(shown)
    return DONE


def simulate_cloud(context: Context) -> int:
    """The simulated cloud alone, until Ctrl-C."""
    from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms

    cloud = Cloud(now_ms=wall_ms, rate_limit_per_minute=context.arguments.rate_limit)
    with SimulatedCloud(cloud, port=context.arguments.port) as running:
        say(words.say("Simulated cloud at {url}. Ctrl-C ends it.", url=running.url))
        _wait_for_signal()
    return DONE


def _cycle_elsewhere(context: Context) -> tuple[dict[str, Any], dict[str, Any]] | None:
    question: dict[str, object] = {"do": "sync", "all": context.arguments.all}
    answered: Any = channel.ask(context.directory, question, timeout_s=context.arguments.timeout)
    if answered is None:
        return None
    if "error" in answered:
        kind: type[OutletSyncError] = ERRORS.get(answered["error"], StoreFailed)
        raise kind(answered["code"], answered["facts"])
    return answered["tally"], answered["status"]


def _cycle_here(context: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    from outlet_sync_gui.service import Service

    service = Service(context.directory)
    _stop_on_signals(service.stop)
    try:
        tally = service.run_cycle(all_lanes=context.arguments.all, timeout_s=context.arguments.timeout)
    except AlreadyRunning:
        if found := _cycle_elsewhere(context):
            return found
        raise
    counts = {"sent": tally.sent, "failed": tally.failed, "pulled": tally.pulled, "requests": tally.requests}
    return {**counts, "stopped_by": tally.stopped_by}, as_json(_at_rest(context))


def _exit_code(stopped_by: str | None, status: dict[str, Any]) -> int:
    if stopped_by in REFUSED_KEY:
        return NO_KEY
    if stopped_by is not None:
        return UNREACHABLE
    return NEEDS_PERSON if status["dead"] or status["conflicts"] or status["questions"] else DONE


def _at_rest(context: Context) -> Status:
    """What the files say while no service runs."""
    settings = context.loaded().settings
    if settings.missing:
        return not_set_up(settings, settings.missing)
    return _stored_status(prepare_directory(context.directory), settings)


def _stored_status(directory: Path, settings: Settings) -> Status:
    store = open_store(directory, settings.outlet_id)
    try:
        facts = Facts(outlet=store.outlet.read(), counts=store.outlet.counts(), settings=settings, now_ms=now().wall_ms)
        return status_of(facts, store.outlet.sent_on)
    finally:
        store.close()


def _say_status(shown: dict[str, Any]) -> None:
    pending = shown["pending"]
    say(words.say("State: {state}", state=_state_words(shown)))
    counts = {name: words.number(pending[name]) for name in ("total", "high", "medium", "low")}
    say(words.say("Waiting: {total} (orders {high}, menu {medium}, other {low})", **counts))
    amount = words.rupiah(shown["sent_today_amount"])
    say(words.say("Sent today: {n} ({amount})", n=words.number(shown["sent_today"]), amount=amount))
    say(words.say("Needs attention: {n}", n=words.number(shown["dead"])))
    say(words.say("Last success: {time}", time=shown["last_success_at"] or words.say("Never yet")))
    is_running = shown["service"] == "running"
    say(words.say("The service runs.") if is_running else words.say("The service does not run."))


def _state_words(shown: dict[str, Any]) -> str:
    known = Status(state=State(shown["state"]), version="", missing=tuple(shown["missing"]))
    return words.state_name(known.state) + (
        f" ({', '.join(map(words.missing_name, known.missing))})" if known.missing else ""
    )


def _stop_on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def _wait_for_signal() -> None:
    caught: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: caught.append(number))
    while not caught:
        signal.pause()
