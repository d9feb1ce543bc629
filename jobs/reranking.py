"""When the catalogue has changed: what is held is ranked anew, without waiting for a release.

A new direction, a ratio's factor or an indicator taken out would else count only from the next release on, which for an
annual series is a year; and a release whose figures are held already ranks nothing.
"""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import structlog

from engine.derived import with_ratios
from engine.panel import ABSENT, Panel
from engine.snapshot import Basis
from jobs.notices import ReleaseInfo
from jobs.policy import Policy
from jobs.ranking import catalogue_now, comparators_of, rank_and_compare, theme_details
from jobs.telling import owe_release
from jobs.tidy import panel_areas
from state import observations, snapshots
from state.database import Database

log = structlog.get_logger(__name__)


def rerank(db: Database, policy: Policy, now: datetime) -> bool:
    """Rank what is held anew where the catalogue, its ratios or the comparators are not those of the last snapshot.

    Runs within the caller's unit of work; True when there was something to do.
    """
    previous = snapshots.latest_snapshot(db)
    if previous is None:
        return False
    catalogue, _ = catalogue_now(db, policy)
    held = observations.load_held(db, panel_areas())
    parts = {part for ratio in catalogue.ratios.values() for part in (ratio.of, ratio.to)}
    made = with_ratios(held.of_indicators(parts), held, catalogue.ratios).of_indicators(catalogue.ratios)
    stale = not _same(made, held.of_indicators(catalogue.ratios))
    group = comparators_of(policy, date.fromisoformat(previous.known))
    if not stale and Basis.of(catalogue, group.codes, policy.rules).hash == previous.basis.hash:
        # Names, spending lines and the measure of deprivation decide no rank, and count at once all the same.
        snapshots.save_themes(db, theme_details(catalogue))
        return False
    log.info("the catalogue has changed: what is held is ranked anew")
    codes = set(held.indicators) | set(made.indicators)
    observations.save_indicators(db, [entry for code, entry in catalogue.indicators.items() if code in codes])
    panel = held
    if stale:
        number = snapshots.next_snapshot(db)
        merged = observations.merge(
            db, made, held, release=previous.release_id, snapshot=number, whole=catalogue.ratios
        )
        panel = merged.panel
    ranked = rank_and_compare(
        db,
        held=held,
        panel=panel,
        catalogue=catalogue,
        policy=policy,
        release=previous.release_id,
        published=date.fromisoformat(previous.known),
        now=now,
    )
    info = ReleaseInfo(previous.release_id, "A change of the catalogue", "", "")
    owe_release(db, info, ranked, policy, now, published=True)
    return True


def _same(one: Panel, other: Panel) -> bool:
    """Whether two panels state the same; rows that state nothing do not count."""
    one, other = (panel.rows(np.nonzero((panel.status != ABSENT).any(axis=1))[0]) for panel in (one, other))
    return (
        one.row_of.keys() == other.row_of.keys()
        and np.array_equal(one.status, other.status)
        and np.array_equal(one.values, other.values, equal_nan=True)
    )
