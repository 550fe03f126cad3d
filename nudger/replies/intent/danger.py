"""Whether a text speaks of suicide, self-harm or danger; surely, or perhaps; and of which kind.

It is told by rules and by a model that has learnt from the corpora (`likelihood`).

A mention is enough: worry about somebody else and a denial count too, since the answer (where to find
people, and quiet) suits them. Figures of speech are known by their own phrases and taken out before looking:
"this walk is killing me" hides nothing else that the text says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import log

from nudger.replies.intent.likelihood import Heard
from nudger.replies.intent.meanings import CrisisKind
from nudger.replies.language.normalisation import plain
from nudger.replies.language.phrases import MASK, Looked
from nudger.replies.language.wordlists import Section

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
    # A word of means, death, attempt, being hurt or kept in: no command is obeyed beside it.
    alarm: bool = False
    excused: bool = False  # all that there was of it is known to be harmless

    def joined(self, other: "Signs") -> "Signs":
        """What one reading of a text shows, and another."""
        return Signs(
            self.outright or other.outright,
            self.sure or other.sure,
            self.perhaps or other.perhaps,
            self.alarm or other.alarm,
            self.excused or other.excused,
        )


NONE = Signs()

_BY_A_RULE = 1.0  # how much a rule that is not sure adds to the log-odds of a concern


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which log-odds of the model a text of a language is what: set on texts that neither rules nor
    model were made from (docs/care.md)."""

    concern: float = 0.5
    sure: float = 0.0  # a crisis, where a sure rule says so
    alone: float = 2.5  # where none does

    @classmethod
    def read(cls, section: Section) -> "Thresholds":
        """The table has hundredths."""
        given = {name: section.number(name, round(getattr(cls(), name) * 100)) / 100 for name in _THRESHOLDS}
        section.close()
        return cls(**given)


_THRESHOLDS = ("concern", "sure", "alone")


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
    odds, surely = _log_odds(heard.danger), _log_odds(heard.crisis)
    raised = odds + (_BY_A_RULE if signs.perhaps is not None else 0)
    sure = signs.outright is not None or (signs.sure is not None and surely >= over.sure)
    # Of self-harm the model says less than the rules, of the rest more.
    kind = heard.kind if heard.kind is not CrisisKind.SELF else signs.outright or signs.sure or heard.kind
    if sure or (surely >= over.alone and not signs.excused):
        return Verdict(crisis=kind)
    return Verdict(concern=kind if signs.sure is not None or raised >= over.concern else None)


def _log_odds(likely: float) -> float:
    return log(max(likely, _LEAST) / max(1 - likely, _LEAST))


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
    outright, sure, perhaps = _first(_OUTRIGHT, without_figures), _first(_SURE, left), _first(_PERHAPS, left)
    alarm = left.found(_ALARM)
    excused = left is not without_figures and not (outright or sure or perhaps or alarm)
    return Signs(outright, sure, perhaps, alarm, excused)


def beside_figures(looked: Looked) -> Sequence[str]:
    """The words without those of figures of speech that are nothing else, whatever stands around them."""
    left = looked.masked(_FIGURES)
    return left.words if left is looked else [word for word in left.words if word != MASK]


def _first(kinds: Mapping[str, CrisisKind], looked: Looked) -> CrisisKind | None:
    """The first kind of which a list has a phrase that is there."""
    name = looked.first(kinds)
    return kinds[name] if name is not None else None
