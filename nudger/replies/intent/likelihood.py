"""How much a text sounds like danger, and of which kind, or like opting out: a logistic regression.

Its parts are words, pairs of words, the letters of words that the corpora do not have, and what the words are
about: the classes of meaning in a language's table `hints`, in pairs too ("somebody, hits"). The weights are
data, made by `make weights` from the corpora under tests/, and their first line says from which.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from nudger.replies.intent.meanings import CrisisKind
from nudger.replies.language.lists import WordsError

NONE, STOP = "none", "stop"
OUTCOMES = (NONE, STOP, *CrisisKind)
WINDOW = 40  # words that are read at once; of a longer text the worst part counts
NEAR = 3  # words between which a pair of classes is one in that order
STEP = 12  # of the weights in the file: a weight of 1 is 12
ZERO = 79  # the character that stands for a weight of 0: "O", in the middle of what can be printed

_LANE, _LIFT = 20, 128  # bits for the sum of one outcome, and what makes each summand of it positive
_MASK = (1 << _LANE) - 1
_LETTERS = (3, 4)
_LEAST_WORDS = 4  # of fewer the rules know best

Classes = Mapping[str, tuple[str, ...]]


def parts(words: Sequence[str], classes: Classes, known: Container[str]) -> Iterator[str]:
    """What a text is made of; each part is meant once. `known` are the words that have their own weight."""
    about = [classes.get(word, ()) for word in words]
    yield f"#{min(len(words).bit_length(), 6)}"
    last = "^"
    for at, word in enumerate(words):
        if word in known:
            yield word
        else:
            yield from _letters(word)
        yield f"{last} {word}"
        last = word
        for one in about[at]:
            yield f"<{one}>"
            for following in about[at + 1 : at + 1 + NEAR]:
                yield from (f"{one}>{other}" for other in following)
    yield f"{last} $"
    named = sorted({one for some in about for one in some})
    for at, one in enumerate(named):
        for other in named[at + 1 :]:
            yield f"{one}+{other}"


def _letters(word: str) -> Iterator[str]:
    whole = f"_{word}_"
    for length in _LETTERS:
        for at in range(len(whole) - length + 1):
            yield f"~{whole[at : at + length]}"


def windows(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """A text in parts of WINDOW words, each half over the last."""
    for start in range(0, max(1, len(words) - WINDOW // 2), WINDOW // 2):
        yield words[start : start + WINDOW]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a text sounds like: how likely, from 0 to 1, it speaks of danger, and it opts out."""

    danger: float
    kind: CrisisKind  # the one that is likeliest, if it does
    stop: float


class Likelihood:
    """The weights of one language."""

    def __init__(self, source: str, classes: Classes) -> None:
        """Reads the weights. Raises WordsError where they are not of the form that `make weights` writes."""
        self._classes = classes
        self._weights: dict[str, int] = {}
        head, *lines = source.splitlines() or [""]
        if not head.startswith("# "):
            raise WordsError("weights: the first line does not say from what they were made")
        for line in lines:
            part, _, weights = line.rpartition("\t")
            if len(weights) != len(OUTCOMES):
                raise WordsError(
                    f"weights: expected {len(OUTCOMES)} of them behind {part!r}, got {weights!r}"
                )
            packed = 0
            for one in weights:
                packed = packed << _LANE | (ord(one) - ZERO + _LIFT)
            self._weights[part] = packed

    def knows(self, word: str) -> bool:
        return word in self._weights or word in self._classes

    def of(self, words: Sequence[str]) -> Heard | None:
        """What the words sound like, of a long text in its worst part. Of a text whose words are mostly
        none of this language, or of very few words, nothing is heard: None."""
        if (
            len(words) < _LEAST_WORDS
            or sum(word in self._weights or word in self._classes for word in words) < len(words) / 3
        ):
            return None
        return max((self._of(some) for some in windows(words)), key=lambda heard: heard.danger)

    def _of(self, words: Sequence[str]) -> Heard:
        get = self._weights.get
        found = {part: weight for part in parts(words, self._classes, self._weights) if (weight := get(part))}
        total, lifted = sum(found.values()) + get("", 0), (len(found) + ("" in self._weights)) * _LIFT
        sums = [((total >> _LANE * at & _MASK) - lifted) / STEP for at in reversed(range(len(OUTCOMES)))]
        most = max(sums)
        odds = [exp(one - most) for one in sums]
        _, stop, *kinds = (one / sum(odds) for one in odds)
        return Heard(sum(kinds), list(CrisisKind)[kinds.index(max(kinds))], stop)
