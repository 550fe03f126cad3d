"""The pages behind the real server: what uvicorn makes of a request, and how it lets go of one."""

import asyncio
import logging
from urllib.parse import urlencode, urlsplit

import pytest
from starlette.applications import Starlette
from twilio.request_validator import RequestValidator

from nudger.web.serve import serve
from tests.support.asking import FORM
from tests.support.worlds.web import MAYA, PUBLIC_URL, TOKEN, World

PATIENCE = 5  # seconds; what is broken must fail, not hang


async def _talk(address: str, request: bytes) -> bytes:
    """What the server says until it hangs up."""
    host, port = urlsplit(address).netloc.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()
        await writer.wait_closed()


def _post(target: str, body: bytes, *more: str, length: int | None = None) -> bytes:
    head = [
        f"POST {target} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"Content-Type: {FORM}",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.parametrize("target", ["/twilio/inbound?a=%20+b&blank=", "/twilio/status/%30" + "1" * 31])
async def test_the_server_hands_on_the_address_as_it_was_signed(
    world: World, twilio_app: Starlette, target: str
) -> None:
    form = {"MessageSid": "SM" + "1a" * 16, "From": MAYA.phone or "", "Body": "", "MessageStatus": "sent"}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + target, form)

    async with serve(twilio_app, "127.0.0.1", 0) as address:
        answer = await _talk(
            address, _post(target, urlencode(form).encode(), f"X-Twilio-Signature: {signature}")
        )

    assert answer.split()[1] in (b"200", b"204")
    assert len(world.replies) + len(world.statuses) == 1


async def test_a_body_that_stalls_is_cut_off(twilio_app: Starlette) -> None:
    async with serve(twilio_app, "127.0.0.1", 0) as address:
        answer = await _talk(
            address, _post("/twilio/inbound", b"Body=", "X-Twilio-Signature: x", length=9000)
        )

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_is_too_large_is_cut_off(twilio_app: Starlette) -> None:
    async with serve(twilio_app, "127.0.0.1", 0) as address:
        answer = await _talk(
            address, _post("/twilio/inbound", b"Body=", "X-Twilio-Signature: x", length=10**9)
        )

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_an_open_page_does_not_hold_up_the_end(
    world: World, phone_app: Starlette, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(phone_app, "127.0.0.1", 0) as address:
        request = b"GET /phone/events HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        talking = asyncio.create_task(_talk(address, request))
        await asyncio.wait_for(world.watched.wait(), PATIENCE)
        phone_app.state.close()
        answer = await talking

    assert b"retry: 1000" in answer
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_no_answer_waits_for_the_network_to_be_filled(phone_app: Starlette) -> None:
    """Nagle's algorithm holds the second packet of an answer back until the first is acknowledged: 40 ms."""
    loop, took = asyncio.get_running_loop(), []
    async with serve(phone_app, "127.0.0.1", 0) as address:
        host, port = urlsplit(address).netloc.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(20):
            asked_at = loop.time()
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await asyncio.wait_for(reader.readuntil(b"ok\n"), PATIENCE)
            took.append(loop.time() - asked_at)
        writer.close()

    assert sorted(took)[len(took) // 2] < 0.03
