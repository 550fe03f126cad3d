"""`nudger init`: a few questions, and there are settings and a first plan that a person can edit on."""

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from nudger.cli.context import clock
from nudger.cli.init.questions import Interview, Questions
from nudger.cli.init.writing import FirstPlan, Place
from nudger.cli.preview.previewing import Preview
from nudger.cli.preview.tables import show_people
from nudger.cli.show import err, out
from nudger.domain.errors import UsageError

DAYS = 7  # of the preview


def register(app: typer.Typer) -> None:
    app.command()(init)


def _flag(name: str, help_: str) -> Any:
    return typer.Option(f"--{name}", metavar="TEXT", help=help_)


def init(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to write (default: here).", show_default=False)
    ] = Path(),
    name: Annotated[str | None, _flag("name", "What the person is called.")] = None,
    id_: Annotated[
        str | None, _flag("id", "What the plan's file is called (default: from the name).")
    ] = None,
    timezone: Annotated[str | None, _flag("timezone", "Where they are: Europe/London.")] = None,
    language: Annotated[str | None, _flag("language", "Of the messages: en.")] = None,
    phone: Annotated[str | None, _flag("phone", "With + and the country's code.")] = None,
    email: Annotated[str | None, _flag("email", "Beside a phone number, or in its place.")] = None,
    country: Annotated[str | None, _flag("country", "GB; for who has no phone number.")] = None,
    consent: Annotated[str | None, _flag("consent", 'When and how: "2026-11-20, in person".')] = None,
    quiet: Annotated[str | None, _flag("quiet", "20:00-09:00, or none.")] = None,
    kinds: Annotated[
        str | None, _flag("kinds", '"rest=13:00, movement=10:00-17:00"; without a time, its usual one.')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take flags and defaults.")] = False,
) -> None:
    """Asks a few questions, then writes settings.env and a first plan. Overwrites nothing."""
    if context.obj is not None:
        raise UsageError("--settings: init makes the settings.env of its FOLDER", "Leave --settings out.")
    flags = {"--name": name, "--id": id_, "--timezone": timezone, "--language": language, "--phone": phone}
    flags |= {
        "--email": email,
        "--country": country,
        "--consent": consent,
        "--quiet": quiet,
        "--kinds": kinds,
    }
    interview = Interview({flag: text for flag, text in flags.items() if text is not None}, yes)
    place = Place(Path(os.path.abspath(folder)), clock.now())
    place.check()
    try:
        made = Questions(interview, place.core.facts(place.now), place.taken, place.problems_of).ask()
        new = place.write(made)
    except KeyboardInterrupt:
        err.print("\nNothing was written.")
        raise
    _show_days(place, made)
    _show_files(place, made, new)
    _show_next(place, made)


def _show_days(place: Place, made: FirstPlan) -> None:
    """As the days will be once the person has agreed."""
    plan = place.plan(made)
    out.print()
    if plan.consent is None:
        out.print(f"[dim]As it will be once {plan.name} has agreed:[/]")
    with Preview.opened(place.core, place.now, None, DAYS) as ahead:
        show_people(Console(highlight=False), ahead, [replace(plan, consent=plan.consent or "to come")])


def _show_files(place: Place, made: FirstPlan, new: Collection[Path]) -> None:
    out.print("\n[bold]Written[/]")
    for file in new:
        out.print(f"  {file}", markup=False)
    if place.settings_file not in new:
        out.print(f"  {place.settings_file} was there, and stays as it is", style="dim", markup=False)
    if not made.consent:
        out.print(
            f"\nnudger asks {made.name} once, and sends nothing else before they say YES. Where they have "
            "agreed already, put `consent` into the plan.",
            markup=False,
        )


def _show_next(place: Place, made: FirstPlan) -> None:
    settings = place.core.settings
    out.print("\n[bold]Next[/]")
    if place.folder != Path.cwd():
        out.print(f"  cd {place.folder}", markup=False)
    out.print("  nudger run")
    if "phone" in (settings.sms, settings.email):
        page = f"http://{settings.web_host}:{settings.web_port}/phone"
        out.print(f"Nothing leaves this machine yet: texts and emails appear on {page}", style="dim")
    out.print(
        f"Edit {place.file_of(made.person)} as you like; nudger check tells what is wrong.", style="dim"
    )
