"""Posting to Slack: paced, tried again only where Slack has said no, and readable back by key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.delivery import NoPicture, Refused, Unknown, Unreadable
from bot.slack_errors import NO_REPLY, error_name, explained
from bot.slack_files import Files, file_name
from bot.slack_text import Message, Picture

PACE = 1.0
"""Seconds between two messages in one channel: Slack's stated limit, beyond which it also hides messages silently."""

EVENT = "benchwatch_message"
"""Event type of the metadata that carries a message's key."""

UPDATE_WAIT = 5.0
"""Seconds before a change is made again whose outcome is unknown; made twice it is the same change."""

_FILE = "file:"
"""Begins the number of a picture whose message Slack has not named yet."""

_BLOCKS_REFUSED = {"invalid_blocks", "invalid_attachments", "msg_blocks_too_long"}
_CHANGED_NO_MORE = {
    "block_mismatch",
    "cant_update_message",
    "channel_not_found",
    "edit_window_closed",
    "is_archived",
    "is_inactive",
    "message_not_found",
    "not_in_channel",
}
_CLOCK_SLACK = 120.0


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
        self._files = Files(client, sleep)
        self._last: dict[str, float] = {}
        self._resting: dict[str, float] = {}

    def post(self, channel: str, message: Message, key: str, thread: str) -> tuple[str, str]:
        """Post one message with its key as metadata; blocks that Slack refuses are posted as their plain text."""
        with self._rested(channel):
            try:
                return self._attempt(channel, message.text, message.blocks, key, _root(thread))
            except _BlocksRefused:
                return self._attempt(channel, message.text, None, key, _root(thread))

    def picture(self, channel: str, picture: Picture, key: str, thread: str) -> tuple[str, str]:
        """Post a picture as a file whose name carries its key; its title, which is its fact, is the text beside it.

        Slack names the message of a file late: where it has not yet, the number is "file:" and that of the file.
        """
        with self._rested(channel):
            place = self._direct(channel)
            file_id = self._files.put(picture, file_name(key))
            self._pace(place)
            self._files.share(file_id, picture, place, _root(thread))
            return place, self._files.stands(file_id, place) or f"{_FILE}{file_id}"

    def update(self, channel: str, ts: str, message: Message) -> bool:
        """Change a message that stands, its key staying with it; False when it is gone or can be changed no more.

        Whatever became of a change, it can be made again: an unknown outcome is Refused too.
        """
        if ts.startswith(_FILE):
            return False
        with self._rested(channel):
            try:
                return self._change(channel, ts, message.text, message.blocks)
            except _BlocksRefused:
                return self._change(channel, ts, message.text, [])

    def upload(self, picture: Picture) -> str:
        """The ID of a private file for an image block, once Slack can show it; raises NoPicture."""
        return self._files.upload(picture)

    def find(self, channel: str, key: str, since: datetime, thread: str) -> str:
        """Look for a message or a picture of ours by its key, from a little before ``since``.

        It is looked for in the channel, or in the thread if one is given.
        """
        oldest = f"{since.timestamp() - _CLOCK_SLACK:.6f}"
        try:
            place = self._conversation(channel)
            return next((str(one["ts"]) for one in self._read(place, oldest, _root(thread)) if _ours(one, key)), "")
        except SlackApiError as error:
            reason = explained(error)
            if isinstance(reason, Refused) and reason.retry_after is None:
                raise Unreadable(str(reason)) from error
            raise Unknown("history not readable now") from error
        except NO_REPLY as error:
            raise Unknown(type(error).__name__) from error

    @contextmanager
    def _rested(self, channel: str) -> Iterator[None]:
        """While Slack asks to slow down nothing goes to the channel."""
        wait = self._resting.get(channel, 0.0) - self._clock()
        if wait > 0:
            raise Refused("Slack asked to slow down", wait)
        try:
            yield
        except Refused as error:
            self._resting[channel] = self._clock() + (error.retry_after or 0.0)
            raise

    def _attempt(
        self, channel: str, text: str, blocks: list[dict[str, Any]] | None, key: str, thread: str
    ) -> tuple[str, str]:
        self._pace(channel)
        try:
            return self._send(channel, text, blocks, key, thread)
        except SlackApiError as error:
            if blocks is not None and error_name(error) in _BLOCKS_REFUSED:
                raise _BlocksRefused from error
            raise explained(error) from error
        except NO_REPLY as error:
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

    def _change(self, channel: str, ts: str, text: str, blocks: list[dict[str, Any]]) -> bool:
        """Blocks are always given: left out, those that stand would stay."""
        self._pace(channel)
        try:
            self._client.chat_update(channel=channel, ts=ts, text=text, blocks=blocks)
        except SlackApiError as error:
            return self._unchanged(error, has_blocks=bool(blocks))
        except NO_REPLY as error:
            raise Refused(f"whether it was changed is not known ({type(error).__name__})", UPDATE_WAIT) from error
        return True

    @staticmethod
    def _unchanged(error: SlackApiError, *, has_blocks: bool) -> bool:
        name = error_name(error)
        if name in _CHANGED_NO_MORE or name.startswith("restricted_action"):
            return False
        if has_blocks and name in _BLOCKS_REFUSED:
            raise _BlocksRefused from error
        reason = explained(error)
        if isinstance(reason, Unknown):
            raise Refused(f"whether it was changed is not known ({reason})", UPDATE_WAIT) from error
        raise reason from error

    def _pace(self, channel: str) -> None:
        wait = self._last.get(channel, float("-inf")) + PACE - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._last[channel] = self._clock()

    def _read(self, place: str, oldest: str, thread: str) -> Iterator[Mapping[str, Any]]:
        """What stands in a channel or a thread, page by page."""
        cursor = ""
        while True:
            arguments: dict[str, Any] = {"channel": place, "oldest": oldest, "limit": 200, "cursor": cursor or None}
            arguments["include_all_metadata"] = True
            answer = (
                self._client.conversations_replies(ts=thread, **arguments)
                if thread
                else self._client.conversations_history(**arguments)
            )
            yield from answer["messages"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _direct(self, channel: str) -> str:
        """Where files for a channel go: they take no person's ID. Without the permission to ask words do."""
        try:
            return self._conversation(channel)
        except SlackApiError as error:
            reason = explained(error)
            if error_name(error) == "missing_scope":
                raise NoPicture(str(reason)) from error
            raise Refused(str(reason), getattr(reason, "retry_after", None)) from error
        except NO_REPLY as error:
            raise Refused(f"the direct message could not be opened ({type(error).__name__})") from error

    def _conversation(self, channel: str) -> str:
        """The channel itself, or the direct-message channel of a user."""
        if channel[:1] not in "UW":
            return channel
        return str(self._client.conversations_open(users=channel)["channel"]["id"])


class _BlocksRefused(Exception):
    """Slack did not take the blocks; nothing was posted."""


def _root(thread: str) -> str:
    """The thread to answer in; none below a picture whose message is not known."""
    return "" if thread.startswith(_FILE) else thread


def _ours(message: Mapping[str, Any], key: str) -> bool:
    """Whether a message carries the key, in its metadata or in the name of its file."""
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return payload.get("key") == key or any(file.get("name") == file_name(key) for file in message.get("files") or ())
