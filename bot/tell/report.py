"""The facts of a report as one JSON document."""

from __future__ import annotations

from bot.report.facts import BottomLine, Report, ThemeLine
from bot.tell.parts import rank_document
from bot.tell.scorecard import directions_document
from engine.changes import Standing
from engine.progress import Scorecard
from engine.quadrants import BEST
from state.planes import PlanePoint
from state.views import IndicatorView

QUARTILES = ("top", "second", "third", "bottom")


def facts_document(report: Report) -> dict[str, object]:
    """A report as JSON takes it: figures as numbers, what there is not as null; ranks as {rank, of, tied, quartile}."""
    on = report.snapshot
    points = (*report.spending.points, *report.spending.unplaced) if report.spending else ()
    return {
        "council": on.council_name,
        "council_code": on.council,
        "day": report.day,
        "snapshot": on.label,
        "comparators": {"group": on.comparators, "areas": on.areas, "others": list(report.comparators)},
        "quartile_rule": on.quartile_rule,
        "illustrative": on.illustrative,
        "compared_with": {
            "kind": report.since.kind,
            "edition": report.since.name or None,
            "day": report.since.day or None,
            "indicators": report.crossed.kind,
        },
        "quartiles": dict(zip(QUARTILES, report.quartiles, strict=True)),
        "judged": report.judged,
        "composites": [_theme(line) for line in report.composites],
        "themes": [_theme(line) for line in report.themes],
        "bottom": [_bottom(line) for line in report.bottom],
        "left": [_moved(view) for view in report.left],
        "entered": [_moved(view) for view in report.entered],
        "improved_significantly": [one.indicator.code for one in report.improved],
        "scorecards": [_scorecard(card) for card in report.scorecards],
        "spending": [_point(point) for point in points],
        "releases": [
            {"source": use.source, "name": use.name, "published": use.published or None, "indicators": use.indicators}
            for use in report.releases
        ],
        "old": [_named(view) | {"period": _period(view)} for view in report.old],
        "not_judged": [_named(view) | {"reason": view.eligibility} for view in report.unjudged],
    }


def _standing(standing: Standing | None) -> dict[str, object] | None:
    return None if standing is None or standing.rank is None else rank_document(standing)


def _theme(line: ThemeLine) -> dict[str, object]:
    short = line.summary
    return {
        "name": line.view.name,
        "now": _standing(line.view.standing),
        "before": _standing(line.before),
        "expenditure": _standing(line.spend),
        "expenditure_line": line.view.expenditure or None,
        "quartiles": dict(zip(QUARTILES, line.quartiles, strict=True)),
        "available": line.view.available,
        "total": line.view.total,
        "ranks": [{"years_ago": ago, "rank": rank} for ago, rank in line.view.history],
        "members": {"fell": short.fell, "rose": short.rose, "stayed": short.stayed, "of": short.members},
    }


def _named(view: IndicatorView) -> dict[str, object]:
    return {"indicator": view.code, "name": view.name, "theme": view.theme}


def _period(view: IndicatorView) -> str | None:
    return view.standing.period if view.standing else None


def _figure(standing: Standing | None) -> dict[str, object] | None:
    found = _standing(standing)
    if found is None or standing is None:
        return None
    return {"value": standing.value, "period": standing.period, **found}


def _bottom(line: BottomLine) -> dict[str, object]:
    view, way = line.indicator, line.way
    interval = view.interval
    return _named(view) | {
        "unit": view.unit,
        "polarity": view.polarity,
        "now": _figure(view.standing),
        "before": _figure(view.previous),
        "places_to_leave": way.places if way else None,
        "value_to_leave": float(way.needed) if way and way.needed is not None else None,
        "gap": float(way.gap) if way and way.gap is not None else None,
        "places_left_open": [interval.lower, interval.upper] if interval else None,
        "clearly": {"clear": True, "unsure": False, "": None}[view.certainty],
        "old": view.old,
    }


def _moved(view: IndicatorView) -> dict[str, object]:
    return _named(view) | {"before": _figure(view.previous), "now": _figure(view.standing)}


def _scorecard(card: Scorecard) -> dict[str, object]:
    aims = card.targets
    return {
        "theme": card.name or None,
        "indicators": card.indicators,
        "direction": directions_document(card.directions),
        "targets": {
            "met": aims.met,
            "missed": aims.missed,
            "not_assessable": aims.not_assessable,
            "on_course": aims.on_course,
            "not_on_course": aims.not_on_course,
        },
    }


def _point(point: PlanePoint) -> dict[str, object]:
    return {
        "name": point.name,
        "kind": point.kind,
        "line": point.measure.name,
        "performance": _standing(point.performance),
        "expenditure": _standing(point.across),
        "value": point.across.value,
        "period": point.across.period,
        "high_performing_low_spending": None if point.quadrant is None else point.quadrant == BEST,
    }
