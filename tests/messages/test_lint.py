"""The rules of the tone: our own texts break none, and each rule finds what it is for."""

from collections.abc import Mapping

import pytest

from nudger.messages import WordingError, lint
from nudger.model import Effort


def with_message(text: str, *, contact: bool = False) -> str:
    extra = "contact = true\n" if contact else ""
    return f'\n[[message]]\nkey = "added"\neffort = "{Effort.TINY}"\n{extra}text = """{text}"""\n'


def found(english: Mapping[str, str], text: str, *, contact: bool = False) -> set[str]:
    """The rules that a message in the place of support's last one breaks."""
    changed = english["en/support.toml"] + with_message(text, contact=contact)
    return {one.rule for one in lint({**english, "en/support.toml": changed}) if one.key == "added"}


def test_everything_that_nudger_says_keeps_every_rule(sources: Mapping[str, str]) -> None:
    assert [str(finding) for finding in lint(sources)] == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("no-orders", "You should go outside."),
        ("no-orders", "Don't forget to drink."),
        ("no-guilt", "You missed the last one."),
        ("no-guilt", "Here is a walk AGAIN."),
        ("no-counts", "That is a streak."),
        ("no-counts", "Three walks in a row."),
        ("no-pressure", "Last chance for a rest today."),
        ("no-cheer", "Cheer up a little."),
        ("no-feelings-of-ours", "I'm so proud of you."),
        ("lock-screen", "A pause can ease depression."),
        ("lock-screen", "This is for your mental health."),
        ("no-reliving", "You could close your eyes."),
        ("assumes-nothing", "You could ring your mother."),
        ("assumes-nothing", "You could go for a run."),
        ("no-idioms", "Hang in there for now."),
        ("no-exclamation", "You could rest a bit!"),
        ("no-capitals", "You could REST a bit."),
        ("short-sentences", "You " + "and you " * 12 + "rest."),
        (
            "reading-grade",
            "Contemplating architectural possibilities necessitates extraordinary imagination.",
        ),
        ("placeholders", "Hello {name}, have a rest."),
        ("gsm-7", "Hello \U0001f600 there."),
        ("gsm-7", "A coup d'œil."),
        ("segments", "You could " + "rest a bit, " * 15 + "or not."),
        ("near-duplicate", "You could send one friend a short hello. Any friend, any words."),
        ("duplicate", "You could send one friend a hello. Any friend, any words."),
    ],
)
def test_each_rule_finds_what_it_is_for(rule: str, text: str, english: Mapping[str, str]) -> None:
    assert rule in found(english, text)


def test_long_names_count_for_the_segments(english: Mapping[str, str]) -> None:
    text = "a word " * 18 + "{{ contact.name }}, {{ contact.relation }}."
    assert found(english, text, contact=True) >= {"segments"}


@pytest.mark.parametrize(
    "text",
    [
        "You could look at a scoreboard on the way.",
        "Thirty years of mustard and shoulders.",
        "Reply LATER or STOP when you like. OK.",
        "A self-made cup of tea is good.",
    ],
)
def test_a_word_inside_another_is_no_finding(text: str, english: Mapping[str, str]) -> None:
    assert found(english, text) == set()


def test_a_finding_says_where_it_stands_and_how_to_mend_it(english: Mapping[str, str]) -> None:
    changed = english["en/rest.toml"] + with_message("You must sit down.")
    (finding,) = lint({**english, "en/rest.toml": changed})
    assert str(finding) == (
        'en/rest/added: no-orders: says "must"; offer it: "You could ...", "If you like, ..."'
    )


def test_only_the_crisis_answer_may_name_what_it_is_about(english: Mapping[str, str]) -> None:
    system = english["en/system.toml"].replace("Noted. Thanks", "Noted suicide. Thanks")
    rules = [(one.key, one.rule) for one in lint({**english, "en/system.toml": system})]
    assert rules == [("done", "lock-screen")]


@pytest.mark.parametrize(
    ("find", "put", "key", "rule"),
    [
        ("It is automated and no person sees these texts. ", "", "unknown", "says-automated"),
        ("{{ HELP }} or {{ STOP }}. Msg", "{{ HELP }}. Msg", "welcome", "shows-stop"),
        ("Nudges are paused until", "All of your nudges are paused from now on until", "crisis", "segments"),
        ("Real people are there and", "Real people are there …", "crisis", "gsm-7"),
    ],
)
def test_answers_are_held_to_what_they_have_to_say(
    find: str, put: str, key: str, rule: str, english: Mapping[str, str]
) -> None:
    assert find in english["en/system.toml"]
    system = english["en/system.toml"].replace(find, put)
    assert (key, rule) in [(one.key, one.rule) for one in lint({**english, "en/system.toml": system})]


def test_a_small_bank_is_found(english: Mapping[str, str]) -> None:
    (finding,) = lint({**english, "en/rest.toml": with_message("You could rest a bit.").lstrip()})
    assert (finding.rule, finding.kind) == ("enough", "rest")


def test_a_key_that_another_language_lacks_is_found(sources: Mapping[str, str]) -> None:
    changed = sources["en/rest.toml"] + with_message("You could put your feet up for a bit.")
    findings = lint({**sources, "en/rest.toml": changed})
    assert [(one.language, one.rule, one.key) for one in findings] == [
        ("es", "same-keys", "added"),
        ("fr", "same-keys", "added"),
    ]


def test_a_language_without_a_tone_file_is_held_to_the_general_rules(english: Mapping[str, str]) -> None:
    files = {path: text for path, text in english.items() if not path.endswith("tone.toml")}
    files["en/rest.toml"] += with_message("You must rest now!")
    assert [one.rule for one in lint(files) if one.key == "added"] == ["no-exclamation"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = 1", 'unknown "rules"'),
        ("capitals = 1", "capitals: expected a list of words"),
        ('[allowed]\ncrisis = "x"', "allowed: expected lists of words"),
        ('[[rule]]\nname = "x"', "expected name, instead and words"),
        ("[[", "is not valid TOML"),
    ],
)
def test_a_faulty_tone_file_says_where_and_what(text: str, said: str, english: Mapping[str, str]) -> None:
    with pytest.raises(WordingError, match=r"en/tone.toml:\d+:\d+: ") as raised:
        lint({**english, "en/tone.toml": text})
    assert said in str(raised.value)
