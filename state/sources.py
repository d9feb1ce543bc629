"""What each source was last seen to hold, what is wrong there, what is missing from it, and what it announces.

A place is a file, an address or a publisher's data set; the place "" stands for the publisher as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlite_utils import Database

WHOLE = ""
"""The place that stands for the source as a whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a source: what was last seen there, and how it has gone since.

    ``mark`` tells whether there is something new; ``failures`` counts those in a row; ``checked`` is the last look;
    ``problem`` is what is wrong, ``since`` when, and ``told`` what people were last told of it; ``next_try`` is when it
    may be asked again; ``taken`` is the day something new was last taken in from there.
    """

    mark: str = ""
    failures: int = 0
    checked: str = ""
    problem: str = ""
    since: str = ""
    next_try: str = ""
    told: str = ""
    taken: str = ""


_FIELDS = ("mark", "failures", "checked", "problem", "since", "next_try", "told", "taken")


@dataclass(frozen=True, slots=True)
class Expected:
    """A release that is to come: its day (ISO), its state and its title; ``was`` is the day before it moved.

    ``state`` is provisional, confirmed or cancelled. ``announced`` is true for an announcement in a release calendar,
    false for what a publisher says beside its data. ``told`` is what people were last told of it: a kind and a day.
    """

    day: str
    state: str
    title: str = ""
    was: str = ""
    announced: bool = False
    told: str = ""


_EARLY = {"provisional": timedelta(days=30)}
_WEEK = timedelta(days=7)


def places(db: Database, source: str) -> dict[str, Place]:
    """Every place of a source by its name."""
    rows = db.execute(
        "SELECT place, seen, failures, checked, problem, since, next_try, told, taken FROM sources WHERE source = ?",
        (source,),
    )
    return {name: Place(*fields) for name, *fields in rows}


def save_place(db: Database, source: str, name: str, place: Place) -> None:
    """Keep how a place of a source stands."""
    db.execute(
        "INSERT INTO sources (source, place, seen, failures, checked, problem, since, next_try, told, taken) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seen = excluded.seen, "
        "failures = excluded.failures, checked = excluded.checked, problem = excluded.problem, "
        "since = excluded.since, next_try = excluded.next_try, told = excluded.told, taken = excluded.taken",
        (source, name, *(getattr(place, field) for field in _FIELDS)),
    )


def save_gaps(db: Database, source: str, dataset: str, reasons: Mapping[str, str], now: str) -> None:
    """Keep which indicators a data set's release should hold and does not; those known before stay as they are."""
    known = dict(
        db.execute("SELECT indicator, reason FROM gaps WHERE source = ? AND dataset = ?", (source, dataset)).fetchall()
    )
    for code, reason in known.items():
        if code not in reasons:  # kept until people have been told that it is over
            db.execute(
                "UPDATE gaps SET reason = '' WHERE source = ? AND dataset = ? AND indicator = ?",
                (source, dataset, code),
            )
        elif reason != reasons[code]:
            db.execute("DELETE FROM gaps WHERE source = ? AND dataset = ? AND indicator = ?", (source, dataset, code))
    db.conn.executemany(
        "INSERT OR IGNORE INTO gaps (source, dataset, indicator, reason, since) VALUES (?, ?, ?, ?, ?)",
        [(source, dataset, code, reason, now) for code, reason in reasons.items()],
    )


def untold_gaps(db: Database, source: str) -> tuple[dict[str, str], list[str]]:
    """What people have not been told of a source: indicators missing, with the reason; and those no longer missing."""
    rows = db.execute(
        "SELECT indicator, reason, told FROM gaps WHERE source = ? ORDER BY indicator", (source,)
    ).fetchall()
    missing = {code: reason for code, reason, told in rows if reason and not told}
    return missing, [code for code, reason, told in rows if told and not reason]


def mark_gaps_told(db: Database, source: str) -> None:
    """Note that people have been told of every gap of a source, and forget those that are over."""
    db.execute("DELETE FROM gaps WHERE source = ? AND reason = ''", (source,))
    db.execute("UPDATE gaps SET told = 1 WHERE source = ?", (source,))


def gaps(db: Database) -> dict[str, str]:
    """Indicators missing from the releases that should hold them, with the reason."""
    return dict(db.execute("SELECT indicator, reason FROM gaps WHERE reason <> '' ORDER BY indicator"))


def expected(db: Database, source: str) -> dict[str, Expected]:
    """The release of each data set that is to come, or that came last."""
    rows = db.execute(
        "SELECT dataset, day, state, title, was, announced, told FROM calendar WHERE source = ?", (source,)
    )
    return {
        dataset: Expected(day, state, title, was, bool(announced), told)
        for dataset, day, state, title, was, announced, told in rows
    }


def has_come(expected: Expected, released: str) -> bool:
    """Whether a release of this day (ISO, empty for none) is the one expected.

    Files may be put up some days before they are announced, so up to a week early is in time; and thirty days where
    the day is provisional, which for an announced month is the month.
    """
    early = _EARLY.get(expected.state, _WEEK)
    return released >= (date.fromisoformat(expected.day) - early).isoformat()


def save_expected(db: Database, source: str, dataset: str, release: Expected) -> None:
    """Keep the release of a data set that is to come, with the day it moved from if it has moved.

    What a publisher says of itself does not take the place of an announcement before that release has come, so the
    two never take turns. Another day is a move only of the same release: not of the next one, and not where a day
    within the provisional month becomes known.
    """
    known = expected(db, source).get(dataset)
    was = ""
    if known and not has_come(known, last_come(db, source).get(dataset, "")):
        if known.announced and not release.announced:
            return
        was = _moved_from(known, release)
    db.execute(
        "INSERT INTO calendar (source, dataset, day, state, title, was, announced) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET day = excluded.day, state = excluded.state, title = excluded.title, "
        "was = excluded.was, announced = excluded.announced",
        (source, dataset, release.day, release.state, release.title, was, release.announced),
    )


def _moved_from(known: Expected, release: Expected) -> str:
    if (known.title, known.announced) != (release.title, release.announced):
        return ""
    if known.day == release.day:
        return known.was
    narrowed = known.state == "provisional" and known.day[:7] == release.day[:7]
    return "" if narrowed else known.day


def mark_expected_told(db: Database, source: str, dataset: str, told: str) -> None:
    """Note what people have been told of the release of a data set that is to come."""
    db.execute("UPDATE calendar SET told = ? WHERE source = ? AND dataset = ?", (told, source, dataset))


def last_releases(db: Database, source: str) -> dict[str, tuple[str, str, str]]:
    """The last accepted release of each data set: name, day published or received, kind."""
    rows = db.execute(
        "SELECT dataset, name, coalesce(nullif(published, ''), substr(received, 1, 10)), kind FROM releases "
        "WHERE source = ? AND status = 'accepted' AND kind <> 'republication' ORDER BY id",
        (source,),
    )
    return {dataset: (name, day, kind) for dataset, name, day, kind in rows}


def first_received(db: Database, names: Iterable[str]) -> str | None:
    """When the first release of any of these sources was received, as an ISO date and time; None before it."""
    chosen = list(names)
    marks = ", ".join("?" * len(chosen))
    row = db.execute(f"SELECT min(received) FROM releases WHERE source IN ({marks})", chosen).fetchone()  # noqa: S608
    found: str | None = row[0]
    return found


def forget_unwanted(db: Database, source: str, wanted: Mapping[str, Collection[str]]) -> None:
    """Forget places and gaps of data sets, and gaps of indicators, that the catalogue no longer takes from a source."""
    for name in places(db, source).keys() - {WHOLE, *wanted}:
        db.execute("DELETE FROM sources WHERE source = ? AND place = ?", (source, name))
    known = db.execute("SELECT dataset, indicator FROM gaps WHERE source = ?", (source,)).fetchall()
    for dataset, code in known:
        if code not in wanted.get(dataset, ()):
            db.execute("DELETE FROM gaps WHERE source = ? AND dataset = ? AND indicator = ?", (source, dataset, code))


def last_come(db: Database, source: str) -> dict[str, str]:
    """The day (ISO) that something new last came of each data set, though it may have changed no figure of ours."""
    days = {dataset: day for dataset, (_, day, _) in last_releases(db, source).items()}
    for name, place in places(db, source).items():
        if place.taken:
            days[name] = max(days.get(name, ""), place.taken)
    return days


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of an indicator: its last release with its day, and the council's latest period in the ranking.

    ``areas`` counts the comparators that have a figure for that period; 0 and no period where nothing is ranked.
    """

    release: str
    day: str
    period: str
    areas: int


def held(db: Database, council: str) -> dict[str, Held]:
    """What is held of every indicator that any release has stated."""
    rows = db.execute(
        "SELECT indicators.code, releases.name, "
        "coalesce(nullif(releases.published, ''), substr(releases.received, 1, 10)), "
        "coalesce(series.label, ''), coalesce(ranks.\"of\", 0) "
        "FROM indicators JOIN releases ON releases.id = indicators.release_id "
        "LEFT JOIN areas ON areas.code = ? "
        "LEFT JOIN ranks ON ranks.indicator_id = indicators.id AND ranks.area_id = areas.id "
        "AND ranks.until_snapshot IS NULL LEFT JOIN series ON series.id = ranks.series_id",
        (council,),
    )
    return {code: Held(*fields) for code, *fields in rows}


def held_whole(db: Database) -> dict[tuple[str, str], int]:
    """Data sets with a release held whole for a decision, with the number of the newest, by source and data set."""
    rows = db.execute("SELECT source, dataset, max(id) FROM releases WHERE status = 'held' GROUP BY source, dataset")
    return {(source, dataset): release for source, dataset, release in rows}


def held_indicators(db: Database) -> dict[str, int]:
    """Indicators held from a release that otherwise went through, with the number of the newest such release."""
    rows = db.execute(
        "SELECT indicator, max(release_id) FROM findings WHERE state = 'held' AND indicator <> '' GROUP BY indicator"
    )
    return dict(rows)
