"""The words of a text beside the time words of its language; and reading durations: "20 min", "an hour and a
half", "2h30", "media hora", "trois quarts d'heure"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from nudger.replies.time.timewords import TimeWords

_DECIMAL = re.compile(r"\d+[.,]\d+")
_LONGEST_NUMBER = 6  # digits; a longer one is a phone number or a prank

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Read = tuple[timedelta, int] | None  # the duration, and the place after it


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


def duration(line: Line, at: int) -> Read:
    """The duration that begins at this place."""
    found = _fraction(line, at) or _counted(line, at)
    while found is not None:
        more = _half_more(line, *found) or _minutes_more(line, *found)
        if more is None:
            break
        found = more
    return found


def _fraction(line: Line, at: int) -> Read:
    """ "half an hour", "a quarter of an hour", "trois quarts d'heure"."""
    count, start = line.number(at) or (1, at)
    if line.role("quarter", start) is None:
        count, start = 1, line.skip(at, "articles")
    half, quarter = line.role("half", start), line.role("quarter", start)
    if half is None and quarter is None:
        return None
    unit = line.unit(line.skip(half or quarter or start, "of", "articles"))
    if unit is None or unit[0] < HOUR:
        return None
    return unit[0] * count / (4 if half is None else 2), unit[1]


def _counted(line: Line, at: int) -> Read:
    """ "20 min", "2 and a half hours", "1.5h", "another hour", "30 more minutes"."""
    at = line.skip(at, "more")
    quantity, place = _quantity(line, at) or (1.0, line.skip(at, "articles", "more"))
    unit = line.unit(line.skip(place, "of", "more"))
    if unit is None or quantity > 1000 or _is_clock(line, quantity, place):
        return None
    if place == at and unit[0] != HOUR:  # "hour" is one, "week" and "min" are none
        return None
    return unit[0] * quantity, unit[1]


def _is_clock(line: Line, quantity: float, place: int) -> bool:
    """Whether "18h" and "18h30" are clock times: by the language's habit."""
    after = line.role("oclock", place)
    if after is None or quantity > 23:
        return False
    from_hour = line.language.clock_from_hour
    return quantity >= (min(13, from_hour) if line.word(after).isdecimal() else from_hour)


def _quantity(line: Line, at: int) -> tuple[float, int] | None:
    """ "2", "two and a half", "1 1/2", "1.5", "1,5"."""
    word = line.word(at)
    if _DECIMAL.fullmatch(word):
        return float(word.replace(",", ".")), at + 1
    number = line.number(at)
    if number is None:
        return None
    half = line.role("half", line.skip(number[1], "and", "articles"))
    if half is not None and line.unit(half) is not None:
        return number[0] + 0.5, half
    return float(number[0]), number[1]


def _half_more(line: Line, span: timedelta, at: int) -> Read:
    """What "and a half", "et quart" adds: to hours and whole days."""
    start = line.skip(line.skip(at, "and"), "articles")
    half, quarter = line.role("half", start), line.role("quarter", start)
    unit = DAY if span % DAY == timedelta() else HOUR
    if span % unit or not (half or quarter) or (start == at and half is None):
        return None
    return (span + unit / 2, half) if half is not None else (span + unit / 4, quarter or at)


def _minutes_more(line: Line, span: timedelta, at: int) -> Read:
    """What "and 30 minutes", or the 30 of "2h30", adds to whole hours."""
    joined = line.skip(at, "and")
    number = line.number(joined)
    if number is None or span % HOUR or span >= DAY:
        return None
    unit = line.unit(number[1])
    if unit is not None:
        return (span + number[0] * MINUTE, unit[1]) if unit[0] == MINUTE else None
    told = joined == at and line.word(at).isdecimal() and 0 < number[0] < 60
    return (span + number[0] * MINUTE, number[1]) if told else None
