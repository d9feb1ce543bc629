"""Releases that are expected and have not come, as people are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from jobs.notices import DueLine
from jobs.policy import Policy
from jobs.sources import publisher, wants_of
from state import sources
from state.database import Database
from state.sources import Expected


def due_between(
    db: Database, policy: Policy, first: date, last: date, themes: Iterable[str] | None = None
) -> tuple[DueLine, ...]:
    """Releases expected from one day to another that have not come, of all data sets or those of some themes."""
    wanted = None if themes is None else _with_members(policy, themes)
    of_themes = _themes_of(policy)
    lines = {
        line: None
        for dataset, one, line in _to_come(db, policy)
        if first.isoformat() <= one.day <= last.isoformat()
        and (wanted is None or wanted & of_themes.get(dataset, set()))
    }
    return _by_day(lines)


def overdue(db: Database, policy: Policy) -> tuple[DueLine, ...]:
    """Releases that have not come and that the ops channel was told are overdue."""
    return _by_day({line: None for _, one, line in _to_come(db, policy) if one.told == f"overdue {one.day}"})


def _to_come(db: Database, policy: Policy) -> Iterator[tuple[tuple[str, str], Expected, DueLine]]:
    """Every data set with a release that has not come and is not cancelled."""
    for name in policy.publishers:
        known, come = sources.expected(db, name), sources.last_come(db, name)
        for dataset, wants in wants_of(policy.catalogue, name).items():
            one = known.get(dataset)
            if one and one.state != "cancelled" and not sources.has_come(one, come.get(dataset, "")):
                title = one.title if one.announced and one.title else wants.dataset.title
                yield (name, dataset), one, DueLine(title, publisher(name).TITLE, one.day, one.state == "provisional")


def _by_day(lines: Iterable[DueLine]) -> tuple[DueLine, ...]:
    return tuple(sorted(lines, key=lambda line: (line.day, line.title)))


def _with_members(policy: Policy, names: Iterable[str]) -> set[str]:
    """The themes, with those that composites among them are made of."""
    found = set(names)
    for composite in policy.catalogue.composites.values():
        if composite.name in found:
            found |= set(composite.themes) or {entry.theme for entry in policy.catalogue.indicators.values()}
    return found


def _themes_of(policy: Policy) -> dict[tuple[str, str], set[str]]:
    """The themes that each data set has figures for."""
    catalogue = policy.catalogue
    found: dict[tuple[str, str], set[str]] = {}
    for code, entry in catalogue.indicators.items():
        ratio = catalogue.ratios.get(code)
        origin = catalogue.origins.get(ratio.of if ratio else code)
        if origin:
            found.setdefault((origin.publisher, origin.dataset), set()).add(entry.theme)
    return found
