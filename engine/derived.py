"""Indicators made of two others, such as spending per head: computed anew whenever a release states one of the two."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.origins import Ratio
from engine.panel import ABSENT, Floats, Panel
from engine.periods import Period


def with_ratios(incoming: Panel, held: Panel, ratios: Mapping[str, Ratio]) -> Panel:
    """``incoming`` and the ratios that it changes, each from what is then held of its two parts.

    Both panels have the same areas and number their remarks alike. A numerator's period is divided by the calendar
    year it begins in. Where a part is missing or the denominator is not above nought, the ratio is missing with that
    part's remark; where a part was never stated, neither is the ratio.
    """
    touched = {code: ratio for code, ratio in ratios.items() if {ratio.of, ratio.to} & set(incoming.indicators)}
    parts = {part for ratio in touched.values() for part in (ratio.of, ratio.to)}
    now = _current(incoming.of_indicators(parts), held.of_indicators(parts))
    made = [row for code, ratio in touched.items() for row in _ratio_rows(code, ratio, now)]
    return _joined(incoming, made) if made else incoming


def with_made(codes: Collection[str], ratios: Mapping[str, Ratio]) -> frozenset[str]:
    """Indicators, and the ratios made of any of them."""
    return frozenset({*codes, *(code for code, ratio in ratios.items() if {ratio.of, ratio.to} & set(codes))})


@dataclass(frozen=True)
class _Row:
    """One indicator and period over all areas."""

    indicator: str
    period: Period
    label: str
    values: Floats
    status: npt.NDArray[np.int16]
    lower: Floats
    upper: Floats


def _rows(panel: Panel) -> list[_Row]:
    return [
        _Row(
            panel.indicators[which],
            period,
            label,
            panel.values[at],
            panel.status[at],
            panel.lower[at],
            panel.upper[at],
        )
        for at, (which, period, label) in enumerate(zip(panel.row_indicator, panel.periods, panel.labels, strict=True))
    ]


def _current(incoming: Panel, held: Panel) -> dict[str, dict[str, _Row]]:
    """What will be held of each indicator by period key, once ``incoming`` lies over ``held``; values and status."""
    found: dict[str, dict[str, _Row]] = {}
    for row in (*_rows(held), *_rows(incoming)):
        known = found.setdefault(row.indicator, {})
        below = known.get(row.period.key)
        stated = row.status != ABSENT
        known[row.period.key] = _Row(
            row.indicator,
            row.period,
            row.label,
            row.values if below is None else np.where(stated, row.values, below.values),
            row.status if below is None else np.where(stated, row.status, below.status),
            row.lower,
            row.upper,
        )
    return found


def _ratio_rows(code: str, ratio: Ratio, now: Mapping[str, Mapping[str, _Row]]) -> list[_Row]:
    years = {
        row.period.start.year: row
        for row in now.get(ratio.to, {}).values()
        if row.period.start.year == row.period.end.year
    }
    made = []
    for of in now.get(ratio.of, {}).values():
        to = years.get(of.period.start.year)
        if to is not None and (row := _divided(code, ratio, of, to)) is not None:
            made.append(row)
    return made


def _divided(code: str, ratio: Ratio, of: _Row, to: _Row) -> _Row | None:
    divisible = to.values > 0
    values = np.divide(of.values * ratio.times, to.values, out=np.full(of.values.shape, np.nan), where=divisible)
    # A remark on either part, such as provisional, stays with the ratio: the numerator's first.
    status = np.where(np.isnan(of.values) | (of.status > 0), of.status, to.status).astype(np.int16)
    status[(of.status == ABSENT) | (to.status == ABSENT)] = ABSENT
    values[status == ABSENT] = np.nan
    none = np.full(values.shape, np.nan)
    return _Row(code, of.period, of.label, values, status, none, none) if (status != ABSENT).any() else None


def _joined(panel: Panel, made: list[_Row]) -> Panel:
    """The panel and more rows of other indicators."""
    rows = [*_rows(panel), *made]
    status = np.stack([row.status for row in rows])
    at = np.nonzero(status != ABSENT)
    fields = (np.stack([getattr(row, name) for row in rows])[at] for name in ("values", "lower", "upper"))
    values, lower, upper = fields
    described = [(row.indicator, row.period, row.label) for row in rows]
    return Panel.build(described, panel.areas, (at[0], at[1], values, status[at], lower, upper))
