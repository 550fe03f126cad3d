"""One text in one form, and as words: what a phone, a mail program or a person's fingers add is taken off.

Every function here takes time in proportion to the length of the text, and the text is cut to LONGEST
characters before any of them sees it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

LONGEST = 1600  # the longest text that SMS carries
MOST_WORDS = 400  # a text of LONGEST characters has about 300

_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"} | dict.fromkeys("“”„«»″", '"'))
_FRACTIONS = str.maketrans({"½": " 1/2", "¼": " 1/4", "¾": " 3/4"})
_CONTROLS: dict[int, str | None] = dict.fromkeys([*range(32), 127], None)
_CONTROLS.update({ord("\n"): "\n", ord("\t"): " ", 11: "\n", 12: "\n"})
_AROUND = ".,;:!?()[]\"'-"
_LONG = 4  # words
_LONG_RUN = re.compile(r"([^\W\d_])\1{3,}")
_POINTED_HALF = re.compile(r"\b([ap])\s?\.\s?m\b\.?")
_TOKEN = re.compile(
    r"""
    \d{4}-\d{1,2}-\d{1,2}              # 2026-12-10
    | \d{1,2}\.\d{1,2}\.(?:\d{2,4})?    # 10.12.
    | \d{1,2}-\d{1,2}-\d{2,4}           # 10-12-2026
    | \d\d-\d\d(?=\ (?:to|until|till|al|au)\ \d\d-\d\d\b) | (?<=-\d\d\ (?:to|al|au)\ )\d\d-\d\d  # both
    | (?:(?<=til\ )|(?<=till\ )|(?<=til\ the\ )|(?<=till\ the\ )|(?<=hasta\ )|(?<=hasta\ el\ )
      |(?<=jusqu'au\ )|(?<=jusqu'a\ )|(?<=jusquau\ ))
      \d{1,2}-\d{1,2}(?![\d:/-]|\.\d|\s?(?:[ap]m|h)\b)  # 05-12 behind a word for an end: "5-10 min" is none
    | (?<![\d/])[13]/[24](?![\d/])      # 1/2
    | \d{1,2}/\d{1,2}(?:/\d{2,4})?      # 24/12
    | \d+(?:[:.,]\d+)?                  # 20, 6:30, 1.5
    | [^\W\d_]+(?:'[^\W\d_]+)*          # don't
    | [@+]                              # @6
    """,
    re.VERBOSE,
)
_PAUSES = frozenset('.,;:!?¿¡\n()—–…&"')


def fold(text: str) -> str:
    """Lower case, plain quotes, no accents, no invisible characters; at most LONGEST characters.

    Lines stay lines. A letter written four times or more is left three times: "stooooop" is "stooop".
    """
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    text = text.translate(_CONTROLS).lower() if text.isascii() else plain(text)[:LONGEST]
    return _LONG_RUN.sub(r"\1\1\1", _POINTED_HALF.sub(r"\1m", text))


def same_form(text: str) -> str:
    """A text as it is the same again: a program that tells the time in it sends no other text for that.

    Digits count in a short one: "10 min" is not "20 min".
    """
    words = fold(text).split()
    kept = [one for one in (word.strip(_AROUND) for word in words) if one and not any(map(str.isdigit, one))]
    return " ".join(kept if len(kept) >= _LONG else words)


def plain(text: str) -> str:
    """Lower case, without accents and whatever else cannot be seen; of any length, one character can become
    eighteen."""
    text = text.translate(_FRACTIONS).translate(_QUOTES).translate(_CONTROLS)
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    # In this form an accent is a character of its own.
    return "".join(one for one in parts if one == "\n" or not _invisible(one))


def _invisible(character: str) -> bool:
    """Accents, joiners, variation selectors, control characters and halves of characters."""
    return unicodedata.category(character) in {"Mn", "Me", "Cc", "Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words, and for each whether punctuation or a line's end stands before it."""

    words: tuple[str, ...]
    pauses: tuple[bool, ...]

    def clauses(self) -> Iterator[Sequence[str]]:
        """The words between pauses."""
        start = 0
        for at in range(1, len(self.words) + 1):
            if at == len(self.words) or self.pauses[at]:
                if at > start:
                    yield self.words[start:at]
                start = at


def tokens(folded: str) -> Tokens:
    """The words of a folded text. Letters written one by one ("S T O P") are a word."""
    words, pauses, end = [], [], 0
    for found in _TOKEN.finditer(folded):
        between = folded[end : found.start()]
        words.append(found.group().replace("'", ""))
        pauses.append(between != " " and (not _PAUSES.isdisjoint(between) or " - " in between))
        end = found.end()
        if len(words) == MOST_WORDS:
            break
    if len(words) > 2 and all(len(word) == 1 and word.isalpha() for word in words):
        return Tokens(("".join(words),), (False,))
    return Tokens(tuple(words), tuple(pauses))


@cache
def split(text: str) -> tuple[str, ...]:
    """The words of a text of ours, in the form that a person's are looked at in."""
    return tokens(fold(text)).words
