"""What follows from a failed send: when to try again, and which channels rest."""

from datetime import datetime, timedelta
from random import Random

from nudger.delivery.agenda import Sending
from nudger.delivery.sends import Failure, Result, SendFailure
from nudger.model import ChannelName

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=5)
REST = timedelta(minutes=1)  # how long a channel rests when its account or number is refused


class Retries:
    """Backoff with full jitter, and the channels that rest; lives with the dispatcher."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._closed: dict[ChannelName, datetime] = {}

    def closed(self, now: datetime) -> dict[ChannelName, datetime]:
        """Channels that rest now, and until when."""
        self._closed = {channel: until for channel, until in self._closed.items() if until > now}
        return dict(self._closed)

    def judge(self, sending: Sending, failure: SendFailure, attempts: int, now: datetime) -> Result:
        """The result to record; a sender's fault or a 429 closes the channel for a while."""
        if failure.failure is Failure.SENDER:
            self._close(sending.channel, now + REST)
        elif failure.failure is Failure.NOT_SENT:
            wait = self._backoff(attempts, failure.retry_after)
            if failure.retry_after is not None:
                self._close(sending.channel, now + failure.retry_after)
            return Result(sending, failure=failure, retry_at=now + wait)
        elif failure.failure in (Failure.RECIPIENT, Failure.OPTED_OUT):
            return Result(sending, failure=failure, retry_at=now)
        return Result(sending, failure=failure)

    def _close(self, channel: ChannelName, until: datetime) -> None:
        self._closed[channel] = max(until, self._closed.get(channel, until))

    def _backoff(self, attempts: int, at_least: timedelta | None) -> timedelta:
        ceiling = min(LONGEST, FIRST * (1 << min(attempts, 10)))
        return max(at_least or timedelta(0), ceiling * self._random.random(), timedelta(seconds=1))
