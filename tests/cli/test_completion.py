"""What the shell is offered, asked for as bash asks."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_group

from nudger.cli import COMMANDS, PLANS
from nudger.cli.completion import TAKES, Usage
from nudger.domain.model import Kind

Tab = Callable[..., list[str]]
NUDGER = str(Path(sys.executable).with_name("nudger"))
KINDS = [str(kind) for kind in Kind]


@pytest.fixture
def tab(tmp_path: Path) -> Tab:
    """Types a line in a folder with plans, and presses Tab: what bash is given."""
    for name in ("plans/maya.toml", "plans/max.toml", "plans/.old.toml", "plans/shared/gentle-week.toml"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("no TOML at all")
    (tmp_path / "plans" / "ward.csv").write_text("\ufeffname;id\nBen;ben\n", encoding="utf-8")

    def press(line: str, **environ: str) -> list[str]:
        words = line.split(" ")
        asked = {"_NUDGER_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        done = subprocess.run(
            [NUDGER],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **asked, **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return press


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nudger pre", ["preview"]),
        ("nudger preview ", ["ben", "max", "maya"]),
        ("nudger preview ma", ["max", "maya"]),
        ("nudger preview maya ma", ["max"]),
        ("nudger preview --days 3 b", ["ben"]),
        ("nudger preview --days ", []),
        ("nudger send m", ["max", "maya"]),
        ("nudger send maya ", KINDS),
        ("nudger send --json maya r", ["rest", "reflection"]),
        ("nudger send maya rest ", []),
        ("nudger interpret --person = ma", ["max", "maya"]),
        ("nudger interpret --after-nudge mo", ["movement"]),
        ("nudger log maya --l", ["--limit"]),
        ("nudger preview --json --", ["--from", "--days", "--diff", "--help"]),
        ("nudger check plans/s", ["plans/shared/gentle-week.toml"]),
        ("nudger check ../other/m", []),
        ("nudger plans ac", ["accept-removal"]),
        ("nudger plans push --t", ["--take-over"]),
        ("nudger --settings settings.env log b", ["ben"]),
    ],
)
def test_tab_offers_what_may_follow(tab: Tab, line: str, offered: list[str]) -> None:
    assert tab(line) == offered


def test_people_are_those_of_the_folder_that_the_settings_name(tab: Tab, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "noor.toml").touch()
    (tmp_path / "settings.env").write_text("# mine\nNUDGER_PLANS_DIR = 'elsewhere'\n")

    by_file = tab("nudger log ")
    by_environment = tab("nudger log ", NUDGER_PLANS_DIR="plans")

    assert (by_file, by_environment) == (["noor"], ["ben", "max", "maya"])


def test_without_a_plans_folder_nobody_is_offered(tab: Tab) -> None:
    assert tab("nudger log ", NUDGER_PLANS_DIR="nowhere") == []


@pytest.mark.parametrize("name", [*COMMANDS, *(f"plans {name}" for name in PLANS)])
def test_what_a_command_takes_is_what_its_signature_says(name: str) -> None:
    table = PLANS if name.startswith("plans ") else COMMANDS
    short = name.removeprefix("plans ")
    room = typer.Typer()
    import_module(f"nudger.cli.{table[short].module}").register(room)
    parameters: list[Any] = get_group(room).commands[short].params

    usage = Usage.read(TAKES[name])

    takes_value = {one.opts[0]: not one.is_flag for one in parameters if one.opts[0].startswith("--")}
    assert {option: takes is not None for option, takes in usage.options.items()} == takes_value
    arguments = [one for one in parameters if not one.opts[0].startswith("--")]
    assert [one.endswith("...") for one in usage.arguments] == [one.nargs == -1 for one in arguments]
