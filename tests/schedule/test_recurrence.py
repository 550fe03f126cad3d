"""Dates and fixed times of a nudge, without zones."""

from datetime import date, datetime, time, timedelta

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.domain.model import At, Between, Cron, Every, Kind, Nudge, OnDays, Window
from nudger.schedule import check_cron, falls_on, wall_times

NOON = At((time(12),))
WEEKDAYS = OnDays(frozenset(range(5)))


def dates(nudge: Nudge, start: date, days: int) -> list[date]:
    walked = (start + timedelta(days=offset) for offset in range(days))
    return [day for day in walked if falls_on(nudge, day)]


def test_weekdays_leave_out_the_weekend() -> None:
    nudge = Nudge("rest", Kind.REST, NOON, WEEKDAYS)
    assert dates(nudge, date(2026, 11, 20), 5) == [date(2026, 11, d) for d in (20, 23, 24)]


def test_every_counts_from_its_start_and_over_a_leap_day() -> None:
    nudge = Nudge("diary", Kind.REFLECTION, NOON, Every(3), starts=date(2028, 2, 26))
    assert dates(nudge, date(2028, 2, 20), 16) == [
        date(2028, 2, 26),
        date(2028, 2, 29),
        date(2028, 3, 3),
        date(2028, 3, 6),
    ]


def test_every_counts_from_2024_where_nothing_starts_it() -> None:
    nudge = Nudge("diary", Kind.REFLECTION, NOON, Every(14))
    assert dates(nudge, date(2023, 12, 18), 31) == [date(2023, 12, 18), date(2024, 1, 1), date(2024, 1, 15)]


def test_starts_and_ends_are_both_included() -> None:
    nudge = Nudge("rest", Kind.REST, NOON, starts=date(2026, 12, 1), ends=date(2026, 12, 3))
    assert dates(nudge, date(2026, 11, 28), 10) == [date(2026, 12, d) for d in (1, 2, 3)]


def test_wall_times_are_those_of_the_nudge_on_its_dates_only() -> None:
    nudge = Nudge("rest", Kind.REST, At((time(9, 30), time(17))), WEEKDAYS)
    assert wall_times(nudge, date(2026, 11, 23)) == (time(9, 30), time(17))
    assert wall_times(nudge, date(2026, 11, 22)) == ()


def test_a_drawn_nudge_has_no_fixed_times() -> None:
    nudge = Nudge("walk", Kind.MOVEMENT, Between(Window(time(10), time(17))))
    assert falls_on(nudge, date(2026, 11, 23))
    assert wall_times(nudge, date(2026, 11, 23)) == ()


def test_cron_and_days_hold_together() -> None:
    nudge = Nudge("support", Kind.SUPPORT, Cron("0 16 20-24 * *"), WEEKDAYS)
    assert dates(nudge, date(2026, 11, 15), 14) == [date(2026, 11, d) for d in (20, 23, 24)]


CRON = [
    "30 16 * * sun",
    "0 9,13,17 * * 1-5",
    "*/15 8-10 1 * *",
    "5 4 1-7 * mon",  # a day or a weekday: either will do
    "0 0 */2 * fri",  # Debian: a day that begins with a star and a weekday: both
    "15 12 L * *",
    "15 12 LW * *",
    "0 18 * * 5L",
    "0 18 * * mon#1",
    "0 12 29 2 *",
    "59 23 31 dec *",
    "0 7 * jan-mar 7",
]


@pytest.mark.parametrize("expression", CRON)
def test_cron_falls_on_the_times_that_cronsim_walks_through(expression: str) -> None:
    start = date(2026, 1, 1)
    nudge = Nudge("support", Kind.SUPPORT, Cron(expression))
    ours = [
        datetime.combine(day, at)
        for day in (start + timedelta(days=offset) for offset in range(3 * 366))
        for at in wall_times(nudge, day)
    ]
    walk = CronSim(expression, datetime.combine(start, time()) - timedelta(minutes=1))
    assert ours == [next(walk) for _ in ours]
    assert next(walk).date() > start + timedelta(days=3 * 366 - 1)
    assert check_cron(expression) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "expected five fields, minute hour day month weekday, like"),
        ("0 9 * *", "got 4 of them"),
        ("0 0 9 * * *", "got 6 of them"),
        ("@daily", "got 1 of them"),
        ("0 25 * * *", 'the hour "25" is not one: 0 to 23'),
        ("60 9 * * *", 'the minute "60" is not one: 0 to 59'),
        ("0 9 32 * *", 'the day "32" is not one: 1 to 31'),
        ("0 9 * 13 *", 'the month "13" is not one: 1 to 12'),
        ("0 9 * * someday", 'the weekday "someday" is not one: 0 to 7'),
        ("0 9 * * 5-1", 'the weekday "5-1" is not one'),
        ("*/0 9 * * *", 'the minute "*/0" is not one'),
        ("0 9 * * ½", 'the weekday "½" is not one'),
        ("0 9 30 2 *", "it never comes"),
        ("0 9 31 4,6,9,11 *", "it never comes"),
        ("0 9 * 2 " + "9" * 5000, "got 5008 characters"),
    ],
)
def test_a_faulty_cron_expression_is_explained(expression: str, words: str) -> None:
    assert words in (check_cron(expression) or "")


def test_a_rare_date_does_come() -> None:
    assert check_cron("0 9 * 2 mon#5") is None  # a 29th of February that is a Monday: 2044


def test_a_faulty_expression_that_got_past_the_check_is_no_silent_never() -> None:
    nudge = Nudge("support", Kind.SUPPORT, Cron("0 9 30 2 *"))
    with pytest.raises(ValueError, match="it never comes"):
        falls_on(nudge, date(2026, 11, 23))


@settings(deadline=None)
@given(st.text(alphabet="0123456789*/,-#LWlwmonjan \t", max_size=40) | st.text(max_size=60))
def test_any_text_is_either_a_cron_expression_or_explained(expression: str) -> None:
    problem = check_cron(expression)
    nudge = Nudge("support", Kind.SUPPORT, Cron(expression))
    if problem is None:
        assert isinstance(falls_on(nudge, date(2026, 11, 23)), bool)
    else:
        with pytest.raises(ValueError, match="cron"):
            falls_on(nudge, date(2026, 11, 23))
