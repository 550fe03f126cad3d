"""What the board and the API need of the rest of nudger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

from nudger.agenda.forecast import Forecast
from nudger.domain.errors import Problem
from nudger.domain.model import Kind, Person, State
from nudger.inbound.port import Entry, Line
from nudger.operations.overview import Alarm, Apart, Cursor, PlanState, Seen, SeenPage, Span, Vitals
from nudger.web.security.connections import Throttle


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
class Known:
    """One person: how they stand, what comes next, and the state of their plan file."""

    person: Person
    plan: PlanState | None
    coming: Sequence[Forecast]
    trouble: str = ""  # nudger fails over them: what is wrong, and what to do
    calendar: str | None = None  # the path of their calendar, which is as good as a key


class Desk(Protocol):
    """Where an operator sits. Every act raises UsageError, with what to do, where it cannot be done."""

    def now(self) -> datetime: ...

    def zone(self, key: str) -> tzinfo: ...

    async def overview(self) -> Overview: ...

    async def vitals(self) -> Vitals: ...

    async def span(self, first: date, last: date) -> Span: ...

    async def people(self, search: str, apart: Apart | None, after: str, limit: int) -> Sequence[Person]: ...

    async def person(self, person: str) -> Person | None: ...

    async def known(self, person: str, days: int) -> Known | None: ...

    async def log(self, person: str, before: datetime | None, limit: int) -> Sequence[Entry]: ...

    async def lines(self, person: str) -> Sequence[Line]: ...

    async def coming(self, after: Cursor | None) -> SeenPage: ...

    async def past(self, states: frozenset[State], before: Cursor | None) -> SeenPage: ...

    async def unknown(self) -> Sequence[Seen]: ...

    async def send(self, who: Person, kind: Kind) -> None: ...

    async def pause(self, who: Person, until: datetime | str | None) -> None:
        """`until` as an instant, or in words by the person's own clock."""

    async def resume(self, who: Person) -> None: ...

    async def lift(self, who: Person) -> None: ...

    async def end_session(self, session: str, until: datetime) -> None: ...

    async def session_ended(self, session: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class BoardDoors:
    """The board: there only where a password is set."""

    desk: Desk
    password: str
    secret: bytes  # what sessions are signed with, shared by all daemons of a store
    throttle: Throttle  # of signing in
    show_conversations: bool = False
    public_url: str | None = None
