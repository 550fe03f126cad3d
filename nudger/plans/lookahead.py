"""Looks a year ahead: what the nudges of a plan do to each other, by the same code that lays out days.

Many people share the shape of a plan, and most days of a year are alike, so each shape is looked at
once, and of the days on which the same nudges fall only the first.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, time, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise

from nudger.model import At, Between, Cron, Every, Kind, Nudge, OnDays, Plan, Slot, Window
from nudger.plans.faults import ERROR, WARNING
from nudger.plans.times import in_words
from nudger.plans.year import Day, alike, changes
from nudger.schedule import falls_on, lay_out, wall_times
from nudger.schedule.minutes import ALL, cut, first, minute_of, span, within

MOST_SLOTS = 24  # of a date, of which eight can be sent: the time of laying out grows steeply with them
KEPT = 8192  # shapes remembered, about 2 KB each
NO_GAP = timedelta()

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
class Finding:
    """What comes of a nudge, at its `at`, `between` or `cron`."""

    nudge: int  # index into the shape
    message: str  # {other} stands for the other nudge
    hint: str
    severity: str = ERROR
    wall: time | None = None  # which of the times of `at`
    other: int | None = None


@lru_cache(maxsize=KEPT)
def look_ahead(shape: Shape, today: date) -> tuple[Finding, ...]:
    """What is wrong on the dates from `today` on, in any zone."""
    nudges = _nudges(shape)
    days = alike(nudges, today)
    found = [*_in_quiet(nudges, shape.quiet), *_too_many(nudges, days, shape.limit)]
    if not found:
        found += _too_close(nudges, days, shape.gap)
        if shape.rooms:
            found += _without_room(_drawn(shape, nudges, days))
    return tuple(found)


@lru_cache(maxsize=KEPT)
def look_at_changes(shape: Shape, today: date, zone: tzinfo) -> tuple[Finding, ...]:
    """Which drawn slots find no room on the dates on which the clocks of a zone change."""
    nudges = _nudges(shape)
    slots: list[Slot] = []
    for day, until in changes(zone, today):
        if shape.quiet is not None and time() in shape.quiet and until <= shape.quiet.end:
            continue  # before anything of the day
        members = tuple(index for index, nudge in enumerate(nudges) if falls_on(nudge, day))
        slots += _laid_out(shape, nudges, day, members, zone)
    return tuple(_without_room(slots, some_dates=True))


def _nudges(shape: Shape) -> list[Nudge]:
    return [
        Nudge(str(index), Kind.REST, when, dates, starts, ends)
        for index, (when, dates, starts, ends) in enumerate(shape.nudges)
    ]


def _in_quiet(nudges: Sequence[Nudge], quiet: Window | None) -> Iterator[Finding]:
    if quiet is None:
        return
    for index, nudge in enumerate(nudges):
        quiet_times = [wall for wall in _fixed(nudge) if wall in quiet]
        if isinstance(nudge.when, Cron):
            quiet_times = quiet_times[:1]
        for wall in quiet_times:
            yield Finding(
                index,
                f'expected a time outside quiet hours ({quiet}), got "{wall:%H:%M}"',
                "nothing is sent in quiet hours; move it, or change `quiet`",
                wall=wall,
            )


def _too_many(nudges: Sequence[Nudge], days: Sequence[Day], limit: int | None) -> Iterator[Finding]:
    """The first date with more fixed times than may be sent, or with far more times than can be."""
    if limit is None:
        return
    fixed = [_fixed(nudge) for nudge in nudges]
    every = [walls or (None,) * _times(nudge) for walls, nudge in zip(fixed, nudges, strict=True)]
    for day, members in days:
        for walls, most, what, hint in (
            (
                fixed,
                limit,
                "fixed times on a date (`daily_limit`)",
                "raise `daily_limit`, which is at most 8",
            ),
            (every, MOST_SLOTS, "times on a date", f"{limit} of them can be sent (`daily_limit`)"),
        ):
            slots = [(index, wall) for index in members for wall in walls[index]]
            if len(slots) > most:
                index, wall = slots[most]
                message = f"expected at most {most} {what}, got {len(slots)} on {day}"
                yield Finding(index, message, f"take some away; {hint}", wall=wall)
                return


def _too_close(nudges: Sequence[Nudge], days: Sequence[Day], gap: timedelta) -> Iterator[Finding]:
    said: set[tuple[int, time]] = set()
    for _, members in days:
        walls = sorted((wall, index) for index in members for wall in _fixed(nudges[index]))
        for (earlier, other), (later, index) in pairwise(walls):
            apart = minute_of(later) - minute_of(earlier)
            if timedelta(minutes=apart) < gap and (index, later) not in said:
                said.add((index, later))
                yield Finding(
                    index,
                    f'"{later:%H:%M}" is less than {in_words(gap)} after {{other}} at "{earlier:%H:%M}"',
                    "closer than `gap`; both are sent, so move one if that is too much",
                    WARNING,
                    wall=later,
                    other=other,
                )


def _drawn(shape: Shape, nudges: Sequence[Nudge], days: Sequence[Day]) -> list[Slot]:
    """The drawn slots of the dates, or none if every one of them finds room."""
    # With fewer nudges there is more room: only dates whose nudges are not all on another one can lack it.
    full = [members for _, members in days if not any(set(members) < set(others) for _, others in days)]
    if all(_fit_in_order(shape, [nudges[index] for index in members]) for members in full):
        return []
    return [slot for day, members in days for slot in _laid_out(shape, nudges, day, members, UTC)]


def _fit_in_order(shape: Shape, nudges: Sequence[Nudge]) -> bool:
    """Whether the drawn slots of a date find room when each comes as early as it can, the soonest to end
    first. If so all find room; if not, some other order may do."""
    gap = max(_whole_minutes(shape.gap), 1)
    free = ALL & ~within(shape.quiet) if shape.quiet else ALL
    rooms: list[int] = []
    fixed = 0
    for nudge in nudges:
        if isinstance(nudge.when, Between):
            rooms += cut(within(nudge.when.window) & free, nudge.when.times)
        fixed += len(_fixed(nudge))
    if fixed + len(rooms) > (shape.limit or 0):
        return not rooms
    for nudge in nudges if rooms else ():
        for wall in _fixed(nudge):
            free &= ~span(minute_of(wall) - gap + 1, minute_of(wall) + gap)
    earliest = 0
    for room in sorted(rooms, key=int.bit_length):
        minute = first(room & free, earliest)
        if minute is None:
            return False
        earliest = minute + gap
    return True


def _laid_out(
    shape: Shape, nudges: Sequence[Nudge], day: date, members: tuple[int, ...], zone: tzinfo
) -> list[Slot]:
    """The drawn slots of a date. Which of them find room does not depend on what is drawn."""
    drawn = {str(index) for index in members if isinstance(nudges[index].when, Between)}
    if shape.limit is None or not drawn:
        return []
    here = tuple(nudges[index] for index in members)
    plan = Plan("", "", "", quiet=shape.quiet, daily_limit=shape.limit, gap=shape.gap, nudges=here)
    return [slot for slot in lay_out(plan, day, "", zone) if slot.nudge in drawn]


def _without_room(slots: Iterable[Slot], some_dates: bool = False) -> Iterator[Finding]:
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
        slot = (never or without)[0]
        reason = (slot.reason or "").removeprefix("no room: ")
        if never:
            times = len(found | {slot.number for slot in never})
            wanted = "a time" if times == 1 else f"{times} times a day"
            message = (
                f"expected room for {wanted}, got {f'room for {len(found)}' if found else 'none'}: {reason}"
            )
            hint = "widen the window, lower `times` or `gap`, or give it days of its own"
            yield Finding(int(nudge), message, hint)
        else:
            message = f"finds no room on some dates, first on {slot.local_date}: {reason}"
            yield Finding(int(nudge), message, "it is skipped on those dates", WARNING)


def _fixed(nudge: Nudge) -> tuple[time, ...]:
    match nudge.when:
        case At(times):
            return times
        case Cron():
            return _cron_times(nudge.when)
        case _:
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


def _whole_minutes(gap: timedelta) -> int:
    return -(-gap // timedelta(minutes=1))
