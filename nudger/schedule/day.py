"""Laying out: every slot of every nudge of a plan on one local date, with its instant or the reason why not.

First, on which dates a nudge falls, and its fixed wall times there: no zone and no DST comes in.

Fixed times (`at`, `cron`) come first and always stay. Drawn ones (`between`) get what these leave:
- `gap` is kept by the wall clock and in real time, whichever is longer on a day on which clocks change;
  and no two come in the same minute, even where `gap` is 0;
- as many slots find room as can; where they compete, those of the nudge that stands first in the file;
- each is drawn uniformly from the minutes of its part that leave room for all that is still to be drawn,
  in the order of the file and then of the slots.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b

from cronsim import CronSim, CronSimError

from nudger.domain.model import At, Between, Cron, Nudge, OnDays, Origin, Plan, Slot, Window
from nudger.schedule.localtime import WALL, LocalDay, cut, first, last, local_day, minute_of, nth, within
from nudger.schedule.placement import Spacing, candidates, choose, clusters

EPOCH = date(2024, 1, 1)  # what `every` is counted from where a nudge has no `starts`
FIELDS = ("minute", "hour", "day", "month", "weekday")
FORMS = (
    "0 to 59",
    "0 to 23",
    "1 to 31, or L for the last",
    "1 to 12 or jan to dec",
    "0 to 7 or sun to sat; 5L is the last Friday, mon#1 the first Monday",
)
LONGEST = 200  # characters; an expression that says more is no expression of a person


@dataclass(frozen=True, slots=True)
class CronFields:
    """A cron expression, read: cronsim knows the dates, and the times are the same on each of them."""

    sim: CronSim
    times: tuple[time, ...]

    def falls_on(self, day: date) -> bool:
        return day.month in self.sim.months and self.sim.match_day(day)


def falls_on(nudge: Nudge, day: date) -> bool:
    """Tells whether a nudge has anything on a local date: its days, `every`, `starts`, `ends`, cron's
    dates."""
    if nudge.starts is not None and day < nudge.starts:
        return False
    if nudge.ends is not None and day > nudge.ends:
        return False
    if isinstance(nudge.dates, OnDays):
        on = day.weekday() in nudge.dates.weekdays
    else:
        on = (day - (nudge.starts or EPOCH)).days % nudge.dates.days == 0
    if on and isinstance(nudge.when, Cron):
        return read_cron(nudge.when.expression).falls_on(day)
    return on


def wall_times(nudge: Nudge, day: date) -> tuple[time, ...]:
    """Returns the fixed wall times of a nudge on a local date, ascending; none for a drawn one."""
    if isinstance(nudge.when, Between) or not falls_on(nudge, day):
        return ()
    return fixed_times(nudge.when)


def fixed_times(when: At | Cron) -> tuple[time, ...]:
    """Returns the wall times of any date that these fall on."""
    return when.times if isinstance(when, At) else read_cron(when.expression).times


def check_cron(expression: str) -> str | None:
    """Says what is wrong with a cron expression, in words; None if it has five fields and comes some day."""
    fields = expression.split()
    if len(fields) != len(FIELDS) or len(expression) > LONGEST:
        found = f"{len(fields)} of them" if len(expression) <= LONGEST else f"{len(expression)} characters"
        return f'expected five fields, minute hour day month weekday, like "30 16 * * sun", got {found}'
    for position, (name, form) in enumerate(zip(FIELDS, FORMS, strict=True)):
        alone = ["*"] * len(FIELDS)
        alone[position] = fields[position]
        if not _parses(" ".join(alone)):
            return f'the {name} "{fields[position]}" is not one: {form}; lists 1,3, ranges 1-5, steps */2'
    if not _parses(expression) or next(_simulated(expression), None) is None:
        return "it never comes: no month that it names has such a day"
    return None


@lru_cache(maxsize=1024)
def read_cron(expression: str) -> CronFields:
    """Reads the fields of an expression that `check_cron` finds nothing wrong with."""
    if problem := check_cron(expression):
        raise ValueError(f"cron {expression!r}: {problem}")
    sim = _simulated(expression)
    return CronFields(
        sim, tuple(time(hour, minute) for hour in sorted(sim.hours) for minute in sorted(sim.minutes))
    )


def _parses(expression: str) -> bool:
    try:
        _simulated(expression)
    except (CronSimError, ValueError):  # ValueError: a number with more digits than Python will read
        return False
    return True


def _simulated(expression: str) -> CronSim:
    # From a naive instant, so that cronsim does no DST arithmetic: localtime resolves its wall times.
    return CronSim(expression, datetime.combine(EPOCH, time()))


A_MINUTE = timedelta(minutes=1)
FRAMES_KEPT = 512

_Placed = tuple[int, int, Slot]  # minute (after all others where it has none), order of its nudge, slot


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A slot of a drawn nudge, before it is drawn."""

    order: int  # of the nudge, in the file
    nudge: str
    number: int
    window: Window
    part: int  # the minutes that it may have on any date


class _Rules:
    """All of a plan that its days depend on, but for whose it is. People who extend one plan, or stand in
    one roster, share their nudges: they are known by being the same, not by being alike."""

    __slots__ = ("daily_limit", "gap", "nudges", "quiet")

    def __init__(self, plan: Plan) -> None:
        self.nudges, self.quiet = plan.nudges, plan.quiet
        self.daily_limit, self.gap = plan.daily_limit, plan.gap

    def __hash__(self) -> int:
        return hash((id(self.nudges), self.quiet, self.daily_limit, self.gap))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Rules)
            and self.nudges is other.nudges
            and (self.quiet, self.daily_limit, self.gap) == (other.quiet, other.daily_limit, other.gap)
        )


@dataclass(frozen=True, slots=True)
class _Frame:
    """A day as it is for everybody of the same rules: what is drawn is still open."""

    hours: LocalDay
    spacing: Spacing
    settled: tuple[_Placed, ...]  # fixed, or without room
    drawn: tuple[_Drawn, ...]
    rooms: tuple[int, ...]  # of each of `drawn`
    clusters: tuple[tuple[int, ...], ...]  # indexes of `drawn`
    firsts: tuple[int, ...]  # of each cluster: the minutes that its first one is drawn from


def lay_out(plan: Plan, day: date, seed: str, zone: tzinfo) -> tuple[Slot, ...]:
    """Lays out a local date: the same plan, date, seed and zone give the same slots on every machine.

    Args:
        plan: whose day it is; of it count the person, the nudges, `quiet`, `daily_limit` and `gap`.
        day: a date of the wall calendar in `zone`.
        seed: the setting SEED, on which drawn times depend.
        zone: that of the plan, or the one that the person is in.

    Returns:
        Every slot, by local time and then by the order of the nudges; last those without room, each with
        the reason. None at all for a date that does not exist.
    """
    frame = _frame(_Rules(plan), zone, day)
    if frame is None:
        return ()
    placed = [*frame.settled, *_draw(frame, plan.person, seed)] if frame.clusters else list(frame.settled)
    placed.sort(key=_by_time)
    return tuple([slot for _, _, slot in placed])


@lru_cache(maxsize=FRAMES_KEPT)
def _frame(rules: _Rules, zone: tzinfo, day: date) -> _Frame | None:
    hours = local_day(zone, day)
    if not hours.exist:
        return None
    quiet = within(rules.quiet) if rules.quiet else 0
    spacing = Spacing(hours, -(-rules.gap // A_MINUTE))
    nudges = [(order, nudge) for order, nudge in enumerate(rules.nudges) if falls_on(nudge, day)]
    fixed = _fix(nudges, rules, hours, quiet)
    return _open(fixed, _to_draw(nudges, quiet), rules, spacing)


def _to_draw(nudges: Sequence[tuple[int, Nudge]], quiet: int) -> list[_Drawn]:
    return [
        _Drawn(order, nudge.id, number, when.window, part)
        for order, nudge in nudges
        if isinstance(when := nudge.when, Between)
        for number, part in enumerate(cut(within(when.window) & ~quiet, when.times), 1)
    ]


def _fix(nudges: Sequence[tuple[int, Nudge]], rules: _Rules, hours: LocalDay, quiet: int) -> list[_Placed]:
    """The fixed slots with their minutes, in the order of the times that they name."""
    asked = [
        (minute_of(wall), order, nudge.id, number)
        for order, nudge in nudges
        if not isinstance(nudge.when, Between)
        for number, wall in enumerate(fixed_times(nudge.when), 1)
    ]
    placed: list[_Placed] = []
    taken = 0
    for named, order, nudge_id, number in sorted(asked, key=lambda one: one[:2]):
        minute = first(hours.exist, named)
        if minute is None:
            reason = f"the clocks skip {WALL[named]:%H:%M} on this date"
        elif quiet >> minute & 1:
            reason = f"quiet hours ({rules.quiet})"
        elif taken == rules.daily_limit:
            reason = _limit_reached(rules)
        else:
            taken += 1
            placed.append((minute, order, _slot(nudge_id, number, Origin.FIXED, hours, minute)))
            continue
        placed.append(_without(order, Slot(nudge_id, hours.day, number, Origin.FIXED, reason=reason)))
    return placed


def _open(fixed: list[_Placed], drawn: list[_Drawn], rules: _Rules, spacing: Spacing) -> _Frame:
    """What the fixed ones leave of the day to those that are drawn."""
    hours = spacing.day
    taken = [minute for minute, _, slot in fixed if slot.due_at is not None]
    free = hours.exist
    for minute in taken:
        free &= ~spacing.around(minute)
    able = [one for one in drawn if one.part & free]
    rooms = [one.part & free for one in able]
    chosen = choose(rooms, rules.daily_limit - len(taken), spacing) if rooms else []
    full = len(taken) + len(chosen) == rules.daily_limit
    left = [one for one in drawn if one not in [able[index] for index in chosen]]
    for one in left:
        reason = _limit_reached(rules) if full and one.part & free else _no_room(one, rules, hours)
        fixed.append(_without(one.order, Slot(one.nudge, hours.day, one.number, Origin.DRAWN, reason=reason)))
    groups = tuple(tuple(cluster) for cluster in clusters(rooms, chosen, spacing))
    firsts = tuple(candidates(rooms[one], [rooms[other] for other in rest], spacing) for one, *rest in groups)
    return _Frame(hours, spacing, tuple(fixed), tuple(able), tuple(rooms), groups, firsts)


def _draw(frame: _Frame, person: str, seed: str) -> list[_Placed]:
    """Gives each slot that finds room its minute."""
    placed: list[_Placed] = []
    for cluster, first_from in zip(frame.clusters, frame.firsts, strict=True):
        rooms, among = list(frame.rooms), first_from
        for at, index in enumerate(cluster):
            rest = cluster[at + 1 :]
            if at:
                among = candidates(rooms[index], [rooms[other] for other in rest], frame.spacing)
            one = frame.drawn[index]
            minute = nth(among, _pick(among.bit_count(), one, person, frame.hours.day, seed))
            placed.append(
                (minute, one.order, _slot(one.nudge, one.number, Origin.DRAWN, frame.hours, minute))
            )
            for other in rest:
                rooms[other] &= ~frame.spacing.around(minute)
    return placed


def _pick(count: int, one: _Drawn, person: str, day: date, seed: str) -> int:
    """A number below `count`, the same wherever and whenever it is asked for.

    64 bits of BLAKE2b, scaled: uneven by less than 1 in 10^16. The seed is last, as it alone may hold
    any character.
    """
    key = f"{person}\0{one.nudge}\0{day.isoformat()}\0{one.number}\0{seed}"
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") * count >> 64


def _slot(nudge: str, number: int, origin: Origin, hours: LocalDay, minute: int) -> Slot:
    return Slot(nudge, hours.day, number, origin, WALL[minute], hours.at(minute))


def _without(order: int, slot: Slot) -> _Placed:
    return (len(WALL), order, slot)


def _by_time(placed: _Placed) -> tuple[int, int, int]:
    minute, order, slot = placed
    return (minute, order, slot.number)


def _limit_reached(rules: _Rules) -> str:
    return f"no room: the daily limit of {rules.daily_limit} is reached"


def _no_room(one: _Drawn, rules: _Rules, hours: LocalDay) -> str:
    """Why a drawn slot has no minute, other than by the daily limit."""
    if not one.part:
        return _no_part(one, rules)
    start, end = first(one.part) or 0, (last(one.part) or 0) + 1
    part = f"{WALL[start]:%H:%M}-{WALL[end % len(WALL)]:%H:%M}"
    if not one.part & hours.exist:
        return f"no room: the clocks skip {part} on this date"
    return f"no room: {_in_words(rules.gap)} from the other nudges of the day leaves nothing of {part}"


def _no_part(one: _Drawn, rules: _Rules) -> str:
    window = one.window
    if rules.quiet is not None and not within(window) & ~within(rules.quiet):
        return f"no room: quiet hours ({rules.quiet}) leave nothing of {window}"
    return f"no room: {window} has too few minutes for so many times"


def _in_words(span: timedelta) -> str:
    hours, minutes = divmod(span // A_MINUTE, 60)
    return f"{hours}h{minutes:02}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"
