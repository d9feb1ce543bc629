"""Tables in publishers' spreadsheets, read by a description in the catalogue.

A description (``Table``) says what the table says and not where it stands: the sheet by a pattern, the header by the
headings it must hold, columns by their headings. Traps, all seen in real files:

* The header stands on row 3 to 11, under titles and notes, and moves from year to year; headings carry notes
  (``[note 7]``), line breaks and two spaces. A revenue workbook repeats its header above a second table.
* One column for each year, or one for each year and measure; or the year is in the name of the sheet or its title.
* Totals of regions and classes stand among the councils, without a code or with a word for one.
* Two figures in one cell, ``7.7 (7.3)``, where a method changed: neither is taken.
* Proportions under a heading that says percentage.
* Councils by name alone, and no two publishers write all names alike.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from engine.areas import Area, load_areas
from engine.periods import Period, PeriodError, parse_period
from jobs.errors import LayoutChanged
from jobs.tables import mapped, nearest, numbers, squeeze, upper_tier
from jobs.workbooks import Book, Cell, Row

HEADER_WITHIN = 100
"""Rows that may stand above a header."""

TWO_FIGURES = "two figures"
"""The status of a cell that holds two figures."""

_TWO_FIGURES = re.compile(r"-?[\d,]*\.?\d+ ?\((?:-?[\d,]*\.?\d+|:)\)")


# --- descriptions ---------------------------------------------------------------------------------


class Table(BaseModel):
    """Where a table is and how it is read; headings without notes, line breaks and double spaces, in any case.

    The period comes from exactly one place: the column ``period``, or a group ``(?P<period>...)`` in the pattern of
    ``value`` (one column for each period), ``sheet`` or ``title`` (a text above the header).
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    sheet: str = ""
    """A pattern for the whole name of the sheet; not needed where there is one."""
    area: str = ""
    """The heading over area codes."""
    area_name: str = ""
    """The heading over the names of councils, where there are no codes."""
    period: str = ""
    """The heading over periods."""
    title: str = ""
    """A pattern for a text above the header."""
    value: str = Field(min_length=1)
    """A pattern for the heading over the figures."""
    margin: str = ""
    """A pattern for the heading over margins of error: the limits are the figure less and plus the margin."""
    scale: float = Field(1.0, gt=0)
    """What each figure is multiplied by."""
    grades: list[str] = []
    """Words that stand for 1, 2, 3 ..."""

    @field_validator("sheet", "title", "value", "margin")
    @classmethod
    def _pattern(cls, text: str) -> str:
        return pattern(text)

    @model_validator(mode="after")
    def _one_of_each(self) -> Table:
        if bool(self.area) == bool(self.area_name):
            raise ValueError("give area (the heading over codes) or area_name (the heading over names)")
        named = [key for key in ("sheet", "title", "value") if "(?P<period>" in getattr(self, key)]
        if len(named) + bool(self.period) != 1:
            raise ValueError("give period (a heading), or (?P<period>...) in one of value, sheet and title")
        return self

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that the header must hold word for word."""
        return tuple(filter(None, (self.area, self.area_name, self.period)))


def pattern(text: str) -> str:
    """The text, if it is a regular expression. Raises ValueError."""
    try:
        re.compile(text)
    except re.error as error:
        msg = f"{text!r} is no pattern ({error})"
        raise ValueError(msg) from error
    return text


# --- reading --------------------------------------------------------------------------------------


def read_table(book: Book, table: Table, codes: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The figures of a table as text: area_code, period, value, status, lower_ci, upper_ci; councils and England only.

    ``codes`` puts right codes that the publisher writes and nobody else, or leaves them out where it says nothing.
    Raises LayoutChanged, with file, sheet and column and the nearest match, when the table is not as described.
    """
    name = book.sheet(table.sheet)
    where = f"{book.where}, sheet {name!r}"
    rows = book.rows(name)
    header = _header(rows, table, where)
    given = _named(table.sheet, name) or _from_title(table, rows[: header.top], where)
    frame = _stacked(rows[header.top + 1 :], table, header, given, where)
    if table.area:
        frame["area_code"] = frame["area_code"].replace(dict(codes or {}))
        frame = frame[upper_tier(frame["area_code"])]
    else:
        frame = frame[(frame["area_code"] != "") & (frame["value"] != "")]
    _check_periods(frame["period"], where)
    if table.area_name:
        frame = _with_codes(frame, where)
    if frame.empty:
        msg = f"{where}: no row under {table.area or table.area_name!r} is of a council or England"
        raise LayoutChanged(msg)
    return _figures(frame, table, where).drop_duplicates(ignore_index=True)


@dataclass(frozen=True)
class _Value:
    """A column of figures with its heading, the period the heading names, and its column of margins, if any."""

    at: int
    heading: str
    period: str = ""
    margin: int | None = None


@dataclass(frozen=True)
class _Header:
    """Where the header begins, and the columns by heading."""

    top: int
    columns: Mapping[str, int]
    figures: tuple[_Value, ...]


def _header(rows: Sequence[Row], table: Table, where: str) -> _Header:
    """The first row that holds all headings needed. Raises LayoutChanged by the row that holds most of them."""
    best: tuple[tuple[int, int], list[str]] = ((-1, -1), [])
    for top, row in enumerate(rows[:HEADER_WITHIN]):
        headings = [squeeze(_text(cell)) for cell in row]
        score = _score(headings, table)
        if score == len(table.headings) + 1:
            return _columns(headings, top, table, where)
        fit = (score, len(headings) - headings.count(""))
        best = max(best, (fit, headings), key=lambda one: one[0])
    known = sorted(set(filter(None, best[1])))
    low = {heading.casefold() for heading in known}
    missing = [heading for heading in table.headings if squeeze(heading).casefold() not in low] or [table.value]
    msg = (
        f"{where}: no header with the column {missing[0]!r}; {nearest(missing[0], known)}. "
        "Correct the heading in the catalogue if it was renamed"
    )
    raise LayoutChanged(msg)


def _score(headings: Sequence[str], table: Table) -> int:
    low = {heading.casefold() for heading in headings}
    found = sum(squeeze(heading).casefold() in low for heading in table.headings)
    return found + any(re.fullmatch(table.value, heading, re.IGNORECASE) for heading in headings)


def _columns(headings: Sequence[str], top: int, table: Table, where: str) -> _Header:
    low = [heading.casefold() for heading in headings]
    at = {}
    for heading in table.headings:
        if low.count(squeeze(heading).casefold()) > 1:
            msg = f"{where}: the column {heading!r} is there more than once"
            raise LayoutChanged(msg)
        at[heading] = low.index(squeeze(heading).casefold())
    margins = {period: column for column, _, period in _fitting(headings, table.margin, where)} if table.margin else {}
    values = tuple(
        _Value(column, heading, period, margins.get(period))
        for column, heading, period in _fitting(headings, table.value, where)
    )
    return _Header(top, at, values)


def _fitting(headings: Sequence[str], wanted: str, where: str) -> list[tuple[int, str, str]]:
    """The columns whose heading fits a pattern, one for each period it names. Raises LayoutChanged."""
    found = [
        (at, heading, _named(wanted, heading))
        for at, heading in enumerate(headings)
        if re.fullmatch(wanted, heading, re.IGNORECASE)
    ]
    if not found:
        msg = f"{where}: no column fits {wanted!r}; {nearest(wanted, filter(None, headings))}"
        raise LayoutChanged(msg)
    period, times = Counter(period for _, _, period in found).most_common(1)[0]
    if times > 1:
        same = ", ".join(repr(heading) for _, heading, other in found if other == period)
        msg = f"{where}: {times} columns fit {wanted!r} ({same}); make the pattern narrower"
        raise LayoutChanged(msg)
    return found


def _named(wanted: str, text: str) -> str:
    """The period that a pattern finds in a text, or nothing."""
    found = re.fullmatch(wanted, text, re.IGNORECASE) if "(?P<period>" in wanted else None
    return found["period"].replace("_", " ").strip() if found else ""


def _from_title(table: Table, above: Sequence[Row], where: str) -> str:
    if not table.title:
        return ""
    texts = [text for row in above for text in map(_text, row) if text]
    for text in texts:
        found = re.search(table.title, squeeze(text), re.IGNORECASE)
        if found:
            return str(found.groupdict().get("period") or "").strip()
    msg = f"{where}: no text above the header fits {table.title!r}; {nearest(table.title, texts)}"
    raise LayoutChanged(msg)


def _stacked(rows: Sequence[Row], table: Table, header: _Header, given: str, where: str) -> pd.DataFrame:
    """The cells of all columns of figures as text, one column under the other."""
    area, period = header.columns[table.area or table.area_name], header.columns.get(table.period)
    areas = [squeeze(_text(row[area])) for row in rows]
    periods = [] if period is None else [_text(row[period]) for row in rows]
    columns = header.figures
    return pd.DataFrame(
        {
            "area_code": areas * len(columns),
            "period": periods * len(columns) or [column.period or given for column in columns for _ in rows],
            "value": [_text(row[column.at]) for column in columns for row in rows],
            "margin": [
                "" if column.margin is None else _text(row[column.margin]) for column in columns for row in rows
            ],
            "where": [f"{where}, column {column.heading!r}" for column in columns for _ in rows],
        },
        dtype=str,
    )


def _text(cell: Cell) -> str:
    """A cell as text: numbers without a needless .0, dates in ISO form."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _check_periods(labels: pd.Series[str], where: str) -> None:
    for label in labels.unique():
        try:
            parse_period(label)
        except PeriodError as error:
            msg = f"{where}: {int((labels == label).sum())} figures stand under a period nobody can read: {error}"
            raise LayoutChanged(msg) from error


def _figures(frame: pd.DataFrame, table: Table, where: str) -> pd.DataFrame:
    text = _graded(frame["value"], table.grades, where) if table.grades else frame["value"]
    value, status = _numbers(text, frame["where"], table.scale)
    margin, _ = _numbers(frame["margin"], frame["where"], table.scale)
    lower, upper = (_limits(value, margin, sign) if table.margin else "" for sign in (-1, 1))
    return pd.DataFrame(
        {
            "area_code": frame["area_code"],
            "period": frame["period"],
            "value": value,
            "status": status,
            "lower_ci": lower,
            "upper_ci": upper,
        }
    )


def _numbers(text: pd.Series[str], where: pd.Series[str], scale: float) -> tuple[pd.Series[str], pd.Series[str]]:
    """Scaled values, and statuses; a cell with two figures has a status of its own."""
    double = text.str.fullmatch(_TWO_FIGURES)
    value, status = numbers(text.mask(double, ""), where)
    if scale != 1:
        value = mapped(value, lambda one: _plain(Decimal(one) * Decimal(str(scale))) if one else "")
    return value, status.mask(double, TWO_FIGURES)


def _graded(text: pd.Series[str], grades: Sequence[str], where: str) -> pd.Series[str]:
    """Grades as numbers from 1, markers as they are. Raises LayoutChanged for a number, which is no grade."""
    known = {grade.casefold(): str(number) for number, grade in enumerate(grades, start=1)}
    wrong = text[text.str.fullmatch(r"[-+\d.,]*\d[\d.,]*")]
    if len(wrong):
        msg = f"{where}: {wrong.iloc[0]!r} stands where a grade was; grades are {', '.join(grades)}"
        raise LayoutChanged(msg)
    return mapped(text, lambda one: known.get(squeeze(one).casefold(), one))


def _limits(values: pd.Series[str], margins: pd.Series[str], sign: int) -> list[str]:
    """Limits, where there are a figure and its margin."""
    pairs = zip(values.tolist(), margins.tolist(), strict=True)
    return [_plain(Decimal(value) + sign * Decimal(margin)) if value and margin else "" for value, margin in pairs]


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# --- councils by name -----------------------------------------------------------------------------

_ASIDE = re.compile(
    r"\b(?:until \d{4}|ua|cc|mbc|cty|pre lgr?|council|county|city|of|the|unitary authority"
    r"|(?:metropolitan|royal|london) borough|borough council)\b"
)
"""Words that one publisher puts with a council's name and another does not."""

_SHORT = {
    "hull": "kingston upon hull",
    "bcp": "bournemouth christchurch and poole",
    "stockton": "stockton on tees",
}
_CITY_OF_LONDON = "city of london"
_TOTALS = re.compile(
    r"(?:all|total)\b.*|(?:shire|unitary|metropolitan) (?:count|district|authorit|area)\w*|(?:inner|outer) london"
    r"|london boroughs|(?:english )?regions?|averages?|mean|median"
)
"""Names, as ``plain_name`` gives them, of classes that stand among the councils."""


def plain_name(name: str) -> str:
    """A council's name as all publishers agree on it: no capitals, signs, notes or words such as council."""
    folded = squeeze(name).casefold().replace("&", " and ").replace("'", "")
    words = re.sub(r"\W+", " ", folded).strip()
    if words.startswith(_CITY_OF_LONDON):
        return _CITY_OF_LONDON  # London alone is the region
    bare = " ".join(_ASIDE.sub(" ", words).split())
    return _SHORT.get(bare, bare)


@functools.cache
def _by_name() -> Mapping[str, tuple[Area, ...]]:
    found: dict[str, list[Area]] = {}
    for area in load_areas():
        found.setdefault(plain_name(area.name), []).append(area)
    return {name: tuple(sorted(areas, key=lambda area: area.start or date.min)) for name, areas in found.items()}


def code_of(name: str, period: Period) -> str | None:
    """The code of the council or country of this name that was there at the end of a period.

    Empty for regions, districts and totals; None for a name nobody knows.
    """
    plain = plain_name(name)
    areas = _by_name().get(plain, ())
    kept = [area for area in areas if area.kept]
    if kept:
        there = [area for area in kept if area.exists(period.end)]
        return (there or kept)[-1].code
    return "" if areas or not plain or _TOTALS.fullmatch(plain) else None


def _with_codes(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Rows by the codes of the councils named in them, without totals and lower areas.

    Raises LayoutChanged when figures stand under a name nobody knows.
    """
    pairs = frame[["area_code", "period"]].drop_duplicates()
    codes = {
        (name, label): code_of(name, parse_period(label)) for name, label in pairs.itertuples(index=False, name=None)
    }
    found = [codes[pair] for pair in zip(frame["area_code"], frame["period"], strict=True)]
    unknown = frame["area_code"][[code is None for code in found]]
    if len(unknown):
        first = unknown.iloc[0]
        names = [area.name for area in load_areas() if area.upper_tier]
        msg = f"{where}: figures stand under {first!r}, which is no council we know; {nearest(first, names)}"
        raise LayoutChanged(msg)
    frame = frame.assign(area_code=[code or "" for code in found])
    return frame[frame["area_code"] != ""]
