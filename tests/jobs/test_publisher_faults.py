"""Every publisher under every fault: none reaches a rank, and each is told once, in words to act on."""

from __future__ import annotations

import csv
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from jobs.errors import SettingsError
from jobs.http import Client
from jobs.polling import Polled
from jobs.sources import publisher
from jobs.watching import FAILURES_TOLD
from tests.publishers import govuk, lginform, nomis
from tests.publishers.desk import START, Desk
from tests.publishers.server import Publishers, self_signed
from tests.publishers.shops import (
    COUNCIL,
    COVERED,
    SHOPS,
    Edit,
    Ees,
    Govuk,
    Lait,
    Merged,
    Nomis,
    Rows,
    Shop,
    below_a_title,
    book,
    cells,
    first_half,
    header_alone,
    heading,
    packed,
    table,
    text,
    without,
    without_end,
    write_catalogue,
)
from tests.real_data import needs_official

pytestmark = needs_official
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl to make a certificate with")

LEAST = 8
"""Megabytes an answer may have here."""

MOST = 192
"""Megabytes that may be held while reading it: a block of a bomb unpacks to many at once."""

MORE = '[catalogue]\npaths = ["catalogue"]\n'
TABLE = f"max_mb = {LEAST}\n"
NEW, NEWER = 61.0, 62.0
BOOKS = {"indicators", "series"}
"""Tables that also say which release stated something last."""

SECRET = "test-secret-of-nobody"


# --- a database filled from each publisher, and copies of it --------------------------------------


@dataclass(frozen=True)
class Bench:
    """A desk with figures of one publisher, and the publisher."""

    desk: Desk
    shop: Any
    web: Publishers

    def poll(self) -> Polled:
        return self.desk.poll(self.shop.name)


class Stock:
    """Databases filled from good stand-ins, one for each publisher, when it is first wanted."""

    def __init__(self, folder: Path, web: Publishers) -> None:
        self._folder = folder
        self.web = web

    def filled(self, name: str) -> Path:
        folder = self._folder / name
        if not folder.exists():
            folder.mkdir()
            write_catalogue(folder / "catalogue", [SHOPS[name]])
            self.web.stand_ins[name] = SHOPS[name]().stand_in
            desk = Desk(folder, self.web, [name], MORE, table=TABLE)
            desk.now = START
            polled = desk.poll()
            assert polled.refusals == ()
            assert {outcome.status for outcome in polled.outcomes} == {"accepted"}
            assert set(desk.areas()) == {SHOPS[name].code, *SHOPS[name].others}
            assert desk.told() == []
            desk.close()
        return folder


@pytest.fixture(scope="module", autouse=True)
def _surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lginform, "SECRET", SECRET)
        patch.setenv("LGINFORM_KEY", lginform.KEY)
        patch.setenv("LGINFORM_SECRET", SECRET)
        # Reading all certificates there are takes longer than most of these tests.
        patch.delenv("SSL_CERT_FILE", raising=False)
        patch.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stock]:
    with Publishers({}) as web:
        yield Stock(tmp_path_factory.mktemp("stock"), web)


@pytest.fixture
def take(stock: Stock, tmp_path: Path) -> Iterator[Callable[[str], Bench]]:
    """A copy of a filled database, and its publisher as it was when the database was filled."""
    desks: list[Desk] = []

    def take(name: str) -> Bench:
        folder = tmp_path / name
        shutil.copytree(stock.filled(name), folder, ignore=shutil.ignore_patterns("http-cache", "*.lock"))
        shop = SHOPS[name]()
        stock.web.faults.clear()
        stock.web.stand_ins[name] = shop.stand_in
        desk = Desk(folder, stock.web, [name], MORE, table=TABLE)
        desk.now = START
        desks.append(desk)
        return Bench(desk, shop, stock.web)

    yield take
    stock.web.faults.clear()
    for desk in desks:
        desk.close()


# --- the matrix -----------------------------------------------------------------------------------

Begin = Callable[[Any, Publishers], None]

APART = [name for name, shop in SHOPS.items() if shop.detector != shop.figures]
"""Publishers that are asked what there is before they are asked for figures."""


@dataclass(frozen=True)
class Case:
    """One fault at one publisher: how it begins, and the words people must read.

    ``looks`` is after how many looks it is told; ``again`` whether the publisher must publish anew for the fault to be
    over; ``held`` whether the release is held for a decision; ``spared`` are indicators that may go on meanwhile;
    ``huge`` is whether there is more of it than fits into the memory.
    """

    name: str
    fault: str
    begin: Begin
    words: tuple[str, ...]
    looks: int = 1
    again: bool = False
    held: bool = False
    spared: tuple[str, ...] = ()
    huge: bool = False

    def __str__(self) -> str:
        return f"{self.name}, {self.fault}"


def on_the_way(fault: str, begin: Callable[[Publishers, str, str], None], *words: str, **more: Any) -> list[Case]:
    """A fault between us and the figures of every publisher, which has published something new."""

    def beginning(shop: Shop, web: Publishers) -> None:
        shop.publish(str(NEW))
        begin(web, shop.name, shop.figures)

    return [Case(name, fault, beginning, words, **more) for name in SHOPS]


def at_the_door(fault: str, begin: Callable[[Publishers, str, str], None], *words: str, **more: Any) -> list[Case]:
    """A fault where publishers are asked what there is."""

    def beginning(shop: Shop, web: Publishers) -> None:
        shop.publish(str(NEW))
        begin(web, shop.name, shop.detector)

    return [Case(name, fault, beginning, words, **more) for name in APART]


def inside(name: str, fault: str, edit: Edit, *words: str, **more: Any) -> Case:
    """A release with a fault in its body."""

    def beginning(shop: Shop, web: Publishers) -> None:
        shop.spoil(web, edit, str(NEW))

    return Case(name, fault, beginning, words, **({"again": True} | more))


def version(fault: str, change: Callable[[pd.DataFrame], pd.DataFrame], *words: str, **more: Any) -> Case:
    """A version of the department's data set with a fault in its rows or columns."""

    def beginning(shop: Ees, _: Publishers) -> None:
        shop.release(change, str(NEW))

    return Case("ees", fault, beginning, words, **({"again": True} | more))


PASSING = {"looks": FAILURES_TOLD}
TRIED = "3 attempts without success"

ON_THE_WAY = [
    *on_the_way("reset half-way", lambda web, *at: web.faults.reset(*at), "cannot be fetched", TRIED, **PASSING),
    *on_the_way("cut short", lambda web, *at: web.faults.cut(*at), "cannot be fetched", TRIED, **PASSING),
    *on_the_way("500", lambda web, *at: web.faults.status(*at, 500), "the server answered 500", TRIED, **PASSING),
    *on_the_way("a web page", lambda web, *at: web.faults.page(*at), "a web page instead of data", TRIED, **PASSING),
    *at_the_door("500 at the door", lambda web, *at: web.faults.status(*at, 503), "answered 503", TRIED, **PASSING),
    *on_the_way("gone", lambda web, *at: web.faults.status(*at, 404), "(404)"),
    *on_the_way("3 GB", lambda web, *at: web.faults.endless(*at), "larger than 8 MB", "raise max_mb", huge=True),
    *on_the_way("a gzip bomb", lambda web, *at: web.faults.bomb(*at), "larger than 8 MB", "raise max_mb", huge=True),
    *on_the_way(
        "a redirect to a private address",
        lambda web, *at: web.faults.redirect(*at, "https://10.0.0.7/figures"),
        "the publisher leads to a private address (10.0.0.7)",
    ),
]


def renumbered(old: float, new: float) -> Edit:
    """A council under another of the department's numbers."""
    return table(lambda t: t.assign(**{"LA Number": t["LA Number"].replace(old, new)}))


def recoded(old: str, new: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """A council under another code, in the department's standard columns."""
    return lambda frame: frame.assign(new_la_code=frame["new_la_code"].replace(old, new))


def roads(edit: Callable[[Rows], Rows], *names: str) -> Edit:
    """The workbook on roads with both its tables changed, or one of them."""

    def change(all_sheets: dict[str, Rows]) -> None:
        for name in names or (A_ROADS, BC_ROADS):
            all_sheets[name] = edit(all_sheets[name])

    return book(change)


A_ROADS, BC_ROADS = Govuk.sheet, "RDC0120_B_and_C_Roads"
HEADER = 4
"""The row of both tables in which their headings stand."""


def renamed(old: str, new: str) -> Callable[[Rows], Rows]:
    return lambda rows: [[new if cell == old else cell for cell in row] for row in rows]


def merged_headings(rows: Rows) -> Rows:
    """One heading over all the years."""
    years = len(rows[HEADER]) - 4
    merged = [*rows[HEADER][:3], Merged("Percentage of roads", columns=years), *[COVERED] * (years - 1), "Notes"]
    return [*rows[:HEADER], merged, *rows[HEADER + 1 :]]


def merged_codes(rows: Rows) -> Rows:
    """The code of every other council merged with the one above."""
    body = [[COVERED if at % 2 else Merged(row[0], rows=2), *row[1:]] for at, row in enumerate(rows[HEADER + 1 :])]
    return [*rows[: HEADER + 1], *body]


def in_words(rows: Rows) -> Rows:
    """Figures with words beside them."""
    return [*rows[: HEADER + 1], *([*row[:3], *(f"{cell} per cent" for cell in row[3:])] for row in rows[HEADER + 1 :])]


def other_name(sheet: str) -> str:
    return sheet.replace("_", " ").removesuffix(" and Motorways")


def no_sheet(*names: str) -> Edit:
    def change(all_sheets: dict[str, Rows]) -> None:
        for name in names:
            all_sheets[other_name(name)] = all_sheets.pop(name)

    return book(change)


def zip_bomb(_: bytes) -> bytes:
    """Two hundred kilobytes that unpack to more than two hundred megabytes."""
    return _zip_bomb()


@cache
def _zip_bomb() -> bytes:
    return packed(bytes(1 << 20) for _ in range(201))


def entity_bomb(_: bytes) -> bytes:
    """Ten lines that unfold to a thousand million words."""
    levels = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    return packed(f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{levels}]><x>&l9;</x>')


def only(level: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame[frame["geographic_level"] == level]


def without_rows(shop: Nomis, _: Publishers) -> None:
    """The survey of everybody but the council."""
    shop.publish(str(NEW))
    figures = shop.stand_in.tables[nomis.RATES].figures
    for cell in [cell for cell in figures if cell[0] == COUNCIL]:
        del figures[cell]


def no_rows(shop: Nomis, _: Publishers) -> None:
    """The survey of nobody."""
    shop.publish(str(NEW))
    shop.stand_in.tables[nomis.RATES].figures.clear()


def turned(shop: Lait, _: Publishers) -> None:
    """The dictionary says that high is bad, where it said good; figures are new too."""
    shop.publish(str(NEW))
    shop.describe("High", "Low")


def unread(shop: Lait, _: Publishers) -> None:
    """The dictionary has a word of its own for a direction."""
    shop.publish(str(NEW))
    shop.describe("High", "Good")


def undescribed(shop: Lait, web: Publishers) -> None:
    """The dictionary's column of directions is called otherwise."""
    shop.publish(str(NEW))
    web.faults.replace("lait", r"dictionary\.csv$", heading("Polarity", "Polarity (new)"))


def per_cent(column: pd.Series[str]) -> pd.Series[str]:
    return column.where(column == "", column + " per cent")


VALUE = {"fingertips": "Value", "els": "observation", "nomis": "OBS_VALUE", "lginform": "2025"}
CSV = tuple(VALUE)
NEWCOMER = "E10000099"
UNKNOWN = "1 area codes nobody knows"
LOST = "Leicestershire has no figure for the latest period of any indicator"
DECIDE = ("To decide, type benchwatch approve 2 or benchwatch reject 2", "no rank was touched")

RENAMED_COLUMN = [
    inside("fingertips", "a renamed column", heading(",Value,", ",Values,"), "'Value'", "nearest is 'Values'"),
    inside("els", "a renamed column", heading("observation", "observed"), "'observation'", "nearest is 'observed'"),
    inside("nomis", "a renamed column", heading("OBS_VALUE", "OBS_VALUES"), "'OBS_VALUE'", "nearest is 'OBS_VALUES'"),
    inside("lginform", "a renamed column", heading("area,", "areas,"), "'area'", "nearest is 'areas'"),
    inside("lait", "a renamed column", table(lambda t: t.rename(columns={"Values": "Value"})), "nearest is 'Value'"),
    version(
        "a renamed column",
        lambda f: f.rename(columns={"children_percent": "children_pct"}),
        "nearest is 'children_pct'",
    ),
    inside("govuk", "a renamed column", roads(renamed("ONS Area Code", "ONS Code")), "nearest is 'ONS Code'"),
]
SHIFTED_HEADER = [inside(name, "a title above the header", below_a_title, "is missing") for name in CSV]
EMPTY = [
    *(inside(name, "a header and no rows", header_alone, "a header and no rows") for name in ("fingertips", "els")),
    inside("lginform", "a header and no rows", header_alone, "a header and no rows"),
    Case("nomis", "a header and no rows", no_rows, ("a header and no rows",), again=True),
    inside("lait", "no rows", table(lambda t: t[:0]), "none of the measures wanted is there"),
    version("no rows of councils", only("National"), "no figures for local authorities"),
    inside("govuk", "no rows", roads(lambda rows: rows[: HEADER + 1]), "no row under 'ONS area code' is of a council"),
]
HALF = [
    inside("lait", "half of it as if whole", first_half, "cut short or damaged", "fetch it again"),
    inside("govuk", "half of it as if whole", first_half, "the workbook is damaged", "fetch it again"),
    inside("ees", "half of it as if whole", first_half, "answered with another shape", again=False),
    inside("els", "half of it as if whole", first_half, "cut short"),
    inside("nomis", "half of it as if whole", first_half, "broken CSV"),
    inside("fingertips", "half of it as if whole", first_half, "cut short"),
    inside("lginform", "half of it as if whole", first_half, "cut short"),
    *(inside(name, "without its last letters", without_end, "cut short") for name in CSV if name != "nomis"),
    inside("nomis", "without its last letters", without_end, "cut short"),
]
IN_WORDS = [
    *(inside(name, "figures in words", cells(VALUE[name], per_cent), "neither a number nor a known") for name in CSV),
    inside("lait", "figures in words", table(lambda t: t.assign(Values=per_cent(t["Values"]))), "neither a number"),
    inside("lait", "numbers of another kind", table(lambda t: t.assign(Values=1.5)), "holds double instead of text"),
    version(
        "figures in words", lambda f: f.assign(children_percent=f["children_percent"].replace("10", "ten")), "'ten' is"
    ),
    inside("govuk", "figures in words", roads(in_words), "neither a number nor a known marker"),
]
NEW_COUNCIL = [
    *(inside(name, "an unknown council", text("E10000008", NEWCOMER), UNKNOWN, NEWCOMER, held=True) for name in CSV),
    inside("lait", "an unknown council", renumbered(878, 999), UNKNOWN, "DfE 999", held=True),
    version("an unknown council", recoded("E10000008", NEWCOMER), UNKNOWN, NEWCOMER, held=True),
    inside("govuk", "an unknown council", roads(renamed("E10000008", NEWCOMER)), UNKNOWN, NEWCOMER, held=True),
]
ABOLISHED = [
    *(inside(name, "the council is gone", without(COUNCIL), LOST, held=True) for name in CSV if name != "nomis"),
    Case("nomis", "the council is gone", without_rows, (LOST,), again=True, held=True),
    inside("lait", "the council is gone", table(lambda t: t[t["LA Number"] != 855]), LOST, held=True),
    version("the council is gone", lambda f: f[f["new_la_code"] != COUNCIL], LOST, held=True),
    inside("govuk", "the council is gone", roads(lambda rows: [r for r in rows if r[0] != COUNCIL]), LOST, held=True),
]
POLARITY = [
    Case(
        "lait",
        "direction turned",
        turned,
        ("direction was high, now low", "benchwatch approve 2 lait-pct-of-lac-adopted"),
        again=True,
        held=True,
        spared=Lait.others,
    ),
    Case("lait", "a direction nobody can read", unread, ("Polarity 'Good' is not one of 'High', 'Low'",), again=True),
    Case("lait", "a renamed column of the dictionary", undescribed, ("'Polarity'", "'Polarity (new)'"), again=True),
]
WORKBOOKS = [
    inside(
        "govuk", "a missing sheet", no_sheet(A_ROADS, BC_ROADS), "no sheet fits", f"nearest is {other_name(A_ROADS)!r}"
    ),
    inside("govuk", "merged headings", roads(merged_headings), "no header with the column", "FYE"),
    inside("govuk", "merged codes", roads(merged_codes), "areas have no figures any more", held=True),
    inside(
        "govuk", "a zip bomb", zip_bomb, "holds more than 200 MB, more than any real file", "nothing is read from it"
    ),
    inside("govuk", "an entity bomb", entity_bomb, "XML with declared types or entities", "nothing is read from it"),
    inside("govuk", "a PDF", lambda _: b"%PDF-1.7", "a PDF instead of an ODS or XLSX workbook", "publisher's page"),
]
INSIDE = [
    *RENAMED_COLUMN, *SHIFTED_HEADER, *EMPTY, *HALF, *IN_WORDS, *NEW_COUNCIL, *ABOLISHED, *POLARITY, *WORKBOOKS
]  # fmt: skip


def peak(work: Callable[[], object]) -> float:
    """The most memory held while at work, in megabytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / (1 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("case", [*ON_THE_WAY, *INSIDE], ids=str)
def test_no_fault_reaches_a_rank_and_each_is_told_once_and_once_when_it_is_over(
    take: Callable[[str], Bench], case: Case
) -> None:
    bench = take(case.name)
    desk, shop = bench.desk, bench.shop
    before = desk.figures(apart=case.spared)
    assert desk.latest(shop.code) not in {NEW, NEWER}

    case.begin(shop, bench.web)
    for _ in range(case.looks - 1):
        bench.poll()
        assert desk.told() == [], "a fault that may pass is waited out"
    if case.huge:
        assert peak(bench.poll) < MOST, "megabytes of three thousand"
    else:
        bench.poll()
    [told] = desk.read()
    bench.poll()
    assert desk.read() == [told], "once"
    assert desk.figures(apart=case.spared) == before
    title = publisher(case.name).TITLE
    if case.held:
        assert f"({title}" in told
        assert "benchwatch approve" in told
    else:  # the data set, or the publisher as a whole
        assert told.startswith(f"Source {title} is failing in 1 place")
        assert f"• {shop.title}" in told or f"• {title} (" in told
    for words in case.words:
        assert words in told

    bench.web.faults.clear()
    if case.again:
        shop.publish(str(NEWER))
    bench.poll()
    assert desk.latest(shop.code) == (NEWER if case.again else NEW)
    [over] = desk.read()[1:]
    assert ("no longer asked about" if case.held else "works again") in over


# --- faults with their own clock, certificate or client -------------------------------------------


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("untrusted"), "IP:127.0.0.1")


@needs_openssl
@pytest.mark.parametrize("name", SHOPS)
def test_a_wrong_certificate_is_told_and_nothing_taken(
    take: Callable[[str], Bench], untrusted: tuple[Path, Path], name: str
) -> None:
    bench = take(name)
    desk, before = bench.desk, bench.desk.figures()
    bench.shop.publish(str(NEW))
    with Publishers({name: bench.shop.stand_in}, certificate=untrusted) as web:
        desk.move(web)
        for _ in range(FAILURES_TOLD + 1):
            bench.poll()
        assert web.requests == []
    [told] = desk.read()
    assert "the certificate is not to be trusted: self-signed certificate" in told
    assert desk.figures() == before
    desk.move(bench.web)
    bench.poll()
    assert desk.latest(bench.shop.code) == NEW
    assert [notice["recovered"] for notice in desk.told()] == [[], [publisher(name).TITLE]]


@pytest.mark.parametrize("name", SHOPS)
def test_a_publisher_that_hangs_is_told_and_nothing_taken(take: Callable[[str], Bench], name: str) -> None:
    bench = take(name)
    desk, shop, before = bench.desk, bench.shop, bench.desk.figures()
    shop.publish(str(NEW))
    half_way = 0.5 if shop.detector == shop.figures else 0.0
    bench.web.faults.hang(name, shop.detector, part=half_way)
    desk.attempts = 1
    with Client(timeout=httpx.Timeout(0.1, connect=5)) as desk.client:
        for _ in range(FAILURES_TOLD + 1):
            bench.poll()
    [told] = desk.read()
    assert publisher(name).TITLE in told
    assert TRIED in told
    assert "Timeout" in told or "no answer" in told
    assert desk.figures() == before
    bench.web.faults.clear()
    desk.client = None
    bench.poll()
    assert desk.latest(shop.code) == NEW
    assert len(desk.told()) == 2


@pytest.mark.parametrize("name", SHOPS)
def test_a_publisher_that_asks_for_a_moment_gets_it_within_the_look(take: Callable[[str], Bench], name: str) -> None:
    bench = take(name)
    bench.shop.publish(str(NEW))
    bench.web.faults.status(name, bench.shop.figures, 429, headers={"Retry-After": "7"}, times=1)
    bench.web.forget()
    assert bench.poll().refusals == ()
    assert [one.status for one in bench.web.asked(name, bench.shop.figures)][:2] == [429, 200]
    assert bench.desk.latest(bench.shop.code) == NEW
    assert bench.desk.told() == []


@pytest.mark.parametrize(
    ("name", "where"), [*((name, "figures") for name in SHOPS), *((name, "detector") for name in APART)]
)
def test_a_publisher_that_asks_for_two_hours_is_left_alone_so_long(
    take: Callable[[str], Bench], name: str, where: str
) -> None:
    bench = take(name)
    desk, before = bench.desk, bench.desk.figures()
    bench.shop.publish(str(NEW))
    bench.web.faults.status(name, getattr(bench.shop, where), 429, headers={"Retry-After": "7200"})
    bench.web.forget()
    [refusal] = bench.poll().refusals
    assert refusal.reason.endswith("the server answered 429 (tried once)")
    assert bench.web.requests[-1].status == 429, "nothing else is asked for"
    assert (desk.figures(), desk.told()) == (before, [])
    assert desk.left_alone(name, 7100)
    assert not desk.left_alone(name, 7300)
    bench.web.faults.clear()
    bench.poll()
    assert desk.latest(bench.shop.code) == NEW
    assert desk.told() == []


# --- what is no fault -----------------------------------------------------------------------------


def quoted(body: bytes) -> bytes:
    """Every cell in quotation marks, numbers too."""
    return cells(next(iter(csv.reader([body.split(b"\n")[0].decode("utf-8-sig")])))[0], lambda cells: cells)(body)


def lower(rows: Rows) -> Rows:
    """The header three rows further down, as notes are added above it."""
    notes = [["A note", *[""] * (len(rows[0]) - 1)] for _ in range(3)]
    return [*rows[:1], *notes, *rows[1:]]


def as_text(rows: Rows) -> Rows:
    return [*rows[: HEADER + 1], *([str(cell) for cell in row] for row in rows[HEADER + 1 :])]


LONGER = text("Leicestershire", "Leicestershire County Council")


def longer(name: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{name: frame[name].replace("Leicestershire", "Leicestershire County Council")})


HARMLESS = [
    *(inside(name, "all cells in quotation marks", quoted) for name in CSV),
    *(inside(name, "a council renamed", LONGER) for name in ("fingertips", "els", "lginform")),
    inside("lait", "a council renamed", table(longer("LA and Regions"))),
    version("a council renamed", longer("la_name")),
    inside("govuk", "a council renamed", roads(renamed("Leicestershire", "Leicestershire County Council"))),
    inside("govuk", "a header further down", roads(lower)),
    inside("govuk", "numbers as text", roads(as_text)),
    inside(
        "govuk",
        "merged names",
        roads(lambda rows: [[row[0], Merged(row[1], columns=2), COVERED, *row[3:]] for row in rows]),
    ),
]


@pytest.mark.parametrize("case", HARMLESS, ids=str)
def test_what_is_only_written_otherwise_comes_in_with_the_figures_as_they_are(
    take: Callable[[str], Bench], case: Case
) -> None:
    bench = take(case.name)
    desk, shop = bench.desk, bench.shop
    before = desk.figures()["observations"]
    case.begin(shop, bench.web)
    assert bench.poll().refusals == ()
    assert desk.latest(shop.code) == NEW
    assert desk.told() == []
    assert len(set(desk.figures()["observations"]) - set(before)) == 1


@pytest.mark.parametrize("case", [case for case in HARMLESS if case.fault == "a council renamed"], ids=str)
def test_where_nothing_but_a_name_is_new_nothing_happens(
    take: Callable[[str], Bench], case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = take(case.name)
    desk, shop = bench.desk, bench.shop
    before, owed = desk.figures(), desk.owed()
    monkeypatch.setitem(globals(), "NEW", desk.latest(shop.code))
    case.begin(shop, bench.web)
    assert [outcome.status for outcome in bench.poll().outcomes] == ["unchanged"]
    after = desk.figures()
    assert {name for name in after if after[name] != before[name]} <= BOOKS
    assert desk.owed() == owed


# --- one fault beside what is well ----------------------------------------------------------------


def test_a_missing_sheet_is_a_gap_told_once_while_the_other_table_comes_in(take: Callable[[str], Bench]) -> None:
    bench = take("govuk")
    desk, shop = bench.desk, bench.shop
    before = desk.figures(apart=["dft-rdc0120-bc-roads"])

    def other(rows: Rows) -> Rows:
        return [[*row[:-2], NEW, row[-1]] if row[0] == COUNCIL else row for row in rows]

    both = [roads(other, BC_ROADS), no_sheet(A_ROADS)]
    shop.spoil(bench.web, lambda body: both[1](both[0](body)))
    bench.poll()
    assert desk.latest("dft-rdc0120-bc-roads") == NEW
    assert desk.figures(apart=["dft-rdc0120-bc-roads"]) == before
    [told] = desk.read()
    for words in (
        "1 indicator is missing from GOV.UK",
        "Local A roads",
        "no sheet fits",
        f"nearest is {other_name(A_ROADS)!r}",
    ):
        assert words in told
    bench.poll()
    bench.web.faults.clear()
    shop.publish(str(NEWER))
    bench.poll()
    assert desk.latest(shop.code) == NEWER
    [over] = desk.read()[1:]
    assert over.startswith("1 indicator is there again from GOV.UK")


def test_a_council_renamed_where_there_are_no_codes_is_told_with_its_name(take: Callable[[str], Bench]) -> None:
    bench = take("govuk")
    desk, shop = bench.desk, bench.shop
    before = desk.figures(apart=[shop.code])

    def change(all_sheets: dict[str, Rows]) -> None:
        name = next(name for name in all_sheets if name.startswith("Inspections_31"))
        all_sheets[name] = renamed("Leicestershire", "Leicester and Rutland")(all_sheets[name])

    shop.publish(str(NEW))
    shop.stand_in.correct(govuk.INSPECTIONS, at="2024-09-30T09:30:00+01:00")
    bench.web.faults.replace("govuk", "^/media/.*Inspection", book(change))
    bench.poll()
    bench.poll()
    assert desk.latest(shop.code) == NEW, "the other data set goes on"
    assert desk.figures(apart=[shop.code]) == before
    [told] = desk.read()
    assert "Leicester and Rutland" in told
    assert "Inspection outcomes of councils' children's services" in told


def test_a_data_set_that_is_gone_keeps_no_other_waiting(take: Callable[[str], Bench]) -> None:
    bench = take("els")
    desk, shop = bench.desk, bench.shop
    shop.publish(str(NEW))
    bench.web.faults.status("els", "^/premises", 404)
    bench.poll()
    bench.poll()
    assert desk.latest(shop.code) == NEW
    [told] = desk.read()
    assert "• Premises below 30Mbps" in told


DOORS = {"els": r"^/premises.*csv", "govuk": "^/api/content/.*road", "ees": "^/publications/.*/data-sets"}


@pytest.mark.parametrize("name", SHOPS)
def test_a_fault_that_ends_with_nothing_new_is_said_to_be_over_as_well(take: Callable[[str], Bench], name: str) -> None:
    bench = take(name)
    desk, before = bench.desk, bench.desk.figures()
    bench.web.faults.status(name, DOORS.get(name, bench.shop.detector), 500)
    for _ in range(FAILURES_TOLD):
        bench.poll()
    [failing] = desk.told()
    bench.web.faults.clear()
    bench.poll()
    bench.poll()
    [_, over] = desk.told()
    assert over["recovered"] == [trouble["place"] for trouble in failing["troubles"]]
    after = desk.figures()
    assert {name for name in after if after[name] != before[name]} <= BOOKS


@pytest.mark.parametrize("name", DOORS)
def test_failures_that_are_not_in_a_row_are_not_counted_together(take: Callable[[str], Bench], name: str) -> None:
    bench = take(name)
    for _ in range(FAILURES_TOLD):
        bench.web.faults.status(name, DOORS[name], 500)
        bench.poll()
        bench.web.faults.clear()
        bench.poll()
    assert bench.desk.told() == []


def test_a_fault_that_passes_does_not_end_one_that_stays(take: Callable[[str], Bench]) -> None:
    bench = take("govuk")
    desk, shop = bench.desk, bench.shop
    shop.spoil(bench.web, no_sheet(A_ROADS, BC_ROADS))
    bench.poll()
    assert len(desk.told()) == 1
    bench.web.faults.status("govuk", DOORS["govuk"], 500, times=3)
    for _ in range(FAILURES_TOLD):
        bench.poll()
    assert len(desk.told()) == 1
    bench.web.faults.clear()
    shop.publish(str(NEWER))
    bench.poll()
    assert len(desk.told()) == 2
    assert desk.latest(shop.code) == NEWER


def test_a_key_that_cannot_be_one_is_refused_before_anybody_is_asked(
    take: Callable[[str], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = take("lginform")
    monkeypatch.setenv("LGINFORM_SECRET", "two words")
    bench.web.forget()
    with pytest.raises(SettingsError, match="LGINFORM_SECRET holds spaces"):
        bench.poll()
    assert bench.web.requests == []
