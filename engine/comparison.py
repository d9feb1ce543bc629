"""What is true now against what people were last told: the changes, and what is told and true from here on.

The same for a release that comes in and for stored history replayed (method, item 10).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from engine.changes import (
    BOTTOM_QUARTILE,
    Change,
    Kind,
    Known,
    Standing,
    Thresholds,
    baselines,
    basket_changes,
    basket_standing,
    indicator_changes,
    indicator_standing,
)
from engine.snapshot import Snapshot


class Memory(Protocol):
    """What is remembered of earlier snapshots, each by its number.

    A subject is ``indicator:CODE`` (which side of the quartile line), ``basket:NAME`` (the rank) or
    ``improvement:CODE`` (since when an indicator in the bottom quartile has been there, or last improved).
    """

    @property
    def told(self) -> Mapping[str, int]:
        """For each subject the last snapshot at which what people had been told of it was true."""

    @property
    def ranked(self) -> Collection[str]:
        """Indicators in which the council had a rank at any earlier snapshot."""

    def known_at(self, snapshot: int) -> Known:
        """What was known at an earlier snapshot."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The changes, the subjects of which people know what is true now, and what each changed one was compared with."""

    changes: tuple[Change, ...]
    settled: frozenset[str]
    since: Mapping[str, int]
    """The snapshot that each changed subject was compared with."""


About = Literal["indicators", "baskets"]


def compare(
    after: Known,
    memory: Memory,
    council: str,
    thresholds: Thresholds,
    rebased: Collection[str] = (),
    *,
    about: Collection[About] = ("indicators", "baskets"),
) -> Compared:
    """Compare a new state of knowledge with what people were last told of each subject.

    The ``rebased`` indicators and their themes become a new baseline without changes, as does what is seen for the
    first time. Changes nothing: the caller remembers that what is ``settled`` is true at the new snapshot. What is
    found of indicators, and what of baskets, hangs on nothing else, and the former not on the thresholds: so they may
    be compared apart.
    """
    told = memory.told
    current = _standings(after.snapshot, council, about)
    seen = after.snapshot.panel.indicators if "indicators" in about else ()
    changes = baselines(after.snapshot, council, [code for code in seen if code not in memory.ranked])
    settled = _silent_subjects(after.snapshot, rebased) & current.keys()
    settled |= {subject for subject in current if subject not in told}
    by_snapshot: dict[int, list[str]] = {}
    for subject in current.keys() - settled:
        by_snapshot.setdefault(told[subject], []).append(subject)
    since: dict[str, int] = {}
    for then, subjects in sorted(by_snapshot.items()):
        before = memory.known_at(then)
        found = _since(before, after, council, thresholds, sorted(subjects))
        changes += found
        since |= dict.fromkeys((change.subject for change in found), then)
        settled |= {
            subject
            for subject in subjects
            if _still_true(subject, _standing(before.snapshot, subject, council), current[subject])
        }
        settled |= {_subject(change) for change in found}
    entered = {change.indicator for change in changes if change.kind == Kind.ENTERED}
    settled |= {f"improvement:{code}" for code in entered} & current.keys()
    kept = tuple(change for change in changes if change.kind != Kind.IMPROVED or change.indicator not in entered)
    return Compared(kept, frozenset(settled), since)


def _since(
    before: Known, after: Known, council: str, thresholds: Thresholds, subjects: Collection[str]
) -> list[Change]:
    """Changes of these subjects since one earlier state of knowledge."""
    codes, improving, baskets = (
        [subject.removeprefix(kind) for subject in subjects if subject.startswith(kind)]
        for kind in ("indicator:", "improvement:", "basket:")
    )
    found = [one for one in indicator_changes(before, after, council, codes) if one.kind != Kind.IMPROVED]
    found += [one for one in indicator_changes(before, after, council, improving) if one.kind == Kind.IMPROVED]
    return found + basket_changes(before, after, council, thresholds, baskets)


def _standings(snapshot: Snapshot, council: str, about: Collection[About]) -> dict[str, Standing]:
    """The council's standing by subject, where it is judged at all."""
    subjects: list[str] = []
    if "indicators" in about:
        subjects += [f"indicator:{code}" for code in snapshot.row]
    if "baskets" in about:
        subjects += [f"basket:{name}" for name, kind in snapshot.baskets if kind != "expenditure"]
    found = {subject: standing for subject in subjects if (standing := _standing(snapshot, subject, council))}
    improving = {
        f"improvement:{code}": found[f"indicator:{code}"]
        for code, row in snapshot.row.items()
        if f"indicator:{code}" in found
        and found[f"indicator:{code}"].quartile == BOTTOM_QUARTILE
        and _limited(snapshot, row, council)
    }
    return found | improving


def _standing(snapshot: Snapshot, subject: str, council: str) -> Standing | None:
    """The council's standing in one indicator, theme or composite; None where it is not judged."""
    kind, _, key = subject.partition(":")
    if kind == "basket":
        basket = basket_standing(snapshot, key, council)
        return basket if basket and basket.rank is not None else None
    return indicator_standing(snapshot, key, council) if snapshot.eligible(key) else None


def _limited(snapshot: Snapshot, row: int, council: str) -> bool:
    column = snapshot.column[council]
    return not np.isnan(snapshot.panel.upper[row, column] - snapshot.panel.lower[row, column])


def _subject(change: Change) -> str:
    """The subject under which what was told is filed: improvements apart from sides of the line."""
    return change.subject.replace("indicator:", "improvement:", 1) if change.kind == Kind.IMPROVED else change.subject


def _silent_subjects(snapshot: Snapshot, rebased: Collection[str]) -> set[str]:
    """Rebased indicators, and every theme and composite they are members of."""
    subjects = {f"{kind}:{code}" for code in rebased for kind in ("indicator", "improvement")}
    rows = {snapshot.row[code] for code in rebased if code in snapshot.row}
    for (name, _), members in zip(snapshot.baskets, snapshot.members, strict=True):
        if rows & set(members.tolist()):
            subjects.add(f"basket:{name}")
    return subjects


def _still_true(subject: str, old: Standing | None, new: Standing) -> bool:
    """Whether what was told at ``old`` is true at ``new``: a basket's rank, an indicator's side of the line.

    An improvement is measured from where it was told, however slowly it comes, so that stays where it is.
    """
    if subject.startswith("improvement:"):
        return False
    if old is None:
        return True
    if subject.startswith("basket:"):
        return old.rank == new.rank
    return (old.quartile == BOTTOM_QUARTILE) == (new.quartile == BOTTOM_QUARTILE)
