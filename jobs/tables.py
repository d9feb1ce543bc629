"""Tables as publishers write them: columns looked up by name, markers told from numbers, nothing guessed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import pandas as pd

from engine.areas import load_areas
from jobs.errors import LayoutChanged

STATUSES = {"": "", "n/a": "na"} | {
    marker: marker for marker in ("-", "*", ":", "..", "low", "c", "k", "u", "x", "z", "n", "m", "y", "na")
}
"""Markers that stand where a figure is missing, in lower case and without brackets, with the status they become.

None of them is ever read as 0 (c, confidential; k or low, rounds to 0 but is not 0; u, unreliable; x, not available;
z, not applicable; and the older ``-``, ``*``, ``:``, ``..``).
"""

_NUMBER = re.compile(r"[-+−]?(?=\.?\d)(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
_NOTES = re.compile(r"\s*\[\s*(?:note|r|p|b|e|revised|provisional)\s*[\d, ]*\]", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_UPPER_CODE = re.compile(r"E(?:06|08|09|10)\d{6}")
_CHOICES_SHOWN = 8


@lru_cache(maxsize=4096)  # the same headings and codes stand in many tables
def squeeze(text: str) -> str:
    """A heading without notes such as ``[note 7]`` and with single spaces."""
    return _SPACES.sub(" ", _NOTES.sub("", text)).strip()


def nearest(name: str, choices: Iterable[str]) -> str:
    """A hint for an error message: the nearest of the choices, or what there is."""
    known = sorted(set(choices))
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return f"the nearest is {close[0]!r}"
    if not known:
        return "there is none"
    more = ", …" if len(known) > _CHOICES_SHOWN else ""
    return f"there are {', '.join(map(repr, known[:_CHOICES_SHOWN]))}{more}"


def read_csv(body: bytes, where: str, *, needed: Sequence[str], keep: Collection[str] | None = ()) -> pd.DataFrame:
    """A CSV body as text columns without blanks around the text: those needed, and those of ``keep`` that are there.

    ``keep`` is None to keep all. Raises LayoutChanged when the body is not UTF-8 CSV, lacks a needed column (the
    message names the nearest), is cut short or has no rows.
    """
    columns = csv_columns(body, where)
    need_columns(columns, needed, where)
    _need_whole_end(body, len(columns), where)
    wanted = [column for column in columns if keep is None or column in needed or column in keep]
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
    stripped: pd.DataFrame = frame.apply(lambda cells: cells.str.strip())
    return stripped


def csv_columns(body: bytes, where: str) -> list[str]:
    """The headings of a CSV body. Raises LayoutChanged when it is not UTF-8 CSV."""
    try:
        head = body[: body.find(b"\n") + 1 or None].decode("utf-8-sig")
        return next(csv.reader(io.StringIO(head)), [])
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{where}: the body is no UTF-8 CSV ({error})"
        raise LayoutChanged(msg) from error


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
            msg = (
                f"{where}: the column {name!r} {fault}. If it was renamed, correct its name in the catalogue or, where "
                "that does not name it, in jobs/sources"
            )
            raise LayoutChanged(msg)


def numbers(cells: pd.Series[str], where: str | pd.Series[str]) -> tuple[pd.Series[str], pd.Series[str]]:
    """Cells as values in plain text and as statuses: a number leaves the status empty, a marker the value.

    ``where`` names the place in messages, or the place of each cell. Numbers may have thousands separators. Raises
    LayoutChanged for text that is neither.
    """
    # Each text is read once, for most stand in many cells.
    at, texts = pd.factorize(cells, use_na_sentinel=False)
    read = [_value_and_status(str(text)) for text in texts.tolist()]
    wrong = [text for text, one in zip(texts, read, strict=True) if one is None]
    if wrong:
        cell = cells.isin(wrong)
        place = where if isinstance(where, str) else where[cell].iloc[0]
        msg = f"{place}: {str(wrong[0]).strip()!r} is neither a number nor a known marker ({cell.sum()} such cells)"
        raise LayoutChanged(msg)
    value, status = (pd.array([one[part] for one in read if one], dtype="str").take(at) for part in (0, 1))
    return pd.Series(value, index=cells.index), pd.Series(status, index=cells.index)


def _value_and_status(cell: str) -> tuple[str, str] | None:
    text = cell.strip()
    if _NUMBER.fullmatch(text):
        return text.replace(",", "").replace("−", "-"), ""
    status = STATUSES.get(text.lower().strip("[]() "))
    return None if status is None else ("", status)


def mapped(cells: pd.Series[Any], change: Callable[[Any], str]) -> pd.Series[str]:
    """Cells changed one by one; each that is there many times is worked out once."""
    at, found = pd.factorize(cells, use_na_sentinel=False)
    return pd.Series(pd.array([change(one) for one in found.tolist()], dtype="str").take(at), index=cells.index)


def upper_tier(codes: pd.Series[str]) -> pd.Series[bool]:
    """Which codes are upper-tier councils or England, or may be: a code nobody knows yet is kept, to be reported.

    Districts, regions, wards, other countries, and joint areas such as ``E06000061 / E06000062`` are not.
    """
    areas = load_areas()
    kept = [code for code in codes.unique() if (areas[code].kept if code in areas else _UPPER_CODE.fullmatch(code))]
    return codes.isin(kept)
