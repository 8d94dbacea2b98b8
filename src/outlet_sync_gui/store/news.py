"""What headquarters changed: applied to the catalogue, or kept beside a record until it can be merged."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.store.database import Database, Row
from outlet_sync_gui.store.records import END_AT, FREE_ID, OF_ANOTHER_COUNTING

# CROSS: from the few news to their records, never through all records.
NEWS = """
SELECT n.record_id, n.question, r.type, r.local_id, coalesce(n.cloud_id, r.cloud_id), n.action, n.version, n.at,
       n.fields, n.said_by, n.reason
FROM news n CROSS JOIN record r ON r.id = n.record_id WHERE r.outlet = ?
"""

# A later word of a field settles what left of it before and was never answered; of other fields it says nothing.
CUT = """
UPDATE sent SET payload = (
  SELECT json_group_object(s.key, json(payload -> s.fullkey)) FROM json_each(payload) s
  WHERE s.key NOT IN ('local_id', 'cloud_id', 'updated_at', 'deleted_at') AND payload -> s.fullkey IS NOT ? -> s.fullkey
    AND NOT EXISTS (SELECT 1 FROM json_each(?) w WHERE w.key = s.key AND w.value >= sent.version))
WHERE record_id = ? AND version <= ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What holds of a record after headquarters' word: content here, and what is agreed."""

    payload: str
    digest: str
    base: str | None  # None: of what is deleted nothing is agreed
    base_version: int
    cloud_id: str | None
    deleted_at: str | None
    cloud_at: str | None = None  # the time of headquarters' word; None: as it was
    said: Mapping[str, int] | None = None  # the fields of which it spoke, in which version; None: of the whole record


@dataclass(frozen=True, slots=True)
class Kept:
    """Headquarters' change beside a record; with a question it waits for a person's answer."""

    change: CloudChange
    question_id: int | None = None


class News:
    """Headquarters' side of records; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def insert(self, change: CloudChange, adopted: Adopted, *, now_ms: int) -> int:
        """A record that headquarters made; its number."""
        record_id = self._db.insert(
            "INSERT INTO record(outlet, type, local_id, cloud_id, version, digest, base_version, deleted_at,"
            " changed_at, cloud_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                *(self._outlet, change.entity_type, change.local_id, change.cloud_id),
                *(adopted.base_version, adopted.digest, adopted.base_version, adopted.deleted_at, now_ms),
                change.updated_at,
            ),
        )
        self._db.execute(
            "INSERT INTO content(record_id, payload, base) VALUES (?,?,?)", (record_id, adopted.payload, adopted.base)
        )
        return record_id

    def adopt(self, record_id: int, adopted: Adopted, *, now_ms: int) -> None:
        """Headquarters' word holds here now."""
        self._db.execute(
            "UPDATE record SET digest = ?, base_version = ?, version = max(version, ?), changed_at = ?,"
            " deleted_until = CASE WHEN ?5 IS NULL THEN coalesce(deleted_at, deleted_until) ELSE deleted_until END,"
            f" deleted_at = ?5, cloud_id = coalesce(cloud_id, {FREE_ID.format(name='?6')}),"
            " cloud_at = coalesce(?, cloud_at) WHERE id = ?",
            (
                *(adopted.digest, adopted.base_version, adopted.base_version, now_ms, adopted.deleted_at),
                *(adopted.cloud_id, adopted.cloud_at, record_id),
            ),
        )
        self._db.execute(
            "UPDATE content SET payload = ?, base = ? WHERE record_id = ?", (adopted.payload, adopted.base, record_id)
        )
        # The cloud knows it now: what is queued is no creation any more, and what waited for this news may go.
        self._db.execute(
            "UPDATE outbox SET operation = CASE operation WHEN 'create' THEN 'update' ELSE operation END, bytes = ?,"
            " state = CASE WHEN state = 3 OR (state = 1 AND retry_at IS NULL AND halt IS NULL)"
            "  OR (state = 4 AND (error_code = 'R-EXISTS' OR error_text LIKE '%not found%')) THEN 0 ELSE state END,"
            " is_turned = CASE WHEN state = 4 AND error_code = 'R-EXISTS' THEN 0 ELSE is_turned END"
            " WHERE record_id = ?",
            (len(adopted.payload.encode()), record_id),
        )
        if adopted.said is not None:
            said = json.dumps(dict(adopted.said))
            self._db.execute(CUT, (adopted.base or "{}", said, record_id, adopted.base_version))
        self._db.execute(
            "DELETE FROM sent WHERE record_id = ? AND version <= ? AND (? OR payload = '{}')",
            (record_id, adopted.base_version, adopted.said is None),
        )
        self._db.execute(
            "UPDATE outbox SET flight = NULL WHERE record_id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM sent WHERE record_id = ?1)",
            (record_id,),
        )

    def date(self, record_id: int, cloud_at: str | None) -> None:
        """Headquarters had it like this at that time."""
        self._db.execute("UPDATE record SET cloud_at = ?1 WHERE id = ?2 AND cloud_at IS NOT ?1", (cloud_at, record_id))

    def of(self, record_id: int) -> Kept | None:
        """What is kept beside a record."""
        row = self._db.row(f"{NEWS} AND n.record_id = ?", (self._outlet, record_id))
        return _kept(row) if row else None

    def keep(self, record_id: int, kept: Kept, *, now_ms: int) -> None:
        """Keep a change beside a record, in the place of what was kept before; its push waits."""
        change = kept.change
        self.drop(record_id)
        self._db.execute(
            "INSERT INTO news(record_id, action, version, fields, cloud_id, at, heard_at, question, said_by, reason)"
            " VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                *(record_id, change.action, change.version, change.fields, change.cloud_id, change.updated_at),
                *(now_ms, kept.question_id, change.by, change.reason),
            ),
        )
        self._db.execute("UPDATE outbox SET state = 3, halt = NULL WHERE record_id = ?", (record_id,))

    def drop(self, record_id: int) -> None:
        """What was kept beside a record is applied, or counts no more."""
        self._db.execute("DELETE FROM news WHERE record_id = ?", (record_id,))

    def kept(self) -> list[int]:
        """The records beside which something is kept."""
        rows = self._db.rows(
            "SELECT n.record_id FROM news n CROSS JOIN record r ON r.id = n.record_id WHERE r.outlet = ?",
            (self._outlet,),
        )
        return [row[0] for row in rows]

    def take(self, record_ids: Sequence[int]) -> list[CloudChange]:
        """The news beside these records, taken to go through the door once more.

        What a person is asked about stays.
        """
        which = "n.record_id IN (SELECT value FROM json_each(?))"
        rows = self._db.rows(f"{NEWS} AND n.question IS NULL AND {which}", (self._outlet, json.dumps(record_ids)))
        self._db.execute_many("DELETE FROM news WHERE record_id = ?", [(row[0],) for row in rows])
        return [_kept(row).change for row in rows]

    def forget(self) -> list[int]:
        """Drop all that is kept, asked about or not; the records beside which it was."""
        kept = self.kept()
        self._db.execute_many("DELETE FROM news WHERE record_id = ?", [(record_id,) for record_id in kept])
        return kept

    def held_by(self, question_id: int) -> list[tuple[int, CloudChange]]:
        """The records whose changes a question holds, with these."""
        rows = self._db.rows(f"{NEWS} AND n.question = ? ORDER BY n.record_id", (self._outlet, question_id))
        return [(row[0], _kept(row).change) for row in rows]

    def outlive(self, record_id: int, deleted_at: str | None) -> None:
        """It lives on in spite of this deletion: a repeat of that is old."""
        self._db.execute(
            "UPDATE record SET deleted_until = coalesce(?, deleted_until) WHERE id = ?", (deleted_at, record_id)
        )

    def reopen(self, record_id: int, deleted_until: str | None) -> None:
        """Whether its last deletion holds is open again; only the one before is over."""
        self._db.execute("UPDATE record SET deleted_until = ? WHERE id = ?", (deleted_until, record_id))

    def renumber(self, record_id: int, cloud_id: str) -> None:
        """Headquarters knows a record under another id now, and counts its versions, and the stock, anew."""
        self._db.execute(
            "UPDATE record SET former_cloud_id = cloud_id, cloud_id = ?, base_version = 0, ruled_version = 0"
            " WHERE id = ?",
            (cloud_id, record_id),
        )
        self._db.execute(
            f"{OF_ANOTHER_COUNTING} (SELECT id FROM conflict WHERE record_id = ? AND closed_at IS NOT NULL)",
            (record_id,),
        )
        self._db.execute(  # of a count that is other here than agreed nothing is: what it is there is no difference
            "UPDATE content SET base = json_remove(base, '$.stock')"
            " WHERE record_id = ? AND payload ->> '$.stock' IS NOT base ->> '$.stock'",
            (record_id,),
        )

    def unknown(self, record_id: int) -> list[str]:
        """The contents that were sent and never answered, as JSON texts."""
        rows = self._db.rows(
            "SELECT payload FROM sent WHERE record_id = ? AND payload IS NOT NULL ORDER BY version", (record_id,)
        )
        return [row[0] for row in rows]

    def is_out(self, record_id: int) -> bool:
        """Whether a request with this record is out."""
        query = "SELECT 1 FROM outlet t JOIN outbox o ON o.flight = t.flight WHERE t.id = ? AND o.record_id = ?"
        return self._db.row(query, (self._outlet, record_id)) is not None

    def give_name(self, record_id: int, local_id: str) -> None:
        """The POS's id of a record that had the cloud's alone."""
        self._db.execute("UPDATE record SET local_id = ? WHERE id = ? AND local_id IS NULL", (local_id, record_id))

    def unite(self, kept: int, gone: int) -> None:
        """Two rows turn out to be one record: the one without the POS's id ends, what belongs to it moves along."""
        for table in ("news", "outbox", "sent"):
            self._db.execute(f"UPDATE OR IGNORE {table} SET record_id = ? WHERE record_id = ?", (kept, gone))
            self._db.execute(f"DELETE FROM {table} WHERE record_id = ?", (gone,))
        self._db.execute(  # one is open at a time: what the other is about joins it
            "UPDATE OR IGNORE conflict_field SET conflict_id ="
            " (SELECT id FROM conflict WHERE record_id = ?1 AND closed_at IS NULL)"
            " WHERE conflict_id = (SELECT id FROM conflict WHERE record_id = ?2 AND closed_at IS NULL)"
            " AND EXISTS (SELECT 1 FROM conflict WHERE record_id = ?1 AND closed_at IS NULL)",
            (kept, gone),
        )
        self._db.execute(
            "UPDATE conflict SET closed_at = opened_at WHERE record_id = ? AND closed_at IS NULL"
            " AND EXISTS (SELECT 1 FROM conflict WHERE record_id = ? AND closed_at IS NULL)",
            (gone, kept),
        )
        self._db.execute(  # what both are about is asked once; of the other it is told that its own value holds
            "UPDATE conflict_field SET choice = 'cloud_wins' WHERE cloud_conflict_id IS NOT NULL AND choice IS NULL"
            " AND conflict_id IN (SELECT id FROM conflict WHERE record_id = ? AND closed_at IS NOT NULL)",
            (gone,),
        )
        for table in ("activity", "change", "conflict"):
            self._db.execute(f"UPDATE {table} SET record_id = ? WHERE record_id = ?", (kept, gone))
        row = self._db.row(
            "SELECT cloud_id, version, base_version, ruled_version, cloud_at, coalesce(deleted_at, deleted_until),"
            " former_cloud_id FROM record WHERE id = ?",
            (gone,),
        )
        assert row is not None
        self._db.execute("DELETE FROM content WHERE record_id = ?", (gone,))
        self._db.execute("DELETE FROM record WHERE id = ?", (gone,))
        self._db.execute(
            "UPDATE record SET cloud_id = ?1, version = max(version, ?2), base_version = max(base_version, ?3),"
            " ruled_version = max(ruled_version, ?4),"
            " cloud_at = CASE WHEN rtrim(cloud_at, 'Z') > rtrim(?5, 'Z') THEN cloud_at ELSE coalesce(?5, cloud_at) END,"
            f" deleted_until = coalesce({END_AT.format(at='?6')}, deleted_until),"
            " former_cloud_id = coalesce(former_cloud_id, ?7) WHERE id = ?8",
            (*row, kept),
        )


def _kept(row: Row) -> Kept:
    names = ("entity_type", "local_id", "cloud_id", "action", "version", "updated_at", "fields", "by", "reason")
    return Kept(change=CloudChange(**dict(zip(names, row[2:], strict=True))), question_id=row[1])
