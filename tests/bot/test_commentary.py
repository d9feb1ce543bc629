"""Every sentence of the comments, by example: one and many, ties, none, all, and missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import words
from bot.commentary import LAST_YEAR, comments, number, several, within
from engine.changes import Standing
from engine.summary import ThemeSummary

CRIME = ("Vehicle crime", "Theft", "Public order", "Residential burglary")


def at(rank: int | None, of: int | None = 32, *, tied: bool = False) -> Standing:
    return Standing(rank, of, tied=tied)


def theme(
    now: Standing = at(16),  # noqa: B008 - frozen
    before: Standing | None = at(16),  # noqa: B008
    *,
    kind: str = "theme",
    spend: Standing | None = None,
    moved: tuple[int, int, int] = (0, 0, 0),
    members: int = 0,
    bottom: tuple[str, ...] = (),
    entered: tuple[str, ...] = (),
    left: tuple[str, ...] = (),
    improved: tuple[str, ...] = (),
    new: bool = False,
) -> ThemeSummary:
    fell, rose, stayed = moved
    return ThemeSummary(
        "Police", kind, now, before, spend, fell, rose, stayed, members, bottom, entered, left, improved, new
    )


# --- the rank --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param(at(11), at(21), "10 places lower than last year", id="many places lower"),
        pytest.param(at(21), at(11), "10 places higher than last year", id="many places higher"),
        pytest.param(at(11), at(12), "1 place lower than last year", id="one place lower"),
        pytest.param(at(12), at(11), "1 place higher than last year", id="one place higher"),
        pytest.param(at(11), at(11), "Same rank as last year", id="the same"),
        pytest.param(at(11), at(11, tied=True), "Same rank as last year", id="the same, shared now"),
        pytest.param(at(11, 27), at(21), "From 11th of 27 last year to 21st of 32", id="more areas now"),
        pytest.param(at(11, 27), at(11), "From 11th of 27 last year to 11th of 32", id="the same of more areas"),
        pytest.param(
            at(11, 27, tied=True), at(9, 26, tied=True), "From =11th of 27 last year to =9th of 26", id="ties of fewer"
        ),
        pytest.param(None, at(6), "No rank last year", id="nothing before"),
        pytest.param(at(None), at(6), "No rank last year", id="no rank before"),
        pytest.param(at(6), at(None), "No rank, but 6th of 32 last year", id="no rank now"),
        pytest.param(at(None), at(None), "No rank", id="no rank on either side"),
        pytest.param(None, at(None), "No rank", id="nothing at all"),
    ],
)
def test_the_move(before: Standing | None, now: Standing, told: str) -> None:
    assert comments(theme(now, before))[0] == told


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param(at(11), at(21), ("10 places lower than last year",), id="many places"),
        pytest.param(at(12), at(11), ("1 place higher than last year",), id="one place"),
        pytest.param(at(11), at(11), (), id="the same"),
        pytest.param(at(11), at(11, tied=True), (), id="the same, shared now"),
        pytest.param(at(11, 27), at(21), (), id="of more areas"),
        pytest.param(at(11, 27), at(11), (), id="the same of more areas"),
        pytest.param(None, at(6), (), id="nothing before"),
        pytest.param(at(None), at(6), (), id="no rank before"),
        pytest.param(at(6), at(None), (), id="no rank now"),
        pytest.param(at(None), at(None), (), id="no rank on either side"),
    ],
)
def test_below_a_line_with_both_places_only_their_number_is_told(
    before: Standing | None, now: Standing, told: tuple[str, ...]
) -> None:
    assert comments(theme(now, before), places_told=True) == told


@pytest.mark.parametrize(("kind", "told"), [("theme", "New theme"), ("composite", "New composite")])
def test_what_nobody_had_a_rank_in_before_is_new(kind: str, told: str) -> None:
    assert comments(theme(at(16), None, kind=kind, new=True))[0] == told
    assert comments(theme(at(None), None, kind=kind, new=True))[0] == "No rank"


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (at(11), at(21), "10 places lower than on 30 June 2025"),
        (at(11), at(11), "Same rank as on 30 June 2025"),
        (at(11, 27), at(21), "From 11th of 27 on 30 June 2025 to 21st of 32"),
        (None, at(6), "No rank on 30 June 2025"),
        (at(6), at(None), "No rank, but 6th of 32 on 30 June 2025"),
    ],
    ids=["moved", "the same", "more areas", "none before", "none now"],
)
def test_with_what_it_is_compared_can_be_said(before: Standing | None, now: Standing, told: str) -> None:
    assert comments(theme(now, before), then="on 30 June 2025")[0] == told


@pytest.mark.parametrize(
    ("now", "told"),
    [
        pytest.param(at(1), "Highest ranked", id="first"),
        pytest.param(at(2), "Second highest ranked", id="second"),
        pytest.param(at(1, tied=True), "Joint highest ranked", id="first shared"),
        pytest.param(at(2, tied=True), "Joint second highest ranked", id="second shared"),
        pytest.param(at(32), "Lowest ranked", id="last"),
        pytest.param(at(31), "Second lowest ranked", id="last but one"),
        pytest.param(at(31, tied=True), "Joint lowest ranked", id="two share the last"),
        pytest.param(at(30, tied=True), "", id="nobody knows how many share"),
        pytest.param(at(3), "", id="third"),
        pytest.param(at(30), "", id="third from below"),
        pytest.param(at(1, 2), "Highest ranked", id="first of two"),
        pytest.param(at(2, 2), "Lowest ranked", id="second of two"),
        pytest.param(at(1, 2, tied=True), "Joint highest ranked", id="two alike"),
        pytest.param(at(2, 3), "", id="the middle of three"),
        pytest.param(at(1, 1), "", id="alone"),
        pytest.param(at(None), "", id="none"),
    ],
)
def test_the_ends_of_the_table(now: Standing, told: str) -> None:
    assert comments(theme(now, now))[1:] == ((told,) if told else ())


# --- the members -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moved", "members", "told"),
    [
        pytest.param((7, 0, 0), 7, "All seven indicators fell in relative terms", id="all fell"),
        pytest.param((0, 7, 0), 7, "All seven indicators rose in relative terms", id="all rose"),
        pytest.param((2, 0, 0), 2, "Both indicators fell in relative terms", id="both fell"),
        pytest.param((0, 1, 0), 1, "The one indicator rose in relative terms", id="the only one rose"),
        pytest.param(
            (5, 1, 1), 7, "Five of seven indicators fell in relative terms, one rose", id="five fell, one rose"
        ),
        pytest.param(
            (1, 5, 1), 7, "Five of seven indicators rose in relative terms, one fell", id="five rose, one fell"
        ),
        pytest.param((5, 0, 2), 7, "Five of seven indicators fell in relative terms, none rose", id="none rose"),
        pytest.param((0, 1, 6), 7, "One of seven indicators rose in relative terms, none fell", id="one rose"),
        pytest.param((3, 3, 1), 7, "Three of seven indicators fell in relative terms, three rose", id="as many"),
        pytest.param((1, 1, 0), 2, "One of two indicators fell in relative terms, one rose", id="one each"),
        pytest.param((0, 0, 7), 7, "None of the seven indicators changed place", id="none moved"),
        pytest.param((0, 0, 2), 2, "Neither of the two indicators changed place", id="neither moved"),
        pytest.param((0, 0, 1), 1, "The one indicator kept its place", id="the only one stayed"),
        pytest.param((12, 11, 0), 23, "12 of 23 indicators fell in relative terms, 11 rose", id="more than ten"),
        pytest.param((10, 0, 0), 10, "All ten indicators fell in relative terms", id="ten"),
        pytest.param((5, 0, 0), 7, "All five comparable indicators fell in relative terms", id="all that compare"),
        pytest.param(
            (2, 1, 1), 7, "Two of four comparable indicators fell in relative terms, one rose", id="some compare"
        ),
        pytest.param(
            (0, 2, 0), 7, "Both comparable indicators rose in relative terms; five cannot be compared", id="few compare"
        ),
        pytest.param((1, 0, 0), 2, "The one comparable indicator fell in relative terms", id="half compare"),
        pytest.param(
            (0, 0, 1), 3, "The one comparable indicator kept its place; two cannot be compared", id="one stayed"
        ),
        pytest.param(
            (0, 0, 3), 5, "None of the three comparable indicators changed place", id="none of those that compare"
        ),
        pytest.param((0, 0, 0), 7, "", id="none compare"),
        pytest.param((0, 0, 0), 0, "", id="none"),
    ],
)
def test_how_the_members_moved(moved: tuple[int, int, int], members: int, told: str) -> None:
    found = [one for one in comments(theme(moved=moved, members=members)) if one != "None in the bottom quartile"]
    assert found[1:] == ([told] if told else [])


@pytest.mark.parametrize(
    ("count", "word"), [(0, "none"), (1, "one"), (10, "ten"), (11, "11"), (1234, "1,234")], ids=str
)
def test_numbers_up_to_ten_are_words(count: int, word: str) -> None:
    assert number(count) == word


# --- spending --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spend", "told"),
    [
        pytest.param(at(32), "Lowest net spend per head", id="last is lowest"),
        pytest.param(at(31), "2nd lowest net spend per head", id="last but one"),
        pytest.param(at(29), "4th lowest net spend per head", id="fourth lowest"),
        pytest.param(at(1), "Highest net spend per head", id="first is highest"),
        pytest.param(at(3), "3rd highest net spend per head", id="third highest"),
        pytest.param(at(8), "8th highest net spend per head", id="the last of the highest quarter"),
        pytest.param(at(9), "", id="no longer in it"),
        pytest.param(at(25), "8th lowest net spend per head", id="the first of the lowest quarter"),
        pytest.param(at(24), "", id="not yet in it"),
        pytest.param(at(1, tied=True), "Joint highest net spend per head", id="highest shared"),
        pytest.param(at(4, tied=True), "Joint 4th highest net spend per head", id="fourth shared"),
        pytest.param(at(31, tied=True), "Joint lowest net spend per head", id="two share the lowest"),
        pytest.param(at(29, tied=True), "", id="nobody knows how many share"),
        pytest.param(at(16), "", id="middle"),
        pytest.param(at(1, 1), "", id="alone"),
        pytest.param(at(None), "", id="no rank"),
        pytest.param(None, "", id="no line"),
    ],
)
def test_spending_by_the_nearer_end(spend: Standing | None, told: str) -> None:
    assert comments(theme(spend=spend))[1:] == ((told,) if told else ())


# --- the bottom quartile ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param((), "None in the bottom quartile", id="none"),
        pytest.param(CRIME[:1], "Bottom quartile for vehicle crime", id="one"),
        pytest.param(CRIME[:2], "Bottom quartile for vehicle crime and theft", id="two"),
        pytest.param(CRIME[:3], "Bottom quartile for vehicle crime, theft and public order", id="three"),
        pytest.param(
            CRIME, "Bottom quartile for vehicle crime, theft, public order and residential burglary", id="four"
        ),
        pytest.param(
            (*CRIME, "Arson"),
            "Bottom quartile for vehicle crime, theft, public order, residential burglary and 1 more",
            id="one too many",
        ),
        pytest.param(
            (*CRIME, *CRIME),
            "Bottom quartile for vehicle crime, theft, public order, residential burglary and 4 more",
            id="many",
        ),
        pytest.param(("Safe: at home", "Theft"), "Bottom quartile for safe: at home; and theft", id="a colon"),
        pytest.param(("Deaths, men", "Theft"), "Bottom quartile for deaths, men; and theft", id="a comma in a name"),
        pytest.param(
            ("Deaths, men", *CRIME),
            "Bottom quartile for deaths, men; vehicle crime; theft; public order; and 1 more",
            id="a comma in a name of many",
        ),
    ],
)
def test_who_is_in_it(names: tuple[str, ...], told: str) -> None:
    assert comments(theme(members=9, bottom=names))[1:] == (told,)


def test_without_members_nothing_is_said_of_it() -> None:
    assert comments(theme(members=0)) == ("Same rank as last year",)


@pytest.mark.parametrize(
    ("field", "heading"),
    [
        ("entered", "Entered the bottom quartile"),
        ("left", "Left the bottom quartile"),
        ("improved", "Significantly improved"),
    ],
)
@pytest.mark.parametrize(
    ("names", "told"),
    [
        pytest.param((), "", id="none"),
        pytest.param(CRIME[:1], "vehicle crime", id="one"),
        pytest.param(CRIME[:2], "vehicle crime and theft", id="two"),
        pytest.param(
            (*CRIME, "Arson"), "vehicle crime, theft, public order, residential burglary and 1 more", id="many"
        ),
    ],
)
def test_who_crossed_the_line_or_improved(field: str, heading: str, names: tuple[str, ...], told: str) -> None:
    found = comments(theme(members=9, bottom=("Fraud",), **{field: names}))  # type: ignore[arg-type]  # one of three
    assert found[2:] == ((f"{heading}: {told}",) if told else ())


def test_where_all_in_it_have_just_entered_they_are_named_once() -> None:
    found = comments(theme(members=9, bottom=CRIME[:2], entered=CRIME[1::-1]))
    assert found[1:] == ("Entered the bottom quartile: theft and vehicle crime",)


def test_fewer_may_be_named() -> None:
    found = comments(theme(members=9, bottom=CRIME, left=("Arson",)), most=2)
    assert found[1:] == ("Bottom quartile for vehicle crime, theft and 2 more", "Left the bottom quartile: arson")


@pytest.mark.parametrize(
    ("entered", "left", "improved", "told"),
    [
        (0, 0, 0, ()),
        (1, 0, 0, ("One entered the bottom quartile",)),
        (0, 2, 0, ("Two left the bottom quartile",)),
        (12, 1, 0, ("12 entered the bottom quartile, one left it",)),
        (0, 0, 1, ("One improved significantly",)),
        (0, 1, 5, ("One left the bottom quartile", "Five improved significantly")),
    ],
    ids=["none", "one entered", "two left", "both", "one improved", "left and improved"],
)
def test_a_composite_counts_and_names_nobody(entered: int, left: int, improved: int, told: tuple[str, ...]) -> None:
    several = [tuple(f"I{at}" for at in range(number)) for number in (entered, left, improved)]
    found = comments(
        theme(kind="composite", members=257, bottom=CRIME, entered=several[0], left=several[1], improved=several[2])
    )
    assert found[1:] == ("4 of 257 indicators (2%) in the bottom quartile", *told)
    assert comments(theme(kind="composite"))[1:] == ()


def test_everything_at_once_has_the_order_of_a_councils_report() -> None:
    found = comments(
        theme(
            at(2),
            at(7),
            spend=at(32),
            moved=(1, 6, 0),
            members=7,
            bottom=("Theft",),
            left=("Vehicle crime",),
            improved=("Arson",),
        )
    )
    assert found == (
        "5 places higher than last year",
        "Six of seven indicators rose in relative terms, one fell",
        "Second highest ranked",
        "Lowest net spend per head",
        "Bottom quartile for theft",
        "Left the bottom quartile: vehicle crime",
        "Significantly improved: arson",
    )


# --- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Vehicle crime", "vehicle crime"),
        ("Five-year survival of new firms", "five-year survival of new firms"),
        ("Children’s social workers who left", "children’s social workers who left"),
        ("Pupils, all schools", "pupils, all schools"),
        ("Safe (2A)", "safe"),
        ("Quality of life (ASCOF 1A)", "quality of life"),
        ("Quality of life - ASCOF 1A", "quality of life"),
        ("ASCOF 1A - Quality of life", "quality of life"),
        ("ASCOF 3D(1a): direct payments", "direct payments"),
        ("C04 - Low birth weight", "low birth weight"),
        ("NI 155: Homes built", "homes built"),
        ("2.04 Teenage conceptions", "teenage conceptions"),
        ("Living at home (2B(1))", "living at home"),
        ("Mobile coverage (5G)", "mobile coverage (5G)"),
        ("Rate (Persons)", "rate (Persons)"),
        ("ASCOF 1A", "ASCOF 1A"),
        ("A-level results", "A-level results"),
        ("A level average points", "A level average points"),
        ("B and C roads", "B and C roads"),
        ("GCSE English and maths", "GCSE English and maths"),
        ("KS2 reading", "KS2 reading"),
        ("EHC plans issued", "EHC plans issued"),
        ("Key Stage 2 reading", "Key Stage 2 reading"),
        ("Universal Credit claims", "Universal Credit claims"),
        ("English Baccalaureate entries", "English Baccalaureate entries"),
        ("Ofsted ratings", "Ofsted ratings"),
        ("Attainment 8 at GCSE", "Attainment 8 at GCSE"),
        ("Year 6 children", "Year 6 children"),
        ("Parkinson's disease deaths", "Parkinson's disease deaths"),
        ("% of waste landfilled", "% of waste landfilled"),
        ("16 to 17 year olds", "16 to 17 year olds"),
        ("iPads for each pupil", "iPads for each pupil"),
        ("  Theft  ", "theft"),
        ("", ""),
        ("x" * 150, "x" * 99 + "…"),
    ],
    ids=lambda text: text[:30],
)
def test_a_name_within_a_sentence(name: str, told: str) -> None:
    assert within(name) == told


def test_names_are_made_harmless_for_the_medium_one_by_one() -> None:
    hostile = ("<!channel> *all*", "Theft & <b>arson</b>")
    assert several(hostile) == "<!channel> *all* and theft & <b>arson</b>"
    shown = several(hostile, words.name)
    assert "<" not in shown
    assert "&amp;" in shown
    assert comments(theme(members=2, bottom=hostile), words.name)[1] == f"Bottom quartile for {shown}"


ranks = st.none() | st.integers(1, 32)


@given(
    ranks=st.tuples(ranks, ranks, ranks),
    tied=st.booleans(),
    moved=st.tuples(*[st.integers(0, 12)] * 3),
    more=st.integers(0, 3),
    kind=st.sampled_from(("theme", "composite")),
)
@settings(derandomize=True, max_examples=80)
def test_sentences_are_sentences_whatever_the_numbers(
    ranks: tuple[int | None, int | None, int | None],
    moved: tuple[int, int, int],
    more: int,
    kind: str,
    *,
    tied: bool,
) -> None:
    now, before, spend = (at(rank, tied=tied) for rank in ranks)
    found = comments(theme(now, before, kind=kind, spend=spend, moved=moved, members=sum(moved) + more), then=LAST_YEAR)
    assert found
    for sentence in found:
        assert sentence[:1].isupper() or sentence[:1].isdigit()
        assert sentence == " ".join(sentence.split()).strip(" ,;:.")
        assert "None" not in sentence or sentence.startswith("None ")
