"""What can be read back, as typed values: the answers behind commands, exports and messages."""

from __future__ import annotations

from dataclasses import dataclass

from engine.changes import BOTTOM_QUARTILE, Z_SIGNIFICANT, Change, Standing
from engine.explain import Distance
from engine.margin import Certainty, RankInterval, certainty
from engine.pace import Pace
from engine.ranking import QuartileRule
from state.published import PublishedRank


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """The current snapshot: on what everything read with it stands.

    ``label`` is e.g. 2024-07-20/1; ``comparators`` is who is compared (without the number, which is ``areas``).
    """

    id: int
    label: str
    council: str
    council_name: str
    comparators: str
    areas: int
    quartile_rule: QuartileRule
    illustrative: bool


@dataclass(frozen=True, slots=True)
class IndicatorView:
    """One indicator's standing for one area; ``standing`` is None where it has no rank.

    ``eligibility`` is the name of engine.ranking.Eligibility in lower case: eligible, no_direction, few_areas,
    few_values, large_tie. ``previous`` is the standing at the latest period at least a year older, which ended on
    ``previous_end``. ``published`` is when the release the figure is from was published, or empty. ``interval`` are
    the places that published margins of error leave open, None where nothing may be said (method, item 14).
    """

    code: str
    name: str
    theme: str
    unit: str
    decimals: int | None
    polarity: str
    eligibility: str
    standing: Standing | None
    previous: Standing | None
    period_end: str
    release: str
    source: str
    old: bool = False
    """True when the period ended more than four years before the snapshot's day (method, item 9)."""
    published: str = ""
    previous_end: str = ""
    interval: RankInterval | None = None

    @property
    def in_bottom_quartile(self) -> bool:
        """True for an eligible indicator in quartile 4."""
        return (
            self.eligibility == "eligible" and self.standing is not None and self.standing.quartile == BOTTOM_QUARTILE
        )

    @property
    def certainty(self) -> Certainty:
        """How sure it is that a judged indicator is in the bottom quartile, or out of it; empty where none can say."""
        return certainty(self.interval, bottom=self.in_bottom_quartile) if self.eligibility == "eligible" else ""


@dataclass(frozen=True, slots=True)
class ThemeView:
    """One theme, composite or spending line (``kind``) for one area.

    ``available`` of ``total`` eligible indicators have a rank for the area; ``bottom`` of ``judged`` are in the bottom
    quartile; ``history`` holds the ranks of earlier years, oldest first and the current one last, as (years ago,
    rank or None); ``previous`` is the standing a year ago.
    """

    name: str
    kind: str
    standing: Standing
    previous: Standing | None
    available: int
    total: int
    bottom: int
    judged: int
    history: tuple[tuple[int, int | None], ...]
    expenditure: str
    """Name of the spending line of this theme (without "Expenditure: "), or empty."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One area's value and rank in an indicator."""

    code: str
    name: str
    value: float
    rank: int
    tied: bool
    quartile: int | None


@dataclass(frozen=True, slots=True)
class Point:
    """The council's value and rank at one period of an indicator."""

    period: str
    value: float | None
    rank: int | None
    of: int | None


@dataclass(frozen=True, slots=True)
class ThemeReport:
    """A theme with its spending line and its indicators, bottom-quartile ones first, then worst rank first.

    ``area`` is the name of the comparator it is about, empty for our own council. ``published`` is what earlier
    editions printed of the theme, oldest first.
    """

    snapshot: SnapshotView
    theme: ThemeView
    expenditure: ThemeView | None
    indicators: tuple[IndicatorView, ...]
    area: str = ""
    published: tuple[PublishedRank, ...] = ()


@dataclass(frozen=True, slots=True)
class AreaStanding:
    """Where one area stands in a theme, and in the spending line that belongs to it."""

    code: str
    name: str
    standing: Standing
    spend: Standing | None = None


@dataclass(frozen=True, slots=True)
class LeagueReport:
    """Every area of a theme or composite, the best first and those without a rank last."""

    snapshot: SnapshotView
    theme: ThemeView
    areas: tuple[AreaStanding, ...]


@dataclass(frozen=True, slots=True)
class IndicatorReport:
    """An indicator with its trend, oldest first, every area's place, best first, and how far and long to the line."""

    snapshot: SnapshotView
    indicator: IndicatorView
    trend: tuple[Point, ...]
    peers: tuple[Peer, ...]
    distance: Distance | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class OverallReport:
    """Every composite and theme, with the spending line of each where there is one.

    ``area`` is the name of the comparator it is about, empty for our own council.
    """

    snapshot: SnapshotView
    composites: tuple[ThemeView, ...]
    themes: tuple[ThemeView, ...]
    expenditure: dict[str, ThemeView]
    bottom: int
    judged: int
    area: str = ""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One stored change with the names needed to tell it, and the release that brought it."""

    release_id: int
    release: str
    published: str
    change: Change
    name: str
    unit: str
    decimals: int | None
    polarity: str
    since: int | None = None
    """The snapshot it was compared with; None where that was not kept."""


@dataclass(frozen=True, slots=True)
class Improvement:
    """An indicator that was in the bottom quartile a year ago and has left it, or improved significantly within it.

    ``z`` are the standard errors by which its figure is better than a year ago, None where no limits are published.
    """

    indicator: IndicatorView
    z: float | None = None

    @property
    def left(self) -> bool:
        """Whether it is out of the bottom quartile now; else it improved significantly and is in it still."""
        return not self.indicator.in_bottom_quartile

    @property
    def significant(self) -> bool:
        """Whether it is significantly better than a year ago, by published limits."""
        return self.z is not None and self.z > Z_SIGNIFICANT


@dataclass(frozen=True, slots=True)
class BottomReport:
    """Indicators in the bottom quartile by theme, and those that left it or improved significantly since last year."""

    snapshot: SnapshotView
    theme: str | None
    indicators: tuple[IndicatorView, ...]
    left: tuple[Improvement, ...]
    judged: int


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release: accepted, held, rejected or superseded, with what it brought and what was found wrong.

    ``findings`` are (check, indicator code or empty, evidence); ``held`` are the indicators waiting for a decision.
    ``decision`` is the latest one left to the service and what came of it, as "approve: done", or empty.
    """

    id: int
    source: str
    name: str
    published: str
    received: str
    status: str
    rows: int
    new_cells: int
    revised_cells: int
    changes: int
    findings: tuple[tuple[str, str, str], ...]
    held: tuple[str, ...]
    decided_by: str
    reason: str
    decision: str = ""


@dataclass(frozen=True, slots=True)
class OutboxView:
    """One message owed or sent: ``state`` is pending, sending, sent or suppressed."""

    id: int
    key: str
    destination: str
    kind: str
    state: str
    attempts: int
    created: str
    channel: str
    ts: str
    reason: str


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that can be asked for by name: (name, aliases) of themes and composites, (code, name, aliases).

    ``councils`` are the areas compared, our own among them, as (code, name); ``council`` is the code of our own.
    """

    themes: tuple[tuple[str, tuple[str, ...]], ...]
    composites: tuple[tuple[str, tuple[str, ...]], ...]
    indicators: tuple[tuple[str, str, tuple[str, ...]], ...]
    councils: tuple[tuple[str, str], ...] = ()
    council: str = ""
