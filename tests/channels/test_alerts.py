"""The ways to the operator, against servers on this machine."""

import json
from datetime import UTC, datetime

import pytest

from nudger.channels.alerts import JsonPost, Mail, Ping, PlainPost, alert_parts
from nudger.channels.smtp.channel import Security, SmtpChannel
from nudger.domain.errors import ChannelError
from nudger.operations.alerts import Alert
from tests.support.doubles.smtp_double import SmtpDouble
from tests.support.doubles.watchman import watchman
from tests.support.rigs import StoppedClock

ALERT = Alert("nudger on büro: queue\nX-Evil: 1", "Since 12:00: no é goes out", True, ("queue",))


async def test_a_plain_post_has_title_and_priority_as_headers_and_the_text_as_body() -> None:
    async with watchman() as double:
        await PlainPost(f"{double.url}/topic").tell(ALERT)

    (heard,) = double.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/topic", "Since 12:00: no é goes out")
    assert heard.headers["title"] == "nudger on b?ro: queue X-Evil: 1"
    assert heard.headers["priority"] == "high"


async def test_a_json_post_says_the_same_to_a_program() -> None:
    async with watchman() as double:
        await JsonPost(f"{double.url}/hook?key=1").tell(ALERT)

    (heard,) = double.heard
    assert heard.path == "/hook?key=1"
    assert json.loads(heard.body) == {
        "title": ALERT.title,
        "text": f"{ALERT.title}\n{ALERT.text}",
        "urgent": True,
        "alarms": ["queue"],
    }


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_what_is_not_taken_is_told_without_the_secret_of_the_address(status: int) -> None:
    async with watchman() as double:
        double.status = status
        with pytest.raises(ChannelError) as refused:
            await PlainPost(f"{double.url}/secret-topic").tell(ALERT)

    assert refused.value.message == f"127.0.0.1: answered {status}"
    assert len(double.heard) == 1


async def test_nobody_there_is_told_without_the_secret_of_the_address() -> None:
    with pytest.raises(ChannelError) as refused:
        await PlainPost("http://127.0.0.1:9/secret-topic").tell(ALERT)

    assert refused.value.message == "127.0.0.1: no answer (ClientConnectorError)"


async def test_mail_goes_by_the_mail_server_of_the_settings() -> None:
    async with SmtpDouble() as double:

        def connect() -> SmtpChannel:
            return SmtpChannel(
                host="127.0.0.1",
                port=double.port,
                security=Security.NONE,
                sender="Nudger <nudger@example.org>",
                compose=alert_parts,
                clock=StoppedClock(),
            )

        await Mail(connect, "ops@example.org").tell(ALERT)

        (mail,) = double.mails
        assert mail.recipients == ("ops@example.org",)
        assert mail.message["Subject"] == "nudger on büro: queue X-Evil: 1"
        assert mail.message["Auto-Submitted"] == "auto-generated"
        assert mail.message.get_content().strip() == "Since 12:00: no é goes out"
        with pytest.raises(ChannelError, match="an alert could not be mailed"):
            await Mail(connect, "nouser@example.org").tell(ALERT)


async def test_a_watchmans_clock_without_an_offset_is_taken_for_utc() -> None:
    async with watchman() as double:
        double.date = "Mon, 23 Nov 2026 12:00:00 -0000"
        assert await Ping(f"{double.url}/uuid").ping("") == datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_a_ping_is_a_get_and_a_fault_a_post_beside_it() -> None:
    date = datetime(2026, 11, 23, 12, tzinfo=UTC)
    async with watchman() as double:
        double.date = date
        assert await Ping(f"{double.url}/uuid?rid=1").ping("") == date
        assert await Ping(f"{double.url}/uuid?rid=1").ping("the queue is stuck") == date

    assert [(heard.method, heard.path, heard.body) for heard in double.heard] == [
        ("GET", "/uuid?rid=1", ""),
        ("POST", "/uuid/fail?rid=1", "the queue is stuck"),
    ]
