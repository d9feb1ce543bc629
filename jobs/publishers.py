"""Watching publishers: each is looked at on its own, and what is new goes through the pipeline.

A look has two halves, so that a slow publisher keeps nobody waiting. ``look`` only talks to the network: it notices
and fetches, and runs in a thread of its own for each publisher. ``take_in`` has the database, and takes one item after
the other: it tidies, ingests, and keeps how the look went.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import queue
import textwrap
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
import structlog

from engine.catalogue import Indicator
from engine.errors import EngineError
from jobs.errors import SourceError, TooEarly, Unreachable
from jobs.http import Client, Site, user_agent
from jobs.pipeline import Raw, ingest
from jobs.policy import Policy
from jobs.polling import Polled, Refusal
from jobs.reranking import rerank
from jobs.settings import Settings, load_credentials
from jobs.sources import Noticed, Tidied, Trouble, Wants, publisher, wants_of
from jobs.telling import owe_first_fill
from jobs.watching import Fault, open_until, record, tell
from state import ledger, sources
from state.database import Database, unit
from state.errors import StateError
from state.sources import WHOLE, Expected, Place

log = structlog.get_logger(__name__)

_NOTHING = pd.DataFrame()
_WAITING = 2
"""Bodies that may wait to be taken in, so that fast publishers do not fill the memory."""


@dataclass(frozen=True)
class Found:
    """A data set that shows something new, fetched; ``mark`` is what will be remembered of it."""

    publisher: str
    noticed: Noticed
    bodies: tuple[bytes, ...]
    mark: str


@dataclass(frozen=True)
class Failed:
    """A data set that could not be looked at."""

    publisher: str
    dataset: str
    fault: Fault


@dataclass(frozen=True)
class Looked:
    """The end of a look: what the publisher shows of each data set, and why the look ended early, if it did."""

    publisher: str
    shown: tuple[Noticed, ...]
    fault: Fault | None = None


Item = Found | Failed | Looked


def site(client: Client, settings: Settings, name: str, credentials: Mapping[str, str]) -> Site:
    """A publisher's site, at the address of the settings or its own."""
    chosen = settings.sources.publisher(name)
    return client.site(chosen.address or publisher(name).ADDRESS, limit_mb=chosen.max_mb, credentials=credentials)


def may_be_asked(places: Mapping[str, Place], now: datetime) -> bool:
    """Whether a publisher may be asked now: one that keeps failing is left alone for a while."""
    return not open_until(places.get(WHOLE, Place()), now)


def look(name: str, at: Site, wants: Mapping[str, Wants], places: Mapping[str, Place]) -> Iterator[Item]:
    """One look at a publisher, over the network only: what is new, what failed, and at last how it ended.

    A data set is fetched when its mark differs from the one in ``places``, or when the catalogue wants other things of
    it. Nothing is raised: whatever goes wrong is in the items.
    """
    shown: list[Noticed] = []
    fault = None
    try:
        for item in publisher(name).notice(at, wants):
            if isinstance(item, Trouble):
                found: Found | Failed | None = Failed(name, item.dataset, fault_of(item.error))
            else:
                shown.append(item)
                found = _if_new(name, at, wants[item.dataset], item, places)
            if isinstance(found, Failed) and found.fault.retry_after:
                fault = found.fault  # who asks us to wait is asked for nothing else meanwhile
                break
            if found:
                yield found
    except Exception as error:  # noqa: BLE001  # told to ops and logged; the next look may succeed
        fault = fault_of(error)
    yield Looked(name, tuple(shown), fault)


def _if_new(name: str, at: Site, wants: Wants, noticed: Noticed, places: Mapping[str, Place]) -> Found | Failed | None:
    mark = f"{_wish(wants)} {noticed.mark}"
    if places.get(noticed.dataset, Place()).mark == mark:
        return None
    try:
        return Found(name, noticed, publisher(name).fetch(at, wants, noticed), mark)
    except Exception as error:  # noqa: BLE001  # the other data sets must not wait for a mend
        return Failed(name, noticed.dataset, fault_of(error))


def fault_of(error: Exception) -> Fault:
    """What an error means for a place; one that nobody foresaw is logged too."""
    if isinstance(error, Unreachable):
        return Fault(str(error), retry_after=error.retry_after)
    if isinstance(error, TooEarly):
        return Fault(str(error))
    if isinstance(error, SourceError | EngineError):
        return Fault(str(error), passing=False, final=True)
    log.error("a publisher could not be looked at, or its release taken in", exc_info=error)
    return Fault(f"cannot be read ({type(error).__name__}); the log says where it failed", passing=False)


def _wish(wants: Wants) -> str:
    """What decides how a data set is read, in a few letters: the catalogue's words, and the version that reads it."""
    words = [
        user_agent(),
        wants.dataset.details,
        *((w.indicator.code, w.indicator.polarity, w.keys) for w in wants.series),
    ]
    return hashlib.sha256(repr(words).encode()).hexdigest()[:8]


def take_in(db: Database, settings: Settings, policy: Policy, item: Item, now: datetime) -> Polled:
    """Take in one item of a look: a release through the pipeline, or how the look went. Raises StateError."""
    if isinstance(item, Found):
        return _take_release(db, settings, policy, item, now)
    wants = wants_of(policy.catalogue, item.publisher)
    with unit(db, settings.state.path):
        if isinstance(item, Failed):
            # With another wish, what was seen is looked at again, and so it is noticed that the fault is over.
            seen = _seen(db, item.publisher, item.dataset)
            record(db, item.publisher, item.dataset, item.fault, now, mark=f"- {seen}" if seen else "")
            title = title_of(item.publisher, wants, item.dataset)
            return Polled((), (Refusal(f"{publisher(item.publisher).TITLE}: {title}", item.fault.reason),))
        return _conclude(db, policy, wants, item, now)


def _conclude(db: Database, policy: Policy, wants: Mapping[str, Wants], looked: Looked, now: datetime) -> Polled:
    """Keep how the look at a publisher ended and what it announces, and tell what went wrong in it."""
    name, title = looked.publisher, publisher(looked.publisher).TITLE
    for noticed in looked.shown:
        if noticed.expected:
            day = Expected(noticed.expected.isoformat(), "provisional", noticed.title)
            sources.save_expected(db, name, noticed.dataset, day)
    sources.forget_unwanted(
        db, name, {dataset: [w.indicator.code for w in one.series] for dataset, one in wants.items()}
    )
    record(db, name, WHOLE, looked.fault, now, mark=None if looked.fault else _LOOKED)
    rerank(db, policy, now)
    names = {wanted.indicator.code: wanted.indicator.name for one in wants.values() for wanted in one.series}
    tell(db, name, title, now, shown=lambda dataset: title_of(name, wants, dataset), names=names)
    if _filled(db, policy, now):
        owe_first_fill(db, policy, now)
    return Polled((), (Refusal(title, looked.fault.reason),) if looked.fault else ())


def _seen(db: Database, name: str, dataset: str) -> str:
    """The publisher's own part of the mark that is remembered of a data set; empty before the first look."""
    return sources.places(db, name).get(dataset, Place()).mark.partition(" ")[2]


_LOOKED = "looked"
_PATIENCE = timedelta(days=1)


def _filled(db: Database, policy: Policy, now: datetime) -> bool:
    """Whether every publisher has been looked at without fault, or the first brought something a day ago."""
    if all(sources.places(db, one).get(WHOLE, Place()).mark for one in policy.publishers):
        return True
    first = sources.first_received(db, policy.publishers)
    return first is not None and now - datetime.fromisoformat(first) >= _PATIENCE


def title_of(name: str, wants: Mapping[str, Wants], dataset: str) -> str:
    """A data set for people; the publisher itself for the place that stands for the whole."""
    if dataset not in wants:
        return dataset or publisher(name).TITLE
    known = wants[dataset].dataset
    if known.title == known.name:  # it has none of its own, and its name may be a number
        first, *more = (wanted.indicator.name for wanted in wants[dataset].series)
        return f"{known.name}, {first}{f' and {len(more)} more' if more else ''}"
    return known.title


def _take_release(db: Database, settings: Settings, policy: Policy, found: Found, now: datetime) -> Polled:
    tidied, outcome, fault = Tidied(_NOTHING), None, None
    try:
        wants = wants_of(policy.catalogue, found.publisher)[found.noticed.dataset]
        tidied = publisher(found.publisher).tidy(wants, found.noticed, found.bodies)
        outcome = ingest(db, _raw(found, tidied), policy, now=now, path=settings.state.path)
    except StateError:
        raise
    except Exception as error:  # noqa: BLE001  # told to ops and logged; the other releases must not wait for a mend
        fault = fault_of(error)
    with unit(db, settings.state.path):
        if outcome:
            reasons = {gap.indicator: gap.reason for gap in tidied.gaps}
            sources.save_gaps(db, found.publisher, found.noticed.dataset, reasons, now.isoformat(timespec="seconds"))
        # What cannot be read is not read again before the publisher or the catalogue has changed.
        mark = found.mark if fault is None or fault.final else None
        before = _seen(db, found.publisher, found.noticed.dataset)
        taken = bool(before) and before != found.noticed.mark
        record(db, found.publisher, found.noticed.dataset, fault, now, mark=mark, taken=taken)
    if fault:
        shown = f"{publisher(found.publisher).TITLE}: {found.noticed.title}"
        return Polled((outcome,) if outcome else (), (Refusal(shown, fault.reason),))
    return Polled((outcome,) if outcome else (), ())


def _raw(found: Found, tidied: Tidied) -> Raw:
    """The release as an observation file, its rows in order, so that the same figures are the same release."""
    rows = tidied.rows.sort_values(["indicator", "area_code", "period"], kind="stable")
    noticed = found.noticed
    return Raw(
        body=rows.to_csv(index=False, lineterminator="\n").encode(),
        dictionary=_dictionary(tidied.entries) if tidied.entries else None,
        name=_printable(noticed.title),
        source=found.publisher,
        published=noticed.published,
        dataset=noticed.dataset,
    )


_LONGEST_TITLE = 200


def _printable(title: str) -> str:
    """A publisher's title as a release's name: one line of printable characters, not too long."""
    return textwrap.shorten("".join(c if c.isprintable() else " " for c in title), _LONGEST_TITLE, placeholder=" …")


_COLUMNS = ("name", "theme", "polarity", "unit", "decimals", "target")


def _dictionary(entries: Iterable[Indicator]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("indicator", *_COLUMNS))
    for entry in entries:
        cells = (getattr(entry, column) for column in _COLUMNS)
        writer.writerow((entry.code, *("" if cell is None else str(cell) for cell in cells)))
    return out.getvalue().encode()


def look_at_all(
    settings: Settings, policy: Policy, client: Client, places: Mapping[str, Mapping[str, Place]]
) -> Iterator[Item]:
    """One look at each publisher that ``places`` has, all at the same time; their items as they come.

    Raises SettingsError for a key that cannot be one, before anybody is asked.
    """
    items: queue.Queue[Item | None] = queue.Queue(_WAITING)
    sites = {name: site(client, settings, name, load_credentials(os.environ, name)) for name in places}

    def work(name: str) -> None:
        try:
            for item in look(name, sites[name], wants_of(policy.catalogue, name), places[name]):
                items.put(item)
        finally:
            items.put(None)

    for name in places:
        threading.Thread(target=work, args=(name,), name=name, daemon=True).start()
    left = len(places)
    while left:
        item = items.get()
        if item is None:
            left -= 1
        else:
            yield item


def poll_publishers(
    db: Database, settings: Settings, policy: Policy, client: Client, names: Iterable[str], *, at_once: bool = True
) -> Iterator[Polled]:
    """Look at publishers once and take in what they bring, as it comes. Raises StateError.

    Those that are left alone for a while, or asked to be, are asked only ``at_once``.
    """
    started = datetime.now(UTC)
    refused = outcomes = 0
    places = {name: sources.places(db, name) for name in names}
    places = {name: known for name, known in places.items() if at_once or may_be_asked(known, started)}
    for item in look_at_all(settings, policy, client, places):
        polled = take_in(db, settings, policy, item, datetime.now(UTC))
        outcomes, refused = (outcomes + len(polled.outcomes), refused + len(polled.refusals))
        yield polled
    with unit(db, settings.state.path):
        ledger.record_run(
            db,
            "poll publishers",
            started=started.isoformat(timespec="seconds"),
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
            outcome="failed" if refused else "done",
            detail=f"{outcomes} releases, {refused} refused",
        )
