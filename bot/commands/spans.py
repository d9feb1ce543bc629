"""Spans of time as people write them: how far ``changes`` looks back, and until when a mute holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(
    r"^(?:in )?(?:the )?(?:last |past )?(\d{1,6}|an?|one|two|three|six)\s*"
    r"(d|days?|w|weeks?|wks?|m|months?|mths?|y|years?|yrs?)(?: ago)?$"
)
_RELEASE = re.compile(r"^(?:by |of |in )?(?:release\s*)?#?(\d{1,9})$")
_UK_DATE = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})$")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)"
)
"""A month's name, whole or short: "market" is none, nor is "satisfaction" a Saturday."""
_WEEKDAY_NAME = r"mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_WORDED = re.compile(rf"^(?:(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? )?({MONTH})\.?(?:,? (\d{{4}}|\d{{2}}))?$")
_WEEKDAY = re.compile(rf"^(?:last )?({_WEEKDAY_NAME})$")
_CENTURY = 100
"""Years below are of this century, as in 1/4/25."""
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "six": 6}
_NAMED = {
    "today": 0,
    "yesterday": 1,
    "week": 7,
    "last week": 7,
    "this week": 7,
    "fortnight": 14,
    "last fortnight": 14,
    "month": 30,
    "last month": 30,
    "this month": 30,
    "recently": 30,
    "lately": 30,
    "quarter": 92,
    "last quarter": 92,
    "this quarter": 92,
    "year": 365,
    "last year": 365,
    "this year": 365,
}


@dataclass(frozen=True, slots=True)
class Span:
    """What ``changes`` is asked for: since a day, of one release, or the latest."""

    since: date | None = None
    release: int | None = None


def span(text: str, today: date) -> Span | None:
    """The span that ``7d``, ``2 weeks``, ``2025-10-27``, ``27/10/2025`` or a release number means; else None."""
    text = " ".join(text.casefold().split()).removeprefix("since ").removeprefix("over ").removeprefix("the ")
    if not text or text in {"latest", "last", "last release", "latest release"}:
        return Span()
    if text in _NAMED:
        return Span(since=today - timedelta(days=_NAMED[text]))
    if (days := duration(text)) is not None:
        return Span(since=today - timedelta(days=min(days, today.toordinal() - 1)))
    if found := _RELEASE.match(text):
        return Span(release=int(found[1]))
    if found := _WEEKDAY.match(text):
        return Span(since=today - timedelta(days=(today.weekday() - _WEEKDAYS.index(found[1][:3]) - 1) % 7 + 1))
    day = day_in(text.removeprefix("in ").removeprefix("on "), today, ahead=False)
    return Span(since=day) if day else None


def duration(text: str) -> int | None:
    """Days in ``7d``, ``2 weeks``, ``a month``; None for anything else."""
    found = _SPAN.match(" ".join(text.casefold().split()))
    if not found:
        return None
    return (_NUMBERS.get(found[1]) or int(found[1] if found[1].isdecimal() else 1)) * _DAYS[found[2][0]]


def day_in(text: str, today: date, *, ahead: bool) -> date | None:
    """A day as 2025-10-27, 27/10/2025 as in Britain, 3 May 2027, or May: the next to come or the last one gone."""
    text = " ".join(text.casefold().split())
    if found := _WORDED.match(text):
        return _worded(found, today, ahead=ahead)
    british = _UK_DATE.match(text)
    try:
        if british:
            return date(_year(british[3]), int(british[2]), int(british[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None


def _year(text: str) -> int:
    year = int(text)
    return year if year >= _CENTURY else 2000 + year


def _worded(found: re.Match[str], today: date, *, ahead: bool) -> date | None:
    day, month = int(found[1] or 1), _MONTHS.index(found[2][:3]) + 1
    try:
        if found[3]:
            return date(_year(found[3]), month, day)
        this = date(today.year, month, day)
        if ahead and this < today:
            return date(today.year + 1, month, day)
        return date(today.year - 1, month, day) if not ahead and this > today else this
    except ValueError:
        return None
