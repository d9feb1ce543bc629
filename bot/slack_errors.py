"""What Slack's refusals mean: whether the thing may yet be done, how long to wait, and what to do about it."""

from __future__ import annotations

import re
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.delivery import Refused, Unknown

NO_REPLY = (SlackClientError, OSError, HTTPException)
"""What the client raises when no answer of Slack's came; SlackApiError is one of these, so catch that first."""

_MAYBE_DONE = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
_ERROR_NAME = re.compile(r"[a-z0-9_]+|status \d+")
"""What Slack's own errors look like; a proxy's page comes as the error in its place."""

_SCOPE = re.compile(r"[a-z:._,]+")
_TOO_MANY = 429
SERVER_ERROR = 500

_ADVICE = {
    "not_in_channel": "the bot is not in the channel: invite it there",
    "channel_not_found": "there is no such channel, or the bot cannot see it: check the ID and invite the bot",
    "is_archived": "the channel is archived: unarchive it or name another",
    "is_inactive": "the channel is archived: unarchive it or name another",
    "user_not_found": "there is nobody with this ID in the workspace: check it",
    "invalid_auth": "Slack does not accept the token: check SLACK_BOT_TOKEN",
    "not_authed": "Slack does not accept the token: check SLACK_BOT_TOKEN",
    "not_allowed_token_type": "this is a token of another kind: SLACK_BOT_TOKEN begins with xoxb-",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again",
    "missing_scope": "the app lacks a permission: install it again from the manifest",
    "file_uploads_disabled": "the workspace takes no files: its administrators can allow them",
    "file_uploads_except_images_disabled": "the workspace takes no files from apps: its administrators can allow them",
}


def error_name(error: SlackApiError) -> str:
    """Slack's name for a refusal, or the HTTP status where it gave none."""
    return str(error.response.get("error") or f"status {error.response.status_code}")


def explained(error: SlackApiError) -> Refused | Unknown:
    """A definite no as Refused, anything Slack may yet have carried out as Unknown."""
    response, name = error.response, error_name(error)
    if (seconds := asked_to_wait(error)) is not None:
        return Refused("Slack asks to slow down", seconds)
    if response.status_code >= SERVER_ERROR or name in _MAYBE_DONE:
        return Unknown(name)
    if not _ERROR_NAME.fullmatch(name):
        return Unknown("an answer that is not Slack's")
    return Refused(advice(name, str(response.get("needed") or "")))


def advice(name: str, needed: str = "") -> str:
    """Slack's error with what to do about it; ``needed`` is the permission that Slack names as missing."""
    if name == "missing_scope" and _SCOPE.fullmatch(needed):
        return f"{name}: the app lacks {needed}: install it again from the manifest"
    return f"{name}: {_ADVICE[name]}" if name in _ADVICE else name


def asked_to_wait(error: SlackApiError) -> float | None:
    """The seconds for which Slack asks to be left alone; None where it does not ask.

    Half a minute where it does not say how long or, as proxies do, with a date.
    """
    response = error.response
    if response.status_code != _TOO_MANY and error_name(error) not in {"ratelimited", "rate_limited"}:
        return None
    try:
        return max(float(response.headers.get("Retry-After") or ""), 1.0)
    except ValueError:
        return 30.0
