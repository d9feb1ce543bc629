"""Dashboards for tests: a small one kept here, the council's own where it is there, and both read by hand."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction
from pathlib import Path

import pytest

PUBLISHED = Path(__file__).parents[2] / "shared" / "seed" / "leicestershire_dashboards_2016_17.csv"
needs_dashboards = pytest.mark.skipif(not PUBLISHED.is_file(), reason="no published dashboards in ../shared/seed")

HEADER = (
    "theme,section,indicator,flag,direction_of_travel,end_of_year_2016_17,target_2017_18,end_of_year_2015_16,"
    "quartile_position,polarity"
)
SMALL = f"""{HEADER}
Fair Funding,Value,Core spending per head,,↓,£653,,£661,4th,High
Fair Funding,Value,Education per head,,↓,£337,MTFS,£341,4th,High
Fair Funding,Value,Agree we give value for money,,↓,69.8%,,73.8%,1st/2nd,High
Fair Funding,Value,Savings,,N/A,£26.17m,£26.57m,£34.96m,-,High
Economy,Growth,"Value added (Leics, Leicester & Rutland)",exceptional,↑,£23.7bn,£23bn,£23.1bn,-,High
Economy,Growth,Value added per head,,↑,"£22,689","£23,500","£22,597",2nd,High
Economy,Skills,NEET,exceptional,↑,2.2%,<4%,3.0%,1st (2015/16),Low
Economy,Roads,Speed in the morning (mph),,↓,31.7 (2016),30.3 (2020/21),32.3 (2015),2nd (2014/15),High
Economy,Roads,Roads in need,,→,2%,5-6%,2%,1st,Low
Economy,Roads,Casualties,,↑,1705,1638,1768,2nd,low
Health,Public Health,Dementia diagnosis,exceptional,↑,69.10%,67%,58.50%,3rd (Eng.),High
Health,Public Health,Breastfeeding,,N/A,No data,increase,74.4%,2nd (Eng.) (2015/16),High
Health,Public Health,Anxious,exceptional,↑,16.8%,top quartile,18.1%,1st (Eng.),Low
Health,Public Health,In control,,↑,78.0%,80%,74.9%,2nd,High
Safe,Courts,Custody,exceptional,↑,1.3%,>5%,4.0%,2nd (2015/16),Low
Safe,Courts,Repeat cases at MARAC,,→,30%,28%-40%,28%,-,NA
Police & Crime,Crime,Burglary,,↓,3.91,2.99,3.53,4th,Low
School Performance,Schools,Progress 8,,→,-0.10,Above average,-0.11,4th (2015/16),High
School Performance,Schools,Attainment 8,,N/A,,increase,23.4%,2nd (2015/16),High
Corporate,Web,Star rating,exceptional,↑,3,3+,2,2nd,High
Corporate,People,Equality framework,,→,Excellent,Excellent,Excellent,-,High
Corporate,People,Equality ranking*,,↓,36,7,7,1st*,Low
"""
"""Rows as they are printed, of all kinds; names are shortened."""

ARROWS = {"↑": "improved", "→": "similar", "↓": "declined", "N/A": "not_comparable"}


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def number(text: str) -> Fraction | None:
    found = re.fullmatch(r"£?(-?[\d,]+(?:\.\d+)?)(m|bn)?%?", re.sub(r" \(.*\)", "", text))
    return Fraction(found[1].replace(",", "")) * {"m": 10**6, "bn": 10**9}.get(found[2], 1) if found else None


def by_hand(row: dict[str, str], level: Fraction = Fraction(75, 10_000)) -> dict[str, object]:
    """Everything that is worked out of a row, another way: by strings and fractions."""
    now, before = number(row["end_of_year_2016_17"]), number(row["end_of_year_2015_16"])
    good = {"high": 1, "low": -1}.get(row["polarity"].lower(), 0)
    return {
        "quartile": {"1": 1, "2": 2, "3": 3, "4": 4}.get(row["quartile_position"][0]),
        "printed": ARROWS[row["direction_of_travel"]],
        "computed": _direction(now, before, good, level),
        "became": _became(row, now, before, good),
        "predicted": _predicted(row, now, before, good),
    }


def _direction(now: Fraction | None, before: Fraction | None, good: int, level: Fraction) -> str:
    if now is None or before is None or good == 0:
        return "not_comparable"
    if now == before or (before != 0 and abs(now / before - 1) <= level):
        return "similar"
    return "improved" if (now - before) * good > 0 else "declined"


def _became(row: dict[str, str], now: Fraction | None, before: Fraction | None, good: int) -> str | None:
    text = row["target_2017_18"].lower()
    if text in {"", "-", "n/a"}:
        return None
    if text == "excellent":
        return "met" if row["end_of_year_2016_17"] == "Excellent" else "not_assessable"
    if text == "top quartile":
        place = row["quartile_position"][0]
        return "not_assessable" if place == "-" else "met" if place == "1" else "missed"
    if text in {"increase", "reduce"}:
        if now is None or before is None or ARROWS[row["direction_of_travel"]] == "not_comparable":
            return "not_assessable"
        return "met" if (now > before if text == "increase" else now < before) else "missed"
    reached = _reached(text, now, good)
    return "not_assessable" if reached is None else "met" if reached else "missed"


def _reached(text: str, now: Fraction | None, good: int) -> bool | None:
    """Numbers and ranges; None for anything else, without a figure, and against the direction."""
    text = re.sub(r" \(.*\)", "", text)
    if now is None or text in {"mtfs", "above average"}:
        return None
    if text[0] in "<>":
        aim = number(text[1:])
        assert aim is not None
        return None if good == (1 if text[0] == "<" else -1) else (now < aim if text[0] == "<" else now > aim)
    if text.endswith("+"):
        return now >= Fraction(text[:-1])
    if ends := re.fullmatch(r"(\d+)%?-(\d+)%", text):
        low, high = Fraction(ends[1]), Fraction(ends[2])
        return {1: now >= low, -1: now <= high, 0: low <= now <= high}[good]
    aim = number(text)
    assert aim is not None
    return {1: now >= aim, -1: now <= aim, 0: None}[good]


def _predicted(row: dict[str, str], now: Fraction | None, before: Fraction | None, good: int) -> str | None:
    """One more year like the last; more years where brackets say so."""
    text = row["target_2017_18"].lower()
    if text in {"", "-", "n/a"}:
        return None
    words = {"excellent", "top quartile", "increase", "reduce", "mtfs", "above average"}
    if text in words or now is None or before is None or row["direction_of_travel"] == "N/A":
        return "not_assessable"
    years = Fraction(51, 12) if "(2020/21)" in text else Fraction(1)  # from December 2016 to March 2021
    reached = _reached(text, now + years * (now - before), good)
    return "not_assessable" if reached is None else "on_course" if reached else "not_on_course"
