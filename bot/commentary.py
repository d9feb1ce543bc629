"""A theme's numbers as short sentences in the manner of a council's own report; never more than the numbers bear."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot import words
from bot.slack_text import cut
from engine.changes import Standing
from engine.summary import ThemeSummary

LAST_YEAR = "last year"
"""With what a theme is compared: any time that can follow "than" and stand alone, as "on 30 June 2025"."""

NAMED = 4
"""Indicators named in one sentence; the others are counted."""

NAME = 100
"""Characters of an indicator's name in a sentence; longer ones are cut."""

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_CODE = r"(?:ASCOF|PHOF|NHSOF|BVPI|NI|CHAT)\s?\w[\w.()]*|[A-E]\d{1,2}[a-z]?|[1-6][A-F](?:\s?\(\d\))?"
_LEADING = re.compile(rf"^(?:(?:{_CODE})\s?(?:[-–:]|$)\s*|\d\.\d{{1,2}}[a-z]{{0,3}}\s?[-–:]?\s+(?=[A-Z%]))")
_TRAILING = re.compile(rf"\s*(?:[-–]\s+(?=ASCOF|PHOF|NHSOF)|[(\[])(?:{_CODE})[)\]]?$")
_COMMON = re.compile(r"[A-Z][a-z]+(?:-[a-z]+)*")
_COMMON_OWNERS = frozenset({"children", "people", "pupils", "carers", "men", "women", "adults", "councils"})
_PROPER = frozenset({
    "English", "Welsh", "Scottish", "Irish", "British", "European", "England", "Wales", "Britain", "London", "Asian",
    "Black", "Chinese", "White", "Mixed", "Gypsy", "Roma", "Traveller", "Christian", "Muslim", "Jewish", "Sikh",
    "Hindu", "Ofsted", "Oflog", "Eurostat", "Covid", "Campylobacter", "Salmonella", "Escherichia", "Brexit",
    "Christmas", "Easter", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "January",
    "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
})  # fmt: skip
"""First words that keep their capital; more words beginning with one make a name too, as in Universal Credit."""


def comments(
    summary: ThemeSummary,
    name: Callable[[str], str] = str,
    then: str = LAST_YEAR,
    *,
    most: int = NAMED,
    places_told: bool = False,
) -> tuple[str, ...]:
    """What the numbers of a theme or composite say, a sentence each without a full stop, the most telling first.

    ``name`` makes names from outside harmless for the medium; of each kind at most ``most`` are named. With
    ``places_told`` they stand below a line that has both places, and the move is told only where it is more than these.
    """
    told = (
        "" if places_told and not _counts_places(summary) else _move(summary, then),
        _members(summary),
        _extreme(summary.now),
        _spend(summary.spend),
        *(_counted(summary) if summary.kind == "composite" else _named(summary, name, most)),
    )
    return tuple(sentence for sentence in told if sentence)


def _counts_places(summary: ThemeSummary) -> bool:
    """Whether a number of places was lost or gained among as many areas."""
    before, now = summary.before or Standing(None, None), summary.now
    return None not in {before.rank, now.rank} and before.of == now.of and before.rank != now.rank


def _move(summary: ThemeSummary, then: str) -> str:
    """As "10 places lower than last year"; with both places where more or fewer areas are ranked."""
    before, now = summary.before, summary.now
    ranked_before = before is not None and before.rank is not None
    if now.rank is None:
        return f"No rank, but {words.place(before)} {then}" if ranked_before else "No rank"
    if before is None or before.rank is None:
        return f"New {summary.kind}" if summary.new else f"No rank {then}"
    if before.of != now.of:
        return f"From {words.place(before)} {then} to {words.place(now)}"
    if before.rank == now.rank:
        return f"Same rank as {then}"
    way = "lower" if now.rank > before.rank else "higher"
    return f"{words.count(abs(now.rank - before.rank), 'place')} {way} than {then}"


def _members(summary: ThemeSummary) -> str:
    """As "All seven indicators fell in relative terms", "Five of seven indicators fell in relative terms, one rose".

    Those that cannot be compared are left out, and counted where they are more than half.
    """
    known = summary.fell + summary.rose + summary.stayed
    if not known:
        return ""
    kind = "indicator" if known == summary.members else "comparable indicator"
    rest = summary.members - known
    beyond = f"; {number(rest)} cannot be compared" if rest > known else ""
    groups = sorted(((summary.fell, "fell"), (summary.rose, "rose")), key=lambda group: -group[0])
    (most, did), (fewer, also) = groups
    if not most:
        still = f"{_all(known, kind, none=True)} changed place" if known > 1 else f"The one {kind} kept its place"
        return f"{still}{beyond}"
    if most == known:
        return f"{_all(known, kind)} {did} in relative terms{beyond}"
    first = f"{number(most).capitalize()} of {number(known)} {kind}s {did} in relative terms"
    return f"{first}, {number(fewer)} {also}{beyond}"


def _all(count: int, kind: str, *, none: bool = False) -> str:
    if count == 1:
        return f"The one {kind}"
    if count == 2:  # noqa: PLR2004 - as people say it
        return f"{'Neither' if none else 'Both'} {'of the two ' if none else ''}{kind}s"
    return f"{'None of the' if none else 'All'} {number(count)} {kind}s"


def _extreme(now: Standing) -> str:
    """As "Highest ranked", "Joint second highest ranked", "Second lowest ranked"; nothing further in."""
    end = _nearer_end(now)
    if end is None or end[0] > 2:  # noqa: PLR2004 - the first two from either end
        return ""
    place, side = end
    return f"{'Joint ' if now.tied else ''}{'second ' if place > 1 else ''}{side} ranked".capitalize()


def _spend(spend: Standing | None) -> str:
    """As "Lowest net spend per head", "Joint 4th highest net spend per head"; nothing for the half in the middle."""
    end = _nearer_end(spend) if spend else None
    if spend is None or end is None or 4 * (end[0] - 1) >= (spend.of or 0):
        return ""
    place, side = end
    which = f"{words.ordinal(place)} {side}" if place > 1 else side
    told = f"{'joint ' if spend.tied else ''}{which} net spend per head"
    return words.capital(told)


def _nearer_end(standing: Standing) -> tuple[int, str] | None:
    """The place counted from the nearer end, and which end that is; None in the very middle.

    How many share a place is not known, so a shared one counts from the top, but for two that share the last.
    """
    rank, of = standing.rank or 0, standing.of or 0
    if not rank or of < 2:  # noqa: PLR2004 - alone there is no end
        return None
    last = of - rank + 1
    if standing.tied:
        return (1, "lowest") if last == 2 and rank > 1 else (rank, "highest")  # noqa: PLR2004
    return None if rank == last else (rank, "highest") if rank < last else (last, "lowest")


def _counted(summary: ThemeSummary) -> tuple[str, ...]:
    """A composite's indicators in numbers: it has too many for names."""
    entered, left, improved = (len(some) for some in (summary.entered, summary.left, summary.improved))
    crossed = [
        f"{number(entered)} entered the bottom quartile" if entered else "",
        f"{number(left)} left {'it' if entered else 'the bottom quartile'}" if left else "",
    ]
    return (
        words.capital(f"{words.share(len(summary.bottom), summary.members, 'indicator')} in the bottom quartile")
        if summary.members
        else "",
        words.capital(", ".join(filter(None, crossed))),
        words.capital(f"{number(improved)} improved significantly") if improved else "",
    )


def _named(summary: ThemeSummary, name: Callable[[str], str], most: int) -> tuple[str, ...]:
    """Who is in the bottom quartile, who entered or left it, and who improved significantly."""
    known = set(summary.bottom) == set(summary.entered)  # they need no second sentence
    return (
        "" if known and summary.bottom else _bottom(summary, name, most),
        *(
            f"{heading}: {several(some, name, most)}" if some else ""
            for heading, some in (
                ("Entered the bottom quartile", summary.entered),
                ("Left the bottom quartile", summary.left),
                ("Significantly improved", summary.improved),
            )
        ),
    )


def _bottom(summary: ThemeSummary, name: Callable[[str], str], most: int) -> str:
    if not summary.members:
        return ""
    return (
        f"Bottom quartile for {several(summary.bottom, name, most)}"
        if summary.bottom
        else "None in the bottom quartile"
    )


def number(count: int) -> str:
    """Up to ten in words, 0 as none, larger ones in digits."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def several(names: Sequence[str], name: Callable[[str], str] = str, most: int = NAMED) -> str:
    """As "vehicle crime and theft", "a, b and 4 more"; semicolons where names hold commas or colons.

    Names stand as they do within a sentence: see ``within``.
    """
    shown = [within(one) for one in names[:most]]
    comma = "; " if any(mark in one for one in shown for mark in ",:") else ", "
    safe = [name(one) for one in shown]
    if rest := len(names) - len(shown):
        return f"{comma.join(safe)}{';' if comma == '; ' else ''} and {rest:,} more"
    if len(safe) == 1:
        return safe[0]
    return f"{comma.join(safe[:-1])}{'; and ' if comma == '; ' else ' and '}{safe[-1]}"


def within(text: str) -> str:
    """An indicator's name as it stands within a sentence: without its code, and without the capital that is no name's.

    A capital stays in an abbreviation, a letter alone (A levels), before a number (Attainment 8) or another capital
    (Universal Credit), and in proper names.
    """
    bare = _TRAILING.sub("", text.strip())
    bare = (_LEADING.sub("", bare) or bare or text.strip()).strip()
    first, _, rest = bare.partition(" ")
    word = first.rstrip(",:;")
    stem, apostrophe, _ = word.replace("’", "'").partition("'")
    if (
        _COMMON.fullmatch(stem)
        and stem not in _PROPER
        and (not apostrophe or stem.lower() in _COMMON_OWNERS)
        and not re.match(r"[A-Z0-9]", rest)
    ):
        bare = bare[:1].lower() + bare[1:]
    return cut(bare, NAME)
