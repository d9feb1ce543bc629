"""The file behind a release, as text and as a table: read whole, or refused with line and reason."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zlib
from typing import Any

import numpy as np
import pandas as pd

from engine.catalogue import Indicator, read_indicator
from engine.errors import CatalogueError
from jobs.errors import SourceError

COLUMNS = ("indicator", "area_code", "period", "value")
OPTIONAL = ("status", "lower_ci", "upper_ci")

REMARKS_MOST = 1000
"""Different statuses of one file; publishers use a dozen."""

_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20


def unpack(body: bytes, name: str, limit: int) -> bytes:
    """The text of a plain or gzip file, at most ``limit`` bytes of it.

    Raises SourceError when it is empty, larger than the limit, or a damaged gzip file.
    """
    if body[:2] == _GZIP:
        out = bytearray()
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                while chunk := packed.read(_CHUNK):
                    out += chunk
                    if len(out) > limit:
                        break
        except (EOFError, OSError, zlib.error) as error:
            msg = f"{name}: the gzip file is cut short or damaged ({error}); fetch it again"
            raise SourceError(msg) from error
        body = bytes(out)
    if len(body) > limit:
        msg = f"{name}: unpacks to more than {limit >> 20} MB; raise max_mb in [sources.file] if that is right"
        raise SourceError(msg)
    if not body.strip():
        msg = f"{name}: the file is empty"
        raise SourceError(msg)
    return body


def read_observations(body: bytes, name: str) -> pd.DataFrame:
    """An observation file as a table: text columns as categories, numbers as floats, or text where one is no number.

    Raises SourceError when the file as a whole cannot be read: not UTF-8, a wrong header, broken CSV, no rows.
    """
    columns = _header(body, name)
    try:
        try:
            frame = _parse(body, columns, np.float64)
        except pd.errors.ParserError:
            raise
        except ValueError:  # a value is no number: read as text, so that its line can be named
            frame = _parse(body, columns, str)
    except pd.errors.ParserWarning as error:
        msg = f"{name}: line 2 has more fields than the header; a number such as 10,000 needs quotes or no comma"
        raise SourceError(msg) from error
    except pd.errors.ParserError as error:
        msg = f"{name}: broken CSV: {str(error).strip()}"
        raise SourceError(msg) from error
    if frame.empty:
        msg = f"{name}: a header and no rows"
        raise SourceError(msg)
    for column in OPTIONAL:
        if column not in frame:
            frame[column] = pd.Categorical([""] * len(frame)) if column == "status" else np.nan
    if len(frame["status"].cat.categories) > REMARKS_MOST:
        msg = f"{name}: more than {REMARKS_MOST} different statuses; the column is for markers such as x or c"
        raise SourceError(msg)
    frame["status"] = frame["status"].cat.remove_categories([c for c in frame["status"].cat.categories if not c])
    return frame


def _header(body: bytes, name: str) -> list[str]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        msg = f"{name}: line {line} is not UTF-8; save the file as UTF-8 CSV"
        raise SourceError(msg) from error
    first = text[: text.find("\n") if "\n" in text else len(text)]
    try:
        columns = [column.strip() for column in next(csv.reader([first.strip("\r")]), [])]
    except csv.Error as error:
        msg = f"{name}: line 1, the header, cannot be read ({error}); save the file as CSV with ordinary line ends"
        raise SourceError(msg) from error
    missing = [column for column in COLUMNS if column not in columns]
    unknown = [column for column in columns if column not in (*COLUMNS, *OPTIONAL)]
    if missing or unknown or len(set(columns)) < len(columns):
        fault = (
            f"lacks {', '.join(missing)}"
            if missing
            else f"has unknown or repeated columns: {', '.join(unknown or columns)}"
        )
        msg = f"{name}: line 1, the header {fault}; expected {','.join(COLUMNS)} and optionally {','.join(OPTIONAL)}"
        raise SourceError(msg)
    return columns


def _parse(body: bytes, columns: list[str], number: type[np.float64 | str]) -> pd.DataFrame:
    texts = [column for column in ("indicator", "area_code", "period", "status") if column in columns]
    numbers = [column for column in ("value", "lower_ci", "upper_ci") if column in columns]
    kinds: dict[str, Any] = {**dict.fromkeys(texts, str), **dict.fromkeys(numbers, number)}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # what pandas would cut off is refused
        frame = pd.read_csv(
            io.BytesIO(body),
            encoding="utf-8-sig",
            header=0,
            names=columns,
            index_col=False,
            dtype=kinds,
            na_values={column: [""] for column in numbers},
            keep_default_na=False,
            on_bad_lines="error",
            skip_blank_lines=False,
        )
    # Made categories only now: read as categories, a column of digits alone would become numbers and lose its noughts.
    return frame.astype(dict.fromkeys(texts, "category"))


def read_dictionary(body: bytes, name: str) -> tuple[Indicator, ...]:
    """The indicators of an ``.indicators.csv``: indicator, name, theme, polarity and optionally unit, decimals, target.

    More columns are ignored. Raises SourceError with file, line and reason.
    """
    where = f"{_stem(name)}.indicators.csv"
    try:
        lines = csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline=""))
        rows = list(lines)
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{where}: cannot be read as UTF-8 CSV: {error}"
        raise SourceError(msg) from error
    missing = [
        column for column in ("indicator", "name", "theme", "polarity") if column not in (lines.fieldnames or [])
    ]
    if missing:
        msg = f"{where}: the header lacks {', '.join(missing)}"
        raise SourceError(msg)
    entries: dict[str, Indicator] = {}
    for number, row in enumerate(rows, start=2):
        raw = {key: row.get(key) for key in ("name", "theme", "polarity", "unit", "decimals", "target")}
        try:
            entry = read_indicator({"code": row["indicator"], **raw}, f"{where} line {number}")
        except CatalogueError as error:
            raise SourceError(str(error)) from error
        if entry.code in entries:
            msg = f"{where} line {number}: indicator {entry.code!r} is described twice"
            raise SourceError(msg)
        entries[entry.code] = entry
    return tuple(entries.values())


def _stem(name: str) -> str:
    return re.sub(r"\.csv(\.gz)?$", "", name)
