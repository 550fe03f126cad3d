"""The on-screen phone: each person's conversation, live, with a way to answer, and the demo's clock."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from nudger.domain.model import ChannelName, Plan
from nudger.inbound.port import Inbound
from nudger.web.phone.conversation import Conversations
from nudger.web.phone.live import Live, Steering, milliseconds, told
from nudger.web.port import Changes, Receiver
from nudger.web.security.guard import Templates, at_home, same_origin
from nudger.web.security.requests import PATIENCE, read_form

LONGEST_TEXT = 1600  # characters, as with Twilio
SIDE_BY_SIDE = 6  # phones on one page; of more people, a list to choose from


class PhonePages:
    """The page, its live events, the replies typed into it, and the steps of a fast clock."""

    def __init__(
        self,
        conversations: Conversations,
        receiver: Receiver,
        changes: Changes,
        *,
        steering: Steering | None = None,
        hosts: frozenset[str] = frozenset(),
        patience: timedelta = PATIENCE,
    ) -> None:
        """Makes the pages.

        Args:
            conversations: what the phones show.
            receiver: takes what is typed into them.
            changes: tells when a phone may have received something.
            steering: of the demo's fast clock; None by the machine's own.
            hosts: names besides localhost at which the page answers.
            patience: how long a form may take to arrive.
        """
        self._conversations = conversations
        self._receiver = receiver
        self._hosts = hosts
        self._patience = patience
        self._templates = Templates()
        self._live = Live(conversations, changes, steering, self._templates)
        self._steering = steering

    def routes(self) -> list[Route]:
        """Names the addresses of the page and of what it does."""
        return [
            Route("/phone", self.page),
            Route("/phone/events", self.events),
            Route("/phone/reply", self.reply, methods=["POST"]),
            Route("/phone/clock", self.clock, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """Shows all phones, or with ?person= that one. Whole and usable without JavaScript."""
        self._check_host(request)
        person = request.query_params.get("person")
        plans = await self._conversations.plans(person)
        if person is not None and not plans:
            raise _nobody()
        if len(plans) > SIDE_BY_SIDE:
            return self._templates.page("people.html", people=plans)
        lines, after = await self._conversations.latest(person)
        now, speed = self._conversations.clock.now(), self._live.speed
        return self._templates.page(
            "phone.html",
            phones=self._conversations.phones(plans, lines),
            alone=person is not None,
            now=milliseconds(now),
            speed=speed,
            steered=self._steering,
            pace=told(speed),
            longest=LONGEST_TEXT,
            events=_address("/phone/events", person, after=after),
        )

    async def events(self, request: Request) -> Response:
        """Streams server-sent events: `line` for what arrived (its HTML ready), `clock` for the time."""
        self._check_host(request)
        # The browser names the last event it has when it comes back by itself.
        after = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal() and len(after) < 19):
            raise HTTPException(400, "The cursor is not a number.")
        stream = self._live.stream(request.query_params.get("person"), int(after))
        # X-Accel-Buffering: nginx would hold events back otherwise.
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def reply(self, request: Request) -> Response:
        """Takes a text of that person."""
        form = await self._form(request)
        text = form.get("text", "").replace("\0", "").strip()
        if not text or len(text) > LONGEST_TEXT:
            raise HTTPException(400, f"A reply has 1 to {LONGEST_TEXT:,} characters.")
        plans = await self._conversations.plans(form.get("person", ""))
        if not plans:
            raise _nobody()
        await self._receiver.take(self._inbound(plans[0], text))
        person = plans[0].person
        return self._back(
            request, _address("/phone", person) if form.get("alone") else f"/phone#phone-{person}"
        )

    async def clock(self, request: Request) -> Response:
        """Takes a step of the demo's clock; where nudger runs by the machine's there is nothing to steer."""
        if self._steering is None:
            raise HTTPException(404)
        form = await self._form(request)
        await self._steering.take(form.get("step", ""))
        return self._back(request, _address("/phone", form.get("person") or None))

    def close(self) -> None:
        """Ends the streams."""
        self._live.close()

    def _check_host(self, request: Request) -> None:
        if not at_home(request, self._hosts):
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
        return Inbound(f"phone-{uuid4().hex}", channel, address, text, self._conversations.clock.now())


def _nobody() -> HTTPException:
    return HTTPException(404, "There is no phone of that name here.")


def _address(path: str, person: str | None, **more: object) -> str:
    pairs = {**({} if person is None else {"person": person}), **more}
    query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in pairs.items())
    return f"{path}?{query}" if query else path
