"""The adapter's requests, and the double's answers, against Twilio's own OpenAPI description.

Prism stands between the two as a proxy and refuses what the description does not allow, both ways.
It needs node, `npm install @stoplight/prism-cli@5.14.2` in a folder of its own, and the description,
spec/json/twilio_api_v2010.json of the repository twilio/twilio-oai; docs/testing.md has the steps.
"""

import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nudger.agenda.entries import Failure, SendFailure
from nudger.channels.twilio.channel import TwilioChannel
from tests.support.doubles.twilio_double import AUTH_TOKEN, NUMBER, TwilioDouble
from tests.support.rigs import TEXT, twilio_channel

PRISM = os.environ.get("NUDGER_PRISM", "")
DESCRIPTION = os.environ.get("NUDGER_TWILIO_OPENAPI", "")
SERVICE_SID = "MG" + "0c" * 16
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
RELATIVE = ("uri", "first_page_uri", "next_page_uri", "previous_page_uri")

pytestmark = pytest.mark.skipif(
    not (PRISM and DESCRIPTION),
    reason="install @stoplight/prism-cli@5.14.2 and set NUDGER_PRISM to its prism, and "
    "NUDGER_TWILIO_OPENAPI to Twilio's twilio_api_v2010.json",
)


@pytest.fixture(scope="module")
def ports() -> tuple[int, int]:
    """Two free ones: for the double, and for Prism in front of it."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@pytest.fixture(scope="module")
def prism(ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    description = tmp_path_factory.mktemp("prism") / "messages.json"
    description.write_text(json.dumps(_messages_only(json.loads(Path(DESCRIPTION).read_text()))))
    upstream, port = ports
    command = [PRISM, "proxy", str(description), f"http://127.0.0.1:{upstream}", "--errors"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        started = next((line for line in process.stdout if "listening on" in line), "")
        assert started, "prism ended before it listened"
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        process.stdout.read()


@pytest.fixture
async def double(ports: tuple[int, int]) -> AsyncIterator[TwilioDouble]:
    async with TwilioDouble(port=ports[0]) as double:
        yield double


@pytest.fixture
async def channel(double: TwilioDouble, prism: str) -> AsyncIterator[TwilioChannel]:
    made = twilio_channel(double, base_url=prism, public_url="https://nudger.example.org")
    yield made
    await made.close()


async def test_a_text_from_a_number_is_as_described(channel: TwilioChannel, double: TwilioDouble) -> None:
    receipt = await channel.send(replace(TEXT, text="Tea? 🫖 & a walk"))

    assert receipt.provider_id == double.taken[0]["sid"]
    assert double.requests[0].form["StatusCallback"].startswith("https://nudger.example.org/twilio/status/")


async def test_a_text_from_a_messaging_service_is_as_described(double: TwilioDouble, prism: str) -> None:
    made = twilio_channel(double, base_url=prism, from_number=None, messaging_service_sid=SERVICE_SID)

    await made.send(TEXT)

    await made.close()
    assert double.taken[0]["messaging_service_sid"] == SERVICE_SID


async def test_asking_for_what_came_in_is_as_described_on_every_page(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    double.largest_page = 2
    sids = [double.arrive(TEXT.address, f"text {number}", at=NOW) for number in range(5)]

    found = await channel.list_inbound(NOW + timedelta(hours=3))

    assert [one.provider_id for one in found] == sids


@pytest.mark.parametrize("number", [NUMBER, None])
async def test_asking_for_what_went_out_is_as_described(
    double: TwilioDouble, prism: str, number: str | None
) -> None:
    made = twilio_channel(double, base_url=prism, from_number=number, messaging_service_sid=SERVICE_SID)
    double.largest_page = 2
    receipts = {(await made.send(TEXT)).provider_id for _ in range(3)}

    found = await made.list_outbound(TEXT.address, datetime.now(UTC))

    await made.close()
    assert {one.report.provider_id for one in found} == receipts


async def test_refusals_come_through_as_they_are(channel: TwilioChannel) -> None:
    with pytest.raises(SendFailure) as failed:
        await channel.send(replace(TEXT, address="+15005550429"))

    assert failed.value.failure is Failure.NOT_SENT
    assert failed.value.retry_after == timedelta(seconds=7)


async def test_the_description_is_really_asked(double: TwilioDouble, prism: str) -> None:
    """Without this, a proxy that lets everything through would pass all of the above."""
    made = twilio_channel(double, base_url=prism, from_number=NUMBER, messaging_service_sid="MG-no-sid")

    with pytest.raises(SendFailure) as failed:
        await made.send(TEXT)

    await made.close()
    assert (failed.value.code, double.taken) == ("422", [])
    assert AUTH_TOKEN not in failed.value.reason


def _messages_only(described: dict[str, Any]) -> dict[str, Any]:
    """The part that nudger uses, with one fault of it mended: relative addresses are called URIs, so
    that Twilio's own examples do not pass."""
    paths = {path: what for path, what in described["paths"].items() if "/Messages" in path}
    _mend(described["components"]["schemas"])
    _mend(paths)
    return {**described, "paths": paths}


def _mend(node: Any, name: str = "") -> None:
    if isinstance(node, list):
        for item in node:
            _mend(item)
    elif isinstance(node, dict):
        if name in RELATIVE and node.get("format") == "uri":
            del node["format"]
        for key, value in node.items():
            _mend(value, key)
