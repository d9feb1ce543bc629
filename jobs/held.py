"""What becomes of the question about a held release, told where the question stands: changed there, and in its thread.

A question is one message to the ops channel. It is open until nothing that it asks about waits any more, or until
another message asks anew.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from engine.quality import Finding
from jobs.notices import DecidedNotice, HeldNotice, from_json
from jobs.owing import owe
from state import observations, outbox, releases
from state.database import Database
from state.ledger import Decision
from state.outbox import Owed

_SLACK_ID = re.compile(r"\s*\([UW][A-Z0-9]+\)$")


@dataclass(frozen=True)
class Question:
    """The messages that ask about a release: those still open, and how many there have been."""

    release: int
    open: tuple[Owed, ...]
    asked: int


def question(db: Database, release: int) -> Question:
    """What is asked about a release now."""
    rows = outbox.under(db, f"release/{release}/held/")
    return Question(release, tuple(row for row in rows if _is_open(db, row)), len(rows))


def _is_open(db: Database, row: Owed) -> bool:
    """Whether a message still asks: its last decision, failed ones apart, has left something of it open."""
    made = decisions(db, row.id)
    return not made or made[-1].open


def decisions(db: Database, message: int) -> list[DecidedNotice]:
    """What was decided about a message that asks, failed attempts apart, oldest first."""
    told = (from_json(row.payload) for row in outbox.amendments(db, message))
    return [notice for notice in told if isinstance(notice, DecidedNotice) and not notice.failed]


def asks_already(asked: Question, findings: Collection[Finding]) -> bool:
    """Whether an open message asks about all of these findings, with the same evidence."""
    wanted = {(str(found.check), found.indicator or "", found.evidence) for found in findings}
    for row in asked.open:
        notice = from_json(row.payload)
        if isinstance(notice, HeldNotice) and wanted <= {(f.check, f.indicator, f.evidence) for f in notice.findings}:
            return True
    return False


def owe_decided(
    db: Database,
    asked: Question,
    decision: Decision,
    *,
    key: str,
    outcome: str,
    now: datetime,
    indicators: Sequence[str] = (),
) -> int:
    """Owe each open message about a release what came of a decision; ``key`` tells this one from all others.

    ``indicators`` are names, none for all that is held. Returns how many messages are owed.
    """
    anew = question(db, asked.release).asked > asked.asked
    still = asked.release in releases.all_held(db) and not anew
    notice = replace(_notice(decision, outcome, now), indicators=tuple(indicators), open=still)
    return sum(_owe(db, row, key, notice, now) for row in asked.open)


def owe_failed(db: Database, decision: Decision, *, outcome: str, now: datetime) -> int:
    """Owe the newest message about a release why a decision on it could not be carried out."""
    rows = outbox.under(db, f"release/{decision.release}/held/")
    still = decision.release in releases.all_held(db)
    notice = replace(_notice(decision, outcome, now), open=still, failed=True)
    return sum(_owe(db, row, f"decision {decision.id}", notice, now) for row in rows[-1:])


def by(actor: str) -> str:
    """The name of who decided, without the ID that the audit keeps beside it."""
    return _SLACK_ID.sub("", actor)


def _notice(decision: Decision, outcome: str, now: datetime) -> DecidedNotice:
    return DecidedNotice(
        kind="decided",
        release=decision.release,
        verdict=decision.verdict,
        by=by(decision.actor),
        day=now.date().isoformat(),
        indicators=(),
        reason=decision.reason,
        outcome=outcome,
        open=False,
    )


def _owe(db: Database, row: Owed, key: str, notice: DecidedNotice, now: datetime) -> int:
    number = owe(db, f"decided/{row.id}/{key}", row.destination, notice, now, amends=row.id)
    return int(number is not None)


def with_rest(db: Database, release: int, outcome: str) -> str:
    """An outcome in words, with how much of the release is still held after it."""
    left = len(releases.held_indicators(db, release))
    return f"{outcome}; {counted(left, 'indicator')} {are(left)} still held" if left else outcome


def named(db: Database, codes: Iterable[str]) -> tuple[str, ...]:
    """What indicators are called; the code of one without a name."""
    known = observations.load_indicators(db)
    return tuple((known[code].name if code in known else "") or code for code in codes)


def counted(count: int, what: str) -> str:
    """A number of things, as "1 finding", "1,200 findings"."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def are(count: int) -> str:
    """The verb that so many things take."""
    return "is" if count == 1 else "are"
