"""What a text says to being written to or asked: yes, no, and no more.

Courtesies; opting out; and the answer to the question for consent. The answer to an open ask is in asked.py.

To opt out is to write a keyword alone, a phrase that leaves no doubt, or other words. The law asks for any
words that a reasonable person understands, so what is doubtful opts out. A sentence that has one of the words
for something else ("I can't stop thinking", "at the end of the day") does not, and no word of opting out is
ever a command.

Consent has to be clear. So "not sure", "ok but who are you" and "thanks" are neither yes nor no: who writes
that is asked again by the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nudger.replies.intent.meanings import Intent
from nudger.replies.language.normalisation import Tokens, split
from nudger.replies.language.phrases import MASK, Looked
from nudger.replies.language.wordlists import Section


@dataclass(frozen=True, slots=True)
class Courtesy:
    """Courtesies. A text of nothing else means something all the same: "ok", "no thanks", "yes please"."""

    meanings: tuple[tuple[frozenset[str], Intent], ...]
    soft: frozenset[str]  # what a text means the same without: not "no more", not "not great"
    words: frozenset[str]  # all of them

    @classmethod
    def read(cls, section: Section) -> "Courtesy":
        no, yes, ok, praise, hi = (section.words(name) for name in ("no", "yes", "ok", "praise", "hi"))
        soft = yes | ok | hi | section.words("plain")
        section.close()
        # A no outweighs a yes, and a yes a thank-you.
        meanings = ((no, Intent.SKIP), (yes, Intent.START), (ok | praise, Intent.DONE), (hi, Intent.HELP))
        return cls(meanings, soft, soft | no | praise)

    def agrees(self, words: Sequence[str]) -> bool | None:
        """Whether a text says yes; None where it says neither yes nor no, and where it says both."""
        no, yes = (not some.isdisjoint(words) for some, _ in self.meanings[:2])
        return yes if no != yes else None

    def meaning(self, words: Sequence[str]) -> Intent | None:
        """What a text of nothing but courtesies means."""
        return next((intent for some, intent in self.meanings if not some.isdisjoint(words)), None)


# --- opting out ---------------------------------------------------------------------------------------
KEYWORDS = "optout.keywords"  # STOP: all of a text, or all of a clause of it
LONE = "optout.lone"  # PARA: all of a text, for it is an everyday word in others
EVERYWHERE = "optout.everywhere"  # STOP ALL
REFUSED = "optout.refused"  # "don't stop": says the contrary
BOUNDED = "optout.bounded"  # "no more today": asks for a pause
UNTIL = "optout.until"  # "stop until 24/12": is bounded too, whatever another language makes of its STOP
UNDONE = "optout.undone"  # "cancel, I meant 4pm": takes the last command back
SURE = "optout.phrases"  # "stop texting me": counts beside a crisis too
HARMLESS = "optout.harmless"  # "stop thinking", "bus stop"
HINTS = "optout.hints"  # "leave me alone": opts out if nothing else is the matter

LISTS = (KEYWORDS, LONE, EVERYWHERE, REFUSED, BOUNDED, UNTIL, UNDONE, SURE, HARMLESS, HINTS)


@dataclass(frozen=True, slots=True)
class OptOutWords:
    """The words of one language, beside its phrase lists."""

    single: frozenset[str]  # those keywords that are one word
    lone: frozenset[str]  # those words that are a keyword where they are all of a text
    around: frozenset[str]  # words that may stand around a keyword and change nothing
    courtesy: frozenset[str]

    @classmethod
    def read(
        cls, section: Section, courtesy: Courtesy
    ) -> tuple["OptOutWords", Mapping[str, tuple[str, ...]]]:
        """The words, and the phrase lists by their names."""
        lists = {name: section.phrases(name.removeprefix("optout.")) for name in LISTS}
        single = frozenset(words[0] for words in map(split, lists[KEYWORDS]) if len(words) == 1)
        lone = frozenset(word for one in lists[LONE] for word in split(one))
        lists[KEYWORDS] += lists[EVERYWHERE]
        lists[BOUNDED] += lists[UNTIL]
        found = cls(single, lone, section.words("around") | courtesy.words, courtesy.soft)
        section.close()
        return found, lists

    def outright(self, looked: Looked) -> bool:
        """Whether a phrase says it outright."""
        if looked.found(UNDONE) or not looked.may(SURE):
            return False
        return looked.masked(REFUSED, BOUNDED).found(SURE)

    def keyword(self, text: Tokens, looked: Looked) -> bool:
        """Whether a clause is a keyword."""
        if not looked.may(KEYWORDS) or looked.found(UNDONE):
            return False
        return any(looked.over(self._bare(clause)).whole((KEYWORDS,)) for clause in text.clauses())

    def meant(self, looked: Looked) -> bool:
        """Whether it is said in other words, or a keyword is all that the text is about."""
        if looked.found(UNDONE):
            return False
        left = looked.masked(REFUSED, BOUNDED, HARMLESS)
        if looked.may(HINTS, LONE):
            bare = looked.over(self._bare(left.words))
            if left.found(HINTS) or bare.found(HINTS) or bare.whole((LONE,)):
                return True
        core = [word for word in left.words if word not in self.around]
        return bool(core) and all(word in self.single for word in core)

    def bounded(self, looked: Looked) -> bool:
        """Whether a keyword is in it, with an end: "stop until monday"."""
        left = looked.masked(REFUSED)
        words = left.words
        named = not self.single.isdisjoint(words) or (bool(words) and words[0] in self.lone)
        return named and left.found(BOUNDED)

    def _bare(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if word not in self.courtesy]


# --- consent ------------------------------------------------------------------------------------------
_YES, _NO = "consent.yes", "consent.no"


def consent_lists(section: Section) -> Mapping[str, tuple[str, ...]]:
    """Reads the phrase lists of the table `consent`, by their names."""
    lists = {_YES: section.phrases("yes"), _NO: section.phrases("no")}
    section.close()
    return lists


def agrees(looked: Looked, courtesy: frozenset[str]) -> bool | None:
    """What all of a text says; None: neither, or more than that. "Why not" says yes, "ok no" no."""
    left = looked.masked(_YES)
    if _is_all(left.words, courtesy):
        return True
    return False if _is_all(left.masked(_NO).words, courtesy) else None


def _is_all(left: Sequence[str], courtesy: frozenset[str]) -> bool:
    return MASK in left and all(word == MASK or word in courtesy for word in left)
