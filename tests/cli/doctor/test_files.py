"""Settings, and files that others may read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nudger.app.settings import load
from nudger.cli.doctor.findings import Grade
from nudger.cli.doctor.machine import (
    files_are_closed,
    service_credentials,
    settings_are_right,
    settings_are_wrong,
)
from nudger.domain.errors import SettingsError


@pytest.fixture
def reached(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user can reach."""
    folders = [tmp_path, *tmp_path.parents]
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(modes[folder] | 0o001)
    yield tmp_path
    for folder, mode in modes.items():
        folder.chmod(mode)


def file(folder: Path, name: str, mode: int) -> Path:
    made = folder / name
    made.write_text("+447700900123")
    made.chmod(mode)
    return made


@pytest.mark.parametrize(
    ("mode", "grade"), [(0o600, Grade.OK), (0o640, Grade.OK), (0o644, Grade.WARNING), (0o602, Grade.WARNING)]
)
def test_what_every_user_may_read_or_write_is_open(reached: Path, mode: int, grade: Grade) -> None:
    token = file(reached, "twilio_auth_token", mode)

    found = files_are_closed([(token, token)])

    assert found.grade is grade
    assert (f"chmod o= {token}" in found.advice) == (grade is Grade.WARNING)


def test_a_closed_folder_closes_what_is_in_it(reached: Path) -> None:
    plan = file(reached, "maya.toml", 0o644)
    reached.chmod(0o750)

    assert files_are_closed([(plan, reached)]).grade is Grade.OK


def test_many_open_plans_are_closed_by_their_folder_in_one_command(reached: Path) -> None:
    plans = [(file(reached, f"{number}.toml", 0o644), reached) for number in range(20)]

    assert files_are_closed(plans).advice.endswith(f"chmod o= {reached}")


def test_a_file_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    assert files_are_closed([(tmp_path / "nudger.db", tmp_path)]).grade is Grade.OK


def test_each_file_of_the_credentials_is_looked_at(reached: Path) -> None:
    token = file(reached, "smtp_password", 0o644)

    assert str(token) in files_are_closed(service_credentials(reached)).sentence


def test_right_settings_say_where_they_come_from_and_how_messages_go_out(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text("NUDGER_SMS=phone\n")

    found = settings_are_right(load(None, {"HOME": str(tmp_path)}, tmp_path))

    assert found.grade is Grade.OK
    assert found.sentence == f"{tmp_path}/settings.env; texts by phone, email by phone"


def test_doubts_of_the_settings_are_a_warning(tmp_path: Path) -> None:
    settings = tmp_path / "settings.env"
    settings.write_text("NUDGER_OPERATOR_PASSWORD=hush\n")
    settings.chmod(0o644)

    found = settings_are_right(load(None, {"HOME": str(tmp_path)}, tmp_path))

    assert found.grade is Grade.WARNING
    assert "every user may read it" in found.advice
    assert "hush" not in found.advice + found.sentence


def test_wrong_settings_say_everything_that_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as fault:
        load(None, {"HOME": str(tmp_path), "NUDGER_SMS": "twilio", "NUDGER_WEB_PORT": "x"}, tmp_path)

    found = settings_are_wrong(fault.value, tmp_path / "nowhere")

    assert (found.grade, found.exit_code) == (Grade.FAILURE, 3)
    assert found.sentence == "The settings have 4 problems"
    assert "NUDGER_TWILIO_AUTH_TOKEN: expected a value" in found.advice
    assert "as root" not in found.advice


def test_missing_secrets_that_the_service_has_are_pointed_at(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as fault:
        load(None, {"HOME": str(tmp_path), "NUDGER_SMS": "twilio"}, tmp_path)

    assert f"lie in {tmp_path}, for root alone" in settings_are_wrong(fault.value, tmp_path).advice


def test_a_web_server_in_front_that_the_settings_do_not_know_of_is_asked_for(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "NUDGER_PUBLIC_URL": "https://nudger.example.org"}

    found = settings_are_right(load(None, environ, tmp_path))
    told = settings_are_right(load(None, {**environ, "NUDGER_BEHIND_PROXY": "true"}, tmp_path))

    assert "NUDGER_BEHIND_PROXY" in found.advice
    assert told.advice == ""
