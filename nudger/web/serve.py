"""Serves the web app inside the daemon's own event loop."""

import asyncio
import errno
import math
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from nudger.domain.errors import SettingsError
from nudger.web.security.connections import Admission, Connection, Limits
from nudger.web.security.guard import Refusals

BACKLOG = 128  # connections that wait to be taken, and that are taken at once: each costs a file descriptor
LONGEST_HEADERS = 16_384  # bytes of a request before its body
LIMITS = Limits()
TICK = 0.1  # seconds between two looks of uvicorn's
LONGEST_GOODBYE = 1  # seconds that open requests (event streams) get at the end


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers (the daemon has its own), and with an eye on its connections."""

    def __init__(self, config: uvicorn.Config, admission: Admission) -> None:
        super().__init__(config)
        self._admission = admission

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def on_tick(self, counter: int) -> bool:
        self._admission.tick(asyncio.get_running_loop().time(), TICK)
        return await super().on_tick(counter)


@asynccontextmanager
async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    *,
    limits: Limits = LIMITS,
    behind_proxy: bool = False,
    refusals: Refusals | None = None,
) -> AsyncIterator[str]:
    """Listens while open; gives the address, "http://127.0.0.1:8080". Port 0 takes a free one.

    `behind_proxy`: the client's address is what a web server before us has written into X-Forwarded-For.
    Raises SettingsError where the address cannot be had.
    """
    listening = _listen(host, port)
    admission = Admission(limits, refusals or Refusals(), behind_proxy=behind_proxy)
    server = _Server(_config(app, admission, limits), admission)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="web")
    try:
        yield f"http://{_shown(host)}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        admission.close()
        await serving
        admission.refusals.finish()
        listening.close()


def _config(app: ASGIApp, admission: Admission, limits: Limits) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=partial(Connection, admission),  # type: ignore[arg-type]
        access_log=False,
        log_config=None,
        log_level="error",  # its warnings are what strangers do wrong, a line each: those are counted
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # signatures are checked against PUBLIC_URL, never against forwarded headers
        backlog=BACKLOG,
        timeout_keep_alive=math.ceil(limits.idle),
        timeout_graceful_shutdown=LONGEST_GOODBYE,
        ws="none",
        h11_max_incomplete_event_size=LONGEST_HEADERS,
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP by name, or asyncio does not know it and leaves Nagle's delay on: 40 ms of most answers.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
