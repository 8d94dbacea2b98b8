"""The SQLite file: opening, migrating, transactions, and foreign errors translated once.

WAL with synchronous=FULL: a commit that returned survives a power cut. Writers take BEGIN IMMEDIATE, because reading
first under a deferred transaction dies with "database is locked" in spite of a busy time-out.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import peewee

from outlet_sync_gui.errors import StoreFailed

FILE_NAME = "outlet-sync.db"
APPLICATION_ID = 0x0A17E7  # "outlet": tells our file from a stranger's
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "busy_timeout": 2000,
    "journal_size_limit": 64 * 1024 * 1024,
}
Row = tuple[Any, ...]  # a row of any query: sqlite knows no types before it runs


class Database:
    """One connection of one thread. Every method raises StoreFailed for what the disk or the file does."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with translated(file):
            self._db = peewee.SqliteDatabase(str(file), pragmas=PRAGMAS, autoconnect=False, check_same_thread=False)
            self._db.connect()
            # Statements go to the connection itself: peewee's way there costs more than most of them.
            self._connection: sqlite3.Connection = self._db.connection()

    def close(self) -> None:
        """Give the connection back; a second call does nothing."""
        with translated(self.file):
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """One immediate transaction: all of it is on disk afterwards, or nothing. Nested: part of the outer one."""
        if self._connection.in_transaction:
            yield
            return
        with translated(self.file):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                # A full disk has rolled back already: rolling back again would hide why.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def read(self) -> Iterator[None]:
        """Let everything that is read be of one moment, whatever others write meanwhile. Nested: the outer one's."""
        if self._connection.in_transaction:
            yield
            return
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.execute("ROLLBACK")

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the open transaction: after an error nothing of it holds, and the rest may go on."""
        self.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled back all of it already
                self.execute("ROLLBACK TO part")
                self.execute("RELEASE part")
            raise
        self.execute("RELEASE part")

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        try:
            return self._connection.execute(sql, values).rowcount
        except sqlite3.Error as error:
            _fail(error, self.file)

    def insert(self, sql: str, values: Sequence[object]) -> int:
        """Run one INSERT; the new row's id."""
        try:
            return int(self._connection.execute(sql, values).lastrowid or 0)
        except sqlite3.Error as error:
            _fail(error, self.file)

    def execute_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run one statement for many rows (a `save()` each was 40 times slower)."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            _fail(error, self.file)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query; no cursor stays open (an open one keeps the WAL growing)."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            _fail(error, self.file)

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def check(self) -> None:
        """Read the whole file. Raises StoreFailed(database_damaged)."""
        if self.row("PRAGMA quick_check") != ("ok",):
            raise StoreFailed("database_damaged", {"path": str(self.file)})

    def script(self, sql: str) -> None:
        """Run several statements inside the transaction that is open."""
        for statement in _statements(sql):
            self.execute(statement)


After = Mapping[int, Callable[[Database], None]]
NOTHING: After = MappingProxyType({})


def open_database(directory: Path, after: After = NOTHING) -> Database:
    """Open the data directory's database; make or migrate it first, as `migrate` does. Raises StoreFailed."""
    database = Database(directory / FILE_NAME)
    try:
        migrate(database, scripts(), after)
    except BaseException:
        database.close()
        raise
    return database


def scripts() -> list[str]:
    """The migrations in order; the n-th brings a database from version n-1 to n."""
    folder = files("outlet_sync_gui.store") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def migrate(database: Database, scripts: Sequence[str], after: After = NOTHING) -> None:
    """Bring the schema up to date, a copy kept first; `after` the n-th script, what SQL alone can't do.

    Raises StoreFailed(database_newer, database_damaged).
    """
    found = _version(database, len(scripts))
    if found == len(scripts):
        return
    if found > 0:
        _back_up(database, found)
    with database.write():
        found = _version(database, len(scripts))  # under the lock: another process may just have done it
        for version, script in enumerate(scripts[found:], start=found + 1):
            database.script(script)
            if version in after:
                after[version](database)
        database.execute(f"PRAGMA user_version = {len(scripts)}")
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _version(database: Database, known: int) -> int:
    found = int((database.row("PRAGMA user_version") or (0,))[0])
    application = int((database.row("PRAGMA application_id") or (0,))[0])
    if found > known:
        raise StoreFailed("database_newer", {"path": str(database.file), "found": found, "known": known})
    if found > 0 and application != APPLICATION_ID:
        raise StoreFailed("database_damaged", {"path": str(database.file)})
    return found


def _back_up(database: Database, version: int) -> None:
    folder = database.file.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"before-version-{version + 1}.db"
    target.unlink(missing_ok=True)
    database.execute("VACUUM INTO ?", (str(target),))


def _statements(sql: str) -> Iterator[str]:
    """Split a script; a trigger's body holds semicolons, so ask SQLite where a statement ends."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""


@contextmanager
def translated(file: Path) -> Iterator[None]:
    """Turn SQLite's and peewee's errors into StoreFailed, sorted by what a person can do about them."""
    try:
        yield
    except (peewee.PeeweeException, sqlite3.Error) as error:
        _fail(error, file)


def _fail(error: Exception, file: Path) -> NoReturn:
    code = _code_of(error)
    if code is None:
        raise error  # our own mistake: a bug, not the disk's doing
    raise StoreFailed(code, {"path": str(file), "why": str(error)}) from error


def _code_of(error: Exception) -> str | None:
    text = str(error).lower()
    codes = (
        ("full", "disk_full"),
        ("readonly", "read_only"),
        ("locked", "database_locked"),
        ("busy", "database_locked"),
        ("unable to open", "data_dir_unwritable"),
        ("malformed", "database_damaged"),
        ("not a database", "database_damaged"),
        ("disk i/o", "disk_failed"),
    )
    return next((code for words, code in codes if words in text), None)
