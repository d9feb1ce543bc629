"""Modals, stacked at most three high for each person, and the Home tab."""

from typing import Any

from .files import check_files
from .filling import kept
from .interactions import Interaction, Interactions
from .limits import LIMITS, check_view
from .params import need
from .report import ApiError, Json
from .workspace import APP_ID, BOT_ID, TEAM_ID, Workspace


class Views:
    """views.open, views.push, views.update and views.publish; a stale `hash` is a conflict."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def open(self, workspace: Workspace, params: Json) -> Json:
        """views.open, which spends the trigger; the modal takes the place of any that was open."""
        (trigger_id,) = need(params, "trigger_id")
        view = valid_view(workspace, params.get("view"), "modal")
        user = self._interactions.exchange(trigger_id).user
        close_all(workspace, user)
        return {"ok": True, "view": put_on_top(workspace, view, user)}

    def push(self, workspace: Workspace, params: Json) -> Json:
        """views.push, with a trigger that came from a modal still open."""
        (trigger_id,) = need(params, "trigger_id")
        view = valid_view(workspace, params.get("view"), "modal")
        interaction = self._interactions.exchange(trigger_id)
        return {"ok": True, "view": push(workspace, view, interaction)}

    def update(self, workspace: Workspace, params: Json) -> Json:
        """views.update, by view_id or external_id; a modal that was closed is not found."""
        wanted = params.get("view_id"), params.get("external_id")
        for view_id, old in list(workspace.views.items()):
            if view_id == wanted[0] or (wanted[1] and old.get("external_id") == wanted[1]):
                _refuse_stale(old, params)
                return {"ok": True, "view": replace_view(workspace, view_id, params.get("view"))}
        raise ApiError("not_found")

    def publish(self, workspace: Workspace, params: Json) -> Json:
        """views.publish: the Home tab of one user."""
        (user_id,) = need(params, "user_id")
        view = valid_view(workspace, params.get("view"), "home")
        if not workspace.home_enabled:
            raise ApiError("not_enabled")
        if user_id not in workspace.users:
            raise ApiError("invalid_arguments", ["[ERROR] user not found [json-pointer:/user_id]"])
        view_id = workspace.homes.get(user_id)
        if view_id is None:
            view_id = workspace.homes[user_id] = workspace.next_id("V")
        else:
            _refuse_stale(workspace.views[view_id], params)
        return {"ok": True, "view": _store(workspace, view_id, view, user_id)}


def valid_view(workspace: Workspace, view: Any, kind: str) -> Json:
    """The view, when Slack would take it as a modal or a Home tab."""
    error = check_view(view)
    if error is not None:
        raise error
    if not isinstance(view, dict) or view["type"] != kind:
        raise ApiError("invalid_arguments", [f"[ERROR] must be a {kind} view [json-pointer:/view/type]"])
    problems = check_files(workspace, view["blocks"], "/view/blocks")
    if problems:
        raise ApiError("invalid_arguments", problems)
    return view


def put_on_top(workspace: Workspace, view: Json, user: str) -> Json:
    """Show a modal to a person, over those already open; an external_id names one view only."""
    external = view.get("external_id")
    if external and any(other.get("external_id") == external for other in workspace.views.values()):
        raise ApiError("duplicate_external_id")
    view_id, stack = workspace.next_id("V"), workspace.stacks.setdefault(user, [])
    stack.append(view_id)
    return _store(workspace, view_id, view, user)


def push(workspace: Workspace, view: Json, interaction: Interaction) -> Json:
    """Show a modal over the one that was pressed or sent in."""
    stack = workspace.stacks.get(interaction.user, [])
    if interaction.view not in stack:
        raise ApiError("not_found" if interaction.view else "invalid_trigger_id")
    if len(stack) >= LIMITS["view.stack.max_items"]:
        raise ApiError("push_limit_reached")
    return put_on_top(workspace, view, interaction.user)


def replace_view(workspace: Workspace, view_id: str, view: Any) -> Json:
    """Put another view in the place of one; what was filled in stays where block and element keep their ids."""
    old = workspace.views[view_id]
    return _store(workspace, view_id, valid_view(workspace, view, old["type"]), old["user_id"], old)


def close_top(workspace: Workspace, user: str) -> None:
    """Take the topmost modal away."""
    with workspace.changed:
        workspace.views.pop(workspace.stacks[user].pop(), None)
        workspace.notify()


def close_all(workspace: Workspace, user: str) -> None:
    """Take all modals of a person away."""
    while workspace.stacks.get(user):
        close_top(workspace, user)


def _refuse_stale(old: Json, params: Json) -> None:
    if params.get("hash") and params["hash"] != old["hash"]:
        raise ApiError("hash_conflict")


def _store(workspace: Workspace, view_id: str, view: Json, user_id: str, old: Json | None = None) -> Json:
    stack = workspace.stacks.get(user_id, [])
    below = stack.index(view_id) if view_id in stack else 0
    given = {"private_metadata": "", "callback_id": "", "external_id": "", **view}
    own = {
        "id": view_id,
        "user_id": user_id,
        "hash": workspace.next_id("hash"),
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
        "team_id": TEAM_ID,
        "root_view_id": stack[0] if view_id in stack else view_id,
        "previous_view_id": stack[below - 1] if below else None,
        "state": {"values": kept(view["blocks"], old)},
    }
    workspace.views[view_id] = {**given, **own}
    workspace.notify()
    return workspace.views[view_id]
