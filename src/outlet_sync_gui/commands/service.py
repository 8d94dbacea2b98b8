"""`run`, `sync`, `status` and `simulate-cloud`: the service, and what it says."""

import os
import secrets
import signal
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from outlet_sync_gui import channel, credentials, words
from outlet_sync_gui.commands import BUG, DONE, NEEDS_PERSON, NO_KEY, UNREACHABLE, USAGE, Context, answer, say
from outlet_sync_gui.commands.parser import PROGRAM
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
from outlet_sync_gui.status import State, Status, Trouble
from outlet_sync_gui.store import open_store
from outlet_sync_gui.sync.clock import now
from outlet_sync_gui.sync.cycle import PAUSED, STOPPED, TIMED_OUT
from outlet_sync_gui.sync.halts import Halts
from outlet_sync_gui.sync.state import as_json, facts_of, from_json, not_set_up, status_of

if TYPE_CHECKING:
    from outlet_sync_gui.support.doctor import Check

ERRORS = {
    kind.__name__: kind for kind in (CredentialsMissing, StoreFailed, SettingsInvalid, InputRefused, CloudUnreachable)
}
ANSWER_S = 5.0  # beyond the time that was given: the service keeps to that itself
DOORS = frozenset({"webhook", "intake"})
DOOR_SECRETS = frozenset({"D-KEYRING", "D-SHORT"})
REFUSED_KEY = frozenset({"N-KEY", "N-OUTLET"})
CUT = {STOPPED: words.N_("It was stopped before all was done."), TIMED_OUT: words.N_("The time it was given is over.")}
NOT_DUE = words.N_("What waits is not due yet. It goes at once with: sync --all")
LATER = words.N_("What waits is tried again later.")


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
    why = _why_left(tally["stopped_by"], from_json(status), is_all=context.arguments.all)
    if context.wants_json:
        answer({**result, "stopped_by": tally["stopped_by"], "why": why})
    else:
        text = "Sent {sent}, refused {failed}, news {pulled}, {requests} requests, {pending} waiting."
        say(words.say(text, **{name: words.number(value) for name, value in result.items()}))
        for line in why:
            say(line)
    return _exit_code(tally["stopped_by"], status)


def status(context: Context) -> int:
    """The state, from the service that runs or from what is on disk."""
    shown = shown_status(context)
    if context.wants_json:
        answer(as_json(shown))
    else:
        _say_status(shown)
    return DONE


def doctor(context: Context) -> int:
    """Each check a line; the exit code is that of the first that failed."""
    from outlet_sync_gui.desktop import checks as desktop
    from outlet_sync_gui.support import doctor  # late: TLS and the courier

    checks = []
    for check in chain(doctor.examine(context.directory), desktop.examine(context.directory)):
        checks.append(check)
        if not context.wants_json:
            say(_check_line(check))
    if context.wants_json:
        answer([_check_json(check) for check in checks])
    return next((_check_code(check) for check in checks if check.result == "failed"), DONE)


def simulate_cloud(context: Context) -> int:
    """The simulated cloud alone, until Ctrl-C."""
    from outlet_sync_gui.simulator import Cloud, SimulatedCloud, wall_ms

    over: SimpleQueue[None] = SimpleQueue()  # a signal handler may put into it at any moment
    _stop_on_signals(lambda: over.put(None))
    given = os.environ.get(credentials.VARIABLES["webhook-secret"], "")
    secret = given or secrets.token_hex(16)
    port, webhook_url = context.arguments.port, context.arguments.webhook_url
    arguments = context.arguments
    cloud = Cloud(
        now_ms=wall_ms,
        rate_limit_per_minute=arguments.rate_limit,
        announces_conflicts=True,
        extras=arguments.extras,
    )
    with SimulatedCloud(cloud, port=port, webhook_url=webhook_url, webhook_secret=secret) as running:
        say(words.say("Simulated cloud at {url}. Ctrl-C ends it.", url=running.url))
        _say_how_to_connect(running.url, webhook_url, "" if given else secret)
        over.get()
    return DONE


def _say_how_to_connect(url: str, webhook_url: str | None, made_up: str) -> None:
    say(words.say("Open it in a browser to be headquarters. To connect an outlet:"))
    say(f"  {PROGRAM} config set cloud_url {url}")
    if webhook_url is None:
        say(words.say("It sends no webhooks: the outlet learns of everything when it asks."))
        return
    say(f"  {PROGRAM} secret set webhook-secret")
    if made_up:
        say(words.say("The webhook secret of this run, to paste there: {secret}", secret=made_up))
    say(words.say("Webhooks go to {url}.", url=webhook_url))


def _cycle_elsewhere(context: Context) -> tuple[dict[str, Any], dict[str, Any]] | None:
    within_s = context.arguments.timeout
    question: dict[str, object] = {"do": "sync", "all": context.arguments.all, "timeout": within_s}
    answered: Any = channel.ask(context.directory, question, timeout_s=within_s and within_s + ANSWER_S)
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
    return {**counts, "stopped_by": tally.stopped_by}, as_json(at_rest(context))


def _why_left(stopped_by: str | None, status: Status, *, is_all: bool) -> list[str]:
    """What ended a cycle, and why it left something; empty where all is done."""
    now_ms = now().wall_ms
    lines = [f"{words.headline(status, now_ms)}."] if status.state is State.PAUSED else []
    lines += [*([words.say(CUT[stopped_by])] if stopped_by in CUT else []), *words.reasons(status, now_ms)]
    lines += _for_a_person(status)
    if lines or not status.pending.total:
        return lines
    return [words.say(LATER if is_all or status.pending.high else NOT_DUE)]  # sales are due at once


def _exit_code(stopped_by: str | None, status: dict[str, Any]) -> int:
    if stopped_by in REFUSED_KEY or (status["trouble"] or {}).get("code") in REFUSED_KEY:
        return NO_KEY
    if stopped_by not in (None, PAUSED):
        return UNREACHABLE
    needs_person = stopped_by or status["dead"] or status["conflicts"] or status["questions"]
    return NEEDS_PERSON if needs_person else DONE


def shown_status(context: Context) -> Status:
    """The status of the service that runs, or what is on disk."""
    shown: Any = channel.ask(context.directory, {"do": "status"})
    return from_json(shown) if shown is not None else at_rest(context)


def at_rest(context: Context) -> Status:
    """What the files say while no service runs."""
    settings = context.loaded().settings
    if settings.missing:
        return not_set_up(settings, settings.missing)
    return _stored_status(prepare_directory(context.directory), settings)


def _stored_status(directory: Path, settings: Settings) -> Status:
    store = open_store(directory, settings.outlet_id)
    try:
        now_ms = now().wall_ms
        facts = facts_of(store, settings, Halts(store).standing(now_ms).told, now_ms=now_ms)
        return status_of(facts, store.outlet.sent_on)
    finally:
        store.close()


def _say_status(status: Status) -> None:
    now_ms = now().wall_ms
    say(_out_of_touch(status) or words.headline(status, now_ms))
    for line in dict.fromkeys(filter(None, _why_and_what_to_do(status, now_ms))):
        say(line)
    if status.next_attempt_at is not None and status.next_attempt_at > now_ms:
        say(words.say("Next try: {time}", time=words.at(status.next_attempt_at, now_ms)))
    pending = status.pending
    counts = {name: words.number(getattr(pending, name)) for name in ("total", "high", "medium", "low")}
    say(words.say("Waiting: {total} (orders {high}, menu {medium}, other {low})", **counts))
    amount = words.rupiah(status.sent_today_amount)
    say(words.say("Sent today: {n} ({amount})", n=words.number(status.sent_today), amount=amount))
    say(words.say("Needs attention: {n}", n=words.number(status.dead)))
    for line in _from_headquarters(status):
        say(line)
    at = status.last_success_at
    say(words.say("Last success: {time}", time=words.say("Never yet") if at is None else words.at_and_ago(at, now_ms)))
    if status.is_running:
        say(words.say("The service runs."))
    if status.intake_url:
        say(words.say("The till's connection: {url}", url=status.intake_url))
    if status.webhook_url:
        say(words.say("Instant updates: {url}", url=status.webhook_url))


def _out_of_touch(status: Status) -> str:
    """Where nothing waits, headquarters' news are due, and nothing runs that would get them."""
    if status.is_running or status.state is not State.SYNCING:
        return ""
    if status.last_success_at is None:
        return words.say("Not connected to headquarters yet")
    return words.say("Out of touch with headquarters")


def _from_headquarters(status: Status) -> list[str]:
    """What headquarters said and somebody here should see to; where it is seen to."""
    lines = (
        (status.conflicts, words.N_("Different at headquarters: {n} (conflicts list)")),
        (status.untaken, words.N_("Menu changes for the till: {n} (changes list)")),
        (status.messages, words.N_("Messages from headquarters: {n} (messages list)")),
    )
    return [words.say(text, n=words.number(n)) for n, text in lines if n]


def _why_and_what_to_do(status: Status, now_ms: int) -> list[str]:
    """Sentences under the headline; what goes by itself does so only while something runs."""
    is_promise = status.state in (State.WAITING, State.SYNCING) and not status.is_running
    line, reasons = words.subline(status, now_ms), words.reasons(status, now_ms)
    is_told = any(reason.startswith(line) for reason in reasons)  # with its code
    lines = ["" if is_promise or is_told else line, *reasons]
    lines += [words.door(found) for found in status.doors]
    if not status.is_running and status.state is not State.SETUP:
        lines.append(words.say("The service does not run. Nothing is sent until it does: outlet-sync-gui"))
    lines += _for_a_person(status)
    if status.untaken:
        lines.append(words.say("What the till must still learn: changes list"))
    if status.messages:
        lines.append(words.say("What headquarters announces: messages list"))
    return lines


def _for_a_person(status: Status) -> list[str]:
    """Where that stands which keeps records from being sent until somebody sees to it."""
    lines = (
        (status.dead, words.N_("What was refused, and why: queue list --state dead")),
        (status.questions, words.N_("What is asked, and the answers: questions list")),
        (status.conflicts, words.N_("Where both sides differ, and the choices: conflicts list")),
    )
    return [words.say(text) for n, text in lines if n]


def _check_line(check: "Check") -> str:
    found = Trouble(code=check.code, facts=check.facts) if check.code is not None else None
    if check.result == "off":
        return f"– {words.idle(check.name, found)}"
    if found is not None:
        return f"✗ {words.door(found) if check.name in DOORS else words.failed(check.name, found)}"
    if check.result == "passed":
        return f"✓ {words.passed(check.name, dict(check.facts))}"
    return f"– {words.unchecked(check.name)}"


def _check_json(check: "Check") -> dict[str, object]:
    return {
        "check": check.name,
        "result": check.result.value,
        "code": check.code,
        "facts": dict(check.facts),
        "sentence": _check_line(check)[2:],
    }


def _check_code(check: "Check") -> int:
    if check.name in DOORS:
        return NO_KEY if check.code in DOOR_SECRETS else USAGE
    codes = dict.fromkeys(("settings", "autostart"), USAGE) | dict.fromkeys(("data_dir", "database"), BUG)
    codes |= dict.fromkeys(("key", "N-KEY", "N-OUTLET"), NO_KEY)
    return codes.get(check.name, UNREACHABLE)


def _stop_on_signals(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
