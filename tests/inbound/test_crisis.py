"""A crisis text: what goes out at once, what does not go out any more, and what ends that."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from nudger.agenda.entries import Failure, SendFailure, Sending
from nudger.domain.errors import UsageError
from nudger.domain.model import ChannelName, Origin, State
from nudger.operations.operator_actions import Operator
from tests.support.maya import CRISIS, WANTS_TO_DIE
from tests.support.maya import TWO_A_DAY as MAYA
from tests.support.worlds.delivery import MONDAY_NINE, World

HOUR = timedelta(hours=1)
STOPPED = (
    "Thank you for saying this. It matters. If you are thinking about suicide or self-harm, please call "
    "Samaritans on 116 123 or text SHOUT to 85258 any time, or call 999 if you are in danger. Real people "
    "answer. This is an automated program: no person reads these texts. No more nudges will come."
)
TAKEN = (
    "Thank you for saying this. Please call 999 now, even if you feel all right, or show this to someone "
    "near you. To talk, call Samaritans on 116 123 or text SHOUT to 85258 any time: real people answer. This "
    "is automated: no person reads these texts. Nudges wait until you reply RESUME."
)
HELD = (
    "Your nudges rest until you reply RESUME. This program is automated and no person reads these texts. If "
    "you need someone now, please call Samaritans on 116 123 or text SHOUT to 85258 any time, or call 999 if "
    "you are in danger."
)


async def crisis(world: World, at: timedelta = HOUR) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + at)
    await world.text(WANTS_TO_DIE)


def held(world: World) -> bool:
    person = world.store.people.person("maya")
    assert person is not None
    return person.standing.held_at is not None


def waiting(world: World) -> list[str]:
    return [
        one.reason
        for one in world.store.people.agenda("maya", MONDAY_NINE.date())
        if one.state is State.PLANNED and one.local_date == MONDAY_NINE.date()
    ]


@pytest.mark.parametrize("at", [-6 * HOUR, 14 * HOUR, 8 * HOUR], ids=["night", "late", "over the limit"])
async def test_it_is_answered_at_once_at_every_hour(world: World, at: timedelta) -> None:
    await crisis(world, at)

    assert world.texts[-1] == CRISIS
    assert held(world)


@pytest.mark.parametrize("before", ["PAUSE", "LESS", "TINY", "done", "what is this"])
async def test_it_is_answered_whatever_was_texted_before(world: World, before: str) -> None:
    await world.start(maya=MAYA)
    await world.text(before)

    await world.text(WANTS_TO_DIE)

    assert world.texts[-1] == CRISIS


async def test_what_is_planned_snoozed_and_asked_for_is_cancelled_in_the_same_transaction(
    world: World,
) -> None:
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + HOUR)
    await world.text("later")
    await world.inbox.take(world.inbound("NOW"))  # asked for, and not yet sent

    await world.inbox.take(world.inbound(WANTS_TO_DIE))

    assert waiting(world) == []
    cancelled = [
        one for one in world.store.people.agenda("maya", MONDAY_NINE.date()) if one.state is State.CANCELLED
    ]
    assert {one.origin for one in cancelled} == {Origin.FIXED, Origin.SNOOZED, Origin.ON_DEMAND}
    assert {one.reason for one in cancelled} == {"held until RESUME"}


async def test_what_is_about_to_be_tried_again_does_not_go_out(world: World) -> None:
    await world.start(maya=MAYA)
    world.sms.answer = lambda _: SendFailure(Failure.NOT_SENT, "no connection")
    await world.until(MONDAY_NINE + HOUR)
    world.sms.answer = lambda _: None

    await world.text(WANTS_TO_DIE)
    await world.until(MONDAY_NINE + 12 * HOUR)

    assert world.texts.count("A rest?") == 1  # the try that failed
    assert world.texts[-1] == CRISIS


def operate(world: World, word: str, now: datetime) -> None:
    operator = Operator(world.store.inbound, world.core.responder, world.core.zone)
    person = world.store.people.person("maya")
    assert person is not None
    if word == "lift":
        operator.lift(person, now)
    else:
        with pytest.raises(UsageError, match="held after a crisis text, since Mon 23 Nov 10:00"):
            operator.resume(person, now)


LIFTS = {
    "text RESUME": True,
    "text START": False,
    "text YES": False,
    "text NOW": False,
    "text LATER": False,
    "text MORE": False,
    "operator resume": False,
    "operator lift": True,
    "edit": False,
    "pause that ends": False,
    "removed and back": False,
}


@pytest.mark.parametrize("act", LIFTS)
async def test_a_hold_ends_with_resume_and_with_the_operators_clear_word_alone(
    world: World, act: str
) -> None:
    await crisis(world)
    world.clock.at += timedelta(minutes=1)
    now = world.clock.now()
    match act.split():
        case ["text", word]:
            await world.text(word)
        case ["operator", word]:
            operate(world, word, now)
        case ["edit"]:
            world.load(maya=MAYA.replace("2026-11-20", "2026-11-23"))
        case ["removed", *_]:
            world.load()
            world.load(maya=MAYA)
        case _:
            await world.text("pause 1 hour")
    sent = len(world.texts)

    await world.until(MONDAY_NINE + timedelta(days=1, hours=8))

    assert held(world) != LIFTS[act]
    assert ("A rest?" in world.texts[sent:]) == LIFTS[act]


@pytest.mark.parametrize("text", ["NOW", "later", "PLAN", "LESS", "MORE", "TINY", "START"])
async def test_a_command_that_would_promise_something_hears_of_resume_and_of_the_helplines(
    world: World, text: str
) -> None:
    await crisis(world)

    await world.text(text)

    assert world.texts[-1] == HELD


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("I want to die", "please call Samaritans on 116 123"),
        ("I took all my pills", "Please call 999 now, even if you feel all right"),
        ("my husband hit me again and he says he will kill me", "Please call 0808 2000 247 any time"),
    ],
)
async def test_the_answer_fits_the_kind_of_danger(world: World, text: str, named: str) -> None:
    await world.start(maya=MAYA)

    await world.text(text)

    assert held(world)
    assert named in world.texts[-1]


async def test_start_under_a_hold_opts_in_all_the_same(world: World) -> None:
    await crisis(world)
    await world.text("STOP")

    await world.text("START")

    person = world.store.people.person("maya")
    assert person is not None
    assert (person.standing.opted_out, held(world)) == (frozenset(), True)


# --- the order of DESIGN chapter 5, down to what it does ------------------------------------------
NOTHING = "nothing"
CONFIRMED = "OK, nudger will send you nothing more. If you ever want it back, reply START."
ORDER = [
    # text, opted out, held, the answer
    ("STOP", True, False, NOTHING),
    ("STOP, I want to die", True, True, STOPPED),
    ("please stop texting me, I want to die", True, True, STOPPED),
    ("stop texting me. whats the point of any of it", True, False, STOPPED),
    ("unsubscribe, everything feels pointless lately", True, False, STOPPED),
    ("leave me alone, I want to die", False, True, CRISIS),
    ("I want to end it all", False, True, CRISIS),
    ("later, I want to die", False, True, CRISIS),
    ("resume, I want to die", False, True, CRISIS),
    ("help, I took all my pills", False, True, TAKEN),
    ("it rains and I want to die", False, True, CRISIS),
    # The provider has confirmed its own keywords, and no other words.
    ("STOP", True, False, NOTHING),
    (" stop ", True, False, NOTHING),
    ("Unsubscribe", True, False, NOTHING),
    ("STOP. later", True, False, CONFIRMED),
    ("please stop texting me", True, False, CONFIRMED),
    ("done, and don't text me again", True, False, CONFIRMED),
    ("honestly my week is awful, take me off this list", True, False, CONFIRMED),
    ("the baby is asleep at last. later", False, False, "OK, again at 11 am."),
]


@pytest.mark.parametrize(("text", "out", "hold", "answer"), ORDER, ids=[row[0] for row in ORDER])
async def test_the_order_of_meanings_holds_down_to_what_is_done(
    world: World, text: str, out: bool, hold: bool, answer: str
) -> None:
    world.inbox = world.new_inbox(provider_handles_stop=frozenset({ChannelName.SMS}))
    await world.start(maya=MAYA)
    await world.until(MONDAY_NINE + HOUR)

    await world.text(text)

    person = world.store.people.person("maya")
    assert person is not None
    assert (bool(person.standing.opted_out), person.standing.held_at is not None) == (out, hold)
    assert world.texts[1:] == ([] if answer == NOTHING else [answer])
    assert (waiting(world) == []) == (out or hold)


# --- after STOP ---------------------------------------------------------------------------------
async def test_who_has_opted_out_and_writes_in_a_crisis_gets_the_helplines_and_nothing_else(
    world: World,
) -> None:
    await world.start(maya=MAYA)
    await world.text("STOP")
    before = len(world.texts)

    for words in ("hello?", WANTS_TO_DIE, "NOW", "later", "HELP"):
        await world.text(words)

    assert world.texts[before:] == [STOPPED]


async def test_a_refusal_of_that_answer_is_recorded_shown_and_raises_an_alarm(world: World) -> None:
    await world.start(maya=MAYA)
    await world.text("STOP")
    world.sms.answer = lambda _: SendFailure(Failure.OPTED_OUT, "opted out at the provider", "21610")

    await world.text(WANTS_TO_DIE)
    await world.tick()

    report = world.store.overview.status(world.clock.now())
    assert report.unanswered == {"maya": "sms refused it (opted out at the provider)"}
    assert ["answer: stopped crisis", "failed"] in [
        [entry.what, entry.state] for entry in world.store.people.log("maya")
    ]
    [alarm] = world.store.alarms.alarms()
    assert alarm.words == (
        "the crisis answer to maya was refused (opted out at the provider): reach them another way"
    )
    await world.text("RESUME")
    assert [one.cleared_at for one in world.store.alarms.alarms()] == [world.clock.now()]


async def test_the_log_has_type_and_time_and_no_word_of_it(world: World) -> None:
    await crisis(world)

    entries = world.store.people.log("maya")

    assert {"crisis hold", "answer: crisis"} <= {entry.what for entry in entries}
    assert not [entry for entry in entries if "die" in f"{entry}"]


async def test_a_hold_counts_from_its_first_text(world: World) -> None:
    await crisis(world)
    world.clock.at += HOUR

    await world.text(WANTS_TO_DIE)

    person = world.store.people.person("maya")
    assert person is not None
    assert person.standing.held_at == MONDAY_NINE + HOUR
    assert "crisis text, held already" in [entry.what for entry in world.store.people.log("maya")]


async def test_the_hold_stops_a_send_that_was_claimed_before_it(world: World) -> None:
    await world.start(maya=MAYA)
    world.clock.at = MONDAY_NINE + HOUR
    sendings = claim(world)

    await world.inbox.take(world.inbound(WANTS_TO_DIE))
    stopped = world.store.sending.stopped(sendings, world.clock.now())

    assert set(stopped) == {sending.message for sending in sendings}


async def test_a_crisis_answer_is_a_send_like_any_other_but_never_stopped(world: World) -> None:
    await world.start(maya=MAYA)
    await world.inbox.take(world.inbound(WANTS_TO_DIE))

    (answer,) = claim(world)

    assert world.store.sending.stopped([answer], world.clock.now()) == frozenset()


def claim(world: World) -> Sequence[Sending]:
    now, decider = world.clock.now(), world.core.decider
    world.store.sending.renew("test")
    return world.store.sending.claim_due(
        now, 10, "test", lambda one, dues, ways: decider.decide(one, dues, now, ways)
    ).sendings
