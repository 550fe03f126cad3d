"""The commands. Every fault that a person can cause ends in one clear message and DESIGN's exit code."""

import os
import sys

from typer.exceptions import Abort, TyperException

from nudger.cli import daemon, keeping, lint, looking, people, plans, pushing, replies
from nudger.cli.context import app
from nudger.cli.doctor import doctor
from nudger.cli.init import init
from nudger.cli.show import fault, misused
from nudger.cli.simulate import simulate

__all__ = ["main"]

for room in (daemon, init, doctor, plans, pushing, lint, replies, people, looking, keeping, simulate):
    room.register(app)


def main() -> None:
    """The console script `nudger`."""
    sys.exit(_run())


def _run() -> int:
    try:
        code = app(_hoisted(sys.argv[1:]), standalone_mode=False)
    except Abort:
        return 130  # Ctrl-C, as shells count it
    except TyperException as wrong:
        return misused(wrong)
    except BrokenPipeError:
        # `nudger log maya | head`: the reader has what it wanted. Keep the interpreter's exit quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as unforeseen:
        return fault(unforeseen)
    return code if isinstance(code, int) else 0


def _hoisted(arguments: list[str]) -> list[str]:
    """`--settings FILE` counts wherever it stands: `nudger run --settings FILE` too."""
    for at, argument in enumerate(arguments):
        if argument == "--settings" and at + 1 < len(arguments):
            return [argument, arguments[at + 1], *arguments[:at], *arguments[at + 2 :]]
        if argument.startswith("--settings="):
            return [argument, *arguments[:at], *arguments[at + 1 :]]
        if argument == "--":
            break
    return arguments
