"""Buttons under messages that stand, pressed by signed HTTP and over the socket: what people see and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import words
from bot.slack_text import ChartOf, Picture, section
from jobs.notices import HeldNotice, ReleaseAlert, from_json, to_json
from tests.bot.pressing import (
    APPROVER,
    ELSEWHERE,
    MEMBER,
    OPS_CHANNEL,
    STRANGER,
    TEAM_CHANNEL,
    Office,
    office_at,
    prepare,
    read,
    socket,
)
from tests.slack_double import Signing
from tests.system.releases import NOW

STALE = "This button is no longer of use."
FOR_MEMBERS = "is for members of this workspace."
FOR_APPROVERS = "Deciding about held releases is for approvers."
TODAY, TOMORROW = NOW.date().isoformat(), (NOW + timedelta(days=1)).date().isoformat()
PICTURE = Picture(b"\x89PNG\r\n\x1a\n" + b"0" * 64, "Police & Crime: 11th in 2023, 27th in 2024", "Police & Crime")


def because(subject: str, snapshot: int | None) -> list[dict[str, Any]]:
    return [section(f"*Why {subject} moved* in snapshot {snapshot}")]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def office(prepared: Path, tmp_path: Path) -> Iterator[Office]:
    with office_at(prepared, tmp_path / "office", acting={"why": because}, draw=lambda _: PICTURE) as made:
        yield made


def day() -> str:
    """The day on which the worker carries out what was decided."""
    return words.day(datetime.now(UTC).date().isoformat())


def alert(office: Office) -> Any:
    return office.standing(TEAM_CHANNEL, "Police &amp; Crime falls")


def held(office: Office) -> Any:
    return office.standing(OPS_CHANNEL, "elease 3")


# --- Why? -------------------------------------------------------------------------------------------


def test_why_opens_the_decomposition_of_the_first_line_and_offers_the_others(office: Office) -> None:
    reply = office.people.press("alert:why", user=MEMBER, channel=TEAM_CHANNEL)
    assert (reply.status, reply.body) == (200, "")
    view = office.modal(MEMBER, "Why")
    assert read(view).startswith("Why it moved\nWhy basket:Police & Crime moved in snapshot 2")
    select = view["blocks"][-1]["accessory"]
    names = [option["text"]["text"] for option in select["options"]]
    assert names[0].startswith("Police & Crime: ")
    assert sorted(name.split(":")[0] for name in names[1:]) == ["Burglary", "Robbery"]
    robbery = next(option["value"] for option in select["options"] if option["text"]["text"].startswith("Robbery"))
    office.people.press_view(None, "alert:why:other", robbery, user=MEMBER)
    view = office.modal(MEMBER, "indicator:robbery")
    chosen = view["state"]["values"][view["blocks"][-1]["block_id"]]["alert:why:other"]["selected_option"]
    assert chosen["value"] == robbery
    assert office.slack.responses(reply) == []


def test_why_says_what_the_command_would(prepared: Path, tmp_path: Path) -> None:
    with office_at(prepared, tmp_path / "office") as office:
        office.people.press("alert:why", user=MEMBER, channel=TEAM_CHANNEL)
        view = office.modal(MEMBER, "Why")
        shown = read(view)
        assert "Police & Crime fell from 11th to 27th of 31" in shown
        assert "Burglary" in shown
        office.people.press_view(None, "alert:why:other", "1", user=MEMBER)
        assert "10th to 26th of 31" in read(office.modal(MEMBER, "Why it moved\nBurglary"))


def test_why_is_for_everybody_since_it_writes_nothing(office: Office) -> None:
    office.people.elsewhere().press("alert:why", user=STRANGER, channel=TEAM_CHANNEL)
    assert "Why basket:Police & Crime moved" in read(office.modal(STRANGER, "Why"))
    assert office.slack.calls("auth.test") == []


def test_a_press_that_is_too_late_to_open_anything_says_so(office: Office) -> None:
    office.slack.faults.answer("views.open", {"ok": False, "error": "expired_trigger_id"})
    reply = office.people.press("alert:why", user=MEMBER, channel=TEAM_CHANNEL)
    answer = office.answered(reply)
    assert (answer.response_type, answer.text) == (
        "ephemeral",
        "That took too long, so nothing was opened. Please press the button again.",
    )
    assert office.slack.views == {}


def test_an_explanation_that_fails_is_told_in_the_modal(prepared: Path, tmp_path: Path) -> None:
    def broken(subject: str, snapshot: int | None) -> list[dict[str, Any]]:
        raise RuntimeError("disk full")

    with office_at(prepared, tmp_path / "office", acting={"why": broken}) as office:
        office.people.press("alert:why", user=MEMBER, channel=TEAM_CHANNEL)
        shown = read(office.modal(MEMBER))
    assert "That did not work. The fault is on this side and has been logged" in shown
    assert "disk" not in shown


def test_an_alert_of_257_indicators_with_long_names_fits_its_forms(office: Office) -> None:
    [(payload,)] = office.rows("SELECT payload FROM outbox WHERE kind = 'release_alert'")
    notice = from_json(payload)
    assert isinstance(notice, ReleaseAlert)
    theme = next(moved for moved in notice.moved if moved.change.indicator is None)
    one = next(moved for moved in notice.moved if moved.change.indicator == "burglary")
    many = tuple(
        replace(one, name=f"{at} {'Vehicle crime & <!channel> ' * 15}", change=replace(one.change, indicator=f"i{at}"))
        for at in range(257)
    )
    big = to_json(replace(notice, moved=(*many, theme)))
    with office.db.conn:
        office.db.execute("UPDATE outbox SET payload = ? WHERE kind = 'release_alert'", (big,))
    for action, title in (("alert:why", "Why"), ("alert:acknowledge", "Acknowledge"), ("alert:mute", "Mute")):
        office.people.press(action, user=MEMBER, channel=TEAM_CHANNEL)
        view = office.modal(MEMBER, title)
        elements = [block.get("accessory") or block.get("element") or {} for block in view["blocks"]]
        [options] = [element["options"] for element in elements if len(element.get("options", ())) > 2]
        assert len(options) == 100
        assert options[0]["text"]["text"].startswith("Police & Crime: "), "the first line's change comes first"
        assert options[1]["text"]["text"].endswith(" of 31")


def test_a_choice_in_a_modal_that_belongs_to_nothing_shows_nothing(office: Office) -> None:
    office.people.press("alert:why", user=MEMBER, channel=TEAM_CHANNEL)
    view = office.modal(MEMBER, "Why")
    office.slack.views[view["id"]]["private_metadata"] = office.ref("held")
    office.people.press_view(None, "alert:why:other", "1", user=MEMBER)
    assert STALE in read(office.modal(MEMBER, STALE))


# --- Chart ------------------------------------------------------------------------------------------


def test_the_chart_comes_into_the_thread_once_for_each_message(office: Office) -> None:
    first = office.answered(office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL))
    assert (first.response_type, first.text) == ("ephemeral", "The chart is on its way into the thread.")
    assert office.soon == 1
    office.deliver()
    thread = office.slack.channel(TEAM_CHANNEL).thread(alert(office).ts)
    assert sum(bool(message.files) for message in thread) == 1
    again = office.answered(office.people.press("alert:chart", user=APPROVER, channel=TEAM_CHANNEL))
    assert again.text == "The chart is in the thread already."
    office.deliver()
    assert len(office.slack.channel(TEAM_CHANNEL).thread(alert(office).ts)) == len(thread)
    assert office.rows("SELECT count(*) FROM outbox WHERE kind = 'chart'") == [(1,)]


def test_the_chart_shows_what_the_first_line_tells(prepared: Path, tmp_path: Path) -> None:
    drawn: list[ChartOf] = []

    def draw(of: ChartOf) -> Picture:
        drawn.append(of)
        return PICTURE

    with office_at(prepared, tmp_path / "office", acting={"why": because}, draw=draw) as office:
        office.answered(office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL))
        office.deliver()
    assert drawn == [ChartOf("theme", ("Police & Crime",))]


# --- Acknowledge ------------------------------------------------------------------------------------


def acknowledging(office: Office, **filled: Any) -> Any:
    office.people.press("alert:acknowledge", user=MEMBER, channel=TEAM_CHANNEL)
    office.modal(MEMBER, "What is the cause?")
    return office.people.submit(None, filled, user=MEMBER)


def test_an_acknowledgement_is_kept_and_told_in_the_thread(office: Office) -> None:
    reply = acknowledging(office, cause="More *thefts*\nof cars", action="Patrols", review=TOMORROW)
    assert (reply.action, reply.errors) == ("close", {})
    office.until(lambda: office.soon)
    office.deliver()
    kept = office.rows("SELECT subject, by, by_name, cause, action, review, outbox_id FROM acknowledgements")
    ref = int(office.ref("release_alert"))
    expected = ("basket:Police & Crime", MEMBER, "bob", "More *thefts*\nof cars", "Patrols", TOMORROW, ref)
    assert kept == [expected]
    [line] = [text for text in office.thread(alert(office)) if "cknowledged" in text]
    assert "bob" in line
    assert "of cars" in line
    assert "Patrols" in line
    [(actor, action, subject, detail)] = office.rows("SELECT actor, action, subject, detail FROM audit")
    assert (actor, action, subject) == (f"bob ({MEMBER})", "acknowledge", f"message {ref}")
    assert detail.startswith("basket:Police & Crime: More")


def test_an_acknowledgement_of_several_subjects_is_kept_for_each(office: Office) -> None:
    office.people.press("alert:acknowledge", user=MEMBER, channel=TEAM_CHANNEL)
    view = office.modal(MEMBER, "What is the cause?")
    assert [option["text"]["text"].split(":")[0] for option in view["blocks"][0]["element"]["initial_options"]] == [
        "Police & Crime"
    ]
    every = [option["value"] for option in view["blocks"][0]["element"]["options"]]
    office.people.submit(None, {"subjects": every, "cause": "Cars"}, user=MEMBER)
    office.until(lambda: office.soon)
    subjects = {subject for (subject,) in office.rows("SELECT subject FROM acknowledgements")}
    assert subjects == {"basket:Police & Crime", "indicator:burglary", "indicator:robbery"}
    assert office.rows("SELECT count(*) FROM outbox WHERE kind = 'acknowledged'") == [(1,)]


def test_what_is_wrong_in_an_acknowledgement_is_said_beside_it(office: Office) -> None:
    yesterday = (NOW - timedelta(days=1)).date().isoformat()
    reply = acknowledging(office, cause=" \n ", review=yesterday)
    assert reply.action == "errors"
    assert reply.errors == {
        "cause": "Say what you think the cause is, in a few words.",
        "review": "Choose a day from today on.",
    }
    assert office.people.submit(None, {"cause": "Cars", "review": None}, user=MEMBER).action == "close"
    office.until(lambda: office.soon)
    assert office.rows("SELECT cause, review FROM acknowledgements") == [("Cars", "")]


def test_a_submission_sent_twice_counts_once(office: Office) -> None:
    office.people.press("alert:acknowledge", user=MEMBER, channel=TEAM_CHANNEL)
    office.modal(MEMBER, "What is the cause?")
    reply = office.people.submit(None, {"cause": "Cars"}, user=MEMBER)
    office.until(lambda: office.soon)
    assert office.people.replay(reply).status == 200
    pressed = office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL)
    office.answered(pressed)
    assert office.rows("SELECT count(*) FROM acknowledgements") == [(1,)]
    assert office.rows("SELECT count(*) FROM audit") == [(1,)]


# --- Mute -------------------------------------------------------------------------------------------


def muting(office: Office, user: str, **filled: Any) -> Any:
    office.people.press("alert:mute", user=user, channel=TEAM_CHANNEL)
    office.modal(user, "What shall be muted?")
    return office.people.submit(None, filled, user=user)


def mutes(office: Office) -> list[tuple[Any, ...]]:
    return office.rows("SELECT place, subject, until, reason, by FROM mutes WHERE ended = ''")


def test_anybody_may_mute_for_themselves_until_the_next_release(office: Office) -> None:
    assert muting(office, MEMBER).action == "close"
    [told] = office.until(lambda: office.slack.channel(TEAM_CHANNEL).ephemeral)
    assert told.ephemeral_to == MEMBER
    assert told.text.startswith("Police &amp; Crime is muted for you until the next release.\n")
    assert mutes(office) == [(MEMBER, "basket:Police & Crime", "", "", MEMBER)]
    assert office.rows("SELECT count(*) FROM audit") == [(0,)]
    assert office.rows("SELECT count(*) FROM outbox WHERE kind = 'muted'") == [(0,)]


def test_an_approver_mutes_for_everybody_with_a_reason_until_a_day(office: Office) -> None:
    asked = {"whom": "all", "until": "day"}
    reply = muting(office, APPROVER, **asked)
    assert reply.errors == {"day": "Choose a day from today on.", "reason": "Say why, as it is muted for everybody."}
    reply = office.people.submit(None, {"day": TOMORROW, "reason": "We know"}, user=APPROVER)
    assert reply.action == "close"
    office.until(lambda: office.soon)
    office.deliver()
    assert mutes(office) == [("", "basket:Police & Crime", TOMORROW, "We know", APPROVER)]
    [line] = [text for text in office.thread(alert(office)) if "uted" in text]
    assert "We know" in line
    assert office.rows("SELECT actor, action, detail FROM audit") == [
        (f"ann ({APPROVER})", "mute", f"basket:Police & Crime until {TOMORROW}: We know")
    ]


def test_only_approvers_are_asked_for_whom(office: Office) -> None:
    office.people.press("alert:mute", user=MEMBER, channel=TEAM_CHANNEL)
    assert "For whom?" not in read(office.modal(MEMBER, "What shall be muted?"))


def test_a_form_of_an_approver_sent_in_by_somebody_else_mutes_nothing_for_everybody(office: Office) -> None:
    office.people.press("alert:mute", user=APPROVER, channel=TEAM_CHANNEL)
    view = office.modal(APPROVER, "For whom?")
    reply = office.people.submit(view["id"], {"whom": "all", "reason": "Quiet"}, user=MEMBER)
    assert reply.action == "update"
    assert "Muting for everybody is for approvers." in read(office.slack.views[view["id"]])
    assert mutes(office) == []


# --- held releases ----------------------------------------------------------------------------------


def deciding(office: Office, verdict: str, user: str = APPROVER, **filled: Any) -> Any:
    office.people.press(f"held:{verdict}", user=user, channel=OPS_CHANNEL)
    office.modal(user, "Why?")
    return office.people.submit(None, filled, user=user)


def decisions(office: Office) -> list[tuple[Any, ...]]:
    return office.rows("SELECT verdict, release_id, indicators, reason, actor, outcome FROM decisions ORDER BY id")


def test_a_held_release_has_its_buttons_and_what_to_type(office: Office) -> None:
    message = held(office)
    [row] = [block for block in message.blocks if block["type"] == "actions"]
    told = [(button["text"]["text"], button["accessibility_label"]) for button in row["elements"]]
    assert told == [
        ("Approve", "Approve release 3"),
        ("Reject", "Reject release 3"),
        ("Look again", "Look again at release 3"),
    ]
    assert message.text.startswith("2 indicators of release 3 are held; the rest went through")
    assert "To decide, type benchwatch approve 3" in message.text


def test_an_approver_approves_with_a_reason_and_the_message_says_so(office: Office) -> None:
    office.people.press("held:approve", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Why?")
    assert read(view).startswith("Approve release 3\ncrime-2025-11-01.csv: what it states is taken in as it is.")
    assert office.people.submit(None, {"reason": "Checked with *them*"}, user=APPROVER).action == "close"
    office.until(lambda: decisions(office))
    actor = f"ann ({APPROVER})"
    assert decisions(office) == [("approve", 3, "[]", "Checked with *them*", actor, "")]
    office.work()
    message = held(office)
    first = message.text.splitlines()[0]
    assert first.startswith(f"Litter and Potholes of release 3 were approved by ann on {day()}: accepted as ")
    assert "figures on another scale" in message.text, "what was found stays"
    assert not any(block["type"] == "actions" for block in message.blocks)
    assert "To decide" not in message.text
    [line] = office.thread(message)
    assert line.startswith("Litter and Potholes of release 3 were approved by ann")
    assert "Reason: " in line
    assert office.rows("SELECT actor, action, subject FROM audit") == [(actor, "approve", "release 3")]


def test_one_of_the_indicators_is_rejected_and_the_other_is_still_asked_about(office: Office) -> None:
    office.people.press("held:reject", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Which of the held indicators?")
    which = next(block["element"] for block in view["blocks"] if block["type"] == "input")
    litter = next(option["value"] for option in which["options"] if option["text"]["text"] == "Litter")
    assert len(which["initial_options"]) == 2
    office.people.submit(None, {"indicators": [litter], "reason": "A slip"}, user=APPROVER)
    office.until(lambda: decisions(office))
    assert decisions(office)[0][2] == '["litter"]'
    office.work()
    message = held(office)
    assert message.text.startswith(f"Litter of release 3 was rejected by ann on {day()}: ")
    assert "1 indicator is still held" in message.text
    office.people.press("held:approve", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Approve release 3")
    which = next(block["element"] for block in view["blocks"] if block["type"] == "input")
    assert [option["text"]["text"] for option in which["options"]] == ["Potholes"]


def test_257_held_indicators_with_long_names_fit_the_form(office: Office) -> None:
    [(payload,)] = office.rows("SELECT payload FROM outbox WHERE kind = 'held'")
    notice = from_json(payload)
    assert isinstance(notice, HeldNotice)
    one = notice.findings[0]
    many = [replace(one, indicator=f"i{at}", name=f"{at} {'Litter & <!channel> ' * 15}") for at in range(257)]
    with office.db.conn:
        big = to_json(replace(notice, findings=tuple(many), held_indicators=257))
        office.db.execute("UPDATE outbox SET payload = ? WHERE kind = 'held'", (big,))
        for finding in many:
            office.db.execute("INSERT INTO findings VALUES (3, ?, 'median_jump', 'x', 'held')", (finding.indicator,))
        office.db.execute("DELETE FROM findings WHERE indicator NOT LIKE 'i%'")
    office.people.press("held:reject", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Why?")
    [which] = [block for block in view["blocks"] if block.get("block_id") == "indicators"]
    assert len(which["element"]["initial_options"]) == 100
    assert which["hint"]["text"] == "The first 100 of 257; all of them are meant while all are chosen."
    office.people.submit(None, {"reason": "All of them"}, user=APPROVER)
    office.until(lambda: decisions(office))
    assert decisions(office)[0][2] == "[]", "all of them"


def test_looking_again_is_carried_out_and_told(office: Office) -> None:
    answer = office.answered(office.people.press("held:look", user=APPROVER, channel=OPS_CHANNEL))
    assert answer.text == "Release 3 is being looked at again. What is found comes into the thread."
    office.work()
    message = held(office)
    assert message.text.startswith(f"Release 3 was looked at again by ann on {day()}: still held: the same is")
    assert any(block["type"] == "actions" for block in message.blocks)
    assert len(office.thread(message)) == 1


def test_deciding_without_a_reason_is_not_taken(office: Office) -> None:
    reply = deciding(office, "approve", reason=" \n")
    assert reply.errors == {"reason": "Say why; it is kept with the decision."}
    assert decisions(office) == []


def test_others_get_a_polite_no_that_says_who_can(office: Office) -> None:
    for action in HELD_BUTTONS:
        answer = office.answered(office.people.press(action, user=MEMBER, channel=OPS_CHANNEL))
        assert answer.response_type == "ephemeral"
        assert answer.text == f"{FOR_APPROVERS} Thank you for looking; <@{APPROVER}> can."
    assert office.slack.views == {}
    assert decisions(office) == []


def test_an_approvers_id_used_in_another_workspace_decides_nothing(office: Office) -> None:
    reply = office.people.elsewhere().press("held:approve", user=APPROVER, channel=OPS_CHANNEL)
    assert office.answered(reply).text.startswith(FOR_APPROVERS)
    office.people.press("held:approve", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Why?")
    reply = office.people.elsewhere().submit(view["id"], {"reason": "Mine"}, user=APPROVER)
    assert reply.action == "update"
    assert FOR_APPROVERS in read(office.slack.views[view["id"]])
    assert decisions(office) == []


def test_a_form_opened_by_an_approver_and_sent_in_by_somebody_else_decides_nothing(office: Office) -> None:
    office.people.press("held:approve", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Why?")
    reply = office.people.submit(view["id"], {"reason": "Mine"}, user=MEMBER)
    assert reply.action == "update"
    assert FOR_APPROVERS in read(office.slack.views[view["id"]])
    assert decisions(office) == []


def test_who_comes_too_late_is_told_who_decided_and_when(office: Office) -> None:
    office.people.press("held:approve", user=APPROVER, channel=OPS_CHANNEL)
    view = office.modal(APPROVER, "Why?")
    office.people.press("held:look", user=APPROVER, channel=OPS_CHANNEL)
    office.until(lambda: decisions(office))
    reply = office.people.submit(view["id"], {"reason": "Fine"}, user=APPROVER)
    assert reply.action == "update"
    assert "ann has just decided about release 3. It is being carried out." in read(office.slack.views[view["id"]])
    office.work()
    deciding(office, "reject", reason="A slip")
    office.until(lambda: len(decisions(office)) == 2)
    office.work()
    office.forge(OPS_CHANNEL, "held:approve", office.ref("held"))
    late = office.answered(office.people.press("held:approve", user=APPROVER, channel=OPS_CHANNEL))
    assert late.text == f"This is decided already: release 3 was rejected by ann on {day()}."


def test_a_decision_that_cannot_be_carried_out_is_told_in_the_thread(office: Office) -> None:
    deciding(office, "approve", reason="Fine")
    office.until(lambda: decisions(office))
    with office.db.conn:
        office.db.execute("DELETE FROM staged")
    office.work()
    message = held(office)
    assert message.text.startswith("2 indicators of release 3 are held"), "it is as it was"
    assert any(block["type"] == "actions" for block in message.blocks)
    [line] = office.thread(message)
    assert line.startswith(
        "The approval of release 3 by ann could not be carried out: release 3: its text is no longer"
    )


def test_a_replayed_press_or_form_decides_once(office: Office) -> None:
    pressed = office.people.press("held:look", user=APPROVER, channel=OPS_CHANNEL)
    office.answered(pressed)
    office.work()
    sent = deciding(office, "reject", reason="A slip")
    office.until(lambda: len(decisions(office)) == 2)
    for reply in (pressed, sent):
        assert office.people.replay(reply).status == 200
    office.answered(office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL))
    assert len(decisions(office)) == 2
    assert len(office.slack.responses(pressed)) == 1


# --- what must not work -----------------------------------------------------------------------------

ALERT_BUTTONS = ("alert:why", "alert:chart", "alert:acknowledge", "alert:mute")
HELD_BUTTONS = ("held:approve", "held:reject", "held:look")


def everything_written(office: Office) -> list[tuple[Any, ...]]:
    return office.rows(
        "SELECT (SELECT count(*) FROM acknowledgements), (SELECT count(*) FROM mutes), "
        "(SELECT count(*) FROM decisions), (SELECT count(*) FROM audit), (SELECT count(*) FROM outbox)"
    )


def test_a_forged_or_stale_button_does_nothing(office: Office) -> None:
    before = everything_written(office)
    for action in (*ALERT_BUTTONS, *HELD_BUTTONS):
        mine = office.ref("release_alert" if action in ALERT_BUTTONS else "held")
        other = office.ref("held" if action in ALERT_BUTTONS else "release_alert")
        for value in ("x", "-1", "\u0669", "999999", "9" * 40, f"{mine} ", f"{mine};user_id={APPROVER}", other, "1"):
            office.forge(TEAM_CHANNEL, action, value)
            reply = office.people.press(action, value, user=APPROVER, channel=TEAM_CHANNEL)
            assert office.answered(reply).text.startswith(STALE), (action, value)
        office.forge(ELSEWHERE, action, mine)
        reply = office.people.press(action, mine, user=APPROVER, channel=ELSEWHERE)
        assert office.answered(reply).text.startswith(STALE), "it does not stand in that channel"
    assert office.slack.views == {}
    assert everything_written(office) == before


def test_people_from_elsewhere_get_a_polite_no_for_all_that_writes(office: Office) -> None:
    before = everything_written(office)
    for action in ("alert:chart", "alert:acknowledge", "alert:mute"):
        reply = office.people.elsewhere().press(action, user=STRANGER, channel=TEAM_CHANNEL)
        assert FOR_MEMBERS in office.answered(reply).text
    assert office.slack.views == {}
    assert everything_written(office) == before


def test_a_form_from_elsewhere_keeps_nothing(office: Office) -> None:
    before = everything_written(office)
    for form, filled in (("Acknowledge", {"cause": "Cars"}), ("Mute", {})):
        office.people.press(f"alert:{form.lower()}", user=MEMBER, channel=TEAM_CHANNEL)
        view = office.modal(MEMBER, form)
        reply = office.people.elsewhere().submit(view["id"], filled, user=MEMBER)
        assert reply.action == "update"
        assert FOR_MEMBERS in read(office.slack.views[view["id"]])
    assert everything_written(office) == before


def test_a_form_that_belongs_to_nothing_keeps_nothing(office: Office) -> None:
    before = everything_written(office)
    for action, channel, title, filled, kept in (
        ("alert:acknowledge", TEAM_CHANNEL, "Acknowledge", {"cause": "Cars"}, "999999"),
        ("alert:mute", TEAM_CHANNEL, "Mute", {}, ""),
        ("held:approve", OPS_CHANNEL, "Approve", {"reason": "Mine"}, "1"),
        ("held:reject", OPS_CHANNEL, "Reject", {"reason": "Mine"}, "x"),
    ):
        office.people.press(action, user=APPROVER, channel=channel)
        view = office.modal(APPROVER, title)
        office.slack.views[view["id"]]["private_metadata"] = kept
        reply = office.people.submit(view["id"], filled, user=APPROVER)
        assert reply.action == "update"
        assert STALE in read(office.slack.views[view["id"]])
    assert everything_written(office) == before


def test_while_slack_cannot_say_who_is_a_member_nothing_is_written(office: Office) -> None:
    before = everything_written(office)
    office.slack.faults.answer("auth.test", {"ok": False, "error": "fatal_error"})
    reply = office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL)
    assert office.answered(reply).text.startswith("Posting a chart is not possible just now.")
    assert everything_written(office) == before
    reply = office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL)
    assert office.answered(reply).text.startswith("The chart is on its way")
    office.answered(office.people.press("alert:chart", user=MEMBER, channel=TEAM_CHANNEL))
    assert len(office.slack.calls("auth.test")) == 2, "asked until it is known, and then no more"


def test_a_wrong_signature_does_nothing(office: Office) -> None:
    before = everything_written(office)
    reply = office.slack.press(
        "alert:chart", url=office.url, user=MEMBER, channel=TEAM_CHANNEL, signing=Signing(secret="wrong")
    )
    assert reply.status == 401
    assert everything_written(office) == before


def test_over_the_socket_everything_is_the_same(office: Office) -> None:
    with socket(office) as people:
        people.press("alert:why", user=MEMBER, channel=TEAM_CHANNEL)
        office.modal(MEMBER, "Why")
        people.press("alert:acknowledge", user=MEMBER, channel=TEAM_CHANNEL)
        office.modal(MEMBER, "What is the cause?")
        assert people.submit(None, {"cause": " "}, user=MEMBER).action == "errors"
        assert people.submit(None, {"cause": "Cars"}, user=MEMBER).action == "close"
        office.until(lambda: office.soon)
        people.press("alert:mute", user=APPROVER, channel=TEAM_CHANNEL)
        office.modal(APPROVER, "For whom?")
        assert people.submit(None, {"whom": "all", "reason": "Known"}, user=APPROVER).action == "close"
        office.until(lambda: office.soon == 2)
        assert "chart is on its way" in office.answered(people.press("alert:chart", channel=TEAM_CHANNEL)).text
        no = office.answered(people.press("held:look", user=MEMBER, channel=OPS_CHANNEL))
        assert no.text.startswith(FOR_APPROVERS)
        people.press("held:reject", user=APPROVER, channel=OPS_CHANNEL)
        office.modal(APPROVER, "Reject release 3")
        assert people.submit(None, {"reason": "A slip"}, user=APPROVER).action == "close"
        office.until(lambda: decisions(office))
    office.work()
    assert held(office).text.startswith(f"Litter and Potholes of release 3 were rejected by ann on {day()}: nothing of")
    thread = "\n".join(office.thread(alert(office)))
    assert "Cars" in thread
    assert "Known" in thread


def test_buttons_work_after_a_restart(prepared: Path, tmp_path: Path) -> None:
    with office_at(prepared, tmp_path / "office", acting={"why": because}) as office:
        number, path = office.ref("held"), office.path
    with office_at(path, tmp_path / "again", acting={"why": because}) as office:
        office.forge(OPS_CHANNEL, "held:look", number)
        answer = office.answered(office.people.press("held:look", user=APPROVER, channel=OPS_CHANNEL))
        assert answer.text.startswith("Release 3 is being looked at again.")
