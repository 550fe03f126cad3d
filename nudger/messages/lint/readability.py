"""How easy a text is to read, by the formula that is usual for its language.

English: Flesch-Kincaid grade (Kincaid 1975). Spanish: Fernandez-Huerta (1959). French: Kandel-Moles
(1958). The last two give an ease from 0 to 100, read by their own table: 70 and more is what a
sixth grade reads, 60 and more an eighth.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENGLISH = (
    re.compile(r"[aeiouy]+"),
    re.compile(r"(?<![tscg])i[ao]|eo(?![nps])|[aeiou]ing|ua[lt]|iet|ea$|^creat"),
    re.compile(
        r"[^aeiouyl]e$|[aeiouy]le$|[^aeiouydt]ed$|[^aeiouysxzcgh]es$|[^aeiouy]e(?=(?:ment|thing|ful|ly|less)$)"
    ),
)


@dataclass(frozen=True, slots=True)
class Formula:
    """Grades of school for words per sentence and syllables per word."""

    syllables: Callable[[str], int]
    grade: Callable[[float, float], float]


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence that has any."""
    split = (_WORD.findall(sentence) for sentence in _SENTENCE_END.split(text))
    return [words for words in split if words]


def grade(texts: Sequence[str], language: str) -> float | None:
    """The grade of school that reads `texts`, taken as one; None where no formula is known here."""
    formula = FORMULAS.get(language)
    spoken = [words for text in texts for words in sentences(text)]
    if formula is None or not spoken:
        return None
    words = [word for sentence in spoken for word in sentence]
    syllables = sum(formula.syllables(word.lower()) for word in words)
    return formula.grade(len(words) / len(spoken), syllables / len(words))


def english_syllables(word: str) -> int:
    """By vowel groups, vowels that part, and silent endings; right for about nine words in ten."""
    word = re.sub(r"[^a-z]", "", word)
    groups, parted, silent = (len(pattern.findall(word)) for pattern in _ENGLISH)
    return max(1, groups + parted - silent)


def spanish_syllables(word: str) -> int:
    """By vowels: each strong or accented one is a syllable, a weak one joins its neighbour."""
    word = re.sub(r"qu|gu(?=[eiéí])", "g", word)
    word = re.sub(r"y\b", "i", word)
    runs = re.findall(r"[aeiouáéíóúü]+", word)
    return max(1, sum(max(1, len(re.findall(r"[aeoáéóíú]", run))) for run in runs))


def french_syllables(word: str) -> int:
    """By vowel groups as spoken: a final mute e is none."""
    word = re.sub(r"qu|gu(?=[eiéèê])", "g", word)
    word = re.sub(r"(?<=[^aeiouyàâéèêëîïôöùûü])e(s|nt)?$", "", word) or word
    runs = re.findall(r"[aeiouyàâéèêëîïôöùûüœ]+", word)
    hiatus = len(re.findall(r"é[aeiouyà]|[aou]ï|[ao]ë", word))
    return max(1, len(runs) + hiatus)


def _kincaid(words: float, syllables: float) -> float:
    return 0.39 * words + 11.8 * syllables - 15.59


def _fernandez_huerta(words: float, syllables: float) -> float:
    return _of_ease(206.84 - 60 * syllables - 1.02 * words)


def _kandel_moles(words: float, syllables: float) -> float:
    return _of_ease(207 - 1.015 * words - 73.6 * syllables)


def _of_ease(ease: float) -> float:
    """Ten points of ease are a grade down to 70, then five: 80 is grade 5, 70 is 6, 60 is 8."""
    return 13 - ease / 10 if ease >= 70 else 6 + (70 - ease) / 5


FORMULAS: Mapping[str, Formula] = {
    "en": Formula(english_syllables, _kincaid),
    "es": Formula(spanish_syllables, _fernandez_huerta),
    "fr": Formula(french_syllables, _kandel_moles),
}
