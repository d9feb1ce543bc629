"""From the text after ``/rank`` to the message that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from bot import words
from bot.commands import arrivals, charting, councils, history, offers, spending, themes
from bot.commands.grammar import COMMAND, Request, parse, plainer
from bot.commands.helping import help_answer
from bot.commands.indicators import indicator
from bot.commands.lookup import Lookup
from bot.commands.matching import NEAREST, Match, Named, nearest
from bot.commands.meanings import meaning
from bot.commands.parts import (
    ALL_CHOICES,
    CHOICES,
    DO,
    MOST_CHOICES,
    ask_button,
    choices,
    command,
    counted,
    told,
    typed_as,
    with_kind,
)
from bot.commands.reader import Reader
from bot.commands.scorecards import scorecard
from bot.commands.spans import Span, span
from bot.commands.verbs import PERSONAL, Verb
from bot.commands.why import why
from bot.slack_text import Message, code, compose, paragraphs
from engine.progress import SIMILAR
from engine.quadrants import Against
from jobs.overview import Overview
from state.editions import edition_names, edition_standings, editions
from state.published import published_ranks
from state.scorecards import scorecard_report
from state.views import ChangeView
from state.years import theme_history, years_held

_RELEASE = re.compile(r"\s+(?:by |in |of )?release\s*#?(\d{1,9})$", re.IGNORECASE)
_WHOLE = re.compile(
    r"(?:the )?(?:theme )?(overall|everything|all|themes|summary|bottom|bottom quartile)", re.IGNORECASE
)
_SPEND = re.compile(r"(?:spend|spending|expenditure)\b\s*(.*)", re.IGNORECASE)
_DEPRIVED = re.compile(r"(?:deprivation|deprived|imd)\b\s*(.*)", re.IGNORECASE)
_AGAINST_DEPRIVATION = re.compile(
    r"(?:(.*?)\s*\b(?:against|vs?\.?|versus|and|by|or) )?(?:the )?(?:multiple )?(?:deprivation|imd)(?: score)?",
    re.IGNORECASE,
)
_TURNED = re.compile(r"^(worse|better)\b", re.IGNORECASE)
_BESIDE = frozenset({"and", "with", "to", "v", "vs", "vs.", "versus", "against"})
_COMING = frozenset({"next", "new", "due", "out", "release", "releases", "published", "come", "coming", "updated"})
_WITHOUT_FIGURES: frozenset[Verb] = frozenset({"help", "meaning", "releases", "sources"})
"""Verbs that are answered before the first release too, and are no beginnings of names."""
_WORDS = 12
"""Words of an argument in which a name is looked for."""


def answer(
    text: str,
    reader: Reader,
    *,
    today: date,
    command: str = COMMAND,
    overview: Callable[[], Overview] | None = None,
    similar: Fraction = SIMILAR,
) -> Message:
    """The answer to a command as the one who asked sees it, buttons included.

    ``command`` is what people type before it; ``overview`` says how the sources stand, where that is known;
    ``similar`` is the relative change up to which a figure is similar.
    """
    with typed_as(command):
        return _Asked(parse(text), reader, today, overview, similar).answer()


@dataclass(frozen=True)
class _Asked:
    """One request and what it is answered from."""

    request: Request
    reader: Reader
    today: date
    overview: Callable[[], Overview] | None
    similar: Fraction

    @property
    def page(self) -> int:
        return self.request.page

    @property
    def argument(self) -> str:
        return self.request.argument

    @property
    def lookup(self) -> Lookup:
        return Lookup(self.reader.names())

    def answer(self) -> Message:
        """By its verb; what only begins like a verb is a name after all."""
        request = self.request
        if request.verb in PERSONAL:
            misread = request.slip and self.lookup.written(request.text, self.lookup.everything)
            return self._again("name", request.text) if misread else _in_slack_only(request)
        if request.verb not in _WITHOUT_FIGURES:
            if self.reader.snapshot() is None:
                return nothing_yet()
            if request.verb != "name" and (found := self._name_after_all()):
                return self._show(found)
        return self._ways[request.verb]()

    @property
    def _ways(self) -> dict[Verb, Callable[[], Message]]:
        return {
            "name": self._named,
            "theme": self._theme,
            "indicator": self._indicator,
            "overall": self._overall,
            "bottom": self._bottom,
            "changes": self._changes,
            "why": self._why,
            "council": self._council_verb,
            "compare": self._compare,
            "peers": self._peers,
            "scorecard": self._scorecard,
            "spend": self._spend,
            "deprivation": self._deprivation,
            "history": self._history,
            "chart": self._chart,
            "offer": self._offer,
            "meaning": self._meaning,
            "help": self._help,
            "releases": self._releases,
            "sources": self._sources,
        }

    def _again(self, verb: Verb, argument: str) -> Message:
        """The same in another reading."""
        return replace(self, request=self.request.read_as(verb, argument)).answer()

    def _name_after_all(self) -> Named | None:
        """The name that begins like a verb: "Council tax collected", or "new enterprise" where "new" means changes.

        What follows the verb being a whole name, it is that: "spend social care" with a line "spend-social-care".
        """
        text, first = self.request.text, self.request.text.partition(" ")[0].casefold()
        if " " not in text:
            return None
        if whole := self.lookup.whole(text):
            return None if self.argument and self.lookup.whole(self.argument) else whole
        if not self.argument or first == self.request.verb or self.request.others:
            return None
        found = self.lookup.written(text, self.lookup.everything)
        return found.found[0] if found and found.how == "exact" else None

    # --- names ------------------------------------------------------------------------------------

    def _named(self) -> Message:
        """A theme, an indicator, a council, or a council's theme; as written before what it may be a slip for."""
        if found := self._called(slips=False):
            return found
        if elsewhere := self.lookup.elsewhere(self.argument):
            return self._not_compared(elsewhere)
        for verb, argument in self.request.others:
            if not self._is_a_word_of_ours(argument):
                return self._again(verb, argument)
        if found := self._called(slips=True):
            return found
        return self._unknown("theme or indicator", nearest(self.argument, self.lookup.everything))

    def _is_a_word_of_ours(self, argument: str) -> bool:
        """Whether what stands before the argument is a word of some name: "SEND" is not a slip for "spend"."""
        first = self.argument.partition(" ")[0]
        if argument and self.argument.startswith(argument):
            return False
        return bool(argument and self.lookup.written(first, self.lookup.everything))

    def _called(self, *, slips: bool) -> Message | None:
        """What is called so, as written or with slips; None where nothing is."""
        lookup, text = self.lookup, self.argument
        way = lookup.slipped if slips else lookup.written
        found, council = way(text, lookup.everything), lookup.council(text, slips=slips)
        if slips and found and council:  # "surey" may be Surrey, or Sure Start
            return self._found(Match("several", (*council.found, *found.found)), "thing")
        if found := found or council:
            return self._found(found, "theme or indicator")
        both = lookup.council_and_theme(text, slips=slips, surely=True)
        return self._council(*both) if both else None

    def _theme(self) -> Message:
        """One theme; against an edition where the argument names one behind it."""
        if (set_against := history.since_edition(self.argument)) and set_against[0]:
            return self._theme_against(*set_against)
        return self._one_of("theme", self.lookup.themes)

    def _theme_against(self, name: str, edition: str) -> Message:
        found = self.lookup.subject(name, self.lookup.themes)
        if found.how != "exact":
            return self._again("theme", name)
        one, then = found.found[0], self.reader.read(lambda db: edition_standings(db, edition))
        if then is None:
            return history.no_edition(edition, self.reader.read(edition_names))
        report = self.reader.theme(one.key)
        return history.theme_against(report, then, self.page) if report else no_figures(one)

    def _indicator(self) -> Message:
        return self._one_of("indicator", self.lookup.indicators)

    def _one_of(self, what: str, known: Sequence[Named]) -> Message:
        if not self.argument:
            return self._which(what, known)
        found = self.lookup.subject(self.argument, known)
        return self._found(found, what)

    def _found(self, found: Match, what: str) -> Message:
        return self._unclear(found, what) or self._show(found.found[0])

    def _show(self, name: Named) -> Message:
        if name.kind == "council":
            return self._council(Match("exact", (name,)), None)
        if name.kind == "indicator":
            found = self.reader.indicator(name.key)
            return indicator(found, self.page) if found else no_figures(name)
        report = self.reader.theme(name.key)
        return themes.theme(report, self.page) if report else no_figures(name)

    def _unclear(self, found: Match, what: str, verb: Verb | None = None, after: str = "") -> Message | None:
        """What to choose from where it is not clear what is meant; None where it is."""
        if found.how == "several":
            return self._several(found, what, verb, after)
        return self._unknown(what, found.found, verb) if found.how == "nearest" else None

    def _several(self, found: Match, what: str, verb: Verb | None = None, after: str = "") -> Message:
        fact = f"*{words.echo(self.argument)} may mean {counted(found.found, what)}:*"
        return choices([fact], found.found, (), verb, after=after)

    def _which(self, what: str, known: Sequence[Named], verb: Verb | None = None) -> Message:
        are = "is" if len(known) == 1 else "are"
        fact = f"*Which {what}?* There {are} {len(known) or 'none'}:"
        return choices([fact], known, (), verb, most=MOST_CHOICES if what == "council" else ALL_CHOICES)

    def _unknown(self, what: str, close: Sequence[Named], verb: Verb | None = None) -> Message:
        """Nothing of that kind; what of another kind is called so comes before the nearest three."""
        lookup = self.lookup
        fact = f"*No {what} is called {words.echo(self.argument)}.*"
        other = lookup.written(self.argument, lookup.everything)
        if other:
            kind = "it is the name of" if other.how == "exact" else "there are"
            return choices([f"{fact} But {kind}:"], other.found)
        example = next((command("theme", one.key) for one in lookup.themes), command("help"))
        bottom = [f"For example: {example}; {command('help')} tells more"]
        return choices([f"{fact} The nearest:" if close else fact], close, bottom, verb)

    def _help(self) -> Message:
        return help_answer(self.reader.names(), self.reader.snapshot())

    def _meaning(self) -> Message:
        return meaning(self.argument, self.reader.snapshot())

    # --- our own ----------------------------------------------------------------------------------

    def _overall(self) -> Message:
        """The council's table; against an edition where one is named."""
        report = self.reader.overall()
        if report is None:
            return nothing_yet()
        if set_against := history.since_edition(self.argument):
            edition = set_against[1]
            then = self.reader.read(lambda db: edition_standings(db, edition))
            if then is None:
                return history.no_edition(edition, self.reader.read(edition_names))
            return history.overall_against(report, then, self.page)
        return themes.overall(report, self.page)

    def _history(self) -> Message:
        """The years of one theme, with what was published of it, or of all."""
        report = self.reader.overall()
        if report is None:
            return nothing_yet()
        typed, ranked = self.argument.casefold(), {one.name.casefold() for one in self.lookup.themes}
        printed = [one for one in self.reader.read(published_ranks) if typed == one.name.casefold() not in ranked]
        if printed:
            return history.published_only(printed)
        if _WHOLE.fullmatch(self.argument or "overall"):
            held, named = self.reader.read(lambda db: (years_held(db), editions(db)))
            return history.history_all(report, held, [one.name for one in named], self.page)
        return self._history_of_one()

    def _history_of_one(self) -> Message:
        found = self.lookup.subject(self.argument)
        if found.how == "nearest" and self.request.others:  # a sentence that only sounds like a question of years
            return self._again(*self.request.others[0])
        if unclear := self._unclear(found, "theme or indicator", "history"):
            return unclear
        one = found.found[0]
        if one.kind == "indicator":
            return self._show(one)
        theme, years = self.reader.theme(one.key), self.reader.read(lambda db: theme_history(db, one.key))
        return history.history_theme(theme, years, self.page) if theme and years else no_figures(one)

    def _bottom(self) -> Message:
        """The bottom quartile of everything, or of one theme."""

        def bottom(theme: str | None) -> Message:
            report = self.reader.bottom(theme)
            return themes.bottom(report, self.page) if report else nothing_yet()

        return self._in_theme("bottom", bottom)

    def _scorecard(self) -> Message:
        """Directions of travel and targets: of all themes, or of the indicators of one."""

        def card(theme: str | None) -> Message:
            report = self.reader.read(lambda db: scorecard_report(db, self.similar, theme))
            return scorecard(report, theme, self.page) if report else nothing_yet()

        return self._in_theme("scorecard", card)

    def _in_theme(self, verb: Verb, say: Callable[[str | None], Message]) -> Message:
        """What a verb says of everything, or of the one theme that is named."""
        if not self.argument:
            return say(None)
        found = self.lookup.subject(self.argument, self.lookup.plain_themes)
        return self._unclear(found, "theme", verb) or say(found.found[0].key)

    def _changes(self) -> Message:
        """What moved: since a day, by a release, or the latest; of everything, or of one theme or indicator."""
        way, text = "", self.argument
        if turned := _TURNED.match(text):
            way, text = turned[1].casefold(), text[turned.end() :].strip()
        if wanted := span(text, self.today):
            return self._changes_of(wanted, None, way)
        for name, rest in _ends(text):
            wanted = span(rest, self.today)
            if wanted is None or (about := self.lookup.subject(name)).how == "nearest":
                continue
            if about.how == "several":
                return self._several(about, "theme or indicator", "changes", rest)
            return self._changes_of(wanted, about.found[0], way)
        return self._no_span()

    def _changes_of(self, wanted: Span, about: Named | None, way: str) -> Message:
        """Those of one theme or indicator, for the worse or the better, where these are asked for."""
        snapshot = self.reader.snapshot()
        if snapshot is None:
            return nothing_yet()
        latest = wanted == Span() and about is None
        release = self.reader.latest_change() if latest else wanted.release
        nothing = latest and release is None
        found = () if nothing else self.reader.changes(since=wanted.since, release=release)
        if about:
            found = tuple(one for one in found if about.key in {one.change.indicator, one.change.theme})
        if way:
            arrow = words.DOWN if way == "worse" else words.UP
            found = tuple(one for one in found if words.arrow(one.change) == arrow)
        where = (f"for the {way} " if way else "") + (f"in {words.name(about.name)} " if about else "")
        return themes.changes(found, self.argument, where + _since(wanted, found, about), self.page, snapshot)

    def _no_span(self) -> Message:
        theme = next((one.key for one in self.lookup.themes), "police")
        texts = ("7d", "2 weeks", "since april", self.today.isoformat(), "12", theme)
        examples = ", ".join(command("changes", text) for text in texts)
        fact = f"*{words.echo(self.argument)} is no span of time and no release.*"
        return compose(paragraphs([f"{fact} No theme or indicator is called so either.", f"For example: {examples}"]))

    def _why(self) -> Message:
        """Why a theme, composite or indicator moved, last or by a release."""
        argument, release = self.argument, None
        if marked := _RELEASE.search(argument):
            argument, release = argument[: marked.start()], int(marked[1])
        if not argument:
            return self._which("theme", self.lookup.themes, "why")
        found = self.lookup.subject(argument)
        after = f"release {release}" if release else ""
        if unclear := self._unclear(found, "theme or indicator", "why", after):
            return unclear
        one = found.found[0]
        return no_figures(one) if one.kind == "council" else why(self.reader, one.kind, one.key, release, self.page)

    # --- others -----------------------------------------------------------------------------------

    def _council_verb(self) -> Message:
        return self._about_council("council")

    def _compare(self) -> Message:
        if set_against := history.since_edition(self.argument):
            subject, edition = set_against
            asked = f"against edition {edition}"
            return self._again("theme" if subject else "overall", f"{subject} {asked}".strip())
        return self._about_council("compare")

    def _about_council(self, verb: Verb) -> Message:
        lookup = self.lookup
        others = sorted(lookup.others, key=lambda council: council.name)
        if not self.argument:
            return self._which("council", others, verb)
        text = _without_own(self.argument, lookup)
        for slips in (False, True):
            if both := lookup.council_and_theme(text, slips=slips):
                return self._council(*both, verb=verb)
        if elsewhere := next(filter(None, (lookup.elsewhere(part) for part in _parts(text))), ""):
            return self._not_compared(elsewhere)
        if about := lookup.written(text, lookup.themes):
            return self._which_council(about.found[0], others, verb)
        return self._unknown_council(text, others, verb)

    def _council(self, council: Match, theme: Match | None, verb: Verb = "council") -> Message:
        beside = theme.found[0] if theme and theme.how == "exact" else None
        if council.how == "several":
            return self._several(council, "council", verb, with_kind(beside) if beside else "")
        one = council.found[0]
        if theme and theme.how == "several":
            return self._several_themes(one, theme, verb)
        if one.key == self.lookup.names.council:
            return self._ourselves(one, theme, verb)
        return self._council_theme(one, theme.found[0], verb) if theme else self._council_whole(one, verb)

    def _ourselves(self, own: Named, theme: Match | None, verb: Verb) -> Message:
        if verb == "compare":
            return self._that_is_us(own)
        return self._show(theme.found[0]) if theme else self._overall()

    def _council_whole(self, council: Named, verb: Verb) -> Message:
        if verb == "compare":
            both = self.reader.overall_beside(council.key)
            return councils.compare(*both, self.page) if both else nothing_yet()
        report = self.reader.overall(council.key)
        return councils.council(report, self.page) if report else nothing_yet()

    def _council_theme(self, council: Named, theme: Named, verb: Verb) -> Message:
        if theme.kind == "indicator":
            figures = self.reader.indicator(theme.key)
            return (
                councils.compare_indicator(figures, council.key, council.name, self.page)
                if figures
                else no_figures(theme)
            )
        if verb == "compare":
            both = self.reader.theme_beside(theme.key, council.key)
            return councils.compare_theme(*both, self.page) if both else no_figures(theme)
        report = self.reader.theme(theme.key, council.key)
        return councils.council_theme(report, self.page) if report else no_figures(theme)

    def _several_themes(self, council: Named, themes_found: Match, verb: Verb) -> Message:
        fact = f"*{words.echo(self.argument)} may mean {counted(themes_found.found, 'theme or indicator')}:*"
        shown = themes_found.found[:CHOICES]
        asks = [(one.name, f"{council.name} {with_kind(one)}") for one in shown]
        buttons = [ask_button(name, verb, ask, name, f"{DO}:{at}") for at, (name, ask) in enumerate(asks)]
        more = f"… and {len(themes_found.found) - len(shown)} more: add a word to narrow it down"
        lines = [f"• {words.name(name)} · {command(verb, ask)}" for name, ask in asks]
        return told(paragraphs([fact, *lines, more if len(themes_found.found) > len(shown) else ""]), *buttons)

    def _which_council(self, theme: Named, others: Sequence[Named], verb: Verb) -> Message:
        fact = f"*Which council, for {words.name(theme.name)}?* For example:"
        lines = [f"• {command(verb, f'{one.name} theme {theme.key}')}" for one in others[:3]]
        return compose(paragraphs([fact, *lines, _compared(others)]))

    def _unknown_council(self, text: str, others: Sequence[Named], verb: Verb) -> Message:
        close = nearest(text, others)
        fact = f"*No council that we are compared with is called {words.echo(text)}.* The nearest:"
        return choices([fact], close, [_compared(others)], verb)

    def _not_compared(self, name: str) -> Message:
        lookup = self.lookup
        others = lookup.others
        fact = f"*We are not compared with {words.name(name)}.* The nearest by name:"
        ours = [one for one in lookup.councils if one not in others and one.name.startswith(name)]
        return choices([fact], [*ours, *nearest(name, others)][:NEAREST], [_compared(others)])

    def _that_is_us(self, own: Named) -> Message:
        lines = [
            f"*{words.name(own.name)} is us*, and nothing to be compared with.",
            f"Our own table: {command('overall')}; who is compared: {command('peers')}",
        ]
        return compose(paragraphs(lines))

    def _peers(self) -> Message:
        """Who is compared; or everybody in the order of a theme or indicator."""
        lookup, snapshot = self.lookup, self.reader.snapshot()
        if snapshot is None:
            return nothing_yet()
        if not self.argument:
            others = sorted(one.name for one in lookup.others)
            return councils.peers(snapshot, others)
        found = lookup.subject(self.argument)
        if unclear := self._unclear(found, "theme or indicator", "peers"):
            return unclear
        one = found.found[0]
        if one.kind == "indicator":
            report = self.reader.indicator(one.key)
            return councils.peers_indicator(report, self.page) if report else no_figures(one)
        league = self.reader.league(one.key)
        return councils.peers_theme(league, self.page) if league else no_figures(one)

    # --- spending and charts ----------------------------------------------------------------------

    def _spend(self) -> Message:
        """Against spending, unless it says "against deprivation"."""
        if other := _AGAINST_DEPRIVATION.fullmatch(self.argument):
            return self._again("deprivation", other[1] or "")
        return self._plane("spend", self.argument)

    def _deprivation(self) -> Message:
        return self._plane("deprivation", self.argument)

    def _plane(self, against: Against, name: str, *, chart: bool = False) -> Message:
        """Performance against it of all themes, or of the one named, whose ``chart`` may be all that is asked for."""
        if not name:
            everything = self.reader.plane(against)
            return spending.by_theme(everything, self.page) if everything else nothing_yet()
        found = self.lookup.subject(name, self.lookup.themes)
        if unclear := self._unclear(found, "theme", against):
            return unclear
        one = found.found[0]
        theme, plane = self.reader.theme(one.key), self.reader.plane(against, one.key)
        if theme is None or plane is None:
            return no_figures(one)
        return charting.chart_plane(plane, theme) if chart else spending.one_theme(plane, theme, self.page)

    def _chart(self) -> Message:
        if whole := _WHOLE.fullmatch(self.argument or "overall"):
            return self._chart_of_all(bottom=whole[1].casefold().startswith("bottom"))
        if deprived := _DEPRIVED.fullmatch(self.argument) or _AGAINST_DEPRIVATION.fullmatch(self.argument):
            return self._plane("deprivation", _SPEND.sub(r"\1", deprived[1] or ""), chart=True)
        if spent := _SPEND.fullmatch(self.argument):
            return self._plane("spend", spent[1], chart=True)
        found = self.lookup.subject(self.argument)
        if unclear := self._unclear(found, "theme or indicator", "chart"):
            return unclear
        one = found.found[0]
        if one.kind == "indicator":
            figures = self.reader.indicator(one.key)
            return charting.chart_indicator(figures) if figures else no_figures(one)
        theme = self.reader.theme(one.key)
        return charting.chart_theme(theme) if theme else no_figures(one)

    def _chart_of_all(self, *, bottom: bool) -> Message:
        if bottom:
            low = self.reader.bottom()
            return charting.chart_bottom(low) if low else nothing_yet()
        report = self.reader.overall()
        return charting.chart_overall(report) if report else nothing_yet()

    # --- where the figures come from --------------------------------------------------------------

    def _releases(self) -> Message:
        found = self.reader.releases()
        number = re.sub(r"\D", "", self.argument) if re.fullmatch(r"#?\d{1,9}", self.argument) else ""
        if number:
            one = next((view for view in found if view.id == int(number)), None)
            if one:
                return arrivals.release(one, self.page)
            lines = [f"*There is no release {number}.*", f"All that came: {command('releases')}"]
            return compose(paragraphs(lines))
        return arrivals.releases(found, self.page)

    def _sources(self) -> Message:
        if self.overview is None:
            lines = [
                "*How the sources stand is not known here.*",
                f"In the terminal: {code('benchwatch sources')}; what came: {command('releases')}",
            ]
            return compose(paragraphs(lines))
        asked = " ".join(word for word in self.argument.split() if word.casefold().strip("?.!") not in _COMING)
        found = self.lookup.subject(asked) if plainer(asked) and self.lookup.everything else None
        if found is None or found.how == "nearest":
            return arrivals.sources(self.overview(), self.page, self.today)
        one = found.found[0]
        overview = self.overview()
        own = {one.key} if one.kind == "indicator" else set()
        own |= {line.indicator for line in overview.indicators if line.theme == one.key}
        return arrivals.sources(overview, self.page, self.today, one.name, frozenset(own))

    def _offer(self) -> Message:
        """A wish to be told, or no longer: the command that does it, for the one who asks to press or type."""
        word, _, about = self.argument.partition(" ")
        found, ends = self.lookup.subject(about), word == "unsubscribe"
        if found.how != "exact":
            what, several = "theme or indicator", found.how == "several"
            may = f"*{words.echo(about)} may mean {counted(found.found, what)}:*"
            none = f"*No {what} is called {words.echo(about)}.* The nearest:"
            return choices([may if several else none], found.found, (), "unsubscribe" if ends else "subscribe")
        one = found.found[0]
        if one.kind == "indicator":
            report = self.reader.indicator(one.key)
            theme = report.indicator.theme if report else one.name
        else:
            theme = one.key
        return offers.end(one, theme) if ends else offers.subscription(one, theme)


def _since(wanted: Span, found: Sequence[ChangeView], about: Named | None) -> str:
    if wanted.since:
        return f"since {words.day(wanted.since.isoformat())}"
    if wanted.release:
        return f"by release {wanted.release}"
    if about:
        return "so far"
    return "by the latest release that changed anything" if found else "so far"


def _ends(text: str) -> list[tuple[str, str]]:
    """A name and the span behind it: the longest name first, then the longest span."""
    parts = text.split()[:_WORDS]
    return [(" ".join(parts[:at]), " ".join(parts[at:])) for at in range(len(parts), 0, -1)]


def _parts(text: str) -> list[str]:
    """Beginnings and ends of a text, the longest first: one of them may name a council."""
    parts = text.split()[:_WORDS]
    whole = range(len(parts), 0, -1)
    return [*(" ".join(parts[:at]) for at in whole), *(" ".join(parts[-at:]) for at in whole)]


def _without_own(text: str, lookup: Lookup) -> str:
    """The text without our own name where another council is named too: "leics vs kent", "kent and leics on police"."""
    parts = text.split()[:_WORDS]
    for size, at in [(long, start) for long in (3, 2, 1) for start in range(len(parts) - long + 1)]:
        if lookup.is_own(" ".join(parts[at : at + size])):
            rest = " ".join(part for part in (*parts[:at], *parts[at + size :]) if part.casefold() not in _BESIDE)
            return rest if lookup.council_and_theme(rest, slips=True) else text
    return text


def _compared(others: Sequence[Named]) -> str:
    return f"Who is compared: {command('peers')}" if others else ""


def no_figures(name: Named) -> Message:
    """Something known of which no release has brought figures."""
    return compose(paragraphs([f"*{words.name(name.name)} has no figures yet.* No release has brought any for it."]))


def nothing_yet() -> Message:
    """Before the first release."""
    return compose(
        paragraphs(
            [
                "*There are no figures yet.* Ranks can be asked for once the first release has been read.",
                f"To look for one now: {code('benchwatch poll')}. What is watched: {command('sources')}",
            ]
        )
    )


def _in_slack_only(request: Request) -> Message:
    lines = [
        f"*This works in Slack only*, where it is known who asks: {command(request.verb, request.argument)}",
        f"Here the same figures are {code('benchwatch export ranks')}" if request.verb == "export" else "",
    ]
    return compose(paragraphs(lines))
