from collections.abc import Callable
from pathlib import Path

import pytest

from nudger.app.settings import Settings, load
from nudger.domain.errors import SettingsError


@pytest.fixture
def twilio() -> dict[str, str]:
    """The least that NUDGER_SMS=twilio needs."""
    return {
        "NUDGER_SMS": "twilio",
        "NUDGER_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "NUDGER_TWILIO_AUTH_TOKEN": "token-of-a-test",
        "NUDGER_TWILIO_FROM": "+447700900000",
    }


@pytest.fixture
def smtp() -> dict[str, str]:
    """The least that NUDGER_EMAIL=smtp needs."""
    return {
        "NUDGER_EMAIL": "smtp",
        "NUDGER_SMTP_HOST": "mail.example.org",
        "NUDGER_EMAIL_FROM": "Nudger <nudger@example.org>",
    }


@pytest.fixture
def given(tmp_path: Path) -> Callable[..., Settings]:
    """The settings of a file with this text and of an environment with nothing else in it."""

    def loaded(text: str = "", **environ: str) -> Settings:
        file = tmp_path / "settings.env"
        file.write_text(text)
        file.chmod(0o640)
        return load(file, {"HOME": "/home/maya", **environ}, tmp_path)

    return loaded


@pytest.fixture
def refused(given: Callable[..., Settings]) -> Callable[..., list[str]]:
    """The problems that the settings are refused for, a line each."""

    def lines(text: str = "", **environ: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            given(text, **environ)
        return [line.strip() for line in caught.value.message.splitlines()[1:]]

    return lines
