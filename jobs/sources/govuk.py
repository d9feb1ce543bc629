"""GOV.UK: statistics that departments publish as spreadsheets, found through the Content API.

A page of GOV.UK says when it last changed for the public (``public_updated_at``; ``updated_at`` moves for no reason of
the public's) and lists its files. A data set of ours is one or several files, and is found in one of three ways:

* ``path``: a page whose files are replaced in place (data sets of the Department for Transport, Defra's waste);
* ``collection``: the newest edition in a collection, by its title;
* ``search``: the newest edition that a search finds, by its title, where there is no collection.

Traps:

* The address of a file has a hash in it and changes with every correction, also when the page does not say that it
  changed. So the mark is made of the page's date and of the title, address and size of each file.
* A collection also holds news, methods and announcements: only statistics and data sets are taken.
* A correction to an old edition makes it look the newest: the years in the titles decide, then the dates.
* Older pages have their files only in the HTML of ``body`` or ``documents``, with addresses below www.gov.uk.
* A page may be withdrawn and still answer, or answer with a redirect that names another page.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

import pandas as pd
import structlog
from pydantic import Field, field_validator, model_validator

from engine.errors import CatalogueError
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Site
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wants
from jobs.sources._reading import Keys, one_by_one, read_details, read_keys, tidied
from jobs.spreadsheets import Table, pattern, read_table
from jobs.tables import nearest
from jobs.workbooks import Book, open_book

NAME = "govuk"
TITLE = "GOV.UK"
ADDRESS = "https://www.gov.uk/"
ON = True

STATISTICS = ("official_statistics", "national_statistics", "statistical_data_set")
"""Types of pages that editions are; accredited official statistics are still called national here."""

SPREADSHEETS = (".ods", ".xlsx", ".csv")
FOUND_AT_ONCE = 100

_LONDON = ZoneInfo("Europe/London")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")

log = structlog.get_logger(__name__)


# --- the catalogue's words ------------------------------------------------------------------------


class _Details(Keys):
    """How the files of a data set are found."""

    path: str = ""
    """The page's path, without the leading slash."""
    collection: str = ""
    """The path of a collection."""
    search: str = ""
    """Words to search for."""
    edition: str = ""
    """A pattern for the titles of editions, in a collection or a search."""
    editions: int = Field(1, ge=1, le=20)
    """How many of the newest editions are read."""
    attachments: list[str] = Field(min_length=1)
    """A pattern for the title or file name of each file."""
    codes: dict[str, str] = Field(default_factory=dict)
    """Area codes that nobody else writes so, and what they stand for; nothing for those to leave out."""

    @field_validator("edition")
    @classmethod
    def _pattern(cls, text: str) -> str:
        return pattern(text)

    @field_validator("attachments")
    @classmethod
    def _patterns(cls, texts: list[str]) -> list[str]:
        return [pattern(text) for text in texts]

    @field_validator("path", "collection")
    @classmethod
    def _path(cls, text: str) -> str:
        if text.startswith("/") or ":" in text or "?" in text:
            raise ValueError("a path below www.gov.uk without the leading slash, such as government/statistics/...")
        return text

    @model_validator(mode="after")
    def _one_way(self) -> _Details:
        if sum(map(bool, (self.path, self.collection, self.search))) != 1:
            raise ValueError("give one of path, collection and search")
        if bool(self.path) == bool(self.edition):
            raise ValueError("collection and search need edition, a pattern for titles; path takes none")
        return self


class _Keys(Table):
    """Which file a table is in, where there are several, and how it is read."""

    attachment: str = ""


def check(wants: Iterable[Wants]) -> None:
    """Each data set says how its files are found, and each indicator of it how its table is read."""
    for want in wants:
        details = read_details(_Details, want.dataset)
        for wanted in want.series:
            keys = read_keys(_Keys, wanted)
            if keys.attachment not in details.attachments and (keys.attachment or len(details.attachments) > 1):
                msg = (
                    f"indicator {wanted.indicator.code!r}: attachment {keys.attachment!r} is none of the data set "
                    f"{want.dataset.name!r}; {nearest(keys.attachment, details.attachments)}"
                )
                raise CatalogueError(msg)


# --- noticing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _File:
    """A file on a page: its title for people, its address, its size as the page says it."""

    title: str
    address: str
    size: str

    @property
    def name(self) -> str:
        """The last part of the address, as the file is called."""
        return _file_name(self.address)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page of statistics: its title, the time it last changed for the public, and the files wanted of it."""

    title: str
    updated: str
    files: tuple[_File, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """A page as a collection or a search shows it."""

    title: str
    path: str
    kind: str
    updated: str
    withdrawn: bool = False

    @property
    def years(self) -> tuple[str, ...]:
        """The years in the title, the last one first."""
        return tuple(sorted(set(_YEAR.findall(self.title)), reverse=True))


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """The pages of each data set and their files, in one to four requests for each data set."""
    return one_by_one(wants.values(), lambda want: _noticed(site, want))


def _noticed(site: Site, want: Wants) -> Noticed:
    details = read_details(_Details, want.dataset)
    pages = _pages(site, details, want.dataset.title)
    files = [file for page in pages for file in page.files]
    newest = pages[0]
    return Noticed(
        dataset=want.dataset.name,
        mark=_mark(pages),
        title=want.dataset.title if details.path else newest.title,
        published=_day(newest.updated),
        parts=tuple(file.address for file in files),
    )


def _mark(pages: Sequence[_Page]) -> str:
    """The newest page's date, and a digest that changes with the date and the files of any page."""
    shown = [[page.updated, sorted((file.title, file.address, file.size) for file in page.files)] for page in pages]
    digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]
    return f"{pages[0].updated} {digest}"


def _day(stamp: str) -> date | None:
    """The day in London, where statistics are published at half past nine and some at a minute past midnight."""
    try:
        return datetime.fromisoformat(stamp).astimezone(_LONDON).date()
    except ValueError:
        return None


def _pages(site: Site, details: _Details, title: str) -> list[_Page]:
    """The page of a data set, or its newest editions, the newest first. Raises SourceError."""
    if details.path:
        return [_page(site, details.path, details)]
    editions = _editions(_linked(site, details), details, title)
    pages = [_page(site, editions[0].path, details)]
    for older in editions[1 : details.editions]:
        try:
            pages.append(_page(site, older.path, details))
        except Unreachable:
            raise
        except SourceError as error:  # what it held has been read while it was there
            log.warning("an older edition cannot be read", dataset=title, edition=older.title, error=str(error))
    return pages


def _linked(site: Site, details: _Details) -> list[_Link]:
    """What a collection or a search shows. Raises SourceError."""
    if details.collection:
        item = _item(site, details.collection)
        links = item.get("links")
        documents = links.get("documents") if isinstance(links, dict) else None
        fields = ("title", "base_path", "document_type", "public_updated_at")
    else:
        fields = ("title", "link", "content_store_document_type", "public_timestamp")
        filters = {"filter_content_store_document_type": list(STATISTICS)}
        asked = {"q": details.search, "count": FOUND_AT_ONCE, "fields": ",".join(fields), **filters}
        document = site.get("api/search.json", asked).json()
        documents = document.get("results") if isinstance(document, dict) else None
    if not isinstance(documents, list):
        msg = (
            f"{TITLE}: {details.collection or 'the search'} no longer lists pages; look at it and correct the catalogue"
        )
        raise LayoutChanged(msg)
    return [_link(document, fields) for document in documents if isinstance(document, dict)]


def _link(document: Mapping[str, Any], fields: Sequence[str]) -> _Link:
    title, path, kind, updated = (str(document.get(key) or "") for key in fields)
    return _Link(title, path, kind, updated, document.get("withdrawn") is True)


def _editions(links: Sequence[_Link], details: _Details, title: str) -> list[_Link]:
    """The editions among the links, one for each of the years they are of, the newest first. Raises SourceError."""
    statistics = [link for link in links if link.kind in STATISTICS and link.path and not link.withdrawn]
    found = [link for link in statistics if re.search(details.edition, link.title, re.IGNORECASE)]
    if not found:
        place = details.collection or f"a search for {details.search!r}"
        msg = (
            f"{title}: no edition whose title fits {details.edition!r} in {place}; "
            f"{nearest(details.edition, (link.title for link in statistics))}"
        )
        raise SourceError(msg)
    newest: dict[tuple[str, ...], _Link] = {}
    for link in sorted(found, key=lambda link: (link.years, link.updated), reverse=True):
        newest.setdefault(link.years, link)
    return list(newest.values())


def _page(site: Site, path: str, details: _Details) -> _Page:
    """A page with the files wanted of it. Raises SourceError when one is missing or not the only one."""
    item = _item(site, path)
    title = str(item.get("title") or path)
    files = _files(item, site.address)
    wanted = tuple(_one_file(files, wanted, title) for wanted in details.attachments)
    return _Page(title, str(item.get("public_updated_at") or ""), wanted)


def _item(site: Site, path: str) -> Mapping[str, Any]:
    """A page that is there for the public. Raises SourceError when it is withdrawn, moved or gone."""
    item = site.get(f"api/content/{path.lstrip('/')}").json()
    if not isinstance(item, dict):
        msg = f"{TITLE}: {path}: answered with something that is no page"
        raise LayoutChanged(msg)
    kind = str(item.get("document_type") or "")
    if kind in {"redirect", "gone"}:
        targets = [str(one.get("destination")) for one in item.get("redirects") or [] if isinstance(one, dict)]
        moved = f"has moved to {targets[0]}" if targets else "is gone"
        msg = f"{TITLE}: {path} {moved}; correct its path in the catalogue"
        raise SourceError(msg)
    notice_ = item.get("withdrawn_notice")
    if isinstance(notice_, dict) and notice_.get("withdrawn_at"):
        why = " ".join(re.sub(r"<[^>]*>", " ", str(notice_.get("explanation") or "")).split())
        msg = (
            f"{item.get('title') or path}: withdrawn on {str(notice_['withdrawn_at'])[:10]}"
            f"{f' ({why[:200]})' if why else ''}; find what replaces it and correct the catalogue"
        )
        raise SourceError(msg)
    return item


def _one_file(files: Sequence[_File], wanted: str, title: str) -> _File:
    readable = [file for file in files if file.name.lower().endswith(SPREADSHEETS)]
    fitting = [
        file
        for file in dict.fromkeys(readable)
        if re.search(wanted, file.title, re.IGNORECASE) or re.search(wanted, file.name, re.IGNORECASE)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(f"{file.title!r} ({file.name})" for file in fitting)
        msg = f"{title}: {len(fitting)} spreadsheets fit {wanted!r}: {names}; make the pattern narrower"
        raise LayoutChanged(msg)
    near = nearest(wanted, [name for file in files for name in (file.title, file.name)])
    msg = f"{title}: no spreadsheet (ODS, XLSX or CSV) has a title or file name like {wanted!r}; {near}"
    raise LayoutChanged(msg)


# --- the files of a page --------------------------------------------------------------------------


def _files(item: Mapping[str, Any], base: str) -> list[_File]:
    """The files of a page, from its list of attachments or, on older pages, from its HTML."""
    details = item.get("details")
    details = details if isinstance(details, dict) else {}
    listed = [one for one in details.get("attachments") or [] if isinstance(one, dict)]
    files = [
        _File(_words(str(one.get("title") or "")), urljoin(base, str(one["url"])), str(one.get("file_size") or ""))
        for one in listed
        if one.get("attachment_type") == "file" and one.get("url")
    ]
    if files:
        return files
    documents = details.get("documents")
    return _linked_files([details.get("body"), *(documents if isinstance(documents, list) else [])], base)


def _linked_files(pieces: Iterable[object], base: str) -> list[_File]:
    reader = _Links()
    for piece in pieces:
        if isinstance(piece, str):
            reader.feed(piece)
    reader.close()
    return [
        _File(_words(title), urljoin(base, address), _words(size)) for address, (title, size) in reader.found.items()
    ]


def _words(text: str) -> str:
    return " ".join(text.split())


def _file_name(address: str) -> str:
    return unquote(urlsplit(address).path).rpartition("/")[2]


@dataclass
class _Block:
    """What a block of HTML around one attachment says."""

    addresses: list[str] = field(default_factory=list)
    title: str = ""
    words: str = ""
    size: str = ""


class _Links(HTMLParser):
    """The files that HTML links to, with their titles: the block's heading, or else the words of the link.

    Files stand in blocks (``section class="attachment"``, with a picture that links to the file too) or in the text
    (``span class="attachment-inline"``). Previews of CSV files and links to other pages are passed over.
    """

    _NO_END = frozenset({"img", "br", "hr", "input", "meta", "link", "wbr", "col", "source"})

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, tuple[str, str]] = {}
        self._open: list[tuple[str, str]] = []
        self._block = _Block()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element: a block of an attachment, its title, its size, or a link."""
        given = {key: value or "" for key, value in attrs}
        classes = given.get("class", "")
        words = set(re.split(r"[\s_-]+", classes))
        role = ""
        if "attachment" in words and tag in {"section", "span", "div"} and not self._inside("block"):
            role, self._block = "block", _Block()
        elif "title" in words and tag != "a":
            role = "title"
        elif "size" in words:
            role = "size"
        elif tag == "a":
            role = "link"
            if not self._inside("block"):
                self._finish()
            if _file_name(given.get("href", "")).lower().endswith((*SPREADSHEETS, ".xls", ".pdf", ".zip")):
                self._block.addresses.append(given["href"])
        if tag not in self._NO_END:
            self._open.append((tag, role))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and those in it that were never closed."""
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, role = self._open.pop()
            if role == "block":
                self._finish()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        """Words of a title, a size or a link."""
        if self._inside("title"):
            self._block.title += data
        elif self._inside("size"):
            self._block.size += data
        elif self._inside("link"):
            self._block.words += data

    def close(self) -> None:
        """The end of the HTML, and of what was left open."""
        super().close()
        self._finish()

    def _inside(self, role: str) -> bool:
        return any(other == role for _, other in self._open)

    def _finish(self) -> None:
        block, self._block = self._block, _Block()
        for address in block.addresses:
            self.found.setdefault(address, (block.title or block.words, block.size))


# --- fetching and reading -------------------------------------------------------------------------


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """The files, which live on another host under addresses that change with every correction."""
    return tuple(site.get(address).body for address in noticed.parts)


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """The tables wanted of each file; a table that cannot be found or read as described is a gap.

    Raises LayoutChanged when a file is no spreadsheet, or none of its tables can be read.
    """
    return tidied(_tables(wants, noticed, bodies), noticed.title)


def _tables(wants: Wants, noticed: Noticed, bodies: Sequence[bytes]) -> Iterator[pd.DataFrame | Gap]:
    details = read_details(_Details, wants.dataset)
    files = itertools.cycle(details.attachments)
    for body, address, file in zip(bodies, noticed.parts, files, strict=False):
        book = open_book(body, f"{noticed.title}, {_file_name(address)}")
        for wanted in wants.series:
            keys = read_keys(_Keys, wanted)
            if (keys.attachment or details.attachments[0]) == file:
                yield _observations(book, wanted.indicator.code, keys, details.codes)


def _observations(book: Book, code: str, table: Table, codes: Mapping[str, str]) -> pd.DataFrame | Gap:
    try:
        frame = read_table(book, table, codes)
    except LayoutChanged as error:
        return Gap(code, str(error))
    frame.insert(0, "indicator", code)
    return frame
