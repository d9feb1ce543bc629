"""What a report is made of before it becomes a page or a document: sections of text, lists, tables and pictures.

All text here is plain and harmless: whoever draws it escapes it for its own medium.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.slack_text import Picture

ILLUSTRATIVE = "Illustrative: made-up comparators"
"""At the foot of every printed page of what is made up."""


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; a ``note`` is one that is read after the rest."""

    text: str
    kind: Literal["text", "note"] = "text"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spark:
    """Ranks year by year, oldest first, None where there is none, among ``of``; ``alt`` says the same in words."""

    ranks: tuple[int | None, ...]
    of: int
    alt: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A cell whose first line is the fact, and the others what belongs to it."""

    fact: str
    rest: tuple[str, ...] = ()


Cell = str | Lines | Bullets | Spark


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its share of the width, and whether it holds numbers, which stand at the right."""

    title: str
    share: int
    number: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; the first cell of each row is its heading. With ``total`` the last row is the sum of the others."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False

    @property
    def in_words(self) -> bool:
        """Whether no column is of numbers alone: on a narrow screen its cells may then stand below each other."""
        return not any(column.number for column in self.columns)

    @property
    def body(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows without the sum of them."""
        return self.rows[:-1] if self.total else self.rows


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with its alternative text; a ``small`` one leaves room for another on the page."""

    picture: Picture
    small: bool = False


Block = Words | Heading | Bullets | Grid | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading; ``key`` is its place in the page, and a ``fresh`` one begins on a new sheet of paper."""

    key: str
    heading: str
    blocks: tuple[Block, ...]
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """The whole report: its ``title``, what it stands on, its sections, and of which council and day (ISO) it is."""

    title: str
    stands: tuple[str, ...]
    sections: tuple[Section, ...]
    council: str
    day: str
    warning: str = ""
