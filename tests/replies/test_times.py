"""When a snooze comes again and a pause ends: which six o'clock, quiet hours, 48 hours, DST."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.domain.model import Window
from nudger.replies import Intent, understand
from nudger.schedule.localtime import is_quiet

START = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Lisbon",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
    "Asia/Kathmandu",
]
PIECES = [
    "later", "snooze", "remind", "me", "in", "at", "until", "after", "around", "half", "quarter", "past",
    "to", "noon", "midnight", "tonight", "tomorrow", "today", "monday", "friday", "weekend", "next",
    "week", "morning", "evening", "lunch", "work", "am", "pm", "an", "a", "hour", "hours", "minutes",
    "days", "2", "5", "6", "9", "12", "15", "20", "30", "45", "90", "6:30", "18:30", "0:00", "23:59",
    "1630", "six", "twelve", "december", "1st", "31", "and", "pause", "resume", "please", "couple",
    "few", "month",
]  # fmt: skip


def at(here, wall, **changes):
    return here.__class__(here.words, **{"wall": wall, **changes})


@pytest.mark.parametrize(
    ("wall", "text", "until"),
    [
        ("2026-11-23 10:00", "at 6", "2026-11-23 18:00"),
        ("2026-11-23 18:00", "at 6", "2026-11-24 18:00"),
        ("2026-11-23 07:00", "at 6", "2026-11-23 18:00"),
        ("2026-11-23 07:00", "at 10", "2026-11-23 10:00"),
        ("2026-11-23 13:00", "at 12", "2026-11-24 12:00"),
        ("2026-11-23 10:00:30", "at 10", "2026-11-24 10:00"),
        ("2026-11-23 09:59:30", "at 10", "2026-11-23 10:00"),
    ],
)
def test_a_time_without_am_or_pm_is_the_next_that_is_not_quiet(wall, text, until, here):
    person = at(here, wall)

    found = person.read(text)

    assert (person.shown(found.until), found.moved) == (until, False)


@pytest.mark.parametrize(
    ("text", "until"),
    [("at 6", "2026-11-24 06:00"), ("at 11", "2026-11-23 23:00"), ("at 8", "2026-11-24 08:00")],
)
def test_without_quiet_hours_it_is_simply_the_next(text, until, here):
    person = at(here, "2026-11-23 22:00", quiet="none")

    assert person.shown(person.read(text).until) == until


def test_where_both_times_are_quiet_the_next_of_them_moves_to_the_end_of_quiet_hours(here):
    found = here.read("at 8")

    assert (here.shown(found.asked), here.shown(found.until), found.moved) == (
        "2026-11-23 20:00",
        "2026-11-24 09:00",
        True,
    )


def test_a_snooze_past_quiet_hours_moves_to_their_end_and_says_what_was_asked(here):
    person = at(here, "2026-11-23 19:30")

    found = person.read("in an hour")

    assert (person.shown(found.asked), person.shown(found.until), found.moved) == (
        "2026-11-23 20:30",
        "2026-11-24 09:00",
        True,
    )


def test_quiet_hours_at_noon_move_too(here):
    person = at(here, "2026-11-23 11:50", quiet="12:00-14:00")

    assert person.shown(person.read("in 20 min").until) == "2026-11-23 14:00"


def test_the_end_of_quiet_hours_is_not_quiet(here):
    found = here.read("tomorrow at 9am")

    assert (here.shown(found.until), found.moved) == ("2026-11-24 09:00", False)


@pytest.mark.parametrize(
    ("wall", "until"),
    [
        ("2026-11-23 10:00", "2026-11-23 19:00"),
        ("2026-11-23 18:59", "2026-11-23 19:00"),
        ("2026-11-23 00:30", "2026-11-23 19:00"),
        ("2026-11-23 19:10", "2026-11-24 09:00"),  # LATER, 20:10, which is quiet
        ("2026-11-23 21:00", "2026-11-24 09:00"),
    ],
)
def test_tonight_is_seven_and_after_seven_the_same_as_later(wall, until, here):
    person = at(here, wall)

    assert person.shown(person.read("tonight").until) == until


def test_tonight_after_seven_is_still_tonight_where_that_is_not_quiet(here):
    person = at(here, "2026-11-23 19:10", quiet="22:00-07:00")

    assert person.shown(person.read("tonight").until) == "2026-11-23 20:10"


def test_a_bare_later_is_the_snooze_of_the_nudge(here):
    person = at(here, "2026-11-23 10:00:20", snooze=timedelta(minutes=90))

    assert person.read("LATER").until == person.now + timedelta(minutes=90)


@pytest.mark.parametrize(
    ("text", "intent"), [("48h", "snooze"), ("49h", "pause"), ("2 days", "snooze"), ("3 days", "pause")]
)
def test_what_is_longer_than_48_hours_is_a_pause(text, intent, here):
    assert here.read(text).intent == intent


def test_a_snooze_of_48_hours_that_quiet_hours_move_is_still_a_snooze(here):
    person = at(here, "2026-11-23 21:00")

    found = person.read("in 48 hours")

    assert (found.intent, person.shown(found.until)) == (Intent.SNOOZE, "2026-11-26 09:00")


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause until tomorrow", "2026-11-24 09:00"),
        ("pause tomorrow", "2026-11-25 09:00"),
        ("pause today", "2026-11-24 09:00"),
        ("pause tonight", "2026-11-24 09:00"),
        ("pause until tonight", "2026-11-23 19:00"),
        ("pause until friday at 3pm", "2026-11-27 15:00"),
        ("pause for the weekend", "2026-11-30 09:00"),
        ("pause until the weekend", "2026-11-28 09:00"),
        ("pause for 30 minutes", "2026-11-23 10:30"),
    ],
)
def test_a_pause_ends_when_its_day_begins_or_is_over(text, until, here):
    found = here.read(text)

    assert (found.intent, here.shown(found.until)) == (Intent.PAUSE, until)


def test_a_pause_until_a_day_ends_at_midnight_without_quiet_hours(here):
    person = at(here, "2026-11-23 10:00", quiet="none")

    assert person.shown(person.read("pause until friday").until) == "2026-11-27 00:00"


# New York: clocks go forward on 2026-03-08 at 02:00, and back on 2026-11-01 at 02:00.
def test_a_duration_is_elapsed_time_across_both_changes_of_the_clocks(here):
    spring = at(here, "2026-03-07 12:00", quiet="none").read("in 24 hours")
    autumn = at(here, "2026-10-31 12:00", quiet="none").read("in 24 hours")

    assert (here.shown(spring.until), here.shown(autumn.until)) == ("2026-03-08 13:00", "2026-11-01 11:00")


def test_tomorrow_at_nine_is_wall_time_across_both_changes_of_the_clocks(here):
    spring = at(here, "2026-03-07 12:00").read("tomorrow at 9")
    autumn = at(here, "2026-10-31 12:00").read("tomorrow at 9")

    assert (here.shown(spring.until), here.shown(autumn.until)) == ("2026-03-08 09:00", "2026-11-01 09:00")


def test_a_time_that_does_not_exist_is_the_first_minute_after_the_gap(here):
    person = at(here, "2026-03-07 22:00", quiet="none")

    assert person.shown(person.read("at 2:30 am").until) == "2026-03-08 03:00"


def test_a_time_that_comes_twice_is_the_first(here):
    person = at(here, "2026-10-31 22:00", quiet="none")

    assert person.read("at 1:30 am").until == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_inside_the_hour_that_comes_twice_the_second_counts_as_well(here):
    person = at(here, "2026-11-01 01:40", quiet="none")

    # 01:40 is the first of two: 01:30 is past in it, and comes again in 50 minutes.
    assert person.read("at 1:30 am").until == person.now + timedelta(minutes=50)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("monday", "2026-11-30 09:00"),
        ("monday morning", "2026-11-23 09:30"),
        ("monday at 3pm", "2026-11-23 15:00"),
    ],
)
def test_a_weekday_is_today_only_with_a_time_that_is_to_come(text, until, here):
    person = at(here, "2026-11-23 08:00")

    assert person.shown(person.read(text).until) == until


def test_a_date_that_does_not_exist_is_passed_over(here):
    person = at(here, "2011-12-29 12:00", zone=ZoneInfo("Pacific/Apia"))

    # Apia had no 30th of December 2011.
    assert person.shown(person.read("9:30 am").until) == "2011-12-31 09:30"


@pytest.mark.parametrize(
    "text",
    [
        "in 0 minutes",
        "0h",
        "in 999999 hours",
        "in 100000 weeks",
        "at 99",
        "at 25:00",
        "at 12:75",
        "31 february",
        "on the 32nd",
        "remind me in 0.0 hours",
        "9999999999999999 h",
    ],
)
def test_times_that_are_none_do_no_harm(text, here):
    found = here.read(text)

    assert found.until is None or found.until > here.now


@settings(max_examples=400, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=7),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    now=st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    quiet=st.sampled_from(
        [None, Window(time(20), time(9)), Window(time(23), time(6)), Window(time(12), time(13))]
    ),
)
def test_whatever_is_asked_the_answer_lies_ahead_and_a_snooze_is_short_and_not_quiet(
    pieces, zone, now, quiet, words
):
    found = understand(
        " ".join(pieces),
        language="en",
        now=now,
        zone=zone,
        snooze=timedelta(hours=1),
        quiet=quiet,
        words=words,
    )

    if found.intent is Intent.SNOOZE:
        assert now < found.asked <= now + timedelta(hours=48)
        assert found.asked <= found.until <= found.asked + timedelta(hours=26)
        assert found.moved == (found.until != found.asked)
        assert quiet is None or not is_quiet(zone, quiet, found.until)
    else:
        assert found.until is None or found.until > now
