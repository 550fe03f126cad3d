"""`nudger backup`, `nudger restore`, `nudger migrate`: the database kept, put back, and carried over."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from nudger.agenda.entries import Restored
from nudger.app import service
from nudger.app.core import Core
from nudger.app.state import back_up_database, carry_database, restore_database
from nudger.cli.context import clock, settings_of
from nudger.cli.database import opened
from nudger.cli.show import local, out
from nudger.operations.restore_guard import COMMAND

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
LOST = (
    "What came in since {since} it may not know: who said STOP, pauses, consent. A nudger that runs asks "
    "Twilio for the texts since then by itself; for emails and taps, look through what you have, and pause "
    "the people concerned: nudger pause PERSON."
)


def register(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)
    app.command()(migrate)
    app.command("accept-restore")(accept_restore)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where the copy goes; nobody else may read it.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Copies the database as it is at this moment, and checks the copy. nudger goes on meanwhile."""
    service.configure("warning")
    with Progress(transient=True) as bar:
        task = bar.add_task("copying")
        back_up_database(
            Core(settings_of(context, running=False)),
            file,
            force=force,
            copied=lambda left, total: bar.update(task, total=total, completed=total - left),
        )
    out.print(f"Copied to {file}, and checked. It holds what people wrote: keep it closed.", markup=False)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `nudger backup` has written.")],
    yes: Yes = False,
) -> None:
    """Puts a backup in the place of the database, while nudger is stopped. No nudge goes out after it
    until `nudger accept-restore`."""
    service.configure("warning")
    core = Core(settings_of(context, running=False))
    where = core.database_file
    if not yes and not typer.confirm(f"Replace {where} by {file}?"):
        raise typer.Exit(1)
    aside = restore_database(core, file, clock.now())
    kept = f" What was there is kept as {aside}: remove it when you need it no more." if aside else ""
    out.print(f"Restored.{kept}", markup=False)
    out.print(f"Start nudger: it takes replies. Nudges go out again after you type: {COMMAND}", markup=False)


def migrate(
    context: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="URL", help="postgresql://user@host/database, empty.")],
) -> None:
    """Carries the state from the SQLite file to PostgreSQL, while nudger is stopped. The file stays as it
    is, and nothing works with it any more."""
    service.configure("warning")
    core = Core(settings_of(context, running=False))
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), transient=True) as bar:
        task = bar.add_task("looking")
        name, counts = carry_database(
            core, to, lambda table, count: bar.update(task, description=f"{table}: {count} rows")
        )
    rows = sum(counts.values())
    out.print(f"{rows} rows of {len(counts)} tables are in {name}: {counts['person']} people.", markup=False)
    out.print(
        f"Now set NUDGER_DATABASE_URL to it, keep NUDGER_STATE_DIR and NUDGER_SEED, and start nudger. "
        f"{core.database_file} is not worked with any more; remove it when you need it no more.",
        markup=False,
    )


def accept_restore(context: typer.Context, yes: Yes = False) -> None:
    """Lets nudges go out again after a backup was restored. Says first what that means."""
    with opened(context) as (_, store):
        found, now = store.restore.restored(), clock.now()
        if found is None or found.accepted_at is not None:
            out.print("No database was restored here: nothing is held back.")
            return
        out.print(_meaning(found, now), markup=False)
        if not yes and not typer.confirm("Let nudges go out again?"):
            raise typer.Exit(1)
        store.restore.accept_restored(now)
        out.print("Accepted. A nudger that runs takes note within 15 seconds.")


def _meaning(found: Restored, now: datetime) -> str:
    asked = f" Twilio was asked at {local(found.asked_at)}." if found.asked_at else ""
    return "\n".join(
        (
            f"Held back since {local(found.noticed_at)}: {found.why}.",
            f"What was due until now, {local(now)}, does not go out: it may have gone out already.",
            "What is due from now on goes out as planned.",
            LOST.format(since=local(found.knows_until)) + asked,
        )
    )
