"""How the sources stand: every publisher, data set and indicator, what is held of it, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.areas import load_areas
from engine.origins import Origin
from jobs import polling
from jobs.http import shown
from jobs.policy import Policy
from jobs.settings import Settings
from jobs.sources import Wants, file, publisher, publisher_names, wants_of
from state import sources
from state.database import Database
from state.sources import WHOLE, Expected, Held, Place


@dataclass(frozen=True, slots=True)
class DataSetLine:
    """One data set: its last release and next, and what is wrong with it."""

    dataset: str
    title: str
    page: str
    indicators: int
    last_release: str
    released: str
    kind: str
    next_expected: str
    expected_state: str
    checked: str
    problem: str
    late: bool = False
    """Whether the ops channel was told that the release expected is overdue, and it has not come since."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One publisher: whether it is watched, when it was last looked at, and what is wrong with it."""

    source: str
    title: str
    on: bool
    checked: str
    failures: int
    next_try: str
    problem: str
    datasets: tuple[DataSetLine, ...]


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator of the catalogue: where it comes from, what is held of it, and what is wrong."""

    indicator: str
    name: str
    theme: str
    source: str
    dataset: str
    polarity: str
    proven: bool
    last_release: str
    released: str
    next_expected: str
    period: str
    areas: int
    problem: str


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A file that is there and not read before its embargo is over: its place, and until when (ISO, local time)."""

    place: str
    until: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All sources and all indicators, and the files under embargo."""

    sources: tuple[SourceLine, ...]
    indicators: tuple[IndicatorLine, ...]
    waiting: tuple[WaitingLine, ...] = ()


def overview(db: Database, settings: Settings, policy: Policy) -> Overview:
    """How every source and every indicator of the catalogue stands."""
    lines = tuple(_source(db, policy, name) for name in publisher_names())
    datasets = {(line.source, dataset.dataset): dataset for line in lines for dataset in line.datasets}
    problems = {line.source: line.problem if line.on else "its source is switched off" for line in lines}
    held = sources.held(db, load_areas().carry(settings.council.code))
    gaps, held_back = sources.gaps(db), sources.held_indicators(db)
    found = []
    for code, entry in policy.catalogue.indicators.items():
        origin = policy.catalogue.origins.get(code)
        dataset = datasets.get((origin.publisher, origin.dataset)) if origin else None
        here = held.get(code, Held("", "", "", 0))
        problem = gaps.get(code, "") or (f"held from release {held_back[code]}" if code in held_back else "")
        if origin and not problem:
            problem = (dataset.problem if dataset else "") or problems.get(origin.publisher, "")
        found.append(
            IndicatorLine(
                indicator=code,
                name=entry.name,
                theme=entry.theme,
                source=_publisher(policy, code, origin),
                dataset=origin.dataset if origin else "",
                polarity=str(entry.polarity),
                proven=(origin is not None and not origin.unproven) or code in policy.catalogue.ratios,
                last_release=here.release,
                released=here.day,
                next_expected=dataset.next_expected if dataset else "",
                period=here.period,
                areas=here.areas,
                problem=problem,
            )
        )
    return Overview(lines, tuple(found), tuple(_waiting(db, settings)))


def _waiting(db: Database, settings: Settings) -> Iterator[WaitingLine]:
    """Files under embargo, unless somebody has taken them away since."""
    for name, place in sources.places(db, file.NAME).items():
        if place.next_try and not place.failures and (name in polling.addresses(settings) or Path(name).exists()):
            until = datetime.fromisoformat(place.next_try).astimezone(settings.schedule.timezone)
            yield WaitingLine(shown(name), until.isoformat(timespec="minutes"))


def _publisher(policy: Policy, code: str, origin: Origin | None) -> str:
    """The publisher, for a ratio the one of its numerator; "file" for what only comes in files."""
    if origin:
        return origin.publisher
    ratio = policy.catalogue.ratios.get(code)
    of = policy.catalogue.origins.get(ratio.of) if ratio else None
    return of.publisher if of else "file"


def _source(db: Database, policy: Policy, name: str) -> SourceLine:
    places = sources.places(db, name)
    whole = places.get(WHOLE, Place())
    releases, expected, waiting = (sources.last_releases(db, name), sources.expected(db, name), sources.held_whole(db))
    return SourceLine(
        source=name,
        title=publisher(name).TITLE,
        on=name in policy.publishers,
        checked=whole.checked,
        failures=whole.failures,
        next_try=whole.next_try,
        problem=whole.problem,
        datasets=tuple(
            _dataset(
                wants,
                places.get(dataset, Place()),
                releases.get(dataset, ("", "", "")),
                expected.get(dataset, Expected("", "")),
                waiting.get((name, dataset), 0),
            )
            for dataset, wants in wants_of(policy.catalogue, name).items()
        ),
    )


def _dataset(wants: Wants, place: Place, last: tuple[str, str, str], expected: Expected, held: int) -> DataSetLine:
    name, day, kind = last
    overdue = expected.state != "cancelled" and expected.told == f"overdue {expected.day}"
    return DataSetLine(
        dataset=wants.dataset.name,
        title=wants.dataset.title,
        page=wants.dataset.page,
        indicators=len(wants.series),
        last_release=name,
        released=day,
        kind=kind,
        next_expected=expected.day if expected.state != "cancelled" else "",
        expected_state=expected.state,
        checked=place.checked,
        problem=place.problem or (f"release {held} is held for a decision" if held else ""),
        late=overdue and not sources.has_come(expected, day),
    )
