"""What the phone page is told as it happens, by server-sent events: what arrives, and the daemon's time;
and the pace of the demo's clock, the steps that its page offers."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException

from nudger.domain.model import Plan
from nudger.inbound.port import Line
from nudger.sending.port import SendingStore
from nudger.web.phone.conversation import Conversations, Watch
from nudger.web.port import Changes, Receiver, SteeredClock
from nudger.web.security.guard import Templates

PACES = (1, 10, 60, 120, 300, 600, 1200, 3600)  # times as fast as life


class Steering:
    """Takes the steps of whoever holds the phone. Each is also a reason for the daemon to look again: it
    had been told how long to wait."""

    def __init__(self, clock: SteeredClock, store: SendingStore, receiver: Receiver) -> None:
        self._clock = clock
        self._store = store
        self._receiver = receiver
        self._before = clock.factor  # the pace that a held clock goes on at

    @property
    def speed(self) -> float:
        """How many times as fast as life the clock runs; 0 while it is held."""
        return self._clock.factor

    @property
    def held(self) -> bool:
        return not self.speed

    async def take(self, step: str) -> None:
        """Takes one step. Raises HTTPException (400) for what is none."""
        match step:
            case "hold":
                self._run(0)
            case "go":
                self._run(self._before)
            case "slower":
                self._run(max((pace for pace in PACES if pace < self._pace), default=self._pace))
            case "faster":
                self._run(min((pace for pace in PACES if pace > self._pace), default=self._pace))
            case "next":
                await self._jump()
            case _:
                raise HTTPException(400, "The clock takes hold, go, slower, faster or next.")

    @property
    def _pace(self) -> float:
        return self.speed or self._before

    def _run(self, pace: float) -> None:
        self._before = self._pace
        self._clock.run(pace)
        self._receiver.wake()

    async def _jump(self) -> None:
        """To what is due next."""
        next_at = await asyncio.to_thread(self._store.next_due_at)
        if next_at is not None:
            self._clock.advance_to(next_at)
            self._receiver.wake()


def told(speed: float) -> str:
    """Says the pace in a sentence; none where the clock runs as life does and is not steered."""
    if not speed:
        return "The clock stands still."
    return (
        "The clock runs as life does." if speed == 1 else f"The clock runs {speed:,g} times as fast as life."
    )


TICK = 1.0  # seconds between two words about a fast clock, which the demo moves on at will
KEEP_ALIVE = 15.0  # seconds; proxies and browsers drop a stream that says nothing
RETRY = 1000  # ms until a browser that lost the stream comes back


class Live:
    """The streams of all who watch."""

    def __init__(
        self, conversations: Conversations, changes: Changes, steering: Steering | None, templates: Templates
    ) -> None:
        self._conversations = conversations
        self._changes = changes
        self._steering = steering  # None: the machine's own clock, which nobody steers
        self._templates = templates
        self._closed = False
        self._rung = asyncio.Event()

    @property
    def speed(self) -> float:
        return self._steering.speed if self._steering else 1.0

    def ring(self) -> None:
        """Rings: a reply is in the conversation, or the clock was steered; whoever watches looks at once."""
        self._rung.set()
        self._rung = asyncio.Event()

    def close(self) -> None:
        """Ends the streams: an open page must not hold up the daemon's end."""
        self._closed = True
        self.ring()

    async def stream(self, person: str | None, after: int) -> AsyncIterator[str]:
        """Streams `line` for what arrived (its HTML ready), `clock` for the daemon's time, until it is
        closed."""
        watch = Watch(self._conversations, person, after)
        yield f"retry: {RETRY}\n\n"
        while not self._closed:
            # RACE: what arrives while we read must end this wait, so the waiting begins before the reading.
            bells = self._bells()
            try:
                await asyncio.sleep(0)  # both are waiting now
                plans = {plan.person: plan for plan in await self._conversations.plans(person)}
                while lines := await watch.look():
                    for line in lines:
                        if line.person in plans:
                            yield self._line(line, plans[line.person], min(line.cursor, watch.after))
                async for event in self._ticks(bells, plans.values()):
                    yield event
            finally:
                for bell in bells:
                    bell.cancel()

    def _bells(self) -> set[asyncio.Future[Any]]:
        changed = self._changes.wait_for_change()
        return {asyncio.ensure_future(changed), asyncio.ensure_future(self._rung.wait())}

    async def _ticks(self, bells: set[asyncio.Future[Any]], plans: Collection[Plan]) -> AsyncIterator[str]:
        """Tells the time until a bell rings."""
        patience = TICK if self._steering else KEEP_ALIVE
        ringing: set[asyncio.Future[Any]] = set()
        while not ringing and not self._closed:
            yield self._time(plans)
            ringing, _ = await asyncio.wait(bells, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for bell in ringing:
            bell.result()  # a door that failed ends the stream; the browser comes back

    def _line(self, line: Line, plan: Plan, resume: int) -> str:
        html = self._templates.part("bubble.html", bubble=self._conversations.bubble(line, plan))
        return _event("line", {"person": line.person, "html": html}, resume)

    def _time(self, plans: Collection[Plan]) -> str:
        now, speed = self._conversations.clock.now(), self.speed
        offsets = {plan.person: self._conversations.offset(plan, now) for plan in plans}
        return _event(
            "clock", {"now": milliseconds(now), "speed": speed, "pace": told(speed), "offsets": offsets}
        )


def milliseconds(at: datetime) -> int:
    """Counts milliseconds since 1970, as browsers do."""
    return round(at.timestamp() * 1000)


def _event(name: str, data: dict[str, object], cursor: int | None = None) -> str:
    identity = "" if cursor is None else f"id: {cursor}\n"
    return f"{identity}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
