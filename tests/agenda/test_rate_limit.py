"""A sender's budget, circuit breaker and way back: pure, step by step."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda import rate_limit
from nudger.agenda.entries import Failure, SendFailure
from nudger.agenda.rate_limit import (
    DOUBLES,
    FIRST_OPEN,
    LEAST_SHARE,
    LONGEST_ASKED,
    LONGEST_OPEN,
    MANY,
    PROBE,
    THRESHOLD,
    Limit,
    Sender,
)
from nudger.domain.model import ChannelName

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SMS = Sender(ChannelName.SMS)
ONE, NONE = Limit(per_second=1), Limit()


def fault(
    failure: Failure = Failure.AMBIGUOUS, code: str | None = None, wait: int | None = None
) -> SendFailure:
    return SendFailure(failure, "as told", code, None if wait is None else timedelta(seconds=wait))


def after(times: int, failure: SendFailure, at: datetime = NOON, sender: Sender = SMS) -> Sender:
    for _ in range(times):
        sender = rate_limit.ended(sender, failure, at)
    return sender


# --- the budget -----------------------------------------------------------------------------------
def test_without_a_limit_there_is_room() -> None:
    assert rate_limit.room(SMS, NONE, NOON) == MANY


AN_HOUR = Limit(per_hour=30)


def test_an_hours_budget_is_there_at_once_and_comes_back_as_what_was_sent_lies_an_hour_back() -> None:
    sender = rate_limit.taken(SMS, AN_HOUR, 20, NOON)
    sender = rate_limit.taken(sender, AN_HOUR, 10, NOON + 30 * MINUTE)

    assert rate_limit.room(SMS, AN_HOUR, NOON) == 30
    assert rate_limit.room(sender, AN_HOUR, NOON + 59 * MINUTE) == 0
    assert rate_limit.opens_at(sender, AN_HOUR, NOON + 31 * MINUTE) == NOON + 61 * MINUTE
    assert rate_limit.room(sender, AN_HOUR, NOON + 61 * MINUTE) == 20
    assert rate_limit.why_full(sender, AN_HOUR, NOON + 31 * MINUTE) == rate_limit.TOO_MANY_THIS_HOUR


@given(st.lists(st.tuples(st.integers(0, 600), st.integers(1, 8)), max_size=200))
def test_no_hour_wherever_it_begins_has_more_than_its_budget(tries: list[tuple[int, int]]) -> None:
    sender, at = SMS, NOON
    sent: list[tuple[datetime, int]] = []
    for seconds, segments in tries:
        at += seconds * SECOND
        if segments <= rate_limit.room(sender, AN_HOUR, at):
            sender = rate_limit.taken(sender, AN_HOUR, segments, at)
            sent.append((at, segments))
        elif rate_limit.room(sender, AN_HOUR, at) == 0:
            assert rate_limit.room(sender, AN_HOUR, rate_limit.opens_at(sender, AN_HOUR, at)) > 0

    for start, _ in sent:
        assert sum(count for when, count in sent if start <= when < start + HOUR) <= 30


def test_what_a_clock_that_was_stepped_back_has_left_ahead_holds_nothing_up() -> None:
    sender = rate_limit.taken(SMS, AN_HOUR, 30, NOON + 5 * HOUR)

    assert rate_limit.room(sender, AN_HOUR, NOON) == 30


@pytest.mark.parametrize(("rate", "room"), [(0.25, 1), (1, 1), (3.75, 3), (100, 100)])
def test_a_rest_brings_one_second_of_the_rate_and_no_burst(rate: float, room: int) -> None:
    limit = Limit(per_second=rate)
    empty = rate_limit.taken(SMS, limit, 10 * room, NOON)

    assert rate_limit.room(SMS, limit, NOON) == room
    assert rate_limit.room(empty, limit, NOON) == 0
    assert rate_limit.room(empty, limit, NOON + HOUR) == room


def test_a_long_message_makes_the_next_one_wait_longer() -> None:
    sender = rate_limit.taken(SMS, ONE, 3, NOON)

    assert rate_limit.opens_at(sender, ONE, NOON) == NOON + 3 * SECOND
    assert rate_limit.room(sender, ONE, NOON + 3 * SECOND) == 1


def test_a_day_has_an_end_and_the_next_begins_at_midnight_gmt() -> None:
    limit = Limit(per_day=10)  # half of it is kept
    sender = rate_limit.taken(SMS, limit, 3, NOON)

    used_up = rate_limit.taken(sender, limit, 2, NOON)

    assert rate_limit.room(sender, limit, NOON) == 2
    assert rate_limit.room(used_up, limit, NOON) == 0
    assert rate_limit.opens_at(used_up, limit, NOON) == datetime(2026, 11, 24, tzinfo=UTC)
    assert rate_limit.room(used_up, limit, datetime(2026, 11, 24, tzinfo=UTC)) == 5
    assert "SMS_PER_DAY" in rate_limit.why_full(used_up, limit, NOON)


@given(st.integers(1, 10**8))
def test_of_a_day_a_reserve_is_kept_and_never_more_than_half(per_day: int) -> None:
    left = rate_limit.ordinary(per_day)

    assert per_day / 2 <= left <= per_day
    assert per_day < 200 or per_day - left == int(per_day * rate_limit.RESERVE)


def test_what_is_urgent_uses_what_is_kept_for_it_before_it_takes_from_the_others() -> None:
    limit = Limit(per_day=40)
    once = rate_limit.taken(SMS, limit, 10, NOON, urgent=10)

    assert rate_limit.room(once, limit, NOON) == 30
    assert rate_limit.room(rate_limit.taken(once, limit, 4, NOON, urgent=4), limit, NOON) == 26
    assert rate_limit.room(rate_limit.taken(once, limit, 30, NOON), limit, NOON) == 0
    assert rate_limit.room(rate_limit.taken(once, limit, 30, NOON), limit, NOON + timedelta(days=1)) == 30


def test_what_answers_have_used_is_of_one_day() -> None:
    limit = Limit(per_day=40)
    half = rate_limit.taken(SMS, limit, 15, NOON, answers=15)

    assert not rate_limit.answers_wait(rate_limit.taken(SMS, limit, 14, NOON, answers=14), limit, NOON)
    assert rate_limit.answers_wait(half, limit, NOON)
    assert not rate_limit.answers_wait(half, limit, NOON + timedelta(days=1))
    assert not rate_limit.answers_wait(half, Limit(), NOON)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 4)), min_size=1, max_size=80),
    st.sampled_from([0.1, 0.5, 1.0, 3.75, 20.0]),
)
def test_no_stretch_of_time_ever_holds_more_than_the_rate_allows(
    asks: list[tuple[int, int]], rate: float
) -> None:
    """Whoever asks when: over any span at most the span's worth, one second's, and one message's end."""
    limit, sender, now = Limit(per_second=rate), SMS, NOON
    sent: list[tuple[datetime, int]] = []
    for gap, segments in asks:
        now += timedelta(milliseconds=gap)
        if rate_limit.room(sender, limit, now) > 0:
            sender = rate_limit.taken(sender, limit, segments, now)
            sent.append((now, segments))

    for first in range(len(sent)):
        for last in range(first, len(sent)):
            span = (sent[last][0] - sent[first][0]).total_seconds()
            total = sum(segments for _, segments in sent[first : last + 1])
            assert total <= span * rate + max(1.0, rate) + sent[last][1] + 1e-6


# --- slower, and back -----------------------------------------------------------------------------
def test_too_many_requests_halve_the_rate_and_it_comes_back_within_minutes() -> None:
    limit = Limit(per_second=8)

    slow = rate_limit.ended(SMS, fault(Failure.NOT_SENT, "20429"), NOON)

    rooms = [rate_limit.room(rate_limit.taken(slow, limit, 99, NOON), limit, NOON + HOUR)]
    assert rate_limit.room(slow, limit, NOON) == 4
    assert rate_limit.room(slow, limit, NOON + DOUBLES) == 8
    assert rooms == [8]


def test_refusals_of_one_moment_count_once() -> None:
    slow = after(20, fault(Failure.NOT_SENT, "429"))

    assert slow.rate == 0.5


def test_a_rate_never_falls_to_nothing() -> None:
    sender = SMS
    for number in range(60):
        sender = rate_limit.ended(sender, fault(Failure.NOT_SENT, "429"), NOON + number * 2 * SECOND)

    assert sender.rate is not None
    assert sender.rate >= LEAST_SHARE


def test_retry_after_is_honoured_and_is_no_fault_for_the_operator() -> None:
    sender = rate_limit.ended(SMS, fault(Failure.NOT_SENT, "20429", wait=90), NOON)

    assert rate_limit.room(sender, NONE, NOON + 89 * SECOND) == 0
    assert rate_limit.opens_at(sender, NONE, NOON) == NOON + 90 * SECOND
    assert rate_limit.room(sender, NONE, NOON + 90 * SECOND) == 1
    assert not rate_limit.is_broken(sender)


def test_a_retry_after_of_days_is_not_believed() -> None:
    sender = rate_limit.ended(SMS, fault(Failure.NOT_SENT, "20429", wait=86_400), NOON)

    assert rate_limit.opens_at(sender, NONE, NOON) == NOON + LONGEST_ASKED


# --- the breaker ----------------------------------------------------------------------------------
@pytest.mark.parametrize("failure", [Failure.AMBIGUOUS, Failure.NOT_SENT])
def test_it_opens_after_so_many_faults_in_a_row(failure: Failure) -> None:
    closed, opened = after(THRESHOLD - 1, fault(failure)), after(THRESHOLD, fault(failure))

    assert not rate_limit.is_open(closed, NOON)
    assert rate_limit.is_open(opened, NOON)
    assert rate_limit.is_broken(opened)
    assert rate_limit.why_full(opened, NONE, NOON) == "the circuit of sms is open: as told"


def test_a_senders_fault_opens_it_at_once() -> None:
    assert rate_limit.is_open(rate_limit.ended(SMS, fault(Failure.SENDER, "20003"), NOON), NOON)


@pytest.mark.parametrize("end", [None, Failure.RECIPIENT, Failure.OPTED_OUT, Failure.LOST])
def test_any_clear_word_of_the_provider_begins_the_count_anew(end: Failure | None) -> None:
    sender = rate_limit.ended(after(THRESHOLD - 1, fault()), fault(end) if end else None, NOON)

    assert not rate_limit.is_open(after(THRESHOLD - 1, fault(), sender=sender), NOON)


def test_half_open_lets_one_message_out_and_no_second_while_it_is_under_way() -> None:
    opened = after(THRESHOLD, fault())
    later = NOON + FIRST_OPEN

    probing = rate_limit.taken(opened, NONE, 1, later)

    assert [rate_limit.room(opened, NONE, at) for at in (NOON, later - SECOND, later)] == [0, 0, 1]
    assert rate_limit.room(probing, NONE, later + SECOND) == 0


def test_a_probe_that_went_well_closes_it_and_one_that_failed_doubles_the_rest() -> None:
    later = NOON + FIRST_OPEN
    probing = rate_limit.taken(after(THRESHOLD, fault()), NONE, 1, later)

    well, badly = rate_limit.ended(probing, None, later), rate_limit.ended(probing, fault(), later)

    assert (rate_limit.room(well, NONE, later), well.reason) == (MANY, "")
    assert rate_limit.opens_at(badly, NONE, later) == later + 2 * FIRST_OPEN


def test_a_probe_that_never_ends_is_followed_by_another() -> None:
    later = NOON + FIRST_OPEN
    probing = rate_limit.taken(after(THRESHOLD, fault()), NONE, 1, later)

    assert rate_limit.room(probing, NONE, later + PROBE) == 1


def test_rests_grow_to_a_longest_one() -> None:
    sender, now, spans = SMS, NOON, []
    for _ in range(12):
        sender = (
            after(THRESHOLD, fault(), now, sender) if not spans else rate_limit.ended(sender, fault(), now)
        )
        spans.append(rate_limit.opens_at(sender, NONE, now) - now)
        now = rate_limit.opens_at(sender, NONE, now)

    assert spans == sorted(spans)
    assert spans[-1] == LONGEST_OPEN


def test_what_was_on_its_way_when_it_opened_neither_closes_it_nor_prolongs_it() -> None:
    opened = after(THRESHOLD, fault())

    assert rate_limit.ended(opened, None, NOON + SECOND) == opened
    assert rate_limit.ended(opened, fault(), NOON + SECOND) == opened


# --- clocks ---------------------------------------------------------------------------------------
def test_a_clock_stepped_back_gives_no_burst_and_holds_nothing_up() -> None:
    sender = rate_limit.taken(SMS, ONE, 1, NOON)
    back = NOON - HOUR

    right = rate_limit.set_right(sender, back)

    assert rate_limit.room(right, ONE, back) == 0
    assert rate_limit.room(right, ONE, back + SECOND) == 1


def test_a_clock_stepped_back_a_day_ends_a_rest() -> None:
    opened = after(THRESHOLD, fault())

    right = rate_limit.set_right(opened, NOON - 24 * HOUR)

    assert rate_limit.room(right, NONE, NOON - 24 * HOUR) == 1
