"""Pictures as files in Slack: uploaded in three steps, and waited for while Slack is at work on them."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.delivery import NoPicture, Refused, Unknown
from bot.errors import FileNotSent
from bot.slack_errors import NO_REPLY, error_name, explained
from bot.slack_text import Picture, clean, cut, literal

WAITS = (0.0, 0.2, 0.3, 0.5, 1.0, 1.0, 1.0, 1.0)
"""Seconds before each look at a file that Slack may still be at work on; after the last it is given up."""

_ALT, _TITLE = 1_000, 200
_TIMEOUT = httpx.Timeout(30, connect=5)

_WORDS_FAIL_TOO = {
    "account_inactive",
    "channel_not_found",
    "invalid_auth",
    "is_archived",
    "not_authed",
    "not_in_channel",
    "token_revoked",
    "user_not_found",
}
"""Refusals that words would meet as well; any other means that words do in place of the picture."""


def file_name(key: str) -> str:
    """The name of the file that is posted with ``key``: how it is found again."""
    return f"benchwatch-{hashlib.sha256(key.encode()).hexdigest()[:16]}.png"


class Files:
    """Uploads pictures; safe to use from many threads."""

    def __init__(self, client: WebClient, sleep: Callable[[float], None] = time.sleep) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every address, and uploads have secret ones
        self._client = client
        self._sleep = sleep

    def put(self, picture: Picture, name: str) -> str:
        """Bring the bytes to Slack, where nobody sees them yet; returns the file's ID. Raises Refused or NoPicture."""
        try:
            return self._put(picture.png, name, cut(clean(picture.alt), _ALT))
        except SlackApiError as error:
            raise _nothing_stands(_without_picture(error)) from error
        except (httpx.HTTPError, *NO_REPLY) as error:
            raise Refused(f"the picture could not be uploaded ({type(error).__name__})") from error

    def _put(self, data: bytes, name: str, alt: str | None = None) -> str:
        begun = self._client.files_getUploadURLExternal(filename=name, length=len(data), alt_txt=alt)
        headers = {"Content-Type": "application/octet-stream"}
        httpx.post(str(begun["upload_url"]), content=data, headers=headers, timeout=_TIMEOUT).raise_for_status()
        return str(begun["file_id"])

    def send(self, user: str, filename: str, data: bytes, title: str) -> None:
        """Send a file to a user by direct message, once; raises FileNotSent with the reason where it cannot be."""
        try:
            channel = str(self._client.conversations_open(users=user)["channel"]["id"])
            file_id = self._put(data, filename)
            self._complete_once(file_id, clean(title), channel_id=channel)
        except SlackApiError as error:
            raise FileNotSent(f"Slack says no: {explained(error)}") from error
        except (httpx.HTTPError, *NO_REPLY) as error:
            raise FileNotSent(
                f"Slack gave no answer ({type(error).__name__}); look whether it came before trying again"
            ) from error

    def share(self, file_id: str, picture: Picture, channel: str, thread: str) -> None:
        """Make the file a message in the channel or thread. Raises Refused, Unknown or NoPicture."""
        title = clean(picture.title)
        self._complete(
            file_id, title, channel_id=channel, thread_ts=thread or None, initial_comment=literal(cut(title, _TITLE))
        )

    def stands(self, file_id: str, channel: str) -> str:
        """The number of the file's message in the channel; empty while Slack does not say."""
        try:
            shares = self._file(file_id).get("shares") or {}
        except (SlackApiError, *NO_REPLY):
            return ""
        found = [share for places in shares.values() for share in places.get(channel) or ()]
        return str(found[0]["ts"]) if found else ""

    def upload(self, picture: Picture) -> str:
        """The ID of a private file for an image block, once Slack can show it; NoPicture, whatever failed."""
        name = file_name(hashlib.sha256(picture.png).hexdigest())
        try:
            file_id = self.put(picture, name)
            self._complete(file_id, clean(picture.title))
            if any(self._processed(file_id, wait) for wait in WAITS):
                return file_id
        except (Refused, Unknown) as error:
            raise NoPicture(str(error)) from error
        except SlackApiError as error:
            raise NoPicture(str(explained(error))) from error
        except NO_REPLY as error:
            raise NoPicture(type(error).__name__) from error
        raise NoPicture("Slack is still at work on the picture")

    def _complete(self, file_id: str, title: str, **place: Any) -> None:  # noqa: ANN401 - what the SDK takes
        try:
            self._complete_once(file_id, title, **place)
        except SlackApiError as error:
            raise _without_picture(error) from error
        except NO_REPLY as error:
            raise Unknown(type(error).__name__) from error

    def _complete_once(self, file_id: str, title: str, **place: Any) -> None:  # noqa: ANN401 - what the SDK takes
        self._client.files_completeUploadExternal(files=[{"id": file_id, "title": cut(title, _TITLE)}], **place)

    def _processed(self, file_id: str, wait: float) -> bool:
        if wait:
            self._sleep(wait)
        return bool(self._file(file_id).get("mimetype"))

    def _file(self, file_id: str) -> Mapping[str, Any]:
        file: Mapping[str, Any] = self._client.files_info(file=file_id)["file"]
        return file


def _without_picture(error: SlackApiError) -> Exception:
    """The refusal, as NoPicture where words would go through."""
    reason = explained(error)
    if isinstance(reason, Refused) and reason.retry_after is None and error_name(error) not in _WORDS_FAIL_TOO:
        return NoPicture(str(reason))
    return reason


def _nothing_stands(error: Exception) -> Exception:
    """Before the last step nothing can stand in the channel, whatever became of the call."""
    return Refused(f"the picture could not be uploaded ({error})") if isinstance(error, Unknown) else error
