"""Who is owed what: notices into the outbox, one a release and destination, nobody told twice in one place."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from engine.areas import load_areas
from engine.changes import Cause, Change, Kind, basket_standing
from engine.quality import Finding
from jobs.notices import (
    BaselineNotice,
    FindingLine,
    Footing,
    HeldNotice,
    Moved,
    Notice,
    OverdueNotice,
    RefusedNotice,
    ReleaseAlert,
    ReleaseInfo,
    SourceNotice,
    ThemeLine,
    to_json,
)
from jobs.policy import OPS, TEAM, Policy
from jobs.ranking import Ranked, bottom_and_judged, rank_held
from state import outbox
from state.database import Database

TO = "to:"
"""Begins a destination that names its place, the ID of a user or channel; others are named in the settings."""

_FIRST_FILL = f"publishers/first-fill/{TEAM}"


def owe_release(
    db: Database, release: ReleaseInfo, ranked: Ranked, policy: Policy, now: datetime, *, published: bool = False
) -> int:
    """Owe what an accepted release has to tell: the baseline, or its changes to the team and to each lead.

    ``published`` tells a publisher's own release from a file. Returns the number of messages owed: none when nothing
    moved, and none for what a publisher's release changes by indicators never seen before alone. Until all publishers
    have been looked at, the baseline waits for the others.
    """
    filling = published and not outbox.known(db, _FIRST_FILL)
    if ranked.first and filling:
        return 0
    if ranked.first:
        key = f"release/{release.id}/baseline/{TEAM}"
        return int(_owe(db, key, TEAM, _baseline(release, ranked, policy), now))
    owed = 0
    for destination, themes in [(TEAM, None), *((f"lead:{lead.name}", lead.themes) for lead in policy.leads)]:
        alert = _alert(release, ranked, policy, themes)
        only_first = published and alert.seen_first and set(alert.quiet) <= {Cause.BASKET}
        if alert.moved or (alert.quiet and not (filling or only_first)):
            key = f"release/{release.id}/snapshot/{ranked.head.id}/{destination}"
            owed += _owe(db, key, destination, alert, now)
    return owed


def owe_first_fill(db: Database, policy: Policy, now: datetime) -> bool:
    """Owe the team one baseline once every publisher has been looked at, whatever came of it; never again."""
    if outbox.known(db, _FIRST_FILL):
        return False
    ranked = rank_held(db, policy)
    if ranked is None:
        return False
    release = ReleaseInfo(ranked.head.release_id, "the publishers, looked at for the first time", "", "")
    return _owe(db, _FIRST_FILL, TEAM, _baseline(release, ranked, policy), now)


def owe_held(
    db: Database,
    release: ReleaseInfo,
    findings: Iterable[Finding],
    policy: Policy,
    now: datetime,
    *,
    names: Mapping[str, str],
    whole: bool,
) -> bool:
    """Owe the ops channel word of a release held whole, or of indicators held from it."""
    lines = tuple(
        FindingLine(finding.check, finding.indicator or "", names.get(finding.indicator or "", ""), finding.evidence)
        for finding in findings
    )
    held = sum(1 for line in lines if line.indicator)
    notice = HeldNotice("held", release, whole, lines, held, policy.illustrative)
    what = hashlib.sha256(repr([(line.check, line.indicator) for line in lines]).encode()).hexdigest()[:12]
    return _owe(db, f"release/{release.id}/held/{what}/{OPS}", OPS, notice, now)


def owe_refused(db: Database, source: str, name: str, identity: str, reason: str, now: datetime) -> bool:
    """Owe the ops channel word of a file that cannot be read as a release, once for each content."""
    return _owe(db, f"refused/{identity}/{OPS}", OPS, RefusedNotice("refused", source, name, reason), now)


def owe_source(db: Database, source: str, notice: SourceNotice, now: datetime) -> bool:
    """Owe the ops channel word of what goes wrong at a source, and of what works again."""
    what = hashlib.sha256(to_json(notice).encode()).hexdigest()[:12]
    return _owe(db, f"source/{source}/{now.isoformat(timespec='seconds')}/{what}", OPS, notice, now)


def owe_overdue(db: Database, releases: Iterable[str], notice: OverdueNotice, now: datetime) -> bool:
    """Owe the ops channel word of releases overdue, moved or cancelled; ``releases`` are what it tells, once for all.

    Each is one text made of what is told of it, its source, its data set and its day.
    """
    what = hashlib.sha256(repr(sorted(releases)).encode()).hexdigest()[:12]
    return _owe(db, f"overdue/{what}/{OPS}", OPS, notice, now)


def _owe(db: Database, key: str, destination: str, notice: Notice, now: datetime) -> bool:
    stamp = now.isoformat(timespec="seconds")
    payload = to_json(notice)
    number = outbox.owe(db, key=key, destination=destination, kind=notice.kind, payload=payload, now=stamp)
    return number is not None


def _footing(ranked: Ranked, policy: Policy) -> Footing:
    return Footing(
        council=load_areas()[ranked.council].name,
        comparators=ranked.group.label,
        areas=len(ranked.group.codes),
        quartile_rule=ranked.snapshot.basis.rules.quartile_rule,
        snapshot=ranked.head.label,
        illustrative=policy.illustrative,
    )


def _baseline(release: ReleaseInfo, ranked: Ranked, policy: Policy) -> BaselineNotice:
    bottom, judged = bottom_and_judged(ranked.snapshot, ranked.council)
    return BaselineNotice(
        kind="baseline",
        footing=_footing(ranked, policy),
        release=release,
        indicators=len(ranked.snapshot.panel.indicators),
        themes=_lines(ranked, "theme"),
        composites=_lines(ranked, "composite"),
        bottom=bottom,
        judged=judged,
    )


def _lines(ranked: Ranked, kind: str) -> tuple[ThemeLine, ...]:
    lines = []
    for name, basket in ranked.snapshot.baskets:
        standing = basket_standing(ranked.snapshot, name, ranked.council)
        if basket == kind and standing is not None:
            lines.append(ThemeLine(name, standing, *bottom_and_judged(ranked.snapshot, ranked.council, name)))
    return tuple(lines)


def _alert(release: ReleaseInfo, ranked: Ranked, policy: Policy, themes: frozenset[str] | None) -> ReleaseAlert:
    concerned = [change for change in ranked.changes if themes is None or change.theme in themes]
    counts = [
        bottom_and_judged(ranked.snapshot, ranked.council, name)
        for name, kind in ranked.snapshot.baskets
        if kind == "theme" and (themes is None or name in themes)
    ]
    loud = [change for change in concerned if change.alerts]
    quiet = Counter(str(change.cause) for change in concerned if change.cause and not change.alerts)
    return ReleaseAlert(
        kind="release_alert",
        footing=_footing(ranked, policy),
        release=release,
        moved=tuple(_moved(change, ranked) for change in sorted(loud, key=_by_theme)),
        quiet=dict(quiet),
        seen_first=sum(change.kind == Kind.BASELINE for change in concerned),
        bottom=sum(bottom for bottom, _ in counts),
        judged=sum(judged for _, judged in counts),
    )


def _by_theme(change: Change) -> tuple[str, bool, str]:
    return change.theme, change.indicator is not None, change.indicator or ""


def _moved(change: Change, ranked: Ranked) -> Moved:
    if change.indicator is None:
        return Moved(change, change.theme)
    entry = ranked.catalogue.indicators[change.indicator]
    return Moved(change, entry.name, entry.unit, entry.decimals, str(entry.polarity))
