"""Whom to call: the numbers of each country, in the words of each language, and the answers in a crisis."""

import re
from collections.abc import Mapping
from datetime import date

import phonenumbers
import pytest

from nudger.messages import Wording, count
from nudger.messages.wording.helplines import ELSEWHERE, Purpose
from nudger.messages.wording.texts import CRISIS_KINDS
from nudger.replies import CrisisKind

LANGUAGES = ["en", "es", "fr", "pt"]
# Countries where English, Spanish or French is a main language, and those asked for beside them. Where no
# number could be found for one (Guinea, DR Congo, ...), its people get what everybody elsewhere gets.
COVERED = (
    "US CA GB IE AU NZ ZA IN SG MT JM TT BB BS BZ GY NG GH KE UG TZ ZM ZW BW NA MW RW SL LR GM",
    "CM MU SC PH HK FJ PG ES MX CO AR PE VE CL EC GT CU BO DO HN PY SV NI CR PA UY PR GQ FR BE",
    "CH LU MC SN CI ML BF NE TG BJ GA CG MG HT TD CF DJ BI KM VU PT BR DE AT NL IT",
)
# By the word that no line may be without: what the number is dialled for is not the test's business.
VIOLENCE = re.compile(r"violen|abus|harm|women|mujer|femme|wom|viol|refuge|danger|safe", re.IGNORECASE)


@pytest.mark.parametrize("country", [country for row in COVERED for country in row.split()])
def test_each_country_has_an_emergency_number_of_its_own(country: str, wording: Wording) -> None:
    assert country in wording.lines.countries


def test_no_emergency_number_is_one_that_the_country_does_not_have(wording: Wording) -> None:
    """By libphonenumber, which others keep: only the numbers that say they were found there."""
    strange = [
        (country, line.call)
        for line in wording.lines.lines
        if line.source.startswith("libphonenumber")
        for country in line.countries
        if not phonenumbers.is_emergency_number(line.call, country)
    ]
    assert strange == []


@pytest.mark.parametrize(
    ("country", "language", "words"),
    [
        ("US", "en", "call or text 988 any time, or call 911 if you are in danger"),
        (
            "US",
            "es",
            "llama al 988 (y marca 2) o escribe AYUDA al 988 a cualquier hora, o llama al 911 si hay peligro",
        ),
        ("CA", "en", "call or text 988 any time, or call 911 if you are in danger"),
        ("CA", "fr", "appelez ou textez le 988, 24 h sur 24, ou appelez le 911 en cas de danger"),
        (
            "GB",
            "en",
            "call Samaritans on 116 123 or text SHOUT to 85258 any time, or call 999 if you are in danger",
        ),
        ("NZ", "en", "call or text 1737 any time, or call 111 if you are in danger"),
        ("MX", "es", "llama al 800 911 2000 a cualquier hora, o llama al 911 si hay peligro"),
        ("PE", "es", "llama al 113 (y marca 5) a cualquier hora, o llama al 106 si hay peligro"),
        ("BR", "pt", "ligue para 188 a qualquer hora, ou ligue para 192 se houver perigo"),
        ("PT", "pt", "ligue para 1411 a qualquer hora, ou ligue para 112 se houver perigo"),
        ("BE", "fr", "appelez le 0800 32 123, 24 h sur 24, ou appelez le 112 en cas de danger"),
        ("MU", "en", "call Befrienders on 800 93 93 (9:00-21:00), or call 114 if you are in danger"),
        ("IT", "en", "call 02 2327 2327 (10:00-24:00), or call 112 if you are in danger"),
        (
            None,
            "en",
            "find a line at findahelpline.com, or call 112 or the local emergency number "
            "if you are in danger",
        ),
        ("SV", "es", "busca ayuda en findahelpline.com, o llama al 911 si hay peligro"),
    ],
)
def test_the_helplines_are_those_of_the_persons_country_in_their_language(
    country: str | None, language: str, words: str, wording: Wording
) -> None:
    assert wording.helplines(country, language) == words


def test_a_line_for_one_language_is_given_to_others_only_where_there_is_no_better(wording: Wording) -> None:
    """Belgium has a line in Dutch and one in French; who reads English is given the first of the file."""
    said = {language: wording.helplines("BE", language) for language in LANGUAGES}
    assert all("0800 32 123" in text for text in said.values())


def test_a_country_that_is_not_listed_gets_what_those_elsewhere_get(wording: Wording) -> None:
    assert wording.helplines("GN", "fr") == wording.helplines(None, "fr")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", ["help", "unknown", "held", "quiet_helplines"])
def test_an_answer_with_helplines_takes_at_most_two_segments_or_four_with_accents(
    key: str, language: str, wording: Wording
) -> None:
    for country in wording.lines.countries:
        cost = count(wording.system(language, key, helplines=wording.helplines(country, language)))
        assert cost.segments <= (2 if cost.encoding == "GSM-7" else 4), country


def test_every_kind_of_crisis_has_an_answer() -> None:
    assert set(CRISIS_KINDS) == {str(kind) for kind in CrisisKind}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CRISIS_KINDS)
def test_a_crisis_answer_thanks_first_and_is_honest_and_says_how_to_go_on(
    kind: str, language: str, wording: Wording
) -> None:
    text = wording.crisis(language, kind, "GB")
    thanks = {"en": "Thank you", "es": "Gracias", "fr": "Merci", "pt": "Obrigado"}[language]
    machine = {"en": "automated", "es": "automático", "fr": "automatique", "pt": "um programa"}[language]
    resume = {"en": "RESUME", "es": "SEGUIR", "fr": "REPRENDRE", "pt": "VOLTAR"}[language]
    assert text.startswith(thanks)
    assert machine in text
    assert text.rstrip(".").split(". ")[-1].count(resume) == 1
    assert not {"!", "?", "¡", "¿"} & set(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_something_was_taken_the_emergency_number_comes_first(language: str, wording: Wording) -> None:
    text = wording.crisis(language, "taken", "US")
    assert text.index("911") < text.index("988")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_answer_that_somebody_else_may_read_says_nothing_of_what_it_is_about(
    language: str, wording: Wording
) -> None:
    names = {line.name for line in wording.lines.lines if line.name}
    for country in (*wording.lines.countries, None):
        answers = wording.crisis(language, "danger", country), wording.concern(language, "danger", country)
        for text in answers:
            assert not VIOLENCE.search(text), text
            assert not any(name in text for name in names), text


@pytest.mark.parametrize(
    ("country", "line", "police"),
    [
        ("US", "1-800-799-7233 or text START to 88788", "911"),
        ("GB", "0808 2000 247", "999"),
        ("ZA", "0800 428 428", "112"),
        ("CL", "1455", "133"),
        ("CA", "988", "911"),
        ("BB", "429-9999", "211"),
    ],
)
def test_whom_somebody_harms_is_given_their_own_line_and_the_police(
    country: str, line: str, police: str, wording: Wording
) -> None:
    for text in (wording.crisis("en", "danger", country), wording.concern("en", "danger", country)):
        assert line in text
        assert f"If it cannot wait, call {police}." in text


def test_a_contact_who_is_told_is_named_and_after_stop_nothing_more_is_promised(wording: Wording) -> None:
    told = wording.crisis("en", "self", "US", told="Sam")
    stopped = wording.crisis("en", "self", "US", stopped=True)
    assert told.endswith("Sam is asked to call you. Nudges wait until you reply RESUME.")
    assert stopped.endswith("No more nudges will come.")
    assert "RESUME" not in stopped


def test_a_concern_says_how_long_it_is_quiet_and_whom_to_call(wording: Wording) -> None:
    text = wording.concern("en", "self", "US")
    assert "call or text 988 any time" in text
    assert "quiet here for a day; RESUME ends that sooner" in text


def test_each_line_says_where_it_was_found_and_whether_it_was_looked_up(wording: Wording) -> None:
    assert all(line.source for line in wording.lines.lines)
    checked = {line.checked_on is not None for line in wording.lines.lines}
    assert checked == {True, False}


def test_helplines_are_stale_after_180_days(wording: Wording) -> None:
    assert wording.stale_helplines(date(2027, 5, 22)) == ()
    assert ELSEWHERE in wording.stale_helplines(date(2027, 5, 23))
    assert "CA" in wording.stale_helplines(date(2027, 5, 23))


def test_lines_that_nobody_looked_up_are_known_by_country_and_language(wording: Wording) -> None:
    assert wording.unchecked_helplines("US", "es") == []
    assert [str(line) for line in wording.unchecked_helplines("JM", "en")] == ["crisis 888-639-5433"]
    assert [line.purpose for line in wording.unchecked_helplines("BE", "fr")] == [Purpose.VIOLENCE]


def test_a_new_language_needs_phrases_and_no_word_in_the_file_of_numbers(
    sources: Mapping[str, str],
) -> None:
    added = {path.replace("en/", "de/", 1): text for path, text in sources.items() if path.startswith("en/")}
    phrase = "call or text {{ number }}"
    added["de/system.toml"] = added["de/system.toml"].replace(phrase, "rufe {{ number }} an")

    assert Wording.parse({**sources, **added}).helplines("US", "de").startswith("rufe 988 an any time")
