"""What a release corrects of earlier alerts: changes told to a destination that revised figures undo or alter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.changes import BOTTOM_QUARTILE, Cause, Change, Kind, Standing, Thresholds
from jobs.notices import CorrectedLine, CorrectionNotice, Moved, ReleaseAlert, from_json
from state import outbox
from state.database import Database

CORRECTED_FOR = timedelta(days=60)
"""An alert older than this stays as it is, and what revised figures change of it is told anew."""

_SIDES = frozenset({Kind.ENTERED, Kind.LEFT})
_BASKETS = frozenset({Kind.THEME_MOVED, Kind.COMPOSITE_MOVED})


@dataclass(frozen=True, slots=True)
class _Told:
    """A change as it stands in the message that told it: ``moved`` as it was told, ``now`` as last corrected."""

    moved: Moved
    now: Standing
    withdrawn: bool


def corrections(
    db: Database, destination: str, changes: Collection[Change], thresholds: Thresholds, now: datetime
) -> dict[int, tuple[CorrectedLine, ...]]:
    """For each alert to correct, by its number in the outbox, what of it these changes undo or alter.

    Only a change from revised figures, and only where what it starts from is what that alert last said: of the same
    period for an indicator. What was withdrawn, sent too long ago or not at all is left to a new alert.
    """
    last = outbox.last_alert(db, destination)
    alerts: dict[int, dict[str, _Told]] = {}
    found: dict[int, list[CorrectedLine]] = {}
    for change in changes:
        number = last.get(change.subject)
        if change.cause is not Cause.REVISION or number is None:
            continue
        if number not in alerts:
            alerts[number] = _standing_in(db, number, now)
        told = alerts[number].get(change.subject)
        if told and _follows(change, told):
            line = CorrectedLine(
                told=told.moved.change,
                name=told.moved.name,
                withdrawn=_undone(told.moved.change, change.after, thresholds),
                now=change.after,
            )
            found.setdefault(number, []).append(line)
    return {number: tuple(sorted(lines, key=_themes_first)) for number, lines in found.items()}


def _themes_first(line: CorrectedLine) -> tuple[bool, str]:
    return line.told.indicator is not None, line.told.subject


def _standing_in(db: Database, number: int, now: datetime) -> dict[str, _Told]:
    """What an alert says, corrected as it has been; nothing where it is too old or was not sent."""
    owed = outbox.owed(db, number)
    if owed is None or owed.state == "suppressed" or datetime.fromisoformat(owed.created) < now - CORRECTED_FOR:
        return {}
    notice = from_json(owed.payload)
    if not isinstance(notice, ReleaseAlert):
        return {}
    told = {moved.change.subject: _Told(moved, moved.change.after, withdrawn=False) for moved in notice.moved}
    for amendment in outbox.amendments(db, number):
        correction = from_json(amendment.payload)
        for line in correction.lines if isinstance(correction, CorrectionNotice) else ():
            subject = line.told.subject
            if subject in told:
                told[subject] = replace(told[subject], now=line.now, withdrawn=line.withdrawn)
    return told


def _follows(change: Change, told: _Told) -> bool:
    """Whether a change starts from what people were last told there, so that it corrects just that."""
    first, before = told.moved.change, change.before
    if told.withdrawn or before is None or first.before is None:
        return False
    if first.kind in _BASKETS:
        return change.kind is first.kind and before.rank == told.now.rank
    if not {first.kind, change.kind} <= _SIDES:
        return False
    return change.after.period == first.after.period and _bottom(before) == _bottom(told.now)


def _undone(told: Change, now: Standing, thresholds: Thresholds) -> bool:
    """Whether the standing is back where it was before the change told."""
    if told.before is None:
        return False
    if told.kind in _SIDES:
        return _bottom(told.before) == _bottom(now)
    if told.before.rank is None or now.rank is None:
        return False
    least = thresholds.theme if told.kind is Kind.THEME_MOVED else thresholds.composite
    return abs(now.rank - told.before.rank) < least


def _bottom(standing: Standing) -> bool:
    return standing.quartile == BOTTOM_QUARTILE
