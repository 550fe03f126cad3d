"""The wheel is whole: installed into an empty environment, it does what the checkout does."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds


def test_the_wheel_brings_all_that_the_checkout_has(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = set(opened.namelist())
    package = {str(file.relative_to(ROOT)) for file in _files(ROOT / "nudger")}
    folders = [ROOT / name for name in ("templates", "plans", "systemd")]
    beside = [*(file for folder in folders for file in _files(folder)), ROOT / "settings.example.env"]
    bundled = {f"nudger/_bundled/{file.relative_to(ROOT)}" for file in beside}
    assert "nudger/py.typed" in package
    assert {name for name in names if ".dist-info/" not in name} == package | bundled


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        named = next(name for name in opened.namelist() if name.endswith("/METADATA"))
        about = message_from_bytes(opened.read(named))
        licensed = any(name.endswith("/licenses/LICENSE") for name in opened.namelist())
    assert (about["Name"], about["License-Expression"]) == ("nudger", "MIT")
    assert about["Description-Content-Type"] == "text/markdown"
    assert licensed


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


@pytest.fixture(scope="module")
def installed(
    wheel: Path, wheelhouse: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An environment with nothing in it but nudger and what it needs."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    offline = ["--no-index", "--find-links", wheelhouse(sys.executable)]
    subprocess.run(
        [venv / "bin" / "pip", "install", "--quiet", *offline, "-c", ROOT / "constraints.txt", wheel],
        check=True,
    )
    return venv


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """From an empty folder, so that nothing of the checkout is at hand."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    command = [installed / "bin" / "nudger", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_installed_program_runs_the_demo(installed: Path, tmp_path: Path) -> None:
    shown = run(installed, tmp_path, "demo", "--days", "1")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stderr == ""
    assert "Maya" in shown.stdout
    assert shown.stdout.count(" text ") + shown.stdout.count(" email ") >= 2


def test_the_installed_program_needs_only_what_it_names(installed: Path, tmp_path: Path) -> None:
    check = [installed / "bin" / "pip", "check"]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    told = run(installed, tmp_path, "--version")
    assert (told.returncode, told.stdout.startswith("nudger ")) == (0, True)
