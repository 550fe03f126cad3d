"""Whether a text speaks of suicide, self-harm or danger. In favour of recall, and of nothing more.

A mention is enough: worry about somebody else and a denial count too, since the answer (where to
find people, and quiet) suits them. Figures of speech are known by their own phrases and taken out
before looking: "this walk is killing me" hides nothing else that the text says. All languages are
looked through at once: in distress people fall back to their first one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nudger.replies.phrases import Classes, Phrases
from nudger.replies.section import Section


@dataclass(frozen=True, slots=True)
class Crisis:
    """The phrases of all languages."""

    phrases: Phrases[bool]
    harmless: Phrases[bool]

    @classmethod
    def read(cls, sections: Sequence[tuple[Section, Classes]]) -> "Crisis":
        """From each language's table `crisis`, with the classes of the language."""
        found = cls(
            Phrases([(True, section.phrases("phrases"), classes) for section, classes in sections]),
            Phrases([(True, section.phrases("harmless"), classes) for section, classes in sections]),
        )
        for section, _ in sections:
            section.close()
        return found

    def vocabulary(self) -> frozenset[str]:
        """Every word that is right as it stands."""
        return self.phrases.vocabulary | self.harmless.vocabulary

    def speaks(self, words: Sequence[str]) -> bool:
        """Whether these words do."""
        return self.phrases.found(words) and self.phrases.found(self.harmless.masked(words))
