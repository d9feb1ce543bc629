"""Workbooks and CSV files opened with suspicion, so that none can fill the memory.

A workbook (ODS or XLSX) is unpacked here before it is read: the sizes in its directory are not believed, cells and
rows that say they repeat are counted out, and only what was checked reaches the reader, which itself believes all of
it and would make room for seventeen thousand million cells. Old Excel files (.xls), protected workbooks, PDFs and web
pages are refused with a word an analyst can act on.
"""

from __future__ import annotations

import csv
import functools
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from xml.parsers import expat

import python_calamine

from jobs.errors import LayoutChanged
from jobs.tables import nearest

MOST_UNPACKED = 200 << 20
"""Bytes that the parts of a workbook may unpack to; the largest real one has 22 MB."""

MOST_CELLS = 5_000_000
"""Cells of all sheets together, counted as rectangles; the largest real workbook has under 300,000."""

MOST_TEXT = 100_000_000
"""Characters in repeated and shared cells once they are written out."""

Cell = object
Row = Sequence[Cell]

_CHUNK = 1 << 20
_ZIP = b"PK"
_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or a workbook protected by a password"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a text document"),
)
_PAGE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*<", re.ASCII)
_CONTENT = "content.xml"
_ODS_PARTS = ("mimetype", "META-INF/manifest.xml", _CONTENT)


class Book:
    """The sheets of a workbook or CSV file by name; ``where`` names the file in messages."""

    def __init__(self, where: str, names: Iterable[str], read: Callable[[str], Sequence[Row]]) -> None:
        self.where = where
        self.names = tuple(names)
        self._read = read
        self._last: tuple[str, Sequence[Row]] = ("", [])

    def sheet(self, wanted: str) -> str:
        """The one sheet whose whole name fits a pattern. Raises LayoutChanged, naming the nearest."""
        found = [name for name in self.names if not wanted or re.fullmatch(wanted, name, re.IGNORECASE)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(found[:8])
            msg = f"{self.where}: {len(found)} sheets fit {wanted!r} ({names}); make the pattern narrower"
            raise LayoutChanged(msg)
        msg = f"{self.where}: no sheet fits {wanted!r}; {nearest(wanted, self.names)}"
        raise LayoutChanged(msg)

    def rows(self, name: str) -> Sequence[Row]:
        """All rows of a sheet from the first; the last sheet read is kept, for tables often share one."""
        if self._last[0] != name or not self._last[1]:
            self._last = (name, [])  # lets go of the one before first
            self._last = (name, self._read(name))
        return self._last[1]


def open_book(body: bytes, where: str) -> Book:
    """An ODS or XLSX workbook, or a CSV file when ``where`` ends in .csv.

    Raises LayoutChanged when it is something else, damaged, protected or larger than any real one.
    """
    if where.lower().endswith(".csv"):
        return _open_csv(body, where)
    if not body.startswith(_ZIP):
        msg = f"{where}: {_kind(body)} instead of an ODS or XLSX workbook; look at the publisher's page"
        raise LayoutChanged(msg)
    checked = _checked(body, where)
    try:
        book = python_calamine.load_workbook(io.BytesIO(checked))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        msg = f"{where}: the workbook cannot be read ({error}); fetch it again, or open and look at it"
        raise LayoutChanged(msg) from error
    return Book(where, book.sheet_names, lambda name: _sheet_rows(book, name, where))


def _sheet_rows(book: python_calamine.CalamineWorkbook, name: str, where: str) -> Sequence[Row]:
    try:
        return book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        msg = f"{where}, sheet {name!r}: cannot be read ({error})"
        raise LayoutChanged(msg) from error


def _open_csv(body: bytes, where: str) -> Book:
    if body.startswith(_ZIP) or _PAGE.match(body) or _kind(body) != _UNKNOWN:
        msg = f"{where}: {_kind(body)} instead of a CSV file; look at the publisher's page"
        raise LayoutChanged(msg)
    if body.count(b",") + body.count(b"\n") > MOST_CELLS:
        raise _too_large(where, f"more than {MOST_CELLS:,} cells")
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        msg = f"{where}: the body is no UTF-8 CSV ({error})"
        raise LayoutChanged(msg) from error
    width = max(map(len, rows), default=0)
    if width * len(rows) > MOST_CELLS:
        raise _too_large(where, f"{width * len(rows):,} cells")
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    return Book(where, ["CSV"], lambda _: full)


_UNKNOWN = "something unknown"


def _kind(body: bytes) -> str:
    """What a body is that is no workbook, for people."""
    for start, words in _KINDS:
        if body.startswith(start):
            return words
    if body.startswith(_ZIP):
        return "a ZIP file"
    return "a web page" if _PAGE.match(body) else _UNKNOWN


def _checked(body: bytes, where: str) -> bytes:
    """The workbook again with nothing but the parts that were checked. Raises LayoutChanged."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return _checked_parts(packed, where)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        msg = f"{where}: the workbook is damaged ({error}); fetch it again, or open and look at it"
        raise LayoutChanged(msg) from error


def _checked_parts(packed: zipfile.ZipFile, where: str) -> bytes:
    parts = _parts(packed, where)
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _too_large(where, f"more than {MOST_UNPACKED >> 20} MB")
    size, left, out = _Size(), MOST_UNPACKED, io.BytesIO()
    with zipfile.ZipFile(out, "w") as copy:
        for part in parts:
            if part.flag_bits & 1:
                raise _protected(where)
            content = _unpacked(packed, part, left, where)
            left -= len(content)
            if part.filename.endswith("manifest.xml") and b"encryption-data" in content:
                raise _protected(where)
            if part.filename.endswith((".xml", ".rels")):
                size.add(content, f"{where}, {part.filename}")
            copy.writestr(part.filename, content)
    size.finish()
    if size.cells > MOST_CELLS or size.text > MOST_TEXT:
        raise _too_large(where, f"{size.cells:,} cells and {size.text:,} characters in repeated or shared ones")
    return out.getvalue()


def _parts(packed: zipfile.ZipFile, where: str) -> list[zipfile.ZipInfo]:
    """The parts that figures are read from; pictures, styles of ODS and the like are left behind."""
    names = Counter(part.filename for part in packed.infolist())
    if max(names.values(), default=0) > 1:
        msg = f"{where}: the workbook is damaged (it holds {max(names, key=names.__getitem__)!r} twice)"
        raise LayoutChanged(msg)
    if _CONTENT in names:
        # The manifest comes before the content, which cannot be checked when it is encrypted.
        return [packed.getinfo(name) for name in _ODS_PARTS if name in names]
    if "xl/workbook.xml" in names:
        return [part for part in packed.infolist() if part.filename.endswith((".xml", ".rels"))]
    msg = f"{where}: a ZIP file without a workbook in it, of {', '.join(sorted(names)[:5]) or 'nothing'}"
    raise LayoutChanged(msg)


def _unpacked(packed: zipfile.ZipFile, part: zipfile.ZipInfo, limit: int, where: str) -> bytes:
    """A part, counted while it is unpacked, for the sizes in the directory may be false."""
    content = bytearray()
    with packed.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            content += chunk
            if len(content) > limit:
                raise _too_large(where, f"more than {MOST_UNPACKED >> 20} MB")
    return bytes(content)


def _too_large(where: str, what: str) -> LayoutChanged:
    return LayoutChanged(f"{where}: holds {what}, more than any real file; nothing is read from it")


def _protected(where: str) -> LayoutChanged:
    return LayoutChanged(f"{where}: the workbook is protected by a password; ask the publisher for an open one")


class _Size:
    """What the parts of a workbook unfold to in the reader's memory: a rectangle of cells for each sheet, and texts.

    Blank cells after the last figure do not count, for real files end with a million of them. The markup is looked
    through with patterns, which takes a tenth of the time of a parser's events; what could deceive a pattern
    (comments, CDATA, declared entities, another encoding) is refused before, and no spreadsheet has it.
    """

    def __init__(self) -> None:
        self.cells = 0
        self.text = 0
        self._shared: Counter[int] = Counter()
        self._elsewhere = 0
        self._lengths: list[int] = []

    def finish(self) -> None:
        """Count the shared texts of XLSX, whose part may come before the sheets or after them."""
        for at, times in self._shared.items():
            self.text += times * self._lengths[at] if at < len(self._lengths) else 0
        self.text += self._elsewhere * max(self._lengths, default=0)

    def add(self, content: bytes, where: str) -> None:
        """Count one part. Raises LayoutChanged when it is no plain and well-formed XML."""
        _well_formed(content, where)
        if where.endswith(_CONTENT):
            self._add_ods(content)
        else:
            self._add_sheet(content)
            self._lengths.extend(found.end() - found.start() for found in _SHARED_TEXT.finditer(content))

    def _add_ods(self, content: bytes) -> None:
        """In ODS a cell and a row may say how often they repeat: a few bytes can stand for a full sheet."""
        sheet, columns, filled, rows = _Sheet(), 0, 0, 1
        for found in _ODS_CELL.finditer(content):
            kind, given, closed = found.groups()
            if kind is None or kind == b"table-row":
                sheet.add(rows, filled)
                rows, columns, filled = _count(_ROWS_REPEATED, given), 0, 0
                if kind is None:
                    self.cells += sheet.cells
                    sheet, rows = _Sheet(), 0
                continue
            repeated = _count(_COLUMNS_REPEATED, given)
            columns += repeated
            if b"office:" in given or not (closed or given.endswith(b"/")):
                filled = columns
                if repeated * rows > 1:
                    self.text += repeated * rows * (content.find(b"table-cell>", found.end()) - found.start())

    def _add_sheet(self, content: bytes) -> None:
        """In XLSX a cell says where it stands: one cell can stand in the last row and column."""
        row = column = last = width = texts = 0
        for found in _XLSX_CELL.finditer(content):
            kind, given, closed = found.groups()
            place = _PLACE.search(given)
            if kind == b"row":
                row, column = int(place[2]) if place else row + 1, 0
                continue
            column = _number(place[1]) if place and place[1] else column + 1
            row = int(place[2]) if place else row
            if not (closed or given.endswith(b"/")):
                last, width = max(last, row), max(width, column)
                texts += bool(_IS_SHARED.search(given))
        self.cells += last * width
        shared = [int(found[1]) for found in _SHARED_NUMBER.finditer(content)]
        self._shared.update(shared)
        self._elsewhere += max(0, texts - len(shared))


class _Sheet:
    """A sheet of ODS, row by row: as high as its last row with a figure, as wide as its widest."""

    def __init__(self) -> None:
        self._rows = self._last = self._width = 0

    def add(self, rows: int, filled: int) -> None:
        self._rows += rows
        if filled:
            self._last, self._width = self._rows, max(self._width, filled)

    @property
    def cells(self) -> int:
        return self._last * self._width


_GIVEN = rb"""(?=[\s/>])([^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*)>(</)?"""
_ODS_CELL = re.compile(  # the reader, too, knows these names with no other prefix
    rb"<table:(table-row|table-cell|covered-table-cell)" + _GIVEN + rb"|</table:table\s*>"
)
_ROWS_REPEATED = re.compile(rb"""number-rows-repeated\s*=\s*["']([^"']*)["']""")
_COLUMNS_REPEATED = re.compile(rb"""number-columns-repeated\s*=\s*["']([^"']*)["']""")
_XLSX_CELL = re.compile(rb"<(?:[\w.-]+:)?(row|c)" + _GIVEN)
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_IS_SHARED = re.compile(rb"""\st\s*=\s*["']s["']""")
_SHARED_NUMBER = re.compile(rb"""\st\s*=\s*["']s["'][^>]*>\s*<(?:[\w.-]+:)?v>\s*(\d{1,9})\s*<""")
_SHARED_TEXT = re.compile(rb"<(?:[\w.-]+:)?si(?:\s[^>]*)?>.*?</(?:[\w.-]+:)?si\s*>", re.DOTALL)


def _count(repeated: re.Pattern[bytes], given: bytes | None) -> int:
    """How often a cell or row repeats; one that hides it in entities repeats too often."""
    found = repeated.search(given) if given and b"repeated" in given else None
    if not found:
        return 1
    return int(found[1]) if found[1].isdigit() else MOST_CELLS + 1


def _number(letters: bytes) -> int:
    """The number of the column AB."""
    return functools.reduce(lambda number, letter: 26 * number + letter - 64, letters.upper(), 0)


class _NotPlain(Exception):
    """XML with something in it that no spreadsheet has."""


def _refuse(what: str) -> Callable[..., None]:
    def refuse(*_: object) -> None:
        raise _NotPlain(what)

    return refuse


def _declared(_version: str, encoding: str | None, _standalone: int) -> None:
    if (encoding or "utf-8").lower() != "utf-8":
        raise _NotPlain(f"another encoding than UTF-8 ({encoding})")


def _well_formed(content: bytes, where: str) -> None:
    if b"\0" in content:
        msg = f"{where}: XML in another encoding than UTF-8, which no spreadsheet has; nothing is read from it"
        raise LayoutChanged(msg)
    parser = expat.ParserCreate()
    parser.XmlDeclHandler = _declared
    parser.StartDoctypeDeclHandler = _refuse("declared types or entities")
    parser.CommentHandler = _refuse("comments")
    parser.StartCdataSectionHandler = _refuse("CDATA")
    try:
        parser.Parse(content, True)  # noqa: FBT003  # the last piece; expat takes it by position
    except expat.ExpatError as error:
        msg = f"{where}: broken XML ({error}); fetch it again, or open and look at it"
        raise LayoutChanged(msg) from error
    except _NotPlain as error:
        msg = f"{where}: XML with {error}, which no spreadsheet has; nothing is read from it"
        raise LayoutChanged(msg) from error
