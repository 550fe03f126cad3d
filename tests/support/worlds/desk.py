"""A real desk over a real store with people in it, and the board before it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from nudger.app.core import Core
from nudger.app.web import build_desk
from nudger.inbound.port import Inbound
from nudger.web.api.routes import Api
from nudger.web.board.desk import Desk as Operators
from nudger.web.board.pages import BoardPages
from nudger.web.security.connections import Throttle
from nudger.web.security.sessions import Bearer
from tests.support.asking import Answer, ask
from tests.support.cores import core_in, database_of
from tests.support.worlds.delivery import World as Deliveries
from tests.support.worlds.web import World

PASSWORD = "correct horse battery"
TOKEN = "a-token-of-some-length"  # of the API
ALLOWED = {"authorization": f"Bearer {TOKEN}"}
OURS = {"origin": "http://localhost:8080"}
MAYA = """
name = "Maya Öström"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
at = ["10:00", "16:00"]
"""
BEN = """
name = "Ben <b>"
timezone = "America/New_York"
email = "ben@example.org"
[[nudge]]
kind = "reflection"
at = "09:30"
"""


@dataclass
class Desk:
    """The board's application, and the world behind it: Maya with consent, Ben without."""

    core: Core
    behind: Deliveries
    woken: list[bool] = field(default_factory=list)
    cookie: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.throttle = Throttle(lambda: self.seconds, burst=5, per_second=1 / 12)

    def desk(self) -> Operators:
        return build_desk(self.core, self.behind.store, self.behind.clock, self)

    async def take(self, inbound: Inbound) -> None:
        await self.behind.inbox.take(inbound)

    def wake(self) -> None:
        self.woken.append(True)

    def board(self, password: str = PASSWORD, **settings: object) -> BoardPages:
        upkeep = self.behind.store.upkeep
        return BoardPages(self.desk(), upkeep, password, b"k" * 32, self.throttle, **settings)  # type: ignore[arg-type]

    def app(self, **settings: Any) -> Starlette:
        return World().app(self.board(**settings))

    async def signed_in(self, app: Starlette) -> Answer:
        answer = await ask(app, "POST", "/board/login", OURS, [("password", PASSWORD)])
        self.cookie = answer.cookies[0].partition(";")[0]
        return answer

    async def get(self, app: Starlette, path: str, headers: Mapping[str, str] = {}) -> Answer:
        return await ask(app, "GET", path, {"cookie": self.cookie, **headers})

    async def post(
        self, app: Starlette, path: str, *form: tuple[str, str], headers: Mapping[str, str] = OURS
    ) -> Answer:
        return await ask(app, "POST", path, {"cookie": self.cookie, **headers}, form)


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    core = core_in(folder)
    store = database_of(core)
    try:
        yield Desk(core, Deliveries(core, store))
    finally:
        store.close()


def api_of(here: Desk, tries: int = 20) -> Starlette:
    """The API, which forgives so many wrong tokens."""
    bearer = Bearer(TOKEN, Throttle(lambda: 0.0, burst=tries, per_second=0.1))
    return World().app(Api(here.desk(), bearer))
