"""Values that TOML has no word for: lengths of time, cron lines, fractions, zones, paths; and how they are checked."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from pydantic import Field, PlainValidator, StringConstraints, ValidationInfo


@dataclass(frozen=True)
class Interval:
    """A length of time, written `30s`, `1m` or `2h`."""

    seconds: float

    def __str__(self) -> str:
        for unit, length in (("h", 3600), ("m", 60)):
            if self.seconds and self.seconds % length == 0:
                return f"{self.seconds / length:.0f}{unit}"
        return f"{self.seconds:.3f}".rstrip("0").rstrip(".") + "s"


@dataclass(frozen=True)
class Cron:
    """A cron line; the fields are named as APScheduler's CronTrigger names its arguments."""

    minute: str
    hour: str
    day: str
    month: str
    day_of_week: str

    def __str__(self) -> str:
        return " ".join(asdict(self).values())


_INTERVAL = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_WEEKDAYS = re.compile(rf"\*|{_WEEKDAY}(?:-{_WEEKDAY})?(?:,{_WEEKDAY}(?:-{_WEEKDAY})?)*")


def parse_interval(value: object) -> Interval:
    """`30s`, `1m`, `2h` as an Interval; a ValueError that says what is expected for anything else."""
    if isinstance(value, Interval):
        return value
    found = _INTERVAL.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        message = 'should be a length of time such as "30s", "1m" or "2h"'
        raise ValueError(message)
    return Interval(float(found[1]) * _UNITS[found[2]])


def parse_every(value: object) -> Interval | Cron:
    """An interval longer than nothing, or a cron line whose weekdays are named.

    Weekdays by number are refused: 1 is Monday to cron and Tuesday to the scheduler.
    """
    if isinstance(value, Cron):
        return value
    if isinstance(value, str) and len(fields := value.lower().split()) > 1:
        return _parse_cron(fields)
    try:
        interval = parse_interval(value)
    except ValueError:
        message = 'should be an interval such as "30s", "1m" or "2h", or a cron line such as "30 9 * * mon-fri"'
        raise ValueError(message) from None
    if interval.seconds == 0:
        message = "should be longer than nothing"
        raise ValueError(message)
    return interval


def parse_cron(value: object) -> Cron:
    """A cron line whose weekdays are named; a ValueError for an interval or anything else."""
    found = parse_every(value)
    if not isinstance(found, Cron):
        message = 'should be a cron line such as "30 8 * * mon"'
        raise ValueError(message)  # noqa: TRY004 - what pydantic turns into an error of the settings
    return found


def _parse_cron(fields: list[str]) -> Cron:
    names = tuple(Cron.__dataclass_fields__)
    if len(fields) != len(names):
        message = "should be a cron line of five fields: minute, hour, day, month, weekday"
        raise ValueError(message)
    cron = Cron(*fields)
    if not _WEEKDAYS.fullmatch(cron.day_of_week):
        message = (
            f'should name its weekdays (mon, tue, wed, thu, fri, sat, sun) instead of "{cron.day_of_week}", '
            "since 1 is Monday to cron but Tuesday to the scheduler"
        )
        raise ValueError(message)
    try:
        CronTrigger(**asdict(cron), timezone=ZoneInfo("UTC"))
    except ValueError as error:
        message = f"should be a cron line the scheduler understands ({error})"
        raise ValueError(message) from None
    return cron


def _fraction(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", value.replace(" ", "")) if isinstance(value, str) else None
    if found is None or not 0 < int(found[1]) <= int(found[2]):
        message = 'should be a fraction of at most one, such as "2/3"'
        raise ValueError(message)
    return Fraction(int(found[1]), int(found[2]))


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (ValueError, KeyError, OSError):
        message = 'should be the name of a time zone, such as "Europe/London"'
        raise ValueError(message) from None


def _path(value: object, info: ValidationInfo) -> Path:
    """Paths are relative to the folder of the settings file, which the loader passes as context."""
    if not isinstance(value, str | Path) or not str(value).strip():
        message = "should be a path in quotes"
        raise ValueError(message)
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / Path(value).expanduser()


def _place(value: object, info: ValidationInfo) -> Path | str:
    if isinstance(value, str) and value.lower().startswith(("http://", "https://")):
        return value
    return _path(value, info)


def _catalogue(value: object, info: ValidationInfo) -> Path | Literal["builtin"]:
    return "builtin" if value == "builtin" else _path(value, info)


def _comparators(value: object) -> str | tuple[str, ...]:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, list | tuple) and value and all(isinstance(code, str) and code.strip() for code in value):
        return tuple(code.strip() for code in value)
    message = "should be the name of a group in quotes or a list of area codes"
    raise ValueError(message)


def _hours(value: object) -> tuple[time, time] | None:
    """`18:30-08:00` as two times of day; nothing for an empty text."""
    if value is None or value == "":
        return None
    if isinstance(value, tuple):
        return value
    found = re.fullmatch(r"(\d\d:\d\d)\s*-\s*(\d\d:\d\d)", value.strip()) if isinstance(value, str) else None
    try:
        start, end = (time.fromisoformat(part) for part in found.groups()) if found else (time(), time())
    except ValueError:
        start = end = time()
    if start == end:
        message = 'should be two different times of day such as "18:30-08:00", or empty'
        raise ValueError(message)
    return start, end


def need_id(value: str, kinds: str, mode: str | None, expected: str) -> None:
    """Raise ValueError unless the value is one of Slack's IDs of these kinds, or there is no Slack."""
    if mode not in {None, "console"} and not re.fullmatch(rf"[{kinds}][A-Z0-9]+", value):
        message = f'should be {expected}, since slack.mode is "{mode}"'
        raise ValueError(message)


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Every = Annotated[Interval | Cron, PlainValidator(parse_every)]
Places = Annotated[tuple[Annotated[Path | str, PlainValidator(_place)], ...], Field(strict=False)]
CatalogueFolder = Annotated[Path | Literal["builtin"], PlainValidator(_catalogue)]
FilePath = Annotated[Path, PlainValidator(_path)]
Comparators = Annotated[str | tuple[str, ...], PlainValidator(_comparators)]
Hours = Annotated[tuple[time, time] | None, PlainValidator(_hours)]
Length = Annotated[Interval, PlainValidator(parse_interval)]
Part = Annotated[Fraction, PlainValidator(_fraction)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone)]
