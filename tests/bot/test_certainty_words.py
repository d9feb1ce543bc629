"""How sure it is, in words: in alerts, digests and answers; and not a word where no margins of error are published."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.commands import answer
from bot.messages import nothing_left, render
from bot.slack_text import plain
from engine.changes import Kind, Standing
from engine.margin import Certainty, RankInterval
from jobs.digest import choose, digests_now
from jobs.notices import Moved, from_json
from jobs.pipeline import ingest
from state.database import connect
from state.reader import Reader
from state.views import Improvement, IndicatorView
from tests.bot.asking import FakeReader, indicator, standing, told
from tests.bot.test_alerts import ENTERED, FELL, alert, correction, shown
from tests.bot.test_alerts import indicator as crossing
from tests.bot.test_alerts import lines as alert_lines
from tests.bot.test_digest_messages import FALLS, LEFT, NOTHING, PUPILS, VEHICLES, moved, theme
from tests.bot.test_digest_messages import lines as digest_lines
from tests.jobs.test_digest import SAFETY, settings
from tests.system.releases import NOW, POLICE, ROADS, Book, Entry, at_place, policy

MARGIN = "within the margin of error"


# --- sentences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sure", "bottom", "said"),
    [
        pytest.param("clear", True, "clearly in the bottom quartile", id="in-clear"),
        pytest.param("unsure", True, MARGIN, id="in-unsure"),
        pytest.param("clear", False, "clearly out of the bottom quartile", id="out-clear"),
        pytest.param("unsure", False, "left within the margin of error", id="out-unsure"),
        pytest.param("", True, "", id="in-missing"),
        pytest.param("", False, "", id="out-missing"),
    ],
)
def test_a_side_of_the_line(sure: Certainty, said: str, *, bottom: bool) -> None:
    assert words.certainty(sure, bottom=bottom) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        pytest.param((0, 0, 0), "", id="none"),
        pytest.param((0, 0, 5), "", id="no-margins-at-all"),
        pytest.param((1, 0, 0), "1 of them clearly", id="one-clear"),
        pytest.param((3, 0, 0), "3 of them clearly", id="all-clear"),
        pytest.param((0, 1, 0), "1 of them within the margin of error", id="one-unsure"),
        pytest.param((2, 1, 0), "2 of them clearly, 1 within the margin of error", id="both"),
        pytest.param(
            (1, 1, 1),
            "1 of them clearly, 1 within the margin of error; for the other no margins are published",
            id="one-of-each",
        ),
        pytest.param(
            (0, 9, 32), "9 of them within the margin of error; for the other 32 no margins are published", id="others"
        ),
        pytest.param(
            (1_000, 0, 2_000), "1,000 of them clearly; for the other 2,000 no margins are published", id="many"
        ),
    ],
)
def test_how_many_are_how_sure(counts: tuple[int, int, int], said: str) -> None:
    assert words.how_sure(*counts) == said


BY = "y the published margins of error it"


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        pytest.param(RankInterval(24, 31, 31), f"b{BY} may stand anywhere from 24th to 31st of 31", id="some"),
        pytest.param(RankInterval(1, 32, 32), f"b{BY} may stand anywhere from 1st to 32nd of 32", id="any"),
        pytest.param(RankInterval(3, 3, 31), f"b{BY} is 3rd of 31 as well", id="one-place"),
    ],
)
def test_the_places_left_open(interval: RankInterval, said: str) -> None:
    assert words.interval(interval) == said


# --- alerts ----------------------------------------------------------------------------------------

EXIT = crossing("Arson", 28, 20)


def sure(item: Moved, certainty: Certainty, **more: Any) -> Moved:
    return replace(item, certainty=certainty, **more)


@pytest.mark.parametrize(
    ("item", "end"),
    [
        pytest.param(
            sure(ENTERED, "clear"), "(higher is worse) · 2022/23 · clearly in the bottom quartile", id="entered-clear"
        ),
        pytest.param(
            sure(ENTERED, "unsure"), "(higher is worse) · 2022/23 · within the margin of error", id="entered-unsure"
        ),
        pytest.param(ENTERED, "(higher is worse) · 2022/23", id="entered-missing"),
        pytest.param(
            replace(ENTERED, unsure=True), "2022/23 · within the margin of error", id="kept-by-an-earlier-version"
        ),
        pytest.param(
            sure(EXIT, "clear"), "(higher is worse) · 2022/23 · clearly out of the bottom quartile", id="left-clear"
        ),
        pytest.param(sure(EXIT, "unsure"), "2022/23 · left within the margin of error", id="left-unsure"),
        pytest.param(EXIT, "(higher is worse) · 2022/23", id="left-missing"),
    ],
)
def test_a_line_of_an_alert_says_how_sure_the_crossing_is(item: Moved, end: str) -> None:
    assert alert_lines(shown(alert(FELL, item)))[2].endswith(end)
    headline = alert_lines(shown(alert(item)))[0]
    assert f"{end.rpartition('2022/23')[2]} · Recorded crime (ONS" in headline


@pytest.mark.parametrize(
    ("items", "said"),
    [
        pytest.param(
            (sure(ENTERED, "unsure"),),
            "1 indicator entered the bottom quartile, none left, 1 is within the margin of error",
            id="one",
        ),
        pytest.param(
            (sure(ENTERED, "unsure"), sure(EXIT, "unsure")),
            "1 indicator entered the bottom quartile, 1 left, 2 are within the margin of error",
            id="both",
        ),
        pytest.param(
            (sure(EXIT, "unsure"), ENTERED),
            "1 indicator entered the bottom quartile, 1 left, 1 is within the margin of error",
            id="an-exit",
        ),
        pytest.param((sure(ENTERED, "clear"), EXIT), "1 indicator entered the bottom quartile, 1 left", id="none"),
    ],
)
def test_the_second_line_counts_what_is_not_sure(items: tuple[Moved, ...], said: str) -> None:
    assert (
        alert_lines(shown(alert(FELL, *items)))[1]
        == f"New or revised figures: {said} · 37 of 257 indicators are in it now"
    )


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, ""),
        (1, "1 change within the margin of error is left to the digest"),
        (2, "2 changes within the margin of error are left to the digest"),
    ],
)
def test_the_quiet_line_counts_what_the_digest_tells(number: int, said: str) -> None:
    found = alert_lines(shown(alert(FELL, unsure=number, quiet={"method": 1})))
    assert (said in found) is bool(said)
    assert ("left to the digest" in "\n".join(found)) is bool(said)
    assert "1 change came from the method, not from performance" in found
    alone = alert_lines(shown(alert(unsure=number)))
    assert alone[0].startswith(f"Nothing moved {'surely ' if number else ''}enough to alert · Recorded crime")
    assert (said in alone) is bool(said)


@pytest.mark.parametrize(
    ("items", "number", "said"),
    [
        pytest.param(
            (), 1, "no indicator entered or left the bottom quartile, besides 1 within the margin of error", id="alone"
        ),
        pytest.param(
            (), 2, "no indicator entered or left the bottom quartile, besides 2 within the margin of error", id="two"
        ),
        pytest.param(
            (ENTERED,),
            1,
            "1 indicator entered the bottom quartile, none left, besides 1 within the margin of error",
            id="more",
        ),
        pytest.param((ENTERED,), 0, "1 indicator entered the bottom quartile, none left", id="none"),
        pytest.param((), 0, "no indicator entered or left the bottom quartile", id="nothing"),
    ],
)
def test_no_count_leaves_out_what_the_digest_tells(items: tuple[Moved, ...], number: int, said: str) -> None:
    found = alert_lines(shown(alert(FELL, *items, unsure=number)))
    assert found[1] == f"New or revised figures: {said} · 37 of 257 indicators are in it now"


def test_an_alert_with_something_left_to_the_digest_is_never_empty() -> None:
    gone = correction((FELL, 11, True))
    assert nothing_left(alert(FELL), [gone])
    assert nothing_left(alert(FELL, unsure=1), [gone]) is None


# --- digests ---------------------------------------------------------------------------------------

BETTER = moved(Kind.IMPROVED, 31, 30, "Fly-tipping")


def improved(certainty: Certainty, compared: int) -> Moved:
    return replace(BETTER, certainty=certainty, compared=compared)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        pytest.param(improved("clear", 12), "▲ Fly-tipping — significantly better, 31st → 30th of 32", id="stands-out"),
        pytest.param(improved("unsure", 12), "▲ Fly-tipping — better, 31st → 30th of 32", id="one-of-many"),
        pytest.param(
            BETTER, "▲ Fly-tipping — significantly better, 31st → 30th of 32", id="kept-by-an-earlier-version"
        ),
    ],
)
def test_an_improvement_is_called_significant_where_it_stands_out(item: Moved, said: str) -> None:
    line = next(line for line in digest_lines(replace(FALLS, moved=(item,))) if "Fly-tipping" in line)
    assert line.startswith(said)
    assert line.endswith(" · within what chance gives over 12 comparisons") is (item.certainty == "unsure")


def test_over_one_comparison_is_in_the_singular() -> None:
    told_of = "\n".join(digest_lines(replace(FALLS, moved=(improved("unsure", 1),))))
    assert "within what chance gives over 1 comparison\n" in told_of
    assert "significant" not in told_of


@pytest.mark.parametrize(
    ("items", "said"),
    [
        pytest.param((improved("clear", 3),), "1 indicator improved significantly", id="one-significant"),
        pytest.param((improved("unsure", 3),), "1 indicator better within what chance gives", id="one-by-chance"),
        pytest.param((improved("unsure", 3),) * 2, "2 indicators better within what chance gives", id="two-by-chance"),
        pytest.param(
            (improved("clear", 3), improved("unsure", 3)),
            "1 indicator improved significantly, 1 better within what chance gives",
            id="both",
        ),
        pytest.param(
            (sure(moved(Kind.ENTERED, 24, 28), "unsure"), LEFT, improved("clear", 3)),
            "1 indicator entered the bottom quartile, 1 left, 1 is within the margin of error, "
            "1 improved significantly",
            id="all",
        ),
        pytest.param(
            (sure(LEFT, "unsure"), sure(moved(Kind.ENTERED, 24, 28), "unsure")),
            "1 indicator entered the bottom quartile, 1 left, 2 are within the margin of error",
            id="none-sure",
        ),
        pytest.param(
            (moved(Kind.ENTERED, 24, 28), improved("unsure", 3)),
            "1 indicator entered the bottom quartile, 1 better within what chance gives",
            id="entered-and-better",
        ),
    ],
)
def test_the_first_line_of_a_digest_counts_what_is_significant_and_what_is_not(
    items: tuple[Moved, ...], said: str
) -> None:
    assert digest_lines(replace(FALLS, moved=items))[0] == (
        f"Community safety this week: Police & Crime falls from 11th to 21st of 32; {said}"
    )


def test_what_has_become_clear_is_told_and_keeps_a_digest_from_saying_nothing_changed() -> None:
    clear = replace(VEHICLES, certainty="clear", was="unsure")
    found = digest_lines(replace(NOTHING, bottom=(clear, replace(PUPILS, certainty="unsure", was=""))))
    assert found[0].startswith("Community safety this week: no rank moved")
    assert "Now clearly in the bottom quartile: Vehicle crime" in found
    assert "nothing changed" in digest_lines(replace(NOTHING, bottom=(replace(clear, was="clear"), PUPILS)))[0]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        pytest.param(replace(VEHICLES, certainty="clear"), " · clearly in the bottom quartile · needs ", id="clear"),
        pytest.param(
            replace(VEHICLES, certainty="clear", was="unsure"),
            " · now clearly in the bottom quartile · needs ",
            id="now-clear",
        ),
        pytest.param(
            replace(VEHICLES, certainty="unsure", was="clear"), " · within the margin of error · needs ", id="unsure"
        ),
        pytest.param(VEHICLES, "5.9 per 1,000 (higher is worse) · needs ", id="missing"),
    ],
)
def test_the_list_of_what_is_still_in_the_bottom_quartile_says_how_sure(item: Any, said: str) -> None:
    listed = plain(shown(replace(FALLS, bottom=(item,))).thread[1])
    assert said in listed


def test_how_many_in_the_bottom_quartile_are_how_sure() -> None:
    some = (replace(VEHICLES, certainty="clear"), replace(PUPILS, certainty="unsure"))
    one = digest_lines(replace(FALLS, bottom=some))
    assert any(line.endswith(" · in it now: 1 of them clearly, 1 within the margin of error") for line in one)
    both = (theme(POLICE, 11, 21), theme(ROADS, 5, 5))
    two = digest_lines(replace(FALLS, themes=both, bottom=(*some, replace(PUPILS, theme=ROADS))))
    total = "In the bottom quartile: 3 of 23 indicators (13%)"
    counted = "1 of them clearly, 1 within the margin of error; for the other no margins are published"
    assert any(line.startswith(f"{total} · {counted} · nearest to leaving it: ") for line in two)


# --- answers ---------------------------------------------------------------------------------------

SPAN = RankInterval(24, 31, 32)


def between(best: str, worst: str) -> str:
    return f"B{BY} may stand anywhere from {best} to {worst} of 32"


LOW, HIGH = indicator("Vehicle crime", 28), indicator("Confidence in the police", 7)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        pytest.param(
            replace(LOW, interval=RankInterval(25, 31, 32)),
            "28th of 32, quartile 4, clearly in the bottom quartile · 5.9",
            id="clear",
        ),
        pytest.param(
            replace(LOW, interval=SPAN), "28th of 32, quartile 4, within the margin of error · 5.9", id="unsure"
        ),
        pytest.param(LOW, "28th of 32, quartile 4 · 5.9", id="missing"),
        pytest.param(replace(HIGH, interval=RankInterval(1, 30, 32)), "7th of 32, quartile 1 · 5.9", id="not-in-it"),
        pytest.param(
            replace(LOW, interval=SPAN, eligibility="large_tie"),
            "28th of 32, not judged: too many areas tie · 5.9",
            id="not-judged",
        ),
    ],
)
def test_lists_say_how_sure_a_place_in_the_bottom_quartile_is(view: IndicatorView, said: str) -> None:
    reader = FakeReader(indicators=(view,))
    assert said in told("theme police", reader)
    assert (said in told("bottom", reader)) is view.in_bottom_quartile


def test_the_first_line_about_the_bottom_quartile_says_how_much_of_it_is_sure() -> None:
    some = (
        replace(LOW, interval=SPAN),
        indicator("Fraud", 30, interval=RankInterval(26, 32, 32)),
        indicator("Arson", 29),
    )
    assert told("bottom", FakeReader(indicators=some)).splitlines()[0] == (
        "3 of 3 indicators (100%) are in the bottom quartile · 1 of them clearly, 1 within the margin of error; "
        "for the other no margins are published"
    )


@pytest.mark.parametrize(
    ("view", "head", "line"),
    [
        pytest.param(
            replace(LOW, interval=SPAN),
            ", quartile 4, within the margin of error",
            between("24th", "31st") + ", so it may not be in the bottom quartile",
            id="unsure",
        ),
        pytest.param(
            replace(LOW, interval=RankInterval(26, 31, 32)),
            ", quartile 4, clearly in the bottom quartile",
            between("26th", "31st"),
            id="clear",
        ),
        pytest.param(
            replace(HIGH, interval=RankInterval(1, 25, 32)),
            ", quartile 1",
            between("1st", "25th") + ", so it may be in the bottom quartile",
            id="reaches-in",
        ),
        pytest.param(
            replace(HIGH, interval=RankInterval(1, 24, 32)), ", quartile 1", between("1st", "24th"), id="clearly-out"
        ),
        pytest.param(
            replace(HIGH, interval=RankInterval(7, 7, 32)),
            ", quartile 1",
            f"B{BY} is 7th of 32 as well",
            id="one-place",
        ),
    ],
)
def test_an_indicator_says_between_which_places_it_lies(view: IndicatorView, head: str, line: str) -> None:
    found = told(f"indicator {view.code}", FakeReader(indicators=(view,))).splitlines()
    assert found[0].endswith(head)
    assert found[2] == line


def left(after: int, z: float | None, interval: RankInterval | None = None, **more: Any) -> Improvement:
    view = indicator(
        "Arson", after, previous=replace(standing(28, value=4.6), period="2021/22"), interval=interval, **more
    )
    return Improvement(view, z)


FIGURES = "4.6 → 5.9 per 1,000 (higher is worse) · 2021/22 → 2022/23"


@pytest.mark.parametrize(
    ("one", "heading", "said"),
    [
        pytest.param(
            left(20, None), "Left it since", f"▲ Arson — 28th → 20th of 32, quartile 4 → 3 · {FIGURES}", id="left"
        ),
        pytest.param(
            left(20, 0.3, RankInterval(9, 24, 32)),
            "Left it since",
            f"▲ Arson — 28th → 20th of 32, quartile 4 → 3 · {FIGURES} · clearly out of the bottom quartile",
            id="left-clear",
        ),
        pytest.param(
            left(20, 2.5, RankInterval(9, 25, 32)),
            "Left it since",
            f"▲ Arson — significantly better, 28th → 20th of 32, quartile 4 → 3 · {FIGURES} · left {MARGIN}",
            id="left-unsure",
        ),
        pytest.param(
            left(26, 2.5, RankInterval(9, 25, 32)),
            "Left it or improved significantly since",
            f"▲ Arson — significantly better, 28th → 26th of 32, quartile 4 · {FIGURES} · still in the bottom quartile",
            id="improved",
        ),
        pytest.param(
            left(20, None, old=True), "Left it since", f"{FIGURES} · old: ended more than four years ago", id="old"
        ),
    ],
)
def test_what_left_or_improved_says_what_is_sure_of_it(one: Improvement, heading: str, said: str) -> None:
    found = told("bottom", FakeReader(improved=(one,))).splitlines()
    at = found.index(f"{heading} last year's figures")
    assert found[at + 1].endswith(said)
    assert ("significant" in "\n".join(found)) is one.significant


# --- nothing where nothing may be said -------------------------------------------------------------

SAYS = re.compile(r"signific|margin of error|margins|clearly|by chance|what chance|confidence", re.IGNORECASE)
ENTRIES = (Entry("theft"), Entry("arson", polarity="low"), Entry("fraud"), Entry("potholes", ROADS))
ASKED = (
    "", "help", "overall", "bottom", "bottom police", "changes", "changes 1000d", "changes worse", "theme police",
    "theme roads", "indicator theft", "indicator arson", "why theme police", "why indicator theft", "council Durham",
    "council Durham theme Police", "compare Durham", "compare Durham theme police", "compare Durham indicator theft",
    "peers police", "peers indicator theft", "spend", "chart bottom", "chart overall", "chart indicator theft",
    "chart theme police", "releases", "releases 2", "scorecard", "history", "police",
)  # fmt: skip


@pytest.fixture
def unlimited(tmp_path: Path) -> Path:
    """Three years of figures without limits: entries, exits, improvements within the bottom quartile, a correction."""
    path = tmp_path / "benchwatch.db"
    stories = (
        ("r-2023-11-01.csv", "2021/22", (10, 31, 26, 28)),
        ("r-2024-11-01.csv", "2022/23", (28, 20, 30, 26)),
        ("r-2025-11-01.csv", "2023/24", (29, 27, 12, 25)),
        ("s-2025-11-10.csv", "2023/24", (12, 30, 12, 25)),
    )
    with closing(connect(path)) as db:
        for at, (name, period, places) in enumerate(stories):
            book = Book(ENTRIES)
            for entry, place in zip(ENTRIES, places, strict=True):
                sign = -1 if entry.polarity == "low" else 1
                figures = at_place(place, level=100.0 + min(at, 2))
                book.add(entry.code, period, {area: 200 + sign * value for area, value in figures.items()})
            assert ingest(db, book.raw(name), policy(), now=NOW).status == "accepted"
    return path


def test_nothing_is_said_about_significance_where_no_limits_are_published(unlimited: Path) -> None:
    shown_all: list[str] = []
    with closing(Reader(unlimited)) as reader:
        for text in ASKED:
            shown_all += [plain(answer(f"{text}{page}", reader, today=NOW.date())) for page in ("", " page 2")]
    with closing(connect(unlimited)) as db:
        owed = [from_json(payload) for (payload,) in db.execute("SELECT payload FROM outbox ORDER BY id")]
        of_digest = settings(SAFETY)
        day = datetime(2025, 11, 24, 9, tzinfo=UTC)
        notices = [notice for _, notice in digests_now(db, of_digest, policy(), day, choose(db, of_digest))]
        assert [bool(notice.moved) for notice in notices] == [True]
    for notice in (*owed, *notices):
        message = render(notice)
        shown_all += [plain(part) for part in (message, *message.thread)]
    together = "\n".join(shown_all)
    assert "entered the bottom quartile" in together
    assert "Left it since" in together
    assert "In the bottom quartile" in together
    assert "Withdrawn" in together or "corrected" in together.lower()
    assert not SAYS.findall(together), [line for line in together.splitlines() if SAYS.search(line)][:3]


def test_the_same_story_with_limits_says_it(tmp_path: Path) -> None:
    path = tmp_path / "benchwatch.db"
    with closing(connect(path)) as db:
        for name, period, place in (("a-2024-11-01.csv", "2022/23", 10), ("b-2025-11-01.csv", "2023/24", 28)):
            ingest(
                db,
                Book((Entry("theft"),)).add_limited("theft", period, at_place(place), 1.7).raw(name),
                policy(),
                now=NOW,
            )
        owed = [from_json(payload) for (payload,) in db.execute("SELECT payload FROM outbox ORDER BY id")]
    assert "clearly in the bottom quartile" in plain(render(owed[-1]))
    with closing(Reader(path)) as reader:
        for text in ("bottom", "theme police", "indicator theft"):
            assert SAYS.search(plain(answer(text, reader, today=NOW.date()))), text


def test_no_standing_is_no_reason_to_fail() -> None:
    bare = Improvement(indicator("Arson", None, previous=Standing(28, 32, 4)), None)
    assert "no rank" in told("bottom", FakeReader(improved=(bare,)))
