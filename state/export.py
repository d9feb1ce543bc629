"""Tables for spreadsheets and scripts, as they stand or as they were known on a day; columns stay stable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

from sqlite_utils import Database

from engine.panel import ABSENT
from engine.ranking import Eligibility
from state.observations import load_panel
from state.snapshots import AT, basis_at

Table = Literal["ranks", "themes", "observations", "changes"]
TABLES: tuple[str, ...] = get_args(Table)

COLUMNS: dict[str, tuple[str, ...]] = {
    "ranks": (
        "indicator",
        "theme",
        "period",
        "area_code",
        "value",
        "rank",
        "of",
        "quartile",
        "eligible",
        "tied",
    ),
    "themes": (
        "theme",
        "area_code",
        "rank_sum",
        "rank_count",
        "rank",
        "of",
        "quartile",
        "indicators_available",
        "indicators_total",
    ),
    "observations": ("indicator", "area_code", "period", "value", "lower_ci", "upper_ci", "status"),
    "changes": (
        "release",
        "kind",
        "cause",
        "theme",
        "indicator",
        "area_code",
        "period_before",
        "period_after",
        "rank_before",
        "of_before",
        "quartile_before",
        "rank_after",
        "of_after",
        "quartile_after",
    ),
}

Row = tuple[object, ...]


def rows(db: Database, table: Table, *, snapshot: int, area: str | None) -> Iterator[Row]:
    """Rows of a table as of a snapshot, in the order of COLUMNS; of one area, or of all when ``area`` is None."""
    if table == "ranks":
        return _ranks(db, snapshot, area)
    if table == "themes":
        return _themes(db, snapshot, area)
    if table == "observations":
        return _observations(db, snapshot, area)
    return _changes(db, snapshot, area)


def _ranks(db: Database, snapshot: int, area: str | None) -> Iterator[Row]:
    basis = basis_at(db, snapshot)
    for row in db.execute(
        'SELECT indicators.code, theme, period, areas.code, value, rank, "of", quartile, '  # noqa: S608
        f"eligibility = {Eligibility.ELIGIBLE:d}, tied FROM ranks JOIN indicators ON indicators.id = indicator_id "
        f"JOIN areas ON areas.id = area_id WHERE {AT} AND (:area IS NULL OR areas.code = :area) "
        "ORDER BY indicators.code, areas.code",
        {"at": snapshot, "area": area},
    ):
        then = basis.indicators.get(row[0])
        yield (row[0], then.theme if then else row[1], *row[2:])


def _themes(db: Database, snapshot: int, area: str | None) -> Iterator[Row]:
    yield from db.execute(
        'SELECT name, areas.code, rank_sum, rank_count, rank, "of", quartile, rank_count, total FROM theme_ranks '  # noqa: S608
        f"JOIN areas ON areas.id = area_id WHERE {AT} AND (:area IS NULL OR areas.code = :area) "
        "ORDER BY name, areas.code",
        {"at": snapshot, "area": area},
    )


def _observations(db: Database, snapshot: int, area: str | None) -> Iterator[Row]:
    areas = [code for (code,) in db.execute("SELECT code FROM areas ORDER BY code") if area in (None, code)]
    remarks = dict(db.execute("SELECT id, text FROM remarks"))
    panel = load_panel(db, areas, as_of=snapshot)
    for at, which in enumerate(panel.row_indicator):
        numbers = (panel.values[at].tolist(), panel.lower[at].tolist(), panel.upper[at].tolist())
        for code, status, *cell in zip(panel.areas, panel.status[at].tolist(), *numbers, strict=True):
            if status != ABSENT:
                plain = [None if number != number else number for number in cell]  # noqa: PLR0124  # NaN
                yield (panel.indicators[which], code, panel.labels[at], *plain, remarks.get(status, ""))


def _changes(db: Database, snapshot: int, area: str | None) -> Iterator[Row]:
    columns = ", ".join(COLUMNS["changes"][1:])
    yield from db.execute(
        f"SELECT release_id, {columns} FROM changes WHERE snapshot_id <= ? AND (? IS NULL OR area_code = ?) "  # noqa: S608
        "ORDER BY id",
        (snapshot, area, area),
    )
