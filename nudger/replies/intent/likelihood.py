"""What a text most likely means: danger of some kind, opting out, a command, or a person's own words.

It looks at a text from three sides: letters as they were written, three and four at a time; words put right,
alone and in twos and threes; and what the words are about, the classes of meaning in a language's table
`hints` ("somebody, hits"). Each side is a vector of length one, in which what few texts have weighs more
(tf-idf, Spärck Jones 1972): a long text is not louder than a short one. The three are added up in a few
hidden features, and those weigh the outcomes. The weights are data, made by `make weights` from the corpora
under tests/, and their first line says from which.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, sqrt, tanh
from operator import mul
from typing import NamedTuple

from nudger.replies.intent.meanings import CrisisKind, Intent
from nudger.replies.language.wordlists import WordsError

LOW = "low"  # hopeless, empty, worn out, and perhaps more
# A person's own words, apart by what they are near to: danger, a deed that is done, a program's words, opting
# out, our own.
OWN_WORDS = ("said", "said:alike", "said:deed", "said:program", "said:stopping", "said:ours")
MEANT = (
    Intent.STOP, Intent.START, Intent.SNOOZE, Intent.DONE, Intent.SKIP, Intent.PAUSE, Intent.AWAY,
    Intent.TODAY, Intent.RESUME, Intent.UNDO, Intent.NOW, Intent.PLAN, Intent.LESS, Intent.MORE, Intent.HOURS,
    Intent.TRAVEL, Intent.MET, Intent.LIKE, Intent.DISLIKE, Intent.WHO, Intent.HELP,
)  # fmt: skip
OUTCOMES = (*OWN_WORDS, *map(str, MEANT), LOW, *map(str, CrisisKind))
HIDDEN = 28  # features between parts and outcomes
WINDOW = 40  # words that are looked at at once; of a longer text the worst part counts
NEAR = 3  # words between which a pair of classes is one in that order
LETTERS = (3, 4)
LEVELS = 9  # of a weight, from -4 to 4; two of them are one character
FIRST = 33  # the character of the lowest pair of weights, and of the lowest rarity
RARITY_STEPS = 10  # how many steps make 1

_KINDS = list(CrisisKind)
_DANGER = len(OWN_WORDS) + len(MEANT)  # the first outcome of danger
# A part's summands in one number, a lane for each feature, and above them the square of its length: one sum
# does.
_LANE = 22
_MASK, _HALF = (1 << _LANE) - 1, 1 << (_LANE - 1)
_TOP = _LANE * HIDDEN
_LIFT = sum(_HALF << _LANE * at for at in range(HIDDEN))

HintClasses = Mapping[str, tuple[str, ...]]  # a word -> the classes of meaning that it is in
Rows = list[list[float]]


# The step of a weight; of each hidden feature its bias; of each outcome its bias and what each feature adds;
# and what each part adds to the features. Plain data, so that it can be kept.
Weights = tuple[float, list[float], Rows, dict[str, int]]


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
    """How likely each outcome is, from 0 to 1."""

    chances: Sequence[float]

    @property
    def danger(self) -> float:
        return sum(self.chances[_DANGER:])

    @property
    def crisis(self) -> float:
        """Danger, and surely."""
        return sum(self.chances[_DANGER + 1 :])

    @property
    def kind(self) -> CrisisKind:
        """The kind of danger that is likeliest, if it is any."""
        low, *kinds = self.chances[_DANGER:]
        return CrisisKind.SELF if low > max(kinds) else _KINDS[kinds.index(max(kinds))]

    @property
    def said(self) -> float:
        """How likely it is no more than a person's own words."""
        return sum(self.chances[: len(OWN_WORDS)])

    @property
    def stops_beside_danger(self) -> float:
        """How likely it opts out, whatever danger it speaks of."""
        return self.of(Intent.STOP) / max(1 - self.danger, 1e-6)

    def of(self, intent: Intent) -> float:
        """How likely an intent is; 0 of one that is none of the outcomes."""
        return self.chances[len(OWN_WORDS) + MEANT.index(intent)] if intent in MEANT else 0.0

    @property
    def meant(self) -> Intent:
        """The likeliest intent that is neither danger nor their own words."""
        some = self.chances[len(OWN_WORDS) : _DANGER]
        return MEANT[some.index(max(some))]


class Likelihood:
    """What a text of one language sounds like."""

    def __init__(self, weights: Weights, classes: HintClasses) -> None:
        self._step, self._bias, self._outcomes, self._parts = weights
        self._classes = classes

    def knows(self, word: str) -> bool:
        return word in self._parts or word in self._classes

    def share(self, words: Sequence[str]) -> float:
        """How many of the words it knows, of one."""
        return sum(map(self.knows, words)) / len(words) if words else 0.0

    def of(self, words: Sequence[str], written: str) -> Heard | None:
        """What a text sounds like, of a long one its worst part. Of a text whose words are mostly none of
        this language nothing is heard: None.

        Args:
            words: put right, without figures of speech.
            written: the text as it was written, folded.
        """
        if self.share(words) < 1 / 3 or not any(map(str.isalpha, words)):
            return None
        return max((self._of(*some) for some in windows(words, written)), key=lambda heard: heard.danger)

    def _of(self, words: Sequence[str], written: str) -> Heard:
        sums = list(self._bias)
        for side in sides(words, written, self._classes):
            found = self._parts.keys() & side
            if not found:
                continue
            total = sum(map(self._parts.__getitem__, found)) + _LIFT
            share = self._step / sqrt(total >> _TOP)
            for at in range(HIDDEN):
                sums[at] += ((total & _MASK) - _HALF) * share
                total >>= _LANE
        features = [1.0, *map(tanh, sums)]
        odds = [sum(map(mul, row, features)) for row in self._outcomes]
        most = max(odds)
        odds = [exp(one - most) for one in odds]
        every = sum(odds)
        return Heard([one / every for one in odds])


def read_weights(source: str) -> Weights:
    """Reads what `make weights` writes. Raises WordsError where it is not of that form."""
    head, first, *lines = [*source.splitlines(), "", ""]
    if not head.startswith("# "):
        raise WordsError("weights: the first line does not say from what they were made")
    step, *bias = _numbers(2, first, HIDDEN + 1)
    rows = [_numbers(number, line, HIDDEN + 1) for number, line in enumerate(lines[: len(OUTCOMES)], 3)]
    if len(rows) < len(OUTCOMES):
        raise WordsError(f"weights: expected a line for each of {len(OUTCOMES)} outcomes, got {len(rows)}")
    return step, bias, rows, dict(_read(line) for line in lines[len(OUTCOMES) :] if line)


def _numbers(number: int, line: str, count: int) -> list[float]:
    try:
        found = list(map(float, line.split()))
    except ValueError:
        found = []
    if len(found) != count:
        raise WordsError(f"weights: line {number}: expected {count} numbers, got {line!r}")
    return found


def _read(line: str) -> tuple[str, int]:
    """A part; its rarity; and its weights, two in a character."""
    part, tail = line[: -HIDDEN // 2 - 1], line[-HIDDEN // 2 - 1 :]
    if not part:
        raise WordsError(f"weights: expected a part, its rarity and {HIDDEN} weights, got {line!r}")
    rarity = RARITY_STEPS + ord(tail[0]) - FIRST
    packed = rarity * rarity
    for one in reversed(tail[1:]):
        for level in reversed(divmod(ord(one) - FIRST, LEVELS)):
            packed = (packed << _LANE) + (level - LEVELS // 2) * rarity
    return part, packed
