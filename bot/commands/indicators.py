"""The answer about one indicator: where we stand, since when, between whom, and how far from the line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot import words
from bot.commands.councils import peer_line
from bot.commands.parts import ask_button, paged
from bot.commands.themes import more_about
from bot.slack_text import Message
from engine.changes import BOTTOM_QUARTILE
from engine.explain import Distance
from engine.pace import Pace
from engine.periods import a_year_apart, as_written
from state.views import IndicatorReport, IndicatorView, Peer

AROUND = 3
YEARS = 7


def indicator(report: IndicatorReport, page: int) -> Message:
    """Value, rank, quartile, trend, the peers above and below, the quartile line, source and date."""
    view = report.indicator
    top = [_headline(view), _figure(view), _margin(view), _trend(report), _line(report), _source(view)]
    council = report.snapshot.council
    who = "Around us" if any(peer.code == council for peer in report.peers) else "Those in front"
    groups = [
        (
            f"*{who}, {words.first(view.polarity)} first*",
            [peer_line(peer, view, council) for peer in _around(report)],
        )
    ]
    everybody = ask_button("All areas", "peers", f"indicator {view.code}", f"All areas in {view.name}")
    extra = [*more_about("indicator", view.code, view.name), everybody]
    return paged(("indicator", view.code), page, top, groups, report.snapshot, extra)


def _headline(view: IndicatorView) -> str:
    change = words.trend(view.previous, view.standing) if view.polarity != "none" else ""
    rank = words.place_in(view.standing, view.polarity) if view.standing else words.NO_FIGURE
    fact = f"*{words.name(view.name)}: {rank}*{_before(view)} {change}".strip()
    return ", ".join(part for part in (fact, words.judged_surely(view)) if part)


def _margin(view: IndicatorView) -> str:
    """The places that the published margins of error leave open; empty where none are published."""
    if view.interval is None:
        return ""
    told = words.interval(view.interval)
    doubt = f", so it may {'not ' if view.in_bottom_quartile else ''}be in the bottom quartile"
    return f"{words.capital(told)}{doubt if view.certainty == 'unsure' else ''}"


def _before(view: IndicatorView) -> str:
    """As " (24th a year earlier)", or " (24th in 2015)" where nothing is held of the years between."""
    if view.previous is None or view.previous.rank is None:
        return ""
    then = (
        "a year earlier"
        if a_year_apart(view.previous_end, view.period_end)
        else f"in {words.periods(None, view.previous)}"
    )
    return f" ({words.position(view.previous)} {then})"


def _figure(view: IndicatorView) -> str:
    now = view.standing
    shown = ""
    if now is not None:
        shown = words.figures_judged(None, now, view.unit, view.decimals, view.polarity)
    return words.joined(shown, words.periods(None, now) if now else "", f"theme {words.name(view.theme)}")


def _trend(report: IndicatorReport) -> str:
    """Figures and ranks of up to seven periods, oldest first, with bars for the ranks."""
    view, points = report.indicator, report.trend[-YEARS:]
    if len(points) < 2:  # noqa: PLR2004 - one period is no trend
        return ""
    told = [
        f"{words.name(as_written(point.period))} {words.number(point.value, view.decimals)}"
        + (f" ({words.ordinal(point.rank)} of {point.of})" if point.rank else "")
        for point in points
    ]
    of = max(max(point.of or 0, point.rank or 0) for point in points)
    shown = words.bars([point.rank for point in points], of)
    taller = "nearer to the highest" if view.polarity == "none" else "a better rank"
    return f"Trend: {', '.join(told)} {shown} (taller is {taller})"


def _around(report: IndicatorReport) -> Sequence[Peer]:
    """The council and up to three peers on either side; the best few where the council has no figure."""
    at = next((at for at, peer in enumerate(report.peers) if peer.code == report.snapshot.council), None)
    return report.peers[:AROUND] if at is None else report.peers[max(at - AROUND, 0) : at + AROUND + 1]


def _line(report: IndicatorReport) -> str:
    """Who holds the last place outside the bottom quartile and the first in it, and how far that is from here."""
    own = next((peer for peer in report.peers if peer.code == report.snapshot.council), None)
    outside = [peer for peer in report.peers if peer.quartile and peer.quartile < BOTTOM_QUARTILE]
    inside = [peer for peer in report.peers if peer.quartile == BOTTOM_QUARTILE]
    if own is None or own.quartile is None or report.indicator.eligibility != "eligible":
        return ""
    if own.quartile == BOTTOM_QUARTILE:
        if report.distance and report.distance.way == "leave":
            return _out(report.indicator, report.distance, report.pace)
        return f"Out of the bottom quartile: {_gap(own, outside[-1], report.indicator, 'up')}" if outside else ""
    if not inside:
        return "Nobody is in the bottom quartile, because of ties"
    return f"The bottom quartile begins: {_gap(own, inside[0], report.indicator, 'down')}"


def _out(view: IndicatorView, distance: Distance, pace: Pace | None) -> str:
    """What it takes to leave the bottom quartile, whom that passes, and how long it takes at the present pace."""
    needs = re.sub(r",? to leave the bottom quartile", "", words.distance(distance, view.unit, view.decimals))
    line = f"Out of the bottom quartile: {needs}, {words.beside(distance)}"
    return words.joined(line, words.pace(pace, distance))


def _gap(own: Peer, other: Peer, view: IndicatorView, way: str) -> str:
    places = words.count(abs(other.rank - own.rank), "place")
    rank = words.nth(other.rank, tied=other.tied)
    value = words.figure(other.value, view.unit, view.decimals)
    return f"{places} {way}, at {words.name(other.name)} ({rank}, {value})"


def _source(view: IndicatorView) -> str:
    named = (words.name(part) for part in (view.source, view.release) if part)
    told = words.joined(*named, words.published(view.published))
    return f"Source: {told}" if told else ""
