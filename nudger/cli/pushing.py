"""`nudger plans push`: plans go to the database from wherever they live, and all its hosts run them.
`nudger plans accept-removal`: plans that were lost by one look are gone for good."""

from pathlib import Path
from typing import Annotated

import typer

from nudger.app.core import Core
from nudger.app.plans import push_plans
from nudger.app.state import Stores, database_for_plans
from nudger.cli.context import clock
from nudger.cli.database import opened
from nudger.cli.show import err, local, out, problems, table
from nudger.domain.errors import UsageError
from nudger.plan_sync.files import find_plans
from nudger.plans import read

SHOWN = 50  # people of whom it is said that their plan is missing
MOST_GONE = 1  # person whose plan may be missing without a question; of many, half of them


def register(app: typer.Typer) -> None:
    app.command()(push)
    app.command("accept-removal")(accept_removal)


def push(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(metavar="[PATH]", help="A folder of plans (default: the plans folder).")
    ] = None,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Where the plans came from a folder until now. No daemon may run."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however many would be paused.")] = False,
) -> int:
    """Takes these plans over into the database: they are all the plans there are. Who has none any more is
    paused, who has a faulty one keeps the last good one."""
    with opened(context, database_for_plans) as (core, store):
        folder = path or core.settings.plans_dir
        _demand_the_right_folder(core, store, folder, yes)
        loaded = push_plans(core, store, folder, clock.now(), take_over=take_over, accepted=yes)
    problems(loaded.problems, err)
    change = loaded.change
    out.print(
        f"{loaded.files} files; people: {len(change.added)} added, {len(change.changed)} changed, "
        f"{len(change.removed)} paused (no plan any more), {len(change.restored)} back.",
        markup=False,
    )
    if change.missing:
        err.print(
            f"{len(change.missing)} more have no plan any more, and are nudged on: a roster that lost most "
            "of its people may have been saved by mistake. If they are to go: nudger plans accept-removal",
            markup=False,
        )
    return 3 if any(one.severity == "error" for one in loaded.problems) else 0


def accept_removal(
    context: typer.Context, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Lets those go whose plans were lost by one look, with most others, and who are nudged on until then.
    Says first who they are."""
    with opened(context) as (_, store):
        number, missing = store.plans.count_missing(), store.plans.missing(SHOWN)
        if not number:
            out.print("Nobody's plan is missing: there is nothing to accept.")
            return
        table(["person", "plan", "gone since"], [[one.person, one.file, local(one.since)] for one in missing])
        if number > len(missing):
            out.print(f"and {number - len(missing):,} more.")
        who = "1 person has" if number == 1 else f"{number:,} people have"
        out.print(
            f"{who} no plan any more. They are paused, not erased, and are back once a plan of theirs is."
        )
        if not yes and not typer.confirm("Pause them?"):
            raise typer.Exit(1)
        accepted = store.plans.accept_removal(clock.now())
    out.print(f"{len(accepted):,} paused. What was planned for them is cancelled.")


def _demand_the_right_folder(core: Core, store: Stores, folder: Path, yes: bool) -> None:
    """A folder with plans, and with those of most of the people who are nudged."""
    if not folder.is_dir():
        raise UsageError(f"PATH: expected a folder of plans, found none at {folder}")
    now = clock.now()
    found = find_plans([folder])
    reading = read(found.sources, core.facts(now), found.shared)
    if not reading.files:
        raise UsageError(
            f"PATH: expected plans (.toml or .csv files) in {folder}, found none",
            "To pause somebody: nudger pause PERSON",
        )
    known = store.overview.vitals(now).people
    gone = known - len(store.plans.digests(reading.files))
    if gone > max(MOST_GONE, known // 2) and not yes:
        raise UsageError(
            f"PATH: {gone} of {known} people have no plan in {folder}, and would be paused",
            "Is it the right folder? If it is: nudger plans push --yes",
        )
