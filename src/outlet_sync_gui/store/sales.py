"""What the day's figures are summed up from, in columns: no payload is read for it, and none has to be there."""

from collections.abc import Iterable
from typing import NamedTuple

from outlet_sync_gui.contract.sales import Sale, sale_of
from outlet_sync_gui.contract.text import loads_stored
from outlet_sync_gui.store.database import Database

COLUMNS = ", ".join(f"s.{name}" for name in Sale._fields)
INSERT = f"INSERT INTO sale(record_id, outlet, {', '.join(Sale._fields)}) VALUES ({', '.join('?' * 15)})"
# Whole bills: what belongs to an order that is touched in this time, whenever it was made.
TOUCHED = """
SELECT bill FROM sale WHERE outlet = ?1 AND at >= ?2 AND at < ?3 AND bill IS NOT NULL
"""
BILLS = f"""
SELECT {COLUMNS} FROM sale s WHERE s.outlet = ?1 AND s.bill IN ({TOUCHED})
UNION ALL
SELECT {COLUMNS} FROM sale s WHERE s.outlet = ?1 AND s.at >= ?2 AND s.at < ?3 AND s.bill IS NULL
"""
MERGED = f"SELECT bill FROM sale_merged WHERE outlet = ?1 AND bill IN ({TOUCHED})"
PAGE = 500


class Sold(NamedTuple):
    """All that a business day may be summed up from."""

    sales: list[Sale]  # of each order in it all there is, whenever it was made
    merged: frozenset[str]  # numbers of those orders that another one took in


class Sales:
    """The orders and transactions of one outlet, as far as figures need them."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def between(self, from_ms: int, until_ms: int) -> Sold:
        """The bills that are touched in this time, UTC ms."""
        place = (self._outlet, from_ms, until_ms)
        merged = frozenset(row[0] for row in self._db.rows(MERGED, place))
        return Sold(sales=list(map(Sale._make, self._db.rows(BILLS, place))), merged=merged)


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
