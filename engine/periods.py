"""One period type for every way the publishers write a period.

A period is its first and last day, both included. What is read, and how:

* ``2023``: 1 January to 31 December. Publishers also write an academic or a reporting year so; the label
  does not tell them apart.
* ``2022/23``, ``2022-23``, ``2022 to 2023``: the next year follows, so a financial year, 1 April to 31
  March. Academic years are written and read the same way. ``202223`` (DfE) and ``FYE 2023`` (DfT) are this
  year too.
* ``2014-16``, ``2021 - 23``, ``2021 to 2023``: a later year follows, so calendar years from the first to
  the last.
* ``2021/22-23/24``: financial years from the first to the last.
* ``2008-04``: a month, but only when the two digits after the hyphen are not above the last two of the
  year. ``2010-12`` is 2010 to 2012, as DfE means it, never December; ``2004-05`` is a financial year, never
  May.
* ``Dec 2024``, ``2024 Dec``: a month. ``Jan 2024-Dec 2024``, ``Apr-Jun 2024``: months from the first to the
  last.
* ``Q3 2023/24``: third quarter of the financial year, October to December 2023. ``2023 Q4`` and ``Q4
  2023``: fourth quarter of the calendar year, the same three months.
* ``year ending March 2024``: twelve months up to the end of that month.
* ``2022-01-01/P3Y``: ISO 8601 start and duration in years, months or days; a time of 00:00:00 is ignored.
* ``2022-04-01/2023-03-31``: first and last day, both included, which is how :attr:`Period.key` is written.
* ``2025-04-30``, ``30 April 2025``, ``30/04/2025``: one day, with the day before the month as in Britain.

A mark may follow: ``(prov)``, ``[p]``, ``2023p``; ``(Rev)``, ``(Revised)``, ``2004-05r``; ``(Final)``,
``(OT)``.
"""

from __future__ import annotations

import functools
import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from engine.errors import EngineError

__all__ = ["Mark", "Period", "PeriodError", "parse_period"]

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2099, 12, 31)
LONGEST_SHORT_RANGE = 10
"""Years between A and BB in ``A-BB``: more is a slip of the pen (2023-45), not a pooled period."""

_EXAMPLES = "2023, 2022/23, 2021-23, 202223, FYE 2023, Q3 2023/24, Dec 2024, 2022-01-01/P3Y, 2025-04-30"
_DAY = timedelta(days=1)
_APRIL = 4
_YEAR = 12
_QUARTER = 3
_IN_FULL = 4
_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_NUMBERS = {name[:3].lower(): number for number, name in enumerate(_NAMES, start=1)}


class PeriodError(EngineError, ValueError):
    """A label no rule reads, a date that does not exist, or a period that ends before it begins."""


class Mark(IntEnum):
    """How settled the figures are; where two marks stand for one period, the higher one counts.

    Outturn, ``(OT)``, is what was really spent: it replaces a budget printed without a mark, so it is final.
    """

    PROVISIONAL = 0
    UNMARKED = 1
    REVISED = 2
    FINAL = 3


_MARKS = {
    **dict.fromkeys(("p", "prov", "provisional"), Mark.PROVISIONAL),
    **dict.fromkeys(("r", "rev", "revised"), Mark.REVISED),
    **dict.fromkeys(("final", "finalised", "finalized", "ot", "outturn"), Mark.FINAL),
}


@functools.total_ordering
@dataclass(frozen=True)
class Period:
    """First day, last day and mark.

    Equality and hash include the mark, so 2024 (prov) and 2024 are two values; group by :attr:`key` to treat
    them as the one period they are. Order is by last day, then first day, then mark: ``max`` gives the latest
    period in its most settled form.
    """

    start: date
    end: date
    mark: Mark = Mark.UNMARKED

    def __post_init__(self) -> None:
        if not FIRST_DAY <= self.start <= self.end <= LAST_DAY:
            raise PeriodError(
                f"a period cannot run from {self.start} to {self.end}: "
                f"the last day must not come before the first, within {FIRST_DAY.year} to {LAST_DAY.year}"
            )

    def __lt__(self, other: Period) -> bool:
        if not isinstance(other, Period):
            return NotImplemented
        return (self.end, self.start, self.mark) < (other.end, other.start, other.mark)

    @functools.cached_property
    def key(self) -> str:
        """The same text for the same days however written, without the mark; can be parsed again."""
        return f"{self.start}/{self.end}"

    @property
    def label(self) -> str:
        """The period for people, without the mark; can be parsed again. Quarters are financial ones."""
        if self.start == self.end:
            return _day_name(self.start)
        if self.start.day != 1 or (self.end + _DAY).day != 1:
            return f"{_day_name(self.start)} to {_day_name(self.end)}"
        return _months_name(self.start, self.end)


@functools.lru_cache(maxsize=4096)
def parse_period(label: str) -> Period:
    """The period a label stands for, by the list at the head of this module; else :class:`PeriodError`."""
    body, mark = _split_mark(" ".join(_DASHES.sub("-", label).lower().split()))
    try:
        start, end = _read(body)
        return Period(start, end, mark)
    except (ValueError, OverflowError) as error:
        raise PeriodError(f"cannot read {label!r} as a period; this would do: {_EXAMPLES}") from error


def as_written(label: str) -> str:
    """A period as its publisher writes it; one written for machines, as 2022-04-01/P1Y, as people do: 2022/23."""
    if not _FOR_MACHINES.match(label):
        return label
    try:
        return parse_period(label).label
    except PeriodError:
        return label


def _split_mark(text: str) -> tuple[str, Mark]:
    """Separate "2023 (prov)" into "2023" and its mark; an unknown mark stays on, and no rule will fit."""
    found = _MARKED.fullmatch(text)
    if found is None:
        return text, Mark.UNMARKED
    body, word, letter = found.groups()
    mark = _MARKS.get(word or letter)
    return (text, Mark.UNMARKED) if mark is None else (body, mark)


def _read(text: str) -> Span:
    for pattern, rule in _RULES:
        found = pattern.fullmatch(text)
        if found is not None:
            return rule(*found.groups())
    raise ValueError("no rule fits")


A_YEAR = 400
"""Days between the ends of two periods that are still a year apart: of rolling figures some weeks more."""


def a_year_apart(earlier: str, later: str) -> bool:
    """Whether no more than a year lies between the last days of two periods, given as 2024-03-31."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days <= A_YEAR


# --- building blocks ------------------------------------------------------------------------------

Span = tuple[date, date]


def _add_months(day: date, months: int) -> date:
    """Same day of the month, or the last one where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _months(year: int, month: int, count: int) -> Span:
    start = date(year, month, 1)
    return start, _add_months(start, count) - _DAY


def _financial_years(first: int, last: int) -> Span:
    return _months(first, _APRIL, _YEAR * (last - first + 1))


def _following(year: int, text: str) -> int:
    """The later year that ``text`` stands for after ``year``: in full, or by its last two digits."""
    in_full = len(text) == _IN_FULL
    later = int(text) if in_full else year + (int(text) - year) % 100
    if later <= year or not (in_full or later - year <= LONGEST_SHORT_RANGE):
        raise ValueError(f"{text} does not follow {year}")
    return later


def _financial(first: str, second: str) -> int:
    """The year in which a financial year begins, after checking that the second year is the next one."""
    year = int(first)
    if _following(year, second) != year + 1:
        raise ValueError(f"{second} is not the year after {first}")
    return year


def _month_number(name: str) -> int:
    return _NUMBERS[name[:3]]


def _named_day(day: str, month: str, year: str) -> date:
    return date(int(year), _month_number(month), int(day))


# --- one rule for each way of writing -------------------------------------------------------------


def _calendar_year(year: str) -> Span:
    return _months(int(year), 1, _YEAR)


def _two_years(first: str, second: str) -> Span:
    year, last = int(first), _following(int(first), second)
    return _financial_years(year, year) if last == year + 1 else _months(year, 1, _YEAR * (last - year + 1))


def _year_or_month(first: str, second: str) -> Span:
    """Two digits after a hyphen: a month where they are in range and not above the last two of the year."""
    year, number = int(first), int(second)
    if 1 <= number <= year % 100:
        return _months(year, number, 1)
    return _two_years(first, second)


def _joined_years(first: str, second: str) -> Span:
    year = _financial(first, second)
    return _financial_years(year, year)


def _financial_year_span(first: str, second: str, third: str, fourth: str) -> Span:
    begin = _financial(first, second)
    last = _financial(str(_following(begin, third)), fourth)
    return _financial_years(begin, last)


def _financial_year_ending(year: str) -> Span:
    return _financial_years(int(year) - 1, int(year) - 1)


def _twelve_months_to(day: str | None, month: str, year: str) -> Span:
    last = str(monthrange(int(year), _month_number(month))[1])
    end = _named_day(day or last, month, year)
    return _add_months(end + _DAY, -_YEAR), end


def _calendar_quarter(number: str, year: str) -> Span:
    return _months(int(year), _QUARTER * (int(number) - 1) + 1, _QUARTER)


def _financial_quarter(number: str, first: str, second: str) -> Span:
    start = _add_months(date(_financial(first, second), _APRIL, 1), _QUARTER * (int(number) - 1))
    return _months(start.year, start.month, _QUARTER)


def _month(name: str, year: str) -> Span:
    return _months(int(year), _month_number(name), 1)


def _month_span(first: str, first_year: str | None, last: str, last_year: str) -> Span:
    """A first month without a year is the nearest before the last: "Dec-Feb 2024" begins in 2023."""
    turn = _month_number(first) > _month_number(last)
    begin = int(first_year) if first_year else int(last_year) - turn
    return date(begin, _month_number(first), 1), _month(last, last_year)[1]


def _one_day(day: str, month: str, year: str) -> Span:
    only = _named_day(day, month, year)
    return only, only


def _numeric_day(day: str, month: str, year: str) -> Span:
    only = date(int(year), int(month), int(day))
    return only, only


def _day_span(*parts: str) -> Span:
    """Day, month and year of the first day, then of the last."""
    return _named_day(*parts[:3]), _named_day(*parts[3:])


def _iso_day(day: str) -> Span:
    return date.fromisoformat(day), date.fromisoformat(day)


def _iso_duration(day: str, count: str, unit: str) -> Span:
    start = date.fromisoformat(day)
    if unit == "d":
        return start, start + int(count) * _DAY - _DAY
    return start, _add_months(start, int(count) * (_YEAR if unit == "y" else 1)) - _DAY


def _iso_span(first: str, last: str) -> Span:
    return date.fromisoformat(first), date.fromisoformat(last)


# --- their patterns, on lower-case text with single spaces and plain hyphens ----------------------

_DASHES = re.compile("[\u2010-\u2015\u2212]")
_MARKED = re.compile(r"(.+?)(?: ?[(\[]([a-z]+)[)\]]|(?<=\d)([pr]))")

_Y = r"(\d{4})"
_YY = r"(\d{4}|\d{2})"
_M = "(" + "|".join(f"{name}|{name[:3]}" for name in map(str.lower, _NAMES)) + "|sept)"
_D = r"(\d{1,2})(?:st|nd|rd|th)?"
_TO = r"(?: ?- ?| to )"
_Q = r"(?:q|quarter )([1-4])"
_FOR_MACHINES = re.compile(r"^\d{4}-\d{2}-\d{2}(?:T00:00:00)?(?:/|$)")
_ISO = r"(\d{4}-\d{2}-\d{2})(?:t00:00:00)?"


def _swap(rule: Callable[..., Span], width: int) -> Callable[..., Span]:
    """The same rule for labels that put the year, of ``width`` parts, before the month or quarter."""
    return lambda *parts: rule(*parts[width:], *parts[:width])


_RULES: tuple[tuple[re.Pattern[str], Callable[..., Span]], ...] = tuple(
    (re.compile(pattern, re.ASCII), rule)
    for pattern, rule in (
        (_Y, _calendar_year),
        (r"(\d{4})-(\d{2})", _year_or_month),
        (rf"{_Y}(?: ?[-/] ?| to ){_YY}", _two_years),
        (r"(\d{4})(\d{2})", _joined_years),
        (rf"{_Y}[-/]{_YY}{_TO}{_YY}[-/]{_YY}", _financial_year_span),
        (rf"(?:fye|financial year ending) {_Y}", _financial_year_ending),
        (rf"(?:(?:financial )?year (?:ending|ended|to)|ye) (?:{_D} )?{_M} {_Y}", _twelve_months_to),
        (rf"{_Q} {_Y}", _calendar_quarter),
        (rf"{_Y}[ -]?{_Q}", _swap(_calendar_quarter, 1)),
        (rf"{_Q} {_Y}[-/]{_YY}", _financial_quarter),
        (rf"{_Y}[-/]{_YY} {_Q}", _swap(_financial_quarter, 2)),
        (rf"{_M} {_Y}", _month),
        (rf"{_Y} {_M}", _swap(_month, 1)),
        (rf"{_M}(?: {_Y})?{_TO}{_M} {_Y}", _month_span),
        (rf"(?:as at )?{_D} {_M} {_Y}", _one_day),
        (rf"{_D} {_M} {_Y}{_TO}{_D} {_M} {_Y}", _day_span),
        (r"(\d{1,2})/(\d{1,2})/(\d{4})", _numeric_day),
        (_ISO, _iso_day),
        (rf"{_ISO}/p(\d{{1,4}})([ymd])", _iso_duration),
        (rf"{_ISO}/{_ISO}", _iso_span),
    )
)


# --- names for people -----------------------------------------------------------------------------


def _day_name(day: date) -> str:
    return f"{day.day} {_month_name(day)}"


def _month_name(day: date) -> str:
    return f"{_NAMES[day.month - 1]} {day.year}"


def _financial_name(year: int) -> str:
    return f"{year}/{(year + 1) % 100:02}"


def _months_name(start: date, end: date) -> str:
    count = _YEAR * (end.year - start.year) + end.month - start.month + 1
    if count % _YEAR == 0 and start.month == _APRIL:
        names = [_financial_name(start.year), _financial_name(end.year - 1)]
        return " to ".join(dict.fromkeys(names))
    if count % _YEAR == 0 and start.month == 1 and count != 2 * _YEAR:  # "2015 to 2016" is a financial year
        return " to ".join(dict.fromkeys([str(start.year), str(end.year)]))
    if count == _QUARTER and start.month % _QUARTER == 1:
        first = _add_months(start, 1 - _APRIL)  # counted as if the year began in April
        return f"Q{first.month // _QUARTER + 1} {_financial_name(first.year)}"
    return " to ".join(dict.fromkeys([_month_name(start), _month_name(end)]))
