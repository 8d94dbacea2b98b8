"""Which state holds, and the snapshot that everybody shows. Never green while unsent: pure, tested as a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from outlet_sync_gui import __version__
from outlet_sync_gui.contract.requests import BATCH, lone_route
from outlet_sync_gui.errors import OutletSyncError
from outlet_sync_gui.settings import Settings
from outlet_sync_gui.status import Pending, Progress, Question, State, Status, Trouble, Wait
from outlet_sync_gui.store import Store
from outlet_sync_gui.store.changes import Feed
from outlet_sync_gui.store.halts import Halt, HaltKind
from outlet_sync_gui.store.outlet import Counts, OutletState
from outlet_sync_gui.sync.answering import asked
from outlet_sync_gui.sync.clock import business_day, iso, to_ms

COUNTED = (
    *("held", "blocked", "dead", "conflicts", "questions", "sent_today", "sent_today_amount", "pending_amount"),
    *("cursor", "clock_offset_s", "webhook_url", "intake_url", "messages", "untaken", "is_untaken_late"),
)
TIMES = ("last_success_at", "next_attempt_at", "since", "paused_until")
UNTAKEN_MS = 600_000  # headquarters' changes that a till has not read for so long need a person
NO_FEED = Feed(untaken=0, oldest_at=None, last_read_at=None)
SALES = (lone_route("order", "create"), lone_route("transaction", "create"))
SYNCING_AFTER_S = 1.0  # not for each sale
REFUSALS = frozenset({"N-KEY", "N-OUTLET", "N-ANSWER"})  # what a person must mend; all other trouble is the line's


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the state follows from."""

    outlet: OutletState
    counts: Counts
    settings: Settings
    now_ms: int
    busy_for_s: float | None = None  # how long requests have been leaving without a rest
    is_pulling: bool = False
    next_attempt_at: int | None = None
    back_at: int | None = None
    halts: tuple[Halt, ...] = ()
    asked: tuple[Question, ...] = ()
    conflicts: int = 0
    revisions: int = 0
    is_telling: bool = False  # a choice that headquarters has not heard of
    messages: int = 0
    feed: Feed = NO_FEED

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What stands still, as people see it."""
        return tuple(_wait(halt) for halt in self.halts)


def facts_of(store: Store, settings: Settings, halts: Sequence[Halt], *, now_ms: int) -> Facts:
    """What the store tells; what only a running engine knows is left at rest."""
    return Facts(
        outlet=store.outlet.read(),
        counts=store.outlet.counts(),
        settings=settings,
        now_ms=now_ms,
        halts=tuple(halts),
        asked=asked(halts, store.questions.open()),
        conflicts=store.conflicts.count(),
        revisions=store.conflicts.revisions(),
        is_telling=store.conflicts.first_untold() is not None,
        messages=store.messages.count_unread(now_ms),
        feed=store.changes.feed(),
    )


def state_of(facts: Facts) -> State:
    """The first that holds of paused > offline > attention > syncing > waiting > idle."""
    trouble = facts.outlet.trouble
    needs_person = _trouble(facts) is not None and _trouble(facts) != _limit(facts)
    pending = facts.counts.pending.total
    is_offline = trouble is not None and trouble.code not in REFUSALS
    is_fresh = _is_fresh(facts)
    rules = (
        (_is_paused(facts), State.PAUSED),
        (is_offline, State.OFFLINE),
        (needs_person or _needs_a_word(facts), State.ATTENTION),
        (_is_busy(facts), State.SYNCING),
        (pending > 0, State.WAITING),
        (facts.is_telling or not is_fresh, State.SYNCING),
    )
    return next((state for holds, state in rules if holds), State.IDLE)


def status_of(facts: Facts, sent_on: Callable[[str], tuple[int, int]], *, progress: Progress | None = None) -> Status:
    """The snapshot. `sent_on` tells records and rupiah accepted on a business day."""
    outlet, counts, settings = facts.outlet, facts.counts, facts.settings
    day = business_day(facts.now_ms, zone=settings.timezone, starts_at=settings.business_day_start)
    sent_today, sent_today_amount = sent_on(day)
    state = state_of(facts)
    return Status(
        state=state,
        version=__version__,
        outlet_id=settings.outlet_id,
        outlet_code=settings.outlet_code,
        pending=counts.pending,
        pending_amount=counts.pending_amount,
        held=counts.held,
        blocked=counts.blocked,
        dead=counts.dead,
        sent_today=sent_today,
        sent_today_amount=sent_today_amount,
        last_success_at=outlet.last_success_at,
        cursor=outlet.cursor,
        next_attempt_at=facts.next_attempt_at,
        clock_offset_s=None if outlet.clock_offset_ms is None else outlet.clock_offset_ms / 1000,
        since=outlet.failing_since or facts.back_at,
        paused_until=outlet.paused_until,
        trouble=_trouble(facts),
        waits=facts.waits,
        questions=len(facts.asked),
        asked=facts.asked,
        conflicts=facts.conflicts,
        revisions=facts.revisions,
        messages=facts.messages,
        untaken=facts.feed.untaken,
        is_untaken_late=_is_untaken_late(facts),
        progress=progress,
        is_pulling=facts.is_pulling,
    )


def _is_paused(facts: Facts) -> bool:
    until = facts.outlet.paused_until
    return facts.outlet.is_paused and (until is None or until > facts.now_ms)


def _is_busy(facts: Facts) -> bool:
    return facts.busy_for_s is not None and facts.busy_for_s >= SYNCING_AFTER_S


def _is_fresh(facts: Facts) -> bool:
    """An exchange succeeded within two pull intervals; a stamp from the future proves nothing."""
    at = facts.outlet.last_success_at
    return at is not None and 0 <= facts.now_ms - at <= 2 * facts.settings.pull_interval_s * 1000


def _trouble(facts: Facts) -> Trouble | None:
    """Why nothing goes out, or not by the usual way; a 429's wait is told too, though nothing is wrong."""
    shut = [halt for halt in facts.halts if halt.kind is HaltKind.ROUTE]
    if facts.outlet.trouble is None and shut:
        passes = (("passes", 1),) if _do_sales_pass(facts, shut) else ()
        return Trouble(code="N-OUTLET", facts=(("route", shut[0].name), *passes))
    return facts.outlet.trouble or _limit(facts)


def _do_sales_pass(facts: Facts, shut: Sequence[Halt]) -> bool:
    """Whether it is one way in, and not the outlet: an exchange succeeded since, and sales have a way left."""
    names = {halt.name for halt in shut}
    has_way = BATCH not in names or names.isdisjoint(SALES)
    at = facts.outlet.last_success_at
    return has_way and at is not None and at >= max(halt.since for halt in shut)


def _limit(facts: Facts) -> Trouble | None:
    wait = facts.outlet.wait_until
    if wait is None or wait <= facts.now_ms:
        return None
    left_ms = min(wait - facts.now_ms, facts.outlet.wait_ms or 0)  # more is a clock that was set back
    return Trouble(code="N-RATE", facts=(("seconds", round(left_ms / 1000)),))


def _needs_a_word(facts: Facts) -> bool:
    return facts.counts.dead + facts.conflicts + len(facts.asked) > 0 or _is_untaken_late(facts)


def _is_untaken_late(facts: Facts) -> bool:
    """Changes wait for a till that is known to read them, and it does not."""
    feed = facts.feed
    has_reader = feed.last_read_at is not None or bool(facts.settings.pos_url)
    if not has_reader or feed.oldest_at is None:
        return False
    return facts.now_ms - max(feed.oldest_at, feed.last_read_at or 0) >= UNTAKEN_MS


def _wait(halt: Halt) -> Wait:
    codes = {HaltKind.ROUTE: "N-OUTLET", HaltKind.TYPE: "R-TYPE", HaltKind.ALIKE: "R-ALIKE"}
    return Wait(
        halt_id=halt.halt_id,
        code=codes[halt.kind],
        name=halt.name,
        n=halt.n,
        words=halt.words,
        next_at=halt.probe_at,
        is_question=halt.is_question,
    )


def not_set_up(settings: Settings, missing: tuple[str, ...]) -> Status:
    """Before the first set-up is complete."""
    return Status(
        state=State.SETUP,
        version=__version__,
        outlet_id=settings.outlet_id,
        outlet_code=settings.outlet_code,
        missing=missing,
    )


def with_key_trouble(status: Status, error: OutletSyncError) -> Status:
    """No key to be had: not set up where none was ever given, else a person must unlock or mend the keyring."""
    if error.code == "secret_missing":
        return replace(status, state=State.SETUP, missing=("api-key",))
    trouble = Trouble(code=error.code, facts=tuple(error.facts.items()))
    state = State.PAUSED if status.state is State.PAUSED else State.ATTENTION
    return replace(status, state=state, trouble=trouble)


def with_error(status: Status, error: OutletSyncError) -> Status:
    """The store fails, or a bug ended the service."""
    return replace(status, state=State.ERROR, trouble=Trouble(code=error.code, facts=tuple(error.facts.items())))


def as_json(status: Status) -> dict[str, object]:
    """`status --json` of interface.md; times as UTC `Z`."""
    pending = status.pending
    return {
        "state": status.state.value,
        "outlet_id": status.outlet_id,
        "outlet_code": status.outlet_code,
        "pending": {"total": pending.total, "high": pending.high, "medium": pending.medium, "low": pending.low},
        "held": status.held,
        "blocked": status.blocked,
        "dead": status.dead,
        "conflicts": status.conflicts,
        "questions": status.questions,
        "sent_today": status.sent_today,
        "sent_today_amount": status.sent_today_amount,
        "service": "running" if status.is_running else "stopped",
        "last_success_at": _iso(status.last_success_at),
        "cursor": status.cursor,
        "next_attempt_at": _iso(status.next_attempt_at),
        "clock_offset_s": status.clock_offset_s,
        "webhook_url": status.webhook_url,
        "intake_url": status.intake_url,
        "version": status.version,
        "pending_amount": status.pending_amount,
        "since": _iso(status.since),
        "paused_until": _iso(status.paused_until),
        "missing": list(status.missing),
        "trouble": {"code": status.trouble.code, "facts": dict(status.trouble.facts)} if status.trouble else None,
        "waits": [_wait_json(wait) for wait in status.waits],
        "asked": [question_json(question) for question in status.asked],
        "messages": status.messages,
        "untaken": status.untaken,
        "is_untaken_late": status.is_untaken_late,
        "doors": [{"code": door.code, "facts": dict(door.facts)} for door in status.doors],
    }


def from_json(shown: Mapping[str, Any]) -> Status:
    """The snapshot that another process told, so that all say it in the same words."""
    trouble = shown["trouble"]
    counted: dict[str, Any] = {name: shown[name] for name in COUNTED}
    times: dict[str, Any] = {name: _ms(shown[name]) for name in TIMES}
    return Status(
        state=State(shown["state"]),
        version=shown["version"],
        outlet_id=shown["outlet_id"],
        outlet_code=shown["outlet_code"],
        pending=Pending(**{lane: shown["pending"][lane] for lane in ("high", "medium", "low")}),
        **counted,
        is_running=shown["service"] == "running",
        missing=tuple(shown["missing"]),
        trouble=Trouble(code=trouble["code"], facts=tuple(trouble["facts"].items())) if trouble else None,
        waits=tuple(_wait_of(wait) for wait in shown["waits"]),
        asked=tuple(_question_of(question) for question in shown["asked"]),
        doors=tuple(Trouble(code=door["code"], facts=tuple(door["facts"].items())) for door in shown["doors"]),
        **times,
    )


def _wait_of(shown: Mapping[str, Any]) -> Wait:
    return Wait(
        halt_id=shown["id"],
        next_at=_ms(shown["next_attempt_at"]),
        **{name: shown[name] for name in ("code", "name", "n", "words", "is_question")},
    )


def question_json(question: Question) -> dict[str, object]:
    """One question of `questions list --json`."""
    return {
        "id": question.question_id,
        "kind": question.kind,
        "facts": {**dict(question.facts), "n": question.n},
        "choices": list(question.choices),
        "asked_at": _iso(question.asked_at),
    }


def _question_of(shown: Mapping[str, Any]) -> Question:
    facts = {name: value for name, value in shown["facts"].items() if name != "n"}
    return Question(
        question_id=shown["id"],
        kind=shown["kind"],
        choices=tuple(shown["choices"]),
        n=shown["facts"]["n"],
        facts=tuple(facts.items()),
        asked_at=to_ms(shown["asked_at"]),
    )


def _wait_json(wait: Wait) -> dict[str, object]:
    return {
        "id": wait.halt_id,
        "code": wait.code,
        "name": wait.name,
        "n": wait.n,
        "words": wait.words,
        "next_attempt_at": _iso(wait.next_at),
        "is_question": wait.is_question,
    }


def _ms(text: str | None) -> int | None:
    return None if text is None else to_ms(text)


def _iso(ms: int | None) -> str | None:
    return None if ms is None else iso(ms)
