"""Between wall clocks and instants: the only place that knows what DST does to a day.

The rules (DESIGN, "Time"): a wall time in a gap is the first minute after the gap that is still on the
same local date, in an overlap it is the first of the two, and a local date that does not exist has
nothing. Days are walked by local date; 24 hours are never added to an instant.

A day is taken for one without a change of the clocks if the offsets at both its ends agree. In all of
tzdata no two changes of one zone are less than three days apart, so none can hide inside a day.

A set of minutes of a local day is held as the bits of an int: bit 0 is 00:00, bit 1439 is 23:59.
Intersections, differences and counts of such sets are single operations on a small integer, which is
what lets a day be laid out in microseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from nudger.domain.model import Plan, Window
from nudger.domain.wishes import Wishes

DAY = 24 * 60
ALL = (1 << DAY) - 1
WALL = tuple(time(*divmod(minute, 60)) for minute in range(DAY))


def minute_of(wall: time) -> int:
    """Returns the minute of the day, from 0, of a wall time."""
    return wall.hour * 60 + wall.minute


def span(start: int, end: int) -> int:
    """Returns the minutes from `start` on and before `end`; what lies outside the day is left out."""
    start = max(start, 0)
    end = min(end, DAY)
    return ((1 << (end - start)) - 1) << start if start < end else 0


def within(window: Window) -> int:
    """Returns the minutes of a window; one that passes midnight has both ends of the day."""
    start, end = minute_of(window.start), minute_of(window.end)
    return span(start, end) if start < end else ALL & ~span(end, start)


def first(minutes: int, earliest: int = 0) -> int | None:
    """Returns the first minute of the set that is not before `earliest`."""
    rest = minutes >> earliest
    return earliest + (rest & -rest).bit_length() - 1 if rest else None


def last(minutes: int, latest: int = DAY - 1) -> int | None:
    """Returns the last minute of the set that is not after `latest`."""
    rest = minutes & span(0, latest + 1)
    return rest.bit_length() - 1 if rest else None


def nth(minutes: int, index: int) -> int:
    """Returns the minute of the set that has `index` others before it. Walks the set run by run."""
    start = 0
    while minutes:
        gap = (minutes & -minutes).bit_length() - 1
        start += gap
        minutes >>= gap
        run = (~minutes & (minutes + 1)).bit_length() - 1
        if index < run:
            return start + index
        index -= run
        start += run
        minutes >>= run
    raise IndexError("a set of minutes has fewer than asked for")


def cut(minutes: int, parts: int) -> tuple[int, ...]:
    """Cuts the set in `parts` consecutive parts of equal size; sizes differ by one minute at most."""
    size = minutes.bit_count()
    result = []
    for part in range(parts):
        low, high = size * part // parts, size * (part + 1) // parts
        result.append(minutes & span(nth(minutes, low), nth(minutes, high - 1) + 1) if low < high else 0)
    return tuple(result)


ZERO = timedelta()
A_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Resolved:
    """An instant, and what the wall clock shows then: later than asked for where a gap was passed."""

    at: datetime
    wall: time


@dataclass(frozen=True, slots=True)
class LocalDay:
    """The minutes of one local date in one zone.

    `elapsed` is None on a day without a change of the clocks; else, per wall minute, the real minutes
    since `midnight`, ascending. A minute that does not exist has the value of the next that does.
    """

    zone: tzinfo
    day: date
    midnight: datetime  # 00:00 by the offset that the day begins with
    exist: int = ALL
    elapsed: tuple[int, ...] | None = None

    def at(self, minute: int) -> datetime:
        """Returns the instant of a minute that exists; the first of two."""
        if self.elapsed is None:
            return self.midnight + timedelta(0, minute * 60)
        return _instant(self.zone, self.day, WALL[minute])

    def after(self, minute: int, gap: int) -> int:
        """Returns the first minute that is `gap` minutes later, both by the wall clock and in real time."""
        if self.elapsed is None:
            return minute + gap
        return max(minute + gap, bisect_left(self.elapsed, self.elapsed[minute] + gap))

    def before(self, minute: int, gap: int) -> int:
        """Returns the last minute that is `gap` minutes earlier, both by the wall clock and in real time."""
        if self.elapsed is None:
            return minute - gap
        return min(minute - gap, bisect_right(self.elapsed, self.elapsed[minute] - gap) - 1)


def resolve(zone: tzinfo, day: date, wall: time) -> Resolved | None:
    """Finds the instant of a wall time (on a whole minute) on a local date; None where there is none.

    In a gap the first minute after it on the same date, in an overlap the first of the two.
    """
    hours = local_day(zone, day)
    minute = first(hours.exist, minute_of(wall))
    return None if minute is None else Resolved(hours.at(minute), WALL[minute])


def next_at(zone: tzinfo, wall: time, after: datetime) -> Resolved:
    """Finds the next time after an instant that the clock shows `wall` (in a gap: the minute after it).

    For times that a person names in a reply: inside an overlap the second of the two counts as well.
    """
    day = local_date(zone, after)
    while True:
        once = resolve(zone, day, wall)
        if once is not None and once.at > after:
            return once
        twice = _instant(zone, day, wall, fold=1)
        if twice > after and _shows(zone, twice, day, wall):
            return Resolved(twice, wall)
        day += A_DAY


def local_date(zone: tzinfo, at: datetime) -> date:
    """Returns the date on the wall at an instant."""
    return at.astimezone(zone).date()


def day_bounds(zone: tzinfo, day: date) -> tuple[datetime, datetime]:
    """Returns the first instant of a local date, and that of the next one that exists.

    A date that does not exist is empty: both are the same instant.
    """
    return _begins(zone, day), _begins(zone, day + A_DAY)


def is_quiet(zone: tzinfo, quiet: Window, at: datetime) -> bool:
    """Tells whether the clock on the wall shows quiet hours; in an overlap both times round."""
    return at.astimezone(zone).time() in quiet


def quiet_ends(zone: tzinfo, quiet: Window, at: datetime) -> datetime:
    """Returns the first instant, from `at` on, that is not quiet: `at` itself if it is not."""
    return _first_instant(zone, at, quiet.end, lambda wall: wall not in quiet)


def with_hours(plan: Plan, wishes: Wishes) -> Plan:
    """Returns the plan as quiet as the person wants it: its own quiet hours, and theirs."""
    if wishes.earliest is None and wishes.latest is None:
        return plan
    return replace(plan, quiet=quieter(plan.quiet, wishes.earliest, wishes.latest) or plan.quiet)


def quieter(quiet: Window | None, earliest: time | None, latest: time | None) -> Window | None:
    """Returns the quiet hours with all before `earliest` and all from `latest` on; None where nothing of a
    day is left. They only grow: of two quiet spans, the shorter time between them is quiet too."""
    wanted = _span(latest or time(0), earliest or time(0))
    if wanted[1] == DAY_MINUTES:
        return None
    if quiet is None:
        return _window(wanted)
    own = _span(quiet.start, quiet.end)
    ways = [_around(own, wanted), _around(wanted, own)]
    start, length = min(ways, key=lambda span: span[1])
    return _window((start, length)) if length < DAY_MINUTES else None


DAY_MINUTES = 24 * 60
_Span = tuple[int, int]  # the minute of the day on which it begins, and its minutes


def _span(start: time, end: time) -> _Span:
    first, last = (wall.hour * 60 + wall.minute for wall in (start, end))
    return first, (last - first) % DAY_MINUTES or DAY_MINUTES


def _around(one: _Span, other: _Span) -> _Span:
    """The span from the beginning of one to the end of both."""
    return one[0], max(one[1], (other[0] - one[0]) % DAY_MINUTES + other[1])


def _window(span: _Span) -> Window:
    ends = [divmod(minute % DAY_MINUTES, 60) for minute in (span[0], sum(span))]
    return Window(*(time(hour, minute) for hour, minute in ends))


# In one claim, everybody of a zone and of the same quiet hours asks this.
@lru_cache(maxsize=64)
def quiet_starts_after(zone: tzinfo, quiet: Window, at: datetime) -> datetime:
    """Returns the first instant, from `at` on, that is quiet: `at` itself if it is."""
    return _first_instant(zone, at, quiet.start, lambda wall: wall in quiet)


@lru_cache(maxsize=4096)
def local_day(zone: tzinfo, day: date) -> LocalDay:
    """Returns the minutes of a local date. Kept, as everybody in a zone has the same ones."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    end = start + A_DAY
    offset = start.utcoffset() or ZERO
    midnight = (start - offset).replace(tzinfo=UTC)
    ends = (end, start.replace(fold=1), end.replace(fold=1))
    if all(one.utcoffset() == offset for one in ends):
        return LocalDay(zone, day, midnight)
    return _read_day(zone, day, midnight)


def _read_day(zone: tzinfo, day: date, midnight: datetime) -> LocalDay:
    """Asks the zone about each minute of a day on which, or at an end of which, the clocks change."""
    exist = 0
    elapsed = [0] * DAY
    upcoming = DAY * 2  # for minutes after which none exists on this date
    for minute in reversed(range(DAY)):
        wall = datetime.combine(day, WALL[minute], zone)
        # In a gap the offset before it is the smaller one (PEP 495); in an overlap it is the larger.
        if (wall.utcoffset() or ZERO) >= (wall.replace(fold=1).utcoffset() or ZERO):
            exist |= 1 << minute
            upcoming = (wall.astimezone(UTC) - midnight) // A_MINUTE
        elapsed[minute] = upcoming
    plain = exist == ALL and elapsed == list(range(DAY))
    return LocalDay(zone, day, midnight, exist, None if plain else tuple(elapsed))


def _begins(zone: tzinfo, day: date) -> datetime:
    while (start := resolve(zone, day, WALL[0])) is None:
        day += A_DAY
    return start.at


def _first_instant(zone: tzinfo, at: datetime, wall: time, wanted: Callable[[time], bool]) -> datetime:
    """The first instant from `at` on whose wall time is wanted; `wall` is where the wanted ones begin."""
    at = at.astimezone(UTC)
    here = at.astimezone(zone)
    if wanted(here.time()):
        return at
    ahead = datetime.combine(here.date(), wall) - here.replace(tzinfo=None)
    then = at + ahead % A_DAY
    if then.astimezone(zone).utcoffset() == here.utcoffset():
        return then
    # The clocks change in between. Reading them minute by minute is slow (a third of a millisecond
    # for 12 hours), needed on two nights a year, and cannot go wrong.
    minute = at.replace(second=0, microsecond=0)
    for _ in range(3 * DAY):
        minute += A_MINUTE
        if wanted(minute.astimezone(zone).time()):
            return minute
    raise ValueError(f"no wall time from {at} on is wanted: is the window the whole day?")


def _instant(zone: tzinfo, day: date, wall: time, fold: int = 0) -> datetime:
    return datetime.combine(day, wall, zone).replace(fold=fold).astimezone(UTC)


def _shows(zone: tzinfo, at: datetime, day: date, wall: time) -> bool:
    return at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, wall)
