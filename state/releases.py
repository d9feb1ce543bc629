"""Releases: which have been seen, what became of them, what was found wrong, and what is held for a decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release as stored; ``status`` is accepted, held, rejected or superseded."""

    id: int
    source: str
    dataset: str
    name: str
    identity: str
    published: str
    received: str
    status: str


_COLUMNS = "id, source, dataset, name, identity, published, received, status"


def by_identity(db: Database, identity: str) -> ReleaseRow | None:
    """The release with this content, if it was ever seen."""
    row = db.execute(f"SELECT {_COLUMNS} FROM releases WHERE identity = ?", (identity,)).fetchone()  # noqa: S608
    return ReleaseRow(*row) if row else None


def by_number(db: Database, release: int) -> ReleaseRow | None:
    """The release with this number, if there is one."""
    row = db.execute(f"SELECT {_COLUMNS} FROM releases WHERE id = ?", (release,)).fetchone()  # noqa: S608
    return ReleaseRow(*row) if row else None


def add(
    db: Database,
    *,
    source: str,
    name: str,
    identity: str,
    published: str,
    received: str,
    status: str,
    rows: int,
    bad_rows: int,
    dataset: str = "",
) -> int:
    """Enter a release and return its number."""
    cursor = db.execute(
        "INSERT INTO releases (source, dataset, name, identity, published, received, status, rows, bad_rows) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (source, dataset, name, identity, published, received, status, rows, bad_rows),
    )
    return int(cursor.lastrowid or 0)


def set_cells(db: Database, release: int, *, new: int, revised: int, kind: str) -> None:
    """Keep how many cells the release added and revised, in all its parts, and so what kind of release it is."""
    db.execute(
        "UPDATE releases SET new_cells = new_cells + :new, revised_cells = revised_cells + :revised, "
        "kind = CASE WHEN kind = 'new' OR (kind = 'revision' AND :kind = 'republication') THEN kind ELSE :kind END "
        "WHERE id = :release",
        {"new": new, "revised": revised, "kind": kind, "release": release},
    )


def decide(db: Database, release: int, status: str, *, by: str, reason: str) -> None:
    """Set what became of a held release."""
    db.execute("UPDATE releases SET status = ?, decided_by = ?, reason = ? WHERE id = ?", (status, by, reason, release))


def add_findings(db: Database, release: int, findings: Iterable[tuple[str, str, str]], state: str) -> None:
    """Keep findings (indicator code or empty, check, evidence) in a state: held, or noted when let through."""
    db.conn.executemany(
        "INSERT OR REPLACE INTO findings VALUES (?, ?, ?, ?, ?)",
        [(release, indicator, check, evidence, state) for indicator, check, evidence in findings],
    )


def held_indicators(db: Database, release: int, state: str = "held") -> dict[str, str]:
    """Indicators of a release waiting for a decision (or in another state), with the check that holds each."""
    return dict(
        db.execute(
            "SELECT indicator, check_name FROM findings WHERE release_id = ? AND indicator <> '' AND state = ?",
            (release, state),
        )
    )


def forget_held(db: Database, release: int, indicators: Iterable[str] | None = None) -> None:
    """Drop held findings, all of them or those of some indicators: they are found anew, or are no more."""
    if indicators is None:
        db.execute("DELETE FROM findings WHERE release_id = ? AND state = 'held'", (release,))
        return
    db.conn.executemany(
        "DELETE FROM findings WHERE release_id = ? AND state = 'held' AND indicator = ?",
        [(release, indicator) for indicator in indicators],
    )


def all_held(db: Database) -> dict[int, set[str]]:
    """Every release of which anything waits for a decision, with the indicators that do; none where only the file."""
    found: dict[int, set[str]] = {number: set() for (number,) in db.execute(_WAITING)}
    for number, indicator in db.execute(
        "SELECT release_id, indicator FROM findings WHERE state = 'held' AND indicator <> ''"
    ):
        found[number].add(indicator)
    return found


_WAITING = "SELECT id FROM releases WHERE status = 'held' UNION SELECT release_id FROM findings WHERE state = 'held'"


def settle_findings(db: Database, release: int, state: str, indicators: Iterable[str] | None = None) -> None:
    """Move held findings to a state, all of them or those of some indicators."""
    if indicators is None:
        db.execute("UPDATE findings SET state = ? WHERE release_id = ? AND state = 'held'", (state, release))
        return
    db.conn.executemany(
        "UPDATE findings SET state = ? WHERE release_id = ? AND state = 'held' AND indicator = ?",
        [(state, release, indicator) for indicator in indicators],
    )


def supersede(db: Database, indicators: Iterable[str], by_release: int) -> None:
    """A later release states these indicators: earlier ones still held are no longer asked about."""
    db.conn.executemany(
        "UPDATE findings SET state = 'superseded' WHERE state = 'held' AND indicator = ? AND release_id < ?",
        [(indicator, by_release) for indicator in indicators],
    )
    db.execute(
        "UPDATE releases SET status = 'superseded' WHERE status = 'held' AND id < ? "
        "AND id NOT IN (SELECT release_id FROM findings WHERE state = 'held')",
        (by_release,),
    )
    db.execute(
        "DELETE FROM staged WHERE release_id NOT IN (SELECT release_id FROM findings WHERE state = 'held') "
        "AND release_id < ?",
        (by_release,),
    )


def supersede_held(db: Database, source: str, dataset: str, by_release: int | None = None) -> None:
    """What is held whole of a publisher's data set is no longer asked about: a later release of it is in, or the same.

    Files have no data set, and stay until somebody decides.
    """
    if not dataset:
        return
    before = {"source": source, "dataset": dataset, "by": by_release or 1 << 62}
    held = "SELECT id FROM releases WHERE status = 'held' AND source = :source AND dataset = :dataset AND id < :by"
    db.execute(f"UPDATE findings SET state = 'superseded' WHERE state = 'held' AND release_id IN ({held})", before)  # noqa: S608
    db.execute(f"DELETE FROM staged WHERE release_id IN ({held})", before)  # noqa: S608
    db.execute(f"UPDATE releases SET status = 'superseded' WHERE id IN ({held})", before)  # noqa: S608


def stage(db: Database, release: int, name: str, body: bytes, dictionary: bytes | None) -> None:
    """Keep a held release's file, as it came, until it is decided."""
    db.execute("INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?)", (release, name, body, dictionary))


def staged(db: Database, release: int) -> tuple[str, bytes, bytes | None] | None:
    """Name, file and dictionary of a held release."""
    row = db.execute("SELECT name, body, dictionary FROM staged WHERE release_id = ?", (release,)).fetchone()
    return (row[0], row[1], row[2]) if row else None


def unstage(db: Database, release: int) -> None:
    """Forget the text of a release with nothing left to decide."""
    db.execute("DELETE FROM staged WHERE release_id = ?", (release,))


def stated_last_by(db: Database, release: int) -> list[str]:
    """Indicators that no accepted release has stated since this one."""
    return [code for (code,) in db.execute("SELECT code FROM indicators WHERE release_id = ?", (release,))]


def stated_since(db: Database, release: int) -> set[str]:
    """Indicators that an accepted release has stated after this one."""
    return {code for (code,) in db.execute("SELECT code FROM indicators WHERE release_id > ?", (release,))}


def waiting(db: Database, release: int) -> list[tuple[str, str, str]]:
    """Findings of a release that wait for a decision: indicator code or empty, check, evidence."""
    return list(
        db.execute(
            "SELECT indicator, check_name, evidence FROM findings WHERE release_id = ? AND state = 'held'", (release,)
        )
    )


def file_checks(db: Database, release: int) -> set[str]:
    """The checks that held a release whole."""
    rows = db.execute("SELECT check_name FROM findings WHERE release_id = ? AND indicator = ''", (release,))
    return {check for (check,) in rows}


def latest_for(db: Database, indicators: Iterable[str]) -> tuple[int, str]:
    """The highest release number, and the latest publication date, among the releases that last stated these."""
    wanted = set(indicators)
    rows = db.execute(
        "SELECT indicators.code, releases.id, releases.published FROM indicators "
        "JOIN releases ON releases.id = indicators.release_id"
    )
    found = [(number, published) for code, number, published in rows if code in wanted]
    return max((number for number, _ in found), default=0), max((day for _, day in found), default="")
