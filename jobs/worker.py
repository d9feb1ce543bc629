"""The process that takes releases in: apart from the one that answers people, so that neither waits for the other."""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import connection, get_context, parent_process

import structlog

from engine.errors import EngineError
from jobs import calendar, publishers
from jobs.deciding import approve, look_again, reject
from jobs.digest import owe_digests
from jobs.errors import JobsError
from jobs.held import owe_failed
from jobs.http import Client
from jobs.logs import configure_logs
from jobs.policy import Policy, policy_from
from jobs.polling import Places, Polled, new_client, poll
from jobs.settings import Settings
from state import ledger
from state.database import Database, connect, unit
from state.errors import StateError

log = structlog.get_logger(__name__)

_NICENESS = 5
"""Answers come before ingest when both want the processor."""


def start_worker(settings: Settings) -> ProcessPoolExecutor:
    """A pool of one process for the work below that ends when its parent does."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_prepare, initargs=(settings,))
    with _without_main():
        pool.submit(_connection, settings)  # so that the libraries are loaded before the first release comes
    return pool


@contextmanager
def _without_main() -> Iterator[None]:
    """Processes begun inside do not import the main module again: Slack and the command line, which they need not."""
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__spec__", "__file__") if hasattr(main, name)}
    main.__spec__ = None
    main.__file__ = None
    try:
        yield
    finally:
        vars(main).update(kept)


_FOLDERS: tuple[Places, ...] = ("folders",)
_ADDRESSES: tuple[Places, ...] = ("addresses",)


def look_folders(settings: Settings) -> Polled:
    """Look at the drop folders once, in the worker."""
    return poll(_connection(settings), settings, _policy(settings), client=_client(settings), places=_FOLDERS)


def look_addresses(settings: Settings) -> Polled:
    """Look at the addresses once, in the worker."""
    return poll(_connection(settings), settings, _policy(settings), client=_client(settings), places=_ADDRESSES)


def take_in(settings: Settings, item: publishers.Item) -> Polled:
    """Take in what a look at a publisher brought, in the worker."""
    return publishers.take_in(_connection(settings), settings, _policy(settings), item, datetime.now(UTC))


def keep_calendar(settings: Settings, seen: tuple[calendar.Seen, ...]) -> None:
    """Keep what the release calendars announce, and tell what has become overdue, in the worker."""
    calendar.keep(_connection(settings), settings, _policy(settings), seen, datetime.now(UTC))


def make_digests(settings: Settings) -> int:
    """Owe the digests that are due, in the worker; returns how many."""
    db = _connection(settings)
    with unit(db, settings.state.path):
        return owe_digests(db, settings, _policy(settings), datetime.now(UTC))


def carry_out_decisions(settings: Settings) -> int:
    """Carry out the decisions left in the database, in the worker; returns how many there were."""
    db = _connection(settings)
    waiting = ledger.open_decisions(db)
    for decision in waiting:
        failed = ""
        try:
            _carry_out(db, settings, decision)
        except StateError:
            raise
        except Exception as error:  # a decision that fails is answered once, not tried for ever
            failed = str(error) if isinstance(error, JobsError | EngineError) else f"failed: {type(error).__name__}"
            log.warning("decision not carried out", release=decision.release, reason=failed, exc_info=error)
        with unit(db, settings.state.path):
            ledger.close_decision(db, decision.id, failed or "done")
            if failed:
                owe_failed(db, decision, outcome=failed, now=datetime.now(UTC))
    return len(waiting)


def _carry_out(db: Database, settings: Settings, decision: ledger.Decision) -> None:
    now, path = datetime.now(UTC), settings.state.path
    if decision.verdict == "approve":
        approve(db, decision, _policy(settings), now=now, path=path)
    elif decision.verdict == "look":
        look_again(db, decision, _policy(settings), now=now, path=path)
    else:
        reject(db, decision, now=now, path=path)


@functools.cache
def _connection(settings: Settings) -> Database:
    return connect(settings.state.path)


@functools.cache
def _client(settings: Settings) -> Client:
    return new_client(settings)


@functools.cache
def _policy(settings: Settings) -> Policy:
    return policy_from(settings)


def _prepare(settings: Settings) -> None:
    configure_logs(settings.logs.level, settings.logs.format)
    os.nice(_NICENESS)
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group: the parent lets the work be finished
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Die at once when the parent has died: an orphan must not hold the database against the next service."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
