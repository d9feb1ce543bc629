"""Scorecards of the council's own indicators, from releases taken in: each figure worked out again by plain loops."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from jobs.pipeline import Raw, ingest
from jobs.tidy import date_in
from state.database import Database, connect, nothing_yet
from state.scorecards import ScorecardReport, scorecard_report, scorecards
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy

SIMILAR = Fraction(3, 400)
TARGETS = {
    "burglary": "<60",
    "robbery": "top quartile",
    "fraud": "90 (2027/28)",
    "arson": "5%",
    "litter": "above average",
    "paint": "increase",
    "signs": "MTFS",
}
ENTRIES = (
    *(Entry(code, polarity="low") for code in ("burglary", "robbery")),
    *(Entry(code) for code in ("fraud", "arson", "stalking")),
    *(Entry(code, ROADS) for code in ("litter", "paint", "signs")),
    Entry("noise", ROADS, polarity="none"),
    Entry("speed", ROADS, polarity="70..80"),
    Entry("lights", ROADS),
)
PLACES = {
    # by indicator, the council's place and the level of all figures, in 2022/23 and in 2023/24
    "burglary": [(9, 80.0), (20, 80.0)],
    "robbery": [(30, 80.0), (31, 80.0)],
    "fraud": [(4, 90.0), (8, 90.0)],
    "arson": [(4, 400.0), (4, 401.0)],
    "stalking": [(4, 100.0)],
    "litter": [(15, 100.0), (14, 100.0)],
    "paint": [(30, 100.0), (30, 100.0)],
    "signs": [(12, 100.0), (25, 120.0)],
    "noise": [(4, 100.0), (8, 100.0)],
    "speed": [(20, 80.0), (5, 90.0)],
    "lights": [(10, 100.0), (11, 100.0)],
}
YEARS = ("2022/23", "2023/24")


def figures(code: str, year: int) -> dict[str, float]:
    place, level = PLACES[code][year]
    return at_place(place, level=level)


def tied(figure: float) -> dict[str, float]:
    """Most areas at one figure, ours among them."""
    others = [area for area in COUNTIES if area != COUNCIL]
    return dict.fromkeys([COUNCIL, *others[:19]], figure) | {
        area: figure + at for at, area in enumerate(others[19:], 1)
    }


def raw(book: Book, name: str) -> Raw:
    """The release with a column of targets in its dictionary."""
    rows = [
        {
            "indicator": one.code,
            "name": f"Name of {one.code}",
            "theme": one.theme,
            "polarity": one.polarity,
            "unit": "people",
            "decimals": one.decimals,
            "target": TARGETS.get(one.code, ""),
        }
        for one in book.entries
    ]
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return replace(book.raw(name), dictionary=out.getvalue().encode(), published=date_in(name))


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Two years, the second without one indicator; another in which too many areas tie to be judged."""
    db = connect(tmp_path_factory.mktemp("scorecards") / "benchwatch.db")
    for at, year in enumerate(YEARS):
        book = Book(ENTRIES)
        for code, places in PLACES.items():
            if at < len(places):
                book.add(code, year, tied(50 + at) if code == "lights" else figures(code, at))
        if not at:
            book.add("fraud", "2021/22", at_place(2, level=90))
        outcome = ingest(db, raw(book, f"{'ab'[at]}-{2023 + at}-11-01.csv"), policy(), now=NOW)
        assert outcome.status == "accepted", outcome
    yield db
    db.close()


@pytest.fixture(scope="module")
def report(db: Database) -> ScorecardReport:
    report = scorecard_report(db, SIMILAR)
    assert report is not None
    return report


def test_each_indicator_is_as_worked_out_by_hand(report: ScorecardReport) -> None:
    found = {one.view.code: one.progress for one in report.indicators}
    told = {code: (str(one.direction), one.quartile, str(one.verdict), str(one.course)) for code, one in found.items()}
    nothing = "not_assessable"
    assert told == {
        # low is good: 71 → 60, where 11 areas of 31 have less
        "burglary": ("improved", 2, "missed", nothing),
        "robbery": ("improved", 1, "met", nothing),
        "fraud": ("declined", 1, "missed", "not_on_course"),
        "arson": ("similar", 1, nothing, nothing),
        "stalking": ("not_comparable", 1, nothing, nothing),
        "litter": ("improved", 2, "met", nothing),
        "paint": ("similar", 4, "missed", nothing),
        "signs": ("improved", 4, nothing, nothing),
        "speed": ("improved", 3, nothing, nothing),
        "lights": ("improved", None, nothing, nothing),
    }
    assert "noise" not in found


def test_directions_quartiles_and_averages_come_out_by_plain_loops(report: ScorecardReport) -> None:
    for one in report.indicators:
        code, now = one.view.code, figures(one.view.code, len(PLACES[one.view.code]) - 1)
        if code == "lights":
            continue
        own = Fraction(str(now[COUNCIL]))
        if len(PLACES[code]) == 1:
            assert one.progress.direction == "not_comparable"
            continue
        before = Fraction(str(figures(code, 0)[COUNCIL]))
        worse = {"low": 1, "high": -1}.get(one.view.polarity)
        if worse is not None:
            better = sum(1 for value in now.values() if (Fraction(str(value)) - own) * worse < 0)
            assert one.progress.quartile == 1 + 4 * better // len(now)
            way = "improved" if (before - own) * worse > 0 else "declined"
            assert one.progress.direction == ("similar" if abs(own - before) <= SIMILAR * before else way)
        if code == "litter":
            mean = sum((Fraction(str(value)) for value in now.values()), Fraction(0)) / len(now)
            assert (one.progress.verdict == "met") is (own > mean)


def test_themes_stand_by_name_and_all_of_them_last(db: Database, report: ScorecardReport) -> None:
    cards = scorecards(db, SIMILAR)
    assert [card.name for card in cards] == [POLICE, ROADS, ""]
    assert cards == (*report.themes, report.overall)
    assert [card.indicators for card in cards] == [5, 5, 10]
    police = cards[0]
    assert police.quartiles == (4, 1, 0, 0)
    assert (police.directions.improved, police.directions.similar, police.directions.declined) == (2, 1, 1)
    assert (police.targets.of, police.targets.met, police.targets.missed) == (4, 1, 2)


def test_one_theme_alone_is_the_same(db: Database, report: ScorecardReport) -> None:
    alone = scorecard_report(db, SIMILAR, ROADS)
    assert alone is not None
    assert alone.themes == (report.themes[1],)
    assert [one.view.code for one in alone.indicators] == ["lights", "litter", "paint", "signs", "speed"]


def test_what_is_similar_is_as_asked(db: Database) -> None:
    for level, similar in ((Fraction(0), 1), (Fraction(1), 9)):
        assert scorecards(db, level)[-1].directions.similar == similar


def test_before_the_first_release_there_is_nothing() -> None:
    db = nothing_yet()
    assert scorecard_report(db, SIMILAR) is None
    (card,) = scorecards(db, SIMILAR)
    assert (card.name, card.indicators) == ("", 0)
    db.close()


def test_a_figure_of_a_later_period_that_few_areas_have_does_not_set_the_pace(tmp_path: Path) -> None:
    db = connect(tmp_path / "benchwatch.db")
    book = Book((Entry("fraud"),))
    for at, year in enumerate(("2020/21", "2021/22", "2022/23")):
        book.add("fraud", year, at_place(5 - at, level=90))
    book.add("fraud", "2023/24", {COUNCIL: 1.0})
    assert ingest(db, raw(book, "a-2024-11-01.csv"), policy(), now=NOW).status == "accepted"
    report = scorecard_report(db, SIMILAR)
    db.close()
    assert report is not None
    (only,) = report.indicators
    assert only.view.period_end == "2023-03-31"
    assert only.progress.course == "on_course"  # 86, 87, and five years of one more
