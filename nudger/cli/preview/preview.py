"""`nudger preview`: the days ahead, before they come. Of a database it takes what is there."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nudger import plans
from nudger.app.core import Core
from nudger.cli.check import read
from nudger.cli.context import AsJson, clock, near, settings_of
from nudger.cli.preview.diff import edits, edits_json, show_edits
from nudger.cli.preview.folder import show_everyone
from nudger.cli.preview.previewing import Preview
from nudger.cli.preview.tables import show_people
from nudger.cli.show import as_json, err, out, problems
from nudger.domain.errors import SettingsError, UsageError
from nudger.domain.model import Plan
from nudger.plan_sync.files import Found, find_plans
from nudger.plans import ParsedPlans

FEW = 5  # people of a folder who are shown one by one; more are shown as sends per hour


def register(app: typer.Typer) -> None:
    app.command()(preview)


def preview(
    context: typer.Context,
    person: Annotated[
        list[str] | None, typer.Argument(metavar="[PERSON]...", help="Ids (default: everyone).")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="WHEN", help="A date or a time that stands for now.")
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=1000, help="Local dates, the first included.")
    ] = 7,
    diff: Annotated[
        Path | None,
        typer.Option(metavar="OLD_DIR", help="Only what differs from these plans, with + and -."),
    ] = None,
    json: AsJson = False,
) -> int:
    """What will be sent or skipped, when, in which words, and why; of many people how many an hour."""
    core = Core(settings_of(context, running=False))
    folder, wanted = core.settings.plans_dir, person or []
    there, before = _find_folder(folder), _find_old(diff) if diff else None
    _check_known(core, wanted, [there] if before is None else [there, before], folder)
    reading, found = read(core, there)
    old, of_old = read(core, before) if before else (None, [])
    problems([problem for problem in (*of_old, *found) if problem.severity == "error"], err)
    readings = [reading] if old is None else [reading, old]
    with Preview.opened(core, clock.now(), start, days) as ahead:
        if old is None:
            _show_ahead(ahead, _chosen(reading, wanted), json, folder=folder, everyone=not wanted)
        else:
            _show_changes(ahead, old, reading, wanted, json)
    for trouble in ahead.failed.values():
        err.print(f"[bold red]nudger:[/] {escape(trouble)}")
    faulty = {id_ for one in readings for id_ in one.files.keys() - one.plans.keys()}
    return 3 if faulty & set(wanted or faulty) else int(bool(ahead.failed))


def _find_folder(folder: Path) -> Found:
    if not folder.exists():
        raise SettingsError(
            f"NUDGER_PLANS_DIR: expected a folder with plans, found nothing at {folder}",
            "Create it and put a plan into it, or name another folder.",
        )
    return find_plans([folder])


def _find_old(folder: Path) -> Found:
    found = find_plans([folder]) if folder.is_dir() else None
    if found is None or not (found.sources or found.shared or found.problems):
        raise UsageError(f"--diff: expected a folder with plans as they were, found none at {folder}")
    return found


def _check_known(core: Core, wanted: list[str], found: list[Found], folder: Path) -> None:
    """Before plans are read: for a misspelt name nobody waits until everybody's are."""
    if not wanted:
        return
    ids = {id_ for one in found for id_ in plans.ids_of(one.sources, core.facts(clock.now()))}
    unknown = [one for one in wanted if one not in ids]
    if unknown:
        raise UsageError(
            f"PERSON: no plan in {folder} is named {', '.join(map(repr, unknown))}",
            near(unknown[0], sorted(ids)) if ids else "There is none.",
        )


def _chosen(reading: ParsedPlans, wanted: list[str]) -> list[Plan]:
    return [plan for id_, plan in sorted(reading.plans.items()) if not wanted or id_ in wanted]


def _show_ahead(ahead: Preview, chosen: list[Plan], json: bool, *, folder: Path, everyone: bool) -> None:
    if json:
        as_json([row.as_json() for row in ahead.of(chosen)])
    elif everyone and not chosen:
        out.print(f"No plans to preview in {folder}.", markup=False)
    elif everyone and len(chosen) > FEW:
        show_everyone(Console(highlight=False), ahead, chosen)
    else:
        show_people(Console(highlight=False), ahead, chosen)


def _show_changes(ahead: Preview, old: ParsedPlans, new: ParsedPlans, wanted: list[str], json: bool) -> None:
    """Nobody of whom a file has problems: the daemon keeps their last good plan."""
    faulty = (old.files.keys() - old.plans.keys()) | (new.files.keys() - new.plans.keys())
    before, after = (
        {plan.person: plan for plan in _chosen(one, wanted) if plan.person not in faulty}
        for one in (old, new)
    )
    if left_out := sorted(faulty & set(wanted or faulty)):
        err.print(f"Not compared, as a file has problems: {', '.join(left_out)}", markup=False)
    found = edits(ahead, before, after)
    if json:
        as_json(edits_json(found))
    else:
        show_edits(Console(highlight=False), found, len(before.keys() | after.keys()))
