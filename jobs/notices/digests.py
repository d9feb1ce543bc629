"""The weekly digest of one lead or subscriber."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jobs.notices.parts import Because, Footing, Moved, Said, ThemeLine


@dataclass(frozen=True, slots=True)
class DigestTheme:
    """One theme or composite in a digest: now, at the last digest, and why its average rank moved since."""

    line: ThemeLine
    before: ThemeLine | None
    why: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class StillBottom:
    """One indicator in the bottom quartile: where it stands and how far out of it is.

    ``places`` are places to gain, ``needed`` the value at which it would be out (None where nobody can say), ``since``
    the period or day it entered, or empty.
    """

    moved: Moved
    places: int | None
    needed: float | None


@dataclass(frozen=True, slots=True)
class AcknowledgedLine:
    """What an owner said about a subject that still matters."""

    name: str
    said: Said


@dataclass(frozen=True, slots=True)
class DueLine:
    """A release expected next week: its title, publisher and day (ISO)."""

    title: str
    source: str
    day: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class DigestNotice:
    """What changed for one lead since the last digest, what is still bad, what was said, and what is due.

    ``name`` is the lead's service or "your subscriptions"; ``since`` the day (ISO) of the last digest or empty;
    ``quiet`` counts changes that do not come from performance, by cause; ``muted`` changes that are muted.
    """

    kind: Literal["digest"]
    name: str
    day: str
    since: str
    footing: Footing
    themes: tuple[DigestTheme, ...]
    moved: tuple[Moved, ...]
    quiet: dict[str, int]
    muted: int
    seen_first: int
    bottom: tuple[StillBottom, ...]
    judged: int
    acknowledged: tuple[AcknowledgedLine, ...]
    due: tuple[DueLine, ...]
