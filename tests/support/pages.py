"""Real pages for a real browser: uvicorn on a free port of this machine, over doors that record."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import Browser, BrowserContext, Page

from nudger.app.clock import FastClock
from nudger.inbound.port import Inbound
from nudger.web.serve import serve
from tests.support.worlds.web import World

# The browser's own word on a page that says 404 or 410, as it should.
EXPECTED = "error: Failed to load resource: the server responded with a status of 4"
SPEED = 60.0  # a minute a second
JUMP = timedelta(hours=3)  # to what is due next here


class Answering(World):
    """A world that answers LATER and HELP as nudger would."""

    async def take(self, inbound: Inbound) -> None:
        await super().take(inbound)
        answer = {"LATER": "OK, again at 3:30 pm.", "DONE": "Noted. Thanks for saying so."}.get(inbound.text)
        if answer is not None:
            self.say(answer, channel=inbound.channel)


class Site:
    """The pages of a world, served from a thread of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clock = FastClock(world.at, SPEED)
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "Site":
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def arrive(self, text: str, **more: object) -> None:
        """A message reaches a phone while people look."""
        self.world.say(text, **more)  # type: ignore[arg-type]
        self._loop.call_soon_threadsafe(self.world.change)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._end = asyncio.Event()
        self.world.next_at = self.clock.now() + JUMP
        app = self.world.app(clock=self.clock)
        async with serve(app, "127.0.0.1", 0) as self.address:
            self._up.set()
            await self._end.wait()
            app.state.close()


@contextmanager
def opening(browser: Browser, address: str, **always: object) -> Iterator[Callable[..., Page]]:
    """Opens pages below this address with the settings given; what the console complains of, and any
    request to elsewhere, fails the test."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def watch(page: Page) -> None:
        page.set_default_timeout(5000)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.on(
            "request",
            lambda request: None if request.url.startswith(address) else complaints.append(request.url),
        )

    def open_one(path: str = "/phone", **settings: object) -> Page:
        context = browser.new_context(**{**always, **settings})  # type: ignore[arg-type]
        contexts.append(context)
        context.on("page", watch)
        page = context.new_page()
        page.goto(address + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [one for one in complaints if not one.startswith(EXPECTED)] == []
