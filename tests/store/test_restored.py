"""How far a database has come, and that it was restored: kept in it, one for all hosts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from nudger.agenda.entries import Decision, Due, Restored, Ways
from nudger.domain.model import Person
from tests.support.worlds.store import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    World,
    counting,
    laid_out,
    plan,
    send,
    slot,
)

NOTICED = Restored(NOON, NOON - DAY, NOON - HOUR, "it is older")


def test_a_mark_goes_up_by_one_and_names_the_same_database(world: World) -> None:
    first = world.store.restore.mark(NOON)
    second = world.store.restore.mark(NOON + MINUTE)

    assert (first.number, second.number) == (1, 2)
    assert first.instance == second.instance
    assert world.store.restore.marked() == second


def test_a_mark_passes_what_was_marked_before_elsewhere(world: World) -> None:
    world.store.restore.mark(NOON)

    assert world.store.restore.mark(NOON, at_least=40).number == 41
    assert world.store.restore.mark(NOON, at_least=3).number == 42


def test_a_database_that_was_never_marked_says_so(world: World) -> None:
    assert world.store.restore.marked() is None
    assert world.store.restore.restored() is None


def test_what_is_held_back_is_held_until_it_is_accepted(world: World) -> None:
    world.store.restore.hold_back(NOTICED)
    assert world.store.restore.restored() == NOTICED

    accepted = world.store.restore.accept_restored(NOON + HOUR)

    assert accepted
    assert world.store.restore.restored() == replace(NOTICED, accepted_at=NOON + HOUR, done_until=NOON + HOUR)
    assert not world.store.restore.accept_restored(NOON + DAY)


def test_a_claim_knows_what_was_held_back_a_moment_before(world: World) -> None:
    world.load(plan())
    world.store.agenda.lay_out([laid_out("maya", slot(NOON))], NOON - HOUR)
    world.store.restore.hold_back(NOTICED)
    known = []

    def decide(one: Person, dues: Sequence[Due], ways: Ways) -> Decision:
        known.append(ways.restored)
        return counting(send, NOON)(one, dues, ways)

    world.store.sending.claim_due(NOON, 10, "here", decide)
    assert known == [NOTICED]


def test_nothing_held_back_is_nothing_to_accept(world: World) -> None:
    assert not world.store.restore.accept_restored(NOON)


def test_noticed_once_more_is_held_back_once_more_with_the_wider_bounds(world: World) -> None:
    world.store.restore.hold_back(NOTICED)
    world.store.restore.accept_restored(NOON)
    again = Restored(NOON + DAY, NOON - HOUR, NOON - 2 * HOUR, "once more")

    world.store.restore.hold_back(again)

    assert world.store.restore.restored() == replace(again, knows_until=NOON - DAY, done_until=NOON)


def test_what_was_asked_for_again_is_not_asked_for_a_third_time(world: World) -> None:
    world.store.restore.hold_back(NOTICED)
    world.store.restore.note_asked(NOON + MINUTE)
    again = Restored(NOON + DAY, NOON - HOUR, NOON, "once more")

    world.store.restore.hold_back(again)

    found = world.store.restore.restored()
    assert found is not None
    assert found.asked_at is None
    assert found.knows_until == NOON - HOUR
    assert found.noticed_at - NOTICED.noticed_at == timedelta(days=1)
