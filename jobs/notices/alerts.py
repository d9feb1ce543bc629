"""What a release changed, and what is watched from the first one on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jobs.notices.parts import Footing, Moved, ReleaseInfo, ThemeLine


@dataclass(frozen=True, slots=True)
class ReleaseAlert:
    """Changes one release made for the themes of one destination; ``moved`` holds those that alert, in order of theme.

    ``quiet`` counts the changes without alert by cause (method, basket, comparators); ``seen_first`` counts
    indicators seen for the first time; ``muted`` counts changes that are muted. ``bottom`` and ``judged`` count within
    these themes. ``withdrawn`` counts changes told earlier that this release undoes; ``unsure`` those within the
    margin of error that are left to the digest.
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
    muted: int = 0
    withdrawn: int = 0
    unsure: int = 0


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
