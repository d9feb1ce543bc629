"""From the figures before and after a release to stored ranks and typed changes."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from weakref import WeakKeyDictionary

import numpy as np

from engine.areas import Comparators, comparators, load_areas
from engine.catalogue import Catalogue, Indicator
from engine.changes import (
    BOTTOM_QUARTILE,
    Change,
    Kind,
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
from engine.snapshot import Basis, Snapshot, choose_rows, own_year, rank_panel, take_snapshot
from jobs.policy import Policy
from jobs.tidy import panel_areas
from state import observations, snapshots
from state.database import Database
from state.snapshots import SnapshotHead

YEARS_BACK = 6
"""Years before the current one that are ranked for a theme's spark of seven."""

SNAPSHOTS_KEPT = 8
"""Snapshots told of that are kept in memory, some 5 MB each."""


@dataclass(frozen=True)
class Ranked:
    """The stored snapshot, what it stands on, and what changed; ``first`` when there was none before.

    ``since`` is the snapshot that each changed subject was compared with.
    """

    head: SnapshotHead
    snapshot: Snapshot
    catalogue: Catalogue
    group: Comparators
    council: str
    changes: tuple[Change, ...]
    first: bool
    since: Mapping[str, int] = field(default_factory=dict)


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
    published: date,
    now: datetime,
    rebased: Collection[str] = (),
) -> Ranked:
    """Rank ``panel``, store what differs, and compare with what people were last told.

    ``held`` are the figures before the release; the ``rebased`` indicators and their themes become a new baseline
    without changes. What is known never gets older: a release published before the last one counts from the day of
    that. Runs within the caller's unit of work.
    """
    previous = snapshots.latest_snapshot(db)
    known = max(published, date.fromisoformat(previous.known)) if previous else published
    group = comparators_of(policy, known)
    council = load_areas().carry(policy.council)
    basis = Basis.of(catalogue, group.codes, policy.rules)
    panel = panel.for_areas(group.codes)
    after = Known(panel, _snapshot(panel, basis, known))
    head = snapshots.save_head(
        db,
        basis,
        release=release,
        known=known.isoformat(),
        taken=now.isoformat(timespec="seconds"),
        council=council,
        comparators=group,
        illustrative=policy.illustrative,
    )
    snapshots.save_ranks(db, after.snapshot, head.id)
    _save_history(db, after, basis, catalogue, council)
    comparison = _Comparison(db, after, held, previous, policy, council)
    changes = comparison.run(head.id, rebased)
    snapshots.save_changes(db, changes, release=release, snapshot=head.id, since=comparison.since)
    return Ranked(
        head, after.snapshot, catalogue, group, council, tuple(changes), previous is None, since=comparison.since
    )


def catalogue_now(
    db: Database, policy: Policy, brought: Mapping[str, Indicator] = MappingProxyType({})
) -> tuple[Catalogue, list[str]]:
    """The catalogue with what files have described, and ``brought`` by a release; and the codes where the two disagree.

    An indicator that a publisher stated and that has been taken out of the catalogue is not in it.
    """
    own, dropped = policy.catalogue.indicators, observations.stated_by_publishers(db)
    stored = observations.load_indicators(db)
    known = {code: entry for code, entry in stored.items() if code in own or code not in dropped}
    return policy.catalogue.extended({**known, **brought}.values())


def rank_held(db: Database, policy: Policy) -> Ranked | None:
    """The latest snapshot as it stands, ranked from what is held; None before the first release. Changes nothing."""
    head = snapshots.latest_snapshot(db)
    if head is None:
        return None
    catalogue, _ = catalogue_now(db, policy)
    group = comparators_of(policy, date.fromisoformat(head.known))
    panel = observations.load_held(db, panel_areas()).for_areas(group.codes)
    snapshot = _snapshot(panel, head.basis, date.fromisoformat(head.known))
    return Ranked(head, snapshot, catalogue, group, load_areas().carry(policy.council), (), first=False)


def _snapshot(panel: Panel, basis: Basis, known: date) -> Snapshot:
    oldest = years_before(known, basis.rules.max_age_years) if basis.rules.max_age_years else None
    return take_snapshot(panel, basis, not_before=oldest)


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; the end of a month stays the end of that month."""
    year = day.year - years
    last, month_end = monthrange(year, day.month)[1], monthrange(day.year, day.month)[1]
    return date(year, day.month, last if day.day == month_end else day.day)


@dataclass
class _Comparison:
    """Comparing the new state of knowledge with what people were last told of each subject.

    A subject is ``indicator:CODE`` (which side of the quartile line), ``basket:NAME`` (the rank) or
    ``improvement:CODE`` (since when an indicator in the bottom quartile has been there, or last improved). What is
    stored for each is the last snapshot at which what people had been told of it was true.
    """

    db: Database
    after: Known
    held: Panel
    previous: SnapshotHead | None
    policy: Policy
    council: str
    since: dict[str, int] = field(default_factory=dict)
    """The snapshot that each changed subject was compared with."""

    def run(self, number: int, rebased: Collection[str]) -> list[Change]:
        """Changes against what was told, and the new state of telling, filed under snapshot ``number``."""
        told = snapshots.load_told(self.db)
        current = self._standings(self.after.snapshot)
        ranked_before = snapshots.ever_ranked(self.db, self.council, number)
        unseen = [code for code in self.after.snapshot.panel.indicators if code not in ranked_before]
        changes = baselines(self.after.snapshot, self.council, unseen)
        silent = _silent_subjects(self.after.snapshot, rebased) & current.keys()
        settled = silent | {subject for subject in current if subject not in told}
        by_snapshot: dict[int, list[str]] = {}
        for subject in current.keys() - settled:
            by_snapshot.setdefault(told[subject], []).append(subject)
        for then, subjects in sorted(by_snapshot.items()):
            found, still_true = self._since(then, sorted(subjects))
            changes += found
            self.since |= dict.fromkeys((change.subject for change in found), then)
            settled |= still_true | {_subject(change) for change in found}
        entered = {change.indicator for change in changes if change.kind == Kind.ENTERED}
        settled |= {f"improvement:{code}" for code in entered} & current.keys()
        snapshots.save_told(self.db, settled, number)
        return [change for change in changes if change.kind != Kind.IMPROVED or change.indicator not in entered]

    def _standings(self, snapshot: Snapshot) -> dict[str, Standing]:
        """The council's standing by subject, where it is judged at all."""
        found: dict[str, Standing] = {}
        for code, row in snapshot.row.items():
            standing = indicator_standing(snapshot, code, self.council)
            if standing and snapshot.eligible(code):
                found[f"indicator:{code}"] = standing
                if standing.quartile == BOTTOM_QUARTILE and self._limited(snapshot, row):
                    found[f"improvement:{code}"] = standing
        for name, kind in snapshot.baskets:
            basket = basket_standing(snapshot, name, self.council)
            if kind != "expenditure" and basket and basket.rank is not None:
                found[f"basket:{name}"] = basket
        return found

    def _limited(self, snapshot: Snapshot, row: int) -> bool:
        column = snapshot.column[self.council]
        return not np.isnan(snapshot.panel.upper[row, column] - snapshot.panel.lower[row, column])

    def _since(self, then: int, subjects: list[str]) -> tuple[list[Change], set[str]]:
        """Changes of these subjects since snapshot ``then``, and the subjects whose fact is still true."""
        before = self._known_at(then)
        codes, improving, baskets = (
            [subject.removeprefix(kind) for subject in subjects if subject.startswith(kind)]
            for kind in ("indicator:", "improvement:", "basket:")
        )
        found = [
            change
            for change in indicator_changes(before, self.after, self.council, codes)
            if change.kind != Kind.IMPROVED
        ]
        found += [
            change
            for change in indicator_changes(before, self.after, self.council, improving)
            if change.kind == Kind.IMPROVED
        ]
        found += basket_changes(before, self.after, self.council, self.policy.thresholds, baskets)
        old, now = self._standings(before.snapshot), self._standings(self.after.snapshot)
        return found, {subject for subject in subjects if _still_true(subject, old.get(subject), now[subject])}

    def _known_at(self, snapshot: int) -> Known:
        """What was known at a snapshot: the figures before this release where it was the last one, else the log's."""
        if self.previous and self.previous.id == snapshot:
            return _known(self.previous, self.held)
        kept = _kept.setdefault(self.db, {})
        if snapshot not in kept:
            head = snapshots.load_head(self.db, snapshot)
            kept[snapshot] = _known(head, observations.load_panel(self.db, head.basis.comparators, as_of=snapshot))
            if len(kept) > SNAPSHOTS_KEPT:
                del kept[next(iter(kept))]
        return kept[snapshot]


_kept: WeakKeyDictionary[Database, dict[int, Known]] = WeakKeyDictionary()
"""What was known at snapshots people were told of earlier: it never changes, and is compared with at each release."""


def _known(head: SnapshotHead, panel: Panel) -> Known:
    panel = panel.for_areas(head.basis.comparators)
    return Known(panel, _snapshot(panel, head.basis, date.fromisoformat(head.known)))


def _subject(change: Change) -> str:
    """The subject under which what was told is filed: improvements apart from sides of the line."""
    return change.subject.replace("indicator:", "improvement:", 1) if change.kind == Kind.IMPROVED else change.subject


def _silent_subjects(snapshot: Snapshot, rebased: Collection[str]) -> set[str]:
    """Rebased indicators, and every theme and composite they are members of."""
    subjects = {f"{kind}:{code}" for code in rebased for kind in ("indicator", "improvement")}
    rows = {snapshot.row[code] for code in rebased if code in snapshot.row}
    for (name, _), members in zip(snapshot.baskets, snapshot.members, strict=True):
        if rows & set(members.tolist()):
            subjects.add(f"basket:{name}")
    return subjects


def _still_true(subject: str, old: Standing | None, new: Standing) -> bool:
    """Whether what was told at ``old`` is true at ``new``: a basket's rank, an indicator's side of the line.

    An improvement is measured from where it was told, however slowly it comes, so that stays where it is.
    """
    if subject.startswith("improvement:"):
        return False
    if old is None:
        return True
    if subject.startswith("basket:"):
        return old.rank == new.rank
    return (old.quartile == BOTTOM_QUARTILE) == (new.quartile == BOTTOM_QUARTILE)


def _save_history(db: Database, after: Known, basis: Basis, catalogue: Catalogue, council: str) -> None:
    """Keep what questions about the past need: every period's rank, and the themes' ranks of earlier years."""
    snapshots.save_themes(db, _theme_details(catalogue))
    snapshots.save_years(db, _earlier_years(after, basis))
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


def _earlier_years(after: Known, basis: Basis) -> dict[int, dict[tuple[str, str], Standing]]:
    """Every area's standing in each basket in the snapshots of the YEARS_BACK years before its own, by years ago.

    Method, item 9.
    """
    own_years = _own_years(after.snapshot)
    found: dict[int, dict[tuple[str, str], Standing]] = {ago: {} for ago in range(1, YEARS_BACK + 1)}
    for year in set(own_years.values()):
        for ago, standings in found.items():
            past = take_snapshot(after.panel, basis, not_after=_a_year_earlier(after.snapshot, year - ago, ago))
            standings |= {
                (name, area): standing
                for name, own in own_years.items()
                if own == year
                for area in past.panel.areas
                if (standing := basket_standing(past, name, area)) and standing.rank is not None
            }
    return found


def _a_year_earlier(snapshot: Snapshot, year: int, ago: int) -> dict[str, date]:
    """The last day an indicator's period may have in the snapshot of an earlier year: the year's last.

    Where the current period ends after that year, it is also so many years before its own end: a fourth quarter is
    compared with a fourth quarter.
    """
    ends = {code: snapshot.panel.periods[row].end for code, row in snapshot.row.items()}
    last = date(year, 12, 31)
    return {code: last if end <= last else min(last, years_before(end, ago)) for code, end in ends.items()}


def _own_years(snapshot: Snapshot) -> dict[str, int]:
    years = {}
    for (name, _), members in zip(snapshot.baskets, snapshot.members, strict=True):
        year = own_year(snapshot.panel.periods[row].end.year for row in members)
        if year is not None:
            years[name] = year
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
