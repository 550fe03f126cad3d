"""Wall times to instants and back, at the corners that have broken other schedulers."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nudger.domain.model import Window
from nudger.schedule import day_bounds, is_quiet, local_date, next_at, quiet_ends, quiet_starts_after, resolve
from nudger.schedule.localtime import local_day

Zone = Callable[[str], ZoneInfo]


def wall(text: str) -> time:
    return time.fromisoformat(text)


def window(text: str) -> Window:
    start, end = text.split("-")
    return Window(wall(start), wall(end))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


CORNERS = [
    # zone, local date, wall time -> the clock then, the instant (UTC)
    ("America/New_York", "2026-03-08", "01:59", "01:59", "2026-03-08 06:59"),
    ("America/New_York", "2026-03-08", "02:00", "03:00", "2026-03-08 07:00"),
    ("America/New_York", "2026-03-08", "02:30", "03:00", "2026-03-08 07:00"),
    ("America/New_York", "2026-03-08", "03:00", "03:00", "2026-03-08 07:00"),
    ("America/New_York", "2026-03-09", "00:00", "00:00", "2026-03-09 04:00"),  # APScheduler skips this one
    ("America/New_York", "2026-11-01", "01:30", "01:30", "2026-11-01 05:30"),  # the first of two
    ("America/New_York", "2026-11-01", "02:00", "02:00", "2026-11-01 07:00"),
    ("America/Santiago", "2026-09-06", "00:00", "01:00", "2026-09-06 04:00"),  # the gap is at midnight
    ("America/Santiago", "2026-04-04", "23:30", "23:30", "2026-04-05 02:30"),
    ("America/Santiago", "2026-04-05", "00:00", "00:00", "2026-04-05 04:00"),
    ("Africa/Cairo", "2026-04-24", "00:30", "01:00", "2026-04-23 22:00"),
    ("Africa/Cairo", "2026-10-29", "23:30", "23:30", "2026-10-29 20:30"),
    ("Pacific/Apia", "2011-12-29", "23:59", "23:59", "2011-12-30 09:59"),
    ("Pacific/Apia", "2011-12-31", "00:00", "00:00", "2011-12-30 10:00"),
    ("Australia/Lord_Howe", "2026-10-04", "02:15", "02:30", "2026-10-03 15:30"),  # half an hour
    ("Australia/Lord_Howe", "2026-04-05", "01:45", "01:45", "2026-04-04 14:45"),
    ("Antarctica/Troll", "2026-03-29", "01:30", "03:00", "2026-03-29 01:00"),  # two hours
    ("Antarctica/Troll", "2026-10-25", "02:30", "02:30", "2026-10-25 00:30"),
    ("Pacific/Easter", "2026-09-05", "22:30", "23:00", "2026-09-06 04:00"),  # in waking hours
    ("Pacific/Easter", "2026-04-04", "21:30", "21:30", "2026-04-05 02:30"),
    ("America/Nuuk", "2026-03-29", "00:00", "00:00", "2026-03-29 01:00"),
    ("America/Nuuk", "2026-10-24", "23:30", "23:30", "2026-10-25 00:30"),
    ("America/St_Johns", "2010-11-07", "00:00", "00:00", "2010-11-07 02:30"),  # 00:01 goes back a date
    ("America/St_Johns", "2010-11-07", "00:01", "00:01", "2010-11-07 03:31"),
    ("Africa/Monrovia", "1972-01-07", "00:10", "00:45", "1972-01-07 00:45"),  # 44 minutes 30 seconds
    ("Etc/UTC", "2026-11-23", "13:00", "13:00", "2026-11-23 13:00"),
]


@pytest.mark.parametrize(("key", "day", "asked", "shown", "at"), CORNERS)
def test_a_wall_time_is_at_one_instant(
    zone: Zone, key: str, day: str, asked: str, shown: str, at: str
) -> None:
    found = resolve(zone(key), date.fromisoformat(day), wall(asked))
    assert found is not None
    assert (found.at, found.wall) == (utc(at), wall(shown))


@pytest.mark.parametrize(
    ("key", "day", "asked"),
    [
        ("Pacific/Apia", "2011-12-30", "09:00"),  # the date that Samoa left out
        ("Pacific/Kwajalein", "1993-08-21", "09:00"),
        ("America/Nuuk", "2026-03-28", "23:30"),  # the minute after the gap is tomorrow's
        ("America/Nuuk", "2026-03-28", "23:00"),
    ],
)
def test_a_wall_time_without_a_later_minute_on_its_date_is_nowhere(
    zone: Zone, key: str, day: str, asked: str
) -> None:
    assert resolve(zone(key), date.fromisoformat(day), wall(asked)) is None


@pytest.mark.parametrize(
    ("key", "day", "start", "end"),
    [
        ("Europe/London", "2026-11-23", "2026-11-23 00:00", "2026-11-24 00:00"),
        ("America/New_York", "2026-03-08", "2026-03-08 05:00", "2026-03-09 04:00"),  # 23 hours
        ("America/New_York", "2026-11-01", "2026-11-01 04:00", "2026-11-02 05:00"),  # 25 hours
        ("America/Santiago", "2026-09-06", "2026-09-06 04:00", "2026-09-07 03:00"),  # begins at 01:00
        ("America/Nuuk", "2026-03-28", "2026-03-28 02:00", "2026-03-29 01:00"),  # ends at 23:00
        ("Pacific/Apia", "2011-12-29", "2011-12-29 10:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30 10:00", "2011-12-30 10:00"),  # empty
    ],
)
def test_a_local_date_has_bounds(zone: Zone, key: str, day: str, start: str, end: str) -> None:
    assert day_bounds(zone(key), date.fromisoformat(day)) == (utc(start), utc(end))


def test_bounds_of_dates_join_up_through_a_year(zone: Zone) -> None:
    for key in ("Africa/Cairo", "America/Nuuk", "Australia/Lord_Howe", "Africa/Casablanca"):
        day = date(2026, 1, 1)
        for _ in range(366):
            start, end = day_bounds(zone(key), day)
            assert local_date(zone(key), start) == day
            assert local_date(zone(key), end - timedelta(minutes=1)) == day
            day += timedelta(days=1)
            assert day_bounds(zone(key), day)[0] == end


NIGHT = "20:00-09:00"


@pytest.mark.parametrize(
    ("key", "quiet", "at", "ends"),
    [
        ("Europe/London", NIGHT, "2026-11-23 12:00", "2026-11-23 12:00"),  # not quiet
        ("Europe/London", NIGHT, "2026-11-23 09:00", "2026-11-23 09:00"),
        ("Europe/London", NIGHT, "2026-11-23 20:00", "2026-11-24 09:00"),
        ("Europe/London", NIGHT, "2026-11-23 08:59:59", "2026-11-23 09:00"),
        ("America/New_York", NIGHT, "2026-03-08 02:00", "2026-03-08 13:00"),  # an hour sooner
        ("America/New_York", NIGHT, "2026-11-01 02:00", "2026-11-01 14:00"),  # an hour later
        ("America/New_York", "22:00-02:30", "2026-03-08 04:00", "2026-03-08 07:00"),  # ends in the gap
        ("America/New_York", "22:00-01:30", "2026-11-01 04:00", "2026-11-01 05:30"),
        ("America/New_York", "22:00-01:30", "2026-11-01 06:10", "2026-11-01 06:30"),  # quiet both times round
        ("Pacific/Apia", NIGHT, "2011-12-30 08:00", "2011-12-30 19:00"),  # over the date left out
        ("Africa/Cairo", "13:00-00:30", "2026-04-23 20:00", "2026-04-23 22:00"),
    ],
)
def test_quiet_hours_end_when_the_clock_says_so(zone: Zone, key: str, quiet: str, at: str, ends: str) -> None:
    found = quiet_ends(zone(key), window(quiet), utc(at))
    assert found == utc(ends)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("key", "quiet", "at", "starts"),
    [
        ("Europe/London", NIGHT, "2026-11-23 12:00", "2026-11-23 20:00"),
        ("Europe/London", NIGHT, "2026-11-23 21:00", "2026-11-23 21:00"),  # quiet already
        ("Europe/London", "13:00-14:00", "2026-11-23 14:00", "2026-11-24 13:00"),
        ("America/New_York", "02:30-09:00", "2026-03-08 05:00", "2026-03-08 07:00"),  # begins in the gap
        ("America/New_York", "01:30-09:00", "2026-11-01 05:00", "2026-11-01 05:30"),
        ("America/New_York", "01:00-01:30", "2026-11-01 05:40", "2026-11-01 06:00"),  # quiet again
    ],
)
def test_quiet_hours_start_when_the_clock_says_so(
    zone: Zone, key: str, quiet: str, at: str, starts: str
) -> None:
    assert quiet_starts_after(zone(key), window(quiet), utc(at)) == utc(starts)


def test_both_rounds_of_an_hour_are_quiet(zone: Zone) -> None:
    new_york = zone("America/New_York")
    rounds = [utc("2026-11-01 05:30"), utc("2026-11-01 06:30")]
    assert [is_quiet(new_york, window("01:00-02:00"), at) for at in rounds] == [True, True]
    assert [is_quiet(new_york, window("02:00-03:00"), at) for at in rounds] == [False, False]


def test_a_window_of_the_whole_day_never_ends_and_says_so(zone: Zone) -> None:
    new_york = zone("America/New_York")
    with pytest.raises(ValueError, match="whole day"):
        quiet_ends(new_york, window("09:00-09:00"), utc("2026-03-08 01:00"))


@pytest.mark.parametrize(
    ("key", "asked", "after", "shown", "at"),
    [
        ("Europe/London", "18:00", "2026-11-23 12:00", "18:00", "2026-11-23 18:00"),
        ("Europe/London", "18:00", "2026-11-23 18:00", "18:00", "2026-11-24 18:00"),
        ("Europe/London", "09:30", "2026-03-28 12:00", "09:30", "2026-03-29 08:30"),
        ("America/New_York", "02:30", "2026-03-08 05:00", "03:00", "2026-03-08 07:00"),
        ("America/New_York", "01:30", "2026-11-01 05:00", "01:30", "2026-11-01 05:30"),
        ("America/New_York", "01:30", "2026-11-01 06:10", "01:30", "2026-11-01 06:30"),  # the second round
        ("America/Nuuk", "23:30", "2026-03-28 12:00", "23:30", "2026-03-30 00:30"),  # not today
        ("Pacific/Apia", "09:00", "2011-12-30 08:00", "09:00", "2011-12-30 19:00"),
    ],
)
def test_the_next_time_that_a_clock_shows(
    zone: Zone, key: str, asked: str, after: str, shown: str, at: str
) -> None:
    found = next_at(zone(key), wall(asked), utc(after))
    assert (found.at, found.wall) == (utc(at), wall(shown))


def test_a_day_without_a_change_of_the_clocks_costs_no_table(zone: Zone) -> None:
    london = zone("Europe/London")
    changed = [
        day
        for day in (date(2026, 1, 1) + timedelta(days=n) for n in range(365))
        if local_day(london, day).elapsed is not None
    ]
    assert changed == [date(2026, 3, 29), date(2026, 10, 25)]


@pytest.mark.parametrize(
    ("day", "minute", "gap", "after", "before"),
    [
        ("2026-11-23", 600, 120, 720, 480),
        ("2026-03-08", 90, 120, 270, -30),  # from 01:30, two real hours later it is 04:30
        ("2026-03-08", 270, 120, 390, 90),
        ("2026-11-01", 30, 120, 150, -90),  # from 00:30 the wall says two hours at 02:30, after three
        ("2026-11-01", 150, 120, 270, 30),
    ],
)
def test_a_gap_is_kept_by_the_clock_and_in_real_time(
    zone: Zone, day: str, minute: int, gap: int, after: int, before: int
) -> None:
    hours = local_day(zone("America/New_York"), date.fromisoformat(day))
    assert (hours.after(minute, gap), hours.before(minute, gap)) == (after, before)
