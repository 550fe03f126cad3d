"""Asking Twilio about the account and its sender, against the double on the loopback."""

from collections.abc import AsyncIterator

import pytest

from nudger.domain.errors import ChannelError
from tests.support.doubles.twilio_double import (
    ACCOUNT,
    ACCOUNT_SID,
    API_KEY_SECRET,
    API_KEY_SID,
    AUTH_TOKEN,
    NUMBER,
    NUMBERS,
    Refuse,
    TwilioDouble,
    number_resource,
    short_code_resource,
)
from tests.support.rigs import twilio_channel

SERVICE_SID = "MG" + "0c" * 16
WEBHOOK = "https://nudger.example.org/twilio/inbound"
BY_KEY = {"auth_token": None, "api_key_sid": API_KEY_SID, "api_key_secret": API_KEY_SECRET}
BY_SERVICE = {"from_number": None, "messaging_service_sid": SERVICE_SID}


@pytest.fixture
async def double() -> AsyncIterator[TwilioDouble]:
    async with TwilioDouble() as double:
        yield double


async def checked(double: TwilioDouble, inbound_url: str | None = None, **changes: object) -> tuple[str, ...]:
    channel = twilio_channel(double, **changes)
    try:
        return await channel.check(inbound_url)
    finally:
        await channel.close()


async def test_an_active_account_with_its_own_number_has_no_doubts(double: TwilioDouble) -> None:
    assert await checked(double) == ()
    assert double.messages == []
    assert {request.method for request in double.requests} == {"GET"}


@pytest.mark.parametrize("status", ["suspended", "closed"])
async def test_an_account_that_is_not_active_is_a_fault(double: TwilioDouble, status: str) -> None:
    double.account["status"] = status

    with pytest.raises(ChannelError, match=f"^the Twilio account is {status}\n"):
        await checked(double)


async def test_a_trial_account_is_a_doubt(double: TwilioDouble) -> None:
    double.account["type"] = "Trial"

    assert "only numbers that you verified" in (await checked(double))[0]


async def test_wrong_credentials_say_where_to_compare_them_and_never_what_they_are(
    double: TwilioDouble,
) -> None:
    with pytest.raises(ChannelError, match=r"Twilio refused our credentials \(20003\)") as refused:
        await checked(double, auth_token="another-token")

    assert "NUDGER_TWILIO_AUTH_TOKEN" in refused.value.hint
    assert "another-token" not in str(refused.value)


async def test_an_api_key_that_may_not_read_the_account_is_told_by_the_number(double: TwilioDouble) -> None:
    assert await checked(double, **BY_KEY) == ()


async def test_an_api_key_that_is_wrong_is_a_fault(double: TwilioDouble) -> None:
    with pytest.raises(ChannelError, match="Twilio refused our credentials"):
        await checked(double, **{**BY_KEY, "api_key_secret": "another-secret"})


async def test_a_main_key_reads_the_account_too(double: TwilioDouble) -> None:
    double.keys_read_accounts = True
    double.account["status"] = "suspended"

    with pytest.raises(ChannelError, match="the Twilio account is suspended"):
        await checked(double, **BY_KEY)


@pytest.mark.parametrize("numbers", [[], [NUMBER + "1"]])
async def test_a_number_of_another_account_is_a_fault_that_does_not_quote_it(
    double: TwilioDouble, numbers: list[str]
) -> None:
    double.numbers = [number_resource(number) for number in numbers]

    with pytest.raises(
        ChannelError, match="NUDGER_TWILIO_FROM is no number of this Twilio account"
    ) as missing:
        await checked(double)

    assert NUMBER not in str(missing.value)


async def test_a_number_without_texts_is_a_fault(double: TwilioDouble) -> None:
    double.numbers = [number_resource(NUMBER, sms=False)]

    with pytest.raises(ChannelError, match="cannot send texts"):
        await checked(double)


async def test_a_short_code_is_looked_for_among_short_codes(double: TwilioDouble) -> None:
    double.short_codes = [short_code_resource("12345")]

    assert await checked(double, from_number="12345") == ()
    with pytest.raises(ChannelError, match="no number of this Twilio account"):
        await checked(double, from_number="54321")


async def test_a_messaging_service_is_asked_for(double: TwilioDouble) -> None:
    double.services[SERVICE_SID] = {}

    assert await checked(double, **BY_SERVICE) == ()


async def test_a_messaging_service_that_is_not_there_is_a_fault(double: TwilioDouble) -> None:
    with pytest.raises(ChannelError, match="the Messaging Service does not exist in this account"):
        await checked(double, **BY_SERVICE)


@pytest.mark.parametrize(
    ("url", "method", "doubts"),
    [
        (WEBHOOK, "POST", 0),
        (WEBHOOK, "GET", 1),
        ("https://demo.twilio.com/welcome", "POST", 1),
        ("", "POST", 1),
    ],
)
async def test_texts_that_twilio_posts_elsewhere_are_a_doubt(
    double: TwilioDouble, url: str, method: str, doubts: int
) -> None:
    double.numbers = [number_resource(NUMBER, sms_url=url, method=method)]

    found = await checked(double, WEBHOOK)

    assert len(found) == doubts
    assert all(WEBHOOK in doubt and "webhook" in doubt for doubt in found)


async def test_nobody_asks_for_the_webhook_where_replies_are_polled_for(double: TwilioDouble) -> None:
    double.numbers = [number_resource(NUMBER, sms_url="https://demo.twilio.com/welcome")]

    assert await checked(double, None) == ()


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({"inbound_request_url": WEBHOOK}, 0),
        ({"inbound_request_url": None}, 1),
        ({"use_inbound_webhook_on_number": True}, 0),
    ],
)
async def test_a_messaging_service_has_a_webhook_of_its_own_or_leaves_it_to_the_number(
    double: TwilioDouble, changes: dict[str, object], doubts: int
) -> None:
    double.services[SERVICE_SID] = changes

    assert len(await checked(double, WEBHOOK, **BY_SERVICE)) == doubts


@pytest.mark.parametrize("path", [ACCOUNT, NUMBERS])
async def test_a_fault_of_twilios_own_says_to_try_again(double: TwilioDouble, path: str) -> None:
    double.refusals[path.format(account=ACCOUNT_SID)] = Refuse(503)

    with pytest.raises(ChannelError, match="Twilio had a fault of its own") as failed:
        await checked(double)

    assert failed.value.hint == "Try again in a minute."


async def test_what_is_not_reached_says_so(double: TwilioDouble) -> None:
    with pytest.raises(ChannelError, match="Twilio could not be reached") as failed:
        await checked(double, base_url="http://127.0.0.1:9")

    assert "NUDGER_TWILIO_API_BASE" in failed.value.hint


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"status": None}, "the answer is not Twilio's"),
        ({"date_created": 5}, r"the answer cannot be read \(\w+\)"),  # the package stumbles over it
    ],
)
async def test_what_is_not_twilio_is_told_without_its_words(
    double: TwilioDouble, account: dict[str, object], said: str
) -> None:
    double.account = account

    with pytest.raises(ChannelError, match=said) as failed:
        await checked(double)

    assert AUTH_TOKEN not in str(failed.value)
