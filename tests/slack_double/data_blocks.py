"""Checks for the blocks that carry data: table, data_table and data_visualization."""

from typing import Any

from .report import Check, Json, Report
from .rich_text import check_rich_text
from .table import LIMITS

CHART = "data_visualization"


def check_table(report: Report, value: Json, pointer: str) -> None:
    """A plain table: 100 rows of 20 cells, none of them empty."""
    report.keys(value, pointer, ("type", "block_id", "rows", "column_settings"), ("rows",))
    report.each(value.get("rows"), f"{pointer}/rows", LIMITS["table.rows.max_items"], _row)
    settings, most = value.get("column_settings"), LIMITS["table.column_settings.max_items"]
    report.each(settings, f"{pointer}/column_settings", most, _column_setting)


def check_data_table(report: Report, value: Json, pointer: str) -> None:
    """A sortable table: a header row, at least one more, equal widths, and a caption for screen readers."""
    extras = ("caption", "page_size", "row_header_column_index")
    report.keys(value, pointer, ("type", "block_id", "rows", *extras), ("rows", "caption"))
    report.string(value.get("caption"), f"{pointer}/caption")
    sizes = LIMITS["data_table.page_size.min"], LIMITS["data_table.page_size.max"]
    report.number(value.get("page_size"), f"{pointer}/page_size", *sizes)
    rows, least = value.get("rows"), LIMITS["data_table.rows.min_items"]
    report.each(rows, f"{pointer}/rows", LIMITS["data_table.rows.max_items"], _row, least)
    if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        _header_row(report, value, rows, pointer)


def check_chart(report: Report, value: Json, pointer: str) -> None:
    """A native chart: pie segments, or series that cover every category once."""
    report.keys(value, pointer, ("type", "block_id", "title", "chart"), ("title", "chart"))
    report.string(value.get("title"), f"{pointer}/title", LIMITS[f"{CHART}.title.max_length"])
    if value.get("chart") is not None:
        report.typed(value["chart"], f"{pointer}/chart", CHARTS)


def _row(report: Report, value: Any, pointer: str) -> None:
    report.each(value, pointer, LIMITS["table.columns.max_items"], lambda r, item, at: r.typed(item, at, CELLS))
    if value is None:
        report.add(pointer, "must provide an array")


def _raw_text(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "text", "emoji"), ("text",))
    report.string(value.get("text"), f"{pointer}/text")


def _raw_number(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "value", "text"), ("value", "text"))
    report.string(value.get("text"), f"{pointer}/text")
    _figure(report, value.get("value"), f"{pointer}/value")


def _figure(report: Report, value: Any, pointer: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        report.add(pointer, "must be a number")


def _column_setting(report: Report, value: Any, pointer: str) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("align", "is_wrapped"))
    if value.get("align") not in (None, "left", "center", "right"):
        report.add(f"{pointer}/align", "must be one of left, center, right")


def _header_row(report: Report, value: Json, rows: list[list[Any]], pointer: str) -> None:
    width = len(rows[0])
    for index, row in enumerate(rows):
        if len(row) != width:
            report.add(f"{pointer}/rows/{index}", f"must have {width} cells like the header row")
    report.number(value.get("row_header_column_index"), f"{pointer}/row_header_column_index", 0, width - 1)
    for index, cell in enumerate(rows[0]):
        if isinstance(cell, dict) and cell.get("type") == "rich_text":
            report.add(f"{pointer}/rows/0/{index}/type", "unsupported type: rich_text")


def _pie(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "segments"), ("segments",))
    most = LIMITS[f"{CHART}.segments.max_items"]
    report.each(value.get("segments"), f"{pointer}/segments", most, _segment)


def _segment(report: Report, value: Any, pointer: str) -> None:
    _labelled(report, value, pointer, LIMITS[f"{CHART}.segment.label.max_length"])
    if isinstance(value, dict) and isinstance(value.get("value"), (int, float)) and value["value"] <= 0:
        report.add(f"{pointer}/value", "must be greater than 0")


def _labelled(report: Report, value: Any, pointer: str, most: int) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("label", "value"), ("label", "value"))
    report.string(value.get("label"), f"{pointer}/label", most)
    _figure(report, value.get("value"), f"{pointer}/value")


def _axes(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "series", "axis_config"), ("series", "axis_config"))
    report.each(value.get("series"), f"{pointer}/series", LIMITS[f"{CHART}.series.max_items"], _series)
    axes = value.get("axis_config")
    if not isinstance(axes, dict):
        report.add(f"{pointer}/axis_config", "must provide an object")
        return
    report.keys(axes, f"{pointer}/axis_config", ("categories", "x_label", "y_label"), ("categories",))
    for key in ("x_label", "y_label"):
        report.string(axes.get(key), f"{pointer}/axis_config/{key}", LIMITS[f"{CHART}.axis_label.max_length"])
    most = LIMITS[f"{CHART}.categories.max_items"]
    report.each(axes.get("categories"), f"{pointer}/axis_config/categories", most, _category)
    if not report.problems:
        _coverage(report, value["series"], axes["categories"], f"{pointer}/series")


def _category(report: Report, value: Any, pointer: str) -> None:
    report.string(value, pointer, LIMITS[f"{CHART}.category_label.max_length"])


def _series(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("name", "data"), ("name", "data"))
    report.string(value.get("name"), f"{pointer}/name", LIMITS[f"{CHART}.series_name.max_length"])
    most = LIMITS[f"{CHART}.data.max_items"]
    label = LIMITS[f"{CHART}.point_label.max_length"]
    report.each(value.get("data"), f"{pointer}/data", most, lambda r, item, at: _labelled(r, item, at, label))


def _coverage(report: Report, series: list[Json], categories: list[str], pointer: str) -> None:
    """Every series has one point for every category, and no two series share a name."""
    if len({item["name"] for item in series}) != len(series):
        report.add(pointer, "series names must be unique")
    for index, item in enumerate(series):
        if sorted(point["label"] for point in item["data"]) != sorted(categories):
            report.add(f"{pointer}/{index}/data", "must contain one point for every category")


CELLS: dict[str, Check] = {"raw_text": _raw_text, "raw_number": _raw_number, "rich_text": check_rich_text}
CHARTS: dict[str, Check] = {"pie": _pie, "line": _axes, "bar": _axes, "area": _axes}
