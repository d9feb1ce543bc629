"""A release's way: check, accept or hold, rank, compare, outbox; one unit of work from accepting to what is owed."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import structlog

from engine import quality
from engine.areas import load_areas
from engine.changes import Change
from engine.derived import with_made, with_ratios
from engine.panel import Panel
from engine.quality import Check, Finding
from jobs.errors import SourceError, TooEarly
from jobs.held import asks_already, named, owe_decided, question, with_rest
from jobs.notices import ReleaseInfo
from jobs.policy import Policy
from jobs.ranking import catalogue_now, rank_and_compare
from jobs.sources import publisher, publisher_names
from jobs.telling import owe_held, owe_release
from jobs.tidy import Duplicate, Release, panel_areas, tidy
from state import observations, releases, snapshots
from state.database import Database, unit
from state.ledger import Decision
from state.observations import Merged

log = structlog.get_logger()

_FILE = "file"

Status = Literal["accepted", "unchanged", "held", "rejected"]


@dataclass(frozen=True)
class Raw:
    """A release as fetched: unpacked text, the dictionary beside it, where it came from; ``packed`` as it came."""

    body: bytes
    dictionary: bytes | None
    name: str
    source: str = "file"
    published: date | None = None
    packed: bytes = b""
    dataset: str = ""


ReleaseKind = Literal["new", "revision", "republication"]
"""New periods or indicators; only changed or added figures of periods known; nothing that was not held already."""


@dataclass(frozen=True)
class Outcome:
    """What became of a release: its number, status, findings and what it changed."""

    release: int
    name: str
    status: Status
    findings: tuple[Finding, ...] = ()
    held: tuple[str, ...] = ()
    snapshot: str = ""
    new_cells: int = 0
    revised_cells: int = 0
    changes: tuple[Change, ...] = ()
    owed: int = 0
    notes: tuple[str, ...] = ()
    kind: ReleaseKind | None = None


def ingest(db: Database, raw: Raw, policy: Policy, *, now: datetime, path: Path | str = "database") -> Outcome:
    """Take one release through the whole pipeline; afterwards it is wholly in, held, or as if never seen.

    Raises SourceError when it cannot be read as a release, StateError when the database cannot keep it.
    """
    release = tidy(raw.body, raw.dictionary, raw.name, source=raw.source, published=raw.published)
    if release.published and release.published > now.date() + timedelta(days=1):
        advice = "rename the file or give --published" if raw.source == _FILE else "it is looked at again"
        msg = f"{raw.name}: published {release.published}, which is yet to come; {advice}"
        raise TooEarly(msg)
    with unit(db, path):
        outcome = _take(db, raw, release, policy, now)
    log.info(
        "release",
        release=outcome.release,
        name=outcome.name,
        status=outcome.status,
        held=len(outcome.held),
        new=outcome.new_cells,
        revised=outcome.revised_cells,
        changes=len(outcome.changes),
        owed=outcome.owed,
    )
    return outcome


def relabelled(checks: Mapping[str, str]) -> set[str]:
    """Indicators whose labels moved: approved, they become a new baseline."""
    return {code for code, check in checks.items() if check == Check.LABELS_MOVED}


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")


def _take(db: Database, raw: Raw, release: Release, policy: Policy, now: datetime) -> Outcome:
    """Accept, hold or recognise a tidied release within the caller's unit of work."""
    latest, latest_day = releases.latest_for(db, release.panel.indicators)
    known = releases.by_identity(db, release.identity)
    identity, older = release.identity, None
    if known and known.status == "accepted" and known.id < latest:
        older = f"the content of release {known.id} ({known.name}) again, and release {latest} has come since"
        identity = f"{release.identity}+{latest}"
        known = releases.by_identity(db, identity)
    if known:
        if known.status == "accepted":
            with _superseding(db, known.id, known.name, now):
                releases.supersede_held(db, raw.source, raw.dataset)
        return _recognised(db, known)
    refuse_unrankable(db, release, policy)
    held = observations.load_held(db, panel_areas())
    findings = whole_findings(db, release, held, policy, (raw.source, raw.dataset), latest, latest_day, older)
    number = releases.add(
        db,
        source=release.source,
        name=release.name,
        identity=identity,
        published=release.published.isoformat() if release.published else "",
        received=_stamp(now),
        status="held" if findings else "accepted",
        rows=release.rows,
        bad_rows=release.bad_rows,
        dataset=raw.dataset,
    )
    if findings:
        return hold(db, raw, release, number, findings, policy, now)
    return accept_but_for_doubtful(db, release, held, number, policy, now, raw=raw)


def whole_findings(
    db: Database,
    release: Release,
    held: Panel,
    policy: Policy,
    series: tuple[str, str],
    latest: int,
    latest_day: str,
    older: str | None,
) -> list[Finding]:
    """What is wrong with a release as a whole; ``older`` says that it is known to be an older one, and why."""
    findings = [
        *_file_findings(release, held, policy),
        *quality.indicators_lost(release.panel.indicators, _stated_before(db, series, latest, policy), policy.limits),
    ]
    day = release.published.isoformat() if release.published else ""
    if older is None and day and day < latest_day:
        older = f"published {day}, and figures published {latest_day} are already held of the same indicators"
    if older:
        findings = [Finding(Check.OLDER_RELEASE, older), *(f for f in findings if f.check != Check.OLDER_RELEASE)]
    return findings


def _stated_before(db: Database, series: tuple[str, str], latest: int, policy: Policy) -> list[str]:
    """Indicators that only release ``latest`` has stated last, where it is of the same series: source and data set.

    A publisher's release states what the catalogue takes, whatever a file has stated of the same figures.
    """
    before = releases.by_number(db, latest)
    same = before is not None and (before.source, before.dataset) == series
    stated = releases.stated_last_by(db, latest) if same else []
    return [code for code in stated if code not in policy.catalogue.ratios]


@contextmanager
def _superseding(db: Database, by: int, name: str, now: datetime) -> Iterator[None]:
    """Whatever is no longer asked about after this is told where it was asked."""
    before = releases.all_held(db)
    asked = {number: question(db, number) for number in before}
    yield
    after = releases.all_held(db)
    for number, codes in before.items():
        gone = sorted(codes - after.get(number, set()))
        if number in after and not gone:
            continue
        owe_decided(
            db,
            asked[number],
            Decision(number, "superseded", ""),
            key=f"by {by} {_stamp(now)}",
            outcome=with_rest(db, number, f"release {by} ({name}) has come since"),
            now=now,
            indicators=named(db, gone) if number in after else (),
        )


def _recognised(db: Database, known: releases.ReleaseRow) -> Outcome:
    """What became of this content when it first came; what of it still waits is said again, to nobody else."""
    waiting = releases.waiting(db, known.id)
    findings = tuple(Finding(Check(check), evidence, code or None) for code, check, evidence in waiting)
    held = tuple(code for code, _, _ in waiting if code)
    status: Status = "held" if known.status == "held" else "rejected" if known.status == "rejected" else "unchanged"
    return Outcome(known.id, known.name, status, findings, held)


def refuse_unrankable(db: Database, release: Release, policy: Policy) -> None:
    """Refuse a release with an indicator nobody describes, or a theme that is called like a composite."""
    entries = {**observations.load_indicators(db), **{entry.code: entry for entry in release.entries}}
    missing = sorted(set(release.panel.indicators) - set(entries) - set(policy.catalogue.indicators))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        stem = release.name.removesuffix(".gz").removesuffix(".csv")
        msg = (
            f"{release.name}: indicator {missing[0]!r}{more} is described neither in the catalogue nor in "
            f"{stem}.indicators.csv beside the file; add it there with name, theme and polarity"
        )
        raise SourceError(msg)
    clash = sorted({entry.theme for entry in entries.values()} & set(policy.catalogue.composites))
    if clash:
        msg = f"{release.name}: the theme {clash[0]!r} is called like a composite of the catalogue; rename one of them"
        raise SourceError(msg)


def _file_findings(release: Release, held: Panel, policy: Policy) -> list[Finding]:
    """What is wrong with the file as a whole."""
    findings = []
    unknown = set(release.unknown_areas)
    if unknown:
        shown = ", ".join(sorted(unknown)[:5])
        findings.append(Finding(Check.UNKNOWN_AREAS, f"{len(unknown)} area codes nobody knows: {shown}"))
    if release.bad_rows > policy.limits.bad_rows * release.rows:
        evidence = f"{release.bad_rows} of {release.rows} rows cannot be used: " + "; ".join(map(str, release.bad))
        findings.append(Finding(Check.BAD_ROWS, evidence))
    names = {area.code: area.name for area in load_areas()}
    council = load_areas().carry(policy.council)
    return findings + quality.release_findings(release.panel, held, council, names, policy.limits)


def indicator_findings(db: Database, release: Release, held: Panel, policy: Policy) -> list[Finding]:
    """What is wrong with single indicators that the release states, at most one finding each."""
    stated = set(release.panel.indicators)
    entries = [entry for entry in release.entries if entry.code in stated]
    described = policy.catalogue.indicators
    # A dictionary beside a file is somebody's own, and the catalogue wins. What a publisher says of its figures is a
    # fact, so it is compared with the catalogue itself.
    undescribed = entries if release.source in policy.publishers else [e for e in entries if e.code not in described]
    found = [
        *map(_duplicate, release.duplicates),
        *quality.description_findings(undescribed, {**observations.load_indicators(db), **described}),
        *quality.indicator_findings(release.panel, held, policy.limits),
    ]
    first: dict[str, Finding] = {}
    for finding in found:
        first.setdefault(finding.indicator or "", finding)
    return list(first.values())


def _duplicate(cell: Duplicate) -> Finding:
    lines = " and ".join(map(str, cell.lines))
    evidence = f"lines {lines} each state {cell.area}, {cell.period}: {', '.join(cell.values)}"
    return Finding(Check.DUPLICATE_CELLS, evidence, cell.indicator)


def hold(
    db: Database, raw: Raw | None, release: Release, number: int, findings: list[Finding], policy: Policy, now: datetime
) -> Outcome:
    """Hold a release whole; ``raw`` is None when it is staged already."""
    if raw:
        _stage(db, number, raw)
    owed = hold_findings(db, number, release, findings, policy, now, whole=True)
    return Outcome(number, release.name, "held", tuple(findings), notes=release.notes, owed=owed)


def hold_findings(
    db: Database,
    number: int,
    release: Release,
    findings: list[Finding],
    policy: Policy,
    now: datetime,
    *,
    whole: bool,
) -> int:
    """Hold what findings are about, and ask the ops channel unless a message that stands open asks about them all.

    Returns how many messages are owed.
    """
    releases.add_findings(db, number, [(f.indicator or "", f.check, f.evidence) for f in findings], "held")
    asked = question(db, number)
    if asks_already(asked, findings):
        return 0
    info, names = _info(number, release), _names(db, release)
    return int(owe_held(db, info, findings, policy, now, names=names, whole=whole, again=asked.asked))


def _stage(db: Database, number: int, raw: Raw) -> None:
    """Keep the text of a release for the decision on it."""
    releases.stage(db, number, raw.name, raw.packed or gzip.compress(raw.body, compresslevel=1), raw.dictionary)


def accept_but_for_doubtful(
    db: Database,
    release: Release,
    held: Panel,
    number: int,
    policy: Policy,
    now: datetime,
    *,
    raw: Raw | None = None,
    approved: Mapping[str, str] | None = None,
    rejected: Collection[str] = (),
    known: Collection[Check] = (),
) -> Outcome:
    """Accept what single-indicator checks do not hold; when they hold everything, the release is held whole.

    What was decided on already is not asked again: indicators, ``approved`` with the check of each, and the checks
    ``known`` to fail since the whole file was approved in spite of them.
    """
    decided = {*(approved or {}), *rejected}
    findings = [
        one
        for one in indicator_findings(db, release, held, policy)
        if one.indicator not in decided and one.check not in known
    ]
    doubtful = {finding.indicator for finding in findings if finding.indicator}
    fine = [code for code in release.panel.indicators if code not in doubtful and code not in rejected]
    if not fine:
        releases.decide(db, number, "held", by="", reason="")
        return hold(db, raw, release, number, findings, policy, now)
    with _superseding(db, number, release.name, now):
        releases.supersede(db, release.panel.indicators, number)
        if raw:
            releases.supersede_held(db, raw.source, raw.dataset, number)
    rebased = relabelled(approved or {})
    outcome = accept(db, release, release.panel.of_indicators(fine), held, number, policy, now, rebased=rebased)
    if findings:
        if raw:
            _stage(db, number, raw)
        owed = hold_findings(db, number, release, findings, policy, now, whole=False)
        outcome = replace(outcome, owed=outcome.owed + owed)
    return replace(outcome, findings=tuple(findings), held=tuple(sorted(doubtful)))


def accept(
    db: Database,
    release: Release,
    incoming: Panel,
    held: Panel,
    number: int,
    policy: Policy,
    now: datetime,
    *,
    rebased: Collection[str] = (),
) -> Outcome:
    """Keep the figures, rank, compare and owe: everything a release changes, within the caller's unit of work."""
    wanted = set(incoming.indicators)
    brought = {entry.code: entry for entry in release.entries if entry.code in wanted}
    catalogue, conflicts = catalogue_now(db, policy, brought)
    numbered = replace(incoming, status=_stored_remarks(db, incoming, release.remarks))
    # A series replaced whole takes along the ratios made of it.
    rebased = with_made(rebased, catalogue.ratios)
    stated = with_ratios(numbered, held.of_indicators(set(held.indicators) - rebased), catalogue.ratios)
    described = [entry for entry in catalogue.indicators.values() if entry.code in set(held.indicators)]
    observations.save_indicators(db, described)  # the catalogue may have been edited since
    observations.save_indicators(db, [catalogue.indicators[code] for code in stated.indicators], number)
    snapshot = snapshots.next_snapshot(db)
    merged = observations.merge(db, stated, held, release=number, snapshot=snapshot, whole=rebased)
    kind = _kind(incoming, held, merged)
    releases.set_cells(db, number, new=merged.new_cells, revised=merged.revised_cells, kind=kind)
    if kind == "republication" and release.source in policy.publishers and snapshot > 1:
        return Outcome(number, release.name, "unchanged", kind=kind, notes=release.notes)
    ranked = rank_and_compare(
        db,
        held=held,
        panel=merged.panel,
        catalogue=catalogue,
        policy=policy,
        release=number,
        published=release.published or now.date(),
        now=now,
        rebased=rebased,
    )
    info = _info(number, release)
    owed = owe_release(db, info, ranked, policy, now, published=release.source in policy.publishers)
    return Outcome(
        number,
        release.name,
        "accepted",
        snapshot=ranked.head.label,
        new_cells=merged.new_cells,
        revised_cells=merged.revised_cells,
        changes=ranked.changes,
        owed=owed,
        notes=(*release.notes, *_clashes([code for code in conflicts if code in brought])),
        kind=kind,
    )


def _clashes(codes: Sequence[str]) -> Iterable[str]:
    if codes:
        yield f"{len(codes)} indicators are described otherwise in the catalogue, which wins: {codes[0]}, …"


def _kind(incoming: Panel, held: Panel, merged: Merged) -> ReleaseKind:
    """What kind of release it is: one with a period not held before is new, whatever else it revises."""
    known = held.row_of
    filled = set(np.nonzero((~np.isnan(incoming.values)).any(axis=1))[0].tolist())
    if any(row in filled and key not in known for key, row in incoming.row_of.items()):
        return "new"
    return "revision" if merged.new_cells or merged.revised_cells else "republication"


def _stored_remarks(db: Database, panel: Panel, remarks: Sequence[str]) -> npt.NDArray[np.int16]:
    """The panel's statuses under the database's numbers for the remarks."""
    numbers = observations.remark_numbers(db, remarks)
    return np.where(panel.status > 0, numbers[np.maximum(panel.status, 0)], panel.status)


def _info(number: int, release: Release) -> ReleaseInfo:
    day = release.published.isoformat() if release.published else ""
    source = publisher(release.source).TITLE if release.source in publisher_names() else release.source
    return ReleaseInfo(number, release.name, source, day)


def _names(db: Database, release: Release) -> dict[str, str]:
    known = {code: entry.name for code, entry in observations.load_indicators(db).items()}
    return known | {entry.code: entry.name for entry in release.entries}
