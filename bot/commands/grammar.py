"""What was typed after ``/rank``, read forgivingly: a verb, its argument, and a page.

People write commands and questions alike. What is only politeness or small words in front is passed over, a question
is turned into the command that answers it, and a verb may be misspelt. What does something, such as muting, is never
read out of a question: it has to be written as a command, with one slip at most.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from rapidfuzz.distance import OSA

from bot.commands.questions import LONGEST as QUESTION
from bot.commands.questions import question
from bot.commands.verbs import AT_THE_END, CHATTER, FILL, LEADING, PERSONAL, VERBS, WITHOUT_ARGUMENT, Verb
from bot.slack_text import clean

COMMAND = "/rank"
"""What people type before everything here, unless the settings give it another name."""

LONGEST = 2_000
"""Characters of a command that are read."""

_MISSPELT = tuple(word for word in VERBS if len(word) > 3)  # noqa: PLR2004 - shorter ones are like too many words
_ENDINGS = {
    "why": re.compile(
        r"(?:\s+(?:has|have|been|is|are|so|in the (?:bottom|top|ranking|table)\b.*|fall(?:en|ing)?|fell|"
        r"dropp?(?:ed|ing)?|go(?:ne|ing)?|went|got|getting|get|down|up|wors(?:e|en|ened)|better|bad|low|poor|moved?|"
        r"chang(?:e|ed)|improv(?:e|ed)|r[io]sen?|last year|this year|now|\d{1,2}(?:st|nd|rd|th)))+$",
        re.IGNORECASE,
    ),
    "compare": re.compile(r"\s+(?:with|to|and|against|vs|versus)\s+(?:us|ours?)$", re.IGNORECASE),
}
_OF_A_COUNCIL = frozenset({"tax", "house", "houses", "housing", "home", "homes", "plan", "staff", "spend", "spending"})
_BESIDE = re.compile(r"\b(?:vs?|versus|against|compared)\b", re.IGNORECASE)
_PAGE = re.compile(r"\s+(?:page|p\.?)\s*(\d{1,4})$", re.IGNORECASE)
_MARKS = "?!.,;:"


@dataclass(frozen=True, slots=True)
class Request:
    """A command as understood: ``name`` is the verb where just a name was typed.

    ``text`` is all of it without the page, for what begins like a verb and is a name after all; ``others`` are
    readings to try when the first leads nowhere.
    """

    verb: Verb
    argument: str = ""
    page: int = 1
    text: str = field(default="", compare=False)
    others: tuple[tuple[Verb, str], ...] = field(default=(), compare=False)
    slip: bool = field(default=False, compare=False)
    """Whether the verb was misspelt."""

    def read_as(self, verb: Verb, argument: str) -> Request:
        """The same text in another reading."""
        return replace(self, verb=verb, argument=argument, others=())


def parse(text: str) -> Request:
    """The request in the text; a first word that is no verb makes all of it a name."""
    text, page = " ".join(text[:LONGEST].replace("\0", " ").split()), 1
    if found := _PAGE.search(text):
        text, page = text[: found.start()], max(int(found[1]), 1)
    return replace(_read(text), page=page, text=text)


def canonical(verb: Verb, argument: str = "", page: int = 1) -> str:
    """The command that asks for exactly this, as buttons carry it and people can type it."""
    text = " ".join(f"{verb} {clean(argument)}".split())
    return f"{text} page {page}" if page > 1 or _PAGE.search(text) else text


def plainer(text: str) -> str:
    """The text without the small words of questions, for names within a sentence."""
    kept = [word for word in re.split(r"[\s,;:!?()]+|'s\b|’s\b", text) if word and word.casefold() not in CHATTER]
    return " ".join(kept)


_Meant = tuple[Verb, str]


def _read(text: str) -> Request:
    """The verb and its argument, with the other readings."""
    if not text:
        return Request("help")
    asked = text.rstrip(_MARKS + " ").replace("’", "'")
    sentence = question(asked)
    if sentence and sentence[0] == "meaning":  # "explain quartiles", where "explain police" asks why
        return Request(*sentence)
    if meant := _begins(text):
        return Request(*meant)
    if meant := sentence or _after_small_words(asked):
        return Request(meant[0], _trimmed(*meant), others=(("name", text),))
    if (meant := _misspelt(text)) and (meant[0] in PERSONAL or (meant[0] in WITHOUT_ARGUMENT and " " not in text)):
        return Request(*meant, others=(("name", text),), slip=True)
    return _name(text, asked)


def _name(text: str, asked: str) -> Request:
    """A name, unless nothing is called so and its first or last word is nearly a verb; questions about all are one."""
    words = asked.split()
    while words and _bare(words[0]) in LEADING:
        words = words[1:]
    if asked and not words:
        return Request("overall")
    found = (_misspelt(" ".join(words)), _ends(asked))
    return Request("name", text, others=tuple(meant for meant in found if meant and meant[0] not in PERSONAL))


def _after_small_words(asked: str) -> _Meant | None:
    """The verb behind "please", "show me", "what is the"; behind more than "please" none that does something."""
    words = asked.split()
    polite = True
    while words and _bare(words[0]) in LEADING:
        polite = polite and _bare(words[0]) in {"please", "plz"}
        words = words[1:]
        if (meant := _begins(" ".join(words))) and (polite or meant[0] not in PERSONAL):
            return meant
    return None


def _begins(text: str) -> _Meant | None:
    """The verb that the text begins with, and the rest."""
    first, _, rest = text.partition(" ")
    verb = VERBS.get("?" if first == "?" else _bare(first))
    if verb == "council" and _bare(rest.partition(" ")[0]) in _OF_A_COUNCIL:
        return None  # "council tax" is no council called Tax
    if verb is None or (_bare(first) == "i" and _bare(rest.partition(" ")[0]) in CHATTER):
        return None
    if verb == "council" and _BESIDE.search(rest):
        verb = "compare"
    rest = _trimmed(verb, rest)
    return None if rest and verb in WITHOUT_ARGUMENT else (verb, rest)


def _ends(text: str) -> _Meant | None:
    """The verb that the text ends with, as in "police spend"."""
    before, _, last = text.rpartition(" ")
    verb = VERBS.get(_bare(last))
    return (verb, before) if before and verb in AT_THE_END else None


def _misspelt(text: str) -> _Meant | None:
    """The verb that the first word is nearly: one slip, in longer words of what only reads two."""
    first, _, rest = text.partition(" ")
    word = _bare(first)
    if len(word) <= 3:  # noqa: PLR2004 - as above
        return None
    slips, best = min((OSA.distance(word, known), known) for known in _MISSPELT)
    verb = VERBS[best]
    most = 2 if len(best) > 5 and verb not in PERSONAL else 1  # noqa: PLR2004 - a long word
    if slips > most or (slips > 1 and word[0] != best[0]):
        return None
    rest = _trimmed(verb, rest)
    return None if rest and verb in WITHOUT_ARGUMENT else (verb, rest)


def _trimmed(verb: Verb, argument: str) -> str:
    """The argument without the small words that go with its verb."""
    argument = argument.strip().rstrip("?! ")
    noise = FILL.get(verb, frozenset())
    if (ending := _ENDINGS.get(verb)) and len(argument) <= QUESTION:
        argument = ending.sub("", f" {argument}").strip()
    words = argument.split()
    if all(_bare(word) in noise for word in words):
        return ""
    while words and _bare(words[0]) in noise:
        words = words[1:]
    while len(words) > 1 and verb == "bottom" and _bare(words[-1]) in noise:
        words = words[:-1]
    return " ".join(words)


def _bare(word: str) -> str:
    bare = word.casefold().replace("’", "'").strip(_MARKS + "'\"“”").removesuffix("'s").removesuffix("'re")
    return bare or word.casefold()
