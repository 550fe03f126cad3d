"""Texts by Twilio, against the double on the loopback."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nudger.agenda.entries import Failure, SendFailure
from nudger.channels.http import LONGEST_WAIT, NoAnswer, NotReached
from nudger.channels.twilio.channel import TwilioChannel
from nudger.channels.twilio.http import TwilioHttp
from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName
from tests.support.doubles.twilio_double import (
    ACCOUNT_SID,
    API_KEY_SECRET,
    API_KEY_SID,
    AUTH_TOKEN,
    MESSAGES,
    NUMBER,
    Answer,
    Refuse,
    TwilioDouble,
)
from tests.support.rigs import TEXT, twilio_channel

SERVICE_SID = "MG" + "0c" * 16
MAYA = TEXT.address
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def double() -> AsyncIterator[TwilioDouble]:
    async with TwilioDouble() as double:
        yield double


@asynccontextmanager
async def channel(double: TwilioDouble, **changes: object) -> AsyncIterator[TwilioChannel]:
    made = twilio_channel(double, **changes)
    yield made
    await made.close()


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that is no Twilio; `talk` has each connection to itself. Gives its address and port."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    listener = await asyncio.start_server(converse, "127.0.0.1", 0)
    host, port = listener.sockets[0].getsockname()
    yield f"{host}:{port}"
    listener.close()


async def read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    await reader.readexactly(int(length.split(b":")[1]))


@asynccontextmanager
async def opened(http: TwilioHttp) -> AsyncIterator[TwilioHttp]:
    yield http
    await http.close()


async def post(http: TwilioHttp, double: TwilioDouble, to: str, **options: float) -> None:
    url = double.base_url + MESSAGES.format(account=ACCOUNT_SID)
    await http.request("POST", url, data={"To": to, "Body": "x"}, auth=(ACCOUNT_SID, AUTH_TOKEN), **options)


async def failure_from(base_url: str, **changes: object) -> SendFailure:
    async with TwilioDouble() as unused, channel(unused, base_url=base_url, **changes) as made:
        with pytest.raises(SendFailure) as failed:
            await made.send(TEXT)
    return failed.value


# --- what is sent -------------------------------------------------------------------------------
async def test_a_text_is_posted_with_its_number_words_and_time_to_live(double: TwilioDouble) -> None:
    async with channel(double) as made:
        receipt = await made.send(TEXT)

    assert receipt.provider_id == double.taken[0]["sid"]
    assert double.requests[0].form == {
        "To": MAYA,
        "From": NUMBER,
        "Body": TEXT.text,
        "ValidityPeriod": "1800",
    }


@pytest.mark.parametrize(
    ("valid_for", "seconds"),
    [
        (timedelta(seconds=90.9), "90"),
        (timedelta(milliseconds=200), "1"),
        (timedelta(seconds=-5), "1"),
        (timedelta(hours=10), "36000"),
        (timedelta(days=2), "36000"),
    ],
)
async def test_twilio_holds_a_text_for_whole_seconds_that_it_accepts(
    double: TwilioDouble, valid_for: timedelta, seconds: str
) -> None:
    async with channel(double) as made:
        await made.send(replace(TEXT, valid_for=valid_for))

    assert double.requests[0].form["ValidityPeriod"] == seconds


@pytest.mark.parametrize("public", ["https://example.org/nudger", "https://example.org/nudger/"])
async def test_with_a_public_address_the_status_comes_to_the_messages_own_address(
    double: TwilioDouble, public: str
) -> None:
    async with channel(double, public_url=public) as made:
        await made.send(replace(TEXT, message="a/b c"))

    assert double.requests[0].form["StatusCallback"] == "https://example.org/nudger/twilio/status/a%2Fb%20c"


async def test_a_messaging_service_needs_no_number(double: TwilioDouble) -> None:
    async with channel(double, from_number=None, messaging_service_sid=SERVICE_SID) as made:
        await made.send(TEXT)

    assert double.requests[0].form["MessagingServiceSid"] == SERVICE_SID
    assert "From" not in double.requests[0].form


async def test_an_api_key_will_do_in_place_of_the_auth_token(double: TwilioDouble) -> None:
    key = {"auth_token": None, "api_key_sid": API_KEY_SID, "api_key_secret": API_KEY_SECRET}
    async with channel(double, **key) as made:
        await made.send(TEXT)

    assert len(double.taken) == 1


async def test_wrong_credentials_are_the_senders_fault(double: TwilioDouble) -> None:
    async with channel(double, auth_token="wrong") as made:
        with pytest.raises(SendFailure) as failed:
            await made.send(TEXT)

    assert (failed.value.failure, failed.value.code) == (Failure.SENDER, "20003")


async def test_twilios_own_variables_of_the_process_are_not_read(
    double: TwilioDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("EDGE", "dublin"), ("REGION", "ie1"), ("AUTH_TOKEN", "other")):
        monkeypatch.setenv(f"TWILIO_{name}", value)

    async with channel(double) as made:
        await made.send(TEXT)

    assert len(double.taken) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"auth_token": None}, "NUDGER_TWILIO_AUTH_TOKEN"),
        ({"auth_token": None, "api_key_sid": API_KEY_SID}, "an API key and its secret"),
        ({"account_sid": ""}, "NUDGER_TWILIO_ACCOUNT_SID"),
        ({"from_number": None}, "NUDGER_TWILIO_MESSAGING_SERVICE_SID"),
    ],
)
async def test_what_is_missing_is_said_before_anything_is_sent(
    double: TwilioDouble, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ChannelError) as failed:
        twilio_channel(double, **changes)

    assert words in str(failed.value)


# --- how it ends --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({"Retry-After": "0"}, timedelta(0)),
        (
            {"Retry-After": "Mon, 23 Nov 2026 10:00:09 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"},
            timedelta(seconds=9),
        ),
        (
            {"Retry-After": "Mon, 23 Nov 2026 09:00:00 GMT", "Date": "Mon, 23 Nov 2026 10:00:00 GMT"},
            timedelta(0),
        ),
        ({"Retry-After": "9" * 30}, None),
        ({"Retry-After": "99999999"}, LONGEST_WAIT),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
async def test_the_wait_that_twilio_asks_for_comes_with_the_failure(
    double: TwilioDouble, headers: dict[str, str], wait: timedelta | None
) -> None:
    double.behaviours[MAYA] = Refuse(429, 20429, headers)
    async with channel(double) as made:
        with pytest.raises(SendFailure) as failed:
            await made.send(TEXT)

    assert (failed.value.failure, failed.value.retry_after) == (Failure.NOT_SENT, wait)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"sid": null}', b'{"sid": ""}', b"[]", b"null", b"<html>", b"\xff\xfe", b'{"sid":']
)
async def test_a_success_without_a_message_id_is_ambiguous(double: TwilioDouble, body: bytes) -> None:
    double.behaviours[MAYA] = Answer(body)
    async with channel(double) as made:
        with pytest.raises(SendFailure) as failed:
            await made.send(TEXT)

    assert failed.value.failure is Failure.AMBIGUOUS
    assert len(double.taken) == 1


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null", b"<p>no</p>", b'{"code": "x"}', b"\xff"])
async def test_an_error_without_a_code_is_judged_by_its_status(body: bytes) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 400 Bad\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()

    async with server(refuse) as address:
        failure = await failure_from(f"http://{address}")

    assert (failure.failure, failure.code) == (Failure.SENDER, "400")


async def test_a_redirect_is_not_followed_with_the_credentials() -> None:
    asked: list[str] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.append("once")
        writer.write(b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with server(redirect) as address:
        failure = await failure_from(f"http://{address}")

    assert (failure.failure, asked) == (Failure.SENDER, ["once"])
    assert "TWILIO_API_BASE" in failure.reason


async def test_a_refused_connection_is_certainly_not_sent() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    async with server(nothing) as address:
        pass  # it listens no more

    failure = await failure_from(f"http://{address}")

    assert failure.failure is Failure.NOT_SENT
    assert failure.reason == "Twilio could not be reached (ConnectionRefusedError)"


async def test_a_tls_handshake_that_never_ends_is_certainly_not_sent() -> None:
    """The whole time limit passes while connecting, and nothing of the message was written."""

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(silence) as address:
        failure = await failure_from(f"https://{address}", timeout=timedelta(milliseconds=200))

    assert (failure.failure, failure.reason) == (Failure.NOT_SENT, "Twilio did not answer in time")


async def test_a_server_without_tls_is_certainly_not_sent() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")
        await writer.drain()

    async with server(babble) as address:
        failure = await failure_from(f"https://{address}")

    assert failure.failure is Failure.NOT_SENT


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{", b"\x00\x01 not http\r\n\r\n"],
)
async def test_a_connection_that_breaks_after_the_request_is_ambiguous(answer: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async with server(cut) as address:
        failure = await failure_from(f"http://{address}")

    assert failure.failure is Failure.AMBIGUOUS
    told = "".join(traceback.format_exception(failure))
    assert not [secret for secret in (AUTH_TOKEN, "Basic", MAYA) if secret in told]


async def test_an_answer_that_trickles_past_the_time_limit_is_ambiguous() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{")
        await reader.read()

    async with server(trickle) as address:
        failure = await failure_from(f"http://{address}", timeout=timedelta(milliseconds=200))

    assert failure.failure is Failure.AMBIGUOUS


async def test_what_waits_too_long_for_a_free_connection_is_certainly_not_sent(double: TwilioDouble) -> None:
    async with opened(TwilioHttp(timedelta(seconds=30), connections=1)) as http:
        stuck = asyncio.create_task(post(http, double, "+15005550800"))
        await double.wait_for(lambda: len(double.taken) == 1)

        with pytest.raises(NotReached, match="did not answer in time"):
            await post(http, double, MAYA, timeout=0.2)

        stuck.cancel()
        await asyncio.wait([stuck])
    assert len(double.taken) == 1


async def test_a_process_that_stands_still_past_its_time_limit_writes_nothing_when_it_goes_on(
    double: TwilioDouble,
) -> None:
    loop = asyncio.get_running_loop()
    connecting = loop.create_connection

    async def stand_still(*arguments: Any, **named: Any) -> Any:
        connected = await connecting(*arguments, **named)
        time.sleep(0.4)  # noqa: ASYNC251  the whole process, as under SIGSTOP, once the connection is there
        return connected

    loop.create_connection = stand_still  # type: ignore[method-assign]
    async with opened(TwilioHttp(timedelta(seconds=0.2))) as http:
        with pytest.raises(NotReached, match="did not answer in time"):
            await post(http, double, MAYA)

    assert double.requests == []


async def test_a_text_that_is_handed_over_too_late_is_certainly_not_sent(double: TwilioDouble) -> None:
    async with channel(double) as made:
        late = replace(TEXT, until=asyncio.get_running_loop().time() - 0.1)

        with pytest.raises(SendFailure) as failed:
            await made.send(late)

        assert failed.value.failure is Failure.NOT_SENT
        assert double.requests == []
        await made.send(replace(late, until=asyncio.get_running_loop().time() + 5))
        assert len(double.taken) == 1


async def test_the_time_limit_of_one_request_goes_before_the_clients(double: TwilioDouble) -> None:
    async with opened(TwilioHttp(timedelta(seconds=30))) as http, asyncio.timeout(5):
        with pytest.raises(NoAnswer, match="did not answer in time"):
            await post(http, double, "+15005550800", timeout=0.2)


async def test_after_close_nothing_is_reached(double: TwilioDouble) -> None:
    http = TwilioHttp(timedelta(seconds=1))
    await http.close()

    with pytest.raises(NotReached, match="closed"):
        await http.request("GET", double.base_url)


async def test_hundreds_of_texts_at_once_get_each_its_own_answer(double: TwilioDouble) -> None:
    async with channel(double) as made:
        texts = [replace(TEXT, text=f"text {number}") for number in range(400)]
        receipts = await asyncio.gather(*map(made.send, texts))

    sids = {message["sid"]: message["body"] for message in double.taken}
    assert [sids[receipt.provider_id] for receipt in receipts] == [text.text for text in texts]


# --- what came in -------------------------------------------------------------------------------
async def test_what_came_in_is_listed_oldest_first_in_utc_and_nothing_else(double: TwilioDouble) -> None:
    at = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    second = double.arrive(MAYA, "START", at=at)
    first = double.arrive("+447700900456", "LATER", at=at - timedelta(minutes=1))
    async with channel(double) as made:
        await made.send(replace(TEXT, address=NUMBER))  # outbound, and to our own number too
        found = await made.list_inbound(at)

    assert [(one.provider_id, one.text, one.received_at) for one in found] == [
        (first, "LATER", at - timedelta(minutes=1)),
        (second, "START", at),
    ]
    assert found[1].address == MAYA
    assert found[1].channel is ChannelName.SMS
    assert found[1].received_at.tzinfo is UTC


async def test_texts_of_one_second_keep_their_order(double: TwilioDouble) -> None:
    at = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    for words in ("STOP", "START", "LATER"):
        double.arrive(MAYA, words, at=at)
    async with channel(double) as made:
        found = await made.list_inbound(at)

    assert [one.text for one in found] == ["STOP", "START", "LATER"]


async def test_all_pages_are_read(double: TwilioDouble) -> None:
    double.largest_page = 7
    at = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    sids = [double.arrive(MAYA, f"text {number}", at=at) for number in range(30)]
    async with channel(double) as made:
        found = await made.list_inbound(at)

    assert [one.provider_id for one in found] == sids
    assert len(double.requests) == 5


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (datetime(2026, 11, 23, 0, 30, tzinfo=UTC), "2026-11-22"),
        (datetime.fromisoformat("2026-11-23T00:30:00+13:00"), "2026-11-21"),
    ],
)
async def test_a_whole_gmt_day_before_is_asked_for_again(
    double: TwilioDouble, since: datetime, day: str
) -> None:
    start = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    inside = double.arrive(MAYA, "inside", at=start)
    double.arrive(MAYA, "outside", at=start - timedelta(seconds=1))
    async with channel(double) as made:
        found = await made.list_inbound(since)

    assert [one.provider_id for one in found] == [inside]
    assert double.requests[0].query["DateSent>"].startswith(day)


async def test_only_texts_to_our_number_are_asked_for_where_it_is_known(double: TwilioDouble) -> None:
    async with channel(double) as made:
        await made.list_inbound(datetime(2026, 11, 23, tzinfo=UTC))
    async with channel(double, from_number=None, messaging_service_sid=SERVICE_SID) as made:
        await made.list_inbound(datetime(2026, 11, 23, tzinfo=UTC))

    assert double.requests[0].query["To"] == NUMBER
    assert "To" not in double.requests[1].query


async def test_a_text_without_dates_or_words_is_not_lost(double: TwilioDouble) -> None:
    since = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    double.arrive(MAYA, "", at=since)
    double.messages[0].update(date_created=None, body=None)
    async with channel(double) as made:
        found = await made.list_inbound(since)

    assert [(one.text, one.received_at) for one in found] == [("", since)]


async def test_a_list_that_cannot_be_read_says_why(double: TwilioDouble) -> None:
    since = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    async with channel(double, auth_token="wrong") as made:
        with pytest.raises(ChannelError, match="Twilio refused our credentials"):
            await made.list_inbound(since)
    async with channel(double, base_url="http://127.0.0.1:9") as made:
        with pytest.raises(ChannelError, match="could not be reached"):
            await made.list_inbound(since)


# --- what nobody reads --------------------------------------------------------------------------
async def test_no_log_at_any_level_holds_a_number_words_or_secrets(
    double: TwilioDouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    double.arrive(MAYA, "private words")
    async with channel(double) as made:
        await made.send(TEXT)
        await made.list_inbound(datetime(2026, 11, 23, tzinfo=UTC))

    logged = caplog.text
    assert not [one for one in (MAYA, NUMBER, TEXT.text, "private words", AUTH_TOKEN) if one in logged]


async def test_loggers_that_are_stricter_stay_so(double: TwilioDouble) -> None:
    logger = logging.getLogger("urllib3")
    before = logger.level
    logger.setLevel(logging.ERROR)
    async with channel(double):
        kept = logger.level
    logger.setLevel(before)

    assert kept == logging.ERROR
