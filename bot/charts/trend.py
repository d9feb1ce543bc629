"""An indicator over its periods: the council's line among the comparators' range, and its figure against the target."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from bot.charts.bullet import BULLET, bullet, verdict
from bot.charts.style import (
    BANDS,
    BETTER,
    DOT,
    INK,
    LEFT,
    RIGHT,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    WORSE,
    Card,
    accent,
    among,
    amount,
    fits,
    fitted,
    foot,
    plain,
    quartile_words,
    short,
    spread,
    told,
    width,
)
from bot.slack_text import Picture
from bot.words import count, direction, not_judged, place
from bot.words import spend as from_the_top
from engine.catalogue import Polarity
from engine.periods import as_written
from engine.targets import Target, plain_target
from state.histories import IndicatorHistory, IndicatorPeriod, Spread

PERIODS = 36
"""Latest periods shown: more would be dust on a phone."""

_PLOT, _AXIS, _PANEL_GAP = 1.75, 0.24, 0.14
_GUTTER = 1.24
_PAD = 0.1
_RANGE, _MIDDLE, _GOOD = "#e4e9ee", "#6e7781", BANDS[0]
_ALONE = 0.16
"""Half the width of a period that has no neighbour to be joined with; of the only one it is more."""
_BREAK = 1.6
"""A step so many times the usual one is a gap."""
_DENSE = 14
_LABEL_GAP = 0.13


@dataclass(frozen=True)
class _Plane:
    """Where periods and figures stand on the card."""

    history: IndicatorHistory
    periods: tuple[IndicatorPeriod, ...]
    xs: tuple[float, ...]
    joined: tuple[bool, ...]
    """For each period but the first whether it follows the one before without a gap."""
    low: float
    high: float
    top: float

    def y(self, value: float) -> float:
        """Higher figures stand higher."""
        share = (value - self.low) / (self.high - self.low)
        return self.top + _PLOT - _PAD - (_PLOT - 2 * _PAD) * min(max(share, 0.0), 1.0)

    def runs(self, lines: Sequence[Sequence[float] | None]) -> list[list[int]]:
        """Runs of neighbouring periods that have a figure."""
        found: list[list[int]] = []
        for at, figures in enumerate(lines):
            if not figures:
                continue
            if at and lines[at - 1] and self.joined[at - 1]:
                found[-1].append(at)
            else:
                found.append([at])
        return found

    def text(self, value: float | None) -> str:
        """The council's figure as its publisher prints it, with the sign of its unit."""
        return short(value, self.history.unit, self.history.decimals)

    def rough(self, value: float) -> str:
        """Another area's figure, or one worked out."""
        return _rough(self.history, value)


def indicator_chart(history: IndicatorHistory) -> Picture:
    """The council's figure over the periods against best, worst, middle and the bottom quartile's line of all areas."""
    on = history.snapshot
    periods = history.periods[-PERIODS:]
    last = periods[-1] if periods else None
    target = plain_target(plain(history.target), history.unit) if history.polarity != "none" else None
    panel = bool(target and last and last.value is not None and last.spread)
    body = _PLOT + _AXIS + (_PANEL_GAP + BULLET if panel else 0.0)
    notes = (_measured(history), _said(history, last))
    standing = last.standing if last else None
    judged = standing if history.eligibility == "eligible" else None
    card = Card(body, history.name, _fact(history, last), notes=notes, foot=foot(on), edge=accent(judged))
    figures = _figures(periods)
    if figures:
        _draw(card, _plane(card, history, periods, figures))
    else:
        card.write(WIDTH / 2, card.top + _PLOT / 2, "no figures", colour=SOFT, align="center")
    if panel and target and last and last.spread and last.value is not None:
        bullet(card, card.top + _PLOT + _AXIS + _PANEL_GAP, history, last.value, last.spread, target)
    return card.picture(_alt(history, periods, target if panel else None))


def _fact(history: IndicatorHistory, last: IndicatorPeriod | None) -> str:
    """As "28th of 32, bottom quartile"; the reason where the indicator is not judged."""
    standing = last.standing if last else None
    if history.polarity == "none":
        return from_the_top(standing)
    if standing is None:
        return "no figure" if last else "no figures"
    judged = quartile_words(standing) if history.eligibility == "eligible" else not_judged(history.eligibility)
    return ", ".join(part for part in (place(standing), judged) if part)


def _measured(history: IndicatorHistory) -> str:
    """Whose figures and in what unit, as "◆ Leicestershire, per 1,000 people (higher is worse)"."""
    unit = plain(history.unit)
    ways = direction(history.polarity) or "(neither direction is better)"
    return f"◆ {plain(history.snapshot.council_name)}{f', {unit}' if unit else ''} {ways}"


def _said(history: IndicatorHistory, last: IndicatorPeriod | None) -> str:
    if last is None:
        return "No figure has come yet."
    own = short(last.value, history.unit, history.decimals)
    among_whom = ""
    if last.spread:
        among_whom = f"; the middle of {last.spread.areas} areas is {_rough(history, last.spread.median)}"
    return f"{plain(as_written(last.label))}: {own}{among_whom}"


def _rough(history: IndicatorHistory, value: float) -> str:
    """A figure with no more digits than are read where the publisher's decimals are not known."""
    return short(value if history.decimals is not None else float(f"{value:.4g}"), history.unit, history.decimals)


def _figures(periods: Sequence[IndicatorPeriod]) -> list[float]:
    own = [period.value for period in periods if period.value is not None]
    return own + [end for period in periods if period.spread for end in (period.spread.lowest, period.spread.highest)]


def _plane(
    card: Card, history: IndicatorHistory, periods: tuple[IndicatorPeriod, ...], figures: Sequence[float]
) -> _Plane:
    low, high = min(figures), max(figures)
    if low == high:
        low, high = low - 1, high + 1
    days = [date.fromisoformat(period.end).toordinal() for period in periods]
    steps = [after - before for before, after in pairwise(days)]
    usual = statistics.median(steps) if steps else 0
    left, right = LEFT + 0.16, WIDTH - RIGHT - _GUTTER - 0.08
    if not steps:
        xs = [(left + right) / 2]
    elif min(steps) * 3 < usual:  # as where yearly and quarterly figures mix: by number, not by day
        xs = [left + (right - left) * at / (len(days) - 1) for at in range(len(days))]
    else:
        xs = [left + (right - left) * (day - days[0]) / (days[-1] - days[0]) for day in days]
    joined = tuple(step <= _BREAK * usual for step in steps)
    return _Plane(history, periods, tuple(xs), joined, low, high, card.top)


def _draw(card: Card, plane: _Plane) -> None:
    spreads = [period.spread for period in plane.periods]
    _ranges(card, plane, [(s.lowest, s.highest) if s else None for s in spreads], _RANGE)
    _beyond(card, plane, spreads)
    _good(card, plane)
    for run in plane.runs([(s.median,) if s else None for s in spreads]):
        xs, ys = _outline(plane, run, [s.median if s else 0.0 for s in spreads])
        card.line(xs, ys, _MIDDLE, 1.1, style=":")
    _own(card, plane)
    _labels(card, plane)
    _axis(card, plane)


def _outline(plane: _Plane, run: Sequence[int], figures: Sequence[float]) -> tuple[list[float], list[float]]:
    """A line through a run of periods; a lone period is given some width."""
    alone = _ALONE if len(plane.xs) > 1 else 3 * _ALONE
    xs, ys = [plane.xs[at] for at in run], [plane.y(figures[at]) for at in run]
    return (xs, ys) if len(run) > 1 else ([xs[0] - alone, xs[0] + alone], ys * 2)


def _ranges(card: Card, plane: _Plane, ends: Sequence[tuple[float, float] | None], fill: str) -> None:
    for run in plane.runs(ends):
        xs, lower = _outline(plane, run, [end[0] if end else 0.0 for end in ends])
        _, upper = _outline(plane, run, [end[1] if end else 0.0 for end in ends])
        card.area(xs, upper, lower, fill)


def _beyond(card: Card, plane: _Plane, spreads: Sequence[Spread | None]) -> None:
    """The bottom quartile's part of the range, and its line: one side, or both sides of a band."""
    polarity = plane.history.polarity
    for side in _sides(polarity):
        ends: list[tuple[float, float] | None] = []
        lines: list[float | None] = []
        for each in spreads:
            start = _start(each, side)
            lines.append(start)
            end = None if each is None else each.highest if side > 0 else each.lowest
            ends.append(None if start is None or end is None else (min(start, end), max(start, end)))
        _ranges(card, plane, ends, BANDS[3])
        for run in plane.runs([None if line is None else (line,) for line in lines]):
            xs, ys = _outline(plane, run, [line or 0.0 for line in lines])
            card.line(xs, ys, WORSE, 1.1, style="--")


def _sides(polarity: str) -> tuple[int, ...]:
    """Where the bad figures are: 1 above, −1 below."""
    return {"low": (1,), "high": (-1,), "none": ()}.get(polarity, (-1, 1))


def _start(each: Spread | None, side: int) -> float | None:
    """The figure at which the bottom quartile begins on a side, where any area is there."""
    if each is None or not each.line:
        return None
    line = each.line[-1] if side > 0 else each.line[0]
    return line if each.lowest <= line <= each.highest else None


def _good(card: Card, plane: _Plane) -> None:
    """The band of good figures, where that is the direction."""
    polarity = Polarity.parse(plane.history.polarity)
    if polarity.kind == "band":
        upper, lower = plane.y(float(polarity.highest)), plane.y(float(polarity.lowest))
        left, right = LEFT, WIDTH - RIGHT - _GUTTER
        for y in (upper, lower):
            card.line([left, right], [y, y], BETTER, 0.7)
        card.box(left, upper, right - left, max(lower - upper, 0.01), _GOOD)


def _own(card: Card, plane: _Plane) -> None:
    """The council's line; dotted where a period has no figure; figures at both ends."""
    known = [(at, period.value) for at, period in enumerate(plane.periods) if period.value is not None]
    points = [(at, plane.xs[at], plane.y(value)) for at, value in known]
    for (first, x1, y1), (second, x2, y2) in pairwise(points):
        whole = second == first + 1 and plane.joined[first]
        card.line([x1, x2], [y1, y2], INK, 1.7 if whole else 0.9, style="-" if whole else ":")
    for at, x, y in points:
        last = at == points[-1][0]
        if last or len(points) <= _DENSE:
            card.mark(x, y, "D" if last else "o", size=7 if last else 4.5)
    if not points:
        return
    ends = points[:1] if points[-1][0] == len(plane.periods) - 1 else [points[0], points[-1]]
    for at, x, y in ends if len(points) > 1 else points[: int(points[0][0] < len(plane.periods) - 1)]:
        above = y > plane.top + 0.3 and not (at + 1 < len(plane.xs) and _rises(points, at))
        words = plane.text(plane.periods[at].value)
        reach = width(words, TEXT, bold=True) / 2
        where = min(max(x, LEFT + reach), WIDTH - RIGHT - _GUTTER)
        card.write(where, y + (-0.14 if above else 0.14), words, bold=True, align="center", halo=True)


def _rises(points: Sequence[tuple[int, float, float]], at: int) -> bool:
    """Whether the line goes up from a period."""
    after = [y for number, _, y in points if number > at]
    own = next(y for number, _, y in points if number == at)
    return bool(after) and after[0] < own


def _labels(card: Card, plane: _Plane) -> None:
    """What each line is and its last figure, at the right, in the order they stand."""
    last = plane.periods[-1]
    each, history = last.spread, plane.history
    labels: list[tuple[float, str, str, bool]] = []
    if last.value is not None:
        labels.append((last.value, f"◆ {plane.text(last.value)}", INK, True))
    if each is not None:
        high, low = _ends(history.polarity)
        labels.append((each.highest, f"{high} {plane.rough(each.highest)}", SOFT, False))
        labels.append((each.lowest, f"{low} {plane.rough(each.lowest)}", SOFT, False))
        labels.append((each.median, f"middle {plane.rough(each.median)}", SOFT, False))
        for side in _sides(history.polarity):
            start = _start(each, side)
            if start is not None:
                labels.append((start, _bottom_label(plane.rough(start)), WORSE, False))
    wanted = [plane.y(value) for value, *_ in labels]
    x = WIDTH - RIGHT - _GUTTER + 0.1
    begin = plane.xs[-1] + (0.07 if len(plane.xs) > 1 else 3 * _ALONE + 0.03)
    places = spread(wanted, _LABEL_GAP, plane.top + 0.06, plane.top + _PLOT - 0.06)
    for y, want, (_, words, colour, bold) in zip(places, wanted, labels, strict=True):
        card.line([begin, x - 0.03], [want, y], colour if bold else DOT, 0.5)
        card.write(x, y, words, size=TEXT if bold else SMALL, colour=colour, bold=bold, room=_GUTTER - 0.1)


def _bottom_label(text: str) -> str:
    """As "bottom quartile 5.6", or as much of the words as leaves the figure whole."""
    said = (f"{words} {text}" for words in ("bottom quartile", "bottom", ""))
    return next((words for words in said if fits(words, _GUTTER - 0.1, SMALL)), text)


def _ends(polarity: str) -> tuple[str, str]:
    """What the highest and the lowest figure are."""
    return {"low": ("worst", "best"), "high": ("best", "worst")}.get(polarity, ("highest", "lowest"))


def _axis(card: Card, plane: _Plane) -> None:
    """Period labels, as many as there is room for, the last one always."""
    y = plane.top + _PLOT + 0.12
    card.line([LEFT, WIDTH - RIGHT - _GUTTER], [plane.top + _PLOT] * 2, DOT, 0.6)
    reached = WIDTH - RIGHT - _GUTTER + 0.3
    for at in range(len(plane.periods) - 1, -1, -1):
        words = fitted(plain(as_written(plane.periods[at].label)), 1.1, SMALL)
        reach = width(words, SMALL) / 2
        x = max(min(plane.xs[at], WIDTH - RIGHT - _GUTTER + 0.25 - reach), LEFT + reach)
        if x + reach <= reached:
            card.write(x, y, words, size=SMALL, colour=SOFT, align="center")
            card.line([plane.xs[at]] * 2, [plane.top + _PLOT, plane.top + _PLOT + 0.03], DOT, 0.6)
            reached = x - reach - 0.08


def _alt(history: IndicatorHistory, periods: Sequence[IndicatorPeriod], target: Target | None) -> str:
    on = history.snapshot
    last = periods[-1] if periods else None
    unit = plain(history.unit)
    start = (
        f"Chart: {plain(history.name)}{f', {unit}' if unit else ''}, {plain(on.council_name)} among {among(on)} "
        f"{direction(history.polarity) or '(no direction is good)'}. "
    )
    start += f"{_fact(history, last).capitalize()}." if last else "No figures."
    clauses = [_period_words(history, period, whole=period is last) for period in reversed(periods)]
    end = f"{verdict(history, target, last.value)}." if target and last and last.value is not None else ""
    return told(start, clauses, lambda left: f"And {count(left, 'earlier period')}.", end)


def _period_words(history: IndicatorHistory, period: IndicatorPeriod, *, whole: bool) -> str:
    """As "2022/23: 5.9, 28th of 32; best 1.2, middle 4.2, bottom quartile from 5.6, worst 9.9."."""

    def text(value: float | None) -> str:
        return short(value, history.unit, history.decimals)

    own = amount(period.value, history.unit, history.decimals) if whole else text(period.value)
    ranked = f", {place(period.standing)}" if period.standing and history.polarity != "none" else ""
    words = f"{plain(as_written(period.label))}: {own}{ranked}"
    each = period.spread
    if each is None:
        return f"{words}."
    high, low = _ends(history.polarity)
    ends = [f"{high} {_rough(history, each.highest)}", f"{low} {_rough(history, each.lowest)}"]
    first, final = ends if high == "best" else ends[::-1]
    lines = [
        f"from {_rough(history, line)} {'up' if side > 0 else 'down'}"
        for side in _sides(history.polarity)
        if (line := _start(each, side)) is not None
    ]
    cut_at = [f"bottom quartile {' and '.join(lines)}"] if lines else []
    return f"{words}; {', '.join([first, f'middle {_rough(history, each.median)}', *cut_at, final])}."
