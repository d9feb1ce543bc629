"""Checks for rich_text blocks, whose text nodes are literal but whose user and broadcast nodes are live."""

from .report import Check, Json, Report

LISTS = ("bullet", "ordered")


def check_rich_text(report: Report, value: Json, pointer: str) -> None:
    """A rich_text block, or the same object as a table cell."""
    report.keys(value, pointer, ("type", "block_id", "elements"), ("elements",))
    report.each(value.get("elements"), f"{pointer}/elements", None, lambda r, item, at: r.typed(item, at, PARTS))


def _run(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "elements", "border", "language"), ("elements",))
    report.each(value.get("elements"), f"{pointer}/elements", None, lambda r, item, at: r.typed(item, at, LEAVES))


def _list(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "elements", "style", "indent", "offset", "border"), ("elements", "style"))
    if value.get("style") not in LISTS:
        report.add(f"{pointer}/style", "must be one of bullet, ordered")
    sections: dict[str, Check] = {"rich_text_section": _run}
    report.each(value.get("elements"), f"{pointer}/elements", None, lambda r, item, at: r.typed(item, at, sections))


def _leaf(*required: str) -> Check:
    def check(report: Report, value: Json, pointer: str) -> None:
        report.keys(value, pointer, value, required)
        for key in required:
            if key != "timestamp":
                report.string(value.get(key), f"{pointer}/{key}")

    return check


PARTS: dict[str, Check] = {
    "rich_text_section": _run,
    "rich_text_quote": _run,
    "rich_text_preformatted": _run,
    "rich_text_list": _list,
}
LEAVES: dict[str, Check] = {
    "text": _leaf("text"),
    "link": _leaf("url"),
    "emoji": _leaf("name"),
    "user": _leaf("user_id"),
    "usergroup": _leaf("usergroup_id"),
    "channel": _leaf("channel_id"),
    "broadcast": _leaf("range"),
    "date": _leaf("timestamp", "format"),
    "color": _leaf("value"),
}
