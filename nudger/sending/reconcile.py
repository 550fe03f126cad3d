"""The duty that asks the provider what became of messages whose end is unknown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName
from nudger.sending.port import SendingStore
from nudger.sending.unknown_sends import Doubt, Listed, judge, wait

BATCH = 50  # doubts of one run: after an outage of thousands, the oldest first, and never a burst
AT_ONCE = 5  # questions under way

log = structlog.get_logger("nudger.reconcile")


class Outbox(Protocol):
    """A provider that can be asked for what it was given to send."""

    async def list_outbound(self, address: str, since: datetime) -> Sequence[Listed]:
        """All that went to this address since then, and perhaps more; what still waits in the provider's
        queue too. Raises ChannelError where it cannot be told."""


@dataclass(frozen=True, slots=True)
class TakingOver:
    """What a daemon left in `sending` when its lease ended becomes unknown, and is asked about."""

    store: SendingStore

    async def run_once(self, now: datetime) -> int:
        """Whose it was, the store knows. Nothing is due because of it: what is unknown is asked for first."""
        taken = await asyncio.to_thread(self.store.abandon, now)
        if taken:
            log.warning("taken_over", count=taken)
        return 0


@dataclass(slots=True)
class Reconciling:
    """Found means sent; not there for a minute means free to go out again, while it is fresh."""

    store: SendingStore
    outboxes: dict[ChannelName, Outbox]  # channels that can be asked; SMTP cannot
    _failures: int = 0
    _resume_at: datetime | None = None
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run_once(self, now: datetime) -> int:
        """Asks about what is due to be asked; returns how many doubts were resolved."""
        if not self.outboxes or self._rests(now):
            return 0
        doubts = await asyncio.to_thread(self.store.doubts, now, frozenset(self.outboxes), BATCH)
        if not doubts:
            return 0
        by_address: dict[tuple[ChannelName, str], list[Doubt]] = {}
        for doubt in doubts:
            by_address.setdefault((doubt.channel, doubt.address), []).append(doubt)
        asked = await asyncio.gather(*(self._ask(*of, about) for of, about in by_address.items()))
        resolved = sum(
            [await self._settle(about, listed, now) for about, listed in asked if listed is not None]
        )
        self._note(now, failed=any(listed is None for _, listed in asked))
        return resolved

    async def _ask(
        self, channel: ChannelName, address: str, about: list[Doubt]
    ) -> tuple[list[Doubt], Sequence[Listed] | None]:
        since = min(doubt.attempted_at for doubt in about)
        try:
            async with self._places:
                return about, await self.outboxes[channel].list_outbound(address, since)
        except ChannelError as fault:
            # Nothing is concluded from a question without an answer. Whose it was, the store knows.
            log.warning("not_reconciled", channel=str(channel), count=len(about), fault=fault.message)
            return about, None

    async def _settle(self, about: Sequence[Doubt], listed: Sequence[Listed], now: datetime) -> int:
        done = await asyncio.to_thread(
            self.store.reconcile, about, listed, lambda doubts, free: judge(doubts, free, now), now
        )
        if done.found or done.not_there:
            log.info("reconciled", found=done.found, not_there=done.not_there)
        return done.found + done.not_there

    def _rests(self, now: datetime) -> bool:
        """Not again at once after a question that failed; a clock stepped back does not prolong it."""
        return self._resume_at is not None and timedelta(0) < self._resume_at - now <= wait(self._failures)

    def _note(self, now: datetime, *, failed: bool) -> None:
        self._resume_at = now + wait(self._failures) if failed else None
        self._failures = self._failures + 1 if failed else 0
