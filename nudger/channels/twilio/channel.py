"""Texts by Twilio: sending them, asking for what came in where no webhook can reach us, and for what Twilio
was given where the answer to a send was lost."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from twilio.rest import Client

from nudger.agenda.entries import Failure, Receipt, SendFailure, Sending
from nudger.channels.http import NoAnswer, NotReached
from nudger.channels.twilio.account import Account
from nudger.channels.twilio.codes import failure_of, report_of
from nudger.channels.twilio.http import (
    BEFORE,
    CONNECTIONS,
    TwilioHttp,
    TwilioRefused,
    quiet_loggers,
)
from nudger.domain.effects import nearest
from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName
from nudger.inbound.port import Inbound
from nudger.sending.port import Listed

LATEST = 100  # of all that ever went to one number
PAGE_SIZE = 1000  # the most that Twilio gives on one page


async def listed(messages: Any, address: str, from_number: str | None, since: datetime) -> list[Listed]:
    """Returns all that went to `address` on the GMT days of `since` and its neighbours, on however many
    pages, and the latest of all.

    Twilio filters by GMT days, so both days around midnight are asked. The latest are asked for without
    a day too: a text that still waits in Twilio's queue has no DateSent yet, and a filter by it might
    not show it. `from_number` None: a Messaging Service chose the number. Raises ChannelError.
    """
    # Dates, not datetimes: the package does not convert those to GMT.
    first_day = since.astimezone(UTC).date() - timedelta(days=1)
    last_day = first_day + timedelta(days=3)
    where = {"to": address} | ({"from_": from_number} if from_number else {})
    days = {"date_sent_after": first_day, "date_sent_before": last_day, "page_size": PAGE_SIZE}
    found = [
        *await _list(messages, **where, **days),
        *await _list(messages, **where, limit=LATEST, page_size=LATEST),
    ]
    ours = {one.sid: one for one in found if one.sid and one.direction != "inbound"}
    return [_listed(one, address) for one in ours.values()]


async def _list(messages: Any, **where: object) -> Sequence[Any]:
    try:
        found: Sequence[Any] = await messages.list_async(**where)
    except TwilioRefused as error:
        reason = failure_of(error.status, error.code).reason
        raise ChannelError(f"Twilio's list of messages: {reason} (HTTP {error.status})") from None
    except Exception as error:
        # Not chained: the package's own errors hold the address of the page, and with it the number.
        reason = str(error) if isinstance(error, NotReached | NoAnswer) else type(error).__name__
        raise ChannelError(f"Twilio's list of messages could not be read: {reason}") from None
    return found


def _listed(one: Any, address: str) -> Listed:
    created_at = one.date_created or one.date_sent
    return Listed(
        report_of(one.sid, str(one.status or ""), one.error_code),
        address,
        one.body or "",
        nearest(created_at) if created_at else None,
    )


SHORTEST_HOLD, LONGEST_HOLD = 1, 36_000  # seconds that ValidityPeriod may be, by Twilio's description
STATUS_PATH = "/twilio/status/"
TWILIO = "https://api.twilio.com"
# The package reads TWILIO_* of the process where it is not handed an environment that holds something.
NO_ENVIRONMENT = {"_": ""}


class TwilioChannel:
    """The twilio package's client over our own HTTP.

    Needs an auth token, or an API key and its secret; a number, or a Messaging Service, to send from.
    With `public_url`, Twilio reports each message's fate to `public_url/twilio/status/<message id>`.
    `base_url` stands in for https://api.twilio.com (a proxy, a test server). `timeout` is for one
    request, from asking for a connection to the last byte of the answer.
    """

    places = CONNECTIONS  # what is too much waits where a STOP still reaches it, not for a connection

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str | None = None,
        api_key_sid: str | None = None,
        api_key_secret: str | None = None,
        from_number: str | None = None,
        messaging_service_sid: str | None = None,
        base_url: str | None = None,
        public_url: str | None = None,
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        quiet_loggers()
        user, password = _credentials(account_sid, auth_token, api_key_sid, api_key_secret)
        self._account_sid = account_sid
        self._by_key = user != account_sid
        self._from_number = from_number
        self._service = messaging_service_sid
        self._sender = _sender(from_number, messaging_service_sid)
        self._status_url = public_url.rstrip("/") + STATUS_PATH if public_url else None
        self._http = TwilioHttp(timeout)
        client = Client(user, password, account_sid, http_client=self._http, environment=NO_ENVIRONMENT)
        self._client: Any = client
        self._base_url = base_url or TWILIO
        client.api.base_url = self._base_url
        self._create_url = f"{self._base_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._messages: Any = client.messages  # here, for its import takes a tenth of a second

    def __repr__(self) -> str:
        return f"TwilioChannel(account_sid={self._account_sid!r})"

    async def send(self, sending: Sending) -> Receipt:
        """Posts the message once. Twilio knows no idempotency key: what is ambiguous stays so."""
        parameters = self._parameters(sending)
        before = BEFORE.set(sending.until)
        try:
            # The client's own request, not its `create_async`: that makes of each answer an object with
            # dates and prices, which takes a fifth of the whole. Only the id is wanted.
            answer = await self._client.request_async("POST", self._create_url, data=parameters)
            sid = json.loads(answer.text)["sid"]
        except NotReached as error:
            raise SendFailure(Failure.NOT_SENT, str(error)) from error
        except NoAnswer as error:
            raise SendFailure(Failure.AMBIGUOUS, str(error)) from error
        except TwilioRefused as error:
            raise failure_of(error.status, error.code, error.retry_after) from error
        except Exception as error:
            # A success whose body is not Twilio's JSON.
            raise SendFailure(Failure.AMBIGUOUS, "Twilio's answer could not be read") from error
        finally:
            BEFORE.reset(before)
        if not sid:
            raise SendFailure(Failure.AMBIGUOUS, "Twilio answered without a message id")
        return Receipt(sid, is_reported=self._status_url is not None)

    async def list_inbound(self, since: datetime) -> list[Inbound]:
        """Returns the texts that came in since a whole GMT day before `since`, oldest first.

        Twilio filters by GMT days only, and by neither direction nor state; a text can turn up late.
        So the days overlap, and each text comes again with every asking: `provider_id` tells.
        Raises ChannelError where the list cannot be read; asking again later is always safe.
        """
        first_day = since.astimezone(UTC).date() - timedelta(days=1)
        to = {"to": self._from_number} if self._from_number else {}
        try:
            messages = await self._messages.list_async(date_sent_after=first_day, page_size=PAGE_SIZE, **to)
        except TwilioRefused as error:
            reason = failure_of(error.status, error.code).reason
            raise ChannelError(f"Twilio's list of messages: {reason} ({error})") from error
        except Exception as error:
            reason = str(error) if isinstance(error, NotReached | NoAnswer) else type(error).__name__
            raise ChannelError(f"Twilio's list of messages could not be read: {reason}") from error
        # Newest first, whole seconds: reversed, so that STOP and START of one second keep their order.
        inbound = [_inbound(message, since) for message in reversed(messages) if _came_in(message)]
        return sorted(inbound, key=lambda text: text.received_at)

    async def list_outbound(self, address: str, since: datetime) -> list[Listed]:
        """Returns what went to `address` since then: see Outbox.list_outbound."""
        number = None if self._service else self._from_number
        return await listed(self._messages, address, number, since)

    async def check(self, inbound_url: str | None = None) -> tuple[str, ...]:
        """Asks whether the account is active and the number, or the Messaging Service, is its own.

        Sends nothing. Returns doubts, a sentence each: a trial account, or texts that come in and are
        not posted to `inbound_url`. Raises ChannelError for what keeps texts from going out.
        """
        if self._base_url != TWILIO:
            # Messaging Services have a host of their own; what stands in for Twilio stands in for both.
            self._client.messaging.base_url = self._base_url
        account = Account(
            self._client, self._account_sid, self._by_key, self._from_number, self._service, inbound_url
        )
        return await account.check()

    async def close(self) -> None:
        await self._http.close()

    def _parameters(self, sending: Sending) -> dict[str, object]:
        hold = int(sending.valid_for.total_seconds())
        parameters: dict[str, object] = {
            "To": sending.address,
            "Body": sending.text,
            "ValidityPeriod": max(SHORTEST_HOLD, min(LONGEST_HOLD, hold)),
            **self._sender,
        }
        if self._status_url:
            parameters["StatusCallback"] = self._status_url + quote(sending.message, safe="")
        return parameters


def _credentials(
    account_sid: str, auth_token: str | None, api_key_sid: str | None, api_key_secret: str | None
) -> tuple[str, str]:
    if api_key_sid and api_key_secret:
        return api_key_sid, api_key_secret
    if account_sid and auth_token:
        return account_sid, auth_token
    raise ChannelError(
        "Twilio needs an account SID with its auth token, or with an API key and its secret.",
        "Set NUDGER_TWILIO_ACCOUNT_SID and NUDGER_TWILIO_AUTH_TOKEN.",
    )


def _sender(from_number: str | None, messaging_service_sid: str | None) -> dict[str, str]:
    """A Messaging Service chooses the number, unless one is named too."""
    sender = {"From": from_number, "MessagingServiceSid": messaging_service_sid}
    if not any(sender.values()):
        raise ChannelError(
            "Twilio needs a number or a Messaging Service to send from.",
            "Set NUDGER_TWILIO_FROM or NUDGER_TWILIO_MESSAGING_SERVICE_SID.",
        )
    return {name: value for name, value in sender.items() if value}


def _came_in(message: Any) -> bool:
    """The list holds what we sent, too; without an id a replay could not be told."""
    return message.direction == "inbound" and bool(message.sid) and bool(message.from_)


def _inbound(message: Any, since: datetime) -> Inbound:
    # A text without a date is not lost for it (it may be a STOP): it counts as just in.
    received_at = message.date_created or message.date_sent or since
    return Inbound(
        provider_id=message.sid,
        channel=ChannelName.SMS,
        address=message.from_,
        text=message.body or "",
        received_at=nearest(received_at),
    )
