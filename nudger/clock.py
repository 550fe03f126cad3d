"""The only readers of the time. Everything else is handed `now`."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's wall clock; it may be stepped at any moment, so nobody keeps what it said."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real(self, span: timedelta) -> timedelta:
        return span


class FastClock:
    """A clock that starts at `start` and runs `factor` times as fast as the machine's.

    It can be made faster, held and moved on (the demo); it never goes back.
    """

    def __init__(self, start: datetime, factor: float) -> None:
        self._at = start
        self._since = time.monotonic()
        self.factor = factor

    def now(self) -> datetime:
        return self._at + timedelta(seconds=(time.monotonic() - self._since) * self.factor)

    def real(self, span: timedelta) -> timedelta:
        return span / self.factor

    def advance_to(self, at: datetime) -> None:
        """Moves on to `at` at once, where that is ahead."""
        now = self.now()
        self._at, self._since = max(at, now), time.monotonic()
