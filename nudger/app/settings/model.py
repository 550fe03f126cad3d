"""What each setting may be."""

import re
from collections.abc import Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from nudger.app.settings.sources import SettingsSource

SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 6409, RFC 8314, RFC 5321
SECRETS = frozenset(
    {
        "twilio_auth_token",
        "twilio_api_key_secret",
        "smsgate_password",
        "smsgate_signing_key",
        "smtp_password",
        "operator_password",
        "api_token",
        "alerts",  # who knows the address may write there, and read along
        "ping_url",
    }
)


def _expected(words: str, *, shown: bool = True) -> WrapValidator:
    """What an error calls for; a value that may be a misplaced secret is not `shown` in it."""

    def check(value: Any, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValueError:
            raise PydanticCustomError("expected" if shown else "expected_hidden", words) from None

    return WrapValidator(check)


def _lower(value: Any) -> Any:
    return value.strip().lower()


def _country(value: str) -> str:
    if value.upper() not in SUPPORTED_REGIONS:
        raise ValueError
    return value.upper()


def _sender(value: str) -> str:
    """A number, or a short code; a sender made of letters cannot be answered, so nobody could text STOP."""
    number = re.sub(r"[ ()-]", "", value)
    if not re.fullmatch(r"\+[1-9]\d{6,14}|\d{3,8}", number):
        raise ValueError
    return number


def _sims(value: str) -> str:
    """Slots of SIM cards, with spaces between."""
    slots = value.replace(",", " ").split()
    if not slots or not all(re.fullmatch("[1-8]", slot) for slot in slots):
        raise ValueError
    return " ".join(slots)


def _mailbox(value: str) -> str:
    if not value.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        raise ValueError
    return value


def _line(value: str) -> str:
    value = value.strip()
    if not value or not value.isprintable():
        raise ValueError
    return value


def _url(value: str) -> str:
    parts = urlsplit(value)
    extra = parts.query or parts.fragment or parts.username or re.search(r"\s", value)
    if parts.scheme not in ("http", "https") or not parts.hostname or extra or parts.port == 0:
        raise ValueError
    return value.rstrip("/")


def _alerts(value: SecretStr) -> SecretStr:
    """Several, with spaces or commas between; kept with one space between."""
    addresses = value.get_secret_value().replace(",", " ").split()
    for address in addresses:
        if not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+", address):
            _reached(address.removeprefix("json:"))
    return SecretStr(" ".join(addresses))


def _ping(value: SecretStr) -> SecretStr:
    _reached(value.get_secret_value())
    return value


def _reached(url: str) -> None:
    """An address with a user, a path or a query, as those services give them out."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url):
        raise ValueError


Flag = Annotated[bool, _expected("true or false")]
Country = Annotated[str, AfterValidator(_country), _expected('a two-letter country code like "GB"')]
Mailbox = Annotated[str, AfterValidator(_mailbox), _expected('an address like "Nudger <nudger@example.org>"')]
Name = Annotated[
    str, Field(max_length=40), AfterValidator(_line), _expected("one line of at most 40 characters")
]
Url = Annotated[str, AfterValidator(_url), _expected('an address like "https://nudger.example.org"')]
Port = Annotated[int, Field(ge=1, le=65535), _expected("a whole number from 1 to 65535")]
AnyPort = Annotated[
    int, Field(ge=0, le=65535), _expected("a whole number from 1 to 65535, or 0 for any free port")
]
Seconds = Annotated[int, Field(ge=1, le=3600), _expected("a whole number from 1 to 3600")]
Days = Annotated[int, Field(ge=0, le=36_500), _expected("a whole number of days, or 0 to keep everything")]
Rate = Annotated[
    float, Field(gt=0, le=100_000, allow_inf_nan=False), _expected("a number above 0, at most 100000")
]
Sims = Annotated[str, AfterValidator(_sims), _expected('slots of SIM cards like "1" or "1, 2"')]
Hourly = Annotated[int, Field(ge=0, le=1_000_000), _expected("a whole number, or 0 for no limit")]
Daily = Annotated[int, Field(ge=1, le=100_000_000), _expected("a whole number from 1 on")]
Sender = Annotated[
    str, AfterValidator(_sender), _expected('a number like "+447700900123", or a short code', shown=False)
]
AccountSid = Annotated[
    str, Field(pattern="^AC[0-9A-Za-z]+$"), _expected('one that begins with "AC"', shown=False)
]
KeySid = Annotated[
    str, Field(pattern="^SK[0-9A-Za-z]+$"), _expected('one that begins with "SK"', shown=False)
]
ServiceSid = Annotated[
    str, Field(pattern="^MG[0-9A-Za-z]+$"), _expected('one that begins with "MG"', shown=False)
]
Database = Annotated[
    str,
    Field(pattern=r"^(sqlite|postgresql(\+psycopg)?)://", repr=False),  # it may hold a password
    _expected('an address that begins with "sqlite:///" or "postgresql://"', shown=False),
]
Alerts = Annotated[
    SecretStr,
    AfterValidator(_alerts),
    _expected('addresses that begin with "mailto:", "https://" or "json:https://"', shown=False),
]
PingUrl = Annotated[
    SecretStr, AfterValidator(_ping), _expected('an address that begins with "https://"', shown=False)
]
Sms = Annotated[
    Literal["phone", "twilio", "smsgate"],
    BeforeValidator(_lower),
    _expected('"phone", "twilio" or "smsgate"'),
]
Email = Annotated[Literal["phone", "smtp"], BeforeValidator(_lower), _expected('"phone" or "smtp"')]
Plans = Annotated[Literal["folder", "push"], BeforeValidator(_lower), _expected('"folder" or "push"')]
Replies = Annotated[Literal["webhook", "poll"], BeforeValidator(_lower), _expected('"webhook" or "poll"')]
Security = Annotated[
    Literal["starttls", "tls", "none"], BeforeValidator(_lower), _expected('"starttls", "tls" or "none"')
]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    BeforeValidator(_lower),
    _expected('"debug", "info", "warning" or "error"'),
]


class Settings(BaseSettings):
    """Every setting, checked. Made by `load`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    plans: Plans = "folder"
    plans_dir: Path
    state_dir: Path
    database_url: Database = Field(default_factory=lambda data: f"sqlite:///{data['state_dir']}/nudger.db")
    templates_dir: Path | None = None
    seed: str = "nudger"
    country: Country | None = None
    tell_contacts: Flag = False
    sender_name: Name | None = None
    sender_contact: Name | None = None

    sms: Sms = "phone"
    email: Email = "phone"

    web_host: str = "127.0.0.1"
    web_port: AnyPort = 8080
    public_url: Url | None = None
    behind_proxy: Flag = False
    operator_password: SecretStr | None = None
    show_conversations: Flag = False
    api_token: SecretStr | None = None

    twilio_account_sid: AccountSid | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_api_key_sid: KeySid | None = None
    twilio_api_key_secret: SecretStr | None = None
    twilio_from: Sender | None = None
    twilio_messaging_service_sid: ServiceSid | None = None
    twilio_api_base: Url = "https://api.twilio.com"
    smsgate_url: Url | None = None
    smsgate_username: str = "sms"
    smsgate_password: SecretStr | None = None
    smsgate_signing_key: SecretStr | None = None
    smsgate_device_id: str | None = None
    smsgate_sim: Sims | None = None
    replies: Replies = Field(default_factory=lambda data: "webhook" if data["public_url"] else "poll")
    poll_seconds: Seconds = 15
    sms_per_second: Rate = 1.0
    sms_per_hour: Hourly = Field(default_factory=lambda data: 30 if data["sms"] == "smsgate" else 0)
    sms_per_day: Daily | None = None
    provider_handles_stop: Flag = Field(default_factory=lambda data: bool(data["sms"] == "twilio"))

    smtp_host: str | None = None
    smtp_security: Security = "starttls"
    smtp_port: Port = Field(default_factory=lambda data: SMTP_PORTS[data["smtp_security"]])
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    email_from: Mailbox | None = None

    alerts: Alerts | None = None
    ping_url: PingUrl | None = None

    retention_days: Days = 90

    log_level: LogLevel = "info"

    _file: Path | None = PrivateAttr(None)
    _warnings: tuple[str, ...] = PrivateAttr(())

    def __init__(self, sources: Sequence[SettingsSource]) -> None:
        """From these places; the earlier ones win."""
        super().__init__(_build_sources=(tuple(sources), {}))

    @property
    def file(self) -> Path | None:
        """The settings file that was read."""
        return self._file

    @property
    def warnings(self) -> tuple[str, ...]:
        """What works and should not stay as it is, a line each."""
        return self._warnings
