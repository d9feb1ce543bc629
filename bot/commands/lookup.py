"""From words to what they mean: a theme, an indicator, a council, or a council and a theme.

What is written is tried before what it may be a slip for, and the whole before the same without the small words of a
question, so that no correction ever beats a name that is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.commands.grammar import plainer
from bot.commands.matching import (
    Match,
    Named,
    as_written,
    corrected,
    councils_of,
    named,
    nearest,
    same,
    short_slip,
    without_county,
)
from engine.areas import Area, load_areas
from state.views import Names

_KINDS = re.compile(r"^(themes?|indicators?|composites?)\s+(?=\S)", re.IGNORECASE)
_SURE = 6
"""Letters that make the beginning of a council's name one, where nothing else says that a council is meant."""
_LONGEST = 12
"""Words of a text in which a council and a theme are looked for."""


@dataclass(frozen=True)
class Lookup:
    """Everything that can be asked for, by kind."""

    names: Names

    @property
    def everything(self) -> tuple[Named, ...]:
        """Themes, composites and indicators."""
        return named(self.names)

    @property
    def themes(self) -> list[Named]:
        """Themes and composites."""
        return [one for one in self.everything if one.kind != "indicator"]

    @property
    def plain_themes(self) -> list[Named]:
        """Themes alone."""
        return [one for one in self.everything if one.kind == "theme"]

    @property
    def indicators(self) -> list[Named]:
        """Indicators alone."""
        return [one for one in self.everything if one.kind == "indicator"]

    @property
    def councils(self) -> tuple[Named, ...]:
        """The areas compared, our own among them."""
        return councils_of(self.names)

    @property
    def others(self) -> tuple[Named, ...]:
        """The areas that we are compared with."""
        return tuple(one for one in self.councils if one.key != self.names.council)

    def whole(self, text: str) -> Named | None:
        """The one thing whose whole name, code or alias this is."""
        found = same(text, self.everything)
        return found.found[0] if found and found.how == "exact" else None

    def subject(self, text: str, among: Sequence[Named] | None = None) -> Match:
        """The themes, composites or indicators meant, or the nearest three; a kind written before the name counts."""
        known = self.everything if among is None else among
        kind = _KINDS.match(text)
        if kind and (rest := text[kind.end() :]):
            wanted = "indicator" if kind[1][:1].casefold() == "i" else "theme"
            own = [one for one in known if (one.kind == "indicator") == (wanted == "indicator")]
            return self.written(rest, own) or self.slipped(rest, own) or Match("nearest", nearest(rest, own))
        return self.written(text, known) or self.slipped(text, known) or Match("nearest", nearest(text, known))

    def written(self, text: str, among: Sequence[Named]) -> Match | None:
        """What is written, themes before indicators.

        An indicator called as themes begin stands beside these: "adult social care" may be spending, or two themes.
        """
        found = _first(as_written, text, among)
        if found is None or found.how != "exact" or found.found[0].kind != "indicator":
            return found
        themes = [Named(one.kind, one.key, one.name) for one in among if one.kind != "indicator"]
        beside = as_written(text, themes) if themes else None
        own = {one.key for one in beside.found} if beside else set()
        alike = [one for one in among if one.kind != "indicator" and one.key in own]
        return Match("several", (*alike, *found.found)) if alike else found

    def slipped(self, text: str, among: Sequence[Named]) -> Match | None:
        """What is written with a slip in it, themes before indicators."""
        return _first(_slip, text, among)

    def is_own(self, text: str) -> bool:
        """Whether this is our own council's name."""
        own = [one for one in self.councils if one.key == self.names.council]
        return any(same(way, own) for way in (text, without_county(text)) if way)

    def council(self, text: str, *, slips: bool) -> Match | None:
        """The councils meant: "durham", "county durham", "n yorks", and "derbyshir" where slips count."""
        for words in _variants(text):
            for way in (words, without_county(words)):
                if self.elsewhere(way):
                    return None  # Leicester is no part of Leicestershire's name, but another council
                if way and (found := as_written(way, self.councils)):
                    return found
        plain = without_county(plainer(text))
        return _slip(plain, _in_full(self.councils)) if slips and plain else None

    def council_and_theme(self, text: str, *, slips: bool, surely: bool = False) -> tuple[Match, Match | None] | None:
        """A council, and the theme or indicator named beside it if any; None where no council is named.

        ``surely`` takes no beginning of a few letters for a council: "staff sickness" is not about Staffordshire.
        """
        for council, theme in _splits(text):
            found = self.council(council, slips=slips)
            if found is None or (surely and not self._surely(council)):
                continue
            if not plainer(theme):
                return found, None
            about = self.subject(theme) if slips else self.written(theme, self.everything)
            if about and about.how != "nearest":
                return found, about
        return None

    def _surely(self, text: str) -> bool:
        plain = without_county(plainer(text))
        return len(plain) >= _SURE or same(plain or text, self.councils) is not None

    def elsewhere(self, text: str) -> str:
        """The name of a council that exists and is not compared; empty where the text names none."""
        wanted = {" ".join(way.casefold().split()) for way in (text, plainer(text), without_county(plainer(text)))}
        known = (_areas_by_name().get(way) for way in wanted)
        compared = {one.key for one in self.councils} | {one.name for one in self.councils}
        return next((area.name for area in known if area and not {area.code, area.name} & compared), "")


@cache
def _areas_by_name() -> dict[str, Area]:
    return {area.name.casefold(): area for area in load_areas()}


def _first(way: Callable[[str, Sequence[Named]], Match | None], text: str, among: Sequence[Named]) -> Match | None:
    """What a way of matching finds, in the whole text or without small words; of several a theme, if there is one."""
    for words in _variants(text):
        if found := way(words, among):
            themes = [] if found.how == "exact" else [one for one in among if one.kind != "indicator"]
            return way(words, themes) or found
    return None


def _slip(text: str, among: Sequence[Named]) -> Match | None:
    """What is meant with a slip; where a short word had to be another, it is offered only: "fire" is not "five"."""
    found = corrected(text, among)
    sure = len(found) == 1 and (found[0].kind == "council" or not short_slip(text, among))
    return Match("exact" if sure else "several", tuple(found)) if found else None


@lru_cache(maxsize=4)
def _in_full(councils: tuple[Named, ...]) -> tuple[Named, ...]:
    """Councils by their full names, for slips: "works" is no slip for Warks."""
    return tuple(Named(one.kind, one.key, one.name) for one in councils)


def _variants(text: str) -> Iterator[str]:
    """The text, and without small words if there are any."""
    yield text
    plain = plainer(text)
    if plain and plain != text:
        yield plain


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Ways to part a text into a council and a name: by the kind of the name, else the council first, else last."""
    for marked in re.finditer(r"\s+(?:(theme)|indicator)\s+", text, re.IGNORECASE):
        yield text[: marked.start()], text[marked.end() if marked[1] else marked.start() :].strip()
    words = text.split()[:_LONGEST]
    for at in range(len(words), 0, -1):
        yield " ".join(words[:at]), " ".join(words[at:])
    for at in range(1, len(words)):
        yield " ".join(words[at:]), " ".join(words[:at])
