"""Why a rank moved, as one JSON document with exact fractions."""

from __future__ import annotations

from fractions import Fraction

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
    }


def _indicator_document(found: WhyIndicator) -> dict[str, object]:
    move = found.move
    lists = ("overtook", "overtaken_by", "joined_ahead", "left_ahead")
    return {
        "indicator": found.indicator.code,
        **{part: _fraction(getattr(move, part)) if move else None for part in ("own", "peers", "method")},
        **{name: list(getattr(move, name)) if move else [] for name in lists},
    }


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
