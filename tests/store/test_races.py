"""Several claimers, several writers: what is promised holds whoever comes first."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread

from sqlalchemy import text
from structlog.testing import capture_logs

from nudger.domain.effects import OptOut, Response
from nudger.inbound.port import Inbound
from nudger.store import Stores
from nudger.store.sql.database import Database
from tests.support.races import PEOPLE, judging, together
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    MAYA_PHONE,
    MINUTE,
    NOON,
    SMS,
    World,
    counting,
    laid_out,
    plan,
    send,
    slot,
)


def test_two_daemons_on_one_agenda_never_share_an_entry(world: World, second: Stores) -> None:
    world.load(*(plan(name) for name in PEOPLE))
    days = [laid_out(name, slot(NOON), slot(NOON - MINUTE, 2)) for name in PEOPLE]
    world.store.agenda.lay_out(days, NOON)

    def drain(store: Stores, owner: str) -> list[int]:
        taken: list[int] = []
        while claim := store.sending.claim_due(NOON, 7, owner, counting(send, NOON)).sendings:
            taken += [sending.occurrence for sending in claim]
        return taken

    batches = together(
        lambda: drain(world.store, "a"),
        lambda: drain(world.store, "a"),
        lambda: drain(second, "b"),
        lambda: drain(second, "b"),
    )

    taken = [entry for batch in batches for entry in batch]
    assert len(taken) == len(set(taken))
    # A person whom another daemon had locked is left for the next claim.
    rest = drain(world.store, "a")
    assert len(taken) + len(rest) == 2 * len(PEOPLE)
    assert not set(taken) & set(rest)


def test_a_person_whom_another_daemon_judges_is_left_alone(world: World, second: Stores) -> None:
    if world.store.transactions.database.is_sqlite:
        return  # one writer: the other daemon waits (test_a_stop_waits_for_the_claim_before_it)
    world.load(plan(), plan("jonas"))
    for person in ("maya", "jonas"):
        world.lay_out(person, slot(NOON))

    with judging(second):
        claim = world.claim()

    assert [sending.person for sending in claim.sendings] == ["jonas"]
    assert world.states("maya") == ["sending"]


def test_a_stop_waits_for_the_claim_before_it_and_is_seen_by_the_next(world: World, second: Stores) -> None:
    world.maya(NOON, NOON + MINUTE)
    stopping = Thread(target=world.text, args=(OptOut(frozenset({SMS}), "texted STOP"),))

    with judging(second) as claimed:
        stopping.start()
    stopping.join()

    (sending,) = claimed
    assert set(world.store.sending.stopped([sending], NOON)) == {sending.message}
    world.now = NOON + MINUTE
    assert [sending.channel for sending in world.claim().sendings] == [EMAIL]


def test_one_text_that_comes_in_twice_at_once_is_taken_once(world: World, second: Stores) -> None:
    world.load(plan())
    inbound = Inbound("SM1", SMS, MAYA_PHONE, "later", NOON)

    def take(store: Stores) -> object:
        return store.inbound.take_reply(inbound, lambda _: Response("tested"))

    taken = together(*(partial(take, store) for store in (world.store, second) * 2))

    assert len([one for one in taken if one is not None]) == 1
    assert len(world.store.people.conversation()) == 1


def test_one_folder_loaded_by_two_hosts_at_once_is_loaded_once(world: World, second: Stores) -> None:
    plans = [plan(name) for name in PEOPLE]

    changes = together(lambda: world.load(*plans), lambda: World(second).load(*plans))

    assert sorted(name for change in changes for name in change.added) == PEOPLE
    assert [one.id for one in world.store.people.people()] == PEOPLE


def test_days_laid_out_by_two_hosts_at_once_are_there_once(world: World, second: Stores) -> None:
    world.load(*(plan(name) for name in PEOPLE))
    forwards = [laid_out(name, slot(NOON), afresh=True) for name in PEOPLE]
    backwards = [laid_out(name, slot(NOON), afresh=True) for name in reversed(PEOPLE)]

    together(
        lambda: world.store.agenda.lay_out(forwards, NOON), lambda: second.agenda.lay_out(backwards, NOON)
    )

    assert world.store.overview.status(NOON).planned == len(PEOPLE)


def test_verbs_of_all_kinds_at_once_leave_every_entry_in_one_state(world: World, second: Stores) -> None:
    names = PEOPLE[:30]
    phones = {name: f"+4477009{number:05}" for number, name in enumerate(names)}
    plans = [plan(name, phone=phones[name], channels=(SMS,)) for name in names]
    world.load(*plans)
    world.store.agenda.lay_out([laid_out(name, slot(NOON)) for name in names], NOON)

    def claims() -> int:
        sent = 0
        for _ in range(20):
            sendings = world.claim(limit=5).sendings
            world.accept(*sendings)
            sent += len(sendings)
        return sent

    def stops() -> None:
        stop = Response("stop", None, (OptOut(frozenset({SMS}), "texted STOP"),))
        for name in names:
            second.inbound.take_reply(Inbound(f"SM-{name}", SMS, phones[name], "stop", NOON), lambda _: stop)

    def reloads() -> None:
        for _ in range(3):
            World(second).load(*plans)
            second.agenda.lay_out([laid_out(name, slot(NOON + DAY, 2)) for name in reversed(names)], NOON)

    sent, _, _ = together(claims, stops, reloads)

    states = [state for name in names for state in world.states(name)]
    assert states.count("sent") == sent
    assert set(states) <= {"sent", "cancelled", "planned"}
    assert {one.standing.opted_out for one in world.store.people.people()} == {frozenset({SMS})}


def test_a_verb_that_the_server_undoes_for_anothers_sake_is_begun_again(
    world: World, database: Database
) -> None:
    if database.is_sqlite:
        return  # one writer
    world.load(plan(), plan("jonas"))
    days = [laid_out(name, slot(NOON)) for name in ("jonas", "maya")]
    one = text("SELECT FROM person WHERE id = :id FOR UPDATE")
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    with capture_logs() as logs, ThreadPoolExecutor(1) as pool:
        with database.engine.begin() as stranger, database.engine.connect() as watcher:
            # Who has waited for longest finds out, and is undone: not the stranger, who locks as nobody here.
            stranger.execute(text("SET LOCAL deadlock_timeout = '20s'"))
            stranger.execute(one, {"id": "maya"})
            laying = pool.submit(world.store.agenda.lay_out, days, NOON)
            while not watcher.scalar(waits):
                watcher.rollback()
            stranger.execute(one, {"id": "jonas"})
        laying.result(20)

    assert [(entry["event"], entry["verb"]) for entry in logs] == [("begun_again", "lay_out")]
    assert (world.states("maya"), world.states("jonas")) == (["planned"], ["planned"])
