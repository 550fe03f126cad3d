"""The commands. Every fault that a person can cause ends in one clear message and DESIGN's exit code.

A command's module is imported when the command is called: help, completion and misspelt names need none.
"""

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import Abort, TyperException
from typer.main import get_group

from nudger import __version__
from nudger.cli.show import fault, misused

__all__ = ["COMMANDS", "PLANS", "app", "main"]


class Command(NamedTuple):
    """Where a command is, and what the help says of it: the first paragraph of its docstring."""

    module: str  # below nudger.cli; it has `register`
    help: str


COMMANDS = {
    "demo": Command(
        "daemon",
        "nudger at work, a day in minutes: example plans, an on-screen phone, no account anywhere.",
    ),
    "run": Command(
        "daemon",
        "The daemon: lays out days, sends what is due, takes replies. Ends on SIGTERM; SIGHUP reloads.",
    ),
    "init": Command(
        "init.init",
        "Asks a few questions, then writes settings.env and a first plan. Overwrites nothing.",
    ),
    "doctor": Command(
        "doctor.doctor",
        "Looks at all that nudger needs, and says what to do. Sends nothing and changes nothing, "
        "unless asked to.",
    ),
    "check": Command(
        "check",
        "Every problem of every plan at once, each with its line and what to do.",
    ),
    "preview": Command(
        "preview.preview",
        "What will be sent or skipped, when, in which words, and why; of many people how many an hour.",
    ),
    "schema": Command(
        "schema",
        "The JSON Schema of a plan file, for editors that complete and check as one types.",
    ),
    "lint": Command(
        "lint",
        "Every message that breaks a rule of tone, length or encoding, and how to mend it.",
    ),
    "interpret": Command(
        "replies",
        "How a reply would be understood, and what would be answered.",
    ),
    "send": Command(
        "people",
        "One nudge of this kind to a person now (not in quiet hours, not after STOP).",
    ),
    "pause": Command(
        "people",
        "No nudges to a person until then, or until `nudger resume`.",
    ),
    "resume": Command(
        "people",
        "Ends a pause; with --lift-hold a crisis hold as well.",
    ),
    "snooze": Command(
        "people",
        "Puts off a person's latest nudge, as their own reply would.",
    ),
    "export": Command(
        "people",
        "All that nudger holds on a person, as JSON.",
    ),
    "forget": Command(
        "people",
        "Erases all that nudger holds on a person. Their plan file and older backups are yours to remove.",
    ),
    "status": Command(
        "looking",
        "Whether nudger runs; what is planned, sent, held and unknown, and whose plan or standing "
        "needs a look. Exit code 1 where it does not run.",
    ),
    "log": Command(
        "looking",
        "What happened to a person's nudges and replies, latest last.",
    ),
    "replies": Command(
        "looking",
        "What people wrote, as it was understood, the latest first; and who has seen to it. Words only "
        "where NUDGER_SHOW_CONVERSATIONS is on.",
    ),
    "answers": Command(
        "answers",
        "What a person has answered, and said in their own words: numbers, and words where "
        "conversations are shown.",
    ),
    "backup": Command(
        "keeping",
        "Copies the database as it is at this moment, and checks the copy. nudger goes on meanwhile.",
    ),
    "restore": Command(
        "keeping",
        "Puts a backup in the place of the database, while nudger is stopped. No nudge goes out "
        "after it until `nudger accept-restore`.",
    ),
    "migrate": Command(
        "keeping",
        "Carries the state from the SQLite file to PostgreSQL, while nudger is stopped. The file "
        "stays as it is, and nothing works with it any more.",
    ),
    "accept-restore": Command(
        "keeping",
        "Lets nudges go out again after a backup was restored. Says first what that means.",
    ),
    "simulate": Command(
        "simulate.simulate",
        "Many people live with the real engine for some days, as fast as the machine can, and a "
        "referee looks on: exit 1 with the person, the time and the messages where a promise is "
        "broken.",
    ),
}
PLANS = {
    "push": Command(
        "pushing",
        "Takes these plans over into the database: they are all the plans there are. Who has none "
        "any more is paused, who has a faulty one keeps the last good one.",
    ),
    "accept-removal": Command(
        "pushing",
        "Lets those go whose plans were lost by one look, with most others, and who are nudged on "
        "until then. Says first who they are.",
    ),
}


class _Called(TyperGroup):
    """A group whose commands stand in the help by name and line, and are imported when they are called."""

    table: Mapping[str, Command]
    prefix = ""  # of its commands' names, in full

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        shown = {
            name: TyperCommand(name, help=command.help, rich_markup_mode=self.rich_markup_mode)
            for name, command in self.table.items()
        }
        self.commands = {**shown, **self.commands}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None and name in self.table:
            if ctx.resilient_parsing:  # the shell asks what may follow
                command = import_module("nudger.cli.completion").completed(f"{self.prefix}{name}")
            else:
                command = _imported(name, self.table[name].module)
        return name, command, rest


class _Commands(_Called):
    table = COMMANDS


class _Plans(_Called):
    table = PLANS
    prefix = "plans "


def _imported(name: str, module: str) -> Any:
    """The command as its module registers it."""
    room = typer.Typer(rich_markup_mode="rich")
    import_module(f"nudger.cli.{module}").register(room)
    return get_group(room).commands[name]


app = typer.Typer(
    name="nudger",
    cls=_Commands,
    help="Short, kind, well-timed reminders by text and email, from plans that you keep as files.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(
    typer.Typer(cls=_Plans, no_args_is_help=True, help="Plans as the database has them."), name="plans"
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"nudger {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=False)
def _begin(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings", metavar="FILE", help="Else ./settings.env, else /etc/nudger/settings.env."
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 (its callback acts)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    context.obj = settings


COLLECTED_AFTER = 100_000  # new objects


def main() -> None:
    """Runs the console script `nudger`."""
    # What is imported and read stays, and hardly anything of it is a circle: at the usual pace the collector
    # looks through all of it again and again, a tenth of what a command takes. The daemon settles its own.
    gc.set_threshold(COLLECTED_AFTER, 50, 50)
    # nudger has none of pydantic's plugins, and to look for them it reads about every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = _run()
    # For the same reason, nothing is looked through once more at the end: a tenth of a command again.
    gc.freeze()
    sys.exit(code)


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
