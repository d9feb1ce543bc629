"""Spending, deprivation and whatever else has no direction, and performance against them."""

from __future__ import annotations

from bot.words.dates import periods
from bot.words.places import place
from bot.words.text import ordinal
from bot.words.units import NO_FIGURE, figure
from engine.changes import Standing
from engine.quadrants import Against, Quadrant
from state.planes import PlanePoint

_PERFORMING = {-1: "high performing", 0: "middling performance", 1: "low performing"}
_SPENDING = {-1: "high spending", 0: "middling spending", 1: "low spending"}
_DEPRIVED = {-1: "more deprived", 0: "middling deprivation", 1: "less deprived"}


def spend(standing: Standing | None) -> str:
    """As "3rd highest of 32"; the last is the lowest, as rank 1 is the highest spend (method, item 8)."""
    return _from_most(standing, "highest", "lowest")


def deprived(standing: Standing | None) -> str:
    """As "3rd most deprived of 32"; the last is the least, as rank 1 is the most deprived (method, item 8)."""
    return _from_most(standing, "most deprived", "least")


def place_in(standing: Standing | None, polarity: str) -> str:
    """As "24th of 32"; "24th highest of 32" in what has no direction."""
    return spend(standing) if polarity == "none" else place(standing)


def first(polarity: str) -> str:
    """What stands first among areas in the order of an indicator: "best", or "highest" without a direction."""
    return "highest" if polarity == "none" else "best"


def _from_most(standing: Standing | None, most: str, least: str) -> str:
    if standing is None or standing.rank is None:
        return "no rank"
    tied = "=" if standing.tied else ""
    if standing.rank == 1:
        return f"{tied}{most} of {standing.of}"
    last = f", the {least}" if standing.rank == standing.of else ""
    return f"{tied}{ordinal(standing.rank)} {most} of {standing.of}{last}"


def quadrant(found: Quadrant, against: Against = "spend") -> str:
    """As "high performing, low spending" or "high performing, more deprived"."""
    return f"{_PERFORMING[found.performing]}, {(_SPENDING if against == 'spend' else _DEPRIVED)[found.across]}"


def across_figure(point: PlanePoint) -> str:
    """The figure that performance is set against, as "£441 per head, 2023-24"; "no figure"."""
    standing, measure = point.across, point.measure
    if standing.value is None:
        return NO_FIGURE
    shown = figure(standing.value, measure.unit, measure.decimals)
    return ", ".join(part for part in (shown, periods(None, standing)) if part)


def across(point: PlanePoint, against: Against) -> str:
    """The same with its place, as "£441 per head, 29th highest of 31, 2023-24"."""
    standing, measure = point.across, point.measure
    if standing.value is None:
        return NO_FIGURE
    where = spend(standing) if against == "spend" else deprived(standing)
    shown = figure(standing.value, measure.unit, measure.decimals)
    return ", ".join(part for part in (shown, where, periods(None, standing)) if part)
