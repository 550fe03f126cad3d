"""The duty that sends: claim what is due, hand it to its channel once, record how it ended.

`sending` is committed before a channel is called, and the end of the call after it. So a crash in
between leaves a message whose end is unknown, and never one that is sent blindly a second time.

With it: who is told of each step (for metrics; nothing depends on it), and when a failed send is tried
again.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

import structlog

from nudger.agenda.decide import Decider
from nudger.agenda.entries import Claim, Decision, Due, Failure, Result, SendFailure, Sending, Ways
from nudger.agenda.port import Clock
from nudger.agenda.rate_limit import Limit
from nudger.domain.errors import StoreAway
from nudger.domain.model import ChannelName, Person
from nudger.sending.channel_worker import GATHER, Lane, Lease, Pace
from nudger.sending.port import Channel, SendingStore


class Observer(Protocol):
    """Told in the event loop, between two steps: it must be quick and cannot fail."""

    def handed_over(self, sending: Sending, at: datetime) -> None:
        """Right before the request to the provider."""

    def ended(self, result: Result) -> None:
        """That request has ended, however it did."""

    def dropped(self, number: int) -> None:
        """So many entries were due and did not go out."""

    def replied(self, intent: str) -> None:
        """A person's text was taken, and what it was understood as."""


class Unwatched:
    """Nobody wants to know."""

    def handed_over(self, sending: Sending, at: datetime) -> None: ...

    def ended(self, result: Result) -> None: ...

    def dropped(self, number: int) -> None: ...

    def replied(self, intent: str) -> None: ...


UNWATCHED = Unwatched()

FIRST = timedelta(seconds=5)
LONGEST = timedelta(minutes=5)


class Retries:
    """Backoff with full jitter. Whether the way out rests is decided in `rate_limit`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def judge(self, sending: Sending, failure: SendFailure, attempts: int, now: datetime) -> Result:
        """The result to record."""
        if failure.failure is Failure.NOT_SENT:
            return Result(
                sending, failure=failure, retry_at=now + self._backoff(attempts, failure.retry_after)
            )
        if failure.failure in (Failure.AMBIGUOUS, Failure.LOST):
            return Result(sending, failure=failure)
        # Certainly not accepted: the next channel at once, or this one when it works again.
        return Result(sending, failure=failure, retry_at=now)

    def _backoff(self, attempts: int, at_least: timedelta | None) -> timedelta:
        ceiling = min(LONGEST, FIRST * (1 << min(attempts, 10)))
        return max(at_least or timedelta(0), ceiling * self._random.random(), timedelta(seconds=1))


BATCH = 500  # entries of one claim: large enough that a commit's fsync is shared, small enough for STOP
LONGEST_WATCH = 10  # seconds; a page that watches looks once more then
SOON = timedelta(milliseconds=50)
AGAIN = timedelta(seconds=1)  # how often a store that is away is asked
PLACES = 200  # calls at once, where a channel does not say

log = structlog.get_logger("nudger.dispatch")


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one run did, and when to run again (None: when something new is due)."""

    started: int
    dropped: int
    again_at: datetime | None


class Dispatcher:
    """Claims, sends and records. One at a time per process; any number of processes per store."""

    def __init__(
        self,
        store: SendingStore,
        channels: Mapping[ChannelName, Channel],
        decider: Decider,
        clock: Clock,
        limits: Mapping[ChannelName, Limit],
        retries: Retries,
        owner: str,
        watch: Observer = UNWATCHED,
    ) -> None:
        self._store = store
        self._channels = channels
        self._decider = decider
        self._clock = clock
        self._limits = limits
        self._retries = retries
        self._watch = watch
        self._lease = Lease(store, owner)
        self.owner = owner  # whose `sending` a recovery takes for left behind
        self._lanes = {
            name: Lane(channel.places or PLACES, self._still_go, self._send, self._move)
            for name, channel in channels.items()
        }
        self._moved = asyncio.Event()
        self._pace = Pace()
        self._ended: list[Result] = []
        self._recorder: asyncio.Task[None] | None = None
        self._fault: Exception | None = None
        self._closing = False
        self._changed = asyncio.Event()

    async def run_once(self, now: datetime) -> Dispatched:
        """Claims what is due and starts to send it; waits for no slow provider. Where much is on its way it
        gives that a little time to end first, so that what it claims is worth a transaction."""
        ahead = self._pace.ahead(asyncio.get_running_loop().time())
        await self._wait_for_load(ahead // 2)
        if self._fault is not None:
            raise self._fault
        room = max(0, min(BATCH, ahead - self._load))
        if room == 0 and not await asyncio.to_thread(self._store.has_urgent, now):
            return Dispatched(0, 0, now)
        await self._lease.keep()
        claim = await self._claim(now, room)
        self._watch.dropped(claim.dropped)
        if self._closing:
            await asyncio.to_thread(self._store.release, claim.sendings, now)
            return Dispatched(0, claim.dropped, None)
        await self._start(claim.sendings)
        if claim.looked_at or claim.sendings:
            self.tell()
        if claim.looked_at >= room or self._fault is not None:  # the next run raises it
            return Dispatched(len(claim.sendings), claim.dropped, now)
        next_at = await asyncio.to_thread(self._store.next_due_at)
        turn_at = max(claim.again_at, now + SOON) if claim.again_at else None
        again = min((at for at in (next_at, turn_at) if at is not None), default=None)
        return Dispatched(len(claim.sendings), claim.dropped, again)

    def close(self) -> None:
        """Starts no further send: what a claim under way brings is released."""
        self._closing = True

    async def wait_for_change(self) -> None:
        """Returns when something was sent or recorded, at the latest after LONGEST_WATCH."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WATCH):
                await self._changed.wait()

    async def settled(self) -> None:
        """Waits until every send under way has ended and is recorded."""
        while self._load or self._recorder is not None:
            await self._next_move()

    async def drain(self, patience: timedelta) -> None:
        """Ends: what was handed over gets `patience` to end; a call still open then stays `sending`
        in the store, and becomes unknown at the next start."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self.settled()
        except TimeoutError:
            log.warning("sends_left_open", count=self._load)
            for lane in self._lanes.values():
                lane.cancel()

    @property
    def _load(self) -> int:
        return sum(lane.load for lane in self._lanes.values())

    async def _wait_for_load(self, at_most: int) -> None:
        """What hangs must not hold the others: SOON at the longest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOON.total_seconds()):
                while self._load > at_most:
                    await self._next_move()

    async def _next_move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _move(self) -> None:
        self._moved.set()

    async def _claim(self, now: datetime, room: int) -> Claim:
        def claim() -> Claim:
            def decide(person: Person, dues: Sequence[Due], ways: Ways) -> Decision:
                return self._decider.decide(person, dues, now, ways)

            return self._store.claim_due(now, room, self.owner, decide, self._limits)

        return await asyncio.to_thread(claim)

    async def _start(self, sendings: Sequence[Sending]) -> None:
        for name, lane in self._lanes.items():
            mine = [sending for sending in sendings if sending.channel is name]
            if mine:
                await lane.take(mine)

    async def _still_go(self, sendings: Sequence[Sending]) -> Sequence[Sending]:
        """RACE: a STOP that was committed since the claim, a lease that has ended where this process or its
        machine stood still, or an end that has begun. Asked right before the requests."""
        try:
            while True:
                with contextlib.suppress(StoreAway):
                    return await self._ask(sendings)
                # They wait for the answer: without it nothing goes. The duty says that the store is away.
                await asyncio.sleep(AGAIN.total_seconds())
        except Exception as fault:
            self._fault = fault  # the next run raises it; these stay `sending`, and are found as unknown
            return ()

    async def _ask(self, sendings: Sequence[Sending]) -> Sequence[Sending]:
        now = self._clock.now()
        if self._closing:
            await asyncio.to_thread(self._store.release, sendings, now)
            return ()
        await self._lease.keep()
        stopped = await asyncio.to_thread(self._store.stopped, sendings, now)
        if stopped:
            self._lease.doubt()
        return [sending for sending in sendings if sending.message not in stopped]

    def tell(self) -> None:
        """Whoever waits sees this change; whoever comes later waits for the next."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _send(self, sending: Sending) -> None:
        self._watch.handed_over(sending, self._clock.now())
        try:
            receipt = await self._channels[sending.channel].send(sending)
            self._end(Result(sending, receipt=receipt))
        except SendFailure as failure:
            self._report(sending, failure)
            self._end(self._retries.judge(sending, failure, sending.attempts, self._clock.now()))
        except Exception:
            # An adapter's bug: whether the provider has the message is not known. Never resent blindly.
            log.exception("send_died", person=sending.person, channel=str(sending.channel))
            fault = SendFailure(Failure.AMBIGUOUS, "the channel failed in an unforeseen way")
            self._end(Result(sending, failure=fault))

    def _report(self, sending: Sending, failure: SendFailure) -> None:
        report = log.error if failure.failure is Failure.SENDER else log.warning
        report(
            "send_failed",
            person=sending.person,
            channel=str(sending.channel),
            failure=str(failure.failure),
            code=failure.code,
            reason=failure.reason,
        )

    def _end(self, result: Result) -> None:
        self._watch.ended(result)
        self._pace.ended()
        self._ended.append(result)
        if self._recorder is None:
            self._recorder = asyncio.create_task(self._record(), name="record")

    async def _record(self) -> None:
        """Writes what has ended; all that ends while one commit runs shares the next."""
        results: list[Result] = []
        try:
            while self._ended:
                if self._load:
                    await asyncio.sleep(GATHER)
                results, self._ended = self._ended, []
                try:
                    await asyncio.to_thread(self._store.record, results, self._clock.now())
                except StoreAway:
                    self._ended = results + self._ended
                    await asyncio.sleep(AGAIN.total_seconds())
                self.tell()
        except Exception as fault:
            # The next run raises it and the process ends: what is not recorded is found as unknown.
            self._fault = fault
        finally:
            self._recorder = None
            self._move()
