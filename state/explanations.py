"""Why a rank moved, read back from what was stored at two snapshots, and how far it is from the line now.

Ranks are stored only where they differ, each from one snapshot until another, so what stood at any snapshot is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from sqlite_utils import Database

from engine.changes import Change, Kind, Standing
from engine.explain import (
    BasketMove,
    Distance,
    Figures,
    IndicatorMove,
    distance,
    explain_basket,
    explain_indicator,
)
from engine.pace import Pace, pace
from engine.periods import parse_period
from engine.ranking import Eligibility
from engine.sensitivity import Sensitivity, Table, sensitivity
from engine.snapshot import Basis
from state.snapshots import AT, basis_at, latest, read_change

_AREA = "area_id = (SELECT id FROM areas WHERE code = :area)"
_COUNCIL = "(SELECT council FROM snapshots ORDER BY id DESC LIMIT 1)"


@dataclass(frozen=True, slots=True)
class ChangeRef:
    """One move of a subject: between which snapshots, and by which release.

    ``how`` it was found: a ``change`` that was kept, what a ``release`` (or snapshot) did, the last ``move`` of the
    rank though it was no change worth telling, or that it stood ``still`` ever since it was first seen.
    """

    subject: str
    release: int
    since: int
    snapshot: int
    change: Change | None = None
    how: Literal["change", "release", "move", "still"] = "change"


@dataclass(frozen=True, slots=True)
class Member:
    """An indicator as an area stood in it at a snapshot, with what it takes to show it."""

    code: str
    name: str
    unit: str
    decimals: int | None
    polarity: str
    standing: Standing


Cell = tuple[str, float, int, int | None, int]


# --- moves, exactly --------------------------------------------------------------------------------


def basket_move(db: Database, name: str, area: str, since: int, until: int) -> BasketMove | None:
    """Why the area's average rank over a theme or composite moved between two snapshots.

    None where it had no rank in it on a side.
    """
    if any(basket_standing(db, name, area, at) is None for at in (since, until)):
        return None
    return move_between(members(db, name, area, since), members(db, name, area, until))


def move_between(were: Mapping[str, Member], are: Mapping[str, Member]) -> BasketMove:
    """Why the mean rank of these members moved."""
    before, after = (
        {code: one.standing.rank for code, one in side.items() if one.standing.rank} for side in (were, are)
    )
    return explain_basket(before, after)


def indicator_move(db: Database, code: str, area: str, since: int, until: int) -> IndicatorMove | None:
    """Why the area's rank in an indicator moved between two snapshots; None where it had no rank on a side."""
    if any(standing(db, code, area, at) is None for at in (since, until)):
        return None
    before, after = (_figures(_cells(db, code, at), basis_at(db, at), code) for at in (since, until))
    return explain_indicator(area, before, after)


def distance_out(db: Database, code: str, area: str) -> Distance | None:
    """How far the area is from the line of the bottom quartile now; None where the indicator is not judged."""
    at = latest(db)
    if at is None:
        return None
    rows, basis = _cells(db, code, at), basis_at(db, at)
    if not rows or rows[0][4] != Eligibility.ELIGIBLE:
        return None
    ranks = {row[0]: (row[2], row[3]) for row in rows}
    return distance(area, _figures(rows, basis, code), ranks, basis.rules.quartile_rule)


def pace_of(db: Database, code: str, way: Distance | None) -> Pace | None:
    """How long it takes the council to the value it needs, at the pace of its latest periods up to the one ranked now.

    None where no value is known to be needed, or fewer than three periods are alike.
    """
    at = latest(db)
    if at is None or way is None or way.needed is None:
        return None
    rows = list(
        db.execute(
            "SELECT series.period, trends.value, (SELECT now.period FROM ranks JOIN series AS now "  # noqa: S608
            "ON now.id = ranks.series_id WHERE ranks.indicator_id = series.indicator_id AND until_snapshot IS NULL "
            f"AND area_id = (SELECT id FROM areas WHERE code = {_COUNCIL})) FROM trends JOIN series ON series.id = "
            "trends.series_id WHERE series.indicator_id = (SELECT id FROM indicators WHERE code = ?)",
            (code,),
        )
    )
    points = [(parse_period(key), value) for key, value, now in rows if parse_period(key) <= parse_period(now)]
    return pace(points, way.needed, basis_at(db, at).indicators[code].key_decimals)


def sensitivity_of(db: Database, name: str, area: str, snapshot: int) -> Sensitivity | None:
    """What an area's rank in a theme or composite hangs on, at a snapshot; None where it had none.

    From the ranks and values as stored at it, without another look at the observations.
    """
    basis = basis_at(db, snapshot)
    rows = db.execute(
        "SELECT indicators.code, area_id, rank, value FROM indicators "  # noqa: S608
        "CROSS JOIN ranks ON indicator_id = indicators.id "
        "WHERE indicators.code IN (SELECT value FROM json_each(:codes)) AND rank IS NOT NULL "
        f"AND eligibility = {Eligibility.ELIGIBLE:d} AND {AT}",
        {"codes": json.dumps(basis.made_of(name)), "at": snapshot},
    ).fetchall()
    members, areas, placed, figures = zip(*rows, strict=True) if rows else ((), (), (), ())
    codes = sorted(set(members))
    row = {code: at for at, code in enumerate(codes)}
    known = dict(db.execute("SELECT code, id FROM areas"))
    column = {known.get(code): at for at, code in enumerate(basis.comparators)}
    cells = [row[code] for code in members], [column[number] for number in areas]
    ranks = np.zeros((len(codes), len(basis.comparators)), np.int64)
    values = np.full(ranks.shape, np.nan)
    ranks[cells], values[cells] = placed, figures
    entries = tuple(basis.indicators[code] for code in codes)
    rules = basis.rules
    table = Table(entries, tuple(basis.comparators), ranks, values, rules.quartile_rule, rules.min_coverage)
    return sensitivity(table, area)


def _figures(rows: Sequence[Cell], basis: Basis, code: str) -> Figures:
    """The figures behind ranks; what is ranked is described by the basis it was ranked on."""
    entry = basis.indicators[code]
    return Figures({row[0]: row[1] for row in rows}, entry.polarity, entry.decimals)


def _cells(db: Database, code: str, snapshot: int) -> list[Cell]:
    """Area, value, rank, quartile and eligibility of every area ranked in an indicator at a snapshot."""
    return list(
        db.execute(
            "SELECT areas.code, value, rank, quartile, eligibility FROM ranks JOIN areas ON areas.id = area_id "  # noqa: S608
            "WHERE indicator_id = (SELECT id FROM indicators WHERE code = :code) AND rank IS NOT NULL "
            f"AND {AT} ORDER BY areas.code",
            {"code": code, "at": snapshot},
        )
    )


# --- where things stood ----------------------------------------------------------------------------


def basket_standing(db: Database, name: str, area: str, snapshot: int) -> Standing | None:
    """Where an area stood in a theme or composite at a snapshot; None where it had no rank."""
    row = db.execute(
        'SELECT rank, "of", quartile, tied FROM theme_ranks '  # noqa: S608
        f"WHERE name = :name AND {_AREA} AND rank IS NOT NULL AND {AT}",
        {"name": name, "area": area, "at": snapshot},
    ).fetchone()
    return Standing(row[0], row[1], row[2], bool(row[3])) if row else None


def standing(db: Database, code: str, area: str, snapshot: int) -> Standing | None:
    """Where an area stood in an indicator at a snapshot; None where it had no rank."""
    found = _members(db, [code], area, snapshot, judged=False)
    return found[code].standing if found else None


def members(db: Database, name: str, area: str, snapshot: int) -> dict[str, Member]:
    """The indicators that made an area's average rank over a theme or composite at a snapshot, by code."""
    return _members(db, basis_at(db, snapshot).made_of(name), area, snapshot, judged=True)


def _members(db: Database, codes: list[str], area: str, snapshot: int, *, judged: bool) -> dict[str, Member]:
    """An area's standing in these indicators at a snapshot where it has one; with ``judged`` in eligible ones only.

    What is not judged has no quartile.
    """
    rows = db.execute(
        "SELECT code, coalesce(nullif(name, ''), code), unit, decimals, polarity, "  # noqa: S608
        f'rank, "of", CASE eligibility WHEN {Eligibility.ELIGIBLE:d} THEN quartile END, tied, period, value '
        "FROM indicators CROSS JOIN ranks ON indicator_id = indicators.id "
        f"WHERE code IN (SELECT value FROM json_each(:codes)) AND {_AREA} AND rank IS NOT NULL AND {AT} "
        f"AND (NOT :judged OR eligibility = {Eligibility.ELIGIBLE:d})",
        {"codes": json.dumps(codes), "area": area, "at": snapshot, "judged": judged},
    )
    return {
        code: Member(code, name, unit, decimals, polarity, Standing(rank, of, quartile, bool(tied), period, value))
        for code, name, unit, decimals, polarity, rank, of, quartile, tied, period, value in rows
    }


# --- which move ------------------------------------------------------------------------------------


def change_of(db: Database, subject: str, release: int | None = None, snapshot: int | None = None) -> ChangeRef | None:
    """The newest change of a subject that was kept, or the one a release or a snapshot brought; baselines are none."""
    kind, _, key = subject.partition(":")
    own = "indicator = :key" if kind == "indicator" else "indicator IS NULL AND theme = :key"
    cursor = db.execute(
        f"SELECT * FROM changes WHERE {own} AND kind <> :baseline AND area_code = {_COUNCIL} "  # noqa: S608
        "AND (:release IS NULL OR release_id = :release) AND (:snapshot IS NULL OR snapshot_id = :snapshot) "
        "ORDER BY id DESC LIMIT 1",
        {"key": key, "baseline": Kind.BASELINE, "release": release, "snapshot": snapshot},
    )
    found = cursor.fetchone()
    if found is None:
        return None
    row = dict(zip([column[0] for column in cursor.description], found, strict=True))
    # Changes kept before the snapshot compared with was: the one before is as near as can be known.
    since = row["since_snapshot"] or max(row["snapshot_id"] - 1, 1)
    return ChangeRef(subject, row["release_id"], since, row["snapshot_id"], read_change(row))


def move_of(db: Database, subject: str, release: int | None = None, snapshot: int | None = None) -> ChangeRef | None:
    """The move to explain: the change that was kept, else what the release or snapshot did, else the rank's last move.

    Where the rank has never moved, from first sight until today. None where the release made no snapshot, or the
    council was never ranked in it.
    """
    if found := change_of(db, subject, release, snapshot):
        return found
    rows = _ranks(db, subject)
    if all(rank is None for _, _, rank in rows):
        return None
    if release is None and snapshot is None:
        return _last_move(db, subject, rows)
    made = [
        at
        for (at,) in db.execute(
            "SELECT id FROM snapshots WHERE (:release IS NULL OR release_id = :release) "
            "AND (:snapshot IS NULL OR id = :snapshot) ORDER BY id DESC",
            {"release": release, "snapshot": snapshot},
        )
    ]
    # A release let through in parts made several snapshots: the newest in which it has another row is meant.
    at = next((at for at in made if any(start == at for start, _, _ in rows)), max(made, default=0))
    return ChangeRef(subject, _release_of(db, at), max(at - 1, 1), at, how="release") if at else None


def _ranks(db: Database, subject: str) -> list[tuple[int, int | None, int | None]]:
    """The council's ranks in a subject as stored, oldest first: from and until which snapshot, and the rank."""
    kind, _, key = subject.partition(":")
    table, own = (
        ("ranks", "indicator_id = (SELECT id FROM indicators WHERE code = :key)")
        if kind == "indicator"
        else ("theme_ranks", "name = :key AND kind <> 'expenditure'")
    )
    return list(
        db.execute(
            f"SELECT from_snapshot, until_snapshot, rank FROM {table} WHERE {own} "  # noqa: S608
            f"AND area_id = (SELECT id FROM areas WHERE code = {_COUNCIL}) ORDER BY from_snapshot",
            {"key": key},
        )
    )


def _last_move(db: Database, subject: str, rows: list[tuple[int, int | None, int | None]]) -> ChangeRef | None:
    """From the snapshot before its rank last became another one, or from first sight, until then or today."""
    for (_, until, old), (start, _, new) in reversed(list(pairwise(rows))):
        if until == start and None not in {old, new} and old != new:
            return ChangeRef(subject, _release_of(db, start), start - 1, start, how="move")
    today = latest(db)
    first = next((start for start, _, rank in rows if rank is not None), None)
    if today is None or first is None:
        return None
    return ChangeRef(subject, _release_of(db, today), first, today, how="still")


def _release_of(db: Database, snapshot: int) -> int:
    return int(db.execute("SELECT release_id FROM snapshots WHERE id = ?", (snapshot,)).fetchone()[0])
