"""The pages behind the links of emails: GET shows one button and changes nothing, POST does it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from nudger.inbound.email_links import Card
from nudger.web.security.connections import TokenDoor
from nudger.web.security.guard import Pages


@dataclass(frozen=True, slots=True)
class LinkDoors:
    """The ways of the links in emails. Languages are the browser's, best first."""

    # (token, languages): the page. Changes nothing.
    look: Callable[[str, Sequence[str]], Awaitable[Card]]
    # (token, languages): does what the link says; returns once it is committed.
    press: Callable[[str, Sequence[str]], Awaitable[Card]]
    busy: Callable[[Sequence[str]], Card]
    door: TokenDoor


MOST_LANGUAGES = 8
WAIT = 60  # seconds, for whoever asks too often


class LinkPages:
    """`/l/<token>`. Mail programs post to the same address to unsubscribe (RFC 8058): no redirect, no
    cookie, and whatever the form holds is not read, as the token says it all."""

    def __init__(self, doors: LinkDoors) -> None:
        self._doors = doors
        self._pages = Pages()

    async def look(self, request: Request) -> Response:
        return await self._answer(request, pressed=False)

    async def press(self, request: Request) -> Response:
        return await self._answer(request, pressed=True)

    async def _answer(self, request: Request, *, pressed: bool) -> Response:
        languages = languages_of(request)
        if not self._doors.door.lets_in(request):
            busy = self._shown(self._doors.busy(languages))
            busy.headers["Retry-After"] = str(WAIT)
            return busy
        follow = self._doors.press if pressed else self._doors.look
        return self._shown(await follow(request.path_params["token"], languages))

    def _shown(self, card: Card) -> Response:
        page = self._pages.page("link.html", language=card.language, status=card.status, card=card)
        # A link is as good as a key: a search engine that finds one in a mail archive leaves it alone.
        page.headers["X-Robots-Tag"] = "noindex, nofollow"
        return page


def languages_of(request: Request) -> list[str]:
    """What the browser asks for, in its order, without regions: "fr-CH, en;q=0.8" is fr, en."""
    wanted = request.headers.get("accept-language", "").split(",")[:MOST_LANGUAGES]
    return [one.partition(";")[0].partition("-")[0].strip().lower() for one in wanted]
