"""Wording of a report in plain text: names, figures, ranks and moves, harmless in a page and in a document.

What ``bot.words`` says is made for mrkdwn, with its escapes; here it is as a reader sees it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from bot import words
from bot.commentary import LAST_YEAR
from bot.report.facts import Since, ThemeLine
from bot.slack_text import cut, literal, unescape
from engine.changes import Standing
from engine.explain import Distance
from engine.periods import as_written
from state.views import IndicatorView

NAME = 300
"""Units of a name in a report: a table has room for all that is a name at all."""

_MOST_DECIMALS, _FEWER = 3, 2
_FURTHEST, _LISTED = 2, 4
"""Largest moves named each way, and how many at most where several are as large."""
_SCORE = re.compile(r"^(?:average |mean |scaled |adjusted )*scores?(?: per \w+)?$", re.IGNORECASE)
_PER_CENT_OF = re.compile(r"^%(?!\s*points?\b)")
_SIGNED = re.compile(r"^(?:%|£|per ?cent)", re.IGNORECASE)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def writable(text: str) -> str:
    """The text without characters that XML forbids, which no document could hold."""
    return _NOT_XML.sub("\ufffd", text)


def seen(markup: str) -> str:
    """What a reader sees of text made for mrkdwn."""
    return writable(unescape(markup))


def outside(text: str) -> str:
    """A name from outside on one line, without what hides or reorders text, and not endless."""
    return seen(literal(cut(text, NAME))) or "(no name)"


def day(iso: str) -> str:
    """As "26 June 2026"."""
    return seen(words.day(iso))


def since(side: Since) -> str:
    """What is compared with, after "than" or a rank: "last year", "in 2022/23"."""
    return LAST_YEAR if side.kind == "year" else f"in {outside(side.name)}"


def that(side: Since) -> str:
    """What is compared with, as a thing: "last year", "2022/23", "2022/23 as published"."""
    if side.kind == "year":
        return LAST_YEAR
    return outside(side.name) + (" as published" if side.kind == "published" else "")


def period(label: str | None) -> str:
    """A period as people write it; nothing without one."""
    return outside(as_written(label)) if label else ""


def decimals(given: int | None, value: float | None = None) -> int:
    """Decimals shown: as many as published, two where that is more than three; more only where nothing would be left.

    Many more than three are those of a computer and not of a publication.
    """
    shown = given if given is not None and given <= _MOST_DECIMALS else _FEWER
    while value and not round(value, shown) and shown < (6 if given is None else given):
        shown += 1
    return shown


def figure(standing: Standing | None, view: IndicatorView) -> str:
    """As "87.8%"; "no figure" without one."""
    value = standing.value if standing else None
    return seen(words.figure(value, unit(view.unit), decimals(view.decimals, value)))


def unit(given: str) -> str:
    """The unit beside a figure; none for a score, which its name says that it is: 18.6 and not 18.6 score."""
    return "" if _SCORE.match(given.strip()) else given


def about(standing: Standing | None, view: IndicatorView) -> str:
    """When a figure is of and which way is good: "2024/25, higher is better"."""
    told = (period(standing.period if standing else None), words.direction(view.polarity).strip("()"))
    return ", ".join(part for part in told if part)


def place(standing: Standing | None) -> str:
    """As "24th of 32", "=7th of 29", "no rank"."""
    return words.place(standing)


def bracketed(now: Standing, before: Standing | None) -> str:
    """The council's way of writing a rank: "3 (7) ↑", "=6 (=6) →", "2", "no rank", "no rank (7)"."""
    rank = _number(now)
    told = f"{rank} ({_number(before)})" if before is not None and before.rank is not None else rank
    return f"{told} {words.trend(before, now)}".strip()


def _number(standing: Standing) -> str:
    if standing.rank is None:
        return "no rank"
    return f"{words.LEVEL if standing.tied else ''}{standing.rank:,}"


def moved(now: Standing, before: Standing | None) -> str:
    """The move in words: "up 4 places", "down 1 place", "same place", "no earlier rank"; empty without a rank."""
    if now.rank is None:
        return ""
    if before is None or before.rank is None:
        return "no earlier rank"
    gained = before.rank - now.rank
    if not gained:
        return "same place"
    return f"{'up' if gained > 0 else 'down'} {words.count(abs(gained), 'place')}"


def available(line: ThemeLine) -> str:
    """Why there is no rank: "5 of 7 indicators available", "no indicator that is judged"."""
    view = line.view
    if not view.total:
        return "no indicator that is judged"
    return f"{view.available:,} of {words.count(view.total, 'indicator')} available"


def headline(line: ThemeLine, side: Since) -> str:
    """As "Core Performance is 3rd of 32, up from 7th last year."."""
    name, now, before = outside(line.view.name), line.view.standing, line.before
    if now.rank is None:
        return f"{name} has no rank: {available(line)}."
    fact = f"{name} is {place(now)}"
    if before is None or before.rank is None:
        return f"{fact}; it had no rank {since(side)}."
    alike = before.of in {None, now.of}
    if before.rank == now.rank:
        return f"{fact}, {'the same place as' if alike else f'after {place(before)}'} {since(side)}."
    way = "up" if now.rank < before.rank else "down"
    return f"{fact}, {way} from {words.position(before) if alike else place(before)} {since(side)}."


def in_bottom(part: int, whole: int, sure: str = "") -> str:
    """As "37 of 257 indicators (14%) are in the bottom quartile: 3 of them clearly."."""
    if not whole:
        return "No indicator has enough figures to be judged."
    fact = f"{words.share(part, whole, 'indicator').capitalize()} {'are' if part > 1 else 'is'} in the bottom quartile"
    return f"{fact}: {sure}." if sure else f"{fact}."


def crossings(left: int, entered: int, side: Since) -> str:
    """As "Compared with last year, 5 indicators have left the bottom quartile and 1 has entered it."."""
    if not left and not entered:
        return f"Compared with {that(side)}, no indicator has left or entered the bottom quartile."
    gone = f"{words.count(left, 'indicator')} {'has' if left == 1 else 'have'} left the bottom quartile"
    come = f"{entered or 'none'} {'has' if entered <= 1 else 'have'} entered it"
    return f"Compared with {that(side)}, {gone} and {come}."


def nothing_to_compare(side: Since) -> str:
    """In place of who crossed the line where that is not known of any indicator."""
    return f"No indicator had a place {since(side)} to compare with."


def themes_moved(better: int, worse: int, same: int, new: int, side: Since) -> str:
    """As "Compared with last year, 7 of 13 themes rank higher, 4 lower and 2 the same; 1 has no earlier rank."."""
    ranked = better + worse + same
    if not ranked:
        return f"No theme had a rank {since(side)} to compare with."
    total = words.count(ranked + new, "theme")
    counts = [(better, "higher"), (worse, "lower"), (same, "the same")]
    (first, way), *others = [(number, said) for number, said in counts if number]
    told = [f"{first} of {total} {'ranks' if first == 1 else 'rank'} {way}", *(f"{one} {said}" for one, said in others)]
    rest = f"; {new} {'has' if new == 1 else 'have'} no earlier rank" if new else ""
    return f"Compared with {that(side)}, {words.series(told)}{rest}."


def furthest(lines: Sequence[ThemeLine], side: Since) -> tuple[str, ...]:
    """As "Largest moves up: Housing, from 21st of 30 to 1st of 31 (3 of 13 indicators comparable); Economy, …."."""
    moves = [(gained, line) for line in lines if (gained := _gained(line))]
    told = []
    for way, sign in (("up", 1), ("down", -1)):
        far = sorted(((sign * by, line) for by, line in moves if sign * by > 0), key=lambda move: -move[0])
        least = far[min(_FURTHEST, len(far)) - 1][0] if far else 0
        shown = [_from_to(line, side) for by, line in far if by >= least][:_LISTED]
        if shown:
            told.append(f"Largest {'move' if len(shown) == 1 else 'moves'} {way}: {'; '.join(shown)}.")
    return tuple(told)


def _gained(line: ThemeLine) -> int:
    """Places gained, negative where lost; 0 without a rank on either side."""
    now, before = line.view.standing.rank, line.before.rank if line.before else None
    return 0 if now is None or before is None else before - now


def _from_to(line: ThemeLine, side: Since) -> str:
    """As "Housing, from 21st of 30 to 1st of 31"; and how few indicators that rests on where most are others."""
    now, before, found = line.view.standing, line.before or Standing(None, None), line.summary
    alike = before.of in {None, now.of}
    told = f"from {words.position(before) if alike else place(before)} to {place(now)}"
    known = found.fell + found.rose + found.stayed
    few = side.kind != "published" and 2 * known < found.members
    rests = f" ({known:,} of {words.count(found.members, 'indicator')} comparable)" if few else ""
    return f"{outside(line.view.name)}, {told}{rests}"


def improved(number: int) -> str:
    """As "5 indicators that were in the bottom quartile last year have improved significantly."."""
    were, have = ("was", "has") if number == 1 else ("were", "have")
    told = f"{words.count(number, 'indicator')} that {were} in the bottom quartile {LAST_YEAR}"
    return f"{told} {have} improved significantly."


def directions(similar: Fraction) -> str:
    """What a direction of travel is: figures up to so much apart are similar."""
    return (
        "Every indicator with a direction is counted, judged or not. Its figure is set against that of a year before; "
        f"it is similar where it has changed by at most {float(100 * similar):g}%."
    )


def rests_on_old(number: int) -> str:
    """As "13 judged indicators rest on a period that ended more than four years ago."."""
    told = words.count(number, "judged indicator").capitalize()
    return f"{told} {'rests' if number == 1 else 'rest'} on a period that ended more than four years ago."


def unjudged(reasons: Mapping[str, int]) -> str:
    """As "119 indicators are not judged (no direction: 117; too many areas tie: 2)."."""
    number = sum(reasons.values())
    if not number:
        return "Every indicator with figures is judged."
    order = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    listed = "; ".join(f"{reason}: {held:,}" for reason, held in order)
    return f"{words.count(number, 'indicator')} {'is' if number == 1 else 'are'} not judged ({listed})."


def best(good: int, themes: int) -> str:
    """As "6 of 9 themes whose spending per head is known are high performing and low spending."."""
    told = f"{good or 'none'} of {words.count(themes, 'theme')} whose spending per head is known".capitalize()
    return f"{told} {'is' if good <= 1 else 'are'} high performing and low spending."


def way_out(way: Distance | None, view: IndicatorView) -> tuple[str, str]:
    """How far it is out of the bottom quartile: "3 places" and "2.3 percentage points, to 87.1%", or empty."""
    if way is None:
        return "no place outside it", ""
    far = words.count(way.places, "place")
    if way.gap is None or way.needed is None:
        return far, ""
    gap, needed = float(way.gap), float(way.needed)
    own, shown = view.standing.value if view.standing else None, decimals(view.decimals, gap)
    if own is not None and view.decimals != shown:  # so that what is shown adds up
        gap = abs(round(needed, shown) - round(own, shown))
    measured = unit(view.unit)
    if _PER_CENT_OF.match(measured):  # of what stands at the figure itself
        measured = "%"
    by = words.amount(gap, measured, shown) if _SIGNED.match(measured) else words.number(gap, shown)
    return far, seen(f"{by}, to {words.figure(needed, measured, shown)}")


def spark_alt(ranks: tuple[int | None, ...], name: str) -> str:
    """As "Ranks of Housing over 3 years, oldest first: 5th, none, 3rd"."""
    told = ", ".join("none" if rank is None else words.ordinal(rank) for rank in ranks)
    return f"Ranks of {name} over {words.count(len(ranks), 'year')}, oldest first: {told}"


def listed(names: Sequence[str]) -> str:
    """As "A, B and C", names from outside made harmless."""
    return words.series([outside(name) for name in names])
