"""Unknown ends held against the provider's list: found once, surely not there, or asked again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.agenda.entries import Report, Stage
from nudger.domain.model import ChannelName
from nudger.sending.port import AskAgain, Doubt, FoundThere, Listed, NotThere
from nudger.sending.receipts import LONGEST_WAIT, SURE_AFTER, WINDOW, judge, wait

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PHONE = "+447700900123"
WORDS = "A rest, Maya?"


def doubt(
    message: str = "m1", text: str = WORDS, at: datetime = NOON, asks: int = 1, address: str = PHONE
) -> Doubt:
    return Doubt(message, "maya", ChannelName.SMS, address, text, at, asks)


def listed(
    sid: str = "SM1", text: str = WORDS, at: datetime | None = NOON + SECOND, address: str = PHONE
) -> Listed:
    return Listed(Report(sid, Stage.ACCEPTED), address, text, at)


def found_ids(doubts: list[Doubt], there: list[Listed]) -> dict[str, str]:
    answers = judge(doubts, there, NOON + SURE_AFTER)
    return {one.doubt.message: one.report.provider_id for one in answers if isinstance(one, FoundThere)}


def test_the_same_words_at_the_same_time_are_it() -> None:
    assert found_ids([doubt()], [listed()]) == {"m1": "SM1"}


@pytest.mark.parametrize("theirs", [NOON, NOON - WINDOW, NOON + WINDOW, NOON + timedelta(seconds=0.9), None])
def test_whole_seconds_and_clocks_that_differ_hide_nothing(theirs: datetime | None) -> None:
    assert found_ids([doubt(at=NOON + timedelta(seconds=0))], [listed(at=theirs)]) == {"m1": "SM1"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("It\u2019s a \u201crest\u201d \u2013 now\u2026", 'It\'s a "rest" - now...'),
        ("A rest, Maya? ", "A rest, Maya?"),
        ("A rest,\nMaya?", "A rest, Maya?"),
        (WORDS, f"Sent from your Twilio trial account - {WORDS}"),
        ("\U0001fad6", "\U0001fad6"),
    ],
)
def test_what_twilio_changes_of_the_words_hides_nothing(ours: str, theirs: str) -> None:
    assert found_ids([doubt(text=ours)], [listed(text=theirs)]) == {"m1": "SM1"}


@pytest.mark.parametrize(
    "other",
    [listed(at=NOON - WINDOW - SECOND), listed(at=NOON + WINDOW + SECOND), listed(address="+447700900124")],
)
def test_another_time_or_number_is_not_it(other: Listed) -> None:
    assert judge([doubt()], [other], NOON + SURE_AFTER) == [NotThere(doubt())]


def test_one_id_is_credited_once_and_to_the_nearest() -> None:
    early, late = doubt("m1"), doubt("m2", at=NOON + 5 * MINUTE)

    assert found_ids([early, late], [listed(at=NOON + 5 * MINUTE)]) == {"m2": "SM1"}


def test_two_texts_of_the_same_words_find_each_its_own() -> None:
    early, late = doubt("m1"), doubt("m2", at=NOON + 5 * MINUTE)
    there = [listed("SM2", at=NOON + 5 * MINUTE), listed("SM1", at=NOON)]

    assert found_ids([early, late], there) == {"m1": "SM1", "m2": "SM2"}


def test_something_else_that_went_there_meanwhile_leaves_the_doubt_standing() -> None:
    (answer,) = judge([doubt()], [listed(text="Something else entirely")], NOON + 2 * MINUTE)

    assert isinstance(answer, AskAgain)


def test_what_another_doubt_has_found_is_nothing_else() -> None:
    other = doubt("m2", text="A walk?")

    answers = judge([doubt(), other], [listed("SM2", text="A walk?")], NOON + SURE_AFTER)

    assert answers == [NotThere(doubt()), FoundThere(other, Report("SM2", Stage.ACCEPTED))]


def test_nothing_is_not_there_before_a_minute_has_passed() -> None:
    (answer,) = judge([doubt(asks=9)], [], NOON + SURE_AFTER - SECOND)

    assert answer == AskAgain(doubt(asks=9), NOON + SURE_AFTER)


def test_nothing_is_not_there_at_the_first_question_however_long_ago_it_was() -> None:
    (answer,) = judge([doubt(asks=0)], [], NOON + timedelta(hours=9))

    assert isinstance(answer, AskAgain)


def test_the_questions_grow_rarer_and_never_stop() -> None:
    waits = [wait(asks) for asks in range(40)]

    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 300)), max_size=6),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 300)), max_size=6),
    st.integers(0, 400),
)
def test_no_id_is_ever_credited_twice_and_every_doubt_is_answered(
    ours: list[tuple[str, int]], theirs: list[tuple[str, int]], later: int
) -> None:
    doubts = [doubt(f"m{n}", text, NOON + at * SECOND) for n, (text, at) in enumerate(ours)]
    there = [listed(f"SM{n}", text, NOON + at * SECOND) for n, (text, at) in enumerate(theirs)]

    answers = judge(doubts, there, NOON + later * SECOND)

    credited = [one.report.provider_id for one in answers if isinstance(one, FoundThere)]
    assert [one.doubt for one in answers] == doubts
    assert len(credited) == len(set(credited))
    # As many as can be are found: a text of ours that is there is never taken for not there.
    words = [text for text, _ in ours]
    there_words = [text for text, _ in theirs]
    assert len(credited) == sum(min(words.count(text), there_words.count(text)) for text in "ab")
