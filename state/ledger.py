"""Who did what and what ran: audit, job runs, decisions waiting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

RUNS_KEPT = 1000
"""Job runs kept for each job."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on a held release (all of it when ``indicators`` is empty), waiting to be carried out."""

    id: int
    actor: str
    release_id: int
    verdict: str
    indicators: tuple[str, ...]
    reason: str


def note(db: Database, *, at: str, actor: str, action: str, subject: str, detail: str = "") -> None:
    """Add a line to the audit, which is never changed."""
    db.execute(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
        (at, actor, action, subject, detail),
    )


def record_run(db: Database, job: str, *, started: str, finished: str, outcome: str, detail: str) -> None:
    """Keep one run of a job and forget those beyond RUNS_KEPT."""
    db.execute(
        "INSERT INTO job_runs (job, started, finished, outcome, detail) VALUES (?, ?, ?, ?, ?)",
        (job, started, finished, outcome, detail),
    )
    db.execute(
        "DELETE FROM job_runs WHERE job = ? AND id <= (SELECT max(id) FROM job_runs WHERE job = ?) - ?",
        (job, job, RUNS_KEPT),
    )


def ask_decision(
    db: Database, *, at: str, actor: str, release: int, verdict: str, indicators: Sequence[str], reason: str
) -> None:
    """Leave a decision for the running service to carry out."""
    db.execute(
        "INSERT INTO decisions (at, actor, release_id, verdict, indicators, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (at, actor, release, verdict, json.dumps(list(indicators)), reason),
    )


def open_decisions(db: Database) -> list[Decision]:
    """Decisions not yet carried out, oldest first."""
    rows = db.execute(
        "SELECT id, actor, release_id, verdict, indicators, reason FROM decisions WHERE outcome = '' ORDER BY id"
    )
    return [Decision(row[0], row[1], row[2], row[3], tuple(json.loads(row[4])), row[5]) for row in rows]


def close_decision(db: Database, decision: int, outcome: str) -> None:
    """Note what came of a decision."""
    db.execute("UPDATE decisions SET outcome = ? WHERE id = ?", (outcome, decision))
