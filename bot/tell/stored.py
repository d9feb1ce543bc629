"""Releases and what became of them, changes, messages, sources and checks: what the database holds and what runs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from bot.tell.parts import table
from bot.words import count, place
from engine.changes import Kind, Standing
from jobs.doctor import Diagnosis
from jobs.overview import DataSetLine, Overview
from jobs.pipeline import Outcome
from jobs.polling import Refusal
from state.views import ChangeView, OutboxView, ReleaseView

PROBLEM_WIDTH = 60
SHOWN = 10
"""Findings printed before the rest are counted."""


def outcome(one: Outcome, *, superseded: bool = False) -> str:
    """What became of a release, in a few lines; ``superseded`` by a later one before anything of it was used."""
    head = f"Release {one.release}, {one.name}: "
    if superseded:
        return head + "superseded by a later release; nothing to do."
    if one.status == "unchanged" and not one.held:
        return head + "already taken in; nothing to do."
    if one.status == "rejected":
        return head + "was rejected earlier; nothing done."
    state = {
        "held": f"held. Nothing of it is used.\n  Decide with: benchwatch approve {one.release}",
        "unchanged": "already taken in, but for what is held.",
    }
    lines = [head + (state.get(one.status) or _accepted(one))]
    if one.status != "held" and one.held:
        lines.append(
            f"  {count(len(one.held), 'indicator')} held; decide with: benchwatch approve {one.release} INDICATOR"
        )
    lines += [
        f"  {finding.check}{f' {finding.indicator}' if finding.indicator else ''}: {finding.evidence}"
        for finding in one.findings[:SHOWN]
    ]
    if len(one.findings) > SHOWN:
        lines.append(f"  … and {len(one.findings) - SHOWN} more; benchwatch releases --json has them all")
    return "\n".join([*lines, *(f"  Note: {note}" for note in one.notes)])


def _accepted(one: Outcome) -> str:
    moved = [change for change in one.changes if change.kind != Kind.BASELINE]
    first = len(one.changes) - len(moved)
    parts = [f"accepted as snapshot {one.snapshot}", f"{one.new_cells:,} new and {one.revised_cells:,} revised figures"]
    if first:
        parts.append(f"{count(first, 'indicator')} seen for the first time")
    parts.append(count(len(moved), "change") if moved else "nothing moved")
    return ", ".join(parts) + f"; {count(one.owed, 'message')} to deliver."


def refusal(one: Refusal) -> str:
    """That a file was refused; the reason goes to standard error."""
    return f"{one.place}: refused, nothing kept."


def outcome_document(one: Outcome) -> dict[str, Any]:
    """A release's outcome as JSON takes it."""
    moved = [change for change in one.changes if change.kind != Kind.BASELINE]
    return {
        "release": one.release,
        "name": one.name,
        "status": one.status,
        "snapshot": one.snapshot,
        "new_cells": one.new_cells,
        "revised_cells": one.revised_cells,
        "first_seen": len(one.changes) - len(moved),
        "changes": len(moved),
        "owed": one.owed,
        "held": list(one.held),
        "findings": [
            {"check": str(finding.check), "indicator": finding.indicator, "evidence": finding.evidence}
            for finding in one.findings
        ],
        "notes": list(one.notes),
    }


def change_document(view: ChangeView) -> dict[str, Any]:
    """A change as JSON takes it, under the names of the export and with the reason for its cause."""
    change = view.change
    sides = {"before": change.before or Standing(None, None), "after": change.after}
    fields = ("period", "value", "rank", "of", "quartile")
    return {
        "release": view.release_id,
        "kind": str(change.kind),
        "cause": str(change.cause) if change.cause else None,
        "reason": change.reason,
        "theme": change.theme,
        "indicator": change.indicator,
        "name": view.name,
        "area_code": change.area,
        **{f"{field}_{side}": getattr(standing, field) for side, standing in sides.items() for field in fields},
    }


def changes(views: Sequence[ChangeView]) -> str:
    """Changes as a table."""
    rows = [
        (
            str(view.release_id),
            view.change.kind.replace("_", " "),
            str(view.change.cause or ""),
            view.name,
            f"{place(view.change.before)} to {place(view.change.after)}",
        )
        for view in views
    ]
    return table(("Release", "What", "Cause", "Where", "Rank"), rows) if rows else "Nothing has changed yet."


def release_document(view: ReleaseView) -> dict[str, Any]:
    """A release as JSON takes it."""
    fields = (
        "id",
        "source",
        "name",
        "published",
        "received",
        "status",
        "rows",
        "new_cells",
        "revised_cells",
        "changes",
    )
    return {
        **{field: getattr(view, field) for field in fields},
        "held": list(view.held),
        "findings": [dict(zip(("check", "indicator", "evidence"), finding, strict=True)) for finding in view.findings],
        "decided_by": view.decided_by,
        "reason": view.reason,
        "decision": view.decision,
    }


def releases(views: Iterable[ReleaseView]) -> str:
    """Releases as a table, the newest first; with decisions left to the service where there were any."""
    views = list(views)
    decided = any(view.decision for view in views)
    rows = [
        (
            str(view.id),
            view.name,
            view.published,
            view.status + (f", {count(len(view.held), 'indicator')} held" if view.held else ""),
            f"{view.new_cells:,}",
            f"{view.revised_cells:,}",
            str(view.changes),
            *((view.decision,) if decided else ()),
        )
        for view in views
    ]
    heads = ("Number", "Name", "Published", "Status", "New", "Revised", "Changes", *(("Decision",) if decided else ()))
    return table(heads, rows) if rows else "No release yet."


def outbox(views: Iterable[OutboxView]) -> str:
    """Messages as a table, the newest first."""
    rows = [(str(view.id), view.destination, view.kind, view.state, str(view.attempts), view.reason) for view in views]
    return table(("Number", "To", "What", "State", "Attempts", "Why"), rows) if rows else "Nothing was ever owed."


def sources(found: Overview, *, indicators: bool) -> str:
    """Sources with their data sets as a table, and with ``indicators`` a second one."""
    rows = []
    for source in found.sources:
        state = _short(source.problem) or _looked(source.checked)
        rows.append((f"{source.source}: {source.title}", "", "", "", state if source.on else "off"))
        rows += [
            (
                "  " + dataset.title,
                str(dataset.indicators),
                _release(dataset.last_release, dataset.released),
                _expected(dataset),
                _short(dataset.problem),
            )
            for dataset in source.datasets
            if source.on
        ]
    parts = [table(("Source", "Indicators", "Last release", "Next", "State"), rows)]
    if indicators:
        lines = [
            (
                line.theme,
                line.name,
                line.source,
                line.period,
                str(line.areas or ""),
                line.released,
                _short(line.problem) or ("" if line.proven else "not yet proven against a real release"),
            )
            for line in found.indicators
        ]
        parts.append(table(("Theme", "Indicator", "Source", "Period", "Areas", "Released", "State"), lines))
    parts += [f"Under embargo until {line.until[:16].replace('T', ' ')}: {line.place}" for line in found.waiting]
    held = sum(1 for line in found.indicators if line.period)
    parts.append(f"{held:,} of {count(len(found.indicators), 'indicator')} of the catalogue are held.")
    if any(dataset.problem for source in found.sources for dataset in source.datasets):
        parts.append("benchwatch doctor says at length what is wrong.")
    return "\n".join(parts)


def _short(problem: str) -> str:
    return textwrap.shorten(problem, PROBLEM_WIDTH, placeholder=" …")


def diagnoses(found: Iterable[Diagnosis]) -> str:
    """What was looked at, a line for each, with what to do."""
    return "\n".join(
        f"{'ok   ' if one.well else 'FAULT'}  {one.subject}: {one.found}"
        + (f"\n       {one.remedy}" if one.remedy else "")
        for one in found
    )


def _looked(checked: str) -> str:
    return f"looked at {checked[:16].replace('T', ' ')} UTC" if checked else "never looked at"


def _release(name: str, day: str) -> str:
    return f"{name}, {day}" if name and day not in name else name


def _expected(dataset: DataSetLine) -> str:
    if not dataset.next_expected:
        return "cancelled" if dataset.expected_state == "cancelled" else ""
    return dataset.next_expected + (" (provisional)" if dataset.expected_state == "provisional" else "")
