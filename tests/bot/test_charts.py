"""Charts as a person reads them: the heading, the text for those who cannot see, and a picture that can be shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from bot.charts import (
    ALT_LIMIT,
    ThemeMove,
    bottom_chart,
    indicator_chart,
    plane_chart,
    theme_chart,
    themes_chart,
)
from bot.charts.style import BETTER, DPI, SMALL, TEXT, WORSE, fitted, spread, told, width, wrapped
from bot.slack_text import Picture
from engine.changes import Standing
from engine.quadrants import Against
from state.histories import IndicatorHistory, IndicatorPeriod, Spread
from state.planes import Measure, Plane, PlanePoint
from state.strips import Judged, QuartileStrip, ThemeQuartiles
from state.views import SnapshotView
from state.years import ThemeHistory, ThemeYear

COUNCIL = "E10000018"
ON = SnapshotView(3, "2024-07-20/1", COUNCIL, "Leicestershire", "county areas", 32, "rank", illustrative=False)
MADE_UP = replace(ON, illustrative=True)
HOSTILE = {
    "signs": "$x^ \\frac{1} <!channel>\n\x00\u202eevil 救急 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "right to left": "مرحبا بالعالم",
    "one long word": "a" * 300,
    "nothing": "",
}
YEARS = ("2022/23", "2023/24")


def quartile(rank: int, of: int) -> int:
    return next(q for q in (4, 3, 2, 1) if 4 * (rank - 1) >= (q - 1) * of)


def at(rank: int | None, of: int = 32, *, tied: bool = False, value: float | None = None) -> Standing | None:
    return None if rank is None else Standing(rank, of, quartile(rank, of), tied, "2022/23", value)


def rank(place: int, of: int = 32) -> Standing:
    return Standing(place, of, quartile(place, of))


def move(theme: str, before: int | None, after: int | None) -> ThemeMove:
    return ThemeMove(theme, at(before), at(after))


def themes(*moves: ThemeMove, on: SnapshotView = ON) -> Picture:
    return themes_chart(moves, on, YEARS)


def years(*ranks: int | None, name: str = "Police & Crime", on: SnapshotView = ON, of: int = 32) -> Picture:
    shown = tuple(ThemeYear(2017 + number, at(place, of)) for number, place in enumerate(ranks))
    return theme_chart(ThemeHistory(on, name, "theme", shown))


def spending(
    *points: tuple[str, int, int],
    theme: str = "Police & Crime",
    line: str = "Police",
    of: int = 5,
    unplaced: int = 0,
    against: Against = "spend",
    unit: str = "£ per head",
    kind: str = "",
) -> Picture:
    """Each point a name and its two places; spending falls by £10 a place from £100."""
    measure = Measure("X", line, unit, 0)
    shown = tuple(
        PlanePoint(
            COUNCIL if name == "Leicestershire" else f"area {number}",
            name,
            kind or ("area" if theme else "theme"),
            rank(best, of),
            replace(rank(highest, of), quartile=None, period="2023-24", value=110.0 - 10 * highest),
            measure,
        )
        for number, (name, best, highest) in enumerate(points)
    )
    nowhere = Standing(None, None)
    left = tuple(PlanePoint(f"left {at}", f"Left {at}", "area", nowhere, nowhere, measure) for at in range(unplaced))
    return plane_chart(Plane(ON, against, theme, measure if theme else None, shown, left))


def period(
    year: int, value: float | None, place: int = 28, others: tuple[float, ...] = (1, 2, 3, 4, 9)
) -> IndicatorPeriod:
    """A period of five areas of which the last is the bottom quartile."""
    ends = Spread(
        len(others), min(others), sorted(others)[2], max(others), (others[2], others[3], others[4]), (others[4],)
    )
    own = None if value is None else at(place, value=value)
    label = f"{year}/{(year + 1) % 100:02}"
    return IndicatorPeriod(label, f"{year}-04-01", f"{year + 1}-03-31", own, ends)


def history(*periods: IndicatorPeriod, **other: object) -> IndicatorHistory:
    plain = IndicatorHistory(
        ON, "VC", "Vehicle crime", "Police & Crime", "per 1,000 people", 1, "low", "", "eligible", periods
    )
    return replace(plain, **other)  # type: ignore[arg-type]


def indicator(*periods: IndicatorPeriod, **other: object) -> Picture:
    return indicator_chart(history(*periods, **other))


def bottom(**themes: str) -> Picture:
    """Themes by name, each a text of the quartiles of its indicators."""
    rows = (
        ThemeQuartiles(name, tuple(Judged(f"{name}{number}", "an indicator", int(q)) for number, q in enumerate(held)))
        for name, held in themes.items()
    )
    return bottom_chart(QuartileStrip(ON, tuple(rows)))


def picture_of(drawn: Picture) -> Image.Image:
    with Image.open(io.BytesIO(drawn.png)) as image:
        image.load()
        return image.convert("RGBA")


def check(drawn: Picture) -> None:
    """What must be true of every chart."""
    image = picture_of(drawn)
    assert image.width == 840
    assert 200 < image.height < 5000
    assert image.getchannel("A").getextrema() == (255, 255)
    assert len(image.getcolors(2**16) or ()) > 10  # something is drawn
    assert len(drawn.png) < 100_000
    assert drawn.alt.startswith("Chart: ")
    assert drawn.alt.endswith(".")
    assert len(drawn.alt.encode("utf-16-le")) // 2 <= ALT_LIMIT
    assert drawn.title.strip()
    assert not any(char < " " or "\u202a" <= char <= "\u202e" for char in drawn.alt + drawn.title)


NORMAL: dict[str, Callable[[], Picture]] = {
    "theme": lambda: years(11, 14, None, 21),
    "theme, one year": lambda: years(21),
    "theme, no rank at all": lambda: years(None, None),
    "theme, nothing": years,
    "theme, few areas": lambda: years(1, 3, 2, of=3),
    "themes": lambda: themes(*(move(f"Theme {number}", 5, 7) for number in range(12))),
    "themes, nothing": themes,
    "spend": lambda: spending(("Leicestershire", 2, 5), *((f"Area {n}", n, n) for n in range(1, 6))),
    "spend, alone": lambda: spending(("Leicestershire", 2, 5)),
    "spend, without the council": lambda: spending(("Kent", 2, 5)),
    "spend, nothing": spending,
    "spend, all in one place": lambda: spending(("Leicestershire", 1, 1), *((f"Area {n}", 1, 1) for n in range(32))),
    "deprivation": lambda: spending(
        ("Leicestershire", 2, 5), *((f"Area {n}", n, n) for n in range(1, 6)), against="deprivation"
    ),
    "deprivation by theme": lambda: spending(
        *((f"Theme {n}", 3, 2) for n in range(14)), theme="", line="", against="deprivation"
    ),
    "spend by theme": lambda: spending(*((f"Theme {n}", 3, 5) for n in range(9)), theme="", line=""),
    "indicator": lambda: indicator(*(period(2010 + n, 5.0 + n / 2) for n in range(8)), target="<6"),
    "indicator, one period": lambda: indicator(period(2022, 9.0), target="2-3"),
    "indicator, gaps": lambda: indicator(period(2010, 3), period(2011, None), period(2012, 5), period(2019, 6)),
    "indicator, no figure of ours": lambda: indicator(period(2022, None)),
    "indicator, no spread": lambda: indicator(replace(period(2022, 9.0), spread=None)),
    "indicator, all alike": lambda: indicator(period(2022, 1, others=(1, 1, 1, 1, 1)), target="1"),
    "indicator, band": lambda: indicator(period(2021, 5), period(2022, 3), polarity="3..4", target="3-4"),
    "indicator, no direction": lambda: indicator(period(2022, 5), polarity="none", target="4"),
    "indicator, very many periods": lambda: indicator(*(period(1950 + n, n % 7) for n in range(60))),
    "indicator, nothing": indicator,
    "bottom": lambda: bottom(**{f"Theme {n}": "4321" * n for n in range(1, 9)}),
    "bottom, nothing": bottom,
}


@pytest.mark.parametrize("name", NORMAL)
def test_every_chart_can_be_shown(name: str) -> None:
    check(NORMAL[name]())


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_any_name_can_be_drawn(name: str) -> None:
    on = replace(ON, council_name=name, comparators=name)
    check(themes(move(name, 5, 7), on=on))
    check(years(4, 9, name=name, on=on))
    check(spending((name, 1, 4), ("Leicestershire", 2, 5), theme=name or "x", line=name))
    check(indicator(period(2022, 9.0), name=name, unit=name, target=name, snapshot=on))
    check(bottom(**{name: "4321"}))


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: spending(("Leicestershire", 2, 5), ("Kent", 1, 1)),
        lambda: indicator(period(2022, 9.0), target="4"),
    ],
)
def test_the_same_figures_give_the_same_bytes(drawn: Callable[[], Picture]) -> None:
    assert drawn().png == drawn().png


def test_made_up_comparators_are_said_in_the_picture_and_in_its_text() -> None:
    real, made_up = years(4, 9), years(4, 9, on=MADE_UP)
    assert "illustrative comparators" in made_up.alt
    assert "illustrative" not in real.alt
    assert picture_of(real).tobytes() != picture_of(made_up).tobytes()


def test_the_heading_keeps_the_fact_whole_however_long_the_name() -> None:
    assert years(11, 30, name="long name " * 40).title.endswith("…: 30th of 32, bottom quartile")
    assert len(wrapped(years(11, 30, name="long name " * 40).title, 3.8, 10.5, bold=True)) <= 3


def test_the_edge_of_the_card_has_the_colour_of_the_best_and_the_worst_quartile() -> None:
    def edge(drawn: Picture) -> str:
        red, green, blue = picture_of(drawn).convert("RGB").getpixel((400, 4))  # type: ignore[misc]
        return f"#{red:02x}{green:02x}{blue:02x}"

    def near(colour: str, other: str) -> bool:
        return all(abs(int(colour[n : n + 2], 16) - int(other[n : n + 2], 16)) < 16 for n in (1, 3, 5))

    assert near(edge(years(1, 2)), BETTER)
    assert near(edge(years(1, 32)), WORSE)


# --- a theme over the years -----------------------------------------------------------------------


def test_a_theme_over_the_years_in_words() -> None:
    drawn = years(11, None, 14, 21)
    assert drawn.title == "Police & Crime: 21st of 32, third quartile"
    assert drawn.alt == (
        "Chart: Police & Crime, rank of Leicestershire over the years, 1st being best, among 32 county areas. "
        "Now 21st of 32, third quartile. 2017: 11th of 32, second quartile. 2018: no rank. "
        "2019: 14th of 32, second quartile. 2020: 21st of 32, third quartile."
    )


def test_each_year_has_its_own_number_of_areas() -> None:
    shown = (ThemeYear(2022, Standing(5, 27, 1, tied=True)), ThemeYear(2023, rank(9)))
    alt = theme_chart(ThemeHistory(ON, "Economy", "theme", shown)).alt
    assert "2022: =5th of 27, top quartile. 2023: 9th of 32, second quartile." in alt


# --- themes before and after ----------------------------------------------------------------------


def test_themes_in_words_best_first() -> None:
    drawn = themes(move("Police & Crime", 11, 21), move("Economy", 6, 5), move("Housing", 2, 2), on=MADE_UP)
    assert drawn.title == "Themes: 1 up, 1 down, 1 unchanged"
    assert drawn.alt == (
        "Chart: rank of Leicestershire by theme, 2022/23 to 2023/24, 1st being best, among 32 county areas, "
        "illustrative comparators. Housing: 2nd to 2nd of 32, same. Economy: 6th to 5th of 32, better. "
        "Police & Crime: 11th to 21st of 32, worse."
    )


def test_missing_and_shared_ranks_are_said() -> None:
    cases = [
        (Standing(None, None), Standing(3, 4), "3rd of 4, no rank before"),
        (None, Standing(5, 27), "5th of 27, no rank before"),
        (Standing(13, 27, tied=True), Standing(10, 26, tied=True), "=13th to =10th of 26, better"),
        (Standing(5, 27), None, "5th to no rank"),
        (None, None, "no rank"),
    ]
    moves = [ThemeMove(f"Theme {number}", before, after) for number, (before, after, _) in enumerate(cases)]
    told_of = [f"Theme {number}: {words}." for number, (*_, words) in enumerate(cases)]
    assert themes(*moves).alt.endswith(" ".join(told_of))


def test_a_long_text_says_what_it_leaves_out() -> None:
    alt = themes(*(move(f"Theme number {number}", 5, 7) for number in range(26))).alt
    assert len(alt) <= ALT_LIMIT
    assert alt.endswith(f" And {26 - alt.count(' of 32, worse.')} more themes.")


def test_the_order_of_the_themes_given_is_no_matter() -> None:
    moves = [move("Economy", 6, 5), move("Housing", 2, 4)]
    assert themes(*moves).png == themes(*reversed(moves)).png


# --- performance against spending -----------------------------------------------------------------


def test_performance_against_spending_in_words() -> None:
    drawn = spending(
        ("Leicestershire", 2, 5), ("Kent", 1, 4), ("Essex", 4, 1), ("Devon", 5, 5), ("Durham", 3, 2), unplaced=2
    )
    assert drawn.title == "Police & Crime: high performing, low spending"
    assert drawn.alt == (
        "Chart: performance against spending per head in Police & Crime (spending line: Police), 1st being best "
        "performance and highest spend, among 32 county areas. Leicestershire is high performing, low spending: "
        "performance 2nd of 5, spending £60 per head, 5th highest of 5, the lowest, 2023-24. Areas: high performing, "
        "low spending: 2; high performing, high spending: 0; low performing, low spending: 1; low performing, high "
        "spending: 1; middling performance, high spending: 1. High performing, low spending: Kent and Leicestershire. "
        "2 areas without both ranks left out."
    )


def test_performance_against_deprivation_in_words() -> None:
    drawn = spending(
        ("Leicestershire", 2, 5), ("Kent", 1, 1), ("Essex", 4, 2), ("Devon", 5, 4),
        line="Deprivation score", against="deprivation", unit="score", unplaced=1,
    )  # fmt: skip
    assert drawn.title == "Police & Crime: high performing, less deprived"
    assert drawn.alt == (
        "Chart: performance against deprivation in Police & Crime (measure: Deprivation score), 1st being best "
        "performance and most deprived, among 32 county areas. Leicestershire is high performing, less deprived: "
        "performance 2nd of 5, deprivation 60 score, 5th most deprived of 5, the least, 2023-24. Areas: high "
        "performing, less deprived: 1; high performing, more deprived: 1; low performing, less deprived: 1; low "
        "performing, more deprived: 1. High performing, more deprived: Kent. 1 area without both ranks left out."
    )


@pytest.mark.parametrize(
    ("best", "highest", "words"),
    [
        (1, 5, "high performing, low spending"),
        (5, 1, "low performing, high spending"),
        (2, 2, "high performing, high spending"),
        (4, 4, "low performing, low spending"),
        (3, 3, "middling performance, middling spending"),
    ],
)
def test_the_quadrants_are_named_as_in_the_reports(best: int, highest: int, words: str) -> None:
    assert spending(("Leicestershire", best, highest)).title == f"Police & Crime: {words}"


@pytest.mark.parametrize(
    ("best", "highest", "words"),
    [
        (1, 5, "high performing, less deprived"),
        (5, 1, "low performing, more deprived"),
        (2, 2, "high performing, more deprived"),
        (4, 4, "low performing, less deprived"),
        (3, 3, "middling performance, middling deprivation"),
    ],
)
def test_the_quadrants_of_deprivation_are_named_alike(best: int, highest: int, words: str) -> None:
    drawn = spending(("Leicestershire", best, highest), against="deprivation")
    assert drawn.title == f"Police & Crime: {words}"


def test_deprivation_is_painted_neither_good_nor_bad() -> None:
    # The same performance with the most and the least deprivation: the marks apart, the same colours in the same share.
    least, most = (painted(spending(("Leicestershire", 1, at), against="deprivation")) for at in (5, 1))
    assert least == most
    assert painted(spending(("Leicestershire", 1, 5))) != painted(spending(("Leicestershire", 1, 1)))


def painted(drawn: Picture) -> frozenset[object]:
    """The colours that fill at least a five hundredth of the picture: fields, and the edge above them."""
    picture = picture_of(drawn).convert("RGB")
    area = picture.width * picture.height
    return frozenset(colour for number, colour in picture.getcolors(maxcolors=area) or [] if 500 * number >= area)


def test_every_theme_against_its_spending_in_words() -> None:
    drawn = spending(("Economy", 1, 5), ("Housing", 5, 2), theme="", line="")
    assert drawn.title == "Leicestershire: 1 of 2 themes high performing and low spending"
    assert drawn.alt.endswith(
        "among 32 county areas. Spending in £ per head, 2023-24. "
        "Economy: high performing, low spending, 1st, £60, lowest. "
        "Housing: low performing, high spending, 5th, £90, 2nd highest."
    )


def test_every_theme_against_deprivation_says_our_place_once() -> None:
    drawn = spending(("Economy", 1, 4), ("Housing", 5, 4), theme="", line="", against="deprivation", unit="score")
    assert drawn.title == "Leicestershire: 1 of 2 themes high performing"
    assert drawn.alt.endswith(
        "Deprivation: 70 score, 4th most deprived of 5, 2023-24. "
        "Economy: high performing, less deprived, 1st. Housing: low performing, less deprived, 5th."
    )


def test_without_a_common_unit_each_figure_has_its_own() -> None:
    drawn = spending(("Economy", 1, 5), theme="", line="", unit="")
    assert drawn.alt.endswith(
        "among 32 county areas. Economy: high performing, low spending, 1st, 60, 2023-24, lowest."
    )


def test_composites_stand_above_the_themes_and_are_not_counted_among_them() -> None:
    drawn = spending(("Overall Outcomes", 4, 5), theme="", line="", kind="composite")
    assert drawn.title == "Leicestershire: no theme has both ranks"
    assert drawn.alt.endswith("Overall Outcomes: low performing, low spending, 4th, £60, lowest.")


# --- an indicator ---------------------------------------------------------------------------------


def test_an_indicator_in_words_latest_period_first() -> None:
    drawn = indicator(period(2021, 4.0, 20), period(2022, 9.0), target="<9")
    assert drawn.title == "Vehicle crime: 28th of 32, bottom quartile"
    assert drawn.alt == (
        "Chart: Vehicle crime, per 1,000 people, Leicestershire among 32 county areas (higher is worse). "
        "28th of 32, bottom quartile. 2022/23: 9.0 per 1,000 people, 28th of 32; best 1.0, middle 3.0, "
        "bottom quartile from 9.0 up, worst 9.0. 2021/22: 4.0, 20th of 32; best 1.0, middle 3.0, "
        "bottom quartile from 9.0 up, worst 9.0. Target <9: missed."
    )


def test_a_higher_figure_may_be_better_or_neither() -> None:
    high = indicator(period(2022, 1.0, others=(9, 4, 3, 2, 1)), polarity="high", unit="%").alt
    assert "(higher is better)" in high
    assert "2022/23: 1.0%, 28th of 32; best 9.0%, middle 3.0%, bottom quartile from 1.0% down, worst 1.0%." in high
    spend = indicator(period(2022, 5, 32), polarity="none", theme="Expenditure", unit="£ per head", decimals=0)
    assert spend.title == "Vehicle crime: 32nd highest of 32, the lowest"
    assert spend.alt.endswith("2022/23: £5 per head; lowest £1, middle £3, highest £9.")


def test_around_a_band_the_bottom_quartile_is_on_both_sides() -> None:
    both = period(2022, 5.0, others=(1, 3, 4, 5, 9))
    assert both.spread
    both = replace(both, spread=replace(both.spread, line=(1.5, 8.5)))
    alt = indicator(both, polarity="4..6").alt
    assert "(best between 4 and 6)" in alt
    assert "bottom quartile from 1.5 down and from 8.5 up" in alt


def test_an_indicator_that_is_not_judged_says_why() -> None:
    drawn = indicator(period(2022, 5.0, 3), eligibility="few_areas")
    assert drawn.title == "Vehicle crime: 3rd of 32, not judged: too few areas have a figure"


def test_only_so_many_periods_are_told_and_how_many_are_not() -> None:
    alt = indicator(*(period(1985 + number, 4.0) for number in range(30))).alt
    shown = alt.count("bottom quartile from")
    assert alt.endswith(f" And {30 - shown} earlier periods.")


def test_figures_without_known_decimals_are_not_endless() -> None:
    alt = indicator(period(2022, 1 / 3, others=(1 / 3, 2 / 3, 3.14159265, 4, 9)), decimals=None).alt
    assert "best 0.3333, middle 3.142," in alt


def test_a_target_that_is_not_plain_leaves_the_panel_out() -> None:
    def height(target: str) -> int:
        return picture_of(indicator(period(2022, 9.0), target=target)).height

    assert height("top quartile") == height("")
    assert height("8") > height("") + DPI // 2


# --- the bottom quartile by theme -----------------------------------------------------------------


def test_the_bottom_quartile_by_theme_in_words() -> None:
    drawn = bottom(Culture="44", Economy="4221", Housing="1")
    assert drawn.title == "Leicestershire: 3 of 7 indicators (43%) in the bottom quartile"
    assert drawn.alt == (
        "Chart: indicators of Leicestershire by quartile, among 32 county areas. 3 of 7 indicators (43%) in the bottom "
        "quartile. By theme, bottom, third, second, top quartile: Culture: 2, 0, 0, 0 of 2. Economy: 1, 0, 2, 1 of 4. "
        "Housing: 0, 0, 0, 1 of 1."
    )


def test_one_theme_is_named_in_the_heading() -> None:
    assert bottom(Culture="4321").title == "Culture: 1 of 4 indicators (25%) in the bottom quartile"


def test_what_does_not_fit_is_added_up() -> None:
    alt = bottom(**{f"Theme with a long name, number {number}": "41" for number in range(24)}).alt
    left = 24 - alt.count(" of 2.")
    assert alt.endswith(f" And {left} more themes with {left} of {2 * left} in the bottom quartile.")


# --- text on the card -----------------------------------------------------------------------------


def test_text_is_measured_as_wide_as_it_is_drawn() -> None:
    figure = Figure(dpi=DPI)
    FigureCanvasAgg(figure)
    words = "Leicestershire: =21st of 32, bottom quartile ▼"
    drawn = figure.text(0, 0, words, fontsize=TEXT, family="DejaVu Sans").get_window_extent()
    assert width(words, TEXT) == pytest.approx(drawn.width / DPI, rel=0.03)


@pytest.mark.parametrize("words", ["", "a", "two words", "x" * 200, "many words " * 30])
def test_wrapped_and_fitted_text_keeps_its_room(words: str) -> None:
    lines = wrapped(words, 1.5, SMALL)
    assert all(width(line, SMALL) <= 1.5 for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")
    assert width(fitted(words, 1.5, SMALL), SMALL) <= 1.5


def test_labels_keep_their_distance_and_their_order() -> None:
    places = spread([1.0, 1.02, 0.2, 2.5], 0.2, 0.0, 2.0)
    assert sorted(places) == [places[2], places[0], places[1], places[3]]
    assert all(after - before >= 0.2 - 1e-9 for before, after in zip(sorted(places), sorted(places)[1:], strict=False))
    assert max(places) <= 2.0


def test_no_text_is_longer_than_slack_takes() -> None:
    text = told("start", ["x" * 400] * 5, lambda left: f"And {left} more.", "end.")
    assert len(text) <= ALT_LIMIT
    assert text.endswith("And 3 more. end.")
    assert len(told("y" * 3000, ["clause"], lambda left: f"And {left} more.", "end.")) <= ALT_LIMIT
