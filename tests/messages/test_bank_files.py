"""Files of the bank that are wrong: each says where, what and what to do, all at once."""

import re
from collections.abc import Mapping

import pytest

from nudger.messages import SHIPPED, Wording, WordingError, check_words
from nudger.model import Kind

GOOD = '[[message]]\nkey = "a"\neffort = "tiny"\ntext = "A."\n'


def problems_of(sources: Mapping[str, str], changed: Mapping[str, str]) -> list[str]:
    with pytest.raises(WordingError) as raised:
        Wording.parse({**sources, **changed})
    return [f"{problem} | {problem.hint}" for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[message]\n", "en/rest.toml:1:10: is not valid TOML: Expected ']]' at the end"),
        ('[[message]]\nkey = "a', "en/rest.toml:2:9: is not valid TOML: Unterminated string"),
        ("", "en/rest.toml:1:1: expected [[message]] tables, found none"),
        ("[message]\n", "expected [[message]] tables, found none | write [[message]], with two brackets"),
        (GOOD + "\n[[mesage]]\n", 'unknown key "mesage"'),
        (GOOD + "colour = 1\n", 'en/rest.toml:5:10: message "a": colour: unknown key'),
        (GOOD + "efort = 1\n", 'did you mean "effort"?'),
        (GOOD + GOOD, 'en/rest.toml:6:7: message "a": key: "a" is used more than once'),
        (GOOD.replace('"a"', '"A b"'), "expected a name like \"sip-of-water\", got 'A b'"),
        (GOOD.replace("tiny", "huge"), 'en/rest.toml:3:10: message "a": effort: expected "tiny", "small"'),
        (GOOD.replace("A.", ""), "expected the words of the message, got ''"),
        (GOOD.replace("A.", "\\u200b"), "expected the words of the message, got "),
        (
            GOOD.replace("A.", "{# a #}"),
            'message "a": text: comes to nothing for some people or on some days',
        ),
        (GOOD.replace("A.", "{{ if_then }}"), 'message "a": text: comes to nothing for some people'),
        (
            GOOD.replace("A.", "{% if weekday == 'Monday' %}A.{% endif %}"),
            'en/rest.toml:4:8: message "a": text: comes to nothing for some people or on some days | give it',
        ),
        (GOOD + "extends = true\n", 'message "a": extends: unknown key'),
        ("extends = 1\n" + GOOD, "en/rest.toml:1:11: expected true or false, got 1"),
        ("extends = true\n" + GOOD, "nudger brings no messages of this kind in this language | leave it out"),
        (GOOD.replace("A.", "{{ nam }}"), 'en/rest.toml:4:8: message "a": text: uses "nam", which is'),
        (GOOD.replace("A.", "{% for %}"), "is not valid Jinja2"),
        (GOOD.replace("A.", "{{ contact.name }}"), 'message "a": contact: does not fit the text'),
        (GOOD + "contact = true\n", 'en/rest.toml:5:11: message "a": contact: does not fit the text'),
        (GOOD + 'contact = "yes"\n', "expected true or false, got 'yes'"),
        (
            GOOD.replace("A.", "{{ contact.name }}") + "contact = true\n",
            "every message names a contact",
        ),
    ],
)
def test_a_faulty_bank_says_where_and_what(text: str, said: str, sources: Mapping[str, str]) -> None:
    assert any(said in problem for problem in problems_of(sources, {"en/rest.toml": text}))


def test_all_problems_of_all_files_come_at_once(sources: Mapping[str, str]) -> None:
    bad = GOOD.replace("tiny", "huge").replace('"a"', '"A"')
    found = problems_of(sources, {"en/rest.toml": bad, "fr/care.toml": "x", "helplines.toml": ""})
    files = [problem.split(":")[0] for problem in found]
    assert files == ["en/rest.toml", "en/rest.toml", "fr/care.toml", "helplines.toml"]


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ('done = "', 'dune = "', "[texts] dune: unknown key | did you mean"),
        ('done = "', 'dune = "', "[texts] done: is missing"),
        ("{{ when.at }}, when", "{{ then.at }}, when", 'uses "then.at", which is unknown; did you mean'),
        ('"Monday", ', "", "weekdays: expected a list of 7 names"),
        ("from = 22", "from = 2", "parts_of_day: expected hours in their order"),
        ("[subjects]", "[subject]", 'unknown "subject" | did you mean "subjects"?'),
        ("[subjects]", "[subject]", "expected a table [subjects] of texts"),
        ('LATER  = "LATER"', 'LATER  = ""', "[commands] LATER: is empty"),
    ],
)
def test_faulty_texts_say_where_and_what(find: str, put: str, said: str, sources: Mapping[str, str]) -> None:
    text = sources["en/system.toml"]
    assert find in text
    assert any(said in one for one in problems_of(sources, {"en/system.toml": text.replace(find, put, 1)}))


def test_a_problem_of_a_text_stands_at_its_value(sources: Mapping[str, str]) -> None:
    text = sources["en/system.toml"].replace('done = "Noted', 'done = "{{ x }} Noted')
    line = text[: text.index('done = "{{')].count("\n") + 1
    assert problems_of(sources, {"en/system.toml": text})[0].startswith(
        f"en/system.toml:{line}:8: [texts] done"
    )


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ('["US"]', '["USA"]', "helpline 1: countries: expected two-letter country codes"),
        ('["CA"]', '["US"]', "helpline 2: countries: US stands here for a second time"),
        ("2026-11-23", '"lately"', "helpline 1: checked_on: expected a date like 2026-11-23"),
        ('source     = "988lifeline.org"', "", "helpline 1: source: is missing"),
        ('["elsewhere"]', '["BR"]', 'expected one [[helpline]] with countries = ["elsewhere"]'),
        ('es = "llama o escribe al 988 a', 'es = 4 # "', "helpline 1: es: expected words"),
    ],
)
def test_faulty_helplines_say_where_and_what(
    find: str, put: str, said: str, sources: Mapping[str, str]
) -> None:
    text = sources["helplines.toml"]
    assert find in text
    assert any(said in one for one in problems_of(sources, {"helplines.toml": text.replace(find, put, 1)}))


def test_a_page_with_unknown_names_is_refused(sources: Mapping[str, str]) -> None:
    found = problems_of(sources, {"email.html": "{{ body }}"})
    assert found[0].startswith("email.html:1:1: uses body, unknown here; the page knows automated")


def test_a_language_has_all_its_files(sources: Mapping[str, str]) -> None:
    found = problems_of(sources, {"de/rest.toml": GOOD})
    assert len(found) == 10
    assert found[0].startswith("de/care.toml:1:1: is missing")


def test_a_file_with_a_wrong_name_is_a_problem(sources: Mapping[str, str]) -> None:
    found = problems_of(sources, {"en/mindfullness.toml": GOOD})
    assert found == [
        "en/mindfullness.toml:1:1: is not a file of the message bank | did you mean mindfulness.toml?"
    ]


def test_files_that_are_no_templates_are_left_alone(sources: Mapping[str, str]) -> None:
    wording = Wording.parse({**sources, "README.md": "# ours", "en/rest.toml~": "old"})
    assert wording.languages == {"en", "es", "fr"}


def test_an_operators_file_stands_in_place_of_ours(sources: Mapping[str, str]) -> None:
    wording = Wording.parse({**sources, "en/rest.toml": GOOD})
    assert wording.template_keys("en", Kind.REST) == {"a"}


def test_no_files_at_all_say_what_is_missing() -> None:
    with pytest.raises(WordingError, match=r"helplines.toml:1:1: is missing"):
        Wording.parse({})


def own(text: str, sources: Mapping[str, str], path: str = "en/rest.toml") -> dict[str, str]:
    """The files as they are with this one of the operator's own."""
    return {**sources, SHIPPED + path: sources[path], path: text}


def test_a_message_of_ones_own_is_added_to_the_bank_without_copying_it(sources: Mapping[str, str]) -> None:
    before = Wording.parse(sources)

    after = Wording.parse(own("extends = true\n" + GOOD, sources))

    assert after.template_keys("en", Kind.REST) == before.template_keys("en", Kind.REST) | {"a"}
    assert after.template("en", Kind.REST, "a") == "A."
    assert after.banks["es", Kind.REST] == before.banks["es", Kind.REST]


def test_a_message_of_the_same_key_takes_the_place_of_ours(sources: Mapping[str, str]) -> None:
    before = Wording.parse(sources)
    key = before.banks["en", Kind.REST].messages[1].key

    after = Wording.parse(own("extends = true\n" + GOOD.replace('"a"', f'"{key}"'), sources))

    keys = [message.key for message in after.banks["en", Kind.REST].messages]
    assert keys == [message.key for message in before.banks["en", Kind.REST].messages]
    assert after.template("en", Kind.REST, key) == "A."


@pytest.mark.parametrize("head", ["", "extends = false\n"])
def test_without_extends_the_file_is_all_there_is(head: str, sources: Mapping[str, str]) -> None:
    after = Wording.parse(own(head + GOOD, sources))

    assert after.template_keys("en", Kind.REST) == {"a"}


def test_a_file_that_extends_may_hold_nothing_but_messages_that_name_a_contact(
    sources: Mapping[str, str],
) -> None:
    text = "extends = true\n" + GOOD.replace("A.", "{{ contact.name }}?") + "contact = true\n"

    assert "a" in Wording.parse(own(text, sources)).template_keys("en", Kind.REST)


def test_what_is_wrong_with_a_file_that_extends_is_told_in_it(sources: Mapping[str, str]) -> None:
    text = "extends = true\n" + GOOD.replace("tiny", "huge")

    (problem,) = problems_of(sources, own(text, sources))

    assert problem.startswith('en/rest.toml:4:10: message "a": effort: expected "tiny"')


def test_ones_own_messages_keep_the_rules_of_tone_like_ours(sources: Mapping[str, str]) -> None:
    found = check_words(own("extends = true\n" + GOOD.replace("A.", "Do it now!"), sources))

    assert {(one.rule, one.key) for one in found if one.language == "en"} >= {("no-exclamation", "a")}


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("en/rest.toml.txt", 'rename it to "en/rest.toml"'),
        ("en/rest.tml", 'rename it to "en/rest.toml"'),
        ("email.html.txt", 'rename it to "email.html"'),
        ("en/rest.TOML", 'rename it to "en/rest.toml"'),
    ],
)
def test_a_file_that_only_looks_like_one_of_the_bank_is_told(
    path: str, hint: str, sources: Mapping[str, str]
) -> None:
    assert problems_of(sources, {path: GOOD}) == [
        f"{path}:1:1: is not read: its name ends otherwise | {hint}"
    ]


def test_notes_and_backups_beside_the_bank_do_no_harm(sources: Mapping[str, str]) -> None:
    Wording.parse({**sources, "README.md": "", "en/rest.toml~": "", "en/rest.toml.bak": "", "notes.txt": ""})


def test_a_text_of_nudgers_own_that_comes_to_nothing_at_times_is_a_problem(
    sources: Mapping[str, str],
) -> None:
    text = re.sub(
        r"(?m)^crisis = .*$", "crisis = \"{% if helplines == '' %}x{% endif %}\"", sources["en/system.toml"]
    )

    found = problems_of(sources, {"en/system.toml": text})

    assert any("[texts] crisis: comes to nothing at times | give it words" in one for one in found)
