"""How much a text sounds like danger, and of which kind, or like opting out: a logistic regression.

It looks at a text from three sides: letters as they were written, three and four at a time; words put right,
alone and in twos and threes; and what the words are about, the classes of meaning in a language's table
`hints` ("somebody, hits"). Each side is a vector of length one, in which what few texts have weighs more
(tf-idf, Spärck Jones 1972): a long text is not louder than a short one. The weights are data, made by `make
weights` from the corpora under tests/, and their first line says from which.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, sqrt
from typing import NamedTuple

from nudger.replies.intent.meanings import CrisisKind
from nudger.replies.language.wordlists import WordsError

CALM, STOP, LOW = "none", "stop", "low"  # low: hopeless, empty, worn out, and perhaps more
OUTCOMES = (CALM, STOP, LOW, *CrisisKind)
WINDOW = 40  # words that are looked at at once; of a longer text the worst part counts
NEAR = 3  # words between which a pair of classes is one in that order
LETTERS = (3, 4)
ZERO = 79  # the character that stands for a weight of 0: "O", in the middle of what can be printed
LOWEST, RARITY_STEPS = 33, 10  # the character of the lowest rarity, and how many steps make 1

_KINDS = list(CrisisKind)
_LEAST_WORDS = 4  # of fewer the rules know best
# A part's summands in one number, a lane for each outcome and one for the square of its length: one sum does.
_LANE, _LIFT, _FINE = 32, 1 << 20, 1 << 12
_MASK = (1 << _LANE) - 1

HintClasses = Mapping[str, tuple[str, ...]]  # a word -> the classes of meaning that it is in
Weights = tuple[list[float], dict[str, int]]  # what every text has for each outcome, and what each part adds


class Sides(NamedTuple):
    """What a text is made of, each part once, by the side from which it is looked at."""

    letters: set[str]
    words: set[str]
    meanings: set[str]


def sides(words: Sequence[str], written: str, classes: HintClasses) -> Sides:
    """The parts of a text: of its `words`, put right, and of how it was `written`, folded."""
    return Sides(_letters(written), _in_a_row(words), _about(words, classes))


def _letters(written: str) -> set[str]:
    whole = f"_{'_'.join(written.split())}_"
    return {"~" + whole[at : at + size] for size in LETTERS for at in range(len(whole) - size + 1)}


def _in_a_row(words: Sequence[str]) -> set[str]:
    ends = ["^", *words, "$"]
    twos = list(map(" ".join, pairwise(ends)))
    return {*words, *twos, *map(" ".join, zip(twos, ends[2:], strict=False))}


def _about(words: Sequence[str], classes: HintClasses) -> set[str]:
    found = {f"#{min(len(words).bit_length(), 6)}"}
    about = [classes.get(word, ()) for word in words]
    for at, some in enumerate(about):
        for one in some:
            found.add(f"<{one}>")
            for following in about[at + 1 : at + 1 + NEAR]:
                found.update([f"{one}>{other}" for other in following])
    named = sorted({one for some in about for one in some})
    for at, one in enumerate(named):
        found.update([f"{one}+{other}" for other in named[at + 1 :]])
    return found


def windows(words: Sequence[str], written: str) -> Iterator[tuple[Sequence[str], str]]:
    """A text in parts of WINDOW words, each half over the last."""
    if len(words) <= WINDOW:
        yield words, written
        return
    pieces = written.split()
    for start in range(0, len(words) - WINDOW // 2, WINDOW // 2):
        share = start * len(pieces) // len(words), (start + WINDOW) * len(pieces) // len(words)
        yield words[start : start + WINDOW], " ".join(pieces[slice(*share)])


@dataclass(frozen=True, slots=True)
class Heard:
    """What a text sounds like: how likely, from 0 to 1, it speaks of danger, and it opts out."""

    danger: float
    crisis: float  # and surely
    kind: CrisisKind  # the one that is likeliest, if it does
    stop: float


class Likelihood:
    """What a text of one language sounds like."""

    def __init__(self, weights: Weights, classes: HintClasses) -> None:
        self._bias, self._parts = weights
        self._classes = classes

    def knows(self, word: str) -> bool:
        return word in self._parts or word in self._classes

    def of(self, words: Sequence[str], written: str) -> Heard | None:
        """What a text sounds like, of a long one its worst part. Of a text whose words are mostly none of
        this language, or of very few words, nothing is heard: None.

        Args:
            words: put right, without figures of speech.
            written: the text as it was written, folded.
        """
        if len(words) < _LEAST_WORDS or sum(map(self.knows, words)) < len(words) / 3:
            return None
        return max((self._of(*some) for some in windows(words, written)), key=lambda heard: heard.danger)

    def _of(self, words: Sequence[str], written: str) -> Heard:
        sums = list(self._bias)
        for side in sides(words, written, self._classes):
            found = self._parts.keys() & side
            if not found:
                continue
            total, lifted = sum(map(self._parts.__getitem__, found)), len(found) * _LIFT
            length = sqrt((total & _MASK) / _FINE) * _FINE
            for at in range(len(sums)):
                total >>= _LANE
                sums[at] += ((total & _MASK) - lifted) / length
        most = max(sums)
        odds = [exp(one - most) for one in sums]
        every = sum(odds)
        _, stop, low, *kinds = (one / every for one in odds)
        return Heard(low + sum(kinds), sum(kinds), _likeliest(low, kinds), stop)


def _likeliest(low: float, kinds: Sequence[float]) -> CrisisKind:
    return CrisisKind.SELF if low > max(kinds) else _KINDS[kinds.index(max(kinds))]


def read_weights(source: str) -> Weights:
    """Reads what `make weights` writes. Raises WordsError where it is not of that form."""
    head, first, *lines = [*source.splitlines(), "", ""]
    if not head.startswith("# "):
        raise WordsError("weights: the first line does not say from what they were made")
    try:
        step, *bias = map(float, first.split())
    except ValueError:
        step, bias = 0.0, []
    if len(bias) != len(OUTCOMES):
        raise WordsError(f"weights: line 2: expected a step and {len(OUTCOMES)} numbers, got {first!r}")
    return bias, dict(_read(line, step) for line in lines if line)


def _read(line: str, step: float) -> tuple[str, int]:
    part, tail = line[: -len(OUTCOMES) - 1], line[-len(OUTCOMES) - 1 :]
    if not part:
        raise WordsError(f"weights: expected a part, its rarity and {len(OUTCOMES)} weights, got {line!r}")
    rarity = 1 + (ord(tail[0]) - LOWEST) / RARITY_STEPS
    packed = 0
    for one in reversed(tail[1:]):
        packed = packed << _LANE | round((ord(one) - ZERO) * step * rarity * _FINE) + _LIFT
    return part, packed << _LANE | round(rarity * rarity * _FINE)
