"""What the Home tab shows: how the council stands, what its reader subscribes to, what is due, and how sources are.

The themes are sections, one each with its own choice of subscription, and no ``table`` block: tables are made for
messages, a Home tab may refuse them, and a row of a table can hold no choice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import words
from bot.slack_text import Block, code, context, cut, header, literal, paragraphs, section
from jobs.notices import DueLine, Footing
from jobs.overview import Overview
from state.subscriptions import How
from state.views import OverallReport, ThemeView

CHOOSE = "home:subscribe"
"""Action id of the choice beside a theme."""

View = dict[str, Any]

THEMES = 60
"""Themes and composites shown with a choice: a Home tab takes 100 blocks."""
DUE, LATE, TROUBLES = 8, 5, 6

_HEADER = 140
_NAMED = 8
_REASON = 160
_TOKEN = 12
_CHOICES: tuple[tuple[str, str], ...] = (("off", "Not subscribed"), ("weekly", "Weekly digest"), ("now", "At once"))


@dataclass(frozen=True)
class Facts:
    """What every Home tab shows alike; ``overall`` is None before the first release.

    ``late`` are releases that the ops channel was told are overdue; ``held`` counts releases that wait for a decision,
    whole or in part; ``muted`` and ``acknowledged`` count subjects.
    """

    council: str
    overall: OverallReport | None
    due: tuple[DueLine, ...]
    late: tuple[DueLine, ...]
    sources: Overview
    held: int
    muted: int
    acknowledged: int
    command: str


def token(name: str) -> str:
    """A theme's name as the value of a choice carries it: short, whatever the name is."""
    return hashlib.sha256(name.encode()).hexdigest()[:_TOKEN]


def home_view(facts: Facts, own: Mapping[str, How]) -> View:
    """The Home tab of somebody with these subscriptions, by theme; within Slack's limits."""
    blocks = [
        header(cut(facts.council, _HEADER)),
        *paragraphs([_headline(facts)]),
        *_themes(facts, own),
        *paragraphs([_subscriptions(facts, own)]),
        *paragraphs(_releases(facts)),
        *paragraphs(_health(facts.sources)),
        context(_foot(facts)),
    ]
    return {"type": "home", "blocks": blocks}


def _headline(facts: Facts) -> str:
    overall = facts.overall
    if overall is None:
        return (
            "*There are no figures yet.* The first release that comes is ranked and told to the team's channel; this "
            "page then shows every theme. Below is what is expected and how the sources are."
        )
    low = f"{words.share(overall.bottom, overall.judged, 'indicator')} in the bottom quartile"
    composites = [f"{words.name(view.name)} {words.place(view.standing)}" for view in overall.composites[:3]]
    return f"*{words.joined(*composites, low)}*"


def _themes(facts: Facts, own: Mapping[str, How]) -> list[Block]:
    """One section for each theme and composite, and for what is subscribed to and no longer there."""
    overall = facts.overall
    views = [*overall.composites, *overall.themes] if overall else []
    gone = sorted(own.keys() - {view.name for view in views})
    rows = [
        *((view.name, _theme(view, overall)) for view in views),
        *((name, f"{words.strong(name)}\nNothing is known of it now") for name in gone),
    ]
    # Where there are too many, those subscribed to come first, so that every subscription can be ended.
    chosen = sorted(rows, key=lambda row: row[0] not in own)[:THEMES] if len(rows) > THEMES else rows
    shown = {name for name, _ in chosen}
    found = [_row(name, text, own.get(name)) for name, text in rows if name in shown]
    if len(rows) > THEMES:
        more = words.count(len(rows) - THEMES, "more theme")
        found.append(section(f"… and {more}: {code(f'{facts.command} overall')} shows them"))
    return found


def _theme(view: ThemeView, overall: OverallReport | None) -> str:
    """As "*Police & Crime* — 21st of 32 (11th last year, ▼) · spend 3rd highest of 32 · 7 of 23 …"."""
    what = " (composite)" if view.kind == "composite" else ""
    before = view.previous
    last = ""
    if before is not None and before.rank is not None:
        arrow = {"↑": f", {words.UP} better", "↓": f", {words.DOWN} worse"}.get(words.trend(before, view.standing), "")
        last = f"{words.position(before)} last year{arrow}"
    line = overall.expenditure.get(view.name) if overall else None
    detail = words.joined(
        last,
        f"spend {words.spend(line.standing)}" if line else "",
        f"{words.share(view.bottom, view.judged, 'indicator')} in the bottom quartile" if view.judged else "",
    )
    fact = f"{words.strong(view.name)}{what} — {words.place(view.standing)}"
    return f"{fact}\n{detail}" if detail else fact


def _row(name: str, text: str, how: How | None) -> Block:
    mark = token(name)
    options = {kind: _option(said, f"{kind}:{mark}") for kind, said in _CHOICES}
    # A block is named by what it shows: Slack keeps an old choice where block and action are called as before.
    chosen = how or "off"
    choice: Block = {
        "type": "static_select",
        "action_id": CHOOSE,
        "options": list(options.values()),
        "initial_option": options[chosen],
    }
    return section(text, choice) | {"block_id": f"home:{mark}:{chosen}"}


def _option(text: str, value: str) -> Block:
    return {"text": {"type": "plain_text", "text": text, "emoji": False}, "value": value}


def _subscriptions(facts: Facts, own: Mapping[str, How]) -> str:
    if not own:
        ways = f"Choose beside a theme, or type {code(f'{facts.command} subscribe')}"
        return words.joined("*Your subscriptions: none*", ways if facts.overall else "")
    told = []
    for how, said in (("now", "at once"), ("weekly", "in the weekly digest")):
        names = sorted(name for name, kind in own.items() if kind == how)
        if names:
            told.append(f"{said}: {words.listed([words.name(name) for name in names], _NAMED)}")
    return f"*Your subscriptions* · {' · '.join(told)}"


def _releases(facts: Facts) -> list[str]:
    """What is due, what is late and what waits for a decision."""
    due = [f"• {_expected(line)}" for line in facts.due[:DUE]]
    more = len(facts.due) - DUE
    late = [f"• {_expected(line)}: has not come" for line in facts.late[:LATE]]
    later = len(facts.late) - LATE
    held = f"*{words.count(facts.held, 'release')} held for a decision*" if facts.held else ""
    return [
        "*Releases due*" if due else "*Releases due: none announced for the next two months*",
        *due,
        f"… and {more:,} more: {code(f'{facts.command} releases')}" if more > 0 else "",
        f"*Late: {words.count(len(facts.late), 'release')}*" if late else "",
        *late,
        f"… and {later:,} more" if later > 0 else "",
        held,
    ]


def _expected(line: DueLine) -> str:
    day = f"by {words.day(line.day)}, provisional" if line.provisional else words.day(line.day)
    return f"{words.name(line.title)} ({words.name(line.source)}) · {day}"


def _health(found: Overview) -> list[str]:
    """Which sources are well, and what is wrong at the others."""
    watched = [line for line in found.sources if line.on]
    troubles = []
    for line in watched:
        broken = [dataset for dataset in line.datasets if dataset.problem]
        if line.problem:
            troubles.append(f"• {words.strong(line.title)}: {_reason(line.problem)}")
        elif broken:
            first = f"{words.name(broken[0].title)}: {_reason(broken[0].problem)}"
            more = f" and {words.count(len(broken) - 1, 'more data set')}" if len(broken) > 1 else ""
            troubles.append(f"• {words.strong(line.title)}: {first}{more}")
    if not watched:
        return ["*Sources: no publisher is watched*; figures come from files."]
    well = len(watched) - len(troubles)
    fact = f"*Sources: {well:,} of {len(watched):,} {'is' if well == 1 else 'are'} well*"
    hidden = len(troubles) - TROUBLES
    return [fact, *troubles[:TROUBLES], f"… and {hidden} more" if hidden > 0 else ""]


def _reason(text: str) -> str:
    return literal(cut(text, _REASON))


def _foot(facts: Facts) -> str:
    on = words.foot(Footing.of(facts.overall.snapshot)) if facts.overall else ""
    return words.joined(
        on,
        f"{facts.muted:,} muted for everybody" if facts.muted else "",
        f"{facts.acknowledged:,} acknowledged" if facts.acknowledged else "",
        f"{code(f'{facts.command} help')} shows what else can be asked",
    )
