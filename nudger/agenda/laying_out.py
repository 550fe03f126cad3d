"""The duty that lays out days: today and tomorrow of each person, by their own calendar."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from nudger.agenda.entries import LaidOut, Layable
from nudger.agenda.port import AgendaStore
from nudger.agenda.set_aside import Step, is_theirs
from nudger.domain.model import Slot
from nudger.schedule import day_bounds, lay_out, local_date

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
    """The days that one person's agenda lacks, computed.

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
