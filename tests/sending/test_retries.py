"""When a failed send is tried again."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from nudger.agenda.entries import Failure, SendFailure, Sending
from nudger.domain.model import ChannelName, Origin
from nudger.sending.dispatcher import LONGEST, Retries

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SENDING = Sending(
    "m1", 1, "maya", ChannelName.SMS, "+447700900123", "Hello", "", timedelta(minutes=30), Origin.FIXED
)


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
