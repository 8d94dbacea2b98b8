"""What an answer means (`rules.md`, "Answers"): pure, the first rule that holds wins."""

from collections.abc import Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.answers import (
    Envelope,
    ItemResult,
    Resolution,
    SentItem,
    Updates,
    read_envelope,
    read_push,
    read_refusal,
    read_resolution,
    read_updates,
    retry_after,
    words_of,
)
from outlet_sync_gui.errors import ContractBroken
from outlet_sync_gui.status import Trouble
from outlet_sync_gui.sync.exchange import Answer, Answered, Lost

DEFAULT_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Judged:
    """Each sent item's own result, in the order sent; None: unknown, it goes again."""

    results: Sequence[ItemResult | None]


@dataclass(frozen=True, slots=True)
class RefusedWhole:
    """The request was understood and refused, nothing said of its items."""

    words: str
    status: int = 500


@dataclass(frozen=True, slots=True)
class Limited:
    """429: wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class KeyRejected:
    """401."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """403."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A transport failure: no answer, or not one of the cloud's.

    `words`: those of an answer that may be about what was sent after all, which shows while other calls pass.
    `seconds`: the cloud asks not to be called before that.
    """

    trouble: Trouble
    words: str | None = None
    seconds: float = 0.0


ASTRAY = (404, 405, 407, 410)  # about the address, or the way to it, as likely as about a record
NO_READING = (403, 404, 405, 410, 501)
SETTLES = (400, 404, 409, 410, 422)  # the cloud does not know, or not want, this choice: nothing more to tell


Fault = Limited | KeyRejected | Forbidden | Broken
Verdict = Judged | RefusedWhole | Fault


def judge_push(answer: Answer, sent: Sequence[SentItem], *, wall_ms: int, is_batch: bool) -> Verdict:
    """What became of a push; `is_batch`: by the endpoint that answers for each item."""
    judged = _judge(answer, wall_ms)
    if not isinstance(judged, Envelope):
        return judged
    is_refusal = not judged.success or _status(answer) >= 400
    results = read_push(judged, sent, is_refusal=is_refusal, is_batch=is_batch)
    if is_refusal and all(result is None for result in results):
        return RefusedWhole(words_of(judged), _status(answer))
    return Judged(results)


def judge_pull(answer: Answer, *, wall_ms: int) -> Updates | Fault:
    """What a pull brought."""
    judged = _judge(answer, wall_ms)
    if isinstance(judged, RefusedWhole):
        return Broken(Trouble(code="N-CLOUD", facts=(("status", _status(answer)), ("words", judged.words))))
    if not isinstance(judged, Envelope):
        return judged
    if not judged.success or _status(answer) >= 400:
        return Broken(Trouble(code="N-CLOUD", facts=(("status", _status(answer)), ("words", words_of(judged)))))
    try:
        return read_updates(judged)
    except ContractBroken as error:
        return Broken(Trouble(code="N-CLOUD", facts=(("status", _status(answer)), ("words", str(error)))))


def judge_resolve(answer: Answer, *, wall_ms: int) -> Resolution | RefusedWhole | Fault:
    """What became of a choice; RefusedWhole: the cloud doesn't know that conflict, which settles it too."""
    judged = _judge(answer, wall_ms)
    if isinstance(judged, RefusedWhole):
        return judged
    if not isinstance(judged, Envelope):
        is_no = isinstance(judged, Broken) and _status(answer) in SETTLES
        return RefusedWhole("", _status(answer)) if is_no else judged
    if judged.success and _status(answer) < 400:
        return read_resolution(judged)
    return RefusedWhole(words_of(judged), _status(answer))


def judge_reading(answer: Answer, *, wall_ms: int) -> Envelope | RefusedWhole | Fault:
    """What a reading brought; RefusedWhole: this cloud, or this key, has none, whoever says so."""
    if isinstance(answer, Answered) and answer.status in NO_READING:
        return RefusedWhole("", answer.status)
    judged = _judge(answer, wall_ms)
    if isinstance(judged, Envelope) and (not judged.success or _status(answer) >= 400):
        return RefusedWhole(words_of(judged), _status(answer))
    return judged


def _judge(answer: Answer, wall_ms: int) -> Envelope | RefusedWhole | Fault:
    if isinstance(answer, Lost):
        return Broken(answer.why)
    envelope = read_envelope(answer.body)
    if answer.status == 429:
        return Limited(retry_after(answer.headers, answer.body, now_ms=wall_ms) or DEFAULT_WAIT_S)
    if answer.status == 401:
        return KeyRejected()
    if answer.status == 403:
        return Forbidden()
    if answer.status == 413 and envelope is None:
        return RefusedWhole("", answer.status)
    if answer.status >= 500 or answer.status == 408:
        words = None if answer.status == 408 else words_of(envelope) if envelope else ""
        seconds = retry_after(answer.headers, answer.body, now_ms=wall_ms) or 0.0
        return Broken(Trouble(code="N-CLOUD", facts=(("status", answer.status),)), words, seconds)
    if envelope is None or 300 <= answer.status < 400:
        return _without_envelope(answer)
    return envelope


def _without_envelope(answer: Answered) -> RefusedWhole | Broken:
    """A 4xx in JSON refuses in words of its own; all else is not headquarters', as far as one answer tells."""
    words = read_refusal(answer.body) if answer.status >= 400 else None
    if words is not None and answer.status not in ASTRAY:
        return RefusedWhole(words, answer.status)
    return Broken(Trouble(code="N-PORTAL", facts=(("status", answer.status),)), words)


def _status(answer: Answer) -> int:
    return 0 if isinstance(answer, Lost) else answer.status


def gist(words: str) -> str:
    """What two refusals have in common where one names another number, id or time than the other."""
    return " ".join("#" if any(char.isdigit() for char in word) else word for word in words.split())


def is_existing(status: int, words: str) -> bool:
    """Whether the cloud says that it has other content under this id."""
    return status == 409 or "already exists with different data" in words.lower()


def is_missing(words: str) -> bool:
    """Whether the cloud says that it does not know the record."""
    return "not found" in words.lower()
