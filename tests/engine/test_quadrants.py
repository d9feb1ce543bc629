"""Quadrants of performance against spending or deprivation: the rule, its middle and its ties."""

from __future__ import annotations

import random

import pytest

from engine.changes import Standing
from engine.quadrants import BEST, WORST, Half, Quadrant, half, quadrant


@pytest.mark.parametrize(
    ("rank", "of", "expected"),
    [
        pytest.param(1, 32, Half.FIRST, id="first of an even number"),
        pytest.param(16, 32, Half.FIRST, id="last of the first half"),
        pytest.param(17, 32, Half.SECOND, id="first of the second half"),
        pytest.param(32, 32, Half.SECOND, id="last"),
        pytest.param(13, 27, Half.FIRST, id="above the middle of an odd number"),
        pytest.param(14, 27, Half.MIDDLE, id="the exact middle of an odd number"),
        pytest.param(15, 27, Half.SECOND, id="below the middle of an odd number"),
        pytest.param(1, 1, Half.MIDDLE, id="the only one"),
        pytest.param(1, 2, Half.FIRST, id="one of two"),
        pytest.param(2, 2, Half.SECOND, id="two of two"),
        pytest.param(None, 27, None, id="no rank"),
        pytest.param(1, None, None, id="nobody knows of how many"),
    ],
)
def test_the_half_of_a_place(rank: int | None, of: int | None, expected: Half | None) -> None:
    assert half(Standing(rank, of)) is expected


def first_half(place: int, of: int) -> Half:
    """By counting: as many places lie ahead as behind in the middle, more behind in the first half."""
    ahead = len([other for other in range(1, of + 1) if other < place])
    behind = len([other for other in range(1, of + 1) if other > place])
    return Half.MIDDLE if ahead == behind else Half.FIRST if behind > ahead else Half.SECOND


def test_every_place_of_up_to_forty_areas_is_where_counting_puts_it() -> None:
    for of in range(1, 41):
        for place in range(1, of + 1):
            assert half(Standing(place, of)) is first_half(place, of), (place, of)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        pytest.param((9, 8, 8, 7), (Half.FIRST, Half.FIRST, Half.FIRST, Half.SECOND), id="tied over an even middle"),
        pytest.param((9, 8, 8, 8, 7), (*[Half.FIRST] * 4, Half.SECOND), id="tied over an odd middle"),
        pytest.param((9, 8, 7, 7, 6), (*[Half.FIRST] * 2, *[Half.MIDDLE] * 2, Half.SECOND), id="tied from the middle"),
        pytest.param((5, 5, 5), (Half.FIRST,) * 3, id="all tied"),
        pytest.param((2, 1, 1, 1), (Half.FIRST,) * 4, id="tied at the end"),
    ],
)
def test_those_who_share_a_place_stand_together_at_the_best_of_them(
    figures: tuple[int, ...], expected: tuple[Half, ...]
) -> None:
    places = [1 + sum(other > figure for other in figures) for figure in figures]
    tied = [figures.count(figure) > 1 for figure in figures]
    found = tuple(half(Standing(place, len(figures), tied=shared)) for place, shared in zip(places, tied, strict=True))
    assert found == expected


def test_quadrants_of_random_figures_agree_with_counting() -> None:
    chance = random.Random(7)
    for _ in range(200):
        ranked, spending = chance.randint(1, 9), chance.randint(1, 9)
        quality = [chance.randint(0, 5) for _ in range(ranked)]
        spent = [chance.randint(0, 5) for _ in range(spending)]
        for area in range(max(ranked, spending)):
            up = along = None
            performance = across = None
            if area < ranked:
                place = 1 + sum(other > quality[area] for other in quality)
                performance, up = Standing(place, ranked), first_half(place, ranked)
            if area < spending:
                place = 1 + sum(other > spent[area] for other in spent)
                across, along = Standing(place, spending), first_half(place, spending)
            expected = Quadrant(up, along) if up is not None and along is not None else None
            assert quadrant(performance, across) == expected


def test_the_top_right_is_high_performing_and_low_spending() -> None:
    # In the council's report of 2017: 8th of 27 in performance, 25th of 27 in net spend per head.
    assert quadrant(Standing(8, 27), Standing(25, 27)) == BEST
    assert quadrant(Standing(20, 27), Standing(3, 27)) == WORST


@pytest.mark.parametrize(
    ("performance", "across"),
    [
        (None, Standing(1, 3)),
        (Standing(1, 3), None),
        (Standing(None, 3), Standing(1, 3)),
        (Standing(1, 3), Standing(None, None)),
    ],
)
def test_without_one_of_the_two_ranks_there_is_no_quadrant(
    performance: Standing | None, across: Standing | None
) -> None:
    assert quadrant(performance, across) is None
