"""The phone of one's own, wired: what its app posts, and how the app is looked after. Loaded where the
settings name it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from nudger.agenda.port import Clock
from nudger.channels.smsgate.api import Gateway
from nudger.channels.smsgate.incoming import (
    WEBHOOKS,
    PhoneHealth,
    Told,
    read_event,
    read_message,
    signed,
    troubles,
)
from nudger.domain.effects import stated
from nudger.domain.errors import ChannelError
from nudger.inbound.port import Inbound
from nudger.operations.port import AlarmStore
from nudger.sending.receipts import Reports
from nudger.web.port import Receiver

INBOUND = "/smsgate/inbound"  # below PUBLIC_URL
EVERY = timedelta(minutes=1)
REGISTER_EVERY = timedelta(hours=1)  # once more: the app may have been installed anew
AWAY = timedelta(minutes=10)  # from then on a phone that does not answer is for the operator to know
ASKED_FOR, LATEST = timedelta(hours=24), 100  # of the app's list of messages: the most that a server gives
UNSEEN = timedelta(minutes=45)  # a phone asks its server each 15 minutes at least
ILL, GONE = "smsgate health", "smsgate away"  # keys of alarms

log = structlog.get_logger("nudger.smsgate")


@dataclass(frozen=True, slots=True)
class SmsGateSide:
    """The app whose webhooks come here: what its key signs, and what follows from an event."""

    key: str
    country: str | None
    clock: Clock
    receiver: Receiver
    reports: Reports
    phone: "PhoneAlarms"

    def signed(self, body: bytes, stamp: str, signature: str) -> bool:
        """Tells whether the app has signed these bytes, lately."""
        return signed(self.key, body, stamp, signature, self.clock.now())

    async def take(self, body: bytes) -> None:
        """Returns once what it says is committed. Raises ValueError for what cannot be read."""
        event = read_event(body, self.clock.now(), self.country)
        if isinstance(event, Inbound):
            await self.receiver.take(event)
        elif isinstance(event, Told):
            await self.reports.take(event.message, event.report)
        elif isinstance(event, PhoneHealth):
            await self.phone.note(event, self.clock.now())


@dataclass(frozen=True, slots=True)
class PhoneAlarms:
    """What the operator is to know of the phone: it stands as long as the phone says so."""

    alarms: AlarmStore

    async def note(self, told: PhoneHealth, now: datetime) -> None:
        """Takes how the phone is."""
        found = troubles(told.health)
        await self._set(ILL, f"the phone that sends texts: {'; '.join(found)}" if found else "", now)

    async def away(self, why: str, now: datetime) -> None:
        """Takes that it does not answer, or, with no reason, that it does."""
        await self._set(GONE, why, now)

    async def _set(self, key: str, words: str, now: datetime) -> None:
        if words:
            await asyncio.to_thread(self.alarms.raise_alarm, key, words, now)
        else:
            await asyncio.to_thread(self.alarms.clear_alarm, key, now)


@dataclass(slots=True)
class LookingAfter:
    """The duty that keeps the app's webhooks registered, and asks how the phone is."""

    gateway: Gateway
    phone: PhoneAlarms
    reports: Reports
    inbound_url: str | None  # None: nothing is posted, replies are polled for
    # Is told that the phone is there again: texts may have come meanwhile.
    back: Callable[[datetime], None]
    _registered_at: datetime | None = None
    _away_since: datetime | None = None
    _states: dict[str, str] = field(default_factory=dict)  # of our messages, as they were last listed

    async def run_once(self, now: datetime) -> int:
        """Looks once. Of a phone behind a server, the server is asked."""
        try:
            await self._register(now)
            await self._look(now)
            await self._ask(now)
        except ChannelError as fault:
            self._away_since = self._away_since or now
            if now - self._away_since >= AWAY:
                since = f"{self._away_since:%H:%M} UTC"
                await self.phone.away(f"the phone that sends texts is not there since {since}: {fault}", now)
            return 0
        if self._away_since is not None:
            self._away_since = None
            self.back(now)
        await self.phone.away("", now)
        return 0

    async def _register(self, now: datetime) -> None:
        at = self._registered_at
        due = at is None or not timedelta(0) <= now - at < REGISTER_EVERY
        if self.inbound_url is None or not due:
            return
        for event, webhook_id in WEBHOOKS.items():
            await self.gateway.put_webhook(webhook_id, self.inbound_url, event)
        if at is None:
            log.info("webhooks_registered", count=len(WEBHOOKS))
        self._registered_at = now

    async def _ask(self, now: datetime) -> None:
        """What became of the latest messages: where nothing is posted this is how it is known, and where
        something is, events get lost."""
        listed = {told.message: (state, told) for state, told in await self._listed(now)}
        for message, (state, told) in listed.items():
            if self._states.get(message) != state:
                await self.reports.take(message, told.report)
        self._states = {message: state for message, (state, _) in listed.items()}

    async def _listed(self, now: datetime) -> list[tuple[str, Told]]:
        rows = await self.gateway.messages(now - ASKED_FOR, LATEST)
        return [(str(row.get("state")), told) for row in rows if (told := read_message(row)) is not None]

    async def _look(self, now: datetime) -> None:
        if self.gateway.is_local:
            await self.phone.note(PhoneHealth(await self.gateway.health()), now)
            return
        seen = [one for one in await self.gateway.devices() if one.get("id") == self.gateway.device_id]
        if not seen:
            raise ChannelError("the server knows no phone of the id NUDGER_SMSGATE_DEVICE_ID")
        last = stated(str(seen[0].get("lastSeen")), now)
        if now - last > UNSEEN:
            raise ChannelError(f"its server has not seen it since {last:%Y-%m-%d %H:%M}")
