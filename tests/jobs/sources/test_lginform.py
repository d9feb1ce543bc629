"""LG Inform over real HTTP: signed requests, secrets that never show, and what is refused."""

from __future__ import annotations

import logging
import tomllib
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import stamina

from engine.areas import comparators
from engine.catalogue import Indicator, Polarity
from engine.errors import CatalogueError
from engine.origins import DataSet, read_dataset
from engine.periods import parse_period
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.http import Client, Site
from jobs.logs import configure_logs
from jobs.sources import Noticed, Tidied, Trouble, Wanted, Wants, lginform
from tests.publishers.exchange import Reply, Request
from tests.publishers.lginform import CARE_HOMES, KEY, SECRET, StandIn
from tests.publishers.server import Publishers

CATALOGUE = Path(lginform.__file__).parents[2] / "engine" / "catalogue" / "publisher-lginform.toml"
COUNCIL = "E10000018"
DATA = r"data\.csv$"
HOMES = Indicator("homes", "Care homes", "Adult Social Care - Delivery", Polarity.parse("high"))
CREDENTIALS = {"key": KEY, "secret": SECRET}


@pytest.fixture
def stand_in() -> StandIn:
    return StandIn()


@pytest.fixture
def web(stand_in: StandIn) -> Iterator[Publishers]:
    with Publishers({"lginform": stand_in}) as web:
        yield web


@pytest.fixture
def site(web: Publishers, tmp_path: Path) -> Iterator[Site]:
    with Client(tmp_path / "cache.db") as client, stamina.set_testing(True, attempts=1):
        yield client.site(web.address("lginform"), credentials=CREDENTIALS)


def wants(*keys: dict[str, Any], **details: Any) -> Wants:
    series = tuple(Wanted(replace(HOMES, code=f"homes{at or ''}"), own) for at, own in enumerate(keys or ({},)))
    return Wants(DataSet("lginform", "set", "A data set", details=details or {"metric_type": CARE_HOMES}), series)


def shipped() -> Wants:
    [entry] = tomllib.loads(CATALOGUE.read_text())["dataset"]
    return Wants(read_dataset(entry, str(CATALOGUE)), (Wanted(HOMES, {}),))


def noticed(site: Site) -> Noticed:
    [found] = lginform.notice(site, {"care-homes": shipped()})
    assert isinstance(found, Noticed)
    return found


def read(site: Site) -> Tidied:
    lginform.check([shipped()])
    seen = noticed(site)
    return lginform.tidy(shipped(), seen, lginform.fetch(site, shipped(), seen))


def tidied(text: str) -> list[dict[str, Any]]:
    rows = lginform.tidy(wants(), Noticed("set", "", ""), (text.encode(),)).rows
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def test_it_is_off_unless_somebody_turns_it_on() -> None:
    assert lginform.ON is False


def test_the_mark_is_when_the_metric_type_was_last_updated(site: Site, stand_in: StandIn) -> None:
    first = noticed(site)
    assert (first.mark, first.published) == ("2026-11-03T04:12:33", date(2026, 11, 3))
    assert first.title == "Care homes rated good or outstanding, 3 November 2026"
    assert noticed(site).mark == first.mark
    stand_in.updated = "2026-12-01T04:00:00"
    assert noticed(site).mark == "2026-12-01T04:00:00"


def test_all_councils_and_england_are_read_for_eight_periods(site: Site, stand_in: StandIn) -> None:
    stand_in.revised[COUNCIL, "2024"] = "1,084.5"
    stand_in.revised[COUNCIL, "2025"] = ""
    found = read(site)
    rows = found.rows
    assert not found.gaps
    assert not rows.duplicated(["indicator", "area_code", "period"]).any()
    assert len(rows) == 154 * 8
    assert set(comparators("counties", COUNCIL, date(2026, 11, 22)).codes) < set(rows.area_code)
    assert max(map(parse_period, rows.period.unique())).label == "2025"
    own = {row.period: (row.value, row.status) for row in rows[rows.area_code == COUNCIL].itertuples()}
    assert (own["2024"], own["2025"]) == (("1084.5", ""), ("", ""))


def test_a_signed_address_is_the_known_one() -> None:
    # Worked out with: printf %s 'https://example.org/data.csv?area=E1,E2&ApplicationKey=k' | \
    #   openssl dgst -sha1 -hmac s -binary | base64
    address = lginform.signed("https://example.org/data.csv", {"area": "E1,E2"}, "k", "s")
    assert (
        address
        == "https://example.org/data.csv?area=E1%2CE2&ApplicationKey=k&Signature=VM1JSKxKNNWJmfRoBy66e2cx%2BOE%3D"
    )


@pytest.mark.parametrize("credentials", [{"key": "other", "secret": SECRET}, {"key": KEY, "secret": "other one"}])
def test_a_wrong_key_or_secret_is_refused(web: Publishers, credentials: dict[str, str]) -> None:
    with Client() as client:
        site = client.site(web.address("lginform"), credentials=credentials)
        [found] = lginform.notice(site, {"care-homes": shipped()})
    assert isinstance(found, Trouble)
    assert "the server answered 401" in str(found.error)
    assert not any(text in str(found.error) for text in (*credentials.values(), "E10000018"))


@pytest.mark.parametrize("credentials", [{}, {"key": KEY}, {"secret": SECRET}, {"key": " ", "secret": SECRET}])
def test_without_key_or_secret_nothing_is_asked(web: Publishers, credentials: dict[str, str]) -> None:
    with Client() as client:
        site = client.site(web.address("lginform"), credentials=credentials)
        with pytest.raises(SourceError, match="set LGINFORM_KEY and LGINFORM_SECRET") as error:
            list(lginform.notice(site, {"care-homes": shipped()}))
    assert SECRET not in str(error.value)
    assert not web.requests


def private(web: Publishers) -> set[str]:
    """Key, secret and every signature that was sent, plain and as they stand in an address."""
    signatures = {value for asked in web.asked("lginform") for value in asked.query.get("Signature", [])}
    plain = {KEY, SECRET, *signatures}
    return plain | {quote(text, safe="") for text in plain}


@pytest.mark.parametrize("trouble", ["refused", "down", "page", "redirect", "gone"])
def test_key_secret_and_signature_never_show(
    site: Site, web: Publishers, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = noticed(site)
    match trouble:
        case "refused":
            web.stand_ins["lginform"] = Refusing()
        case "down":
            web.faults.status("lginform", DATA, 503)
        case "page":
            web.faults.page("lginform", DATA)
        case "redirect":
            web.faults.redirect("lginform", DATA, "http://elsewhere.invalid/")
        case _:
            web.faults.status("lginform", DATA, 404)
    root = logging.getLogger()
    level = root.level
    configure_logs("debug")
    try:
        with pytest.raises(SourceError) as error:
            lginform.fetch(site, shipped(), seen)
    finally:
        root.setLevel(level)
    told = "".join(traceback.format_exception(error.value)) + capsys.readouterr().err + repr(site)
    assert len(private(web)) > 4
    assert not [text for text in private(web) if text in told]


class Refusing(StandIn):
    """Repeats key and signature in its refusal."""

    def answer(self, request: Request) -> Reply:
        words = f"no use of {request.one('ApplicationKey')} with {request.one('Signature')} by {SECRET}"
        return Reply(words.encode(), 403, "text/plain")


def test_an_answer_that_repeats_the_key_is_not_kept(site: Site, stand_in: StandIn) -> None:
    stand_in.echo = True
    with pytest.raises(SourceError, match="repeats the key") as error:
        read(site)
    assert KEY not in str(error.value)


def test_answers_to_signed_requests_are_not_cached(site: Site, web: Publishers, tmp_path: Path) -> None:
    read(site)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert not [text for text in private(web) if text.encode() in files]


def test_one_metric_type_that_is_gone_leaves_the_others_alone(site: Site) -> None:
    found = list(lginform.notice(site, {"gone": wants(metric_type=1), "care-homes": shipped()}))
    assert isinstance(found[0], Trouble)
    assert "nothing at this address" in str(found[0].error)
    assert isinstance(found[1], Noticed)


def test_a_publisher_that_answers_nobody_is_unreachable_as_a_whole(site: Site, web: Publishers) -> None:
    web.faults.status("lginform", "", 503)
    with pytest.raises(Unreachable):
        list(lginform.notice(site, {"care-homes": shipped()}))


def test_a_description_without_its_mark_is_refused_with_the_nearest(site: Site, web: Publishers) -> None:
    web.faults.replace("lginform", "metric", b'{"metricType": {"metadataLastUpdated": "2026"}}')
    [found] = lginform.notice(site, {"care-homes": shipped()})
    assert isinstance(found, Trouble)
    assert "'metadataOrDataLastUpdated' is missing; the nearest is 'metadataLastUpdated'" in str(found.error)


HEAD = "area,area label,area long label,2023/24,2024/25\n"


def test_a_repeated_header_is_no_row() -> None:
    found = tidied(f"{HEAD}{HEAD}{COUNCIL},Leicestershire,Leicestershire,70.5,71\n{HEAD}")
    assert [(row["period"], row["value"]) for row in found] == [("2023/24", "70.5"), ("2024/25", "71")]


def test_a_second_line_of_the_header_may_say_something_else() -> None:
    second = "area,area label,area long label,Percentage,Percentage\n"
    assert len(tidied(f"{HEAD}{second}{COUNCIL},Leicestershire,Leicestershire,70.5,71\n")) == 2


def test_a_header_of_other_periods_further_down_is_refused() -> None:
    row = f"{COUNCIL},Leicestershire,Leicestershire,70.5,71\n"
    other = "area,area label,area long label,2021/22,2022/23\n"
    with pytest.raises(LayoutChanged, match=r"another header in line 3: area, .*2021/22"):
        tidied(f"{HEAD}{row}{other}{row}")


def test_markers_are_missing_and_not_nought() -> None:
    found = tidied(f"{HEAD}{COUNCIL},Leicestershire,Leicestershire,-,[c]\n")
    assert [(row["value"], row["status"]) for row in found] == [("", "-"), ("", "c")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace("area,", "area code,", 1), "the column 'area' is missing; the nearest is 'area code'"),
        (HEAD.replace("long", "full") + f"{COUNCIL},L,L,1,2\n", "column 'area full label' is neither 'area'"),
        (HEAD.replace("2023/24", "England") + f"{COUNCIL},L,L,1,2\n", "column 'England' is neither 'area'"),
        (HEAD + f"{COUNCIL},L,L,soon,2\n", "'soon' is neither a number nor a known marker"),
        (HEAD + "E07000129,Blaby,Blaby,1,2\n", "no row of a council and period"),
        (f"area,area label,area long label\n{COUNCIL},L,L\n", "no row of a council and period"),
        (HEAD, "a header and no rows"),
        ("<p>Sorry</p>", "'area' is missing"),
    ],
)
def test_other_layouts_are_refused(text: str, message: str) -> None:
    with pytest.raises(LayoutChanged, match=message):
        tidied(text)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            wants(metric_type=1, page=1),
            "data set 'set' of lginform: page: extra inputs are not permitted; its keys are",
        ),
        (wants(page=1), "metric_type: field required, page: extra inputs are not permitted; its keys are metric_type"),
        (wants(metric_type="17443"), "metric_type: input should be a valid integer"),
        (wants(metric_type=True), "metric_type: input should be a valid integer"),
        (wants(metric_type=0), "metric_type: input should be greater than or equal to 1"),
        (wants({"column": "x"}), "indicator 'homes': column: extra inputs are not permitted; it takes no keys"),
        (wants({}, {}), "indicator 'homes1': the data set 'set' of lginform is one metric type"),
    ],
)
def test_entries_it_cannot_use_are_refused(wanted: Wants, message: str) -> None:
    with pytest.raises(CatalogueError) as error:
        lginform.check([wanted])
    assert message in str(error.value)
