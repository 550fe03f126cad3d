"""What a daemon has claimed is its own while its lease lasts, by the database's clock."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import pytest
from sqlalchemy import select, text, update

from nudger.agenda.entries import Failure, Layable
from nudger.domain.effects import Answer, OptOut
from nudger.domain.errors import StoreError
from nudger.sending.lease import HELD
from nudger.sending.port import Doubt
from nudger.store import Stores, look_at
from nudger.store.schema.shared import lease, turn
from nudger.store.sql.database import Database
from nudger.store.sql.statements import moment
from tests.support.races import PEOPLE, judging, together
from tests.support.worlds.store import MINUTE, NOON, SMS, World, plan, slot

A, B = "alpha:/state#1", "beta:/state#1"
A_AGAIN = "alpha:/state#2"


def passes(database: Database, span: timedelta) -> None:
    """Leases and turns age by so much: the database's own clock cannot be stepped."""
    with database.write() as connection:
        for table, column in ((lease, lease.c.until), (turn, turn.c.next_at)):
            for key, at in connection.execute(select(*table.primary_key.columns, column)).all():
                (one,) = table.primary_key.columns
                connection.execute(update(table).where(one == key).values({column: at - span}))


def test_while_it_lives_what_it_has_claimed_is_its_own(world: World, database: Database) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    passes(database, HELD - timedelta(seconds=15))
    world.store.sending.renew(A)
    passes(database, timedelta(seconds=15))

    assert world.store.sending.abandon(NOON + MINUTE) == 0
    assert not world.store.sending.stopped(sendings, NOON)
    assert world.states() == ["sending"]


def test_what_a_dead_host_left_in_sending_is_unknown_once_its_lease_is_over(
    world: World, database: Database
) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    assert world.store.sending.abandon(NOON + MINUTE) == 0
    passes(database, HELD)

    assert world.store.sending.abandon(NOON + MINUTE) == 1

    assert world.states() == ["unknown"]
    assert world.store.sending.abandon(NOON + MINUTE) == 0
    assert set(world.store.sending.stopped(sendings, NOON)) == {sendings[0].message}
    assert world.claim().looked_at == 0


def test_who_stood_still_past_its_lease_sends_nothing_that_was_taken_over(
    world: World, database: Database
) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    passes(database, HELD)
    world.store.sending.abandon(NOON)

    world.store.sending.renew(A)  # it goes on
    stopped = set(world.store.sending.stopped(sendings, NOON))

    assert stopped == {sendings[0].message}
    assert world.states() == ["unknown"]


def test_who_stood_still_and_was_not_missed_goes_on(world: World, database: Database) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    passes(database, HELD)

    world.store.sending.renew(A)

    assert not world.store.sending.stopped(sendings, NOON)
    assert world.store.sending.abandon(NOON) == 0


def test_what_is_asked_for_after_the_lease_was_never_handed_over_and_is_planned_again(
    world: World, database: Database
) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    # Not over yet, but before the call could be.
    passes(database, HELD - timedelta(seconds=20))

    assert set(world.store.sending.stopped(sendings, NOON)) == {sendings[0].message}

    assert world.states() == ["planned"]
    assert world.person().history.sent == 0
    world.store.sending.renew(B)
    (again,) = world.claim(owner=B).sendings
    assert again.occurrence == sendings[0].occurrence
    assert again.message != sendings[0].message


def test_a_stop_is_the_reason_where_the_lease_is_over_too(world: World, database: Database) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    world.text(OptOut(frozenset({SMS}), "texted STOP"))
    passes(database, HELD)

    world.store.sending.stopped(sendings, NOON)

    assert world.states() == ["cancelled"]


def test_an_answer_that_is_no_longer_held_waits_too(world: World, database: Database) -> None:
    world.store.sending.renew(A)
    world.load(plan())
    world.text(Answer("Paused."))
    (answer,) = world.claim(owner=A).sendings
    passes(database, HELD)

    assert set(world.store.sending.stopped([answer], NOON)) == {answer.message}

    world.store.sending.renew(A)
    (again,) = world.claim(owner=A).sendings
    assert again.text == "Paused."


def test_who_ends_gives_up_what_it_left_at_once(world: World) -> None:
    world.store.sending.renew(A)
    world.maya(NOON)
    world.claim(owner=A)

    world.store.sending.give_up(A)

    assert world.store.sending.abandon(NOON) == 1


def test_a_claim_of_one_who_has_no_lease_is_nobodys(world: World) -> None:
    world.maya(NOON)
    world.claim(owner="of a database that was carried over")

    assert world.store.sending.abandon(NOON) == 1


def test_a_start_recovers_what_earlier_lives_of_its_host_left_and_nothing_else(world: World) -> None:
    world.store.sending.renew(A)
    world.store.sending.renew(B)
    world.maya(NOON, NOON - MINUTE)
    world.load(plan(), plan("jonas"))
    world.lay_out("jonas", slot(NOON))
    world.claim(owner=A, limit=1)
    world.claim(owner=B)

    assert world.store.sending.recover(A_AGAIN, NOON) == 2

    assert set(world.states()) == {"unknown"}
    assert world.states("jonas") == ["sending"]


def test_a_second_daemon_under_the_name_of_one_that_lives_is_told_to_it(world: World) -> None:
    world.store.sending.recover(A, NOON)
    world.maya(NOON)
    sendings = world.claim(owner=A).sendings
    world.store.sending.recover(A_AGAIN, NOON)

    assert set(world.store.sending.stopped(sendings, NOON)) == {sendings[0].message}
    with pytest.raises(StoreError, match="another nudger has started as alpha:/state on the same") as told:
        world.store.sending.renew(A)
    assert "Give each host a name of its own" in (told.value.hint or "")
    world.store.sending.renew(A_AGAIN)


def test_what_its_own_daemon_has_lost_track_of_becomes_unknown_after_ten_minutes(world: World) -> None:
    world.maya(NOON)
    world.claim(owner="here")

    assert world.store.sending.abandon(NOON + 9 * MINUTE) == 0
    assert world.store.sending.abandon(NOON + 11 * MINUTE) == 1
    assert world.states() == ["unknown"]


def test_threads_that_renew_at_once_after_a_take_over_share_one_lease(
    world: World, second: Stores, database: Database
) -> None:
    together(*(partial(store.sending.renew, A) for store in (world.store, second) * 3))

    with database.read() as connection:
        assert connection.scalars(select(lease.c.owner).order_by(lease.c.owner)).all() == [A, "here"]


def test_two_hosts_that_take_over_at_once_take_over_once(
    world: World, second: Stores, database: Database
) -> None:
    world.store.sending.renew(A)
    world.maya(NOON, NOON - MINUTE)
    world.claim(owner=A)
    passes(database, HELD)

    taken = together(
        *(partial(store.sending.abandon, NOON) for store in (world.store, second, world.store, second))
    )

    assert sum(map(int, map(str, taken))) == 2


def test_whoever_is_held_by_a_host_that_stands_still_is_taken_over_at_a_later_look(
    world: World, second: Stores, database: Database
) -> None:
    if database.is_sqlite:
        return  # one writer: a take-over waits
    world.store.sending.renew(A)
    world.load(plan(), plan("jonas"))
    world.lay_out("maya", slot(NOON))
    world.lay_out("jonas", slot(NOON))
    world.claim(owner=A)
    world.lay_out("maya", slot(NOON - MINUTE, 2))
    passes(database, HELD)

    with judging(second):
        assert world.store.sending.abandon(NOON) == 1
        assert world.states("jonas") == ["unknown"]
        assert world.states("maya") == ["planned", "sending"]

    assert world.store.sending.abandon(NOON) == 2


def test_a_duty_that_one_does_for_all_is_done_once_in_its_time(
    world: World, second: Stores, database: Database
) -> None:
    asks: list[Callable[[], object]] = [
        partial(store.facts.take_turn, "tally", MINUTE) for store in (world.store, second) * 3
    ]

    assert together(*asks).count(True) == 1
    assert world.store.facts.take_turn("housekeeping", MINUTE)
    passes(database, MINUTE)
    assert together(*asks).count(True) == 1


def test_hosts_that_lay_out_at_once_divide_the_people_among_them(world: World, second: Stores) -> None:
    world.load(*(plan(name) for name in PEOPLE))

    batches = together(*(partial(store.agenda.claim_layout, NOON, 40) for store in (world.store, second) * 2))

    taken = [one.person.id for batch in batches for one in cast(Sequence[Layable], batch)]
    assert sorted(taken) == PEOPLE
    assert not world.store.agenda.claim_layout(NOON, 40)
    # Whoever took them may be gone.
    assert len(world.store.agenda.claim_layout(NOON + MINUTE, 500)) == len(PEOPLE)


def test_of_several_hosts_one_asks_about_each_doubt(world: World, second: Stores, database: Database) -> None:
    if database.is_sqlite:
        return
    world.maya(NOON)
    world.fail(world.claim_one(), Failure.AMBIGUOUS)

    asks = [partial(store.sending.doubts, NOON, frozenset({SMS}), 10) for store in (world.store, second) * 2]

    assert sorted(len(cast(Sequence[Doubt], one)) for one in together(*asks)) == [0, 0, 0, 1]
    assert len(second.sending.doubts(NOON + MINUTE, frozenset({SMS}), 10)) == 1


def test_the_databases_clock_is_read_as_an_instant(world: World, database: Database) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=2)  # SQLite counts in whole ones

    at = world.store.facts.time()

    assert before <= at <= datetime.now(UTC) + timedelta(milliseconds=2)
    with database.read() as connection:
        ahead, here = connection.execute(select(moment(MINUTE), moment())).one()
        assert abs(ahead - here - MINUTE) < timedelta(seconds=1)
        assert connection.scalar(text("SELECT count(*) FROM lease")) == 1  # of the world itself


def test_a_look_at_the_database_counts_the_daemons_that_live(
    world: World, database: Database, database_url: str
) -> None:
    world.store.sending.renew(A)
    world.store.sending.renew(B)
    world.store.sending.give_up(B)

    found = look_at(database_url).shared

    if database.is_sqlite:
        assert found is None
        return
    assert found is not None
    assert (found.daemons, found.pooled) == (2, False)  # the world's own, and A
    assert abs(found.time - world.store.facts.time()) < timedelta(seconds=5)
