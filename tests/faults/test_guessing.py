"""Two hundred guesses at the real server behind a web server of ours: slowed, whatever they claim."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from nudger.web.serve import serve
from tests.support.worlds.desk import MAYA, PASSWORD, desk

GUESSES = 200
OPERATOR, STRANGER = "203.0.113.9", "198.51.100.7"


@dataclass
class Proxied:
    """The board on a real port, asked as a web server in front asks: it adds the client's address to what the
    client has sent, in the way that its maker likes."""

    address: str
    session: aiohttp.ClientSession

    async def sign_in(
        self, password: str, forwarded: list[str], cookies: dict[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        headers = [("X-Forwarded-For", line) for line in forwarded]
        headers += [("Origin", self.address), ("Content-Type", "application/x-www-form-urlencoded")]
        if cookies:
            headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
        body = urlencode({"password": password})
        async with self.session.post(
            f"{self.address}/board/login", data=body, headers=headers, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Proxied]:
    with desk(tmp_path) as here:
        await here.behind.start(maya=MAYA)
        async with (
            serve(here.app(), "127.0.0.1", 0, behind_proxy=True) as address,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            yield Proxied(address, session)


@pytest.mark.parametrize(
    "forwarded",
    [
        pytest.param(lambda n: [STRANGER], id="only the proxy's"),
        pytest.param(lambda n: [f"10.0.{n}.1, {STRANGER}"], id="behind the client's"),
        pytest.param(lambda n: [f"10.0.{n}.1", STRANGER], id="a line of its own"),
        pytest.param(
            lambda n: [f"10.0.{n}.1", f"10.1.{n}.1,10.2.{n}.1", STRANGER], id="the last of many lines"
        ),
        pytest.param(lambda n: [f"{STRANGER}:{40000 + n}"], id="with a port"),
        pytest.param(lambda n: [f"[2001:db8::7]:{40000 + n}"], id="IPv6 with a port"),
        pytest.param(lambda n: [f"2001:db8::{n:x}"], id="any of a household"),
        pytest.param(lambda n: [f"unknown-{n}"], id="no address"),
    ],
)
async def test_two_hundred_guesses_behind_a_proxy_are_slowed(
    board: Proxied, forwarded: Callable[[int], list[str]]
) -> None:
    statuses = [(await board.sign_in(f"guess {n}", forwarded(n))).status for n in range(GUESSES)]

    assert statuses.count(403) <= 8  # five, and what a slow machine lets in meanwhile
    assert statuses.count(429) == GUESSES - statuses.count(403)
    assert (await board.sign_in(PASSWORD, [OPERATOR])).status == 303


async def test_the_operator_signs_in_from_a_known_browser_whatever_comes_from_the_same_address(
    board: Proxied,
) -> None:
    first = await board.sign_in(PASSWORD, [STRANGER])
    device = {"nudger_device": first.cookies["nudger_device"].value}
    for n in range(GUESSES):
        await board.sign_in(f"guess {n}", [STRANGER])

    known = await board.sign_in(PASSWORD, [STRANGER], device)

    assert known.status == 303
    assert (await board.sign_in(PASSWORD, [STRANGER])).status == 429
