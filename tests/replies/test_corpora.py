"""The corpora: how much is understood right, and that nothing dangerous is confused."""

import pytest

from nudger.replies.scoring import Score, read_table
from tests.support.replies import CORPUS, alarmed_by, zone_of

LEAST = {"en": 300, "es": 80, "fr": 80, "pt": 300}
LEAST_CRISIS = {"en": 150, "es": 30, "fr": 30, "pt": 70}
# Portuguese has no texts by others yet, and so no model: it is understood by its rules alone.
BY_OTHERS = [language for language in LEAST if (CORPUS / f"{language}-texts.tsv").exists()]


@pytest.mark.parametrize("language", LEAST)
def test_replies_are_understood_as_people_mean_them(language, corpus, figures):
    cases = corpus(language)

    faults = [fault for case in cases if (fault := case.faults())]

    right = 1 - len(faults) / len(cases)
    figures.append(f"{language}: {len(cases)} replies, {right:.1%} right")
    assert len(cases) >= LEAST[language]
    assert right >= 0.98, faults


@pytest.mark.parametrize("language", LEAST)
def test_no_opt_out_is_missed_and_no_other_sentence_opts_out(language, corpus, figures):
    cases = [(case, case.here.read(case.text).intent == "stop") for case in corpus(language)]

    missed = [case.text for case, stopped in cases if case.intent == "stop" and not stopped]
    mistaken = [case.text for case, stopped in cases if case.intent != "stop" and stopped]

    outs = sum(case.intent == "stop" for case, _ in cases)
    figures.append(f"{language}: {outs} opt-outs, {len(missed)} missed, {len(mistaken)} mistaken for one")
    assert missed == []
    assert mistaken == []


@pytest.mark.parametrize("language", LEAST)
def test_no_ordinary_reply_is_a_crisis(language, corpus):
    read = [case.here.read(case.text) for case in corpus(language)]

    assert not any(found.crisis for found in read)
    assert sum(found.concern for found in read) <= 0.015 * len(read)


@pytest.mark.parametrize("language", LEAST_CRISIS)
def test_a_crisis_is_recognised_and_a_figure_of_speech_is_not(language, crisis_corpus, here, figures):
    corpus = crisis_corpus(language)
    person = here.__class__(here.words, language=language)

    missed = [text for text in corpus["crisis"] if not alarmed_by(person.read(text))]
    alarmed = [text for text in corpus["lookalike"] if person.read(text).crisis]
    concerned = sum(person.read(text).concern for text in corpus["lookalike"])

    recall = 1 - len(missed) / len(corpus["crisis"])
    figures.append(
        f"{language}: {len(corpus['crisis'])} crises, recall {recall:.1%}; "
        f"{len(corpus['lookalike'])} look-alikes, {len(alarmed)} false positives"
    )
    assert min(len(corpus["crisis"]), len(corpus["lookalike"])) >= LEAST_CRISIS[language]
    assert len(missed) <= 0.01 * len(corpus["crisis"]), missed
    assert alarmed == []
    assert concerned <= 0.12 * len(corpus["lookalike"])


@pytest.mark.parametrize("language", LEAST_CRISIS)
def test_a_crisis_is_never_taken_for_a_command(language, crisis_corpus, here):
    person = here.__class__(here.words, language=language)

    intents = {person.read(text).intent.value for text in crisis_corpus(language)["crisis"]}

    assert intents <= {"crisis", "concern", "stop", "unknown"}


@pytest.mark.parametrize("plan_language", ["en", "es", "fr", "de"])
@pytest.mark.parametrize("language", LEAST_CRISIS)
def test_a_crisis_is_recognised_whatever_the_language_of_the_plan(
    language, plan_language, crisis_corpus, here
):
    texts = crisis_corpus(language)["crisis"]
    person = here.__class__(here.words, language=plan_language)

    missed = [text for text in texts if not alarmed_by(person.read(text))]

    # Misspellings are put right in the plan's language only.
    assert len(missed) <= len(texts) * 0.1, missed


@pytest.mark.slow
@pytest.mark.parametrize("language", BY_OTHERS)
def test_the_texts_of_others_are_mostly_understood_and_hardly_one_is_obeyed_in_danger(
    language, here, figures
):
    """What the weights are made from, so it says little more than that nothing broke: every third will do."""
    score, person = Score(), here.__class__(here.words, language=language)
    table = (CORPUS / f"{language}-texts.tsv").read_text("utf-8")
    for case in list(read_table(table, language, zone_of))[::3]:
        score.add(case, person.read_case(case))

    figures += [f"a third of {language}-texts.tsv, which the model has learnt", *score.lines()]
    assert score.share("crisis or concern found").share >= 0.86
    assert score.share("obeyed as a command though in danger").share <= 0.02
    assert score.share("look-alikes held").share <= 0.03
    assert score.share("look-alikes concerned").share <= 0.12
    assert score.share("opt-outs missed").share <= 0.12
    assert score.share("false opt-outs").share <= 0.01
