"""What may be asked of the engine."""

from dataclasses import dataclass

from outlet_sync_gui.store.conflicts import Strategy
from outlet_sync_gui.store.refusals import BEGINNING, Alike, Place


@dataclass(frozen=True, slots=True)
class SyncNow:
    """Pull, and send what is due; every lane with `all_lanes`. Ends a back-off, never a 429's wait or a pause."""

    all_lanes: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing until then (UTC ms), or until a person resumes."""

    until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Resume:
    """End a pause."""


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """There is an API key, perhaps a new one: what the old one stopped goes on."""


@dataclass(frozen=True, slots=True)
class KeyringOpened:
    """The password store came, or was unlocked: a key that was not to be had may be there now."""


@dataclass(frozen=True, slots=True)
class LineUp:
    """A network came up, or the machine woke: don't wait for the next try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided: over queued records, a conflict, a question, headquarters' changes (see `person`)."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(Decision):
    """Send these rows again (an id, or TYPE/LOCAL_ID; sent and discarded records too); None: all refused ones."""

    names: tuple[str, ...] | None = None
    alike: Alike | None = None  # instead: all that failed so


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard(Decision):
    """Don't send these rows; they stay in the history with the reason."""

    names: tuple[str, ...]
    reason: str
    alike: Alike | None = None  # instead: all that failed so, if they are as many as the person saw


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOn(Decision):
    """What is left of a decision over very many records: done in parts, so that others get their turn between."""

    of: Retry | Discard
    n: int  # how many it is about
    deed: int = 0  # the number under which a retry of all is noted
    rows: tuple[tuple[int, int], ...] = ()  # which ones: id, and the version that was decided over
    after: Place | None = BEGINNING  # they are found up to here; None: all of them, and it has begun
    done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit(Decision):
    """Send this row with other content: `content` is the record's JSON as the POS would hand it over."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestion(Decision):
    """Answer a question of `status.Question` with one of its choices."""

    question_id: int
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChoice:
    """What shall hold of a conflict's field, or of all of them (None); `value` is an own one, as JSON text."""

    field: str | None
    strategy: Strategy
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Decision):
    """Choose for a conflict's fields; counts only for the revision that was seen (None: for any)."""

    conflict_id: int
    choices: tuple[FieldChoice, ...]
    revision: int | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Decision):
    """Take back what a person decided within a day: the deed of this number, or what was chosen of this conflict."""

    deed: int | None = None
    conflict_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeChanges(Decision):
    """A person has seen to these of headquarters' changes on the till; None: to all."""

    seqs: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage(Decision):
    """A person has read an announcement."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSummary(Decision):
    """Send the daily summary of a business day (YYYY-MM-DD), as it is now."""

    date: str


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Read back what headquarters has of a business day (YYYY-MM-DD), and keep it beside ours."""

    date: str


@dataclass(frozen=True, slots=True)
class LookForReadings:
    """See whether headquarters can be read back at all, and keep it."""


Reading = Reconcile | LookForReadings
Command = SyncNow | Pause | Resume | KeyChanged | KeyringOpened | LineUp | Reading | Decision
