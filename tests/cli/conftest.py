"""What the command tests share: an empty folder to type in, and the commands typed there."""

import os
from pathlib import Path

import pytest

from tests.support.commands import Typed, command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, on a machine with no settings at all."""
    for name in (name for name in os.environ if name.startswith("NUDGER_")):
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def nudger(folder: Path) -> Typed:
    """One command, with what is typed while it asks: its exit code, and all that it prints."""

    return command
