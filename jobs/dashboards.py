"""Dashboards as the council publishes them: value, target, arrow, quartile and polarity, row by row, strictly read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from engine.catalogue import Polarity
from engine.errors import CatalogueError
from engine.periods import Period, parse_period
from engine.progress import SIMILAR, Direction, Progress, direction
from engine.targets import Figure, Known, assess, predict, read_figure, read_target
from jobs.errors import SourceError
from jobs.observation_file import unpack

COLUMNS = ("theme", "section", "indicator", "flag", "direction_of_travel", "quartile_position", "polarity")
"""Columns of a dashboard besides ``end_of_year_YYYY_YY``, twice, and ``target_YYYY_YY``; others are left alone."""

APART = ("school", "crime")
"""What the names of themes say whose directions of travel the council's reports count apart: others run these."""

_MOST_BYTES = 10 << 20
_IN_A_FILE = 2
"""Periods that a dashboard has: its pace is that of these two."""
_YEAR = re.compile(r"^(end_of_year|target)_(19[0-9]{2}|20[0-8][0-9])_([0-9]{2})$")
_ARROWS = {
    "↑": Direction.IMPROVED,
    "→": Direction.SIMILAR,
    "↓": Direction.DECLINED,
    **dict.fromkeys(("N/A", "NA", "-", ""), Direction.NOT_COMPARABLE),
}
_QUARTILES = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
_QUARTILE = re.compile(r"^(1st|2nd|3rd|4th)(?:/(2nd|3rd|4th))?\*?(?: ?\([^()]+\))*$")
_NO_QUARTILE = frozenset({"", "-", "N/A", "NA"})
_NO_POLARITY = frozenset({"", "-", "n/a", "na"})


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a dashboard: what is printed, and what the figures themselves say in ``progress``.

    ``printed`` is the arrow; ``line`` the line of the file.
    """

    line: int
    printed: Direction
    now: Figure
    before: Figure
    polarity: Polarity
    progress: Progress

    @property
    def compared(self) -> bool:
        """Whether there is an arrow, and a direction to hold it against."""
        return Direction.NOT_COMPARABLE not in (self.printed, self.progress.direction)

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.compared and self.printed is self.progress.direction


@dataclass(frozen=True, slots=True)
class Dashboard:
    """All rows of a file in their order, and the years of its columns as printed there."""

    name: str
    rows: tuple[Row, ...]
    year: str
    year_before: str
    target_year: str

    def printed(self) -> tuple[Progress, ...]:
        """The rows with the directions that the arrows say."""
        return tuple(replace(row.progress, direction=row.printed) for row in self.rows)

    def computed(self) -> tuple[Progress, ...]:
        """The rows with the directions that the figures say."""
        return tuple(row.progress for row in self.rows)

    @property
    def disagreements(self) -> tuple[Row, ...]:
        """Rows whose arrow is not what the figures say."""
        return tuple(row for row in self.rows if row.compared and not row.agrees)

    @property
    def compared(self) -> int:
        """Rows whose arrow can be held against the figures."""
        return sum(row.compared for row in self.rows)


def themes_apart(themes: Collection[str], words: Sequence[str]) -> tuple[str, ...]:
    """The themes, in their order, whose names hold one of the words, whatever the case."""
    wanted = [word.casefold() for word in words]
    return tuple(theme for theme in themes if any(word in theme.casefold() for word in wanted))


def read_dashboard(body: bytes, name: str, similar: Fraction = SIMILAR) -> Dashboard:
    """A dashboard file, plain or packed, whole; ``similar`` is the relative change up to which a figure is similar.

    Raises SourceError, with line, column and reason, for anything that cannot be read as what it should be.
    """
    if len(body) > _MOST_BYTES:  # of what is packed ``unpack`` counts what is in it
        msg = f"{name}: larger than {_MOST_BYTES >> 20} MB; a dashboard has some hundreds of rows"
        raise SourceError(msg)
    return _File(name, similar).read(unpack(body, name, _MOST_BYTES))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the figures stand and of which years they are."""

    names: tuple[str, ...]
    now: str
    before: str
    target: str

    def period(self, column: str) -> Period:
        return parse_period(_label(column))


@dataclass(frozen=True, slots=True)
class _File:
    """One file in the reading."""

    name: str
    similar: Fraction

    def read(self, body: bytes) -> Dashboard:
        lines = self._lines(self._text(body))
        columns = self._columns(next(lines)[1])
        rows: list[Row] = []
        seen: dict[tuple[str, str], int] = {}
        for number, cells in lines:
            row = self._row(number, dict(zip(columns.names, cells, strict=True)), columns)
            same = seen.setdefault((row.progress.theme, row.progress.name), number)
            if same != number:
                raise self._refused(number, "indicator", f"{_cut(row.progress.name)} stands in line {same} already")
            rows.append(row)
        if not rows:
            msg = f"{self.name}: a header and no rows"
            raise SourceError(msg)
        years = (_label(column) for column in (columns.now, columns.before, columns.target))
        return Dashboard(self.name, tuple(rows), *years)

    def _text(self, body: bytes) -> str:
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            msg = f"{self.name}: line {line} is not UTF-8; save the file as UTF-8 CSV"
            raise SourceError(msg) from error

    def _lines(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Rows with the number of their first line; each as long as the header."""
        table = csv.reader(io.StringIO(text, newline=""), strict=True)
        width, start = 0, 1
        try:
            for cells in table:
                start, number = table.line_num + 1, start
                if not any(cell.strip() for cell in cells):
                    continue
                width = width or len(cells)
                if len(cells) != width:
                    msg = f"{self.name} line {number}: {len(cells)} cells where the header has {width}"
                    raise SourceError(msg)
                yield number, [" ".join(cell.split()) for cell in cells]
        except csv.Error as error:
            msg = f"{self.name} line {start}: cannot be read as CSV ({error})"
            raise SourceError(msg) from error

    def _columns(self, header: list[str]) -> _Columns:
        twice = sorted({column for column in header if header.count(column) > 1})
        missing = [column for column in COLUMNS if column not in header]
        years = [column for column in header if column.startswith("end_of_year_")]
        targets = [column for column in header if column.startswith("target_")]
        faults = (
            (twice, f"{_columns(twice)} stands twice"),
            (missing, f"lacks {', '.join(missing)}"),
            (len(years) != len(_TWO_YEARS), f"needs {' and '.join(_TWO_YEARS)}; it has {_columns(years)}"),
            (len(targets) != 1, f"needs one column such as target_2017_18; it has {_columns(targets)}"),
        )
        for wrong, why in faults:
            if wrong:
                msg = f"{self.name} line 1, the header: {why}"
                raise SourceError(msg)
        for column in (*years, *targets):
            found = _YEAR.match(column)
            if found is None or (int(found[2]) + 1) % 100 != int(found[3]):
                msg = f"{self.name} line 1, column {_columns([column])}: ends in no year such as 2016_17"
                raise SourceError(msg)
        before, now = sorted(years, key=lambda column: parse_period(_label(column)))
        return _Columns(tuple(header), now, before, targets[0])

    def _row(self, number: int, cells: dict[str, str], columns: _Columns) -> Row:
        for column in ("theme", "indicator"):
            if not cells[column]:
                raise self._refused(number, column, "is empty")
        now, before = self._figure(number, columns.now, cells), self._figure(number, columns.before, cells)
        polarity, target = self._polarity(number, cells["polarity"]), read_target(cells[columns.target])
        quartile, unit = self._quartile(number, cells["quartile_position"]), now.unit
        printed = self._arrow(number, cells["direction_of_travel"])
        # What is not to be compared has no pace, and neither grown nor shrunk.
        earlier = Figure("") if printed is Direction.NOT_COMPARABLE or now.value is None else before
        points = _points((now, columns.period(columns.now)), (earlier, columns.period(columns.before)))
        known = Known(now.value, earlier.value, quartile, None, unit, now.grade)
        return Row(
            line=number,
            printed=printed,
            now=now,
            before=before,
            polarity=polarity,
            progress=Progress(
                code="",
                name=cells["indicator"],
                theme=cells["theme"],
                quartile=quartile,
                direction=direction(now.value, before.value, polarity, self.similar),
                target=target,
                verdict=assess(target, polarity, known),
                course=predict(target, polarity, points, columns.period(columns.target), unit, least=_IN_A_FILE),
            ),
        )

    def _figure(self, number: int, column: str, cells: dict[str, str]) -> Figure:
        figure = read_figure(cells[column])
        if figure is None:
            raise self._refused(
                number, column, f"{_cut(cells[column])} is no figure such as 22,689, £1.48m, 95% or N/A"
            )
        return figure

    def _arrow(self, number: int, text: str) -> Direction:
        found = _ARROWS.get(text.upper())
        if found is None:
            raise self._refused(number, "direction_of_travel", f"{_cut(text)} is none of ↑, →, ↓ or N/A")
        return found

    def _quartile(self, number: int, text: str) -> int | None:
        """Between two, as "1st/2nd", the better one counts, as in the council's own total."""
        if text.upper() in _NO_QUARTILE:
            return None
        found = _QUARTILE.match(text)
        if found is None or (found[2] and _QUARTILES[found[2]] != _QUARTILES[found[1]] + 1):
            raise self._refused(number, "quartile_position", f"{_cut(text)} is none of 1st, 2nd, 3rd, 4th or -")
        return _QUARTILES[found[1]]

    def _polarity(self, number: int, text: str) -> Polarity:
        try:
            return Polarity.parse("none" if text.casefold() in _NO_POLARITY else text)
        except CatalogueError:
            raise self._refused(number, "polarity", f"{_cut(text)} is none of High, Low or -") from None

    def _refused(self, number: int, column: str, why: str) -> SourceError:
        return SourceError(f"{self.name} line {number}, column {column}: {why}")


_TWO_YEARS = ("end_of_year_2016_17", "end_of_year_2015_16")


def _points(*found: tuple[Figure, Period]) -> list[tuple[Period, Decimal]]:
    """Figures with the period they are of: the one in brackets, else the column's."""
    return [(figure.period or period, figure.value) for figure, period in found if figure.value is not None]


def _label(column: str) -> str:
    """As "2016/17" from "end_of_year_2016_17"; the column itself where it ends otherwise."""
    found = _YEAR.match(column)
    return f"{found[2]}/{found[3]}" if found else column


def _columns(names: Sequence[str]) -> str:
    """Columns as a line bears them; what is in a header may be of any length, and move the cursor of a terminal."""
    shown = "".join(letter for letter in ", ".join(names) if letter.isprintable())
    return (shown if len(shown) <= 80 else f"{shown[:79]}…") or "none"  # noqa: PLR2004 - as much as a line bears


def _cut(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:39]}…")  # noqa: PLR2004 - as much as a line bears
