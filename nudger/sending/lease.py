"""What one daemon has claimed: its lease on it, and its prefetch, how much it claims ahead.

The lease's arithmetic, all by the database's clock:

1. A lease lasts HELD from its last renewal, and is renewed RENEW_AFTER, well before its end.
2. A message goes only where the lease outlives the LONGEST_CALL: whoever takes over what was left behind
   cannot meet a call of this daemon that is still open.
3. The first byte of a message goes within FIRST_BYTE of the question whether the lease still holds, or not
   at all: a process that stood still in between sends nothing that is another's by now.
4. What a daemon that died left behind is taken over at most HELD + TAKE_OVER_EVERY after its last sign of
   life, which is within a minute.

Prefetched is as much as goes out in half a second anyway, and never less than LEAST. More would lie about as
`sending` when a daemon dies, and would have to be asked for one by one. Less would leave a quick channel
waiting for the next claim, and give each commit little to do.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

HELD = timedelta(seconds=50)
RENEW_AFTER = timedelta(seconds=10)
LONGEST_CALL = timedelta(seconds=31)  # no channel's time limit is longer than 30 s
FIRST_BYTE = timedelta(seconds=11)
TAKE_OVER_EVERY = timedelta(seconds=5)
LIFE = "#"  # between the name of a host and that of one life of its daemon


class Leases(Protocol):
    """What of the store a lease needs."""

    def renew(self, owner: str) -> None:
        """Renews, as `SendingStore.renew` says, and raises what that does."""


class Lease:
    """One daemon's, as far as it knows."""

    def __init__(self, store: Leases, owner: str) -> None:
        self._store = store
        self.owner = owner
        self._renewed_at: float | None = None
        self._renewing = asyncio.Lock()

    async def keep(self) -> None:
        """Renews it where that is due. Counted in the machine's own time, which goes on while the
        process is stopped: one that was, renews before it does anything else.

        Raises what `SendingStore.renew` does."""
        clock = asyncio.get_running_loop().time
        async with self._renewing:  # all who wait for it share one renewal
            if self._renewed_at is None or clock() - self._renewed_at >= RENEW_AFTER.total_seconds():
                began = clock()
                await asyncio.to_thread(self._store.renew, self.owner)
                self._renewed_at = began

    def doubt(self) -> None:
        """Doubts the lease, for something that was claimed is not held any more: it is renewed before
        anything else."""
        self._renewed_at = None


def host_of(owner: str) -> str:
    """Returns the name of the host, without that of the life."""
    return owner.partition(LIFE)[0]


LEAST, MOST = 200, 1000  # messages
AHEAD_S = 0.5  # what goes out in so long is claimed ahead
WINDOW_S = 0.25  # over which is counted, by the machine's own time, whatever the clock on the wall says


@dataclass(slots=True)
class Prefetch:
    """How much is claimed ahead, by the rate at which sends end."""

    _since: float = 0.0
    _ended: int = 0
    _per_second: float = 0.0

    def count(self) -> None:
        """Notes that one send has ended."""
        self._ended += 1

    def most(self, now_s: float) -> int:
        """Returns how many may be claimed and not ended; `now_s` by the machine's own time."""
        if now_s - self._since >= WINDOW_S:
            self._per_second = self._ended / (now_s - self._since)
            self._since, self._ended = now_s, 0
        return max(LEAST, min(MOST, int(self._per_second * AHEAD_S)))
