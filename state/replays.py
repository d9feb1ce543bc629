"""What it takes to replay stored history: the snapshots in order, and which series each took over whole."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class Step:
    """One snapshot as it came: its number and label, the ISO day its figures were known, the release and its source.

    ``rebased`` are the indicators that a person's approval took over whole, as a new baseline. ``filling`` says that
    the publishers had not all been looked at yet.
    """

    snapshot: int
    label: str
    known: str
    release: int
    source: str
    rebased: frozenset[str]
    filling: bool


def steps(db: Database, *, rebasing: str, filled: str) -> tuple[Step, ...]:
    """Every snapshot, oldest first.

    ``rebasing`` is the check whose approval takes a series over whole; ``filled`` the key of the message that is owed
    once all publishers have been looked at.
    """
    rebased: dict[int, set[str]] = {}
    for snapshot, code in db.execute(_REBASED, {"check": rebasing}):
        rebased.setdefault(snapshot, set()).add(code)
    rows = db.execute(
        "SELECT snapshots.id, label, known, release_id, source, "
        "taken <= coalesce((SELECT created FROM outbox WHERE key = ?), '~') FROM snapshots "
        "JOIN releases ON releases.id = release_id ORDER BY snapshots.id",
        (filled,),
    )
    return tuple(
        Step(number, label, known, release, source, frozenset(rebased.get(number, ())), bool(filling))
        for number, label, known, release, source, filling in rows
    )


# A release let through in parts makes several snapshots: a series was taken over at the one that touched its figures.
_REBASED = """
SELECT DISTINCT snapshots.id, findings.indicator FROM findings
JOIN snapshots ON snapshots.release_id = findings.release_id
JOIN indicators ON indicators.code = findings.indicator
JOIN series ON series.indicator_id = indicators.id
WHERE check_name = :check AND state = 'approved' AND (
    series.first_snapshot = snapshots.id
    OR EXISTS (SELECT 1 FROM revisions WHERE snapshot_id = snapshots.id AND series_id = series.id)
)
"""
