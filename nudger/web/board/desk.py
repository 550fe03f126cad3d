"""The operator's desk: what the board and the API look at and act on, off the event loop."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from nudger.agenda.decide import Decider
from nudger.agenda.forecast import Forecast, foreseen
from nudger.agenda.port import AgendaStore, Clock
from nudger.domain.errors import Problem
from nudger.domain.model import ChannelName, Kind, Person, State
from nudger.domain.tokens import Action, Link, sign
from nudger.inbound.port import PeopleStore
from nudger.operations.operator_actions import Operator
from nudger.operations.overview import Alarm, Cursor, PlanState, Seen, SeenPage, Span, Vitals
from nudger.operations.port import AlarmStore, OverviewStore, ReplyStore, StatisticsStore
from nudger.schedule import local_date
from nudger.web.port import Receiver

PAGE = 50  # rows of a list
NEXT = 8  # of what comes next, on the overview
MOST_PROBLEMS = 20
COMING, UNKNOWN = "coming", "unknown"
PAST: Mapping[str, frozenset[State]] = {
    "sent": frozenset({State.SENDING, State.SENT, State.DELIVERED}),
    "suppressed": frozenset({State.SUPPRESSED}),
    "missed": frozenset({State.MISSED}),
    "failed": frozenset({State.FAILED}),
    "cancelled": frozenset({State.CANCELLED}),
}
LISTS = (COMING, *PAST, UNKNOWN)  # of the agenda
STANDS = timedelta(days=400)  # a calendar is subscribed to once and then forgotten


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at a glance."""

    vitals: Vitals
    alarms: Sequence[Alarm]  # that stand
    coming: Sequence[Seen]
    unknown: Sequence[Seen]
    problems: Sequence[Problem]  # the first of them
    today: Span


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person: how they stand, what comes next, and the state of their plan file."""

    person: Person
    plan: PlanState | None
    coming: Sequence[Forecast]
    trouble: str = ""  # nudger fails over them: what is wrong, and what to do
    calendar: str | None = None  # the path of their calendar, which is as good as a key


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator sits: the ports of what there is to see, and those questions and acts that take
    more than one of them. What it gives is read at one moment; every act raises UsageError, with what to do,
    where it cannot be done."""

    people: PeopleStore
    replies: ReplyStore
    overviews: OverviewStore
    statistics: StatisticsStore
    alarms: AlarmStore
    agenda: AgendaStore
    operator: Operator
    decider: Decider
    clock: Clock
    receiver: Receiver
    calendar_key: bytes | None = None  # signs the addresses of calendars; None: there are none

    def now(self) -> datetime:
        """Reads the clock that nudger goes by."""
        return self.clock.now()

    def zone(self, key: str) -> tzinfo:
        """Finds the time zone of a plan."""
        return self.decider.zone(key)

    def health(self) -> tuple[Vitals, Sequence[Alarm]]:
        """Reads the vitals and the alarms that stand; it blocks."""
        stands = [alarm for alarm in self.alarms.alarms() if alarm.cleared_at is None]
        return self.overviews.vitals(self.now()), stands

    async def overview(self) -> Overview:
        """Reads everything at a glance."""
        return await asyncio.to_thread(self._overview)

    async def view(self, person: str, days: int) -> PersonView | None:
        """Looks at one person, and so many local dates ahead; None where nobody has this id."""
        return await asyncio.to_thread(self._view, person, days)

    async def entries(self, show: str, after: Cursor | None) -> SeenPage:
        """Reads a page of one of LISTS, from a cursor on."""
        return await asyncio.to_thread(self.look, show, after, PAGE)

    def look(self, show: str, after: Cursor | None, limit: int) -> SeenPage:
        """Reads so many of one of LISTS; it blocks."""
        if show == COMING:
            return self.overviews.coming(after, limit)
        if show == UNKNOWN:
            return SeenPage(self.overviews.unknown(limit), None)
        return self.overviews.past(PAST[show], self.now(), after, limit)

    async def send(self, who: Person, kind: Kind) -> None:
        """Makes one nudge of this kind due now, if the gate would let it out."""
        await asyncio.to_thread(self.operator.send, who, kind, self.now())
        self.receiver.wake()

    async def pause(
        self, who: Person, until: datetime | str | None, begins_at: datetime | None = None
    ) -> None:
        """Pauses until an instant, until what is said in words by the person's own clock, or for good; from
        now on, or from an instant to come."""
        await asyncio.to_thread(self._pause, who, until, begins_at)

    async def resume(self, who: Person) -> None:
        """Ends a pause, not a hold."""
        await asyncio.to_thread(self.operator.resume, who, self.now())

    async def lift(self, who: Person) -> None:
        """Ends a crisis hold, and a pause with it."""
        await asyncio.to_thread(self.operator.lift, who, self.now())

    def _overview(self) -> Overview:
        now = self.now()
        today = now.astimezone().date()  # by this machine's clock, as everything on the overview
        vitals, alarms = self.health()
        return Overview(
            vitals=vitals,
            alarms=alarms,
            coming=self.overviews.coming(None, NEXT).entries,
            unknown=self.overviews.unknown(NEXT),
            problems=self.overviews.plan_problems(MOST_PROBLEMS),
            today=self.statistics.span(today, today),
        )

    def _view(self, person: str, days: int) -> PersonView | None:
        who = self.people.person(person)
        if who is None:
            return None
        now = self.now()
        today = local_date(self.zone(who.plan.timezone), now)
        planned = self.people.agenda(person, today - timedelta(days=1))
        coming, trouble = foreseen(who, planned, now, days, self.decider)
        if who.standing.set_aside:
            stands = {one.person: one.words for one in self.agenda.those_set_aside()}
            trouble = stands.get(person, trouble)
        calendar = calendar_path(who, self.calendar_key, now) if self.calendar_key else None
        return PersonView(who, self.overviews.plan_state(person), coming, trouble, calendar)

    def _pause(self, who: Person, until: datetime | str | None, begins_at: datetime | None) -> None:
        now, operator = self.now(), self.operator
        if isinstance(until, str):
            begins_at, until = operator.when(who, until, now)
        operator.pause(who, until, now, begins_at)


def calendar_path(who: Person, key: bytes, now: datetime) -> str:
    """Makes the address of this person's calendar, below the public one."""
    link = Link(Action.CALENDAR, who.id, ChannelName.EMAIL, (now + STANDS).replace(microsecond=0))
    return f"/calendar/{sign(link, key)}.ics"
