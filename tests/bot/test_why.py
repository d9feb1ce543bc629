"""Why a rank moved, as people read it: the fact first, parts that add up as shown, and the way out of the bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import words
from bot.commands.indicators import indicator
from bot.commands.why import Kind, explained, hangs_on, why, why_answer, why_blocks, why_text
from bot.slack_text import Block, Message, plain
from bot.tell.why import why_document
from engine.changes import Standing
from engine.explain import Distance, explain_basket
from engine.pace import Pace
from engine.rounding import decimals_for, rounded
from engine.sensitivity import LeftOut, Sensitivity
from engine.summary import summarise
from jobs.pipeline import ingest
from state.database import Database, connect
from state.explanations import ChangeRef, Member
from state.reader import Reader
from state.reasons import Between, Why, WhyBasket, WhyIndicator
from state.views import SnapshotView
from tests.slack_double import check_message, live_mentions
from tests.system.releases import COUNCIL, NOW, POLICE, ROADS, Book, Entry, at_place, policy

T = TypeVar("T")
HOSTILE = "<!channel> & *bold* _it_ `x` \u202eevil\n<https://e.example|click> مرحبا " + "long " * 60
PER_HEAD = "per 1,000"
ENTRIES = (
    Entry("burglary", name="Residential burglary", polarity="low", unit=PER_HEAD, decimals="1"),
    Entry("robbery", name="Robbery", polarity="low", unit="%", decimals="1"),
    Entry("fraud", name="Fraud", polarity="low"),
    Entry("arson", name="Arson", polarity="low"),
    Entry("noise", ROADS, name="Noise", polarity="none"),
    Entry("litter", ROADS, name="Litter"),
)


def low(place: int, *, level: float = 60.0) -> dict[str, float]:
    """Figures that put the council at a place when low is good: 1 above the one before, from the best on."""
    return {area: round(level - figure, 1) for area, figure in at_place(place, level=0).items()}


def take(db: Database, book: Book, name: str) -> None:
    outcome = ingest(db, book.raw(name), policy(), now=NOW)
    assert outcome.status == "accepted", outcome


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline; burglary and robbery worse, arson joining, fraud leaving for its ties; another theme; the tail."""
    path = tmp_path_factory.mktemp("why") / "benchwatch.db"
    db = connect(path)
    first = Book(ENTRIES)
    for code, place in (("burglary", 24), ("robbery", 22), ("fraud", 3), ("litter", 5), ("noise", 4)):
        first.add(code, "2022/23", low(place))
    take(db, first, "a-2023-11-01.csv")
    second = Book(ENTRIES)
    for code, place in (("burglary", 28), ("robbery", 26), ("arson", 20), ("noise", 9)):
        second.add(code, "2023/24", low(place, level=61))
    second.add("fraud", "2023/24", {area: 50.0 if at < 20 else 100.0 + at for at, area in enumerate(sorted(low(1)))})
    take(db, second, "b-2024-11-01.csv")
    take(db, Book().add("litter", "2023/24", low(5, level=61)), "c-2024-12-01.csv")
    db.close()
    return path


@pytest.fixture(scope="module")
def reader(path: Path) -> Iterator[Reader]:
    reader = Reader(path)
    yield reader
    reader.close()


def lines(message: Message) -> list[str]:
    assert check_message({"text": message.text, "blocks": message.blocks}) is None
    return plain(message).splitlines()


def told(reader: Reader, kind: Kind, key: str, release: int | None = None) -> list[str]:
    return lines(why(reader, kind, key, release, 1))


# --- made up -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """One explanation, whatever is asked."""

    found: Why

    def read(self, query: Callable[[Database], T]) -> T:
        return self.found  # type: ignore[return-value]  # the query for it


def basket(before: dict[str, int], after: dict[str, int], name: str = "Name of ") -> WhyBasket:
    """A theme with these ranks, all about it made up."""

    def members(side: dict[str, int]) -> dict[str, Member]:
        return {
            code: Member(code, f"{name}{code}", "%", 1, "low", Standing(rank, 400, 1 + 4 * (rank - 1) // 400))
            for code, rank in side.items()
        }

    ref = ChangeRef("basket:X", 2, 1, 2, how="move")
    on = SnapshotView(2, "2024-11-01/1", COUNCIL, "Leicestershire", "county areas", 400, "rank", illustrative=True)
    were, are = members(before), members(after)
    return WhyBasket(
        name=f"{name}all",
        kind="theme",
        between=Between(ref, on, f"{name}release", "2024-11-01", "2023-11-01"),
        before=Standing(11, 400, 1),
        after=Standing(21, 400, 1),
        move=explain_basket(before, after),
        were=were,
        are=are,
        now=Standing(21, 400, 1),
        worst=tuple((one, None) for one in list(are.values())[:5]),
        summary=summarise(
            f"{name}all",
            "theme",
            Standing(21, 400, 1),
            Standing(11, 400, 1),
            None,
            [(one.name, were[code].standing if code in were else None, one.standing) for code, one in are.items()],
        ),
        sensitivity=Sensitivity(
            rank=21,
            of=400,
            members=len(are),
            best=LeftOut(18, tuple(are)[:1]),
            worst=LeftOut(30, tuple(are)[1:3]),
            unranked=(),
            average_ties=(21, 400),
            any_coverage=(21, 400),
            full_coverage=None,
            other_rule="value",
            entering=(),
            leaving=(),
        ),
        names={code: one.name for code, one in are.items()},
    )


# --- themes ----------------------------------------------------------------------------------------


def test_a_theme_is_told_the_fact_first_then_its_parts_which_add_up(reader: Reader) -> None:
    fact, release, comments, hangs_on, heading, *rest = told(reader, "theme", POLICE)
    assert fact == "Police & Crime fell from =16th to 25th of 31 · its average rank went from 16.3 to 24.7"
    assert release == (
        "By release 2, b-2024-11-01.csv, published 1 November 2024, compared with 1 November 2023 · "
        "Cause: new figures – new periods in 2 of 2 indicators"
    )
    assert comments.split(" · ") == [
        "9 places lower than on 1 November 2023",
        "Both comparable indicators fell in relative terms",
        "Entered the bottom quartile: residential burglary and robbery",
    ]
    assert hangs_on == (
        "Between 23rd and 27th whichever single indicator is left out "
        "(23rd without residential burglary; 27th without arson)"
    )
    assert heading == "Its parts, in places of the average rank (+ is worse)"
    assert rest[:5] == [
        "▼ Fraud +6.7 — left, was 3rd of 31",
        "▲ Arson −2.3 — joined at 20th of 31",
        "▼ Residential burglary +2.0 — 24th → 28th of 31, quartile 3 → 4",
        "▼ Robbery +2.0 — 22nd → 26th of 31, quartile 3 → 4",
        "These add up to +8.4: 16.3 → 24.7",
    ]


def test_it_ends_with_what_weighs_most_now_and_the_way_out(reader: Reader) -> None:
    found = told(reader, "theme", POLICE)
    at = found.index("What weighs most now, worst first")
    burglary, robbery, arson = (line.split(" · ") for line in found[at + 1 : at + 4])
    assert burglary[:2] == ["• Residential burglary — 28th of 31, quartile 4", "89.0 per 1,000"]
    assert burglary[2] == "needs 4.1 per 1,000, 4 places, to leave the bottom quartile, at 84.9 per 1,000"
    assert robbery[:2] == ["• Robbery — 26th of 31, quartile 4", "87.0%"]
    assert robbery[2] == "needs 2.1 percentage points, 2 places, to leave the bottom quartile, at 84.9%"
    assert arson == ["• Arson — 20th of 31, quartile 3", "81.00"]


def test_the_fact_stands_alone_in_the_text_and_every_page_begins_with_it(reader: Reader) -> None:
    message = why(reader, "theme", POLICE, None, 1)
    assert "its average rank went from 16.3 to 24.7" in message.text.splitlines()[0]
    assert "These add up to +8.4: 16.3 → 24.7" in message.text
    asked = [
        element["value"] for block in message.blocks if block["type"] == "actions" for element in block["elements"]
    ]
    assert f"why theme {POLICE}" in asked


def test_a_theme_that_never_moved_says_so_and_what_makes_its_average(reader: Reader) -> None:
    found = told(reader, "theme", ROADS)
    assert found[0].startswith("Transport & Highways has not moved since it was first seen: ")
    assert found[0].endswith(" · its average rank is 27.0")
    assert found[1] == "Up to 1 December 2024, compared with 1 November 2023"
    assert found[2] == "The one indicator kept its place · Bottom quartile for litter"
    assert found[4].startswith("• Litter — 27th of 31, quartile 4 · 66.00 · needs 3.01, 3 places, to leave")


def test_what_is_no_longer_judged_has_no_quartile(reader: Reader) -> None:
    found = told(reader, "indicator", "fraud")
    assert found[0].startswith("Fraud ")
    assert "quartile" not in " ".join(found)


def test_a_release_that_did_not_touch_a_theme_is_said_not_to_have(reader: Reader) -> None:
    found = told(reader, "theme", POLICE, release=3)
    assert " stayed " in found[0]
    assert found[1].startswith("By release 3, c-2024-12-01.csv")
    assert found[2].startswith("None of the three indicators changed place · ")


def test_the_first_release_is_where_it_was_first_seen(reader: Reader) -> None:
    found = told(reader, "theme", POLICE, release=1)
    assert found[0].startswith("Police & Crime was seen for the first time: ")
    assert found[1] == "First seen with release 1, a-2023-11-01.csv, published 1 November 2023"
    assert any(line.startswith("Now it is ") for line in found)


def test_a_release_without_ranks_is_answered_plainly(reader: Reader) -> None:
    assert told(reader, "theme", POLICE, release=77)[0].startswith("Release 77 changed no rank.")
    assert told(reader, "theme", "No such theme")[0].startswith("No such theme has no rank yet.")


# --- indicators ------------------------------------------------------------------------------------


def test_an_indicator_is_told_with_our_part_the_others_and_who_passed_whom(reader: Reader) -> None:
    fact, release, *rest = told(reader, "indicator", "burglary")
    assert fact.split(" · ") == [
        "Residential burglary fell from 24th to 28th of 31",
        "quartile 3 → 4",
        "84.0 → 89.0 per 1,000 (higher is worse)",
        "2022/23 → 2023/24",
    ]
    assert release.endswith(" · Cause: new figures – a new period, 2023/24 after 2022/23")
    assert rest[:4] == [
        "Our own figure moved us down 4½ places, the others' moved us up half a place: down 4 places in all",
        "Each part is the mean of two counts: with our figure changed first, and with it changed last",
        "Needs 4.1 per 1,000, 4 places, to leave the bottom quartile, at 84.9 per 1,000, just past North Yorkshire",
        "Who moved past whom",
    ]
    assert rest[4].startswith("• 4 passed us: ")


def test_an_indicator_is_told_how_long_the_way_is_at_its_pace(tmp_path: Path) -> None:
    path = tmp_path / "benchwatch.db"
    db = connect(path)
    book = Book(ENTRIES)
    for period, level in (("2021/22", 66), ("2022/23", 63), ("2023/24", 60)):
        book.add("burglary", period, low(28, level=level)).add("fraud", period, low(9, level=level))
    take(db, book, "a-2024-11-01.csv")
    db.close()
    reader = Reader(path)
    assert (
        "Needs 4.1 per 1,000, 4 places, to leave the bottom quartile, at 83.9 per 1,000, just past North Yorkshire · "
        "at the pace of the last three periods: about 2 years" in told(reader, "indicator", "burglary")
    )
    report = reader.indicator("burglary")
    assert report is not None
    assert (
        "Out of the bottom quartile: needs 4.1 per 1,000, 4 places, at 83.9 per 1,000, just past North Yorkshire · "
        "at the pace of the last three periods: about 2 years" in lines(indicator(report, 1))
    )
    # Fraud gets better as well: away from the line, of which nothing is said.
    assert any(line.endswith(", just below North Yorkshire") for line in told(reader, "indicator", "fraud"))
    way = document(reader, "indicator", "burglary")["distance"]
    assert isinstance(way, dict)
    per_year = Fraction(-6) / 2  # in the two years from March 2022 to March 2024
    assert way["pace"] == {
        "way": "towards",
        "per_year": f"{per_year.numerator}/{per_year.denominator}",
        "years": str(Fraction("-4.1") / per_year),
        "periods": 2,
    }
    reader.close()


def test_an_indicator_seen_first_has_no_move(reader: Reader) -> None:
    found = told(reader, "indicator", "arson", release=2)
    assert found[0].startswith("Arson is 20th of 31, and had no rank before")


def test_an_indicator_without_direction_only_moves(reader: Reader) -> None:
    found = told(reader, "indicator", "noise")
    assert found[0].startswith("Noise moved from 28th to 23rd of 31")
    assert not any("bottom quartile" in line for line in found)


@pytest.mark.parametrize(
    ("own", "peers", "told"),
    [
        (4, 0, "All 4 places are our own figure's doing"),
        (0, -2, "Both places are the others' doing, not our own figure's"),
        (1, 0, "The one place is our own figure's doing"),
        (2, 2, "2 of the 4 places are our own figure's doing, 2 the others'"),
        ("5/2", "3/2", "2½ of the 4 places are our own figure's doing, 1½ the others'"),
        ("-1/2", "-1/2", "½ of the one place is our own figure's doing, ½ the others'"),
        (1, 2, "1 of the 3 places is our own figure's doing, 2 the others'"),
        (-3, 7, "Our own figure moved us up 3 places, the others' moved us down 7 places: down 4 places in all"),
        ("1/2", "-1/2", "down half a place, the others' moved us up half a place, so we stayed where we were"),
        (0, 0, "Neither our own figure nor the others' moved us"),
    ],
)
def test_the_two_parts_in_words(reader: Reader, own: object, peers: object, told: str) -> None:
    found = explained(reader, "indicator", "burglary", None)
    assert isinstance(found, WhyIndicator)
    assert found.move is not None
    move = replace(found.move, own=Fraction(str(own)), peers=Fraction(str(peers)))
    (line,) = [line for line in why_text(replace(found, move=move)).splitlines() if told in line]
    assert line.endswith(told)


KENT, ESSEX = "E10000016", "E10000012"


@pytest.mark.parametrize(
    ("field", "who", "judged", "undirected"),
    [
        ("overtaken_by", (KENT,), "1 passed us: Kent", None),
        ("overtaken_by", (KENT, ESSEX), "2 passed us: Essex, Kent", None),
        ("overtook", (KENT,), "1 was passed by us: Kent", None),
        ("overtook", (KENT, ESSEX), "2 were passed by us: Essex, Kent", None),
        ("joined_ahead", (KENT,), "1 came in ahead of us, with no figure before: Kent", "above us"),
        ("joined_ahead", (KENT, ESSEX), "2 came in ahead of us, with no figure before: Essex, Kent", "above us"),
        ("left_ahead", (KENT,), "1 was ahead of us and has no figure now: Kent", "above us"),
        ("left_ahead", (KENT, ESSEX), "2 were ahead of us and have no figure now: Essex, Kent", "above us"),
    ],
)
@pytest.mark.parametrize("code", ["burglary", "noise"])
def test_who_passed_whom_in_words(
    reader: Reader, code: str, field: str, who: tuple[str, ...], judged: str, undirected: str | None
) -> None:
    found = explained(reader, "indicator", code, None)
    assert isinstance(found, WhyIndicator)
    assert found.move is not None
    nobody = replace(found.move, overtook=(), overtaken_by=(), joined_ahead=(), left_ahead=())
    assert "Who moved past whom" not in why_text(replace(found, move=nobody))
    lines = why_text(replace(found, move=replace(nobody, **{field: who}))).splitlines()  # type: ignore[arg-type]
    line = judged.replace("ahead of us", undirected) if code == "noise" and undirected else judged
    assert [one for one in lines if one.startswith("• ")] == [f"• {line}"]


# --- the way there, and who is at the line ---------------------------------------------------------


def gone(way: str, periods: int | None, gap: object = 1) -> Pace:
    span = Fraction(str(gap))
    years = None if periods is None else periods * span
    return Pace(way, Fraction(1), span, years, periods)  # type: ignore[arg-type]  # one of three


def to_line(way: str, *level: str) -> Distance:
    return Distance(way, 3, level[0], 1.0, Fraction(1), Fraction(1), level)  # type: ignore[arg-type]  # one of two


@pytest.mark.parametrize(
    ("found", "leave", "enter"),
    [
        pytest.param(
            gone("towards", 2),
            "at the pace of the last three periods: about 2 years",
            "at the pace of the last three periods it is there in about 2 years",
            id="years",
        ),
        pytest.param(
            gone("towards", 1),
            "at the pace of the last three periods: with the next one",
            "at the pace of the last three periods it is there with the next one",
            id="next period",
        ),
        pytest.param(
            gone("towards", 4, "1/4"),
            "at the pace of the last three periods: about 1 year",
            "at the pace of the last three periods it is there in about 1 year",
            id="one year",
        ),
        pytest.param(
            gone("towards", 3, "1/4"),
            "at the pace of the last three periods: about 9 months",
            "at the pace of the last three periods it is there in about 9 months",
            id="months",
        ),
        pytest.param(
            gone("towards", 6, "1/4"),
            "at the pace of the last three periods: about 18 months",
            "at the pace of the last three periods it is there in about 18 months",
            id="a year and a half",
        ),
        pytest.param(
            gone("towards", 2, "1/100"),
            "at the pace of the last three periods: about 1 month",
            "at the pace of the last three periods it is there in about 1 month",
            id="days",
        ),
        pytest.param(
            gone("towards", 20),
            "at the pace of the last three periods: about 20 years",
            "at the pace of the last three periods it is there in about 20 years",
            id="as long as is told",
        ),
        pytest.param(
            gone("towards", 21), "at the pace of the last three periods: more than 20 years", "", id="too long"
        ),
        pytest.param(
            gone("away", None), "not at the pace of the last three periods: it is moving away", "", id="moving away"
        ),
        pytest.param(
            gone("still", None), "not at the pace of the last three periods: it stands still", "", id="standing still"
        ),
        pytest.param(None, "", "", id="too few periods"),
    ],
)
def test_how_long_it_takes_in_words(found: Pace | None, leave: str, enter: str) -> None:
    assert words.pace(found, to_line("leave", "E10000032")) == leave
    assert words.pace(found, to_line("enter", "E10000032")) == enter


@pytest.mark.parametrize(
    ("level", "told"),
    [
        (("E10000032",), "West Sussex"),
        (("E10000032", "E10000012"), "Essex and West Sussex"),
        (("E10000032", "E10000012", "E06000047"), "Durham, Essex and West Sussex"),
        (("E10000032", "E10000012", "E06000047", "E10000016"), "Durham, Essex, Kent and 1 more"),
    ],
    ids=["one", "two", "three", "four"],
)
def test_who_is_at_the_line_in_words(level: tuple[str, ...], told: str) -> None:
    assert words.beside(to_line("leave", *level)) == f"just past {told}"
    assert words.beside(to_line("enter", *level)) == f"just below {told}"


# --- what a rank hangs on --------------------------------------------------------------------------


def hanging(
    best: tuple[int, str] | None,
    worst: tuple[int, str] | None,
    ties: tuple[int, int] | None = (21, 400),
    cover: tuple[int, int] | None = (21, 400),
    moved: int = 10,
) -> WhyBasket:
    """A theme at 21st of 400 whose ends are given by members, one letter each."""
    found = basket(dict.fromkeys("ABCDE", 20), dict.fromkeys("ABCDE", 30))
    ends = [LeftOut(end[0], tuple(end[1])) if end else None for end in (best, worst)]
    assert found.sensitivity is not None
    known = replace(found.sensitivity, best=ends[0], worst=ends[1], average_ties=ties, any_coverage=cover)
    return replace(found, sensitivity=known, before=Standing(21 - moved, 400))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        pytest.param(
            hanging((18, "A"), (30, "B")),
            "Between 18th and 30th whichever single indicator is left out "
            "(18th without name of A; 30th without name of B)",
            id="both ends",
        ),
        pytest.param(
            hanging((21, "ABC"), (23, "DE")),
            "Between 21st and 23rd whichever single indicator is left out (23rd without name of D or name of E)",
            id="one end is the rank, two give the other",
        ),
        pytest.param(
            hanging((19, "ABC"), (21, "DE")),
            "Between 19th and 21st whichever single indicator is left out (19th without any one of 3)",
            id="many give an end",
        ),
        pytest.param(
            hanging((24, "ABCDE"), (24, "ABCDE")),
            "24th whichever single indicator is left out",
            id="never the rank itself",
        ),
        pytest.param(hanging((20, "A"), (21, "BCDE")), "", id="one place is not worth a line"),
        pytest.param(hanging((21, "ABCDE"), (21, "ABCDE")), "", id="nothing hangs on one"),
        pytest.param(hanging(None, None), "", id="a single member"),
        pytest.param(
            hanging((21, "A"), (21, "A"), ties=(23, 400), moved=1), "23rd with ties at their mean place", id="ties"
        ),
        pytest.param(hanging((21, "A"), (21, "A"), ties=(23, 400), moved=2), "", id="ties no more than it moved"),
        pytest.param(
            hanging((21, "A"), (21, "A"), ties=(22, 400), moved=0), "22nd with ties at their mean place", id="still"
        ),
        pytest.param(
            hanging((21, "A"), (21, "A"), cover=(19, 405), moved=1),
            "19th of 405 with every area, whatever it lacks",
            id="more areas",
        ),
        pytest.param(
            hanging((21, "A"), (24, "B"), ties=(25, 400), cover=(27, 400), moved=3),
            "Between 21st and 24th whichever single indicator is left out (24th without name of B); "
            "25th with ties at their mean place; 27th with every area, whatever it lacks",
            id="everything",
        ),
        pytest.param(hanging((21, "A"), (21, "A"), ties=None, cover=None), "", id="no rank otherwise"),
        pytest.param(replace(hanging(None, None), sensitivity=None), "", id="no rank"),
    ],
)
def test_what_a_rank_hangs_on_in_words(found: WhyBasket, told: str) -> None:
    assert hangs_on(found) == told


# --- rounding --------------------------------------------------------------------------------------

ranks = st.dictionaries(st.integers(0, 30).map(str), st.integers(1, 32), min_size=1, max_size=30)


@given(before=ranks, after=ranks)
@settings(derandomize=True, max_examples=60)
def test_what_is_shown_adds_up_and_is_never_a_whole_unit_off(before: dict[str, int], after: dict[str, int]) -> None:
    move = explain_basket(before, after)
    shown = rounded(
        move.mean_before,
        move.mean_after,
        [term.effect for term in move.terms],
        decimals_for(max(len(before), len(after))),
    )
    unit = Fraction(1, 10**shown.decimals)
    assert sum(shown.parts) == shown.total == shown.after - shown.before
    pairs = list(zip(move.terms, shown.parts, strict=True))
    assert all(abs(term.effect - part * unit) < unit for term, part in pairs)
    assert all(part == 0 for term, part in pairs if term.effect == 0)
    assert shown.nudged == any(part != round(term.effect / unit) for term, part in pairs)
    assert abs(move.mean_after - shown.after * unit) <= unit / 2


@pytest.mark.parametrize(("members", "decimals"), [(1, 1), (10, 1), (11, 2), (100, 2), (101, 3)])
def test_one_place_of_one_member_can_always_be_seen(members: int, decimals: int) -> None:
    assert decimals_for(members) == decimals
    assert Fraction(1, members) >= Fraction(1, 10**decimals)


def test_parts_are_said_to_be_rounded_where_they_are_not_to_the_nearest() -> None:
    found = basket({"A": 1, "B": 1, "C": 1, "D": 1, "E": 1, "F": 1, "G": 1}, dict.fromkeys("ABCDEFG", 2))
    assert "These add up to +1.0: 1.0 → 2.0 (rounded so that they do)" in lines(why_answer(found, 1))


# --- whatever comes --------------------------------------------------------------------------------


ALL_MOVING = basket(
    {f"I{at}": 1 + at for at in range(257)}, {f"I{at}": 300 - at for at in range(0, 300, 2)}, name=f"{HOSTILE}"
)


def test_every_page_of_257_moving_indicators_can_be_posted_and_none_is_lost() -> None:
    pages: list[list[str]] = []
    while not pages or "next: " in pages[-1][-1]:
        pages.append(lines(why_answer(ALL_MOVING, len(pages) + 1)))
    everything = [line for page in pages for line in page]
    assert ALL_MOVING.move is not None
    assert sum(line.startswith(("▲", "▼")) for line in everything) == sum(1 for t in ALL_MOVING.move.terms if t.effect)
    assert sum(line.startswith("These add up to ") for line in everything) == 1
    assert all(page[0] == pages[0][0] for page in pages)


def test_hostile_names_mention_and_format_nothing() -> None:
    message = why_answer(ALL_MOVING, 1)
    assert live_mentions({"text": message.text, "blocks": message.blocks}) == []


def window(found: list[Block]) -> list[str]:
    return plain(Message("", found)).splitlines()


def test_a_window_holds_all_of_a_move_of_257_indicators() -> None:
    blocks = why_blocks(Held(ALL_MOVING), "basket:X", 2)
    assert len(blocks) <= 20
    assert sum(len(line) for line in window(blocks)) <= 6_000
    assert check_message({"text": "why", "blocks": blocks}) is None
    found = window(blocks)
    assert found[-1].startswith("Leicestershire · ")


def test_a_window_tells_the_smaller_parts_together_and_adds_up() -> None:
    found = window(
        why_blocks(
            Held(basket({f"I{at}": 40 + at for at in range(30)}, {f"I{at}": 40 for at in range(30)})), "basket:X", 2
        )
    )
    parts = [line for line in found if line.startswith(("▲", "▼"))]
    assert len(parts) == 20
    (rest,) = [line for line in found if line.startswith("… and 9 smaller, together ")]
    (total,) = [line for line in found if line.startswith("These add up to ")]
    shown = [float(number(line)) for line in [*parts, rest]]
    assert round(sum(shown), 2) == float(number(total))


def number(line: str) -> str:
    """The signed number in a line."""
    return next(
        word for word in line.replace("−", "-").replace(":", " ").split() if word[:1] in "+-" and word[1:2].isdigit()
    )


def test_a_window_has_no_buttons_and_tells_the_change_of_the_alert(reader: Reader) -> None:
    blocks = why_blocks(reader, f"basket:{POLICE}", 2)
    assert all("accessory" not in block and block["type"] in {"section", "context"} for block in blocks)
    assert window(blocks)[0].startswith("Police & Crime fell from =16th to 25th of 31")
    assert window(why_blocks(reader, "indicator:burglary", None))[0].startswith("Residential burglary fell")
    assert window(why_blocks(reader, f"basket:{POLICE}", 3))[0].startswith("Police & Crime stayed")
    assert window(why_blocks(reader, "basket:No such theme", None))[0].startswith("There is nothing to explain yet.")


# --- for scripts -----------------------------------------------------------------------------------


def document(reader: Reader, kind: Kind, key: str, release: int | None = None) -> dict[str, object]:
    found = explained(reader, kind, key, release)
    assert found is not None
    return why_document(found)


def test_a_themes_document_is_exact(reader: Reader) -> None:
    found = document(reader, "theme", POLICE)
    assert (found["rank_before"], found["rank_after"]) == (16, 25)
    assert (found["mean_before"], found["mean_after"]) == ("49/3", "74/3")
    assert found["terms"] == [
        {"indicator": "fraud", "effect": "20/3", "kind": "left"},
        {"indicator": "arson", "effect": "-7/3", "kind": "joined"},
        {"indicator": "burglary", "effect": "2/1", "kind": "common"},
        {"indicator": "robbery", "effect": "2/1", "kind": "common"},
    ]


def test_a_themes_document_has_comments_and_what_its_rank_hangs_on(reader: Reader) -> None:
    found = document(reader, "theme", POLICE)
    assert found["comments"] == [
        "9 places lower than on 1 November 2023",
        "Both comparable indicators fell in relative terms",
        "Entered the bottom quartile: residential burglary and robbery",
    ]
    # Worked out in fractions from the published figures in tests/state/test_explanations.py.
    assert found["sensitivity"] == {
        "rank": 25,
        "of": 31,
        "leave_one_out": {
            "best": {"rank": 23, "without": ["burglary"]},
            "worst": {"rank": 27, "without": ["arson"]},
            "unranked": [],
        },
        "average_ties": {"rank": 25, "of": 31},
        "min_coverage": {"0": {"rank": 25, "of": 31}, "1": {"rank": 25, "of": 31}},
        "quartile_rule": {"rule": "value", "entering": [], "leaving": []},
    }
    first = document(reader, "theme", POLICE, release=1)
    assert first["comments"] == []


def test_an_indicators_document_has_the_way_to_the_line(reader: Reader) -> None:
    found = document(reader, "indicator", "burglary")["distance"]
    assert found == {
        "way": "leave",
        "value": "849/10",
        "gap": "41/10",
        "places": 4,
        "at": ["E06000065"],
        "pace": None,
    }
    assert document(reader, "indicator", "noise")["distance"] is None


def test_an_indicators_document_is_exact(reader: Reader) -> None:
    found = document(reader, "indicator", "burglary")
    assert (found["rank_before"], found["rank_after"], found["own"], found["peers"]) == (24, 28, "9/2", "-1/2")
    assert found["overtook"] == []
    assert isinstance(found["overtaken_by"], list)
    assert len(found["overtaken_by"]) == 4
    first = document(reader, "indicator", "arson", release=2)
    assert (first["rank_before"], first["rank_after"], first["own"]) == (None, 20, None)
