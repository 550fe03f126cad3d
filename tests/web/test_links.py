"""The pages behind links: what a browser, a scanner and a mail program get."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from starlette.applications import Starlette

from nudger.inbound.email_links import Card
from nudger.web.security.connections import KNOWN, Throttle, TokenDoor
from nudger.web.self_service.pages import LinkPages
from tests.support.asking import Body, ask
from tests.support.worlds.web import World

ASKED = Card("es", "Parar", "nudger <ya> no te mandará más correos.", "Un programa.", button="No recibir más")
SAID = Card("es", "Parar", "OK.", "Un programa.", undo="Ha sido un error", undo_token="tok-2")
BUSY = Card("en", "One moment", "Try it in a minute.", "A program.", status=429)


@dataclass
class Followed:
    """Records what is looked at and pressed."""

    looked: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    languages: Sequence[str] = ()
    seconds: float = 0.0

    def look(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        self.looked.append(token)
        self.languages = languages
        return ASKED

    def press(self, token: str, languages: Sequence[str], now: datetime) -> Card:
        self.pressed.append(token)
        return SAID

    def pages(self, world: World) -> LinkPages:
        strangers, holders = (Throttle(lambda: self.seconds, burst, 1.0) for burst in (3, 6))
        door = TokenDoor(lambda token: token.startswith("tok-"), strangers, holders)
        return LinkPages(self, world, world, door)  # type: ignore[arg-type]

    def busy(self, languages: Sequence[str]) -> Card:
        return BUSY


@pytest.fixture
def followed() -> Followed:
    return Followed()


@pytest.fixture
def app(world: World, followed: Followed) -> Starlette:
    return world.twilio_app(followed.pages(world))


async def test_getting_a_link_shows_one_button_and_presses_nothing(
    app: Starlette, followed: Followed
) -> None:
    answer = await ask(app, "GET", "/l/tok-1", {"accept-language": "fr-CH, fr;q=0.9, en;q=0.8"})

    assert answer.status == 200
    assert answer.body.count("<button") == 1
    assert '<html lang="es">' in answer.body
    assert "nudger &lt;ya&gt; no" in answer.body
    assert (followed.looked, followed.pressed) == (["tok-1"], [])
    assert list(followed.languages) == ["fr", "fr", "en"]


async def test_head_presses_nothing(app: Starlette, followed: Followed) -> None:
    await ask(app, "HEAD", "/l/tok-1")
    assert followed.pressed == []


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b"])
async def test_a_mail_program_unsubscribes_with_one_post(
    app: Starlette, followed: Followed, kind: str
) -> None:
    """RFC 8058, 3.2: either kind of form; no redirect may be needed, no cookie is there."""
    body = Body([b"List-Unsubscribe=One-Click"])
    answer = await ask(app, "POST", "/l/tok-1", {"content-type": kind}, body=body)

    assert (answer.status, followed.pressed) == (200, ["tok-1"])
    assert "set-cookie" not in answer.headers


async def test_a_page_after_the_button_offers_the_way_back(app: Starlette) -> None:
    answer = await ask(app, "POST", "/l/tok-1")
    assert re.search(r'<a href="/l/tok-2">Ha sido un error</a>', answer.body)


async def test_pages_of_links_tell_no_one_where_they_are(app: Starlette) -> None:
    answer = await ask(app, "GET", "/l/tok-1")

    assert answer.headers["referrer-policy"] in ("no-referrer", "strict-origin")
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"


async def test_without_pages_there_are_no_links(world: World) -> None:
    assert (await ask(world.twilio_app(), "GET", "/l/tok-1")).status == 404


async def knock(app: Starlette, times: int, path: str = "/l/guess", method: str = "GET") -> list[int]:
    return [(await ask(app, method, path)).status for _ in range(times)]


async def test_who_knocks_too_often_with_no_token_of_ours_is_asked_to_wait(
    app: Starlette, followed: Followed
) -> None:
    assert await knock(app, 5) == [200, 200, 200, 429, 429]
    followed.seconds = 1.0
    assert await knock(app, 2) == [200, 429]


async def test_a_link_of_ours_works_whatever_strangers_of_the_same_address_do(
    app: Starlette, followed: Followed
) -> None:
    await knock(app, 50)
    await knock(app, 50, method="POST")

    answers = [await ask(app, method, "/l/tok-1") for method in ("GET", "POST")]

    assert [answer.status for answer in answers] == [200, 200]
    assert followed.pressed[-1] == "tok-1"


async def test_a_scanner_that_opens_a_link_again_and_again_takes_nobodys_stop_away(
    app: Starlette, followed: Followed
) -> None:
    """RFC 8058: mail scanners open every link that they see, and the one POST has to count."""
    looked = await knock(app, 50, "/l/tok-1")
    pressed = await ask(app, "POST", "/l/tok-1", body=Body([b"List-Unsubscribe=One-Click"]))

    assert looked == [200] * 6 + [429] * 44
    assert (pressed.status, followed.pressed) == (200, ["tok-1"])


async def test_one_link_holds_up_no_other(app: Starlette) -> None:
    await knock(app, 50, "/l/tok-1", "POST")

    assert await knock(app, 1, "/l/tok-2", "POST") == [200]


async def test_a_forwarded_address_is_anybodys_word(app: Starlette) -> None:
    """Where a web server of ours stands before nudger it counts: tests/web/test_addresses.py."""
    headers = [{"x-forwarded-for": f"198.51.100.{number}"} for number in range(4)]

    assert [(await ask(app, "GET", "/l/guess", one)).status for one in headers] == [200, 200, 200, 429]


def test_a_flood_of_addresses_takes_little_memory() -> None:
    throttle = Throttle(lambda: 0.0)
    for number in range(KNOWN + 50):
        throttle.allows(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(throttle._buckets) == KNOWN
