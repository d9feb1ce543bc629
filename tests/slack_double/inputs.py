"""Checks for what people fill in: selects, lists of options, dates and texts."""

import re
from typing import Any

from .elements import check_button, check_common, check_image_element
from .report import Check, Json, Report
from .table import LIMITS

PICKERS = ("timepicker", "datetimepicker")
INPUTS = ("email_text_input", "url_text_input", "number_input")
ENTITY_SELECTS = ("users_select", "conversations_select", "channels_select")
LISTED = ("type", "action_id", "confirm", "focus_on_load")
ELEMENT = (*LISTED, "placeholder")
CHOICES = ("options", "option_groups")
DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def _static_select(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*ELEMENT, *CHOICES, "initial_option"))
    _choices(report, value, pointer)
    _initial(report, value, pointer, "initial_option")


def _multi_static_select(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*ELEMENT, *CHOICES, "initial_options", "max_selected_items"))
    _choices(report, value, pointer)
    least, most = LIMITS["multi_select.max_selected_items.min"], LIMITS["select.options.max_items"]
    report.number(value.get("max_selected_items"), f"{pointer}/max_selected_items", least, most)
    _initial(report, value, pointer, "initial_options")


def _choices(report: Report, value: Json, pointer: str) -> None:
    check_common(report, value, pointer)
    if (value.get("options") is None) == (value.get("option_groups") is None):
        report.add(pointer, "must provide either options or option_groups")
    report.each(value.get("options"), f"{pointer}/options", LIMITS["select.options.max_items"], _plain_option)
    most = LIMITS["select.option_groups.max_items"]
    report.each(value.get("option_groups"), f"{pointer}/option_groups", most, _option_group)


def _checkboxes(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*LISTED, "options", "initial_options"), ("options",))
    _option_list(report, value, pointer, _option)
    _initial(report, value, pointer, "initial_options")


def _radio_buttons(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*LISTED, "options", "initial_option"), ("options",))
    _option_list(report, value, pointer, _option)
    _initial(report, value, pointer, "initial_option")


def _overflow(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, ("type", "action_id", "confirm", "options"), ("options",))
    _option_list(report, value, pointer, _plain_option)


def _option_list(report: Report, value: Json, pointer: str, check: Check) -> None:
    check_common(report, value, pointer)
    report.each(value.get("options"), f"{pointer}/options", LIMITS[f"{value['type']}.options.max_items"], check)


def _initial(report: Report, value: Json, pointer: str, key: str) -> None:
    """What is chosen at first must be an option, word for word; a list of them must not be empty."""
    given = value.get(key)
    if given is None:
        return
    several = key == "initial_options"
    if several and (not isinstance(given, list) or not given):
        report.add(f"{pointer}/{key}", "no fewer than 1 items allowed")
        return
    options = options_of(value)
    for index, item in enumerate(given if several else [given]):
        if item not in options:
            report.add(f"{pointer}/{key}{f'/{index}' if several else ''}", "must be one of the provided options")


def options_of(element: Json) -> list[Json]:
    """All the options that an element offers, in groups or not."""
    groups = [group.get("options") or [] for group in element.get("option_groups") or [] if isinstance(group, dict)]
    return [option for group in [element.get("options") or [], *groups] for option in group]


def _plain_option(report: Report, value: Any, pointer: str) -> None:
    _option(report, value, pointer, plain=True)


def _option(report: Report, value: Any, pointer: str, *, plain: bool = False) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("text", "value", "description", "url"), ("text", "value"))
    report.text(value.get("text"), f"{pointer}/text", LIMITS["option.text.max_length"], plain=plain)
    most = LIMITS["option.description.max_length"]
    report.text(value.get("description"), f"{pointer}/description", most, plain=plain)
    for key in ("value", "url"):
        report.string(value.get(key), f"{pointer}/{key}", LIMITS[f"option.{key}.max_length"])


def _option_group(report: Report, value: Any, pointer: str) -> None:
    if not isinstance(value, dict):
        report.add(pointer, "must provide an object")
        return
    report.keys(value, pointer, ("label", "options"), ("label", "options"))
    report.text(value.get("label"), f"{pointer}/label", LIMITS["option_group.label.max_length"], plain=True)
    most = LIMITS["option_group.options.max_items"]
    report.each(value.get("options"), f"{pointer}/options", most, _plain_option)


def _datepicker(report: Report, value: Json, pointer: str) -> None:
    report.keys(value, pointer, (*ELEMENT, "initial_date"))
    check_common(report, value, pointer)
    date = value.get("initial_date")
    if date is not None and not (isinstance(date, str) and DATE.fullmatch(date)):
        report.add(f"{pointer}/initial_date", "must be a date of the form YYYY-MM-DD")


def _plain_text_input(report: Report, value: Json, pointer: str) -> None:
    own = ("initial_value", "multiline", "min_length", "max_length", "dispatch_action_config")
    allowed = (*(key for key in ELEMENT if key != "confirm"), *own)
    report.keys(value, pointer, allowed)
    check_common(report, value, pointer)
    for key in ("min_length", "max_length"):
        least, most = (LIMITS[f"plain_text_input.{key}.{end}"] for end in ("min", "max"))
        report.number(value.get(key), f"{pointer}/{key}", least, most)
    longest = value.get("max_length")
    most = longest if isinstance(longest, int) else LIMITS["plain_text_input.max_length.max"]
    report.string(value.get("initial_value"), f"{pointer}/initial_value", most, least=0)


CONTROLS: dict[str, Check] = {
    "button": check_button,
    "static_select": _static_select,
    "external_select": check_common,
    "datepicker": _datepicker,
    "checkboxes": _checkboxes,
    "radio_buttons": _radio_buttons,
    "overflow": _overflow,
    **dict.fromkeys(ENTITY_SELECTS + PICKERS, check_common),
}
"""What may stand in an actions block; multi-selects may not."""

ACCESSORIES: dict[str, Check] = {
    **CONTROLS,
    "multi_static_select": _multi_static_select,
    "image": check_image_element,
}
ENTRIES: dict[str, Check] = {
    **{kind: check for kind, check in CONTROLS.items() if kind not in ("button", "overflow")},
    "multi_static_select": _multi_static_select,
    "plain_text_input": _plain_text_input,
    **dict.fromkeys(INPUTS, check_common),
}
