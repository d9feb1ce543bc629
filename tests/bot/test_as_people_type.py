"""What hurried people type, against the demonstration: never a wrong answer, and never a slow one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest

from bot.commands import match, named
from bot.commands.grammar import parse
from bot.commands.spans import Span, day_in, span
from bot.commands.themes import by_standing
from bot.commands.wishes import mute_wish, subscription_wish
from bot.slack_text import plain
from state.mutes import mutes
from tests.bot.asking import indicator
from tests.bot.test_questions import APPROVER, Office, demonstrated

TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    found = Office(demonstrated(tmp_path_factory.mktemp("typed")))
    yield found
    found.close()


def told(office: Office, text: str) -> str:
    return plain(office.asked(text))


@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ("leicester", "We are not compared with Leicester. The nearest by name:\nLeicestershire · council"),
        ("derby", "We are not compared with Derby. The nearest by name:\nDerbyshire · council"),
        ("derby city council", "We are not compared with Derby."),
        ("nottingham vs us", "We are not compared with Nottingham."),
        ("hampsire", "Hampshire: "),
        ("statistical neighbours", "We are compared with 26 others"),
        ("are we better or worse than kent", "We are "),
        ("staffs", "Staffordshire: "),
        ("staffs roads", "Staffordshire, Transport & Highways: "),
        ("staff sickness", "No theme or indicator is called “staff sickness”. The nearest:\nWorking days lost"),
        ("road works", "No theme or indicator is called “road works”. The nearest:\nRoad casualties"),
        ("fire", "“fire” may mean 1 indicator:"),
        ("a&e", "No theme or indicator is called “a&e”."),
        ("council tax", "No theme or indicator is called “council tax”."),
        ("adult social care", "“adult social care” may mean 3 themes or indicators:\nAdult Social Care - Delivery"),
        ("bins", "Environment & Waste: "),
        ("kids", "Children's Social Care: "),
        ("top 10", "Leicestershire: "),
        ("what is quartile 4", "A quartile is a quarter"),
        ("good morning", "/rank answers questions about our ranks."),
        ("why are we 13th", "Which theme?"),
        ("since 1/4/25", "No changes since 1 April 2025"),
        ("changes satisfaction", "“satisfaction” may mean"),
        ("stop police alerts", "To hear less of Police & Crime, press or type"),
        ("tell me when asc changes", "“asc” may mean 2 themes:"),
        ("stop zzz", "No theme or indicator is called “zzz”."),
    ],
)
def test_what_is_typed_is_answered_rightly(office: Office, typed: str, begins: str) -> None:
    assert told(office, typed).startswith(begins)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("worst 5", "are in the bottom quartile"),
        ("what are we bad at", "are in the bottom quartile"),
        ("what have we improved", "changes for the better"),
        ("what have we got worse at", "changes for the worse"),
        ("what's in the latest data", "by the latest release that changed anything"),
        ("who's the best in the country for roads", "are ahead of us in Transport & Highways"),
    ],
)
def test_a_question_is_answered_in_its_first_line(office: Office, typed: str, says: str) -> None:
    assert says in told(office, typed).splitlines()[0]


def test_where_nothing_is_near_themes_are_offered_and_no_chance_likeness(office: Office) -> None:
    offered = told(office, "xyzzy plugh").splitlines()[1:4]
    assert all("· theme ·" in line or "· composite ·" in line for line in offered)


def test_what_is_not_judged_stands_last_under_its_own_heading() -> None:
    items = (
        indicator("Low", 30),
        indicator("Free meals", 26, polarity="none", eligibility="no_direction"),
        indicator("Middling", 16),
    )
    found = [(heading, [line.split(" — ")[0] for line in lines]) for heading, lines in by_standing(items)]
    assert found == [
        ("*In the bottom quartile*", ["• *Low*"]),
        ("*The others, worst first*", ["• *Middling*"]),
        ("*Not judged*", ["• *Free meals*"]),
    ]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1/4/25", date(2025, 4, 1)),
        ("01-04-2025", date(2025, 4, 1)),
        ("1.4.25", date(2025, 4, 1)),
        ("3 sept 24", date(2024, 9, 3)),
        ("31/2/25", None),
        ("market", None),
    ],
)
def test_days_as_people_write_them(text: str, day: date | None) -> None:
    assert day_in(text, TODAY, ahead=False) == day


def test_words_that_begin_like_days_are_no_days() -> None:
    assert [span(word, TODAY) for word in ("satisfaction", "money", "marriages", "sunshine")] == [None] * 4
    assert span("weds", TODAY) == Span(since=date(2026, 11, 18))


@pytest.mark.parametrize(
    ("typed", "until", "reason"),
    [
        ("single assessments completed within 45 working days", "", ""),
        ("killed or seriously injured 2 weeks counting rules", "2017-11-15", "counting rules"),
        ("admitted aged 18 to 64 til 1/4/18", "2018-04-01", ""),
        ("three- and four-year-olds - late data", "", "late data"),
        ("police 1 month", "2017-12-01", ""),
    ],
)
def test_a_name_with_numbers_in_it_is_muted_as_said(office: Office, typed: str, until: str, reason: str) -> None:
    office.asked(f"mute {typed}", APPROVER)
    held = office.reader.read(lambda db: mutes(db, office.today.isoformat()))
    [one] = [one for one in held if one.place == APPROVER.id]
    office.asked("unmute " + one.subject.partition(":")[2], APPROVER)
    assert (one.until, one.reason) == (until, reason)


def test_what_is_muted_for_me_and_for_everybody_is_one_thing_to_unmute(office: Office) -> None:
    for whom in ("", " for everybody"):
        office.asked(f"mute housing{whom} 30d example", APPROVER)
    said = [plain(office.asked(f"unmute housing{whom}", APPROVER)).splitlines()[0] for whom in ("", " for everybody")]
    assert said == [
        "Housing is no longer muted for you. It is still muted for everybody, by an approver.",
        "Housing is no longer muted for everybody.",
    ]


def test_all_is_no_name_of_something_to_mute_or_subscribe_to(office: Office) -> None:
    assert told(office, "mute everything").startswith("Mute what?")
    assert told(office, "subscribe all").startswith("Which theme?")


@pytest.mark.parametrize(
    "text",
    [
        "\ufdfa" * 2_000,
        "mute x" + " " * 9_000 + "y",
        "what are " * 200,
        "is there any data been come gone " * 9,
        "explain " + "the " * 70 + "quartile" + " mean" * 40 + "x",
        "e" + "\u0301" * 1_999,
        "get out of " * 30,
    ],
)
def test_nothing_typed_takes_long_to_understand(office: Office, text: str) -> None:
    names = named(office.reader.names())
    match("warm", names)
    begun = time.process_time()
    parse(text)
    mute_wish(text, TODAY)
    subscription_wish(text)
    match(text, names)
    assert time.process_time() - begun < 0.5  # it takes some hundredths
