"""Whether a program wrote a text: an automatic reply of a phone, a mailbox or an office.

Two programs that answer each other never stop, and what such a text says ("I will reply tomorrow") is
nobody's wish. Some words prove it by themselves; others are what people write too, and prove it where two
different signs come together: "I'm driving" beside "I'll get back to you".
"""

from collections.abc import Callable, Mapping
from functools import cached_property

from nudger.replies.language.lists import Section
from nudger.replies.language.patterns import Classes, Words
from nudger.replies.language.phrases import Phrases

# Where the owner is, how little they can be reached, that they will answer, thanks, whom to ask, what for.
_SIGNS = ("away", "reach", "answer", "thanks", "urgent", "program")
_SURE, _TOLD = "sure", "told"
_LEAST_WORDS = 6  # two signs in fewer words are a person's


class Automatic:
    """The lists of one language: the table `automatic`, compiled when they are first needed."""

    def __init__(self, lists: Mapping[str, tuple[str, ...]], classes: Callable[[], Classes]) -> None:
        self._lists, self._classes = lists, classes

    @classmethod
    def read(cls, section: Section, classes: Callable[[], Classes]) -> "Automatic":
        """`classes` compiles those of the language."""
        signs = section.section("signs")
        lists = {_SURE: section.phrases(_SURE), _TOLD: section.phrases(_TOLD)}
        lists |= {sign: signs.phrases(sign) for sign in _SIGNS}
        signs.close()
        section.close()
        return cls(lists, classes)

    @cached_property
    def phrases(self) -> Phrases:
        return Phrases(self._lists, self._classes())

    def wrote(self, words: Words) -> bool:
        """Whether a program wrote these words."""
        looked = self.phrases.look(words)
        if looked.found(_SURE):
            return True
        return len(words) >= _LEAST_WORDS and sum(looked.found(sign) for sign in _SIGNS) >= 2

    def without_told(self, words: Words) -> Words:
        """The words without what others are told that they may do: "reply STOP to opt out"."""
        return self.phrases.look(words).masked(_TOLD)
