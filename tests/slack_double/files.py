"""Files: uploaded in three steps, looked at while Slack works on them, and shown in image blocks."""

import mimetypes
from collections.abc import Iterator
from typing import Any

from .messages import Channel
from .params import need, whole
from .report import ApiError, Json
from .table import LIMITS
from .threads import thread_root
from .workspace import BOT_USER, TEAM_ID, Upload, Workspace

LARGEST = 1_000_000_000
IMAGES = ("image/png", "image/jpeg", "image/gif")


def upload_url(workspace: Workspace, params: Json) -> Json:
    """files.getUploadURLExternal."""
    (filename, _) = need(params, "filename", "length")
    length = whole(params, "length", 0, LARGEST)
    alt_text = params.get("alt_txt")
    if alt_text is not None and len(str(alt_text)) > LIMITS["file.alt_txt.max_length"]:
        raise ApiError("invalid_arguments", ["[ERROR] must be less than 1001 characters [json-pointer:/alt_txt]"])
    upload = Upload(workspace.next_id("F"), filename, length, alt_text)
    workspace.uploads[upload.id] = upload
    return {"ok": True, "upload_url": f"{workspace.base_url}upload/{upload.id}", "file_id": upload.id}


def receive_upload(workspace: Workspace, file_id: str, content: bytes) -> tuple[int, str]:
    """The bytes of a file: HTTP status and body. The length must be the one announced."""
    with workspace.changed:
        upload = workspace.uploads.get(file_id)
        if upload is None:
            return 404, "not found"
        if len(content) != upload.length:
            return 400, "length mismatch"
        upload.content = content
        return 200, f"OK - {upload.length}"


def complete_upload(workspace: Workspace, params: Json) -> Json:
    """files.completeUploadExternal: one message in each channel named, in a thread or not; with none, private."""
    entries = params.get("files")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: files"])
    uploads = [_uploaded(workspace, entry) for entry in entries]
    places = [(channel, thread_root(channel, params)) for channel in _channels(workspace, params)]
    for upload, entry in zip(uploads, entries, strict=True):
        upload.title = str(entry.get("title") or upload.filename)
        upload.completed, upload.waits = workspace.clock(), workspace.file_waits
    for channel, root in places:
        _share(workspace, channel, uploads, root, str(params.get("initial_comment") or ""))
    return {"ok": True, "files": [_short(upload) for upload in uploads]}


def info(workspace: Workspace, params: Json) -> Json:
    """files.info: the type of a file is not known while Slack works on it."""
    upload = workspace.uploads.get(need(params, "file")[0])
    if upload is None or upload.completed is None:
        raise ApiError("file_not_found")
    ready = upload.waits == 0
    upload.waits -= not ready
    return {"ok": True, "file": _file_json(workspace, upload, ready=ready), "comments": []}


def check_files(workspace: Workspace, value: Any, pointer: str = "/blocks") -> list[str]:
    """What is wrong with the Slack files that blocks show: each must be an image of ours that is ready."""
    return [
        f"[ERROR] invalid slack file [json-pointer:{place}/slack_file]"
        for place, file in _shown(value, pointer)
        if not _showable(workspace.uploads.get(str(file.get("id"))))
    ]


def refuse_files(workspace: Workspace, payload: Json) -> None:
    """Refuse a message whose blocks show a file that is not there, or not ready."""
    problems = check_files(workspace, payload.get("blocks"))
    for index, attachment in enumerate(payload.get("attachments") or []):
        problems += check_files(workspace, attachment.get("blocks"), f"/attachments/{index}/blocks")
    if problems:
        raise ApiError("invalid_blocks", problems)


def _uploaded(workspace: Workspace, entry: Json) -> Upload:
    upload = workspace.uploads.get(str(entry.get("id")))
    if upload is None or upload.content is None:
        raise ApiError("file_not_found")
    return upload


def _channels(workspace: Workspace, params: Json) -> list[Channel]:
    named = [str(params.get("channel_id") or ""), *str(params.get("channels") or "").split(",")]
    channels = [workspace.reach(channel_id) for channel_id in named if channel_id]
    if any(channel.archived for channel in channels):
        raise ApiError("posting_to_channel_denied")
    return channels


def _share(workspace: Workspace, channel: Channel, uploads: list[Upload], root: str | None, text: str) -> None:
    files = [_file_json(workspace, upload, ready=True) for upload in uploads]
    message = workspace.bot_message(text, files=files, thread_ts=root)
    for upload in uploads:
        share: Json = {"ts": message.ts, "channel_name": channel.name, "team_id": TEAM_ID}
        upload.shares.setdefault(channel.id, []).append({**share, **({"thread_ts": root} if root else {})})
    workspace.post(channel, message)


def _short(upload: Upload) -> Json:
    data = {"id": upload.id, "name": upload.filename, "title": upload.title, "size": upload.length}
    return {**data, "alt_txt": upload.alt_text} if upload.alt_text else data


def _file_json(workspace: Workspace, upload: Upload, *, ready: bool) -> Json:
    channels = [workspace.channels[channel_id] for channel_id in upload.shares]
    created = int(upload.completed or 0)
    return {
        **_short(upload),
        **({"mimetype": _mimetype(upload), "filetype": upload.filename.rpartition(".")[2]} if ready else {}),
        "created": created,
        "timestamp": created,
        "user": BOT_USER,
        "mode": "hosted",
        "is_public": any(not channel.private and channel.user is None for channel in channels),
        "channels": [channel.id for channel in channels if not channel.private and channel.user is None],
        "groups": [channel.id for channel in channels if channel.private],
        "ims": [channel.id for channel in channels if channel.user is not None],
        "shares": _shares(channels, upload),
    }


def _shares(channels: list[Channel], upload: Upload) -> Json:
    """Public channels and the others apart; a kind without any is left out, as by Slack."""
    found: Json = {}
    for channel in channels:
        kind = "private" if channel.private or channel.user is not None else "public"
        found.setdefault(kind, {})[channel.id] = list(upload.shares[channel.id])
    return found


def _mimetype(upload: Upload) -> str:
    return mimetypes.guess_type(upload.filename)[0] or "application/octet-stream"


def _showable(upload: Upload | None) -> bool:
    ready = upload is not None and upload.completed is not None and upload.waits == 0
    return ready and upload is not None and _mimetype(upload) in IMAGES


def _shown(value: Any, pointer: str) -> Iterator[tuple[str, Json]]:
    """Each `slack_file` in blocks, with the place of the image that holds it."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _shown(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        if isinstance(value.get("slack_file"), dict):
            yield pointer, value["slack_file"]
        for key in ("accessory", "elements", "child_blocks"):
            yield from _shown(value.get(key), f"{pointer}/{key}")
