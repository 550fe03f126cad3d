"""Machines that are apart: network namespaces on one bridge, or plain processes behind proxies."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.support.running import free_port

IP = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "ip"
NOWHERE = "02:00:00:00:00:01"  # no machine's: what is sent there is gone without a word


@dataclass
class Place:
    """Where one host's daemon runs."""

    address: str  # that it listens on
    within: Sequence[str]  # the command that runs something there
    database: str  # host:port at which it finds the server

    async def cut(self) -> None:
        """From here on nothing goes between it and the database's server, and nobody says so."""
        raise NotImplementedError

    async def mend(self) -> None:
        raise NotImplementedError


@dataclass
class Network:
    """The places, the address of the database's server, and that of all others."""

    places: Sequence[Place]
    server: str  # host:port that the server listens on
    home: str
    kind: str


@asynccontextmanager
async def network(count: int) -> AsyncIterator[Network]:
    """Namespaces where they are permitted, else processes."""
    if os.geteuid() == 0 and _is_permitted():
        async with _namespaces(count) as made:
            yield made
    else:
        async with _processes(count) as made:
            yield made


# --- network namespaces -----------------------------------------------------------------------------
@dataclass
class Namespace(Place):
    name: str
    server: str

    async def cut(self) -> None:
        # The neighbour's address is a wrong one: packets leave, and reach nobody. Twilio stays reachable.
        _ip("-n", self.name, *("neigh", "replace", self.server, "lladdr", NOWHERE), "dev", "eth0")

    async def mend(self) -> None:
        _ip("-n", self.name, "neigh", "del", self.server, "dev", "eth0")


@asynccontextmanager
async def _namespaces(count: int) -> AsyncIterator[Network]:
    own = f"ndg{os.getpid() % 100000}"
    net = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 250}"
    server, home, port = f"{net}.1", f"{net}.2", free_port()
    places: list[Place] = []
    try:
        _ip("link", "add", own, "type", "bridge")
        for address in (server, home):
            _ip("addr", "add", f"{address}/24", "dev", own)
        _ip("link", "set", own, "up")
        for number in range(count):
            name, address = f"{own}{number}", f"{net}.{10 + number}"
            _ip("netns", "add", name)
            places.append(Namespace(address, (IP, "netns", "exec", name), f"{server}:{port}", name, server))
            _ip("link", "add", name, *("type", "veth", "peer", "name", "eth0", "netns", name))
            _ip("link", "set", name, "master", own, "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                _ip("-n", name, "link", "set", link, "up")
        yield Network(places, f"{server}:{port}", home, "network namespaces")
    finally:
        for place in places:
            assert isinstance(place, Namespace)
            _ip("netns", "del", place.name)
        _ip("link", "del", own)


def _is_permitted() -> bool:
    name = f"ndgtry{os.getpid()}"
    made = subprocess.run([IP, "netns", "add", name], capture_output=True, check=False)
    if made.returncode == 0:
        _ip("netns", "del", name)
    return made.returncode == 0


def _ip(*arguments: str) -> None:
    done = subprocess.run([IP, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


# --- processes, each behind a proxy of its own -------------------------------------------------------
@dataclass
class Proxied(Place):
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def cut(self) -> None:
        self.gate.clear()

    async def mend(self) -> None:
        self.gate.set()


@asynccontextmanager
async def _processes(count: int) -> AsyncIterator[Network]:
    server = f"127.0.0.1:{free_port()}"
    async with AsyncExitStack() as stack:
        places = [await stack.enter_async_context(_proxied(server)) for _ in range(count)]
        yield Network(places, server, "127.0.0.1", "processes")


@asynccontextmanager
async def _proxied(server: str) -> AsyncIterator[Place]:
    host, port = server.split(":")
    place = Proxied("127.0.0.1", (), "")
    place.gate.set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await place.gate.wait()
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await place.gate.wait()
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    proxy = await asyncio.start_server(connect, "127.0.0.1", 0)
    place.database = f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    try:
        yield place
    finally:
        proxy.close()
