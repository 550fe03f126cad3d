"""Asking Twilio what it was given to send: days, pages, queues; and nothing private in a log."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from nudger.agenda.entries import Failure, Stage
from nudger.channels.twilio.channel import TwilioChannel
from nudger.channels.twilio.codes import report_of
from nudger.domain.errors import ChannelError
from tests.support.doubles.twilio_double import AUTH_TOKEN, NUMBER, Refuse, TwilioDouble
from tests.support.rigs import TEXT, twilio_channel

PHONE = TEXT.address
SERVICE_SID = "MG" + "0c" * 16
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
async def double() -> AsyncIterator[TwilioDouble]:
    async with TwilioDouble() as double:
        yield double


@pytest.fixture
async def channel(double: TwilioDouble) -> AsyncIterator[TwilioChannel]:
    made = twilio_channel(double)
    yield made
    await made.close()


async def test_what_was_taken_is_listed_with_its_id_words_and_time(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    receipt = await channel.send(TEXT)

    (found,) = await channel.list_outbound(PHONE, datetime.now(UTC))

    assert (found.report.provider_id, found.report.stage) == (receipt.provider_id, Stage.ACCEPTED)
    assert (found.address, found.text) == (PHONE, TEXT.text)
    assert found.created_at is not None
    assert datetime.now(UTC) - found.created_at < timedelta(seconds=5)


async def test_what_still_waits_in_twilios_queue_is_listed(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    await channel.send(TEXT)
    assert double.taken[0]["date_sent"] is None

    assert len(await channel.list_outbound(PHONE, datetime.now(UTC))) == 1


@pytest.mark.parametrize("minutes", [-1, 0, 1])
@pytest.mark.parametrize("offset", [-1, 1])
async def test_both_gmt_days_around_midnight_are_asked(
    channel: TwilioChannel, double: TwilioDouble, minutes: int, offset: int
) -> None:
    await channel.send(TEXT)
    at = MIDNIGHT + timedelta(minutes=offset)
    double.taken[0] |= {"date_sent": f"{at:%a, %d %b %Y %H:%M:%S +0000}"}

    assert len(await channel.list_outbound(PHONE, MIDNIGHT + timedelta(minutes=minutes))) == 1
    asked = double.requests[1].query
    assert asked["DateSent>"][:10] <= "2026-11-23" < "2026-11-24" <= asked["DateSent<"][:10]


async def test_a_time_in_another_zone_is_asked_by_its_gmt_day(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    east = datetime.fromisoformat("2026-11-24T00:30:00+14:00")  # the 23rd, 10:30 GMT

    await channel.list_outbound(PHONE, east)

    assert double.requests[0].query["DateSent>"][:10] == "2026-11-22"


async def test_every_page_is_read(channel: TwilioChannel, double: TwilioDouble) -> None:
    for _ in range(7):
        await channel.send(TEXT)
    await _sent(double)
    double.largest_page = 3

    assert len(await channel.list_outbound(PHONE, datetime.now(UTC))) == 7


async def test_only_what_we_sent_to_this_number_is_listed(
    channel: TwilioChannel, double: TwilioDouble
) -> None:
    double.arrive(PHONE, "later")
    double.arrive("+447700900999", TEXT.text, to=PHONE)

    assert await channel.list_outbound(PHONE, datetime.now(UTC)) == []


async def test_from_our_number_but_not_where_a_messaging_service_chooses(double: TwilioDouble) -> None:
    ours = twilio_channel(double)
    chosen = twilio_channel(double, from_number=None, messaging_service_sid=SERVICE_SID)

    await ours.list_outbound(PHONE, MIDNIGHT)
    await chosen.list_outbound(PHONE, MIDNIGHT)

    assert [request.query.get("From") for request in double.requests] == [NUMBER, NUMBER, None, None]
    await ours.close()
    await chosen.close()


async def test_a_fate_comes_with_the_list(channel: TwilioChannel, double: TwilioDouble) -> None:
    await channel.send(TEXT)
    double.taken[0] |= {"status": "undelivered", "error_code": 30006}

    (found,) = await channel.list_outbound(PHONE, datetime.now(UTC))

    assert found.report.failure is not None
    assert (found.report.failure.failure, found.report.failure.code) == (Failure.RECIPIENT, "30006")


@pytest.mark.parametrize("refusal", [Refuse(401, 20003), Refuse(429, 20429), Refuse(503)])
async def test_a_list_that_is_refused_says_so_and_names_no_number(
    channel: TwilioChannel, double: TwilioDouble, refusal: Refuse
) -> None:
    double.list_refusal = refusal

    with pytest.raises(ChannelError) as failed:
        await channel.list_outbound(PHONE, MIDNIGHT)

    told = f"{failed.value} {failed.value.__cause__!r}"
    assert not [one for one in (PHONE, quote(PHONE), NUMBER, AUTH_TOKEN) if one in told]


async def test_asking_writes_no_number_into_any_log(
    channel: TwilioChannel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    await channel.list_outbound(PHONE, MIDNIGHT)

    assert PHONE.removeprefix("+") not in caplog.text


@pytest.mark.parametrize(
    ("status", "code", "stage", "failure"),
    [
        *[
            (status, None, Stage.ACCEPTED, None)
            for status in ("queued", "accepted", "sending", "sent", "new")
        ],
        ("delivered", None, Stage.DELIVERED, None),
        ("read", None, Stage.DELIVERED, None),
        ("undelivered", "30003", Stage.FAILED, Failure.RECIPIENT),
        ("undelivered", "30004", Stage.FAILED, Failure.RECIPIENT),
        ("undelivered", 30005, Stage.FAILED, Failure.RECIPIENT),
        ("undelivered", "30006", Stage.FAILED, Failure.RECIPIENT),
        ("undelivered", "30007", Stage.FAILED, Failure.SENDER),
        ("undelivered", "30008", Stage.FAILED, Failure.LOST),
        ("undelivered", "30034", Stage.FAILED, Failure.SENDER),
        ("failed", "30001", Stage.FAILED, Failure.NOT_SENT),
        ("failed", "21610", Stage.FAILED, Failure.OPTED_OUT),
        ("failed", None, Stage.FAILED, Failure.LOST),
        ("failed", "not a code", Stage.FAILED, Failure.LOST),
        ("canceled", "99999", Stage.FAILED, Failure.LOST),
    ],
)
def test_the_table_of_statuses(
    status: str, code: str | int | None, stage: Stage, failure: Failure | None
) -> None:
    told = report_of("SM1", status, code)

    assert (told.provider_id, told.stage) == ("SM1", stage)
    assert (told.failure.failure if told.failure else None) == failure


async def _sent(double: TwilioDouble) -> None:
    for message in double.taken:
        message["date_sent"] = message["date_created"]
