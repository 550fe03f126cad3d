"""Where a setting may stand, and which place counts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nudger.app.settings import Settings, load

Given = Callable[..., Settings]


def credentials(tmp_path: Path, **files: str) -> str:
    folder = tmp_path / "credentials"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return str(folder)


def test_without_any_setting_everything_has_a_default(given: Given) -> None:
    settings = given()
    assert (settings.sms, settings.email, settings.seed) == ("phone", "phone", "nudger")
    assert (settings.web_host, settings.web_port) == ("127.0.0.1", 8080)
    assert settings.warnings == ()


def test_the_environment_counts_before_the_file(given: Given) -> None:
    settings = given("NUDGER_SEED=file\nNUDGER_WEB_PORT=9001\n", NUDGER_SEED="environment")
    assert (settings.seed, settings.web_port) == ("environment", 9001)


def test_a_credential_counts_before_the_file_and_the_file_is_doubted(given: Given, tmp_path: Path) -> None:
    folder = credentials(tmp_path, smtp_password="apart\n")
    settings = given("NUDGER_SMTP_USERNAME=u\nNUDGER_SMTP_PASSWORD=left\n", CREDENTIALS_DIRECTORY=folder)
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "apart"
    doubt = "settings.env:2: NUDGER_SMTP_PASSWORD: the credential counts; take it out here"
    assert settings.warnings == (doubt,)


def test_the_environment_counts_before_a_credential(given: Given, tmp_path: Path) -> None:
    folder = credentials(tmp_path, operator_password="apart")
    settings = given(CREDENTIALS_DIRECTORY=folder, NUDGER_OPERATOR_PASSWORD="once")
    assert settings.operator_password is not None
    assert settings.operator_password.get_secret_value() == "once"


@pytest.mark.parametrize(
    "name", ["operator_password", "NUDGER_OPERATOR_PASSWORD", "nudger_operator_password"]
)
def test_a_credential_may_be_named_with_the_prefix_and_in_capitals(
    given: Given, tmp_path: Path, name: str
) -> None:
    folder = credentials(tmp_path, **{name: " s3cret\r\n", ".hidden": "x", "of_another_service": "x"})
    settings = given(CREDENTIALS_DIRECTORY=folder)
    assert settings.operator_password is not None
    assert settings.operator_password.get_secret_value() == " s3cret"


def test_the_settings_file_of_the_current_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "settings.env").write_text("NUDGER_SEED=here")
    settings = load(None, {}, tmp_path)
    assert settings.seed == "here"
    assert settings.file == tmp_path / "settings.env"


def test_an_empty_value_is_no_value(given: Given) -> None:
    settings = given("NUDGER_SEED=file\nNUDGER_COUNTRY=\nNUDGER_WEB_PORT=''\n", NUDGER_SEED="")
    assert (settings.seed, settings.country, settings.web_port) == ("file", None, 8080)


def test_paths_start_at_the_file_or_at_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    file = tmp_path / "etc" / "settings.env"
    file.write_text("NUDGER_TEMPLATES_DIR=words\n")
    settings = load(file, {"NUDGER_STATE_DIR": "state"}, tmp_path)
    assert settings.templates_dir == tmp_path / "etc" / "words"
    assert settings.plans_dir == tmp_path / "etc" / "plans"
    assert settings.state_dir == tmp_path / "state"


def test_a_path_may_start_at_home(given: Given) -> None:
    assert given("NUDGER_PLANS_DIR=~/plans").plans_dir == Path.home() / "plans"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/nudger:/var/lib/other", "XDG_STATE_HOME": "/x"}, "/var/lib/nudger"),
        ({"XDG_STATE_HOME": "/x"}, "/x/nudger"),
        ({}, "/home/maya/.local/state/nudger"),
    ],
)
def test_the_state_folder_is_systemds_else_the_desktops(
    given: Given, environ: dict[str, str], expected: str
) -> None:
    settings = given(**environ)
    assert str(settings.state_dir) == expected
    assert settings.database_url == f"sqlite:///{expected}/nudger.db"


def test_the_file_is_read_as_a_shell_would_but_nothing_is_expanded(given: Given) -> None:
    text = '\ufeff# a note\r\n\r\nexport NUDGER_SEED = "a # b"  # note\r\nnudger_smtp_username=u\r\n'
    settings = given(text + "NUDGER_SMTP_PASSWORD='$HOME ${X}'\n")
    assert (settings.seed, settings.smtp_username) == ("a # b", "u")
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "$HOME ${X}"
