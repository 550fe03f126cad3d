"""The duty that asks the provider for what came in: each text once, in the order in which they came.

Where nothing can reach nudger it is how texts come. Where webhooks do, it finds what they have lost: what was
texted while nudger was down, or answered with a fault of ours, which nobody posts again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from nudger.agenda.port import FactStore, RestoreStore
from nudger.agenda.set_aside import in_words, is_theirs
from nudger.domain.effects import stated
from nudger.domain.errors import ChannelError
from nudger.inbound.port import Inbound, InboundStore

WITH_WEBHOOKS = timedelta(minutes=10)  # where texts are posted, and none should be lost
LOOK_EVERY = timedelta(seconds=15)  # for a reason to ask sooner
GAP = timedelta(minutes=2)  # between two looks: the machine slept, or its clock was set
LISTED = timedelta(minutes=1)  # a text that was posted may not be in the list at once: asked for twice
LONGEST_SILENCE = timedelta(days=60)  # how long nudger may have been down: ids are known for longer
OVERLAP = timedelta(minutes=5)  # the provider's clock, and what was under way
NOTE_EVERY = timedelta(minutes=10)  # how far has been asked; a list is of whole days anyway

_ASKED = "asked for replies"  # the fact

log = structlog.get_logger("nudger.replies")


class InboundList(Protocol):
    """A provider that can be asked for what came in."""

    async def list_inbound(self, since: datetime) -> Sequence[Inbound]:
        """Lists what came in since then, and perhaps more. Raises ChannelError where it cannot be told."""


@dataclass(slots=True)
class Poller:
    """Asks at every start, as often as `every` says, after each fault of ours, after a gap of the clock."""

    provider: InboundList
    take: Callable[[Inbound], Awaitable[None]]
    store: InboundStore
    facts: FactStore
    restore: RestoreStore
    first_start: datetime  # nothing from before it is ever taken
    every: timedelta = WITH_WEBHOOKS
    _looked_at: datetime | None = None
    _asked_at: datetime | None = None
    _noted_at: datetime | None = None
    _missed: list[datetime] = field(default_factory=list)  # when to ask for what a fault has lost
    # Ids of the last list: what was taken (the store keeps no contact's text), and what has failed.
    _taken: set[str] = field(default_factory=set)
    _failed: set[str] = field(default_factory=set)

    def missed(self, now: datetime) -> None:
        """Notes that a text may have been lost right now: it is asked for soon."""
        self._missed = [now, now + LISTED]

    async def run_once(self, now: datetime) -> int:
        """Asks where there is a reason to; how many texts were new."""
        must, time = self._must_ask(now), self._is_time(now)
        self._looked_at = now
        if not must and not time:
            return 0
        # A little less than its time: one alone, whose clockwork is punctual, skips none.
        mine = await asyncio.to_thread(self.facts.take_turn, "poll replies", self.every * 0.9)
        return await self._ask(now) if must or mine else 0

    def _must_ask(self, now: datetime) -> bool:
        """Whatever the other daemons do: this one may have lost something."""
        gap = self._looked_at is not None and not timedelta(0) <= now - self._looked_at <= GAP
        missed = [at for at in self._missed if at <= now]
        return self._asked_at is None or gap or bool(missed)

    def _is_time(self, now: datetime) -> bool:
        return self._asked_at is None or now - self._asked_at >= self.every * 0.9

    async def _ask(self, now: datetime) -> int:
        since, restored = await asyncio.to_thread(self._since, now)
        try:
            found = await self.provider.list_inbound(since)
        except ChannelError as fault:
            # The provider or the network is away. Asking again is safe, and loses nothing.
            log.warning("poll_failed", fault=fault.message)
            return 0
        first = self.first_start.replace(microsecond=0)  # as whole as the seconds of a provider's list
        new = await self._new([one for one in found if restored or one.received_at >= first])
        taken = [one for one in new if await self._take(replace(one, taken_at=now, again=restored))]
        listed = {one.provider_id for one in found}
        self._taken, self._failed = self._taken & listed, self._failed & listed
        await asyncio.to_thread(self._note, now, restored)
        if taken:
            log.info("polled", new=len(taken))
        return len(taken)

    async def _take(self, inbound: Inbound) -> bool:
        """Whether it is taken. What fails over one person's text is told once, keeps no other's text waiting,
        and is tried again each time."""
        try:
            await self.take(inbound)
        except Exception as fault:
            if not is_theirs(fault):
                raise
            if inbound.provider_id not in self._failed:
                log.error("text_not_taken", fault=in_words(fault))
            self._failed.add(inbound.provider_id)
            return False
        self._taken.add(inbound.provider_id)
        return True

    async def _new(self, found: Sequence[Inbound]) -> list[Inbound]:
        """Those that nobody has taken, the oldest first. What is known costs one question, however many."""
        fresh = [one for one in found if one.provider_id not in self._taken]
        unseen = await asyncio.to_thread(self.store.unseen, fresh) if fresh else ()
        return sorted((one for one in fresh if one.provider_id in unseen), key=lambda one: one.received_at)

    def _since(self, now: datetime) -> tuple[datetime, bool]:
        """From when on to ask, and whether it is for what a restored database does not know."""
        asked = self._asked_at
        if asked is None:
            asked = stated(self.facts.remember(_ASKED, self.first_start.isoformat()), self.first_start)
        # What the store may have deleted since is not asked for again: it would be taken for new.
        since = max(min(asked, now) - OVERLAP, now - LONGEST_SILENCE)
        restored = self.restore.restored()
        if restored is None or restored.asked_at is not None:
            return max(since, self.first_start), False
        return min(since, restored.knows_until - OVERLAP), True

    def _note(self, now: datetime, restored: bool) -> None:
        self._asked_at = now
        self._missed = [at for at in self._missed if at > now]
        if self._noted_at is None or not timedelta(0) <= now - self._noted_at < NOTE_EVERY:
            self.facts.keep(_ASKED, now.isoformat())
            self._noted_at = now
        if restored:
            self.restore.note_asked(now)
            log.info("asked_again", what="for what came in since the backup")
