"""What every command starts from: the settings, the clock, the store."""

import os
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from nudger import __version__
from nudger.app import Stores, join_database, look_into_database, service
from nudger.app.clock import SharedClock
from nudger.app.core import Core
from nudger.app.settings import Settings, load
from nudger.domain.errors import UsageError
from nudger.domain.model import Person

AROUND = 10  # ids before and after a name that nobody has

clock = SharedClock()  # the machine's, until a database that hosts share was asked
app = typer.Typer(
    name="nudger",
    help="Short, kind, well-timed reminders by text and email, from plans that you keep as files.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of tables.")]
PersonId = Annotated[
    str, typer.Argument(metavar="PERSON", help="A person's id: the name of their plan file.")
]


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


def settings_of(context: typer.Context, *, running: bool = True) -> Settings:
    """The settings, checked, or SettingsError with every problem. What only the daemon needs may be
    missing where it is not `running`."""
    return load(context.obj, os.environ, Path.cwd(), running=running)


@contextmanager
def opened(
    context: typer.Context, by: Callable[[Core], Stores] = join_database
) -> Iterator[tuple[Core, Stores]]:
    """The core and the open database of a command that acts on people, perhaps beside a daemon."""
    core = core_of(context)
    store = by(core)
    try:
        if core.database_file is None:
            clock.ask(store.facts.time)
        yield core, store
    finally:
        store.close()


def looking(context: typer.Context) -> AbstractContextManager[tuple[Core, Stores]]:
    """The same of a command that only looks: it makes, changes and locks nothing."""
    return opened(context, look_into_database)


def core_of(context: typer.Context) -> Core:
    """The core of a command that prints, and logs what is wrong alone."""
    service.configure("warning")
    return Core(settings_of(context, running=False))


def known(store: Stores, person_id: str) -> Person:
    """The person, or what to type instead."""
    person = store.people.person(person_id)
    if person is None:
        ids = store.people.ids_around(person_id, AROUND)
        raise UsageError(
            f"PERSON: nobody has the id {person_id!r}",
            near(person_id, sorted(ids)) if ids else "Nobody is known yet: start nudger run.",
        )
    return person


def near(misspelt: str, ids: Sequence[str]) -> str:
    """Whom it may have meant, among these ids in their order; else those that stand around it."""
    if meant := get_close_matches(misspelt, ids, n=3, cutoff=0.5):
        return f"Did you mean {' or '.join(meant)}?"
    at = bisect(ids, misspelt)
    return f"Near it stand: {', '.join(ids[max(0, at - AROUND) : at + AROUND])}."
