"""Checks that elements of all kinds share, and those for images and buttons."""

from typing import Any

from .report import Json, Report
from .table import LIMITS


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
    if value.get("slack_file") is not None:
        _slack_file(report, value["slack_file"], f"{pointer}/slack_file")


def _slack_file(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("id", "url"))
    for key in ("id", "url"):
        report.string(value.get(key), f"{pointer}/{key}")
    if (value.get("id") is None) == (value.get("url") is None):
        report.add(pointer, "must provide either id or url")


def unique_action_ids(report: Report, elements: Any, pointer: str) -> None:
    """Within one block every action_id differs."""
    seen: set[str] = set()
    for index, element in enumerate(elements if isinstance(elements, list) else ()):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str) and action_id in seen:
            report.add(f"{pointer}/{index}/action_id", f"`action_id` {action_id} already exists")
        elif isinstance(action_id, str):
            seen.add(action_id)


def check_button(report: Report, value: Json, pointer: str) -> None:
    """A button: text, and at most a value, an address, a style and a question first."""
    allowed = ("type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label")
    report.keys(value, pointer, allowed, ("text",))
    report.text(value.get("text"), f"{pointer}/text", LIMITS["button.text.max_length"], plain=True)
    for key in ("url", "value", "accessibility_label"):
        report.string(value.get(key), f"{pointer}/{key}", LIMITS[f"button.{key}.max_length"])
    if value.get("style") not in (None, "primary", "danger"):
        report.add(f"{pointer}/style", "must be one of primary, danger")
    check_common(report, value, pointer)


def check_common(report: Report, value: Json, pointer: str) -> None:
    """What every interactive element may have: an id, a placeholder and a question first."""
    report.string(value.get("action_id"), f"{pointer}/action_id", LIMITS["action_id.max_length"])
    most = LIMITS["select.placeholder.max_length"]
    report.text(value.get("placeholder"), f"{pointer}/placeholder", most, plain=True)
    if value.get("confirm") is not None:
        _confirmation(report, value["confirm"], f"{pointer}/confirm")


def _confirmation(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    parts = ("title", "text", "confirm", "deny")
    report.keys(value, pointer, (*parts, "style"), parts)
    for key in parts:
        most = LIMITS[f"confirmation.{key}.max_length"]
        report.text(value.get(key), f"{pointer}/{key}", most, plain=key != "text")
