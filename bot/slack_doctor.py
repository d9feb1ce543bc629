"""Is Slack well? Tokens, permissions, channels and people as the settings name them, and what to press where not.

Nothing is posted, and no answer is waited for longer than the client's time-out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.delivery import Unknown
from bot.manifest import SCOPES, WITHOUT
from bot.slack_errors import NO_REPLY, error_name, explained
from bot.slack_poster import web_client
from bot.slack_text import clean, cut
from bot.words import count
from jobs.doctor import Diagnosis
from jobs.errors import SettingsError
from jobs.settings import Secrets, Settings, load_secrets

_REINSTALL = "paste the manifest under App Manifest, then press Reinstall under OAuth & Permissions"
_COPY = "copy the Bot User OAuth Token under OAuth & Permissions into SLACK_BOT_TOKEN"
_GENERATE = (
    "under Basic Information, App-Level Tokens, generate one with connections:write and copy it into SLACK_APP_TOKEN"
)
_LATER = "ask again later"
_NAME = 80

Factory = Callable[[str, str], WebClient]


def slack_checks(settings: Settings, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    """What is to be said of Slack with these settings and this environment; nothing in the terminal's mode."""
    if settings.slack.mode == "console":
        return
    try:
        secrets = load_secrets(environ, settings.slack.mode)
    except SettingsError as error:
        yield Diagnosis("Slack: tokens", well=False, found=str(error), remedy=_COPY)
        return
    yield from slack_diagnoses(settings, secrets)


def slack_diagnoses(settings: Settings, secrets: Secrets, client_factory: Factory = web_client) -> Iterator[Diagnosis]:
    """Ask Slack once about each token, the permissions, and every channel and person in the settings."""
    if settings.slack.mode == "console":
        return
    client = client_factory(secrets.bot_token, secrets.api_url)
    try:
        answer = client.auth_test()
    except (SlackApiError, *NO_REPLY) as error:
        yield _fault("Slack: bot token", error, _token_remedy(error, secrets, _COPY))
        return
    bot = _name(answer.get("user"))
    yield Diagnosis("Slack: bot token", well=True, found=f"@{bot} in the workspace {_name(answer.get('team'))}")
    scopes = _granted(answer.headers)
    yield from _permissions(scopes)
    yield from _places(settings, client, bot, scopes)
    yield from _way_in(settings, secrets, client)
    yield _approvers(settings)


def _permissions(granted: frozenset[str] | None) -> Iterator[Diagnosis]:
    """A required permission missing is a fault; without the others it is said what is missed."""
    if granted is None:
        yield Diagnosis("Slack: permissions", well=True, found="Slack did not say which are granted")
        return
    missing = [scope for scope in SCOPES if scope not in granted]
    if not missing:
        yield Diagnosis("Slack: permissions", well=True, found=f"all {len(SCOPES)} of the manifest are granted")
    for scope in missing:
        if scope in WITHOUT:
            remedy = f"nothing has to be done; to have it, {_REINSTALL}"
            yield Diagnosis(f"Slack: {scope}", well=True, found=f"not granted: {WITHOUT[scope]}", remedy=remedy)
        else:
            found = f"not granted, and needed {SCOPES[scope]}"
            yield Diagnosis(f"Slack: {scope}", well=False, found=found, remedy=_REINSTALL)


def _places(settings: Settings, client: WebClient, bot: str, scopes: frozenset[str] | None) -> Iterator[Diagnosis]:
    """Each channel and person that messages go to, once; a Slack that stops answering is not asked further."""
    for place, uses in _named(settings).items():
        subject = f"Slack: {place} ({', '.join(uses)})"
        if place[:1] in "UW":
            yield _person(subject, scopes)
        elif place[:1] == "D":
            yield Diagnosis(subject, well=True, found="a direct message, which is not looked into")
        else:
            try:
                channel = client.conversations_info(channel=place)["channel"]
            except SlackApiError as error:
                yield _unseen(subject, error, bot)
            except NO_REPLY as error:
                yield _fault(subject, error, f"{_LATER}; what follows was not looked at")
                return
            else:
                yield _channel(subject, channel, bot)


def _named(settings: Settings) -> dict[str, list[str]]:
    """What each channel or person is for."""
    found: dict[str, list[str]] = {settings.slack.channel: ["team"]}
    found.setdefault(settings.slack.ops_channel, []).append("operations")
    for lead in settings.leads:
        found.setdefault(lead.slack, []).append(cut(clean(lead.name), _NAME))
    return found


def _channel(subject: str, channel: Mapping[str, Any], bot: str) -> Diagnosis:
    name = f"#{_name(channel.get('name'))}"
    if channel.get("is_archived"):
        remedy = f"unarchive {name} in Slack, or name another channel in config.toml"
        return Diagnosis(subject, well=False, found=f"{name} is archived", remedy=remedy)
    if not channel.get("is_member"):
        remedy = f'type "/invite @{bot}" in {name}'
        return Diagnosis(subject, well=False, found=f"the bot is not in {name}", remedy=remedy)
    return Diagnosis(subject, well=True, found=f"the bot is in {name}")


def _unseen(subject: str, error: SlackApiError, bot: str) -> Diagnosis:
    """A channel that Slack says nothing of: not there for the bot, or not to be asked about."""
    name = error_name(error)
    if name == "channel_not_found":
        found = "there is no such channel, or it is private and the bot is not in it"
        remedy = f'copy the ID again from the channel\'s details; in a private channel type "/invite @{bot}"'
        return Diagnosis(subject, well=False, found=found, remedy=remedy)
    if name == "missing_scope":
        needed = _name(error.response.get("needed"))
        return Diagnosis(subject, well=True, found=f"could not be looked at: {needed} is not granted")
    return _fault(subject, error, _LATER)


def _person(subject: str, scopes: frozenset[str] | None) -> Diagnosis:
    if scopes is not None and "im:write" not in scopes:
        remedy = f"{_REINSTALL}, or give the lead a channel in config.toml"
        return Diagnosis(subject, well=False, found="a person, and im:write is not granted", remedy=remedy)
    return Diagnosis(subject, well=True, found="a person, who can be written to directly")


def _way_in(settings: Settings, secrets: Secrets, client: WebClient) -> Iterator[Diagnosis]:
    """How commands and buttons reach the service."""
    if settings.slack.mode == "http":
        remedy = f"type {settings.slack.command} help in Slack to see whether it reaches the service"
        yield Diagnosis("Slack: requests", well=True, found="come by HTTPS, signed", remedy=remedy)
        return
    try:
        client.apps_connections_open(app_token=secrets.app_token)
    except (SlackApiError, *NO_REPLY) as error:
        yield _fault("Slack: app-level token", error, _token_remedy(error, secrets, _GENERATE))
    else:
        yield Diagnosis("Slack: app-level token", well=True, found="Socket Mode can be connected")


def _approvers(settings: Settings) -> Diagnosis:
    number = len(settings.slack.approvers)
    if number:
        who = f"{count(number, 'person', 'people')} may decide about held releases"
        return Diagnosis("Slack: approvers", well=True, found=who)
    remedy = 'set approvers = ["U0123456789"] under [slack]; benchwatch approve and reject work all the same'
    return Diagnosis("Slack: approvers", well=True, found="nobody can decide in Slack", remedy=remedy)


def _granted(headers: Mapping[str, Any]) -> frozenset[str] | None:
    """The permissions that Slack's answer names; None where a proxy has taken the header away."""
    found = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return None if found is None else frozenset(scope.strip() for scope in found.split(","))


def _token_remedy(error: Exception, secrets: Secrets, otherwise: str) -> str:
    """What to do where a token gets no answer, or not the right one."""
    if not isinstance(error, SlackApiError):
        host = urlsplit(secrets.api_url).hostname
        return f"see that this machine reaches {host} by HTTPS; through a proxy, set HTTPS_PROXY"
    reason = explained(error)
    if isinstance(reason, Unknown) or reason.retry_after:
        return _LATER
    if error_name(error) in {"account_inactive", "token_revoked"}:
        return f"install the app again under OAuth & Permissions, then {otherwise}"
    return otherwise


def _fault(subject: str, error: Exception, remedy: str) -> Diagnosis:
    if not isinstance(error, SlackApiError):
        found = f"no answer from Slack ({type(error).__name__})"
    else:
        reason = explained(error)
        passing = isinstance(reason, Unknown) or reason.retry_after is not None
        found = f"Slack is in trouble: {reason}" if passing else f"Slack refuses it: {error_name(error)}"
    return Diagnosis(subject, well=False, found=found, remedy=remedy)


def _name(value: object) -> str:
    return cut(clean(str(value or "")), _NAME)
