"""A phone under two numbers (Mexico, Argentina, Brazil): a STOP from either of them is a STOP."""

from datetime import date

import pytest

from nudger.agenda.entries import Failure
from nudger.domain.effects import OptIn, OptOut
from nudger.domain.model import Contact
from tests.support.worlds.store import NOON, SMS, World, plan

PHONES = [
    ("+525512345678", "+5215512345678"),
    ("+541123456789", "+5491123456789"),
    ("+551187654321", "+5511987654321"),
]
BOTH_WAYS = [*PHONES, *((other, number) for number, other in PHONES)]
STOP = OptOut(frozenset({SMS}), "texted STOP")

both_ways = pytest.mark.parametrize(("number", "other"), BOTH_WAYS)


@both_ways
def test_a_text_from_either_form_is_the_persons(world: World, number: str, other: str) -> None:
    world.load(plan(phone=number))

    world.text(STOP, address=other)

    assert world.person().standing.opted_out == {SMS}


@both_ways
def test_a_stop_outlives_a_renamed_file_with_the_other_form(world: World, number: str, other: str) -> None:
    world.load(plan(phone=number))
    world.text(STOP, address=number)

    world.load(plan("maya-b", phone=other, channels=(SMS,)))

    assert world.person("maya-b").standing.opted_out == {SMS}


@both_ways
def test_a_stop_outlives_a_person_who_was_erased(world: World, number: str, other: str) -> None:
    world.load(plan(phone=number))
    world.text(STOP, address=number)
    world.load()
    world.store.people.forget("maya")

    world.load(plan("maya-b", phone=other, channels=(SMS,)))

    assert world.person("maya-b").standing.opted_out == {SMS}


@both_ways
def test_a_number_that_is_put_right_keeps_its_consent(world: World, number: str, other: str) -> None:
    world.load(plan(phone=number, consent=None, channels=(SMS,)))
    world.text(OptIn(frozenset({SMS}), "texted YES"), address=number)

    world.load(plan(phone=other, consent=None, channels=(SMS,)))

    assert world.person().standing.consented == {SMS}
    assert world.store.agenda.ask_for_consent(NOON, 10, lambda *_: NOON) == 0


@both_ways
def test_who_comes_back_to_a_phone_has_its_consent(world: World, number: str, other: str) -> None:
    world.load(plan(phone=number, consent=None))
    world.text(OptIn(frozenset({SMS}), "texted YES"), address=number)
    world.load(plan(phone="+447700900999", consent=None))

    world.load(plan(phone=other, consent=None))

    assert world.person().standing.consented == {SMS}


@both_ways
def test_a_stop_that_the_provider_tells_of_is_the_phones(world: World, number: str, other: str) -> None:
    world.maya(NOON, phone=number)
    sending = world.claim_one()
    world.load(plan(phone=other))

    world.fail(sending, Failure.OPTED_OUT)

    assert world.person().standing.opted_out == {SMS}


@both_ways
def test_files_of_one_phone_are_read_together(world: World, number: str, other: str) -> None:
    world.load(plan(phone=number))

    assert set(world.store.plans.linked_files((), [other])) == {"plans/maya.toml"}


def trusted(number: str) -> Contact:
    return Contact("Sam", phone=number, tell="2026-11-20, on paper", agreed="2026-11-21, by text")


@both_ways
def test_a_contacts_stop_is_their_phones(world: World, number: str, other: str) -> None:
    world.load(plan(contacts=(trusted(number),)), plan("jonas", contacts=(trusted(other),)))

    assert world.store.inbound.contact_said(other, True, NOON)

    assert [world.act(person=who).contact_stopped for who in ("maya", "jonas")] == [True, True]  # type: ignore[union-attr]
    world.store.inbound.contact_said(number, False, NOON.replace(minute=1))
    assert [world.act(person=who).contact_stopped for who in ("maya", "jonas")] == [False, False]  # type: ignore[union-attr]


@both_ways
def test_a_contacts_stop_outlives_a_person_who_was_erased(world: World, number: str, other: str) -> None:
    world.load(plan(contacts=(trusted(number),)))
    world.store.inbound.contact_said(other, True, NOON)
    world.load()
    world.store.people.forget("maya")

    world.load(plan("jonas", contacts=(trusted(other),)))

    writer = world.act(person="jonas")
    assert writer is not None
    assert writer.contact_stopped


@both_ways
def test_a_contacts_word_is_kept_while_somebody_names_their_phone(
    world: World, number: str, other: str
) -> None:
    world.load(plan(contacts=(trusted(number),)), plan("jonas", contacts=(trusted(other),)))
    world.store.inbound.contact_said(number, True, NOON)

    world.store.people.forget("maya")

    assert world.store.inbound.contact_said(other, True, NOON)  # the same word: known
    assert len([one for one in world.store.people.log("jonas") if "STOP" in one.what]) == 1


def test_a_landline_and_a_mobile_are_two_people(world: World) -> None:
    landline, mobile = "+551132345678", "+5511932345678"
    world.load(plan(phone=landline), plan("jonas", phone=mobile, channels=(SMS,)))

    world.text(STOP, address=mobile)

    assert world.person().standing.opted_out == set()
    assert world.person("jonas").standing.opted_out == {SMS}
    assert world.store.people.agenda("maya", date.min) == []
