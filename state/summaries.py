"""The council's themes in short, now against a year earlier, as reports and comments tell them."""

from __future__ import annotations

from sqlite_utils import Database

from engine.catalogue import SPENDING_LINE
from engine.summary import ThemeSummary, summarise
from state.queries import a_year_before, current_snapshot, improved_since, indicator_views, theme_views
from state.snapshots import basis_at


def theme_summaries(db: Database) -> tuple[ThemeSummary, ...]:
    """Every composite, then every theme of the council now against a year earlier; none before the first release.

    An indicator without a figure from before counts on neither side; ``a_year_before`` says which that is. Improved are
    those in the bottom quartile still that are significantly better than then.
    """
    snapshot = current_snapshot(db)
    if snapshot is None:
        return ()
    views = {view.name: view for view in theme_views(db, snapshot)}
    judged = [view for view in indicator_views(db, snapshot, None) if view.eligibility == "eligible"]
    before = a_year_before(judged)
    improved = {one.indicator.code for one in improved_since(db, snapshot, judged) if one.significant and not one.left}
    made_of = {entry.name: entry.themes for entry in basis_at(db, snapshot.id).composites}
    earlier = {name for (name,) in db.execute("SELECT DISTINCT name FROM theme_years WHERE rank IS NOT NULL")}
    found = []
    for name, view in sorted(views.items(), key=lambda item: (item[1].kind, item[0])):
        if view.kind == "expenditure":
            continue
        themes = made_of.get(name, (name,))
        members = [one for one in judged if one.theme in themes or not themes]
        spend = views.get(SPENDING_LINE + view.expenditure) if view.expenditure else None
        found.append(
            summarise(
                name,
                view.kind,
                view.standing,
                view.previous,
                spend.standing if spend else None,
                ((one.name or one.code, before[one.code], one.standing) for one in members),
                (one.name or one.code for one in members if one.code in improved),
                new=bool(earlier) and name not in earlier,
            )
        )
    return tuple(found)
