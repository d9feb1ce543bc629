"""What can be asked and done, with examples from this council's own names."""

from __future__ import annotations

from itertools import islice

from bot.commands.lookup import Lookup
from bot.commands.parts import answered, command, typed, typed_name
from bot.slack_text import Message, paragraphs
from state.views import Names, SnapshotView

_LONGEST = 60
"""Characters of a name taken as an example."""


def help_answer(names: Names, snapshot: SnapshotView | None) -> Message:
    """Grouped and short; what there is nothing of yet is shown with a likely name."""
    theme = _shortest([name for name, _ in names.themes], "Police & Crime")
    indicator = _shortest(_plain(names), "burglary")
    council = _shortest([name for code, name in names.councils if code != names.council], "Durham")
    lines = [
        f"*{typed_name()} answers questions about our ranks.* Answers are for you only, until you share them.",
        f"A name alone will do, in part or misspelt: {typed(theme.split()[0].lower())}" if theme.split() else "",
        "*How we stand*",
        f"• {command('overall')} – all themes; {command('theme', theme)} – one, with its indicators",
        f"• {command('indicator', indicator)} – figure, rank, peers, the way out of the bottom quartile",
        f"• {command('bottom')} or {command('bottom', theme)} – what is in the bottom quartile",
        f"• {command('scorecard')} – what improved or declined in a year, targets met and missed",
        "*What moved, and why*",
        f"• {command('changes', '7d')} – also a date or a theme; {command('why', f'theme {theme}')} – its parts",
        "*Others, spending, pictures*",
        f"• {command('council', council)}, {command('compare', f'{council} theme {theme}')}, {command('peers', theme)}",
        f"• {command('spend')}, {command('deprivation')} – performance against either, with the picture",
        f"• {command('chart', f'theme {theme}')} – the picture alone; {command('history', theme)} – every year held",
        "*Where figures come from*",
        f"• {command('releases')} – what came and what is held; {command('sources')} – what is due, late or failing",
        "*For you*",
        f"• {command('subscribe', f'theme {theme} weekly')} or {typed('… now')}; {command('subscriptions')}",
        f"• {command('mute', f'indicator {indicator} 30d reason')}, {command('mutes')}",
        f"• {command('export', f'theme {theme}')} – the figures as CSV, in a direct message",
    ]
    return answered(("help", ""), 1, 1, paragraphs(lines), snapshot)


def _plain(names: Names) -> list[str]:
    """Names of indicators of more than one word, which no theme and no other indicator shares."""
    lookup = Lookup(names)
    by_length = sorted((name for _, name, _ in names.indicators if " " in name), key=lambda name: (len(name), name))
    found = (name for name in by_length if (one := lookup.whole(name)) and one.kind == "indicator")
    return [*islice(found, 1)] or [name for _, name, _ in names.indicators]


def _shortest(names: list[str], otherwise: str) -> str:
    """The shortest name; of one that is still long its first words, which find it too."""
    found = min(names, key=lambda name: (len(name), name), default=otherwise)
    whole = [" ".join(found.split()[:count]) for count in range(len(found.split()), 0, -1)]
    return next((text for text in whole if len(text) <= _LONGEST), otherwise)
