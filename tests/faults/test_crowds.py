"""Crowds of bad guests at the real server: none of them keeps anybody out, and none stays."""

import asyncio
import logging
import socket
from collections import Counter
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlencode, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from nudger.inbound.port import Inbound
from nudger.web.app import build_app
from nudger.web.security.connections import MOST_AHEAD, SLOWED_BY, STRAINED, Admission, Limits
from nudger.web.security.guard import Refusals
from nudger.web.serve import LONGEST_GOODBYE, serve
from nudger.web.webhooks.twilio import Webhooks
from tests.support.asking import FORM
from tests.support.crowds import (
    HALF_A_FORM,
    HALF_A_HEAD,
    HELLO,
    KEPT,
    PATIENCE,
    UNREAD,
    Guest,
    ask,
    crowd,
    guest,
)
from tests.support.doubles.twilio_double import inbound_form
from tests.support.worlds.web import MAYA, PUBLIC_URL, TOKEN, World

CROWD = 199
SHORT = Limits(idle=0.4, head=0.4, body=0.4, answer=0.4, rest=0.2)
LONG = Limits(idle=60, head=60, body=60, answer=60, rest=60)  # nobody is cut off for being slow here


def everywhere(number: int) -> list[str]:
    return [f"127.1.{one >> 7}.{(one & 127) + 1}" for one in range(number)]


def signed(text: str) -> bytes:
    form = inbound_form("SM" + "1a" * 16, MAYA.phone or "", text)
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC_URL}/twilio/inbound", form)
    body = urlencode(form)
    return (
        "POST /twilio/inbound HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"X-Twilio-Signature: {signature}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        pytest.param(b"", b"", id="silent from the start"),
        pytest.param(HALF_A_HEAD, b"x", id="half a head"),
        pytest.param(UNREAD, b"x", id="a body that nobody reads"),
        pytest.param(HALF_A_FORM, b"x", id="a body that drips"),
        pytest.param(KEPT, b"", id="silent after an answer"),
        pytest.param(KEPT + b"GET /healthz", b"x", id="half a second head"),
    ],
)
async def test_whoever_is_slow_is_let_go_and_meanwhile_keeps_nobody_out(first: bytes, drop: bytes) -> None:
    app = World().twilio_app()
    async with (
        serve(app, "127.0.0.1", 0, limits=SHORT) as server,
        crowd(server, ["127.0.0.1"] * CROWD, first) as guests,
    ):
        answer = await ask(server, HELLO)
        await asyncio.gather(*(one.is_let_go(drop) for one in guests))

    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_whoever_asks_and_asks_without_reading_is_let_go_after_a_few() -> None:
    app = World().twilio_app()
    async with (
        serve(app, "127.0.0.1", 0, limits=LONG) as server,
        crowd(server, ["127.0.0.1"] * 20, KEPT * 2000) as guests,
    ):
        answer = await ask(server, HELLO, "127.0.0.2")
        answers = await asyncio.gather(*(one.rest() for one in guests))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert max(one.count(b"HTTP/1.1 200 ") for one in answers) == MOST_AHEAD + 1


async def test_whoever_takes_no_answer_is_cut_off() -> None:
    """More than the buffers between us hold."""
    whole = PlainTextResponse("x" * 30_000_000)
    app = Starlette(routes=[Route("/export", lambda _: whole)])
    async with serve(app, "127.0.0.1", 0, limits=SHORT) as server, asyncio.timeout(PATIENCE):
        host, port = urlsplit(server).netloc.split(":")
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, (host, int(port)))
            await loop.sock_sendall(deaf, HELLO.replace(b"healthz", b"export"))
            with suppress(ConnectionError):
                while True:
                    await asyncio.sleep(0.05)
                    await loop.sock_sendall(deaf, b"x")


async def test_an_address_has_no_more_than_its_share_and_takes_it_from_nobody_else() -> None:
    app = World().twilio_app()
    async with serve(app, "127.0.0.1", 0, limits=LONG) as server, guest(server, "127.0.0.9") as calm:
        calm.writer.write(KEPT)
        await calm.reader.readuntil(b"ok\n")
        async with crowd(server, ["127.0.0.2"] * (LONG.of_address + 30), HALF_A_FORM) as guests:
            put_out = sum([await one.is_gone() for one in guests])
            answer = await calm.ask(HELLO)

    assert put_out == 30
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("first", [b"", HALF_A_HEAD, HALF_A_FORM, UNREAD, KEPT], ids=str)
@pytest.mark.parametrize("addresses", [1, CROWD * 2])
async def test_a_signed_text_finds_room_however_many_strangers_hold_on(first: bytes, addresses: int) -> None:
    world = World()
    strangers = ["127.0.0.2"] * (CROWD * 2) if addresses == 1 else everywhere(addresses)
    async with (
        serve(world.twilio_app(), "127.0.0.1", 0, limits=LONG) as server,
        crowd(server, strangers, first),
    ):
        answer = await ask(server, signed("LATER"), "127.0.0.3")

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert [reply.text for reply in world.replies] == ["LATER"]


class Hesitant(World):
    """A store that takes as long over a text as the test wants, and over /readyz for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def take(self, inbound: Inbound) -> None:
        self.asked.set()
        await self.may_go_on.wait()
        await super().take(inbound)

    def twilio_app(self) -> Starlette:  # type: ignore[override]
        return build_app([self, Webhooks(self, self, self)])

    def routes(self) -> list[Route]:
        return [Route("/readyz", self._never)]

    async def _never(self, _: Request) -> Response:
        await asyncio.Event().wait()
        return Response()


async def test_a_signed_text_that_is_being_taken_is_put_out_for_nobody() -> None:
    world = Hesitant()
    async with serve(world.twilio_app(), "127.0.0.1", 0, limits=LONG) as server:
        answering = asyncio.create_task(ask(server, signed("STOP"), "127.0.0.3"))
        await world.asked.wait()
        # Not only slow ones: these make the store work.
        async with crowd(server, everywhere(CROWD * 2), KEPT.replace(b"healthz", b"readyz")):
            world.may_go_on.set()
            answer = await answering

    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_behind_a_proxy_a_client_has_its_share_and_not_the_proxy() -> None:
    def from_(client: str, request: bytes) -> bytes:
        return request.replace(b"\r\n\r\n", f"\r\nX-Forwarded-For: {client}\r\n\r\n".encode(), 1)

    app = World().twilio_app()
    of_one = from_("198.51.100.7", HALF_A_FORM)
    async with (
        serve(app, "127.0.0.1", 0, limits=LONG, behind_proxy=True) as server,
        crowd(server, ["127.0.0.1"] * 60, from_("203.0.113.9", KEPT)) as others,
        crowd(server, ["127.0.0.1"] * (LONG.of_address + 5), of_one) as guests,
    ):
        put_out = [sum([await one.is_gone() for one in group]) for group in (others, guests)]

    assert put_out == [10, 5]


async def test_more_requests_than_can_be_answered_wait_behind_all_else() -> None:
    """Each is answered at once, and so many of them would leave nothing of the event loop to nudges."""
    world, counted = World(), Counter[str]()
    refusals = Refusals(lambda why, page: counted.update([why]))
    answered = 0

    async def again_and_again(one: Guest) -> None:
        nonlocal answered
        while not counted["slowed down"]:
            one.writer.write(KEPT)
            await one.reader.readuntil(b"ok\n")
            answered += 1

    async with (
        serve(world.twilio_app(), "127.0.0.1", 0, refusals=refusals) as server,
        crowd(server, everywhere(150), b"") as guests,
        asyncio.TaskGroup() as group,
    ):
        for one in guests:
            group.create_task(again_and_again(one))
        before = answered
        answer = await ask(server, signed("LATER"), "127.0.0.3")

    assert counted["slowed down"] > 0
    assert answered > before
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert [reply.text for reply in world.replies] == ["LATER"]


async def test_a_stranger_waits_a_little_while_the_event_loop_is_late() -> None:
    admission = Admission(Limits(), Refusals(), behind_proxy=False)
    now = asyncio.get_running_loop().time()
    admission.tick(now - 10, 0.1)
    admission.tick(now, 0.1)  # ten seconds late
    asked_at = asyncio.get_running_loop().time()

    await admission.wait_turn()

    assert asyncio.get_running_loop().time() - asked_at >= SLOWED_BY
    assert admission.strained_until == now + STRAINED


async def test_the_end_waits_for_no_stranger_and_says_nothing_of_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        app = Hesitant().twilio_app()
        async with serve(app, "127.0.0.1", 0, limits=LONG) as server:
            for first in (b"", HALF_A_HEAD, HALF_A_FORM, UNREAD, KEPT.replace(b"healthz", b"readyz")):
                await stack.enter_async_context(crowd(server, ["127.0.0.1"] * 8, first))
            asked_to_end_at = loop.time()
        took = loop.time() - asked_to_end_at

    assert took < LONGEST_GOODBYE + 1
    said = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert said == [
        "Cancel 8 running task(s), timeout graceful shutdown exceeded"
    ]  # of those that wait for us


async def test_what_was_refused_is_counted_and_summed_up_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    counted: list[tuple[str, str]] = []
    refusals = Refusals(lambda why, page: counted.append((why, page)))
    app = World().twilio_app(refusals=refusals)
    async with serve(app, "127.0.0.1", 0, limits=SHORT, refusals=refusals) as server:
        for request in (b"nonsense\r\n\r\n", HELLO.replace(b"healthz", b"wp-login"), signed("x")[:-1] + b"y"):
            for _ in range(50):
                await ask(server, request)

    assert sorted(set(counted)) == [("403", "/twilio"), ("404", ""), ("no HTTP", "")]
    assert len(counted) == 150
    assert caplog.records == []
