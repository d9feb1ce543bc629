"""Tables as publishers write them: columns looked up by name, markers told from numbers, nothing guessed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

import pandas as pd

from engine.areas import Kind, load_areas
from jobs.errors import LayoutChanged

MARKERS = {
    "": "", "-": "-", "*": "*", ":": ":", "..": "..", "low": "low",
    "c": "c", "k": "k", "u": "u", "x": "x", "z": "z", "n": "n", "m": "m", "y": "y", "na": "na", "n/a": "na",
}  # fmt: skip
"""Markers that stand where a figure is missing, in lower case and without brackets, with the status they become.

None of them is ever read as 0 (c, confidential; k or low, rounds to 0 but is not 0; u, unreliable; x, not available;
z, not applicable; and the older ``-``, ``*``, ``:``, ``..``).
"""

_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?")
_NOTES = re.compile(r"\s*\[\s*(?:note|r|p|b|e|revised|provisional)\s*[\d, ]*\]", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def squeeze(text: str) -> str:
    """A heading without notes such as ``[note 7]`` and with single spaces."""
    return _SPACES.sub(" ", _NOTES.sub("", text)).strip()


def nearest(name: str, choices: Iterable[str]) -> str:
    """A hint for an error message: the nearest of the choices, or what there is."""
    known = sorted(set(choices))
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"the nearest is {close[0]!r}"
    return f"there are {', '.join(map(repr, known[:8]))}{', …' if len(known) > 8 else ''}" if known else "there is none"  # noqa: PLR2004


def read_csv(body: bytes, where: str, *, needed: Sequence[str], keep: Collection[str] = ()) -> pd.DataFrame:
    """A CSV body as text columns, those needed and those of ``keep`` that are there; blank cells are empty text.

    Raises LayoutChanged when it is not UTF-8 CSV, lacks a needed column (the message names the nearest) or has no rows.
    """
    try:
        head = body[: body.find(b"\n") + 1 or None].decode("utf-8-sig")
        columns = next(csv.reader(io.StringIO(head)), [])
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{where}: the body is no UTF-8 CSV ({error})"
        raise LayoutChanged(msg) from error
    need_columns(columns, needed, where)
    _need_whole_end(body, len(columns), where)
    wanted = [column for column in columns if column in needed or column in keep]
    try:
        frame = pd.read_csv(
            io.BytesIO(body),
            encoding="utf-8-sig",
            usecols=wanted,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            index_col=False,
            on_bad_lines="error",
        )
    except (ValueError, UnicodeDecodeError) as error:
        msg = f"{where}: broken CSV: {str(error).strip()}"
        raise LayoutChanged(msg) from error
    if frame.empty:
        msg = f"{where}: a header and no rows; look whether the publisher has withdrawn the figures"
        raise LayoutChanged(msg)
    return frame


def _need_whole_end(body: bytes, columns: int, where: str) -> None:
    """Raise LayoutChanged when the last row ends in the middle, which a reader would fill up with blanks."""
    last = body[body.rfind(b"\n") + 1 :]
    if not last.strip() or last.count(b'"') % 2:  # a whole line, or one that the reader finds broken itself
        return
    found = len(next(csv.reader([last.decode("utf-8-sig", "replace")]), []))
    if found < columns:
        msg = f"{where}: the last row has {found} cells of {columns}; the file is cut short: wait for a whole one"
        raise LayoutChanged(msg)


def need_columns(columns: Sequence[str], needed: Iterable[str], where: str) -> None:
    """Raise LayoutChanged, with the nearest match, unless every needed column is there once."""
    for name in needed:
        if columns.count(name) != 1:
            fault = "is there more than once" if name in columns else f"is missing; {nearest(name, columns)}"
            msg = f"{where}: the column {name!r} {fault}. Correct its name in the catalogue if it was renamed"
            raise LayoutChanged(msg)


def numbers(cells: pd.Series[str], where: str) -> tuple[pd.Series[str], pd.Series[str]]:
    """Cells as values in plain text and as statuses: a number leaves the status empty, a marker the value.

    Numbers may have thousands separators. Raises LayoutChanged for text that is neither.
    """
    text = cells.str.strip()
    plain = text.str.replace(",", "", regex=False).str.replace("−", "-", regex=False)
    is_number = text.str.fullmatch(_NUMBER) & text.str.contains(r"\d", regex=True)
    marker = text.str.lower().str.strip("[]() ").map(MARKERS)
    wrong = ~is_number & marker.isna()
    if wrong.any():
        first = text[wrong].iloc[0]
        msg = f"{where}: {first!r} is neither a number nor a known marker ({int(wrong.sum())} such cells)"
        raise LayoutChanged(msg)
    return plain.where(is_number, ""), marker.where(~is_number, "").fillna("").astype(str)


def upper_tier(codes: pd.Series[str]) -> pd.Series[bool]:
    """Which codes are upper-tier councils or England, or may be: a code nobody knows yet is kept, to be reported.

    Districts, regions, wards, other countries, and joint areas such as ``E06000061 / E06000062`` are not.
    """
    kinds = {area.code: area.upper_tier or area.kind == Kind.COUNTRY for area in load_areas()}
    kept = [code for code in codes.unique() if kinds.get(code, bool(_UPPER_CODE.fullmatch(code)))]
    return codes.isin(kept)


_UPPER_CODE = re.compile(r"E(?:06|08|09|10)\d{6}")
