"""What /rank answers, read as a person reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeVar, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import ASK, PAGE, SHARE, Answers, answer, match, named
from bot.commands.grammar import LONGEST, Request, canonical, parse
from bot.commands.spans import Span, span
from bot.commands.spending import quadrant
from bot.commands.verbs import Verb
from bot.slack_text import ChartOf, Message, plain
from engine.changes import Cause, Change, Kind, Standing
from jobs.overview import DataSetLine, IndicatorLine, Overview, SourceLine
from state.database import Database, nothing_yet
from state.views import (
    AreaStanding,
    BottomReport,
    ChangeView,
    IndicatorReport,
    IndicatorView,
    LeagueReport,
    Names,
    OverallReport,
    Peer,
    Point,
    ReleaseView,
    SnapshotView,
    ThemeReport,
    ThemeView,
)
from tests.slack_double import check_message, live_mentions

T = TypeVar("T")
TODAY = date(2025, 11, 3)
COUNCIL = "E10000018"
HOSTILE = "<!channel> & *bold* _it_ `x` ~s~ \u202eevil\u0000\n<@U123|you> <https://e.example|click> 🏴󠁧󠁢󠁥󠁮󠁧󠁿 مرحبا"

SNAPSHOT = SnapshotView(
    id=3,
    label="2024-07-20/1",
    council=COUNCIL,
    council_name="Leicestershire",
    comparators="county areas",
    areas=32,
    quartile_rule="rank",
    illustrative=True,
)


def standing(
    rank: int | None, *, quartile: int | None = None, tied: bool = False, value: float | None = None
) -> Standing:
    quartile = quartile or (1 + 4 * (rank - 1) // 32 if rank else None)
    return Standing(rank, 32, quartile, tied, "2022/23" if value is not None else None, value)


def indicator(
    name: str, rank: int | None, *, theme: str = "Police & Crime", code: str = "", **other: object
) -> IndicatorView:
    view = IndicatorView(
        code=code or name.upper().replace(" ", "_"),
        name=name,
        theme=theme,
        unit="per 1,000",
        decimals=1,
        polarity="low",
        eligibility="eligible",
        standing=standing(rank, value=5.9) if rank else None,
        previous=standing(rank - 4, value=4.6) if rank and rank > 4 else None,
        period_end="2023-03-31",
        release="crime.csv",
        source="ONS",
        published="2024-07-20",
        previous_end="2022-03-31",
    )
    return replace(view, **other)  # type: ignore[arg-type]


def theme(name: str, rank: int | None, previous: int | None = None, **other: object) -> ThemeView:
    view = ThemeView(
        name=name,
        kind="theme",
        standing=standing(rank),
        previous=standing(previous) if previous else None,
        available=3,
        total=4,
        bottom=1,
        judged=3,
        history=((3, 12), (2, None), (1, previous), (0, rank)),
        expenditure="",
    )
    return replace(view, **other)  # type: ignore[arg-type]


def change(
    kind: Kind, before: Standing | None, after: Standing, cause: Cause | None = Cause.PERFORMANCE, **other: object
) -> ChangeView:
    reason = {Cause.REVISION: "figures of the same period were revised", Cause.PERFORMANCE: "a new period"}
    moved = Change(kind, cause, reason.get(cause, "") if cause else "", "Police & Crime", "VC", COUNCIL, before, after)
    view = ChangeView(12, "Recorded crime", "2025-10-27", moved, "Vehicle crime", "per 1,000", 1, "low")
    return replace(view, **other)  # type: ignore[arg-type]


INDICATORS = (
    indicator("Vehicle crime", 28),
    indicator("Residential burglary", 22, code="RES_BURG"),
    indicator("Confidence in the police", 7, polarity="high", unit="%"),
    indicator("Road safety survey", None),
)


@dataclass
class FakeReader:
    """A reader of values made by hand; counts how often it is asked for a theme."""

    held: SnapshotView | None = SNAPSHOT
    themes: tuple[ThemeView, ...] = (
        theme("Police & Crime", 21, 11, expenditure="Police & Crime"),
        theme("Adult Social Care delivery", 3, 7),
        theme("Special Educational Needs & Disabilities", 5, 5),
        theme("Children's Social Care", 17),
    )
    composites: tuple[ThemeView, ...] = (theme("Overall Outcomes", 5, 4, kind="composite"),)
    indicators: tuple[IndicatorView, ...] = INDICATORS
    moved: tuple[ChangeView, ...] = ()
    spent: ThemeView = field(default_factory=lambda: theme("Expenditure: Police & Crime", 32, 31, kind="expenditure"))
    councils: tuple[tuple[str, str], ...] = ((COUNCIL, "Leicestershire"), ("E06000047", "Durham"))
    came: tuple[ReleaseView, ...] = ()
    now: int = 1
    asked: int = 0

    def version(self) -> int:
        return self.now

    def snapshot(self) -> SnapshotView | None:
        return self.held

    def names(self) -> Names:
        return Names(
            themes=tuple((view.name, ()) for view in self.themes),
            composites=tuple((view.name, ("the overall position",)) for view in self.composites),
            indicators=tuple((view.code, view.name, ()) for view in self.indicators),
            councils=self.councils,
            council=COUNCIL,
        )

    def theme(self, name: str, area: str | None = None) -> ThemeReport | None:
        self.asked += 1
        view = next((view for view in (*self.themes, *self.composites) if view.name == name), None)
        own = tuple(item for item in self.indicators if item.theme == name)
        spent = self.spent if view and view.expenditure else None
        return ThemeReport(SNAPSHOT, view, spent, own, self.county(area)) if view else None

    def indicator(self, code: str) -> IndicatorReport | None:
        view = next((view for view in self.indicators if view.code == code), None)
        if view is None:
            return None
        own = view.standing.rank if view.standing else 0
        peers = tuple(
            Peer(COUNCIL if rank == own else f"E{rank}", "Leicestershire" if rank == own else f"County {rank}",
                 rank / 4, rank or 0, tied=False, quartile=1 + 4 * (rank - 1) // 32)
            for rank in range(1, 33)
        )  # fmt: skip
        trend = (Point("2021/22", 4.6, 24, 32), Point("2022/23", 5.9, own or None, 32))
        return IndicatorReport(SNAPSHOT, view, trend, peers)

    def overall(self, area: str | None = None) -> OverallReport | None:
        name = self.county(area)
        return OverallReport(SNAPSHOT, self.composites, self.themes, {"Police & Crime": self.spent}, 1, 3, name)

    def county(self, area: str | None) -> str:
        return dict(self.councils).get(area or "", "") if area != COUNCIL else ""

    def theme_beside(self, name: str, area: str) -> tuple[ThemeReport, ThemeReport] | None:
        own = self.theme(name)
        return (own, replace(own, area=self.county(area))) if own else None

    def overall_beside(self, area: str) -> tuple[OverallReport, OverallReport] | None:
        own, other = self.overall(), self.overall(area)
        return (own, other) if own and other else None

    def league(self, name: str) -> LeagueReport | None:
        view = next(view for view in (*self.themes, *self.composites) if view.name == name)
        found = (AreaStanding(code, county, standing(at + 20)) for at, (code, county) in enumerate(self.councils))
        return LeagueReport(SNAPSHOT, view, tuple(found))

    def releases(self) -> tuple[ReleaseView, ...]:
        return self.came

    def read(self, query: Callable[[Database], T]) -> T:
        return query(nothing_yet())

    def bottom(self, theme: str | None = None) -> BottomReport | None:
        found = tuple(item for item in self.indicators if item.in_bottom_quartile and theme in {None, item.theme})
        return BottomReport(SNAPSHOT, theme, found, self.moved, 3)

    def changes(self, *, since: date | None = None, release: int | None = None) -> tuple[ChangeView, ...]:
        return tuple(
            item
            for item in self.moved
            if (since is None or item.published >= since.isoformat()) and release in {None, item.release_id}
        )

    def latest_change(self) -> int | None:
        return next((item.release_id for item in self.moved if item.change.kind is not Kind.BASELINE), None)


def ask(text: str, reader: FakeReader | None = None) -> Message:
    found = answer(text, reader or FakeReader(), today=TODAY)
    assert check_message({"text": found.text, "blocks": found.blocks}) is None
    assert not live_mentions({"text": found.text, "blocks": found.blocks})
    return found


def told(text: str, reader: FakeReader | None = None) -> str:
    return plain(ask(text, reader)).replace("\u2068", "").replace("\u2069", "")


def buttons(message: Message) -> list[tuple[str, str]]:
    elements = [element for block in message.blocks for element in (*block.get("elements", ()), block.get("accessory"))]
    return [(item["action_id"], item["value"]) for item in elements if item and item["type"] == "button"]


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
    left = change(Kind.LEFT, standing(28, value=5.9), standing(20, value=4.1), name="Arson")
    text = told("bottom", FakeReader(moved=(left,)))
    assert text.startswith("1 of 3 indicators (33%) is in the bottom quartile\nPolice & Crime (1)\n• Vehicle crime")
    assert (
        "Left it or improved significantly\n▲ Arson — 28th → 20th of 32, quartile 4 → 3 · 5.9 → 4.1 per 1,000" in text
    )
    assert told("worst police").startswith("1 of 3 indicators (33%) of Police & Crime is in the bottom quartile")
    assert told("bottom", FakeReader(indicators=())).startswith("0 of 3 indicators (0%) are in the bottom quartile")


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


@pytest.mark.parametrize("text", ["changes soon", "changes 2025-13-40", "changes 31/02/2025", "changes -1"])
def test_a_span_nobody_understands_gets_examples(text: str) -> None:
    answer_text = told(text)
    assert "is no span of time and no release." in answer_text
    assert "/rank changes 7d" in answer_text


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


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("police", "Police & Crime"),
        ("POLICE AND CRIME", "Police & Crime"),
        ("crime police", "Police & Crime"),
        ("polic", "Police & Crime"),
        ("asc delivery", "Adult Social Care delivery"),
        ("ascd", "Adult Social Care delivery"),
        ("send", "Special Educational Needs & Disabilities"),
        ("childrens social", "Children's Social Care"),
        ("theme adlut social", "Adult Social Care delivery"),
        ("burgalry", "Residential burglary"),
        ("res_burg", "Residential burglary"),
        ("vehicle", "Vehicle crime"),
        ("overall outcomes", "Overall Outcomes"),
        ("the overall position", "Overall Outcomes"),
        ("indicator police", "Confidence in the police"),
    ],
)
def test_names_are_matched_as_people_type_them(typed: str, meant: str) -> None:
    assert told(typed).startswith(f"{meant}: ")


def test_several_meanings_are_offered_as_buttons_and_as_text() -> None:
    message = ask("theme social")
    assert plain(message).startswith("“social” may mean 2 themes:\nAdult Social Care delivery · theme · /rank theme")
    assert buttons(message) == [(ASK, "theme Adult Social Care delivery"), (ASK, "theme Children's Social Care")]


def test_unknown_words_get_the_nearest_three_and_an_example() -> None:
    message = ask("quantum xylophones")
    assert plain(message).startswith("No theme or indicator is called “quantum xylophones”. The nearest:\n")
    assert len(buttons(message)) == 3
    assert "For example: /rank theme Police & Crime" in plain(message)
    assert "No theme is called “xx yy”" in told("bottom xx yy")


def test_names_shared_by_two_indicators_are_told_apart_by_code() -> None:
    twins = FakeReader(indicators=(indicator("Falls", 2, code="F1"), indicator("Falls", 9, code="F2")))
    assert buttons(ask("falls", twins)) == [(ASK, "indicator F1"), (ASK, "indicator F2")]
    assert told("indicator f2", twins).startswith("Falls: 9th of 32")


def test_match_is_pure_and_says_how() -> None:
    names = named(FakeReader().names())
    assert match("police & crime", names).how == "exact"
    assert match("social", names).how == "several"
    assert match("zzz", names).how == "nearest"
    assert match("", names).how == "nearest"
    assert match("x", ()).found == ()


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
    reader = FakeReader(held=snapshot, themes=views, composites=(), indicators=items, moved=moved)
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


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=80))
def test_any_text_is_answered(text: str) -> None:
    assert ask(text).text


def test_commands_are_read_forgivingly() -> None:
    assert parse("  THEME   police  page 2 ") == Request("theme", "police", 2)
    assert parse("overall outcomes") == Request("name", "overall outcomes")
    assert parse("?") == Request("help")
    assert parse("y" * 9000).argument == "y" * LONGEST
    assert parse(canonical("theme", "Route page 3")) == Request("theme", "Route page 3")
    assert parse(canonical("theme", "Roads", 4)) == Request("theme", "Roads", 4)


def test_spans_of_time() -> None:
    assert span("2 weeks", TODAY) == Span(since=date(2025, 10, 20))
    assert span("yesterday", TODAY) == Span(since=date(2025, 11, 2))
    assert span("27/10/2025", TODAY) == Span(since=date(2025, 10, 27))
    assert span("#12", TODAY) == Span(release=12)
    assert span("999999d", TODAY) == Span(since=date(1, 1, 1))
    assert span("someday", TODAY) is None


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


# --- others, spending, charts ---------------------------------------------------------------------


def test_a_comparator_is_told_as_we_are() -> None:
    text = told("council durham")
    assert text.startswith("Durham: Overall Outcomes 5th of 32 · 1 of 3 indicators (33%) in the bottom quartile\n")
    assert "Beside us: /rank compare Durham" in text
    assert text.startswith(told("county durham")[:30])
    assert told("durham police").startswith("Durham, Police & Crime: 21st of 32 (11th last year) ↓, quartile 3")


@pytest.mark.parametrize(
    "typed", ["durham", "County Durham", "council durham", "durhma", "how is durham doing?", "DURHAM"]
)
def test_a_council_is_understood_as_people_write_it(typed: str) -> None:
    assert told(typed).startswith("Durham: Overall Outcomes")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("derbys", "Derbyshire"),
        ("n yorks", "North Yorkshire"),
        ("north yorkshire county council", "North Yorkshire"),
        ("notts", "Nottinghamshire"),
        ("lincs", "Lincolnshire"),
        ("e sussex", "East Sussex"),
        ("surrey", "Surrey"),
        ("esex", "Essex"),
        ("county of hertfordshire", "Hertfordshire"),
    ],
)
def test_counties_are_understood_in_short(typed: str, meant: str) -> None:
    names = ["Derbyshire", "North Yorkshire", "Nottinghamshire", "Lincolnshire", "East Sussex", "West Sussex", "Surrey",
             "Essex", "Hertfordshire", "Durham"]  # fmt: skip
    counties = ((COUNCIL, "Leicestershire"), *((f"E{at}", name) for at, name in enumerate(names)))
    survey = indicator("Survey of users", 3, theme="Police & Crime")
    reader = FakeReader(councils=counties, indicators=(survey,))
    assert told(f"council {typed}", reader).startswith(f"{meant}: ")
    assert told(typed, reader).startswith(f"{meant}: ")


def test_side_by_side_says_first_who_is_ahead_in_how_many() -> None:
    class Two(FakeReader):
        def overall_beside(self, area: str) -> tuple[OverallReport, OverallReport] | None:
            own = self.overall()
            theirs = (
                theme("Police & Crime", 25),
                theme("Adult Social Care delivery", 1),
                theme("Special Educational Needs & Disabilities", 5),
                theme("Children's Social Care", None),
            )
            return (own, replace(own, themes=theirs, area="Durham")) if own else None  # fmt: skip

    message = ask("compare durham", Two())
    assert plain(message).startswith("We are ahead of Durham in 1 of 3 themes, behind in 1, level in 1\n")
    [table] = [block for block in message.blocks if block["type"] == "table"]
    rows = [[cell["text"] for cell in row] for row in table["rows"]]
    assert rows[0] == ["Theme", "Our rank", "Rank of Durham", "Difference"]
    assert rows[2] == ["Police & Crime", "21st of 32", "25th of 32", "+4"]
    assert rows[3] == ["Adult Social Care delivery", "3rd of 32", "1st of 32", "−2"]
    assert [row[3] for row in rows[4:]] == ["level", "–"]
    assert "Police &amp; Crime: our rank 21st of 32, rank of Durham 25th of 32, difference +4" in message.text


def test_side_by_side_in_a_theme_begins_where_they_are_furthest_ahead() -> None:
    class Two(FakeReader):
        def theme_beside(self, name: str, area: str) -> tuple[ThemeReport, ThemeReport] | None:
            own = self.theme(name)
            theirs = (indicator("Vehicle crime", 3), indicator("Confidence in the police", 9, unit="%"))
            return (own, replace(own, indicators=theirs, area="Durham")) if own else None

    message = ask("compare durham police", Two())
    ranks = "Police & Crime: we are 21st of 32, Durham 21st of 32"
    assert plain(message).startswith(f"{ranks} · we are ahead of Durham in 1 of 2 indicators, behind in 1\n")
    [table] = [block for block in message.blocks if block["type"] == "table"]
    names = [row[0]["text"] for row in table["rows"]]
    assert names == ["Indicator", "Vehicle crime", "Residential burglary", "Confidence in the police"]
    assert (SHARE, "compare Durham theme Police & Crime") in buttons(message)


def test_one_indicator_side_by_side_is_told_among_everybody() -> None:
    reader = FakeReader(councils=((COUNCIL, "Leicestershire"), ("E30", "County 30")))
    message = ask("are we better than county 30 at vehicle crime", reader)
    fact = "We are ahead of County 30 in Vehicle crime: 28th of 32 beside 30th · 5.9 per 1,000 and 7.5 per 1,000"
    assert plain(message).startswith(f"{fact} (higher is worse)\n")
    assert "\n→ 30th County 30 — 7.5 per 1,000, quartile 4" in plain(message)
    assert told("county 30 road safety", reader).startswith("We have no figure in Road safety survey")
    [shared] = [value for action, value in buttons(message) if action == SHARE]
    assert told(shared, reader) == plain(message)


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("what is a quartile?", "A quartile is a quarter of the areas compared"),
        ("what does rank mean", "A rank is a place among the areas compared"),
        ("explain composites", "A composite puts several themes together"),
        ("meaning quartile", "A quartile is a quarter"),
        ("who are you", "/rank answers questions about our ranks."),
    ],
)
def test_words_of_ours_are_explained(typed: str, begins: str) -> None:
    assert told(typed).startswith(begins)


def test_the_nearest_hold_most_of_the_words() -> None:
    found = match("percentage of burglary victims satisfied", named(FakeReader().names()))
    assert (found.how, found.found[0].key) == ("nearest", "RES_BURG")


def test_a_council_that_is_not_compared_gets_who_is() -> None:
    message = ask("compare leeds")
    assert plain(message).startswith("We are not compared with Leeds. The nearest by name:\nDurham · council")
    assert told("leeds") == plain(message)
    assert told("council atlantis").startswith(
        "No council that we are compared with is called “atlantis”. The nearest:"
    )
    assert told("compare leicestershire").startswith("Leicestershire is us, and nothing to be compared with.")
    assert told("council leicestershire") == told("overall")
    assert told("compare").startswith("Which council? There is 1:\nDurham · council · /rank compare Durham")
    assert told("compare police").startswith("Which council, for Police & Crime? For example:")
    assert told("peers").startswith("We are compared with 1 other: Durham")


def test_everybody_in_the_order_of_a_theme_or_indicator() -> None:
    assert told("peers police").startswith(
        "1 of 2 is ahead of us in Police & Crime · we are 21st of 32 · Leicestershire"
    )
    text = told("who is better than us at vehicle crime")
    assert text.startswith("27 of 32 are ahead of us in Vehicle crime · we are 28th of 32 · County 1, County 2, ")
    assert "• 28th Leicestershire (us) — 7.0 per 1,000, quartile 4" in text


def test_spending_names_the_quadrant_and_brings_its_chart() -> None:
    message = ask("spend")
    assert plain(message).startswith("We are high performing and low spending in 0 of 1 theme\n")
    assert message.chart == ChartOf("spend")
    assert "low performing, low spending" in plain(message)
    one = ask("spend police")
    assert plain(one).startswith("Police & Crime: low performing, low spending · 21st of 32 in performance, spend 32nd")
    assert one.chart == ChartOf("spend", ("Police & Crime",))
    assert told("spend adult social").startswith("Adult Social Care delivery has no spending to be set against.")


@pytest.mark.parametrize(
    ("performance", "spend", "said"),
    [
        (1, 32, "high performing, low spending"),
        (16, 16, "high performing, high spending"),
        (17, 17, "low performing, low spending"),
        (32, 1, "low performing, high spending"),
        (None, 1, ""),
    ],
)
def test_quadrants_are_named_as_the_council_names_them(performance: int | None, spend: int, said: str) -> None:
    assert quadrant(standing(performance), standing(spend)) == said


def test_the_very_middle_is_in_neither_half() -> None:
    assert quadrant(Standing(14, 27), Standing(14, 27)) == "middling performance, middling spending"


@pytest.mark.parametrize(
    ("typed", "chart", "fact"),
    [
        ("chart theme Police", ChartOf("theme", ("Police & Crime",)), "Police & Crime: 21st of 32 (11th last year) ↓"),
        ("chart indicator vehicle", ChartOf("indicator", ("VEHICLE_CRIME",)), "Vehicle crime: 28th of 32 · quartile 4"),
        ("chart spend police", ChartOf("spend", ("Police & Crime",)), "Police & Crime: low performing, low spending"),
        ("chart bottom", ChartOf("bottom"), "1 of 3 indicators (33%) is in the bottom quartile"),
        ("chart overall", ChartOf("themes"), "Overall Outcomes 5th of 32 · 1 of 3 indicators (33%) in the bottom"),
        ("chart", ChartOf("themes"), "Overall Outcomes 5th of 32"),
        ("show me a graph of police", ChartOf("theme", ("Police & Crime",)), "Police & Crime: 21st of 32"),
        ("police chart", ChartOf("theme", ("Police & Crime",)), "Police & Crime: 21st of 32"),
    ],
)
def test_a_chart_is_one_line_and_a_picture(typed: str, chart: ChartOf, fact: str) -> None:
    message = ask(typed)
    assert plain(message).startswith(fact)
    assert message.chart == chart
    assert Answers(FakeReader()).payload(typed).chart == chart


# --- where the figures come from ------------------------------------------------------------------

RELEASE = ReleaseView(
    id=4, source="file", name="crime.csv", published="2025-10-27", received="2025-10-28T09:00:00+00:00",
    status="accepted", rows=100, new_cells=32, revised_cells=1, changes=3, findings=(), held=(), decided_by="",
    reason="",
)  # fmt: skip
HELD = replace(
    RELEASE, id=5, name="waste.csv", status="held", findings=(("areas_lost", "", "12 of 31 areas have no figures"),)
)
DATASET = DataSetLine(
    dataset="crime", title="Recorded crime", page="", indicators=3, last_release="crime.csv", released="2025-10-27",
    kind="", next_expected="2025-11-20", expected_state="confirmed", checked="2025-11-03T08:00:00", problem="",
)  # fmt: skip


def overview(*datasets: DataSetLine, problem: str = "") -> Overview:
    ons = SourceLine("ons", "Office for National Statistics", True, "2025-11-03T08:00:00", 3, "", problem, datasets)
    off = SourceLine("key", "LG Inform", False, "", 0, "", "", ())
    return Overview((ons, off), (INDICATOR_LINE,))


INDICATOR_LINE = IndicatorLine(
    indicator="VEHICLE_CRIME", name="Vehicle crime", theme="Police & Crime", source="ons", dataset="crime",
    polarity="low", proven=True, last_release="crime.csv", released="2025-10-27", next_expected="2025-11-20",
    period="2022/23", areas=32, problem="",
)  # fmt: skip


def asked_sources(text: str, found: Overview) -> str:
    message = answer(text, FakeReader(), today=TODAY, overview=lambda: found)
    assert check_message({"text": message.text, "blocks": message.blocks}) is None
    return plain(message)


def test_releases_tell_what_came_and_what_waits() -> None:
    text = told("releases", FakeReader(came=(HELD, RELEASE)))
    assert text.startswith("2 releases came, 1 accepted · 1 release waiting for a decision\n")
    assert (
        "• Release 5 waste.csv — approvers decide with the buttons in the ops channel, or type benchwatch approve 5"
        in text
    )
    assert "areas missing: 12 of 31 areas have no figures" in text
    came = "• 4 crime.csv — file · published 27 October 2025 · accepted · 32 new and 1 revised figures, 3 changes"
    assert came in text
    assert text.index("Release 5") < text.index("crime.csv")
    assert told("what came in", FakeReader(came=(RELEASE,))).startswith("1 release came, 1 accepted, none held")


def test_one_release_is_told_with_its_findings() -> None:
    reader = FakeReader(came=(HELD, RELEASE))
    assert told("release 5", reader).startswith("Release 5: waste.csv · held\n")
    assert "areas missing: 12 of 31 areas" in told("releases 5", reader)
    assert "What it changed: /rank changes 4" in told("releases #4", reader)
    assert told("releases 77", reader).startswith("There is no release 77.")


def test_releases_and_sources_are_never_remembered() -> None:
    reader, seen = FakeReader(), [overview(DATASET)]
    answers = Answers(reader, today=lambda: TODAY, overview=lambda: seen[0])
    assert plain(answers.answer("releases")).startswith("No release has come yet.")
    for text in ("sources", "sorces", "what is failing?"):
        fact = "Nothing is late, failing or held · next: Recorded crime on 20 November"
        assert plain(answers.answer(text)).startswith(fact)
    reader.came, seen[0] = (RELEASE,), overview(replace(DATASET, problem="the page has gone"))
    assert plain(answers.answer("releases")).startswith("1 release came")
    for text in ("sources", "sorces", "what is failing?"):
        assert plain(answers.answer(text)).startswith("1 data set watched: 1 is failing or held")


def test_sources_tell_what_is_late_failing_and_due() -> None:
    late = replace(DATASET, dataset="waste", title="Waste", next_expected="2025-10-20", late=True)
    failing = replace(DATASET, dataset="roads", title="Roads", problem="release 9 is held for a decision")
    text = asked_sources("sources", overview(DATASET, late, failing, problem="no answer"))
    assert text.startswith(
        "3 data sets watched: 1 is late and 2 are failing or held · next: Recorded crime on 20 November 2025"
    )
    assert "• Office for National Statistics (3 attempts without success) — no answer" in text
    assert "• Roads (Office for National Statistics) — release 9 is held for a decision" in text
    assert "• Waste — was expected on 20 October 2025, 14 days ago · Office for National Statistics" in text
    assert "• Recorded crime — 20 November 2025 · Office for National Statistics" in text
    assert "Not watched: LG Inform" in text


def test_late_is_what_the_ops_channel_was_told_is_overdue() -> None:
    in_time = replace(DATASET, next_expected="2025-10-20")
    assert asked_sources("sources", overview(in_time)).startswith("Nothing is late, failing or held")
    assert asked_sources("is anything late?", overview(DATASET)).startswith("Nothing is late")


def test_sources_of_one_theme_or_indicator() -> None:
    text = asked_sources("sources vehicle crime", overview(DATASET, replace(DATASET, dataset="x", title="Other")))
    assert text.startswith(
        "Nothing is late, failing or held for Vehicle crime · next: Recorded crime on 20 November 2025"
    )
    assert "Other" not in text
    assert asked_sources("sources police", overview(DATASET)).startswith(
        "Nothing is late, failing or held for Police & Crime"
    )
    asked = asked_sources("when is the next police data due?", overview(DATASET))
    assert asked.startswith("Nothing is late, failing or held for Police & Crime · next: Recorded crime on 20 November")
    assert asked_sources("when does anything come", overview(DATASET)).startswith("Nothing is late, failing or held ·")
    alone = asked_sources("sources childrens", overview(DATASET))
    assert alone.startswith("Children's Social Care comes from no publisher that is watched")


# --- what is understood ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "request_"),
    [
        ("indicater burglary", Request("name", "indicater burglary")),
        ("overal", Request("overall")),
        ("show me the bottom quartile please", Request("bottom", "please")),
        ("what are our worst indicators", Request("bottom")),
        ("compare us with durham on roads", Request("compare", "durham on roads")),
        ("why has police fallen", Request("why", "police")),
        ("what's new", Request("changes")),
        ("when is the next crime data due", Request("sources", "next crime data due")),
        ("table", Request("overall")),
        ("who are we compared with", Request("peers")),
        ("tell me when police moves", Request("offer", "subscribe police")),
        ("please mute police", Request("mute", "police")),
        ("what is mute", Request("name", "what is mute")),
        ("i want to see police", Request("name", "i want to see police")),
        ("send me roads as a csv", Request("export", "roads")),
    ],
)
def test_sentences_become_commands(typed: str, request_: Request) -> None:
    assert parse(typed) == request_


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("indicater burglary", "Residential burglary: "),
        ("compair durham", "We are ahead of Durham in 0 of 4 themes, behind in 0, level in 4"),
        ("themes police", "Police & Crime: 21st"),
        ("theme burglary", "No theme is called “burglary”. But it is the name of:"),
        ("bottom of police", "1 of 3 indicators (33%) of Police & Crime"),
        ("show me police", "Police & Crime: 21st"),
        ("how are we doing on policing", "Police & Crime: 21st"),
        ("what got worse", "No changes for the worse so far"),
        ("changes police 7d", "No changes in Police & Crime since 27 October 2025"),
        ("everything", "Leicestershire: "),
    ],
)
def test_slips_and_extra_words_are_understood(typed: str, begins: str) -> None:
    assert told(typed).startswith(begins)


def test_what_begins_like_a_verb_may_be_a_name() -> None:
    names = ("Council tax collected", "New enterprises", "Value added per head", "Average speed")
    reader = FakeReader(indicators=tuple(indicator(name, 5) for name in names))
    assert told("council tax collected", reader).startswith("Council tax collected: 5th")
    assert told("new enterprise", reader).startswith("New enterprises: 5th")
    assert told("value added", reader).startswith("Value added per head: 5th")
    assert told("speed", reader).startswith("Average speed: 5th")


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

    reader = Large(themes=everything, indicators=many, councils=counties, moved=moved, came=came)
    commands = ("", "theme", "theme 0", "indicator", "indicator c7", "overall", "bottom", "changes", "council", "peers",
                "council county 7", "compare county 7", "compare county 7 theme 0", "peers theme 0", "spend",
                "spend 0", "chart theme 0", "releases", "release 3", "sources", "people")  # fmt: skip
    for first in commands:
        for text in (first, f"{first} page 2", f"{first} page 9999"):
            message = answer(text, reader, today=TODAY, overview=lambda: overview(*datasets))
            assert check_message({"text": message.text, "blocks": message.blocks}) is None, text
            assert message.text


def test_the_documented_commands_are_understood_as_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "in-slack.md").read_text(encoding="utf-8")
    section = page.split("## Asking\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?`) \|", section, flags=re.MULTILINE)
    commands = [command for row in rows for command in re.findall("`([^`]+)`", row)]
    assert {parse(command).verb for command in commands} == set(get_args(Verb)) - {"name", "offer", "meaning"}
    for command in commands:
        assert command.startswith(parse(command).verb)
