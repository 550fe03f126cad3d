"""Bad guests at the real server: slow ones, those who smuggle, those who walk out of folders."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nudger.web.security.connections import Limits
from nudger.web.serve import serve
from tests.support.asking import FORM
from tests.support.worlds.web import World

PATIENCE = 10  # seconds; what is broken must fail, not hang
HURRY = 0.3  # seconds that a request may take to its body, here
SLOW = 40  # strangers who send their headers drop by drop
HELLO = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
# A text that would count, were it read as a request of its own.
SMUGGLED = b"POST /twilio/inbound HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def app(world: World) -> Starlette:
    return world.twilio_app()


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, port = urlsplit(address).netloc.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(PATIENCE):
            yield reader, writer
    finally:
        writer.close()


async def said_to(address: str, request: bytes) -> bytes:
    """All that the server says until it hangs up."""
    async with connected(address) as (reader, writer):
        writer.write(request)
        return await reader.read()


async def drip(address: str) -> bytes:
    """Headers that never end, a drop now and then; what the server says until it hangs up."""
    async with connected(address) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"X-Slow: 1\r\n")
            await asyncio.wait([answer], timeout=HURRY / 5)
        return await answer


@pytest.mark.parametrize("first", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_headers_that_stall_are_cut_off(app: Starlette, first: bytes) -> None:
    async with serve(app, "127.0.0.1", 0, limits=Limits(head=HURRY)) as address:
        answer = await said_to(address, first)

    assert answer == b""


async def test_the_second_request_of_a_connection_has_no_more_time_than_the_first(app: Starlette) -> None:
    async with (
        serve(app, "127.0.0.1", 0, limits=Limits(head=HURRY)) as address,
        connected(address) as (reader, writer),
    ):
        writer.write(HELLO.replace(b"Connection: close\r\n", b""))
        first = await reader.readuntil(b"ok\n")
        writer.write(b"GET /healthz HTTP/1.1\r\nX: ")
        rest = await reader.read()

    assert first.startswith(b"HTTP/1.1 200 ")
    assert rest == b""


async def test_headers_drop_by_drop_gain_no_time_and_keep_nobody_out(app: Starlette) -> None:
    async with serve(app, "127.0.0.1", 0, limits=Limits(head=HURRY)) as address:
        slow = [asyncio.create_task(drip(address)) for _ in range(SLOW)]
        answer = await said_to(address, HELLO)
        cut_off = await asyncio.gather(*slow)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert set(cut_off) == {b""}


async def test_a_page_that_takes_its_time_is_not_cut_off(world: World) -> None:
    asked_at = asyncio.get_running_loop().time()

    class Slow:
        def routes(self) -> list[Route]:
            return [Route("/slow", self.page)]

        async def page(self, _: Request) -> Response:
            await asyncio.sleep(2 * HURRY)  # as long as it takes: the answer's time is not the request's
            return Response()

    app = world.twilio_app(Slow())
    async with serve(app, "127.0.0.1", 0, limits=Limits(head=HURRY)) as address:
        answer = await said_to(address, HELLO.replace(b"healthz", b"slow"))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert asyncio.get_running_loop().time() - asked_at > 2 * HURRY


@pytest.mark.parametrize(
    "head",
    [
        f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Type: {FORM}",
        f"Content-Length: 5\r\nContent-Length: 6\r\nContent-Type: {FORM}",
        f"Content-Length: +5\r\nContent-Type: {FORM}",
        f"Content-Length: 5, 6\r\nContent-Type: {FORM}",
        f"Transfer-Encoding: xchunked\r\nContent-Type: {FORM}",
        f"Transfer-Encoding: chunked, identity\r\nContent-Type: {FORM}",
        f"Transfer-Encoding : chunked\r\nContent-Type: {FORM}",
        "Content-Length: 5\nX: y",
        "X: a\r\n\tContent-Length: 5",
    ],
)
async def test_a_request_with_two_lengths_is_one_request_or_none(
    world: World, app: Starlette, head: str
) -> None:
    request = f"POST /twilio/inbound HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n\r\n0\r\n\r\n".encode()

    async with serve(app, "127.0.0.1", 0) as address:
        answer = await said_to(address, request + SMUGGLED)

    # The webhook refuses what is unsigned with 403 and hangs up; what is no HTTP is 400: once, either way.
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.split()[1] in (b"400", b"403")
    assert world.replies == []


@pytest.mark.parametrize("body", [b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"])
@pytest.mark.parametrize(
    "asked",
    [
        "GET /healthz",
        "HEAD /healthz",
        "GET /readyz",
        "GET /static/nudger.css",
        "GET /nowhere",
        "POST /twilio/inbound",
        "POST /twilio/status/1",
        "DELETE /healthz",
    ],
)
async def test_after_two_lengths_the_connection_ends_on_every_path(
    world: World, app: Starlette, asked: str, body: bytes
) -> None:
    head = f"{asked} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"

    async with serve(app, "127.0.0.1", 0) as address:
        answer = await said_to(address, head.encode() + body + HELLO)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer.lower()
    assert world.replies == []


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(64) + b"\r\n\r\n",  # TLS
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX\x00: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"\r\n" * 40_000 + b"\x00\r\n\r\n",
    ],
    ids=["tls", "long path", "long header", "nul path", "nul name", "two hosts", "blank lines"],
)
async def test_what_is_no_request_is_refused_and_the_next_guest_is_served(
    app: Starlette, request_: bytes
) -> None:
    async with serve(app, "127.0.0.1", 0) as address:
        answer = await said_to(address, request_)
        next_answer = await said_to(address, HELLO)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert next_answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../serve.py",
        "/static/..%2fserve.py",
        "/static/%2e%2e/%2e%2e/serve.py",
        "/static/....//serve.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/" + "a" * 5000,
        "//etc/passwd",
        "/l/..%2f..%2fetc%2fpasswd",
        "/me/..%2f..%2fetc%2fpasswd",
    ],
)
async def test_no_path_leads_out_of_its_folder(world: World, path: str) -> None:
    async with serve(world.app(), "127.0.0.1", 0) as address:
        answer = await said_to(address, HELLO.replace(b"/healthz", path.encode()))

    assert answer.split()[1] in (b"404", b"400")
    assert b"root:" not in answer
    assert b"import asyncio" not in answer
