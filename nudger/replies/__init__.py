"""Understanding replies: opt-outs, crises, commands and times, by rules; the word lists are data."""

from nudger.replies.intent import Intent, Understood
from nudger.replies.languages import Words
from nudger.replies.section import WordsError
from nudger.replies.understanding import NOBODYS, understand

__all__ = ["NOBODYS", "Intent", "Understood", "Words", "WordsError", "understand"]
