"""Is a release fit to publish? Findings with evidence, each about the whole file or about one indicator."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.catalogue import Indicator
from engine.panel import Bools, Floats, Ints, Panel

CLOSER_BY = 0.85
"""Distance to the neighbouring label's figures, as a share of the distance to their own, of a moved series.

Between real editions of DfE's tool this, with every label closer to its neighbour in value and in rank order,
separates the relabelled series from all others."""

NEARLY_ALL = 0.9
"""Share of equal figures that shows a single label to have taken its neighbour's place."""

COMPARABLE_CELLS = 10
"""Areas needed before two columns of figures are compared with each other."""


BULK = 20
"""Indicators from which on a release counts as a bulk release, which comes whole or is cut short."""


class Check(StrEnum):
    """What is wrong."""

    BAD_ROWS = "bad_rows"
    ROWS_LOST = "rows_lost"
    AREAS_LOST = "areas_lost"
    COUNCIL_LOST = "council_lost"
    UNKNOWN_AREAS = "unknown_areas"
    OLDER_RELEASE = "older_release"
    DUPLICATE_CELLS = "duplicate_cells"
    MEDIAN_JUMP = "median_jump"
    POLARITY_CHANGED = "polarity_changed"
    UNIT_CHANGED = "unit_changed"
    COVERAGE_LOST = "coverage_lost"
    LABELS_MOVED = "labels_moved"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a release, with evidence in plain words; about one indicator, or the file when None."""

    check: Check
    evidence: str
    indicator: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much: shares from 0 to 1, and the ratio of two medians."""

    bad_rows: float = 0.0
    rows_lost: float = 0.5
    areas_lost: float = 0.2
    coverage_lost: float = 0.2
    median_jump: float = 5.0


def release_findings(
    incoming: Panel, held: Panel, council: str, areas: Mapping[str, str], limits: Limits
) -> list[Finding]:
    """What is wrong with a release as a whole, against what is held of the same indicators.

    ``areas`` gives names for the evidence. Rows or areas lost wholesale, the council itself lost, and an older
    release republished (most series end earlier than they do already).
    """
    shared = sorted(set(incoming.indicators) & set(held.indicators))
    if not shared:
        return []
    old, new = held.of_indicators(shared), incoming.of_indicators(shared)
    return [
        *_older(new, old),
        *_areas_lost(new, old, council, areas, limits),
        *_rows_lost(new, old, limits),
    ]


def indicators_lost(incoming: Collection[str], earlier: Collection[str], limits: Limits) -> list[Finding]:
    """That a release lacks most indicators of the bulk release that stated them before: cut short, most likely.

    ``earlier`` are the indicators last stated by the release before; of fewer than BULK a part may well come alone.
    """
    here = len(set(incoming) & set(earlier))
    if len(earlier) < BULK or here >= (1 - limits.rows_lost) * len(earlier):
        return []
    return [Finding(Check.ROWS_LOST, f"{here} of the {len(earlier)} indicators that the release before stated")]


def indicator_findings(incoming: Panel, held: Panel, limits: Limits) -> list[Finding]:
    """What is wrong with single indicators' figures: labels moved, median jumped, coverage lost.

    An indicator has at most one finding, the one that explains the most.
    """
    findings = []
    old_rows, new_rows = _rows_by_indicator(held), _rows_by_indicator(incoming)
    for code in sorted(old_rows.keys() & new_rows.keys()):
        evidence = (
            _labels_moved(incoming, new_rows[code], held, old_rows[code]),
            _median_jumped(incoming, new_rows[code], held, old_rows[code], limits),
            _coverage_lost(incoming, new_rows[code], held, old_rows[code], limits),
        )
        checks = (Check.LABELS_MOVED, Check.MEDIAN_JUMP, Check.COVERAGE_LOST)
        first = next(((check, text) for check, text in zip(checks, evidence, strict=True) if text), None)
        if first:
            findings.append(Finding(first[0], first[1], code))
    return findings


def description_findings(incoming: Iterable[Indicator], held: Mapping[str, Indicator]) -> list[Finding]:
    """Indicators whose direction or whose unit's scale is not what it was; rewording a unit is no finding."""
    findings = []
    for entry in incoming:
        known = held.get(entry.code)
        if known is None:
            continue
        if known.polarity != entry.polarity:
            evidence = f"direction was {known.polarity}, now {entry.polarity}"
            findings.append(Finding(Check.POLARITY_CHANGED, evidence, entry.code))
        elif unit_scale(known.unit) != unit_scale(entry.unit):
            evidence = f"unit was {known.unit!r}, now {entry.unit!r}"
            findings.append(Finding(Check.UNIT_CHANGED, evidence, entry.code))
    return findings


def unit_scale(unit: str) -> tuple[str, ...]:
    """The part of a unit that fixes its scale: per cent, the number after ``per``, money and its multiples.

    Empty for a unit that names none, such as "Number of pupils" or "score".
    """
    text = unit.lower().replace(",", "")
    scale = []
    if re.search(r"%|per ?cent", text):
        scale.append("%")
    scale += [f"per {found}" for found in re.findall(r"per (\d+)", text)]
    if re.search(r"£|\bgbp\b|\bpounds?\b", text):
        scale.append("£")
    scale += re.findall(r"\b(?:thousand|million|billion)", text)
    return tuple(scale)


def _rows_by_indicator(panel: Panel) -> dict[str, Ints]:
    starts = np.searchsorted(panel.row_indicator, np.arange(len(panel.indicators) + 1))
    return {code: np.arange(starts[at], starts[at + 1]) for at, code in enumerate(panel.indicators)}


def _stated(panel: Panel) -> Bools:
    return ~np.isnan(panel.values)


def _older(new: Panel, old: Panel) -> list[Finding]:
    def latest(panel: Panel) -> Ints:
        ends = np.zeros(len(panel.indicators), np.int64)
        with_values = _stated(panel).any(axis=1)
        np.maximum.at(ends, panel.row_indicator[with_values], panel.ends()[with_values])
        return ends

    earlier = int((latest(new) < latest(old)).sum())
    if 2 * earlier <= len(old.indicators):
        return []
    evidence = f"{earlier} of {len(old.indicators)} series end earlier than the figures already held"
    return [Finding(Check.OLDER_RELEASE, evidence)]


def _areas_lost(new: Panel, old: Panel, council: str, names: Mapping[str, str], limits: Limits) -> list[Finding]:
    def present(panel: Panel) -> set[str]:
        stated = _stated(panel)
        newest = np.zeros(len(panel.areas), bool)
        for rows in _rows_by_indicator(panel).values():
            filled = rows[stated[rows].any(axis=1)]
            if filled.size:
                newest |= stated[filled[-1]]
        return {code for code, there in zip(panel.areas, newest, strict=True) if there}

    had, has = present(old), present(new)
    lost = sorted(had - has)
    named = ", ".join(names.get(code, code) for code in lost[:5]) + (", …" if len(lost) > 5 else "")
    if council in lost:
        evidence = f"{names.get(council, council)} has no figure for the latest period of any indicator"
        return [Finding(Check.COUNCIL_LOST, evidence)]
    if len(lost) > limits.areas_lost * len(had):
        return [Finding(Check.AREAS_LOST, f"{len(lost)} of {len(had)} areas have no figures any more: {named}")]
    return []


def _rows_lost(new: Panel, old: Panel, limits: Limits) -> list[Finding]:
    before, after = _latest_figures(old), _latest_figures(new)
    if before - after <= limits.rows_lost * before:
        return []
    evidence = f"{after:,} figures for the latest periods, where {before:,} are held of the same indicators"
    return [Finding(Check.ROWS_LOST, evidence)]


def _latest_figures(panel: Panel) -> int:
    """Figures in each indicator's latest period that has any: a release may well state the newest period alone."""
    counts = _stated(panel).sum(axis=1)
    latest = np.zeros(len(panel.indicators), np.int64)
    filled = np.flatnonzero(counts)
    latest[panel.row_indicator[filled]] = counts[filled]  # rows ascend by period, so the last one written is the latest
    return int(latest.sum())


def _labels_moved(new: Panel, new_rows: Ints, old: Panel, old_rows: Ints) -> str:
    """Evidence that what stood under one period now stands under its neighbour, or nothing."""
    own = {old.periods[row].key: at for at, row in enumerate(old_rows)}
    restated = {new.periods[row].key: row for row in new_rows}
    if all(key in own and _same(new.values[row], old.values[old_rows[own[key]]]) for key, row in restated.items()):
        return ""
    beside = {word: list(_beside(new, new_rows, old, old_rows, step)) for step, word in ((1, "back"), (-1, "on"))}
    for word, places in beside.items():
        for row, before, neighbour in places:
            successor = restated.get(old.periods[neighbour].key)
            if successor is None:  # a new period alone, with figures like the last one's, has moved nothing
                stays = word == "on" and bool(np.isnan(before).all())
            else:
                stays = _share_equal(new.values[successor], old.values[neighbour]) > 1 - NEARLY_ALL
            if not stays and _took_the_place(new.values[row], before, old.values[neighbour]):
                return f"the figures of {old.labels[neighbour]} now stand one label {word}, under {new.labels[row]}"
    for word, places in beside.items():
        triples = [(new.values[row], before, old.values[neighbour]) for row, before, neighbour in places]
        if evidence := _all_closer(triples):
            return f"every period's figures moved one label {word}: {evidence}"
    return ""


def _beside(new: Panel, new_rows: Ints, old: Panel, old_rows: Ints, step: int) -> Iterator[tuple[int, Floats, int]]:
    """Each new row, what was held under its own label, and the held row next to it: later (1) or earlier (-1)."""
    own = {old.periods[row].key: row for row in old_rows.tolist()}
    ends = [old.periods[row].end for row in old_rows]
    for row in new_rows.tolist():
        end = new.periods[row].end
        place = bisect_right(ends, end) if step == 1 else bisect_left(ends, end) - 1
        if 0 <= place < len(old_rows):
            before = own.get(new.periods[row].key)
            nothing = np.full(new.values.shape[1], np.nan)
            yield row, nothing if before is None else old.values[before], int(old_rows[place])


def _same(left: Floats, right: Floats) -> bool:
    return bool(np.array_equal(left, right, equal_nan=True))


def _share_equal(left: Floats, right: Floats) -> float:
    both = ~np.isnan(left) & ~np.isnan(right)
    return float((left[both] == right[both]).mean()) if both.sum() >= COMPARABLE_CELLS else 0.0


def _took_the_place(row: Floats, before: Floats, neighbour: Floats) -> bool:
    """Whether the figures are the neighbour's and not their own; grades and such repeat from year to year anyway."""
    telling = np.unique(neighbour[~np.isnan(neighbour)]).size >= COMPARABLE_CELLS
    return telling and _share_equal(row, neighbour) >= NEARLY_ALL and _share_equal(row, before) <= 1 - NEARLY_ALL


def _all_closer(triples: list[tuple[Floats, Floats, Floats]]) -> str:
    """Evidence that each row is closer to its neighbour than to itself before, over two labels or more."""
    own_distance = other_distance = 0.0
    labels = 0
    for row, before, neighbour in triples:
        both = ~np.isnan(row) & ~np.isnan(before) & ~np.isnan(neighbour)
        if both.sum() < COMPARABLE_CELLS:
            continue
        own, other = (float(np.median(np.abs(row - side)[both])) for side in (before, neighbour))
        if other >= own or _agreement(row[both], neighbour[both]) <= _agreement(row[both], before[both]):
            return ""
        own_distance, other_distance, labels = own_distance + own, other_distance + other, labels + 1
    if labels < 2 or other_distance > CLOSER_BY * own_distance:
        return ""
    return (
        f"under all {labels} labels they are closer to the neighbouring period's earlier figures than to their own "
        f"(typically {other_distance / labels:.3g} away instead of {own_distance / labels:.3g})"
    )


def _agreement(left: Floats, right: Floats) -> float:
    """Correlation of the two orders of areas."""
    first, second = (values.argsort(kind="stable").argsort(kind="stable") for values in (left, right))
    middle = (len(first) - 1) / 2
    return float(((first - middle) * (second - middle)).sum() / ((first - middle) ** 2).sum())


def _median_jumped(new: Panel, new_rows: Ints, old: Panel, old_rows: Ints, limits: Limits) -> str:
    """Evidence that the median of the latest figures is many times what it was, or nothing."""
    sides = []
    for panel, rows in ((old, old_rows), (new, new_rows)):
        filled = next((row for row in rows[::-1] if _count(panel.values[row]) >= COMPARABLE_CELLS), None)
        if filled is None:
            return ""
        figures = panel.values[filled]
        sides.append((panel.labels[filled], abs(float(np.median(figures[~np.isnan(figures)])))))
    (was_label, was), (now_label, now) = sides
    if was == 0 or now == 0 or max(was, now) <= limits.median_jump * min(was, now):
        return ""
    return f"the median jumped from {was:g} ({was_label}) to {now:g} ({now_label})"


def _count(row: Floats) -> int:
    return int((~np.isnan(row)).sum())


def _coverage_lost(new: Panel, new_rows: Ints, old: Panel, old_rows: Ints, limits: Limits) -> str:
    """Evidence that a period stated again has lost areas, or nothing."""
    own = {old.periods[row].key: row for row in old_rows}
    for row in new_rows[::-1]:
        before = own.get(new.periods[row].key)
        if before is None:
            continue
        had = ~np.isnan(old.values[before])
        lost = int((had & np.isnan(new.values[row])).sum())
        if lost > limits.coverage_lost * had.sum() and had.sum() >= COMPARABLE_CELLS:
            return f"{lost} of {int(had.sum())} areas lost their figure for {new.labels[row]}"
    return ""
