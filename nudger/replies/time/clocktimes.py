"""Reading clock times: "6pm", "half past four", "at 1630", "las seis y media", "18 h 30"."""

from datetime import time

from nudger.replies.time.durations import Line
from nudger.replies.time.timewords import Clock

Read = tuple[Clock, int] | None  # the time, and the place after it

_HALF_HOUR, _QUARTER = 30, 15


def clock_time(line: Line, at: int, *, led: bool) -> Read:
    """The clock time that begins at this place. `led`: "at" or the like stands before it, so that a
    bare number is one."""
    at = line.skip(at, "the")
    return _named(line, at) or _around(line, at) or _written(line, at) or _spoken(line, at, led=led)


def _named(line: Line, at: int) -> Read:
    """ "noon", "12 noon", "midi et demi"."""
    named = line.language.clocks.at(line.words, at + (line.word(at) == "12"))
    if named is None:
        return None
    minutes, end = _minutes_after(line, named[1]) or (0, named[1])
    return _clock(named[0].hour, minutes, end, exact=True)


def _around(line: Line, at: int) -> Read:
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


def _written(line: Line, at: int) -> Read:
    """ "6:30", "6.30", "16:30", "06:00"; and "until 5-30", "until 5-6", which are no dates."""
    word = line.word(at)
    sign = next((one for one in ":-" if one in word), ".")
    hour, mark, minute = word.rstrip(".").partition(sign)  # "10.30." ends a sentence
    if mark == "-" and hour.isdecimal() and minute.isdecimal() and int(minute) - int(hour) in (1, 2):
        return _clock(int(hour), 0, at + 1)
    if not mark or not hour.isdecimal() or not minute.isdecimal() or len(minute) != 2 or len(hour) > 2:
        return None
    return _clock(int(hour), int(minute), at + 1, exact=hour.startswith("0"))


def _spoken(line: Line, at: int, *, led: bool) -> Read:
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


def _packed(line: Line, at: int) -> Read:
    """ "630", "1630", "0900"."""
    word = line.word(at)
    if not word.isdecimal() or not 3 <= len(word) <= 4:
        return None
    return _clock(int(word[:-2]), int(word[-2:]), at + 1, exact=word.startswith("0"))


def _minutes_after(line: Line, at: int) -> tuple[int, int] | None:
    """The minutes behind an hour: "y media", "et quart", "moins le quart", "thirty", "30"."""
    for role, sign in (("minus", -1), ("plus", 1)):
        start = line.role(role, at)
        found = _minutes(line, line.skip(start, "the", "articles")) if start is not None else None
        if found is not None:
            return sign * found[0], found[1]
    number = line.number(at)
    told = number is not None and 10 <= number[0] < 60 and line.unit(number[1]) is None
    return number if told else None


def _minutes(line: Line, at: int) -> tuple[int, int] | None:
    """A count of minutes: "half", "quarter", "ten"."""
    for role, minutes in (("half", _HALF_HOUR), ("quarter", _QUARTER)):
        end = line.role(role, at)
        if end is not None:
            return minutes, end
    number = line.number(at)
    return number if number is not None and 0 < number[0] < 60 else None


def _hour(line: Line, at: int) -> tuple[int, int] | None:
    found = line.number(at)
    return found if found is not None and found[0] < 24 else None


def _clock(hour: int, minutes: int, end: int, *, exact: bool = False) -> Read:
    """The clock time so many minutes after, or before, a full hour."""
    if hour > 23 or not -60 < minutes < 60:
        return None
    shown, minute = divmod((hour * 60 + minutes) % 1440, 60)
    if 1 <= hour <= 12 and shown == 0:  # a quarter to one
        shown = 12
    return Clock(time(shown, minute), exact or hour > 12 or hour == 0), end
