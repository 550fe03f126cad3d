"""The promises of `Channel`, kept by every implementation against a provider that is really there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import pytest

from nudger.agenda.entries import Failure, SendFailure
from tests.support.rigs import SECRETS, Rig, phone_rig, smsgate_rig, smsgate_server_rig, smtp_rig, twilio_rig

RIGS: dict[str, Callable[..., AbstractAsyncContextManager[Rig]]] = {
    "phone": phone_rig,
    "twilio": twilio_rig,
    "smsgate": smsgate_rig,
    "smsgate server": smsgate_server_rig,
    "smtp": smtp_rig,
}
PROVIDERS = ["twilio", "smsgate", "smsgate server", "smtp"]

ENDINGS = [
    ("twilio", "+15005550001", Failure.RECIPIENT),
    ("twilio", "+15005550002", Failure.RECIPIENT),
    ("twilio", "+15005550003", Failure.SENDER),
    ("twilio", "+15005550004", Failure.OPTED_OUT),
    ("twilio", "+15005550009", Failure.RECIPIENT),
    ("twilio", "+15005550429", Failure.NOT_SENT),
    ("twilio", "+15005550500", Failure.AMBIGUOUS),
    ("twilio", "+15005550503", Failure.AMBIGUOUS),
    ("twilio", "+15005550700", Failure.AMBIGUOUS),
    ("twilio", "+15005550701", Failure.AMBIGUOUS),
    ("smsgate", "+15005550400", Failure.SENDER),
    ("smsgate", "+15005550401", Failure.SENDER),
    ("smsgate", "+15005550403", Failure.SENDER),
    ("smsgate", "+15005550429", Failure.NOT_SENT),
    ("smsgate", "+15005550500", Failure.AMBIGUOUS),
    ("smsgate", "+15005550502", Failure.AMBIGUOUS),
    ("smsgate", "+15005550504", Failure.AMBIGUOUS),
    ("smsgate", "+15005550701", Failure.AMBIGUOUS),
    ("smsgate server", "+15005550503", Failure.NOT_SENT),
    ("smtp", "nouser@example.org", Failure.RECIPIENT),
    ("smtp", "norelay@example.org", Failure.RECIPIENT),
    ("smtp", "grey@example.org", Failure.NOT_SENT),
    ("smtp", "busy@example.org", Failure.NOT_SENT),
    ("smtp", "cut@example.org", Failure.NOT_SENT),
    ("smtp", "full@example.org", Failure.RECIPIENT),
    ("smtp", "spam@example.org", Failure.SENDER),
    ("smtp", "drop@example.org", Failure.AMBIGUOUS),
]
HANGING = [("twilio", "+15005550800"), ("smsgate", "+15005550800"), ("smtp", "hang@example.org")]


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param]() as rig:
        yield rig


async def test_an_accepted_message_has_a_receipt_with_an_id(rig: Rig) -> None:
    receipt = await rig.channel.send(rig.message)

    assert receipt.provider_id


@pytest.mark.parametrize("words", ["A short walk?", "Été – {a} [b] €5 & 1 = 2\n.\nTea? 🫖", "x" * 1600])
async def test_a_message_arrives_once_at_its_address_with_its_words(rig: Rig, words: str) -> None:
    await rig.channel.send(replace(rig.message, text=words))

    assert rig.taken() == [(rig.message.address, words)]


async def test_concurrent_messages_keep_their_own_receipts(rig: Rig) -> None:
    messages = [replace(rig.message, message=f"m{n}", text=f"text {n}") for n in range(60)]

    receipts = await asyncio.gather(*map(rig.channel.send, messages))

    assert len({receipt.provider_id for receipt in receipts}) == len(messages)
    assert sorted(rig.taken()) == sorted((one.address, one.text) for one in messages)


async def test_nothing_is_sent_after_close(rig: Rig) -> None:
    await rig.channel.send(rig.message)
    await rig.channel.close()

    with pytest.raises(SendFailure) as failed:
        await rig.channel.send(rig.message)

    assert failed.value.failure is Failure.NOT_SENT
    assert len(rig.taken()) == 1


async def test_closing_twice_is_harmless(rig: Rig) -> None:
    await rig.channel.close()
    await rig.channel.close()


async def test_a_channel_shows_no_secret(rig: Rig) -> None:
    shown = repr(rig.channel)

    assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize(("name", "address", "failure"), ENDINGS)
async def test_each_ending_has_its_class(name: str, address: str, failure: Failure) -> None:
    async with RIGS[name]() as rig:
        with pytest.raises(SendFailure) as failed:
            await rig.channel.send(replace(rig.message, address=address))

        assert failed.value.failure is failure


@pytest.mark.parametrize(("name", "address", "failure"), ENDINGS)
async def test_a_failure_names_neither_an_address_nor_a_secret(
    name: str, address: str, failure: Failure
) -> None:
    async with RIGS[name]() as rig:
        with pytest.raises(SendFailure) as failed:
            await rig.channel.send(replace(rig.message, address=address))

        told = f"{failed.value.reason} {failed.value!r} {failed.value.code} {failed.value.__cause__!r}"
        assert failed.value.reason
        assert not [private for private in (address, "+1500", rig.message.text, *SECRETS) if private in told]


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_failure_harms_no_later_message(name: str) -> None:
    async with RIGS[name]() as rig:
        for address in [address for channel, address, _ in ENDINGS if channel == name]:
            with pytest.raises(SendFailure):
                await rig.channel.send(replace(rig.message, address=address))

        await rig.channel.send(rig.message)

        assert rig.taken()[-1] == (rig.message.address, rig.message.text)


@pytest.mark.parametrize(("name", "address"), HANGING)
async def test_a_message_without_an_answer_ends_in_time_and_is_ambiguous(name: str, address: str) -> None:
    async with RIGS[name](limit=timedelta(milliseconds=300)) as rig:
        async with asyncio.timeout(5):
            with pytest.raises(SendFailure) as failed:
                await rig.channel.send(replace(rig.message, address=address))

        assert failed.value.failure is Failure.AMBIGUOUS
        assert [taken[0] for taken in rig.taken()] == [address]


@pytest.mark.parametrize(("name", "address"), HANGING)
async def test_a_message_that_hangs_does_not_hold_up_the_others(name: str, address: str) -> None:
    async with RIGS[name](limit=timedelta(seconds=2)) as rig:
        stuck = asyncio.create_task(rig.channel.send(replace(rig.message, address=address)))

        await rig.channel.send(rig.message)

        assert not stuck.done()
        stuck.cancel()
        await asyncio.wait([stuck])
