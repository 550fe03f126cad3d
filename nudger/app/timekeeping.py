"""The duty that keeps a host to the clock of the database that it shares with others."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from nudger.agenda.port import FactStore
from nudger.app.clock import SharedClock
from nudger.operations.port import AlarmStore

COMPARE_EVERY = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)
FAR_OFF = timedelta(seconds=5)  # nothing goes wrong by it: logs and other services do


@dataclass(slots=True)
class Timekeeping:
    """Asks the database for the time again and again."""

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
