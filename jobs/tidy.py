"""From the text of an observation file to a tidy release: what it states, and what is wrong with it."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.areas import Kind, load_areas
from engine.catalogue import Indicator
from engine.panel import Panel
from engine.periods import Period, PeriodError, parse_period
from jobs.observation_file import read_dictionary, read_observations

LARGEST_VALUE = 1e12
"""Values beyond this cannot be compared exactly at six decimals, and no published indicator comes near."""

SHOWN = 20
"""Bad rows kept as evidence; all are counted."""

_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: where it stands and why."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two or more rows of one file for one cell."""

    indicator: str
    area: str
    period: str
    lines: tuple[int, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """One release, tidied: all that a file states, and what is wrong with it.

    ``panel`` holds every upper-tier council and England under the codes of today's figures; ``entries`` are the
    indicators its own dictionary describes; ``remarks`` names the status numbers of the panel.
    """

    source: str
    name: str
    identity: str
    published: date | None
    rows: int
    panel: Panel
    entries: tuple[Indicator, ...]
    remarks: tuple[str, ...]
    bad_rows: int = 0
    bad: tuple[BadRow, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    unknown_areas: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Bad:
    """Bad rows as they are found; a row counts once."""

    lines: set[int] = field(default_factory=set)
    shown: list[BadRow] = field(default_factory=list)

    def add(self, index: npt.NDArray[np.int64], column: str, reasons: Iterable[str]) -> None:
        for at, reason in zip(index, reasons, strict=False):
            line = int(at) + 2
            if line not in self.lines:
                self.lines.add(line)
                if len(self.shown) < SHOWN:
                    self.shown.append(BadRow(line, column, reason))


def date_in(name: str) -> date | None:
    """The first ISO date in a file name, or None."""
    found = _DATE.search(name)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def tidy(
    body: bytes, dictionary: bytes | None, name: str, *, source: str = "file", published: date | None = None
) -> Release:
    """The release that an observation file and, beside it, its indicator dictionary state.

    ``body`` is CSV text as ``unpack`` gives it. Raises SourceError when the file as a whole cannot be read: not
    UTF-8, a wrong header, broken quoting, no rows, an unusable dictionary. Single bad rows are listed instead.
    """
    body = _without_empty_end(body)
    frame = read_observations(body, name)
    bad = _Bad()
    _short_rows(body, frame, bad)
    periods, labels, notes = _periods(frame, bad)
    area_of, unknown = _areas(frame, bad)
    _numbers(frame, bad)
    _empty_codes(frame, bad)
    _number_statuses(frame, bad)
    keep = np.ones(len(frame), bool)
    keep[[line - 2 for line in bad.lines]] = False
    keep &= (periods >= 0) & (area_of >= 0)
    panel, duplicates = _panel(frame, keep, periods, labels, area_of)
    entries = read_dictionary(dictionary, name) if dictionary is not None else ()
    return Release(
        source=source,
        name=name,
        identity=_identity(body, entries, panel.indicators),
        published=published or (date_in(name) if source == "file" else None),
        rows=len(frame),
        panel=panel,
        entries=entries,
        remarks=("", *frame["status"].cat.categories),
        bad_rows=len(bad.lines),
        bad=tuple(sorted(bad.shown, key=lambda row: row.line)),
        duplicates=duplicates,
        unknown_areas=unknown,
        notes=notes,
    )


def _without_empty_end(body: bytes) -> bytes:
    """The text without the empty lines that spreadsheets leave at its end, with or without their commas."""
    last_line_end = body.find(b"\n", len(body.rstrip(b" ,\t\r\n")))
    return body if last_line_end < 0 else body[: last_line_end + 1]


def _identity(body: bytes, entries: Iterable[Indicator], stated: Iterable[str]) -> str:
    """What makes a release this one: its figures and how the indicators it states are described, not others."""
    digest = hashlib.sha256(body)
    described = {entry.code: entry for entry in entries}
    for code in stated:
        digest.update(repr(described.get(code)).encode())
    return digest.hexdigest()


def _short_rows(body: bytes, frame: pd.DataFrame, bad: _Bad) -> None:
    """Rows with fewer fields than the header, as a file cut off leaves behind; lines with quotes are not counted."""
    if b'"' in body:
        return
    text = np.frombuffer(body.rstrip(b"\r\n") + b"\n", np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    commas = np.diff(np.searchsorted(np.flatnonzero(text == ord(",")), ends), prepend=0)
    if len(ends) == len(frame) + 1:
        rows = np.flatnonzero(commas[1:] < commas[0])
        bad.add(rows, "value", (f"{commas[row + 1] + 1} fields where the header has {commas[0] + 1}" for row in rows))


def _periods(frame: pd.DataFrame, bad: _Bad) -> tuple[npt.NDArray[np.int64], list[tuple[Period, str]], tuple[str, ...]]:
    """Position in the list of (period, label) for each row; a label nobody reads is bad where it holds a value."""
    found: list[tuple[Period, str]] = []
    of_category = []
    unread = {}
    for at, label in enumerate(frame["period"].cat.categories):
        try:
            found.append((parse_period(label), label.strip()))
            of_category.append(len(found) - 1)
        except PeriodError as error:
            unread[at] = str(error)
            of_category.append(-1)
    codes = frame["period"].cat.codes.to_numpy().astype(np.int64)
    stated = frame["value"].notna().to_numpy()
    rows = np.nonzero(np.isin(codes, list(unread)) & stated)[0]
    bad.add(rows, "period", (unread[int(codes[row])] for row in rows))
    notes = [
        f"{int((codes == at).sum())} rows without a value under the period {frame['period'].cat.categories[at]!r}, "
        "which nobody can read, were left out"
        for at in unread
        if not stated[codes == at].any()
    ]
    return np.array(of_category, np.int64)[codes], found, tuple(notes)


def _areas(frame: pd.DataFrame, bad: _Bad) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Position in ``panel_areas()`` for each row, −1 for districts, regions and unknown codes; and the unknown."""
    areas = load_areas()
    position = {code: at for at, code in enumerate(panel_areas())}
    categories = frame["area_code"].cat.categories
    of_category = [position.get(areas.carry(code), -1) if code in areas else -1 for code in categories]
    codes = frame["area_code"].cat.codes.to_numpy().astype(np.int64)
    unknown = [at for at, code in enumerate(categories) if code not in areas]
    rows = np.nonzero(np.isin(codes, unknown))[0]
    bad.add(rows, "area_code", (f"{categories[codes[row]]!r} is no area we know" for row in rows))
    return np.array(of_category, np.int64)[codes], tuple(categories[at] for at in unknown)


@functools.cache
def panel_areas() -> tuple[str, ...]:
    """Areas whose figures are kept: upper-tier councils under today's codes, and England."""
    areas = load_areas()
    kept = (area.code for area in areas if area.upper_tier or area.kind == Kind.COUNTRY)
    return tuple(sorted({areas.carry(code) for code in kept}))


def _numbers(frame: pd.DataFrame, bad: _Bad) -> None:
    """Make value and limits float columns; text, infinities and impossible sizes are bad rows."""
    for column in ("value", "lower_ci", "upper_ci"):
        if frame[column].dtype != np.float64:
            read = pd.to_numeric(frame[column], errors="coerce").astype(np.float64)
            rows = np.nonzero((read.isna() & frame[column].notna()).to_numpy())[0]
            bad.add(rows, column, (f"{frame[column].iloc[row]!r} is not a number" for row in rows))
            frame[column] = read
        rows = np.nonzero((frame[column].abs() >= LARGEST_VALUE).to_numpy())[0]
        bad.add(rows, column, (f"{frame[column].iloc[row]:g} is not a possible value" for row in rows))


def _empty_codes(frame: pd.DataFrame, bad: _Bad) -> None:
    for column in ("indicator", "area_code", "period"):
        blank = [at for at, text in enumerate(frame[column].cat.categories) if not text.strip()]
        codes = frame[column].cat.codes.to_numpy()
        rows = np.nonzero(np.isin(codes, blank) | (codes < 0))[0]
        bad.add(rows, column, ("blank" for _ in rows))


def _number_statuses(frame: pd.DataFrame, bad: _Bad) -> None:
    """A status of digits alone is the rest of a figure with a comma in it, such as 1,234."""
    digits = [at for at, text in enumerate(frame["status"].cat.categories) if text.strip().isdecimal()]
    rows = np.nonzero(np.isin(frame["status"].cat.codes.to_numpy(), digits))[0]
    bad.add(rows, "status", ("a number: figures take no commas for thousands" for _ in rows))


def _panel(
    frame: pd.DataFrame,
    keep: npt.NDArray[np.bool_],
    period_of: npt.NDArray[np.int64],
    periods: list[tuple[Period, str]],
    area_of: npt.NDArray[np.int64],
) -> tuple[Panel, tuple[Duplicate, ...]]:
    """The kept rows as a panel, one row for each indicator and period whatever its mark, and the cells stated twice."""
    lines = np.nonzero(keep)[0]
    names = frame["indicator"].cat.categories
    indicator = frame["indicator"].cat.codes.to_numpy().astype(np.int64)[lines]
    keys = sorted({period.key for period, _ in periods})
    key_number = {key: at for at, key in enumerate(keys)}
    key_of = np.array([key_number[period.key] for period, _ in periods], np.int64)
    mark_of = np.array([period.mark for period, _ in periods], np.int64)
    label = period_of[lines]
    areas = panel_areas()
    row_id = indicator * len(keys) + key_of[label]
    cell = row_id * len(areas) + area_of[lines]
    stated = frame["value"].notna().to_numpy()[lines]
    # Of several marks for one cell the most settled that holds a value counts; lexsort puts it last.
    order = np.lexsort((lines, mark_of[label], stated, cell))
    last = np.append(cell[order][1:] != cell[order][:-1], True) if order.size else np.array([], bool)
    twice = _duplicates(frame, lines[order], cell[order], label[order], periods)
    chosen = order[last]
    rows, row_at = np.unique(row_id[chosen], return_inverse=True)
    best: dict[int, int] = {}
    for at in np.unique(row_id * len(periods) + label):
        row, which = divmod(int(at), len(periods))
        if row not in best or mark_of[which] > mark_of[best[row]]:
            best[row] = which
    described = [(str(names[row // len(keys)]), *periods[best[int(row)]]) for row in rows]
    status = frame["status"].cat.codes.to_numpy().astype(np.int16)[lines] + np.int16(1)
    pick = lines[chosen]
    cells = (
        row_at.astype(np.int64),
        area_of[lines][chosen],
        frame["value"].to_numpy()[pick],
        status[chosen],
        frame["lower_ci"].to_numpy()[pick].astype(np.float64),
        frame["upper_ci"].to_numpy()[pick].astype(np.float64),
    )
    return Panel.build(described, areas, cells), twice


def _duplicates(
    frame: pd.DataFrame,
    lines: npt.NDArray[np.int64],
    cell: npt.NDArray[np.int64],
    label: npt.NDArray[np.int64],
    periods: list[tuple[Period, str]],
) -> tuple[Duplicate, ...]:
    """Cells stated more than once under marks of the same weight; ``lines`` are in order of cell."""
    marks = np.array([period.mark for period, _ in periods], np.int64)[label]
    same = (cell[1:] == cell[:-1]) & (marks[1:] == marks[:-1])
    found: dict[int, list[int]] = {}
    for at in np.nonzero(same)[0]:
        found.setdefault(int(cell[at]), [int(at)]).append(int(at) + 1)
    return tuple(
        Duplicate(
            indicator=str(frame["indicator"].iloc[lines[at[0]]]),
            area=panel_areas()[cell[at[0]] % len(panel_areas())],
            period=periods[label[at[0]]][1],
            lines=tuple(sorted(int(lines[one]) + 2 for one in at)),
            values=tuple(str(frame["value"].iloc[lines[one]]) for one in at),
        )
        for at in found.values()
    )
