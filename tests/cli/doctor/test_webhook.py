"""The webhook address, asked as Twilio would: each way in which it goes wrong is told from the others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from nudger.channels.twilio.signature import sign, signed
from nudger.cli.doctor.findings import Finding, Grade
from nudger.cli.doctor.reach import NOBODY, webhook_is_right
from nudger.plans import Wrong
from nudger.plans.parse.details import read_phone
from nudger.web.serve import serve
from tests.support.doubles.smtp_double import make_certificate
from tests.support.worlds.web import TOKEN, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LIMIT = timedelta(seconds=5)
PASSED = ("Content-Type", "X-Twilio-Signature")


@asynccontextmanager
async def nudger(public_url: str | None = None, token: str = TOKEN) -> AsyncIterator[tuple[str, World]]:
    """nudger's own pages as a server, with what came through their doors. Gives its address."""
    world = World()
    known_as = [public_url] if public_url else []

    def right(path: bytes, query: bytes, form: Sequence[tuple[str, str]], signature: str | None) -> bool:
        return signed(token, known_as[0], path, query, form, signature)

    world.signed = right  # type: ignore[method-assign]
    async with serve(world.twilio_app(), "127.0.0.1", 0) as address:
        known_as.append(address)
        yield address, world


@asynccontextmanager
async def stranger(handler: Handler, **site: Any) -> AsyncIterator[int]:
    """A server that answers everything in this way. Gives its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, **site).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def asked(url: str, limit: timedelta = LIMIT) -> Finding:
    return await webhook_is_right(url, partial(sign, TOKEN), limit)


def answering(status: int, text: str = "", **headers: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers=headers)

    return answer


async def test_nudger_itself_is_right_and_what_it_is_asked_concerns_nobody() -> None:
    async with nudger() as (address, world):
        found = await asked(address)

    assert (found.grade, found.sentence) == (
        Grade.OK,
        f"{address} refuses what is unsigned and takes what is signed",
    )
    assert [(reply.address, reply.text) for reply in world.replies] == [(NOBODY, "nudger doctor")]
    assert world.lines == []


def test_the_number_that_is_used_can_be_nobodys() -> None:
    with pytest.raises(Wrong):
        read_phone(NOBODY)


async def test_another_token_shows_in_the_signed_text() -> None:
    async with nudger(token="another") as (address, _):
        found = await asked(address)

    assert (found.grade, found.exit_code) == (Grade.FAILURE, 5)
    assert found.sentence == f"a rightly signed text to {address}/twilio/inbound: expected 200, got 403"
    assert "NUDGER_TWILIO_AUTH_TOKEN" in found.advice


async def test_a_daemon_with_another_public_url_shows_in_the_signed_text() -> None:
    async with nudger(public_url="https://nudger.example.org") as (address, _):
        found = await asked(address)

    assert "got 403" in found.sentence
    assert "restart" in found.advice


async def test_a_base_path_that_is_not_taken_off_is_told_from_a_nudger_without_webhook() -> None:
    async with nudger() as (address, _):
        found = await asked(f"{address}/base")

    assert "an unsigned text" in found.sentence
    assert "got 404" in found.sentence
    assert "a base path" in found.advice


async def test_a_nudger_that_has_no_webhook_is_reached_all_the_same() -> None:
    async with serve(World().app(), "127.0.0.1", 0) as address:
        found = await asked(address)

    assert "got 404" in found.sentence
    assert found.advice.startswith("nudger is reached and has no webhook")


async def test_a_fault_behind_the_webhook_points_at_the_log() -> None:
    async with nudger() as (address, world):
        world.fault = RuntimeError("no database")
        found = await asked(address)

    assert "a rightly signed text" in found.sentence
    assert "got 500" in found.sentence
    assert "journalctl" in found.advice


async def test_a_proxy_that_lets_only_twilio_through_is_right() -> None:
    behind: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        if not request.path.startswith("/twilio/"):
            return web.Response(status=404)
        passed = {name: request.headers[name] for name in PASSED if name in request.headers}
        async with (
            aiohttp.ClientSession() as session,
            session.post(behind[0] + request.path, data=await request.read(), headers=passed) as answer,
        ):
            return web.Response(status=answer.status, text=await answer.text())

    async with stranger(proxy) as port, nudger(f"http://127.0.0.1:{port}") as (address, _):
        behind.append(address)
        found = await asked(f"http://127.0.0.1:{port}")

    assert found.grade is Grade.OK
    assert "/healthz is not let through" in found.sentence


@pytest.mark.parametrize(
    ("handler", "said", "advice"),
    [
        (answering(301, Location="https://nudger.example.org/"), "leads to https://nudger", "https"),
        (answering(401), "got 401", "Something before nudger refuses"),
        (answering(403, "Forbidden by the firewall"), "got 403", "Something before nudger refuses"),
        (answering(404), "got 404", "does not hand /twilio/ on"),
        (answering(502), "got 502", "no nudger behind it"),
        (answering(504), "got 504", "NUDGER_WEB_PORT"),
        (answering(200, "Welcome!"), "got 200", "Another program"),
        (answering(405), "got 405", "Another program"),
    ],
)
async def test_what_stands_in_between_is_told_by_its_answer(handler: Handler, said: str, advice: str) -> None:
    async with stranger(handler) as port:
        found = await asked(f"http://127.0.0.1:{port}")

    assert (found.grade, found.exit_code) == (Grade.FAILURE, 5)
    assert "an unsigned text to" in found.sentence
    assert said in found.sentence
    assert advice in found.advice


async def test_an_address_where_nothing_listens_says_so() -> None:
    found = await asked("http://127.0.0.1:9")

    assert found.sentence == "http://127.0.0.1:9: nothing listens there, or nothing lets us through"


async def test_a_name_that_does_not_exist_says_so() -> None:
    found = await asked("https://nudger.invalid")

    assert "its name is not known" in found.sentence
    assert "DNS" in found.advice


async def test_an_address_that_does_not_answer_is_given_up() -> None:
    async def hanging(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    async with stranger(hanging) as port:
        found = await asked(f"http://127.0.0.1:{port}", timedelta(seconds=0.2))

    assert "no answer within 0.2 s" in found.sentence


async def test_a_certificate_that_nobody_vouches_for_says_so(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    if certificate is None:
        pytest.skip("the openssl command makes the test's certificate: apt-get install openssl")

    async with stranger(answering(200), ssl_context=certificate.server()) as port:
        found = await asked(f"https://localhost:{port}")

    assert "its certificate is not valid" in found.sentence


async def test_https_on_a_port_that_speaks_http_says_so() -> None:
    async with stranger(answering(200)) as port:
        found = await asked(f"https://127.0.0.1:{port}")

    assert "no TLS could be agreed on" in found.sentence
    assert "https port" in found.advice
