"""Whether a text opts out: by a keyword alone, by a phrase that leaves no doubt, or in other words.

The law asks for any words that a reasonable person understands, so what is doubtful opts out.
A sentence that has one of the words for something else ("I can't stop thinking", "at the end of the
day") does not, and no word of opting out is ever a command.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nudger.replies.intent.courtesy import Courtesy
from nudger.replies.language.lists import Section
from nudger.replies.language.phrases import Looked
from nudger.replies.language.writing import Tokens, split

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
class OptOut:
    """The words of one language, beside its phrase lists."""

    single: frozenset[str]  # those keywords that are one word
    lone: frozenset[str]  # those words that are a keyword where they are all of a text
    around: frozenset[str]  # words that may stand around a keyword and change nothing
    courtesy: frozenset[str]

    @classmethod
    def read(cls, section: Section, courtesy: Courtesy) -> tuple["OptOut", Mapping[str, tuple[str, ...]]]:
        """The words, and the phrase lists by their names."""
        lists = {name: section.phrases(name.removeprefix("optout.")) for name in LISTS}
        single = frozenset(words[0] for words in map(split, lists[KEYWORDS]) if len(words) == 1)
        lone = frozenset(word for one in lists[LONE] for word in split(one))
        lists[KEYWORDS] += lists[EVERYWHERE]
        lists[BOUNDED] += lists[UNTIL]
        found = cls(single, lone, section.words("around") | courtesy.words, courtesy.soft)
        section.close()
        return found, lists

    def sure(self, text: Tokens, looked: Looked) -> bool:
        """Whether a clause is a keyword, or a phrase says it outright."""
        if looked.found(UNDONE):
            return False
        if looked.found(SURE, looked.masked(REFUSED, BOUNDED)):
            return True
        return any(looked.whole(KEYWORDS, self._bare(clause)) for clause in text.clauses())

    def meant(self, looked: Looked) -> bool:
        """Whether it is said in other words, or a keyword is all that the text is about."""
        if looked.found(UNDONE):
            return False
        words = looked.masked(REFUSED, BOUNDED, HARMLESS)
        bare = self._bare(words)
        if looked.found(HINTS, words) or looked.found(HINTS, bare) or looked.whole(LONE, bare):
            return True
        core = [word for word in words if word not in self.around]
        return bool(core) and all(word in self.single for word in core)

    def bounded(self, looked: Looked) -> bool:
        """Whether a keyword is in it, with an end: "stop until monday"."""
        words = looked.masked(REFUSED)
        named = not self.single.isdisjoint(words) or (bool(words) and words[0] in self.lone)
        return named and looked.found(BOUNDED, words)

    def _bare(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if word not in self.courtesy]
