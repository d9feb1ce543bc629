"""What a theme's rank hangs on is what ranking again, slowly and in fractions, shows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import Catalogue, Composite, Indicator, Polarity
from engine.ranking import QuartileRule, badness, rank_rows, value_keys
from engine.sensitivity import LeftOut, Sensitivity, Table, other_rule, sensitivity
from engine.snapshot import Basis, Rules, Snapshot, take_snapshot
from tests.engine import oracle
from tests.jobs.test_real_releases import COUNCIL, counties, described, known_of_the_benchmark
from tests.real_data import BENCHMARK, needs_benchmark

AREAS = tuple("abcdefgh")
US = "a"
TWO_THIRDS = Fraction(2, 3)

Cells = Mapping[str, Mapping[str, str]]
"""Published texts by indicator and area, only where there is one."""


# --- the slow way ----------------------------------------------------------------------------------


def whole(text: str) -> int:
    """A published decimal in thousand-millionths: exact, and compared sooner than a fraction is."""
    scaled = Decimal(text).scaleb(9)
    assert scaled == int(scaled), text
    return int(scaled)


@cache
def bad(text: str, polarity: str) -> int:
    value = whole(text)
    if polarity == "high":
        return -value
    if polarity == "low":
        return value
    low, high = (whole(end) for end in polarity.split(".."))
    return max(low - value, value - high, 0)


def places(cells: Mapping[str, str], polarity: str, *, average: bool = False) -> dict[str, int | Fraction]:
    """1 + those strictly better; with ``average`` the mean of the places that those who tie take up."""
    found = {}
    everybody = {area: bad(text, polarity) for area, text in cells.items()}
    ordered = sorted(everybody.values())
    for area, own in everybody.items():
        better = bisect_left(ordered, own)
        alike = bisect_right(ordered, own) - better
        taken = range(better + 1, better + alike + 1)
        found[area] = Fraction(sum(taken), alike) if average else better + 1
    return found if len(cells) > 1 else {}


def basket_place(
    members: Sequence[Mapping[str, int | Fraction]], area: str, coverage: Fraction = TWO_THIRDS
) -> tuple[int, int] | None:
    """The area's rank by the mean of its places, and how many have one."""
    means = {}
    for one in {one for places in members for one in places}:
        own = [places[one] for places in members if one in places]
        if len(own) >= coverage * len(members) and len(own) >= min(2, len(members)):
            means[one] = Fraction(sum(own), len(own))
    if area not in means:
        return None
    return 1 + sum(mean < means[area] for mean in means.values()), len(means)


def bottom(cells: Mapping[str, str], polarity: str, area: str, rule: QuartileRule) -> bool:
    """Whether the area is in the bottom quartile of an indicator by a rule."""
    n = len(cells)
    if area not in cells or n < 4:
        return False
    if rule == "rank":
        return 4 * (places(cells, polarity)[area] - 1) >= 3 * n
    cut = oracle.quantile(sorted(bad(text, polarity) for text in cells.values()), Fraction(3, 4))
    own = bad(cells[area], polarity)
    return own > cut or (own == cut and polarity == "high")


@dataclass(frozen=True)
class Placed:
    """The places in each member, which are the same for whoever asks; ``shared`` with the mean of those who tie."""

    ranks: dict[str, dict[str, int | Fraction]]
    shared: list[dict[str, int | Fraction]]


def all_places(cells: Cells, polarities: Mapping[str, str]) -> Placed:
    ranks = {code: places(own, polarities[code]) for code, own in cells.items()}
    return Placed(ranks, [places(own, polarities[code], average=True) for code, own in cells.items()])


def slowly(
    cells: Cells,
    polarities: Mapping[str, str],
    area: str,
    rule: QuartileRule,
    coverage: Fraction = TWO_THIRDS,
    placed: Placed | None = None,
) -> Sensitivity | None:
    """``placed`` saves working the places out again for another area."""
    placed = placed or all_places(cells, polarities)
    ranks, shared = placed.ranks, placed.shared
    now = basket_place(list(ranks.values()), area, coverage)
    if now is None:
        return None
    without: dict[str, int] = {}
    unranked: list[str] = []
    for code in cells if len(cells) > 1 else ():
        found = basket_place([own for other, own in ranks.items() if other != code], area, coverage)
        if found is None:
            unranked.append(code)
        else:
            without[code] = found[0]

    def end(rank: int) -> LeftOut:
        return LeftOut(rank, tuple(code for code in without if without[code] == rank))

    sides = {
        code: tuple(bottom(own, polarities[code], area, each) for each in (rule, other_rule(rule)))
        for code, own in cells.items()
    }
    return Sensitivity(
        rank=now[0],
        of=now[1],
        members=len(cells),
        best=end(min(without.values())) if without else None,
        worst=end(max(without.values())) if without else None,
        unranked=tuple(unranked),
        average_ties=basket_place(shared, area, coverage),
        any_coverage=basket_place(list(ranks.values()), area, Fraction(0)),
        full_coverage=basket_place(list(ranks.values()), area, Fraction(1)),
        other_rule=other_rule(rule),
        entering=tuple(code for code, side in sides.items() if side == (False, True)),
        leaving=tuple(code for code, side in sides.items() if side == (True, False)),
    )


def table(
    cells: Cells, polarities: Mapping[str, str], rule: QuartileRule = "rank", coverage: Fraction = TWO_THIRDS
) -> Table:
    """The same figures as the kernel has them."""
    entries = tuple(Indicator(code, code, "T", Polarity.parse(polarities[code]), decimals=1) for code in cells)
    values = np.array([[float(own.get(area, "nan")) for area in AREAS] for own in cells.values()])
    decimals, polarity = np.full(len(entries), 1), [entry.polarity for entry in entries]
    keys = value_keys(values, decimals)
    ranks = rank_rows(badness(keys, decimals, polarity), polarity, len(AREAS), rule, keys)
    return Table(entries, AREAS, ranks.rank, values, rule, coverage)


# --- random figures --------------------------------------------------------------------------------

texts = st.sampled_from(("", *(f"{Decimal(number).scaleb(-1):f}" for number in range(-4, 12))))
rows = st.lists(st.lists(texts, min_size=len(AREAS), max_size=len(AREAS)), min_size=1, max_size=7)


@given(
    found=rows,
    kinds=st.lists(st.sampled_from(("high", "low", "0..0.3")), min_size=7, max_size=7),
    rule=st.sampled_from(("rank", "value")),
    coverage=st.sampled_from((Fraction(0), Fraction(1, 2), TWO_THIRDS, Fraction(1))),
)
@settings(derandomize=True, max_examples=50)
def test_it_is_what_ranking_again_slowly_gives(
    found: list[list[str]], kinds: list[str], rule: QuartileRule, coverage: Fraction
) -> None:
    cells = {
        f"I{at}": {area: text for area, text in zip(AREAS, row, strict=True) if text} for at, row in enumerate(found)
    }
    polarities = {f"I{at}": kind for at, kind in enumerate(kinds)}
    ours, placed = table(cells, polarities, rule, coverage), all_places(cells, polarities)
    for area in AREAS:
        assert sensitivity(ours, area) == slowly(cells, polarities, area, rule, coverage, placed)


# --- by hand ---------------------------------------------------------------------------------------


def ranked(**members: str) -> Table:
    """Members with these values, low being good, as "1 2 3 …" from area a on."""
    cells = {
        code: {area: text for area, text in zip(AREAS, row.split(), strict=False) if text != "-"}
        for code, row in members.items()
    }
    return table(cells, dict.fromkeys(cells, "low"))


def test_worked_out_by_hand() -> None:
    # a has 1, 1 and 6: the mean is 8/3. b has 2, 2, 1 and c 3, 3, 2: 5/3 and 8/3.
    found = sensitivity(ranked(X="1 2 3 4 5 6", Y="1 2 3 4 5 6", Z="6 1 2 3 4 5"), US)
    assert found is not None
    assert (found.rank, found.of, found.members) == (2, 6, 3)
    assert found.best == LeftOut(1, ("Z",))
    assert found.worst == LeftOut(3, ("X", "Y"))  # 7/2 against 3/2, 5/2 and, level with it, 7/2
    assert found.width == 2


def test_ties_at_their_mean_place() -> None:
    # a shares first place with four others and is third of five, so its mean place is 3; b's places stay as they are.
    found = sensitivity(ranked(X="1 1 1 1 1 6", Y="2 3 1 4 5 6"), "b")
    assert found is not None
    assert (found.rank, found.average_ties) == (3, (3, 6))
    found = sensitivity(ranked(X="1 1 1 1 1 6", Y="6 5 4 3 2 1"), "f")
    assert found is not None
    assert (found.rank, found.average_ties) == (5, (3, 6))  # 7/2 for all but b to e's 6/2 … 9/2


def test_a_single_member_cannot_be_left_out() -> None:
    found = sensitivity(ranked(X="1 2 3 4"), US)
    assert found is not None
    assert (found.best, found.worst, found.unranked, found.width) == (None, None, (), 0)


def test_without_a_member_there_may_be_no_rank_at_all() -> None:
    found = sensitivity(ranked(X="1 2 3 4", Y="1 2 3 4", Z="- 1 2 3"), US)
    assert found is not None
    assert (found.unranked, found.best) == (("X", "Y"), LeftOut(1, ("Z",)))
    assert found.full_coverage is None
    assert found.any_coverage == (1, 4)


def test_of_whom_there_is_no_rank_nothing_hangs_on_anything() -> None:
    assert sensitivity(ranked(X="- 1 2 3", Y="- 1 2 3"), US) is None
    assert sensitivity(ranked(X="1 2 3 4"), "nobody") is None
    nothing = np.zeros((0, len(AREAS)), np.int64)
    assert sensitivity(Table((), AREAS, nothing, nothing.astype(float), "rank", TWO_THIRDS), US) is None


# --- real figures ----------------------------------------------------------------------------------


@cache
def benchmark() -> Snapshot:
    areas = counties()
    entries = {
        code: Indicator(code, one.name, one.theme, Polarity.parse(one.polarity), decimals=one.decimals)
        for code, one in described(BENCHMARK / "indicators.csv").items()
    }
    catalogue = Catalogue(indicators=entries, composites={"Overall": Composite("Overall")})
    known = known_of_the_benchmark()
    panel = oracle.panel(known.drop(columns=["key", "end"], errors="ignore").rename(columns={"label": "period"}), areas)
    return take_snapshot(panel, Basis.of(catalogue, areas, Rules()))


MANY = 30
"""Members from which the slow way takes long."""


def as_compared(value: float, decimals: int | None) -> str:
    return str(Decimal(oracle.value_key(repr(value), decimals)).scaleb(-(6 if decimals is None else decimals)))


def table_of(snapshot: Snapshot, basket: str) -> Table:
    """The members of one of a snapshot's baskets."""
    rows = snapshot.members[snapshot.basket[basket]]
    entries = tuple(snapshot.basis.indicators[snapshot.panel.indicators[row]] for row in rows.tolist())
    rules = snapshot.basis.rules
    ranks, values = snapshot.ranks.rank[rows], snapshot.panel.values[rows]
    return Table(entries, snapshot.panel.areas, ranks, values, rules.quartile_rule, rules.min_coverage)


@needs_benchmark
@pytest.mark.slow
def test_on_the_published_figures_of_every_theme() -> None:
    snapshot = benchmark()
    themes = [name for name, kind in snapshot.baskets if kind == "theme"]
    assert len(themes) > 10
    wide = 0
    for name in themes:
        own = table_of(snapshot, name)
        cells = {
            entry.code: {
                area: as_compared(value, entry.decimals)
                for area, value in zip(own.areas, row, strict=True)
                if not np.isnan(value)
            }
            for entry, row in zip(own.entries, own.values.tolist(), strict=True)
        }
        polarities = {entry.code: str(entry.polarity) for entry in own.entries}
        placed = all_places(cells, polarities)
        for area in [COUNCIL] if len(cells) > MANY else {COUNCIL, *own.areas[::30]}:
            found = sensitivity(own, area)
            assert found == slowly(cells, polarities, area, own.rule, placed=placed), (name, area)
            wide += found is not None and found.width > 1
    assert wide > 8
