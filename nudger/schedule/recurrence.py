"""Which local dates a nudge falls on, and its fixed wall times there. No zone and no DST comes in here."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache

from cronsim import CronSim, CronSimError

from nudger.model import At, Between, Cron, Nudge, OnDays

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
    """Whether a nudge has anything on a local date: its days, `every`, `starts`, `ends`, cron's dates."""
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
    """The fixed wall times of a nudge on a local date, ascending; none for a drawn one."""
    if isinstance(nudge.when, Between) or not falls_on(nudge, day):
        return ()
    return fixed_times(nudge.when)


def fixed_times(when: At | Cron) -> tuple[time, ...]:
    """The wall times of any date that these fall on."""
    return when.times if isinstance(when, At) else read_cron(when.expression).times


def check_cron(expression: str) -> str | None:
    """What is wrong with a cron expression, in words; None if it has five fields and comes some day."""
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
    """The fields of an expression that `check_cron` finds nothing wrong with."""
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
