"""From the figures before and after a release to stored ranks and typed changes."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType
from weakref import WeakKeyDictionary

import numpy as np

from engine.areas import Comparators, comparators, load_areas
from engine.catalogue import Catalogue, Composite, Indicator, Theme
from engine.changes import BOTTOM_QUARTILE, Change, Known, Standing, basket_standings
from engine.comparison import compare
from engine.panel import Panel
from engine.ranking import Eligibility, Ranks
from engine.snapshot import Basis, Snapshot, choose_rows, own_year, rank_chosen, rank_panel, take_snapshot
from jobs.policy import Policy
from jobs.tidy import panel_areas
from state import observations, snapshots
from state.database import Database
from state.snapshots import SnapshotHead

YEARS_BACK = 60
"""Years before its own that a theme is ranked for, where figures are held: more than any publisher goes back."""

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
    day = max(published, date.fromisoformat(previous.known)) if previous else published
    group = comparators_of(policy, day)
    council = load_areas().carry(policy.council)
    basis = Basis.of(catalogue, group.codes, policy.rules)
    after = known(panel, basis, day)
    head = snapshots.save_head(
        db,
        basis,
        release=release,
        known=day.isoformat(),
        taken=now.isoformat(timespec="seconds"),
        council=council,
        comparators=group,
        illustrative=policy.illustrative,
    )
    snapshots.save_ranks(db, after.snapshot, head.id)
    _save_history(db, after, basis, catalogue, council)
    found = compare(after, _Kept(db, head.id, council, held, previous), council, policy.thresholds, rebased)
    snapshots.save_told(db, found.settled, head.id)
    snapshots.save_changes(db, found.changes, release=release, snapshot=head.id, since=found.since)
    return Ranked(
        head, after.snapshot, catalogue, group, council, found.changes, first=previous is None, since=found.since
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


@dataclass(frozen=True)
class _Kept:
    """What the database remembers before snapshot ``number``; ``held`` are the figures before this release."""

    db: Database
    number: int
    council: str
    held: Panel
    previous: SnapshotHead | None

    @cached_property
    def told(self) -> Mapping[str, int]:
        """For each subject the last snapshot at which what people had been told of it was true."""
        return snapshots.load_told(self.db)

    @cached_property
    def ranked(self) -> Collection[str]:
        """Indicators in which the council had a rank at any earlier snapshot."""
        return snapshots.ever_ranked(self.db, self.council, self.number)

    def known_at(self, snapshot: int) -> Known:
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
    return known(panel, head.basis, date.fromisoformat(head.known))


def known(panel: Panel, basis: Basis, day: date) -> Known:
    """What is known from these figures on a day, ranked on a basis; the panel may hold any areas."""
    panel = panel.for_areas(basis.comparators)
    return Known(panel, _snapshot(panel, basis, day))


def _save_history(db: Database, after: Known, basis: Basis, catalogue: Catalogue, council: str) -> None:
    """Keep what questions about the past need: every period's rank, and the themes' ranks of earlier years."""
    snapshots.save_themes(db, theme_details(catalogue))
    panel, ranks = _ranked(after.panel, basis)
    snapshots.save_years(db, _earlier_years(after.snapshot, panel, ranks, basis))
    limits = {code: years_before(after.snapshot.panel.periods[row].end, 1) for code, row in after.snapshot.row.items()}
    older = set(choose_rows(panel, not_after=limits).tolist())
    snapshots.save_trend(db, panel, _trend(panel, ranks, council), older)


def _ranked(panel: Panel, basis: Basis) -> tuple[Panel, Ranks]:
    """The rows of indicators that the basis describes, and the ranks of each."""
    described = [at for at, which in enumerate(panel.row_indicator) if panel.indicators[which] in basis.indicators]
    panel = panel.rows(np.array(described, np.int64))
    return panel, rank_panel(panel, [basis.indicators[panel.indicators[at]] for at in panel.row_indicator], basis)


def _earlier_years(
    snapshot: Snapshot, panel: Panel, ranks: Ranks, basis: Basis
) -> dict[int, dict[tuple[str, str], Standing]]:
    """Every area's standing in each basket in the snapshots of the years before its own, by years ago.

    As far back as figures are held, YEARS_BACK years at most; ``ranks`` are those of each row of ``panel``. Method,
    item 9.
    """
    own_years = _own_years(snapshot)
    first = min((period.end.year for period in panel.periods), default=0)
    found: dict[int, dict[tuple[str, str], Standing]] = {}
    for year in set(own_years.values()):
        names = [name for name, own in own_years.items() if own == year]
        for ago in range(1, min(YEARS_BACK, year - first) + 1):
            rows = choose_rows(
                panel, not_after=_a_year_earlier(snapshot, year - ago, ago), not_before=_oldest(basis, year - ago)
            )
            past = rank_chosen(panel.rows(rows), basis, ranks.rows(rows))
            found.setdefault(ago, {}).update(
                {(name, area): standing for name in names for area, standing in basket_standings(past, name).items()}
            )
    return found


def _oldest(basis: Basis, year: int) -> date | None:
    """The first day on which a period may end to count in the snapshot of a year; None without a limit of age."""
    most = basis.rules.max_age_years
    return years_before(date(year, 12, 31), most) if most else None


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


def theme_details(catalogue: Catalogue) -> list[tuple[str, tuple[str, ...], str, str]]:
    """Name, aliases, name of the spending line and code of the measure of deprivation, of themes and composites."""

    def details(entry: Theme | Composite) -> tuple[str, tuple[str, ...], str, str]:
        line = catalogue.indicators.get(entry.expenditure)
        return entry.name, entry.aliases, line.name if line else "", catalogue.deprivation

    return [*map(details, catalogue.themes.values()), *map(details, catalogue.composites.values())]


def _trend(panel: Panel, ranks: Ranks, council: str) -> list[Standing | None]:
    """The council's standing at each row of ``panel``, of which ``ranks`` are."""
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
