"""Wording shared by alerts and answers: ranks, figures, periods and reasons in plain British English.

What is returned is safe inside mrkdwn: everything that comes from outside is made literal here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from bot.slack_text import cut, literal, size
from engine.areas import load_areas
from engine.changes import Cause, Change, Kind, Standing
from engine.explain import Distance
from engine.margin import Certainty, RankInterval
from engine.pace import Pace
from engine.quadrants import Against, Quadrant
from jobs.notices import Because, Footing, Said
from state.editions import Differences
from state.histories import PlanePoint
from state.published import PublishedRank
from state.views import IndicatorView

NAME = 120
"""Units of a name shown in a line; longer ones are cut."""

UP, DOWN, LEVEL = "▲", "▼", "="
OLD = "old: ended more than four years ago"
NO_FIGURE = "no figure"
ILLUSTRATIVE = "illustrative comparators"

_BARS = "▁▂▃▄▅▆▇█"
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_UNKNOWN_DECIMALS = 6
_TEENS = range(11, 14)
_PER_CENT = re.compile(r"^(?:%|per ?cent(?:age)?\b|proportion \(%\))\s*", re.IGNORECASE)
_POUNDS = re.compile(r"^£((?:m|bn|k)\b)?\s*(.*)$")
_RATE = re.compile(r"^[a-z\- ]*\brate (?=per\b)", re.IGNORECASE)
_BAND = re.compile(r"^(-?[\d.]+)\.\.(-?[\d.]+)$")

CAUSES = {
    Cause.PERFORMANCE: "new figures",
    Cause.REVISION: "revised figures",
    Cause.COMPARATORS: "the comparators changed",
    Cause.BASKET: "the basket of indicators changed",
    Cause.METHOD: "the method changed",
}

_QUIET = {Cause.COMPARATORS: "comparators", Cause.BASKET: "the basket", Cause.METHOD: "the method"}

_INELIGIBLE = {
    "no_direction": "no direction, so not judged",
    "few_areas": "not judged: too few areas have a figure",
    "few_values": "not judged: too few different values",
    "large_tie": "not judged: too many areas tie",
}

_PERFORMING = {-1: "high performing", 0: "middling performance", 1: "low performing"}
_SPENDING = {-1: "high spending", 0: "middling spending", 1: "low spending"}
_DEPRIVED = {-1: "more deprived", 0: "middling deprivation", 1: "less deprived"}

_CHECKS = {
    "bad_rows": "rows that cannot be read",
    "rows_lost": "rows lost",
    "areas_lost": "areas missing",
    "council_lost": "our own council missing",
    "unknown_areas": "unknown areas",
    "older_release": "an older edition",
    "duplicate_cells": "the same cell twice",
    "median_jump": "figures on another scale",
    "polarity_changed": "direction changed",
    "unit_changed": "unit changed",
    "coverage_lost": "many areas without a figure",
    "labels_moved": "figures under another label",
}


def name(text: str) -> str:
    """A name from outside, short enough for a line."""
    return literal(cut(text, NAME)) or "(no name)"


def strong(text: str) -> str:
    """A name from outside in bold."""
    return f"*{name(text)}*"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 11th, 21st."""
    last = 0 if number % 100 in _TEENS else number % 10
    return f"{number:,}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def nth(rank: int, *, tied: bool) -> str:
    """As "24th", "=7th" when tied."""
    return f"{LEVEL if tied else ''}{ordinal(rank)}"


def count(number: int, one: str, many: str = "") -> str:
    """As "1 indicator", "257 indicators", "no indicators"."""
    return f"{number:,}" + f" {one if number == 1 else many or one + 's'}" if number else f"no {many or one + 's'}"


def position(standing: Standing) -> str:
    """As "24th", "=7th" when tied, "no rank"."""
    return "no rank" if standing.rank is None else nth(standing.rank, tied=standing.tied)


def place(standing: Standing | None) -> str:
    """As "24th of 32", "=7th of 29", "no rank"."""
    if standing is None or standing.rank is None:
        return "no rank"
    return position(standing) + (f" of {standing.of}" if standing.of else "")


def move(before: Standing | None, after: Standing) -> str:
    """As "24th → 28th of 32", with both numbers ranked where they differ."""
    if before is None:
        return place(after)
    start = position(before) if before.of == after.of else place(before)
    return f"{start} → {place(after)}"


def from_to(before: Standing | None, after: Standing) -> str:
    """As "from 11th to 21st of 32"."""
    return f"from {' to '.join(move(before, after).split(' → '))}" if before else f"to {place(after)}"


def gained(change: Change) -> int:
    """Places gained by the council, negative for places lost; 0 where a rank is missing."""
    if change.before is None or change.before.rank is None or change.after.rank is None:
        return 0
    return change.before.rank - change.after.rank


def arrow(change: Change) -> str:
    """▲ for better, ▼ for worse."""
    if change.kind is Kind.BASELINE:
        return "•"
    if change.kind in {Kind.ENTERED, Kind.LEFT, Kind.IMPROVED}:
        return DOWN if change.kind is Kind.ENTERED else UP
    return {True: UP, False: DOWN}[gained(change) > 0] if gained(change) else LEVEL


def trend(before: Standing | None, after: Standing | None) -> str:
    """↑ for a better rank than before, ↓ for a worse one, → for the same; empty where either is missing."""
    if before is None or after is None or before.rank is None or after.rank is None:
        return ""
    return "→" if before.rank == after.rank else "↑" if after.rank < before.rank else "↓"


def quartiles(before: Standing | None, after: Standing) -> str:
    """As "quartile 3 → 4", "quartile 4"; empty without one."""
    if after.quartile is None:
        return ""
    changed = before is not None and before.quartile not in {None, after.quartile}
    return f"quartile {before.quartile} → {after.quartile}" if changed and before else f"quartile {after.quartile}"


def ranks(before: Standing | None, after: Standing) -> str:
    """As "24th → 28th of 32, quartile 3 → 4"."""
    return ", ".join(part for part in (move(before, after), quartiles(before, after)) if part)


def number(value: float | None, decimals: int | None) -> str:
    """The figure with the decimals its publisher prints, or as many as it has where these are unknown."""
    if value is None or not math.isfinite(value):
        return NO_FIGURE
    shown = f"{abs(value):,.{_UNKNOWN_DECIMALS if decimals is None else decimals}f}"
    shown = shown.rstrip("0").rstrip(".") if decimals is None else shown
    return f"−{shown}" if value < 0 and shown.strip("0.,") else shown


def figure(value: float | None, unit: str, decimals: int | None) -> str:
    """One figure with its unit: "87.8%", "£1,204 per head", "4.6 per 1,000"."""
    return _with_unit([number(value, decimals)], unit)


def figures(before: Standing | None, after: Standing, unit: str, decimals: int | None) -> str:
    """As "4.6 → 5.9 per 1,000"; just the figure where it did not change or was not known."""
    new = number(after.value, decimals)
    old = number(before.value, decimals) if before else NO_FIGURE
    return _with_unit([new] if NO_FIGURE in {old, new} or old == new else [old, new], unit)


def figures_judged(before: Standing | None, after: Standing, unit: str, decimals: int | None, polarity: str) -> str:
    """As "4.6 → 5.9 per 1,000 (higher is worse)"."""
    return f"{figures(before, after, unit, decimals)} {direction(polarity)}".strip()


def _with_unit(shown: Sequence[str], unit: str) -> str:
    """Figures with their unit, its sign at each of them and its words once."""
    if NO_FIGURE in shown:
        return NO_FIGURE
    before, after, rest = _unit(cut(unit.strip(), NAME))
    signed = [f"−{before}{item[1:]}{after}" if item.startswith("−") else f"{before}{item}{after}" for item in shown]
    return f"{' → '.join(signed)} {literal(rest)}".strip()


def _unit(unit: str) -> tuple[str, str, str]:
    """What stands before each figure, what right after it, and what after all of them."""
    if found := _PER_CENT.match(unit):
        return "", "%", unit[found.end() :]
    if found := _POUNDS.match(unit):
        return "£", found[1] or "", found[2]
    unit = _RATE.sub("", unit)
    first = unit.split(" ")[0]
    return "", "", unit if first[1:] != first[1:].lower() else unit[:1].lower() + unit[1:]


def direction(polarity: str) -> str:
    """As "(higher is worse)"; empty where no direction is good."""
    if band := _BAND.match(polarity):
        return f"(best between {band[1]} and {band[2]})" if band[1] != band[2] else f"(best at {band[1]})"
    return {"low": "(higher is worse)", "high": "(higher is better)"}.get(polarity, "")


def periods(before: Standing | None, after: Standing) -> str:
    """As "2021/22 → 2022/23", or the one period of both."""
    new = literal(cut(after.period or "", NAME))
    old = literal(cut(before.period or "", NAME)) if before else ""
    return f"{old} → {new}" if old and new and old != new else new


def day(iso: str) -> str:
    """As "20 July 2024"; what is no date is shown as it is."""
    try:
        when = date.fromisoformat(iso[:10] if iso[10:11] in {"", "T", " ", "/"} else "")
    except ValueError:
        return literal(cut(iso, NAME))
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def until(iso: str) -> str:
    """How long something is muted, as "until 20 July 2024"; without a day "until the next release"."""
    return f"until {day(iso) if iso else 'the next release'}"


def published(iso: str) -> str:
    """As "published 20 July 2024", or nothing."""
    return f"published {day(iso)}" if iso else ""


def share(part: int, whole: int, what: str = "") -> str:
    """As "5 of 20 indicators (25%)"; "none judged" where there is nothing to be part of."""
    of = count(whole, what) if what else f"{whole:,}"
    return f"{part:,} of {of} ({100 * part / whole:.0f}%)" if whole else "none judged"


def spend(standing: Standing | None) -> str:
    """As "3rd highest of 32"; the last is the lowest, as rank 1 is the highest spend (method, item 8)."""
    return _from_most(standing, "highest", "lowest")


def deprived(standing: Standing | None) -> str:
    """As "3rd most deprived of 32"; the last is the least, as rank 1 is the most deprived (method, item 8)."""
    return _from_most(standing, "most deprived", "least")


def _from_most(standing: Standing | None, most: str, least: str) -> str:
    if standing is None or standing.rank is None:
        return "no rank"
    tied = "=" if standing.tied else ""
    if standing.rank == 1:
        return f"{tied}{most} of {standing.of}"
    last = f", the {least}" if standing.rank == standing.of else ""
    return f"{tied}{ordinal(standing.rank)} {most} of {standing.of}{last}"


def quadrant(found: Quadrant, against: Against = "spend") -> str:
    """As "high performing, low spending" or "high performing, more deprived"."""
    return f"{_PERFORMING[found.performing]}, {(_SPENDING if against == 'spend' else _DEPRIVED)[found.across]}"


def bars(ranks: Sequence[int | None], of: int) -> str:
    """Ranks as bars, taller for better; a dot where there is no rank."""
    top = len(_BARS) - 1
    return "".join("·" if rank is None else _BARS[round(top * max(of - rank, 0) / max(of - 1, 1))] for rank in ranks)


def judged(view: IndicatorView) -> str:
    """As "quartile 4", or why there is none."""
    if view.eligibility != "eligible":
        return not_judged(view.eligibility)
    return quartiles(None, view.standing) if view.standing else ""


def check(code: str) -> str:
    """What a quality check found, in words."""
    return _CHECKS.get(code) or literal(cut(code.replace("_", " "), NAME))


def cause(change: Change) -> str:
    """Why it changed, with the reason the engine gives."""
    reason = literal(cut(change.reason, 200))
    known = CAUSES[change.cause] if change.cause and "were revised" not in reason else ""
    return " – ".join(part for part in (known, reason) if part)


def quiet(counts: dict[str, int]) -> str:
    """One line for changes that do not alert; empty without any."""
    total = sum(counts.values())
    if not total:
        return ""
    told = {str(known): said for known, said in _QUIET.items()}
    causes = [told.get(key, literal(key)) for key, number in counts.items() if number]
    verb = "changes came" if total > 1 else "change came"
    return f"{total:,} {verb} from {' or '.join(causes)}, not from performance"


def foot(on: Footing) -> str:
    """On what the ranks stand, for the end of everything published."""
    parts = [
        name(on.council),
        f"Quartiles: {on.quartile_rule} rule, {on.areas} {name(on.comparators)}",
        f"snapshot {name(on.snapshot)}",
        ILLUSTRATIVE if on.illustrative else "",
    ]
    return " · ".join(part for part in parts if part)


def joined(*parts: str) -> str:
    """The parts there are, with a dot between them."""
    return " · ".join(part for part in parts if part)


def listed(items: Sequence[str], most: int) -> str:
    """The first few of what is in words already, and how many more there are: "Roads, Police and 3 more"."""
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} more" if more > 0 else "")


def echo(text: str) -> str:
    """What someone typed, cut and harmless, in quotation marks."""
    return f"“{literal(cut(text, 80))}”"


def plural_s(number: int) -> str:
    """The s of "indicators", where there is not one."""
    return "" if number == 1 else "s"


_LEAST_SHOWN = 0.05
_COUNTED_NOW = {"joined": " (newly counted)", "left": " (no longer counted)"}


def because(parts: Sequence[Because]) -> str:
    """As "Vehicle crime cost 1.9 places of the average rank, Theft 1.1; Arson gained 0.3"; empty without parts.

    What moved it most comes first; effects that would be shown as nothing are left out.
    """
    shown = [part for part in parts if abs(part.effect) >= _LEAST_SHOWN]
    groups = [[part for part in shown if (part.effect > 0) is worse] for worse in (True, False)]
    groups.sort(key=lambda group: -max((abs(part.effect) for part in group), default=0.0))
    told: list[str] = []
    unit = " places of the average rank"
    for group in groups:
        for at, part in enumerate(group):
            verb = (" cost" if part.effect > 0 else " gained") if at == 0 else ""
            told.append(
                f"{'; ' if told and at == 0 else ', ' if told else ''}{literal(_without_code(part.name, 60))}{verb} "
                f"{abs(part.effect):.1f}{unit}{_COUNTED_NOW.get(part.kind, '')}"
            )
            unit = ""
    return "".join(told)


def why(parts: Sequence[Because]) -> str:
    """As "Why: Vehicle crime cost 1.9 places of the average rank"; empty without parts."""
    told = because(parts)
    return f"Why: {told}" if told else ""


def _without_code(name: str, most: int) -> str:
    """A name that is too long without what stands in brackets at its end; cut where that is not enough."""
    return cut(name if size(name) <= most else re.sub(r"(?<=\S) \([^()]*\)$", "", name), most)


def remarks(cause: str, action: str, review: str, most: int = 150) -> str:
    """What somebody said about a change, as "cause – …; action – …; review by 1 June 2026"; empty parts left out."""
    parts = (
        f"cause – {literal(cut(cause, most))}" if cause.strip() else "",
        f"action – {literal(cut(action, most))}" if action.strip() else "",
        f"review by {day(review)}" if review else "",
    )
    return "; ".join(part for part in parts if part)


def last_time(said: Said | None) -> str:
    """As "Last time, Ann on 3 May 2026: cause – …; action – …; review by …"; empty where nobody said anything."""
    if said is None:
        return ""
    return f"Last time, {name(said.by)} on {day(said.day)}: {remarks(said.cause, said.action, said.review)}"


def not_judged(eligibility: str) -> str:
    """Why an indicator is not judged, as "not judged: too few areas have a figure"."""
    return _INELIGIBLE.get(eligibility, "not judged")


def amount(value: float, unit: str, decimals: int | None) -> str:
    """How much of a unit, as of a difference: "2.3 percentage points", "£120 per head", "0.4 per 1,000"."""
    if _PER_CENT.match(cut(unit.strip(), NAME)):
        shown = number(value, decimals)
        return f"{shown} percentage point{'' if shown == '1' else 's'}"
    return figure(value, unit, decimals)


def distance(way: Distance, unit: str, decimals: int | None) -> str:
    """As "needs 2.3 percentage points, 3 places, to leave the bottom quartile, at 87.1%"; or how far above it."""
    far, line = count(way.places, "place"), ""
    if way.gap is not None and way.needed is not None:
        far = f"{amount(float(way.gap), unit, decimals)}, {far},"
        line = figure(float(way.needed), unit, decimals)
    if way.way == "leave":
        return f"needs {far} to leave the bottom quartile" + (f", at {line}" if line else "")
    return f"{far} above the bottom quartile" + (f", which begins at {line}" if line else "")


def across_figure(point: PlanePoint) -> str:
    """The figure that performance is set against, as "£441 per head, 2023-24"; "no figure"."""
    standing, measure = point.across, point.measure
    if standing.value is None:
        return NO_FIGURE
    shown = figure(standing.value, measure.unit, measure.decimals)
    return ", ".join(part for part in (shown, periods(None, standing)) if part)


def across(point: PlanePoint, against: Against) -> str:
    """The same with its place, as "£441 per head, 29th highest of 31, 2023-24"."""
    standing, measure = point.across, point.measure
    if standing.value is None:
        return NO_FIGURE
    where = spend(standing) if against == "spend" else deprived(standing)
    shown = figure(standing.value, measure.unit, measure.decimals)
    return ", ".join(part for part in (shown, where, periods(None, standing)) if part)


_LONG = 20
"""Years beyond which a pace says no more than that it takes long."""

_AT_THE_LINE = 3
"""Areas named that stand at the line together; the others are counted."""

_OF_PACE = "at the pace of the last three periods"


def pace(found: Pace | None, way: Distance) -> str:
    """As "at the pace of the last three periods: about 2 years"; or that it is not reached at that pace.

    Of the way into the bottom quartile only what leads there within twenty years is told.
    """
    if found is None:
        return ""
    if found.periods is None:
        doing = "it is moving away" if found.way == "away" else "it stands still"
        return f"not {_OF_PACE}: {doing}" if way.way == "leave" else ""
    years = found.periods * found.gap
    if way.way == "enter":
        return f"{_OF_PACE} it is there {_in_time(found.periods, years, 'in ')}" if years <= _LONG else ""
    return f"{_OF_PACE}: {_in_time(found.periods, years)}"


def _in_time(periods: int, years: Fraction, before: str = "") -> str:
    """As "with the next one", "about 9 months", "about 2 years"."""
    if periods == 1:
        return "with the next one"
    if years > _LONG:
        return f"more than {_LONG} years"
    months = max(round(12 * years), 1)
    if months < 12 or (months < 24 and months % 12):  # noqa: PLR2004 - as people count
        return f"{before}about {count(months, 'month')}"
    return f"{before}about {count(round(years), 'year')}"


def beside(way: Distance) -> str:
    """Who stands at the line of the bottom quartile: "just past Durham and Essex"; below it where it is ahead."""
    areas = load_areas()
    names = sorted(name(areas[code].name) for code in way.level or (way.at,))
    if 1 < len(names) <= _AT_THE_LINE:
        names = [", ".join(names[:-1]) + f" and {names[-1]}"]
    return f"just {'past' if way.way == 'leave' else 'below'} {listed(names, _AT_THE_LINE)}"


def bracketed(before: Standing | None, after: Standing, when: str = "") -> str:
    """As " (7th last year) ↑", " (7th) ↑": an earlier rank and the way since; empty without one.

    Among how many it was is said where that is another number than now: " (7th of 32 in edition 2022/23) ↑".
    """
    if before is None or before.rank is None:
        return ""
    was = position(before) if after.of in {None, before.of} else place(before)
    return f" ({f'{was} {when}'.strip()}) {trend(before, after)}".rstrip()


def as_published(rank: PublishedRank) -> str:
    """As "published 21st of 32 in 2022/23, spend 20th highest of 32, as “Crime”" where its name then was another."""
    alike = rank.title.casefold() == rank.name.casefold()
    return f"published {printed(rank)}{'' if alike else f', as “{name(rank.title)}”'}"


def printed(rank: PublishedRank) -> str:
    """As "21st of 32 in 2022/23, spend 20th highest of 32": what an edition printed."""
    spent = f", spend {spend(rank.spend)}" if rank.spend else ""
    return f"{place(rank.standing)} in {literal(rank.edition)}{spent}"


def not_alike(differences: Differences) -> str:
    """As "Not like for like: 32 areas were compared then, 31 are now; the method has changed"; empty where it is."""
    areas, counted = differences.areas, []
    if areas:
        then = f"{count(areas[0], 'area')} {'was' if areas[0] == 1 else 'were'} compared then"
        others = "other areas were compared then, as many" if areas[0] == areas[1] else ""
        counted.append(others or f"{then}, {areas[1]:,} {'is' if areas[1] == 1 else 'are'} now")
    if differences.method:
        counted.append("the method has changed")
    if differences.catalogue:
        counted.append(_catalogue_changed(differences))
    return f"Not like for like: {'; '.join(counted)}" if counted else ""


def _catalogue_changed(differences: Differences) -> str:
    """As "the catalogue has changed (3 indicators new, 2 gone, 1 described otherwise)"."""
    parts = [
        (differences.joined, "new"),
        (differences.left, "gone"),
        (differences.redescribed, "described otherwise"),
    ]
    shown = [(number, what) for number, what in parts if number]
    said = [
        f"{count(number, 'indicator') if at == 0 else f'{number:,}'} {what}" for at, (number, what) in enumerate(shown)
    ]
    if differences.composites:
        said.append("composites of other themes")
    return f"the catalogue has changed ({', '.join(said)})"


def certainty(sure: Certainty, *, bottom: bool) -> str:
    """As "clearly in the bottom quartile", "within the margin of error"; out of it where it is not ``bottom``.

    Empty where no margins of error are published.
    """
    if not sure:
        return ""
    if sure == "clear":
        return f"clearly {'in' if bottom else 'out of'} the bottom quartile"
    return f"{'' if bottom else 'left '}within the margin of error"


def judged_surely(view: IndicatorView) -> str:
    """As "quartile 4, within the margin of error"; how sure it is only where it is in the bottom quartile."""
    sure = certainty(view.certainty, bottom=True) if view.in_bottom_quartile else ""
    return ", ".join(part for part in (judged(view), sure) if part)


def how_sure(clear: int, unsure: int, others: int) -> str:
    """As "3 of them clearly, 1 within the margin of error; for the other 2 no margins are published".

    Empty where there are none at all.
    """
    if not clear and not unsure:
        return ""
    counts = [f"{clear:,} of them clearly" if clear else "", ""]
    counts[1] = f"{unsure:,}{'' if clear else ' of them'} within the margin of error" if unsure else ""
    rest = f"; for the other{'' if others == 1 else f' {others:,}'} no margins are published" if others else ""
    return ", ".join(part for part in counts if part) + rest


def interval(found: RankInterval) -> str:
    """As "its rank lies between 24th and 31st of 31 when the published margins of error are counted"."""
    if found.lower == found.upper:
        return f"its rank is {ordinal(found.upper)} of {found.of} also when the published margins of error are counted"
    between = f"between {ordinal(found.lower)} and {ordinal(found.upper)} of {found.of}"
    return f"its rank lies {between} when the published margins of error are counted"


def month(iso: str) -> str:
    """As "July 2024", of a month given as 2024-07 or of any day in it."""
    return day(f"{iso[:7]}-01").split(" ", 1)[-1]


def share_held(held: int, judged: int) -> str:
    """As "2 of 392 indicators": how many of a theme's indicators go back to a year."""
    return f"{held:,} of {count(judged, 'indicator')}"


def reaching_back(judged: int) -> str:
    """What is to be thought of years that fewer than two thirds of a theme's indicators go back to."""
    return f"Years that fewer than two thirds of today's {count(judged, 'indicator')} go back to say how many do."


def moves(pairs: Sequence[tuple[Standing | None, Standing]]) -> str:
    """As "3 ranks better, 2 worse, 1 the same, 4 not ranked on both sides"."""
    ways = [trend(before, after) for before, after in pairs]
    parts = [(ways.count("↑"), "better"), (ways.count("↓"), "worse"), (ways.count("→"), "the same")]
    said = [(number, what) for number, what in parts if number]
    shown = [f"{count(number, 'rank') if at == 0 else f'{number:,}'} {what}" for at, (number, what) in enumerate(said)]
    missing = ways.count("")
    if missing:
        shown.append(f"{missing:,} not ranked on both sides" if shown else "nothing is ranked on both sides")
    return ", ".join(shown) or "nothing is ranked"
