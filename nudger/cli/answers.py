"""`nudger answers`: what a person has said to asks, and in their own words. It is theirs: words are shown
where the operator's setting shows conversations, and nowhere else."""

from dataclasses import asdict, replace
from typing import Annotated

import typer

from nudger.cli.context import AsJson, PersonId
from nudger.cli.database import known, looking
from nudger.cli.show import as_json, local, out, table
from nudger.domain.errors import UsageError
from nudger.inbound.port import KeptAnswer
from nudger.inbound.self_service.journal import as_csv

HIDDEN = "Only numbers are shown: NUDGER_SHOW_CONVERSATIONS=true shows words too."


def register(app: typer.Typer) -> None:
    app.command()(answers)


def answers(
    context: typer.Context,
    person: PersonId,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV, the oldest first.")] = False,
    json: AsJson = False,
) -> None:
    """What a person has answered, and said in their own words: numbers, and words where conversations are
    shown."""
    if csv and json:
        raise UsageError("--csv: expected one of --csv and --json, got both")
    with looking(context) as (core, store):
        who, shows = known(store, person), core.settings.show_conversations
        found = [one if shows else without_words(one) for one in store.answers.answers(who.id)]
        if csv:
            out.file.write(as_csv(found, core.zone))
            return
        if json:
            as_json([asdict(one) for one in found])
            return
        zone = core.zone(who.plan.timezone)
        rows = [[local(one.at, zone), one.nudge, one.form or "own words", _said(one)] for one in found]
        table(["when", "nudge", "asked for", "answer"], rows, title=f"{who.plan.name} ({who.id})")
        if not shows:
            out.print(HIDDEN)


def without_words(one: KeptAnswer) -> KeptAnswer:
    """Returns that there was an answer, and the number that it is, where it is one."""
    return replace(one, words="", value=one.value if type(one.value) is int else None)


def _said(one: KeptAnswer) -> str:
    said = "" if one.value is None else str(one.value)
    said = {"True": "yes", "False": "no"}.get(said, said) if isinstance(one.value, bool) else said
    parts = (said, f"({one.words})" if one.words and one.words != said else "")
    return " ".join(part for part in parts if part) + ("" if one.counts else " [earlier]")
