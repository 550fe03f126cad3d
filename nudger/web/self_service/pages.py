"""The pages that a link leads to: one button of an email (`/l/<token>`), a person's own page (`/me/<token>`),
what they have said (`/me/<token>/words`). The token is all there is of an account, and no script is needed.

A GET shows and changes nothing, a POST does one thing; a wrong token learns nothing. Languages are those the
browser asks for, best first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nudger.agenda.port import Clock
from nudger.inbound.email_links import Card, Links
from nudger.inbound.self_service.journal import Journal
from nudger.inbound.self_service.page import Mine
from nudger.inbound.self_service.steps import Press
from nudger.web.port import Receiver
from nudger.web.security.connections import TokenDoor
from nudger.web.security.guard import Templates, same_origin
from nudger.web.security.requests import read_form

MOST_LANGUAGES = 8
WAIT = 60  # seconds, for whoever asks too often
DOWNLOAD = 'attachment; filename="nudger-my-data.json"'
WORDS_DOWNLOAD = 'attachment; filename="nudger-my-words.csv"'
# A link is as good as a key: a search engine that finds one in a mail archive leaves it alone.
UNSEEN = "noindex, nofollow"

Handler = Callable[[Request, str, Sequence[str]], Awaitable[Response]]


class LinkPages:
    """`/l/<token>`. Mail programs post to the same address to unsubscribe (RFC 8058): no redirect, no
    cookie, and whatever the form holds is not read, as the token says it all."""

    def __init__(self, links: Links, receiver: Receiver, clock: Clock, door: TokenDoor) -> None:
        self._links = links
        self._receiver = receiver
        self._clock = clock
        self._door = door
        self._templates = Templates()

    def routes(self) -> list[Route]:
        """Names the one address, looked at and pressed."""
        return [Route("/l/{token}", self.look), Route("/l/{token}", self.press, methods=["POST"])]

    async def look(self, request: Request) -> Response:
        """Shows one button. Changes nothing."""
        languages = languages_of(request)
        if not self._door.lets_in(request):
            return self._busy(languages)
        token, now = request.path_params["token"], self._clock.now()
        return self._shown(await asyncio.to_thread(self._links.look, token, languages, now))

    async def press(self, request: Request) -> Response:
        """Does what the link says, and shows that it is done."""
        languages = languages_of(request)
        if not self._door.lets_in(request):
            return self._busy(languages)
        token, now = request.path_params["token"], self._clock.now()
        card = await asyncio.to_thread(self._links.press, token, languages, now)
        self._receiver.wake()
        return self._shown(card)

    def _busy(self, languages: Sequence[str]) -> Response:
        return _wait(self._shown(self._links.busy(languages)))

    def _shown(self, card: Card) -> Response:
        return _unseen(_card(self._templates, card))


class _TokenPages:
    """What all pages below `/me/<token>` have in common: who is let in, and that a form is the page's own."""

    def __init__(
        self,
        busy: Callable[[Sequence[str]], Card],
        clock: Clock,
        door: TokenDoor,
        public_url: str | None,
    ) -> None:
        self._busy = busy
        self._clock = clock
        self._door = door
        # Where nudger is reached from outside: "https://nudger.example.org".
        self._origin = public_url and "/".join(public_url.split("/")[:3])
        self._templates = Templates()

    async def _answered(self, request: Request, handler: Handler, *, by_form: bool = False) -> Response:
        languages = languages_of(request)
        if not self._door.lets_in(request):
            return _wait(_card(self._templates, self._busy(languages)))
        if by_form and not same_origin(request, self._origin):
            raise HTTPException(403, "This is done from your own page only.")
        return _unseen(await handler(request, request.path_params["token"], languages))


class PersonPages(_TokenPages):
    """`/me/<token>`: how things stand, what comes next, what can be pressed, and all that is held."""

    def __init__(
        self, mine: Mine, receiver: Receiver, clock: Clock, door: TokenDoor, public_url: str | None = None
    ) -> None:
        super().__init__(mine.busy, clock, door, public_url)
        self._mine = mine
        self._receiver = receiver

    def routes(self) -> list[Route]:
        """Names the page, and the addresses of its steps."""
        return [
            Route("/me/{token}", self.look),
            Route("/me/{token}", self.press, methods=["POST"]),
            Route("/me/{token}/data.json", self.export),
            Route("/me/{token}/erase", self.ask_erase),
            Route("/me/{token}/erase", self.erase, methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        """Shows the page, under the notice that the address names."""
        return await self._answered(request, self._look)

    async def press(self, request: Request) -> Response:
        """Does one step, then shows the page: loaded again, it repeats nothing."""
        return await self._answered(request, self._press, by_form=True)

    async def export(self, request: Request) -> Response:
        """Hands over all that is held, as a file."""
        return await self._answered(request, self._export)

    async def ask_erase(self, request: Request) -> Response:
        """Says what erasing does, the first of its two steps, and changes nothing."""
        return await self._answered(request, self._ask_erase)

    async def erase(self, request: Request) -> Response:
        """Erases all that is held."""
        return await self._answered(request, self._erase, by_form=True)

    async def _look(self, request: Request, token: str, languages: Sequence[str]) -> Response:
        notice = request.query_params.get("notice", "")
        page = await asyncio.to_thread(self._mine.look, token, languages, self._clock.now(), notice)
        if isinstance(page, Card):
            return _card(self._templates, page)
        return self._templates.page("person.html", language=page.language, page=page, token=token)

    async def _press(self, request: Request, token: str, languages: Sequence[str]) -> Response:
        form = dict(await read_form(request))
        step = form.get("step", "")
        if step == Press.AWAY:
            step = " ".join((step, form.get("first", ""), form.get("last", "")))
        notice = await asyncio.to_thread(self._mine.press, token, step, languages, self._clock.now())
        self._receiver.wake()
        if isinstance(notice, Card):
            return _card(self._templates, notice)
        return RedirectResponse(f"/me/{token}?notice={notice}", 303)

    async def _export(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        held = await asyncio.to_thread(self._mine.export, token, languages, self._clock.now())
        if isinstance(held, Card):
            return _card(self._templates, held)
        return Response(held, media_type="application/json", headers={"Content-Disposition": DOWNLOAD})

    async def _ask_erase(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        card = await asyncio.to_thread(self._mine.ask_erase, token, languages, self._clock.now())
        return _two_steps(self._templates, card, f"/me/{token}/erase", f"/me/{token}")

    async def _erase(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        now = self._clock.now()
        return _card(self._templates, await asyncio.to_thread(self._mine.erase, token, languages, now))


class JournalPages(_TokenPages):
    """`/me/<token>/words`: what the person has said, as a list, as lines, as a file, and erased."""

    def __init__(
        self, journal: Journal, clock: Clock, door: TokenDoor, public_url: str | None = None
    ) -> None:
        super().__init__(journal.busy, clock, door, public_url)
        self._journal = journal

    def routes(self) -> list[Route]:
        """Names the page, and the addresses of its steps."""
        return [
            Route("/me/{token}/words", self.look),
            Route("/me/{token}/words", self.erase, methods=["POST"]),
            Route("/me/{token}/words.csv", self.file),
            Route("/me/{token}/words/erase", self.ask_erase),
            Route("/me/{token}/words/erase", self.erase_all, methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        """Shows the page, under the notice that the address names."""
        return await self._answered(request, self._look)

    async def erase(self, request: Request) -> Response:
        """Erases one thing that was said, then shows the page."""
        return await self._answered(request, self._erase, by_form=True)

    async def file(self, request: Request) -> Response:
        """Hands over all that was said, as CSV."""
        return await self._answered(request, self._file)

    async def ask_erase(self, request: Request) -> Response:
        """Says what erasing all of it does, and changes nothing."""
        return await self._answered(request, self._ask_erase)

    async def erase_all(self, request: Request) -> Response:
        """Erases all that was said, then shows the page."""
        return await self._answered(request, self._erase_all, by_form=True)

    async def _look(self, request: Request, token: str, languages: Sequence[str]) -> Response:
        notice = request.query_params.get("notice", "")
        page = await asyncio.to_thread(self._journal.look, token, languages, self._clock.now(), notice)
        if isinstance(page, Card):
            return _card(self._templates, page)
        return self._templates.page("words.html", language=page.language, page=page, token=token)

    async def _erase(self, request: Request, token: str, languages: Sequence[str]) -> Response:
        entry = dict(await read_form(request)).get("entry", "")
        now = self._clock.now()
        return self._erased(await asyncio.to_thread(self._journal.erase, token, entry, languages, now), token)

    async def _erase_all(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        now = self._clock.now()
        return self._erased(await asyncio.to_thread(self._journal.erase_all, token, languages, now), token)

    def _erased(self, notice: str | Card, token: str) -> Response:
        if isinstance(notice, Card):
            return _card(self._templates, notice)
        return RedirectResponse(f"/me/{token}/words?notice={notice}", 303)

    async def _file(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        held = await asyncio.to_thread(self._journal.file, token, languages, self._clock.now())
        if isinstance(held, Card):
            return _card(self._templates, held)
        return Response(held, media_type="text/csv", headers={"Content-Disposition": WORDS_DOWNLOAD})

    async def _ask_erase(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        card = await asyncio.to_thread(self._journal.ask_erase, token, languages, self._clock.now())
        return _two_steps(self._templates, card, f"/me/{token}/words/erase", f"/me/{token}/words")


def languages_of(request: Request) -> list[str]:
    """Reads what the browser asks for, in its order, without regions: "fr-CH, en;q=0.8" is fr, en."""
    wanted = request.headers.get("accept-language", "").split(",")[:MOST_LANGUAGES]
    return [one.partition(";")[0].partition("-")[0].strip().lower() for one in wanted]


def _card(templates: Templates, card: Card) -> Response:
    return templates.page("link.html", language=card.language, status=card.status, card=card)


def _two_steps(templates: Templates, card: Card, action: str, back: str) -> Response:
    """What erases is asked for once more, with a way back."""
    if not card.button:
        return _card(templates, card)
    return templates.page("erase.html", language=card.language, card=card, action=action, back=back)


def _wait(response: Response) -> Response:
    response.headers["Retry-After"] = str(WAIT)
    return response


def _unseen(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = UNSEEN
    return response
