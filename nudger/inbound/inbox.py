"""The way in: a text from a person is committed with all that follows from it, then nudger acts."""

import asyncio
from dataclasses import dataclass

import structlog

from nudger.inbound.answering import answer
from nudger.inbound.port import InboundStore
from nudger.inbound.replies import Handled, Inbound
from nudger.inbound.respond import Responder
from nudger.replies import Intent
from nudger.sending.port import Observer

# What a contact says with what a provider took for a keyword: whether they stop notices; None: neither.
_KEYWORDS = {Handled.STOP: True, Handled.START: False, Handled.HELP: None}

log = structlog.get_logger("nudger.replies")


@dataclass(frozen=True, slots=True)
class Inbox:
    """Takes replies from the webhook, the poller and the phone page alike."""

    store: InboundStore
    responder: Responder
    watch: Observer

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
