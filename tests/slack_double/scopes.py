"""Which permission each method needs, as the reference of the methods has it; methods not named need none."""

from .messages import Channel
from .report import ApiError, Json
from .workspace import Workspace

NEEDED = {
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "conversations.history": "{kind}:history",
    "conversations.replies": "{kind}:history",
    "conversations.info": "{kind}:read",
    "conversations.list": "channels:read",
    "conversations.open": "im:write",
    "users.info": "users:read",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
}


def check_scope(workspace: Workspace, method: str, params: Json) -> None:
    """Refuse a method whose permission was not granted, naming it beside those that were."""
    needed = NEEDED.get(method, "").format(kind=_kind(workspace.channels.get(str(params.get("channel")))))
    if needed and needed not in workspace.scopes:
        provided = ",".join(sorted(workspace.scopes))
        raise ApiError("missing_scope", needed=needed, provided=provided)


def _kind(channel: Channel | None) -> str:
    if channel is None:
        return "channels"
    if channel.user is not None:
        return "im"
    return "groups" if channel.private else "channels"
