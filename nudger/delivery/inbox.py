"""The way in: a text from a person is committed with all that follows from it, then nudger acts."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from nudger.delivery.answering import answer
from nudger.delivery.inbound import Handled, Inbound
from nudger.delivery.observing import UNWATCHED, Observer
from nudger.delivery.ports import Store
from nudger.delivery.respond import Responder
from nudger.errors import ChannelError
from nudger.replies import Intent

LONGEST_SILENCE = timedelta(days=60)  # how long nudger may have been down: ids are known for longer
OVERLAP = timedelta(minutes=5)  # the provider's clock, and what was under way

# What a contact says with what a provider took for a keyword: whether they stop notices; None: neither.
_KEYWORDS = {Handled.STOP: True, Handled.START: False, Handled.HELP: None}

log = structlog.get_logger("nudger.replies")


@dataclass(frozen=True, slots=True)
class Inbox:
    """Takes replies from the webhook, the poller and the phone page alike."""

    store: Store
    responder: Responder
    watch: Observer = UNWATCHED

    async def take(self, inbound: Inbound) -> None:
        """Returns once the text and its effects are committed; a replay and a stranger change nothing."""
        response = await asyncio.to_thread(
            self.store.take_reply,
            inbound,
            lambda writer: answer(self.responder, writer, inbound),
        )
        if response is None or response.intent in (Intent.STOP, Intent.START):
            await self._from_contact(inbound)
        if response is None:
            # A stranger, or a replay: whoever has our number could fill the log with them.
            self.watch.replied("nobody")
            return
        self.watch.replied(response.intent)
        # The text itself is never logged; who wrote is known to the store alone.
        log.info("reply", intent=response.intent, channel=str(inbound.channel))

    async def _from_contact(self, inbound: Inbound) -> None:
        """A trusted contact's own STOP: taken, and answered by the provider alone."""
        if inbound.handled is None:
            stop = self.responder.contact_stops(inbound.text, inbound.received_at)
        else:
            stop = _KEYWORDS[inbound.handled]
        if stop is not None:
            await asyncio.to_thread(self.store.contact_said, inbound.address, stop, inbound.received_at)


class InboundList(Protocol):
    """A provider that can be asked for what came in."""

    async def list_inbound(self, since: datetime) -> Sequence[Inbound]: ...


@dataclass(slots=True)
class Poller:
    """The duty that asks the provider for replies where there is no public address for a webhook."""

    provider: InboundList
    take: Callable[[Inbound], Awaitable[None]]
    since: datetime  # the first start: nothing from before it is ever taken
    _asked_at: datetime | None = None

    async def run_once(self, now: datetime) -> int:
        """Takes what came in since the last time, oldest first. Repeated pages change nothing: the
        store knows the provider's ids."""
        try:
            # What the store may have deleted since is not asked for again: it would be taken for new.
            since = max(self.since, self._asked_at or now - LONGEST_SILENCE)
            messages = await self.provider.list_inbound(since)
        except ChannelError as fault:
            # The provider or the network is away. Asking again is safe, and loses nothing.
            log.warning("poll_failed", fault=fault.message)
            return 0
        new = sorted((one for one in messages if one.received_at >= self.since), key=_received)
        for inbound in new:
            await self.take(inbound)
        self._asked_at = now
        return len(new)


def _received(inbound: Inbound) -> datetime:
    return inbound.received_at


@dataclass(slots=True)
class AskingAgain:
    """The duty that asks the provider, once, for what came in since the backup that was restored."""

    provider: InboundList
    take: Callable[[Inbound], Awaitable[None]]
    store: Store

    async def run_once(self, now: datetime) -> int:
        """Takes all of it, oldest first; what the database knows changes nothing. Again where it fails."""
        restored = await asyncio.to_thread(self.store.restored)
        if restored is None or restored.asked_at is not None:
            return 0
        try:
            found = await self.provider.list_inbound(restored.knows_until - OVERLAP)
        except ChannelError as fault:
            log.warning("asking_again_failed", fault=fault.message)
            return 0
        for inbound in sorted(found, key=_received):
            await self.take(inbound)
        await asyncio.to_thread(self.store.note_asked, now)
        log.info("asked_again", taken=len(found), since=restored.knows_until.isoformat())
        return len(found)
