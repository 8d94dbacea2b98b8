"""Long queues, made once."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.benchmarks.measure import MILLION, copied, orders, paid_orders, queue_up, seconds, tell, wire

HUNDRED_THOUSAND = 100_000


@pytest.fixture(scope="session")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A million records, sales with their payments, in the line. Never to be opened: copy it."""
    directory = tmp_path_factory.mktemp("million")
    took = seconds(lambda: queue_up(directory, paid_orders(MILLION)))
    tell("a million records taken in, 200 a transaction", f"{MILLION / took:,.0f}/s", "-", "-", "-")
    return directory


@pytest.fixture
def million_copy(million: Path, tmp_path: Path) -> Iterator[Path]:
    """The million for one test; a gigabyte that goes with it."""
    yield copied(million, tmp_path / "million")
    shutil.rmtree(tmp_path / "million")


@pytest.fixture(scope="session")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100,000 orders in the line."""
    return queue_up(tmp_path_factory.mktemp("sales"), orders(HUNDRED_THOUSAND))


@pytest.fixture(scope="session")
def paid_sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100,000 records in the line, half of them orders, each followed by its payment."""
    return queue_up(tmp_path_factory.mktemp("paid"), paid_orders(HUNDRED_THOUSAND))


@pytest.fixture(scope="session")
def bare_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same 100,000 orders as a bare loop keeps them: a number and the wire's own text."""
    file = tmp_path_factory.mktemp("bare") / "bare.db"
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = wal")
    database.execute("CREATE TABLE row(id INTEGER PRIMARY KEY, payload TEXT)")
    database.executemany("INSERT INTO row(payload) VALUES (?)", ((wire(sale),) for sale in orders(HUNDRED_THOUSAND)))
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return file
