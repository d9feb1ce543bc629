"""What all charts share: the card they stand on, its heading that says the fact, colours, text, alternative text.

Everything is placed in inches from the top left of the card. Colour never says anything alone: beside it stands a
word, an arrow or the shape of a mark. The colours are told apart by those who cannot tell red from green.
"""

from __future__ import annotations

import functools
import io
import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Affine2D
from PIL import Image

from bot.slack_text import Picture, clean, cut, size, unescape
from bot.words import ILLUSTRATIVE, NAME, figure, number
from engine.changes import Standing
from state.views import SnapshotView

ALT_LIMIT = 1000
"""Characters that Slack takes as the alternative text of a file."""

DPI = 200
"""Twice the resolution of a phone-wide picture of 4.2 inches."""

WIDTH = 4.2
LEFT = RIGHT = 0.2
INNER = WIDTH - LEFT - RIGHT
TITLE_LINES = 3

PAPER, INK, SOFT, LINE, DOT = "#fcfcfa", "#1b1f24", "#57606a", "#d0d7de", "#8c959f"
BANDS = ("#d5e5f5", "#ebf1f6", "#f5efe8", "#f7dcc6")
"""The four quartiles behind a line or a point, the best first."""
BETTER, WORSE = "#0b5394", "#a8430a"
COLOURS = {"better": BETTER, "worse": WORSE, "same": SOFT, "": SOFT}

QUARTILES = ("Top quartile", "Second quartile", "Third quartile", "Bottom quartile")

SMALL, TEXT, TITLE = 6.8, 7.4, 10.5
"""Points: the smallest that is read on a phone, the usual, and the heading's."""

_FONT = "DejaVu Sans"
_TITLE_STEP, _TEXT_STEP = 0.19, 0.135
_EDGE = 0.17
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_FENCE = "\u200e"
"""Left-to-right mark: invisible."""
_SHADES = 192
"""Colours of a finished picture: a third of the bytes, and nobody sees it."""
_HALF_CAPITAL = 0.365
"""Half the height of a capital, in parts of the font's size: words with and without descenders stand on one line."""
_SCALE = 100.0
"""Points at which characters are measured."""


def quartile_words(standing: Standing | None) -> str:
    """As "bottom quartile"; empty without one."""
    return QUARTILES[standing.quartile - 1].lower() if standing and standing.quartile else ""


def accent(standing: Standing | None) -> str:
    """The colour of a card's upper edge: best and worst quartile have their own."""
    quartile = standing.quartile if standing else None
    return {1: BETTER, 4: WORSE}.get(quartile or 0, DOT)


def rank_of(standing: Standing | None) -> int | None:
    """The rank; None where there is none, or it is not known among how many."""
    return standing.rank if standing and standing.of else None


def moved(before: Standing | None, after: Standing | None) -> str:
    """Better, worse or same; empty where one side has no rank."""
    old, new = rank_of(before), rank_of(after)
    if old is None or new is None:
        return ""
    return "same" if new == old else "better" if new < old else "worse"


def quartile_ends(of: int) -> list[float]:
    """Where the quartiles of so many areas begin and end, from 0 to 1: behind the last rank of each."""
    return [-(-quarter * of // len(QUARTILES)) / of for quarter in range(len(QUARTILES) + 1)]


def among(on: SnapshotView) -> str:
    """Who is compared, as "32 county areas, illustrative comparators"."""
    words = f"{on.areas} {plain(on.comparators)}"
    return f"{words}, {ILLUSTRATIVE}" if on.illustrative else words


def foot(on: SnapshotView) -> tuple[str, ...]:
    """On what a chart stands: comparators, quartile rule and snapshot; what is made up says so."""
    stands = f"{on.areas} {plain(on.comparators)} · quartiles by the {on.quartile_rule} rule"
    made_up = f" · {ILLUSTRATIVE}: figures made up" if on.illustrative else ""
    return stands, f"Snapshot {on.label}{made_up}"


def amount(value: float | None, unit: str, decimals: int | None) -> str:
    """A figure with its unit as plain text, as "5.9 per 1,000 people"."""
    return plain(unescape(figure(value, unit, decimals)))


def short(value: float | None, unit: str, decimals: int | None) -> str:
    """A figure with no more of its unit than a sign, as "87.8%", "£1,204" or "5.9"."""
    return number(None, decimals) if value is None else clean(unescape(figure(value, unit, decimals))).split(" ")[0]


def plain(text: str) -> str:
    """A name from outside on one line, without what hides or reorders text, and not endless.

    Text written from right to left is fenced, so that it leaves the numbers after it in their order.
    """
    shown = cut(clean(text), NAME)
    fenced = not shown.isascii() and any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in shown)
    return f"{_FENCE}{shown}{_FENCE}" if fenced else shown


def told(start: str, clauses: Sequence[str], rest: Callable[[int], str], end: str = "") -> str:
    """The alternative text: as many clauses as fit, ``rest`` for those that do not, and always the end."""
    text = start
    for at, clause in enumerate(clauses):
        more = f" {rest(len(clauses) - at)}" if at < len(clauses) - 1 else ""
        if size(text) + size(clause) + 1 + size(more) + size(end) + 1 > ALT_LIMIT:
            left = f" {rest(len(clauses) - at)}"
            return cut(text, ALT_LIMIT - size(left) - size(end) - 1) + left + (f" {end}" if end else "")
        text += f" {clause}"
    return cut(text + (f" {end}" if end else ""), ALT_LIMIT)


class Card:
    """The paper that every chart is drawn on: heading above, foot below, between them ``height`` inches of body.

    The heading is ``name: fact``; of a long name as much is shown as leaves the fact whole. ``notes`` stand beneath.
    """

    def __init__(
        self, height: float, name: str, fact: str, *, notes: Sequence[str], foot: Sequence[str], edge: str = DOT
    ) -> None:
        self.title = _titled(plain(name), fact)
        lines = wrapped(self.title, INNER, TITLE, bold=True)
        said = [line for note in notes for line in wrapped(note, INNER, TEXT)]
        below = [line for note in foot for line in wrapped(note, INNER, SMALL)]
        self.top = _EDGE + _TITLE_STEP * len(lines) + _TEXT_STEP * len(said) + 0.1
        self.bottom = self.top + height
        self.height = self.bottom + 0.1 + _TEXT_STEP * len(below) + 0.08
        figure = Figure(figsize=(WIDTH, self.height), dpi=DPI, facecolor=PAPER)
        self._canvas = FigureCanvasAgg(figure)
        # Artists stand on the figure itself: axes, with all they can do, take half the time.
        self._figure, self._inches = figure, Affine2D().scale(DPI, -DPI).translate(0, self.height * DPI)
        self.box(0, 0, WIDTH, 0.045, edge)
        self._add(Rectangle((0.004, 0.004), WIDTH - 0.008, self.height - 0.008, fill=False, ec=LINE, lw=0.8))
        for at, line in enumerate(lines):
            self.write(LEFT, _EDGE + _TITLE_STEP * (at + 0.5), line, size=TITLE, bold=True)
        start = _EDGE + _TITLE_STEP * len(lines) + 0.02
        for at, line in enumerate(said):
            self.write(LEFT, start + _TEXT_STEP * (at + 0.5), line, size=TEXT, colour=SOFT)
        self.line([LEFT, WIDTH - RIGHT], [self.bottom + 0.06] * 2, LINE, 0.6)
        for at, line in enumerate(below):
            self.write(LEFT, self.bottom + 0.1 + _TEXT_STEP * (at + 0.5), line, size=SMALL, colour=SOFT)

    def _add(self, artist: Artist) -> None:
        artist.set_transform(self._inches)
        self._figure.add_artist(artist)

    def write(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = TEXT,
        colour: str = INK,
        bold: bool = False,
        align: str = "left",
        halo: bool = False,
        room: float = INNER,
    ) -> None:
        """Literal text in the middle of a line at ``y``, cut to its room; with a ``halo`` it is read across lines."""
        shown = fitted(words, room, size, bold=bold)
        self._figure.text(
            x,
            y + _HALF_CAPITAL * size / 72,
            drawable(shown),
            color=colour,
            ha=align,
            va="baseline",
            fontproperties=_font(size, bold=bold),
            parse_math=False,
            transform=self._inches,
            path_effects=[withStroke(linewidth=2.4, foreground=PAPER)] if halo else None,
            zorder=6,
        )

    def line(
        self, xs: Sequence[float], ys: Sequence[float], colour: str, width: float = 1.0, *, style: str = "-"
    ) -> None:
        """A line through points."""
        self._add(
            Line2D(xs, ys, color=colour, lw=width, ls=style, solid_capstyle="round", solid_joinstyle="round", zorder=3)
        )

    def mark(
        self,
        x: float,
        y: float,
        shape: str = "o",
        *,
        size: float = 5,
        fill: str = INK,
        edge: str = PAPER,
        width: float = 1,
    ) -> None:
        """A point: ``shape`` as matplotlib names its markers."""
        self.marks([(x, y)], shape, size=size, fill=fill, edge=edge, width=width)

    def marks(
        self,
        points: Sequence[tuple[float, float]],
        shape: str = "o",
        *,
        size: float = 5,
        fill: str = INK,
        edge: str = PAPER,
        width: float = 1,
    ) -> None:
        """Points that look alike, drawn at once: hundreds one by one would take a second."""
        if points:
            xs, ys = zip(*points, strict=True)
            self._add(Line2D(xs, ys, marker=shape, ms=size, mfc=fill, mec=edge, mew=width, ls="none", zorder=5))

    def box(self, left: float, top: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        self.boxes([(left, top, width, height)], fill)

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]], fill: str) -> None:
        """Filled rectangles that look alike, each as left, top, width and height, drawn at once."""
        corners = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h)] for x, y, w, h in boxes]
        self._add(PolyCollection(corners, facecolors=fill, edgecolors="none", linewidths=0, zorder=1))

    def area(self, xs: Sequence[float], upper: Sequence[float], lower: Sequence[float], fill: str) -> None:
        """What lies between two lines."""
        outline = [*zip(xs, upper, strict=True), *reversed(list(zip(xs, lower, strict=True)))]
        self._add(Polygon(outline, closed=True, fc=fill, ec="none", zorder=1))

    def arrow(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        """An arrow between two marks."""
        self._add(
            FancyArrowPatch(
                start, end, arrowstyle="-|>", color=colour, lw=1.5, shrinkA=3, shrinkB=2.5, mutation_scale=7, zorder=4
            )
        )

    def picture(self, alt: str) -> Picture:
        """The finished chart, the same bytes for the same content."""
        self._canvas.draw()  # type: ignore[no-untyped-call]
        pixels = np.asarray(self._canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        drawn = Image.fromarray(pixels).convert("RGB")
        buffer = io.BytesIO()
        drawn.quantize(_SHADES, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            buffer, "PNG", compress_level=6, dpi=(DPI, DPI)
        )
        return Picture(buffer.getvalue(), cut(alt, ALT_LIMIT), cut(self.title, 2 * NAME))


def _titled(name: str, fact: str) -> str:
    """The heading, its name cut so that name and fact stand on few lines."""

    def title(length: int) -> str:
        return f"{cut(name, length)}: {fact}" if name else fact

    def stands(length: int) -> bool:
        return len(wrapped(title(length), INNER, TITLE, bold=True)) <= TITLE_LINES

    if stands(len(name) * 2):
        return title(len(name) * 2)
    low, high = 1, len(name) * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if stands(middle) else (low, middle)
    return title(low)


def wrapped(words: str, room: float, points: float, *, bold: bool = False) -> list[str]:
    """The words on as many lines as they need; a word longer than a line is broken."""
    lines = [""]
    for word in words.split():
        rest = word
        if fits(both := f"{lines[-1]} {rest}".strip(), room, points, bold=bold):
            lines[-1] = both
            continue
        if lines[-1]:
            lines.append("")
        while not fits(rest, room, points, bold=bold) and len(rest) > 1:
            head = _longest(rest, room, points, bold=bold)
            lines[-1:] = [rest[:head], ""]
            rest = rest[head:]
        lines[-1] = rest
    return [line for line in lines if line]


def fitted(words: str, room: float, points: float, *, bold: bool = False) -> str:
    """The words, cut to the room with an ellipsis if they are longer."""
    if fits(words, room, points, bold=bold):
        return words
    return cut(words, max(_longest(words, room, points, bold=bold) - 1, 1))


def fits(words: str, room: float, points: float, *, bold: bool = False) -> bool:
    """Whether the words are no wider than the room."""
    return width(words, points, bold=bold) <= room


def _longest(words: str, room: float, points: float, *, bold: bool) -> int:
    """How many characters fit, one at least."""
    low, high = 1, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(words[:middle], room, points, bold=bold) else (low, middle - 1)
    return low


def width(words: str, points: float, *, bold: bool = False) -> float:
    """How wide the words are, in inches."""
    return sum(_advance(char, bold=bold) for char in drawable(words)) * points / 72


@functools.lru_cache(maxsize=4096)
def _advance(char: str, *, bold: bool) -> float:
    """How far a character goes, in parts of the font's size."""
    face = _face(bold=bold)
    return face.load_glyph(face.get_char_index(ord(char))).linearHoriAdvance / 65536 / _SCALE


@functools.cache
def _face(*, bold: bool) -> FT2Font:
    face = FT2Font(findfont(_font(_SCALE, bold=bold)))
    face.set_size(_SCALE, 72)
    return face


@functools.cache
def _glyphs() -> frozenset[int]:
    """Characters the font can draw."""
    return frozenset(_face(bold=False).get_charmap()) & frozenset(_face(bold=True).get_charmap())


def _font(points: float, *, bold: bool) -> FontProperties:
    return FontProperties(family=_FONT, size=points, weight="bold" if bold else "normal")


def spread(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Places for labels as near as can be to those wanted, at least ``gap`` apart, between top and bottom."""
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    places = dict[int, float]()
    reached = top - gap
    for at in order:
        reached = places[at] = max(wanted[at], reached + gap)
    limit = bottom + gap
    for at in reversed(order):
        limit = places[at] = min(places[at], limit - gap)
    return [places[at] for at in range(len(wanted))]


def drawable(words: str) -> str:
    """The words with a box for each character that the font cannot draw."""
    return "".join(char if ord(char) in _glyphs() else "□" for char in words)
