"""Themes in short, from what releases left stored, against places put there by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlite_utils import Database

from engine.catalogue import EXPENDITURE, Catalogue, Composite, Theme
from engine.summary import ThemeSummary
from jobs.pipeline import ingest
from state.database import connect
from state.summaries import theme_summaries
from tests.system.releases import COUNCIL, NOW, POLICE, ROADS, Book, Entry, at_place, policy, tied_at

ENTRIES = (
    *(Entry(code, name=code.capitalize()) for code in ("burglary", "robbery", "fraud", "arson", "drugs", "knives")),
    Entry("noise", name="Noise", polarity="none"),
    Entry("litter", ROADS, name="Litter"),
    Entry("spend", EXPENDITURE, name="Police net spend", polarity="none"),
)
CATALOGUE = Catalogue(themes={POLICE: Theme(POLICE, expenditure="spend")}, composites={"Overall": Composite("Overall")})


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(tmp_path / "benchwatch.db")
    yield db
    db.close()


def take(db: Database, book: Book, name: str) -> None:
    outcome = ingest(db, book.raw(name), policy(catalogue=CATALOGUE), now=NOW)
    assert outcome.status == "accepted", outcome


def found(db: Database) -> dict[str, ThemeSummary]:
    return {summary.name: summary for summary in theme_summaries(db)}


def test_before_the_first_release_there_is_none(db: Database) -> None:
    assert theme_summaries(db) == ()


def test_every_theme_and_composite_now_against_a_year_earlier(db: Database) -> None:
    book = Book(ENTRIES)
    book.add("burglary", "2022/23", at_place(24)).add("burglary", "2023/24", at_place(28))
    book.add("robbery", "2022/23", at_place(26)).add("robbery", "2023/24", at_place(22))
    book.add("fraud", "2022/23", at_place(30)).add("fraud", "2023/24", at_place(30))
    book.add("arson", "2023/24", at_place(27))  # nothing of the year before
    book.add("drugs", "2020/21", at_place(9)).add("drugs", "2023/24", at_place(2))  # every third year
    book.add("knives", "2020/21", at_place(9)).add("knives", "2021/22", at_place(2))  # as in last year's theme
    book.add("noise", "2022/23", at_place(3)).add("noise", "2023/24", at_place(9))  # not judged
    book.add("litter", "2023/24", at_place(31))
    book.add("spend", "2023/24", tied_at(30))
    take(db, book, "a-2024-11-01.csv")
    summaries = found(db)
    assert list(summaries) == ["Overall", POLICE, ROADS]
    police = summaries[POLICE]
    assert (police.kind, police.now.rank, police.members) == ("theme", row(db, POLICE)[0], 6)
    assert (police.fell, police.rose, police.stayed) == (1, 2, 2)
    assert police.bottom == ("Fraud", "Burglary", "Arson")
    assert (police.entered, police.left, police.improved, police.new) == (("Burglary",), ("Robbery",), (), False)
    assert police.before is not None
    assert police.before.rank == years_ago(db, POLICE)[1]
    assert police.spend is not None
    assert (police.spend.rank, police.spend.tied) == (30, True)
    roads = summaries[ROADS]
    assert (roads.now.rank, roads.before, roads.spend, roads.new) == (31, None, None, True)
    assert (roads.fell, roads.rose, roads.stayed, roads.members, roads.bottom) == (0, 0, 0, 1, ("Litter",))
    overall = summaries["Overall"]
    assert (overall.kind, overall.members, overall.fell, overall.rose, overall.stayed) == ("composite", 7, 1, 2, 2)
    assert overall.bottom == ("Litter", "Fraud", "Burglary", "Arson")


def row(db: Database, name: str) -> tuple[int, int]:
    found: tuple[int, int] = db.execute(
        'SELECT rank, "of" FROM theme_ranks JOIN areas ON areas.id = area_id WHERE name = ? AND code = ? '
        "AND until_snapshot IS NULL",
        (name, COUNCIL),
    ).fetchone()
    return found


def years_ago(db: Database, name: str) -> dict[int, int]:
    return dict(
        db.execute(
            "SELECT years_ago, rank FROM theme_years JOIN areas ON areas.id = area_id WHERE name = ? AND code = ?",
            (name, COUNCIL),
        )
    )


def test_with_one_year_alone_nothing_is_called_new(db: Database) -> None:
    take(db, Book(ENTRIES).add("litter", "2023/24", at_place(3)), "a-2024-11-01.csv")
    assert (found(db)[ROADS].new, found(db)[ROADS].before) == (False, None)


def limited(book: Book, code: str, period: str, figures: Mapping[str, float], half: float) -> None:
    """Figures with published limits so far to either side."""
    book.header = ("indicator", "area_code", "period", "value", "lower_ci", "upper_ci")
    book.rows += [(code, area, period, x, round(x - half, 2), round(x + half, 2)) for area, x in figures.items()]


@pytest.mark.parametrize(("half", "improved"), [(0.1, ("Burglary",)), (9.0, ())], ids=["clearly", "not clearly"])
def test_what_improved_significantly_within_a_year_is_named(
    db: Database, half: float, improved: tuple[str, ...]
) -> None:
    for at, (period, level) in enumerate((("2022/23", 100.0), ("2023/24", 103.0)), start=1):
        book = Book(ENTRIES)
        limited(book, "burglary", period, at_place(28, level=level), half)
        limited(book, "robbery", period, at_place(9, level=level), half)
        take(db, book, f"{at}-202{2 + at}-11-01.csv")
    assert found(db)[POLICE].improved == improved
    assert found(db)["Overall"].improved == improved
