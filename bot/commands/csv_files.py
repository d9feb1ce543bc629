"""Published figures as a CSV file that a spreadsheet opens and does not execute."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable

from engine.areas import load_areas
from state.database import Database
from state.export import COLUMNS, rows

HEADS = (*COLUMNS["ranks"], "indicator_name", "area_name")
"""Those of ``benchwatch export ranks``, and the names behind the codes."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ranks_query(codes: Iterable[str] | None) -> Callable[[Database], list[tuple[object, ...]]]:
    """A query for the ranks of these indicators, or of all, as they stand now, of every area compared."""
    wanted = None if codes is None else frozenset(codes)

    def query(db: Database) -> list[tuple[object, ...]]:
        (snapshot,) = db.execute("SELECT coalesce(max(id), 0) FROM snapshots").fetchone()
        names = dict(db.execute("SELECT code, name FROM indicators"))
        areas = load_areas()
        found = rows(db, "ranks", snapshot=snapshot, area=None) if snapshot else ()
        return [
            (*row, names.get(str(row[0]), ""), areas[str(row[3])].name)
            for row in found
            if wanted is None or row[0] in wanted
        ]

    return query


def csv_bytes(found: Iterable[tuple[object, ...]]) -> bytes:
    """The file: UTF-8 with the mark that spreadsheets need, and no cell that begins a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADS)
    writer.writerows([_safe(cell) for cell in row] for row in found)
    return out.getvalue().encode("utf-8-sig")


def file_name(title: str) -> str:
    """A name for the file: small letters, digits and dashes."""
    flat = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:60]
    return f"{flat or 'ranks'}.csv"


def _safe(cell: object) -> object:
    """Text that a spreadsheet would run as a formula is marked as text; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
