"""The years as people read them: computed and published ranks side by side, the chart, and today against an edition."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import words
from bot.charts import theme_chart
from bot.commands import answer
from bot.commands.grammar import parse
from bot.commands.history import no_edition, since_edition
from bot.slack_text import Message, Picture, plain
from engine.catalogue import Catalogue
from engine.changes import Standing
from jobs.history import freeze, import_published, read_published
from jobs.pipeline import ingest
from state.database import Lock, connect, unit
from state.editions import Differences
from state.published import PublishedRank
from state.reader import Reader
from state.years import ThemeHistory, ThemeYear
from tests.bot.asking import SNAPSHOT, Run
from tests.slack_double import check_message, live_mentions
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, YEARS, Book, Entry, at_place, policy

HOSTILE = "<!channel> *Crime* & `x` " + "y" * 260
PUBLISHED = (
    "theme,rank,previous_rank,of,expenditure_rank,expenditure_of\n"
    'Police & Crime,21,11,32,,\nTransport & Highways (roads),2,,32,20,32\n"' + HOSTILE + '",7,,32,,\n'
)
PLACES = (3, 5, 8, 9, 20, 30)


def book(until: int = len(YEARS)) -> Book:
    found = Book((Entry("BURG"), Entry("VEH"), Entry("POT", ROADS)))
    for year, place in list(zip(YEARS, PLACES, strict=True))[:until]:
        found.add("BURG", year, at_place(place)).add("VEH", year, at_place(place))
    return found.add("POT", YEARS[1], at_place(2))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two releases a year apart, and settings."""
    folder = tmp_path_factory.mktemp("base")
    (folder / "state").mkdir()
    (folder / "config.toml").write_text("[catalogue]\npaths = []\n", encoding="utf-8")
    path = folder / "state" / "benchwatch.db"
    with closing(connect(path)) as db:
        for until, name in ((5, "a-2024-11-10.csv"), (6, "b-2025-11-10.csv")):
            ingest(db, book(until).raw(name), policy(), now=NOW, path=path)
    (folder / "ranks_2022_23.csv").write_text(PUBLISHED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def known(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those releases, what was published, and an edition; nobody changes it."""
    folder = tmp_path_factory.mktemp("known") / "copy"
    shutil.copytree(base, folder)
    with closing(connect(folder / "state" / "benchwatch.db")) as db, unit(db):
        import_published(db, read_published(folder / "ranks_2022_23.csv"), Catalogue(), actor="ann", now=NOW)
        freeze(db, "2023/24", "2024-11-10/1", again=False, actor="ann", now=NOW)
    return folder


@pytest.fixture
def folder(base: Path, tmp_path: Path) -> Path:
    """Those releases, to be changed."""
    return Path(shutil.copytree(base, tmp_path / "copy"))


@pytest.fixture
def run(folder: Path, terminal: Callable[..., Run]) -> Run:
    """Runs the command line in that folder; returns exit code, standard output and standard error."""
    return terminal(folder)


def document(run: Run, *arguments: str, code: int = 0) -> Any:
    ended, out, err = run(*arguments, "--json")
    assert ended == code, (out, err)
    return json.loads(out)


def ask(folder: Path, text: str) -> Message:
    with closing(Reader(folder / "state" / "benchwatch.db")) as reader:
        return checked(answer(text, reader, today=date(2025, 11, 12)))


def checked(message: Message) -> Message:
    assert check_message({"text": message.text, "blocks": message.blocks}) is None
    assert not live_mentions({"text": message.text, "blocks": message.blocks})
    return message


def told(folder: Path, text: str) -> str:
    return plain(ask(folder, text))


# --- the command line -----------------------------------------------------------------------------


def test_published_ranks_are_imported_shown_and_forgotten(run: Run) -> None:
    code, out, _ = run("history", "import", "ranks_2022_23.csv")
    assert code == 0
    assert out.splitlines()[:3] == [
        "Edition 2022/23: imported 3 published ranks.",
        "  The year before, 2021/22: 1 taken from this file.",
        "  Taken: Transport & Highways (roads) as Transport & Highways.",
    ]
    assert out.splitlines()[3].startswith("  Kept under its own name: <!channel> *Crime* & `x` yyy")
    code, out, _ = run("history", "show", "police")
    assert out == (
        "Police & Crime\n"
        "  2025  30th of 31\n  2024  20th of 31\n  2023  9th of 31 · published 21st of 32 in 2022/23\n"
        "  2022  8th of 31 · published 11th of 32 in 2021/22\n  2021  5th of 31\n  2020  3rd of 31\n"
    )
    assert run("history")[1].startswith("Police & Crime\n  2025  30th of 31\n")
    assert run("history", "import", "ranks_2022_23.csv")[1] == (
        "Edition 2022/23: imported already, nothing was changed; 3 published ranks held.\n"
    )
    assert run("history", "remove", "2022-23")[1] == "Removed 3 published ranks of 2022/23.\n"
    assert "published" not in run("history")[1]


def test_history_as_json_has_the_computed_and_the_published_rank_of_each_year(run: Run) -> None:
    done = document(run, "history", "import", "ranks_2022_23.csv")["imported"]
    assert [(one["edition"], one["outcome"], one["ranks"], one["previous"], one["previous_ranks"]) for one in done] == [
        ("2022/23", "imported", 3, "2021/22", 1)
    ]
    assert done[0]["taken_for"] == {"Transport & Highways (roads)": ROADS}
    found = {one["theme"]: one for one in document(run, "history")["themes"]}
    assert found[POLICE]["kind"] == "theme"
    assert [(one["year"], one["rank"], one["of"], one["indicators"]) for one in found[POLICE]["years"]] == [
        (year, place, 31, 2) for year, place in zip(range(2020, 2026), PLACES, strict=True)
    ]
    assert found[POLICE]["years"][3]["published"] == {
        "edition": "2022/23", "title": POLICE, "rank": 21, "of": 32, "expenditure_rank": None, "expenditure_of": None,
        "file": "ranks_2022_23.csv",
    }  # fmt: skip
    assert found[HOSTILE]["kind"] == "published"
    roads = found[ROADS]["years"]
    assert [(one["year"], one["rank"]) for one in roads] == [(2021, 2), (2022, None), (2023, None)]
    assert roads[2]["published"]["expenditure_rank"] == 20
    only = document(run, "history", "show", HOSTILE)["themes"]
    assert [one["theme"] for one in only] == [HOSTILE]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("history", "import", "nowhere.csv"), 1, "nowhere.csv: No such file"),
        (("history", "import", "bad_2022_23.csv"), 1, "bad_2022_23.csv: line 2, column rank: 33 is more than of, 32"),
        (("history", "import", "ranks_2022_23.csv", "bad_2022_23.csv"), 1, "bad_2022_23.csv: line 2"),
        (("history", "import", "ranks_2022_23.csv", "--edition", "2022"), 2, "'2022' is not a financial year"),
        (("history", "import", "ranks_2022_23.csv", "x.csv", "--edition", "2022/23"), 2, "--edition is of one file"),
        (("history", "import"), 2, "Missing argument"),
        (("history", "remove", "next year"), 2, "'next year' is not a financial year"),
        (("history", "show", "quantum"), 1, "'quantum' is no theme; the nearest are: "),
        (("history", "remove", "2019/20"), 1, "no published ranks of 2019/20 are held; there are none"),
        (("edition", "../x"), 1, "an edition cannot be called '../x'"),
        (("edition", "2022/23", "--snapshot", "2000-01-01/1"), 1, "no snapshot 2000-01-01/1; the current one is 2025"),
        (("edition", "--replace"), 2, "name the edition too"),
    ],
)
def test_what_cannot_be_done_is_refused_and_keeps_nothing(
    run: Run, folder: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (folder / "bad_2022_23.csv").write_text("theme,rank,of\nPolice,33,32\n", encoding="utf-8")
    ended, out, err = run(*arguments)
    assert (ended, out) == (code, "")
    assert says in " ".join(err.split())
    assert document(run, *arguments, code=code)["error"]
    with closing(connect(folder / "state" / "benchwatch.db")) as db:
        assert db.execute(
            "SELECT (SELECT count(*) FROM published_ranks) + (SELECT count(*) FROM editions)"
        ).fetchone() == (0,)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("history --config other.toml import ranks_2022_23.csv", "--config comes after import, not before it"),
        ("history --json show Police", "--json comes after show, not before it"),
        ("history --json remove 2022/23", "--json comes after remove, not before it"),
    ],
)
def test_an_option_before_what_it_belongs_to_is_refused_and_not_passed_over(run: Run, typed: str, says: str) -> None:
    code, out, err = run(*typed.split())
    assert (code, says in err) == (2, True)
    if "--json" in typed:
        assert says in json.loads(out)["error"]
    assert document(run, "history", "remove", "2022/23", code=1)["error"].endswith("there are none")


def test_an_import_while_another_process_prepares_the_database_is_asked_to_try_again(run: Run, folder: Path) -> None:
    path = folder / "state" / "benchwatch.db"
    path.unlink()
    lock = Lock(path)  # as another import holds it that has not made the tables yet
    try:
        code, _, err = run("history", "import", "ranks_2022_23.csv")
    finally:
        lock.release()
    assert (code, "has not brought it up to date; try again in a moment" in err) == (1, True)
    assert run("history", "import", "ranks_2022_23.csv")[0] == 0


def test_an_import_and_an_edition_beside_the_running_service_are_seen_by_its_readers(run: Run, folder: Path) -> None:
    lock = Lock(folder / "state" / "benchwatch.db")
    with closing(Reader(folder / "state" / "benchwatch.db")) as reader:
        before = reader.version()
        assert run("history", "import", "ranks_2022_23.csv")[0] == 0
        between = reader.version()
        assert run("edition", "2023/24", "--snapshot", "2024-11-10/1")[0] == 0
        assert before < between < reader.version()
        after = reader.version()
        assert run("history", "import", "ranks_2022_23.csv")[0] == 0
        assert reader.version() == after, "nothing was changed, so every answer stands"
        said = plain(answer("theme police", reader, today=date(2025, 11, 12)))
    lock.release()
    assert "As published: 21st of 32 in 2022/23, 11th of 32 in 2021/22" in said


def test_editions_are_named_listed_and_moved_only_when_asked(run: Run) -> None:
    assert run("edition")[1] == 'No edition has been named yet; this does it: benchwatch edition "2022/23"\n'
    assert document(run, "edition") == {"editions": []}
    assert run("edition", "2023/24", "--snapshot", "2024-11-10/1")[1] == "Edition 2023/24 is snapshot 2024-11-10/1.\n"
    assert "already; nothing was changed" in run("edition", "2023/24", "--snapshot", "2024-11-10/1")[1]
    code, _, err = run("edition", "2023/24")
    assert code == 1
    assert "the edition 2023/24 is snapshot 2024-11-10/1, named" in err
    assert "--replace moves it" in err
    assert document(run, "edition", "2023/24", "--replace")["snapshot"] == "2025-11-10/1"
    assert [one["edition"] for one in document(run, "edition")["editions"]] == ["2023/24"]
    assert run("edition")[1].startswith("2023/24: snapshot 2025-11-10/1, named 20")


# --- asking ---------------------------------------------------------------------------------------


def test_a_theme_year_by_year(known: Path) -> None:
    lines = told(known, "history police").splitlines()
    assert lines[:4] == [
        "Police & Crime: 30th of 31 (20th last year) ↓, quartile 4",
        "6 years, oldest first: 3rd, 5th, 8th, 9th, 20th, 30th █▇▆▆▄▁ (taller is better)",
        "As published: 21st of 32 in 2022/23, 11th of 32 in 2021/22",
        "A published rank stands at the year its edition ends in.",
    ]
    assert lines[5:9] == [
        "• 2025 — 30th of 31, quartile 4",
        "• 2024 — 20th of 31, quartile 3",
        "• 2023 — 9th of 31, quartile 2 · published 21st of 32 in 2022/23",
        "• 2022 — 8th of 31, quartile 1 · published 11th of 32 in 2021/22",
    ]
    chart = ask(known, "history police").chart
    assert chart
    assert chart.names == (POLICE,)
    roads = told(known, "history transport")
    assert (
        "• 2023 — published 2nd of 32 in 2022/23, spend 20th highest of 32, as “Transport & Highways (roads)”" in roads
    )
    assert "• 2022" not in roads, "a year nobody knows anything of is left out"


def test_all_themes_over_the_years_and_what_is_only_published(known: Path) -> None:
    text = told(known, "history")
    assert text.splitlines()[0] == "1 theme or composite has ranks of several years · the longest goes back 5 years"
    assert "Published ranks held: 2022/23, 2021/22" in text
    assert "Named editions: 2023/24; for example /rank overall against edition 2023/24" in text
    assert "30th of 31 (20th) ↓" in text
    assert "21st of 32 in 2022/23; 11th of 32 in 2021/22" in text
    assert HOSTILE[:40] in text
    only = told(known, f"history {HOSTILE}")
    assert only.startswith("<!channel> *Crime* & `x` yyy")
    assert "Nothing is called so today" in only


def test_without_published_ranks_the_answers_say_how_to_import_some(base: Path) -> None:
    assert "No published ranks are held; in the terminal: benchwatch history import FILE" in told(base, "history")
    assert "Named editions" not in told(base, "history")
    assert "ublished" not in told(base, "history police")
    assert "ublished" not in told(base, "theme police")


@pytest.mark.parametrize(
    ("typed", "verb", "argument"),
    [
        ("history", "history", ""),
        ("history police", "history", "police"),
        ("history of police", "history", "police"),
        ("years police", "history", "police"),
        ("police over the years", "history", "police"),
        ("how have we done on police over the last ten years?", "history", "how have we done on police"),
        ("over the years", "history", ""),
        ("history for the last ten years", "history", ""),
        ("police history", "history", "police"),
        ("police's rank history", "history", "police"),
        ("overall against 2022/23", "overall", "against edition 2022/23"),
        ("overall since edition Cabinet (March)", "overall", "against edition Cabinet (March)"),
        ("us versus 2022-23", "overall", "against edition 2022-23"),
        ("edition 2022/23", "overall", "against edition 2022/23"),
        ("police against 2022/23", "theme", "police against edition 2022/23"),
        ("theme police against 2022/23", "theme", "police against 2022/23"),
        ("police compared with the edition Cabinet", "theme", "police against edition Cabinet"),
        ("compare police with 2022/23", "compare", "police with 2022/23"),
        ("police against durham", "compare", "police durham"),
        ("changes since april", "changes", "since april"),
        ("admissions of people over 65 years", "name", "admissions of people over 65 years"),
    ],
)
def test_questions_about_years_and_editions_are_understood(typed: str, verb: str, argument: str) -> None:
    found = parse(typed)
    assert (found.verb, found.argument) == (verb, argument)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("police against 2022/23", ("police", "2022/23")),
        ("police since edition Cabinet 3", ("police", "Cabinet 3")),
        ("against the edition x", ("", "x")),
        ("with 2022/23", ("", "2022/23")),
        ("edition 2022/23", ("", "2022/23")),
        ("2022-23", ("", "2022-23")),
        ("police against durham", None),
        ("police since april", None),
        ("against edition", None),
        ("police", None),
        ("", None),
    ],
)
def test_an_edition_is_told_from_a_council_and_a_day(text: str, found: tuple[str, str] | None) -> None:
    assert since_edition(text) == found


@pytest.mark.parametrize(
    "typed", ["overall against 2023/24", "we vs 2023-24", "compare with 2023/24", "against edition 2023/24"]
)
def test_all_themes_against_an_edition(known: Path, typed: str) -> None:
    text = told(known, typed)
    lines = text.splitlines()
    assert lines[0] == "Leicestershire against edition 2023/24: 1 rank worse, 1 the same"
    assert lines[1] == "Edition 2023/24 is snapshot 2024-11-10/1."
    assert "Rank (2023/24)" in text
    assert "30th of 31 (20th) ↓" in text
    assert "Not like for like" not in text


@pytest.mark.parametrize(
    "typed", ["theme police against 2023/24", "police since edition 2023/24", "compare police with 2023/24"]
)
def test_a_theme_against_an_edition(known: Path, typed: str) -> None:
    lines = told(known, typed).splitlines()
    assert lines[0] == "Police & Crime: 30th of 31 (20th in edition 2023/24) ↓, quartile 4"
    assert lines[1] == "Edition 2023/24 is snapshot 2024-11-10/1."


def test_against_an_edition_only_published_and_one_nobody_knows(known: Path) -> None:
    lines = told(known, "police against 2021/22").splitlines()
    assert lines[:3] == [
        "Police & Crime: 30th of 31 (11th of 32 in edition 2021/22) ↓, quartile 4",
        "Ranks of 2021/22 are as published then, by the method of the day.",
        "Not like for like: 32 areas were compared then, 31 are now",
    ]
    assert "It had no rank in edition 2021/22." in told(known, "transport against 2021/22")
    assert told(known, "police against edition nope").splitlines() == [
        "No edition is called “nope”. There are: 2023/24, 2022/23, 2021/22",
        "For example: /rank overall against edition 2023/24",
        "In the terminal benchwatch edition NAME names one.",
    ]
    assert told(known, "quantum against 2021/22").startswith("No theme is called “quantum”. The nearest:")
    assert plain(no_edition("x", ())).splitlines()[0] == "No edition is called “x”. None has been named yet."
    assert told(known, "overall against edition <!channel> *x*").startswith("No edition is called “<!channel> *x*”.")


def test_a_changed_basis_is_told_with_the_comparison(folder: Path) -> None:
    path = folder / "state" / "benchwatch.db"
    changed = replace(policy(), comparators=tuple({*COUNTIES[:20], COUNCIL}))
    more = Book((Entry("BURG"), Entry("VEH"), Entry("FRAUD"))).add("FRAUD", YEARS[-1], at_place(9))
    with closing(connect(path)) as db:
        with unit(db):
            freeze(db, "2023/24", again=False, actor="ann", now=NOW)
        ingest(db, more.raw("c-2025-11-12.csv"), changed, now=NOW, path=path)
    said = told(folder, "overall against 2023/24")
    differs = (
        f"31 areas were compared then, {len(changed.comparators)} are now; the catalogue has changed (1 indicator new)"
    )
    assert f"Not like for like: {differs}" in said


# --- sentences ------------------------------------------------------------------------------------

OF_32 = Standing(3, 32, 1)


@pytest.mark.parametrize(
    ("before", "when", "says"),
    [
        (None, "last year", ""),
        (Standing(None, 32), "last year", ""),
        (Standing(7, 32), "", " (7th) ↑"),
        (Standing(7, 32), "last year", " (7th last year) ↑"),
        (Standing(7, 32, tied=True), "last year", " (=7th last year) ↑"),
        (Standing(1, 32), "in edition 2022/23", " (1st in edition 2022/23) ↓"),
        (Standing(3, 32), "", " (3rd) →"),
        (Standing(7, 31), "", " (7th of 31) ↑"),
        (Standing(7, None), "", " (7th) ↑"),
    ],
    ids=["none", "no rank", "bare", "last year", "tied", "edition", "same", "other number", "unknown number"],
)
def test_an_earlier_rank_stands_in_brackets_with_the_way_since(before: Standing | None, when: str, says: str) -> None:
    assert words.bracketed(before, OF_32, when) == says


def test_today_without_a_rank_has_no_arrow() -> None:
    assert words.bracketed(Standing(7, 32), Standing(None, None)) == " (7th)"


def rank(**other: Any) -> PublishedRank:
    given: dict[str, Any] = {
        "edition": "2022/23",
        "name": POLICE,
        "title": POLICE,
        "rank": 21,
        "of": 32,
        "spend_rank": None,
    }
    return PublishedRank(**(given | {"spend_of": None, "file": "a.csv"} | other))


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (rank(), "published 21st of 32 in 2022/23"),
        (rank(spend_rank=20, spend_of=32), "published 21st of 32 in 2022/23, spend 20th highest of 32"),
        (rank(spend_rank=32, spend_of=32), "published 21st of 32 in 2022/23, spend 32nd highest of 32, the lowest"),
        (rank(rank=1, spend_rank=1, spend_of=32), "published 1st of 32 in 2022/23, spend highest of 32"),
        (rank(title="Crime"), "published 21st of 32 in 2022/23, as “Crime”"),
        (rank(title="POLICE & CRIME"), "published 21st of 32 in 2022/23"),
    ],
    ids=["rank", "spend", "lowest", "highest", "other title", "capitals"],
)
def test_a_published_rank_in_words(one: PublishedRank, says: str) -> None:
    assert words.as_published(one) == says


@pytest.mark.parametrize(
    ("differences", "says"),
    [
        (Differences(), ""),
        (Differences(areas=(32, 31)), "32 areas were compared then, 31 are now"),
        (Differences(areas=(1, 31)), "1 area was compared then, 31 are now"),
        (Differences(areas=(31, 1)), "31 areas were compared then, 1 is now"),
        (Differences(areas=(31, 31)), "other areas were compared then, as many"),
        (Differences(method=True), "the method has changed"),
        (Differences(joined=1), "the catalogue has changed (1 indicator new)"),
        (Differences(joined=2), "the catalogue has changed (2 indicators new)"),
        (Differences(left=1, redescribed=3), "the catalogue has changed (1 indicator gone, 3 described otherwise)"),
        (Differences(composites=True), "the catalogue has changed (composites of other themes)"),
        (
            Differences((32, 31), True, 3, 2, 1, True),
            (
                "32 areas were compared then, 31 are now; the method has changed; the catalogue has changed "
                "(3 indicators new, 2 gone, 1 described otherwise, composites of other themes)"
            ),
        ),
    ],
    ids=["none", "fewer", "was one", "is one", "as many", "method", "one", "two", "gone", "composites", "all"],
)
def test_what_is_not_alike_in_words(differences: Differences, says: str) -> None:
    assert words.not_alike(differences) == (f"Not like for like: {says}" if says else "")


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([], "nothing is ranked"),
        ([(None, OF_32)], "nothing is ranked on both sides"),
        ([(Standing(7, 32), OF_32)], "1 rank better"),
        ([(Standing(7, 32), OF_32)] * 2 + [(OF_32, OF_32)], "2 ranks better, 1 the same"),
        ([(Standing(1, 32), OF_32), (None, OF_32)], "1 rank worse, 1 not ranked on both sides"),
        ([(Standing(1, 32), OF_32), (Standing(9, 32), OF_32)], "1 rank better, 1 worse"),
    ],
    ids=["empty", "none", "one", "better and same", "missing", "both"],
)
def test_how_many_ranks_moved_in_words(pairs: list[tuple[Standing | None, Standing]], says: str) -> None:
    assert words.moves(pairs) == says


def test_how_far_back_the_indicators_go_in_words() -> None:
    assert words.share_held(1, 1) == "1 of 1 indicator"
    assert words.share_held(2, 392) == "2 of 392 indicators"
    assert (
        words.reaching_back(5) == "Years that fewer than two thirds of today's 5 indicators go back to say how many do."
    )


# --- the chart ------------------------------------------------------------------------------------


def chart(ranks: dict[int, int], printed: dict[int, int], *, own: int = 0, of: int = 31, held: int = 3) -> Picture:
    first, last = min((*ranks, *printed)), max((*ranks, *printed, own))
    years = tuple(
        ThemeYear(
            year,
            Standing(ranks[year], of, 1 + 4 * (ranks[year] - 1) // of) if year in ranks else None,
            held if year in ranks else 0,
            rank(edition=f"{year - 1}/{year % 100:02}", rank=printed[year]) if year in printed else None,
        )
        for year in range(first, last + 1)
    )
    return theme_chart(ThemeHistory(SNAPSHOT, POLICE, "theme", years, own, 3))


def ink(picture: Picture) -> int:
    """Pixels that are not paper."""
    with Image.open(io.BytesIO(picture.png)) as image:
        grey = image.convert("L").histogram()
    return sum(grey[:100])


def test_the_chart_shows_twelve_years_and_its_text_has_both_ranks() -> None:
    ranks = {year: 1 + (year * 7) % 30 for year in range(2008, 2026)}
    drawn = chart(ranks, {2009: 3, 2016: 4, 2023: 21})
    assert "2013: " not in drawn.alt, "the thirteenth year back"
    for year in range(2014, 2026):
        assert f" {year}: {words.ordinal(ranks[year])} of 31, " in drawn.alt
    assert f"2023: {words.ordinal(ranks[2023])} of 31, " in drawn.alt
    assert "; published 21st of 32 (2022/23)." in drawn.alt
    assert drawn.title == f"{POLICE}: {words.ordinal(ranks[2025])} of 31, " + drawn.title.rpartition(", ")[2]


def test_a_hollow_square_is_drawn_where_the_published_rank_is_another_or_alone() -> None:
    ranks = {2022: 8, 2023: 9, 2024: 10}
    bare = chart(ranks, {})
    assert ink(chart(ranks, {2023: 21})) > ink(bare)
    assert "published" not in bare.alt
    same = chart(ranks, {2023: 9}, of=32)
    # Nothing to be drawn where both are the same rank among as many; the text has it all the same.
    assert same.png == chart(ranks, {}, of=32).png
    assert "2023: 9th of 32, second quartile; published 9th of 32 (2022/23)." in same.alt


def test_what_was_published_after_the_current_figures_is_not_taken_for_them() -> None:
    drawn = chart({2019: 11}, {2022: 5, 2023: 2}, own=2019)
    assert drawn.title == "Police & Crime: 11th of 31, second quartile"
    assert "Now 11th of 31, second quartile." in drawn.alt
    assert drawn.alt.endswith(
        "2020: no rank. 2021: no rank. 2022: published 5th of 32 (2021/22). 2023: published 2nd of 32 (2022/23)."
    )


def test_every_crowding_of_ranks_can_be_drawn() -> None:
    for seed in (3, 8):
        ranks = {year: 1 + (year * seed) % 31 for year in range(2014, 2026)}
        drawn = chart(ranks, {year: 1 + (year * (seed + 3)) % 32 for year in range(2014, 2026)}, held=1)
        assert len(drawn.alt) <= 1000
        assert len(drawn.png) < 60_000
