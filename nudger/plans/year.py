"""The dates of the year ahead: on which a nudge falls, which are alike, on which the clocks change."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from nudger.model import Cron, Every, Kind, Nudge, OnDays
from nudger.schedule import falls_on
from nudger.schedule.minutes import DAY, WALL, span
from nudger.schedule.recurrence import EPOCH

AHEAD = 366  # days, today included

Day = tuple[date, tuple[int, ...]]  # a date, and the indexes of the nudges that fall on it


def alike(nudges: Sequence[Nudge], today: date) -> list[Day]:
    """The dates to look at, in order, each with the nudges that fall on it: one for all that are alike."""
    found: list[tuple[int, tuple[int, ...]]] = [((1 << AHEAD) - 1, ())]
    for index, nudge in enumerate(nudges):
        on = dates_of(nudge, today)
        split = [((dates & on, (*members, index)), (dates & ~on, members)) for dates, members in found]
        found = [part for parts in split for part in parts if part[0]]
    found.sort(key=lambda part: part[0] & -part[0])
    return [
        (today + timedelta(days=(dates & -dates).bit_length() - 1), members)
        for dates, members in found
        if members
    ]


def dates_of(nudge: Nudge, today: date) -> int:
    """The dates that a nudge falls on, as bits; bit 0 is today. The same as `falls_on`, all at once."""
    match nudge.dates:
        case OnDays(weekdays):
            on = _on_days(weekdays, today.weekday())
        case Every(days):
            count = AHEAD // days + 1
            on = ((1 << days * count) - 1) // ((1 << days) - 1) << (
                (nudge.starts or EPOCH) - today
            ).days % days
    if isinstance(nudge.when, Cron):
        on &= _on_cron(nudge.when, today)
    earliest = (nudge.starts - today).days if nudge.starts else 0
    latest = (nudge.ends - today).days if nudge.ends else AHEAD - 1
    return on & span(earliest, min(latest + 1, AHEAD))


@lru_cache(maxsize=1024)
def _on_days(weekdays: frozenset[int], first: int) -> int:
    return sum(1 << ahead for ahead in range(AHEAD) if (first + ahead) % 7 in weekdays)


@lru_cache(maxsize=1024)
def _on_cron(cron: Cron, today: date) -> int:
    nudge = Nudge("", Kind.REST, cron)
    return sum(1 << ahead for ahead in range(AHEAD) if falls_on(nudge, today + timedelta(days=ahead)))


@lru_cache(maxsize=1024)
def changes(zone: tzinfo, today: date) -> tuple[tuple[date, time], ...]:
    """The dates on which the clocks change, and the wall time by which it is over."""
    days = [today + timedelta(days=ahead) for ahead in range(AHEAD + 1)]
    offsets = [_offset(zone, day, 0) for day in days]
    return tuple(
        (day, _until(zone, day))
        for day, offset, next_offset in zip(days, offsets, offsets[1:], strict=False)
        if offset != next_offset
    )


def _until(zone: tzinfo, day: date) -> time:
    """The wall time of a date from which on it has the offset that it ends with."""
    last = _offset(zone, day, DAY - 1)
    low, high = 0, DAY - 1
    while low < high:
        middle = (low + high) // 2
        if _offset(zone, day, middle) == last:
            high = middle
        else:
            low = middle + 1
    return WALL[low]


def _offset(zone: tzinfo, day: date, minute: int) -> timedelta | None:
    return datetime.combine(day, WALL[minute], zone).utcoffset()
