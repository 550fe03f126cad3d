"""From a time as asked for to an instant: which six o'clock, which monday, and what quiet hours do to it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from nudger.domain.model import Window
from nudger.replies.time.lexicon import CalendarDay, ClockTime, DayPart, TimeExpression
from nudger.schedule.localtime import day_bounds, is_quiet, local_date, next_at, quiet_ends, resolve

MORNING = time(9, 30)  # a day without a time of day
LONGEST_SNOOZE = timedelta(hours=48)

A_DAY = timedelta(days=1)
_MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW", "GU", "PR", "AS", "VI", "MP"})
_AMERICAN = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "US/",
)
_HALF_DAY = 12
_NIGHT_ENDS = 5  # "tonight at 2" is after midnight, "tonight at 6" before it
_SMALLEST_MINUTES = 5  # "in 5" is minutes, "in 2" is hours
_LARGEST_MINUTES = 180


@dataclass(frozen=True, slots=True)
class Now:
    """When and where a reply is read, and what LATER and quiet mean to its writer."""

    at: datetime
    zone: tzinfo
    snooze: timedelta
    quiet: Window | None
    country: str | None = None  # whose dates and holidays are meant
    contacts: Mapping[str, str] = field(default_factory=dict)  # the names of their contacts -> the relation

    @property
    def month_first(self) -> bool:
        """Whether 1/12 is the twelfth of January."""
        if self.country is not None:
            return self.country in _MONTH_FIRST
        return str(self.zone).startswith(_AMERICAN)

    @property
    def today(self) -> date:
        return local_date(self.zone, self.at)

    def quiet_at(self, at: datetime) -> bool:
        return self.quiet is not None and is_quiet(self.zone, self.quiet, at)

    def after_quiet(self, at: datetime) -> datetime:
        """The instant itself, or the end of the quiet hours that it lies in."""
        return at if self.quiet is None else quiet_ends(self.zone, self.quiet, at)


def moment(asked: TimeExpression, now: Now) -> datetime | None:
    """The instant that a person names, after now; None where they name none ("today").

    Nothing is moved out of quiet hours here. Elapsed time for durations, wall time for the rest.
    """
    if asked.span is not None:
        return now.at + asked.span if asked.span > timedelta() else None
    if asked.clock is not None:
        return _clock_moment(asked.clock, asked.day, asked.part, now)
    if asked.part is not None and asked.part.at is not None:
        return _part_moment(asked.part, asked.part.at, asked.day, now)
    if asked.day is not None and asked.day.ahead != 0:
        # "Monday", said on a monday, is the next one.
        return _first_coming((day for day in _days(asked.day, now) if day != now.today), MORNING, now)
    return _number_moment(asked.number, now) if asked.number is not None else None


def pause_ends(asked: TimeExpression, now: Now) -> datetime | None:
    """When a pause asked for so ends; None where no end is named: then RESUME ends it.

    A day that is named with "until" ends it when the day begins, "today" when it is over, and so many days
    when the one after them begins; each with the end of the quiet hours that midnight lies in.
    """
    if asked.span is not None and asked.span >= A_DAY and not asked.span % A_DAY:
        return day_begins(CalendarDay(ahead=asked.span.days), now, through=False)
    if asked.span is not None or asked.clock is not None:
        return moment(asked, now)
    if asked.day is not None:
        return day_begins(asked.day, now, through=not asked.until)
    if asked.part is not None and asked.until:
        return moment(asked, now)
    return day_begins(CalendarDay(ahead=1), now, through=False) if asked.part is not None else None


def never_comes(asked: TimeExpression, now: Now) -> bool:
    """Whether it names a day that is none, or is over: "31/2". What is asked of it is nothing then."""
    return any(next(_days(day, now), None) is None for day in asked.days)


def day_begins(named: CalendarDay, now: Now, *, through: bool) -> datetime | None:
    """When the day named begins, or (`through`) when as long as it lasts is over: with the end of the quiet
    hours that midnight lies in. None where there is no such day."""
    for day in _days(named, now):
        begins, _ = day_bounds(now.zone, day + A_DAY * (named.lasts if through else 0))
        if begins > now.at:
            return now.after_quiet(begins)
    return None


# --- clock times ------------------------------------------------------------------------------------
def _clock_moment(
    clock: ClockTime, day: CalendarDay | None, part: DayPart | None, now: Now
) -> datetime | None:
    """The next time that the clock shows it; of two, morning and evening, the first that is not quiet."""
    exact = clock.exact or (part is not None and part.half != "")
    walls = [_told(clock, part)] if exact else _both_halves(clock.wall)
    if day is None:
        coming = sorted(next_at(now.zone, wall, now.at).at for _, wall in walls)
    else:
        named = [_at(now, one + late * A_DAY, wall) for one in _days(day, now) for late, wall in walls]
        coming = [at for at in named if at is not None and at > now.at]
    return next((at for at in coming if not now.quiet_at(at)), next(iter(coming), None))


def _told(clock: ClockTime, part: DayPart | None) -> tuple[int, time]:
    """The time of day that is meant, and how many days after the day named it is."""
    hour, half = clock.wall.hour, part.half if part is not None else ""
    if clock.exact or not half:
        return (1, clock.wall) if half == "night" and hour < _NIGHT_ENDS else (0, clock.wall)
    early = hour % _HALF_DAY
    if half == "am":
        return 0, clock.wall.replace(hour=early)
    if half == "night" and early < _NIGHT_ENDS:
        return 1, clock.wall.replace(hour=early)
    return 0, clock.wall.replace(hour=early + _HALF_DAY)


def _both_halves(wall: time) -> list[tuple[int, time]]:
    early = wall.hour % _HALF_DAY
    return [(0, wall.replace(hour=early)), (0, wall.replace(hour=early + _HALF_DAY))]


# --- parts of the day, days, numbers ------------------------------------------------------------------
def _part_moment(part: DayPart, wall: time, day: CalendarDay | None, now: Now) -> datetime | None:
    """When the part begins. Where it has begun today and goes on, "tonight" means LATER."""
    if day is not None:
        return _first_coming(_days(day, now), wall, now)
    here = now.at.astimezone(now.zone).time()
    if here >= wall and (part.until is None or here < part.until):
        return now.at + now.snooze
    return next_at(now.zone, wall, now.at).at


def _first_coming(days: Iterable[date], wall: time, now: Now) -> datetime | None:
    """The first of the dates on which this time is to come."""
    found = (_at(now, day, wall) for day in days)
    return next((at for at in found if at is not None and at > now.at), None)


def _number_moment(number: int, now: Now) -> datetime | None:
    """A number after "snooze" or "in": minutes, or hours below five."""
    if not 0 < number <= _LARGEST_MINUTES:
        return None
    unit = timedelta(minutes=1) if number >= _SMALLEST_MINUTES else timedelta(hours=1)
    return now.at + number * unit


def _days(named: CalendarDay, now: Now) -> Iterator[date]:
    """The dates that may be meant, the nearest first."""
    today = now.today
    if named.countries and now.country not in named.countries:
        return
    if named.nth:
        yield from _nth_weekdays(named, today)
    elif named.ahead is not None:
        yield today + A_DAY * named.ahead
    elif named.weekday is not None:
        nearest = today + A_DAY * ((named.weekday - today.weekday()) % 7)
        if named.next_week:
            nearest += 7 * A_DAY if nearest.isocalendar().week == today.isocalendar().week else timedelta()
        nearest += 7 * A_DAY * named.weeks
        yield from (nearest, nearest + 7 * A_DAY)
    else:
        yield from _dates_of_month(named, today)


def _nth_weekdays(named: CalendarDay, today: date) -> Iterator[date]:
    """The fourth Thursday of November, of this year and the next."""
    for year in (today.year, today.year + 1):
        month = named.month or 1
        days = [date(year, month, one + 1) for one in range(_length(year, month))]
        found = [one for one in days if one.weekday() == named.weekday]
        day = found[named.nth - (named.nth > 0)]
        if day >= today:
            yield day


def _dates_of_month(named: CalendarDay, today: date) -> Iterator[date]:
    year, month = today.year, today.month
    for _ in range(25):
        number = named.of_month or 0
        if named.month in (None, month) and 0 < number <= _length(year, month):
            day = date(year, month, number)
            if day >= today and named.year in (None, year):
                yield day
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _length(year: int, month: int) -> int:
    """How many days a month has."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - A_DAY).day


def _at(now: Now, day: date, wall: time) -> datetime | None:
    found = resolve(now.zone, day, wall)
    return found.at.astimezone(UTC) if found is not None else None
