"""Answers to an open ask, and what people say besides commands, in the words of DESIGN, "Understanding"."""

import csv
from dataclasses import replace
from datetime import time

import pytest

from nudger.domain.model import Kind
from nudger.replies import AnswerForm, AnswerFormError, Intent
from nudger.replies.scoring import Share
from tests.support.replies import TEXTS, Here


@pytest.mark.parametrize(
    ("form", "text", "intent", "value"),
    [
        ("0-10", "7", "answer", 7),
        ("0-10", "about a 7 today", "answer", 7),
        ("0-10", "seven", "answer", 7),
        ("0-10", "12", "said", None),
        ("0-10", "in 20 minutes", "snooze", None),
        ("0-10", "4. and pause tomorrow please", "pause", 4),
        ("0-10", "STOP", "stop", None),
        ("yes/no", "yes", "answer", True),
        ("yes/no", "nope", "answer", False),
        ("calm|flat|tense", "bit flat today", "answer", "flat"),
        ("calm|flat|tense", "later", "snooze", None),
        ("0-10", "7/10", "answer", 7),
        ("0-100", "88/100", "answer", 88),
        ("0-10", "9 out of 10 thanks", "answer", 9),
        ("0-10", "usually 7 but today 5", "answer", 5),
        ("0-10", "5... no, 4 if i'm honest", "answer", 4),
        ("0-10", "I'd give it a one", "answer", 1),
        ("0-10", "-3", "said", None),
        ("0-10", "eleven lol", "said", None),
        ("0-10", "22 years we were married", "said", None),
        ("0-10", "5 but ask me again tonight", "snooze", 5),
        ("0-10", "0. whats the point of anything", "concern", 0),
        ("yes/no", "not really", "answer", False),
        ("yes/no", "yes, no wait, no", "answer", False),
        ("yes/no", "i think so", "answer", True),
        ("yes/no", "\N{THUMBS UP SIGN}", "answer", True),
        ("yes/no", "no idea", "said", None),
        ("yes/no", "no and please pause till next week", "pause", False),
        ("calm|flat|tense", "the second one", "answer", "flat"),
        ("calm|flat|tense", "the last one", "answer", "tense"),
        ("calm|flat|tense", "number three", "answer", "tense"),
        ("calm|flat|tense", "the fourth", "said", None),
        ("calm|flat|tense", "not tense, flat", "answer", "flat"),
        ("calm|flat|tense", "was calm till the phone rang. tense", "answer", "tense"),
        ("line", "when is the next one", "plan", None),
        ("line", "the bus driver smiled", "answer", "the bus driver smiled"),
        ("line", "later", "snooze", None),
        ("line", "please stop texting me", "stop", None),
        ("line", "I want to kill myself", "crisis", None),
    ],
)
def test_an_answer_is_what_has_the_form_that_was_asked_for(form, text, intent, value, here):
    found = here.read(text, ask=AnswerForm.read(form))

    assert (found.intent, found.value) == (intent, value)


@pytest.mark.parametrize(
    ("language", "form", "text", "value"),
    [
        ("es", "0-100", "unos ochenta y cinco diría yo", 85),
        ("es", "0-10", "9 de 10", 9),
        ("es", "yes/no", "no... bueno sí, un poquito", True),
        ("es", "yes/no", "qué va", False),
        ("es", "tranquilo|plano|tenso", "alegre no sé, pero tensísima", "tenso"),
        ("es", "tranquilo|plano|tenso", "el tercero", "tenso"),
        ("fr", "0-100", "quatre-vingt-quinze", 95),
        ("fr", "0-100", "nonante-deux", 92),
        ("fr", "0-10", "sept sur dix, merci", 7),
        ("fr", "yes/no", "pas vraiment", False),
        ("fr", "calme|plat|tendu", "pas tendue, calme", "calme"),
        ("fr", "seul|accompagné", "le second", "accompagné"),
        ("pt", "0-10", "uns sete hoje", 7),
        ("pt", "yes/no", "ainda não", False),
        ("pt", "calmo|tenso", "a segunda", "tenso"),
    ],
)
def test_an_answer_is_understood_as_it_is_given_in_each_language(language, form, text, value, here):
    found = replace(here, language=language).read(text, ask=AnswerForm.read(form))

    assert (found.intent, found.value) == (Intent.ANSWER, value)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_answers_of_others_are_mostly_understood(language, here, figures):
    """Of each table every other text, from the first, was read by who made the rules; the rest was not."""
    person = replace(here, language=language)
    with (TEXTS / "answers" / f"{language}.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    right = [is_right(person, row) for row in rows]

    for name, some in (("read", right[::2]), ("unread", right[1::2])):
        figures.append(f"{language}, answers to asks, {name}: {Share(sum(some), len(some))}")
    assert sum(right) >= 0.8 * len(right)


def is_right(person: Here, row: dict[str, str]) -> bool:
    """Whether intent and value are what a careful reader took them for. Of a line any words are its value; in
    danger, and where somebody opts out, no value is asked for."""
    found = person.read(row["text"], ask=AnswerForm.read(row["asked"]), after_nudge=Kind.REFLECTION)
    if found.intent not in row["intent"].split("|"):
        return False
    if not row["value"] or found.intent in (Intent.STOP, Intent.CRISIS):
        return True
    said = str(found.value).lower() if found.value is not None else ""
    return bool(said) if row["asked"] == "line" else said == row["value"].lower()


@pytest.mark.parametrize("form", ["", "10-0", "0-101", "one", "a|", "a|b|c|d|e|f|g"])
def test_a_form_that_is_none_is_refused_with_those_there_are(form):
    with pytest.raises(AnswerFormError, match="expected"):
        AnswerForm.read(form)


@pytest.mark.parametrize(
    ("text", "begins", "until"),
    [
        ("away friday to sunday", "2026-11-27 09:00", "2026-11-30 09:00"),
        ("on holiday from friday for a week", "2026-11-27 09:00", "2026-12-04 09:00"),
        ("away from the 24th until the 27th", "2026-11-24 09:00", "2026-11-27 09:00"),
    ],
)
def test_away_has_a_start_and_an_end(text, begins, until, here):
    found = here.read(text)

    assert (found.intent, here.shown(found.begins), here.shown(found.until)) == (Intent.AWAY, begins, until)


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("not before 10", time(10), None),
        ("nothing after 6", None, time(18)),
        ("mornings are better", None, time(12)),
        ("no texts before 9 please", time(9), None),
    ],
)
def test_hours_are_the_earliest_and_the_latest_that_is_wanted(text, earliest, latest, here):
    found = here.read(text)

    assert (found.intent, found.earliest, found.latest) == (Intent.HOURS, earliest, latest)


@pytest.mark.parametrize(
    ("text", "contacts"),
    [("talked to Sam", ("Sam",)), ("saw my sister", ("Ana",)), ("rang a friend", ()), ("met the sams", ())],
)
def test_met_names_the_contact_or_those_who_may_be_meant(text, contacts, here):
    found = here.read(text, contacts={"Sam": "brother", "Ana": "sister"})

    assert (found.intent, found.contacts) == (Intent.MET, contacts)


def test_of_two_who_may_be_meant_both_are_named(here):
    found = here.read("saw my sister", contacts={"Ana": "sister", "Mia": "sister"})

    assert found.contacts == ("Ana", "Mia")


def test_travel_names_the_zone_and_until_when(here):
    found = here.read("in Tokyo until friday")

    assert (found.intent, found.zone, here.shown(found.until)) == (
        Intent.TRAVEL,
        "Asia/Tokyo",
        "2026-11-27 09:00",
    )


@pytest.mark.parametrize(
    ("text", "until"),
    [("cancel that", None), ("cancel that, I meant 4pm", "2026-11-23 16:00"), ("oops", None)],
)
def test_undo_takes_the_last_command_back_with_what_was_meant(text, until, here):
    found = here.read(text)

    assert (found.intent, here.shown(found.until)) == (Intent.UNDO, until)


@pytest.mark.parametrize(
    ("language", "text", "until", "moved"),
    [
        ("en", "cancel that, I meant 4pm", "2026-11-23 16:00", False),
        ("en", "no, I meant in two hours", "2026-11-23 12:00", False),
        ("en", "cancel that, I meant 9pm", "2026-11-24 09:00", True),
        ("en", "cancel that, I meant next week", "2026-11-30 09:00", False),
        ("en", "cancel that, make it 4pm", "2026-11-23 16:00", False),
        ("en", "cancel that, 4pm instead", "2026-11-23 16:00", False),
        ("en", "cancel that", None, False),
        ("fr", "annule ça, plutôt 16h", "2026-11-23 16:00", False),
        ("es", "cancela eso, mejor a las 4", "2026-11-23 16:00", False),
        ("fr", "annule, je voulais dire 16h", "2026-11-23 16:00", False),
        ("es", "cancela eso, quería decir a las 4", "2026-11-23 16:00", False),
    ],
)
def test_an_undo_that_names_a_new_time_says_which(language, text, until, moved, here):
    found = replace(here, language=language).read(text)

    assert (found.intent, here.shown(found.until), found.moved) == (Intent.UNDO, until, moved)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("not today", "today"),
        ("more like this", "like"),
        ("not keen on that one", "dislike"),
        ("no more baths please", "dislike"),
        ("who is this", "who"),
        ("is this a scam", "who"),
    ],
)
def test_what_is_said_of_messages_and_of_who_sends_them(text, intent, here):
    assert here.read(text).intent == intent


@pytest.mark.parametrize(
    ("text", "country", "until"),
    [
        ("pause until 5/12", "GB", "2026-12-05 09:00"),
        ("pause until 5/12", "US", "2027-05-12 09:00"),
        ("pause until 24/12", "US", "2026-12-24 09:00"),
        ("pause until 2026-12-10", "US", "2026-12-10 09:00"),
        ("pause until 10.12.", "GB", "2026-12-10 09:00"),
        ("pause until christmas", "GB", "2026-12-25 09:00"),
        ("pause until thanksgiving", "US", "2026-11-26 09:00"),
        ("pause until mlk day", "US", "2027-01-18 09:00"),
    ],
)
def test_dates_in_digits_and_holidays_are_those_of_the_country(text, country, until, here):
    found = here.read(text, country=country)

    assert (found.intent, here.shown(found.until)) == (Intent.PAUSE, until)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("at 4, no wait, 5", "2026-11-23 17:00"),
        ("in an hour. actually make it two", "2026-11-23 12:00"),
        ("tonight, no, tomorrow", "2026-11-24 09:30"),
        ("5pm not 4", "2026-11-23 17:00"),
        ("am at work till half five", "2026-11-23 17:30"),
        ("2 sec", "2026-11-23 10:10"),
        ("end of the day", "2026-11-23 17:00"),
    ],
)
def test_corrections_count_last_and_am_may_be_a_verb(text, until, here):
    found = here.read(text)

    assert (found.intent, here.shown(found.until)) == (Intent.SNOOZE, until)


@pytest.mark.parametrize(
    ("language", "text", "intent", "until"),
    [
        ("en", "could you come back to me around four instead", "snooze", "2026-11-23 16:00"),
        ("en", "tell me what else you have for me this week", "plan", None),
        ("en", "these come far too often for my liking", "less", None),
        ("es", "me llegan demasiados mensajes vuestros, con la mitad me basta", "less", None),
        ("es", "vuelve a escribirme sobre las cinco que ahora estoy liada", "snooze", "2026-11-23 17:00"),
        ("fr", "j'en reçois beaucoup trop, la moitié suffirait", "less", None),
        ("fr", "rappelle-moi plutôt vers 15h30 quand le petit dort", "snooze", "2026-11-23 15:30"),
    ],
)
def test_what_is_asked_for_in_words_that_no_rule_has_is_understood(language, text, intent, until, here):
    found = replace(here, language=language).read(text)

    assert (found.intent, here.shown(found.until)) == (intent, until)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause until tuesday week", "2026-12-01 09:00"),
        ("pause until next week wednesday", "2026-12-02 09:00"),
        ("pause for 3 days", "2026-11-26 09:00"),
    ],
)
def test_a_pause_ends_when_the_day_that_was_meant_begins(text, until, here):
    found = here.read(text)

    assert (found.intent, here.shown(found.until)) == (Intent.PAUSE, until)
