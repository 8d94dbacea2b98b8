"""What the day's figures are summed up from, in columns, and the sums that are kept; no payload is read for it."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from outlet_sync_gui.contract.sales import Sale, sale_of
from outlet_sync_gui.contract.text import Json, dumps, loads_stored
from outlet_sync_gui.store.database import Database

COLUMNS = ", ".join(f"s.{name}" for name in Sale._fields)
INSERT = f"INSERT INTO sale(record_id, outlet, {', '.join(Sale._fields)}) VALUES ({', '.join('?' * 15)})"
THESE = "SELECT value FROM json_each(?2)"
TOUCHED = "SELECT DISTINCT bill FROM sale WHERE outlet = ?1 AND at >= ?2 AND at < ?3"
# Of each order that is named all there is, whenever it was made.
BILLS = f"SELECT {COLUMNS} FROM json_each(?2) b CROSS JOIN sale s ON s.outlet = ?1 AND s.bill = b.value"
MERGED = f"SELECT bill FROM sale_merged WHERE outlet = ?1 AND bill IN ({THESE})"
PAGE = 500
# Sales that wait and are of a time whatever tells their bill's moment: no part of it is elsewhere.
PLAINLY_WAITING = """
SELECT count(*), coalesce(sum(CASE WHEN s.is_order THEN s.amount END), 0)
FROM sale s JOIN outbox o ON o.record_id = s.record_id WHERE s.outlet = ?1 AND s.at >= ?2 AND s.at < ?3 AND NOT EXISTS
  (SELECT 1 FROM sale part INDEXED BY sale_bill
    WHERE part.outlet = ?1 AND part.bill = s.bill AND (part.at < ?2 OR part.at >= ?3))
"""
# Bills of which a part is in a time, a part is not, and a part waits.
WAITING = f"""
SELECT DISTINCT t.bill FROM ({TOUCHED}) t CROSS JOIN sale elsewhere INDEXED BY sale_bill
  ON elsewhere.outlet = ?1 AND elsewhere.bill = t.bill AND (elsewhere.at < ?2 OR elsewhere.at >= ?3)
CROSS JOIN sale s ON s.outlet = ?1 AND s.bill = t.bill CROSS JOIN outbox o ON o.record_id = s.record_id
"""
# The same of which a part was not to be sent, or not as it is. From the few decisions to their sales.
DISCARDED = """
SELECT DISTINCT s.bill FROM activity a INDEXED BY activity_discarded CROSS JOIN sale s ON s.record_id = a.record_id
CROSS JOIN record r ON r.id = s.record_id WHERE a.what = 'discarded' AND s.outlet = ?1
  AND (r.accepted_at IS NULL OR a.at >= r.accepted_at)
  AND EXISTS (SELECT 1 FROM sale part INDEXED BY sale_bill
    WHERE part.outlet = ?1 AND part.bill = s.bill AND part.at >= ?2 AND part.at < ?3)
"""
UNSENT = """
SELECT s.is_order, s.number, o.record_id IS NOT NULL FROM json_each(?2) b
CROSS JOIN sale s ON s.outlet = ?1 AND s.bill = b.value CROSS JOIN record r ON r.id = s.record_id
LEFT JOIN outbox o ON o.record_id = s.record_id WHERE o.record_id IS NOT NULL OR r.accepted_at IS NULL
  OR EXISTS (SELECT 1 FROM activity a INDEXED BY activity_discarded
    WHERE a.record_id = s.record_id AND a.what = 'discarded' AND a.at >= r.accepted_at)
"""


class Sold(NamedTuple):
    """Whole bills."""

    sales: list[Sale]
    merged: frozenset[str]  # numbers of those orders that another one took in


class Sales:
    """The orders and transactions of one outlet, as far as figures need them, and the figures kept of them."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def touched(self, from_ms: int, until_ms: int) -> list[str]:
        """The bills of which a part is in this time, UTC ms."""
        return [row[0] for row in self._db.rows(TOUCHED, (self._outlet, from_ms, until_ms))]

    def of(self, bills: Sequence[str]) -> Sold:
        """All sales of these bills."""
        named = (self._outlet, json.dumps(bills))
        merged = frozenset(row[0] for row in self._db.rows(MERGED, named))
        return Sold(sales=list(map(Sale._make, self._db.rows(BILLS, named))), merged=merged)

    def accepted(self, bills: Sequence[str]) -> dict[tuple[bool, str], int | None]:
        """When headquarters accepted each sale of these bills, UTC ms; None for what waits, or never was accepted.

        By whether it is an order, and its number.
        """
        query = (
            "SELECT s.is_order, s.number, CASE WHEN o.record_id IS NULL THEN r.accepted_at END"
            " FROM json_each(?2) b CROSS JOIN sale s ON s.outlet = ?1 AND s.bill = b.value"
            " JOIN record r ON r.id = s.record_id LEFT JOIN outbox o ON o.record_id = s.record_id"
        )
        rows = self._db.rows(query, (self._outlet, json.dumps(bills)))
        return {(bool(is_order), number): at for is_order, number, at in rows}

    def plainly_waiting(self, from_ms: int, until_ms: int) -> tuple[int, int]:
        """How many sales wait whose whole bill is in this time (UTC ms), and the rupiah of the orders in it."""
        row = self._db.row(PLAINLY_WAITING, (self._outlet, from_ms, until_ms))
        assert row is not None
        return row[0], row[1]

    def waiting(self, from_ms: int, until_ms: int) -> list[str]:
        """The bills of which a part is in this time (UTC ms), a part is not, and a part waits."""
        return [row[0] for row in self._db.rows(WAITING, (self._outlet, from_ms, until_ms))]

    def discarded(self, from_ms: int, until_ms: int) -> list[str]:
        """The bills of which a part is in this time, and a part was not to be sent, or not as it is here."""
        return [row[0] for row in self._db.rows(DISCARDED, (self._outlet, from_ms, until_ms))]

    def unsent(self, bills: Sequence[str]) -> dict[tuple[bool, str], bool]:
        """Which sales of these bills headquarters does not have as they are: whether each of them waits.

        By whether it is an order, and its number.
        """
        rows = self._db.rows(UNSENT, (self._outlet, json.dumps(bills)))
        return {(bool(is_order), number): bool(waits) for is_order, number, waits in rows}

    def ending(self, from_ms: int, until_ms: int) -> int:
        """How many sales of this time (UTC ms) are deleted here, which headquarters does not know yet."""
        row = self._db.row(
            "SELECT count(*) FROM sale_gone s JOIN outbox o ON o.record_id = s.record_id"
            " WHERE s.outlet = ? AND s.at >= ? AND s.at < ?",
            (self._outlet, from_ms, until_ms),
        )
        return int(row[0]) if row else 0

    def oldest_made(self, bills: Sequence[str], *, since: str) -> str | None:
        """When the oldest sale of these bills since then was made, as the wire has it; None where that is not kept."""
        row = self._db.row(
            "SELECT min(c.payload ->> '$.created_at') FROM json_each(?2) b"
            " CROSS JOIN sale s ON s.outlet = ?1 AND s.bill = b.value JOIN content c ON c.record_id = s.record_id"
            " WHERE c.payload ->> '$.created_at' >= ?3",
            (self._outlet, json.dumps(bills), since),
        )
        return row[0] if row else None

    def due(self, limit: int) -> list[str]:
        """Bills that are to be counted, or counted anew; no more than `limit`."""
        rows = self._db.rows("SELECT bill FROM tally_due WHERE outlet = ? LIMIT ?", (self._outlet, limit))
        return [row[0] for row in rows]

    def counted(self, bills: Collection[str]) -> dict[str, dict[str, Json]]:
        """What each of these bills was counted with: by business day, its sums."""
        query = f"SELECT bill, brings FROM tally_bill WHERE outlet = ?1 AND bill IN ({THESE})"
        rows = self._db.rows(query, (self._outlet, json.dumps(list(bills))))
        return {bill: loads_stored(brings) for bill, brings in rows}

    def day(self, day: str) -> dict[str, Json]:
        """The sums that are kept of a business day."""
        row = self._db.row("SELECT sums FROM tally_day WHERE outlet = ? AND day = ?", (self._outlet, day))
        return loads_stored(row[0]) if row else {}

    def days(self) -> list[str]:
        """The business days of which sums are kept, the newest first."""
        rows = self._db.rows("SELECT day FROM tally_day WHERE outlet = ? ORDER BY day DESC", (self._outlet,))
        return [row[0] for row in rows]

    def keep(self, brought: Mapping[str, Mapping[str, Json]], days: Mapping[str, Json]) -> None:
        """These bills are counted with this, by which these days come to that. Part of the caller's transaction."""
        names = [(self._outlet, bill) for bill in brought]
        self._db.execute_many("DELETE FROM tally_due WHERE outlet = ? AND bill = ?", names)
        self._put("tally_bill(outlet, bill, brings)", brought)
        self._put("tally_day(outlet, day, sums)", days)

    def rules(self) -> str | None:
        """By which rules the sums are kept; None before any is."""
        row = self._db.row("SELECT tally_rules FROM outlet WHERE id = ?", (self._outlet,))
        return row[0] if row else None

    def begin_anew(self, rules: str) -> None:
        """Other rules: all that was counted is to be counted anew. Part of the caller's transaction."""
        for table in ("tally_bill", "tally_day"):
            self._db.execute(f"DELETE FROM {table} WHERE outlet = ?", (self._outlet,))
        self._db.execute(
            "INSERT INTO tally_due SELECT DISTINCT outlet, bill FROM sale WHERE outlet = ? ON CONFLICT DO NOTHING",
            (self._outlet,),
        )
        self._db.execute("UPDATE outlet SET tally_rules = ? WHERE id = ?", (rules, self._outlet))

    def _put(self, place: str, values: Mapping[str, Json]) -> None:
        table, _, columns = place.partition("(")
        key, value = columns.rstrip(")").split(", ")[1:]
        self._db.execute_many(
            f"INSERT INTO {place} VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET {value} = excluded.{value}",
            [(self._outlet, name, dumps(held)) for name, held in values.items() if held],
        )
        gone = [(self._outlet, name) for name, held in values.items() if not held]
        self._db.execute_many(f"DELETE FROM {table} WHERE outlet = ? AND {key} = ?", gone)


def put(database: Database, outlet: int, sales: Iterable[tuple[int, Sale | None]]) -> None:
    """Note what figures need of new records; of those without a sale nothing."""
    rows = [(record_id, outlet, *sale) for record_id, sale in sales if sale is not None]
    database.execute_many(INSERT, rows)


def replace(database: Database, outlet: int, record_id: int, sale: Sale | None) -> None:
    """Note it anew after a change; None: it counts no more."""
    database.execute("DELETE FROM sale WHERE record_id = ?", (record_id,))
    put(database, outlet, [(record_id, sale)])


def fill(database: Database) -> None:
    """Note it of all records that there are: for a store that was made before figures were kept."""
    after = 0
    query = (
        "SELECT r.id, r.outlet, r.type, c.payload FROM record r JOIN content c ON c.record_id = r.id"
        " WHERE r.id > ? AND r.type IN ('order', 'transaction') AND r.deleted_at IS NULL ORDER BY r.id LIMIT ?"
    )
    while rows := database.rows(query, (after, PAGE)):
        for record_id, outlet, kind, payload in rows:
            content = loads_stored(payload)
            operation = "delete" if "deleted_at" in content else "update"
            put(database, outlet, [(record_id, sale_of(kind, operation, content))])
        after = rows[-1][0]
