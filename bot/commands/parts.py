"""What all answers share: pages with their buttons, lists of choices, and the way without buttons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from bot import words
from bot.commands.grammar import COMMAND, canonical
from bot.commands.matching import Named
from bot.commands.verbs import Verb
from bot.slack_text import (
    Block,
    ChartOf,
    Message,
    actions,
    button,
    code,
    compose,
    context,
    cut,
    literal,
    pages,
    paragraphs,
    section,
    size,
    table,
)
from jobs.notices import Footing
from state.views import SnapshotView

ASK, SHARE, PAGE = "rank:ask", "rank:share", "rank:page"
"""What the buttons do: ask the command in their value, answer it for the whole channel, turn the page."""

WHY, CHART, DO = "rank:why", "rank:chart", "rank:do"
"""Also ask the command in their value; a row of buttons needs different names."""

BUTTONS = re.compile(r"^rank:[a-z]+(:\w+)?$")
"""Every button of an answer, for the app to listen to; all but ``SHARE`` answer the one who presses."""

CHOICES = 8
ALL_CHOICES = 16
MOST_CHOICES = 40
_ROOM = 2_600
_TABLE_ROOM = 2_400
"""Text of a table on one page, as sentences."""
_CELL = 100

Groups = Iterable[tuple[str, Sequence[str]]]
Asked = tuple[Verb, str]

_typed: ContextVar[str] = ContextVar("command", default=COMMAND)


@contextmanager
def typed_as(name: str) -> Iterator[None]:
    """Within, commands in texts begin with this name, as the settings have it."""
    token = _typed.set(name)
    try:
        yield
    finally:
        _typed.reset(token)


def typed(text: str = "") -> str:
    """What people type to ask this, as code."""
    return code(f"{_typed.get()} {text}")


def typed_name() -> str:
    """What people type before every command, as text."""
    return literal(_typed.get())


def command(verb: Verb, argument: str = "") -> str:
    """A command as code, to be copied."""
    return typed(canonical(verb, argument))


def paged(
    asked: Asked,
    page: int,
    top: Sequence[str],
    groups: Groups,
    snapshot: SnapshotView | None,
    extra: Sequence[Block] = (),
) -> Message:
    """An answer whose list goes over as many pages as it needs; later ones repeat the first line only."""
    found = pages(groups, _ROOM) or [""]
    at = min(page, len(found))
    lines = [*(top if at == 1 else top[:1]), found[at - 1]]
    return answered(asked, at, len(found), paragraphs(lines), snapshot, extra)


def paged_table(
    asked: Asked,
    page: int,
    top: Sequence[str],
    rows: Sequence[Sequence[str]],
    snapshot: SnapshotView | None,
    extra: Sequence[Block] = (),
) -> Message:
    """An answer with a table, the heads first, over as many pages as its rows need."""
    heads, *body = [[cut(cell, _CELL) for cell in row] for row in rows]
    found = _table_pages(heads, body)
    at = min(page, len(found))
    shown = [table(heads, found[at - 1])] if found[at - 1] else []
    return answered(asked, at, len(found), [*paragraphs(top if at == 1 else top[:1]), *shown], snapshot, extra)


def _table_pages(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[Sequence[str]]]:
    """Rows on pages, each of which still fits a message when read as sentences."""
    found: list[list[Sequence[str]]] = [[]]
    around, used = sum(size(head) + 3 for head in heads), 0
    for row in rows:
        cost = around + sum(size(cell) for cell in row)
        if found[-1] and used + cost > _TABLE_ROOM:
            found.append([])
            used = 0
        found[-1].append(row)
        used += cost
    return found


def answered(
    asked: Asked,
    page: int,
    of: int,
    blocks: Sequence[Block],
    snapshot: SnapshotView | None,
    extra: Sequence[Block] = (),
) -> Message:
    """Blocks as an answer: its footing and page below, and the buttons, ``extra`` ones before Share here."""
    following = canonical(*asked, page + 1)
    turn = f"page {page} of {of}" if of > 1 else ""
    ask = f"next: {typed(following)}" if page < of else ""
    foot = words.joined(words.foot(Footing.of(snapshot)) if snapshot else "", turn, ask)
    share = button("Share here", SHARE, canonical(*asked, page), label="Share this answer with the channel")
    more = [button("More", PAGE, following, label=f"Page {page + 1} of {of}")] if page < of else []
    return compose([*blocks, *([context(foot)] if foot else []), actions(*more, *extra, share)])


def told(blocks: Sequence[Block], *buttons: Block) -> Message:
    """An answer for one person alone: nothing to share."""
    return compose([*blocks, *([actions(*buttons)] if buttons else [])])


def with_chart(message: Message, chart: ChartOf) -> Message:
    """The answer, followed by a picture."""
    return replace(message, chart=chart)


def ask_button(text: str, verb: Verb, argument: str, label: str, action: str = DO) -> Block:
    """A button that asks a command."""
    return button(text, action, canonical(verb, argument), label=label)


def choices(
    top: Sequence[str],
    found: Sequence[Named],
    bottom: Sequence[str] = (),
    verb: Verb | None = None,
    *,
    most: int = CHOICES,
    after: str = "",
) -> Message:
    """Names to choose from, each with its button, and what to type instead.

    The button asks ``verb`` about the name with ``after`` behind it, or shows the name where no verb is given.
    """
    shown = found[:most]
    missing = len(found) - len(shown)
    more = f"… and {missing:,} more: add a word to narrow it down" if missing > 0 else ""
    return compose([*paragraphs(top), *(_choice(one, verb, after) for one in shown), *paragraphs([more, *bottom])])


def counted(found: Sequence[Named], what: str) -> str:
    """As "2 themes", "3 themes or indicators": what all of them are, else what was asked for."""
    kinds = {"theme" if one.kind == "composite" else one.kind for one in found}
    return words.count(len(found), next(iter(kinds)) if len(kinds) == 1 else what).replace("theme or", "themes or")


def without_buttons(message: Message) -> Message:
    """The message as shared: nothing to press, as a press would answer only the one who pressed."""
    kept = [
        {key: value for key, value in block.items() if key != "accessory"}
        for block in message.blocks
        if block["type"] != "actions"
    ]
    return replace(message, blocks=kept)


def ask_for(named: Named) -> str:
    """The command that asks for exactly this."""
    if named.kind == "council":
        return canonical("council", named.name)
    return canonical("indicator" if named.kind == "indicator" else "theme", named.key)


def with_kind(named: Named) -> str:
    """The name with its kind, as commands that take either want it."""
    return f"{'indicator' if named.kind == 'indicator' else 'theme'} {named.key}"


def _choice(named: Named, verb: Verb | None, after: str) -> Block:
    if verb is None:
        ask = ask_for(named)
    else:
        ask = canonical(verb, f"{named.name if named.kind == 'council' else with_kind(named)} {after}")
    what = f"{words.strong(named.name)} · {named.kind} · {typed(ask)}"
    does = "Show" if verb in {None, "council"} else str(verb).capitalize()
    return section(what, button(does, ASK, ask, label=f"{does} {named.name}"))
