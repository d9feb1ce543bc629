"""Charts of what is known, as they are asked for in Slack, and the examples in the documentation."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import pytest
from PIL import Image

from bot.demo.pictures import EXAMPLES, FOLDER, examples, page
from bot.pictures import KEPT, Pictures
from bot.slack_text import ChartKind, ChartOf, Picture
from engine.catalogue import Catalogue, Indicator, Polarity, Theme
from jobs.pipeline import ingest
from state.database import connect
from state.reader import Reader
from tests.system.releases import NOW, POLICE, ROADS, YEARS, Book, Entry, at_place, policy

DOCS = Path(__file__).parents[2] / "docs"
SPENDING = Catalogue(
    indicators={
        "SP": Indicator("SP", "Police", "Expenditure", Polarity("none")),
        "IMD": Indicator("IMD", "Deprivation score", "Context", Polarity("none")),
    },
    themes={POLICE: Theme(POLICE, expenditure="SP")},
    deprivation="IMD",
)
EVERY = (
    ChartOf("theme", (POLICE,)),
    ChartOf("themes"),
    ChartOf("spend", (POLICE,)),
    ChartOf("deprivation", (POLICE,)),
    ChartOf("indicator", ("BURG",)),
    ChartOf("bottom"),
)


def release(place: int, *, extra: str = "") -> Book:
    context = Entry("SP", "Expenditure", "Police", "none"), Entry("IMD", "Context", "Deprivation score", "none")
    book = Book((Entry("BURG", name="Burglary"), Entry("ROAD", ROADS), *context)).add("IMD", "2019", at_place(31))
    book.add("BURG", YEARS[-2], at_place(11)).add("BURG", YEARS[-1], at_place(place))
    book.add("ROAD", YEARS[-1], at_place(2)).add("SP", YEARS[-1], at_place(31, seed=3))
    return book if not extra else book.add("ROAD", extra, at_place(3))


@contextmanager
def database(folder: Path, *books: Book) -> Iterator[tuple[Reader, Any]]:
    path = folder / "b.db"
    db = connect(path)

    def take(book: Book) -> None:
        count = db.execute("SELECT count(*) FROM releases").fetchone()[0]
        ingest(db, book.raw(f"r-2025-11-{10 + count}.csv"), policy(catalogue=SPENDING), now=NOW, path=path)

    for book in books:
        take(book)
    reader = Reader(path)
    try:
        yield reader, take
    finally:
        reader.close()
        db.close()


def test_every_kind_of_chart_is_drawn_from_what_is_known(tmp_path: Path) -> None:
    assert {of.kind for of in EVERY} == set(get_args(ChartKind))
    with database(tmp_path, release(25)) as (reader, _):
        drawn = {of.kind: Pictures(reader)(of) for of in EVERY}
        everywhere = Pictures(reader)(ChartOf("spend"))
    assert everywhere
    assert everywhere.title == "Leicestershire: 0 of 1 theme high performing and low spending"
    titles = {kind: picture.title for kind, picture in drawn.items() if picture}
    assert titles == {
        "theme": "Police & Crime: 25th of 31, bottom quartile",
        "themes": "Themes: 1 down",
        "spend": "Police & Crime: low performing, low spending",
        "deprivation": "Police & Crime: low performing, less deprived",
        "indicator": "Burglary: 25th of 31, bottom quartile",
        "bottom": "Leicestershire: 1 of 2 indicators (50%) in the bottom quartile",
    }
    alt = {kind: picture.alt for kind, picture in drawn.items() if picture}
    assert "2024: 11th of 31, second quartile. 2025: 25th of 31, bottom quartile." in alt["theme"]
    assert "Police & Crime: 11th to 25th of 31, worse. " not in alt["themes"]  # it is the last
    assert alt["themes"].endswith("Police & Crime: 11th to 25th of 31, worse.")
    assert "a year earlier to now, 10 November 2025" in alt["themes"]
    assert f"{YEARS[-1]}: 75, 25th of 31; best 99, middle 84, bottom quartile from 75 down, worst 69." in alt[
        "indicator"
    ].replace(".00", "")


@pytest.mark.parametrize(
    "of",
    [
        ChartOf("theme"),
        ChartOf("theme", ("Nothing",)),
        ChartOf("themes", ("Nothing",)),
        ChartOf("spend", (ROADS,)),
        ChartOf("deprivation", ("Nothing",)),
        ChartOf("indicator"),
        ChartOf("indicator", ("NOTHING",)),
        ChartOf("bottom", ("Nothing",)),
    ],
    ids=str,
)
def test_where_there_is_nothing_to_draw_there_is_no_picture(of: ChartOf, tmp_path: Path) -> None:
    with database(tmp_path, release(25)) as (reader, _):
        assert Pictures(reader)(of) is None


def test_before_the_first_release_there_is_no_picture(tmp_path: Path) -> None:
    with database(tmp_path) as (reader, _):
        assert [Pictures(reader)(of) for of in (*EVERY, ChartOf("spend"))] == [None] * 7


def test_only_the_themes_named_are_drawn(tmp_path: Path) -> None:
    with database(tmp_path, release(25)) as (reader, _):
        both, one = (Pictures(reader)(ChartOf("bottom", names)) for names in ((), (ROADS,)))
    assert both
    assert one
    assert "Police & Crime: 1, 0, 0, 0 of 1." in both.alt
    assert one.title == f"{ROADS}: none of 1 indicator in the bottom quartile"


def test_a_picture_is_kept_until_something_changes(tmp_path: Path) -> None:
    of = ChartOf("theme", (POLICE,))
    with database(tmp_path, release(25)) as (reader, take):
        pictures = Pictures(reader)
        first = pictures(of)
        assert pictures(of) is first
        take(release(9, extra=YEARS[-2]))
        after = pictures(of)
    assert first
    assert after
    assert (first.title, after.title) == (
        "Police & Crime: 25th of 31, bottom quartile",
        "Police & Crime: 9th of 31, second quartile",
    )


def test_not_all_that_was_ever_asked_for_is_kept(tmp_path: Path) -> None:
    with database(tmp_path, release(25)) as (reader, _):
        pictures = Pictures(reader)
        first = pictures(ChartOf("theme", (POLICE,)))
        for number in range(KEPT):
            pictures(ChartOf("theme", (f"Theme {number}",)))
        again = pictures(ChartOf("theme", (POLICE,)))
    assert again == first
    assert again is not first


def test_many_may_ask_at_once(tmp_path: Path) -> None:
    found: list[Picture | None] = []
    with database(tmp_path, release(25)) as (reader, _):
        alone = [Pictures(reader)(of) for of in EVERY]
        pictures = Pictures(reader)
        threads = [threading.Thread(target=lambda of=of: found.append(pictures(of))) for of in (*EVERY, *EVERY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert len(found) == 2 * len(EVERY)
    assert {picture.png for picture in found if picture} == {picture.png for picture in alone if picture}


# --- the page of examples -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> dict[str, Picture]:
    return examples()


def test_the_page_says_what_the_pictures_say(drawn: dict[str, Picture]) -> None:
    assert (DOCS / "charts.md").read_text(encoding="utf-8") == page(drawn), "make pictures"


def test_every_example_is_drawn_and_kept_small(drawn: dict[str, Picture]) -> None:
    assert set(drawn) == {example.file for example in EXAMPLES}
    assert {path.name for path in (DOCS / FOLDER).iterdir()} == set(drawn)
    for name, picture in drawn.items():
        kept = (DOCS / FOLDER / name).read_bytes()
        assert len(kept) < 60_000
        with Image.open(io.BytesIO(kept)) as image, Image.open(io.BytesIO(picture.png)) as now:
            assert image.size == now.size


def test_every_kind_of_chart_has_an_example_that_says_it_is_illustrative(drawn: dict[str, Picture]) -> None:
    assert {example.of.kind for example in EXAMPLES} == set(get_args(ChartKind))
    assert all("illustrative comparators" in picture.alt for picture in drawn.values())
