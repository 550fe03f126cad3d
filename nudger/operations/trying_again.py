"""The duty that tries those who are set aside again, and takes back whom nothing fails over any more."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

import structlog

from nudger.agenda.decide import Decider
from nudger.agenda.entries import Layable
from nudger.agenda.forecast import forecast
from nudger.agenda.laying_out import days_of
from nudger.agenda.port import AgendaStore
from nudger.agenda.set_aside import SetAside, Step, Trial, is_theirs
from nudger.domain.model import ChannelName

EVERY = timedelta(seconds=5)  # an edit or an act is to show soon
AHEAD = 3  # local dates that a trial looks at

log = structlog.get_logger("nudger.people")


@dataclass(slots=True)
class TryingAgain:
    """Goes through each step for those who are due to be tried, and does nothing of it."""

    store: AgendaStore
    decider: Decider
    zone: Callable[[str], tzinfo]
    seed: str
    _told: set[tuple[str, str]] = field(default_factory=set)

    async def run_once(self, now: datetime) -> int:
        """How many are taken back: what waited for them is due."""
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
        yield forecast(one, (), now, AHEAD, self.decider)
        for channel in ChannelName:
            yield self.decider.asks_from(one, channel, now)
