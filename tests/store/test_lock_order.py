"""Two sessions on PostgreSQL, every verb that locks against every other: none of them waits for one that
waits for it.

The first stands still after each statement that locks, in turn; the second goes as far as it gets; then the
first goes on. What two verbs can lock crosswise they lock so at one of these places. Nothing is committed:
all pairs find the same database.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, fields, replace
from itertools import combinations_with_replacement
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Table, event, select, text, update

from nudger.agenda.entries import (
    Decision,
    Due,
    Failure,
    Receipt,
    Report,
    Restored,
    Result,
    Send,
    SendFailure,
    Sending,
    Stage,
    Verdict,
    Wait,
    Ways,
)
from nudger.agenda.rate_limit import Limit
from nudger.agenda.set_aside import Step
from nudger.domain.effects import Answer, Effect, Hold, Need, OptIn, OptOut, Resume, Settle, Snooze, Tell
from nudger.domain.model import ChannelName, Contact, Origin, Outcome, Person, State
from nudger.domain.tokens import Action, Link
from nudger.operations.overview import RepliesWanted, SeenReply, TextInNeed
from nudger.plan_sync.port import PlanRead
from nudger.sending.port import Listed
from nudger.sending.recall import Recall, TakenBack
from nudger.sending.receipts import judge
from nudger.store import Stores, open_store
from nudger.store.opening.opening import url_of
from nudger.store.plans import plan_files
from nudger.store.schema.shared import alarm, lease, sender
from nudger.store.schema.tables import message, person, reach, reply
from nudger.store.sql.database import Database
from nudger.store.sql.transactions import Transactions
from nudger.store.stores import stores_of
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    World,
    answering,
    counting,
    laid_out,
    plan,
    plan_file,
    send,
    slot,
)

pytestmark = pytest.mark.slow

PEOPLE = ("ann", "bob", "cat", "dan", "eve", "fay")
UNDER_WAY, DUE = PEOPLE[:4], PEOPLE[4:]  # claims and ends are of different people, and meet at senders
PHONES = {name: f"+4477009001{number:02}" for number, name in enumerate(PEOPLE)}
SAM = Contact("Sam", phone="+447700900456", tell="2026-11-20, on paper", agreed="2026-11-21, by text")
OLD, LATER = NOON - 500 * DAY, NOON + 500 * DAY
LOCKS = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b|.*\bFOR (NO KEY )?(UPDATE|SHARE)\b|.*\bpg_advisory", re.S)
TABLES = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)|(?<=pg_)advisory")
SHARED = {"sender", "contact_word", "fact", "counter", "lease", "turn"}  # rows that are nobody's alone
LOCK = text("SELECT FROM person WHERE id = ANY (:ids) FOR NO KEY UPDATE")
LOCK_FREE = text("SELECT id FROM person WHERE id = ANY (:ids) FOR NO KEY UPDATE SKIP LOCKED")
WAITS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

Verb = Callable[[Stores], object]


def plans() -> list[Any]:
    return [plan(name, phone=PHONES[name], channels=(SMS, EMAIL), contacts=(SAM,)) for name in PEOPLE]


def to(channel: ChannelName) -> Callable[[Person, Due, Any], Verdict]:
    """By this channel; a notice to the contact."""

    def verdict(one: Person, due: Due, now: Any) -> Verdict:
        sent = send(one, replace(due, channel=due.channel or channel), now)
        return replace(sent, address=SAM.phone) if due.origin is Origin.NOTICE else sent

    return verdict


def both_ways(one: Person, due: Due, now: Any) -> Verdict:
    return to(SMS if one.id in PEOPLE[::2] else EMAIL)(one, due, now)


@dataclass
class Scene:
    """What the verbs are called with."""

    under_way: list[Sending] = field(default_factory=list)
    notices: list[Sending] = field(default_factory=list)
    answered: list[Sending] = field(default_factory=list)  # accepted
    lost: list[Sending] = field(default_factory=list)  # of unknown end


def prepare(store: Stores) -> Scene:
    """People in the middle of everything: under way, unknown, old, waiting, failing, unreachable, held."""
    world, scene = World(store), Scene()
    world.now = OLD
    world.load(*plans())
    for at in (OLD, OLD + HOUR, NOON - HOUR, NOON - 30 * MINUTE):
        store.agenda.lay_out([laid_out(name, slot(at, at.minute + at.hour)) for name in PEOPLE], OLD)
    store.agenda.lay_out([laid_out(name, slot(NOON - MINUTE, 1)) for name in UNDER_WAY], OLD)
    store.agenda.lay_out([laid_out(name, slot(NOON, 2)) for name in DUE], OLD)
    world.accept(*world.claim(to(SMS)).sendings)
    for name in reversed(PEOPLE):
        world.text(Answer("Noted."), address=PHONES[name])
    world.now = NOON - HOUR
    scene.answered = list(world.claim(to(SMS)).sendings)
    world.accept(*scene.answered)
    world.now = NOON - 30 * MINUTE
    scene.lost = list(world.claim(to(SMS)).sendings)
    for sending in scene.lost:
        world.fail(sending, Failure.AMBIGUOUS)
    world.now = NOON - MINUTE
    scene.under_way = list(world.claim(both_ways, owner="host:a#1").sendings)
    for name in UNDER_WAY[::2]:
        world.text(Hold(), Tell("Sam", "A call would be welcome."), address=PHONES[name])
    scene.notices = list(world.claim(to(SMS), owner="host:b#1").sendings)
    world.now = NOON
    for channel in (SMS, EMAIL):
        store.alarms.raise_alarm(f"sender {channel}", "stands", NOON)
        for name in PEOPLE:
            store.alarms.raise_alarm(f"address {name} {channel}", "stands", NOON)
            store.alarms.raise_alarm(f"crisis answer {name}", "did not arrive", NOON)
    for name in PEOPLE:
        store.alarms.raise_alarm(f"passed {name}", "passed", OLD)
        store.alarms.clear_alarm(f"passed {name}", OLD)
    store.inbound.contact_said(SAM.phone or "", False, OLD)
    store.restore.hold_back(Restored(OLD, OLD, OLD, "tested"))
    store.restore.note_asked(OLD)
    store.agenda.set_aside({"bob": ValueError("tested")}, 6, Step.JUDGE, NOON)
    world.load()  # whose plans are all gone by one look, stays
    with store.transactions.database.write() as connection:
        _age(store, connection)
    return scene


def _age(store: Stores, connection: Connection) -> None:
    """Every number is about to rest, one is to be asked, one host has died, nobody was told of any alarm. And
    no row lies where its key would have it. (The rows of senders are made by the first who needs them.)"""
    new = [{"channel": one, "day_segments": 0, "failures": 0, "reason": ""} for one in ChannelName]
    connection.execute(store.transactions.database.insert_new(sender), new)
    ask = update(reach).where(reach.c.person == "fay", reach.c.channel == EMAIL)
    connection.execute(update(reach).values(failures=4))
    connection.execute(ask.values(consented_at=None, ask_at=NOON))
    connection.execute(update(lease).where(lease.c.owner == "host:b#1").values(until=OLD))
    for table, key in ((person, person.c.id), (alarm, alarm.c.key), (sender, sender.c.channel)):
        for one in sorted(connection.scalars(select(key)).all(), reverse=True):
            connection.execute(update(table).where(key == one).values({key: one}))
    connection.execute(update(alarm).values(told=False))
    connection.execute(update(reply).values(needs=Need.CONCERN))


def result(sending: Sending, failure: Failure | None) -> Result:
    if failure is None:
        return Result(sending, Receipt(f"SM-{sending.message}"))
    return Result(sending, failure=SendFailure(failure, "tested", "1"), retry_at=NOON + MINUTE)


def record(sendings: list[Sending], *failures: Failure | None) -> Verb:
    ends = [result(one, failures[number % len(failures)]) for number, one in enumerate(sendings)]
    return lambda store: store.sending.record(ends, NOON)


def reports(sending: Sending, failure: Failure | None) -> Verb:
    fault = SendFailure(failure, "tested") if failure else None
    told = Report("SM-told", Stage.FAILED if failure else Stage.DELIVERED, fault)
    return lambda store: store.sending.report(sending.message, told, NOON)


def reconciles(lost: list[Sending], failure: Failure) -> Verb:
    fault = SendFailure(failure, "tested")
    there = [
        Listed(Report(f"SM-{number}", Stage.FAILED, fault), one.address, one.text, NOON - 30 * MINUTE)
        for number, one in enumerate(lost[:-1])
    ]

    def verb(store: Stores) -> object:
        about = list(reversed(store.sending.doubts(NOON, frozenset(ChannelName), 10)))
        return store.sending.reconcile(about, there, lambda some, free: judge(some, free, NOON), NOON)

    return verb


def claims(fails: str = "", **rates: float) -> Verb:
    limits = {ChannelName(name): Limit(rate) for name, rate in rates.items()}

    def decide(one: Person, dues: Sequence[Due], ways: Ways) -> Decision:
        """What has no room waits for it."""
        if one.id == fails:
            raise ValueError("tested")
        found = counting(both_ways, NOON)(one, dues)
        waits = [
            Wait(verdict.channel, NOON, "full")
            if isinstance(verdict, Send) and verdict.channel in ways.full
            else verdict
            for verdict in found.verdicts
        ]
        return replace(found, verdicts=tuple(waits))

    return lambda store: store.sending.claim_due(NOON, 100, "host:c#1", decide, limits)


def writes(name: str, *effects: Effect) -> Verb:
    return lambda store: World(store).text(*effects, address=PHONES[name], provider_id=f"IN-{name}-new")


def loads(store: Stores) -> object:
    """Two are changed (other addresses: the unreachable is reached again), one has gone, one has moved, one
    is new."""
    some = [plan("zed", phone="+447700900888"), *plans()]
    for number, one in enumerate(some[1:3]):
        some[1 + number] = replace(one, phone=f"+44770090077{number}", email=f"{one.person}@elsewhere.org")
    there = {one.person: f"plans/{one.person}.toml" for one in some if one.person != "eve"}
    there["fay"] = "plans/moved.toml"
    read = PlanRead(None, [plan_file(one) for one in some if one.person != "eve"], there, ())
    return store.plans.load_plans(read, NOON)


def lets_go(store: Stores) -> object:
    """One of its transactions: nothing is committed, and it would go on for ever."""
    with store.transactions.write() as tx:
        return plan_files._accept(tx, NOON)


def written(store: Stores) -> Sequence[SeenReply]:
    return store.replies.replies(RepliesWanted(), NOON).replies


def verbs(scene: Scene) -> Mapping[str, Verb]:
    """By name; what is in brackets says which case it is."""
    (first, *_), days = scene.answered, [laid_out(name, slot(NOON + DAY), afresh=True) for name in PEOPLE]
    entry, link = first.occurrence, Link(Action.STOP, "ann", EMAIL, LATER, first.occurrence)
    spoilt = replace(laid_out("ann", slot(NOON + DAY, 3), afresh=True), kinds={})
    stop = OptOut(frozenset({SMS, EMAIL}), "texted STOP")
    start = OptIn(frozenset({SMS, EMAIL}), "texted START")
    backwards = list(reversed(scene.under_way))
    return {
        "load_plans": loads,
        "load_plans (all are gone)": lambda store: store.plans.load_plans(PlanRead(None, [], {}, ()), NOON),
        "claim_layout": lambda store: store.agenda.claim_layout(NOON + 2 * DAY, 10),
        "lay_out": lambda store: store.agenda.lay_out(list(reversed(days)), NOON),
        "lay_out (one by one)": lambda store: store.agenda.lay_out([*reversed(days), spoilt], NOON),
        "set_aside": lambda store: store.agenda.set_aside(
            dict.fromkeys(PEOPLE[::-1], ValueError()), 99, "", NOON
        ),
        "try_all_again": lambda store: store.agenda.try_all_again(NOON),
        "take_back": lambda store: store.agenda.take_back("bob", NOON),
        "give_up_waiting": lambda store: store.agenda.give_up_waiting(LATER),
        "accept_removal": lets_go,
        "lay_out_all_again": lambda store: store.agenda.lay_out_all_again(NOON),
        "ask_for_consent": lambda store: store.agenda.ask_for_consent(NOON, 10, lambda *_: NOON),
        "claim_due (both in turn)": claims(sms=0.01, email=0.01),
        "claim_due (room for texts, mails in turn)": claims(sms=10_000, email=0.01),
        "claim_due (room for mails, texts in turn)": claims(sms=0.01, email=10_000),
        "claim_due (one by one)": claims("fay", sms=0.01, email=0.01),
        "stopped": lambda store: store.sending.stopped(backwards, NOON),
        "record (all ways of failing)": record(
            backwards, Failure.SENDER, Failure.RECIPIENT, Failure.OPTED_OUT, Failure.NOT_SENT
        ),
        "record (both senders' fault)": record(scene.under_way, Failure.SENDER),
        "record (a contact's STOP)": record(list(reversed(scene.notices)), Failure.OPTED_OUT, Failure.SENDER),
        "release": lambda store: store.sending.release(backwards, NOON),
        "recover": lambda store: store.sending.recover("host:a#2", NOON),
        "renew": lambda store: store.sending.renew("host:a#1"),
        "give_up": lambda store: store.sending.give_up("host:a#1"),
        "abandon": lambda store: store.sending.abandon(NOON + HOUR),
        "take_turn": lambda store: store.facts.take_turn("tally", MINUTE),
        "doubts": lambda store: store.sending.doubts(NOON, frozenset(ChannelName), 10),
        "recalled": lambda store: store.recalls.recalled(
            Recall(scene.lost[0].message, scene.lost[0].person, ChannelName.SMS, State.UNKNOWN),
            TakenBack.YES,
            NOON,
        ),
        "reconcile": reconciles(scene.lost, Failure.SENDER),
        "reconcile (a STOP)": reconciles(scene.lost, Failure.OPTED_OUT),
        "report (the sender's fault)": reports(scene.answered[-1], Failure.SENDER),
        "report (a contact's STOP)": reports(scene.notices[-1], Failure.OPTED_OUT),
        "report (the number's fault)": reports(scene.answered[2], Failure.RECIPIENT),
        "take_reply (STOP)": writes("ann", stop, Snooze(first.occurrence, NOON + HOUR)),
        "take_reply (RESUME)": writes("ann", Resume(), start, Answer("Good.")),
        "act": lambda store: store.inbound.act(
            "eve", NOON, answering((Hold(), Tell("Sam", "Call.")), []), "act"
        ),
        "take_link": lambda store: store.inbound.take_link(
            link, "stop", NOON, answering((Settle(entry, Outcome.DONE), stop), [])
        ),
        "contact_said": lambda store: store.inbound.contact_said(SAM.phone or "", True, NOON),
        "raise_alarm": lambda store: store.alarms.raise_alarm("sender sms", "stands", NOON),
        "clear_alarm": lambda store: store.alarms.clear_alarm("address ann sms", NOON),
        "claim_alerts": lambda store: store.alarms.claim_alerts(NOON, MINUTE, DAY),
        "give_back_alerts": lambda store: store.alarms.give_back_alerts(
            list(reversed(store.alarms.alarms()))
        ),
        "claim_needs": lambda store: store.needs.claim_needs(OLD + HOUR),
        "give_back_needs": lambda store: store.needs.give_back_needs(
            [TextInNeed(one.cursor.id, one.person, one.cursor.at) for one in written(store)]
        ),
        "handle": lambda store: store.replies.handle(written(store)[0].cursor.id, "Ann", NOON),
        "erase_answers": lambda store: store.answers.erase_answers("ann", NOON),
        "tally": lambda store: store.statistics.tally(TODAY, TODAY),
        "forget": lambda store: store.people.forget("bob"),
        "blank": lambda store: store.upkeep.blank(LATER),
        "clear_away": lambda store: store.upkeep.clear_away(NOON - 100 * DAY),
        "end_session": lambda store: store.upkeep.end_session("a session", NOON + DAY, NOON),
        "remember": lambda store: store.facts.remember("a", "b"),
        "secret": lambda store: store.upkeep.secret("a key"),
        "keep": lambda store: store.facts.keep("mark", "1 2026-11-23T12:00:00+00:00"),
        "mark": lambda store: store.restore.mark(NOON),
        "hold_back": lambda store: store.restore.hold_back(Restored(NOON, NOON, NOON, "tested")),
        "note_asked": lambda store: store.restore.note_asked(NOON),
        "accept_restored": lambda store: store.restore.accept_restored(NOON),
    }


class Session:
    """A store that commits nothing, and stops after its n-th statement that locks."""

    def __init__(self, url: str) -> None:
        database = Database(url_of(url))
        database.engine.dialect.do_commit = database.engine.dialect.do_rollback  # type: ignore[method-assign]
        self.store = stores_of(database, ZoneInfo)
        self.crossed: list[str] = []
        self.seen = 0
        self.places: list[int] = []
        self.tables: set[str] = set()
        self._said: set[str] = set()
        self._stops_after, self._stopped, self._goes = 0, Event(), Event()
        self._pool = ThreadPoolExecutor(1)
        event.listen(database.engine, "after_cursor_execute", self._after)
        event.listen(database.engine, "handle_error", self._error)

    def begin(self, verb: Verb, stops_after: int = 0) -> "Future[object]":
        self.seen, self._stops_after, self.places = 0, stops_after, []
        self.tables, self._said = set(), set()
        self._stopped.clear()
        self._goes.clear()
        running = self._pool.submit(verb, self.store)
        running.add_done_callback(lambda _: self._stopped.set())
        return running

    def stopped(self) -> bool:
        """Whether it stands still; False where it has ended first."""
        assert self._stopped.wait(20)
        return self.seen == self._stops_after

    def go(self) -> None:
        self._goes.set()

    def close(self) -> None:
        self._pool.shutdown()
        self.store.close()

    def _after(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        if LOCKS.match(statement):
            self.seen += 1
            tables = set(TABLES.findall(statement))
            # The same statement of another person's rows, who is locked already, is no other place.
            if statement not in self._said or not tables.isdisjoint(SHARED):
                self.places.append(self.seen)
            self._said.add(statement)
            self.tables |= tables
            if self.seen == self._stops_after:
                self._stopped.set()
                assert self._goes.wait(20)

    def _error(self, context: Any) -> None:
        if getattr(context.original_exception, "sqlstate", "") in ("40P01", "40001"):
            self.crossed.append(" ".join((context.statement or "").split())[:150])


@dataclass
class Pairs:
    """Two sessions, and what they are to do at once."""

    one: Session
    other: Session
    watcher: Database
    looks: Connection  # of its own transaction each time
    verbs: Mapping[str, Verb]
    locks: dict[str, int]  # how many statements of each verb lock
    places: dict[str, list[int]]  # after which of them it is let stand still
    tables: dict[str, set[str]]  # of which it locks anything

    def crossed(self, first: str, second: str) -> list[str]:
        """What went wrong, at each place where `first` can stand still."""
        if self.tables[first].isdisjoint(self.tables[second]):
            return []
        wrong: list[str] = []
        # Who is not held up by all that the other holds is held up by no part of it.
        if self._play(first, self.locks[first], second, wrong):
            for place in self.places[first]:
                self._play(first, place, second, wrong)
        return wrong

    def _play(self, first: str, place: int, second: str, wrong: list[str]) -> bool:
        """Whether `second` had to wait."""
        running = self.one.begin(self.verbs[first], place)
        assert self.one.stopped()
        following = self.other.begin(self.verbs[second])
        waited = self.waits(following)
        self.one.go()
        for session, future in ((self.one, running), (self.other, following)):
            fault = future.exception(20)
            if fault is not None or session.crossed:
                wrong.append(f"{first} at {place}: {second}: {session.crossed or fault}")
            session.crossed.clear()
        return waited

    def waits(self, following: "Future[object]") -> bool:
        while not wait([following], 0.002).done:
            if self.looks.scalar(WAITS):
                return True
        return False


@pytest.fixture(scope="module")
def pairs(new_database: Callable[[str], str]) -> Iterator[Pairs]:
    url = new_database("crosswise")
    store = open_store(url)
    scene = prepare(store)
    with store.transactions.database.write() as connection:
        connection.execute(text("ALTER DATABASE crosswise SET deadlock_timeout = '30ms'"))
    store.close()
    table = verbs(scene)
    one, other, watcher = Session(url), Session(url), Database(url_of(url))
    locks, places, tables = {}, {}, {}
    for name, verb in table.items():
        one.begin(verb).result()
        locks[name], places[name], tables[name] = one.seen, one.places, one.tables
    with watcher.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looks:
        yield Pairs(one, other, watcher, looks, table, locks, places, tables)
    for session in (one, other):
        session.close()
    watcher.close()


WRITES = re.compile(r"self\._in\.(write|claiming|with_care|for_each|plainly_after)\b|self\._tidied\b")


def test_every_verb_that_writes_is_among_them(pairs: Pairs) -> None:
    stores = [type(getattr(pairs.one.store, one.name)) for one in fields(Stores)]
    writing = {
        name
        for store in stores
        for name, verb in inspect.getmembers(store, inspect.isfunction)
        if not name.startswith("_") and WRITES.search(inspect.getsource(verb))
    } - {one for one, _ in inspect.getmembers(Transactions, inspect.isfunction)}

    writing.remove("prove")  # which shows that it could write, and locks no row
    assert {name.partition(" ")[0] for name in pairs.verbs} == writing
    assert [name for name, places in pairs.places.items() if not places] == []


def test_no_two_verbs_wait_for_each_other(pairs: Pairs) -> None:
    by_places = sorted(pairs.verbs, key=lambda name: len(pairs.places[name]))
    both = combinations_with_replacement(by_places, 2)

    wrong = [fault for first, second in both for fault in pairs.crossed(first, second)]

    assert wrong == []


def test_no_verb_holds_anybody_while_it_waits_for_somebody_before_them(pairs: Pairs) -> None:
    """What one statement locks of many has an order too."""
    wrong = []
    for name, verb in pairs.verbs.items():
        for number, one in enumerate(PEOPLE):
            with pairs.watcher.write() as connection:
                connection.execute(LOCK, {"ids": [one]})
                running = pairs.one.begin(verb)
                pairs.waits(running)
                free = connection.scalars(LOCK_FREE, {"ids": list(PEOPLE[number + 1 :])}).all()
            assert running.exception(20) is None
            if len(free) < len(PEOPLE) - number - 1:
                wrong.append((name, one, sorted(free)))

    assert wrong == []


@pytest.mark.parametrize(
    ("name", "locked"),
    [
        ("claim_due (both in turn)", (person,)),
        ("claim_layout", (person,)),
        ("ask_for_consent", (person,)),
        ("doubts", (person, message)),
        ("abandon", (person, lease)),
        ("claim_alerts", (alarm,)),
        ("clear_away", (alarm,)),
    ],
)
def test_who_looks_at_many_waits_for_none(pairs: Pairs, name: str, locked: Sequence[Table]) -> None:
    with pairs.watcher.write() as connection:
        for table in locked:
            connection.execute(select(table).with_for_update()).all()
        running = pairs.one.begin(pairs.verbs[name])

        waited = pairs.waits(running)

    assert not waited
    assert running.exception(20) is None
