"""Small pure parts of delivery: counts, the budget, backoff."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from nudger.agenda.entries import Failure, SendFailure, Sending
from nudger.agenda.gate import count_send, put_off, sent_on
from nudger.agenda.rate_limit import Budget
from nudger.domain.model import ChannelName, History, Origin
from nudger.sending.dispatcher import LONGEST, Retries

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SENDING = Sending(
    "m1", 1, "maya", ChannelName.SMS, "+447700900123", "Hello", "", timedelta(minutes=30), Origin.FIXED
)


def test_sends_are_counted_by_local_date() -> None:
    history = count_send(History(on=TODAY - timedelta(days=1), sent=3), TODAY, NOW, NOW)

    assert (history.on, history.sent) == (TODAY, 1)


def test_a_send_on_time_keeps_its_planned_time_and_a_late_one_its_real_one() -> None:
    late = NOW + timedelta(minutes=10)

    assert count_send(History(), TODAY, NOW, NOW + timedelta(seconds=59)).last_at == NOW
    assert count_send(History(), TODAY, NOW, late).last_at == late


def test_a_send_leaves_alone_what_it_does_not_count() -> None:
    before = History(TODAY, 1, NOW, {"rest": ("sip",)}, {"Sam": NOW}, {"walk": 1}, NOW)

    after = count_send(before, TODAY, NOW, NOW)

    changed = {"on", "sent", "last_at"}
    kept = {field.name for field in fields(History)} - changed
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert all(getattr(before, field.name) for field in fields(History))


def test_a_snooze_counts_in_place_of_the_send_it_put_off_and_never_below_none() -> None:
    once = count_send(History(), TODAY, NOW, NOW)

    assert sent_on(put_off(once), TODAY) == 0
    assert sent_on(put_off(put_off(once)), TODAY) == 0


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


@pytest.mark.parametrize("attempts", range(12))
def test_backoff_has_full_jitter_between_a_second_and_its_ceiling(attempts: int) -> None:
    retries = Retries(Random(7))

    waits = [
        retries.judge(SENDING, SendFailure(Failure.NOT_SENT, "refused"), attempts, NOW).retry_at
        for _ in range(50)
    ]

    assert all(at is not None and timedelta(seconds=1) <= at - NOW <= LONGEST for at in waits)


def test_retry_after_is_honoured() -> None:
    failure = SendFailure(Failure.NOT_SENT, "slow down", "20429", timedelta(seconds=90))

    result = Retries(Random(7)).judge(SENDING, failure, 0, NOW)

    assert result.retry_at is not None
    assert result.retry_at >= NOW + timedelta(seconds=90)


@pytest.mark.parametrize("failure", [Failure.RECIPIENT, Failure.OPTED_OUT, Failure.SENDER])
def test_what_was_certainly_refused_is_looked_at_again_at_once(failure: Failure) -> None:
    result = Retries(Random(7)).judge(SENDING, SendFailure(failure, "refused", "20003"), 0, NOW)

    assert result.retry_at == NOW


@pytest.mark.parametrize("failure", [Failure.AMBIGUOUS, Failure.LOST])
def test_what_may_have_been_accepted_is_never_retried(failure: Failure) -> None:
    assert Retries(Random(7)).judge(SENDING, SendFailure(failure, "time-out"), 0, NOW).retry_at is None
