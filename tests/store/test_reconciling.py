"""Unknown ends in the store: asked about, found, freed; and whatever people do meanwhile wins."""

from collections.abc import Sequence
from functools import partial
from threading import Thread

import pytest

from nudger.agenda.entries import Failure, Report, Sending, Stage
from nudger.domain.effects import Effect, Hold, OptOut, Pause, Settle, Snooze
from nudger.domain.model import Outcome, State
from nudger.sending.port import Doubt, Listed, Reconciled
from nudger.sending.receipts import judge
from nudger.store import Stores
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    HOUR,
    MAYA_PHONE,
    MINUTE,
    NOON,
    SMS,
    World,
    drop,
    entry,
    message,
    plan,
    slot,
)

ALL = frozenset({SMS, EMAIL})


def unknown(world: World) -> Sending:
    """One text of Maya's whose end nobody knows."""
    world.maya(NOON)
    sending = world.claim_one()
    world.fail(sending, Failure.AMBIGUOUS)
    return sending


def doubts(world: World) -> Sequence[Doubt]:
    return world.store.sending.doubts(world.now, ALL, 10)


def listed(sending: Sending, sid: str = "SM1", stage: Stage = Stage.ACCEPTED) -> Listed:
    return Listed(Report(sid, stage), sending.address, sending.text, NOON)


def ask(world: World, *there: Listed) -> Reconciled:
    return world.store.sending.reconcile(
        doubts(world), there, lambda about, free: judge(about, free, world.now), world.now
    )


def not_there(world: World) -> Reconciled:
    """Asked twice, the second time after a minute: the provider does not have it."""
    ask(world)
    world.now += MINUTE
    return ask(world)


def test_what_is_unknown_is_asked_about_with_what_tells_it(world: World) -> None:
    sending = unknown(world)

    (doubt,) = doubts(world)

    assert (doubt.message, doubt.person, doubt.channel) == (sending.message, "maya", SMS)
    assert (doubt.address, doubt.text, doubt.attempted_at) == (MAYA_PHONE, sending.text, NOON)


def test_only_channels_that_can_be_asked_are_asked(world: World) -> None:
    unknown(world)

    assert not world.store.sending.doubts(world.now, frozenset({EMAIL}), 10)


def test_the_oldest_doubts_come_first_and_no_more_than_asked_for(world: World) -> None:
    world.maya(NOON, NOON + MINUTE, NOON + 2 * MINUTE)
    attempts = []
    for _ in range(3):
        sending = world.claim_one()
        world.fail(sending, Failure.AMBIGUOUS)
        attempts.append(sending.message)
        world.now += MINUTE

    assert [doubt.message for doubt in world.store.sending.doubts(world.now, ALL, 2)] == attempts[:2]


def test_what_was_asked_rests_until_its_time_across_a_restart(world: World) -> None:
    unknown(world)

    ask(world)

    assert not doubts(world)
    world.now += MINUTE
    assert [doubt.asks for doubt in doubts(world)] == [1]


def test_a_clock_stepped_back_does_not_put_a_question_off_for_long(world: World) -> None:
    unknown(world)
    ask(world)

    world.now -= HOUR

    assert len(doubts(world)) == 1


def test_after_two_days_it_stays_unknown(world: World) -> None:
    unknown(world)

    world.now += 2 * DAY + MINUTE

    assert not doubts(world)
    assert entry(world).state == "unknown"


def test_found_is_sent_under_its_id_and_counted_once(world: World) -> None:
    sending = unknown(world)

    assert ask(world, listed(sending)) == Reconciled(1, 0)

    assert (entry(world).state, message(world)["provider_id"]) == ("sent", "SM1")
    assert world.person().history.sent == 1
    assert world.store.statistics.counters() == {"reconciled_found": 1}
    assert not doubts(world)


def test_not_there_for_a_minute_goes_out_again_as_the_same_entry_counted_once(world: World) -> None:
    first = unknown(world)

    assert not_there(world) == Reconciled(0, 1)

    assert world.person().history.sent == 0
    again = world.claim_one()
    assert (again.occurrence, again.text) == (first.occurrence, first.text)
    assert again.message != first.message
    assert again.attempts == 1
    assert world.person().history.sent == 1
    assert world.store.statistics.counters() == {"reconciled_not_there": 1}


def test_not_there_and_no_longer_fresh_is_missed_with_its_reason(world: World) -> None:
    unknown(world)
    ask(world)

    world.now += 31 * MINUTE
    ask(world)

    assert entry(world).state == "missed"
    assert entry(world).reason == "the provider does not have it, and by then it was too late"
    assert world.claim().looked_at == 0


def test_what_a_crash_left_behind_goes_the_same_way(world: World) -> None:
    world.maya(NOON)
    world.claim(owner="crashed")
    world.store.sending.recover("crashed", NOON)

    not_there(world)

    assert world.claim_one().attempts == 1


def test_an_id_that_another_message_has_is_credited_to_no_second_one(world: World) -> None:
    world.maya(NOON, NOON + MINUTE)
    first = world.claim_one()
    world.accept(first)
    world.now += MINUTE
    second = world.claim_one()
    world.fail(second, Failure.AMBIGUOUS)
    assert second.text == first.text

    theirs = listed(first, f"SM-{first.message}")
    ask(world, theirs)
    world.now += MINUTE

    assert ask(world, theirs) == Reconciled(0, 1)


def test_an_email_of_unknown_end_is_never_sent_again(world: World) -> None:
    world.maya(NOON, channels=(EMAIL,))
    world.fail(world.claim_one(), Failure.AMBIGUOUS)

    world.now += HOUR

    assert not world.store.sending.doubts(world.now, frozenset({SMS}), 10)
    assert (entry(world).state, world.claim().looked_at) == ("unknown", 0)


# --- what people do meanwhile wins ----------------------------------------------------------------
@pytest.mark.parametrize(
    "effect", [OptOut(ALL, "texted STOP"), Hold(), Pause(None)], ids=["stop", "hold", "pause"]
)
def test_what_stops_a_person_meanwhile_is_seen_when_it_is_free_again(world: World, effect: Effect) -> None:
    unknown(world)
    world.text(effect)

    not_there(world)

    seen = []
    world.claim(
        lambda one, _due, _now: seen.append(one.standing) or drop(State.SUPPRESSED, "x")(one, _due, _now)
    )
    (standing,) = seen
    assert standing.opted_out or standing.held_at or standing.paused_at


@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.SKIPPED])
def test_what_was_answered_meanwhile_is_not_sent_again(world: World, outcome: Outcome) -> None:
    sending = unknown(world)
    world.text(Settle(sending.occurrence, outcome))

    not_there(world)

    assert (entry(world).state, entry(world).reason) == ("cancelled", "answered before it could be sent")


def test_what_was_put_off_meanwhile_comes_at_its_new_time_alone(world: World) -> None:
    sending = unknown(world)
    world.text(Snooze(sending.occurrence, NOON + HOUR))

    not_there(world)

    assert world.states() == ["cancelled", "planned"]
    assert world.due_times() == [NOON + HOUR]
    assert world.person().history.sent == 0


def test_an_edit_meanwhile_leaves_the_identity_and_changes_no_end(world: World) -> None:
    unknown(world)
    world.load(plan(nudges=()))
    world.lay_out("maya", slot(NOON + HOUR, 2), afresh=True)

    not_there(world)

    assert world.states() == ["planned", "planned"]  # the gate drops what the plan no longer has


def test_a_person_forgotten_meanwhile_is_nothing(world: World) -> None:
    sending = unknown(world)
    about = doubts(world)
    world.store.people.forget("maya")

    done = world.store.sending.reconcile(about, [listed(sending)], partial(judge, now=world.now), world.now)

    assert done == Reconciled(0, 0)


# --- races ----------------------------------------------------------------------------------------
def test_a_status_that_comes_while_the_provider_is_asked_is_the_first(world: World) -> None:
    sending = unknown(world)
    about = doubts(world)
    world.store.sending.report(sending.message, Report("SM9", Stage.DELIVERED), world.now)

    done = world.store.sending.reconcile(about, [], partial(judge, now=world.now + HOUR), world.now)

    assert done == Reconciled(0, 0)
    assert (entry(world).state, message(world)["provider_id"]) == ("delivered", "SM9")


def test_a_status_after_not_there_takes_back_the_second_try(world: World) -> None:
    sending = unknown(world)
    not_there(world)

    state = world.store.sending.report(sending.message, Report("SM1", Stage.ACCEPTED), world.now)

    assert (state, entry(world).state) == ("sent", "sent")
    assert world.claim().looked_at == 0
    assert world.person().history.sent == 1


def test_a_status_after_the_second_try_has_gone_leaves_that_one_alone(world: World) -> None:
    first = unknown(world)
    not_there(world)
    second = world.claim_one()
    world.accept(second)

    world.store.sending.report(first.message, Report("SM1", Stage.DELIVERED), world.now)

    assert entry(world).state == "sent"
    assert [line.state for line in world.store.people.conversation()] == ["delivered", "sent"]


def test_two_daemons_that_ask_at_once_free_it_once(world: World) -> None:
    unknown(world)
    ask(world)
    world.now += MINUTE
    about = doubts(world)
    done: list[Reconciled] = []

    def reconcile(store: Stores) -> None:
        done.append(store.sending.reconcile(about, [], partial(judge, now=world.now), world.now))

    threads = [Thread(target=reconcile, args=(world.store,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.not_there for one in done) == [0, 0, 0, 1]
    assert len(world.claim().sendings) == 1
