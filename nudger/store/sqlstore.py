"""The store: one transaction for each verb of `delivery.ports.Store`."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta, tzinfo
from functools import partial
from typing import TypeVar

from nudger.delivery.agenda import Claim, Decide, Sending
from nudger.delivery.alarms import Alarm
from nudger.delivery.doubts import Doubt, Judge, Listed, Reconciled
from nudger.delivery.inbound import Inbound, Respond, Writer
from nudger.delivery.overview import Apart, Counted, Cursor, PlanState, Seen, SeenPage, Span, Vitals
from nudger.delivery.planning import AskFrom, LaidOut, Layable, Missing, PlanChange, PlanRead
from nudger.delivery.ports import NO_LIMITS
from nudger.delivery.restored import Mark, Restored
from nudger.delivery.senders import Limit
from nudger.delivery.sends import Report, Result
from nudger.delivery.set_aside import TRY_AGAIN, SetAside, Step, Trial, is_theirs
from nudger.delivery.views import Entry, Line, Planned, StatusReport
from nudger.effects import Response
from nudger.errors import Problem
from nudger.model import ChannelName, Person, State
from nudger.store import (
    alarms,
    alerts,
    asking,
    claiming,
    erased,
    erasing,
    facts,
    gone,
    layout,
    leases,
    links,
    loading,
    looking,
    notices,
    overlooking,
    people,
    plan_files,
    reconciling,
    replies,
    results,
    salvage,
    set_aside,
    standing,
    statuses,
    tallying,
    tidying,
)
from nudger.store.care import AtOnce, Care, OneByOne, suppress_theirs
from nudger.store.codec import PlanCache
from nudger.store.database import Database
from nudger.store.transaction import Transaction, begins_again
from nudger.store.waking import Waking
from nudger.tokens import Link

_Done = TypeVar("_Done")
_Item = TypeVar("_Item")


@begins_again
class SqlStore:
    """The durable truth, in SQLite or PostgreSQL. Each verb's promise stands in `Store`."""

    def __init__(self, database: Database, zone: Callable[[str], tzinfo]) -> None:
        self._database = database
        self._zone = zone
        self._plans = PlanCache()
        self._waking = Waking(database)

    # people and plans
    def load_plans(self, read: PlanRead, now: datetime) -> PlanChange:
        return loading.load_plans(self._read, partial(self._write, wakes=True), read, now)

    def missing(self, limit: int = 50) -> Sequence[Missing]:
        with self._read() as tx:
            return gone.listed(tx, limit)

    def count_missing(self) -> int:
        with self._read() as tx:
            return gone.count(tx)

    def accept_removal(self, now: datetime) -> Collection[str]:
        return gone.accept_all(partial(self._write, wakes=True), now)

    def plan_marks(self, files: Collection[str] | None = None, host: str = "") -> Mapping[str, str]:
        with self._read() as tx:
            return plan_files.marks(tx, files, host)

    def count_plan_files(self) -> int:
        with self._read() as tx:
            return plan_files.count(tx)

    def linked_files(self, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
        with self._read() as tx:
            return plan_files.linked(tx, ids, phones)

    def person(self, person_id: str) -> Person | None:
        with self._read() as tx:
            return salvage.read_all(tx, [person_id]).get(person_id)

    def people(self) -> Iterable[Person]:
        after = ""
        while page := self._page(after):
            yield from page
            after = page[-1].id

    def ids_around(self, person_id: str, number: int) -> Sequence[str]:
        with self._read() as tx:
            return people.ids_around(tx, person_id, number)

    def places(self) -> Collection[tuple[str | None, str]]:
        with self._read() as tx:
            return people.places(tx)

    def digests(self, ids: Collection[str]) -> Mapping[str, str]:
        with self._read() as tx:
            return people.digests(tx, ids)

    def has_people(self) -> bool:
        with self._read() as tx:
            return people.are_there(tx)

    # laying out
    def claim_layout(self, now: datetime, limit: int) -> Sequence[Layable]:
        return self._with_care(Step.LAY_OUT, now, lambda tx, care: layout.claim_layout(tx, now, limit, care))

    def lay_out_all_again(self, now: datetime) -> None:
        after = ""
        while page := self._ids(after):
            with self._write(wakes=True) as tx:
                people.lock(tx, page)
                standing.lay_out_again(tx, page, now)
            after = page[-1]

    def lay_out(self, days: Sequence[LaidOut], now: datetime) -> None:
        by_person = {laid.person: laid for laid in days}

        def lay_out(tx: Transaction, care: Care) -> None:
            people.lock(tx, by_person)
            for ids in care.groups(by_person):
                with care.over(ids):
                    layout.lay_out(tx, [by_person[one] for one in ids], now)

        self._with_care(Step.LAY_OUT, now, lay_out, wakes=True)

    # people whom nudger fails over
    def set_aside(self, faults: Mapping[str, Exception], looked_at: int, step: str, now: datetime) -> None:
        with self._write() as tx:
            people.lock(tx, faults)
            set_aside.put(tx, faults, looked_at, step, now)

    def those_set_aside(self) -> Sequence[SetAside]:
        with self._read() as tx:
            return set_aside.all_of_them(tx)

    def try_all_again(self, now: datetime) -> None:
        with self._write() as tx:
            set_aside.all_soon(tx, now)

    def trial(self, person_id: str) -> Trial | None:
        with self._read() as tx:
            return set_aside.trial(tx, person_id)

    def take_back(self, person_id: str, now: datetime) -> None:
        with self._write(wakes=True) as tx:
            set_aside.take_back(tx, person_id, now)

    def give_up_waiting(self, now: datetime) -> None:
        with self._write() as tx:
            set_aside.give_up_waiting(tx, now)

    # consent
    def ask_for_consent(self, now: datetime, limit: int, asks_from: AskFrom) -> int:
        def ask(tx: Transaction, care: Care) -> int:
            return asking.ask_for_consent(tx, now, limit, asks_from, care)

        return self._with_care(Step.ASK, now, ask)

    # the agenda
    def next_due_at(self) -> datetime | None:
        with self._read() as tx:
            return looking.next_due_at(tx)

    def has_urgent(self, now: datetime) -> bool:
        with self._read() as tx:
            return claiming.has_urgent(tx, now)

    def claim_due(
        self,
        now: datetime,
        limit: int,
        owner: str,
        decide: Decide,
        limits: Mapping[ChannelName, Limit] = NO_LIMITS,
    ) -> Claim:
        def claim(tx: Transaction, care: Care) -> Claim:
            return claiming.claim_due(tx, now, limit, owner, decide, limits, care)

        return self._with_care(Step.JUDGE, now, claim)

    def stopped(self, sendings: Sequence[Sending], now: datetime) -> Collection[str]:
        # Read first: it is asked before every request, and hardly ever has anything to write.
        with self._read() as tx:
            free = results.may_go(tx, sendings)
        suspects = _by_person(sending for sending in sendings if sending.message not in free)
        if not suspects:
            return frozenset()
        stopped = {sending.message for those in suspects.values() for sending in those}

        def cancel(tx: Transaction, those: Sequence[Sending]) -> None:
            going = {sending.message for sending in those} - results.cancel_stopped(tx, those, now)
            stopped.difference_update(going)  # of whom nothing can be read, nothing goes

        self._for_each(Step.END, now, suspects, cancel)
        return stopped

    def record(self, results_: Sequence[Result], now: datetime) -> None:
        by_person: dict[str, list[Result]] = {}
        for result in results_:
            by_person.setdefault(result.sending.person, []).append(result)
        self._for_each(
            Step.END,
            now,
            by_person,
            lambda tx, those: results.record(tx, those, now),
            lambda tx, those: results.end_plainly(tx, those, now),
        )

    def release(self, sendings: Sequence[Sending], now: datetime) -> None:
        self._for_each(Step.END, now, _by_person(sendings), lambda tx, those: results.release(tx, those, now))

    def recover(self, owner: str, now: datetime) -> int:
        return self._with_care(Step.END, now, lambda tx, care: leases.recover(tx, owner, now, care))

    def renew(self, owner: str) -> None:
        with self._write() as tx:
            leases.renew(tx, owner)

    def give_up(self, owner: str) -> None:
        with self._write() as tx:
            leases.give_up(tx, owner)

    def abandon(self, now: datetime) -> int:
        return self._with_care(Step.END, now, lambda tx, care: leases.abandon(tx, now, care))

    def daemons(self) -> Sequence[str]:
        with self._read() as tx:
            return leases.daemons(tx)

    def take_turn(self, duty: str, every: timedelta) -> bool:
        with self._write() as tx:
            return leases.take_turn(tx, duty, every)

    def time(self) -> datetime:
        with self._read() as tx:
            return leases.time(tx)

    def doubts(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Doubt]:
        with self._claiming() as tx:
            return reconciling.doubts(tx, now, channels, limit)

    def reconcile(
        self, about: Sequence[Doubt], listed: Sequence[Listed], judge: Judge, now: datetime
    ) -> Reconciled:
        by_person: dict[str, list[Doubt]] = {}
        for doubt in about:
            by_person.setdefault(doubt.person, []).append(doubt)
        done: list[Reconciled] = []
        self._for_each(
            Step.END,
            now,
            by_person,
            lambda tx, those: done.append(reconciling.reconcile(tx, those, listed, judge, now)),
            lambda tx, those: reconciling.wait(tx, those, now + TRY_AGAIN),
        )
        return Reconciled(sum(one.found for one in done), sum(one.not_there for one in done))

    def report(self, message_id: str, told: Report, now: datetime) -> State | None:
        return self._with_care(
            Step.END, now, lambda tx, care: statuses.report(tx, message_id, told, now, care)
        )

    # replies and operators
    def take_reply(self, inbound: Inbound, respond: Respond) -> Response | None:
        return self._plainly_after(lambda tx, fault: replies.take_reply(tx, inbound, respond, fault))

    def unseen(self, found: Sequence[Inbound]) -> Collection[str]:
        with self._read() as tx:
            return replies.unseen(tx, found)

    def act(
        self, person_id: str, now: datetime, respond: Respond, what: str, *, by: str = "operator"
    ) -> Response | None:
        what = f"{by}: {what}"
        return self._plainly_after(lambda tx, fault: replies.act(tx, person_id, now, respond, what, fault))

    def writer(self, person_id: str, now: datetime) -> Writer | None:
        with self._read() as tx, suppress_theirs():
            return replies.writer(tx, person_id, now)
        with self._read() as tx:
            return replies.plain_writer(tx, person_id)

    # what the operator has to know of
    def raise_alarm(self, key: str, words: str, now: datetime) -> bool:
        with self._write() as tx:
            return alarms.raise_alarm(tx, key, words, now)

    def clear_alarm(self, key: str, now: datetime) -> bool:
        with self._write() as tx:
            return alarms.clear_alarm(tx, key, now)

    def alarms(self) -> Sequence[Alarm]:
        with self._read() as tx:
            return alarms.alarms(tx)

    def claim_alerts(self, now: datetime, again: timedelta, remind: timedelta) -> Sequence[Alarm]:
        with self._write() as tx:
            return alerts.claim_alerts(tx, now, again, remind)

    def give_back_alerts(self, alarms_: Sequence[Alarm]) -> None:
        for one in alarms_:
            with self._write() as tx:
                alerts.give_back_alert(tx, one)

    def counters(self) -> Mapping[str, int]:
        with self._read() as tx:
            return alarms.counters(tx)

    def linked(self, link: Link) -> Writer | None:
        with self._read() as tx, suppress_theirs():
            return links.linked(tx, link)
        with self._read() as tx:
            return replies.plain_writer(tx, link.person)

    def take_link(self, link: Link, words: str, now: datetime, respond: Respond) -> Response | None:
        def take(tx: Transaction, fault: Exception | None) -> Response | None:
            return links.take_link(tx, link, words, now, respond, fault)

        return self._plainly_after(take)

    def contact_said(self, address: str, stop: bool, at: datetime) -> bool:
        with self._write(wakes=True) as tx:
            return notices.contact_said(tx, address, stop, at)

    # looking
    def erased(self) -> frozenset[str]:
        with self._read() as tx:
            return erased.everyone(tx)

    def agenda(self, person_id: str, since: date) -> Sequence[Planned]:
        with self._read() as tx:
            return looking.agenda(tx, person_id, since)

    def conversation(self, after: int = 0, person: str | None = None, limit: int = 200) -> Sequence[Line]:
        with self._read() as tx:
            return looking.conversation(tx, after, person, limit)

    def last_lines(self, person_id: str, limit: int = 60) -> Sequence[Line]:
        with self._read() as tx:
            return looking.last_lines(tx, person_id, limit)

    def log(self, person_id: str, limit: int = 100, before: datetime | None = None) -> Sequence[Entry]:
        with self._read() as tx:
            return looking.log(tx, person_id, limit, before)

    def status(self, now: datetime) -> StatusReport:
        with self._read() as tx:
            return looking.status(tx, now)

    def faulty_files(self) -> Sequence[str]:
        with self._read() as tx:
            return looking.faulty_files(tx)

    def doubtful(self, since: datetime, until: datetime) -> int:
        with self._read() as tx:
            return looking.doubtful(tx, since, until)

    # everyone at once
    def vitals(self, now: datetime) -> Vitals:
        with self._read() as tx:
            return overlooking.vitals(tx, now)

    def find_people(
        self, search: str, apart: Apart | None, now: datetime, after: str = "", limit: int = 50
    ) -> Sequence[Person]:
        with self._read() as tx:
            return overlooking.find_people(tx, search, apart, after, limit, now)

    def coming(self, after: Cursor | None = None, limit: int = 50) -> SeenPage:
        with self._read() as tx:
            return overlooking.coming(tx, after, limit)

    def past(
        self, states: frozenset[State], now: datetime, before: Cursor | None = None, limit: int = 50
    ) -> SeenPage:
        with self._read() as tx:
            return overlooking.past(tx, states, before, now, limit)

    def unknown(self, limit: int = 50) -> Sequence[Seen]:
        with self._read() as tx:
            return overlooking.unknown(tx, limit)

    def plan_state(self, person_id: str) -> PlanState | None:
        with self._read() as tx:
            return overlooking.plan_state(tx, person_id)

    def plan_problems(self, limit: int = 20) -> Sequence[Problem]:
        with self._read() as tx:
            return overlooking.plan_problems(tx, limit)

    def tally(self, first: date, last: date) -> Counted:
        # Read first: counting takes its time, and nobody's nudge waits for it.
        with self._read() as tx:
            counted = tallying.count(tx, first, last)
        with self._write() as tx:
            tallying.keep(tx, first, last, counted)
        return counted

    def span(self, first: date, last: date) -> Span:
        with self._read() as tx:
            return tallying.span(tx, first, last)

    def export(self, person_id: str) -> Mapping[str, object] | None:
        with self._read() as tx:
            return erasing.export(tx, person_id)

    def forget(self, person_id: str) -> bool:
        with self._write() as tx:
            forgotten = erasing.forget(tx, person_id)
        if forgotten:
            self._database.scrub()
        return forgotten

    def blank(self, before: datetime) -> int:
        return sum(self._tidied(step, before) for step in tidying.BLANKING)

    def clear_away(self, before: datetime) -> int:
        return sum(self._tidied(step, before) for step in tidying.CLEARING)

    def remember(self, key: str, value: str) -> str:
        with self._write() as tx:
            return facts.remember(tx, key, value)

    def secret(self, key: str) -> bytes:
        with self._write() as tx:
            return facts.secret(tx, key)

    def keep(self, key: str, value: str) -> None:
        with self._write() as tx:
            facts.put(tx, key, value)

    def end_session(self, session: str, until: datetime, now: datetime) -> None:
        with self._write() as tx:
            facts.end_session(tx, session, until, now)

    def session_ended(self, session: str) -> bool:
        with self._read() as tx:
            return facts.session_ended(tx, session)

    # restored backups
    def mark(self, now: datetime, at_least: int = 0) -> Mark:
        with self._write() as tx:
            return facts.mark(tx, now, at_least)

    def marked(self) -> Mark | None:
        with self._read() as tx:
            return facts.marked(tx)

    def prove(self, known: Mark) -> None:
        with self._write() as tx:
            facts.prove(tx, known)

    def rescue(self, now: datetime) -> str | None:
        return self._database.rescue(now)

    def restored(self) -> Restored | None:
        with self._read() as tx:
            return facts.restored(tx)

    def hold_back(self, noticed: Restored) -> None:
        with self._write() as tx:
            facts.hold_back(tx, noticed)

    def note_asked(self, now: datetime) -> None:
        with self._write() as tx:
            facts.note_asked(tx, now)

    def accept_restored(self, now: datetime) -> bool:
        with self._write(wakes=True) as tx:
            return facts.accept_restored(tx, now)

    async def listen(self, woken: Callable[[], None]) -> None:
        await self._waking.listen(woken)

    def keep_open(self) -> None:
        """For a daemon: what happens to a SQLite file under it is noticed."""
        self._database.keep_open()

    def close(self) -> None:
        self._database.close()

    def _ids(self, after: str) -> Sequence[str]:
        with self._read() as tx:
            return people.ids_after(tx, after)

    def _tidied(self, step: tidying.Step, before: datetime) -> int:
        with self._write() as tx:
            return tidying.tidy(tx, step, before)

    def _page(self, after: str) -> list[Person]:
        with self._read() as tx:
            ids = people.ids_after(tx, after)
            found = salvage.read_all(tx, ids)
            return [found[one] for one in ids if one in found]

    @contextmanager
    def _read(self) -> Iterator[Transaction]:
        with self._database.read() as connection:
            yield Transaction(connection, self._database, self._plans, self._zone)

    def _claiming(self) -> AbstractContextManager[Transaction]:
        """What is looked at is taken, where there are others to take it; in SQLite there is nobody."""
        return self._read() if self._database.is_sqlite else self._write()

    def _with_care(
        self,
        step: str,
        now: datetime,
        work: Callable[[Transaction, Care], _Done],
        *,
        wakes: bool = False,
    ) -> _Done:
        """The work on many people: all at once, and once more one by one where it fails over some of them."""
        try:
            with self._write(wakes=wakes) as tx:
                return work(tx, AtOnce())
        except Exception as fault:
            if not is_theirs(fault):
                raise
        with self._write(wakes=wakes) as tx:
            care = OneByOne(tx)
            done = work(tx, care)
            set_aside.put(tx, care.faults, len(care.seen), step, now)
            return done

    def _for_each(
        self,
        step: str,
        now: datetime,
        items: Mapping[str, Sequence[_Item]],
        work: Callable[[Transaction, Sequence[_Item]], object],
        plainly: Callable[[Transaction, Sequence[_Item]], object] = lambda _tx, _items: None,
    ) -> None:
        """The work on these of each person; `plainly` what is done of it where it fails over somebody."""

        def each(tx: Transaction, care: Care) -> None:
            for ids in care.groups(sorted(items)):
                those = [item for one in ids for item in items[one]]
                with care.over(ids):
                    work(tx, those)
                if care.failed(ids):
                    with care.over(ids):
                        plainly(tx, those)

        self._with_care(step, now, each)

    def _plainly_after(self, work: Callable[[Transaction, Exception | None], _Done]) -> _Done:
        """What one person says, or is done to them: once more, with as little as it takes, where it fails
        over them. Nobody's STOP waits for a row that cannot be read."""
        try:
            with self._write(wakes=True) as tx:
                return work(tx, None)
        except Exception as fault:
            if not is_theirs(fault):
                raise
            first = fault
        with self._write(wakes=True) as tx:
            return work(tx, first)

    @contextmanager
    def _write(self, *, wakes: bool = False) -> Iterator[Transaction]:
        """`wakes`: something may be due at once, and the other daemons hear of it."""
        with self._database.write() as connection:
            yield Transaction(connection, self._database, self._plans, self._zone)
            if wakes:
                self._waking.say(connection)


def _by_person(sendings: Iterable[Sending]) -> dict[str, list[Sending]]:
    found: dict[str, list[Sending]] = {}
    for sending in sendings:
        found.setdefault(sending.person, []).append(sending)
    return found
