"""The verbs of ``/rank``: what can be asked for and what can be done."""

from __future__ import annotations

from typing import Literal

Verb = Literal[
    "help",
    "theme",
    "indicator",
    "overall",
    "bottom",
    "changes",
    "why",
    "council",
    "compare",
    "scorecard",
    "spend",
    "deprivation",
    "history",
    "chart",
    "peers",
    "releases",
    "sources",
    "meaning",
    "offer",
    "name",
    "subscribe",
    "unsubscribe",
    "subscriptions",
    "mute",
    "unmute",
    "mutes",
    "export",
]
"""``name`` is a name without a verb; ``offer`` is a wish in a sentence, answered with the command to type."""

PERSONAL: frozenset[Verb] = frozenset(
    {"subscribe", "unsubscribe", "subscriptions", "mute", "unmute", "mutes", "export"}
)
"""Verbs whose answer depends on who asks, and that may change something."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS: dict[str, Verb] = {
    **dict.fromkeys(("help", "?", "hello", "hi", "commands", "usage"), "help"),
    **dict.fromkeys(("theme", "themes", "service", "t"), "theme"),
    **dict.fromkeys(("indicator", "indicators", "ind", "measure", "metric", "i"), "indicator"),
    **dict.fromkeys(
        ("overall", "summary", "overview", "all", "everything", "best", "strengths", "league", "table", "top"),
        "overall",
    ),
    **dict.fromkeys(("bottom", "worst", "q4", "weakest", "lowest"), "bottom"),
    **dict.fromkeys(("changes", "change", "changed", "news", "new", "moved", "happened", "moves", "since"), "changes"),
    **dict.fromkeys(("why", "because", "reason", "explain"), "why"),
    **dict.fromkeys(("council", "county", "area", "authority"), "council"),
    **dict.fromkeys(("compare", "comparison", "versus", "vs", "against", "compared"), "compare"),
    **dict.fromkeys(("spend", "spending", "expenditure", "cost", "costs", "money", "value", "vfm", "budget"), "spend"),
    **dict.fromkeys(("scorecard", "scorecards", "targets", "target"), "scorecard"),
    **dict.fromkeys(("deprivation", "deprived", "imd"), "deprivation"),
    **dict.fromkeys(("history", "years"), "history"),
    **dict.fromkeys(("chart", "graph", "plot", "picture", "charts"), "chart"),
    **dict.fromkeys(("peers", "comparators", "neighbours"), "peers"),
    **dict.fromkeys(("releases", "release", "files"), "releases"),
    **dict.fromkeys(("sources", "source", "due", "late", "overdue", "failing", "calendar"), "sources"),
    **dict.fromkeys(("subscribe", "sub", "follow"), "subscribe"),
    **dict.fromkeys(("unsubscribe", "unsub", "unfollow"), "unsubscribe"),
    **dict.fromkeys(("subscriptions", "subscribed"), "subscriptions"),
    "mute": "mute",
    "unmute": "unmute",
    **dict.fromkeys(("mutes", "muted"), "mutes"),
    **dict.fromkeys(("meaning", "define", "definition"), "meaning"),
    **dict.fromkeys(("export", "download", "csv"), "export"),
}
AT_THE_END: frozenset[Verb] = frozenset(
    {"chart", "spend", "deprivation", "bottom", "changes", "why", "peers", "scorecard"}
)
"""Verbs that people also put last, as in "police spend"."""
WITHOUT_ARGUMENT: frozenset[Verb] = frozenset({"help", "overall"})
"""Verbs that are followed by nothing: what else is there makes it a name."""

CHATTER = _words(
    "bad badly poor poorly well behind ahead "
    "a about across actually all an and any anything are as at be been being better between can changed changing "
    "compare could council councils currently data did do does doing down drop dropped dropping else ever exactly "
    "fall fallen falling fell figure figures for from gave get getting give go going gone good got had has have hello "
    "help hey hi how hows i improve improved improving in indicators info information is it its just know last latest "
    "let like look me mean much my need no now number numbers of on our out over perform performance performing place "
    "please pls plz position progress quartile rank ranked ranking ranks read really recent recently report results "
    "right rise risen rising rose s score see show so stand standing statistics stats such table tell than thanks "
    "that the their them there these they thing things think this those time to today too up us want was we were what "
    "whats when where which who who's whos will with worse would year you your"
)
"""Small words of questions: dropped where the whole text names nothing."""

LEADING = CHATTER - _words("help hello hi compare changed council all last no improve better worse who out")
"""Those that may stand before a verb."""

_NOISE = _words(
    "indicators indicator quartile list in of for on at the our ones things us we all are "
    "3 5 10 20 three five ten twenty"
)

FILL: dict[Verb, frozenset[str]] = {
    "bottom": _NOISE,
    "overall": _NOISE
    | _words("themes table position please summary services is rank everything performing performers scoring"),
    "help": _words("me please us with this"),
    "spend": _words("and vs versus against performance per head on for money in of the"),
    "scorecard": _words("of for the in on our are we is were met missed all"),
    "deprivation": _words(
        "and vs versus against performance performing score index multiple by for on in of the 2019 are we us our is"
    ),
    "history": _words("of for the in on over our all years past back held last two three five seven ten twelve"),
    "chart": _words("of for the a me showing on"),
    "peers": _words("of for the in at on"),
    "compare": _words("us we with to against and are our the ourselves ours"),
    "council": _words("of for the"),
    "changes": _words("in on to for with the please"),
    "releases": _words("all the of list latest"),
    "sources": _words("all the of or and failing overdue list for is are any due late"),
    "why": _words("is are was were did do does has have we the our for so of"),
}
"""Small words that go with a verb and are no part of its argument."""
