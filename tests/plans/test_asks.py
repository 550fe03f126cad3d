"""What a nudge can ask, as it is written in a plan: read into the form that answers are read by, or told."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.replies import AnswerForm
from tests.support.reading import Read

NUDGE = '[[nudge]]\nkind = "rest"\nat = "13:00"\n'


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ('"line"', "line"),
        ('"yes/no"', "yes/no"),
        ('"0-10"', "0-10"),
        ('"1-5"', "1-5"),
        ('"0-100"', "0-100"),
        ('["calm", "flat"]', "calm|flat"),
        ('["calm", "flat", "very tense", "so so", "fine", "grey"]', "calm|flat|very tense|so so|fine|grey"),
    ],
)
def test_an_ask_is_read_as_the_form_of_its_answers(written: str, form: str, read_plan: Read) -> None:
    reading = read_plan(f"{NUDGE}ask = {written}\n")

    (nudge,) = reading.plans["maya"].nudges
    assert (nudge.ask, nudge.answer_within, nudge.thanks) == (form, timedelta(hours=24), True)


@pytest.mark.parametrize(
    ("written", "message", "hint"),
    [
        ('"text"', 'got "text"', 'did you mean "line"?'),
        ('"yes or no"', 'got "yes or no"', 'did you mean "yes/no"?'),
        ('"number"', 'got "number"', 'did you mean "0-10"?'),
        ('"10-0"', "the lower one first", 'did you mean "0-10"?'),
        ('"0-101"', "within 0 to 100", 'like "0-10" or "1-5"'),
        ('"0 to 10"', "within 0 to 100", 'did you mean "0-10"?'),
        ('"5-5"', "within 0 to 100", 'like "0-10" or "1-5"'),
        ('"calm|flat"', "a list of 2 to 6 words", 'write a list: ["calm", "flat"]'),
        ("7", "a list of 2 to 6 words", "one text that says what is asked"),
        ("[]", "2 to 6 words to choose from, got 0", ""),
        ('["calm"]', "2 to 6 words to choose from, got 1", ""),
        ('["a", "b", "c", "d", "e", "f", "g"]', "2 to 6 words to choose from, got 7", ""),
        ('["calm", 7]', "a word of at most 30 characters", ""),
        ('["calm", "Calm"]', "none holds another", "use other words"),
        ('["calm", "very calm"]', "none holds another", "use other words"),
        ('["go", "Stop"]', "does not opt out", "opts out of all messages"),
        ('["go", "end"]', "does not opt out", "opts out of all messages"),
        ('["go|come", "stay"]', "somebody can type", 'without "|"'),
        ('["go", "..."]', "somebody can type", 'without "|"'),
    ],
)
def test_what_nobody_could_answer_is_told_with_what_is_meant(
    written: str, message: str, hint: str, read_plan: Read
) -> None:
    reading = read_plan(f"{NUDGE}ask = {written}\n")

    (problem,) = reading.problems
    assert problem.where == 'nudge "rest": ask'
    assert message in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize("line", ['answer_within = "2h"', "thanks = false"])
def test_what_belongs_to_an_ask_stands_beside_one(line: str, read_plan: Read) -> None:
    reading = read_plan(f"{NUDGE}{line}\n")

    (problem,) = reading.problems
    assert problem.message.startswith('expected "ask" beside')


@pytest.mark.parametrize(("written", "sound"), [("59m", False), ("1h", True), ("48h", True), ("49h", False)])
def test_an_answer_is_awaited_for_an_hour_to_two_days(written: str, sound: bool, read_plan: Read) -> None:
    reading = read_plan(f'{NUDGE}ask = "line"\nanswer_within = "{written}"\n')

    assert (reading.problems == ()) is sound


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('ask = "0-10"\nmessage = "From {{ low }} to {{ high }}?"', ""),
        ('ask = ["a", "b"]\nmessage = "{{ choices }}?"', ""),
        ('ask = "line"\nmessage = "From {{ low }}?"', 'uses "low", and the nudge asks for no number'),
        ('message = "{{ choices }}?"', 'uses "choices", and the nudge asks for no choice'),
        ('ask = "line"\ntemplate = "what-rest-is-now"', ""),
        ('template = "what-rest-is-now"', "expected a template that asks nothing"),
        ('ask = "0-10"\ntemplate = "what-rest-is-now"', 'expected a template with ask = "number"'),
        ('ask = "line"\ntemplate = "a-bench"', 'expected a template with ask = "line"'),
    ],
)
def test_the_words_of_a_nudge_fit_what_it_asks(lines: str, told: str, read_plan: Read) -> None:
    reading = read_plan(f"{NUDGE}{lines}\n")

    messages = [problem.message for problem in reading.problems]
    assert messages == [] if not told else told in messages[0]


words = st.text(st.characters(categories=("L", "N"), include_characters=" -'"), min_size=1, max_size=12)


@settings(deadline=timedelta(seconds=3))
@given(choices=st.lists(words, min_size=1, max_size=7))
def test_every_choice_that_passes_is_one_that_answers_can_be_read_by(
    choices: list[str], read_plan: Read
) -> None:
    written = ", ".join(f'"{one}"' for one in choices)

    reading = read_plan(f"{NUDGE}ask = [{written}]\n")

    if "maya" in reading.plans:
        (nudge,) = reading.plans["maya"].nudges
        assert AnswerForm.read(nudge.ask or "").choice == tuple(one.strip() for one in choices)
    else:
        assert reading.problems
