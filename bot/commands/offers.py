"""Offers to be told, or no longer: for the one who asks to press or type, as answers themselves change nothing."""

from __future__ import annotations

from bot import words
from bot.commands.matching import Named
from bot.commands.parts import DO, ask_button, command, told, with_kind
from bot.slack_text import Message, paragraphs


def subscription(one: Named, theme: str) -> Message:
    """A subscription to a theme, or to that of an indicator, at once or weekly."""
    about = words.name(theme)
    where = f"{words.name(one.name)} is part of {about}. " if one.kind == "indicator" else ""
    lines = [
        f"*To be told when {about} moves*, press or type one of these. {where}".strip(),
        f"• At once: {command('subscribe', f'theme {theme} now')}",
        f"• In the weekly digest: {command('subscribe', f'theme {theme} weekly')}",
    ]
    return told(
        paragraphs(lines),
        ask_button("At once", "subscribe", f"theme {theme} now", f"Be told of {theme} at once", f"{DO}:now"),
        ask_button("Weekly", "subscribe", f"theme {theme} weekly", f"Be told of {theme} weekly", f"{DO}:weekly"),
    )


def end(one: Named, theme: str) -> Message:
    """The end of a subscription to a theme, or silence until the next release."""
    about = with_kind(one)
    lines = [
        f"*To hear less of {words.name(one.name)}*, press or type one of these.",
        f"• No more of the theme: {command('unsubscribe', f'theme {theme}')}",
        f"• Nothing until the next release: {command('mute', f'{about} until next release')}",
    ]
    return told(
        paragraphs(lines),
        ask_button("Unsubscribe", "unsubscribe", f"theme {theme}", f"No more of {theme}", f"{DO}:end"),
        ask_button("Mute", "mute", f"{about} until next release", f"Mute {one.name}", f"{DO}:mute"),
    )
