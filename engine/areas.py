"""Who is compared: England's areas, what became of them, and the comparator groups.

Three files in ``engine/data`` hold the facts:

* ``areas.csv``: every upper-tier council since 2015, and two that ended in 2009 and that some series still
  name, with its ONS code, first and last day (blank: before 2015, and still there), successors and Department
  for Education (DfE) number; the districts of April 2023, the nine regions and England. ``same_boundary``
  marks a successor under which the publishers carry on the same series. Barnsley and Sheffield took new codes
  in 2025; their day, 1 April, is a convention.
* ``groups.toml``: the named groups, each with the date its codes belong to.
* ``neighbours.csv``: the ten statistical neighbours of each council in DfE's model of 2025, by DfE number.
"""

from __future__ import annotations

import csv
import difflib
import functools
import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.errors import EngineError

__all__ = [
    "ENGLAND",
    "Area",
    "Areas",
    "Comparators",
    "Kind",
    "UnknownArea",
    "UnknownGroup",
    "comparators",
    "councils_and_england",
    "group_names",
    "load_areas",
]

ENGLAND = "E92000001"
"""The code of England as a whole."""

_DATA = Path(__file__).with_name("data")


class UnknownArea(EngineError):
    """An area code nobody knows, or one that cannot be ranked on the day asked for."""


class UnknownGroup(EngineError):
    """A comparator group nobody knows, or one that leaves a council with nobody to be compared with."""


class Kind(StrEnum):
    """What an area is; the upper-tier kinds are the councils that run social care, schools and roads."""

    COUNTY = "county"
    UNITARY = "unitary"
    METROPOLITAN = "metropolitan"
    LONDON = "london"
    DISTRICT = "district"
    REGION = "region"
    COUNTRY = "country"


_UPPER_TIER = frozenset({Kind.COUNTY, Kind.UNITARY, Kind.METROPOLITAN, Kind.LONDON})


@dataclass(frozen=True)
class Area:
    """One ONS code: a change of boundary gives the same council a new code, and so a new area.

    ``end`` is the last day. With ``same_boundary`` the only successor continues this area's figures.
    """

    code: str
    name: str
    kind: Kind
    start: date | None = None
    end: date | None = None
    successors: tuple[str, ...] = ()
    dfe_number: str | None = None
    same_boundary: bool = False

    @property
    def upper_tier(self) -> bool:
        """Whether it is a council that runs social care, schools and roads."""
        return self.kind in _UPPER_TIER

    @property
    def kept(self) -> bool:
        """Whether its figures are: those of upper-tier councils, and of England as a whole."""
        return self.upper_tier or self.kind == Kind.COUNTRY

    def ended(self, on: date) -> bool:
        """Whether the last day is over; an area is still there on its last day."""
        return self.end is not None and self.end < on

    def exists(self, on: date) -> bool:
        """Whether the day lies between the first and the last, both included."""
        return not self.ended(on) and (self.start is None or self.start <= on)


class Areas:
    """Every known area, by code; iterates in the order of the data file."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self._by_code = {area.code: area for area in areas}

    def __iter__(self) -> Iterator[Area]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Area:
        """The area of a code; :class:`UnknownArea` names the nearest one, also when given a name."""
        try:
            return self._by_code[code]
        except KeyError:
            raise UnknownArea(f"no area has the code {code!r}{self._nearest(code)}") from None

    def get(self, code: str) -> Area | None:
        """The area of a code, or ``None``: for files that also hold wards, Wales and the like."""
        return self._by_code.get(code)

    def current(self, code: str, on: date) -> tuple[str, ...]:
        """The codes in whose territory an area lies on a day: itself, or its successors once it has ended.

        Territory is not figures: Dorset county lies in two councils, and neither continues its series. See
        :meth:`carry` for that. A code that begins after the day is returned as it is.
        """
        area = self[code]
        if not area.ended(on):
            return (code,)
        return tuple(dict.fromkeys(end for heir in area.successors for end in self.current(heir, on)))

    def carry(self, code: str) -> str:
        """The code under which today's figures of the same place stand: itself where nothing continues them.

        E10000002 gives E06000060, for Buckinghamshire changed its council and not its boundary. Cumbria was
        split and Dorset lost Christchurch, so both keep the codes under which their series end.
        """
        return self._carried(code, date.max)

    def settle(self, code: str, on: date) -> str | None:
        """The code that stands for an area on a day, or ``None`` when its figures have stopped by then."""
        last = self._carried(code, on)
        return None if self[last].ended(on) else last

    def _carried(self, code: str, on: date) -> str:
        area = self[code]
        if area.same_boundary and area.ended(on):
            return self._carried(area.successors[0], on)
        return code

    def _nearest(self, text: str) -> str:
        """A hint for an error message, from codes and names."""
        spellings = {spelling.casefold(): area for area in self for spelling in (area.name, area.code)}
        for match in difflib.get_close_matches(text.casefold(), spellings, n=1):
            return f"; the nearest is {spellings[match].code} ({spellings[match].name})"
        return "; codes look like E10000018 (Leicestershire)"


@dataclass(frozen=True)
class Comparators:
    """The codes a council is compared among, sorted and with its own; ``label`` names them to people."""

    name: str
    label: str
    codes: tuple[str, ...]

    @property
    def hash(self) -> str:
        """The same for the same codes, whatever the group is called; ranks compare only where it is equal."""
        return hashlib.sha256(",".join(self.codes).encode()).hexdigest()[:16]


@functools.cache
def load_areas() -> Areas:
    """The areas of ``engine/data/areas.csv``, read once."""
    return Areas(_area(row) for row in _rows("areas.csv"))


def councils_and_england(on: date) -> tuple[str, ...]:
    """The codes of the upper-tier councils there are on a day, and England's: what an interface is asked for."""
    return tuple(area.code for area in load_areas() if area.kept and area.exists(on))


def group_names() -> tuple[str, ...]:
    """The names :func:`comparators` understands."""
    return tuple(_groups())


def comparators(group: str | Sequence[str], council: str, on: date) -> Comparators:
    """Who a council is compared with on a day: a named group, or a list of codes.

    An area that has ended by then is followed to the code that continues its figures, and left out where
    none does: of the 32 counties of 2023, Cumbria is gone from 1 April 2023 and 31 remain. The council is
    always one of them, and no place is in twice under an old and a new code. A group is not walked back:
    before its date it still names the later codes, under which the publishers recast their older figures.
    Only ``all-upper-tier`` is drawn up afresh for each day.
    """
    areas = load_areas()
    own = _own_code(areas, council, on)
    if isinstance(group, str):
        name, label = group, _label(group)
        members = _members(areas, group, own, on)
    else:
        name, label = "list", "chosen councils"
        members = tuple(_ranked(areas, code).code for code in group)
    settled = (areas.settle(member, on) for member in members)
    places = {areas.carry(code): code for code in settled if code is not None} | {areas.carry(own): own}
    if len(places) == 1:
        raise UnknownGroup(f"{label} on {on}: nobody but {areas[own].name}; name at least one other council")
    return Comparators(name, label, tuple(sorted(places.values())))


def _own_code(areas: Areas, council: str, on: date) -> str:
    area = _ranked(areas, council)
    code = areas.settle(council, on)
    if code is None:
        heirs = ", ".join(f"{areas[heir].name} ({heir})" for heir in areas.current(council, on))
        raise UnknownArea(f"{area.name} ({council}) ended on {area.end}; its successors are {heirs}")
    return code


def _ranked(areas: Areas, code: str) -> Area:
    """The area, unless it is a region or the country: those hold councils and are not ranked among them."""
    area = areas[code]
    if area.kind in (Kind.REGION, Kind.COUNTRY):
        raise UnknownArea(f"{area.name} ({code}) is a {area.kind}, not a council, and cannot be ranked")
    return area


def _members(areas: Areas, group: str, council: str, on: date) -> tuple[str, ...]:
    if group == "all-upper-tier":
        return tuple(area.code for area in areas if area.upper_tier and area.exists(on))
    if group == "statistical-neighbours":
        return _neighbours(areas, council)
    return tuple(_groups()[group]["codes"])


def _neighbours(areas: Areas, council: str) -> tuple[str, ...]:
    """DfE's neighbours under the latest code of each DfE number, as the model of 2025 means them."""
    number = areas[council].dfe_number
    for row in _rows("neighbours.csv"):
        if row["council"] == number:
            by_number = {area.dfe_number: area.code for area in areas if area.end is None}
            return tuple(by_number[neighbour] for neighbour in row["nearest_first"].split())
    raise UnknownGroup(f"DfE's model of 2025 names no neighbours of {council} ({areas[council].name})")


def _label(group: str) -> str:
    groups = _groups()
    if group not in groups:
        near = difflib.get_close_matches(group.casefold(), groups, n=1, cutoff=0.0)
        known = ", ".join(groups)
        raise UnknownGroup(f"no comparator group is called {group!r}; the nearest is {near[0]!r} of {known}")
    return str(groups[group]["label"])


@functools.cache
def _groups() -> dict[str, dict[str, Any]]:
    return tomllib.loads((_DATA / "groups.toml").read_text(encoding="utf-8"))


def _rows(file: str) -> list[dict[str, str]]:
    with (_DATA / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _area(row: dict[str, str]) -> Area:
    return Area(
        code=row["code"],
        name=row["name"],
        kind=Kind(row["kind"]),
        start=_day(row["start"]),
        end=_day(row["end"]),
        successors=tuple(row["successors"].split()),
        dfe_number=row["dfe_number"] or None,
        same_boundary=row["same_boundary"] == "yes",
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
