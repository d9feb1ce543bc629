"""Where an indicator's figures come from: a publisher's data set and its own keys, or two other series.

The engine carries these facts from the catalogue to the sources and reads nothing into them: what the keys of a
publisher mean is known in ``jobs/sources`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import CatalogueError

CALENDARS = ("govuk", "ons")


@dataclass(frozen=True, slots=True)
class Origin:
    """The publisher and data set an indicator is read from, with the publisher's own keys for it.

    ``unproven`` says why nobody has yet read it from a real body of the publisher; empty where somebody has.
    """

    publisher: str
    dataset: str
    keys: Mapping[str, Any] = field(default_factory=dict)
    unproven: str = ""


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set of a publisher: its title, its page for people, and how the publisher's interface finds it.

    ``announced`` is the text its releases are announced under, in the ``calendar`` of GOV.UK (govuk) or ONS (ons);
    ``details`` are the publisher's own keys.
    """

    publisher: str
    name: str
    title: str
    page: str = ""
    announced: str = ""
    calendar: str = "govuk"
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ratio:
    """An indicator made of two others: ``of`` divided by ``to``, times ``times``.

    The denominator of a period is that of the calendar year the period begins in, so the outturn of 2023/24 is
    divided by the population of mid-2023.
    """

    of: str
    to: str
    times: float = 1.0


def read_origin(raw: Mapping[str, Any], unproven: object, where: str) -> Origin:
    """An origin from its inline table; ``publisher`` and ``dataset`` are needed, the rest is the publisher's.

    Raises CatalogueError, beginning with ``where``.
    """
    keys = dict(_table(raw, "from", where))
    publisher, dataset = _take(keys, "publisher", where), _take(keys, "dataset", where)
    return Origin(publisher, dataset, keys, str(unproven or "").strip())


def read_dataset(raw: Mapping[str, Any], where: str) -> DataSet:
    """A data set from its entry: publisher, name and title are needed; unknown keys are the publisher's own.

    Raises CatalogueError, beginning with ``where``.
    """
    keys = dict(raw)
    publisher, name, title = (_take(keys, key, where) for key in ("publisher", "name", "title"))
    page, announced = (str(keys.pop(key, "")).strip() for key in ("page", "announced"))
    calendar = keys.pop("calendar", CALENDARS[0])
    if calendar not in CALENDARS:
        msg = f"{where}: calendar {calendar!r} is not one of {', '.join(CALENDARS)}"
        raise CatalogueError(msg)
    return DataSet(publisher, name, title, page, announced, calendar, keys)


def read_ratio(raw: Mapping[str, Any], where: str) -> Ratio:
    """A ratio from its inline table: ``of`` and ``to`` are codes of indicators, ``times`` a number above nought.

    Raises CatalogueError, beginning with ``where``.
    """
    keys = dict(_table(raw, "ratio", where))
    of, to = _take(keys, "of", where), _take(keys, "to", where)
    times = keys.pop("times", 1.0)
    if keys or isinstance(times, bool) or not isinstance(times, int | float) or times <= 0:
        msg = f"{where}: ratio takes of, to and times, a number above nought"
        raise CatalogueError(msg)
    return Ratio(of, to, float(times))


def _table(raw: object, key: str, where: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        msg = f"{where}: {key} should be a table in curly brackets"
        raise CatalogueError(msg)
    return raw


def _take(keys: dict[str, Any], key: str, where: str) -> str:
    value = str(keys.pop(key, "")).strip()
    if not value:
        msg = f"{where}: {key} missing"
        raise CatalogueError(msg)
    return value
