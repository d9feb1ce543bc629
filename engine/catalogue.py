"""What is measured: indicators with their direction, the themes they belong to, and the composites over themes.

The catalogue comes from TOML files (one a theme, edited by analysts) and is extended by what releases say of
their own indicators; where both describe an indicator, the catalogue wins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from engine.errors import CatalogueError
from engine.origins import DataSet, Origin, Ratio, read_dataset, read_origin, read_ratio

EXPENDITURE = "Expenditure"
"""The theme whose indicators without direction are spending lines: rank 1 is the highest (method, item 8)."""

SPENDING_LINE = f"{EXPENDITURE}: "
"""What the name of a spending line begins with among the baskets."""

UNKNOWN_DECIMALS = 6
"""Decimals used for the value key where the publisher prints none (method, item 1)."""

MAX_DECIMALS = 6

K = TypeVar("K")
V = TypeVar("V")

_BUILTIN = Path(__file__).parent / "catalogue"
_BAND = re.compile(r"^\s*(-?[\d.]+)\s*\.\.\s*(-?[\d.]+)\s*$")


@dataclass(frozen=True, slots=True)
class Polarity:
    """Which values are good: high, low, within a band, or no direction at all."""

    kind: Literal["high", "low", "band", "none"]
    lowest: Decimal = Decimal(0)
    highest: Decimal = Decimal(0)

    @classmethod
    def parse(cls, text: str) -> Polarity:
        """Read ``high``, ``low``, ``none`` or a band such as ``28..40`` (a target is a band of one value).

        Raises CatalogueError for anything else.
        """
        word = text.strip().lower()
        if word in ("high", "low", "none"):
            return cls(word)  # type: ignore[arg-type]  # one of the three literals, checked on the line above
        band = _BAND.match(word)
        try:
            if band and (bounds := (Decimal(band[1]), Decimal(band[2])))[0] <= bounds[1]:
                return cls("band", *bounds)
        except InvalidOperation:
            pass
        msg = f"polarity {text!r} is not one of high, low, none or a band such as 28..40 with the lower end first"
        raise CatalogueError(msg)

    def __str__(self) -> str:
        return f"{self.lowest}..{self.highest}" if self.kind == "band" else self.kind

    @property
    def directional(self) -> bool:
        """True when some values are better than others."""
        return self.kind != "none"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One thing measured. ``decimals`` are those the publisher prints; None where unknown."""

    code: str
    name: str
    theme: str
    polarity: Polarity
    unit: str = ""
    decimals: int | None = None
    target: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def key_decimals(self) -> int:
        """Decimals that decide ties (method, item 1)."""
        return UNKNOWN_DECIMALS if self.decimals is None else self.decimals

    @property
    def is_expenditure(self) -> bool:
        """True for a spending line: a position without judgement, rank 1 the highest spend (method, item 8)."""
        return self.theme == EXPENDITURE and not self.polarity.directional


@dataclass(frozen=True, slots=True)
class Theme:
    """A group of indicators ranked together; ``expenditure`` names the indicator that is its spending line."""

    name: str
    aliases: tuple[str, ...] = ()
    expenditure: str = ""


@dataclass(frozen=True, slots=True)
class Composite:
    """A rank over all member indicators of the named themes, flat; no themes named means every theme.

    ``expenditure`` names the indicator that is its spending line, such as spending on all services.
    """

    name: str
    themes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    expenditure: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Indicators by code, themes and composites by name; and where the indicators' figures come from.

    ``origins`` and ``ratios`` are by indicator code: an indicator has one of them, or neither when it only comes in
    files. ``datasets`` are by publisher and name. ``deprivation`` is the code of the indicator that measures it, the
    highest figure being the most deprived, or empty.
    """

    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    themes: Mapping[str, Theme] = field(default_factory=dict)
    composites: Mapping[str, Composite] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    ratios: Mapping[str, Ratio] = field(default_factory=dict)
    datasets: Mapping[tuple[str, str], DataSet] = field(default_factory=dict)
    deprivation: str = ""

    def extended(self, brought: Iterable[Indicator]) -> tuple[Catalogue, list[str]]:
        """Give this catalogue with the indicators a release brings, and the codes where the two disagree.

        An indicator the catalogue already describes keeps the catalogue's entry; decimals and unit it leaves open are
        the release's.
        """
        indicators = dict(self.indicators)
        conflicts = []
        for entry in brought:
            own = _filled(indicators.get(entry.code, entry), entry)
            indicators[entry.code] = own
            if (own.polarity, own.decimals, own.theme) != (entry.polarity, entry.decimals, entry.theme):
                conflicts.append(entry.code)
        themes = dict(self.themes)
        for entry in indicators.values():
            themes.setdefault(entry.theme, Theme(entry.theme))
        return replace(self, indicators=indicators, themes=themes), conflicts


def _filled(own: Indicator, brought: Indicator) -> Indicator:
    decimals = brought.decimals if own.decimals is None else own.decimals
    return replace(own, decimals=decimals, unit=own.unit or brought.unit)


def load_catalogue(paths: Iterable[str | Path]) -> Catalogue:
    """The catalogue in the given folders of TOML files; the word ``builtin`` stands for the one shipped here.

    The measure of deprivation is that of the last folder that names one. Raises CatalogueError naming file and entry:
    unreadable TOML, an unknown key, an indicator described twice.
    """
    folders = tuple(_BUILTIN if str(path) == "builtin" else Path(path) for path in paths)
    return _shipped() if folders == (_BUILTIN,) else _load(folders)


@cache
def _shipped() -> Catalogue:
    """The shipped catalogue alone, which does not change while benchwatch runs; to read it takes a while."""
    return _load((_BUILTIN,))


def _load(folders: Iterable[Path]) -> Catalogue:
    loaded = _Loaded()
    for folder in folders:
        if not folder.is_dir():
            msg = f"{folder}: no such folder of catalogue files; name a folder in [catalogue] paths, or builtin"
            raise CatalogueError(msg)
        for file in sorted(folder.glob("*.toml")):
            loaded.read(file)
    return loaded.catalogue()


_TABLES = ("indicator", "composite", "dataset")


@dataclass
class _Loaded:
    """The catalogue while its files are read."""

    indicators: dict[str, Indicator] = field(default_factory=dict)
    themes: dict[str, Theme] = field(default_factory=dict)
    composites: dict[str, Composite] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    ratios: dict[str, Ratio] = field(default_factory=dict)
    datasets: dict[tuple[str, str], DataSet] = field(default_factory=dict)
    file_of: dict[str, Path] = field(default_factory=dict)
    deprivation: str = ""
    deprivation_file: Path = Path()

    def read(self, file: Path) -> None:
        content = _toml(file)
        if (measure := content.get("deprivation")) is not None:
            self._read_deprivation(measure, file)
        theme = content.get("theme")
        if theme is not None:
            entry = _theme(theme, f"{file} [theme]")
            _once(self.themes, entry.name, entry, f"{file}: theme {entry.name!r}")
        for raw in content.get("composite", []):
            composite = _composite(raw, f"{file} [[composite]]")
            _once(self.composites, composite.name, composite, f"{file}: composite {composite.name!r}")
        for raw in content.get("dataset", []):
            dataset = read_dataset(raw, f"{file} [[dataset]] {raw.get('name', '?')!r}")
            key = (dataset.publisher, dataset.name)
            _once(self.datasets, key, dataset, f"{file}: data set {dataset.name!r} of {dataset.publisher!r}")
        for raw in content.get("indicator", []):
            self._read_indicator({"theme": theme["name"] if theme else "", **raw}, file)

    def _read_deprivation(self, measure: object, file: Path) -> None:
        """The measure of deprivation: named once in a folder, and again in another that comes later."""
        if not isinstance(measure, str) or not measure.strip():
            msg = f"{file}: deprivation should be the code of an indicator"
            raise CatalogueError(msg)
        if self.deprivation and self.deprivation_file.parent == file.parent:
            msg = f"{file}: deprivation is named twice, in {self.deprivation_file.name} too"
            raise CatalogueError(msg)
        self.deprivation, self.deprivation_file = measure.strip(), file

    def _read_indicator(self, raw: dict[str, Any], file: Path) -> None:
        origin, unproven, ratio = (raw.pop(key, None) for key in ("from", "unproven", "ratio"))
        indicator = read_indicator(raw, f"{file} [[indicator]]")
        _once(self.indicators, indicator.code, indicator, f"{file}: indicator {indicator.code!r}")
        self.file_of[indicator.code] = file
        where = f"{file} [[indicator]] {indicator.code!r}"
        if origin is not None and ratio is not None:
            msg = f"{where}: has both from and ratio; an indicator is published or derived"
            raise CatalogueError(msg)
        if origin is not None:
            self.origins[indicator.code] = read_origin(origin, unproven, where)
        if ratio is not None:
            self.ratios[indicator.code] = read_ratio(ratio, where)

    def catalogue(self) -> Catalogue:
        """The whole catalogue, once its parts agree with each other."""
        themes = set(self.themes) | {entry.theme for entry in self.indicators.values()}
        for name in sorted(themes & set(self.composites)):
            msg = f"{name!r} is the name of a theme and of a composite; rename one of them"
            raise CatalogueError(msg)
        for code, ratio in self.ratios.items():
            for part in (ratio.of, ratio.to):
                if part not in self.indicators or part in self.ratios:
                    msg = f"{self.file_of[code]}: {code!r} is a ratio of {part!r}, which is no published indicator here"
                    raise CatalogueError(msg)
        self._check_deprivation()
        return Catalogue(
            self.indicators,
            self.themes,
            self.composites,
            self.origins,
            self.ratios,
            self.datasets,
            self.deprivation,
        )

    def _check_deprivation(self) -> None:
        """Rank 1 has to be the most deprived, which it is where the highest figure comes first: without direction."""
        entry = self.indicators.get(self.deprivation)
        if self.deprivation and (entry is None or entry.polarity.directional):
            msg = (
                f"{self.deprivation_file}: deprivation names {self.deprivation!r}, which is no indicator here without "
                'direction (polarity = "none"), the highest figure being the most deprived'
            )
            raise CatalogueError(msg)


def _toml(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{file}: cannot be read as TOML: {error}"
        raise CatalogueError(msg) from error
    _only(content, {"theme", "deprivation", *_TABLES}, str(file))
    for table in _TABLES:
        if not isinstance(content.get(table, []), list):
            msg = f"{file}: [{table}] should be [[{table}]], once for each"
            raise CatalogueError(msg)
    return content


def _once(known: dict[K, V], key: K, value: V, what: str) -> None:
    if key in known:
        msg = f"{what} is described twice"
        raise CatalogueError(msg)
    known[key] = value


def read_indicator(raw: Mapping[str, Any], where: str) -> Indicator:
    """An indicator from its entry: code, name, theme and polarity are needed, the rest optional.

    Raises CatalogueError, beginning with ``where``, for a missing or unusable value.
    """
    _only(raw, {"code", "name", "theme", "polarity", "unit", "decimals", "target", "aliases"}, where)
    missing = [key for key in ("code", "name", "theme", "polarity") if not str(raw.get(key) or "").strip()]
    if missing:
        msg = f"{where}: {', '.join(missing)} missing for indicator {raw.get('code') or '?'!r}"
        raise CatalogueError(msg)
    try:
        polarity = Polarity.parse(str(raw["polarity"]))
    except CatalogueError as error:
        msg = f"{where}: indicator {raw['code']!r}: {error}"
        raise CatalogueError(msg) from error
    return Indicator(
        code=str(raw["code"]).strip(),
        name=str(raw["name"]).strip(),
        theme=str(raw["theme"]).strip(),
        polarity=polarity,
        unit=str(raw.get("unit") or "").strip(),
        decimals=_decimals(raw.get("decimals"), f"{where}: indicator {raw['code']!r}"),
        target=str(raw.get("target") or "").strip(),
        aliases=_names(raw, "aliases", where),
    )


def _decimals(raw: object, where: str) -> int | None:
    text = "" if raw is None else str(raw).strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) > MAX_DECIMALS:
        msg = f"{where}: decimals {text!r} is not a whole number from 0 to {MAX_DECIMALS}"
        raise CatalogueError(msg)
    return int(text)


def _theme(raw: Mapping[str, Any], where: str) -> Theme:
    _only(raw, {"name", "aliases", "expenditure"}, where)
    if not raw.get("name"):
        msg = f"{where}: name missing"
        raise CatalogueError(msg)
    return Theme(raw["name"], _names(raw, "aliases", where), raw.get("expenditure", ""))


def _composite(raw: Mapping[str, Any], where: str) -> Composite:
    _only(raw, {"name", "aliases", "themes", "expenditure"}, where)
    if not raw.get("name"):
        msg = f"{where}: name missing"
        raise CatalogueError(msg)
    return Composite(
        raw["name"], _names(raw, "themes", where), _names(raw, "aliases", where), raw.get("expenditure", "")
    )


def _names(raw: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = raw.get(key, [])
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) for name in found):
        msg = f"{where}: {key} should be a list of names in square brackets"
        raise CatalogueError(msg)
    return tuple(found)


def _only(raw: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        msg = f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}"
        raise CatalogueError(msg)
