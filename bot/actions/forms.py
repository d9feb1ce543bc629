"""Modals and what is filled into them: built within Slack's limits, read without trusting anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.slack_text import Block, clean, cut, paragraphs, section

View = dict[str, Any]

TITLE = 24
OPTIONS, OPTION = 100, 75
LONGEST = 1_000
"""Units of what people may write."""

_BLOCKS = 100
_IN = "in"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: what comes back, and what people read."""

    value: str
    text: str


def modal(title: str, blocks: Sequence[Block], *, form: str = "", submit: str = "", kept: str = "") -> View:
    """A modal; with ``form`` and ``submit`` one to send in. ``kept`` comes back with it."""
    view: View = {
        "type": "modal",
        "title": _text(title, TITLE),
        "close": _text("Cancel" if submit else "Close", TITLE),
        "private_metadata": kept,
        "blocks": list(blocks[:_BLOCKS]),
    }
    if form:
        view["callback_id"] = form
    if submit:
        view["submit"] = _text(submit, TITLE)
    return view


def loading(title: str) -> View:
    """What is shown while the rest is made."""
    return modal(title, [section("Loading…")])


def said(title: str, *lines: str) -> View:
    """A modal that only says something, in mrkdwn."""
    return modal(title, paragraphs(lines))


def several(name: str, label: str, options: Sequence[Option], chosen: Sequence[Option], hint: str = "") -> Block:
    """A choice of any number of options, at least one."""
    element: Block = {"type": "multi_static_select", "action_id": _IN, "options": _options(options)}
    if chosen:
        element["initial_options"] = _options(chosen)
    return _input(name, label, element, hint=hint)


def one_of(name: str, label: str, options: Sequence[Option]) -> Block:
    """A choice of one option; the first is chosen at first."""
    made = _options(options)
    return _input(name, label, {"type": "radio_buttons", "action_id": _IN, "options": made, "initial_option": made[0]})


def words(name: str, label: str, *, optional: bool = False, hint: str = "") -> Block:
    """Room for a few lines of text."""
    element: Block = {"type": "plain_text_input", "action_id": _IN, "multiline": True, "max_length": LONGEST}
    return _input(name, label, element, optional=optional, hint=hint)


def day(name: str, label: str, hint: str = "") -> Block:
    """A day that may be chosen."""
    return _input(name, label, {"type": "datepicker", "action_id": _IN}, optional=True, hint=hint)


def dropdown(block: str, action: str, label: str, options: Sequence[Option], chosen: Option) -> Block:
    """A choice that is told at once when made, with what it is for beside it."""
    element: Block = {
        "type": "static_select",
        "action_id": action,
        "options": _options(options),
        "initial_option": _options([chosen])[0],
    }
    return section(label, element) | {"block_id": block}


class Filled:
    """What came back in a form, by the names of its inputs; what is missing or misshapen reads as empty."""

    def __init__(self, view: Mapping[str, Any]) -> None:
        self._values = (view.get("state") or {}).get("values") or {}

    def several(self, name: str) -> list[str]:
        """The values chosen."""
        return [str(option.get("value", "")) for option in self._of(name).get("selected_options") or []]

    def one(self, name: str) -> str:
        """The value chosen."""
        return str((self._of(name).get("selected_option") or {}).get("value", ""))

    def words(self, name: str) -> str:
        """The text, its lines kept, within what may be written."""
        lines = [clean(line) for line in str(self._of(name).get("value") or "").splitlines()]
        return cut("\n".join(lines).strip(), LONGEST)

    def day(self, name: str) -> date | None:
        """The day chosen."""
        try:
            return date.fromisoformat(str(self._of(name).get("selected_date") or ""))
        except ValueError:
            return None

    def _of(self, name: str) -> Mapping[str, Any]:
        found = (self._values.get(name) or {}).get(_IN)
        return found if isinstance(found, dict) else {}


def picked(values: Iterable[str], count: int) -> list[int]:
    """Places in a list of ``count`` that were chosen, each once; what is no place in it is left out."""
    places = [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 9]  # noqa: PLR2004
    return sorted({place for place in places if place < count})


def _input(name: str, label: str, element: Block, *, optional: bool = False, hint: str = "") -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": _text(label, 2_000),
        "element": element,
        "optional": optional,
    }
    return block | {"hint": _text(hint, 2_000)} if hint else block


def _options(options: Iterable[Option]) -> list[Block]:
    return [{"text": _text(option.text, OPTION), "value": option.value} for option in options]


def _text(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": cut(clean(text), limit) or "–", "emoji": False}
