"""What nudger answers with, and whom it says to call."""

from datetime import UTC, date, datetime, timedelta

import pytest

from nudger.errors import NudgerError
from nudger.messages import Wording, count
from nudger.messages.wording.texts import ANSWERS

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
COUNTRIES = ["US", "CA", "GB", "IE", "AU", "NZ", "IN", "ES", "FR", "DE", "BR", None]
LANGUAGES = ["en", "es", "fr"]


@pytest.mark.parametrize(
    ("language", "hours", "text"),
    [
        ("en", 1, "OK, again at 3:30 pm."),
        ("en", 19, "OK, again tomorrow at 9:30 am."),
        ("en", 43, "OK, again on Wednesday at 9:30 am."),
        ("es", 1, "OK, otra vez a las 15:30."),
        ("es", 19, "OK, otra vez mañana a las 9:30."),
        ("fr", 1, "OK, ce sera à 15:30."),
        ("fr", 19, "OK, ce sera demain à 9:30."),
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
        "helplines": "call 988",
        "name": "Maya",
        "limit": "3",
        "contact": "Sam",
        "address": "https://nudger.example.org/me/token",
    }
    for key, names in ANSWERS.items():
        text = wording.system(language, key, **{name: values[name] for name in names})
        assert text
        assert "{" not in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize("key", ["crisis", "stopped_crisis", "help", "unknown"])
def test_an_answer_with_helplines_takes_at_most_two_segments(
    key: str, country: str | None, language: str, wording: Wording
) -> None:
    cost = count(wording.system(language, key, helplines=wording.helplines(country, language)))
    assert cost.encoding == "GSM-7"
    assert cost.segments <= 2


@pytest.mark.parametrize(
    ("country", "language", "number"),
    [
        ("US", "en", "988"),
        ("US", "es", "988"),
        ("CA", "fr", "988"),
        ("GB", "en", "116 123"),
        ("IE", "en", "50808"),
        ("AU", "en", "13 11 14"),
        ("NZ", "en", "1737"),
        ("IN", "en", "14416"),
        ("FR", "fr", "112"),
        ("ES", "es", "112"),
        ("BR", "en", "findahelpline.com"),
        (None, "en", "findahelpline.com"),
        (None, "es", "findahelpline.com"),
        ("US", "de", "988"),
    ],
)
def test_the_helplines_are_those_of_the_persons_country_in_their_language(
    country: str | None, language: str, number: str, wording: Wording
) -> None:
    assert number in wording.helplines(country, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_crisis_answer_is_honest_and_says_how_to_go_on(language: str, wording: Wording) -> None:
    text = wording.system(language, "crisis", helplines=wording.helplines("GB", language))
    program = {"en": "automated program", "es": "programa", "fr": "programme"}[language]
    resume = {"en": "RESUME", "es": "SEGUIR", "fr": "REPRENDRE"}[language]
    assert program in text
    assert "116 123" in text
    assert resume in text
    assert "!" not in text
    assert "?" not in text


def test_helplines_are_stale_after_180_days(wording: Wording) -> None:
    assert wording.stale_helplines(date(2027, 5, 22)) == ()
    assert "US" in wording.stale_helplines(date(2027, 5, 23))


def test_a_text_that_was_not_given_its_values_is_a_fault_that_names_them(wording: Wording) -> None:
    with pytest.raises(NudgerError, match='the text "snoozed" was not given when'):
        wording.system("en", "snoozed")
