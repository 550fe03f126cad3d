"""Words: the message bank, its rendering, what a text costs, and the rules of its tone. Pure."""

from nudger.messages.email import EmailParts, compose, links_below
from nudger.messages.lint import Finding, lint
from nudger.messages.reading import WordingError
from nudger.messages.saying import When
from nudger.messages.segments import Segments, count, to_gsm7
from nudger.messages.touch import Anchor
from nudger.messages.wording import Worded, Wording

__all__ = [
    "Anchor",
    "EmailParts",
    "Finding",
    "Segments",
    "When",
    "Worded",
    "Wording",
    "WordingError",
    "compose",
    "count",
    "links_below",
    "lint",
    "to_gsm7",
]
