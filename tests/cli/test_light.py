"""A command imports what it works with, and nothing else: so it answers at once, on a small board too."""

import inspect
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.main import get_group

from nudger import plans
from nudger.cli import COMMANDS, PLANS, Command

RUN = """
import json, sys
sys.argv[0] = "nudger"
from nudger.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print(json.dumps([code, sorted({name for name in sys.modules})]), file=sys.stderr)
"""
HEAVY = {
    "aiohttp",
    "aiosmtplib",
    "alembic",
    "apscheduler",
    "icalendar",
    "nudger.app.daemon",
    "nudger.app.state",
    "nudger.channels",
    "nudger.store",
    "nudger.web",
    "prometheus_client",
    "sqlalchemy",
    "starlette",
    "structlog",
    "twilio",
    "uvicorn",
    "watchfiles",
}
WORDS = {"jinja2", "nudger.app.core", "nudger.messages", "nudger.replies"}
PLAN = """
name = "Maya"
timezone = "Europe/London"
phone = "+447700900123"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
"""


def _loaded(folder: Path, *arguments: str, **environ: str) -> tuple[int, set[str], str]:
    """The exit code of a command in a process of its own, the modules that it had at its end, and what it
    printed."""
    folder.joinpath("plans").mkdir(exist_ok=True)
    folder.joinpath("plans", "maya.toml").write_text(PLAN)
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "NUDGER_STATE_DIR": str(folder / "state"), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules), done.stdout


def _of(one: set[str], modules: set[str]) -> set[str]:
    return {module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in one)}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("plans", "--help")])
def test_help_and_version_import_no_command(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, modules, _ = _loaded(tmp_path, *arguments)

    own = {command.module for command in (*COMMANDS.values(), *PLANS.values())}
    assert (code, _of({f"nudger.cli.{module}" for module in own}, modules)) == (0, set())
    assert not _of(HEAVY | WORDS, modules)


def test_completion_of_a_command_imports_none(tmp_path: Path) -> None:
    code, modules, said = _loaded(
        tmp_path, _NUDGER_COMPLETE="complete_bash", COMP_WORDS="nudger pre", COMP_CWORD="1"
    )

    assert (code, said.split()) == (0, ["preview"])
    assert not _of(HEAVY | WORDS | {"nudger.cli.preview"}, modules)


@pytest.mark.parametrize(
    ("line", "offered"), [("nudger preview m", ["maya"]), ("nudger preview --d", ["--days", "--diff"])]
)
def test_completion_of_what_a_command_takes_imports_no_command_and_no_settings(
    tmp_path: Path, line: str, offered: list[str]
) -> None:
    code, modules, said = _loaded(tmp_path, _NUDGER_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD="2")

    assert (code, said.split()) == (0, offered)
    assert not _of(HEAVY | WORDS | {"nudger.cli.preview", "nudger.app"}, modules)


def test_a_misspelt_command_imports_none(tmp_path: Path) -> None:
    code, modules, _ = _loaded(tmp_path, "chekc")

    assert (code, _of(HEAVY | WORDS, modules)) == (2, set())


@pytest.mark.parametrize(
    "arguments",
    [
        ("schema",),
        ("check",),
        ("lint",),
        ("preview", "--from", "2026-11-23"),
        ("interpret", "later"),
    ],
    ids=lambda one: one[0],
)
def test_what_looks_at_words_and_plans_imports_no_database_and_no_way_out(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    code, modules, _ = _loaded(tmp_path, *arguments)

    assert (code, _of(HEAVY, modules)) == (0, set())


def test_no_command_but_simulate_loads_the_people_who_do_not_exist_and_their_referee() -> None:
    others = sorted({one.module for one in (*COMMANDS.values(), *PLANS.values())} - {"simulate.simulate"})
    loading = "; ".join(f"import nudger.cli.{module}" for module in others)
    said = f"import sys, nudger.cli; {loading}; print(*sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout

    assert "nudger.cli.daemon" in loaded.split()
    assert not [name for name in loaded.split() if name.startswith("nudger.cli.simulate")]


def test_a_check_imports_none_of_the_daemons_rooms(tmp_path: Path) -> None:
    code, modules, _ = _loaded(tmp_path, "check")

    daemons = {
        "nudger.agenda",
        "nudger.inbound",
        "nudger.operations",
        "nudger.replies",
        "nudger.sending",
    }
    assert (code, _of(daemons, modules)) == (0, set())


@pytest.mark.parametrize(("name", "command"), [*COMMANDS.items(), *PLANS.items()], ids=[*COMMANDS, *PLANS])
def test_the_help_says_of_a_command_what_its_docstring_says(name: str, command: Command) -> None:
    room = typer.Typer()
    import_module(f"nudger.cli.{command.module}").register(room)

    told = inspect.getdoc(get_group(room).commands[name].callback) or ""

    assert command.help == " ".join(told.split("\n\n")[0].split())


def test_no_command_is_left_out_of_the_help() -> None:
    registered = set()
    for module in {command.module for command in (*COMMANDS.values(), *PLANS.values())}:
        room = typer.Typer()
        import_module(f"nudger.cli.{module}").register(room)
        registered |= set(get_group(room).commands)

    assert registered == {*COMMANDS, *PLANS}


def test_the_schema_that_is_kept_is_the_parsers(tmp_path: Path) -> None:
    _, modules, said = _loaded(tmp_path, "schema")

    assert json.loads(said) == plans.schema(), "make schema"
    assert not _of({"nudger.plans", *WORDS}, modules)
