"""What a replay of stored history shows, in words and as a JSON document.

The fact first: messages and changes; then by month, and by theme, month and cause; then what other settings would do.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from bot.tell.parts import table
from bot.words import CAUSES, count, day, month
from engine.changes import Cause, Kind
from jobs.simulating import Counts, Fired, Simulation, Tally

_INDICATORS = {
    Kind.ENTERED: "entered the bottom quartile",
    Kind.LEFT: "left the bottom quartile",
    Kind.IMPROVED: "improved significantly in the bottom quartile",
}
_BASKETS = (Kind.THEME_MOVED, Kind.COMPOSITE_MOVED)

COUNTED = (
    "What is told stands one by one in a message. What is counted takes one line of it, and is told in\n"
    "the digest: what the basket, the comparators or the method brought, and what within_margin leaves to it."
)
CORRECTED = "What is corrected amends an earlier message where that stands, and makes no new one."


def simulated_text(found: Simulation) -> str:
    """The replay for people: the fact, the kinds, a table by theme, month and cause, and one of other settings."""
    today = found.today
    parts = [headline(found)]
    if today.fired:
        parts += [told_kinds(today), _by_month(today), _by_theme(today), COUNTED]
    if any(one.counts.corrected for one in (today, *found.variants)):
        parts.append(CORRECTED)
    parts.append(f"\nOne setting changed at a time, against today's ({_settings(found)}):")
    parts.append(_variants(found))
    return "\n".join(filter(None, parts))


def headline(found: Simulation) -> str:
    """As "Since 18 December 2024, 4 releases would have brought 4 messages with 29 changes; 3 more …"."""
    counts, messages = found.today.counts, len(found.today.messages)
    start = f"Since {day(found.since.isoformat())}, {count(found.releases, 'release')} would have brought "
    if not messages:
        return start + "no message" + _left_over(counts) + "."
    if not counts.told:
        return (
            start + f"{count(messages, 'message')}, only to count {count(counts.counted, 'change')}{_mended(counts)}."
        )
    more = f"; {counts.counted:,} more would only be counted" if counts.counted else ""
    return start + f"{count(messages, 'message')} with {count(counts.told, 'change')}{more}{_mended(counts)}."


def _left_over(counts: Counts) -> str:
    """What there is to say where no message would have come."""
    if counts.counted:
        return f"; {count(counts.counted, 'change')} would only be counted in the digest{_mended(counts)}"
    return _mended(counts) or ": nothing moved"


def _mended(counts: Counts) -> str:
    if not counts.corrected:
        return ""
    return f"; {count(counts.corrected, 'change')} would have corrected earlier messages where they stand"


def told_kinds(tally: Tally) -> str:
    """As "Told: 9 indicators entered the bottom quartile, 11 left the bottom quartile, 8 themes moved."."""
    shown = [f"{tally.kinds(kind):,} {words}" for kind, words in _INDICATORS.items() if tally.kinds(kind)]
    if shown:
        number, _, rest = shown[0].partition(" ")
        shown[0] = f"{number} {'indicator' if number == '1' else 'indicators'} {rest}"
    moved = [
        count(tally.kinds(kind), word)
        for kind, word in ((Kind.THEME_MOVED, "theme"), (Kind.COMPOSITE_MOVED, "composite"))
        if tally.kinds(kind)
    ]
    shown += [" and ".join(moved) + " moved"] if moved else []
    return f"Told: {', '.join(shown)}." if shown else ""


def difference(today: Tally, other: Tally) -> str:
    """What another setting does to what is told, as "4 fewer", "1 fewer, 2 others instead", "the same"."""
    before, after = today.told(), other.told()
    dropped, added = (before - after).total(), (after - before).total()
    messages = len(other.messages) - len(today.messages)
    parts = [f"{number:,} {word}" for number, word in ((dropped, "not told"), (added, "told besides")) if number]
    if messages:
        parts.append(f"{count(abs(messages), 'message')} {'more' if messages > 0 else 'fewer'}")
    return ", ".join(parts) or "the same"


def _by_month(today: Tally) -> str:
    messages = _monthly(today)
    heads = ("Month", "Messages", *_WAYS)
    rows = [
        (month(when), _number(messages[when]), *_ways(counts))
        for when, counts in today.by(lambda one: one.month).items()
    ]
    return table(heads, rows)


def _by_theme(today: Tally) -> str:
    heads = ("Theme", "Month", "Cause", *_WAYS)
    rows = [
        (theme, month(when), CAUSES[Cause(cause)], *_ways(counts))
        for (theme, when, cause), counts in today.by(_place).items()
    ]
    return table(heads, rows)


_WAYS = ("Told", "Counted", "Corrected")


def _ways(counts: Counts) -> tuple[str, ...]:
    return tuple(map(_number, (counts.told, counts.counted, counts.corrected)))


def _monthly(tally: Tally) -> Counter[str]:
    """Messages by month."""
    return Counter(f"{one.day:%Y-%m}" for one in tally.messages)


def _variants(found: Simulation) -> str:
    heads = ("Setting", "Messages", "Changes", "Entered", "Left", "Moved", "Counted", "Corrected", "Against today's")
    rows = [("today's", *_cells(found.today), "")]
    rows += [
        (f"{one.setting} = {_literal(one.value)}", *_cells(one), difference(found.today, one)) for one in found.variants
    ]
    return table(heads, rows)


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = tally.counts
    numbers = (
        len(tally.messages),
        counts.told,
        tally.kinds(Kind.ENTERED),
        tally.kinds(Kind.LEFT),
        tally.kinds(*_BASKETS),
        counts.counted,
        counts.corrected,
    )
    return tuple(map(_number, numbers))


def _settings(found: Simulation) -> str:
    return ", ".join(f"{key} = {_literal(value)}" for key, value in found.settings.items())


def _literal(value: str | int) -> str:
    """As it is written in config.toml."""
    return str(value) if isinstance(value, int) else f'"{value}"'


def _number(number: int) -> str:
    return f"{number:,}" if number else "–"


def _place(one: Fired) -> tuple[str, str, str]:
    return one.change.theme, one.month, str(one.change.cause)


# --- the document ----------------------------------------------------------------------------------


def simulated_document(found: Simulation) -> dict[str, Any]:
    """The replay as JSON takes it; changes are those told one by one, the others beside them."""
    return {
        "from": found.since.isoformat(),
        "to": found.until.isoformat(),
        "baseline": found.baseline,
        "releases": found.releases,
        "settings": dict(found.settings),
        "today": _today(found.today),
        "variants": [
            {"setting": one.setting, "value": one.value, **_totals(one), "difference": _difference(found.today, one)}
            for one in found.variants
        ],
    }


def _today(tally: Tally) -> dict[str, Any]:
    messages = _monthly(tally)
    months = tally.by(lambda one: one.month)
    return {
        **_totals(tally),
        "by_kind": [
            {"kind": kind, **_counts(counts)} for kind, counts in tally.by(lambda one: str(one.change.kind)).items()
        ],
        "by_theme": [
            {"theme": theme, **_counts(counts)} for theme, counts in tally.by(lambda one: one.change.theme).items()
        ],
        "by_month": [{"month": when, "messages": messages[when], **_counts(months[when])} for when in months],
        "by_cause": [
            {"cause": cause, **_counts(counts)} for cause, counts in tally.by(lambda one: str(one.change.cause)).items()
        ],
        "table": [
            {"theme": theme, "month": when, "cause": cause, **_counts(counts)}
            for (theme, when, cause), counts in tally.by(_place).items()
        ],
    }


def _totals(tally: Tally) -> dict[str, int]:
    return {
        "messages": len(tally.messages),
        "messages_only_counting": sum(not one.changes for one in tally.messages),
        **_counts(tally.counts),
        "entered": tally.kinds(Kind.ENTERED),
        "left": tally.kinds(Kind.LEFT),
        "improved": tally.kinds(Kind.IMPROVED),
        "themes": tally.kinds(Kind.THEME_MOVED),
        "composites": tally.kinds(Kind.COMPOSITE_MOVED),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {"changes": counts.told, "counted": counts.counted, "corrected": counts.corrected}


def _difference(today: Tally, other: Tally) -> dict[str, int]:
    before, after = today.told(), other.told()
    return {
        "messages": len(other.messages) - len(today.messages),
        "changes": after.total() - before.total(),
        "not_told": (before - after).total(),
        "told_besides": (after - before).total(),
    }
