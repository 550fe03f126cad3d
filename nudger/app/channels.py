"""The ways out, as the settings choose them. What none of them names is not imported: Twilio's library and an
HTTP client are a third of a second, and 20 MB, for good."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from pydantic import SecretStr

from nudger.agenda.entries import Sending
from nudger.agenda.port import Clock
from nudger.app.core import Core
from nudger.app.settings import Settings
from nudger.channels.phone import PhoneChannel
from nudger.channels.smtp.letter import Parts
from nudger.domain.model import ChannelName
from nudger.domain.tokens import Action
from nudger.inbound.poller import InboundList
from nudger.messages.wording.email import EmailParts, compose
from nudger.operations.alerts import Teller
from nudger.sending.port import Channel
from nudger.sending.recall import Recaller
from nudger.sending.receipts import Ledger, Outbox

if TYPE_CHECKING:
    from nudger.channels.alerts import Ping
    from nudger.channels.smsgate.api import Gateway
    from nudger.channels.smsgate.channel import SmsGateChannel
    from nudger.channels.smtp.channel import SmtpChannel
    from nudger.channels.twilio.channel import TwilioChannel

# Where people may write to stop, and what unsubscribes by mail: an address whose mail nudger reads. It reads
# none yet, so nobody is told to write anywhere.
READ_MAILBOX: str | None = None

Below = Callable[[Sending], Mapping[Action, str]]


async def check_twilio(settings: Settings) -> tuple[str, ...]:
    """Asks Twilio for the account and what it sends from: doubts, or ChannelError. Sends nothing."""
    channel = _twilio(settings)
    posted = settings.public_url if settings.replies == "webhook" else None
    try:
        return await channel.check(f"{posted}/twilio/inbound" if posted else None)
    finally:
        await channel.close()


async def check_smsgate(settings: Settings, clock: Clock) -> tuple[str, ...]:
    """Asks the phone of the settings, or its server, how it is: doubts, or ChannelError. Sends nothing."""
    channel = smsgate(settings, clock)
    posted = settings.public_url if settings.replies == "webhook" else None
    try:
        return await channel.check(f"{posted}/smsgate/inbound" if posted else None)
    finally:
        await channel.close()


def sign_as_smsgate(settings: Settings, body: bytes, stamp: str) -> str:
    """Signs an event as the app would, with its key."""
    from nudger.channels.smsgate.incoming import sign  # noqa: PLC0415 (for who has such a phone)

    return sign(secret(settings.smsgate_signing_key) or "", body, stamp)


async def check_smtp(core: Core, clock: Clock) -> None:
    """Logs in at the mail server and leaves; ChannelError with what is wrong."""
    await _smtp(core, clock, lambda _: {}).check()


def sign_as_twilio(settings: Settings, url: str, form: Mapping[str, str]) -> str:
    """Signs a form as Twilio would, with this account's token."""
    from nudger.channels.twilio.signature import sign  # noqa: PLC0415 (for who has Twilio)

    return sign(secret(settings.twilio_auth_token) or "", url, form)


def build_channels(
    core: Core, clock: Clock, shown: Callable[[Sending], None] | None, below: Below
) -> dict[ChannelName, Channel]:
    """Makes the ways out. `shown` is told of what the on-screen phone shows; `below` gives the links of an
    email."""
    settings = core.settings
    phone = PhoneChannel(shown)
    return {
        ChannelName.SMS: _sms(settings, clock) or phone,
        ChannelName.EMAIL: _smtp(core, clock, below) if settings.email == "smtp" else phone,
    }


async def close_channels(channels: Iterable[Channel]) -> None:
    """Gives back what the ways out hold."""
    for channel in set(channels):
        await channel.close()


def _sms(settings: Settings, clock: Clock) -> "TwilioChannel | SmsGateChannel | None":
    if settings.sms == "twilio":
        return _twilio(settings)
    return smsgate(settings, clock) if settings.sms == "smsgate" else None


def smsgate(settings: Settings, clock: Clock) -> "SmsGateChannel":
    """Makes the way to the phone of the settings."""
    from nudger.channels.smsgate.channel import SmsGateChannel  # noqa: PLC0415 (where the settings name it)

    return SmsGateChannel(
        url=settings.smsgate_url or "",
        username=settings.smsgate_username,
        password=secret(settings.smsgate_password) or "",
        device_id=settings.smsgate_device_id,
        sims=[int(sim) for sim in (settings.smsgate_sim or "").split()],
        clock=clock,
        country=settings.country,
        pictures=settings.replies == "poll",
    )


def _twilio(settings: Settings) -> "TwilioChannel":
    from nudger.channels.twilio.channel import TwilioChannel  # noqa: PLC0415 (where the settings name it)

    return TwilioChannel(
        account_sid=settings.twilio_account_sid or "",
        auth_token=secret(settings.twilio_auth_token),
        api_key_sid=settings.twilio_api_key_sid,
        api_key_secret=secret(settings.twilio_api_key_secret),
        from_number=settings.twilio_from,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        base_url=settings.twilio_api_base,
        public_url=settings.public_url,
    )


def alert_mail(core: Core, clock: Clock) -> "SmtpChannel":
    """Makes the way to the mail server of the settings, for the operator's alerts."""
    from nudger.channels.alerts import alert_parts  # noqa: PLC0415 (where the settings name it)

    return _mail(core.settings, clock, alert_parts, lambda _: None)


def _smtp(core: Core, clock: Clock, below: Below) -> "SmtpChannel":
    def parts(sending: Sending) -> EmailParts:
        return compose(
            sending.text,
            sending.subject,
            sending.voice,
            core.wording,
            links=below(sending),
            stop_address=READ_MAILBOX or "",
            contact=sending.contact,
        )

    def one_click(sending: Sending) -> str | None:
        stop = below(sending).get(Action.STOP, "")
        return stop if stop.startswith("https://") else None  # RFC 8058, 3.1

    return _mail(core.settings, clock, parts, one_click)


def _mail(
    settings: Settings,
    clock: Clock,
    parts: Callable[[Sending], Parts],
    unsubscribe_url: Callable[[Sending], str | None],
) -> "SmtpChannel":
    from nudger.channels.smtp.channel import Security, SmtpChannel  # noqa: PLC0415 (where the settings name it)

    return SmtpChannel(
        host=settings.smtp_host or "",
        port=settings.smtp_port,
        security=Security(settings.smtp_security),
        sender=settings.email_from or "",
        compose=parts,
        clock=clock,
        username=settings.smtp_username,
        password=secret(settings.smtp_password),
        unsubscribe_url=unsubscribe_url,
        unsubscribe_mailbox=READ_MAILBOX,
    )


def secret(value: SecretStr | None) -> str | None:
    """Returns the text of a secret; None where there is none."""
    return value.get_secret_value() if value else None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the way out for texts can do besides sending; None is what it cannot."""

    outbox: Outbox | Ledger | None = None  # asked what became of a text
    inbox: InboundList | None = None  # asked for what came in
    recaller: Recaller | None = None  # takes back what still waits there
    gateway: "Gateway | None" = None  # a phone that has to be looked after


def abilities(settings: Settings, channels: Mapping[ChannelName, Channel]) -> Abilities:
    """Tells what the way out for texts can do. The mail server cannot be asked for anything, and what the
    phone on the screen shows is in the store."""
    if settings.sms == "twilio":
        twilio = cast("TwilioChannel", channels[ChannelName.SMS])
        return Abilities(twilio, twilio)
    if settings.sms == "smsgate":
        phone = cast("SmsGateChannel", channels[ChannelName.SMS])
        return Abilities(phone, phone if phone.gateway.is_local else None, phone, phone.gateway)
    return Abilities()


def tellers_of(core: Core, clock: Clock) -> Iterator[Teller]:
    """Makes the ways to the operator, one for each address of ALERTS."""
    if core.settings.alerts is None:
        return
    from nudger.channels.alerts import JsonPost, Mail, PlainPost  # noqa: PLC0415 (where the settings name it)

    for address in core.settings.alerts.get_secret_value().split():
        kind, _, rest = address.partition(":")
        if kind == "mailto":
            yield Mail(partial(alert_mail, core, clock), rest)
        elif kind == "json":
            yield JsonPost(rest)
        else:
            yield PlainPost(address)


def ping_of(settings: Settings) -> "Ping | None":
    """Makes what tells an address each minute that all is well."""
    if settings.ping_url is None:
        return None
    from nudger.channels.alerts import Ping  # noqa: PLC0415 (where the settings name it)

    return Ping(settings.ping_url.get_secret_value())
