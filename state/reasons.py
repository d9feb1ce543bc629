"""The whole answer to why a rank moved: both sides, the parts, the release, and what would have to be better now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from engine.changes import BOTTOM_QUARTILE, Kind, Standing
from engine.explain import BasketMove, Distance, IndicatorMove
from engine.pace import Pace
from engine.sensitivity import Sensitivity
from engine.summary import Member as Side
from engine.summary import ThemeSummary, summarise
from state.explanations import (
    ChangeRef,
    Member,
    basket_standing,
    distance_out,
    indicator_move,
    members,
    move_between,
    move_of,
    pace_of,
    sensitivity_of,
    standing,
)
from state.queries import snapshot_view
from state.snapshots import basis_at, latest
from state.views import SnapshotView

WORST = 5
"""Members shown as what holds a theme down now."""


@dataclass(frozen=True, slots=True)
class Between:
    """What lies between the two sides of an explanation: the move, its release, the later snapshot, the earlier day."""

    ref: ChangeRef
    on: SnapshotView
    release: str
    published: str
    since: str


@dataclass(frozen=True, slots=True)
class WhyBasket:
    """Why a theme or composite moved; ``move`` is None where it had no rank on a side.

    ``were`` and ``are`` are its members on either side, ``now`` is where it stands today, and ``worst`` are the
    members that hold it down today, each with its way out of the bottom quartile where it is in it. ``summary`` is the
    move in short, None where it was seen for the first time; ``sensitivity`` is what the later rank hangs on, None
    where there is none, and ``names`` are those of the indicators it speaks of, by code.
    """

    name: str
    kind: str
    between: Between
    before: Standing | None
    after: Standing | None
    move: BasketMove | None
    were: Mapping[str, Member]
    are: Mapping[str, Member]
    now: Standing | None
    worst: tuple[tuple[Member, Distance | None], ...]
    summary: ThemeSummary | None
    sensitivity: Sensitivity | None
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WhyIndicator:
    """Why an indicator moved; ``move`` is None where it had no rank on a side.

    ``now`` is where it stands today, and ``way`` how far from the line of the bottom quartile, None where not judged.
    ``pace`` is how long that takes at the pace of the latest periods, None where these are too few.
    """

    indicator: Member
    between: Between
    before: Standing | None
    after: Standing | None
    move: IndicatorMove | None
    now: Standing | None
    way: Distance | None
    pace: Pace | None


Why = WhyBasket | WhyIndicator


def why(db: Database, subject: str, release: int | None = None, snapshot: int | None = None) -> Why | None:
    """Why the council's rank in a subject (``indicator:CODE`` or ``basket:NAME``) moved, last or by a release.

    None where there is nothing to explain: see ``move_of``.
    """
    ref = move_of(db, subject, release, snapshot)
    if ref is None:
        return None
    key = subject.partition(":")[2]
    return _why_indicator(db, key, ref) if subject.startswith("indicator:") else _why_basket(db, key, ref)


def _why_basket(db: Database, name: str, ref: ChangeRef) -> WhyBasket:
    between = _between(db, ref)
    area = between.on.council
    sides = [(basket_standing(db, name, area, at), members(db, name, area, at)) for at in (ref.since, ref.snapshot)]
    (before, were), (after, are) = sides
    today = latest(db) or ref.snapshot
    kind = "composite" if any(name == entry.name for entry in basis_at(db, ref.snapshot).composites) else "theme"
    hangs_on = sensitivity_of(db, name, area, ref.snapshot)
    return WhyBasket(
        name=name,
        kind=kind,
        between=between,
        before=before,
        after=after,
        move=move_between(were, are) if before and after else None,
        were=were,
        are=are,
        now=basket_standing(db, name, area, today),
        worst=_worst(db, area, members(db, name, area, today)),
        summary=summarise(name, kind, after, before, None, _members(were, are), _improved(db, are, ref))
        if ref.since != ref.snapshot
        else None,
        sensitivity=hangs_on,
        names=_names(db, hangs_on) if hangs_on else {},
    )


def _members(were: Mapping[str, Member], are: Mapping[str, Member]) -> Iterable[Side]:
    for code, one in are.items():
        yield one.name, were[code].standing if code in were else None, one.standing


def _improved(db: Database, are: Mapping[str, Member], ref: ChangeRef) -> list[str]:
    """Members of which a significant improvement was found on the way."""
    rows = db.execute(
        "SELECT DISTINCT indicator FROM changes WHERE kind = ? AND snapshot_id > ? AND snapshot_id <= ?",
        (Kind.IMPROVED, ref.since, ref.snapshot),
    )
    return sorted(are[code].name for (code,) in rows if code in are)


def _names(db: Database, found: Sensitivity) -> dict[str, str]:
    """Names of the indicators that give the ends of the range, and of those that change sides by the other rule."""
    ends = [code for end in (found.best, found.worst) if end for code in end.without]
    rows = db.execute(
        "SELECT code, coalesce(nullif(name, ''), code) FROM indicators WHERE code IN (SELECT value FROM json_each(?))",
        (json.dumps([*ends, *found.entering, *found.leaving]),),
    )
    return dict(rows.fetchall())


def _worst(db: Database, area: str, now: Mapping[str, Member]) -> tuple[tuple[Member, Distance | None], ...]:
    def place(member: Member) -> tuple[bool, float, str]:
        stands = member.standing
        return stands.quartile != BOTTOM_QUARTILE, -(stands.rank or 0) / (stands.of or 1), member.name

    found = sorted(now.values(), key=place)[:WORST]
    return tuple(
        (one, distance_out(db, one.code, area) if one.standing.quartile == BOTTOM_QUARTILE else None) for one in found
    )


def _why_indicator(db: Database, code: str, ref: ChangeRef) -> WhyIndicator:
    between = _between(db, ref)
    area = between.on.council
    name, unit, decimals, polarity = db.execute(
        "SELECT name, unit, decimals, polarity FROM indicators WHERE code = ?", (code,)
    ).fetchone()
    before, after = (standing(db, code, area, at) for at in (ref.since, ref.snapshot))
    now = standing(db, code, area, latest(db) or ref.snapshot)
    way = distance_out(db, code, area)
    return WhyIndicator(
        indicator=Member(code, name or code, unit, decimals, polarity, now or Standing(None, None)),
        between=between,
        before=before,
        after=after,
        move=indicator_move(db, code, area, ref.since, ref.snapshot),
        now=now,
        way=way,
        pace=pace_of(db, code, way),
    )


def _between(db: Database, ref: ChangeRef) -> Between:
    release, published = db.execute("SELECT name, published FROM releases WHERE id = ?", (ref.release,)).fetchone()
    (since,) = db.execute("SELECT known FROM snapshots WHERE id = ?", (ref.since,)).fetchone()
    return Between(ref, snapshot_view(db, ref.snapshot), release, published, since)
