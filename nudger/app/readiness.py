"""Whether nudger can do its work: its database is the one that it began with and takes writes, and its duties
run. What it promises here is looked at, and not believed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from nudger.app.clock import elapsed
from nudger.domain.errors import StoreAway, StoreBusy, StoreError, StoreReplaced

EVERY = timedelta(seconds=5)
STALE = 20.0  # seconds after which the last look says nothing any more
SETTLES = 20.0  # seconds that whoever puts a file in the place of another is given to do so
PASSES = 60.0  # seconds in which a lock of another program may pass before the operator is told

log = structlog.get_logger("nudger.app.readiness")


@dataclass(slots=True)
class Readiness:
    """The duty that looks, and what it found; `note` takes what others come upon in between."""

    prove: Callable[[], None]  # StoreError where the database is another one, or takes no write
    silent: Callable[[], Mapping[str, float]]  # duties that should have ended, and for how many seconds
    clock: Callable[[], float] = elapsed
    _fault: StoreAway | None = None
    _since: float = 0.0  # the database is away
    _looked_at: float | None = None

    async def run_once(self, now: datetime) -> int:  # noqa: ARG002 (a lock passes by the machine's own time)
        """Looks. 1 where the database is back, and what waited for it is due. Where another one is in its
        place a StoreError ends the process: a fresh start knows what to make of it."""
        try:
            await asyncio.to_thread(self.prove)
        except StoreAway as fault:
            self.note(fault)
            self._end_where_replaced(fault)
            return 0
        finally:
            self._looked_at = self.clock()
        if self._fault is None:
            return 0
        log.warning("database_back", after=round(self._lasted))
        self._fault = None
        return 1

    def note(self, fault: StoreAway) -> None:
        """Takes what others came upon; logs each thing that is wrong once."""
        if self._fault is not None and self._fault.said == fault.said:
            return
        if self._fault is None:
            self._since = self.clock()
        self._fault = fault
        what = "nothing goes out, and whoever posts a text is asked to come again"
        log.error("database_away", fault=fault.message, what=what, hint=fault.hint)

    def faults(self) -> Sequence[str]:
        """Says why nudger is not ready, in words that strangers may read; none where it is."""
        found = [f"the database: {self._fault.said}"] if self._fault is not None else []
        if self._looked_at is None or self.clock() - self._looked_at > STALE:
            found.append("the database has not been looked at for a while")
        return [
            *found,
            *(f"{name}: no sign of life for {span:.0f} s" for name, span in self.silent().items()),
        ]

    def news(self) -> str | None:
        """Says what the operator has to know of the database; None as long as it may pass: a lock does, a
        file that has gone does not."""
        if self._fault is None or (isinstance(self._fault, StoreBusy) and self._lasted < PASSES):
            return None
        return f"{self._fault.message}. Nothing goes out, and nobody's text is taken. {self._fault.hint}"

    @property
    def _lasted(self) -> float:
        return self.clock() - self._since

    def _end_where_replaced(self, fault: StoreAway) -> None:
        """Not at once: it may be being copied there, and the operator has to be told."""
        if isinstance(fault, StoreReplaced) and self._lasted >= SETTLES:
            raise StoreError(fault.message, fault.hint)
