"""Conflicts: one a record, its fields inside, each with what the two sides say and what a person chose."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from outlet_sync_gui.store.database import Database, Row

CONFLICT = """
SELECT id, record_id, type, local_id, cloud_id, source, revision, opened_at, closed_at, closed_by, notes,
  (SELECT json_extract(p.payload, '$.name') FROM content p
   WHERE p.record_id = conflict.record_id AND json_type(p.payload, '$.name') = 'text'),
  (SELECT json_extract(p.payload, '$.category_name') FROM content p
   WHERE p.record_id = conflict.record_id AND json_type(p.payload, '$.category_name') = 'text')
FROM conflict
"""
NAMES = (
    *("conflict_id", "record_id", "entity_type", "local_id", "cloud_id", "source", "revision", "opened_at"),
    *("closed_at", "closed_by", "notes", "name", "category"),
)
TELLING = """
closed_at IS NOT NULL AND id IN (SELECT conflict_id FROM conflict_field INDEXED BY conflict_field_untold
  WHERE choice IS NOT NULL AND cloud_conflict_id IS NOT NULL AND told_at IS NULL)
"""
FIELDS = (
    *("field", "cloud_conflict_id", "is_asked", "base", "local", "cloud", "local_version", "cloud_version"),
    *("local_at", "cloud_at", "cloud_by", "reason", "choice", "value", "told_at"),
)
# The first choice that headquarters has not heard of; CROSS: from the few by their own index.
UNTOLD = """
SELECT c.id, f.field
FROM conflict_field f INDEXED BY conflict_field_untold CROSS JOIN conflict c ON c.id = f.conflict_id
WHERE f.choice IS NOT NULL AND f.cloud_conflict_id IS NOT NULL AND f.told_at IS NULL
AND c.outlet = ? AND c.closed_at IS NOT NULL ORDER BY c.id, f.field LIMIT 1
"""
IS_UNTOLD = """
EXISTS (SELECT 1 FROM conflict c JOIN conflict_field f ON f.conflict_id = c.id WHERE c.record_id = ?1
  AND f.choice IS NOT NULL AND f.cloud_conflict_id IS NOT NULL AND f.told_at IS NULL)
"""
# Why a row is held: a conflict is open, headquarters must hear of a choice first, or news waits beside it.
RESTATE = f"""
UPDATE outbox SET
  state = CASE WHEN held THEN 3 WHEN state = 3 THEN CASE WHEN blocked_by IS NULL THEN 0 ELSE 2 END ELSE state END,
  halt = CASE WHEN held THEN NULL ELSE halt END,
  rejections = CASE WHEN held THEN 0 ELSE rejections END,
  retry_at = CASE WHEN held THEN NULL ELSE retry_at END
FROM (SELECT EXISTS (SELECT 1 FROM conflict WHERE record_id = ?1 AND closed_at IS NULL)
  OR EXISTS (SELECT 1 FROM news WHERE record_id = ?1) OR {IS_UNTOLD} AS held)
WHERE record_id = ?1 AND (held OR state = 3)
"""


class Source(StrEnum):
    """How a conflict was found."""

    MERGE = "merge"
    WEBHOOK = "webhook"
    REFUSED = "refused"


class Strategy(StrEnum):
    """Whose value holds."""

    CLOUD_WINS = "cloud_wins"
    LOCAL_WINS = "local_wins"
    NEWEST_WINS = "newest_wins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One field. Values are JSON texts (None: absent there), times ISO UTC; `value` is a person's own."""

    field: str
    cloud_conflict_id: str | None = None
    is_asked: bool = False  # the cloud asks: it stays open though only one side changed
    base: str | None = None
    local: str | None = None
    cloud: str | None = None
    local_version: int | None = None
    cloud_version: int | None = None
    local_at: str | None = None
    cloud_at: str | None = None
    cloud_by: str | None = None
    reason: str | None = None
    choice: Strategy | None = None
    value: str | None = None
    told_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One record's conflict. `record_id` None: told of a record that we don't know. Times are UTC ms."""

    conflict_id: int
    record_id: int | None
    entity_type: str
    local_id: str | None
    cloud_id: str | None
    source: Source
    revision: int
    opened_at: int
    closed_at: int | None
    closed_by: str | None  # None: it settled itself; empty: the policy of the settings did
    notes: str
    fields: tuple[Disagreement, ...]
    name: str | None = None  # what its record is called here
    category: str | None = None  # and what it belongs to
    stock: tuple[int, int] | None = None  # from and to: merged by itself since it is open, where that was read along

    @property
    def title(self) -> str:
        """What people call its record: by its name, else by its number."""
        return self.name or self.local_id or self.cloud_id or ""

    @property
    def is_told(self) -> bool:
        """Whether headquarters needs to hear of no choice any more."""
        return all(f.choice is None or f.cloud_conflict_id is None or f.told_at is not None for f in self.fields)

    @property
    def names(self) -> frozenset[str]:
        """The fields that differ."""
        return frozenset(field.field for field in self.fields)

    def field(self, name: str) -> Disagreement | None:
        """One of its fields."""
        return next((field for field in self.fields if field.field == name), None)


class Conflicts:
    """The conflicts of one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def find(self, conflict_id: int) -> Conflict | None:
        """A conflict by its number."""
        return self._one(f"{CONFLICT} WHERE outlet = ? AND id = ?", (self._outlet, conflict_id))

    def of_record(self, record_id: int) -> Conflict | None:
        """The open conflict of a record."""
        return self._one(f"{CONFLICT} WHERE record_id = ? AND closed_at IS NULL", (record_id,))

    def past_and_open(self, record_id: int, *, limit: int) -> list[Conflict]:
        """The conflicts of a record, the latest first."""
        query = f"{CONFLICT} WHERE record_id = ? ORDER BY id DESC LIMIT ?"
        return [self._with_fields(row) for row in self._db.rows(query, (record_id, limit))]

    def last_decided(self, record_id: int, name: str | None = None) -> Conflict | None:
        """The record's conflict that was decided last, and did not end by itself; the last with a field, if named."""
        query = f"{CONFLICT} WHERE record_id = ? AND closed_by IS NOT NULL"
        has_it = "EXISTS (SELECT 1 FROM conflict_field f WHERE f.conflict_id = conflict.id AND f.field = ?2)"
        return self._one(f"{query} AND (?2 IS NULL OR {has_it}) ORDER BY id DESC", (record_id, name))

    def decided_at(self, record_id: int, at_ms: int) -> Conflict | None:
        """The record's conflict that was decided at that moment."""
        query = f"{CONFLICT} WHERE record_id = ? AND closed_at = ? AND closed_by IS NOT NULL"
        return self._one(query, (record_id, at_ms))

    def of_unknown(self, entity_type: str, local_id: str | None, cloud_id: str | None) -> Conflict | None:
        """The open conflict over a record that we don't know."""
        query = f"{CONFLICT} WHERE outlet = ? AND closed_at IS NULL AND record_id IS NULL AND type = ? AND"
        return self._one(f"{query} local_id IS ? AND cloud_id IS ?", (self._outlet, entity_type, local_id, cloud_id))

    def open_among(self, record_ids: Sequence[int]) -> list[int]:
        """Those of these records that have an open conflict."""
        rows = self._db.rows(
            "SELECT record_id FROM conflict WHERE closed_at IS NULL AND record_id IN (SELECT value FROM json_each(?))",
            (json.dumps(record_ids),),
        )
        return [row[0] for row in rows]

    def open(self, *, limit: int = 1000) -> list[Conflict]:
        """The open ones, the oldest first."""
        query = f"{CONFLICT} WHERE outlet = ? AND closed_at IS NULL ORDER BY id LIMIT ?"
        return [self._with_fields(row) for row in self._db.rows(query, (self._outlet, limit))]

    def telling(self, *, limit: int = 1000) -> list[Conflict]:
        """Those that are chosen and of which headquarters must still be told, the oldest first."""
        query = f"{CONFLICT} WHERE outlet = ? AND {TELLING} ORDER BY id LIMIT ?"
        return [self._with_fields(row) for row in self._db.rows(query, (self._outlet, limit))]

    def deciders(self, *, limit: int) -> list[str]:
        """Who decided before, the last one first."""
        rows = self._db.rows(
            "SELECT closed_by FROM conflict WHERE outlet = ? AND closed_by <> ''"
            " GROUP BY closed_by ORDER BY max(closed_at) DESC LIMIT ?",
            (self._outlet, limit),
        )
        return [row[0] for row in rows]

    def count(self) -> int:
        """How many are open."""
        row = self._db.row("SELECT count(*) FROM conflict WHERE outlet = ? AND closed_at IS NULL", (self._outlet,))
        return int(row[0]) if row else 0

    def revisions(self) -> int:
        """A number that changes with whatever a person may see of the open ones."""
        query = "SELECT coalesce(sum(revision), 0) FROM conflict WHERE outlet = ? AND closed_at IS NULL"
        row = self._db.row(query, (self._outlet,))
        return int(row[0]) if row else 0

    def start(
        self,
        *,
        record_id: int | None,
        entity_type: str,
        local_id: str | None,
        cloud_id: str | None,
        source: Source,
        now_ms: int,
        is_over: bool = False,
    ) -> int:
        """Open a conflict, or note one that is over already; its number."""
        return self._db.insert(
            "INSERT INTO conflict(outlet, record_id, type, local_id, cloud_id, source, opened_at, closed_at)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                *(self._outlet, record_id, entity_type, local_id, cloud_id, source.value, now_ms),
                now_ms if is_over else None,
            ),
        )

    def put(self, conflict_id: int, field: Disagreement) -> None:
        """A field of a conflict as it stands now."""
        names = [name for name in FIELDS if name != "field"]
        self._db.execute(
            f"INSERT INTO conflict_field(conflict_id, {', '.join(FIELDS)}) VALUES ({','.join('?' * (len(FIELDS) + 1))})"
            f" ON CONFLICT DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names)}",
            (conflict_id, *(getattr(field, name) for name in FIELDS)),
        )

    def drop(self, conflict_id: int, name: str) -> None:
        """A field on which both sides agree now."""
        self._db.execute("DELETE FROM conflict_field WHERE conflict_id = ? AND field = ?", (conflict_id, name))

    def revise(self, conflict_id: int) -> None:
        """Something that a person may have looked at is different now."""
        self._db.execute("UPDATE conflict SET revision = revision + 1 WHERE id = ?", (conflict_id,))

    def close(self, conflict_id: int, *, who: str | None, notes: str, now_ms: int) -> None:
        """Every field is chosen, or (`who` None) agrees by itself."""
        self._db.execute(
            "UPDATE conflict SET closed_at = ?, closed_by = ?, notes = ? WHERE id = ?",
            (now_ms, who, notes, conflict_id),
        )

    def first_untold(self) -> tuple[Conflict, Disagreement] | None:
        """The first choice that headquarters must still be told."""
        row = self._db.row(UNTOLD, (self._outlet,))
        if row is None:
            return None
        found = self.find(row[0])
        field = found.field(row[1]) if found else None
        return (found, field) if found and field else None

    def told(self, conflict_id: int, name: str, *, now_ms: int) -> None:
        """Headquarters knows this choice, or does not want to."""
        self._db.execute(
            "UPDATE conflict_field SET told_at = ? WHERE conflict_id = ? AND field = ?", (now_ms, conflict_id, name)
        )

    def tell_again(self, conflict: Conflict, name: str, cloud_conflict_id: str) -> None:
        """The cloud asks once more what a person has chosen already: it is told under this id."""
        field = conflict.field(name)
        if field is not None and field.choice is not None:
            self.put(conflict.conflict_id, replace(field, cloud_conflict_id=cloud_conflict_id, told_at=None))

    def overrule(self, record_id: int, field: Disagreement) -> None:
        """What headquarters has not heard of yet, of earlier choices over this field, it hears as this one."""
        self._db.execute(
            "UPDATE conflict_field SET choice = ?, value = ? WHERE field = ? AND told_at IS NULL"
            " AND cloud_conflict_id IS NOT NULL AND choice IS NOT NULL"
            " AND conflict_id IN (SELECT id FROM conflict WHERE record_id = ? AND closed_by IS NOT NULL)",
            (field.choice, field.value, field.field, record_id),
        )

    def restate(self, record_id: int) -> None:
        """Hold the record's row, or let it go, by the causes that there are now."""
        self._db.execute(RESTATE, (record_id,))

    def rule(self, record_id: int, version: int) -> None:
        """A person's word holds over all that headquarters said up to this version."""
        self._db.execute("UPDATE record SET ruled_version = max(ruled_version, ?) WHERE id = ?", (version, record_id))

    def _one(self, query: str, values: tuple[object, ...]) -> Conflict | None:
        row = self._db.row(query, values)
        return None if row is None else self._with_fields(row)

    def _with_fields(self, row: Row) -> Conflict:
        values = dict(zip(NAMES, row, strict=True))
        fields = self._db.rows(
            f"SELECT {', '.join(FIELDS)} FROM conflict_field WHERE conflict_id = ? ORDER BY field", (row[0],)
        )
        found = tuple(_field(field) for field in fields)
        return Conflict(**{**values, "source": Source(values["source"])}, fields=found)


def _field(row: Row) -> Disagreement:
    values = dict(zip(FIELDS, row, strict=True))
    choice = values["choice"]
    return Disagreement(
        **{**values, "is_asked": bool(values["is_asked"]), "choice": Strategy(choice) if choice else None}
    )
