"""What the commands say of a crisis hold, of low days and of helplines that are old."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from nudger.agenda.entries import Failure
from nudger.domain.effects import Answer, Hold, LowDays, Need, Pause, Rate, Response
from nudger.domain.model import BackOff, ChannelName
from nudger.inbound.port import Inbound, Writer
from nudger.store import open_store
from tests.support.commands import Typed
from tests.support.worlds.store import DAY, MAYA_PHONE, NOON, STRETCH, World, plan, slot


@pytest.fixture
def world(folder: Path) -> World:
    """Maya, known to the store of this machine."""
    state = folder.parent / "home" / "state" / "nudger"
    state.mkdir(parents=True)
    world = World(open_store(f"sqlite:///{state}/nudger.db"))
    world.maya(NOON)
    return world


def is_held(world: World) -> bool:
    person = world.store.people.person("maya")
    assert person is not None
    return person.standing.held_at is not None


def test_resume_refuses_while_a_crisis_hold_stands_and_says_what_to_type(world: World, nudger: Typed) -> None:
    world.text(Hold())
    world.text(Pause(None))

    code, said = nudger("resume", "maya")

    assert code == 2
    assert "Maya is held after a crisis text, since Mon 23 Nov 12:00" in said
    assert "Nothing was changed." in said
    assert "nudger resume maya --lift-hold" in said
    person = world.store.people.person("maya")
    assert person is not None
    assert (is_held(world), person.standing.paused(NOON)) == (True, True)


def test_lift_hold_ends_it_and_the_pause_with_it(world: World, nudger: Typed) -> None:
    world.text(Hold())
    world.text(Pause(None))

    code, said = nudger("resume", "maya", "--lift-hold")

    assert (code, said) == (0, "Maya gets nudges as planned.\n")
    person = world.store.people.person("maya")
    assert person is not None
    assert (is_held(world), person.standing.paused(NOON)) == (False, False)
    assert "the crisis hold is lifted" in nudger("log", "maya")[1]


def test_resume_without_a_hold_needs_no_more_words(world: World, nudger: Typed) -> None:
    world.text(Pause(None))

    assert nudger("resume", "maya")[0] == 0


def test_status_says_who_is_held_since_when_and_in_which_words_it_is_not(world: World, nudger: Typed) -> None:
    world.text(Hold())

    code, said = nudger("status")

    assert code == 1  # no daemon runs
    assert "held after a crisis text since" in said


def test_status_says_that_a_crisis_answer_did_not_arrive(world: World, nudger: Typed) -> None:
    world.text(Hold(), Answer("Call 999.", "crisis"))
    world.fail(world.claim().sendings[-1], Failure.RECIPIENT)

    _, said = nudger("status")
    _, shown = nudger("status", "--json")

    assert "The crisis answer to maya did not arrive: it was recipient" in said
    assert json.loads(shown)["unanswered"] == {"maya": "it was recipient"}


def test_status_says_first_who_needs_a_person_and_no_word_of_theirs(world: World, nudger: Typed) -> None:
    world.now = datetime.now(UTC)

    def asks(_: Writer) -> Response:
        return Response("unknown", None, (), Need.PERSON)

    world.store.inbound.take_reply(
        Inbound("IN9", ChannelName.SMS, MAYA_PHONE, "please call me", world.now), asks
    )

    said, shown = nudger("status")[1], json.loads(nudger("status", "--json")[1])

    assert "maya asks for a person." in said.splitlines()[1]
    assert "please call me" not in said
    assert shown["needs_a_look"][0]["person"] == "maya"


def test_replies_are_listed_without_a_word_and_marked_as_handled(
    world: World, nudger: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.now = datetime.now(UTC) - timedelta(minutes=1)

    def asks(_: Writer) -> Response:
        return Response("unknown", None, (), Need.PERSON)

    world.store.inbound.take_reply(
        Inbound("IN9", ChannelName.SMS, MAYA_PHONE, "please call me", world.now), asks
    )
    (listed,) = json.loads(nudger("replies", "--waiting", "--json")[1])
    monkeypatch.setenv("NUDGER_SHOW_CONVERSATIONS", "true")
    with_words = nudger("replies", "--person", "maya")[1]
    code, handled = nudger("replies", "--handle", str(listed["id"]), "--by", "Ann")

    assert (listed["person"], listed["need"], "text" in listed) == ("maya", "person", False)
    assert "please call me" in with_words
    assert (code, "Ann" in handled) == (0, True)
    assert json.loads(nudger("replies", "--waiting", "--json")[1]) == []
    assert json.loads(nudger("replies", "--until", "2020-01-01", "--json")[1]) == []
    assert nudger("replies", "--handle", "999999")[0] == 2


def test_status_says_who_has_fewer_nudges_and_low_days(world: World, nudger: Typed) -> None:
    world.text(Rate(2))
    world.text(LowDays(datetime.now(UTC) + DAY))

    _, said = nudger("status")

    assert "a quarter of the nudges, as asked with LESS" in said
    assert "low days: tiny messages only until" in said


@time_machine.travel(NOON + 15 * DAY, tick=False)
def test_status_says_who_gets_less_for_being_silent_and_by_a_taper(world: World, nudger: Typed) -> None:
    gentle = plan(back_off=BackOff.GENTLE)
    tapers = plan("ann", taper=28, starts=NOON.date(), nudges=(STRETCH,))
    before = plan("bo", taper=28, starts=(NOON + 30 * DAY).date())
    world.load(gentle, tapers, before)
    for days in (0, 7, 14):
        world.now = NOON + days * DAY
        world.lay_out("maya", slot(world.now, days + 2))
        world.deliver()

    _, said = nudger("status")

    assert "half of the nudges: quiet for 15 days" in said
    assert "% of the nudges: week 3 of the taper of 4" in said
    assert "bo " not in said


@time_machine.travel(datetime(2027, 11, 23, 12, tzinfo=UTC), tick=False)
def test_status_and_doctor_say_that_helplines_are_old(world: World, nudger: Typed) -> None:
    _, said = nudger("status")
    _, shown = nudger("status", "--json")

    assert "Nobody has looked at the helplines of these countries for 180 days: AD, AG" in said
    assert "GB" in json.loads(shown)["stale_helplines"]


def test_the_log_says_how_many_come_now(world: World, nudger: Typed) -> None:
    world.text(Rate(1))

    _, said = nudger("log", "maya")

    assert "half of the plan's" in said
