"""What a plan promises, as the referee reads it: by rules of its own, and none of the engine's.

Instants are whole seconds since 1970 here: a million people are judged by them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from nudger.model import At, Between, Nudge, Plan


@dataclass(frozen=True, slots=True)
class Part:
    """One nudge of each day: at `first`, or at a time drawn from there up to `last`."""

    first: time
    last: time
    drawn: bool
    fresh: int  # seconds that it may be late


@dataclass(frozen=True, slots=True)
class Expected:
    """One nudge of one date: it has to go out from `opens` to `closes`. Indexes ascend with time."""

    index: int
    day: int
    opens: int
    closes: int
    drawn: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan whose nudges come daily, once each, one after the other."""

    parts: tuple[Part, ...]
    quiet: tuple[time, time] | None
    limit: int
    gap: int

    @classmethod
    def of(cls, plan: Plan) -> "Terms":
        parts = sorted((_part(nudge) for nudge in plan.nudges), key=lambda part: part.first)
        quiet = (plan.quiet.start, plan.quiet.end) if plan.quiet else None
        return cls(tuple(parts), quiet, plan.daily_limit, int(plan.gap.total_seconds()))

    def is_quiet(self, wall: time) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        return start <= wall < end if start < end else wall >= start or wall < end

    def after_quiet(self, at: int, zone: tzinfo) -> int:
        """`at`, or the end of the quiet hours that it lies in."""
        local = datetime.fromtimestamp(at, zone)
        if self.quiet is None or not self.is_quiet(local.time()):
            return at
        start, end = self.quiet
        day = local.date() + timedelta(days=1 if start > end and local.time() >= start else 0)
        return seconds(day, end, zone)

    def expected(self, day: int, zone: tzinfo) -> Iterator[Expected]:
        """What has to go out for this local date, in the order of the day."""
        on = date.fromordinal(day)
        for number, part in enumerate(self.parts):
            opens = seconds(on, part.first, zone)
            closes = seconds(on, part.last, zone) + part.fresh
            yield Expected(day * len(self.parts) + number, day, opens, closes, part.drawn)


class Calendar:
    """What has to go out when, for each shape of plan in each zone: worked out once for each date."""

    def __init__(self, terms: Sequence[Terms], zones: Sequence[tzinfo]) -> None:
        self._terms = terms
        self._zones = zones
        self._days: dict[tuple[int, int, int], tuple[Expected, ...]] = {}

    def expected(self, shape: int, zone: int, index: int) -> Expected:
        day, part = divmod(index, len(self._terms[shape].parts))
        found = self._days.get((shape, zone, day))
        if found is None:
            found = tuple(self._terms[shape].expected(day, self._zones[zone]))
            self._days[shape, zone, day] = found
        return found[part]

    def first_after(self, shape: int, zone: int, at: int) -> int:
        """The index of the first that can still go out after `at`."""
        index = datetime.fromtimestamp(at, self._zones[zone]).toordinal() * len(self._terms[shape].parts)
        while self.expected(shape, zone, index).closes <= at:
            index += 1
        return index


def seconds(day: date, wall: time, zone: tzinfo) -> int:
    return int(datetime.combine(day, wall, zone).timestamp())


def _part(nudge: Nudge) -> Part:
    fresh = int(nudge.expires.total_seconds())
    match nudge.when:
        case At(times):
            return Part(times[0], times[0], False, fresh)
        case Between(window):
            return Part(window.start, window.end, True, fresh)
        case _:
            raise ValueError(f"simulated people have no nudge like {nudge.id}")
