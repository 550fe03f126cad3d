"""The only readers of the time: everything else is handed `now`.

The machine's clock, the one that a fleet shares by its database, and a fast one; and the duty that keeps a
host of a fleet to the database's clock, and tells where its own is wrong.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from nudger.agenda.port import FactStore
from nudger.operations.port import AlarmStore

COMPARE_EVERY = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)
FAR_OFF = timedelta(seconds=5)  # nothing goes wrong by it: logs and other services do
CLOSE = 1.0  # seconds


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
        """Sets it by the database's; returns how far the machine's wall clock is ahead. An answer that took
        longer than CLOSE says too little, and changes nothing but the first time."""
        began = elapsed()
        at = database()
        took = elapsed() - began
        if took <= CLOSE or self._said is None:
            self._said = at + timedelta(seconds=took / 2), began + took
        return datetime.now(UTC) - self.now()


def elapsed() -> float:
    """Counts seconds of the machine's own time, which nobody sets and which goes on while it is suspended."""
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
        """How long `span` takes at this pace; while the clock is held what lies ahead never comes."""
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


@dataclass(slots=True)
class Timekeeping:
    """The duty that keeps a host to the clock of the database that it shares with others."""

    facts: FactStore
    alarms: AlarmStore
    clock: SharedClock
    host: str
    _told: str | None = ""  # None: nothing is wrong

    async def run_once(self, now: datetime) -> int:
        """Asks the database for the time. Nothing is due because of it."""
        await asyncio.to_thread(self.compare, now)
        return 0

    def compare(self, now: datetime) -> None:
        """Raises an alarm where this host's own clock is far off, and clears it where it is not."""
        words = self._words(self.clock.ask(self.facts.time))
        if words == self._told:
            return
        self._told = words
        if words is None:
            self.alarms.clear_alarm(f"host-clock {self.host}", now)
        else:
            self.alarms.raise_alarm(f"host-clock {self.host}", words, now)

    def _words(self, ahead: timedelta) -> str | None:
        off = abs(ahead)
        if off < FAR_OFF:
            return None
        # In steps: one that runs away is no news every quarter of a minute.
        much = f"{round(off / MINUTE)} min" if off >= MINUTE else "some seconds"
        which = "ahead of" if ahead > timedelta(0) else "behind"
        return (
            f"the clock of {self.host} is {much} {which} the database's. nudger goes by the database's, and "
            "nothing comes early or late for it; put it right all the same: timedatectl"
        )
