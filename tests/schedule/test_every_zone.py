"""Every change of the clocks of every zone from 2024 to 2030, against an oracle that walks UTC minutes.

The oracle shares no code with schedule/: it reads the local clock at each UTC minute around a change, and
takes a wall time to be there when the clock of that date first shows it or a later one. Zones that change
their clocks alike count as one.
"""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from nudger.domain.model import At, Kind, Nudge, Plan, Window
from nudger.schedule import day_bounds, is_quiet, lay_out, local_date, quiet_ends, quiet_starts_after, resolve

pytestmark = pytest.mark.slow

Zone = Callable[[str], ZoneInfo]

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
QUARTERS = [time(hour, minute) for hour in range(24) for minute in (0, 15, 30, 45)]
QUIET = [Window(time(20), time(9)), Window(time(22, 30), time(2, 15)), Window(time(0, 45), time(1, 30))]
# Changes of an odd size, at midnight, in waking hours, or that are new in tzdata.
ODD = (
    "America/New_York",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Asuncion",
    "America/Havana",
    "America/Nuuk",
    "America/Vancouver",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Australia/Lord_Howe",
    "Pacific/Easter",
)


class Oracle:
    """The local clock for some days around an instant, read minute by minute."""

    def __init__(self, zone: ZoneInfo, around: datetime) -> None:
        start = around - timedelta(hours=52)  # the dates before and after are read whole
        self.instants = [start + n * MINUTE for n in range(104 * 60)]
        self.clocks = [at.astimezone(zone) for at in self.instants]
        self.reached: dict[date, list[tuple[datetime, time]]] = {}
        for at, clock in zip(self.instants, self.clocks, strict=True):
            found = self.reached.setdefault(clock.date(), [])
            if (minute := clock.hour * 60 + clock.minute) >= len(found):
                found += [(at, clock.time())] * (minute + 1 - len(found))

    def resolve(self, day: date, wall: time) -> tuple[datetime, time] | None:
        """When the clock of this date first shows this time or a later one, and what it shows then."""
        found = self.reached.get(day, [])
        minute = wall.hour * 60 + wall.minute
        return found[minute] if minute < len(found) else None

    def firsts(self, wanted: Callable[[time], bool]) -> list[datetime | None]:
        """For each of the instants: the first one from it on at which the clock is as wanted."""
        found: list[datetime | None] = []
        upcoming = None
        for at, clock in zip(reversed(self.instants), reversed(self.clocks), strict=True):
            upcoming = at if wanted(clock.time()) else upcoming
            found.append(upcoming)
        return found[::-1]


@pytest.fixture(scope="module")
def changes(zone: Zone, zone_names: list[str]) -> dict[str, list[datetime]]:
    """Each change of each zone; of zones that change alike only one, the first by name."""
    found: dict[tuple[Any, ...], str] = {}
    for key in sorted(zone_names):
        found.setdefault((_offset(zone(key), FIRST), *_changes(zone(key))), key)
    return {key: [at for at, _ in alike[1:]] for alike, key in found.items()}


def test_every_quarter_hour_around_every_change_is_at_the_instant_that_the_rule_names(
    zone: Zone, changes: dict[str, list[datetime]]
) -> None:
    checked = sum(_check_days(zone(key), at) for key, happen in changes.items() for at in happen)
    assert len(changes) > 60
    assert checked > 100_000


def test_on_a_day_without_a_change_every_zone_shows_the_time_that_was_asked_for(
    zone: Zone, zone_names: list[str]
) -> None:
    for key in zone_names:
        for hour in (0, 13, 23):
            found = resolve(zone(key), date(2026, 11, 23), time(hour, 15))
            assert found
            clock = found.at.astimezone(zone(key))
            assert (clock.date(), clock.time()) == (date(2026, 11, 23), time(hour, 15))


@pytest.mark.parametrize(
    ("key", "at"),
    [
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a date left out
        ("Pacific/Kwajalein", datetime(1993, 8, 21, 12, tzinfo=UTC)),  # another
        ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # from 00:01 back to 23:01
        ("America/St_Johns", datetime(2011, 3, 13, 3, 31, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 2, 18, 2, tzinfo=UTC)),  # from 00:00 back to 23:00
        ("Asia/Pyongyang", datetime(2018, 5, 4, 15, tzinfo=UTC)),  # 23:30 to 00:00, for good
        ("America/Toronto", datetime(1919, 3, 31, 4, 30, tzinfo=UTC)),  # from 23:30 to 00:30 of the next date
        ("America/Caracas", datetime(2016, 5, 1, 7, tzinfo=UTC)),
    ],
)
def test_the_strangest_changes_of_the_past_hold_too(zone: Zone, key: str, at: datetime) -> None:
    assert _check_days(zone(key), at) > 90


def test_quiet_hours_around_every_change_end_and_start_as_the_clock_shows(zone: Zone) -> None:
    changed = [(key, at) for key in ODD for at, _ in _changes(zone(key))[:4]]
    checked = sum(_check_quiet(zone(key), at) for key, at in changed)
    assert checked > 5_000


def _changes(zone: ZoneInfo) -> list[tuple[datetime, timedelta]]:
    """The minutes at which the offset changes, with the new offset. (No two are within three days.)"""
    days = [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]
    offsets = [_offset(zone, at) for at in days]
    found = []
    for day, (before, after) in zip(days, pairwise(offsets), strict=False):
        if before != after:
            minute = bisect_left(range(1440), True, key=lambda n: _offset(zone, day + n * MINUTE) != before)
            found.append((day + minute * MINUTE, after))
    return found


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _check_days(zone: ZoneInfo, at: datetime) -> int:
    oracle = Oracle(zone, at)
    today = at.astimezone(zone).date()
    for day in (today - DAY, today, today + DAY):
        expected = [oracle.resolve(day, wall) for wall in QUARTERS]
        found = [resolve(zone, day, wall) for wall in QUARTERS]
        assert [one and (one.at, one.wall) for one in found] == expected, (zone, day)
        _check_laid_out(zone, day, expected)
        if oracle.reached.get(day):
            start_at = oracle.resolve(day, time(0))
            assert start_at
            assert day_bounds(zone, day)[0] == start_at[0]
            assert local_date(zone, start_at[0]) == day
    return 3 * len(QUARTERS)


def _check_laid_out(zone: ZoneInfo, day: date, expected: list[tuple[datetime, time] | None]) -> None:
    """Eight times a nudge, as a day takes no more; each is one slot or none, and that at its instant."""
    nothing = all(one is None for one in expected)
    for first in range(0, len(QUARTERS), 8):
        nudge = Nudge("rest", Kind.REST, At(tuple(QUARTERS[first : first + 8])))
        plan = Plan("maya", "Maya", zone.key, quiet=None, daily_limit=8, nudges=(nudge,))
        slots = sorted(lay_out(plan, day, "seed", zone), key=lambda slot: slot.number)
        if nothing and not slots:
            continue
        assert [slot.number for slot in slots] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert {slot.local_date for slot in slots} == {day}
        laid = [slot.due_at and (slot.due_at, slot.local_time) for slot in slots]
        assert laid == expected[first : first + 8], (zone, day)
        assert all((slot.due_at is None) == (slot.reason is not None) for slot in slots)


def _check_quiet(zone: ZoneInfo, at: datetime) -> int:
    oracle = Oracle(zone, at)
    middle = oracle.instants.index(at)
    tried = range(middle - 25 * 60, middle + 25 * 60, 25)
    for quiet in QUIET:
        ends = oracle.firsts(lambda wall, quiet=quiet: wall not in quiet)
        starts = oracle.firsts(lambda wall, quiet=quiet: wall in quiet)
        for n in tried:
            now = oracle.instants[n]
            assert is_quiet(zone, quiet, now) == (oracle.clocks[n].time() in quiet)
            assert quiet_ends(zone, quiet, now) == ends[n]
            assert quiet_starts_after(zone, quiet, now) == starts[n]
    return len(QUIET) * len(tried)
