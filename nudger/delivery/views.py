"""What people look at: the agenda as it stands, conversations, the log, the health. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from nudger.delivery.set_aside import SetAside
from nudger.errors import Problem
from nudger.model import ChannelName, Kind, Origin, Outcome, Person, State


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry of the agenda as it stands, for looking at."""

    nudge: str
    kind: Kind | None
    origin: Origin
    local_date: date
    slot: int
    round: int
    due_at: datetime  # while it is planned: when it is tried next
    expires_at: datetime
    state: State
    reason: str = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a conversation, for the phone."""

    cursor: int  # ascending; ask for what came after it
    person: str
    name: str
    inbound: bool
    channel: ChannelName
    at: datetime
    text: str
    subject: str
    state: State | None
    occurrence: int = 0  # the entry that went out; 0 for what came in
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of `nudger log`."""

    at: datetime
    person: str
    what: str  # "rest nudge", "reply", "paused", "opted out"
    state: str
    reason: str
    local_date: date | None = None
    nudge: str = ""
    slot: int | None = None
    channel: ChannelName | None = None
    outcome: Outcome | None = None
    due_at: datetime | None = None


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
