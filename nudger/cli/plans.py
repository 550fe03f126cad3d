"""`nudger check`, `nudger preview`, `nudger schema`: plans before they matter. No database is needed."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from nudger import plans
from nudger.app.core import Core
from nudger.cli.context import AsJson, clock, near, settings_of
from nudger.cli.doctor.people import NO_LINK, cannot_be_asked
from nudger.cli.preview.diff import edits, edits_json, show_edits
from nudger.cli.preview.folder import show_everyone
from nudger.cli.preview.previewing import Preview
from nudger.cli.preview.tables import show_people
from nudger.cli.show import as_json, err, out, problems
from nudger.domain.errors import Problem, SettingsError, UsageError
from nudger.domain.model import Plan
from nudger.plan_sync.files import Found, all_problems, find_plans
from nudger.plans import Reading

NAMED = 5  # files of a folder without plans
FEW = 5  # people of a folder who are shown one by one; more are shown as sends per hour


def register(app: typer.Typer) -> None:
    app.command()(check)
    app.command()(preview)
    app.command()(schema)


def check(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Plan files and folders (default: the plans folder)."),
    ] = None,
    json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as problems.")] = False,
) -> int:
    """Every problem of every plan at once, each with its line and what to do."""
    core = Core(settings_of(context, running=False))
    asked = paths or [core.settings.plans_dir]
    files = _find(asked)
    reading, found = _read(core, files)
    found += [*_unaskable(core, reading), *_nothing_read(files, asked)]
    errors = sum(problem.severity == "error" for problem in found)
    if json:
        as_json({"problems": [problem.as_json() for problem in found]})
    else:
        problems(found)
        out.print(_verdict(reading, errors, len(found) - errors))
    return 3 if errors or (strict and found) else 0


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
    reading, found = _read(core, there)
    old, of_old = _read(core, before) if before else (None, [])
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


def schema() -> None:
    """The JSON Schema of a plan file, for editors that complete and check as one types."""
    as_json(plans.schema())


def _find(paths: list[Path]) -> Found:
    for path in paths:
        if not path.exists():
            raise UsageError(f"PATH: expected a plan file or a folder of plans, found nothing at {path}")
    return find_plans(paths)


def _read(core: Core, found: Found) -> tuple[Reading, list[Problem]]:
    reading = plans.read(found.sources, core.facts(clock.now()), found.shared)
    return reading, all_problems(found, reading.problems)


def _nothing_read(found: Found, paths: list[Path]) -> list[Problem]:
    """Where there was no plan to find a problem in, that is one."""
    if found.sources or found.shared or any(problem.severity == "error" for problem in found.problems):
        return []
    there = sorted(
        path.name for folder in paths if folder.is_dir() for path in folder.iterdir() if path.name[0] != "."
    )
    hint = "copy an example plan into it, or write a first one: nudger init"
    if there:
        more = f" and {len(there) - NAMED} more" if len(there) > NAMED else ""
        hint = f"there is {', '.join(there[:NAMED])}{more}, and no plan among it; {hint}"
    return [Problem(str(paths[0]), 1, 1, "", "expected plans (.toml or .csv files), found none", hint)]


def _unaskable(core: Core, reading: Reading) -> list[Problem]:
    """Files with people who are to get emails, have not agreed, and could not be asked."""
    mute = core.decider.mute
    files = {reading.files[id_] for id_, plan in reading.plans.items() if cannot_be_asked(plan, mute)}
    sentence = "nobody can be asked for consent by email"
    return [Problem(file, 1, 1, "consent", sentence, NO_LINK, "warning") for file in sorted(files)]


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


def _chosen(reading: Reading, wanted: list[str]) -> list[Plan]:
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


def _show_changes(ahead: Preview, old: Reading, new: Reading, wanted: list[str], json: bool) -> None:
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


def _verdict(reading: Reading, errors: int, warnings: int) -> str:
    plans_ = _many(len(reading.files), "plan")
    if not errors and not warnings:
        return f"[green]{plans_}, no problems.[/]"
    return f"{plans_}, {_many(errors, 'problem')}, {_many(warnings, 'warning')}."


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
