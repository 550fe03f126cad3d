"""The on-screen phone: each person's conversation, live, with a way to answer, and the demo's clock."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from nudger.domain.model import ChannelName, Plan
from nudger.inbound.port import Inbound
from nudger.web.doors import Conversation, Doors
from nudger.web.phone.conversation import latest, phones
from nudger.web.phone.live import Live, Steering, milliseconds, told
from nudger.web.security.guard import Pages, at_home, same_origin
from nudger.web.security.requests import read_form

LONGEST_TEXT = 1600  # characters, as with Twilio
SIDE_BY_SIDE = 6  # phones on one page; of more people, a list to choose from


class PhonePages:
    """The page, its live events, the replies typed into it, and the steps of a fast clock."""

    def __init__(self, doors: Doors, conversation: Conversation, patience: timedelta) -> None:
        self._doors = doors
        self._conversation = conversation
        self._patience = patience
        self._pages = Pages()
        self._live = Live(doors, conversation, self._pages)
        self._steering = Steering(doors.clock) if doors.clock else None

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
        now, speed = self._doors.now(), self._live.speed
        return self._pages.page(
            "phone.html",
            phones=phones(plans, lines, self._doors, now),
            alone=person is not None,
            now=milliseconds(now),
            speed=speed,
            steered=self._steering,
            pace=told(speed),
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
        stream = self._live.stream(request.query_params.get("person"), int(after))
        # X-Accel-Buffering: nginx would hold events back otherwise.
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def reply(self, request: Request) -> Response:
        """A text of that person."""
        form = await self._form(request)
        text = form.get("text", "").replace("\0", "").strip()
        if not text or len(text) > LONGEST_TEXT:
            raise HTTPException(400, f"A reply has 1 to {LONGEST_TEXT:,} characters.")
        plans = await self._doors.people(form.get("person", ""))
        if not plans:
            raise _nobody()
        await self._doors.take_reply(self._inbound(plans[0], text))
        person = plans[0].person
        return self._back(
            request, _address("/phone", person) if form.get("alone") else f"/phone#phone-{person}"
        )

    async def clock(self, request: Request) -> Response:
        """A step of the demo's clock; where nudger runs by the machine's there is nothing to steer."""
        if self._steering is None:
            raise HTTPException(404)
        form = await self._form(request)
        await self._steering.take(form.get("step", ""))
        return self._back(request, _address("/phone", form.get("person") or None))

    def close(self) -> None:
        """Ends the streams."""
        self._live.close()

    def _check_host(self, request: Request) -> None:
        if not at_home(request, self._doors.hosts):
            raise HTTPException(403, "This page answers only at the address that nudger printed.")

    async def _form(self, request: Request) -> Mapping[str, str]:
        self._check_host(request)
        if not same_origin(request):
            raise HTTPException(403, "Replies are taken from nudger's own page only.")
        return dict(await read_form(request, self._patience))

    def _back(self, request: Request, page: str) -> Response:
        """204 for the page's script; for a plain form back to the page."""
        self._live.ring()
        if "text/html" not in request.headers.get("accept", ""):
            return Response(status_code=204)
        return RedirectResponse(page, 303)

    def _inbound(self, plan: Plan, text: str) -> Inbound:
        reached = [(channel, plan.address(channel)) for channel in plan.channels or tuple(ChannelName)]
        channel, address = next((channel, address) for channel, address in reached if address)
        return Inbound(f"phone-{uuid4().hex}", channel, address, text, self._doors.now())


def _nobody() -> HTTPException:
    return HTTPException(404, "There is no phone of that name here.")


def _address(path: str, person: str | None, **more: object) -> str:
    pairs = {**({} if person is None else {"person": person}), **more}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in pairs.items())
    return f"{path}?{query}" if query else path
