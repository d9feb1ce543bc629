"""Names as people type them: whole, in part, abbreviated, misspelt.

The way from query to name: the same name, code or alias; all words of the query found in the name, as words, as
beginnings or as initials; the same after each word is corrected to the nearest known one; else the nearest three.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from state.views import Names

Kind = Literal["theme", "composite", "indicator"]

NEAREST = 3
LONGEST = 200
"""Characters of a query that are looked at."""

_ALIKE = 0.74
"""Least likeness of a word to the known one it is corrected to: one slip in four letters, two in eight."""
_SHORTEST_SLIP = 4
_WORDS = re.compile(r"[^\W_]+")
_FILLERS = frozenset({"and", "of", "the", "in", "for", "a", "to", "by", "on", "with", "our"})
_ABBREVIATIONS = {
    "asc": "adult social care",
    "cla": "looked after",
    "lac": "looked after",
    "ks1": "key stage 1",
    "ks2": "key stage 2",
    "ks4": "key stage 4",
    "ksi": "killed seriously injured",
    "neet": "not in education employment or training",
    "qol": "quality of life",
    "send": "special educational needs",
}


@dataclass(frozen=True, slots=True)
class Named:
    """Something that can be asked for: ``key`` is a theme's name or an indicator's code."""

    kind: Kind
    key: str
    name: str
    aliases: tuple[str, ...] = ()
    forms: tuple[tuple[str, ...], ...] = field(init=False, repr=False, compare=False)
    initials: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms = tuple(dict.fromkeys(_words(text) for text in (self.name, self.key, *self.aliases)))
        object.__setattr__(self, "forms", forms)
        object.__setattr__(self, "initials", tuple(_initials(form) for form in forms))


@dataclass(frozen=True, slots=True)
class Match:
    """What a query means: one name (``exact``), several, or none but the nearest."""

    how: Literal["exact", "several", "nearest"]
    found: tuple[Named, ...]


def match(query: str, names: Sequence[Named]) -> Match:
    """The name that the query means, the several it may mean, or else the nearest three."""
    wanted = _words(query[:LONGEST])
    for found in (_same(query, names), *_found(wanted, names)) if wanted else ():
        if found:
            return Match("exact" if len(found) == 1 else "several", tuple(found))
    return Match("nearest", _nearest(query, names))


@lru_cache(maxsize=4)
def named(names: Names) -> tuple[Named, ...]:
    """Everything that can be asked for: themes, then composites, then indicators."""
    return (
        *(Named("theme", name, name, aliases) for name, aliases in names.themes),
        *(Named("composite", name, name, aliases) for name, aliases in names.composites),
        *(Named("indicator", code, name, aliases) for code, name, aliases in names.indicators),
    )


def _same(query: str, names: Sequence[Named]) -> list[Named]:
    """The same code to the letter, else the same words as a name, code or alias."""
    typed = " ".join(query.split()).casefold()
    if exact := [name for name in names if typed == " ".join(name.key.split()).casefold()]:
        return exact
    wanted = _words(query[:LONGEST])
    return [name for name in names if wanted in name.forms]


def _found(wanted: tuple[str, ...], names: Sequence[Named]) -> Iterable[list[Named]]:
    """Names that hold all the words, each of the ways in turn; lazily, as the later ones cost more."""
    content = tuple(word for word in wanted if word not in _FILLERS) or wanted
    for words in (content, _spelt_out(content), _corrected(content, names)):
        for fits in (_whole, _begins):
            yield [name for name in names if _holds(name, words, fits)]


def _holds(name: Named, words: tuple[str, ...], fits: Callable[[str, str], bool]) -> bool:
    return any(
        all(any(fits(word, own) for own in form) or (len(word) > 1 and word in initials) for word in words)
        for form, initials in zip(name.forms, name.initials, strict=True)
    )


def _whole(word: str, own: str) -> bool:
    return word == own


def _begins(word: str, own: str) -> bool:
    return own.startswith(word)


def _spelt_out(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for word in words for part in _ABBREVIATIONS.get(word, word).split() if part not in _FILLERS)


def _corrected(words: tuple[str, ...], names: Sequence[Named]) -> tuple[str, ...]:
    known = {word for name in names for form in name.forms for word in form if len(word) >= _SHORTEST_SLIP}
    return tuple(_correct(word, known) for word in words)


def _correct(word: str, known: set[str]) -> str:
    """The nearest known word, or the word itself where none is near."""
    if word in known or len(word) < _SHORTEST_SLIP:
        return word
    score = DamerauLevenshtein.normalized_similarity
    best = process.extractOne(word, sorted(known), scorer=score, score_cutoff=_ALIKE)
    return best[0] if best else word


def _nearest(query: str, names: Sequence[Named]) -> tuple[Named, ...]:
    wanted = " ".join(_words(query[:LONGEST]))
    choices = [(" ".join(form), name) for name in names for form in name.forms]
    ranked = process.extract(wanted, [text for text, _ in choices], scorer=fuzz.WRatio, limit=4 * NEAREST)
    found = dict.fromkeys(choices[at][1] for _, _, at in ranked)
    return tuple(found)[:NEAREST]


def _initials(form: tuple[str, ...]) -> str:
    """First letters of the words that are no fillers: "ascd" for Adult Social Care delivery."""
    return "".join(word[0] for word in form if word not in _FILLERS)


@lru_cache(maxsize=4_096)
def _words(text: str) -> tuple[str, ...]:
    """Words in small letters without accents or marks, "&" read as "and"."""
    flat = unicodedata.normalize("NFKD", text.replace("&", " and ").casefold())
    return tuple(_WORDS.findall("".join(char for char in flat if not unicodedata.combining(char))))
