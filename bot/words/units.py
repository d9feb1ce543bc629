"""Figures with their unit, and which way is good."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from bot.slack_text import cut, literal
from bot.words.text import NAME
from engine.changes import Standing

NO_FIGURE = "no figure"
_UNKNOWN_DECIMALS = 6
_PER_CENT = re.compile(r"^(?:%|per ?cent(?:age)?\b|proportion \(%\))\s*", re.IGNORECASE)
_POINTS = re.compile(r"^(?:%|per ?cent(?:age)?)[\s-]*points?$", re.IGNORECASE)
_POUNDS = re.compile(r"^£((?:m|bn|k)\b)?\s*(.*)$")
_RATE = re.compile(r"^[a-z\- ]*\brate (?=per\b)", re.IGNORECASE)
_BAND = re.compile(r"^(-?[\d.]+)\.\.(-?[\d.]+)$")


def number(value: float | None, decimals: int | None) -> str:
    """The figure with the decimals its publisher prints, or as many as it has where these are unknown."""
    if value is None or not math.isfinite(value):
        return NO_FIGURE
    shown = f"{abs(value):,.{_UNKNOWN_DECIMALS if decimals is None else decimals}f}"
    shown = shown.rstrip("0").rstrip(".") if decimals is None else shown
    return f"−{shown}" if value < 0 and shown.strip("0.,") else shown


def figure(value: float | None, unit: str, decimals: int | None) -> str:
    """One figure with its unit: "87.8%", "£1,204 per head", "4.6 per 1,000"."""
    return _with_unit([number(value, decimals)], unit)


def figures(before: Standing | None, after: Standing, unit: str, decimals: int | None) -> str:
    """As "4.6 → 5.9 per 1,000"; just the figure where it did not change or was not known."""
    new = number(after.value, decimals)
    old = number(before.value, decimals) if before else NO_FIGURE
    return _with_unit([new] if NO_FIGURE in {old, new} or old == new else [old, new], unit)


def figures_judged(before: Standing | None, after: Standing, unit: str, decimals: int | None, polarity: str) -> str:
    """As "4.6 → 5.9 per 1,000 (higher is worse)"."""
    return f"{figures(before, after, unit, decimals)} {direction(polarity)}".strip()


def amount(value: float, unit: str, decimals: int | None) -> str:
    """How much of a unit, as of a difference: "2.3 percentage points", "£120 per head", "0.4 per 1,000"."""
    if _PER_CENT.match(cut(unit.strip(), NAME)):
        shown = number(value, decimals)
        return f"{shown} percentage point{'' if shown == '1' else 's'}"
    return figure(value, unit, decimals)


def direction(polarity: str) -> str:
    """As "(higher is worse)"; empty where no direction is good."""
    if band := _BAND.match(polarity):
        return f"(best between {band[1]} and {band[2]})" if band[1] != band[2] else f"(best at {band[1]})"
    return {"low": "(higher is worse)", "high": "(higher is better)"}.get(polarity, "")


def _with_unit(shown: Sequence[str], unit: str) -> str:
    """Figures with their unit, its sign at each of them and its words once."""
    if NO_FIGURE in shown:
        return NO_FIGURE
    before, after, rest = _unit(cut(unit.strip(), NAME))
    signed = [f"−{before}{item[1:]}{after}" if item.startswith("−") else f"{before}{item}{after}" for item in shown]
    return f"{' → '.join(signed)} {literal(rest)}".strip()


def _unit(unit: str) -> tuple[str, str, str]:
    """What stands before each figure, what right after it, and what after all of them."""
    if _POINTS.match(unit):
        return "", "", "percentage points"
    if found := _PER_CENT.match(unit):
        return "", "%", unit[found.end() :]
    if found := _POUNDS.match(unit):
        return "£", found[1] or "", found[2]
    unit = _RATE.sub("", unit)
    first = unit.split(" ")[0]
    return "", "", unit if first[1:] != first[1:].lower() else unit[:1].lower() + unit[1:]
