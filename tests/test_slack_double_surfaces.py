"""The local Slack where people fill in, look and look again: modals, the Home tab, files, permissions."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import slackblocks
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slackblocks.errors import InvalidUsageError

from tests.slack_double import ALL_SCOPES, Actor, SlackDouble, check_blocks, check_view
from tests.test_slack_double import (  # noqa: F401 - fixtures are asked for by their names
    SECRET,
    Clock,
    Json,
    actions,
    button,
    client_fixture,
    clock_fixture,
    error_of,
    image,
    mrkdwn,
    plain,
    post_to,
    section,
    served,
    slack_fixture,
    table,
    web_client,
)


class Desk:
    """An app that answers every request as told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Json] = []
        self.answer: Json = {}

    def __call__(self, body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        if headers["Content-Type"] == "application/json":
            asked = json.loads(body)
        else:
            form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            asked = json.loads(form["payload"]) if "payload" in form else form
        self.asked.append(asked)
        return 200, "application/json", json.dumps(self.answer) if self.answer else ""

    @property
    def last(self) -> Json:
        return self.asked[-1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def people(slack: SlackDouble, desk: Desk) -> Iterator[Actor]:
    with served(desk) as url:
        yield slack.http(url)


def option(value: str, text: str = "") -> Json:
    return {"text": plain(text or value), "value": value}


def entry(block_id: str, element: Json, **parts: Any) -> Json:
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **parts}


def text_input(action_id: str = "text", **parts: Any) -> Json:
    return {"type": "plain_text_input", "action_id": action_id, **parts}


def select(action_id: str, *values: str, kind: str = "static_select", **parts: Any) -> Json:
    return {"type": kind, "action_id": action_id, "options": [option(value) for value in values], **parts}


def modal(*blocks: Json, **parts: Any) -> Json:
    return {"type": "modal", "title": plain("Acknowledge"), "submit": plain("Save"), "blocks": list(blocks), **parts}


FORM = modal(
    entry("cause", text_input(max_length=10)),
    entry("action", text_input(multiline=True), optional=True),
    entry("review", {"type": "datepicker", "action_id": "date", "initial_date": "2024-09-01"}),
    entry("theme", select("theme", "police", "roads", kind="multi_static_select", max_selected_items=1)),
    entry("also", select("also", "mute", "tell", kind="checkboxes"), optional=True),
    entry("for", select("for", "me", "all", kind="radio_buttons", initial_option=option("me"))),
    callback_id="acknowledge",
    private_metadata="7",
)


def opened(people: Actor, client: WebClient, view: Json, **options: Any) -> Json:
    """A modal opened with the trigger of a command."""
    reply = people.slash("/rank", **options)
    return dict(client.views_open(trigger_id=reply.trigger_id, view=view)["view"])


# What a view may hold, with slackblocks as second opinion


def built(element: Any) -> Json:
    """A modal around one element of slackblocks, as it writes it."""
    view = slackblocks.ModalView("Title", [slackblocks.InputBlock("Label", element)], submit="Save")
    return dict(json.loads(repr(view)))


def several(number: int) -> list[slackblocks.Option]:
    return [choice(f"Option {n}", str(n)) for n in range(number)]


def choice(text: str, value: str) -> slackblocks.Option:
    return slackblocks.Option(slackblocks.Text(text, type_=slackblocks.TextType.PLAINTEXT), value)


@pytest.mark.parametrize(
    ("make", "within", "over"),
    [
        (lambda n: slackblocks.PlainTextInput("a", max_length=n), 3000, 3001),
        (lambda n: slackblocks.PlainTextInput("a", min_length=n), 3000, 3001),
        (lambda n: slackblocks.PlainTextInput("a", placeholder="x" * n), 150, 151),
        (lambda n: slackblocks.StaticSelectMenu("a", several(n), placeholder="x"), 100, 101),
        (lambda n: slackblocks.StaticMultiSelectMenu("a", several(n), placeholder="x"), 100, 101),
        (lambda n: slackblocks.StaticMultiSelectMenu("a", several(9), max_selected_items=n, placeholder="x"), 1, 0),
        (lambda n: slackblocks.CheckboxGroup("a", several(n)), 10, 11),
        (lambda n: slackblocks.RadioButtonGroup("a", several(n)), 10, 11),
        (lambda n: slackblocks.DatePicker("a", placeholder="x" * n), 150, 151),
        (lambda n: slackblocks.StaticSelectMenu("a", [choice("x" * n, "v")], placeholder="x"), 75, 76),
    ],
)
def test_inputs_of_slackblocks_pass_to_its_limits(make: Any, within: int, over: int) -> None:
    at_limit = built(make(within))
    assert check_view(at_limit) is None
    with pytest.raises(InvalidUsageError):
        make(over)


@pytest.mark.parametrize(
    ("element", "pointer"),
    [
        (text_input(max_length=3001), "element/max_length"),
        (text_input(min_length=-1), "element/min_length"),
        (text_input(max_length=3, initial_value="four"), "element/initial_value"),
        (text_input(placeholder=plain("x" * 151)), "element/placeholder/text"),
        (text_input(placeholder=mrkdwn("x")), "element/placeholder/type"),
        (text_input(value="x"), "element"),
        (select("a"), "element/options"),
        (select("a", *map(str, range(101))), "element/options"),
        (select("a", "x" * 151), "element/options/0/text/text"),
        (select("a", "x", initial_option=option("y")), "element/initial_option"),
        (select("a", "x", kind="multi_static_select", initial_options=[]), "element/initial_options"),
        (select("a", "x", kind="multi_static_select", initial_options=[option("y")]), "element/initial_options/0"),
        (select("a", "x", kind="multi_static_select", max_selected_items=0), "element/max_selected_items"),
        (select("a", *map(str, range(11)), kind="checkboxes"), "element/options"),
        (select("a", *map(str, range(11)), kind="radio_buttons"), "element/options"),
        (select("a", "x", kind="radio_buttons", placeholder=plain("x")), "element"),
        ({"type": "static_select", "action_id": "a", "options": [{"text": mrkdwn("x"), "value": "x"}]}, "text/type"),
        ({"type": "datepicker", "action_id": "a", "initial_date": "1/9/2024"}, "element/initial_date"),
        (button(), "element/type"),
    ],
)
def test_faults_in_inputs_are_pointed_at(element: Json, pointer: str) -> None:
    refusal = check_view(modal(entry("b", element)))
    assert refusal is not None
    assert any(pointer in problem for problem in refusal.messages)


@pytest.mark.parametrize(
    "view",
    [
        {key: value for key, value in FORM.items() if key != "submit"},
        modal(table()),
        modal({"type": "markdown", "text": "x"}),
        modal(actions(select("a", "x", kind="multi_static_select"))),
        modal(actions(text_input())),
        modal(section(), submit_label="x"),
        {"type": "home", "blocks": [], "title": plain("x")},
        {"type": "home", "blocks": [table()]},
        {"type": "home", "blocks": [{"type": "alert", "text": plain("x")}]},
        {"type": "home", "blocks": [{"type": "section", "text": mrkdwn("x" * 2600)}] * 97},
    ],
)
def test_views_that_slack_would_refuse(view: Json) -> None:
    assert check_view(view) is not None


def test_the_form_passes() -> None:
    assert check_view(FORM) is None


# Modals


def test_a_modal_sent_in_tells_what_was_filled_in(people: Actor, client: WebClient, desk: Desk) -> None:
    view = opened(people, client, FORM)
    assert view["state"]["values"]["cause"]["text"] == {"type": "plain_text_input", "value": None}
    sent = people.submit(values={"cause": "Staffing", "theme": ["roads"], "also": {"also": ["tell", "mute"]}})
    assert (sent.ok, sent.action, sent.errors) == (True, "close", {})
    assert (desk.last["type"], desk.last["view"]["callback_id"]) == ("view_submission", "acknowledge")
    assert desk.last["view"]["private_metadata"] == "7"
    assert desk.last["view"]["state"]["values"] == {
        "cause": {"text": {"type": "plain_text_input", "value": "Staffing"}},
        "action": {"text": {"type": "plain_text_input", "value": None}},
        "review": {"date": {"type": "datepicker", "selected_date": "2024-09-01"}},
        "theme": {"theme": {"type": "multi_static_select", "selected_options": [option("roads")]}},
        "also": {"also": {"type": "checkboxes", "selected_options": [option("tell"), option("mute")]}},
        "for": {"for": {"type": "radio_buttons", "selected_option": option("me")}},
    }


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, "cause: please fill this in"),
        ({"cause": "x", "theme": "roads", "for": None}, "for: please fill this in"),
        ({"cause": "x" * 11, "theme": "roads"}, "cause: must be of 0 to 10 characters"),
        ({"cause": "x", "theme": ["roads", "police"]}, "theme: too many chosen"),
    ],
)
def test_slack_does_not_let_an_unfinished_modal_go(
    people: Actor, client: WebClient, desk: Desk, values: Json, why: str
) -> None:
    opened(people, client, FORM)
    asked = len(desk.asked)
    with pytest.raises(ValueError, match=why):
        people.submit(values=values)
    assert len(desk.asked) == asked


@pytest.mark.parametrize("values", [{"nothing": "x"}, {"theme": "no such"}, {"cause": {"date": "x"}}])
def test_nothing_can_be_filled_in_that_is_not_there(people: Actor, client: WebClient, values: Json) -> None:
    opened(people, client, FORM)
    with pytest.raises(LookupError):
        people.fill(values)


def test_each_answer_to_a_modal_does_what_it_says(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk
) -> None:
    small = modal(entry("cause", text_input()))

    def answered(**answer: Any) -> str:
        desk.answer = answer
        return people.submit(values={"cause": "x"}).action

    opened(people, client, small)
    desk.answer = {"response_action": "errors", "errors": {"cause": "Too short"}}
    assert people.submit(values={"cause": "x"}).errors == {"cause": "Too short"}
    assert answered(response_action="update", view={**small, "title": plain("Again")}) == "update"
    (shown,) = slack.modals()
    assert shown["title"] == plain("Again")
    assert shown["state"]["values"]["cause"]["text"]["value"] == "x"
    assert answered(response_action="push", view={**small, "title": plain("Over")}) == "push"
    assert [view["title"]["text"] for view in slack.modals()] == ["Again", "Over"]
    top = slack.modal()
    assert top is not None
    assert (top["previous_view_id"], top["root_view_id"]) == (shown["id"], shown["id"])
    assert answered() == "close"
    assert slack.modal() == shown
    assert answered(response_action="clear") == "clear"
    assert slack.modals() == []
    with pytest.raises(LookupError, match="no modal open"):
        people.submit(values={})


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"no such": "x"}},
        {"response_action": "errors"},
        {"response_action": "update", "view": {"type": "modal", "blocks": []}},
        {"response_action": "away"},
        {"text": "Thank you"},
    ],
)
def test_a_wrong_answer_to_a_modal_is_trouble_and_the_modal_stays(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk, answer: Json
) -> None:
    opened(people, client, modal(entry("cause", text_input())))
    desk.answer = answer
    sent = people.submit(values={"cause": "x"})
    assert (sent.ok, sent.action) == (False, "trouble")
    assert slack.modal() is not None
    assert slack.calls("ack")[-1].answer["ok"] is False


def test_presses_in_a_modal_carry_its_state_and_may_push_over_it(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk
) -> None:
    view = opened(
        people, client, modal(entry("cause", text_input()), {**actions(button(), select("when", "7d", "30d"))})
    )
    people.fill({"cause": "Half way"})
    people.press_view(action_id="when", value="30d")
    assert desk.last["actions"][0]["selected_option"] == option("30d")
    reply = people.press_view(view["id"], "go", "v")
    values = desk.last["view"]["state"]["values"]
    assert values["cause"]["text"]["value"] == "Half way"
    assert values["b1"]["when"]["selected_option"] == option("30d")
    assert "response_url" not in desk.last
    over = client.views_push(trigger_id=reply.trigger_id, view=modal(actions(button())))["view"]
    again = people.press_view(over["id"], "go")
    third = client.views_push(trigger_id=again.trigger_id, view=modal(actions(button())))["view"]
    last = people.press_view(third["id"], "go")
    assert error_of(lambda: client.views_push(trigger_id=last.trigger_id, view=modal())) == "push_limit_reached"
    outside = people.slash("/rank")
    assert error_of(lambda: client.views_push(trigger_id=outside.trigger_id, view=modal())) == "invalid_trigger_id"
    assert people.close() is None
    assert len(slack.modals()) == 2


def test_an_update_of_a_view_keeps_what_was_filled_in(slack: SlackDouble, people: Actor, client: WebClient) -> None:
    view = opened(people, client, modal(entry("cause", text_input()), external_id="one"))
    people.fill({"cause": "Half way"})
    client.views_update(external_id="one", view=modal(entry("cause", text_input()), entry("new", text_input())))
    shown = slack.modal()
    assert shown is not None
    assert [shown["state"]["values"][name]["text"]["value"] for name in ("cause", "new")] == ["Half way", None]
    stale = lambda: client.views_update(view_id=view["id"], view=modal(), hash=view["hash"])  # noqa: E731
    assert error_of(stale) == "hash_conflict"
    people.close()
    assert error_of(lambda: client.views_update(view_id=view["id"], view=modal())) == "not_found"


def test_a_modal_is_answered_over_a_socket_as_over_http(slack: SlackDouble) -> None:
    app = App(client=web_client(slack), signing_secret=SECRET)
    small = modal(entry("cause", text_input()), callback_id="acknowledge")

    @app.command("/rank")
    def rank(ack: Any, client: WebClient, body: Json) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=small)
        ack()

    @app.view("acknowledge")
    def acknowledge(ack: Any, view: Json) -> None:
        if view["state"]["values"]["cause"]["text"]["value"] == "x":
            ack(response_action="errors", errors={"cause": "Too short"})
        else:
            ack()

    handler: Any = SocketModeHandler(app, "xapp-test", web_client=web_client(slack, "xapp-test"), ping_interval=2)
    handler.connect()
    try:
        slack.wait_for(lambda: slack.socket.connected == 1)
        slack.socket.slash("/rank")
        slack.wait_for(slack.modal)
        refused = slack.socket.submit(values={"cause": "x"})
        assert (refused.ok, refused.action, refused.errors) == (True, "errors", {"cause": "Too short"})
        assert slack.socket.submit(values={"cause": "Staffing"}).action == "close"
        assert slack.modal() is None
    finally:
        slack.socket.drop_all()
        handler.close()


def test_closing_is_told_where_the_view_asks_for_it(people: Actor, client: WebClient, desk: Desk) -> None:
    opened(people, client, modal(notify_on_close=True))
    people.close()
    assert desk.last["type"] == "view_closed"


# People and workspaces


def test_people_of_another_workspace_come_with_its_id(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk
) -> None:
    slack.add_user("U9", team_id="T2")
    client.chat_postMessage(channel="C1", text="x", blocks=[actions(button())])
    people.press("go", user="U9")
    assert (desk.last["user"]["team_id"], desk.last["team"]["id"]) == ("T2", "T1")
    people.slash("/rank", user="U9")
    assert desk.last["team_id"] == "T2"
    people.slash("/rank", user="U1")
    assert desk.last["team_id"] == "T1"


def test_another_workspace_says_so_in_every_body(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk
) -> None:
    client.chat_postMessage(channel="C1", text="x", blocks=[actions(button())])
    others = people.elsewhere("T2")
    others.press("go")
    assert (desk.last["user"]["team_id"], desk.last["team"]["id"]) == ("T2", "T2")
    others.slash("/rank")
    assert desk.last["team_id"] == "T2"
    others.open_home()
    assert desk.last["team_id"] == "T2"


# Home


def test_opening_the_home_tab_tells_the_tab_and_what_was_there(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk
) -> None:
    people.open_home(user="U7")
    assert (desk.last["event"]["tab"], "view" in desk.last["event"]) == ("home", False)
    home = {"type": "home", "blocks": [actions(select("theme", "police", "roads"))]}
    client.views_publish(user_id="U7", view=home)
    people.open_home(user="U7")
    assert desk.last["event"]["view"]["id"] == (slack.home("U7") or {})["id"]
    people.open_home(user="U7", tab="messages")
    assert (desk.last["event"]["tab"], "view" in desk.last["event"]) == ("messages", False)
    people.press_view((slack.home("U7") or {})["id"], "theme", "roads", user="U7")
    assert desk.last["view"]["state"]["values"]["b0"]["theme"]["selected_option"] == option("roads")
    slack.home_tab(enabled=False)
    assert error_of(lambda: client.views_publish(user_id="U7", view=home)) == "not_enabled"


# Files


def uploaded(client: WebClient, content: bytes = b"png", name: str = "chart.png", **complete: Any) -> str:
    """The three steps, without the help of the SDK."""
    begun = client.files_getUploadURLExternal(filename=name, length=len(content), alt_txt="Ranks")
    sent = web_post(str(begun["upload_url"]), content)
    assert sent == 200
    client.files_completeUploadExternal(files=[{"id": str(begun["file_id"]), "title": "Police & Crime"}], **complete)
    return str(begun["file_id"])


def web_post(url: str, content: bytes) -> int:
    return httpx.post(url, content=content).status_code


def test_a_file_without_a_channel_is_private_until_it_is_shared(slack: SlackDouble, client: WebClient) -> None:
    private = uploaded(client)
    assert slack.channel("C1").messages == []
    file = client.files_info(file=private)["file"]
    assert (file["mimetype"], file["is_public"], file["shares"], file["channels"]) == ("image/png", False, {}, [])
    shared = uploaded(client, channel_id="C1")
    (message,) = slack.channel("C1").messages
    file = client.files_info(file=shared)["file"]
    assert file["shares"]["public"]["C1"][0]["ts"] == message.ts
    assert (file["channels"], file["title"], file["alt_txt"]) == (["C1"], "Police & Crime", "Ranks")
    assert [upload.id for upload in slack.files] == [private, shared]
    assert error_of(lambda: client.files_info(file="F404")) == "file_not_found"


def test_a_file_in_a_thread_is_read_back_with_it(client: WebClient) -> None:
    root = client.chat_postMessage(channel="C1", text="root")["ts"]
    file_id = uploaded(client, channel_id="C1", thread_ts=root)
    _, reply = client.conversations_replies(channel="C1", ts=root)["messages"]
    assert [(file["id"], file["name"], file["title"]) for file in reply["files"]] == [
        (file_id, "chart.png", "Police & Crime")
    ]


def own_image(file_id: str, **parts: Any) -> Json:
    block = image(slack_file={"id": file_id}, **parts)
    del block["image_url"]
    return block


def test_an_image_block_takes_our_own_file_once_it_is_processed(
    slack: SlackDouble, people: Actor, client: WebClient, desk: Desk
) -> None:
    slack.file_processing(calls=2)
    file_id = uploaded(client)

    def post() -> str:
        return str(client.chat_postMessage(channel="C1", text="x", blocks=[own_image(file_id)])["ts"])

    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            post()
        assert refused.value.response["error"] == "invalid_blocks"
        assert "invalid slack file" in refused.value.response["response_metadata"]["messages"][0]
        assert "mimetype" not in client.files_info(file=file_id)["file"]
    assert client.files_info(file=file_id)["file"]["mimetype"] == "image/png"
    ts = post()
    client.chat_update(channel="C1", ts=ts, text="y", blocks=[own_image(file_id)])
    people.slash("/rank")
    assert post_to(desk.last["response_url"], {"text": "x", "blocks": [own_image(file_id)]})[0] == 200
    assert opened(people, client, modal(own_image(file_id)))["blocks"] == [own_image(file_id)]


@pytest.mark.parametrize("name", ["never.png", "words.csv"])
def test_image_blocks_refuse_files_that_are_no_image_of_ours(
    people: Actor, client: WebClient, desk: Desk, name: str
) -> None:
    file_id = uploaded(client, name=name) if name == "words.csv" else "F404"
    block = own_image(file_id)
    trigger = people.slash("/rank").trigger_id
    assert "invalid_blocks" in post_to(desk.last["response_url"], {"text": "x", "blocks": [block]})[1]
    assert error_of(lambda: client.chat_postEphemeral(channel="C1", user="U1", text="x", blocks=[block])) == (
        "invalid_blocks"
    )
    assert error_of(lambda: client.views_open(trigger_id=trigger, view=modal(block))) == "invalid_arguments"
    aside = {**section(), "accessory": block}
    assert error_of(lambda: client.chat_postMessage(channel="C1", text="x", blocks=[aside])) == "invalid_blocks"


@pytest.mark.parametrize(
    "file", [{}, {"id": "F1", "url": "https://example.org"}, "F1", {"id": "F1", "name": "x"}, {"id": ""}]
)
def test_a_slack_file_is_named_one_way(file: Any) -> None:
    assert check_blocks([own_image("F1")]) == []
    assert check_blocks([{**own_image("F1"), "slack_file": file}]) != []


def test_alternative_text_of_an_upload_has_a_limit(client: WebClient) -> None:
    client.files_getUploadURLExternal(filename="a.png", length=1, alt_txt="x" * 1000)
    over = lambda: client.files_getUploadURLExternal(filename="a.png", length=1, alt_txt="x" * 1001)  # noqa: E731
    assert error_of(over) == "invalid_arguments"


# Permissions


@pytest.mark.parametrize(
    ("scope", "call"),
    [
        ("chat:write", lambda client: client.chat_postMessage(channel="C1", text="x")),
        ("files:write", lambda client: client.files_getUploadURLExternal(filename="a", length=1)),
        ("files:read", lambda client: client.files_info(file="F1")),
        ("channels:history", lambda client: client.conversations_history(channel="C1")),
        ("groups:history", lambda client: client.conversations_history(channel="G1")),
        ("channels:read", lambda client: client.conversations_info(channel="C1")),
        ("groups:read", lambda client: client.conversations_info(channel="G1")),
        ("im:write", lambda client: client.conversations_open(users="U1")),
        ("users:read", lambda client: client.users_info(user="U1")),
    ],
)
def test_a_method_without_its_permission_is_refused_by_name(
    slack: SlackDouble, client: WebClient, scope: str, call: Any
) -> None:
    slack.add_channel("G1", private=True)
    slack.scopes.discard(scope)
    with pytest.raises(SlackApiError) as refused:
        call(client)
    response = refused.value.response
    assert (response["error"], response["needed"]) == ("missing_scope", scope)
    assert scope not in response["provided"].split(",")


def test_every_answer_says_which_permissions_there_are(slack: SlackDouble, client: WebClient) -> None:
    assert set(client.auth_test().headers["x-oauth-scopes"].split(",")) == ALL_SCOPES
    slack.scopes = {"commands", "chat:write"}
    assert client.auth_test().headers["x-oauth-scopes"] == "chat:write,commands"
    assert "x-oauth-scopes" not in web_client(slack, "xapp-test").apps_connections_open(app_token="xapp-test").headers


def test_a_channel_says_what_it_is_to_the_bot(slack: SlackDouble, client: WebClient) -> None:
    slack.add_channel("C2", bot_is_member=False, num_members=9)
    slack.add_channel("G1", private=True)
    slack.add_channel("G2", private=True, bot_is_member=False)
    told = client.conversations_info(channel="C2", include_num_members=True)["channel"]
    assert (told["is_member"], told["is_private"], told["num_members"]) == (False, False, 9)
    told = client.conversations_info(channel="G1")["channel"]
    assert (told["is_member"], told["is_private"], told["is_archived"]) == (True, True, False)
    assert error_of(lambda: client.conversations_info(channel="G2")) == "channel_not_found"


def test_messages_may_be_edited_only_as_long_as_the_workspace_lets_them(
    slack: SlackDouble, client: WebClient, clock: Clock
) -> None:
    ts = client.chat_postMessage(channel="C1", text="a")["ts"]
    slack.edit_window(60)
    client.chat_update(channel="C1", ts=ts, text="b")
    clock.now += 61
    assert error_of(lambda: client.chat_update(channel="C1", ts=ts, text="c")) == "edit_window_closed"
    slack.edit_window(None)
    client.chat_update(channel="C1", ts=ts, text="d")
    slack.edit_window(0)
    assert error_of(lambda: client.chat_update(channel="C1", ts=ts, text="e")) == "edit_window_closed"
    assert slack.channel("C1").messages[0].text == "d"
