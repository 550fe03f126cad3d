"""SMSGate on the loopback: a stateful stand-in for the Android app (local mode) and for its server.

Written from the sources of app 1.68.0 and server 1.47.1. It has their quirks: an id is taken once, whatever
the words (409); `ttl` counts from the arrival; the queue is worked off newest first; a state goes back; a
`from` that cannot be read is none, without an error; webhooks come twice, late, or never; a process killed in
between sends a text again. What a number does can be set in `behaviours`; some do what they do at once. What
befalls any other request is `weather`'s to say. `work` does what the phone does in the background.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp
from aiohttp import web

from nudger.channels.smsgate.incoming import WEBHOOKS
from tests.support.doubles.twilio_double import Drop, Hang

USERNAME, PASSWORD, SIGNING_KEY = "sms", "pass-of-the-double", "key-of-the-double"
DEVICE = "PyDmBQZZXYmyxMwED8Fzy"
NUMBER = "+447700900999"
SERVER = "/api/3rdparty/v1"
STATES_OPEN = ("Pending", "Cancelling")


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers with a status, and `message` where it is not empty. `taken`: the text is sent all the same."""

    status: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: bool = False


Behaviour = Refuse | Drop | Hang

MAGIC: Mapping[str, Behaviour] = {
    "+15005550400": Refuse(400, "phoneNumbers: +15005550400 is wrong"),
    "+15005550401": Refuse(401),
    "+15005550403": Refuse(403, "insufficient scope"),
    "+15005550429": Refuse(429, headers={"Retry-After": "7"}),
    "+15005550500": Refuse(500, "unforeseen, with +15005550500"),
    "+15005550501": Refuse(500, "unforeseen", taken=True),
    "+15005550502": Refuse(502),
    "+15005550503": Refuse(503, "queue limits exceeded: too many pending"),
    "+15005550504": Refuse(503),
    "+15005550700": Drop(taken=True),
    "+15005550701": Drop(taken=False),
    "+15005550800": Hang(taken=True),
}


@dataclass
class Text:
    """A text that the phone was given."""

    id: str
    number: str
    text: str
    at: datetime
    expires_at: datetime | None
    sim: int | None
    state: str = "Pending"
    error: str = ""
    states: dict[str, datetime] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        recipient = {"phoneNumber": self.number, "state": self.state}
        if self.error:
            recipient["error"] = self.error
        states = {state: local(at) for state, at in self.states.items()}
        return {
            "id": self.id,
            "deviceId": DEVICE,
            "state": self.state,
            "isHashed": False,
            "isEncrypted": False,
            "recipients": [recipient],
            "states": states,
        }


@dataclass
class Event:
    """A webhook on its way."""

    url: str
    body: bytes
    tries: int = 0


def local(at: datetime) -> str:
    """With the phone's own offset."""
    return at.astimezone(_PHONES).isoformat(timespec="milliseconds")


_PHONES = datetime.strptime("+0200", "%z").tzinfo


class SmsGateDouble:
    """`async with SmsGateDouble() as phone:` then point a channel at `phone.base_url`."""

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, server: bool = False
    ) -> None:
        self.behaviours: dict[str, Behaviour] = dict(MAGIC)
        self.weather: Callable[[], Behaviour | None] = lambda: None  # asked at each request about a message
        self.texts: dict[str, Text] = {}  # in the order in which they came
        self.went_out: list[tuple[Text, datetime]] = []
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.inbox: list[dict[str, Any]] = []
        self.events: list[Event] = []
        self.requests: list[tuple[str, str, Mapping[str, str], dict[str, Any]]] = []
        self.version = "1.68.0"
        self.checks: dict[str, dict[str, Any]] = healthy()
        self.holds = timedelta(0)  # how long a text lies on the phone before it is handed to Android
        self.network = True  # the mobile one: without it a text stays where it is
        self.released = asyncio.Event()
        self.here: Callable[[str], str] = lambda url: url  # where the address of a webhook leads
        self._server = server
        self._now = now
        self._port = 0
        self._changed = asyncio.Condition()
        prefix = SERVER if server else ""
        self._off = False
        app = web.Application(client_max_size=2**20, middlewares=[self._while_on])
        app.router.add_post(f"{prefix}/messages", self._create)
        app.router.add_get(f"{prefix}/messages", self._list)
        app.router.add_get(f"{prefix}/messages/{{id}}", self._fetch)
        app.router.add_delete(f"{prefix}/messages/{{id}}", self._cancel)
        app.router.add_get(f"{prefix}/inbox", self._inbox)
        app.router.add_get(f"{prefix}/webhooks", self._list_webhooks)
        app.router.add_post(f"{prefix}/webhooks", self._put_webhook)
        app.router.add_get(f"{prefix}/health", self._health)
        app.router.add_get(f"{prefix}/{'devices' if server else 'device'}", self._devices)
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
        return f"http://127.0.0.1:{self._port}{SERVER if self._server else ''}"

    @property
    def settings(self) -> dict[str, str]:
        """nudger's, without their prefix: texts go out by this one."""
        return {
            "SMS": "smsgate",
            "SMSGATE_URL": self.base_url,
            "SMSGATE_USERNAME": USERNAME,
            "SMSGATE_PASSWORD": PASSWORD,
            "SMSGATE_SIGNING_KEY": SIGNING_KEY,
            **({"SMSGATE_DEVICE_ID": DEVICE} if self._server else {}),
        }

    @web.middleware
    async def _while_on(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """A connection that is kept ends with the phone."""
        if self._off and request.transport is not None:
            request.transport.abort()
        answer: web.StreamResponse = web.Response() if self._off else await handler(request)
        return answer

    async def listen(self) -> None:
        self._off = False
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()

    async def refuse_connections(self) -> None:
        """Switched off: until `listen`, nobody answers at its port."""
        self._off = True
        await self._site.stop()

    def counts(self) -> Counter[tuple[str, str]]:
        """How often each (number, text) went out: more than once is a repeated text."""
        return Counter((text.number, text.text) for text, _ in self.went_out)

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Returns once `condition` holds; looked at whenever a text has come or gone."""
        async with self._changed:
            await self._changed.wait_for(condition)

    async def wait_for_webhooks(self) -> None:
        """Returns once each of them is registered."""
        await self.wait_for(lambda: len(self.webhooks) == len(WEBHOOKS))

    # --- what the phone does in the background ------------------------------------------------------
    async def work(self) -> None:
        """Hands over what has lain long enough, newest first; what has expired fails."""
        for text in reversed([*self.texts.values()]):
            if text.state == "Cancelling":
                self._becomes(text, "Cancelled", "sms:cancelled")
            if text.state != "Pending" or self._now() - text.at < self.holds or not self.network:
                continue
            if text.expires_at is not None and self._now() >= text.expires_at:
                text.error = "TTL expired"
                self._becomes(text, "Failed", "sms:failed", reason=text.error)
            else:
                self.hand_over(text)
        await self._notify()

    def hand_over(self, text: Text) -> None:
        self.went_out.append((text, self._now()))
        self._becomes(text, "Processed")
        self._becomes(text, "Sent", "sms:sent", partsCount=1)

    def deliver(self, text: Text, parts: int = 1) -> None:
        """The report that it arrived, once for each part; a late `Sent` then overwrites it."""
        for _ in range(parts):
            self._becomes(text, "Delivered", "sms:delivered")
        if parts > 1:
            self._becomes(text, "Sent")

    def fail(self, text: Text, error: str) -> None:
        text.error = error
        self._becomes(text, "Failed", "sms:failed", reason=error)

    def arrive(self, sender: str, words: str, at: datetime | None = None, *, webhook: bool = True) -> str:
        """A text comes in, at a whole second. Returns its messageId."""
        at = (at or self._now()).replace(microsecond=0)
        made = f"{sender}|{int(at.timestamp())}|1|{words}"
        number = int.from_bytes(hashlib.sha256(made.encode()).digest()[:4], "big", signed=True)
        self.inbox.append(
            {
                "id": f"text:{number}",
                "type": "SMS",
                "sender": sender,
                "recipient": NUMBER,
                "simNumber": 1,
                "contentPreview": words,
                "createdAt": local(at),
                "attachments": [],
            }
        )
        message_id = format(number & 0xFFFFFFFF, "x")
        if webhook:
            self.tell(
                "sms:received",
                {
                    "messageId": message_id,
                    "sender": sender,
                    "phoneNumber": sender,
                    "recipient": NUMBER,
                    "simNumber": 1,
                    "message": words,
                    "receivedAt": local(at),
                },
            )
        return message_id

    def tell(self, event: str, payload: Mapping[str, Any]) -> None:
        """An event for whoever has a webhook for it."""
        for webhook in self.webhooks.values():
            if webhook["event"] == event:
                told = {"id": uuid4().hex, "webhookId": webhook["id"], "event": event}
                told |= {"deviceId": DEVICE, "payload": dict(payload)}
                self.events.append(Event(webhook["url"], gson(told)))

    def ping(self) -> None:
        health = {"status": "pass", "version": self.version, "checks": self.checks}
        self.tell("system:ping", {"health": health})

    async def post_all(self, lost: Callable[[], bool] = lambda: False) -> None:
        """Posts each event in its order; what is not answered with 2xx stays for the next time. What is
        `lost` goes nowhere, as happens to a few."""
        for event in [*self.events]:
            event.tries += 1
            given_up = lost() or event.tries > 15
            if given_up or await post(self.here(event.url), event.body, self._now()) < 300:
                self.events.remove(event)

    def _becomes(self, text: Text, state: str, event: str | None = None, **more: Any) -> None:
        text.state = state
        text.states[state] = self._now()
        if event is not None:
            word = {"sms:sent": "sentAt", "sms:delivered": "deliveredAt", "sms:failed": "failedAt"}
            payload = {"messageId": text.id, "recipient": text.number, "phoneNumber": text.number, **more}
            payload[word.get(event, "cancelledAt")] = local(self._now())
            self.tell(event, payload)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # --- the API ----------------------------------------------------------------------------------
    async def _record(self, request: web.Request) -> dict[str, Any]:
        raw = await request.read()
        body = json.loads(raw) if raw else {}
        self.requests.append((request.method, request.path, dict(request.query), body))
        return body if isinstance(body, dict) else {}

    def _unknown(self, request: web.Request) -> web.Response | None:
        login = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") == f"Basic {login}":
            return None
        return web.json_response({"message": "unauthorized"}, status=401) if self._server else _empty(401)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await self._record(request)
        if (refusal := self._unknown(request) or self._wrong(body)) is not None:
            return refusal
        number = body["phoneNumbers"][0]
        behaviour = self.behaviours.get(number) or self.weather()
        known = body["id"] in self.texts
        if not known and (behaviour is None or behaviour.taken):
            await self._take(body, number)
        if behaviour is not None:
            return await self._befalls(request, behaviour)
        if known:
            words = (
                "message with the same ID already exists"
                if self._server
                else ("Message with the same ID already exists")
            )
            return web.json_response({"message": words}, status=409)
        return web.json_response(self.texts[body["id"]].shown(), status=202)

    async def _take(self, body: Mapping[str, Any], number: str) -> None:
        at = self._now()
        expires_at = at + timedelta(seconds=body["ttl"]) if "ttl" in body else None
        self.texts[body["id"]] = Text(
            body["id"], number, body["textMessage"]["text"], at, expires_at, body.get("simNumber")
        )
        self.texts[body["id"]].states["Pending"] = at
        await self._notify()

    def _wrong(self, body: Mapping[str, Any]) -> web.Response | None:
        """A rule of the API that the message breaks."""
        if not body.get("phoneNumbers"):
            return web.json_response({"message": "unforeseen"}, status=400 if self._server else 500)
        words = ""
        if not body.get("textMessage", {}).get("text"):
            words = "textMessage: text is empty"
        elif body.get("ttl", 1) <= 0 or (self._server and body.get("ttl", 5) < 5):
            words = "message already expired"
        elif "ttl" in body and "validUntil" in body:
            words = "ttl and validUntil"
        elif self._server and len(body.get("id", "")) > 36:
            words = "id: too long"
        elif body.get("deviceId", DEVICE) != DEVICE:
            words = "Invalid device ID"
        return web.json_response({"message": words}, status=400) if words else None

    async def _befalls(self, request: web.Request, behaviour: Behaviour) -> web.StreamResponse:
        if isinstance(behaviour, Refuse):
            body = json.dumps({"message": behaviour.message}) if behaviour.message else ""
            return web.Response(status=behaviour.status, text=body, headers=behaviour.headers)
        if isinstance(behaviour, Hang):
            await self.released.wait()
        if request.transport is not None:  # else the client has gone already
            request.transport.abort()
        return web.Response()

    async def _list(self, request: web.Request) -> web.Response:
        await self._record(request)
        if (refusal := self._unknown(request)) is not None:
            return refusal
        since = _instant(request.query.get("from", ""))  # what cannot be read is none, without an error
        found = [text for text in self.texts.values() if since is None or text.at >= since]
        limit = min(int(request.query.get("limit", 50)), 100)
        shown = [text.shown() for text in reversed(found)]
        return web.json_response(shown[:limit], headers={"X-Total-Count": str(len(found))})

    async def _fetch(self, request: web.Request) -> web.StreamResponse:
        await self._record(request)
        if (refusal := self._unknown(request)) is not None:
            return refusal
        text = self.texts.get(request.match_info["id"])
        if text is not None and isinstance(self.behaviours.get(text.number), Hang):
            await self.released.wait()
        return web.json_response(text.shown()) if text is not None else self._not_found()

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        await self._record(request)
        if (refusal := self._unknown(request)) is not None:
            return refusal
        text, behaviour = self.texts.get(request.match_info["id"]), self.weather()
        if behaviour is not None and not behaviour.taken:
            return await self._befalls(request, behaviour)
        if text is None:
            return self._not_found()
        if text.state not in (*STATES_OPEN, "Cancelled"):
            words = "message is not pending" if self._server else f"Message {text.id} is not in Pending state"
            return web.json_response({"message": words}, status=409 if self._server else 400)
        if text.state == "Pending":
            if self._server:
                text.state = "Cancelling"
            else:
                self._becomes(text, "Cancelled", "sms:cancelled")
        if behaviour is not None:
            return await self._befalls(request, behaviour)
        return web.json_response(text.shown())

    def _not_found(self) -> web.Response:
        return web.json_response({"message": "not found"}, status=404) if self._server else _empty(404)

    async def _inbox(self, request: web.Request) -> web.Response:
        await self._record(request)
        if (refusal := self._unknown(request)) is not None:
            return refusal
        if self._server:
            return web.json_response({"message": "not implemented"}, status=501)
        span = {name: _instant(request.query[name]) for name in ("from", "to") if name in request.query}
        limit = int(request.query.get("limit", 50))
        if None in span.values() or not 1 <= limit <= 500:
            return web.json_response({"message": "bad request"}, status=400)
        kind = request.query.get("type")
        found = [
            row
            for row in sorted(self.inbox, key=lambda row: str(row["createdAt"]), reverse=True)
            if (kind is None or row["type"] == kind) and _within(row, span)
        ]
        start = int(request.query.get("offset", 0))
        headers = {"X-Total-Count": str(len(found))}
        return web.json_response(found[start : start + limit], headers=headers)

    async def _list_webhooks(self, request: web.Request) -> web.Response:
        await self._record(request)
        return self._unknown(request) or web.json_response([*self.webhooks.values()])

    async def _put_webhook(self, request: web.Request) -> web.Response:
        body = await self._record(request)
        if (refusal := self._unknown(request)) is not None:
            return refusal
        if not body.get("url", "").startswith(("https://", "http://127.0.0.1")) or not body.get("event"):
            return web.json_response({"message": "url must start with https://"}, status=400)
        body.setdefault("id", uuid4().hex)
        self.webhooks[body["id"]] = body
        await self._notify()
        return web.json_response(body, status=201)

    async def _health(self, request: web.Request) -> web.Response:
        await self._record(request)
        status = "fail" if any(one["status"] == "fail" for one in self.checks.values()) else "pass"
        health = {"status": status, "version": self.version, "releaseId": 1, "checks": self.checks}
        return web.json_response(health, status=500 if status == "fail" else 200)

    async def _devices(self, request: web.Request) -> web.Response:
        await self._record(request)
        device = {"id": DEVICE, "name": "A phone", "lastSeen": local(self._now())}
        device["simCards"] = [{"simNumber": 1, "slotIndex": 0, "carrierName": "Example"}]
        return self._unknown(request) or web.json_response([device])


def healthy() -> dict[str, dict[str, Any]]:
    """What the app finds of a phone that is well."""
    figures = {"battery:level": 80, "battery:charging": 4, "connection:status": 1, "messages:failed": 0}
    return {name: {"status": "pass", "observedValue": value} for name, value in figures.items()}


def gson(value: object) -> bytes:
    """As the app writes it: some characters as \\u00xx."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[<>&='\u2028\u2029]", lambda one: f"\\u{ord(one[0]):04x}", text).encode()


def signature(body: bytes, stamp: str, key: str = SIGNING_KEY) -> str:
    return hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()


async def post(url: str, body: bytes, at: datetime, headers: Mapping[str, str] | None = None) -> int:
    """Posts an event, signed as the app signs it at `at`, or with `headers`. Returns the status; 599 where
    nobody answered."""
    stamp = str(int(at.timestamp()))
    if headers is None:
        headers = {"X-Signature": signature(body, stamp), "X-Timestamp": stamp}
    limit = aiohttp.ClientTimeout(total=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.post(url, data=body, headers={"Content-Type": "application/json", **headers}) as answer,
        ):
            await answer.read()
            return answer.status
    except (aiohttp.ClientError, OSError):
        return 599


def _empty(status: int) -> web.Response:
    return web.Response(status=status)


def _instant(text: str) -> datetime | None:
    """Microseconds and a bare plus sign are not read."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)", text):
        return None
    return datetime.fromisoformat(text)


def _within(row: Mapping[str, Any], span: Mapping[str, datetime | None]) -> bool:
    at = datetime.fromisoformat(row["createdAt"])
    since, until = span.get("from"), span.get("to")
    return (since is None or at >= since) and (until is None or at <= until)
