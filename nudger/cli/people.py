"""Acting on a person now: `send`, `pause`, `resume`, `snooze`, `export`, `forget`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

import typer

from nudger import plans
from nudger.app.core import Core
from nudger.app.state import Stores
from nudger.cli.context import AsJson, PersonId, clock
from nudger.cli.database import known, looking, opened
from nudger.cli.show import as_json, local, out
from nudger.domain.effects import Effect, Response, Snooze
from nudger.domain.errors import UsageError
from nudger.domain.model import ChannelName, Kind, Person
from nudger.inbound.port import Writer
from nudger.operations.operator_actions import Operator
from nudger.plan_sync.files import find_plans
from nudger.replies import Intent

LONGEST_SNOOZE = timedelta(hours=48)


def register(app: typer.Typer) -> None:
    for command in (send, pause, resume, snooze, export, forget):
        app.command()(command)


def send(context: typer.Context, person: PersonId, kind: Kind, json: AsJson = False) -> None:
    """One nudge of this kind to a person now (not in quiet hours, not after STOP)."""
    with opened(context) as (core, store):
        who = known(store, person)
        _operator(core, store).send(who, kind, clock.now())
        _say(who, json, "asked", f"A {kind} nudge to {who.plan.name} is due now.")


def pause(
    context: typer.Context,
    person: PersonId,
    until: Annotated[
        str | None, typer.Argument(metavar="[UNTIL]", help='"3 days", "monday to friday" (default: RESUME).')
    ] = None,
    json: AsJson = False,
) -> None:
    """No nudges to a person until then, or until `nudger resume`."""
    with opened(context) as (core, store):
        who = known(store, person)
        now, operator = clock.now(), _operator(core, store)
        begins, at = operator.when(who, until, now) if until else (None, None)
        operator.pause(who, at, now, begins)
        since = f" from {local(begins, core.zone(who.plan.timezone))}" if begins else ""
        _say(who, json, "paused", f"{who.plan.name} is paused{since}{_till(core, who, at)}.", until=at)


def resume(
    context: typer.Context,
    person: PersonId,
    lift_hold: Annotated[
        bool, typer.Option("--lift-hold", help="End a crisis hold too, after you have spoken with them.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Ends a pause; with --lift-hold a crisis hold as well."""
    with opened(context) as (core, store):
        who = known(store, person)
        operator, now = _operator(core, store), clock.now()
        if lift_hold:
            operator.lift(who, now)
        else:
            operator.resume(who, now)
        _say(who, json, "resumed", f"{who.plan.name} gets nudges as planned.")


def snooze(
    context: typer.Context,
    person: PersonId,
    when: Annotated[str, typer.Argument(help='"2h", "at 6", "tomorrow" (default: the nudge\'s own).')] = "",
    json: AsJson = False,
) -> None:
    """Puts off a person's latest nudge, as their own reply would."""
    with opened(context) as (core, store):
        who = known(store, person)
        now = clock.now()

        def put_off(writer: Writer) -> Response:
            response = core.responder.respond(writer, f"later {when}".strip(), ChannelName.SMS, now)
            snoozes = tuple(effect for effect in response.effects if isinstance(effect, Snooze))
            return Response(response.intent, response.until, snoozes)

        response = store.inbound.act(who.id, now, put_off, "snooze")
        if response is None or response.intent != Intent.SNOOZE:
            raise UsageError(f'WHEN: expected "2h", "at 6", "tonight" or "tomorrow", got {when!r}')
        if not response.effects:
            raise UsageError(f"{who.plan.name} has no nudge of the last 24 hours to put off")
        _say(who, json, "snoozed", f"Again at {_at(core, who, response)}.", until=response.until)


def export(context: typer.Context, person: PersonId) -> None:
    """All that nudger holds on a person, as JSON."""
    with looking(context) as (_, store):
        known(store, person)
        as_json(store.people.export(person))


def forget(
    context: typer.Context,
    person: PersonId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erases all that nudger holds on a person. Their plan file and older backups are yours to remove."""
    with opened(context) as (core, store):
        who = known(store, person)
        if not yes and not typer.confirm(f"Erase everything on {who.plan.name} ({who.id})?"):
            raise typer.Exit(1)
        store.people.forget(person)
        for line in _left_to_do(core, person):
            out.print(line, markup=False)


def _left_to_do(core: Core, person: str) -> Iterator[str]:
    """What nudger cannot erase, or would read in again."""
    yield "Erased from the database, and from its log."
    folder = core.settings.plans_dir
    found = find_plans([folder] if folder.is_dir() else [])
    reading = plans.read(found.sources, core.facts(clock.now()), found.shared)
    if file := reading.files.get(person):
        what = f"the line of {person} in {file}" if file.endswith(".csv") else file
        yield f"Remove {what} too. While it is there, nudger sends nothing to {person} and reports the plan."
    yield (
        "Still held elsewhere: backups made before, and what the replaced database of a restore holds "
        "(*.before-*); Twilio's and the mail server's own logs; copies of the plan in editors and archives."
    )


def _operator(core: Core, store: Stores) -> Operator:
    return Operator(store.inbound, core.responder, core.zone)


def _act(store: Stores, who: Person, what: str, *effects: Effect) -> None:
    store.inbound.act(who.id, clock.now(), lambda _: Response(what, None, effects), what)


def _till(core: Core, who: Person, at: datetime | None) -> str:
    return f" until {local(at, core.zone(who.plan.timezone))}" if at else " until resumed"


def _at(core: Core, who: Person, response: Response) -> str:
    return local(response.until, core.zone(who.plan.timezone))


def _say(who: Person, json: bool, state: str, text: str, **more: object) -> None:
    if json:
        as_json({"person": who.id, "state": state, **more})
    else:
        out.print(text, markup=False)
