"""Targets as councils write them: plain numbers and ranges are read, everything else is left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.charts.style import plain

_NUMBER = r"£?\s*(-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*%?"
_ONE = re.compile(rf"^([<>≤≥]=?)?\s*{_NUMBER}$")
_RANGE = re.compile(rf"^{_NUMBER}\s*(?:-|–|to|\.\.)\s*{_NUMBER}$")
_AT_MOST = 25


@dataclass(frozen=True, slots=True)
class Target:
    """What was aimed at: ``sign`` is <, >, ≤ or ≥, empty for a plain number; a range has two different ends."""

    words: str
    sign: str
    lowest: float
    highest: float

    def met(self, value: float, polarity: str) -> bool | None:
        """Whether a figure meets it; None where the target does not say, or says the opposite of the direction."""
        if self.lowest != self.highest:
            return self.lowest <= value <= self.highest
        if self.sign:
            if polarity == ("low" if self.sign in {">", "≥"} else "high"):
                return None
            return {
                "<": value < self.lowest,
                ">": value > self.lowest,
                "≤": value <= self.lowest,
                "≥": value >= self.lowest,
            }[self.sign]
        return {"high": value >= self.lowest, "low": value <= self.lowest}.get(polarity)


def read_target(text: str, unit: str) -> Target | None:
    """The target in a text such as "<9%", ">84%", "28%-40%" or "90"; None for words, dates and other units."""
    words = plain(text)
    if not words or len(words) > _AT_MOST or _elsewhere(words, unit):
        return None
    if found := _ONE.match(words):
        number = _number(found[2])
        sign = (found[1] or "").replace("<=", "≤").replace(">=", "≥")[:1]
        return Target(words, sign, number, number)
    if found := _RANGE.match(words):
        ends = _number(found[1]), _number(found[2])
        return Target(words, "", *ends) if ends[0] <= ends[1] else None
    return None


def _elsewhere(words: str, unit: str) -> bool:
    """Whether the target is in another unit: "5%" fewer of what is counted in people is no figure of theirs."""
    per_cent = "%" in unit or "per cent" in unit.lower() or "percent" in unit.lower()
    return ("%" in words and not per_cent) or ("£" in words and "£" not in unit)


def _number(text: str) -> float:
    return float(text.replace(",", ""))
