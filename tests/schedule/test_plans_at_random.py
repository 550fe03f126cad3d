"""What holds for the days of any plan: checked from outside, with zoneinfo alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nudger.domain.model import At, Between, Cron, Every, Kind, Nudge, OnDays, Origin, Plan, Slot, Window
from nudger.schedule import falls_on, lay_out

Zone = Callable[[str], ZoneInfo]

MINUTE = timedelta(minutes=1)
QUARTERS = st.builds(time, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))
TIMES = QUARTERS | st.builds(time, st.integers(0, 23), st.integers(0, 59))
SPANS = st.builds(Window, TIMES, TIMES).filter(lambda span: span.start != span.end)
WINDOWS = SPANS.map(lambda span: Window(min(span.start, span.end), max(span.start, span.end)))
CRON = {"30 16 * * *": 1, "0 9,13 * * mon-fri": 2, "*/30 2 * * *": 2}  # with how often a day
WHENS = st.one_of(
    st.lists(TIMES, min_size=1, max_size=4, unique=True).map(lambda times: At(tuple(sorted(times)))),
    st.builds(Between, WINDOWS, st.integers(1, 8)),
    st.builds(Between, WINDOWS, st.integers(1, 2)),
    st.sampled_from(sorted(CRON)).map(Cron),
)
DATES = st.one_of(
    st.just(OnDays()),
    st.frozensets(st.integers(0, 6), min_size=1).map(OnDays),
    st.builds(Every, st.integers(1, 14)),
)
NUDGES = st.lists(st.tuples(WHENS, DATES), min_size=1, max_size=6).map(
    lambda made: tuple(Nudge(f"n{n}", Kind.REST, when, dates) for n, (when, dates) in enumerate(made))
)
PLANS = st.builds(
    Plan,
    person=st.sampled_from(["maya", "ben"]),
    name=st.just("Maya"),
    timezone=st.sampled_from(
        [
            "Europe/London",
            "America/New_York",
            "America/Santiago",
            "Australia/Lord_Howe",
            "Antarctica/Troll",
            "Africa/Cairo",
            "America/Nuuk",
            "Asia/Kathmandu",
        ]
    ),
    quiet=st.just(Window(time(20), time(9))) | st.none() | SPANS,
    daily_limit=st.integers(1, 8),
    gap=st.sampled_from([0, 1, 30, 60, 90, 120, 200, 720]).map(lambda minutes: minutes * MINUTE),
    nudges=NUDGES,
)
# Every day on which one of these zones changes its clocks in 2026, their neighbours, and any day.
CHANGES = [
    date(2026, 3, 8),
    date(2026, 3, 28),
    date(2026, 3, 29),
    date(2026, 4, 4),
    date(2026, 4, 5),
    date(2026, 4, 24),
    date(2026, 9, 6),
    date(2026, 10, 4),
    date(2026, 10, 24),
    date(2026, 10, 25),
    date(2026, 10, 29),
    date(2026, 11, 1),
]
DAYS = st.sampled_from(CHANGES) | st.dates(date(2024, 1, 1), date(2030, 12, 31))


def minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def shown(slot: Slot, zone: ZoneInfo) -> datetime:
    assert slot.due_at
    return slot.due_at.astimezone(zone)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(PLANS, DAYS)
def test_any_day_of_any_plan_keeps_the_rules(zone: Zone, plan: Plan, day: date) -> None:
    here = zone(plan.timezone)
    slots = lay_out(plan, day, "seed", here)
    sent = [slot for slot in slots if slot.due_at]
    drawn = [slot for slot in sent if slot.origin is Origin.DRAWN]

    assert len(sent) <= plan.daily_limit
    assert [slot.local_time for slot in sent] == sorted(slot.local_time for slot in sent if slot.local_time)
    for slot in slots:
        assert (slot.due_at is None) == (slot.local_time is None) == (slot.reason is not None)
    for slot in sent:
        assert slot.due_at
        assert slot.due_at.tzinfo is UTC
        assert (shown(slot, here).date(), shown(slot, here).time()) == (day, slot.local_time)
        assert shown(slot, here).fold == 0
        assert plan.quiet is None or slot.local_time not in plan.quiet
    for slot in drawn:
        nudge = plan.nudge(slot.nudge)
        assert nudge
        assert isinstance(nudge.when, Between)
        assert slot.local_time in _part(nudge.when, slot.number, plan.quiet)
    for one, other in combinations(sent, 2):
        if Origin.DRAWN in (one.origin, other.origin):
            assert one.due_at
            assert other.due_at
            assert one.local_time
            assert other.local_time
            gap = max(plan.gap, MINUTE)
            assert abs(one.due_at - other.due_at) >= gap
            assert abs(minutes(one.local_time) - minutes(other.local_time)) * MINUTE >= gap


@settings(max_examples=300, deadline=None)
@given(PLANS, DAYS)
def test_each_slot_of_each_nudge_of_the_day_is_there_once(zone: Zone, plan: Plan, day: date) -> None:
    slots = lay_out(plan, day, "seed", zone(plan.timezone))
    expected = [
        (nudge.id, number)
        for nudge in plan.nudges
        if falls_on(nudge, day)
        for number in range(1, 1 + _times_a_day(nudge.when))
    ]
    assert sorted((slot.nudge, slot.number) for slot in slots) == sorted(expected)
    assert {slot.local_date for slot in slots} <= {day}
    for nudge in plan.nudges:
        own = [slot for slot in slots if slot.nudge == nudge.id and slot.due_at]
        assert [slot.number for slot in own] == sorted(slot.number for slot in own)


@settings(max_examples=200, deadline=None)
@given(PLANS, DAYS)
def test_a_second_run_is_the_same_with_caches_and_without(zone: Zone, plan: Plan, day: date) -> None:
    once = lay_out(plan, day, "seed", zone(plan.timezone))
    again = lay_out(replace(plan), day, "seed", ZoneInfo(plan.timezone))
    assert lay_out(plan, day, "seed", zone(plan.timezone)) == once
    assert again == once


def test_another_person_seed_nudge_or_date_draws_differently(zone: Zone) -> None:
    drawn = Nudge("walk", Kind.MOVEMENT, Between(Window(time(9), time(20)), 2))
    plan = Plan("maya", "Maya", "Europe/London", gap=timedelta(), nudges=(drawn,))

    def year(plan: Plan, seed: str = "seed", shift: int = 0) -> list[time | None]:
        days = [date(2026, 1, 1) + timedelta(days=n + shift) for n in range(365)]
        return [slot.local_time for day in days for slot in lay_out(plan, day, seed, zone("Europe/London"))]

    first = year(plan)
    others = [
        year(replace(plan, person="ben")),
        year(replace(plan, nudges=(replace(drawn, id="walk-2"),))),
        year(plan, seed="Seed"),
        year(plan, shift=1),
        first[1::2] + first[::2],  # the other slot of the day
    ]
    for other in others:
        same = sum(one == two for one, two in zip(first, other, strict=True))
        assert same < 12  # of 730, where 2 come about by chance


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_can_fit_does(zone: Zone, data: st.DataObject) -> None:
    """Within half an hour: at most two fixed times and four drawn ones, against trying everything."""
    spots = st.builds(time, st.just(10), st.integers(0, 29))
    fixed = data.draw(st.lists(spots, max_size=2, unique=True), label="fixed")
    windows = data.draw(
        st.lists(st.builds(Window, spots, spots).filter(lambda w: w.start < w.end), min_size=1, max_size=4)
    )
    quiet = data.draw(st.none() | st.builds(Window, spots, spots).filter(lambda w: w.start < w.end))
    assume(quiet is None or not any(wall in quiet for wall in fixed))
    gap = data.draw(st.integers(0, 12), label="gap")
    limit = data.draw(st.integers(max(1, len(fixed)), 8), label="limit")
    nudges = [Nudge(f"n{n}", Kind.REST, Between(window)) for n, window in enumerate(windows)]
    if fixed:
        nudges.append(Nudge("fixed", Kind.REST, At(tuple(sorted(fixed)))))
    plan = Plan(
        "maya",
        "Maya",
        "UTC",
        quiet=quiet,
        daily_limit=limit,
        gap=gap * MINUTE,
        nudges=tuple(nudges),
    )

    slots = lay_out(plan, date(2026, 11, 23), data.draw(st.text(max_size=3)), zone("Etc/UTC"))

    rooms = [
        [n for n in range(600, 630) if time(*divmod(n, 60)) in _part(Between(window), 1, quiet)]
        for window in windows
    ]
    taken = [minutes(wall) for wall in fixed]
    best = next(
        set(subset)
        for size in range(min(limit - len(fixed), len(rooms)), -1, -1)
        for subset in combinations(range(len(rooms)), size)
        if _fits([rooms[n] for n in subset], taken, max(gap, 1))
    )
    placed = {n for n in range(len(windows)) for slot in slots if slot.nudge == f"n{n}" and slot.due_at}
    assert placed == best


def test_a_plan_that_could_not_be_checked_still_lays_out(zone: Zone) -> None:
    """More fixed times than the limit, all in quiet hours, and a window that nothing is left of."""
    plan = Plan(
        "maya",
        "Maya",
        "UTC",
        nudges=(
            Nudge("cron", Kind.REST, Cron("*/5 * * * *")),
            Nudge("walk", Kind.MOVEMENT, Between(Window(time(5), time(6)), 8)),
        ),
    )
    slots = lay_out(plan, date(2026, 11, 23), "seed", zone("Etc/UTC"))
    assert len(slots) == 296
    assert len([slot for slot in slots if slot.due_at]) == 3


def _times_a_day(when: At | Between | Cron) -> int:
    if isinstance(when, Between):
        return when.times
    return len(when.times) if isinstance(when, At) else CRON[when.expression]


def _part(when: Between, number: int, quiet: Window | None) -> set[time]:
    """The wall times of one part of a window, written out."""
    start, end = minutes(when.window.start), minutes(when.window.end)
    walls = [time(*divmod(n, 60)) for n in range(start, end)]
    free = [wall for wall in walls if quiet is None or wall not in quiet]
    return set(free[len(free) * (number - 1) // when.times : len(free) * number // when.times])


def _fits(rooms: list[list[int]], taken: list[int], gap: int) -> bool:
    if not rooms:
        return True
    return any(
        _fits(rooms[1:], [*taken, minute], gap)
        for minute in rooms[0]
        if all(abs(minute - other) >= gap for other in taken)
    )
