"""What charts are drawn from, against plain sums over the same figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.catalogue import Catalogue, Composite, Indicator, Polarity, Theme
from engine.periods import parse_period
from engine.quadrants import Half, Quadrant
from engine.snapshot import Basis, Rules
from jobs.pipeline import ingest
from jobs.policy import Policy
from state.database import connect
from state.histories import IndicatorHistory, IndicatorPeriod, indicator_history, periods
from state.planes import Measure, PlanePoint, plane
from state.reader import Reader
from state.strips import quartile_strip
from state.years import theme_history
from tests.system.releases import (
    COUNCIL,
    COUNTIES,
    NOW,
    POLICE,
    ROADS,
    YEARS,
    Book,
    Entry,
    at_place,
    policy,
    tied_at,
    without,
)

AREAS = ("E1", COUNCIL, "E3", "E4", "E5", "E6", "E7", "E8")
FIGURES = (5.0, 7.0, 1.0, 3.0, 3.0, 9.0, 8.0, 2.0)
N = len(COUNTIES)


def worked_out(polarity: str, figures: tuple[float | None, ...] = FIGURES, rule: str = "rank") -> IndicatorPeriod:
    entry = Indicator("X", "X", "T", Polarity.parse(polarity), decimals=1)
    basis = Basis(AREAS, {"X": entry}, (), Rules(quartile_rule=rule))  # type: ignore[arg-type]
    stated = {area: figure for area, figure in zip(AREAS, figures, strict=True) if figure is not None}
    return periods(entry, basis, COUNCIL, [(parse_period("2022/23"), "2022/23")], [stated])[0]


@pytest.mark.parametrize(
    ("polarity", "badness"),
    [("low", lambda x: x), ("high", lambda x: -x), ("4..6", lambda x: max(4 - x, x - 6, 0))],
)
@pytest.mark.parametrize("figures", [FIGURES, (*FIGURES[:6], None, None), (1.0, 7.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0)])
def test_a_period_agrees_with_plain_sums(
    polarity: str, badness: Callable[[float], float], figures: tuple[float | None, ...]
) -> None:
    found = worked_out(polarity, figures)
    known = [figure for figure in figures if figure is not None]
    places = {figure: 1 + sum(badness(other) < badness(figure) for other in known) for figure in known}
    quartile = {figure: 1 + 4 * (place - 1) // len(known) for figure, place in places.items()}
    starts = tuple(min((f for f in known if quartile[f] == q), key=badness, default=None) for q in (2, 3, 4))
    assert found.standing
    assert found.spread
    assert (found.standing.rank, found.standing.of, found.standing.quartile) == (places[7.0], len(known), quartile[7.0])
    assert found.value == 7.0
    assert (found.spread.lowest, found.spread.highest) == (min(known), max(known))
    assert found.spread.median == statistics.median(known)
    assert found.spread.areas == len(known)
    # of figures equally bad, on both sides of a band, either may be named
    assert [None if f is None else badness(f) for f in found.spread.starts] == [
        None if f is None else badness(f) for f in starts
    ]
    assert {badness(line) for line in found.spread.line} == ({badness(starts[2])} if starts[2] is not None else set())
    assert len(found.spread.line) == (0 if starts[2] is None else 2 if ".." in polarity else 1)


@pytest.mark.parametrize(("rule", "line"), [("rank", (1.0,)), ("value", (3.0,))])
def test_the_line_is_that_of_the_quartile_rule(rule: str, line: tuple[float, ...]) -> None:
    # The fourth of five figures is on the cut of the values: the rule on values puts it below when high is good.
    found = worked_out("high", (9.0, 7.0, 5.0, 3.0, 1.0, None, None, None), rule=rule)
    assert found.spread is not None
    assert found.spread.line == line


def test_without_direction_nothing_is_judged_and_without_figures_nothing_is_there() -> None:
    neither = worked_out("none")
    assert neither.standing
    assert neither.spread
    assert neither.standing.rank == 3  # from the highest
    assert neither.spread.line == ()
    nothing = worked_out("low", (None,) * 8)
    assert (nothing.standing, nothing.spread) == (None, None)
    alone = worked_out("low", (None, 7.0, *[None] * 6))
    assert alone.standing
    assert alone.standing.rank is None


# --- from a database ------------------------------------------------------------------------------


@contextmanager
def known(folder: Path, *books: Book, of: Policy | None = None) -> Iterator[Reader]:
    db = connect(folder / "b.db")
    for number, book in enumerate(books):
        ingest(db, book.raw(f"r-2025-11-{10 + number}.csv"), of or policy(), now=NOW, path=folder / "b.db")
    db.close()
    reader = Reader(folder / "b.db")
    try:
        yield reader
    finally:
        reader.close()


CRIMES = ("BURG", "VEH")
SPEND = Entry("SP", "Expenditure", "Police", "none", "£ per head")


def story() -> Book:
    """Two crimes over six years, a road in one, and what police costs; the council at chosen places."""
    book = Book((*(Entry(code) for code in CRIMES), Entry("ROAD", ROADS), SPEND))
    for year, burglary, vehicle in zip(YEARS, (3, 5, 8, 9, 20, 30), (4, 4, 9, 12, 22, 29), strict=True):
        book.add("BURG", year, at_place(burglary, seed=1)).add("VEH", year, at_place(vehicle, seed=2))
    return book.add("ROAD", YEARS[-1], at_place(2)).add("SP", YEARS[-1], at_place(N, seed=3))


def with_lines() -> Policy:
    line = Indicator("SP", "Police", "Expenditure", Polarity("none"))
    measure = Indicator("IMD", "Deprivation score", "Context", Polarity("none"))
    catalogue = Catalogue(
        indicators={"SP": line, "IMD": measure},
        themes={POLICE: Theme(POLICE, expenditure="SP"), ROADS: Theme(ROADS)},
        composites={"Overall": Composite("Overall", expenditure="SP")},
        deprivation="IMD",
    )
    return policy(catalogue=catalogue)


def place_by_sums(year: str, area: str) -> int:
    """A theme's place by the sum of the two places, worked out from the figures."""
    at = YEARS.index(year)
    burglary = at_place((3, 5, 8, 9, 20, 30)[at], seed=1)
    vehicle = at_place((4, 4, 9, 12, 22, 29)[at], seed=2)
    sums = {
        each: sum(1 + sum(other > figures[each] for other in figures.values()) for figures in (burglary, vehicle))
        for each in COUNTIES
    }
    return 1 + sum(other < sums[area] for other in sums.values())


def test_a_theme_has_its_years_by_the_year_its_figures_end(tmp_path: Path) -> None:
    with known(tmp_path, story(), of=with_lines()) as reader:
        history = reader.read(lambda db: theme_history(db, POLICE))
        whole = reader.read(lambda db: theme_history(db, "Overall"))
        assert reader.read(lambda db: theme_history(db, "Nothing")) is None
        assert reader.read(lambda db: theme_history(db, "Expenditure: Police")) is None
    assert history
    assert [year.year for year in history.years] == [2020, 2021, 2022, 2023, 2024, 2025]
    assert [year.standing.rank if year.standing else None for year in history.years] == [
        place_by_sums(year, COUNCIL) for year in YEARS
    ]
    assert whole
    assert whole.kind == "composite"
    assert whole.years[-1].year == 2025


def place(figures: Mapping[str, float], area: str) -> int | None:
    """By counting who has more."""
    return 1 + sum(other > figures[area] for other in figures.values()) if area in figures else None


def by_counting(place: int, of: int) -> int:
    """-1 with more behind than ahead, 1 with more ahead, 0 in the exact middle."""
    ahead, behind = place - 1, of - place
    return (ahead > behind) - (ahead < behind)


def agrees(point: PlanePoint, across: Mapping[str, float], area: str, period: str) -> None:
    """Both places, figure, period and quadrant against plain counting over the figures."""
    performance = place_by_sums(YEARS[-1], area)
    beside = place(across, area)
    assert beside is not None
    assert (point.performance.rank, point.performance.of) == (performance, N)
    assert (point.across.rank, point.across.of, point.across.value) == (beside, len(across), across[area])
    assert point.across.tied is ([*across.values()].count(across[area]) > 1)
    assert (point.across.period, point.across.quartile) == (period, None)
    assert point.quadrant == Quadrant(Half(by_counting(performance, N)), Half(by_counting(beside, len(across))))


def test_every_area_stands_at_its_two_places_with_its_figure(tmp_path: Path) -> None:
    with known(tmp_path, story(), of=with_lines()) as reader:
        found = reader.read(lambda db: plane(db, "spend", POLICE))
        overall = reader.read(lambda db: plane(db, "spend", "Overall"))
        without_line = reader.read(lambda db: plane(db, "spend", ROADS))
        by_reader = reader.plane("spend", POLICE)
        nothing = reader.read(lambda db: plane(db, "spend", "Nothing"))
    assert found
    assert found == by_reader
    assert found.measure == Measure("SP", "Police", "£ per head", 2)
    assert [point.code for point in found.points] == sorted(COUNTIES)
    for point in found.points:
        agrees(point, at_place(N, seed=3), point.code, YEARS[-1])
    assert (found.unplaced, found.without) == ((), ())
    assert found.own
    assert (found.own.name, found.own.kind, found.own.across.rank) == ("Leicestershire", "area", N)
    assert overall
    assert overall.own
    assert (overall.measure, overall.own.across) == (found.measure, found.own.across)
    assert without_line
    assert (without_line.measure, without_line.points, without_line.own) == (None, (), None)
    assert nothing is None


def test_the_council_stands_in_every_theme_and_composite(tmp_path: Path) -> None:
    with known(tmp_path, story(), of=with_lines()) as reader:
        found = reader.read(lambda db: plane(db, "spend", POLICE))
        themes = reader.read(lambda db: plane(db, "spend"))
        assert themes == reader.plane("spend")
    assert themes
    assert found
    assert found.own
    assert [(point.name, point.kind) for point in themes.points] == [("Overall", "composite"), (POLICE, "theme")]
    police = themes.points[1]
    agrees(police, at_place(N, seed=3), COUNCIL, YEARS[-1])
    assert (police.performance, police.across) == (found.own.performance, found.own.across)
    assert (themes.measure, themes.unplaced, themes.without, themes.own) == (None, (), (ROADS,), None)


DEPRIVED = Entry("IMD", "Context", "Deprivation score", "none", "score")


def with_deprivation(figures: Mapping[str, float]) -> Book:
    book = story()
    book.entries = (*book.entries, DEPRIVED)
    return book.add("IMD", "2019", figures)


@pytest.mark.parametrize(
    "figures",
    [
        pytest.param(at_place(4, seed=9), id="no ties"),
        pytest.param(tied_at(4, 5, seed=9), id="tied"),
        pytest.param(tied_at((N + 1) // 2, 1, seed=9), id="tied at the middle"),
        pytest.param(without(at_place(4, seed=9), *[area for area in COUNTIES if area != COUNCIL][:3]), id="missing"),
    ],
)
def test_against_deprivation_the_highest_score_is_the_most_deprived(tmp_path: Path, figures: dict[str, float]) -> None:
    with known(tmp_path, with_deprivation(figures), of=with_lines()) as reader:
        found = reader.read(lambda db: plane(db, "deprivation", POLICE))
        themes = reader.read(lambda db: plane(db, "deprivation"))
        assert (found, themes) == (reader.plane("deprivation", POLICE), reader.plane("deprivation"))
    assert found
    assert (found.against, found.measure) == ("deprivation", Measure("IMD", "Deprivation score", "score", 2))
    assert {point.code for point in found.points} == set(figures)
    for point in found.points:
        agrees(point, figures, point.code, "2019")
    assert {point.code for point in found.unplaced} == set(COUNTIES) - set(figures)
    assert all(point.across.rank is None and point.performance.rank for point in found.unplaced)
    assert themes
    assert [point.name for point in themes.points] == ["Overall", POLICE, ROADS]
    assert {point.across for point in themes.points} == {
        next(one for one in found.points if one.code == COUNCIL).across
    }
    assert (themes.measure, themes.without) == (found.measure, ())


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """Before a line or the measure has a figure, and where the catalogue names neither."""
    named, plain = tmp_path / "named", tmp_path / "plain"
    book = story()
    book.rows = [row for row in book.rows if row[0] != "SP"]
    book.entries = tuple(entry for entry in book.entries if entry.code != "SP")
    for folder, of in ((named, with_lines()), (plain, policy())):
        folder.mkdir()
        with known(folder, book, of=of) as reader:
            spent, deprived = reader.plane("spend", POLICE), reader.plane("deprivation", POLICE)
            by_theme = reader.plane("spend")
        assert spent
        assert deprived
        assert by_theme
        assert (spent.points, deprived.points, by_theme.points) == ((), (), ())
        if folder == named:
            assert (spent.measure, deprived.measure) == (Measure("", "Police"), Measure("IMD"))
            assert len(spent.unplaced) == len(deprived.unplaced) == N
            assert ([one.name for one in by_theme.unplaced], by_theme.without) == (["Overall", POLICE], (ROADS,))
        else:
            assert (spent.measure, deprived.measure, by_theme.without) == (None, None, (POLICE, ROADS))


def test_an_area_without_one_of_the_two_is_set_apart(tmp_path: Path) -> None:
    book = story()
    book.rows = [row for row in book.rows if row[:2] != ("SP", COUNTIES[0])]
    with known(tmp_path, book, of=with_lines()) as reader:
        found = reader.read(lambda db: plane(db, "spend", POLICE))
    assert found
    assert [point.code for point in found.unplaced] == [COUNTIES[0]]
    assert found.unplaced[0].performance.rank == place_by_sums(YEARS[-1], COUNTIES[0])
    assert (found.unplaced[0].across.rank, found.unplaced[0].quadrant) == (None, None)
    assert COUNTIES[0] not in {point.code for point in found.points}


def test_indicators_are_sorted_by_how_bad_their_theme_is(tmp_path: Path) -> None:
    with known(tmp_path, story()) as reader:
        strip = reader.read(quartile_strip)
        one = reader.read(lambda db: quartile_strip(db, [ROADS]))
    assert strip
    assert [(row.name, row.bottom, [each.quartile for each in row.indicators]) for row in strip.themes] == [
        (POLICE, 2, [4, 4]),
        (ROADS, 0, [1]),
    ]
    assert one
    assert [row.name for row in one.themes] == [ROADS]


def test_an_indicator_has_every_period_up_to_the_one_it_is_ranked_at(tmp_path: Path) -> None:
    first, revised = (story().add("BURG", "2025/26", dict.fromkeys(COUNTIES[:3], 9.0)) for _ in range(2))
    revised.rows = [(*row[:3], 1.0) if row[:3] == ("BURG", COUNCIL, YEARS[2]) else row for row in revised.rows]
    with known(tmp_path, first, revised) as reader:  # too few areas have 2025/26 for it to be the current period
        found = reader.read(lambda db: indicator_history(db, "BURG"))
        assert reader.read(lambda db: indicator_history(db, "NONE")) is None
        current = reader.indicator("BURG")
    assert isinstance(found, IndicatorHistory)
    assert [period.label for period in found.periods] == list(YEARS)
    assert [period.standing.rank if period.standing else None for period in found.periods] == [3, 5, N, 9, 20, 30]
    assert found.periods[2].value == 1.0
    for number, place in ((0, 3), (5, 30)):
        figures = sorted(at_place(place, seed=1).values(), reverse=True)
        spread = found.periods[number].spread
        assert spread
        assert (spread.highest, spread.lowest) == (figures[0], figures[-1])
        assert spread.line == (figures[next(at for at in range(N) if 4 * at // N == 3)],)
    assert current
    assert current.indicator.standing
    assert found.periods[-1].standing == current.indicator.standing


def test_comparators_without_a_figure_are_no_part_of_the_spread(tmp_path: Path) -> None:
    figures = at_place(3)
    best = max(figures, key=lambda area: figures[area])
    with known(tmp_path, Book((Entry("BURG"),)).add("BURG", YEARS[-1], without(figures, best))) as reader:
        found = reader.read(lambda db: indicator_history(db, "BURG"))
    assert found
    spread = found.periods[0].spread
    assert spread
    assert spread.areas == N - 1
    assert spread.highest == sorted(figures.values())[-2]


def test_before_the_first_release_there_is_nothing(tmp_path: Path) -> None:
    with known(tmp_path) as reader:
        assert reader.read(lambda db: theme_history(db, POLICE)) is None
        assert reader.read(lambda db: plane(db, "spend", POLICE)) is None
        assert reader.read(lambda db: plane(db, "spend")) is None
        assert reader.read(quartile_strip) is None
        assert reader.read(lambda db: indicator_history(db, "BURG")) is None
