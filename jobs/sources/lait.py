"""DfE's Local Authority Interactive Tool, from the public repository its site is made from: one file of figures.

``bds_long_0.parquet`` holds every measure, council and period, a row for each (621,520 in November 2025), and
``lait_data_dictionary.csv`` describes the measures. Both are replaced whole every month or so, unannounced. An
indicator's key ``measure`` is the publisher's own short name, exactly (``Short Desc``, ``Measure_short``).

* Councils stand under DfE's numbers, England under 970 and the regions under 980 to 990. A number outlives the ONS
  codes of its council; it is written here as the last of them.
* Values are text as R writes floats: ``39.450000000000003`` is 39.45, ``7.0000000000000007E-2`` is 0.07. Whatever the
  reason, a missing figure is ``-``, now and then ``..`` or ``c``.
* The dictionary repeats 14 measures under a second topic, some with other decimals; the first entry counts.
* Its polarity is ``High``, ``Low``, ``-`` (no direction) or nothing. ``No_Quartile`` is ``N`` where the publisher gives
  no quartiles because the range is too small.
* ``Last Update`` and ``Next Update`` are the first days of months as Excel counts days, or text such as ``TBC``. They
  belong to single measures and give the month of an edition at most, so a release has no day of publication here.
* A period's label changes from edition to edition (``2024 (Revised)``, ``2024 (Rev)``); it is left as it is.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from types import ModuleType

import pandas as pd
from pydantic import Field

from engine.areas import ENGLAND, load_areas
from engine.catalogue import MAX_DECIMALS, Indicator, Polarity
from engine.errors import CatalogueError
from engine.quality import unit_scale
from jobs.errors import LayoutChanged, SourceError
from jobs.http import Site
from jobs.sources import Gap, Noticed, Tidied, Trouble, Wanted, Wants
from jobs.sources._reading import Keys, one_by_one, read_details, read_keys
from jobs.tables import mapped, nearest, need_columns, numbers, read_csv

NAME = "lait"
TITLE = "DfE Local Authority Interactive Tool"
ADDRESS = "https://raw.githubusercontent.com/dfe-analytical-services/local-authority-interactive-tool/main/"
ON = True

MEASURE, YEARS, VALUES, NUMBER = "Short Desc", "Years", "Values", "LA Number"
_TEXTS = (MEASURE, YEARS, VALUES)
_DESCRIBED, _POLARITY, _UNIT, _DECIMALS = "Measure_short", "Polarity", "y_axis_name", "dps"
_NO_QUARTILE, _LAST, _NEXT = "No_Quartile", "Last Update", "Next Update"

ENGLAND_NUMBER = 970
REGIONS = range(980, 991)

_POLARITIES = {"High": "high", "Low": "low", "-": "", "NA": "", "": ""}
_UNSAID = ("NA", "")
_EXCEL_BEGINS = date(1899, 12, 30)
_EXCEL_DAY = re.compile(r"\d{5}")
_PARQUET = b"PAR1"


class _Keys(Keys):
    """How an indicator is found."""

    measure: str = Field(min_length=1, description="the publisher's short name, as in the dictionary's Measure_short")


class _Details(Keys):
    """Where the two files of a data set are, below the publisher's address."""

    figures: str = Field(pattern=r"\.parquet$", description="the path of a .parquet file")
    dictionary: str = Field(pattern=r"\.csv$", description="the path of a .csv file")


def check(wants: Iterable[Wants]) -> None:
    """A data set names its two files; an indicator names its measure, and no two name the same."""
    for want in wants:
        _details(want)
        taken: dict[str, str] = {}
        for wanted in want.series:
            code, measure = wanted.indicator.code, _measure(wanted)
            if measure in taken:
                msg = f"{NAME}: indicators {taken[measure]!r} and {code!r} both take the measure {measure!r}"
                raise CatalogueError(msg)
            taken[measure] = code


def _details(want: Wants) -> _Details:
    return read_details(_Details, want.dataset)


def _measure(wanted: Wanted) -> str:
    return read_keys(_Keys, wanted).measure


def notice(site: Site, wants: Mapping[str, Wants]) -> Iterator[Noticed | Trouble]:
    """Both files, asked for with conditions: unchanged they cost two answers without a body.

    The mark is made of their content. Without pyarrow nobody is asked: what was fetched could not be read.
    """
    _parquet()
    return one_by_one(wants.values(), lambda want: _noticed(site, want))


def _noticed(site: Site, want: Wants) -> Noticed:
    bodies = _bodies(site, want)
    title, expected = _edition(want, bodies[1])
    mark = hashlib.sha256(b"".join(hashlib.sha256(body).digest() for body in bodies)).hexdigest()
    return Noticed(want.dataset.name, mark, title, expected=expected)


def fetch(site: Site, wants: Wants, noticed: Noticed) -> tuple[bytes, ...]:
    """The figures and the dictionary, from the cache when they were noticed just now."""
    return _bodies(site, wants)


def _bodies(site: Site, want: Wants) -> tuple[bytes, bytes]:
    details = _details(want)
    return site.get(details.figures).body, site.get(details.dictionary).body


def _edition(want: Wants, body: bytes) -> tuple[str, date | None]:
    """The release's name, with the month of the newest update, and the next month in which a wanted measure is due."""
    where = _details(want).dictionary
    frame = read_csv(body, where, needed=(_DESCRIBED, _LAST, _NEXT))
    newest = max(_days(frame[_LAST]), default=None)
    if newest is None:
        return want.dataset.title, None
    wanted = frame[_DESCRIBED].isin([_measure(one) for one in want.series])
    expected = min((day for day in _days(frame.loc[wanted, _NEXT]) if day > newest), default=None)
    return f"{want.dataset.title}, {newest:%B %Y}", expected


def _days(cells: pd.Series[str]) -> list[date]:
    """The dates among cells that also say TBC, Discontinued, New Data and the like."""
    return [_EXCEL_BEGINS + timedelta(int(cell)) for cell in cells.unique() if _EXCEL_DAY.fullmatch(cell)]


def tidy(wants: Wants, noticed: Noticed, bodies: tuple[bytes, ...]) -> Tidied:
    """The wanted measures with all their periods, for councils and England, and how the dictionary describes them."""
    details = _details(wants)
    code_of = {_measure(wanted): wanted.indicator.code for wanted in wants.series}
    frame, stated = _figures(bodies[0], details.figures, list(code_of))
    if not set(code_of) & set(stated):
        first = next(iter(code_of))
        msg = f"{details.figures}: none of the measures wanted is there, not even {first!r}; {nearest(first, stated)}"
        raise LayoutChanged(msg)
    described = _described(bodies[1], details.dictionary)
    return Tidied(
        rows=_rows(frame, code_of, details.figures),
        entries=tuple(
            _entry(wanted, described[_measure(wanted)], details.dictionary)
            for wanted in wants.series
            if _measure(wanted) in described
        ),
        gaps=tuple(
            Gap(code, f"{details.figures}: no measure {measure!r}; {nearest(measure, stated)}")
            for measure, code in code_of.items()
            if measure not in stated
        ),
        notes=tuple(_notes(code_of, stated, described, details.dictionary)),
    )


def _figures(body: bytes, where: str, measures: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """The rows of the wanted measures, and the measures there are."""
    parquet = _parquet()
    if not body.startswith(_PARQUET):
        msg = f"{where}: is no parquet file; it begins with {body[:40]!r}"
        raise LayoutChanged(msg)
    buffer = importlib.import_module("pyarrow").py_buffer(body)
    try:
        schema = parquet.read_schema(buffer)
        _need_schema({field.name: str(field.type) for field in schema}, schema.names, where)
        stated = parquet.read_table(buffer, columns=[MEASURE], read_dictionary=[MEASURE], use_threads=False)
        names = sorted(set(stated[MEASURE].unique().to_pylist()) - {None})
        table = parquet.read_table(
            buffer,
            columns=[*_TEXTS, NUMBER],
            read_dictionary=list(_TEXTS),
            filters=[(MEASURE, "in", list(measures))],
            use_threads=False,
        )
    except (ValueError, OSError) as error:  # pyarrow's own errors are kinds of these
        msg = f"{where}: the parquet file is cut short or damaged ({str(error).strip()}); fetch it again"
        raise SourceError(msg) from error
    return table.to_pandas(), names


def _parquet() -> ModuleType:
    """Pyarrow is large and needed here alone, so it is not among what benchwatch always needs."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        msg = f"{TITLE}: its figures are a parquet file, which needs pyarrow: pip install 'benchwatch[lait]'"
        raise SourceError(msg) from error


def _need_schema(types: Mapping[str, str], columns: Sequence[str], where: str) -> None:
    need_columns(columns, (*_TEXTS, NUMBER), where)
    for column in _TEXTS:
        if "string" not in types[column]:
            msg = f"{where}: the column {column!r} holds {types[column]} instead of text"
            raise LayoutChanged(msg)
    if not types[NUMBER].startswith(("double", "float", "int")):
        msg = f"{where}: the column {NUMBER!r} holds {types[NUMBER]} instead of numbers"
        raise LayoutChanged(msg)


def _rows(frame: pd.DataFrame, code_of: Mapping[str, str], where: str) -> pd.DataFrame:
    blank = frame.columns[frame.isna().any()]
    if len(blank):
        msg = f"{where}: the column {blank[0]!r} has empty cells"
        raise LayoutChanged(msg)
    frame = frame[~frame[NUMBER].isin(REGIONS)]
    value, status = numbers(frame[VALUES], f"{where}: {VALUES}")
    rows = pd.DataFrame(
        {
            "indicator": mapped(frame[MEASURE], code_of.__getitem__),
            "area_code": mapped(frame[NUMBER], _area),
            "period": mapped(frame[YEARS], str),
            "value": mapped(value, _plain),
            "status": status,
        }
    )
    return rows.drop_duplicates(ignore_index=True).assign(lower_ci="", upper_ci="")


def _area(number: float) -> str:
    """The ONS code; a number nobody knows is written as such, so that a new council is reported and not lost."""
    return _codes().get(number, f"DfE {number:g}")


@cache
def _codes() -> dict[float, str]:
    """The last ONS code of each DfE number."""
    areas = sorted(load_areas(), key=lambda area: area.start or date.min)
    codes = {float(area.dfe_number): area.code for area in areas if area.dfe_number}
    return codes | {float(ENGLAND_NUMBER): ENGLAND}


def _plain(text: str) -> str:
    """The same number in the fewest digits, without an exponent."""
    return f"{Decimal(repr(float(text))):f}".removesuffix(".0") if text else ""


def _described(body: bytes, where: str) -> dict[str, dict[str, str]]:
    """The dictionary's rows by measure, the first entry of each."""
    columns = (_DESCRIBED, _POLARITY, _UNIT, _DECIMALS, _NO_QUARTILE)
    frame = read_csv(body, where, needed=columns).drop_duplicates(_DESCRIBED)
    return {row[0]: dict(zip(columns, row, strict=True)) for row in frame[list(columns)].itertuples(index=False)}


def _entry(wanted: Wanted, row: Mapping[str, str], where: str) -> Indicator:
    """An indicator with the publisher's polarity, decimals and unit; what it does not say is the catalogue's."""
    place = f"{where}: {_measure(wanted)!r}"
    if row[_POLARITY] not in _POLARITIES:
        msg = f"{place}: {_POLARITY} {row[_POLARITY]!r} is not one of {', '.join(map(repr, _POLARITIES))}"
        raise LayoutChanged(msg)
    direction = _POLARITIES[row[_POLARITY]]
    decimals = row[_DECIMALS]
    if decimals not in _UNSAID and not (decimals.isdecimal() and int(decimals) <= MAX_DECIMALS):
        msg = f"{place}: {_DECIMALS} {decimals!r} is not a whole number from 0 to {MAX_DECIMALS}"
        raise LayoutChanged(msg)
    own = wanted.indicator
    return replace(
        own,
        polarity=Polarity.parse(direction) if direction else own.polarity,
        decimals=own.decimals if decimals in _UNSAID else int(decimals),
        # Beside scales the publisher writes names there, such as "Absence Rate".
        unit=row[_UNIT] if unit_scale(row[_UNIT]) else own.unit,
    )


def _notes(
    code_of: Mapping[str, str], stated: Sequence[str], described: Mapping[str, Mapping[str, str]], where: str
) -> Iterator[str]:
    flagged = [code for name, code in code_of.items() if described.get(name, {}).get(_NO_QUARTILE) == "N"]
    if flagged:
        yield f"the publisher gives no quartiles, for the range is too small: {', '.join(flagged)}"
    missing = [code for name, code in code_of.items() if name in stated and name not in described]
    if missing:
        yield f"{where} does not describe, so the catalogue's description stands: {', '.join(missing)}"
