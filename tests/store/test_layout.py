"""Laid-out days: what is added, moved, taken away and planned again, and what is never touched."""

from dataclasses import replace
from datetime import time

from sqlalchemy import text

from nudger.agenda.entries import Failure
from nudger.domain.effects import Hold, OptIn, OptOut, Resume, Snooze
from nudger.domain.model import Kind, Origin, Slot, State
from nudger.store.agenda import laying_out
from nudger.store.sql.database import Database
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    HOUR,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    World,
    drop,
    laid_out,
    later,
    plan,
    slot,
)

ONE, TWO, THREE = NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR


def test_a_new_person_is_due_at_once_and_was_never_laid_out(world: World) -> None:
    world.load(plan())

    (layable,) = world.store.agenda.claim_layout(NOON, 10)

    assert (layable.person.id, layable.laid_out_through, layable.afresh) == ("maya", None, True)


def test_who_comes_next_is_read_from_an_index_and_sorts_nobody(database: Database) -> None:
    asked = laying_out._DUE.compile(dialect=database.engine.dialect)
    values = {**asked.params, "now": NOON, "at_most": 10}

    with database.read() as connection:
        if database.is_sqlite:
            how = connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"), values).all()
        else:
            # A test's table is so small that reading all of it would be chosen.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            how = connection.exec_driver_sql(f"EXPLAIN {asked}", values).all()

    assert "person_layout" in str(how)
    assert "B-TREE" not in str(how)
    assert "Sort" not in str(how)


def test_someone_laid_out_is_due_again_at_the_time_that_was_named(world: World) -> None:
    world.load(plan())
    world.lay_out("maya", slot(ONE))

    assert not world.store.agenda.claim_layout(NOON + DAY - MINUTE, 10)
    (layable,) = world.store.agenda.claim_layout(NOON + DAY, 10)
    assert (layable.laid_out_through, layable.afresh) == (TODAY + DAY, False)


def test_people_are_laid_out_earliest_first_and_no_more_than_asked_for(world: World) -> None:
    world.load(plan(), plan("jonas"), plan("ines"))
    for person, hours in (("maya", 3), ("jonas", 1), ("ines", 2)):
        world.store.agenda.lay_out([laid_out(person, next_at=NOON + hours * HOUR)], NOON)

    layable = world.store.agenda.claim_layout(NOON + DAY, 2)

    assert [one.person.id for one in layable] == ["jonas", "ines"]


def test_a_slot_becomes_an_entry_with_its_expiry_and_kind(world: World) -> None:
    world.load(plan())

    world.lay_out("maya", slot(ONE), slot(TWO, 1, "stretch", Origin.DRAWN))

    rest, stretch = world.store.people.agenda("maya", TODAY)
    assert (rest.nudge, rest.kind, rest.origin, rest.slot, rest.round) == ("rest", Kind.REST, "fixed", 1, 0)
    assert (rest.due_at, rest.expires_at, rest.local_date) == (ONE, ONE + 30 * MINUTE, TODAY)
    assert (stretch.kind, stretch.origin, stretch.expires_at) == (Kind.MOVEMENT, "drawn", TWO + 45 * MINUTE)


def test_a_slot_without_an_instant_is_no_entry(world: World) -> None:
    world.load(plan())

    world.lay_out("maya", Slot("rest", TODAY, 1, Origin.FIXED, time(13), None, "no such time"))

    assert world.states() == []


def test_an_identity_that_is_there_is_not_added_again(world: World) -> None:
    world.load(plan())
    world.lay_out("maya", slot(ONE))

    world.lay_out("maya", slot(TWO), slot(THREE, 2))

    assert world.due_times() == [ONE, THREE]


def test_afresh_takes_away_what_the_plan_no_longer_has(world: World) -> None:
    world.maya(ONE, TWO, THREE)

    world.lay_out("maya", slot(TWO, 2), afresh=True)

    assert world.due_times() == [TWO]


def test_afresh_moves_what_is_there_at_another_time(world: World) -> None:
    world.maya(ONE, TWO)

    world.lay_out("maya", slot(THREE, 1), slot(TWO, 2), afresh=True)

    assert world.due_times() == [TWO, THREE]
    assert [entry.expires_at for entry in world.store.people.agenda("maya", TODAY)] == [
        TWO + 30 * MINUTE,
        THREE + 30 * MINUTE,
    ]


def test_afresh_adds_what_is_new(world: World) -> None:
    world.maya(ONE)

    world.lay_out("maya", slot(ONE), slot(TWO, 2), afresh=True)

    assert world.due_times() == [ONE, TWO]


def test_afresh_takes_over_a_longer_freshness(world: World) -> None:
    world.maya(ONE)
    day = laid_out("maya", slot(ONE), afresh=True)

    world.store.agenda.lay_out([replace(day, expires={"rest": 3 * HOUR})], NOON)

    assert [entry.expires_at for entry in world.store.people.agenda("maya", TODAY)] == [ONE + 3 * HOUR]


def test_afresh_leaves_what_is_due_and_not_yet_claimed(world: World) -> None:
    world.maya(ONE, TWO)
    world.now = ONE

    world.lay_out("maya", slot(THREE, 2), afresh=True)

    assert world.due_times() == [ONE, THREE]


def test_afresh_never_touches_what_was_attempted(world: World) -> None:
    world.maya(ONE)
    world.now = ONE
    world.deliver()

    world.lay_out("maya", slot(TWO), afresh=True)

    assert world.states() == ["sent"]


def test_afresh_never_touches_a_send_that_will_be_tried_again(world: World) -> None:
    world.maya(ONE)
    world.now = ONE
    world.fail(world.claim_one(), Failure.NOT_SENT, retry_at=ONE + MINUTE)

    world.lay_out("maya", afresh=True)

    assert world.due_times() == [ONE + MINUTE]


def test_afresh_never_touches_what_was_dropped(world: World) -> None:
    world.maya(ONE)
    world.now = ONE
    world.claim(drop(State.SUPPRESSED, "quiet hours"))

    world.lay_out("maya", slot(TWO), afresh=True)

    assert world.states() == ["suppressed"]


def test_afresh_never_touches_a_snooze(world: World) -> None:
    world.maya(ONE)
    world.now = ONE
    (sent,) = world.deliver()
    world.text(Snooze(sent.occurrence, THREE))

    world.lay_out("maya", slot(TWO), afresh=True)

    assert world.due_times() == [THREE]


def test_afresh_never_touches_what_was_put_off_by_a_verdict(world: World) -> None:
    world.maya(ONE)
    world.now = ONE
    world.claim(later(ONE + 20 * MINUTE))

    world.lay_out("maya", afresh=True)

    assert world.due_times() == [ONE + 20 * MINUTE]


def test_what_an_opt_out_cancelled_is_planned_again_after_start(world: World) -> None:
    world.maya(ONE, TWO)
    world.text(OptOut(frozenset({SMS, EMAIL}), "texted STOP"))
    assert world.states() == ["cancelled", "cancelled"]
    world.text(OptIn(frozenset({SMS}), "texted START"))

    world.lay_out("maya", slot(ONE), slot(THREE, 2), afresh=True)

    assert world.due_times() == [ONE, THREE]


def test_what_a_hold_cancelled_is_planned_again_after_resume(world: World) -> None:
    world.maya(ONE)
    world.text(Hold())
    world.text(Resume())

    world.lay_out("maya", slot(ONE), afresh=True)

    (entry,) = world.store.people.agenda("maya", TODAY)
    assert (entry.state, entry.reason) == ("planned", "")


def test_what_a_removal_cancelled_is_planned_again_after_the_return(world: World) -> None:
    world.maya(ONE)
    world.load()
    world.load(plan())

    world.lay_out("maya", slot(ONE), afresh=True)

    assert world.states() == ["planned"]


def test_what_was_cancelled_and_is_past_stays_so(world: World) -> None:
    world.maya(ONE)
    world.text(Hold())
    world.now = TWO
    world.text(Resume())

    world.lay_out("maya", slot(ONE), afresh=True)

    assert world.states() == ["cancelled"]


def test_what_a_verdict_cancelled_is_not_planned_again(world: World) -> None:
    world.maya(NOON)
    world.claim(drop(State.CANCELLED, "no longer in the plan"))

    world.lay_out("maya", slot(NOON + MINUTE), afresh=True)

    assert world.states() == ["cancelled"]


def test_nobody_who_was_removed_is_laid_out(world: World) -> None:
    world.load(plan())
    (layable,) = world.store.agenda.claim_layout(NOON, 10)
    world.load()

    world.lay_out("maya", slot(ONE), version=layable.version)
    world.lay_out("maya", slot(ONE))

    assert world.states() == []
    assert not world.store.agenda.claim_layout(NOON + DAY, 10)


def test_days_computed_from_a_plan_that_has_changed_meanwhile_are_not_written(world: World) -> None:
    world.load(plan())
    (layable,) = world.store.agenda.claim_layout(NOON, 10)
    world.load(plan(name="Maya B."))

    world.lay_out("maya", slot(ONE), afresh=True, version=layable.version)

    assert world.states() == []
    (again,) = world.store.agenda.claim_layout(NOON, 10)
    assert again.afresh
    world.lay_out("maya", slot(ONE), afresh=True, version=again.version)
    assert world.states() == ["planned"]


def test_a_start_while_days_are_computed_is_not_lost(world: World) -> None:
    world.maya(ONE)
    (layable,) = world.store.agenda.claim_layout(NOON + DAY, 10)
    world.text(OptIn(frozenset({SMS}), "texted START"))

    world.lay_out("maya", version=layable.version)

    (again,) = world.store.agenda.claim_layout(NOON, 10)
    assert again.afresh


def test_days_of_someone_unknown_are_nothing(world: World) -> None:
    world.lay_out("nobody", slot(ONE))

    assert world.store.sending.next_due_at() is None


def test_entries_of_many_people_are_laid_out_together(world: World) -> None:
    names = [f"person-{number}" for number in range(50)]
    world.load(*(plan(name) for name in names))

    world.store.agenda.lay_out([laid_out(name, slot(ONE), slot(TWO, 2)) for name in names], NOON)

    assert all(world.due_times(name) == [ONE, TWO] for name in names)
