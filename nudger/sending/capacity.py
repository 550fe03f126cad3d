"""Whether the budget carries what is planned: the queue of texts, played ahead of time. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush

from nudger.agenda.rate_limit import Budget, ordinary

HIGHEST_RATE = 100_000  # segments per second; what the setting SMS_PER_SECOND takes
_STEP = timedelta(milliseconds=1)  # a wait shorter than the clock can tell would never end


@dataclass(frozen=True, slots=True)
class Text:
    """One text that is to go out."""

    due_at: datetime
    until: datetime  # the last instant at which it may
    segments: int


@dataclass(frozen=True, slots=True)
class Peak:
    """A time in which texts wait for one another: from the first that is due until none waits."""

    starts_at: datetime
    ends_at: datetime
    texts: int
    segments: int
    missed: int  # texts that expire before their turn
    longest_wait: timedelta  # of one that goes out


def peaks(texts: Iterable[Text], per_second: float) -> Iterator[Peak]:
    """Every time in which a text waits or is missed, at this many segments per second.

    Of those that wait, the one that expires first goes first, and the budget is the dispatcher's own.
    """
    coming = sorted(texts, key=lambda text: text.due_at, reverse=True)
    budget = Budget(per_second)
    while coming:
        peak = _until_none_waits(coming, budget)
        if peak.missed or peak.longest_wait:
            yield peak


def missed(texts: Iterable[Text], per_second: float) -> int:
    """How many texts expire before their turn."""
    return sum(peak.missed for peak in peaks(texts, per_second))


def enough(texts: Sequence[Text], per_second: float) -> int | None:
    """The lowest whole rate above `per_second` at which none is missed; None where no rate will do."""
    low, high = int(per_second), int(per_second) + 1
    while missed(texts, high):
        if high > HIGHEST_RATE:
            return None
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if missed(texts, middle) else (low, middle)
    return high if high <= HIGHEST_RATE else None


def too_full(texts: Iterable[Text], per_day: int) -> dict[date, int]:
    """The GMT days on which more segments are due than the day lets out, with how many are due: what is kept
    for urgent answers lets out no nudge."""
    days: Counter[date] = Counter()
    for text in texts:
        days[text.due_at.astimezone(UTC).date()] += text.segments
    return {day: segments for day, segments in sorted(days.items()) if segments > ordinary(per_day)}


def _until_none_waits(coming: list[Text], budget: Budget) -> Peak:
    """Takes from the end of `coming` (latest first) and lets them out, until the queue is empty."""
    now = starts_at = coming[-1].due_at
    waiting: list[tuple[datetime, datetime, int]] = []
    texts = segments = late = 0
    longest = timedelta(0)
    while True:
        while coming and coming[-1].due_at <= now:
            text = coming.pop()
            heappush(waiting, (text.until, text.due_at, text.segments))
            texts, segments = texts + 1, segments + text.segments
        if not waiting:
            return Peak(starts_at, now, texts, segments, late, longest)
        until, due_at, cost = waiting[0]
        if until < now:
            heappop(waiting)
            late += 1
        elif budget.room(now, 1):
            heappop(waiting)
            budget.spend(cost)
            longest = max(longest, now - due_at)
        else:
            now += max(budget.wait(), _STEP)
