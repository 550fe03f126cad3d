"""What the channel tests share: messages to send, and each channel with the provider behind it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from nudger.agenda.entries import Sending
from nudger.channels.phone import PhoneChannel
from nudger.channels.smsgate.channel import SmsGateChannel
from nudger.channels.smtp.channel import Security, SmtpChannel
from nudger.channels.twilio.channel import TwilioChannel
from nudger.domain.model import ChannelName, Origin
from nudger.sending.port import Channel
from tests.support.doubles.smsgate_double import DEVICE, PASSWORD, SIGNING_KEY, USERNAME, SmsGateDouble
from tests.support.doubles.smtp_double import LOGIN, Certificate, SmtpDouble
from tests.support.doubles.twilio_double import ACCOUNT_SID, AUTH_TOKEN, NUMBER, TwilioDouble

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TIMEOUT = timedelta(seconds=5)
SECRETS = (AUTH_TOKEN, LOGIN[1], PASSWORD, SIGNING_KEY)

TEXT = Sending(
    message="0192b4c0de",
    occurrence=1,
    person="maya",
    channel=ChannelName.SMS,
    address="+447700900123",
    text="If you like, step outside for two minutes.",
    subject="A small pause",
    valid_for=timedelta(minutes=30),
    origin=Origin.FIXED,
)
MAIL = replace(TEXT, channel=ChannelName.EMAIL, address="maya@example.org")


class StoppedClock:
    """Always NOW."""

    def now(self) -> datetime:
        return NOW

    def real(self, span: timedelta) -> timedelta:
        return span


@dataclass(frozen=True, slots=True)
class Parts:
    subject: str
    text: str
    html: str | None


def compose(sending: Sending) -> Parts:
    return Parts(sending.subject, sending.text, f"<p>{sending.text}</p>")


def twilio_channel(double: TwilioDouble, **changes: Any) -> TwilioChannel:
    options: dict[str, Any] = {
        "account_sid": ACCOUNT_SID,
        "auth_token": AUTH_TOKEN,
        "from_number": NUMBER,
        "base_url": double.base_url,
        "timeout": TIMEOUT,
    }
    return TwilioChannel(**(options | changes))


def smsgate_channel(double: SmsGateDouble, **changes: Any) -> SmsGateChannel:
    options: dict[str, Any] = {
        "url": double.base_url,
        "username": USERNAME,
        "password": PASSWORD,
        "clock": StoppedClock(),
        "device_id": DEVICE if "3rdparty" in double.base_url else None,
        "timeout": TIMEOUT,
    }
    return SmsGateChannel(**(options | changes))


def smtp_channel(double: SmtpDouble, certificate: Certificate | None = None, **changes: Any) -> SmtpChannel:
    options: dict[str, Any] = {
        "host": "localhost",
        "port": double.port,
        "security": Security.NONE,
        "sender": "Nudger <nudger@example.test>",
        "compose": compose,
        "clock": StoppedClock(),
        "timeout": TIMEOUT,
        "tls_context": certificate.client() if certificate else None,
    }
    return SmtpChannel(**(options | changes))


@dataclass(frozen=True, slots=True)
class Rig:
    """A channel, a message that its provider takes, and what the provider was given: (address, text)."""

    channel: Channel
    message: Sending
    taken: Callable[[], list[tuple[str, str]]]


@asynccontextmanager
async def phone_rig() -> AsyncIterator[Rig]:
    shown: list[Sending] = []
    channel = PhoneChannel(shown.append)
    yield Rig(channel, TEXT, lambda: [(sending.address, sending.text) for sending in shown])
    await channel.close()


@asynccontextmanager
async def twilio_rig(limit: timedelta = TIMEOUT) -> AsyncIterator[Rig]:
    async with TwilioDouble() as double:
        channel = twilio_channel(double, timeout=limit)
        yield Rig(channel, TEXT, lambda: [(taken["to"], taken["body"]) for taken in double.taken])
        await channel.close()


@asynccontextmanager
async def smsgate_rig(limit: timedelta = TIMEOUT, *, server: bool = False) -> AsyncIterator[Rig]:
    async with SmsGateDouble(server=server) as double:
        channel = smsgate_channel(double, timeout=limit)
        yield Rig(channel, TEXT, lambda: [(text.number, text.text) for text in double.texts.values()])
        await channel.close()


@asynccontextmanager
async def smsgate_server_rig(limit: timedelta = TIMEOUT) -> AsyncIterator[Rig]:
    async with smsgate_rig(limit, server=True) as rig:
        yield rig


@asynccontextmanager
async def smtp_rig(limit: timedelta = TIMEOUT) -> AsyncIterator[Rig]:
    async with SmtpDouble() as double:
        channel = smtp_channel(double, timeout=limit)
        yield Rig(channel, MAIL, lambda: [_read(double, index) for index in range(len(double.mails))])
        await channel.close()


def _read(double: SmtpDouble, index: int) -> tuple[str, str]:
    mail = double.mails[index]
    body = mail.message.get_body(("plain",))
    assert body is not None
    return mail.recipients[0], body.get_content().replace("\r\n", "\n").removesuffix("\n")
