"""The web face of the daemon: which address leads to which page."""

import asyncio
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from nudger.domain.errors import StoreAway, StoreError
from nudger.web.api.metrics import metrics_route
from nudger.web.api.refusing import refused
from nudger.web.api.routes import Api
from nudger.web.board.doors import BoardDoors
from nudger.web.board.pages import BoardPages
from nudger.web.doors import Doors
from nudger.web.phone.phone import PhonePages
from nudger.web.security.guard import Faults, Guard, gone, report, say
from nudger.web.security.requests import PATIENCE
from nudger.web.self_service.calendar import calendar_route
from nudger.web.self_service.links import LinkDoors, LinkPages
from nudger.web.self_service.person import PersonDoors, PersonPages
from nudger.web.webhooks.twilio import Webhooks

__all__ = ["Doors", "build_app"]

ANSWERS_WITHIN = 4.5  # seconds in which whoever watches hears whether nudger is ready
STATIC = Path(__file__).parent / "static"


def build_app(doors: Doors, *, patience: timedelta = PATIENCE) -> Starlette:
    """The pages that these doors make possible. `patience` is how long a form may take to arrive.

    `app.state.close()` ends the open event streams; call it before the server is told to stop.
    """
    routes: list[BaseRoute] = [*_health(doors), Mount("/static", StaticFiles(directory=STATIC))]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, refusals=doors.refusals)],
        exception_handlers={HTTPException: _say, ClientDisconnect: gone, StoreError: _away},
    )
    app.router.redirect_slashes = False
    app.state.faults = Faults()
    app.state.close = lambda: None
    if doors.links is not None:
        app.router.routes += _links(doors.links)
    if doors.person is not None:
        app.router.routes += _person(doors.person)
    if doors.signed is not None:
        app.router.routes += _twilio(doors, patience)
    # Where Twilio posts, the world can knock, and the phone shows conversations to whoever asks: never both.
    elif doors.conversation is not None:
        phone = PhonePages(doors, doors.conversation, patience)
        app.router.routes += _phone(phone)
        app.state.close = phone.close
    if doors.calendar is not None:
        app.router.routes.append(calendar_route(doors.calendar))
    if doors.metrics is not None:
        app.router.routes.append(metrics_route(doors.metrics))
    if doors.api is not None:
        app.router.routes += Api(doors.api, patience).routes()
    if doors.board is not None:
        app.router.routes += _board(doors.board, patience)
    return app


def _person(doors: PersonDoors) -> list[BaseRoute]:
    own = PersonPages(doors)
    return [
        Route("/me/{token}", own.look),
        Route("/me/{token}", own.press, methods=["POST"]),
        Route("/me/{token}/data.json", own.export),
        Route("/me/{token}/erase", own.ask_erase),
        Route("/me/{token}/erase", own.erase, methods=["POST"]),
    ]


def _say(request: Request, refusal: Exception) -> Response:
    """To a program as problem+json, to people as a sentence."""
    assert isinstance(refusal, HTTPException)
    return refused(refusal) if request.url.path.startswith("/api/") else say(request, refusal)


async def _away(request: Request, fault: Exception) -> Response:
    """The database cannot be used: whoever asks comes again, and nothing is lost."""
    reference = report(fault, request.scope)
    sentence = f"nudger cannot reach its database right now. Please try again in a moment. ({reference})"
    return _say(request, HTTPException(503, sentence, {"Retry-After": "10"}))


def _health(doors: Doors) -> list[BaseRoute]:
    async def healthz(_: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        """nudger can work: its database is the right one, takes writes and answers, and its duties run."""
        if why := doors.faults():
            return JSONResponse({"ready": False, "why": list(why)}, 503)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return JSONResponse({"ready": True, **await doors.health()})
        except StoreAway as fault:  # since that look
            return JSONResponse({"ready": False, "why": [f"the database: {fault.said}"]}, 503)
        except Exception as fault:
            return JSONResponse({"ready": False, "reference": report(fault, request.scope)}, 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _twilio(doors: Doors, patience: timedelta) -> list[BaseRoute]:
    webhooks = Webhooks(doors, patience)
    return [
        Route("/twilio/inbound", webhooks.inbound, methods=["POST"]),
        Route("/twilio/status/{message_id}", webhooks.status, methods=["POST"]),
    ]


def _links(doors: LinkDoors) -> list[BaseRoute]:
    links = LinkPages(doors)
    return [Route("/l/{token}", links.look), Route("/l/{token}", links.press, methods=["POST"])]


def _phone(phone: PhonePages) -> list[BaseRoute]:
    return [
        Route("/phone", phone.page),
        Route("/phone/events", phone.events),
        Route("/phone/reply", phone.reply, methods=["POST"]),
        Route("/phone/clock", phone.clock, methods=["POST"]),
    ]


def _board(doors: BoardDoors, patience: timedelta) -> list[BaseRoute]:
    board = BoardPages(doors, patience)
    behind = {
        "/board": board.overview,
        "/board/people": board.people,
        "/board/agenda": board.agenda,
        "/board/figures": board.figures,
        "/board/people/{person}": board.person,
        "/board/people/{person}/conversation": board.conversation,
    }
    return [
        Route("/board/login", board.sign_in_page),
        Route("/board/login", board.sign_in, methods=["POST"]),
        Route("/board/logout", board.sign_out, methods=["POST"]),
        *(Route(path, board.behind(page)) for path, page in behind.items()),
        Route("/board/people/{person}/{act}", board.behind(board.act), methods=["POST"]),
    ]
