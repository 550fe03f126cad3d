"""What delivery needs of the world: a clock, a store, channels. Each promise here has a contract test.

The store decides nothing: where a verb needs a decision (may this go out? what does this reply
mean?) it takes a pure function, calls it inside its own transaction, and writes what came back.
So a STOP, a pause or a crisis hold that is committed first is always seen.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from nudger.effects import Response
from nudger.errors import Problem
from nudger.model import ChannelName, Kind, Origin, Outcome, Person, Plan, Slot, State


# --- the agenda ---------------------------------------------------------------------------------
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


Verdict = Send | Drop | Later


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdicts on what is due for one person, in the order given, and their state after it."""

    verdicts: tuple[Verdict, ...]
    person: Person  # with the history after the sends


Decide = Callable[[Person, Sequence[Due]], Decision]


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
    language: str = "en"
    segments: int = 1
    attempts: int = 0  # of the entry, before this one


@dataclass(frozen=True, slots=True)
class Claim:
    """What one claim did."""

    sendings: tuple[Sending, ...]
    dropped: int
    looked_at: int  # equal to the limit: there may be more due


# --- channels -----------------------------------------------------------------------------------
class Failure(StrEnum):
    """What a failed send means for what happens next (Twilio's codes are sorted in channels/)."""

    NOT_SENT = "not sent"  # certainly not accepted: retry while fresh
    AMBIGUOUS = "ambiguous"  # may have been accepted: never a blind resend
    RECIPIENT = "recipient"  # this address will not take it: next channel
    OPTED_OUT = "opted out"  # the provider knows of a STOP: opt out here too
    SENDER = "sender"  # our account, number or settings: stop and alarm


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider accepted the message under `provider_id`."""

    provider_id: str


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


class Channel(Protocol):
    """One way to a phone or a mailbox."""

    async def send(self, sending: Sending) -> Receipt:
        """Hands one message over, once, within the adapter's time limit. Raises only SendFailure."""

    async def close(self) -> None:
        """Gives back connections. Nothing is sent after it."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one send."""

    sending: Sending
    receipt: Receipt | None = None
    failure: SendFailure | None = None
    retry_at: datetime | None = None  # NOT_SENT: try again then; RECIPIENT: the next channel then


# --- replies ------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Inbound:
    """A text from a person's phone. `provider_id` makes a replay a no-op."""

    provider_id: str
    channel: ChannelName
    address: str
    text: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Bound:
    """The nudge that a reply is about: the latest unanswered one, else the one whose snooze waits."""

    occurrence: int
    nudge: str
    kind: Kind | None
    due_at: datetime
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """A person who wrote, or on whom the operator acts."""

    person: Person
    bound: Bound | None
    next_due_at: datetime | None = None
    answers_today: int = 0  # automatic answers in the last 24 h


Respond = Callable[[Writer], Response]


# --- plans --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as it was loaded: what it came from, and a digest that changes when the plan does."""

    plan: Plan
    file: str
    digest: str


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a load did: ids of people."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


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
class Planned:
    """An entry of the agenda as it stands, for looking at."""

    nudge: str
    kind: Kind | None
    origin: Origin
    local_date: date
    slot: int
    round: int
    due_at: datetime
    expires_at: datetime
    state: State
    reason: str = ""
    outcome: Outcome | None = None


# --- what people look at ------------------------------------------------------------------------
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


class Store(Protocol):
    """The durable truth. Methods block; the daemon calls them in a thread. All are transactions."""

    # people and plans
    def load_plans(
        self, files: Iterable[PlanFile], present: Collection[str], problems: Sequence[Problem], now: datetime
    ) -> PlanChange:
        """Stores new and changed plans and marks them to be laid out afresh; people not in `present`
        (ids, faulty files' people included) become removed, and what is planned for them is
        cancelled; a removed person whose file is back is restored. `problems` replaces what was kept.
        A plan whose `consent` is set gives consent on each of its channels, but never undoes an opt-out."""

    def person(self, person_id: str) -> Person | None: ...

    def people(self) -> Iterable[Person]:
        """Everyone, by id, removed ones too; in pages, so that memory stays flat."""

    def digests(self) -> Mapping[str, str]:
        """person id -> digest of the plan that runs."""

    # laying out
    def claim_layout(self, now: datetime, limit: int) -> Sequence[Layable]:
        """People whose days are due to be laid out, earliest first; none who is removed."""

    def lay_out_all_again(self, now: datetime) -> None:
        """Everyone's days are due to be laid out afresh: the rules of time zones have changed."""

    def lay_out(self, days: Sequence[LaidOut], now: datetime) -> None:
        """Adds the slots that have an instant and are not in the agenda under their identity. Afresh:
        what is still planned for the future from the plan, and not in `slots`, is cancelled away
        (deleted), what is there at another time is moved, and what an opt-out, a hold or a removal
        cancelled is planned again. What was attempted, dropped, or snoozed is never touched."""

    # the agenda
    def next_due_at(self) -> datetime | None:
        """When the earliest planned entry is due (it may be past)."""

    def claim_due(self, now: datetime, limit: int, owner: str, decide: Decide) -> Claim:
        """Claims at most `limit` entries with due_at <= now, earliest first, and all that is due of
        each person met, calls `decide` per person, and commits the verdicts: a Send becomes a message in
        state `sending` before this returns. No two callers get the same entry, on any host."""

    def stopped(self, sendings: Sequence[Sending], now: datetime) -> Collection[str]:
        """The message ids among them that may no longer go out: opted out or held since the claim.
        (An ANSWER is never among them.) They are cancelled by this call."""

    def record(self, results: Sequence[Result], now: datetime) -> None:
        """Writes the ends of sends. Receipt: sent. AMBIGUOUS: unknown. NOT_SENT with `retry_at` before the
        entry's expiry: planned again then; else missed. RECIPIENT with `retry_at`: planned again, that
        channel refused; else failed. OPTED_OUT: like RECIPIENT, and the person is opted out of that
        channel. SENDER: failed. A message that is no longer `sending` is left alone, except that a
        receipt turns `unknown` into `sent`."""

    def release(self, sendings: Sequence[Sending], now: datetime) -> None:
        """Claimed and certainly not handed over: planned again, as if never claimed."""

    def recover(self, owner: str, now: datetime) -> int:
        """What `owner` left in `sending` (a crash) becomes unknown; returns how many."""

    # replies and operators
    def take_reply(self, inbound: Inbound, respond: Respond) -> Response | None:
        """Commits the text, what it was understood as, and all its effects in one transaction. None, and
        nothing changed, where the provider's id is known or nobody has this address."""

    def act(self, person_id: str, now: datetime, respond: Respond, what: str) -> Response | None:
        """The same for an operator's act; None where there is no such person."""

    # looking
    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        """The person's entries (nudges, no answers) of the local dates from `since` on and all that are
        still planned, whatever their date, by due_at."""

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        """What went out and came in, oldest first, after a cursor."""

    def log(self, person_id: str, limit: int = 100) -> Sequence[Entry]:
        """What happened, latest first."""

    def status(self, now: datetime) -> StatusReport: ...

    def export(self, person_id: str) -> Mapping[str, object] | None:
        """All that is held on a person, as JSON-able values."""

    def forget(self, person_id: str) -> bool:
        """Erases the person from every table. False where there is none."""

    def remember(self, key: str, value: str) -> str:
        """Keeps a fact under `key` unless one is kept; returns the kept one."""

    def close(self) -> None: ...


class Clock(Protocol):
    """The only source of the time; it may run fast (demo) or be stepped (tests)."""

    def now(self) -> datetime: ...

    def real(self, span: timedelta) -> timedelta:
        """How long `span` of this clock's time takes by the machine's clock."""
