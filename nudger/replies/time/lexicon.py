"""A time as a person asks for it, in pieces of wall time and spans; and the words of one language for it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Generic, TypeVar

from nudger.replies.language.normalisation import split
from nudger.replies.language.wordlists import Section

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LEADS = ("until", "at", "in", "also")  # of a word in several roles the first counts

T = TypeVar("T")

_UNITS = {"minute": 1, "hour": 60, "day": 1440, "week": 10080, "fortnight": 20160, "month": 43200}
_ROLES = (
    "articles", "half", "quarter", "and", "of", "more", "past", "to", "plus", "minus", "the",
    "oclock", "ordinals", "at", "in", "until", "also", "corrects", "except",
    "from", "through", "week_later", "next_week",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A date: so many days from today, or the next one that falls on a weekday or a day of a month."""

    ahead: int | None = None
    weekday: int | None = None  # Monday is 0
    weeks: int = 0  # after that weekday: "tuesday week"
    next_week: bool = False  # the weekday is one of the week to come
    of_month: int | None = None
    month: int | None = None  # with of_month; without: the next month that has such a day
    nth: int = 0  # with month and weekday: the n-th one of the month, -1 the last
    year: int | None = None
    countries: frozenset[str] = frozenset()  # where it is so; empty: everywhere
    loose: bool = False  # a day only in a pause, or behind "until": "next year will be better"
    is_week: bool = False  # "next week": its first day
    lasts: int = 0  # "pause today" ends a day after it begins, "pause until monday" when it begins


@dataclass(frozen=True, slots=True)
class DayPart:
    """A part of the day ("this evening"): when it is taken to be, and which clock times lie in it."""

    at: time | None = None  # None where it only tells morning from evening ("pm")
    until: time | None = None  # from `at` to here it is going on; None: to the day's end
    half: str = ""  # "am", "pm", or "night": from noon on, and past midnight
    today: bool = False  # "tonight" is never tomorrow's


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A clock time. Not `exact`: "6" may be six in the morning or in the evening."""

    wall: time
    exact: bool = False


@dataclass(frozen=True, slots=True)
class TimeExpression:
    """All that a text says of a time; the pieces that are not None were there."""

    span: timedelta | None = None
    day: CalendarDay | None = None
    part: DayPart | None = None
    clock: ClockTime | None = None
    number: int | None = None  # a bare number, which something else must give a meaning
    days: tuple[CalendarDay, ...] = ()  # all that were named, in their order
    clocks: tuple[ClockTime, ...] = ()
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


# --- the words of a language ---------------------------------------------------------------------------
class Dictionary(Generic[T]):
    """Words and phrases, each with its meaning; the longest that fits counts."""

    def __init__(self, meanings: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = defaultdict(list)
        for phrase, meaning in meanings:
            words = split(phrase)
            self._by_first[words[0]].append((words, meaning))
        for entries in self._by_first.values():
            entries.sort(key=lambda entry: -len(entry[0]))

    def at(self, words: Sequence[str], place: int) -> tuple[T, int] | None:
        """What stands at this place, and the place after it."""
        if place >= len(words) or words[place] not in self._by_first:
            return None
        for phrase, meaning in self._by_first[words[place]]:
            end = place + len(phrase)
            if len(phrase) == 1 or tuple(words[place:end]) == phrase:
                return meaning, end
        return None

    def firsts(self) -> Iterable[str]:
        return self._by_first

    def words_none_of(self, words: Sequence[str]) -> bool:
        """Whether no entry can begin anywhere in these words."""
        return self._by_first.keys().isdisjoint(words)

    def words(self) -> Iterator[str]:
        for entries in self._by_first.values():
            for phrase, _ in entries:
                yield from phrase

    def telling(self) -> Iterator[str]:
        """A word of each entry that is there if the entry is: the longest, which says most."""
        for entries in self._by_first.values():
            for phrase, _ in entries:
                yield max(phrase, key=len)


@dataclass(frozen=True, slots=True)
class TimeWords:
    """What the reader of times asks for. `roles` are the small words between the others."""

    numbers: Dictionary[int]
    units: Dictionary[timedelta]
    months: Dictionary[int]
    clocks: Dictionary[time]
    parts: Dictionary[DayPart]
    named: Dictionary[timedelta | CalendarDay | DayPart]  # idioms, days and parts of the day
    roles: Mapping[str, Dictionary[bool]]
    leads: Dictionary[str]  # what leads to a time: which role
    firsts: frozenset[str]  # what anything of the above begins with
    telling: frozenset[str]  # without one of these, or a digit, a text says nothing of a time
    half_is_past: bool  # "half six" is 6:30
    clock_with_minutes_from: int  # "cinq heures et quart" is a clock time from this hour on
    clock_from_hour: int  # "18h" alone is a clock time from this hour on, before it a duration

    @classmethod
    def read(cls, section: Section) -> "TimeWords":
        parts, days = list(_parts(section.section("parts"))), list(_days(section.section("days")))
        idioms = list(_idioms(section.section("idioms")))
        days += _holidays(section.section("holidays"))
        dictionaries: dict[str, Dictionary[Any]] = {
            "numbers": Dictionary(section.section("numbers").numbers()),
            "units": Dictionary(_units(section.section("units"))),
            "months": Dictionary(_counted(section.section("months"))),
            "clocks": Dictionary(_clocks(section.section("clocks"))),
            "named": Dictionary([*idioms, *days, *parts]),
        }
        words = {role: section.texts(role) for role in _ROLES}
        roles = {role: Dictionary((word, True) for word in some) for role, some in words.items()}
        telling = (*dictionaries.values(), roles["half"], roles["quarter"])
        found = cls(
            **dictionaries,
            parts=Dictionary(parts),
            roles=roles,
            leads=Dictionary((word, role) for role in _LEADS for word in words[role]),
            firsts=frozenset(
                word for one in (*dictionaries.values(), *roles.values()) for word in one.firsts()
            ),
            telling=frozenset(word for one in telling for word in one.telling()),
            half_is_past=section.flag("half_is_past"),
            clock_with_minutes_from=section.number("clock_with_minutes_from", 24),
            clock_from_hour=section.number("clock_from_hour", 24),
        )
        section.close()
        return found

    def vocabulary(self) -> Iterator[str]:
        for one in (self.numbers, self.units, self.months, self.clocks, self.named):
            yield from one.words()
        for role in self.roles.values():
            yield from role.words()


def _units(section: Section) -> Iterator[tuple[str, timedelta]]:
    for unit, words in section.lists():
        for word in words:
            yield word, timedelta(minutes=_UNITS[unit])


def _idioms(section: Section) -> Iterator[tuple[str, timedelta]]:
    """The key is how many minutes are meant: 10 = ["a moment"]."""
    for minutes, phrases in section.lists():
        for phrase in phrases:
            yield phrase, timedelta(minutes=int(minutes))


def _days(section: Section) -> Iterator[tuple[str, CalendarDay]]:
    """Weekdays under their own name, in the week's order; else tables with `ahead`, with `weekday`, or with
    `of_month` and perhaps `month`: "next month" begins on its first."""
    for weekday, (_, words) in enumerate(section.section("weekdays").lists()):
        for word in words:
            yield word, CalendarDay(weekday=weekday)
    for _, table in section.sections():
        ahead, weekday = table.number("ahead", -1), table.number("weekday", -1)
        day = CalendarDay(
            ahead=ahead if ahead >= 0 else None,
            weekday=weekday if weekday >= 0 else None,
            of_month=table.number("of_month", 0) or None,
            month=table.number("month", 0) or None,
            loose=table.flag("loose"),
            is_week=table.flag("is_week"),
            lasts=table.number("lasts", 0),
        )
        for word in table.texts("words"):
            yield word, day
        table.close()


def _holidays(section: Section) -> Iterator[tuple[str, CalendarDay]]:
    """The key is the date: "12-25", "11-thu-4" for the fourth Thursday of November; behind an @ stand the
    countries that have it then: "11-thu-4@US"."""
    for key, words in section.lists():
        date, _, countries = key.partition("@")
        month, day, *nth = date.split("-", maxsplit=2)
        where = frozenset(countries.split())
        if nth:
            found = CalendarDay(
                month=int(month), weekday=_WEEKDAYS.index(day), nth=int(nth[0]), countries=where, lasts=1
            )
        else:
            found = CalendarDay(month=int(month), of_month=int(day), countries=where, lasts=1)
        for word in words:
            yield word, found


def _counted(section: Section) -> Iterator[tuple[str, int]]:
    """Names in their order, counted from 1."""
    for number, (_, words) in enumerate(section.lists(), 1):
        for word in words:
            yield word, number


def _parts(section: Section) -> Iterator[tuple[str, DayPart]]:
    for _, table in section.sections():
        part = DayPart(table.wall("at"), table.wall("until"), table.text("half"), table.flag("today"))
        for word in table.texts("words"):
            yield word, part
        table.close()


def _clocks(section: Section) -> Iterator[tuple[str, time]]:
    """The key is the time: "12:00" = ["noon"]."""
    for wall, words in section.lists():
        for word in words:
            yield word, time.fromisoformat(wall)
