"""Observations as one dense matrix: a row for each indicator and period, a column for each area."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from engine.errors import PanelError

if TYPE_CHECKING:
    from engine.periods import Period

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

ABSENT = -1
"""Status of a cell no release has ever stated."""
PLAIN = 0
"""Status of a cell whose publisher adds no remark; positive statuses are remarks or reasons why it is missing."""


@dataclass(frozen=True)
class Panel:
    """Values of R indicator-periods by A areas, rows in order of indicator, then period.

    ``row_indicator`` holds positions in ``indicators``; ``values`` (R, A) is NaN where missing; ``status`` (R, A) is
    ABSENT, PLAIN or the number of the publisher's remark; ``lower`` and ``upper`` (R, A) are published 95%
    limits, NaN where none; ``labels`` are the periods as published.
    """

    indicators: tuple[str, ...]
    areas: tuple[str, ...]
    row_indicator: Ints
    periods: tuple[Period, ...]
    labels: tuple[str, ...]
    values: Floats
    status: npt.NDArray[np.int16]
    lower: Floats
    upper: Floats

    @classmethod
    def build(
        cls,
        rows: Sequence[tuple[str, Period, str]],
        areas: Sequence[str],
        cells: tuple[Ints, Ints, Floats, npt.NDArray[np.int16], Floats, Floats],
    ) -> Panel:
        """A panel of (indicator, period, label) rows from cells (row, area, value, status, lower, upper).

        Raises PanelError when two cells fall on one place: the last would win in silence.
        """
        order = sorted(range(len(rows)), key=lambda at: (rows[at][0], rows[at][1].end, rows[at][1].start))
        place = np.empty(len(rows), np.int64)
        place[order] = np.arange(len(rows))
        at_row, at_area, value, status, lower, upper = cells
        flat = place[at_row] * len(areas) + at_area
        counts = np.bincount(flat, minlength=0)
        if counts.size and counts.max() > 1:
            row, area = divmod(int(np.argmax(counts)), len(areas))
            msg = f"{rows[order[row]][0]}, {areas[area]}, {rows[order[row]][2]}: more than one value for one cell"
            raise PanelError(msg)
        shape = (len(rows), len(areas))
        indicators = tuple(sorted({row[0] for row in rows}))
        position = {code: at for at, code in enumerate(indicators)}
        return cls(
            indicators=indicators,
            areas=tuple(areas),
            row_indicator=np.array([position[rows[at][0]] for at in order], np.int64),
            periods=tuple(rows[at][1] for at in order),
            labels=tuple(rows[at][2] for at in order),
            values=_scatter(shape, flat, value, np.nan, np.float64),
            status=_scatter(shape, flat, status, ABSENT, np.int16),
            lower=_scatter(shape, flat, lower, np.nan, np.float64),
            upper=_scatter(shape, flat, upper, np.nan, np.float64),
        )

    @cached_property
    def row_of(self) -> dict[tuple[str, str], int]:
        """Row number by (indicator, period key)."""
        codes = self.indicators
        return {
            (codes[which], period.key): at
            for at, (which, period) in enumerate(zip(self.row_indicator, self.periods, strict=True))
        }

    def ends(self) -> Ints:
        """Last day of each row's period as a proleptic ordinal, shape (R,); not to be written to."""
        return self._ends

    @cached_property
    def _ends(self) -> Ints:
        ends = np.array([period.end.toordinal() for period in self.periods], np.int64)
        ends.flags.writeable = False  # one array for all who ask
        return ends

    def for_areas(self, areas: Sequence[str]) -> Panel:
        """The same rows for the given areas, in their order; an area without any cell is all ABSENT."""
        if tuple(areas) == self.areas:
            return self
        column = {code: at for at, code in enumerate(self.areas)}
        index = np.array([column.get(code, -1) for code in areas], np.int64)
        known = index >= 0
        return replace(
            self,
            areas=tuple(areas),
            values=np.where(known, self.values[:, index], np.nan),
            status=np.where(known, self.status[:, index], np.int16(ABSENT)),
            lower=np.where(known, self.lower[:, index], np.nan),
            upper=np.where(known, self.upper[:, index], np.nan),
        )

    def of_indicators(self, codes: Collection[str]) -> Panel:
        """The rows of these indicators only."""
        wanted = set(codes)
        flags = np.array([code in wanted for code in self.indicators], bool)
        return self.rows(np.nonzero(flags[self.row_indicator])[0])

    def rows(self, keep: Ints) -> Panel:
        """The given rows only (ascending row numbers); indicators without a row are dropped."""
        used = np.unique(self.row_indicator[keep])
        renumber = np.full(len(self.indicators), -1, np.int64)
        renumber[used] = np.arange(used.size)
        return replace(
            self,
            indicators=tuple(self.indicators[at] for at in used),
            row_indicator=renumber[self.row_indicator[keep]],
            periods=tuple(self.periods[at] for at in keep),
            labels=tuple(self.labels[at] for at in keep),
            values=self.values[keep],
            status=self.status[keep],
            lower=self.lower[keep],
            upper=self.upper[keep],
        )


def _scatter(shape: tuple[int, int], flat: Ints, cells: npt.NDArray[T], empty: float, dtype: type[T]) -> npt.NDArray[T]:
    out = np.full(shape[0] * shape[1], empty, dtype)
    out[flat] = cells
    return out.reshape(shape)
