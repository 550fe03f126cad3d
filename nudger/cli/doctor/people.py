"""What `nudger doctor` looks at of the people: their plans, their consent, whom a crisis reply names, whether
the budget carries their days, and the database that they stand in."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from nudger.agenda import rate_limit
from nudger.agenda.rate_limit import Limit, PlannedText, Sender
from nudger.cli.check import NO_LINK, cannot_be_asked
from nudger.cli.doctor.findings import Finding, Grade, failure, many, note, ok, several, warning
from nudger.domain.errors import Problem
from nudger.domain.model import ChannelName, Plan
from nudger.messages.wording.helplines import Helpline

FAULTY = 3  # the exit code of settings and plans


def plans_are_sound(folder: Path, people: int, problems: Sequence[Problem]) -> Finding:
    """Judges the plans. `people` counts them, faulty ones included. The problems are counted: their words
    quote numbers."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    if not folder.is_dir():
        return failure(f"there is no folder {folder}", "Make it, with a first plan: nudger init", FAULTY)
    if errors:
        counts = f"{many(people, 'plan')}, {many(errors, 'problem')}, {many(warnings, 'warning')}"
        return failure(counts, "Each with its line: nudger check", FAULTY)
    if not people:
        return failure(f"there is no plan in {folder}", "Write a first one: nudger init", FAULTY)
    if warnings:
        return warning(f"{many(people, 'plan')}, {many(warnings, 'warning')}", "See: nudger check")
    return ok(f"{many(people, 'plan')}, no problems")


def and_missing(found: Finding, people: int) -> Finding:
    """Adds how many people's plans were lost by one look, with most others."""
    if not people:
        return found
    advice = (
        "If their files are to be there, put them back: is the disk mounted, the roster whole?\n"
        "If they are to go: nudger plans accept-removal, which says first who they are"
    )
    lost = "the plan of 1 person is" if people == 1 else f"the plans of {people:,} people are"
    sentence = f"{lost} gone, all by one look, and they are nudged on; {found.sentence}"
    if found.grade is Grade.FAILURE:
        return failure(sentence, f"{advice}\n{found.advice}", found.exit_code)
    return warning(sentence, advice)


def everyone_can_be_asked(plans: Sequence[Plan], mute: Collection[ChannelName]) -> Finding:
    """Tells of people who cannot be asked. `mute`: the channels on which a question could not be answered."""
    left = [plan.person for plan in plans if cannot_be_asked(plan, mute)]
    if left:
        return warning(f"nobody can be asked for consent by email; this concerns {several(left)}", NO_LINK)
    return ok("whoever has not agreed yet can be asked")


ADVICE = (
    "Look the numbers up at the source that helplines.toml names, and set checked_on; your own copy of the "
    "file goes into NUDGER_TEMPLATES_DIR."
)
Unchecked = Callable[[str | None, str], Sequence[Helpline]]  # of a country, for people of a language


def helplines_are_fresh(stale: Collection[str], countries: Collection[str]) -> Finding:
    """Judges how old lines are. `stale`: the countries with lines that nobody has looked at for 180 days;
    `countries`: those whose lines this installation's people get."""
    used = sorted(set(stale) & set(countries))
    if used:
        sentence = f"nobody has looked at these countries' numbers for 180 days: {several(used)}"
        return warning(sentence, ADVICE)
    if stale:
        return note(
            f"numbers that no plan needs were not looked at for 180 days: {several([*stale])}", ADVICE
        )
    return ok("every number that was looked up was looked at in the last 180 days")


def helplines_are_checked(unchecked: Unchecked, plans: Sequence[Plan]) -> Finding:
    """Tells of the lines that come from lists by others, and that this installation's people would be sent
    to."""
    spoken = sorted({(plan.country or "", plan.language) for plan in plans})
    found = {
        f"{country or 'no country'} {line}": None
        for country, language in spoken
        for line in unchecked(country or None, language)
    }
    if found:
        lines = several([*found])
        return warning(f"nobody has looked up numbers that people here would be sent to: {lines}", ADVICE)
    return ok("every number that people here would be sent to was looked up once")


def countries_are_known(plans: Sequence[Plan]) -> Finding:
    """Tells of plans without a country: a crisis reply then names a directory of lines in place of a line."""
    unknown = [plan.person for plan in plans if plan.country is None]
    if unknown:
        advice = 'Add country = "GB" to the plan, or set NUDGER_COUNTRY.'
        return warning(f"no country is known, so a crisis reply names no line: {several(unknown)}", advice)
    return ok("everybody's country is known")


def missed_within_hours(texts: Iterable[PlannedText], per_hour: int) -> int:
    """Returns how many texts expire before an hour's budget has room for them; those that expire first go
    first."""
    limit, sender, missed = Limit(per_hour=per_hour), Sender(ChannelName.SMS), 0
    last_at = datetime.min.replace(tzinfo=UTC)
    for text in sorted(texts, key=lambda text: (text.due_at, text.until)):
        at = rate_limit.opens_at(sender, limit, max(text.due_at, last_at))
        if at > text.until:
            missed += 1
        else:
            sender, last_at = rate_limit.taken(sender, limit, text.segments, at), at
    return missed


def budget_carries(
    texts: int,
    missed: int,
    over: int,
    per_second: float,
    per_day: int | None,
    per_hour: int | None = None,
) -> Finding:
    """Judges the budget: of so many `texts` in the days ahead, `missed` expire before their turn; on `over`
    days more segments are due than SMS_PER_DAY lets out."""
    rate = f"{per_second:g} segments a second" + (f", {per_hour:,} an hour" if per_hour else "")
    rate += f", {per_day:,} a day" if per_day else ""
    if not missed and not over:
        return ok(f"{many(texts, 'text')} in the next two days, at most {rate}: all go out in time")
    found = (
        [f"{missed:,} of {many(texts, 'text')} in the next two days would expire before their turn"]
        if missed
        else []
    )
    found += [f"on {many(over, 'day')} more segments are due than may go"] if over else []
    return warning(
        f"at {rate}: {'; '.join(found)}",
        "They would be missed. Spread their times (between instead of at), give them longer (expires), or\n"
        "send more (NUDGER_SMS_PER_SECOND, NUDGER_SMS_PER_HOUR, NUDGER_SMS_PER_DAY). Which times: nudger "
        "preview",
    )


OURS = 1  # the exit code of a fault of nudger's
FAR_OFF = timedelta(seconds=5)


class Examined(Protocol):
    """What the store says of a database that it has only looked at."""

    @property
    def name(self) -> str: ...

    @property
    def is_current(self) -> bool: ...

    @property
    def people(self) -> int: ...

    @property
    def unknown(self) -> int: ...

    @property
    def schema(self) -> str | None: ...

    @property
    def set_aside(self) -> Sequence[str]: ...


class SharedServer(Protocol):
    """What the store says of a server that several hosts share."""

    @property
    def time(self) -> datetime: ...

    @property
    def daemons(self) -> int: ...

    @property
    def pooled(self) -> bool: ...


def nobody_is_set_aside(examined: Examined | None) -> Finding:
    """Tells of people whom nudger fails over."""
    aside = list(examined.set_aside) if examined is not None else []
    if not aside:
        return ok("nudger fails over nobody")
    return failure(
        f"nudger fails over {several(aside)}: they get no nudges, and all others go on",
        "Why: nudger status. Put their plan right, or have them tried again: nudger resume PERSON",
        OURS,
    )


def database_is_sound(examined: Examined | None) -> Finding:
    """Judges the database. None: there is none yet. What cannot be opened or written says its StoreError."""
    if examined is None:
        return note("there is none yet", "The first start makes it: nudger run")
    if not examined.is_current:
        what = "is empty" if examined.schema is None else f"is of an older nudger (schema {examined.schema})"
        return note(
            f"{examined.name} {what}",
            "The next start brings it up to date. Keep a copy of it first (docs/install.md, Upgrade).",
        )
    counts = f"{examined.name}: {many(examined.people, 'person')}".replace("persons", "people")
    if examined.unknown:
        return warning(
            f"{counts}; {many(examined.unknown, 'message')} of unknown end",
            "They may or may not have arrived. nudger asks Twilio about texts; an email is not sent again.\n"
            "Whose they are: nudger status",
        )
    return ok(f"{counts}, nothing of unknown end")


def hosts_agree(shared: SharedServer | None, now: datetime) -> Finding:
    """Compares the hosts' clocks; `now` by this machine's own. None: nothing is known of the server, and
    another check says so."""
    if shared is None:
        return note("not looked at: the database comes first")
    off = now - shared.time
    if abs(off) > FAR_OFF:
        which = "ahead of" if off > timedelta(0) else "behind"
        return warning(
            f"this machine's clock is {abs(off).total_seconds():.0f} s {which} the database's",
            "nudger goes by the database's: nothing comes early or late for it. Put it right: timedatectl",
        )
    count = f"{many(shared.daemons, 'daemon')} on this database; this machine's clock agrees with it"
    if shared.pooled:
        return note(
            f"{count}; it is reached through a pooler that keeps no session",
            "Hosts see each other's news within 15 s, not at once. For that, connect to the server itself.",
        )
    return ok(count)


def daemon_is_running(running: bool, state_dir: object) -> Finding:
    if running:
        return ok(f"nudger runs on {state_dir}")
    advice = (
        "Start it: nudger run, or systemctl start nudger\n"
        "If it does run, it has another NUDGER_STATE_DIR than this command."
    )
    return note(f"no nudger runs on {state_dir}", advice)
