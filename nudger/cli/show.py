"""How the commands print: tables for people, JSON for programs, problems with the line and a caret."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.exceptions import TyperException

from nudger.domain.errors import NudgerError, Problem


class _Console(Console):
    """A reader that hangs up (`nudger log maya | head`) is not an error; `main` ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


out = _Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def as_json(value: object) -> None:
    """Prints one JSON value on standard output."""
    out.file.write(json.dumps(value, indent=2, ensure_ascii=False, default=_jsonable) + "\n")


def json_line(value: object) -> None:
    """Prints one JSON value on one line."""
    out.file.write(json.dumps(value, ensure_ascii=False, default=_jsonable) + "\n")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """Makes a table that wraps only its last column."""
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for number, header in enumerate(headers):
        shown.add_column(header, no_wrap=number < len(headers) - 1, overflow="fold")
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    Console(highlight=False).print(shown)


def problems(found: Sequence[Problem], to: Console | None = None) -> None:
    """Prints each problem with its place; in a terminal with the line and a caret under the value."""
    console = to or out
    for problem in found:
        colour = "red" if problem.severity == "error" else "yellow"
        word = "" if problem.severity == "error" else "warning: "
        place = f"{problem.file}:{problem.line}:{problem.column}:"
        rest = str(problem).removeprefix(place).strip()
        console.print(f"[bold]{escape(_legible(place))}[/] [{colour}]{word}[/]{escape(rest)}")
        if console.is_terminal:
            _picture(problem, console, colour)
        if problem.hint:
            console.print(f"    [dim]{escape(problem.hint)}[/]")


def fault(unforeseen: Exception) -> int:
    """Says what went wrong, without a traceback; gives the exit code."""
    if isinstance(unforeseen, NudgerError):
        if found := getattr(unforeseen, "problems", ()):
            problems(found, err)
        else:
            err.print(f"[bold red]nudger:[/] {escape(str(unforeseen))}")
        return unforeseen.exit_code
    if os.environ.get("NUDGER_TRACEBACK"):
        raise unforeseen
    err.print(
        f"[bold red]nudger:[/] something unforeseen: {type(unforeseen).__name__}: {escape(str(unforeseen))}\n"
        "  This is a fault of nudger. Set NUDGER_TRACEBACK=1 to see where, and please report it."
    )
    return 1


def misused(wrong: TyperException) -> int:
    """Says how a command was called wrongly; gives the exit code."""
    context = getattr(wrong, "ctx", None)
    command = context.command_path if context else "nudger"
    if message := wrong.format_message():  # empty where the help was shown instead
        err.print(f"[bold red]nudger:[/] {escape(message)}\n  See: {command} --help")
    return wrong.exit_code


def local(at: datetime | None, zone: tzinfo | None = None) -> str:
    """Says an instant as people read it: local date and time, of the person's zone where one is given."""
    return "" if at is None else f"{at.astimezone(zone):%a %d %b %H:%M}"


def _legible(place: str) -> str:
    """A file may have a name that would tell a terminal to do all kinds of things."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in place)


def _picture(problem: Problem, console: Console, colour: str) -> None:
    if not os.path.isfile(problem.file):
        return  # a pipe or a device is not waited for
    try:
        lines = Path(problem.file).read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return  # a file that cannot be read has no line to show; the problem says so
    if 0 < problem.line <= len(lines):
        line = lines[problem.line - 1].replace("\t", " ")
        if not line.isprintable():
            return  # a spreadsheet, or UTF-16: a terminal would be told to do all kinds of things
        console.print(f"  [dim]{problem.line:>4} |[/] {escape(line)}")
        console.print(f"  [dim]     |[/] {' ' * (problem.column - 1)}[{colour}]^[/]")


def _jsonable(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def terminal() -> bool:
    """Tells whether someone may be looking and typing."""
    return sys.stdin.isatty() and sys.stdout.isatty()
