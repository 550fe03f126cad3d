"""Strangers at a real server, each on a connection of their own, from this machine's many addresses."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.asking import FORM

PATIENCE = 20  # seconds; what is broken must fail, not hang
HELLO = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
KEPT = HELLO.replace(b"Connection: close\r\n", b"")
UNREAD = KEPT.replace(b"\r\n\r\n", b"\r\nContent-Length: 100000\r\n\r\n")
HALF_A_HEAD = b"GET /healthz HTTP/1.1\r\nX-Slow: "
# As near to Twilio as a stranger comes: the right page, a signature that nobody has checked yet.
HALF_A_FORM = (
    f"POST /twilio/inbound HTTP/1.1\r\nHost: x\r\nX-Twilio-Signature: x\r\nContent-Type: {FORM}\r\n"
    "Content-Length: 9000\r\n\r\nBody="
).encode()


@dataclass
class Guest:
    """One connection from an address of this machine's many."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> bytes:
        """The whole answer, until the server hangs up."""
        self.writer.write(request)
        return await self.rest()

    async def rest(self) -> bytes:
        try:
            return await self.reader.read()
        except ConnectionError:
            return b""

    async def is_gone(self) -> bool:
        try:
            async with asyncio.timeout(0.01):
                await self.rest()
        except TimeoutError:
            return False
        return True

    async def is_let_go(self, drop: bytes) -> None:
        """Returns once the server has hung up, whatever it is still sent."""
        hung_up = asyncio.create_task(self.rest())
        while not hung_up.done():
            self.writer.write(drop)
            await asyncio.wait([hung_up], timeout=0.05)


@asynccontextmanager
async def guest(server: str, address: str = "127.0.0.1") -> AsyncIterator[Guest]:
    host, port = urlsplit(server).netloc.split(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(address, 0))
    try:
        yield Guest(reader, writer)
    finally:
        writer.transport.abort()


async def ask(server: str, request: bytes, address: str = "127.0.0.1") -> bytes:
    async with guest(server, address) as one:
        return await one.ask(request)


@asynccontextmanager
async def crowd(server: str, addresses: Sequence[str], first: bytes) -> AsyncIterator[list[Guest]]:
    """One guest from each of these addresses, who has said this and now is slow."""
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
        guests = []
        for address in addresses:
            one = await stack.enter_async_context(guest(server, address))
            one.writer.write(first)
            guests.append(one)
        await asyncio.sleep(0.1)  # all of it is there
        yield guests
