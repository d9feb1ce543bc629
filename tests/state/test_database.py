"""The one SQLite file: its shape, its units of work, and who waits for whom."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database, Migrations

from state import sources
from state.database import Lock, connect, connect_reader, nothing_yet, unit
from state.errors import StateCorrupt, StateError, StateInUse, StateNewer, StateUnwritable
from state.migrations import first_tables, migrations


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "benchwatch.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    db = connect(path)
    yield db
    db.close()


def tables(db: Database) -> dict[str, str]:
    return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))


def test_migrations_apply_once_and_opening_again_changes_nothing(path: Path) -> None:
    first = connect(path)
    shape, applied = tables(first), list(first.execute("SELECT name, applied_at FROM _sqlite_migrations"))
    first.close()
    again = connect(path)
    assert (tables(again), list(again.execute("SELECT name, applied_at FROM _sqlite_migrations"))) == (shape, applied)
    assert migrations.pending(again) == []
    migrations.apply(again)
    assert tables(again) == shape
    again.close()


def test_every_table_of_ours_is_strict(db: Database) -> None:
    strict = dict(db.execute("SELECT name, strict FROM pragma_table_list WHERE type = 'table'"))
    ours = [name for name in tables(db) if not name.startswith(("_", "sqlite_"))]
    assert len(ours) > 15
    assert [name for name in ours if not strict[name]] == []


def test_a_value_of_another_type_is_refused(db: Database) -> None:
    with pytest.raises(StateError, match="cannot store TEXT value in REAL column"), unit(db):
        db.execute("INSERT INTO observations VALUES (1, 1, 'n/a', 0, NULL, NULL)")
    with pytest.raises(StateError, match="cannot store BLOB value in INTEGER column"), unit(db):
        db.execute("INSERT INTO observations VALUES (1, 1, 1.5, ?, NULL, NULL)", [np.int64(7)])


def test_a_unit_of_work_is_kept_whole(db: Database, path: Path) -> None:
    with unit(db, path):
        db.execute("INSERT INTO areas VALUES (1, 'E1')")
        db.execute("INSERT INTO areas VALUES (2, 'E2')")
    assert list(db.execute("SELECT id FROM areas")) == [(1,), (2,)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, sqlite3.OperationalError])
def test_a_unit_of_work_that_fails_leaves_nothing(db: Database, path: Path, error: type[BaseException]) -> None:
    expected = StateError if issubclass(error, sqlite3.Error) else error

    def work() -> None:
        with unit(db, path):
            db.execute("INSERT INTO areas VALUES (1, 'E1')")
            db.conn.executemany("INSERT INTO areas VALUES (?, ?)", [(2, "E2"), (3, "E3")])
            raise error

    with pytest.raises(expected):
        work()
    assert list(db.execute("SELECT id FROM areas")) == []
    with unit(db, path):
        db.execute("INSERT INTO areas VALUES (1, 'E1')")


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(db: Database, path: Path) -> None:
    with unit(db, path):
        db.execute("INSERT INTO areas VALUES (1, 'E1')")
        reader = connect_reader(path)
        reader.execute("PRAGMA busy_timeout = 0")
        assert list(reader.execute("SELECT * FROM areas")) == []
        reader.close()


def test_a_reader_cannot_write(db: Database, path: Path) -> None:
    reader = connect_reader(path)
    with pytest.raises(sqlite3.OperationalError, match=r"readonly|read-only"):
        reader.execute("INSERT INTO areas VALUES (1, 'E1')")
    reader.close()


def test_a_reader_makes_no_database(path: Path) -> None:
    with pytest.raises(StateError, match="no database yet"):
        connect_reader(path)
    assert not path.exists()


def test_a_second_writer_of_the_same_process_waits_its_turn(db: Database, path: Path) -> None:
    second = connect(path)
    second.execute("PRAGMA busy_timeout = 0")
    with unit(db, path), pytest.raises(StateError, match="locked"), unit(second, path):
        pytest.fail("both had the right to write")
    with unit(second, path):
        second.execute("INSERT INTO areas VALUES (1, 'E1')")
    second.close()


def hold(path: Path, held: multiprocessing.synchronize.Event, stop: multiprocessing.synchronize.Event) -> None:
    lock = Lock(path)
    held.set()
    stop.wait(30)
    lock.release()


def test_the_lock_is_held_by_one_process_and_free_again_when_it_is_killed(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    held, stop = context.Event(), context.Event()
    process = context.Process(target=hold, args=(path, held, stop))
    process.start()
    assert held.wait(10)
    with pytest.raises(StateInUse, match=rf"in use by another benchwatch process \(process {process.pid}\)"):
        Lock(path)
    process.kill()
    process.join()
    Lock(path).release()


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder", encoding="utf-8")
    with pytest.raises(StateUnwritable, match="check the folder and its permissions"):
        Lock(tmp_path / "state" / "benchwatch.db")


def test_a_file_that_is_no_database_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"a letter to my council\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StateCorrupt, match="move it away to start anew"):
        connect(path)
    assert path.read_bytes() == before


def written_by_the_first_version(path: Path) -> None:
    """A database as version 0.1 left it, with something in each table that has changed since."""
    db = Database(sqlite3.connect(path))
    first = Migrations("benchwatch")
    first(name="first_tables")(first_tables)
    first.apply(db)
    db.execute("INSERT INTO sources VALUES ('file', 'drop', '1:2', 3)")
    db.execute(
        "INSERT INTO releases (source, name, identity, published, received, status, rows, bad_rows) "
        "VALUES ('file', 'a.csv', 'x', '2025-01-01', '2025-01-02T09:30:00', 'accepted', 1, 0)"
    )
    db.conn.commit()
    db.close()


def test_a_database_by_an_earlier_version_is_brought_up_to_date_and_keeps_what_it_holds(path: Path) -> None:
    written_by_the_first_version(path)
    db = connect(path)
    assert tables(db) == tables(connect(path.with_name("new.db")))
    assert sources.places(db, "file") == {"drop": sources.Place(mark="1:2", failures=3)}
    assert sources.last_releases(db, "file") == {"": ("a.csv", "2025-01-01", "")}
    db.close()


def test_nothing_is_read_from_a_database_by_an_earlier_version(path: Path) -> None:
    written_by_the_first_version(path)
    with pytest.raises(StateError, match="written by an earlier version; benchwatch run or benchwatch poll brings it"):
        connect_reader(path)


def test_before_the_first_release_there_is_an_empty_database_of_the_same_shape(db: Database) -> None:
    nothing = nothing_yet()
    assert tables(nothing) == tables(db)
    nothing.close()


def test_a_database_by_a_later_version_is_refused(db: Database, path: Path) -> None:
    with unit(db, path):
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('benchwatch', 'later', '')"
        )
    with pytest.raises(StateNewer, match=r"written by a later version \(later\); install that one"):
        connect(path)
