"""The council's quartile in every judged indicator, one row a theme, the worst theme first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.charts.style import (
    BETTER,
    DOT,
    INK,
    INNER,
    LEFT,
    PAPER,
    RIGHT,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    WORSE,
    Card,
    among,
    foot,
    plain,
    told,
    width,
)
from bot.slack_text import Picture
from bot.words import count, share
from state.strips import QuartileStrip, ThemeQuartiles

_HEAD, _NAME, _LINE, _GAP = 0.22, 0.2, 0.16, 0.11
_BLOCK = 0.125
_STEP = 0.15
_A_LINE = int(INNER / _STEP)
_KEY = ((4, "Bottom quartile"), (3, "Third"), (2, "Second"), (1, "Top quartile"))
_SHADES = {4: WORSE, 3: "#e8b48c", 2: "#a9c8e6", 1: BETTER}
_MARKS = {4: ("x", 4.5, PAPER, 1.3), 3: ("_", 5.0, INK, 1.3), 2: ("o", 2.4, INK, 0.0)}
"""Shape, size, colour and line of the mark in a block."""


@dataclass
class _Blocks:
    """Blocks in the shade of their quartile with the mark of it: a cross, a bar, a dot, nothing."""

    places: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: {4: [], 3: [], 2: [], 1: []})

    def add(self, left: float, middle: float, quartile: int) -> None:
        """One more block."""
        self.places[quartile].append((left, middle))

    def draw(self, card: Card) -> None:
        """All of them at once."""
        for quartile, places in self.places.items():
            card.boxes([(x, y - _BLOCK / 2, _BLOCK, _BLOCK) for x, y in places], _SHADES[quartile])
            if quartile in _MARKS:
                shape, size, colour, width = _MARKS[quartile]
                centres = [(x + _BLOCK / 2, y) for x, y in places]
                card.marks(centres, shape, size=size, fill=colour, edge=colour, width=width)


def bottom_chart(strip: QuartileStrip) -> Picture:
    """Each theme's indicators as blocks by quartile, with how many and what share are in the bottom one."""
    on, themes = strip.snapshot, strip.themes
    bottom, judged = sum(row.bottom for row in themes), sum(len(row.indicators) for row in themes)
    heights = [_NAME + _LINE * -(-len(row.indicators) // _A_LINE) + _GAP for row in themes]
    name = themes[0].name if len(themes) == 1 else on.council_name
    card = Card(
        _HEAD + sum(heights) + (0.0 if themes else 0.3),
        name,
        _fact(bottom, judged),
        notes=(f"{plain(on.council_name)}: one block an indicator, the worst theme first",),
        foot=foot(on),
        edge=WORSE if bottom else DOT,
    )
    blocks = _Blocks()
    _key(card, blocks)
    top = card.top + _HEAD
    for row, height in zip(themes, heights, strict=True):
        _row(card, row, top, blocks)
        top += height
    blocks.draw(card)
    if not themes:
        card.write(LEFT, top + 0.15, "Nothing to show: no indicator has enough figures to be judged.", colour=SOFT)
    return card.picture(_alt(strip, bottom, judged))


def _fact(bottom: int, judged: int) -> str:
    """As "15 of 109 indicators (14%) in the bottom quartile"."""
    if not judged:
        return "no indicator is judged yet"
    return f"{share(bottom, judged, 'indicator')} in the bottom quartile"


def _key(card: Card, blocks: _Blocks) -> None:
    x, middle = LEFT, card.top + 0.08
    for quartile, words in _KEY:
        blocks.add(x, middle, quartile)
        card.write(x + 0.17, middle, words, size=SMALL, colour=SOFT)
        x += 0.17 + width(words, SMALL) + 0.18


def _row(card: Card, row: ThemeQuartiles, top: float, blocks: _Blocks) -> None:
    words = share(row.bottom, len(row.indicators))
    card.write(
        WIDTH - RIGHT, top + 0.09, words, colour=WORSE if row.bottom else SOFT, align="right", bold=bool(row.bottom)
    )
    card.write(
        LEFT, top + 0.09, plain(row.name), size=7.8, bold=True, room=INNER - width(words, TEXT, bold=True) - 0.12
    )
    for at, indicator in enumerate(row.indicators):
        line, column = divmod(at, _A_LINE)
        blocks.add(LEFT + _STEP * column, top + _NAME + _LINE * (line + 0.5), indicator.quartile)


def _alt(strip: QuartileStrip, bottom: int, judged: int) -> str:
    on = strip.snapshot
    if not judged:
        return f"Chart: quartiles of {plain(on.council_name)} by theme, among {among(on)}. No indicator is judged yet."
    start = (
        f"Chart: indicators of {plain(on.council_name)} by quartile, among {among(on)}. "
        f"{_fact(bottom, judged).capitalize()}. By theme, bottom, third, second, top quartile:"
    )
    clauses = [f"{plain(row.name)}: {_counts(row)}." for row in strip.themes]
    return told(start, clauses, lambda left: _rest(strip.themes[-left:]))


def _counts(row: ThemeQuartiles) -> str:
    held = Counter(indicator.quartile for indicator in row.indicators)
    return f"{', '.join(str(held[quartile]) for quartile in (4, 3, 2, 1))} of {len(row.indicators)}"


def _rest(rows: Sequence[ThemeQuartiles]) -> str:
    bottom, judged = sum(row.bottom for row in rows), sum(len(row.indicators) for row in rows)
    return f"And {count(len(rows), 'more theme')} with {bottom} of {judged} in the bottom quartile."
