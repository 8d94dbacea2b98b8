"""The file itself: made once, migrated with a copy kept, refused where it is not ours to touch."""

import sqlite3
from pathlib import Path

import pytest

from outlet_sync_gui.errors import StoreFailed
from outlet_sync_gui.store.database import FILE_NAME, Database, migrate, open_database, scripts


def version(directory: Path) -> int:
    with sqlite3.connect(directory / FILE_NAME) as connection:
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.close()
    return found


def test_a_new_file_gets_the_latest_version(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    assert version(tmp_path) == len(scripts())


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    before = (tmp_path / FILE_NAME).read_bytes()
    open_database(tmp_path).close()
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_what_a_commit_answered_is_synced(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    assert database.row("PRAGMA synchronous") == (2,)
    assert database.row("PRAGMA journal_mode") == ("wal",)
    database.close()


def test_a_migration_keeps_a_copy_of_what_was(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    database.execute("INSERT INTO outlet(outlet_id) VALUES ('before')")
    migrate(database, [*scripts(), "CREATE TABLE later(id INTEGER PRIMARY KEY);\n"])
    database.close()
    assert version(tmp_path) == len(scripts()) + 1
    (copy,) = (tmp_path / "backups").iterdir()
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT outlet_id FROM outlet").fetchall() == [("before",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(scripts()),)
    connection.close()


def test_a_migration_that_fails_leaves_the_old_version(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(Exception, match="syntax error"):
        migrate(database, [*scripts(), "CREATE TABLE later(id INTEGER);\nCREATE NONSENSE;\n"])
    assert database.rows("SELECT name FROM sqlite_master WHERE name = 'later'") == []
    database.close()
    assert version(tmp_path) == len(scripts())


def test_a_newer_file_is_refused_untouched_with_both_versions(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(StoreFailed) as refused:
        open_database(tmp_path)
    assert refused.value.code == "database_newer"
    assert (refused.value.facts["found"], refused.value.facts["known"]) == (99, len(scripts()))
    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be read" * 200, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_none_of_ours_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(StoreFailed) as refused:
        open_database(tmp_path)
    assert refused.value.code == "database_damaged"
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_a_strangers_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE theirs(id)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(StoreFailed):
        open_database(tmp_path)


def test_a_lock_held_by_another_is_a_known_failure(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    database = Database(tmp_path / FILE_NAME)
    database.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(StoreFailed) as failed, database.write():
        pass
    assert failed.value.code == "database_locked"
    other.execute("ROLLBACK")
    other.close()
    with database.write():
        pass
    database.close()


def test_a_full_disk_is_a_known_failure_and_loses_nothing(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    pages = database.row("PRAGMA page_count")
    assert pages is not None
    database.execute(f"PRAGMA max_page_count = {pages[0]}")
    with pytest.raises(StoreFailed) as failed:
        _fill(database)
    assert failed.value.code == "disk_full"
    assert database.rows("SELECT * FROM outlet") == []
    database.close()


def _fill(database: Database) -> None:
    with database.write():
        database.execute("INSERT INTO outlet(outlet_id) VALUES ('kept out')")
        database.execute_many("INSERT INTO outlet(outlet_id) VALUES (?)", [(f"{n}" * 500,) for n in range(1000)])


def test_a_mistake_of_ours_is_no_failure_of_the_disk(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with pytest.raises(Exception, match="no such column") as bug:
        database.execute("UPDATE outlet SET nonsense = 1")
    assert not isinstance(bug.value, StoreFailed)
    database.close()


def test_the_third_version_keeps_all_that_the_second_held(tmp_path: Path) -> None:
    """Sales and a menu in every state of the line, as the program before it left them."""
    old = Database(tmp_path / FILE_NAME)
    migrate(old, scripts()[:2])
    with old.write():
        old.script(CONTENT)
    before = _rows(old)
    assert all(before.values()), "every table has content"
    old.close()
    new = open_database(tmp_path)
    after = _rows(new, columns={table: _columns(rows) for table, rows in before.items()})
    assert after == before
    assert new.rows("PRAGMA foreign_key_check") == []
    assert new.rows("PRAGMA integrity_check") == [("ok",)]
    assert new.row("SELECT untaken, changes_gone, full_pulled_at, remote_config FROM outlet") == (0, 0, None, None)
    assert new.rows("SELECT DISTINCT ruled_version, cloud_at, deleted_until FROM record") == [(0, None, None)]
    assert new.rows("SELECT question, said_by, reason FROM news") == [(None, None, None)]
    new.close()


CONTENT = """
INSERT INTO outlet(id, outlet_id, cursor, pulled_at, is_paused) VALUES (1, 'O', '2026-01-27T03:30:00Z', 5, 1);
INSERT INTO record(id, outlet, type, local_id, cloud_id, version, digest, base_version, changed_at, is_tried)
  VALUES (1, 1, 'order', 'A1', NULL, 3, 'd1', 2, 7, 1), (2, 1, 'product', 'P1', 'c-1', 4, 'd2', 4, 8, 0),
         (3, 1, 'transaction', 'T1', NULL, 1, 'd3', 0, 9, 0);
INSERT INTO content(record_id, payload, source, base)
  VALUES (1, '{"local_id":"A1"}', NULL, NULL), (2, '{"price":2}', '{"price":1}', '{"price":1}'), (3, '{}', NULL, NULL);
INSERT INTO halt(id, outlet, kind, name, since) VALUES (1, 1, 'alike', 'order', 3);
INSERT INTO outbox(record_id, outlet, lane, state, seq, operation, bytes, amount, queued_at, blocked_by, halt, flight)
  VALUES (1, 1, 0, 4, 1, 'update', 17, 10, 3, NULL, 1, NULL), (2, 1, 1, 3, 2, 'update', 11, 0, 4, NULL, NULL, 9),
         (3, 1, 0, 2, 3, 'create', 2, 0, 5, 1, NULL, NULL);
INSERT INTO sent VALUES (2, 3, 'd0', 0, '{"price":1}', 9);
INSERT INTO news(record_id, action, version, fields, cloud_id, at, heard_at)
  VALUES (2, 'update', 5, '{"price":3}', 'c-1', '2026-01-27T04:00:00Z', 6);
INSERT INTO sent_day VALUES (1, '2026-01-27', 3, 30);
INSERT INTO request_stamp VALUES (9, 1, 1, 2);
INSERT INTO taken VALUES (1, 'order');
INSERT INTO activity(id, outlet, at, what, record_id, who) VALUES (1, 1, 4, 'retried', 1, 'Rina');
"""


def _columns(rows: list[dict[str, object]]) -> list[str]:
    return list(rows[0])


def _rows(database: Database, columns: dict[str, list[str]] | None = None) -> dict[str, list[dict[str, object]]]:
    """All that each table holds, or of each these columns."""
    tables = columns or {row[0]: [] for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    found = {}
    for table, names in tables.items():
        wanted = names or [row[1] for row in database.rows(f"PRAGMA table_info({table})")]
        rows = database.rows(f"SELECT {', '.join(wanted)} FROM {table} ORDER BY 1, 2")
        found[table] = [dict(zip(wanted, row, strict=True)) for row in rows]
    return found
