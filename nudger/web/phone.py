"""The on-screen phone: each person's conversation, live, with a way to answer."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from nudger.delivery.inbound import Inbound
from nudger.delivery.views import Line
from nudger.model import ChannelName, Plan
from nudger.web.conversation import Watch, bubble, latest, offset, phones
from nudger.web.doors import Conversation, Doors
from nudger.web.forms import read_form
from nudger.web.guard import at_home, same_origin
from nudger.web.rendering import Pages

QUICK_REPLIES = ("LATER", "DONE", "SKIP", "HELP")
LONGEST_TEXT = 1600  # characters, as with Twilio
SIDE_BY_SIDE = 6  # phones on one page; of more people, a list to choose from
TICK = 1.0  # seconds between two words about a fast clock, which the demo moves on at will
KEEP_ALIVE = 15.0  # seconds; proxies and browsers drop a stream that says nothing
RETRY = 1000  # ms until a browser that lost the stream comes back


class PhonePages:
    """The page, its live events, and the replies typed into it."""

    def __init__(self, doors: Doors, conversation: Conversation, patience: timedelta) -> None:
        self._doors = doors
        self._conversation = conversation
        self._patience = patience
        self._closed = False
        self._replied = asyncio.Event()
        self._pages = Pages()

    async def page(self, request: Request) -> Response:
        """All phones, or with ?person= that one. Whole and usable without JavaScript."""
        self._check_host(request)
        person = request.query_params.get("person")
        plans = await self._doors.people(person)
        if person is not None and not plans:
            raise _nobody()
        if len(plans) > SIDE_BY_SIDE:
            return self._pages.page("people.html", people=plans)
        lines, after = await latest(self._conversation, person)
        now = self._doors.now()
        return self._pages.page(
            "phone.html",
            phones=phones(plans, lines, self._doors.zone, now),
            alone=person is not None,
            now=_milliseconds(now),
            speed=self._doors.speed,
            quick_replies=QUICK_REPLIES,
            longest=LONGEST_TEXT,
            events=_address("/phone/events", person, after=after),
        )

    async def events(self, request: Request) -> Response:
        """Server-sent events: `line` for what arrived (its HTML ready), `clock` for the daemon's time."""
        self._check_host(request)
        # The browser names the last event it has when it comes back by itself.
        after = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            raise HTTPException(400, "The cursor is not a number.")
        stream = self._stream(request.query_params.get("person"), int(after))
        # X-Accel-Buffering: nginx would hold events back otherwise.
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def reply(self, request: Request) -> Response:
        """A text of that person. 204 for the page's script; for a plain form back to the page."""
        self._check_host(request)
        if not same_origin(request):
            raise HTTPException(403, "Replies are taken from nudger's own page only.")
        form = dict(await read_form(request, self._patience))
        text = form.get("text", "").replace("\0", "").strip()
        if not text or len(text) > LONGEST_TEXT:
            raise HTTPException(400, f"A reply has 1 to {LONGEST_TEXT:,} characters.")
        plans = await self._doors.people(form.get("person", ""))
        if not plans:
            raise _nobody()
        await self._doors.take_reply(self._inbound(plans[0], text))
        self._ring()
        if "text/html" not in request.headers.get("accept", ""):
            return Response(status_code=204)
        person = plans[0].person
        back = _address("/phone", person) if form.get("alone") else f"/phone#phone-{person}"
        return RedirectResponse(back, 303)

    def close(self) -> None:
        """Ends the streams: an open page must not hold up the daemon's end."""
        self._closed = True
        self._ring()

    def _check_host(self, request: Request) -> None:
        if not at_home(request, self._doors.hosts):
            raise HTTPException(403, "This page answers only at the address that nudger printed.")

    def _inbound(self, plan: Plan, text: str) -> Inbound:
        reached = [(channel, plan.address(channel)) for channel in plan.channels or tuple(ChannelName)]
        channel, address = next((channel, address) for channel, address in reached if address)
        return Inbound(f"phone-{uuid4().hex}", channel, address, text, self._doors.now())

    def _ring(self) -> None:
        """A reply is in the conversation, and whoever watches looks at once."""
        self._replied.set()
        self._replied = asyncio.Event()

    async def _stream(self, person: str | None, after: int) -> AsyncIterator[str]:
        watch = Watch(self._conversation, person, after)
        yield f"retry: {RETRY}\n\n"
        while not self._closed:
            # RACE: what arrives while we read must end this wait, so the waiting begins before the reading.
            bells = self._bells()
            try:
                await asyncio.sleep(0)  # both are waiting now
                plans = {plan.person: plan for plan in await self._doors.people(person)}
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
        return {asyncio.ensure_future(self._doors.changed()), asyncio.ensure_future(self._replied.wait())}

    async def _ticks(self, bells: set[asyncio.Future[Any]], plans: Collection[Plan]) -> AsyncIterator[str]:
        """Tells the time until a bell rings."""
        patience = KEEP_ALIVE if self._doors.speed == 1 else TICK
        ringing: set[asyncio.Future[Any]] = set()
        while not ringing and not self._closed:
            yield self._time(plans)
            ringing, _ = await asyncio.wait(bells, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for bell in ringing:
            bell.result()  # a door that failed ends the stream; the browser comes back

    def _line(self, line: Line, plan: Plan, resume: int) -> str:
        shown = bubble(line, plan, self._doors.zone)
        html = self._pages.part("bubble.html", bubble=shown)
        return _event("line", {"person": line.person, "html": html}, resume)

    def _time(self, plans: Collection[Plan]) -> str:
        now = self._doors.now()
        offsets = {plan.person: offset(plan, self._doors.zone, now) for plan in plans}
        return _event("clock", {"now": _milliseconds(now), "speed": self._doors.speed, "offsets": offsets})


def _nobody() -> HTTPException:
    return HTTPException(404, "There is no phone of that name here.")


def _address(path: str, person: str | None, **more: object) -> str:
    pairs = {**({} if person is None else {"person": person}), **more}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in pairs.items())
    return f"{path}?{query}" if query else path


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _event(name: str, data: dict[str, object], cursor: int | None = None) -> str:
    identity = "" if cursor is None else f"id: {cursor}\n"
    return f"{identity}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
