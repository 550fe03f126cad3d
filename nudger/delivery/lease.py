"""A daemon's lease on what it has claimed: renewed while it lives, and asked for before each call.

The arithmetic, all by the database's clock: a lease is renewed RENEW_AFTER, well before its end; a
message goes only where the lease outlives the LONGEST_CALL, and its first byte within FIRST_BYTE of that
question or not at all; what a daemon that died left behind is taken over at most HELD + TAKE_OVER_EVERY
after its last sign of life, which is within a minute.
"""

import asyncio
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
