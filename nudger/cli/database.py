"""What a command starts from that works on the database: it is opened, and closed again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import typer

from nudger.app import service
from nudger.app.core import Core
from nudger.app.state import Stores, join_database, look_into_database
from nudger.cli.context import AROUND, clock, near, settings_of
from nudger.domain.errors import UsageError
from nudger.domain.model import Person


@contextmanager
def opened(
    context: typer.Context, by: Callable[[Core], Stores] = join_database
) -> Iterator[tuple[Core, Stores]]:
    """Opens the core and the database of a command that acts on people, perhaps beside a daemon."""
    core = core_of(context)
    store = by(core)
    try:
        if core.database_file is None:
            clock.ask(store.facts.time)
        yield core, store
    finally:
        store.close()


def looking(context: typer.Context) -> AbstractContextManager[tuple[Core, Stores]]:
    """Opens the same for a command that only looks: it makes, changes and locks nothing."""
    return opened(context, look_into_database)


def core_of(context: typer.Context) -> Core:
    """Makes the core of a command that prints, and logs what is wrong alone."""
    service.configure("warning")
    return Core(settings_of(context, running=False))


def known(store: Stores, person_id: str) -> Person:
    """Finds the person. Raises UsageError, with what to type instead."""
    person = store.people.person(person_id)
    if person is None:
        ids = store.people.ids_around(person_id, AROUND)
        raise UsageError(
            f"PERSON: nobody has the id {person_id!r}",
            near(person_id, sorted(ids)) if ids else "Nobody is known yet: start nudger run.",
        )
    return person
