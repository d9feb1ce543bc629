"""Ranks published in earlier years: read whole or refused with the place, matched one way, kept; named editions."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.catalogue import Catalogue, Composite, Theme, load_catalogue
from jobs.errors import HistoryError, SourceError
from jobs.history import (
    PublishedFile,
    checked_edition,
    freeze,
    import_published,
    known_names,
    matched,
    read_published,
    remove_published,
)
from jobs.pipeline import ingest
from jobs.policy import Policy
from state.database import Database, connect, nothing_yet, unit
from state.editions import Differences, edition_names, edition_standings, editions, find_edition
from state.published import edition_ending, edition_year, published_ranks
from state.years import ThemeHistory, theme_history, years_held
from tests.real_data import PUBLISHED
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, YEARS, Book, Entry, at_place, policy

SEED = PUBLISHED.parent / "seed"
needs_seed = pytest.mark.skipif(not SEED.is_dir(), reason="no published ranks in ../shared/seed")

HEAD = "theme,rank,previous_rank,of,expenditure_rank,expenditure_of\n"
SMALL = HEAD + "Police & Crime,21,11,32,,\nTransport & Highways (roads),2,5,32,20,32\nAnimals,7,,32,,\n"
CATALOGUE = Catalogue(
    themes={
        POLICE: Theme(POLICE, ("police", "crime", "safety")),
        ROADS: Theme(ROADS, ("roads", "safety")),
        "Corporate": Theme("Corporate", ("finance",)),
        "Adult Social Care - Delivery": Theme("Adult Social Care - Delivery"),
    },
    composites={"Overall Outcomes": Composite("Overall Outcomes", (), ("all themes",))},
)


def written(folder: Path, text: str | bytes, name: str = "benchmark_2022_23.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- reading --------------------------------------------------------------------------------------


def test_a_file_is_read_whole_with_the_edition_in_its_name(tmp_path: Path) -> None:
    found = read_published(written(tmp_path, "\ufeff" + SMALL.replace("\n", "\r\n") + "\r\n"))
    assert (found.name, found.edition) == ("benchmark_2022_23.csv", "2022/23")
    rows = [(one.title, one.rank, one.previous, one.of, one.spend_rank, one.spend_of) for one in found.rows]
    assert rows == [
        (POLICE, 21, 11, 32, None, None),
        ("Transport & Highways (roads)", 2, 5, 32, 20, 32),
        ("Animals", 7, None, 32, None, None),
    ]
    assert read_published(tmp_path / "benchmark_2022_23.csv", "2019/20").edition == "2019/20"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "benchmark_2022_23.csv: the file is empty"),
        (" \n\n", "the file is empty"),
        (HEAD, "a header and no rows"),
        (HEAD + ",,,,,\n\n", "a header and no rows"),
        (b"theme,rank,of\nCaf\xe9,1,2\n", "line 2: not UTF-8; save the file as UTF-8 CSV"),
        ("theme,rank,of\nA\0B,1,2\n", "line 2: holds a zero byte"),
        ('theme,rank,of\n"Police,1,2\n', "line 2: broken CSV"),
        ("theme,rank\nPolice,1\n", "line 1: the header lacks of; expected theme,rank,of and optionally previous_rank"),
        ("theme,rank,of,mark\nPolice,1,2,x\n", "line 1, column 'mark': unknown column"),
        (f"theme,rank,of,{'w' * 999}\nPolice,1,2,x\n", f"line 1, column '{'w' * 40}': unknown column"),
        ("theme,rank,rank,of\nPolice,1,1,2\n", "line 1, column rank: the column stands twice"),
        ("theme,rank,of,expenditure_rank\nPolice,1,2,1\n", "line 1: expenditure_rank and expenditure_of come together"),
        ("theme,rank,of\nPolice,1\n", "line 2: 2 fields where the header has 3"),
        ("theme,rank,of\nHealth, adult,1,2\n", "line 2: 4 fields where the header has 3; a name with a comma needs"),
        ("theme,rank,of\n  ,1,2\n", "line 2, column theme: is blank"),
        ("theme,rank,of\nA\u202eB,1,2\n", "line 2, column theme: holds a character that does not print"),
        (f"theme,rank,of\n{'x' * 301},1,2\n", "line 2, column theme: longer than 300 characters"),
        ("theme,rank,of\nPolice,,2\n", "line 2, column rank: is blank"),
        ("theme,rank,of\nPolice,1,\n", "line 2, column of: is blank"),
        ("theme,rank,of\nPolice,0,2\n", "line 2, column rank: '0' is not a whole number from 1"),
        ("theme,rank,of\nPolice,-1,2\n", "column rank: '-1' is not a whole number from 1"),
        ("theme,rank,of\nPolice,1.5,2\n", "column rank: '1.5' is not a whole number from 1"),
        ("theme,rank,of\nPolice,=7,9\n", "column rank: '=7' is not a whole number from 1"),
        ("theme,rank,of\nPolice,٣,9\n", "column rank: '٣' is not a whole number from 1"),
        ("theme,rank,of\nPolice,1,9999999\n", "column of: '9999999' is not a whole number from 1"),
        ("theme,rank,of\nPolice,33,32\n", "line 2, column rank: 33 is more than of, 32"),
        (HEAD + "Police,1,33,32,,\n", "line 2, column previous_rank: 33 is more than of, 32"),
        (HEAD + "Police,1,2,32,40,32\n", "column expenditure_rank: 40 is more than expenditure_of, 32"),
        (HEAD + "Police,1,2,32,4,\n", "line 2, column expenditure_of: is blank, and the other is not"),
        (HEAD + "Police,1,2,32,,32\n", "line 2, column expenditure_rank: is blank, and the other is not"),
        ("theme,rank,of\nPolice,1,2\n\npolice ,2,2\n", "line 4, column theme: the theme 'police' is in line 2 already"),
        ("theme,rank,of\nA – B,1,2\nA - b,2,2\n", "line 3, column theme: the theme 'A - b' is in line 2 already"),
        (HEAD + "Police,1,2,32,,\n" * 70_000, "larger than 1 MB"),
    ],
)
def test_a_bad_file_is_refused_whole_with_line_column_and_reason(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(SourceError) as error:
        read_published(written(tmp_path, text))
    assert says in str(error.value)
    assert str(error.value).startswith("benchmark_2022_23.csv: ") or "csv: line" in str(error.value)


@pytest.mark.parametrize(
    ("name", "edition"),
    [
        ("benchmark_2022_23.csv", "2022/23"),
        ("2015-16 ranks.csv", "2015/16"),
        ("ranks-1999_00.csv", "1999/00"),
        ("2022_23-again-2022-23.csv", "2022/23"),
        ("benchmark.csv", None),
        ("benchmark_2022_24.csv", None),
        ("benchmark_2021_22_2022_23.csv", None),
        ("from 2021_22 to 2022_23.csv", None),
        ("2011-12-05.csv", None),
        ("benchmark_20222_23.csv", None),
    ],
)
def test_the_edition_is_taken_from_the_name_where_it_is_clear(tmp_path: Path, name: str, edition: str | None) -> None:
    path = written(tmp_path, SMALL, name)
    if edition:
        assert read_published(path).edition == edition
        return
    with pytest.raises(SourceError, match="give it as --edition 2022/23"):
        read_published(path)


@pytest.mark.parametrize(
    "text", ["2022", "2022/24", "1949/50", "22/23", "2022/2023", "../x", "", "2022/23; DROP", "٢٠٢٢/٢٣"]
)
def test_an_edition_is_a_financial_year(text: str) -> None:
    with pytest.raises(HistoryError, match="is not a financial year such as 2022/23"):
        checked_edition(text)
    assert edition_year(text) is None


def test_an_edition_stands_at_the_year_it_ends_in() -> None:
    assert [checked_edition(one) for one in (" 2022/23 ", "2022-23", "2022_23")] == ["2022/23"] * 3
    assert [edition_year(one) for one in ("2022/23", "1999/00", "2009/10")] == [2023, 2000, 2010]
    assert all(edition_year(edition_ending(year)) == year for year in range(1951, 2100))


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["police & crime"], [POLICE]),
        (["POLICE"], [POLICE]),
        (["Police & Crime (recorded)"], [POLICE]),
        (["Crime (all) "], [POLICE]),
        (["Corporate - finance and complaints"], ["Corporate"]),
        (["Corporate – finance and complaints"], ["Corporate"]),
        (["Adult Social Care – Delivery"], ["Adult Social Care - Delivery"]),
        (["Overall outcomes"], ["Overall Outcomes"]),
        (["All themes"], ["Overall Outcomes"]),
        (["Safety"], ["Safety"]),  # an alias of two themes
        (["Police - patrols"], ["Police - patrols"]),  # before the dash only whole names count, no aliases
        (["Overall"], ["Overall"]),
        (["Adult Social Care"], ["Adult Social Care"]),
        (["Police & Crime", "Crime"], [POLICE, "Crime"]),  # the exact name has it
        (["Crime", "Police"], ["Crime", "Police"]),  # two claims, and neither is the name
        (["Roads (A)", "Roads (B)"], ["Roads (A)", "Roads (B)"]),
        (["(x)"], ["(x)"]),
    ],
)
def test_a_title_is_matched_in_one_way_or_keeps_its_own_name(titles: list[str], names: list[str]) -> None:
    empty = nothing_yet()
    assert list(matched(titles, known_names(empty, CATALOGUE)).values()) == names
    empty.close()


@needs_seed
def test_the_councils_own_reports_are_taken_with_the_catalogues_names() -> None:
    empty = nothing_yet()
    known = known_names(empty, load_catalogue(["builtin"]))
    empty.close()
    files = {path.name: read_published(path) for path in sorted(SEED.glob("benchmark_*.csv"))}
    for path in sorted(SEED.glob("benchmark_*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            printed = [(row["theme"], int(row["rank"]), int(row["of"])) for row in csv.DictReader(lines)]
        assert [(row.title, row.rank, row.of) for row in files[path.name].rows] == printed
    later = matched([row.title for row in files["benchmark_2022_23.csv"].rows], known)
    assert later["Core Performance (council services)"] == "Core Performance"
    assert later["Corporate - finance and complaints"] == "Corporate"
    assert set(later.values()) <= set(known), "every theme of that report is one of ours"
    earlier = matched([row.title for row in files["benchmark_2015_16.csv"].rows], known)
    assert earlier["Adult Social Care (excluding survey indicators)"] not in known
    assert earlier["Transport & Highways"] == ROADS


# --- keeping --------------------------------------------------------------------------------------


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = connect(tmp_path / "b.db")
    yield found
    found.close()


def keep(db: Database, text: str, folder: Path, edition: str = "2022/23", name: str = "") -> str:
    path = written(folder, text, name or f"ranks_{edition.replace('/', '_')}.csv")
    with unit(db):
        done = import_published(db, read_published(path, edition), CATALOGUE, actor="ann", now=NOW)
    return done.outcome


def held(db: Database) -> list[tuple[str, str, int]]:
    return [(one.edition, one.name, one.rank) for one in published_ranks(db)]


def audit(db: Database) -> list[tuple[str, ...]]:
    return list(db.execute("SELECT actor, action, subject, detail FROM audit ORDER BY id"))


def test_ranks_are_kept_with_those_of_the_year_before(db: Database, tmp_path: Path) -> None:
    assert keep(db, SMALL, tmp_path) == "imported"
    assert held(db) == [
        ("2021/22", POLICE, 11),
        ("2021/22", ROADS, 5),
        ("2022/23", "Animals", 7),
        ("2022/23", POLICE, 21),
        ("2022/23", ROADS, 2),
    ]
    roads = published_ranks(db, name=ROADS)[1]
    assert (roads.title, roads.of, roads.spend_rank, roads.spend_of, roads.year) == (
        "Transport & Highways (roads)", 32, 20, 32, 2023,
    )  # fmt: skip
    assert [one.given_later for one in published_ranks(db, name=ROADS)] == [True, False]
    assert audit(db) == [("ann", "import", "published ranks 2022/23", "3 from ranks_2022_23.csv, replacing 0")]


def test_importing_the_same_again_changes_nothing_and_another_replaces(db: Database, tmp_path: Path) -> None:
    keep(db, SMALL, tmp_path)
    before = db.execute("SELECT * FROM published_ranks").fetchall()
    assert keep(db, SMALL, tmp_path, name="copied elsewhere.csv") == "unchanged"
    assert db.execute("SELECT * FROM published_ranks").fetchall() == before
    assert len(audit(db)) == 1
    assert keep(db, HEAD + "Police & Crime,20,12,32,,\n", tmp_path) == "replaced"
    assert held(db) == [("2021/22", POLICE, 12), ("2022/23", POLICE, 20)]
    assert keep(db, "theme,rank,of\nPolice & Crime,20,32\n", tmp_path) == "replaced"
    assert held(db) == [("2022/23", POLICE, 20)]
    assert [detail for *_, detail in audit(db)][1:] == [
        "1 from ranks_2022_23.csv, replacing 3",
        "1 from ranks_2022_23.csv, replacing 1",
    ]


@pytest.mark.parametrize("own_first", [True, False])
def test_the_year_befores_own_file_wins_whichever_comes_first(db: Database, tmp_path: Path, own_first: bool) -> None:
    files = [("2021/22", "theme,rank,of\nPolice & Crime,10,31\n"), ("2022/23", SMALL)]
    for edition, text in files if own_first else files[::-1]:
        assert keep(db, text, tmp_path, edition) == "imported"
    assert [one for one in held(db) if one[0] == "2021/22"] == [("2021/22", POLICE, 10)]
    assert keep(db, SMALL, tmp_path) == "unchanged"
    assert keep(db, SMALL.replace("21,11", "22,12"), tmp_path) == "replaced"
    assert [one for one in held(db) if one[1] == POLICE] == [("2021/22", POLICE, 10), ("2022/23", POLICE, 22)]


def test_an_edition_is_forgotten_with_what_it_gave_of_the_year_before(db: Database, tmp_path: Path) -> None:
    keep(db, SMALL, tmp_path)
    keep(db, "theme,rank,of\nPolice & Crime,4,27\n", tmp_path, "2015/16")
    with unit(db):
        assert remove_published(db, "2022/23", actor="ann", now=NOW) == 3
    assert held(db) == [("2015/16", POLICE, 4)]
    with pytest.raises(HistoryError, match="no published ranks of 2022/23 are held; there are 2015/16"), unit(db):
        remove_published(db, "2022/23", actor="ann", now=NOW)
    keep(db, SMALL, tmp_path)
    keep(db, "theme,rank,of\nPolice & Crime,10,31\n", tmp_path, "2021/22")
    with unit(db):
        remove_published(db, "2022/23", actor="ann", now=NOW)
    assert held(db) == [("2015/16", POLICE, 4), ("2021/22", POLICE, 10)]


def test_a_file_that_names_a_theme_anew_is_another_once_the_catalogue_knows_it(db: Database, tmp_path: Path) -> None:
    file = read_published(written(tmp_path, SMALL))
    with_animals = replace(CATALOGUE, themes={**CATALOGUE.themes, "Wildlife": Theme("Wildlife", ("animals",))})
    with unit(db):
        first = import_published(db, file, CATALOGUE, actor="ann", now=NOW)
        second = import_published(db, file, with_animals, actor="ann", now=NOW)
    assert (first.unmatched, first.renamed) == (("Animals",), (("Transport & Highways (roads)", ROADS),))
    assert (second.outcome, second.unmatched) == ("replaced", ())
    assert ("2022/23", "Wildlife", 7) in held(db)


def test_an_edition_of_years_to_come_is_a_slip(db: Database, tmp_path: Path) -> None:
    assert keep(db, SMALL, tmp_path, "2025/26") == "imported"
    with pytest.raises(HistoryError, match="the edition 2026/27 is of years to come"):
        keep(db, SMALL, tmp_path, "2026/27")
    assert {one.edition for one in published_ranks(db)} == {"2024/25", "2025/26"}


def test_half_an_import_is_none(db: Database, tmp_path: Path) -> None:
    keep(db, SMALL, tmp_path)
    before = held(db)
    other = PublishedFile("x.csv", "2022/23", read_published(written(tmp_path, HEAD + "Police,1,2,32,,\n")).rows)

    def cut_short() -> None:
        with unit(db):
            import_published(db, other, CATALOGUE, actor="ann", now=NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_short()
    assert held(db) == before
    assert len(audit(db)) == 1


# --- beside the computed ones ---------------------------------------------------------------------


def shown(history: ThemeHistory) -> list[tuple[int, int | None, int | None]]:
    return [
        (one.year, one.standing.rank if one.standing else None, one.published.rank if one.published else None)
        for one in history.years
    ]


def two_themes() -> Book:
    book = Book((Entry("BURG"), Entry("VEH"), Entry("POT", ROADS)))
    for year, place in zip(YEARS, (3, 5, 8, 9, 20, 30), strict=True):
        book.add("BURG", year, at_place(place)).add("VEH", year, at_place(place))
    return book.add("POT", YEARS[1], at_place(2))


def test_published_ranks_stand_at_their_years_before_and_after_the_computed(db: Database, tmp_path: Path) -> None:
    ingest(db, two_themes().raw("r-2025-11-10.csv"), policy(catalogue=CATALOGUE), now=NOW, path=tmp_path / "b.db")
    keep(db, SMALL, tmp_path)
    keep(db, "theme,rank,of\nPolice & Crime,4,27\n", tmp_path, "2015/16")
    police, roads = theme_history(db, POLICE), theme_history(db, ROADS)
    assert police
    assert roads
    # 2019/20 ends in 2020: five years of a gap between the oldest published rank and the first computed one.
    assert shown(police) == [
        (2016, None, 4), (2017, None, None), (2018, None, None), (2019, None, None), (2020, 3, None), (2021, 5, None),
        (2022, 8, 11), (2023, 9, 21), (2024, 20, None), (2025, 30, None),
    ]  # fmt: skip
    assert (police.own, police.now and police.now.rank, police.judged) == (2025, 30, 2)
    # The roads' figures end in 2021: what was published later stands after, and is not the current rank.
    assert shown(roads) == [
        (2021, 2, None), (2022, None, 5), (2023, None, 2),
    ]  # fmt: skip
    assert (roads.own, roads.now and roads.now.rank) == (2021, 2)
    assert [(one.name, one.kind) for one in years_held(db)] == [
        ("Overall Outcomes", "composite"), (POLICE, "theme"), (ROADS, "theme"), ("Animals", "published"),
    ]  # fmt: skip


def test_a_year_says_how_many_indicators_go_back_so_far(db: Database, tmp_path: Path) -> None:
    book = Book((Entry("A"), Entry("B"), Entry("C")))
    for code, since in (("A", 2015), ("B", 2018), ("C", 2020)):
        for year in range(since, 2022):
            book.add(code, str(year), at_place(4, seed=year))
    ingest(db, book.raw("r-2025-11-10.csv"), policy(), now=NOW, path=tmp_path / "b.db")
    found = theme_history(db, POLICE)
    assert found
    assert [(one.year, one.held) for one in found.years] == [
        (2015, 1), (2016, 1), (2017, 1), (2018, 2), (2019, 2), (2020, 3), (2021, 3),
    ]  # fmt: skip
    assert found.judged == 3


# --- editions -------------------------------------------------------------------------------------


@pytest.fixture
def moved(db: Database, tmp_path: Path) -> Database:
    """Two releases: the council goes from 3rd to 9th in one theme, and another theme comes new."""
    first = Book((Entry("BURG"), Entry("VEH")))
    for code in ("BURG", "VEH"):
        first.add(code, "2022/23", at_place(3))
    second = Book((Entry("BURG"), Entry("VEH"), Entry("POT", ROADS)))
    for code in ("BURG", "VEH", "POT"):
        second.add(code, "2023/24", at_place(9, seed=2))
    for book, name in ((first, "a-2023-11-01.csv"), (second, "b-2024-11-01.csv")):
        ingest(db, book.raw(name), policy(), now=NOW, path=tmp_path / "b.db")
    return db


def name_it(db: Database, name: str, label: str = "", *, again: bool = False) -> tuple[str, str, bool]:
    with unit(db):
        found, changed = freeze(db, name, label, again=again, actor="ann", now=datetime(2026, 1, 2, tzinfo=UTC))
    return found.name, found.label, changed


def test_a_name_freezes_a_snapshot_and_is_not_moved_silently(moved: Database) -> None:
    assert name_it(moved, " 2022/23 ", "2023-11-01/1") == ("2022/23", "2023-11-01/1", True)
    assert name_it(moved, "2022/23", "2023-11-01/1") == ("2022/23", "2023-11-01/1", False)
    with pytest.raises(HistoryError, match=r"2022/23 is snapshot 2023-11-01/1, named 2026-01-02; --replace moves it"):
        name_it(moved, "2022-23")
    assert name_it(moved, "2022-23", again=True) == ("2022/23", "2024-11-01/1", True)
    assert name_it(moved, "Cabinet (March)") == ("Cabinet (March)", "2024-11-01/1", True)
    assert [(one.name, one.label, one.by) for one in editions(moved)] == [
        ("2022/23", "2024-11-01/1", "ann"),
        ("Cabinet (March)", "2024-11-01/1", "ann"),
    ]
    assert [(subject, detail) for _, action, subject, detail in audit(moved) if action == "edition"] == [
        ("2022/23", "snapshot 2023-11-01/1"),
        ("2022/23", "snapshot 2024-11-01/1, before it 2023-11-01/1"),
        ("Cabinet (March)", "snapshot 2024-11-01/1"),
    ]
    assert find_edition(moved, "cabinet  (MARCH)")


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc", "a/../b", "<!channel>", "*bold*", "a`b", "x" * 41, "line\nbreak\0", "", " ", "-x", "a|b", "&"],
)
def test_a_name_that_is_more_than_a_name_is_refused(name: str) -> None:
    empty = nothing_yet()
    with pytest.raises(HistoryError, match="an edition cannot be called"):
        name_it(empty, name)
    assert editions(empty) == ()
    empty.close()


def test_a_snapshot_that_is_not_there_is_told_with_the_current_one(moved: Database, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"no snapshot 2020-01-01/1; the current one is 2024-11-01/1"):
        name_it(moved, "2022/23", "2020-01-01/1")
    empty = connect(tmp_path / "empty.db")
    with pytest.raises(HistoryError, match="there is no snapshot yet; take a release in first"):
        name_it(empty, "2022/23")
    empty.close()


def test_an_editions_standings_are_those_of_its_snapshot(moved: Database, tmp_path: Path) -> None:
    name_it(moved, "2022/23", "2023-11-01/1")
    found = edition_standings(moved, "2022-23")
    assert found
    assert {name: (one.rank, one.of) for name, one in found.standings.items()} == {POLICE: (3, len(COUNTIES))}
    assert (found.name, found.label, found.published) == ("2022/23", "2023-11-01/1", False)
    # The pothole indicator came since, with the theme.
    assert found.differences == Differences(joined=1)
    assert edition_standings(moved, "2019/20") is None
    keep(moved, SMALL, tmp_path)
    assert edition_standings(moved, "2022/23") == found, "what was frozen comes before what was printed"
    printed = edition_standings(moved, "2021-22")
    assert printed
    assert printed.published
    assert {name: (one.rank, one.of) for name, one in printed.standings.items()} == {POLICE: (11, 32), ROADS: (5, 32)}
    assert printed.differences == Differences(areas=(32, len(COUNTIES)))
    assert edition_names(moved) == ("2022/23", "2021/22")


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (lambda of: of, Differences()),
        (lambda of: replace(of, comparators=(*COUNTIES[:20], COUNCIL)), "areas"),
        (lambda of: replace(of, rules=replace(of.rules, quartile_rule="value")), Differences(method=True)),
        (lambda of: replace(of, rules=replace(of.rules, max_age_years=9)), Differences(method=True)),
        (
            lambda of: replace(of, catalogue=Catalogue(composites={"All": Composite("All")})),
            Differences(composites=True),
        ),
    ],
    ids=["nothing", "comparators", "quartile rule", "age", "composites"],
)
def test_what_differs_between_an_edition_and_today_is_found(
    db: Database, tmp_path: Path, change: Callable[[Policy], Policy], differs: Differences | str
) -> None:
    book = Book((Entry("BURG"),)).add("BURG", "2022/23", at_place(3))
    ingest(db, book.raw("a-2023-11-01.csv"), policy(), now=NOW, path=tmp_path / "b.db")
    name_it(db, "then")
    again = Book((Entry("BURG"),)).add("BURG", "2023/24", at_place(3))
    ingest(db, again.raw("b-2024-11-01.csv"), change(policy()), now=NOW, path=tmp_path / "b.db")
    found = edition_standings(db, "then")
    assert found
    now = len({*COUNTIES[:20], COUNCIL})
    assert found.differences == (Differences(areas=(len(COUNTIES), now)) if differs == "areas" else differs)
    assert found.differences.any is (differs != Differences())
