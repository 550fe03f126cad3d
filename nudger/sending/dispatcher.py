"""The duty that sends, and the story of a send from top to bottom.

1. `run_once` claims what is due. The store has it judged (`agenda.decide`), and commits each message as
   `sending` before anything leaves: a crash from here on leaves a message whose end is unknown, and never
   one that is sent blindly a second time.
2. A `Lane`, one a channel, keeps it until there is a place; what is urgent goes before all else.
3. Right before the requests `_still_go` asks the store once more, for all that go together: a STOP may have
   been committed since the claim, and the lease may have ended.
4. `_send` makes one request. It ends in a receipt, or in a SendFailure that `Retries` judges.
5. `_record` commits the ends, all that came meanwhile in one transaction.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

import structlog

from nudger.agenda.decide import Decider
from nudger.agenda.entries import Claim, Decision, Due, Failure, Result, SendFailure, Sending, Ways
from nudger.agenda.port import Clock
from nudger.agenda.rate_limit import Limit
from nudger.domain.errors import StoreAway
from nudger.domain.model import ChannelName, Person
from nudger.sending.lease import FIRST_BYTE, Lease, Prefetch
from nudger.sending.port import Channel, Observer, SendingStore

BATCH = 500  # entries of one claim: large enough that a commit's fsync is shared, small enough for STOP
LONGEST_WATCH_S = 10  # a page that watches looks once more then
FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)  # until a send that failed is tried again
SOON = timedelta(milliseconds=50)
AGAIN = timedelta(seconds=1)  # how often a store that is away is asked
PLACES = 200  # calls at once, where a channel does not say
GATHER_S = 0.005  # what ends meanwhile shares one question, or one commit
KEPT = 20  # one place in so many is kept for what is urgent
LONGEST_QUESTION_S = 1.0  # how long whoever brings messages waits for the store; the question goes on
LOOK_LASTS_S = 0.5  # of the machine's own time: then a STOP may have come, or a lease gone

log = structlog.get_logger("nudger.dispatch")


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one run did, and when to run again (None: when something new is due)."""

    started: int
    dropped: int
    again_at: datetime | None


class Retries:
    """When a failed send is tried again: backoff with full jitter. Whether the sender's circuit opens is
    decided in `rate_limit`."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def judge(self, sending: Sending, failure: SendFailure, attempts: int, now: datetime) -> Result:
        """Returns the result to record."""
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
        watch: Observer,
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
        self._prefetch = Prefetch()
        self._ended: list[Result] = []
        self._recorder: asyncio.Task[None] | None = None
        self._fault: Exception | None = None
        self._closing = False
        self._changed = asyncio.Event()

    async def run_once(self, now: datetime) -> Dispatched:
        """Claims what is due and starts to send it; waits for no slow provider. Where much is on its way it
        gives that a little time to end first, so that what it claims is worth a transaction."""
        ahead = self._prefetch.most(asyncio.get_running_loop().time())
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
        """Returns when something was sent or recorded, at the latest after LONGEST_WATCH_S."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_WATCH_S):
                await self._changed.wait()

    async def settled(self) -> None:
        """Waits until every send under way has ended and is recorded."""
        while self._load or self._recorder is not None:
            await self._next_move()

    async def drain(self, patience: timedelta) -> None:
        """Drains: what was handed over gets `patience` to end; a call still open then stays `sending` in the
        store, and becomes unknown at the next start."""
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
        """Tells of a change: whoever waits sees it; whoever comes later waits for the next."""
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
        self._prefetch.count()
        self._ended.append(result)
        if self._recorder is None:
            self._recorder = asyncio.create_task(self._record(), name="record")

    async def _record(self) -> None:
        """Writes what has ended; all that ends while one commit runs shares the next."""
        results: list[Result] = []
        try:
            while self._ended:
                if self._load:
                    await asyncio.sleep(GATHER_S)
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


@dataclass(slots=True)
class Lane:
    """The messages of one channel, in the order in which they came, what is urgent before all else; at most
    `places` at once, and some of them for what is urgent alone, however slow the provider is.

    `still_go` gives those of some messages that may go out now. It is asked when there are places for
    them and right before they are handed over, for all of these at once: what waits behind a slow
    provider is still within reach of a STOP. `send` hands one over and may not fail; `moved` is told
    whenever there is one less on its way.
    """

    places: int
    still_go: Callable[[Sequence[Sending]], Awaitable[Sequence[Sending]]]
    send: Callable[[Sending], Awaitable[None]]
    moved: Callable[[], None]
    _urgent: deque[Sending] = field(default_factory=deque)
    _waiting: deque[Sending] = field(default_factory=deque)
    _asked_about: int = 0
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)
    _handing_over: asyncio.Task[None] | None = None

    @property
    def load(self) -> int:
        """How many messages are neither ended nor given back."""
        return len(self._urgent) + len(self._waiting) + self._asked_about + len(self._under_way)

    async def take(self, sendings: Sequence[Sending]) -> None:
        """Returns when those are handed over for which there is a place, or the store does not say which."""
        self._urgent.extend(one for one in sendings if one.urgent)
        self._waiting.extend(one for one in sendings if not one.urgent)
        if self._handing_over is None:
            self._begin()
        if self._handing_over is not None:
            await asyncio.wait([self._handing_over], timeout=LONGEST_QUESTION_S)

    def cancel(self) -> None:
        """Lets go of everything, however it may end."""
        self._urgent.clear()
        self._waiting.clear()
        for task in (self._handing_over, *self._under_way):
            if task is not None:
                task.cancel()

    def _begin(self) -> None:
        if self._handing_over is None and self._free() > 0:
            self._handing_over = asyncio.create_task(self._hand_over())
            self._handing_over.add_done_callback(self._handed_over)

    async def _hand_over(self) -> None:
        """As many as there are places for. A question costs the more, the fewer share it: where only a few
        places are free, it waits for others."""
        clock = asyncio.get_running_loop().time
        while (free := self._free()) > 0:
            if not self._urgent and free < min(len(self._waiting), self.places // 4):
                await asyncio.sleep(GATHER_S)
                free = self._free()
            queue = self._urgent or self._waiting
            some = [queue.popleft() for _ in range(min(free, len(queue)))]
            self._asked_about = len(some)
            looked_at = clock()
            try:
                going = await self.still_go(some)
            finally:
                self._asked_about = 0
            for sending in going:
                task = asyncio.create_task(self._go(sending, looked_at), name=f"send {sending.message}")
                self._under_way.add(task)
                task.add_done_callback(self._ended)

    def _free(self) -> int:
        """Places for what waits first; 0 where nothing waits."""
        free = self.places - len(self._under_way)
        if self._urgent:
            return free
        return min(free - self.places // KEPT, len(self._waiting)) if self._waiting else 0

    async def _go(self, sending: Sending, looked_at: float) -> None:
        clock = asyncio.get_running_loop().time
        if clock() - looked_at > LOOK_LASTS_S:  # RACE: this process or its machine stood still since
            looked_at = clock()
            if not await self.still_go([sending]):
                return
        # RACE: it stands still from here on. The channel lets no byte out after `until`.
        await self.send(replace(sending, until=looked_at + FIRST_BYTE.total_seconds()))

    def _handed_over(self, _task: asyncio.Task[None]) -> None:
        self._handing_over = None
        self._begin()
        self.moved()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()
        self.moved()
