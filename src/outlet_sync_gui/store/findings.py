"""What headquarters was found to have, day by day, and whether it lets itself be read back."""

from collections.abc import Mapping

from outlet_sync_gui.contract.text import Json, dumps, loads_stored
from outlet_sync_gui.store.database import Database


class Findings:
    """What was read back of headquarters last."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def keep(self, day: str, found: Mapping[str, Json]) -> None:
        """Keep what was found of a business day, in place of what was before. Part of the caller's transaction."""
        self._db.execute(
            "INSERT INTO reconciled VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET found = excluded.found",
            (self._outlet, day, dumps(found)),
        )

    def find(self, day: str) -> dict[str, Json] | None:
        """What was found of a business day (YYYY-MM-DD); None: nobody has looked."""
        row = self._db.row("SELECT found FROM reconciled WHERE outlet = ? AND day = ?", (self._outlet, day))
        return loads_stored(row[0]) if row else None

    @property
    def can_be_read(self) -> bool | None:
        """Whether headquarters can be read back, as last seen; None: nobody has looked."""
        row = self._db.row("SELECT can_be_read FROM outlet WHERE id = ?", (self._outlet,))
        return None if row is None or row[0] is None else bool(row[0])

    def looked(self, *, can_be_read: bool) -> None:
        """Somebody looked. Part of the caller's transaction."""
        self._db.execute("UPDATE outlet SET can_be_read = ? WHERE id = ?", (can_be_read, self._outlet))
