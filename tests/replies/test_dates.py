"""Dates that people name, in digits and in years: which day is meant, and that a pause until one ends."""

from dataclasses import replace

import pytest

from nudger.replies import Intent

COUNTRIES = {"en": "GB", "es": "ES", "fr": "FR"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "no texts 5/12-9/12"),
        ("en", "no texts 5/12–9/12"),
        ("en", "no texts 5/12 - 9/12"),
        ("en", "no texts 5-9/12"),
        ("en", "no texts 5 to 9/12"),
        ("en", "no texts from 05-12 to 09-12"),
        ("en", "no more texts 5/12-9/12"),
        ("en", "quiet 5/12-9/12"),
        ("en", "no texts 5/12 to 9/12"),
        ("en", "no texts from 5/12 to 9/12"),
        ("en", "no texts from 5 december to 9 december"),
        ("en", "dont text me 5/12-9/12"),
        ("en", "stop from 5/12 to 9/12"),
        ("en", "pause 5/12 - 9/12"),
        ("en", "no texts 5.12.-9.12."),
        ("en", "no texts 5.12-9.12"),
        ("es", "sin mensajes 5/12-9/12"),
        ("es", "sin mensajes del 5/12 al 9/12"),
        ("es", "para del 5/12 al 9/12"),
        ("es", "pausa del 5 al 9/12"),
        ("es", "no me escribas del 5/12 al 9/12"),
        ("fr", "pas de messages 5/12-9/12"),
        ("fr", "pas de messages du 5/12 au 9/12"),
        ("fr", "arrête du 5/12 au 9/12"),
        ("fr", "ne m'écrivez pas du 5/12 au 9/12"),
    ],
)
def test_a_span_of_dates_ends_when_its_last_day_is_over(language, text, here):
    found = replace(here, language=language).read(text, country=COUNTRIES[language])

    assert (found.intent, here.shown(found.begins), here.shown(found.until)) == (
        Intent.AWAY,
        "2026-12-05 09:00",
        "2026-12-10 09:00",
    )


@pytest.mark.parametrize("text", ["no texts 12/5-12/9", "no texts from 12/5 to 12/9"])
def test_a_span_of_dates_is_in_the_order_of_the_country(text, here):
    found = here.read(text, country="US")

    assert (found.intent, here.shown(found.until)) == (Intent.AWAY, "2026-12-10 09:00")


@pytest.mark.parametrize("text", ["no texts 5/12 until 9/12", "no texts from 5/12 until 9/12"])
def test_a_span_until_a_day_ends_when_that_day_begins(text, here):
    found = here.read(text, country="GB")

    assert (found.intent, here.shown(found.until)) == (Intent.AWAY, "2026-12-09 09:00")


@pytest.mark.parametrize(
    ("country", "text", "until"),
    [
        ("GB", "pause until 05-12", "2026-12-05 09:00"),
        ("US", "pause until 05-12", "2027-05-12 09:00"),
        ("US", "pause until 12-05", "2026-12-05 09:00"),
        ("US", "pause until 12-25", "2026-12-25 09:00"),
        ("GB", "pause until 5-12", "2026-12-05 09:00"),
        ("GB", "pause until 11-12", "2026-12-11 09:00"),
        ("GB", "pause until 24-12 please", "2026-12-24 09:00"),
        ("GB", "pause until 24-12-2026", "2026-12-24 09:00"),
        ("GB", "pause until 5.12", "2026-12-05 09:00"),
        ("US", "pause until 12.6", "2026-12-06 09:00"),
        ("GB", "pause until 24.12", "2026-12-24 09:00"),
        ("GB", "pause until 5.30", "2026-11-23 17:30"),
        ("GB", "pause until 9.30", "2026-11-24 09:30"),
        ("GB", "pause until 5-30", "2026-11-23 17:30"),
        ("GB", "pause until 24 december 2026", "2026-12-24 09:00"),
        ("GB", "pause until january 2027", "2027-01-01 09:00"),
        ("GB", "pause until 2027", "2027-01-01 09:00"),
        ("GB", "until 2027", "2027-01-01 09:00"),
        ("GB", "pause until next year", "2027-01-01 09:00"),
        ("GB", "pause until the end of the year", "2027-01-01 09:00"),
        ("GB", "pause until next month", "2026-12-01 09:00"),
        ("GB", "no texts until december 2026", "2026-12-01 09:00"),
        ("GB", "I dont want texts until 24/12", "2026-12-24 09:00"),
        ("GB", "end until monday", "2026-11-30 09:00"),
        ("GB", "no texts this year", "2027-01-01 09:00"),
        ("GB", "stop until 24/12", "2026-12-24 09:00"),
        ("US", "stop until 24/12", "2026-12-24 09:00"),
        ("US", "STOP until 12/24", "2026-12-24 09:00"),
        ("GB", "stop until 2026-12-10", "2026-12-10 09:00"),
        ("GB", "stop until 24.12", "2026-12-24 09:00"),
        ("GB", "stop until 24-12", "2026-12-24 09:00"),
        ("GB", "stop until 16:30", "2026-11-23 16:30"),
        ("GB", "stop texting until 24/12", "2026-12-24 09:00"),
        ("GB", "please stop texting me until the 24/12", "2026-12-24 09:00"),
        ("GB", "stop until monday", "2026-11-30 09:00"),
        ("GB", "stop until 2027", "2027-01-01 09:00"),
        ("GB", "stop until next year", "2027-01-01 09:00"),
        ("GB", "cancel until 24/12", "2026-12-24 09:00"),
        ("GB", "unsubscribe until 24/12", "2026-12-24 09:00"),
        ("GB", "unsubscribe me until monday", "2026-11-30 09:00"),
    ],
)
def test_a_pause_until_a_date_ends_then(country, text, until, here):
    found = here.read(text, country=country)

    assert (found.intent, here.shown(found.until)) == (Intent.PAUSE, until)


@pytest.mark.parametrize(
    ("language", "text", "until"),
    [
        ("es", "pausa hasta el 05-12", "2026-12-05 09:00"),
        ("es", "pausa hasta 5.12", "2026-12-05 09:00"),
        ("es", "pausa hasta 2027", "2027-01-01 09:00"),
        ("es", "pausa hasta el 2027", "2027-01-01 09:00"),
        ("es", "hasta 2027", "2027-01-01 09:00"),
        ("es", "pausa hasta enero de 2027", "2027-01-01 09:00"),
        ("es", "pausa hasta el año que viene", "2027-01-01 09:00"),
        ("es", "pausa hasta el próximo año", "2027-01-01 09:00"),
        ("es", "pausa hasta el mes que viene", "2026-12-01 09:00"),
        ("es", "no quiero mensajes hasta el 24/12", "2026-12-24 09:00"),
        ("es", "para hasta el 24/12", "2026-12-24 09:00"),
        ("es", "para hasta el lunes", "2026-11-30 09:00"),
        ("es", "para hasta el año que viene", "2027-01-01 09:00"),
        ("es", "stop hasta el 24/12", "2026-12-24 09:00"),
        ("es", "deja de escribir hasta el 24/12", "2026-12-24 09:00"),
        ("es", "deja de escribirme hasta el 24 de diciembre", "2026-12-24 09:00"),
        ("fr", "pause jusqu'au 05-12", "2026-12-05 09:00"),
        ("fr", "pause jusqu'au 5.12", "2026-12-05 09:00"),
        ("fr", "pause jusqu'à 2027", "2027-01-01 09:00"),
        ("fr", "pause jusqu'en 2027", "2027-01-01 09:00"),
        ("fr", "pause jusqu'en janvier", "2027-01-01 09:00"),
        ("fr", "pause jusqu'à l'année prochaine", "2027-01-01 09:00"),
        ("fr", "pause jusqu'à l'an prochain", "2027-01-01 09:00"),
        ("fr", "arrête pour cette semaine, on reprend lundi", "2026-11-30 09:00"),
        ("fr", "plus de messages jusqu'en janvier", "2027-01-01 09:00"),
        ("fr", "pause jusqu'à la fin de l'année", "2027-01-01 09:00"),
        ("fr", "arrête jusqu'au 24/12", "2026-12-24 09:00"),
        ("fr", "arrête jusqu'à lundi", "2026-11-30 09:00"),
        ("fr", "stop jusqu'au 24/12", "2026-12-24 09:00"),
        ("fr", "arrêtez les messages jusqu'au 24/12", "2026-12-24 09:00"),
        ("fr", "arrête de m'écrire jusqu'au 24 décembre", "2026-12-24 09:00"),
    ],
)
def test_a_pause_until_a_date_ends_then_in_spanish_and_french(language, text, until, here):
    found = replace(here, language=language).read(text, country=COUNTRIES[language])

    assert (found.intent, here.shown(found.until)) == (Intent.PAUSE, until)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("busy until 5.10", "2026-11-23 17:10"),
        ("until 5.12", "2026-11-23 17:12"),
        ("dentist until 2-3", "2026-11-23 14:00"),
        ("until 2030", "2026-11-24 09:00"),
        ("in 5-10 minutes", "2026-11-23 10:10"),
    ],
)
def test_a_time_is_no_date(text, until, here):
    found = here.read(text, country="GB")

    assert (found.intent, here.shown(found.until)) == (Intent.SNOOZE, until)


@pytest.mark.parametrize(
    "text",
    [
        "it's been a rough year, next year will be better",
        "this year has been hard",
        "happy new year",
        "in 2024 I lost my mum",
    ],
)
def test_what_is_said_of_a_year_is_no_pause(text, here):
    assert here.read(text, country="GB").intent is not Intent.PAUSE


def test_sick_leave_is_no_stop_with_an_end(here):
    found = replace(here, language="fr").read("mon médecin m'a mis en arrêt jusqu'au 15", country="FR")

    assert found.intent is Intent.UNKNOWN


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "pause until 31/02"),
        ("en", "pause until 31-02"),
        ("en", "pause until 31.02"),
        ("en", "pause until 1/1/2029"),
        ("en", "pause until 2029"),
        ("en", "pause until 99"),
        ("en", "no texts until 31/02"),
        ("es", "pausa hasta el 31/02"),
        ("es", "pausa hasta 2029"),
        ("fr", "pause jusqu'au 31/02"),
        ("fr", "pause jusqu'en 2029"),
    ],
)
def test_a_date_that_never_comes_is_no_pause_without_an_end(language, text, here):
    found = replace(here, language=language).read(text, country=COUNTRIES[language])

    assert (found.intent, found.until) == (Intent.UNKNOWN, None)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "STOP"),
        ("en", "stop 24/12"),
        ("en", "stop until 31/02"),
        ("en", "stop texting me until 31/02"),
        ("en", "stop until hell freezes over"),
        ("en", "no texts please"),
        ("es", "para"),
        ("es", "stop hasta el 31/02"),
        ("es", "stop hasta nunca"),
        ("fr", "arrête"),
        ("fr", "arrête jusqu'au 31/02"),
    ],
)
def test_a_stop_whose_end_is_unclear_opts_out(language, text, here):
    found = replace(here, language=language).read(text, country=COUNTRIES[language])

    assert found.intent is Intent.STOP
