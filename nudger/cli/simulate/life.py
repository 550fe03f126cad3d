"""People living with nudger: the daemon's own parts, on a clock that jumps to whatever comes next; and
what it comes to: counts, how late, how fast, how much of the machine.

Nothing of the engine is replaced. The store, laying out, the dispatcher with its gate and words, the
inbox and the duties are those of `nudger run`; only who waits for the next moment is another, and on the
on-screen phone somebody is looking.
"""

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any

from nudger import plans
from nudger.agenda.entries import Sending
from nudger.app.clock import FastClock
from nudger.app.core import Core
from nudger.app.daemon import Daemon
from nudger.app.state import Stores
from nudger.cli.simulate import crowd as crowds
from nudger.cli.simulate.crowd import BEGINS, ZONES, Actors, Crowd, CrowdAct
from nudger.cli.simulate.referee import MOST_KEPT, Referee
from nudger.cli.simulate.sayings import Saying
from nudger.cli.simulate.terms import Terms
from nudger.domain.errors import NudgerError, PlanError
from nudger.domain.model import ChannelName, Origin, Outcome, State
from nudger.inbound.port import Inbound
from nudger.operations.overview import EntryCount
from nudger.plan_sync.port import PlanFile, PlanRead
from nudger.plans import PlanSource

# Ended by a rule or by the clock, and so with a reason.
REASONED = (State.SUPPRESSED, State.MISSED, State.CANCELLED, State.FAILED)


@dataclass
class Figures:
    """Collected while people live, and put together at the end."""

    nudges: int = 0  # that the channel accepted
    answers: int = 0
    welcomes: int = 0
    moves: int = 0
    said: Counter[str] = field(default_factory=Counter)
    late: Counter[int] = field(default_factory=Counter)  # seconds of simulated time -> nudges
    behind: Counter[int] = field(default_factory=Counter)  # tenths of a real second -> nudges
    phases: dict[str, float] = field(default_factory=dict)  # real seconds
    _began: float = field(default_factory=time.perf_counter)

    def nudge(self, sending: Sending, at: datetime, since_moment: float) -> None:
        self.nudges += 1
        if sending.due_at is not None:
            self.late[int((at - sending.due_at).total_seconds())] += 1
        self.behind[int(since_moment * 10)] += 1

    def text(self, saying: Saying) -> None:
        self.said[saying.means] += 1

    def phase(self, name: str) -> None:
        """Ends a phase here."""
        now = time.perf_counter()
        self.phases[name] = self.phases.get(name, 0.0) + now - self._began
        self._began = now


def percentile(counted: Mapping[int, int], share: float) -> int:
    """Finds the least value that so large a share does not exceed; 0 of nothing."""
    left = share * sum(counted.values())
    for value in sorted(counted):
        left -= counted[value]
        if left <= 0:
            return value
    return max(counted, default=0)


@dataclass(frozen=True, slots=True)
class Settled:
    """How the agenda ended: its entries by state, and the reasons of what did not go out."""

    states: Mapping[str, int]
    reasons: Mapping[str, int]  # "suppressed: paused until …" -> entries
    outcomes: Mapping[str, int]
    without_reason: int

    @classmethod
    def of(cls, entries: Iterable[EntryCount]) -> "Settled":
        states, reasons, outcomes = Counter[str](), Counter[str](), Counter[str]()
        without = 0
        for one in entries:
            states[one.state] += one.number
            if one.outcome is not None:
                outcomes[Outcome(one.outcome)] += one.number
            if one.state in REASONED:
                reasons[f"{one.state}: {one.reason}"] += one.number
                without += 0 if one.reason else one.number
        return cls(states, reasons, outcomes, without)

    @property
    def laid_out(self) -> int:
        return sum(self.states.values())

    @property
    def settled(self) -> int:
        return self.laid_out - self.states.get(State.PLANNED, 0)


def report(
    figures: Figures, settled: Settled, kept: Mapping[str, int], about: Mapping[str, Any]
) -> dict[str, Any]:
    """Reports everything, for programs; people get it as tables."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    living = figures.phases["living"]
    work = settled.settled + figures.answers + figures.welcomes
    return {
        "occurrences": settled.settled,
        "sent": figures.nudges,
        "seconds": round(living, 1),
        "per_second": round(settled.settled / living, 1),
        "messages_per_second": round((figures.nudges + figures.answers + figures.welcomes) / living, 1),
        **about,
        "laid_out": settled.laid_out,
        "work": work,
        "answers": figures.answers,
        "welcomes": figures.welcomes,
        "texts": sum(figures.said.values()),
        "said": dict(sorted(figures.said.items())),
        "moves": figures.moves,
        "states": dict(sorted(settled.states.items())),
        "outcomes": dict(sorted(settled.outcomes.items())),
        "reasons": dict(sorted(settled.reasons.items(), key=lambda pair: -pair[1])),
        "rightly_not_sent": dict(sorted(kept.items())),
        "late_seconds": _spread(figures.late, 1),
        "behind_seconds": _spread(figures.behind, 10),
        "phases": {name: round(took, 1) for name, took in figures.phases.items()},
        "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
        "peak_memory": used.ru_maxrss * 1024,
    }


def _spread(counted: Mapping[int, int], parts: int) -> dict[str, float]:
    return {
        "p50": percentile(counted, 0.5) / parts,
        "p99": percentile(counted, 0.99) / parts,
        "max": max(counted, default=0) / parts,
    }


ROSTER = 2_000  # people of one roster, and of one load
LONGEST_JUMP = timedelta(minutes=10)
# By the simulated clock. The daemon does each more often, which here would be most of the work: days go
# by in minutes, and what these duties look at is as large as it ever is.
DUTY_EVERY = {"tally": timedelta(hours=6)}
STUCK = 1_000  # turns of the dispatcher in which nothing happens though something is due


class BrokenPromises(NudgerError):
    """The referee found what must never be."""


@dataclass
class Life:
    """One simulation, from its first plan to the books at its end."""

    core: Core
    store: Stores
    crowd: Crowd
    actors: Actors
    days: int
    told: Callable[["Life"], None]  # now and then, between two moments
    figures: Figures = field(default_factory=Figures)
    clock: FastClock = field(default_factory=lambda: FastClock(BEGINS, 0))  # held: it moves by jumps alone
    _acts: list[tuple[int, int, int, CrowdAct]] = field(default_factory=list)  # a heap
    _number: int = 0  # of acts and texts
    _moment_began: float = 0.0
    _done_at: dict[str, datetime] = field(default_factory=dict)  # duties
    _idle: int = 0
    moved_in: int = 0
    laid_out: int = 0  # people, at the beginning
    amiss: list[str] = field(default_factory=list)  # what the books do not explain

    def __post_init__(self) -> None:
        self.ends_at = BEGINS + timedelta(days=self.days)
        self._facts = self.core.facts(BEGINS)
        self._shared = self.crowd.shared()
        self.referee = self._referee()

    def shown(self, sending: Sending) -> None:
        """Takes what the channel has accepted: the referee sees it, and somebody may answer it."""
        who, now = crowds.number_of(sending.person), self.clock.now()
        at = int(now.timestamp())
        self.referee.accepted(who, sending.origin, sending.text, at)
        if sending.origin.is_nudge:
            self.figures.nudge(sending, now, time.perf_counter() - self._moment_began)
            self._plan(who, self.actors.after_nudge(who, self.referee.got(who), at))
        elif sending.origin is Origin.WELCOME:
            self.figures.welcomes += 1
            self._plan(who, self.actors.after_welcome(who, at))
        else:
            self.figures.answers += 1

    async def live(self, daemon: Daemon) -> None:
        """Lives all of it, or as far as until so many promises are broken that more would tell nothing
        new."""
        daemon.recover(BEGINS)
        await self._move_in()
        self.figures.phase("loading")
        await daemon.laying_out.run_once(BEGINS, self._laid_out)
        self.figures.phase("laying out")
        while (moment := await self._next()) < self.ends_at and self.referee.breaches < MOST_KEPT:
            self.clock.advance_to(moment)
            await self._moment(daemon, moment)
            self.told(self)
        self.figures.phase("living")
        if self.referee.breaches < MOST_KEPT:
            self.clock.advance_to(self.ends_at)
            self.referee.finish(int(self.ends_at.timestamp()))

    def judge(self) -> None:
        """Raises BrokenPromises where one was."""
        if self.broken:
            told = [str(one) for one in self.referee.broken] + self.amiss
            raise BrokenPromises(f"{self.broken} broken promises\n  " + "\n  ".join(told))

    @property
    def broken(self) -> int:
        return self.referee.breaches + len(self.amiss)

    async def balance(self) -> Settled:
        """Balances the books: everything laid out has ended in a state, with its reason, as the channel saw
        it."""
        first, last = (BEGINS - timedelta(days=1)).date(), (self.ends_at + timedelta(days=3)).date()
        counted = await asyncio.to_thread(self.store.statistics.tally, first, last)
        settled = Settled.of(counted.entries)
        next_at = await asyncio.to_thread(self.store.sending.next_due_at)
        self.amiss += _amiss(settled, self.figures.nudges)
        if next_at is not None and next_at < self.clock.now():
            self.amiss.append(f"nothing is lost: what was due at {next_at:%Y-%m-%d %H:%M:%S} UTC is planned")
        return settled

    # moments --------------------------------------------------------------------------------------
    async def _next(self) -> datetime:
        """When something happens next: by the agenda, by somebody's will, or because a duty's time comes."""
        now = self.clock.now()
        due_at = await asyncio.to_thread(self.store.sending.next_due_at)
        coming = [now + LONGEST_JUMP]
        if due_at is not None:
            coming.append(due_at)
        if self._acts:
            coming.append(datetime.fromtimestamp(self._acts[0][0], UTC))
        if due_at is not None and due_at <= now:
            self._idle += 1
            if self._idle > STUCK:
                raise BrokenPromises(f"nothing is lost: what was due at {due_at} UTC is never claimed")
        else:
            self._idle = 0
        return max(now, min(coming))

    async def _moment(self, daemon: Daemon, now: datetime) -> None:
        self._moment_began = time.perf_counter()
        while self._acts and self._acts[0][0] <= now.timestamp():
            _, _, who, act = heappop(self._acts)
            await self._act(daemon, who, act, now)
        for duty in daemon.duties:
            every = max(DUTY_EVERY.get(duty.name, LONGEST_JUMP), duty.every)
            if now - self._done_at.get(duty.name, BEGINS - every) >= every:
                self._done_at[duty.name] = now
                await duty.run_once(now)
        await daemon.laying_out.run_once(now)
        await self._dispatch(daemon, now)

    async def _dispatch(self, daemon: Daemon, now: datetime) -> None:
        """Until nothing is due: as the daemon does, and at the end everything is recorded."""
        again_at: datetime | None = now
        while again_at is not None and again_at <= now:
            again_at = (await daemon.dispatcher.run_once(now)).again_at
            await asyncio.sleep(0)
        await daemon.dispatcher.settled()

    # people ---------------------------------------------------------------------------------------
    async def _move_in(self) -> None:
        at = int(BEGINS.timestamp())
        for roster in self.crowd.rosters(ROSTER):
            await asyncio.to_thread(self._load, roster, self._shared)
            self.moved_in = min(self.moved_in + ROSTER, self.crowd.size)
            self.told(self)
        for who in range(self.crowd.size):
            zone = self.crowd.zone(who)
            self.referee.join(who, crowds.shape(who), zone, at, asked=not self.crowd.unasked(who))

    def _laid_out(self, people: int) -> None:
        self.laid_out = people
        self.told(self)

    def _load(self, source: PlanSource, shared: list[PlanSource]) -> None:
        """As a plan file comes in: read and checked whole, and taken over by the store's own verb."""
        reading = plans.read([source], self._facts, shared)
        if errors := [one for one in reading.problems if one.severity == "error"]:
            raise PlanError(errors)
        files = [PlanFile(plan, source.file, reading.digests[who]) for who, plan in reading.plans.items()]
        self.store.plans.load_plans(PlanRead((source.file,), files, reading.files, ()), self.clock.now())

    async def _act(self, daemon: Daemon, who: int, act: CrowdAct, now: datetime) -> None:
        self._number += 1
        if act.saying is None:
            await self._go(daemon, who, now)
            return
        text, phone = act.saying.text, crowds.phone(who)
        self.figures.text(act.saying)
        await daemon.inbox.take(Inbound(f"in-{self._number}", ChannelName.SMS, phone, text, now))
        self.referee.said(who, act.saying, int(now.timestamp()))

    async def _go(self, daemon: Daemon, who: int, now: datetime) -> None:
        """Somebody goes to another zone, and their plan is edited."""
        self.figures.moves += 1
        zone = self.actors.goes_to(who, self.referee.got(who), self.referee.zone(who))
        shared = [self._shared[crowds.shape(who)]]
        await asyncio.to_thread(self._load, self.crowd.own_file(who, zone), shared)
        await daemon.laying_out.run_once(now)
        self.referee.moved(who, zone, int(now.timestamp()))

    def _plan(self, who: int, acts: Iterator[CrowdAct]) -> None:
        for act in acts:
            self._number += 1
            heappush(self._acts, (act.at, self._number, who, act))

    def _referee(self) -> Referee:
        """It knows each shape of plan as the first person who has it."""
        first = Crowd(crowds.SHAPES, self.crowd.nudges, self.crowd.seed)
        reading = plans.read(list(first.rosters(crowds.SHAPES)), self._facts, self._shared)
        if reading.problems:
            raise PlanError(reading.problems)
        terms = [Terms.of(reading.plans[crowds.person_id(who)]) for who in range(crowds.SHAPES)]
        return Referee(self.crowd.size, terms, [self.core.zone(zone) for zone in ZONES], crowds.person_id)


def _amiss(settled: Settled, accepted: int) -> Iterator[str]:
    sent = sum(settled.states.get(state, 0) for state in ("sent", "delivered"))
    if sent != accepted:
        yield f"nothing is lost: {accepted} nudges were accepted, and {sent} stand as sent"
    if settled.without_reason:
        yield f"nothing is lost: {settled.without_reason} entries did not go out, and have no reason"
    for state in ("sending", "unknown"):
        if number := settled.states.get(state, 0):
            yield f"nothing is lost: {number} entries are still {state}"
