"""Why a rank moved, as one JSON document with exact fractions."""

from __future__ import annotations

from fractions import Fraction

from bot.commands.why import theme_comments
from engine.explain import Distance
from engine.pace import Pace
from engine.sensitivity import Place, Sensitivity
from state.reasons import Why, WhyBasket, WhyIndicator


def why_document(found: Why) -> dict[str, object]:
    """An explanation as JSON takes it, fractions as "num/den"; what has no rank on a side is null or empty."""
    ref, before, after = found.between.ref, found.before, found.after
    document: dict[str, object] = {
        "release": ref.release,
        "since": ref.since,
        "snapshot": ref.snapshot,
        "cause": str(ref.change.cause) if ref.change and ref.change.cause else None,
        "rank_before": before.rank if before else None,
        "of_before": before.of if before else None,
        "rank_after": after.rank if after else None,
        "of_after": after.of if after else None,
    }
    return document | (_basket_document(found) if isinstance(found, WhyBasket) else _indicator_document(found))


def _basket_document(found: WhyBasket) -> dict[str, object]:
    move = found.move
    terms = move.terms if move else ()
    return {
        found.kind: found.name,
        "mean_before": _fraction(move.mean_before) if move else None,
        "mean_after": _fraction(move.mean_after) if move else None,
        "terms": [{"indicator": term.indicator, "effect": _fraction(term.effect), "kind": term.kind} for term in terms],
        "comments": list(theme_comments(found)),
        "sensitivity": _sensitivity(found.sensitivity) if found.sensitivity else None,
    }


def _indicator_document(found: WhyIndicator) -> dict[str, object]:
    move = found.move
    lists = ("overtook", "overtaken_by", "joined_ahead", "left_ahead")
    return {
        "indicator": found.indicator.code,
        **{part: _fraction(getattr(move, part)) if move else None for part in ("own", "peers", "method")},
        **{name: list(getattr(move, name)) if move else [] for name in lists},
        "distance": _distance(found.way, found.pace) if found.way else None,
    }


def _distance(way: Distance, pace: Pace | None) -> dict[str, object]:
    """The way to the line: ``value`` needed and the ``gap`` to it, ``places`` to go, and the areas ``at`` the line."""
    return {
        "way": way.way,
        "value": _fraction(way.needed) if way.needed is not None else None,
        "gap": _fraction(way.gap) if way.gap is not None else None,
        "places": way.places,
        "at": list(way.level),
        "pace": {
            "way": pace.way,
            "per_year": _fraction(pace.per_year),
            "years": _fraction(pace.years) if pace.years is not None else None,
            "periods": pace.periods,
        }
        if pace
        else None,
    }


def _sensitivity(found: Sensitivity) -> dict[str, object]:
    """What else the rank would be: with one indicator left out, other ties, other coverage, the other quartile rule."""
    best, worst = (
        {"rank": end.rank, "without": list(end.without)} if end else None for end in (found.best, found.worst)
    )
    return {
        "rank": found.rank,
        "of": found.of,
        "leave_one_out": {"best": best, "worst": worst, "unranked": list(found.unranked)},
        "average_ties": _place(found.average_ties),
        "min_coverage": {"0": _place(found.any_coverage), "1": _place(found.full_coverage)},
        "quartile_rule": {
            "rule": found.other_rule,
            "entering": list(found.entering),
            "leaving": list(found.leaving),
        },
    }


def _place(place: Place | None) -> dict[str, int] | None:
    return {"rank": place[0], "of": place[1]} if place else None


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
