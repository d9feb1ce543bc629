"""What all answers share: pages with their buttons, lists of choices, and the way without buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot import words
from bot.commands.grammar import COMMAND, Verb, canonical
from bot.commands.matching import Named
from bot.slack_text import Block, Message, actions, button, code, compose, context, pages, paragraphs, section
from state.views import SnapshotView

ASK, SHARE, PAGE = "rank:ask", "rank:share", "rank:page"
"""What the buttons do: ask the command in their value, answer it for the whole channel, turn the page."""

CHOICES = 8
_ROOM = 2_600

Groups = Iterable[tuple[str, Sequence[str]]]
Asked = tuple[Verb, str]


def paged(asked: Asked, page: int, top: Sequence[str], groups: Groups, snapshot: SnapshotView) -> Message:
    """An answer whose list goes over as many pages as it needs; later ones repeat the first line only."""
    found = pages(groups, _ROOM) or [""]
    at = min(page, len(found))
    lines = [*(top if at == 1 else top[:1]), found[at - 1]]
    return answered(asked, at, len(found), paragraphs(lines), snapshot)


def answered(asked: Asked, page: int, of: int, blocks: Sequence[Block], snapshot: SnapshotView | None) -> Message:
    """Blocks as an answer: its footing and page below, and the buttons."""
    following = canonical(*asked, page + 1)
    turn = f"page {page} of {of}" if of > 1 else ""
    ask = f"next: {code(f'{COMMAND} {following}')}" if page < of else ""
    foot = words.joined(words.foot(words.footing(snapshot)) if snapshot else "", turn, ask)
    share = button("Share here", SHARE, canonical(*asked, page), label="Share this answer with the channel")
    more = [button("More", PAGE, following, label=f"Page {page + 1} of {of}")] if page < of else []
    return compose([*blocks, *([context(foot)] if foot else []), actions(*more, share)])


def choices(top: Sequence[str], found: Sequence[Named], bottom: Sequence[str] = ()) -> Message:
    """Names to choose from, each with its button, and what to type instead."""
    shown = found[:CHOICES]
    missing = len(found) - len(shown)
    more = f"… and {missing:,} more: add a word to narrow it down" if missing > 0 else ""
    return compose([*paragraphs(top), *map(_choice, shown), *paragraphs([more, *bottom])])


def without_buttons(message: Message) -> Message:
    """The message as shared: nothing to press, as a press would answer only the one who pressed."""
    kept = [
        {key: value for key, value in block.items() if key != "accessory"}
        for block in message.blocks
        if block["type"] != "actions"
    ]
    return Message(message.text, kept, message.thread)


def command(verb: Verb, argument: str = "") -> str:
    """A command as code, to be copied."""
    return code(f"{COMMAND} {canonical(verb, argument)}")


def ask_for(named: Named) -> str:
    """The command that asks for exactly this."""
    return canonical("indicator" if named.kind == "indicator" else "theme", named.key)


def _choice(named: Named) -> Block:
    what = f"{words.strong(named.name)} · {named.kind} · {code(f'{COMMAND} {ask_for(named)}')}"
    return section(what, button("Show", ASK, ask_for(named), label=f"Show {named.name}"))
