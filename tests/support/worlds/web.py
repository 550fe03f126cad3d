"""Doors that record what came through them, with a conversation kept in a list."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from nudger.channels.twilio.signature import signed
from nudger.domain.model import ChannelName, Plan, State
from nudger.inbound.port import Inbound, Line
from nudger.messages import Anchor
from nudger.web.app import Doors
from nudger.web.doors import ClockDoors

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
COMMANDS = {
    "en": {word: word for word in ("LATER", "DONE", "SKIP", "HELP")},
    "es": {"LATER": "LUEGO", "DONE": "HECHO", "SKIP": "OMITIR", "HELP": "AYUDA"},
}


@dataclass
class Dial:
    """A fast clock that only notes how it was steered."""

    speed: float
    jumps: int = 0

    def doors(self) -> ClockDoors:
        return ClockDoors(lambda: self.speed, self.run, self.jump)

    def run(self, factor: float) -> None:
        self.speed = factor

    async def jump(self) -> None:
        self.jumps += 1


@dataclass
class World:
    """What the pages were given, and what they did."""

    plans: Sequence[Plan] = (MAYA, JOSE)
    now: datetime = NOW
    page_size: int = 3  # small, so that every conversation takes several pages
    lines: list[Line] = field(default_factory=list)
    replies: list[Inbound] = field(default_factory=list)
    statuses: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    fault: Exception | None = None  # what every door fails with
    waiting: int = 0  # how many wait for a change
    watched: asyncio.Event = field(default_factory=asyncio.Event)  # one has waited
    _change: asyncio.Event = field(default_factory=asyncio.Event)

    def doors(self) -> Doors:
        """A machine with an on-screen phone."""
        return Doors(
            take_reply=self.take_reply,
            signed=None,
            status_callback=None,
            now=lambda: self.now,
            conversation=self.conversation,
            people=self.people,
            changed=self.changed,
            health=self.health,
            zone=ZoneInfo,
            commands=COMMANDS.__getitem__,
            below=lambda line, _: [Anchor("Later", f"/l/{line.cursor}"), Anchor("Your page", "/me/own")],
        )

    def twilio_doors(self) -> Doors:
        """A machine to which Twilio posts."""
        return replace(
            self.doors(),
            signed=lambda path, query, form, signature: signed(
                TOKEN, PUBLIC_URL, path, query, form, signature
            ),
            status_callback=self.status_callback,
        )

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
            at=self.now + after,
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

    async def take_reply(self, inbound: Inbound) -> None:
        self._fail()
        self.replies.append(inbound)
        plan = next((plan for plan in self.plans if inbound.address in (plan.phone, plan.email)), None)
        if plan is not None:
            self.say(inbound.text, plan, inbound=True, channel=inbound.channel)

    async def status_callback(self, message: str, sid: str, status: str, code: str | None) -> None:
        self._fail()
        self.statuses.append((message, sid, status, code))

    async def conversation(self, after: int, person: str | None) -> Sequence[Line]:
        self._fail()
        wanted = [line for line in self.lines if line.cursor > after and person in (None, line.person)]
        return wanted[: self.page_size]

    async def people(self, person: str | None) -> Sequence[Plan]:
        self._fail()
        return [plan for plan in self.plans if person in (None, plan.person)]

    async def changed(self) -> None:
        self.waiting += 1
        self.watched.set()
        try:
            await self._change.wait()
        finally:
            self.waiting -= 1

    async def health(self) -> Mapping[str, object]:
        self._fail()
        return {"people": len(self.plans)}

    def _fail(self) -> None:
        if self.fault is not None:
            raise self.fault
