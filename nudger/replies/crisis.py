"""Whether a text speaks of suicide, self-harm or danger. In favour of recall, and of nothing more.

A mention is enough: worry about somebody else and a denial count too, since the answer (where to
find people, and quiet) suits them. Figures of speech are known by their own phrases and taken out
before looking: "this walk is killing me" hides nothing else that the text says. All languages are
looked through at once: in distress people fall back to their first one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nudger.replies.phrases import Classes, Phrases
from nudger.replies.section import Section


@dataclass(frozen=True, slots=True)
class Crisis:
    """The phrases of all languages, labelled with their language."""

    phrases: Phrases[str]
    harmless: Phrases[str]

    @classmethod
    def read(cls, sections: Mapping[str, tuple[Section, Classes]]) -> "Crisis":
        """From each language's table `crisis`, with the classes of the language."""
        found = cls(
            Phrases([(code, one.phrases("phrases"), classes) for code, (one, classes) in sections.items()]),
            Phrases([(code, one.phrases("harmless"), classes) for code, (one, classes) in sections.items()]),
        )
        for section, _ in sections.values():
            section.close()
        return found

    def vocabularies(self, code: str) -> tuple[frozenset[str], frozenset[str]]:
        """The words of one language's phrases, and of its figures of speech."""
        return (
            self.phrases.vocabularies.get(code, frozenset()),
            self.harmless.vocabularies.get(code, frozenset()),
        )

    def speaks(self, words: Sequence[str]) -> bool:
        """Whether these words do."""
        return self.phrases.found(words) and self.phrases.found(self.harmless.masked(words))
