"""Reads times, windows, durations and days as people write them. Each reader raises Wrong."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache

from nudger.instants import YEARS, computable_date
from nudger.model import Window
from nudger.plans.faults import Wrong, did_you_mean, meant, shown
from nudger.schedule import check_cron

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SETS_OF_DAYS = {
    "daily": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "weekends": frozenset((5, 6)),
}
CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
WINDOW = rf"{CLOCK} ?- ?{CLOCK}"
DURATION = (
    r"(?=.*[0-9])(?:([0-9]{1,4}) ?(?:w|weeks?))? ?(?:([0-9]{1,4}) ?(?:d|days?))?"
    r" ?(?:([0-9]{1,4}) ?(?:h|hours?))? ?(?:([0-9]{1,5}) ?(?:m|min|mins|minutes?))?"
)
EVERY = r"(?=.*[0-9])(?:[0-9]{1,4} ?(?:w|weeks?))? ?(?:[0-9]{1,4} ?(?:d|days?))?"

_CLOCK = re.compile(CLOCK)
_WINDOW = re.compile(rf"({CLOCK}) ?- ?({CLOCK})")
_DURATION = re.compile(DURATION)
_EVERY = re.compile(EVERY)
_LOOSE_TIME = re.compile(
    r"([0-9]{1,2})(?:\s*[:.,hH]\s*([0-9]{2})?|([0-9]{2}))?(?::[0-9]{2})?\s*([aApP])?[mM]?"
)
_LOOSE_WINDOW = re.compile(r"(.{1,12}?)\s*(?:-|–|—|to|until)\s*(.{1,12})")
_LOOSE_HOURS = re.compile(r"([0-9]{1,2})[.,]5 ?(?:h|hours?)")
_ALSO_DAYS = {"everyday": "daily", "every day": "daily", "weekday": "weekdays", "weekend": "weekends"}
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIMES = "hours from 0 to 23, a colon, minutes from 00 to 59"
_NONE = ("none", "off", "no", "")
_LONGEST_EVERY = timedelta(days=3660)
LONGEST = 60  # characters of a text that may be a time, a window, a duration or a day
A_DAY = timedelta(days=1)


def read_time(value: object) -> time:
    """ "09:30", "9:30" or a TOML local time on a whole minute."""
    wall = _wall(_short(value))
    if wall is not None:
        return wall
    if isinstance(value, time) and not value.second and not value.microsecond:
        return value
    raise Wrong(f'expected a time like "09:30", got {shown(value)}', did_you_mean(_loose_time(value), _TIMES))


def read_window(value: object) -> Window:
    """A window of one day: it may not pass midnight."""
    window = _any_window(value, "a window", "10:00-17:00")
    if window.end < window.start:
        hint = 'end it at "23:59" at the latest, and give what comes after midnight a nudge of its own'
        raise Wrong(f"expected a window that does not pass midnight, got {shown(value)}", hint)
    return window


def read_quiet(value: object) -> Window | None:
    """Quiet hours, which may pass midnight; None for "none"."""
    if value == "none":
        return None
    if value is False or (isinstance(value, str) and _short(value).strip().lower() in _NONE):
        raise Wrong(f'expected quiet hours like "20:00-09:00", got {shown(value)}', did_you_mean("none"))
    return _any_window(value, "quiet hours", "20:00-09:00")


def duration(least: timedelta, most: timedelta) -> Callable[[object], timedelta]:
    """A reader of durations in these bounds."""

    def read(value: object) -> timedelta:
        span = _span(_short(value))
        if span is None:
            raise Wrong(
                f'expected a duration like "90m" or "1h30m", got {shown(value)}',
                did_you_mean(_loose_duration(value), "a number and m, h, days or weeks"),
            )
        if not least <= span <= most:
            raise Wrong(f"expected a duration from {in_words(least)} to {in_words(most)}, got {shown(value)}")
        return span

    return read


def read_every(value: object) -> int:
    """Whole days: "3 days", "2 weeks"."""
    text = _short(value)
    span = _span(text) if _EVERY.fullmatch(text) else None
    if span is None:
        raise Wrong(
            f'expected days or weeks like "3 days" or "2 weeks", got {shown(value)}',
            did_you_mean(_loose_every(value), '`every` takes days or weeks; for "every day" leave it out'),
        )
    if not A_DAY <= span <= _LONGEST_EVERY:
        raise Wrong(f"expected 1 day to ten years, got {shown(value)}")
    return span // A_DAY


def read_day(value: object) -> int:
    """One day of the week, Monday is 0."""
    if isinstance(value, str) and value in DAYS:
        return DAYS.index(value)
    guess = meant(value, SETS_OF_DAYS, _ALSO_DAYS) or _named_day(value)
    hint = did_you_mean(guess, "mon tue wed thu fri sat sun")
    if _short(value) in SETS_OF_DAYS:
        hint = f'"{value}" stands alone: days = "{value}"'
    raise Wrong(f'expected "daily", "weekdays", "weekends" or days like "mon", got {shown(value)}', hint)


def read_date(value: object) -> date:
    """A TOML local date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        if not computable_date(value):
            raise Wrong(f"expected a date of {YEARS}, got {shown(value)}", "leave it out where there is none")
        return value
    raise Wrong(f"expected a date like 2026-12-01, got {shown(value)}", _loose_date(value))


def read_cron(value: object) -> str:
    """Five fields, in which some date comes."""
    if not isinstance(value, str):
        raise Wrong(f'expected five fields like "30 16 * * sun", got {shown(value)}', "put it in quotes")
    if problem := _cron_problem(value) if len(value) <= LONGEST else check_cron(value):
        if problem.startswith("it never"):
            raise Wrong(problem, "minute hour day month weekday: see the day and the month")
        hint = "minute hour day month weekday" if problem.startswith("expected") else problem
        raise Wrong(f'expected five fields like "30 16 * * sun", got {shown(value)}', hint)
    return value


def in_words(span: timedelta) -> str:
    """A duration as plans write it: "2h", "1h30m"."""
    hours, minutes = divmod(in_minutes(span), 60)
    return f"{hours}h{minutes}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"


def in_minutes(span: timedelta) -> int:
    return -(-span // timedelta(minutes=1))


# These see the same few texts in many plans, and so their values are shared among the plans.
@lru_cache(maxsize=4096)
def _wall(text: str) -> time | None:
    if not _CLOCK.fullmatch(text):
        return None
    hour, minute = text.split(":")
    return time(int(hour), int(minute))


@lru_cache(maxsize=16384)
def _window(text: str) -> Window | None:
    found = _WINDOW.fullmatch(text)
    start, end = (_wall(found[1]), _wall(found[2])) if found else (None, None)
    return Window(start, end) if start is not None and end is not None else None


@lru_cache(maxsize=1024)
def _span(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    weeks, days, hours, minutes = (int(number or 0) for number in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


@lru_cache(maxsize=1024)
def _cron_problem(expression: str) -> str | None:
    return check_cron(expression)


def _any_window(value: object, what: str, example: str) -> Window:
    window = _window(_short(value))
    if window is None:
        hint = did_you_mean(_loose_window(value), "two times with a hyphen between them")
        raise Wrong(f'expected {what} like "{example}", got {shown(value)}', hint)
    if window.start == window.end:
        hint = "the start is included, the end is not"
        raise Wrong(f"expected {what} with two different ends, got {shown(value)}", hint)
    return window


def _loose_time(value: object) -> str:
    """What somebody most likely meant who wrote a time in another way; "" if it cannot be told."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    text = str(value) if type(value) is int and 0 <= value < 2400 else _short(value).strip()
    found = _LOOSE_TIME.fullmatch(text)
    if not found:
        return ""
    hour, minute, half = int(found[1]), int(found[2] or found[3] or 0), (found[4] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"{hour % 24:02}:{minute:02}" if hour <= 24 and minute < 60 else ""


def _loose_window(value: object) -> str:
    found = _LOOSE_WINDOW.fullmatch(_short(value).strip())
    start, end = (_loose_time(found[1]), _loose_time(found[2])) if found else ("", "")
    return f"{start}-{end}" if start and end and start != end else ""


def _loose_duration(value: object) -> str:
    if type(value) is int:
        return f"{value}h" if 0 < value <= 12 else f"{value}m" if 12 < value < 10_000 else ""
    text = _short(value).strip().lower().removeprefix("pt")
    if text.isdecimal() and len(text) < 5:
        return f"{text}m" if len(text) > 1 else f"{text}h"
    if found := _LOOSE_HOURS.fullmatch(text):
        return f"{found[1]}h30m"
    text = text.replace("hrs", "h").replace("hr", "h").replace(" and ", " ").replace(",", "")
    return text if _span(text) is not None else ""


def _loose_every(value: object) -> str:
    if type(value) is int and 0 < value < 1000:
        return "1 day" if value == 1 else f"{value} days"
    text = _short(value).strip().lower()
    words = {"day": "1 day", "week": "1 week", "month": "4 weeks", "1 month": "4 weeks", "weekly": "1 week"}
    return words.get(text, "") or (text if _EVERY.fullmatch(text) else "")


def _loose_date(value: object) -> str:
    if isinstance(value, datetime):
        return f"did you mean {value.date().isoformat()}, without a time?"
    try:
        return f"did you mean {date.fromisoformat(_short(value).strip()[:10]).isoformat()}, without quotes?"
    except ValueError:
        return "year, month, day, without quotes"


def _named_day(value: object) -> str:
    """The day whose name in full, or begun, this is: "Monday", "thurs"."""
    name = _short(value).strip().lower()
    begun = [day for day in _NAMES if len(name) >= 3 and day.startswith(name)]
    near = begun or get_close_matches(name, _NAMES, n=1, cutoff=0.7)
    return near[0][:3] if near else ""


def _short(value: object) -> str:
    """`value` if it is a text of a length to read and to keep, else ""."""
    return value if isinstance(value, str) and len(value) <= LONGEST else ""
