"""What people are told, as typed facts: the contents of the outbox, before anyone has chosen words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from engine.changes import Change, Standing


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


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """One release as people know it: number, file or title, source, date published (ISO) or empty."""

    id: int
    name: str
    source: str
    published: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One change with the facts needed to tell it: names and unit; ``name`` is the theme's for a theme's change."""

    change: Change
    name: str
    unit: str = ""
    decimals: int | None = None
    polarity: str = "none"


@dataclass(frozen=True, slots=True)
class ReleaseAlert:
    """Changes one release made for the themes of one destination; ``moved`` holds those that alert, in order of theme.

    ``quiet`` counts the changes without alert by cause (method, basket, comparators); ``seen_first`` counts
    indicators seen for the first time. ``bottom`` and ``judged`` count within these themes.
    """

    kind: Literal["release_alert"]
    footing: Footing
    release: ReleaseInfo
    moved: tuple[Moved, ...]
    quiet: dict[str, int]
    seen_first: int
    bottom: int
    """Indicators now in the bottom quartile, of ``judged``."""
    judged: int


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """One theme or composite now."""

    name: str
    standing: Standing
    bottom: int
    judged: int


@dataclass(frozen=True, slots=True)
class BaselineNotice:
    """The first snapshot: what is being watched, without a flood of alerts."""

    kind: Literal["baseline"]
    footing: Footing
    release: ReleaseInfo
    indicators: int
    themes: tuple[ThemeLine, ...]
    composites: tuple[ThemeLine, ...]
    bottom: int
    judged: int


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


Notice = Annotated[
    ReleaseAlert | BaselineNotice | HeldNotice | RefusedNotice | SourceNotice | OverdueNotice,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[Notice] = TypeAdapter(Notice)


def to_json(notice: Notice) -> str:
    """The notice as JSON for the outbox; ``from_json`` reads it back."""
    return _ADAPTER.dump_json(notice).decode()


def from_json(text: str) -> Notice:
    """The notice that ``to_json`` wrote."""
    return _ADAPTER.validate_json(text)
