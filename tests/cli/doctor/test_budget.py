"""Whether the budget carries the days ahead."""

from nudger.cli.doctor.findings import Grade
from nudger.cli.doctor.people import budget_carries


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
