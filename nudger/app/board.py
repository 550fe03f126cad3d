"""The operator's desk: what the board, the API and the calendars ask of the store, off the event loop."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from nudger.agenda.forecast import foreseen
from nudger.agenda.port import Clock
from nudger.app.channels import secret
from nudger.app.core import Core
from nudger.domain.model import ChannelName, Kind, Person, State
from nudger.domain.tokens import Action, Expired, Forged, Link, read, sign
from nudger.inbound.port import Entry, Line
from nudger.operations.operator_actions import Operator
from nudger.operations.overview import Apart, Cursor, Seen, SeenPage, Span, Vitals
from nudger.schedule import local_date
from nudger.store.stores import Stores
from nudger.web.board.doors import BoardDoors, Known, Overview
from nudger.web.security.connections import Throttle, TokenDoor
from nudger.web.self_service.calendar import CalendarDoors, Feed

AHEAD = 14  # days
STANDS = timedelta(days=400)  # a calendar is subscribed to once and then forgotten


def calendar_path(who: Person, key: bytes, now: datetime) -> str:
    """Where this person's calendar is, below the public address."""
    link = Link(Action.CALENDAR, who.id, ChannelName.EMAIL, (now + STANDS).replace(microsecond=0))
    return f"/calendar/{sign(link, key)}.ics"


def has_calendars(core: Core) -> bool:
    return core.settings.public_url is not None or core.settings.sms == "phone"


def calendar_doors(
    core: Core, store: Stores, clock: Clock, key: bytes, door: TokenDoor
) -> CalendarDoors | None:
    """None where no link can lead here."""
    if not has_calendars(core):
        return None

    def look(token: str) -> Feed | None:
        now = clock.now()
        try:
            link = read(token, key, now)
        except (Forged, Expired):
            return None
        who = store.people.person(link.person) if link.action is Action.CALENDAR else None
        if who is None:
            return None
        today = local_date(core.zone(who.plan.timezone), now)
        planned = store.people.agenda(who.id, today - timedelta(days=1))
        coming, _ = foreseen(who, planned, now, AHEAD, core.decider)
        return Feed(core.wording.page(who.plan.voice, "calendar", "title"), coming, key, now)

    async def feed(token: str) -> Feed | None:
        return await asyncio.to_thread(look, token)

    return CalendarDoors(feed, door)


PAGE = 50  # rows of a list
NEXT = 8  # of what comes next, on the overview
MOST_PROBLEMS = 20
TRIES, TRY_EACH = 5, 12.0  # to sign in: so many at once, then one each so many seconds


def board_doors(core: Core, desk: "StoreDesk", store: Stores) -> BoardDoors | None:
    """None without a password: then there is no board."""
    settings = core.settings
    password = secret(settings.operator_password)
    if password is None:
        return None
    return BoardDoors(
        desk=desk,
        password=password,
        secret=_shared_secret(store),
        throttle=Throttle(time.monotonic, TRIES, 1 / TRY_EACH),
        show_conversations=settings.show_conversations,
        public_url=settings.public_url,
    )


@dataclass(frozen=True, slots=True)
class StoreDesk:
    """`Desk` over the store."""

    core: Core
    store: Stores
    clock: Clock
    wake: Callable[[], None]  # something may be due at once
    link_key: bytes

    @property
    def operator(self) -> Operator:
        return Operator(self.store.inbound, self.core.responder, self.core.zone)

    def now(self) -> datetime:
        return self.clock.now()

    def zone(self, key: str) -> tzinfo:
        return self.core.zone(key)

    # looking
    async def overview(self) -> Overview:
        return await asyncio.to_thread(self._overview)

    async def vitals(self) -> Vitals:
        return await asyncio.to_thread(self.store.overview.vitals, self.now())

    async def span(self, first: date, last: date) -> Span:
        return await asyncio.to_thread(self.store.statistics.span, first, last)

    async def people(self, search: str, apart: Apart | None, after: str, limit: int) -> Sequence[Person]:
        return await asyncio.to_thread(
            self.store.overview.find_people, search, apart, self.now(), after, limit
        )

    async def person(self, person: str) -> Person | None:
        return await asyncio.to_thread(self.store.people.person, person)

    async def known(self, person: str, days: int) -> Known | None:
        return await asyncio.to_thread(self._known, person, days)

    async def log(self, person: str, before: datetime | None, limit: int) -> Sequence[Entry]:
        return await asyncio.to_thread(self.store.people.log, person, limit, before)

    async def lines(self, person: str) -> Sequence[Line]:
        return await asyncio.to_thread(self.store.people.last_lines, person)

    async def coming(self, after: Cursor | None) -> SeenPage:
        return await asyncio.to_thread(self.store.overview.coming, after, PAGE)

    async def past(self, states: frozenset[State], before: Cursor | None) -> SeenPage:
        return await asyncio.to_thread(self.store.overview.past, states, self.now(), before, PAGE)

    async def unknown(self) -> Sequence[Seen]:
        return await asyncio.to_thread(self.store.overview.unknown, PAGE)

    # acting
    async def send(self, who: Person, kind: Kind) -> None:
        await asyncio.to_thread(self.operator.send, who, kind, self.now())
        self.wake()

    async def pause(self, who: Person, until: datetime | str | None) -> None:
        await asyncio.to_thread(self._pause, who, until)

    async def resume(self, who: Person) -> None:
        await asyncio.to_thread(self.operator.resume, who, self.now())

    async def lift(self, who: Person) -> None:
        await asyncio.to_thread(self.operator.lift, who, self.now())

    # signing out
    async def end_session(self, session: str, until: datetime) -> None:
        await asyncio.to_thread(self.store.upkeep.end_session, session, until, self.now())

    async def session_ended(self, session: str) -> bool:
        return await asyncio.to_thread(self.store.upkeep.session_ended, session)

    def _overview(self) -> Overview:
        now = self.now()
        today = now.astimezone().date()  # by this machine's clock, as everything on the overview
        return Overview(
            vitals=self.store.overview.vitals(now),
            alarms=[alarm for alarm in self.store.alarms.alarms() if alarm.cleared_at is None],
            coming=self.store.overview.coming(None, NEXT).entries,
            unknown=self.store.overview.unknown(NEXT),
            problems=self.store.overview.plan_problems(MOST_PROBLEMS),
            today=self.store.statistics.span(today, today),
        )

    def _known(self, person: str, days: int) -> Known | None:
        who = self.store.people.person(person)
        if who is None:
            return None
        now = self.now()
        today = local_date(self.core.zone(who.plan.timezone), now)
        planned = self.store.people.agenda(person, today - timedelta(days=1))
        coming, trouble = foreseen(who, planned, now, days, self.core.decider)
        if who.standing.set_aside:
            stands = {one.person: one.words for one in self.store.agenda.those_set_aside()}
            trouble = stands.get(person, trouble)
        feed = calendar_path(who, self.link_key, now) if has_calendars(self.core) else None
        return Known(who, self.store.overview.plan_state(person), coming, trouble, feed)

    def _pause(self, who: Person, until: datetime | str | None) -> None:
        now, operator = self.now(), self.operator
        at = operator.when(who, until, now) if isinstance(until, str) else until
        operator.pause(who, at, now)


def _shared_secret(store: Stores) -> bytes:
    """Made once: every daemon of this store takes every session."""
    return store.upkeep.secret("board secret")
