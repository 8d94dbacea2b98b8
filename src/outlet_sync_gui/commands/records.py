"""`enqueue` and `queue`: records in, and what waits."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from outlet_sync_gui import channel, reasons, words
from outlet_sync_gui.commands import DONE, USAGE, Context, answer, say
from outlet_sync_gui.commands.service import shown_status
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.errors import AlreadyRunning, InputRefused
from outlet_sync_gui.intake import Line, Origin, Report, read_lines
from outlet_sync_gui.intake.outcome import outcome_json, row_json
from outlet_sync_gui.lock import Lock
from outlet_sync_gui.settings import user_name
from outlet_sync_gui.status import RowState, Status
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.views import Queued, list_row
from outlet_sync_gui.sync.budget import stamp_of
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.commands import Decision, Discard, Edit, Retry
from outlet_sync_gui.sync.door import apply_kept_news
from outlet_sync_gui.sync.halts import Halts
from outlet_sync_gui.sync.person import decide
from outlet_sync_gui.sync.records import CHUNK


def enqueue(context: Context) -> int:
    """Take records in; the good ones are on disk when this returns."""
    settings = context.settings("outlet_id", "outlet_code")
    arguments = context.arguments
    origin = Origin(
        entity_type=arguments.type,
        operation=arguments.operation,
        outlet_id=settings.outlet_id,
        outlet_code=settings.outlet_code,
        now=iso(now().wall_ms),
    )
    with _input(arguments.file) as stream, opened(context) as store:
        report = _take(store, read_lines(stream, origin))
    channel.ask(context.directory, {"do": "wake"})
    _tell(context, report)
    return USAGE if report.rejected else DONE


def queue_list(context: Context) -> int:
    """What waits and what needs attention, newest first."""
    arguments = context.arguments
    state = RowState(arguments.state) if arguments.state else None
    with opened(context) as store:
        rows = store.views.queue(
            state=state, entity_type=arguments.type, search=arguments.search, limit=arguments.limit
        )
    if context.wants_json:
        answer([row_json(row) for row in rows])
        return DONE
    status = shown_status(context) if rows else None
    for row in rows:
        _say_row(row, status)
    if not rows:
        say(words.say("Nothing is queued."))
    return DONE


def queue_show(context: Context) -> int:
    """One record with its content and what was decided over it; sent and discarded ones too."""
    name = context.arguments.row
    with opened(context) as store:
        known = store.records.named(name)
        if known is None:
            raise InputRefused("row_unknown", {"name": name})
        row, shown = store.views.find(known.record_id), outcome_json(store, known)
    if row is not None and not context.wants_json:
        _say_row(row, shown_status(context))
    answer({**shown, "data": loads_stored(known.payload)})
    return DONE


def queue_retry(context: Context) -> int:
    """Send again: what needs attention, what waits, and what was sent or discarded too."""
    names = None if context.arguments.all else _named(context)
    does_any = bool(names) or _needs_retry(context)
    told = words.say("It goes again now.") if does_any else words.say("Nothing needs a retry.")
    return carry_out(context, Retry(who=user_name(), names=names), told)


def queue_discard(context: Context) -> int:
    """Don't send; the reason is kept."""
    rows = _named(context)
    decision = Discard(who=user_name(), names=rows, reason=context.arguments.reason)
    return carry_out(context, decision, words.say("Not sent. It stays in the history, with the reason."))


def queue_edit(context: Context) -> int:
    """Send other content of a row; its JSON comes from standard input."""
    decision = Edit(who=user_name(), name=context.arguments.row, content=sys.stdin.buffer.read())
    return carry_out(context, decision, words.say("Stored, and it goes again now."))


def _named(context: Context) -> tuple[str, ...]:
    """The records that are meant. Raises InputRefused."""
    if not context.arguments.rows:
        raise InputRefused("row_missing")
    return tuple(context.arguments.rows)


def _needs_retry(context: Context) -> bool:
    """Whether anything was refused, or stands still."""
    with opened(context) as store:
        return store.outlet.counts().dead > 0 or bool(Halts(store).standing(now().wall_ms).halts)


def carry_out(context: Context, decision: Decision, told: str) -> int:
    """Do what a person decided, here and at once; a service beside it hears of it. Raises InputRefused."""
    settings = context.settings("outlet_id")
    with opened(context) as store:
        left: Decision | None = decision
        while left is not None:  # each part by itself: a service beside it gets its turn between
            left = decide(store, settings, left, now_ms=now().wall_ms)
    channel.ask(context.directory, {"do": "wake"})
    if context.wants_json:
        answer({"success": True})
    else:
        say(told)
    return DONE


def _take(store: Store, lines: Iterator[Line]) -> Report:
    report = Report()
    while chunk := list(islice(lines, CHUNK)):
        report.take(store, chunk, now_ms=now().wall_ms)
    return report


def _tell(context: Context, report: Report) -> None:
    if context.wants_json:
        answer(report.as_json())
        return
    for line, error in report.rejected:
        facts: dict[str, words.Fact] = {"n": line.number, "name": line.local_id or "", "why": words.problem(error)}
        text = "Line {n} ({name}): {why}" if line.local_id else "Line {n}: {why}"
        sys.stderr.write(words.say(text, **facts) + "\n")
    say(", ".join(_sums(report)))


def _sums(report: Report) -> Iterable[str]:
    yield words.say_n("{n} record stored", "{n} records stored", report.accepted)
    if report.unchanged:
        yield words.say("{n} unchanged", n=words.number(report.unchanged))
    if report.rejected:
        yield words.say_n("{n} record refused", "{n} records refused", len(report.rejected))


def _say_row(queued: Queued, status: Status | None) -> None:
    now_ms, row = now().wall_ms, list_row(queued, "{}")
    parts = [str(row.record_id), words.date(row.at_ms), words.row_title(row), words.row_state(row, now_ms)]
    if status is not None:
        parts.append(reasons.why(row, status, now_ms))
    say("  ".join(parts))


@contextmanager
def _input(name: str | None) -> Iterator[BinaryIO]:
    if name in (None, "-"):
        yield sys.stdin.buffer
        return
    try:
        stream = Path(str(name)).open("rb")  # noqa: SIM115 - closed below, where only opening may fail as bad input
    except OSError as error:
        raise InputRefused("file_unreadable", {"path": str(name), "why": error.strerror or ""}) from error
    with stream:
        yield stream


@contextmanager
def opened(context: Context) -> Iterator[Store]:
    """The outlet's state, while it is needed. Raises StoreFailed."""
    store = open_store(context.directory, context.settings("outlet_id").outlet_id)
    try:
        if store.outlet.is_out():
            _take_back(context.directory, store)
        yield store
    finally:
        store.close()


def _take_back(directory: Path, store: Store) -> None:
    """Where no service runs nothing is out: what one that was killed left so is unknown, as at a service's start."""
    at = now()
    with suppress(AlreadyRunning), Lock(directory, wait_s=0), store.write():
        store.outlet.stamps(stamp_of(at))
        apply_kept_news(store, now_ms=at.wall_ms)
