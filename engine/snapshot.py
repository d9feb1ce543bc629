"""A snapshot: every indicator's rank at its current period, every theme's and composite's rank, and on what basis."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np

from engine.catalogue import SPENDING_LINE, Catalogue, Composite, Indicator, Polarity
from engine.panel import Ints, Panel
from engine.ranking import (
    SHARE_NEEDED,
    BasketRanks,
    Eligibility,
    QuartileRule,
    Ranks,
    badness,
    rank_baskets,
    rank_rows,
    value_keys,
)

METHOD_VERSION = "1"
"""Raised with every change that can alter a published rank; stored with each snapshot (method, item 16)."""

OLD_AFTER_YEARS = 4
"""Years after which the latest period is shown as old (method, item 9)."""

_ELIGIBLE = int(Eligibility.ELIGIBLE)  # asked for each indicator of each snapshot, and an enum's member is slow to find

BasketKind = Literal["theme", "composite", "expenditure"]


@dataclass(frozen=True, slots=True)
class Rules:
    """The parts of the method that are settings."""

    quartile_rule: QuartileRule = "rank"
    min_coverage: Fraction = SHARE_NEEDED
    max_age_years: int | None = None


@dataclass(frozen=True)
class Basis:
    """Everything but the figures that decides a rank: rules, comparators, indicators and composites.

    Two snapshots are compared only by way of their bases (method, item 16).
    """

    comparators: tuple[str, ...]
    indicators: Mapping[str, Indicator]
    composites: tuple[Composite, ...] = ()
    rules: Rules = field(default_factory=Rules)
    version: str = METHOD_VERSION

    @classmethod
    def of(cls, catalogue: Catalogue, comparators: Sequence[str], rules: Rules) -> Basis:
        """The basis of ranking this catalogue's indicators among these areas by these rules."""
        return cls(tuple(comparators), dict(catalogue.indicators), tuple(catalogue.composites.values()), rules)

    def made_of(self, basket: str) -> list[str]:
        """The indicators that make up a theme or composite where they are eligible. Method, items 6 and 7."""
        composites = {entry.name: entry.themes for entry in self.composites}
        themes = composites.get(basket, (basket,))
        return [
            code
            for code, entry in self.indicators.items()
            if entry.polarity.directional and (entry.theme in themes or not themes)
        ]

    @cached_property
    def hash(self) -> str:
        """Short name of this basis, equal exactly when everything that decides a rank is equal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def to_json(self) -> str:
        """Canonical JSON of this basis; ``from_json`` reads it back."""
        return json.dumps(
            {
                "version": self.version,
                "quartile_rule": self.rules.quartile_rule,
                "min_coverage": str(self.rules.min_coverage),
                "max_age_years": self.rules.max_age_years,
                "comparators": self.comparators,
                "composites": [[entry.name, entry.themes] for entry in self.composites],
                "indicators": {
                    code: [entry.theme, str(entry.polarity), entry.decimals]
                    for code, entry in sorted(self.indicators.items())
                },
            },
            sort_keys=True,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Basis:
        """The basis that ``to_json`` wrote; indicators carry only what decides a rank."""
        raw: dict[str, Any] = json.loads(text)
        return cls(
            comparators=tuple(raw["comparators"]),
            indicators={
                code: Indicator(code, code, theme, Polarity.parse(polarity), decimals=decimals)
                for code, (theme, polarity, decimals) in raw["indicators"].items()
            },
            composites=tuple(Composite(name, tuple(themes)) for name, themes in raw["composites"]),
            rules=Rules(raw["quartile_rule"], Fraction(raw["min_coverage"]), raw["max_age_years"]),
            version=raw["version"],
        )


@dataclass(frozen=True)
class Snapshot:
    """Ranks of K indicators at their chosen period and of G baskets, for the A comparators of ``panel``.

    ``panel`` has one row an indicator; ``baskets`` are (name, kind) in the order of ``basket_ranks``'s rows.
    """

    basis: Basis
    panel: Panel
    ranks: Ranks
    baskets: tuple[tuple[str, BasketKind], ...]
    members: tuple[Ints, ...]
    basket_ranks: BasketRanks

    @cached_property
    def row(self) -> dict[str, int]:
        """Row of each indicator in ``panel`` and ``ranks``."""
        return {code: at for at, code in enumerate(self.panel.indicators)}

    @cached_property
    def basket(self) -> dict[str, int]:
        """Row of each basket in ``basket_ranks``."""
        return {name: at for at, (name, _) in enumerate(self.baskets)}

    @cached_property
    def column(self) -> dict[str, int]:
        """Column of each area."""
        return {code: at for at, code in enumerate(self.panel.areas)}

    def eligible(self, indicator: str) -> bool:
        """True when the indicator is ranked, directional and fit for a basket."""
        at = self.row.get(indicator)
        return at is not None and self.ranks.eligible[at] == _ELIGIBLE


def choose_rows(
    panel: Panel,
    *,
    not_after: date | Mapping[str, date] | None = None,
    not_before: date | None = None,
) -> Ints:
    """Rows of each indicator's latest period in which two thirds of the areas have a value, one row an indicator.

    ``not_after`` limits the period's last day, for all indicators (the snapshot of a year) or for each;
    ``not_before`` leaves out what is older. Indicators without such a period have no row. Method, item 9.
    """
    needed = -(-SHARE_NEEDED.numerator * len(panel.areas) // SHARE_NEEDED.denominator)
    usable = (~np.isnan(panel.values)).sum(axis=1) >= needed
    ends = panel.ends()
    if isinstance(not_after, date):
        usable &= ends <= not_after.toordinal()
    elif not_after is not None:
        limits = [not_after[code].toordinal() if code in not_after else 0 for code in panel.indicators]
        usable &= ends <= np.array(limits, np.int64)[panel.row_indicator]
    if not_before is not None:
        usable &= ends >= not_before.toordinal()
    latest = np.full(len(panel.indicators), -1, np.int64)
    rows = np.nonzero(usable)[0]
    latest[panel.row_indicator[rows]] = rows  # rows ascend by period, so the last one written is the latest
    return latest[latest >= 0]


def own_year(ends: Iterable[int]) -> int | None:
    """The year a basket is of: that in which most of its members' periods end, given by year; the later of two alike.

    One monthly indicator does not make a theme a year younger. None without members. Method, item 9.
    """
    counts = Counter(ends)
    return max(counts, key=lambda year: (counts[year], year), default=None)


def take_snapshot(
    panel: Panel,
    basis: Basis,
    *,
    not_after: date | Mapping[str, date] | None = None,
    not_before: date | None = None,
) -> Snapshot:
    """The snapshot of ``panel`` on ``basis``: choose periods, rank indicators, themes, composites and spending lines.

    The panel may hold any areas; only the basis's comparators count. Indicators the basis does not describe are left
    out. Method, items 1 to 9.
    """
    panel = panel.for_areas(basis.comparators)
    known = np.array([code in basis.indicators for code in panel.indicators], bool)
    rows = choose_rows(panel, not_after=not_after, not_before=not_before)
    return rank_chosen(panel.rows(rows[known[panel.row_indicator[rows]]]), basis)


def rank_chosen(panel: Panel, basis: Basis, ranks: Ranks | None = None) -> Snapshot:
    """The snapshot of a panel that already has one row an indicator and the basis's areas; ``ranks``, where known."""
    entries = [basis.indicators[code] for code in panel.indicators]
    ranks = ranks or rank_panel(panel, entries, basis)
    baskets, members = _baskets(entries, ranks, basis.composites)
    basket_ranks = rank_baskets(ranks.rank, members, basis.rules.min_coverage)
    spending = np.array([kind == "expenditure" for _, kind in baskets], bool)
    basket_ranks.quartile[spending] = 0
    return Snapshot(basis, panel, ranks, baskets, members, basket_ranks)


def rank_panel(panel: Panel, entries: Sequence[Indicator], basis: Basis) -> Ranks:
    """Ranks of every row of ``panel``, ``entries`` describing them row by row. Method, items 1 to 5."""
    decimals = np.array([entry.key_decimals for entry in entries], np.int64)
    polarity = [entry.polarity for entry in entries]
    keys = value_keys(panel.values, decimals)
    bad = badness(keys, decimals, polarity)
    return rank_rows(bad, polarity, len(panel.areas), basis.rules.quartile_rule, keys)


def _baskets(
    entries: Sequence[Indicator], ranks: Ranks, composites: Sequence[Composite]
) -> tuple[tuple[tuple[str, BasketKind], ...], tuple[Ints, ...]]:
    """Themes with their eligible members, then composites, then one basket for each spending line."""
    themes: dict[str, list[int]] = {}
    spending: dict[str, list[int]] = {}
    for at, entry in enumerate(entries):
        if entry.is_expenditure:
            line = SPENDING_LINE + entry.name
            spending[f"{line} ({entry.code})" if line in spending else line] = [at]
        elif entry.polarity.directional:
            eligible = [at] if ranks.eligible[at] == _ELIGIBLE else []
            themes.setdefault(entry.theme, []).extend(eligible)
    whole: dict[str, list[int]] = {
        entry.name: sorted({at for name in (entry.themes or themes) for at in themes.get(name, [])})
        for entry in composites
    }
    named: list[tuple[tuple[str, BasketKind], list[int]]] = [
        *(((name, "theme"), rows) for name, rows in sorted(themes.items())),
        *(((name, "composite"), rows) for name, rows in whole.items()),
        *(((name, "expenditure"), rows) for name, rows in sorted(spending.items())),
    ]
    return tuple(key for key, _ in named), tuple(np.array(rows, np.int64) for _, rows in named)
