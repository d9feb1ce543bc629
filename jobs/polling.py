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
from jobs.http import Client, shown
from jobs.pipeline import Outcome, Raw, ingest
from jobs.policy import Policy
from jobs.settings import Settings
from jobs.sources import file
from jobs.telling import owe_refused
from jobs.watching import FAILURES_TOLD, Fault, record, tell
from state import ledger, sources
from state.database import Database, unit
from state.errors import StateError
from state.sources import Place

log = structlog.get_logger(__name__)


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


Seen = Mapping[str, Place]


def folders_want_a_look(settings: Settings, seen: Seen, now: datetime) -> bool:
    """Whether a drop folder holds a new file, stopped being readable or is readable again: cheap, reads no file.

    A file under embargo is new once, to be noted, and then again when the embargo is over.
    """
    for folder in folders(settings):
        failures = seen.get(str(folder), Place()).failures
        try:
            if _waiting(settings, folder, seen, now) or failures:
                return True
        except SourceError:
            if failures < FAILURES_TOLD:
                return True
    return False


def _waiting(settings: Settings, folder: Path, seen: Seen, now: datetime) -> list[file.Found]:
    """What is new in a folder, but for files known to be under embargo."""
    marks = {name: place.mark for name, place in seen.items()}
    found = file.look([folder], marks, settle=settings.sources.file.settle.seconds, now=now.timestamp())
    return [one for one in found if not _noted(settings, one.place, seen, now)]


def _embargoed(settings: Settings, name: str, now: datetime) -> str:
    """Until when (ISO, UTC) a file may not be read; empty where it may, or where its name has to be refused."""
    try:
        over = file.embargo_of(name, settings.schedule.timezone)
    except SourceError:
        return ""
    return over.isoformat(timespec="seconds") if over and now < over else ""


def _noted(settings: Settings, place: str, seen: Seen, now: datetime) -> bool:
    """Whether a place is known to be under embargo."""
    until = _embargoed(settings, file.name_at(place), now)
    return bool(until) and seen.get(place, Place()).next_try == until


def folders(settings: Settings) -> list[Path]:
    """The drop folders among the file source's paths."""
    return [place for place in settings.sources.file.paths if isinstance(place, Path)]


def addresses(settings: Settings) -> list[str]:
    """The addresses among the file source's paths."""
    return [place for place in settings.sources.file.paths if isinstance(place, str)]


def new_client(settings: Settings) -> Client:
    """The HTTP client of this process; the cache beside the database may be deleted at any time."""
    return Client(settings.state.path.with_name("http-cache") / "answers.db", contact=settings.polling.contact)


Places = Literal["folders", "addresses"]


def poll(
    db: Database,
    settings: Settings,
    policy: Policy,
    *,
    client: Client,
    places: Collection[Places] = ("folders", "addresses"),
    clock: Callable[[], datetime] | None = None,
) -> Polled:
    """Look at the file source's places of these kinds once and take in what is new.

    What is refused is told to the ops channel once for each content; a place that fails FAILURES_TOLD times in a row
    is told once, and once when it works again. Raises StateError.
    """
    look = _Look(db, settings, policy, clock or (lambda: datetime.now(UTC)))
    started = look.now()
    seen = sources.places(db, file.NAME)
    if "folders" in places:
        for found in look.list_folders(seen):
            look.take_file(found)
    if "addresses" in places:
        for address in addresses(settings):
            look.take_address(client, address, seen)
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
            failed = ""
            try:
                new = _waiting(self.settings, folder, seen, self.now())
                found += [one for one in new if not self._waits(one.place, seen)]
            except SourceError as error:
                failed = str(error)
                self._refused(str(folder), failed)
            if failed or seen.get(str(folder), Place()).failures:
                with self._unit:
                    self._record(str(folder), None, failed)
        return found

    def _waits(self, place: str, seen: Seen) -> bool:
        """Whether a file is under embargo, which is noted, and logged, the first time it is seen."""
        until = _embargoed(self.settings, file.name_at(place), self.now())
        if until and seen.get(place, Place()).next_try != until:
            log.info("waits for the end of its embargo", place=shown(place), until=until)
            with self._unit:
                mark = seen.get(place, Place()).mark
                sources.save_place(self.db, file.NAME, place, Place(mark, next_try=until))
        return bool(until)

    def take_file(self, found: file.Found) -> None:
        path = Path(found.place)
        zone, now = self.settings.schedule.timezone, self.now()
        refused = self._taken(found.place, lambda: file.read(path, limit=self._limit, zone=zone, now=now))
        with self._unit:
            if refused:
                self._owe_refused(path.name, f"{found.place} {found.mark}".encode(), refused)
            sources.save_place(self.db, file.NAME, found.place, Place(found.mark))

    def take_address(self, client: Client, address: str, seen: Seen) -> None:
        """A failure to fetch counts against the address; what was fetched and is no release is told at once."""
        if self._waits(address, seen):
            return
        mark = seen.get(address, Place()).mark
        failed = refused = ""
        answer = None
        try:
            file.refuse_early(file.name_at(address), zone=self.settings.schedule.timezone, now=self.now())
            answer = file.download(client, address, mark, limit=self._limit)
        except SourceError as error:
            failed = str(error)
            self._refused(shown(address), failed)
        if answer:
            raw, mark = answer
            refused = self._taken(shown(address), lambda: raw)
        with self._unit:
            if answer and refused:
                self._owe_refused(raw.name, address.encode() + raw.body + (raw.dictionary or b""), refused)
            self._record(address, mark, failed)

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

    def _record(self, place: str, mark: str | None, failed: str) -> None:
        record(self.db, file.NAME, place, Fault(failed) if failed else None, self.now(), mark=mark)
        tell(self.db, file.NAME, file.NAME, self.now(), shown=shown)

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
