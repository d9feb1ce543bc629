"""Why a theme's average rank moved, as notices carry it: the largest parts by name."""

from __future__ import annotations

from engine.explain import BasketMove
from engine.rounding import decimals_for, rounded
from jobs.notices import Because
from state.database import Database
from state.explanations import basket_move, members

SHOWN_DECIMALS = 1


def because(db: Database, basket: str, area: str, since: int, until: int, most: int = 4) -> tuple[Because, ...]:
    """The largest parts of a theme's or composite's move between two snapshots, at most so many.

    Effects are in places of the average, rounded for show; what rounds to nothing is left out. Empty where the area had
    no rank in it on a side.
    """
    move = basket_move(db, basket, area, since, until)
    if move is None:
        return ()
    known = members(db, basket, area, since) | members(db, basket, area, until)
    found = zip(move.terms, _shown(move), strict=True)
    shown = [Because(known[term.indicator].name, effect, term.kind) for term, effect in found if effect]
    return tuple(shown[:most])


def _shown(move: BasketMove) -> list[float]:
    """The effects of a move's terms with one decimal: where that is enough, those that add up as they are shown."""
    effects = [term.effect for term in move.terms]
    sides = [sum(term.kind in {"common", kind} for term in move.terms) for kind in ("left", "joined")]
    if decimals_for(max(sides)) > SHOWN_DECIMALS:
        return [round(float(effect), SHOWN_DECIMALS) for effect in effects]
    found = rounded(move.mean_before, move.mean_after, effects, SHOWN_DECIMALS)
    return [units / 10**SHOWN_DECIMALS for units in found.parts]
