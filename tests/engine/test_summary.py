"""A theme in short is what counting its members by hand gives."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.changes import Standing
from engine.summary import summarise

steady = settings(derandomize=True, max_examples=80)

places = st.tuples(st.integers(1, 32), st.integers(4, 32)).filter(lambda place: place[0] <= place[1])
standings = st.none() | places.map(lambda place: at(*place))
members = st.lists(st.tuples(st.uuids().map(str), standings, standings), max_size=12)


def at(rank: int | None, of: int = 31) -> Standing:
    return Standing(rank, of, None if rank is None else 1 + 4 * (rank - 1) // of)


def worse(before: Standing, after: Standing) -> bool:
    """More places behind, and no smaller a share of the areas ahead."""
    assert before.rank and before.of and after.rank and after.of  # noqa: PT018 - for the types
    return after.rank > before.rank and Fraction(after.rank, after.of) >= Fraction(before.rank, before.of)


@given(sides=members)
@steady
def test_members_are_counted_and_named_as_by_hand(sides: list[tuple[str, Standing | None, Standing | None]]) -> None:
    found = summarise("Police", "theme", at(5), at(7), None, sides)
    both = [(name, was, now) for name, was, now in sides if was and now]
    assert found.fell == sum(worse(was, now) for _, was, now in both)
    assert found.rose == sum(worse(now, was) for _, was, now in both)
    assert found.stayed == sum(was.rank == now.rank for _, was, now in both)
    assert found.members == sum(now is not None for _, _, now in sides)
    assert sorted(found.bottom) == sorted(name for name, _, now in sides if now and now.quartile == 4)
    assert sorted(found.entered) == sorted(n for n, was, now in both if was.quartile != 4 and now.quartile == 4)
    assert sorted(found.left) == sorted(n for n, was, now in both if was.quartile == 4 and now.quartile != 4)
    shares = [Fraction(now.rank or 0, now.of or 1) for name in found.bottom for n, _, now in sides if n == name and now]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        (at(24), at(25), (1, 0, 0)),
        (at(25), at(24), (0, 1, 0)),
        (at(24), at(24), (0, 0, 1)),
        (at(24, 29), at(25, 29), (1, 0, 0)),
        (at(24, 27), at(25, 32), (0, 0, 0)),
        (at(25, 32), at(24, 27), (0, 0, 0)),
        (at(5, 6), at(5, 5), (0, 0, 1)),
        (None, at(5), (0, 0, 0)),
        (at(5), None, (0, 0, 0)),
        (at(None), at(5), (0, 0, 0)),
        (at(5), at(None), (0, 0, 0)),
    ],
    ids=[
        "fell",
        "rose",
        "stayed",
        "fell among fewer",
        "fell a place, better among more",
        "rose a place, worse among fewer",
        "the same place of fewer",
        "no figure before",
        "no figure now",
        "no rank before",
        "no rank now",
    ],
)
def test_one_member(before: Standing | None, after: Standing | None, counts: tuple[int, int, int]) -> None:
    found = summarise("Police", "theme", at(1), None, None, [("Theft", before, after)])
    assert (found.fell, found.rose, found.stayed) == counts
    assert found.members == (after is not None and after.rank is not None)


def test_what_it_is_given_it_keeps() -> None:
    found = summarise("Police", "theme", None, at(3), at(30), [], ["Theft", "Arson", "Theft"], new=True)
    assert (found.name, found.kind, found.now.rank, found.before, found.spend) == (
        "Police",
        "theme",
        None,
        at(3),
        at(30),
    )
    assert (found.improved, found.new, found.bottom) == (("Theft", "Arson"), True, ())
