"""`enqueue` and `queue`: records in, and what waits."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from outlet_sync_gui import channel, words
from outlet_sync_gui.commands import DONE, USAGE, Context, answer, say
from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.intake import Line, Origin, read_lines
from outlet_sync_gui.status import RowState
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.views import Queued
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.records import CHUNK, Unchanged, accept


@dataclass(slots=True)
class Report:
    """What became of the input."""

    accepted: int = 0
    unchanged: int = 0
    rejected: list[tuple[Line, InputRefused]] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The shape of interface.md."""
        rejected = [
            {"line": line.number, "local_id": line.local_id, "error": words.problem(error), "code": error.code}
            for line, error in self.rejected
        ]
        return {"accepted": self.accepted, "unchanged": self.unchanged, "rejected": rejected}


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
    with _input(arguments.file) as stream, _store(context, settings.outlet_id) as store:
        report = _take(store, read_lines(stream, origin))
    channel.ask(context.directory, {"do": "wake"})
    _tell(context, report)
    return USAGE if report.rejected else DONE


def queue_list(context: Context) -> int:
    """What waits and what needs attention, newest first."""
    arguments = context.arguments
    settings = context.settings("outlet_id")
    state = RowState(arguments.state) if arguments.state else None
    with _store(context, settings.outlet_id) as store:
        rows = store.views.queue(
            state=state, entity_type=arguments.type, search=arguments.search, limit=arguments.limit
        )
    if context.wants_json:
        answer([_row(row) for row in rows])
        return DONE
    for row in rows:
        _say_row(row)
    if not rows:
        say(words.say("Nothing is queued."))
    return DONE


def queue_show(context: Context) -> int:
    """One row with its content."""
    settings = context.settings("outlet_id")
    with _store(context, settings.outlet_id) as store:
        row = store.views.find(context.arguments.row)
        payload = loads_stored(store.views.payload(row.record_id))
    if not context.wants_json:
        _say_row(row)
    answer({**_row(row), "data": payload})
    return DONE


def queue_retry(context: Context) -> int:
    """Send again what needs attention."""
    settings = context.settings("outlet_id")
    with _store(context, settings.outlet_id) as store, store.write():
        if context.arguments.all:
            store.outbox.retry_dead()
        else:
            _retry(store, context.arguments.row)
    channel.ask(context.directory, {"do": "wake"})
    if context.wants_json:
        answer({"success": True})
    else:
        say(words.say("It goes again now."))
    return DONE


def _retry(store: Store, name: str | None) -> None:
    row = store.views.find(name or "")
    if row.state is RowState.SENDING:
        raise InputRefused("row_sending", {"name": name or ""})
    if row.state is RowState.HELD:
        raise InputRefused("row_held", {"name": name or ""})
    store.outbox.retry(row.record_id)


def _take(store: Store, lines: Iterator[Line]) -> Report:
    report = Report()
    while chunk := list(islice(lines, CHUNK)):
        good = [(line, line.record) for line in chunk if isinstance(line.record, Incoming)]
        report.rejected += [(line, line.record) for line in chunk if isinstance(line.record, InputRefused)]
        outcomes = accept(store, [record for _, record in good], now_ms=now().wall_ms)
        refused = [(line, outcome) for (line, _), outcome in zip(good, outcomes, strict=True) if _is_refused(outcome)]
        report.rejected += [(line, error) for line, error in refused if isinstance(error, InputRefused)]
        counts = Counter(type(outcome) for outcome in outcomes)
        report.unchanged += counts[Unchanged]
        report.accepted += len(outcomes) - counts[Unchanged] - len(refused)
    report.rejected.sort(key=lambda pair: pair[0].number)
    return report


def _is_refused(outcome: object) -> bool:
    return isinstance(outcome, InputRefused)


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


def _row(row: Queued) -> dict[str, object]:
    return {
        "id": row.record_id,
        "entity_type": row.entity_type,
        "local_id": row.local_id,
        "operation": row.operation,
        "version": row.version,
        "lane": row.lane.name.lower(),
        "state": row.state.value,
        "since": iso(row.since),
        "tries": row.tries,
        "error_code": row.error_code,
        "error": row.error,
    }


def _say_row(row: Queued) -> None:
    parts = [str(row.record_id), words.date(row.since), row.state.value, words.type_name(row.entity_type), row.local_id]
    if row.error_code:
        parts.append(words.refusal(row.error_code, row.entity_type, row.error))
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
def _store(context: Context, outlet_id: str) -> Iterator[Store]:
    store = open_store(context.directory, outlet_id)
    try:
        yield store
    finally:
        store.close()
