"""A disk under the real store that is watched, and breaks when told: SQLite's own file layer, through APSW.

`with Disk() as disk:` puts it under every database that the store opens meanwhile.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import apsw
import peewee

from outlet_sync_gui.store.database import PRAGMAS

CHECKPOINT_PAGES = 1000  # as SQLite has it
HALF = 512  # what a failing write leaves behind: a sector's edge in its middle
# The same words as the standard library's module has for them.
TEXTS: Mapping[type[apsw.Error], tuple[type[sqlite3.Error], str]] = {
    apsw.FullError: (sqlite3.OperationalError, "database or disk is full"),
    apsw.IOError: (sqlite3.OperationalError, "disk I/O error"),
    apsw.BusyError: (sqlite3.OperationalError, "database is locked"),
    apsw.ReadOnlyError: (sqlite3.OperationalError, "attempt to write a readonly database"),
    apsw.CantOpenError: (sqlite3.OperationalError, "unable to open database file"),
    apsw.CorruptError: (sqlite3.DatabaseError, "database disk image is malformed"),
    apsw.NotADBError: (sqlite3.DatabaseError, "file is not a database"),
    apsw.ConstraintError: (sqlite3.IntegrityError, ""),
}


class Did(StrEnum):
    """What SQLite asks of a disk."""

    WRITE = "write"
    CUT = "cut"  # to a length
    SYNC = "sync"
    MAKE = "make"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Op:
    """One request to the disk. `at` is an offset or a length; a DELETE's is 1 where its folder was synced."""

    did: Did
    file: str
    at: int = 0
    data: bytes = b""


@dataclass(slots=True)
class Fault:
    """From the n-th write, cut or sync on (counted from 0) every one fails, or that one alone.

    `room` instead: what makes the files together longer than this does not fit, as on a disk of that size.
    """

    full: bool
    since: int | None = None
    is_once: bool = False
    room: int | None = None
    hits: int = 0

    def strikes(self, count: int, op: Op, lengths: Mapping[str, int]) -> bool:
        """Whether this request fails."""
        if self.room is not None:
            longer = op.at + len(op.data) - lengths.get(op.file, 0)
            struck = op.did is Did.WRITE and longer > 0 and sum(lengths.values()) + longer > self.room
        else:
            assert self.since is not None
            struck = count == self.since if self.is_once else count >= self.since
        self.hits += struck
        return struck

    @property
    def error(self) -> apsw.Error:
        """As SQLite gets it."""
        return apsw.FullError("full") if self.full else apsw.IOError("i/o")


@dataclass(slots=True)
class Disk:
    """Keeps what went by in `log`, and breaks while `fault` is set."""

    checkpoint_pages: int = CHECKPOINT_PAGES
    on_commit: Callable[[apsw.Connection], None] = lambda _: None
    log: list[Op] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)
    count: int = 0  # writes, cuts and syncs
    most: int = 0  # bytes that all files together ever took
    fault: Fault | None = None
    _under: Any = None
    _layer: Any = None

    def __enter__(self) -> Self:
        self._layer = _Layer(self)
        self._under = patch.object(peewee.SqliteDatabase, "_connect", self._connect())
        self._under.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._under.__exit__(None, None, None)
        self._layer.unregister()

    @property
    def size(self) -> int:
        """Bytes that all files take."""
        return sum(self.lengths.values())

    def meets(self, op: Op) -> apsw.Error | None:
        """A write, cut or sync is asked for; why it fails, if it does."""
        count, self.count = self.count, self.count + 1
        if self.fault is not None and self.fault.strikes(count, op, self.lengths):
            return self.fault.error
        self.did(op)
        return None

    def did(self, op: Op) -> None:
        """Note what was done."""
        self.log.append(op)
        match op.did:
            case Did.WRITE:
                self.lengths[op.file] = max(self.lengths.get(op.file, 0), op.at + len(op.data))
                self.most = max(self.most, self.size)
            case Did.CUT:
                self.lengths[op.file] = op.at
            case Did.DELETE:
                self.lengths.pop(op.file, None)

    def _connect(self) -> Callable[[peewee.SqliteDatabase], "Connection"]:
        """In the place of peewee's own: the store's pragmas over our file layer."""

        def connect(database: peewee.SqliteDatabase) -> "Connection":
            connection = Connection(self, str(database.database), self._layer.vfs_name)
            try:
                for name, value in PRAGMAS.items():
                    connection.execute(f"PRAGMA {name} = {value}")
            except BaseException:
                connection.close()
                raise
            return connection

        return connect


class _Layer(apsw.VFS):
    """SQLite's file layer with the disk in its way."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.vfs_name = f"watched-{id(disk)}"
        super().__init__(self.vfs_name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None:
            return apsw.VFSFile("", name, flags)  # temporary: no power cut brings it back
        is_new = not Path(path).exists()
        file = _File(self._disk, Path(path).name, name, flags)
        if is_new:
            self._disk.did(Op(Did.MAKE, Path(path).name))
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._disk.did(Op(Did.DELETE, Path(filename).name, at=int(syncdir)))


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, file: str, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._file = file
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        if (error := self._disk.meets(Op(Did.WRITE, self._file, offset, bytes(data)))) is not None:
            begun = bytes(data[: len(data) // 2 // HALF * HALF])
            if begun and self._fits(offset, begun):
                super().xWrite(begun, offset)
                self._disk.did(Op(Did.WRITE, self._file, offset, begun))
            raise error
        super().xWrite(data, offset)

    def _fits(self, offset: int, begun: bytes) -> bool:
        """Whether there is room for the beginning at least."""
        room = self._disk.fault.room if self._disk.fault else None
        longer = max(0, offset + len(begun) - self._disk.lengths.get(self._file, 0))
        return room is None or self._disk.size + longer <= room

    def xTruncate(self, newsize: int) -> None:
        if (error := self._disk.meets(Op(Did.CUT, self._file, newsize))) is not None:
            raise error
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        if (error := self._disk.meets(Op(Did.SYNC, self._file))) is not None:
            raise error
        super().xSync(flags)


@dataclass(frozen=True, slots=True)
class Result:
    """What the store reads of a cursor; no cursor stays open."""

    rowcount: int
    lastrowid: int
    _rows: list[Any]

    def fetchall(self) -> list[Any]:
        """All rows."""
        return self._rows


class Connection:
    """As much of sqlite3.Connection as the store uses, over APSW: it and its errors look like the real one's."""

    def __init__(self, disk: Disk, path: str, layer: str) -> None:
        self._disk = disk
        with _translated():
            self._apsw = apsw.Connection(path, vfs=layer)
        self._apsw.set_wal_hook(self._checkpoint)
        self._seen_changes = 0

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        return self._apsw.in_transaction

    def execute(self, sql: str, values: Sequence[object] = ()) -> Result:
        """Run one statement."""
        was_open = self._apsw.in_transaction
        with _translated():
            rows = self._apsw.execute(sql, tuple(values)).fetchall()
        return self._done(rows, has_ended=was_open)

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> Result:
        """Run one statement for each of these."""
        with _translated():
            self._apsw.executemany(sql, map(tuple, rows)).fetchall()
        return self._done([], has_ended=False)

    def close(self) -> None:
        """Give it back. A checkpoint that fails at the end is no error to SQLite, so it is none here."""
        if self._disk.fault is None:
            self._apsw.close()
            return
        try:
            self._apsw.close()
        except (apsw.FullError, apsw.IOError):
            assert self._disk.fault.hits

    def _done(self, rows: list[Any], *, has_ended: bool) -> Result:
        total = self._apsw.total_changes()
        if not self._apsw.in_transaction and (has_ended or total != self._seen_changes):
            self._seen_changes = total
            self._disk.on_commit(self._apsw)
        return Result(self._apsw.changes(), self._apsw.last_insert_rowid(), rows)

    def _checkpoint(self, connection: apsw.Connection, name: str, pages: int) -> int:
        """SQLite's own hook: what fails in here fails quietly, for the commit is done (APSW would raise it)."""
        if pages >= self._disk.checkpoint_pages:
            try:
                connection.wal_checkpoint(name, apsw.SQLITE_CHECKPOINT_PASSIVE)
            except (apsw.FullError, apsw.IOError):
                assert self._disk.fault is not None
        return apsw.SQLITE_OK


@contextmanager
def _translated() -> Iterator[None]:
    """The standard library's errors for APSW's."""
    try:
        yield
    except apsw.Error as error:
        known = next((TEXTS[kind] for kind in TEXTS if isinstance(error, kind)), None)
        wanted, text = known or (sqlite3.OperationalError, "")
        raise wanted(text or str(error)) from error
