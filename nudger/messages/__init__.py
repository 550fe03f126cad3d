"""Words: the message bank, its rendering, what a text costs, and the rules of its tone. Pure."""

from nudger.messages.bank.sandbox import is_blank
from nudger.messages.bank.source import WordingError
from nudger.messages.wording.email import Anchor, EmailParts, compose, links_below
from nudger.messages.wording.sources import SHIPPED
from nudger.messages.wording.texts import Segments, When, count, to_gsm7, without_form
from nudger.messages.wording.wording import Worded, Wording

__all__ = [
    "SHIPPED",
    "Anchor",
    "EmailParts",
    "Segments",
    "When",
    "Worded",
    "Wording",
    "WordingError",
    "compose",
    "count",
    "is_blank",
    "links_below",
    "to_gsm7",
    "without_form",
]
