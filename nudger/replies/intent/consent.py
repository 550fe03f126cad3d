"""Whether a text says yes or no to the question for consent: all of it, courtesies aside.

Consent has to be clear. So "not sure", "ok but who are you" and "thanks" are neither: who writes that is
asked again by the answer.
"""

from collections.abc import Callable, Mapping
from functools import cached_property

from nudger.replies.language.lists import Section
from nudger.replies.language.patterns import MASK, Classes, Words
from nudger.replies.language.phrases import Phrases

_YES, _NO = "yes", "no"


class Consent:
    """The lists of one language: the table `consent`, compiled when they are first needed."""

    def __init__(self, lists: Mapping[str, tuple[str, ...]], classes: Callable[[], Classes]) -> None:
        self._lists, self._classes = lists, classes

    @classmethod
    def read(cls, section: Section, classes: Callable[[], Classes]) -> "Consent":
        """`classes` compiles those of the language."""
        lists = {name: section.phrases(name) for name in (_YES, _NO)}
        section.close()
        return cls(lists, classes)

    @cached_property
    def phrases(self) -> Phrases:
        return Phrases(self._lists, self._classes())

    def agrees(self, words: Words, courtesy: frozenset[str]) -> bool | None:
        """What all of these words say; None: neither, or more than that. "Why not" says yes, "ok no" no."""
        looked = self.phrases.look(words)
        left = looked.masked(_YES)
        if self._is_all(left, courtesy):
            return True
        return False if self._is_all(looked.masked(_NO, words=left), courtesy) else None

    def _is_all(self, left: Words, courtesy: frozenset[str]) -> bool:
        return MASK in left and all(word == MASK or word in courtesy for word in left)
