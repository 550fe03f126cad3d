"""A person whom nudger fails over is set aside, with an alarm; all others go on, and they are tried again."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from nudger.agenda.entries import EVERY_WAY, Decision, Due, Ways
from nudger.agenda.set_aside import REASON, Step
from nudger.domain.effects import Answer, OptOut, Pause, Resume
from nudger.domain.errors import StoreError
from nudger.domain.model import Person, State
from nudger.store.sql.database import Database
from tests.support.worlds.store import (
    DAY,
    HOUR,
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

NAMES = ("ann", "bo", "maya")


def failing(*names: str, fault: type[Exception] = OverflowError) -> Callable[..., Decision]:
    """Judges everybody but these."""
    judge = counting(send, NOON)

    def decide(one: Person, dues: Sequence[Due], ways: Ways = EVERY_WAY) -> Decision:
        if one.id in names:
            raise fault("year 10000 is out of range: +447700900123")
        return judge(one, dues, ways)

    return decide


def everybody(world: World, *names: str, due_at: datetime = NOON) -> None:
    world.load(*(plan(name) for name in names))
    for name in names:
        world.lay_out(name, slot(due_at))


def claimed(world: World, *failing_names: str) -> list[str]:
    claim = world.store.sending.claim_due(world.now, 100, "here", failing(*failing_names))
    return sorted(sending.person for sending in claim.sendings)


def set_aside(world: World) -> list[str]:
    return [one.person for one in world.store.agenda.those_set_aside()]


def test_whom_a_claim_fails_over_is_set_aside_with_an_alarm_and_the_others_go_out(world: World) -> None:
    everybody(world, *NAMES)

    assert claimed(world, "bo") == ["ann", "maya"]

    (one,) = world.store.agenda.those_set_aside()
    (alarm,) = world.store.alarms.alarms()
    assert (one.person, one.since, one.step, one.try_at) == ("bo", NOON, Step.JUDGE, NOON + DAY)
    assert one.fault.startswith("OverflowError at ")
    assert (alarm.key, alarm.words) == ("person bo", one.words)
    assert "nudger resume bo" in alarm.words
    told = world.store.people.log("bo")[0]
    assert (told.what, told.reason) == ("set aside", f"{Step.JUDGE}: {one.fault}")


def test_no_word_of_a_fault_is_told_for_it_may_quote_a_number(world: World) -> None:
    everybody(world, "bo")
    claimed(world, "bo")

    told = repr(
        (world.store.alarms.alarms(), world.store.agenda.those_set_aside(), world.store.people.log("bo"))
    )

    assert "447700900123" not in told
    assert "year 10000" not in told


def test_what_waits_for_someone_set_aside_is_in_nobodys_way_and_has_its_reason_when_it_is_late(
    world: World,
) -> None:
    everybody(world, *NAMES)
    claimed(world, "bo")

    assert world.store.sending.next_due_at() is None
    assert claimed(world, "bo") == []
    world.now = NOON + HOUR
    world.store.agenda.give_up_waiting(world.now)

    (entry,) = world.store.people.agenda("bo", NOON.date())
    assert (entry.state, entry.reason) == (State.MISSED, REASON)


def test_who_is_taken_back_gets_what_is_still_fresh(world: World) -> None:
    everybody(world, "bo")
    claimed(world, "bo")
    world.now += 5 * MINUTE

    world.store.agenda.take_back("bo", world.now)

    assert claimed(world) == ["bo"]
    assert set_aside(world) == []
    assert [alarm.cleared_at for alarm in world.store.alarms.alarms()] == [world.now]
    assert "taken back" in [line.what for line in world.store.people.log("bo")]
    assert [one.person.id for one in world.store.agenda.claim_layout(world.now, 10)] == ["bo"]


def test_an_edit_and_an_act_and_a_start_have_someone_tried_again(world: World) -> None:
    everybody(world, *NAMES)
    tries: list[datetime] = []
    for again in (
        lambda: world.load(plan("ann"), plan("bo", name="Robert"), plan("maya")),
        lambda: world.act(Pause(None), person="bo"),
        lambda: world.store.agenda.try_all_again(world.now),
    ):
        world.store.agenda.set_aside({"bo": OverflowError()}, 1, Step.JUDGE, world.now)
        world.now += MINUTE
        again()
        tries += [one.try_at - world.now for one in world.store.agenda.those_set_aside()]

    assert tries == [timedelta(0)] * 3


def test_someone_who_fails_again_keeps_since_when_and_is_news_once(world: World) -> None:
    everybody(world, "bo")
    claimed(world, "bo")
    world.now += DAY

    world.store.agenda.set_aside({"bo": KeyError("x")}, 1, Step.TRY, world.now)

    (one,) = world.store.agenda.those_set_aside()
    assert (one.since, one.step, one.try_at) == (NOON, Step.TRY, NOON + 2 * DAY)
    assert [line.what for line in world.store.people.log("bo")].count("set aside") == 1


def test_the_days_of_others_are_laid_out(world: World, database: Database) -> None:
    world.load(*(plan(name) for name in NAMES))
    spoil(database, "UPDATE plan SET nudges = '[{' WHERE person = 'bo'")

    layable = world.store.agenda.claim_layout(NOON, 10)
    world.store.agenda.lay_out([laid_out(one.person.id, slot(NOON)) for one in layable], NOON)

    assert sorted(one.person.id for one in layable) == ["ann", "maya"]
    assert claimed(world) == ["ann", "maya"]
    assert [(one.person, one.step) for one in world.store.agenda.those_set_aside()] == [("bo", Step.LAY_OUT)]
    assert world.store.agenda.claim_layout(NOON + HOUR, 10) == []


def test_others_are_asked_for_their_consent(world: World) -> None:
    world.load(*(plan(name, consent=None) for name in NAMES))

    def asks_from(one: Person, _channel: object) -> datetime:
        if one.id == "bo":
            raise OverflowError
        return NOON

    world.store.agenda.ask_for_consent(NOON, 10, asks_from)

    assert {sending.person for sending in world.claim().sendings} == {"ann", "maya"}
    assert set_aside(world) == ["bo"]
    assert world.store.agenda.ask_for_consent(NOON + HOUR, 10, asks_from) == 0


def test_who_cannot_be_read_still_gets_the_answer_to_a_text(world: World, database: Database) -> None:
    world.maya(NOON)
    world.text(Answer("Call 116 123.", "crisis"))
    spoil(database, "UPDATE person SET history = '{' WHERE id = 'maya'")

    (sending,) = world.claim().sendings

    assert (sending.person, sending.text, sending.address) == ("maya", "Call 116 123.", "+447700900123")
    assert set_aside(world) == ["maya"]
    assert world.states() == ["planned"]


@pytest.mark.parametrize("count", [11, 40])
def test_what_hits_most_of_many_is_no_one_persons_fault_and_changes_nothing(world: World, count: int) -> None:
    names = [f"p{number}" for number in range(count)]
    everybody(world, *names)

    with pytest.raises(OverflowError):
        claimed(world, *names)

    assert (set_aside(world), world.store.alarms.alarms()) == ([], [])
    assert claimed(world) == sorted(names)


def test_what_hits_one_after_the_other_is_nudgers_own_once_most_are_set_aside(world: World) -> None:
    names = [f"p{number}" for number in range(20)]
    everybody(world, *names)
    for name in names[:10]:
        world.store.agenda.set_aside({name: OverflowError()}, 1, Step.JUDGE, world.now)

    with pytest.raises(OverflowError):
        world.store.agenda.set_aside({"p10": OverflowError()}, 1, Step.JUDGE, world.now)

    assert len(set_aside(world)) == 10


def test_a_roster_that_is_spoilt_for_less_than_half_leaves_the_others_their_nudges(world: World) -> None:
    names = [f"p{number:02}" for number in range(60)]
    everybody(world, *names)

    assert claimed(world, *names[:25]) == names[25:]

    assert set_aside(world) == names[:25]


@pytest.mark.parametrize("fault", [StoreError("the disk is full"), MemoryError()])
def test_a_database_that_is_away_is_nobodys_fault(world: World, fault: Exception) -> None:
    everybody(world, *NAMES)

    def decide(_one: Person, _dues: Sequence[Due], _ways: Ways) -> Decision:
        raise fault

    with pytest.raises(type(fault)):
        world.store.sending.claim_due(NOON, 100, "here", decide)

    assert set_aside(world) == []


def test_someone_set_aside_can_be_forgotten_and_no_alarm_names_them(world: World) -> None:
    everybody(world, "bo")
    claimed(world, "bo")

    assert world.store.people.forget("bo")

    assert (set_aside(world), world.store.alarms.alarms()) == ([], [])


def spoil(database: Database, statement: str) -> None:
    """As a fault of long ago, or a hand, has left a row."""
    with database.write() as connection:
        connection.exec_driver_sql(statement)


def test_an_opt_out_of_someone_set_aside_counts(world: World) -> None:
    everybody(world, "maya")
    claimed(world, "maya")

    world.text(OptOut(frozenset({SMS}), "texted STOP"))
    world.act(Resume())

    assert world.person().standing.opted_out == {SMS}


def test_a_stop_that_cannot_be_read_binds_the_number_in_whosever_plan_it_stands(
    world: World, database: Database
) -> None:
    world.maya()
    world.text(OptOut(frozenset({SMS}), "texted STOP"))
    out = "9223372036854775807" if database.is_sqlite else "'infinity'"
    spoil(database, f"UPDATE reach SET opted_out_at = {out} WHERE person = 'maya'")

    world.load(plan("nia", phone=MAYA_PHONE), present=("maya", "nia"))

    assert world.person("nia").standing.opted_out == {SMS}
