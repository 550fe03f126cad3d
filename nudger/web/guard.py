"""What holds for every answer: its headers, and that a fault of ours shows nobody anything."""

import traceback
from ipaddress import ip_address
from secrets import token_hex
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SENTENCES = {  # for what the routing says
    "Not Found": "There is nothing at this address.",
    "Method Not Allowed": "This address does not take that kind of request.",
}
FRAMES_LOGGED = 6

log = structlog.get_logger("nudger.web")


class Guard:
    """Middleware: sets HEADERS where a page has not set its own, and ends faults with a sentence.

    The sentence carries a reference under which the log has the fault: its class and its place, but
    never its message, which may hold a text or an address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as fault:
            # Not raised on: the server would log it whole. A stream that had begun is cut by the server.
            reference = report(fault, scope)
            if not started:
                sentence = f"Something went wrong here. Reference: {reference}\n"
                await PlainTextResponse(sentence, 500)(scope, receive, guarded)


def report(fault: Exception, scope: Scope) -> str:
    """Logs the fault; returns the reference under which it is found."""
    reference = token_hex(4)
    log.error(
        "page_failed",
        reference=reference,
        method=scope["method"],
        page="/" + scope["path"].split("/")[1],  # what comes after it may be a token
        fault=type(fault).__name__,
        where=_place(fault),
    )
    return reference


def say(_: Request, refusal: Exception) -> Response:
    """A refusal as its sentence in plain text."""
    assert isinstance(refusal, HTTPException)
    sentence = SENTENCES.get(refusal.detail, refusal.detail)
    return PlainTextResponse(f"{sentence}\n", refusal.status_code, refusal.headers)


def gone(_: Request, _fault: Exception) -> Response:
    """Whoever asked has hung up; nobody reads this."""
    return Response(status_code=400)


def at_home(request: Request, hosts: frozenset[str]) -> bool:
    """Whether the page was asked for at an address of its own.

    A stranger's site can point its own name at this machine and then read what it serves (DNS
    rebinding). It cannot do so with localhost, nor with a bare IP address.
    """
    try:
        # Not Starlette's request.url: where the header is no host, that falls back on the server's own.
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return host == "localhost" or host in hosts or _is_ip(host)


def same_origin(request: Request, own: str | None = None) -> bool:
    """Whether a form was sent by our own page. Browsers say so; what says nothing is refused.

    Sec-Fetch-Site where the browser sends it (https, and localhost), else Origin; behind a proxy that
    takes https off, our own is the one that people see: `own`.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    here = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return request.headers.get("origin", "") in (here, own)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _place(fault: Exception) -> str:
    frames = traceback.extract_tb(fault.__traceback__)[-FRAMES_LOGGED:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
