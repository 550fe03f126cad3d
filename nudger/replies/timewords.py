"""The words for time of one language."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Generic, TypeVar

from nudger.replies.asked import Day, Part
from nudger.replies.section import Section
from nudger.replies.tokens import split

T = TypeVar("T")

_UNITS = {"minute": 1, "hour": 60, "day": 1440, "week": 10080, "fortnight": 20160, "month": 43200}
_ROLES = (
    "articles", "half", "quarter", "and", "of", "more", "past", "to", "plus", "minus", "the",
    "oclock", "ordinals", "at", "in", "until", "also",
)  # fmt: skip


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

    def words(self) -> Iterator[str]:
        for entries in self._by_first.values():
            for phrase, _ in entries:
                yield from phrase


@dataclass(frozen=True, slots=True)
class TimeWords:
    """What the reader of times asks for. `roles` are the small words between the others."""

    numbers: Dictionary[int]
    units: Dictionary[timedelta]
    days: Dictionary[Day]
    months: Dictionary[int]
    parts: Dictionary[Part]
    clocks: Dictionary[time]
    idioms: Dictionary[timedelta]
    roles: Mapping[str, Dictionary[bool]]
    firsts: frozenset[str]  # what anything of the above begins with
    half_is_past: bool  # "half six" is 6:30
    clock_from_hour: int  # "18h" alone is a clock time from this hour on, before it a duration

    @classmethod
    def read(cls, section: Section) -> "TimeWords":
        dictionaries: dict[str, Dictionary[Any]] = {
            "numbers": Dictionary(section.section("numbers").numbers()),
            "units": Dictionary(_units(section.section("units"))),
            "days": Dictionary(_days(section.section("days"))),
            "months": Dictionary(_counted(section.section("months"))),
            "parts": Dictionary(_parts(section.section("parts"))),
            "clocks": Dictionary(_clocks(section.section("clocks"))),
            "idioms": Dictionary(_idioms(section.section("idioms"))),
        }
        roles = {role: Dictionary((word, True) for word in section.texts(role)) for role in _ROLES}
        every = (*dictionaries.values(), *roles.values())
        found = cls(
            **dictionaries,
            roles=roles,
            firsts=frozenset(word for one in every for word in one.firsts()),
            half_is_past=section.flag("half_is_past"),
            clock_from_hour=section.number("clock_from_hour", 24),
        )
        section.close()
        return found

    def vocabulary(self) -> Iterator[str]:
        for one in (self.numbers, self.units, self.days, self.months, self.parts, self.clocks, self.idioms):
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


def _days(section: Section) -> Iterator[tuple[str, Day]]:
    """Weekdays under their own name, in the week's order; else tables with `ahead` or `weekday`."""
    for weekday, (_, words) in enumerate(section.section("weekdays").lists()):
        for word in words:
            yield word, Day(weekday=weekday)
    for _, table in section.sections():
        ahead, weekday = table.number("ahead", -1), table.number("weekday", -1)
        day = Day(
            ahead=ahead if ahead >= 0 else None,
            weekday=weekday if weekday >= 0 else None,
            lasts=table.number("lasts", 0),
        )
        for word in table.texts("words"):
            yield word, day
        table.close()


def _counted(section: Section) -> Iterator[tuple[str, int]]:
    """Names in their order, counted from 1."""
    for number, (_, words) in enumerate(section.lists(), 1):
        for word in words:
            yield word, number


def _parts(section: Section) -> Iterator[tuple[str, Part]]:
    for _, table in section.sections():
        part = Part(table.wall("at"), table.wall("until"), table.text("half"), table.flag("today"))
        for word in table.texts("words"):
            yield word, part
        table.close()


def _clocks(section: Section) -> Iterator[tuple[str, time]]:
    """The key is the time: "12:00" = ["noon"]."""
    for wall, words in section.lists():
        for word in words:
            yield word, time.fromisoformat(wall)
