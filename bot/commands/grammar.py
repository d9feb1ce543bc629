"""What was typed after ``/rank``, read forgivingly: a verb, its argument, and a page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.slack_text import clean

COMMAND = "/rank"
"""What people type before everything here."""

Verb = Literal["help", "theme", "indicator", "overall", "bottom", "changes", "name"]

LONGEST = 2_000
"""Characters of a command that are read."""

_VERBS: dict[str, Verb] = {
    **dict.fromkeys(("help", "?", "hello", "hi", "commands", "usage"), "help"),
    **dict.fromkeys(("theme", "themes", "service", "t"), "theme"),
    **dict.fromkeys(("indicator", "indicators", "ind", "measure", "metric", "i"), "indicator"),
    **dict.fromkeys(("overall", "summary", "overview", "all", "everything"), "overall"),
    **dict.fromkeys(("bottom", "worst", "q4"), "bottom"),
    **dict.fromkeys(("changes", "change", "changed", "news"), "changes"),
}
_WITHOUT_ARGUMENT = frozenset({"help", "overall"})
_PAGE = re.compile(r"\s+(?:page|p\.?)\s*(\d{1,4})$", re.IGNORECASE)
_SPAN = re.compile(r"^(?:last |past )?(\d{1,6})\s*(d|days?|w|weeks?|m|months?)$", re.IGNORECASE)
_RELEASE = re.compile(r"^(?:release\s*)?#?(\d{1,9})$", re.IGNORECASE)
_UK_DATE = re.compile(r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$")
_DAYS = {"d": 1, "w": 7, "m": 30}
_NAMED_SPANS = {"today": 0, "yesterday": 1, "week": 7, "last week": 7, "this week": 7, "month": 30, "last month": 30}


@dataclass(frozen=True, slots=True)
class Request:
    """A command as understood: ``name`` is the verb where just a name was typed."""

    verb: Verb
    argument: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """What ``changes`` is asked for: since a day, of one release, or the latest."""

    since: date | None = None
    release: int | None = None


def parse(text: str) -> Request:
    """The request in the text; a first word that is no verb makes all of it a name."""
    text, page = " ".join(text[:LONGEST].replace("\0", " ").split()), 1
    if found := _PAGE.search(text):
        text, page = text[: found.start()], max(int(found[1]), 1)
    first, _, rest = text.partition(" ")
    verb = _VERBS.get(first.casefold().rstrip(":"), "help" if not text else "name")
    if verb == "name" or (rest and verb in _WITHOUT_ARGUMENT):
        return Request("name", text, page)
    return Request(verb, rest, page)


def canonical(verb: Verb, argument: str = "", page: int = 1) -> str:
    """The command that asks for exactly this, as buttons carry it and people can type it."""
    text = " ".join(f"{verb} {clean(argument)}".split())
    return f"{text} page {page}" if page > 1 or _PAGE.search(text) else text


def span(text: str, today: date) -> Span | None:
    """The span that ``7d``, ``2 weeks``, ``2025-10-27``, ``27/10/2025`` or a release number means; else None."""
    text = text.strip().casefold().removeprefix("since ")
    if not text or text in {"latest", "last", "last release"}:
        return Span()
    if text in _NAMED_SPANS:
        return Span(since=today - timedelta(days=_NAMED_SPANS[text]))
    if found := _SPAN.match(text):
        days = int(found[1]) * _DAYS[found[2][0].casefold()]
        return Span(since=today - timedelta(days=min(days, today.toordinal() - 1)))
    if found := _RELEASE.match(text):
        return Span(release=int(found[1]))
    return _date(text)


def _date(text: str) -> Span | None:
    """A day as 2025-10-27 or, as in Britain, 27/10/2025."""
    found = _UK_DATE.match(text)
    iso = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else text
    try:
        return Span(since=date.fromisoformat(iso))
    except ValueError:
        return None
