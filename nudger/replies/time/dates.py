"""Reading dates: "24/12", "2026-12-10", "until 05-12", "december 1", "the 1st", "until 2027".

Digits with a dot or a dash between them are times as well ("9.30", "5-6"): which is meant is told by the
numbers, by the country, and by whether the text asks for days of quiet.
"""

import re

from nudger.replies.time.durations import Line
from nudger.replies.time.timewords import Day

Read = tuple[Day, int] | None  # the date, and the place after it

_FRACTIONS = ("1/2", "1/4", "3/4")
_YEAR_FIRST = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_DIGITS = re.compile(r"\d{1,2}([/.-])\d{1,2}(?:\1(?:\d{2,4})?)?")
_YEAR = re.compile(r"20(?:2[4-9]|[3-9]\d)")
_LAST_HOUR, _LAST_MONTH = 23, 12
_AN_HOUR_OR_TWO = (1, 2)  # "until 2-3" is an hour, not a day


def date_in_digits(
    line: Line, at: int, *, month_first: bool, clock_first: bool, until: bool, pausing: bool
) -> Read:
    """Of two numbers up to twelve the country says which is the month. What is a date by its form and none
    by the calendar ("31/2", "32.1.") is a day that never comes; "10.30.", or "10.12." with `clock_first`, is
    a clock time at the end of a sentence. `until`: a word for an end led here."""
    word = line.word(at)
    if word in _FRACTIONS:
        return None
    if _YEAR_FIRST.fullmatch(word):
        written, month, day = map(int, word.split("-"))
        return Day(of_month=day, month=month, year=written), at + 1
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
    return Day(of_month=day, month=month, year=year), at + 1


def _ends_a_sentence(hour: int, minute: int, *, clock_first: bool) -> bool:
    return hour <= _LAST_HOUR and minute < 60 and (minute > _LAST_MONTH or clock_first)


def _dotted(line: Line, at: int, *, until: bool, pausing: bool) -> bool:
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


def date_in_words(line: Line, at: int, *, led: bool) -> Read:
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
    return (Day(of_month=number[0]), end) if end > number[1] else None


def _with_year(line: Line, day: int, month: int, at: int) -> Read:
    year = line.skip(at, "of")
    if _YEAR.fullmatch(line.word(year)) is None or line.tells_half(year + 1):
        return Day(of_month=day, month=month), at
    return Day(of_month=day, month=month, year=int(line.word(year))), year + 1


def year_alone(line: Line, at: int) -> Read:
    """ "2027", its first day. "2030" is half past eight in the evening as well, and remains so."""
    word = line.word(at)
    if _YEAR.fullmatch(word) is None or int(word) % 5 == 0:
        return None
    if line.unit(at + 1) or line.role("oclock", at + 1) or line.tells_half(at + 1):
        return None
    return Day(of_month=1, month=1, year=int(word)), at + 1
