"""Reading times: the grammar of "in an hour and a half", "monday at 9", "demain matin à 9 h".

One grammar for all languages; each fills the places that it has. The pieces of a text are collected
from left to right, whatever stands between them, and put together at the end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import TypeVar

from nudger.replies.time.expressions import (
    TimeTokens,
    clock_time,
    date_in_digits,
    date_in_words,
    duration,
    year_alone,
)
from nudger.replies.time.lexicon import CalendarDay, ClockTime, DayPart, TimeExpression, TimeWords

P = TypeVar("P")

A_DAY = timedelta(days=1)
_MOST_LEADS = 4  # "until at about": more would make reading take longer than the text


def read_time(
    language: TimeWords, words: Sequence[str], *, month_first: bool = False, pausing: bool = False
) -> TimeExpression | None:
    """What the words say of a time; None where they say nothing of one. Of a correction the last counts:
    "at 4, no wait, 5". `month_first`: 1/12 is in January; `pausing`: they ask for days of quiet, so that
    "5.12" is a date."""
    if language.telling.isdisjoint(words) and not any(word[0].isdecimal() for word in words):
        return None
    whole = _read(language, words, month_first, pausing)
    if whole is None or language.roles["corrects"].words_none_of(words):
        return whole
    line = TimeTokens(language, words)
    for at in range(len(words) - 1, 0, -1):
        end = line.role("corrects", at)
        before = _read(language, words[:at], month_first, pausing) if end is not None else None
        after = _read(language, words[end:], month_first, pausing) if before is not None else None
        if before is not None and after is not None:
            return replace(_corrected(before, after), places=whole.places | set(range(at, end or at)))
    return whole


def _corrected(before: TimeExpression, after: TimeExpression) -> TimeExpression:
    """What was said first, with what replaces it."""
    led = before.led or after.led
    if after.number is not None and not after.names_moment:
        if before.span is not None:
            unit = timedelta(hours=1) if before.span >= timedelta(hours=1) else timedelta(minutes=1)
            return replace(before, span=unit * after.number, led=led)
        if before.clock is not None and after.number < 24:
            return replace(before, clock=ClockTime(time(after.number)), led=led)
        return replace(after, led=led)
    if before.clock is not None and after.span is not None and not after.led and after.span < A_DAY:
        minutes = int(after.span / timedelta(minutes=1))  # "à 4h, non, 5h"
        return replace(before, clock=ClockTime(time(minutes // 60, minutes % 60)), led=led)
    if after.clock is not None and after.day is None:
        part = after.part or (before.part if after.part is None and not after.clock.exact else None)
        return replace(after, day=before.day, part=part, led=led, until=before.until or after.until)
    return replace(after, led=led, until=before.until or after.until)


def _read(
    language: TimeWords, words: Sequence[str], month_first: bool, pausing: bool
) -> TimeExpression | None:
    reader = _ExpressionParser(TimeTokens(language, words), month_first, pausing)
    at = 0
    while at < len(words):
        word = words[at]
        at = reader.take(at) if word in language.firsts or word[0].isdecimal() else at + 1
    return reader.put_together()


@dataclass
class _ExpressionParser:
    line: TimeTokens
    month_first: bool
    pausing: bool
    spans: list[timedelta] = field(default_factory=list)
    days: list[CalendarDay] = field(default_factory=list)
    last_days: list[CalendarDay] = field(default_factory=list)  # those that "until" led to
    parts: list[DayPart] = field(default_factory=list)
    clocks: list[ClockTime] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    places: set[int] = field(default_factory=set)
    leads: set[str] = field(default_factory=set)

    def take(self, at: int) -> int:
        """Takes up the piece that begins here, if one does. Returns the place to go on from."""
        refused = self.line.role("except", at)  # "5pm not 4", but "not until 4"
        if refused is not None and self.line.language.leads.at(self.line.words, refused) is None:
            other = _ExpressionParser(self.line, self.month_first, self.pausing)
            past = other.take(refused) if refused < len(self.line.words) else refused
            self.places.update(range(at, past) if other.places else ())
            return past if other.places else at + 1
        leads: set[str] = set()
        end = self._fixed(at)
        if end is None:
            start, leads = self._past_leads(at)
            known = len(self.days)
            end = self._piece(start, leads)
            if "until" in leads:
                self.last_days += self.days[known:]
        if end is None:
            return at + 1
        self.places.update(range(at, end))
        self.leads |= leads
        return end

    def put_together(self) -> TimeExpression | None:
        """All that was read; None where that is nothing."""
        self._join_weeks()
        asked = TimeExpression(
            span=_first(self.spans),
            day=_first([*self.last_days, *(day for day in self.days if day.ahead != 0), *self.days]),
            part=_first([*(part for part in self.parts if part.at is not None), *self.parts]),
            clock=_first(self.clocks),
            number=self.numbers[0] if len(self.numbers) == 1 else None,
            days=tuple(self.days),
            clocks=tuple(self.clocks),
            places=frozenset(self.places),
            led=bool(self.leads),
            until="until" in self.leads,
        )
        return None if asked.says_nothing else _number_told(asked)

    def _join_weeks(self) -> None:
        """Of "next week monday" and "monday next week" the weekday is left, in that week; of "this week, from
        monday" the weekday."""
        weekdays = [day for day in self.days if day.weekday is not None and not day.is_week]
        if not weekdays or len(weekdays) == len(self.days):
            return
        line = self.line
        told = any(line.role("next_week", at) is not None for at in range(len(line.words)))
        for days in (self.days, self.last_days):
            days[:] = [
                replace(day, next_week=True) if told and day == weekdays[0] else day
                for day in days
                if not day.is_week
            ]

    def _past_leads(self, at: int) -> tuple[int, set[str]]:
        """Past the words that lead to a time ("until about"), and which kinds there were."""
        leads: set[str] = set()
        language, words = self.line.language, self.line.words
        for _ in range(_MOST_LEADS):
            lead = language.leads.at(words, at)
            if lead is None or language.named.at(words, at) is not None:
                break
            leads.add(lead[0])
            at = lead[1]
        return at, leads - {"also"}

    def _fixed(self, at: int, leads: Collection[str] = ()) -> int | None:
        """A phrase that the word lists name: "in a minute", "tomorrow", "after lunch"."""
        found = self.line.language.named.at(self.line.words, at)
        if found is None:
            return None
        meaning, end = found
        if isinstance(meaning, DayPart) and meaning.at is None and not self._behind_a_number(at):
            return None  # "am at work"
        if isinstance(meaning, CalendarDay) and meaning.loose and not self.pausing and "until" not in leads:
            return None
        match meaning:
            case CalendarDay():
                later = self.line.role("week_later", end) if meaning.weekday is not None else None
                self.days.append(meaning if later is None else replace(meaning, weeks=1))
                end = later or end
            case DayPart():
                self.parts.append(meaning)
            case _:
                self.spans.append(meaning)
        return end

    def _behind_a_number(self, at: int) -> bool:
        line = self.line
        return (at > 0 and (line.number(at - 1) is not None or line.word(at - 1)[:1].isdecimal())) or (
            at > 0 and line.role("oclock", at - 1) is not None
        )

    def _piece(self, at: int, leads: set[str]) -> int | None:
        """A duration goes before a clock time ("2h"), unless a word for one led here or follows."""
        line = self.line
        end = self._fixed(at, leads) or self._in_digits(at, leads) or self._days_through(at)
        end = end or _keep(self.days, date_in_words(line, at, led=bool(leads)))
        if end is not None:
            return end
        told, span = clock_time(line, at, led=_for_clock(leads)), duration(line, at)
        if told is not None and span is not None and "in" not in leads and span[1] <= told[1]:
            span = None if leads or line.tells_half(told[1]) or self._is_clock(at, told, span) else span
        return _keep(self.spans, span) or _keep(self.clocks, told) or self._bare_number(at, leads)

    def _in_digits(self, at: int, leads: set[str]) -> int | None:
        """ "24/12", "until 05-12", "until 2027"."""
        until = "until" in leads
        found = self._digits(at, until=until, clock_first="at" in leads and not until)  # "at 10.30."
        if found is None and until:
            found = year_alone(self.line, at)
        return _keep(self.days, found)

    def _digits(
        self, at: int, *, until: bool = False, clock_first: bool = False
    ) -> tuple[CalendarDay, int] | None:
        return date_in_digits(
            self.line,
            at,
            month_first=self.month_first,
            clock_first=clock_first,
            until=until,
            pausing=self.pausing,
        )

    def _days_through(self, at: int) -> int | None:
        """ "5 to 8 december", "5-8/12", "del 5 al 8": the first day is of the month of the last."""
        line = self.line
        first = line.number(line.skip(at, "the"))
        joined = line.role("through", line.skip(first[1], "ordinals")) if first is not None else None
        if joined is None and first is not None and self.pausing and self._digits(first[1]) is not None:
            joined = first[1]
        if first is None or joined is None or not 1 <= first[0] <= 31:
            return None
        last = self._digits(line.skip(joined, "the")) or date_in_words(line, joined, led=False)
        last = last or self._day_alone(at, line.skip(joined, "the"))
        if (
            last is None
            or last[0].of_month is None
            or (last[0].month is None and last[0].of_month < first[0])
        ):
            return None
        self.days += [replace(last[0], of_month=first[0]), last[0]]
        return last[1]

    def _day_alone(self, at: int, last: int) -> tuple[CalendarDay, int] | None:
        """A number that is a day of the month, for the word before the first one says so: "du", "del"."""
        number = self.line.number(last)
        if number is None or not 1 <= number[0] <= 31 or at == 0 or self.line.role("from", at - 1) is None:
            return None
        return CalendarDay(of_month=number[0]), number[1]

    def _is_clock(self, at: int, told: tuple[ClockTime, int], span: tuple[timedelta, int]) -> bool:
        """Whether hours and minutes that might be a duration are the time of day: "quatre heures moins le
        quart", and "cinq heures et quart" where the language's small hours alone last so long."""
        hour = self.line.number(at)
        return span[1] < told[1] or (
            told[0].wall.minute in (15, 30, 45)
            and hour is not None
            and not self.line.word(at).isdecimal()
            and hour[0] >= self.line.language.clock_with_minutes_from
        )

    def _bare_number(self, at: int, leads: set[str]) -> int | None:
        """A number that nothing else took; "one" is none of itself ("this one")."""
        if self.line.role("articles", at) is not None and not leads:
            return None
        return _keep(self.numbers, self.line.number(at))


def _number_told(asked: TimeExpression) -> TimeExpression:
    """A bare number is a clock time beside a day ("tomorrow 9") and where it reads as one ("1330")."""
    number = asked.number
    if number is None or asked.span is not None or asked.clock is not None:
        return asked
    if (asked.day is not None or asked.part is not None) and number < 24:
        return replace(asked, clock=ClockTime(time(number), exact=number > 12 or number == 0), number=None)
    if 100 <= number < 2400 and number % 100 < 60 and number % 5 == 0:
        return replace(asked, clock=ClockTime(time(number // 100, number % 100)), number=None)
    return asked


def _for_clock(leads: set[str]) -> bool:
    """Whether the words that led here lead to a clock time: "at about 6", not "in about 20"."""
    return "until" in leads or ("at" in leads and "in" not in leads)


def _first(read: list[P]) -> P | None:
    return read[0] if read else None


def _keep(kept: list[P], found: tuple[P, int] | None) -> int | None:
    """Adds what was read. Returns the place after it."""
    if found is None:
        return None
    kept.append(found[0])
    return found[1]
