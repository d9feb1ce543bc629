"""Everything a report says, as one typed value read at one moment: page, document and JSON are all made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from bot.errors import BotError
from engine.areas import load_areas
from engine.catalogue import EXPENDITURE
from engine.changes import BOTTOM_QUARTILE, Standing
from engine.explain import Distance
from engine.progress import Scorecard
from engine.summary import ThemeSummary, summarise
from state.database import Database
from state.editions import Differences, edition_names, edition_standings, find_edition
from state.explanations import distance_out
from state.explanations import members as members_at
from state.planes import Plane, plane
from state.queries import by_theme, compared, current_snapshot, improved_since, indicator_views, members, theme_views
from state.scorecards import scorecards
from state.strips import QuartileStrip, quartile_strip
from state.summaries import theme_summaries
from state.views import Improvement, IndicatorView, SnapshotView, ThemeView
from state.years import ThemeHistory, theme_history


@dataclass(frozen=True, slots=True)
class Since:
    """What is compared with: figures a ``year`` older, the snapshot of a named ``edition``, or ``published`` ranks.

    ``day`` is the day of the edition's snapshot, empty for the others.
    """

    kind: Literal["year", "edition", "published"] = "year"
    name: str = ""
    day: str = ""
    differences: Differences = field(default_factory=Differences)


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """A theme or composite with its spending line, what its numbers say in short, and its quartiles.

    ``before`` is where it stood in what is compared with. ``quartiles`` are its judged indicators in the top, second,
    third and bottom quartile.
    """

    view: ThemeView
    before: Standing | None
    spend: Standing | None
    summary: ThemeSummary
    quartiles: tuple[int, int, int, int]

    @property
    def judged(self) -> int:
        """How many indicators have a quartile."""
        return sum(self.quartiles)

    @property
    def bottom(self) -> int:
        """How many of them are in the bottom quartile."""
        return self.quartiles[-1]


@dataclass(frozen=True, slots=True)
class BottomLine:
    """An indicator in the bottom quartile and its way out; ``way`` is None where nobody is on the other side."""

    indicator: IndicatorView
    way: Distance | None


@dataclass(frozen=True, slots=True)
class ReleaseUse:
    """A release that current figures are from, and of how many indicators; ``published`` is a day or empty."""

    source: str
    name: str
    published: str
    indicators: int


@dataclass(frozen=True, slots=True)
class Report:
    """The council at one snapshot, against where it stood before.

    Themes are compared with ``since``; so are indicators, but with last year where nothing but ranks of themes was
    published then: that is ``crossed``. ``left`` and ``entered`` crossed the line of the bottom quartile, ``improved``
    were in it and improved significantly since last year; ``comparable`` is whether any indicator stood on either side
    of that line in what it is compared with. ``old`` are judged on a period that ended more than four
    years ago, ``unjudged`` get no quartile. The last of ``scorecards`` is that of all themes; ``similar`` is the
    relative change up to which a figure is similar.
    """

    snapshot: SnapshotView
    since: Since
    crossed: Since
    quartiles: tuple[int, int, int, int]
    composites: tuple[ThemeLine, ...]
    themes: tuple[ThemeLine, ...]
    bottom: tuple[BottomLine, ...]
    left: tuple[IndicatorView, ...]
    entered: tuple[IndicatorView, ...]
    improved: tuple[Improvement, ...]
    scorecards: tuple[Scorecard, ...]
    comparators: tuple[str, ...]
    releases: tuple[ReleaseUse, ...]
    comparable: bool
    old: tuple[IndicatorView, ...]
    unjudged: tuple[IndicatorView, ...]
    histories: tuple[ThemeHistory, ...]
    strip: QuartileStrip | None
    spending: Plane | None
    similar: Fraction

    @property
    def day(self) -> str:
        """The day of the snapshot, as an ISO date."""
        return self.snapshot.label.partition("/")[0]

    @property
    def judged(self) -> int:
        """How many indicators have a quartile."""
        return sum(self.quartiles)

    @property
    def lines(self) -> tuple[ThemeLine, ...]:
        """Composites, then themes."""
        return *self.composites, *self.themes


@dataclass(frozen=True, slots=True)
class _Side:
    """Where things stood in an edition: themes by name, indicators by code; None where they are not known."""

    since: Since
    themes: Mapping[str, Standing]
    snapshot: int | None


def gather(db: Database, similar: Fraction, against: str = "") -> Report | None:
    """What there is to report now, against last year or a named edition; None before the first release.

    To be called within one consistent view of the database, as ``Reader.read`` gives it. ``similar`` is the relative
    change up to which a figure is similar. Raises BotError for an edition there is not.
    """
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    side = _side(db, against) if against else None
    everything = indicator_views(db, snapshot, None)
    views = [view for view in everything if view.theme != EXPENDITURE]
    if side and side.snapshot:
        then = _indicators_then(db, snapshot, side.snapshot)
        views = [replace(view, previous=then.get(view.code), previous_end="") for view in views]
    judged = [view for view in views if _judged(view)]
    of_last_year = {one.name: one for one in theme_summaries(db)}
    lines = [
        _line(view, of_last_year[view.name], side, members(db, snapshot, view), {one.code: one for one in views})
        for view in theme_views(db, snapshot)
        if view.kind != "expenditure"
    ]
    # What crossed the line is known of last year even where an edition has nothing but the ranks of themes.
    last_year = side is None or side.snapshot is None
    crossed = of_last_year if last_year else {line.view.name: line.summary for line in lines}
    composites = tuple(line for line in lines if line.view.kind == "composite")
    bottom = sorted((view for view in judged if view.in_bottom_quartile), key=by_theme)
    spending = plane(db, "spend")
    return Report(
        snapshot=snapshot,
        since=side.since if side else Since(),
        crossed=Since() if side is None or last_year else side.since,
        quartiles=_quartiles(judged),
        composites=composites,
        themes=tuple(line for line in lines if line.view.kind == "theme"),
        bottom=tuple(BottomLine(view, distance_out(db, view.code, snapshot.council)) for view in bottom),
        left=_named(judged, {name: one.left for name, one in crossed.items()}),
        entered=_named(judged, {name: one.entered for name, one in crossed.items()}),
        improved=tuple(one for one in improved_since(db, snapshot, judged) if one.significant) if last_year else (),
        scorecards=scorecards(db, similar),
        comparable=any(one.fell + one.rose + one.stayed for one in crossed.values()),
        comparators=_others(db, snapshot),
        releases=_releases(judged, everything, spending),
        old=tuple(sorted((view for view in judged if view.old), key=by_theme)),
        unjudged=tuple(sorted((view for view in views if not _judged(view)), key=by_theme)),
        histories=tuple(found for line in composites if (found := theme_history(db, line.view.name))),
        strip=quartile_strip(db),
        spending=spending,
        similar=similar,
    )


def _side(db: Database, against: str) -> _Side:
    found = edition_standings(db, against)
    if found is None:
        known = ", ".join(edition_names(db)) or "none"
        raise BotError(f"there is no edition {against!r} to compare with; there are: {known}")
    kind: Literal["edition", "published"] = "published" if found.published else "edition"
    since = Since(kind, found.name, found.label.partition("/")[0], found.differences)
    named = None if found.published else find_edition(db, against)
    return _Side(since, found.standings, named.snapshot if named else None)


def _indicators_then(db: Database, snapshot: SnapshotView, then: int) -> dict[str, Standing]:
    """Where the council stood in each indicator that counted in a theme or composite at an earlier snapshot."""
    return {
        code: one.standing
        for view in theme_views(db, snapshot)
        if view.kind != "expenditure"
        for code, one in members_at(db, view.name, snapshot.council, then).items()
    }


def _line(
    view: ThemeView,
    summary: ThemeSummary,
    side: _Side | None,
    indicators: Iterable[IndicatorView],
    views: Mapping[str, IndicatorView],
) -> ThemeLine:
    """A theme with what its numbers say since last year (``summary``), or since the edition where there is one."""
    judged = [views[one.code] for one in indicators if _judged(one)]
    before = side.themes.get(view.name) if side else view.previous
    if side:
        known = ((one.name or one.code, one.previous if side.snapshot else None, one.standing) for one in judged)
        summary = summarise(view.name, view.kind, view.standing, before, summary.spend, known)
    return ThemeLine(view, before, summary.spend, summary, _quartiles(judged))


def _judged(view: IndicatorView) -> bool:
    return view.eligibility == "eligible" and view.standing is not None and view.standing.quartile is not None


def _quartiles(judged: Iterable[IndicatorView]) -> tuple[int, int, int, int]:
    held = Counter(view.standing.quartile for view in judged if view.standing)
    return held[1], held[2], held[3], held[BOTTOM_QUARTILE]


def _named(judged: Iterable[IndicatorView], names: Mapping[str, Sequence[str]]) -> tuple[IndicatorView, ...]:
    """The indicators that the summary of their theme names, by theme."""
    found = (view for view in judged if (view.name or view.code) in names.get(view.theme, ()))
    return tuple(sorted(found, key=by_theme))


def _others(db: Database, snapshot: SnapshotView) -> tuple[str, ...]:
    """The names of the areas compared but for the council's own."""
    areas = load_areas()
    return tuple(sorted(areas[code].name for code in compared(db) if code != snapshot.council))


def _releases(
    judged: Iterable[IndicatorView], everything: Iterable[IndicatorView], spending: Plane | None
) -> tuple[ReleaseUse, ...]:
    """Of what is judged and of the spending lines, the newest first; those of no known day last."""
    spent = {point.measure.code for point in spending.points} if spending else set()
    used = [*judged, *(view for view in everything if view.code in spent)]
    held = Counter((view.source, view.release, view.published) for view in used)
    uses = [ReleaseUse(source, name, published, number) for (source, name, published), number in held.items()]
    by_name = sorted(uses, key=lambda use: (use.source, use.name))
    return tuple(sorted(by_name, key=lambda use: use.published, reverse=True))
