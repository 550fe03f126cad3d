"""The unit files as systemd itself judges them, without a running systemd."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
EXPOSURE = 15  # ten times the score that `systemd-analyze security` prints

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd judges the units: apt-get install systemd"
)


def analyze(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}  # what `--user` looks for before it begins
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)


def verify(folder: Path, unit: str, text: str) -> subprocess.CompletedProcess[str]:
    """Without --recursive-errors=no it exits with 0 on keys that do not exist. The program must exist."""
    program = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    (folder / unit).write_text(text.replace(program, "ExecStart=/bin/sh"))
    manager = ["--user"] if "user" in unit else []
    return analyze(folder, *manager, "verify", "--man=no", "--recursive-errors=no", folder / unit)


@pytest.mark.parametrize("unit", ["nudger.service", "nudger-user.service"])
def test_systemd_finds_no_fault_with_a_unit(tmp_path: Path, unit: str) -> None:
    verdict = verify(tmp_path, unit, (UNITS / unit).read_text())
    assert (verdict.returncode, verdict.stdout, verdict.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", ["nudger.service", "nudger-user.service"])
def test_systemd_would_find_a_fault(tmp_path: Path, unit: str) -> None:
    text = (UNITS / unit).read_text()
    verdict = verify(tmp_path, unit, text.replace("WatchdogSec", "WatchDogSec"))
    assert verdict.returncode == 1
    assert "WatchDogSec" in verdict.stderr


def test_the_service_is_hardly_exposed(tmp_path: Path) -> None:
    unit = UNITS / "nudger.service"
    verdict = analyze(tmp_path, "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", unit)
    assert verdict.returncode == 0, verdict.stdout


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="apt-get install systemd")
def test_the_user_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    command = ["systemd-sysusers", f"--root={tmp_path}", "--dry-run", UNITS / "nudger.sysusers.conf"]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert "Creating user 'nudger' (nudger daemon)" in made.stderr
