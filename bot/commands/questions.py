"""Questions as people put them in a sentence, and the command that answers each.

What would do something is never read out of a sentence: a wish to be told gives ``offer``, which shows the command.
The one exception brings figures to whoever asks: "send me the police numbers as a csv".
"""

from __future__ import annotations

import re

from bot.commands.verbs import Verb

_ABOUT = r"(?: (?:at|in|on|for|of|with|about|over))?"
_WHICH = r"(?:what|which|who)(?: (?:themes?|indicators?|services?|areas?))?(?:'?s| is| are| has| have)?"
_HELD = r"(?:late|overdue|due|failing|failed|broken|held|missing|wrong|stuck)\b.*"

_AIMED = r"(?:met|meet|meeting|hit|hitting|miss|missed|missing|reach|reached|on course for|on course)"
_WITHIN = r"(?: (?:at|in|on|for|of|with) (?:the |our )?(?P<x>.+))?"

_SET_AGAINST = (
    r" (?:against|since|versus|vs?\.?|than in|compared (?:with|to)) (?:the )?"
    r"(?:edition (?P<edition>\S.*)|(?P<year>(?:19|20)\d\d[/-]\d\d))"
)

_PATTERNS: tuple[tuple[str, Verb, str], ...] = (
    (r"(?:who|what) (?:are|r) you|what(?:'?s| is) this(?: thing)?", "help", ""),
    (
        (
            r"(?:please )?(?:what(?:'?s| is| are| does| do)|explain|"
            r"how (?:is|are|do|does) (?:you )?(?:work out |calculate )?)(?: an?| the)? ?"
            r"(?P<x>(?:bottom )?(?:quartile|rank|composite|comparator|indicator|theme|quadrant|spend)s?(?:ing)?)"
            r"(?: [1-4])?(?: mean| work| worked out| calculated| made| called)*"
        ),
        "meaning",
        "{x}",
    ),
    (r"(?:good )?(?:morning|afternoon|evening)|thanks?(?: you)?(?: very much)?|cheers|hey|hiya", "help", ""),
    (r"(?:what|how) (?:can|do|does) (?:you|this|it|i) ?(?:do|work|use this|ask|here)?.{0,20}", "help", ""),
    # To be told, or no longer: the command is shown, for the one who asks to press or type.
    (
        (
            r"(?:please )?(?:tell me|let (?:me|us) know|alert me|notify me|warn me|e-?mail me|message me) "
            r"(?:when(?:ever)?|if|as soon as|about any|on any|of any) (?:there (?:is|are) )?(?:any )?"
            r"(?:changes? (?:to|in|on) )?(?P<x>.+?)(?: (?:changes?|moves?|falls?|drops?|gets? .*|goes .*|is updated))?"
        ),
        "offer",
        "subscribe {x}",
    ),
    (
        (
            r"(?:please )?(?:stop|turn off|no more|silence)\b(?: (?:telling|sending|alerting|bothering))?(?: me)?"
            r"(?: (?:about|with|alerts?))*(?: for| on)? (?P<x>.+?)(?: (?:alerts?|messages?|notifications?|updates?))?"
        ),
        "offer",
        "unsubscribe {x}",
    ),
    (
        (
            r"(?:can you )?(?:please )?(?:send|e-?mail|give|get) me (?P<x>.+?) (?:as|in) (?:a |an )?"
            r"(?:csv|excel|spreadsheet)(?: file)?(?: please)?"
        ),
        "export",
        "{x}",
    ),
    (
        (
            r".*\b(?:get|getting|move|climb|take us) out of (?:the )?(?:bottom|lowest|worst|q4)(?: quartile| quarter)?"
            rf"{_ABOUT} (?P<x>.+)"
        ),
        "name",
        "{x}",
    ),
    # Over the years, and against an edition: before a council, against which the same words set us.
    (
        (
            r"(?P<x>.*?) ?(?:over|across|through|for) (?:all )?(?:the )?(?:last |past )?"
            r"(?:(?:few|two|three|five|six|seven|ten|twelve|[2-9]|1\d|20) )?(?:years|time)|"
            r"(?P<y>.+?)(?:'s)? (?:rank )?history"
        ),
        "history",
        "{x}{y}",
    ),
    (
        rf"(?:the )?(?:overall|summary|everything|all(?: themes)?|we|us){_SET_AGAINST}",
        "overall",
        "against edition {edition}{year}",
    ),
    (r"(?:the )?edition (?P<x>\S.*)", "overall", "against edition {x}"),
    (rf"(?P<x>.+?){_SET_AGAINST}", "theme", "{x} against edition {edition}{year}"),
    # Targets and direction of travel.
    (
        (
            r"(?:did|do|have|are|were|will|how are|which|what|how many)(?: of)?(?: we| our| the| all)*(?: of)?"
            rf"(?: {_AIMED}| doing (?:against|on))?(?: our| the| all| any)*(?: of our)? targets?"
            rf"(?: (?:did|do|have|has|are|were|will|we|been|be|not))*(?: {_AIMED})?{_WITHIN}"
        ),
        "scorecard",
        "{x}",
    ),
    (rf"(?:what(?:'s| is) )?(?:our |the )*directions? of travel{_WITHIN}", "scorecard", "{x}"),
    # Who is compared, who is ahead, and we against one of them.
    (
        (
            r"(?:which|what|who)(?: (?:councils?|areas?|counties|authorities|others?))? (?:are|do|is) (?:we|you|us)"
            r"(?: being)? compared?(?: (?:us|ourselves))?(?: (?:with|to|against))?"
        ),
        "peers",
        "",
    ),
    (r"(?:(?:our|the) )?(?:statistical|nearest|cipfa) (?:comparators|peers|neighbou?rs?)", "peers", ""),
    (r"who(?:'?s| is| are| does| do)? (?:our|the) (?:comparators|peers|neighbours)", "peers", ""),
    (
        (
            r"who(?:'?s| is| are| does| do| has)? (?:doing |does |do )?(?:the )?"
            r"(?:better|best|worse|ahead|top|highest|beats?|above|below|leads?|first)(?: (?:than|of))?(?: us| we are)?"
            r"(?: in (?:the )?(?:country|england|uk|group|table|region))?"
            rf"{_ABOUT} (?P<x>.+)"
        ),
        "peers",
        "{x}",
    ),
    (
        (
            r"(?:are|is|do|does) (?:we|our) (?:doing |do )?(?:any )?(?:better|worse|ahead|behind|above|below)"
            r"(?: or (?:better|worse|ahead|behind|above|below))?(?: (?:than|of|off))? (?P<x>.+)"
        ),
        "compare",
        "{x}",
    ),
    (
        (
            r"(?:how|where) (?:do|are|is) (?:we|our)(?: (?:do|doing|perform|performing))?(?: (?:on|in|at) (?P<x>.+?))? "
            r"(?:for|given|against|by|with) (?:our |the )?(?:level of )?(?:multiple )?deprivation"
        ),
        "deprivation",
        "{x}",
    ),
    (
        (
            r"(?P<x>.+?) (?:vs?\.?|versus|against|compared (?:to|with)) (?:the )?(?:multiple )?"
            r"(?:deprivation|imd)(?: score)?"
        ),
        "deprivation",
        "{x}",
    ),
    (r"how deprived (?:are|is) (?:we|our (?:area|council|county)|the county)", "deprivation", ""),
    (r"(?:how|where) (?:do|are|did) we compared? (?:with|to|against) (?P<x>.+)", "compare", "{x}"),
    (r"(?P<x>.+?) (?:vs?\.?|versus|against|compared (?:to|with)) (?P<y>.+)", "compare", "{x} {y}"),
    (
        (
            r"(?:are|is|do) (?:we|our) (?:(?:good|getting|giving|offering|provide|providing|get) )*"
            rf"value(?: for (?:the )?money)?{_ABOUT}(?P<x> .+)?"
        ),
        "spend",
        "{x}",
    ),
    # What came, what is due, what is wrong.
    (r"when (?P<x>.*)", "sources", "{x}"),
    (
        r"(?:is|are|has|have|was|were)?(?: there)? ?"
        r"(?:anything|something|any (?:data|files?|releases?|sources?))(?: (?:been|is|are|come|came|gone))? " + _HELD,
        "sources",
        "",
    ),
    (
        (
            r"(?:what|which)(?:'?s| is| are| data| releases?| files?| figures| sources?| do we| are we)* "
            r"(?:late|overdue|due|failing|failed|broken|missing|coming|expected|next|watch(?:ing|ed)?)\b.*"
        ),
        "sources",
        "",
    ),
    (
        (
            r"(?:what|which)(?:'?s| is| are| data| releases?| files?| figures| has| have| was| were| new)* "
            r"(?:came|come|arrived|held|published|released|taken in|received)\b.*"
        ),
        "releases",
        "",
    ),
    (
        r"(?:what(?:'?s| is| was) )?(?:in )?(?:the )?(?:last|latest|newest) (?:release|figures|data|results)",
        "changes",
        "",
    ),
    # What is bad, and what got worse or better.
    (
        (
            r"(?:(?:what|where|which)(?: (?:themes?|indicators?|services?|areas?))?(?:'?s| is| are)? |are |is )"
            r"(?:we|us|our council|the council) (?:really |so |actually |currently |doing )*"
            r"(?:bad|badly|worst|poor|poorly|weak|weakest|failing|struggling|rubbish|crap|shit)"
            r"(?: at| in| on)?(?: anything| something| any| most)?"
        ),
        "bottom",
        "",
    ),
    (
        (
            r"(?:what|where) (?:have|has|did|are) (?:we|they) (?:improv\w*|(?:got|get|gotten|getting) better)"
            r"(?: at| in| on)?(?P<x>.*)"
        ),
        "changes",
        "better {x}",
    ),
    (
        (
            r"(?:what|where) (?:have|has|did|are) (?:we|they) "
            r"(?:slipp\w*|dropp\w*|fallen|falling|fell|worsen\w*|declin\w*|(?:got|get|gotten|getting) worse)"
            r"(?: at| in| on)?(?P<x>.*)"
        ),
        "changes",
        "worse {x}",
    ),
    (_WHICH + r" (?:got|getting|gotten|gone|went|become|becoming) (?:worse|down)(?P<x>.*)", "changes", "worse {x}"),
    (_WHICH + r" (?:got|getting|gotten|gone|went|become|becoming) (?:better|up)(?P<x>.*)", "changes", "better {x}"),
    (_WHICH + r" (?:worsen|fall|fell|drop|deteriorat|declin)\w*(?P<x>.*)", "changes", "worse {x}"),
    (_WHICH + r" (?:improv|risen|rose|rising|climb)\w*(?P<x>.*)", "changes", "better {x}"),
    (r"(?:why|how come)(?:'?s)?(?P<x> .+)", "why", "{x}"),
)

_QUESTIONS = tuple((re.compile(f"(?:{text})$", re.IGNORECASE), verb, argument) for text, verb, argument in _PATTERNS)

LONGEST = 300
"""Characters of a question that are looked at: nobody asks a longer one."""


def question(text: str) -> tuple[Verb, str] | None:
    """The verb and argument that a question means; None for what is none of those known here."""
    if len(text) > LONGEST:
        return None
    for pattern, verb, argument in _QUESTIONS:
        if found := pattern.match(text):
            parts = {key: (value or "").strip() for key, value in found.groupdict().items()}
            return verb, argument.format(**parts)
    return None
