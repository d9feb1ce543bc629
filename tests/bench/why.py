"""Explaining every change of the real releases: parts, comments, the way to the line, what the rank hangs on."""

from __future__ import annotations

import time
from pathlib import Path

from bot.commands.why import why_text
from bot.tell.why import why_document
from state import reasons
from state.database import Database, connect_reader


def report(folder: Path) -> None:
    """Print how long all explanations take together, from the database that the service has filled."""
    path = folder / "service" / "state" / "benchwatch.db"
    if not path.exists():
        print("Why: skipped, the service has taken in no releases")
        return
    db = connect_reader(path)
    number, seconds = explain_all(db)
    db.close()
    print(f"All {number} changes of the real releases explained, as text and as JSON: {seconds:.2f} s (aim 1)")


def explain_all(db: Database) -> tuple[int, float]:
    """How many changes there are, baselines apart, and the seconds that explaining all of them takes."""
    changes = db.execute(
        "SELECT CASE WHEN indicator IS NULL THEN 'basket:' || theme ELSE 'indicator:' || indicator END, snapshot_id "
        "FROM changes WHERE kind <> 'baseline' ORDER BY id"
    ).fetchall()
    start = time.perf_counter()
    for subject, snapshot in changes:
        found = reasons.why(db, subject, None, snapshot)
        if found is not None:
            why_text(found)
            why_document(found)
    return len(changes), time.perf_counter() - start
