"""The year ahead: quiet hours, the daily limit, the gap, room. Against the code that lays out days."""

from collections.abc import Callable
from datetime import UTC, date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.domain.model import At, Between, Cron, Every, Kind, Nudge, OnDays, Origin, Plan, Window
from nudger.plans import Facts, ParsedPlans
from nudger.plans.check import lookahead
from nudger.schedule import falls_on, lay_out, wall_times

Read = Callable[..., ParsedPlans]
TODAY = date(2026, 11, 23)
REST = '\n[[nudge]]\nkind = "rest"\n'


def told(reading: ParsedPlans) -> list[str]:
    return [
        f"{problem.severity} {str(problem).removeprefix('plans/maya.toml:')}" for problem in reading.problems
    ]


def test_the_limit_is_kept_on_each_date_of_the_next_366_days(read_plan: Read) -> None:
    yearly = "daily_limit = 1\n" + REST + 'at = "10:00"\n' + REST + 'at = "14:00"\nstarts = {0}\nends = {0}\n'

    last = read_plan(yearly.format("2027-11-23"))
    beyond = read_plan(yearly.format("2027-11-24"))

    assert [line[:11] for line in told(last)] == ["error 12:6:"]
    assert "got 2 on 2027-11-23" in told(last)[0]
    assert told(beyond) == []


def test_nudges_on_different_days_do_not_add_up(read_plan: Read) -> None:
    text = "daily_limit = 1\n" + "".join(
        f'{REST}at = "13:00"\ndays = "{day}"\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    )

    assert told(read_plan(text)) == []


@pytest.mark.parametrize(
    ("cron", "quiet", "expected"),
    [
        ("0 21 * * *", "20:00-09:00", 1),
        ("0 20 * * *", "20:00-09:00", 1),
        ("0 9 * * *", "20:00-09:00", 0),
        ("59 8 29 2 *", "20:00-09:00", 1),
        ("0 21 * * *", "none", 0),
        ("0 0 1 1 *", "23:59-00:01", 1),
    ],
)
def test_quiet_hours_include_their_start_and_not_their_end(
    cron: str, quiet: str, expected: int, read_plan: Read
) -> None:
    assert len(told(read_plan(f'quiet = "{quiet}"\n{REST}cron = "{cron}"\n'))) == expected


def test_each_time_in_quiet_hours_is_told_where_it_stands(read_plan: Read) -> None:
    reading = read_plan(REST + 'at = ["22:00", "12:00", "06:00"]\n')

    assert [line[:11] for line in told(reading)] == ["error 7:7: ", "error 7:25:"]


@pytest.mark.parametrize(
    ("first", "second", "gap", "count"),
    [
        ("13:00", "15:00", "2h", 0),
        ("13:00", "14:59", "2h", 1),
        ("13:00", "13:00", "1h", 1),
        ("13:00", "13:59", "1h", 1),
    ],
)
def test_fixed_times_closer_than_the_gap_are_a_warning(
    first: str, second: str, gap: str, count: int, read_plan: Read
) -> None:
    reading = read_plan(f'gap = "{gap}"\n{REST}at = "{first}"\n{REST}at = "{second}"\n')

    assert [problem.severity for problem in reading.problems] == ["warning"] * count
    assert list(reading.plans) == ["maya"]


def test_fixed_times_that_never_meet_are_none(read_plan: Read) -> None:
    reading = read_plan(f'{REST}at = "13:00"\ndays = "mon"\n{REST}at = "13:30"\ndays = "tue"\n')

    assert told(reading) == []


def test_a_drawn_slot_that_only_some_dates_have_no_room_for_is_a_warning(read_plan: Read) -> None:
    text = f'{REST}at = "12:00"\nevery = "30 days"\nstarts = 2026-12-01\n{REST}between = "11:00-13:00"\n'

    (line,) = told(read_plan(text))
    assert line.startswith(
        'warning 13:11: nudge "rest-2": between: finds no room on some dates, first on 2026-12-01'
    )


def test_the_nudge_that_stands_first_gets_the_room(read_plan: Read) -> None:
    (line,) = told(read_plan(f'{REST}between = "11:00-12:00"\n{REST}between = "11:00-12:00"\n'))

    assert line.startswith('error 11:11: nudge "rest-2": between: expected room for a time, got none')


def test_nothing_is_said_of_room_while_something_else_is_wrong(read_plan: Read) -> None:
    reading = read_plan(f'{REST}at = "8h"\n{REST}between = "05:00-07:00"\n')

    assert [line[:9] for line in told(reading)] == ["error 7:6"]


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Europe/London", 'quiet = "none"\n' + REST + 'between = "01:00-02:00"\n', "2027-03-28"),
        ("America/New_York", 'quiet = "none"\n' + REST + 'between = "02:10-02:50"\n', "2027-03-14"),
        ("America/Nuuk", 'quiet = "none"\n' + REST + 'between = "23:00-23:30"\n', "2027-03-27"),
        ("UTC", 'quiet = "none"\n' + REST + 'between = "01:00-02:00"\n', None),
        ("Europe/London", REST + 'between = "10:00-11:00"\n', None),
    ],
)
def test_dates_on_which_the_clocks_change_are_looked_at(
    zone: str, text: str, expected: str | None, read_plan: Read
) -> None:
    reading = read_plan(text, head=f'timezone = "{zone}"\nphone = "+447700900123"\n')

    assert [problem.severity for problem in reading.problems] == (["warning"] if expected else [])
    assert all(f"first on {expected}: the clocks skip" in line for line in told(reading))


NUDGES = st.builds(
    Nudge,
    id=st.just("x"),
    kind=st.just(Kind.REST),
    when=st.sampled_from(
        [
            At((time(12),)),
            Cron("0 12 * * *"),
            Cron("0 12 13 * fri"),
            Cron("0 12 L 2 *"),
            Cron("0 12 * jan sun#1"),
        ]
    ),
    dates=st.one_of(
        st.builds(OnDays, st.frozensets(st.integers(0, 6), min_size=1)), st.builds(Every, st.integers(1, 500))
    ),
    starts=st.none() | st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    ends=st.none() | st.dates(date(2000, 1, 1), date(2030, 1, 1)),
)


@settings(deadline=None)
@given(nudge=NUDGES, today=st.dates(date(2020, 1, 1), date(2029, 1, 1)))
def test_the_dates_of_a_nudge_are_those_that_it_falls_on(nudge: Nudge, today: date) -> None:
    dates = lookahead.dates_of(nudge, today)

    assert [bool(dates >> ahead & 1) for ahead in range(400)] == [
        ahead < 366 and falls_on(nudge, today + timedelta(days=ahead)) for ahead in range(400)
    ]


def walls(start: int = 0) -> st.SearchStrategy[time]:
    return st.integers(start * 4, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


TIMINGS = st.tuples(
    st.one_of(
        st.lists(walls(), min_size=1, max_size=2, unique=True).map(lambda found: At(tuple(sorted(found)))),
        st.builds(
            Between,
            st.lists(walls(), min_size=2, max_size=2, unique=True).map(lambda two: Window(*sorted(two))),
            st.integers(1, 3),
        ),
    ),
    st.one_of(
        st.just(OnDays()),
        st.builds(OnDays, st.frozensets(st.integers(0, 6), min_size=1)),
        st.builds(Every, st.integers(1, 4)),
    ),
    st.none(),
    st.none(),
)
SHAPES = st.builds(
    lookahead.Shape,
    nudges=st.lists(TIMINGS, min_size=1, max_size=4).map(tuple),
    quiet=st.none() | st.just(Window(time(20), time(9))),
    limit=st.integers(1, 6),
    gap=st.sampled_from([timedelta(0), timedelta(minutes=45), timedelta(hours=2)]),
)


@settings(max_examples=150, deadline=None)
@given(shape=SHAPES)
def test_what_is_found_is_what_the_days_come_to(shape: lookahead.Shape) -> None:
    nudges = lookahead._Year(shape).nudges
    plan = Plan(
        "", "", "", quiet=shape.quiet, daily_limit=shape.limit or 0, gap=shape.gap, nudges=tuple(nudges)
    )

    found = lookahead.look_ahead(shape, TODAY)

    days = [TODAY + timedelta(days=ahead) for ahead in range(84)]
    too_many = any(sum(len(wall_times(nudge, day)) for nudge in nudges) > (shape.limit or 0) for day in days)
    fixed_in_quiet = (
        any(
            wall in shape.quiet for nudge in nudges if isinstance(nudge.when, At) for wall in nudge.when.times
        )
        if shape.quiet
        else False
    )
    assert any(one.severity == "error" and one.wall is not None for one in found) == (
        too_many or fixed_in_quiet
    )
    if too_many or fixed_in_quiet:
        return
    slots = [slot for day in days for slot in lay_out(plan, day, "", UTC) if slot.origin is Origin.DRAWN]
    without = {(slot.nudge, slot.number) for slot in slots if slot.due_at is None}
    never = without - {(slot.nudge, slot.number) for slot in slots if slot.due_at is not None}
    roomless = {str(one.nudge): one.severity for one in found if one.wall is None}
    assert roomless == {
        nudge: "error" if nudge in {name for name, _ in never} else "warning" for nudge, _ in without
    }


def test_a_shape_is_looked_at_once(facts: Facts, read_files: Read) -> None:
    text = (
        'timezone = "UTC"\nemail = "{}@example.org"\n'
        + REST
        + 'at = "11:11"\n'
        + REST
        + 'between = "14:00-18:00"\n'
    )
    lookahead.look_ahead.cache_clear()

    read_files({f"plans/p{n}.toml": text.format(n) for n in range(50)})

    counted: Any = lookahead.look_ahead.cache_info()
    assert (counted.misses, counted.hits) == (1, 49)
