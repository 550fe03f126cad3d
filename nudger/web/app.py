"""The web face of the daemon: the pages that there are behind one guard, and how a refusal is said."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from nudger.domain.errors import StoreError
from nudger.web.security.guard import Faults, Guard, Refusals, gone, report, say, say_to_program

STATIC = Path(__file__).parent / "static"


class Room(Protocol):
    """Pages that belong together."""

    def routes(self) -> Sequence[BaseRoute]:
        """Names their addresses. Any other is 404."""


@runtime_checkable
class Streams(Protocol):
    """Pages some of which go on and on."""

    def close(self) -> None:
        """Ends what is open."""


def build_app(rooms: Iterable[Room], refusals: Refusals | None = None) -> Starlette:
    """Puts these pages together. What is refused is counted in `refusals`.

    `app.state.close()` ends the open event streams; call it before the server is told to stop.
    """
    app = Starlette(
        routes=[Mount("/static", StaticFiles(directory=STATIC))],
        middleware=[Middleware(Guard, refusals=refusals or Refusals())],
        exception_handlers={HTTPException: _say, ClientDisconnect: gone, StoreError: _away},
    )
    app.router.redirect_slashes = False
    app.state.faults = Faults()
    streams: list[Streams] = []
    for room in rooms:
        app.router.routes += room.routes()
        if isinstance(room, Streams):
            streams.append(room)

    def close() -> None:
        for one in streams:
            one.close()

    app.state.close = close
    return app


def _say(request: Request, refusal: Exception) -> Response:
    """To a program as problem+json, to people as a sentence."""
    is_program = request.url.path.startswith("/api/")
    return say_to_program(request, refusal) if is_program else say(request, refusal)


async def _away(request: Request, fault: Exception) -> Response:
    """The database cannot be used: whoever asks comes again, and nothing is lost."""
    reference = report(fault, request.scope)
    sentence = f"nudger cannot reach its database right now. Please try again in a moment. ({reference})"
    return _say(request, HTTPException(503, sentence, {"Retry-After": "10"}))
