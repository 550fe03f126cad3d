"""Twilio on the loopback: a stateful stand-in for its message API, and the sender of its webhooks.

It speaks the JSON of Twilio's OpenAPI description (v2010 Messages) and checks credentials. What a
number does can be set in `behaviours`; some do what they do at once, like Twilio's own magic numbers.
What befalls any other request is `weather`'s to say. A message is listed `listed_after` it was taken.
"""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode
from uuid import uuid4

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

ACCOUNT_SID = "AC" + "0a" * 16
AUTH_TOKEN = "token-of-the-double"
API_KEY_SID, API_KEY_SECRET = "SK" + "0b" * 16, "secret-of-the-double"
NUMBER = "+15005550006"
MESSAGES = "/2010-04-01/Accounts/{account}/Messages.json"
MESSAGE = "/2010-04-01/Accounts/{account}/Messages/{sid}.json"
ACCOUNT = "/2010-04-01/Accounts/{account}.json"
NUMBERS = "/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json"
SHORT_CODES = "/2010-04-01/Accounts/{account}/SMS/ShortCodes.json"
SERVICE = "/v1/Services/{sid}"  # of messaging.twilio.com


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers with an error of Twilio's; `code` None with a page that is not JSON. `taken`: the message
    is sent all the same, as where a gateway before Twilio gave up."""

    status: int
    code: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Drop:
    """Cuts the connection without an answer, after taking the message or without taking it."""

    taken: bool


@dataclass(frozen=True, slots=True)
class Hang:
    """Takes the message or not, and answers only once `released` is set."""

    taken: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """Takes the message and answers a success with these bytes."""

    body: bytes


Behaviour = Refuse | Drop | Hang | Answer

MAGIC: Mapping[str, Behaviour] = {
    "+15005550001": Refuse(400, 21211),
    "+15005550002": Refuse(400, 21612),
    "+15005550003": Refuse(403, 21408),
    "+15005550004": Refuse(400, 21610),
    "+15005550009": Refuse(400, 21614),
    "+15005550429": Refuse(429, 20429, {"Retry-After": "7"}),
    "+15005550430": Refuse(429, 20429),
    "+15005550500": Refuse(500, 20500),
    "+15005550503": Refuse(503),
    "+15005550700": Drop(taken=True),
    "+15005550701": Drop(taken=False),
    "+15005550800": Hang(taken=True),
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]


class TwilioDouble:
    """`async with TwilioDouble() as twilio:` then point a client at `twilio.base_url`."""

    def __init__(
        self,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        port: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.behaviours: dict[str, Behaviour] = dict(MAGIC)
        self.weather: Callable[[], Behaviour | None] = lambda: None  # asked at each message
        self.listed_after = timedelta(0)
        self.taken_at: dict[str, datetime] = {}  # by SID; the resources have whole seconds only
        self.callbacks: dict[str, str] = {}  # by SID: the StatusCallback that came with it
        self.messages: list[dict[str, Any]] = []  # Twilio's resources, oldest first
        self.requests: list[Recorded] = []
        self.released = asyncio.Event()
        self.largest_page = 1000
        self.account: dict[str, Any] = {"status": "active", "type": "Full"}
        self.numbers: list[dict[str, Any]] = [number_resource(NUMBER)]
        self.short_codes: list[dict[str, Any]] = []
        self.services: dict[str, dict[str, Any]] = {}  # by SID: what differs from a new one
        self.list_refusal: Refuse | None = None  # of the list of messages
        self.refusals: dict[str, Refuse] = {}  # by path: what is asked there is refused
        self.keys_read_accounts = False  # only a main key may read the account itself
        self._now = now
        self._port = port
        self._host = host
        self._changed = asyncio.Condition()
        app = web.Application()
        app.router.add_post(MESSAGES, self._create)
        app.router.add_get(MESSAGES, self._list)
        app.router.add_get(MESSAGE, self._fetch)
        app.router.add_get(ACCOUNT, self._fetch_account)
        app.router.add_get(NUMBERS, self._list_numbers)
        app.router.add_get(SHORT_CODES, self._list_short_codes)
        app.router.add_get(SERVICE, self._fetch_service)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await self.listen()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        await self._runner.cleanup()

    @property
    def base_url(self) -> str:
        return f"http://{self._host}:{self._port}"

    @property
    def settings(self) -> dict[str, str]:
        """nudger's, without their prefix: texts go out by this one."""
        return {
            "SMS": "twilio",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": NUMBER,
            "TWILIO_API_BASE": self.base_url,
        }

    async def listen(self) -> None:
        self._site = web.TCPSite(self._runner, self._host, self._port)
        await self._site.start()

    async def refuse_connections(self) -> None:
        """Until `listen`, nobody answers at its port."""
        await self._site.stop()

    # --- what tests look at -----------------------------------------------------------------------
    @property
    def taken(self) -> list[dict[str, Any]]:
        """The messages that Twilio was given to send, answered or not."""
        return [message for message in self.messages if message["direction"] == "outbound-api"]

    def counts(self) -> Counter[tuple[str, str]]:
        """How often each (number, text) was taken: more than once is a repeated text."""
        return Counter((message["to"], message["body"]) for message in self.taken)

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Returns once `condition` holds; looked at whenever a request has come."""
        async with self._changed:
            await self._changed.wait_for(condition)

    # --- what phones and Twilio do ----------------------------------------------------------------
    def arrive(self, sender: str, text: str, to: str = NUMBER, at: datetime | None = None) -> str:
        """A text comes in that only the list of messages tells of. Returns its SID."""
        message = self._add("inbound", "received", sender, to, text, at)
        return str(message["sid"])

    async def text(self, webhook: str, sender: str, text: str, *, public: str | None = None) -> int:
        """A text comes in and is posted, signed, to `webhook`; `public` is the address that Twilio
        knows it by. Returns the HTTP status of the answer."""
        sid = self.arrive(sender, text)
        return await self.post(webhook, inbound_form(sid, sender, text), public=public)

    async def report(
        self, webhook: str, sid: str, status: str, error: int | None = None, *, public: str | None = None
    ) -> int:
        """Posts the status of a message, signed, as to its StatusCallback."""
        message = next(message for message in self.messages if message["sid"] == sid)
        message["status"], message["error_code"] = status, error
        message["date_sent"] = message["date_sent"] or message["date_created"]
        form = {"MessageSid": sid, "SmsSid": sid, "MessageStatus": status, "SmsStatus": status}
        form |= {"To": message["to"], "From": message["from"] or "", "AccountSid": ACCOUNT_SID}
        if error is not None:
            form["ErrorCode"] = str(error)
        return await self.post(webhook, form, public=public)

    async def post(
        self,
        webhook: str,
        form: Mapping[str, str],
        *,
        public: str | None = None,
        signature: str | None = None,
    ) -> int:
        """Posts `form`, with Twilio's signature over `public` (else `webhook`), or with `signature`."""
        if signature is None:
            validator = RequestValidator(AUTH_TOKEN)
            signature = validator.compute_signature(public or webhook, dict(form))
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        async with (
            aiohttp.ClientSession() as session,
            session.post(webhook, data=urlencode(form).encode(), headers=headers) as answer,
        ):
            await answer.read()
            return answer.status

    # --- the API ----------------------------------------------------------------------------------
    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = await self._record(request)
        if not _known(request):
            return _refusal(Refuse(401, 20003))
        if not form.get("To") or not form.get("Body"):
            return _refusal(Refuse(400, 21619 if form.get("To") else 21604))
        behaviour = self.behaviours.get(form["To"]) or self.weather()
        if behaviour is None or isinstance(behaviour, Answer) or behaviour.taken:
            message = self._add("outbound-api", "queued", form.get("From"), form["To"], form["Body"])
            message["messaging_service_sid"] = form.get("MessagingServiceSid")
            if form.get("StatusCallback"):
                self.callbacks[message["sid"]] = form["StatusCallback"]
            await self._notify()
        if isinstance(behaviour, Refuse):
            return _refusal(behaviour)
        if isinstance(behaviour, Answer):
            return web.Response(status=201, body=behaviour.body, content_type="application/json")
        if isinstance(behaviour, Hang):
            await self.released.wait()
        if behaviour is not None:
            if request.transport is not None:  # else the client has gone already
                request.transport.abort()
            return web.Response()
        return web.json_response(message, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        await self._record(request)
        if not _known(request):
            return _refusal(Refuse(401, 20003))
        if self.list_refusal is not None:
            return _refusal(self.list_refusal)
        query = request.query
        listed = [
            one for one in self.messages if self._now() - self.taken_at[one["sid"]] >= self.listed_after
        ]
        found = [message for message in reversed(listed) if _matches(message, query)]
        size = min(int(query.get("PageSize", 50)), self.largest_page)
        page = int(query.get("Page", 0))
        start = page * size
        shown = found[start : start + size]
        more = len(found) > start + size
        return web.json_response(
            {
                "messages": shown,
                "page": page,
                "page_size": size,
                "start": start,
                "end": start + max(len(shown) - 1, 0),
                "uri": _page_uri(request, page),
                "first_page_uri": _page_uri(request, 0),
                "previous_page_uri": _page_uri(request, page - 1) if page else None,
                "next_page_uri": _page_uri(request, page + 1) if more else None,
            }
        )

    async def _fetch(self, request: web.Request) -> web.Response:
        await self._record(request)
        if not _known(request):
            return _refusal(Refuse(401, 20003))
        for message in self.messages:
            if message["sid"] == request.match_info["sid"]:
                return web.json_response(message)
        return _refusal(Refuse(404, 20404))

    async def _fetch_account(self, request: web.Request) -> web.Response:
        refusal = await self._refused(request)
        if refusal is None and not self.keys_read_accounts and _by_key(request):
            refusal = _refusal(Refuse(401, 20003))
        path = ACCOUNT.format(account=ACCOUNT_SID)
        return refusal or web.json_response(
            {
                "sid": ACCOUNT_SID,
                "owner_account_sid": ACCOUNT_SID,
                "auth_token": AUTH_TOKEN,
                "friendly_name": "nudger",
                "date_created": "Mon, 02 Nov 2026 09:00:00 +0000",
                "date_updated": "Mon, 02 Nov 2026 09:00:00 +0000",
                "subresource_uris": {"messages": MESSAGES.format(account=ACCOUNT_SID)},
                "uri": path,
                **self.account,
            }
        )

    async def _list_numbers(self, request: web.Request) -> web.Response:
        wanted = request.query.get("PhoneNumber", "")
        # Twilio's filter takes a part of a number, too.
        found = [one for one in self.numbers if wanted in one["phone_number"]]
        return await self._refused(request) or _page(request, "incoming_phone_numbers", found)

    async def _list_short_codes(self, request: web.Request) -> web.Response:
        wanted = request.query.get("ShortCode", "")
        found = [one for one in self.short_codes if wanted in one["short_code"]]
        return await self._refused(request) or _page(request, "short_codes", found)

    async def _fetch_service(self, request: web.Request) -> web.Response:
        refusal = await self._refused(request)
        sid = request.match_info["sid"]
        if refusal is None and sid not in self.services:
            refusal = _refusal(Refuse(404, 20404))
        return refusal or web.json_response(
            {
                "sid": sid,
                "account_sid": ACCOUNT_SID,
                "friendly_name": "nudger",
                "inbound_request_url": None,
                "inbound_method": "POST",
                "use_inbound_webhook_on_number": False,
                "date_created": "2026-11-02T09:00:00Z",
                "date_updated": "2026-11-02T09:00:00Z",
                **self.services[sid],
            }
        )

    async def _refused(self, request: web.Request) -> web.Response | None:
        await self._record(request)
        if request.path in self.refusals:
            return _refusal(self.refusals[request.path])
        return None if _known(request) else _refusal(Refuse(401, 20003))

    async def _record(self, request: web.Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(
            Recorded(request.method, request.path, dict(request.query), form, dict(request.headers))
        )
        await self._notify()
        return form

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _add(
        self, direction: str, status: str, sender: str | None, to: str, body: str, at: datetime | None = None
    ) -> dict[str, Any]:
        sid = f"SM{uuid4().hex}"
        date = format_datetime(at or self._now())
        path = MESSAGE.format(account=ACCOUNT_SID, sid=sid)
        message: dict[str, Any] = {
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": body,
            "date_created": date,
            # The double errs to the harder side: a filter by DateSent does not show what is still queued.
            "date_sent": None if status == "queued" else date,
            "date_updated": date,
            "direction": direction,
            "error_code": None,
            "error_message": None,
            "from": sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": status,
            "subresource_uris": {"media": path.replace(".json", "/Media.json")},
            "to": to,
            "uri": path,
        }
        self.messages.append(message)
        self.taken_at[sid] = at or self._now()
        return message


def inbound_form(sid: str, sender: str, text: str, to: str = NUMBER) -> dict[str, str]:
    """What Twilio posts for a text that came in; some of it is blank, and all of it is signed."""
    return {
        "ToCountry": "US",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": text,
        "FromCountry": "GB",
        "To": to,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": ACCOUNT_SID,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }


def number_resource(number: str, sms: bool = True, sms_url: str = "", method: str = "POST") -> dict[str, Any]:
    """A number of the account, as IncomingPhoneNumbers lists it."""
    return {
        "account_sid": ACCOUNT_SID,
        "capabilities": {"voice": True, "sms": sms, "mms": False, "fax": False},
        "friendly_name": "nudger",
        "phone_number": number,
        "sid": "PN" + "0d" * 16,
        "sms_application_sid": "",
        "sms_method": method,
        "sms_url": sms_url,
    }


def short_code_resource(code: str, sms_url: str = "") -> dict[str, Any]:
    """A short code of the account."""
    return {
        "account_sid": ACCOUNT_SID,
        "friendly_name": "nudger",
        "short_code": code,
        "sid": "SC" + "0e" * 16,
        "sms_method": "POST",
        "sms_url": sms_url,
    }


def _known(request: web.Request) -> bool:
    users = ((ACCOUNT_SID, AUTH_TOKEN), (API_KEY_SID, API_KEY_SECRET))
    # A Messaging Service has no account in its address: the credentials say whose it is.
    account = request.match_info.get("account", ACCOUNT_SID) == ACCOUNT_SID
    return account and request.headers.get("Authorization", "") in [_basic(*user) for user in users]


def _by_key(request: web.Request) -> bool:
    return request.headers.get("Authorization", "") == _basic(API_KEY_SID, API_KEY_SECRET)


def _basic(user: str, word: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()


def _page(request: web.Request, name: str, resources: list[dict[str, Any]]) -> web.Response:
    """All of a list on its one page."""
    return web.json_response(
        {
            name: resources,
            "page": 0,
            "page_size": 50,
            "start": 0,
            "end": max(len(resources) - 1, 0),
            "uri": request.path,
            "first_page_uri": request.path,
            "previous_page_uri": None,
            "next_page_uri": None,
        }
    )


def _refusal(refuse: Refuse) -> web.Response:
    if refuse.code is None:
        page = "<html><body>Service unavailable</body></html>"
        return web.Response(status=refuse.status, text=page, content_type="text/html", headers=refuse.headers)
    error = {
        "code": refuse.code,
        "message": "The number +15005550009 did something",  # Twilio's words quote numbers
        "more_info": f"https://www.twilio.com/docs/errors/{refuse.code}",
        "status": refuse.status,
    }
    return web.Response(
        status=refuse.status,
        text=json.dumps(error),
        content_type="application/json",
        headers=refuse.headers,
    )


def _matches(message: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Twilio's filters: the two numbers, and the GMT day (only the day) of DateSent."""
    if not (
        query.get("To", message["to"]) == message["to"]
        and query.get("From", message["from"]) == message["from"]
    ):
        return False
    if message["date_sent"] is None:
        return not any(name.startswith("DateSent") for name in query)
    day = datetime.strptime(message["date_sent"], "%a, %d %b %Y %H:%M:%S %z").date().isoformat()
    return (
        query.get("DateSent", day)[:10] == day
        and day <= query.get("DateSent<", day)[:10]
        and day >= query.get("DateSent>", day)[:10]
    )


def _page_uri(request: web.Request, page: int) -> str:
    return f"{request.path}?{urlencode({**request.query, 'Page': page})}"
