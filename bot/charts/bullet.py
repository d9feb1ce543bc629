"""An indicator's figure against its target, over the comparators' quartiles: the panel below the trend."""

from __future__ import annotations

from bot.charts.style import (
    BANDS,
    INK,
    LEFT,
    RIGHT,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    WORSE,
    Card,
    plain,
    short,
    width,
)
from engine.catalogue import Polarity
from engine.targets import Known, Target, Verdict, as_printed, assess
from state.histories import IndicatorHistory, Spread

BULLET = 0.86
"""Height of the panel."""

_BAR, _BAR_TOP = 0.2, 0.4
_NUMBERED = 0.13
"""Width from which a quartile's part of the bar holds its number."""


def verdict(history: IndicatorHistory, target: Target, value: float) -> str:
    """As "Target <9%: missed"."""
    word = {Verdict.MET: ": met", Verdict.MISSED: ": missed"}.get(_became_of(history, target, value), "")
    return f"Target {target.words}{word}"


def _became_of(history: IndicatorHistory, target: Target, value: float) -> Verdict:
    figure = as_printed(value, history.decimals)
    return assess(target, Polarity.parse(history.polarity), Known(figure, unit=history.unit))


def bullet(card: Card, top: float, history: IndicatorHistory, value: float, each: Spread, target: Target) -> None:
    """The figure and the target on a bar that is the range of all areas, in quartiles where one end is best."""
    first_end, last_end = float(target.lowest), float(target.highest)
    low = min(each.lowest, value, first_end)
    high = max(each.highest, value, last_end)
    span = (high - low) or 1.0
    left, right = LEFT + 0.08, WIDTH - RIGHT - 0.08

    def x(at: float) -> float:
        return left + (right - left) * (at - low) / span

    became = _became_of(history, target, value)
    words = verdict(history, target, value)
    sign = {Verdict.MET: "✓ ", Verdict.MISSED: "✗ "}.get(became, "")
    card.write(LEFT, top + 0.06, f"{sign}{words}", bold=True, colour=WORSE if became is Verdict.MISSED else INK)
    card.write(WIDTH - RIGHT, top + 0.06, _key(history.polarity), size=SMALL, colour=SOFT, align="right")
    bar = top + _BAR_TOP
    card.box(x(each.lowest), bar, max(x(each.highest) - x(each.lowest), 0.02), _BAR, "#e4e9ee")
    marks = {value, first_end, last_end}
    for quartile, (start, end) in _parts(each, history.polarity).items():
        first, final = sorted((x(start), x(end)))
        card.box(first, bar, max(final - first - 0.012, 0.004), _BAR, BANDS[quartile - 1])
        free = [
            at
            for at in ((first + final) / 2, first + 0.08, final - 0.09)
            if final - first > _NUMBERED and all(abs(at - x(mark)) > _NUMBERED for mark in marks)
        ]
        if free:
            card.write(free[0], bar + _BAR / 2, str(quartile), size=SMALL, colour=SOFT, align="center")
    middle = bar + _BAR / 2
    if first_end != last_end:
        card.line([x(first_end), x(last_end)], [bar + _BAR + 0.05] * 2, INK, 1.6)
    for end in {first_end, last_end}:
        card.line([x(end)] * 2, [bar - 0.02, bar + _BAR + 0.05], INK, 2.0)
    _label(card, x((first_end + last_end) / 2), bar + _BAR + 0.14, f"target {target.words}")
    card.mark(x(value), middle, "D", size=7.5, width=1.2)
    _label(card, x(value), bar - 0.11, short(value, history.unit, history.decimals), bold=True)


def _key(polarity: str) -> str:
    """What the bar is."""
    ends = {"low": "best at the left", "high": "best at the right"}.get(polarity, "")
    return f"quartiles 1 to 4, {ends}" if ends else "range of all areas"


def _parts(each: Spread, polarity: str) -> dict[int, tuple[float, float]]:
    """Where each quartile's figures begin and end, from best to worst; nothing around a band."""
    if polarity not in {"high", "low"}:
        return {}
    best, worst = (each.highest, each.lowest) if polarity == "high" else (each.lowest, each.highest)
    starts = [(1, best), *((at, start) for at, start in zip((2, 3, 4), each.starts, strict=True) if start is not None)]
    if len(starts) == 1:
        return {}
    ends = [start for _, start in starts[1:]] + [worst]
    return {quartile: (start, end) for (quartile, start), end in zip(starts, ends, strict=True)}


def _label(card: Card, x: float, y: float, words: str, *, bold: bool = False) -> None:
    """Words under or over a place on the bar, within the card."""
    size = TEXT if bold else SMALL
    reach = width(plain(words), size, bold=bold) / 2
    at = min(max(x, LEFT + reach), WIDTH - RIGHT - reach)
    card.write(at, y, plain(words), size=size, bold=bold, align="center")
