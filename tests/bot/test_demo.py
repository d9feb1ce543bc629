from __future__ import annotations

import csv
import io
import statistics
import zipfile
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console

from bot.demo import CATALOGUE, COMPARATORS, COUNCIL, DATA
from bot.demo.run import QUESTIONS, Shown, run_demo
from bot.demo.story import (
    CORRECTED,
    GENERATED,
    OUT_OF_SCALE,
    PERIODS,
    write_correction,
    write_out_of_scale,
    write_releases,
)
from bot.preview import draw
from engine.areas import group_names, load_areas
from engine.catalogue import load_catalogue
from jobs.tidy import Release, tidy

COLUMNS = ("2015_16", "2016_17")
ENTER = {"asc_carer_satisfaction"}
LEAVE = {
    "asc_quality_of_life",
    "asc_control_daily_life",
    "asc_carers_quality_of_life",
    "asc_social_contact",
    "asc_user_satisfaction",
    "smoking_adults",
}
Figures = dict[str, dict[str, Decimal]]


@pytest.fixture(scope="module")
def data() -> dict[str, dict[str, str]]:
    with DATA.open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_releases(tmp_path_factory.mktemp("drop"))


@pytest.fixture(scope="module")
def figures(files: list[Path]) -> list[Figures]:
    """For each release the value of each area by indicator, as written."""
    found: list[Figures] = []
    for path in files:
        values: Figures = {}
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                values.setdefault(row["indicator"], {})[row["area_code"]] = Decimal(row["value"])
        found.append(values)
    return found


def rank_of_council(values: dict[str, Decimal], polarity: str) -> int:
    own = values[COUNCIL]
    better = [value for value in values.values() if (value < own if polarity == "low" else value > own)]
    return len(better) + 1


def quartile(rank: int, of: int) -> int:
    return next(q for q in (4, 3, 2, 1) if 4 * (rank - 1) >= (q - 1) * of)


def bottom(figures: Figures, data: dict[str, dict[str, str]]) -> set[str]:
    return {
        code
        for code, values in figures.items()
        if len(values) == 27
        and data[code]["polarity"] != "none"
        and quartile(rank_of_council(values, data[code]["polarity"]), 27) == 4
    }


def test_the_council_is_in_its_published_quartile_in_both_years(
    data: dict[str, dict[str, str]], figures: list[Figures]
) -> None:
    for year, values in zip(COLUMNS, figures, strict=True):
        expected = {code: int(row[f"quartile_{year}"]) for code, row in data.items() if row[f"quartile_{year}"]}
        found = {
            code: quartile(rank_of_council(areas, data[code]["polarity"]), len(areas))
            for code, areas in values.items()
            if len(areas) > 1
        }
        assert found == expected


def test_published_ranks_are_kept(data: dict[str, dict[str, str]], figures: list[Figures]) -> None:
    for year, values in zip(COLUMNS, figures, strict=True):
        ranks = {code: int(row[f"rank_{year}"]) for code, row in data.items() if row[f"rank_{year}"]}
        assert ranks == {code: rank_of_council(values[code], data[code]["polarity"]) for code in ranks}


def test_the_councils_figures_are_the_published_ones(data: dict[str, dict[str, str]], figures: list[Figures]) -> None:
    for year, values in zip(COLUMNS, figures, strict=True):
        assert {code: areas[COUNCIL] for code, areas in values.items()} == {
            code: Decimal(row[f"value_{year}"]) for code, row in data.items() if row[f"value_{year}"]
        }


def test_entries_and_exits_are_those_of_the_publications(
    data: dict[str, dict[str, str]], figures: list[Figures]
) -> None:
    before, after = (bottom(values, data) for values in figures)
    ranked_again = {code for code, values in figures[1].items() if len(values) == 27}
    assert before == {code for code, row in data.items() if row["listed_2015_16"] == "yes"}
    assert after - before == ENTER
    assert (before & ranked_again) - after == LEAVE


def test_a_quartile_printed_for_an_earlier_year_is_none_for_2016_17(data: dict[str, dict[str, str]]) -> None:
    for row in data.values():
        if "/1" in row["quartile_printed"]:
            assert row["quartile_2016_17"] == ""
        elif row["value_2016_17"]:
            assert row["quartile_2016_17"] == row["quartile_printed"][0]


def test_only_listed_indicators_are_in_the_bottom_quartile_of_2015_16(data: dict[str, dict[str, str]]) -> None:
    judged = [row for row in data.values() if row["polarity"] != "none"]
    assert all((row["quartile_2015_16"] == "4") == (row["listed_2015_16"] == "yes") for row in judged)


def test_every_ranked_indicator_is_eligible_and_every_figure_possible(
    data: dict[str, dict[str, str]], figures: list[Figures]
) -> None:
    for values in figures:
        for code, areas in values.items():
            row, decimals = data[code], int(data[code]["decimals"])
            assert all(-int(str(value.as_tuple().exponent)) <= decimals for value in areas.values()), code
            assert not row["lowest"] or min(areas.values()) >= Decimal(row["lowest"]), code
            assert not row["highest"] or max(areas.values()) <= Decimal(row["highest"]), code
            if len(areas) > 1:
                ties = Counter(areas.values())
                assert len(areas) == 27
                assert len(ties) >= 4, code
                assert max(ties.values()) <= 13, code


def test_comparators_stay_alike_from_year_to_year(figures: list[Figures]) -> None:
    for code, after in figures[1].items():
        if len(after) > 1:
            others = [area for area in after if area != COUNCIL]
            first, second = ([float(values[area]) for area in others] for values in (figures[0][code], after))
            assert statistics.correlation(first, second) > 0.7, code


def test_only_generated_figures_are_marked(files: list[Path]) -> None:
    for path in files:
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                assert row["status"] == ("" if row["area_code"] == COUNCIL else GENERATED)


def test_two_runs_write_the_same_bytes(files: list[Path], tmp_path: Path) -> None:
    again = write_releases(tmp_path / "new folder")
    for first, second in zip(files, again, strict=True):
        for suffix in (".csv", ".indicators.csv"):
            assert first.with_suffix(suffix).read_bytes() == second.with_suffix(suffix).read_bytes()


def test_tidy_reads_both_releases_whole(files: list[Path]) -> None:
    for path, period, day in zip(files, PERIODS, ("2016-09-30", "2017-10-31"), strict=True):
        release = tidied(path)
        assert (release.bad_rows, release.duplicates, release.unknown_areas, release.notes) == (0, (), (), ())
        assert str(release.published) == day
        assert set(release.panel.labels) == {period}
        assert GENERATED in release.remarks


def test_the_catalogue_knows_every_theme_and_spending_line(files: list[Path]) -> None:
    catalogue = load_catalogue([CATALOGUE])
    entries = {entry.code: entry for entry in tidied(files[0]).entries}
    assert {entry.theme for entry in entries.values()} == {*catalogue.themes, "Expenditure"}
    lines = {theme.expenditure for theme in catalogue.themes.values() if theme.expenditure}
    assert lines | {"spend_net"} == {code for code, entry in entries.items() if entry.is_expenditure}
    assert {composite.expenditure for composite in catalogue.composites.values()} == {"spend_net"}
    assert set(catalogue.composites["Core Performance"].themes) < set(catalogue.themes)
    assert catalogue.composites["Overall Outcomes"].themes == ()


def test_the_comparators_are_a_known_group_with_the_council() -> None:
    assert COMPARATORS in group_names()
    assert load_areas()[COUNCIL].name == "Leicestershire"


def tidied(path: Path) -> Release:
    return tidy(path.read_bytes(), path.with_suffix(".indicators.csv").read_bytes(), path.name)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return run_demo(tmp_path_factory.mktemp("demo") / "new")


@pytest.fixture(scope="module")
def scenes(shown: Shown) -> dict[str, str]:
    """What each scene shows when all of it is drawn, by its heading without the number."""
    found = {}
    for section in shown.sections:
        out = io.StringIO()
        Console(file=out, width=4_000).print(draw(section))
        found[section.heading.partition(". ")[2]] = out.getvalue()
    return found


def rows_of(path: Path) -> set[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return set(map(tuple, csv.reader(stream)))


def test_the_story_is_told_in_order(scenes: dict[str, str]) -> None:
    assert list(scenes) == [
        "The first figures",
        "The alert",
        "[Why?] pressed",
        "[Chart] pressed",
        "[Acknowledge] pressed",
        "A doubtful release is held",
        "[Reject] pressed",
        "The weekly digest",
        *(f"/rank {question}" for question in QUESTIONS),
        "The Home tab",
        "A correction",
    ]


def test_the_baseline_and_the_alert_are_told(scenes: dict[str, str]) -> None:
    assert "Watching 117 indicators in 14 themes" in scenes["The first figures"]
    alert = scenes["The alert"]
    assert "Adult Social Care - Perception rises from 26th to 20th of 27 and 7 more themes moved" in alert
    assert "[Why?]  [Chart]  [Acknowledge]  [Mute\N{NO-BREAK SPACE}until\N{NO-BREAK SPACE}next" in alert
    assert "2 replies" in alert


def test_what_the_buttons_of_an_alert_do_is_shown(scenes: dict[str, str], shown: Shown) -> None:
    assert "These add up to" in scenes["[Why?] pressed"]
    assert "Picture: Chart: rank of Leicestershire by theme" in scenes["[Chart] pressed"]
    assert [text.partition("\n")[0] for text in shown.document["modals"]] == [
        "Why it moved",
        "Acknowledge",
        "Reject release 3",
    ]
    form, _, after = scenes["[Acknowledge] pressed"].partition("APP")
    assert "What is the cause?" in form
    assert "Acknowledged by" not in form
    assert after.count("Acknowledged by") == 2, "in the message and in its thread"
    assert "cause – Example" in after


def test_a_doubtful_release_is_held_and_rejected(scenes: dict[str, str]) -> None:
    assert "the median jumped from 3.04 (2016/17) to 304 (2016/17)" in scenes["A doubtful release is held"]
    assert "[Approve]  [Reject]" in scenes["A doubtful release is held"]
    form, _, after = scenes["[Reject] pressed"].partition("APP")
    assert "Which of the held indicators?" in form
    assert "was rejected by" in after
    assert "no rank was touched" in after
    assert "[Approve]" not in after


def test_the_digest_tells_what_was_acknowledged_and_how_far_it_is(scenes: dict[str, str]) -> None:
    digest = scenes["The weekly digest"]
    assert "Adult social care this week: Adult Social Care - Perception rises from 26th to 20th of 27" in digest
    assert "cause – Example" in digest
    assert "out at 38.5%" in digest
    assert "Picture: Chart: rank of Leicestershire by theme" in digest


def test_questions_are_answered_with_pictures(scenes: dict[str, str], shown: Shown) -> None:
    answers = [scenes[f"/rank {question}"] for question in QUESTIONS]
    assert [one["question"] for one in shown.document["answers"]] == list(QUESTIONS)
    assert "Police & Crime: 12th of 27" in answers[0]
    assert sum("Picture: " in answer for answer in answers) == 2
    assert not any("not understood" in answer.casefold() for answer in answers)


def test_the_home_tab_has_the_chosen_subscription(scenes: dict[str, str]) -> None:
    home = scenes["The Home tab"]
    assert home.count("[Weekly digest ▾]") == 1
    assert "in the weekly digest: Police & Crime" in home


def test_the_correction_changes_the_alert_and_says_that_it_is_made_up(scenes: dict[str, str]) -> None:
    correction = scenes["A correction"]
    assert "The figure is made up" in correction
    message, _, thread = correction.partition("1 reply")
    assert "• Withdrawn: Carers' satisfaction" in message
    assert "corrected by release 4" in message
    assert "Withdrawn: Carers' satisfaction" in thread


def test_all_of_it_says_that_comparators_are_illustrative(shown: Shown) -> None:
    standing = [one["text"] for one in shown.document["messages"] if not one["in_thread"]]
    said = [*standing, *(one["text"] for one in shown.document["answers"]), shown.document["home"]]
    assert len(said) == 12
    assert [text for text in said if "illustrative" not in text] == []


def test_the_annex_is_written_twice_and_says_whose_figures_are_made_up(shown: Shown) -> None:
    page, document = map(Path, shown.document["report"])
    text = page.read_text(encoding="utf-8")
    assert "Illustrative: the comparators" in text
    assert "31.2%" in text
    assert "40.2%" not in text, "that figure is made up for the correction"
    assert zipfile.is_zipfile(document)


def test_the_page_has_all_of_it_and_the_terminal_a_part(shown: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    source = shown.page.read_text(encoding="utf-8")
    assert source.count("<section ") == len(shown.sections) == len(shown.brief)
    assert source.count("data:image/png;base64,") == 4
    assert Path(shown.document["chart"]["file"]).read_bytes().startswith(b"\x89PNG")
    shown.show()
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) < 300
    assert "more lines" in printed
    assert str(shown.page) in printed.replace("\n", "")
    assert all(section.heading in printed for section in shown.sections)


def test_one_indicator_of_the_doubtful_file_is_out_of_scale(files: list[Path], tmp_path: Path) -> None:
    changed = rows_of(write_out_of_scale(tmp_path, files[1])) - rows_of(files[1])
    assert {row[0] for row in changed} == {OUT_OF_SCALE}
    assert len(changed) == 27


def test_the_correction_changes_one_figure_and_marks_it(files: list[Path], tmp_path: Path) -> None:
    [row] = rows_of(write_correction(tmp_path, files[1])) - rows_of(files[1])
    code, value = CORRECTED
    assert row == (code, COUNCIL, PERIODS[1], value, GENERATED)
