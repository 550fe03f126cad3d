"""The board's pages with 100,000 people and a year behind them, against a bare page of the same server.

Making them takes some minutes; NUDGER_BENCH_PEOPLE sets how many. It fails where a page takes 100 ms more
than the bare one.
"""

import asyncio
import os
import platform
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import ASGIApp, Message

from benchmarks.population import Size, populate
from nudger.core import Core
from nudger.settings import load
from nudger.web.app import build_app
from nudger.web.board.doors import BoardDoors
from nudger.web.doors import Doors
from nudger.web.throttle import Throttle
from nudger.wiring import open_database
from nudger.wiring.board import StoreDesk

PEOPLE = int(os.environ.get("NUDGER_BENCH_PEOPLE", "100000"))
SIZE = Size(PEOPLE, days=365, every=30, dense=100)
ROUNDS = 15
MOST = 0.100  # seconds more than the bare page
PASSWORD = "for the bench"
BARE = "/healthz"
PAGES = {
    "overview": "/board",
    "people": "/board/people",
    "people, the last page": f"/board/people?after=p{PEOPLE - 60:06}",
    "people found by a rare word": f"/board/people?search=p0{PEOPLE // 2:05}",
    "people without consent": "/board/people?apart=no-consent",
    "agenda: coming": "/board/agenda",
    "agenda: sent": "/board/agenda?show=sent",
    "agenda: failed, which is rare": "/board/agenda?show=failed",
    "figures of 28 days": "/board/figures",
    "figures of a year": "/board/figures?days=365",
    "a person with a year of three a day": "/board/people/p000007",
    "metrics' and health's figures": "/readyz",
}


class Steps:
    """The real clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


async def ask(app: ASGIApp, method: str, target: str, cookie: str = "", body: bytes = b"") -> tuple[int, str]:
    """Status and set-cookie of one request."""
    path, _, query = target.partition("?")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = {"host": "localhost", "origin": "http://localhost", "cookie": cookie}
    headers["content-type"] = "application/x-www-form-urlencoded"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 50000),
    }
    await app(scope, receive, send)
    given = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], given.get("set-cookie", "").partition(";")[0]


async def measured(app: ASGIApp, target: str, cookie: str) -> float:
    """The median of some requests, in seconds; the first, which fills caches, is not counted."""
    took = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        status, _ = await ask(app, "GET", target, cookie)
        took.append(time.perf_counter() - start)
        assert status == 200, (target, status)
    return statistics.median(took[1:])


async def main() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        core = Core(load(None, {"NUDGER_STATE_DIR": folder, "HOME": folder}, Path(folder)))
        store = open_database(core)
        start = time.perf_counter()
        past = populate(store, SIZE, datetime.now(UTC))
        made = time.perf_counter() - start
        print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
        print(f"{PEOPLE:,} people, {past:,} entries of a year, made in {made:.0f} s; medians\n")
        desk = StoreDesk(core, store, Steps(), lambda: None, b"k" * 32)  # type: ignore[arg-type]
        app = build_app(doors(desk))
        _, cookie = await ask(app, "POST", "/board/login", body=b"password=for+the+bench")
        bare = await measured(app, BARE, cookie)
        print(f"{'page':<40}{'ms':>9}{'ms more':>9}{'ratio':>9}")
        print(f"{'bare (' + BARE + ')':<40}{bare * 1000:>9.2f}{0:>9.2f}{1:>9.1f}")
        slow = False
        for name, target in PAGES.items():
            page = await measured(app, target, cookie)
            slow |= page - bare > MOST
            print(f"{name:<40}{page * 1000:>9.2f}{(page - bare) * 1000:>9.2f}{page / bare:>9.1f}")
        store.close()
        return slow


def doors(desk: StoreDesk) -> Doors:
    async def health() -> dict[str, object]:
        vitals = await desk.vitals()
        return {"people": vitals.people, "planned": vitals.planned}

    async def nothing(*_: object) -> None: ...

    board = BoardDoors(desk, PASSWORD, b"k" * 32, Throttle(time.monotonic))
    bare = Doors(
        take_reply=nothing,
        signed=None,
        status_callback=None,
        now=desk.now,
        conversation=None,
        people=nothing,  # type: ignore[arg-type]
        changed=nothing,
        health=health,
        zone=desk.zone,
        commands=lambda _: {},
    )
    return replace(bare, board=board)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
