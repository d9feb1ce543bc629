"""What is wished for behind ``subscribe``, ``mute`` and the like, taken apart: for whom, how long, why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from bot.commands.spans import MONTH, day_in, duration
from bot.slack_text import clean, cut

REASON = 300
"""Characters of a reason that are kept."""
FARTHEST = timedelta(days=2 * 366)
"""How far ahead a mute may end."""

_HERE = re.compile(r"\s*\b(?:for |in |to )?(?:here|(?:this|the) channel)$", re.IGNORECASE)
_HOW = re.compile(
    r"\s*\b(?:(weekly|every week|each week|in the (?:weekly )?digest|on mondays?)|"
    r"(now|at once|immediately|straight ?away|instantly|as it happens))$",
    re.IGNORECASE,
)
_ALL = re.compile(r"\s*\bfor (?:everybody|everyone|all(?: of us)?|the team|us all)\b[\s,:–-]*", re.IGNORECASE)
_ME = re.compile(r"\s*\b(?:for (?:me|myself)|just me)\b[\s,:–-]*", re.IGNORECASE)
_UNTIL_RELEASE = r"until (?:the |its )?next (?:release|figures|data|update|period)"
_SPAN = r"(?:for (?:the next )?)?(?:\d{1,4}|an?|one|two|three|six) ?(?:d|days?|w|weeks?|wks?|m|months?|mths?|y|years?)"
_UNTIL_DAY = (
    r"(?:until|till|til|to) (?:\d{4}-\d{2}-\d{2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th)? )?{MONTH}(?:,? (?:\d{{4}}|\d{{2}}\b))?)"
)
UNTIL = re.compile(rf"\s(?:{_UNTIL_RELEASE}|{_UNTIL_DAY})(?=[\s,:.;–-]|$)", re.IGNORECASE)
"""Until when, said in so many words: the name ends before it."""
HOW_LONG = re.compile(rf"(?:^|\s)({_UNTIL_RELEASE}|{_UNTIL_DAY}|{_SPAN})(?=[\s,:.;–-]|$)[\s,:.;–-]*", re.IGNORECASE)
_BECAUSE = re.compile(
    r"(?:^|\s)(?:because(?: of)?|reason:?|since|as|due to|why:?)\s+|\s*[,:–]\s+|\s+-\s+", re.IGNORECASE
)
_LEADING_BECAUSE = re.compile(r"^(?:because(?: of)?|reason|since|as|due to|while|and|–|-|,|:)[\s:]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SubscriptionWish:
    """A subscription wished for: to what, how soon if said, and whether for the channel."""

    about: str
    how: Literal["weekly", "now", ""]
    here: bool


@dataclass(frozen=True, slots=True)
class MuteWish:
    """A mute wished for: of what, until which day (empty for the next release), why, and whether for everybody.

    ``wrong`` says what is wrong with the day. Where nothing marks where the name ends, ``reason`` is empty and
    ``about`` holds both.
    """

    about: str
    until: str
    reason: str
    everybody: bool
    wrong: str = ""


def subscription_wish(text: str) -> SubscriptionWish:
    """The wish in the text behind ``subscribe`` or ``unsubscribe``."""
    text, here, how = " ".join(text.split()), False, ""
    for _ in range(2):  # "weekly here" and "here weekly"
        if found := _HERE.search(text):
            text, here = text[: found.start()], True
        if said := _HOW.search(text):
            text, how = text[: said.start()], "weekly" if said[1] else "now"
    return SubscriptionWish(_name(text), "now" if how == "now" else "weekly" if how else "", here)


def mute_wish(text: str, today: date) -> MuteWish:
    """The wish in the text behind ``mute`` or ``unmute``."""
    text = _ME.sub(" ", " ".join(text.split()))
    everybody = bool(_ALL.search(text))
    text = " ".join(_ALL.sub(" ", text).split())
    if found := HOW_LONG.search(text):
        until, wrong = _until(found[1], today)
        return MuteWish(_name(text[: found.start()]), until, _reason(text[found.end() :]), everybody, wrong)
    if (found := _BECAUSE.search(text)) and found.start():
        return MuteWish(_name(text[: found.start()]), "", _reason(text[found.end() :]), everybody)
    return MuteWish(_name(text), "", "", everybody)


def _until(text: str, today: date) -> tuple[str, str]:
    """The last day (ISO), empty for the next release; and what is wrong with it."""
    flat = text.casefold()
    if re.fullmatch(_UNTIL_RELEASE, flat):
        return "", ""
    if days := duration(re.sub(r"^for (?:the next )?", "", flat)):
        day: date | None = today + timedelta(days=min(days, 10 * FARTHEST.days))
    else:
        day = day_in(re.sub(r"^(?:until|till|til|to) ", "", flat), today, ahead=True)
    if day is None:
        return "", "is in no calendar"
    if day < today:
        return "", "is over already"
    return (day.isoformat(), "") if day <= today + FARTHEST else ("", "is more than two years ahead")


def _name(text: str) -> str:
    text = re.sub(r"^(?:(?:me|us)\s+)?(?:to|for|about|from|of)\s+", "", text.strip(" ,:;.–-"), flags=re.IGNORECASE)
    text = re.sub(r"(?<=\S)\s+(?:alerts?|notifications?|please)$", "", text, flags=re.IGNORECASE)
    return " ".join(text.split())


def _reason(text: str) -> str:
    return cut(clean(_LEADING_BECAUSE.sub("", text.strip())), REASON)
