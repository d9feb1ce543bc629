"""The conversations.* methods, with Slack's order, bounds and cursor paging."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from .limits import LIMITS
from .messages import Channel, Message
from .params import flag, micros, need, whole
from .report import ApiError, Json
from .workspace import Workspace

Row = TypeVar("Row", Message, Channel)
PAGE = LIMITS["history.limit.max"]


def history(workspace: Workspace, params: Json) -> Json:
    """conversations.history: newest first, without replies that were not broadcast."""
    channel = workspace.reach(need(params, "channel")[0])
    found = [message for message in reversed(channel.top_level()) if _within(message, params)]
    return _page_of(channel, found, params)


def replies(workspace: Workspace, params: Json) -> Json:
    """conversations.replies: the first message, then its replies, oldest first."""
    channel_id, ts = need(params, "channel", "ts")
    channel = workspace.reach(channel_id)
    first = channel.standing(ts)
    found = [*([first] if first else []), *channel.thread(ts)]
    if not found:
        raise ApiError("thread_not_found")
    kept = [message for message in found if message.ts == ts or _within(message, params)]
    return _page_of(channel, kept, params)


def info(workspace: Workspace, params: Json) -> Json:
    """conversations.info; a private channel that the bot is not in does not exist for it."""
    channel = workspace.reach(need(params, "channel")[0], member=False)
    data = channel.to_json()
    if flag(params, "include_num_members"):
        data["num_members"] = channel.num_members
    return {"ok": True, "channel": data}


def listing(workspace: Workspace, params: Json) -> Json:
    """conversations.list: by default public channels only, archived ones included."""
    kinds = str(params.get("types") or "public_channel").replace(" ", "").split(",")
    found = [
        channel
        for channel in workspace.channels.values()
        if _kind(channel) in kinds
        and not (channel.private and not channel.bot_is_member)
        and not (flag(params, "exclude_archived") and channel.archived)
    ]
    rows, cursor = _slice(found, params, 1000)
    channels = [channel.to_json() for channel in rows]
    return {"ok": True, "channels": channels, "response_metadata": {"next_cursor": cursor}}


def open_direct(workspace: Workspace, params: Json) -> Json:
    """conversations.open for one user, or for a direct message by its id."""
    if params.get("channel"):
        channel = workspace.reach(params["channel"])
        return {"ok": True, "channel": {"id": channel.id}}
    users = params.get("users")
    wanted = users if isinstance(users, list) else str(users or "").split(",")
    if wanted == [""]:
        raise ApiError("users_list_not_supplied")
    if len(wanted) != 1 or wanted[0] not in workspace.users:
        raise ApiError("user_not_found")
    channel = workspace.direct_message(wanted[0])
    return {"ok": True, "channel": channel.to_json() if flag(params, "return_im") else {"id": channel.id}}


def _kind(channel: Channel) -> str:
    if channel.user is not None:
        return "im"
    return "private_channel" if channel.private else "public_channel"


def _within(message: Message, params: Json) -> bool:
    """Both bounds are exclusive unless `inclusive` is given."""
    at, slack = micros(message.ts, "invalid_ts"), 1 if flag(params, "inclusive") else 0
    if params.get("oldest") and at + slack <= micros(params["oldest"], "invalid_ts_oldest"):
        return False
    return not params.get("latest") or at - slack < micros(params["latest"], "invalid_ts_latest")


def _page_of(channel: Channel, found: list[Message], params: Json) -> Json:
    rows, cursor = _slice(found, params, PAGE)
    everything = flag(params, "include_all_metadata")
    answer: Json = {
        "ok": True,
        "messages": [channel.message_json(message, all_metadata=everything) for message in rows],
        "has_more": bool(cursor),
    }
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _slice(rows: Sequence[Row], params: Json, most: int) -> tuple[Sequence[Row], str]:
    """One page and the cursor of the next, which names its first row, so new arrivals never shift it."""
    start, limit = 0, whole(params, "limit", 100, most)
    if params.get("cursor"):
        keys = [_key(row) for row in rows]
        try:
            start = keys.index(base64.b64decode(str(params["cursor"]), validate=True).decode())
        except (binascii.Error, ValueError):
            raise ApiError("invalid_cursor") from None
    following = rows[start + limit : start + limit + 1]
    cursor = base64.b64encode(_key(following[0]).encode()).decode() if following else ""
    return rows[start : start + limit], cursor


def _key(row: Message | Channel) -> str:
    return f"next_ts:{row.ts}" if isinstance(row, Message) else f"channel:{row.id}"
