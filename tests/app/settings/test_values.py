"""What a setting may be, what follows from it, and what is doubtful."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nudger.app.settings import Settings, load

Given = Callable[..., Settings]


def test_replies_come_by_webhook_where_there_is_a_public_address(
    given: Given, twilio: dict[str, str]
) -> None:
    assert given(**twilio).replies == "poll"
    assert given(**twilio, NUDGER_PUBLIC_URL="https://n.example.org").replies == "webhook"
    both = given(**twilio, NUDGER_PUBLIC_URL="https://n.example.org", NUDGER_REPLIES="poll")
    assert both.replies == "poll"


def test_the_provider_handles_stop_where_it_is_twilio(given: Given, twilio: dict[str, str]) -> None:
    assert given().provider_handles_stop is False
    assert given(**twilio).provider_handles_stop is True
    assert given(**twilio, NUDGER_PROVIDER_HANDLES_STOP="no").provider_handles_stop is False


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("TLS", 465), ("none", 25)])
def test_the_mail_port_follows_the_security(given: Given, security: str, port: int) -> None:
    assert given(NUDGER_SMTP_SECURITY=security).smtp_port == port
    assert given(NUDGER_SMTP_SECURITY=security, NUDGER_SMTP_PORT="2525").smtp_port == 2525


def test_values_are_brought_into_one_form(given: Given) -> None:
    settings = given(
        NUDGER_PUBLIC_URL="https://nudger.example.org/n/",
        NUDGER_TWILIO_FROM="+44 (7700) 900-123",
        NUDGER_COUNTRY="gb",
        NUDGER_SMS=" Phone ",
        NUDGER_SMS_PER_SECOND="0.25",
    )
    assert settings.public_url == "https://nudger.example.org/n"
    assert settings.twilio_from == "+447700900123"
    assert (settings.country, settings.sms, settings.sms_per_second) == ("GB", "phone", 0.25)


def test_a_messaging_service_and_an_api_key_will_do(given: Given, twilio: dict[str, str]) -> None:
    del twilio["NUDGER_TWILIO_FROM"], twilio["NUDGER_TWILIO_AUTH_TOKEN"]
    settings = given(
        **twilio,
        NUDGER_TWILIO_MESSAGING_SERVICE_SID="MG" + "1" * 32,
        NUDGER_TWILIO_API_KEY_SID="SK" + "2" * 32,
        NUDGER_TWILIO_API_KEY_SECRET="secret",
    )
    assert settings.twilio_messaging_service_sid == "MG" + "1" * 32
    assert settings.twilio_from is None


def test_a_look_at_settings_shows_no_secret(
    given: Given, twilio: dict[str, str], smtp: dict[str, str]
) -> None:
    secrets = {
        "NUDGER_TWILIO_API_KEY_SID": "SK0",
        "NUDGER_TWILIO_API_KEY_SECRET": "hush-1",
        "NUDGER_SMTP_USERNAME": "u",
        "NUDGER_SMTP_PASSWORD": "hush-2",
        "NUDGER_OPERATOR_PASSWORD": "hush-3",
        "NUDGER_DATABASE_URL": "postgresql://u:hush-4@db.example.org/nudger",
    }
    settings = given(**{**twilio, "NUDGER_TWILIO_AUTH_TOKEN": "hush-5"}, **smtp, **secrets)
    assert settings.database_url == secrets["NUDGER_DATABASE_URL"]
    assert "hush" not in repr(settings) + str(settings)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("NUDGER_OPERATOR_PASSWORD=hush", "NUDGER_OPERATOR_PASSWORD"),
        ("NUDGER_DATABASE_URL=postgresql://u:hush@db.example.org/nudger", "NUDGER_DATABASE_URL"),
    ],
)
def test_a_secret_in_a_file_that_everyone_may_read_is_doubted(tmp_path: Path, line: str, key: str) -> None:
    file = tmp_path / "settings.env"
    file.write_text(line)
    file.chmod(0o640)
    assert load(file, {}, tmp_path).warnings == ()
    file.chmod(0o644)
    assert load(file, {}, tmp_path).warnings == (
        f"{file}: holds {key} and every user may read it; chmod 640 it",
    )


def test_secrets_that_would_travel_unencrypted_are_doubted(
    given: Given, twilio: dict[str, str], smtp: dict[str, str]
) -> None:
    login = {"NUDGER_SMTP_USERNAME": "u", "NUDGER_SMTP_PASSWORD": "p", "NUDGER_SMTP_SECURITY": "none"}
    away = given(**twilio, **smtp, **login, NUDGER_TWILIO_API_BASE="http://proxy.example.org")
    assert away.warnings == (
        "NUDGER_TWILIO_API_BASE: texts and the token travel unencrypted over http; use https",
        "NUDGER_SMTP_SECURITY: the password travels unencrypted; use starttls or tls",
    )
    here = {**smtp, "NUDGER_SMTP_HOST": "localhost"}
    near = given(**twilio, **here, **login, NUDGER_TWILIO_API_BASE="http://127.0.0.1:4010")
    assert near.warnings == ()
