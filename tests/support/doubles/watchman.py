"""Who hears of nudger: a web server on the loopback that keeps what it is told, like ntfy or healthchecks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Watchman:
    """Keeps what it hears; answers `status`, with `date` as its clock."""

    heard: list[Heard] = field(default_factory=list)
    status: int = 200
    date: datetime | str | None = None  # a text as it stands
    url: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for(self, path: str) -> Heard:
        """The first request for this path, when it is there."""
        async with asyncio.timeout(30):
            while True:
                if found := next((heard for heard in self.heard if heard.path == path), None):
                    return found
                self.news.clear()
                await self.news.wait()

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.method, request.path_qs, headers, await request.text()))
        self.news.set()
        date = format_datetime(self.date, usegmt=True) if isinstance(self.date, datetime) else self.date
        dated = {"Date": date} if date else {}
        return web.Response(status=self.status, headers=dated)


@asynccontextmanager
async def watchman() -> AsyncIterator[Watchman]:
    """At `url`, as long as this is open."""
    double = Watchman()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        double.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield double
    finally:
        await runner.cleanup()
