"""Release calendars: when the next release of a data set is announced, and what has not come.

A data set whose entry in the catalogue has ``announced`` is looked for in the announcements of GOV.UK, where all
departments announce, or with ``calendar = "ons"`` in the calendar of ONS. Its next release is the earliest to come
whose title has all of these words. As with publishers, ``look`` only talks to the network and
``keep`` has the database.

Traps:

* A date of GOV.UK is a text ("20 January 2016 9:30am") and, while provisional, a month ("November 2026") whose
  timestamp is some day in it: its day is then the last of the month, and the search goes back two months for it.
* An announcement of GOV.UK leaves the search once its release is out; but not when a day passes without it, and the
  next one is found then: so it must not take the place of what has not come.
* A release of ONS that is ``finalised`` is confirmed, also when it was postponed; any other is provisional. Cancelled
  ones are in a list of their own. Times are UTC: midnight in summer is the day before.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Answer, Client, Site, shown
from jobs.notices import OverdueLine, OverdueNotice
from jobs.policy import Policy
from jobs.settings import Settings
from jobs.sources import publisher, wants_of
from jobs.telling import owe_overdue as owe
from jobs.watching import Fault, record, tell
from state import sources
from state.database import Database, unit
from state.sources import Expected, has_come

NAME = "calendar"
"""The source that the calendars are places of."""

TITLES = {"govuk": "GOV.UK release calendar", "ons": "ONS release calendar"}

_LIMIT_MB = 20
_GOVUK_MOST, _ONS_MOST = 100, 1000
_BACK = timedelta(days=62)
_INTENTION = timedelta(days=30)
_SATURDAY = 5
_UK = ZoneInfo("Europe/London")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(rf"(?:(\d{{1,2}})\s+)?\b({'|'.join(_MONTHS)})[a-z]*(?:\s+(\d{{4}}))?", re.IGNORECASE)

State = Literal["provisional", "confirmed", "cancelled"]
Words = frozenset[str]
DataSets = list[tuple[str, str]]


@dataclass(frozen=True)
class Release:
    """One announcement in a calendar."""

    title: str
    day: date
    state: State


@dataclass(frozen=True)
class Seen:
    """What a look at one calendar brought: the next release by publisher and data set; and why it ended early."""

    calendar: str
    releases: Mapping[tuple[str, str], Release]
    fault: Fault | None = None


def look(client: Client, settings: Settings, policy: Policy, now: datetime) -> tuple[Seen, ...]:
    """Look at the calendars once, over the network only: one request for each set of words, and no error raised."""
    today = _day(now)
    asked = _asked(policy)
    ways: dict[str, tuple[str, Callable[[Site, str, date], list[Release]]]] = {
        "govuk": (settings.calendar.govuk, _govuk),
        "ons": (settings.calendar.ons, _ons),
    }
    return tuple(
        _look(name, client.site(address, limit_mb=_LIMIT_MB), ask, asked[name], today)
        for name, (address, ask) in ways.items()
        if asked[name]
    )


def _asked(policy: Policy) -> dict[str, dict[Words, tuple[str, DataSets]]]:
    """What each calendar is asked for: the text by its words, and the data sets announced under them."""
    asked: dict[str, dict[Words, tuple[str, DataSets]]] = {name: {} for name in TITLES}
    for name in policy.publishers:
        for dataset, wants in wants_of(policy.catalogue, name).items():
            text = wants.dataset.announced
            if text:
                calendar = asked[wants.dataset.calendar]
                calendar.setdefault(_words(text), (text, []))[1].append((name, dataset))
    return asked


def _look(
    name: str,
    site: Site,
    ask: Callable[[Site, str, date], list[Release]],
    asked: Mapping[Words, tuple[str, DataSets]],
    today: date,
) -> Seen:
    found: dict[tuple[str, str], Release] = {}
    try:
        cancelled = _ons_cancelled(site, today) if name == "ons" else []
        for words, (text, datasets) in asked.items():
            closer = [other for other in asked if words < other]
            following = _next([*ask(site, text, today), *cancelled], words, closer, today)
            if following:
                found |= dict.fromkeys(datasets, following)
    except Unreachable as error:
        return Seen(name, found, Fault(str(error), retry_after=error.retry_after))
    except SourceError as error:
        return Seen(name, found, Fault(str(error), passing=False))
    return Seen(name, found)


def _words(text: str) -> Words:
    """The words of a text in any case and without punctuation: "Children's" and "CHILDREN’S" are one."""
    return frozenset(re.findall(r"[^\W_]+", re.sub(r"['’‘`]", "", text.casefold())))


def _next(found: Iterable[Release], words: Words, closer: Iterable[Words], today: date) -> Release | None:
    """The earliest to come whose title has these words, and not all the words of a data set described more closely.

    A cancelled one is taken only where it was not announced anew.
    """
    named = [(one, _words(one.title)) for one in found if one.day >= today]
    fitting = [one for one, has in named if words <= has and not any(other <= has for other in closer)]
    live = {one.title for one in fitting if one.state != "cancelled"}
    fitting = [one for one in fitting if one.state != "cancelled" or one.title not in live]
    return min(fitting, key=lambda one: one.day, default=None)


class _Govuk(BaseModel):
    title: str
    display_date: str | None = None
    release_timestamp: datetime | None = None
    statistics_announcement_state: str | None = None


class _GovukFound(BaseModel):
    results: list[_Govuk]


def _govuk(site: Site, text: str, today: date) -> list[Release]:
    answer = site.get(
        "api/search.json",
        {
            "q": text,
            "filter_format": "statistics_announcement",
            "filter_release_timestamp": f"from:{today - _BACK}",
            "fields": "title,link,display_date,release_timestamp,statistics_announcement_state",
            "count": _GOVUK_MOST,
        },
    )
    return list(_govuk_releases(_read(_GovukFound, answer)))


def _govuk_releases(found: _GovukFound) -> Iterator[Release]:
    for one in found.results:
        day = _announced_day(one.display_date or "", one.release_timestamp)
        state = _state(one.statistics_announcement_state)
        if day and state:
            yield Release(one.title, day, state)


def _state(text: str | None) -> State | None:
    states: dict[str | None, State] = {"provisional": "provisional", "confirmed": "confirmed", "cancelled": "cancelled"}
    return states.get(text)


class _OnsDescription(BaseModel):
    title: str
    release_date: datetime
    published: bool = False
    cancelled: bool = False
    finalised: bool = False
    provisional_date: str = ""


class _OnsRelease(BaseModel):
    description: _OnsDescription


class _OnsFound(BaseModel):
    releases: list[_OnsRelease]


def _ons(site: Site, text: str, today: date) -> list[Release]:
    del today  # what is upcoming is what the calendar has from today on
    return _ons_releases(site, {"release-type": "type-upcoming", "query": text})


def _ons_cancelled(site: Site, today: date) -> list[Release]:
    """All that are cancelled from today on, in one request: a release that is cancelled is no longer upcoming."""
    return _ons_releases(site, {"release-type": "type-cancelled", "fromDate": today.isoformat()})


def _ons_releases(site: Site, params: Mapping[str, Any]) -> list[Release]:
    answer = site.get("search/releases", {**params, "limit": _ONS_MOST, "highlight": "false"})
    found = (one.description for one in _read(_OnsFound, answer).releases)
    return [Release(one.title, _ons_day(one), _ons_state(one)) for one in found if not one.published]


def _ons_state(one: _OnsDescription) -> State:
    if one.cancelled:
        return "cancelled"
    return "confirmed" if one.finalised else "provisional"


def _ons_day(one: _OnsDescription) -> date:
    text = "" if one.finalised else one.provisional_date
    return _announced_day(text, one.release_date) or _day(one.release_date)


Body = TypeVar("Body", bound=BaseModel)


def _read(shape: type[Body], answer: Answer) -> Body:
    try:
        return shape.model_validate(answer.json())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole answer"
        msg = f"{shown(answer.address)}: the calendar answers in another shape; {where}: {first['msg']}"
        raise LayoutChanged(msg) from error


def _announced_day(text: str, stamp: datetime | None) -> date | None:
    """The last day a text names, the last of the month where it names only that; the day of the timestamp for none."""
    else_day = _day(stamp) if stamp else None
    named = _DATE.findall(text)
    if not named:
        return else_day
    day, month, year = named[-1]
    at = _MONTHS.index(month[:3].lower()) + 1
    if not year and else_day is None:
        return None
    in_year = int(year) if year else else_day.year if else_day else 0
    try:
        return date(in_year, at, int(day) if day else monthrange(in_year, at)[1])
    except ValueError:
        return else_day


def _day(moment: datetime) -> date:
    return moment.astimezone(_UK).date()


def keep(db: Database, settings: Settings, policy: Policy, seen: Iterable[Seen], now: datetime) -> None:
    """Keep what the calendars announce and how the look went, and tell what has become overdue. Raises StateError."""
    with unit(db, settings.state.path):
        for one in seen:
            record(db, NAME, one.calendar, one.fault, now)
            for (source, dataset), release in one.releases.items():
                _keep(db, source, dataset, release, _day(now))
        tell(db, NAME, "release calendar", now, shown=TITLES.__getitem__)
        owe_overdue(db, policy, settings, now)


def _keep(db: Database, source: str, dataset: str, release: Release, today: date) -> None:
    """Keep an announcement, unless another of the data set is due that has neither come nor been told as overdue."""
    known = sources.expected(db, source).get(dataset)
    if known and known.announced and known.title != release.title and known.state != "cancelled":
        released = sources.last_come(db, source).get(dataset, "")
        due = known.day <= today.isoformat() and released and not has_come(known, released)
        if due and known.told != f"overdue {known.day}":
            return
    day = Expected(release.day.isoformat(), release.state, release.title, announced=True)
    sources.save_expected(db, source, dataset, day)


def owe_overdue(db: Database, policy: Policy, settings: Settings, now: datetime) -> bool:
    """Owe the ops channel one message of all that has become overdue, has moved or is cancelled, each told once.

    A confirmed release is overdue after the working days that the settings allow; they are Monday to Friday, for bank
    holidays are not known here. A provisional date, announced or a publisher's own, is an intention: it is given thirty
    days. Nothing is said of a data set before a first release of it is held, nor while one waits for a decision.
    """
    today = _day(now)
    lines: list[OverdueLine] = []
    keys: list[str] = []
    waiting = sources.held_whole(db)
    for name in policy.publishers:
        known, released = sources.expected(db, name), sources.last_come(db, name)
        for dataset, wants in wants_of(policy.catalogue, name).items():
            one = known.get(dataset)
            if one is None or dataset not in released or (name, dataset) in waiting:
                continue
            kind = _news(one, released[dataset], today, settings.calendar.overdue_days)
            if kind:
                title = one.title if one.announced and one.title else wants.dataset.title
                lines.append(
                    OverdueLine(
                        kind=kind,
                        name=title,
                        source=publisher(name).TITLE,
                        day=one.day,
                        provisional=one.state == "provisional",
                        was=one.was,
                        late=max((today - date.fromisoformat(one.day)).days, 0),
                        page=wants.dataset.page,
                    )
                )
                keys.append(f"{name}/{dataset}/{kind}/{one.was}/{one.day}")
                sources.mark_expected_told(db, name, dataset, f"{kind} {one.day}")
    if not lines:
        return False
    # Data sets that are announced together are one line.
    order = sorted(dict.fromkeys(lines), key=lambda line: (_ORDER.index(line.kind), -line.late, line.name))
    return owe(db, keys, OverdueNotice("overdue", tuple(order)), now)


Kind = Literal["overdue", "cancelled", "moved"]
_ORDER: tuple[Kind, ...] = ("overdue", "cancelled", "moved")


def _news(one: Expected, released: str, today: date, days: int) -> Kind | None:
    """What there is to tell of a release that is to come and has not been told."""
    if has_come(one, released):
        return None
    if one.state == "cancelled":
        kind: Kind = "cancelled"
    elif today > _grace(one, days):
        kind = "overdue"
    elif one.was:
        kind = "moved"
    else:
        return None
    return None if one.told == f"{kind} {one.day}" else kind


def _grace(one: Expected, days: int) -> date:
    """The last day on which a release is not yet overdue."""
    day = date.fromisoformat(one.day)
    if one.state == "provisional":
        return day + _INTENTION
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    return day
