"""Checks for each type of layout block; a type without an entry in BLOCKS is refused, as by Slack."""

from typing import Any

from .data_blocks import check_chart, check_data_table, check_table
from .elements import check_image_element, check_image_source, unique_action_ids
from .inputs import ACCESSORIES, CONTROLS, ENTRIES
from .report import Check, Json, Report
from .rich_text import check_rich_text
from .table import LIMITS

COMMON = ("type", "block_id")


def check_block(report: Report, value: Any, pointer: str) -> None:
    """Check one block of any known type."""
    report.typed(value, pointer, BLOCKS)
    if isinstance(value, dict):
        report.string(value.get("block_id"), f"{pointer}/block_id", LIMITS["block_id.max_length"], least=0)


def _section(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "text", "fields", "accessory", "expand"))
    if value.get("text") is None and value.get("fields") is None:
        report.add(pointer, "missing required field: text")
    report.text(value.get("text"), f"{pointer}/text", LIMITS["section.text.max_length"])
    report.each(value.get("fields"), f"{pointer}/fields", LIMITS["section.fields.max_items"], _field)
    if value.get("accessory") is not None:
        report.typed(value["accessory"], f"{pointer}/accessory", ACCESSORIES)


def _field(report: Report, value: Any, pointer: str) -> None:
    if value is None:
        report.add(pointer, "must provide an object")
    report.text(value, pointer, LIMITS["section.fields.item_max_length"])


def _divider(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, COMMON)


def _header(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "text", "level"), ("text",))
    report.text(value.get("text"), f"{pointer}/text", LIMITS["header.text.max_length"], plain=True)


def _context(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "elements"), ("elements",))
    most = LIMITS["context.elements.max_items"]
    report.each(value.get("elements"), f"{pointer}/elements", most, _context_element)


def _context_element(report: Report, value: Any, pointer: str) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        check_image_element(report, value, pointer)
    elif value is None:
        report.add(pointer, "must provide an object")
    else:
        report.text(value, pointer, LIMITS["text.max_length"])


def _actions(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "elements"), ("elements",))
    elements, most = value.get("elements"), LIMITS["actions.elements.max_items"]
    report.each(elements, f"{pointer}/elements", most, lambda r, item, at: r.typed(item, at, CONTROLS))
    unique_action_ids(report, elements, f"{pointer}/elements")


def _image(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "image_url", "slack_file", "alt_text", "title"), ("alt_text",))
    check_image_source(report, value, pointer)
    report.text(value.get("title"), f"{pointer}/title", LIMITS["image.title.max_length"], plain=True)


def _input(report: Report, value: Json, pointer: str) -> None:
    allowed = (*COMMON, "label", "element", "hint", "optional", "dispatch_action")
    report.keys(value, pointer, allowed, ("label", "element"))
    report.text(value.get("label"), f"{pointer}/label", LIMITS["input.label.max_length"], plain=True)
    report.text(value.get("hint"), f"{pointer}/hint", LIMITS["input.hint.max_length"], plain=True)
    if value.get("element") is not None:
        report.typed(value["element"], f"{pointer}/element", ENTRIES)


def _markdown(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "text"), ("text",))
    report.string(value.get("text"), f"{pointer}/text", LIMITS["markdown.text.max_length"])


def _alert(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*COMMON, "text", "level"), ("text",))
    report.text(value.get("text"), f"{pointer}/text", LIMITS["alert.text.max_length"])


def _container(report: Report, value: Json, pointer: str) -> None:
    flags = ("width", "icon", "is_collapsible", "default_collapsed", "has_header_divider")
    allowed = (*COMMON, "title", "rich_text_title", "subtitle", "child_blocks", *flags)
    report.keys(value, pointer, allowed, ("child_blocks",))
    if value.get("title") is None and value.get("rich_text_title") is None:
        report.add(pointer, "missing required field: title")
    report.text(value.get("title"), f"{pointer}/title", LIMITS["container.title.max_length"])
    report.text(value.get("subtitle"), f"{pointer}/subtitle", LIMITS["container.subtitle.max_length"])
    most = LIMITS["container.child_blocks.max_items"]
    report.each(value.get("child_blocks"), f"{pointer}/child_blocks", most, _child)


def _child(report: Report, value: Any, pointer: str) -> None:
    if isinstance(value, dict) and value.get("type") == "container":
        report.add(f"{pointer}/type", "unsupported type: container")
    else:
        check_block(report, value, pointer)


BLOCKS: dict[str, Check] = {
    "section": _section,
    "divider": _divider,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "alert": _alert,
    "container": _container,
    "rich_text": check_rich_text,
    "table": check_table,
    "data_table": check_data_table,
    "data_visualization": check_chart,
}
