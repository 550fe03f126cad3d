"""SMSGate: what is posted, what an answer and a state mean, and that no end stays unknown."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nudger.agenda.entries import Failure, SendFailure, Stage
from nudger.channels.smsgate.api import is_local, stamp
from nudger.channels.smsgate.channel import SmsGateChannel
from nudger.channels.smsgate.states import failure_of, report_of
from nudger.domain.errors import ChannelError
from tests.support.doubles.smsgate_double import DEVICE, SmsGateDouble
from tests.support.rigs import TEXT, smsgate_channel


@pytest.fixture
async def double() -> AsyncIterator[SmsGateDouble]:
    async with SmsGateDouble() as double:
        yield double


@pytest.fixture
async def channel(double: SmsGateDouble) -> AsyncIterator[SmsGateChannel]:
    made = smsgate_channel(double)
    yield made
    await made.close()


async def test_a_text_carries_our_id_until_when_it_may_go_and_no_priority(
    channel: SmsGateChannel, double: SmsGateDouble
) -> None:
    await channel.send(replace(TEXT, valid_for=timedelta(minutes=30)))

    ((method, path, query, body),) = double.requests
    assert (method, path, query) == ("POST", "/messages", {"skipPhoneValidation": "true"})
    assert body == {
        "id": TEXT.message,
        "textMessage": {"text": TEXT.text},
        "phoneNumbers": [TEXT.address],
        "ttl": 30 * 60 - 15,  # counted from its arrival, which may be that much later
        "priority": 0,
        "withDeliveryReport": True,
    }


async def test_a_server_is_told_which_phone_sends() -> None:
    async with SmsGateDouble(server=True) as double:
        channel = smsgate_channel(double)
        await channel.send(TEXT)
        await channel.close()

    assert double.requests[0][3]["deviceId"] == DEVICE


async def test_of_several_sims_each_number_has_one_for_good(double: SmsGateDouble) -> None:
    numbers = [f"+4477009001{n:02}" for n in range(20)]
    for _ in range(2):  # a restart changes nothing
        channel = smsgate_channel(double, sims=[1, 2])
        for number in numbers:
            await channel.send(replace(TEXT, message=f"{number}{len(double.texts)}", address=number))
        await channel.close()

    sims: dict[str, set[int | None]] = {}
    for text in double.texts.values():
        sims.setdefault(text.number, set()).add(text.sim)
    assert {len(of_one) for of_one in sims.values()} == {1}
    assert set().union(*sims.values()) == {1, 2}


async def test_the_same_message_again_is_accepted_and_goes_out_once(
    channel: SmsGateChannel, double: SmsGateDouble
) -> None:
    first = await channel.send(TEXT)

    assert await channel.send(TEXT) == first
    await double.work()
    assert len(double.went_out) == 1


@pytest.mark.parametrize("number", ["+15005550501", "+15005550700"])
async def test_a_text_that_was_taken_without_an_answer_is_found_at_once(
    channel: SmsGateChannel, double: SmsGateDouble, number: str
) -> None:
    receipt = await channel.send(replace(TEXT, address=number))

    assert receipt.provider_id == TEXT.message
    assert [text.number for text in double.texts.values()] == [number]


async def test_a_text_without_the_time_to_send_it_is_not_handed_over(
    channel: SmsGateChannel, double: SmsGateDouble
) -> None:
    with pytest.raises(SendFailure) as failed:
        await channel.send(replace(TEXT, valid_for=timedelta(seconds=10)))

    assert failed.value.failure is Failure.NOT_SENT
    assert double.requests == []


async def test_nothing_goes_out_after_the_time_that_a_claim_gives(
    channel: SmsGateChannel, double: SmsGateDouble
) -> None:
    with pytest.raises(SendFailure) as failed:
        await channel.send(replace(TEXT, until=asyncio.get_running_loop().time() - 1))

    assert failed.value.failure is Failure.NOT_SENT
    assert double.texts == {}


async def test_a_phone_that_is_off_was_not_reached(channel: SmsGateChannel, double: SmsGateDouble) -> None:
    await double.refuse_connections()

    with pytest.raises(SendFailure) as failed:
        await channel.send(TEXT)

    assert failed.value.failure is Failure.NOT_SENT


async def test_what_it_has_is_told_by_our_ids_and_what_it_has_not_is_left_out(
    channel: SmsGateChannel, double: SmsGateDouble
) -> None:
    for message in ("one", "two"):
        await channel.send(replace(TEXT, message=message))
    await double.work()
    double.deliver(double.texts["two"])

    found = await channel.look_up(["one", "two", "three"])

    assert {one.message: one.report.stage for one in found} == {
        "one": Stage.ACCEPTED,
        "two": Stage.DELIVERED,
    }


async def test_a_phone_that_is_off_tells_nothing_of_what_it_has(
    channel: SmsGateChannel, double: SmsGateDouble
) -> None:
    await double.refuse_connections()

    with pytest.raises(ChannelError):
        await channel.look_up(["one"])


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        ("Pending", Stage.ACCEPTED),
        ("Processed", Stage.ACCEPTED),
        ("Sent", Stage.ACCEPTED),
        ("Cancelling", Stage.ACCEPTED),
        ("Delivered", Stage.DELIVERED),
        ("Cancelled", Stage.CANCELLED),
        ("Failed", Stage.FAILED),
        ("Yet to come", Stage.ACCEPTED),
    ],
)
def test_each_state_says_how_far_a_text_has_come(state: str, stage: Stage) -> None:
    assert report_of("one", state, None).stage is stage


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("TTL expired", Failure.NOT_SENT),
        ("Send result: RESULT_ERROR_LIMIT_EXCEEDED", Failure.AMBIGUOUS),
        ("Send result: RESULT_ERROR_NO_SERVICE", Failure.AMBIGUOUS),
        ("Send result: RESULT_ERROR_RADIO_OFF", Failure.AMBIGUOUS),
        ("sendSMS: Invalid phone number +447700900123", Failure.AMBIGUOUS),
        ("Delivery result from SC: 64", Failure.LOST),
        ("", Failure.LOST),
    ],
)
def test_only_an_expired_text_is_known_not_to_have_gone_out(error: str, failure: Failure) -> None:
    found = failure_of(error)

    assert found.failure is failure
    assert "+44" not in found.reason


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://192.168.1.20:8080", True),
        ("https://phone.example.org/gateway", True),
        ("https://api.sms-gate.app/3rdparty/v1", False),
        ("https://sms.example.org/api/3rdparty/v1/", False),
    ],
)
def test_a_phone_is_told_from_a_server_by_its_address(url: str, local: bool) -> None:
    assert is_local(url) is local


def test_an_instant_is_written_as_the_app_reads_it() -> None:
    at = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)

    assert stamp(at) == "2026-11-23T10:00:00Z"


async def test_a_phone_that_is_well_leaves_no_doubt(channel: SmsGateChannel) -> None:
    assert await channel.check() == ()


async def test_an_old_app_a_low_battery_a_missing_sim_and_missing_webhooks_are_doubts(
    double: SmsGateDouble,
) -> None:
    double.version = "1.66.2"
    double.checks["battery:level"] = {"status": "fail", "observedValue": 7}  # which answers with a 500
    channel = smsgate_channel(double, sims=[2])

    doubts = await channel.check("https://nudger.example.org/smsgate/inbound")
    await channel.close()

    assert doubts == (
        "SIM 2 is not in the phone",
        "its battery is low (7 %)",
        "its app is older than 1.67.0: no text can be taken back",
        "the app does not post to https://nudger.example.org/smsgate/inbound yet: nudger run registers that",
    )


@pytest.mark.parametrize(
    ("changes", "hint"),
    [({"password": "other"}, "_PASSWORD"), ({"device_id": "other"}, "_DEVICE_ID"), ({}, "phone on")],
)
async def test_what_keeps_texts_from_going_out_is_told_with_what_to_do(
    double: SmsGateDouble, changes: dict[str, str], hint: str
) -> None:
    channel = smsgate_channel(double, **changes)
    if not changes:
        await double.refuse_connections()

    with pytest.raises(ChannelError) as failed:
        await channel.check()
    await channel.close()

    assert hint in failed.value.hint
