"""What notices are made of: the footing, a release, one change with the facts to tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from engine.changes import Change, Standing
from engine.margin import Certainty
from state.acknowledgements import Acknowledgement
from state.views import SnapshotView


@dataclass(frozen=True, slots=True)
class Footing:
    """On what the ranks stand: shown at the foot of everything published."""

    council: str
    """Name of the council, e.g. Leicestershire."""
    comparators: str
    """Who is compared, e.g. "county areas"; never with the number, which is ``areas``."""
    areas: int
    quartile_rule: Literal["rank", "value"]
    snapshot: str
    """E.g. 2024-07-20/1: the release's date and how many snapshots it has had."""
    illustrative: bool
    """True for demonstration data: every message and chart must then say "illustrative comparators"."""

    @classmethod
    def of(cls, snapshot: SnapshotView) -> Footing:
        """What was read with a snapshot stands on it."""
        return cls(
            council=snapshot.council_name,
            comparators=snapshot.comparators,
            areas=snapshot.areas,
            quartile_rule=snapshot.quartile_rule,
            snapshot=snapshot.label,
            illustrative=snapshot.illustrative,
        )


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """One release as people know it: number, file or title, source, date published (ISO) or empty."""

    id: int
    name: str
    source: str
    published: str


@dataclass(frozen=True, slots=True)
class Said:
    """What an owner said about a subject when acknowledging it; days are ISO, ``review`` may be empty."""

    by: str
    """Name of the one who said it."""
    day: str
    cause: str
    action: str
    review: str

    @classmethod
    def of(cls, kept: Acknowledgement, zone: ZoneInfo) -> Said:
        """An acknowledgement with the day it was made on in this zone."""
        day = datetime.fromisoformat(kept.at).astimezone(zone).date().isoformat()
        return cls(kept.by_name or kept.by, day, kept.cause, kept.action, kept.review)


@dataclass(frozen=True, slots=True)
class Because:
    """One part of why a theme's average rank moved: an indicator by name, and its effect in places of the average.

    A positive effect makes the average rank, and so the theme, worse.
    """

    name: str
    effect: float
    kind: Literal["common", "joined", "left"]


@dataclass(frozen=True, slots=True)
class Moved:
    """One change with the facts needed to tell it: names and unit; ``name`` is the theme's for a theme's change.

    ``why`` are the parts of a theme's move, the largest first; ``said`` is what an owner last said of the subject.
    ``certainty`` is how sure it is that the bottom quartile was entered or left, by published margins of error, and of
    an improvement in a digest whether it stands out from chance among all ``compared``; empty where nobody can say.
    """

    change: Change
    name: str
    unit: str = ""
    decimals: int | None = None
    polarity: str = "none"
    why: tuple[Because, ...] = ()
    said: Said | None = None
    unsure: bool = False
    """What notices kept earlier have in place of ``certainty``: entered within the margin of error."""
    certainty: Certainty = ""
    compared: int = 0

    @property
    def within_margin(self) -> bool:
        """Whether it may be chance: within the margin of error, or among as many comparisons."""
        return self.unsure or self.certainty == "unsure"


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """One theme or composite now."""

    name: str
    standing: Standing
    bottom: int
    judged: int
