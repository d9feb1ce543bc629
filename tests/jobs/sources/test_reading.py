"""What all publishers share: keys, looks that go on after a fault, series put together, cells of a CSV file."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import Field

from engine.catalogue import Indicator, Polarity
from engine.errors import CatalogueError
from engine.origins import DataSet
from jobs.errors import LayoutChanged, SourceError, Unreachable
from jobs.sources import Gap, Noticed, Trouble, Wanted, Wants
from jobs.sources._reading import Keys, in_groups, one_by_one, read_details, read_keys, tidied
from jobs.tables import numbers, read_csv

WANTS = [Wants(DataSet("shelf", name, name.capitalize()), ()) for name in ("a", "b", "c")]


class Measure(Keys):
    measure: str = Field(description="as in the file")
    years: int = 1


def looking(**errors: SourceError) -> list[Noticed | Trouble]:
    """What is noticed when these data sets have errors."""

    def look(want: Wants) -> Noticed:
        if error := errors.get(want.dataset.name):
            raise error
        return Noticed(want.dataset.name, "mark", "Title")

    return list(one_by_one(WANTS, look))


def test_keys_are_refused_with_all_that_is_wrong_and_all_that_is_allowed() -> None:
    wanted = Wanted(Indicator("potholes", "Potholes", "Economy", Polarity.parse("low")), {"mesure": "x", "years": "2"})
    words = (
        r"indicator 'potholes': measure: field required, years: input should be a valid integer, mesure: extra inputs "
        r"are not permitted; its keys are measure \(as in the file\), years"
    )
    with pytest.raises(CatalogueError, match=words):
        read_keys(Measure, wanted)
    assert read_details(Keys, WANTS[0].dataset) == Keys()
    with pytest.raises(CatalogueError, match=r"data set 'a' of shelf: sheet: extra inputs .*; it takes no keys"):
        read_details(Keys, DataSet("shelf", "a", "A", details={"sheet": 1}))


def test_one_data_set_in_trouble_leaves_the_others() -> None:
    found = looking(a=LayoutChanged("other columns"), b=Unreachable("503"))
    assert [(type(one), one.dataset) for one in found] == [(Trouble, "a"), (Trouble, "b"), (Noticed, "c")]


@pytest.mark.parametrize(("name", "rest"), [("a", 0.0), ("b", 60.0)])
def test_a_publisher_that_is_down_from_the_first_or_asks_us_to_wait_is_asked_no_more(name: str, rest: float) -> None:
    with pytest.raises(Unreachable, match="no answer"):
        looking(**{name: Unreachable("no answer", rest)})


def test_data_sets_that_are_looked_at_together_are_in_trouble_together() -> None:
    def look(group: object) -> list[Noticed | Trouble]:
        raise Unreachable("503")

    found = list(in_groups([WANTS[:2], WANTS[2:]], look, answered=True))
    assert [one.dataset for one in found if isinstance(one, Trouble)] == ["a", "b", "c"]


def test_series_are_put_together_beside_one_gap_for_each_indicator() -> None:
    row = pd.DataFrame({"indicator": ["a"], "value": ["1"]})
    found = tidied([row, Gap("b", "not there"), row, Gap("b", "nor there")], "Shelf", "a note")
    assert found.rows.to_numpy().tolist() == [["a", "1"]]
    assert (found.gaps, found.notes) == ((Gap("b", "not there"),), ("a note",))


def test_gaps_alone_are_refused_with_each_reason_once() -> None:
    gaps = [Gap("a", "no sheet"), Gap("b", "no sheet"), Gap("c", "no column")]
    with pytest.raises(LayoutChanged, match=r"^Shelf: nothing that is wanted can be read: no sheet\. no column$"):
        tidied(gaps, "Shelf")
    many = [Gap(str(number), f"reason {number}") for number in range(1000)]
    with pytest.raises(LayoutChanged) as refused:
        tidied(many, "Shelf")
    assert len(str(refused.value)) == 2000


def test_cells_of_a_csv_file_lose_the_blanks_around_them_and_columns_are_those_asked_for() -> None:
    body = b"code,name,2024\n E10000018 ,Leicestershire , 1.5\n"
    assert read_csv(body, "x", needed=["code"]).to_numpy().tolist() == [["E10000018"]]
    assert read_csv(body, "x", needed=["2024"], keep=["name", "none"]).to_numpy().tolist() == [
        ["Leicestershire", "1.5"]
    ]
    assert list(read_csv(body, "x", needed=["code"], keep=None)) == ["code", "name", "2024"]


def test_numbers_keep_their_place_and_name_the_place_of_the_first_that_is_none() -> None:
    cells = pd.Series(["1,234.5", " -2", "−3", "[C]", "", "n/a", "-2"], index=[9, 8, 7, 6, 5, 4, 3], dtype="str")
    value, status = numbers(cells, "x")
    assert value.to_dict() == {9: "1234.5", 8: "-2", 7: "-3", 6: "", 5: "", 4: "", 3: "-2"}
    assert list(status) == ["", "", "", "c", "", "na", ""]
    places = pd.Series(["A", "B", "B"])
    with pytest.raises(LayoutChanged, match=r"^B: 'soon' is neither a number nor a known marker \(1 such cells\)"):
        numbers(pd.Series(["1", "2", "soon"], dtype="str"), places)


@pytest.mark.parametrize("cell", ["e5", "٣", "1,23", "5.", ".", "12 34", "1e", "nan"])
def test_what_only_looks_like_a_number_is_none(cell: str) -> None:
    with pytest.raises(LayoutChanged, match="neither a number nor a known marker"):
        numbers(pd.Series([cell], dtype="str"), "x")
