"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How much it matters. Only a failure keeps something from working."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """A grade, a sentence, and what to do. No secret, no phone number, no address stands in them."""

    grade: Grade
    sentence: str
    advice: str = ""  # may have several lines
    exit_code: int = 0  # of a failure: DESIGN's


def ok(sentence: str) -> Finding:
    return Finding(Grade.OK, sentence)


def note(sentence: str, advice: str = "") -> Finding:
    return Finding(Grade.NOTE, sentence, advice)


def warning(sentence: str, advice: str) -> Finding:
    return Finding(Grade.WARNING, sentence, advice)


def failure(sentence: str, advice: str, exit_code: int) -> Finding:
    return Finding(Grade.FAILURE, sentence, advice, exit_code)


def several(names: list[str], most: int = 5) -> str:
    """A few names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def many(number: int, word: str) -> str:
    """ "1 plan", "2 plans" """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
