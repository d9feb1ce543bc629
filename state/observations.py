"""Current values of every indicator, period and area, with a log of what each revision replaced."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from sqlite_utils import Database

from engine.catalogue import Indicator, Polarity
from engine.panel import ABSENT, Bools, Ints, Panel
from engine.periods import Period, parse_period
from state.errors import StateError

T = TypeVar("T", bound=np.generic)

_BATCH = 50_000
_WRITE = """INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET value = excluded.value, remark_id = excluded.remark_id,
lower_ci = excluded.lower_ci, upper_ci = excluded.upper_ci"""


@dataclass(frozen=True)
class Merged:
    """What a release did to the values held: the panel after it, and how many cells it added and revised."""

    panel: Panel
    new_cells: int
    revised_cells: int


def load_panel(db: Database, areas: Sequence[str], as_of: int | None = None) -> Panel:
    """Every value held for ``areas``, or what was held at snapshot ``as_of``.

    A cell that was never stated is ABSENT; one stated without a value has the number of its remark.
    """
    return _load(db, areas)[0] if as_of is None else load_history(db, areas, since=as_of).at(as_of)


@dataclass(frozen=True)
class History:
    """The values held now, and what every revision replaced: what was held at any snapshot, without reading again."""

    panel: Panel
    first: Ints
    """The snapshot that first stated each row, shape (R,)."""
    logged: Ints
    """The snapshot of each revision, ascending, shape (L,)."""
    replaced: _Cells
    """What each revision replaced, by row and column of ``panel``, shape (L,)."""
    labels: Sequence[tuple[int, int, int, str]]
    """Rows that had another label: row, from snapshot, until snapshot, label."""

    def at(self, snapshot: int) -> Panel:
        """Every value held at a snapshot, under the labels of then where the period was ranked."""
        since = int(np.searchsorted(self.logged, snapshot, side="right"))
        # The oldest revision holds what stood then, and is written last.
        then = self.replaced.only(np.arange(len(self.logged) - 1, since - 1, -1))
        at = then.series, then.area
        now = self.panel
        periods, labels = list(now.periods), list(now.labels)
        for row, start, end, label in self.labels:
            if start <= snapshot < end:
                periods[row], labels[row] = _period(periods[row].key, label), label
        panel = replace(
            now,
            periods=tuple(periods),
            labels=tuple(labels),
            values=_written(now.values, at, then.value),
            status=_written(now.status, at, then.remark),
            lower=_written(now.lower, at, then.lower),
            upper=_written(now.upper, at, then.upper),
        )
        return panel.rows(np.flatnonzero(self.first <= snapshot))


def _written(cells: npt.NDArray[T], at: tuple[Ints, Ints], then: npt.NDArray[T]) -> npt.NDArray[T]:
    written = cells.copy()
    written[at] = then
    return written


def load_history(db: Database, areas: Sequence[str], since: int = 0) -> History:
    """Every value held for ``areas`` at any snapshot from ``since`` on."""
    panel, row_of, column_of = _load(db, areas)
    first = np.zeros(len(panel.periods), np.int64)
    for series, snapshot in db.execute("SELECT id, first_snapshot FROM series"):
        first[row_of[series]] = snapshot
    logged, replaced = _revisions(db, np.flatnonzero(column_of >= 0).tolist(), since)
    replaced = replace(replaced, series=row_of[replaced.series], area=column_of[replaced.area])
    labels = db.execute(
        "SELECT DISTINCT series_id, from_snapshot, coalesce(until_snapshot, :never), ranks.period FROM ranks "
        "JOIN series ON series.id = series_id "
        "WHERE ranks.period <> label AND coalesce(until_snapshot, :never) > :since",
        {"never": 2**62, "since": since},
    )
    return History(panel, first, logged, replaced, [(int(row_of[series]), *rest) for series, *rest in labels])


def _load(db: Database, areas: Sequence[str]) -> tuple[Panel, Ints, Ints]:
    """Every value held for ``areas`` now; the row of each series by its number, the column of each area by its."""
    series = list(
        db.execute(
            "SELECT series.id, indicators.code, series.period, series.label FROM series "
            "JOIN indicators ON indicators.id = series.indicator_id"
        )
    )
    position = _index([row[0] for row in series])
    place = {code: at for at, code in enumerate(areas)}
    column_of = _index_by({id_: place[code] for id_, code in db.execute("SELECT id, code FROM areas") if code in place})
    cells = _cells(db, "observations", np.flatnonzero(column_of >= 0).tolist())
    described = [(code, _period(key, label), label) for _, code, key, label in series]
    at = position[cells.series], column_of[cells.area]
    panel = Panel.build(described, areas, (*at, cells.value, cells.remark, cells.lower, cells.upper))
    rows = panel.row_of
    row_of = {row[0]: rows[code, period.key] for row, (code, period, _) in zip(series, described, strict=True)}
    return panel, _index_by(row_of), column_of


_held: WeakKeyDictionary[Database, tuple[int, Panel]] = WeakKeyDictionary()


def load_held(db: Database, areas: Sequence[str]) -> Panel:
    """Every value held for ``areas`` now: what this connection's last merge left, if that is the latest snapshot.

    Reading half a million cells takes longer than ranking them, and a service takes in one release after another.
    """
    latest = int(db.execute("SELECT coalesce(max(id), 0) FROM snapshots").fetchone()[0])
    snapshot, panel = _held.get(db, (0, None))
    if panel is not None and snapshot == latest and panel.areas == tuple(areas):
        return panel
    return load_panel(db, areas)


def _period(key: str, label: str) -> Period:
    """The stored period with the mark of its label, so that provisional figures stay known as such."""
    return replace(parse_period(key), mark=parse_period(label).mark)


def _index(ids: Sequence[int]) -> Ints:
    return _index_by({id_: at for at, id_ in enumerate(ids)})


def _index_by(places: Mapping[int, int]) -> Ints:
    index = np.full(max(places, default=0) + 1, -1, np.int64)
    for id_, at in places.items():
        index[id_] = at
    return index


@dataclass(frozen=True)
class _Cells:
    """Cells as columns of one length: numbers of series and area, value, remark and limits, NaN where none."""

    series: Ints
    area: Ints
    value: npt.NDArray[np.float64]
    remark: npt.NDArray[np.int16]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]

    def only(self, keep: Bools | Ints) -> _Cells:
        """The cells at a mask or at positions."""
        return _Cells(
            self.series[keep], self.area[keep], self.value[keep], self.remark[keep], self.lower[keep], self.upper[keep]
        )


_REMARKS, _AREAS = 2**12, 2**12
_PLACE = f"(series_id * {_AREAS} + area_id) * {_REMARKS} + remark_id + 1"
_LIMITED = "(lower_ci IS NOT NULL OR upper_ci IS NOT NULL)"


def _cells(db: Database, table: str, areas: Iterable[int]) -> _Cells:
    """A table's cells in these areas.

    Series, area and remark come packed in one number, exact below 2**53, and limits apart, for most cells have none:
    what is read costs by the field.
    """
    where = f"FROM {table} WHERE {_within(areas)}"
    cells = _numbers(db, f"SELECT {_PLACE}, value {where}", 2)
    packed = cells[:, 0].astype(np.int64)
    lower, upper = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
    limits = _numbers(db, f"SELECT {_PLACE}, lower_ci, upper_ci {where} AND {_LIMITED}", 3)
    if len(limits):
        at = np.flatnonzero(np.isin(packed, limits[:, 0].astype(np.int64)))
        lower[at], upper[at] = limits[:, 1], limits[:, 2]
    return _Cells(*_unpacked(packed), cells[:, 1], (packed % _REMARKS - 1).astype(np.int16), lower, upper)


def _revisions(db: Database, areas: Iterable[int], since: int) -> tuple[Ints, _Cells]:
    """What revisions after a snapshot replaced in these areas, oldest first, each with its snapshot.

    One cell may be replaced again and again, with limits and without.
    """
    query = f"SELECT snapshot_id, {_PLACE}, value, lower_ci, upper_ci FROM revisions"  # noqa: S608  # constants
    cells = _numbers(db, f"{query} WHERE snapshot_id > {since:d} AND {_within(areas)} ORDER BY snapshot_id", 5)
    packed = cells[:, 1].astype(np.int64)
    remark = (packed % _REMARKS - 1).astype(np.int16)
    return cells[:, 0].astype(np.int64), _Cells(*_unpacked(packed), cells[:, 2], remark, cells[:, 3], cells[:, 4])


def _unpacked(packed: Ints) -> tuple[Ints, Ints]:
    """Numbers of series and area."""
    place = packed // _REMARKS
    return place // _AREAS, place % _AREAS


def _within(areas: Iterable[int]) -> str:
    return f"area_id IN ({', '.join(f'{area:d}' for area in areas)})"


def _numbers(db: Database, query: str, width: int) -> npt.NDArray[np.float64]:
    """Rows of numbers as one array (n, width), NULL as NaN."""
    cursor = db.execute(query)
    batches = [np.array(batch, np.float64) for batch in iter(lambda: cursor.fetchmany(_BATCH), [])]
    return np.concatenate(batches) if batches else np.empty((0, width))


def merge(
    db: Database, incoming: Panel, held: Panel, *, release: int, snapshot: int, whole: Iterable[str] = ()
) -> Merged:
    """Write what ``incoming`` states over what is ``held`` and log what it replaces, within the caller's unit of work.

    Both panels have the same areas. What a release does not state stays: an absent period or area is not a
    withdrawal. For the indicators in ``whole`` the release replaces the series outright, periods it lacks included.
    ``release`` and ``snapshot`` are numbers to file the new values and the log under.
    """
    ids = _ids(db, "indicators", incoming.indicators)
    known_areas = _ids(db, "areas", incoming.areas)
    area_ids = np.array([known_areas[code] for code in incoming.areas], np.int64)
    merged, place = _union(incoming, held)
    series_ids = _write_series(db, incoming, merged, place, ids, release=release, snapshot=snapshot)
    known = held.row_of
    before = np.array([known.get((merged.indicators[at], period.key), -1) for at, period in _rows(merged)], np.int64)
    stated = incoming.status != ABSENT
    then = _before(held, before[place], stated.shape)
    differs = stated & _differs(incoming, then)
    _write_cells(db, incoming, differs, series_ids[place], area_ids)
    old_row = before[place] >= 0
    _log(db, then, differs & old_row[:, None], series_ids[place], area_ids, snapshot)
    after = _overlaid(merged, incoming, place, stated)
    if set(whole):
        after = _withdraw(db, after, place, series_ids, area_ids, snapshot, set(whole))
    _held[db] = snapshot, after  # rolled back, it is the latest snapshot's never, and so never used
    revised = differs & old_row[:, None] & (then.status != ABSENT)
    return Merged(
        panel=after,
        new_cells=int((differs & ~revised).sum()),
        revised_cells=int(revised.sum()),
    )


def _rows(panel: Panel) -> Iterator[tuple[int, Period]]:
    return zip(panel.row_indicator, panel.periods, strict=True)


def _ids(db: Database, table: str, codes: Iterable[str]) -> dict[str, int]:
    """Numbers of codes, given out on first sight."""
    known = dict(db.execute(f"SELECT code, id FROM {table}"))  # noqa: S608  # one of our own two tables
    fresh = [code for code in dict.fromkeys(codes) if code not in known]
    for code in fresh:
        known[code] = len(known) + 1
        db.execute(f"INSERT INTO {table} (id, code) VALUES (?, ?)", (known[code], code))  # noqa: S608
    return known


def _union(incoming: Panel, held: Panel) -> tuple[Panel, Ints]:
    """A panel with the rows of both, filled with ``held``; and the row of each of ``incoming``'s rows in it."""
    rows: dict[tuple[str, str], tuple[str, Period, str]] = {}
    for panel in (held, incoming):
        for (at, period), label in zip(_rows(panel), panel.labels, strict=True):
            rows[panel.indicators[at], period.key] = (panel.indicators[at], period, label)
    empty = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.int16), np.empty(0), np.empty(0)
    union = Panel.build(list(rows.values()), incoming.areas, empty)
    where = union.row_of
    own = np.array([where[held.indicators[at], period.key] for at, period in _rows(held)], np.int64)
    for field in ("values", "status", "lower", "upper"):
        getattr(union, field)[own] = getattr(held, field)
    place = np.array([where[incoming.indicators[at], period.key] for at, period in _rows(incoming)], np.int64)
    return union, place


@dataclass(frozen=True)
class _Then:
    """Cells as held before, in the rows of the incoming panel."""

    values: npt.NDArray[np.float64]
    status: npt.NDArray[np.int16]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


def _before(held: Panel, rows: Ints, shape: tuple[int, ...]) -> _Then:
    there = (rows >= 0)[:, None]
    if not len(held.values):
        empty = np.full(shape, np.nan)
        return _Then(empty, np.full(shape, ABSENT, np.int16), empty, empty)
    return _Then(
        np.where(there, held.values[rows], np.nan),
        np.where(there, held.status[rows], np.int16(ABSENT)),
        np.where(there, held.lower[rows], np.nan),
        np.where(there, held.upper[rows], np.nan),
    )


def _differs(now: Panel, then: _Then) -> Bools:
    changed: Bools = now.status != then.status
    for left, right in ((now.values, then.values), (now.lower, then.lower), (now.upper, then.upper)):
        changed |= ~((left == right) | (np.isnan(left) & np.isnan(right)))
    return changed


def _write_series(
    db: Database, incoming: Panel, merged: Panel, place: Ints, ids: Mapping[str, int], *, release: int, snapshot: int
) -> Ints:
    """Numbers of the series of ``merged``'s rows (0 where untouched); new ones are filed under ``snapshot``."""
    by_key = {
        (indicator, period): id_ for id_, indicator, period in db.execute("SELECT id, indicator_id, period FROM series")
    }
    following = max(by_key.values(), default=0) + 1
    series = np.zeros(len(merged.periods), np.int64)
    for at, (which, period) in enumerate(_rows(merged)):
        known = by_key.get((ids.get(merged.indicators[which], -1), period.key))
        series[at] = known or 0
    rows = []
    for (which, period), label, at in zip(_rows(incoming), incoming.labels, place, strict=True):
        if not series[at]:
            series[at], following = following, following + 1
        rows.append((int(series[at]), ids[incoming.indicators[which]], period.key, label, snapshot, release))
    db.conn.executemany(
        "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET label = excluded.label, release_id = excluded.release_id",
        rows,
    )
    return series


def _write_cells(db: Database, panel: Panel, cells: Bools, series: Ints, areas: Ints) -> None:
    rows, columns = np.nonzero(cells)
    for at in range(0, len(rows), _BATCH):
        r, c = rows[at : at + _BATCH], columns[at : at + _BATCH]
        db.conn.executemany(
            _WRITE,
            zip(
                series[r].tolist(),
                areas[c].tolist(),
                panel.values[r, c].tolist(),
                panel.status[r, c].tolist(),
                panel.lower[r, c].tolist(),
                panel.upper[r, c].tolist(),
                strict=True,
            ),
        )


def _log(db: Database, then: _Then, cells: Bools, series: Ints, areas: Ints, snapshot: int) -> None:
    rows, columns = np.nonzero(cells)
    db.conn.executemany(
        "INSERT OR IGNORE INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?)",
        zip(
            [snapshot] * len(rows),
            series[rows].tolist(),
            areas[columns].tolist(),
            then.values[rows, columns].tolist(),
            then.status[rows, columns].tolist(),
            then.lower[rows, columns].tolist(),
            then.upper[rows, columns].tolist(),
            strict=True,
        ),
    )


def _overlaid(merged: Panel, incoming: Panel, place: Ints, stated: Bools) -> Panel:
    labels = list(merged.labels)
    for at, label in zip(place, incoming.labels, strict=True):
        labels[at] = label
    for field in ("values", "status", "lower", "upper"):
        target = getattr(merged, field)
        target[place] = np.where(stated, getattr(incoming, field), target[place])
    return replace(merged, labels=tuple(labels))


def _withdraw(
    db: Database, panel: Panel, place: Ints, series: Ints, areas: Ints, snapshot: int, whole: set[str]
) -> Panel:
    """Blank the periods of the ``whole`` indicators that the release does not state."""
    fresh = np.zeros(len(panel.periods), bool)
    fresh[place] = True
    replaced = np.array([panel.indicators[at] in whole for at in panel.row_indicator], bool)
    gone = (replaced & ~fresh)[:, None] & (panel.status != ABSENT)
    _log(db, _Then(panel.values, panel.status, panel.lower, panel.upper), gone, series, areas, snapshot)
    for field, empty in (("values", np.nan), ("status", ABSENT), ("lower", np.nan), ("upper", np.nan)):
        getattr(panel, field)[gone] = empty
    _write_cells(db, panel, gone, series, areas)
    return panel


def remark_numbers(db: Database, remarks: Sequence[str]) -> npt.NDArray[np.int16]:
    """The database's numbers for a release's remarks, given out on first sight; 0 stays 0, no remark."""
    known = {text: id_ for id_, text in db.execute("SELECT id, text FROM remarks")}
    numbers = [0]
    for text in remarks[1:]:
        if text not in known:
            known[text] = len(known) + 1
            if known[text] > _REMARKS - 2:
                msg = f"more than {_REMARKS - 2} different statuses in all; the column is for markers such as x or c"
                raise StateError(msg)
            db.execute("INSERT INTO remarks VALUES (?, ?)", (known[text], text))
        numbers.append(known[text])
    return np.array(numbers, np.int16)


def load_indicators(db: Database) -> dict[str, Indicator]:
    """Indicators as they were last described, with the catalogue's word where it has one."""
    rows = db.execute(
        "SELECT code, name, theme, polarity, unit, decimals, target, aliases FROM indicators WHERE name <> ''"
    )
    return {
        code: Indicator(code, name, theme, Polarity.parse(polarity), unit, decimals, target, tuple(json.loads(aliases)))
        for code, name, theme, polarity, unit, decimals, target, aliases in rows
    }


def stated_by_publishers(db: Database) -> set[str]:
    """Indicators whose last release came from a publisher, not in a file."""
    return {
        code
        for (code,) in db.execute(
            "SELECT code FROM indicators JOIN releases ON releases.id = release_id WHERE source <> 'file'"
        )
    }


def save_indicators(db: Database, entries: Iterable[Indicator], release: int | None = None) -> None:
    """Keep how indicators are described; with ``release``, that it was the last to state them."""
    known = list(entries)
    _ids(db, "indicators", [entry.code for entry in known])
    db.conn.executemany(
        "UPDATE indicators SET name = ?, theme = ?, polarity = ?, unit = ?, decimals = ?, target = ?, aliases = ?, "
        "release_id = coalesce(?, release_id) WHERE code = ?",
        [
            (
                entry.name,
                entry.theme,
                str(entry.polarity),
                entry.unit,
                entry.decimals,
                entry.target,
                json.dumps(entry.aliases),
                release,
                entry.code,
            )
            for entry in known
        ],
    )
