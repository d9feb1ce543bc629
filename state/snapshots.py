"""Snapshots with their ranks, of which only what changed is stored; changes; and what people were last told."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from engine.areas import Comparators
from engine.changes import Cause, Change, Kind, Standing
from engine.panel import Panel
from engine.snapshot import Basis, Snapshot

AT = "from_snapshot <= :at AND (until_snapshot IS NULL OR until_snapshot > :at)"
"""The rows of ``ranks`` and ``theme_ranks`` that held at the snapshot ``:at``."""


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """What a snapshot stands on: number, label, the day its figures were known, comparators by name, basis."""

    id: int
    label: str
    release_id: int
    known: str
    comparators: str
    basis: Basis
    illustrative: bool


def next_snapshot(db: Database) -> int:
    """The number the next snapshot will have."""
    return int(db.execute("SELECT coalesce(max(id), 0) + 1 FROM snapshots").fetchone()[0])


def latest_snapshot(db: Database) -> SnapshotHead | None:
    """The current snapshot, or None before the first release."""
    number = latest(db)
    return None if number is None else load_head(db, number)


def load_head(db: Database, snapshot: int) -> SnapshotHead:
    """A snapshot's head by number."""
    row = db.execute(
        "SELECT label, release_id, known, comparators, body, illustrative FROM snapshots "
        "JOIN bases ON bases.hash = snapshots.basis WHERE id = ?",
        (snapshot,),
    ).fetchone()
    return SnapshotHead(snapshot, row[0], row[1], row[2], row[3], Basis.from_json(row[4]), bool(row[5]))


def latest(db: Database) -> int | None:
    """The number of the current snapshot; None before the first release."""
    number: int | None = db.execute("SELECT max(id) FROM snapshots").fetchone()[0]
    return number


def basis_at(db: Database, snapshot: int) -> Basis:
    """What decided the ranks of a snapshot."""
    (body,) = db.execute(
        "SELECT body FROM snapshots JOIN bases ON bases.hash = snapshots.basis WHERE snapshots.id = ?", (snapshot,)
    ).fetchone()
    return _basis(body)


@lru_cache(maxsize=16)
def _basis(body: str) -> Basis:
    """A basis, read once: every answer asks for it, and it changes with a release at most."""
    return Basis.from_json(body)


def numbered(db: Database, label: str) -> int | None:
    """Number of the snapshot with a label, such as 2024-07-20/1; None where there is none."""
    row = db.execute("SELECT id FROM snapshots WHERE label = ?", (label,)).fetchone()
    return int(row[0]) if row else None


def snapshot_on(db: Database, day: str) -> int | None:
    """The last snapshot whose figures were known on an ISO date, or None when there was none yet."""
    return db.execute("SELECT max(id) FROM snapshots WHERE known <= ?", (day,)).fetchone()[0]  # type: ignore[no-any-return]


def save_head(
    db: Database,
    basis: Basis,
    *,
    release: int,
    known: str,
    taken: str,
    council: str,
    comparators: Comparators,
    illustrative: bool,
) -> SnapshotHead:
    """Open the next snapshot; its label is the day its figures were known and a running number."""
    before = db.execute("SELECT count(*) FROM snapshots WHERE known = ?", (known,)).fetchone()[0]
    head = SnapshotHead(
        next_snapshot(db), f"{known}/{before + 1}", release, known, comparators.label, basis, illustrative
    )
    body = basis.to_json()
    db.execute("INSERT OR IGNORE INTO bases VALUES (?, ?)", (basis.hash, body))
    catalogue = json.dumps(json.loads(body)["indicators"], sort_keys=True)
    db.table("snapshots").insert(
        {
            "id": head.id,
            "label": head.label,
            "release_id": release,
            "known": known,
            "taken": taken,
            "council": council,
            "comparators": comparators.label,
            "comparators_hash": comparators.hash,
            "catalogue_hash": _short_hash(catalogue),
            "method_version": basis.version,
            "basis": basis.hash,
            "illustrative": int(illustrative),
        }
    )
    return head


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_ranks(db: Database, snapshot: Snapshot, number: int) -> int:
    """Store the ranks and theme ranks that differ from the current ones; the rest stands. Returns rows written."""
    return _replace(db, "ranks", _rank_rows(db, snapshot), number, key=2) + _replace(
        db, "theme_ranks", _basket_rows(db, snapshot), number, key=2
    )


_RANK_COLUMNS = 'series_id, period, value, rank, "of", quartile, eligibility, tied'
_BASKET_COLUMNS = 'kind, rank_sum, rank_count, rank, "of", quartile, tied, total'
_KEYS = {"ranks": ("indicator_id, area_id", _RANK_COLUMNS), "theme_ranks": ("name, area_id", _BASKET_COLUMNS)}

Row = tuple[object, ...]


def _replace(db: Database, table: str, rows: Sequence[Row], number: int, key: int) -> int:
    keys, columns = _KEYS[table]
    stored = {
        tuple(row[:key]): tuple(row[key:])
        for row in db.execute(f"SELECT {keys}, {columns} FROM {table} WHERE until_snapshot IS NULL")  # noqa: S608
    }
    now = {row[:key]: row[key:] for row in rows}
    gone = [name for name, rest in stored.items() if now.get(name) != rest]
    fresh = [(*name, number, None, *rest) for name, rest in now.items() if stored.get(name) != rest]
    first, second = keys.split(", ")
    db.conn.executemany(
        f"UPDATE {table} SET until_snapshot = ? "  # noqa: S608  # constant names
        f"WHERE {first} = ? AND {second} = ? AND until_snapshot IS NULL",
        [(number, *name) for name in gone],
    )
    marks = ", ".join("?" * (key + 2 + len(columns.split(","))))
    db.conn.executemany(
        f"INSERT INTO {table} ({keys}, from_snapshot, until_snapshot, {columns}) VALUES ({marks})",  # noqa: S608
        fresh,
    )
    return len(fresh)


def _rank_rows(db: Database, snapshot: Snapshot) -> list[Row]:
    panel, ranks = snapshot.panel, snapshot.ranks
    series = series_numbers(db)
    indicators = dict(db.execute("SELECT code, id FROM indicators"))
    areas = _area_numbers(db, panel.areas)
    rows: list[Row] = []
    for at, code in enumerate(panel.indicators):
        own = series[indicators[code], panel.periods[at].key]
        rows += [
            (indicators[code], area, own, panel.labels[at], value, rank or None, of, quartile or None, fit, tied)
            for area, value, rank, of, quartile, fit, tied in zip(
                areas,
                [None if math.isnan(value) else value for value in panel.values[at].tolist()],
                ranks.rank[at].tolist(),
                [int(ranks.of[at])] * len(areas),
                ranks.quartile[at].tolist(),
                [int(ranks.eligible[at])] * len(areas),
                ranks.tied[at].astype(int).tolist(),
                strict=True,
            )
        ]
    return rows


def series_numbers(db: Database) -> dict[tuple[int, str], int]:
    """Number of each series by indicator number and period key."""
    return {
        (indicator, period): id_ for id_, indicator, period in db.execute("SELECT id, indicator_id, period FROM series")
    }


def _area_numbers(db: Database, codes: Iterable[str]) -> list[int]:
    known = dict(db.execute("SELECT code, id FROM areas"))
    for code in codes:
        if code not in known:
            known[code] = len(known) + 1
            db.execute("INSERT INTO areas VALUES (?, ?)", (known[code], code))
    return [known[code] for code in codes]


def _basket_rows(db: Database, snapshot: Snapshot) -> list[Row]:
    ranks = snapshot.basket_ranks
    areas = _area_numbers(db, snapshot.panel.areas)
    return [
        (
            name,
            area,
            kind,
            int(ranks.sum[at, column]),
            int(ranks.count[at, column]),
            int(ranks.rank[at, column]) or None,
            int(ranks.of[at]),
            int(ranks.quartile[at, column]) or None,
            int(ranks.tied[at, column]),
            int(ranks.total[at]),
        )
        for at, (name, kind) in enumerate(snapshot.baskets)
        for column, area in enumerate(areas)
    ]


def save_themes(db: Database, themes: Iterable[tuple[str, tuple[str, ...], str, str]]) -> None:
    """Keep names, aliases, spending line and measure of deprivation of themes and composites, for answering."""
    rows = {(name, json.dumps(aliases), expenditure, measure) for name, aliases, expenditure, measure in themes}
    if rows == set(db.execute("SELECT name, aliases, expenditure, deprivation FROM theme_details")):
        return
    db.execute("DELETE FROM theme_details")
    db.conn.executemany(
        "INSERT INTO theme_details (name, aliases, expenditure, deprivation) VALUES (?, ?, ?, ?)", sorted(rows)
    )


def save_years(db: Database, years: Mapping[int, Mapping[tuple[str, str], Standing]]) -> None:
    """Keep the standing of each area in each theme and composite of earlier years, by years ago."""
    codes = sorted({area for standings in years.values() for _, area in standings})
    areas = dict(zip(codes, _area_numbers(db, codes), strict=True))
    db.execute("DELETE FROM theme_years")
    db.conn.executemany(
        "INSERT INTO theme_years VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (name, areas[area], ago, standing.rank, standing.of, int(standing.tied), standing.quartile)
            for ago, standings in years.items()
            for (name, area), standing in standings.items()
        ],
    )


def save_trend(db: Database, panel: Panel, standings: Sequence[Standing | None], year_before: Iterable[int]) -> None:
    """Keep the council's value and rank at every period held; ``year_before`` are the rows a year older."""
    series = series_numbers(db)
    indicators = dict(db.execute("SELECT code, id FROM indicators"))
    older = set(year_before)
    db.execute("DELETE FROM trends")
    db.conn.executemany(
        "INSERT INTO trends VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                series[indicators[panel.indicators[panel.row_indicator[at]]], panel.periods[at].key],
                standing.value,
                standing.rank,
                standing.of or 0,
                standing.quartile,
                int(standing.tied),
                int(at in older),
            )
            for at, standing in enumerate(standings)
            if standing is not None
        ],
    )


_STANDING = ("period", "value", "rank", "of", "quartile", "tied")


def save_changes(
    db: Database, changes: Iterable[Change], *, release: int, snapshot: int, since: Mapping[str, int]
) -> None:
    """Keep changes with the release that brought them; ``since`` is the snapshot each subject is compared with."""
    columns = [f"{field}_{side}" for side in ("before", "after") for field in _STANDING]
    rows = [
        {
            "release_id": release,
            "snapshot_id": snapshot,
            "since_snapshot": since.get(change.subject),
            "kind": str(change.kind),
            "cause": str(change.cause) if change.cause else None,
            "reason": change.reason,
            "theme": change.theme,
            "indicator": change.indicator,
            "area_code": change.area,
            **dict(
                zip(
                    columns,
                    [
                        _plain(getattr(side, field)) if side else None
                        for side in (change.before, change.after)
                        for field in _STANDING
                    ],
                    strict=True,
                )
            ),
        }
        for change in changes
    ]
    if rows:
        db.table("changes").insert_all(rows)


def _plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def read_change(row: Mapping[str, Any]) -> Change:
    """The change that a row of the changes table, whose columns STRICT types, holds."""
    before, after = (
        Standing(
            rank=row[f"rank_{side}"],
            of=row[f"of_{side}"],
            quartile=row[f"quartile_{side}"],
            tied=bool(row[f"tied_{side}"]),
            period=row[f"period_{side}"],
            value=row[f"value_{side}"],
        )
        for side in ("before", "after")
    )
    return Change(
        kind=Kind(row["kind"]),
        cause=Cause(row["cause"]) if row["cause"] else None,
        reason=str(row["reason"]),
        theme=str(row["theme"]),
        indicator=row["indicator"],
        area=str(row["area_code"]),
        before=before if before.rank is not None else None,
        after=after,
    )


def ever_ranked(db: Database, area: str, before: int) -> set[str]:
    """Indicators in which an area had a rank at any snapshot before this one."""
    rows = db.execute(
        "SELECT DISTINCT indicators.code FROM ranks JOIN indicators ON indicators.id = indicator_id "
        "JOIN areas ON areas.id = area_id WHERE areas.code = ? AND rank IS NOT NULL AND from_snapshot < ?",
        (area, before),
    )
    return {code for (code,) in rows}


def load_told(db: Database) -> dict[str, int]:
    """For each subject the last snapshot at which what people had been told was true."""
    return dict(db.execute("SELECT subject, snapshot_id FROM told"))


def save_told(db: Database, subjects: Iterable[str], snapshot: int) -> None:
    """What people were told of these subjects is true at ``snapshot``."""
    db.conn.executemany(
        "INSERT INTO told VALUES (?, ?) ON CONFLICT DO UPDATE SET snapshot_id = excluded.snapshot_id",
        [(subject, snapshot) for subject in subjects],
    )
