"""What editions printed, and what sets them apart from the ranks of today."""

from __future__ import annotations

from bot.slack_text import literal
from bot.words.places import place
from bot.words.spending import spend
from bot.words.text import count, name
from state.editions import Differences
from state.published import PublishedRank


def as_published(rank: PublishedRank) -> str:
    """As "published 21st of 32 in 2022/23, spend 20th highest of 32, as “Crime”" where its name then was another."""
    alike = rank.title.casefold() == rank.name.casefold()
    return f"published {printed(rank)}{'' if alike else f', as “{name(rank.title)}”'}"


def printed(rank: PublishedRank) -> str:
    """As "21st of 32 in 2022/23, spend 20th highest of 32": what an edition printed."""
    spent = f", spend {spend(rank.spend)}" if rank.spend else ""
    return f"{place(rank.standing)} in {literal(rank.edition)}{spent}"


def not_alike(differences: Differences) -> str:
    """As "Not like for like: 32 areas were compared then, 31 are now; the method has changed"; empty where it is."""
    areas, counted = differences.areas, []
    if areas:
        then = f"{count(areas[0], 'area')} {'was' if areas[0] == 1 else 'were'} compared then"
        others = "other areas were compared then, as many" if areas[0] == areas[1] else ""
        counted.append(others or f"{then}, {areas[1]:,} {'is' if areas[1] == 1 else 'are'} now")
    if differences.method:
        counted.append("the method has changed")
    if differences.catalogue:
        counted.append(_catalogue_changed(differences))
    return f"Not like for like: {'; '.join(counted)}" if counted else ""


def _catalogue_changed(differences: Differences) -> str:
    """As "the catalogue has changed (3 indicators new, 2 gone, 1 described otherwise)"."""
    parts = [
        (differences.joined, "new"),
        (differences.left, "gone"),
        (differences.redescribed, "described otherwise"),
    ]
    shown = [(number, what) for number, what in parts if number]
    said = [
        f"{count(number, 'indicator') if at == 0 else f'{number:,}'} {what}" for at, (number, what) in enumerate(shown)
    ]
    if differences.composites:
        said.append("composites of other themes")
    return f"the catalogue has changed ({', '.join(said)})"


def share_held(held: int, judged: int) -> str:
    """As "2 of 392 indicators": how many of a theme's indicators go back to a year."""
    return f"{held:,} of {count(judged, 'indicator')}"


def reaching_back(judged: int) -> str:
    """What is to be thought of years that fewer than two thirds of a theme's indicators go back to."""
    return f"Years that fewer than two thirds of today's {count(judged, 'indicator')} go back to say how many do."
