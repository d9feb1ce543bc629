"""The council's rank in each theme before and after: one row a theme, the four quartiles behind each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.charts.style import (
    BANDS,
    COLOURS,
    INK,
    INNER,
    LEFT,
    PAPER,
    QUARTILES,
    RIGHT,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    Card,
    among,
    foot,
    moved,
    plain,
    quartile_ends,
    rank_of,
    told,
    width,
)
from bot.slack_text import Picture
from bot.words import count, place, position
from engine.changes import Standing
from state.views import SnapshotView

_HEAD, _ROW, _BAR = 0.6, 0.47, 0.3
_GAP = 0.12
_Box = tuple[float, float, float, float]
_SIGNS = {"better": "▲ better", "worse": "▼ worse", "same": "", "": ""}


@dataclass(frozen=True, slots=True)
class ThemeMove:
    """A theme's standing before and after; None, or a standing without rank, where there is none."""

    theme: str
    before: Standing | None
    after: Standing | None

    @property
    def word(self) -> str:
        """Better, worse or same; empty where one side has no rank."""
        return moved(self.before, self.after)


def themes_chart(moves: Sequence[ThemeMove], on: SnapshotView, years: tuple[str, str]) -> Picture:
    """The council's rank in each theme, best first, 1st at the left; ``years`` are the words for before and after."""
    ordered = sorted(moves, key=lambda move: (rank_of(move.after) or 10**6, move.theme))
    notes = (f"{plain(on.council_name)}'s rank in each theme; 1st is best, at the left",)
    card = Card(_HEAD + _ROW * max(len(ordered), 1), "Themes", _fact(ordered), notes=notes, foot=foot(on))
    _key(card, years)
    bands: tuple[list[_Box], ...] = ([], [], [], [])
    for at, move in enumerate(ordered):
        top = card.top + _HEAD + _ROW * at
        _row(card, move, top)
        _bands(bands, move, top + _BAR)
    for fill, boxes in zip(BANDS, bands, strict=True):
        card.boxes(boxes, fill)
    if not ordered:
        card.write(LEFT, card.top + _HEAD + _ROW / 2, "No theme has a rank yet.", colour=SOFT)
    return card.picture(_alt(ordered, on, years))


def _fact(moves: Sequence[ThemeMove]) -> str:
    """As "3 up, 2 down, 1 unchanged"."""
    words = [move.word for move in moves]
    parts = [
        f"{words.count(word)} {said}"
        for word, said in (("better", "up"), ("worse", "down"), ("same", "unchanged"))
        if word in words
    ]
    if not moves:
        return "none has a rank yet"
    if not parts:
        return f"{count(sum(rank_of(move.after) is not None for move in moves), 'rank')} and no earlier one"
    return ", ".join(parts)


def _place(standing: Standing | None) -> str:
    return "no rank" if standing is None or rank_of(standing) is None else position(standing)


def _span(move: ThemeMove) -> str:
    """The standing in words for the alternative text, e.g. 26th to 18th of 27, better."""
    old, new = _place(move.before), _place(move.after)
    if rank_of(move.after) is None:
        return f"{old} to {new}" if rank_of(move.before) else new
    if rank_of(move.before) is None:
        return f"{place(move.after)}, no rank before"
    return f"{old} to {place(move.after)}, {move.word}"


def _alt(moves: Sequence[ThemeMove], on: SnapshotView, years: tuple[str, str]) -> str:
    start = (
        f"Chart: rank of {plain(on.council_name)} by theme, {years[0]} to {years[1]}, "
        f"1st being best, among {among(on)}."
    )
    clauses = [f"{plain(move.theme)}: {_span(move)}." for move in moves] or ["No theme has a rank yet."]
    return told(start, clauses, lambda left: f"And {count(left, 'more theme')}.")


def _key(card: Card, years: tuple[str, str]) -> None:
    middle = card.top + 0.1
    card.mark(LEFT + 0.05, middle, size=5, fill=PAPER, edge=INK, width=1.1)
    card.write(LEFT + 0.14, middle, years[0], size=TEXT)
    after = LEFT + 0.14 + width(years[0], TEXT) + 0.22
    card.mark(after, middle, size=6, edge=INK)
    card.write(after + 0.09, middle, years[1], size=TEXT)
    for at, words in enumerate(QUARTILES):
        centre = LEFT + INNER * (at + 0.5) / len(QUARTILES)
        first, second = words.split(" ")
        card.write(centre, card.top + 0.32, first, size=SMALL, colour=SOFT, align="center")
        card.write(centre, card.top + 0.44, second, size=SMALL, colour=SOFT, align="center")


def _row(card: Card, move: ThemeMove, top: float) -> None:
    """A theme's name, its places in words, and the way from one to the other."""
    colour = COLOURS[move.word]
    words = f"{_place(move.before)} → {_place(move.after)}  {_SIGNS[move.word]}".rstrip()
    if move.word == "same":
        words = f"stays {_place(move.after)}"
    elif rank_of(move.before) is None:
        words = _place(move.after)
    card.write(WIDTH - RIGHT, top + 0.1, words, colour=colour, align="right")
    room = INNER - width(words, TEXT) - _GAP
    card.write(LEFT, top + 0.1, plain(move.theme), size=7.8, bold=True, room=room)
    middle = top + _BAR
    old, new = _across(move.before), _across(move.after)
    if old is not None and new is not None and old != new:
        card.arrow((old, middle), (new, middle), colour)
    if old is not None:
        card.mark(old, middle, size=6.5 if old == new else 5, fill=PAPER, edge=colour, width=1.1)
    if new is not None:
        card.mark(new, middle, size=2.5 if old == new else 6, fill=colour, edge=colour)


def _bands(bands: Sequence[list[_Box]], move: ThemeMove, middle: float) -> None:
    """The four quartiles of the areas ranked, as wide as the ranks they hold."""
    shown = next((s for s in (move.after, move.before) if s is not None and rank_of(s) is not None), None)
    of = (shown.of if shown else None) or len(QUARTILES)
    for boxes, (first, last) in zip(bands, pairwise(quartile_ends(of)), strict=True):
        boxes.append((LEFT + INNER * first, middle - 0.075, max(INNER * (last - first) - 0.012, 0.0), 0.15))


def _across(standing: Standing | None) -> float | None:
    """Where a rank stands between the left and the right margin: in the middle of its own share of the bar."""
    rank = rank_of(standing)
    if standing is None or rank is None or standing.of is None:
        return None
    return LEFT + INNER * (rank - 0.5) / standing.of
