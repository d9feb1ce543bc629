"""Scorecards as people get them: every sentence, the answer in Slack, and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from bot import scorecards as said
from bot.commands import Answers
from bot.commands.grammar import parse
from bot.commands.scorecards import scorecard
from bot.slack_text import Message, plain
from bot.tell.scorecard import reason
from engine.changes import Standing
from engine.progress import Direction, Directions, Progress, Scorecard, Targets
from engine.progress import scorecards as counted
from engine.targets import Course, Verdict, read_target
from jobs.dashboards import read_dashboard
from jobs.pipeline import ingest
from state.database import connect
from state.reader import Reader
from state.scorecards import Followed, ScorecardReport
from tests.bot.asking import SNAPSHOT, Run, ask, buttons, indicator
from tests.dashboards import HEADER, PUBLISHED, SMALL, by_hand, needs_dashboards, rows_of
from tests.slack_double import check_message, live_mentions
from tests.system.releases import NOW, POLICE, ROADS, Book, Entry, at_place, policy

HOSTILE = "<!channel> & *bold* _it_ `x` \u202eevil\n<https://e.example|click> مرحبا " + "long " * 60


# --- sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        pytest.param((0, 0, 0, 0), "No indicators", id="none"),
        pytest.param((1, 0, 0, 0), "The one indicator improved", id="one improved"),
        pytest.param((0, 1, 0, 0), "The one indicator is similar", id="one similar"),
        pytest.param((0, 0, 1, 0), "The one indicator declined", id="one declined"),
        pytest.param((0, 0, 0, 1), "The one indicator cannot be compared", id="one not comparable"),
        pytest.param((5, 0, 0, 0), "All 5 indicators improved", id="all improved"),
        pytest.param((0, 5, 0, 0), "All 5 indicators are similar", id="all similar"),
        pytest.param((0, 0, 0, 1200), "All 1,200 indicators cannot be compared", id="thousands, none comparable"),
        pytest.param((1, 1, 0, 0), "Of 2 indicators 1 improved and 1 is similar", id="a tie of two"),
        pytest.param((1, 0, 2, 0), "Of 3 indicators 1 improved and 2 declined", id="two kinds"),
        pytest.param(
            (80, 28, 38, 10),
            "Of 156 indicators 80 improved, 28 are similar, 38 declined and 10 cannot be compared",
            id="all kinds",
        ),
    ],
)
def test_directions_in_words(counts: tuple[int, int, int, int], sentence: str) -> None:
    assert said.directions(Directions(*counts)) == sentence


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        pytest.param((0, 0, 0), "no target is set", id="none"),
        pytest.param((1, 0, 0), "the one target is met", id="one met"),
        pytest.param((0, 1, 0), "the one target is missed", id="one missed"),
        pytest.param((0, 0, 1), "the one target cannot be assessed", id="one unclear"),
        pytest.param((5, 0, 0), "all 5 targets are met", id="all met"),
        pytest.param((0, 5, 0), "none of 5 targets is met, 5 missed", id="all missed"),
        pytest.param((0, 0, 5), "none of 5 targets is met, 5 cannot be assessed", id="all unclear"),
        pytest.param((1, 2, 0), "1 of 3 targets is met, 2 missed", id="one of several"),
        pytest.param((71, 47, 23), "71 of 141 targets are met, 47 missed, 23 cannot be assessed", id="all kinds"),
    ],
)
def test_targets_in_words(counts: tuple[int, int, int], sentence: str) -> None:
    assert said.targets(Targets(*counts, 0, 0)) == sentence


@pytest.mark.parametrize(
    ("targets", "sentence"),
    [
        pytest.param(Targets(0, 0, 0, 0, 0), "", id="no target"),
        pytest.param(Targets(1, 2, 3, 0, 0), "", id="nothing predicted"),
        pytest.param(Targets(1, 0, 0, 1, 0), "At the pace of the last periods the one target is on course", id="one"),
        pytest.param(
            Targets(1, 1, 0, 0, 2),
            "At the pace of the last periods none of 2 targets is on course, 2 are not",
            id="none on course",
        ),
        pytest.param(
            Targets(0, 1, 0, 0, 1), "At the pace of the last periods the one target is not on course", id="one, not"
        ),
        pytest.param(
            Targets(5, 0, 0, 5, 0), "At the pace of the last periods all 5 targets are on course", id="all on course"
        ),
        pytest.param(
            Targets(60, 60, 21, 55, 38),
            "At the pace of the last periods 55 of 141 targets are on course, 38 are not, "
            "of 48 nothing can be predicted",
            id="all kinds",
        ),
        pytest.param(
            Targets(2, 0, 0, 1, 0),
            "At the pace of the last periods 1 of 2 targets is on course, of 1 nothing can be predicted",
            id="one unpredicted",
        ),
    ],
)
def test_predictions_in_words(targets: Targets, sentence: str) -> None:
    assert said.predicted(targets) == sentence


def card(
    quartiles: tuple[int, int, int, int], unplaced: int = 0, directions: Directions | None = None, name: str = ""
) -> Scorecard:
    number = sum(quartiles) + unplaced
    return Scorecard(name, quartiles, unplaced, directions or Directions(number, 0, 0, 0), Targets(0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("counted", "fact", "quartiles"),
    [
        pytest.param(
            card((0, 0, 0, 0)),
            "No indicator has a direction and a figure to be followed",
            "Quartiles: no indicator is in one",
            id="nothing",
        ),
        pytest.param(
            card((0, 0, 0, 0), 2),
            "All 2 indicators improved; none is judged by quartile; no target is set",
            "Quartiles: no indicator is in one",
            id="none judged",
        ),
        pytest.param(
            card((2, 0, 0, 0)),
            "All 2 indicators improved; none is in the bottom quartile; no target is set",
            "Quartiles: 2 in the first, 0 in the second, 0 in the third, 0 in the bottom one",
            id="none in the bottom quartile",
        ),
        pytest.param(
            card((0, 0, 0, 1)),
            "The one indicator improved; 1 is in the bottom quartile; no target is set",
            "Quartiles: 0 in the first, 0 in the second, 0 in the third, 1 in the bottom one",
            id="one",
        ),
        pytest.param(
            card((31, 43, 27, 21), 57),
            "All 179 indicators improved; 21 are in the bottom quartile; no target is set",
            "Quartiles: 31 in the first, 43 in the second, 27 in the third, 21 in the bottom one; 57 in none",
            id="many",
        ),
    ],
)
def test_the_fact_and_the_quartiles_in_words(counted: Scorecard, fact: str, quartiles: str) -> None:
    assert said.fact(counted) == fact
    assert said.quartiles(counted) == quartiles


def progress(text: str, became: Verdict, course: Course = Course.NOT_ASSESSABLE) -> Progress:
    return Progress("VC", "Vehicle crime", POLICE, 4, Direction.DECLINED, read_target(text), became, course)


@pytest.mark.parametrize(
    ("became", "course", "due", "sentence"),
    [
        pytest.param(Verdict.MET, Course.NOT_ASSESSABLE, "", "target <9%: met", id="met"),
        pytest.param(Verdict.MET, Course.ON_COURSE, "2020/21", "target <9%: met", id="met and on course"),
        pytest.param(
            Verdict.MET,
            Course.NOT_ON_COURSE,
            "2020/21",
            "target <9%: met, but no longer by 2020/21 at this pace",
            id="met and falling",
        ),
        pytest.param(Verdict.MISSED, Course.NOT_ASSESSABLE, "", "target <9%: missed", id="missed"),
        pytest.param(
            Verdict.MISSED, Course.ON_COURSE, "2020/21", "target <9%: missed, on course to be met by 2020/21", id="late"
        ),
        pytest.param(
            Verdict.MISSED, Course.NOT_ON_COURSE, "", "target <9%: missed, not on course to be met", id="no day"
        ),
        pytest.param(Verdict.NOT_ASSESSABLE, Course.NOT_ASSESSABLE, "", "target <9%: cannot be assessed", id="unclear"),
    ],
)
def test_what_became_of_a_target_in_words(became: Verdict, course: Course, due: str, sentence: str) -> None:
    assert said.target(progress("<9%", became, course), "<9%", due) == sentence


def test_of_no_target_nothing_is_said() -> None:
    assert said.target(progress("-", Verdict.NOT_ASSESSABLE), "-") == ""


@pytest.mark.parametrize(
    ("counted", "cells"),
    [
        (card((0, 0, 0, 0), 1), ("–", "1", "0", "0", "0", "–")),
        (
            replace(card((1, 2, 3, 1000)), targets=Targets(4, 5, 6, 0, 0)),
            ("1, 2, 3, 1,000", "1,006", "0", "0", "0", "4, 5, 6"),
        ),
    ],
    ids=["nothing judged or aimed at", "all"],
)
def test_counts_stand_under_their_heads(counted: Scorecard, cells: tuple[str, ...]) -> None:
    assert said.row(counted) == cells
    assert len(said.HEADS) == len(cells)


@pytest.mark.parametrize(
    ("share", "text"),
    [("3/400", "0.75%"), ("1/100", "1%"), ("0", "0%"), ("1/7", "14.29%"), ("3", "300%"), ("1/100000", "0%")],
)
def test_shares_in_per_cent(share: str, text: str) -> None:
    assert said.per_cent(Fraction(share)) == text


def dashboard(*cells: str) -> str:
    return "\n".join([HEADER, *(f"Roads,Repair,Row {at},,{cell}" for at, cell in enumerate(cells))])


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ("↑,100.5,,100,-,High", "printed as improved; a rise of 0.5%, at most 0.75%, is similar"),
        ("↓,99.5,,100,-,High", "printed as declined; a fall of 0.5%, at most 0.75%, is similar"),
        ("↓,100,,100,-,High", "printed as declined; a change of 0%, at most 0.75%, is similar"),
        ("→,90,,100,-,High", "printed as similar; a fall of 10% where high is good is declined"),
        ("→,90,,100,-,Low", "printed as similar; a fall of 10% where low is good is improved"),
        ("↑,1,,0,-,Low", "printed as improved; a rise from 0 where low is good is declined"),
        ("↑,0,,0,-,Low", "printed as improved; a change from 0 is similar"),
        ("↑,50,,30,-,28..40", "printed as improved; a rise of 66.67% where 28..40 is good is declined"),
        ("↑,35,,30,-,28..40", "printed as improved; a rise of 16.67% where 28..40 is good is similar"),
    ],
)
def test_why_arrow_and_figures_disagree(cells: str, sentence: str) -> None:
    (row,) = read_dashboard(dashboard(cells).encode(), "d.csv").disagreements
    assert reason(row, Fraction(3, 400)) == sentence


# --- in Slack -------------------------------------------------------------------------------------


def followed(name: str, way: Direction, theme: str = POLICE, text: str = "", *, old: bool = False) -> Followed:
    view = indicator(name, 28, theme=theme, old=old)
    before, target = Standing(24, 32, 3, False, "2021/22", 4.6), read_target(text)
    became = (
        (Verdict.MISSED, Course.NOT_ON_COURSE) if target.numeric else (Verdict.NOT_ASSESSABLE, Course.NOT_ASSESSABLE)
    )
    return Followed(
        replace(view, previous=None if way is Direction.NOT_COMPARABLE else before),
        Progress(view.code, name, theme, 4, way, target, *became),
    )


def report(*found: Followed) -> ScorecardReport:
    *themes, overall = counted(one.progress for one in found)
    return ScorecardReport(SNAPSHOT, tuple(themes), overall, found)


def shown(found: ScorecardReport, theme: str | None = None, page: int = 1) -> tuple[Message, list[str]]:
    message = scorecard(found, theme, page)
    assert check_message({"text": message.text, "blocks": message.blocks}) is None
    assert not live_mentions({"text": message.text, "blocks": message.blocks})
    return message, plain(message).replace("\u2068", "").replace("\u2069", "").splitlines()


def test_the_first_line_of_a_scorecard_is_the_whole_fact() -> None:
    found = report(
        followed("Vehicle crime", Direction.DECLINED, text="<4 (2024/25)"),
        followed("Burglary", Direction.IMPROVED),
        followed("Potholes", Direction.NOT_COMPARABLE, ROADS),
    )
    _, lines = shown(found)
    assert lines[0] == (
        "Of 3 indicators 1 improved, 1 declined and 1 cannot be compared; 3 are in the bottom quartile; "
        "the one target is missed"
    )
    assert lines[1] == "Quartiles: 0 in the first, 0 in the second, 0 in the third, 3 in the bottom one"
    assert lines[2] == "At the pace of the last periods the one target is not on course"
    table = [" ".join(line.split()) for line in lines[4:8]]
    assert table[0].startswith("Theme Quartile 1, 2, 3, 4 Improved Similar Declined Not comparable Targets met")
    assert table[1:] == [
        "Police & Crime 0, 0, 0, 2 1 0 1 0 0, 1, 0",
        "Transport & Highways 0, 0, 0, 1 0 0 0 1 –",
        "All themes 0, 0, 0, 3 1 0 1 1 0, 1, 0",
    ]


def test_a_theme_lists_its_indicators_those_that_declined_first() -> None:
    found = report(
        followed("Burglary", Direction.IMPROVED),
        followed("Vehicle crime", Direction.DECLINED, text="<4 (2024/25)"),
        followed("Arson", Direction.NOT_COMPARABLE, text="MTFS", old=True),
        followed("Theft", Direction.SIMILAR),
    )
    _, lines = shown(found, POLICE)
    assert lines[0].startswith("Police & Crime: of 4 indicators 1 improved, 1 is similar, 1 declined and 1 cannot be ")
    body = lines[lines.index("Declined (1)") :]
    which = "(higher is worse) · 2021/22 → 2022/23 · quartile 4"
    aimed = "target <4 (2024/25): missed, not on course to be met by 2024/25"
    now = "5.9 per 1,000 (higher is worse) · 2022/23 · quartile 4"
    assert body[:8] == [
        "Declined (1)",
        f"• Vehicle crime — 4.6 → 5.9 per 1,000 {which} · {aimed}",
        "Improved (1)",
        f"• Burglary — 4.6 → 5.9 per 1,000 {which}",
        "Similar (1)",
        f"• Theft — 4.6 → 5.9 per 1,000 {which}",
        "No earlier figure to compare with (1)",
        f"• Arson — {now} · target MTFS: cannot be assessed · old: ended more than four years ago",
    ]


def test_hostile_names_and_targets_do_no_harm_and_long_lists_have_pages() -> None:
    many = report(*(followed(f"{at} {HOSTILE}", Direction.DECLINED, HOSTILE, HOSTILE) for at in range(60)))
    message, lines = shown(many, HOSTILE)
    assert "rank:page" in dict(buttons(message))
    assert any("page 1 of" in line for line in lines)
    _, last = shown(many, HOSTILE, 99)
    assert last[0] == lines[0]
    shown(many)


def test_a_theme_without_anything_to_follow_says_so() -> None:
    _, lines = shown(report(), ROADS)
    assert lines[0] == "Transport & Highways: no indicator has a direction and a figure to be followed"


@pytest.mark.parametrize("typed", ["scorecard", "scorecards", "targets", "scorecard police", "police targets"])
def test_before_the_first_release_there_is_none(typed: str) -> None:
    assert plain(ask(typed)).startswith("There are no figures yet.")


@pytest.mark.parametrize(
    ("typed", "about"),
    [
        ("are we meeting our targets?", ""),
        ("did we meet our targets", ""),
        ("which targets did we miss", ""),
        ("which of our targets are missed", ""),
        ("how are we doing against our targets", ""),
        ("our scorecard", ""),
        ("how many targets did we miss on roads", "roads"),
        ("which targets have we met in SEND?", "SEND"),
        ("what is our direction of travel on policing", "policing"),
        ("police targets", "police"),
        ("scorecard for the police", "police"),
    ],
)
def test_questions_about_targets_ask_for_a_scorecard(typed: str, about: str) -> None:
    request = parse(typed)
    meant = request.others[0] if request.verb == "name" else (request.verb, request.argument)
    assert meant == ("scorecard", about)


def test_a_theme_nobody_knows_is_asked_for_again() -> None:
    message = ask("scorecard quantum xylophones")
    assert plain(message).startswith("No theme is called “quantum xylophones”. The nearest:")
    assert all(value.startswith("scorecard theme ") for _, value in buttons(message))


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path, terminal: Callable[..., Run]) -> Run:
    """Runs the command line in a folder with settings and a small dashboard."""
    (tmp_path / "config.toml").write_text('[catalogue]\npaths = []\n[logs]\nlevel = "error"\n', encoding="utf-8")
    (tmp_path / "d.csv").write_text(SMALL, encoding="utf-8")
    return terminal(tmp_path, "scorecard")


def tally(rows: list[dict[str, str]], what: str) -> dict[str, int]:
    found = [by_hand(row)[what] for row in rows]
    return {way: found.count(way) for way in ("improved", "similar", "declined", "not_comparable")}


def check_document(document: dict[str, object], rows: list[dict[str, str]]) -> None:
    """Every count of a document is that of the rows by hand."""
    hands = [by_hand(row) for row in rows]
    kept = [row for row in rows if "School" not in row["theme"] and "Crime" not in row["theme"]]
    assert document["quartiles"] == {str(at): sum(one["quartile"] == at for one in hands) for at in (1, 2, 3, 4)}
    assert document["direction_printed"] == tally(kept, "printed")
    assert document["direction_computed"] == tally(kept, "computed")
    assert document["direction_printed_all"] == tally(rows, "printed")
    assert document["direction_computed_all"] == tally(rows, "computed")
    compared = [one for one in hands if "not_comparable" not in (one["printed"], one["computed"])]
    agree = sum(one["printed"] == one["computed"] for one in compared)
    assert document["agreement"] == {"agree": agree, "of": len(compared)}
    verdicts, courses = [one["became"] for one in hands], [one["predicted"] for one in hands]
    assert document["targets"] == {
        **{key: verdicts.count(key) for key in ("met", "missed", "not_assessable")},
        "predicted": {key: courses.count(key) for key in ("on_course", "not_on_course", "not_assessable")},
    }


def test_a_dashboard_as_a_document_is_as_counted_by_hand(run: Run) -> None:
    code, out, _ = run("d.csv", "--json")
    document, rows = json.loads(out), rows_of(SMALL)
    assert code == 0
    check_document(document, rows)
    assert document["direction_without"] == ["Police & Crime", "School Performance"]
    assert (document["indicators"], len(document["rows"]), document["similar_change"]) == (22, 22, 0.0075)
    for theme in document["themes"]:
        own = [row for row in rows if row["theme"] == theme["theme"]]
        assert theme["indicators"] == len(own)
        assert theme["direction_printed"] == tally(own, "printed")
        assert theme["direction_computed"] == tally(own, "computed")
    assert [one["indicator"] for one in document["disagreements"]] == ["Value added per head", "Progress 8"]
    assert document["rows"][4]["now"] == "23700000000"


@needs_dashboards
def test_the_councils_own_dashboards_as_a_document(run: Run) -> None:
    code, out, _ = run(str(PUBLISHED), "--json")
    document = json.loads(out)
    assert code == 0
    check_document(document, rows_of(PUBLISHED.read_text(encoding="utf-8")))
    assert list(document["quartiles"].values()) == [31, 43, 27, 21]
    assert list(document["direction_printed"].values()) == [80, 28, 38, 10]
    assert document["agreement"] == {"agree": 147, "of": 161}


def test_a_dashboard_for_people_says_what_is_left_out_and_what_disagrees(run: Run) -> None:
    code, out, _ = run("d.csv")
    lines = [line.rstrip() for line in out.splitlines()]
    assert code == 0
    assert lines[0] == (
        "Of 19 indicators 9 improved, 3 are similar, 5 declined and 2 cannot be compared, as printed; 4 of 18 are in "
        "the bottom quartile; 9 of 20 targets are met, 6 missed, 5 cannot be assessed"
    )
    assert lines[1].startswith("Left out of the directions: Police & Crime; School Performance. With them: of 22 ")
    assert "  Line 18, Police" not in out
    assert any(
        line.startswith("  Line 7, Economy: Value added per head: £22,597 → £22,689, printed as improved; a rise of ")
        for line in lines
    )
    assert max(map(len, lines)) < 200


@pytest.mark.parametrize(
    ("options", "improved", "without"),
    [
        ((), 9, ["Police & Crime", "School Performance"]),
        (("--all",), 9, []),
        (("--without", "health"), 6, ["Health"]),
        (("--without", "health", "--without", "ECON"), 2, ["Economy", "Health"]),
    ],
)
def test_themes_can_be_left_out_of_the_directions_alone(
    run: Run, options: tuple[str, ...], improved: int, without: list[str]
) -> None:
    document = json.loads(run("d.csv", "--json", *options)[1])
    assert document["direction_printed"]["improved"] == improved
    assert sorted(document["direction_without"]) == without
    assert sum(document["quartiles"].values()) == 18


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("d.csv", "--without", "cakes"), 2, "--without 'cakes' is in no theme's name; there are Fair Funding; "),
        (("d.csv", "--without", " "), 2, "--without needs a part of a theme's name"),
        (("d.csv", "--all", "--without", "health"), 2, "give one of them"),
        (("nowhere.csv",), 1, "nowhere.csv: No such file or directory"),
        (("config.toml",), 1, "config.toml line 1, the header: lacks theme"),
        ((), 1, "there are no figures yet"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_one_document(
    run: Run, arguments: tuple[str, ...], code: int, why: str
) -> None:
    found, out, err = run(*arguments, "--json")
    assert found == code
    assert why in json.loads(out)["error"]
    assert why in err


def test_what_is_similar_is_taken_from_the_settings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "[catalogue]\npaths = []\n[ranking]\nsimilar_change = 0.5\n", encoding="utf-8"
    )
    document = json.loads(run("d.csv", "--json")[1])
    assert document["similar_change"] == 0.5
    assert document["direction_computed_all"] == {
        way: [by_hand(row, Fraction(1, 2))["computed"] for row in rows_of(SMALL)].count(way)
        for way in ("improved", "similar", "declined", "not_comparable")
    }


def test_names_of_a_file_do_no_harm_to_the_terminal(run: Run, tmp_path: Path) -> None:
    wild = dashboard("→,90,,100,-,High").replace("Roads", "Crime\x1b[2J\u202eRoads").replace("Row", "R\x07ow")
    (tmp_path / "wild.csv").write_text(wild, encoding="utf-8")
    _, out, _ = run("wild.csv")
    assert "Left out of the directions: Crime [2JRoads. " in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_without_a_file_the_councils_own_indicators_are_counted(run: Run, tmp_path: Path) -> None:
    entries = (Entry("burglary"), Entry("robbery"), Entry("potholes", ROADS))
    (tmp_path / "state").mkdir()
    db = connect(tmp_path / "state" / "benchwatch.db")
    for name, year, level in (("a-2023-11-01.csv", "2022/23", 100.0), ("b-2024-11-01.csv", "2023/24", 90.0)):
        book = Book(entries)
        for code, place in (("burglary", 10), ("robbery", 30), ("potholes", 3)):
            book.add(code, year, at_place(place, level=100.0 if code == "robbery" else level))
        assert ingest(db, book.raw(name), policy(), now=NOW).status == "accepted"
    db.close()
    reader = Reader(tmp_path / "state" / "benchwatch.db")
    answers = [Answers(reader, similar=level).answer("scorecard") for level in (Fraction(3, 400), Fraction(1, 2))]
    reader.close()
    assert [plain(message).splitlines()[0].partition(";")[0] for message in answers] == [
        "Of 3 indicators 1 is similar and 2 declined",
        "All 3 indicators are similar",
    ]
    document = json.loads(run("--json")[1])
    assert document["direction_computed"] == {"improved": 0, "similar": 1, "declined": 2, "not_comparable": 0}
    assert document["quartiles"] == {"1": 1, "2": 1, "3": 0, "4": 1}
    assert (document["direction_printed"], document["agreement"]) == (None, None)
    assert [theme["theme"] for theme in document["themes"]] == [POLICE, ROADS]
    done, out, _ = run("--without", "police")
    assert done == 0
    assert out.splitlines()[:2] == [
        "Of 3 indicators 1 is similar and 2 declined; 1 is in the bottom quartile; no target is set",
        "Without Police & Crime: the one indicator declined",
    ]
