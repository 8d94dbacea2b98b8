"""What a person is told of by a notification, and in which words: only what somebody must act on, each once.

`tell` is the rule, a pure function: what was told before, the status of now, what to tell. What was told is kept in a
file of the data directory, so that a restart tells nothing again. Times are UTC ms.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from outlet_sync_gui import words
from outlet_sync_gui.status import Question, State, Status

log = logging.getLogger(__name__)

FILE_NAME = "notices.json"
OFFLINE_MS, TROUBLE_MS = 15 * 60_000, 2 * 60_000  # what heals by itself gets the time to
GATHER_MS = 5 * 60_000  # more of the same comes together


class Kind(StrEnum):
    """What is told; one notification each, which a later one of its kind replaces."""

    SETUP = "setup"
    TROUBLE = "trouble"
    OFFLINE = "offline"
    REFUSED = "refused"
    CONFLICTS = "conflicts"
    QUESTIONS = "questions"
    MESSAGES = "messages"
    LATE = "late"  # changes that the till has not taken


@dataclass(frozen=True, slots=True)
class Item:
    """What a notification is about; `question_id` where it is of a question."""

    kind: Kind
    question_id: int | None = None


COUNTED = (Kind.REFUSED, Kind.CONFLICTS, Kind.MESSAGES)


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told of what holds still. `last` is when each kind was told, for this run alone."""

    counts: Mapping[str, int] = field(default_factory=dict)  # by kind
    questions: tuple[int, ...] = ()
    is_late: bool = False
    is_setup: bool = False
    offline_since: int | None = None
    trouble: str = ""  # the code that shows, told or not yet
    trouble_at: int = 0  # since when
    is_trouble_told: bool = False
    last: Mapping[str, int] = field(default_factory=dict)


def tell(told: Told, status: Status, now_ms: int) -> tuple[Told, tuple[Kind, ...]]:
    """What is to be told now, and what has been told then."""
    if not _is_heard(status):
        return told, ()
    after, kinds = replace(told, is_setup=status.state is State.SETUP), []
    if after.is_setup and not told.is_setup:
        kinds.append(Kind.SETUP)
    after, is_trouble = _trouble(after, status, now_ms)
    kinds += [Kind.TROUBLE] * is_trouble
    if not _is_blind(status):
        after, of_work = _work(after, status, now_ms)
        kinds += of_work
    return replace(after, last={**told.last, **dict.fromkeys(kinds, now_ms)}), tuple(kinds)


def item(kind: Kind, told: Told, status: Status) -> Item:
    """What this kind is told of now, after what was told before: the first question that is new."""
    new = [asked.question_id for asked in status.asked if asked.question_id not in told.questions]
    return Item(kind, question_id=new[0] if kind is Kind.QUESTIONS and new else None)


def look_again_at(told: Told, status: Status) -> int | None:
    """When there may be something to tell without any news."""
    if not _is_heard(status):
        return None
    times = [told.trouble_at + TROUBLE_MS] if told.trouble and not told.is_trouble_told else []
    if not _is_blind(status):
        counts = _counts(status)
        times += [told.last[kind] + GATHER_MS for kind in COUNTED if counts[kind] > told.counts.get(kind, 0)]
        since = _down_since(told, status)
        times += [since + OFFLINE_MS] if since is not None else []
    return min(times, default=None)


def standing(status: Status) -> frozenset[Kind]:
    """What still wants a person: notifications of other kinds have had their time."""
    if not _is_heard(status) or _is_blind(status):
        return frozenset(Kind)
    holds = {
        Kind.TROUBLE: status.trouble is not None,
        Kind.OFFLINE: status.state is State.OFFLINE,
        Kind.QUESTIONS: bool(status.asked),
        Kind.LATE: status.is_untaken_late,
        **{kind: n > 0 for kind, n in _counts(status).items()},
    }
    return frozenset(kind for kind, is_so in holds.items() if is_so)


def _is_heard(status: Status) -> bool:
    """Before the service has spoken a status claims nothing."""
    return status.is_running or status.state in (State.SETUP, State.ERROR)


def _is_blind(status: Status) -> bool:
    """Whether it knows nothing of the records: its numbers are no news."""
    return status.state in (State.SETUP, State.ERROR)


def _trouble(told: Told, status: Status, now_ms: int) -> tuple[Told, bool]:
    is_one = status.state in (State.ATTENTION, State.ERROR) and status.trouble is not None
    code = status.trouble.code if is_one and status.trouble else ""
    if code != told.trouble:
        return replace(told, trouble=code, trouble_at=now_ms, is_trouble_told=False), False
    is_due = bool(code) and not told.is_trouble_told and now_ms - told.trouble_at >= TROUBLE_MS
    return replace(told, is_trouble_told=told.is_trouble_told or is_due), is_due


def _work(told: Told, status: Status, now_ms: int) -> tuple[Told, list[Kind]]:
    """What waits for a person, and what waits for the internet."""
    kinds, counts = [], {}
    for kind, n in _counts(status).items():
        before = told.counts.get(kind, 0)
        is_due = n > before and now_ms - told.last.get(kind, -GATHER_MS) >= GATHER_MS
        counts[str(kind)] = n if is_due else min(n, before)
        kinds += [kind] * is_due
    questions = tuple(asked.question_id for asked in status.asked)
    if set(questions) - set(told.questions):
        kinds.append(Kind.QUESTIONS)
    if status.is_untaken_late and not told.is_late:
        kinds.append(Kind.LATE)
    after = replace(told, counts=counts, questions=questions, is_late=status.is_untaken_late)
    if _is_offline_due(told, status, now_ms):
        return replace(after, offline_since=status.since), [*kinds, Kind.OFFLINE]
    return after, kinds


def _is_offline_due(told: Told, status: Status, now_ms: int) -> bool:
    since = _down_since(told, status)
    return since is not None and now_ms - since >= OFFLINE_MS


def _down_since(told: Told, status: Status) -> int | None:
    """Since when, if that was not told; nobody has to act for a line that is down while nothing waits."""
    is_worth_it = status.state is State.OFFLINE and status.pending.total > 0
    return status.since if is_worth_it and status.since != told.offline_since else None


def _counts(status: Status) -> dict[Kind, int]:
    return {Kind.REFUSED: status.dead, Kind.CONFLICTS: status.conflicts, Kind.MESSAGES: status.messages}


# -- in words


def sentences(kind: Kind, status: Status, now_ms: int) -> tuple[str, str]:
    """The headline of a notification, and the line under it."""
    match kind:
        case Kind.SETUP:
            return words.headline(status, now_ms), words.subline(status, now_ms)
        case Kind.TROUBLE:
            assert status.trouble is not None
            cause, mend = words.trouble(status.trouble)
            return cause.removesuffix("."), f"{mend} ({words.help_code(status.trouble.code)})".strip()
        case Kind.OFFLINE:
            return _offline(status), next(iter(words.reasons(status, now_ms)), "")
        case Kind.REFUSED:
            text = words.say_n("{n} record needs attention", "{n} records need attention", status.dead)
            return text, words.say("The rest is still sent.")
        case Kind.CONFLICTS:
            text = words.say_n("{n} conflict open", "{n} conflicts open", status.conflicts)
            return text, words.say("Choose what holds, under Conflicts. The rest is still sent.")
        case Kind.QUESTIONS:
            return _questions(status.asked)
        case Kind.MESSAGES:
            text = words.say_n("{n} message from headquarters", "{n} messages from headquarters", status.messages)
            return text, words.say("It stays under Messages until somebody has read it.")
        case Kind.LATE:
            text = words.say_n(
                "{n} menu change has not reached the till", "{n} menu changes have not reached the till", status.untaken
            )
            return text, words.say("See to it on the till, then tick it off under Menu changes.")


def shutdown(status: Status) -> tuple[str, str] | None:
    """What is said when the PC goes off with unsent records; None where all is sent."""
    n = status.pending.total
    if n == 0:
        return None
    amount = words.rupiah(status.pending_amount)
    text = words.say_n("{n} record ({amount}) not sent", "{n} records ({amount}) not sent", n, amount=amount)
    return text, words.say("Safe on this PC, sent when it is on again.")


def _offline(status: Status) -> str:
    n = status.pending.total
    if status.trouble is not None and status.trouble.code == "N-CLOUD":
        return words.say_n(
            "Headquarters silent for 15 min, {n} record safe", "Headquarters silent for 15 min, {n} records safe", n
        )
    return words.say_n("Offline for 15 min, {n} record safe", "Offline for 15 min, {n} records safe", n)


def _questions(asked: tuple[Question, ...]) -> tuple[str, str]:
    if len(asked) == 1 and asked[0].kind == "deletions":
        text = words.say_n(
            "Headquarters deletes {n} menu item. Approve first.",
            "Headquarters deletes {n} menu items. Approve first.",
            asked[0].n,
        )
        return text, words.question(asked[0])
    text = words.say_n("{n} question needs an answer", "{n} questions need an answer", len(asked))
    return text, words.question(asked[0]) if asked else ""


# -- kept


def load(directory: Path) -> Told:
    """What was told in former runs; nothing where that can't be read."""
    try:
        held = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
        return Told(**{**held, "questions": tuple(held["questions"]), "last": {}})
    except FileNotFoundError:
        return Told()
    except (OSError, ValueError, TypeError, KeyError) as error:
        log.warning("what was told is unknown: %r", error)
        return Told()


def save(directory: Path, told: Told) -> None:
    """Keep it; whatever keeps it from being kept costs a second telling, no more."""
    beside = directory / f"{FILE_NAME}.new"
    try:
        beside.write_text(json.dumps({**asdict(told), "last": {}}), encoding="utf-8")
        beside.replace(directory / FILE_NAME)
    except OSError as error:
        log.warning("what was told can't be kept: %r", error)
