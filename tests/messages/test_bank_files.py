"""Files of the bank that are wrong: each says where, what and what to do, all at once."""

import re
from collections.abc import Mapping

import pytest

from nudger.domain.errors import NudgerError
from nudger.domain.model import Kind
from nudger.messages import SHIPPED, Wording, WordingError
from nudger.messages.lint.rules import check_words

GOOD = '[[message]]\nkey = "a"\neffort = "tiny"\ntext = "A."\n'


def problems_of(sources: Mapping[str, str], changed: Mapping[str, str]) -> list[str]:
    with pytest.raises(WordingError) as raised:
        Wording.parse({**sources, **changed})
    return [f"{problem} | {problem.hint}" for problem in raised.value.problems]


@pytest.mark.slow
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
        (GOOD.replace("A.", ""), 'en/rest.toml:4:8: message "a": text: is empty'),
        (GOOD.replace('text = "A."', ""), 'message "a": text: expected the words of the message, found none'),
        (GOOD.replace('text = "A."', "text = 1"), "expected a text, got 1"),
        (GOOD.replace("text =", "text.tu ="), "text: has forms of address, and the language has none"),
        (GOOD + 'part = "noon"\n', "message \"a\": part: expected morning, evening or bedtime, got 'noon'"),
        (GOOD + 'part = ["evning"]\n', 'did you mean "evening"?'),
        (GOOD + 'avoid = ["food", "death"]\n', "avoid: expected grief, food, body or religion, got 'death'"),
        (GOOD + "company = 1\n", "company: expected true or false, got 1"),
        (GOOD.replace("A.", "{{ nam }}"), 'en/rest.toml:4:8: message "a": text: uses "nam", which is'),
        (GOOD.replace("A.", "{% for %}"), "is not valid Jinja2"),
        (GOOD.replace("A.", "{{ contact.name }}"), 'message "a": contact: does not fit the text'),
        (GOOD + "contact = true\n", 'en/rest.toml:5:11: message "a": contact: does not fit the text'),
        (GOOD + 'contact = "yes"\n', "expected true or false, got 'yes'"),
        (
            GOOD.replace("A.", "{{ contact.name }}") + "contact = true\n",
            "expected a message for everyone at any time, found none",
        ),
        (GOOD + 'part = "evening"\n', "expected a message for everyone at any time, found none"),
        (GOOD + 'avoid = "food"\n', "expected a message for everyone at any time, found none"),
    ],
)
def test_a_faulty_bank_says_where_and_what(text: str, said: str, sources: Mapping[str, str]) -> None:
    assert any(said in problem for problem in problems_of(sources, {"en/rest.toml": text}))


def test_all_problems_of_all_files_come_at_once(sources: Mapping[str, str]) -> None:
    bad = GOOD.replace("tiny", "huge").replace('"a"', '"A"')
    found = problems_of(sources, {"en/rest.toml": bad, "fr/care.toml": "x", "helplines.toml": ""})
    files = [problem.split(":")[0] for problem in found]
    assert files == ["en/rest.toml", "en/rest.toml", "fr/care.toml", *["helplines.toml"] * 3]


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


LINE = """[[line]]
countries = ["GB"]
for = "crisis"
call = "116 123"
source = "samaritans.org"
checked_on = 2026-11-23
"""


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ('["GB"]', '["GBR"]', "countries: expected two-letter country codes"),
        ('"crisis"', '"crises"', "for: expected one of emergency, ambulance, police, crisis, violence, got"),
        ("2026-11-23", '"lately"', "checked_on: expected a date like 2026-11-23, or checked = false"),
        ("checked_on = 2026-11-23", "", "checked_on: expected a date like 2026-11-23, or checked = false"),
        ("2026-11-23", "2026-11-23\nchecked = false", "checked_on: expected a date like 2026-11-23, or"),
        ('source = "samaritans.org"', "", "source: is missing"),
        ('"116 123"', '"call us"', "call: expected a number as it is dialled there, got 'call us'"),
        ('call = "116 123"', "", "call: expected a number to call or to text, or a page, found none"),
        ("call =", 'press = "2"\ntext =', 'press: stands without "call"'),
        ("call =", 'word = "HI"\ncall =', 'word: stands without "text"'),
        ("call =", "languages = []\ncall =", "languages: expected languages"),
        ("call =", 'nam = "x"\ncall =', 'nam: unknown key | did you mean "name"?'),
        ("call =", 'name = ""\ncall =', "name: expected words, got ''"),
        ("[[line]]", "[[helpline]]", "has [[helpline]] tables; each number is a [[line]] of its own now"),
        ("[[line]]", "[[lines]]", 'unknown "lines" | there are [[line]] tables only'),
        ('["GB"]', '["ZZ"]', 'expected a line for = "ambulance" of each country, found none of ZZ'),
    ],
)
def test_faulty_helplines_say_where_and_what(
    find: str, put: str, said: str, sources: Mapping[str, str]
) -> None:
    assert find in LINE
    text = sources["helplines.toml"] + LINE.replace(find, put, 1)
    assert any(said in one for one in problems_of(sources, {"helplines.toml": text}))


def test_a_problem_of_a_line_stands_at_its_value(sources: Mapping[str, str]) -> None:
    text = sources["helplines.toml"] + LINE.replace("116 123", "now")
    (found,) = problems_of(sources, {"helplines.toml": text})
    assert found.startswith(f"helplines.toml:{text.count(chr(10)) - 2}:8: line ")


def test_without_lines_for_everybody_elsewhere_the_file_is_refused(sources: Mapping[str, str]) -> None:
    found = problems_of(sources, {"helplines.toml": LINE})
    assert any("found none of GB, elsewhere" in one for one in found)
    assert any('expected a line for = "crisis" with countries = ["elsewhere"]' in one for one in found)


def test_a_language_without_phrases_for_helplines_is_refused(sources: Mapping[str, str]) -> None:
    text = sources["es/system.toml"].replace("[helplines]", "[lines]")
    found = problems_of(sources, {"es/system.toml": text})
    assert any("expected a table [helplines] of texts" in one for one in found)


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
    assert wording.languages == {"en", "es", "fr", "pt"}


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
        r"(?m)^concern = .*$", "concern = \"{% if line == '' %}x{% endif %}\"", sources["en/system.toml"]
    )

    found = problems_of(sources, {"en/system.toml": text})

    assert any(
        "[texts] concern: comes to nothing for some people or on some days | give it" in one for one in found
    )


def test_files_that_are_known_to_be_sound_are_parsed_when_they_are_asked_for(
    sources: Mapping[str, str], wording: Wording
) -> None:
    lazy = Wording.on_demand({**sources, "fr/rest.toml": "= no TOML"})

    assert (lazy.languages, lazy.forms) == (wording.languages, wording.forms)
    assert lazy.template_keys("es.usted", Kind.REST) == wording.template_keys("es.usted", Kind.REST)
    assert lazy.helplines("GB", "es") == wording.helplines("GB", "es")
    assert lazy.page("fr", "over", "title") == wording.page("fr", "over", "title")
    with pytest.raises(NudgerError, match='no words in "tlh"'):
        lazy.texts_of("tlh")
    with pytest.raises(WordingError):
        lazy.template_keys("fr", Kind.REST)


def test_a_missing_file_is_told_before_any_is_asked_for(sources: Mapping[str, str]) -> None:
    left = {path: text for path, text in sources.items() if path != "en/rest.toml"}

    with pytest.raises(WordingError, match="is missing"):
        Wording.on_demand(left)
