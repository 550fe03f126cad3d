"""What Twilio's errors mean: the table and its rules."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda.entries import Failure
from nudger.channels.twilio.codes import CODES, ROWS, STATUSES, failure_of

DECIDED = [
    (21610, Failure.OPTED_OUT),
    (20429, Failure.NOT_SENT),
    (21611, Failure.NOT_SENT),
    (21211, Failure.RECIPIENT),
    (21217, Failure.RECIPIENT),
    (21612, Failure.RECIPIENT),
    (21614, Failure.RECIPIENT),
    (21635, Failure.RECIPIENT),
    (30005, Failure.RECIPIENT),
    (30006, Failure.RECIPIENT),
    (20003, Failure.SENDER),
    (21408, Failure.SENDER),
    (21606, Failure.SENDER),
    (21659, Failure.SENDER),
    (21660, Failure.SENDER),
    (21703, Failure.SENDER),
    (30007, Failure.SENDER),
    (30034, Failure.SENDER),
]


def test_a_code_stands_in_the_table_once() -> None:
    assert len(CODES) == len(ROWS)


def test_every_row_has_words_and_a_page_of_twilio() -> None:
    for row in ROWS:
        assert row.words
        assert row.source == f"https://www.twilio.com/docs/api/errors/{row.code}"


@pytest.mark.parametrize(("code", "failure"), DECIDED)
def test_a_code_decides_whatever_the_status_of_the_refusal(code: int, failure: Failure) -> None:
    found = failure_of(400, code)

    assert (found.failure, found.code, found.reason) == (failure, str(code), CODES[code].words)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (401, Failure.SENDER),
        (403, Failure.SENDER),
        (404, Failure.SENDER),
        (408, Failure.AMBIGUOUS),
        (429, Failure.NOT_SENT),
        (400, Failure.SENDER),
        (422, Failure.SENDER),
        (302, Failure.SENDER),
    ],
)
def test_without_a_known_code_the_status_decides(status: int, failure: Failure) -> None:
    assert failure_of(status).failure is failure
    assert failure_of(status, 99999).failure is failure
    assert failure_of(status).code == str(status)


@given(st.integers(500, 599), st.one_of(st.none(), st.sampled_from(sorted(CODES))))
def test_a_fault_of_twilio_is_always_ambiguous(status: int, code: int | None) -> None:
    assert failure_of(status, code).failure is Failure.AMBIGUOUS


@given(st.integers(300, 599), st.one_of(st.none(), st.integers()))
def test_only_a_429_or_a_row_that_says_so_may_be_sent_again(status: int, code: int | None) -> None:
    found = failure_of(status, code)

    if found.failure is Failure.NOT_SENT:
        assert (code in CODES and CODES[code].failure is Failure.NOT_SENT) or status == 429


def test_the_wait_that_twilio_asks_for_is_kept() -> None:
    assert failure_of(429, 20429, timedelta(seconds=7)).retry_after == timedelta(seconds=7)


def test_every_status_of_the_table_is_a_refusal() -> None:
    assert all(400 <= status < 500 for status in STATUSES)
