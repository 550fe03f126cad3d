"""How easy a text is to read, by the formula that is usual for its language: data, in its tone.toml.

English: Flesch-Kincaid grade (Kincaid 1975). Spanish: Fernandez-Huerta (1959). French: Kandel-Moles
(1958). The last two give an ease from 0 to 100, read by their own table: 70 and more is what a
sixth grade reads, 60 and more an eighth.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PATTERNS = ("syllable", "more", "fewer")
_WEIGHTS = ("per_word", "per_syllable", "constant")
_SCALES = ("grade", "ease")
KEYS = ("rewrite", *_PATTERNS, *_WEIGHTS, "scale")


@dataclass(frozen=True, slots=True)
class Formula:
    """How a language's syllables are counted, and what they and the length of sentences say."""

    rewrite: Sequence[tuple[re.Pattern[str], str]]  # a word as it is counted
    syllable: re.Pattern[str]  # each is one
    more: re.Pattern[str]  # each is one more
    fewer: re.Pattern[str]  # each is one less
    per_word: float  # of a sentence, on average
    per_syllable: float  # of a word, on average
    constant: float
    is_ease: bool  # the formula gives an ease, not a grade

    @staticmethod
    def parse(table: Mapping[str, object]) -> "Formula":
        """Reads a table that has no faults."""
        rewrite = cast(list[list[str]], table.get("rewrite", []))
        syllable, more, fewer = (re.compile(str(table.get(key, "(?!)"))) for key in _PATTERNS)
        word, in_word, constant = (float(cast(float, table[key])) for key in _WEIGHTS)
        pairs = [(re.compile(find), put) for find, put in rewrite]
        return Formula(pairs, syllable, more, fewer, word, in_word, constant, table["scale"] == "ease")

    def syllables(self, word: str) -> int:
        """Of one word; right for about nine in ten."""
        word = word.lower()
        for find, put in self.rewrite:
            word = find.sub(put, word)
        counts = [len(pattern.findall(word)) for pattern in (self.syllable, self.more, self.fewer)]
        return max(1, counts[0] + counts[1] - counts[2])

    def grade(self, texts: Sequence[str]) -> float | None:
        """The grade of school that reads `texts`, taken as one; None where they have no words."""
        spoken = [words for text in texts for words in sentences(text)]
        if not spoken:
            return None
        words = [word for sentence in spoken for word in sentence]
        in_a_sentence = len(words) / len(spoken)
        in_a_word = sum(map(self.syllables, words)) / len(words)
        result = self.per_word * in_a_sentence + self.per_syllable * in_a_word + self.constant
        return _of_ease(result) if self.is_ease else result


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence that has any."""
    split = (_WORD.findall(sentence) for sentence in _SENTENCE_END.split(text))
    return [words for words in split if words]


def faults_of_formula(table: object) -> Iterator[str]:
    """What is wrong with a [reading] table."""
    if not isinstance(table, dict) or table.keys() - set(KEYS):
        yield f"expected a table of {', '.join(KEYS)}"
        return
    for key in _WEIGHTS:
        if not isinstance(table.get(key), int | float):
            yield f"expected a number for {key}, got {table.get(key)!r}"
    if table.get("scale") not in _SCALES:
        yield f'expected scale = "grade" or "ease", got {table.get("scale")!r}'
    rewrite = table.get("rewrite", [])
    if not isinstance(rewrite, list) or not all(_is_pair(pair) for pair in rewrite):
        yield 'expected rewrite as pairs, [["qu", "k"]]'
    elif not all(_is_pattern(find) for find, _ in rewrite):
        yield "has a rewrite that is no regular expression"
    for key in _PATTERNS:
        if (key == "syllable" or key in table) and not _is_pattern(table.get(key)):
            yield f"expected a regular expression for {key}, got {table.get(key)!r}"


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)


def _is_pattern(text: object) -> bool:
    try:
        re.compile(text if isinstance(text, str) else "(")
    except re.error:
        return False
    return True


def _of_ease(ease: float) -> float:
    """Ten points of ease are a grade down to 70, then five: 80 is grade 5, 70 is 6, 60 is 8."""
    return 13 - ease / 10 if ease >= 70 else 6 + (70 - ease) / 5
