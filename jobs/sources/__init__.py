"""Where releases come from: ``file`` for dropped files, and one module for each publisher.

A publisher's module is found by its name and has the parts of ``Publisher``: it notices what is there (cheaply),
fetches it, and makes observations of it. The first two are all that touches the network; ``tidy`` is pure. What to
read comes from the catalogue, as ``Wants``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, cast

import pandas as pd

from engine.catalogue import Catalogue, Indicator
from engine.origins import DataSet
from jobs.errors import SourceError
from jobs.http import Site


@dataclass(frozen=True, slots=True)
class Wanted:
    """One indicator that the catalogue takes from a data set, with the publisher's keys for it."""

    indicator: Indicator
    keys: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wants:
    """All that the catalogue takes from one data set of a publisher."""

    dataset: DataSet
    series: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a publisher shows of one data set now.

    ``mark`` changes whenever there may be something new; ``title`` is the release's name for people; ``parts`` are
    what ``fetch`` needs (addresses, ids); ``expected`` is the day the publisher announces for the next release.
    """

    dataset: str
    mark: str
    title: str
    published: date | None = None
    parts: tuple[str, ...] = ()
    expected: date | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """A data set that could not be looked at, while others could; the error says why."""

    dataset: str
    error: SourceError


@dataclass(frozen=True, slots=True)
class Gap:
    """An indicator that a release should hold and does not, and why, with the nearest match."""

    indicator: str
    reason: str


@dataclass(frozen=True)
class Tidied:
    """What a release states, as observations.

    ``rows`` has the columns of an observation file (indicator, area_code, period, value and optionally status,
    lower_ci, upper_ci), values as published; districts, wards and other lower areas are left out. ``entries``
    describe indicators where the publisher does so itself.
    """

    rows: pd.DataFrame
    entries: tuple[Indicator, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = field(default=())


class Publisher(Protocol):
    """The parts of a publisher's module."""

    NAME: str
    """As in the catalogue and in ``[sources.NAME]``; the module is called the same."""
    TITLE: str
    """The publisher, for people."""
    ADDRESS: str
    """The base address of its interface."""
    ON: bool
    """Whether it is looked at unless the settings say otherwise."""

    def check(self, wants: Iterable[Wants]) -> None:
        """Refuse catalogue entries it cannot use: CatalogueError names the entry and the key."""

    def notice(self, site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
        """What the publisher shows of each data set wanted, with few and small requests.

        Raises Unreachable when the publisher as a whole gives no answer.
        """

    def fetch(self, site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
        """The bodies of one release. Raises SourceError."""

    def tidy(self, wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
        """The observations in these bodies. Raises LayoutChanged or SourceError; what is unclear is never guessed."""


_NOT_PUBLISHERS = frozenset({"file"})


def publisher_names() -> tuple[str, ...]:
    """The publishers there are a module for."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if name not in _NOT_PUBLISHERS and not name.startswith("_")))


def publisher(name: str) -> Publisher:
    """The publisher of this name, one of ``publisher_names()``."""
    return cast("Publisher", importlib.import_module(f"{__name__}.{name}"))


def wants_of(catalogue: Catalogue, name: str) -> dict[str, Wants]:
    """What the catalogue takes from a publisher, by data set."""
    series: dict[str, list[Wanted]] = {}
    for code, origin in catalogue.origins.items():
        if origin.publisher == name:
            series.setdefault(origin.dataset, []).append(Wanted(catalogue.indicators[code], origin.keys))
    return {
        dataset: Wants(catalogue.datasets.get((name, dataset), DataSet(name, dataset, dataset)), tuple(wanted))
        for dataset, wanted in sorted(series.items())
    }
