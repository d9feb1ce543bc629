"""What /rank answers about ourselves, read as a person reads it; and what holds for every answer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import PAGE, SHARE, Answers, answer
from bot.slack_text import plain
from engine.changes import Cause, Kind
from state.views import ChangeView, Improvement, OverallReport, ThemeReport
from tests.bot.asking import (
    COUNCIL,
    DATASET,
    HELD,
    SNAPSHOT,
    TODAY,
    FakeReader,
    ask,
    buttons,
    change,
    indicator,
    overview,
    standing,
    theme,
    told,
)
from tests.slack_double import check_message

HOSTILE = "<!channel> & *bold* _it_ `x` ~s~ \u202eevil\u0000\n<@U123|you> <https://e.example|click> 🏴󠁧󠁢󠁥󠁮󠁧󠁿 مرحبا"


def test_a_theme_is_told_with_last_year_spend_and_years() -> None:
    text = told("theme Police")
    assert text.startswith("Police & Crime: 21st of 32 (11th last year) ↓, quartile 3\n")
    assert "Spend per head: 32nd highest of 32, the lowest (31st highest of 32 last year)" in text
    assert "4 years, oldest first: 12th, no rank, 11th, 21st ▆·▆▃ (taller is better)" in text
    assert "1 of 3 indicators (33%) in the bottom quartile · 3 of 4 judged indicators have a rank" in text
    assert text.index("In the bottom quartile") < text.index("Vehicle crime") < text.index("The others, worst first")
    assert "• Vehicle crime — 28th of 32, quartile 4 · 5.9 per 1,000 (higher is worse) · 2022/23" in text
    assert "• Road safety survey — no figure" in text
    assert text.endswith("Quartiles: rank rule, 32 county areas · snapshot 2024-07-20/1 · illustrative comparators")


def test_a_theme_without_rank_or_history_says_so() -> None:
    text = told("theme Police", FakeReader(themes=(theme("Police", None, history=((0, None),), bottom=0, judged=0),)))
    assert text.startswith("Police: no rank\n3 of 4 judged indicators have a rank\n")
    assert "years" not in text


def test_the_highest_spender_is_called_highest() -> None:
    text = told("theme police", FakeReader(spent=theme("Expenditure: Police & Crime", 1, 3, kind="expenditure")))
    assert "Spend per head: highest of 32 (3rd highest of 32 last year)" in text


def test_an_indicator_is_told_with_peers_trend_line_and_source() -> None:
    text = told("indicator vehicle")
    assert text.startswith("Vehicle crime: 28th of 32 (24th a year earlier) ↓, quartile 4\n")
    assert "Trend: 2021/22 4.6 (24th of 32), 2022/23 5.9 (28th of 32)" in text
    assert "Out of the bottom quartile: 4 places up, at County 24 (24th, 6.0 per 1,000)" in text
    assert "Source: ONS · crime.csv · published 20 July 2024" in text
    around = [line for line in text.splitlines() if line.startswith("• ")]
    assert [line.split(" ")[1] for line in around] == ["25th", "26th", "27th", "28th", "29th", "30th", "31st"]
    assert "• 28th Leicestershire (us) — 7.0 per 1,000, quartile 4" in around


def test_an_earlier_period_several_years_back_is_named() -> None:
    rare = indicator(
        "Rare survey", 9, previous=replace(standing(4, value=4.6), period="2015"), previous_end="2015-12-31"
    )
    assert told("indicator rare", FakeReader(indicators=(rare,))).startswith("Rare survey: 9th of 32 (4th in 2015) ↓")


def test_a_file_name_that_begins_like_a_date_stays_a_file_name() -> None:
    odd = indicator("Odd", 9, source="file", release="2024-11-01 revised.csv", published="")
    assert "Source: file · 2024-11-01 revised.csv\n" in told("indicator odd", FakeReader(indicators=(odd,)))


def test_above_the_line_the_distance_to_it_is_told() -> None:
    assert "The bottom quartile begins: 3 places down, at County 25 (25th, 6.2 per 1,000)" in told("indicator RES_BURG")


def test_an_indicator_without_a_figure_says_so() -> None:
    text = told("indicator road safety")
    assert text.startswith("Road safety survey: no figure\n")
    assert "None" not in text


@pytest.mark.parametrize(
    ("eligibility", "reason"),
    [
        ("no_direction", "no direction, so not judged"),
        ("few_areas", "not judged: too few areas have a figure"),
        ("few_values", "not judged: too few different values"),
        ("large_tie", "not judged: too many areas tie"),
    ],
)
def test_why_an_indicator_is_not_judged(eligibility: str, reason: str) -> None:
    odd = indicator("Odd", 30, eligibility=eligibility)
    assert f"• Odd — 30th of 32, {reason} · 5.9" in told("theme police", FakeReader(indicators=(odd,)))
    text = told("indicator odd", FakeReader(indicators=(odd,)))
    assert f"↓, {reason}\n" in text
    assert "• 30th Leicestershire (us) — 7.5 per 1,000\n" in text
    assert "ottom quartile" not in text
    assert "quartile 4" not in text


def test_overall_is_a_table_with_composites_first_and_says_the_same_in_text() -> None:
    message = ask("overall")
    [table] = [block for block in message.blocks if block["type"] == "table"]
    assert [row[0]["text"] for row in table["rows"]][:3] == ["Theme", "Overall Outcomes", "Police & Crime"]
    assert "Leicestershire: Overall Outcomes 5th of 32 · 1 of 3 indicators (33%) in the bottom quartile" in message.text
    assert "Police &amp; Crime: rank (last year) 21st of 32 (11th) ↓, spend per head 32nd highest of 32" in message.text
    assert "illustrative comparators" in message.text


def test_bottom_goes_theme_by_theme_with_what_left() -> None:
    arson = indicator("Arson", 20, previous=standing(28, value=5.9), standing=standing(20, value=4.1))
    text = told("bottom", FakeReader(improved=(Improvement(arson),)))
    assert text.startswith("1 of 3 indicators (33%) is in the bottom quartile\nPolice & Crime (1)\n• Vehicle crime")
    assert (
        "Left it since last year's figures\n▲ Arson — 28th → 20th of 32, quartile 4 → 3 · 5.9 → 4.1 per 1,000" in text
    )
    assert told("worst police").startswith("1 of 3 indicators (33%) of Police & Crime is in the bottom quartile")
    assert told("bottom", FakeReader(indicators=())).startswith("None of 3 indicators are in the bottom quartile")


def test_changes_tell_their_cause_release_by_release() -> None:
    moved = (
        change(Kind.ENTERED, standing(24, value=4.6), standing(28, value=5.9)),
        change(Kind.BASELINE, None, standing(3, value=1.0), None, name="New one"),
        change(
            Kind.LEFT, standing(28), standing(20), Cause.REVISION, release_id=11, name="Arson", published="2025-09-01"
        ),
    )
    latest = told("changes", FakeReader(moved=moved))
    assert latest.startswith("1 change by the latest release that changed anything\n")
    assert "Release 12 · Recorded crime · published 27 October 2025\n▼ Vehicle crime" in latest
    assert "new figures – a new period\n1 indicator seen for the first time" in latest
    assert "Arson" not in latest
    all_year = told("changes since 01/01/2025", FakeReader(moved=moved))
    assert all_year.startswith("2 changes since 1 January 2025\n")
    assert "figures of the same period were revised" in all_year
    assert "Arson" in told("changes release 11", FakeReader(moved=moved))
    assert told("changes 7d", FakeReader(moved=moved)).startswith("1 change since 27 October 2025\n")
    assert told("changes 1d", FakeReader(moved=moved)).startswith("No changes since 2 November 2025\n")


def test_the_latest_changes_are_asked_for_by_their_release_and_are_no_baselines() -> None:
    class Counting(FakeReader):
        def changes(self, *, since: date | None = None, release: int | None = None) -> tuple[ChangeView, ...]:
            assert since or release, "not the whole table"
            return super().changes(since=since, release=release)

    first_sight = change(Kind.BASELINE, None, standing(3), None, release_id=13)
    entered = change(Kind.ENTERED, standing(24), standing(28))
    text = told("changes", Counting(moved=(first_sight, entered)))
    assert text.startswith("1 change by the latest release that changed anything\n")
    assert "Release 12 · Recorded crime" in text
    assert told("changes", Counting(moved=(first_sight,))).startswith("No changes so far\n")


def test_help_uses_the_councils_own_names() -> None:
    text = told("")
    assert "/rank theme Police & Crime" in text
    assert text == told("help") == told(" HELP ")


@pytest.mark.parametrize("text", ["theme police", "overall", "bottom", "changes", "police"])
def test_before_the_first_release_there_is_a_useful_sentence(text: str) -> None:
    empty = FakeReader(held=None, themes=(), composites=(), indicators=())
    assert told(text, empty).startswith("There are no figures yet. Ranks can be asked for once the first release")
    assert "/rank overall" in told("", empty)


def test_a_theme_the_snapshot_lacks_is_said_to_have_no_figures() -> None:
    class Emptied(FakeReader):
        def theme(self, name: str, area: str | None = None) -> ThemeReport | None:
            return None

    assert told("theme police", Emptied()).startswith("Police & Crime has no figures yet.")


def test_long_answers_page_and_every_line_is_on_one_of_them() -> None:
    many = tuple(indicator(f"Indicator {number} " + "long " * 60, 28, code=f"C{number}") for number in range(257))
    reader, text, seen = FakeReader(indicators=many), "theme police", ""
    while text:
        message = ask(text, reader)
        seen += plain(message)
        text = next((value for action, value in buttons(message) if action == PAGE), "")
    assert all(f"Indicator {number} " in seen for number in range(257))
    assert "left out" not in seen
    assert "next: /rank theme Police & Crime page 2" in seen
    assert told("theme police page 999", reader).startswith("Police & Crime: 21st of 32")


def test_every_answer_can_be_shared_by_its_exact_command() -> None:
    for text, command in {
        "police": "theme Police & Crime",
        "indicator burgalry": "indicator RES_BURG",
        "summary": "overall",
        "worst police": "bottom Police & Crime",
        "changes 7d": "changes 7d",
        "": "help",
    }.items():
        assert (SHARE, command) in buttons(ask(text))
        assert told(command) == told(text)


@pytest.mark.parametrize(
    "text",
    [HOSTILE, f"theme {HOSTILE}", "x" * 4000, "*" * 4000, "<!here>" * 500, "👨‍👩‍👧‍👦" * 500,
     "\u0000", "&", "theme", "page 2",
     "changes <!everyone>", "bottom <@U1>", "indicator " + "é" * 3000, "\ud800", " \t\n "],
)  # fmt: skip
def test_hostile_commands_mention_nobody_and_break_nothing(text: str) -> None:
    assert ask(text).text
    json.dumps(ask(text).blocks, ensure_ascii=False)


def test_hostile_names_mention_nobody_and_break_nothing() -> None:
    name = HOSTILE + "x" * 300
    views = (theme(name, 21, 11, expenditure="e"),)
    items = (indicator(name, 28, theme=name, code=HOSTILE, unit=HOSTILE, source=HOSTILE, release=HOSTILE),)
    moved = (change(Kind.ENTERED, standing(24), standing(28), release=HOSTILE, published=HOSTILE, name=HOSTILE),)
    snapshot = replace(SNAPSHOT, council_name=HOSTILE, comparators=HOSTILE, label=HOSTILE)
    improved = tuple(Improvement(item, 3.0) for item in items)
    reader = FakeReader(held=snapshot, themes=views, composites=(), indicators=items, moved=moved, improved=improved)
    for text in (
        "",
        "theme",
        "overall",
        "bottom",
        "changes",
        "indicator",
        name,
        f"theme {name}",
        f"indicator {HOSTILE}",
    ):
        message = ask(text, reader)
        assert "\u202e" not in message.text + json.dumps(message.blocks, ensure_ascii=False)
        assert "\u0000" not in message.text


@settings(max_examples=60, derandomize=True)
@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    assert ask(text).text


def test_answers_are_remembered_until_something_changes() -> None:
    reader, days = FakeReader(), [TODAY]
    answers = Answers(reader, today=lambda: days[0])
    first = answers.payload("theme police")
    assert answers.payload(" Theme  POLICE ") is first
    assert reader.asked == 1
    reader.now = 2
    answers.payload("theme police")
    days[0] = date(2025, 11, 4)
    answers.payload("theme police")
    assert reader.asked == 3


def test_the_shared_answer_has_no_buttons_and_says_the_same() -> None:
    answers = Answers(FakeReader(), today=lambda: TODAY)
    private = json.loads(answers.payload("theme police").full)
    shared = json.loads(answers.payload("theme police", shared=True).full)
    assert (private["response_type"], shared["response_type"]) == ("ephemeral", "in_channel")
    assert shared["text"] == private["text"]
    assert SHARE in json.dumps(private)
    assert SHARE not in json.dumps(shared)
    assert "blocks" not in json.loads(answers.payload("theme police").text_only)


def test_the_name_of_the_command_is_the_one_of_the_settings() -> None:
    answers = Answers(FakeReader(), today=lambda: TODAY, command="/league")
    for text in ("", "theme", "quantum xylophones", "changes soon", "social"):
        shown = plain(answers.answer(text))
        assert "/rank" not in shown
        assert "/league" in shown
    assert "/rank theme" in told("")


def test_the_examples_of_the_help_are_answered() -> None:
    lines = [line for line in told("").splitlines() if line.startswith("• ")]
    examples = [
        found.strip() for line in lines for found in re.findall(r"/rank ([a-z][^–,;]*?)(?= –|,|;| or |$)", line)
    ]
    assert len(examples) > 12
    for example in examples:
        assert "is called" not in told(example).splitlines()[0], example


def test_with_no_data_every_command_says_something_useful() -> None:
    empty = FakeReader(held=None, themes=(), composites=(), indicators=(), councils=())
    for text in (
        "council durham",
        "compare durham",
        "spend",
        "chart",
        "chart theme police",
        "peers",
        "why police",
        "durham",
    ):
        assert told(text, empty).startswith("There are no figures yet.")
    assert told("releases", empty).startswith("No release has come yet.")
    assert told("sources", empty).startswith("How the sources stand is not known here.")
    assert told("what is a quartile", empty).startswith("A quartile is a quarter")
    assert told("tell me when police moves", empty).startswith("There are no figures yet.")


def test_every_answer_keeps_the_limits_with_everything_at_its_longest() -> None:
    """257 indicators and 40 themes with names of 300 characters, in every command, on its first and last pages."""
    long = "Proportion of people & places " * 10
    many = tuple(indicator(f"{number} {long}", 28, code=f"C{number}", theme=f"0 {long}") for number in range(257))
    everything = tuple(theme(f"{number} {long}"[:300], 21, 11, expenditure="e") for number in range(40))
    counties = ((COUNCIL, "Leicestershire"), *((f"E{at}", f"County {at} {long}") for at in range(150)))
    datasets = tuple(replace(DATASET, dataset=str(at), title=long, problem=long) for at in range(80))
    moved = tuple(change(Kind.ENTERED, standing(24, value=1), standing(28, value=2), name=long) for _ in range(257))
    came = tuple(replace(HELD, id=at, name=long, findings=(("x", "C1", long),) * 300) for at in range(1, 9))
    spending = {view.name: theme("e", 3) for view in everything}

    class Large(FakeReader):
        def overall(self, area: str | None = None) -> OverallReport | None:
            return OverallReport(SNAPSHOT, self.composites, self.themes, spending, 1, 3, self.county(area))

    improved = tuple(Improvement(item, 3.0) for item in many)
    reader = Large(themes=everything, indicators=many, councils=counties, moved=moved, came=came, improved=improved)
    commands = ("", "theme", "theme 0", "indicator", "indicator c7", "overall", "bottom", "changes", "council", "peers",
                "council county 7", "compare county 7", "compare county 7 theme 0", "peers theme 0", "spend",
                "spend 0", "deprivation", "deprivation 0", "chart deprivation 0", "chart theme 0",
                "releases", "release 3", "sources", "people")  # fmt: skip
    for first in commands:
        for text in (first, f"{first} page 2", f"{first} page 9999"):
            message = answer(text, reader, today=TODAY, overview=lambda: overview(*datasets))
            assert check_message({"text": message.text, "blocks": message.blocks}) is None, text
            assert message.text
