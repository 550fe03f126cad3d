"""What a provider has done with a text counts, and it is answered once: by the provider or by nudger."""

from dataclasses import replace

import pytest

from nudger.domain.model import ChannelName
from nudger.inbound.port import Handled
from tests.support.maya import ONE_MORNING as PERSON
from tests.support.maya import SAM_PHONE, TRUSTED, to_sam
from tests.support.worlds.delivery import World

SMS = ChannelName.SMS


async def handled(world: World, by: Handled, words: str, **changes: str) -> list[str]:
    """What nudger answers to a text that Twilio took for a keyword."""
    before = len(world.texts)
    await world.inbox.take(replace(world.inbound(words), handled=by, **changes))
    await world.tick()
    return world.texts[before:]


def opted_out(world: World) -> bool:
    person = world.store.people.person("maya")
    assert person is not None
    return SMS in person.standing.opted_out


@pytest.mark.parametrize("words", ["STOP", "later", "basta", "what a day", "START", ""])
async def test_what_twilio_took_for_stop_opts_out_whatever_it_says_and_is_not_confirmed_twice(
    world: World, words: str
) -> None:
    await world.start(maya=PERSON)

    answers = await handled(world, Handled.STOP, words)

    assert (opted_out(world), answers) == (True, [])


@pytest.mark.parametrize("words", ["START", "hola", "later", "STOP"])
async def test_what_twilio_took_for_start_opts_in_whatever_it_says_and_is_not_answered_twice(
    world: World, words: str
) -> None:
    await world.start(maya=PERSON)
    await world.text("STOP")

    answers = await handled(world, Handled.START, words)

    assert (opted_out(world), answers) == (False, [])


@pytest.mark.parametrize("words", ["HELP", "info", "later", "pause", "STOP"])
async def test_what_twilio_took_for_help_does_nothing_and_is_not_answered_twice(
    world: World, words: str
) -> None:
    await world.start(maya=PERSON)

    answers = await handled(world, Handled.HELP, words)

    person = world.store.people.person("maya")
    assert person is not None
    assert (answers, opted_out(world), person.standing.paused_at) == ([], False, None)


@pytest.mark.parametrize("by", Handled)
async def test_a_crisis_is_answered_by_nudger_whatever_twilio_took_it_for(world: World, by: Handled) -> None:
    await world.start(maya=PERSON)

    (answer,) = await handled(world, by, "I want to die")

    person = world.store.people.person("maya")
    assert person is not None
    assert "call Samaritans on 116 123" in answer
    assert person.standing.held_at is not None
    assert opted_out(world) == (by is Handled.STOP)


@pytest.mark.parametrize("by", Handled)
async def test_what_may_mean_danger_is_answered_by_nudger_whatever_twilio_took_it_for(
    world: World, by: Handled
) -> None:
    await world.start(maya=PERSON)

    (answer,) = await handled(world, by, "whats the point of any of it")

    assert "call Samaritans on 116 123" in answer
    assert opted_out(world) == (by is Handled.STOP)


async def test_whom_somebody_harms_is_told_so_in_no_word_though_twilio_took_it_for_stop(world: World) -> None:
    await world.start(maya=PERSON)

    (answer,) = await handled(world, Handled.STOP, "he hits me and says he will kill me")

    assert "suicide" not in answer


async def test_start_opts_in_beside_a_crisis_too(world: World) -> None:
    await world.start(maya=PERSON)
    await world.text("STOP")

    await handled(world, Handled.START, "START I want to die")

    assert not opted_out(world)


@pytest.mark.parametrize("words", ["hm", "STOP"])
async def test_a_contact_who_stopped_by_twilio_gets_no_notice(world: World, words: str) -> None:
    world.inbox = world.new_inbox(tells_contacts=True)
    await world.start(maya=PERSON + TRUSTED)

    await handled(world, Handled.STOP, words, address=SAM_PHONE)
    await world.text("I want to die")

    assert to_sam(world) == []
