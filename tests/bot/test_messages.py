"""Every kind of notice, read as a person reads it."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from bot import words
from bot.messages import render
from bot.slack_text import Message, plain
from engine.changes import Cause, Change, Kind, Standing
from engine.quality import Check
from jobs.notices import (
    BaselineNotice,
    FindingLine,
    Footing,
    GapLine,
    HeldNotice,
    Moved,
    Notice,
    OverdueLine,
    OverdueNotice,
    RefusedNotice,
    ReleaseAlert,
    ReleaseInfo,
    SourceNotice,
    ThemeLine,
    TroubleLine,
    from_json,
    to_json,
)
from tests.slack_double import check_message, live_mentions

FOOTING = Footing("Leicestershire", "county areas", 32, "rank", "2024-07-20/1", illustrative=True)
RELEASE = ReleaseInfo(12, "Recorded crime by area", "ONS", "2024-07-20")
HOSTILE = "<!channel> & *bold* \u202eevil\u0000\n<@U123|you> `x` مرحبا " + "n" * 300


def at(
    rank: int | None, value: float | None = None, *, period: str = "2022/23", of: int = 32, tied: bool = False
) -> Standing:
    return Standing(
        rank, of, 1 + 4 * (rank - 1) // of if rank else None, tied, period if value is not None else None, value
    )


def moved(
    kind: Kind, before: Standing | None, after: Standing, name: str = "Vehicle crime",
    cause: Cause = Cause.PERFORMANCE, reason: str = "a new period", theme: str = "Police & Crime",
) -> Moved:  # fmt: skip
    indicator = None if kind in {Kind.THEME_MOVED, Kind.COMPOSITE_MOVED} else "VC"
    change = Change(kind, cause, reason, theme if indicator else name, indicator, "E10000018", before, after)
    return Moved(change, name, "per 1,000", 1, "low") if indicator else Moved(change, name)


def alert(
    *changes: Moved, quiet: dict[str, int] | None = None, seen_first: int = 0, footing: Footing = FOOTING
) -> Message:
    return shown(ReleaseAlert("release_alert", footing, RELEASE, changes, quiet or {}, seen_first, 37, 257))


def shown(notice: Notice) -> Message:
    """The message of a notice that went through the outbox; what Slack would refuse fails here."""
    message = render(from_json(to_json(notice)))
    for part in (message, *message.thread):
        assert check_message({"text": part.text, "blocks": part.blocks}, update=True) is None
        assert not live_mentions({"text": part.text, "blocks": part.blocks})
    return message


POLICE = moved(Kind.THEME_MOVED, at(11), at(21), "Police & Crime")
ENTERED = moved(Kind.ENTERED, at(24, 4.6, period="2021/22"), at(28, 5.9))


def test_the_first_line_carries_the_fact() -> None:
    lines = plain(alert(POLICE, ENTERED)).splitlines()
    assert lines == [
        "Police & Crime falls from 11th to 21st of 32 · Recorded crime by area (ONS, published 20 July 2024)",
        (
            "New or revised figures: 1 indicator entered the bottom quartile, none left"
            " · 37 of 257 indicators are in it now"
        ),
        (
            "▼ Vehicle crime — 24th → 28th of 32, quartile 3 → 4 · 4.6 → 5.9 per 1,000 (higher is worse)"
            " · 2021/22 → 2022/23"
        ),
        "Leicestershire · Quartiles: rank rule, 32 county areas · snapshot 2024-07-20/1 · illustrative comparators",
    ]


def test_the_text_alone_says_what_the_blocks_say() -> None:
    message = alert(POLICE, ENTERED)
    assert message.text == plain(message).replace("&", "&amp;")
    assert message.thread == ()


def test_of_several_themes_the_biggest_move_comes_first() -> None:
    small = [moved(Kind.THEME_MOVED, at(5), at(4), name) for name in ("Roads", "Waste", "Health")]
    composite = moved(Kind.COMPOSITE_MOVED, at(20), at(4), "Overall Outcomes")
    lines = plain(alert(*small, composite, POLICE)).splitlines()
    assert lines[0].startswith("Police & Crime falls from 11th to 21st of 32 and 3 more themes moved · Recorded")
    assert lines[1].startswith("New or revised figures: no indicator entered or left the bottom quartile · ")
    assert "▲ Overall Outcomes (composite) — 20th → 4th of 32, quartile 3 → 1" in lines
    assert plain(alert(small[0], small[1])).startswith("Roads rises from 5th to 4th of 32 and 1 more theme moved · ")
    assert plain(alert(composite)).startswith("Overall Outcomes rises from 20th to 4th of 32 · ")


def test_without_a_theme_the_worst_indicator_comes_first() -> None:
    left = moved(Kind.LEFT, at(27, 5.0), at(20, 4.0, tied=True), "Arson")
    text = plain(alert(left, ENTERED))
    assert text.startswith(
        "Vehicle crime enters the bottom quartile: 24th → 28th of 32 and 1 more indicator · quartile 3 → 4"
    )
    assert "1 indicator entered the bottom quartile, 1 left" in text
    assert "▲ Arson — 27th → =20th of 32, quartile 4 → 3 · 5.0 → 4.0 per 1,000 (higher is worse) · 2022/23" in text
    assert plain(alert(left)).startswith("Arson leaves the bottom quartile: 27th → =20th of 32 · ")


def test_a_significant_improvement_is_named_as_such() -> None:
    better = moved(Kind.IMPROVED, at(30, 6.0), at(29, 4.0), "Arson")
    text = plain(alert(better, POLICE))
    assert "figures: no indicators entered the bottom quartile, none left, 1 improved significantly · " in text
    assert "▲ Arson — significantly better, 30th → 29th of 32, quartile 4 · 6.0 → 4.0 per 1,000" in text
    assert plain(alert(better)).startswith(
        "Arson improves significantly, still in the bottom quartile: 30th → 29th of 32"
    )


def test_nothing_is_said_about_significance_without_an_improvement_found() -> None:
    assert "significant" not in plain(alert(POLICE, ENTERED))


def test_a_revision_is_named() -> None:
    reason = "figures of the same period were revised"
    text = plain(alert(moved(Kind.ENTERED, at(24, 4.6), at(28, 5.9), cause=Cause.REVISION, reason=reason), POLICE))
    assert text.splitlines()[2].endswith(" · 2022/23 · figures of the same period were revised")
    theme = moved(
        Kind.THEME_MOVED, at(11), at(21), "Police & Crime", Cause.REVISION, "the earlier periods already stood here"
    )
    assert "of 32 · revised figures – the earlier periods already stood here · Recorded" in plain(alert(theme))


def test_quiet_causes_and_first_sights_are_one_line_each() -> None:
    text = plain(alert(POLICE, quiet={"comparators": 7, "basket": 5, "method": 0}, seen_first=2))
    assert (
        "12 changes came from comparators or the basket, not from performance\n2 indicators seen for the first time"
        in text
    )
    text = plain(alert(quiet={"method": 1}, seen_first=1))
    assert text.startswith("Nothing moved enough to alert · ")
    assert "1 change came from the method, not from performance\n1 indicator seen for the first time" in text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            [moved(Kind.LEFT, at(27), at(20))],
            "New or revised figures: no indicators entered the bottom quartile, 1 left",
        ),
        ([POLICE], "New or revised figures: no indicator entered or left the bottom quartile"),
    ],
)
def test_an_entry_by_comparators_alone_is_not_denied(changes: list[Moved], said: str) -> None:
    notice = ReleaseAlert("release_alert", FOOTING, RELEASE, tuple(changes), {"comparators": 1}, 0, 1, 2)
    lines = plain(shown(notice)).splitlines()
    assert lines[1] == f"{said} · 1 of 2 indicators is in it now"
    assert "1 change came from comparators, not from performance" in lines


def test_ranks_out_of_different_numbers_show_both() -> None:
    text = plain(alert(moved(Kind.THEME_MOVED, at(11, of=31), at(21), "Roads")))
    assert text.startswith("Roads falls from 11th of 31 to 21st of 32 · ")


def test_missing_values_and_ranks_are_left_out_not_guessed() -> None:
    text = plain(alert(moved(Kind.ENTERED, None, at(28)), moved(Kind.LEFT, at(28), at(None), "Arson")))
    assert text.startswith("Vehicle crime enters the bottom quartile: 28th of 32 and 1 more indicator · quartile 4 · ")
    assert "▲ Arson — 28th → no rank\n" in text
    assert "None" not in text
    assert "nan" not in text


def test_real_comparators_are_not_called_illustrative() -> None:
    real = Footing("Leicestershire", "county areas", 31, "value", "2024-07-20/2", illustrative=False)
    text = plain(alert(POLICE, footing=real))
    assert text.endswith("Leicestershire · Quartiles: value rule, 31 county areas · snapshot 2024-07-20/2")


def test_everything_moving_at_once_is_one_message_with_all_of_it_in_the_thread() -> None:
    changes = [
        moved(
            Kind.ENTERED,
            at(24, 4.6),
            at(25 + number % 8, 5.9),
            f"Indicator {number:03}",
            theme=f"Theme {number % 13:02}",
        )
        for number in range(257)
    ]
    message = alert(*changes)
    text = plain(message)
    assert text.startswith("Indicator 007 enters the bottom quartile: 24th → 32nd of 32 and 256 more indicators · ")
    assert "257 indicators entered the bottom quartile, none left" in text
    assert "… and 250 more changes: see the thread" in text
    assert text.count("▼") == 6
    thread = "\n".join(plain(part) for part in message.thread)
    assert all(f"▼ Indicator {number:03} — " in thread for number in range(257))
    assert all(f"Theme {number:02}" in thread for number in range(13))
    assert "left out" not in thread + text
    assert all("illustrative comparators" in part.text for part in message.thread)


def test_names_of_three_hundred_characters_are_cut_with_a_mark() -> None:
    message = alert(
        moved(Kind.THEME_MOVED, at(11), at(21), "T" * 300), *[moved(Kind.ENTERED, at(24), at(28), "N" * 300)] * 20
    )
    assert plain(message).startswith(f"{'T' * 119}… falls from 11th to 21st of 32 · ")
    assert "N" * 120 not in json.dumps(message.blocks)


def baseline(indicators: int = 257, bottom: int = 37, themes: int = 13) -> Message:
    lines = tuple(ThemeLine(f"Theme {number} & more", at(number + 1), 2, 20) for number in range(themes))
    overall = (ThemeLine("Overall Outcomes", at(4, tied=True), 37, 257),)
    return shown(BaselineNotice("baseline", FOOTING, RELEASE, indicators, lines, overall, bottom, indicators))


def test_a_baseline_is_one_message_with_the_themes_below() -> None:
    message = baseline()
    assert plain(message).startswith(
        "Watching 257 indicators in 13 themes for Leicestershire, 37 in the bottom quartile · Recorded crime by area"
    )
    [below] = message.thread
    assert plain(below).splitlines()[1].split() == [
        "Overall",
        "Outcomes",
        "=4th",
        "of",
        "32",
        "37",
        "of",
        "257",
        "(14%)",
    ]
    assert "Theme 0 &amp; more: rank 1st of 32, in the bottom quartile 2 of 20 (10%)" in below.text


def test_a_baseline_of_one_or_none() -> None:
    assert plain(baseline(1, 1, 1)).startswith("Watching 1 indicator in 1 theme for Leicestershire, 1 in the")
    assert plain(baseline(0, 0, 0)).startswith("Watching no indicators in no themes for Leicestershire, 0 in the")
    assert len(baseline(themes=100).thread) == 3


def held(number: int, *, whole: bool = True, indicator: str = "VC_1") -> Message:
    name = "Vehicle crime" if indicator else ""
    codes = [f"{indicator}{at}" if indicator else "" for at in range(number)]
    findings = tuple(FindingLine("median_jump", c, name, f"median 4.6 → 460 ({at})") for at, c in enumerate(codes))
    return shown(HeldNotice("held", RELEASE, whole, findings, 0 if whole else number, illustrative=True))


def test_a_held_release_says_what_to_type() -> None:
    text = plain(held(1, indicator=""))
    assert text.splitlines() == [
        "Release 12 is held: no rank was touched · Recorded crime by area (ONS, published 20 July 2024)",
        "• The whole file: figures on another scale – median 4.6 → 460 (0)",
        "To decide, type benchwatch approve 12 or benchwatch reject 12",
        "illustrative data",
    ]


def test_held_indicators_are_named_with_their_codes() -> None:
    text = plain(held(1, whole=False))
    assert text.startswith("1 indicator of release 12 is held; the rest went through · ")
    assert "• Vehicle crime (VC_10): figures on another scale – median 4.6 → 460 (0)" in text
    assert (
        "type benchwatch approve 12 VC_10 or benchwatch reject 12 VC_10,"
        " or without codes for all: benchwatch approve 12" in text
    )


def test_many_findings_go_on_in_the_thread() -> None:
    message = held(22, whole=False)
    assert "… and 12 more findings: see the thread\nTo decide, type benchwatch approve 12" in plain(message)
    assert sum(plain(part).count("• ") for part in message.thread) == 22
    assert "1 more finding: see" in plain(held(11))
    assert held(10).thread == ()
    assert plain(held(0)).startswith("Release 12 is held")


def test_every_check_of_the_engine_has_words() -> None:
    assert all("_" not in words.check(check) for check in Check)
    assert words.check("brand_new") == "brand new"


def test_a_refused_file_is_named_with_its_reason() -> None:
    text = plain(shown(RefusedNotice("refused", "file", "crime.csv", "line 3: 'area_code' is missing")))
    assert text.startswith("crime.csv cannot be read · source file\nline 3: 'area_code' is missing\n")
    assert "No reason was given." in plain(shown(RefusedNotice("refused", "file", "crime.csv", "")))


def source(*troubles: TroubleLine, recovered: tuple[str, ...] = (), gaps: tuple[GapLine, ...] = ()) -> Message:
    return shown(SourceNotice("source", "GOV.UK", troubles, recovered, gaps))


def test_a_failing_source_is_named_with_its_places_and_reasons() -> None:
    tried = TroubleLine("GOV.UK: Collected waste", "the server answered 503", 3)
    changed = TroubleLine("GOV.UK: Local roads", "sheet RDC0120 is missing", 1)
    assert plain(source(tried, changed)).splitlines() == [
        "Source GOV.UK is failing in 2 places",
        "• GOV.UK: Collected waste (3 attempts without success): the server answered 503",
        "• GOV.UK: Local roads: sheet RDC0120 is missing",
        "The figures held of these stand. All are looked at again on schedule; benchwatch sources shows them.",
    ]
    assert "No reason was given." in plain(source(TroubleLine("GOV.UK", "", 1)))


def test_a_source_that_works_again_is_named_with_its_places() -> None:
    assert plain(source(recovered=("GOV.UK: Collected waste",))).splitlines() == [
        "Source GOV.UK works again in 1 place",
        "• GOV.UK: Collected waste works again",
    ]


def test_missing_indicators_are_named_with_their_codes_and_reasons() -> None:
    renamed = GapLine("waste-1", "Waste sent for recycling", "no column 'Recycled'; the nearest is 'Re-cycled'")
    lines = plain(source(gaps=(renamed,))).splitlines()
    assert lines[:2] == [
        "1 indicator is missing from GOV.UK",
        "• Waste sent for recycling (waste-1) is missing: no column 'Recycled'; the nearest is 'Re-cycled'",
    ]
    assert lines[2].startswith("The figures held of these stand.")
    both = plain(source(TroubleLine("GOV.UK", "down", 1), recovered=("Roads",), gaps=(renamed, renamed)))
    assert both.splitlines()[0] == (
        "Source GOV.UK is failing in 1 place · 2 indicators are missing from GOV.UK · "
        "Source GOV.UK works again in 1 place"
    )


def test_much_that_goes_wrong_goes_on_in_the_thread() -> None:
    gaps = tuple(GapLine(f"waste-{number}", f"Indicator {number:02}", "not in the file") for number in range(60))
    message = source(gaps=gaps)
    assert "… and 50 more: see the thread" in plain(message)
    assert sum(plain(part).count("• ") for part in message.thread) == 60
    assert source(gaps=gaps[:10]).thread == ()


PAGE = "https://www.gov.uk/government/statistics/waste?a=1&b=2"
LATE = OverdueLine("overdue", "Collected waste: 2024 to 2025", "GOV.UK", "2025-11-18", late=6, page=PAGE)


def overdue(*lines: OverdueLine) -> Message:
    return shown(OverdueNotice("overdue", lines))


def test_an_overdue_release_is_named_with_its_delay_its_day_and_its_page() -> None:
    message = overdue(LATE)
    assert plain(message).splitlines() == [
        f"Collected waste: 2024 to 2025 is 6 days late · expected on 18 November 2025 · GOV.UK · <{PAGE}>",
        (
            "Nothing newer was taken in, and the figures held stand. If a release is out, its page or address may "
            "have changed: benchwatch sources shows what was last seen."
        ),
    ]
    assert f"<{PAGE.replace('&', '&amp;')}>" in json.dumps(message.blocks)


def test_a_provisional_day_and_a_missing_page_are_told_as_such() -> None:
    line = OverdueLine("overdue", "Attendance", "DfE", "2025-10-31", provisional=True, late=31)
    assert plain(overdue(line)).splitlines()[0] == "Attendance is 31 days late · expected by 31 October 2025 · DfE"


def test_moved_and_cancelled_releases_are_one_line_each() -> None:
    moved_line = OverdueLine("moved", "Waste", "GOV.UK", "2025-12-02", was="2025-11-18")
    cancelled = OverdueLine("cancelled", "Roads", "GOV.UK", "2025-11-18")
    assert plain(overdue(cancelled, moved_line)).splitlines() == [
        "Roads is cancelled · it was expected on 18 November 2025 · GOV.UK",
        "• Waste has moved from 18 November 2025 to 2 December 2025 · GOV.UK",
    ]
    assert plain(overdue(LATE, moved_line)).splitlines()[1:] == [
        "• Waste has moved from 18 November 2025 to 2 December 2025 · GOV.UK",
        plain(overdue(LATE)).splitlines()[-1],
    ]


def test_many_overdue_releases_go_on_in_the_thread() -> None:
    message = overdue(*[LATE] * 40)
    assert "… and 29 more: see the thread" in plain(message)
    assert sum(plain(part).count("• ") for part in message.thread) == 39
    assert overdue(*[LATE] * 11).thread == ()


@pytest.mark.parametrize(
    "page",
    ["javascript:alert(1)", "https://x/|<!channel>", "https://x/ y", "https://x/>", "ftp://x/", "https://\u202ex"],
)
def test_what_is_no_address_is_no_link(page: str) -> None:
    line = OverdueLine("overdue", "Waste", "GOV.UK", "2025-11-18", late=6, page=page)
    assert plain(overdue(line)).splitlines()[0] == "Waste is 6 days late · expected on 18 November 2025 · GOV.UK"


KINDS: tuple[Literal["overdue", "moved", "cancelled"], ...] = ("overdue", "moved", "cancelled")


def test_hostile_names_mention_nobody_in_any_notice() -> None:
    footing = Footing(HOSTILE, HOSTILE, 32, "rank", HOSTILE, illustrative=True)
    release = ReleaseInfo(12, HOSTILE, HOSTILE, HOSTILE)
    change = moved(Kind.ENTERED, at(24, 4.6, period=HOSTILE), at(28, 5.9), HOSTILE, Cause.REVISION, HOSTILE, HOSTILE)
    hostile = Moved(change.change, HOSTILE, HOSTILE, 1, HOSTILE)
    for notice in (
        ReleaseAlert("release_alert", footing, release, (hostile,) * 30, {HOSTILE: 1}, 1, 1, 1),
        BaselineNotice("baseline", footing, release, 1, (ThemeLine(HOSTILE, at(1), 1, 1),), (), 1, 1),
        HeldNotice("held", release, False, (FindingLine(HOSTILE, HOSTILE, HOSTILE, HOSTILE),) * 30, 30, True),
        RefusedNotice("refused", HOSTILE, HOSTILE, HOSTILE * 30),
        SourceNotice(
            "source",
            HOSTILE,
            (TroubleLine(HOSTILE, HOSTILE * 30, 3),) * 30,
            (HOSTILE,) * 30,
            (GapLine(HOSTILE, HOSTILE, HOSTILE),) * 30,
        ),
        OverdueNotice(
            "overdue",
            tuple(
                OverdueLine(kind, HOSTILE, HOSTILE, HOSTILE, was=HOSTILE, late=9, page=HOSTILE) for kind in KINDS * 10
            ),
        ),
    ):
        message = shown(notice)
        whole = message.text + json.dumps([part.blocks for part in (message, *message.thread)], ensure_ascii=False)
        assert "\u202e" not in whole
        assert "\u0000" not in whole


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (111, "111th"),
        (122, "122nd"),
    ],
)
def test_ordinals(number: int, said: str) -> None:
    assert words.ordinal(number) == said


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "said"),
    [
        (4.6, "per 1,000", 1, "4.6 per 1,000"),
        (4.6, "Rate per 1,000 population", 1, "4.6 per 1,000 population"),
        (87.84, "%", 1, "87.8%"),
        (87.84, "Percentage", 1, "87.8%"),
        (50.0, "per cent of pupils", 0, "50% of pupils"),
        (1204.5, "£ per head", 0, "£1,204 per head"),
        (-3.2, "£m", 1, "−£3.2m"),
        (-0.04, "", 1, "0.0"),
        (0.0, "Score", 2, "0.00 score"),
        (1.23456789, "", None, "1.234568"),
        (12.0, "", None, "12"),
        (None, "%", 1, "no figure"),
        (float("nan"), "%", 1, "no figure"),
        (7.0, "QoL score", 0, "7 QoL score"),
    ],
)
def test_figures_are_printed_as_their_publisher_prints_them(
    value: float | None, unit: str, decimals: int | None, said: str
) -> None:
    assert words.figure(value, unit, decimals) == said


def test_words_for_direction_spend_and_bars() -> None:
    assert words.direction("28..40") == "(best between 28 and 40)"
    assert words.direction("30..30") == "(best at 30)"
    assert words.direction("none") == ""
    assert words.spend(Standing(1, 32, tied=True)) == "=highest of 32"
    assert words.spend(Standing(32, 32)) == "32nd highest of 32, the lowest"
    assert words.spend(None) == "no rank"
    assert words.bars([1, None, 32], 32) == "█·▁"
    assert words.figures(at(1, -5.0), at(2, -4.0), "£", 0) == "−£5 → −£4"
