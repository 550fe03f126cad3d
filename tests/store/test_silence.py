"""What the store knows of somebody's silence: signs, what arrived, what did not, and gaps of ours."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from nudger.agenda import thinning
from nudger.agenda.entries import Failure, Receipt, Report, Result, SendFailure, Sending, Stage
from nudger.domain.effects import NOBODYS, Answer, Hold, OptIn, OptOut, Pause, Resume, Settle, Unanswered
from nudger.domain.model import BackOff, Origin, Outcome, Standing, State
from nudger.domain.tokens import Action, Link
from tests.support.worlds.store import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SMS,
    World,
    answering,
    drop,
    plan,
    slot,
)

LATER = NOON + 20 * DAY


def maya(world: World, *due_at: datetime) -> None:
    world.maya(*due_at, back_off=BackOff.GENTLE)


def since(world: World) -> datetime | None:
    return world.person().standing.silent_since


def arrived_at(world: World) -> datetime | None:
    return world.person().standing.arrived_at


def goes_out(world: World, at: datetime) -> Sending:
    """A nudge is due then, and handed over."""
    world.now = at
    world.lay_out("maya", slot(at, 1 + int((at - NOON) / MINUTE)))
    return world.claim_one()


def arrives(world: World, at: datetime) -> None:
    world.accept(goes_out(world, at))


def act_of_their_page(world: World) -> None:
    respond = answering([Pause(None)], [])
    world.store.inbound.act("maya", world.now, respond, "pause", by="own page")


def tap(world: World) -> None:
    [entry, *_] = world.store.people.export("maya")["occurrence"]
    link = Link(Action.DONE, "maya", SMS, NOON + 90 * DAY, int(str(entry["id"])))
    world.store.inbound.take_link(
        link, "done", world.now, answering([Settle(link.occurrence, Outcome.DONE)], [])
    )


@pytest.mark.parametrize("sign", [World.text, act_of_their_page, tap], ids=["text", "own page", "tap"])
def test_a_sign_begins_the_silence_anew(world: World, sign: Callable[[World], object]) -> None:
    maya(world)
    arrives(world, NOON + HOUR)
    world.now = LATER

    sign(world)

    assert since(world) == LATER


def test_a_new_person_is_silent_from_their_first_day_on(world: World) -> None:
    maya(world)

    assert (since(world), arrived_at(world)) == (NOON, None)


def test_an_automatic_reply_is_no_sign(world: World) -> None:
    maya(world)
    world.now = LATER

    world.text(Unanswered(NOBODYS))

    assert since(world) == NOON


def test_a_text_that_is_taken_late_is_a_sign_of_when_it_was_written_and_no_later_one_is_forgotten(
    world: World,
) -> None:
    maya(world)
    world.now = LATER
    world.text()
    world.now = LATER - DAY

    world.text()

    assert since(world) == LATER


def test_an_operators_act_is_no_sign_but_what_a_pause_or_a_hold_kept_back_is_no_silence(world: World) -> None:
    maya(world)
    world.now = LATER
    world.act(Answer("Hello.", "done"))
    untouched = since(world)
    world.act(Pause(None))
    world.now = LATER + DAY
    world.act(Resume(lifts=False))
    resumed = since(world)
    world.act(Hold())
    world.now = LATER + 2 * DAY
    world.act(Resume(lifts=True))

    assert (untouched, resumed, since(world)) == (NOON, LATER + DAY, LATER + 2 * DAY)


def test_a_resume_of_somebody_who_is_not_paused_changes_nothing(world: World) -> None:
    maya(world)
    world.now = LATER

    world.act(Resume(lifts=False))

    assert since(world) == NOON


def test_who_comes_back_after_a_stop_or_with_their_plan_begins_anew(world: World) -> None:
    maya(world)
    world.act(OptOut(frozenset({SMS}), "typed"))
    world.now = LATER
    world.act(OptIn(frozenset({SMS}), "typed"))
    opted_in = since(world)
    world.load()
    world.now = LATER + DAY
    world.load(plan(back_off=BackOff.GENTLE))

    assert (opted_in, since(world)) == (LATER, LATER + DAY)


def test_what_was_accepted_has_arrived_where_no_more_will_be_known(world: World) -> None:
    maya(world)

    arrives(world, NOON + 2 * HOUR)

    assert arrived_at(world) == NOON + 2 * HOUR


def test_where_the_provider_reports_only_what_it_calls_delivered_has_arrived(world: World) -> None:
    maya(world)
    sending = goes_out(world, NOON + HOUR)
    receipt = Receipt("SM1", is_reported=True)
    world.store.sending.record([Result(sending, receipt)], world.now)
    before = arrived_at(world)

    world.store.sending.report(sending.message, Report("SM1", Stage.DELIVERED), NOON + 2 * HOUR)

    assert (before, arrived_at(world)) == (None, NOON + 2 * HOUR)


def test_the_answer_to_a_text_is_no_nudge_that_arrived(world: World) -> None:
    maya(world)
    world.text(Answer("Good.", "done"))

    [answer] = world.deliver()

    assert (answer.origin, arrived_at(world)) == (Origin.ANSWER, None)


@pytest.mark.parametrize("failure", [Failure.LOST, Failure.RECIPIENT])
def test_a_nudge_that_did_not_arrive_is_noted_until_one_does(world: World, failure: Failure) -> None:
    maya(world)
    sending = goes_out(world, NOON + HOUR)
    world.accept(sending)
    first = arrived_at(world)
    second = goes_out(world, NOON + DAY)
    world.accept(second)
    fault = SendFailure(failure, "it did not arrive", "30005")
    world.store.sending.report(second.message, Report("SM1", Stage.FAILED, fault), NOON + DAY + MINUTE)
    world.now = NOON + DAY + MINUTE
    world.claim(drop(State.FAILED, "sms refused it"))  # the next way is looked for, and there is none
    lost = world.person().standing.lost_at

    arrives(world, NOON + 5 * DAY)

    assert (first, lost) == (NOON + HOUR, NOON + DAY + MINUTE)
    assert world.person().standing.lost_at is None


def test_after_more_than_six_hours_without_a_daemon_silence_begins_anew(world: World) -> None:
    maya(world)
    world.store.restore.mark(NOON)
    world.store.restore.mark(NOON + 6 * HOUR)
    short = since(world)

    world.store.restore.mark(NOON + 13 * HOUR)

    assert (short, since(world)) == (NOON, NOON + 13 * HOUR)


@pytest.mark.parametrize(("hours", "counts_from"), [(5, NOON), (7, NOON + 7 * HOUR)])
def test_after_more_than_six_hours_without_the_provider_silence_begins_anew(
    world: World, hours: int, counts_from: datetime
) -> None:
    maya(world, *(NOON + MINUTE * number for number in range(12)))
    world.now = NOON + 11 * MINUTE
    sendings = world.claim().sendings
    world.now = NOON
    for sending in sendings[:-1]:
        world.fail(sending, Failure.SENDER)
    assert any(alarm.key == f"sender {SMS}" for alarm in world.store.alarms.alarms())
    world.now = NOON + hours * HOUR

    world.accept(sendings[-1])

    assert since(world) == counts_from


def test_a_gap_of_ours_is_nothing_to_somebody_whose_plan_does_not_back_off(world: World) -> None:
    world.maya(NOON + HOUR)
    world.store.restore.mark(NOON)

    world.store.restore.mark(NOON + 13 * HOUR)

    assert since(world) == NOON


def test_the_store_folds_arrivals_as_the_pure_part_does(world: World) -> None:
    maya(world)
    standing = Standing(silent_since=NOON)

    for hours in (2, 30, 24 * 12, 24 * 12 + 5, 24 * 14, 24 * 30):
        at = NOON + timedelta(hours=hours)
        arrives(world, at)
        standing = thinning.arrived(standing, at)

    kept = world.person().standing
    assert [(one.silent_since, one.arrived_at, one.lost_at) for one in (kept, standing)] == [
        (standing.silent_since, at, None)
    ] * 2
