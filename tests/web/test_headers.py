"""What holds for every answer of every route, whoever asks and however it ends."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from nudger.app.web import calendar_pages, metrics_pages, token_door
from nudger.operations.metrics import Metrics
from nudger.web.api.routes import Api
from nudger.web.security.connections import Throttle
from nudger.web.security.guard import HEADERS
from nudger.web.security.sessions import Bearer
from tests.support.asking import ask
from tests.support.worlds.desk import MAYA, Desk, desk
from tests.support.worlds.web import World

KEY = b"k" * 32
# A page may be freer here, where its own forms need it: see rendering.POLICY.
REFERRERS = ("no-referrer", "strict-origin")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Desk]:
    with desk(tmp_path) as one:
        await one.behind.start(maya=MAYA)
        yield one


def everything(here: Desk) -> Starlette:
    """An application with the operator's doors all open, and the phone."""
    core, store, clock = here.core, here.behind.store, here.behind.clock
    metrics = metrics_pages(core.settings, store, clock, Metrics(), None)
    assert metrics is not None
    return World().app(
        here.board(show_conversations=True),
        Api(here.desk(), Bearer("token", Throttle(lambda: 0.0))),
        metrics,
        calendar_pages(core, store, clock, KEY, token_door(KEY, clock)),
    )


async def test_every_route_answers_with_every_header(here: Desk) -> None:
    app = everything(here)
    await here.signed_in(app)
    routes = [route for route in app.routes if isinstance(route, Route) and "events" not in route.path]
    assert len(routes) > 25
    for route in routes:
        path = route.path.replace("{person}", "maya").replace("{act}", "pause").replace("{token}", "x")
        for method in ("GET", "POST", "DELETE"):
            for cookie in ("", here.cookie):
                answer = await ask(app, method, path, {"cookie": cookie})

                assert answer.status < 500, (method, path)
                for name, value in HEADERS.items():
                    given = answer.headers.get(name.lower())
                    allowed = REFERRERS if name == "Referrer-Policy" else (value,)
                    assert given in allowed, (method, path, name)


async def test_no_page_of_the_operators_needs_a_script_or_another_site(here: Desk) -> None:
    app = everything(here)
    await here.signed_in(app)
    for path in ("/board", "/board/people", "/board/agenda", "/board/figures", "/board/people/maya"):
        body = (await here.get(app, path)).body

        assert "<script" not in body
        assert "style=" not in body
        assert "http:" not in body.replace("http://www.w3.org", "")
        assert "https:" not in body
