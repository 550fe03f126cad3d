"""What is refused: every problem at once, with where it stands and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nudger.app.settings import Settings, load
from nudger.domain.errors import SettingsError

Given = Callable[..., Settings]
Refused = Callable[..., list[str]]


def test_every_problem_is_told_at_once_and_each_with_its_place(refused: Refused, tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "twillio_auth_token").write_text("hush")
    text = "NUDGER_POLL_SECONDS=x\n\nNUDGER_SMTP_PASWORD=hush\nSMS=twilio\nNUDGER_LOG_LEVEL=loud\n"
    problems = refused(text, NUDGER_EMAIL="smtp", NUDGER_SEEED="x", CREDENTIALS_DIRECTORY=str(folder))
    meant = "expected a setting that nudger knows, found none of this name; did you mean"
    none = "expected a value because of NUDGER_EMAIL=smtp, found none; set it in settings.env"
    assert problems == [
        f"environment: NUDGER_SEEED: {meant} NUDGER_SEED?",
        f"credential twillio_auth_token: {meant} NUDGER_TWILIO_AUTH_TOKEN?",
        f"settings.env:3: NUDGER_SMTP_PASWORD: {meant} NUDGER_SMTP_PASSWORD?",
        f"settings.env:4: SMS: {meant} NUDGER_SMS?",
        f"NUDGER_SMTP_HOST: {none}, or in the environment",
        f"NUDGER_EMAIL_FROM: {none}, or in the environment",
        'settings.env:1: NUDGER_POLL_SECONDS: expected a whole number from 1 to 3600, found "x"',
        'settings.env:5: NUDGER_LOG_LEVEL: expected "debug", "info", "warning" or "error", found "loud"',
    ]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("SMS", "sms", 'expected "phone", "twilio" or "smsgate", found "sms"'),
        ("REPLIES", "push", 'expected "webhook" or "poll", found "push"'),
        ("SMTP_SECURITY", "ssl", 'expected "starttls", "tls" or "none", found "ssl"'),
        ("COUNTRY", "UK", 'expected a two-letter country code like "GB", found "UK"'),
        ("SMS_PER_SECOND", "0", 'expected a number above 0, at most 100000, found "0"'),
        ("SMS_PER_SECOND", "nan", 'expected a number above 0, at most 100000, found "nan"'),
        (
            "WEB_PORT",
            "80a",
            'expected a whole number from 1 to 65535, or 0 for any free port, found "80a"',
        ),
        ("SMTP_PORT", "65536", 'expected a whole number from 1 to 65535, found "65536"'),
        ("PROVIDER_HANDLES_STOP", "perhaps", 'expected true or false, found "perhaps"'),
        (
            "PUBLIC_URL",
            "example.org",
            'expected an address like "https://nudger.example.org", found "example.org"',
        ),
        (
            "PUBLIC_URL",
            "https://a.org/?b",
            'expected an address like "https://nudger.example.org", found "https://a.org/?b"',
        ),
        (
            "PUBLIC_URL",
            "https://a.org:80a",
            'expected an address like "https://nudger.example.org", found "https://a.org:80a"',
        ),
        ("EMAIL_FROM", "nobody", 'expected an address like "Nudger <nudger@example.org>", found "nobody"'),
        (
            "TWILIO_FROM",
            "Nudger",
            'expected a number like "+447700900123", or a short code, '
            'found 6 characters that begin with "Nu"',
        ),
        (
            "TWILIO_ACCOUNT_SID",
            "SK12",
            'expected one that begins with "AC", found 4 characters that begin with "SK"',
        ),
        (
            "DATABASE_URL",
            "mysql://u:hush@h/d",
            'expected an address that begins with "sqlite:///" or "postgresql://", '
            'found 18 characters that begin with "my"',
        ),
    ],
)
def test_a_value_out_of_its_range_is_told_with_what_was_expected(
    refused: Refused, name: str, value: str, problem: str
) -> None:
    assert refused(**{f"NUDGER_{name}": value}) == [f"environment: NUDGER_{name}: {problem}"]


def test_a_wrong_value_raises_no_problem_for_what_follows_from_it(refused: Refused) -> None:
    problems = refused(NUDGER_SMTP_SECURITY="ssl", NUDGER_PUBLIC_URL="x", NUDGER_SMS="y")
    assert [line.split(":")[1].strip() for line in problems] == [
        "NUDGER_SMS",
        "NUDGER_PUBLIC_URL",
        "NUDGER_SMTP_SECURITY",
    ]


def test_twilio_without_anything_says_all_it_needs(refused: Refused) -> None:
    because = "expected a value because of NUDGER_SMS=twilio, found none;"
    assert refused(NUDGER_SMS="twilio") == [
        f"NUDGER_TWILIO_ACCOUNT_SID: {because} set it in settings.env, or in the environment",
        f"NUDGER_TWILIO_AUTH_TOKEN: {because} set it, or an API key: "
        "NUDGER_TWILIO_API_KEY_SID and NUDGER_TWILIO_API_KEY_SECRET",
        f"NUDGER_TWILIO_FROM: {because} set your Twilio number, or NUDGER_TWILIO_MESSAGING_SERVICE_SID",
    ]


def test_a_webhook_needs_the_auth_token_and_an_address(refused: Refused, twilio: dict[str, str]) -> None:
    del twilio["NUDGER_TWILIO_AUTH_TOKEN"]
    key = {"NUDGER_TWILIO_API_KEY_SID": "SK1", "NUDGER_TWILIO_API_KEY_SECRET": "hush"}
    assert refused(**twilio, **key, NUDGER_REPLIES="webhook") == [
        "NUDGER_TWILIO_AUTH_TOKEN: expected a value because of NUDGER_REPLIES=webhook, found none; "
        "signatures are made with it, an API key will not do; set it, or NUDGER_REPLIES=poll",
        "NUDGER_PUBLIC_URL: expected a value because of NUDGER_REPLIES=webhook, found none; "
        "set it, or NUDGER_REPLIES=poll",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET"), ("SMTP_USERNAME", "SMTP_PASSWORD")],
)
def test_half_a_login_is_refused(refused: Refused, one: str, other: str) -> None:
    end = "found none; set it in settings.env, or in the environment"
    there = {f"NUDGER_{one}": "SK1"}
    assert refused(**there) == [f"NUDGER_{other}: expected a value because of NUDGER_{one}, {end}"]


def test_what_only_a_channel_needs_may_be_missing_from_a_look_at_plans(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("NUDGER_SMS=twilio\nNUDGER_SEED=s\n")
    assert load(file, {}, tmp_path, running=False).seed == "s"
    with pytest.raises(SettingsError):
        load(file, {}, tmp_path)


def test_a_stranger_in_the_environment_is_told_but_does_no_harm(given: Given) -> None:
    settings = given(NUDGER_SERVICE_HOST="10.0.0.1", OTHER_SEED="x", NUDGER_TRACEBACK="1")
    assert settings.warnings == ("environment: NUDGER_SERVICE_HOST: not a setting of nudger, ignored",)


def test_a_setting_that_stands_twice_in_the_file_is_refused(refused: Refused) -> None:
    text = "NUDGER_SEED=a\n\n# note\nNUDGER_COUNTRY=GB\nnudger_seed=b\n"
    assert refused(text) == [
        "settings.env: NUDGER_SEED: expected once, found on lines 1, 5; keep one of them"
    ]


@pytest.mark.parametrize("line", ['NUDGER_SMTP_PASSWORD="hush', "hush", "=hush", "NUDGER_SEED"])
def test_a_line_that_is_none_is_refused_and_not_repeated(refused: Refused, line: str) -> None:
    problems = refused(f"\n# note\n\n{line}\nNUDGER_COUNTRY=GB\n")
    assert problems == ["settings.env:4: expected NUDGER_NAME=value, found none; check its quotes"]


def test_an_unknown_name_in_the_file_that_resembles_nothing_is_refused(refused: Refused) -> None:
    assert refused("PATH=/bin\n") == [
        "settings.env:1: PATH: expected a setting that nudger knows, found none of this name; take it out"
    ]


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "nowhere.env", {}, tmp_path)
    assert str(caught.value) == (
        f"The settings have a problem:\n  {tmp_path}/nowhere.env: cannot be read: No such file or directory\n"
        "  Every setting, with its default, is described in settings.example.env."
    )
    assert caught.value.exit_code == 3


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_bytes(b"NUDGER_SEED=caf\xe9\n")
    with pytest.raises(SettingsError, match="expected UTF-8, found something else"):
        load(None, {}, tmp_path)


def test_no_error_holds_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text(
        "NUDGER_OPERATOR_PASSWORD=hush\nNUDGER_TWILIO_API_BASE=http://u:hush@h\nNUDGER_WEB_PORT=x\n"
    )
    with pytest.raises(SettingsError) as caught:
        load(file, {"NUDGER_DATABASE_URL": "mysql://u:hush@h/d", "NUDGER_SMTP_PASSWORD": "hush"}, tmp_path)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_phone_of_ones_own_needs_its_address_and_its_password(refused: Refused) -> None:
    problems = refused("NUDGER_SMS=smsgate\n")

    why = "expected a value because of NUDGER_SMS=smsgate, found none"
    assert [one.partition(";")[0] for one in problems] == [
        f"NUDGER_SMSGATE_URL: {why}",
        f"NUDGER_SMSGATE_PASSWORD: {why}",
    ]


def test_a_server_of_smsgate_needs_the_phones_id_and_has_nothing_to_poll(refused: Refused) -> None:
    problems = refused(
        "NUDGER_SMS=smsgate\nNUDGER_SMSGATE_URL=https://a.org/3rdparty/v1\n"
        "NUDGER_SMSGATE_PASSWORD=hush\nNUDGER_REPLIES=poll\n"
    )

    assert [one.partition(": ")[0] for one in problems] == ["NUDGER_SMSGATE_DEVICE_ID", "NUDGER_REPLIES"]


def test_webhooks_of_smsgate_need_the_key_and_https(refused: Refused) -> None:
    problems = refused(
        "NUDGER_SMS=smsgate\nNUDGER_SMSGATE_URL=http://10.0.0.2:8080\nNUDGER_SMSGATE_PASSWORD=hush\n"
        "NUDGER_PUBLIC_URL=http://nudger.example.org\n"
    )

    assert [one.partition(": ")[0] for one in problems] == [
        "NUDGER_SMSGATE_SIGNING_KEY",
        "NUDGER_PUBLIC_URL",
    ]
