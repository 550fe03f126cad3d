"""A time as a person asks for it: pieces of wall time and spans, not yet an instant."""

from dataclasses import dataclass
from datetime import time, timedelta


@dataclass(frozen=True, slots=True)
class Day:
    """A date: so many days from today, or the next one that falls on a weekday or a day of a month."""

    ahead: int | None = None
    weekday: int | None = None  # Monday is 0
    of_month: int | None = None
    month: int | None = None  # with of_month; without: the next month that has such a day
    lasts: int = 0  # "pause today" ends a day after it begins, "pause until monday" when it begins


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day ("this evening"): when it is taken to be, and which clock times lie in it."""

    at: time | None = None  # None where it only tells morning from evening ("pm")
    until: time | None = None  # from `at` to here it is going on; None: to the day's end
    half: str = ""  # "am", "pm", or "night": from noon on, and past midnight
    today: bool = False  # "tonight" is never tomorrow's


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time. Not `exact`: "6" may be six in the morning or in the evening."""

    wall: time
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a text says of a time; the pieces that are not None were there."""

    span: timedelta | None = None
    day: Day | None = None
    part: Part | None = None
    clock: Clock | None = None
    number: int | None = None  # a bare number, which something else must give a meaning
    places: frozenset[int] = frozenset()  # which words say it
    led: bool = False  # a word led to it: "at", "in", "until"
    until: bool = False  # that word was "until"

    @property
    def says_nothing(self) -> bool:
        pieces = (self.span, self.day, self.part, self.clock, self.number)
        return all(piece is None for piece in pieces)

    @property
    def names_moment(self) -> bool:
        """Whether it says when, not only on which day or that it is a number."""
        day = self.day is not None and self.day.ahead != 0
        part = self.part is not None and self.part.at is not None
        return self.span is not None or self.clock is not None or part or day
