"""What /rank answers, read as a person reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.commands import ASK, PAGE, SHARE, Answers, answer, match, named
from bot.commands.grammar import LONGEST, Request, Span, canonical, parse, span
from bot.slack_text import Message, plain
from engine.changes import Cause, Change, Kind, Standing
from state.views import (
    BottomReport,
    ChangeView,
    IndicatorReport,
    IndicatorView,
    Names,
    OverallReport,
    Peer,
    Point,
    SnapshotView,
    ThemeReport,
    ThemeView,
)
from tests.slack_double import check_message, live_mentions

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
        )

    def theme(self, name: str) -> ThemeReport | None:
        self.asked += 1
        view = next((view for view in (*self.themes, *self.composites) if view.name == name), None)
        own = tuple(item for item in self.indicators if item.theme == name)
        return ThemeReport(SNAPSHOT, view, self.spent if view.expenditure else None, own) if view else None

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

    def overall(self) -> OverallReport | None:
        return OverallReport(SNAPSHOT, self.composites, self.themes, {"Police & Crime": self.spent}, 1, 3)

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
        def theme(self, name: str) -> ThemeReport | None:
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
