"""However long or odd a text is, reading it takes bounded work. Counted in calls, not in seconds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nudger.replies import Intent, understand
from nudger.replies.language.normalisation import LONGEST
from tests.support.replies import work

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
UNITS = [
    "a", "ab ", "want to ", "i want to be ", "not never no ", "in at about until ", "half past ",
    "an hour and a half ", "stop ", "1 ", "1h ", "12:30 ", "remind me ", "?", "! ", "> \n", "wrote:\n",
    "on 1 wrote:\n", "from: x\n", "--x\n", '"', "x!x", "k*ll ", "sssss", "S T O P ", "\ufdfa", "𝗦", "é",
    "😀", "don't ", "the end of the day ", "can't go on ", "twenty two ", "december 1 ",
    "supercalifragilistic ", "tomorow ", "please ", ".", "a.b", "1/2 ", "@", "(", "\x00", "\u200b",
    "i can't do this any more but ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_twice_the_text_is_at_most_about_twice_the_work(unit, here):
    half, whole = unit * (LONGEST // 2 // len(unit)), unit * (LONGEST // len(unit))
    here.read(whole)

    assert work(lambda: here.read(whole)) <= 2.5 * work(lambda: here.read(half)) + 500


@pytest.mark.parametrize("unit", UNITS)
def test_beyond_the_longest_text_there_is_no_more_work(unit, here):
    whole, longer = unit * (LONGEST // len(unit) + 1), unit * (100 * LONGEST // len(unit))
    here.read(whole)

    assert work(lambda: here.read(longer)) <= 1.1 * work(lambda: here.read(whole)) + 100


def test_an_ordinary_reply_is_little_work(here):
    here.read("remind me tomorrow morning pls")

    assert work(lambda: here.read("remind me tomorrow morning pls")) < 1_000


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300) | st.lists(st.sampled_from(UNITS), max_size=40).map("".join))
def test_every_text_gets_an_answer(text, words):
    found = understand(
        text, language="fr", now=NOW, zone=UTC, snooze=timedelta(hours=1), quiet=None, words=words
    )

    timed = {Intent.SNOOZE, Intent.PAUSE, Intent.AWAY, Intent.TODAY, Intent.TRAVEL, Intent.UNDO}
    assert (found.until is not None) <= (found.intent in timed)
    assert found.crisis >= (found.intent is Intent.CRISIS)
