"""Named editions: snapshots frozen under a name such as 2022/23, to be compared with later ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from engine.catalogue import SPENDING_LINE
from engine.changes import Standing
from engine.snapshot import Basis
from state.published import PublishedRank, published_ranks
from state.queries import current_snapshot
from state.snapshots import AT, basis_at


@dataclass(frozen=True, slots=True)
class Edition:
    """A snapshot under a name: its number and label, when and by whom it was named."""

    name: str
    snapshot: int
    label: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Differences:
    """In what two snapshots do not compare like for like. Method, item 16.

    ``areas`` are how many were compared then and are now, where others are compared; ``method`` is True where the
    version or the rules changed; ``joined``, ``left`` and ``redescribed`` count indicators of the catalogue, and
    ``composites`` is True where these have other themes.
    """

    areas: tuple[int, int] | None = None
    method: bool = False
    joined: int = 0
    left: int = 0
    redescribed: int = 0
    composites: bool = False

    @property
    def catalogue(self) -> bool:
        """Whether the catalogue is another."""
        return bool(self.joined or self.left or self.redescribed or self.composites)

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self.areas is not None or self.method or self.catalogue


@dataclass(frozen=True, slots=True)
class EditionStandings:
    """Where the council stood in an edition, to be compared with today.

    ``standings`` are by name of theme, composite and spending line. ``label`` is the frozen snapshot's, empty where
    the edition is only published: ranks as printed, with nothing known of their basis but the number of areas.
    """

    name: str
    label: str
    standings: Mapping[str, Standing]
    differences: Differences = field(default_factory=Differences)

    @property
    def published(self) -> bool:
        """Whether these are ranks as printed."""
        return not self.label


def editions(db: Database) -> tuple[Edition, ...]:
    """Every named edition, in order of the snapshots, then of the names."""
    rows = db.execute(
        "SELECT name, snapshot_id, label, at, by FROM editions JOIN snapshots ON snapshots.id = snapshot_id "
        "ORDER BY snapshot_id, name"
    )
    return tuple(Edition(*row) for row in rows)


def find_edition(db: Database, name: str) -> Edition | None:
    """The edition of that name, whatever its capitals and spaces; 2022-23 means 2022/23."""
    wanted = _plain(name)
    return next((one for one in editions(db) if _plain(one.name) == wanted), None)


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", "/").replace("–", "/").split())


def save_edition(db: Database, name: str, snapshot: int, *, at: str, by: str) -> None:
    """Name a snapshot; an edition of that name moves to it. Runs within the caller's unit of work."""
    db.execute(
        "INSERT INTO editions (name, snapshot_id, at, by) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET snapshot_id = excluded.snapshot_id, at = excluded.at, by = excluded.by",
        (name, snapshot, at, by),
    )


def edition_names(db: Database) -> tuple[str, ...]:
    """Every edition that can be compared with: the named ones, and those only published, each the newest first."""
    named = [one.name for one in reversed(editions(db))]
    known = {_plain(name) for name in named}
    printed = {one.edition for one in published_ranks(db) if _plain(one.edition) not in known}
    return (*named, *sorted(printed, reverse=True))


def edition_standings(db: Database, name: str) -> EditionStandings | None:
    """The council's standings in the edition of a name: the frozen snapshot's, else those published of that year.

    None where there is neither, or nothing is ranked today to compare with them.
    """
    today = current_snapshot(db)
    if today is None:
        return None
    if found := find_edition(db, name):
        then, now = basis_at(db, found.snapshot), basis_at(db, today.id)
        standings = _frozen(db, today.council, found.snapshot)
        return EditionStandings(found.name, found.label, standings, _differences(then, now))
    wanted = _plain(name)
    printed = [one for one in published_ranks(db) if _plain(one.edition) == wanted]
    return _printed(db, printed, today.areas) if printed else None


def _frozen(db: Database, area: str, snapshot: int) -> dict[str, Standing]:
    """An area's standing in every theme, composite and spending line at a snapshot, where it had a rank."""
    rows = db.execute(
        'SELECT name, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '  # noqa: S608
        f"WHERE areas.code = :area AND rank IS NOT NULL AND {AT}",
        {"area": area, "at": snapshot},
    )
    return {name: Standing(rank, of, quartile, bool(tied)) for name, rank, of, quartile, tied in rows}


def _printed(db: Database, ranks: list[PublishedRank], areas: int) -> EditionStandings:
    """Published ranks as standings; spending under the name of the theme's spending line."""
    lines = dict(db.execute("SELECT name, expenditure FROM theme_details WHERE expenditure <> ''"))
    standings = {one.name: one.standing for one in ranks}
    standings |= {f"{SPENDING_LINE}{lines[one.name]}": one.spend for one in ranks if one.spend and one.name in lines}
    then = max(one.of for one in ranks)
    return EditionStandings(
        ranks[0].edition, "", standings, Differences(areas=(then, areas) if then != areas else None)
    )


def _differences(then: Basis, now: Basis) -> Differences:
    """What changed between two bases."""
    before, after = (
        {code: (one.theme, str(one.polarity), one.decimals) for code, one in basis.indicators.items()}
        for basis in (then, now)
    )
    same_areas = set(then.comparators) == set(now.comparators)
    return Differences(
        areas=None if same_areas else (len(then.comparators), len(now.comparators)),
        method=(then.version, then.rules) != (now.version, now.rules),
        joined=len(after.keys() - before.keys()),
        left=len(before.keys() - after.keys()),
        redescribed=sum(before[code] != after[code] for code in before.keys() & after.keys()),
        composites={one.name: set(one.themes) for one in then.composites}
        != {one.name: set(one.themes) for one in now.composites},
    )
