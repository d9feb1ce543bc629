"""What the doctor says of Slack: every fault by name, what to press, and nothing that is secret."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from slack_sdk import WebClient
from typer.testing import CliRunner

from bot.cli import DONE, FAILED, app
from bot.manifest import SCOPES, WITHOUT
from bot.slack_doctor import slack_checks, slack_diagnoses
from bot.tell import diagnoses
from jobs.doctor import Diagnosis
from jobs.settings import Secrets, Settings, load_settings
from tests.slack_double import SlackDouble

BOT, APP = "xoxb-secret-bot", "xapp-secret-app"
TEAM, OPS = "C0000000001", "C0000000002"
LEADS = """
[[leads]]
name = "Community safety"
slack = "U0000000001"
themes = ["Police & Crime"]

[[leads]]
name = "Roads"
slack = "C0000000001"
themes = ["Highways"]
"""
INFO = "conversations.info"


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble(bot_token=BOT, app_token=APP) as slack:
        slack.add_channel(TEAM, name="performance")
        slack.add_channel(OPS, name="performance-ops", private=True)
        slack.scopes = set(SCOPES)
        yield slack


Look = Callable[..., list[Diagnosis]]


@pytest.fixture
def look(slack: SlackDouble, tmp_path: Path) -> Look:
    """Looks at Slack with these settings; the answers of the double are waited for a moment only."""

    def look(more: str = LEADS, mode: str = "socket", **secrets: str) -> list[Diagnosis]:
        given = {"bot_token": BOT, "app_token": APP, "signing_secret": "s", "api_url": slack.api_url} | secrets
        found = list(slack_diagnoses(settings(tmp_path, mode, more), Secrets(**given), quick))
        assert not any(secret in str(found) for secret in (BOT, APP, "ticket")), "what proves who we are is told nobody"
        return found

    return look


def quick(token: str, api_url: str) -> WebClient:
    return WebClient(token, base_url=api_url, timeout=3, retry_handlers=[])


def settings(folder: Path, mode: str, more: str = LEADS, approvers: str = '["U0000000009"]') -> Settings:
    path = folder / "config.toml"
    slack = f'[slack]\nmode = "{mode}"\nchannel = "{TEAM}"\nops_channel = "{OPS}"\napprovers = {approvers}\n'
    path.write_text(slack + more, encoding="utf-8")
    return load_settings(path, {})


def faults(found: list[Diagnosis]) -> list[Diagnosis]:
    return [one for one in found if not one.well]


def only(found: list[Diagnosis]) -> Diagnosis:
    """The one fault."""
    [fault] = faults(found)
    return fault


def test_a_slack_set_up_as_it_should_be_is_well(slack: SlackDouble, look: Look) -> None:
    assert [(one.subject, one.found) for one in look()] == [
        ("Slack: bot token", "@benchwatch in the workspace Double"),
        ("Slack: permissions", f"all {len(SCOPES)} of the manifest are granted"),
        (f"Slack: {TEAM} (team, Roads)", "the bot is in #performance"),
        (f"Slack: {OPS} (operations)", "the bot is in #performance-ops"),
        ("Slack: U0000000001 (Community safety)", "a person, who can be written to directly"),
        ("Slack: app-level token", "Socket Mode can be connected"),
        ("Slack: approvers", "1 person may decide about held releases"),
    ]
    assert all(one.well for one in look())
    assert slack.channel(TEAM).messages == []


def test_in_the_terminal_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert list(slack_checks(settings(tmp_path, "console"), {})) == []


@pytest.mark.parametrize(
    ("secret", "subject", "remedy"),
    [
        ("bot_token", "Slack: bot token", "Bot User OAuth Token under OAuth & Permissions"),
        ("app_token", "Slack: app-level token", "generate one with connections:write"),
    ],
)
def test_a_token_that_is_not_accepted(look: Look, secret: str, subject: str, remedy: str) -> None:
    fault = only(look(**{secret: "xoxb-wrong"}))
    assert (fault.subject, fault.found) == (subject, "Slack refuses it: invalid_auth")
    assert remedy in fault.remedy


@pytest.mark.parametrize("error", ["account_inactive", "token_revoked"])
def test_an_app_that_was_removed_is_to_be_installed_again(slack: SlackDouble, look: Look, error: str) -> None:
    slack.faults.answer("auth.test", {"ok": False, "error": error})
    fault = only(look())
    assert error in fault.found
    assert "install the app again" in fault.remedy


def test_a_slack_that_does_not_answer_is_said_so_without_hanging(slack: SlackDouble, look: Look) -> None:
    slack.faults.hang("auth.test", 30)
    fault = only(look())
    assert "no answer from Slack" in fault.found
    assert "reaches 127.0.0.1 by HTTPS" in fault.remedy
    slack.faults.drop_before(INFO)
    fault = only(look())
    assert fault.subject == f"Slack: {TEAM} (team, Roads)"
    assert "what follows was not looked at" in fault.remedy
    slack.faults.drop_before("apps.connections.open")
    assert only(look()).subject == "Slack: app-level token"


@pytest.mark.parametrize("method", ["auth.test", INFO, "apps.connections.open"])
def test_a_slack_in_trouble_is_to_be_asked_later(slack: SlackDouble, look: Look, method: str) -> None:
    slack.faults.http(method, 503)
    slack.faults.rate_limit(method)
    slack.faults.http(method, 200, body="<html>Welcome to this hotel's network</html>")
    for _ in range(2 if method == INFO else 3):  # two channels are asked about at each look
        found = faults(look())
        assert found
        assert all(one.remedy == "ask again later" and "Slack is in trouble" in one.found for one in found)
    assert faults(look()) == []


@pytest.mark.parametrize("scope", sorted(set(SCOPES) - set(WITHOUT)))
def test_a_permission_without_which_nothing_works_is_a_fault(slack: SlackDouble, look: Look, scope: str) -> None:
    slack.scopes.discard(scope)
    fault = only(look())
    assert fault.subject == f"Slack: {scope}"
    assert SCOPES[scope] in fault.found
    assert "Reinstall under OAuth & Permissions" in fault.remedy


@pytest.mark.parametrize("scope", sorted(WITHOUT))
def test_an_optional_permission_is_missed_with_a_sentence(slack: SlackDouble, look: Look, scope: str) -> None:
    slack.scopes.discard(scope)
    found = look(more="")
    assert faults(found) == []
    [missed] = [one for one in found if one.subject == f"Slack: {scope}"]
    assert missed.found == f"not granted: {WITHOUT[scope]}"
    assert missed.remedy.startswith("nothing has to be done")


def test_a_lead_who_cannot_be_written_to_is_a_fault(slack: SlackDouble, look: Look) -> None:
    slack.scopes.discard("im:write")
    fault = only(look())
    assert fault.subject == "Slack: U0000000001 (Community safety)"
    assert "or give the lead a channel" in fault.remedy


def test_channels_that_may_not_be_looked_at_are_no_fault(slack: SlackDouble, look: Look) -> None:
    slack.scopes -= {"channels:read", "groups:read"}
    found = {one.subject: one.found for one in look()}
    assert found[f"Slack: {TEAM} (team, Roads)"] == "could not be looked at: channels:read is not granted"
    assert found[f"Slack: {OPS} (operations)"] == "could not be looked at: groups:read is not granted"


def test_a_channel_the_bot_is_not_in_says_what_to_type(slack: SlackDouble, look: Look) -> None:
    slack.channel(TEAM).bot_is_member = False
    fault = only(look())
    assert (fault.found, fault.remedy) == (
        "the bot is not in #performance",
        'type "/invite @benchwatch" in #performance',
    )


def test_an_archived_channel(slack: SlackDouble, look: Look) -> None:
    slack.channel(OPS).archived = True
    fault = only(look())
    assert fault.found == "#performance-ops is archived"
    assert "unarchive #performance-ops" in fault.remedy


def test_a_channel_that_cannot_be_seen(slack: SlackDouble, look: Look) -> None:
    slack.channel(OPS).bot_is_member = False
    fault = only(look())
    assert "no such channel, or it is private" in fault.found
    assert '"/invite @benchwatch"' in fault.remedy


def test_nobody_to_decide_is_said(look: Look, tmp_path: Path, slack: SlackDouble) -> None:
    secrets = Secrets(bot_token=BOT, app_token=APP, api_url=slack.api_url)
    [*_, last] = slack_diagnoses(settings(tmp_path, "socket", approvers="[]"), secrets, quick)
    assert (last.well, last.found) == (True, "nobody can decide in Slack")
    assert "benchwatch approve" in last.remedy


def test_by_http_nothing_is_asked_about_sockets(slack: SlackDouble, look: Look) -> None:
    found = look(mode="http", app_token="")
    assert faults(found) == []
    assert slack.calls("apps.connections.open") == []
    assert any("type /rank help" in one.remedy for one in found)


def test_what_slack_calls_things_cannot_break_the_terminal(slack: SlackDouble, look: Look) -> None:
    slack.channel(TEAM).name = "perf\x1b[31m\u202eormance\n" + "x" * 500
    [told] = [one.found for one in look() if one.subject.startswith(f"Slack: {TEAM}")]
    assert told.isprintable()
    assert len(told) < 120


# --- on the command line --------------------------------------------------------------------------


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, slack: SlackDouble) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_API_URL", slack.api_url)
    monkeypatch.setenv("SLACK_BOT_TOKEN", BOT)
    monkeypatch.setenv("SLACK_APP_TOKEN", APP)
    settings(tmp_path, "socket", "[catalogue]\npaths = []\n[sources.file]\npaths = []\n")
    return monkeypatch


def test_the_command_says_what_to_do_and_fails_where_there_is_a_fault(
    environment: pytest.MonkeyPatch, slack: SlackDouble
) -> None:
    well = CliRunner().invoke(app, ["doctor"])
    assert well.exit_code == DONE, well.output
    assert f"ok     Slack: {TEAM} (team): the bot is in #performance" in well.stdout
    slack.channel(TEAM).bot_is_member = False
    ill = CliRunner().invoke(app, ["doctor"])
    assert ill.exit_code == FAILED
    assert 'type "/invite @benchwatch" in #performance' in ill.stdout
    document = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    [fault] = [check for check in document["checks"] if not check["well"]]
    assert fault["found"] == "the bot is not in #performance"


def test_a_missing_token_is_a_fault_among_the_others(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SLACK_APP_TOKEN")
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == FAILED
    assert "SLACK_APP_TOKEN is not set" in done.stdout
    assert "Settings and catalogue" in done.stdout
    assert BOT not in done.output


# --- in the documentation -------------------------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs" / "slack-setup.md").read_text(encoding="utf-8")


def indented(language: str) -> list[str]:
    """The blocks of a language in the steps of the page."""
    found = re.findall(rf"^   ```{language}\n(.*?)^   ```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE) for block in found]


def test_the_page_on_setting_up_shows_what_the_doctor_says(tmp_path: Path, slack: SlackDouble) -> None:
    (tmp_path / "config.toml").write_text(indented("toml")[-1], encoding="utf-8")
    documented = load_settings(tmp_path / "config.toml", {})
    slack.add_channel(documented.slack.channel, name="performance")
    slack.add_channel(documented.slack.ops_channel, name="performance-ops", private=True)
    secrets = Secrets(bot_token=BOT, app_token=APP, api_url=slack.api_url)

    def said() -> str:
        return diagnoses(slack_diagnoses(documented, secrets, quick)).replace("Double", "Example Council")

    _, well, fault = indented("text")
    assert said() == well.rstrip()
    slack.channel(documented.slack.channel).bot_is_member = False
    assert fault.rstrip() in said()


def test_the_page_says_what_is_missed_without_a_permission() -> None:
    rows = re.findall(r"^\| `([\w:]+)` \| (.*) \|$", PAGE.split("### Without a permission")[1], flags=re.MULTILINE)
    assert dict(rows) == WITHOUT
