"""Twilio's webhooks: inbound texts, and what became of outbound ones. Nothing happens unsigned."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nudger.delivery.inbound import Inbound
from nudger.model import ChannelName
from nudger.web.doors import Doors
from nudger.web.forms import HANG_UP, read_form

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
WARN_EVERY = timedelta(minutes=1)  # strangers must not be able to fill the log

log = structlog.get_logger("nudger.web")


class Webhooks:
    """https://www.twilio.com/docs/messaging/guides/webhook-request"""

    def __init__(self, doors: Doors, patience: timedelta) -> None:
        self._doors = doors
        self._patience = patience
        self._warned_at: datetime | None = None

    async def inbound(self, request: Request) -> Response:
        """Answers 200 once the text is committed. The reply goes out as a message of its own, not here."""
        form = await self._form(request)
        inbound = Inbound(
            provider_id=_required(form, "MessageSid"),
            channel=ChannelName.SMS,
            address=_required(form, "From"),
            text=form.get("Body", "").replace("\0", ""),  # which PostgreSQL cannot keep
            received_at=self._doors.now(),
        )
        await self._doors.take_reply(inbound)
        return Response(EMPTY_TWIML, media_type="text/xml")

    async def status(self, request: Request) -> Response:
        """They come in any order, late, and more than once."""
        form = await self._form(request)
        status = _required(form, "MessageStatus")
        if self._doors.status_callback is not None:
            await self._doors.status_callback(
                request.path_params["message_id"],
                _required(form, "MessageSid"),
                status,
                form.get("ErrorCode") or None,
            )
        return Response(status_code=204)

    async def _form(self, request: Request) -> Mapping[str, str]:
        """The form, once its signature is found right over the path, the query and every field."""
        signature = request.headers.get("x-twilio-signature")
        if not signature:
            raise self._refusal()  # without reading a stranger's form
        form = await read_form(request, self._patience)
        scope = request.scope
        if self._doors.signed is None or not self._doors.signed(
            scope["raw_path"], scope["query_string"], form, signature
        ):
            raise self._refusal()
        return dict(form)

    def _refusal(self) -> HTTPException:
        now = self._doors.now()
        if self._warned_at is None or now - self._warned_at >= WARN_EVERY:
            self._warned_at = now
            log.warning(
                "webhook_refused",
                reason="no right signature: a stranger, or NUDGER_PUBLIC_URL is not the address given to "
                "Twilio, or NUDGER_TWILIO_AUTH_TOKEN is not this account's",
            )
        return HTTPException(403, "This request does not carry Twilio's signature.", HANG_UP)


def _required(form: Mapping[str, str], field: str) -> str:
    if not form.get(field):
        raise HTTPException(400, f"The field {field} is missing.")
    return form[field]
