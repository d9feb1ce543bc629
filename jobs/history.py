"""Ranks published in earlier years, read from files strictly and kept; and snapshots frozen under a name."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from engine.catalogue import Catalogue
from jobs.errors import HistoryError, SourceError
from state import ledger, snapshots
from state.database import Database
from state.editions import Edition, editions, find_edition, save_edition
from state.published import (
    PREVIOUS_OF,
    PublishedRank,
    edition_ending,
    edition_year,
    published_ranks,
    replace_edition,
)

NEEDED = ("theme", "rank", "of")
OPTIONAL = ("previous_rank", "expenditure_rank", "expenditure_of")

LARGEST = 1 << 20
"""Bytes of a file: some fifteen rows are usual."""
LONGEST = 300
"""Characters of a theme's title."""
NAME_LONGEST = 40
"""Characters of an edition's name."""

_IN_A_NAME = re.compile(r"(?<!\d)(\d{4})[-_](\d{2})(?!\d|[-_]\d{2}(?!\d))")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_NAME = re.compile(r"[^\W_](?:[\w /.'()–-]*[\w)])?")
_BRACKETED = re.compile(r"\s*\([^()]*\)\s*")


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One line of a file: the theme as written, its ranks, and the rank of the year before where the file has it."""

    title: str
    rank: int
    of: int
    previous: int | None = None
    spend_rank: int | None = None
    spend_of: int | None = None


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file of published ranks and the edition it is of."""

    name: str
    edition: str
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: to the edition, and to the year before it, which the file may give ranks of too.

    ``unmatched`` are titles kept under their own names, as nothing in the catalogue is called so; ``renamed`` are
    titles with the names they were taken for. ``stands`` is true where the year before has a file of its own, which was
    left as it is.
    """

    edition: str
    outcome: Literal["imported", "replaced", "unchanged"]
    ranks: int
    previous: str = ""
    previous_ranks: int = 0
    stands: bool = False
    unmatched: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


# --- reading a file -------------------------------------------------------------------------------


def read_published(path: Path, edition: str = "") -> PublishedFile:
    """A file of published ranks, whole or not at all; the edition is the one in its name where none is given.

    Raises SourceError with file, line, column and reason; OSError where the file cannot be opened.
    """
    with path.open("rb") as file:
        body = file.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise _fault(path, "larger than 1 MB; published ranks are some fifteen lines")
    return PublishedFile(path.name, edition or _edition_in(path), _rows(path, _text(path, body)))


def checked_edition(text: str) -> str:
    """The financial year in a text such as 2022/23 or 2022-23. Raises HistoryError for anything else."""
    edition = text.strip().replace("-", "/").replace("_", "/")
    if edition_year(edition) is None:
        msg = f"the edition {text!r} is not a financial year such as 2022/23"
        raise HistoryError(msg)
    return edition


def _edition_in(path: Path) -> str:
    found = {f"{start}/{end}" for start, end in _IN_A_NAME.findall(path.stem) if edition_year(f"{start}/{end}")}
    if len(found) != 1:
        what = "no edition in its name" if not found else f"several editions in its name: {', '.join(sorted(found))}"
        raise _fault(path, f"{what}; give it as --edition 2022/23, or call the file benchmark_2022_23.csv")
    return found.pop()


def _fault(path: Path, reason: str, line: int = 0, column: str = "") -> SourceError:
    at = "".join([f": line {line}" if line else "", f", column {column}" if column else ""])
    return SourceError(f"{path.name}{at}: {reason}")


def _text(path: Path, body: bytes) -> str:
    if not body.strip():
        raise _fault(path, "the file is empty")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _fault(path, "not UTF-8; save the file as UTF-8 CSV", line) from error
    if "\0" in text:
        raise _fault(path, "holds a zero byte, so it is no text", text[: text.index("\0")].count("\n") + 1)
    return text


def _rows(path: Path, text: str) -> tuple[PublishedRow, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _header(path, next(reader, []))
        rows: list[PublishedRow] = []
        first: dict[str, int] = {}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            row = _row(path, line, columns, cells)
            if (seen := first.setdefault(_flat(row.title), line)) != line:
                raise _fault(path, f"the theme {row.title!r} is in line {seen} already", line, "theme")
            rows.append(row)
    except csv.Error as error:
        raise _fault(path, f"broken CSV: {error}", reader.line_num) from error
    if not rows:
        raise _fault(path, "a header and no rows")
    return tuple(rows)


def _header(path: Path, cells: Sequence[str]) -> list[str]:
    columns = [cell.strip() for cell in cells]
    unknown = [column for column in columns if column not in (*NEEDED, *OPTIONAL)]
    expected = f"expected {','.join(NEEDED)} and optionally {','.join(OPTIONAL)}"
    if unknown:
        raise _fault(path, f"unknown column; {expected}", 1, repr(unknown[0][:40]))
    if repeated := [column for column, number in Counter(columns).items() if number > 1]:
        raise _fault(path, "the column stands twice", 1, repeated[0])
    if missing := [column for column in NEEDED if column not in columns]:
        raise _fault(path, f"the header lacks {', '.join(missing)}; {expected}", 1)
    if ("expenditure_rank" in columns) != ("expenditure_of" in columns):
        raise _fault(path, "expenditure_rank and expenditure_of come together", 1)
    return columns


def _row(path: Path, line: int, columns: Sequence[str], cells: Sequence[str]) -> PublishedRow:
    if len(cells) != len(columns):
        reason = f"{len(cells)} fields where the header has {len(columns)}; a name with a comma needs quotes"
        raise _fault(path, reason, line)
    cell = {column: text.strip() for column, text in zip(columns, cells, strict=True)}

    def number(column: str, most: tuple[str, int] | None = None, *, needed: bool = False) -> int | None:
        text = cell.get(column, "")
        if not text:
            if needed:
                raise _fault(path, "is blank", line, column)
            return None
        if not _NUMBER.fullmatch(text):
            raise _fault(path, f"{text[:40]!r} is not a whole number from 1", line, column)
        if most and int(text) > most[1]:
            raise _fault(path, f"{text} is more than {most[0]}, {most[1]}", line, column)
        return int(text)

    title = " ".join(cell["theme"].split())
    if not title:
        raise _fault(path, "is blank", line, "theme")
    if len(title) > LONGEST or not title.isprintable():
        reason = (
            f"longer than {LONGEST} characters" if len(title) > LONGEST else "holds a character that does not print"
        )
        raise _fault(path, reason, line, "theme")
    of = number("of", needed=True) or 0
    rank = number("rank", ("of", of), needed=True) or 0
    previous = number("previous_rank", ("of", of))
    spend_of = number("expenditure_of")
    spend = number("expenditure_rank", ("expenditure_of", spend_of) if spend_of else None)
    if (spend is None) != (spend_of is None):
        missing = "expenditure_rank" if spend is None else "expenditure_of"
        raise _fault(path, "is blank, and the other is not", line, missing)
    return PublishedRow(title, rank, of, previous, spend, spend_of)


# --- whose ranks they are -------------------------------------------------------------------------


def known_names(db: Database, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Names of all themes and composites with their aliases: the catalogue's, and those that releases brought."""
    known = {name: theme.aliases for name, theme in catalogue.themes.items()}
    known |= {name: composite.aliases for name, composite in catalogue.composites.items()}
    ranked = db.execute("SELECT DISTINCT name FROM theme_ranks WHERE until_snapshot IS NULL AND kind <> 'expenditure'")
    return {**{name: () for (name,) in ranked}, **known}


def matched(titles: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The theme or composite that each title names; a title that names none, or names what another does, is its own.

    Whatever its capitals and dashes, a title names what is called so, else what has it as an alias. Else it names so
    what is left without the part in brackets; else what the part before " - " is the name, and not an alias, of.
    """
    names = {_flat(name): name for name in known}
    aliases: dict[str, set[str]] = {}
    for name, also in known.items():
        for alias in also:
            aliases.setdefault(_flat(alias), set()).add(name)

    def called(text: str) -> str:
        own = aliases.get(text, set())
        return names.get(text, "") or (next(iter(own)) if len(own) == 1 else "")

    def meant(title: str) -> tuple[str, bool]:
        flat = _flat(title)
        if flat in names:
            return names[flat], True
        without = _flat(_BRACKETED.sub(" ", title))
        return called(flat) or called(without) or names.get(flat.partition(" - ")[0], ""), False

    found = {title: meant(title) for title in titles}
    exact = {name for name, sure in found.values() if sure}
    claims = Counter(name for name, sure in found.values() if name and not sure and name not in exact)
    return {
        title: name if sure or (name and name not in exact and claims[name] == 1) else title
        for title, (name, sure) in found.items()
    }


def _flat(text: str) -> str:
    return " ".join(re.sub(r"[\u2010-\u2015\u2212]", "-", text.replace("’", "'")).casefold().split())


# --- keeping them ---------------------------------------------------------------------------------


def import_published(db: Database, file: PublishedFile, catalogue: Catalogue, *, actor: str, now: datetime) -> Imported:
    """Keep a file's ranks as those of its edition, and what it says of the year before as that year's.

    What the edition had before is replaced; a year before that has a file of its own keeps it. Importing the same again
    changes nothing. Runs within the caller's unit of work. Raises HistoryError for an edition of years to come.
    """
    if (edition_year(file.edition) or 0) > now.year + 1:
        msg = f"{file.name}: the edition {file.edition} is of years to come; give the right one as --edition 2022/23"
        raise HistoryError(msg)
    known = known_names(db, catalogue)
    names = matched([row.title for row in file.rows], known)
    at = now.isoformat(timespec="seconds")
    ranks = [
        PublishedRank(
            file.edition, names[row.title], row.title, row.rank, row.of, row.spend_rank, row.spend_of, file.name, at
        )
        for row in file.rows
    ]
    year_before = edition_ending((edition_year(file.edition) or 0) - 1)
    earlier = [
        PublishedRank(
            year_before, rank.name, rank.title, row.previous, row.of, None, None, _given(file.edition, file.name), at
        )
        for rank, row in zip(ranks, file.rows, strict=True)
        if row.previous and edition_year(year_before)
    ]
    kept = published_ranks(db, edition=year_before)
    stands = any(not one.given_later for one in kept)
    before = published_ranks(db, edition=file.edition)
    changed = _changed(before, ranks) or (not stands and _changed(kept, earlier))
    if changed:
        replace_edition(db, file.edition, ranks)
        if not stands:
            replace_edition(db, year_before, earlier)
        told = f"{len(ranks)} from {file.name}, replacing {len(before)}"
        ledger.note(db, at=at, actor=actor, action="import", subject=f"published ranks {file.edition}", detail=told)
    return Imported(
        file.edition,
        "unchanged" if not changed else "replaced" if any(not one.given_later for one in before) else "imported",
        len(ranks),
        year_before if earlier else "",
        len(earlier),
        stands and bool(earlier),
        unmatched=tuple(title for title, name in names.items() if name not in known),
        renamed=tuple((title, name) for title, name in names.items() if name in known and _flat(name) != _flat(title)),
    )


def _given(edition: str, file: str) -> str:
    return f"{PREVIOUS_OF}{edition} in {file}"


def _changed(kept: Iterable[PublishedRank], wanted: Iterable[PublishedRank]) -> bool:
    """Whether they are others, whenever they were imported and from whatever file."""

    def bare(ranks: Iterable[PublishedRank]) -> set[PublishedRank]:
        return {replace(one, file=PREVIOUS_OF if one.given_later else "", imported="") for one in ranks}

    return bare(kept) != bare(wanted)


def remove_published(db: Database, edition: str, *, actor: str, now: datetime) -> int:
    """Forget an edition's ranks, and those it gave of the year before; returns how many were of the edition.

    Raises HistoryError where nothing of it is held. Runs within the caller's unit of work.
    """
    held = published_ranks(db, edition=edition)
    if not held:
        there = sorted({one.edition for one in published_ranks(db)})
        msg = f"no published ranks of {edition} are held; there are {', '.join(there) or 'none'}"
        raise HistoryError(msg)
    replace_edition(db, edition, [])
    year_before = edition_ending((edition_year(edition) or 0) - 1)
    if all(one.given_later for one in published_ranks(db, edition=year_before)):
        replace_edition(db, year_before, [])
    at = now.isoformat(timespec="seconds")
    ledger.note(
        db, at=at, actor=actor, action="remove", subject=f"published ranks {edition}", detail=f"{len(held)} held"
    )
    return len(held)


# --- editions -------------------------------------------------------------------------------------


def freeze(db: Database, name: str, label: str = "", *, again: bool, actor: str, now: datetime) -> tuple[Edition, bool]:
    """Give a snapshot a name, the current one where no label is given; and whether that changed anything.

    Raises HistoryError for a name that cannot be one, a snapshot that is not there, or a name that another snapshot has
    and that may not be given ``again``. Runs within the caller's unit of work.
    """
    name = " ".join(name.split())
    if not _NAME.fullmatch(name) or len(name) > NAME_LONGEST or ".." in name:
        msg = (
            f"an edition cannot be called {name[:80]!r}; a name has at most {NAME_LONGEST} letters, digits, spaces "
            "and / - . ' ( ), and begins with a letter or digit"
        )
        raise HistoryError(msg)
    number = snapshots.numbered(db, label) if label else snapshots.latest(db)
    if number is None:
        latest = snapshots.latest(db)
        there = f"the current one is {snapshots.load_head(db, latest).label}" if latest else "there is none yet"
        msg = f"there is no snapshot {label}; {there}" if label else "there is no snapshot yet; take a release in first"
        raise HistoryError(msg)
    known = find_edition(db, name)
    if known and known.snapshot == number:
        return known, False
    if known and not again:
        msg = f"the edition {known.name} is snapshot {known.label}, named {known.at[:10]}; --replace moves it"
        raise HistoryError(msg)
    at = now.isoformat(timespec="seconds")
    save_edition(db, known.name if known else name, number, at=at, by=actor)
    kept = next(one for one in editions(db) if one.name == (known.name if known else name))
    was = f", before it {known.label}" if known else ""
    ledger.note(db, at=at, actor=actor, action="edition", subject=kept.name, detail=f"snapshot {kept.label}{was}")
    return kept, True
