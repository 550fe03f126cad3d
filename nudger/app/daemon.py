"""The daemon: APScheduler as the clockwork, one job a duty; signals, systemd, and the way out.

The daemon schedules, logs and survives; what a duty does stands in its own room. A duty that dies
of something unforeseen ends the process with its exit code, and systemd starts it again: a fresh
start recovers, a limping daemon would not.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from nudger.agenda.laying_out import LayingOut
from nudger.agenda.port import Clock
from nudger.app.clock import elapsed
from nudger.app.service import notify, reloading, starting, watchdog
from nudger.domain.errors import StoreAway
from nudger.inbound.inbox import Inbox
from nudger.inbound.port import Inbound
from nudger.operations.port import OverviewStore
from nudger.plan_sync.sync import Loading
from nudger.sending.dispatcher import Dispatched, Dispatcher

# The wall clock may be stepped and the machine suspended: nothing is waited for longer than this.
LONGEST_WAIT = timedelta(seconds=15)
STEP = timedelta(seconds=2)  # what a clock is set back by less than this is waited for
LAY_OUT_EVERY = timedelta(seconds=15)
RELOAD_EVERY = timedelta(minutes=5)  # where the folder tells of no changes (network file systems)
STATUS_EVERY = timedelta(seconds=30)
START_GOES_ON = timedelta(seconds=10)  # how often a start that is under way says so
ASK_FIRST = timedelta(seconds=5)  # for what came in while nudger was down
PATIENCE = timedelta(seconds=4)  # for what is under way at the end; a stop takes 5 s at most
# What blocks runs in these. Names that nobody resolves (of the mail server, of Twilio, of who is told) hold a
# dozen of them for as long as the resolver likes; Python's own half a dozen would leave none for the store.
THREADS = 32
AGAIN = timedelta(seconds=1)  # how often a store that is away is asked
DISPATCHES = 60.0  # seconds in which the dispatcher shows that it is alive, whatever there is to do
SLOW = 600.0  # and any other duty, besides three times its interval: a great load takes minutes

log = structlog.get_logger("nudger.app.daemon")


class DueTrigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires when the next entry of the agenda is due, and never later than LONGEST_WAIT from now."""

    def __init__(self) -> None:
        self._in: timedelta | None = None

    def arm(self, span: timedelta | None) -> None:
        """Lets the next firing come after `span` of machine time."""
        self._in = span

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        """Returns when it fires next. Each arming serves once: while a run is under way the next one is far
        off."""
        span, self._in = self._in, None
        return now + (LONGEST_WAIT if span is None else min(LONGEST_WAIT, max(span, timedelta(0))))


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that is done again and again while the daemon runs."""

    name: str
    every: timedelta
    run_once: Callable[[datetime], Awaitable[int]]  # how much it did; after any, something may be due
    at_once: bool = False  # the first time at the start, else after `every`


@dataclass
class Daemon:
    """Everything that runs, wired; `run` returns when it was told to stop."""

    clock: Clock
    overview: OverviewStore
    loading: Loading
    laying_out: LayingOut
    dispatcher: Dispatcher
    recover: Callable[[datetime], int]
    inbox: Inbox
    web: Callable[[], AbstractAsyncContextManager[str]]  # serves while open; gives the address
    watch: Callable[
        [], AsyncIterator[Collection[Path]]
    ]  # the plan files that changed; none once it has begun
    first: Callable[[datetime], Awaitable[int]] | None = None  # before anything goes out
    missed: Callable[[datetime], None] | None = None  # a text that was posted may be lost
    duties: tuple[Duty, ...] = ()  # besides those that every daemon has
    aside: tuple[Callable[[], Awaitable[None]], ...] = ()  # run beside the duties (the demo's terminal)
    close: Callable[[], Awaitable[None]] | None = None
    away: Callable[[StoreAway], None] = lambda _: None  # is told that the store was away for a duty
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _fault: BaseException | None = None
    _trigger: DueTrigger = field(default_factory=DueTrigger)
    _dispatching: asyncio.Lock = field(default_factory=asyncio.Lock)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)  # an edit is not taken over twice at once
    _working: set[asyncio.Task[Any] | None] = field(default_factory=set)  # duties under way
    _watching: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _awake: bool = False
    _owes_ready: bool = False  # the service manager was not there to hear it
    _signs: dict[str, tuple[float, float]] = field(
        default_factory=dict
    )  # of duties: last seen, longest silence
    address: str = ""

    async def run(self) -> None:
        """Starts in the order that makes READY true, serves, and drains. Raises what a duty died of."""
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, "work"))
        try:
            async with AsyncExitStack() as stack:
                # Before plans are read: no edit falls between the reading and the watching.
                await stack.enter_async_context(self._beside(self._watch_files))
                async with self._beside(self._ask_for_time):
                    await self._prepare()
                self.address = await stack.enter_async_context(self.web())
                self._schedule()
                self._listen()
                async with self._beside(self._mind_the_clock, *self.aside):
                    self._scheduler.start()
                    self._say_ready()
                    log.info("ready", address=self.address)
                    self._ready.set()
                    await self._stop.wait()
                    await self._wind_down()
        finally:
            if self.close is not None:
                await self.close()
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """Asks the daemon to end, as SIGTERM does."""
        self._stop.set()

    async def take(self, inbound: Inbound) -> None:
        """Takes a reply, from wherever it comes: committed when this returns, answered right after. One
        that cannot be committed may be lost to whoever posted it: it is asked for."""
        try:
            await self.inbox.take(inbound)
        except BaseException:
            if self.missed is not None:
                self.missed(self.clock.now())
            raise
        self.wake()

    def wake(self) -> None:
        """Looks again, as something may be due at once: an answer, a nudge that was asked for, a new plan."""
        self._awake = True
        if not self._dispatching.locked() and self._scheduler.running:
            self._scheduler.modify_job("dispatch", next_run_time=datetime.now(UTC))

    async def settled(self) -> None:
        """Waits until all that is claimed is sent and recorded: a claim under way, too."""
        async with self._dispatching:
            await self.dispatcher.settled()

    async def _ask_for_time(self) -> None:
        """A first start with a hundred thousand plan files takes minutes: a service manager that gave up
        on it would have it begin again, and again."""
        while True:
            notify(starting(2 * START_GOES_ON), "STATUS=Reading plans and laying out days")
            await asyncio.sleep(START_GOES_ON.total_seconds())

    async def _prepare(self) -> None:
        await self._watching.wait()
        now = self.clock.now()
        unknown = await asyncio.to_thread(self.recover, now)
        if unknown:
            log.warning("sends_of_unknown_end", count=unknown)
        await self.loading.run_once(now)
        await asyncio.to_thread(self.loading.demand, now)
        await self.laying_out.run_once(now)
        await self._ask_first()

    async def _ask_first(self) -> None:
        """Who texted STOP while nudger was down gets nothing that was due meanwhile. A provider that does not
        answer keeps nobody else waiting for long: it is asked again."""
        if self.first is None:
            return
        try:
            async with asyncio.timeout(ASK_FIRST.total_seconds()):
                await self.first(self.clock.now())
        except TimeoutError:
            log.warning("poll_failed", fault="the provider did not answer before the start went on")

    def _schedule(self) -> None:
        # No grace: a run that comes late still has to come. One at a time: a slow run is not doubled.
        every = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        # RACE: for the clockwork a run goes on until a moment after its end, and what it is asked for in
        # that moment it skips: a wake or a SIGHUP would wait for the next turn. Locks keep these single.
        woken = every | {"max_instances": 2}
        jobs: list[tuple[str, Callable[[], Awaitable[None]], BaseTrigger]] = [
            ("dispatch", self._dispatch, self._trigger),
            ("lay out", self._lay_out, _each(LAY_OUT_EVERY)),
            ("reload", self._reload, _each(RELOAD_EVERY)),
            ("status", self._status, _each(STATUS_EVERY)),
        ]
        jobs += [(duty.name, partial(self._do, duty), _each(duty.every)) for duty in self.duties]
        if (patience := watchdog()) is not None:
            jobs.append(("watchdog", self._watchdog, _each(patience / 3)))
        self._trigger.arm(timedelta(0))
        soon = {duty.name for duty in self.duties if duty.at_once}
        for name, duty, trigger in jobs:
            first = {"next_run_time": datetime.now(UTC)} if name in soon else {}
            longest = (
                trigger.interval_length * 3 + SLOW if isinstance(trigger, IntervalTrigger) else DISPATCHES
            )
            self._signs[name] = (elapsed(), longest)
            work = partial(self._job, duty, name)
            how = woken if name in ("dispatch", "reload") else every
            self._scheduler.add_job(work, trigger, id=name, name=name, **how, **first)
        self._scheduler.add_listener(self._died, EVENT_JOB_ERROR)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    @asynccontextmanager
    async def _beside(self, *runs: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """What runs beside the duties. One that ends by itself asks to stop; one that dies is a fault."""
        tasks = [asyncio.create_task(self._aside(run)) for run in runs]
        await asyncio.sleep(0)  # all have begun
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _aside(self, run: Callable[[], Awaitable[None]]) -> None:
        try:
            await run()
        except Exception as fault:
            self._fail(fault)
        else:
            self.stop()

    async def _wind_down(self) -> None:
        notify("STOPPING=1", "STATUS=Finishing what is under way")
        log.info("stopping")
        self._scheduler.pause()
        self.dispatcher.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE.total_seconds()
        async with self._dispatching:  # a claim under way is sent or released first
            await self.dispatcher.drain(PATIENCE)
        if working := [task for task in self._working if task is not None]:
            await asyncio.wait(working, timeout=max(0, until - loop.time()))
        # AsyncIOExecutor cancels what still runs: only now is there nothing that a cancel could tear.
        self._scheduler.shutdown(wait=False)

    async def _job(self, duty: Callable[[], Awaitable[None]], name: str) -> None:
        """What the clockwork calls: for it a duty that a stop cuts off has not died."""
        try:
            await self._work(duty, name)
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise

    async def _work(self, duty: Callable[[], Awaitable[None]], name: str = "") -> None:
        """A duty under way. One that finds the store away has not died: it is called again, and does then
        what there is to do."""
        task = asyncio.current_task()
        self._working.add(task)
        try:
            await duty()
        except StoreAway as fault:
            self.away(fault)
        finally:
            self._working.discard(task)
            if name in self._signs:
                self._signs[name] = (elapsed(), self._signs[name][1])

    def silent(self) -> Mapping[str, float]:
        """Finds the duties that have not come to an end for longer than they may take, and for how many
        seconds."""
        now = elapsed()
        return {name: now - seen for name, (seen, longest) in self._signs.items() if now - seen > longest}

    # the duties ---------------------------------------------------------------------------------
    async def _dispatch(self) -> None:
        again_at: datetime | None = self.clock.now() + AGAIN  # where the store is away
        try:
            async with self._dispatching:
                self._awake = True
                while self._awake and not self._stop.is_set():
                    self._awake = False
                    again_at = (await self._run_dispatcher()).again_at
                    if again_at is not None and again_at <= self.clock.now():
                        self._awake = True
                        await asyncio.sleep(0)
        finally:
            if not self._stop.is_set():
                self._arm(again_at)

    async def _run_dispatcher(self) -> Dispatched:
        done = await self.dispatcher.run_once(self.clock.now())
        self._signs["dispatch"] = (elapsed(), DISPATCHES)
        return done

    def _arm(self, again_at: datetime | None) -> None:
        span = None if again_at is None else self.clock.real(again_at - self.clock.now())
        self._trigger.arm(span)
        at = self._trigger.get_next_fire_time(None, datetime.now(UTC))
        self._scheduler.modify_job("dispatch", next_run_time=at)

    async def _lay_out(self) -> None:
        if await self.laying_out.run_once(self.clock.now()):
            self.wake()

    async def _reload(self, paths: Collection[Path] | None = None) -> None:
        """Takes over what changed: of these files, or of the whole folder."""
        async with self._loading:
            notify(*reloading(), "STATUS=Reading plans")
            taken = await self._take_over(paths)
            while not taken:
                await asyncio.sleep(AGAIN.total_seconds())
                taken = await self._take_over(paths)
            self._say_ready()
        self.wake()

    async def _take_over(self, paths: Collection[Path] | None) -> bool:
        """Whether it is done; an edit that finds the store away is not forgotten."""
        try:
            await self.loading.run_once(self.clock.now(), paths)
            await self.laying_out.run_once(self.clock.now())
        except StoreAway as fault:
            self.away(fault)
            return self._stop.is_set()
        return True

    def _say_ready(self) -> None:
        """Of all that is told it alone must be heard: a service manager ends what never said so."""
        self._owes_ready = not notify("READY=1", f"STATUS=Serving on {self.address}")
        if self._owes_ready:
            log.warning("service_manager_deaf", what="it is told again that nudger is ready")

    async def _do(self, duty: Duty) -> None:
        if await duty.run_once(self.clock.now()):
            self.wake()

    async def _status(self) -> None:
        if self._owes_ready:
            self._say_ready()
        report = await asyncio.to_thread(self.overview.vitals, self.clock.now())
        due = f", next due {report.next_due_at:%Y-%m-%d %H:%M} UTC" if report.next_due_at else ""
        notify(f"STATUS={report.people} people, {report.planned} planned{due}")

    async def _watchdog(self) -> None:
        # The loop is alive, or this would not run; whether it also delivers is the dispatcher's to show.
        if self._owes_ready:
            self._say_ready()
        if "dispatch" not in self.silent():
            notify("WATCHDOG=1")

    async def _watch_files(self) -> None:
        try:
            async for paths in self.watch():
                self._watching.set()
                if paths:
                    await self._ready.wait()
                    # A task of its own: a stop waits for this edit, not for the next one.
                    await asyncio.create_task(self._work(partial(self._reload, paths)))
        finally:
            self._watching.set()  # where it fails, the start goes on, and ends with the fault

    async def _mind_the_clock(self) -> None:
        """APScheduler waits for times of the wall clock: one that is set back an hour would leave every
        duty an hour to wait. None has to wait for longer than its own interval."""
        while True:
            await asyncio.sleep(LONGEST_WAIT.total_seconds())
            now = datetime.now(UTC)
            for job in self._scheduler.get_jobs():
                longest = getattr(job.trigger, "interval", LONGEST_WAIT)
                if job.next_run_time - now > longest + STEP:
                    job.modify(next_run_time=now)

    def _reload_soon(self) -> None:
        self._scheduler.modify_job("reload", next_run_time=datetime.now(UTC))

    def _died(self, event: JobExecutionEvent) -> None:
        # RACE: a duty that was under way when the clockwork was shut down was cancelled, and is no fault.
        if not (self._stop.is_set() and isinstance(event.exception, asyncio.CancelledError)):
            self._fail(event.exception)

    def _fail(self, fault: BaseException) -> None:
        log.error("duty_died", fault=f"{type(fault).__name__}: {fault}")
        self._fault = self._fault or fault
        self.stop()


def _each(span: timedelta) -> IntervalTrigger:
    return IntervalTrigger(seconds=span.total_seconds())
