"""Notices to trusted contacts, low days and the words of an answer, kept on every database."""

from nudger.agenda.entries import Due, Failure, Send
from nudger.domain.effects import Answer, Hold, LowDays, Rate, Reached, Resume, Tell, Untell
from nudger.domain.model import Contact, Origin, Person, State
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON, SMS, World, plan

SAM_PHONE = "+447700900456"
SAM = Contact("Sam", phone=SAM_PHONE, tell="2026-11-20, on paper", agreed="2026-11-21, by text")


def to_whom(one: Person, due: Due, now: object) -> Send:
    address = SAM_PHONE if due.origin is Origin.NOTICE else one.plan.phone or ""
    return Send(SMS, address, due.text or "A rest?", "", HOUR)


def states(world: World) -> list[tuple[str, str]]:
    return [(entry.what, entry.state) for entry in world.store.people.log("maya") if entry.state]


def test_a_notice_goes_out_beside_the_answer_under_the_hold(world: World) -> None:
    world.maya(NOON, contacts=(SAM,))

    world.text(Hold(), Answer("Call 999.", "crisis_told"), Tell("Sam", "Maya would welcome a call."))
    sendings = world.claim(to_whom).sendings

    assert sorted((sending.origin, sending.address) for sending in sendings) == [
        (Origin.ANSWER, "+447700900123"),
        (Origin.NOTICE, SAM_PHONE),
    ]
    assert world.store.sending.stopped(sendings, world.now) == frozenset()


def test_the_persons_withdrawal_cancels_one_that_waits_and_is_kept(world: World) -> None:
    world.maya(contacts=(SAM,))
    world.text(Hold(), Tell("Sam", "Maya would welcome a call."))

    world.text(Untell("2026-11-20, on paper"))

    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.untold == "2026-11-20, on paper"
    assert world.claim(to_whom).sendings == ()
    assert ("notice to a trusted contact", State.CANCELLED) in states(world)


def test_the_contacts_stop_holds_for_everyone_whose_contact_they_are(world: World) -> None:
    world.load(plan(contacts=(SAM,)), plan("jonas", contacts=(SAM,)), plan("ann"))

    assert world.store.inbound.contact_said(SAM_PHONE, True, world.now)

    told = [
        (entry.person, entry.what)
        for who in ("maya", "jonas", "ann")
        for entry in world.store.people.log(who)
    ]
    assert ("maya", "trusted contact said STOP") in told
    assert ("jonas", "trusted contact said STOP") in told
    assert not [what for who, what in told if who == "ann" and "STOP" in what]
    writer = world.text()
    assert writer is not None
    assert writer.contact_stopped


def test_of_several_words_of_a_contact_the_latest_counts(world: World) -> None:
    world.maya(contacts=(SAM,))

    world.store.inbound.contact_said(SAM_PHONE, True, NOON)
    world.store.inbound.contact_said(SAM_PHONE, False, NOON + MINUTE)
    world.store.inbound.contact_said(SAM_PHONE, True, NOON)

    writer = world.text()
    assert writer is not None
    assert not writer.contact_stopped


def test_what_a_number_says_that_nobody_trusts_is_not_kept(world: World) -> None:
    world.maya(contacts=(Contact("Sam", phone=SAM_PHONE),))

    assert not world.store.inbound.contact_said(SAM_PHONE, True, NOON)


def test_low_days_and_the_rate_are_kept_and_a_crisis_changes_neither(world: World) -> None:
    world.maya()
    world.text(Rate(2), LowDays(NOON + DAY))

    world.text(Hold())
    world.text(Resume())

    person = world.store.people.person("maya")
    assert person is not None
    assert (person.standing.fewer, person.standing.tiny_until) == (2, NOON + DAY)
    assert [one.id for one in world.store.overview.status(NOON).standings] == ["maya"]


def test_being_in_touch_is_kept_in_the_history(world: World) -> None:
    world.maya(contacts=(SAM,))

    world.text(Reached("Sam"))

    person = world.store.people.person("maya")
    assert person is not None
    assert person.history.contacted == {"Sam": NOON}


def test_an_operators_resume_leaves_a_hold(world: World) -> None:
    world.maya()
    world.text(Hold())

    world.text(Resume(lifts=False))

    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.held_at == NOON


def test_a_crisis_answer_that_is_refused_is_an_alarm_until_the_hold_ends(world: World) -> None:
    world.maya()
    world.text(Hold(), Answer("Call 999.", "crisis"))

    world.fail(world.claim().sendings[0], Failure.RECIPIENT)

    assert world.store.overview.status(NOON).unanswered == {"maya": "it was recipient"}
    assert [alarm.key for alarm in world.store.alarms.alarms() if alarm.cleared_at is None] == [
        "crisis answer maya"
    ]
    world.text(Resume())
    assert [alarm.key for alarm in world.store.alarms.alarms() if alarm.cleared_at is None] == []
