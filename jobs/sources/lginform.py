"""LG Inform, the Local Government Association's collection of council figures, by the web services of esd.

What is known of its interface (its own documentation, and scripts that councils publish):

* Without a key it answers 401. A key goes with a secret: the whole address, with ``ApplicationKey`` and
  percent-decoded, is signed by HMAC-SHA1 with the secret, and the signature, in base64, is added as ``Signature``.
  Use is capped for those who do not subscribe, and the licence is mixed, so it is off unless somebody turns it on.
* ``metricTypes/17443`` describes a metric type; its metadataOrDataLastUpdated is the mark. Lists come under
  ``metricType-array``, so one is expected under ``metricType``; it is read without that, too.
* ``data.csv`` with the periods as columns begins with area (an ONS code), area label and area long label. A second
  line may again begin with area: a header, not figures.

An address that is asked carries key and signature. Neither is shown, logged or kept.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode

import pandas as pd
from pydantic import Field

from engine.areas import councils_and_england
from engine.errors import CatalogueError
from engine.periods import PeriodError, parse_period
from jobs.errors import LayoutChanged, SourceError
from jobs.http import Answer, Site, shown
from jobs.sources import Noticed, Tidied, Trouble, Wants
from jobs.sources._reading import Keys, one_by_one, read_details, read_keys
from jobs.tables import nearest, numbers, read_csv, upper_tier
from jobs.tidy import date_in

NAME = "lginform"
TITLE = "LG Inform (Local Government Association)"
ADDRESS = "https://webservices.esd.org.uk/"
ON = False

_PERIODS = "latest:8"
_MARK = "metadataOrDataLastUpdated"
_LABELS = ["area", "area label", "area long label"]


class _Details(Keys):
    """Which metric type a data set is."""

    metric_type: int = Field(ge=1, description="the number of a metric type, such as 17443")


def check(wants: Iterable[Wants]) -> None:
    """Refuse data sets without metric_type, and indicators with keys: a data set has one indicator."""
    for wanted in wants:
        _metric_type(wanted)
        first, *more = wanted.series
        if more:
            msg = (
                f"indicator {more[0].indicator.code!r}: the data set {wanted.dataset.name!r} of {NAME} is one metric "
                f"type, which {first.indicator.code!r} has already; make a data set for it"
            )
            raise CatalogueError(msg)
        read_keys(Keys, first)


def _metric_type(wants: Wants) -> int:
    return read_details(_Details, wants.dataset).metric_type


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """When each metric type or its figures were last updated. Raises SourceError without key and secret."""
    _credentials(site)
    return one_by_one(wants.values(), lambda want: _noticed(site, want))


def _noticed(site: Site, wants: Wants) -> Noticed:
    answer = _get(site, f"metricTypes/{_metric_type(wants)}", {})
    document = answer.json()
    described = document.get("metricType", document) if isinstance(document, dict) else None
    if not isinstance(described, dict) or not described.get(_MARK):
        known = described if isinstance(described, dict) else ()
        msg = f"{shown(answer.address)}: {_MARK!r} is missing; {nearest(_MARK, known)}"
        raise LayoutChanged(msg)
    updated = str(described[_MARK]).strip()
    day = date_in(updated)
    title = f"{wants.dataset.title}, {day.day} {day:%B %Y}" if day else wants.dataset.title
    return Noticed(wants.dataset.name, updated, title, published=day)


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """The latest periods of the metric type, for England and the councils there are today."""
    query = {
        "metricType": str(_metric_type(wants)),
        "area": ",".join(councils_and_england(datetime.now(UTC).date())),
        "period": _PERIODS,
        "columnGrouping": "period",
        "rowGrouping": "area",
    }
    return (_get(site, "data.csv", query).body,)


def _credentials(site: Site) -> tuple[str, str]:
    key, secret = (site.credentials.get(name, "").strip() for name in ("key", "secret"))
    if not key or not secret:
        msg = (
            f"{TITLE} needs a key and its secret: set LGINFORM_KEY and LGINFORM_SECRET in the environment "
            "(from developertools.esd.org.uk), or turn the source off"
        )
        raise SourceError(msg)
    return key, secret


def signed(address: str, query: Mapping[str, str], key: str, secret: str) -> str:
    """The address to send: with the key, and signed with the secret as the web services ask for it."""
    whole = f"{address}?{urlencode({**query, 'ApplicationKey': key}, quote_via=quote)}"
    digest = hmac.digest(secret.encode(), unquote(whole).encode(), "sha1")
    return f"{whole}&Signature={quote(base64.b64encode(digest), safe='')}"


def _get(site: Site, path: str, query: Mapping[str, str]) -> Answer:
    """The answer to a signed request, as long as neither key nor secret nor signature is in it, for bodies are kept."""
    key, secret = _credentials(site)
    address = signed(site.address + path, query, key, secret)
    answer = site.get(address)
    signature = address.rpartition("=")[2]
    private = {text for one in (key, secret, unquote(signature)) for text in (one, quote(one, safe=""))}
    if any(text.encode() in answer.body for text in private):
        msg = f"{shown(address)}: the answer repeats the key it was asked with, and is not kept"
        raise SourceError(msg)
    return answer


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """One row for each council and period; the columns after the three of the area are periods."""
    where = f"{TITLE} metric type {_metric_type(wants)}"
    [body] = bodies
    frame = read_csv(body, where, needed=["area"], keep=None)
    periods = [column for column in frame.columns if column not in _LABELS]
    for label in periods:
        _need_period(label, where)
    frame = frame[~_headers(frame, where)]
    frame = frame[upper_tier(frame["area"])]
    if frame.empty or not periods:
        msg = f"{where}: no row of a council and period"
        raise LayoutChanged(msg)
    rows = frame.melt(["area"], periods, var_name="period", value_name="cell").drop_duplicates()
    value, status = numbers(rows["cell"], where)
    [series] = wants.series
    return Tidied(
        pd.DataFrame(
            {
                "indicator": series.indicator.code,
                "area_code": rows["area"],
                "period": rows["period"],
                "value": value,
                "status": status,
                "lower_ci": "",
                "upper_ci": "",
            }
        )
    )


def _need_period(label: str, where: str) -> None:
    try:
        parse_period(label)
    except PeriodError as error:
        msg = f"{where}: the column {label!r} is neither {', '.join(map(repr, _LABELS))} nor a period ({error})"
        raise LayoutChanged(msg) from error


def _headers(frame: pd.DataFrame, where: str) -> pd.Series[bool]:
    """Lines that begin as the header does: the one below it, whatever it says, and repetitions of it.

    Raises LayoutChanged for another header further down, under which the figures would be of other periods.
    """
    again: pd.Series[bool] = frame["area"].eq("area")
    other = again & frame.ne(list(frame.columns)).any(axis=1)
    other.iloc[0] = False
    if other.any():
        line = int(other.to_numpy().argmax()) + 2
        msg = f"{where}: another header in line {line}: {', '.join(frame[other].iloc[0, :6])}"
        raise LayoutChanged(msg)
    return again
