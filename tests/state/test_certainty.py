"""What published limits leave open, read back from what releases left stored and recomputed from their rows."""

from __future__ import annotations

import csv
import gzip
import math
import random
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jobs import deciding
from jobs.pipeline import Outcome, Raw, ingest
from jobs.policy import Policy
from state.certainty import better_since, certainties, rank_intervals
from state.database import Database, connect
from state.ledger import Decision
from state.queries import current_snapshot, improved_since, indicator_views
from state.reader import Reader
from state.views import Improvement, IndicatorView
from tests.engine.margins_by_hand import by_hand
from tests.real_data import BENCHMARK, needs_benchmark
from tests.system.releases import COUNCIL, COUNTIES, LIMITS, NOW, POLICE, ROADS, Book, Entry, at_place, policy

THEFT, SLEEP = Entry("theft", polarity="low", decimals="1"), Entry("sleep", ROADS, decimals="1")
ENTRIES = (THEFT, SLEEP, Entry("span", polarity="40..60", decimals="1"))

Cell = tuple[float, float, float]
Figures = dict[str, Cell]


def significant_improvements(db: Database, theme: str | None = None) -> tuple[Improvement, ...]:
    snapshot = current_snapshot(db)
    return improved_since(db, snapshot, indicator_views(db, snapshot, theme)) if snapshot else ()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(tmp_path / "benchwatch.db")
    yield db
    db.close()


def take(db: Database, book: Book, name: str, by: Policy | None = None) -> Outcome:
    outcome = ingest(db, book.raw(name), by or policy(), now=NOW)
    assert outcome.status == "accepted", outcome
    return outcome


def chance(seed: int, spread: float = 6.0) -> Figures:
    """Figures about fifty with limits of any width either side."""
    maker = random.Random(seed)
    found = {}
    for area in COUNTIES:
        value, low, high = round(maker.gauss(50, spread), 1), maker.uniform(0.3, 5), maker.uniform(0.3, 5)
        found[area] = (value, round(value - low, 3), round(value + high, 3))
    return found


def stating(figures: Mapping[tuple[str, str], Mapping[str, tuple[object, ...]]]) -> Book:
    book = Book(ENTRIES, header=LIMITS)
    for (code, period), cells in figures.items():
        book.rows += [(code, area, period, *cell) for area, cell in cells.items()]
    return book


def oracle(figures: Mapping[str, Cell], polarity: str) -> dict[str, tuple[int, int] | None]:
    return dict(zip(figures, by_hand(list(figures.values()), polarity), strict=True))


def told(db: Database, area: str, snapshot: int) -> dict[str, tuple[int, int]]:
    return {code: (one.lower, one.upper) for code, one in rank_intervals(db, snapshot, area).items()}


def z_by_hand(before: Cell, after: Cell, sign: int) -> float:
    errors = [(high - low) / 3.92 for _, low, high in (before, after)]
    return sign * (after[0] - before[0]) / math.sqrt(errors[0] ** 2 + errors[1] ** 2)


def test_every_area_has_the_interval_that_its_rows_give(db: Database) -> None:
    theft, sleep = chance(1), chance(2)
    take(
        db, stating({("theft", "2022/23"): theft, ("sleep", "2022/23"): sleep, ("span", "2022/23"): chance(3)}), "a.csv"
    )
    by_theft, by_sleep = oracle(theft, "low"), oracle(sleep, "high")
    assert len({*by_theft.values()}) > 10
    for area in COUNTIES:
        assert told(db, area, 1) == {"theft": by_theft[area], "sleep": by_sleep[area]}
    snapshot = current_snapshot(db)
    assert snapshot
    for area in (COUNCIL, COUNTIES[0], COUNTIES[-1]):
        views = {view.code: view.interval for view in indicator_views(db, snapshot, None, area=area)}
        assert views["span"] is None, "within a band a difference says nothing of better and worse"
        assert (views["theft"].lower, views["theft"].upper) == by_theft[area]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "cell", [(50.0, "", ""), (50.0, 49.0, ""), (50.0, 50.0, 50.0)], ids=["none", "one", "no-width"]
)
def test_one_area_without_limits_leaves_nothing_to_say(db: Database, cell: tuple[object, ...]) -> None:
    elsewhere = next(area for area in COUNTIES if area != COUNCIL)
    whole = chance(1)
    take(db, stating({("theft", "2022/23"): {**whole, elsewhere: cell}, ("sleep", "2022/23"): whole}), "a.csv")
    assert set(told(db, COUNCIL, 1)) == {"sleep"}


def test_revised_limits_count_from_the_snapshot_they_came_with(db: Database) -> None:
    first, later = chance(1), chance(2)
    take(db, stating({("theft", "2021/22"): first, ("sleep", "2021/22"): chance(5)}), "a-2023-01-01.csv")
    take(db, stating({("theft", "2022/23"): later}), "b-2023-02-01.csv")
    wide = {area: (value, value - 9.0, value + 9.0) for area, (value, _, _) in later.items()}
    before = told(db, COUNCIL, 2)
    assert before["theft"] == oracle(later, "low")[COUNCIL]
    was = (first[COUNCIL][0], first[COUNCIL][1] - 20, first[COUNCIL][2])
    revised = {("theft", "2022/23"): wide, ("theft", "2021/22"): {**first, COUNCIL: was}}
    take(db, stating(revised), "c-2023-03-01.csv")
    after = told(db, COUNCIL, 3)
    assert after["theft"] == oracle(wide, "low")[COUNCIL] != before["theft"]
    assert after["sleep"] == before["sleep"]
    since = {number: better_since(db, COUNCIL, number) for number in (1, 2, 3)}
    assert since[1] == {"theft": pytest.approx(z_by_hand(first[COUNCIL], wide[COUNCIL], -1))}, "as it was known then"
    assert since[2] == since[3] == {}, "the same period is no new figure"
    improved = z_by_hand(was, wide[COUNCIL], -1)
    assert abs(improved - since[1]["theft"]) > 0.01


def low(place: int, half: float, level: float = 100.0) -> Figures:
    """Areas one apart with the council at a place and limits so far either side, high being good."""
    return {area: (value, value - half, value + half) for area, value in at_place(place, level=level).items()}


def test_how_sure_it_was_at_an_earlier_snapshot_is_by_the_limits_of_then(db: Database) -> None:
    take(db, stating({("sleep", "2022/23"): low(28, 1.8)}), "a-2023-01-01.csv")
    take(db, stating({("sleep", "2022/23"): low(28, 1.7)}), "b-2023-02-01.csv")
    assert [certainties(db, at, COUNCIL, ["sleep"]) for at in (1, 2)] == [{"sleep": "unsure"}, {"sleep": "clear"}]
    take(db, stating({("sleep", "2022/23"): low(10, 1.7)}), "c-2023-03-01.csv")
    assert certainties(db, 3, COUNCIL, ["sleep"]) == {}, "it is not in the bottom quartile"
    assert certainties(db, 1, COUNCIL, ["sleep"]) == {"sleep": "unsure"}


def test_a_series_that_was_put_on_another_scale_is_compared_with_nothing_before(db: Database) -> None:
    take(db, stating({("sleep", "2021/22"): low(20, 0.5), ("theft", "2021/22"): chance(1)}), "a-2023-01-01.csv")
    scaled = {area: tuple(1000 * figure for figure in cell) for area, cell in low(10, 0.5).items()}
    held = stating({("sleep", "2022/23"): scaled, ("theft", "2022/23"): chance(2)})
    outcome = ingest(db, held.raw("b-2023-02-01.csv"), policy(), now=NOW)
    assert outcome.held == ("sleep",)
    assert set(better_since(db, COUNCIL, 1)) == {"theft"}
    deciding.approve(db, Decision(2, "approve", "U1", "it is so", ("sleep",)), policy(), now=NOW)
    assert set(better_since(db, COUNCIL, 1)) == {"theft"}
    take(
        db, stating({("sleep", "2023/24"): {a: tuple(2 * x for x in c) for a, c in scaled.items()}}), "c-2023-04-01.csv"
    )
    assert set(better_since(db, COUNCIL, 3)) == {"sleep"}


def test_nothing_is_said_of_a_database_without_limits_or_without_releases(db: Database) -> None:
    assert better_since(db, COUNCIL, 0) == {}
    assert significant_improvements(db) == ()
    take(db, Book(ENTRIES).add("theft", "2022/23", at_place(28)).add("theft", "2021/22", at_place(20)), "a.csv")
    assert told(db, COUNCIL, 1) == {}
    assert better_since(db, COUNCIL, 1) == {}
    assert told(db, "E99999999", 1) == {}


# --- left it, or improved significantly ------------------------------------------------------------


def improved(db: Database) -> list[tuple[str, bool, bool]]:
    return [(one.indicator.code, one.left, one.significant) for one in significant_improvements(db)]


PLAIN = {area: (value,) for area, value in at_place(28).items()}


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        pytest.param(low(28, 1.0), low(10, 1.0), [("sleep", True, True)], id="left-and-significant"),
        pytest.param(low(28, 30.0), low(10, 30.0), [("sleep", True, False)], id="left-within-chance"),
        pytest.param(low(28, 0.5), low(26, 0.5), [("sleep", False, True)], id="improved-within-it"),
        pytest.param(low(28, 2.0), low(26, 2.0), [], id="within-it-by-chance"),
        pytest.param(low(26, 0.5), low(28, 0.5), [], id="worse"),
        pytest.param(low(10, 0.5), low(28, 0.5), [], id="entered"),
        pytest.param(low(10, 0.5), low(3, 0.5), [], id="never-in-it"),
        pytest.param(PLAIN, low(10, 0.5), [("sleep", True, False)], id="no-limits-before"),
        pytest.param(
            low(28, 0.5), {a: c[:1] for a, c in low(10, 0.5).items()}, [("sleep", True, False)], id="none-now"
        ),
        pytest.param(PLAIN, {a: c[:1] for a, c in low(26, 0.5).items()}, [], id="no-limits-at-all"),
    ],
)
def test_what_left_the_bottom_quartile_or_improved_within_it_since_last_year(
    db: Database, before: Mapping[str, Any], now: Mapping[str, Any], found: list[tuple[str, bool, bool]]
) -> None:
    def whole(cells: Mapping[str, Any]) -> dict[str, tuple[object, ...]]:
        return {area: (*cell, "", "")[:3] for area, cell in cells.items()}

    take(db, stating({("sleep", "2021/22"): whole(before), ("sleep", "2022/23"): whole(now)}), "a.csv")
    assert improved(db) == found
    if found and found[0][2]:
        z = z_by_hand(before[COUNCIL], now[COUNCIL], 1)
        assert significant_improvements(db)[0].z == pytest.approx(z)


def test_improvements_come_theme_by_theme_exits_first_and_of_one_theme_when_asked(db: Database, tmp_path: Path) -> None:
    entries = [
        Entry(code, theme) for theme in (ROADS, POLICE) for code in (f"{theme[0]}1", f"{theme[0]}2", f"{theme[0]}3")
    ]
    book = Book(tuple(entries), header=LIMITS)
    for entry in entries:
        now = {"1": 26, "2": 12, "3": 7}[entry.code[1]]
        for period, place in (("2021/22", 28), ("2022/23", now)):
            book.add_limited(entry.code, period, at_place(place), 0.5)
    take(db, book, "a.csv")
    assert improved(db) == [
        ("P3", True, True), ("P2", True, True), ("P1", False, True),
        ("T3", True, True), ("T2", True, True), ("T1", False, True),
    ]  # fmt: skip
    assert [one.indicator.code for one in significant_improvements(db, ROADS)] == ["T3", "T2", "T1"]
    with closing(Reader(tmp_path / "benchwatch.db")) as reader:
        report = reader.bottom(POLICE)
        assert report
        assert [one.indicator.code for one in report.left] == ["P3", "P2", "P1"]
        assert [view.code for view in report.indicators] == ["P1"]


# --- published figures -----------------------------------------------------------------------------


@needs_benchmark
def test_published_limits_give_the_intervals_and_improvements_that_their_rows_give(db: Database) -> None:
    with gzip.open(BENCHMARK / "observations.csv.gz", "rt", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    limited = {row["indicator"] for row in rows if row["lower_ci"]}
    kept = [row for row in rows if row["indicator"] in limited]
    with (BENCHMARK / "indicators.csv").open(encoding="utf-8") as text:
        lines = [line for at, line in enumerate(text) if at == 0 or line.split(",", 1)[0] in limited]
    body = "\n".join([",".join(kept[0]), *(",".join(f'"{value}"' for value in row.values()) for row in kept)])
    outcome = ingest(
        db, Raw(body.encode(), "".join(lines).encode(), "a-2025-06-26.csv", "file", None), policy(), now=NOW
    )
    assert outcome.status == "accepted", outcome
    snapshot = current_snapshot(db)
    assert snapshot
    cells: dict[tuple[str, str], Figures] = {}
    for row in kept:
        if row["area_code"] in COUNTIES and row["value"]:
            figures = [float(row[part]) if row[part] else math.nan for part in ("value", "lower_ci", "upper_ci")]
            cells.setdefault((row["indicator"], row["period"]), {})[row["area_code"]] = (*figures,)  # type: ignore[assignment]
    intervals, places = 0, {}
    for area in COUNTIES:
        for view in indicator_views(db, snapshot, None, area=area):
            if view.standing and view.code not in places:
                places[view.code] = oracle_at(view, cells[view.code, view.standing.period or ""])
            expected = places[view.code][area] if view.standing else None
            assert (view.interval and (view.interval.lower, view.interval.upper)) == expected, (view.code, area)
            intervals += expected is not None
    assert intervals > 800
    for one in significant_improvements(db):
        view = one.indicator
        was, now = (cells[view.code, side.period][COUNCIL] for side in (view.previous, view.standing))  # type: ignore[index, union-attr]
        sign = 1 if view.polarity == "high" else -1
        assert one.z == pytest.approx(z_by_hand(was, now, sign))
        assert one.left or one.z > 1.96  # type: ignore[operator]


def oracle_at(view: IndicatorView, figures: Figures) -> dict[str, tuple[int, int] | None]:
    places = by_hand(list(figures.values()), view.polarity, 6 if view.decimals is None else view.decimals)
    return dict(zip(figures, places, strict=True))
