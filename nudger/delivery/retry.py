"""What follows from a failed send for its own entry: when to try again."""

from datetime import datetime, timedelta
from random import Random

from nudger.delivery.agenda import Sending
from nudger.delivery.sends import Failure, Result, SendFailure

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=5)


class Retries:
    """Backoff with full jitter. Whether the way out rests is the sender's: `senders`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def judge(self, sending: Sending, failure: SendFailure, attempts: int, now: datetime) -> Result:
        """The result to record."""
        if failure.failure is Failure.NOT_SENT:
            return Result(
                sending, failure=failure, retry_at=now + self._backoff(attempts, failure.retry_after)
            )
        if failure.failure in (Failure.AMBIGUOUS, Failure.LOST):
            return Result(sending, failure=failure)
        # Certainly not accepted: the next channel at once, or this one when it works again.
        return Result(sending, failure=failure, retry_at=now)

    def _backoff(self, attempts: int, at_least: timedelta | None) -> timedelta:
        ceiling = min(LONGEST, FIRST * (1 << min(attempts, 10)))
        return max(at_least or timedelta(0), ceiling * self._random.random(), timedelta(seconds=1))
