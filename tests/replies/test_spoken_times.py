"""Times and dates as people say and correct them, in the three languages; Monday 2026-11-23, 10:00."""

import pytest

from nudger.replies import Intent
from tests.support.replies import zone_of

ZONES = {"en": "Europe/London", "es": "Europe/Madrid", "fr": "Europe/Paris"}


@pytest.fixture
def read(here):
    def read(language, text):
        person = here.__class__(here.words, language=language, zone=zone_of(ZONES[language]))
        found = person.read(text)
        return found, person.shown(found.begins), person.shown(found.until)

    return read


@pytest.mark.parametrize(
    ("language", "text", "until"),
    [
        ("fr", "cinq heures et quart", "2026-11-23 17:15"),
        ("fr", "dans cinq heures et quart", "2026-11-23 15:15"),
        ("fr", "quatre heures moins le quart", "2026-11-23 15:45"),
        ("fr", "rappelle moi à quatre heures moins le quart", "2026-11-23 15:45"),
        ("fr", "midi et demi", "2026-11-23 12:30"),
        ("fr", "une heure et demie", "2026-11-23 11:30"),
        ("fr", "dans deux heures et quart", "2026-11-23 12:15"),
        ("fr", "je suis au travail jusqu'à 17h30", "2026-11-23 17:30"),
        ("fr", "je suis au boulot jusqu'à cinq heures et demie", "2026-11-23 17:30"),
        ("fr", "2 sec", "2026-11-23 10:10"),
        ("fr", "un instant", "2026-11-23 10:10"),
        ("es", "a las cinco y cuarto", "2026-11-23 17:15"),
        ("es", "las cinco menos cuarto", "2026-11-23 16:45"),
        ("es", "cinco y media", "2026-11-23 17:30"),
        ("es", "dos horas y media", "2026-11-23 12:30"),
        ("es", "estoy en el trabajo hasta las cinco y media", "2026-11-23 17:30"),
        ("es", "2 seg", "2026-11-23 10:10"),
        ("es", "un segundo", "2026-11-23 10:10"),
        ("es", "un momento", "2026-11-23 10:10"),
        ("en", "2 sec", "2026-11-23 10:10"),
        ("en", "remind me at 4.30.", "2026-11-23 16:30"),
        # The command that every answer names, with a time: "plus" is no refusal in it.
        ("en", "LATER tomorrow", "2026-11-24 09:30"),
        ("en", "LATER tonight", "2026-11-23 19:00"),
        ("es", "LUEGO mañana", "2026-11-24 09:30"),
        ("es", "LUEGO esta tarde", "2026-11-23 17:00"),
        ("fr", "PLUS TARD demain", "2026-11-24 09:30"),
        ("fr", "PLUS TARD ce soir", "2026-11-23 19:00"),
        # Of a correction the last counts.
        ("es", "a las 4, no, mejor a las 5", "2026-11-23 17:00"),
        ("es", "a las 4 no espera a las 5", "2026-11-23 17:00"),
        ("es", "mañana a las 9, digo, a las 10", "2026-11-24 10:00"),
        ("fr", "à 4h, non, 5h", "2026-11-23 17:00"),
        ("fr", "à 16h, non, plutôt 17h", "2026-11-23 17:00"),
        ("fr", "demain à 9h, euh non, à 10h", "2026-11-24 10:00"),
    ],
)
def test_a_snooze_goes_to_the_time_that_was_said_last(language, text, until, read):
    found, _, shown = read(language, text)

    assert (found.intent, shown) == (Intent.SNOOZE, until)


@pytest.mark.parametrize(
    ("language", "text", "begins", "until"),
    [
        ("en", "pause until 5/12", None, "2026-12-05 09:00"),
        ("es", "pausa hasta el 5/12", None, "2026-12-05 09:00"),
        ("fr", "pause jusqu'au 10.12.", None, "2026-12-10 09:00"),
        ("fr", "pause jusqu'au 2026-12-10", None, "2026-12-10 09:00"),
        ("en", "away 5 to 8 december", "2026-12-05 09:00", "2026-12-09 09:00"),
        ("es", "de vacaciones del 5 al 8 de diciembre", "2026-12-05 09:00", "2026-12-09 09:00"),
        ("es", "fuera del 24 al 27", "2026-11-24 09:00", "2026-11-28 09:00"),
        ("es", "pausa del 5/12 al 8/12", "2026-12-05 09:00", "2026-12-09 09:00"),
        ("fr", "absent du 5 au 8 décembre", "2026-12-05 09:00", "2026-12-09 09:00"),
        ("fr", "pas là du 28 au 30", "2026-11-28 09:00", "2026-12-01 09:00"),
        ("fr", "pause du 5/12 au 8/12", "2026-12-05 09:00", "2026-12-09 09:00"),
    ],
)
def test_a_pause_has_the_dates_that_were_named_by_the_order_of_the_country(
    language, text, begins, until, read
):
    found, start, end = read(language, text)

    assert found.intent is (Intent.PAUSE if begins is None else Intent.AWAY)
    assert (start, end) == (begins, until)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "pause until 31/2"),
        ("en", "pause until 32.1."),
        ("en", "pause until february 30"),
        ("en", "pause until 13/13"),
        ("es", "pausa hasta el 31/2"),
        ("es", "pausa hasta el 32.1."),
        ("es", "pausa hasta el 30 de febrero"),
        ("fr", "pause jusqu'au 31/2"),
        ("fr", "jusqu'au 32.1."),
        ("fr", "pause jusqu'au 30 février"),
        ("fr", "pause jusqu'au 1/2/2020"),
    ],
)
def test_a_date_that_is_none_or_over_is_never_a_pause_without_an_end(language, text, read):
    assert read(language, text)[0].intent is Intent.UNKNOWN


@pytest.mark.parametrize(
    ("language", "text", "until"),
    [
        ("en", "cancel, I meant 4pm", "2026-11-23 16:00"),
        ("es", "cancela eso, quería decir a las 4", "2026-11-23 16:00"),
        ("es", "no, quería decir a las 4", "2026-11-23 16:00"),
        ("es", "borra lo que puse", None),
        ("fr", "annule, je voulais dire 16h", "2026-11-23 16:00"),
        ("fr", "annule le report", None),
        ("fr", "je me suis trompée de touche", None),
    ],
)
def test_what_takes_the_last_command_back_is_no_opt_out(language, text, until, read):
    found, _, shown = read(language, text)

    assert (found.intent, shown) == (Intent.UNDO, until)


@pytest.mark.parametrize(("language", "text"), [("en", "cancel"), ("es", "cancela"), ("fr", "annule")])
def test_the_bare_word_stays_an_opt_out(language, text, read):
    assert read(language, text)[0].intent is Intent.STOP
