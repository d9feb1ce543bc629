"""From the text after ``/rank`` to the message that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from bot import words
from bot.commands import themes
from bot.commands.grammar import COMMAND, Request, Span, Verb, parse, span
from bot.commands.indicators import indicator
from bot.commands.matching import Named, match, named
from bot.commands.parts import answered, choices, command
from bot.slack_text import Message, code, compose, paragraphs
from state.views import (
    BottomReport,
    ChangeView,
    IndicatorReport,
    Names,
    OverallReport,
    SnapshotView,
    ThemeReport,
)


class Reader(Protocol):
    """What answers are made from; safe to read from many threads."""

    def version(self) -> int:
        """Changes whenever an answer may."""

    def snapshot(self) -> SnapshotView | None:
        """The current snapshot; None before the first release."""

    def names(self) -> Names:
        """Everything that can be asked for."""

    def theme(self, name: str) -> ThemeReport | None:
        """One theme or composite by its exact name."""

    def indicator(self, code: str) -> IndicatorReport | None:
        """One indicator by its code."""

    def overall(self) -> OverallReport | None:
        """Every composite and theme."""

    def bottom(self, theme: str | None = None) -> BottomReport | None:
        """The bottom quartile, of everything or of a theme."""

    def changes(self, *, since: date | None = None, release: int | None = None) -> tuple[ChangeView, ...]:
        """Changes since a day, of one release, or all; of the newest release first."""

    def latest_change(self) -> int | None:
        """The release that made the latest change, baselines apart; None when nothing has changed."""


def answer(text: str, reader: Reader, *, today: date) -> Message:
    """The answer to a command as the one who asked sees it, buttons included."""
    request = parse(text)
    if request.verb == "help":
        return _help(reader)
    snapshot = reader.snapshot()
    if snapshot is None:
        return _nothing_yet()
    if request.verb == "overall":
        report = reader.overall()
        return themes.overall(report, request.page) if report else _nothing_yet()
    if request.verb == "bottom":
        return _bottom(request, reader)
    if request.verb == "changes":
        return _changes(request, reader, snapshot, today)
    return _named(request, reader)


def _named(request: Request, reader: Reader) -> Message:
    """A theme or an indicator by name; without a verb themes come before indicators."""
    everything = named(reader.names())
    of_theme = [name for name in everything if name.kind != "indicator"]
    of_indicators = [name for name in everything if name.kind == "indicator"]
    known: dict[Verb, Sequence[Named]] = {"theme": of_theme, "indicator": of_indicators}
    wanted = known.get(request.verb, everything)
    if not request.argument:
        return _which(request.verb, wanted)
    found = match(request.argument, wanted)
    if request.verb == "name" and found.how != "exact":
        found = next((part for part in (match(request.argument, of_theme), found) if part.how != "nearest"), found)
    if found.how == "exact":
        return _show(found.found[0], request.page, reader)
    what = {"theme": "theme", "indicator": "indicator"}.get(request.verb, "theme or indicator")
    if found.how == "several":
        fact = f"*{words.echo(request.argument)} may mean {words.count(len(found.found), what)}:*"
        return choices([fact.replace("theme or indicators", "themes or indicators")], found.found)
    return _unknown(request.argument, what, found.found, everything)


def _show(name: Named, page: int, reader: Reader) -> Message:
    if name.kind == "indicator":
        found = reader.indicator(name.key)
        return indicator(found, page) if found else _no_figures(name)
    report = reader.theme(name.key)
    return themes.theme(report, page) if report else _no_figures(name)


def _bottom(request: Request, reader: Reader) -> Message:
    """The bottom quartile of everything, or of one theme."""
    theme = None
    if request.argument:
        everything = named(reader.names())
        found = match(request.argument, [name for name in everything if name.kind == "theme"])
        if found.how == "several":
            lines = [f"• {command('bottom', name.key)}" for name in found.found]
            return compose(paragraphs([f"*{words.echo(request.argument)} may mean:*", *lines]))
        if found.how == "nearest":
            return _unknown(request.argument, "theme", found.found, everything)
        theme = found.found[0].key
    report = reader.bottom(theme)
    return themes.bottom(report, request.page) if report else _nothing_yet()


def _changes(request: Request, reader: Reader, snapshot: SnapshotView, today: date) -> Message:
    wanted = span(request.argument, today)
    if wanted is None:
        examples = ", ".join(command("changes", text) for text in ("7d", "2 weeks", today.isoformat(), "12"))
        return compose(
            paragraphs(
                [f"*{words.echo(request.argument)} is no span of time and no release.*", f"For example: {examples}"]
            )
        )
    release = reader.latest_change() if wanted == Span() else wanted.release
    nothing = wanted.since is None and release is None
    found = () if nothing else reader.changes(since=wanted.since, release=release)
    return themes.changes(found, request.argument, _since(wanted, found), request.page, snapshot)


def _since(wanted: Span, found: Sequence[ChangeView]) -> str:
    if wanted.since:
        return f"since {words.day(wanted.since.isoformat())}"
    if wanted.release:
        return f"by release {wanted.release}"
    return "by the latest release that changed anything" if found else "so far"


def _help(reader: Reader) -> Message:
    """What can be asked, with examples from this council's own themes and indicators."""
    names = reader.names()
    theme = min((name for name, _ in names.themes), key=len, default="Police & Crime")
    example = min((name for _, name, _ in names.indicators), key=len, default="burglary")
    lines = [
        f"*{COMMAND} answers questions about our ranks.* Answers are for you only, until you share them.",
        f"• {command('theme', theme)} – a theme's rank, spend, years and indicators",
        f"• {command('indicator', example)} – one indicator: figure, rank, trend, peers, the quartile line",
        f"• {command('overall')} – the table of all themes",
        f"• {command('bottom')} or {command('bottom', theme)} – what is in the bottom quartile",
        f"• {command('changes', '7d')} – what moved and why; also a date, or the number of a release",
        f"A name alone will do, in part or misspelt: {code(f'{COMMAND} {theme.split()[0].lower()}')}"
        if theme.split()
        else "",
    ]
    return answered(("help", ""), 1, 1, paragraphs(lines), reader.snapshot())


def _which(verb: str, known: Sequence[Named]) -> Message:
    fact = f"*Which {verb}?* There {'is' if len(known) == 1 else 'are'} {words.count(len(known), verb)}:"
    return choices([fact], known)


def _unknown(argument: str, what: str, nearest: Sequence[Named], everything: Sequence[Named]) -> Message:
    fact = f"*No {what} is called {words.echo(argument)}.*"
    example = next((command("theme", name.key) for name in everything if name.kind == "theme"), command("help"))
    return choices(
        [f"{fact} The nearest:" if nearest else fact],
        nearest,
        [f"For example: {example}; {command('help')} tells more"],
    )


def _no_figures(name: Named) -> Message:
    return compose(paragraphs([f"*{words.name(name.name)} has no figures yet.* No release has brought any for it."]))


def _nothing_yet() -> Message:
    return compose(
        paragraphs(
            [
                "*There are no figures yet.* Ranks can be asked for once the first release has been read.",
                f"To look for one now: {code('benchwatch poll')}",
            ]
        )
    )
