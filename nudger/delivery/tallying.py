"""The duty that counts what became of nudges, so that no page of the operator's has to."""

import asyncio
from datetime import date, datetime, timedelta

from nudger.delivery.ports import Store

EASTMOST, WESTMOST = timedelta(hours=14), timedelta(hours=12)
WEEK = timedelta(days=7)  # an outcome may come days after its nudge
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
DAY = timedelta(days=1)


class Tallying:
    """Counts the local dates that it is somewhere now; once an hour the week before them too; and, a
    date at a time, the year before that where nothing is counted yet."""

    def __init__(self, store: Store) -> None:
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
