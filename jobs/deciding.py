"""What people decide about held releases: let through, turned down, or judged anew; told where it was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from engine.changes import Kind
from engine.panel import Panel
from engine.quality import Check
from jobs.errors import DecisionError
from jobs.held import are, counted, named, owe_decided, question, with_rest
from jobs.observation_file import unpack
from jobs.pipeline import (
    Outcome,
    accept,
    accept_but_for_doubtful,
    hold,
    hold_findings,
    indicator_findings,
    refuse_unrankable,
    relabelled,
    whole_findings,
)
from jobs.policy import Policy
from jobs.tidy import Release, panel_areas, tidy
from state import ledger, observations, releases
from state.database import Database, unit
from state.ledger import Decision

_ANY_SIZE = 1 << 40
"""Staged releases were within the limit when they came."""


def approve(
    db: Database, decision: Decision, policy: Policy, *, now: datetime, path: Path | str = "database"
) -> Outcome:
    """Let a held release through, or some of the indicators held from it.

    A series whose labels moved is taken over whole and becomes the new baseline, without alerts. Raises DecisionError
    when nothing of the kind is held.
    """
    release = decision.release
    with unit(db, path):
        stored, chosen = _held(db, release, decision.indicators)
        asked, which = question(db, release), _decided_on(db, stored, chosen)
        tidied = _staged(db, stored)
        refuse_unrankable(db, tidied, policy)
        held = observations.load_held(db, panel_areas())
        if stored.status == "held":
            outcome = _accept_whole(db, tidied, held, release, policy, now, chosen)
            if outcome.status != "held":
                releases.decide(db, release, "accepted", by=decision.actor, reason=decision.reason)
        else:
            fine = tidied.panel.of_indicators(chosen)
            outcome = accept(db, tidied, fine, held, release, policy, now, rebased=relabelled(chosen))
            releases.settle_findings(db, release, "approved", chosen)
        audit = _audit(db, decision, now, chosen, decision.reason)
        if not releases.held_indicators(db, release):
            releases.unstage(db, release)
        came = _came_of(outcome) if outcome.status == "held" else with_rest(db, release, _came_of(outcome))
        owed = owe_decided(db, asked, decision, key=audit, outcome=came, now=now, indicators=which)
    return replace(outcome, owed=outcome.owed + owed)


def _accept_whole(
    db: Database, release: Release, held: Panel, number: int, policy: Policy, now: datetime, approved: Mapping[str, str]
) -> Outcome:
    """Accept a release held whole, but for indicators turned down or stated by a later release since.

    Only an old release republished, approved as that, takes newer figures back.
    """
    checks = releases.file_checks(db, number)
    later = set() if Check.OLDER_RELEASE in checks else releases.stated_since(db, number)
    turned_down = set(releases.held_indicators(db, number, "rejected"))
    if not set(release.panel.indicators) - later - turned_down:
        msg = f"release {number}: later releases have stated all its indicators since; reject it"
        raise DecisionError(msg)
    releases.settle_findings(db, number, "approved")
    known = {Check.COVERAGE_LOST} if checks & {Check.AREAS_LOST, Check.ROWS_LOST, Check.COUNCIL_LOST} else set()
    return accept_but_for_doubtful(
        db, release, held, number, policy, now, approved=approved, rejected=turned_down | later, known=known
    )


def reject(db: Database, decision: Decision, *, now: datetime, path: Path | str = "database") -> tuple[str, ...]:
    """Turn down a held release, or some of the indicators held from it; returns the indicators turned down.

    Raises DecisionError when nothing of the kind is held.
    """
    release = decision.release
    with unit(db, path):
        stored, chosen = _held(db, release, decision.indicators)
        asked, which = question(db, release), _decided_on(db, stored, chosen)
        releases.settle_findings(db, release, "rejected", chosen if decision.indicators else None)
        if not releases.held_indicators(db, release):
            if stored.status == "held":
                releases.decide(db, release, "rejected", by=decision.actor, reason=decision.reason)
            releases.unstage(db, release)
        audit = _audit(db, decision, now, chosen, decision.reason)
        came = with_rest(db, release, "nothing of it is used; no rank was touched")
        owe_decided(db, asked, decision, key=audit, outcome=came, now=now, indicators=which)
    return tuple(chosen)


def look_again(
    db: Database, decision: Decision, policy: Policy, *, now: datetime, path: Path | str = "database"
) -> Outcome:
    """Judge what is held of a release anew, with today's settings, catalogue and figures, as if it came now.

    What is found no more is taken in; what is still found stays held, with what is found now. Raises DecisionError
    when nothing of it is held.
    """
    release = decision.release
    with unit(db, path):
        stored, waiting = _held(db, release, ())
        asked, before = question(db, release), set(releases.waiting(db, release))
        tidied = _staged(db, stored)
        refuse_unrankable(db, tidied, policy)
        held = observations.load_held(db, panel_areas())
        if stored.status == "held":
            outcome = _look_at_whole(db, stored, tidied, held, policy, now)
            if outcome.status != "held":
                releases.decide(db, release, "accepted", by=decision.actor, reason="looked at again: nothing is found")
        else:
            outcome = _look_at_rest(db, release, tidied, held, policy, now, waiting)
        if release not in releases.all_held(db):
            releases.unstage(db, release)
        now_held = set(releases.waiting(db, release))
        came = _looked(outcome, now_held, before, anew=question(db, release).asked > asked.asked)
        audit = _audit(db, decision, now, (), came)
        owed = owe_decided(db, asked, decision, key=audit, outcome=came, now=now)
    return replace(outcome, owed=outcome.owed + owed)


def _look_at_whole(
    db: Database, stored: releases.ReleaseRow, release: Release, held: Panel, policy: Policy, now: datetime
) -> Outcome:
    """A release held whole, judged as if it came now, but for what was turned down or stated by a later release."""
    turned_down = set(releases.held_indicators(db, stored.id, "rejected"))
    later = releases.stated_since(db, stored.id)
    older = _evidence(db, stored.id, Check.OLDER_RELEASE) if "+" in stored.identity else None
    latest, latest_day = releases.latest_for(db, release.panel.indicators)
    findings = whole_findings(db, release, held, policy, (stored.source, stored.dataset), latest, latest_day, older)
    if not findings and not set(release.panel.indicators) - later - turned_down:
        msg = f"release {stored.id}: later releases have stated all its indicators since; reject it"
        raise DecisionError(msg)
    releases.forget_held(db, stored.id)
    if findings:
        return hold(db, None, release, stored.id, findings, policy, now)
    return accept_but_for_doubtful(db, release, held, stored.id, policy, now, rejected=turned_down | later)


def _look_at_rest(
    db: Database,
    number: int,
    release: Release,
    held: Panel,
    policy: Policy,
    now: datetime,
    waiting: Collection[str],
) -> Outcome:
    """Indicators held from a release that is in otherwise: those without a finding now go in."""
    findings = [one for one in indicator_findings(db, release, held, policy) if one.indicator in waiting]
    doubtful = {finding.indicator for finding in findings if finding.indicator}
    fine = [code for code in waiting if code not in doubtful]
    outcome = Outcome(number, release.name, "held", notes=release.notes)
    releases.settle_findings(db, number, "noted", fine)
    releases.forget_held(db, number)
    if fine:
        outcome = accept(db, release, release.panel.of_indicators(fine), held, number, policy, now)
    if findings:
        owed = hold_findings(db, number, release, findings, policy, now, whole=False)
        outcome = replace(outcome, owed=outcome.owed + owed)
    return replace(outcome, findings=tuple(findings), held=tuple(sorted(doubtful)))


def _staged(db: Database, stored: releases.ReleaseRow) -> Release:
    """A held release, tidied from its text that was kept."""
    text = releases.staged(db, stored.id)
    if text is None:
        msg = f"release {stored.id}: its text is no longer kept; drop the file again"
        raise DecisionError(msg)
    published = date.fromisoformat(stored.published) if stored.published else None
    body = unpack(text[1], text[0], limit=_ANY_SIZE)
    return tidy(body, text[2], text[0], source=stored.source, published=published)


def _evidence(db: Database, release: int, check: Check) -> str | None:
    """The evidence of one check on the file of a held release."""
    return next((said for code, found, said in releases.waiting(db, release) if not code and found == check), None)


def _held(db: Database, release: int, indicators: Collection[str]) -> tuple[releases.ReleaseRow, dict[str, str]]:
    stored = releases.by_number(db, release)
    if stored is None:
        msg = f"there is no release {release}; benchwatch releases lists them"
        raise DecisionError(msg)
    waiting = releases.held_indicators(db, release)
    if stored.status != "held" and not waiting:
        msg = f"release {release} ({stored.name}) is {stored.status} and nothing of it is held"
        raise DecisionError(msg)
    unknown = sorted(set(indicators) - set(waiting))
    if unknown:
        msg = f"release {release}: {unknown[0]} is not held; held are {', '.join(sorted(waiting)) or 'the whole file'}"
        raise DecisionError(msg)
    return stored, {code: check for code, check in waiting.items() if not indicators or code in indicators}


def _decided_on(db: Database, stored: releases.ReleaseRow, chosen: Collection[str]) -> tuple[str, ...]:
    """Names of the indicators that a decision is on; none where it is on the whole release."""
    if stored.status == "held" and set(chosen) == set(releases.held_indicators(db, stored.id)):
        return ()
    return named(db, sorted(chosen))


def _audit(db: Database, decision: Decision, now: datetime, indicators: Iterable[str], said: str) -> str:
    """Keep who decided, when and why; what is returned tells this decision from all others."""
    detail = " ".join(filter(None, (", ".join(indicators), said)))
    subject = f"release {decision.release}"
    line = ledger.note(
        db,
        at=now.isoformat(timespec="seconds"),
        actor=decision.actor,
        action=decision.verdict,
        subject=subject,
        detail=detail,
    )
    return f"audit {line}"


def _came_of(outcome: Outcome) -> str:
    """What became of figures let through, in plain words."""
    if outcome.status == "held":
        return f"{counted(len(outcome.findings), 'other finding')} came up and {are(len(outcome.findings))} asked about"
    if not outcome.snapshot:
        return "nothing in it was not held already"
    changes = sum(change.kind != Kind.BASELINE for change in outcome.changes)
    return f"accepted as snapshot {outcome.snapshot}; {counted(changes, 'change') if changes else 'nothing moved'}"


def _looked(
    outcome: Outcome, found: Collection[tuple[str, str, str]], before: Collection[tuple[str, str, str]], *, anew: bool
) -> str:
    """What looking again has come to."""
    if not found:
        return _joined("nothing is found any more", _came_of(outcome))
    taken = _came_of(outcome) if outcome.status != "held" else ""
    if anew:
        return _joined(taken, f"{counted(len(found), 'finding')} now, asked about anew below")
    same = "the same is found" if set(found) == set(before) else f"{counted(len(found), 'finding')} left"
    return _joined(taken, f"still held: {same}")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
