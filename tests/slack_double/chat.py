"""The chat.* methods: post, update, delete, and post to one person's screen."""

from dataclasses import replace

from .files import refuse_files
from .limits import LIMITS, check_message, check_metadata
from .messages import Message
from .params import flag, micros, need
from .report import ApiError, Json
from .threads import thread_root
from .workspace import BOT_USER, Workspace

PARSING = ("parse", "link_names")


def post_message(workspace: Workspace, params: Json) -> Json:
    """chat.postMessage; a user id as channel opens the direct message."""
    (target,) = need(params, "channel")
    channel = workspace.direct_message(target) if target in workspace.users else workspace.reach(target)
    workspace.spend(channel.id)
    if channel.archived:
        raise ApiError("is_archived")
    params = _with_markdown(params)
    _refuse(check_message(params) or check_metadata(params.get("metadata")))
    refuse_files(workspace, params)
    text, warning = _truncated(params.get("text") or "")
    message = workspace.bot_message(
        text,
        blocks=params.get("blocks") or [],
        attachments=params.get("attachments") or [],
        metadata=params.get("metadata") or None,
        thread_ts=thread_root(channel, params),
        broadcast=bool(params.get("thread_ts")) and flag(params, "reply_broadcast"),
        parsing={key: params[key] for key in PARSING if key in params},
    )
    workspace.post(channel, message)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.to_json(), **warning}


def update(workspace: Workspace, params: Json) -> Json:
    """chat.update; parts not given stay as they were, an empty list or object removes them."""
    channel_id, ts = need(params, "channel", "ts")
    channel = workspace.reach(channel_id)
    if channel.archived:
        raise ApiError("is_inactive")
    message = channel.standing(ts)
    if message is None:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError("cant_update_message")
    if _too_old(workspace, message):
        raise ApiError("edit_window_closed")
    params = _with_markdown(params)
    after = {
        "text": params.get("text", message.text),
        "blocks": params.get("blocks", message.blocks),
        "attachments": params.get("attachments", message.attachments),
    }
    _refuse(check_message(after, update=True) or check_metadata(params.get("metadata")))
    refuse_files(workspace, after)
    metadata = params.get("metadata", message.metadata) or None
    parsing = {key: params[key] for key in PARSING if key in params}
    edited = replace(message, **after, metadata=metadata, parsing=parsing, edited=workspace.next_ts())
    workspace.post(channel, edited)
    return {"ok": True, "channel": channel.id, "ts": ts, "text": edited.text, "message": edited.to_json()}


def delete(workspace: Workspace, params: Json) -> Json:
    """chat.delete, for the bot's own messages."""
    channel_id, ts = need(params, "channel", "ts")
    channel = workspace.reach(channel_id)
    message = channel.standing(ts)
    if message is None:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError("cant_delete_message")
    channel.remove(ts)
    workspace.notify()
    return {"ok": True, "channel": channel.id, "ts": ts}


def post_ephemeral(workspace: Workspace, params: Json) -> Json:
    """chat.postEphemeral: seen by one person, never in the history, not to be updated."""
    channel_id, user = need(params, "channel", "user")
    channel = workspace.reach(channel_id)
    if channel.archived:
        raise ApiError("is_archived")
    params = _with_markdown(params)
    _refuse(check_message(params))
    refuse_files(workspace, params)
    message = workspace.bot_message(
        _truncated(params.get("text") or "")[0],
        blocks=params.get("blocks") or [],
        attachments=params.get("attachments") or [],
        thread_ts=thread_root(channel, params),
        ephemeral_to=user,
    )
    workspace.post(channel, message)
    return {"ok": True, "message_ts": message.ts}


def _too_old(workspace: Workspace, message: Message) -> bool:
    """Whether the workspace lets nobody edit a message as old as this."""
    window = workspace.edit_window
    if window is None:
        return False
    return window <= 0 or workspace.clock() - micros(message.ts, "message_not_found") / 1_000_000 > window


def _refuse(error: ApiError | None) -> None:
    if error is not None:
        raise error


def _truncated(text: str) -> tuple[str, Json]:
    most = LIMITS["message.text.max_length"]
    if len(text) <= most:
        return text, {}
    warning = "message_truncated"
    return text[:most], {"warning": warning, "response_metadata": {"warnings": [warning]}}


def _with_markdown(params: Json) -> Json:
    """`markdown_text` stands for a single markdown block, and excludes text and blocks."""
    markdown = params.get("markdown_text")
    if markdown is None:
        return params
    if params.get("text") or params.get("blocks"):
        raise ApiError("markdown_text_conflict")
    return {**params, "blocks": [{"type": "markdown", "text": markdown}]}
