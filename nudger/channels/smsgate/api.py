"""The HTTP API of SMSGate, as far as nudger uses it: of the phone itself (local mode), or of the server that
stands between (private and cloud mode), which has the same paths below /3rdparty/v1.

Facts from the sources of app 1.68.0 and server 1.47.1 (github.com/capcom6/android-sms-gateway).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from nudger.channels.http import NoAnswer, NotReached, Pool, WholeAnswer
from nudger.domain.errors import ChannelError

CONNECTIONS = 8  # what serves them is a phone
PAGE_SIZE = 500  # the most rows of the inbox that one page has
MOST_PAGES = 20
SERVERS = "/3rdparty/"  # in the path of every address that a server has, and of no phone's
JSON = "application/json"
NETWORK = (
    "Is the phone on, in the same network, and the app's server switched on? Compare NUDGER_SMSGATE_URL."
)
LOGIN = "Compare NUDGER_SMSGATE_USERNAME and NUDGER_SMSGATE_PASSWORD with the login that the app shows."


def is_local(url: str) -> bool:
    """Tells whether the phone itself is asked, and no server: only a phone shows its inbox."""
    return SERVERS not in f"{urlsplit(url).path}/"


class GatewayRefused(ChannelError):
    """An answer other than the one that was asked for, with its HTTP status. The app's own words are left
    out: they quote phone numbers."""

    def __init__(self, what: str, status: int) -> None:
        hint = LOGIN if status in (401, 403) else NETWORK
        super().__init__(f"{what}: SMSGate answered {status}", hint)
        self.status = status


class Gateway:
    """One app, or one server, with its login."""

    def __init__(
        self, url: str, username: str, password: str, device_id: str | None, timeout: timedelta
    ) -> None:
        self.url = url.rstrip("/")
        self.is_local = is_local(url)
        self.device_id = device_id
        self._headers = {"Authorization": aiohttp.encode_basic_auth(username, password)}
        self._limit_s = timeout.total_seconds()
        self._pool = Pool("SMSGate", CONNECTIONS)

    async def post_message(self, message: Mapping[str, object], before: float | None) -> WholeAnswer:
        """Posts a message, once; its `id` makes a repeat a 409. Raises NotReached and NoAnswer."""
        return await self._request(
            "POST", "/messages", params={"skipPhoneValidation": "true"}, body=message, before=before
        )

    async def message(self, message_id: str) -> Mapping[str, Any] | None:
        """Returns how a message stands; None where it does not have it. Raises ChannelError."""
        answer = await self._asked("the message", "GET", _path(message_id))
        if answer.status == 404:
            return None
        return _object(_good("the message", answer))

    async def delete_message(self, message_id: str) -> str | int:
        """Asks for a message to be taken back.

        Returns:
            The state that it is in by now, or the status of a refusal: 400 or 409 it no longer waits, 404
            it is not known. Raises ChannelError for any other.
        """
        answer = await self._asked("taking a message back", "DELETE", _path(message_id))
        if answer.status in (400, 404, 409):
            return answer.status
        return str(_object(_good("taking a message back", answer)).get("state", ""))

    async def messages(self, since: datetime, limit: int) -> list[Mapping[str, Any]]:
        """Lists the latest messages that were made since then, newest first."""
        query = {"from": stamp(since), "limit": str(limit)} | self._of_device()
        return _objects(_good("the messages", await self._asked("the messages", "GET", "/messages", query)))

    async def inbox(self, since: datetime, until: datetime, **where: str) -> list[Mapping[str, Any]]:
        """Lists what came in, of all pages, by the network's time of sending. Local mode alone has it."""
        rows: list[Mapping[str, Any]] = []
        for _ in range(MOST_PAGES):
            query = {"from": stamp(since), "to": stamp(until), "limit": str(PAGE_SIZE)} | where
            query["offset"] = str(len(rows))
            page = _objects(_good("the inbox", await self._asked("the inbox", "GET", "/inbox", query)))
            rows += page
            if len(page) < PAGE_SIZE:
                return rows
        return rows

    async def put_webhook(self, webhook_id: str, url: str, event: str) -> None:
        """Registers a webhook; one of the same id is replaced. Raises ChannelError."""
        body = {"id": webhook_id, "url": url, "event": event} | self._of_device()
        _good("a webhook", await self._asked("a webhook", "POST", "/webhooks", body=body))

    async def webhooks(self) -> list[Mapping[str, Any]]:
        """Lists what is registered."""
        return _objects(_good("the webhooks", await self._asked("the webhooks", "GET", "/webhooks")))

    async def health(self) -> Mapping[str, Any]:
        """Reads how the phone is, or how the server is. It needs no login, and comes with a 500 where
        something has failed."""
        answer = await self._asked("the health page", "GET", "/health")
        if answer.status not in (200, 500, 503):
            raise GatewayRefused("the health page", answer.status)
        return _object(answer)

    async def devices(self) -> list[Mapping[str, Any]]:
        """Lists the phones of this login; a phone itself names itself alone."""
        path = "/device" if self.is_local else "/devices"
        return _objects(_good("the devices", await self._asked("the devices", "GET", path)))

    async def close(self) -> None:
        """Gives back the connections."""
        await self._pool.close()

    def _of_device(self) -> dict[str, str]:
        return {"deviceId": self.device_id} if self.device_id else {}

    async def _asked(
        self,
        what: str,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> WholeAnswer:
        try:
            return await self._request(method, path, params=params, body=body)
        except (NotReached, NoAnswer) as fault:
            raise ChannelError(f"{what}: {fault}", NETWORK) from None

    async def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        before: float | None = None,
    ) -> WholeAnswer:
        return await self._pool.request(
            method,
            self.url + path,
            self._limit_s,
            headers=self._headers if body is None else {**self._headers, "Content-Type": JSON},
            params=params,
            body=None if body is None else json.dumps(body).encode(),
            before=before,
        )


def stamp(at: datetime) -> str:
    """Writes an instant as the app reads it: whole seconds, for of one with microseconds it makes none, and
    no plus sign, which a query would turn into a blank."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _path(message_id: str) -> str:
    return f"/messages/{quote(message_id, safe='')}"


def _good(what: str, answer: WholeAnswer) -> WholeAnswer:
    if not 200 <= answer.status < 300:
        raise GatewayRefused(what, answer.status)
    return answer


def _object(answer: WholeAnswer) -> Mapping[str, Any]:
    found = _read(answer)
    if not isinstance(found, dict):
        raise ChannelError("the answer is not SMSGate's", NETWORK)
    return found


def _objects(answer: WholeAnswer) -> list[Mapping[str, Any]]:
    found = _read(answer)
    if not isinstance(found, list):
        raise ChannelError("the answer is not SMSGate's", NETWORK)
    return [one for one in found if isinstance(one, dict)]


def _read(answer: WholeAnswer) -> object:
    try:
        return json.loads(answer.body)
    except ValueError:
        raise ChannelError("the answer is not SMSGate's", NETWORK) from None
