"""Twilio's webhooks: inbound texts, and what became of outbound ones. Nothing happens unsigned."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.agenda.port import Clock
from nudger.domain.model import ChannelName
from nudger.inbound.port import Handled, Inbound
from nudger.web.port import Receiver, TwilioAccount
from nudger.web.security.guard import HANG_UP, prove
from nudger.web.security.requests import PATIENCE, read_form

ANSWERS_WITHIN = 4.5  # seconds
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
WARN_EVERY = timedelta(minutes=10)  # strangers must not be able to fill the log

# Twilio signs names and values without anything between them, so a signed form can be cut anew at other
# places: every field that is read here, and what stands beside it in the order of names, has its form.
# https://www.twilio.com/docs/usage/webhooks/webhooks-security
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{1,63}", re.ASCII)
_FORMS: Mapping[str, re.Pattern[str]] = {
    "MessageSid": re.compile(r"(?:SM|MM)[0-9a-f]{32}"),
    "From": re.compile(r"\+[1-9][0-9]{4,14}|[0-9]{3,8}"),  # E.164, or a short code
    "OptOutType": re.compile(r"STOP|START|HELP"),
    "MessageStatus": re.compile(r"[a-z][a-z_-]{2,24}"),
    "ErrorCode": re.compile(r"[0-9]{0,6}"),
    "AccountSid": re.compile(r"AC[0-9a-f]{32}"),
    "ApiVersion": re.compile(r"[0-9-]{10}"),
    "MessagingServiceSid": re.compile(r"(?:MG[0-9a-f]{32})?"),
    "NumMedia": re.compile(r"[0-9]{1,3}"),
    "NumSegments": re.compile(r"[0-9]{1,3}"),
}
# The only names that Twilio knows between these two: else a text that holds a capital could lose its end.
_AFTER_BODY = frozenset(
    {"ButtonPayload", "ButtonText", "ButtonType", "ChannelInstallSid", "ChannelMetadata", "ChannelPrefix"}
    | {"ChannelToAddress", "ErrorCode", "ErrorMessage", "EventType", "Forwarded", "ForwardedFrom"}
)
_MESSAGE_ID = re.compile(r"[0-9a-f]{32}")

log = structlog.get_logger("nudger.web")


class Webhooks:
    """https://www.twilio.com/docs/messaging/guides/webhook-request"""

    def __init__(
        self, receiver: Receiver, account: TwilioAccount, clock: Clock, patience: timedelta = PATIENCE
    ) -> None:
        self._receiver = receiver
        self._account = account
        self._clock = clock
        self._patience = patience
        self._warned_at: datetime | None = None
        self._refused = 0  # since then

    def routes(self) -> list[Route]:
        """Names the addresses that Twilio posts to."""
        return [
            Route("/twilio/inbound", self.inbound, methods=["POST"]),
            Route("/twilio/status/{message_id}", self.status, methods=["POST"]),
        ]

    async def inbound(self, request: Request) -> Response:
        """Takes a text: answers 200 once it is committed. The reply goes out as a message of its own."""
        form = await self._form(request)
        if "Body" not in form:  # a picture without words has it too, and it is blank
            raise HTTPException(400, "The field Body is missing.")
        inbound = Inbound(
            provider_id=_required(form, "MessageSid"),
            channel=ChannelName.SMS,
            address=_required(form, "From"),
            text=form["Body"],
            received_at=self._clock.now(),
            handled=Handled(form["OptOutType"]) if form.get("OptOutType") else None,
        )
        async with _in_time():
            await self._receiver.take(inbound)
        return Response(EMPTY_TWIML, media_type="text/xml")

    async def status(self, request: Request) -> Response:
        """Takes what became of a message. Reports come in any order, late, and more than once."""
        form = await self._form(request)
        status, message_id = _required(form, "MessageStatus"), request.path_params["message_id"]
        if not _MESSAGE_ID.fullmatch(message_id):
            raise HTTPException(400, "The address names no message of this program.")
        sid, code = _required(form, "MessageSid"), form.get("ErrorCode") or None
        async with _in_time():
            await self._account.report(message_id, sid, status, code)
        return Response(status_code=204)

    async def _form(self, request: Request) -> Mapping[str, str]:
        """The form, once its signature is found right over the path, the query and every field."""
        signature = request.headers.get("x-twilio-signature")
        if not signature:
            raise self._refusal()  # without reading a stranger's form
        form = await read_form(request, self._patience)
        scope = request.scope
        if not self._account.signed(scope["raw_path"], scope["query_string"], form, signature):
            raise self._refusal()
        fields = _fields(form)
        prove(request)
        return fields

    def _refusal(self) -> HTTPException:
        now = self._clock.now()
        self._refused += 1
        if self._warned_at is None or now - self._warned_at >= WARN_EVERY:
            self._warned_at = now
            log.warning(
                "webhook_refused",
                count=self._refused,
                reason="no right signature: a stranger, or NUDGER_PUBLIC_URL is not the address given to "
                "Twilio, or NUDGER_TWILIO_AUTH_TOKEN is not this account's",
            )
            self._refused = 0
        return HTTPException(403, "This request does not carry Twilio's signature.", HANG_UP)


def _fields(form: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The fields by name, each of them once and of its form; HTTPException where it was cut anew."""
    fields = dict(form)
    if len(fields) < len(form):
        raise HTTPException(400, "A field is there twice.")
    for name, value in form:
        strange = "Body" < name < "From" and name not in _AFTER_BODY
        if strange or not _NAME.fullmatch(name):
            raise HTTPException(400, "A field has a name that Twilio does not use.")
        if value and name in _FORMS and not _FORMS[name].fullmatch(value):
            raise HTTPException(400, f"The field {name} is not of its form.")
    return fields


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Twilio gives up after 15 s, and keeps the connection until then: it hears sooner that this is not the
    moment. What is committed all the same is known by its id when it comes again."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            yield
    except TimeoutError:
        raise HTTPException(503, "The database does not answer right now.", HANG_UP) from None


def _required(form: Mapping[str, str], field: str) -> str:
    if not form.get(field):
        raise HTTPException(400, f"The field {field} is missing.")
    return form[field]
