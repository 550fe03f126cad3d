"""Asks Twilio whether the account, and what it sends from, can do what the settings want of them.

Nothing is sent, and Twilio's own words are left out: they quote phone numbers.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from nudger.agenda.entries import Failure
from nudger.channels.http import NoAnswer, NotReached
from nudger.channels.twilio.codes import failure_of
from nudger.channels.twilio.http import TwilioRefused
from nudger.domain.errors import ChannelError

CREDENTIALS = (
    "Compare NUDGER_TWILIO_ACCOUNT_SID and NUDGER_TWILIO_AUTH_TOKEN (or the API key and its secret) with "
    "those on console.twilio.com."
)
NETWORK = "Check this machine's way to the internet, and NUDGER_TWILIO_API_BASE."
NUMBER = "Compare NUDGER_TWILIO_FROM with the numbers of this account on console.twilio.com."
SERVICE = "Compare NUDGER_TWILIO_MESSAGING_SERVICE_SID with the services on console.twilio.com."
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Account:
    """An account to ask about, with what texts go out from, and where its texts should come in."""

    client: Any  # twilio.rest.Client
    sid: str
    by_key: bool  # asked with an API key: most keys may not read the account itself
    number: str | None
    service: str | None
    inbound_url: str | None  # None: replies are polled for

    async def check(self) -> tuple[str, ...]:
        """Doubts, a sentence each; ChannelError for what keeps texts from going out."""
        doubts = await self._account()
        if self.service is not None:
            doubts += await self._service(self.service)
        if self.number is not None:
            doubts += await self._number(self.number)
        return tuple(doubts)

    async def _account(self) -> list[str]:
        try:
            account = await _answer(self.client.api.v2010.accounts(self.sid).fetch_async())
        except _AccountRefused as refusal:
            if self.by_key and refusal.status in (401, 403):
                return []  # whether the key is right, the next question shows
            raise
        if account.status is None:
            raise ChannelError("the answer is not Twilio's", NETWORK)
        if account.status != "active":
            raise ChannelError(f"the Twilio account is {account.status}", "Twilio's console says why.")
        trial = "the account is on trial: only numbers that you verified on console.twilio.com get texts"
        return [trial] if account.type == "Trial" else []

    async def _service(self, sid: str) -> list[str]:
        try:
            service = await _answer(self.client.messaging.v1.services(sid).fetch_async())
        except _AccountRefused as refusal:
            if refusal.status == 404:
                raise ChannelError("the Messaging Service does not exist in this account", SERVICE) from None
            raise
        if service.use_inbound_webhook_on_number:
            return []
        return self._inbound(service.inbound_request_url, service.inbound_method, "the Messaging Service")

    async def _number(self, number: str) -> list[str]:
        is_short = not number.startswith("+")
        listed = (
            self.client.short_codes.list_async(short_code=number)
            if is_short
            else self.client.incoming_phone_numbers.list_async(phone_number=number)
        )
        found = [
            one
            for one in await _answer(listed)
            if number in (_of(one, "phone_number"), _of(one, "short_code"))
        ]
        if not found:
            raise ChannelError("NUDGER_TWILIO_FROM is no number of this Twilio account", NUMBER)
        one = found[0]
        if not is_short and not (one.capabilities or {}).get("sms"):
            raise ChannelError("the number of NUDGER_TWILIO_FROM cannot send texts", NUMBER)
        if self.service is not None or _of(one, "sms_application_sid"):
            return []  # the Messaging Service, or a TwiML app, says where its texts go
        return self._inbound(one.sms_url, one.sms_method, "the number")

    def _inbound(self, url: str | None, method: str | None, what: str) -> list[str]:
        """Twilio posts what comes in to the address it was given, whatever our settings say."""
        if self.inbound_url is None or (url == self.inbound_url and method == "POST"):
            return []
        return [
            f"{what} should have {self.inbound_url} (POST) as its webhook for incoming texts, and has not"
        ]


class _AccountRefused(ChannelError):
    """Twilio's no, with its HTTP status."""

    def __init__(self, message: str, hint: str, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


async def _answer(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except TwilioRefused as error:
        failed = failure_of(error.status, error.code)
        hint = CREDENTIALS if failed.failure is Failure.SENDER else "Try again in a minute."
        raise _AccountRefused(f"{failed.reason} ({failed.code})", hint, error.status) from None
    except (NotReached, NoAnswer) as error:
        raise ChannelError(str(error), NETWORK) from None
    except Exception as error:
        # A success whose body is not Twilio's JSON. Not chained: it may hold what was answered.
        raise ChannelError(f"the answer cannot be read ({type(error).__name__})", NETWORK) from None


def _of(resource: Any, name: str) -> Any:
    return getattr(resource, name, None)
