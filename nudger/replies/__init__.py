"""Understanding replies: opt-outs, crises, commands and times, by rules; the word lists are data."""

from nudger.replies.intent.answers import Ask, AskError
from nudger.replies.intent.languages import Words
from nudger.replies.intent.meanings import CrisisKind, Intent, Understood, as_today
from nudger.replies.intent.reading import NOBODYS, understand
from nudger.replies.language.lists import WordsError
from nudger.replies.language.writing import same_form

__all__ = [
    "NOBODYS",
    "Ask",
    "AskError",
    "CrisisKind",
    "Intent",
    "Understood",
    "Words",
    "WordsError",
    "as_today",
    "same_form",
    "understand",
]
