"""The words that people put around what they want: please, thanks, hello."""

from collections.abc import Sequence
from dataclasses import dataclass

from nudger.replies.intent.meanings import Intent
from nudger.replies.language.lists import Section


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
