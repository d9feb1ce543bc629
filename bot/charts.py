"""Charts as PNG pictures, each with an alternative text made from the same numbers."""

from __future__ import annotations

import functools
import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle

from bot.words import ILLUSTRATIVE, position
from engine.changes import Standing

ALT_LIMIT = 1000
"""Characters that Slack takes as the alternative text of a file."""

DPI = 200
"""Twice the resolution of a phone-wide picture of 4.2 inches."""

_WIDTH = 4.2
_LEFT, _RIGHT = 0.18, 0.18
_HEAD, _ROW, _FOOT = 1.16, 0.47, 0.4
_NAME_LENGTH = 34
_FONT = "DejaVu Sans"

_PAPER, _INK, _SOFT = "#ffffff", "#1b1f24", "#57606a"
_BANDS = ("#dbe9f6", "#eef3f7", "#f3f1ee", "#f8e1cf")
_BAND_WORDS = ("Top\nquartile", "Second\nquartile", "Third\nquartile", "Bottom\nquartile")
_COLOURS = {"better": "#0b5394", "worse": "#a8430a", "same": _SOFT, "": _SOFT}
_SIGNS = {"better": "▲ better", "worse": "▼ worse", "same": "", "": ""}


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture and the text that says the same to those who cannot see it."""

    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class ThemeMove:
    """A theme's standing before and after; None, or a standing without rank, where there is none."""

    theme: str
    before: Standing | None
    after: Standing | None

    @property
    def word(self) -> str:
        """Better, worse or same; empty where one side has no rank."""
        old, new = _rank(self.before), _rank(self.after)
        if old is None or new is None:
            return ""
        return "same" if new == old else "better" if new < old else "worse"


def theme_chart(
    moves: Sequence[ThemeMove],
    *,
    council: str,
    comparators: str,
    years: tuple[str, str],
    illustrative: bool,
) -> Chart:
    """The council's rank in each theme in two years, best first, 1st at the left, over the four quartiles.

    ``comparators`` says who is compared, such as "27 two-tier counties"; ``years`` are the words for before and after.
    """
    ordered = sorted(moves, key=lambda move: (_rank(move.after) or 10**6, move.theme))
    among = f"{comparators}, {ILLUSTRATIVE}" if illustrative else comparators
    height = _HEAD + _ROW * max(len(ordered), 1) + _FOOT
    figure = Figure(figsize=(_WIDTH, height), dpi=DPI, facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, _WIDTH)
    axes.set_ylim(height, 0)
    _heading(axes, f"{council}: rank by theme", among, years)
    for at, move in enumerate(ordered):
        _row(axes, move, _HEAD + _ROW * at)
    foot = "1st is best." + (" The other areas' figures are made up to show the method." if illustrative else "")
    _write(axes, _LEFT, height - _FOOT + 0.2, foot, size=6.6, colour=_SOFT)
    buffer = io.BytesIO()
    canvas.print_png(buffer, metadata={"Software": None})  # type: ignore[no-untyped-call]
    return Chart(buffer.getvalue(), _alt(ordered, council, among, years))


def _rank(standing: Standing | None) -> int | None:
    return None if standing is None or standing.of is None else standing.rank


def _place(standing: Standing | None) -> str:
    return "no rank" if standing is None or _rank(standing) is None else position(standing)


def _span(move: ThemeMove) -> str:
    """The standing in words for the alternative text, e.g. 26th to 18th of 27, better."""
    old, new = _place(move.before), _place(move.after)
    if _rank(move.after) is None or move.after is None:
        return f"{old} to {new}" if _rank(move.before) else new
    if _rank(move.before) is None:
        return f"{new} of {move.after.of}, no rank before"
    return f"{old} to {new} of {move.after.of}, {move.word}"


def _alt(moves: Sequence[ThemeMove], council: str, among: str, years: tuple[str, str]) -> str:
    text = f"Chart: rank of {council} by theme, {years[0]} to {years[1]}, 1st being best, among {among}."
    for at, move in enumerate(moves):
        clause = f" {move.theme}: {_span(move)}."
        rest = f" And {len(moves) - at} more themes."
        if len(text) + len(clause) + len(rest) > ALT_LIMIT:
            return text + rest
        text += clause
    return text


def _heading(axes: Axes, title: str, among: str, years: tuple[str, str]) -> None:
    _write(axes, _LEFT, 0.24, _shortened(title, 42), size=10.5, weight="bold")
    _write(axes, _LEFT, 0.45, among, size=7.2, colour=_SOFT)
    _write(axes, _LEFT + 0.14, 0.66, years[0], size=7.6)
    axes.plot([_LEFT + 0.05], [0.66], "o", ms=5, mfc=_PAPER, mec=_INK, mew=1.1)
    axes.plot([_LEFT + 0.85], [0.66], "o", ms=6, mfc=_INK, mec=_INK)
    _write(axes, _LEFT + 0.94, 0.66, years[1], size=7.6)
    for at, words in enumerate(_BAND_WORDS):
        middle = _LEFT + (_WIDTH - _LEFT - _RIGHT) * (at + 0.5) / len(_BAND_WORDS)
        _write(axes, middle, 0.94, words, size=6.8, colour=_SOFT, align="center")


def _row(axes: Axes, move: ThemeMove, top: float) -> None:
    """A theme's name, its places in words, and the way from one to the other."""
    _write(axes, _LEFT, top + 0.1, _shortened(move.theme, _NAME_LENGTH), size=7.8, weight="bold")
    colour = _COLOURS[move.word]
    if move.word == "same":
        words = f"stays {_place(move.after)}"
    else:
        words = f"{_place(move.before)} → {_place(move.after)}  {_SIGNS[move.word]}".rstrip()
    _write(axes, _WIDTH - _RIGHT, top + 0.1, words, size=7.4, colour=colour, align="right")
    middle = top + 0.3
    _bands(axes, move, middle)
    old, new = _across(move.before), _across(move.after)
    if old is not None and new is not None and old != new:
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.5, "shrinkA": 3, "shrinkB": 2.5, "mutation_scale": 7}
        axes.annotate("", (new, middle), (old, middle), arrowprops=arrow)
    if old is not None:
        axes.plot([old], [middle], "o", ms=6.5 if old == new else 5, mfc=_PAPER, mec=colour, mew=1.1)
    if new is not None:
        axes.plot([new], [middle], "o", ms=2.5 if old == new else 6, mfc=colour, mec=colour)


def _bands(axes: Axes, move: ThemeMove, middle: float) -> None:
    """The four quartiles of the areas ranked, as wide as the ranks they hold."""
    shown = next((s for s in (move.after, move.before) if s is not None and _rank(s) is not None), None)
    of = (shown.of if shown else None) or 4
    edges = [-(-quarter * of // 4) for quarter in range(5)]
    for colour, first, last in zip(_BANDS, edges, edges[1:], strict=False):
        start, end = (_LEFT + (_WIDTH - _LEFT - _RIGHT) * edge / of for edge in (first, last))
        axes.add_patch(Rectangle((start, middle - 0.075), end - start, 0.15, fc=colour, ec=_PAPER, lw=1))


def _across(standing: Standing | None) -> float | None:
    """Where a rank stands between the left and the right margin: in the middle of its own share of the bar."""
    rank = _rank(standing)
    if standing is None or rank is None or standing.of is None:
        return None
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (rank - 0.5) / standing.of


def _shortened(text: str, most: int) -> str:
    return textwrap.shorten(text, most, placeholder="…") if len(text) > most else text


def _write(
    axes: Axes,
    x: float,
    y: float,
    words: str,
    *,
    size: float,
    colour: str = _INK,
    weight: str = "normal",
    align: str = "left",
) -> None:
    """Literal text: no mathematics between dollar signs, and a box for what the font cannot draw."""
    drawable = "".join(char if char == "\n" or ord(char) in _glyphs() else "□" for char in words)
    font = FontProperties(family=_FONT, size=size, weight=weight)
    axes.text(x, y, drawable, color=colour, ha=align, va="center", fontproperties=font, parse_math=False)


@functools.cache
def _glyphs() -> frozenset[int]:
    """Characters the font can draw."""
    return frozenset(FT2Font(findfont(FontProperties(family=_FONT))).get_charmap())
