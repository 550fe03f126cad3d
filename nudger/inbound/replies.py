"""What came in, from whom, and which nudge it is about: values only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from nudger.domain.effects import Response
from nudger.domain.model import ChannelName, Kind, Origin, Outcome, Person, State
from nudger.domain.reach import checked


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


class Handled(StrEnum):
    """What a provider took a text for: it has changed its own opt-out list by it, and answered it."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


@dataclass(frozen=True, slots=True)
class Inbound:
    """A text from a person's phone. `provider_id` makes a replay a no-op."""

    provider_id: str
    channel: ChannelName
    address: str
    text: str
    received_at: datetime  # by the provider
    handled: Handled | None = None  # by the provider, whatever the words say
    taken_at: datetime | None = None  # later than it came in, and after others: it was asked for
    again: bool = False  # it may have been taken and answered before, in what a restored database has lost

    def __post_init__(self) -> None:
        checked(self.received_at)
        object.__setattr__(self, "text", _storable(self.text))


def _storable(text: str) -> str:
    """Without what no database can keep: NUL, and the half of a character that was cut in two."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that went to a person, which they may tap on or quote."""

    text: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Answered:
    """One of nudger's texts that answered a person."""

    key: str
    at: datetime
    to: str = ""  # their text


@dataclass(frozen=True, slots=True)
class Bound:
    """The nudge that a reply is about: the latest unanswered one, else the one whose snooze waits."""

    occurrence: int
    nudge: str
    kind: Kind | None
    due_at: datetime
    snoozed_until: datetime | None = None
    outcome: Outcome | None = None  # of a link's own nudge: the others have none, or wait
    address: str | None = None  # a link's: where the message went that it stood in
    contact: str | None = None  # whom it named


@dataclass(frozen=True, slots=True)
class Writer:
    """A person who wrote, or on whom the operator acts."""

    person: Person
    bound: Bound | None
    next_due_at: datetime | None = None
    answered: tuple[Answered, ...] = ()  # which of nudger's texts answered them in the last 24 h
    asked_today: int = 0  # nudges on demand on this local date
    since: frozenset[str] = frozenset()  # what their log says of after a text that was asked for
    known_since: datetime | None = None  # when a plan first named them, where a text was asked for
    contact_stopped: bool = False  # the trusted contact wants no notices
    sent: tuple[Sent, ...] = ()  # the last messages to them, the latest first


Respond = Callable[[Writer], Response]
