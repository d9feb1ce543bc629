"""From the figures before and after a release to stored ranks and typed changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from engine.areas import Comparators, comparators, load_areas
from engine.catalogue import Catalogue
from engine.changes import (
    BOTTOM_QUARTILE,
    Change,
    Known,
    Standing,
    baselines,
    basket_changes,
    basket_standing,
    indicator_changes,
    indicator_standing,
)
from engine.panel import Panel
from engine.ranking import Eligibility
from engine.snapshot import Basis, Snapshot, choose_rows, rank_panel, take_snapshot
from jobs.policy import Policy
from state import observations, snapshots
from state.database import Database
from state.snapshots import SnapshotHead

YEARS_BACK = 6
"""Years before the current one that are ranked for a theme's spark of seven."""


@dataclass(frozen=True)
class Ranked:
    """The stored snapshot, what it stands on, and what changed; ``first`` when there was none before."""

    head: SnapshotHead
    snapshot: Snapshot
    catalogue: Catalogue
    group: Comparators
    council: str
    changes: tuple[Change, ...]
    first: bool


def comparators_of(policy: Policy, on: date) -> Comparators:
    """Who is compared on a day, each under the code its figures are kept under."""
    group = comparators(policy.comparators, policy.council, on)
    codes = tuple(sorted({load_areas().carry(code) for code in group.codes}))
    return Comparators(group.name, group.label, codes)


def rank_and_compare(
    db: Database,
    *,
    held: Panel,
    panel: Panel,
    catalogue: Catalogue,
    policy: Policy,
    release: int,
    known: date,
    now: datetime,
    rebased: Collection[str] = (),
) -> Ranked:
    """Rank ``panel``, store what differs, and compare with what people were last told.

    ``held`` are the figures before the release; ``known`` is the day the new ones were published; the ``rebased``
    indicators and their themes become a new baseline without changes. Runs within the caller's unit of work.
    """
    group = comparators_of(policy, known)
    council = load_areas().carry(policy.council)
    basis = Basis.of(catalogue, group.codes, policy.rules)
    panel = panel.for_areas(group.codes)
    after = Known(panel, _snapshot(panel, basis, known))
    previous = snapshots.latest_snapshot(db)
    head = snapshots.save_head(
        db,
        basis,
        release=release,
        known=known.isoformat(),
        taken=now.isoformat(timespec="seconds"),
        council=council,
        comparators=group.label,
        illustrative=policy.illustrative,
    )
    snapshots.save_ranks(db, after.snapshot, head.id)
    _save_history(db, after, basis, catalogue, council)
    changes = _compare(db, after, held, previous, head.id, policy, council, rebased)
    snapshots.save_changes(db, changes, release=release, snapshot=head.id)
    return Ranked(head, after.snapshot, catalogue, group, council, tuple(changes), previous is None)


def _snapshot(panel: Panel, basis: Basis, known: date) -> Snapshot:
    oldest = years_before(known, basis.rules.max_age_years) if basis.rules.max_age_years else None
    return take_snapshot(panel, basis, not_before=oldest)


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier, 28 February for a 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _compare(
    db: Database,
    after: Known,
    held: Panel,
    previous: SnapshotHead | None,
    number: int,
    policy: Policy,
    council: str,
    rebased: Collection[str],
) -> list[Change]:
    """Changes against the snapshot at which each subject was last told, and the new state of telling."""
    told = snapshots.load_told(db)
    current = _standings(after.snapshot, council)
    unseen = [code for code in after.snapshot.panel.indicators if f"indicator:{code}" not in told]
    changes = baselines(after.snapshot, council, unseen)
    settled = {subject for subject in current if subject not in told}
    silent = _silent_subjects(after.snapshot, rebased)
    by_snapshot: dict[int, list[str]] = {}
    for subject in current:
        if subject in told and subject not in silent:
            by_snapshot.setdefault(told[subject], []).append(subject)
    for then, subjects in sorted(by_snapshot.items()):
        before = _known_at(db, then, held, previous, after.snapshot.basis.comparators)
        found = _changes_since(before, after, subjects, policy, council)
        changes += found
        settled |= {_subject(change) for change in found}
        old = _standings(before.snapshot, council)
        settled |= {subject for subject in subjects if _still_true(subject, old.get(subject), current[subject])}
    snapshots.save_told(db, settled | (silent & current.keys()), number)
    return changes


def _subject(change: Change) -> str:
    return f"indicator:{change.indicator}" if change.indicator else f"basket:{change.theme}"


def _silent_subjects(snapshot: Snapshot, rebased: Collection[str]) -> set[str]:
    """Rebased indicators, and every theme and composite they are members of."""
    subjects = {f"indicator:{code}" for code in rebased}
    rows = {snapshot.row[code] for code in rebased if code in snapshot.row}
    for (name, _), members in zip(snapshot.baskets, snapshot.members, strict=True):
        if rows & set(members.tolist()):
            subjects.add(f"basket:{name}")
    return subjects


def _standings(snapshot: Snapshot, council: str) -> dict[str, Standing]:
    """The council's standing by subject, for all indicators and baskets in which it has a rank."""
    found = {f"indicator:{code}": indicator_standing(snapshot, code, council) for code in snapshot.panel.indicators}
    found |= {
        f"basket:{name}": basket_standing(snapshot, name, council)
        for name, kind in snapshot.baskets
        if kind != "expenditure"
    }
    return {subject: standing for subject, standing in found.items() if standing and standing.rank is not None}


def _still_true(subject: str, old: Standing | None, new: Standing) -> bool:
    """Whether what was told at ``old`` is true at ``new``: a basket's rank, an indicator's side of the line."""
    if old is None:
        return True
    if subject.startswith("basket:"):
        return old.rank == new.rank
    return (old.quartile == BOTTOM_QUARTILE) == (new.quartile == BOTTOM_QUARTILE)


def _known_at(db: Database, snapshot: int, held: Panel, previous: SnapshotHead | None, areas: tuple[str, ...]) -> Known:
    """What was known at a snapshot: the figures just before this release where it was the last one, else the log's."""
    if previous and previous.id == snapshot:
        head, panel = previous, held
    else:
        head = snapshots.load_head(db, snapshot)
        panel = observations.load_panel(db, tuple(sorted({*areas, *head.basis.comparators})), as_of=snapshot)
    panel = panel.for_areas(head.basis.comparators)
    return Known(panel, _snapshot(panel, head.basis, date.fromisoformat(head.known)))


def _changes_since(
    before: Known, after: Known, subjects: Collection[str], policy: Policy, council: str
) -> list[Change]:
    codes = [subject.removeprefix("indicator:") for subject in subjects if subject.startswith("indicator:")]
    baskets = {subject.removeprefix("basket:") for subject in subjects if subject.startswith("basket:")}
    return [
        *indicator_changes(before, after, council, codes),
        *basket_changes(before, after, council, policy.thresholds, baskets),
    ]


def _save_history(db: Database, after: Known, basis: Basis, catalogue: Catalogue, council: str) -> None:
    """Keep what questions about the past need: every period's rank, and the themes' ranks of earlier years."""
    snapshots.save_themes(db, _theme_details(catalogue))
    snapshots.save_years(db, _earlier_years(after, basis, council))
    limits = {code: years_before(after.snapshot.panel.periods[row].end, 1) for code, row in after.snapshot.row.items()}
    year_before = choose_rows(after.panel, not_after=limits)
    described = [
        at for at, which in enumerate(after.panel.row_indicator) if after.panel.indicators[which] in basis.indicators
    ]
    panel = after.panel.rows(np.array(described, np.int64))
    older = set(year_before.tolist())
    snapshots.save_trend(
        db, panel, _trend(panel, basis, council), (at for at, row in enumerate(described) if row in older)
    )


def _earlier_years(after: Known, basis: Basis, council: str) -> dict[int, dict[str, Standing]]:
    """The council's standing in each basket in the snapshots of the YEARS_BACK years before its own, by years ago.

    A basket's own year is that in which most of its members' current periods end: one monthly indicator does not
    make a theme a year younger. Method, item 9.
    """
    own_year = _own_years(after.snapshot)
    years = {year - ago for year in own_year.values() for ago in range(1, YEARS_BACK + 1)}
    past = {year: take_snapshot(after.panel, basis, not_after=date(year, 12, 31)) for year in years}
    found: dict[int, dict[str, Standing]] = {ago: {} for ago in range(1, YEARS_BACK + 1)}
    for name, year in own_year.items():
        for ago, standings in found.items():
            standing = basket_standing(past[year - ago], name, council)
            if standing and standing.rank is not None:
                standings[name] = standing
    return found


def _own_years(snapshot: Snapshot) -> dict[str, int]:
    years = {}
    for (name, _), members in zip(snapshot.baskets, snapshot.members, strict=True):
        ends = Counter(snapshot.panel.periods[row].end.year for row in members)
        if ends:
            years[name] = max(ends, key=lambda year: (ends[year], year))
    return years


def _theme_details(catalogue: Catalogue) -> list[tuple[str, tuple[str, ...], str]]:
    lines = {
        theme.name: catalogue.indicators[theme.expenditure].name if theme.expenditure in catalogue.indicators else ""
        for theme in catalogue.themes.values()
    }
    return [
        *((theme.name, theme.aliases, lines[theme.name]) for theme in catalogue.themes.values()),
        *((entry.name, entry.aliases, "") for entry in catalogue.composites.values()),
    ]


def _trend(panel: Panel, basis: Basis, council: str) -> list[Standing | None]:
    """The council's standing at each row of ``panel``."""
    entries = [basis.indicators[panel.indicators[at]] for at in panel.row_indicator]
    ranks = rank_panel(panel, entries, basis)
    column = panel.areas.index(council)
    return [
        Standing(
            rank=int(ranks.rank[at, column]) or None,
            of=int(ranks.of[at]),
            quartile=int(ranks.quartile[at, column]) or None,
            tied=bool(ranks.tied[at, column]),
            period=panel.labels[at],
            value=float(panel.values[at, column]),
        )
        if not np.isnan(panel.values[at, column])
        else None
        for at in range(len(panel.periods))
    ]


def bottom_and_judged(snapshot: Snapshot, council: str, basket: str | None = None) -> tuple[int, int]:
    """How many eligible indicators (of one basket) are in the council's bottom quartile, and of how many."""
    rows = slice(None) if basket is None else snapshot.members[snapshot.basket[basket]]
    quartile = snapshot.ranks.quartile[rows, snapshot.column[council]]
    counted = (snapshot.ranks.eligible[rows] == Eligibility.ELIGIBLE) & (quartile > 0)
    return int((counted & (quartile == BOTTOM_QUARTILE)).sum()), int(counted.sum())
