"""What came in, from whom, and which nudge it is about: values only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nudger.effects import Response
from nudger.instants import checked
from nudger.model import ChannelName, Kind, Origin, Outcome, Person


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
