"""Whether a text opts out: by a keyword alone, by a phrase that leaves no doubt, or in other words.

The law asks for any words that a reasonable person understands, so what is doubtful opts out.
A sentence that has one of the words for something else ("I can't stop thinking", "at the end of the
day") does not, and no word of opting out is ever a command.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nudger.replies.courtesy import Courtesy
from nudger.replies.phrases import Classes, Phrases
from nudger.replies.section import Section
from nudger.replies.tokens import Tokens, split


@dataclass(frozen=True, slots=True)
class OptOut:
    """The words of one language."""

    keywords: Phrases[bool]  # STOP: all of a text, or all of a clause of it
    lone: Phrases[bool]  # PARA: all of a text, for it is an everyday word in others
    single: frozenset[str]  # those keywords that are one word
    everywhere: Phrases[bool]  # STOP ALL
    refused: Phrases[bool]  # "don't stop": says the contrary
    bounded: Phrases[bool]  # "no more today": asks for a pause
    phrases: Phrases[bool]  # "stop texting me": counts beside a crisis too
    harmless: Phrases[bool]  # "stop thinking", "bus stop"
    hints: Phrases[bool]  # "leave me alone": opts out if nothing else is the matter
    around: frozenset[str]  # words that may stand around a keyword and change nothing
    courtesy: frozenset[str]

    @classmethod
    def read(cls, section: Section, classes: Classes, courtesy: Courtesy) -> "OptOut":
        keywords, everywhere = section.texts("keywords"), section.phrases("everywhere")
        lists = {
            key: Phrases([(True, section.phrases(key), classes)])
            for key in ("refused", "bounded", "phrases", "harmless", "hints")
        }
        found = cls(
            keywords=Phrases([(True, [*keywords, *everywhere], classes)]),
            lone=Phrases([(True, section.texts("lone"), classes)]),
            single=frozenset(words[0] for words in map(split, keywords) if len(words) == 1),
            everywhere=Phrases([(True, everywhere, classes)]),
            around=section.words("around") | courtesy.words,
            courtesy=courtesy.soft,
            **lists,
        )
        section.close()
        return found

    def vocabulary(self) -> frozenset[str]:
        """Every word that is right as it stands."""
        lists = (
            self.keywords,
            self.lone,
            self.refused,
            self.bounded,
            self.phrases,
            self.harmless,
            self.hints,
        )
        return self.around.union(*(one.vocabulary for one in lists))

    def alone(self, words: Sequence[str]) -> bool:
        """Whether a keyword is all there is. In all languages for everybody: who writes one means it."""
        return (self.keywords.whole(words) or self.lone.whole(words)) is not None

    def sure(self, text: Tokens) -> bool:
        """Whether a clause is a keyword, or a phrase says it outright."""
        kept = self.bounded.masked(self.refused.masked(text.words))
        return self.phrases.found(kept) or any(self._is_keyword(clause) for clause in text.clauses())

    def meant(self, text: Tokens) -> bool:
        """Whether it is said in other words, or a keyword is all that the text is about."""
        words = self.harmless.masked(self.bounded.masked(self.refused.masked(text.words)))
        bare = self._bare(words)
        if self.hints.found(words) or self.hints.found(bare) or self.lone.whole(bare):
            return True
        core = [word for word in words if word not in self.around]
        return bool(core) and all(word in self.single for word in core)

    def _is_keyword(self, clause: Sequence[str]) -> bool:
        return self.keywords.whole(self._bare(clause)) is not None

    def _bare(self, words: Sequence[str]) -> list[str]:
        return [word for word in words if word not in self.courtesy]
