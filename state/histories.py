"""An indicator over its periods: where the council stood in each, and how all areas were spread.

Ranks of earlier periods are not stored for every area: they are worked out from the figures held now, among the
comparators of the current snapshot and by its rules, when they are asked for.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from sqlite_utils import Database

from engine.catalogue import EXPENDITURE, Indicator, Polarity
from engine.changes import BOTTOM_QUARTILE, Standing
from engine.panel import PLAIN, Panel
from engine.periods import Period, parse_period
from engine.ranking import Eligibility, Ranks
from engine.snapshot import Basis, rank_panel
from state.queries import current_snapshot
from state.snapshots import basis_at
from state.views import SnapshotView

_TO_CUT = (2, 3, BOTTOM_QUARTILE)


@dataclass(frozen=True, slots=True)
class Spread:
    """The areas' figures in one period: ``lowest``, ``median``, ``highest`` of ``areas``, and where quartiles begin.

    ``starts`` are the best figures in quartiles 2, 3 and 4, None where a quartile is empty or there are none.
    ``line`` holds the figures at which the bottom quartile begins: none, one, or two around a band.
    """

    areas: int
    lowest: float
    median: float
    highest: float
    starts: tuple[float | None, float | None, float | None]
    line: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IndicatorPeriod:
    """The council's standing and the spread of all areas in one period; None where there is none."""

    label: str
    start: str
    end: str
    standing: Standing | None
    spread: Spread | None

    @property
    def value(self) -> float | None:
        """The council's figure."""
        return self.standing.value if self.standing else None


@dataclass(frozen=True, slots=True)
class IndicatorHistory:
    """An indicator's periods up to the one it is ranked at now, oldest first."""

    snapshot: SnapshotView
    code: str
    name: str
    theme: str
    unit: str
    decimals: int | None
    polarity: str
    target: str
    eligibility: str
    periods: tuple[IndicatorPeriod, ...]

    @property
    def is_expenditure(self) -> bool:
        """True for a spending line: rank 1 is the highest spend, and nothing is judged."""
        return self.theme == EXPENDITURE and self.polarity == "none"


def indicator_history(db: Database, code: str) -> IndicatorHistory | None:
    """An indicator's periods up to the one it is ranked at; None where it is not ranked now."""
    snapshot = current_snapshot(db)
    found = db.execute(
        "SELECT indicators.id, name, theme, unit, decimals, polarity, target, eligibility, series.period FROM ranks "
        "JOIN indicators ON indicators.id = ranks.indicator_id JOIN series ON series.id = ranks.series_id "
        "WHERE until_snapshot IS NULL AND indicators.code = ? LIMIT 1",
        (code,),
    ).fetchone()
    if snapshot is None or found is None:
        return None
    number, name, theme, unit, decimals, polarity, target, eligibility, current = found
    figures = _figures(db, number)
    last = parse_period(current)
    shown = sorted((parse_period(key), label) for key, label in figures if parse_period(key) <= last)
    basis = basis_at(db, snapshot.id)
    # What decides a rank is the basis's, as it was when the snapshot was taken.
    entry = basis.indicators.get(code) or Indicator(code, name, theme, Polarity.parse(polarity), decimals=decimals)
    values = [figures[period.key, label] for period, label in shown]
    return IndicatorHistory(
        snapshot,
        code,
        name,
        theme,
        unit,
        decimals,
        polarity,
        target,
        Eligibility(eligibility).name.lower(),
        periods(entry, basis, snapshot.council, shown, values),
    )


def _figures(db: Database, indicator: int) -> dict[tuple[str, str], dict[str, float]]:
    """The figures of every area by (period key, label)."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for key, label, area, value in db.execute(
        "SELECT series.period, label, areas.code, value FROM series JOIN observations ON series_id = series.id "
        "JOIN areas ON areas.id = area_id WHERE indicator_id = ? AND value IS NOT NULL",
        (indicator,),
    ):
        found.setdefault((key, label), {})[area] = value
    return found


def periods(
    entry: Indicator,
    basis: Basis,
    council: str,
    shown: Sequence[tuple[Period, str]],
    figures: Sequence[Mapping[str, float]],
) -> tuple[IndicatorPeriod, ...]:
    """The council's standing and the areas' spread in each period, from the areas' figures in it, by the basis."""
    if not shown:
        return ()
    areas = basis.comparators
    values = np.array([[each.get(area, math.nan) for area in areas] for each in figures])
    rows, columns = np.nonzero(~np.isnan(values))
    none = np.full(rows.size, math.nan)
    status = np.full(rows.size, PLAIN, np.int16)
    panel = Panel.build(
        [(entry.code, period, label) for period, label in shown],
        areas,
        (rows, columns, values[rows, columns], status, none, none),
    )
    ranks = rank_panel(panel, [entry] * len(panel.periods), basis)
    own = areas.index(council) if council in areas else -1
    return tuple(
        IndicatorPeriod(
            label=panel.labels[at],
            start=panel.periods[at].start.isoformat(),
            end=panel.periods[at].end.isoformat(),
            standing=_standing(panel, ranks, at, own),
            spread=_spread(panel.values[at].tolist(), ranks, at, entry.polarity),
        )
        for at in range(len(panel.periods))
    )


def _standing(panel: Panel, ranks: Ranks, at: int, own: int) -> Standing | None:
    if own < 0 or math.isnan(value := float(panel.values[at, own])):
        return None
    return Standing(
        rank=int(ranks.rank[at, own]) or None,
        of=int(ranks.of[at]),
        quartile=int(ranks.quartile[at, own]) or None,
        tied=bool(ranks.tied[at, own]),
        period=panel.labels[at],
        value=value,
    )


def _spread(values: Sequence[float], ranks: Ranks, at: int, polarity: Polarity) -> Spread | None:
    present = [value for value in values if not math.isnan(value)]
    if not present:
        return None
    quartile = ranks.quartile[at].tolist()
    rank = ranks.rank[at].tolist()
    starts = []
    for cut in _TO_CUT:
        inside = [place for place in range(len(values)) if quartile[place] == cut]
        starts.append(values[min(inside, key=lambda place: rank[place])] if inside else None)
    return Spread(
        areas=len(present),
        lowest=min(present),
        median=statistics.median(present),
        highest=max(present),
        starts=(starts[0], starts[1], starts[2]),
        line=_line(starts[2], polarity),
    )


def _line(start: float | None, polarity: Polarity) -> tuple[float, ...]:
    """The figures at which the bottom quartile begins: around a band it begins as far below as above."""
    if start is None:
        return ()
    if polarity.kind != "band":
        return (start,)
    figure = Decimal(repr(start))
    away = max(polarity.lowest - figure, figure - polarity.highest, Decimal(0))
    return float(polarity.lowest - away), float(polarity.highest + away)
