"""A small world for delivery: real store, real words, real days; a stepped clock and scripted channels."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import structlog

from nudger import plans
from nudger.agenda.entries import Failure, Receipt, SendFailure, Sending
from nudger.agenda.laying_out import Asking, LayingOut
from nudger.agenda.rate_limit import Limit
from nudger.app.core import Core
from nudger.domain.model import ChannelName
from nudger.inbound.inbox import Inbox
from nudger.inbound.port import Inbound
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.plans import PlanSource
from nudger.sending.dispatcher import Dispatcher, Retries
from nudger.store.stores import Stores, stores_of
from tests.support.databases import Databases
from tests.support.observers import UNWATCHED
from tests.support.worlds.store import empty

MONDAY_NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


@dataclass
class SteppedClock:
    """Says what it was told."""

    at: datetime = MONDAY_NINE

    def now(self) -> datetime:
        return self.at

    def real(self, span: timedelta) -> timedelta:
        return span


@dataclass
class ScriptedChannel:
    """Accepts everything, unless `answer` says otherwise."""

    sent: list[Sending] = field(default_factory=list)
    answer: Callable[[Sending], SendFailure | None] = lambda _: None
    places: int | None = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event | None = None  # where there is one, messages wait for it to be set

    async def send(self, sending: Sending) -> Receipt:
        self.sent.append(sending)
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        failure = self.answer(sending)
        if failure is not None:
            raise failure
        return Receipt(f"SM{len(self.sent)}")

    async def close(self) -> None:
        """Holds nothing."""


@dataclass
class World:
    """Everything between a plan's text and a channel."""

    core: Core
    store: Stores
    clock: SteppedClock = field(default_factory=SteppedClock)
    sms: ScriptedChannel = field(default_factory=ScriptedChannel)
    email: ScriptedChannel = field(default_factory=ScriptedChannel)
    limit: Limit = field(default_factory=Limit)  # of texts
    again_at: datetime | None = None  # the dispatcher's word of when to run again

    def __post_init__(self) -> None:
        self.laying_out = LayingOut(self.store.agenda, self.core.zone, self.core.settings.seed)
        self.asking = Asking(self.store.agenda, self.core.decider)
        self.inbox = self.new_inbox()
        self.dispatcher = self.new_dispatcher()

    def new_dispatcher(self) -> Dispatcher:
        channels = {ChannelName.SMS: self.sms, ChannelName.EMAIL: self.email}
        retries = Retries(Random(1))
        limits = {ChannelName.SMS: self.limit}
        return Dispatcher(
            self.store.sending, channels, self.core.decider, self.clock, limits, retries, "test", UNWATCHED
        )

    def new_inbox(self, **changes: Any) -> Inbox:
        """By the rules of the settings, with these changed."""
        return Inbox(
            self.store.inbound,
            replace(self.core.responder, **changes),
            UNWATCHED,
            structlog.get_logger("nudger.replies"),
        )

    def load(self, **texts: str) -> None:
        """Takes over these plans (id -> TOML) as the whole folder."""
        sources = [PlanSource(f"{name}.toml", text.encode()) for name, text in texts.items()]
        reading = plans.read(sources, self.core.facts(self.clock.now()))
        assert [str(one) for one in reading.problems if one.severity == "error"] == []
        files = [
            PlanFile(plan, reading.files[person], reading.digests[person])
            for person, plan in reading.plans.items()
        ]
        self.store.plans.load_plans(PlanRead(None, files, reading.files, ()), self.clock.now())

    async def start(self, **texts: str) -> None:
        self.load(**texts)
        await self.laying_out.run_once(self.clock.now())

    async def tick(self) -> None:
        """One run of the dispatcher, and everything that it started."""
        done = await self.dispatcher.run_once(self.clock.now())
        self.again_at = done.again_at
        await self.dispatcher.settled()

    async def until(self, at: datetime) -> None:
        """Runs each due time up to and with `at`, as the daemon would."""
        while True:
            await self.laying_out.run_once(self.clock.now())
            await self.asking.run_once(self.clock.now())
            next_at = self._next()
            if next_at is None or next_at > at:
                break
            self.clock.at = max(self.clock.at, next_at)
            await self.tick()
        self.clock.at = max(self.clock.at, at)

    def _next(self) -> datetime | None:
        """When something is due, or the turn of something that waits in a queue."""
        ahead = [one for one in (self.store.sending.next_due_at(), self.again_at) if one is not None]
        return min(ahead, default=None)

    async def text(self, words: str, address: str = "+447700900123", provider_id: str | None = None) -> None:
        """The person texts, and nudger answers."""
        await self.inbox.take(self.inbound(words, address, provider_id))
        await self.tick()

    def inbound(self, words: str, address: str = "+447700900123", provider_id: str | None = None) -> Inbound:
        self._texts = getattr(self, "_texts", 0) + 1
        name = provider_id or f"in-{self._texts}"
        return Inbound(name, ChannelName.SMS, address, words, self.clock.now())

    def not_sent(self) -> SendFailure:
        """A send that certainly did not go out, and may be tried again."""
        return SendFailure(Failure.NOT_SENT, "no connection")

    @property
    def texts(self) -> list[str]:
        return [sending.text for sending in self.sms.sent]


@pytest.fixture
def world(core: Core, databases: Databases) -> Iterator[World]:
    """On an empty database. No statement of any test may read a table whole that grows with people."""
    database, explained = databases.opened("sqlite"), databases.explained("sqlite")
    empty(database)
    yield World(core, stores_of(database, core.zone))
    whole, explained.whole = explained.whole, []
    assert whole == []
