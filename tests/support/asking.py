"""A browser without a browser: speaks ASGI to an app, slowly or in pieces where a test wants it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.types import ASGIApp, Message, Scope
from twilio.request_validator import RequestValidator

from tests.support.worlds.web import PUBLIC_URL, TOKEN

FORM = "application/x-www-form-urlencoded"
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str
    cookies: Sequence[str] = ()  # each set-cookie, whole

    @property
    def kept(self) -> str:
        """The cookies as a browser sends them back."""
        return "; ".join(cookie.partition(";")[0] for cookie in self.cookies)


class Body:
    """A body in pieces; `read` counts what was taken. One without an end stalls after its pieces."""

    def __init__(self, pieces: Iterable[bytes], *, ends: bool = True, hangs_up: bool = False) -> None:
        self._pieces = iter(pieces)
        self._ends = ends
        self._hangs_up = hangs_up
        self.read = 0

    async def receive(self) -> Message:
        piece = next(self._pieces, None)
        if piece is not None:
            self.read += len(piece)
            return {"type": "http.request", "body": piece, "more_body": True}
        if self._hangs_up:
            return {"type": "http.disconnect"}
        if not self._ends:
            await asyncio.Event().wait()
        self._ends = False  # said once; after it there is nothing to hear but the goodbye
        return {"type": "http.request", "body": b"", "more_body": False}


async def ask(
    app: ASGIApp,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    form: Pairs | None = None,
    body: Body | None = None,
) -> Answer:
    """One request and its whole answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    encoded = urlencode(form or ()).encode()
    given = {**({"content-type": FORM} if form is not None else {}), **(headers or {})}
    receive = (body or Body([encoded])).receive
    await app(_scope(method, target, given), receive, send)
    start = sent[0]
    return Answer(
        start["status"],
        {name.decode(): value.decode() for name, value in start["headers"]},
        b"".join(message["body"] for message in sent[1:]).decode(),
        [value.decode() for name, value in start["headers"] if name == b"set-cookie"],
    )


async def ask_signed(app: ASGIApp, target: str, form: Pairs, signed_form: Pairs | None = None) -> Answer:
    """As Twilio asks: signed over the public address and every field."""
    fields = dict(form if signed_form is None else signed_form)
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + target, fields)
    return await ask(app, "POST", target, {"x-twilio-signature": signature}, form)


class Events:
    """An open event stream."""

    def __init__(self) -> None:
        self.start: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._chunks: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start.set_result(message)
        else:
            self._chunks.put_nowait(message.get("body", b"").decode())

    async def next(self, name: str) -> tuple[str, dict[str, Any]]:
        """The id and the data of the next event of this name; others are passed over."""
        while True:
            fields = dict(row.split(": ", 1) for row in (await self._chunks.get()).splitlines() if row)
            if fields.get("event") == name:
                return fields.get("id", ""), json.loads(fields["data"])


@asynccontextmanager
async def watching(
    app: ASGIApp, target: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Events, asyncio.Task[None]]]:
    """The stream at `target`, and the task that serves it; the browser hangs up at the end."""
    events = Events()
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    # A stream that is broken must fail its test, not hang it.
    async with asyncio.timeout(5):
        task = asyncio.ensure_future(app(_scope("GET", target, headers or {}), receive, events.send))
        try:
            yield events, task
        finally:
            gone.set()
            await task


def _scope(method: str, target: str, headers: Mapping[str, str]) -> Scope:
    path, _, query = target.partition("?")
    all_headers = {"host": "localhost:8080", **{name.lower(): value for name, value in headers.items()}}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
        "server": ("127.0.0.1", 8080),
        "client": ("127.0.0.1", 50000),
    }
