"""How the places of a source fare: failures counted, a fault told once, and once when it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.notices import SourceNotice
from jobs.telling import owe_source
from state import sources
from state.database import Database
from state.sources import Place

FAILURES_TOLD = 3
"""Failures in a row before the ops channel hears, and before a publisher is left alone for a while."""

COOLING = timedelta(hours=1)
LONGEST_COOLING = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a place.

    A ``passing`` one may be over at the next look, so it is told after some of them; ``retry_after`` is how many
    seconds the publisher asked us to wait.
    """

    reason: str
    passing: bool = True
    retry_after: float = 0.0


def record(
    db: Database,
    source: str,
    name: str,
    fault: Fault | None,
    now: datetime,
    *,
    shown: str,
    mark: str | None = None,
) -> None:
    """Keep how a look at a place went, and owe the ops channel what it has to hear, within the caller's unit of work.

    ``shown`` names the place to people; ``mark`` is what is there now, kept as it was for None. A passing fault is
    told at its third time in a row, any other at once, each once; and once that the place works again.
    """
    before = sources.places(db, source).get(name, Place())
    place = replace(
        before, checked=_stamp(now), mark=before.mark if mark is None else mark
    )
    if fault is None:
        if before.failures >= FAILURES_TOLD or before.problem:
            owe_source(
                db,
                SourceNotice(
                    "source", shown, failing=False, attempts=before.failures, reason=""
                ),
                now,
            )
        place = replace(place, failures=0, problem="", since="", next_try="")
    else:
        place = _failed(place, fault, now)
        told = (
            place.failures == FAILURES_TOLD
            if fault.passing
            else fault.reason != before.problem
        )
        if told:
            notice = SourceNotice(
                "source",
                shown,
                failing=True,
                attempts=place.failures,
                reason=fault.reason,
            )
            owe_source(db, notice, now)
    sources.save_place(db, source, name, place)


def _failed(place: Place, fault: Fault, now: datetime) -> Place:
    failures = place.failures + 1
    told = not fault.passing or failures >= FAILURES_TOLD
    wait = timedelta(seconds=fault.retry_after)
    if failures >= FAILURES_TOLD:
        wait = max(
            wait, min(COOLING * 2 ** min(failures - FAILURES_TOLD, 8), LONGEST_COOLING)
        )
    return replace(
        place,
        failures=failures,
        problem=fault.reason if told else "",
        since=place.since or _stamp(now),
        next_try=_stamp(now + wait) if wait else "",
    )


def open_until(place: Place, now: datetime) -> str:
    """When a place that has failed too often is looked at again; empty when it may be looked at now."""
    return place.next_try if place.next_try > _stamp(now) else ""


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")
