"""The duties of upkeep: looking for what the operator has to know of, keeping no more of people than is
needed, and counting what became of nudges, so that no page of the operator's has to.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog

from nudger.agenda.port import RestoreStore
from nudger.operations.port import AlarmStore, OverviewStore, StatisticsStore, UpkeepStore
from nudger.sending.port import SendingStore

STUCK = timedelta(minutes=10)  # what was due so long ago, and was not claimed
DOUBTFUL = timedelta(hours=1)  # how long the end of a message may be unknown
FORGOTTEN = timedelta(days=1)  # older doubts are no news any more
SELDOM = timedelta(hours=1)  # what does not change from minute to minute
MB = 1_000_000
LEAST, LITTLE = 50 * MB, 500 * MB  # free: a full disk soon, and no nudge; time to look
Condition = tuple[str, str | None]  # the alarm's key, and what is wrong


@dataclass(slots=True)
class Watching:
    """Looks at the queue, plans, disk and doubts each minute, at helplines and zones each hour."""

    store: OverviewStore
    sending: SendingStore
    alarms: AlarmStore
    restore: RestoreStore
    host: str  # names what is this machine's alone, so that no other of a fleet clears it
    free: Callable[[], int]  # bytes on the disk of the state folder
    stale_helplines: Callable[[date], Collection[str]]  # countries
    helpline_country: Callable[[str | None], str]  # whose lines people of a country get
    knows_zone: Callable[[str], bool]
    _seldom_at: datetime | None = None

    async def run_once(self, now: datetime) -> int:
        """Raises and clears; nothing is due because of it."""
        await asyncio.to_thread(self.look, now)
        return 0

    def look(self, now: datetime) -> None:
        stands = {one.key: one.words for one in self.alarms.alarms() if one.cleared_at is None}
        for key, words in self._conditions(now):
            if words is None and key in stands:
                self.alarms.clear_alarm(key, now)
            elif words is not None and stands.get(key) != words:
                self.alarms.raise_alarm(key, words, now)

    def _conditions(self, now: datetime) -> Iterator[Condition]:
        yield "queue", self._queue(now)
        yield "plans", self._plans()
        yield f"disk {self.host}", _disk(self.free(), self.host)
        yield "unknown", self._unknown(now)
        yield "restored", self._restored()
        if self._seldom_at is None or not timedelta(0) <= now - self._seldom_at < SELDOM:
            self._seldom_at = now
            yield from self._seldom(now)

    def _queue(self, now: datetime) -> str | None:
        due_at = self.sending.next_due_at()
        if due_at is None or now - due_at < STUCK:
            return None
        return (
            f"what was due at {due_at:%Y-%m-%d %H:%M} UTC has not been taken up: the daemon hangs, or more "
            "is due than the sender may send. Look: nudger status, journalctl --unit nudger"
        )

    def _plans(self) -> str | None:
        # A problem's words may quote the plan.
        wrong = self.store.faulty_files()
        if not wrong:
            return None
        return f"cannot be read, and run as they last were: {_several(wrong)}. See: nudger check"

    def _unknown(self, now: datetime) -> str | None:
        count = self.store.doubtful(now - FORGOTTEN, now - DOUBTFUL)
        if not count:
            return None
        return (
            f"{count} sent more than an hour ago, and whether they arrived is not known; they are not sent "
            "again. Whose: nudger status"
        )

    def _restored(self) -> str | None:
        found = self.restore.restored()
        if found is None or found.accepted_at is not None:
            return None
        return f"{found.why}: no nudge goes out until you type nudger accept-restore"

    def _seldom(self, now: datetime) -> Iterator[Condition]:
        places = self.store.places()
        countries = {self.helpline_country(country) for country, _ in places}
        zones = {zone for _, zone in places}
        stale = sorted(countries & set(self.stale_helplines(now.date())))
        old = (
            f"nobody has looked at the helplines of {_several(stale)} for 180 days; a crisis reply names them"
        )
        yield f"helplines {self.host}", old if stale else None
        unknown = sorted(zone for zone in zones if not self.knows_zone(zone))
        lost = f"tzdata on {self.host} knows no {_several(unknown)} any more: nudges there have no time"
        yield f"tzdata {self.host}", lost if unknown else None


def _disk(free: int, host: str) -> str | None:
    if free >= LITTLE:
        return None
    # In steps, so that the words do not change with each kilobyte.
    step = next(step for step in (LEAST, 100 * MB, 200 * MB, LITTLE) if free < step)
    return f"less than {step // MB} MB free on the disk of {host}: a full one stops every nudge"


def _several(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


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
