"""What a sender lets through just now: its rate limit, and its circuit breaker. Pure.

A budget is segments per second, as carriers count: a token bucket that holds one second's worth. An hour's
budget is counted by the minute, so that no hour, wherever it begins, has more.

All daemons share one `Sender` a channel; the store reads and writes it in the claim's own
transaction, so that no two of them spend the same second, and a restart brings no second burst.

The circuit breaker, step by step:

1. Closed: all that the budget allows goes. A fault counts, a success and a recipient's fault count back to 0.
2. Open: after THRESHOLD faults in a row, and at once where the fault is our account's or settings' own, so
   that no storm of the same refusal follows. Nothing goes until `open_until`; what is due takes the next
   channel, or waits. A Retry-After opens it too, for no longer than it says.
3. Half-open: `open_until` has passed. One message goes, the probe, and all others wait for its end: for PROBE
   at the longest, then it is taken for lost, and another one goes.
4. The probe was accepted: closed. It failed: open again, twice as long, and at most LONGEST_OPEN.

What ends while it is open was on its way before, and says nothing of what comes.

At the end: whether the budget carries what is planned, the queue of texts played ahead of time.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush

from nudger.agenda.entries import Failure, SendFailure
from nudger.domain.model import ChannelName


def filled(left: float | None, at: datetime | None, per_second: float, now: datetime) -> float:
    """Returns what is in a bucket that held `left` at `at`; None: it is full. It holds one second's worth, so
    that a pause brings no burst, and at least one segment."""
    depth = max(1.0, per_second)
    if left is None or at is None:
        return depth
    # A clock stepped back gives nothing back; one stepped ahead fills the bucket once.
    passed = max(0.0, (now - at).total_seconds())
    return min(depth, left + passed * per_second)


THRESHOLD = 5  # faults in a row, none of them a recipient's
# Doubles with each probe that fails; a nudge is fresh for half an hour, so several probes fit into that.
FIRST_OPEN, LONGEST_OPEN = timedelta(minutes=1), timedelta(minutes=5)
LONGEST_ASKED = timedelta(hours=1)  # of a Retry-After
PROBE = timedelta(minutes=1)  # a probe that has no end by then is taken for lost, and another one goes
LEAST_SHARE = 1 / 64  # of the setting's rate
DOUBLES = timedelta(minutes=1)  # how fast a rate that was slowed down comes back
AT_ONCE = timedelta(seconds=1)  # refusals so close together are one: they were on their way already
MANY = 1_000_000  # segments: no limit
LONGEST = 24  # segments: 1,600 characters, more no provider takes, by 67

TOO_MANY = "more were due than the sender may send (SMS_PER_SECOND)"
# Of a day's segments so many are kept for what is urgent, which goes even when these are used up: it is
# limited by who may be answered how often. Of the others answers may use half, so that nobody's texts use up
# what everybody's nudges need.
LEAST_RESERVE, RESERVE = 10, 0.05
TOO_MANY_ANSWERS = "answers have used their half of what the sender may send today (SMS_PER_DAY)"
TOO_MANY_TODAY = "the sender may send no more today (SMS_PER_DAY)"
TOO_MANY_THIS_HOUR = "the sender may send no more within the hour (SMS_PER_HOUR)"


@dataclass(frozen=True, slots=True)
class Limit:
    """What the operator lets one sender send, in segments as carriers count; None is without limit."""

    per_second: float | None = None
    per_day: int | None = None  # of GMT
    per_hour: int | None = None  # any 60 minutes


@dataclass(frozen=True, slots=True)
class Sender:
    """How one way out stands."""

    channel: ChannelName
    bucket: float | None = None  # segments in it at `filled_at`; None: full
    filled_at: datetime | None = None
    day: date | None = None  # that `day_segments` counts
    day_segments: int = 0
    day_answers: int = 0  # of them, in answers that were not urgent
    day_urgent: int = 0  # and in those that were
    rate: float | None = None  # the share of the rate at `slowed_at`; None: all of it
    slowed_at: datetime | None = None
    failures: int = 0
    open_until: datetime | None = None  # also when it has passed: until something has worked
    probe_until: datetime | None = None
    reason: str = ""  # why its circuit is open
    hour: str = ""  # the segments of the last hour, "minute:segments", minutes since 1970


def ordinary(per_day: int) -> int:
    """Returns what is left of a day's segments without those that are kept for what is urgent."""
    return per_day - min(per_day // 2, max(LEAST_RESERVE, int(per_day * RESERVE)))


def room(sender: Sender, limit: Limit, now: datetime) -> int:
    """Segments that may go out now, at most a second's worth; of a half-open one a single message's."""
    if is_open(sender, now) or _probing(sender, now):
        return 0
    left = MANY
    if limit.per_day is not None:
        left = _left_today(sender, limit.per_day, now)
    if limit.per_hour is not None:
        left = min(left, limit.per_hour - sum(_last_hour(sender, now).values()))
    if (pace := _pace(sender, limit, now)) is not None:
        left = min(left, int(filled(sender.bucket, sender.filled_at, pace, now)))
    return max(0, min(left, 1) if sender.open_until is not None else left)


def _left_today(sender: Sender, per_day: int, now: datetime) -> int:
    """For what is not urgent: what is, uses what was kept for it first."""
    left = ordinary(per_day)
    if sender.day != _day(now):
        return left
    others = sender.day_segments - sender.day_urgent
    return left - others - max(0, sender.day_urgent - (per_day - left))


def answers_wait(sender: Sender, limit: Limit, now: datetime) -> bool:
    """Tells whether answers have had their half of this day."""
    if limit.per_day is None or sender.day != _day(now):
        return False
    return sender.day_answers >= max(1, ordinary(limit.per_day) // 2)


def taken(
    sender: Sender, limit: Limit, segments: int, now: datetime, answers: int = 0, urgent: int = 0
) -> Sender:
    """Counts segments that went out, so many of them in answers, and in urgent ones. May go below zero: a
    message is never cut, the next waits longer; and what is urgent does not wait."""
    today = _day(now)
    if sender.day != today:
        sender = replace(sender, day=today, day_segments=0, day_answers=0, day_urgent=0)
    pace = _pace(sender, limit, now)
    bucket = None if pace is None else filled(sender.bucket, sender.filled_at, pace, now) - segments
    probe_until = now + PROBE if sender.open_until is not None else None
    return replace(
        sender,
        bucket=bucket,
        filled_at=now,
        day_segments=sender.day_segments + segments,
        day_answers=sender.day_answers + answers,
        day_urgent=sender.day_urgent + urgent,
        probe_until=probe_until,
        hour="" if limit.per_hour is None else _with(sender, segments, now),
    )


HOUR_MINUTES = 60


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _last_hour(sender: Sender, now: datetime) -> dict[int, int]:
    """Segments by minute. The minute in which the hour began counts whole; what a clock stepped back has left
    ahead does not count."""
    since, until, spent = _minute(now) - HOUR_MINUTES, _minute(now) + 1, {}
    for part in sender.hour.split():
        minute, _, segments = part.partition(":")
        if minute.isdecimal() and segments.isdecimal() and since <= int(minute) <= until:
            spent[int(minute)] = int(segments)
    return spent


def _with(sender: Sender, segments: int, now: datetime) -> str:
    spent = _last_hour(sender, now)
    if segments:
        spent[_minute(now)] = spent.get(_minute(now), 0) + segments
    return " ".join(f"{minute}:{count}" for minute, count in sorted(spent.items()))


def _hour_opens_at(sender: Sender, per_hour: int, now: datetime) -> datetime:
    """When enough of the last hour lies back for one segment; `now` where it does."""
    spent = _last_hour(sender, now)
    over, at = sum(spent.values()) - per_hour, now
    for minute, segments in sorted(spent.items()):
        if over < 0:
            break
        over -= segments
        at = datetime.fromtimestamp((minute + HOUR_MINUTES + 1) * 60, UTC)
    return at


def opens_at(sender: Sender, limit: Limit, now: datetime) -> datetime:
    """Returns when there is room for one segment again; `now` where there is."""
    at = now
    for until in (sender.open_until, sender.probe_until if sender.open_until else None):
        at = max(at, until or now)
    if _is_used_up(sender, limit, now):
        at = max(at, datetime.combine(_day(now) + timedelta(days=1), time(), UTC))
    if limit.per_hour is not None:
        at = max(at, _hour_opens_at(sender, limit.per_hour, now))
    if (pace := _pace(sender, limit, now)) is not None:
        missing = 1 - filled(sender.bucket, sender.filled_at, pace, now)
        at = max(at, now + timedelta(seconds=max(0.0, missing) / pace))
    return at


def is_open(sender: Sender, now: datetime) -> bool:
    """Tells whether nothing may go this way: the breaker has opened, or the provider asked for a pause."""
    return sender.open_until is not None and now < sender.open_until


def is_limited(sender: Sender, limit: Limit) -> bool:
    """Tells whether what goes this way has to wait for its turn."""
    return limit != Limit() or sender.open_until is not None


def why_full(sender: Sender, limit: Limit, now: datetime) -> str:
    """Says why, for who waits for a turn that does not come."""
    if sender.open_until is not None:
        return f"the circuit of {sender.channel} is open: {sender.reason}"
    if _is_used_up(sender, limit, now):
        return TOO_MANY_TODAY
    hour_is_full = limit.per_hour is not None and _hour_opens_at(sender, limit.per_hour, now) > now
    return TOO_MANY_THIS_HOUR if hour_is_full else TOO_MANY


def _is_used_up(sender: Sender, limit: Limit, now: datetime) -> bool:
    return limit.per_day is not None and _left_today(sender, limit.per_day, now) <= 0


def ended(sender: Sender, failure: SendFailure | None, now: datetime) -> Sender:
    """Returns the sender after one message ended so; `failure` is None where it was accepted."""
    kind = failure.failure if failure else None
    if failure is None or kind in (Failure.RECIPIENT, Failure.OPTED_OUT, Failure.LOST):
        return _worked(sender, now)
    if kind is Failure.NOT_SENT and (failure.retry_after is not None or failure.code in SLOW_DOWN):
        return _slower(sender, failure, now)
    if is_open(sender, now):
        return sender  # was on its way before; what is known already keeps it open no longer
    failures = max(sender.failures + 1, THRESHOLD if kind is Failure.SENDER else 0)
    if failures < THRESHOLD:
        return replace(sender, failures=failures)
    span = min(LONGEST_OPEN, FIRST_OPEN * (1 << min(failures - THRESHOLD, 10)))
    return replace(sender, failures=failures, open_until=now + span, probe_until=None, reason=failure.reason)


# "Too many requests", the queue is full, too many between two numbers.
SLOW_DOWN = frozenset({"429", "20429", "14107", "21611", "30001"})


def is_broken(sender: Sender) -> bool:
    """Tells whether it is for the operator to know: not a pause that a provider asked for."""
    return sender.open_until is not None and sender.failures >= THRESHOLD


def set_right(sender: Sender, now: datetime) -> Sender:
    """Mends what a clock stepped back has left: what lies too far ahead would hold everything up."""
    if sender.filled_at is not None and sender.filled_at > now:
        sender = replace(sender, filled_at=now)
    if sender.slowed_at is not None and sender.slowed_at > now:
        sender = replace(sender, slowed_at=now)
    if sender.open_until is not None and sender.open_until > now + LONGEST_ASKED:
        sender = replace(sender, open_until=now)
    if sender.probe_until is not None and sender.probe_until > now + PROBE:
        sender = replace(sender, probe_until=None)
    return sender


def _worked(sender: Sender, now: datetime) -> Sender:
    # What ends well while it is open was on its way before the fault: it says nothing of what comes.
    if is_open(sender, now) or (sender.open_until is None and not sender.failures):
        return sender
    return replace(sender, failures=0, open_until=None, probe_until=None, reason="")


def _slower(sender: Sender, failure: SendFailure, now: datetime) -> Sender:
    """Half as fast from here on, and back within minutes; and a pause where one was asked for."""
    if sender.slowed_at is None or now - sender.slowed_at >= AT_ONCE:
        sender = replace(sender, rate=max(LEAST_SHARE, _share(sender, now) / 2), slowed_at=now)
    if failure.retry_after is None:
        return replace(sender, probe_until=None)
    until = now + min(failure.retry_after, LONGEST_ASKED)
    if sender.open_until is not None and sender.open_until >= until:
        return sender
    return replace(sender, open_until=until, probe_until=None, reason=failure.reason)


def _pace(sender: Sender, limit: Limit, now: datetime) -> float | None:
    return None if limit.per_second is None else limit.per_second * _share(sender, now)


def _share(sender: Sender, now: datetime) -> float:
    if sender.rate is None or sender.slowed_at is None:
        return 1.0
    passed: float = max(0.0, (now - sender.slowed_at) / DOUBLES)
    return min(1.0, sender.rate * 2 ** min(passed, 10.0))


def _probing(sender: Sender, now: datetime) -> bool:
    return sender.open_until is not None and sender.probe_until is not None and now < sender.probe_until


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


class Budget:
    """A bucket that is played with, to see ahead."""

    def __init__(self, per_second: float) -> None:
        self._rate = per_second
        self._left: float | None = None
        self._at: datetime | None = None

    def room(self, now: datetime, at_most: int) -> int:
        """Segments that may go out now."""
        self._left, self._at = filled(self._left, self._at, self._rate, now), now
        return max(0, min(at_most, int(self._left)))

    def spend(self, segments: int) -> None:
        """Spends segments. May go below zero: a message is never cut, the next one waits longer."""
        assert self._left is not None
        self._left -= segments

    def wait(self) -> timedelta:
        """Returns the time until there is room for one segment."""
        left = self._left or 0.0
        return timedelta(seconds=max(0.0, 1 - left) / self._rate)


HIGHEST_RATE = 100_000  # segments per second; what the setting SMS_PER_SECOND takes
_STEP = timedelta(milliseconds=1)  # a wait shorter than the clock can tell would never end


@dataclass(frozen=True, slots=True)
class PlannedText:
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


def peaks(texts: Iterable[PlannedText], per_second: float) -> Iterator[Peak]:
    """Returns every time in which a text waits or is missed, at this many segments per second.

    Of those that wait, the one that expires first goes first, and the budget is the dispatcher's own.
    """
    coming = sorted(texts, key=lambda text: text.due_at, reverse=True)
    budget = Budget(per_second)
    while coming:
        peak = _until_none_waits(coming, budget)
        if peak.missed or peak.longest_wait:
            yield peak


def missed(texts: Iterable[PlannedText], per_second: float) -> int:
    """Returns how many texts expire before their turn."""
    return sum(peak.missed for peak in peaks(texts, per_second))


def enough(texts: Sequence[PlannedText], per_second: float) -> int | None:
    """Returns the lowest whole rate above `per_second` at which none is missed; None where no rate will
    do."""
    low, high = int(per_second), int(per_second) + 1
    while missed(texts, high):
        if high > HIGHEST_RATE:
            return None
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if missed(texts, middle) else (low, middle)
    return high if high <= HIGHEST_RATE else None


def too_full(texts: Iterable[PlannedText], per_day: int) -> dict[date, int]:
    """Returns the GMT days on which more segments are due than the day lets out, with how many are due: what
    is kept for urgent answers lets out no nudge."""
    days: Counter[date] = Counter()
    for text in texts:
        days[text.due_at.astimezone(UTC).date()] += text.segments
    return {day: segments for day, segments in sorted(days.items()) if segments > ordinary(per_day)}


def _until_none_waits(coming: list[PlannedText], budget: Budget) -> Peak:
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
