"""The questions behind the answers: each a query or two, and the typed values it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from engine.areas import load_areas
from engine.catalogue import SPENDING_LINE
from engine.changes import BOTTOM_QUARTILE, Kind, Standing
from engine.ranking import Eligibility
from engine.snapshot import OLD_AFTER_YEARS, own_year
from state.certainty import better_than_a_year_before, rank_intervals
from state.snapshots import basis_at, latest, read_change
from state.views import (
    AreaStanding,
    ChangeView,
    Improvement,
    IndicatorView,
    Peer,
    Point,
    ReleaseView,
    SnapshotView,
    ThemeView,
)

_JUDGED = f"ranks.eligibility = {Eligibility.ELIGIBLE:d} AND ranks.quartile IS NOT NULL"


def current_snapshot(db: Database) -> SnapshotView | None:
    """The latest snapshot, or None before the first release."""
    number = latest(db)
    return None if number is None else snapshot_view(db, number)


def snapshot_view(db: Database, number: int) -> SnapshotView:
    """The snapshot with a number."""
    label, council, comparators, illustrative = db.execute(
        "SELECT label, council, comparators, illustrative FROM snapshots WHERE id = ?", (number,)
    ).fetchone()
    basis = basis_at(db, number)
    return SnapshotView(
        id=number,
        label=label,
        council=council,
        council_name=load_areas()[council].name,
        comparators=comparators,
        areas=len(basis.comparators),
        quartile_rule=basis.rules.quartile_rule,
        illustrative=bool(illustrative),
    )


def theme_views(
    db: Database, snapshot: SnapshotView, name: str | None = None, area: str | None = None
) -> list[ThemeView]:
    """Standings of themes, composites and spending lines, all or one, for the council or another area."""
    area = area or snapshot.council
    bottom = bottom_counts(db, area)
    composites = {name: themes or tuple(bottom) for name, themes in _composites(db, snapshot).items()}
    for composite, themes in composites.items():
        counts = [bottom.get(theme, (0, 0)) for theme in themes]
        bottom[composite] = (sum(low for low, _ in counts), sum(judged for _, judged in counts))
    history = theme_years(db, area)
    rows = db.execute(
        "SELECT theme_ranks.name, kind, rank, \"of\", quartile, tied, rank_count, total, coalesce(expenditure, '') "
        "FROM theme_ranks JOIN areas ON areas.id = area_id LEFT JOIN theme_details USING (name) "
        "WHERE until_snapshot IS NULL AND areas.code = ? AND (? IS NULL OR theme_ranks.name = ?) "
        "ORDER BY theme_ranks.name",
        (area, name, name),
    )
    views = []
    for theme, kind, rank, of, quartile, tied, count, total, expenditure in rows:
        years = history.get(theme, {})
        now = Standing(rank, of, quartile, bool(tied))
        spark = tuple((ago, years[ago].rank if ago in years else None) for ago in range(max(years, default=0), 0, -1))
        views.append(
            ThemeView(
                theme,
                kind,
                now,
                years.get(1),
                count,
                total,
                *bottom.get(theme, (0, 0)),
                (*spark, (0, rank)),
                expenditure,
            )
        )
    return views


def _composites(db: Database, snapshot: SnapshotView) -> dict[str, tuple[str, ...]]:
    """The themes each composite names."""
    return {entry.name: entry.themes for entry in basis_at(db, snapshot.id).composites}


def bottom_counts(db: Database, area: str) -> dict[str, tuple[int, int]]:
    """Indicators of an area in the bottom quartile, and judged at all, by theme."""
    rows = db.execute(
        "SELECT theme, sum(quartile = 4), count(*) FROM ranks JOIN indicators ON indicators.id = indicator_id "  # noqa: S608
        f"JOIN areas ON areas.id = area_id WHERE until_snapshot IS NULL AND areas.code = ? AND {_JUDGED} "
        "GROUP BY theme",
        (area,),
    )
    return {theme: (bottom, judged) for theme, bottom, judged in rows}


def theme_years(db: Database, area: str) -> dict[str, dict[int, Standing]]:
    """Where an area stood in each theme, composite and spending line in earlier years, by name and years ago."""
    years: dict[str, dict[int, Standing]] = {}
    for name, ago, rank, of, tied, quartile in db.execute(
        'SELECT name, years_ago, rank, "of", tied, quartile FROM theme_years '
        "JOIN areas ON areas.id = area_id WHERE code = ? AND rank IS NOT NULL",
        (area,),
    ):
        years.setdefault(name, {})[ago] = Standing(rank, of, quartile, bool(tied))
    return years


def baskets(db: Database, area: str) -> dict[str, tuple[str, Standing]]:
    """Kind and standing of every theme and composite for an area now, by name."""
    rows = db.execute(
        'SELECT name, kind, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '
        "WHERE until_snapshot IS NULL AND areas.code = ? AND kind <> 'expenditure' ORDER BY name",
        (area,),
    )
    return {name: (kind, Standing(rank, of, quartile, bool(tied))) for name, kind, rank, of, quartile, tied in rows}


def compared(db: Database) -> tuple[str, ...]:
    """The codes of the areas compared in the current snapshot, our own among them; none before the first release."""
    number = latest(db)
    return () if number is None else tuple(basis_at(db, number).comparators)


def league(db: Database, theme: ThemeView) -> list[AreaStanding]:
    """Every area's standing in a theme or composite and in its spending line, the best first, unranked ones last."""
    areas = load_areas()
    spending = standings(db, SPENDING_LINE + theme.expenditure) if theme.expenditure else {}
    found = [
        AreaStanding(code, areas[code].name, one, spending.get(code)) for code, one in standings(db, theme.name).items()
    ]
    return sorted(found, key=lambda area: (area.standing.rank is None, area.standing.rank, area.name))


def standings(db: Database, name: str) -> dict[str, Standing]:
    """Standings of all areas in one theme, composite or spending line, by area code, in order of it."""
    rows = db.execute(
        'SELECT areas.code, rank, "of", quartile, tied FROM theme_ranks JOIN areas ON areas.id = area_id '
        "WHERE until_snapshot IS NULL AND name = ? ORDER BY areas.code",
        (name,),
    )
    return {code: Standing(rank, of, quartile, bool(tied)) for code, rank, of, quartile, tied in rows}


def members(db: Database, snapshot: SnapshotView, theme: ThemeView, area: str | None = None) -> list[IndicatorView]:
    """Indicators of a theme, for the council or another area; of a composite, the eligible ones of its themes."""
    if theme.kind == "theme":
        return indicator_views(db, snapshot, theme.name, area=area)
    themes = _composites(db, snapshot).get(theme.name, ())
    return [
        view
        for view in indicator_views(db, snapshot, None, area=area)
        if view.eligibility == "eligible" and (not themes or view.theme in themes)
    ]


def indicator_views(
    db: Database, snapshot: SnapshotView, theme: str | None, code: str | None = None, area: str | None = None
) -> list[IndicatorView]:
    """Standings of indicators, of one theme, one code, or all; of another area without earlier ones."""
    area = area or snapshot.council
    previous = _year_before(db) if area == snapshot.council else {}
    intervals = rank_intervals(db, snapshot.id, area)
    old = years_before(snapshot, OLD_AFTER_YEARS)
    rows = db.execute(
        "SELECT indicators.id, indicators.code, indicators.name, theme, unit, decimals, polarity, eligibility, rank, "
        '"of", quartile, tied, ranks.period, value, series.period, releases.name, releases.source, releases.published '
        "FROM ranks JOIN indicators ON indicators.id = ranks.indicator_id JOIN areas ON areas.id = area_id "
        "JOIN series ON series.id = series_id JOIN releases ON releases.id = series.release_id "
        "WHERE until_snapshot IS NULL AND areas.code = ? AND (? IS NULL OR theme = ?) "
        "AND (? IS NULL OR indicators.code = ?) ORDER BY indicators.code",
        (area, theme, theme, code, code),
    )
    views = []
    for row in rows:
        before, before_end = previous.get(row[0], (None, ""))
        views.append(
            IndicatorView(
                code=row[1],
                name=row[2],
                theme=row[3],
                unit=row[4],
                decimals=row[5],
                polarity=row[6],
                eligibility=Eligibility(row[7]).name.lower(),
                standing=Standing(row[8], row[9], row[10], bool(row[11]), row[12], row[13]) if row[8] else None,
                previous=before,
                period_end=row[14].partition("/")[2],
                release=row[15],
                source=row[16],
                old=row[14].partition("/")[2] < old,
                published=row[17],
                previous_end=before_end,
                interval=intervals.get(row[1]),
            )
        )
    return views


def improved_since(
    db: Database, snapshot: SnapshotView, indicators: Iterable[IndicatorView]
) -> tuple[Improvement, ...]:
    """Those of the council's ``indicators`` that were in the bottom quartile a year ago and left it or improved since.

    As the council's report lists them: a year ago is the latest period ending at least a year before the current one,
    ranked as it stands revised since. Leaving is a fact; to have improved within the bottom quartile needs published
    limits at both ends and more than 1.96 standard errors. By theme; those that left first, the best placed first.
    """
    judged = [view for view in indicators if view.eligibility == "eligible"]
    before = a_year_before(judged)
    low = [
        view
        for view in judged
        if (was := before[view.code]) and was.quartile == BOTTOM_QUARTILE and was is not view.standing
    ]
    better = better_than_a_year_before(db, snapshot.council, [view.code for view in low])
    found = [Improvement(view, better.get(view.code)) for view in low if view.standing and view.standing.quartile]
    return tuple(sorted((one for one in found if one.left or one.significant), key=_improved_order))


def a_year_before(judged: Sequence[IndicatorView]) -> dict[str, Standing | None]:
    """Where the council stood in each judged indicator when its theme stood where it did a year before, by code.

    ``judged`` are all of a theme, or of several. That is the latest figure at least a year older; one that is no newer
    than the theme's last year stood there then, too. Method, item 9.
    """
    ends: dict[str, list[int]] = {}
    for view in judged:
        if view.standing:
            ends.setdefault(view.theme, []).append(int(view.period_end[:4]))
    own = {theme: own_year(years) for theme, years in ends.items()}
    return {view.code: view.standing if _older(view, own.get(view.theme)) else view.previous for view in judged}


def _older(view: IndicatorView, own: int | None) -> bool:
    return own is not None and view.standing is not None and int(view.period_end[:4]) < own


def _improved_order(one: Improvement) -> tuple[str, bool, float, str]:
    now = one.indicator.standing
    place = (now.rank or 0) / (now.of or 1) if now else 0.0
    return one.indicator.theme, not one.left, place, one.indicator.name


def years_before(snapshot: SnapshotView, years: int) -> str:
    """The snapshot's day so many years earlier, for comparing with ISO dates."""
    known = snapshot.label.partition("/")[0]
    return f"{int(known[:4]) - years:04}{known[4:]}"


def _year_before(db: Database) -> dict[int, tuple[Standing, str]]:
    """By indicator, the standing at the latest period at least a year older, and the day that period ended."""
    rows = db.execute(
        'SELECT indicator_id, rank, "of", quartile, tied, label, value, series.period FROM trends '
        "JOIN series ON series.id = series_id WHERE year_before"
    )
    return {
        row[0]: (Standing(row[1], row[2], row[3], bool(row[4]), row[5], row[6]), row[7].partition("/")[2])
        for row in rows
    }


def trend(db: Database, code: str) -> tuple[Point, ...]:
    """The council's value and rank at each period of an indicator, oldest first."""
    rows = db.execute(
        'SELECT series.period, label, value, rank, "of" FROM trends JOIN series ON series.id = series_id '
        "JOIN indicators ON indicators.id = indicator_id WHERE code = ?",
        (code,),
    )
    ordered = sorted(rows, key=lambda row: row[0].split("/")[::-1])
    return tuple(Point(label, value, rank, of or None) for _, label, value, rank, of in ordered)


def peers(db: Database, code: str) -> tuple[Peer, ...]:
    """Every area ranked in an indicator now, best first."""
    areas = load_areas()
    rows = db.execute(
        "SELECT areas.code, value, rank, tied, quartile FROM ranks JOIN areas ON areas.id = area_id "
        "JOIN indicators ON indicators.id = ranks.indicator_id "
        "WHERE until_snapshot IS NULL AND rank IS NOT NULL AND indicators.code = ? ORDER BY rank, areas.code",
        (code,),
    )
    return tuple(
        Peer(area, areas[area].name, value, rank, bool(tied), quartile) for area, value, rank, tied, quartile in rows
    )


def latest_change(db: Database) -> int | None:
    """Number of the release that made the latest change, baselines apart; None when nothing has changed."""
    row = db.execute(
        "SELECT release_id FROM changes WHERE kind <> ? ORDER BY id DESC LIMIT 1", (Kind.BASELINE,)
    ).fetchone()
    return int(row[0]) if row else None


def change_views(db: Database, where: str, parameters: Iterable[object]) -> list[ChangeView]:
    """Stored changes that meet a condition, the newest snapshot's first."""
    rows = _dicts(
        db,
        "SELECT changes.*, releases.name AS release_name, releases.published, coalesce(indicators.name, changes.theme) "  # noqa: S608
        "AS name, coalesce(unit, '') AS unit, decimals, coalesce(polarity, 'none') AS polarity FROM changes "
        "JOIN releases ON releases.id = changes.release_id JOIN snapshots ON snapshots.id = changes.snapshot_id "
        f"LEFT JOIN indicators ON indicators.code = changes.indicator WHERE {where} "
        "ORDER BY changes.snapshot_id DESC, changes.id",
        parameters,
    )
    return [
        ChangeView(
            release_id=row["release_id"],
            release=row["release_name"],
            published=row["published"],
            change=read_change(row),
            name=row["name"],
            unit=row["unit"],
            decimals=row["decimals"],
            polarity=row["polarity"],
            since=row["since_snapshot"],
        )
        for row in rows
    ]


def _dicts(db: Database, query: str, parameters: Iterable[object]) -> list[dict[str, Any]]:
    cursor = db.execute(query, list(parameters))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def release_views(db: Database) -> Iterator[ReleaseView]:
    """Every release with its findings, the newest first."""
    findings: dict[int, list[tuple[str, str, str, str]]] = {}
    for release, check, indicator, evidence, state in db.execute(
        "SELECT release_id, check_name, indicator, evidence, state FROM findings ORDER BY release_id, indicator"
    ):
        findings.setdefault(release, []).append((check, indicator, evidence, state))
    counted = dict(
        db.execute("SELECT release_id, count(*) FROM changes WHERE kind <> ? GROUP BY release_id", (Kind.BASELINE,))
    )
    decisions = {
        release: f"{verdict}: {outcome or 'waiting for the service'}"
        for release, verdict, outcome in db.execute("SELECT release_id, verdict, outcome FROM decisions ORDER BY id")
    }
    for row in db.execute(
        "SELECT id, source, name, published, received, status, rows, new_cells, revised_cells, decided_by, reason "
        "FROM releases ORDER BY id DESC"
    ):
        own = findings.get(row[0], [])
        number, source, name, published, received, status, rows, new, revised, decided_by, reason = row
        yield ReleaseView(
            id=number,
            source=source,
            name=name,
            published=published,
            received=received,
            status=status,
            rows=rows,
            new_cells=new,
            revised_cells=revised,
            changes=counted.get(number, 0),
            findings=tuple(finding[:3] for finding in own),
            held=tuple(indicator for _, indicator, _, state in own if indicator and state == "held"),
            decided_by=decided_by,
            reason=reason,
            decision=decisions.get(number, ""),
        )


def worst_first(view: IndicatorView) -> tuple[bool, float, str]:
    """Sort key: bottom-quartile indicators first, then by how far down the place is."""
    standing = view.standing
    place = standing.rank / standing.of if standing and standing.rank and standing.of else 0.0
    return not view.in_bottom_quartile, -place, view.name


def by_theme(view: IndicatorView) -> tuple[str, bool, float, str]:
    """Sort key: by theme, worst first within each."""
    return view.theme, *worst_first(view)
