"""The weekly digest, read as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.messages import render
from bot.slack_text import ChartOf, Message, plain
from engine.changes import Cause, Change, Kind, Standing
from jobs.notices import (
    AcknowledgedLine,
    Because,
    DigestNotice,
    DigestTheme,
    DueLine,
    Footing,
    Moved,
    Said,
    StillBottom,
    ThemeLine,
    from_json,
    to_json,
)
from tests.slack_double import check_message, live_mentions

FOOTING = Footing("Leicestershire", "county areas", 32, "rank", "2025-11-14/1", illustrative=True)
HOSTILE = "<!channel> & *bold* \u202eevil\u0000\n<@U123|you> `x` مرحبا " + "n" * 300
FOOT = "Leicestershire · Quartiles: rank rule, 32 county areas · snapshot 2025-11-14/1 · illustrative comparators"
POLICE, ROADS = "Police & Crime", "Transport & Highways"


def at(rank: int | None, value: float | None = None, period: str = "2023/24") -> Standing:
    return Standing(rank, 32, 1 + 4 * (rank - 1) // 32 if rank else None, period=period, value=value)


def theme(name: str, before: int | None, now: int | None, bottom: int = 7, was: int = 7, **other: Any) -> DigestTheme:
    return DigestTheme(ThemeLine(name, at(now), bottom, 23), ThemeLine(name, at(before), was, 23), **other)


def moved(
    kind: Kind, before: int, after: int, name: str = "Vehicle crime", of: str = POLICE, cause: Cause = Cause.PERFORMANCE
) -> Moved:
    change = Change(kind, cause, "", of, name, "E10000018", at(before, 4.6, "2022/23"), at(after, 5.9))
    return Moved(change, name, "per 1,000", 1, "low")


ENTERED = moved(Kind.ENTERED, 24, 28)
LEFT = moved(Kind.LEFT, 28, 20, "Arson")
VEHICLES = StillBottom("VC", "Vehicle crime", POLICE, at(28, 5.9), "per 1,000", 1, "low", 4, 5.2, 0.7)
PUPILS = StillBottom("P", "Absence", POLICE, at(31, 87.8), "%", 1, "high", 3, 90.1, 2.3)
NOTHING = DigestNotice(
    kind="digest",
    name="Community safety",
    day="2025-11-17",
    since="2025-11-10",
    footing=FOOTING,
    themes=(theme(POLICE, 21, 21),),
    moved=(),
    muted=0,
    seen_first=0,
    bottom=(PUPILS, VEHICLES),
    judged=23,
    acknowledged=(),
    due=(),
)
FALLS = replace(
    NOTHING,
    themes=(
        theme(POLICE, 11, 21, 7, 5, why=(Because("Vehicle crime", 1.9, "common"), Because("Theft", 1.1, "common"))),
    ),
    moved=(ENTERED, LEFT),
)


def shown(notice: DigestNotice) -> Message:
    """The message of a digest that went through the outbox; what Slack would refuse fails here."""
    message = render(from_json(to_json(notice)), ref="7")
    for part in (message, *message.thread):
        assert check_message({"text": part.text, "blocks": part.blocks}, update=True) is None
        assert not live_mentions({"text": part.text, "blocks": part.blocks})
        assert not [block for block in part.blocks if block["type"] == "actions"]
    return message


def lines(notice: DigestNotice) -> list[str]:
    return plain(shown(notice)).splitlines()


def said(name: str, review: str, cause: str = "A dry summer") -> AcknowledgedLine:
    return AcknowledgedLine(name, Said("Ann", "2025-11-03", cause, "More patrols", review))


def test_the_first_line_carries_the_fact_and_the_rest_says_why_and_the_way_out() -> None:
    assert lines(FALLS) == [
        (
            "Community safety this week: Police & Crime falls from 11th to 21st of 32; "
            "1 indicator entered the bottom quartile, 1 left"
        ),
        (
            "▼ Police & Crime — 11th → 21st of 32, quartile 2 → 3 · "
            "7 of 23 indicators (30%) in the bottom quartile, 5 before"
        ),
        "Why: Vehicle crime cost 1.9 places of the average rank, Theft 1.1",
        (
            "▼ Vehicle crime — 24th → 28th of 32, quartile 3 → 4 · 4.6 → 5.9 per 1,000 (higher is worse)"
            " · 2022/23 → 2023/24"
        ),
        "▲ Arson — 28th → 20th of 32, quartile 4 → 3 · 4.6 → 5.9 per 1,000 (higher is worse) · 2022/23 → 2023/24",
        (
            "Nearest to leaving the bottom quartile: "
            "Absence needs 2.3 percentage points, 3 places, out at 90.1%; "
            "Vehicle crime needs 0.7 per 1,000, 4 places, out at 5.2 per 1,000"
        ),
        FOOT,
    ]


def test_the_text_alone_says_what_the_blocks_say() -> None:
    message = shown(FALLS)
    assert message.text == plain(message).replace("&", "&amp;")


def test_the_thread_has_the_chart_and_the_whole_bottom_quartile() -> None:
    chart, low = shown(FALLS).thread
    assert chart.chart == ChartOf("theme", (POLICE,))
    assert chart.text == "The ranks in words: Police &amp; Crime 21st of 32"
    assert plain(low).splitlines() == [
        "Still in the bottom quartile: Police & Crime",
        "Absence — 31st of 32 · 87.8% (higher is better) · needs 2.3 percentage points, 3 places, out at 90.1%",
        (
            "Vehicle crime — 28th of 32 · 5.9 per 1,000 (higher is worse) · "
            "needs 0.7 per 1,000, 4 places, out at 5.2 per 1,000"
        ),
    ]


def test_nothing_changed_is_one_line() -> None:
    message = shown(NOTHING)
    assert plain(message).splitlines() == [
        (
            "Community safety: nothing changed this week · Police & Crime 21st of 32 · "
            "2 of 23 indicators (9%) in the bottom quartile"
        ),
        FOOT,
    ]
    assert message.thread == ()


def test_nothing_changed_is_followed_by_what_is_due_and_by_reviews_that_are() -> None:
    due = (DueLine("Recorded crime", "ONS", "2025-11-20", False), DueLine("Roads", "DfT", "2025-11-21", True))
    notes = (said("Arson", "2025-05-03"), said("Theft", "2025-11-20"), said("Fraud", "2026-03-01"), said("Litter", ""))
    found = lines(replace(NOTHING, due=due, acknowledged=notes))[1:-1]
    remarks = "cause – A dry summer; action – More patrols"
    assert found == [
        f"Arson acknowledged by Ann on 3 November 2025 · {remarks} · review was due 3 May 2025",
        f"Theft acknowledged by Ann on 3 November 2025 · {remarks} · review due 20 November 2025",
        "Due in the next seven days: Recorded crime (ONS, 20 November 2025); Roads (DfT, by 21 November 2025)",
    ]


@pytest.mark.parametrize(
    ("since", "said"), [("2025-11-10", "this week"), ("2025-10-20", "since 20 October 2025"), ("", "so far")]
)
def test_the_time_told_of_is_named(since: str, said: str) -> None:
    assert lines(replace(NOTHING, since=since))[0].startswith(f"Community safety: nothing changed {said} · ")


def test_of_several_themes_the_furthest_leads_and_the_others_follow() -> None:
    themes = (theme(ROADS, 4, 4), theme(POLICE, 11, 21), theme("Waste", 9, 3), theme("All", 9, 30, kind="composite"))
    found = lines(replace(NOTHING, themes=themes))
    assert found[0] == (
        "Community safety this week: Police & Crime falls from 11th to 21st of 32"
        " and 1 more theme and 1 composite moved"
    )
    assert [line.split(" — ")[0] for line in found[1:5]] == [
        "= Transport & Highways",
        "▼ Police & Crime",
        "▲ Waste",
        "▼ All (composite)",
    ]
    low = (
        "In the bottom quartile: 2 of 23 indicators (9%) · nearest to leaving it: Absence needs 2.3 percentage points, "
    )
    assert found[5].startswith(low)


def test_where_only_indicators_moved_they_are_the_fact() -> None:
    first = lines(replace(NOTHING, moved=(LEFT, moved(Kind.IMPROVED, 30, 29, "Theft"))))[0]
    assert first == (
        "Community safety this week: 1 indicator left the bottom quartile, 1 improved significantly"
        " · Police & Crime 21st of 32"
    )


def test_a_quiet_cause_is_told_and_new_figures_are_not() -> None:
    quiet = moved(Kind.ENTERED, 24, 28, "Theft", cause=Cause.COMPARATORS)
    found = lines(replace(FALLS, moved=(ENTERED, quiet), themes=(theme(POLICE, 11, 21, cause=Cause.BASKET),)))
    assert found[1].endswith("the basket of indicators changed")
    assert [line.endswith("the comparators changed") for line in found[2:4]] == [False, True]
    assert "new figures" not in "\n".join(found)


def test_what_is_muted_or_new_is_counted_and_a_muted_theme_does_not_lead() -> None:
    notice = replace(NOTHING, themes=(theme(POLICE, 11, 21, muted=True),), muted=2, seen_first=1)
    found = lines(notice)
    assert found[0] == "Community safety this week: no rank moved · Police & Crime 21st of 32"
    assert found[1].endswith(" · muted")
    assert "1 indicator seen for the first time · 2 muted changes not listed" in found


@pytest.mark.parametrize(
    ("before", "now", "fact"),
    [
        (None, 12, "Police & Crime now ranks 12th of 32"),
        (12, None, "Police & Crime has no rank any more, it was 12th of 32"),
    ],
)
def test_ranks_that_come_and_go_are_told(before: int | None, now: int | None, fact: str) -> None:
    assert lines(replace(NOTHING, themes=(theme(POLICE, before, now),)))[0] == f"Community safety this week: {fact}"


def test_subscribers_are_told_how_to_end_it_and_leads_are_not() -> None:
    mine = shown(replace(NOTHING, name="Your subscriptions", personal=True))
    assert plain(mine).startswith("Your subscriptions: nothing changed this week")
    assert "/rank unsubscribe ends them" in mine.text
    assert "unsubscribe" not in shown(NOTHING).text


def test_a_digest_of_all_that_can_move_keeps_every_limit_and_leaves_nothing_out() -> None:
    names = [f"{number} {HOSTILE}" for number in range(257)]
    groups = [f"{number} {HOSTILE}" for number in range(20)]
    why = tuple(Because(name, 1.0, "joined") for name in names[:4])
    notice = replace(
        FALLS,
        name=HOSTILE,
        personal=True,
        themes=tuple(theme(name, 11, 21, why=why) for name in groups),
        moved=tuple(moved(Kind.ENTERED, 24, 28, name, groups[at // 13]) for at, name in enumerate(names)),
        bottom=tuple(replace(VEHICLES, name=name, theme=groups[at // 13]) for at, name in enumerate(names)),
        acknowledged=tuple(said(name, "2025-05-03", HOSTILE * 9) for name in names),
        due=tuple(DueLine(name, HOSTILE, "2025-11-20", True) for name in names),
    )
    message = shown(notice)
    thread = "\n".join(plain(part) for part in message.thread)
    starts = [line.replace("\u2068", "").split(" ")[1] for line in thread.splitlines() if line.startswith("▼ ")]
    assert [int(start) for start in starts if start.isdecimal()] == [*range(20), *range(257)]
    assert thread.count("acknowledged by Ann") == 257
    assert thread.count("(\u2068<!channel>") == 257, "releases due"
    assert "more lines: see the thread" in message.text
    assert message.text.splitlines()[-1].startswith("Leicestershire · ")


def test_nothing_known_at_all_is_a_message_too() -> None:
    nobody = DigestTheme(ThemeLine(POLICE, Standing(None, None), 0, 0), None)
    assert lines(replace(NOTHING, themes=(nobody,), bottom=(), judged=0))[0] == (
        "Community safety: nothing changed this week · Police & Crime no rank"
    )
