"""Why something changed, and what was said about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.slack_text import cut, literal, size
from bot.words.dates import day
from bot.words.places import DOWN, LEVEL, UP
from bot.words.text import name
from engine.changes import Cause, Change, Kind
from jobs.notices import Because, Said

CAUSES = {
    Cause.PERFORMANCE: "new figures",
    Cause.REVISION: "revised figures",
    Cause.COMPARATORS: "the comparators changed",
    Cause.BASKET: "the basket of indicators changed",
    Cause.METHOD: "the method changed",
}
_QUIET = {Cause.COMPARATORS: "comparators", Cause.BASKET: "the basket", Cause.METHOD: "the method"}
_LEAST_SHOWN = 0.05
_COUNTED_NOW = {"joined": " (newly counted)", "left": " (no longer counted)"}


def gained(change: Change) -> int:
    """Places gained by the council, negative for places lost; 0 where a rank is missing."""
    if change.before is None or change.before.rank is None or change.after.rank is None:
        return 0
    return change.before.rank - change.after.rank


def arrow(change: Change) -> str:
    """▲ for better, ▼ for worse."""
    if change.kind is Kind.BASELINE:
        return "•"
    if change.kind in {Kind.ENTERED, Kind.LEFT, Kind.IMPROVED}:
        return DOWN if change.kind is Kind.ENTERED else UP
    return {True: UP, False: DOWN}[gained(change) > 0] if gained(change) else LEVEL


def cause(change: Change) -> str:
    """Why it changed, with the reason the engine gives."""
    reason = literal(cut(change.reason, 200))
    known = CAUSES[change.cause] if change.cause and "were revised" not in reason else ""
    return " – ".join(part for part in (known, reason) if part)


def quiet(counts: dict[str, int]) -> str:
    """One line for changes that do not alert; empty without any."""
    total = sum(counts.values())
    if not total:
        return ""
    told = {str(known): said for known, said in _QUIET.items()}
    causes = [told.get(key, literal(key)) for key, number in counts.items() if number]
    verb = "changes came" if total > 1 else "change came"
    return f"{total:,} {verb} from {' or '.join(causes)}, not from performance"


def because(parts: Sequence[Because]) -> str:
    """As "Vehicle crime cost 1.9 places of the average rank, Theft 1.1; Arson gained 0.3"; empty without parts.

    What moved it most comes first; effects that would be shown as nothing are left out.
    """
    shown = [part for part in parts if abs(part.effect) >= _LEAST_SHOWN]
    groups = [[part for part in shown if (part.effect > 0) is worse] for worse in (True, False)]
    groups.sort(key=lambda group: -max((abs(part.effect) for part in group), default=0.0))
    told: list[str] = []
    unit = " places of the average rank"
    for group in groups:
        for at, part in enumerate(group):
            verb = (" cost" if part.effect > 0 else " gained") if at == 0 else ""
            told.append(
                f"{'; ' if told and at == 0 else ', ' if told else ''}{literal(_without_code(part.name, 60))}{verb} "
                f"{abs(part.effect):.1f}{unit}{_COUNTED_NOW.get(part.kind, '')}"
            )
            unit = ""
    return "".join(told)


def why(parts: Sequence[Because]) -> str:
    """As "Why: Vehicle crime cost 1.9 places of the average rank"; empty without parts."""
    told = because(parts)
    return f"Why: {told}" if told else ""


def _without_code(name: str, most: int) -> str:
    """A name that is too long without what stands in brackets at its end; cut where that is not enough."""
    return cut(name if size(name) <= most else re.sub(r"(?<=\S) \([^()]*\)$", "", name), most)


def remarks(cause: str, action: str, review: str, most: int = 150) -> str:
    """What somebody said about a change, as "cause – …; action – …; review by 1 June 2026"; empty parts left out."""
    parts = (
        f"cause – {literal(cut(cause, most))}" if cause.strip() else "",
        f"action – {literal(cut(action, most))}" if action.strip() else "",
        f"review by {day(review)}" if review else "",
    )
    return "; ".join(part for part in parts if part)


def last_time(said: Said | None) -> str:
    """As "Last time, Ann on 3 May 2026: cause – …; action – …; review by …"; empty where nobody said anything."""
    if said is None:
        return ""
    return f"Last time, {name(said.by)} on {day(said.day)}: {remarks(said.cause, said.action, said.review)}"
