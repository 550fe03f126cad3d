"""Fewer nudges by themselves: for somebody who has been silent (`back_off`), and for a plan that ends softly
(`taper`). From when on, how many, which of them stay, and what to say of it. Pure.

Silence counts from the last sign, or from the end of what was no silence of theirs: a pause, a hold, a gap
of ours. It counts only while nudges arrive:
- what did not arrive stops the count until something arrives again, and the time between counts for nothing;
- before anything is thinned, so does a span of more than a week in which nothing arrived at all.

Which nudges stay is a function of the plan, of the local date on which silence began, and of that on which
the taper starts: the same whenever and wherever it is asked. Each occurrence earns its share (a half, say) of
a nudge; whenever whole ones are earned, so many of the day stay, those of the nudges that have waited
longest. So they are spread evenly, each in its turn, and no span of days has more than one too many or too
few. DST: a time that the clocks skip has earned its share all the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import ceil

from nudger.domain.model import BackOff, Between, Nudge, Person, Plan, Standing
from nudger.schedule import falls_on, fixed_times, local_date

AFTER = (14, 28, 56)  # days of silence: half of the nudges, a quarter, one a week
SHARES = (1.0, 0.5, 0.25, 0.25)  # of the plan's nudges, by steps; the last is one a week where that is less
WEEKLY_STEP = 3
WEEK = 7  # days
# Longer than a week by what a drawn time, or a change of the clocks, puts between two nudges of a week.
UNHEARD = timedelta(days=WEEK + 1)
A_DAY = timedelta(days=1)
CHUNK = 16  # weeks that are worked out at once
KEPT = 512  # courses remembered
TINY = 1e-9  # what sums of shares are off by, far below any share

_Slot = tuple[str, int]  # nudge id, slot


@dataclass(frozen=True, slots=True)
class Silence:
    """How long somebody has been silent, by their own calendar."""

    since: date
    until: date | None = None  # the last date that counts: nothing has arrived since

    def days(self, on: date) -> int:
        """Returns for how many days they have been silent on this date."""
        return ((on if self.until is None else min(on, self.until)) - self.since).days

    def step(self, on: date) -> int:
        """Returns the step of the back-off: 0 none, 1 half, 2 a quarter, 3 one a week."""
        days = self.days(on)
        return sum(days >= after for after in AFTER)


def silence(standing: Standing, at: datetime, zone: tzinfo) -> Silence | None:
    """Returns the silence of a person; None where nothing has arrived since it may have begun."""
    since, arrived = counts_from(standing, at), standing.arrived_at
    if since is None or arrived is None or arrived < since:
        return None
    stalled = standing.lost_at is not None or _is_unheard(standing, since, at)
    return Silence(local_date(zone, since), local_date(zone, arrived) if stalled else None)


def counts_from(standing: Standing, at: datetime) -> datetime | None:
    """Returns from when silence counts; None where nothing is known yet. A pause, or days away, that have
    ended by themselves ended what came before them."""
    ends = [standing.silent_since, *(span.ends_at for span in standing.wishes.away if span.ends_at <= at)]
    until = standing.paused_until
    if standing.paused_at is not None and until is not None and until <= at:
        ends.append(until)
    return max((end for end in ends if end is not None), default=None)


def arrived(standing: Standing, at: datetime) -> Standing:
    """Returns the standing after a nudge has arrived: what its coming says of the time before it."""
    since, last = counts_from(standing, at), standing.arrived_at
    if since is None:
        since = at
    elif last is None or last < since:  # the first since then
        since = since if at - since <= UNHEARD else at
    elif standing.lost_at is not None:
        since += at - last
    elif _is_unheard(standing, since, at):
        since = at
    return replace(standing, silent_since=since, arrived_at=at, lost_at=None)


def _is_unheard(standing: Standing, since: datetime, at: datetime) -> bool:
    """Whether nothing has come for so long that it is no silence of theirs. Not once they get fewer: then it
    is the back-off that leaves so much time between two nudges."""
    last = standing.arrived_at
    return last is not None and at - last > UNHEARD and last - since < AFTER[0] * A_DAY


@dataclass(frozen=True, slots=True)
class Course:
    """All that a person's thinning hangs on beside their nudges."""

    silence: Silence | None = None
    taper_from: date | None = None
    taper_days: int = 0

    @property
    def begins(self) -> date:
        """Returns the first date on which anything may be thinned."""
        firsts = [self.taper_from] if self.taper_from is not None else []
        if self.silence is not None:
            firsts.append(self.silence.since + AFTER[0] * A_DAY)
        return min(firsts, default=date.max)

    def step(self, on: date) -> int:
        """Returns the step of the back-off on this date."""
        return self.silence.step(on) if self.silence is not None else 0

    def gone(self, on: date) -> float:
        """Returns how much of the taper has gone by on this date, 0 to 1."""
        if self.taper_from is None or on <= self.taper_from:
            return 0.0
        return min(1.0, (on - self.taper_from).days / self.taper_days)

    def shares(self, on: date, weekly: float) -> tuple[float, float]:
        """Returns which share of its nudges a date keeps by the back-off, and which by the taper; `weekly`
        is what makes one a week."""
        step = self.step(on)
        backed_off = min(SHARES[step], weekly) if step == WEEKLY_STEP else SHARES[step]
        return backed_off, 1.0 - self.gone(on) * (1.0 - weekly)


def course_of(person: Person, at: datetime, zone: tzinfo) -> Course | None:
    """Returns the course of a person; None where nothing of theirs is ever thinned."""
    plan = person.plan
    starts = taper_starts(plan)
    gentle = plan.back_off is BackOff.GENTLE
    if not gentle and starts is None:
        return None
    quiet = silence(person.standing, at, zone) if gentle else None
    return Course(quiet, starts, plan.taper or 0) if quiet or starts else None


def taper_starts(plan: Plan) -> date | None:
    """Returns when the taper begins: with the plan, or else with the first of its nudges."""
    if plan.taper is None:
        return None
    return plan.starts or min((nudge.starts for nudge in plan.nudges if nudge.starts), default=None)


def is_thinned(nudge: Nudge) -> bool:
    """Tells whether it may be left out: not one that is kept, at a time that the person named."""
    return not nudge.keep or isinstance(nudge.when, Between)


def why_left_out(plan: Plan, course: Course, nudge: Nudge, on: date, slot: int) -> str | None:
    """Returns why this slot of a nudge is left out on its local date; None where it goes."""
    if on < course.begins or not is_thinned(nudge):
        return None
    if not course.step(on) and not course.gone(on):
        return None
    if (nudge.id, slot) not in left_out(plan.nudges, course, on):
        return None
    return f"thinned: {_why(plan.nudges, course, on)}"


def eases(person: Person, course: Course, on: date, at: datetime) -> bool:
    """Tells whether it is time to say that less comes: once in each silence."""
    if not course.step(on) or not any(map(is_thinned, person.plan.nudges)):
        return False
    since, said_at = counts_from(person.standing, at), person.history.eased_at
    return since is not None and (said_at is None or said_at < since)


def left_out(nudges: tuple[Nudge, ...], course: Course, on: date) -> frozenset[_Slot]:
    """Returns which slots of a date are left out."""
    if on < course.begins:
        return frozenset()
    offset = (on - course.begins).days
    return _course(_Nudges(nudges), course, offset // (CHUNK * WEEK) + 1)[offset]


def backs_off(person: Person, at: datetime, zone: tzinfo) -> bool:
    """Tells whether a person gets less now because they are silent."""
    course = course_of(person, at, zone)
    return course is not None and course.step(local_date(zone, at)) > 0


def in_words(person: Person, at: datetime, zone: tzinfo) -> str:
    """Says how many nudges a person gets now, and why: "half of the nudges: quiet for 15 days". Empty where
    they get all."""
    course, on = course_of(person, at, zone), local_date(zone, at)
    if course is None or not (course.step(on) or course.gone(on)):
        return ""
    backed_off, tapered = course.shares(on, _weekly(person.plan.nudges, course, on))
    if min(backed_off, tapered) >= 1:
        return ""
    if backed_off <= tapered:
        rate = ("", "half of the nudges", "a quarter of the nudges", "one nudge a week")[course.step(on)]
    else:
        rate = f"{tapered:.0%} of the nudges" if course.gone(on) < 1 else "one nudge a week"
    return f"{rate}: {_why(person.plan.nudges, course, on)}"


def _why(nudges: tuple[Nudge, ...], course: Course, on: date) -> str:
    """What leaves out the most."""
    backed_off, tapered = course.shares(on, _weekly(nudges, course, on))
    if course.silence is not None and course.step(on) and backed_off <= tapered:
        days = course.silence.days(on)
        return f"quiet for {days} days"
    weeks = -(-course.taper_days // WEEK)
    if course.gone(on) >= 1:
        return f"the taper of {weeks} weeks is over, one a week"
    week = (on - (course.taper_from or on)).days // WEEK + 1
    return f"week {week} of the taper of {weeks}"


class _Nudges:
    """The nudges of a plan, known by being the same and not by being alike: to compare them takes longer
    than to use them."""

    __slots__ = ("nudges",)

    def __init__(self, nudges: tuple[Nudge, ...]) -> None:
        self.nudges = nudges

    def __hash__(self) -> int:
        return id(self.nudges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Nudges) and self.nudges is other.nudges


# Within one claim everybody of a roster who fell silent on the same date asks this.
@lru_cache(maxsize=KEPT)
def _course(of: _Nudges, course: Course, chunks: int) -> tuple[frozenset[_Slot], ...]:
    """What is left out on each date from the beginning of a course on."""
    found: list[frozenset[_Slot]] = []
    credit: dict[_Slot, float] = {}
    earned, kept = 0.0, 0
    for number in range(chunks * CHUNK):
        first = course.begins + number * WEEK * A_DAY
        week = [_slots(of.nudges, day) for day in _days(first)]
        weekly = 1 / max(1, sum(map(len, week)))
        for day, slots in zip(_days(first), week, strict=True):
            share = min(course.shares(day, weekly))
            earned += share * len(slots)
            room = ceil(earned - TINY) - kept
            kept += room
            found.append(_without(slots, share, room, credit))
    return tuple(found)


def _without(slots: Sequence[_Slot], share: float, room: int, credit: dict[_Slot, float]) -> frozenset[_Slot]:
    """Those of a day that are left out where so many stay: those that have waited longest, and among equals
    the first of the file."""
    for slot in slots:
        credit[slot] = credit.get(slot, 0.0) + share
    stay = sorted(slots, key=lambda slot: -round(credit[slot], 6))[:room]
    for slot in stay:
        credit[slot] -= 1
    return frozenset(slots) - frozenset(stay)


def _weekly(nudges: tuple[Nudge, ...], course: Course, on: date) -> float:
    """Which share makes one a week in the week of this date, as the course counts weeks."""
    into = (on - course.begins).days % WEEK
    week = sum(len(_slots(nudges, day)) for day in _days(on - into * A_DAY))
    return 1 / max(1, week)


def _days(first: date) -> Iterator[date]:
    return (first + day * A_DAY for day in range(WEEK))


def _slots(nudges: Sequence[Nudge], day: date) -> list[_Slot]:
    """What may be thinned on a date, in the order of the file."""
    return [
        (nudge.id, number)
        for nudge in nudges
        if is_thinned(nudge) and falls_on(nudge, day)
        for number in range(1, _times(nudge) + 1)
    ]


def _times(nudge: Nudge) -> int:
    return nudge.when.times if isinstance(nudge.when, Between) else len(fixed_times(nudge.when))
