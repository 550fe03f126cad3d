"""A person's own page, `/me/<token>`: the token is all there is of an account, and no script is needed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nudger.inbound.email_links import Card
from nudger.inbound.self_service.page import OwnPage
from nudger.web.security.connections import TokenDoor
from nudger.web.security.guard import Pages, same_origin
from nudger.web.security.requests import read_form
from nudger.web.self_service.links import WAIT, languages_of


@dataclass(frozen=True, slots=True)
class PersonDoors:
    """The ways of a person's own page; each takes its token first. A Card says why there is none.
    Languages are the browser's, best first."""

    look: Callable[[str, Sequence[str], str], Awaitable[OwnPage | Card]]  # under this notice; changes nothing
    # (token, step, languages): the notice to show, once it is committed.
    press: Callable[[str, str, Sequence[str]], Awaitable[str | Card]]
    export: Callable[[str, Sequence[str]], Awaitable[str | Card]]
    ask_erase: Callable[[str, Sequence[str]], Awaitable[Card]]
    erase: Callable[[str, Sequence[str]], Awaitable[Card]]
    busy: Callable[[Sequence[str]], Card]
    door: TokenDoor
    origin: str | None  # where nudger is reached from outside: "https://nudger.example.org"


DOWNLOAD = 'attachment; filename="nudger-my-data.json"'

Answer = Callable[[Request, str, Sequence[str]], Awaitable[Response]]


class PersonPages:
    """A GET shows and changes nothing, a POST does one thing; a wrong token learns nothing."""

    def __init__(self, doors: PersonDoors) -> None:
        self._doors = doors
        self._pages = Pages()

    async def look(self, request: Request) -> Response:
        return await self._answered(request, self._look)

    async def press(self, request: Request) -> Response:
        """One step, then the page: loaded again, it repeats nothing."""
        return await self._answered(request, self._press, by_form=True)

    async def export(self, request: Request) -> Response:
        return await self._answered(request, self._export)

    async def ask_erase(self, request: Request) -> Response:
        """The first of two steps: says what happens, and changes nothing."""
        return await self._answered(request, self._ask_erase)

    async def erase(self, request: Request) -> Response:
        return await self._answered(request, self._erase, by_form=True)

    async def _answered(self, request: Request, answer: Answer, *, by_form: bool = False) -> Response:
        languages = languages_of(request)
        if not self._doors.door.lets_in(request):
            busy = self._card(self._doors.busy(languages))
            busy.headers["Retry-After"] = str(WAIT)
            return busy
        if by_form and not same_origin(request, self._doors.origin):
            raise HTTPException(403, "This is done from your own page only.")
        response = await answer(request, request.path_params["token"], languages)
        # A link is as good as a key: a search engine that finds one leaves it alone.
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    async def _look(self, request: Request, token: str, languages: Sequence[str]) -> Response:
        page = await self._doors.look(token, languages, request.query_params.get("notice", ""))
        if isinstance(page, Card):
            return self._card(page)
        return self._pages.page("person.html", language=page.language, page=page, token=token)

    async def _press(self, request: Request, token: str, languages: Sequence[str]) -> Response:
        form = dict(await read_form(request))
        notice = await self._doors.press(token, form.get("step", ""), languages)
        if isinstance(notice, Card):
            return self._card(notice)
        return RedirectResponse(f"/me/{token}?notice={notice}", 303)

    async def _export(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        held = await self._doors.export(token, languages)
        if isinstance(held, Card):
            return self._card(held)
        return Response(held, media_type="application/json", headers={"Content-Disposition": DOWNLOAD})

    async def _ask_erase(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        card = await self._doors.ask_erase(token, languages)
        page = "erase.html" if card.button else "link.html"
        return self._pages.page(page, language=card.language, status=card.status, card=card, token=token)

    async def _erase(self, _: Request, token: str, languages: Sequence[str]) -> Response:
        return self._card(await self._doors.erase(token, languages))

    def _card(self, card: Card) -> Response:
        return self._pages.page("link.html", language=card.language, status=card.status, card=card)
