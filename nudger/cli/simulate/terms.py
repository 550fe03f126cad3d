"""What a plan promises, as the referee reads it: by rules of its own, and none of the engine's; and what it
keeps of each person, some sixty bytes, however long the simulation.

Instants are whole seconds since 1970 here: a million people are judged by them.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import IntFlag

from nudger.domain.model import At, Between, Nudge, Plan

NEVER = 0
FOREVER = 1 << 62
AN_HOUR = 3600  # a pause of days ends by the clock on the wall or by elapsed time
A_DAY = 24 * AN_HOUR


class Shut(IntFlag):
    """Why a person is to be left alone until they say otherwise."""

    STOPPED = 1
    HELD = 2
    PAUSED = 4  # until RESUME; a pause with an end stands in `paused_until`
    UNASKED = 8


class Accounts:
    """One column for each fact, one row for each person."""

    def __init__(self, size: int) -> None:
        self.shape = array("H", bytes(2 * size))  # which terms
        self.zone = array("H", bytes(2 * size))
        self.next = array("i", bytes(4 * size))  # the index of the first expected nudge that is not judged
        self.came = array("Q", bytes(8 * size))  # of the indexes before it, latest first: 1 for what came
        self.free = array("i", bytes(4 * size))  # up to this index nothing has to come
        self.day = array("i", bytes(4 * size))  # the local date that the next three count
        self.sent = array("B", bytes(size))
        self.put_off = array("B", bytes(size))
        self.asked_sent = array("B", bytes(size))
        self.last = array("q", bytes(8 * size))  # when the last nudge that counts came
        self.shut = array("B", bytes(size))
        self.shut_from = array("q", bytes(8 * size))  # the latest span of being left alone
        self.shut_to = array("q", bytes(8 * size))
        self.paused_until = array("q", bytes(8 * size))
        self.fewer = array("B", bytes(size))
        self.texts = array("H", bytes(2 * size))  # said and not yet answered
        self.asks = array("B", bytes(size))  # NOWs that nothing has come of yet
        self.welcomed = array("B", bytes(size))
        self.signed = array("I", bytes(4 * size))  # their last text, or the beginning of their plan
        self.earned = array("f", bytes(4 * size))  # of nudges, while less comes by itself
        self.got_of_it = array("H", bytes(2 * size))
        self.moved = array("B", bytes(size))  # since that text: what a date has is not clear
        self.got = array("H", bytes(2 * size))  # nudges in all
        self.waiting: dict[int, list[int]] = {}  # snoozes of those who have any

    def leave_alone(self, who: int, at: int, why: Shut) -> None:
        """Ends it: from now on nothing may come, and nothing has to."""
        self.shut[who] |= why
        self._span(who, at)

    def pause(self, who: int, at: int, span: timedelta | None) -> None:
        """Ends it for a while; for good where there is no `span`."""
        if span is None:
            self.leave_alone(who, at, Shut.PAUSED)
            return
        self.paused_until[who] = at + int(span.total_seconds())
        self._span(who, at)
        if span >= timedelta(days=1):  # its last day is one of nudges, from the end of quiet hours on
            self.paused_until[who] -= A_DAY + AN_HOUR
            self.shut_to[who] += AN_HOUR

    def welcome_back(self, who: int, at: int, why: Shut) -> None:
        """Takes this reason away."""
        self.shut[who] &= ~why
        self._span(who, at)

    def _span(self, who: int, at: int) -> None:
        if self.shut_to[who] < at:
            self.shut_from[who] = at
        self.shut_to[who] = FOREVER if self.shut[who] else max(at, self.paused_until[who])


@dataclass(frozen=True, slots=True)
class DailyNudge:
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

    parts: tuple[DailyNudge, ...]
    quiet: tuple[time, time] | None
    limit: int
    gap: int
    gentle: bool = False  # less comes to who is silent
    tapers_from: int = 0  # the first day of a taper, as an ordinal; 0: none
    tapers_for: int = 0  # days

    @classmethod
    def of(cls, plan: Plan) -> "Terms":
        parts = sorted((_part(nudge) for nudge in plan.nudges), key=lambda part: part.first)
        quiet = (plan.quiet.start, plan.quiet.end) if plan.quiet else None
        starts = plan.starts.toordinal() if plan.starts and plan.taper else 0
        gentle = plan.back_off == "gentle"
        gap = int(plan.gap.total_seconds())
        return cls(tuple(parts), quiet, plan.daily_limit, gap, gentle, starts, plan.taper or 0)

    def share(self, day: int, silent_from: int) -> float:
        """How much of a nudge's time is to be nudged on this day, for who is silent since that one."""
        weekly = 1 / (7 * len(self.parts))
        share = 1.0
        if self.gentle:
            silent = day - silent_from
            share = 1.0 if silent < 14 else 0.5 if silent < 28 else 0.25 if silent < 56 else weekly
        if self.tapers_from and day > self.tapers_from:
            gone = min(1.0, (day - self.tapers_from) / self.tapers_for)
            share = min(share, 1 - gone * (1 - weekly))
        return share

    def is_quiet(self, wall: time) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        return start <= wall < end if start < end else wall >= start or wall < end

    def after_quiet(self, at: int, zone: tzinfo) -> int:
        """Moves `at` to the end of the quiet hours that it lies in, if any."""
        local = datetime.fromtimestamp(at, zone)
        if self.quiet is None or not self.is_quiet(local.time()):
            return at
        start, end = self.quiet
        day = local.date() + timedelta(days=1 if start > end and local.time() >= start else 0)
        return seconds(day, end, zone)

    def expected(self, day: int, zone: tzinfo) -> Iterator[Expected]:
        """Lists what has to go out for this local date, in the order of the day."""
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
        """Finds the first that can still go out after `at`, by its index."""
        index = datetime.fromtimestamp(at, self._zones[zone]).toordinal() * len(self._terms[shape].parts)
        while self.expected(shape, zone, index).closes <= at:
            index += 1
        return index


def seconds(day: date, wall: time, zone: tzinfo) -> int:
    return int(datetime.combine(day, wall, zone).timestamp())


def _part(nudge: Nudge) -> DailyNudge:
    fresh = int(nudge.expires.total_seconds())
    match nudge.when:
        case At(times):
            return DailyNudge(times[0], times[0], False, fresh)
        case Between(window):
            return DailyNudge(window.start, window.end, True, fresh)
        case _:
            raise ValueError(f"simulated people have no nudge like {nudge.id}")
