"""What the operator sees of everyone at once: alarms (a fault that stands, or stood, under a key of its
own), the health, lists and counts. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from nudger.agenda.set_aside import SetAside
from nudger.domain.effects import Need
from nudger.domain.errors import Problem
from nudger.domain.model import ChannelName, Kind, Outcome, Person, State


@dataclass(frozen=True, slots=True)
class Alarm:
    """A fault that needs a person. No phone number, address or secret stands in its words."""

    key: str  # what it is about: "sms", "reach maya sms", "queue"
    since: datetime
    words: str  # what is wrong, and what to do
    cleared_at: datetime | None = None  # None while it stands


@dataclass(frozen=True, slots=True)
class StatusReport:
    """The health of the store, in counts; and each person's standing where it is not plain."""

    people: int
    planned: int
    states: Mapping[State, int]  # entries of the last 24 h
    unknown: int  # never resent until reconciled
    next_due_at: datetime | None
    oldest_due_at: datetime | None  # overdue and not yet claimed
    standings: Sequence[Person]  # only people who are paused, held, opted out, removed or unasked
    problems: Sequence[Problem]  # of plan files
    set_aside: Sequence[SetAside] = ()  # whom nudger fails over
    unanswered: Mapping[str, str] = field(default_factory=dict)  # held people whom no crisis answer reached


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the agenda, in the order of (at, id): of what comes the next try, else the due time."""

    at: datetime
    id: int


class Apart(StrEnum):
    """Why a person gets no nudges for now, or fewer; one person may be several."""

    PAUSED = "paused"
    HELD = "held"
    OPTED_OUT = "opted-out"
    UNASKED = "no-consent"
    REMOVED = "removed"
    SET_ASIDE = "set-aside"  # nudger fails over them
    UNREACHABLE = "unreachable"  # too much in a row did not arrive, on one channel at least
    REDUCED = "reduced"  # by LESS, or to tiny steps


class Lately(StrEnum):
    """What somebody lately did not get, or give."""

    NOTHING = "nothing"  # no nudge arrived for 7 days
    SILENT = "silent"  # no sign of theirs for 14 days, nor was anything of ours the reason


@dataclass(frozen=True, slots=True)
class PeopleWanted:
    """Which people are looked for; all that is given has to fit."""

    search: str = ""  # words that stand in their id or name, however they are written
    apart: Apart | None = None
    lately: Lately | None = None
    group: str | None = None
    channel: ChannelName | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Glance:
    """One person beside others."""

    person: Person
    arrived_at: datetime | None  # the last nudge that is known to have arrived
    signed_at: datetime | None  # their last sign
    next_at: datetime | None  # when the next nudge is due, whatever keeps it back


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """People by id, how many are wanted in all, and after whom to look on: None at the end. A page may be
    short before the end, and what is very many is not counted to the end."""

    people: Sequence[Glance]
    on: str | None
    number: int
    counted_all: bool = True


@dataclass(frozen=True, slots=True)
class Needed:
    """Somebody who needs a person: by a hold, or by a text that nobody has seen to."""

    need: Need
    person: str
    since: datetime  # when they wrote
    held: bool = False
    answer: State | None = None  # of the helplines that answered them; None: none are on record
    why: str = ""  # they did not arrive


@dataclass(frozen=True, slots=True)
class TextInNeed:
    """One text that needs a person, without a word of it."""

    line: int
    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RepliesWanted:
    """Which replies are looked for; None: any."""

    intent: str | None = None
    need: Need | None = None
    in_need: bool = False  # whatever the need is
    person: str | None = None
    group: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    handled: bool | None = None


@dataclass(frozen=True, slots=True)
class SeenReply:
    """One reply beside replies of other people."""

    cursor: Cursor
    person: str
    name: str
    channel: ChannelName
    intent: str
    need: Need | None
    handled_at: datetime | None
    handled_by: str | None
    text: str = ""  # empty where words are not asked for


@dataclass(frozen=True, slots=True)
class RepliesPage:
    """Replies, the latest first, how many there are, and where to look on: None at the end. A page may be
    short, or empty, before the end; and what is very many is not counted to the end."""

    replies: Sequence[SeenReply]
    on: Cursor | None
    number: int
    counted_all: bool = True


@dataclass(frozen=True, slots=True)
class Losses:
    """What of a day should have gone out, and how much of it was missed or failed."""

    lost: int
    of: int
    reason: str  # of most of them


@dataclass(frozen=True, slots=True)
class Vitals:
    """The health of everything in a few figures, each read from an index or a small table."""

    people: int  # with a plan
    apart: Mapping[Apart, int]
    planned: int
    queued: int  # of these: due, and waiting for their sender's rate
    unknown: int  # handed to a provider without its answer
    next_due_at: datetime | None
    oldest_due_at: datetime | None  # overdue and not yet claimed
    lateness: Sequence[timedelta]  # of the nudges that went out last, latest first
    problems: Mapping[str, int]  # of plan files, by severity
    needed: Sequence[Needed] = ()  # who needs a person, the gravest first
    losses: Losses | None = None  # of the last 24 h, where they are more than can be let pass


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry of the agenda beside entries of other people."""

    cursor: Cursor
    person: str
    name: str
    nudge: str
    kind: Kind | None
    state: State
    reason: str
    channel: ChannelName | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Entries, and where to look on: None at the end. A page may be short, or empty, before the end:
    no look reads more of the agenda than it can in a moment."""

    entries: Sequence[Seen]
    on: Cursor | None


@dataclass(frozen=True, slots=True)
class EntryCount:
    """How many entries of one local date ended the same way."""

    local_date: date
    kind: Kind | None
    state: State
    outcome: Outcome | None
    reason: str  # times and numbers in it taken out, so that equal causes are one
    number: int


@dataclass(frozen=True, slots=True)
class ReplyCount:
    """How many replies of one intent came in one hour by the writers' own clocks."""

    local_date: date
    hour: int
    intent: str
    number: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of some local dates."""

    entries: Sequence[EntryCount]
    replies: Sequence[ReplyCount]


@dataclass(frozen=True, slots=True)
class Span:
    """What some local dates come to, for charts."""

    days: Mapping[tuple[date, State, Outcome | None], int]
    kinds: Mapping[tuple[Kind | None, State, Outcome | None], int]
    reasons: Mapping[tuple[State, str], int]
    hours: Mapping[tuple[int, int], int]  # replies: weekday, Monday is 0, and hour
    intents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PlanState:
    """Where a person's plan comes from, and what is wrong there now."""

    file: str
    problems: Sequence[Problem]
