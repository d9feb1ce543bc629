"""What changes a message that stands already: corrections, decisions, and what people did with its buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.changes import Change, Standing
from jobs.notices.parts import Footing, ReleaseInfo
from state.ledger import Verdict


@dataclass(frozen=True, slots=True)
class CorrectedLine:
    """One change told earlier that revised figures undo (``withdrawn``) or alter; ``now`` is the standing since."""

    told: Change
    name: str
    withdrawn: bool
    now: Standing


@dataclass(frozen=True, slots=True)
class CorrectionNotice:
    """What a release corrects in an earlier alert."""

    kind: Literal["correction"]
    release: ReleaseInfo
    lines: tuple[CorrectedLine, ...]
    footing: Footing


@dataclass(frozen=True, slots=True)
class AcknowledgedNotice:
    """An alert was acknowledged: by whom (a name), on which day, for which subjects, and what they said."""

    kind: Literal["acknowledged"]
    by: str
    day: str
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    cause: str
    action: str
    review: str


@dataclass(frozen=True, slots=True)
class MutedNotice:
    """Subjects of an alert were muted for everybody: by whom, until a day (ISO) or, empty, the next release."""

    kind: Literal["muted"]
    by: str
    day: str
    names: tuple[str, ...]
    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecidedNotice:
    """A held release was decided on: by whom, why, and what came of it.

    ``open`` says whether anything of it still waits. ``outcome`` is in plain words, such as "accepted as snapshot
    2024-07-20/1; 3 changes".
    """

    kind: Literal["decided"]
    release: int
    verdict: Verdict
    by: str
    day: str
    indicators: tuple[str, ...]
    """Names of the indicators decided on; empty for all of it."""
    reason: str
    outcome: str
    open: bool
    failed: bool = False
    """It could not be carried out, for the reason in ``outcome``."""


@dataclass(frozen=True, slots=True)
class ChartNotice:
    """A picture asked for with a button, for the thread of the alert; ``chart`` and ``names`` say of what."""

    kind: Literal["chart"]
    chart: Literal["theme", "themes", "spend", "indicator", "bottom"]
    names: tuple[str, ...]


Amendment = CorrectionNotice | AcknowledgedNotice | MutedNotice | DecidedNotice | ChartNotice
