"""Reports in every order: the table of what each changes, and that nothing ever goes backwards."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda.entries import Failure, Report, Stage
from nudger.domain.model import State
from nudger.sending.receipts import OnRecord, after, again_at, is_the_numbers

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TABLE = {
    State.SENDING: ("sent", "delivered", "failed", "cancelled"),
    State.UNKNOWN: ("sent", "delivered", "failed", "cancelled"),
    State.SENT: (None, "delivered", "failed", "cancelled"),
    State.DELIVERED: (None, None, None, None),
    State.FAILED: (None, "delivered", None, None),
    # Taken back in the very moment in which it went out: what is said of it since is so.
    State.CANCELLED: ("sent", "delivered", None, None),
}


@pytest.mark.parametrize("state", TABLE)
@pytest.mark.parametrize("stage", Stage)
def test_the_table_of_states(state: State, stage: Stage) -> None:
    assert after(OnRecord(state), Report("SM1", stage)) == TABLE[state][list(Stage).index(stage)]


@pytest.mark.parametrize(("stage", "state"), [("accepted", "sent"), ("delivered", "delivered")])
def test_what_turns_up_late_was_there_after_all(stage: str, state: str) -> None:
    assert after(OnRecord(State.FAILED, not_there=True), Report("SM1", Stage(stage))) == state


@given(st.lists(st.sampled_from(Stage), max_size=8))
def test_in_whatever_order_reports_come_what_was_delivered_stays_delivered(stages: list[Stage]) -> None:
    state = State.UNKNOWN
    for stage in stages:
        state = after(OnRecord(state), Report("SM1", stage)) or state

    if Stage.DELIVERED in stages:
        assert state is State.DELIVERED
    elif Stage.CANCELLED in stages:
        assert state in (State.CANCELLED, State.FAILED, State.SENT)
    elif Stage.FAILED in stages:
        assert state is State.FAILED
    else:
        assert state is (State.SENT if stages else State.UNKNOWN)


@pytest.mark.parametrize("failure", [Failure.LOST, Failure.AMBIGUOUS])
def test_what_may_have_arrived_is_not_said_another_way(failure: Failure) -> None:
    assert again_at(failure, NOON) is None


def test_what_surely_did_not_arrive_goes_on_at_once_and_waits_for_a_full_queue() -> None:
    assert again_at(Failure.RECIPIENT, NOON) == NOON
    assert (again_at(Failure.NOT_SENT, NOON) or NOON) > NOON


def test_only_what_a_number_does_counts_against_it() -> None:
    assert [failure for failure in Failure if is_the_numbers(failure)] == [Failure.RECIPIENT, Failure.LOST]
