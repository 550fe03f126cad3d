"""The duties that keep no more of people than is needed (words go first, then what happened), and that count
what became of nudges, so that no page of the operator's has to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from nudger.operations.port import StatisticsStore, UpkeepStore

ROWS_STAY = timedelta(
    days=400
)  # entries, messages without words, events: a year can be compared with the last
MOST_ROUNDS = 200  # short transactions of one run; the next run goes on

log = structlog.get_logger("nudger.housekeeping")


@dataclass(slots=True)
class Housekeeping:
    """Blanks the words of messages and replies after `retention`, deletes settled rows after 400 days (or
    `retention`, if that is longer). None: everything is kept."""

    store: UpkeepStore
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


EASTMOST, WESTMOST = timedelta(hours=14), timedelta(hours=12)
WEEK = timedelta(days=7)  # an outcome may come days after its nudge
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)


class Tallying:
    """Counts the local dates that it is somewhere now; once an hour the week before them too; and, a
    date at a time, the year before that where nothing is counted yet."""

    def __init__(self, store: StatisticsStore) -> None:
        self._store = store
        self._week_at: datetime | None = None
        self._back: date | None = None

    async def run_once(self, now: datetime) -> int:
        """Counts anew. Nothing is due because of it: 0."""
        first, last = (now - WESTMOST).date(), (now + EASTMOST).date()
        if self._week_at is None or now - self._week_at >= HOUR:
            self._week_at = now
            first -= WEEK
        await asyncio.to_thread(self._store.tally, first, last)
        await asyncio.to_thread(self._reach_back, last)
        return 0

    def _reach_back(self, last: date) -> None:
        day = (self._back or last - WEEK) - DAY
        if day < last - YEAR:
            return
        self._back = day
        # What is counted stays: the entries of that date may have been erased for their age since.
        if not self._store.span(day, day).days:
            self._store.tally(day, day)
