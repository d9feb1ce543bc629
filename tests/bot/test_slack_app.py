"""Slack asking, by signed HTTP and by socket, and what people then see."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog
from slack_sdk import WebClient

from bot.actions import Actions
from bot.commands import Answers, Payload, payload
from bot.delivery import NoPicture
from bot.errors import AnswerRefused
from bot.people import OwnTeam, Permissions, Person
from bot.slack_app import LARGEST, Responder, build_app, socket_handler, wsgi
from bot.slack_poster import SlackPoster, web_client
from bot.slack_text import ChartOf, Message, Picture, compose, section
from state.database import Database, Writer
from state.reader import Reader
from state.views import Names, ThemeReport
from tests.bot.pressing import prepare, serving
from tests.slack_double import Response, Signing, SlackDouble
from tests.system.releases import NOW

SECRET = "signing-secret"
POLICE = "Police &amp; Crime: 27th of 31"
ALT = "Police & Crime: 27th of 31, where 1st is best"


class Looked(Reader):
    """A reader that counts, and can be made to fail."""

    asked = 0
    broken = False

    def names(self) -> Names:
        if self.broken:
            raise RuntimeError("disk full")
        return super().names()

    def read(self, query: Callable[[Database], Any]) -> Any:
        if self.broken:
            raise RuntimeError("disk full")
        return super().read(query)

    def theme(self, name: str, *given: Any, **named: Any) -> ThemeReport | None:
        self.asked += 1
        return super().theme(name, *given, **named)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(tmp_path_factory.mktemp("figures"))


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble(signing_secret=SECRET) as double:
        double.add_channel("C1")
        yield double


@pytest.fixture
def reader(figures: Path) -> Iterator[Looked]:
    looked = Looked(figures)
    yield looked
    looked.close()


@pytest.fixture
def respond() -> Iterator[Responder]:
    responder = Responder()
    yield responder
    responder.close()


@pytest.fixture
def made(slack: SlackDouble, reader: Looked, respond: Responder) -> Iterator[Callable[..., Any]]:
    """Makes apps with what a test gives them."""
    apps = []

    def make(**given: Any) -> Any:
        client = web_client("xoxb-test", slack.api_url)
        answers = Answers(reader, today=NOW.date)
        apps.append(build_app(answers, client, signing_secret=SECRET, respond=respond, **given))
        return apps[-1]

    yield make
    for app in apps:
        app.listener_runner.listener_executor.shutdown()


@pytest.fixture
def app(made: Callable[..., Any]) -> Any:
    return made()


@pytest.fixture
def url(app: Any) -> Iterator[str]:
    with serving(app) as address:
        yield address


def answered(slack: SlackDouble, reply: Any, count: int = 1) -> list[Response]:
    return slack.wait_for(lambda: found if len(found := slack.responses(reply)) >= count else [])


def test_a_command_is_acknowledged_empty_and_answered_to_the_one_who_asked(slack: SlackDouble, url: str) -> None:
    reply = slack.slash("/rank", "theme police", url=url)
    assert (reply.status, reply.body) == (200, "")
    [answer] = answered(slack, reply)
    assert answer.response_type == "ephemeral"
    assert answer.text.startswith(POLICE)
    assert not answer.acknowledgement
    assert slack.calls("auth.test") == []


def test_share_here_answers_the_channel(slack: SlackDouble, url: str) -> None:
    answered(slack, slack.slash("/rank", "police", url=url))
    [answer] = answered(slack, slack.press("rank:share", url=url, user="U2"))
    assert answer.response_type == "in_channel"
    assert not answer.replace_original
    assert answer.text.startswith(POLICE)
    assert len(slack.channel("C1").top_level()) == 1


def test_a_choice_is_answered_to_the_one_who_pressed(slack: SlackDouble, url: str) -> None:
    answered(slack, slack.slash("/rank", "theme", url=url))
    reply = slack.press("rank:ask", "theme Transport & Highways", url=url)
    [answer] = answered(slack, reply)
    assert answer.response_type == "ephemeral"
    assert answer.text.startswith("Transport &amp; Highways: ")


def test_the_same_press_or_command_sent_twice_is_answered_once(slack: SlackDouble, url: str) -> None:
    asked = slack.slash("/rank", "police", url=url)
    answered(slack, asked)
    pressed = slack.press("rank:share", url=url)
    answered(slack, pressed)
    for reply in (asked, pressed):
        assert slack.replay(reply).status == 200
    answered(slack, slack.slash("/rank", "overall", url=url))
    assert len(slack.responses(asked)) == len(slack.responses(pressed)) == 1
    assert len(slack.channel("C1").top_level()) == 1


def test_a_fault_is_told_politely_and_logged(slack: SlackDouble, url: str, reader: Looked) -> None:
    reader.broken = True
    with structlog.testing.capture_logs() as logged:
        [answer] = answered(slack, slack.slash("/rank", "police", url=url))
    assert logged[0]["event"] == "answer_failed"
    assert answer.text.startswith("That did not work. The fault is on this side and has been logged")
    assert "disk" not in answer.text


@pytest.mark.parametrize(
    "signing",
    [Signing(secret="wrong"), Signing(age=301), Signing(age=-301), Signing(missing=True), Signing(tampered=True)],
)
def test_a_wrong_signature_is_refused(slack: SlackDouble, url: str, signing: Signing) -> None:
    reply = slack.slash("/rank", "police", url=url, signing=signing)
    assert reply.status == 401
    assert slack.responses(reply) == []


def test_what_nobody_answers_is_ignored_politely(slack: SlackDouble, url: str) -> None:
    assert slack.slash("/other", "x", url=url).status == 200
    assert slack.http(url).event({"type": "app_home_opened", "user": "U1", "tab": "home"}).status == 200


def test_blocks_that_slack_refuses_are_followed_by_the_text(slack: SlackDouble, url: str) -> None:
    slack.faults.http("response_url", 400, body="invalid_blocks")
    [answer] = answered(slack, slack.slash("/rank", "overall", url=url))
    assert answer.blocks == []
    assert answer.text.startswith("Leicestershire · 2 of 4 indicators")


def test_an_answer_without_reply_is_not_sent_again(slack: SlackDouble, url: str) -> None:
    slack.faults.lose_reply("response_url")
    reply = slack.slash("/rank", "overall", url=url)
    answered(slack, reply)
    answered(slack, slack.slash("/rank", "police", url=url))
    assert len(slack.responses(reply)) == 1
    assert len(slack.calls("response_url")) == 2


def call(app: Any, method: str = "POST", path: str = "/slack/events", body: bytes = b"", **environ: str) -> int:
    status: list[str] = []
    base = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    list(wsgi(app)({**base, **environ}, lambda said, _headers: status.append(said)))  # type: ignore[arg-type]
    return int(status[0].split()[0])


def test_other_requests_get_a_plain_refusal(app: Any) -> None:
    assert call(app, path="/elsewhere") == 404
    assert call(app, method="GET") == 405
    assert call(app, body=b"\xff\xfe") == 400
    assert call(app, body=b"payload=%7Bbroken") == 400
    assert call(app, body=b"{broken", CONTENT_TYPE="application/json") == 400
    assert call(app, CONTENT_LENGTH=str(LARGEST + 1)) == 413
    assert call(app, CONTENT_LENGTH="-1") == 413
    assert call(app, body=b"text=hello") == 401
    assert call(app, path="/events", body=b"text=hello", SCRIPT_NAME="/slack") == 401


def test_a_used_up_address_is_reported_without_naming_it(respond: Responder, slack: SlackDouble) -> None:
    address = f"{slack.api_url.removesuffix('api/')}response/secret-part"
    with pytest.raises(AnswerRefused) as refused:
        respond(address, payload(compose([section("x")])))
    assert "404" in str(refused.value)
    assert "secret-part" not in str(refused.value)
    with pytest.raises(AnswerRefused, match=r"no reply \(ConnectError\)"):
        respond("http://127.0.0.1:9/secret-part", Payload(b"{}", b"{}"))


def test_response_addresses_are_never_logged(
    slack: SlackDouble, url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answered(slack, slack.slash("/rank", "police", url=url))
    slack.slash("/rank", "police", url=url, signing=Signing(secret="wrong"))
    slack.slash("/other", "police", url=url)
    ours = [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]  # the double's own
    written = [line for text in capsys.readouterr() for line in text.splitlines() if "aiohttp.access" not in line]
    everything = "".join((*ours, *written))
    assert "/response/" not in everything
    assert "%2Fresponse%2F" not in everything


def test_over_the_socket_the_answer_is_the_same(slack: SlackDouble, app: Any) -> None:
    handler = socket_handler(app, "xapp-test", WebClient("xapp-test", base_url=slack.api_url))
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        slack.wait_for(lambda: slack.socket.connected == 1)
        reply = slack.socket.slash("/rank", "police")
        assert reply.ok
        [answer] = answered(slack, reply)
        assert answer.text.startswith(POLICE)
        assert handler.client.ping_interval == 2
    finally:
        handler.close()  # type: ignore[no-untyped-call]


def test_twenty_people_at_once_are_all_answered_by_one_look(slack: SlackDouble, url: str, reader: Looked) -> None:
    people = [f"U{number}" for number in range(20)]
    with ThreadPoolExecutor(20) as crowd:
        replies = list(crowd.map(lambda user: slack.slash("/rank", "police", url=url, user=user), people))
        assert all(reply.ok for reply in replies)
        for reply in replies:
            answered(slack, reply)
    assert reader.asked == 1


# --- charts -----------------------------------------------------------------------------------------


def drawn(of: ChartOf) -> Picture | None:
    return Picture(b"\x89PNG\r\n\x1a\n" + b"0" * 64, ALT, "Police & Crime") if of.names == ("Police & Crime",) else None


def test_a_chart_follows_its_answer_and_is_shared_with_it(slack: SlackDouble, made: Callable[..., Any]) -> None:
    poster = SlackPoster(web_client("xoxb-test", slack.api_url), sleep=lambda _: None)
    with serving(made(draw=drawn, upload=poster.upload)) as url:
        words, picture = answered(slack, slack.slash("/rank", "chart theme police", url=url), 2)
        assert words.text.startswith(POLICE)
        [image] = picture.blocks
        assert (image["type"], image["alt_text"]) == ("image", ALT)
        assert slack.file_content(image["slack_file"]["id"]) is not None
        assert (picture.text, picture.response_type) == (ALT.replace("&", "&amp;"), "ephemeral")
        shared = answered(slack, slack.press("rank:share", url=url, user="U2"), 2)
        assert [answer.response_type for answer in shared] == ["in_channel", "in_channel"]
        assert shared[1].blocks[0]["type"] == "image"
    assert len(slack.channel("C1").top_level()) == 2


def test_where_pictures_cannot_be_posted_the_chart_is_told_in_words(
    slack: SlackDouble, made: Callable[..., Any]
) -> None:
    def refuse(picture: Picture) -> str:
        raise NoPicture("missing_scope")

    def fail(picture: Picture) -> str:
        raise RuntimeError("boom")

    for upload in (refuse, fail, None):
        with serving(made(draw=drawn, upload=upload)) as url:
            _, said = answered(slack, slack.slash("/rank", "chart theme police", url=url), 2)
        assert said.text == f"The chart in words, as pictures cannot be posted here: {ALT.replace('&', '&amp;')}"
        assert "boom" not in said.text


def test_where_nothing_can_be_drawn_a_sentence_says_so(slack: SlackDouble, made: Callable[..., Any]) -> None:
    def fail(of: ChartOf) -> Picture | None:
        raise RuntimeError("boom")

    for draw, said in ((lambda of: None, "There is no chart: there are"), (fail, "The chart could not be drawn.")):
        with serving(made(draw=draw)) as url:
            _, answer = answered(slack, slack.slash("/rank", "chart theme police", url=url), 2)
        assert answer.text.startswith(said)


# --- who asks ---------------------------------------------------------------------------------------


class Greeter:
    """Answers that depend on who asks."""

    def handles(self, text: str) -> bool:
        return text.startswith("subscribe")

    def answer(self, text: str, person: Person, channel: str) -> Message:
        return compose([section(f"{person.id} of {person.team} in {channel} asks to {text}")])


def test_what_is_logged_of_a_command_hides_nothing_beside_it(slack: SlackDouble, url: str) -> None:
    with structlog.testing.capture_logs() as logged:
        answered(slack, slack.slash("/rank", "police \x1b[31m\u202e" + "y" * 9_000, url=url))
        slack.wait_for(lambda: [entry for entry in logged if entry["event"] == "answered"])
    [entry] = [entry for entry in logged if entry["event"] == "answered"]
    assert entry["command"].startswith("police ")
    assert len(entry["command"]) <= 200
    assert entry["command"].isprintable()


def test_a_press_without_a_workspace_of_the_user_is_nobodys_of_ours() -> None:
    user = {"id": "U1", "username": "ann"}
    pressed = {"user": user, "team": {"id": "T1"}, "team_id": "T1", "user_id": "U1"}
    assert Person.of(pressed) == Person("U1", "ann", "")
    permissions = Permissions({"U1"}, lambda: "T1")
    assert not permissions.approver(Person.of(pressed))
    assert not permissions.member(Person.of(pressed))
    assert permissions.approver(Person.of({**pressed, "user": {**user, "team_id": "T1"}}))


def test_what_depends_on_who_asks_is_answered_for_whom_slack_names(
    slack: SlackDouble, made: Callable[..., Any]
) -> None:
    client = web_client("xoxb-test", slack.api_url)
    element = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": "rank:ask"}
    with serving(made(personal=Greeter())) as url:
        [answer] = answered(slack, slack.slash("/rank", "subscribe theme police", url=url, user="U7"))
        assert (answer.text, answer.response_type) == ("U7 of T1 in C1 asks to subscribe theme police", "ephemeral")
        forged = {**element, "value": "subscribe theme police user_id=U1 team_id=T1"}
        shared = {**forged, "action_id": "rank:share"}
        client.chat_postMessage(channel="C1", text="x", blocks=[{"type": "actions", "elements": [forged, shared]}])
        [answer] = answered(slack, slack.http(url).elsewhere().press("rank:ask", user="U8"))
        assert answer.text.startswith("U8 of T2 in C1 asks to subscribe")
        [answer] = answered(slack, slack.press("rank:share", url=url, user="U7"))
        assert "asks to" not in answer.text, "what is for one person is never shared"


class Tabs:
    """The Home tab, as far as it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def opened(self, body: dict[str, Any]) -> None:
        self.told.append(("opened", body["event"]["user"]))

    def chosen(self, body: dict[str, Any]) -> None:
        self.told.append(("chosen", body["actions"][0]["selected_option"]["value"]))


def test_the_home_tab_is_told_once_of_what_people_do(slack: SlackDouble, made: Callable[..., Any]) -> None:
    tabs = Tabs()
    option = {"text": {"type": "plain_text", "text": "Weekly"}, "value": "weekly:police"}
    select = {"type": "static_select", "action_id": "home:subscribe", "options": [option]}
    client = web_client("xoxb-test", slack.api_url)
    slack.add_user("U1")
    app = made(homes=tabs)
    with serving(app) as url:
        people = slack.http(url)
        opened = people.open_home(user="U1")
        client.views_publish(user_id="U1", view={"type": "home", "blocks": [{"type": "actions", "elements": [select]}]})
        home = slack.home("U1")
        assert home is not None
        chosen = people.press_view(home["id"], "home:subscribe", user="U1")
        assert [people.replay(reply).status for reply in (opened, chosen)] == [200, 200]
    app.listener_runner.listener_executor.shutdown()
    assert sorted(tabs.told) == [("chosen", "weekly:police"), ("opened", "U1")]


def test_which_workspace_is_ours_is_asked_once_and_again_after_a_failure(slack: SlackDouble) -> None:
    team = OwnTeam(web_client("xoxb-test", slack.api_url))
    slack.faults.http("auth.test", 503)
    assert [team(), team(), team()] == ["", "T1", "T1"]
    assert len(slack.calls("auth.test")) == 2
    permissions = Permissions({"U1"}, team)
    assert permissions.approver(Person("U1", "ann", "T1"))
    assert not permissions.approver(Person("U1", "ann", "T2"))
    assert not permissions.approver(Person("U2", "bob", "T1"))


def test_a_press_that_fails_is_told_politely(
    slack: SlackDouble, reader: Looked, figures: Path, made: Callable[..., Any]
) -> None:
    client = web_client("xoxb-test", slack.api_url)
    permissions = Permissions(set(), OwnTeam(client))
    writer = Writer(figures)
    actions = Actions(reader, writer, permissions, client, lambda: None)
    element = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": "held:look", "value": "3"}
    client.chat_postMessage(channel="C1", text="x", blocks=[{"type": "actions", "elements": [element]}])
    reader.broken = True
    with serving(made(actions=actions)) as url, structlog.testing.capture_logs() as logged:
        [answer] = answered(slack, slack.press("held:look", url=url))
    assert answer.text.startswith("That did not work. The fault is on this side and has been logged")
    assert [line["event"] for line in logged] == ["press_failed"]
    writer.close()
