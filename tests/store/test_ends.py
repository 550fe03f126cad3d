"""How sends end: recorded, stopped at the last moment, released, recovered. Settled once."""

from datetime import datetime, timedelta

import pytest

from nudger.agenda.entries import Drop, Due, Failure, Receipt, Result, SendFailure
from nudger.domain.effects import Answer, Effect, Hold, OptOut, Pause, Resume, Settle, Snooze
from nudger.domain.model import History, Nudge, Origin, Outcome, State
from nudger.store import open_store
from tests.support.worlds.store import (
    EMAIL,
    HOUR,
    MAYA_EMAIL,
    MINUTE,
    NOON,
    REST,
    SMS,
    TODAY,
    World,
    entry,
    message,
    plan,
    send,
    slot,
)

SOON = NOON + 5 * MINUTE


def test_a_receipt_means_sent_under_the_providers_id(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()

    world.store.sending.record([Result(sending, Receipt("SM1"))], NOON + timedelta(seconds=2))

    assert (entry(world).state, entry(world).reason) == ("sent", "")
    assert (message(world)["state"], message(world)["provider_id"]) == ("sent", "SM1")


def test_an_ambiguous_end_is_unknown_and_never_claimed_again(world: World) -> None:
    world.maya(NOON)

    world.fail(world.claim_one(), Failure.AMBIGUOUS, retry_at=SOON)

    world.now = SOON
    assert (entry(world).state, entry(world).reason) == ("unknown", "it was ambiguous")
    assert world.claim().looked_at == 0
    assert world.store.overview.status(world.now).unknown == 1


def test_what_was_surely_not_sent_is_planned_again_while_fresh(world: World) -> None:
    world.maya(NOON)

    world.fail(world.claim_one(), Failure.NOT_SENT, retry_at=SOON)

    assert (entry(world).state, entry(world).due_at) == ("planned", SOON)
    assert message(world)["state"] == "failed"
    world.now = SOON
    (sending,) = world.claim().sendings
    assert sending.attempts == 1


def test_another_try_leaves_the_time_for_which_it_was_planned(world: World) -> None:
    world.maya(NOON)
    world.fail(world.claim_one(), Failure.NOT_SENT, retry_at=SOON)
    world.now = SOON

    (sending,) = world.claim().sendings

    assert sending.due_at == NOON


@pytest.mark.parametrize("retry_at", [None, NOON + 30 * MINUTE, NOON + HOUR])
def test_what_was_surely_not_sent_and_is_no_longer_fresh_is_missed(
    world: World, retry_at: datetime | None
) -> None:
    world.maya(NOON)

    world.fail(world.claim_one(), Failure.NOT_SENT, retry_at)

    assert (entry(world).state, entry(world).reason) == (
        "missed",
        "could not be sent in time: it was not sent",
    )


def test_an_address_that_refuses_leads_to_the_next_channel(world: World) -> None:
    world.maya(NOON)

    world.fail(world.claim_one(), Failure.RECIPIENT, retry_at=NOON)

    sending = world.claim_one()
    assert (sending.channel, sending.address) == (EMAIL, MAYA_EMAIL)


def test_an_address_that_refuses_with_no_other_channel_is_failed(world: World) -> None:
    world.maya(NOON)

    world.fail(world.claim_one(), Failure.RECIPIENT)

    assert (entry(world).state, entry(world).reason) == ("failed", "it was recipient")
    assert world.claim().looked_at == 0


def test_refused_channels_add_up(world: World) -> None:
    world.maya(NOON)
    world.fail(world.claim_one(), Failure.RECIPIENT, retry_at=NOON)
    world.fail(world.claim_one(), Failure.RECIPIENT, retry_at=NOON)
    seen: list[Due] = []

    world.claim(lambda _one, due, _now: seen.append(due) or Drop(State.FAILED, "no channel is left"))

    assert [(due.refused, due.attempts) for due in seen] == [({SMS, EMAIL}, 2)]


def test_a_stop_that_the_provider_knows_of_opts_out_here_too(world: World) -> None:
    world.maya(NOON, NOON + HOUR)

    world.fail(world.claim_one(), Failure.OPTED_OUT, retry_at=NOON)

    assert world.person().standing.opted_out == {SMS}
    assert world.claim_one().channel is EMAIL
    opted_out = [line for line in world.store.people.log("maya") if line.what == "opted out"]
    assert [line.reason for line in opted_out] == ["sms: the provider said 21610"]


def test_a_stop_that_the_provider_knows_of_cancels_what_has_no_other_channel(world: World) -> None:
    by_text = Nudge("walk", REST.kind, REST.when, channels=(SMS,))
    world.maya(NOON, NOON + HOUR, nudges=(Nudge("rest", REST.kind, REST.when, channels=(SMS,)), by_text))

    world.fail(world.claim_one(), Failure.OPTED_OUT)

    assert world.states() == ["failed", "cancelled"]


def test_a_stop_of_a_former_number_is_not_the_persons(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.load(plan(phone="+447700900999"))

    world.fail(sending, Failure.OPTED_OUT)

    assert world.person().standing.opted_out == set()


def test_a_fault_of_the_sender_is_none_of_the_entry_and_comes_once_more(world: World) -> None:
    world.maya(NOON)
    seen: list[Due] = []

    for _ in range(2):
        sending = world.claim_one(lambda one, due, now: seen.append(due) or send(one, due, now))
        world.fail(sending, Failure.SENDER, retry_at=NOON)
    world.claim(lambda _one, due, _now: seen.append(due) or Drop(State.FAILED, "no channel is left"))

    assert [due.refused for due in seen] == [set(), set(), {SMS}]
    assert (message(world)["state"], message(world)["code"]) == ("failed", "21610")


def test_the_first_end_counts(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.accept(sending)

    world.fail(sending, Failure.NOT_SENT, retry_at=SOON)
    world.fail(sending, Failure.AMBIGUOUS)

    assert entry(world).state == "sent"
    assert message(world)["provider_id"] == f"SM-{sending.message}"


def test_two_ends_in_one_batch_are_one(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()

    world.store.sending.record([Result(sending, Receipt("SM1")), Result(sending, Receipt("SM2"))], NOON)

    assert message(world)["provider_id"] == "SM1"


def test_a_late_receipt_turns_unknown_into_sent(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.fail(sending, Failure.AMBIGUOUS)

    world.accept(sending)

    assert (entry(world).state, entry(world).reason) == ("sent", "")
    assert world.store.overview.status(NOON).unknown == 0


def test_a_late_failure_leaves_unknown_alone(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.fail(sending, Failure.AMBIGUOUS)

    world.fail(sending, Failure.NOT_SENT, retry_at=SOON)

    assert entry(world).state == "unknown"


def test_the_end_of_a_forgotten_message_is_nothing(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.store.people.forget("maya")

    world.accept(sending)

    assert world.store.people.person("maya") is None


def test_what_was_answered_meanwhile_is_not_tried_again(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.text(Settle(sending.occurrence, Outcome.DONE))

    world.fail(sending, Failure.NOT_SENT, retry_at=SOON)

    assert (entry(world).state, entry(world).reason) == ("cancelled", "answered before it could be sent")


def test_ends_of_many_kinds_are_written_together(world: World) -> None:
    world.maya(*(NOON - number * MINUTE for number in range(4)))
    one, two, three, four = world.claim().sendings

    world.store.sending.record(
        [
            Result(one, Receipt("SM1")),
            Result(two, failure=SendFailure(Failure.AMBIGUOUS, "timed out")),
            Result(three, failure=SendFailure(Failure.NOT_SENT, "refused"), retry_at=NOON + MINUTE),
            Result(four, failure=SendFailure(Failure.SENDER, "wrong token")),
        ],
        NOON,
    )

    assert sorted(world.states()) == ["failed", "planned", "sent", "unknown"]


# --- what did not go out does not count ---------------------------------------------------------
@pytest.mark.parametrize("failure", [Failure.NOT_SENT, Failure.RECIPIENT, Failure.SENDER, Failure.OPTED_OUT])
def test_a_send_that_did_not_go_out_leaves_no_trace_in_the_history(world: World, failure: Failure) -> None:
    world.maya(NOON - HOUR, NOON)
    world.now = NOON - HOUR
    world.deliver()
    before = world.person().history
    world.now = NOON
    sending = world.claim_one()
    assert world.person().history.sent == 2

    world.fail(sending, failure)

    assert world.person().history == before


@pytest.mark.parametrize("failure", [Failure.AMBIGUOUS, None])
def test_a_send_that_may_have_gone_out_counts(world: World, failure: Failure | None) -> None:
    world.maya(NOON)
    sending = world.claim_one()

    if failure:
        world.fail(sending, failure)
    else:
        world.accept(sending)

    assert world.person().history.sent == 1


def test_one_of_two_sends_at_once_that_did_not_go_out_is_counted_out(world: World) -> None:
    world.maya(NOON - MINUTE, NOON)
    one, two = world.claim().sendings

    world.fail(one, Failure.SENDER)
    world.accept(two)

    assert world.person().history.sent == 1


def test_a_send_that_did_not_go_out_is_counted_out_under_later_ones(world: World) -> None:
    world.maya(NOON, SOON)
    one = world.claim_one()
    world.now = SOON
    world.claim_one()

    world.fail(one, Failure.SENDER)

    assert world.person().history.sent == 1
    assert world.person().history.last_at == SOON


def test_a_snoozed_nudge_that_did_not_go_out_is_counted_out_once(world: World) -> None:
    world.maya(NOON - HOUR, NOON)
    world.now = NOON - HOUR
    world.deliver()
    world.now = NOON
    sending = world.claim_one()
    world.text(Snooze(sending.occurrence, NOON + HOUR))

    world.fail(sending, Failure.SENDER)

    assert world.person().history.sent == 1


def test_an_answer_that_did_not_go_out_changes_no_count(world: World) -> None:
    world.maya(NOON)
    world.deliver()
    world.text(Answer("Noted."))
    sending = world.claim_one()

    world.fail(sending, Failure.SENDER)

    assert world.person().history.sent == 1


# --- stopped ------------------------------------------------------------------------------------
def test_nothing_is_stopped_without_a_reason(world: World) -> None:
    world.maya(NOON)
    sendings = world.claim().sendings

    assert not world.store.sending.stopped(sendings, NOON)
    assert world.states() == ["sending"]


@pytest.mark.parametrize(
    ("effect", "reason"),
    [(OptOut(frozenset({SMS}), "texted STOP"), "opted out"), (Hold(), "held until RESUME")],
)
def test_a_stop_or_hold_since_the_claim_stops_and_cancels(world: World, effect: Effect, reason: str) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.text(effect)

    assert set(world.store.sending.stopped([sending], NOON)) == {sending.message}

    assert (entry(world).state, entry(world).reason) == ("cancelled", reason)
    assert (message(world)["state"], message(world)["reason"]) == ("cancelled", reason)
    assert world.person().history.sent == 0
    world.accept(sending)
    assert entry(world).state == "cancelled"


def test_a_stop_of_another_channel_stops_nothing(world: World) -> None:
    world.maya(NOON)
    sendings = world.claim().sendings
    world.text(OptOut(frozenset({EMAIL}), "unsubscribed"))

    assert not world.store.sending.stopped(sendings, NOON)


def test_only_the_messages_of_the_one_who_stopped_are_stopped(world: World) -> None:
    world.load(plan(), plan("jonas"))
    for person in ("maya", "jonas"):
        world.lay_out(person, slot(NOON))
    sendings = world.claim().sendings
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    stopped = world.store.sending.stopped(sendings, NOON)

    assert [sending.person for sending in sendings if sending.message in stopped] == ["maya"]
    assert world.states("jonas") == ["sending"]


def test_an_answer_is_never_stopped(world: World) -> None:
    world.load(plan())
    world.text(OptOut(frozenset({SMS, EMAIL}), "texted STOP"), Hold(), Answer("You will get no more texts."))
    sendings = world.claim().sendings

    assert [sending.origin for sending in sendings] == [Origin.ANSWER]
    assert not world.store.sending.stopped(sendings, NOON)


def test_a_pause_does_not_stop_what_is_on_its_way(world: World) -> None:
    world.maya(NOON)
    sendings = world.claim().sendings
    world.text(Pause(None))

    assert not world.store.sending.stopped(sendings, NOON)


def test_a_message_that_is_forgotten_may_not_go_out(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.store.people.forget("maya")

    assert set(world.store.sending.stopped([sending], NOON)) == {sending.message}


def test_nothing_asked_is_nothing_stopped(world: World) -> None:
    assert not world.store.sending.stopped([], NOON)


# --- release ------------------------------------------------------------------------------------
def test_what_is_released_is_as_if_never_claimed(world: World) -> None:
    world.maya(NOON)
    before = (world.person(), world.store.people.agenda("maya", TODAY), world.store.people.conversation())
    sendings = world.claim().sendings

    world.store.sending.release(sendings, NOON)

    assert (
        world.person(),
        world.store.people.agenda("maya", TODAY),
        world.store.people.conversation(),
    ) == before
    assert world.person().history == History()
    assert world.claim_one().attempts == 0


def test_what_was_snoozed_on_its_way_comes_again_only_once(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.text(Snooze(sending.occurrence, NOON + HOUR))

    world.store.sending.release([sending], NOON)

    assert world.states() == ["cancelled", "planned"]
    assert world.due_times() == [NOON + HOUR]
    assert world.person().history.sent == 0


def test_what_has_ended_is_not_released(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.accept(sending)

    world.store.sending.release([sending], NOON)

    assert entry(world).state == "sent"


def test_a_cursor_never_comes_twice_though_messages_are_released(world: World) -> None:
    world.maya(NOON)
    sendings = world.claim().sendings
    (line,) = world.store.people.conversation()
    world.store.sending.release(sendings, NOON)

    world.claim()

    (again,) = world.store.people.conversation(after=line.cursor)
    assert again.cursor > line.cursor


# --- recover ------------------------------------------------------------------------------------
def test_what_a_crash_left_behind_becomes_unknown_and_is_never_claimed_again(world: World, url: str) -> None:
    world.maya(NOON)
    world.claim(owner="crashed")

    after = open_store(url)
    count = after.sending.recover("crashed", SOON)
    again = World(after)
    again.now = SOON

    assert count == 1
    assert [one.state for one in after.people.agenda("maya", TODAY)] == ["unknown"]
    assert "not known" in after.people.agenda("maya", TODAY)[0].reason
    assert again.claim().looked_at == 0
    assert after.sending.recover("crashed", SOON) == 0
    after.close()


def test_only_what_one_has_claimed_oneself_is_recovered(world: World) -> None:
    world.maya(NOON)
    world.claim(owner="alive")

    assert world.store.sending.recover("crashed", SOON) == 0
    assert world.states() == ["sending"]


def test_what_has_ended_is_not_recovered(world: World) -> None:
    world.maya(NOON)
    world.accept(*world.claim(owner="here").sendings)

    assert world.store.sending.recover("here", SOON) == 0


def test_an_end_that_comes_after_the_recovery_is_still_taken(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.store.sending.recover("here", NOON)

    world.accept(sending)

    assert world.states() == ["sent"]


def test_what_was_recovered_can_be_snoozed(world: World) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    world.store.sending.recover("here", NOON)

    world.text(Snooze(sending.occurrence, NOON + HOUR))

    assert world.states() == ["unknown", "planned"]


def test_a_resume_before_the_request_lets_it_go(world: World) -> None:
    world.maya(NOON)
    sendings = world.claim().sendings
    world.text(Hold())
    world.text(Resume())

    assert not world.store.sending.stopped(sendings, NOON)


def test_a_nudge_snoozed_and_then_done_is_counted_out_once(world: World) -> None:
    world.maya(NOON - HOUR, NOON)
    world.now = NOON - HOUR
    world.deliver()
    world.now = NOON
    sending = world.claim_one()
    world.text(Snooze(sending.occurrence, NOON + HOUR))
    world.text(Settle(sending.occurrence, Outcome.DONE))

    world.store.sending.release([sending], NOON)

    assert world.person().history.sent == 1
