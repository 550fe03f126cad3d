"""What an edit changes in the week to come, in one line."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

from nudger.delivery.changes import change
from nudger.model import At, Kind, Nudge, OnDays, Plan

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)
REST = Nudge("rest", Kind.REST, At((time(13),)))
PLAN = Plan("maya", "Maya", "Europe/London", nudges=(REST,))


def told(new: Plan) -> str:
    return str(change(PLAN, new, MONDAY, "seed", (LONDON, LONDON)))


def test_a_nudge_on_weekends_adds_two_a_week() -> None:
    walk = Nudge("walk", Kind.MOVEMENT, At((time(15),)), OnDays(frozenset({5, 6})))

    assert told(replace(PLAN, nudges=(REST, walk))) == "+2, -0 this week"


def test_a_time_that_moved_is_one_gone_and_one_added_each_day() -> None:
    assert told(replace(PLAN, nudges=(replace(REST, when=At((time(14),))),))) == "+7, -7 this week"


def test_other_words_leave_the_times_as_they_are() -> None:
    assert told(replace(PLAN, nudges=(replace(REST, message="Rest?"),))) == "same times this week"
