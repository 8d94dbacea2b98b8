"""`enqueue` and `queue`: records in, and what waits."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from outlet_sync_gui import channel, reasons, words
from outlet_sync_gui.commands import DONE, USAGE, Context, answer, say
from outlet_sync_gui.commands.service import at_rest, shown_status
from outlet_sync_gui.contract.records import Incoming
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.errors import InputRefused
from outlet_sync_gui.intake import Line, Origin, read_lines
from outlet_sync_gui.settings import user_name
from outlet_sync_gui.status import RowState, Status, Wait
from outlet_sync_gui.store import Store, open_store
from outlet_sync_gui.store.activity import Deed, What
from outlet_sync_gui.store.records import Known
from outlet_sync_gui.store.views import Queued, list_row
from outlet_sync_gui.sync.clock import iso, now
from outlet_sync_gui.sync.commands import AnswerQuestion, Decision, Discard, Edit, Retry
from outlet_sync_gui.sync.person import CHOICES, decide
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
    status = shown_status(context) if rows else None
    for row in rows:
        _say_row(row, status)
    if not rows:
        say(words.say("Nothing is queued."))
    return DONE


def queue_show(context: Context) -> int:
    """One record with its content and what was decided over it; sent and discarded ones too."""
    settings, name = context.settings("outlet_id"), context.arguments.row
    with _store(context, settings.outlet_id) as store:
        known = store.records.named(name)
        if known is None:
            raise InputRefused("row_unknown", {"name": name})
        row = store.views.find(known.record_id)
        history = [_deed(deed) for deed in store.activity.of(known.record_id)]
    if row is not None and not context.wants_json:
        _say_row(row, shown_status(context))
    shown = _row(row) if row is not None else _ended_row(known, history)
    answer({**shown, "data": loads_stored(known.payload), "history": history})
    return DONE


def queue_retry(context: Context) -> int:
    """Send again: what needs attention, what waits, and what was sent or discarded too."""
    names = None if context.arguments.all else tuple(context.arguments.rows)
    return _decide(context, Retry(who=user_name(), names=names), words.say("It goes again now."))


def queue_discard(context: Context) -> int:
    """Don't send; the reason is kept."""
    rows = tuple(context.arguments.rows)
    decision = Discard(who=user_name(), names=rows, reason=context.arguments.reason)
    return _decide(context, decision, words.say("Not sent. It stays in the history, with the reason."))


def queue_edit(context: Context) -> int:
    """Send other content of a row; its JSON comes from standard input."""
    decision = Edit(who=user_name(), name=context.arguments.row, content=sys.stdin.buffer.read())
    return _decide(context, decision, words.say("Stored, and it goes again now."))


def questions_list(context: Context) -> int:
    """What waits for a person's word."""
    waits = [wait for wait in at_rest(context).waits if wait.is_question]
    if context.wants_json:
        answer([_question(wait) for wait in waits])
        return DONE
    for wait in waits:
        say(f"{wait.halt_id}  {words.wait(wait, now().wall_ms)}  ({', '.join(CHOICES)})")
    if not waits:
        say(words.say("Nothing is asked."))
    return DONE


def questions_answer(context: Context) -> int:
    """Answer one."""
    arguments = context.arguments
    decision = AnswerQuestion(who=user_name(), question_id=arguments.id, choice=arguments.choice)
    return _decide(context, decision, words.say("Stored."))


def _decide(context: Context, decision: Decision, told: str) -> int:
    settings = context.settings("outlet_id")
    with _store(context, settings.outlet_id) as store:
        decide(store, settings, decision, now_ms=now().wall_ms)
    channel.ask(context.directory, {"do": "wake"})
    if context.wants_json:
        answer({"success": True})
    else:
        say(told)
    return DONE


def _question(wait: Wait) -> dict[str, object]:
    facts = {"entity_type": wait.name, "n": wait.n, "words": wait.words}
    return {"id": wait.halt_id, "kind": "refused_alike", "facts": facts, "choices": list(CHOICES)}


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


def _ended_row(known: Known, history: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """A record that is not in the line any more, or never was."""
    is_discarded = bool(history) and history[-1]["what"] == What.DISCARDED.value
    return {
        "id": known.record_id,
        "entity_type": known.entity_type,
        "local_id": known.local_id or known.cloud_id,
        "version": known.version,
        "state": "discarded" if is_discarded else "agreed" if known.base_version else "ended",
    }


def _deed(deed: Deed) -> dict[str, object]:
    return {"at": iso(deed.at), "what": deed.what.value, "who": deed.who, "why": deed.why}


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
def _store(context: Context, outlet_id: str) -> Iterator[Store]:
    store = open_store(context.directory, outlet_id)
    try:
        yield store
    finally:
        store.close()
