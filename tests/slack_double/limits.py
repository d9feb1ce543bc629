"""Slack's size limits as one table, and the pure checks that apply them to messages, metadata and views.

Where published numbers disagree the table holds the lower one, so that what passes here passes there.
"""

import json
from collections.abc import Iterator
from typing import Any

from .blocks import check_block
from .report import ApiError, Json, Report
from .table import LIMITS

__all__ = ["LIMITS", "check_blocks", "check_message", "check_metadata", "check_view"]

TABLES = ("table", "data_table")
MESSAGES_ONLY = (*TABLES, "data_visualization", "markdown")
VIEW_KEYS = ("type", "blocks", "private_metadata", "callback_id", "external_id")
MODAL_KEYS = (*VIEW_KEYS, "title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled")


def check_blocks(blocks: Any, pointer: str = "/blocks", most: int = LIMITS["message.blocks.max_items"]) -> list[str]:
    """Every fault in a list of blocks, worded as Slack words it; an empty list means they are good."""
    report = Report()
    report.each(blocks, pointer, most, check_block, least=0)
    if isinstance(blocks, list):
        _unique_block_ids(report, blocks, pointer)
    return report.problems


def check_message(payload: Json, *, update: bool = False) -> ApiError | None:
    """The refusal Slack would give to this message, or None; chat.update takes 4,000 characters only."""
    text, blocks = payload.get("text"), payload.get("blocks")
    attachments = payload.get("attachments")
    if not text and not blocks and not attachments:
        return ApiError("no_text")
    if update and len(text or "") > LIMITS["update.text.max_length"]:
        return ApiError("msg_too_long")
    if blocks is not None and not isinstance(blocks, list):
        return ApiError("invalid_blocks_format")
    return _check_attachments(attachments) or _check_message_blocks(blocks or [], attachments or [])


def check_metadata(metadata: Any) -> ApiError | None:
    """The refusal Slack would give to this message metadata, or None."""
    if metadata is None or metadata == {}:
        return None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload"}:
        return ApiError("invalid_metadata_format")
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        return ApiError("invalid_metadata_format")
    if not all(_flat(value) for value in payload.values()):
        return ApiError("invalid_metadata_format")
    size = len(json.dumps(metadata, ensure_ascii=False).encode())
    return ApiError("metadata_too_large") if size > LIMITS["metadata.max_bytes"] else None


def check_view(view: Any) -> ApiError | None:
    """The refusal Slack would give to this modal or Home view, or None."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        return ApiError("invalid_arguments", ["[ERROR] unsupported type [json-pointer:/view/type]"])
    if len(json.dumps(view)) > LIMITS["view.max_bytes"]:
        return ApiError("view_too_large")
    report = Report()
    modal = view["type"] == "modal"
    report.keys(view, "/view", MODAL_KEYS if modal else VIEW_KEYS, ("blocks", "title") if modal else ("blocks",))
    for key in ("title", "submit", "close"):
        report.text(view.get(key), f"/view/{key}", LIMITS[f"view.{key}.max_length"], plain=True)
    for key in ("private_metadata", "callback_id", "external_id"):
        report.string(view.get(key), f"/view/{key}", LIMITS[f"view.{key}.max_length"], least=0)
    problems = report.problems + check_blocks(view.get("blocks"), "/view/blocks", LIMITS["view.blocks.max_items"])
    problems = problems or _misplaced(view)
    return ApiError("invalid_arguments", problems) if problems else None


def _misplaced(view: Json) -> list[str]:
    """Blocks that this kind of view does not take, and inputs that nobody could send in."""
    kinds = [(index, block["type"]) for index, block in enumerate(view["blocks"])]
    refused = (*MESSAGES_ONLY, *(() if view["type"] == "modal" else ("alert",)))
    problems = [
        f"[ERROR] unsupported type: {kind} [json-pointer:/view/blocks/{index}/type]"
        for index, kind in kinds
        if kind in refused
    ]
    if view["type"] == "modal" and not view.get("submit") and any(kind == "input" for _, kind in kinds):
        problems.append("[ERROR] missing required field: submit [json-pointer:/view]")
    return problems


def _check_attachments(attachments: Any) -> ApiError | None:
    if attachments is None:
        return None
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        return ApiError("invalid_attachments")
    if len(attachments) > LIMITS["message.attachments.max_items"]:
        return ApiError("too_many_attachments")
    for index, attachment in enumerate(attachments):
        problems = check_blocks(attachment.get("blocks"), f"/attachments/{index}/blocks")
        if problems:
            return ApiError("invalid_blocks", problems)
    return None


def _check_message_blocks(blocks: list[Any], attachments: list[Json]) -> ApiError | None:
    problems = check_blocks(blocks)
    if not problems:
        problems = [
            f"[ERROR] unsupported type: alert [json-pointer:/blocks/{index}/type]"
            for index, block in enumerate(blocks)
            if block["type"] == "alert"
        ]
    if problems:
        return ApiError("invalid_blocks", problems)
    everything = [*blocks, *(block for item in attachments for block in item.get("blocks") or [])]
    kinds = [block["type"] for block in _nested(everything)]
    if sum(kinds.count(kind) for kind in TABLES) > LIMITS["message.tables.max_items"]:
        return ApiError("invalid_attachments", ["[ERROR] only_one_table_allowed"])
    if kinds.count("data_visualization") > LIMITS["message.data_visualizations.max_items"]:
        return ApiError("invalid_blocks", ["[ERROR] too many data_visualization blocks [json-pointer:/blocks]"])
    if _text_length(everything) > LIMITS["message.blocks.total_text.max_length"]:
        return ApiError("msg_blocks_too_long")
    return None


def _nested(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        yield block
        yield from _nested(block.get("child_blocks") or [])


def _text_length(value: Any) -> int:
    """Characters under every `text` key: what the undocumented ceiling on a whole message counts."""
    if isinstance(value, list):
        return sum(_text_length(item) for item in value)
    if not isinstance(value, dict):
        return 0
    return sum(
        len(item) if key == "text" and isinstance(item, str) else _text_length(item) for key, item in value.items()
    )


def _unique_block_ids(report: Report, blocks: list[Any], pointer: str) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(block_id, str) and block_id in seen:
            report.add(f"{pointer}/{index}/block_id", f"`block_id` {block_id} already exists")
        elif isinstance(block_id, str):
            seen.add(block_id)


def _flat(value: Any) -> bool:
    """Metadata takes strings, numbers, booleans, and one level of objects or lists of those."""
    scalars = (str, int, float, bool)
    if isinstance(value, dict):
        return all(isinstance(item, scalars) for item in value.values())
    if isinstance(value, list):
        return all(isinstance(item, scalars) for item in value)
    return isinstance(value, scalars)
