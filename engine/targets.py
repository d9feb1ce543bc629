"""Targets as councils print them: what was aimed at, whether it is met, and whether it will be when it is due.

Figures and targets are read as printed and stay exact. Method, item 15.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from engine.catalogue import UNKNOWN_DECIMALS, Polarity
from engine.pace import PERIODS_OF_PACE, run
from engine.periods import Period, PeriodError, parse_period
from engine.ranking import exact_key

TOP_QUARTILE = 1

_LONGEST = 25
_IN_A_CELL = 120
_MISSING = frozenset({"", "-", "–", "—", "n/a", "na", "no data", "not available", "tbc"})
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_ONE = rf"([-−+]?)\s*(£?)\s*([-−]?)({_DIGITS})\s*(bn|m|k)?\s*(%?)"
_NUMBER = re.compile(rf"^{_ONE}(\+?)$", re.IGNORECASE)
_SIGNED = re.compile(rf"^([<>≤≥]=?)?\s*{_ONE}(\+?)$", re.IGNORECASE)
_RANGE = re.compile(rf"^{_ONE}\s*(?:-|–|to|\.\.)\s*{_ONE}$", re.IGNORECASE)
_BRACKET = re.compile(r"^(.*?)\s*\(([^()]*)\)$")
_NO_WORD = re.compile(r"[-−+£<>≤≥~.]*\s*[0-9]|[=#@]|[-+]?(?:nan|inf(?:inity)?)$", re.IGNORECASE)
_POWERS = {"": 0, "k": 3, "m": 6, "bn": 9}
_IN_POWERS = re.compile(r"^£?(k|m|bn)\b", re.IGNORECASE)
_LARGE = re.compile(r"thousand|million|billion|\b000", re.IGNORECASE)

Kind = Literal["none", "number", "range", "quartile", "increase", "reduce", "above average", "below average", "words"]
Sign = Literal["", "<", ">", "≤", "≥"]

_SIGNS: tuple[Sign, ...] = ("", "<", ">", "≤", "≥")
_KINDS: dict[str, Kind] = {
    "top quartile": "quartile",
    "increase": "increase",
    "reduce": "reduce",
    "decrease": "reduce",
    "above average": "above average",
    "below average": "below average",
}
_TOWARDS: dict[str, str] = {
    ">": "high", "≥": "high", "increase": "high", "above average": "high",
    "<": "low", "≤": "low", "reduce": "low", "below average": "low",
}  # fmt: skip
"""The polarity that a target of this sign or kind goes with; with the opposite one it says nothing."""


class Verdict(StrEnum):
    """What became of a target."""

    MET = "met"
    MISSED = "missed"
    NOT_ASSESSABLE = "not_assessable"


class Course(StrEnum):
    """Whether a target will be met when it is due, at the pace of the last periods."""

    ON_COURSE = "on_course"
    NOT_ON_COURSE = "not_on_course"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as printed. ``value`` is None where there is none; ``grade`` is then the word, as "excellent", if any.

    ``unit`` is "%", "£" or empty; ``period`` the one in brackets behind it.
    """

    text: str
    value: Decimal | None = None
    unit: str = ""
    period: Period | None = None
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What is aimed at, as published: a number with its ``sign``, a range with two ends, or one of the words known.

    ``words`` is the whole text; ``unit`` is "%", "£" or empty; ``large`` says that it is printed in thousands or
    more, as "1.48m" is; ``due`` is the period in brackets. Kind "words" is anything else stated, "none" is nothing.
    """

    words: str
    kind: Kind
    sign: Sign = ""
    lowest: Decimal = Decimal(0)
    highest: Decimal = Decimal(0)
    unit: str = ""
    large: bool = False
    due: Period | None = None

    @property
    def stated(self) -> bool:
        """Whether there is one."""
        return self.kind != "none"

    @property
    def numeric(self) -> bool:
        """Whether it is a number or a range."""
        return self.kind in {"number", "range"}


# --- reading --------------------------------------------------------------------------------------


def read_figure(text: str) -> Figure | None:
    """A figure as printed: "£653", "1.48m", "95%", "22,689", "32.3 (2015)", "3+", "Excellent", "No data", "".

    None for what begins like a number and is none that can be read, and for formulas and faults of spreadsheets.
    """
    text = " ".join(text.split())
    body, period, known = _bracketed(text)
    if body.casefold() in _MISSING:
        return Figure(text, period=period)
    if known and (found := _NUMBER.match(body)) and len(body) <= _LONGEST:
        return Figure(text, _value(found.groups()[:5]), _unit(found[2], found[6]), period)
    no_word = bool(_NO_WORD.match(body))
    return None if no_word or not known else Figure(text, period=period, grade=body.casefold())


def read_target(text: str) -> Target:
    """A target as published: "90", "<9%", ">84%", "28%-40%", "3+", "30.3 (2020/21)", "top quartile", "increase", "".

    What is none of these is kept as words, and nobody can say whether it is met.
    """
    words = " ".join(text.split())
    body, due, known = _bracketed(words)
    if body.casefold() in _MISSING:
        return Target(words, "none", due=due)
    if not known or len(body) > _LONGEST:
        return Target(words, "words")
    if kind := _KINDS.get(body.casefold()):
        return Target(words, kind, due=due)
    if found := _SIGNED.match(body):
        return _one(words, found, due)
    if found := _RANGE.match(body):
        return _range(words, found, due)
    return Target(words, "words", due=due)


def _one(words: str, found: re.Match[str], due: Period | None) -> Target:
    value = _value(found.groups()[1:6])
    said = (found[1] or "").replace("<=", "≤").replace(">=", "≥")[:1]
    if found[8]:
        said = "≥" if not said else "?"
    sign = next((one for one in _SIGNS if one == said), None)
    if sign is None:  # "<3+" says two things
        return Target(words, "words", due=due)
    return Target(words, "number", sign, value, value, _unit(found[3], found[7]), bool(found[6]), due)


def _range(words: str, found: re.Match[str], due: Period | None) -> Target:
    first, last = found.groups()[:6], found.groups()[6:12]
    power = first[4] or last[4]  # "5-6m" are millions both
    lowest, highest = _value((*first[:4], power)), _value(last[:5])
    if lowest > highest:
        return Target(words, "words", due=due)
    unit = _unit(first[1] or last[1], first[5] or last[5])
    return Target(words, "range", "", lowest, highest, unit, bool(last[4]), due)


def plain_target(text: str, unit: str) -> Target | None:
    """The target in a text where it is a number or range in the unit of the figures and due in no year of its own."""
    target = _in_unit(read_target(text), unit)
    return target if target and target.numeric and target.due is None else None


def _in_unit(target: Target, unit: str) -> Target | None:
    """The target in the unit of the figures; None where it is in another.

    "5%" fewer of what is counted in people is no figure of theirs, and "£1.48m" is 1.48 where the unit is "£m".
    """
    per_cent = "%" in unit or "per cent" in unit.lower() or "percent" in unit.lower()
    if not {"%": per_cent, "£": "£" in unit, "": True}[target.unit]:
        return None
    if not target.large:
        return target
    if found := _IN_POWERS.match(unit):
        down = -_POWERS[found[1].lower()]
        return replace(target, lowest=target.lowest.scaleb(down), highest=target.highest.scaleb(down))
    return None if _LARGE.search(unit) else target


def _bracketed(text: str) -> tuple[str, Period | None, bool]:
    """The text before a bracket at its end, the period in it, and whether it is either a period or free of digits."""
    found = _BRACKET.match(text) if len(text) <= _IN_A_CELL else None
    if found is None:
        return text, None, True
    try:
        return found[1], parse_period(found[2]), True
    except PeriodError:
        return found[1], None, not re.search(r"[0-9]", found[2])


def _value(parts: Sequence[str | None]) -> Decimal:
    sign, _, inner, digits, power = (part or "" for part in parts)
    value = Decimal(digits.replace(",", "")).scaleb(_POWERS[power.lower()])
    return value.copy_negate() if (sign in {"-", "−"}) != bool(inner) else value


def _unit(pounds: str | None, per_cent: str | None) -> str:
    return per_cent or pounds or ""


def as_printed(value: float, decimals: int | None) -> Decimal:
    """A stored figure as its publisher prints it, by which it is compared (method, item 1)."""
    places = UNKNOWN_DECIMALS if decimals is None else decimals
    return Decimal(exact_key(value, places)).scaleb(-places)


# --- targets --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What a target is held against; None for what is not known.

    ``unit`` is that of the figures, ``grade`` the word that is printed in place of a figure, ``average`` the mean of
    all areas.
    """

    now: Decimal | None = None
    before: Decimal | None = None
    quartile: int | None = None
    average: Fraction | None = None
    unit: str = ""
    grade: str = ""


def assess(target: Target, polarity: Polarity, known: Known) -> Verdict:
    """Whether a target is met, missed, or cannot be assessed: in words, in another unit, or against the polarity.

    A plain number is to be reached from the side that polarity says. A range is to be hit, and with a polarity of high
    or low being better than all of it meets it too. An increase is any, however small. Method, item 15.
    """
    aim = _in_unit(target, known.unit)
    met = None if aim is None or _against(aim, polarity) else _met(aim, polarity, known)
    return Verdict.NOT_ASSESSABLE if met is None else Verdict.MET if met else Verdict.MISSED


def _against(target: Target, polarity: Polarity) -> bool:
    """Whether it points the other way, as ">5%" does where low is good: printed so, and not what is meant."""
    towards = _TOWARDS.get(target.sign or target.kind)
    return towards is not None and polarity.kind in {"high", "low"} and polarity.kind != towards


def _met(target: Target, polarity: Polarity, known: Known) -> bool | None:
    now = known.now
    if target.kind == "words":
        return True if known.grade and known.grade == target.words.casefold() else None
    if target.kind == "quartile":
        return None if known.quartile is None else known.quartile == TOP_QUARTILE
    if now is None:
        return None
    if target.kind in {"increase", "reduce"}:
        return _beyond(now, known.before, up=target.kind == "increase")
    if target.kind in {"above average", "below average"}:
        return _beyond(now, known.average, up=target.kind == "above average")
    return _reached(target, polarity, now) if target.numeric else None


def _beyond(value: Decimal, line: Decimal | Fraction | None, *, up: bool) -> bool | None:
    if line is None:
        return None
    return value > line if up else value < line


def _reached(target: Target, polarity: Polarity, value: Decimal | Fraction) -> bool | None:
    """Whether a number or range is reached."""
    lowest, highest = target.lowest, target.highest
    if target.sign:
        return {"<": value < lowest, ">": value > lowest, "≤": value <= lowest, "≥": value >= lowest}[target.sign]
    if polarity.kind in {"high", "low"}:
        return value >= lowest if polarity.kind == "high" else value <= highest
    return lowest <= value <= highest if target.kind == "range" else None


def predict(
    target: Target,
    polarity: Polarity,
    points: Iterable[tuple[Period, Decimal]],
    due: Period | None = None,
    unit: str = "",
    *,
    least: int = PERIODS_OF_PACE,
) -> Course:
    """Whether a number or range is on course: going on at the pace of the last three periods until it is due.

    ``points`` are periods with a figure in any order; ``due`` counts where the target names no period. Once it is due
    the last figure decides. Without a due period, ``least`` periods alike or a number nothing is predicted. The pace
    is that of item 13 of the method.
    """
    due = target.due or due
    known = sorted((period, Fraction(value)) for period, value in points)
    aim = _in_unit(target, unit)
    if aim is None or not aim.numeric or _against(aim, polarity) or due is None or not known:
        return Course.NOT_ASSESSABLE
    last, expected = known[-1]
    if due.end > last.end:
        found = run(known, least)
        if found is None:
            return Course.NOT_ASSESSABLE
        expected = found.on(due.end)
    reached = _reached(aim, polarity, expected)
    return Course.NOT_ASSESSABLE if reached is None else Course.ON_COURSE if reached else Course.NOT_ON_COURSE
