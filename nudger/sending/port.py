"""What sending needs of the world: channels, somebody who watches, a store of what is due; and the values of
a doubt, which go in and out of that store. It raises as `agenda.port` says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nudger.agenda.entries import Claim, Decide, Receipt, Report, Result, Sending
from nudger.agenda.rate_limit import Limit
from nudger.domain.model import ChannelName, State

NO_LIMITS: Mapping[ChannelName, Limit] = {}


class Channel(Protocol):
    """One way to a phone or a mailbox.

    `places` is how many messages it hands over at once, None for any number: what is more waits before
    it, where a STOP still reaches it."""

    @property
    def places(self) -> int | None: ...

    async def send(self, sending: Sending) -> Receipt:
        """Hands one message over, once, within the adapter's time limit. Raises only SendFailure."""

    async def close(self) -> None:
        """Gives back connections. Nothing is sent after it."""


class Observer(Protocol):
    """Told in the event loop, between two steps: it must be quick and cannot fail."""

    def handed_over(self, sending: Sending, at: datetime) -> None:
        """Hears of a message right before the request to the provider."""

    def ended(self, result: Result) -> None:
        """Hears that this request has ended, however it did."""

    def dropped(self, number: int) -> None:
        """Hears that so many entries were due and did not go out."""

    def replied(self, intent: str) -> None:
        """Hears that a person's text was taken, and what it was understood as."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that may or may not have been accepted."""

    message: str
    person: str
    channel: ChannelName
    address: str
    text: str
    attempted_at: datetime
    asks: int = 0  # questions that the provider answered without it being there


@dataclass(frozen=True, slots=True)
class Listed:
    """A message of ours as the provider lists it: its id and fate, and what tells whose it is."""

    report: Report
    address: str
    text: str
    created_at: datetime | None  # whole seconds
    message: str = ""  # our id, where the provider keeps it: then it is this one and no other


@dataclass(frozen=True, slots=True)
class FoundThere:
    """The provider has it."""

    doubt: Doubt
    report: Report


@dataclass(frozen=True, slots=True)
class NotThere:
    """The provider surely does not have it: free to go out again while fresh."""

    doubt: Doubt


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Not known yet."""

    doubt: Doubt
    at: datetime


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many doubts were resolved, and how."""

    found: int
    not_there: int


Resolution = FoundThere | NotThere | AskAgain
# (those still in doubt, those listed that are no other message's) -> an answer for each doubt
Judge = Callable[[Sequence[Doubt], Sequence[Listed]], Sequence[Resolution]]


class SendingStore(Protocol):
    """What is due, who sends it, and how that ended."""

    def next_due_at(self) -> datetime | None:
        """Returns when the earliest planned entry is due (it may be past)."""

    def has_urgent(self, now: datetime) -> bool:
        """Tells whether something urgent is due."""

    def claim_due(
        self,
        now: datetime,
        limit: int,
        owner: str,
        decide: Decide,
        limits: Mapping[ChannelName, Limit] = NO_LIMITS,
    ) -> Claim:
        """Claims what is due, and commits it as `sending` before it returns. No two callers get the same
        entry, on any host.

        What has to Wait for a channel (it has a rate limit, or an open circuit) stays planned in that
        channel's queue; the queue then gives out what the limit allows in this second, the earliest
        `turn_at` first. All callers share what is left of it, in the store. What waits in a queue holds up
        nothing else.

        Args:
            limit: at most so many entries with due_at <= now, the earliest first; with them all that is due
                of each person met. What is urgent comes before them, and counts in no `limit`.
            owner: whose lease they come under; it began with `recover`.
            decide: called once a person, inside the transaction, so that a STOP that was committed is seen.
            limits: what the operator lets each sender send.

        Raises:
            StoreError: nothing was claimed. One person whom `decide` fails over is set aside, and no fault.
        """

    def stopped(self, sendings: Sequence[Sending], now: datetime) -> Collection[str]:
        """Returns the message ids among them that may not go out, or not any more. Opted out or held since
        the claim (an ANSWER never is): cancelled by this call. No longer held by their owner, whose lease
        ends: planned again by this call, or another's to ask about since it took them over."""

    def record(self, results: Sequence[Result], now: datetime) -> None:
        """Writes the ends of sends. Receipt: sent. AMBIGUOUS: unknown. NOT_SENT with `retry_at` before the
        entry's expiry: planned again then; else missed. RECIPIENT with `retry_at`: planned again, that
        channel refused; else failed. OPTED_OUT: like RECIPIENT, and the person is opted out of that
        channel. SENDER with `retry_at`: planned again, that channel refused at the second time only (its
        circuit is open anyway); else failed. Faults of a channel are counted (`rate_limit`), and too many
        open its circuit. A message that is no longer `sending` is left alone, except that a receipt turns
        `unknown` into `sent`."""

    def release(self, sendings: Sequence[Sending], now: datetime) -> None:
        """Releases what was claimed and certainly not handed over: planned again, as if never claimed."""

    def recover(self, owner: str, now: datetime) -> int:
        """Begins the lease of `owner`, one life of a host's daemon. What earlier lives of that host left in
        `sending` (a crash) becomes unknown, and their leases are over; returns how many."""

    def renew(self, owner: str) -> None:
        """Renews a lease: what the owner has claimed is its alone, for HELD from now. StoreError where
        another daemon has begun under the name of the same host."""

    def give_up(self, owner: str) -> None:
        """Ends the owner's lease."""

    def abandon(self, now: datetime) -> int:
        """Turns unknown what anyone whose lease is over left in `sending`, and what has been so far longer
        than a call takes. How many."""

    def doubts(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Doubt]:
        """Lists at most `limit` messages of unknown end on these channels that are due to be asked about, the
        oldest attempt first."""

    def reconcile(
        self, about: Sequence[Doubt], listed: Sequence[Listed], judge: Judge, now: datetime
    ) -> Reconciled:
        """Calls `judge` with those still unknown and with what is listed and credited to no message yet,
        and writes its answers. FoundThere: as `report` has it. NotThere: the message is failed and counts
        nowhere; its entry is planned again, or missed where it has expired, or cancelled where it was
        answered meanwhile. AskAgain: it is among `doubts` again then."""

    def report(self, message_id: str, told: Report, now: datetime) -> State | None:
        """Takes what a provider says of a message, in any order and more than once. Returns the message's new
        state, or None where it changes nothing or there is no such message. Never backwards: DELIVERED
        stands, and wins over FAILED. FAILED on the way: the entry goes on to the next channel while fresh,
        except for LOST; OPTED_OUT opts out. A number that fails FAILURES_IN_A_ROW times is unreachable, with
        an alarm, until its address changes, something arrives, or Resume."""
