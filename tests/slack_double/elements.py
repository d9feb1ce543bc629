"""Checks for interactive elements: buttons, selects, pickers and inputs."""

from typing import Any

from .report import Check, Json, Report
from .table import LIMITS

PICKERS = ("datepicker", "timepicker", "datetimepicker")
INPUTS = ("plain_text_input", "email_text_input", "url_text_input", "number_input")
ENTITY_SELECTS = ("users_select", "conversations_select", "channels_select")
OPTION_LISTS = ("overflow", "checkboxes", "radio_buttons")


def check_image_element(report: Report, value: Json, pointer: str) -> None:
    """An image beside text; Slack demands `alt_text`, and either a URL or a Slack file."""
    report.keys(value, pointer, ("type", "image_url", "slack_file", "alt_text"), ("alt_text",))
    check_image_source(report, value, pointer)


def check_image_source(report: Report, value: Json, pointer: str) -> None:
    """The parts that image blocks and image elements share."""
    report.string(value.get("image_url"), f"{pointer}/image_url", LIMITS["image.image_url.max_length"])
    report.string(value.get("alt_text"), f"{pointer}/alt_text", LIMITS["image.alt_text.max_length"])
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        report.add(pointer, "must provide either image_url or slack_file")


def unique_action_ids(report: Report, elements: Any, pointer: str) -> None:
    """Within one block every action_id differs."""
    seen: set[str] = set()
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in seen:
            report.add(f"{pointer}/{index}/action_id", f"`action_id` {action_id} already exists")
        elif isinstance(action_id, str):
            seen.add(action_id)


def _button(report: Report, value: Json, pointer: str) -> None:
    allowed = ("type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
    report.keys(value, pointer, allowed, ("text",))
    report.text(value.get("text"), f"{pointer}/text", LIMITS["button.text.max_length"], plain=True)
    for key in ("url", "value", "accessibility_label"):
        report.string(value.get(key), f"{pointer}/{key}", LIMITS[f"button.{key}.max_length"])
    if value.get("style") not in (None, "primary", "danger"):
        report.add(f"{pointer}/style", "must be one of primary, danger")
    _common(report, value, pointer)


def _select(report: Report, value: Json, pointer: str) -> None:
    _common(report, value, pointer)
    if (value.get("options") is None) == (value.get("option_groups") is None):
        report.add(pointer, "must provide either options or option_groups")
    report.each(value.get("options"), f"{pointer}/options", LIMITS["select.options.max_items"], _option)
    most = LIMITS["select.option_groups.max_items"]
    report.each(value.get("option_groups"), f"{pointer}/option_groups", most, _option_group)


def _option_list(report: Report, value: Json, pointer: str) -> None:
    _common(report, value, pointer)
    most = LIMITS[f"{value['type']}.options.max_items"]
    report.keys(value, pointer, value, ("options",))
    report.each(value.get("options"), f"{pointer}/options", most, _option)


def _common(report: Report, value: Json, pointer: str) -> None:
    report.string(value.get("action_id"), f"{pointer}/action_id", LIMITS["action_id.max_length"])
    most = LIMITS["select.placeholder.max_length"]
    report.text(value.get("placeholder"), f"{pointer}/placeholder", most, plain=True)
    if value.get("confirm") is not None:
        _confirmation(report, value["confirm"], f"{pointer}/confirm")


def _option(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("text", "value", "description", "url"), ("text", "value"))
    report.text(value.get("text"), f"{pointer}/text", LIMITS["option.text.max_length"])
    report.text(value.get("description"), f"{pointer}/description", LIMITS["option.description.max_length"])
    for key in ("value", "url"):
        report.string(value.get(key), f"{pointer}/{key}", LIMITS[f"option.{key}.max_length"])


def _option_group(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("label", "options"), ("label", "options"))
    report.text(value.get("label"), f"{pointer}/label", LIMITS["option_group.label.max_length"], plain=True)
    most = LIMITS["option_group.options.max_items"]
    report.each(value.get("options"), f"{pointer}/options", most, _option)


def _confirmation(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    parts = ("title", "text", "confirm", "deny")
    report.keys(value, pointer, (*parts, "style"), parts)
    for key in parts:
        most = LIMITS[f"confirmation.{key}.max_length"]
        report.text(value.get(key), f"{pointer}/{key}", most, plain=key != "text")


CONTROLS: dict[str, Check] = {
    "button": _button,
    "static_select": _select,
    "multi_static_select": _select,
    "external_select": _common,
    **dict.fromkeys(ENTITY_SELECTS + PICKERS, _common),
    **dict.fromkeys(OPTION_LISTS, _option_list),
}
ACCESSORIES: dict[str, Check] = {**CONTROLS, "image": check_image_element}
ENTRIES: dict[str, Check] = {
    **{kind: check for kind, check in CONTROLS.items() if kind not in ("button", "overflow")},
    **dict.fromkeys(INPUTS, _common),
}
