"""What became of a message once it was handed over: what its provider reports, and, where its end is unknown,
what the provider says when it is asked.

Reports come by a callback that carries the message's id: in any order, late, and more than once. They only
ever take a message forward (`after`).

An end is unknown where a request broke off, or a daemon died with it open. Then:

1. The message stays `unknown`: a text too few is better than one twice, so nothing is sent on a guess.
2. `Reconciling` asks the provider for all that went to the address since.
   Where the provider keeps our ids it is asked for these.
3. `judge` (pure) pairs what is listed with what is in doubt. Whatever may be ours counts as found, so as
   sent.
4. Only what was asked about twice at least, and SURE_AFTER later is surely not there, is free to go out
   again, while it is fresh.
"""

import asyncio
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import structlog

from nudger.agenda.entries import Failure, Report, Stage
from nudger.agenda.port import Clock
from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName, State
from nudger.sending.port import AskAgain, Doubt, FoundThere, Listed, NotThere, Resolution, SendingStore

_told_log = structlog.get_logger("nudger.reports")
_asked_log = structlog.get_logger("nudger.reconcile")

QUEUE_FULL = timedelta(minutes=1)  # how long a provider's full queue is left alone
FAILURES_IN_A_ROW = 5  # then the address is unreachable: until it is another, or `nudger resume`
# Not the number's fault, or nothing to do with it.
_NOT_THE_NUMBERS = frozenset({Failure.NOT_SENT, Failure.SENDER, Failure.OPTED_OUT, Failure.AMBIGUOUS})
_OPEN = frozenset({State.SENDING, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class OnRecord:
    """What is on record of a message when a report of it comes in."""

    state: State
    not_there: bool = False  # FAILED because the provider did not list it, and not by its own word


def after(known: OnRecord, report: Report) -> State | None:
    """Returns the message's state after the report; None where it changes nothing.

    Never backwards: what was delivered stays so, whatever comes later. DELIVERED wins over FAILED, for
    it says what the phone has. Acceptance wins over "not there", for a list may lag.
    """
    match report.stage:
        case Stage.ACCEPTED:
            # One that was taken back may have gone out in that very moment.
            open_ = known.state in _OPEN or known.state is State.CANCELLED
            accepted = open_ or (known.state is State.FAILED and known.not_there)
            return State.SENT if accepted else None
        case Stage.DELIVERED:
            open_ = known.state in _OPEN or known.state in (State.SENT, State.FAILED, State.CANCELLED)
            return State.DELIVERED if open_ else None
        case Stage.FAILED:
            open_ = known.state in _OPEN or known.state is State.SENT
            return State.FAILED if open_ or (known.state is State.FAILED and known.not_there) else None
        case Stage.CANCELLED:
            return State.CANCELLED if known.state in _OPEN or known.state is State.SENT else None


def again_at(failure: Failure, now: datetime) -> datetime | None:
    """Returns when an entry whose message failed at the carrier may be tried once more: by the next channel
    at once, by the same one later. None: never, for the person may have it."""
    if failure in (Failure.LOST, Failure.AMBIGUOUS):
        return None
    return now + QUEUE_FULL if failure is Failure.NOT_SENT else now


def is_the_numbers(failure: Failure) -> bool:
    """Tells whether it counts towards a number that does not work."""
    return failure not in _NOT_THE_NUMBERS


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes reports in whatever order they come."""

    store: SendingStore
    clock: Clock
    wake: Callable[[], None]  # what failed may be due on the next channel

    async def take(self, message_id: str, told: Report) -> State | None:
        """Returns once it is committed: the message's new state, or None where nothing changed."""
        state = await asyncio.to_thread(self.store.report, message_id, told, self.clock.now())
        if told.stage is Stage.FAILED:
            # Also one that changes nothing: after "delivered" it is the provider contradicting itself.
            code = told.failure.code if told.failure else None
            _told_log.info("not_delivered", message=message_id, code=code, ignored=state is None)
        if state is State.FAILED:
            self.wake()
        return state


# A provider's list may lag behind what it accepted. Counted from the stored time of the attempt, so
# that a restart makes it neither shorter nor longer.
SURE_AFTER = timedelta(seconds=60)
# How far the list's time may lie from ours: clocks differ, and a request may have waited. Wide, for
# a text of the same words that went out well is known by its id and never taken for this one.
WINDOW = timedelta(hours=1)
ASK_FOR = timedelta(days=2)  # after that it stays unknown
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)


def judge(doubts: Sequence[Doubt], listed: Sequence[Listed], now: datetime) -> list[Resolution]:
    """Returns an answer for each of `doubts`, from a list that was asked for at `now` or later.

    Of several with the same words to the same address, each of the list goes to the nearest in time,
    and to one only. Something else that went to the address in that time leaves a doubt standing: it
    may be this text, changed on its way (a trial account's prefix, replaced quotes).
    """
    found = _pair(doubts, listed)
    used = {one.report.provider_id for one in found.values()}
    left = [one for one in listed if one.report.provider_id not in used]
    return [_answer(doubt, found.get(doubt.message), left, now) for doubt in doubts]


def _pair(doubts: Sequence[Doubt], listed: Sequence[Listed]) -> dict[str, Listed]:
    near = [
        (gap, index, doubt, one)
        for index, doubt in enumerate(doubts)
        for one in listed
        if (gap := _gap(doubt, one)) is not None and _same_words(doubt.text, one.text)
    ]
    pairs: dict[str, Listed] = {one.message: one for one in listed if one.message}
    used: set[str] = set()
    for _, _, doubt, one in sorted(near, key=lambda pair: pair[:2]):
        if doubt.message not in pairs and one.report.provider_id not in used:
            pairs[doubt.message] = one
            used.add(one.report.provider_id)
    return pairs


def _answer(doubt: Doubt, found: Listed | None, left: Sequence[Listed], now: datetime) -> Resolution:
    if found is not None:
        return FoundThere(doubt, found.report)
    sure_at = doubt.attempted_at + SURE_AFTER
    other = any(_gap(doubt, one) is not None for one in left)
    # Asked twice at least: a clock that was stepped ahead makes 60 s pass in no time.
    if doubt.asks and now >= sure_at and not other:
        return NotThere(doubt)
    again_at = now + wait(doubt.asks)
    return AskAgain(doubt, min(again_at, sure_at) if now < sure_at else again_at)


def wait(asks: int) -> timedelta:
    """Returns how long until the next question after so many."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(asks, 10)))


def _gap(doubt: Doubt, one: Listed) -> timedelta | None:
    """How far apart in time; None where they cannot be the same message."""
    if one.message or one.address != doubt.address:
        return None
    gap = abs(one.created_at - doubt.attempted_at) if one.created_at else WINDOW
    return gap if gap <= WINDOW else None


def _same_words(ours: str, theirs: str) -> bool:
    """Letters and digits alone: Twilio replaces quotes and dashes (Smart Encoding), trims, and puts a
    trial account's sentence in front."""
    words = _letters(ours)
    return _letters(theirs).endswith(words) if words else ours.strip() == theirs.strip()


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text))).casefold()


BATCH = 50  # doubts of one run: after an outage of thousands, the oldest first, and never a burst
AT_ONCE = 5  # questions under way


class Outbox(Protocol):
    """A provider that can be asked for what it was given to send."""

    async def list_outbound(self, address: str, since: datetime) -> Sequence[Listed]:
        """Returns all that went to this address since then, and perhaps more; what still waits in the
        provider's queue too. Raises ChannelError where it cannot be told."""


@runtime_checkable
class Ledger(Protocol):
    """A provider that keeps our message ids, and takes each of them once."""

    async def look_up(self, messages: Sequence[str]) -> Sequence[Listed]:
        """Returns those of these messages that it has, each under our id. Raises ChannelError where it
        cannot be told of all."""


@dataclass(frozen=True, slots=True)
class TakingOver:
    """What a daemon left in `sending` when its lease ended becomes unknown, and is asked about."""

    store: SendingStore

    async def run_once(self, now: datetime) -> int:
        """Takes over; whose it was, the store knows. Nothing is due because of it: what is unknown is asked
        for first."""
        taken = await asyncio.to_thread(self.store.abandon, now)
        if taken:
            _asked_log.warning("taken_over", count=taken)
        return 0


@dataclass(slots=True)
class Reconciling:
    """Found means sent; not there for a minute means free to go out again, while it is fresh."""

    store: SendingStore
    outboxes: Mapping[ChannelName, Outbox | Ledger]  # channels that can be asked; SMTP cannot
    _failures: int = 0
    _resume_at: datetime | None = None
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run_once(self, now: datetime) -> int:
        """Asks about what is due to be asked; returns how many doubts were resolved."""
        if not self.outboxes or self._rests(now):
            return 0
        doubts = await asyncio.to_thread(self.store.doubts, now, frozenset(self.outboxes), BATCH)
        if not doubts:
            return 0
        by_address: dict[tuple[ChannelName, str], list[Doubt]] = {}
        for doubt in doubts:
            by_address.setdefault((doubt.channel, doubt.address), []).append(doubt)
        asked = await asyncio.gather(*(self._ask(*of, about) for of, about in by_address.items()))
        resolved = sum(
            [await self._settle(about, listed, now) for about, listed in asked if listed is not None]
        )
        self._note(now, failed=any(listed is None for _, listed in asked))
        return resolved

    async def _ask(
        self, channel: ChannelName, address: str, about: list[Doubt]
    ) -> tuple[list[Doubt], Sequence[Listed] | None]:
        since = min(doubt.attempted_at for doubt in about)
        try:
            async with self._places:
                provider = self.outboxes[channel]
                if isinstance(provider, Ledger):
                    return about, await provider.look_up([doubt.message for doubt in about])
                return about, await provider.list_outbound(address, since)
        except ChannelError as fault:
            # Nothing is concluded from a question without an answer. Whose it was, the store knows.
            _asked_log.warning("not_reconciled", channel=str(channel), count=len(about), fault=fault.message)
            return about, None

    async def _settle(self, about: Sequence[Doubt], listed: Sequence[Listed], now: datetime) -> int:
        done = await asyncio.to_thread(
            self.store.reconcile, about, listed, lambda doubts, free: judge(doubts, free, now), now
        )
        if done.found or done.not_there:
            _asked_log.info("reconciled", found=done.found, not_there=done.not_there)
        return done.found + done.not_there

    def _rests(self, now: datetime) -> bool:
        """Not again at once after a question that failed; a clock stepped back does not prolong it."""
        return self._resume_at is not None and timedelta(0) < self._resume_at - now <= wait(self._failures)

    def _note(self, now: datetime, *, failed: bool) -> None:
        self._resume_at = now + wait(self._failures) if failed else None
        self._failures = self._failures + 1 if failed else 0
