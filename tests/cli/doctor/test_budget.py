"""Whether the budget carries the days ahead."""

from datetime import UTC, datetime, timedelta

from nudger.agenda.rate_limit import PlannedText
from nudger.cli.doctor.findings import Grade
from nudger.cli.doctor.people import budget_carries, missed_within_hours


def test_a_budget_that_carries_all_is_in_order() -> None:
    found = budget_carries(120, 0, 0, 1, None)

    assert found.grade is Grade.OK
    assert found.sentence == (
        "120 texts in the next two days, at most 1 segments a second: all go out in time"
    )


def test_texts_that_would_expire_are_counted_and_the_ways_out_named() -> None:
    found = budget_carries(4000, 2199, 0, 1, None)

    assert found.grade is Grade.WARNING
    assert "2,199 of 4000 texts" in found.sentence
    assert "expires" in found.advice


def test_a_day_that_is_too_full_is_told() -> None:
    found = budget_carries(4000, 0, 1, 100, 1000)

    assert (found.grade, "on 1 day more segments" in found.sentence) == (Grade.WARNING, True)


def test_what_an_hour_does_not_carry_is_missed() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    at_once = [PlannedText(noon, noon + timedelta(minutes=30), 1) for _ in range(40)]
    spread = [PlannedText(noon + timedelta(minutes=n * 3), noon + timedelta(hours=9), 1) for n in range(40)]

    assert missed_within_hours(at_once, 30) == 10
    assert missed_within_hours(spread, 30) == 0
    found = budget_carries(40, 10, 0, 1, None, 30)
    assert found.sentence.startswith("at 1 segments a second, 30 an hour: 10 of")
