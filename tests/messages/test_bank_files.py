"""Files of the bank that are wrong: each says where, what and what to do, all at once."""

from collections.abc import Mapping

import pytest

from nudger.messages import Wording, WordingError
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
