"""Durable state. peewee and SQL stay in here; rules get and give frozen values and JSON texts."""

from contextlib import AbstractContextManager
from pathlib import Path

from outlet_sync_gui import settings
from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.settings import Loaded
from outlet_sync_gui.store import sales
from outlet_sync_gui.store.activity import Activity
from outlet_sync_gui.store.changes import Changes
from outlet_sync_gui.store.conflicts import Conflicts
from outlet_sync_gui.store.database import FILE_NAME, Database, open_database
from outlet_sync_gui.store.findings import Findings
from outlet_sync_gui.store.halts import Halts
from outlet_sync_gui.store.history import History
from outlet_sync_gui.store.messages import Messages
from outlet_sync_gui.store.news import News
from outlet_sync_gui.store.outbox import Outbox
from outlet_sync_gui.store.outlet import OutletRow
from outlet_sync_gui.store.questions import Questions
from outlet_sync_gui.store.records import Records
from outlet_sync_gui.store.refusals import Refusals
from outlet_sync_gui.store.sales import Sales
from outlet_sync_gui.store.views import Views


class Store:
    """One outlet's state over one connection, for the thread that opened it. Methods raise StoreFailed."""

    def __init__(self, database: Database, outlet_id: str) -> None:
        self._db = database
        outlet = _outlet(database, outlet_id)
        self.records = Records(database, outlet)
        self.outbox = Outbox(database, outlet)
        self.outlet = OutletRow(database, outlet)
        self.news = News(database, outlet)
        self.conflicts = Conflicts(database, outlet)
        self.changes = Changes(database, outlet)
        self.questions = Questions(database, outlet)
        self.messages = Messages(database, outlet)
        self.halts = Halts(database, outlet)
        self.activity = Activity(database, outlet)
        self.views = Views(database, outlet)
        self.sales = Sales(database, outlet)
        self.refusals = Refusals(database, outlet)
        self.history = History(database, outlet)
        self.findings = Findings(database, outlet)

    def write(self) -> AbstractContextManager[None]:
        """One immediate transaction: on disk when it ends, or nothing of it."""
        return self._db.write()

    def read(self) -> AbstractContextManager[None]:
        """Everything that is read inside is of one moment; short, for it keeps the log of changes growing."""
        return self._db.read()

    def part(self) -> AbstractContextManager[None]:
        """A part of the open transaction: after an error nothing of it holds, and the rest may go on."""
        return self._db.part()

    def check(self) -> None:
        """Read the whole file. Raises StoreFailed(database_damaged) where a page is not as it should be."""
        self._db.check()

    def close(self) -> None:
        """Give the connection back."""
        self._db.close()


def open_store(directory: Path, outlet_id: str) -> Store:
    """Open, or make, the state of an outlet in a data directory. Raises StoreFailed."""
    database = open_database(directory, {5: sales.fill})  # figures of the sales that are already here
    try:
        return Store(database, outlet_id)
    except BaseException:
        database.close()
        raise


def load_settings(directory: Path) -> Loaded:
    """The settings in force, with what headquarters sent. Raises SettingsInvalid.

    A store that can't be read is whoever's trouble who needs it: then headquarters' settings are left out.
    """
    loaded = settings.load(directory)
    if not loaded.settings.outlet_id or not (directory / FILE_NAME).exists():
        return loaded
    try:
        store = open_store(directory, loaded.settings.outlet_id)
    except StoreFailed:
        return loaded
    try:
        return with_remote(directory, store)
    finally:
        store.close()


def with_remote(directory: Path, store: Store) -> Loaded:
    """The settings in force of an outlet whose store is open. Raises SettingsInvalid, StoreFailed."""
    return settings.load(directory, remote=store.outlet.remote_settings())


def _outlet(database: Database, outlet_id: str) -> int:
    row = database.row("SELECT id FROM outlet WHERE outlet_id = ?", (outlet_id,))
    if row is not None:
        return int(row[0])
    with database.write():
        database.execute("INSERT INTO outlet(outlet_id) VALUES (?) ON CONFLICT DO NOTHING", (outlet_id,))
    found = database.row("SELECT id FROM outlet WHERE outlet_id = ?", (outlet_id,))
    assert found is not None
    return int(found[0])
