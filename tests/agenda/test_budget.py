"""How fast a sender may send."""

from datetime import UTC, datetime, timedelta

from nudger.agenda.rate_limit import Budget

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_budget_lets_out_its_rate_and_no_burst_after_a_long_rest() -> None:
    budget = Budget(2)
    first = budget.room(NOW, 500)
    budget.spend(first)

    after_a_second = budget.room(NOW + timedelta(seconds=1), 500)
    after_an_hour = budget.room(NOW + timedelta(hours=1), 500)

    assert (first, after_a_second, after_an_hour) == (2, 2, 2)


def test_a_fractional_budget_sends_one_and_says_how_long_to_wait() -> None:
    budget = Budget(0.5)
    budget.spend(budget.room(NOW, 500))

    assert budget.room(NOW, 500) == 0
    assert budget.wait() == timedelta(seconds=2)


def test_a_long_message_makes_the_next_one_wait_longer() -> None:
    budget = Budget(1)
    budget.room(NOW, 500)
    budget.spend(3)

    assert budget.wait() == timedelta(seconds=3)


def test_a_clock_that_is_stepped_back_gives_nothing() -> None:
    budget = Budget(1)
    budget.spend(budget.room(NOW, 500))

    assert budget.room(NOW - timedelta(hours=1), 500) == 0
