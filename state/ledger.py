"""Who did what and what ran: audit, job runs, decisions waiting."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from sqlite_utils import Database

RUNS_KEPT = 1000
"""Job runs kept for each job."""

Verdict = Literal["approve", "reject", "look", "superseded"]
"""What is decided about a held release; superseded by a later release, which nobody asked for."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about a held release; about all of it when ``indicators`` is empty."""

    release: int
    verdict: Verdict
    actor: str
    reason: str = ""
    indicators: tuple[str, ...] = ()
    id: int = 0
    """Its number while it waits to be carried out."""


def note(db: Database, *, at: str, actor: str, action: str, subject: str, detail: str = "") -> int:
    """Add a line to the audit, which is never changed, and return its number."""
    cursor = db.execute(
        "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
        (at, actor, action, subject, detail),
    )
    return int(cursor.lastrowid or 0)


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


def ask_decision(db: Database, decision: Decision, *, at: str) -> None:
    """Leave a decision for the running service to carry out."""
    db.execute(
        "INSERT INTO decisions (at, actor, release_id, verdict, indicators, reason) VALUES (?, ?, ?, ?, ?, ?)",
        (at, decision.actor, decision.release, decision.verdict, json.dumps(decision.indicators), decision.reason),
    )


def open_decisions(db: Database) -> list[Decision]:
    """Decisions not yet carried out, oldest first."""
    rows = db.execute(
        "SELECT release_id, verdict, actor, reason, indicators, id FROM decisions WHERE outcome = '' ORDER BY id"
    )
    return [
        Decision(release, verdict, actor, reason, tuple(json.loads(indicators)), number)
        for release, verdict, actor, reason, indicators, number in rows
    ]


def close_decision(db: Database, decision: int, outcome: str) -> None:
    """Note what came of a decision."""
    db.execute("UPDATE decisions SET outcome = ? WHERE id = ?", (outcome, decision))
