"""What holds for every request: its framing is clear, its answer comes in time and has its headers, what is
refused is counted, and summed up in the log instead of told one by one, and a fault of ours shows nobody
anything.

Pages go out by templates in the frame that all of them share.
"""

import asyncio
import json
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAY_EVERY = 600.0  # seconds: the internet knocks all day, and a log has better uses

log = structlog.get_logger("nudger.web")


def _nobody(_why: str, _page: str) -> None:
    """Counts nothing."""


@dataclass(slots=True)
class Refusals:
    """`count` is what happens at each; `say`, called now and then, logs the sums: the first at once, what
    follows after SAY_EVERY, in one line."""

    observe: Callable[[str, str], None] = _nobody  # (why, page)
    _since: Counter[tuple[str, str]] = field(default_factory=Counter)
    _said_at: float | None = None

    def count(self, why: str, page: str = "") -> None:
        """Counts one. `why` is a status of HTTP or a word of connections.py; `page` the first part of a
        path of ours. Neither holds anything that a stranger has chosen."""
        self._since[why, page] += 1
        self.observe(why, page)

    def say(self, now: float) -> None:
        """Logs what is due to be said; `now` in seconds that never go back."""
        if self._since and (self._said_at is None or now - self._said_at >= SAY_EVERY):
            self._said_at = now
            self.finish()

    def finish(self) -> None:
        """Logs what is not said yet."""
        if self._since:
            sums = {f"{why} {page}".strip(): number for (why, page), number in self._since.most_common()}
            log.info("requests_refused", count=self._since.total(), by=sums)
            self._since.clear()


FOLDER = Path(__file__).parent.parent / "pages"

# Under no-referrer browsers send `Origin: null` with forms, and ours could not be told apart. This one
# gives away the origin at most: never a path, which may hold a token.
POLICY = {"Referrer-Policy": "strict-origin"}


class Templates:
    """The templates of `pages/`; whatever is put into them is text and never markup."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(
        self, template: str, *, language: str = "en", status: int = 200, root: str = "", **values: object
    ) -> Response:
        """Renders a whole page, in the frame. `root` is what the address has before our paths."""
        return HTMLResponse(self.part(template, language=language, root=root, **values), status, POLICY)

    def part(self, template: str, **values: object) -> str:
        """Renders one template as HTML."""
        return self._environment.get_template(template).render(values)


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
LONGEST_WORK = 30.0  # seconds until an answer begins; Twilio itself gives up after 15
LOG_AGAIN = 60.0  # seconds: the same fault has one reference and one line in so long
MOST_FAULTS = 100  # kinds of them remembered
TWO_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
# What was not read is not waited for: the connection ends with the answer.
HANG_UP = {"Connection": "close"}


class Guard:
    """Middleware: sets HEADERS where a page has not set its own, and ends faults with a sentence.

    The sentence carries a reference under which the log has the fault: its class and its place, but
    never its message, which may hold a text or an address.
    """

    def __init__(self, app: ASGIApp, refusals: Refusals, longest: float = LONGEST_WORK) -> None:
        self._app = app
        self._refusals = refusals
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._counted(scope))
        try:
            async with asyncio.timeout(self._longest) as limit:
                answer.limit = limit
                if _has_two_lengths(scope):
                    await say(Request(scope), _unclear())(scope, receive, answer.send)
                else:
                    await self._app(scope, receive, answer.send)
        except Exception as fault:
            # Not raised on: the server would log it whole. A stream that had begun is cut by the server.
            reference, answer.limit = report(fault, scope), None
            if not answer.started:
                status = 503 if limit.expired() else 500
                sentence = f"Something went wrong here. Reference: {reference}\n"
                await PlainTextResponse(sentence, status)(scope, receive, answer.send)

    def _counted(self, scope: Scope) -> Callable[[int], None]:
        def count(status: int) -> None:
            if status >= 400:
                self._refusals.count(str(status), _page(scope))

        return count


@dataclass(slots=True)
class _Answer:
    """What goes out, with HEADERS; once it has begun, it may take its time."""

    _send: Send
    _count: Callable[[int], None]
    limit: asyncio.Timeout | None = None
    started: bool = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            if self.limit is not None:
                self.limit.reschedule(None)
            self._count(message["status"])
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def prove(request: Request) -> None:
    """Notes that whoever asks has shown that they may: their connection is kept when others have to go."""
    shown = request.scope.get("state", {}).get("prove")
    if shown is not None:
        shown()


def report(fault: Exception, scope: Scope) -> str:
    """Logs the fault; returns the reference under which it is found."""
    faults: Faults = scope["app"].state.faults
    return faults.report(fault, scope)


@dataclass(slots=True)
class Faults:
    """Faults of ours on the way to an answer. A stranger may find out how to bring one about: the same one
    is logged once a minute, and what comes meanwhile is given the same reference."""

    _known: dict[tuple[object, ...], tuple[str, float]] = field(default_factory=dict)

    def report(self, fault: Exception, scope: Scope) -> str:
        now, page, where = asyncio.get_running_loop().time(), _page(scope), _place(fault)
        kind = (type(fault).__name__, where[-1:], page)
        reference, logged_at = self._known.get(kind, ("", -LOG_AGAIN))
        if now - logged_at < LOG_AGAIN:
            return reference
        reference = token_hex(4)
        if len(self._known) >= MOST_FAULTS:
            self._known.clear()
        self._known[kind] = reference, now
        log.error(
            "page_failed",
            reference=reference,
            method=scope["method"],
            page=page,
            fault=type(fault).__name__,
            where=" > ".join(where),
        )
        return reference


def say(_: Request, refusal: Exception) -> Response:
    """Says a refusal as its sentence in plain text."""
    assert isinstance(refusal, HTTPException)
    sentence = SENTENCES.get(refusal.detail, refusal.detail)
    return PlainTextResponse(f"{sentence}\n", refusal.status_code, refusal.headers)


PROBLEM = "application/problem+json"


def say_to_program(_: Request, refusal: Exception) -> Response:
    """Says a refusal as RFC 9457 has it."""
    assert isinstance(refusal, HTTPException)
    body = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status_code).phrase,
        "status": refusal.status_code,
        "detail": SENTENCES.get(refusal.detail, refusal.detail),
    }
    headers = {**(refusal.headers or {}), "Content-Type": PROBLEM}
    return Response(json.dumps(body, ensure_ascii=False), refusal.status_code, headers)


def gone(_: Request, _fault: Exception) -> Response:
    """Answers whoever has hung up; nobody reads this."""
    return Response(status_code=400)


def at_home(request: Request, hosts: frozenset[str]) -> bool:
    """Tells whether the page was asked for at an address of its own.

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
    """Tells whether a form was sent by our own page. Browsers say so; what says nothing is refused.

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


def _page(scope: Scope) -> str:
    """The first part of the path, where it is one of ours: what comes after it may be a token, and what is
    none of ours is whatever a stranger likes."""
    first = "/" + scope["path"].split("/")[1] if "/" in scope["path"] else ""
    return first if first in _own_pages(scope["app"].routes) else ""


def _own_pages(routes: Sequence[BaseRoute]) -> set[str]:
    return {"/" + route.path.split("/")[1] for route in routes if isinstance(route, Route | Mount)}


def _has_two_lengths(scope: Scope) -> bool:
    """RFC 9112, 6.1: whoever reads the other one sees another request behind this; it is answered by
    nobody, and the connection ends."""
    return {name for name, _ in scope["headers"]} >= TWO_LENGTHS


def _unclear() -> HTTPException:
    return HTTPException(400, "This request has a Content-Length and a Transfer-Encoding.", HANG_UP)


def _place(fault: Exception) -> tuple[str, ...]:
    """The innermost frames, the last where it was raised."""
    frames = traceback.extract_tb(fault.__traceback__)[-FRAMES_LOGGED:]
    return tuple(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
