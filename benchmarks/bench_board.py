"""The board's pages with 100,000 people and a year behind them.

Everyone has an entry each thirty days of the year, a hundred people have three every day of it. Each page is
asked for by a request through the whole application, as the server would hand it over, and stands beside a
bare page of the same application; the figure is by how much more processor time it takes, of all threads,
so that it says the same on a machine that has other things to do. The first request, which fills caches, is
not counted.
"""

import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import ASGIApp, Message

from benchmarks.measure import Compared, at_most, figure
from benchmarks.population import Size, populate
from nudger.app.core import Core
from nudger.app.settings import load
from nudger.app.state import open_database
from nudger.app.web import build_desk
from nudger.web.app import build_app
from nudger.web.board.pages import BoardPages
from nudger.web.health import HealthPages
from nudger.web.security.connections import Throttle

PEOPLE, FEW = 100_000, 1_000
ROUNDS = 15
MOST = 100  # ms more than the bare page
PASSWORD = "for the bench"
BARE = "/healthz"


def pages(people: int) -> dict[str, str]:
    return {
        "overview": "/board",
        "people": "/board/people",
        "people, the last page": f"/board/people?after=p{people - 60:06}",
        "people found by a rare word": f"/board/people?search=p0{people // 2:05}",
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
    """The real clock, and a daemon that has nothing to say."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def faults(self) -> tuple[str, ...]:
        return ()

    def wake(self) -> None: ...


async def ask(app: ASGIApp, method: str, target: str, cookie: str = "", body: bytes = b"") -> tuple[int, str]:
    """Status and cookies of one request."""
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
    cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    return sent[0]["status"], "; ".join(cookie.partition(";")[0] for cookie in cookies)


async def measured(app: ASGIApp, target: str, cookie: str) -> list[float]:
    """Milliseconds of some requests."""
    took = []
    for _ in range(ROUNDS + 1):
        start = time.process_time()
        status, _ = await ask(app, "GET", target, cookie)
        took.append((time.process_time() - start) * 1000)
        assert status == 200, (target, status)
    return took[1:]


async def asked(people: int) -> list[Compared]:
    with tempfile.TemporaryDirectory() as folder:
        core = Core(load(None, {"NUDGER_STATE_DIR": folder, "HOME": folder}, Path(folder)))
        store = open_database(core)
        past = populate(store, Size(people, days=365, every=30, dense=100), datetime.now(UTC))
        steps = Steps()
        desk = build_desk(core, store, steps, steps)  # type: ignore[arg-type]
        board = BoardPages(desk, store.upkeep, PASSWORD, b"k" * 32, Throttle(time.monotonic))
        app = build_app([HealthPages(steps, store.overview, steps), board])  # type: ignore[arg-type]
        _, cookie = await ask(app, "POST", "/board/login", body=b"password=for+the+bench")
        bare = statistics.median(await measured(app, BARE, cookie))
        rows = []
        for name, target in pages(people).items():
            more = [took - bare for took in await measured(app, target, cookie)]
            against = f"than {BARE}, {past:,} entries of a year"
            rows.append(figure(f"board: {name}", "ms more", more, None, against, at_most(MOST)))
        store.close()
        return rows


def run(quick: bool) -> list[Compared]:
    return asyncio.run(asked(FEW if quick else PEOPLE))
