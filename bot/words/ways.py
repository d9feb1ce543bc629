"""How far it is to the line of the bottom quartile, and how long that takes."""

from __future__ import annotations

from fractions import Fraction

from bot.words.text import count, listed, name, series
from bot.words.units import amount, figure
from engine.areas import load_areas
from engine.explain import Distance
from engine.pace import Pace

_LONG = 20
"""Years beyond which a pace says no more than that it takes long."""

_AT_THE_LINE = 3
"""Areas named that stand at the line together; the others are counted."""

_OF_PACE = "at the pace of the last three periods"


def distance(way: Distance, unit: str, decimals: int | None) -> str:
    """As "needs 2.3 percentage points, 3 places, to leave the bottom quartile, at 87.1%"; or how far above it."""
    far, line = count(way.places, "place"), ""
    if way.gap is not None and way.needed is not None:
        far = f"{amount(float(way.gap), unit, decimals)}, {far},"
        line = figure(float(way.needed), unit, decimals)
    if way.way == "leave":
        return f"needs {far} to leave the bottom quartile" + (f", at {line}" if line else "")
    return f"{far} above the bottom quartile" + (f", which begins at {line}" if line else "")


def pace(found: Pace | None, way: Distance) -> str:
    """As "at the pace of the last three periods: about 2 years"; or that it is not reached at that pace.

    Of the way into the bottom quartile only what leads there within twenty years is told.
    """
    if found is None:
        return ""
    if found.periods is None:
        doing = "it is moving away" if found.way == "away" else "it stands still"
        return f"not {_OF_PACE}: {doing}" if way.way == "leave" else ""
    years = found.periods * found.gap
    if way.way == "enter":
        return f"{_OF_PACE} it is there {_in_time(found.periods, years, 'in ')}" if years <= _LONG else ""
    return f"{_OF_PACE}: {_in_time(found.periods, years)}"


def _in_time(periods: int, years: Fraction, before: str = "") -> str:
    """As "with the next one", "about 9 months", "about 2 years"."""
    if periods == 1:
        return "with the next one"
    if years > _LONG:
        return f"more than {_LONG} years"
    months = max(round(12 * years), 1)
    if months < 12 or (months < 24 and months % 12):  # noqa: PLR2004 - as people count
        return f"{before}about {count(months, 'month')}"
    return f"{before}about {count(round(years), 'year')}"


def beside(way: Distance) -> str:
    """Who stands at the line of the bottom quartile: "just past Durham and Essex"; below it where it is ahead."""
    areas = load_areas()
    names = sorted(name(areas[code].name) for code in way.level or (way.at,))
    if 1 < len(names) <= _AT_THE_LINE:
        names = [series(names)]
    return f"just {'past' if way.way == 'leave' else 'below'} {listed(names, _AT_THE_LINE)}"
