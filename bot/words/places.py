"""Ranks, quartiles and moves between them, and on what they stand."""

from __future__ import annotations

from collections.abc import Sequence

from bot.words.text import count, name, ordinal
from engine.changes import Standing
from jobs.notices import Footing

UP, DOWN, LEVEL = "▲", "▼", "="
ILLUSTRATIVE = "illustrative comparators"
_BARS = "▁▂▃▄▅▆▇█"


def nth(rank: int, *, tied: bool) -> str:
    """As "24th", "=7th" when tied."""
    return f"{LEVEL if tied else ''}{ordinal(rank)}"


def position(standing: Standing) -> str:
    """As "24th", "=7th" when tied, "no rank"."""
    return "no rank" if standing.rank is None else nth(standing.rank, tied=standing.tied)


def place(standing: Standing | None) -> str:
    """As "24th of 32", "=7th of 29", "no rank"."""
    if standing is None or standing.rank is None:
        return "no rank"
    return position(standing) + (f" of {standing.of}" if standing.of else "")


def move(before: Standing | None, after: Standing) -> str:
    """As "24th → 28th of 32", with both numbers ranked where they differ."""
    if before is None:
        return place(after)
    start = position(before) if before.of == after.of else place(before)
    return f"{start} → {place(after)}"


def from_to(before: Standing | None, after: Standing) -> str:
    """As "from 11th to 21st of 32"."""
    return f"from {' to '.join(move(before, after).split(' → '))}" if before else f"to {place(after)}"


def trend(before: Standing | None, after: Standing | None) -> str:
    """↑ for a better rank than before, ↓ for a worse one, → for the same; empty where either is missing."""
    if before is None or after is None or before.rank is None or after.rank is None:
        return ""
    return "→" if before.rank == after.rank else "↑" if after.rank < before.rank else "↓"


def quartiles(before: Standing | None, after: Standing) -> str:
    """As "quartile 3 → 4", "quartile 4"; empty without one."""
    if after.quartile is None:
        return ""
    changed = before is not None and before.quartile not in {None, after.quartile}
    return f"quartile {before.quartile} → {after.quartile}" if changed and before else f"quartile {after.quartile}"


def ranks(before: Standing | None, after: Standing) -> str:
    """As "24th → 28th of 32, quartile 3 → 4"."""
    return ", ".join(part for part in (move(before, after), quartiles(before, after)) if part)


def bracketed(before: Standing | None, after: Standing, when: str = "") -> str:
    """As " (7th last year) ↑", " (7th) ↑": an earlier rank and the way since; empty without one.

    Among how many it was is said where that is another number than now: " (7th of 32 in edition 2022/23) ↑".
    """
    if before is None or before.rank is None:
        return ""
    was = position(before) if after.of in {None, before.of} else place(before)
    return f" ({f'{was} {when}'.strip()}) {trend(before, after)}".rstrip()


def moves(pairs: Sequence[tuple[Standing | None, Standing]]) -> str:
    """As "3 ranks better, 2 worse, 1 the same, 4 not ranked on both sides"."""
    ways = [trend(before, after) for before, after in pairs]
    parts = [(ways.count("↑"), "better"), (ways.count("↓"), "worse"), (ways.count("→"), "the same")]
    said = [(number, what) for number, what in parts if number]
    shown = [f"{count(number, 'rank') if at == 0 else f'{number:,}'} {what}" for at, (number, what) in enumerate(said)]
    missing = ways.count("")
    if missing:
        shown.append(f"{missing:,} not ranked on both sides" if shown else "nothing is ranked on both sides")
    return ", ".join(shown) or "nothing is ranked"


def bars(ranks: Sequence[int | None], of: int) -> str:
    """Ranks as bars, taller for better; a dot where there is no rank."""
    top = len(_BARS) - 1
    return "".join("·" if rank is None else _BARS[round(top * max(of - rank, 0) / max(of - 1, 1))] for rank in ranks)


def foot(on: Footing) -> str:
    """On what the ranks stand, for the end of everything published."""
    parts = [
        name(on.council),
        f"Quartiles: {on.quartile_rule} rule, {on.areas} {name(on.comparators)}",
        f"snapshot {name(on.snapshot)}",
        ILLUSTRATIVE if on.illustrative else "",
    ]
    return " · ".join(part for part in parts if part)
