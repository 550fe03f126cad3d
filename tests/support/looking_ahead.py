"""Runs `nudger preview` on plans in a folder of its own, in this process, as the console script does."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nudger.cli import main

MONDAY = "2026-11-23"
MAYA = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
email = "maya@example.org"
daily_limit = 4
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
days = "weekdays"
message = "Time for a cup of tea, Maya."
[[nudge]]
id = "stretch"
kind = "movement"
between = "10:00-17:00"
times = 2
[[nudge]]
kind = "reflection"
at = "19:00"
days = "sat"
channels = "email"
message = "{{ name }}, one line about today?"
"""
PLAIN = """
timezone = "Europe/London"
phone = "{phone}"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
message = "Tea?"
"""


@dataclass(frozen=True)
class Ran:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def line(self, start: str) -> str:
        """The one line that starts so, without the spaces at its end."""
        [found] = [line for line in self.out.splitlines() if line.startswith(start)]
        return found.rstrip()


@dataclass(frozen=True)
class Here:
    """A folder with plans, a terminal of some width, and no settings but those given."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def write(self, texts: Mapping[str, str], folder: str = "plans") -> None:
        (self.folder / folder).mkdir(exist_ok=True)
        for name, text in texts.items():
            (self.folder / folder / f"{name}.toml").write_text(text)

    def crowd(self, number: int, text: str = PLAIN, prefix: str = "p", area: int = 90) -> dict[str, str]:
        """Plans of so many people with numbers of their own: `area` sets one crowd apart from another."""
        return {
            f"{prefix}{one:04}": text.replace("{phone}", f"+447700{area}{one:04}") for one in range(number)
        }

    def run(self, *arguments: str, width: int = 100, **settings: str) -> Ran:
        self.monkeypatch.chdir(self.folder)
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
            self.monkeypatch.delenv(name, raising=False)
        environment = {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder), "COLUMNS": str(width)}
        for name, value in (
            environment | {f"NUDGER_{key}": value for key, value in settings.items()}
        ).items():
            self.monkeypatch.setenv(name, value)
        self.monkeypatch.setattr(sys, "argv", ["nudger", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(ended.value.code, shown.out, shown.err)

    def preview(self, *arguments: str, width: int = 100, start: str = MONDAY, **settings: str) -> Ran:
        return self.run("preview", *arguments, "--from", start, width=width, **settings)
