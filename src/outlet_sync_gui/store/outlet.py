"""What is known of the outlet as a whole: cursor, last success, waits that outlive a restart, counts."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outlet_sync_gui.status import Lane, Pending, Trouble
from outlet_sync_gui.store.database import Database
from outlet_sync_gui.store.records import BLOCKED, DEAD, HELD

COLUMNS = (
    *("cursor", "pulled_at", "last_success_at", "failing_since", "trouble_code", "trouble_facts"),
    *("wait_until", "wait_ms", "wait_monotonic_ms", "is_paused", "paused_until", "paused_at"),
    *("paused_monotonic_ms", "clock_offset_ms", "full_pulled_at", "flight"),
)


KEPT_STAMPS_MS = 120_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletState:
    """The outlet's row. Times are UTC ms; `trouble` is the last exchange's failure, None when it succeeded."""

    cursor: str | None
    pulled_at: int | None
    last_success_at: int | None
    failing_since: int | None
    trouble: Trouble | None
    wait_until: int | None
    wait_ms: int | None
    wait_monotonic_ms: int | None
    is_paused: bool
    paused_until: int | None
    clock_offset_ms: int | None
    paused_at: int | None = None
    paused_monotonic_ms: int | None = None
    full_pulled_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Kept by triggers, never by counting rows."""

    pending: Pending
    pending_amount: int
    held: int
    blocked: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When the last webhook was accepted, and the last record that still waits or was sent; UTC ms, None: never."""

    webhook_at: int | None = None
    record_at: int | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """The last mark of a request, its leaving or its answer, by both clocks in ms."""

    wall_ms: int
    monotonic_ms: int


class OutletRow:
    """Reads and writes of the outlet's own row; every method is one step of the caller's transaction."""

    def __init__(self, database: Database, outlet: int) -> None:
        self._db = database
        self._outlet = outlet

    def read(self) -> OutletState:
        """The row as it stands."""
        row = self._db.row(f"SELECT {', '.join(COLUMNS)} FROM outlet WHERE id = ?", (self._outlet,))
        assert row is not None
        values = dict(zip(COLUMNS, row, strict=True))
        values.pop("flight")
        code, facts = values.pop("trouble_code"), values.pop("trouble_facts")
        trouble = Trouble(code=code, facts=tuple(json.loads(facts).items())) if code else None
        return OutletState(**{**values, "is_paused": bool(values["is_paused"])}, trouble=trouble)

    def succeeded(self, *, at_ms: int) -> None:
        """An exchange succeeded: whatever was wrong is over."""
        self._set(
            last_success_at=at_ms,
            failing_since=None,
            trouble_code=None,
            trouble_facts=None,
            wait_until=None,
            wait_ms=None,
        )

    def failed(self, trouble: Trouble, *, at_ms: int) -> None:
        """An exchange failed; `failing_since` keeps the first of a row of failures."""
        facts = json.dumps(dict(trouble.facts))
        self._set(trouble_code=trouble.code, trouble_facts=facts)
        self._db.execute(
            "UPDATE outlet SET failing_since = coalesce(failing_since, ?) WHERE id = ?", (at_ms, self._outlet)
        )

    def reached(self, *, but_for: Collection[str]) -> None:
        """Something answered, whatever it said: trouble is over, but for that of these codes."""
        self._db.execute(
            "UPDATE outlet SET failing_since = NULL, trouble_code = NULL, trouble_facts = NULL WHERE id = ?"
            " AND trouble_code NOT IN (SELECT value FROM json_each(?))",
            (self._outlet, json.dumps(list(but_for))),
        )

    def wait(self, stamp: Stamp, *, wait_ms: int) -> None:
        """Remember a 429's word, and when it came, across restarts."""
        self._set(wait_until=stamp.wall_ms + wait_ms, wait_ms=wait_ms, wait_monotonic_ms=stamp.monotonic_ms)

    def pause(self, stamp: Stamp, *, until_ms: int | None) -> None:
        """A person's pause, and when it began; without a time until a person resumes."""
        self._set(is_paused=1, paused_until=until_ms, paused_at=stamp.wall_ms, paused_monotonic_ms=stamp.monotonic_ms)

    def resume(self) -> None:
        """The pause is over."""
        self._set(is_paused=0, paused_until=None)

    def pulled(self, *, cursor: str, at_ms: int, is_full: bool) -> None:
        """The cloud's changes up to its checkpoint are applied; all of them, where everything was asked for."""
        self._set(cursor=cursor, pulled_at=at_ms, **({"full_pulled_at": at_ms} if is_full else {}))

    def start_again(self, *, cursor: str) -> None:
        """Headquarters begins anew at this checkpoint: ask for everything."""
        self._set(cursor=cursor, full_pulled_at=None)

    def ask_for_all(self) -> None:
        """The next pull asks for everything, whatever the cursor."""
        self._set(full_pulled_at=None)

    def remote_config(self) -> tuple[dict[str, Any], str | None]:
        """The settings that headquarters sent, and the time of the newest of them."""
        row = self._db.row("SELECT remote_config, remote_config_at FROM outlet WHERE id = ?", (self._outlet,))
        assert row is not None
        return (json.loads(row[0]) if row[0] else {}), row[1]

    def remote_settings(self) -> dict[str, Any]:
        """The settings that headquarters sent, but for those that a person has undone."""
        values: dict[str, Any] = self.remote_config()[0].get("values", {})
        return values

    def configure(self, values: Mapping[str, Any], *, at: str) -> None:
        """Keep headquarters' settings, and of when they are."""
        self._set(remote_config=json.dumps(dict(values)), remote_config_at=at)

    def last_heard(self) -> Heard:
        """When somebody last came to either door."""
        webhook = self._db.row("SELECT max(at) FROM webhook WHERE outlet = ?", (self._outlet,))
        # Of what waits and of what was sent the newest, each by its index: looking at all records would take seconds.
        record = self._db.row(
            "SELECT max(at) FROM (SELECT * FROM (SELECT queued_at AS at FROM outbox ORDER BY seq DESC LIMIT 1)"
            " UNION ALL SELECT * FROM (SELECT changed_at FROM record INDEXED BY record_accepted"
            " WHERE outlet = ? AND accepted_at IS NOT NULL ORDER BY accepted_at DESC LIMIT 1))",
            (self._outlet,),
        )
        assert webhook is not None
        assert record is not None
        return Heard(webhook_at=webhook[0], record_at=record[0])

    def measured_clock(self, *, offset_ms: int) -> None:
        """How far this machine's clock is ahead of the cloud's."""
        self._set(clock_offset_ms=offset_ms)

    def depart(self, stamp: Stamp) -> int:
        """Note that a request leaves; its number, which is its stamp's."""
        number = self._db.insert(
            "INSERT INTO request_stamp(outlet, wall_ms, monotonic_ms) VALUES (?,?,?)",
            (self._outlet, stamp.wall_ms, stamp.monotonic_ms),
        )
        self._set(flight=number)
        return number

    def land(self, number: int, stamp: Stamp) -> None:
        """Note that a request is answered or given up; stamps too old to count go."""
        self._db.execute(
            "UPDATE request_stamp SET wall_ms = ?, monotonic_ms = ? WHERE id = ?",
            (stamp.wall_ms, stamp.monotonic_ms, number),
        )
        self._db.execute(
            "DELETE FROM request_stamp WHERE outlet = ? AND monotonic_ms < ?",
            (self._outlet, stamp.monotonic_ms - KEPT_STAMPS_MS),
        )
        self._set(flight=None)

    def is_out(self) -> bool:
        """Whether a request is out, or was when the program died."""
        return self._db.row("SELECT 1 FROM outlet WHERE id = ? AND flight IS NOT NULL", (self._outlet,)) is not None

    def stamps(self, stamp: Stamp) -> Sequence[Stamp]:
        """The requests that may still count against the limit, taken over at the start: nothing is out any more.

        What was out when the program died may have been counted there as late as now.
        """
        self._db.execute(
            "UPDATE request_stamp SET wall_ms = ?, monotonic_ms = ?"
            " WHERE id = (SELECT flight FROM outlet WHERE id = ?)",
            (stamp.wall_ms, stamp.monotonic_ms, self._outlet),
        )
        self._set(flight=None)
        rows = self._db.rows("SELECT wall_ms, monotonic_ms FROM request_stamp WHERE outlet = ?", (self._outlet,))
        return [Stamp(*row) for row in rows]

    def counts(self) -> Counts:
        """What waits, by lane and state; amounts in rupiah."""
        rows = self._db.rows("SELECT lane, state, n, amount FROM counter WHERE outlet = ?", (self._outlet,))
        lanes = {lane: sum(n for la, state, n, _ in rows if la == lane and state != DEAD) for lane in Lane}
        states = {wanted: sum(n for _, state, n, _ in rows if state == wanted) for wanted in (BLOCKED, HELD, DEAD)}
        return Counts(
            pending=Pending(high=lanes[Lane.HIGH], medium=lanes[Lane.MEDIUM], low=lanes[Lane.LOW]),
            pending_amount=sum(amount for _, state, _, amount in rows if state != DEAD),
            held=states[HELD],
            blocked=states[BLOCKED],
            dead=states[DEAD],
        )

    def sent_on(self, day: str) -> tuple[int, int]:
        """Records and rupiah accepted on a business day."""
        row = self._db.row("SELECT n, amount FROM sent_day WHERE outlet = ? AND day = ?", (self._outlet, day))
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _set(self, **values: object) -> None:
        columns = ", ".join(f"{name} = ?" for name in values)
        self._db.execute(f"UPDATE outlet SET {columns} WHERE id = ?", (*values.values(), self._outlet))
