"""Serves the web app inside the daemon's own event loop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from nudger.errors import SettingsError

BACKLOG = 128
KEEP_ALIVE = 15  # seconds
HEADERS_WITHIN = 10  # seconds from a connection, or from a request's first byte; uvicorn waits for ever
LIMIT = 200  # connections at once; past it: 503
LONGEST_HEADERS = 16_384  # bytes of a request before its body
LONGEST_GOODBYE = 1  # seconds that open requests (event streams) get at the end


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the daemon has its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Hurried(H11Protocol):
    """uvicorn's connection, with a limit on the time that a request may take to say what it wants: else
    as many slow strangers as LIMIT would keep everybody out."""

    headers_within: float = HEADERS_WITHIN
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unwatch()

    def _watch(self) -> None:
        """Once for each request: what comes in drops gains no time by it."""
        if self.conn.their_state is not h11.IDLE:
            self._unwatch()
        elif self._late is None:
            self._late = self.loop.call_later(self.headers_within, self.transport.close)

    def _unwatch(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


@asynccontextmanager
async def serve(
    app: ASGIApp, host: str, port: int, *, headers_within: float = HEADERS_WITHIN
) -> AsyncIterator[str]:
    """Listens while open; gives the address, "http://127.0.0.1:8080". Port 0 takes a free one.
    `headers_within` is how many seconds a request may take to its body.

    Raises SettingsError where the address cannot be had.
    """
    listening = _listen(host, port)
    server = _Server(
        uvicorn.Config(
            app,
            http=type("_Hurried", (_Hurried,), {"headers_within": headers_within}),
            access_log=False,
            log_config=None,
            lifespan="off",
            server_header=False,
            proxy_headers=False,  # signatures are checked against PUBLIC_URL, never against forwarded headers
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=LONGEST_GOODBYE,
            ws="none",
            limit_concurrency=LIMIT,
            h11_max_incomplete_event_size=LONGEST_HEADERS,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="web")
    try:
        yield f"http://{_shown(host)}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError as fault:
        listening.close()
        raise _refused(host, port, fault) from fault
    listening.setblocking(False)
    return listening


def _refused(host: str, port: int, fault: OSError) -> SettingsError:
    if fault.errno == errno.EADDRINUSE:
        return SettingsError(
            f"NUDGER_WEB_PORT: port {port} on {host} is in use by another program",
            "Stop that program (ss -ltnp shows it), or set NUDGER_WEB_PORT to a free port.",
        )
    return SettingsError(
        f"NUDGER_WEB_HOST, NUDGER_WEB_PORT: cannot listen on {host}:{port}: {fault.strerror or fault}",
        "Use an address of this machine (127.0.0.1) and a port above 1023.",
    )


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
