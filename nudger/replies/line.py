"""The words of a text with the time words of its language: what the readers of times look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from nudger.replies.timewords import TimeWords

_LONGEST_NUMBER = 6  # digits; a longer one is a phone number or a prank


@dataclass(frozen=True, slots=True)
class Line:
    """Every method takes a place, and gives what stands there and the place after it, or None."""

    language: TimeWords
    words: Sequence[str]

    def word(self, at: int) -> str:
        """The word at a place; empty past the end."""
        return self.words[at] if at < len(self.words) else ""

    def number(self, at: int) -> tuple[int, int] | None:
        """A whole number: "20", "twenty", "forty five", "treinta y cinco"."""
        word = self.word(at)
        if word.isdecimal():
            return (int(word), at + 1) if len(word) <= _LONGEST_NUMBER else None
        tens = self.language.numbers.at(self.words, at)
        if tens is None or tens[0] < 20 or tens[0] % 10:
            return tens
        ones = self.language.numbers.at(self.words, self.skip(tens[1], "plus"))
        return (tens[0] + ones[0], ones[1]) if ones is not None and ones[0] < 10 else tens

    def unit(self, at: int) -> tuple[timedelta, int] | None:
        return self.language.units.at(self.words, at)

    def role(self, role: str, at: int) -> int | None:
        """The place after a small word of this role, if one stands here."""
        found = self.language.roles[role].at(self.words, at)
        return found[1] if found is not None else None

    def skip(self, at: int, *roles: str) -> int:
        """The place after small words of these roles: each at most once, in this order."""
        for role in roles:
            at = self.role(role, at) or at
        return at

    def tells_half(self, at: int) -> bool:
        """Whether "pm", "in the morning", "tonight" or the like stands here."""
        found = self.language.parts.at(self.words, at)
        return found is not None and found[0].half != ""
