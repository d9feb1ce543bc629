"""A year of a council in Slack: what moves, why, who takes it on, what is held, and what people are told in person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.slack_double import Message
from tests.system.commands import Desk, Launcher
from tests.system.people import (
    ANN,
    BOB,
    CARRIERS,
    LOBBY,
    ROSE,
    SAFETY,
    Office,
    first,
    office,
    options,
    read,
    words_of,
)
from tests.system.releases import POLICE, ROADS, Book, Entry, at_place, release
from tests.system.service import OPS, TEAM, until

ENTRIES = (
    Entry("burglary", name="Residential burglary"),
    Entry("robbery", name="Robbery"),
    Entry("potholes", ROADS, name="Potholes"),
    Entry("litter", ROADS, name="Litter"),
)
FIRST = {"burglary": 10, "robbery": 12, "potholes": 3, "litter": 5}
WORSE = {**FIRST, "burglary": 26, "robbery": 28}
LATER = datetime.now(UTC).date() + timedelta(days=30)


@pytest.fixture(params=CARRIERS)
def council(
    request: pytest.FixtureRequest, tmp_path: object, desk: Desk, second_launcher: Launcher
) -> Iterator[Office]:
    with office(desk, request.param, second_launcher) as made:
        made.start()
        yield made


def day(when: date) -> str:
    return f"{when.day} {when:%B %Y}"


def drop(council: Office, name: str, places: dict[str, int], period: str, level: float) -> None:
    release(ENTRIES, places, period, level=level).write(council.desk.folder / "drop", name)


def doubtful(council: Office, name: str, period: str, level: float, *codes: str) -> None:
    """A release with some indicators on another scale: doubtful where they were not on it before."""
    book = Book(ENTRIES)
    for code, place in WORSE.items():
        factor = 9 if code in codes else 1
        book.add(code, period, {area: figure * factor for area, figure in at_place(place, level=level).items()})
    book.write(council.desk.folder / "drop", name)


def test_what_people_see_and_do_in_the_course_of_a_year(council: Office) -> None:
    alert = it_begins_and_moves(council)
    it_is_looked_into(council, alert)
    it_is_taken_on(council, alert)
    it_is_muted(council, alert)
    what_stands_outlives_a_power_cut(council, alert)
    people_choose_what_they_hear_of(council)
    revised_figures_undo_it(council, alert)
    it_comes_back(council)
    a_doubtful_release_is_decided(council)
    another_is_looked_at_again_and_turned_down(council)
    people_are_told_in_person(council)
    council.settled()
    council.assert_well()


def it_begins_and_moves(council: Office) -> Message:
    drop(council, "crime-2023-11-01.csv", FIRST, "2019/20", 100)
    baseline = council.standing(TEAM)
    assert first(baseline).startswith("Watching 4 indicators in 2 themes for Leicestershire, 0 in the bottom quartile")
    drop(council, "crime-2024-03-01.csv", WORSE, "2020/21", 90)
    alert = council.standing(TEAM, "falls")
    told = read(alert).split("\n")
    assert told[0].startswith("Police & Crime falls from 11th to 27th of 31 · crime-2024-03-01.csv")
    assert "2 indicators entered the bottom quartile, none left" in told[1]
    assert told[2].startswith("Why: Residential burglary cost 8.0 places of the average rank")
    assert any(line.startswith("▼ Robbery — 12th → 28th of 31, quartile 2 → 4 · 88.00 → 62.00") for line in told)
    assert first(council.standing(SAFETY)) == told[0]
    council.settled()
    assert council.slack.direct_message(ROSE).messages == [], "nothing of hers moved"
    assert council.slack.channel(OPS).messages == []
    return alert


def it_is_looked_into(council: Office, alert: Message) -> None:
    why = words_of(council.opened("alert:why", alert))
    assert "Police & Crime fell from 11th to 27th of 31" in why
    assert "These add up to +16.0: 11.0 → 27.0" in why
    council.good(council.people.press_view(None, "alert:why:other", "Robbery: 12th → 28th of 31", user=BOB))
    assert "16 passed us" in words_of(council.modal(BOB, "Robbery fell from 12th to 28th of 31"))
    assert council.answered("alert:chart", alert) == "The chart is on its way into the thread."
    [picture] = council.thread(alert)
    assert picture.files[0]["alt_txt"].startswith("Chart: Police & Crime, rank of Leicestershire over the years")
    assert ": 27th of 31, bottom quartile" in picture.files[0]["alt_txt"]
    assert council.slack.file_content(picture.files[0]["id"]).startswith(b"\x89PNG")  # type: ignore[union-attr]
    council.settled()
    assert council.answered("alert:chart", alert, ANN) == "The chart is in the thread already."


def it_is_taken_on(council: Office, alert: Message) -> None:
    form = council.opened("alert:acknowledge", alert)
    assert options(form, "subjects")[0] == "Police & Crime: 11th → 27th of 31"
    refused = council.people.submit(values={"cause": " \n "}, user=BOB)
    assert (refused.action, list(refused.errors)) == ("errors", ["cause"])
    assert "Say what you think the cause is" in refused.errors["cause"]
    late = council.people.submit(values={"cause": "x", "review": "2020-01-01"}, user=BOB)
    assert (late.action, list(late.errors)) == ("errors", ["review"])
    taken = {"cause": "A new *way* of counting", "action": "Asking <!here> the force", "review": LATER.isoformat()}
    assert council.people.submit(values=taken, user=BOB).action == "close"
    now = read(council.now(alert, "Acknowledged"))
    said = f"cause – A new *way* of counting; action – Asking <!here> the force; review by {day(LATER)}"
    assert "Acknowledged by bob on" in now
    assert f"(Police & Crime): {said}" in now
    [line] = council.thread(alert, "Acknowledged")
    assert first(line).startswith("Acknowledged by bob on")
    assert first(line).endswith(": Police & Crime")
    council.settled()
    assert "Acknowledged" not in council.standing(SAFETY).text, "it was acknowledged in the other channel"


def it_is_muted(council: Office, alert: Message) -> None:
    form = council.opened("alert:mute", alert)
    assert "For whom?" not in words_of(form), "a colleague mutes for himself"
    assert council.people.submit(values={"subjects": ["Robbery: 12th → 28th of 31"]}, user=BOB).action == "close"
    told = council.told(BOB, TEAM, "muted for you")
    assert first(told) == "Robbery is muted for you until the next release."
    assert "Robbery" in council.ask("mutes").text
    form = council.opened("alert:mute", alert, ANN)
    robbery = {"subjects": ["Robbery: 12th → 28th of 31"], "whom": "all", "until": "day"}
    refused = council.people.submit(values=robbery, user=ANN)
    assert refused.errors == {
        "reason": "Say why, as it is muted for everybody.",
        "day": "Choose a day from today on.",
    }
    filled = {"reason": "the force changed its system", "day": LATER.isoformat()}
    assert council.people.submit(values=filled, user=ANN).action == "close"
    now = read(council.now(alert, "Muted by ann on"))
    assert f"until {day(LATER)} (Robbery): “the force changed its system”" in now
    [line] = council.thread(alert, "Muted")
    assert first(line).startswith(f"Muted for everybody until {day(LATER)}: Robbery · by ann on")
    council.settled()


def what_stands_outlives_a_power_cut(council: Office, alert: Message) -> None:
    council.killed()
    assert "Police & Crime fell from 11th to 27th of 31" in words_of(council.opened("alert:why", alert))
    assert council.answered("alert:chart", alert) == "The chart is in the thread already."
    assert "What do you acknowledge?" in words_of(council.opened("alert:acknowledge", alert, ROSE))


def people_choose_what_they_hear_of(council: Office) -> None:
    told = council.ask("subscribe theme transport now")
    assert first(told) == "You get Transport & Highways at once from now on."
    weekly = council.answered("rank:do", told, value=f"subscribe theme {ROADS} weekly")
    assert weekly.startswith("You get Transport & Highways in the weekly digest from now on. It was at once until now.")
    assert "Transport &amp; Highways — in the weekly digest" in council.ask("subscriptions").text
    ended = council.answered("rank:do:end", told, value=f"unsubscribe theme {ROADS}")
    assert ended.startswith("You no longer get Transport & Highways.")
    assert first(council.ask(f"subscribe theme {POLICE} now")).startswith("You get Police & Crime at once from now on.")
    refused = council.ask("subscribe theme police now here")
    assert first(refused) == "Only approvers can decide for a channel. Nothing was changed."
    allowed = council.ask("subscribe theme police now here", ANN)
    assert first(allowed) == "This channel gets Police & Crime at once from now on."
    council.good(council.people.open_home(user=BOB))
    home = council.home(BOB)
    assert "Police & Crime — 27th of 31 11th last year, ▼ worse" in words_of(home)
    assert "Your subscriptions · at once: Police & Crime" in words_of(home)
    choice = next(block for block in home["blocks"] if "Transport" in str(block))
    weekly_here = choice["accessory"]["options"][1]
    assert weekly_here["text"]["text"] == "Weekly digest"
    council.good(council.people.press_view(home["id"], "home:subscribe", weekly_here["value"], user=BOB))
    council.home(BOB, "in the weekly digest: Transport")


def revised_figures_undo_it(council: Office, alert: Message) -> None:
    before = council.top(TEAM)
    drop(council, "crime-2024-04-01.csv", FIRST, "2020/21", 90)
    now = council.now(alert, "Withdrawn")
    assert first(now).startswith(
        "Withdrawn: nothing of this stands · Police & Crime is back at 11th of 31 by release 3, 1 April 2024"
    )
    assert "Acknowledged by bob" in now.text
    [line] = council.thread(alert, "Withdrawn")
    assert first(line).startswith(
        "Withdrawn: Police & Crime falls from 11th to 27th of 31 · revised figures in crime-2024-04-01.csv"
    )
    council.settled()
    assert len(council.top(TEAM)) == len(before), "no new message: the one that stands was changed"
    assert first(council.standing(SAFETY)).startswith("Withdrawn: nothing of this stands")
    [later] = council.top(LOBBY)
    assert later.startswith("Police & Crime rises from 27th to 11th of 31"), "who subscribed later was never told of it"


def it_comes_back(council: Office) -> None:
    drop(council, "crime-2024-11-01.csv", WORSE, "2021/22", 80)
    alert = council.standing(TEAM, "crime-2024-11-01.csv")
    assert first(alert).startswith("Police & Crime falls from 11th to 27th of 31")
    assert "Last time, bob on" in read(alert)
    assert "cause – A new *way* of counting" in read(alert)
    assert "Residential burglary — 10th → 26th" in read(alert)
    assert "Robbery —" not in read(alert), "it is muted"
    assert "1 indicator entered the bottom quartile, none left" in read(alert)
    assert "1 muted change is left out" in read(alert)
    council.settled()
    for channel in (SAFETY, LOBBY, council.slack.direct_message(BOB).id):
        assert first(council.standing(channel, "crime-2024-11-01.csv")).startswith("Police & Crime falls")
    assert council.slack.direct_message(ROSE).messages == []
    assert "2 of 4 indicators (50%) in the bottom quartile" in words_of(
        council.home(BOB, "Police & Crime — 27th of 31")
    )


def a_doubtful_release_is_decided(council: Office) -> None:
    doubtful(council, "crime-2025-03-01.csv", "2022/23", 70, "litter")
    held = council.standing(OPS, "is held")
    assert first(held).startswith("1 indicator of release 5 is held; the rest went through · crime-2025-03-01.csv")
    assert "the median jumped" in held.text
    for button in ("held:approve", "held:reject", "held:look"):
        refused = council.answered(button, held)
        assert refused.startswith("Deciding about held releases is for approvers."), refused
        assert f"<@{ANN}> can" in refused
    form = council.opened("held:approve", held, ANN)
    assert options(form, "indicators") == ["Litter"]
    silent = council.people.submit(values={"reason": " "}, user=ANN)
    assert silent.errors == {"reason": "Say why; it is kept with the decision."}
    assert council.people.submit(values={"reason": "Checked with <!channel> the publisher"}, user=ANN).action == "close"
    now = council.now(held, "approved")
    assert first(now).startswith("Litter of release 5 was approved by ann on")
    assert "Reason: Checked with <!channel> the publisher" in read(now)
    assert not [block for block in now.blocks if block["type"] == "actions"], "nothing is left to press"
    [line] = council.thread(held, "approved")
    assert first(line).startswith("Litter of release 5 was approved by ann on")
    council.settled()
    audit = council.desk.rows("SELECT actor, action, subject, detail FROM audit WHERE action = 'approve'")
    assert audit == [(f"ann ({ANN})", "approve", "release 5", "litter Checked with <!channel> the publisher")]


def _has_buttons(council: Office, message: Message) -> bool:
    shown = council.slack.channel(council.where(message)).find(message.ts)
    return bool(shown and [block for block in shown.blocks if block["type"] == "actions"])


def another_is_looked_at_again_and_turned_down(council: Office) -> None:
    doubtful(council, "crime-2025-06-01.csv", "2023/24", 60, "burglary", "potholes", "litter")
    held = council.standing(OPS, "release 6")
    assert first(held).startswith("2 indicators of release 6 are held; the rest went through")
    again = council.answered("held:look", held, ANN)
    assert again.startswith("Release 6 is being looked at again. What is found comes into the thread.")
    [line] = council.thread(held, "looked at again")
    assert "still held" in line.text
    form = council.opened("held:reject", held, ANN)
    assert sorted(options(form, "indicators")) == ["Potholes", "Residential burglary"]
    council.good(council.people.submit(values={"indicators": ["Potholes"], "reason": "wrong scale"}, user=ANN))
    council.now(held, "rejected")
    council.thread(held, "rejected")
    assert _has_buttons(council, held), "the other is still held"
    form = council.opened("held:reject", held, ANN)
    assert options(form, "indicators") == ["Residential burglary"]
    council.good(council.people.submit(values={"reason": "the same"}, user=ANN))
    until(lambda: not _has_buttons(council, held), "nothing left to press")
    council.settled()
    verdicts = council.desk.rows("SELECT action, detail FROM audit WHERE subject = 'release 6' ORDER BY id")
    assert [action for action, _ in verdicts] == ["look", "reject", "reject"]


def people_are_told_in_person(council: Office) -> None:
    told = council.ask("export theme police")
    assert first(told).startswith("Police & Crime comes by direct message: 2 indicators")
    [file] = [message for message in council.slack.direct_message(BOB).messages if message.files]
    content = council.slack.file_content(file.files[0]["id"]) or b""
    assert file.files[0]["name"].endswith(".csv")
    assert b"Residential burglary" in content
    assert b"Potholes" not in content
