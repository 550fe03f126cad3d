"""Laying out: every slot of every nudge of a plan on one local date, with its instant or the reason why not.

Fixed times (`at`, `cron`) come first and always stay. Drawn ones (`between`) get what these leave:
- `gap` is kept by the wall clock and in real time, whichever is longer on a day on which clocks change;
  and no two come in the same minute, even where `gap` is 0;
- as many slots find room as can; where they compete, those of the nudge that stands first in the file;
- each is drawn uniformly from the minutes of its part that leave room for all that is still to be drawn,
  in the order of the file and then of the slots.
"""

from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from hashlib import blake2b

from nudger.model import Between, Origin, Plan, Slot, Window
from nudger.schedule.localtime import LocalDay, local_day
from nudger.schedule.minutes import WALL, cut, first, last, minute_of, nth, within
from nudger.schedule.placement import Spacing, candidates, choose, clusters
from nudger.schedule.recurrence import falls_on, fixed_times

A_MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class _Asked:
    """A slot on its way: asked for, and in the end with its minute or with the reason why it has none."""

    order: int  # of the nudge, in the file
    nudge: str
    number: int
    origin: Origin
    named: int = 0  # the minute that a fixed one names
    window: Window | None = None  # a drawn one's
    part: int = 0  # the minutes that a drawn one may have on any date
    minute: int | None = None
    reason: str | None = None


def lay_out(plan: Plan, day: date, seed: str, zone: tzinfo) -> tuple[Slot, ...]:
    """All slots of a local date, by local time and then by the order of the nudges; those without room last.

    The same plan, date, seed and zone give the same slots on every machine. A date that does not exist
    has none.
    """
    hours = local_day(zone, day)
    if not hours.exist:
        return ()
    quiet = within(plan.quiet) if plan.quiet else 0
    spacing = Spacing(hours, -(-plan.gap // A_MINUTE))
    fixed, drawn = _asked(plan, hours, quiet)
    taken = _fix(fixed, plan, hours, quiet)
    if drawn:
        _draw(drawn, taken, plan, seed, spacing)
    asked = fixed + drawn
    asked.sort(key=_by_time)
    return tuple(_slot(one, hours) for one in asked)


def _asked(plan: Plan, hours: LocalDay, quiet: int) -> tuple[list[_Asked], list[_Asked]]:
    fixed: list[_Asked] = []
    drawn: list[_Asked] = []
    for order, nudge in enumerate(plan.nudges):
        if not falls_on(nudge, hours.day):
            continue
        when = nudge.when
        if isinstance(when, Between):
            for number, part in enumerate(cut(within(when.window) & ~quiet, when.times), 1):
                drawn.append(_Asked(order, nudge.id, number, Origin.DRAWN, window=when.window, part=part))
        else:
            for number, wall in enumerate(fixed_times(when), 1):
                fixed.append(_Asked(order, nudge.id, number, Origin.FIXED, named=minute_of(wall)))
    return fixed, drawn


def _fix(fixed: list[_Asked], plan: Plan, hours: LocalDay, quiet: int) -> list[int]:
    """Gives the fixed slots their minutes, and returns these."""
    taken: list[int] = []
    for one in sorted(fixed, key=lambda one: (one.named, one.order)):
        minute = first(hours.exist, one.named)
        if minute is None:
            one.reason = f"the clocks skip {WALL[one.named]:%H:%M} on this date"
        elif quiet >> minute & 1:
            one.reason = f"quiet hours ({plan.quiet})"
        elif len(taken) == plan.daily_limit:
            one.reason = _limit_reached(plan)
        else:
            one.minute = minute
            taken.append(minute)
    return taken


def _draw(drawn: list[_Asked], taken: list[int], plan: Plan, seed: str, spacing: Spacing) -> None:
    """Gives each drawn slot its minute, or its reason."""
    hours = spacing.day
    free = hours.exist
    for minute in taken:
        free &= ~spacing.around(minute)
    able = [one for one in drawn if one.part & free]
    rooms = [one.part & free for one in able]
    chosen = choose(rooms, plan.daily_limit - len(taken), spacing)
    for cluster in clusters(rooms, chosen, spacing):
        while cluster:
            index = cluster.pop(0)
            among = candidates(rooms[index], [rooms[other] for other in cluster], spacing)
            minute = nth(among, _pick(among.bit_count(), able[index], plan.person, hours.day, seed))
            able[index].minute = minute
            for other in cluster:
                rooms[other] &= ~spacing.around(minute)
    full = len(taken) + len(chosen) == plan.daily_limit
    for one in drawn:
        if one.minute is None:
            one.reason = _limit_reached(plan) if full and one.part & free else _no_room(one, plan, hours)


def _pick(count: int, one: _Asked, person: str, day: date, seed: str) -> int:
    """A number below `count`, the same wherever and whenever it is asked for.

    64 bits of BLAKE2b, scaled: uneven by less than 1 in 10^16. The seed is last, as it alone may hold
    any character.
    """
    key = f"{person}\0{one.nudge}\0{day.isoformat()}\0{one.number}\0{seed}"
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") * count >> 64


def _slot(one: _Asked, hours: LocalDay) -> Slot:
    if one.minute is None:
        return Slot(one.nudge, hours.day, one.number, one.origin, reason=one.reason)
    return Slot(one.nudge, hours.day, one.number, one.origin, WALL[one.minute], hours.at(one.minute))


def _by_time(one: _Asked) -> tuple[int, int, int]:
    return (len(WALL) if one.minute is None else one.minute, one.order, one.number)


def _limit_reached(plan: Plan) -> str:
    return f"no room: the daily limit of {plan.daily_limit} is reached"


def _no_room(one: _Asked, plan: Plan, hours: LocalDay) -> str:
    """Why a drawn slot has no minute, other than by the daily limit."""
    if not one.part:
        return _no_part(one, plan)
    start, end = first(one.part) or 0, (last(one.part) or 0) + 1
    part = f"{WALL[start]:%H:%M}-{WALL[end % len(WALL)]:%H:%M}"
    if not one.part & hours.exist:
        return f"no room: the clocks skip {part} on this date"
    return f"no room: {_in_words(plan.gap)} from the other nudges of the day leaves nothing of {part}"


def _no_part(one: _Asked, plan: Plan) -> str:
    window = one.window
    if window is not None and plan.quiet is not None and not within(window) & ~within(plan.quiet):
        return f"no room: quiet hours ({plan.quiet}) leave nothing of {window}"
    return f"no room: {window} has too few minutes for so many times"


def _in_words(span: timedelta) -> str:
    hours, minutes = divmod(span // A_MINUTE, 60)
    return f"{hours}h{minutes:02}m" if hours and minutes else f"{hours}h" if hours else f"{minutes}m"
