"""`nudger doctor`: everything that nudger needs, looked at; each line is ok, or says what to do."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from nudger import plans
from nudger.agenda import rate_limit
from nudger.agenda.forecast import foreseen
from nudger.app import service
from nudger.app.channels import check_smsgate, check_smtp, check_twilio, sign_as_smsgate, sign_as_twilio
from nudger.app.core import Core
from nudger.app.running import send_test_alert
from nudger.app.settings import Settings, load
from nudger.app.state import holder, look_at_database
from nudger.cli.context import AsJson, clock
from nudger.cli.doctor.findings import Finding, Grade, Look, exit_code, looked, many, note
from nudger.cli.doctor.machine import (
    clock_is_kept,
    clock_is_right,
    disk_has_room,
    files_are_closed,
    service_answers,
    service_credentials,
    service_is_watched,
    settings_are_right,
    settings_are_wrong,
    tzdata_is_known,
)
from nudger.cli.doctor.people import (
    and_missing,
    budget_carries,
    countries_are_known,
    daemon_is_running,
    database_is_sound,
    everyone_can_be_asked,
    helplines_are_checked,
    helplines_are_fresh,
    hosts_agree,
    missed_within_hours,
    nobody_is_set_aside,
    plans_are_sound,
)
from nudger.cli.doctor.reach import (
    on_screen,
    operator_is_told,
    sender_is_named,
    smsgate_answers,
    smsgate_webhook_is_right,
    smtp_answers,
    test_was_told,
    twilio_answers,
    webhook_is_right,
)
from nudger.cli.show import as_json, out
from nudger.domain.errors import NudgerError, Problem, SettingsError
from nudger.domain.model import ChannelName, Person, Plan, Standing
from nudger.plan_sync.files import all_problems, find_plans

SERVICE_SECRETS = Path("/etc/nudger/credentials")  # systemd/nudger.service
COLOURS = {Grade.OK: "green", Grade.NOTE: "cyan", Grade.WARNING: "yellow", Grade.FAILURE: "bold red"}
INDENT = " " * 21


def register(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    context: typer.Context,
    json: AsJson = False,
    test_alert: Annotated[
        bool, typer.Option("--send-test-alert", help="Sends a test to every address of NUDGER_ALERTS.")
    ] = False,
) -> int:
    """Looks at all that nudger needs, and says what to do. Sends nothing and changes nothing, unless asked
    to."""
    service.configure("error")
    findings = asyncio.run(_examine(context.obj, quiet=json, test_alert=test_alert))
    code = exit_code([finding for _, finding in findings])
    if json:
        as_json({"exit_code": code, "findings": [_as_json(*one) for one in findings]})
    else:
        out.print(_verdict([finding.grade for _, finding in findings]))
    return code


async def _examine(settings_file: Path | None, *, quiet: bool, test_alert: bool) -> list[tuple[str, Finding]]:
    found = []
    async for subject, finding in _findings(settings_file, test_alert):
        found.append((subject, finding))
        if not quiet:
            _show(subject, finding)
    return found


async def _findings(settings_file: Path | None, test_alert: bool) -> AsyncIterator[tuple[str, Finding]]:
    """Each check's, as soon as it is there: what only settings can tell comes where they could be read."""
    environ = _environ()
    settings, finding = _settings(settings_file, environ)
    yield "settings", finding
    patient = Patient(Core(settings), environ, clock.now()) if settings else None
    looks = {**patient.plans(), **MACHINE, **patient.machine()} if patient else MACHINE
    for subject, look in looks.items():
        yield subject, await looked(look)
    if patient is None or finding.grade is Grade.FAILURE:
        yield "the rest", note("not looked at: the settings come first")
        return
    for subject, look in patient.channels(test_alert).items():
        yield subject, await looked(look)


def _environ() -> Mapping[str, str]:
    """This process's; with the service's secrets, where they are there and may be read."""
    if "CREDENTIALS_DIRECTORY" not in os.environ and os.access(SERVICE_SECRETS, os.R_OK | os.X_OK):
        return {**os.environ, "CREDENTIALS_DIRECTORY": str(SERVICE_SECRETS)}
    return os.environ


def _settings(file: Path | None, environ: Mapping[str, str]) -> tuple[Settings | None, Finding]:
    """The settings as far as they go: what only a channel lacks keeps nobody from looking at the rest."""
    try:
        settings = load(file, environ, Path.cwd())
        return settings, settings_are_right(settings)
    except SettingsError as fault:
        finding = settings_are_wrong(fault, SERVICE_SECRETS)
    try:
        return load(file, environ, Path.cwd(), running=False), finding
    except SettingsError:
        return None, finding  # the same problems once more


def _runs(state_dir: Path) -> bool:
    held = holder(state_dir)
    return held is not None and held.is_daemon


async def _service() -> Finding:
    return service_is_watched(await service_answers())


# What needs no settings.
MACHINE: Mapping[str, Look] = {
    "clock": lambda: clock_is_right(clock_is_kept()),
    "service": _service,
}


@dataclass(frozen=True)
class Patient:
    """What is looked at, once its settings are known."""

    core: Core
    environ: Mapping[str, str]
    now: datetime

    def plans(self) -> dict[str, Look]:
        """Looks at the people, if they can be read at all, and at who else may read of them."""
        always: dict[str, Look] = {
            "secrets": lambda: files_are_closed(self._closed()),
            "plans": self._plans_are_sound,
        }
        if not self._is_readable() or not self._people:
            return always  # why, the check of the plans says
        wording = self.core.wording
        stale = wording.stale_helplines(self.now.date())
        countries = {wording.helpline_country(plan.country) for plan in self._people}
        return {
            **always,
            "helplines": lambda: helplines_are_fresh(stale, countries),
            "numbers": lambda: helplines_are_checked(wording.unchecked_helplines, self._people),
            "countries": lambda: countries_are_known(self._people),
            "consent": lambda: everyone_can_be_asked(self._people, self.core.decider.mute),
            "budget": self._budget,
        }

    def _plans_are_sound(self) -> Finding:
        if self._settings.plans == "push":
            found = note("they come by nudger plans push, which says what is wrong with them")
        else:
            found = plans_are_sound(self._settings.plans_dir, *self._reading[1:])
        return and_missing(found, self._missing())

    def _missing(self) -> int:
        try:
            examined = look_at_database(self.core)
        except NudgerError:  # the check of the database says
            return 0
        return examined.missing if examined else 0

    def _budget(self) -> Finding:
        settings = self._settings
        if settings.sms == "phone":
            return note("not needed: the phone on the screen takes every text at once")
        texts = [text for plan in self._people for text in self._texts(plan)]
        missed = rate_limit.missed(texts, settings.sms_per_second)
        hourly = settings.sms_per_hour
        missed = max(missed, missed_within_hours(texts, hourly) if hourly else 0)
        over = len(rate_limit.too_full(texts, settings.sms_per_day)) if settings.sms_per_day else 0
        rates = (settings.sms_per_second, settings.sms_per_day, hourly or None)
        return budget_carries(len(texts), missed, over, *rates)

    def _texts(self, plan: Plan) -> Iterator[rate_limit.PlannedText]:
        """What is due by text today and tomorrow, where everyone agrees to it."""
        agreed = Person(plan, Standing(consented=frozenset(plan.channels)))
        coming, _ = foreseen(agreed, (), self.now, 2, self.core.decider)
        for row in coming:
            if row.channel is ChannelName.SMS and row.due_at and row.until:
                yield rate_limit.PlannedText(row.due_at, row.until, row.segments or 1)

    def machine(self) -> dict[str, Look]:
        """Asks this machine what it can tell."""
        state_dir = self._settings.state_dir
        people = self._people if self._is_readable() else ()
        zone_of = {plan.person: plan.timezone for plan in people}
        return {
            "tzdata": lambda: tzdata_is_known(self.core.zones, zone_of, self.now),
            "database": lambda: database_is_sound(look_at_database(self.core)),
            "people": lambda: nobody_is_set_aside(look_at_database(self.core)),
            **({} if self.core.database_file else {"hosts": self._hosts_agree}),
            "disk": lambda: disk_has_room(state_dir),
            "daemon": lambda: daemon_is_running(_runs(state_dir), state_dir),
        }

    def _hosts_agree(self) -> Finding:
        examined = look_at_database(self.core)
        return hosts_agree(examined.shared if examined else None, clock.now())

    def channels(self, test_alert: bool) -> dict[str, Look]:
        """Asks others: the mail server, Twilio, the web."""
        return {
            **({"smsgate": self._smsgate} if self._settings.sms == "smsgate" else {"twilio": self._twilio}),
            "webhook": self._webhook,
            "smtp": self._smtp,
            "sender": self._sender,
            "alerts": partial(self._alerts, test_alert),
        }

    def _is_readable(self) -> bool:
        try:
            return self._settings.plans == "folder" and bool(self._reading)
        except Exception:  # whatever it is, the check of the plans says
            return False

    @property
    def _settings(self) -> Settings:
        return self.core.settings

    @property
    def _people(self) -> Sequence[Plan]:
        return self._reading[0]

    @cached_property
    def _reading(self) -> tuple[Sequence[Plan], int, Sequence[Problem]]:
        """The sound plans, how many there are in all, and every problem."""
        found = find_plans([self._settings.plans_dir])
        reading = plans.read(found.sources, self.core.facts(self.now), found.shared)
        return list(reading.plans.values()), len(reading.files), all_problems(found, reading.problems)

    def _closed(self) -> list[tuple[Path, Path]]:
        """Files, each with what is to be closed where it is open."""
        folder = self._settings.plans_dir
        files = [(Path(source.file), folder) for source in find_plans([folder]).sources]
        if credentials := self.environ.get("CREDENTIALS_DIRECTORY"):
            files += service_credentials(Path(credentials))
        if database := self.core.database_file:
            files.append((database, database))
        return files

    async def _twilio(self) -> Finding:
        if self._settings.sms != "twilio":
            return on_screen("texts are", "NUDGER_SMS")
        return twilio_answers(await check_twilio(self._settings))

    async def _smsgate(self) -> Finding:
        return smsgate_answers(await check_smsgate(self._settings, clock))

    async def _webhook(self) -> Finding:
        url = self._settings.public_url
        if self._settings.sms == "phone" or self._settings.replies != "webhook" or url is None:
            return note("not needed: " + self._without_webhook())
        if self._settings.sms == "smsgate":
            return await smsgate_webhook_is_right(url, partial(sign_as_smsgate, self._settings), self.now)
        return await webhook_is_right(url, partial(sign_as_twilio, self._settings))

    def _without_webhook(self) -> str:
        who = {"twilio": "Twilio", "smsgate": "the phone"}.get(self._settings.sms)
        every = f"{who} is asked for replies every {self._settings.poll_seconds} s"
        return every if who else "replies come from the phone page"

    async def _smtp(self) -> Finding:
        if self._settings.email != "smtp":
            return on_screen("emails are", "NUDGER_EMAIL")
        await check_smtp(self.core, clock)
        return smtp_answers(f"{self._settings.smtp_host}:{self._settings.smtp_port}")

    def _sender(self) -> Finding:
        settings = self._settings
        named = settings.sender_name is not None and settings.sender_contact is not None
        return sender_is_named(named, settings.sms != "phone" or settings.email != "phone")

    async def _alerts(self, test: bool) -> Finding:
        settings = self._settings
        told, pinged = settings.alerts is not None, settings.ping_url is not None
        if not told or not test:
            return operator_is_told(told, pinged)
        return test_was_told(await send_test_alert(self.core, clock, self.now))


def _show(subject: str, finding: Finding) -> None:
    grade = f"[{COLOURS[finding.grade]}]{finding.grade:<8}[/]"
    out.print(f"{grade} [bold]{subject:<11}[/] {escape(finding.sentence)}")
    for line in finding.advice.splitlines():
        out.print(f"{INDENT}{escape(line)}", style="dim")


def _verdict(grades: Sequence[Grade]) -> str:
    failures, warnings = grades.count(Grade.FAILURE), grades.count(Grade.WARNING)
    if failures or warnings:
        return f"\n{many(failures, 'failure')}, {many(warnings, 'warning')}."
    return "\n[green]All is well.[/]"


def _as_json(subject: str, finding: Finding) -> dict[str, str]:
    return {
        "check": subject,
        "grade": finding.grade,
        "sentence": finding.sentence,
        "advice": finding.advice,
    }
