"""The file source: observation files dropped in a folder, or kept at an address.

A file whose name ends in an embargo is not read before it is over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jobs.errors import SourceError, TooEarly
from jobs.http import Client, shown
from jobs.observation_file import unpack
from jobs.pipeline import Raw
from jobs.tidy import date_in

NAME = "file"
_SUFFIXES = (".csv", ".csv.gz")
_DICTIONARY = ".indicators.csv"
_SHARED_DICTIONARY = "indicators.csv"
_LONDON = ZoneInfo("Europe/London")
_EMBARGO = re.compile(r"-embargo-(\d{4})-(\d{2})-(\d{2})T(\d{2})(\d{2})\.csv(?:\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A new or changed file: its path, and the mark that tells it from what was seen there before."""

    place: str
    mark: str


def look(folders: Iterable[Path], seen: Mapping[str, str], *, settle: float, now: float) -> list[Found]:
    """Files in the folders that are new or changed, unchanged for ``settle`` seconds, in order of date and name.

    ``seen`` maps places to marks; ``now`` is in seconds since the epoch. A file still being written waits.
    Raises SourceError when a folder cannot be read.
    """
    found = []
    for folder in folders:
        for path in _files(folder):
            try:
                stats = [part.stat() for part in (path, dictionary_of(path)) if part.exists()]
            except OSError:
                continue  # gone between listing and looking; the next look decides
            mark = " ".join(f"{stat.st_size}:{stat.st_mtime_ns}" for stat in stats)
            settled = bool(stats) and all(now - stat.st_mtime >= settle for stat in stats)
            if settled and seen.get(str(path)) != mark:
                found.append(Found(str(path), mark))
    return sorted(found, key=lambda one: _by_date(Path(one.place)))


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    try:
        names = list(folder.iterdir())
    except OSError as error:
        msg = f"{folder}: the folder cannot be read ({error.strerror}); check it and its permissions"
        raise SourceError(msg) from error
    return [path for path in names if _is_release(path.name) and path.is_file()]


def _is_release(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.endswith((_DICTIONARY, _SHARED_DICTIONARY)) and name[0] != "."


def embargo_of(name: str, zone: ZoneInfo) -> datetime | None:
    """When the embargo at the end of a file's name is over, in UTC; None where the name holds none.

    Raises SourceError for a name that speaks of an embargo in any other way: it is never taken for none.
    """
    if "embargo" not in name.casefold():
        return None
    found = _EMBARGO.search(name)
    try:
        local = datetime(*map(int, found.groups())) if found else None  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        local = None
    if local is None:
        msg = (
            f"{name}: the name speaks of an embargo that cannot be read, so nothing of the file is; "
            f"end the name as in waste-embargo-2026-11-26T0930.csv, in the time of {zone.key}, or rename it"
        )
        raise SourceError(msg)
    # Where clocks change an hour is there twice or not at all; the later reading of the name is never too early.
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def refuse_early(name: str, *, zone: ZoneInfo, now: datetime) -> None:
    """Raise TooEarly for a file under embargo, SourceError where its embargo cannot be read."""
    over = embargo_of(name, zone)
    if over and now < over:
        when = over.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        msg = f"{name}: under embargo until {when} ({zone.key}); nothing of it is read before, take it in after that"
        raise TooEarly(msg)


def name_at(address: str) -> str:
    """The name of the file at an address."""
    return address.rpartition("/")[2].partition("?")[0] or "release.csv"


def dictionary_of(path: Path) -> Path:
    """The dictionary that may lie beside an observation file: its own, or ``indicators.csv`` for the folder."""
    own = path.with_name(path.name.removesuffix(".gz").removesuffix(".csv") + _DICTIONARY)
    shared = path.with_name(_SHARED_DICTIONARY)
    return shared if shared.exists() and not own.exists() else own


def in_folder(folder: Path) -> list[Path]:
    """The observation files in a folder, in order of date and name. Raises SourceError when it cannot be read."""
    return sorted(_files(folder), key=_by_date)


def _by_date(path: Path) -> tuple[date, str]:
    return date_in(path.name) or date.max, str(path)


def read(
    path: Path,
    *,
    limit: int,
    published: date | None = None,
    zone: ZoneInfo = _LONDON,
    now: datetime | None = None,
) -> Raw:
    """The observation file at ``path``, unpacked to at most ``limit`` bytes, with the dictionary beside it.

    ``zone`` is whose time an embargo in its name is in. Raises TooEarly before that is over, and SourceError when
    either file cannot be read.
    """
    refuse_early(path.name, zone=zone, now=now or datetime.now(UTC))
    beside = dictionary_of(path)
    try:
        body = _read(path, limit)
        dictionary = _read(beside, limit) if beside.exists() else None
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check the path and its permissions"
        raise SourceError(msg) from error
    day = published or date_in(path.name)
    return Raw(unpack(body, path.name, limit), dictionary, path.name, NAME, day, packed=body)


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        body = file.read(limit + 1)
    if len(body) > limit:
        msg = f"{path}: larger than {limit >> 20} MB; raise max_mb in [sources.file] if that is right"
        raise SourceError(msg)
    return body


def download(client: Client, address: str, mark: str, *, limit: int) -> tuple[Raw, str] | None:
    """The release at an address and its new mark, or None when nothing changed since ``mark``.

    Raises SourceError when the address cannot be fetched.
    """
    secret = "?" in address or "@" in address
    answer = client.fetch(address, origin=address, limit=limit, secret=secret)
    if answer is None:
        msg = f"{shown(address)}: there is nothing at this address (404); check it"
        raise SourceError(msg)
    beside = client.fetch(_dictionary_at(address), origin=address, limit=limit, secret=secret)
    packed = beside.body if beside else None
    now = hashlib.sha256(answer.body + b"\0" + (packed or b"")).hexdigest()
    if now == mark:
        return None
    name = name_at(address)
    body = unpack(answer.body, name, limit)
    dictionary = unpack(packed, name, limit) if packed else None
    return Raw(body, dictionary, name, NAME, date_in(name), packed=answer.body), now


def _dictionary_at(address: str) -> str:
    base, _, query = address.partition("?")
    beside = base.removesuffix(".gz").removesuffix(".csv") + _DICTIONARY
    return beside + (f"?{query}" if query else "")
