"""What the ops channel is told: releases held or refused, sources that fail, releases that are late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jobs.notices.parts import ReleaseInfo


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding of the quality checks: the check, the indicator's name or empty for the whole file, evidence."""

    check: str
    indicator: str
    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class HeldNotice:
    """A release held whole (``whole``), or let through but for some indicators: for the ops channel."""

    kind: Literal["held"]
    release: ReleaseInfo
    whole: bool
    findings: tuple[FindingLine, ...]
    held_indicators: int
    illustrative: bool


@dataclass(frozen=True, slots=True)
class RefusedNotice:
    """A file that cannot be read as a release at all, with the reason: for the ops channel."""

    kind: Literal["refused"]
    source: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TroubleLine:
    """What is wrong at one place of a source, and how often in a row it has been."""

    place: str
    reason: str
    attempts: int


@dataclass(frozen=True, slots=True)
class GapLine:
    """One indicator that a release should hold and does not: its code and name, and why."""

    indicator: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """What went wrong at a source since the last notice, what works again, what is missing: for the ops channel."""

    kind: Literal["source"]
    source: str
    troubles: tuple[TroubleLine, ...]
    recovered: tuple[str, ...] = ()
    gaps: tuple[GapLine, ...] = ()
    back: tuple[str, ...] = ()
    """Names of indicators that are no longer missing."""


@dataclass(frozen=True, slots=True)
class OverdueLine:
    """One release that is overdue, has moved or is cancelled: its name and source, the day (ISO) it is expected.

    ``was`` is the day before it moved, ``late`` how many days late it is, ``page`` its page for people or empty.
    """

    kind: Literal["overdue", "moved", "cancelled"]
    name: str
    source: str
    day: str
    provisional: bool = False
    was: str = ""
    late: int = 0
    page: str = ""


@dataclass(frozen=True, slots=True)
class OverdueNotice:
    """What has become overdue since the last notice, what has moved or is cancelled: for the ops channel."""

    kind: Literal["overdue"]
    lines: tuple[OverdueLine, ...]
