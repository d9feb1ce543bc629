"""What Slack does with the answer to a modal that was sent in."""

from typing import Any

from .carriers import Ack
from .interactions import Interaction
from .report import ApiError, Json
from .views import close_all, close_top, push, replace_view, valid_view
from .workspace import Workspace

TROUBLE = "trouble"


def settle(workspace: Workspace, view: Json, interaction: Interaction, ack: Ack) -> tuple[str, dict[str, str]]:
    """Carry the answer out: what was done, and the errors now shown in the modal by block_id.

    Done is close, errors, update, push or clear; "trouble" is what people see when the app did not answer, or
    answered what Slack does not take, and then the modal stays as it was.
    """
    if ack.status != 200:
        return TROUBLE, {}
    with workspace.changed:
        try:
            return _carry_out(workspace, view, interaction, ack.payload or {})
        except ApiError as error:
            workspace.log("ack", ack.payload or {}, error.answer())
            return TROUBLE, {}


def _carry_out(workspace: Workspace, view: Json, interaction: Interaction, answer: Json) -> tuple[str, dict[str, str]]:
    action = answer.get("response_action")
    if not answer:
        close_top(workspace, interaction.user)
        return "close", {}
    if action == "errors":
        return action, _errors(view, answer.get("errors"))
    if action == "update":
        replace_view(workspace, view["id"], answer.get("view"))
    elif action == "push":
        push(workspace, valid_view(workspace, answer.get("view"), "modal"), interaction)
    elif action == "clear":
        close_all(workspace, interaction.user)
    else:
        raise ApiError("invalid_response_action")
    return str(action), {}


def _errors(view: Json, errors: Any) -> dict[str, str]:
    """Errors are shown under input blocks, so each must name one."""
    inputs = {block.get("block_id") for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or set(errors) - inputs:
        raise ApiError("invalid_errors")
    return {block_id: str(message) for block_id, message in errors.items()}
