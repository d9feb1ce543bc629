"""What a release corrects of earlier alerts: changes told to a destination that revised figures undo or alter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from engine.changes import BOTTOM_QUARTILE, Cause, Change, Kind, Standing, Thresholds
from jobs.notices import CorrectedLine, CorrectionNotice, ReleaseAlert, from_json
from state import outbox, snapshots
from state.database import Database
from state.explanations import members

CORRECTED_FOR = timedelta(days=60)
"""An alert older than this stays as it is, and what revised figures change of it is told anew."""

_SIDES = frozenset({Kind.ENTERED, Kind.LEFT})
_BASKETS = frozenset({Kind.THEME_MOVED, Kind.COMPOSITE_MOVED})


Members = Mapping[str, Standing]
"""The council's standing in each indicator of a theme or composite at one snapshot, by code."""


@dataclass(frozen=True, slots=True)
class Told:
    """A change as it stands in the message that told it: ``change`` as it was told, ``now`` as last corrected.

    ``snapshot`` is the one it was told of.
    """

    change: Change
    name: str
    now: Standing
    withdrawn: bool
    snapshot: int | None


def corrections(
    db: Database,
    destination: str,
    changes: Collection[Change],
    thresholds: Thresholds,
    now: datetime,
    *,
    since: Mapping[str, int],
) -> dict[int, tuple[CorrectedLine, ...]]:
    """For each alert to correct, by its number in the outbox, what of it these changes undo or alter.

    Only a change from revised figures, and only where what it starts from is what that alert last said, on figures of
    the same periods. What was withdrawn, sent too long ago or not at all is left to a new alert. ``since`` is the
    snapshot that each subject was compared with.
    """
    last, at = outbox.last_alert(db, destination), snapshots.latest(db)
    alerts: dict[int, dict[str, Told]] = {}
    found: dict[int, list[CorrectedLine]] = {}
    for change in changes:
        number = last.get(change.subject)
        if change.cause is not Cause.REVISION or number is None:
            continue
        if number not in alerts:
            alerts[number] = _standing_in(db, number, now)
        told = alerts[number].get(change.subject)
        between = (since.get(change.subject), at)
        line = told and correction(change, told, thresholds, partial(_members, db, change), between)
        if line:
            found.setdefault(number, []).append(line)
    return {number: tuple(sorted(lines, key=_themes_first)) for number, lines in found.items()}


def correction(
    change: Change,
    told: Told,
    thresholds: Thresholds,
    members_at: Callable[[int], Members],
    between: tuple[int | None, int | None],
) -> CorrectedLine | None:
    """What a change undoes or alters of one that was told; None where it does not continue what was said.

    ``members_at`` are the members of its theme at a snapshot, and it came ``between`` the one compared with and now.
    """
    if change.cause is not Cause.REVISION or not _follows(change, told):
        return None
    if not _of_the_periods_told(change, (told.snapshot, *between), members_at):
        return None
    return CorrectedLine(
        told=told.change,
        name=told.name,
        withdrawn=_undone(told.change, change.after, thresholds),
        now=change.after,
    )


def _themes_first(line: CorrectedLine) -> tuple[bool, str]:
    return line.told.indicator is not None, line.told.subject


def _standing_in(db: Database, number: int, now: datetime) -> dict[str, Told]:
    """What an alert says, corrected as it has been; nothing where it is too old or was not sent."""
    owed = outbox.owed(db, number)
    if owed is None or owed.state == "suppressed" or datetime.fromisoformat(owed.created) < now - CORRECTED_FOR:
        return {}
    notice = from_json(owed.payload)
    if not isinstance(notice, ReleaseAlert):
        return {}
    at = snapshots.numbered(db, notice.footing.snapshot)
    told = {
        moved.change.subject: Told(moved.change, moved.name, moved.change.after, withdrawn=False, snapshot=at)
        for moved in notice.moved
    }
    for amendment in outbox.amendments(db, number):
        correction = from_json(amendment.payload)
        for line in correction.lines if isinstance(correction, CorrectionNotice) else ():
            subject = line.told.subject
            if subject in told:
                told[subject] = replace(told[subject], now=line.now, withdrawn=line.withdrawn)
    return told


def _follows(change: Change, told: Told) -> bool:
    """Whether a change starts from what people were last told there, so that it corrects just that."""
    first, before = told.change, change.before
    if told.withdrawn or before is None or first.before is None or change.area != first.area:
        return False
    if first.kind in _BASKETS:
        return change.kind is first.kind and before.rank == told.now.rank
    if not {first.kind, change.kind} <= _SIDES:
        return False
    return change.after.period == first.after.period and _bottom(before) == _bottom(told.now)


def _of_the_periods_told(
    change: Change, times: tuple[int | None, int | None, int | None], members_at: Callable[[int], Members]
) -> bool:
    """Whether the members by which a theme or composite moves are still of the periods that it was told of.

    A theme that fell with one year's figures and stands there with the next year's too did fall, whatever these are
    revised to. The ``times`` are the snapshots told of, compared with, and now.
    """
    if change.indicator is not None:
        return True
    known = [snapshot for snapshot in times if snapshot is not None]
    if len(known) < len(times):
        return False
    first, before, now = (members_at(snapshot) for snapshot in known)
    moving = [code for code in before.keys() | now.keys() if before.get(code) != now.get(code)]
    return all(len({_period(side, code) for side in (first, before, now)}) == 1 for code in moving)


def _members(db: Database, change: Change, snapshot: int) -> Members:
    found = members(db, change.theme, change.area, snapshot)
    return {code: member.standing for code, member in found.items()}


def _period(side: Members, code: str) -> str | None:
    return side[code].period if code in side else None


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
