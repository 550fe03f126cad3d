"""The verbs of `operations.port` on the database, one transaction each."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from nudger.domain.errors import Problem
from nudger.domain.model import Person, State
from nudger.operations.overview import (
    Alarm,
    Apart,
    Counted,
    Cursor,
    PlanState,
    Seen,
    SeenPage,
    Span,
    StatusReport,
    Vitals,
)
from nudger.store.operations import housekeeping, looking, overview, statistics
from nudger.store.sending import results
from nudger.store.sql.transactions import Transactions
from nudger.store.state import alarms, facts, people


class SqlFactStore:
    """What every host of this database has in common.

    Each verb's promise stands in `FactStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def remember(self, key: str, value: str) -> str:
        with self._in.write() as tx:
            return facts.remember(tx, key, value)

    def keep(self, key: str, value: str) -> None:
        with self._in.write() as tx:
            facts.put(tx, key, value)

    def take_turn(self, duty: str, every: timedelta) -> bool:
        with self._in.write() as tx:
            return results.take_turn(tx, duty, every)

    def time(self) -> datetime:
        with self._in.read() as tx:
            return results.time(tx)


class SqlAlarmStore:
    """Faults that need a person, and who was told of them.

    Each verb's promise stands in `AlarmStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def raise_alarm(self, key: str, words: str, now: datetime) -> bool:
        with self._in.write() as tx:
            return alarms.raise_alarm(tx, key, words, now)

    def clear_alarm(self, key: str, now: datetime) -> bool:
        with self._in.write() as tx:
            return alarms.clear_alarm(tx, key, now)

    def alarms(self) -> Sequence[Alarm]:
        with self._in.read() as tx:
            return alarms.alarms(tx)

    def claim_alerts(self, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
        with self._in.write() as tx:
            return alarms.claim_alerts(tx, now, again, remind)

    def give_back_alerts(self, alarms_: Sequence[Alarm]) -> None:
        for one in alarms_:
            with self._in.write() as tx:
                alarms.give_back_alert(tx, one)


class SqlOverviewStore:
    """What the operator looks at.

    Each verb's promise stands in `OverviewStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def status(self, now: datetime) -> StatusReport:
        with self._in.read() as tx:
            return looking.status(tx, now)

    def vitals(self, now: datetime) -> Vitals:
        with self._in.read() as tx:
            return overview.vitals(tx, now)

    def find_people(
        self, search: str, apart: Apart | None, now: datetime, after: str = "", limit: int = 50
    ) -> Sequence[Person]:
        with self._in.read() as tx:
            return overview.find_people(tx, search, apart, after, limit, now)

    def coming(self, after: Cursor | None = None, limit: int = 50) -> SeenPage:
        with self._in.read() as tx:
            return overview.coming(tx, after, limit)

    def past(
        self, states: frozenset[State], now: datetime, before: Cursor | None = None, limit: int = 50
    ) -> SeenPage:
        with self._in.read() as tx:
            return overview.past(tx, states, before, now, limit)

    def unknown(self, limit: int = 50) -> Sequence[Seen]:
        with self._in.read() as tx:
            return overview.unknown(tx, limit)

    def plan_state(self, person_id: str) -> PlanState | None:
        with self._in.read() as tx:
            return overview.plan_state(tx, person_id)

    def plan_problems(self, limit: int = 20) -> Sequence[Problem]:
        with self._in.read() as tx:
            return overview.plan_problems(tx, limit)

    def faulty_files(self) -> Sequence[str]:
        with self._in.read() as tx:
            return looking.faulty_files(tx)

    def places(self) -> Collection[tuple[str | None, str]]:
        with self._in.read() as tx:
            return people.places(tx)

    def doubtful(self, since: datetime, until: datetime) -> int:
        with self._in.read() as tx:
            return looking.doubtful(tx, since, until)

    def daemons(self) -> Sequence[str]:
        with self._in.read() as tx:
            return results.daemons(tx)


class SqlStatisticsStore:
    """What happened, counted by day.

    Each verb's promise stands in `StatisticsStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def counters(self) -> Mapping[str, int]:
        with self._in.read() as tx:
            return alarms.counters(tx)

    def tally(self, first: date, last: date) -> Counted:
        # Read first: counting takes its time, and nobody's nudge waits for it.
        with self._in.read() as tx:
            counted = statistics.count(tx, first, last)
        with self._in.write() as tx:
            statistics.keep(tx, first, last, counted)
        return counted

    def span(self, first: date, last: date) -> Span:
        with self._in.read() as tx:
            return statistics.span(tx, first, last)


class SqlUpkeepStore:
    """What is cleared away in time, and who signed out.

    Each verb's promise stands in `UpkeepStore`."""

    def __init__(self, transactions: Transactions) -> None:
        self._in = transactions

    def secret(self, key: str) -> bytes:
        with self._in.write() as tx:
            return facts.secret(tx, key)

    def end_session(self, session: str, until: datetime, now: datetime) -> None:
        with self._in.write() as tx:
            facts.end_session(tx, session, until, now)

    def session_ended(self, session: str) -> bool:
        with self._in.read() as tx:
            return facts.session_ended(tx, session)

    def blank(self, before: datetime) -> int:
        return sum(self._tidied(step, before) for step in housekeeping.BLANKING)

    def clear_away(self, before: datetime) -> int:
        return sum(self._tidied(step, before) for step in housekeeping.CLEARING)

    def _tidied(self, step: housekeeping.Step, before: datetime) -> int:
        with self._in.write() as tx:
            return housekeeping.tidy(tx, step, before)
