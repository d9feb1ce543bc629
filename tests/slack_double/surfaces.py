"""Identity, sockets and users: the methods around the conversation."""

from .params import need
from .report import ApiError, Json
from .workspace import APP_ID, BOT_ID, BOT_USER, TEAM_ID, Workspace


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
