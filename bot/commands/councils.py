"""Answers about others: a comparator as it stands, we and it side by side, and everybody in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot import words
from bot.commands.parts import CHART, answered, ask_button, command, paged, paged_table
from bot.commands.themes import by_standing, composites, headline, rows_of, share_of, spend_line, years
from bot.slack_text import Message, paragraphs, unescape
from engine.changes import Standing
from state.views import IndicatorReport, IndicatorView, LeagueReport, OverallReport, Peer, SnapshotView, ThemeReport

NAMED = 40
"""Comparators named in one line."""
_AHEAD_NAMED = 6


def council(report: OverallReport, page: int) -> Message:
    """A comparator's table: every theme with its ranks, its spending and its share in the bottom quartile."""
    name = report.area
    top = [
        f"*{': '.join(part for part in (words.name(name), composites(report)) if part)}* · {share_of(report)}",
        f"Beside us: {command('compare', name)}",
    ]
    beside = ask_button("Compare with us", "compare", name, f"Compare {name} with us")
    return paged_table(("council", name), page, top, rows_of(report), report.snapshot, [beside])


def council_theme(report: ThemeReport, page: int) -> Message:
    """A comparator's theme, told as ours are."""
    view, name = report.theme, report.area
    asked = f"{name} theme {view.name}"
    top = [
        headline(view, f"{words.name(name)}, "),
        spend_line(report.expenditure),
        years(view),
        f"Beside us: {command('compare', asked)}",
    ]
    beside = ask_button("Compare with us", "compare", asked, f"Compare {name} with us in {view.name}")
    groups = by_standing(report.indicators)
    return paged(("council", asked), page, top, groups, report.snapshot, [beside])


def compare(own: OverallReport, other: OverallReport, page: int) -> Message:
    """All themes of ours and of a comparator side by side."""
    name = other.area
    theirs = {one.name: one for one in (*other.composites, *other.themes)}
    themes = [(one.standing, theirs[one.name].standing if one.name in theirs else None) for one in own.themes]
    top = [
        f"*{_score(themes, words.name(name), 'theme')}*",
        "1st is best; the difference is in places, + where we are ahead",
    ]
    rows = [("Theme", "Our rank", f"Rank of {name}", "Difference")]
    for one in (*own.composites, *own.themes):
        their = theirs[one.name].standing if one.name in theirs else None
        rows.append((one.name, words.place(one.standing), words.place(their), _difference(one.standing, their)))
    return paged_table(("compare", name), page, top, rows, own.snapshot)


def compare_theme(own: ThemeReport, other: ThemeReport, page: int) -> Message:
    """The indicators of a theme side by side, those first in which the comparator is furthest ahead."""
    name, theme = other.area, own.theme
    theirs = {item.code: item for item in other.indicators}
    pairs = [
        (item, theirs.get(item.code)) for item in own.indicators if item.standing and item.eligibility == "eligible"
    ]
    pairs.sort(key=lambda pair: (_gained(pair[0].standing, _standing(pair[1])), pair[0].name))
    judged = [(item.standing, their.standing if their else None) for item, their in pairs]
    ahead = _score(judged, words.name(name), "indicator")
    ranks = f"we are {words.place(theme.standing)}, {words.name(name)} {words.place(other.theme.standing)}"
    top = [
        f"*{words.name(theme.name)}: {ranks}* · {ahead[:1].lower()}{ahead[1:]}",
        f"{words.name(own.snapshot.council_name)} beside {words.name(name)}; 1st is best, + where we are ahead",
    ]
    rows = [("Indicator", "Our rank", f"Rank of {name}", "Difference")]
    rows += [
        (
            item.name,
            _cell(item),
            _cell(their) if their else "no figure",
            _difference(item.standing, _standing(their)),
        )
        for item, their in pairs
    ]
    return paged_table(("compare", f"{name} theme {theme.name}"), page, top, rows, own.snapshot)


def compare_indicator(report: IndicatorReport, code: str, name: str, page: int) -> Message:
    """One indicator of ours and of a comparator, among everybody."""
    view, own = report.indicator, report.indicator.standing
    their = next((peer for peer in report.peers if peer.code == code), None)
    lines = [
        peer_line(peer, view, report.snapshot.council).replace("• ", "→ " if peer.code == code else "• ", 1)
        for peer in report.peers
    ]
    if their is None or own is None or own.rank is None:
        none = words.name(name) if own and own.rank else "We"
        verb = "has" if own and own.rank else "have"
        fact = f"*{none} {verb} no figure in {words.name(view.name)}*"
    else:
        gained = their.rank - own.rank
        ahead, behind = ("above", "below") if view.polarity == "none" else ("ahead of", "behind")
        where = ahead if gained > 0 else behind if gained else "level with"
        ranks = f"{words.place_in(own, view.polarity)} beside {words.nth(their.rank, tied=their.tied)}"
        figures = (words.figure(value, view.unit, view.decimals) for value in (own.value, their.value))
        both = f"{' and '.join(figures)} {words.direction(view.polarity)}".strip()
        fact = f"*We are {where} {words.name(name)} in {words.name(view.name)}: {ranks}* · {both}"
    asked = f"{name} indicator {view.code}"
    heading = f"*{words.first(view.polarity).capitalize()} first*"
    return paged(("compare", asked), page, [fact], [(heading, lines)], report.snapshot)


def peers(snapshot: SnapshotView, names: Sequence[str]) -> Message:
    """Who is compared."""
    listed = words.listed([words.name(name) for name in names], NAMED)
    fact = f"*We are compared with {words.count(len(names), 'other')}:* {listed}"
    hint = f"One of them: {command('council', names[0])}; beside us: {command('compare', names[0])}" if names else ""
    return answered(("peers", ""), 1, 1, paragraphs([fact, hint]), snapshot)


def peers_theme(report: LeagueReport, page: int) -> Message:
    """Every area in the order of a theme, the best first."""
    view, council_code = report.theme, report.snapshot.council
    ranked = [area for area in report.areas if area.standing.rank]
    ahead = [a.name for a in ranked if view.standing.rank and (a.standing.rank or 0) < view.standing.rank]
    lines = [
        f"• {words.position(area.standing)} {words.strong(area.name)} (us)"
        if area.code == council_code
        else f"• {words.position(area.standing)} {words.name(area.name)}"
        for area in report.areas
    ]
    fact = _ahead(view.name, ahead, len(ranked), view.standing)
    chart = ask_button("Chart", "chart", f"theme {view.name}", f"Chart of {view.name}", CHART)
    return paged(("peers", f"theme {view.name}"), page, [fact], [("*Best first*", lines)], report.snapshot, [chart])


def peers_indicator(report: IndicatorReport, page: int) -> Message:
    """Every area in the order of an indicator, the best or the highest first, with the figures."""
    view, council_code = report.indicator, report.snapshot.council
    ahead = [p.name for p in report.peers if view.standing and view.standing.rank and p.rank < view.standing.rank]
    fact = _ahead(view.name, ahead, len(report.peers), view.standing, view.polarity)
    lines = [peer_line(peer, view, council_code) for peer in report.peers]
    chart = ask_button("Chart", "chart", f"indicator {view.code}", f"Chart of {view.name}", CHART)
    heading = f"*{words.first(view.polarity).capitalize()} first*"
    return paged(("peers", f"indicator {view.code}"), page, [fact], [(heading, lines)], report.snapshot, [chart])


def peer_line(peer: Peer, view: IndicatorView, council_code: str) -> str:
    """One area's place, figure and quartile in an indicator; our own is marked."""
    rank = words.nth(peer.rank, tied=peer.tied)
    quartile = f", quartile {peer.quartile}" if peer.quartile and view.eligibility == "eligible" else ""
    area = f"{words.strong(peer.name)} (us)" if peer.code == council_code else words.name(peer.name)
    return f"• {rank} {area} — {words.figure(peer.value, view.unit, view.decimals)}{quartile}"


def _ahead(name: str, ahead: Sequence[str], of: int, own: Standing | None, polarity: str = "") -> str:
    """As "5 of 32 are ahead of us in Recycling: Derbyshire, …"; above us in what has no direction."""
    where = "above" if polarity == "none" else "ahead of"
    if own is None or own.rank is None:
        return f"*We have no rank in {words.name(name)}*; {words.count(of, 'area')} have one"
    if not ahead:
        level = " level with others" if own.tied else ""
        return f"*Nobody is {where} us in {words.name(name)}: we are {words.place_in(own, polarity)}{level}*"
    verb = "is" if len(ahead) == 1 else "are"
    fact = f"*{len(ahead):,} of {of:,} {verb} {where} us in {words.name(name)}*"
    return words.joined(
        fact, f"we are {words.place_in(own, polarity)}", words.listed([words.name(one) for one in ahead], _AHEAD_NAMED)
    )


def _score(pairs: Iterable[tuple[Standing | None, Standing | None]], name: str, what: str) -> str:
    """As "We are ahead of Durham in 5 of 13 themes, behind in 7, level in 1"."""
    gained = [_gained(own, their) for own, their in pairs if _both(own, their)]
    if not gained:
        return f"We and {name} have no {what} in which both have a rank"
    ahead, behind = sum(one > 0 for one in gained), sum(one < 0 for one in gained)
    level = len(gained) - ahead - behind
    rest = [f"behind in {behind:,}", *([f"level in {level:,}"] if level else [])]
    return f"We are ahead of {name} in {ahead:,} of {words.count(len(gained), what)}, {', '.join(rest)}"


def _standing(item: IndicatorView | None) -> Standing | None:
    return item.standing if item else None


def _both(own: Standing | None, their: Standing | None) -> bool:
    return bool(own and their and own.rank and their.rank)


def _gained(own: Standing | None, their: Standing | None) -> int:
    """Places by which we are ahead, negative where they are; 0 where either has no rank."""
    return (their.rank or 0) - (own.rank or 0) if own and their and own.rank and their.rank else 0


def _difference(own: Standing | None, their: Standing | None) -> str:
    if not _both(own, their):
        return "–"
    gained = _gained(own, their)
    return f"+{gained}" if gained > 0 else f"−{-gained}" if gained else "level"


def _cell(item: IndicatorView) -> str:
    now = item.standing
    if now is None:
        return words.NO_FIGURE
    return f"{words.place(now)} ({unescape(words.figure(now.value, item.unit, item.decimals))})"
