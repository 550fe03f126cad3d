"""The database cannot be used: whoever asks is asked to come again, and a program says so in its own way."""

import asyncio
import json
import threading

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from nudger.domain.errors import StoreAway, StoreError
from nudger.inbound.port import Inbound
from nudger.web import health
from nudger.web.webhooks import twilio
from tests.support.asking import ask, ask_signed
from tests.support.worlds.web import World

GONE = StoreAway("the database /var/lib/nudger/nudger.db has gone", said="its file has gone")
SERVER = StoreError("the database postgresql://nudger@db/nudger cannot be used: connection refused")
LATER = (
    ("MessageSid", "SM" + "1" * 32),
    ("From", "+447700900123"),
    ("To", "+447700900999"),
    ("Body", "LATER"),
)
DELIVERED = (("MessageSid", "SM" + "0" * 32), ("MessageStatus", "delivered"))


@pytest.mark.parametrize("fault", [GONE, SERVER])
async def test_a_webhook_is_answered_503_so_that_the_text_comes_again(
    world: World, twilio_app: Starlette, fault: StoreError
) -> None:
    world.fault = fault

    with capture_logs():
        inbound = await ask_signed(twilio_app, "/twilio/inbound", LATER)
        status = await ask_signed(twilio_app, f"/twilio/status/{'0' * 32}", DELIVERED)

    assert (inbound.status, status.status) == (503, 503)
    assert inbound.headers["retry-after"] == "10"
    assert "cannot reach its database right now" in inbound.body
    assert "nudger.db" not in inbound.body
    assert "postgresql" not in inbound.body


async def test_a_webhook_that_the_database_keeps_waiting_is_answered_in_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio, "ANSWERS_WITHIN", 0.05)
    cut_off = []

    async def hang(_: Inbound) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cut_off.append(True)
            raise

    monkeypatch.setattr(world, "take", hang)
    async with asyncio.timeout(5):
        answer = await ask_signed(world.twilio_app(), "/twilio/inbound", LATER)

    assert answer.status == 503
    assert cut_off == [True]  # so that the daemon knows of it, and asks for the text


async def test_readiness_says_why_not_and_asks_the_store_nothing(world: World) -> None:
    world.fault = RuntimeError("asked")
    world.why = ["the database: its file has gone"]

    answer = await ask(world.app(), "GET", "/readyz")

    assert answer.status == 503
    assert json.loads(answer.body) == {"ready": False, "why": ["the database: its file has gone"]}


async def test_readiness_that_comes_upon_it_first_says_why_not_too(world: World) -> None:
    world.fault = GONE

    answer = await ask(world.app(), "GET", "/readyz")

    assert answer.status == 503
    assert json.loads(answer.body) == {"ready": False, "why": ["the database: its file has gone"]}


async def test_readiness_is_answered_in_time_where_the_store_hangs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ANSWERS_WITHIN", 0.05)

    answered = threading.Event()
    monkeypatch.setattr(world, "vitals", lambda _now: answered.wait(10))

    with capture_logs():
        async with asyncio.timeout(5):
            answer = await ask(world.app(), "GET", "/readyz")
    answered.set()

    assert answer.status == 503
    assert json.loads(answer.body)["ready"] is False
