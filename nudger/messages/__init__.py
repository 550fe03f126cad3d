"""Words: the message bank, its rendering, what a text costs, and the rules of its tone. Pure."""

from nudger.messages.bank.blank import is_blank
from nudger.messages.bank.source import WordingError
from nudger.messages.lint.rules import Finding, check_words
from nudger.messages.wording.email import EmailParts, compose, links_below
from nudger.messages.wording.saying import When
from nudger.messages.wording.segments import Segments, count, to_gsm7
from nudger.messages.wording.sources import SHIPPED
from nudger.messages.wording.touch import Anchor
from nudger.messages.wording.wording import Worded, Wording

__all__ = [
    "SHIPPED",
    "Anchor",
    "EmailParts",
    "Finding",
    "Segments",
    "When",
    "Worded",
    "Wording",
    "WordingError",
    "check_words",
    "compose",
    "count",
    "is_blank",
    "links_below",
    "to_gsm7",
]
