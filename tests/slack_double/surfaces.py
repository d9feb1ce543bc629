"""Identity, users, views and files: the methods around the conversation."""

from .chat import thread_root
from .interactions import Interactions
from .limits import check_view
from .params import need, whole
from .report import ApiError, Json
from .workspace import APP_ID, BOT_ID, BOT_USER, TEAM_ID, Upload, Workspace

LARGEST_FILE = 1_000_000_000


def auth_test(workspace: Workspace, _: Json) -> Json:
    """auth.test."""
    return {
        "ok": True,
        "url": workspace.base_url,
        "team": "Double",
        "team_id": TEAM_ID,
        "user": "benchwatch",
        "user_id": BOT_USER,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(workspace: Workspace, _: Json) -> Json:
    """apps.connections.open: a WebSocket address that works once."""
    ticket = workspace.next_id("ticket")
    workspace.tickets.add(ticket)
    base = workspace.base_url.replace("http", "ws", 1)
    return {"ok": True, "url": f"{base}link/?ticket={ticket}&app_id={APP_ID}"}


def users_info(workspace: Workspace, params: Json) -> Json:
    """users.info."""
    user = workspace.users.get(need(params, "user")[0])
    if user is None:
        raise ApiError("user_not_found")
    return {"ok": True, "user": user}


class Views:
    """views.open, views.update and views.publish; a stale `hash` is a conflict."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def open(self, workspace: Workspace, params: Json) -> Json:
        """views.open, which spends the trigger."""
        (trigger_id,) = need(params, "trigger_id")
        view = _valid_view(params, "modal")
        interaction = self._interactions.exchange(trigger_id)
        return _store_view(workspace, workspace.next_id("V"), view, interaction.user)

    def update(self, workspace: Workspace, params: Json) -> Json:
        """views.update, by view_id or external_id."""
        wanted = params.get("view_id"), params.get("external_id")
        for view_id, old in workspace.views.items():
            if view_id == wanted[0] or (wanted[1] and old.get("external_id") == wanted[1]):
                _refuse_stale(old, params)
                return _store_view(workspace, view_id, _valid_view(params, old["type"]), old["user_id"])
        raise ApiError("not_found")

    def publish(self, workspace: Workspace, params: Json) -> Json:
        """views.publish: the Home tab of one user."""
        (user_id,) = need(params, "user_id")
        view = _valid_view(params, "home")
        if user_id not in workspace.users:
            raise ApiError("invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"])
        view_id = workspace.homes.get(user_id) or workspace.next_id("V")
        if view_id in workspace.views:
            _refuse_stale(workspace.views[view_id], params)
        workspace.homes[user_id] = view_id
        return _store_view(workspace, view_id, view, user_id)


def upload_url(workspace: Workspace, params: Json) -> Json:
    """files.getUploadURLExternal."""
    (filename, _) = need(params, "filename", "length")
    length = whole(params, "length", 0, LARGEST_FILE)
    upload = Upload(workspace.next_id("F"), filename, length, params.get("alt_txt"))
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
    """files.completeUploadExternal: the file appears as one message, in the thread when one is named."""
    entries = params.get("files")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ApiError("invalid_arguments", ["[ERROR] missing required field: files"])
    files = [_file_json(workspace, entry) for entry in entries]
    for channel_id in _shared_with(params):
        channel = workspace.reach(channel_id)
        if channel.archived:
            raise ApiError("posting_to_channel_denied")
        text, root = str(params.get("initial_comment") or ""), thread_root(channel, params)
        workspace.post(channel, workspace.bot_message(text, files=files, thread_ts=root))
    return {"ok": True, "files": files}


def _shared_with(params: Json) -> list[str]:
    named = [str(params.get("channel_id") or ""), *str(params.get("channels") or "").split(",")]
    return [channel_id for channel_id in named if channel_id]


def _file_json(workspace: Workspace, entry: Json) -> Json:
    upload = workspace.uploads.get(str(entry.get("id")))
    if upload is None or upload.content is None:
        raise ApiError("file_not_found")
    title = entry.get("title") or upload.filename
    data = {"id": upload.id, "name": upload.filename, "title": title, "size": upload.length}
    return {**data, "alt_txt": upload.alt_text} if upload.alt_text else data


def _valid_view(params: Json, kind: str) -> Json:
    view = params.get("view")
    error = check_view(view)
    if error is not None:
        raise error
    if not isinstance(view, dict) or view["type"] != kind:
        raise ApiError("invalid_arguments", [f"[ERROR] must be a {kind} view [json-pointer:/view/type]"])
    return view


def _refuse_stale(old: Json, params: Json) -> None:
    if params.get("hash") and params["hash"] != old["hash"]:
        raise ApiError("hash_conflict")


def _store_view(workspace: Workspace, view_id: str, view: Json, user_id: str) -> Json:
    own = {
        "id": view_id,
        "user_id": user_id,
        "hash": workspace.next_id("hash"),
        "app_id": APP_ID,
        "bot_id": BOT_ID,
    }
    workspace.views[view_id] = {"state": {"values": {}}, **view, **own, "team_id": TEAM_ID}
    workspace.notify()
    return {"ok": True, "view": workspace.views[view_id]}
