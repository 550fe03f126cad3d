"""`nudger status` and `nudger log`: what happened, each suppressed or missed one with its reason."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Annotated

import typer
from rich.markup import escape

from nudger.agenda.thinning import in_words
from nudger.app.core import Core
from nudger.app.state import Holder, Stores, holder
from nudger.cli.context import AsJson, PersonId, clock
from nudger.cli.database import core_of, known, looking, opened
from nudger.cli.show import as_json, local, out, problems, table
from nudger.domain.errors import StoreError, UsageError
from nudger.domain.model import ChannelName, Person
from nudger.inbound.port import Entry
from nudger.operations.attention import Matter, MatterKind, matters
from nudger.operations.overview import RepliesWanted, SeenReply, StatusReport

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*\+00:00")  # as the store writes one into a reason


DAYS = ["%Y-%m-%d"]
SHOWN_COUNTRIES = 5
SHOWN = 50  # people whose standing is listed


def register(app: typer.Typer) -> None:
    app.command()(status)
    app.command()(log)
    app.command()(replies)


def status(context: typer.Context, json: AsJson = False) -> int:
    """Whether nudger runs; what is planned, sent, held and unknown, and whose plan or standing needs a look.
    Exit code 1 where it does not run."""
    core = core_of(context)
    here = holder(core.settings.state_dir)
    try:
        with looking(context) as (_, store):
            # Of a server any host may ask: who lives there is known by their leases.
            hosts = store.overview.daemons() if core.database_file is None else ()
            runs = Runs(here, tuple(hosts))
            _show(core, store, runs, json)
    except StoreError as fault:
        runs = Runs(here, ())
        if json:
            as_json(runs.as_json() | {"fault": str(fault)})
        else:
            out.print(runs.words, markup=False)
        if runs:
            raise
        if not json:
            out.print(str(fault), markup=False)
    return 0 if runs else 1


@dataclass(frozen=True, slots=True)
class Runs:
    """Whether a daemon runs: on this state folder, or anywhere on a server's database."""

    here: Holder | None
    hosts: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.hosts) or (self.here is not None and self.here.is_daemon)

    @property
    def words(self) -> str:
        """One line, for people."""
        hosts = ", ".join(self.hosts)
        if self.here is not None and self.here.is_daemon:
            return f"nudger runs here since {local(self.here.since)}." + (
                f" On all hosts: {hosts}." * bool(hosts)
            )
        return f"nudger runs, but not here: {hosts}." if hosts else "nudger does not run."

    def as_json(self) -> dict[str, object]:
        return {
            "running": bool(self),
            "since": self.here.since if self.here is not None else None,
            "hosts": list(self.hosts),
        }


def _show(core: Core, store: Stores, runs: Runs, json: bool) -> None:
    now = clock.now()
    report, stale = store.overview.status(now), core.wording.stale_helplines(now.date())
    stands = [alarm for alarm in store.alarms.alarms() if alarm.cleared_at is None]
    look = matters(store.overview.vitals(now), stands, now)
    if json:
        more = {
            "needs_a_look": [asdict(one) for one in look],
            "alarms": [asdict(alarm) for alarm in stands],
            "stale_helplines": stale,
        }
        as_json(runs.as_json() | _status_json(report, now, core) | more)
        return
    out.print(runs.words, markup=False)
    _show_matters(look)
    _show_unanswered(report, {one.person for one in look})
    _show_status(report, now, core)
    if stale:
        out.print(f"[yellow]{stale_helplines(stale)}[/]")


def log(
    context: typer.Context,
    person: PersonId,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the latest.")] = 50,
    json: AsJson = False,
) -> None:
    """What happened to a person's nudges and replies, latest last."""
    with looking(context) as (core, store):
        who = known(store, person)
        entries = list(reversed(store.people.log(person, limit)))
        if json:
            as_json([asdict(entry) for entry in entries])
            return
        zone = core.zone(who.plan.timezone)
        rows = [[local(entry.at, zone), entry.what, entry.state, _detail(entry, zone)] for entry in entries]
        table(["when", "what", "state", "why"], rows, title=f"{who.plan.name} ({who.id})")


def replies(
    context: typer.Context,
    intent: Annotated[str | None, typer.Option(help="Only those understood as this.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="Only those of this person.")] = None,
    group: Annotated[str | None, typer.Option(help="Only those of people of this group.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=DAYS, help="Not before this date.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAYS, help="Not after this date.")] = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that need a person, and nobody has seen to.")
    ] = False,
    handled: Annotated[
        bool | None, typer.Option("--handled/--open", help="Only those that somebody has seen to, or not.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the latest.")] = 50,
    handle: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Mark this one as handled; then show it.")
    ] = None,
    by: Annotated[str, typer.Option(help="Whose name to note with --handle.")] = "operator",
    json: AsJson = False,
) -> None:
    """What people wrote, as it was understood, the latest first; and who has seen to it. Words only where
    NUDGER_SHOW_CONVERSATIONS is on."""
    if handle is not None:
        with opened(context) as (_, store):
            done = store.replies.handle(handle, by, clock.now())
        if done is None:
            raise UsageError(f"--handle: there is no reply {handle}")
        _show_replies([done], json=json, words=False)
        return
    with looking(context) as (core, store):
        words = core.settings.show_conversations
        wanted = RepliesWanted(
            intent=intent,
            in_need=waiting,
            person=person,
            group=group,
            since=since.astimezone() if since else None,
            until=until.astimezone() + timedelta(days=1) if until else None,
            handled=False if waiting else handled,
        )
        _show_replies(_of_pages(store, wanted, limit, words=words), json=json, words=words)


def _of_pages(store: Stores, wanted: RepliesWanted, limit: int, *, words: bool) -> list[SeenReply]:
    found: list[SeenReply] = []
    now, before = clock.now(), None
    while len(found) < limit:
        page = store.replies.replies(wanted, now, before, limit - len(found), words=words)
        found += page.replies
        before = page.on
        if before is None:
            break
    return found


def _show_replies(found: Sequence[SeenReply], *, json: bool, words: bool) -> None:
    if json:
        as_json([_reply_json(one, words=words) for one in found])
        return
    rows = [
        [
            str(one.cursor.id),
            local(one.cursor.at),
            one.person,
            one.intent,
            str(one.need or ""),
            f"{one.handled_by}, {local(one.handled_at)}" if one.handled_at else "",
            *([one.text] if words else []),
        ]
        for one in found
    ]
    columns = ["number", "when", "person", "understood as", "needs", "handled", *(["words"] if words else [])]
    table(columns, rows, title="Replies")


def _reply_json(one: SeenReply, *, words: bool) -> dict[str, object]:
    kept = asdict(one)
    place = kept.pop("cursor")
    text = kept.pop("text")
    return {"id": place["id"], "at": place["at"], **kept, **({"text": text} if words else {})}


def _standings(report: StatusReport, now: datetime, core: Core) -> list[tuple[Person, str]]:
    """Everybody of whom there is something to say, and what."""
    said = [(one, standing(one, now, core.decider.mute, core.zone)) for one in report.standings]
    return [(one, words) for one, words in said if words]


def standing(
    person: Person, now: datetime, mute: frozenset[ChannelName], zone: Callable[[str], tzinfo]
) -> str:
    """Says what keeps nudges from this person. On the channels of `mute` nobody can be asked."""
    held = person.standing
    words = ["set aside, as nudger fails over them"] if held.set_aside else []
    if held.removed_at:
        words.append("plan file removed")
    if held.held_at:
        words.append(f"held after a crisis text since {local(held.held_at)}, until RESUME")
    if held.paused(now):
        back_at = held.back_at(now)
        words.append(f"paused until {local(back_at)}" if back_at else "paused")
    words += [
        f"away from {local(one.begins_at)} until {local(one.ends_at)}" for one in held.wishes.away_after(now)
    ]
    if held.wishes.hours:
        words.append(f"{held.wishes.hours}, as they asked")
    if held.fewer:
        words.append(f"{('half', 'a quarter')[held.fewer - 1]} of the nudges, as asked with LESS")
    if less := in_words(person, now, zone(person.plan.timezone)):
        words.append(less)
    if held.low(now):
        words.append(f"low days: tiny messages only until {local(held.tiny_until)}")
    words += [f"opted out of {channel}" for channel in sorted(held.opted_out)]
    words += [
        f"unreachable by {channel}: too much in a row did not arrive" for channel in sorted(held.unreachable)
    ]
    missing = [channel for channel in person.plan.channels if channel not in held.consented | held.opted_out]
    words += [f"no consent on record for {channel}{_asking(person, channel, mute)}" for channel in missing]
    return "; ".join(words)


def _asking(person: Person, channel: ChannelName, mute: frozenset[ChannelName]) -> str:
    if channel in person.standing.asked:
        again_at = person.standing.asks_again_at if channel in person.standing.asks_again else None
        return ", asked, no answer yet" + (f", once more {local(again_at)}" if again_at else "")
    if channel not in person.plan.sends_on or not person.plan.address(channel):
        return ""
    if channel in mute:
        return ", which has no link to ask by: set NUDGER_PUBLIC_URL, or `consent` in the plan"
    return ", to be asked"


def _show_matters(look: Sequence[Matter]) -> None:
    for one in look:
        since = f"Since {local(one.since)}: " if one.since else ""
        colour = "bold red" if one.of_person or one.cause is MatterKind.ALARM else "yellow"
        out.print(f"[{colour}]{since}[/]{escape(one.words)}{escape(_what_to_type(one))}")


def _show_unanswered(report: StatusReport, told: Collection[str]) -> None:
    """Of who has been held for longer than is news."""
    for person, reason in report.unanswered.items():
        if person not in told:
            out.print(f"[bold red]The crisis answer to {escape(person)} did not arrive:[/] {escape(reason)}")


def _what_to_type(one: Matter) -> str:
    if one.of_person and one.person:
        return f" See: nudger log {one.person}"
    return " See: nudger doctor" if one.cause is MatterKind.LOSSES else ""


def stale_helplines(countries: Sequence[str]) -> str:
    some = ", ".join(countries[:SHOWN_COUNTRIES])
    more = f" and {len(countries) - SHOWN_COUNTRIES} more" if len(countries) > SHOWN_COUNTRIES else ""
    return (
        f"Nobody has looked at the helplines of these countries for 180 days: {some}{more}. "
        "`nudger doctor` says what to do."
    )


def _show_status(report: StatusReport, now: datetime, core: Core) -> None:
    people = "1 person" if report.people == 1 else f"{report.people} people"
    out.print(f"{people}, {report.planned} planned.")
    if report.next_due_at:
        out.print(f"Next one due {local(report.next_due_at)}.")
    counts = ", ".join(f"{number} {state}" for state, number in sorted(report.states.items()) if number)
    out.print(f"Last 24 hours: {counts or 'nothing'}.")
    standings = _standings(report, now, core)
    rows = [[person.id, words] for person, words in standings[:SHOWN]]
    if rows:
        table(["person", "standing"], rows)
    if more := len(standings) - len(rows):
        out.print(f"and {more:,} more: `nudger status --json`, or the board.")
    problems(report.problems)


def _status_json(report: StatusReport, now: datetime, core: Core) -> dict[str, object]:
    return {
        "people": report.people,
        "planned": report.planned,
        "states": {str(state): number for state, number in report.states.items()},
        "unknown": report.unknown,
        "next_due_at": report.next_due_at,
        "oldest_due_at": report.oldest_due_at,
        "standings": [{"person": one.id, "standing": words} for one, words in _standings(report, now, core)],
        "set_aside": [asdict(one) for one in report.set_aside],
        "unanswered": dict(report.unanswered),
        "problems": [problem.as_json() for problem in report.problems],
    }


def _detail(entry: Entry, zone: tzinfo) -> str:
    reason = INSTANT.sub(lambda found: local(datetime.fromisoformat(found[0]), zone), entry.reason)
    parts = [reason, f"({entry.outcome})" if entry.outcome else ""]
    return " ".join(part for part in parts if part)
