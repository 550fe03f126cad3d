"""How well the rules do on words that they were not made from: see held_out/crisis_en.toml.

The figures fall with the honesty of the texts, so the thresholds are lower than those of the corpora,
and are there to catch a fall. What must never happen has no threshold.
"""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.replies import HELD_OUT, alarmed_by

TEMPLATES = Path(__file__).parents[2] / "templates"
LANGUAGES = ["en", "es", "fr"]
LEAST = {"en": (150, 150), "es": (60, 60), "fr": (60, 60)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_replies_nobody_tuned_a_rule_to_are_understood(language, held_out, figures):
    cases = held_out(language)

    faults = [fault for case in cases if (fault := case.faults())]

    right = 1 - len(faults) / len(cases)
    figures.append(f"{language}, held out: {len(cases)} replies, {right:.1%} right")
    assert right >= 0.95, faults


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_opt_out_nobody_thought_of_is_missed_and_no_other_sentence_opts_out(language, held_out):
    cases = [(case, case.here.read(case.text).intent == "stop") for case in held_out(language)]

    assert [case.text for case, stopped in cases if case.intent == "stop" and not stopped] == []
    assert [case.text for case, stopped in cases if case.intent != "stop" and stopped] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crisis_in_words_nobody_tuned_a_rule_to_is_recognised(language, here, figures):
    crises, alike = _texts("crisis", language)
    person = here.__class__(here.words, language=language)

    missed = [text for text in crises if not alarmed_by(person.read(text))]
    alarmed = [text for text in alike if person.read(text).crisis]

    figures.append(_figures(f"{language}, held out", len(crises), len(missed), len(alike), len(alarmed)))
    assert (len(crises), len(alike)) >= LEAST[language]
    assert len(missed) <= 0.05 * len(crises), missed
    assert len(alarmed) <= 0.03 * len(alike), alarmed


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_crisis_that_nobody_has_read_the_misses_of_is_mostly_recognised(language, here, figures):
    crises, alike = _texts("unseen", language)
    person = here.__class__(here.words, language=language)

    missed = sum(not alarmed_by(person.read(text)) for text in crises)
    alarmed = sum(person.read(text).crisis for text in alike)

    figures.append(_figures(f"{language}, unseen", len(crises), missed, len(alike), alarmed))
    # The texts themselves are not shown: who reads them tunes to them.
    assert missed <= 0.15 * len(crises)
    assert alarmed <= 0.08 * len(alike)  # three of forty


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_held_out_crisis_that_is_found_is_never_also_a_command(language, here):
    person = here.__class__(here.words, language=language)

    found = [person.read(text) for text in _texts("crisis", language)[0]]

    assert {one.intent.value for one in found if alarmed_by(one)} <= {"crisis", "concern", "stop"}


@pytest.mark.parametrize("language", [*LANGUAGES, "pt"])
def test_our_own_words_sent_back_alarm_nobody_and_stop_nothing(language, here):
    """Some phones send what they answer to, unmarked; and these are some hundred ordinary texts."""
    person = here.__class__(here.words, language=language)
    texts = [
        re.sub(r"{{.*?}}", "Sam", text)
        for file in sorted(TEMPLATES.glob(f"{language}/*.toml"))
        for message in tomllib.loads(file.read_text("utf-8")).get("message", ())
        for text in (message["text"].values() if isinstance(message["text"], dict) else [message["text"]])
    ]

    read = {text: person.read(text) for text in texts}

    assert len(texts) > 100
    assert [text for text, found in read.items() if found.crisis or found.intent == "stop"] == []


def _texts(name: str, language: str) -> tuple[list[str], list[str]]:
    table = tomllib.loads((HELD_OUT / f"{name}_{language}.toml").read_text())
    return table["crisis"], table["lookalike"]


def _figures(label: str, crises: int, missed: int, alike: int, alarmed: int) -> str:
    return (
        f"{label}: {crises} crises, recall {1 - missed / crises:.1%}; "
        f"{alike} look-alikes, {alarmed} false positives ({alarmed / alike:.1%})"
    )
