"""SMSGate's webhooks: texts, what became of ours, and how the phone is. Nothing happens unsigned."""

import asyncio
from datetime import datetime, timedelta

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.agenda.port import Clock
from nudger.web.port import SmsGateApp
from nudger.web.security.guard import HANG_UP, prove
from nudger.web.security.requests import read_body

ANSWERS_WITHIN = 4.0  # seconds; the app gives up after 5, and keeps all others waiting until then
PATIENCE = timedelta(seconds=4)  # for the whole body
LARGEST = 2 * 1024 * 1024  # bytes: a picture that was sent with the words comes along
WARN_EVERY = timedelta(minutes=10)  # strangers must not be able to fill the log

log = structlog.get_logger("nudger.web")


class SmsGateWebhooks:
    """One address for all events; what is not nudger's is answered well and left."""

    def __init__(self, app: SmsGateApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._warned_at: datetime | None = None
        self._refused = 0  # since then

    def routes(self) -> list[Route]:
        """Names the address that the app posts to."""
        return [Route("/smsgate/inbound", self.inbound, methods=["POST"])]

    async def inbound(self, request: Request) -> Response:
        """Takes an event: answers 204 once it is committed. An answer to a text goes out as a message of its
        own. What cannot be read is answered well too: posted again, it would be no better."""
        stamp, signature = request.headers.get("x-timestamp"), request.headers.get("x-signature")
        if not stamp or not signature:
            raise self._refusal(401)  # without reading what a stranger has to say
        body = await read_body(request, PATIENCE, LARGEST)
        if not self._app.signed(body, stamp, signature):
            raise self._refusal(403)
        prove(request)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._app.take(body)
        except TimeoutError:
            raise HTTPException(503, "The database does not answer right now.", HANG_UP) from None
        except ValueError as fault:
            log.error("event_not_read", what="an event of SMSGate", fault=type(fault).__name__)
        return Response(status_code=204)

    def _refusal(self, status: int) -> HTTPException:
        now = self._clock.now()
        self._refused += 1
        if self._warned_at is None or now - self._warned_at >= WARN_EVERY:
            self._warned_at = now
            log.warning(
                "webhook_refused",
                count=self._refused,
                reason="no right signature: a stranger, or NUDGER_SMSGATE_SIGNING_KEY is not the app's, or "
                "the phone's clock is wrong by more than 5 minutes",
            )
            self._refused = 0
        return HTTPException(status, "This request does not carry SMSGate's signature.", HANG_UP)
