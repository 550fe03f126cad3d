"""What nudger answers with."""

from datetime import UTC, datetime, timedelta

import pytest

from nudger.domain.errors import NudgerError
from nudger.messages import Wording
from nudger.messages.wording.texts import ANSWERS

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
LANGUAGES = ["en", "es", "fr", "pt"]


@pytest.mark.parametrize(
    ("language", "hours", "text"),
    [
        ("en", 1, "OK, again at 3:30 pm."),
        ("en", 19, "OK, again tomorrow at 9:30 am."),
        ("en", 43, "OK, again on Wednesday at 9:30 am."),
        ("es", 1, "OK, vuelve a las 15:30."),
        ("es", 19, "OK, vuelve mañana a las 9:30."),
        ("fr", 1, "OK, ce sera à 15:30."),
        ("fr", 19, "OK, ce sera demain à 9:30."),
        ("pt", 1, "OK, volta às 15h30."),
        ("pt", 19, "OK, volta amanhã às 9h30."),
    ],
)
def test_a_snooze_is_confirmed_with_the_time_it_comes_at(
    language: str, hours: int, text: str, wording: Wording
) -> None:
    when = wording.say_when(language, NOW + timedelta(hours=hours), NOW)
    assert wording.system(language, "snoozed", when=when) == text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("snoozed_moved", "OK, again tomorrow at 9 am, when your quiet hours end."),
        ("paused_until", "OK, all quiet until tomorrow at 9 am. Reply RESUME to have them back sooner."),
        ("plan_next", "The next nudge comes tomorrow at 9 am."),
    ],
)
def test_a_time_stands_in_the_form_that_the_sentence_takes(key: str, text: str, wording: Wording) -> None:
    when = wording.say_when("en", datetime(2026, 11, 24, 9, tzinfo=UTC), NOW)
    assert wording.system("en", key, when=when) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_answer_has_words_in_every_language(language: str, wording: Wording) -> None:
    when = wording.say_when(language, NOW, NOW)
    values = {
        "when": when,
        "start": "10 am",
        "end": "6 pm",
        "begins": when,
        "helplines": "call 988, or call 911 if you are in danger",
        "line": "call 988",
        "emergency": "call 911",
        "name": "Maya",
        "limit": "3",
        "contact": "Sam",
        "address": "https://nudger.example.org/me/token",
    }
    for key, names in ANSWERS.items():
        text = wording.system(language, key, **{name: values[name] for name in names})
        assert text
        assert "{" not in text


def test_a_text_that_was_not_given_its_values_is_a_fault_that_names_them(wording: Wording) -> None:
    with pytest.raises(NudgerError, match='the text "snoozed" was not given when'):
        wording.system("en", "snoozed")
