"""What a person can get wrong: one clear message, the exit code of its kind, never a traceback."""

import socket
from pathlib import Path

import pytest

from nudger.app.state import alone
from nudger.store import open_store
from tests.support.running import nudger

GOOD = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
"""


def plans(folder: Path, **texts: str) -> None:
    (folder / "plans").mkdir()
    for name, text in texts.items():
        (folder / "plans" / f"{name}.toml").write_text(text)


async def refused(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    code, out, err = await nudger(folder, *arguments, **settings)
    assert "Traceback" not in out + err
    assert out == ""
    return code, err


async def test_a_broken_plan_stops_the_start_with_its_line(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD.replace('"13:00"', '"13h"'))

    code, message = await refused(tmp_path, "run", WEB_PORT="0")

    assert code == 3
    assert 'plans/maya.toml:8:6: nudge "rest": at: expected a time like "09:30", got "13h"' in message


async def test_an_unknown_zone_is_named_with_the_one_that_is_meant(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD.replace("Europe/London", "Europe/Londn"))

    code, message = await refused(tmp_path, "run", WEB_PORT="0")

    assert code == 3
    assert "Europe/Londn" in message
    assert "Europe/London" in message


async def test_a_broken_plan_beside_a_good_one_stops_nobody(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD, jonas=GOOD.replace('"13:00"', '"13h"').replace("0123", "0124"))

    code, out, err = await nudger(tmp_path, "check")

    assert code == 3
    assert "plans/jonas.toml:8:6:" in out
    assert "maya" not in out
    assert err == ""


async def test_twilio_without_credentials_names_each_setting_that_is_missing(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD)

    code, message = await refused(tmp_path, "run", SMS="twilio")

    assert code == 3
    for setting in ("NUDGER_TWILIO_ACCOUNT_SID", "NUDGER_TWILIO_AUTH_TOKEN", "NUDGER_TWILIO_FROM"):
        assert setting in message


@pytest.mark.parametrize("content", ["this is no database, and long enough to be taken for one" * 20])
async def test_a_database_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    plans(tmp_path, maya=GOOD)
    file = tmp_path / "notes.txt"
    file.write_text(content)

    code, message = await refused(tmp_path, "run", DATABASE_URL=f"sqlite:///{file}")

    assert code == 4
    assert str(file) in message
    assert file.read_text() == content


async def test_a_database_in_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD)
    (tmp_path / "file").write_text("")

    code, message = await refused(tmp_path, "run", STATE_DIR=str(tmp_path / "file" / "state"))

    assert code == 4
    assert "NUDGER_STATE_DIR" in message


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        code, message = await refused(tmp_path, "run", WEB_PORT=str(port))

    assert code == 3
    assert f"NUDGER_WEB_PORT: port {port}" in message


async def test_an_empty_plans_folder_says_what_to_do(tmp_path: Path) -> None:
    plans(tmp_path)

    code, message = await refused(tmp_path, "run", WEB_PORT="0")

    assert code == 3
    assert "NUDGER_PLANS_DIR" in message
    assert "example plan" in message


async def test_a_missing_plans_folder_is_named(tmp_path: Path) -> None:
    code, message = await refused(tmp_path, "run", PLANS_DIR="nowhere", WEB_PORT="0")

    assert code == 3
    assert "nowhere" in message


async def test_a_command_that_is_called_wrongly_exits_with_two(tmp_path: Path) -> None:
    plans(tmp_path, maya=GOOD)

    open_store(f"sqlite:///{tmp_path}/state/nudger/nudger.db").close()

    codes = [
        (await refused(tmp_path, *arguments))[0]
        for arguments in (
            ("preview", "nobody"),
            ("preview", "--from", "soon"),
            ("preview", "--days", "0"),
            ("check", "nowhere.toml"),
            ("pause", "nobody"),
            ("send", "nobody", "rest"),
            ("interpret", "later", "--timezone", "Mars/Olympus"),
            ("frobnicate",),
        )
    ]

    assert codes == [2] * 8


async def test_a_second_daemon_on_the_same_state_is_refused(tmp_path: Path) -> None:
    from_here = tmp_path / "state"
    plans(tmp_path, maya=GOOD)

    with alone(from_here):
        code, message = await refused(tmp_path, "run", STATE_DIR=str(from_here), WEB_PORT="0")

    assert code == 4
    assert "another nudger is running" in message
