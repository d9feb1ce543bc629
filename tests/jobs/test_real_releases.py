"""Five real editions of DfE's tool, one after another through the pipeline, against the naive method cell for cell."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sqlite_utils import Database

from bot.tell.why import why_document
from engine.catalogue import load_catalogue
from engine.changes import Cause, Change, Kind
from engine.panel import Panel
from engine.quality import Check
from engine.snapshot import Rules
from jobs.observation_file import unpack
from jobs.pipeline import Outcome, Raw, ingest
from jobs.policy import Policy
from jobs.simulating import MOVE, Simulation, simulate
from state import reasons
from state.database import connect
from state.explanations import basket_move, change_of, indicator_move
from state.observations import load_panel
from tests.engine import oracle
from tests.engine.oracle import Described, Rule
from tests.real_data import (
    BENCHMARK,
    REFERENCE,
    columns_of,
    dictionary_of,
    lait_releases,
    needs_benchmark,
    needs_releases,
)

COUNCIL = "E10000018"
# Themes and composites alone: what is measured, and how, is said by the dictionary beside each edition.
CATALOGUE = replace(load_catalogue(["builtin"]), indicators={}, origins={}, ratios={})
COMPOSITES = {entry.name: entry.themes for entry in CATALOGUE.composites.values()}
LIMIT = 1 << 28
NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)

RANKS = ["indicator", "area_code", "label", "value", "rank", "of", "tied", "quartile", "eligible"]
BASKETS = ["name", "kind", "area_code", "total", "rank_sum", "rank_count", "rank", "of", "tied", "quartile"]


def counties() -> list[str]:
    """The 31 county areas, as the published list of areas has them."""
    with (REFERENCE / "areas.csv").open(encoding="utf-8", newline="") as stream:
        return sorted(row["code"] for row in csv.DictReader(stream) if row["in_counties_31"] == "1")


def policy(rule: Rule = "rank") -> Policy:
    return Policy(COUNCIL, "counties", CATALOGUE, Rules(quartile_rule=rule))


def raw(path: Path) -> Raw:
    dictionary = path.with_name("indicators.csv") if path.parent == BENCHMARK else dictionary_of(path)
    return Raw(unpack(path.read_bytes(), path.name, LIMIT), dictionary.read_bytes(), path.name)


def published(path: Path, areas: list[str]) -> pd.DataFrame:
    """The file's own text of the areas compared, nothing interpreted."""
    cells = columns_of(path, "indicator", "area_code", "period", "value")
    frame: pd.DataFrame = cells.filter(pc.is_in(cells["area_code"], pa.array(areas))).to_pandas()
    return frame


def described(path: Path) -> dict[str, Described]:
    """What the dictionary beside a file says of its indicators."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {
            row["indicator"]: Described(
                row["theme"],
                row["polarity"].strip().lower(),
                int(row["decimals"]) if row["decimals"].strip() else None,
                row["name"].strip(),
            )
            for row in csv.DictReader(stream)
        }


@dataclass(frozen=True)
class Expected:
    """What the naive method makes of the releases up to one of them, and of what is known then."""

    known: pd.DataFrame
    catalogue: Mapping[str, Described]
    ranks: pd.DataFrame
    baskets: pd.DataFrame

    @cached_property
    def bottom(self) -> dict[str, bool]:
        """By judged indicator, whether the council is in the bottom quartile."""
        own = self.ranks[(self.ranks["area_code"] == COUNCIL) & self.ranks["eligible"] & (self.ranks["rank"] > 0)]
        return dict(zip(own["indicator"], own["quartile"] == 4, strict=True))

    @cached_property
    def places(self) -> dict[str, tuple[str, int]]:
        """Kind and rank of the council's themes and composites."""
        own = self.baskets[(self.baskets["area_code"] == COUNCIL) & (self.baskets["rank"] > 0)]
        pairs = zip(own["kind"], own["rank"].astype(int), strict=True)
        return dict(zip(own["name"], pairs, strict=True))


def expected(known: pd.DataFrame, catalogue: Mapping[str, Described], areas: list[str], rule: Rule) -> Expected:
    ranks = oracle.rank(oracle.latest(known, areas), catalogue, areas, rule)
    return Expected(known, dict(catalogue), ranks, oracle.baskets(ranks, catalogue, areas, COMPOSITES))


def stored_ranks(db: Database, snapshot: int) -> pd.DataFrame:
    """The ranks of a snapshot as stored, in the shape of the naive ones; areas without a figure are left out."""
    rows = db.execute(
        'SELECT indicators.code, areas.code, ranks.period, value, coalesce(rank, 0), "of", tied, '
        "coalesce(quartile, 0), eligibility = 0 FROM ranks JOIN indicators ON indicators.id = indicator_id "
        "JOIN areas ON areas.id = area_id WHERE from_snapshot <= :at AND coalesce(until_snapshot, :at + 1) > :at "
        "AND value IS NOT NULL",
        {"at": snapshot},
    )
    return pd.DataFrame(rows.fetchall(), columns=RANKS).astype({"tied": bool, "eligible": bool})


def stored_baskets(db: Database, snapshot: int) -> pd.DataFrame:
    rows = db.execute(
        'SELECT name, kind, areas.code, total, rank_sum, rank_count, coalesce(rank, 0), "of", tied, '
        "coalesce(quartile, 0) FROM theme_ranks JOIN areas ON areas.id = area_id "
        "WHERE from_snapshot <= :at AND coalesce(until_snapshot, :at + 1) > :at",
        {"at": snapshot},
    )
    return pd.DataFrame(rows.fetchall(), columns=BASKETS).astype({"tied": bool})


def assert_same(stored: pd.DataFrame, naive: pd.DataFrame, columns: list[str], keys: list[str]) -> None:
    sides = [
        frame[columns].sort_values(keys).reset_index(drop=True).astype(dict.fromkeys(keys, object))
        for frame in (stored, naive)
    ]
    pd.testing.assert_frame_equal(sides[0], sides[1], check_exact=True, check_dtype=False)


def assert_stored_as_expected(db: Database, snapshot: int, naive: Expected) -> None:
    ranks = naive.ranks.assign(value=naive.ranks["value"].astype(float))
    assert_same(stored_ranks(db, snapshot), ranks, RANKS, ["indicator", "area_code"])
    assert_same(stored_baskets(db, snapshot), naive.baskets, BASKETS, ["name", "area_code"])


@dataclass(frozen=True)
class History:
    """The database after all releases, what became of each, the panel after each, and what was to be expected."""

    db: Database
    path: Path
    outcomes: tuple[Outcome, ...]
    panels: tuple[Panel, ...]
    expected: tuple[Expected, ...]

    def of(self, day: str) -> Outcome:
        return next(outcome for outcome in self.outcomes if outcome.name.startswith(day))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    path = tmp_path_factory.mktemp("real") / "benchwatch.db"
    db = connect(path)
    areas = counties()
    outcomes: list[Outcome] = []
    panels: list[Panel] = []
    naive: list[Expected] = []
    known = pd.DataFrame(columns=["indicator", "area_code", "period", "value"])
    catalogue: dict[str, Described] = {}
    for file in lait_releases():
        outcome = ingest(db, raw(file), policy(), now=NOW, path=path)
        outcomes.append(outcome)
        panels.append(load_panel(db, areas))
        frame = published(file, areas)
        taken = frame[~frame["indicator"].isin(outcome.held)]
        stated = set(taken["indicator"])
        catalogue |= {code: entry for code, entry in described(dictionary_of(file)).items() if code in stated}
        known = oracle.held(known, taken)
        naive.append(expected(known, catalogue, areas, "rank"))
        known = known.rename(columns={"label": "period"})[taken.columns]
    yield History(db, path, tuple(outcomes), tuple(panels), tuple(naive))
    db.close()


pytestmark = pytest.mark.slow


# --- what is stored -------------------------------------------------------------------------------


@needs_releases
@pytest.mark.parametrize("at", range(5))
def test_every_stored_rank_is_the_one_the_naive_method_gives(history: History, at: int) -> None:
    assert history.outcomes[at].status == "accepted"
    assert_stored_as_expected(history.db, at + 1, history.expected[at])


@needs_releases
def test_enough_is_compared_to_mean_something(history: History) -> None:
    for naive in history.expected:
        assert len(naive.ranks) > 9_000
        assert naive.ranks["tied"].mean() > 0.1
        assert 0.5 < naive.ranks.drop_duplicates("indicator")["eligible"].mean() < 0.9
        assert set(naive.baskets["kind"]) == {"theme", "composite", "expenditure"}


@needs_releases
def test_the_figures_known_at_an_earlier_snapshot_come_back_as_they_were(history: History) -> None:
    for at, panel in enumerate(history.panels, start=1):
        then = load_panel(history.db, panel.areas, as_of=at)
        assert then.indicators == panel.indicators
        assert [period.key for period in then.periods] == [period.key for period in panel.periods]
        for field in ("values", "status", "lower", "upper"):
            np.testing.assert_array_equal(getattr(then, field), getattr(panel, field), err_msg=f"{field} at {at}")


# --- what is held ---------------------------------------------------------------------------------


def newly_held(history: History, day: str, check: Check) -> set[str]:
    before = history.outcomes[[outcome.name for outcome in history.outcomes].index(history.of(day).name) - 1]
    found = {finding.indicator for finding in history.of(day).findings if finding.check == check}
    return {code for code in found if code} - set(before.held)


@needs_releases
def test_the_first_release_is_a_baseline_with_nothing_held(history: History) -> None:
    first = history.outcomes[0]
    assert first.held == ()
    assert {change.kind for change in first.changes} == {Kind.BASELINE}
    assert first.owed == 1


@needs_releases
def test_exactly_the_destination_series_are_held_when_their_labels_move(history: History) -> None:
    (october,) = (file for file in lait_releases() if file.name.startswith("2025-10-27"))
    stated = set(described(dictionary_of(october)))
    moved = {
        code
        for code in stated
        if code.startswith(("lait-ks4-des-", "lait-sused")) or code == "lait-ks4-sen-des-incspec"
    }
    assert len(moved) >= 10
    assert newly_held(history, "2025-10-27", Check.LABELS_MOVED) == moved


@needs_releases
def test_the_series_whose_label_moved_in_july_is_held_then(history: History) -> None:
    assert newly_held(history, "2025-07-22", Check.LABELS_MOVED) == {"lait-fsp-gooddev-chinese"}


@needs_releases
def test_a_unit_that_changes_its_scale_is_held_and_a_renamed_topic_is_not(history: History) -> None:
    found = [finding for outcome in history.outcomes for finding in outcome.findings]
    rescaled = {finding.indicator for finding in found if finding.check == Check.UNIT_CHANGED}
    assert rescaled == {"lait-yjs-caution-sentence10-17-yo"}


@needs_releases
def test_nothing_else_is_held_from_real_releases(history: History) -> None:
    known = {
        Check.LABELS_MOVED: ("lait-ks4-", "lait-sused", "lait-fsp-gooddev-chinese", "lait-firstyjs"),
        Check.UNIT_CHANGED: ("lait-yjs-caution-",),
    }
    for finding in (finding for outcome in history.outcomes for finding in outcome.findings):
        assert (finding.indicator or "").startswith(known.get(finding.check, ())), finding


# --- what changed ---------------------------------------------------------------------------------


def told(outcome: Outcome) -> list[Change]:
    return [change for change in outcome.changes if change.kind != Kind.BASELINE]


@needs_releases
@pytest.mark.parametrize("at", range(1, 5))
def test_entries_and_exits_are_those_between_two_naive_snapshots(history: History, at: int) -> None:
    before, after = history.expected[at - 1].bottom, history.expected[at].bottom
    both = before.keys() & after.keys()
    found = {(change.kind, change.indicator) for change in told(history.outcomes[at]) if change.indicator}
    crossed = {(Kind.ENTERED if after[code] else Kind.LEFT, code) for code in both if before[code] != after[code]}
    assert {pair for pair in found if pair[0] != Kind.IMPROVED} == crossed


@needs_releases
@pytest.mark.parametrize("at", range(1, 5))
def test_moved_themes_are_those_between_two_naive_snapshots(history: History, at: int) -> None:
    before, after = history.expected[at - 1].places, history.expected[at].places
    least = {"theme": 1}
    moved = {
        (name, before[name][1], rank)
        for name, (kind, rank) in after.items()
        if kind in least and name in before and abs(rank - before[name][1]) >= least[kind]
    }
    found = {
        (change.theme, change.before.rank, change.after.rank)
        for change in told(history.outcomes[at])
        if change.kind == Kind.THEME_MOVED and change.before
    }
    assert found == moved


@needs_releases
def test_a_composite_is_told_of_when_it_is_three_places_from_what_was_last_told(history: History) -> None:
    found = [
        (at, change.theme, change.before and change.before.rank, change.after.rank)
        for at, outcome in enumerate(history.outcomes)
        for change in told(outcome)
        if change.kind == Kind.COMPOSITE_MOVED
    ]
    last = {name: rank for name, (kind, rank) in history.expected[0].places.items() if kind == "composite"}
    due = []
    for at, naive in enumerate(history.expected):
        for name, (kind, rank) in sorted(naive.places.items()):
            if kind == "composite" and abs(rank - last[name]) >= 3:
                due.append((at, name, last[name], rank))
                last[name] = rank
    assert sorted(found) == due


@needs_releases
def test_new_indicators_are_baselines_and_tell_nothing(history: History) -> None:
    seen: set[str] = set()
    for outcome, naive in zip(history.outcomes, history.expected, strict=True):
        own = naive.ranks[(naive.ranks["area_code"] == COUNCIL) & (naive.ranks["rank"] > 0)]
        first = {change.indicator for change in outcome.changes if change.kind == Kind.BASELINE}
        assert first == set(own["indicator"]) - seen
        seen |= set(own["indicator"])


def bottom(rows: pd.DataFrame, catalogue: Mapping[str, Described]) -> bool:
    """Whether the council is in the bottom quartile of one indicator's rows."""
    ranks = oracle.rank(rows, catalogue, sorted(rows["area_code"]))
    return bool((ranks.loc[ranks["area_code"] == COUNCIL, "quartile"] == 4).all())


def naive_cause(before: Expected, after: Expected, code: str) -> Cause:
    """The cause of an entry or an exit, by taking back one difference after another."""
    old, new = (side.ranks[side.ranks["indicator"] == code] for side in (before, after))
    now = bottom(new, after.catalogue)
    was, entry = before.catalogue[code], after.catalogue[code]
    if (was.polarity, was.decimals) != (entry.polarity, entry.decimals) and bottom(new, before.catalogue) != now:
        return Cause.METHOD
    shared = set(old["area_code"]) & set(new["area_code"])
    then_shared, now_shared = (side[side["area_code"].isin(shared)] for side in (old, new))
    if bottom(then_shared, before.catalogue) == bottom(now_shared, after.catalogue):
        return Cause.COMPARATORS
    if old["key"].iloc[0] == new["key"].iloc[0]:
        return Cause.REVISION
    known = after.known
    today = known[(known["indicator"] == code) & (known["key"] == old["key"].iloc[0])]
    return Cause.REVISION if bottom(today, after.catalogue) == now else Cause.PERFORMANCE


@needs_releases
def test_every_entry_and_exit_has_the_cause_that_taking_it_back_shows(history: History) -> None:
    seen = set()
    for outcome, before, after in zip(history.outcomes[1:], history.expected, history.expected[1:], strict=False):
        for change in told(outcome):
            if change.indicator and change.kind != Kind.IMPROVED:
                assert change.cause == naive_cause(before, after, change.indicator), change
                assert change.reason
                seen.add(change.cause)
    assert {Cause.PERFORMANCE, Cause.REVISION} <= seen


@needs_releases
def test_the_causes_seen_are_news_revisions_and_changed_baskets(history: History) -> None:
    causes = {change.cause for outcome in history.outcomes for change in told(outcome)}
    assert {Cause.PERFORMANCE, Cause.REVISION, Cause.BASKET} <= causes


# --- why ------------------------------------------------------------------------------------------


@needs_releases
def test_every_move_is_explained_by_parts_that_add_up_to_what_is_stored(history: History) -> None:
    moved = [change for outcome in history.outcomes for change in told(outcome)]
    assert len(moved) > 20
    for change in moved:
        snapshot = next(at for at, outcome in enumerate(history.outcomes, start=1) if change in outcome.changes)
        ref = change_of(history.db, change.subject, snapshot=snapshot)
        assert ref is not None
        if change.indicator:
            ours = indicator_move(history.db, change.indicator, COUNCIL, ref.since, ref.snapshot)
            assert ours is not None
            assert change.before is not None
            assert ours.own + ours.peers + ours.method == ours.moved
            assert (ours.rank_before, ours.of_before) == (change.before.rank, change.before.of)
            assert (ours.rank_after, ours.of_after) == (change.after.rank, change.after.of)
        else:
            move = basket_move(history.db, change.theme, COUNCIL, ref.since, ref.snapshot)
            assert move is not None
            assert sum((term.effect for term in move.terms), Fraction(0)) == move.mean_after - move.mean_before
            assert move.mean_before == naive_mean(history.expected[ref.since - 1], change.theme)
            assert move.mean_after == naive_mean(history.expected[ref.snapshot - 1], change.theme)


@needs_releases
def test_every_change_is_written_down_with_parts_that_add_up(history: History) -> None:
    for at, outcome in enumerate(history.outcomes, start=1):
        for change in told(outcome):
            found = reasons.why(history.db, change.subject, None, at)
            assert found is not None
            written: dict[str, Any] = why_document(found)
            assert change.before is not None
            assert (written["rank_before"], written["rank_after"]) == (change.before.rank, change.after.rank)
            if change.indicator:
                moved = Fraction(written["rank_after"] - written["rank_before"])
                parts = [written[part] for part in ("own", "peers", "method")]
            else:
                moved = Fraction(written["mean_after"]) - Fraction(written["mean_before"])
                parts = [term["effect"] for term in written["terms"]]
                assert written["sensitivity"]["rank"] == change.after.rank
                assert written["comments"]
            assert sum(map(Fraction, parts)) == moved


def naive_mean(side: Expected, basket: str) -> Fraction:
    own = side.baskets[(side.baskets["area_code"] == COUNCIL) & (side.baskets["name"] == basket)].iloc[0]
    return Fraction(int(own["rank_sum"]), int(own["rank_count"]))


# --- replayed -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def replayed(history: History) -> Simulation:
    return simulate(history.db, policy())


@needs_releases
def test_the_replay_of_the_real_releases_is_what_is_stored(history: History, replayed: Simulation) -> None:
    assert (replayed.releases, replayed.baseline) == (4, "2024-12-18/1")
    stored = Counter((outcome.release, change) for outcome in history.outcomes for change in told(outcome))
    assert Counter((one.release, one.change) for one in replayed.today.fired) == stored
    loud = Counter(release for release, change in stored.elements() if change.alerts)
    assert {one.release: one.changes for one in replayed.today.messages} == loud
    assert len(replayed.today.messages) == 4


@needs_releases
def test_a_higher_threshold_tells_of_the_themes_that_the_naive_method_says(
    history: History, replayed: Simulation
) -> None:
    """With min_theme_move = 3 a theme is told of when it is three places from where it was last told, or last true."""
    found = next(one for one in replayed.variants if (one.setting, one.value) == (MOVE, 3))
    last = {name: rank for name, (kind, rank) in history.expected[0].places.items() if kind == "theme"}
    due = []
    for number, naive in enumerate(history.expected[1:], start=2):
        for name, (kind, rank) in naive.places.items():
            if kind == "theme" and abs(rank - last.setdefault(name, rank)) >= 3:
                due.append((number, name, last[name], rank))
                last[name] = rank
    fired = [
        (one.release, one.change.theme, one.change.before and one.change.before.rank, one.change.after.rank)
        for one in found.fired
        if one.change.kind == Kind.THEME_MOVED
    ]
    assert sorted(fired) == sorted(due)


# --- the same again, and an earlier one -----------------------------------------------------------


@needs_releases
def test_the_same_file_again_changes_nothing_and_owes_nothing(history: History) -> None:
    owed = history.db.execute("SELECT count(*) FROM outbox").fetchone()
    again = ingest(history.db, raw(lait_releases()[-1]), policy(), now=NOW, path=history.path)
    assert (again.status, again.changes, again.owed, again.release) == ("unchanged", (), 0, 5)
    assert history.db.execute("SELECT count(*) FROM outbox").fetchone() == owed
    assert history.db.execute("SELECT max(id) FROM snapshots").fetchone() == (5,)


@needs_releases
def test_an_earlier_release_is_held_as_older_and_changes_nothing(history: History) -> None:
    outcome = ingest(history.db, raw(lait_releases()[2]), policy(), now=NOW, path=history.path)
    assert outcome.status == "held"
    assert {finding.check for finding in outcome.findings} == {Check.OLDER_RELEASE}
    assert outcome.changes == ()
    assert_stored_as_expected(history.db, 5, history.expected[-1])
    assert history.db.execute("SELECT max(id) FROM snapshots").fetchone() == (5,)


# --- one input of many themes ---------------------------------------------------------------------


@cache
def known_of_the_benchmark() -> pd.DataFrame:
    """What the naive method knows after the benchmark input, whichever rule it ranks by."""
    frame = published(BENCHMARK / "observations.csv.gz", counties())
    frame["value"] = frame["value"].where(pd.to_numeric(frame["value"], errors="coerce").notna(), "")
    return oracle.held(frame)


@needs_benchmark
@pytest.mark.parametrize("rule", ["rank", "value"])
def test_the_benchmark_input_is_ranked_as_by_the_naive_method(tmp_path: Path, rule: Rule) -> None:
    path = tmp_path / "benchwatch.db"
    db = connect(path)
    file = BENCHMARK / "observations.csv.gz"
    outcome = ingest(db, raw(file), policy(rule), now=NOW, path=path)
    assert outcome.status == "accepted"
    assert outcome.held == ()
    naive = expected(known_of_the_benchmark(), described(BENCHMARK / "indicators.csv"), counties(), rule)
    assert_stored_as_expected(db, 1, naive)
    assert set(naive.baskets["kind"]) == {"theme", "composite", "expenditure"}
    db.close()
