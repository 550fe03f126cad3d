"""A nudger that mails for real on a stepped clock, its pages served from a thread of their own."""

import asyncio
import re
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from nudger.app.channels import build_channels, close_channels
from nudger.app.core import Core
from nudger.app.web import (
    journal_pages,
    link_key,
    link_pages,
    links_of_emails,
    person_pages,
    token_door,
)
from nudger.domain.effects import Effect, Response
from nudger.domain.model import ChannelName
from nudger.web.app import build_app
from nudger.web.serve import serve
from tests.support.cores import core_in, database_of
from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.worlds.delivery import World
from tests.support.worlds.web import World as Pages

PUBLIC = "https://nudger.example.org"
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
PLAN = """
name = "{name}"
timezone = "Europe/London"
language = "{language}"
email = "{language}@example.org"
country = "GB"
quiet = "20:30-09:00"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
between = "14:30-17:00"
[[nudge]]
kind = "support"
at = "18:00"
days = ["tue", "thu"]
message = "Would a word to Sam be nice today?"
"""
PEOPLE = {"en": "Maya", "es": "José", "fr": "Chloé"}


class Mailed:
    """One person of each language, each with one o'clock's email; ids are the languages."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    def __enter__(self) -> "Mailed":
        self._thread.start()
        assert self._up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def until(self, at: datetime) -> None:
        """Time passes, and what is due goes out."""
        self._do(self.world.until(at))

    def act(self, person: str, *effects: Effect) -> None:
        now = self.world.clock.now()
        self.world.store.inbound.act(person, now, lambda _: Response("x", None, effects), "test")

    def mails(self, language: str) -> int:
        return sum(f"{language}@example.org" in mail.recipients for mail in self.server.mails)

    def link(self, words: str, language: str = "en") -> str:
        """Where a link of the last email of this person leads, found by its words as a person finds it."""
        last = [mail for mail in self.server.mails if f"{language}@example.org" in mail.recipients][-1]
        plain = last.message.get_body(("plain",))
        assert plain is not None
        found = re.search(rf"^{words}: {PUBLIC}(/\S+)\s*$", plain.get_content(), re.MULTILINE)
        assert found, plain.get_content()
        return found[1]  # below the address at which a proxy would be

    def _do(self, what: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result(30)

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with SmtpDouble() as self.server:
            core = self._core(self.server.port)
            store = database_of(core)
            self.world = World(core, store)
            clock = self.world.clock
            channels = build_channels(core, clock, None, links_of_emails(core, store, clock))
            self.world.email = channels[ChannelName.EMAIL]  # type: ignore[assignment]
            self.world.dispatcher = self.world.new_dispatcher()
            await self.world.start(
                **{one: PLAN.format(name=name, language=one) for one, name in PEOPLE.items()}
            )
            await self.world.until(ONE)
            async with serve(self._app(core), "127.0.0.1", 0) as self.address:
                self._up.set()
                await self._end.wait()
            await close_channels(channels.values())
            store.close()

    def _core(self, port: int) -> Core:
        settings = {
            "STATE_DIR": str(self._folder),
            "EMAIL": "smtp",
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(port),
            "SMTP_SECURITY": "none",
            "EMAIL_FROM": "Nudger <nudger@example.org>",
            "PUBLIC_URL": PUBLIC,
        }
        return core_in(self._folder, **settings)

    def _app(self, core: Core) -> Starlette:
        store, clock = self.world.store, self.world.clock
        knocks = token_door(link_key(store), clock)
        knocks.holders.burst = 1000  # a test knocks faster than a person
        behind = Pages()
        return build_app(
            [
                link_pages(core, store, clock, behind, knocks),
                person_pages(core, store, clock, behind, knocks),
                journal_pages(core, store, clock, knocks),
            ]
        )
