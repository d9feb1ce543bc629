"""Years held, imports of published ranks, and named editions."""

from __future__ import annotations

from collections.abc import Sequence

from bot.slack_text import clean, cut, unescape
from bot.tell.parts import rank_document
from bot.words import NAME, as_published, count, place, share_held
from engine.changes import Standing
from jobs.history import Imported
from state.editions import Edition
from state.published import PublishedRank
from state.years import ThemeYear, YearsHeld

_KINDS = {"composite": " (composite)", "published": " (only as published)"}


def history_document(found: Sequence[YearsHeld]) -> dict[str, object]:
    """Every year of each theme, oldest first: the computed rank, and the published one beside it."""
    themes = [
        {"theme": one.name, "kind": one.kind, "indicators": one.judged, "years": [_year(year) for year in one.years]}
        for one in found
    ]
    return {"themes": themes}


def _year(year: ThemeYear) -> dict[str, object]:
    return {
        "year": year.year,
        **rank_document(year.standing or Standing(None, None)),
        "indicators": year.held,
        "published": _printed(year.published) if year.published else None,
    }


def _printed(rank: PublishedRank) -> dict[str, object]:
    return {
        "edition": rank.edition,
        "title": rank.title,
        "rank": rank.rank,
        "of": rank.of,
        "expenditure_rank": rank.spend_rank,
        "expenditure_of": rank.spend_of,
        "file": rank.file,
    }


def history_text(found: Sequence[YearsHeld]) -> str:
    """Theme by theme a line for each year in which anything is known, the newest first."""
    blocks = []
    for one in found:
        known = [year for year in reversed(one.years) if year.standing or year.published]
        lines = [f"  {year.year}  {_told(year, one.judged)}" for year in known]
        if lines:
            blocks.append("\n".join([f"{_shown(one.name)}{_KINDS.get(one.kind, '')}", *lines]))
    return "\n\n".join(blocks) or "No year is held of any theme yet."


def _told(year: ThemeYear, judged: int) -> str:
    """A year in which fewer than two thirds of the indicators are held says how many."""
    computed = place(year.standing) if year.standing else ""
    if year.thin(judged):
        computed += f", on {share_held(year.held, judged)}"
    printed = unescape(as_published(year.published)) if year.published else ""
    return " · ".join(part for part in (computed, printed) if part)


def _shown(name: str) -> str:
    return cut(clean(name), NAME)


def imported_document(one: Imported) -> dict[str, object]:
    """What an import did."""
    return {
        "edition": one.edition,
        "outcome": one.outcome,
        "ranks": one.ranks,
        "previous": one.previous or None,
        "previous_ranks": one.previous_ranks,
        "previous_has_its_own_file": one.stands,
        "own_names": list(one.unmatched),
        "taken_for": dict(one.renamed),
    }


def imported_text(done: Sequence[Imported]) -> str:
    """What imports did, each in a few lines."""
    return "\n".join(line for one in done for line in _lines(one))


def _lines(one: Imported) -> list[str]:
    number = count(one.ranks, "published rank")
    if one.outcome == "unchanged":
        return [f"Edition {one.edition}: imported already, nothing was changed; {number} held."]
    how = {"imported": "imported", "replaced": "replaced with"}[one.outcome]
    lines = [f"Edition {one.edition}: {how} {number}."]
    if one.previous:
        stands = "has a file of its own, which stands" if one.stands else f"{one.previous_ranks} taken from this file"
        lines.append(f"  The year before, {one.previous}: {stands}.")
    if one.renamed:
        taken = "; ".join(f"{_shown(title)} as {_shown(name)}" for title, name in one.renamed)
        lines.append(f"  Taken: {taken}.")
    if one.unmatched:
        kept = "; ".join(_shown(title) for title in one.unmatched)
        lines.append(f"  Kept under {'its own name' if len(one.unmatched) == 1 else 'their own names'}: {kept}.")
    return lines


def edition_document(one: Edition) -> dict[str, object]:
    """A named edition."""
    return {"edition": one.name, "snapshot": one.label, "named": one.at, "by": one.by}


def editions_text(found: Sequence[Edition]) -> str:
    """A line for each edition, oldest first."""
    if not found:
        return 'No edition has been named yet; this does it: benchwatch edition "2022/23"'
    return "\n".join(f"{one.name}: snapshot {one.label}, named {one.at[:10]} by {_shown(one.by)}" for one in found)
