"""Turns: who waits for a channel goes as its sender lets, the nearest end first, on every host together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread

import pytest

from nudger.agenda.entries import (
    Claim,
    Decide,
    Decision,
    Drop,
    Due,
    Failure,
    Report,
    Result,
    Send,
    SendFailure,
    Sending,
    Stage,
    Verdict,
    Wait,
    Ways,
)
from nudger.agenda.rate_limit import FIRST_OPEN, LEAST_RESERVE, THRESHOLD, Limit, ordinary
from nudger.domain.effects import Answer, OptOut, Snooze
from nudger.domain.model import ChannelName, Person, State
from nudger.store import Stores, open_store
from tests.support.worlds.store import (
    EMAIL,
    HOUR,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    Judge,
    World,
    counting,
    drop,
    laid_out,
    plan,
    send,
    slot,
)

SECOND = timedelta(seconds=1)
ONE = {SMS: Limit(per_second=1)}
PEOPLE = [f"p{number:02}" for number in range(12)]


def waiting(judge: Judge, now: datetime) -> Decide:
    """As `judge` has it where the channel is free; else it waits, a nudge's expiry for its turn. What is
    urgent waits for a rest alone."""

    def decide(one: Person, dues: Sequence[Due], ways: Ways) -> Decision:
        decision = counting(judge, now)(one, dues, ways)
        verdicts: list[Verdict] = []
        for due, verdict in zip(dues, decision.verdicts, strict=True):
            shut = {**({} if due.urgent else ways.full), **ways.open_circuits}
            if isinstance(verdict, Send) and not due.nudge and not due.urgent and SMS in ways.unanswered:
                verdicts.append(Drop(State.MISSED, ways.unanswered[SMS]))
            elif isinstance(verdict, Send) and verdict.channel in shut:
                turn_at = due.expires_at if due.nudge else due.due_at
                verdicts.append(Wait(verdict.channel, turn_at, shut[verdict.channel]))
            else:
                verdicts.append(verdict)
        went = any(isinstance(verdict, Send) for verdict in verdicts)
        return Decision(tuple(verdicts), decision.person if went else one)

    return decide


def claim(
    world: World,
    limits: dict[ChannelName, Limit] = ONE,
    store: Stores | None = None,
    limit: int = 100,
    judge: Judge = send,
) -> Claim:
    return (store or world.store).sending.claim_due(
        world.now, limit, "here", waiting(judge, world.now), limits
    )


def day_of(nudges: int) -> int:
    """A day's budget of which so much is left for nudges."""
    return next(per_day for per_day in range(nudges, 3 * nudges) if ordinary(per_day) == nudges)


def texted(world: World, *names: str, at: datetime = NOON, expires: timedelta | None = None) -> None:
    """One nudge by text for each of these people."""
    for number, name in enumerate(names):
        one = laid_out(name, slot(at, number + 1))
        world.store.agenda.lay_out([replace(one, expires={"rest": expires}) if expires else one], world.now)


def crowd(world: World) -> None:
    """Twelve people with a phone each."""
    world.load(
        *(plan(name, phone=f"+44770090{index:04}", channels=(SMS,)) for index, name in enumerate(PEOPLE))
    )


def people_of(*claims: Claim) -> list[str]:
    return [sending.person for one in claims for sending in one.sendings]


def test_a_peak_goes_out_one_second_after_the_other(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE)
    counts = []

    for _ in PEOPLE:
        counts.append(len(claim(world).sendings))
        world.now += SECOND

    assert counts == [1] * len(PEOPLE)
    assert claim(world).again_at is None


def test_a_rate_that_carries_all_that_is_due_lets_it_out_without_a_queue_and_counts_it(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[1:])
    at_once = claim(world, {SMS: Limit(per_second=1000)})
    texted(world, PEOPLE[0])
    day_is_full = {SMS: Limit(per_second=1000, per_day=day_of(len(PEOPLE) - 1))}

    one_more = claim(world, day_is_full)

    assert sorted(people_of(at_once)) == PEOPLE[1:]
    assert one_more.sendings == ()
    assert len(claim(world, {SMS: Limit(per_second=1000, per_day=day_of(len(PEOPLE)))}).sendings) == 1


def test_what_expires_first_goes_first_whenever_it_was_due(world: World) -> None:
    crowd(world)
    texted(world, PEOPLE[0], at=NOON - MINUTE, expires=HOUR)
    texted(world, PEOPLE[1], at=NOON, expires=10 * MINUTE)
    texted(world, PEOPLE[2], at=NOON - 2 * MINUTE, expires=5 * MINUTE)
    went = []

    for _ in range(3):
        went += people_of(claim(world))
        world.now += SECOND

    assert went == [PEOPLE[2], PEOPLE[1], PEOPLE[0]]


def test_an_answer_goes_before_every_nudge(world: World) -> None:
    crowd(world)
    world.load(plan(channels=(SMS,)), present=[*PEOPLE, "maya"])
    texted(world, *PEOPLE)
    claim(world)
    world.now += SECOND / 2
    world.text(Answer("You are not alone."))
    first = claim(world)
    world.now += SECOND / 2

    second = claim(world)

    assert (people_of(first), people_of(second)) == ([], ["maya"])


def test_a_claim_is_no_larger_than_one_second_of_the_rate(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE)

    assert len(claim(world, {SMS: Limit(per_second=5)}).sendings) == 5
    assert len(claim(world, {SMS: Limit(per_second=5)}).sendings) == 0


def test_segments_are_counted_and_a_message_is_never_cut(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:3])

    def long(one: Person, due: Due, now: datetime) -> Verdict:
        verdict = send(one, due, now)
        assert isinstance(verdict, Send)
        return replace(verdict, segments=3)

    first = claim(world, judge=long)
    world.now += 2 * SECOND
    second = claim(world, judge=long)
    world.now += SECOND
    third = claim(world, judge=long)

    assert [len(one.sendings) for one in (first, second, third)] == [1, 0, 1]


def test_a_claim_says_when_the_next_turn_comes(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:2])

    assert claim(world).again_at == NOON + SECOND
    assert world.store.sending.next_due_at() is None


def test_a_long_queue_of_texts_holds_up_no_email(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE)
    claim(world)
    world.load(plan("jonas"), present=[*PEOPLE, "jonas"])
    world.lay_out("jonas", slot(NOON))

    assert [sending.channel for sending in claim(world, limit=3).sendings] == [EMAIL]


def test_a_restart_and_a_second_host_share_the_same_second(world: World, url: str) -> None:
    crowd(world)
    texted(world, *PEOPLE)
    claim(world)
    other = open_store(url)

    again = claim(world, store=other)

    assert people_of(again) == []
    other.close()


def test_hosts_that_claim_at_once_send_no_more_than_one_would(world: World, url: str) -> None:
    crowd(world)
    texted(world, *PEOPLE)
    stores = [world.store, open_store(url), open_store(url)]
    claims: list[Claim] = []

    def work(store: Stores) -> None:
        claims.append(claim(world, {SMS: Limit(per_second=4)}, store))

    threads = [Thread(target=work, args=(store,)) for store in stores * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claims.append(claim(world, {SMS: Limit(per_second=4)}))

    went = people_of(*claims)
    assert len(went) == len(set(went)) == 4
    for store in stores[1:]:
        store.close()


def test_the_day_has_an_end_across_restarts(world: World, url: str) -> None:
    crowd(world)
    texted(world, *PEOPLE, expires=HOUR)
    limits = {SMS: Limit(per_day=day_of(5))}
    first = claim(world, limits)
    world.now += MINUTE
    other = open_store(url)

    second = claim(world, limits, other)

    assert [len(one.sendings) for one in (first, second)] == [5, 0]
    assert second.again_at == datetime(2026, 11, 24, tzinfo=NOON.tzinfo)
    other.close()


def test_what_waits_in_vain_leaves_the_queue_when_it_expires_and_knows_why(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:3])
    claim(world)
    world.now += 31 * MINUTE
    seen: list[Due] = []

    def missed(one: Person, due: Due, now: datetime) -> Verdict:
        seen.append(due)
        return drop(State.MISSED, due.held_up)(one, due, now)

    done = claim(world, judge=missed)

    assert done.dropped == 2
    assert {due.held_up for due in seen} == {"more were due than the sender may send (SMS_PER_SECOND)"}
    assert claim(world).again_at is None


def test_a_stop_while_it_waits_takes_it_out_of_the_queue(world: World) -> None:
    world.load(plan(channels=(SMS,)), plan("jonas", phone="+447700900777", channels=(SMS,)))
    texted(world, "maya", "jonas")
    first = claim(world)
    stopped = next(name for name in ("maya", "jonas") if name not in people_of(first))
    address = "+447700900123" if stopped == "maya" else "+447700900777"

    world.text(OptOut(frozenset({SMS}), "texted STOP"), address=address)

    world.now += SECOND
    assert claim(world).again_at is None
    assert world.states(stopped) == ["cancelled"]


def test_a_snooze_that_is_put_off_again_leaves_the_queue(world: World) -> None:
    crowd(world)
    world.load(plan(channels=(SMS,)), present=[*PEOPLE, "maya"])
    world.lay_out("maya", slot(NOON))
    (first,) = claim(world).sendings
    world.text(Snooze(first.occurrence, NOON + MINUTE))
    world.now = NOON + MINUTE
    texted(world, *PEOPLE, at=world.now, expires=SECOND)
    claim(world)  # the snooze waits behind what expires in a second

    world.text(Snooze(first.occurrence, NOON + HOUR))

    assert world.store.sending.next_due_at() == NOON + HOUR


# --- what is urgent -------------------------------------------------------------------------------
def in_danger(world: World, *names: str) -> None:
    """Each of these people is answered in a crisis."""
    for name in names:
        number = plan_of(name)
        world.text(Answer("You are not alone.", "crisis"), address=number)


def plan_of(name: str) -> str:
    return f"+44770090{PEOPLE.index(name):04}"


def test_a_crisis_answer_waits_for_no_second_and_is_counted_all_the_same(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:6], expires=HOUR)
    claim(world)
    in_danger(world, PEOPLE[9])

    answered = claim(world)
    world.now += SECOND
    after = claim(world)
    world.now += SECOND

    assert people_of(answered) == [PEOPLE[9]]
    assert people_of(after) == []  # its segment is made good for
    assert len(people_of(claim(world))) == 1


def test_a_crisis_answer_goes_before_the_answers_of_all_others(world: World) -> None:
    crowd(world)
    for name in PEOPLE[:8]:
        world.text(Answer("OK, again at 6 pm.", "snoozed"), address=plan_of(name))
    in_danger(world, PEOPLE[9])

    first = claim(world, limit=4)

    assert people_of(first)[0] == PEOPLE[9]
    assert len(people_of(first)) == 1  # the others wait for their seconds


def test_a_confirmation_of_stop_is_as_urgent(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:6], expires=HOUR)
    claim(world)
    world.text(Answer("OK, nothing more.", "stopped"), address=plan_of(PEOPLE[9]))

    assert people_of(claim(world)) == [PEOPLE[9]]


def test_a_reserve_of_the_day_is_left_for_what_is_urgent(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE, expires=HOUR)
    limits = {SMS: Limit(per_day=20)}

    nudges = [people_of(claim(world, limits)) for _ in range(3)]
    in_danger(world, PEOPLE[11])

    assert [len(one) for one in nudges] == [20 - LEAST_RESERVE, 0, 0]
    assert people_of(claim(world, limits)) == [PEOPLE[11]]


def test_what_is_urgent_goes_even_where_the_reserve_is_used_up(world: World) -> None:
    crowd(world)
    limits = {SMS: Limit(per_day=2)}

    went = []
    for name in PEOPLE:
        in_danger(world, name)
        went += people_of(claim(world, limits))

    assert went == PEOPLE


def test_answers_use_no_more_than_half_of_a_day(world: World) -> None:
    crowd(world)
    limits = {SMS: Limit(per_day=40)}
    answered = []
    for number in range(40):
        world.text(Answer("OK.", "done"), address=plan_of(PEOPLE[number % 2]))
        answered += people_of(claim(world, limits))
    texted(world, *PEOPLE[2:], expires=HOUR)

    nudged = people_of(claim(world, limits))

    assert len(answered) == ordinary(40) // 2
    assert sorted(nudged) == PEOPLE[2:]
    reasons = {entry.reason for entry in world.store.people.log(PEOPLE[0]) if entry.state == State.MISSED}
    assert reasons == {"answers have used their half of what the sender may send today (SMS_PER_DAY)"}


def test_answers_have_their_half_again_on_the_next_day(world: World) -> None:
    crowd(world)
    limits = {SMS: Limit(per_day=40)}
    for _ in range(20):
        world.text(Answer("OK.", "done"), address=plan_of(PEOPLE[0]))
        claim(world, limits)

    world.now += timedelta(days=1)
    world.text(Answer("OK.", "done"), address=plan_of(PEOPLE[0]))

    assert people_of(claim(world, limits)) == [PEOPLE[0]]


def test_what_is_urgent_is_claimed_where_there_is_no_place_for_more(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:6])
    before = world.store.sending.has_urgent(world.now)
    in_danger(world, PEOPLE[9])

    assert (before, world.store.sending.has_urgent(world.now)) == (False, True)
    assert people_of(claim(world, {}, limit=0)) == [PEOPLE[9]]
    assert not world.store.sending.has_urgent(world.now)


def test_what_is_urgent_waits_while_its_channel_rests_and_goes_first_after_it(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:3], expires=HOUR)
    (first,) = claim(world).sendings
    fault = SendFailure(Failure.SENDER, "Twilio refused our credentials", "20003")
    world.store.sending.record([Result(first, failure=fault)], world.now)
    in_danger(world, PEOPLE[9])
    during = claim(world)
    world.now += FIRST_OPEN

    assert people_of(during) == []
    assert people_of(claim(world)) == [PEOPLE[9]]


# --- the breaker ----------------------------------------------------------------------------------
def break_sms(world: World) -> Sending:
    """The sender is refused; the entry of this sending is planned again."""
    (sending,) = claim(world, {}).sendings
    fault = SendFailure(Failure.SENDER, "Twilio refused our credentials", "20003")
    world.store.sending.record([Result(sending, failure=fault, retry_at=world.now)], world.now)
    return sending


def test_a_channel_that_is_refused_rests_for_all_and_raises_an_alarm(world: World, url: str) -> None:
    world.maya(NOON, channels=(SMS,))
    break_sms(world)
    other = open_store(url)

    done = claim(world, {}, other)

    assert (people_of(done), done.again_at) == ([], NOON + FIRST_OPEN)
    (alarm,) = other.alarms.alarms()
    assert alarm.key == "sender sms"
    assert "Twilio refused our credentials" in alarm.words
    other.close()


def test_after_its_rest_one_message_finds_out_and_then_all_go_and_the_alarm_passes(world: World) -> None:
    crowd(world)
    texted(world, PEOPLE[0])
    break_sms(world)
    texted(world, *PEOPLE[1:5], expires=HOUR)
    assert people_of(claim(world, {})) == []
    world.now += FIRST_OPEN

    probe = claim(world, {})
    during = claim(world, {})
    world.accept(*probe.sendings)
    then = claim(world, {})

    assert [len(one.sendings) for one in (probe, during, then)] == [1, 0, 4]
    assert [alarm.cleared_at for alarm in world.store.alarms.alarms()] == [world.now]


def test_what_waits_for_a_channel_that_begins_to_rest_is_judged_anew(world: World) -> None:
    crowd(world)
    texted(world, *PEOPLE[:3], expires=HOUR)
    (first,) = claim(world).sendings
    fault = SendFailure(Failure.SENDER, "Twilio refused our credentials", "20003")
    world.store.sending.record([Result(first, failure=fault)], world.now)
    seen: list[str] = []

    claim(world, judge=lambda one, due, now: seen.append(one.id) or send(one, due, now))
    claim(world, judge=lambda one, due, now: seen.append(one.id) or send(one, due, now))

    assert sorted(seen) == sorted(name for name in PEOPLE[:3] if name != first.person)
    reasons = [
        world.store.people.agenda(name, TODAY)[0].reason for name in PEOPLE[:3] if name != first.person
    ]
    assert reasons == ["the circuit of sms is open: Twilio refused our credentials"] * 2


def test_faults_in_a_row_open_it_and_a_receipt_in_between_does_not_let_them_add_up(world: World) -> None:
    world.maya(*(NOON - number * SECOND for number in range(2 * THRESHOLD)), channels=(SMS,))
    sendings = world.claim().sendings

    for number, sending in enumerate(sendings):
        if number == THRESHOLD - 1:
            world.accept(sending)
        else:
            world.fail(sending, Failure.AMBIGUOUS)
        if number < 2 * THRESHOLD - 1:
            assert world.store.alarms.alarms() == []

    assert [alarm.key for alarm in world.store.alarms.alarms()] == ["sender sms"]


def test_a_text_that_a_carrier_filtered_rests_the_channel_too(world: World) -> None:
    world.maya(NOON)
    (sending,) = world.deliver()
    filtered = SendFailure(Failure.SENDER, "our texts are filtered out by Twilio or the carrier", "30007")

    world.store.sending.report(sending.message, Report("SM1", Stage.FAILED, filtered), NOON)

    assert [alarm.key for alarm in world.store.alarms.alarms()] == ["sender sms"]


@pytest.mark.parametrize("failure", [Failure.RECIPIENT, Failure.OPTED_OUT])
def test_what_is_wrong_with_a_number_rests_no_channel(world: World, failure: Failure) -> None:
    world.maya(*(NOON - number * SECOND for number in range(THRESHOLD)), channels=(SMS,))
    for sending in world.claim().sendings:
        world.fail(sending, failure)

    assert not [alarm for alarm in world.store.alarms.alarms() if alarm.key.startswith("sender")]
