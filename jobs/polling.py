"""Looking at the sources once: what is new goes through the pipeline, what fails is said once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from jobs.errors import SourceError
from jobs.notices import SourceNotice
from jobs.pipeline import Outcome, Raw, ingest
from jobs.policy import Policy
from jobs.settings import Settings
from jobs.sources import file
from jobs.telling import owe_refused, owe_source
from state import ledger
from state.database import Database, unit

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


def files_waiting(settings: Settings, seen: dict[str, tuple[str, int]], now: datetime) -> list[file.Found]:
    """New or changed files in the drop folders; a cheap look that touches no file's content."""
    source = settings.sources.file
    marks = {place: mark for place, (mark, _) in seen.items()}
    folders = [place for place in source.paths if isinstance(place, Path)]
    return file.look(folders, marks, settle=source.settle.seconds, now=now.timestamp())


def addresses(settings: Settings) -> list[str]:
    """The addresses among the file source's paths."""
    return [place for place in settings.sources.file.paths if isinstance(place, str)]


def poll(db: Database, settings: Settings, policy: Policy, *, clock: Callable[[], datetime] | None = None) -> Polled:
    """Look at every place of the file source once and take in what is new.

    What is refused is told to the ops channel once for each content; an address that fails FAILURES_TOLD
    times in a row is told once, and once when it works again. Raises StateError.
    """
    look = _Look(db, settings, policy, clock or (lambda: datetime.now(UTC)))
    started = look.now()
    seen = ledger.seen(db, file.NAME)
    for found in files_waiting(settings, seen, started):
        look.take_file(found)
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

    def take_file(self, found: file.Found) -> None:
        path = Path(found.place)
        refused = ""
        try:
            self._ingest(file.read(path, limit=self._limit))
        except SourceError as error:
            refused = str(error)
            self._refused(found.place, refused)
        with self._unit:
            if refused:
                self._owe_refused(path.name, f"{found.place} {found.mark}".encode(), refused)
            ledger.mark_seen(self.db, file.NAME, found.place, found.mark)

    def take_address(self, address: str, mark: str, failures: int) -> None:
        """A failure to fetch counts against the address; what was fetched and is no release is told at once."""
        failed = refused = ""
        raw = None
        try:
            if answer := file.download(address, mark, limit=self._limit):
                raw, mark = answer
        except SourceError as error:
            failed = str(error)
            self._refused(address, failed)
        try:
            if raw:
                self._ingest(raw)
        except SourceError as error:
            refused = str(error)
            self._refused(address, refused)
        with self._unit:
            ledger.mark_seen(self.db, file.NAME, address, mark, failures + 1 if failed else 0)
            if raw and refused:
                self._owe_refused(raw.name, address.encode() + raw.body + (raw.dictionary or b""), refused)
            if failed and failures + 1 == FAILURES_TOLD:
                owe_source(self.db, _notice(address, failures + 1, failed), self.now())
            elif not failed and failures >= FAILURES_TOLD:
                owe_source(self.db, _notice(address, failures), self.now())

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
