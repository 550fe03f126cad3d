"""Reports of a provider in the store: out of order, repeated, late, for ids that nobody knows."""

from itertools import permutations

import pytest

from nudger.agenda.entries import Drop, Due, Failure, Report, SendFailure, Sending, Stage
from nudger.domain.effects import Answer, Resume, Settle
from nudger.domain.model import Outcome, Slot, State
from tests.support.worlds.store import (
    EMAIL,
    HOUR,
    MAYA_EMAIL,
    MINUTE,
    NOON,
    SMS,
    World,
    entry,
    message,
    plan,
    slot,
)

ACCEPTED, DELIVERED = Report("SM1", Stage.ACCEPTED), Report("SM1", Stage.DELIVERED)


def failed(failure: Failure = Failure.RECIPIENT, code: str = "30005") -> Report:
    return Report("SM1", Stage.FAILED, SendFailure(failure, f"it was {failure}", code))


def sent(world: World, **changes: object) -> Sending:
    world.maya(NOON, **changes)
    (sending,) = world.deliver()
    return sending


def fail_in_a_row(world: World, times: int, first: int = 0) -> None:
    """So many texts go out, an hour apart, and none arrives."""
    for number in range(first, first + times):
        world.now = NOON + number * HOUR
        world.lay_out("maya", slot_at(world, number))
        (sending,) = world.deliver()
        world.store.sending.report(sending.message, failed(Failure.LOST, "30008"), world.now)


def slot_at(world: World, number: int) -> Slot:
    return slot(world.now, number + 1)


def test_a_delivery_is_recorded(world: World) -> None:
    sending = sent(world)

    assert world.store.sending.report(sending.message, DELIVERED, NOON + MINUTE) == "delivered"

    assert (entry(world).state, message(world)["state"]) == ("delivered", "delivered")


def test_a_report_of_an_unknown_id_is_nothing(world: World) -> None:
    sent(world)

    assert world.store.sending.report("no-such-message", DELIVERED, NOON) is None


def test_a_repeated_report_changes_nothing(world: World) -> None:
    sending = sent(world)
    world.store.sending.report(sending.message, DELIVERED, NOON)
    before = world.store.people.export("maya")

    assert world.store.sending.report(sending.message, DELIVERED, NOON + HOUR) is None

    assert world.store.people.export("maya") == before


@pytest.mark.parametrize("order", list(permutations([ACCEPTED, DELIVERED, failed()])))
def test_in_every_order_what_was_delivered_is_delivered(world: World, order: tuple[Report, ...]) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.fail(sending, Failure.AMBIGUOUS)

    for number, told in enumerate(order):
        world.store.sending.report(sending.message, told, NOON + number * MINUTE)

    assert (entry(world).state, message(world)["state"]) == ("delivered", "delivered")
    assert world.claim().looked_at == 0
    assert world.person().history.sent == 1


def test_a_report_that_comes_before_the_receipt_counts_and_the_receipt_changes_nothing(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.store.sending.report(sending.message, DELIVERED, NOON)

    world.accept(sending)
    world.fail(sending, Failure.AMBIGUOUS)

    assert (entry(world).state, message(world)["provider_id"]) == ("delivered", "SM1")


def test_a_text_that_certainly_did_not_arrive_goes_by_email_while_fresh(world: World) -> None:
    sending = sent(world)

    world.store.sending.report(sending.message, failed(), NOON + MINUTE)

    world.now = NOON + MINUTE
    assert world.person().history.sent == 0
    again = world.claim_one()
    assert (again.channel, again.address, again.occurrence) == (EMAIL, MAYA_EMAIL, sending.occurrence)
    assert world.person().history.sent == 1


def test_a_text_that_may_have_arrived_goes_no_other_way(world: World) -> None:
    sending = sent(world)

    world.store.sending.report(sending.message, failed(Failure.LOST, "30008"), NOON)

    assert (entry(world).state, message(world)["code"]) == ("failed", "30008")
    assert world.claim().looked_at == 0


def test_a_failure_that_comes_after_it_expired_is_only_recorded(world: World) -> None:
    sending = sent(world)

    world.store.sending.report(sending.message, failed(), NOON + HOUR)

    assert (entry(world).state, entry(world).reason) == ("failed", "it was recipient")


def test_a_failure_of_what_was_answered_goes_no_other_way(world: World) -> None:
    sending = sent(world)
    world.text(Settle(sending.occurrence, Outcome.DONE))

    world.store.sending.report(sending.message, failed(), NOON)

    assert (entry(world).state, message(world)["state"]) == ("sent", "failed")


def test_a_delivery_after_all_takes_back_the_email_that_waits(world: World) -> None:
    sending = sent(world)
    world.store.sending.report(sending.message, failed(), NOON)

    world.store.sending.report(sending.message, DELIVERED, NOON)

    assert entry(world).state == "delivered"
    assert world.claim().looked_at == 0
    assert world.person().history.sent == 1


def test_a_late_failure_of_the_text_leaves_the_email_alone(world: World) -> None:
    world.maya(NOON)
    text = world.claim_one()
    world.fail(text, Failure.RECIPIENT, retry_at=NOON)
    world.deliver()

    world.store.sending.report(text.message, failed(), NOON)

    assert entry(world).state == "sent"


def test_a_stop_that_the_carrier_knows_of_opts_out_here_too(world: World) -> None:
    sending = sent(world)

    world.store.sending.report(sending.message, failed(Failure.OPTED_OUT, "21610"), NOON)

    assert world.person().standing.opted_out == {SMS}


def test_an_answer_that_failed_has_its_only_channel_refused(world: World) -> None:
    world.load(plan())
    world.text(Answer("Noted."))
    (sending,) = world.deliver()

    world.store.sending.report(sending.message, failed(), NOON)

    seen: list[Due] = []
    world.claim(lambda _one, due, _now: seen.append(due) or Drop(State.FAILED, "sms refused it"))
    assert [due.refused for due in seen] == [{SMS}]


# --- numbers that do not work ---------------------------------------------------------------------
def test_five_in_a_row_rest_the_channel_for_this_person_and_the_operator_is_told(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 4)
    assert world.person().standing.unreachable == set()

    fail_in_a_row(world, 1, first=4)

    assert world.person().standing.unreachable == {SMS}
    (alarm,) = world.store.alarms.alarms()
    assert "nudger resume maya" in alarm.words
    assert "unreachable" in [line.what for line in world.store.people.log("maya")]


def test_a_delivery_in_between_begins_the_count_anew(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 4)
    world.now += HOUR
    world.lay_out("maya", slot_at(world, 90))
    (sending,) = world.deliver()
    world.store.sending.report(sending.message, DELIVERED, world.now)

    fail_in_a_row(world, 4, first=10)

    assert world.person().standing.unreachable == set()


def test_a_repeated_report_counts_once(world: World) -> None:
    sending = sent(world)

    for _ in range(9):
        world.store.sending.report(sending.message, failed(), NOON)

    assert world.person().standing.unreachable == set()


def test_a_number_that_the_provider_refuses_counts_too(world: World) -> None:
    world.load(plan(channels=(SMS,)))
    for number in range(5):
        world.now = NOON + number * HOUR
        world.lay_out("maya", slot_at(world, number))
        world.fail(world.claim_one(), Failure.RECIPIENT)

    assert world.person().standing.unreachable == {SMS}


def test_a_changed_number_is_used_again(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 5)

    world.load(plan(phone="+447700900999"))

    assert world.person().standing.unreachable == set()
    assert [alarm.cleared_at for alarm in world.store.alarms.alarms()] == [world.now]


def test_an_edit_that_keeps_the_number_keeps_the_rest(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 5)

    world.load(plan(daily_limit=5))

    assert world.person().standing.unreachable == {SMS}


def test_resume_uses_the_number_again_and_counts_from_nothing(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 5)

    world.act(Resume())

    assert world.person().standing.unreachable == set()
    assert [alarm.cleared_at for alarm in world.store.alarms.alarms()] == [world.now]
    fail_in_a_row(world, 4, first=10)
    assert world.person().standing.unreachable == set()


def test_a_late_delivery_uses_the_number_again(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 5)
    last = message(world)["id"]

    world.store.sending.report(str(last), DELIVERED, world.now)

    assert world.person().standing.unreachable == set()


def test_who_is_forgotten_leaves_no_alarm(world: World) -> None:
    world.load(plan())
    fail_in_a_row(world, 5)

    world.store.people.forget("maya")

    assert world.store.alarms.alarms() == []
