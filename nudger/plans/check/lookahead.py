"""Looks a year ahead: what the nudges of a plan do to each other, by the same code that lays out days; on
which dates they fall, on which the clocks change; and what comes oftener than is good.

Many people share the shape of a plan, and most days of a year are alike, so each shape is looked at
once, and of the days on which the same nudges fall only the first.

Professional help is named once a week at most. It is an offer, and to be told of it every day reads as
"you are ill".
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise, product

from nudger.domain.model import At, Between, Cron, Every, Kind, Nudge, OnDays, Plan, Slot, Window
from nudger.plans.format.faults import ERROR, WARNING
from nudger.plans.format.times import in_minutes, in_words
from nudger.schedule import falls_on, lay_out, wall_times
from nudger.schedule.localtime import ALL, DAY, WALL, cut, first, minute_of, span, within

WEEK = timedelta(days=7)
DATES = 366  # dates looked at


def care_too_often(nudges: Sequence[Nudge], today: date) -> tuple[int, date, date] | None:
    """Finds the first nudge of kind care that comes within a week of another time of care: its index, and
    both local dates. None where care comes once a week at most, from `today` on for a year."""
    care = tuple((index, nudge) for index, nudge in enumerate(nudges) if nudge.kind is Kind.CARE)
    return _first_close(care, today) if care else None


@lru_cache(maxsize=1024)
def _first_close(care: tuple[tuple[int, Nudge], ...], today: date) -> tuple[int, date, date] | None:
    last: date | None = None
    for index, day in _times_on(care, today):
        if last is not None and day - last < WEEK:
            return index, last, day
        last = day
    return None


def _times_on(care: Sequence[tuple[int, Nudge]], today: date) -> Iterator[tuple[int, date]]:
    for day in (today + timedelta(days=ahead) for ahead in range(DATES)):
        for index, nudge in care:
            if falls_on(nudge, day):
                times = nudge.when.times if isinstance(nudge.when, Between) else len(wall_times(nudge, day))
                yield from [(index, day)] * times


AHEAD = 366  # days, today included

Day = tuple[date, tuple[int, ...]]  # a date, and the indexes of the nudges that fall on it


def alike(nudges: Sequence[Nudge], today: date) -> list[Day]:
    """Returns the dates to look at, in order, each with the nudges that fall on it: one for all that are
    alike."""
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
    """Returns the dates that a nudge falls on, as bits; bit 0 is today."""
    cron = nudge.when if isinstance(nudge.when, Cron) else DAILY
    return _dates_of(cron, nudge.dates, nudge.starts, nudge.ends, today)


# 0.2 ms each: what falls on the same dates is asked once, whatever its times.
@lru_cache(maxsize=4096)
def _dates_of(
    when: At | Cron, dates: OnDays | Every, starts: date | None, ends: date | None, today: date
) -> int:
    nudge = Nudge("", Kind.REST, when, dates, starts, ends)
    return sum(1 << ahead for ahead in range(AHEAD) if falls_on(nudge, today + timedelta(days=ahead)))


@lru_cache(maxsize=1024)
def changes(zone: tzinfo, today: date) -> tuple[tuple[date, time], ...]:
    """Returns the dates on which the clocks change, and the wall time by which it is over."""
    days = [today + timedelta(days=ahead) for ahead in range(AHEAD + 1)]
    offsets = [_offset(zone, day, 0) for day in days]
    return tuple(
        (day, _until(zone, day))
        for day, offset, next_offset in zip(days, offsets, offsets[1:], strict=False)
        if offset != next_offset
    )


def _until(zone: tzinfo, day: date) -> time:
    """The wall time of a date from which on it has the offset that it ends with."""
    last = _offset(zone, day, DAY - 1, fold=1)  # what the clocks skip has the offset of before
    low, high = 0, DAY - 1
    while low < high:
        middle = (low + high) // 2
        if _offset(zone, day, middle) == last:
            high = middle
        else:
            low = middle + 1
    return WALL[low]


def _offset(zone: tzinfo, day: date, minute: int, fold: int = 0) -> timedelta | None:
    return datetime.combine(day, WALL[minute], zone).replace(fold=fold).utcoffset()


MOST_SLOTS = 24  # of a date, of which eight can be sent: the time of laying out grows steeply with them
KEPT = 8192  # shapes remembered, about 2 KB each
NO_GAP = timedelta()
DAILY = At(())

Timing = tuple[At | Between | Cron, OnDays | Every, date | None, date | None]


@dataclass(frozen=True, slots=True)
class Shape:
    """All of a plan that decides what happens when."""

    nudges: tuple[Timing, ...]
    quiet: Window | None
    limit: int | None  # None: not to be looked at
    gap: timedelta
    rooms: bool = True  # whether to look for drawn slots without room


@dataclass(frozen=True, slots=True)
class ScheduleConflict:
    """What comes of a nudge, at its `at`, `between` or `cron`."""

    nudge: int  # index into the shape
    message: str  # {other} stands for the other nudge
    hint: str
    severity: str = ERROR
    wall: time | None = None  # which of the times of `at`
    other: int | None = None


@lru_cache(maxsize=KEPT)
def look_ahead(shape: Shape, today: date) -> tuple[ScheduleConflict, ...]:
    """Finds what is wrong on the dates from `today` on, in any zone."""
    year = _Year(shape)
    year.days = alike(year.nudges, today)
    found = [*year.in_quiet(), *year.too_many()]
    if not found:
        found += year.too_close()
        found += _without_room(year.drawn()) if shape.rooms else ()
    return tuple(found)


def look_at_changes(shape: Shape, today: date, zone: tzinfo) -> tuple[ScheduleConflict, ...]:
    """Finds which drawn slots find no room on the dates on which the clocks of a zone change."""
    days = _waking_changes(zone, today, shape.quiet)
    return _look_at(shape, days, zone) if days else ()


@lru_cache(maxsize=KEPT)
def _look_at(shape: Shape, days: tuple[date, ...], zone: tzinfo) -> tuple[ScheduleConflict, ...]:
    year = _Year(shape)
    year.days = [
        (day, tuple(index for index, nudge in enumerate(year.nudges) if falls_on(nudge, day))) for day in days
    ]
    return tuple(_without_room(year.laid_out(zone), some_dates=True))


@lru_cache(maxsize=1024)
def _waking_changes(zone: tzinfo, today: date, quiet: Window | None) -> tuple[date, ...]:
    """The dates on which the clocks change when it may matter: not where the quiet of the night hides it."""
    night = quiet.end if quiet is not None and time() in quiet else time()
    return tuple(day for day, until in changes(zone, today) if until > night)


@dataclass(slots=True)
class _Year:
    """A shape, and the dates to look at, each with the nudges that fall on it."""

    shape: Shape
    nudges: list[Nudge] = field(init=False)
    fixed: list[tuple[time, ...]] = field(init=False)  # wall times by nudge
    days: Sequence[Day] = ()

    def __post_init__(self) -> None:
        self.nudges = [
            Nudge(str(index), Kind.REST, when, dates, starts, ends)
            for index, (when, dates, starts, ends) in enumerate(self.shape.nudges)
        ]
        self.fixed = [_fixed(nudge.when) for nudge in self.nudges]

    def in_quiet(self) -> Iterator[ScheduleConflict]:
        """Finds the fixed times in quiet hours."""
        quiet = self.shape.quiet
        for index, walls in enumerate(self.fixed if quiet else ()):
            inside = [wall for wall in walls if quiet and wall in quiet]
            # All of the times of a cron expression stand at one place: one of them is enough.
            for wall in inside[:1] if isinstance(self.nudges[index].when, Cron) else inside:
                message = f'expected a time outside quiet hours ({quiet}), got "{wall:%H:%M}"'
                hint = "nothing is sent in quiet hours; move it, or change `quiet`"
                yield ScheduleConflict(index, message, hint, wall=wall)

    def too_many(self) -> Iterator[ScheduleConflict]:
        """Finds the first date with more fixed times than may be sent, or with far more times than can be."""
        limit = self.shape.limit
        every = [
            walls or (None,) * _times(nudge) for walls, nudge in zip(self.fixed, self.nudges, strict=True)
        ]
        if limit is None or sum(map(len, every)) <= limit:
            return
        counts: Sequence[tuple[Sequence[Sequence[time | None]], int, str, str]] = (
            (self.fixed, limit, "fixed times on a date (`daily_limit`)", "raise `daily_limit`, at most 8"),
            (every, MOST_SLOTS, "times on a date", f"{limit} of them can be sent (`daily_limit`)"),
        )
        for (day, members), (walls, most, what, hint) in product(self.days, counts):
            slots = [(index, wall) for index in members for wall in walls[index]]
            if len(slots) > most:
                index, wall = slots[most]
                message = f"expected at most {most} {what}, got {len(slots)} on {day}"
                yield ScheduleConflict(index, message, f"take some away; {hint}", wall=wall)
                return

    def too_close(self) -> Iterator[ScheduleConflict]:
        """Finds the fixed times that come sooner after another than `gap`."""
        gap = in_minutes(self.shape.gap)
        said: set[tuple[int, time]] = set()
        for _, members in self.days if sum(map(len, self.fixed)) > 1 else ():
            walls = sorted((wall, index) for index in members for wall in self.fixed[index])
            for (earlier, other), (later, index) in pairwise(walls):
                if minute_of(later) - minute_of(earlier) < gap and (index, later) not in said:
                    said.add((index, later))
                    apart = f"less than {in_words(self.shape.gap)} after {{other}} at"
                    message = f'"{later:%H:%M}" is {apart} "{earlier:%H:%M}"'
                    hint = "closer than `gap`; both are sent, so move one if that is too much"
                    yield ScheduleConflict(index, message, hint, WARNING, wall=later, other=other)

    def drawn(self) -> list[Slot]:
        """Returns the drawn slots of the dates, or none if every one of them finds room."""
        # With fewer nudges there is more room: only the fullest dates can lack it.
        sets = [frozenset(members) for _, members in self.days]
        full = [members for members in sets if not any(members < others for others in sets)]
        return [] if all(self._fit_in_order(members) for members in full) else self.laid_out(UTC)

    def laid_out(self, zone: tzinfo) -> list[Slot]:
        """Returns the drawn slots of the dates. Which of them find room does not depend on what is drawn."""
        shape, slots = self.shape, list[Slot]()
        for day, members in self.days if shape.limit is not None else ():
            here = tuple(self.nudges[index] for index in members)
            drawn = {nudge.id for nudge in here if isinstance(nudge.when, Between)}
            if drawn:
                limit = shape.limit or 0
                plan = Plan("", "", "", quiet=shape.quiet, daily_limit=limit, gap=shape.gap, nudges=here)
                slots += [slot for slot in lay_out(plan, day, "", zone) if slot.nudge in drawn]
        return slots

    def _fit_in_order(self, members: frozenset[int]) -> bool:
        """Whether the drawn slots of a date find room when each comes as early as it can, the soonest to
        end first. If so all find room; if not, some other order may do."""
        quiet, gap = self.shape.quiet, max(in_minutes(self.shape.gap), 1)
        free = ALL & ~within(quiet) if quiet else ALL
        rooms: list[int] = []
        for index in members:
            when = self.nudges[index].when
            if isinstance(when, Between):
                rooms += cut(within(when.window) & free, when.times)
        fixed = [minute_of(wall) for index in members for wall in self.fixed[index]]
        if len(fixed) + len(rooms) > (self.shape.limit or 0):
            return not rooms
        for minute in fixed if rooms else ():
            free &= ~span(minute - gap + 1, minute + gap)
        earliest = 0
        for room in sorted(rooms, key=int.bit_length):
            minute_found = first(room & free, earliest)
            if minute_found is None:
                return False
            earliest = minute_found + gap
        return True


def _without_room(slots: Iterable[Slot], some_dates: bool = False) -> Iterator[ScheduleConflict]:
    """One finding a nudge: an error if one of its slots finds room on no date, else a warning.

    `some_dates`: the slots are those of some dates only, and say nothing about the others.
    """
    ever: dict[str, set[int]] = {}
    lacking: dict[str, list[Slot]] = {}
    for slot in slots:
        if slot.due_at is None:
            lacking.setdefault(slot.nudge, []).append(slot)
        else:
            ever.setdefault(slot.nudge, set()).add(slot.number)
    for nudge, without in lacking.items():
        found = ever.get(nudge, set())
        never = [slot for slot in without if slot.number not in found and not some_dates]
        yield _roomless(int(nudge), never, len(found)) if never else _sometimes_roomless(without[0])


def _roomless(nudge: int, never: Sequence[Slot], found: int) -> ScheduleConflict:
    times = found + len({slot.number for slot in never})
    wanted, got = "a time" if times == 1 else f"{times} times a day", f"room for {found}" if found else "none"
    message = f"expected room for {wanted}, got {got}: {_reason(never[0])}"
    return ScheduleConflict(
        nudge, message, "widen the window, lower `times` or `gap`, or give it days of its own"
    )


def _sometimes_roomless(slot: Slot) -> ScheduleConflict:
    message = f"finds no room on some dates, first on {slot.local_date}: {_reason(slot)}"
    return ScheduleConflict(int(slot.nudge), message, "it is skipped on those dates", WARNING)


def _reason(slot: Slot) -> str:
    return (slot.reason or "").removeprefix("no room: ")


def _fixed(when: At | Between | Cron) -> tuple[time, ...]:
    match when:
        case At(times):
            return times
        case Cron():
            return _cron_times(when)
        case Between():
            return ()


def _times(nudge: Nudge) -> int:
    return nudge.when.times if isinstance(nudge.when, Between) else 0


@lru_cache(maxsize=1024)
def _cron_times(cron: Cron) -> tuple[time, ...]:
    """The wall times of a cron expression: the same on every date that it falls on."""
    nudge = Nudge("", Kind.REST, cron)
    day = date(2024, 1, 1)
    while not falls_on(nudge, day):
        day += timedelta(days=1)
    return wall_times(nudge, day)
