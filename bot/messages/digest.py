"""The weekly digest: what changed, what is still bad, what was said about it, and what is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby

from bot import words
from bot.messages.alerts import line as change_line
from bot.messages.lists import few, in_thread, rest
from bot.slack_text import ChartOf, Message, code, compose, context, cut, paragraphs, size
from engine.changes import Cause, Kind
from jobs.notices import AcknowledgedLine, DigestNotice, DigestTheme, DueLine, Moved, StillBottom

THEMES, CHANGES, NEAREST, NOTES, DUE = 6, 6, 3, 3, 6
"""Lines of each in the message itself; all of them are in its thread."""

_CUT = 2_800
_FULL = 3_200
_SAID = 300
_A_WEEK = timedelta(days=8)
_SOON = timedelta(days=14)


def digest(notice: DigestNotice) -> Message:
    """One lead's week in one message: the fact first; one line where nothing changed. It has no buttons."""
    foot = context(*(text for text in (words.foot(notice.footing), _hint(notice)) if text))
    if not notice.changed:
        reviews = [_said(line, notice.day) for line in notice.acknowledged if _is_due(line, notice.day)]
        return compose(
            [*paragraphs([_nothing(notice), *few(reviews, NOTES), _due(notice.due)]), foot], rest(reviews, NOTES)
        )
    themes, changes = [_theme(theme) for theme in notice.themes], [_change(moved) for moved in notice.moved]
    said = [_said(line, notice.day) for line in notice.acknowledged]
    # Each a block of its own, so that the eye finds the fact, the themes, the indicators, and what to do.
    parts = [
        [_headline(notice)],
        few(themes, THEMES),
        [*few(changes, CHANGES), _others(notice), _firmed(notice.bottom)],
        [_still(notice)],
        few(said, NOTES),
        [_due(notice.due)],
    ]
    full = sum(size("\n".join(part)) for part in parts) > _FULL  # of long names so many that the message itself is cut
    body = [block for part in parts for block in paragraphs(part)]
    return compose([*body, foot], _thread(notice, themes, changes, said, full=full))


def _thread(
    notice: DigestNotice, themes: list[str], changes: list[str], said: list[str], *, full: bool
) -> list[Message]:
    """The chart, and what the message has no room for, theme by theme; all of it where the message is full."""
    groups: list[tuple[str, list[str]]] = []
    if full or len(themes) > THEMES:
        groups.append(("*Themes*", themes))
    if full or len(changes) > CHANGES:
        for name, items in groupby(notice.moved, key=lambda moved: moved.change.theme):
            groups.append((f"*Changes in {words.name(name)}*", [_change(moved) for moved in items]))
    for name, low in groupby(notice.bottom, key=lambda item: item.theme):
        groups.append((f"*Still in the bottom quartile: {words.name(name)}*", [_bottom(item) for item in low]))
    if full or len(said) > NOTES:
        groups.append(("*Acknowledged*", said))
    if full or len(notice.due) > DUE:
        groups.append(("*Due in the next seven days*", [_expected(one) for one in notice.due]))
    return [*_chart(notice), *in_thread(groups)]


# --- the first line --------------------------------------------------------------------------------


def _headline(notice: DigestNotice) -> str:
    """As "*Roads this week: Transport falls from 11th to 21st of 32*; 2 indicators entered the bottom quartile"."""
    whose = f"{words.name(notice.name)} {_when(notice)}"
    moves = sorted((theme for theme in notice.themes if theme.moved and not theme.muted), key=_furthest)
    counts = _counts(notice.moved)
    if moves:
        fact = f"*{whose}: {_fact(moves[0])}*{_more(moves[1:])}"
        return f"{fact}; {counts}" if counts else fact
    stands = words.joined(*_stands(notice.themes))
    return words.joined(f"*{whose}: {counts or 'no rank moved'}*", stands)


def _nothing(notice: DigestNotice) -> str:
    low = words.share(len(notice.bottom), notice.judged, "indicator")
    counted = f"{low} in the bottom quartile" if notice.judged else ""
    what = f"*{words.name(notice.name)}: nothing changed {_when(notice)}*"
    return words.joined(what, *_stands(notice.themes), counted)


def _when(notice: DigestNotice) -> str:
    if not notice.since:
        return "so far"
    apart = date.fromisoformat(notice.day) - date.fromisoformat(notice.since)
    return "this week" if apart <= _A_WEEK else f"since {words.day(notice.since)}"


def _stands(themes: Sequence[DigestTheme]) -> list[str]:
    """Where the themes stand, a few of them by name."""
    shown = [f"{words.name(theme.line.name)} {words.place(theme.line.standing)}" for theme in themes[:THEMES]]
    more = len(themes) - THEMES
    return [*shown, f"and {words.count(more, 'more theme')}"] if more > 0 else shown


def _furthest(theme: DigestTheme) -> tuple[bool, int, bool]:
    """The themes before the composites; those that moved furthest first, falls before rises."""
    return theme.kind == "composite", -abs(_gained(theme)), _gained(theme) > 0


def _gained(theme: DigestTheme) -> int:
    old, new = theme.before.standing.rank if theme.before else None, theme.line.standing.rank
    return old - new if old is not None and new is not None else 0


def _fact(theme: DigestTheme) -> str:
    before, now, name = theme.before, theme.line.standing, words.name(theme.line.name)
    if before is None or before.standing.rank is None:
        return f"{name} now ranks {words.place(now)}"
    if now.rank is None:
        return f"{name} has no rank any more, it was {words.place(before.standing)}"
    return f"{name} {'rises' if _gained(theme) > 0 else 'falls'} {words.from_to(before.standing, now)}"


def _more(themes: Sequence[DigestTheme]) -> str:
    """As " and 2 more themes and 1 composite moved"; empty without any."""
    composites = sum(theme.kind == "composite" for theme in themes)
    others = len(themes) - composites
    parts = [
        f" and {words.count(others, 'more theme')}" if others else "",
        f" and {words.count(composites, 'composite' if others else 'more composite')}" if composites else "",
    ]
    return f"{''.join(parts)} moved" if any(parts) else ""


def _counts(moved: Iterable[Moved]) -> str:
    moved = list(moved)
    kinds, doubted = [item.change.kind for item in moved], [item.change.kind for item in moved if item.within_margin]
    entered, left, improved = (kinds.count(kind) for kind in (Kind.ENTERED, Kind.LEFT, Kind.IMPROVED))
    better = doubted.count(Kind.IMPROVED)
    improved, unsure = improved - better, len(doubted) - better
    parts = []
    if entered:
        parts.append(f"{words.count(entered, 'indicator')} entered the bottom quartile")
    if left:
        parts.append(f"{left:,} left" if entered else f"{words.count(left, 'indicator')} left the bottom quartile")
    if unsure:
        parts.append(f"{unsure:,} {'is' if unsure == 1 else 'are'} within the margin of error")
    if improved:
        parts.append(f"{improved:,} improved" if parts else f"{words.count(improved, 'indicator')} improved")
        parts[-1] += " significantly"
    if better:
        parts.append(f"{better:,} better" if parts else f"{words.count(better, 'indicator')} better")
        parts[-1] += " within what chance gives"
    return ", ".join(parts)


# --- lines -----------------------------------------------------------------------------------------


def _theme(theme: DigestTheme) -> str:
    """Arrow, rank then and now, its count in the bottom quartile, and why it moved."""
    now, then = theme.line.standing, theme.before.standing if theme.before and theme.moved else None
    arrow = words.LEVEL if not theme.moved else words.UP if _gained(theme) > 0 else words.DOWN
    arrow = "•" if theme.moved and not _gained(theme) else arrow
    what = " (composite)" if theme.kind == "composite" else ""
    rank = f"{words.place(then)} → {words.place(now)}" if then and now.rank is None else words.move(then, now)
    ranks = ", ".join(part for part in (rank, words.quartiles(then, now)) if part)
    told = words.joined(
        f"{arrow} {words.strong(theme.line.name)}{what} — {ranks}",
        _low(theme),
        _quiet_cause(theme.cause),
        "muted" if theme.moved and theme.muted else "",
    )
    return "\n".join(line for line in (told, words.why(theme.why)) if line)


def _low(theme: DigestTheme) -> str:
    line, before = theme.line, theme.before
    if not line.judged:
        return ""
    was = f", {before.bottom:,} before" if before and theme.kind == "theme" and before.bottom != line.bottom else ""
    return f"{words.share(line.bottom, line.judged, 'indicator')} in the bottom quartile{was}"


def _quiet_cause(cause: Cause | None) -> str:
    """Why, where it is not new figures, which nobody needs to be told."""
    return words.CAUSES[cause] if cause and cause is not Cause.PERFORMANCE else ""


def _change(moved: Moved) -> str:
    return change_line(moved, why=moved.change.cause is not Cause.PERFORMANCE)


def _others(notice: DigestNotice) -> str:
    parts = [
        f"{words.count(notice.seen_first, 'indicator')} seen for the first time" if notice.seen_first else "",
        f"{words.count(notice.muted, 'muted change')} not listed" if notice.muted else "",
    ]
    return words.joined(*parts)


def _firmed(bottom: Sequence[StillBottom]) -> str:
    """What was in the bottom quartile within the margin of error at the last digest, and is in it clearly now."""
    names = [words.name(item.name) for item in bottom if item.firmed]
    return f"*Now clearly in the bottom quartile:* {words.listed(names, CHANGES)}" if names else ""


def _still(notice: DigestNotice) -> str:
    """How many are in the bottom quartile, and which of them are nearest to leaving it."""
    if not notice.judged:
        return ""
    total = words.share(len(notice.bottom), notice.judged, "indicator")
    near = sorted(
        (item for item in notice.bottom if item.places is not None),
        key=lambda item: (item.places or 0, item.standing.rank or 0, item.name),
    )
    told = [f"{words.name(item.name)} {_way(item)}" for item in near[:NEAREST]]
    sure = [item.certainty for item in notice.bottom]
    how = words.how_sure(sure.count("clear"), sure.count("unsure"), sure.count(""))
    if len(notice.themes) == 1:  # its own line has the number
        nearest = f"*Nearest to leaving the bottom quartile:* {'; '.join(told)}" if told else ""
        return words.joined(nearest, f"in it now: {how}" if how else "")
    nearest = f"nearest to leaving it: {'; '.join(told)}" if told else ""
    return words.joined(f"*In the bottom quartile: {total}*", how, nearest)


def _bottom(item: StillBottom) -> str:
    value = words.figure(item.standing.value, item.unit, item.decimals) if item.standing.value is not None else ""
    figure = f"{value} {words.direction(item.polarity)}".strip() if value else ""
    sure = f"{'now ' if item.firmed else ''}{words.certainty(item.certainty, bottom=True)}"
    return words.joined(f"{words.strong(item.name)} — {words.place(item.standing)}", figure, sure, _way(item))


def _way(item: StillBottom) -> str:
    """As "needs 2.3 percentage points, 3 places, out at 87.1%"; the way out of the bottom quartile."""
    gap = words.amount(item.gap, item.unit, item.decimals) if item.gap is not None else ""
    places = words.count(item.places, "place") if item.places else ""
    parts = ", ".join(part for part in (gap, places) if part)
    out = f", out at {words.figure(item.needed, item.unit, item.decimals)}" if item.needed is not None else ""
    return f"needs {parts}{out}" if parts else ""


def _said(line: AcknowledgedLine, today: str) -> str:
    """What an owner said, and when they look again: "review was due 3 May 2025"."""
    said = line.said
    by = f"acknowledged by {words.name(said.by)} on {words.day(said.day)}"
    late = bool(said.review) and said.review < today
    review = f"{'*review was due' if late else 'review due'} {words.day(said.review)}{'*' if late else ''}"
    remarks = words.remarks(said.cause, said.action, "", _SAID)
    return words.joined(f"{words.strong(line.name)} {by}", remarks, review if said.review else "")


def _is_due(line: AcknowledgedLine, today: str) -> bool:
    return bool(line.said.review) and line.said.review <= (date.fromisoformat(today) + _SOON).isoformat()


def _due(due: Sequence[DueLine]) -> str:
    if not due:
        return ""
    told = [_expected(one) for one in due[:DUE]]
    more = f" and {len(due) - DUE:,} more" if len(due) > DUE else ""
    return f"Due in the next seven days: {'; '.join(told)}{more}"


def _expected(one: DueLine) -> str:
    return f"{words.name(one.title)} ({words.name(one.source)}, {'by ' if one.provisional else ''}{words.day(one.day)})"


def _chart(notice: DigestNotice) -> list[Message]:
    """The themes' ranks as a picture; in words where there can be none."""
    names = tuple(theme.line.name for theme in notice.themes if theme.line.standing.rank is not None)
    if not names:
        return []
    text = f"The ranks in words: {words.joined(*_stands(notice.themes))}"
    return [Message(cut(text, _CUT), [], chart=ChartOf("theme" if len(names) == 1 else "themes", names))]


def _hint(notice: DigestNotice) -> str:
    if not notice.personal:
        return ""
    end = code("/rank unsubscribe")
    return f"You get this because of your subscriptions: {end} ends them, and the app's Home tab changes them"
