"""Is benchwatch well? What the database says of each source; and with a look at each publisher, what has drifted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jobs.http import Client
from jobs.overview import overview
from jobs.policy import Policy
from jobs.publishers import Failed, Found, Item, fault_of, look_at_all, title_of
from jobs.settings import Settings
from jobs.sources import publisher, wants_of
from state import sources
from state.database import Database


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at: whether it is well, what was found, and what to do where it is not."""

    subject: str
    well: bool
    found: str
    remedy: str = ""


def stored(db: Database, settings: Settings, policy: Policy) -> Iterator[Diagnosis]:
    """What the database says of each source, without asking anybody."""
    for source in overview(db, settings, policy).sources:
        if not source.on:
            remedy = f"on = true in [sources.{source.source}] switches it on"
            yield Diagnosis(source.title, well=True, found="is off", remedy=remedy)
            continue
        problems = [(source.title, source.problem)]
        problems += [(f"{source.title}: {dataset.title}", dataset.problem) for dataset in source.datasets]
        for subject, problem in problems:
            if problem:
                yield Diagnosis(subject, well=False, found=problem)
        if not source.checked:
            remedy = "benchwatch run looks at it by its schedule, benchwatch poll now"
            yield Diagnosis(source.title, well=False, found="was never looked at", remedy=remedy)
        elif not any(problem for _, problem in problems):
            yield Diagnosis(source.title, well=True, found=f"looked at {source.checked}")

    for code, reason in sources.gaps(db).items():
        entry = policy.catalogue.indicators.get(code)
        yield Diagnosis(entry.name if entry else code, well=False, found=f"missing from its last release: {reason}")


def live(settings: Settings, policy: Policy, client: Client) -> Iterator[Diagnosis]:
    """What each publisher offers now, read and compared with the catalogue; nothing of it is kept."""
    for item in look_at_all(settings, policy, client, {name: {} for name in policy.publishers}):
        yield from _drift(policy, item)


def _drift(policy: Policy, item: Item) -> Iterator[Diagnosis]:
    source = publisher(item.publisher)
    if isinstance(item, Found):
        subject = f"{source.TITLE}: {item.noticed.title}"
        wants = wants_of(policy.catalogue, item.publisher)[item.noticed.dataset]
        try:
            tidied = source.tidy(wants, item.noticed, item.bodies)
        except Exception as error:  # noqa: BLE001  # the others are to be looked at all the same
            yield Diagnosis(subject, well=False, found=fault_of(error).reason)
            return
        for gap in tidied.gaps:
            yield Diagnosis(f"{subject}: {gap.indicator}", well=False, found=gap.reason)
        read = tidied.rows["indicator"].nunique()
        yield Diagnosis(
            subject,
            well=not tidied.gaps,
            found=f"{read} of {len(wants.series)} indicators read",
        )
    elif isinstance(item, Failed):
        title = title_of(item.publisher, wants_of(policy.catalogue, item.publisher), item.dataset)
        yield Diagnosis(f"{source.TITLE}: {title}", well=False, found=item.fault.reason)
    elif item.fault:
        yield Diagnosis(source.TITLE, well=False, found=item.fault.reason)
    elif not item.shown:
        yield Diagnosis(
            source.TITLE,
            well=False,
            found="shows none of the data sets the catalogue names",
        )
