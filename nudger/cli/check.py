"""`nudger check`: every problem of plans before they matter. No database is needed."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from nudger import plans
from nudger.app.grounds import Grounds
from nudger.cli.context import AsJson, clock, settings_of
from nudger.cli.show import as_json, out, problems
from nudger.domain.errors import Problem, UsageError
from nudger.domain.model import ChannelName, Plan
from nudger.plan_sync.files import Found, all_problems, find_plans
from nudger.plans import ParsedPlans

NAMED = 5  # files of a folder without plans
NO_LINK = (
    "An email is answered by a link, and a link needs an address: set NUDGER_PUBLIC_URL. Or, where the "
    'person has agreed, say so in the plan: consent = "2026-11-20, in person".'
)


def register(app: typer.Typer) -> None:
    app.command()(check)


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
    core = Grounds(settings_of(context, running=False))
    asked = paths or [core.settings.plans_dir]
    files = _find(asked)
    reading, found = read(core, files)
    found += [*_unaskable(core, reading), *_nothingread(files, asked)]
    errors = sum(problem.severity == "error" for problem in found)
    if json:
        as_json({"problems": [problem.as_json() for problem in found]})
    else:
        problems(found)
        out.print(_verdict(reading, errors, len(found) - errors))
    return 3 if errors or (strict and found) else 0


def _find(paths: list[Path]) -> Found:
    for path in paths:
        if not path.exists():
            raise UsageError(f"PATH: expected a plan file or a folder of plans, found nothing at {path}")
    return find_plans(paths)


def read(core: Grounds, found: Found) -> tuple[ParsedPlans, list[Problem]]:
    """Reads plans, and finds all that is wrong with them."""
    reading = plans.read(found.sources, core.facts(clock.now()), found.shared)
    return reading, all_problems(found, reading.problems)


def _nothingread(found: Found, paths: list[Path]) -> list[Problem]:
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


def _unaskable(core: Grounds, reading: ParsedPlans) -> list[Problem]:
    """Files with people who are to get emails, have not agreed, and could not be asked."""
    mute = core.mute
    files = {reading.files[id_] for id_, plan in reading.plans.items() if cannot_be_asked(plan, mute)}
    sentence = "nobody can be asked for consent by email"
    return [Problem(file, 1, 1, "consent", sentence, NO_LINK, "warning") for file in sorted(files)]


def cannot_be_asked(plan: Plan, mute: Collection[ChannelName]) -> bool:
    """Tells whether there is a channel on which this plan sends, and on which nobody can be asked."""
    return plan.consent is None and any(plan.address(one) for one in plan.sends_on & frozenset(mute))


def _verdict(reading: ParsedPlans, errors: int, warnings: int) -> str:
    plans_ = _many(len(reading.files), "plan")
    if not errors and not warnings:
        return f"[green]{plans_}, no problems.[/]"
    return f"{plans_}, {_many(errors, 'problem')}, {_many(warnings, 'warning')}."


def _many(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
