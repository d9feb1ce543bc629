"""Ranks that the council published in earlier years, as imported: they stand beside the computed ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database

from engine.changes import Standing

EDITION = re.compile(r"(19[5-9][0-9]|20[0-9]{2})/([0-9]{2})")
PREVIOUS_OF = "previous ranks of "
"""What the ``file`` of ranks begins with that a later edition gave as those of the year before."""

_COLUMNS = 'edition, name, title, rank, "of", spend_rank, spend_of, file, imported'


@dataclass(frozen=True, slots=True)
class PublishedRank:
    """The council's rank in one theme as an edition published it, and its rank in the theme's spending.

    ``edition`` is a financial year as 2022/23. ``name`` is the theme's or composite's in the catalogue, or the
    ``title`` as published where none is called so. ``file`` is what it was imported from, on ``imported``.
    """

    edition: str
    name: str
    title: str
    rank: int
    of: int
    spend_rank: int | None
    spend_of: int | None
    file: str
    imported: str = ""

    @property
    def year(self) -> int:
        """The year it stands at among calendar years: the one the edition ends in. Method, item 9."""
        return edition_year(self.edition) or 0

    @property
    def standing(self) -> Standing:
        """The rank; editions print no quartile of a theme."""
        return Standing(self.rank, self.of)

    @property
    def spend(self) -> Standing | None:
        """The rank in spending, 1 being the highest; None where none was printed."""
        return Standing(self.spend_rank, self.spend_of) if self.spend_rank else None

    @property
    def given_later(self) -> bool:
        """True where the edition after gave it as that of the year before."""
        return self.file.startswith(PREVIOUS_OF)


def edition_year(edition: str) -> int | None:
    """The year that a financial year since 1950/51 ends in: 2023 of 2022/23; None for what is none."""
    found = EDITION.fullmatch(edition)
    if not found or (int(found[1]) + 1) % 100 != int(found[2]):
        return None
    return int(found[1]) + 1


def edition_ending(year: int) -> str:
    """The financial year that ends in a year: 2022/23 of 2023."""
    return f"{year - 1}/{year % 100:02}"


def published_ranks(db: Database, *, name: str | None = None, edition: str | None = None) -> tuple[PublishedRank, ...]:
    """The published ranks held, of one theme or edition or all: oldest edition first, in order of their titles."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM published_ranks "  # noqa: S608  # a constant
        "WHERE (:name IS NULL OR name = :name) AND (:edition IS NULL OR edition = :edition) ORDER BY edition, title",
        {"name": name, "edition": edition},
    )
    return tuple(PublishedRank(*row) for row in rows)


def replace_edition(db: Database, edition: str, ranks: Iterable[PublishedRank]) -> None:
    """Keep these ranks as the whole of an edition. Runs within the caller's unit of work."""
    db.execute("DELETE FROM published_ranks WHERE edition = ?", (edition,))
    db.conn.executemany(
        f"INSERT INTO published_ranks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # a constant
        [
            (one.edition, one.name, one.title, one.rank, one.of, one.spend_rank, one.spend_of, one.file, one.imported)
            for one in ranks
        ],
    )
