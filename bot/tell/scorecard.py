"""Scorecards of a dashboard file and of the council's own indicators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from bot import scorecards as said
from bot.slack_text import clean
from bot.tell.parts import table
from engine.progress import Direction, Directions, Progress, Scorecard, Targets, relative_change, scorecard, scorecards
from jobs.dashboards import Dashboard, Row


def _counted(items: Iterable[Progress], left_out: Sequence[str]) -> Directions:
    return scorecard("", [item for item in items if item.theme not in left_out]).directions


# --- documents ------------------------------------------------------------------------------------


def file_document(board: Dashboard, left_out: Sequence[str], similar: Fraction) -> dict[str, Any]:
    """A dashboard file as JSON takes it: printed and computed, by theme and row by row."""
    printed, computed = scorecards(board.printed()), scorecards(board.computed())
    return {
        "quartiles": _quartiles(printed[-1]),
        "direction_printed": directions_document(_counted(board.printed(), left_out)),
        "direction_computed": directions_document(_counted(board.computed(), left_out)),
        "agreement": _agreement(board.rows),
        "targets": _targets(printed[-1].targets),
        "direction_without": list(left_out),
        "direction_printed_all": directions_document(printed[-1].directions),
        "direction_computed_all": directions_document(computed[-1].directions),
        "similar_change": float(similar),
        "indicators": printed[-1].indicators,
        "without_quartile": printed[-1].unplaced,
        "themes": [
            {
                "theme": one.name,
                "indicators": one.indicators,
                "quartiles": _quartiles(one),
                "direction_printed": directions_document(one.directions),
                "direction_computed": directions_document(other.directions),
                "agreement": _agreement([row for row in board.rows if row.progress.theme == one.name]),
                "targets": _targets(one.targets),
            }
            for one, other in zip(printed[:-1], computed[:-1], strict=True)
        ],
        "disagreements": [_disagreement(row, similar) for row in board.disagreements],
        "rows": [_row(row) for row in board.rows],
    }


def own_document(items: Sequence[Progress], left_out: Sequence[str]) -> dict[str, Any]:
    """The council's own indicators as JSON takes them, in the shape of ``file_document``."""
    cards = scorecards(items)
    return {
        "quartiles": _quartiles(cards[-1]),
        "direction_printed": None,
        "direction_computed": directions_document(_counted(items, left_out)),
        "agreement": None,
        "targets": _targets(cards[-1].targets),
        "direction_without": list(left_out),
        "direction_computed_all": directions_document(cards[-1].directions),
        "indicators": cards[-1].indicators,
        "without_quartile": cards[-1].unplaced,
        "themes": [
            {
                "theme": one.name,
                "indicators": one.indicators,
                "quartiles": _quartiles(one),
                "direction_printed": None,
                "direction_computed": directions_document(one.directions),
                "agreement": None,
                "targets": _targets(one.targets),
            }
            for one in cards[:-1]
        ],
        "disagreements": [],
        "rows": [{"code": item.code, **_progress(item)} for item in items],
    }


def _quartiles(card: Scorecard) -> dict[str, int]:
    return {str(at): number for at, number in enumerate(card.quartiles, start=1)}


def directions_document(found: Directions) -> dict[str, int]:
    """Which way indicators went, as JSON takes it."""
    return {
        "improved": found.improved,
        "similar": found.similar,
        "declined": found.declined,
        "not_comparable": found.not_comparable,
    }


def _targets(found: Targets) -> dict[str, Any]:
    return {
        "met": found.met,
        "missed": found.missed,
        "not_assessable": found.not_assessable,
        "predicted": {
            "on_course": found.on_course,
            "not_on_course": found.not_on_course,
            "not_assessable": found.unpredicted,
        },
    }


def _agreement(rows: Iterable[Row]) -> dict[str, int]:
    compared = [row for row in rows if row.compared]
    return {"agree": sum(row.agrees for row in compared), "of": len(compared)}


def _row(row: Row) -> dict[str, Any]:
    return {
        "line": row.line,
        **_progress(row.progress),
        "direction_printed": str(row.printed),
        "direction_computed": str(row.progress.direction),
        "now": None if row.now.value is None else f"{row.now.value:f}",
        "before": None if row.before.value is None else f"{row.before.value:f}",
        "polarity": str(row.polarity),
    }


def _progress(item: Progress) -> dict[str, Any]:
    stated = item.target.stated
    return {
        "theme": item.theme,
        "indicator": item.name,
        "quartile": item.quartile,
        "direction_printed": None,
        "direction_computed": str(item.direction),
        "target": item.target.words,
        "became": str(item.verdict) if stated else None,
        "predicted": str(item.course) if stated else None,
    }


def _disagreement(row: Row, similar: Fraction) -> dict[str, Any]:
    return {
        "line": row.line,
        "theme": row.progress.theme,
        "indicator": row.progress.name,
        "printed": str(row.printed),
        "computed": str(row.progress.direction),
        "before": row.before.text,
        "now": row.now.text,
        "polarity": str(row.polarity),
        "reason": reason(row, similar),
    }


# --- for people -----------------------------------------------------------------------------------


def file_text(board: Dashboard, left_out: Sequence[str], similar: Fraction) -> str:
    """A dashboard file for people: the counts, a table by theme, and where arrow and figures disagree."""
    printed = scorecards(board.printed())
    card, compared = printed[-1], board.compared
    agree = compared - len(board.disagreements)
    bottom = (
        f"{card.quartiles[-1]:,} of {card.placed:,} are in the bottom quartile" if card.placed else "none is judged"
    )
    level = f"similar is a change of at most {said.per_cent(similar)}"
    lines = [
        f"{said.directions(_counted(board.printed(), left_out))}, as printed; {bottom}; {said.targets(card.targets)}",
        _without(left_out, card),
        said.quartiles(card),
        f"From the figures themselves: {_lower(said.directions(_counted(board.computed(), left_out)))}",
        f"Arrow and figures agree in {agree:,} of {compared:,} rows that have both; {level}",
        said.predicted(card.targets),
    ]
    heads = ("Theme", *said.HEADS, "Arrow agrees")
    rows = [
        (clean(one.name), *said.row(one), _agreed([row for row in board.rows if row.progress.theme == one.name]))
        for one in printed[:-1]
    ]
    kept = [row for row in board.rows if row.progress.theme not in left_out]
    if left_out and kept:
        counted = scorecard("", [item for item in board.printed() if item.theme not in left_out])
        rows.append(("All but those left out", *said.row(counted), _agreed(kept)))
    rows.append(("All themes", *said.row(card), _agreed(board.rows)))
    told = [_told(row, similar) for row in board.disagreements]
    if told:
        told = ["", "Where the arrow and the figures disagree:", *told]
    return "\n".join([*(line for line in lines if line), table(heads, rows), *told])


def own_text(items: Sequence[Progress], left_out: Sequence[str], similar: Fraction) -> str:
    """The council's own indicators for people: the counts, and a table by theme."""
    cards = scorecards(items)
    card = cards[-1]
    level = f"similar is a change of at most {said.per_cent(similar)}"
    lines = [
        said.fact(card),
        f"Without {names(left_out)}: {_lower(said.directions(_counted(items, left_out)))}" if left_out else "",
        said.quartiles(card) if card.indicators else "",
        said.predicted(card.targets),
        f"Each against its latest figure at least a year older; {level}",
    ]
    rows = [(clean(one.name), *said.row(one)) for one in cards[:-1]]
    rows.append(("All themes", *said.row(card)))
    return "\n".join([*(line for line in lines if line), table(("Theme", *said.HEADS), rows)])


def names(themes: Iterable[str]) -> str:
    """Themes, as they are typed."""
    return "; ".join(clean(theme) for theme in themes)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _without(left_out: Sequence[str], card: Scorecard) -> str:
    """Which themes the directions leave out, and what they are with them."""
    if not left_out:
        return ""
    return f"Left out of the directions: {names(left_out)}. With them: {_lower(said.directions(card.directions))}"


def _agreed(rows: Iterable[Row]) -> str:
    found = _agreement(rows)
    return f"{found['agree']:,} of {found['of']:,}" if found["of"] else "–"


def _told(row: Row, similar: Fraction) -> str:
    figures = f"{row.before.text} → {row.now.text}"
    name = f"{row.progress.theme}: {row.progress.name}"
    return "  " + clean(f"Line {row.line}, {name}: {figures}, {reason(row, similar)}")


_SAYS = {
    Direction.IMPROVED: "improved",
    Direction.SIMILAR: "similar",
    Direction.DECLINED: "declined",
}


def reason(row: Row, similar: Fraction) -> str:
    """Why the figures say otherwise, as "printed as similar; a rise of 14.29% where low is good is declined"."""
    now, before = row.now.value, row.before.value
    if now is None or before is None:
        return ""
    share = relative_change(now, before)
    way = "rise" if now > before else "fall" if now < before else "change"
    size = "from 0" if share is None else f"of {said.per_cent(abs(share))}"
    computed = row.progress.direction
    level = f", at most {said.per_cent(similar)}," if share is not None else ""
    small = now == before or (share is not None and abs(share) <= similar)
    why = level if small else f" where {row.polarity} is good"
    return f"printed as {_SAYS[row.printed]}; a {way} {size}{why} is {_SAYS[computed]}"
