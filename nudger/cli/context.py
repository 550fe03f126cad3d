"""What every command starts from: the settings and the clock. It is light: see `nudger.cli`."""

import os
from bisect import bisect
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from nudger.app.clock import SharedClock
from nudger.app.settings import Settings, load

AROUND = 10  # ids before and after a name that nobody has

clock = SharedClock()  # the machine's, until a database that hosts share was asked
AsJson = Annotated[bool, typer.Option("--json", help="For programs: JSON instead of tables.")]
PersonId = Annotated[
    str, typer.Argument(metavar="PERSON", help="A person's id: the name of their plan file.")
]


def settings_of(context: typer.Context, *, running: bool = True) -> Settings:
    """Reads the settings, checked, or raises SettingsError with every problem. What only the daemon needs
    may be missing where it is not `running`."""
    return load(context.obj, os.environ, Path.cwd(), running=running)


def near(misspelt: str, ids: Sequence[str]) -> str:
    """Says whom it may have meant, among these ids in their order; else those that stand around it."""
    if meant := get_close_matches(misspelt, ids, n=3, cutoff=0.5):
        return f"Did you mean {' or '.join(meant)}?"
    at = bisect(ids, misspelt)
    return f"Near it stand: {', '.join(ids[max(0, at - AROUND) : at + AROUND])}."
