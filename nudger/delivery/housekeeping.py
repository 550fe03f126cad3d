"""The duty that keeps no more of people than is needed: words go first, then what happened."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from nudger.delivery.ports import Store

ROWS_STAY = timedelta(
    days=400
)  # entries, messages without words, events: a year can be compared with the last
MOST_ROUNDS = 200  # short transactions of one run; the next run goes on

log = structlog.get_logger("nudger.housekeeping")


@dataclass(slots=True)
class Housekeeping:
    """Blanks the words of messages and replies after `retention`, deletes settled rows after 400 days (or
    `retention`, if that is longer). None: everything is kept."""

    store: Store
    retention: timedelta | None

    async def run_once(self, now: datetime) -> int:
        """Goes on in short steps, so that nothing waits for it."""
        if self.retention is None:
            return 0
        blanked = await self._all(self.store.blank, now - self.retention)
        cleared = await self._all(self.store.clear_away, now - max(ROWS_STAY, self.retention))
        if blanked or cleared:
            log.info("kept_house", blanked=blanked, cleared=cleared)
        return 0

    async def _all(self, step: Callable[[datetime], int], before: datetime) -> int:
        done = 0
        for _ in range(MOST_ROUNDS):
            more = await asyncio.to_thread(step, before)
            if not more:
                break
            done += more
        return done
