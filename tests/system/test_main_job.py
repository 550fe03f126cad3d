"""The main job, whole: the real daemon, Twilio's requests on the loopback, a real SMTP server."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.doubles.smtp_double import SmtpDouble, make_certificate
from tests.support.doubles.twilio_double import TwilioDouble
from tests.support.running import free_port, nudger, running

PUBLIC_URL = "https://nudger.example.org"
MAYA = "+447700900123"
PLAN = """
name = "{name}"
timezone = "UTC"
{reach}
consent = "2026-11-20, in person"
quiet = "none"
[[nudge]]
kind = "rest"
at = "{at:%H:%M}"
snooze = "1m"
message = "A short rest, {name}?"
"""


def next_minute() -> datetime:
    """The next whole minute that leaves a slow machine time to start."""
    return (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)


def write_plans(folder: Path) -> None:
    at = next_minute()
    plans = folder / "plans"
    plans.mkdir()
    maya = PLAN.format(name="Maya", reach=f'phone = "{MAYA}"', at=at)
    jonas = PLAN.format(name="Jonas", reach='email = "jonas@example.org"', at=at)
    (plans / "maya.toml").write_text(maya)
    (plans / "jonas.toml").write_text(jonas)


async def test_from_a_plan_file_to_a_phone_and_back(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    if certificate is None:
        pytest.skip("the openssl command makes the test's certificate: apt-get install openssl")
    write_plans(tmp_path)
    port = free_port()
    webhook = f"http://127.0.0.1:{port}/twilio/inbound"
    async with (
        TwilioDouble() as twilio,
        SmtpDouble("starttls", certificate, ("nudger", "of-the-double")) as smtp,
    ):
        settings = {
            **twilio.settings,
            "SMS_PER_SECOND": "10",
            "PUBLIC_URL": PUBLIC_URL,
            "WEB_PORT": str(port),
            "EMAIL": "smtp",
            "SMTP_HOST": "localhost",
            "SMTP_PORT": str(smtp.port),
            "SMTP_USERNAME": "nudger",
            "SMTP_PASSWORD": "of-the-double",
            "EMAIL_FROM": "Nudger <nudger@example.org>",
            "SSL_CERT_FILE": str(certificate.certificate),
        }
        async with asyncio.timeout(240):
            async with running(tmp_path, **settings) as daemon:
                await twilio.wait_for(lambda: len(twilio.taken) == 1)
                forged = await twilio.text(
                    webhook, MAYA, "LATER", public="https://elsewhere.example.org/twilio/inbound"
                )
                taken = await twilio.text(webhook, MAYA, "LATER", public=PUBLIC_URL + "/twilio/inbound")
                await twilio.wait_for(lambda: len(twilio.taken) == 2)
                confirmed_at = datetime.now(UTC)
                await twilio.wait_for(lambda: len(twilio.taken) == 3)
                again_at = datetime.now(UTC)
                await smtp.wait_for(lambda: len(smtp.mails) == 1)
                code = await daemon.stop()
            async with running(tmp_path, **settings) as daemon:
                second = await daemon.stop()

        bodies = [message["body"] for message in twilio.taken]
        assert (forged, taken) == (403, 200)
        assert bodies[0] == bodies[2] == "A short rest, Maya?"
        assert bodies[1].startswith("OK, again at ")
        assert timedelta(seconds=55) < again_at - confirmed_at < timedelta(seconds=70)
        assert [mail.message["To"] for mail in smtp.mails] == ["jonas@example.org"]
        assert (code, second) == (0, 0)
        assert len(twilio.taken) == 3

    code, out, _ = await nudger(tmp_path, "log", "maya", **settings)
    assert code == 0
    assert "snoozed" in out
