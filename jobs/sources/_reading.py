"""What publishers' modules share: keys of the catalogue, looks that go on after a fault, series put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import CatalogueError
from engine.origins import DataSet
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wanted, Wants

FAULTS_SHOWN = 3
LONGEST_REASON = 2000


class Keys(BaseModel):
    """A publisher's own keys of a data set or an indicator; by itself, none at all."""

    # Patterns may look ahead, as everywhere else in Python.
    model_config = ConfigDict(extra="forbid", strict=True, regex_engine="python-re")


K = TypeVar("K", bound=BaseModel)


def read_details(model: type[K], dataset: DataSet) -> K:
    """The keys of a data set. Raises CatalogueError with the data set, the key and what is allowed."""
    return _read(model, dataset.details, f"data set {dataset.name!r} of {dataset.publisher}")


def read_keys(model: type[K], wanted: Wanted) -> K:
    """The keys of an indicator. Raises CatalogueError with the indicator, the key and what is allowed."""
    return _read(model, wanted.keys, f"indicator {wanted.indicator.code!r}")


def _read(model: type[K], keys: Mapping[str, Any], where: str) -> K:
    try:
        return model.model_validate(dict(keys))
    except ValidationError as error:
        fields = model.model_fields.items()
        known = ", ".join(f"{name} ({field.description})" if field.description else name for name, field in fields)
        msg = f"{where}: {faults(error)}; {f'its keys are {known}' if known else 'it takes no keys'}"
        raise CatalogueError(msg) from error


def faults(error: ValidationError) -> str:
    """What is wrong with keys or a document, each with its place; of many the first."""
    return ", ".join(map(_fault, error.errors(include_url=False)[:FAULTS_SHOWN]))


def _fault(error: ErrorDetails) -> str:
    place = ".".join(map(str, error["loc"]))
    words = error["msg"].removeprefix("Value error, ")
    return f"{place and f'{place}: '}{words[:1].lower()}{words[1:]}"


def one_by_one(wants: Iterable[Wants], look: Callable[[Wants], Noticed]) -> Iterator[Noticed | Trouble]:
    """What a look finds of each data set, or the trouble it has.

    Raises Unreachable when the first look gets no answer, for then none would, or when the publisher asks us to wait.
    """
    return in_groups(([want] for want in wants), lambda group: [look(want) for want in group])


def in_groups(
    groups: Iterable[Sequence[Wants]],
    look: Callable[[Sequence[Wants]], Iterable[Noticed | Trouble]],
    *,
    answered: bool = False,
) -> Iterator[Noticed | Trouble]:
    """As ``one_by_one``, for data sets that are looked at together; ``answered`` when the publisher has been before."""
    for group in groups:
        try:
            found = list(look(group))
        except SourceError as error:
            if isinstance(error, Unreachable) and (not answered or error.retry_after):
                raise
            found = [Trouble(want.dataset.name, error) for want in group]
        answered = True
        yield from found


def tidied(series: Iterable[pd.DataFrame | Gap], where: str, *notes: str) -> Tidied:
    """The series of a release put together, each row once; an indicator has one gap at most.

    Raises LayoutChanged when there are gaps alone.
    """
    found = list(series)
    gaps: dict[str, Gap] = {}
    for gap in found:
        if isinstance(gap, Gap):
            gaps.setdefault(gap.indicator, gap)
    tables = [table for table in found if isinstance(table, pd.DataFrame)]
    if not tables:
        reasons = ". ".join(dict.fromkeys(gap.reason for gap in gaps.values()))
        msg = f"{where}: nothing that is wanted can be read: {reasons}"
        raise LayoutChanged(msg[:LONGEST_REASON])
    rows = pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)
    return Tidied(rows, gaps=tuple(gaps.values()), notes=notes)
