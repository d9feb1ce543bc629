"""Whether a place in the bottom quartile is clear, or within the margin of error of the published figures."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from engine.changes import BOTTOM_QUARTILE, WIDTH_IN_ERRORS
from engine.ranking import Eligibility
from engine.snapshot import Snapshot

_SURE = 0.05
"""Chance of a wrong word among all comparisons with the other areas."""


def within_margin(snapshot: Snapshot, indicator: str, area: str) -> bool:
    """Whether an area is in the bottom quartile without being clearly there.

    Counted from the best place that its published 95% limits allow: one more than the areas that are significantly
    better, with z so that all n − 1 comparisons together err in one case of twenty. Nothing is said, and so False,
    unless every ranked area has limits and high or low is good. Method, item 14.
    """
    at, column = snapshot.row.get(indicator), snapshot.column.get(area)
    if at is None or column is None or snapshot.ranks.quartile[at, column] != BOTTOM_QUARTILE:
        return False
    polarity = snapshot.basis.indicators[indicator].polarity.kind
    panel, ranked = snapshot.panel, snapshot.ranks.rank[at] > 0
    errors = (panel.upper[at] - panel.lower[at])[ranked] / WIDTH_IN_ERRORS
    count = int(ranked.sum())
    if (
        polarity not in {"high", "low"}
        or snapshot.ranks.eligible[at] != Eligibility.ELIGIBLE
        or not np.all(errors > 0)
        or count < 4
    ):
        return False
    own = int(ranked[:column].sum())
    gap = (panel.values[at][ranked] - panel.values[at, column]) * (1 if polarity == "high" else -1)
    sure = NormalDist().inv_cdf(1 - _SURE / (2 * (count - 1)))
    best = 1 + int((gap > sure * np.hypot(errors, errors[own])).sum())
    return 1 + 4 * (best - 1) // count != BOTTOM_QUARTILE
