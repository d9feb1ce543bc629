"""The Home tab as people see it in Slack: opened, chosen from, kept up to date, and safe against what is forged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.commands import Answers
from bot.home import Homes
from bot.home_view import CHOOSE, Facts, home_view, token
from bot.people import Permissions
from bot.slack_app import build_app, socket_handler
from bot.slack_poster import web_client
from bot.slack_text import Message, plain
from engine.catalogue import Catalogue, Indicator, Polarity, Theme
from engine.origins import DataSet, Origin
from jobs.notices import DueLine
from jobs.overview import DataSetLine, Overview, SourceLine
from jobs.pipeline import ingest
from jobs.policy import Policy
from jobs.settings import Settings
from state import homes, mutes, sources, subscriptions
from state.database import Writer
from state.reader import Reader
from state.sources import Expected, Place
from state.subscriptions import How, Subscription
from tests.bot.pressing import serving
from tests.bot.test_digest_messages import HOSTILE
from tests.slack_double import Actor, SlackDouble, check_view, live_mentions
from tests.slack_double.carriers import Ack
from tests.slack_double.workspace import TEAM_ID
from tests.system.releases import COUNCIL, NOW, POLICE, ROADS, Entry, policy, release

PUBLISH = "views.publish"
ENTRIES = (Entry("burglary"), Entry("robbery"), Entry("potholes", ROADS))


class Desk:
    """A workspace, a database, and the Home tabs between them; the double's requests reach these without a network."""

    def __init__(self, folder: Path, slack: SlackDouble) -> None:
        self.slack = slack
        self.path = folder / "benchwatch.db"
        self.writer = Writer(self.path)
        self.reader = Reader(self.path)
        self.now = NOW
        self.policy = policy()
        self.client: WebClient = web_client("xoxb-test", slack.api_url)
        self.restart()
        self.people = Actor(slack._workspace, slack._interactions, self, 3.0)

    def restart(self) -> None:
        """A new process: nothing is remembered but the database."""
        self.homes = Homes(
            self.reader,
            self.writer,
            self.client,
            Permissions((), lambda: TEAM_ID),
            Settings(),
            self.policy,
            lambda: self.now,
        )

    def carry(self, kind: str, payload: dict[str, Any], seconds: float) -> Ack:
        (self.homes.opened if kind == "events_api" else self.homes.chosen)(payload)
        return Ack(200)

    def take(self, day: str, period: str, level: float = 100.0, **places: int) -> None:
        book = release(ENTRIES, {"burglary": 10, "robbery": 10, "potholes": 5} | places, period, level=level)
        ingest(self.writer._db, book.raw(f"r-{day}.csv"), self.policy, now=self.now)

    def home(self, user: str) -> dict[str, Any]:
        view = self.slack.home(user)
        assert view is not None
        return view

    def read(self, user: str) -> list[str]:
        """What somebody reads on their Home tab."""
        return plain(Message("", self.home(user)["blocks"])).splitlines()

    def choose(self, user: str, how: str, theme: str = POLICE, *, view_of: str = "", team: str = "") -> None:
        people = self.people.elsewhere(team) if team else self.people
        people.press_view(self.home(view_of or user)["id"], CHOOSE, f"{how}:{token(theme)}", user=user)

    def subscribed(self, user: str | None = None) -> list[tuple[str, str, str]]:
        found = self.reader.read(lambda db: subscriptions.subscriptions(db, user))
        return [(one.place, one.theme, one.how) for one in found]

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        double.pace(None)
        yield double
        for closing in _closing:
            closing.join(10)


_closing: list[threading.Thread] = []
"""Sockets take some seconds to close, which other tests need not wait for."""


@pytest.fixture
def desk(tmp_path: Path, workspace: SlackDouble) -> Iterator[Desk]:
    desk = Desk(tmp_path, workspace)
    yield desk
    desk.close()


_people = iter(range(1, 10_000))


@pytest.fixture
def user() -> str:
    """Somebody new: the workspace is shared by the tests."""
    return f"UA{next(_people)}"


@pytest.fixture
def other() -> str:
    return f"UB{next(_people)}"


def chosen(view: dict[str, Any]) -> dict[str, str]:
    """The choice that stands beside each theme, by the first words of its section."""
    return {
        block["text"]["text"].split(" — ")[0].strip("*"): block["accessory"]["initial_option"]["text"]["text"]
        for block in view["blocks"]
        if "accessory" in block
    }


# --- through the app -------------------------------------------------------------------------------


@pytest.fixture
def app(desk: Desk) -> Iterator[App]:
    made = build_app(Answers(desk.reader), desk.client, signing_secret="signing-secret", homes=desk.homes)
    yield made
    made.listener_runner.listener_executor.shutdown()


@pytest.fixture
def url(app: App) -> Iterator[str]:
    with serving(app) as address:
        yield address


def until(desk: Desk, user: str, said: str) -> None:
    """Wait until the tab of somebody shows this choice beside the first theme."""
    desk.slack.wait_for(lambda: (view := desk.slack.home(user)) and next(iter(chosen(view).values())) == said)


def test_by_signed_http_it_is_opened_and_chosen_from_and_a_replay_changes_nothing(
    desk: Desk, url: str, user: str
) -> None:
    desk.take("2024-11-01", "2022/23")
    people = desk.slack.http(url)
    assert people.open_home(user=user).ok
    until(desk, user, "Not subscribed")
    reply = people.press_view(desk.home(user)["id"], CHOOSE, f"now:{token(POLICE)}", user=user)
    assert reply.ok
    until(desk, user, "At once")
    assert people.press_view(desk.home(user)["id"], CHOOSE, f"weekly:{token(POLICE)}", user=user).ok
    until(desk, user, "Weekly digest")
    calls = len(desk.slack.calls(PUBLISH))
    assert people.replay(reply).ok
    assert people.open_home(user=user).ok
    desk.slack.wait_for(lambda: len(desk.slack.calls(PUBLISH)) > calls)
    assert desk.subscribed() == [(user, POLICE, "weekly")]


def test_over_the_socket_it_is_the_same(desk: Desk, app: App, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    handler = socket_handler(app, "xapp-test", WebClient("xapp-test", base_url=desk.slack.api_url))
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        desk.slack.wait_for(lambda: desk.slack.socket.connected == 1)
        assert desk.slack.socket.open_home(user=user).ok
        until(desk, user, "Not subscribed")
        assert desk.slack.socket.press_view(desk.home(user)["id"], CHOOSE, f"now:{token(POLICE)}", user=user).ok
        until(desk, user, "At once")
    finally:
        _closing.append(threading.Thread(target=handler.close, daemon=True))
        _closing[-1].start()
    assert desk.subscribed() == [(user, POLICE, "now")]


# --- what it shows ---------------------------------------------------------------------------------


def test_the_tab_shows_how_the_council_stands(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.take("2025-11-01", "2023/24", 90, burglary=30, robbery=26)
    desk.people.open_home(user=user)
    lines = desk.read(user)
    assert lines[:2] == ["Leicestershire", "2 of 3 indicators (67%) in the bottom quartile"]
    at = lines.index("Police & Crime — 28th of 31")
    assert lines[at + 1] == "10th last year, ▼ worse · 2 of 2 indicators (100%) in the bottom quartile"
    assert "Your subscriptions: none · Choose beside a theme, or type /rank subscribe" in lines
    assert "Releases due: none announced for the next two months" in lines
    assert lines[-1].startswith("Leicestershire · Quartiles: rank rule, 31 county areas · snapshot 2025-11-01/1")
    assert chosen(desk.home(user)) == {
        "Police &amp; Crime": "Not subscribed",
        "Transport &amp; Highways": "Not subscribed",
    }


def test_before_any_release_the_tab_is_useful_all_the_same(desk: Desk, user: str) -> None:
    desk.people.open_home(user=user)
    lines = desk.read(user)
    assert lines[0] == "Leicestershire"
    assert lines[1].startswith("There are no figures yet. The first release that comes is ranked")
    assert "Sources: no publisher is watched; figures come from files." in lines
    assert lines[-1] == "/rank help shows what else can be asked"


def test_illustrative_figures_say_so(desk: Desk, user: str) -> None:
    desk.policy = Policy(COUNCIL, "counties", Catalogue(), illustrative=True)
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    assert "illustrative comparators" in desk.read(user)[-1]


def test_the_messages_tab_is_not_the_home_tab(desk: Desk, user: str) -> None:
    desk.people.open_home(user=user, tab="messages")
    assert desk.slack.home(user) is None
    assert desk.reader.read(homes.versions) == {}


def publisher() -> Policy:
    indicators = {"burglary": Indicator("burglary", "Burglary", POLICE, Polarity.parse("low"))}
    catalogue = Catalogue(
        indicators,
        {POLICE: Theme(POLICE)},
        origins={"burglary": Origin("nomis", "crime")},
        datasets={("nomis", "crime"): DataSet("nomis", "crime", "Recorded crime")},
    )
    return Policy(COUNCIL, "counties", catalogue, publishers=("nomis",))


def test_releases_due_and_what_is_wrong_with_a_source_are_told(desk: Desk, user: str) -> None:
    desk.policy = publisher()
    desk.restart()
    with desk.writer.unit() as db:
        sources.save_expected(db, "nomis", "crime", Expected("2025-12-01", "confirmed"))
    desk.people.open_home(user=user)
    assert "• Recorded crime (Nomis (Office for National Statistics)) · 1 December 2025" in desk.read(user)
    assert "Sources: 1 of 1 is well" in desk.read(user)
    with desk.writer.unit() as db:
        sources.save_place(db, "nomis", "", Place(problem="no answer <!channel>", failures=3))
        sources.mark_expected_told(db, "nomis", "crime", "overdue 2025-12-01")
    desk.now += timedelta(days=30)
    assert desk.homes.refresh() == 1
    lines = desk.read(user)
    assert "Sources: 0 of 1 are well" in lines
    assert "• Nomis (Office for National Statistics): no answer <!channel>" in lines
    assert "Late: 1 release" in lines
    assert not live_mentions(desk.home(user))


# --- choosing --------------------------------------------------------------------------------------


def test_a_choice_is_kept_and_shown_to_the_one_who_chose(desk: Desk, user: str, other: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    desk.people.open_home(user=other)
    desk.choose(user, "weekly")
    assert desk.subscribed() == [(user, POLICE, "weekly")]
    assert chosen(desk.home(user))["Police &amp; Crime"] == "Weekly digest"
    assert chosen(desk.home(other))["Police &amp; Crime"] == "Not subscribed"
    assert "Your subscriptions · in the weekly digest: Police & Crime" in desk.read(user)
    desk.choose(user, "now")
    assert desk.subscribed() == [(user, POLICE, "now")]
    desk.choose(user, "off")
    assert desk.subscribed() == []
    assert chosen(desk.home(user))["Police &amp; Crime"] == "Not subscribed"


def test_a_choice_made_twice_leaves_the_subscription_as_old_as_it_is(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    for _ in range(2):
        desk.choose(user, "weekly")
        desk.now += timedelta(days=3)
    [one] = desk.reader.read(subscriptions.subscriptions)
    assert one.since == NOW.isoformat(timespec="seconds")


def test_a_choice_is_for_the_one_who_pressed_whosever_view_it_came_from(desk: Desk, user: str, other: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=other)
    desk.choose(user, "weekly", view_of=other)
    assert desk.subscribed() == [(user, POLICE, "weekly")]
    assert chosen(desk.home(other))["Police &amp; Crime"] == "Not subscribed"


@pytest.mark.parametrize(
    "value", ["weekly:000000000000", f"daily:{token(POLICE)}", "weekly", "", f"weekly:{POLICE}", "U1:weekly"]
)
def test_a_forged_or_stale_choice_does_nothing(desk: Desk, user: str, value: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    calls = len(desk.slack.calls(PUBLISH))
    body = {"user": {"id": user, "team_id": TEAM_ID}, "team": {"id": TEAM_ID}}
    desk.homes.chosen({**body, "actions": [{"action_id": CHOOSE, "selected_option": {"value": value}}]})
    desk.homes.chosen({**body, "actions": [{"action_id": "other", "selected_option": {"value": "x"}}, {}]})
    assert desk.subscribed() == []
    assert len(desk.slack.calls(PUBLISH)) > calls, "the tab shows again how things are"
    assert chosen(desk.home(user))["Police &amp; Crime"] == "Not subscribed"


def test_people_of_another_workspace_see_and_change_nothing(desk: Desk, user: str, other: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.elsewhere("T9").open_home(user=other)
    assert desk.slack.home(other) is None
    desk.people.open_home(user=user)
    desk.choose(other, "weekly", view_of=user, team="T9")
    assert desk.subscribed() == []
    assert desk.slack.home(other) is None


def test_a_theme_that_is_gone_can_still_be_unsubscribed(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    with desk.writer.unit() as db:
        subscriptions.subscribe(db, Subscription(user, "Old theme", "weekly", user, ""))
    desk.people.open_home(user=user)
    assert "Nothing is known of it now" in desk.read(user)
    desk.choose(user, "off", "Old theme")
    assert desk.subscribed() == []
    assert "Old theme" not in "\n".join(desk.read(user))


# --- kept up to date -------------------------------------------------------------------------------


def test_after_a_release_all_who_have_opened_it_see_it_and_nobody_else(desk: Desk, user: str, other: str) -> None:
    desk.take("2024-11-01", "2022/23")
    for one in (user, other):
        desk.people.open_home(user=one)
    assert desk.homes.refresh() == 0, "nothing has changed"
    desk.take("2025-11-01", "2023/24", 90, burglary=30, robbery=26)
    before = len(desk.slack.calls(PUBLISH))
    assert desk.homes.refresh() == 2
    assert len(desk.slack.calls(PUBLISH)) == before + 2
    assert "Police & Crime — 28th of 31" in desk.read(user)
    assert desk.homes.refresh() == 0


def test_what_is_subscribed_elsewhere_shows_at_the_next_refresh(desk: Desk, user: str, other: str) -> None:
    desk.take("2024-11-01", "2022/23")
    for one in (user, other):
        desk.people.open_home(user=one)
    with desk.writer.unit() as db:
        subscriptions.subscribe(db, Subscription(user, POLICE, "now", user, ""))
    assert desk.homes.refresh() == 1
    assert chosen(desk.home(user))["Police &amp; Crime"] == "At once"


def test_mutes_show_at_the_next_refresh(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    with desk.writer.unit() as db:
        mutes.mute(db, place="", subject="indicator:burglary", until="", reason="", by="U1", by_name="A", at="")
    assert desk.homes.refresh() == 1
    assert "1 muted for everybody" in desk.read(user)[-1]


def test_asked_to_slow_down_the_rest_waits_and_comes_later(desk: Desk) -> None:
    desk.take("2024-11-01", "2022/23")
    users = [f"UR{number}" for number in range(3)]
    for one in users:
        desk.people.open_home(user=one)
    desk.take("2025-11-01", "2023/24", 90, burglary=30)
    desk.slack.faults.rate_limit(PUBLISH, retry_after=30)
    before = len(desk.slack.calls(PUBLISH))
    assert desk.homes.refresh() == 0
    desk.now += timedelta(seconds=29)
    assert desk.homes.refresh() == 0
    assert len(desk.slack.calls(PUBLISH)) == before + 1, "nobody is asked while Slack wants rest"
    desk.now += timedelta(seconds=1)
    assert desk.homes.refresh() == 3


def test_a_view_changed_meanwhile_is_made_anew(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    desk.client.views_publish(user_id=user, view={"type": "home", "blocks": []})  # by another process
    with desk.writer.unit() as db:
        subscriptions.subscribe(db, Subscription(user, POLICE, "now", user, ""))
    assert desk.homes.refresh() == 1
    answers = [call.answer.get("error") for call in desk.slack.calls(PUBLISH)[-2:]]
    assert answers == ["hash_conflict", None]
    assert chosen(desk.home(user))["Police &amp; Crime"] == "At once"


def test_somebody_who_is_gone_is_forgotten_and_the_others_are_served(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    desk.now += timedelta(seconds=1)
    with desk.writer.unit() as db:
        homes.opened(db, "UGONE", desk.now.isoformat())
    desk.take("2025-11-01", "2023/24", 90, burglary=30)
    desk.homes.refresh()
    assert list(desk.reader.read(homes.versions)) == [user]
    assert desk.read(user)[1].startswith("1 of 3 indicators"), "as the second release has it"
    assert desk.homes.refresh() == 0


@pytest.mark.parametrize("answer", [{"ok": False, "error": "not_enabled"}, {"ok": False, "error": "fatal_error"}])
def test_what_slack_refuses_to_all_is_not_asked_again_at_once(desk: Desk, answer: dict[str, Any], user: str) -> None:
    desk.people.open_home(user=user)
    desk.take("2024-11-01", "2022/23")
    desk.slack.faults.answer(PUBLISH, answer)
    before = len(desk.slack.calls(PUBLISH))
    assert [desk.homes.refresh(), desk.homes.refresh()] == [0, 0]
    assert len(desk.slack.calls(PUBLISH)) == before + 1
    desk.now += timedelta(minutes=1)
    assert desk.homes.refresh() == 1


def test_a_reply_that_is_lost_is_made_up_for(desk: Desk, user: str) -> None:
    desk.slack.faults.drop_before(PUBLISH)
    desk.people.open_home(user=user)
    assert desk.slack.home(user) is None
    assert desk.homes.refresh() == 1
    assert desk.read(user)[0] == "Leicestershire"


def test_after_a_restart_only_what_is_stale_is_published(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    desk.restart()
    assert desk.homes.refresh() == 0
    desk.now += timedelta(days=1)
    assert desk.homes.refresh() == 1, "days are shown"


def test_many_who_choose_at_once_are_all_kept(desk: Desk, user: str) -> None:
    desk.take("2024-11-01", "2022/23")
    desk.people.open_home(user=user)
    threads = [
        threading.Thread(target=desk.choose, args=(f"UM{number}", "weekly"), kwargs={"view_of": user})
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [place for place, _, _ in desk.subscribed()] == [f"UM{number}" for number in range(8)]


# --- limits ----------------------------------------------------------------------------------------


def test_hostile_names_and_long_lists_keep_every_limit(desk: Desk, user: str) -> None:
    themes = [f"{number} {HOSTILE}" for number in range(20)]
    entries = tuple(Entry(f"i{number}", theme, HOSTILE) for number, theme in enumerate(themes))
    book = release(entries, {entry.code: 20 for entry in entries}, "2022/23")
    ingest(desk.writer._db, book.raw("r-2024-11-01.csv"), desk.policy, now=desk.now)
    desk.people.open_home(user=user)
    names = [name for name, _ in desk.reader.names().themes]
    assert len(names) == 20
    for name in names:
        desk.choose(user, "weekly", name)
    assert len(desk.subscribed(user)) == 20
    assert set(chosen(desk.home(user)).values()) == {"Weekly digest"}
    assert not live_mentions(desk.home(user))


def test_more_than_can_be_shown_is_cut_with_a_note_and_subscriptions_stay(desk: Desk) -> None:
    desk.take("2024-11-01", "2022/23")
    overall = desk.reader.overall()
    assert overall is not None
    view = overall.themes[0]
    many = tuple(type(view)(**{**_fields(view), "name": f"{number} {HOSTILE}"}) for number in range(200))
    lines = tuple(DueLine(f"{number} {HOSTILE}", HOSTILE, "2025-12-01", True) for number in range(90))
    sets = tuple(DataSetLine(HOSTILE, HOSTILE, "", 1, "", "", "", "", "", "", HOSTILE * 9) for _ in range(50))
    broken = tuple(SourceLine(f"s{n}", HOSTILE, True, "", 3, "", HOSTILE if n % 2 else "", sets) for n in range(40))
    facts = Facts(
        HOSTILE,
        type(overall)(**{**_fields(overall), "themes": many}),
        lines,
        lines,
        Overview(broken, ()),
        held=9,
        muted=9,
        acknowledged=9,
        command="/rank",
    )
    mine = f"199 {HOSTILE}"
    own: dict[str, How] = {mine: "now"}
    own |= {f"gone {number}": "weekly" for number in range(30)}
    shown = home_view(facts, own)
    assert check_view(shown) is None
    assert not live_mentions(shown)
    rows = [block for block in shown["blocks"] if "accessory" in block]
    assert len(rows) == 60
    assert sum(row["accessory"]["initial_option"]["value"].startswith(("now", "weekly")) for row in rows) == 31
    assert "… and 170 more themes" in plain(Message("", shown["blocks"]))


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}
