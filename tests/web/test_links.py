"""The pages behind links: what a browser, a scanner and a mail program get."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from starlette.applications import Starlette

from nudger.delivery.follow import Card
from nudger.web.app import build_app
from nudger.web.doors import LinkDoors
from nudger.web.throttle import KNOWN, Throttle
from tests.web.asking import Answer, Body, ask
from tests.web.world import World

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

    async def look(self, token: str, languages: Sequence[str]) -> Card:
        self.looked.append(token)
        self.languages = languages
        return ASKED

    async def press(self, token: str, languages: Sequence[str]) -> Card:
        self.pressed.append(token)
        return SAID

    def doors(self, **settings: object) -> LinkDoors:
        throttle = Throttle(lambda: self.seconds, burst=3, per_second=1.0, **settings)  # type: ignore[arg-type]
        return LinkDoors(self.look, self.press, lambda languages: BUSY, throttle)


@pytest.fixture
def followed() -> Followed:
    return Followed()


@pytest.fixture
def app(world: World, followed: Followed) -> Starlette:
    return build_app(replace(world.twilio_doors(), links=followed.doors()))


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


async def test_without_doors_there_are_no_links(world: World) -> None:
    assert (await ask(build_app(world.twilio_doors()), "GET", "/l/tok-1")).status == 404


async def knock(app: Starlette, times: int, forwarded: str = "") -> list[int]:
    answers: list[Answer] = []
    for _ in range(times):
        answers.append(await ask(app, "GET", "/l/t", {"x-forwarded-for": forwarded} if forwarded else {}))
    return [answer.status for answer in answers]


async def test_who_knocks_too_often_is_asked_to_wait(app: Starlette, followed: Followed) -> None:
    assert await knock(app, 5) == [200, 200, 200, 429, 429]
    followed.seconds = 1.0
    assert await knock(app, 2) == [200, 429]


async def test_a_forwarded_address_is_anybodys_word(app: Starlette) -> None:
    assert await knock(app, 3, "198.51.100.7") == [200, 200, 200]
    assert await knock(app, 1, "198.51.100.8") == [429]


async def test_behind_a_proxy_the_last_forwarded_address_counts(world: World, followed: Followed) -> None:
    app = build_app(replace(world.twilio_doors(), links=followed.doors(behind_proxy=True)))

    assert await knock(app, 4, "10.0.0.1, 198.51.100.7") == [200, 200, 200, 429]
    assert await knock(app, 1, "198.51.100.7, 203.0.113.9") == [200]


async def test_the_addresses_of_one_household_count_as_one(world: World, followed: Followed) -> None:
    app = build_app(replace(world.twilio_doors(), links=followed.doors(behind_proxy=True)))

    assert await knock(app, 3, "2001:db8:1:2::1") == [200, 200, 200]
    assert await knock(app, 1, "2001:db8:1:2:ffff::9") == [429]
    assert await knock(app, 1, "2001:db8:1:3::1") == [200]


async def test_a_flood_of_addresses_takes_little_memory(world: World, followed: Followed) -> None:
    doors = followed.doors(behind_proxy=True)
    app = build_app(replace(world.twilio_doors(), links=doors))
    for number in range(KNOWN + 50):
        await knock(app, 1, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")

    assert len(doors.throttle._buckets) == KNOWN
