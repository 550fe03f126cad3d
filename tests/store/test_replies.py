"""Replies and operators' acts: whose they are, which nudge they are about, and what they do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nudger.agenda.entries import Failure
from nudger.domain.effects import Answer, Ask, Effect, Hold, OptIn, OptOut, Pause, Resume, Settle, Snooze
from nudger.domain.model import Contact, Kind, Nudge, Origin, Outcome, State
from nudger.inbound.port import Inbound, Sent, Writer
from nudger.store.inbound.replies import QUOTABLE
from tests.support.worlds.store import (
    DAY,
    EMAIL,
    HOUR,
    MAYA_EMAIL,
    MAYA_PHONE,
    MINUTE,
    NOON,
    REST,
    SMS,
    STRETCH,
    TODAY,
    World,
    answering,
    drop,
    later,
    plan,
    slot,
)

LATER = NOON + 2 * HOUR


def sent(world: World, *due_at: datetime) -> list[int]:
    """Maya's nudges of these times went out; their ids."""
    world.maya(*(due_at or (NOON,)))
    ids = []
    for at in due_at or (NOON,):
        world.now = at
        ids += [sending.occurrence for sending in world.deliver()]
    return ids


# --- whose it is --------------------------------------------------------------------------------
def test_a_text_is_of_the_person_with_that_number(world: World) -> None:
    world.load(plan(), plan("jonas", phone="+447700900777", channels=(SMS,)))

    writer = world.text(address="+447700900777")

    assert writer is not None
    assert writer.person.id == "jonas"


def test_a_text_with_a_nul_or_half_a_character_in_it_is_taken_all_the_same(world: World) -> None:
    world.load(plan())
    stop = Inbound("IN-stop", SMS, MAYA_PHONE, "ST\0OP \ud83d", NOON)

    world.store.inbound.take_reply(stop, answering((OptOut(frozenset({SMS}), "texted STOP"),), []))

    (kept,) = world.store.people.export("maya")["reply"]
    assert kept["text"] == "STOP ?"


def test_a_stranger_changes_nothing(world: World) -> None:
    world.load(plan())

    assert world.text(Hold(), address="+447700900000") is None
    assert world.store.people.conversation() == []


def test_a_number_is_looked_for_on_its_channel_only(world: World) -> None:
    world.load(plan())

    assert world.text(address="someone@example.org") is None


def test_a_former_number_is_a_strangers(world: World) -> None:
    world.load(plan())
    world.load(plan(phone="+447700900999"))

    assert world.text(address=MAYA_PHONE) is None
    assert world.text(address="+447700900999") is not None


def test_someone_removed_can_still_say_stop(world: World) -> None:
    world.load(plan())
    world.load()

    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    assert world.person().standing.opted_out == {SMS}


def test_a_number_that_moved_on_is_of_the_one_whose_plan_is_there(world: World) -> None:
    world.load(plan("anna", phone=MAYA_PHONE))
    world.load(plan("zoe", phone=MAYA_PHONE))

    writer = world.text()

    assert writer is not None
    assert writer.person.id == "zoe"


def test_a_repeated_provider_id_changes_nothing(world: World) -> None:
    world.load(plan())
    world.text(Pause(None), provider_id="SM1")
    world.now += HOUR

    assert world.text(Resume(), provider_id="SM1") is None
    assert world.person().standing.paused_at == NOON
    assert len(world.store.people.conversation()) == 1


def test_a_reply_that_cannot_be_answered_is_not_taken(world: World) -> None:
    world.load(plan())

    with pytest.raises(TypeError):
        world.text(OptOut(frozenset({SMS}), "texted STOP"), Answer(None), Snooze())  # type: ignore[call-arg]

    assert world.person().standing.opted_out == set()
    assert world.store.people.conversation() == []


def test_the_text_and_what_it_was_understood_as_are_kept(world: World) -> None:
    (occurrence,) = sent(world)

    world.text()

    (kept,) = world.store.people.export("maya")["reply"]
    assert (kept["provider_id"], kept["text"], kept["address"]) == ("IN1", "text 1", MAYA_PHONE)
    assert (kept["intent"], kept["occurrence"], kept["until"]) == ("tested", occurrence, None)


# --- which nudge it is about --------------------------------------------------------------------
def test_a_reply_is_about_the_latest_unanswered_nudge(world: World) -> None:
    _, second = sent(world, NOON - HOUR, NOON)

    bound = world.bound()

    assert bound is not None
    assert (bound.occurrence, bound.nudge, bound.kind) == (second, "rest", Kind.REST)
    assert (bound.due_at, bound.snoozed_until) == (NOON, None)


def test_the_next_reply_is_about_the_one_before(world: World) -> None:
    first, second = sent(world, NOON - HOUR, NOON)
    world.text(Settle(second, Outcome.DONE))

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == first


def test_a_nudge_older_than_a_day_is_no_longer_meant(world: World) -> None:
    sent(world)

    world.now = NOON + DAY
    assert world.bound() is not None
    world.now = NOON + DAY + MINUTE
    assert world.bound() is None


def test_a_nudge_that_went_out_after_the_reply_is_not_meant(world: World) -> None:
    first, _ = sent(world, NOON - HOUR, NOON)
    world.now = NOON - MINUTE  # polled late

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == first


def test_a_reply_in_the_same_second_as_its_nudge_is_about_it(world: World) -> None:
    at = NOON + timedelta(milliseconds=900)
    (occurrence,) = sent(world, at)
    world.now = NOON  # providers give whole seconds

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == occurrence


@pytest.mark.parametrize("end", [None, Failure.AMBIGUOUS])
def test_a_nudge_whose_end_is_not_known_may_be_meant(world: World, end: Failure | None) -> None:
    world.maya(NOON)
    sending = world.claim_one()
    if end:
        world.fail(sending, end)

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == sending.occurrence


def test_a_nudge_that_was_not_sent_is_not_meant(world: World) -> None:
    world.maya(NOON - MINUTE, NOON)
    one, two = world.claim().sendings
    world.fail(one, Failure.SENDER)
    world.fail(two, Failure.NOT_SENT, retry_at=NOON + MINUTE)

    assert world.bound() is None


def test_an_answer_is_not_meant(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Answer("Noted."))
    world.deliver()

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == occurrence


def test_a_nudge_that_was_asked_for_is_meant(world: World) -> None:
    world.load(plan())
    world.text(Ask(Kind.REST))
    (asked,) = world.deliver()

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == asked.occurrence


def test_where_all_are_answered_the_one_whose_snooze_waits_is_meant(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, LATER))

    bound = world.bound()

    assert bound is not None
    assert (bound.occurrence, bound.snoozed_until) == (occurrence, LATER)


def test_a_snooze_that_waits_is_meant_longer_than_a_day(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, NOON + 2 * DAY))
    world.now = NOON + DAY + HOUR

    bound = world.bound()

    assert bound is not None
    assert bound.snoozed_until == NOON + 2 * DAY


def test_of_two_waiting_snoozes_the_one_sent_last_is_meant(world: World) -> None:
    first, second = sent(world, NOON - HOUR, NOON)
    world.text(Snooze(second, LATER))
    world.text(Snooze(first, LATER + HOUR))

    bound = world.bound()

    assert bound is not None
    assert bound.occurrence == second


def test_a_snooze_that_came_is_meant_itself(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, LATER))
    world.now = LATER
    (again,) = world.deliver()

    bound = world.bound()

    assert bound is not None
    assert (bound.occurrence, bound.snoozed_until) == (again.occurrence, None)


def test_one_hears_of_the_next_nudge_and_not_of_answers(world: World) -> None:
    sent(world, NOON)
    world.lay_out("maya", slot(LATER, 2))
    world.text(Answer("Noted."))

    writer = world.text()

    assert writer is not None
    assert writer.next_due_at == LATER


def test_it_is_known_which_texts_answered_in_the_last_day(world: World) -> None:
    world.load(plan())
    world.text(Answer("One.", "help"))
    world.now += 23 * HOUR
    world.text(Answer("Two.", "unknown"), Answer("Beside it."))
    world.now += 30 * MINUTE
    three = world.text(Answer("Three.", "crisis"))
    world.now += 31 * MINUTE
    four = world.text()

    assert three is not None
    assert {(one.key, one.to, one.at) for one in three.answered} == {
        ("help", "text 1", NOON),
        ("unknown", "text 2", NOON + 23 * HOUR),
    }
    assert four is not None
    assert sorted(one.key for one in four.answered) == ["crisis", "unknown"]


def test_it_is_known_what_went_to_a_person_that_they_may_tap_on(world: World) -> None:
    world.maya(NOON)
    world.deliver()
    world.text(Answer("OK, again at 1 pm."))
    world.deliver()

    writer = world.text()

    assert writer is not None
    assert writer.sent == (
        Sent("OK, again at 1 pm.", Origin.ANSWER),
        Sent("A small rest nudge.", Origin.FIXED),
    )


def test_only_the_last_messages_are_known_and_none_that_is_blanked(world: World) -> None:
    world.maya()
    for number in range(QUOTABLE + 1):
        world.text(Answer(f"One more: {number}."))
        world.deliver()
    many = world.text()
    world.now += 100 * DAY
    world.store.upkeep.blank(world.now)
    blanked = world.text()

    assert many is not None
    assert (len(many.sent), many.sent[0].text) == (QUOTABLE, f"One more: {QUOTABLE}.")
    assert blanked is not None
    assert blanked.sent == ()


# --- snooze -------------------------------------------------------------------------------------
def test_a_snoozed_nudge_comes_again_in_its_next_round(world: World) -> None:
    (occurrence,) = sent(world)

    world.text(Snooze(occurrence, LATER))

    first, again = world.store.people.agenda("maya", TODAY)
    assert (first.state, first.outcome) == ("sent", Outcome.SNOOZED)
    assert (again.state, again.origin, again.round, again.kind) == ("planned", "snoozed", 1, Kind.REST)
    assert (again.due_at, again.expires_at) == (LATER, LATER + 30 * MINUTE)
    assert (again.local_date, again.nudge, again.slot) == (first.local_date, first.nudge, first.slot)


def test_a_snooze_lives_as_long_as_its_nudge_says(world: World) -> None:
    (occurrence,) = sent(world)
    world.load(plan(nudges=(Nudge("rest", Kind.REST, REST.when, expires=2 * HOUR),)))

    world.text(Snooze(occurrence, LATER))

    assert world.store.people.agenda("maya", TODAY)[1].expires_at == LATER + 2 * HOUR


def test_a_snooze_of_a_nudge_that_is_gone_lives_half_an_hour(world: World) -> None:
    (occurrence,) = sent(world)
    world.load(plan(nudges=(STRETCH,)))

    world.text(Snooze(occurrence, LATER))

    assert world.store.people.agenda("maya", TODAY)[1].expires_at == LATER + 30 * MINUTE


def test_a_snooze_that_still_waits_is_moved(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, LATER))

    world.text(Snooze(occurrence, NOON + 3 * HOUR))

    assert world.due_times() == [NOON + 3 * HOUR]
    assert world.store.people.agenda("maya", TODAY)[1].expires_at == NOON + 3 * HOUR + 30 * MINUTE


def test_a_snooze_that_is_moved_while_it_is_tried_again_says_nothing_of_the_try(world: World) -> None:
    (entry,) = sent(world)
    world.text(Snooze(entry, NOON + HOUR))
    world.now = NOON + HOUR
    world.fail(world.claim_one(), Failure.NOT_SENT, retry_at=NOON + HOUR + MINUTE)

    world.text(Snooze(entry, NOON + 3 * HOUR))

    (waiting,) = [one for one in world.store.people.agenda("maya", TODAY) if one.state == "planned"]
    assert (waiting.due_at, waiting.reason) == (NOON + 3 * HOUR, "")


def test_a_snooze_of_a_snooze_is_a_round_more(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, LATER))
    world.now = LATER
    (again,) = world.deliver()

    world.text(Snooze(again.occurrence, LATER + HOUR))

    assert [entry.round for entry in world.store.people.agenda("maya", TODAY)] == [0, 1, 2]
    assert world.due_times() == [LATER + HOUR]


def test_a_link_in_an_old_message_still_snoozes(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, LATER))
    world.now = LATER
    world.deliver()

    world.text(Snooze(occurrence, LATER + HOUR))

    assert world.due_times() == [LATER + HOUR]


def test_a_snooze_counts_in_place_of_the_send_it_put_off(world: World) -> None:
    (occurrence,) = sent(world)
    assert world.person().history.sent == 1

    world.text(Snooze(occurrence, LATER))
    assert world.person().history.sent == 0

    world.text(Snooze(occurrence, LATER + HOUR))
    assert world.person().history.sent == 0

    world.now = LATER + HOUR
    world.deliver()
    assert world.person().history.sent == 1


def test_a_snooze_on_the_day_after_changes_no_count_of_that_day(world: World) -> None:
    first, second = sent(world, NOON, NOON + 13 * HOUR)
    assert (world.person().history.on, world.person().history.sent) == (TODAY + DAY, 1)

    world.text(Snooze(first, NOON + 14 * HOUR))

    assert world.person().history.sent == 1
    assert second


def test_the_local_day_is_that_of_the_persons_zone(world: World) -> None:
    late = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # still the 23rd in New York, the 24th in UTC
    world.load(plan(timezone="America/New_York"))
    world.lay_out("maya", slot(late))
    world.now = late
    (sending,) = world.deliver()
    assert world.person().history.on == late.date()  # this test's decision counts by UTC

    world.text(Snooze(sending.occurrence, late + HOUR))

    assert world.person().history.sent == 1


def test_a_nudge_on_demand_that_is_snoozed_changes_no_count(world: World) -> None:
    world.maya(NOON)
    world.deliver()
    world.text(Ask())
    (asked,) = world.claim().sendings
    before = world.person().history.sent

    world.text(Snooze(asked.occurrence, LATER))

    assert world.person().history.sent == before


def test_what_was_not_sent_yet_cannot_be_put_off(world: World) -> None:
    world.maya(NOON)
    world.claim(later(LATER))
    (waiting,) = world.store.people.export("maya")["occurrence"]

    world.text(Snooze(waiting["id"], NOON + 5 * HOUR))

    assert world.due_times() == [LATER]


def test_nobody_snoozes_the_nudge_of_another(world: World) -> None:
    (occurrence,) = sent(world)
    world.load(plan(), plan("jonas"))

    world.text(Snooze(occurrence, LATER), Settle(occurrence, Outcome.DONE), address="jonas@example.org")

    (entry,) = world.store.people.agenda("maya", TODAY)
    assert entry.outcome is None


# --- the other effects --------------------------------------------------------------------------
@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.SKIPPED])
def test_a_settled_nudge_keeps_its_outcome(world: World, outcome: Outcome) -> None:
    (occurrence,) = sent(world)

    world.text(Settle(occurrence, outcome))

    assert [entry.outcome for entry in world.store.people.agenda("maya", TODAY)] == [outcome]


def test_settling_cancels_a_snooze_that_waits(world: World) -> None:
    (occurrence,) = sent(world)
    world.text(Snooze(occurrence, LATER))

    world.text(Settle(occurrence, Outcome.DONE))

    first, again = world.store.people.agenda("maya", TODAY)
    assert first.outcome == Outcome.DONE
    assert (again.state, again.reason) == ("cancelled", "done")


def test_a_pause_stands_until_its_end_or_resume(world: World) -> None:
    world.maya(LATER)

    world.text(Pause(NOON + DAY))

    standing = world.person().standing
    assert (standing.paused_at, standing.paused_until) == (NOON, NOON + DAY)
    assert world.states() == ["planned"]

    world.text(Pause(None))
    assert world.person().standing.paused_until is None


def test_resume_ends_a_pause_and_a_hold_and_lays_out_afresh(world: World) -> None:
    world.maya(LATER)
    world.text(Pause(None), Hold())
    world.now += MINUTE

    world.text(Resume())

    standing = world.person().standing
    assert (standing.paused_at, standing.paused_until, standing.held_at) == (None, None, None)
    (layable,) = world.store.agenda.claim_layout(world.now, 10)
    assert layable.afresh


def test_resume_brings_nobody_back_whose_file_is_gone(world: World) -> None:
    world.load(plan())
    world.load()

    world.text(Resume())

    assert not world.store.agenda.claim_layout(NOON + DAY, 10)
    assert world.person().standing.removed_at == NOON


def test_an_opt_out_closes_its_channel_at_once(world: World) -> None:
    world.maya(LATER)

    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    assert world.person().standing.opted_out == {SMS}
    assert world.states() == ["planned"]  # email is left


def test_an_opt_out_of_the_last_channel_cancels_what_waits(world: World) -> None:
    world.maya(LATER)
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    world.text(OptOut(frozenset({EMAIL}), "unsubscribed"))

    (entry,) = world.store.people.agenda("maya", TODAY)
    assert (entry.state, entry.reason) == ("cancelled", "opted out")


def test_an_opt_out_cancels_a_nudge_that_has_no_other_channel(world: World) -> None:
    by_text = Nudge("rest", Kind.REST, REST.when, channels=(SMS,))
    world.load(plan(nudges=(by_text, STRETCH)))
    world.lay_out("maya", slot(LATER), slot(LATER + HOUR, 1, "stretch"))

    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    assert world.states() == ["cancelled", "planned"]


def test_an_opt_out_cancels_a_retry_whose_other_channel_refused(world: World) -> None:
    world.maya(NOON)
    world.fail(world.claim_one(), Failure.RECIPIENT, retry_at=LATER)

    world.text(OptOut(frozenset({EMAIL}), "unsubscribed"))

    assert world.states() == ["cancelled"]


def test_the_next_claim_sees_a_stop_that_was_committed_first(world: World) -> None:
    world.maya(NOON)
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    assert world.claim_one().channel is EMAIL


def test_an_opt_in_gives_consent_and_lays_out_afresh(world: World) -> None:
    world.load(plan(consent=None))
    world.lay_out("maya")
    world.text(OptOut(frozenset({SMS}), "texted STOP"))

    world.text(OptIn(frozenset({SMS}), "texted START"))

    standing = world.person().standing
    assert (standing.opted_out, standing.consented) == (set(), {SMS})
    (layable,) = world.store.agenda.claim_layout(world.now, 10)
    assert layable.afresh


def test_an_opt_in_opens_its_own_channel_only(world: World) -> None:
    world.load(plan(consent=None))
    world.text(OptOut(frozenset({SMS, EMAIL}), "texted STOP"))

    world.text(OptIn(frozenset({EMAIL}), "clicked"))

    standing = world.person().standing
    assert (standing.opted_out, standing.consented) == ({SMS}, {EMAIL})


def test_a_hold_cancels_everything_that_waits(world: World) -> None:
    snoozed, retried = sent(world, NOON - MINUTE)[0], None
    world.lay_out("maya", slot(NOON, 2), slot(LATER, 3))
    world.now = NOON
    world.text(Snooze(snoozed, LATER))
    retried = world.claim_one()
    world.fail(retried, Failure.NOT_SENT, retry_at=NOON + MINUTE)

    world.text(Hold())

    assert world.person().standing.held_at == NOON
    states = world.states()
    assert (states.count("cancelled"), states.count("sent"), len(states)) == (3, 1, 4)
    world.now = NOON + DAY
    assert world.claim().looked_at == 0


def test_a_hold_does_not_stop_its_own_answer(world: World) -> None:
    world.maya(NOON)

    world.text(Hold(), Answer("Please call 116 123 any time."))

    assert [sending.origin for sending in world.claim().sendings] == [Origin.ANSWER]


def test_a_nudge_on_demand_is_due_now(world: World) -> None:
    world.load(plan())

    world.text(Ask(Kind.MOVEMENT))

    (entry,) = world.store.people.agenda("maya", TODAY)
    assert (entry.nudge, entry.kind, entry.origin, entry.slot) == (
        "stretch",
        Kind.MOVEMENT,
        Origin.ON_DEMAND,
        1001,
    )
    assert (entry.due_at, entry.expires_at, entry.local_date) == (NOON, NOON + 30 * MINUTE, TODAY)


def test_nudges_on_demand_have_slots_of_their_own(world: World) -> None:
    world.load(plan())

    for _ in range(3):
        world.text(Ask(Kind.REST))

    assert [entry.slot for entry in world.store.people.agenda("maya", TODAY)] == [1001, 1002, 1003]


def test_a_nudge_of_no_kind_is_the_one_that_comes_next(world: World) -> None:
    world.load(plan())
    world.lay_out("maya", slot(LATER, 1, "stretch"), slot(LATER + HOUR))

    world.text(Ask())

    assert world.claim_one().text == "A small stretch nudge."


def test_a_nudge_of_no_kind_is_else_the_first_of_the_plan(world: World) -> None:
    world.load(plan())

    world.text(Ask())

    assert world.claim_one().text == "A small rest nudge."


def test_a_kind_that_the_plan_has_not_is_left_to_the_gate(world: World) -> None:
    world.load(plan())

    world.text(Ask(Kind.CREATIVE))
    world.claim(drop(State.CANCELLED, "no longer in the plan"))

    (entry,) = world.store.people.agenda("maya", TODAY)
    assert (entry.nudge, entry.kind, entry.reason) == ("creative", Kind.CREATIVE, "no longer in the plan")


def test_a_plan_without_nudges_has_none_to_ask_for(world: World) -> None:
    world.load(plan(nudges=()))

    world.text(Ask())

    assert world.states() == []


def test_a_nudge_on_demand_is_of_the_persons_own_day(world: World) -> None:
    world.load(plan(timezone="Pacific/Auckland"))

    world.text(Ask(Kind.REST))

    assert world.store.people.agenda("maya", TODAY)[0].local_date == TODAY + DAY


def test_one_text_may_have_several_answers(world: World) -> None:
    world.load(plan())

    world.text(Answer("One."), Answer("Two."))
    world.text(Answer("Three."))

    assert [sending.text for sending in world.claim().sendings] == ["One.", "Two.", "Three."]


@pytest.mark.parametrize("address", [MAYA_PHONE, MAYA_EMAIL])
def test_an_answer_goes_where_the_text_came_from(world: World, address: str) -> None:
    world.load(plan())

    world.text(Answer("Noted."), address=address)

    assert world.claim_one().address == address


# --- operators ----------------------------------------------------------------------------------
def test_an_operators_act_has_the_same_effects(world: World) -> None:
    (occurrence,) = sent(world)

    writer = world.act(Snooze(occurrence, LATER), what="snooze")

    assert writer is not None
    assert writer.bound is not None
    assert writer.bound.occurrence == occurrence
    assert world.due_times() == [LATER]


def test_an_operators_act_on_nobody_is_nothing(world: World) -> None:
    assert world.act(Hold(), person="nobody") is None


def test_an_operators_act_is_in_the_log(world: World) -> None:
    world.load(plan())

    world.act(Pause(None), what="pause")

    assert {"operator: pause", "paused"} <= {line.what for line in world.store.people.log("maya")}


def test_an_act_says_who_did_it_and_one_without_effects_leaves_nothing(world: World) -> None:
    world.load(plan())
    before = world.store.people.export("maya")

    world.store.inbound.act("maya", world.now, answering((), []), "later", by="their page")
    nothing = world.store.people.export("maya")
    world.store.inbound.act("maya", world.now, answering((Pause(None),), []), "pause", by="their page")

    assert nothing == before
    assert "their page: pause" in {line.what for line in world.store.people.log("maya")}


def test_a_writer_is_found_as_their_own_reply_would_find_them(world: World) -> None:
    sent(world)
    found = world.store.inbound.writer("maya", world.now)

    assert found == world.text()
    assert found is not None
    assert found.bound is not None
    assert world.store.inbound.writer("nobody", world.now) is None


def test_an_operators_answers_go_out_on_the_first_channel(world: World) -> None:
    world.load(plan())

    world.act(Answer("Hello."))
    world.act(Answer("Hello again."))

    assert [(one.channel, one.text) for one in world.claim().sendings] == [
        (SMS, "Hello."),
        (SMS, "Hello again."),
    ]


@pytest.mark.parametrize(
    "effect",
    [Hold(), Pause(None), Resume(), OptOut(frozenset({SMS}), "x"), OptIn(frozenset({SMS}), "x"), Ask()],
)
def test_an_act_on_someone_removed_plans_nothing_new_from_their_plan(world: World, effect: Effect) -> None:
    world.maya(LATER)
    world.load()

    world.act(effect)

    assert LATER not in world.due_times()
    assert not world.store.agenda.claim_layout(NOON + DAY, 10)


# --- what was asked for ---------------------------------------------------------------------------
def inbound(provider_id: str, address: str = MAYA_PHONE, **more: object) -> Inbound:
    return replace(Inbound(provider_id, SMS, address, "hm", NOON), **more)  # type: ignore[arg-type]


def test_texts_that_nobody_has_taken_are_told_from_those_that_are_known_by_one_read(world: World) -> None:
    sam = Contact("Sam", phone="+447700900456", tell="2026-11-20, on paper", agreed="2026-11-21, by text")
    world.load(plan(contacts=(sam,)))
    world.text(provider_id="IN-known")
    found = [
        inbound("IN-known"),
        inbound("IN-new"),
        inbound("IN-strangers", "+447700900999"),
        inbound("IN-contacts", "+447700900456"),
    ]

    assert set(world.store.inbound.unseen(found)) == {"IN-new", "IN-contacts"}
    assert set(world.store.inbound.unseen([])) == set()


def test_a_text_that_was_asked_for_knows_what_followed_and_when_its_writer_came(world: World) -> None:
    world.load(plan())
    world.now += HOUR
    world.text(Pause(None))
    seen: list[Writer] = []

    world.store.inbound.take_reply(inbound("IN-late", taken_at=NOON + 2 * HOUR), answering((), seen))
    world.store.inbound.take_reply(inbound("IN-in-time"), answering((), seen))

    assert (seen[0].since, seen[0].known_since) == ({"paused"}, NOON)
    assert (seen[1].since, seen[1].known_since) == (frozenset(), None)


def test_what_answers_a_text_that_was_taken_late_is_due_when_it_was_taken(world: World) -> None:
    world.load(plan())
    world.now = NOON + 5 * HOUR
    taken = inbound("IN-late", received_at=NOON, taken_at=world.now)

    world.store.inbound.take_reply(taken, answering((Pause(None), Answer("At last."), Ask(Kind.REST)), []))

    (nudge,) = world.store.people.agenda("maya", TODAY)
    assert nudge.due_at == world.now
    assert sorted(one.text for one in world.claim().sendings) == ["A small rest nudge.", "At last."]
    assert world.person().standing.paused_at == NOON


def test_an_answer_may_wait_for_its_time(world: World) -> None:
    world.load(plan())
    world.text(Answer("Good morning.", at=NOON + 3 * HOUR))
    early = world.claim().sendings
    world.now = NOON + 3 * HOUR

    assert early == ()
    assert world.claim_one().text == "Good morning."
