"""The links of emails, over a real store: looking changes nothing, pressing does it once."""

from datetime import UTC, datetime, timedelta

import pytest

from nudger.domain.effects import Hold, Response
from nudger.domain.model import ChannelName, Outcome, State
from nudger.domain.tokens import Action
from nudger.inbound.email_links import LASTS, Card, Links, token
from tests.support.worlds.delivery import World

KEY = bytes(range(32))
MAYA = """
name = "Maya"
timezone = "Europe/London"
email = "maya@example.org"
consent = "2026-11-20, in person"
[[nudge]]
kind = "rest"
at = "13:00"
[[nudge]]
kind = "movement"
at = "16:00"
"""
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)
EMAIL = ChannelName.EMAIL


@pytest.fixture
async def mailed(world: World) -> World:
    """Maya has had her email of one o'clock, and it is five past."""
    await world.start(maya=MAYA)
    await world.until(ONE)
    world.clock.at = ONE + timedelta(minutes=5)
    return world


def link(world: World, action: Action) -> str:
    sent = world.email.sent[-1]
    return token(action, "maya", EMAIL, sent.occurrence, KEY, ONE)


def look(world: World, token: str, *languages: str) -> Card:
    return Links(world.store.inbound, world.store.people, world.core.responder, KEY).look(
        token, languages, world.clock.now()
    )


def press(world: World, token: str) -> Card:
    return Links(world.store.inbound, world.store.people, world.core.responder, KEY).press(
        token, (), world.clock.now()
    )


def standing(world: World) -> object:
    one = world.store.people.person("maya")
    assert one is not None
    return one.standing


@pytest.mark.parametrize("action", sorted(LASTS))
async def test_looking_at_a_link_changes_nothing(mailed: World, action: Action) -> None:
    before = mailed.store.people.export("maya")

    card = look(mailed, link(mailed, action))

    assert card.status == 200
    assert (card.button == "") == (action is Action.CONFIRM)  # she has said yes already
    assert mailed.store.people.export("maya") == before


async def test_later_brings_the_nudge_back(mailed: World) -> None:
    card = press(mailed, link(mailed, Action.LATER))

    assert card.text == "OK, it comes back at 2:05 pm."
    await mailed.until(ONE + timedelta(hours=2))
    assert [sending.origin for sending in mailed.email.sent] == ["fixed", "snoozed"]


@pytest.mark.parametrize(("action", "outcome"), [(Action.DONE, Outcome.DONE), (Action.SKIP, Outcome.SKIPPED)])
async def test_done_and_skip_are_noted(mailed: World, action: Action, outcome: Outcome) -> None:
    press(mailed, link(mailed, action))

    (first, _) = mailed.store.people.agenda("maya", ONE.date())[:2]
    assert (first.state, first.outcome) == (State.SENT, outcome)


async def test_a_pause_lasts_a_week_of_wall_time(mailed: World) -> None:
    card = press(mailed, link(mailed, Action.PAUSE))

    assert "until Monday 30 November at 1:05 pm" in card.text
    assert standing(mailed).paused_until == ONE + timedelta(days=7, minutes=5)


async def test_stop_closes_the_channel_before_the_next_email(mailed: World) -> None:
    card = press(mailed, link(mailed, Action.STOP))

    await mailed.until(ONE + timedelta(hours=8))
    assert card.text == "OK, nudger will send you no more emails."
    assert len(mailed.email.sent) == 1


async def test_a_stop_by_mistake_is_taken_back_from_the_page(mailed: World) -> None:
    card = press(mailed, link(mailed, Action.STOP))

    press(mailed, card.undo_token)

    await mailed.until(ONE + timedelta(hours=8))
    assert len(mailed.email.sent) == 2


@pytest.mark.parametrize("action", [Action.LATER, Action.DONE, Action.SKIP, Action.PAUSE, Action.STOP])
async def test_a_link_that_was_used_says_so_and_does_nothing(mailed: World, action: Action) -> None:
    press(mailed, link(mailed, action))
    before = mailed.store.people.export("maya")

    card = press(mailed, link(mailed, action))

    assert (card.title, card.button, card.status) == ("That is done already", "", 200)
    assert mailed.store.people.export("maya") == before


async def test_what_was_pressed_is_kept_as_a_reply_in_the_words_of_the_button(mailed: World) -> None:
    press(mailed, link(mailed, Action.STOP))

    held = mailed.store.people.export("maya")
    assert held is not None
    (reply,) = held["reply"]  # type: ignore[misc]
    assert (reply["text"], reply["intent"], reply["address"]) == ("Stop them", "stop", "maya@example.org")


async def test_a_link_binds_to_its_own_nudge_and_not_to_the_latest(mailed: World) -> None:
    first = link(mailed, Action.DONE)
    await mailed.until(ONE + timedelta(hours=4))

    press(mailed, first)

    today = [one for one in mailed.store.people.agenda("maya", ONE.date()) if one.local_date == ONE.date()]
    outcomes = {one.nudge: one.outcome for one in today}
    assert (outcomes["rest"], outcomes["movement"]) == (Outcome.DONE, None)


async def test_a_nudge_that_came_back_has_links_of_its_own(mailed: World) -> None:
    first = link(mailed, Action.LATER)
    press(mailed, first)
    await mailed.until(ONE + timedelta(hours=2))

    assert look(mailed, first).status == 410


@pytest.mark.parametrize("action", sorted(LASTS))
async def test_an_expired_link_says_what_to_do(mailed: World, action: Action) -> None:
    old = link(mailed, action)
    mailed.clock.at = ONE + LASTS[action]

    card = press(mailed, old)

    assert (card.title, card.button, card.status) == ("This link has ended", "", 410)
    assert len(mailed.email.sent) == 1


@pytest.mark.parametrize("token", ["", "x", "A" * 40, "../../etc/passwd", "é"])
async def test_a_forged_link_is_answered_in_the_language_of_the_browser(mailed: World, token: str) -> None:
    card = look(mailed, token, "de", "fr", "en")

    assert (card.title, card.language, card.status) == ("Ce lien n'est pas complet", "fr", 404)


async def test_a_link_of_someone_who_was_forgotten_ends(mailed: World) -> None:
    old = link(mailed, Action.STOP)
    mailed.store.people.forget("maya")

    assert press(mailed, old).status == 410


async def test_a_yes_to_an_email_counts_for_the_address_it_went_to_alone(mailed: World) -> None:
    press(mailed, link(mailed, Action.STOP))
    confirm = link(mailed, Action.CONFIRM)
    mailed.load(maya=MAYA.replace("maya@", "other@"))

    assert press(mailed, confirm).status == 410


async def test_later_promises_no_time_while_a_crisis_hold_stands(mailed: World) -> None:
    mailed.store.inbound.act(
        "maya", mailed.clock.now(), lambda _: Response("crisis", None, (Hold(),)), "test"
    )

    card = press(mailed, link(mailed, Action.LATER))

    assert (card.status, card.button) == (410, "")
    agenda = mailed.store.people.agenda("maya", ONE.date())
    assert [one for one in agenda if one.state is State.PLANNED and one.round] == []


async def test_done_counts_as_being_in_touch_with_the_contact_it_named(world: World) -> None:
    sam = '[[contact]]\nname = "Sam"\nphone = "+447700900456"\n'
    await world.start(maya=MAYA.replace("rest", "support") + sam)
    await world.until(ONE)
    world.clock.at = ONE + timedelta(minutes=5)

    press(world, link(world, Action.DONE))

    person = world.store.people.person("maya")
    assert person is not None
    assert person.history.contacted == {"Sam": world.clock.at}
