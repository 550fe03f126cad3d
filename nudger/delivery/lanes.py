"""What was claimed for one channel: it waits for a place, is asked about once more, and is handed over."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from nudger.delivery.agenda import Sending
from nudger.delivery.lease import FIRST_BYTE

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
