"""The duties that put into the agenda what is to come: each person's days, the question for consent, and what
waits for somebody who was set aside and over whom nudger fails no more.

Days are laid out for today and tomorrow, by the person's own calendar. The question for consent is one
welcome to each address, one more a week later where it was left open, and then silence.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

import structlog

from nudger.agenda.decide import Decider
from nudger.agenda.entries import LaidOut, Layable
from nudger.agenda.forecast import forecast
from nudger.agenda.port import AgendaStore
from nudger.agenda.set_aside import SetAside, Step, Trial, is_theirs
from nudger.domain.model import ChannelName, Slot
from nudger.schedule import day_bounds, lay_out, local_date

log = structlog.get_logger("nudger.people")

BATCH = 500  # people of one transaction
AHEAD = 1  # local days after today: slow enough a horizon that midnight is no rush hour


@dataclass(frozen=True, slots=True)
class LayingOut:
    """Fills the agenda with the slots of the days to come."""

    store: AgendaStore
    zone: Callable[[str], tzinfo]
    seed: str

    async def run_once(self, now: datetime, told: Callable[[int], None] | None = None) -> int:
        """Lays out everyone whose time has come; returns how many people that were. `told` hears after
        each batch how many so far: of a million, that takes minutes."""
        people = 0
        while batch := await asyncio.to_thread(self._batch, now):
            people += batch
            if told is not None:
                told(people)
        return people

    def _batch(self, now: datetime) -> int:
        layable = self.store.claim_layout(now, BATCH)
        days: list[LaidOut] = []
        faults: dict[str, Exception] = {}
        for one in layable:
            try:
                days.append(days_of(one, now, self.zone, self.seed))
            except Exception as fault:
                if not is_theirs(fault):
                    raise
                faults[one.person.id] = fault
        if faults:
            self.store.set_aside(faults, len(layable), Step.LAY_OUT, now)
        if days:
            self.store.lay_out(days, now)
        return len(layable)


def days_of(one: Layable, now: datetime, zone: Callable[[str], tzinfo], seed: str) -> LaidOut:
    """Returns the days that one person's agenda lacks, computed.

    At the first laying out and after an edit, what was due before `now` is not made up. Otherwise a
    day that begins while nudger is down is laid out whole, so that what it missed has its reason.
    """
    plan = one.person.plan
    here = zone(plan.timezone)
    today = local_date(here, now)
    # After a move to the west a later date than tomorrow may be laid out already: afresh, it is done anew.
    through = max(today + timedelta(days=AHEAD), one.laid_out_through or today)
    anew = one.afresh or one.laid_out_through is None
    first = today
    if not anew and one.laid_out_through is not None:
        first = max(today, one.laid_out_through + timedelta(days=1))
    slots: list[Slot] = []
    for offset in range((through - first).days + 1):
        slots += lay_out(plan, first + timedelta(days=offset), seed, here)
    coming = tuple(slot for slot in slots if slot.due_at is not None and (not anew or slot.due_at >= now))
    return LaidOut(
        person=one.person.id,
        slots=coming,
        expires={nudge.id: nudge.expires for nudge in plan.nudges},
        kinds={nudge.id: nudge.kind for nudge in plan.nudges},
        through=through,
        next_at=day_bounds(here, today)[1],
        afresh=anew,
        version=one.version,
    )


MOST_ASKED = 2  # times one address is
AGAIN_AFTER = timedelta(days=7)  # a question that was left open is put once more, and never a third time
AGAIN_WITHIN = timedelta(days=30)  # later it would come out of the blue


def ask_again_at(asked_at: datetime | None, times: int, now: datetime) -> datetime | None:
    """Returns when an open question that was put so often is put once more; None: it is not."""
    if asked_at is None or times != MOST_ASKED - 1 or now - asked_at >= AGAIN_AFTER + AGAIN_WITHIN:
        return None
    return min(asked_at, now) + AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class Asking:
    """Plans the welcomes that may go out now; the gate looks at each once more when it is claimed."""

    store: AgendaStore
    decider: Decider

    async def run_once(self, now: datetime) -> int:
        """Looks over everyone whose time to be asked has come; returns how many that were."""
        seen = 0
        while batch := await asyncio.to_thread(self._batch, now):
            seen += batch
        return seen

    def _batch(self, now: datetime) -> int:
        return self.store.ask_for_consent(
            now, BATCH, lambda person, channel: self.decider.asks_from(person, channel, now)
        )


TRY_EVERY = timedelta(seconds=5)  # an edit or an act is to show soon
TRIAL_DAYS = 3  # local dates that a trial looks at


@dataclass(slots=True)
class TryingAgain:
    """Goes through each step for those who are due to be tried, and does nothing of it."""

    store: AgendaStore
    decider: Decider
    zone: Callable[[str], tzinfo]
    seed: str
    _told: set[tuple[str, str]] = field(default_factory=set)

    async def run_once(self, now: datetime) -> int:
        """Returns how many are taken back: what waited for them is due."""
        return await asyncio.to_thread(self._run, now)

    def _run(self, now: datetime) -> int:
        self.store.give_up_waiting(now)
        known = self.store.those_set_aside()
        self._tell(known)
        back = 0
        for one in known:
            if one.try_at <= now:
                fault = self._fault(one.person, now)
                if fault is None:
                    self.store.take_back(one.person, now)
                    log.info("taken_back", person=one.person)
                    back += 1
                else:
                    self.store.set_aside({one.person: fault}, 1, Step.TRY, now)
        return back

    def _tell(self, known: Sequence[SetAside]) -> None:
        """Once in this process for each person and fault."""
        stands = {(one.person, one.fault): one for one in known}
        for key in stands.keys() - self._told:
            one = stands[key]
            log.error("set_aside", person=one.person, step=one.step, fault=one.fault)
        self._told = set(stands)

    def _fault(self, person_id: str, now: datetime) -> Exception | None:
        try:
            trial = self.store.trial(person_id)
            if trial is not None:
                for _ in self._steps(trial, now):
                    pass
        except Exception as fault:
            if not is_theirs(fault):
                raise
            return fault
        return None

    def _steps(self, trial: Trial, now: datetime) -> Iterator[object]:
        """Each as its duty takes it, for nothing but whether it fails."""
        one = trial.person
        yield days_of(Layable(one, None, afresh=True), now, self.zone, self.seed)
        yield self.decider.decide(one, trial.dues, now)
        yield forecast(one, (), now, TRIAL_DAYS, self.decider)
        for channel in ChannelName:
            yield self.decider.asks_from(one, channel, now)
