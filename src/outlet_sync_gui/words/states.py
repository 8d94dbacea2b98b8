"""The state: one sentence, the line under it, the tray's, and why something waits."""

from outlet_sync_gui.status import Deciding, Progress, State, Status, Trouble
from outlet_sync_gui.words.failures import PROBLEMS, help_code, joined, trouble
from outlet_sync_gui.words.records import wait
from outlet_sync_gui.words.speech import N_, ago, at, clock, moment, number, rupiah, say, say_n


def headline(status: Status, now_ms: int) -> str:
    """The one sentence of a state."""
    match status.state:
        case State.SETUP:
            return say("Not set up yet")
        case State.ERROR:
            return say("Something broke")
        case State.PAUSED:
            return _paused(status, now_ms)
        case State.OFFLINE:
            return _offline(status, now_ms)
        case State.ATTENTION:
            return _attention(status)
        case State.SYNCING if status.pending.total:
            return say_n("Sending {n} record", "Sending {n} records", status.pending.total)
        case State.SYNCING:
            return say("Getting news from headquarters")
        case State.WAITING:
            return say_n("{n} record waiting", "{n} records waiting", status.pending.total)
        case State.IDLE:
            return say("Everything is sent")


def subline(status: Status, now_ms: int) -> str:
    """The line under it: what is safe, what happens next."""
    match status.state:
        case State.SETUP:
            return say("Missing: {names}.", names=", ".join(missing_name(name) for name in status.missing))
        case State.ERROR:
            return _tell_it(status)
        case State.PAUSED:
            return say_n(
                "{n} record waiting, safe on this PC.", "{n} records waiting, safe on this PC.", status.pending.total
            )
        case State.OFFLINE:
            return _safe(status)
        case State.ATTENTION:
            return _attention_line(status, now_ms)
        case State.SYNCING:
            return (
                say("Back since {time}. Sales go on.", time=clock(status.since))
                if status.since
                else say("Sales go on.")
            )
        case State.WAITING:
            return _waiting(status, now_ms)
        case State.IDLE:
            at = status.last_success_at or now_ms
            return say("Last success {time} · {ago}", time=clock(at), ago=ago(at, now_ms))


def reasons(status: Status, now_ms: int) -> list[str]:
    """Why something waits, and what to do, each a sentence; with the short code for the help desk."""
    lines = []
    if status.trouble is not None and "passes" not in dict(status.trouble.facts):  # the endpoint's own wait tells it
        lines.append(
            f"{_cause_and_mend(status.trouble, is_running=status.is_running)} ({help_code(status.trouble.code)})"
        )
    lines += [wait(found, now_ms) for found in status.waits]
    if status.held:
        lines.append(say("{n} held until headquarters' change is settled", n=number(status.held)) + ".")
    if status.blocked:
        lines.append(say_n("{n} payment waits for its order.", "{n} payments wait for their orders.", status.blocked))
    return lines


# What to do where nothing runs, and so nothing goes by itself.
AT_REST = {"N-RATE": N_("Headquarters asks to wait {seconds} s."), "N-CLOUD": ""}


def _cause_and_mend(found: Trouble, *, is_running: bool) -> str:
    cause, mend = trouble(found)
    if not is_running and found.code in AT_REST:
        text = AT_REST[found.code]
        mend = say(text, **dict(found.facts)) if text else ""
    return joined(cause, mend)


def tooltip(status: Status, now_ms: int) -> str:
    """What the tray says."""
    pending = number(status.pending.total)
    match status.state:
        case State.IDLE:
            return say("Everything sent · last {time}", time=moment(status.last_success_at or now_ms, now_ms))
        case State.SYNCING if status.pending.total:
            return say("Sending · {n} to go", n=pending)
        case State.WAITING if status.next_attempt_at and not status.waits:
            return say("{n} waiting · sent at {time}", n=pending, time=moment(status.next_attempt_at, now_ms))
        case State.OFFLINE if status.since:
            text = (
                "{n} waiting · internet down since {time}"
                if _is_line(status)
                else "{n} waiting · headquarters silent since {time}"
            )
            return say(text, n=pending, time=moment(status.since, now_ms))
        case State.ATTENTION if status.trouble is None:
            asked = status.dead + status.conflicts + status.questions or status.untaken
            return say("{n} need attention · {waiting} waiting", n=number(asked), waiting=pending)
        case State.ERROR | State.SETUP | State.ATTENTION:
            code = f" · {help_code(status.trouble.code)}" if status.trouble else ""
            return headline(status, now_ms) + code
        case State.SYNCING | State.WAITING:
            return headline(status, now_ms)
        case _:
            return f"{headline(status, now_ms)} · {pending}"


def progress_lines(progress: Progress, now_ms: int) -> tuple[str, str, str]:
    """Counts, rate and the end in sight, each empty where unknown."""
    counts = say("{done} of {total} sent", done=number(progress.done), total=number(progress.total))
    if progress.ends_at is None:
        return counts, "", ""
    rate = say("{n} a minute", n=number(progress.per_minute))
    minutes = max(1, round((progress.ends_at - now_ms) / 60_000))
    end = say("done about {time} · {left} left", time=clock(progress.ends_at), left=say("{n} min", n=number(minutes)))
    return counts, rate, end


def deciding(found: Deciding) -> str:
    """How far a decision over very many records is."""
    text = N_("Retrying {done} of {n}") if found.is_retry else N_("Discarding {done} of {n}")
    return say(text, done=number(found.done), n=number(found.n))


def missing_name(name: str) -> str:
    """What setup still needs, as people call it."""
    return say(MISSING[name]) if name in MISSING else name


MISSING = {
    "outlet_id": N_("outlet ID"),
    "outlet_code": N_("outlet code"),
    "cloud_url": N_("headquarters' address"),
    "api-key": N_("API key"),
}


def _paused(status: Status, now_ms: int) -> str:
    if status.paused_until is None:
        return say("Paused until resumed")
    return say("Paused until {time}", time=moment(status.paused_until, now_ms))


def _offline(status: Status, now_ms: int) -> str:
    since = moment(status.since or now_ms, now_ms)
    return (
        say("Internet down since {time}", time=since)
        if _is_line(status)
        else say("Headquarters silent since {time}", time=since)
    )


def _is_line(status: Status) -> bool:
    """Whether the trouble is this side of headquarters."""
    return status.trouble is not None and status.trouble.code in ("N-LINK", "N-DNS", "N-PORTAL", "N-CLOCK", "N-TLS")


def _safe(status: Status) -> str:
    n, amount = status.pending.total, rupiah(status.pending_amount)
    if n == 0:
        return say("Nothing is waiting. Sales go on.")
    return say_n(
        "{n} record ({amount}) safe on this PC. Sales go on.",
        "{n} records ({amount}) safe on this PC. Sales go on.",
        n,
        amount=amount,
    )


def _attention(status: Status) -> str:
    """The first of what needs a person."""
    if status.trouble is not None:
        return trouble(status.trouble)[0].removesuffix(".")  # a headline has no full stop
    if status.dead:
        return say_n("{n} record needs attention", "{n} records need attention", status.dead)
    if status.questions:
        return say_n("{n} question needs an answer", "{n} questions need an answer", status.questions)
    if status.conflicts:
        return say_n("{n} conflict open", "{n} conflicts open", status.conflicts)
    return say_n(
        "{n} menu change has not reached the till", "{n} menu changes have not reached the till", status.untaken
    )


def _attention_line(status: Status, now_ms: int) -> str:
    if status.trouble is not None:
        return trouble(status.trouble)[1]
    if status.deciding is not None:
        return deciding(status.deciding)
    asked = [found for found in status.waits if found.is_question]
    if asked and not status.dead:
        return wait(asked[0], now_ms)
    if status.dead or status.questions:
        return say("The rest is still sent.")
    if status.conflicts:
        return say("Choose what holds, under Conflicts. The rest is still sent.")
    return say("See to it on the till, then tick it off under Menu changes.")


def _waiting(status: Status, now_ms: int) -> str:
    if status.trouble is not None and status.trouble.code == "N-RATE":
        return trouble(status.trouble)[1]
    if any(found.code == "R-ALIKE" for found in status.waits):
        return say("Headquarters refuses some. It is being looked into.")
    if status.waits:
        return say("Headquarters doesn't take some yet. They are tried again by themselves.")
    if status.next_attempt_at is None or status.next_attempt_at <= now_ms:
        return say("Goes out by itself. Nothing is wrong.")
    return say("Goes out {when}. Nothing is wrong.", when=at(status.next_attempt_at, now_ms))


def _tell_it(status: Status) -> str:
    code = status.trouble.code if status.trouble else "bug"
    cause = trouble(status.trouble)[0] if status.trouble and status.trouble.code in PROBLEMS else ""
    return f"{cause} {say('Data is safe. Tell IT: code {code}.', code=help_code(code))}".strip()
