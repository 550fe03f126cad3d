"""One command in this process, as somebody types it."""

from collections.abc import Callable

import click
from typer.testing import CliRunner

from nudger.cli import app
from nudger.domain.errors import NudgerError

Typed = Callable[..., tuple[int, str]]


def command(*arguments: str, typed: str = "") -> tuple[int, str]:
    """The command, with what is typed while it asks: its exit code, and all that it prints."""
    done = CliRunner().invoke(app, arguments, input=typed, standalone_mode=False)
    fault = done.exception
    if fault is None:
        return done.return_value or 0, done.output
    if isinstance(fault, NudgerError):
        return fault.exit_code, f"{done.output}{fault}"
    if isinstance(fault, click.ClickException):
        return fault.exit_code, f"{done.output}{fault.message}"
    raise fault
