"""The weekly digest of one lead or subscriber."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.changes import Cause, Standing
from engine.margin import Certainty
from jobs.notices.parts import Because, Footing, Moved, Said, ThemeLine


@dataclass(frozen=True, slots=True)
class DigestTheme:
    """One theme or composite in a digest: now, at the last digest, and why its average rank moved since.

    ``cause`` is why the last of its moves came about, where one was a change (method, item 10); ``muted`` says that
    its moves are muted.
    """

    line: ThemeLine
    before: ThemeLine | None
    why: tuple[Because, ...] = ()
    kind: Literal["theme", "composite"] = "theme"
    cause: Cause | None = None
    muted: bool = False

    @property
    def moved(self) -> bool:
        """Whether its rank is another one than at the last digest."""
        return self.before is not None and self.before.standing.rank != self.line.standing.rank


@dataclass(frozen=True, slots=True)
class StillBottom:
    """One indicator in the bottom quartile: where it stands and how far out of it is.

    ``places`` are places to gain, ``needed`` is the value at which it would be out and ``gap`` the way to that; None
    where nobody can say. ``certainty`` is how sure its place in the bottom quartile is by published margins of error,
    and ``was`` how sure it was at the last digest; empty where nobody can say, or it was not in it.
    """

    code: str
    name: str
    theme: str
    standing: Standing
    unit: str = ""
    decimals: int | None = None
    polarity: str = "none"
    places: int | None = None
    needed: float | None = None
    gap: float | None = None
    certainty: Certainty = ""
    was: Certainty = ""

    @property
    def firmed(self) -> bool:
        """Whether it has become clear that it is in the bottom quartile, where it was already at the last digest."""
        return (self.was, self.certainty) == ("unsure", "clear")


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

    ``name`` is the lead's service; ``personal`` is true for the digest of someone's own subscriptions, which can be
    ended. ``day`` is the day (ISO) it was made on, ``since`` that of the last one, or empty. ``moved`` holds every
    change of an indicator, quiet ones with their cause too, and ``muted`` counts those left out because they are muted.
    """

    kind: Literal["digest"]
    name: str
    day: str
    since: str
    footing: Footing
    themes: tuple[DigestTheme, ...]
    moved: tuple[Moved, ...]
    muted: int
    seen_first: int
    bottom: tuple[StillBottom, ...]
    judged: int
    acknowledged: tuple[AcknowledgedLine, ...]
    due: tuple[DueLine, ...]
    personal: bool = False

    @property
    def changed(self) -> bool:
        """Whether there is anything new besides what is still as it was."""
        new = bool(self.moved or self.muted or self.seen_first) or any(item.firmed for item in self.bottom)
        return new or any(theme.moved for theme in self.themes)
