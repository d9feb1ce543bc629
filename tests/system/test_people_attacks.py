"""What is forged, stale, sent twice or refused does nothing harmful, over both carriers; people get a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from state.database import connect
from tests.system.commands import Desk, Launcher
from tests.system.people import (
    ANN,
    BOB,
    CARRIERS,
    EVE,
    LOBBY,
    PEOPLE,
    ROSE,
    SAFETY,
    Office,
    first,
    forged_form,
    forged_press,
    office,
    read,
    words_of,
)
from tests.system.releases import ROADS, Book, Entry, at_place, release
from tests.system.service import OPS, PATIENCE, TEAM

ENTRIES = (Entry("burglary", name="Burglary"), Entry("robbery", name="Robbery"), Entry("litter", ROADS, name="Litter"))
FIRST = {"burglary": 10, "robbery": 12, "litter": 5}
STALE = "This button is no longer of use."
KEPT = ("acknowledgements", "mutes", "subscriptions", "decisions", "audit", "outbox")


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Path:
    """A database with an alert and a release held."""
    desk = Desk(tmp_path_factory.mktemp("moved"), launcher)
    desk.settings(PEOPLE)
    for number, places in enumerate((FIRST, {**FIRST, "burglary": 26, "robbery": 28})):
        book = release(ENTRIES, places, ("2021/22", "2022/23")[number], level=100 - 10 * number)
        assert desk.run("ingest", book.write(desk.folder / "in", f"crime-{2023 + number}-11-01.csv")).code == 0
    book = Book(ENTRIES)
    for code in FIRST:
        factor = 9 if code == "litter" else 1
        figures = at_place(26, level=80)
        book.add(code, "2023/24", {area: figure * factor for area, figure in figures.items()})
    assert desk.run("ingest", book.write(desk.folder / "in", "crime-2025-03-01.csv")).code == 0
    return desk.database


@pytest.fixture(scope="module", params=CARRIERS)
def target(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    moved: Path,
    launcher: Launcher,
    second_launcher: Launcher,
) -> Iterator[Office]:
    desk = Desk(tmp_path_factory.mktemp("target"), launcher)
    desk.database.parent.mkdir()
    shutil.copy(moved, desk.database)
    with office(desk, request.param, second_launcher) as made:
        made.start()
        made.standing(OPS, "is held")
        made.settled()
        yield made


def kept(target: Office) -> list[list[tuple[object, ...]]]:
    """Everything that people can change."""
    return [target.desk.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in KEPT]  # noqa: S608


def ref(target: Office, kind: str) -> str:
    return str(target.desk.rows("SELECT min(id) FROM outbox WHERE kind = ?", kind)[0][0])


def test_values_that_are_forged_garbage_or_of_another_message_do_nothing(target: Office) -> None:
    alert, held = target.standing(TEAM, "falls"), target.standing(OPS, "is held")
    other = ref(target, "held")
    before = kept(target)
    forged = json.dumps({"user_id": ANN, "ref": ref(target, "release_alert")})
    values = [
        "",
        "0",
        "-1",
        "999999",
        "1e3",
        "x" * 2000,
        "9" * 2000,
        "\0",
        "\uff11\uff12",
        forged,
        "1; DROP TABLE outbox",
        other,
    ]
    for value in values:
        for action in ("alert:why", "alert:chart", "alert:acknowledge", "alert:mute"):
            reply = forged_press(target.people, alert, TEAM, BOB, {"action_id": action, "value": value})
            assert first(target.shown(target.good(reply))).startswith(STALE), (action, value)
    for value in (*values[:-1], ref(target, "release_alert")):
        for action in ("held:approve", "held:reject", "held:look"):
            reply = forged_press(target.people, held, OPS, ANN, {"action_id": action, "value": value})
            assert first(target.shown(target.good(reply))).startswith(STALE), (action, value)
    for action in ("held:approve", "held:reject", "held:look"):  # what an approver alone may press, by a colleague
        sent = {"action_id": action, "value": other, "user": {"id": ANN}, "user_id": ANN}
        reply = forged_press(target.people, held, OPS, BOB, sent)
        assert first(target.shown(target.good(reply))).startswith("Deciding about held releases is for approvers.")
    elsewhere = forged_press(
        target.people, alert, LOBBY, BOB, {"action_id": "alert:chart", "value": ref(target, "release_alert")}
    )
    assert first(target.shown(target.good(elsewhere))).startswith(STALE), "it stands in another channel"
    target.good(forged_press(target.people, alert, TEAM, BOB, {"action_id": "alert:nothing", "value": "1"}))
    assert target.slack.modals(BOB) == []
    assert kept(target) == before


def test_buttons_work_from_the_moment_that_they_are_seen(target: Office) -> None:
    alert, number = target.standing(TEAM, "falls"), ref(target, "release_alert")
    db = connect(target.desk.database)
    for state in ("sending", "sent"):  # people may be quicker than the note of where it stands
        db.execute("UPDATE deliveries SET state = ? WHERE outbox_id = ? AND part = 0", (state, number))
        db.conn.commit()
        assert "Police & Crime fell from 11th to 27th of 31" in words_of(target.opened("alert:why", alert))
    db.close()
    target.people.close(user=BOB)


def test_people_of_another_workspace_change_nothing(target: Office) -> None:
    alert, held = target.standing(TEAM, "falls"), target.standing(OPS, "is held")
    before = kept(target)
    for action in ("alert:acknowledge", "alert:mute", "alert:chart"):
        assert "is for members of this workspace." in target.answered(action, alert, EVE)
    stranger = target.people.elsewhere("T2")
    claims = target.good(stranger.press("held:approve", user=ANN, channel=OPS, ts=held.ts))
    assert "is for approvers" in read(target.shown(claims)), "the same ID in another workspace is another person"
    for text in ("subscribe police now", "mute police 30d", "export police", "subscriptions", "mutes"):
        told = target.ask(text, EVE)
        assert "for members of our own workspace. Nothing was changed." in first(told), text
    assert target.slack.direct_message(EVE).messages == []
    assert first(target.ask("overall", EVE)).startswith("Leicestershire")
    assert target.slack.modals(EVE) == []
    assert kept(target) == before


def test_forms_count_for_who_sends_them_and_once(target: Office) -> None:
    alert, held = target.standing(TEAM, "falls"), target.standing(OPS, "is held")
    target.slack.add_user("U0NEW", name="new")
    view = target.opened("held:approve", held, ANN)
    before = kept(target)
    state = {"reason": {"in": {"type": "plain_text_input", "value": "mine now"}}, **_all(view, "indicators")}
    for sender in (BOB, EVE):
        refused = target.good(forged_form(target.people, view, sender, state))
        assert "approvers" in refused.body, refused
    stolen = {**view, "private_metadata": ref(target, "release_alert")}
    assert "no longer of use" in forged_form(target.people, stolen, ANN, state).body
    assert "no longer of use" in forged_form(target.people, {**view, "private_metadata": "garbage"}, ANN, state).body
    assert kept(target) == before
    target.people.close(user=ANN)
    mute = target.opened("alert:mute", alert)
    everybody = {
        **_all(mute, "subjects"),
        "whom": {"in": {"type": "radio_buttons", "selected_option": {"value": "all"}}},
        "until": {"in": {"type": "radio_buttons", "selected_option": {"value": "next"}}},
        "reason": {"in": {"type": "plain_text_input", "value": "because"}},
    }
    refused = target.good(forged_form(target.people, mute, BOB, everybody))
    assert "Muting for everybody is for approvers" in refused.body
    assert kept(target) == before
    form = target.opened("alert:acknowledge", alert)
    filled = {**_all(form, "subjects"), "cause": {"in": {"type": "plain_text_input", "value": "Seen by the new one"}}}
    for _ in range(3):  # sent by somebody to whom Slack did not show it: it counts for the sender, and once
        target.good(forged_form(target.people, form, "U0NEW", filled))
    target.now(alert, "Acknowledged by new")
    target.settled()
    assert len(target.thread(alert, "Acknowledged")) == 1
    assert {row[0] for row in target.desk.rows("SELECT by_name FROM acknowledgements")} == {"new"}
    target.people.close(user=BOB)


def _all(view: dict[str, object], block: str) -> dict[str, object]:
    found = next(one for one in view["blocks"] if one.get("block_id") == block)  # type: ignore[attr-defined]
    chosen = {"type": "multi_static_select", "selected_options": found["element"]["options"]}
    return {block: {"in": chosen}}


def test_an_approver_struck_off_while_the_form_is_open_decides_nothing(target: Office) -> None:
    held = target.standing(OPS, "is held")
    target.opened("held:approve", held, ANN)
    path = target.desk.folder / "config.toml"
    settings = path.read_text("utf-8")
    path.write_text(settings.replace(f'approvers = ["{ANN}"]', f'approvers = ["{ROSE}"]'), "utf-8")
    target.killed()
    before = kept(target)
    done = target.people.submit(values={"reason": "quickly"}, user=ANN)
    assert done.action == "update"
    assert f"Deciding about held releases is for approvers. Thank you for looking; <@{ROSE}> can." in words_of(
        target.modal(ANN)
    )
    assert kept(target) == before
    path.write_text(settings, "utf-8")
    target.people.close(user=ANN)
    target.killed()


def test_what_slack_refuses_is_said_in_a_sentence(target: Office) -> None:
    alert = target.standing(TEAM, "falls")
    for error in ("expired_trigger_id", "exchanged_trigger_id"):
        target.slack.faults.answer("views.open", {"ok": False, "error": error})
        assert target.answered("alert:acknowledge", alert).startswith("That took too long, so nothing was opened.")
    target.slack.faults.answer("views.open", {"ok": False, "error": "internal_error"})
    assert target.answered("alert:mute", alert).startswith("That did not work.")
    target.slack.faults.http("views.open", 503)
    assert target.answered("alert:why", alert).startswith("That did not work.")
    target.slack.faults.drop_before("response_url")
    lost = target.good(target.people.slash("/rank", "overall", user=BOB, channel=LOBBY))
    target.service.says("answer_refused")
    assert first(target.ask("bottom")).startswith("2 of 3 indicators"), "the next is answered all the same"
    assert target.slack.responses(lost) == []
    target.slack.faults.answer("views.publish", {"ok": False, "error": "not_enabled"})
    target.good(target.people.open_home(user=BOB))
    target.service.says("not_enabled")
    assert first(target.ask("overall")).startswith("Leicestershire")


def test_without_the_permission_for_files_words_do(target: Office) -> None:
    alert = target.standing(SAFETY, "falls")
    target.slack.scopes = target.slack.scopes - {"files:write", "files:read", "im:write"}
    target.refusals.add("missing_scope")
    assert target.answered("alert:chart", alert) == "The chart is on its way into the thread."
    [words] = target.thread(alert, "Chart")
    assert "rank of Leicestershire over the years" in read(words)
    reply = target.good(target.people.slash("/rank", "chart police", user=BOB, channel=LOBBY))
    target.slack.wait_for(lambda: len(target.slack.responses(reply)) == 2, PATIENCE)
    assert target.slack.responses(reply)[1].text.startswith("The chart in words, as pictures cannot be posted here")
    refused = target.ask("export police")
    assert first(refused).startswith("The figures of Police & Crime could not be sent.")
    assert "the app lacks im:write" in read(refused)


@pytest.mark.parametrize("target", ["http"], indirect=True)
def test_a_request_replayed_byte_for_byte_does_nothing_twice(target: Office) -> None:
    alert = target.standing(TEAM, "falls")
    asked = target.good(target.people.slash("/rank", "subscribe transport now", user=BOB, channel=LOBBY))
    assert first(target.shown(asked)).startswith("You get Transport & Highways at once")
    target.ask("unsubscribe all")
    pressed = target.press("alert:chart", alert)
    target.shown(pressed)
    target.settled()
    before = kept(target)
    for request in (asked, pressed):
        assert target.slack.replay(request).status == 200
    assert first(target.ask("subscriptions")).startswith("You have no subscriptions")
    target.settled()
    assert kept(target) == before
    assert [len(target.slack.responses(request)) for request in (asked, pressed)] == [1, 1]
