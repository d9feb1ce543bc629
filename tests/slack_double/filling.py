"""What people fill in: the state of a view, as Slack reports it with each press and when the view is sent in."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .inputs import options_of
from .report import Json
from .table import LIMITS

ONE = ("static_select", "radio_buttons")
SEVERAL = ("multi_static_select", "checkboxes")
PLAIN = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
}
HOLDING = (*ONE, *SEVERAL, *PLAIN)
INITIAL = {"value": "initial_value", "selected_date": "initial_date", "selected_time": "initial_time"}


def elements(blocks: list[Json]) -> Iterator[tuple[str, Json, Json]]:
    """Each element with the id of its block and the block; Slack names the blocks that have no id."""
    for index, block in enumerate(blocks):
        block_id = str(block.get("block_id") or f"b{index}")
        held = block.get("elements", []) if block["type"] == "actions" else []
        for element in [*held, block.get("accessory"), block.get("element")]:
            if element:
                yield block_id, element, block
        yield from elements(block.get("child_blocks") or [])


def entry(element: Json, value: Any) -> Json | None:
    """What the state holds of an element filled with a value; None for one that holds nothing, such as a button."""
    kind = element["type"]
    if kind in ONE:
        return {"type": kind, "selected_option": None if value is None else _option(element, value)}
    if kind in SEVERAL:
        chosen = [value] if isinstance(value, str) else value or []
        return {"type": kind, "selected_options": [_option(element, one) for one in chosen]}
    return {"type": kind, PLAIN[kind]: value} if kind in PLAIN else None


def kept(blocks: list[Json], old: Json | None) -> Json:
    """The state of blocks just shown: what was filled in before under the same ids, else what elements begin with."""
    before = old["state"]["values"] if old else {}
    values: Json = {}
    for block_id, element, block in elements(blocks):
        begun = entry(element, _begun(element))
        if begun is not None:
            held = before.get(block_id, {}).get(element.get("action_id")) if block.get("block_id") else None
            same = held is not None and held["type"] == begun["type"]
            values.setdefault(block_id, {})[element.get("action_id", "")] = held if same else begun
    return values


def filled(view: Json, values: Mapping[str, Any]) -> Json:
    """The state of the view with more filled in: values by block_id or action_id, or by both, one inside the other.

    A text or a date is a string, an option is its value, several options are a list; None empties an element.
    LookupError where the view has no such element or option.
    """
    state = {block_id: dict(held) for block_id, held in view["state"]["values"].items()}
    for key, value in values.items():
        inner = list(value.items()) if isinstance(value, Mapping) else [(None, value)]
        for name, one in inner:
            _fill(view["blocks"], state, (key, name), one)
    return state


def unfinished(view: Json) -> list[str]:
    """Why Slack would not let a person send this view in."""
    return [
        f"{block_id}: {problem}"
        for block_id, element, block in elements(view["blocks"])
        if block["type"] == "input" and element["type"] in HOLDING
        for problem in _problems(block, element, view["state"]["values"][block_id][element.get("action_id", "")])
    ]


def chosen(element: Json, value: Any) -> Json | None:
    """The part of an action that tells what was pressed or chosen; None where the element has no such value.

    Without a value a button is pressed whatever its own, and the first of the options is chosen.
    """
    kind = element["type"]
    if kind == "button":
        own = element.get("value")
        return ({"value": own} if own is not None else {}) if value in (None, own) else None
    options = options_of(element)
    value = options[0]["value"] if value is None and options else value
    try:
        if kind == "overflow":
            return {"selected_option": _option(element, value)}
        made = entry(element, value)
    except LookupError:
        return None
    return {key: item for key, item in (made or {}).items() if key != "type"}


def _fill(blocks: list[Json], state: Json, names: tuple[str, str | None], value: Any) -> None:
    for block_id, element, _ in elements(blocks):
        action_id = element.get("action_id", "")
        if _named(names, block_id, action_id):
            made = value if isinstance(value, dict) else entry(element, value)
            if made is not None:
                state.setdefault(block_id, {})[action_id] = made
                return
    raise LookupError(f"nothing to fill in under {' / '.join(name for name in names if name)}")


def _named(names: tuple[str, str | None], block_id: str, action_id: str) -> bool:
    key, name = names
    return key in (block_id, action_id) if name is None else (key, name) == (block_id, action_id)


def _option(element: Json, value: Any) -> Json:
    """The option with this value, or with this text as people see it."""
    options: list[Json] = options_of(element)
    for option in options:
        if value in (option["value"], option["text"]["text"]):
            return option
    raise LookupError(f"{element.get('action_id')} has no option {value!r}")


def _begun(element: Json) -> Any:
    if element["type"] in ONE:
        return (element.get("initial_option") or {}).get("value")
    if element["type"] in SEVERAL:
        return [option["value"] for option in element.get("initial_options") or []]
    return element.get(INITIAL.get(PLAIN.get(element["type"], ""), ""))


def _problems(block: Json, element: Json, held: Json) -> Iterable[str]:
    value = next(item for key, item in held.items() if key != "type")
    if not value:
        return [] if block.get("optional") else ["please fill this in"]
    if element["type"] == "plain_text_input":
        least = element.get("min_length", 0)
        most = element.get("max_length", LIMITS["plain_text_input.max_length.max"])
        return [] if least <= len(value) <= most else [f"must be of {least} to {most} characters"]
    over = element["type"] in SEVERAL and len(value) > element.get("max_selected_items", len(value))
    return ["too many chosen"] if over else []
