"""Whether a text speaks of suicide, self-harm or danger; surely, or perhaps; and of which kind.

It is told by rules and by a model that has learnt from the corpora.

A mention is enough: worry about somebody else and a denial count too, since the answer (where to find
people, and quiet) suits them. Figures of speech are known by their own phrases and taken out before looking:
"this walk is killing me" hides nothing else that the text says.

The model is a logistic regression. Its parts are words, pairs of words, the letters of words that the corpora
do not have, and what the words are about: the classes of meaning in a language's table `hints`, in pairs too
("somebody, hits"). The weights are data, made by `make weights` from the corpora under tests/, and their
first line says from which.
"""

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from math import exp, log

from nudger.replies.intent.meanings import CrisisKind
from nudger.replies.language.normalisation import plain
from nudger.replies.language.phrases import MASK, Looked
from nudger.replies.language.wordlists import Section, WordsError

# --- the model -----------------------------------------------------------------------------------------
CALM, STOP = "none", "stop"
OUTCOMES = (CALM, STOP, *CrisisKind)
WINDOW = 40  # words that are read at once; of a longer text the worst part counts
NEAR = 3  # words between which a pair of classes is one in that order
STEP = 12  # of the weights in the file: a weight of 1 is 12
ZERO = 79  # the character that stands for a weight of 0: "O", in the middle of what can be printed

_LANE, _LIFT = 20, 128  # bits for the sum of one outcome, and what makes each summand of it positive
_MASK = (1 << _LANE) - 1
_LANES = [_LANE * at for at in reversed(range(len(OUTCOMES)))]
_KINDS = list(CrisisKind)
_LETTERS = (3, 4)
_LEAST_WORDS = 4  # of fewer the rules know best

HintClasses = Mapping[str, tuple[str, ...]]  # a word -> the classes of meaning that it is in


def parts(words: Sequence[str], classes: HintClasses, known: Container[str]) -> set[str]:
    """What a text is made of. `known` are the words that have their own weight."""
    found = set(map(" ".join, zip(("^", *words), (*words, "$"), strict=True)))
    found.add(f"#{min(len(words).bit_length(), 6)}")
    for word in words:
        if word in known:
            found.add(word)
        else:
            found.update(_letters(word))
    about = [classes.get(word, ()) for word in words]
    for at, some in enumerate(about):
        for one in some:
            found.add(f"<{one}>")
            for following in about[at + 1 : at + 1 + NEAR]:
                found.update([f"{one}>{other}" for other in following])
    found.update(map("+".join, combinations(sorted({one for some in about for one in some}), 2)))
    return found


def _letters(word: str) -> list[str]:
    whole = f"_{word}_"
    return [f"~{whole[at : at + size]}" for size in _LETTERS for at in range(len(whole) - size + 1)]


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


def read_weights(source: str) -> dict[str, int]:
    """Reads the weights of one language, those of all outcomes in one number. Raises WordsError where they
    are not of the form that `make weights` writes."""
    found: dict[str, int] = {}
    head, *lines = source.splitlines() or [""]
    if not head.startswith("# "):
        raise WordsError("weights: the first line does not say from what they were made")
    for line in lines:
        part, _, weights = line.rpartition("\t")
        if len(weights) != len(OUTCOMES):
            raise WordsError(f"weights: expected {len(OUTCOMES)} of them behind {part!r}, got {weights!r}")
        packed = 0
        for one in weights:
            packed = packed << _LANE | (ord(one) - ZERO + _LIFT)
        found[part] = packed
    return found


class Likelihood:
    """The model of one language."""

    def __init__(self, weights: Mapping[str, int], classes: HintClasses) -> None:
        self._weights, self._classes = weights, classes

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
        weights = self._weights
        found = weights.keys() & parts(words, self._classes, weights)
        if "" in weights:
            found.add("")  # the intercept
        total, lifted = sum(map(weights.__getitem__, found)), len(found) * _LIFT
        sums = [((total >> lane & _MASK) - lifted) / STEP for lane in _LANES]
        most = max(sums)
        odds = [exp(one - most) for one in sums]
        every = sum(odds)
        _, stop, *kinds = (one / every for one in odds)
        return Heard(sum(kinds), _KINDS[kinds.index(max(kinds))], stop)


# --- rules, and both together --------------------------------------------------------------------------
Members = Sequence[tuple[str, tuple[str, ...]]]  # classes, as they are written

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_LEAST = 1e-6
_FIGURES, _HARMLESS, _ALARM = "crisis.figures", "crisis.harmless", "crisis.alarm"
_OUTRIGHT = {f"{kind}.outright": kind for kind in CrisisKind}  # "I want to die": whatever the model says
_SURE = {f"{kind}.sure": kind for kind in CrisisKind}
_PERHAPS = {f"{kind}.perhaps": kind for kind in CrisisKind}
_TELLING = (*_OUTRIGHT, *_SURE, *_PERHAPS, _ALARM)
AIMS = _TELLING  # the lists to whose words a misspelt one may be put right
FIGURES = (_FIGURES, _HARMLESS)  # of figures of speech: their words are right as they stand


@dataclass(frozen=True, slots=True)
class Signs:
    """What a text shows of danger."""

    outright: CrisisKind | None = None  # in words that no model can make harmless
    sure: CrisisKind | None = None
    perhaps: CrisisKind | None = None
    alarm: bool = (
        False  # a word of means, death, attempt, being hurt or kept in: no command is obeyed beside it
    )

    def joined(self, other: "Signs") -> "Signs":
        """What one reading of a text shows, and another."""
        return Signs(
            self.outright or other.outright,
            self.sure or other.sure,
            self.perhaps or other.perhaps,
            self.alarm or other.alarm,
        )


NONE = Signs()

_BY_A_RULE = 1.0  # how much a rule that is not sure adds to the log-odds of the model


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which log-odds of the model a text of a language is what: set on texts that neither rules nor
    model were made from (docs/care.md)."""

    concern: float = 0.4
    sure: float = 0.0  # a crisis, where a sure rule says so
    ruled: float = 3.0  # where another rule does
    alone: float = 3.5  # where none does

    @classmethod
    def read(cls, section: Section) -> "Thresholds":
        """The table has hundredths."""
        given = {name: section.number(name, round(getattr(cls(), name) * 100)) / 100 for name in _THRESHOLDS}
        section.close()
        return cls(**given)


_THRESHOLDS = ("concern", "sure", "ruled", "alone")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a text is a crisis or a concern, and of which kind."""

    crisis: CrisisKind | None = None
    concern: CrisisKind | None = None

    def joined(self, other: "Verdict") -> "Verdict":
        """Of one language, and of another."""
        return Verdict(self.crisis or other.crisis, self.concern or other.concern)


def judged(signs: Signs, heard: Heard | None, over: Thresholds) -> Verdict:
    """What rules and model of a language say together; without a model, what the rules say.

    What a sure rule says is a concern at least: nobody goes without helplines because a model has not seen
    such words.
    """
    if heard is None:
        return Verdict(crisis=signs.outright or signs.sure, concern=signs.perhaps)
    odds = log(max(heard.danger, _LEAST) / max(1 - heard.danger, _LEAST))
    ruled = signs.outright or signs.sure or signs.perhaps
    raised = odds + (_BY_A_RULE if signs.sure is None and ruled is not None else 0)
    sure = signs.outright is not None or (signs.sure is not None and odds >= over.sure)
    # Of self-harm the model says less than the rules, of the rest more.
    kind = heard.kind if heard.kind is not CrisisKind.SELF else signs.outright or signs.sure or heard.kind
    if sure or odds >= over.alone or (ruled is not None and raised >= over.ruled):
        return Verdict(crisis=kind)
    return Verdict(concern=kind if signs.sure is not None or raised >= over.concern else None)


class Danger:
    """The lists of one language: the table `crisis`."""

    def __init__(self, section: Section, classes: Members) -> None:
        """Reads them. `classes` are those of the language; the table `classes` within adds its own."""
        self.classes = tuple(section.section("classes").lists())
        self.lists = {
            name: section.phrases(name.removeprefix("crisis.")) for name in (_FIGURES, _HARMLESS, _ALARM)
        }
        for kind in CrisisKind:
            table = section.section(kind)
            self.lists |= {f"{kind}.{some}": table.phrases(some) for some in ("outright", "sure", "perhaps")}
            table.close()
        self.thresholds = Thresholds.read(section.section("thresholds"))
        self._every = (*classes, *self.classes)
        section.close()

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that the lists and the classes have, found without compiling them."""
        every = " ".join((*chain(*self.lists.values()), *chain(*(some for _, some in self._every))))
        return frozenset(one.replace("'", "") for one in _WORD.findall(plain(every)))


def signs(looked: Looked) -> Signs:
    """What a text shows."""
    if looked.first(_TELLING) is None:
        return NONE
    without_figures = looked.masked(_FIGURES)
    left = without_figures.masked(_HARMLESS)
    return Signs(
        outright=_first(_OUTRIGHT, without_figures),
        sure=_first(_SURE, left),
        perhaps=_first(_PERHAPS, left),
        alarm=left.found(_ALARM),
    )


def beside_figures(looked: Looked) -> Sequence[str]:
    """The words without those of figures of speech that are nothing else, whatever stands around them."""
    left = looked.masked(_FIGURES)
    return left.words if left is looked else [word for word in left.words if word != MASK]


def _first(kinds: Mapping[str, CrisisKind], looked: Looked) -> CrisisKind | None:
    """The first kind of which a list has a phrase that is there."""
    name = looked.first(kinds)
    return kinds[name] if name is not None else None
