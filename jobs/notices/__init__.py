"""What people are told, as typed facts: the contents of the outbox, before anyone has chosen words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from jobs.notices.alerts import BaselineNotice, ReleaseAlert
from jobs.notices.amendments import (
    AcknowledgedNotice,
    Amendment,
    ChartNotice,
    CorrectedLine,
    CorrectionNotice,
    DecidedNotice,
    MutedNotice,
)
from jobs.notices.digests import AcknowledgedLine, DigestNotice, DigestTheme, DueLine, StillBottom
from jobs.notices.ops import (
    FindingLine,
    GapLine,
    HeldNotice,
    OverdueLine,
    OverdueNotice,
    RefusedNotice,
    SourceNotice,
    TroubleLine,
)
from jobs.notices.parts import Because, Footing, Moved, ReleaseInfo, Said, ThemeLine

__all__ = [
    "AcknowledgedLine",
    "AcknowledgedNotice",
    "Amendment",
    "BaselineNotice",
    "Because",
    "ChartNotice",
    "CorrectedLine",
    "CorrectionNotice",
    "DecidedNotice",
    "DigestNotice",
    "DigestTheme",
    "DueLine",
    "FindingLine",
    "Footing",
    "GapLine",
    "HeldNotice",
    "Moved",
    "MutedNotice",
    "Notice",
    "OverdueLine",
    "OverdueNotice",
    "RefusedNotice",
    "ReleaseAlert",
    "ReleaseInfo",
    "Said",
    "SourceNotice",
    "StillBottom",
    "ThemeLine",
    "TroubleLine",
    "from_json",
    "to_json",
]

Notice = Annotated[
    ReleaseAlert
    | BaselineNotice
    | HeldNotice
    | RefusedNotice
    | SourceNotice
    | OverdueNotice
    | DigestNotice
    | CorrectionNotice
    | AcknowledgedNotice
    | MutedNotice
    | DecidedNotice
    | ChartNotice,
    Field(discriminator="kind"),
]

_ADAPTER: TypeAdapter[Notice] = TypeAdapter(Notice)


def to_json(notice: Notice) -> str:
    """The notice as JSON for the outbox; ``from_json`` reads it back."""
    return _ADAPTER.dump_json(notice).decode()


def from_json(text: str) -> Notice:
    """The notice that ``to_json`` wrote."""
    return _ADAPTER.validate_json(text)
