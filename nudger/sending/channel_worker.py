"""What was claimed, until it is handed over: the daemon's lease on it, how much is claimed ahead, and for
each channel a lane, where it waits for a place, is asked about once more, and goes.

The lease's arithmetic, all by the database's clock: a lease is renewed RENEW_AFTER, well before its end; a
message goes only where the lease outlives the LONGEST_CALL, and its first byte within FIRST_BYTE of that
question or not at all; what a daemon that died left behind is taken over at most HELD + TAKE_OVER_EVERY
after its last sign of life, which is within a minute.

Claimed ahead is as much as goes out in half a second anyway, and never less than LEAST. More would lie
about as `sending` when a daemon dies, and would have to be asked for one by one. Less would leave a
quick channel waiting for the next claim, and give each commit little to do.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from nudger.agenda.entries import Sending

HELD = timedelta(seconds=50)
RENEW_AFTER = timedelta(seconds=10)
LONGEST_CALL = timedelta(seconds=31)  # no channel's time limit is longer than 30 s
FIRST_BYTE = timedelta(seconds=11)
TAKE_OVER_EVERY = timedelta(seconds=5)
LIFE = "#"  # between the name of a host and that of one life of its daemon


class Leases(Protocol):
    """What of the store a lease needs."""

    def renew(self, owner: str) -> None: ...


class Lease:
    """One daemon's, as far as it knows."""

    def __init__(self, store: Leases, owner: str) -> None:
        self._store = store
        self.owner = owner
        self._renewed_at: float | None = None
        self._renewing = asyncio.Lock()

    async def keep(self) -> None:
        """Renews it where that is due. Counted in the machine's own time, which goes on while the
        process is stopped: one that was, renews before it does anything else."""
        clock = asyncio.get_running_loop().time
        async with self._renewing:  # all who wait for it share one renewal
            if self._renewed_at is None or clock() - self._renewed_at >= RENEW_AFTER.total_seconds():
                began = clock()
                await asyncio.to_thread(self._store.renew, self.owner)
                self._renewed_at = began

    def doubt(self) -> None:
        """Something that was claimed is not held any more: it is renewed before anything else."""
        self._renewed_at = None


def host_of(owner: str) -> str:
    """The name of the host, without that of the life."""
    return owner.partition(LIFE)[0]


LEAST, MOST = 200, 1000
AHEAD = 0.5  # seconds
WINDOW = 0.25  # seconds over which is counted; by the machine's own time, whatever the clock on the wall says


@dataclass(slots=True)
class Pace:
    """Counts what ends."""

    _since: float = 0.0
    _ended: int = 0
    _per_second: float = 0.0

    def ended(self) -> None:
        self._ended += 1

    def ahead(self, now: float) -> int:
        """How many may be claimed and not ended."""
        if now - self._since >= WINDOW:
            self._per_second = self._ended / (now - self._since)
            self._since, self._ended = now, 0
        return max(LEAST, min(MOST, int(self._per_second * AHEAD)))


GATHER = 0.005  # seconds: what ends meanwhile shares one question, or one commit
KEPT = 20  # one place in so many is kept for what is urgent
LONGEST_QUESTION = 1.0  # seconds that whoever brings messages waits for the store; the question goes on
LOOK_LASTS = 0.5  # seconds of the machine's own time: then a STOP may have come, or a lease gone


@dataclass(slots=True)
class Lane:
    """The messages of one channel, in the order in which they came, what is urgent before all else; at most
    `places` at once, and some of them for what is urgent alone, however slow the provider is.

    `still_go` gives those of some messages that may go out now. It is asked when there are places for
    them and right before they are handed over, for all of these at once: what waits behind a slow
    provider is still within reach of a STOP. `send` hands one over and may not fail; `moved` is told
    whenever there is one less on its way.
    """

    places: int
    still_go: Callable[[Sequence[Sending]], Awaitable[Sequence[Sending]]]
    send: Callable[[Sending], Awaitable[None]]
    moved: Callable[[], None]
    _urgent: deque[Sending] = field(default_factory=deque)
    _waiting: deque[Sending] = field(default_factory=deque)
    _asked_about: int = 0
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _handing_over: asyncio.Task[None] | None = None

    @property
    def load(self) -> int:
        """How many messages are neither ended nor given back."""
        return len(self._urgent) + len(self._waiting) + self._asked_about + len(self._under_way)

    async def take(self, sendings: Sequence[Sending]) -> None:
        """Returns when those are handed over for which there is a place, or the store does not say which."""
        self._urgent.extend(one for one in sendings if one.urgent)
        self._waiting.extend(one for one in sendings if not one.urgent)
        if self._handing_over is None:
            self._begin()
        if self._handing_over is not None:
            await asyncio.wait([self._handing_over], timeout=LONGEST_QUESTION)

    def cancel(self) -> None:
        """Lets go of everything, however it may end."""
        self._urgent.clear()
        self._waiting.clear()
        for task in (self._handing_over, *self._under_way):
            if task is not None:
                task.cancel()

    def _begin(self) -> None:
        if self._handing_over is None and self._free() > 0:
            self._handing_over = asyncio.create_task(self._hand_over())
            self._handing_over.add_done_callback(self._handed_over)

    async def _hand_over(self) -> None:
        """As many as there are places for. A question costs the more, the fewer share it: where only a few
        places are free, it waits for others."""
        clock = asyncio.get_running_loop().time
        while (free := self._free()) > 0:
            if not self._urgent and free < min(len(self._waiting), self.places // 4):
                await asyncio.sleep(GATHER)
                free = self._free()
            queue = self._urgent or self._waiting
            some = [queue.popleft() for _ in range(min(free, len(queue)))]
            self._asked_about = len(some)
            looked_at = clock()
            try:
                going = await self.still_go(some)
            finally:
                self._asked_about = 0
            for sending in going:
                task = asyncio.create_task(self._go(sending, looked_at), name=f"send {sending.message}")
                self._under_way.add(task)
                task.add_done_callback(self._ended)

    def _free(self) -> int:
        """Places for what waits first; 0 where nothing waits."""
        free = self.places - len(self._under_way)
        if self._urgent:
            return free
        return min(free - self.places // KEPT, len(self._waiting)) if self._waiting else 0

    async def _go(self, sending: Sending, looked_at: float) -> None:
        clock = asyncio.get_running_loop().time
        if clock() - looked_at > LOOK_LASTS:  # RACE: this process or its machine stood still since
            looked_at = clock()
            if not await self.still_go([sending]):
                return
        # RACE: it stands still from here on. The channel lets no byte out after `until`.
        await self.send(replace(sending, until=looked_at + FIRST_BYTE.total_seconds()))

    def _handed_over(self, _task: asyncio.Task[None]) -> None:
        self._handing_over = None
        self._begin()
        self.moved()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()
        self.moved()
