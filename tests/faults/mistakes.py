"""Mistakes planted into a process of the real program, to prove that who looks for them finds them."""

import atexit
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from tests.fakes import program

from outlet_sync_gui.__main__ import main
from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.store.database import Database
from outlet_sync_gui.store.messages import Messages
from outlet_sync_gui.store.outbox import Outbox, Parcel
from outlet_sync_gui.store.outlet import OutletRow, Stamp
from outlet_sync_gui.sync.clock import iso, to_ms
from outlet_sync_gui.sync.pull import OVERLAP_MS, Application

Plant = Callable[[], None]


def program_with(plant: Plant | None) -> Sequence[str]:
    """The program as a process of its own, with a mistake in it or none."""
    if plant is None:
        return program()
    return [sys.executable, "-c", f"from {__name__} import {main.__name__}, {plant.__name__} as plant; plant(); main()"]


def answers_before_it_is_on_disk() -> None:
    """The transaction ends when the process does, after its answer."""

    @contextmanager
    def write(self: Database) -> Iterator[None]:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
            atexit.register(self._connection.execute, "COMMIT")
        yield

    Database.write = write  # type: ignore[method-assign]  # a mistake, planted
    Database.close = lambda self: None  # type: ignore[method-assign]  # noqa: ARG005 - named as in the class


def stores_a_record_apart_from_its_place_in_the_line() -> None:
    """Each statement is a transaction of its own."""

    @contextmanager
    def write(self: Database) -> Iterator[None]:
        yield

    Database.write = write  # type: ignore[method-assign]  # a mistake, planted


def counts_as_sent_what_leaves() -> None:
    """The rows end as the request leaves, before its answer."""
    depart = Outbox.depart

    def hopeful(self: Outbox, parcels: Sequence[Parcel], *, flight: int) -> None:
        depart(self, parcels, flight=flight)
        for parcel in parcels:
            self._db.execute("DELETE FROM outbox WHERE record_id = ?", (parcel.record_id,))

    Outbox.depart = hopeful  # type: ignore[method-assign]  # a mistake, planted


def forgets_that_a_request_is_out() -> None:
    """A request is noted when it is answered."""
    depart, land = OutletRow.depart, OutletRow.land

    def leave(self: OutletRow, stamp: Any) -> int:
        number = depart(self, stamp)
        self._db.execute("DELETE FROM request_stamp WHERE id = ?", (number,))
        return number

    def answered(self: OutletRow, number: int, stamp: Any) -> None:
        depart(self, stamp)
        land(self, number, stamp)

    OutletRow.depart = leave  # type: ignore[method-assign]  # a mistake, planted
    OutletRow.land = answered  # type: ignore[method-assign]  # a mistake, planted


def ends_what_was_out() -> None:
    """What was out when the program died counts as sent at the next start."""
    _at_start("DELETE FROM outbox WHERE flight = (SELECT flight FROM outlet WHERE id = ?)")


def leaves_what_was_out_to_a_person() -> None:
    """What was out when the program died counts as refused at the next start."""
    _at_start("UPDATE outbox SET state = 4 WHERE flight = (SELECT flight FROM outlet WHERE id = ?)")


def _at_start(statement: str) -> None:
    stamps = OutletRow.stamps

    def hasty(self: OutletRow, stamp: Stamp) -> Sequence[Stamp]:
        self._db.execute(statement, (self._outlet,))
        return stamps(self, stamp)

    OutletRow.stamps = hasty  # type: ignore[method-assign]  # a mistake, planted


def takes_a_failed_write_for_done() -> None:
    """Nobody hears that the disk did not take it."""
    write = Database.write

    @contextmanager
    def deaf(self: Database) -> Iterator[None]:
        with suppress(StoreFailed), write(self):
            yield

    Database.write = deaf  # type: ignore[method-assign]  # a mistake, planted


def moves_the_cursor_before_the_news_are_stored() -> None:
    """Where it stands, and what it covers, in two transactions; so late that no overlap brings them again."""
    begin = Application.begin

    def hasty(self: Application, *, now_ms: int) -> bool:
        cursor = iso(to_ms(self.updates.checkpoint) + OVERLAP_MS)
        with self.store.write():
            self.store.outlet.pulled(cursor=cursor, at_ms=now_ms, is_full=False)
        return begin(self, now_ms=now_ms)

    Application.begin = hasty  # type: ignore[method-assign]  # a mistake, planted


def remembers_a_letter_before_its_effect() -> None:
    """In two transactions: what is killed between them counts as heard."""
    answer_to = Messages.answer_to

    def hasty(self: Messages, digest: str) -> str | None:
        answer = answer_to(self, digest)
        if answer is None:
            message = "Noted" if digest.startswith("conflict") else "Update applied successfully"
            guess = json.dumps({"message": message, "local_version": None, "applied_at": ""})
            self._db.execute("INSERT INTO webhook VALUES (?,?,0,?)", (self._outlet, digest, guess))
            _commit_and_begin(self._db)
        return answer

    def complete(self: Messages, digest: str, answer: str, *, now_ms: int) -> None:
        self._db.execute("UPDATE webhook SET answer = ?, at = ? WHERE digest = ?", (answer, now_ms, digest))

    Messages.answer_to = hasty  # type: ignore[method-assign]  # a mistake, planted
    Messages.remember = complete  # type: ignore[method-assign]  # a mistake, planted


def remembers_a_letter_after_its_effect() -> None:
    """In two transactions: what is killed between them is heard twice."""
    remember = Messages.remember

    def late(self: Messages, digest: str, answer: str, *, now_ms: int) -> None:
        _commit_and_begin(self._db)
        remember(self, digest, answer, now_ms=now_ms)

    Messages.remember = late  # type: ignore[method-assign]  # a mistake, planted


def answers_a_letter_before_it_is_on_disk() -> None:
    """Its transaction ends when the next one begins."""
    remember, late, inside = Messages.remember, set[Database](), set[Database]()

    def remembered(self: Messages, digest: str, answer: str, *, now_ms: int) -> None:
        remember(self, digest, answer, now_ms=now_ms)
        late.add(self._db)

    @contextmanager
    def write(self: Database) -> Iterator[None]:
        if self in inside:
            yield
            return
        if self in late:
            late.discard(self)
            self.execute("COMMIT")
        self.execute("BEGIN IMMEDIATE")
        inside.add(self)
        yield
        inside.discard(self)
        if self not in late:
            self.execute("COMMIT")

    Messages.remember = remembered  # type: ignore[method-assign]  # a mistake, planted
    Database.write = write  # type: ignore[method-assign]  # a mistake, planted


def _commit_and_begin(database: Database) -> None:
    database.execute("COMMIT")
    database.rows("PRAGMA wal_checkpoint(TRUNCATE)")  # it takes its time, in which a kill may come
    database.execute("BEGIN IMMEDIATE")
    database.execute("SAVEPOINT part")  # for what thinks that it is in one still
