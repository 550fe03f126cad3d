"""A folded text as words: letters and digits apart, apostrophes gone, and where a pause stood."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from nudger.replies.folding import fold

MOST_WORDS = 400  # a text of LONGEST characters has about 300

_TOKEN = re.compile(
    r"""
    (?<![\d/])[13]/[24](?![\d/])        # 1/2
    | \d+(?:[:.,]\d+)?                  # 20, 6:30, 1.5
    | [^\W\d_]+(?:'[^\W\d_]+)*          # don't
    | [@+]                              # @6
    """,
    re.VERBOSE,
)
_PAUSES = frozenset('.,;:!?¿¡\n()—–…&"')


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
        pauses.append((between != " " and not _PAUSES.isdisjoint(between)) or " - " in between)
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
