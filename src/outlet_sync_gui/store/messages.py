"""Headquarters' announcements, and which webhooks were taken already."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from outlet_sync_gui.store.database import Database, Row

KEPT_MS = 30 * 86_400_000  # digests of webhooks: older bodies are refused for their age
PURGED_AT_ONCE = 20
MESSAGE = "SELECT id, title, text, level, expires_at, at, read_at, read_by FROM message"
CURRENT = "(expires_at IS NULL OR expires_at > ?)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One announcement, plain text from outside. Times are UTC ms."""

    number: int
    title: str
    text: str
    level: str
    expires_at: int | None
    at: int
    read_at: int | None
    read_by: str | None


class Messages:
    """The announcements to one outlet; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def add(self, *, message_id: str, title: str, text: str, level: str, expires_at: int | None, now_ms: int) -> bool:
        """Keep an announcement once; whether it was new."""
        added = self._db.execute(
            "INSERT INTO message(outlet, message_id, title, text, level, expires_at, at) VALUES (?,?,?,?,?,?,?)"
            " ON CONFLICT DO NOTHING",
            (self._outlet, message_id, title, text, level, expires_at, now_ms),
        )
        return added > 0

    def unread(self, now_ms: int) -> list[Message]:
        """What nobody has acknowledged and what has not expired, newest first."""
        query = f"{MESSAGE} WHERE outlet = ? AND read_at IS NULL AND {CURRENT} ORDER BY id DESC"
        return [_message(row) for row in self._db.rows(query, (self._outlet, now_ms))]

    def count_unread(self, now_ms: int) -> int:
        """How many those are."""
        query = f"SELECT count(*) FROM message WHERE outlet = ? AND read_at IS NULL AND {CURRENT}"
        row = self._db.row(query, (self._outlet, now_ms))
        return int(row[0]) if row else 0

    def latest(self, *, limit: int) -> list[Message]:
        """All of them, newest first."""
        query = f"{MESSAGE} WHERE outlet = ? ORDER BY id DESC LIMIT ?"
        return [_message(row) for row in self._db.rows(query, (self._outlet, limit))]

    def some(self, numbers: Collection[int]) -> list[Message]:
        """Those of these numbers that there are, in no order."""
        query = f"{MESSAGE} WHERE +outlet = ? AND id IN (SELECT value FROM json_each(?))"
        return [_message(row) for row in self._db.rows(query, (self._outlet, json.dumps(list(numbers))))]

    def acknowledge(self, number: int, *, who: str, now_ms: int) -> bool:
        """Somebody has read it; False where there is none of that number, or it was read before."""
        changed = self._db.execute(
            "UPDATE message SET read_at = ?, read_by = ? WHERE outlet = ? AND id = ? AND read_at IS NULL",
            (now_ms, who, self._outlet, number),
        )
        return changed > 0

    # -- webhooks

    def answer_to(self, digest: str) -> str | None:
        """What a webhook with this body was answered, as stored; None: it is new."""
        row = self._db.row("SELECT answer FROM webhook WHERE outlet = ? AND digest = ?", (self._outlet, digest))
        return row[0] if row else None

    def remember(self, digest: str, answer: str, *, now_ms: int) -> None:
        """A body has had its effect; those too old to be accepted again are forgotten, in small steps."""
        self._db.execute(
            "INSERT INTO webhook(digest, outlet, at, answer) VALUES (?,?,?,?)", (digest, self._outlet, now_ms, answer)
        )
        self._db.execute(
            "DELETE FROM webhook WHERE outlet = ?1 AND digest IN"
            " (SELECT digest FROM webhook WHERE outlet = ?1 AND at < ?2 ORDER BY at LIMIT ?3)",
            (self._outlet, now_ms - KEPT_MS, PURGED_AT_ONCE),
        )


def _message(row: Row) -> Message:
    names = ("number", "title", "text", "level", "expires_at", "at", "read_at", "read_by")
    return Message(**dict(zip(names, row, strict=True)))
