"""GOV.UK as it answers: content items, collections, the search, announcements, and files under hashed addresses.

The content items are built from the schema and the examples of the publishing API, for live answers were not at hand;
the spreadsheets are the publishers' own. Content items have a short lifetime and no validators.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.publishers.exchange import Reply, Request
from tests.real_data import OFFICIAL, RESPONSES

WASTE = "government/statistics/local-authority-collected-waste-management-annual-results"
ROADS = "government/statistical-data-sets/road-condition-statistics-data-tables-rdc"
ASCOF = "government/statistics/measures-from-the-adult-social-care-outcomes-framework-england-2024-to-2025"
OUTTURN = "government/collections/local-authority-revenue-expenditure-and-financing"
OUTTURN_2022 = (
    "government/statistics/local-authority-revenue-expenditure-and-financing-england-2022-to-2023-"
    "individual-local-authority-data-outturn"
)
OUTTURN_2023 = OUTTURN_2022.replace("2022-to-2023", "2023-to-2024")
SOCIAL_CARE = "government/collections/childrens-social-care-statistics"
INSPECTIONS = "government/statistics/childrens-social-care-data-in-england-2024"
ANNOUNCEMENTS = "government/statistics/announcements/"

_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_LONGEST_QUERY = 512
_MOST_RESULTS = 1500
_SHORT_LIFE = {"Cache-Control": "max-age=300, public"}
_KNOWN = frozenset({"q", "count", "start", "order", "fields", "fields[]", "c", "debug", "cluster", "suggest"})
_FIELDS = frozenset(
    {"title", "link", "description", "format", "public_timestamp", "content_store_document_type", "organisations",
     "document_collections", "display_date", "release_timestamp", "statistics_announcement_state", "metadata"}
)  # fmt: skip
_FAMILIES = ("filter_", "reject_", "aggregate_", "facet_", "filter_any_", "filter_all_")


@dataclass
class Upload:
    """A file of a page: ``body`` is its real file's unless a test gives another; each version has its own address."""

    title: str
    name: str
    real: str = ""
    body: bytes | None = None
    version: int = 1

    @property
    def content(self) -> bytes:
        return (OFFICIAL / self.real).read_bytes() if self.body is None else self.body

    @property
    def place(self) -> str:
        digest = hashlib.sha256(f"{self.name} {self.version}".encode()).hexdigest()[:24]
        return f"media/{digest}/{self.name}"


@dataclass
class Page:
    """A page of statistics with its files; ``in_html`` has them in the body alone, as older pages do."""

    title: str
    kind: str
    public_updated_at: str
    files: list[Upload] = field(default_factory=list)
    updated_at: str = "2026-06-01T00:00:00Z"
    state: str = "live"
    in_html: bool = False
    documents: list[str] = field(default_factory=list)
    """Paths of the pages that a collection lists."""


def _pages() -> dict[str, Page]:
    outturn = "Local authority revenue expenditure and financing England: {} individual local authority data - outturn"
    return {
        WASTE: Page(
            "Local authority collected waste management - annual results",
            "national_statistics",
            "2025-03-27T09:30:00+00:00",
            [
                Upload(
                    "Local authority collected waste generation: annual results tables 2023-24",
                    "LA_and_Regional_Spreadsheet_202324.ods",
                    "LA_and_Regional_Spreadsheet_202324.ods",
                ),
                Upload("Waste management summary", "Statistical_notice.pdf", body=b"%PDF-1.7 made up"),
            ],
        ),
        ROADS: Page(
            "Road condition statistics: data tables (RDC)",
            "statistical_data_set",
            "2026-01-21T09:30:16+00:00",
            [
                Upload("RDC0120: Local authority managed classified roads", "rdc0120.ods", "rdc0120.ods"),
                Upload("RDC0121: Classified roads by region", "rdc0121.ods", body=b"PK made up"),
            ],
        ),
        ASCOF: Page(
            "Measures from the Adult Social Care Outcomes Framework, England, 2024 to 2025",
            "official_statistics",
            "2025-12-18T09:30:00+00:00",
            [
                Upload("ASCOF 2024 to 2025: data tables", "ascof-2024-to-2025-data-tables.ods", "ascof_2024_25.ods"),
                Upload("ASCOF 2024 to 2025: machine-readable data", "ascof-2024-to-2025.csv", body=b"made,up\n"),
            ],
        ),
        OUTTURN: Page(
            "Local authority revenue expenditure and financing",
            "document_collection",
            "2026-05-01T09:30:00+01:00",
            documents=[OUTTURN_2022, OUTTURN_2023, "government/news/made-up", WASTE],
        ),
        OUTTURN_2022: Page(
            outturn.format("2022 to 2023"),
            "official_statistics",
            "2025-01-30T09:30:00+00:00",  # corrected after the later edition came out
            [
                Upload("Revenue outturn (RSX) 2022-23", "RSX_2022-23_data_by_LA.ods", "RSX_2022-23_data_by_LA.ods"),
                Upload("Revenue outturn (RO3) 2022-23", "RO3_2022-23_data_by_LA.ods", body=b"PK made up"),
            ],
        ),
        OUTTURN_2023: Page(
            outturn.format("2023 to 2024"),
            "official_statistics",
            "2024-08-29T09:30:00+01:00",
            [
                Upload("Revenue outturn (RSX) 2023-24", "RSX_2023-24_data_by_LA.ods", "RSX_2023-24_data_by_LA.ods"),
                Upload("Revenue outturn (RO3) 2023-24", "RO3_2023-24_data_by_LA.ods", body=b"PK made up"),
            ],
        ),
        "government/news/made-up": Page(
            outturn.format("2025 to 2026") + " announced", "news_story", "2026-05-01T09:30:00+01:00"
        ),
        SOCIAL_CARE: Page(
            "Children's social care statistics", "document_collection", "2024-08-30T09:30:00+01:00",
            documents=[INSPECTIONS],
        ),
        INSPECTIONS: Page(
            "Children’s social care data in England 2024",
            "official_statistics",
            "2024-08-30T09:30:00+01:00",
            [
                Upload(
                    "Local authority inspection outcomes as at 31 March 2024",
                    "LA_Inspection_Outcomes_as_at_March_2024.ods",
                    "LA_Inspection_Outcomes_as_at_March_2024.ods",
                ),
                Upload("Children's homes data as at 31 March 2024", "Homes_as_at_March_2024.ods", body=b"PK made up"),
            ],
        ),
    }  # fmt: skip


class StandIn:
    """Pages by path, to be changed by tests, and announcements by the last part of theirs."""

    def __init__(self) -> None:
        self.pages = _pages()
        self.announcements: dict[str, dict[str, Any]] = dict(_announced())
        self.asked: list[str] = []

    def correct(self, path: str, body: bytes | None = None, *, at: str = "", file: int = 0) -> None:
        """Replace a file, which gives it a new address; ``at`` is the page's new date where the change is major."""
        page = self.pages[path]
        upload = page.files[file]
        upload.version += 1
        upload.body = body if body is not None else upload.body
        page.public_updated_at = at or page.public_updated_at

    def announce(self, slug: str, title: str, **details: str) -> None:
        """Announce a release: ``display_date``, ``state`` and the like."""
        self.announcements[slug] = {
            "base_path": f"/{ANNOUNCEMENTS}{slug}",
            "title": title,
            "document_type": "official_statistics_announcement",
            "schema_name": "statistics_announcement",
            "public_updated_at": "2026-01-05T09:30:00+00:00",
            "details": {"format_sub_type": "official", "state": "provisional", **details},
            "links": {},
        }

    def answer(self, request: Request) -> Reply:
        """The publisher's answer; 404 for what it does not have."""
        path = request.path.strip("/")
        self.asked.append(path)
        if path == "api/search.json":
            return self._search(request)
        if path.startswith("api/content/"):
            return self._content(path.removeprefix("api/content/"), request.base)
        for page in self.pages.values():
            for upload in page.files:
                if upload.place == path:
                    return Reply(upload.content, content_type=_ODS, tag=f'"{upload.place[6:30]}"')
        return Reply(b"<!DOCTYPE html><html><title>Page not found - GOV.UK</title></html>", 404, "text/html")

    def _content(self, path: str, base: str) -> Reply:
        slug = path.removeprefix(ANNOUNCEMENTS)
        if path != slug and slug in self.announcements:
            return Reply.json(self.announcements[slug], headers=_SHORT_LIFE)
        for known, page in self.pages.items():
            if path == known:
                return self._page(known, page, base)
            if path.startswith(f"{known}/"):
                place = f"{base.rstrip('/')}/api/content/{known}"
                return Reply(b"", 303, headers={"Location": place, **_SHORT_LIFE})
        return Reply(b"", 404, "application/json; charset=utf-8", headers=_SHORT_LIFE)

    def _page(self, path: str, page: Page, base: str) -> Reply:
        item = self._item(path, page, base)
        if page.state == "gone":
            gone = {**item, "document_type": "gone", "schema_name": "gone", "details": {"explanation": ""}, "links": {}}
            return Reply.json(gone, 410, headers=_SHORT_LIFE)
        if page.state == "withdrawn":
            item["withdrawn_notice"] = {
                "explanation": '<div class="govspeak"><p>These figures were <strong>wrong</strong>.</p></div>',
                "withdrawn_at": "2026-02-03T10:00:00Z",
            }  # fmt: skip
        if page.state == "moved":
            item |= {"document_type": "redirect", "redirects": [{"path": f"/{path}", "destination": f"/{path}-new"}]}
        return Reply.json(item, headers=_SHORT_LIFE)

    def _item(self, path: str, page: Page, base: str) -> dict[str, Any]:
        details: dict[str, Any] = {
            "body": '<div class="govspeak"><p>About these statistics.</p></div>',
            "change_history": [{"public_timestamp": page.public_updated_at, "note": "First published."}],
            "attachments": [] if page.in_html else [_listed(upload, base) for upload in page.files],
        }
        if page.files:
            details["attachments"].append({"attachment_type": "html", "title": "Notes", "url": f"/{path}/notes"})
        if page.in_html:
            details["body"] = "".join(_block(upload, base) for upload in page.files)
        links = {"documents": [self._link(other) for other in page.documents]} if page.documents else {}
        return {
            "base_path": f"/{path}",
            "content_id": hashlib.md5(path.encode(), usedforsecurity=False).hexdigest(),
            "title": page.title,
            "document_type": page.kind,
            "schema_name": page.kind if page.kind in {"statistical_data_set", "document_collection"} else "publication",
            "locale": "en",
            "public_updated_at": page.public_updated_at,
            "updated_at": page.updated_at,
            "withdrawn_notice": {},
            "details": details,
            "links": links,
        }

    def _link(self, path: str) -> dict[str, Any]:
        page = self.pages[path]
        return {
            "base_path": f"/{path}",
            "title": page.title,
            "document_type": page.kind,
            "public_updated_at": page.public_updated_at,
            "withdrawn": page.state == "withdrawn",
            "locale": "en",
        }

    def _search(self, request: Request) -> Reply:
        unknown = [key for key in request.query if key not in _KNOWN and not key.startswith(_FAMILIES)]
        if unknown:
            return Reply.json({"error": f"Unexpected parameters: {', '.join(unknown)}"}, 422)
        wanted = {field for text in _all(request.query, "fields") for field in text.split(",")}
        if wanted - _FIELDS:
            return Reply.json(
                {"error": f"Some requested fields are not valid return fields: {sorted(wanted - _FIELDS)}"}, 422
            )
        if len(request.one("q")) > _LONGEST_QUERY or int(request.one("count", "10")) > _MOST_RESULTS:
            return Reply.json({"error": "Query exceeds the maximum allowed length"}, 422)
        if request.one("filter_format") == "statistics_announcement":
            results = [_announcement_found(item) for item in self.announcements.values()]
        else:
            results = [self._found(path, page) for path, page in self.pages.items() if page.state == "live"]
        kinds = _all(request.query, "filter_content_store_document_type")
        results = [one for one in results if not kinds or one["content_store_document_type"] in kinds]
        words = set(request.one("q").lower().split())
        results.sort(key=lambda one: -len(words & set(str(one["title"]).lower().split())))
        if request.one("order") == "-public_timestamp":
            results.sort(key=lambda one: str(one["public_timestamp"]), reverse=True)
        start, count = int(request.one("start", "0")), int(request.one("count", "10"))
        results = [{key: one[key] for key in one if not wanted or key in wanted or key == "_id"} for one in results]
        document = {"results": results[start : start + count], "total": len(results), "start": start}
        return Reply.json({**document, "aggregates": {}, "suggested_queries": []}, headers=_SHORT_LIFE)

    @staticmethod
    def _found(path: str, page: Page) -> dict[str, Any]:
        return {
            "title": page.title,
            "link": f"/{path}",
            "format": page.kind,
            "content_store_document_type": page.kind,
            "public_timestamp": page.public_updated_at,
            "_id": f"/{path}",
        }


def _all(query: Mapping[str, list[str]], name: str) -> list[str]:
    return [value for key, values in query.items() if key.removesuffix("[]") == name for value in values]


def _announced() -> Iterator[tuple[str, dict[str, Any]]]:
    """The real examples: a date to come, one that changed, one cancelled, one provisional."""
    for file in sorted((RESPONSES / "govuk-content").glob("statistics_announcement__*.json")):
        item = json.loads(file.read_bytes())
        yield item["base_path"].rpartition("/")[2], item


def _announcement_found(item: Mapping[str, Any]) -> dict[str, Any]:
    details = item["details"]
    return {
        "title": item["title"],
        "link": item["base_path"],
        "format": "statistics_announcement",
        "content_store_document_type": item["document_type"],
        "public_timestamp": item["public_updated_at"],
        "display_date": details.get("display_date"),
        "release_timestamp": details.get("release_timestamp"),
        "statistics_announcement_state": details.get("state"),
        "metadata": {
            "confirmed": details.get("state") == "confirmed",
            "display_date": details.get("display_date"),
            "change_note": details.get("latest_change_note"),
            "previous_display_date": details.get("previous_display_date"),
            "cancelled_at": details.get("cancelled_at"),
            "cancellation_reason": details.get("cancellation_reason"),
        },
        "_id": item["base_path"],
    }


def _listed(upload: Upload, base: str) -> dict[str, Any]:
    return {
        "attachment_type": "file",
        "title": upload.title,
        "url": f"{base.rstrip('/')}/{upload.place}",
        "content_type": "application/pdf" if upload.name.endswith(".pdf") else _ODS,
        "filename": upload.name,
        "file_size": len(upload.content),
        "id": upload.name,
        "accessible": False,
    }


def _block(upload: Upload, base: str) -> str:
    """A block as pages had it about 2016, with a picture that links to the file as well."""
    address = f"{base.rstrip('/')}/{upload.place}"
    return (
        f'<section class="attachment embedded"><div class="attachment-thumb"><a aria-hidden="true" class="thumbnail" '
        f'href="{address}"><img alt="" src="/cover.png"></a></div><div class="attachment-details"><h2 class="title">'
        f'<a href="{address}">{upload.title}</a></h2><p class="metadata"><span class="type">ODS</span>, '
        f'<span class="file-size">{len(upload.content) / 1000:.0f}KB</span></p></div></section>'
    )
