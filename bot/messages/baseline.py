"""The first snapshot: what is being watched, in one message without a flood of alerts."""

from __future__ import annotations

from bot import words
from bot.messages.alerts import release
from bot.slack_text import Message, compose, context, section, table
from jobs.notices import BaselineNotice, ThemeLine

_ROWS = 40


def baseline(notice: BaselineNotice) -> Message:
    """How much is watched and how much of it is in the bottom quartile; the themes as a table in the thread."""
    watched = words.count(notice.indicators, "indicator")
    themes = words.count(len(notice.themes), "theme")
    council = words.name(notice.footing.council)
    judged = f" of {notice.judged:,} judged" if notice.judged != notice.indicators else ""
    fact = f"*Watching {watched} in {themes} for {council}, {notice.bottom:,}{judged} in the bottom quartile*"
    foot = context(words.foot(notice.footing))
    note = "From now on you hear when a theme's rank moves, or an indicator enters or leaves the bottom quartile."
    lines = [*notice.composites, *notice.themes]
    thread = [compose([_table(lines[at : at + _ROWS]), foot]) for at in range(0, len(lines), _ROWS)]
    return compose([section(f"{fact} · {release(notice.release)}\n{note}"), foot], thread)


def _table(lines: list[ThemeLine]) -> dict[str, object]:
    rows = [(line.name, words.place(line.standing), words.share(line.bottom, line.judged)) for line in lines]
    return table(("Theme", "Rank", "In the bottom quartile"), rows)
