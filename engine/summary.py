"""What a theme's numbers say in short: its move, how its members moved, and who is in the bottom quartile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.changes import BOTTOM_QUARTILE, Standing

Member = tuple[str, Standing | None, Standing | None]
"""A judged indicator of a theme by name, where it stood before, and where it stands now."""


@dataclass(frozen=True, slots=True)
class ThemeSummary:
    """A theme or composite (``kind``) for one area, now and before, with what its ``members`` indicators did.

    ``spend`` is its spending line, rank 1 being the highest. ``fell``, ``rose`` and ``stayed`` count the members ranked
    on both sides by their places; one for which it depends on how many were ranked is in none of the three, so the
    three together may be fewer than ``members``. ``bottom`` are the names of those in the bottom quartile now, the
    lowest place first; ``entered`` and ``left`` of those that crossed its line, ``improved`` of those that improved
    significantly. ``new`` says that nobody had a rank in it before, though in others they had.
    """

    name: str
    kind: str
    now: Standing
    before: Standing | None
    spend: Standing | None
    fell: int
    rose: int
    stayed: int
    members: int
    bottom: tuple[str, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]
    improved: tuple[str, ...]
    new: bool = False


def summarise(
    name: str,
    kind: str,
    now: Standing | None,
    before: Standing | None,
    spend: Standing | None,
    members: Iterable[Member],
    improved: Iterable[str] = (),
    *,
    new: bool = False,
) -> ThemeSummary:
    """A theme in short, from the standings of its judged members on both sides, None where there is no rank."""
    known = sorted(members, key=_lowest_first)
    sides = [(one, was, is_now) for one, was, is_now in known if was and is_now and was.rank and is_now.rank]
    moves = [_moved(was, is_now) for _, was, is_now in sides]
    return ThemeSummary(
        name=name,
        kind=kind,
        now=now or Standing(None, None),
        before=before,
        spend=spend,
        fell=moves.count(1),
        rose=moves.count(-1),
        stayed=moves.count(0),
        members=sum(is_now is not None and is_now.rank is not None for _, _, is_now in known),
        bottom=tuple(one for one, _, is_now in known if is_now and is_now.quartile == BOTTOM_QUARTILE),
        entered=tuple(one for one, was, is_now in sides if _outside(was) and is_now.quartile == BOTTOM_QUARTILE),
        left=tuple(one for one, was, is_now in sides if was.quartile == BOTTOM_QUARTILE and _outside(is_now)),
        improved=tuple(dict.fromkeys(improved)),
        new=new,
    )


def _outside(standing: Standing) -> bool:
    return standing.quartile is not None and standing.quartile < BOTTOM_QUARTILE


def _lowest_first(member: Member) -> tuple[float, str]:
    name, _, now = member
    return -(now.rank / now.of if now and now.rank and now.of else 0.0), name


def _moved(before: Standing, after: Standing) -> int | None:
    """1 where places were lost, −1 where they were gained, 0 where neither.

    With more or fewer areas ranked, 25th may be better than 24th was: None where the place as a share of the areas
    went the other way.
    """
    was, now = before.rank or 0, after.rank or 0
    places = (now > was) - (now < was)
    share, share_before = now * (before.of or 0), was * (after.of or 0)
    return None if places * ((share > share_before) - (share < share_before)) < 0 else places
