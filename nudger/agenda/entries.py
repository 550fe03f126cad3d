"""What the agenda holds, and what becomes of it: values, from a day that is laid out to the end of a send.

In this order: how far a database has come, and what is known of one that was restored; the ways out as one
claim finds them; plans that are gone, and days as they were laid out; what is due, what was decided about
it, and what was claimed; how the hand-over of one message can end. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from nudger.domain.model import ChannelName, Contact, Kind, Origin, Outcome, Person, Plan, Slot, State


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a database has come: which one it is, and how often that was written down."""

    instance: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """What is known of a restored database, and what it does not know itself."""

    noticed_at: datetime
    knows_until: datetime  # what came in since then, it has not
    done_until: datetime  # what was due until then may have gone out already, and never goes out again
    why: str
    asked_at: datetime | None = None  # when the provider was asked for what came in meanwhile
    accepted_at: datetime | None = None  # None: no nudge goes out


@dataclass(frozen=True, slots=True)
class Ways:
    """An open circuit leads to the next channel; what is full is waited for, but not by what is urgent. Each
    with the reason, for who waits in vain. RACE: what is known of a restored backup is read with them, in
    the claim's own transaction, for another host may have noticed it a moment ago."""

    open_circuits: Mapping[ChannelName, str] = field(default_factory=dict)
    full: Mapping[ChannelName, str] = field(default_factory=dict)
    unanswered: Mapping[ChannelName, str] = field(default_factory=dict)  # answers have had their share
    restored: Restored | None = None


EVERY_WAY = Ways()

# From when on a person may be asked for consent on a channel; None: not, until something changes.
AskFrom = Callable[[Person, ChannelName], datetime | None]


# Of whom so many are gone by one look, an edit is less likely than a disk that is not mounted, a copy that
# broke off, or a spreadsheet that was saved empty.
FEW = 2  # people whose plans may always go
MANY = 10  # people of whom half may go
LATELY = timedelta(minutes=1)  # what is gone within it counts as gone by one look: a slow disk empties slowly


def is_sudden(lost: int, of: int) -> bool:
    """Tells whether `lost` people of `of` are too many to be gone because somebody edited their plans: all,
    if they are three or more, or more than half of ten or more."""
    return lost > FEW and (lost == of or (of >= MANY and 2 * lost > of))


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody whose plan is gone, with many others: they go on until the operator has accepted it."""

    person: str
    file: str  # where it was
    since: datetime


def without(plan: Plan, *, consent: bool, tell: bool) -> Plan:
    """Returns the plan without its consent line, and with nobody to tell: what its file says no longer."""
    contacts = tuple(replace(one, tell=None, agreed=None) for one in plan.contacts) if tell else plan.contacts
    return replace(plan, consent=None if consent else plan.consent, contacts=contacts)


@dataclass(frozen=True, slots=True)
class Layable:
    """A person whose days are to be laid out."""

    person: Person
    laid_out_through: date | None  # None: never
    afresh: bool  # the plan changed, or START: what is planned for the future is replaced
    version: int = 0  # goes into LaidOut: one more with each reason to lay out afresh


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The days of one person, computed: slots with an instant to add, and when to come back."""

    person: str
    slots: tuple[Slot, ...]
    expires: Mapping[str, timedelta]  # nudge id -> how late it may be
    kinds: Mapping[str, Kind]
    through: date
    next_at: datetime
    afresh: bool
    version: int | None = None  # the Layable's; where it is no longer the person's, nothing is written


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
    ask: str | None = None  # the form of the question that it puts
    ask_until: datetime | None = None  # when that closes, unless another ask goes out sooner


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


class Failure(StrEnum):
    """What a failed send means for what happens next (Twilio's codes are sorted in channels/)."""

    NOT_SENT = "not sent"  # certainly not accepted: retry while fresh
    AMBIGUOUS = "ambiguous"  # may have been accepted: never a blind resend
    RECIPIENT = "recipient"  # this address will not take it: next channel
    OPTED_OUT = "opted out"  # the provider knows of a STOP: opt out here too
    SENDER = "sender"  # our account, number or settings: stop and alarm
    LOST = "lost"  # it ended at the carrier without a clear word: neither again nor another way


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted the message under `provider_id`."""

    provider_id: str
    is_reported: bool = False  # it will say whether the message was delivered


class SendFailure(Exception):
    """A send that did not end in acceptance."""

    def __init__(
        self,
        failure: Failure,
        reason: str,
        code: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason  # for a person; holds no address and no secret
        self.code = code  # the provider's
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one send."""

    sending: Sending
    receipt: Receipt | None = None
    failure: SendFailure | None = None
    retry_at: datetime | None = None  # NOT_SENT: try again then; RECIPIENT: the next channel then


class Stage(StrEnum):
    """How far a message has come, as its provider reports it."""

    ACCEPTED = "accepted"  # queued, sending or sent: it is the provider's to deliver
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"  # taken back before it went out: it certainly did not


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider says became of a message that it was given under `provider_id`."""

    provider_id: str
    stage: Stage
    failure: SendFailure | None = None  # of FAILED: what it means


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
