"""How fast a figure moves: one rule for the way to the line of the bottom quartile and for the way to a target.

In fractions throughout. Method, item 13.
"""

from __future__ import annotations

import math
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from engine.periods import Period
from engine.ranking import exact_key

PERIODS_OF_PACE = 3
"""The latest periods over which a pace is measured."""

ALIKE_DAYS = 7
"""Days by which periods of one length may differ: a leap day, or weeks for months."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a figure went over its latest periods: ``last`` at the ``end`` of the latest of them.

    ``per_year`` is the mean change a year, in units of the figure and with its sign; ``gap`` the mean time from one
    period's end to the next's, in years.
    """

    end: date
    last: Fraction
    per_year: Fraction
    gap: Fraction

    def on(self, day: date) -> Fraction:
        """The figure on a day, going on as it went."""
        return self.last + self.per_year * years_between(self.end, day)


def run(points: Iterable[tuple[Period, Fraction]], least: int = PERIODS_OF_PACE) -> Run | None:
    """How a figure went from the first to the last of its latest three periods; None with fewer than ``least``.

    Only periods as long as the latest one count, and the time is that between their ends, so that neither rolling
    periods nor a gap in a series make it look faster or slower.
    """
    known = sorted(points, key=lambda point: point[0])
    alike = {period.end: value for period, value in known if abs(_days(period) - _days(known[-1][0])) <= ALIKE_DAYS}
    ends = sorted(alike)[-PERIODS_OF_PACE:]
    if len(ends) < max(least, 2):
        return None
    span = years_between(ends[0], ends[-1])
    return Run(ends[-1], alike[ends[-1]], (alike[ends[-1]] - alike[ends[0]]) / span, span / (len(ends) - 1))


@dataclass(frozen=True, slots=True)
class Pace:
    """How a value moves over the last three periods, and how long it would take it to reach another at that pace.

    ``per_year`` and ``gap`` are those of ``Run``. ``years`` until the value is reached, and ``periods`` until it first
    is at a period's end, are None unless it is on its ``way`` towards it: it may be moving away from it, or standing
    still.
    """

    way: Literal["towards", "away", "still"]
    per_year: Fraction
    gap: Fraction
    years: Fraction | None
    periods: int | None


def pace(points: Iterable[tuple[Period, float]], needed: Fraction, decimals: int) -> Pace | None:
    """The pace of the latest of these periods with their values, and how long it takes them to ``needed``.

    What is at the line is taken to stay where it is. ``decimals`` are those at which values compare. None with fewer
    than three periods alike. Method, item 13.
    """
    found = run((period, Fraction(exact_key(value, decimals), 10**decimals)) for period, value in points)
    if found is None:
        return None
    to_go = needed - found.last
    if not found.per_year:
        return Pace("still", found.per_year, found.gap, None, None)
    if found.per_year * to_go <= 0:
        return Pace("away", found.per_year, found.gap, None, None)
    years = to_go / found.per_year
    return Pace("towards", found.per_year, found.gap, years, math.ceil(years / found.gap))


def years_between(first: date, last: date) -> Fraction:
    """The time between two days in years of twelve months, all alike, so that no leap day quickens or slows a pace.

    From the end of one month to that of another it is whole months; days count as a share of their own month.
    """
    return (_moment(last) - _moment(first)) / 12


def _moment(day: date) -> Fraction:
    """A day's end in months."""
    return 12 * day.year + day.month - 1 + Fraction(day.day, monthrange(day.year, day.month)[1])


def _days(period: Period) -> int:
    return (period.end - period.start).days
