"""The dense kernel against grouped pandas: the same figures, the same ranks, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
import pandas as pd

from engine.catalogue import Polarity
from engine.panel import Ints, Panel
from engine.periods import parse_period
from engine.ranking import badness, rank_baskets, rank_rows, value_keys
from state import observations, releases
from state.database import Database, connect, unit
from tests.engine.oracle import rank_all

_HIGH, _LOW = Polarity("high"), Polarity("low")

INDICATORS, AREAS, PERIODS, THEMES = 257, 32, 12, 13
DECIMALS = 1
SEED = 20240326


@dataclass(frozen=True)
class Figures:
    """The same figures twice: as a matrix of indicator-periods by areas, and as a long frame."""

    cells: npt.NDArray[np.float64]
    polarity: list[Polarity]
    theme: npt.NDArray[np.int64]
    frame: pd.DataFrame


def figures() -> Figures:
    """257 indicators, 12 periods and 32 areas in 13 themes, one decimal (so real ties), 5% missing."""
    random = np.random.default_rng(SEED)
    values = np.round(random.normal(50, 8, (INDICATORS * PERIODS, AREAS)), DECIMALS)
    values[random.random(values.shape) < 0.05] = np.nan
    high = np.repeat(random.random(INDICATORS) < 0.5, PERIODS)
    theme = np.repeat(np.arange(INDICATORS) % THEMES, PERIODS)
    row, area = np.indices(values.shape).reshape(2, -1)
    frame = pd.DataFrame(
        {
            "indicator": row // PERIODS,
            "theme": theme[row],
            "period": row % PERIODS,
            "area_code": area,
            "value": values.ravel(),
            "high": high[row],
        }
    )
    return Figures(values, [_HIGH if good else _LOW for good in high], theme, frame)


def rank_dense(
    values: npt.NDArray[np.float64], polarity: Sequence[Polarity], theme: npt.NDArray[np.int64]
) -> tuple[Ints, Ints]:
    """Everything the kernel does for these rows: keys, badness, ranks, quartiles, ties, eligibility, themes."""
    decimals = np.full(len(values), DECIMALS)
    ranks = rank_rows(badness(value_keys(values, decimals), decimals, polarity), polarity, values.shape[1])
    group = theme * PERIODS + np.arange(len(values)) % PERIODS
    order = np.argsort(group, kind="stable")
    members = np.split(order, np.searchsorted(group[order], np.arange(1, THEMES * PERIODS)))
    return ranks.rank, rank_baskets(ranks.rank, members).rank


def agree(data: Figures) -> bool:
    """Whether kernel and peer give the same ranks and theme ranks, cell for cell."""
    own_ranks, own_themes = rank_dense(data.cells, data.polarity, data.theme)
    ranks, themes = rank_all(data.frame)
    peer = ranks["rank"].fillna(0).to_numpy(np.int64).reshape(data.cells.shape)
    ordered = themes.sort_values(["theme", "period", "area_code"])["rank"].fillna(0).to_numpy(np.int64)
    return bool((own_ranks == peer).all() and (own_themes == ordered.reshape(own_themes.shape)).all())


def paired(own: Callable[[], object], peer: Callable[[], object], times: int) -> tuple[float, float, float]:
    """Median milliseconds of each, and the median of the ratios peer ÷ own, run in turn, each warmed up first."""
    pairs = [(_timed(own), _timed(peer)) for _ in range(times)]
    return (
        1000 * median(own for own, _ in pairs),
        1000 * median(peer for _, peer in pairs),
        median(peer / own for own, peer in pairs),
    )


def _timed(work: Callable[[], object]) -> float:
    """Seconds of one call after another that is not counted: the other's leavings in the caches weigh on neither."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def stored(data: Figures, folder: Path) -> Database:
    """The figures in a database, as a release would leave them."""
    db = connect(folder / "bench.db")
    codes = [f"E{at:08d}" for at in range(AREAS)]
    rows = [
        (f"indicator-{at // PERIODS:03d}", parse_period(str(2010 + at % PERIODS)), str(2010 + at % PERIODS))
        for at in range(len(data.cells))
    ]
    row, area = np.nonzero(~np.isnan(data.cells))
    nothing = np.full(len(row), np.nan)
    cells = (row, area, data.cells[row, area], np.zeros(len(row), np.int16), nothing, nothing)
    panel = Panel.build(rows, codes, cells)
    with unit(db):
        releases.add(
            db,
            source="bench",
            name="bench",
            identity="bench",
            published="",
            received="",
            status="accepted",
            rows=0,
            bad_rows=0,
        )
        empty = observations.load_panel(db, codes)
        observations.merge(db, panel, empty, release=1, snapshot=1)
    return db


def read_and_rank_dense(db: Database, data: Figures) -> None:
    """Read the panel through state and rank it."""
    codes = [f"E{at:08d}" for at in range(AREAS)]
    rank_dense(observations.load_panel(db, codes).values, data.polarity, data.theme)


def read_and_rank_grouped(db: Database, data: Figures) -> None:
    """Read a long frame with pandas and rank it by groups."""
    frame = pd.read_sql_query(
        "SELECT indicators.id - 1 AS indicator, series.label AS period, areas.code AS area_code, value "
        "FROM observations JOIN series ON series.id = series_id JOIN indicators ON indicators.id = indicator_id "
        "JOIN areas ON areas.id = area_id",
        db.conn,
    )
    first = frame["indicator"].to_numpy() * PERIODS
    rank_all(
        frame.assign(theme=data.theme[first], high=np.array([entry.kind == "high" for entry in data.polarity])[first])
    )


def report(folder: Path) -> None:
    """Print both comparisons."""
    data = figures()
    if not agree(data):
        raise AssertionError("kernel and grouped pandas disagree: no time is worth printing")
    print(f"Ranking {INDICATORS} indicators x {AREAS} areas x {PERIODS} periods, {THEMES} themes; same ranks by both")
    own, peer, ratio = paired(
        lambda: rank_dense(data.cells, data.polarity, data.theme), lambda: rank_all(data.frame), times=20
    )
    print(f"  figures in memory     kernel {own:7.1f} ms   grouped pandas {peer:7.1f} ms   ratio {ratio:4.1f} (aim 6)")
    db = stored(data, folder)
    own, peer, ratio = paired(lambda: read_and_rank_dense(db, data), lambda: read_and_rank_grouped(db, data), times=10)
    print(f"  read from state/ too  kernel {own:7.1f} ms   grouped pandas {peer:7.1f} ms   ratio {ratio:4.1f}")
    db.close()
