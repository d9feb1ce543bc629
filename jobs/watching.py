"""How the places of a source fare: failures counted, what is wrong told once, and once when it is over."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.notices import GapLine, SourceNotice, TroubleLine
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

    A ``passing`` one may be over at the next look, so it is told after some of them; a ``final`` one lies in the
    content itself, which would fail the same way again; ``retry_after`` is how many seconds the publisher asked us to
    wait.
    """

    reason: str
    passing: bool = True
    final: bool = False
    retry_after: float = 0.0


def record(
    db: Database,
    source: str,
    name: str,
    fault: Fault | None,
    now: datetime,
    *,
    mark: str | None = None,
    taken: bool = False,
) -> None:
    """Keep how a look at a place went, within the caller's unit of work; ``tell`` says what has to be heard of it.

    ``mark`` is what is there now, kept as it was for None; ``taken``, that something new was taken in. A passing fault
    becomes a problem at its third time in a row, any other at once.
    """
    before = sources.places(db, source).get(name, Place())
    place = replace(before, checked=_stamp(now), mark=before.mark if mark is None else mark)
    if fault is None:
        day = now.date().isoformat() if taken else place.taken
        place = replace(place, failures=0, problem="", since="", next_try="", taken=day)
    else:
        place = _failed(place, fault, now)
    sources.save_place(db, source, name, place)


def _failed(place: Place, fault: Fault, now: datetime) -> Place:
    failures = place.failures + 1
    tried = failures >= FAILURES_TOLD
    # The words of a passing fault vary from look to look; what was told once stands until it is over.
    if fault.passing:
        problem = place.problem or (fault.reason if tried else "")
    else:
        problem = place.problem if _wording(place.problem) == _wording(fault.reason) else fault.reason
    wait = timedelta(seconds=fault.retry_after)
    if tried:
        wait = max(wait, min(COOLING * 2 ** min(failures - FAILURES_TOLD, 8), LONGEST_COOLING))
    return replace(
        place,
        failures=failures,
        problem=problem,
        since=place.since or _stamp(now),
        next_try=_stamp(now + wait) if wait else "",
    )


def _wording(reason: str) -> str:
    """A reason without what differs each time, such as the reference number of a refusal."""
    return re.sub(r"\S*\d\S*", "#", reason)


def tell(
    db: Database,
    source: str,
    title: str,
    now: datetime,
    *,
    shown: Callable[[str], str],
    names: Mapping[str, str] | None = None,
) -> None:
    """Owe the ops channel one message of all that went wrong at a source, and of what works again, since the last.

    ``title`` names the source to people, ``shown`` its places, ``names`` the indicators that may be missing. Within
    the caller's unit of work.
    """
    places = sources.places(db, source)
    wrong = {name: place for name, place in places.items() if place.problem and place.problem != place.told}
    over = [name for name, place in places.items() if place.told and not place.problem]
    missing, back = sources.untold_gaps(db, source)
    if not (wrong or over or missing or back):
        return
    named = names or {}
    notice = SourceNotice(
        kind="source",
        source=title,
        troubles=tuple(TroubleLine(shown(name), one.problem, one.failures) for name, one in wrong.items()),
        recovered=tuple(map(shown, over)),
        gaps=tuple(GapLine(code, named.get(code, code), reason) for code, reason in missing.items()),
        back=tuple(named.get(code, code) for code in back),
    )
    owe_source(db, source, notice, now)
    for name in (*wrong, *over):
        sources.save_place(db, source, name, replace(places[name], told=places[name].problem))
    sources.mark_gaps_told(db, source)


def open_until(place: Place, now: datetime) -> str:
    """When a place that has failed too often is looked at again; empty when it may be looked at now."""
    return place.next_try if place.next_try > _stamp(now) else ""


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")
