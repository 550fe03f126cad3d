"""Understanding replies: opt-outs, crises, commands and times, by rules; the word lists are data."""

from nudger.replies.intent.asked import AnswerForm, AnswerFormError
from nudger.replies.intent.languages import Words
from nudger.replies.intent.meanings import CrisisKind, Intent, Understood, as_today
from nudger.replies.intent.reading import NOBODYS, understand
from nudger.replies.language.normalisation import same_form
from nudger.replies.language.wordlists import WordsError

__all__ = [
    "NOBODYS",
    "AnswerForm",
    "AnswerFormError",
    "CrisisKind",
    "Intent",
    "Understood",
    "Words",
    "WordsError",
    "as_today",
    "same_form",
    "understand",
]
