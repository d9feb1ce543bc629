"""Small made-up releases: figures for the county areas with the council at a chosen place, written as files."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.areas import comparators
from engine.catalogue import Catalogue
from jobs.pipeline import Raw
from jobs.policy import Lead, Policy
from jobs.tidy import date_in

COUNCIL = "E10000018"
NOW = datetime(2025, 11, 21, 9, 30, tzinfo=UTC)
COUNTIES = comparators("counties", COUNCIL, NOW.date()).codes
COUNTIES_2023 = comparators("counties-2023", COUNCIL, datetime(2023, 3, 1, tzinfo=UTC).date()).codes
POLICE, ROADS = "Police & Crime", "Transport & Highways"
YEARS = ("2019/20", "2020/21", "2021/22", "2022/23", "2023/24", "2024/25")

LIMITS = ("indicator", "area_code", "period", "value", "lower_ci", "upper_ci")

Places = Mapping[str, float]


@dataclass(frozen=True)
class Entry:
    """A line of an indicator dictionary."""

    code: str
    theme: str = POLICE
    name: str = ""
    polarity: str = "high"
    unit: str = ""
    decimals: str = "2"


@dataclass
class Book:
    """One release in the making: rows of figures, and the dictionary beside them."""

    entries: tuple[Entry, ...] = ()
    rows: list[tuple[object, ...]] = field(default_factory=list)
    header: tuple[str, ...] = ("indicator", "area_code", "period", "value")

    def add(self, code: str, period: str, figures: Mapping[str, object]) -> Book:
        """State one indicator for one period."""
        self.rows += [(code, area, period, figure) for area, figure in figures.items()]
        return self

    def add_limited(self, code: str, period: str, figures: Mapping[str, float], half: float) -> Book:
        """The same with limits so far either side of each figure."""
        self.header = LIMITS
        self.rows += [(code, area, period, figure, figure - half, figure + half) for area, figure in figures.items()]
        return self

    @property
    def text(self) -> str:
        """The observation file."""
        return _csv([self.header, *((*row, "", "")[: len(self.header)] for row in self.rows)])

    @property
    def dictionary(self) -> str:
        """The indicator dictionary."""
        heads = ("indicator", "name", "theme", "polarity", "unit", "decimals")
        lines = [(e.code, e.name or f"Name of {e.code}", e.theme, e.polarity, e.unit, e.decimals) for e in self.entries]
        return _csv([heads, *lines])

    def raw(self, name: str) -> Raw:
        """The release as the pipeline takes it, published on the day in its name."""
        beside = self.dictionary.encode() if self.entries else None
        return Raw(self.text.encode(), beside, name, "file", date_in(name))

    def write(self, folder: Path, name: str) -> Path:
        """The release as files that appear whole, the dictionary first."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.entries:
            (folder / f"{name.removesuffix('.csv')}.indicators.csv").write_text(self.dictionary, encoding="utf-8")
        partial = folder / f".{name}.part"
        partial.write_text(self.text, encoding="utf-8")
        return partial.rename(folder / name)


def _csv(rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def at_place(place: int, *, areas: Iterable[str] = COUNTIES, level: float = 100.0, seed: int = 1) -> dict[str, float]:
    """Figures without ties, high being good, that put the council at a place; the others' order hangs on the seed."""
    others = [area for area in areas if area != COUNCIL]
    random.Random(seed).shuffle(others)
    order = [*others[: place - 1], COUNCIL, *others[place - 1 :]]
    return {area: round(level - at, 2) for at, area in enumerate(order, start=1)}


def tied_at(place: int, others: int = 1, *, level: float = 100.0, seed: int = 1) -> dict[str, float]:
    """As ``at_place``, with so many areas that would follow tied with the council."""
    figures = at_place(place, level=level, seed=seed)
    following = [area for area, figure in figures.items() if 0 < figures[COUNCIL] - figure <= others]
    return figures | dict.fromkeys(following, figures[COUNCIL])


def without(figures: Mapping[str, float], *areas: str) -> dict[str, float]:
    """The figures without some areas."""
    return {area: figure for area, figure in figures.items() if area not in areas}


def release(entries: Iterable[Entry], places: Mapping[str, int], period: str, *, level: float = 100.0) -> Book:
    """A release of one period that puts the council at a place in each indicator."""
    known = tuple(entries)
    book = Book(known)
    for code, place in places.items():
        book.add(code, period, at_place(place, level=level))
    return book


def policy(*, leads: Iterable[Lead] = (), catalogue: Catalogue | None = None, comparators: str = "counties") -> Policy:
    """What decides about made-up releases: no catalogue but their own, unless given."""
    return Policy(COUNCIL, comparators, catalogue or Catalogue(), leads=tuple(leads))
