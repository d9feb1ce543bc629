"""Why ranks moved, from what releases left stored: on a real database, through the whole pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from sqlite_utils import Database

from engine.catalogue import Catalogue, Composite, Indicator, Polarity, Theme
from engine.explain import Distance, Term
from engine.ranking import QuartileRule
from engine.snapshot import Rules
from jobs.explaining import because
from jobs.notices import Because
from jobs.pipeline import Outcome, ingest
from state import reasons
from state.database import connect
from state.explanations import (
    ChangeRef,
    basket_move,
    basket_standing,
    change_of,
    distance_out,
    indicator_move,
    members,
    move_of,
    pace_of,
    sensitivity_of,
)
from tests.engine.test_sensitivity import slowly
from tests.system.releases import COUNCIL, COUNTIES, NOW, POLICE, ROADS, Book, Entry, at_place, policy, release, without

ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("fraud"))
EVERYTHING = Catalogue(composites={"Overall": Composite("Overall")})
BASKET = f"basket:{POLICE}"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = connect(tmp_path / "benchwatch.db")
    yield db
    db.close()


def take(db: Database, book: Book, name: str, catalogue: Catalogue = EVERYTHING) -> Outcome:
    outcome = ingest(db, book.raw(name), policy(catalogue=catalogue), now=NOW)
    assert outcome.status == "accepted", outcome
    return outcome


def begin(db: Database) -> None:
    places = {"burglary": 10, "robbery": 14, "fraud": 3}
    take(db, release(ENTRIES, places, "2022/23"), "a-2023-11-01.csv")


def tied() -> dict[str, float]:
    """Too many areas at one figure for the indicator to be judged."""
    return {area: 50.0 if at < 20 else 100.0 + at for at, area in enumerate(sorted(COUNTIES))}


def stored_mean(db: Database, name: str, snapshot: int) -> Fraction:
    row = db.execute(
        "SELECT rank_sum, rank_count FROM theme_ranks JOIN areas ON areas.id = area_id WHERE name = ? AND code = ? "
        "AND from_snapshot <= ? AND coalesce(until_snapshot, 99) > ?",
        (name, COUNCIL, snapshot, snapshot),
    ).fetchone()
    return Fraction(*row)


def terms(db: Database, name: str, since: int, until: int) -> list[Term]:
    """The terms of a move that agrees with the means and ranks stored, and adds up."""
    move = basket_move(db, name, COUNCIL, since, until)
    assert move is not None
    assert move.mean_before == stored_mean(db, name, since)
    assert move.mean_after == stored_mean(db, name, until)
    assert sum((term.effect for term in move.terms), Fraction(0)) == move.mean_after - move.mean_before
    return list(move.terms)


# --- themes and composites -------------------------------------------------------------------------


def test_a_theme_moved_by_what_its_indicators_moved(db: Database) -> None:
    begin(db)
    take(db, release(ENTRIES, {"burglary": 25, "robbery": 12}, "2023/24"), "b-2024-11-01.csv")
    assert terms(db, POLICE, 1, 2) == [
        Term("burglary", Fraction(5), "common"),
        Term("robbery", Fraction(-2, 3), "common"),
        Term("fraud", Fraction(0), "common"),
    ]


def test_an_indicator_that_joins_counts_by_how_it_differs_from_the_others(db: Database) -> None:
    begin(db)
    take(db, release((*ENTRIES, Entry("arson")), {"arson": 29}, "2023/24"), "b-2024-11-01.csv")
    assert terms(db, POLICE, 1, 2)[0] == Term("arson", Fraction(29 - 9, 4), "joined")


def test_an_indicator_no_longer_judged_has_left(db: Database) -> None:
    begin(db)
    take(db, Book(ENTRIES).add("fraud", "2023/24", tied()), "b-2024-11-01.csv")
    assert terms(db, POLICE, 1, 2)[0] == Term("fraud", Fraction(12 - 3, 3), "left")
    assert terms(db, POLICE, 2, 1)[0] == Term("fraud", Fraction(3 - 12, 3), "joined")


def test_an_indicator_in_which_an_area_has_no_figure_has_left_for_it(db: Database) -> None:
    begin(db)
    area = next(code for code in COUNTIES if code != COUNCIL)
    take(db, Book(ENTRIES).add("fraud", "2023/24", without(at_place(3), area)), "b-2024-11-01.csv")
    move = basket_move(db, POLICE, area, 1, 2)
    assert move is not None
    assert {term.indicator: term.kind for term in move.terms} == {
        "fraud": "left",
        "burglary": "common",
        "robbery": "common",
    }
    assert sum(term.effect for term in move.terms) == move.moved


def test_an_indicator_moved_to_another_theme_is_where_it_was_at_each_snapshot(db: Database) -> None:
    begin(db)
    entry = Indicator("fraud", "fraud", ROADS, Polarity.parse("high"), decimals=2)
    moved = Catalogue({"fraud": entry}, {ROADS: Theme(ROADS)}, EVERYTHING.composites)
    take(db, release((Entry("litter", ROADS),), {"litter": 9}, "2023/24"), "b-2024-11-01.csv", moved)
    assert [term.kind for term in terms(db, POLICE, 1, 2)] == ["left", "common", "common"]
    assert members(db, ROADS, COUNCIL, 2).keys() == {"fraud", "litter"}
    assert basket_move(db, ROADS, COUNCIL, 1, 2) is None  # there was no such theme then


def test_a_composite_is_explained_over_all_its_members(db: Database) -> None:
    take(db, release((*ENTRIES, Entry("litter", ROADS)), {"burglary": 10, "litter": 20}, "2022/23"), "a-2023-11-01.csv")
    take(db, release((), {"litter": 26}, "2023/24"), "b-2024-11-01.csv")
    assert terms(db, "Overall", 1, 2) == [
        Term("litter", Fraction(3), "common"),
        Term("burglary", Fraction(0), "common"),
    ]


def test_a_composite_of_named_themes_has_only_theirs(db: Database) -> None:
    core = Catalogue(composites={"Core": Composite("Core", (POLICE,))})
    book = release((*ENTRIES, Entry("litter", ROADS)), {"burglary": 10, "robbery": 12, "litter": 20}, "2022/23")
    take(db, book, "a-2023-11-01.csv", core)
    assert members(db, "Core", COUNCIL, 1).keys() == {"burglary", "robbery"}


def test_other_areas_moves_are_explained_as_well(db: Database) -> None:
    begin(db)
    take(db, release(ENTRIES, {"burglary": 25}, "2023/24"), "b-2024-11-01.csv")
    for area in COUNTIES:
        move = basket_move(db, POLICE, area, 1, 2)
        before, after = (basket_standing(db, POLICE, area, at) for at in (1, 2))
        assert move is not None
        assert before is not None
        assert after is not None
        assert sum(term.effect for term in move.terms) == move.moved


def test_what_notices_carry_is_the_largest_by_name(db: Database) -> None:
    begin(db)
    book = release((*ENTRIES, Entry("arson", name="Arson")), {"burglary": 25, "robbery": 12, "arson": 29}, "2023/24")
    take(db, book, "b-2024-11-01.csv")
    assert because(db, POLICE, COUNCIL, 1, 2) == (
        Because("Name of burglary", 5.0, "common"),
        Because("Arson", 3.9, "joined"),  # (29 − 40/3) / 4
        Because("Name of robbery", -0.7, "common"),
    )
    assert [part.name for part in because(db, POLICE, COUNCIL, 1, 2, most=1)] == ["Name of burglary"]
    assert because(db, "No such theme", COUNCIL, 1, 2) == ()


# --- indicators ------------------------------------------------------------------------------------


def test_an_indicators_move_has_our_part_and_the_others(db: Database) -> None:
    begin(db)
    now = at_place(10) | {COUNCIL: 74.5}
    take(db, Book(ENTRIES).add("burglary", "2023/24", now), "b-2024-11-01.csv")
    move = indicator_move(db, "burglary", COUNCIL, 1, 2)
    assert move is not None
    assert (move.rank_before, move.rank_after, move.of_before, move.of_after) == (10, 25, 31, 31)
    assert (float(move.own), float(move.peers)) == (15.0, 0.0)
    assert len(move.overtaken_by) == 15


def test_areas_without_a_figure_now_are_the_others_part(db: Database) -> None:
    begin(db)
    figures = at_place(10)
    best = sorted(figures, key=lambda area: -figures[area])[:4]
    take(db, Book(ENTRIES).add("burglary", "2023/24", without(figures, *best)), "b-2024-11-01.csv")
    move = indicator_move(db, "burglary", COUNCIL, 1, 2)
    assert move is not None
    assert (move.rank_after, move.of_after, float(move.own), float(move.peers)) == (6, 27, 0.0, -4.0)
    assert set(move.left_ahead) == set(best)


def test_an_indicator_without_a_rank_on_a_side_is_not_explained(db: Database) -> None:
    begin(db)
    take(db, release((*ENTRIES, Entry("arson")), {"arson": 29}, "2023/24"), "b-2024-11-01.csv")
    assert indicator_move(db, "arson", COUNCIL, 1, 2) is None
    assert indicator_move(db, "no-such", COUNCIL, 1, 2) is None


def test_the_way_out_of_the_bottom_quartile_is_past_the_last_outside_it(db: Database) -> None:
    take(db, release(ENTRIES, {"burglary": 28, "robbery": 12}, "2022/23"), "a-2023-11-01.csv")
    way = distance_out(db, "burglary", COUNCIL)
    assert way is not None
    assert (way.way, way.places, way.needed, way.gap) == ("leave", 4, Fraction("76.01"), Fraction("4.01"))
    above = distance_out(db, "robbery", COUNCIL)
    assert above is not None
    assert (above.way, above.places, above.needed) == ("enter", 13, Fraction("74.99"))


def test_what_is_not_judged_has_no_way_out(db: Database) -> None:
    assert distance_out(db, "burglary", COUNCIL) is None
    begin(db)
    take(db, Book(ENTRIES).add("fraud", "2023/24", tied()), "b-2024-11-01.csv")
    assert distance_out(db, "fraud", COUNCIL) is None
    assert distance_out(db, "no-such", COUNCIL) is None


def test_the_pace_is_that_of_the_latest_periods_up_to_the_one_ranked(db: Database) -> None:
    book = Book(ENTRIES)
    for period, level in (("2019/20", 40.0), ("2020/21", 97.0), ("2021/22", 98.0), ("2022/23", 99.0)):
        book.add("burglary", period, at_place(28, level=level))
    book.add("burglary", "2023/24", {COUNCIL: 20.0})  # too few areas to be ranked at
    take(db, book, "a-2024-11-01.csv")
    way = distance_out(db, "burglary", COUNCIL)
    assert way is not None
    assert way.gap == Fraction("4.01")
    found = pace_of(db, "burglary", way)
    assert found is not None
    assert (found.way, found.periods) == ("towards", 5)
    assert found.per_year * found.gap == 1
    assert pace_of(db, "burglary", None) is None
    assert pace_of(db, "burglary", replace(way, needed=None)) is None


def test_before_the_first_release_there_is_no_pace(db: Database) -> None:
    assert pace_of(db, "burglary", Distance("leave", 1, COUNCIL, 1.0, Fraction(1), Fraction(1))) is None


# --- what a rank hangs on --------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["rank", "value"])
def test_what_a_rank_hangs_on_is_read_back_from_what_is_stored(db: Database, rule: QuartileRule) -> None:
    places = {"burglary": 10, "robbery": 24, "fraud": 3}
    first = release((*ENTRIES, Entry("noise", polarity="none")), places | {"noise": 2}, "2022/23")
    rules = Rules(quartile_rule=rule)
    outcome = ingest(db, first.raw("a-2023-11-01.csv"), replace(policy(catalogue=EVERYTHING), rules=rules), now=NOW)
    assert outcome.status == "accepted"
    away = [area for area in COUNTIES if area != COUNCIL][:8]
    figures = {
        "burglary": at_place(25, seed=2),
        "robbery": {area: round(figure**3 / 1e4, 2) for area, figure in at_place(23, seed=3).items()},
        "fraud": without(at_place(3, seed=4), *away),
    }
    second = Book(ENTRIES)
    for code, own in figures.items():
        second.add(code, "2023/24", own)
    ingest(db, second.raw("b-2024-11-01.csv"), replace(policy(catalogue=EVERYTHING), rules=rules), now=NOW)
    cells = {code: {area: f"{figure:.2f}" for area, figure in own.items()} for code, own in sorted(figures.items())}
    for area in (COUNCIL, *away[::3]):
        expected = slowly(cells, dict.fromkeys(cells, "high"), area, rule)
        assert sensitivity_of(db, POLICE, area, 2) == expected
        assert sensitivity_of(db, "Overall", area, 2) == expected
    assert sensitivity_of(db, "No such theme", COUNCIL, 2) is None
    then = sensitivity_of(db, POLICE, COUNCIL, 1)
    now = sensitivity_of(db, POLICE, COUNCIL, 2)
    assert then is not None
    assert now is not None
    assert then != now


def test_an_explanation_reads_what_is_stored_of_ranks_and_no_observation(moved: Database) -> None:
    asked: list[str] = []
    for subject in (BASKET, "basket:Overall", "indicator:burglary"):
        moved.conn.set_trace_callback(asked.append)
        found = reasons.why(moved, subject)
        moved.conn.set_trace_callback(None)
        assert found is not None
        assert not any("observations" in query for query in asked)
        assert 5 < len(asked) <= 30
        asked.clear()


# --- which move ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Three releases, to be read only: a baseline, one that moves the theme, one of another theme."""
    db = connect(tmp_path_factory.mktemp("moved") / "benchwatch.db")
    begin(db)
    take(db, release(ENTRIES, {"burglary": 27, "robbery": 25}, "2023/24"), "b-2024-11-01.csv")
    take(db, release((Entry("litter", ROADS),), {"litter": 4}, "2023/24"), "c-2024-12-01.csv")
    yield db
    db.close()


def test_the_newest_change_that_was_kept_is_the_one_to_explain(moved: Database) -> None:
    found = change_of(moved, BASKET)
    assert found is not None
    assert found.change is not None
    assert (found.release, found.since, found.snapshot, found.how) == (2, 1, 2, "change")
    assert found.change.subject == BASKET
    assert change_of(moved, BASKET, 2) == found
    assert change_of(moved, BASKET, 3) is None
    assert change_of(moved, BASKET, snapshot=2) == found
    indicator = change_of(moved, "indicator:burglary")
    assert indicator is not None
    assert indicator.change is not None
    assert indicator.change.indicator == "burglary"


def test_a_change_kept_without_its_earlier_snapshot_is_compared_with_the_one_before(db: Database) -> None:
    begin(db)
    take(db, release(ENTRIES, {"burglary": 27, "robbery": 25}, "2023/24"), "b-2024-11-01.csv")
    db.execute("UPDATE changes SET since_snapshot = NULL")
    found = change_of(db, BASKET)
    assert found is not None
    assert (found.since, found.snapshot) == (1, 2)


def test_a_baseline_is_no_change_to_explain(db: Database) -> None:
    begin(db)
    assert change_of(db, "indicator:burglary") is None
    assert move_of(db, "indicator:burglary") == ChangeRef("indicator:burglary", 1, 1, 1, how="still")


def test_a_release_that_changed_nothing_of_it_is_still_answered_for(moved: Database) -> None:
    assert move_of(moved, BASKET, 3) == ChangeRef(BASKET, 3, 2, 3, how="release")
    assert move_of(moved, BASKET, 99) is None


def test_a_move_too_small_to_be_told_is_explained(db: Database) -> None:
    begin(db)
    take(db, release(ENTRIES, {"fraud": 4}, "2023/24"), "b-2024-11-01.csv")
    take(db, release((Entry("litter", ROADS),), {"litter": 4}, "2023/24"), "c-2024-12-01.csv")
    assert change_of(db, "indicator:fraud") is None
    assert move_of(db, "indicator:fraud") == ChangeRef("indicator:fraud", 2, 1, 2, how="move")


def test_what_never_moved_is_explained_from_first_sight_until_today(moved: Database) -> None:
    assert move_of(moved, "indicator:fraud") == ChangeRef("indicator:fraud", 3, 1, 3, how="still")
    assert move_of(moved, "indicator:no-such") is None
    assert move_of(moved, "basket:No such theme") is None


def test_before_the_first_release_there_is_nothing_to_explain(db: Database) -> None:
    assert reasons.why(db, BASKET) is None
    assert reasons.why(db, BASKET, release=1) is None


@pytest.mark.parametrize("at", [{}, {"release": 2}, {"snapshot": 1}])
@pytest.mark.parametrize("subject", ["indicator:unheard of", "basket:unheard of"])
def test_where_the_council_was_never_ranked_there_is_nothing_to_explain(
    moved: Database, subject: str, at: dict[str, int]
) -> None:
    assert reasons.why(moved, subject, **at) is None


def test_a_whole_explanation_has_both_sides_and_what_weighs_now(moved: Database) -> None:
    found = reasons.why(moved, BASKET)
    assert isinstance(found, reasons.WhyBasket)
    assert (found.kind, found.between.release, found.between.since) == ("theme", "b-2024-11-01.csv", "2023-11-01")
    assert found.before == basket_standing(moved, POLICE, COUNCIL, 1)
    assert found.after == found.now == basket_standing(moved, POLICE, COUNCIL, 2)
    assert [(one.code, way is not None) for one, way in found.worst] == [
        ("burglary", True),
        ("robbery", True),
        ("fraud", False),
    ]
