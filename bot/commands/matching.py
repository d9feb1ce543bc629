"""Names as people type them: whole, in part, abbreviated, misspelt.

The way from query to name: the same name, code or alias; all words of the query found in the name, as words, as
beginnings or as initials; the same after each word is corrected to the nearest known one; else the nearest three.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from state.views import Names

Kind = Literal["theme", "composite", "indicator", "council"]

NEAREST = 3
LONGEST = 200
"""Characters of a query that are looked at."""
_MOST_WORDS = 24
"""Words of a query that are looked for; for the nearest names fewer, as each is looked for in every name."""
_WORDS_NEAR, _CHARACTERS_NEAR = 8, 80

_ALIKE = 0.74
"""Least likeness of a word to the known one it is corrected to: one slip in four letters, two in eight."""
_LIKE = 0.67
"""Least likeness of a word to a known one for the names that hold it to be called near."""
_SHORTEST_SLIP = 4
_WORDS = re.compile(r"[^\W_]+")
_ENDING = re.compile(r"(?<=[^\W\d_]{4})(?:ings?|ies|es|ed|e?rs?|s)$")
_COUNTY_WORDS = frozenset({"county", "council", "city", "cc", "shire", "unitary", "authority", "the", "of"})
_SHORT_COUNTIES = {
    "Bedfordshire": "beds",
    "Berkshire": "berks",
    "Buckinghamshire": "bucks",
    "Cambridgeshire": "cambs",
    "Gloucestershire": "glos gloucs",
    "Hampshire": "hants",
    "Herefordshire": "heref",
    "Hertfordshire": "herts",
    "Isle of Wight": "iow",
    "Lancashire": "lancs",
    "Leicestershire": "leics",
    "Lincolnshire": "lincs",
    "Northamptonshire": "northants",
    "Northumberland": "northld",
    "Nottinghamshire": "notts",
    "Oxfordshire": "oxon",
    "Shropshire": "salop shrops",
    "Staffordshire": "staffs",
    "Warwickshire": "warks",
    "Wiltshire": "wilts",
    "Worcestershire": "worcs",
    "North Yorkshire": "nyorks",
}
"""Written short in ways that are no beginning of the name."""
_FILLERS = frozenset({"and", "of", "the", "in", "for", "a", "to", "by", "on", "with", "our"})
_ABBREVIATIONS = {
    "asc": "adult social care",
    "attendance": "absence",
    "bin": "waste",
    "bins": "waste",
    "cla": "looked after",
    "lac": "looked after",
    "jabs": "immunisations",
    "kids": "children",
    "ks1": "key stage 1",
    "ks2": "key stage 2",
    "ks4": "key stage 4",
    "ksi": "killed seriously injured",
    "neet": "not in education employment or training",
    "poverty": "low income",
    "qol": "quality of life",
    "reoffending": "offend again",
    "rubbish": "waste",
    "send": "special educational needs",
    "truancy": "absence",
    "vaccination": "immunisations",
    "vaccinations": "immunisations",
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
    texts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The forms with a space before, between and behind all words."""

    def __post_init__(self) -> None:
        forms = tuple(dict.fromkeys(_words(text) for text in (self.name, self.key, *self.aliases)))
        object.__setattr__(self, "forms", forms)
        object.__setattr__(self, "initials", tuple(_initials(form) for form in forms))
        object.__setattr__(self, "texts", tuple(f" {' '.join(form)} " for form in forms))


@dataclass(frozen=True, slots=True)
class Match:
    """What a query means: one name (``exact``), several, or none but the nearest."""

    how: Literal["exact", "several", "nearest"]
    found: tuple[Named, ...]


def match(query: str, names: Sequence[Named]) -> Match:
    """The name that the query means, the several it may mean, or else the nearest three."""
    return (
        as_written(query, names) or _one_or_several(corrected(query, names)) or Match("nearest", nearest(query, names))
    )


def as_written(query: str, names: Sequence[Named]) -> Match | None:
    """The name or names that hold what is written, taking nothing for a slip; None where there is none."""
    wanted = _words(query[:LONGEST])
    return _one_or_several(next(filter(None, (_same(query, names), *_found(wanted, names))), [])) if wanted else None


def corrected(query: str, names: Sequence[Named]) -> list[Named]:
    """The names that hold what is written once each word is corrected to the nearest known one."""
    wanted = _words(query[:LONGEST])
    return next(filter(None, _in(_corrected(_content(wanted), names), names)), []) if wanted else []


def short_slip(query: str, names: Sequence[Named]) -> bool:
    """Whether a word of four letters is corrected to another: as often as not it is no slip."""
    words = _content(_words(query[:LONGEST]))
    return any(
        len(word) == _SHORTEST_SLIP and word != own for word, own in zip(words, _corrected(words, names), strict=True)
    )


def same(query: str, names: Sequence[Named]) -> Match | None:
    """The name, code or alias that is written, whole; None where there is none."""
    return _one_or_several(_same(query, names)) if _words(query[:LONGEST]) else None


def councils_of(names: Names) -> tuple[Named, ...]:
    """The areas compared, as people write them."""
    return _councils(names.councils)


@lru_cache(maxsize=4)
def _councils(councils: tuple[tuple[str, str], ...]) -> tuple[Named, ...]:
    return tuple(Named("council", code, name, tuple(_SHORT_COUNTIES.get(name, "").split())) for code, name in councils)


def without_county(text: str) -> str:
    """The name of a council without the words that say what it is: "county durham" gives "durham"."""
    return " ".join(word for word in text.split() if word.casefold().strip("?!.,") not in _COUNTY_WORDS)


def _one_or_several(found: Sequence[Named]) -> Match | None:
    return Match("exact" if len(found) == 1 else "several", tuple(found)) if found else None


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
    content = _content(wanted)
    for words in (content, _spelt_out(content)):
        yield from _in(words, names)
    if (stems := tuple(map(_stem, content))) != content:
        yield [name for name in names if _holds(name, stems, _begins)]


def _content(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The words that say something, each once."""
    return tuple(dict.fromkeys(word for word in wanted if word not in _FILLERS))[:_MOST_WORDS] or wanted[:1]


def _in(words: tuple[str, ...], names: Sequence[Named]) -> Iterable[list[Named]]:
    ways = (_whole, _begins) if any(len(word) > 1 for word in words) else (_whole,)
    for fits in ways:  # "A&E" is no theme with an E in it
        yield [name for name in names if _holds(name, words, fits)]


def _holds(name: Named, words: tuple[str, ...], fits: Callable[[str, str], bool]) -> bool:
    for text, initials in zip(name.texts, name.initials, strict=True):
        for word in words:
            if not (fits(word, text) or (len(word) > 1 and word in initials)):
                break
        else:
            return True
    return False


def _whole(word: str, text: str) -> bool:
    return f" {word} " in text


def _begins(word: str, text: str) -> bool:
    return f" {word}" in text


def _spelt_out(words: tuple[str, ...]) -> tuple[str, ...]:
    parts = (part for word in words for part in _ABBREVIATIONS.get(word, word).split())
    return tuple(part for part in parts if part not in _FILLERS) or words


def _stem(word: str) -> str:
    """The word without its ending, so that "policing" finds police and "burglaries" burglary."""
    return _ENDING.sub("", word)


def _corrected(words: tuple[str, ...], names: Sequence[Named]) -> tuple[str, ...]:
    known = _vocabulary(tuple(names))
    return tuple(_correct(word, known) for word in words)


@lru_cache(maxsize=16)
def _vocabulary(names: tuple[Named, ...]) -> dict[str, None]:
    """The words of all names that a word may be a slip for, in order."""
    found = {word for name in names for form in name.forms for word in form if len(word) >= _SHORTEST_SLIP}
    return dict.fromkeys(sorted(found))


def _correct(word: str, known: Mapping[str, None]) -> str:
    """The nearest known word, or the word itself where none is near."""
    if word in known or len(word) < _SHORTEST_SLIP:
        return word
    score = DamerauLevenshtein.normalized_similarity
    best = process.extractOne(word, list(known), scorer=score, score_cutoff=_ALIKE)
    return best[0] if best else word


def nearest(query: str, names: Sequence[Named]) -> tuple[Named, ...]:
    """The three names that hold most of the words, and of those the most like the query.

    Where no name holds a word that is anything like one of the query, themes come first: likeness by letters alone
    offers what is far from what was meant.
    """
    wanted = _words(query[:LONGEST])
    content = tuple(word for word in _spelt_out(_content(wanted)) if len(word) > 1)[:_WORDS_NEAR]
    if not _any_near(content, names):
        names = sorted(names, key=lambda name: name.kind == "indicator")[: max(NEAREST, _themes_of(names))]
    held = {name: sum(_holds(name, (word,), _begins) for word in map(_stem, content)) for name in names}
    most = sorted(set(held.values()), reverse=True)
    close: dict[Named, None] = {}
    for number in most:
        if len(close) < NEAREST:
            close |= dict.fromkeys(_alike(wanted, [name for name in names if held[name] == number]))
    return tuple(close)[:NEAREST]


def _any_near(words: tuple[str, ...], names: Sequence[Named]) -> bool:
    """Whether a name holds one of the words, or one that is like it."""
    known = _vocabulary(tuple(names))
    stems = [word for word in map(_stem, words) if len(word) >= _SHORTEST_SLIP - 1]
    if any(own.startswith(stem) for stem in stems for own in known):
        return True
    score = DamerauLevenshtein.normalized_similarity
    return any(process.extractOne(word, list(known), scorer=score, score_cutoff=_LIKE) for word in words)


def _themes_of(names: Sequence[Named]) -> int:
    return sum(name.kind != "indicator" for name in names)


def _alike(wanted: tuple[str, ...], names: Sequence[Named]) -> list[Named]:
    """The names most like the words as a whole, the most alike first."""
    choices = [(" ".join(form), name) for name in names for form in name.forms]
    query = " ".join(wanted)[:_CHARACTERS_NEAR]
    ranked = process.extract(query, [text for text, _ in choices], scorer=fuzz.WRatio, limit=4 * NEAREST)
    return list(dict.fromkeys(choices[at][1] for _, _, at in ranked))[:NEAREST]


def _initials(form: tuple[str, ...]) -> str:
    """First letters of the words that are no fillers: "ascd" for Adult Social Care delivery."""
    return "".join(word[0] for word in form if word not in _FILLERS)


@lru_cache(maxsize=4_096)
def _words(text: str) -> tuple[str, ...]:
    """Words in small letters without accents or marks, "&" read as "and" and "children's" as "childrens"."""
    flat = unicodedata.normalize("NFKD", text.replace("&", " and ").replace("'", "").replace("’", "").casefold())
    flat = flat[: 10 * LONGEST]  # there are single characters that stand for a whole sentence
    return tuple(_WORDS.findall("".join(char for char in flat if not unicodedata.combining(char))))
