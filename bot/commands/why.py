"""The answer to why a rank moved: the parts, which add up as shown, and what it would take to leave the bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from bot import words
from bot.commands.parts import command, paged
from bot.commands.reader import Reads
from bot.commentary import comments, within
from bot.slack_text import Block, Message, compose, context, paragraphs, plain, size
from engine.areas import load_areas
from engine.changes import Standing
from engine.explain import BasketMove, IndicatorMove, Term
from engine.rounding import Rounded, decimals_for, rounded
from engine.sensitivity import LeftOut, Sensitivity
from jobs.notices import Footing
from state import reasons
from state.reasons import Between, Why, WhyBasket, WhyIndicator

Kind = Literal["theme", "composite", "indicator"]

NAMED = 12
"""Areas or indicators named in one line; the others are counted."""

IN_A_WINDOW = 20
"""Parts shown where there are no pages; the smaller ones stand together in one line."""

IN_A_LINE = 2
"""Indicators of each kind named in the line of comments."""

WINDOW = 5_000
"""Characters of the lines shown where there are no pages."""

_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class _Told:
    """An explanation in words: the fact and what belongs to it, the parts, their sum, and what follows from it."""

    top: tuple[str, ...]
    heading: str
    parts: tuple[str, ...]
    ends: tuple[str, ...]
    after: tuple[tuple[str, tuple[str, ...]], ...]


def why(reader: Reads, kind: Kind, key: str, release: int | None, page: int) -> Message:
    """Why a theme, composite (by name) or indicator (by code) moved: last, or by a release; as an answer in pages."""
    found = explained(reader, kind, key, release)
    return why_answer(found, page, kind, release) if found else _nothing(key, release)


def explained(reader: Reads, kind: Kind, key: str, release: int | None) -> Why | None:
    """What is known of why it moved; None where it has no rank, or the release made none."""
    subject = f"indicator:{key}" if kind == "indicator" else f"basket:{key}"
    return reader.read(lambda db: reasons.why(db, subject, release))


def why_answer(found: Why, page: int, kind: Kind | None = None, release: int | None = None) -> Message:
    """An explanation in pages, with all its parts."""
    told = _told(found)
    groups = [(told.heading, [*told.parts, *told.ends]), *told.after]
    return paged(("why", _asked(found, kind, release)), page, told.top, groups, found.between.on)


def why_blocks(reader: Reads, subject: str, snapshot: int | None) -> list[Block]:
    """The same for a window, without buttons: of the change that a snapshot brought, or of the latest."""
    found = reader.read(lambda db: reasons.why(db, subject, None, snapshot))
    if found is None:
        return paragraphs(["*There is nothing to explain yet.* It has no rank, so it has not moved."])
    kept = _within(_lines(_told(found, most=IN_A_WINDOW)), WINDOW)
    return [*paragraphs(kept), context(words.foot(Footing.of(found.between.on)))]


def why_text(found: Why) -> str:
    """The whole explanation as plain lines, for terminals."""
    foot = context(words.foot(Footing.of(found.between.on)))
    return plain(Message("", [*paragraphs(_lines(_told(found))), foot]))


def _lines(told: _Told) -> list[str]:
    lines = [*told.top, told.heading, *told.parts, *told.ends]
    lines += [line for heading, own in told.after for line in (heading, *own)]
    return [line for line in lines if line]


def _within(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= size(line) + 1
        if room < 0:
            return [*kept, f"… and {words.count(len(lines) - len(kept), 'more line')}"]
        kept.append(line)
    return kept


def _asked(found: Why, kind: Kind | None, release: int | None) -> str:
    """The argument that asks for exactly this."""
    key = found.indicator.code if isinstance(found, WhyIndicator) else found.name
    own = "indicator" if isinstance(found, WhyIndicator) else kind or found.kind
    return f"{own} {key}" + (f" release {release}" if release is not None else "")


def _nothing(key: str, release: int | None) -> Message:
    if release is None:
        return compose(paragraphs([f"*{words.name(key)} has no rank yet.* There is nothing to explain."]))
    lines = [f"*Release {release} changed no rank.* It is held, was turned down, or never came."]
    return compose(paragraphs([*lines, f"{command('releases')} shows what came of each"]))


def _told(found: Why, most: int | None = None) -> _Told:
    return _basket(found, most) if isinstance(found, WhyBasket) else _indicator(found)


# --- themes and composites -------------------------------------------------------------------------


def _basket(found: WhyBasket, most: int | None) -> _Told:
    name = words.name(found.name)
    if found.move is None:
        return _Told(
            (f"*{_unranked(name, found.before, found.after)}*", _between(found.between)), "", (), (), _now(found)
        )
    shown = _rounded(found.move, len(found.were), len(found.are))
    top = (
        f"*{_fact(name, found.before, found.after, found.between)}* · {_average(shown, found.move)}",
        _between(found.between),
        words.joined(*theme_comments(found, words.name, most=IN_A_LINE, places_told=True)),
        _others(found.move, found.before, found.after),
        hangs_on(found),
        _since(found.after, found.now),
    )
    terms = list(zip(found.move.terms, shown.parts, strict=True))
    moving = [pair for pair in terms if pair[0].effect]
    parts = [_term(term, units, found, shown) for term, units in moving[:most]]
    rest = moving[len(parts) :]
    if rest:
        parts.append(f"… and {len(rest):,} smaller, together {shown.signed(sum(units for _, units in rest))}")
    unmoved = [found.are[term.indicator].name for term, _ in terms if not term.effect]
    ends = (f"No effect: {_list(unmoved)}" if unmoved and moving else "", _sum(shown) if moving else "")
    heading = "*Its parts, in places of the average rank (+ is worse)*" if moving else ""
    return _Told(top, heading, tuple(parts), tuple(end for end in ends if end), _now(found))


def theme_comments(
    found: WhyBasket, name: Callable[[str], str] = str, most: int = NAMED, *, places_told: bool = False
) -> tuple[str, ...]:
    """The move that is explained in short sentences, compared with the day of its earlier side."""
    if found.summary is None:
        return ()
    then = f"on {words.day(found.between.since)}"
    return comments(found.summary, name, then, most=most, places_told=places_told)


def hangs_on(found: WhyBasket) -> str:
    """What the rank hangs on, where it matters, as "Between 9th and 12th whichever single indicator is left out".

    It matters where that range is wider than one place, or where ties at their mean place, or every indicator that an
    area has, would change the rank by more than it moved.
    """
    known = found.sensitivity
    if known is None:
        return ""
    told = _range(known, found.names) if known.width > 1 else ""
    moved = abs((found.after.rank or 0) - (found.before.rank or 0)) if found.before and found.after else 0
    others = [
        f"{words.ordinal(place[0])}{f' of {place[1]}' if place[1] != known.of else ''} {how}"
        for place, how in (
            (known.average_ties, "with ties at their mean place"),
            (known.any_coverage, "with every area, whatever it lacks"),
        )
        if place and abs(place[0] - known.rank) > moved
    ]
    line = "; ".join([*([told] if told else []), *others])
    return words.capital(line)


def _range(known: Sensitivity, names: Mapping[str, str]) -> str:
    """The range with any one indicator left out, and which does it at the ends that are not the rank itself."""
    if known.best is None or known.worst is None:
        return ""
    best, worst = known.best, known.worst
    if best.rank == worst.rank:
        return f"{words.ordinal(best.rank)} whichever single indicator is left out"
    ends = [_without(end, names) for end in (best, worst) if end.rank != known.rank]
    span = f"between {words.ordinal(best.rank)} and {words.ordinal(worst.rank)}"
    return f"{span} whichever single indicator is left out ({'; '.join(ends)})"


def _without(end: LeftOut, names: Mapping[str, str]) -> str:
    """As "12th without theft", "9th without theft or arson", "9th without any one of 4"."""
    if len(end.without) > 2:  # noqa: PLR2004 - more names than a line has room for
        return f"{words.ordinal(end.rank)} without any one of {len(end.without):,}"
    shown = " or ".join(words.name(within(names[code])) for code in end.without)
    return f"{words.ordinal(end.rank)} without {shown}"


def _rounded(move: BasketMove, before: int, after: int) -> Rounded:
    effects = [term.effect for term in move.terms]
    return rounded(move.mean_before, move.mean_after, effects, decimals_for(max(before, after)))


def _fact(name: str, before: Standing | None, after: Standing | None, between: Between, *, judged: bool = True) -> str:
    """As "Police & Crime fell from 11th to 21st of 32", or that it did not move; without judgement "moved"."""
    if before is None or after is None or before.rank is None or after.rank is None:
        return _unranked(name, before, after)
    if between.ref.how == "release" and between.ref.since == between.ref.snapshot:
        return f"{name} was seen for the first time: {words.place(after)}"
    if between.ref.how == "still":
        return f"{name} has not moved since it was first seen: {words.place(after)}"
    if (before.rank, before.of) == (after.rank, after.of):
        return f"{name} stayed {words.place(after)}"
    verb = "fell" if after.rank > before.rank else "rose"
    if before.rank == after.rank or not judged:
        verb = "moved"
    return f"{name} {verb} {words.from_to(before, after)}"


def _unranked(name: str, before: Standing | None, after: Standing | None) -> str:
    if after is None:
        return f"{name} has no rank" + (f" any more: it was {words.place(before)}" if before else "")
    return f"{name} is {words.place(after)}, and had no rank before"


def _average(shown: Rounded, move: BasketMove) -> str:
    before, after = shown.plain(shown.before), shown.plain(shown.after)
    if before != after:
        return f"its average rank went from {before} to {after}"
    return f"its average rank {'hardly moved from' if move.moved else 'is'} {after}"


def _between(between: Between) -> str:
    """By which release, compared with when, and the cause where it is known."""
    ref = between.ref
    if ref.since == ref.snapshot:
        return f"First seen with {_release(between)}"
    then = f"compared with {words.day(between.since)}"
    if ref.how == "still":
        return f"Up to {words.day(between.on.label)}, {then}"
    return words.joined(f"By {_release(between)}, {then}", f"Cause: {words.cause(ref.change)}" if ref.change else "")


def _release(between: Between) -> str:
    told = ", ".join(part for part in (words.name(between.release), words.published(between.published)) if part)
    return f"release {between.ref.release}, {told}"


def _others(move: BasketMove, before: Standing | None, after: Standing | None) -> str:
    """What the average alone does not tell: others moved past a theme whose average did not lose, or fell back."""
    places = (after.rank or 0) - (before.rank or 0) if before and after else 0
    if not places or ((places > 0) == (move.moved > 0) and move.moved):
        return ""
    own = "did not move" if not move.moved else "got better" if move.moved < 0 else "got worse"
    return f"Its own average {own}: {'other areas passed it' if places > 0 else 'it passed other areas'} all the same"


def _since(then: Standing | None, now: Standing | None) -> str:
    if then is None or now is None or (then.rank, then.of) == (now.rank, now.of):
        return ""
    return f"Now it is {words.place(now)}"


def _term(term: Term, units: int, found: WhyBasket, shown: Rounded) -> str:
    """One part: the name, its effect, and the ranks behind it."""
    was, now = found.were.get(term.indicator), found.are.get(term.indicator)
    one = now or was
    arrow = words.DOWN if term.effect > 0 else words.UP
    if was and now:
        ranks = words.ranks(was.standing, now.standing)
    else:
        ranks = (
            f"joined at {words.place(now.standing)}"
            if now
            else f"left, was {words.place(was.standing if was else None)}"
        )
    return f"{arrow} {words.strong(one.name if one else term.indicator)} {shown.signed(units)} — {ranks}"


def _sum(shown: Rounded) -> str:
    line = f"These add up to {shown.signed(shown.total)}: {shown.plain(shown.before)} → {shown.plain(shown.after)}"
    return f"{line} (rounded so that they do)" if shown.nudged else line


def _now(found: WhyBasket) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What holds it down today, the worst first, with the way out of the bottom quartile."""
    lines = [
        "• "
        + words.joined(
            f"{words.strong(one.name)} — {words.ranks(None, one.standing)}",
            words.figure(one.standing.value, one.unit, one.decimals),
            words.distance(way, one.unit, one.decimals) if way else "",
        )
        for one, way in found.worst
    ]
    return (("*What weighs most now, worst first*", tuple(lines)),) if lines else ()


# --- indicators ------------------------------------------------------------------------------------


def _indicator(found: WhyIndicator) -> _Told:
    one, move = found.indicator, found.move
    judged = one.polarity != "none"
    fact = _fact(words.name(one.name), found.before, found.after, found.between, judged=judged)
    top = [
        words.joined(f"*{fact}*", _figures(found)),
        _between(found.between),
        *(_shares(move) if move else ()),
        _since(found.after, found.now),
        _way(found),
    ]
    lines = tuple(f"• {line}" for line in _who(move, "ahead of us" if judged else "above us")) if move else ()
    return _Told(tuple(top), "*Who moved past whom*" if lines else "", lines, (), ())


def _who(move: IndicatorMove, ahead: str) -> Iterable[str]:
    """Who was ``ahead`` on one side only; together they make the move."""
    for codes, one, many in (
        (move.overtaken_by, "passed us", "passed us"),
        (move.overtook, "was passed by us", "were passed by us"),
        (move.joined_ahead, f"came in {ahead}, with no figure before", f"came in {ahead}, with no figure before"),
        (move.left_ahead, f"was {ahead} and has no figure now", f"were {ahead} and have no figure now"),
    ):
        if codes:
            yield f"{len(codes):,} {one if len(codes) == 1 else many}: {_areas(codes)}"


def _figures(found: WhyIndicator) -> str:
    one, before, after = found.indicator, found.before, found.after
    if after is None:
        return ""
    shown = words.figures_judged(before, after, one.unit, one.decimals, one.polarity)
    return words.joined(words.quartiles(before, after), shown, words.periods(before, after))


def _way(found: WhyIndicator) -> str:
    if found.way is None:
        return ""
    line = words.distance(found.way, found.indicator.unit, found.indicator.decimals)
    far = f"{words.capital(line)}, {words.beside(found.way)}"
    return words.joined(far, words.pace(found.pace, found.way))


def _shares(move: IndicatorMove) -> Iterable[str]:
    """Our own figure's part and the others', and how they are told apart."""
    if move.method:
        yield f"How it is judged changed, which alone moved us {_way_of(move.method)}"
    yield _parts(move.own, move.peers)
    if move.own and move.peers:
        yield "Each part is the mean of two counts: with our figure changed first, and with it changed last"


def _parts(own: Fraction, peers: Fraction) -> str:
    total = own + peers
    if not own and not peers:
        return "Neither our own figure nor the others' moved us"
    if own * peers < 0:
        both = f"Our own figure moved us {_way_of(own)}, the others' moved us {_way_of(peers)}"
        return f"{both}: {_way_of(total)} in all" if total else f"{both}, so we stayed where we were"
    number = int(abs(total))
    if not own or not peers:
        whole = {1: "The one place", 2: "Both places"}.get(number, f"All {number} places")
        doing = "our own figure's doing" if own else "the others' doing, not our own figure's"
        return f"{whole} {'is' if number == 1 else 'are'} {doing}"
    verb = "is" if abs(own) <= 1 else "are"
    of = "the one place" if number == 1 else f"the {number} places"
    return f"{_halves(own)} of {of} {verb} our own figure's doing, {_halves(peers)} the others'"


def _way_of(places: Fraction) -> str:
    """As "up 3 places", "down 1 place", "up 2½ places"; a positive part is for the worse."""
    number = _halves(places)
    noun = "place" if abs(places) <= 1 else "places"
    return f"{'down' if places > 0 else 'up'} {'half a' if abs(places) == _HALF else number} {noun}"


def _halves(places: Fraction) -> str:
    """As "3", "2½", "½": parts of a rank come in halves."""
    whole, rest = divmod(abs(places), 1)
    return f"{whole or '' if rest else whole}{'½' if rest else ''}"


def _areas(codes: Sequence[str]) -> str:
    areas = load_areas()
    return _list(sorted(areas[code].name for code in codes))


def _list(names: Sequence[str]) -> str:
    shown = [words.name(name) for name in names[:NAMED]]
    rest = len(names) - len(shown)
    return ", ".join([*shown, *([f"and {rest:,} more"] if rest else [])])
