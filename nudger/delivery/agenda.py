"""What the agenda holds, what was decided about it, and what was claimed of it: values only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nudger.delivery.ways import Ways
from nudger.model import ChannelName, Contact, Kind, Origin, Person, State


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of the agenda whose time has come.

    (person, nudge, local_date, slot, round) is its identity; `round` is 0 for the planned time and
    counts the snoozes after it. An answer has an empty `nudge`, and its text ready.
    """

    id: int
    person: str
    nudge: str
    kind: Kind | None
    origin: Origin
    local_date: date
    slot: int
    round: int
    due_at: datetime
    expires_at: datetime
    attempts: int = 0  # sends that were tried and certainly did not go out
    refused: frozenset[ChannelName] = frozenset()  # channels that failed for good: the next is tried
    text: str | None = None
    channel: ChannelName | None = None  # answers: where the person wrote
    held_up: str = ""  # why it has not gone out yet, though its time has come
    queue: ChannelName | None = None  # whose turns it waits for
    urgent: bool = False  # an answer that goes before all else, whatever budgets are used up


@dataclass(frozen=True, slots=True)
class Send:
    """This goes out now."""

    channel: ChannelName
    address: str
    text: str
    subject: str
    valid_for: timedelta  # how long a provider may hold it
    segments: int = 1
    bank_key: str | None = None  # which message of the bank
    contact: str | None = None  # whom it names


@dataclass(frozen=True, slots=True)
class Drop:
    """This does not go out, and why, in words for a person."""

    state: State  # SUPPRESSED, MISSED or CANCELLED
    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not yet: looked at again at `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: it waits for this channel's turn, among others; those with the earliest `turn_at` go first."""

    channel: ChannelName
    turn_at: datetime  # of a nudge the last instant at which it may go out, of an answer its due time
    reason: str  # why, for the case that it waits in vain


Verdict = Send | Drop | Later | Wait


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdicts on what is due for one person, in the order given, and their state after it."""

    verdicts: tuple[Verdict, ...]
    person: Person  # with the history after the sends


Decide = Callable[[Person, Sequence[Due], Ways], Decision]


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that is committed as `sending`: it may be handed to its channel once."""

    message: str  # the message's id, in the status callback's address and the Message-ID
    occurrence: int
    person: str
    channel: ChannelName
    address: str
    text: str
    subject: str
    valid_for: timedelta
    origin: Origin
    voice: str = "en"  # of the plan
    segments: int = 1
    attempts: int = 0  # of the entry, before this one
    due_at: datetime | None = None  # the entry's
    contact: Contact | None = None  # whom it names
    urgent: bool = False  # an answer that goes before all else
    until: float | None = None  # by the loop's clock: later no byte of it may go out, for it may be another's


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim did."""

    sendings: tuple[Sending, ...]
    dropped: int
    looked_at: int  # equal to the limit: there may be more due
    again_at: datetime | None = None  # when a turn comes for what waits in a queue
