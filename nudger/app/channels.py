"""The ways out, as the settings choose them."""

from collections.abc import Callable, Iterable, Mapping

from pydantic import SecretStr

from nudger.agenda.entries import Sending
from nudger.agenda.port import Clock
from nudger.app.core import Core
from nudger.app.settings import Settings
from nudger.channels.alerts import alert_parts
from nudger.channels.phone import PhoneChannel
from nudger.channels.smtp.channel import Security, SmtpChannel
from nudger.channels.smtp.letter import Parts
from nudger.channels.twilio.channel import TwilioChannel
from nudger.channels.twilio.signature import sign
from nudger.domain.model import ChannelName
from nudger.domain.tokens import Action
from nudger.messages.wording.email import EmailParts, compose
from nudger.sending.port import Channel

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


async def check_smtp(core: Core, clock: Clock) -> None:
    """Logs in at the mail server and leaves; ChannelError with what is wrong."""
    await _smtp(core, clock, lambda _: {}).check()


def sign_as_twilio(settings: Settings, url: str, form: Mapping[str, str]) -> str:
    return sign(secret(settings.twilio_auth_token) or "", url, form)


def build_channels(
    core: Core, clock: Clock, shown: Callable[[Sending], None] | None, below: Below
) -> dict[ChannelName, Channel]:
    """`shown` is told of what the on-screen phone shows; `below` gives the links of an email."""
    settings = core.settings
    phone = PhoneChannel(shown)
    return {
        ChannelName.SMS: _twilio(settings) if settings.sms == "twilio" else phone,
        ChannelName.EMAIL: _smtp(core, clock, below) if settings.email == "smtp" else phone,
    }


async def close_channels(channels: Iterable[Channel]) -> None:
    for channel in set(channels):
        await channel.close()


def _twilio(settings: Settings) -> TwilioChannel:
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


def alert_mail(core: Core, clock: Clock) -> SmtpChannel:
    """The mail server of the settings, for the operator's alerts."""
    return _mail(core.settings, clock, alert_parts, lambda _: None)


def _smtp(core: Core, clock: Clock, below: Below) -> SmtpChannel:
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
) -> SmtpChannel:
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
    return value.get_secret_value() if value else None
