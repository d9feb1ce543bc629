"""What people type without having read the help, answered usefully: the questions are in ``tests/questions.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from bot import demo
from bot.commands import Answers
from bot.commands.personal import Personal
from bot.demo.story import write_releases
from bot.people import Permissions, Person
from bot.slack_text import Message, plain
from engine.catalogue import load_catalogue
from jobs.overview import Overview
from jobs.pipeline import ingest
from jobs.policy import Policy
from jobs.sources import file
from state.database import Writer, connect
from state.reader import Reader
from tests.slack_double import check_message, live_mentions

QUESTIONS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).parents[1].joinpath("questions.toml").read_text(encoding="utf-8")
)["question"]
NOW = datetime(2017, 11, 1, 9, 30, tzinfo=UTC)
TODAY = NOW.date()
ASKER, APPROVER, GUEST = Person("U1", "asker", "T1"), Person("U2", "approver", "T1"), Person("U3", "guest", "T9")


@dataclass
class Office:
    """The council of the demonstration, and somebody who asks."""

    path: Path
    sent: list[tuple[str, str, bytes, str]] = field(default_factory=list)
    today: date = TODAY

    def __post_init__(self) -> None:
        self.reader = Reader(self.path)
        self.writer = Writer(self.path)
        permissions = Permissions(["U2"], lambda: "T1")
        self.answers = Answers(self.reader, today=lambda: self.today, overview=lambda: Overview((), ()))
        self.personal = Personal(self.reader, self.writer, permissions, self.send, self.now)

    def now(self) -> datetime:
        return datetime.combine(self.today, time(9, 30, tzinfo=UTC))

    def send(self, user: str, filename: str, data: bytes, title: str) -> None:
        self.sent.append((user, filename, data, title))

    def asked(self, text: str, person: Person = ASKER, channel: str = "D1") -> Message:
        """As Slack asks: what depends on the person first."""
        if self.personal.handles(text):
            message = self.personal.answer(text, person, channel)
        else:
            message = self.answers.answer(text)
        assert check_message({"text": message.text, "blocks": message.blocks}) is None
        assert not live_mentions({"text": message.text, "blocks": message.blocks})
        return message

    def told(self, text: str, person: Person = ASKER, channel: str = "D1") -> str:
        """What the answer says, as a person reads it."""
        return plain(self.asked(text, person, channel)).replace("\u2068", "").replace("\u2069", "")

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


def demonstrated(folder: Path) -> Path:
    """A database with both releases of the demonstration."""
    path = folder / "benchwatch.db"
    db = connect(path)
    policy = Policy(demo.COUNCIL, demo.COMPARATORS, load_catalogue([demo.CATALOGUE]), illustrative=True)
    for release in write_releases(folder):
        raw = file.read(release, limit=50 << 20)
        ingest(db, raw, policy, now=datetime.combine(raw.published or TODAY, time(9, 30, tzinfo=UTC)), path=path)
    db.close()
    return path


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    found = Office(demonstrated(tmp_path_factory.mktemp("office")))
    yield found
    found.close()


@pytest.mark.parametrize("question", QUESTIONS, ids=[question["asks"] for question in QUESTIONS])
def test_a_question_is_answered_usefully(question: dict[str, Any], office: Office) -> None:
    text = office.told(question["asks"])
    assert text.startswith(question["first"])
    assert [said for said in question.get("says", ()) if said not in text] == []
    assert [said for said in question.get("never", ()) if said in text] == []


def test_there_are_twenty_questions_of_three_people() -> None:
    assert len(QUESTIONS) >= 20
    askers = [question["by"] for question in QUESTIONS]
    assert all(askers.count(by) >= 6 for by in ("service lead", "performance officer", "chief executive"))
    assert len({question["asks"] for question in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize(
    "wish",
    [
        "tell me when police changes",
        "stop bothering me about culture",
        "alert me when roads gets worse",
        "mutiny police",
    ],
)
def test_a_wish_in_a_sentence_changes_nothing(wish: str, office: Office) -> None:
    before = office.told("subscriptions"), office.told("mutes")
    assert not office.personal.handles(wish)
    assert office.told(wish)
    assert (office.told("subscriptions"), office.told("mutes")) == before


def test_every_button_of_an_answer_is_a_command_that_answers(office: Office) -> None:
    """Whatever can be pressed leads somewhere, and so does what is shown as a command."""
    seen = set()
    for question in (
        "help",
        "overall",
        "theme",
        "council",
        "spend",
        "asc",
        "kent",
        "compare kent",
        "burglary",
        "bottom",
    ):
        for block in office.asked(question).blocks:
            for element in (*block.get("elements", ()), block.get("accessory") or {}):
                if element.get("value"):
                    seen.add(element["value"])
    assert len(seen) > 50
    for value in seen:
        text = office.told(value)
        assert not text.startswith("No "), value
        assert "may mean" not in text, value
