"""What the words of our answers mean, for who has never seen a statistic."""

from __future__ import annotations

from bot.commands.parts import answered, command
from bot.slack_text import Message, paragraphs
from state.views import SnapshotView

_RANK = "*A rank is a place among the areas compared: 1st is the best, whichever way round the figure is.*"
_QUARTILE = "*A quartile is a quarter of the areas compared: quartile 1 the best quarter, quartile 4 the bottom one.*"
_COMPOSITE = "*A composite puts several themes together: the rank of the average rank over all their indicators.*"
_THEME = "*A theme's rank is the rank of its average rank over its indicators.*"
_COMPARATORS = "*Comparators are the areas we are compared with.*"
_QUADRANT = "*A quadrant says which half a place is in twice: in performance, and in spending or deprivation.*"
_SPEND = "*Spending is ranked per head, 1st being the highest: the last spends least.* It is not judged good or bad."

MEANINGS = {
    "rank": (_RANK, "Areas that are level share a place, shown with = as in =7th."),
    "quartile": (_QUARTILE, "Ties may leave it smaller, never larger. An indicator with too few figures has none."),
    "composite": (_COMPOSITE, "Themes with more indicators so count for more."),
    "theme": (_THEME, "Indicators that too few areas have a figure for stay out."),
    "comparator": (_COMPARATORS, "They change only with the settings, or when a council is reorganised."),
    "quadrant": (_QUADRANT, "The exact middle of an odd number is in neither half, and is called middling."),
    "spend": (_SPEND, "High performing, low spending is the quadrant to be in."),
    "indicator": (
        "*An indicator is one published figure for every area*, such as recorded burglaries per 1,000 people.",
        "",
    ),
}


def meaning(word: str, snapshot: SnapshotView | None) -> Message:
    """What a word means, and where to look next."""
    known = next((key for key in MEANINGS if key in word.casefold()), "rank")
    more = f"Who is compared: {command('peers')}; what can be asked: {command('help')}"
    return answered(("meaning", known), 1, 1, paragraphs([*MEANINGS[known], more]), snapshot)
