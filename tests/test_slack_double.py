"""The local Slack against the real clients, and its limits against an independent table of them."""

import http.client
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
import slackblocks
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient
from slackblocks import _limits as oracle
from slackblocks.errors import InvalidUsageError

from tests.slack_double import (
    LIMITS,
    Reply,
    Signing,
    SlackDouble,
    check_blocks,
    check_message,
    check_metadata,
    check_view,
    live_mentions,
)

Json = dict[str, Any]
SECRET = "the-signing-secret"
KEY = {"event_type": "rank_alert", "event_payload": {"key": "k1"}}
LOWER_THAN_ORACLE = {
    "data_table.rows.max_items",
    "data_visualization.segments.max_items",
    "data_visualization.series.max_items",
}
NOT_IN_ORACLE = {
    "message.tables.max_items",
    "message.blocks.total_text.max_length",
    "message.text.max_length",
    "update.text.max_length",
    "metadata.max_bytes",
    "view.max_bytes",
    "view.stack.max_items",
    "file.alt_txt.max_length",
    "response_url.uses",
    "response_url.seconds",
    "trigger_id.seconds",
    "sockets.max_items",
    "history.limit.max",
}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def clock_fixture() -> Clock:
    return Clock()


@pytest.fixture(name="slack")
def slack_fixture(clock: Clock) -> Iterator[SlackDouble]:
    with SlackDouble(signing_secret=SECRET, clock=clock) as double:
        double.add_channel("C1", name="performance")
        double.pace(burst=None)
        yield double


@pytest.fixture(name="client")
def client_fixture(slack: SlackDouble) -> WebClient:
    return web_client(slack)


def web_client(slack: SlackDouble, token: str = "xoxb-test", **options: Any) -> WebClient:
    options.setdefault("retry_handlers", [])
    return WebClient(token, base_url=slack.api_url, timeout=options.pop("timeout", 10), **options)


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(SlackApiError) as refused:
        call()
    return str(refused.value.response["error"])


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "x") -> Json:
    return {"type": "section", "text": mrkdwn(text)}


def header(text: str) -> Json:
    return {"type": "header", "text": plain(text)}


def button(**parts: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", "value": "v", **parts}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int = 1, columns: int = 1, cell: str = "x") -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell}] * columns] * rows}


def image(**parts: Any) -> Json:
    return {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "A chart", **parts}


def pie(segments: int) -> Json:
    chart = {"type": "pie", "segments": [{"label": f"s{n}", "value": 1} for n in range(segments)]}
    return {"type": "data_visualization", "title": "Shares", "chart": chart}


def line(categories: list[str], *series: Json) -> Json:
    chart = {"type": "line", "series": list(series), "axis_config": {"categories": categories}}
    return {"type": "data_visualization", "title": "Ranks", "chart": chart}


def series(name: str, *labels: str) -> Json:
    return {"name": name, "data": [{"label": label, "value": 1} for label in labels]}


def data_table(rows: int, **parts: Any) -> Json:
    cells = [[{"type": "raw_text", "text": "x"}, {"type": "raw_number", "value": 1, "text": "1"}]] * rows
    return {"type": "data_table", "caption": "Ranks", "rows": cells, **parts}


# Limits


@pytest.mark.parametrize("name", sorted(set(LIMITS) - NOT_IN_ORACLE))
def test_limit_agrees_with_slackblocks(name: str) -> None:
    theirs = getattr(oracle, name.upper().replace(".", "_"))
    if name in LOWER_THAN_ORACLE:
        assert LIMITS[name] < theirs
    else:
        assert LIMITS[name] == theirs


@pytest.mark.parametrize(
    "block",
    [
        section("x" * 3000),
        section("x" * 3001),
        section(""),
        {"type": "section"},
        {"type": "section", "fields": [mrkdwn("x")] * 10},
        {"type": "section", "fields": [mrkdwn("x")] * 11},
        {"type": "section", "fields": [mrkdwn("x" * 2000)]},
        {"type": "section", "fields": [mrkdwn("x" * 2001)]},
        header("x" * 150),
        header("x" * 151),
        {"type": "divider"},
        {"type": "divider", "block_id": "b" * 255},
        {"type": "divider", "block_id": "b" * 256},
        {"type": "context", "elements": [mrkdwn("x")] * 10},
        {"type": "context", "elements": [mrkdwn("x")] * 11},
        image(),
        image(alt_text="x" * 2000),
        image(alt_text="x" * 2001),
        image(image_url="https://" + "x" * 3000),
        {"type": "markdown", "text": "x" * 12000},
        {"type": "markdown", "text": "x" * 12001},
        {"type": "no_such_block"},
    ],
    ids=lambda block: f"{block['type']}-{len(json.dumps(block))}",
)
def test_verdict_on_block_agrees_with_slackblocks(block: Json) -> None:
    try:
        slackblocks.Block.from_dict(block)
        accepted = True
    except (InvalidUsageError, KeyError, ValueError):
        accepted = False
    assert (check_blocks([block]) == []) is accepted


def test_blocks_built_by_slackblocks_pass() -> None:
    cells: list[list[slackblocks.RawText | slackblocks.RawNumber | slackblocks.RichTextBlock]] = [
        [slackblocks.RawText("Council"), slackblocks.RawText("Rank")],
        [slackblocks.RawText("Kent"), slackblocks.RawNumber(3, "3")],
    ]
    chart = slackblocks.PieChart([slackblocks.ChartSegment("Kent", 3)])
    built = [
        slackblocks.DataTableBlock(rows=cells, caption="Ranks"),
        slackblocks.DataVisualizationBlock("Ranks", chart),
        slackblocks.ActionsBlock([slackblocks.Button(text="Go", action_id="go", value="v")]),
        slackblocks.TableBlock([[slackblocks.RawText("Kent")]]),
    ]
    assert check_blocks([json.loads(repr(block)) for block in built]) == []


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"type": "header", "text": mrkdwn("x")}, "/blocks/0/text/type"),
        (actions(*(button(action_id=f"a{n}") for n in range(26))), "/blocks/0/elements"),
        (actions(button(), button()), "/blocks/0/elements/1/action_id"),
        (actions(button(text=plain("x" * 76))), "/blocks/0/elements/0/text/text"),
        (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value"),
        (actions(button(url="x" * 3001)), "/blocks/0/elements/0/url"),
        (actions(button(action_id="x" * 256)), "/blocks/0/elements/0/action_id"),
        (actions({"type": "button", "action_id": "a"}), "/blocks/0/elements/0"),
        ({"type": "image", "image_url": "https://example.org/a.png"}, "/blocks/0"),
        (table(rows=101), "/blocks/0/rows"),
        (table(columns=21), "/blocks/0/rows/0"),
        (table(cell=""), "/blocks/0/rows/0/0/text"),
        (data_table(1), "/blocks/0/rows"),
        (data_table(102), "/blocks/0/rows"),
        (data_table(2, caption=None), "/blocks/0"),
        (data_table(2, page_size=101), "/blocks/0/page_size"),
        (pie(7), "/blocks/0/chart/segments"),
        (line(["2024"], series("Kent", "2024", "2025")), "/blocks/0/chart/series/0/data"),
        (line(["2024"], series("Kent", "2024"), series("Kent", "2024")), "/blocks/0/chart/series"),
        ({"type": "section", "text": plain("x"), "colour": "red"}, "/blocks/0"),
        ({"type": "section", "text": {**plain("x"), "verbatim": True}}, "/blocks/0/text"),
        ({"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}, "/blocks/0/elements/0/type"),
        ("section", "/blocks/0"),
    ],
)
def test_fault_in_block_is_pointed_at(block: Any, pointer: str) -> None:
    assert any(f"[json-pointer:{pointer}]" in problem for problem in check_blocks([block]))


@pytest.mark.parametrize(
    "block",
    [
        actions(*(button(action_id=f"a{n}", value="x" * 2000) for n in range(25))),
        table(rows=100, columns=20),
        data_table(101, page_size=100),
        pie(6),
        line(["2024", "2025"], series("Kent", "2024", "2025"), series("Essex", "2025", "2024")),
        {"type": "container", "title": plain("More"), "child_blocks": [section()]},
    ],
    ids=lambda block: str(block["type"]),
)
def test_block_at_its_limit_passes(block: Json) -> None:
    assert check_blocks([block]) == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"blocks": [section()] * 51}, "invalid_blocks"),
        ({"blocks": [{**section(), "block_id": "same"}] * 2}, "invalid_blocks"),
        ({"blocks": [section("x" * 2501)] * 4}, "msg_blocks_too_long"),
        ({"blocks": [table(), data_table(2)]}, "invalid_attachments"),
        ({"blocks": [table()], "attachments": [{"blocks": [table()]}]}, "invalid_attachments"),
        ({"blocks": [pie(1)] * 3}, "invalid_blocks"),
        ({"blocks": [{"type": "alert", "text": plain("x")}]}, "invalid_blocks"),
        ({"attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
def test_message_over_a_limit_is_refused(message: Json, error: str) -> None:
    refusal = check_message(message)
    assert refusal is not None
    assert refusal.error == error


def test_message_at_the_limits_passes() -> None:
    assert check_message({"blocks": [section("x" * 2500)] * 4}) is None
    assert check_message({"blocks": [section()] * 49 + [table()]}) is None
    assert check_message({"text": "x" * 4000}, update=True) is None


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("text", "invalid_metadata_format"),
        ({"event_type": "x"}, "invalid_metadata_format"),
        ({"event_type": "x", "event_payload": {"a": {"b": {"c": 1}}}}, "invalid_metadata_format"),
        ({"event_type": "x", "event_payload": {"a": "x" * 4000}}, "metadata_too_large"),
    ],
)
def test_metadata_is_refused(metadata: Any, error: str) -> None:
    refusal = check_metadata(metadata)
    assert refusal is not None
    assert refusal.error == error


def test_view_limits() -> None:
    home: Json = {"type": "home", "blocks": [section()] * 100}
    assert check_view(home) is None
    for broken in (
        {**home, "blocks": [section()] * 101},
        {"type": "modal", "blocks": []},
        {"type": "modal", "title": plain("x" * 25), "blocks": []},
        {**home, "private_metadata": "x" * 3001},
    ):
        refusal = check_view(broken)
        assert refusal is not None
        assert refusal.error == "invalid_arguments"


# Mentions


def test_live_mentions_are_found_wherever_they_would_notify() -> None:
    rich = [{"type": "text", "text": "<!here>"}, {"type": "broadcast", "range": "channel"}]
    message = {
        "text": "<!everyone> &lt;!here&gt; <@U1>",
        "blocks": [
            section("<!subteam^S1|team>"),
            header("<!channel>"),
            {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": rich}]},
            table(cell="<!channel>"),
        ],
        "attachments": [{"text": "<@W2>"}],
    }
    assert live_mentions(message) == ["<!everyone>", "<@U1>", "<!subteam^S1|team>", "<!channel>", "<@W2>"]


def test_bare_names_are_live_only_with_link_names() -> None:
    assert live_mentions({"text": "@channel"}) == []
    assert live_mentions({"text": "@channel", "link_names": True}) == ["@channel"]


# Web API


def test_posted_message_stands_in_the_channel(slack: SlackDouble, client: WebClient) -> None:
    answer = client.chat_postMessage(channel="C1", text="Kent: rank 3", blocks=[section()], metadata=KEY)
    (message,) = slack.channel("C1").messages
    assert (message.ts, message.text, message.metadata) == (answer["ts"], "Kent: rank 3", KEY)
    assert (message.bot_id, message.app_id, message.mentions) == ("B1", "A1", [])
    assert slack.calls("chat.postMessage")[0].answer["ok"]


def test_form_and_json_bodies_mean_the_same(slack: SlackDouble, client: WebClient) -> None:
    blocks = json.dumps([section()])
    client.api_call("chat.postMessage", params={"channel": "C1", "text": "a", "blocks": blocks})
    client.api_call("chat.postMessage", json={"channel": "C1", "text": "a", "blocks": [section()]})
    client.api_call("chat.postMessage", data={"channel": "C1", "text": "a", "blocks": blocks})
    assert [message.blocks for message in slack.channel("C1").messages] == [[section()]] * 3


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        ("xapp-test", "auth.test", "not_allowed_token_type"),
        ("xoxb-test", "apps.connections.open", "not_allowed_token_type"),
        ("xoxb-test", "no.such.method", "unknown_method"),
    ],
)
def test_token_and_method_are_checked(slack: SlackDouble, token: str, method: str, error: str) -> None:
    assert error_of(lambda: web_client(slack, token).api_call(method)) == error


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C404", "channel_not_found"),
        ("#performance", "channel_not_found"),
        ("performance", "channel_not_found"),
        ("COLD", "is_archived"),
        ("COUT", "not_in_channel"),
        ("GHID", "channel_not_found"),
    ],
)
def test_channel_is_checked(slack: SlackDouble, client: WebClient, channel: str, error: str) -> None:
    slack.add_channel("COLD", archived=True)
    slack.add_channel("COUT", bot_is_member=False)
    slack.add_channel("GHID", private=True, bot_is_member=False)
    assert error_of(lambda: client.chat_postMessage(channel=channel, text="x")) == error
    assert slack.channel("C1").messages == []


def test_refusal_of_blocks_carries_json_pointers(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C1", text="x", blocks=[header("x" * 151)])
    response = refused.value.response
    assert (response.status_code, response["error"]) == (200, "invalid_blocks")
    assert "[json-pointer:/blocks/0/text/text]" in response["response_metadata"]["messages"][0]


def test_long_text_is_cut_with_a_warning(slack: SlackDouble, client: WebClient) -> None:
    answer = client.chat_postMessage(channel="C1", text="x" * 40_001)
    assert answer["warning"] == "message_truncated"
    assert len(slack.channel("C1").messages[0].text) == 40_000


def test_update_keeps_what_it_is_not_given(slack: SlackDouble, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="a", blocks=[section()], metadata=KEY)["ts"]
    client.chat_update(channel="C1", ts=ts, text="b", blocks=[])
    (message,) = slack.channel("C1").messages
    assert (message.text, message.blocks, message.metadata) == ("b", [], KEY)
    assert message.edited is not None


def test_update_and_delete_refuse_what_is_not_ours(slack: SlackDouble, client: WebClient) -> None:
    theirs = slack.say("C1", "hello").ts
    ours = client.chat_postMessage(channel="C1", text="a")["ts"]
    assert error_of(lambda: client.chat_update(channel="C1", ts="1.000000", text="b")) == "message_not_found"
    assert error_of(lambda: client.chat_update(channel="C1", ts=theirs, text="b")) == "cant_update_message"
    assert error_of(lambda: client.chat_update(channel="C1", ts=ours, text="x" * 4001)) == "msg_too_long"
    assert error_of(lambda: client.chat_delete(channel="C1", ts=theirs)) == "cant_delete_message"
    client.chat_delete(channel="C1", ts=ours)
    assert [message.ts for message in slack.channel("C1").messages] == [theirs]


def test_thread_replies_stay_out_of_the_history(slack: SlackDouble, client: WebClient) -> None:
    root = client.chat_postMessage(channel="C1", text="root")["ts"]
    reply = client.chat_postMessage(channel="C1", text="reply", thread_ts=root)["ts"]
    shown = client.chat_postMessage(channel="C1", text="shown", thread_ts=reply, reply_broadcast=True)["ts"]
    history = client.conversations_history(channel="C1")["messages"]
    assert [message["ts"] for message in history] == [shown, root]
    assert history[1]["reply_count"] == 2
    assert [m["ts"] for m in client.conversations_replies(channel="C1", ts=root)["messages"]] == [
        root,
        reply,
        shown,
    ]
    assert [message.ts for message in slack.channel("C1").thread(root)] == [reply, shown]
    lost = lambda: client.chat_postMessage(channel="C1", text="x", thread_ts="1.000000")  # noqa: E731
    assert error_of(lost) == "thread_not_found"


def test_history_pages_newest_first_between_bounds(client: WebClient) -> None:
    sent = [client.chat_postMessage(channel="C1", text=str(n))["ts"] for n in range(5)]
    first = client.conversations_history(channel="C1", limit=2)
    assert [m["ts"] for m in first["messages"]] == [sent[4], sent[3]]
    assert first["has_more"]
    everything = [m["ts"] for page in first for m in page["messages"]]
    assert everything == sent[::-1]
    between = client.conversations_history(channel="C1", oldest=sent[1], latest=sent[3])
    assert [m["ts"] for m in between["messages"]] == [sent[2]]
    inclusive = client.conversations_history(channel="C1", oldest=sent[1], latest=sent[3], inclusive=True)
    assert [m["ts"] for m in inclusive["messages"]] == sent[3:0:-1]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"limit": 1000}, "invalid_limit"),
        ({"cursor": "bad"}, "invalid_cursor"),
        ({"oldest": "x"}, "invalid_ts_oldest"),
    ],
)
def test_history_refuses_bad_parameters(client: WebClient, params: Json, error: str) -> None:
    client.chat_postMessage(channel="C1", text="x")
    assert error_of(lambda: client.conversations_history(channel="C1", **params)) == error


def test_metadata_payload_is_returned_on_request_only(client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", metadata=KEY)
    without = client.conversations_history(channel="C1")["messages"][0]
    with_all = client.conversations_history(channel="C1", include_all_metadata=True)["messages"][0]
    assert "event_payload" not in without["metadata"]
    assert with_all["metadata"] == KEY


def test_direct_message_by_user_id(slack: SlackDouble, client: WebClient) -> None:
    slack.add_user("U7")
    opened = client.conversations_open(users=["U7"])["channel"]["id"]
    assert client.chat_postMessage(channel="U7", text="digest")["channel"] == opened
    assert [message.text for message in slack.direct_message("U7").messages] == ["digest"]
    assert client.users_info(user="U7")["user"]["id"] == "U7"
    assert error_of(lambda: client.users_info(user="U8")) == "user_not_found"


def test_conversations_list_and_info(slack: SlackDouble, client: WebClient) -> None:
    slack.add_channel("C2", name="old", archived=True)
    listed = client.conversations_list(exclude_archived=True)["channels"]
    assert [channel["id"] for channel in listed] == ["C1"]
    assert client.conversations_info(channel="C2")["channel"]["is_archived"] is True


def test_ephemeral_message_does_not_stand(slack: SlackDouble, client: WebClient) -> None:
    client.chat_postEphemeral(channel="C1", user="U1", text="only you")
    assert slack.channel("C1").messages == []
    assert [message.ephemeral_to for message in slack.channel("C1").ephemeral] == ["U1"]


def test_uploaded_file_appears_in_the_thread(slack: SlackDouble, client: WebClient) -> None:
    root = client.chat_postMessage(channel="C1", text="root")["ts"]
    client.files_upload_v2(content=b"png", filename="a.png", alt_txt="Ranks", channel="C1", thread_ts=root)
    (message,) = slack.channel("C1").thread(root)
    assert message.files[0]["alt_txt"] == "Ranks"
    assert slack.file_content(message.files[0]["id"]) == b"png"
    never: list[dict[str, str | None]] = [{"id": "F404", "title": "x"}]
    assert error_of(lambda: client.files_completeUploadExternal(files=never)) == "file_not_found"


def test_home_tab_hash_guards_against_races(slack: SlackDouble, client: WebClient) -> None:
    slack.add_user("U1")
    first = client.views_publish(user_id="U1", view={"type": "home", "blocks": [section("a")]})["view"]
    client.views_publish(user_id="U1", view={"type": "home", "blocks": [section("b")]}, hash=first["hash"])
    stale = lambda: client.views_publish(  # noqa: E731
        user_id="U1", view={"type": "home", "blocks": []}, hash=first["hash"]
    )
    assert error_of(stale) == "hash_conflict"
    home = slack.home("U1")
    assert home is not None
    assert home["blocks"] == [section("b")]


# Pace and faults


def test_channel_takes_a_burst_then_one_message_a_second(slack: SlackDouble, clock: Clock) -> None:
    slack.pace(burst=2)
    slack.add_channel("C2")
    client = web_client(slack)

    def post(channel: str) -> None:
        client.chat_postMessage(channel=channel, text="x")

    for channel in ("C1", "C1", "C2"):
        post(channel)
    with pytest.raises(SlackApiError) as refused:
        post("C1")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    clock.now += 1
    post("C1")
    assert len(slack.channel("C1").messages) == 3


def test_lost_reply_makes_the_default_client_post_twice(slack: SlackDouble) -> None:
    slack.faults.lose_reply("chat.postMessage")
    WebClient("xoxb-test", base_url=slack.api_url).chat_postMessage(channel="C1", text="x")
    assert len(slack.channel("C1").messages) == 2
    assert [request.fault for request in slack.requests] == ["lose_reply", None]


def test_lost_reply_without_retries_is_an_error_and_one_message(slack: SlackDouble, client: WebClient) -> None:
    slack.faults.lose_reply("chat.postMessage")
    with pytest.raises(http.client.RemoteDisconnected):
        client.chat_postMessage(channel="C1", text="x")
    assert len(slack.channel("C1").messages) == 1


def test_drop_before_stores_nothing(slack: SlackDouble, client: WebClient) -> None:
    slack.faults.drop_before("chat.postMessage")
    with pytest.raises(ConnectionError):
        client.chat_postMessage(channel="C1", text="x")
    assert slack.channel("C1").messages == []


def test_hang_outlasts_the_client_after_taking_effect(slack: SlackDouble) -> None:
    slack.faults.hang("chat.postMessage", 30)
    with pytest.raises(TimeoutError):
        web_client(slack, timeout=0.2).chat_postMessage(channel="C1", text="x")
    assert len(slack.channel("C1").messages) == 1


def test_scripted_answers_are_used_in_order(slack: SlackDouble, client: WebClient) -> None:
    slack.faults.answer("chat.postMessage", {"ok": False, "error": "fatal_error"})
    slack.faults.http("chat.postMessage", 503, body="<html>")
    slack.faults.rate_limit("*", retry_after=7)
    statuses = []
    for _ in range(3):
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel="C1", text="x")
        statuses.append(refused.value.response.status_code)
    assert statuses == [200, 503, 429]
    client.chat_postMessage(channel="C1", text="x")
    assert len(slack.channel("C1").messages) == 1


def test_rate_limit_is_obeyed_by_the_retry_handler(slack: SlackDouble) -> None:
    slack.faults.rate_limit("chat.postMessage", retry_after=0)
    client = web_client(slack, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)])
    client.chat_postMessage(channel="C1", text="x")
    assert len(slack.channel("C1").messages) == 1


def test_wait_for_wakes_on_change_and_tells_what_it_saw(slack: SlackDouble, client: WebClient) -> None:
    poster = Thread(target=lambda: client.chat_postMessage(channel="C1", text="x"))
    poster.start()
    assert slack.wait_for(lambda: slack.channel("C1").messages)[0].text == "x"
    poster.join()
    with pytest.raises(TimeoutError, match=r"chat\.postMessage"):
        slack.wait_for(lambda: False, timeout=0.01)


# Interactions


def rank_app(slack: SlackDouble, workers: ThreadPoolExecutor) -> App:
    """An app that answers a command in each possible way, and a button."""
    app = App(
        client=web_client(slack),
        signing_secret=SECRET,
        raise_error_for_unhandled_request=False,
        listener_executor=workers,
    )

    @app.command("/rank")
    def rank(ack: Any, respond: Any, command: Json) -> None:
        ack(text="Looking", blocks=[section("Looking"), actions(button(value="inner"))])
        respond(text=f"Rank of {command['text']}", response_type="in_channel", blocks=[actions(button())])

    @app.command("/plain")
    def plain_text(ack: Any) -> None:
        ack("Just text")

    @app.command("/broken")
    def broken(ack: Any) -> None:
        ack(text="x", blocks=[header("x" * 151)])

    @app.command("/modal")
    def modal(ack: Any, client: WebClient, body: Json) -> None:
        client.views_open(
            trigger_id=body["trigger_id"],
            view={"type": "modal", "title": plain("Rank"), "blocks": [section()]},
        )
        ack()

    @app.action("go")
    def go(ack: Any, respond: Any, action: Json) -> None:
        ack()
        respond(text=f"Pressed {action['value']}", replace_original=True)

    @app.action("refresh")
    def refresh(ack: Any) -> None:
        ack()

    @app.event("app_home_opened")
    def home(event: Json, client: WebClient) -> None:
        client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [actions(button(action_id="refresh"))]}
        )

    return app


@contextmanager
def served(answer: Callable[[bytes, dict[str, str]], tuple[int, str, str]]) -> Iterator[str]:
    """An HTTP server for the app; `answer` gives status, content type and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, content_type, text = answer(body, dict(self.headers.items()))
            with suppress(ConnectionError):  # Slack may have given up by now
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Keep the output of the tests clean."""

    class Quick(ThreadingHTTPServer):
        request_queue_size = 64

    with Quick(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/slack/events"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as executor:
        yield executor


@pytest.fixture
def url(slack: SlackDouble, workers: ThreadPoolExecutor) -> Iterator[str]:
    app = rank_app(slack, workers)

    def answer(body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        response = app.dispatch(BoltRequest(body=body.decode(), headers={**headers}))
        return response.status, response.first_headers().get("content-type", "text/plain"), response.body

    with served(answer) as address:
        yield address


def test_signature_passes_the_verifier_of_the_sdk(slack: SlackDouble) -> None:
    verdicts: list[bool] = []

    def answer(body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        verdicts.append(SignatureVerifier(SECRET).is_valid_request(body, headers))
        return 200, "text/plain", ""

    with served(answer) as address:
        reply = slack.slash("/rank", url=address)
        slack.replay(reply)
        for signing in (
            Signing(secret="other"),
            Signing(age=301),
            Signing(tampered=True),
            Signing(missing=True),
        ):
            slack.slash("/rank", url=address, signing=signing)
        slack.slash("/rank", url=address, signing=Signing(age=290))
    assert verdicts == [True, True, False, False, False, False, True]


def test_slash_over_http_shows_ack_and_response(slack: SlackDouble, url: str) -> None:
    reply = slack.slash("/rank", "theme Police", url=url)
    assert reply.ok
    answers = slack.wait_for(lambda: len(slack.responses(reply)) == 2 and slack.responses(reply))
    assert {answer.response_type for answer in answers or []} == {"ephemeral", "in_channel"}
    assert [message.text for message in slack.channel("C1").messages] == ["Rank of theme Police"]
    assert [message.text for message in slack.channel("C1").ephemeral] == ["Looking"]


def test_plain_text_ack_is_an_ephemeral_response(slack: SlackDouble, url: str) -> None:
    (answer,) = slack.responses(slack.slash("/plain", url=url))
    assert (answer.text, answer.response_type, answer.acknowledgement) == ("Just text", "ephemeral", True)


def test_ack_over_a_limit_shows_nothing_and_is_logged(slack: SlackDouble, url: str) -> None:
    assert slack.responses(slack.slash("/broken", url=url)) == []
    assert slack.calls("ack")[0].answer["error"] == "invalid_blocks"


def test_bolt_refuses_what_is_wrongly_signed(slack: SlackDouble, url: str) -> None:
    assert slack.slash("/plain", url=url, signing=Signing(secret="other")).status == 401
    assert slack.slash("/plain", url=url, signing=Signing(age=301)).status == 401


def test_press_finds_the_button_and_replaces_its_message(slack: SlackDouble, url: str, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="a", blocks=[actions(button(value="k1"))])["ts"]
    reply = slack.press(button_value="k1", action_id="go", url=url)
    slack.wait_for(lambda: slack.responses(reply))
    (message,) = slack.channel("C1").messages
    assert (message.ts, message.text, message.blocks) == (ts, "Pressed k1", [])
    with pytest.raises(LookupError):
        slack.press(button_value="k1", url=url)


def test_press_on_an_ephemeral_message(slack: SlackDouble, url: str) -> None:
    first = slack.slash("/rank", "Kent", url=url)
    slack.wait_for(lambda: len(slack.responses(first)) == 2)
    reply = slack.press(button_value="inner", url=url)
    slack.wait_for(lambda: slack.responses(reply))
    assert [message.text for message in slack.channel("C1").ephemeral] == ["Pressed inner"]


def test_modal_opens_once_while_the_trigger_is_fresh(
    slack: SlackDouble, url: str, client: WebClient, clock: Clock
) -> None:
    reply = slack.slash("/modal", url=url)
    assert reply.ok
    assert [view["type"] for view in slack.views.values()] == ["modal"]
    view = {"type": "modal", "title": plain("x"), "blocks": []}

    def again(trigger: str) -> str:
        return error_of(lambda: client.views_open(trigger_id=trigger, view=view))

    assert again(reply.trigger_id) == "exchanged_trigger_id"
    late = slack.slash("/plain", url=url)
    clock.now += 4
    assert again(late.trigger_id) == "expired_trigger_id"


def test_home_event_and_button(slack: SlackDouble, url: str) -> None:
    slack.add_user("U1")
    assert slack.http(url).event({"type": "app_home_opened", "user": "U1", "tab": "home"}).ok
    home = slack.wait_for(lambda: slack.home("U1"))
    assert home is not None
    assert slack.http(url).press_view(home["id"], "refresh").ok


def test_late_acknowledgement_is_not_in_time(clock: Clock) -> None:
    release = Event()

    def answer(body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        release.wait(10)
        return 200, "text/plain", "too late"

    with SlackDouble(clock=clock, patience=0.1) as slack, served(answer) as address:
        slack.add_channel("C1")
        reply = slack.slash("/rank", url=address)
        assert (reply.status, reply.in_time, reply.ok) == (0, False, False)
        assert slack.responses(reply) == []
        release.set()


def post_to(url: str, payload: Json) -> tuple[int, str]:
    response = WebhookClient(url).send_dict(payload)
    return response.status_code, response.body


def captured(slack: SlackDouble) -> tuple[Reply, str]:
    """A slash command and its response_url."""
    seen: list[str] = []

    def answer(body: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        form = BoltRequest(body=body.decode(), headers={**headers}).body
        seen.append(str(form["response_url"]))
        return 200, "text/plain", ""

    with served(answer) as address:
        return slack.slash("/rank", url=address), seen[0]


def test_response_url_takes_five_uses(slack: SlackDouble) -> None:
    reply, url = captured(slack)
    assert [post_to(url, {"text": str(n)})[0] for n in range(5)] == [200] * 5
    status, body = post_to(url, {"text": "6"})
    assert (status, json.loads(body)["error"]) == (404, "used_url")
    assert [answer.response_type for answer in slack.responses(reply)] == ["ephemeral"] * 5


def test_response_url_expires_after_thirty_minutes(slack: SlackDouble, clock: Clock) -> None:
    _, url = captured(slack)
    clock.now += 1801
    assert "expired_url" in post_to(url, {"text": "x"})[1]


def test_response_url_enforces_block_limits(slack: SlackDouble) -> None:
    reply, url = captured(slack)
    assert "invalid_blocks" in post_to(url, {"text": "x", "blocks": [header("x" * 151)]})[1]
    assert slack.responses(reply) == []


def test_thirty_slash_commands_at_once(slack: SlackDouble) -> None:
    shown = (200, "application/json", '{"text": "ok"}')
    with served(lambda body, headers: shown) as address, ThreadPoolExecutor(30) as pool:
        replies = list(pool.map(lambda n: slack.slash("/rank", str(n), url=address), range(30)))
    assert all(reply.ok for reply in replies)
    assert [len(slack.responses(reply)) for reply in replies] == [1] * 30


# Socket Mode


@contextmanager
def connected(slack: SlackDouble, workers: ThreadPoolExecutor, ping_interval: float = 0.3) -> Iterator[None]:
    """An app with one more socket open."""
    expected = slack.socket.connected + 1
    app, web = rank_app(slack, workers), web_client(slack, "xapp-test")
    handler: Any = SocketModeHandler(app, "xapp-test", web_client=web, ping_interval=ping_interval)
    handler.connect()
    try:
        slack.wait_for(lambda: slack.socket.connected == expected)
        yield
    finally:
        slack.socket.drop_all()  # an idle client waits three seconds in its last read otherwise
        handler.close()


def test_slash_and_press_over_a_socket(slack: SlackDouble, workers: ThreadPoolExecutor) -> None:
    with connected(slack, workers, ping_interval=2):
        reply = slack.socket.slash("/rank", "Kent")
        assert reply.ok
        slack.wait_for(lambda: len(slack.responses(reply)) == 2)
        press = slack.socket.press("go", "v")
        slack.wait_for(lambda: slack.responses(press))
        assert [message.text for message in slack.channel("C1").messages] == ["Pressed v"]
        assert slack.responses(slack.socket.slash("/plain"))[0].text == "Just text"


def test_twenty_commands_at_once_over_a_socket(slack: SlackDouble, workers: ThreadPoolExecutor) -> None:
    with connected(slack, workers), ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(lambda n: slack.socket.slash("/plain", str(n)), range(20)))
    assert all(reply.ok for reply in replies)


def test_app_reconnects_after_a_disconnect_frame(slack: SlackDouble, workers: ThreadPoolExecutor) -> None:
    with connected(slack, workers):
        slack.socket.disconnect()
        slack.wait_for(lambda: slack.socket.connected == 1)
        assert slack.socket.slash("/plain").ok


def test_app_reconnects_after_its_sockets_are_cut(slack: SlackDouble, workers: ThreadPoolExecutor) -> None:
    with connected(slack, workers):
        slack.socket.drop_all()
        assert not slack.socket.slash("/plain").ok
        slack.wait_for(lambda: slack.socket.connected == 1, timeout=10)
        assert slack.socket.slash("/plain").ok


def test_without_a_socket_the_command_fails_at_once(slack: SlackDouble) -> None:
    reply = slack.socket.slash("/plain")
    assert (reply.ok, reply.status) == (False, 0)
    assert reply.seconds < 1


def test_each_envelope_goes_to_one_socket(slack: SlackDouble, workers: ThreadPoolExecutor) -> None:
    with connected(slack, workers), connected(slack, workers):
        replies = [slack.socket.slash("/plain") for _ in range(6)]
    assert [len(slack.responses(reply)) for reply in replies] == [1] * 6
