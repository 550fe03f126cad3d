"""Counts by local date: what a chart is drawn from."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nudger.domain.effects import Answer, Settle
from nudger.domain.model import Kind, Outcome, State
from nudger.store.operations.statistics import general
from tests.support.worlds.store import DAY, MINUTE, NOON, TODAY, World, drop, plan, slot


def test_entries_are_counted_by_kind_end_and_outcome(world: World) -> None:
    world.maya(NOON, NOON + MINUTE, NOON + DAY)
    world.now = NOON + MINUTE
    first, _ = world.deliver()
    world.text(Settle(first.occurrence, Outcome.DONE))

    world.store.statistics.tally(TODAY, TODAY + timedelta(days=1))
    span = world.store.statistics.span(TODAY, TODAY + timedelta(days=1))

    assert span.days == {
        (TODAY, State.SENT, Outcome.DONE): 1,
        (TODAY, State.SENT, None): 1,
        (TODAY + timedelta(days=1), State.PLANNED, None): 1,
    }
    assert span.kinds[Kind.REST, State.SENT, Outcome.DONE] == 1


def test_counting_again_replaces_what_was_counted(world: World) -> None:
    world.maya(NOON)
    world.store.statistics.tally(TODAY, TODAY)
    world.deliver()
    world.store.statistics.tally(TODAY, TODAY)

    assert world.store.statistics.span(TODAY, TODAY).days == {(TODAY, State.SENT, None): 1}


def test_other_dates_keep_their_counts(world: World) -> None:
    world.maya(NOON, NOON + DAY)
    world.store.statistics.tally(TODAY, TODAY)
    world.store.statistics.tally(TODAY + timedelta(days=1), TODAY + timedelta(days=1))

    assert len(world.store.statistics.span(TODAY, TODAY + timedelta(days=1)).days) == 2


def test_the_reasons_are_those_of_the_last_date_without_their_figures(world: World) -> None:
    world.maya(NOON, NOON + MINUTE)
    world.claim(drop(State.SUPPRESSED, "quiet hours 20:00-09:00"))
    world.now += MINUTE
    world.claim(drop(State.SUPPRESSED, "quiet hours 21:00-08:00"))
    world.store.statistics.tally(TODAY, TODAY)

    assert world.store.statistics.span(TODAY, TODAY).reasons == {(State.SUPPRESSED, "quiet hours …"): 2}


def test_replies_are_counted_by_the_writers_own_clock_and_date(world: World) -> None:
    world.load(plan(timezone="Asia/Kathmandu"))  # +05:45
    world.now = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)  # 00:05 on the 24th there
    world.text(Answer("Noted."))
    world.store.statistics.tally(TODAY, TODAY + timedelta(days=1))

    span = world.store.statistics.span(TODAY, TODAY + timedelta(days=1))

    assert span.hours == {(date(2026, 11, 24).weekday(), 0): 1}
    assert sum(span.intents.values()) == 1


def test_answers_of_nudger_are_no_entries(world: World) -> None:
    world.load(plan())
    world.text(Answer("Noted."))
    world.deliver()
    world.store.statistics.tally(TODAY, TODAY)

    assert world.store.statistics.span(TODAY, TODAY).days == {}


def test_a_slot_laid_out_for_another_date_is_not_counted_on_this_one(world: World) -> None:
    world.load(plan())
    world.lay_out("maya", slot(NOON + DAY))

    assert world.store.statistics.tally(TODAY, TODAY).entries == []


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("paused until 2026-11-30 09:00", "paused until …"),
        ("the daily limit of 3 is reached", "the daily limit of … is reached"),
        ("no consent on record for sms", "no consent on record for sms"),
        ("", ""),
    ],
)
def test_a_reason_is_counted_without_its_figures(reason: str, cause: str) -> None:
    assert general(reason) == cause
