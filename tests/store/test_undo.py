"""The last command taken back, and days away, as both databases keep them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

import pytest

from nudger.agenda.entries import Planned
from nudger.domain.effects import (
    Effect,
    GoAway,
    Hold,
    Hours,
    LowDays,
    OptOut,
    Pause,
    Rate,
    Reached,
    Resume,
    Settle,
    Snooze,
    Undo,
)
from nudger.domain.model import Outcome, Person, State
from nudger.domain.wishes import Away
from nudger.operations.overview import Apart, PeopleWanted
from nudger.plan_sync.port import PlanRead
from tests.support.worlds.store import DAY, HOUR, MINUTE, NOON, SMS, TODAY, World, plan

LATER = NOON + 2 * HOUR


@pytest.fixture
def nudge(world: World) -> int:
    """Maya's nudge of noon went out: its id."""
    world.maya(NOON, NOON + 5 * HOUR)
    (sending,) = world.deliver()
    return sending.occurrence


def as_kept(world: World) -> tuple[Person, Sequence[Planned]]:
    """What is held, but since when they are silent, which any text changes."""
    person = world.person()
    kept = replace(person, standing=replace(person.standing, silent_since=None))
    return kept, world.store.people.agenda("maya", TODAY)


def said(world: World, *effects: Effect) -> None:
    world.now += MINUTE
    world.text(*effects)


EFFECTS: list[tuple[Effect, ...]] = [
    (Snooze(1, LATER),),
    (Settle(1, Outcome.DONE), Reached("Sam")),
    (Settle(1, Outcome.SKIPPED), Pause(NOON + DAY)),
    (Pause(None),),
    (GoAway(NOON + DAY, NOON + 2 * DAY),),
    (Hours(time(10), time(18)),),
    (Rate(1),),
    (LowDays(NOON + DAY),),
]


def of_nudge(effect: Effect, nudge: int) -> Effect:
    return replace(effect, occurrence=nudge) if isinstance(effect, Snooze | Settle) else effect


@pytest.mark.parametrize("effects", EFFECTS, ids=lambda one: type(one[0]).__name__)
def test_all_is_as_before_once_a_command_is_taken_back(
    world: World, nudge: int, effects: tuple[Effect, ...]
) -> None:
    before = as_kept(world)

    said(world, *(of_nudge(one, nudge) for one in effects))
    changed = as_kept(world)
    said(world, Undo())

    assert changed != before
    assert as_kept(world) == before
    writer = world.store.inbound.writer("maya", world.now)
    assert writer is not None
    assert writer.last_command is None


def test_what_was_put_off_and_taken_back_counts_once_however_often_it_is_put_off(
    world: World, nudge: int
) -> None:
    for _ in range(3):
        said(world, Snooze(nudge, LATER))
        said(world, Undo())
    said(world, Snooze(nudge, LATER))

    assert world.person().history.sent == 0
    assert len(world.store.people.agenda("maya", TODAY)) == 3


def test_the_longer_pause_comes_back_when_a_shorter_one_is_taken_back(world: World) -> None:
    world.maya(LATER)
    said(world, Pause(NOON + 9 * DAY))
    said(world, Pause(NOON + DAY))

    said(world, Undo())

    assert world.person().standing.paused_until == NOON + 9 * DAY


def test_resume_taken_back_pauses_again(world: World) -> None:
    world.maya(LATER)
    said(world, Pause(None))
    said(world, Resume())

    said(world, Undo())

    assert world.person().standing.paused(world.now)


@pytest.mark.parametrize("effect", [OptOut(frozenset({SMS}), "texted STOP"), Hold()])
def test_a_stop_and_a_hold_leave_nothing_to_take_back(world: World, effect: Effect) -> None:
    world.maya(LATER)
    said(world, Rate(1))

    said(world, effect)
    said(world, Undo())

    standing = world.person().standing
    assert standing.fewer == 1
    assert (standing.opted_out == {SMS}) is isinstance(effect, OptOut)
    assert (standing.held_at is not None) is isinstance(effect, Hold)


def test_a_snooze_that_is_on_its_way_is_not_taken_back(world: World, nudge: int) -> None:
    said(world, Snooze(nudge, LATER))
    world.now = LATER
    world.deliver()

    said(world, Undo())

    states = [(one.round, one.state) for one in world.store.people.agenda("maya", TODAY) if one.round]
    assert states == [(1, State.SENT)]


def test_who_is_away_now_counts_as_paused_and_nobody_else(world: World) -> None:
    world.load(plan(), plan("jonas", phone="+447700900777"), plan("ines", phone="+447700900778"))
    world.act(GoAway(NOON, NOON + DAY), person="jonas")
    world.act(GoAway(NOON + DAY, NOON + 2 * DAY), person="ines")
    overview = world.store.overview

    found = [
        (
            overview.vitals(at).apart[Apart.PAUSED],
            [one.person.id for one in overview.find_people(PeopleWanted(apart=Apart.PAUSED), at).people],
        )
        for at in (NOON + HOUR, NOON + DAY, NOON + 2 * DAY)
    ]

    assert found == [(1, ["jonas"]), (1, ["ines"]), (0, [])]


def test_who_is_away_and_paused_counts_once(world: World) -> None:
    world.load(plan())
    world.act(GoAway(NOON, NOON + DAY))
    world.act(Pause(None))

    assert world.store.overview.vitals(NOON + HOUR).apart[Apart.PAUSED] == 1


def test_days_away_that_meet_are_one_and_what_is_over_is_forgotten(world: World) -> None:
    world.load(plan())
    spans = [(0, 1), (5, 7), (3, 5), (6, 9), (20, 21)]
    for begins, ends in spans:
        world.act(GoAway(NOON + begins * DAY, NOON + ends * DAY))
        world.now = NOON + DAY + timedelta(minutes=begins)

    assert world.person().standing.wishes.away == (
        Away(NOON + 3 * DAY, NOON + 9 * DAY),
        Away(NOON + 20 * DAY, NOON + 21 * DAY),
    )


def test_hours_stand_beside_the_plan_and_never_in_it(world: World) -> None:
    world.load(plan())
    before = world.person().plan.quiet

    world.act(Hours(time(10), time(18)))
    during = world.person().plan.quiet
    world.load(plan(name="Maja"))
    edited = world.person().plan.quiet
    world.act(Hours(None, None))

    assert (str(during), str(edited), world.person().plan.quiet) == ("18:00-10:00", "18:00-10:00", before)


def test_a_plan_that_loses_a_line_is_written_back_with_its_own_quiet_hours(world: World) -> None:
    world.load(plan(consent="2026-11-20, in person"))
    before = world.person().plan.quiet
    world.act(Hours(time(10), time(18)))

    no_more = PlanRead(None, [], {"maya": "plans/maya.toml"}, (), refused=("maya",))
    world.store.plans.load_plans(no_more, world.now)
    world.act(Hours(None, None))

    assert (world.person().plan.consent, world.person().plan.quiet) == (None, before)


def test_erasing_somebody_erases_their_days_away(world: World) -> None:
    world.load(plan())
    world.act(GoAway(NOON, NOON + DAY))

    assert world.store.people.forget("maya")
    assert world.store.overview.vitals(NOON).apart[Apart.PAUSED] == 0
