"""What headquarters changed: applied to the catalogue, or kept beside a record until it can be merged."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from outlet_sync_gui.contract.answers import CloudChange
from outlet_sync_gui.store.database import Database, Row

# CROSS: from the few news to their records, never through all records.
NEWS = """
SELECT n.record_id, r.type, r.local_id, coalesce(n.cloud_id, r.cloud_id), n.action, n.version, n.at, n.fields
FROM news n CROSS JOIN record r ON r.id = n.record_id WHERE r.outlet = ?
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


class News:
    """Headquarters' side of records; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def insert(self, change: CloudChange, adopted: Adopted, *, now_ms: int) -> None:
        """A record that headquarters made."""
        record_id = self._db.insert(
            "INSERT INTO record(outlet, type, local_id, cloud_id, version, digest, base_version, deleted_at,"
            " changed_at) VALUES (?,?,?,?,?,?,?,?,?)",
            (
                *(self._outlet, change.entity_type, change.local_id, change.cloud_id),
                *(adopted.base_version, adopted.digest, adopted.base_version, adopted.deleted_at, now_ms),
            ),
        )
        self._db.execute(
            "INSERT INTO content(record_id, payload, base) VALUES (?,?,?)", (record_id, adopted.payload, adopted.base)
        )

    def adopt(self, record_id: int, adopted: Adopted, *, now_ms: int) -> None:
        """Headquarters' word holds here now."""
        self._db.execute(
            "UPDATE record SET digest = ?, base_version = ?, version = max(version, ?), deleted_at = ?, changed_at = ?,"
            " cloud_id = coalesce(cloud_id, ?) WHERE id = ?",
            (
                *(adopted.digest, adopted.base_version, adopted.base_version, adopted.deleted_at, now_ms),
                *(adopted.cloud_id, record_id),
            ),
        )
        self._db.execute(
            "UPDATE content SET payload = ?, base = ? WHERE record_id = ?", (adopted.payload, adopted.base, record_id)
        )
        # The cloud knows it now: what is queued is no creation any more, and what waited for this news may go.
        self._db.execute(
            "UPDATE outbox SET operation = CASE operation WHEN 'create' THEN 'update' ELSE operation END, bytes = ?,"
            " state = CASE WHEN state = 3 OR (state = 1 AND retry_at IS NULL AND halt IS NULL) THEN 0 ELSE state END"
            " WHERE record_id = ?",
            (len(adopted.payload.encode()), record_id),
        )
        self._db.execute("DELETE FROM sent WHERE record_id = ? AND version <= ?", (record_id, adopted.base_version))
        self._db.execute(
            "UPDATE outbox SET flight = NULL WHERE record_id = ?1"
            " AND NOT EXISTS (SELECT 1 FROM sent WHERE record_id = ?1)",
            (record_id,),
        )

    def keep(self, record_id: int, change: CloudChange, *, now_ms: int) -> None:
        """Keep a change beside a record with unsent edits; the record's push waits."""
        self._db.execute(
            "INSERT INTO news(record_id, action, version, fields, cloud_id, at, heard_at) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT(record_id) DO UPDATE SET action = excluded.action, version = excluded.version,"
            " fields = excluded.fields, cloud_id = excluded.cloud_id, at = excluded.at, heard_at = excluded.heard_at"
            " WHERE excluded.version >= version",
            (
                *(record_id, change.action, change.version, change.fields),
                *(change.cloud_id, change.updated_at, now_ms),
            ),
        )
        self._db.execute("UPDATE outbox SET state = 3, halt = NULL WHERE record_id = ?", (record_id,))

    def take(self, record_ids: Sequence[int] | None = None) -> list[CloudChange]:
        """The news beside these records, or beside all, taken to go through the door once more."""
        which = "1" if record_ids is None else "n.record_id IN (SELECT value FROM json_each(?))"
        values = () if record_ids is None else (json.dumps(record_ids),)
        rows = self._db.rows(f"{NEWS} AND {which}", (self._outlet, *values))
        self._db.execute_many("DELETE FROM news WHERE record_id = ?", [(row[0],) for row in rows])
        return [_change(row) for row in rows]

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
        self._db.execute("UPDATE activity SET record_id = ? WHERE record_id = ?", (kept, gone))
        row = self._db.row("SELECT cloud_id, version, base_version FROM record WHERE id = ?", (gone,))
        assert row is not None
        self._db.execute("DELETE FROM content WHERE record_id = ?", (gone,))
        self._db.execute("DELETE FROM record WHERE id = ?", (gone,))
        self._db.execute(
            "UPDATE record SET cloud_id = ?, version = max(version, ?), base_version = max(base_version, ?)"
            " WHERE id = ?",
            (*row, kept),
        )


def _change(row: Row) -> CloudChange:
    names = ("entity_type", "local_id", "cloud_id", "action", "version", "updated_at", "fields")
    return CloudChange(**dict(zip(names, row[1:], strict=True)))
