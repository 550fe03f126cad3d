"""What pages stand on, played: people and a conversation kept in lists, and what came through recorded."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from nudger.channels.twilio.signature import signed
from nudger.domain.model import ChannelName, Person, Plan, State
from nudger.inbound.port import Inbound, Line
from nudger.messages import Wording
from nudger.operations.overview import Vitals
from nudger.plan_sync.files import read_templates
from nudger.web.app import Room, build_app
from nudger.web.health import HealthPages
from nudger.web.phone.conversation import Conversations
from nudger.web.phone.live import Steering
from nudger.web.phone.phone import PhonePages
from nudger.web.port import FormPairs
from nudger.web.security.guard import Refusals
from nudger.web.security.requests import PATIENCE
from nudger.web.webhooks.twilio import Webhooks

TOKEN = "a-token-for-tests"
PUBLIC_URL = "https://nudger.example.org/base"
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)

MAYA = Plan(
    "maya",
    "Maya",
    "Europe/London",
    phone="+447700900123",
    email="maya@example.org",
    channels=(ChannelName.SMS, ChannelName.EMAIL),
)
JOSE = Plan(
    "jose", "José", "America/New_York", language="es", email="jose@example.org", channels=(ChannelName.EMAIL,)
)
KEY = b"k" * 32


@cache
def wording() -> Wording:
    """The bank's words, read once."""
    return Wording.parse(read_templates(None))


@dataclass
class Dial:
    """A fast clock that only notes how it was steered."""

    factor: float
    moved_to: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return NOW

    def run(self, factor: float) -> None:
        self.factor = factor

    def advance_to(self, at: datetime) -> None:
        self.moved_to.append(at)


@dataclass
class World:
    """The stores, the daemon and the account behind the pages, and what they were given."""

    plans: Sequence[Plan] = (MAYA, JOSE)
    at: datetime = NOW
    page_size: int = 3  # small, so that every conversation takes several pages
    lines: list[Line] = field(default_factory=list)
    replies: list[Inbound] = field(default_factory=list)
    statuses: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    fault: Exception | None = None  # what every store fails with
    why: Sequence[str] = ()  # nudger cannot work
    next_at: datetime | None = None  # something is due
    woken: int = 0
    waiting: int = 0  # how many wait for a change
    watched: asyncio.Event = field(default_factory=asyncio.Event)  # one has waited
    _change: asyncio.Event = field(default_factory=asyncio.Event)

    def app(
        self,
        *more: Room,
        clock: Dial | None = None,
        hosts: frozenset[str] = frozenset(),
        refusals: Refusals | None = None,
        patience: timedelta = PATIENCE,
    ) -> Starlette:
        """A machine with an on-screen phone, and these pages besides."""
        conversations = Conversations(self, wording(), ZoneInfo, clock or self, KEY)
        steering = Steering(clock, self, self) if clock else None
        phone = PhonePages(conversations, self, self, steering=steering, hosts=hosts, patience=patience)
        return build_app([HealthPages(self, self, self), phone, *more], refusals)

    def twilio_app(
        self, *more: Room, refusals: Refusals | None = None, patience: timedelta = PATIENCE
    ) -> Starlette:
        """A machine to which Twilio posts."""
        return build_app(
            [HealthPages(self, self, self), Webhooks(self, self, self, patience), *more], refusals
        )

    def now(self) -> datetime:
        return self.at

    def say(
        self,
        text: str,
        plan: Plan = MAYA,
        *,
        inbound: bool = False,
        channel: ChannelName = ChannelName.SMS,
        subject: str = "",
        state: State = State.SENT,
        after: timedelta = timedelta(0),
    ) -> Line:
        """One more line of the conversation."""
        line = Line(
            cursor=len(self.lines) + 1,
            person=plan.person,
            name=plan.name,
            inbound=inbound,
            channel=channel,
            at=self.at + after,
            text=text,
            subject=subject,
            state=None if inbound else state,
        )
        self.lines.append(line)
        return line

    def settle(self, line: Line, state: State) -> None:
        self.lines[self.lines.index(line)] = replace(line, state=state)

    def change(self) -> None:
        """Wakes those who wait now."""
        self._change.set()
        self._change = asyncio.Event()

    async def take(self, inbound: Inbound) -> None:
        self._fail()
        self.replies.append(inbound)
        plan = next((plan for plan in self.plans if inbound.address in (plan.phone, plan.email)), None)
        if plan is not None:
            self.say(inbound.text, plan, inbound=True, channel=inbound.channel)

    def wake(self) -> None:
        self.woken += 1

    def signed(self, raw_path: bytes, query: bytes, form: FormPairs, signature: str) -> bool:
        return signed(TOKEN, PUBLIC_URL, raw_path, query, form, signature)

    async def report(self, message_id: str, sid: str, status: str, code: str | None) -> None:
        self._fail()
        self.statuses.append((message_id, sid, status, code))

    def conversation(self, after: int = 0, person: str | None = None) -> Sequence[Line]:
        self._fail()
        wanted = [line for line in self.lines if line.cursor > after and person in (None, line.person)]
        return wanted[: self.page_size]

    def people(self) -> Iterator[Person]:
        self._fail()
        return (Person(plan) for plan in self.plans)

    def person(self, person_id: str) -> Person | None:
        return next((one for one in self.people() if one.id == person_id), None)

    def vitals(self, _now: datetime) -> Vitals:
        self._fail()
        return Vitals(len(self.plans), {}, 0, 0, 0, None, None, (), {})

    def next_due_at(self) -> datetime | None:
        return self.next_at

    def faults(self) -> Sequence[str]:
        return self.why

    async def wait_for_change(self) -> None:
        self.waiting += 1
        self.watched.set()
        try:
            await self._change.wait()
        finally:
            self.waiting -= 1

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault
