"""`nudger interpret`: how a reply would be understood and answered, and how well many are."""

import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from nudger import plans
from nudger.app.core import Core
from nudger.cli.context import AsJson, clock, settings_of
from nudger.cli.show import json_line, local, out
from nudger.domain.effects import YEARS, Answer, Response, computable_date
from nudger.domain.errors import UsageError
from nudger.domain.model import At, ChannelName, Contact, Kind, Nudge, Person, Plan, Window
from nudger.inbound.inbox import answer
from nudger.inbound.port import Bound, Inbound, Writer
from nudger.plan_sync.files import find_plans
from nudger.plans import Wrong
from nudger.plans.format.times import duration, read_quiet
from nudger.replies import AnswerForm, AnswerFormError, Understood, understand
from nudger.replies.scoring import Case, Score, TableError, read_table


def register(app: typer.Typer) -> None:
    app.command()(interpret)


def interpret(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="The reply; without it, one a line is read.")] = None,
    now: Annotated[str | None, typer.Option(metavar="ISO", help="The time that stands for now.")] = None,
    timezone: Annotated[str, typer.Option(help="The person's zone.")] = "UTC",
    language: Annotated[str, typer.Option(help="The person's language.")] = "en",
    snooze: Annotated[str, typer.Option(help="What a bare LATER means.")] = "1h",
    quiet: Annotated[str, typer.Option(help='Quiet hours, or "none".')] = "20:00-09:00",
    country: Annotated[
        str | None, typer.Option(help="Whose dates in digits, holidays and helplines.")
    ] = None,
    contacts: Annotated[str, typer.Option(metavar='"Sam:brother, Ana"', help="The person's contacts.")] = "",
    asked: Annotated[
        str | None, typer.Option(metavar="FORM", help='An open ask: line, 0-10, yes/no, "calm|flat|tense".')
    ] = None,
    after_nudge: Annotated[
        Kind | None, typer.Option("--after-nudge", help="The kind of the nudge that it answers.")
    ] = Kind.REST,
    person: Annotated[
        str | None, typer.Option(metavar="ID", help="All of that from this person's plan.")
    ] = None,
    score: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.tsv", help="How well the texts of a table are understood; shows none of them."
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="With --score: the texts that were taken wrong.")
    ] = False,
    json: AsJson = False,
) -> None:
    """How a reply would be understood, and what would be answered."""
    core = Core(settings_of(context, running=False))
    if person is not None:
        plan = _plan_of(core, person)
    else:
        plan = _plan(core, timezone, language, snooze, quiet, country, contacts, after_nudge or Kind.REST)
    ask = _ask(asked)
    if score is not None:
        _score(core, plan, score, show=show, json=json)
        return
    at = _instant(now, core, plan.timezone)
    bound = Bound(1, plan.nudges[0].id, plan.nudges[0].kind, at) if plan.nudges and after_nudge else None
    writer = Writer(Person(plan), bound)
    lines = [text] if text is not None else (line.rstrip("\n") for line in sys.stdin)
    for line in lines:
        understood = _understood(core, plan, line, at, ask, after_nudge)
        response = answer(core.responder, writer, Inbound("", ChannelName.EMAIL, "", line, at))
        if json:
            json_line(
                {
                    "text": line,
                    "intent": understood.intent,
                    "kind": understood.danger,
                    "value": understood.value,
                    "from": understood.begins or _wall(understood.earliest),
                    "until": understood.until or _wall(understood.latest),
                    "timezone": understood.zone,
                    "contact": _contact(understood.contacts),
                    "reply": _reply(response),
                }
            )
        else:
            kind = f" ({understood.danger})" if understood.danger else ""
            until = f" until {local(understood.until, core.zone(timezone))}" if understood.until else ""
            out.print(f"[bold]{understood.intent}[/]{kind}{until}")
            out.print(f"  {_reply(response)}", markup=False)


def _understood(
    core: Core, plan: Plan, text: str, at: datetime, ask: AnswerForm | None, after_nudge: Kind | None
) -> Understood:
    """What a text of this person means."""
    return understand(
        text,
        language=plan.language,
        now=at,
        zone=core.zone(plan.timezone),
        snooze=plan.nudges[0].snooze if plan.nudges else timedelta(hours=1),
        quiet=plan.quiet,
        words=core.words,
        after_nudge=after_nudge,
        country=plan.country,
        contacts={one.name: one.relation for one in plan.contacts},
        ask=ask,
    )


def _wall(at: time | None) -> str | None:
    return f"{at:%H:%M}" if at is not None else None


def _contact(names: tuple[str, ...]) -> str | list[str] | None:
    """One, or those who may be meant."""
    return list(names) if len(names) > 1 else names[0] if names else None


def _ask(form: str | None) -> AnswerForm | None:
    try:
        return AnswerForm.read(form) if form is not None else None
    except AnswerFormError as error:
        raise UsageError(f"--asked: {error}") from None


def _score(core: Core, plan: Plan, file: Path, *, show: bool, json: bool) -> None:
    """Holds every text of a table against what it means: sent by this person, after a nudge."""
    score = Score()
    for case in _cases(file, plan.language, core):
        found = understand(
            case.text,
            language=plan.language,
            now=case.now,
            zone=case.zone,
            snooze=plan.nudges[0].snooze if plan.nudges else timedelta(hours=1),
            quiet=plan.quiet,
            words=core.words,
            after_nudge=Kind.REST,
            country=case.country or plan.country,
        )
        score.add(case, found)
        if show and not case.is_met_by(found):
            out.print(f"{case.text}\n  {found.intent} for {'|'.join(case.intents)}", markup=False)
    if json:
        json_line(score.table())
        return
    for line in score.lines():
        out.print(line, markup=False)


def _cases(file: Path, language: str, core: Core) -> list[Case]:
    try:
        return read_table(file.read_text(encoding="utf-8"), language, core.zones.zone)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--score: cannot read {str(file)!r}: {error}") from None
    except TableError as error:
        raise UsageError("\n".join(f"{file}: {line}" for line in error.message.splitlines())) from None


def _plan(
    core: Core,
    timezone: str,
    language: str,
    snooze: str,
    quiet: str,
    country: str | None,
    contacts: str,
    kind: Kind,
) -> Plan:
    """The plan of someone of whom no more is known."""
    if core.zones.zone(timezone) is None:
        raise UsageError(f'--timezone: expected a name like "Europe/London", got {timezone!r}')
    if language not in core.wording.languages:
        known = ", ".join(sorted(core.wording.languages))
        raise UsageError(f"--language: expected one of {known}, got {language!r}")
    named = [one.partition(":") for one in contacts.split(",") if one.strip()]
    return Plan(
        "someone",
        "Someone",
        timezone,
        language,
        country=country.upper() if country else None,
        quiet=_quiet(quiet),
        nudges=(Nudge(kind.value, kind, At(()), snooze=_snooze(snooze)),),
        contacts=tuple(Contact(name.strip(), relation.strip()) for name, _, relation in named),
    )


def _plan_of(core: Core, person: str) -> Plan:
    """The plan of this person, as their file says."""
    folder = core.settings.plans_dir
    found = find_plans([folder] if folder.is_dir() else [])
    plan = plans.read(found.sources, core.facts(clock.now()), found.shared).plans.get(person)
    if plan is None:
        raise UsageError(f"--person: no plan of {person!r} without problems in {str(folder)!r}")
    return plan


def _instant(now: str | None, core: Core, timezone: str) -> datetime:
    if now is None:
        return clock.now()
    try:
        at = datetime.fromisoformat(now)
    except ValueError:
        at = None
    if at is None or not computable_date(at.date()):
        raise UsageError(f'--now: expected a time like "2026-11-23T10:00", of {YEARS}, got {now!r}')
    return at if at.tzinfo else at.replace(tzinfo=core.zone(timezone))


def _snooze(text: str) -> timedelta:
    try:
        return duration(timedelta(minutes=1), timedelta(hours=48))(text.strip())
    except Wrong as wrong:
        raise UsageError(f"--snooze: {wrong}") from None


def _quiet(text: str) -> Window | None:
    try:
        return read_quiet(text.strip())
    except Wrong as wrong:
        raise UsageError(f"--quiet: {wrong}") from None


def _reply(response: Response) -> str:
    return " ".join(effect.text for effect in response.effects if isinstance(effect, Answer))
