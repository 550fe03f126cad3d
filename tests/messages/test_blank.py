"""Words that come to nothing: an empty text cannot be sent, on no day and to nobody."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudger.domain.model import At, Contact, History, Kind, Nudge, Plan
from nudger.messages import Wording, is_blank
from nudger.messages.bank.messages import MESSAGE
from nudger.messages.bank.sandbox import compile_source

MONDAY = datetime(2026, 11, 23, 13, tzinfo=ZoneInfo("UTC"))
SAM, JO = Contact("Sam", "brother"), Contact("Jo")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t",
        "\u200b",
        "\u200d\ufeff",
        "\u00ad",
        "\u2800",
        "\u3164",
        "\u0301",
        "\u2060 \u00a0",
        "\ufe0f",
    ],
)
def test_what_nobody_sees_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "❤️", "e\u0301", " x ", "\u200b?", "ا"])
def test_what_somebody_sees_is_not_blank(text: str) -> None:
    assert not is_blank(text)


def nudge(message: str) -> Nudge:
    return Nudge("rest", Kind.REST, At((time(13),)), message=message)


def plan(message: str, *contacts: Contact, if_then: str | None = None, language: str = "en") -> Plan:
    return Plan("maya", "Maya", "UTC", language, contacts=contacts, if_then=if_then, nudges=(nudge(message),))


@pytest.mark.parametrize(
    ("message", "contacts", "when"),
    [
        ("{# a note #}", (), "always"),
        ("{# a #} {# b #}\u200b", (), "always"),
        ("{% if weekday == 'Tuesday' %}Tea?{% endif %}", (), "on Monday"),
        ("{% if weekday != 'Sunday' %}Tea?{% endif %}", (), "on Sunday"),
        ("{% if weekday in ['Monday', 'Friday'] %}Tea?{% else %} {% endif %}", (), "on Tuesday"),
        (
            "{% if part_of_day == 'morning' %}Tea?{% elif part_of_day == 'night' %}Sleep.{% endif %}",
            (),
            "in the afternoon",
        ),
        ("{{ contact.relation }}", (SAM, JO), 'where it names "Jo"'),
        ("{% if contact.name == 'Jo' %}Jo?{% endif %}", (SAM, JO), 'where it names "Sam"'),
        ("{{ '' if weekday == 'Monday' else 'Tea?' }}", (), "on Monday"),
        ("{{ '\u200b' }}{{ '' | trim }}", (), "always"),
        ("{% if name == 'Jonas' %}Tea?{% endif %}", (), "always"),
    ],
)
def test_a_message_that_comes_to_nothing_says_when(
    message: str, contacts: tuple[Contact, ...], when: str, wording: Wording
) -> None:
    assert wording.blank_when(message, plan(message, *contacts), nudge(message)) == when


@pytest.mark.parametrize(
    "message",
    [
        "Tea?",
        "{# a note #}Tea?",
        "{{ name }}",
        "{% if weekday == 'Monday' %}Tea?{% else %}Water?{% endif %}",
        "{% if weekday == 'Monday' %}Tea?{% endif %}{% if weekday != 'Monday' %}Water?{% endif %}",
        "{% if part_of_day == 'morning' %}Good morning.{% endif %} Tea?",
        "{{ contact.relation | default('') }}{{ contact.name }}",
        "{{ if_then }}",
        "{{ weekday if name == 'Jonas' else part_of_day }}",
    ],
)
def test_a_message_that_always_says_something_is_never_blank(message: str, wording: Wording) -> None:
    given_ = plan(message, SAM, JO, if_then="If it is 3, I rest")

    assert wording.blank_when(message, given_, nudge(message)) is None


PARTS = st.sampled_from(
    [
        *(
            "Tea?",
            " ",
            "\u200b",
            "{# x #}",
            "{{ name }}",
            "{{ contact.relation }}",
            "{{ '' }}",
            "{{ if_then }}",
        ),
        *("{% if weekday == 'Monday' %}A{% endif %}", "{% if weekday == 'Monday' %}{% else %}B{% endif %}"),
        *("{{ '' if name == 'Maya' else 'C' }}", "{% if name %}{{ kind }}{% endif %}", "{{ name and '' }}"),
        *("{{ '' or name }}", "{{ contact.relation or 'D' }}", "{{ '' ~ contact.relation }}"),
    ]
)


def rendered(message: str, if_then: str | None) -> list[str]:
    """Every text that can come of it, where days are told apart by Monday alone."""
    compiled = compile_source(message, MESSAGE)
    always = {"name": "Maya", "kind": "rest", "part_of_day": "morning", "snooze": "1 hour"}
    return [
        compiled.render({**always, "if_then": if_then or "", "contact": contact, "weekday": weekday})
        for contact in (SAM, JO)
        for weekday in ("Monday", "Tuesday")
    ]


@given(parts=st.lists(PARTS, max_size=4))
def test_a_message_is_blank_at_times_where_one_of_its_texts_is(parts: list[str], wording: Wording) -> None:
    message = "".join(parts)

    for if_then in (None, "If it is 3, I rest"):
        when = wording.blank_when(message, plan(message, SAM, JO, if_then=if_then), nudge(message))

        assert (when is not None) == any(map(is_blank, rendered(message, if_then)))


@pytest.mark.parametrize("message", ["{# a note #}", "{% if weekday == 'Tuesday' %}Tea?{% endif %}"])
def test_words_that_come_to_nothing_after_all_leave_the_choice_to_the_bank(
    message: str, wording: Wording
) -> None:
    worded = wording.nudge(
        plan(message),
        nudge(message),
        local_date=MONDAY.date(),
        slot=1,
        round=0,
        local_now=MONDAY,
        history=History(),
        seed="nudger",
    )

    assert worded.bank_key is not None
    assert not is_blank(worded.text)


def test_words_that_are_there_today_are_the_plans_own(wording: Wording) -> None:
    message = "{% if weekday == 'Monday' %}Tea?{% endif %}"

    worded = wording.nudge(
        plan(message),
        nudge(message),
        local_date=MONDAY.date(),
        slot=1,
        round=0,
        local_now=MONDAY + timedelta(minutes=1),
        history=History(),
        seed="nudger",
    )

    assert (worded.text, worded.bank_key) == ("Tea?", None)
