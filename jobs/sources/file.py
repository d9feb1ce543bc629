"""The file source: observation files dropped in a folder, or kept at an address."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.errors import SourceError
from jobs.http import Client, shown
from jobs.observation_file import unpack
from jobs.pipeline import Raw
from jobs.tidy import date_in

NAME = "file"
_SUFFIXES = (".csv", ".csv.gz")
_DICTIONARY = ".indicators.csv"
_SHARED_DICTIONARY = "indicators.csv"


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


def read(path: Path, *, limit: int, published: date | None = None) -> Raw:
    """The observation file at ``path``, unpacked to at most ``limit`` bytes, with the dictionary beside it.

    Raises SourceError when either cannot be read.
    """
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
    name = address.rpartition("/")[2].partition("?")[0] or "release.csv"
    body = unpack(answer.body, name, limit)
    dictionary = unpack(packed, name, limit) if packed else None
    return Raw(body, dictionary, name, NAME, date_in(name), packed=answer.body), now


def _dictionary_at(address: str) -> str:
    base, _, query = address.partition("?")
    beside = base.removesuffix(".gz").removesuffix(".csv") + _DICTIONARY
    return beside + (f"?{query}" if query else "")
