"""Decisions on held releases in words: who decided what, when, and what came of it."""

from __future__ import annotations

from bot import words
from bot.slack_text import cut, literal
from jobs.notices import DecidedNotice

_DONE = {"approve": "approved", "reject": "rejected", "look": "looked at again"}
_TRIED = {"approve": "approval of", "reject": "rejection of", "look": "second look at"}
_SAID = 1_000
_NAMED = 2


def fact(notice: DecidedNotice) -> str:
    """As "*Release 12 was approved by Ann on 3 May 2026*: accepted as snapshot 2024-07-20/1; 3 changes"."""
    outcome = literal(cut(notice.outcome, _SAID))
    if notice.failed:
        tried = _TRIED.get(notice.verdict, "decision on")
        return f"*The {tried} release {notice.release} by {_by(notice)} could not be carried out*: {outcome}"
    what, many = _what(notice)
    if notice.verdict == "superseded":
        return f"*{what} {'are' if many else 'is'} no longer asked about*: {outcome}"
    verb = f"{'were' if many else 'was'} {_DONE[notice.verdict]}"
    return f"*{what} {verb} by {_by(notice)} on {words.day(notice.day)}*: {outcome}"


def reason(notice: DecidedNotice) -> str:
    """As "Reason: checked with the publisher"; empty without one."""
    return f"Reason: {said}" if (said := literal(cut(notice.reason, _SAID))) else ""


def in_short(notice: DecidedNotice) -> str:
    """As "release 12 was approved by Ann on 3 May 2026", for those who come too late."""
    if notice.verdict == "superseded":
        return literal(cut(notice.outcome, _SAID))
    return f"release {notice.release} was {_DONE[notice.verdict]} by {_by(notice)} on {words.day(notice.day)}"


def _by(notice: DecidedNotice) -> str:
    return words.name(notice.by) if notice.by else "somebody"


def _what(notice: DecidedNotice) -> tuple[str, bool]:
    """What was decided on, and whether it is more than one."""
    named = notice.indicators
    if not named:
        return f"Release {notice.release}", False
    if len(named) <= _NAMED:
        return f"{' and '.join(map(words.name, named))} of release {notice.release}", len(named) > 1
    return f"{words.count(len(named), 'indicator')} of release {notice.release}", True
