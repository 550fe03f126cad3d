"""`nudger interpret`: how a reply would be understood and answered, and how well many are."""

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from nudger.cli.context import AsJson, clock, settings_of
from nudger.cli.show import json_line, local, out
from nudger.core import Core
from nudger.delivery.answering import answer
from nudger.delivery.inbound import Bound, Inbound, Writer
from nudger.effects import Answer, Response
from nudger.errors import UsageError
from nudger.instants import YEARS, computable_date
from nudger.model import At, ChannelName, Kind, Nudge, Person, Plan, Window
from nudger.plans import Wrong, check_duration, check_quiet
from nudger.replies import understand
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
    writer = _writer(core, timezone, language, snooze, quiet)
    if score is not None:
        _score(core, writer, score, show=show, json=json)
        return
    at = _instant(now, core, timezone)
    lines = [text] if text is not None else (line.rstrip("\n") for line in sys.stdin)
    for line in lines:
        understood = core.responder.understand(writer, line, at)
        response = answer(core.responder, writer, Inbound("", ChannelName.EMAIL, "", line, at))
        if json:
            json_line(
                {
                    "text": line,
                    "intent": understood.intent,
                    "kind": understood.danger,
                    "until": understood.until,
                    "reply": _reply(response),
                }
            )
        else:
            kind = f" ({understood.danger})" if understood.danger else ""
            until = f" until {local(understood.until, core.zone(timezone))}" if understood.until else ""
            out.print(f"[bold]{understood.intent}[/]{kind}{until}")
            out.print(f"  {_reply(response)}", markup=False)


def _score(core: Core, writer: Writer, file: Path, *, show: bool, json: bool) -> None:
    """Holds every text of a table against what it means: sent by this person, after a nudge."""
    plan, score = writer.person.plan, Score()
    for case in _cases(file, plan.language, core):
        found = understand(
            case.text,
            language=plan.language,
            now=case.now,
            zone=case.zone,
            snooze=plan.nudges[0].snooze,
            quiet=plan.quiet,
            words=core.words,
            after_nudge=plan.nudges[0].kind,
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


def _writer(core: Core, timezone: str, language: str, snooze: str, quiet: str) -> Writer:
    """Someone who was just sent a nudge."""
    if core.zones.zone(timezone) is None:
        raise UsageError(f'--timezone: expected a name like "Europe/London", got {timezone!r}')
    if language not in core.wording.languages:
        known = ", ".join(sorted(core.wording.languages))
        raise UsageError(f"--language: expected one of {known}, got {language!r}")
    nudge = Nudge("rest", Kind.REST, At(()), snooze=_snooze(snooze))
    plan = Plan("someone", "Someone", timezone, language, quiet=_quiet(quiet), nudges=(nudge,))
    bound = Bound(1, "rest", Kind.REST, clock.now())
    return Writer(Person(plan), bound)


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
        return check_duration(text, timedelta(minutes=1), timedelta(hours=48))
    except Wrong as wrong:
        raise UsageError(f"--snooze: {wrong}") from None


def _quiet(text: str) -> Window | None:
    try:
        return check_quiet(text)
    except Wrong as wrong:
        raise UsageError(f"--quiet: {wrong}") from None


def _reply(response: Response) -> str:
    return " ".join(effect.text for effect in response.effects if isinstance(effect, Answer))
