"""The rules of the tone: our own texts break none, and each rule finds what it is for."""

import tomllib
from collections.abc import Mapping

import pytest

from nudger.messages import WordingError, check_words
from nudger.model import Effort


def with_message(text: str, *, contact: bool = False) -> str:
    extra = "contact = true\n" if contact else ""
    return f'\n[[message]]\nkey = "added"\neffort = "{Effort.TINY}"\n{extra}text = """{text}"""\n'


def found(files: Mapping[str, str], text: str, *, contact: bool = False, language: str = "en") -> set[str]:
    """The rules that a message added to support's breaks."""
    path = f"{language}/support.toml"
    findings = check_words({**files, path: files[path] + with_message(text, contact=contact)})
    return {one.rule for one in findings if (one.language, one.key) == (language, "added")}


def test_everything_that_nudger_says_keeps_every_rule(sources: Mapping[str, str]) -> None:
    assert [str(finding) for finding in check_words(sources)] == []


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
        ("near-duplicate", "You could send someone a short hello. Anyone you like, any words."),
        ("duplicate", "You could send someone a hello. Anyone you like, any words."),
    ],
)
def test_each_rule_finds_what_it_is_for(rule: str, text: str, english: Mapping[str, str]) -> None:
    assert rule in found(english, text)


SAID_WRONG = {
    "es": {
        "no-orders": "Tienes que salir un poco.",
        "no-guilt": "Hoy no has descansado.",
        "no-counts": "Esto ya es una racha.",
        "no-pressure": "Es urgente descansar.",
        "no-cheer": "Un poco de ánimo hoy.",
        "no-feelings-of-ours": "Lo siento por ti.",
        "lock-screen": "Un paseo alivia la ansiedad.",
        "no-reliving": "Puedes escribir sobre lo peor de hoy.",
        "assumes-nothing": "Puedes llamar a tu madre.",
        "no-idioms": "Un rato para cargar las pilas.",
        "no-exclamation": "¡Puedes descansar un poco!",
        "reading-grade": "Contemplaciones arquitectónicas extraordinarias necesitan imaginaciones.",
        "gsm-7": "Una canción suave.",
        "near-duplicate": "Puedes pedir hoy un favor muy pequeño. A mucha gente le gusta que se lo pidan.",
    },
    "fr": {
        "no-orders": "Il faut sortir un peu.",
        "no-guilt": "La marche est toujours pas faite.",
        "no-counts": "Trois jours d'affilée.",
        "no-pressure": "Marchez tout de suite.",
        "no-cheer": "Allons, courage pour ce soir.",
        "no-feelings-of-ours": "Je comprends cette journée.",
        "lock-screen": "La pause aide contre une maladie.",
        "no-reliving": "Vous pouvez noter le pire de ce jour.",
        "assumes-nothing": "Vous pouvez appeler votre mère.",
        "no-idioms": "Une heure pour recharger vos batteries.",
        "no-exclamation": "Vous pouvez souffler un peu !",
        "reading-grade": "Contempler architectures extraordinaires nécessite imagination considérable.",
        "gsm-7": "Une forêt calme.",
        "near-duplicate": "Vous pouvez demander un petit service. Beaucoup de gens aiment rendre service.",
    },
}


@pytest.mark.parametrize(
    ("language", "rule"), [(language, rule) for language, texts in SAID_WRONG.items() for rule in texts]
)
def test_each_rule_finds_what_it_is_for_in_each_language(
    language: str, rule: str, sources: Mapping[str, str]
) -> None:
    assert rule in found(sources, SAID_WRONG[language][rule], language=language)


@pytest.mark.parametrize("language", SAID_WRONG)
def test_no_rule_by_words_is_without_its_proof(language: str, sources: Mapping[str, str]) -> None:
    named = {rule["name"] for rule in tomllib.loads(sources[f"{language}/tone.toml"])["rule"]}
    english = {rule["name"] for rule in tomllib.loads(sources["en/tone.toml"])["rule"]}

    assert named == english
    assert named <= SAID_WRONG[language].keys()


def test_a_page_is_held_to_the_rules_too(english: Mapping[str, str]) -> None:
    pages = english["en/pages.toml"].replace("Skipping is always OK.", "You should not skip it!")

    rules = {(one.kind, one.key, one.rule) for one in check_words({**english, "en/pages.toml": pages})}

    assert rules == {("pages", "skip.ask", "no-orders"), ("pages", "skip.ask", "no-exclamation")}


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
    (finding,) = check_words({**english, "en/rest.toml": changed})
    assert str(finding) == (
        'en/rest/added: no-orders: says "must"; offer it: "You could ...", "If you like, ..."'
    )


def test_only_the_crisis_answer_may_name_what_it_is_about(english: Mapping[str, str]) -> None:
    system = english["en/system.toml"].replace("Noted. Thanks", "Noted suicide. Thanks")
    rules = [(one.key, one.rule) for one in check_words({**english, "en/system.toml": system})]
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
    assert (key, rule) in [(one.key, one.rule) for one in check_words({**english, "en/system.toml": system})]


def test_a_small_bank_is_found(english: Mapping[str, str]) -> None:
    findings = check_words({**english, "en/rest.toml": with_message("You could rest a bit.").lstrip()})
    assert {(finding.rule, finding.kind) for finding in findings} == {
        ("enough", "rest"),
        ("enough-tiny", "rest"),
    }


def test_a_bank_with_few_tiny_messages_is_found(english: Mapping[str, str]) -> None:
    fewer = english["en/rest.toml"].replace('effort = "tiny"', 'effort = "small"')
    (finding,) = check_words({**english, "en/rest.toml": fewer})
    assert (finding.rule, finding.kind) == ("enough-tiny", "rest")


def test_a_key_that_another_language_lacks_is_found(sources: Mapping[str, str]) -> None:
    changed = sources["en/rest.toml"] + with_message("You could put your feet up for a bit.")
    findings = check_words({**sources, "en/rest.toml": changed})
    assert [(one.language, one.rule, one.key) for one in findings] == [
        ("es", "same-keys", "added"),
        ("fr", "same-keys", "added"),
    ]


def test_a_language_without_a_tone_file_is_held_to_the_general_rules(english: Mapping[str, str]) -> None:
    files = {path: text for path, text in english.items() if not path.endswith("tone.toml")}
    files["en/rest.toml"] += with_message("You must rest now!")
    assert [one.rule for one in check_words(files) if one.key == "added"] == ["no-exclamation"]


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
        check_words({**english, "en/tone.toml": text})
    assert said in str(raised.value)
