"""What holds for everybody, and what is said where it did not."""

from dataclasses import dataclass
from enum import StrEnum


class Promise(StrEnum):
    """What holds for everybody."""

    TWICE = "nothing comes twice"
    UNPLANNED = "nothing comes that nobody planned or asked for"
    QUIET = "quiet hours are kept"
    LIMIT = "the daily limit is kept"
    GAP = "a drawn time keeps the gap"
    STOPPED = "nothing comes after STOP"
    PAUSED = "nothing comes while paused"
    HELD = "nothing comes while a crisis hold stands"
    UNASKED = "nothing comes without consent"
    LOST = "nothing is lost"


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept: to whom, when by their own clock, and the two messages."""

    promise: Promise
    person: str
    at: str
    message: str  # that came, or did not
    before: str  # what came or was said before it

    def __str__(self) -> str:
        return f"{self.promise}: {self.person}, {self.at}: {self.message}; before it: {self.before}"
