"""Scorecards in words, the same for Slack, the command line and the report; nothing from outside is in them.

The one exception is ``target``, whose text is as published: it is given ready for where it is shown.
"""

from __future__ import annotations

from fractions import Fraction

from bot.words import series
from engine.progress import Directions, Progress, Scorecard, Targets
from engine.targets import Course, Verdict

HEADS = (
    "Quartile 1, 2, 3, 4",
    "Improved",
    "Similar",
    "Declined",
    "Not comparable",
    "Targets met, missed, unclear",
)


def fact(card: Scorecard) -> str:
    """As "Of 390 indicators 180 improved, 90 are similar and 100 declined; 41 are in the bottom quartile; …"."""
    if not card.indicators:
        return "No indicator has a direction and a figure to be followed"
    bottom = card.quartiles[-1]
    placed = f"{_are(bottom)} in the bottom quartile" if card.placed else "none is judged by quartile"
    return f"{directions(card.directions)}; {placed}; {targets(card.targets)}"


def directions(found: Directions) -> str:
    """As "Of 5 indicators 3 improved, 1 is similar and 1 cannot be compared", "All 5 indicators improved"."""
    said = [
        (found.improved, "improved"),
        (found.similar, "is similar" if found.similar == 1 else "are similar"),
        (found.declined, "declined"),
        (found.not_comparable, "cannot be compared"),
    ]
    parts = [(number, verb) for number, verb in said if number]
    if not parts:
        return "No indicators"
    if len(parts) == 1:
        return f"{'The one indicator' if found.of == 1 else f'All {found.of:,} indicators'} {parts[0][1]}"
    return f"Of {found.of:,} indicators {series([f'{number:,} {verb}' for number, verb in parts])}"


def quartiles(card: Scorecard) -> str:
    """As "Quartiles: 31 in the first, 43 in the second, 27 in the third, 21 in the bottom one; 57 in none"."""
    if not card.placed:
        return "Quartiles: no indicator is in one"
    first, second, third, bottom = card.quartiles
    said = (
        f"Quartiles: {first:,} in the first, {second:,} in the second, {third:,} in the third, {bottom:,} in the bottom"
    )
    return f"{said} one; {card.unplaced:,} in none" if card.unplaced else f"{said} one"


def targets(found: Targets) -> str:
    """As "12 of 20 targets are met, 5 missed, 3 cannot be assessed", "no target is set"."""
    if not found.of:
        return "no target is set"
    if found.of == 1:
        return f"the one target {_one(found)}"
    said = [f"{found.missed:,} missed" if found.missed else ""]
    said.append(f"{found.not_assessable:,} cannot be assessed" if found.not_assessable else "")
    return ", ".join(part for part in (f"{_share(found.met, found.of)} met", *said) if part)


def _one(found: Targets) -> str:
    return "is met" if found.met else "is missed" if found.missed else "cannot be assessed"


def predicted(found: Targets) -> str:
    """As "At the pace of the last periods 14 of 20 targets are on course, 4 are not"; empty where nothing is said."""
    on, off = found.on_course, found.not_on_course
    if not on + off:
        return ""
    start = "At the pace of the last periods"
    if found.of == 1:
        return f"{start} the one target is {'' if on else 'not '}on course"
    said = [
        f"{_share(on, found.of)} on course",
        f"{_are(off)} not" if off else "",
        f"of {found.unpredicted:,} nothing can be predicted" if found.unpredicted else "",
    ]
    return f"{start} {', '.join(part for part in said if part)}"


def _share(number: int, of: int) -> str:
    """As "none of 5 targets is", "1 of 5 targets is", "all 5 targets are"."""
    start = "all" if number == of else f"{number:,} of" if number else "none of"
    return f"{start} {of:,} targets {'is' if number <= 1 else 'are'}"


def target(item: Progress, words: str, due: str = "") -> str:
    """As "target <9%: missed, on course for 2017/18"; ``words`` are the target's, ready to be shown; empty without."""
    if not item.target.stated:
        return ""
    became = {Verdict.MET: "met", Verdict.MISSED: "missed", Verdict.NOT_ASSESSABLE: "cannot be assessed"}[item.verdict]
    by = f" by {due}" if due else ""
    course = {
        (Verdict.MET, Course.NOT_ON_COURSE): f", but no longer{by} at this pace",
        (Verdict.MISSED, Course.ON_COURSE): f", on course to be met{by}",
        (Verdict.MISSED, Course.NOT_ON_COURSE): f", not on course to be met{by}",
    }.get((item.verdict, item.course), "")
    return f"target {words}: {became}{course}"


def row(card: Scorecard) -> tuple[str, ...]:
    """The counts as cells under ``HEADS``."""
    ways, aimed = card.directions, card.targets
    return (
        ", ".join(f"{number:,}" for number in card.quartiles) if card.placed else "–",
        *(f"{number:,}" for number in (ways.improved, ways.similar, ways.declined, ways.not_comparable)),
        f"{aimed.met:,}, {aimed.missed:,}, {aimed.not_assessable:,}" if aimed.of else "–",
    )


def per_cent(share: Fraction) -> str:
    """As "0.75%": to two decimals, and no zeros at the end."""
    return f"{float(100 * share):.2f}".rstrip("0").rstrip(".") + "%"


def _are(number: int) -> str:
    """As "none is", "1 is", "41 are"."""
    return f"{number:,} are" if number > 1 else "1 is" if number else "none is"
