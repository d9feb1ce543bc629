"""The one SQLite file: opened, locked, migrated; a unit of work that is wholly in or not at all."""

from __future__ import annotations

import fcntl
import functools
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sqlite_utils import Database

from state.errors import StateCorrupt, StateError, StateFull, StateInUse, StateNewer, StateUnwritable
from state.migrations import migrations

__all__ = ["Database", "Lock", "Writer", "connect", "connect_reader", "explained", "nothing_yet", "unit"]

BUSY_MS = 30_000
"""How long a statement waits for another of our own connections to finish writing."""


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn SQLite's errors into StateErrors that say what to do about the file at ``path``."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error


def _explain(error: sqlite3.Error, path: Path | str) -> StateError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StateFull(f"{path}: the disk is full; nothing of this step was kept. Make room and run it again")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StateCorrupt(
            f"{path}: the database is damaged or is not one ({error}); put back a copy, or move it away to start anew"
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StateUnwritable(f"{path}: cannot be opened for writing ({error}); check the folder's permissions")
    if code == sqlite3.SQLITE_IOERR:
        return StateFull(
            f"{path}: the disk refused to read or write ({error}); check its space and health. Nothing of this "
            "step was kept"
        )
    return StateError(f"{path}: {error}")


class Lock:
    """The right to write the database, held by one process at a time and let go by the system when it dies."""

    def __init__(self, path: Path) -> None:
        """Take the lock beside the database at ``path``.

        Raises StateInUse when another process holds it, StateUnwritable when the folder cannot be used.
        """
        place = path.with_name(path.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = place.open("a+", encoding="utf-8")
        except OSError as error:
            msg = f"{path.parent}: cannot be written ({error.strerror}); check the folder and its permissions"
            raise StateUnwritable(msg) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            msg = f"{path} is in use by another benchwatch process ({holder}); stop it first, or ask it in Slack"
            raise StateInUse(msg) from error
        self._note(f"process {os.getpid()}")

    def _note(self, text: str) -> None:
        with suppress(OSError):  # who holds it is a courtesy; the lock itself does not need the disk
            self._file.truncate(0)
            self._file.write(text)
            self._file.flush()

    def release(self) -> None:
        """Let the next process in."""
        self._file.close()


def connect(path: Path, *, migrate: bool = True) -> Database:
    """A connection for writing, migrated to today's shape; the caller's process holds the Lock.

    Without the Lock, as for leaving a decision to the running service, nothing may be migrated: ``migrate`` is then
    False, and a database of another version is refused.

    Raises StateError: unwritable, corrupt, full, or written by a later version.
    """
    with explained(path):
        db = Database(_open(path))
        db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        db.enable_wal()
        later = {step.name for step in migrations.applied(db)} - _names()
        if later:
            msg = f"{path}: written by a later version ({', '.join(sorted(later))}); install that one"
            raise StateNewer(msg)
        if not migrate and migrations.pending(db):
            msg = (
                f"{path}: the process that has it has not brought it up to date; try again in a moment. If that is a "
                "service of an earlier version, stop it, or use its own command"
            )
            raise StateNewer(msg)
        migrations.apply(db)
    return db


@functools.cache
def _names() -> set[str]:
    empty = Database(memory=True)
    try:
        return {step.name for step in migrations.pending(empty)}
    finally:
        empty.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a file that is no database shows here
    return connection


def connect_reader(path: Path) -> Database:
    """A read-only connection: it never waits for a writer and never creates the file.

    Raises StateError when there is no database yet or it cannot be read.
    """
    if not path.exists():
        msg = f"{path}: no database yet; run benchwatch ingest or benchwatch run first"
        raise StateError(msg)
    with explained(path):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        db = Database(connection)
        if {step.name for step in migrations.applied(db)} < _names():
            db.close()
            msg = f"{path}: written by an earlier version; benchwatch run or benchwatch poll brings it up to date"
            raise StateError(msg)
        return db


def nothing_yet() -> Database:
    """An empty database of today's shape, in memory: what is held before the first release."""
    db = Database(memory=True)
    migrations.apply(db)
    return db


@contextmanager
def unit(db: Database, path: Path | str = "database") -> Iterator[None]:
    """One unit of work: everything inside is kept together, or nothing is.

    Begins at once with the right to write (a deferred transaction would fail when another connection has written).
    """
    with explained(path):
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            db.conn.commit()
        except BaseException:
            with suppress(sqlite3.Error):
                db.conn.rollback()
            raise


class Writer:
    """A connection for small units of work from many threads, one after the other, by who holds the Lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = connect(path)
        self._one = threading.Lock()

    @contextmanager
    def unit(self) -> Iterator[Database]:
        """One unit of work; raises StateError when it cannot be kept."""
        with self._one, unit(self._db, self._path):
            yield self._db

    def close(self) -> None:
        """Close the connection."""
        with self._one:
            self._db.close()
