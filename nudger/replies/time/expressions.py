"""Reading the pieces that tell a time.

Durations: "20 min", "an hour and a half", "2h30", "media hora", "trois quarts d'heure".
Clock times: "6pm", "half past four", "at 1630", "las seis y media", "18 h 30".
Dates: "24/12", "2026-12-10", "until 05-12", "december 1", "the 1st", "until 2027".

Digits with a dot or a dash between them are times as well as dates ("9.30", "5-6"): which is meant is told by
the numbers, by the country, and by whether the text asks for days of quiet.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time, timedelta

from nudger.replies.time.lexicon import CalendarDay, ClockTime, TimeWords

_DECIMAL = re.compile(r"\d+[.,]\d+")
_LONGEST_NUMBER = 6  # digits; a longer one is a phone number or a prank

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

ReadDuration = tuple[timedelta, int] | None  # the duration, and the place after it


@dataclass(frozen=True, slots=True)
class TimeTokens:
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


def duration(line: TimeTokens, at: int) -> ReadDuration:
    """The duration that begins at this place."""
    found = _fraction(line, at) or _counted(line, at)
    while found is not None:
        more = _half_more(line, *found) or _minutes_more(line, *found)
        if more is None:
            break
        found = more
    return found


def _fraction(line: TimeTokens, at: int) -> ReadDuration:
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


def _counted(line: TimeTokens, at: int) -> ReadDuration:
    """ "20 min", "2 and a half hours", "1.5h", "another hour", "30 more minutes"."""
    at = line.skip(at, "more")
    quantity, place = _quantity(line, at) or (1.0, line.skip(at, "articles", "more"))
    unit = line.unit(line.skip(place, "of", "more"))
    if unit is None or quantity > 1000 or _is_clock(line, quantity, place):
        return None
    if place == at and unit[0] != HOUR:  # "hour" is one, "week" and "min" are none
        return None
    return unit[0] * quantity, unit[1]


def _is_clock(line: TimeTokens, quantity: float, place: int) -> bool:
    """Whether "18h" and "18h30" are clock times: by the language's habit."""
    after = line.role("oclock", place)
    if after is None or quantity > 23:
        return False
    from_hour = line.language.clock_from_hour
    return quantity >= (min(13, from_hour) if line.word(after).isdecimal() else from_hour)


def _quantity(line: TimeTokens, at: int) -> tuple[float, int] | None:
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


def _half_more(line: TimeTokens, span: timedelta, at: int) -> ReadDuration:
    """What "and a half", "et quart" adds: to hours and whole days."""
    start = line.skip(line.skip(at, "and"), "articles")
    half, quarter = line.role("half", start), line.role("quarter", start)
    unit = DAY if span % DAY == timedelta() else HOUR
    if span % unit or not (half or quarter) or (start == at and half is None):
        return None
    return (span + unit / 2, half) if half is not None else (span + unit / 4, quarter or at)


def _minutes_more(line: TimeTokens, span: timedelta, at: int) -> ReadDuration:
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


# --- clock times --------------------------------------------------------------------------------------
ReadClock = tuple[ClockTime, int] | None  # the time, and the place after it

_HALF_HOUR, _QUARTER = 30, 15


def clock_time(line: TimeTokens, at: int, *, led: bool) -> ReadClock:
    """The clock time that begins at this place. `led`: "at" or the like stands before it, so that a
    bare number is one."""
    at = line.skip(at, "the")
    return _named(line, at) or _around(line, at) or _written(line, at) or _spoken(line, at, led=led)


def _named(line: TimeTokens, at: int) -> ReadClock:
    """ "noon", "12 noon", "midi et demi"."""
    named = line.language.clocks.at(line.words, at + (line.word(at) == "12"))
    if named is None:
        return None
    minutes, end = _minutes_after(line, named[1]) or (0, named[1])
    return _clock(named[0].hour, minutes, end, exact=True)


def _around(line: TimeTokens, at: int) -> ReadClock:
    """ "half past 4", "quarter to five", "10 to 6", "un cuarto para las cinco"; and "half six"."""
    minutes, end = _minutes(line, line.skip(at, "articles")) or (0, at)
    if minutes == 0 or minutes % 5:
        return None
    past, to = line.role("past", end), line.role("to", end)
    bare_half = line.language.half_is_past and minutes == _HALF_HOUR and line.number(at) is None
    if past is None and to is None and not bare_half:
        return None
    hour = _hour(line, line.skip(past or to or end, "the"))
    if hour is None:
        return None
    return _clock(hour[0], -minutes if past is None and to is not None else minutes, hour[1])


def _written(line: TimeTokens, at: int) -> ReadClock:
    """ "6:30", "6.30", "16:30", "06:00"; and "until 5-30", "until 5-6", which are no dates."""
    word = line.word(at)
    sign = next((one for one in ":-" if one in word), ".")
    hour, mark, minute = word.rstrip(".").partition(sign)  # "10.30." ends a sentence
    if mark == "-" and hour.isdecimal() and minute.isdecimal() and int(minute) - int(hour) in (1, 2):
        return _clock(int(hour), 0, at + 1)
    if not mark or not hour.isdecimal() or not minute.isdecimal() or len(minute) != 2 or len(hour) > 2:
        return None
    return _clock(int(hour), int(minute), at + 1, exact=hour.startswith("0"))


def _spoken(line: TimeTokens, at: int, *, led: bool) -> ReadClock:
    """ "6", "six thirty", "6 o'clock", "18 h 30", "cinq heures moins le quart"; "1630" where it is told."""
    if led or line.tells_half(at + 1):
        packed = _packed(line, at)
        if packed is not None:
            return packed
    hour = _hour(line, at)
    if hour is None:
        return None
    end = line.skip(hour[1], "oclock")
    minutes = _minutes_after(line, end)
    if minutes is not None:
        return _clock(hour[0], minutes[0], minutes[1])
    told = led or end > hour[1] or line.tells_half(end)
    return _clock(hour[0], 0, end, exact=len(line.word(at)) > 1 and line.word(at)[0] == "0") if told else None


def _packed(line: TimeTokens, at: int) -> ReadClock:
    """ "630", "1630", "0900"."""
    word = line.word(at)
    if not word.isdecimal() or not 3 <= len(word) <= 4:
        return None
    return _clock(int(word[:-2]), int(word[-2:]), at + 1, exact=word.startswith("0"))


def _minutes_after(line: TimeTokens, at: int) -> tuple[int, int] | None:
    """The minutes behind an hour: "y media", "et quart", "moins le quart", "thirty", "30"."""
    for role, sign in (("minus", -1), ("plus", 1)):
        start = line.role(role, at)
        found = _minutes(line, line.skip(start, "the", "articles")) if start is not None else None
        if found is not None:
            return sign * found[0], found[1]
    number = line.number(at)
    told = number is not None and 10 <= number[0] < 60 and line.unit(number[1]) is None
    return number if told else None


def _minutes(line: TimeTokens, at: int) -> tuple[int, int] | None:
    """A count of minutes: "half", "quarter", "ten"."""
    for role, minutes in (("half", _HALF_HOUR), ("quarter", _QUARTER)):
        end = line.role(role, at)
        if end is not None:
            return minutes, end
    number = line.number(at)
    return number if number is not None and 0 < number[0] < 60 else None


def _hour(line: TimeTokens, at: int) -> tuple[int, int] | None:
    found = line.number(at)
    return found if found is not None and found[0] < 24 else None


def _clock(hour: int, minutes: int, end: int, *, exact: bool = False) -> ReadClock:
    """The clock time so many minutes after, or before, a full hour."""
    if hour > 23 or not -60 < minutes < 60:
        return None
    shown, minute = divmod((hour * 60 + minutes) % 1440, 60)
    if 1 <= hour <= 12 and shown == 0:  # a quarter to one
        shown = 12
    return ClockTime(time(shown, minute), exact or hour > 12 or hour == 0), end


# --- dates --------------------------------------------------------------------------------------------
ReadDate = tuple[CalendarDay, int] | None  # the date, and the place after it

_FRACTIONS = ("1/2", "1/4", "3/4")
_YEAR_FIRST = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_DIGITS = re.compile(r"\d{1,2}([/.-])\d{1,2}(?:\1(?:\d{2,4})?)?")
_YEAR = re.compile(r"20(?:2[4-9]|[3-9]\d)")
_LAST_HOUR, _LAST_MONTH = 23, 12
_AN_HOUR_OR_TWO = (1, 2)  # "until 2-3" is an hour, not a day


def date_in_digits(
    line: TimeTokens, at: int, *, month_first: bool, clock_first: bool, until: bool, pausing: bool
) -> ReadDate:
    """Of two numbers up to twelve the country says which is the month. What is a date by its form and none
    by the calendar ("31/2", "32.1.") is a day that never comes; "10.30.", or "10.12." with `clock_first`, is
    a clock time at the end of a sentence. `until`: a word for an end led here."""
    word = line.word(at)
    if word in _FRACTIONS:
        return None
    if _YEAR_FIRST.fullmatch(word):
        written, month, day = map(int, word.split("-"))
        return CalendarDay(of_month=day, month=month, year=written), at + 1
    found = _DIGITS.fullmatch(word)
    if found is None or word.endswith(("/", "-")):
        return None
    mark, (first, second, *years) = found[1], [int(one) for one in word.split(found[1]) if one]
    if not years and (
        (mark == "." and word.endswith(".") and _ends_a_sentence(first, second, clock_first=clock_first))
        or (mark == "." and not word.endswith(".") and not _dotted(line, at, until=until, pausing=pausing))
        or (mark == "-" and not _dashed(word, month_first=month_first, pausing=pausing))
    ):
        return None
    by_country = mark != "." or not (years or word.endswith("."))  # "10.12." is a day and a month everywhere
    day, month = first, second
    if by_country and (month > _LAST_MONTH >= day or (month_first and day <= _LAST_MONTH)):
        day, month = month, day
    year = years[0] + (2000 if years[0] < 100 else 0) if years else None
    return CalendarDay(of_month=day, month=month, year=year), at + 1


def _ends_a_sentence(hour: int, minute: int, *, clock_first: bool) -> bool:
    return hour <= _LAST_HOUR and minute < 60 and (minute > _LAST_MONTH or clock_first)


def _dotted(line: TimeTokens, at: int, *, until: bool, pausing: bool) -> bool:
    """Whether "5.12" is a date: where it can be no hour, and in a pause where nobody says such minutes."""
    first, second = line.word(at).split(".")
    if not (until or pausing) or int(first) == 0 or line.unit(at + 1) or line.tells_half(at + 1):
        return False
    if int(first) > _LAST_HOUR:
        return int(second) <= _LAST_MONTH
    odd = int(second) % 5 != 0 if len(second) > 1 else until
    return pausing and odd and min(int(first), int(second)) <= _LAST_MONTH and int(second) <= 31


def _dashed(word: str, *, month_first: bool, pausing: bool) -> bool:
    """Whether "05-12" is a date: in the order of the country, or where it can be no time of day."""
    first, second = word.split("-")
    day, month = (int(second), int(first)) if month_first else (int(first), int(second))
    if not pausing and "0" not in (first[0], second[0]) and int(second) - int(first) in _AN_HOUR_OR_TWO:
        return False
    if 1 <= month <= _LAST_MONTH and 1 <= day <= 31:
        return True
    return int(first) > _LAST_HOUR or (int(second) % 5 != 0 and int(second) <= 31)


def date_in_words(line: TimeTokens, at: int, *, led: bool) -> ReadDate:
    """ "december 1", "1st of december 2026", "the 1st"; and "december", where a word led to it."""
    months = line.language.months
    month = months.at(line.words, at)
    if month is not None:
        number = line.number(month[1])
        if number is not None and 1 <= number[0] <= 31:
            return _with_year(line, number[0], month[0], line.skip(number[1], "ordinals"))
        return _with_year(line, 1, month[0], month[1]) if led else None
    at = line.skip(at, "the")
    number = line.number(at)
    if number is None or not 1 <= number[0] <= 31:
        return None
    end = line.skip(number[1], "ordinals")
    month = months.at(line.words, line.skip(end, "of"))
    if month is not None:
        return _with_year(line, number[0], month[0], month[1])
    return (CalendarDay(of_month=number[0]), end) if end > number[1] else None


def _with_year(line: TimeTokens, day: int, month: int, at: int) -> ReadDate:
    year = line.skip(at, "of")
    if _YEAR.fullmatch(line.word(year)) is None or line.tells_half(year + 1):
        return CalendarDay(of_month=day, month=month), at
    return CalendarDay(of_month=day, month=month, year=int(line.word(year))), year + 1


def year_alone(line: TimeTokens, at: int) -> ReadDate:
    """ "2027", its first day. "2030" is half past eight in the evening as well, and remains so."""
    word = line.word(at)
    if _YEAR.fullmatch(word) is None or int(word) % 5 == 0:
        return None
    if line.unit(at + 1) or line.role("oclock", at + 1) or line.tells_half(at + 1):
        return None
    return CalendarDay(of_month=1, month=1, year=int(word)), at + 1
