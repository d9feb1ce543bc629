"""Text from outside made short and harmless, counts, shares and lists."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack_text import cut, literal

NAME = 120
"""Units of a name shown in a line; longer ones are cut."""

_TEENS = range(11, 14)


def name(text: str) -> str:
    """A name from outside, short enough for a line."""
    return literal(cut(text, NAME)) or "(no name)"


def strong(text: str) -> str:
    """A name from outside in bold."""
    return f"*{name(text)}*"


def echo(text: str) -> str:
    """What someone typed, cut and harmless, in quotation marks."""
    return f"“{literal(cut(text, 80))}”"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th, 21st."""
    last = 0 if number % 100 in _TEENS else number % 10
    return f"{number:,}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def count(number: int, one: str, many: str = "") -> str:
    """As "1 indicator", "257 indicators", "no indicators"."""
    return f"{number:,}" + f" {one if number == 1 else many or one + 's'}" if number else f"no {many or one + 's'}"


def plural_s(number: int) -> str:
    """The s of "indicators", where there is not one."""
    return "" if number == 1 else "s"


def capital(text: str) -> str:
    """The text as a sentence begins: its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def share(part: int, whole: int, what: str = "") -> str:
    """As "5 of 20 indicators (25%)", "none of 20"; "none judged" where there is nothing to be part of."""
    if not whole:
        return "none judged"
    of = count(whole, what) if what else f"{whole:,}"
    return f"{part:,} of {of} ({percentage(part, whole)})" if part else f"none of {of}"


def percentage(part: int, whole: int) -> str:
    """As "14%", "under 1%", "0%"; a dash where there is nothing to be part of."""
    if not whole:
        return "–"
    rounded = f"{100 * part / whole:.0f}%"
    return "under 1%" if part and rounded == "0%" else rounded


def joined(*parts: str) -> str:
    """The parts there are, with a dot between them."""
    return " · ".join(part for part in parts if part)


def listed(items: Sequence[str], most: int) -> str:
    """The first few of what is in words already, and how many more there are: "Roads, Police and 3 more"."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} more" if more > 0 else "")


def series(items: Sequence[str]) -> str:
    """All of what is in words already, as "A, B and C"."""
    return " and ".join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)
