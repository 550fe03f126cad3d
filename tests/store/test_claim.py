"""The claim: who gets what, in what order, and what is committed when it returns."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from nudger.agenda.entries import Decision, Due, Send, Ways
from nudger.domain.effects import Answer, Pause
from nudger.domain.model import ChannelName, History, Kind, Origin, Person, State
from nudger.store import open_store
from nudger.store.stores import Stores
from tests.support.worlds.store import (
    EMAIL,
    HOUR,
    MAYA_EMAIL,
    MAYA_PHONE,
    MINUTE,
    NOON,
    SMS,
    TODAY,
    World,
    drop,
    laid_out,
    later,
    plan,
    send,
    slot,
)


def test_nothing_is_claimed_before_its_time(world: World) -> None:
    world.maya(NOON + MINUTE)

    claim = world.claim()

    assert (claim.sendings, claim.dropped, claim.looked_at) == ((), 0, 0)


def test_what_is_due_becomes_a_message_in_sending(world: World) -> None:
    world.maya(NOON)

    claim = world.claim()

    (sending,) = claim.sendings
    assert (claim.dropped, claim.looked_at) == (0, 1)
    assert (sending.person, sending.channel, sending.address) == ("maya", SMS, MAYA_PHONE)
    assert (sending.text, sending.origin, sending.attempts) == ("A small rest nudge.", Origin.FIXED, 0)
    assert world.states() == ["sending"]
    assert [line.state for line in world.store.people.conversation()] == [State.SENDING]


def test_words_are_kept_as_they_are_whatever_they_hold(world: World) -> None:
    odd = ['say "hello"', "a \\ b", "{1,2}", "NULL", "", "two\nlines", "it's 5 %s :x", "\u0159\U0001f343"]
    people = [f"p{number}" for number in range(len(odd))]
    world.load(*(plan(name, phone=f"+44770090{index:04}") for index, name in enumerate(people)))
    world.store.agenda.lay_out([laid_out(name, slot(NOON)) for name in people], world.now)
    words = dict(zip(people, odd, strict=True))

    world.claim(judge=lambda one, due, now: replace(send(one, due, now), text=words[one.id]))

    assert {line.person: line.text for line in world.store.people.conversation()} == words


def test_a_claim_outlives_the_process_that_made_it(world: World, url: str) -> None:
    world.maya(NOON)
    world.claim()

    other = open_store(url)

    assert [entry.state for entry in other.people.agenda("maya", TODAY)] == ["sending"]
    other.close()


def test_what_is_claimed_is_not_claimed_again(world: World) -> None:
    world.maya(NOON)
    world.claim()

    assert world.claim().looked_at == 0


def test_the_decision_sees_the_person_as_they_stand_and_the_entry_whole(world: World) -> None:
    world.maya(NOON - MINUTE)
    world.act(Pause(NOON + HOUR))
    seen: list[tuple[Person, Due]] = []

    world.claim(lambda one, due, now: seen.append((one, due)) or send(one, due, now))

    ((one, due),) = seen
    assert one.plan == plan()
    assert one.standing.paused_at == NOON
    assert one.standing.consented == {SMS, EMAIL}
    assert (due.person, due.nudge, due.kind, due.origin) == ("maya", "rest", Kind.REST, Origin.FIXED)
    assert (due.local_date, due.slot, due.round, due.attempts) == (TODAY, 1, 0, 0)
    assert (due.due_at, due.expires_at) == (NOON - MINUTE, NOON + 29 * MINUTE)


def test_the_earliest_come_first_and_no_more_than_the_limit(world: World) -> None:
    names = [f"person-{number}" for number in range(5)]
    world.load(*(plan(name) for name in names))
    for number, name in enumerate(reversed(names)):
        world.lay_out(name, slot(NOON - number * MINUTE))

    claim = world.claim(limit=2)

    assert [sending.person for sending in claim.sendings] == ["person-0", "person-1"]
    assert claim.looked_at == 2


def test_all_that_is_due_of_a_person_is_judged_at_once(world: World) -> None:
    world.maya(NOON - 3 * MINUTE, NOON - 2 * MINUTE, NOON - MINUTE, NOON + MINUTE)
    seen: list[int] = []

    claim = world.claim(lambda one, due, now: seen.append(due.slot) or send(one, due, now), limit=1)

    assert seen == [1, 2, 3]
    assert claim.looked_at == 1
    assert world.states() == ["sending", "sending", "sending", "planned"]


def test_sendings_are_in_the_order_of_their_times(world: World) -> None:
    world.load(plan(), plan("jonas"))
    world.lay_out("maya", slot(NOON - 3 * MINUTE), slot(NOON - MINUTE, 2))
    world.lay_out("jonas", slot(NOON - 2 * MINUTE))

    assert [sending.person for sending in world.claim().sendings] == ["maya", "jonas", "maya"]


def test_a_dropped_entry_keeps_its_reason(world: World) -> None:
    world.maya(NOON)

    claim = world.claim(drop(State.SUPPRESSED, "quiet hours 20:00-09:00"))

    assert (claim.sendings, claim.dropped) == ((), 1)
    (entry,) = world.store.people.agenda("maya", TODAY)
    assert (entry.state, entry.reason) == ("suppressed", "quiet hours 20:00-09:00")
    assert world.claim().looked_at == 0


def test_an_entry_put_off_comes_again_then_with_its_expiry_kept(world: World) -> None:
    world.maya(NOON)

    world.claim(later(NOON + 5 * MINUTE, "the circuit of sms is open after a fault"))

    (entry,) = world.store.people.agenda("maya", TODAY)
    assert (entry.state, entry.reason) == ("planned", "the circuit of sms is open after a fault")
    assert (entry.due_at, entry.expires_at) == (NOON + 5 * MINUTE, NOON + 30 * MINUTE)
    world.now = NOON + 5 * MINUTE
    assert world.claim_one().occurrence


def test_each_verdict_finds_its_entry(world: World) -> None:
    world.maya(*(NOON - number * MINUTE for number in range(3)))
    verdicts = {1: send, 2: drop(State.MISSED, "overtaken"), 3: later(NOON + HOUR)}

    world.claim(lambda one, due, now: verdicts[due.slot](one, due, now))

    states = {entry.slot: entry.state for entry in world.store.people.agenda("maya", TODAY)}
    assert states == {1: "sending", 2: "missed", 3: "planned"}


def test_the_history_after_the_sends_is_kept(world: World) -> None:
    world.maya(NOON)
    history = History(
        TODAY, 2, NOON, {"rest": ("b", "a"), "movement": ("c",)}, {"Sam": NOON, "Ines": NOON - timedelta(9)}
    )

    def decide(one: Person, dues: Sequence[Due], _ways: Ways) -> Decision:
        return Decision((send(one, dues[0], NOON),), replace(one, history=history))

    world.store.sending.claim_due(NOON, 10, "here", decide)

    kept = world.person().history
    assert kept == history
    assert list(kept.recent) == ["rest", "movement"]
    assert list(kept.contacted) == ["Sam", "Ines"]


def test_a_decision_that_fails_leaves_everything_of_that_person_as_it_was(world: World) -> None:
    world.maya(NOON)

    def decide(one: Person, dues: Sequence[Due], _ways: Ways) -> Decision:
        raise ZeroDivisionError

    assert world.store.sending.claim_due(NOON, 10, "here", decide).sendings == ()

    assert world.states() == ["planned"]
    assert [one.person for one in world.store.agenda.those_set_aside()] == ["maya"]


def test_a_decision_must_judge_every_entry(world: World) -> None:
    world.maya(NOON)

    world.store.sending.claim_due(NOON, 10, "here", lambda one, dues, _ways: Decision((), one))

    assert world.states() == ["planned"]
    assert "ValueError at " in world.store.agenda.those_set_aside()[0].fault


def test_message_ids_ascend_and_are_not_to_be_guessed(world: World) -> None:
    world.maya(NOON - MINUTE, NOON)
    first = world.claim().sendings
    world.now += timedelta(milliseconds=1)
    world.text(Answer("Noted."))
    second = world.claim().sendings

    ids = [sending.message for sending in (*first, *second)]
    assert len({name[12:] for name in ids}) == 3
    assert all(len(name) == 32 for name in ids)
    assert max(ids[:2]) < ids[2]


def test_an_answer_carries_its_text_and_the_channel_on_which_they_wrote(world: World) -> None:
    world.load(plan())
    world.text(Answer("OK, again at 3:30 pm."), address=MAYA_EMAIL)
    seen: list[Due] = []

    world.claim(lambda one, due, now: seen.append(due) or send(one, due, now))

    (due,) = seen
    assert (due.nudge, due.kind, due.origin, due.text) == ("", None, Origin.ANSWER, "OK, again at 3:30 pm.")
    assert due.channel is ChannelName.EMAIL
    assert (due.due_at, due.expires_at) == (NOON, NOON + HOUR)


def test_the_next_due_time_is_that_of_the_earliest_planned_entry(world: World) -> None:
    assert world.store.sending.next_due_at() is None
    world.maya(NOON + HOUR, NOON - HOUR)

    assert world.store.sending.next_due_at() == NOON - HOUR
    world.deliver()
    assert world.store.sending.next_due_at() == NOON + HOUR


def test_a_message_keeps_the_words_it_was_chosen_from(world: World) -> None:
    world.maya(NOON)
    words = Send(SMS, MAYA_PHONE, "Text Sam?", "A nudge", 9 * MINUTE, 2, "sam-1", "Sam")

    (sending,) = world.claim(lambda _one, _due, _now: words).sendings

    assert (sending.subject, sending.valid_for, sending.segments) == ("A nudge", 9 * MINUTE, 2)
    (message,) = world.store.people.export("maya")["message"]
    assert (message["bank_key"], message["contact"], message["segments"]) == ("sam-1", "Sam", 2)


def test_an_entry_is_planned_exactly_while_it_waits_for_its_time(world: World, store: Stores) -> None:
    world.maya(NOON, NOON + HOUR)
    world.deliver()

    with store.transactions.database.read() as connection:
        rows = connection.execute(text("SELECT state, wake_at IS NULL FROM occurrence ORDER BY due_at")).all()

    assert [tuple(row) for row in rows] == [("sent", True), ("planned", False)]
