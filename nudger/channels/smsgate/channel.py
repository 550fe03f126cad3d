"""Texts by a phone of one's own: SMSGate, an Android app.

Our message id is the app's, and it takes each id once. So a request that broke off is settled by asking for
the id: what was taken is found, and a repeat would be refused (409).
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from nudger.agenda.entries import Failure, Receipt, SendFailure, Sending
from nudger.agenda.port import Clock
from nudger.channels.http import NoAnswer, NotReached, retry_after
from nudger.channels.smsgate.api import CONNECTIONS, Gateway
from nudger.channels.smsgate.incoming import WEBHOOKS, read_row, troubles
from nudger.channels.smsgate.states import refusal_of, report_of_row
from nudger.domain.errors import ChannelError
from nudger.inbound.port import Inbound
from nudger.sending.port import Listed
from nudger.sending.recall import TakenBack

# What may pass between the claim, from which `valid_for` counts, and the arrival, from which `ttl` counts:
# the wait for the first byte, and the request itself.
ON_THE_WAY_S = 15
LEAST_TTL_S = 5  # what a server takes
# How far the inbox is looked back: at each asking, and each hour.
LOOK_BACK, DEEP, LOOK_DEEP_EVERY = timedelta(hours=6), timedelta(hours=72), timedelta(hours=1)
AHEAD = timedelta(days=1)  # the network's clock may be wrong
NUMBER = "Compare NUDGER_SMSGATE_DEVICE_ID with the id that the app shows."
PRIORITY = 0  # 100 and more would pass the app's own limits

log = structlog.get_logger("nudger.smsgate")


class SmsGateChannel:
    """The app on a phone in the same network, or a server of its own between.

    `device_id` is needed with a server: without it, a random phone of the account would send. Of several
    `sims` each number has its own, so that everyone is texted from one number alone. `country` is that of
    senders whose number comes without one. With `pictures`, the words of multimedia texts are read from the
    inbox too: for who has no webhooks, which post them under another id. `timeout` is for one request, from
    asking for a connection to the last byte of the answer.
    """

    places = CONNECTIONS

    def __init__(
        self,
        *,
        url: str,
        username: str,
        password: str,
        device_id: str | None = None,
        sims: Sequence[int] = (),
        clock: Clock,
        country: str | None = None,
        pictures: bool = False,
        timeout: timedelta = timedelta(seconds=8),
    ) -> None:
        self.gateway = Gateway(url, username, password, device_id, timeout)
        self._sims = tuple(sims)
        self._clock = clock
        self._country = country
        self._pictures = pictures
        self._looked_deep_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SmsGateChannel(is_local={self.gateway.is_local})"

    async def send(self, sending: Sending) -> Receipt:
        """Posts the message once. What is ambiguous is asked for once, at once: mostly that settles it."""
        try:
            answer = await self.gateway.post_message(self._message(sending), sending.until)
        except NotReached as error:
            raise SendFailure(Failure.NOT_SENT, str(error)) from error
        except NoAnswer as error:
            return await self._taken(sending, SendFailure(Failure.AMBIGUOUS, str(error)))
        # 409: it is known, whatever its words; only we make our ids.
        if 200 <= answer.status < 300 or answer.status == 409:
            return Receipt(sending.message)
        failure = refusal_of(answer.status, answer.body, retry_after(answer.headers))
        if failure.failure is Failure.AMBIGUOUS:
            return await self._taken(sending, failure)
        raise failure

    async def look_up(self, messages: Sequence[str]) -> list[Listed]:
        """Returns those of these messages that it has: see Ledger.look_up."""
        found = [(one, await self.gateway.message(one)) for one in messages]
        return [
            Listed(report_of_row(one, row), "", "", None, message=one)
            for one, row in found
            if row is not None
        ]

    async def take_back(self, message_id: str) -> TakenBack:
        """Asks for one message: see Recaller.take_back. A phone behind a server decides by itself, later."""
        found = await self.gateway.delete_message(message_id)
        if found == 404:
            return TakenBack.NOT_THERE
        if found in (400, 409):
            return TakenBack.TOO_LATE
        return TakenBack.YES if found == "Cancelled" else TakenBack.ASKED

    async def check(self, inbound_url: str | None = None) -> tuple[str, ...]:
        """Asks whether the login is right, and the phone is there and well.

        Sends nothing. Returns doubts, a sentence each: an old app, a low battery, events that are not posted
        to `inbound_url`. Raises ChannelError for what keeps texts from going out.
        """
        await self.gateway.messages(self._clock.now(), 1)
        phones = await self.gateway.devices()
        phone = next((one for one in phones if self.gateway.device_id in (None, one.get("id"))), None)
        if phone is None:
            raise ChannelError("NUDGER_SMSGATE_DEVICE_ID is no phone of this login", NUMBER)
        slots = {sim.get("simNumber") for sim in phone.get("simCards") or ()}
        doubts = [f"SIM {sim} is not in the phone" for sim in self._sims if slots and sim not in slots]
        if self.gateway.is_local:
            doubts += troubles(await self.gateway.health())
        if inbound_url is not None:
            known = await self.gateway.webhooks()
            if WEBHOOKS.keys() - {one.get("event") for one in known if one.get("url") == inbound_url}:
                doubts.append(f"the app does not post to {inbound_url} yet: nudger run registers that")
        return tuple(doubts)

    async def list_inbound(self, since: datetime) -> list[Inbound]:
        """Returns the texts that were sent since some hours before `since`, oldest first.

        The phone's list goes by the network's time of sending, and a text that was held up lies before what
        came sooner: now and then the look goes back as far as networks keep a text. Each comes again with
        every asking: `provider_id` tells. Raises ChannelError where it cannot be told.
        """
        now = self._clock.now()
        deep = self._looked_deep_at is None or abs(now - self._looked_deep_at) >= LOOK_DEEP_EVERY
        rows = await self.gateway.inbox(
            since - (DEEP if deep else LOOK_BACK), now + AHEAD, **({} if self._pictures else {"type": "SMS"})
        )
        if deep:
            self._looked_deep_at = now
        # Newest first, whole seconds: reversed, so that STOP and START of one second keep their order.
        found = [text for row in reversed(rows) if (text := self._read(row, now)) is not None]
        return sorted(found, key=lambda text: text.received_at)

    def _read(self, row: Mapping[str, Any], now: datetime) -> Inbound | None:
        try:
            return read_row(row, now, self._country)
        except ValueError as fault:  # one row keeps no other's text waiting
            log.error("row_not_read", what="a row of the inbox", fault=type(fault).__name__)
            return None

    async def close(self) -> None:
        await self.gateway.close()

    async def _taken(self, sending: Sending, failure: SendFailure) -> Receipt:
        try:
            if await self.gateway.message(sending.message) is not None:
                return Receipt(sending.message)
        except ChannelError:
            pass  # it stays unknown, and is asked about until there is an answer
        raise failure

    def _message(self, sending: Sending) -> dict[str, Any]:
        ttl = int(sending.valid_for.total_seconds()) - ON_THE_WAY_S
        if ttl < LEAST_TTL_S:
            raise SendFailure(Failure.NOT_SENT, "too little time was left for the phone to send it")
        message: dict[str, Any] = {
            "id": sending.message,
            "textMessage": {"text": sending.text},
            "phoneNumbers": [sending.address],
            "ttl": ttl,
            "priority": PRIORITY,
            "withDeliveryReport": True,
        }
        if self.gateway.device_id:
            message["deviceId"] = self.gateway.device_id
        if self._sims:
            # Not `hash`, which is another one in each process.
            message["simNumber"] = self._sims[zlib.crc32(sending.address.encode()) % len(self._sims)]
        return message
