"""What is judged and what is not, and how sure it is."""

from __future__ import annotations

from bot.slack_text import cut, literal
from bot.words.places import quartiles
from bot.words.text import NAME, ordinal
from engine.margin import Certainty, RankInterval
from state.views import IndicatorView

OLD = "old: ended more than four years ago"
_INELIGIBLE = {
    "no_direction": "no direction, so not judged",
    "few_areas": "not judged: too few areas have a figure",
    "few_values": "not judged: too few different values",
    "large_tie": "not judged: too many areas tie",
}
_CHECKS = {
    "bad_rows": "rows that cannot be read",
    "rows_lost": "rows lost",
    "areas_lost": "areas missing",
    "council_lost": "our own council missing",
    "unknown_areas": "unknown areas",
    "older_release": "an older edition",
    "duplicate_cells": "the same cell twice",
    "median_jump": "figures on another scale",
    "polarity_changed": "direction changed",
    "unit_changed": "unit changed",
    "coverage_lost": "many areas without a figure",
    "labels_moved": "figures under another label",
}


def judged(view: IndicatorView) -> str:
    """As "quartile 4", or why there is none."""
    if view.eligibility != "eligible":
        return not_judged(view.eligibility)
    return quartiles(None, view.standing) if view.standing else ""


def not_judged(eligibility: str) -> str:
    """Why an indicator is not judged, as "not judged: too few areas have a figure"."""
    return _INELIGIBLE.get(eligibility, "not judged")


def judged_surely(view: IndicatorView) -> str:
    """As "quartile 4, within the margin of error"; how sure it is only where it is in the bottom quartile."""
    sure = certainty(view.certainty, bottom=True) if view.in_bottom_quartile else ""
    return ", ".join(part for part in (judged(view), sure) if part)


def certainty(sure: Certainty, *, bottom: bool) -> str:
    """As "clearly in the bottom quartile", "within the margin of error"; out of it where it is not ``bottom``.

    Empty where no margins of error are published.
    """
    if not sure:
        return ""
    if sure == "clear":
        return f"clearly {'in' if bottom else 'out of'} the bottom quartile"
    return f"{'' if bottom else 'left '}within the margin of error"


def how_sure(clear: int, unsure: int, others: int) -> str:
    """As "3 of them clearly, 1 within the margin of error; for the other 2 no margins are published".

    Empty where there are none at all.
    """
    if not clear and not unsure:
        return ""
    counts = [f"{clear:,} of them clearly" if clear else "", ""]
    counts[1] = f"{unsure:,}{'' if clear else ' of them'} within the margin of error" if unsure else ""
    rest = f"; for the other{'' if others == 1 else f' {others:,}'} no margins are published" if others else ""
    return ", ".join(part for part in counts if part) + rest


def interval(found: RankInterval) -> str:
    """As "by the published margins of error it may stand anywhere from 24th to 31st of 31"."""
    by = "by the published margins of error it"
    if found.lower == found.upper:
        return f"{by} is {ordinal(found.upper)} of {found.of} as well"
    return f"{by} may stand anywhere from {ordinal(found.lower)} to {ordinal(found.upper)} of {found.of}"


def check(code: str) -> str:
    """What a quality check found, in words."""
    return _CHECKS.get(code) or literal(cut(code.replace("_", " "), NAME))
