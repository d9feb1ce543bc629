"""Answers about the years: every one held, what editions printed, and today against a named edition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import words
from bot.commands import themes
from bot.commands.parts import CHART, ask_button, command, paged, paged_table, with_chart
from bot.slack_text import ChartOf, Message, code, compose, paragraphs
from state.editions import EditionStandings
from state.published import PublishedRank
from state.views import OverallReport, ThemeReport, ThemeView
from state.years import ThemeHistory, ThemeYear, YearsHeld

_SINCE = re.compile(
    r"(.*?)\s*\b(?:against|since|versus|vs?\.?|than in|compared (?:with|to)|with|to) (?:the )?"
    r"(?:edition (\S.*)|((?:19|20)\d\d[/-]\d\d))",
    re.IGNORECASE,
)
_EDITION = re.compile(r"(?:the )?(?:edition (\S.*)|((?:19|20)\d\d[/-]\d\d))", re.IGNORECASE)
_IN_TABLE = 2
_EDITIONS = 12


def since_edition(text: str) -> tuple[str, str] | None:
    """What is asked about and the edition it is set against, in "Police against 2022/23", "since edition Cabinet"."""
    if found := _SINCE.fullmatch(text):
        return found[1], found[2] or found[3]
    found = _EDITION.fullmatch(text)
    return ("", found[1] or found[2]) if found else None


# --- the years ------------------------------------------------------------------------------------


def history_theme(report: ThemeReport, history: ThemeHistory, page: int) -> Message:
    """A theme's rank year by year, the newest first, with what was published, and the chart."""
    view = report.theme
    known = [year for year in reversed(history.years) if year.standing or year.published]
    top = [
        themes.headline(view),
        themes.years(view),
        themes.printed(report.published),
        "A published rank stands at the year its edition ends in." if report.published else "",
        words.reaching_back(history.judged) if any(year.thin(history.judged) for year in known) else "",
    ]
    groups = [("*Year by year, newest first*", [_line(year, history.judged) for year in known])]
    chart = ask_button("Chart", "chart", f"theme {view.name}", f"Chart of {view.name}", CHART)
    message = paged(("history", view.name), page, top, groups, report.snapshot, [chart])
    drawn = page == 1 and any(year.standing for year in history.years)
    return with_chart(message, ChartOf("theme", (view.name,))) if drawn else message


def _line(year: ThemeYear, judged: int) -> str:
    standing = year.standing
    computed = (
        ", ".join(part for part in (words.place(standing), words.quartiles(None, standing)) if part) if standing else ""
    )
    thin = f"on {words.share_held(year.held, judged)}" if year.thin(judged) else ""
    printed = words.as_published(year.published) if year.published else ""
    return f"• {year.year} — {words.joined(computed, thin, printed)}"


def history_all(report: OverallReport, found: Sequence[YearsHeld], named: Sequence[str], page: int) -> Message:
    """Every composite and theme: rank, seven years, the latest published ranks; ``named`` editions, oldest first."""
    printed = {one.name: [year.published for year in one.years if year.published] for one in found}
    views = (*report.composites, *report.themes)
    rows: list[tuple[str, ...]] = [("Theme", "Rank (last year)", "Years, oldest first", "As published")]
    rows += [
        (
            view.name,
            words.place(view.standing) + words.bracketed(view.previous, view.standing),
            themes.spark(view) or "–",
            _cell(printed.get(view.name, [])),
        )
        for view in views
    ]
    rows += [(one.name, "–", "–", _cell(printed[one.name])) for one in found if one.kind == "published"]
    several = [view for view in views if sum(rank is not None for _, rank in view.history) > 1]
    held = words.count(len(several), "theme or composite", "themes and composites")
    fact = f"*{words.capital(held)} {'has' if len(several) == 1 else 'have'} ranks of several years*"
    back = max((len(view.history) for view in several), default=1)
    top = [
        words.joined(fact, f"the longest goes back {words.count(back - 1, 'year')}" if back > 1 else ""),
        words.joined(
            editions_held(found), f"One theme with its chart: {command('history', views[0].name)}" if views else ""
        ),
        _named(named),
    ]
    return paged_table(("history", ""), page, top, rows, report.snapshot)


def _named(names: Sequence[str]) -> str:
    """As "Named editions: Cabinet, 2024/25; for example /rank overall against edition 2024/25"; empty without any."""
    if not names:
        return ""
    shown = words.listed([words.name(one) for one in names[::-1]], _EDITIONS)
    return f"Named editions: {shown}; for example {command('overall', f'against edition {names[-1]}')}"


def editions_held(found: Sequence[YearsHeld]) -> str:
    """As "Published ranks held: 2015/16, 2021/22 and 2022/23"; how to import some where there are none."""
    known = sorted({year.published.edition for one in found for year in one.years if year.published})
    if known:
        return f"Published ranks held: {words.listed(known[::-1], _EDITIONS)}"
    return f"No published ranks are held; in the terminal: {code('benchwatch history import FILE')}"


def _cell(ranks: Sequence[PublishedRank]) -> str:
    return "; ".join(f"{words.place(one.standing)} in {one.edition}" for one in ranks[::-1][:_IN_TABLE]) or "–"


def published_only(ranks: Sequence[PublishedRank]) -> Message:
    """What was published, oldest first, under a name that nothing has today."""
    top = [
        f"*{words.name(ranks[-1].name)}: {words.as_published(ranks[-1])}*",
        "Nothing is called so today, so there is no rank to set beside it.",
        *(f"• {words.printed(one)}" for one in ranks[-2::-1]),
        f"Every theme over the years: {command('history')}",
    ]
    return compose(paragraphs(top))


# --- against an edition ---------------------------------------------------------------------------


def overall_against(report: OverallReport, edition: EditionStandings, page: int) -> Message:
    """The council's table with the edition's ranks in brackets."""
    then = replace(
        report,
        composites=tuple(_then(view, edition) for view in report.composites),
        themes=tuple(_then(view, edition) for view in report.themes),
    )
    moved = words.moves([(one.previous, one.standing) for one in (*then.composites, *then.themes)])
    fact = f"*{words.name(report.snapshot.council_name)} against edition {words.name(edition.name)}: {moved}*"
    rows = themes.rows_of(then, edition.name)
    top = [fact, stands_on(edition), words.not_alike(edition.differences)]
    return paged_table(("overall", f"against edition {edition.name}"), page, top, rows, report.snapshot)


def theme_against(report: ThemeReport, edition: EditionStandings, page: int) -> Message:
    """A theme with the edition's rank in brackets."""
    view = _then(report.theme, edition)
    when = f"in edition {words.name(edition.name)}"
    line = report.expenditure
    spent = replace(line, previous=edition.standings.get(line.name)) if line else None
    top = [
        themes.headline(view, when=when),
        f"It had no rank {when}." if view.previous is None else "",
        themes.spend_line(spent, when),
        stands_on(edition),
        words.not_alike(edition.differences),
    ]
    asked = f"{view.name} against edition {edition.name}"
    extra = themes.more_about("theme", view.name, view.name)
    return paged(("theme", asked), page, top, themes.by_standing(report.indicators), report.snapshot, extra)


def _then(view: ThemeView, edition: EditionStandings) -> ThemeView:
    return replace(view, previous=edition.standings.get(view.name))


def stands_on(edition: EditionStandings) -> str:
    """What an edition's ranks are: a snapshot's, or as printed."""
    if edition.published:
        return f"Ranks of {words.name(edition.name)} are as published then, by the method of the day."
    return f"Edition {words.name(edition.name)} is snapshot {words.name(edition.label)}."


def no_edition(asked: str, known: Sequence[str]) -> Message:
    """No edition is called so: which there are, and how to make one."""
    names = words.listed([words.name(one) for one in known], _EDITIONS)
    example = command("overall", f"against edition {known[0]}") if known else ""
    lines = [
        f"*No edition is called {words.echo(asked)}.* {f'There are: {names}' if known else 'None has been named yet.'}",
        f"For example: {example}" if example else "",
        f"In the terminal {code('benchwatch edition NAME')} names one.",
    ]
    return compose(paragraphs(lines))
