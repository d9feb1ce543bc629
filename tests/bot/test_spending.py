"""What /rank answers about performance against spending and against deprivation, sentence by sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands.spending import among_areas, by_theme, last_year, left_out, one_theme, without_line
from bot.slack_text import ChartOf, plain
from bot.words import across, across_figure, deprived, quadrant, spend
from engine.changes import Standing
from engine.quadrants import Against, Half, Quadrant
from state.planes import Measure, Plane, PlanePoint
from state.views import ThemeReport
from tests.bot.asking import COUNCIL, MEASURES, SNAPSHOT, FakeReader, ask, indicator, theme, told

NOWHERE = Standing(None, None)


def at(place: int | None, of: int = 27, *, tied: bool = False, value: float | None = None) -> Standing:
    return Standing(place, of, None, tied, "2023-24" if value is not None else None, value)


def point(
    name: str, best: int | None, beside: int | None, against: Against = "spend", *, kind: str = "area", of: int = 27
) -> PlanePoint:
    beside_at = NOWHERE if beside is None else at(beside, of, value=500.0 - 10 * beside)
    code = COUNCIL if name == "Leicestershire" else name
    return PlanePoint(code, name, kind, at(best, of) if best else at(None, of), beside_at, MEASURES[against])


def plane_of(*points: PlanePoint, against: Against = "spend", name: str = "Police & Crime", **other: object) -> Plane:
    placed = tuple(one for one in points if one.quadrant)
    left = tuple(one for one in points if not one.quadrant)
    measure = MEASURES[against] if name or against == "deprivation" else None
    plane = Plane(SNAPSHOT, against, name, measure, placed, left)
    return replace(plane, **other)  # type: ignore[arg-type]


def report(previous: int | None = None, spent: int | None = None) -> ThemeReport:
    line = theme("Expenditure: Police", 5, spent, kind="expenditure")
    return ThemeReport(SNAPSHOT, theme("Police & Crime", 21, previous), line, ())


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "spent", "poor"),
    [
        pytest.param(at(1), "highest of 27", "most deprived of 27", id="first"),
        pytest.param(at(2), "2nd highest of 27", "2nd most deprived of 27", id="second"),
        pytest.param(at(27), "27th highest of 27, the lowest", "27th most deprived of 27, the least", id="last"),
        pytest.param(at(1, tied=True), "=highest of 27", "=most deprived of 27", id="tied first"),
        pytest.param(at(26, tied=True), "=26th highest of 27", "=26th most deprived of 27", id="tied last"),
        pytest.param(at(1, 1), "highest of 1", "most deprived of 1", id="the only one"),
        pytest.param(at(None), "no rank", "no rank", id="no rank"),
        pytest.param(None, "no rank", "no rank", id="nothing"),
    ],
)
def test_a_place_counts_from_the_most(standing: Standing | None, spent: str, poor: str) -> None:
    assert (spend(standing), deprived(standing)) == (spent, poor)


@pytest.mark.parametrize("performing", list(Half))
@pytest.mark.parametrize("along", list(Half))
def test_a_quadrant_is_named_by_both_halves(performing: Half, along: Half) -> None:
    up = {-1: "high performing", 0: "middling performance", 1: "low performing"}[performing]
    spent = {-1: "high spending", 0: "middling spending", 1: "low spending"}[along]
    poor = {-1: "more deprived", 0: "middling deprivation", 1: "less deprived"}[along]
    assert quadrant(Quadrant(performing, along)) == f"{up}, {spent}"
    assert quadrant(Quadrant(performing, along), "deprivation") == f"{up}, {poor}"


@pytest.mark.parametrize(
    ("standing", "unit", "decimals", "figure", "both"),
    [
        pytest.param(
            at(29, 31, value=441.2), "£ per head", 0,
            "£441 per head, 2023-24", "£441 per head, 29th highest of 31, 2023-24", id="spending",
        ),
        pytest.param(
            at(1, 31, value=1204.5), "£ per head", 2,
            "£1,204.50 per head, 2023-24", "£1,204.50 per head, highest of 31, 2023-24", id="thousands",
        ),
        pytest.param(
            replace(at(2, 2, value=0.0), period=None), "", None, "0", "0, 2nd highest of 2, the lowest", id="nought",
        ),
        pytest.param(
            at(3, tied=True, value=-2.0), "£ per head", 0,
            "−£2 per head, 2023-24", "−£2 per head, =3rd highest of 27, 2023-24", id="below nought and tied",
        ),
        pytest.param(NOWHERE, "£ per head", 0, "no figure", "no figure", id="missing"),
    ],
)  # fmt: skip
def test_a_figure_is_told_with_unit_place_and_period(
    standing: Standing, unit: str, decimals: int | None, figure: str, both: str
) -> None:
    one = PlanePoint("x", "X", "area", at(1), standing, Measure("SP", "Police", unit, decimals))
    assert across_figure(one) == figure
    assert across(one, "spend") == both
    assert across(one, "deprivation") == both.replace("highest", "most deprived").replace("lowest", "least")


# --- one theme ------------------------------------------------------------------------------------

US = ("Leicestershire", 10, 20)


@pytest.mark.parametrize(
    ("others", "against", "said"),
    [
        pytest.param([("Kent", 9, 21)], "spend", "Better and spending less per head than us: Kent", id="one"),
        pytest.param(
            [("Kent", 9, 21), ("Devon", 1, 27)], "spend",
            "Better and spending less per head than us: Kent, Devon", id="two",
        ),
        pytest.param(
            [(f"Area {n}", n % 9 + 1, 21) for n in range(14)], "spend",
            "Better and spending less per head than us: " + ", ".join(f"Area {n}" for n in range(12)) + " and 2 more",
            id="many",
        ),
        pytest.param([("Kent", 10, 27)], "spend", "Better and spending less per head than us: nobody", id="tied above"),
        pytest.param([("Kent", 1, 20)], "spend", "Better and spending less per head than us: nobody", id="tied beside"),
        pytest.param([], "spend", "Better and spending less per head than us: nobody", id="alone"),
        pytest.param([("Kent", 9, 19)], "deprivation", "Better than us though more deprived: Kent", id="more deprived"),
        pytest.param([("Kent", 9, 21)], "deprivation", "Better than us though more deprived: nobody", id="less so"),
    ],
)  # fmt: skip
def test_who_does_better_for_less_or_though_more_deprived(
    others: list[tuple[str, int, int]], against: Against, said: str
) -> None:
    points = [point(*each, against) for each in (US, *others)]
    assert among_areas(plane_of(*points, against=against))[0] == said


def test_areas_are_counted_by_quadrant_the_fullest_first() -> None:
    areas = [US, ("Kent", 1, 1), ("Devon", 2, 2), ("Essex", 3, 3), ("Surrey", 27, 27), ("Norfolk", 14, 14)]
    counts = among_areas(plane_of(*(point(*each) for each in areas)))[1:]
    assert counts == [
        "High performing, high spending: 3 areas",
        "High performing, low spending: 1 area",
        "Low performing, low spending: 1 area",
        "Middling performance, middling spending: 1 area",
    ]


@pytest.mark.parametrize(
    ("lacking", "against", "said"),
    [
        pytest.param([], "spend", [], id="none"),
        pytest.param([(None, 3)], "spend", ["Left out: 1 area without a rank in performance"], id="one"),
        pytest.param(
            [(None, 3), (None, 4), (2, None)], "spend",
            ["Left out: 2 areas without a rank in performance, 1 area without a figure for spending"], id="of each",
        ),
        pytest.param(
            [(None, None)], "deprivation",
            ["Left out: 1 area without a rank in performance and a figure for deprivation"], id="neither",
        ),
        pytest.param(
            [(3, None)] * 2, "deprivation", ["Left out: 2 areas without a figure for deprivation"], id="deprivation",
        ),
    ],
)  # fmt: skip
def test_who_lacks_one_of_the_two_is_counted(
    lacking: list[tuple[int | None, int | None]], against: Against, said: list[str]
) -> None:
    points = [point(f"Area {n}", *both, against) for n, both in enumerate(lacking)]
    assert left_out(plane_of(*points, against=against)) == said


@pytest.mark.parametrize(
    ("against", "previous", "spent", "said"),
    [
        pytest.param(
            "spend", 11, 31, "Last year: 11th of 32 in performance, spending 31st highest of 32", id="both"
        ),
        pytest.param("spend", 11, None, "Last year: 11th of 32 in performance", id="performance alone"),
        pytest.param("spend", None, 32, "Last year: spending 32nd highest of 32, the lowest", id="spending alone"),
        pytest.param("spend", None, None, "", id="neither"),
        pytest.param("deprivation", 11, 31, "Last year: 11th of 32 in performance", id="deprivation"),
    ],
)  # fmt: skip
def test_last_year_where_it_is_known(against: Against, previous: int | None, spent: int | None, said: str) -> None:
    assert last_year(against, report(previous, spent)) == said


@pytest.mark.parametrize(
    ("own", "against", "fact"),
    [
        pytest.param(
            ("Leicestershire", 21, 25), "spend",
            "Police & Crime: low performing, low spending · 21st of 32 in performance, spending £250 per head, 25th "
            "highest of 27, 2023-24", id="spending",
        ),
        pytest.param(
            ("Leicestershire", 21, 1), "deprivation",
            "Police & Crime: low performing, more deprived · 21st of 32 in performance, deprivation 490.0 score, most "
            "deprived of 27, 2023-24", id="deprivation",
        ),
        pytest.param(
            ("Leicestershire", 21, None), "spend",
            "Police & Crime: no rank to compare · 21st of 32 in performance, spending no figure", id="none of ours",
        ),
    ],
)  # fmt: skip
def test_the_first_line_says_quadrant_places_and_figure(
    own: tuple[str, int, int | None], against: Against, fact: str
) -> None:
    plane = plane_of(point(*own, against), point("Kent", 3, 3, against), against=against)
    message = one_theme(plane, report(), 1)
    assert plain(message).splitlines()[0] == fact
    assert message.chart == ChartOf(against, ("Police & Crime",))


@pytest.mark.parametrize(
    ("plane", "said"),
    [
        pytest.param(
            plane_of(measure=None),
            "Police & Crime has no spending to be set against. No spending line is named for it. It is 21st of 32.",
            id="no line",
        ),
        pytest.param(
            plane_of(point("Leicestershire", 21, None), measure=Measure("", "Police per head")),
            "Police & Crime has no spending to be set against. No release has brought figures for Police per head. "
            "It is 21st of 32.",
            id="no figures for the line",
        ),
        pytest.param(
            plane_of(against="deprivation", measure=None),
            "Police & Crime cannot be set against deprivation yet. The catalogue names no measure of deprivation. "
            'It is 21st of 32.\nTo name one: deprivation = "imd", the code of an indicator without direction, in a '
            "file of the catalogue",
            id="no measure",
        ),
        pytest.param(
            plane_of(point("Leicestershire", 21, None), against="deprivation", measure=Measure("IMD")),
            "Police & Crime cannot be set against deprivation yet. No release has brought figures for its measure, "
            "IMD. It is 21st of 32.\nIt comes when its publisher is looked at (/rank sources says whether), or in a "
            "file with a figure for each area under IMD",
            id="no figures for the measure",
        ),
    ],
)
def test_what_is_missing_for_a_theme_is_named(plane: Plane, said: str) -> None:
    message = one_theme(plane, report(), 1)
    assert plain(message).startswith(said)
    assert message.chart is None


# --- every theme ----------------------------------------------------------------------------------


def themes(*places: tuple[str, int | None, int | None], against: Against = "spend", **other: object) -> Plane:
    kinds = {"Core": "composite", "Overall": "composite"}
    points = [point(*each, against, kind=kinds.get(each[0], "theme")) for each in places]
    return plane_of(*points, against=against, name="", **other)


@pytest.mark.parametrize(
    ("plane", "first"),
    [
        pytest.param(
            themes(("Roads", 1, 27)), "We are high performing and low spending in 1 of 1 theme", id="all of one"
        ),
        pytest.param(
            themes(("Roads", 1, 1), ("Waste", 27, 27)),
            "We are high performing and low spending in 0 of 2 themes",
            id="none",
        ),
        pytest.param(
            themes(("Roads", 1, 20), ("Waste", 2, 21), ("Core", 1, 27)),
            "We are high performing and low spending in 2 of 2 themes",
            id="composites are not counted",
        ),
        pytest.param(
            themes(("Core", 1, 27)), "No theme has a rank in performance and in spending", id="a composite alone"
        ),
        pytest.param(
            themes(("Roads", 1, None), ("Waste", 2, None)),
            "No theme can be set against its spending yet. No release has brought our expenditure per head.",
            id="no figures",
        ),
        pytest.param(
            themes(("Roads", 1, 2), ("Waste", 20, 2), against="deprivation"),
            "We are 2nd most deprived of 27, and high performing in 1 of 2 themes · Deprivation score (IMD 2019): "
            "480.0 score, 2023-24",
            id="deprivation",
        ),
        pytest.param(
            themes(("Roads", 14, 27), against="deprivation"),
            "We are 27th most deprived of 27, the least, and high performing in 0 of 1 theme · Deprivation score "
            "(IMD 2019): 230.0 score, 2023-24",
            id="deprivation, the very middle is not high",
        ),
        pytest.param(
            themes(("Core", 1, 1), ("Roads", None, 1), against="deprivation"),
            "We are most deprived of 27, and no theme of ours has a rank · Deprivation score (IMD 2019): 490.0 score, "
            "2023-24",
            id="deprivation, no theme ranked",
        ),
        pytest.param(
            themes(("Roads", 1, None), against="deprivation", measure=Measure("IMD")),
            "No theme can be set against deprivation yet. No release has brought our figure for its measure, IMD.",
            id="deprivation, no figures",
        ),
        pytest.param(
            themes(("Roads", 1, None), against="deprivation"),
            "No theme can be set against deprivation yet. No release has brought our figure for its measure, "
            "Deprivation score (IMD 2019).",
            id="deprivation, no figure of ours",
        ),
        pytest.param(
            themes(against="deprivation", measure=None),
            "No theme can be set against deprivation yet. The catalogue names no measure of deprivation.",
            id="deprivation, no measure",
        ),
    ],
)  # fmt: skip
def test_the_first_line_counts_the_themes(plane: Plane, first: str) -> None:
    assert plain(by_theme(plane, 1)).splitlines()[0] == first


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param((), "The catalogue names no lines", id="none"),
        pytest.param(("Roads per head",), "The catalogue names 1 line: Roads per head", id="one"),
        pytest.param(("Waste", "Roads", "Waste"), "The catalogue names 2 lines: Roads, Waste", id="two, one shared"),
    ],
)
def test_before_any_spending_the_lines_that_are_wanted_are_named(lines: tuple[str, ...], said: str) -> None:
    points = [replace(point(f"Theme {n}", 1, None), measure=Measure("", line)) for n, line in enumerate(lines)]
    assert plain(by_theme(plane_of(*points, name=""), 1)).splitlines()[1] == said


def test_the_table_has_composites_first_and_figure_place_and_quadrant_of_each() -> None:
    plane = themes(("Waste", 27, 27), ("Roads", 2, None), ("Core", 3, 14), without=("Economy",))
    lines = plain(by_theme(plane, 1)).splitlines()
    assert lines[1:4] == [
        "Low performing, low spending: 1",
        "Spend 1st is the highest per head, so the last is the lowest",
        "1 theme has no spending line: Economy",
    ]
    table = [" ".join(line.split()) for line in lines[4:8]]
    assert table == [
        "Theme Performance Spend Spend rank Which is",
        "Core 3rd of 27 £360 per head, 2023-24 14th highest of 27 high performing, middling spending",
        "Roads 2nd of 27 no figure no rank no rank",
        "Waste 27th of 27 £230 per head, 2023-24 27th highest of 27, the lowest low performing, low spending",
    ]


def test_against_deprivation_the_picture_is_of_a_composite() -> None:
    with_one = by_theme(themes(("Overall", 1, 5), ("Core", 1, 5), ("Roads", 1, 5), against="deprivation"), 1)
    assert with_one.chart == ChartOf("deprivation", ("Core",))
    assert by_theme(themes(("Roads", 1, 5), against="deprivation"), 1).chart is None
    assert by_theme(themes(("Roads", 1, 5)), 1).chart == ChartOf("spend")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        pytest.param((), "", id="none"),
        pytest.param(("Economy",), "1 theme has no spending line: Economy", id="one"),
        pytest.param(("Economy", "SEND"), "2 themes have no spending line: Economy, SEND", id="two"),
        pytest.param(
            tuple("ABCDEFGHIJKLMN"),
            "14 themes have no spending line: A, B, C, D, E, F, G, H, I, J, K, L and 2 more",
            id="many",
        ),
    ],
)
def test_themes_without_a_line_are_named(names: tuple[str, ...], said: str) -> None:
    assert without_line(names) == said


def test_names_from_outside_mention_nobody() -> None:
    hostile = "<!channel> *Roads*"
    line = Measure("SP", hostile, f"£ {hostile}", 0)
    plane = plane_of(point("Leicestershire", 1, 2), point(hostile, 2, 1), measure=line)
    reader = FakeReader(themes=(theme(hostile, 1, 2, expenditure="x"),))
    ask("spend", reader)
    assert "<!channel>" not in one_theme(plane, report(), 1).text
    assert "<!channel>" not in without_line((hostile,))


# --- as people type it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("spend", "We are high performing and low spending in 0 of 1 theme\n"),
        ("spend police", "Police & Crime: low performing, low spending · 21st of 32 in performance, spending £441 per"),
        ("spend adult social", "Adult Social Care delivery has no spending to be set against. No spending line"),
        ("deprivation", "We are 32nd most deprived of 32, the least, and high performing in 2 of 4 themes · "),
        ("imd", "We are 32nd most deprived of 32, the least"),
        ("how deprived are we", "We are 32nd most deprived of 32, the least"),
        ("deprivation score", "We are 32nd most deprived of 32, the least"),
        ("spend against deprivation", "We are 32nd most deprived of 32, the least"),
        ("deprivation police", "Police & Crime: low performing, less deprived · 21st of 32 in performance"),
        ("police deprivation", "Police & Crime: low performing, less deprived"),
        ("police against deprivation", "Police & Crime: low performing, less deprived"),
        ("police vs deprivation", "Police & Crime: low performing, less deprived"),
        ("spend police against deprivation", "Police & Crime: low performing, less deprived"),
        ("how are we doing on police given our deprivation", "Police & Crime: low performing, less deprived"),
        ("deprivation overall outcomes", "Overall Outcomes: high performing, less deprived"),
        ("what is a quadrant", "A quadrant says which half a place is in twice"),
        ("deprivation social", "“social” may mean 2 themes:"),
        ("deprivation xylophones", "No theme is called “xylophones”. The nearest:"),
    ],
)
def test_what_people_type(typed: str, begins: str) -> None:
    assert told(typed).startswith(begins)


def test_a_theme_named_in_full_is_meant_though_a_line_has_the_whole_text_for_its_code() -> None:
    line = indicator("Police spending", 5, code="spend-police-crime", polarity="none", eligibility="no_direction")
    reader = FakeReader(indicators=(line, *FakeReader().indicators))
    assert told("spend Police & Crime", reader) == told("spend police", reader)
    assert told("spend-police-crime", reader).startswith("Police spending: 5th highest of 32")
