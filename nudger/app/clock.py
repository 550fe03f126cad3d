"""The only readers of the time: everything else is handed `now`.

The machine's clock, the one that a fleet shares by its database, and a fast one; and the duty that keeps a
host of a fleet to the database's clock, and tells where its own is wrong.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's wall clock; it may be stepped at any moment, so nobody keeps what it said."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real(self, span: timedelta) -> timedelta:
        return span


class SharedClock:
    """The clock of a database that several hosts share, whatever their own clocks say.

    Goes on by the machine's own time from what the database said last; until it was asked, it is the
    machine's wall clock.
    """

    def __init__(self) -> None:
        self._said: tuple[datetime, float] | None = None

    def now(self) -> datetime:
        if self._said is None:
            return datetime.now(UTC)
        at, since = self._said
        return at + timedelta(seconds=elapsed() - since)

    def real(self, span: timedelta) -> timedelta:
        return span

    def ask(self, database: Callable[[], datetime]) -> timedelta:
        """Sets it by the database's; how far the machine's wall clock is ahead. An answer that took
        longer than CLOSE says too little, and changes nothing but the first time."""
        began = elapsed()
        at = database()
        took = elapsed() - began
        if took <= CLOSE or self._said is None:
            self._said = at + timedelta(seconds=took / 2), began + took
        return datetime.now(UTC) - self.now()


CLOSE = 1.0  # seconds


def elapsed() -> float:
    """Counts seconds of the machine's own time, which nobody sets, and which goes on while it is
    suspended."""
    return time.clock_gettime(_ELAPSED)


_ELAPSED = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class FastClock:
    """A clock that starts at `start` and runs `factor` times as fast as the machine's.

    It can be run at another pace, held (a factor of 0) and moved on; it never goes back.
    """

    def __init__(self, start: datetime, factor: float, since: float | None = None) -> None:
        """`since`: when it was `start`, by time.monotonic(); now, if that is not said."""
        self._at = start
        self._since = time.monotonic() if since is None else since
        self.factor = factor

    def now(self) -> datetime:
        return self._at + timedelta(seconds=(time.monotonic() - self._since) * self.factor)

    def real(self, span: timedelta) -> timedelta:
        """Computes how long `span` takes at this pace; while the clock is held what lies ahead never
        comes."""
        if not self.factor:
            return timedelta.max if span > timedelta(0) else timedelta(0)
        return span / self.factor

    def run(self, factor: float) -> None:
        """Runs on at this pace from here; 0 holds it."""
        self.advance_to(self.now())
        self.factor = factor

    def advance_to(self, at: datetime) -> None:
        """Moves on to `at` at once, where that is ahead."""
        now = self.now()
        self._at, self._since = max(at, now), time.monotonic()
