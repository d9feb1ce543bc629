"""Looking at the sources once: what is new goes through the pipeline, what fails is said once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

from engine.errors import EngineError
from jobs.errors import SourceError
from jobs.http import shown
from jobs.notices import SourceNotice
from jobs.pipeline import Outcome, Raw, ingest
from jobs.policy import Policy
from jobs.settings import Settings
from jobs.sources import file
from jobs.telling import owe_refused, owe_source
from state import ledger
from state.database import Database, unit
from state.errors import StateError

log = structlog.get_logger(__name__)

FAILURES_TOLD = 3
"""Failures in a row before the ops channel hears of a source."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file or address that could not be taken, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look at the sources brought."""

    outcomes: tuple[Outcome, ...]
    refusals: tuple[Refusal, ...]


Seen = Mapping[str, tuple[str, int]]


def folders_want_a_look(settings: Settings, seen: Seen, now: datetime) -> bool:
    """Whether a drop folder holds a new file, stopped being readable or is readable again: cheap, reads no file."""
    for folder in folders(settings):
        failures = seen.get(str(folder), ("", 0))[1]
        try:
            if _waiting(settings, folder, seen, now) or failures:
                return True
        except SourceError:
            if failures < FAILURES_TOLD:
                return True
    return False


def _waiting(settings: Settings, folder: Path, seen: Seen, now: datetime) -> list[file.Found]:
    marks = {place: mark for place, (mark, _) in seen.items()}
    return file.look([folder], marks, settle=settings.sources.file.settle.seconds, now=now.timestamp())


def folders(settings: Settings) -> list[Path]:
    """The drop folders among the file source's paths."""
    return [place for place in settings.sources.file.paths if isinstance(place, Path)]


def addresses(settings: Settings) -> list[str]:
    """The addresses among the file source's paths."""
    return [place for place in settings.sources.file.paths if isinstance(place, str)]


Places = Literal["folders", "addresses"]


def poll(
    db: Database,
    settings: Settings,
    policy: Policy,
    *,
    places: Collection[Places] = ("folders", "addresses"),
    clock: Callable[[], datetime] | None = None,
) -> Polled:
    """Look at the file source's places of these kinds once and take in what is new.

    What is refused is told to the ops channel once for each content; a place that fails FAILURES_TOLD times in a row
    is told once, and once when it works again. Raises StateError.
    """
    look = _Look(db, settings, policy, clock or (lambda: datetime.now(UTC)))
    started = look.now()
    seen = ledger.seen(db, file.NAME)
    if "folders" in places:
        for found in look.list_folders(seen):
            look.take_file(found)
    if "addresses" in places:
        for address in addresses(settings):
            look.take_address(address, *seen.get(address, ("", 0)))
    look.record(started)
    return Polled(tuple(look.outcomes), tuple(look.refusals))


@dataclass
class _Look:
    """One look at the sources, collecting what it brings."""

    db: Database
    settings: Settings
    policy: Policy
    now: Callable[[], datetime]
    outcomes: list[Outcome] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def _limit(self) -> int:
        return self.settings.sources.file.max_mb << 20

    @property
    def _unit(self) -> AbstractContextManager[None]:
        return unit(self.db, self.settings.state.path)

    def _ingest(self, raw: Raw) -> None:
        self.outcomes.append(ingest(self.db, raw, self.policy, now=self.now(), path=self.settings.state.path))

    def _refused(self, place: str, reason: str) -> None:
        self.refusals.append(Refusal(place, reason))
        log.warning("refused", place=place, reason=reason)

    def list_folders(self, seen: Seen) -> list[file.Found]:
        """What is new in the folders; one that cannot be read counts its failures and keeps no other waiting."""
        found = []
        for folder in folders(self.settings):
            mark, failures = seen.get(str(folder), ("", 0))
            failed = ""
            try:
                found += _waiting(self.settings, folder, seen, self.now())
            except SourceError as error:
                failed = str(error)
                self._refused(str(folder), failed)
            if failed or failures:
                with self._unit:
                    self._count_failure(str(folder), mark, failures, failed)
        return found

    def take_file(self, found: file.Found) -> None:
        path = Path(found.place)
        refused = self._taken(found.place, lambda: file.read(path, limit=self._limit))
        with self._unit:
            if refused:
                self._owe_refused(path.name, f"{found.place} {found.mark}".encode(), refused)
            ledger.mark_seen(self.db, file.NAME, found.place, found.mark)

    def take_address(self, address: str, mark: str, failures: int) -> None:
        """A failure to fetch counts against the address; what was fetched and is no release is told at once."""
        failed = refused = ""
        answer = None
        try:
            answer = file.download(address, mark, limit=self._limit)
        except SourceError as error:
            failed = str(error)
            self._refused(shown(address), failed)
        if answer:
            raw, mark = answer
            refused = self._taken(shown(address), lambda: raw)
        with self._unit:
            if answer and refused:
                self._owe_refused(raw.name, address.encode() + raw.body + (raw.dictionary or b""), refused)
            self._count_failure(address, mark, failures, failed)

    def _taken(self, place: str, read: Callable[[], Raw]) -> str:
        """Take a release in; why it was refused, or nothing.

        Whatever goes wrong with one release, the next is taken in all the same; only the database's own errors end
        the look.
        """
        try:
            self._ingest(read())
        except StateError:
            raise
        except (SourceError, EngineError) as error:
            reason = str(error)
        except Exception as error:  # told to ops and logged; the other files must not wait for a mend
            log.exception("a release could not be taken in", place=place)
            reason = f"{place}: cannot be taken in ({type(error).__name__}); the log says where it failed"
        else:
            return ""
        self._refused(place, reason)
        return reason

    def _count_failure(self, place: str, mark: str, failures: int, failed: str) -> None:
        """Count a place's failures in a row, and tell ops of the third and of the recovery after it."""
        ledger.mark_seen(self.db, file.NAME, place, mark, failures + 1 if failed else 0)
        if failed and failures + 1 == FAILURES_TOLD:
            owe_source(self.db, _notice(shown(place), failures + 1, failed), self.now())
        elif not failed and failures >= FAILURES_TOLD:
            owe_source(self.db, _notice(shown(place), failures), self.now())

    def _owe_refused(self, name: str, content: bytes, reason: str) -> None:
        owe_refused(self.db, file.NAME, name, hashlib.sha256(content).hexdigest(), reason, self.now())

    def record(self, started: datetime) -> None:
        if not (self.outcomes or self.refusals):
            return
        with self._unit:
            ledger.record_run(
                self.db,
                "poll file",
                started=started.isoformat(timespec="seconds"),
                finished=self.now().isoformat(timespec="seconds"),
                outcome="failed" if self.refusals else "done",
                detail=f"{len(self.outcomes)} releases, {len(self.refusals)} refused",
            )


def _notice(address: str, attempts: int, reason: str = "") -> SourceNotice:
    """That an address keeps failing for a reason, or without one works again."""
    return SourceNotice("source", address, failing=bool(reason), attempts=attempts, reason=reason)
