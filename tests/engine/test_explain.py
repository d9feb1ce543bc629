"""The parts of a move always add up, and are those that ranking again, slowly, shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import Polarity
from engine.explain import (
    Distance,
    Figures,
    IndicatorMove,
    Term,
    distance,
    explain_basket,
    explain_indicator,
)
from engine.ranking import QuartileRule, badness, rank_rows, value_keys

steady = settings(derandomize=True, max_examples=60)
US = "us"
PEERS = tuple("abcdefghijk")

# --- baskets ---------------------------------------------------------------------------------------

some = st.lists(st.integers(0, 32), min_size=8, max_size=8).filter(any)
ranks = some.map(lambda found: {code: rank for code, rank in zip("ABCDEFGH", found, strict=True) if rank})


def mean(numbers: list[int]) -> Fraction:
    return Fraction(sum(numbers), len(numbers)) if numbers else Fraction(0)


@given(before=ranks, after=ranks)
@steady
def test_the_terms_of_a_basket_add_up_to_its_move(before: dict[str, int], after: dict[str, int]) -> None:
    move = explain_basket(before, after)
    assert (move.mean_before, move.mean_after) == (mean(list(before.values())), mean(list(after.values())))
    assert sum((term.effect for term in move.terms), Fraction(0)) == move.moved == move.mean_after - move.mean_before
    assert sorted(term.indicator for term in move.terms) == sorted(before.keys() | after.keys())
    assert list(move.terms) == sorted(move.terms, key=lambda term: (-abs(term.effect), term.indicator))
    effects = {kind: Fraction(0) for kind in ("common", "joined", "left")}
    for term in move.terms:
        effects[term.kind] += term.effect
        sides = (term.indicator in before, term.indicator in after)
        assert term.kind == {(True, True): "common", (False, True): "joined", (True, False): "left"}[sides]
    common = before.keys() & after.keys()
    then, now = mean([before[code] for code in common]), mean([after[code] for code in common])
    assert effects == {"common": now - then, "joined": move.mean_after - now, "left": then - move.mean_before}


@pytest.mark.parametrize(
    ("before", "after", "terms"),
    [
        ({"A": 10, "B": 20}, {"A": 14, "B": 20, "C": 32}, [("C", 5, "joined"), ("A", 2, "common"), ("B", 0, "common")]),
        ({"A": 10, "B": 20, "C": 30}, {"A": 10, "B": 20}, [("C", -5, "left"), ("A", 0, "common"), ("B", 0, "common")]),
        ({"A": 4}, {"B": 7, "C": 9}, [("C", "9/2", "joined"), ("A", -4, "left"), ("B", "7/2", "joined")]),
        (
            {"A": 24, "B": 22, "C": 3},
            {"A": 28, "B": 26, "C": 2},
            [("A", "4/3", "common"), ("B", "4/3", "common"), ("C", "-1/3", "common")],
        ),
    ],
    ids=["one joins", "one leaves", "nothing in common", "three move"],
)
def test_baskets_worked_out_by_hand(
    before: dict[str, int], after: dict[str, int], terms: list[tuple[str, object, str]]
) -> None:
    assert [(term.indicator, term.effect, term.kind) for term in explain_basket(before, after).terms] == [
        (code, Fraction(str(effect)), kind) for code, effect, kind in terms
    ]


@pytest.mark.parametrize(("before", "after"), [({}, {"A": 1}), ({"A": 1}, {})])
def test_a_basket_without_a_mean_is_refused(before: dict[str, int], after: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no mean"):
        explain_basket(before, after)


# --- indicators ------------------------------------------------------------------------------------

POLARITIES = ("high", "low", "none", "-1..1")


MISSING = ""
TEXTS = (MISSING, *(f"{Decimal(number).scaleb(-2):f}" for number in range(-30, 31)))
"""Published texts that tie, that tie only once rounded, and that differ; any peer may be missing."""


def naive_rank(area: str, values: Mapping[str, str], polarity: str, decimals: int) -> int:
    """1 + the areas strictly better, on the published decimals as text."""

    def bad(text: str) -> Decimal:
        key = Decimal(text).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
        if ".." in polarity:
            low, high = map(Decimal, polarity.split(".."))
            return max(low - key, key - high, Decimal(0))
        return key if polarity == "low" else -key

    return 1 + sum(bad(values[peer]) < bad(values[area]) for peer in values if peer != area)


def figures(values: Mapping[str, str], polarity: str, decimals: int) -> Figures:
    return Figures({area: float(text) for area, text in values.items()}, Polarity.parse(polarity), decimals)


cells = st.lists(st.sampled_from(TEXTS), min_size=2, max_size=1 + len(PEERS))
sides = cells.map(
    lambda texts: {
        area: text or "0.05" * (area in {US, PEERS[0]})
        for area, text in zip((US, *PEERS), texts, strict=False)
        if text or area in {US, PEERS[0]}
    }
)
"""Published texts of us and of some peers."""


@given(before=sides, after=sides, polarity=st.sampled_from(POLARITIES))
@steady
def test_the_parts_of_an_indicator_are_the_mean_over_both_orders(
    before: dict[str, str], after: dict[str, str], polarity: str
) -> None:
    def rank(changed: set[str]) -> int:
        own = after if "own" in changed else before
        peers = after if "peers" in changed else before
        return naive_rank(US, peers | {US: own[US]}, polarity, 1)

    parts = {"own": Fraction(0), "peers": Fraction(0)}
    for order in permutations(parts):
        changed: set[str] = set()
        for part in order:
            parts[part] += Fraction(rank(changed | {part}) - rank(changed), 2)
            changed.add(part)
    move = explain_indicator(US, figures(before, polarity, 1), figures(after, polarity, 1))
    assert {"own": move.own, "peers": move.peers} == parts
    assert (move.rank_before, move.rank_after) == (rank(set()), rank({"own", "peers"}))
    assert (move.of_before, move.of_after) == (len(before), len(after))
    assert move.method == 0


@given(
    before=sides,
    after=sides,
    polarities=st.tuples(st.sampled_from(POLARITIES), st.sampled_from(POLARITIES)),
    decimals=st.tuples(st.integers(0, 2), st.integers(0, 2)),
)
@steady
def test_the_parts_add_up_whatever_changed(
    before: dict[str, str], after: dict[str, str], polarities: tuple[str, str], decimals: tuple[int, int]
) -> None:
    move = explain_indicator(
        US, figures(before, polarities[0], decimals[0]), figures(after, polarities[1], decimals[1])
    )
    assert move.rank_before == naive_rank(US, before, polarities[0], decimals[0])
    assert move.rank_after == naive_rank(US, after, polarities[1], decimals[1])
    assert move.own + move.peers + move.method == move.moved == move.rank_after - move.rank_before
    counted = len(move.overtaken_by) + len(move.joined_ahead) - len(move.overtook) - len(move.left_ahead)
    assert counted == move.moved
    assert {*move.overtook, *move.overtaken_by} <= before.keys() & after.keys()
    assert {*move.joined_ahead} <= after.keys() - before.keys()
    assert {*move.left_ahead} <= before.keys() - after.keys()
    if polarities[0] == polarities[1]:
        assert move.method == 0


def parts_of(move: IndicatorMove) -> list[object]:
    return [move.own, move.peers, move.method]


def test_when_only_we_change_it_is_all_our_own() -> None:
    before = {US: "1", "a": "2", "b": "3", "c": "4"}
    move = explain_indicator(US, figures(before, "low", 0), figures(before | {US: "9"}, "low", 0))
    assert (move.moved, parts_of(move)) == (3, [3, 0, 0])
    assert (move.overtaken_by, move.overtook) == (("a", "b", "c"), ())


def test_when_only_others_change_it_is_all_theirs() -> None:
    before = {US: "5", "a": "2", "b": "6", "c": "7"}
    move = explain_indicator(US, figures(before, "low", 0), figures(before | {"a": "8", "b": "1", "c": "3"}, "low", 0))
    assert (move.rank_before, move.rank_after, parts_of(move)) == (2, 3, [0, 1, 0])
    assert (move.overtaken_by, move.overtook) == (("b", "c"), ("a",))


def test_a_place_gained_by_both_together_is_shared() -> None:
    before, after = {US: "5", "a": "2"}, {US: "3", "a": "4"}
    move = explain_indicator(US, figures(before, "low", 0), figures(after, "low", 0))
    assert (move.moved, parts_of(move)) == (-1, [Fraction(-1, 2), Fraction(-1, 2), 0])


@pytest.mark.parametrize(
    ("gone", "after"), [("a", (4, 5, ("a",))), ("f", (5, 5, ()))], ids=["a better peer", "the worse one"]
)
def test_an_abolished_peer_is_the_peers_part(gone: str, after: tuple[int, int, tuple[str, ...]]) -> None:
    before = {"a": "1", "b": "2", "c": "3", "d": "4", US: "5", "f": "6"}
    now = {area: text for area, text in before.items() if area != gone}
    move = explain_indicator(US, figures(before, "low", 0), figures(now, "low", 0))
    assert (move.rank_after, move.of_after, move.left_ahead) == after
    assert parts_of(move) == [0, after[0] - 5, 0]


def test_a_turned_polarity_is_neither_ours_nor_theirs() -> None:
    values = {US: "5", "a": "2", "b": "3", "c": "9"}
    move = explain_indicator(US, figures(values, "high", 0), figures(values, "low", 0))
    assert (move.rank_before, move.rank_after) == (2, 3)
    assert parts_of(move) == [0, 0, 1]


@pytest.mark.parametrize("side", [{"a": "1", "b": "2"}, {US: "1"}], ids=["without us", "alone"])
def test_without_a_rank_on_a_side_there_is_nothing_to_explain(side: dict[str, str]) -> None:
    whole = figures({US: "1", "a": "2"}, "low", 0)
    for before, after in ((figures(side, "low", 0), whole), (whole, figures(side, "low", 0))):
        with pytest.raises(ValueError, match="no rank on both sides"):
            explain_indicator(US, before, after)


# --- the way to the line ---------------------------------------------------------------------------


def ranked(found: Figures, rule: QuartileRule = "rank") -> dict[str, tuple[int, int | None]]:
    """Ranks and quartiles as the kernel gives them."""
    decimals = np.array([found.scale])
    keys = value_keys(np.array([list(found.values.values())]), decimals)
    bad = badness(keys, decimals, [found.polarity])
    ranks = rank_rows(bad, [found.polarity], len(found.values), rule, keys)
    pairs = zip(ranks.rank[0].tolist(), ranks.quartile[0].tolist(), strict=True)
    return {area: (rank, quartile or None) for area, (rank, quartile) in zip(found.values, pairs, strict=True)}


def with_ours(found: Figures, value: Fraction) -> Figures:
    return Figures(dict(found.values) | {US: float(value)}, found.polarity, found.decimals)


def step(found: Figures, way: Distance) -> Fraction:
    """One printed step for the better."""
    unit = Fraction(1, 10**found.printed)
    own = Fraction(str(found.values[US]))
    if found.polarity.kind == "band":
        return -unit if own > Fraction(found.polarity.highest) else unit
    return unit if found.polarity.kind == "high" else -unit


@given(values=sides, polarity=st.sampled_from(("high", "low", "-1..1")), decimals=st.sampled_from((1, 2, None)))
@steady
def test_at_the_value_needed_the_line_is_crossed_and_a_step_before_not(
    values: dict[str, str], polarity: str, decimals: int | None
) -> None:
    found = Figures({area: float(text) for area, text in values.items()}, Polarity.parse(polarity), decimals)
    ranks = ranked(found)
    way = distance(US, found, ranks)
    if len(values) < 4:
        assert way is None
        return
    assert way is not None
    bottom = ranks[US][1] == 4
    assert way.way == ("leave" if bottom else "enter")
    assert way.places > 0
    if way.needed is None:
        assert polarity == "-1..1"
        return
    crossed = ranked(with_ours(found, way.needed))
    assert (crossed[US][1] == 4) is not bottom
    # One step better than the area at the line (method, item 13): level with it is enough too, one worse is not.
    before = way.needed - (2 * step(found, way) if bottom else -step(found, way))
    assert (ranked(with_ours(found, before))[US][1] == 4) is bottom
    if bottom:
        assert way.places == ranks[US][0] - max(rank for rank, quartile in ranks.values() if quartile in {1, 2, 3})
    else:
        assert way.places == crossed[US][0] - ranks[US][0]


def counties(ours: str, polarity: str = "low", decimals: int | None = 1, number: int = 32) -> Figures:
    """Areas at 1, 2, 3 and so on, and us."""
    values = {f"{at:02}": float(at) for at in range(1, number)}
    return Figures(values | {US: float(ours)}, Polarity.parse(polarity), decimals)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (counties("25.5"), ("leave", 2, "24", "23.9", "1.6")),
        (counties("21.5"), ("enter", 3, "24", "24.1", "2.6")),
        (counties("24.5"), ("leave", 1, "24", "23.9", "0.6")),
        (counties("23.5"), ("enter", 1, "24", "24.1", "0.6")),
        (counties("25.5", decimals=None), ("leave", 2, "24", "23.9", "1.6")),
        (counties("25", decimals=None), ("leave", 1, "24", "23", "2")),
        (counties("6.5", "high"), ("leave", 2, "08", "8.1", "1.6")),
        (counties("26.5", "2..3"), ("leave", 3, "24", "23.9", "2.6")),
        (counties("2.5", "2..3"), ("enter", 24, "24", None, None)),
    ],
    ids=["leave", "enter", "just in", "just out", "decimals seen", "level", "high", "outside a band", "within a band"],
)
def test_distances_worked_out_by_hand(found: Figures, expected: tuple[str, int, str, str | None, str | None]) -> None:
    way = distance(US, found, ranked(found))
    assert way is not None
    shown = [None if value is None else Fraction(value) for value in expected[3:]]
    assert [way.way, way.places, way.at, way.needed, way.gap] == [*expected[:3], *shown]


def test_noise_beyond_the_decimals_that_compare_is_no_printed_step() -> None:
    noisy = counties("25.5", decimals=None)
    noisy = replace(noisy, values=dict(noisy.values) | {"03": 3.0000000000000004, "05": 5.000000000000001, "07": 1e-9})
    assert noisy.printed == 1
    way = distance(US, noisy, ranked(noisy))
    assert way is not None
    assert (way.needed, way.gap) == (Fraction("23.9"), Fraction("1.6"))
    assert counties("0.000001", decimals=None).printed == 6
    assert counties("1234567890123456", decimals=None).printed == 0


def test_ties_worst_keep_the_bottom_quartile_empty_and_one_step_worse_is_in_it() -> None:
    values = {f"{at:02}": float(min(at, 18)) for at in range(1, 27)} | {US: 18.0}
    found = Figures(values, Polarity.parse("low"), 1)
    assert {quartile for _, quartile in ranked(found).values()} == {1, 2, 3}
    way = distance(US, found, ranked(found))
    assert way is not None
    assert (way.way, way.places, way.gap) == ("enter", 9, Fraction(1, 10))


def test_by_the_rule_on_values_the_line_is_where_the_flags_are() -> None:
    found = counties("10.5")
    flags: dict[str, tuple[int, int | None]] = {
        area: (rank, 4 if rank >= 30 else 3) for area, (rank, _) in ranked(found).items()
    }
    way = distance(US, found, flags, "value")
    assert way is not None
    assert (way.way, way.at, way.needed) == ("enter", "29", Fraction("29.1"))
    in_it = flags | {US: (flags[US][0], 4)}
    way = distance(US, found, in_it, "value")
    assert way is not None
    assert (way.way, way.at, way.needed) == ("leave", "28", Fraction("27.9"))
    nobody = {area: (rank, 3) for area, (rank, _) in flags.items()}
    assert distance(US, found, nobody, "value") is None


def test_without_a_quartile_or_anybody_outside_there_is_no_line() -> None:
    found = counties("10.5")
    flags = ranked(found)
    assert distance(US, found, flags | {US: (1, None)}) is None
    assert distance(US, found, {area: (rank, 4) for area, (rank, _) in flags.items()}) is None
    assert distance(US, replace(found, polarity=Polarity.parse("none")), {}) is None


@given(values=sides, polarity=st.sampled_from(("high", "low", "-1..1")))
@steady
def test_who_stands_at_the_line_is_everybody_as_good_as_the_one_named(values: dict[str, str], polarity: str) -> None:
    found = Figures({area: float(text) for area, text in values.items()}, Polarity.parse(polarity), 1)
    ranks = ranked(found)
    way = distance(US, found, ranks)
    if way is None:
        return
    assert way.at in way.level
    assert set(way.level) == {area for area in values if area != US and ranks[area][0] == ranks[way.at][0]}


def test_a_term_says_which_way_it_is_for_the_worse() -> None:
    (term,) = explain_basket({"A": 5}, {"A": 6}).terms
    assert term == Term("A", Fraction(1), "common")
