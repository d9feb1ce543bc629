"""Scorecards of the council's own indicators: which way each went in a year, and what became of its target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sqlite_utils import Database

from engine.catalogue import Polarity
from engine.periods import Period, parse_period
from engine.progress import Progress, Scorecard, direction, scorecard
from engine.progress import scorecards as counted
from engine.targets import Known, Target, as_printed, assess, predict, read_target
from state.queries import current_snapshot, indicator_views, peers
from state.views import IndicatorView, SnapshotView


@dataclass(frozen=True, slots=True)
class Followed:
    """An indicator as it stands, with its progress since a year before and towards its target."""

    view: IndicatorView
    progress: Progress


@dataclass(frozen=True, slots=True)
class ScorecardReport:
    """The scorecards of the council: of every theme, and of all together; with the indicators they count.

    ``indicators`` are those of the one theme asked for, by name, and of all themes otherwise.
    """

    snapshot: SnapshotView
    themes: tuple[Scorecard, ...]
    overall: Scorecard
    indicators: tuple[Followed, ...]


def scorecard_report(db: Database, similar: Fraction, theme: str | None = None) -> ScorecardReport | None:
    """The scorecards of all themes, or of one; None before the first release.

    Counted are the indicators with a direction in which the council has a rank now; a quartile only where it is judged.
    ``similar`` is the relative change up to which a figure is similar. Method, item 15.
    """
    snapshot = current_snapshot(db)
    if snapshot is None:
        return None
    views = [
        view
        for view in indicator_views(db, snapshot, theme)
        if view.standing is not None and Polarity.parse(view.polarity).directional
    ]
    views.sort(key=lambda view: (view.theme, view.name, view.code))
    targets = _targets(db)
    trends = _trends(db, {code for code, target in targets.items() if target.numeric})
    found = tuple(
        Followed(view, _progress(db, view, targets[view.code], trends.get(view.code, ()), similar)) for view in views
    )
    cards = counted(one.progress for one in found)
    return ScorecardReport(snapshot, cards[:-1], cards[-1], found)


def scorecards(db: Database, similar: Fraction) -> tuple[Scorecard, ...]:
    """The council's scorecards: every theme's by name, and last that of all, whose name is empty."""
    report = scorecard_report(db, similar)
    return (*report.themes, report.overall) if report else (scorecard("", ()),)


def _progress(
    db: Database, view: IndicatorView, target: Target, trend: Iterable[tuple[Period, float]], similar: Fraction
) -> Progress:
    polarity = Polarity.parse(view.polarity)
    now = _printed(view, view.standing.value if view.standing else None)
    before = _printed(view, view.previous.value if view.previous else None)
    quartile = view.standing.quartile if view.standing and view.eligibility == "eligible" else None
    known = Known(now, before, quartile, _average(db, view, target), view.unit)
    points = [
        (period, as_printed(value, view.decimals))
        for period, value in trend
        if period.end.isoformat() <= view.period_end
    ]
    return Progress(
        code=view.code,
        name=view.name,
        theme=view.theme,
        quartile=quartile,
        direction=direction(now, before, polarity, similar),
        target=target,
        verdict=assess(target, polarity, known),
        course=predict(target, polarity, points, unit=view.unit),
    )


def _printed(view: IndicatorView, value: float | None) -> Decimal | None:
    return None if value is None else as_printed(value, view.decimals)


def _average(db: Database, view: IndicatorView, target: Target) -> Fraction | None:
    """The mean of all areas ranked, our own among them, where the target asks for it."""
    if target.kind not in {"above average", "below average"}:
        return None
    values = [Fraction(as_printed(peer.value, view.decimals)) for peer in peers(db, view.code)]
    return sum(values, Fraction(0)) / len(values) if values else None


def _targets(db: Database) -> dict[str, Target]:
    return {code: read_target(text) for code, text in db.execute("SELECT code, target FROM indicators")}


def _trends(db: Database, codes: set[str]) -> dict[str, list[tuple[Period, float]]]:
    """The council's figures by indicator and period."""
    found: dict[str, list[tuple[Period, float]]] = {}
    if not codes:
        return found
    for code, key, value in db.execute(
        "SELECT code, series.period, value FROM trends JOIN series ON series.id = series_id "
        "JOIN indicators ON indicators.id = indicator_id WHERE value IS NOT NULL"
    ):
        if code in codes:
            found.setdefault(code, []).append((parse_period(key), value))
    return found
