"""What the board's pages show, in words and local times: whether all is well, and if not, what to look at
first; what keeps nudges from a person; a line of each list. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from nudger.agenda.forecast import Forecast
from nudger.agenda.thinning import in_words
from nudger.domain.model import Person, State
from nudger.inbound.port import Entry
from nudger.operations.attention import Matter, MatterKind, matters, span
from nudger.operations.overview import Apart, Cursor, Seen
from nudger.web.board.desk import Overview

# As the store writes an instant into a reason.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*\+00:00")

WORDS = {
    State.PLANNED: "planned",
    State.SENDING: "on its way",
    State.SUPPRESSED: "suppressed",
}
APART = {
    Apart.PAUSED: "paused",
    Apart.HELD: "held after a crisis text",
    Apart.OPTED_OUT: "opted out",
    Apart.UNASKED: "without consent on record",
    Apart.REMOVED: "plan file removed",
    Apart.SET_ASIDE: "set aside, as nudger fails over them",
    Apart.UNREACHABLE: "unreachable on a channel",
    Apart.REDUCED: "with fewer or tiny nudges, as they asked",
}


# Where each kind of matter is looked at, below /board.
PLACES = {
    MatterKind.LOSSES: "/agenda?show=failed",
    MatterKind.UNREACHABLE: f"/people?apart={Apart.UNREACHABLE}",
    MatterKind.SET_ASIDE: f"/people?apart={Apart.SET_ASIDE}",
    MatterKind.OVERDUE: "/agenda",
    MatterKind.LATE: "/agenda?show=sent",
    MatterKind.UNKNOWN: "/agenda?show=unknown",
    MatterKind.PLANS: "#plans",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One thing that needs a look: when, a sentence, and where to look, below /board."""

    words: str
    link: str = ""
    when: str = ""
    iso: str = ""
    grave: bool = False  # somebody waits for a person


@dataclass(frozen=True, slots=True)
class Badge:
    """What keeps nudges from a person, in one word for a table."""

    word: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a list."""

    iso: str
    when: str
    what: str
    state: str
    tone: str  # of the state: "good", "calm", "grave"
    why: str
    person: str = ""
    name: str = ""


def headlines(overview: Overview, now: datetime) -> list[Headline]:
    """Says what needs a look, the gravest first; none: all is well."""
    return [_headline(one) for one in matters(overview.vitals, overview.alarms, now)]


def _headline(one: Matter) -> Headline:
    when, iso = (clock(one.since), one.since.isoformat()) if one.since else ("", "")
    link = f"/people/{one.person}" if one.person else PLACES.get(one.cause, "")
    if one.cause in (MatterKind.CONCERN, MatterKind.PERSON):
        link = f"/replies?show=waiting{f'&person={one.person}' if one.person else ''}"
    return Headline(one.words, link, when, iso, one.of_person)


def clock(at: datetime, zone: tzinfo | None = None) -> str:
    """Says a local date and time: of that zone, else of this machine."""
    here = at.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b} {here:%H:%M}"


def ago(at: datetime, now: datetime) -> str:
    """Says how long ago that was, or in how long it will be."""
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def marks(person: Person, now: datetime, zone: tzinfo) -> list[Badge]:
    """Finds what keeps nudges from this person; empty: they come as planned."""
    standing = person.standing
    found = [Badge("set aside, as nudger fails over them", grave=True)] if standing.set_aside else []
    if standing.removed_at:
        found.append(Badge("plan file removed"))
    if standing.held_at:
        found.append(Badge(f"held after a crisis text since {clock(standing.held_at, zone)}", grave=True))
    if standing.paused(now):
        until = standing.back_at(now)
        found.append(Badge(f"paused until {clock(until, zone)}" if until else "paused until resumed"))
    found += [
        Badge(f"unreachable by {channel}: too much in a row did not arrive", grave=True)
        for channel in sorted(standing.unreachable)
    ]
    if standing.wishes.hours:
        found.append(Badge(f"{standing.wishes.hours}, as they asked"))
    if standing.fewer:
        found.append(Badge(f"{('half', 'a quarter')[standing.fewer - 1]} of the nudges, as they asked"))
    if less := in_words(person, now, zone):
        found.append(Badge(less))
    if standing.low(now):
        found.append(Badge("tiny nudges only, as they asked"))
    found += [
        Badge(f"away from {clock(one.begins_at, zone)} until {clock(one.ends_at, zone)}")
        for one in standing.wishes.away_after(now)
    ]
    found += [Badge(f"opted out of {channel}") for channel in sorted(standing.opted_out)]
    missing = set(person.plan.channels) - standing.consented - standing.opted_out
    found += [Badge(f"no consent on record for {channel}") for channel in sorted(missing)]
    return found


def seen(entry: Seen, now: datetime) -> Shown:
    """Shows an entry beside entries of others: by this machine's clock."""
    return Shown(
        iso=entry.cursor.at.isoformat(),
        when=clock(entry.cursor.at),
        what=f"{entry.kind or entry.nudge}{f' by {entry.channel}' if entry.channel else ''}",
        state=WORDS.get(entry.state, str(entry.state)) + (f", {entry.outcome}" if entry.outcome else ""),
        tone=tone(entry.state),
        why=_local(entry.reason, None) or (ago(entry.cursor.at, now) if entry.state == "planned" else ""),
        person=entry.person,
        name=entry.name,
    )


def happened(entry: Entry, zone: tzinfo) -> Shown:
    """Shows a line of a person's own log: by their clock."""
    outcome = f", {entry.outcome}" if entry.outcome else ""
    state = State(entry.state) if entry.state in set(State) else None
    return Shown(
        iso=entry.at.isoformat(),
        when=clock(entry.at, zone),
        what=f"{entry.what}{f' by {entry.channel}' if entry.channel else ''}",
        state=(WORDS.get(state, str(state)) if state else entry.state) + outcome,
        tone=tone(state) if state else "calm",
        why=_local(entry.reason, zone),
    )


def foreseen(row: Forecast, zone: tzinfo) -> Shown:
    """Shows what is to come for one person: by their clock."""
    day = row.local_date
    return Shown(
        iso=(row.due_at or day).isoformat(),
        when=clock(row.due_at, zone) if row.due_at else f"{day:%a} {day.day} {day:%b}",
        what=f"{row.kind or row.nudge}{f' by {row.channel}' if row.channel else ''}",
        state="will go out" if row.status == "send" else "will not",
        tone="good" if row.status == "send" else "calm",
        why=row.reason,
    )


def tone(state: State) -> str:
    """Finds the colour of a state."""
    if state in (State.UNKNOWN, State.FAILED, State.MISSED):
        return "grave"
    return "good" if state in (State.SENT, State.DELIVERED) else "calm"


def onward(on: Cursor | None, **query: str) -> str:
    """Writes the query of the next page; empty at the end."""
    return urlencode({**query, "at": on.at.isoformat(), "id": on.id}) if on else ""


def top(counts: Mapping[str, int], most: int = 12) -> Sequence[tuple[str, int]]:
    """Sorts counts, the greatest first, and keeps so many."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def _local(reason: str, zone: tzinfo | None) -> str:
    return _INSTANT.sub(lambda found: clock(datetime.fromisoformat(found[0]), zone), reason)
