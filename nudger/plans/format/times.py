"""Reads time zones, times, windows, durations and days as people write them. Each reader raises Wrong.

A zone is an Area/City name that tzdata knows, or UTC; for another, it is guessed which one somebody meant.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import lru_cache

from nudger.domain.effects import YEARS, computable_date
from nudger.domain.model import Window
from nudger.plans.format.faults import Facts, Wrong, did_you_mean, meant, shown
from nudger.schedule import check_cron

EXAMPLE = "Europe/London"
LONGEST_NAME = 64  # characters
SHORTEST_TAPER, LONGEST_TAPER = 14, 731  # days
_REFUSED = (
    "Etc/",
    "SystemV/",
    "posix/",
    "right/",
)  # fixed offsets and copies, Etc/GMT+5 with its sign reversed
_NAME = re.compile(r"(?!etc/|systemv/|posix/|right/|gmt|utc)[^\W\d]")  # else it is an offset
_CITY = "name a city of the zone: an offset or an abbreviation does not know when the clocks change"

# What people and other systems write, in lower case -> the zone that they mean.
_MEANT = {
    # tzdata's names without an area
    "cst6cdt": "America/Chicago",
    "cuba": "America/Havana",
    "egypt": "Africa/Cairo",
    "eire": "Europe/Dublin",
    "est": "America/New_York",
    "est5edt": "America/New_York",
    "gb": "Europe/London",
    "gb-eire": "Europe/London",
    "gmt": "UTC",
    "gmt0": "UTC",
    "gmt+0": "UTC",
    "gmt-0": "UTC",
    "greenwich": "UTC",
    "hongkong": "Asia/Hong_Kong",
    "hst": "Pacific/Honolulu",
    "iceland": "Atlantic/Reykjavik",
    "iran": "Asia/Tehran",
    "israel": "Asia/Jerusalem",
    "jamaica": "America/Jamaica",
    "japan": "Asia/Tokyo",
    "kwajalein": "Pacific/Kwajalein",
    "libya": "Africa/Tripoli",
    "mst": "America/Denver",
    "mst7mdt": "America/Denver",
    "navajo": "America/Denver",
    "nz": "Pacific/Auckland",
    "nz-chat": "Pacific/Chatham",
    "poland": "Europe/Warsaw",
    "portugal": "Europe/Lisbon",
    "prc": "Asia/Shanghai",
    "pst8pdt": "America/Los_Angeles",
    "roc": "Asia/Taipei",
    "rok": "Asia/Seoul",
    "singapore": "Asia/Singapore",
    "turkey": "Europe/Istanbul",
    "w-su": "Europe/Moscow",
    "cet": "Europe/Berlin",
    "met": "Europe/Berlin",
    "eet": "Europe/Athens",
    "wet": "Europe/Lisbon",
    "uct": "UTC",
    "universal": "UTC",
    "zulu": "UTC",
    "z": "UTC",
    "utc+0": "UTC",
    "+00:00": "UTC",
    "etc/utc": "UTC",
    "etc/uct": "UTC",
    "etc/gmt": "UTC",
    "etc/greenwich": "UTC",
    "etc/universal": "UTC",
    "etc/zulu": "UTC",
    # abbreviations of one meaning in everyday use
    "edt": "America/New_York",
    "et": "America/New_York",
    "cdt": "America/Chicago",
    "mdt": "America/Denver",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "akst": "America/Anchorage",
    "akdt": "America/Anchorage",
    "cest": "Europe/Berlin",
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "eest": "Europe/Athens",
    "msk": "Europe/Moscow",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "aest": "Australia/Sydney",
    "aedt": "Australia/Sydney",
    "awst": "Australia/Perth",
    "nzst": "Pacific/Auckland",
    "nzdt": "Pacific/Auckland",
    # Windows
    "gmt standard time": "Europe/London",
    "w. europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
    "central europe standard time": "Europe/Budapest",
    "eastern standard time": "America/New_York",
    "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver",
    "pacific standard time": "America/Los_Angeles",
    "india standard time": "Asia/Kolkata",
    "tokyo standard time": "Asia/Tokyo",
    "china standard time": "Asia/Shanghai",
    "aus eastern standard time": "Australia/Sydney",
    # countries of one zone
    "germany": "Europe/Berlin",
    "france": "Europe/Paris",
    "spain": "Europe/Madrid",
    "italy": "Europe/Rome",
    "ireland": "Europe/Dublin",
    "india": "Asia/Kolkata",
    "uk": "Europe/London",
}


def read_zone(value: object, facts: Facts) -> str:
    """Reads a time zone: an Area/City name that tzdata knows (old names such as US/Eastern too), or UTC."""
    if isinstance(value, str) and _is_area_city(value) and facts.zone(value) is not None:
        return value
    if not isinstance(value, str):
        raise Wrong(f'expected a time zone like "{EXAMPLE}", got {shown(value)}', "put its name in quotes")
    hint = did_you_mean(_meant(value.strip()[:LONGEST_NAME], facts.zone_names), _CITY)
    raise Wrong(f'expected a time zone like "{EXAMPLE}", got {shown(value)}', hint)


def _is_area_city(name: str) -> bool:
    if name == "UTC":
        return True
    return len(name) <= LONGEST_NAME and "/" in name and ".." not in name and not name.startswith(_REFUSED)


@lru_cache(maxsize=256)  # a roster may hold the same wrong zone on every row, and a guess costs 10 ms
def _meant(name: str, known: frozenset[str]) -> str:
    """The zone that this comes close to, by its name as a whole or by its city; "" for none."""
    folded = name.casefold()
    spelt = folded.replace(" ", "_")
    good = [one for one in known if _is_area_city(one)]
    by_name = {one.casefold(): one for one in good}
    if folded in _MEANT or spelt in by_name:
        return _MEANT.get(folded) or by_name[spelt]
    if not _NAME.match(folded):
        return ""
    near = get_close_matches(spelt, by_name, n=1) if "/" in spelt else []
    if near:
        return by_name[near[0]]
    by_city = {one.rpartition("/")[2].casefold(): one for one in sorted(good) if one.count("/") <= 2}
    city = get_close_matches(spelt.rpartition("/")[2].partition(",")[0], by_city, n=1, cutoff=0.75)
    return by_city[city[0]] if city else ""


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
    """Reads "09:30", "9:30" or a TOML local time on a whole minute."""
    wall = _wall(_short(value))
    if wall is not None:
        return wall
    if isinstance(value, time) and not value.second and not value.microsecond:
        return value
    raise Wrong(f'expected a time like "09:30", got {shown(value)}', did_you_mean(_loose_time(value), _TIMES))


def read_window(value: object) -> Window:
    """Reads a window of one day: it may not pass midnight."""
    window = _any_window(value, "a window", "10:00-17:00")
    if window.end < window.start:
        hint = 'end it at "23:59" at the latest, and give what comes after midnight a nudge of its own'
        raise Wrong(f"expected a window that does not pass midnight, got {shown(value)}", hint)
    return window


def read_quiet(value: object) -> Window | None:
    """Reads quiet hours, which may pass midnight; None for "none"."""
    if value == "none":
        return None
    if value is False or (isinstance(value, str) and _short(value).strip().lower() in _NONE):
        raise Wrong(f'expected quiet hours like "20:00-09:00", got {shown(value)}', did_you_mean("none"))
    return _any_window(value, "quiet hours", "20:00-09:00")


def duration(least: timedelta, most: timedelta) -> Callable[[object], timedelta]:
    """Makes a reader of durations in these bounds, both included."""

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
    """Reads a number of whole days: "3 days", "2 weeks"."""
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


def read_taper(value: object) -> int:
    """Reads how many days a taper takes: "12 weeks"."""
    days = read_every(value)
    if not SHORTEST_TAPER <= days <= LONGEST_TAPER:
        raise Wrong(f'expected 2 weeks to 2 years, like "12 weeks", got {shown(value)}')
    return days


def read_day(value: object) -> int:
    """Reads one day of the week, Monday is 0."""
    if isinstance(value, str) and value in DAYS:
        return DAYS.index(value)
    guess = meant(value, SETS_OF_DAYS, _ALSO_DAYS) or _named_day(value)
    hint = did_you_mean(guess, "mon tue wed thu fri sat sun")
    if _short(value) in SETS_OF_DAYS:
        hint = f'"{value}" stands alone: days = "{value}"'
    raise Wrong(f'expected "daily", "weekdays", "weekends" or days like "mon", got {shown(value)}', hint)


def read_date(value: object) -> date:
    """Reads a TOML local date of the years that can be computed with."""
    if isinstance(value, date) and not isinstance(value, datetime):
        if not computable_date(value):
            raise Wrong(f"expected a date of {YEARS}, got {shown(value)}", "leave it out where there is none")
        return value
    raise Wrong(f"expected a date like 2026-12-01, got {shown(value)}", _loose_date(value))


def read_cron(value: object) -> str:
    """Reads five cron fields, in which some date comes."""
    if not isinstance(value, str):
        raise Wrong(f'expected five fields like "30 16 * * sun", got {shown(value)}', "put it in quotes")
    if problem := _cron_problem(value) if len(value) <= LONGEST else check_cron(value):
        if problem.startswith("it never"):
            raise Wrong(problem, "minute hour day month weekday: see the day and the month")
        hint = "minute hour day month weekday" if problem.startswith("expected") else problem
        raise Wrong(f'expected five fields like "30 16 * * sun", got {shown(value)}', hint)
    return value


def in_words(span: timedelta) -> str:
    """Writes a duration as plans write it: "2h", "1h30m"."""
    hours, minutes = divmod(in_minutes(span), 60)
    return f"{hours}h{minutes}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"


def in_minutes(span: timedelta) -> int:
    """Returns whole minutes, rounded up."""
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
