"""What a message says once it has its names."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nudger.domain.model import Contact, Kind, Nudge, Plan
from nudger.messages import Worded, Wording, count
from nudger.messages.lint.proofs import LONG_CONTACT, LONG_NAME

Word = Callable[..., Worded]
PlanOf = Callable[..., Plan]
NudgeOf = Callable[..., Nudge]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_message_is_one_segment_with_the_longest_names_or_two_where_accents_need_it(
    language: str, kind: Kind, wording: Wording, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = replace(plan_of(language, name=LONG_NAME), contacts=(LONG_CONTACT,))
    for key in wording.template_keys(language, kind):
        source = wording.template(language, kind, key)
        assert source is not None
        cost = count(wording.longest(source, plan, nudge_of(kind)))
        most = 1 if cost.encoding == "GSM-7" or language == "en" else 2
        assert cost.segments <= most, key
        assert cost.encoding == "GSM-7" or language != "en", key


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_every_kind_has_twelve_messages_for_everyone_and_support_twelve_with_a_contact(
    language: str, wording: Wording
) -> None:
    for kind in Kind:
        messages = wording.banks[language, kind].messages
        assert sum(not message.contact for message in messages) >= 12
    assert sum(message.contact for message in wording.banks[language, Kind.SUPPORT].messages) >= 12


@pytest.mark.parametrize(
    ("language", "source", "text"),
    [
        ("en", "{{ kind }} on {{ weekday }} {{ part_of_day }}", "rest on Monday afternoon"),
        ("es", "{{ kind }}, {{ weekday }}, {{ part_of_day }}", "descanso, lunes, tarde"),
        ("fr", "{{ kind }}, {{ weekday }}, {{ part_of_day }}", "repos, lundi, après-midi"),
        ("en", "Back in {{ snooze }}.", "Back in 1 hour and 30 minutes."),
        ("es", "En {{ snooze }}.", "En 1 hora y 30 minutos."),
        ("fr", "Dans {{ snooze }}.", "Dans 1 heure et 30 minutes."),
        ("en", "{{ if_then }}", "When I make tea, I step outside"),
        ("en", "{{ contact.name }}, your {{ contact.relation }}", "Sam, your friend"),
        ("en", "  “Hello” — {{ name }}…\n", '"Hello" - Maya...'),
    ],
)
def test_a_message_knows_its_names_in_the_persons_language(
    language: str, source: str, text: str, word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = plan_of(language, "Sam", if_then="When I make tea, I step outside")
    nudge = nudge_of(message=source, snooze=timedelta(minutes=90))
    assert word(plan, nudge, local_now=datetime(2026, 11, 23, 14, 5, tzinfo=UTC)).text == text


def test_the_local_hour_says_the_part_of_day(word: Word, plan_of: PlanOf, nudge_of: NudgeOf) -> None:
    hours = [4, 5, 11, 12, 16, 17, 21, 22, 23]
    nudge = nudge_of(message="{{ part_of_day }}")
    said = [word(plan_of(), nudge, local_now=datetime(2026, 11, 23, hour, tzinfo=UTC)).text for hour in hours]
    morning, afternoon, evening, night = ["morning"] * 2, ["afternoon"] * 2, ["evening"] * 2, ["night"] * 2
    assert said == ["night", *morning, *afternoon, *evening, *night]


def test_a_name_that_looks_like_a_template_is_only_a_name(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = plan_of(name="{{ 7 * 7 }}{% for x in y %}")
    assert word(plan, nudge_of(message="Hi {{ name }}")).text == "Hi {{ 7 * 7 }}{% for x in y %}"


def test_control_characters_and_halves_of_characters_do_not_go_out(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = plan_of(name="Ma\x00y\x0ba\ud800")
    assert word(plan, nudge_of(message="Hi {{ name }}\nagain")).text == "Hi Maya\nagain"


def test_a_text_longer_than_a_provider_takes_is_cut_between_words(
    word: Word, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    plan = plan_of(name="word " * 40)
    worded = word(plan, nudge_of(message="{{ name }} " * 9))
    assert len(worded.text) <= 1600
    assert worded.text.endswith("word")
    assert worded.segments == 11


def test_segments_are_those_of_the_text(word: Word, plan_of: PlanOf, nudge_of: NudgeOf) -> None:
    assert word(plan_of(), nudge_of(message="a" * 161)).segments == 2


def test_the_longest_text_looks_at_every_day_and_contact(
    wording: Wording, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    source = "{{ contact.name }}{% if weekday == 'Friday' %}, have a calm end of the week{% endif %}"
    longest = wording.longest(source, plan_of("en", "Sam", "Wilhelmina"), nudge_of(Kind.SUPPORT))
    assert longest == "Wilhelmina, have a calm end of the week"


def test_the_longest_text_without_contacts_has_none(
    wording: Wording, plan_of: PlanOf, nudge_of: NudgeOf
) -> None:
    assert wording.longest("Hi {{ name }}", plan_of(), nudge_of()) == "Hi Maya"


def test_subjects_are_short_plain_lines_in_each_language(wording: Wording) -> None:
    for language in wording.languages:
        for kind in (*Kind, None):
            subject = wording.subject(language, kind)
            assert 0 < len(subject) <= 40
            assert "\n" not in subject


def test_a_contact_without_relation_leaves_it_empty(wording: Wording, word: Word, nudge_of: NudgeOf) -> None:
    plan = Plan("maya", "Maya", "UTC", contacts=(Contact("Sam"),))
    text = word(plan, nudge_of(message="{{ contact.name }}{{ contact.relation|default('x') }}")).text
    assert text == "Sam"
