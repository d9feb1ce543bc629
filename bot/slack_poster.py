"""Posting to Slack: paced, tried again only where Slack has said no, and readable back by key."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.delivery import NoPicture, Refused, Unknown, Unreadable
from bot.slack_text import Message, Picture

PACE = 1.0
"""Seconds between two messages in one channel: Slack's stated limit, beyond which it also hides messages silently."""

EVENT = "benchwatch_message"
"""Event type of the metadata that carries a message's key."""

_MAYBE_POSTED = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
_BLOCKS_REFUSED = {"invalid_blocks", "invalid_attachments", "msg_blocks_too_long"}
_ERROR_NAME = re.compile(r"[a-z0-9_]+|status \d+")
"""What Slack's own errors look like; a proxy's page comes as the error in its place."""

_CLOCK_SLACK = 120.0
_TOO_MANY = 429
_SERVER_ERROR = 500


def web_client(token: str, api_url: str) -> WebClient:
    """A client that never posts twice of its own accord: no retry handlers, an explicit time-out."""
    return WebClient(token=token, base_url=api_url, timeout=10, retry_handlers=[])


class SlackPoster:
    """Puts messages into Slack channels, for one thread at a time."""

    def __init__(
        self,
        client: WebClient,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._clock = clock
        self._sleep = sleep
        self._last: dict[str, float] = {}
        self._resting: dict[str, float] = {}

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Post one message with its key as metadata; blocks that Slack refuses are posted as their plain text."""
        wait = self._resting.get(channel, 0.0) - self._clock()
        if wait > 0:
            raise Refused("Slack asked to slow down", wait)
        try:
            return self._post(channel, message, key, thread)
        except Refused as error:
            self._resting[channel] = self._clock() + (error.retry_after or 0.0)
            raise

    def _post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Post with blocks, and where Slack refuses these, as the plain text."""
        try:
            return self._attempt(channel, message.text, message.blocks, key, thread)
        except _BlocksRefused:
            return self._attempt(channel, message.text, None, key, thread)

    def _attempt(
        self, channel: str, text: str, blocks: list[dict[str, Any]] | None, key: str, thread: str
    ) -> tuple[str, str]:
        self._pace(channel)
        try:
            return self._send(channel, text, blocks, key, thread)
        except SlackApiError as error:
            if blocks is not None and error.response.get("error") in _BLOCKS_REFUSED:
                raise _BlocksRefused from error
            raise self._explained(error) from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise Unknown(type(error).__name__) from error

    def _send(
        self, channel: str, text: str, blocks: list[dict[str, Any]] | None, key: str, thread: str
    ) -> tuple[str, str]:
        answer = self._client.chat_postMessage(
            channel=channel,
            text=text,
            blocks=blocks,
            thread_ts=thread or None,
            metadata={"event_type": EVENT, "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        place = str(answer["channel"])
        self._last[place] = self._last[channel]  # a person's direct message: its thread goes there by name
        return place, str(answer["ts"])

    def _pace(self, channel: str) -> None:
        wait = self._last.get(channel, float("-inf")) + PACE - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._last[channel] = self._clock()

    @staticmethod
    def _explained(error: SlackApiError) -> Refused | Unknown:
        """A definite no as Refused, anything Slack may yet have carried out as Unknown."""
        response = error.response
        name = str(response.get("error") or f"status {response.status_code}")
        if response.status_code == _TOO_MANY or name in {"ratelimited", "rate_limited"}:
            return Refused("Slack asks to slow down", _seconds(response.headers.get("Retry-After")))
        if response.status_code >= _SERVER_ERROR or name in _MAYBE_POSTED:
            return Unknown(name)
        if not _ERROR_NAME.fullmatch(name):
            return Unknown("an answer that is not Slack's")
        return Refused(_advice(name))

    def picture(self, channel: str, picture: Picture, key: str, thread: str) -> tuple[str, str]:
        """Not yet."""
        raise NoPicture(channel + picture.title + key + thread)

    def update(self, channel: str, ts: str, message: Message) -> bool:
        """Not yet."""
        return bool(channel and ts and message.text and self is None)

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        """Look for a message of ours by its key, in the channel or in a thread, from a little before ``since``."""
        oldest = f"{since.timestamp() - _CLOCK_SLACK:.6f}"
        try:
            place = self._conversation(channel)
            cursor = ""
            while True:
                arguments: dict[str, Any] = {"channel": place, "oldest": oldest, "limit": 200, "cursor": cursor or None}
                arguments["include_all_metadata"] = True
                answer = (
                    self._client.conversations_replies(ts=thread, **arguments)
                    if thread
                    else self._client.conversations_history(**arguments)
                )
                for message in answer["messages"]:
                    payload = (message.get("metadata") or {}).get("event_payload") or {}
                    if payload.get("key") == key:
                        return str(message["ts"])
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return ""
        except SlackApiError as error:
            explained = self._explained(error)
            if isinstance(explained, Refused) and explained.retry_after is None:
                raise Unreadable(str(explained)) from error
            raise Unknown("history not readable now") from error
        except (SlackClientError, OSError, HTTPException) as error:
            raise Unknown(type(error).__name__) from error

    def _conversation(self, channel: str) -> str:
        """The channel itself, or the direct-message channel of a user."""
        if channel[:1] not in "UW":
            return channel
        return str(self._client.conversations_open(users=channel)["channel"]["id"])


class _BlocksRefused(Exception):
    """Slack did not take the blocks; nothing was posted."""


def _seconds(header: str | None) -> float:
    """What Retry-After asks for; half a minute where it is missing or, as proxies write it, a date."""
    try:
        return max(float(header or ""), 1.0)
    except ValueError:
        return 30.0


def _advice(error: str) -> str:
    """Slack's error with what to do about it."""
    known = {
        "not_in_channel": "the bot is not in the channel: invite it there",
        "channel_not_found": "there is no such channel, or the bot cannot see it: check the ID and invite the bot",
        "is_archived": "the channel is archived: unarchive it or name another",
        "is_inactive": "the channel is archived: unarchive it or name another",
        "invalid_auth": "Slack does not accept the token: check SLACK_BOT_TOKEN",
        "not_authed": "Slack does not accept the token: check SLACK_BOT_TOKEN",
        "account_inactive": "the app was removed from the workspace: install it again",
        "token_revoked": "the token was revoked: install the app again",
        "missing_scope": "the app lacks a permission: install it again from the manifest",
    }
    return f"{error}: {known[error]}" if error in known else error
