"""What people were last told, over several releases: nothing drifts past them, nothing is told twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from engine.catalogue import Catalogue, Composite, Indicator, Polarity, Theme
from engine.changes import Change, Kind
from jobs.errors import SourceError
from jobs.pipeline import Outcome, ingest
from jobs.ranking import years_before
from state import export, snapshots
from state.database import connect
from state.reader import Reader
from tests.system.releases import COUNCIL, NOW, POLICE, ROADS, Book, Entry, at_place, policy, release

LIMITS = ("indicator", "area_code", "period", "value", "lower_ci", "upper_ci")


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(tmp_path / "benchwatch.db")
    yield db
    db.close()


def take(db: Database, book: Book, name: str) -> Outcome:
    return ingest(db, book.raw(name), policy(), now=NOW)


def told(outcome: Outcome) -> list[Change]:
    return [change for change in outcome.changes if change.kind != Kind.BASELINE]


def kinds(outcome: Outcome) -> list[Kind]:
    return [change.kind for change in told(outcome) if change.indicator]


def test_an_entry_is_told_though_the_indicator_was_not_judged_in_between(db: Database) -> None:
    def book(period: str, figures: dict[str, float]) -> Book:
        return Book((Entry("burglary"),)).add("burglary", period, figures)

    take(db, book("2021/22", at_place(2)), "a-2022-11-01.csv")
    tie = {area: 50.0 if at < 20 else 100.0 + at for at, area in enumerate(sorted(at_place(20)))}
    assert kinds(take(db, book("2022/23", tie), "b-2023-11-01.csv")) == []
    found = told(take(db, book("2023/24", at_place(31)), "c-2024-11-01.csv"))
    entries = [change for change in found if change.kind == Kind.ENTERED]
    assert [(change.before.rank if change.before else None, change.after.rank) for change in entries] == [(2, 31)]


def test_an_indicator_first_judged_in_the_bottom_quartile_is_a_baseline(db: Database) -> None:
    def book(period: str, figures: dict[str, float]) -> Book:
        return Book((Entry("burglary"),)).add("burglary", period, figures)

    tie = {area: 50.0 if at < 20 else 100.0 + at for at, area in enumerate(sorted(at_place(20)))}
    take(db, book("2021/22", tie), "a-2022-11-01.csv")
    assert kinds(take(db, book("2022/23", at_place(31)), "b-2023-11-01.csv")) == []
    assert kinds(take(db, book("2023/24", at_place(3)), "c-2024-11-01.csv")) == [Kind.LEFT]


def pooled(first: int, value: float) -> Book:
    """Three pooled years in which the council stands last at a value with limits half a point either side."""
    period = f"{first}-{(first + 2) % 100:02d}"
    figures = at_place(31, level=40.0) | {COUNCIL: value}
    rows = Book((Entry("life", polarity="low"),), header=LIMITS)
    rows.rows += [("life", area, period, figure, figure - 0.5, figure + 0.5) for area, figure in figures.items()]
    return rows


def test_an_improvement_that_comes_slowly_over_pooled_years_is_told_once_it_is_significant(db: Database) -> None:
    values = [60.0, 59.7, 59.4, 59.1, 58.8]
    found = [kinds(take(db, pooled(2015 + at, value), f"r-{2018 + at}-11-01.csv")) for at, value in enumerate(values)]
    # 2015-17 and 2018-20 are the first that do not overlap: 0.9 better, 2.5 standard errors.
    assert found == [[], [], [], [Kind.IMPROVED], []]


def test_what_is_known_never_gets_older(db: Database) -> None:
    take(db, release((Entry("burglary"),), {"burglary": 3}, "2023/24"), "a-2024-06-01.csv")
    take(db, release((Entry("potholes", ROADS),), {"potholes": 3}, "2022/23"), "b-2023-01-15.csv")
    assert [head.known for head in (snapshots.load_head(db, at) for at in (1, 2))] == ["2024-06-01", "2024-06-01"]
    assert snapshots.snapshot_on(db, "2023-02-01") is None


def test_a_direction_edited_in_the_catalogue_is_what_answers_say(db: Database, tmp_path: Path) -> None:
    take(
        db,
        release((Entry("burglary"), Entry("litter", ROADS)), {"burglary": 3, "litter": 4}, "2022/23"),
        "a-2023-11-01.csv",
    )
    edited = Book((Entry("burglary", theme=ROADS), Entry("litter", ROADS))).add("litter", "2023/24", at_place(5))
    described = {entry.code: entry for entry in map(_indicator, edited.entries)}
    ingest(db, edited.raw("b-2024-11-01.csv"), policy(catalogue=_catalogue(described)), now=NOW)
    reader = Reader(tmp_path / "benchwatch.db")
    report = reader.theme(ROADS)
    reader.close()
    assert report is not None
    assert {item.code for item in report.indicators} == {"burglary", "litter"}
    assert [row[1] for row in export.rows(db, "ranks", snapshot=2, area=COUNCIL)] == [ROADS, ROADS]


def _indicator(entry: Entry) -> Indicator:
    return Indicator(entry.code, entry.code, entry.theme, Polarity.parse(entry.polarity), decimals=2)


def _catalogue(indicators: dict[str, Indicator]) -> Catalogue:
    return Catalogue(indicators, {ROADS: Theme(ROADS)})


def test_an_edit_to_an_indicator_that_the_release_does_not_state_holds_nothing(db: Database) -> None:
    entries = (Entry("burglary"), Entry("litter", ROADS))
    take(db, release(entries, {"burglary": 3, "litter": 4}, "2022/23"), "a-2023-11-01.csv")
    turned = (Entry("burglary", polarity="low"), Entry("litter", ROADS))
    outcome = take(db, Book(turned).add("litter", "2023/24", at_place(4)), "b-2024-11-01.csv")
    assert (outcome.status, outcome.held, outcome.findings) == ("accepted", (), ())


def test_a_theme_called_like_a_composite_is_refused_however_it_came(db: Database) -> None:
    take(db, release((Entry("burglary"),), {"burglary": 3}, "2022/23"), "a-2023-11-01.csv")
    composites = {POLICE: Composite(POLICE)}
    later = release((Entry("litter", ROADS),), {"litter": 3}, "2023/24")
    with pytest.raises(SourceError, match="is called like a composite"):
        ingest(db, later.raw("b-2024-11-01.csv"), policy(catalogue=Catalogue(composites=composites)), now=NOW)


def test_a_date_yet_to_come_is_refused(db: Database) -> None:
    with pytest.raises(SourceError, match="published 4023-01-01, which is yet to come"):
        take(db, release((Entry("burglary"),), {"burglary": 3}, "2023/24"), "a-4023-01-01.csv")


@pytest.mark.parametrize(
    ("day", "earlier"),
    [
        ("2024-03-31", "2023-03-31"),
        ("2025-02-28", "2024-02-29"),
        ("2024-02-29", "2023-02-28"),
        ("2024-02-28", "2023-02-28"),
    ],
)
def test_a_year_before_the_end_of_a_month_is_the_end_of_that_month(day: str, earlier: str) -> None:
    assert years_before(date.fromisoformat(day), 1) == date.fromisoformat(earlier)


def test_the_last_year_of_a_quarterly_theme_is_the_same_quarter_a_year_before(db: Database, tmp_path: Path) -> None:
    quarters = ["Q3 2015/16", "Q4 2015/16", "Q1 2016/17", "Q2 2016/17", "Q3 2016/17", "Q4 2016/17"]
    places = [2, 4, 6, 8, 10, 30]
    book = Book((Entry("speed"), Entry("delay")))
    for code in ("speed", "delay"):
        for quarter, place in zip(quarters, places, strict=True):
            book.add(code, quarter, at_place(place))
    take(db, book, "a-2017-06-01.csv")
    reader = Reader(tmp_path / "benchwatch.db")
    report = reader.overall()
    reader.close()
    assert report is not None
    (theme,) = report.themes
    assert (theme.standing.rank, theme.previous.rank if theme.previous else None) == (30, 4)
