"""Times and durations in words."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.messages import Wording, count

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC) + timedelta(days=day)


@pytest.mark.parametrize(
    ("language", "when", "bare", "after_a_verb", "until"),
    [
        ("en", at(0, 15, 30), "3:30 pm", "at 3:30 pm", "until 3:30 pm"),
        ("en", at(0, 18), "6 pm", "at 6 pm", "until 6 pm"),
        ("en", at(0, 12), "noon", "at noon", "until noon"),
        ("en", at(1, 0), "tomorrow at midnight", "tomorrow at midnight", "until tomorrow at midnight"),
        ("en", at(1, 0, 5), "tomorrow at 12:05 am", "tomorrow at 12:05 am", "until tomorrow at 12:05 am"),
        ("en", at(1, 9, 30), "tomorrow at 9:30 am", "tomorrow at 9:30 am", "until tomorrow at 9:30 am"),
        ("en", at(2, 9), "Wednesday at 9 am", "on Wednesday at 9 am", "until Wednesday at 9 am"),
        ("en", at(6, 9), "Sunday at 9 am", "on Sunday at 9 am", "until Sunday at 9 am"),
        ("en", at(7, 9), "Monday 30 November at 9 am", "on Monday 30 November at 9 am", None),
        ("en", at(-1, 9), "Sunday 22 November at 9 am", "on Sunday 22 November at 9 am", None),
        ("es", at(0, 15, 30), "15:30", "a las 15:30", "hasta las 15:30"),
        ("es", at(0, 13), "13:00", "a las 13:00", "hasta las 13:00"),
        ("es", at(0, 1, 15), "1:15", "a la 1:15", "hasta la 1:15"),
        ("es", at(1, 9, 30), "mañana a las 9:30", "mañana a las 9:30", "hasta mañana a las 9:30"),
        ("es", at(2, 9), "el miércoles a las 9:00", "el miércoles a las 9:00", None),
        ("es", at(5, 9), "el sábado a las 9:00", "el sábado a las 9:00", None),
        ("es", at(8, 9), "el 1 de diciembre a las 9:00", "el 1 de diciembre a las 9:00", None),
        ("pt", at(0, 15, 30), "15h30", "às 15h30", "até as 15h30"),
        ("pt", at(1, 1), "amanhã à 1h", "amanhã à 1h", None),
        ("pt", at(1, 12), "amanhã ao meio-dia", "amanhã ao meio-dia", "até amanhã ao meio-dia"),
        ("pt", at(2, 9), "quarta-feira às 9h", "na quarta-feira às 9h", "até quarta-feira às 9h"),
        ("pt", at(5, 9), "sábado às 9h", "no sábado às 9h", None),
        ("pt", at(8, 9), "1º de dezembro às 9h", "em 1º de dezembro às 9h", None),
        ("fr", at(0, 15, 30), "15:30", "à 15:30", "jusqu'à 15:30"),
        ("fr", at(1, 9, 30), "demain à 9:30", "demain à 9:30", "jusqu'à demain à 9:30"),
        ("fr", at(2, 9), "mercredi à 9:00", "mercredi à 9:00", "jusqu'à mercredi à 9:00"),
        ("fr", at(8, 9), "mardi 1er décembre à 9:00", None, "jusqu'au mardi 1er décembre à 9:00"),
    ],
)
def test_an_instant_is_said_as_people_say_it(
    language: str, when: datetime, bare: str, after_a_verb: str | None, until: str | None, wording: Wording
) -> None:
    said = wording.say_when(language, when, MONDAY_NOON)
    assert said == bare
    assert after_a_verb in (said.at, None)
    assert until in (said.until, None)


@given(st.integers(-400, 400), st.times())
def test_an_instant_in_english_is_always_said_in_the_cheap_alphabet(
    wording: Wording, days: int, time: time
) -> None:
    when = datetime.combine(MONDAY_NOON.date() + timedelta(days=days), time, tzinfo=UTC)
    said = wording.say_when("en", when, MONDAY_NOON)
    assert count(f"{said} {said.at} {said.until}").encoding == "GSM-7"


@pytest.mark.parametrize(
    ("span", "english", "spanish", "french"),
    [
        (timedelta(minutes=1), "1 minute", "1 minuto", "1 minute"),
        (timedelta(minutes=45), "45 minutes", "45 minutos", "45 minutes"),
        (timedelta(hours=1), "1 hour", "1 hora", "1 heure"),
        (timedelta(minutes=150), "2 hours and 30 minutes", "2 horas y 30 minutos", "2 heures et 30 minutes"),
        (timedelta(hours=48), "48 hours", "48 horas", "48 heures"),
        (timedelta(seconds=5), "1 minute", "1 minuto", "1 minute"),
    ],
)
def test_a_duration_is_said_in_hours_and_minutes(
    span: timedelta, english: str, spanish: str, french: str, wording: Wording
) -> None:
    said = [wording.texts[language].duration(span) for language in ("en", "es", "fr")]
    assert said == [english, spanish, french]
