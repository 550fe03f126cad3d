"""The rules of the tone: our own texts break none, and each rule finds what it is for."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from nudger.domain.model import Effort
from nudger.messages import WordingError
from nudger.messages.lint.rules import check_words as lint

TEMPLATES = Path(__file__).parents[2] / "templates"
LANGUAGES = ["en", "es", "fr", "pt"]


def with_message(text: str, *, contact: bool = False, tags: str = "") -> str:
    extra = ("contact = true\n" if contact else "") + (f"{tags}\n" if tags else "")
    return f'\n[[message]]\nkey = "added"\neffort = "{Effort.TINY}"\n{extra}text = """{text}"""\n'


def found(
    files: Mapping[str, str], text: str, *, contact: bool = False, tags: str = "", language: str = "en"
) -> set[str]:
    """The rules that a message added to support's breaks."""
    path = f"{language}/support.toml"
    its_own = {
        name: words for name, words in files.items() if name.startswith(f"{language}/") or "/" not in name
    }
    findings = lint({**its_own, path: files[path] + with_message(text, contact=contact, tags=tags)})
    return {one.rule for one in findings if (one.language.partition(".")[0], one.key) == (language, "added")}


def test_everything_that_nudger_says_keeps_every_rule(sources: Mapping[str, str]) -> None:
    assert [str(finding) for finding in lint(sources)] == []


def rules_of(sources: Mapping[str, str], language: str) -> list[dict[str, object]]:
    rules: list[dict[str, object]] = tomllib.loads(sources[f"{language}/tone.toml"])["rule"]
    return rules


RULES_BY_WORDS = [
    (language, rule["name"])
    for language in LANGUAGES
    for rule in tomllib.loads((TEMPLATES / language / "tone.toml").read_text("utf-8"))["rule"]
    if not rule.keys() & {"company", "only"}
]


@pytest.mark.slow
@pytest.mark.parametrize(("language", "name"), RULES_BY_WORDS)
def test_each_rule_by_words_finds_its_own_example_in_a_message(
    language: str, name: str, sources: Mapping[str, str]
) -> None:
    (rule,) = [rule for rule in rules_of(sources, language) if rule["name"] == name]
    assert name in found(sources, str(rule["finds"]), language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_rule_by_words(language: str, sources: Mapping[str, str]) -> None:
    """It may have more: for its forms of address, and for words that are not said in all its countries."""
    named = {rule["name"] for rule in rules_of(sources, language)}
    assert {rule["name"] for rule in rules_of(sources, "en")} - named == set()


def test_a_rule_that_does_not_find_its_example_is_found(english: Mapping[str, str]) -> None:
    tone = english["en/tone.toml"].replace('"got to", ', "").replace("You should go", "You got to go")
    (finding,) = lint({**english, "en/tone.toml": tone})
    assert (finding.rule, finding.key) == ("example", "no-orders")


# What no list of words can find: a text that each rule must find, in each language.
FOUND = {
    "en": {
        "no-exclamation": "You could rest a bit!",
        "no-capitals": "You could REST a bit.",
        "short-sentences": "You " + "and you " * 12 + "rest.",
        "reading-grade": "Contemplating architectural possibilities necessitates extraordinary imagination.",
        "placeholders": "Hello {name}, a quiet moment.",
        "gsm-7": "A coup d'œil.",
        "segments": "You could " + "rest a bit, " * 15 + "or not.",
    },
    "es": {
        "no-exclamation": "¡Puedes descansar un poco!",
        "no-capitals": "Puedes DESCANSAR un poco.",
        "short-sentences": "Un rato " + "y otro " * 12 + "de calma.",
        "reading-grade": "Contemplaciones arquitectónicas extraordinarias necesitan imaginaciones.",
        "placeholders": "Hola {name}, un rato de calma.",
        "segments": "Una canción y " + "un rato, " * 14 + "o no.",
    },
    "fr": {
        "no-exclamation": "Vous pouvez vous poser un peu !",
        "no-capitals": "Vous pouvez vous POSER un peu.",
        "short-sentences": "Un moment " + "et un autre " * 12 + "au calme.",
        "reading-grade": "Contempler architectures extraordinaires nécessite imagination considérable.",
        "placeholders": "Bonjour {name}, un moment au calme.",
        "segments": "Une forêt et " + "un moment, " * 12 + "ou pas.",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "rule"), [(language, rule) for language, texts in FOUND.items() for rule in texts]
)
def test_each_other_rule_finds_what_it_is_for(language: str, rule: str, sources: Mapping[str, str]) -> None:
    assert rule in found(sources, FOUND[language][rule], language=language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_said_twice_and_one_that_is_much_like_another_are_found(
    language: str, sources: Mapping[str, str]
) -> None:
    (text,) = [
        message["text"]
        for message in tomllib.loads(sources[f"{language}/support.toml"])["message"]
        if message["key"] == "hello-back"
    ]
    text = text["tu"] if isinstance(text, dict) else text
    assert "duplicate" in found(sources, text, language=language)
    assert "near-duplicate" in found(sources, text.replace(".", ", tut.", 1), language=language)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Una canción suave.", set()),
        ("Une forêt calme.", set()),
        ("A calm café, 5 €, and a ♥.", {"gsm-7"}),
    ],
)
def test_only_a_language_that_needs_them_may_use_letters_that_cost_more(
    text: str, rule: set[str], sources: Mapping[str, str]
) -> None:
    language = "es" if "canción" in text else "fr" if "forêt" in text else "en"
    assert found(sources, text, language=language) == rule


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tags", "text", "rules"),
    [
        ("", "A slow bite of something warm.", {"food"}),
        ('avoid = "food"', "A slow bite of something warm.", set()),
        ('avoid = ["food", "grief"]', "A slow bite of something warm.", set()),
        ("", "The pillow can wait for you.", {"bedtime"}),
        ('part = "bedtime"', "The pillow can wait for you.", set()),
        ('part = ["evening", "bedtime"]', "The pillow can wait for you.", set()),
        ('part = ["morning", "evening"]', "The pillow can wait for you.", {"bedtime"}),
        ('part = "evening"', "A new day is here.", {"morning"}),
        ("company = true", "A quiet hello, from far away.", set()),
        ("company = true", "You could look at one tree.", {"asks-nothing"}),
        ("company = true", "Is it calm where you are?", {"company"}),
    ],
)
def test_what_a_message_touches_when_it_fits_and_what_it_asks_has_to_be_tagged(
    tags: str, text: str, rules: set[str], english: Mapping[str, str]
) -> None:
    assert found(english, text, tags=tags) == rules


def beside_spanish(sources: Mapping[str, str], message: str) -> Mapping[str, str]:
    """Spanish, which has two forms of address, with one message beside its own."""
    added = f'\n[[message]]\nkey = "added"\neffort = "tiny"\n{message}\n'
    return {**sources, "es/rest.toml": sources["es/rest.toml"] + added}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "rules"),
    [
        ('text = "Un rato de calma."', []),
        ('text.tu = "Puedes parar."\ntext.usted = "Puede parar."', []),
        ('text = "Puedes parar."', [("es.usted", "tu")]),
        ('text.tu = "Puede parar."\ntext.usted = "Puedes parar."', [("es.usted", "tu")]),
    ],
)
def test_words_of_one_form_of_address_are_found_in_another(
    message: str, rules: list[tuple[str, str]], sources: Mapping[str, str]
) -> None:
    findings = lint(beside_spanish(sources, message))
    of_spanish = [one for one in findings if one.key == "added" and one.language.startswith("es.")]
    assert [(one.language, one.rule) for one in of_spanish] == rules


def test_a_page_is_held_to_the_rules_too(english: Mapping[str, str]) -> None:
    pages = english["en/pages.toml"].replace("Skipping is always OK.", "You should not skip it!")

    rules = {(one.kind, one.key, one.rule) for one in lint({**english, "en/pages.toml": pages})}

    assert rules == {("pages", "skip.ask", "no-orders"), ("pages", "skip.ask", "no-exclamation")}


def test_long_names_count_for_the_segments(english: Mapping[str, str]) -> None:
    text = "a word " * 18 + "{{ contact.name }}, {{ contact.relation }}."
    assert found(english, text, contact=True) >= {"segments"}


@pytest.mark.parametrize(
    "text",
    [
        "You could look at a scoreboard on the way.",
        "Thirty years of mustard and boulders.",
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("find", "put", "key", "rule"),
    [
        ("It is automated and no person sees these texts. ", "", "unknown", "says-automated"),
        ("{{ HELP }} or {{ STOP }}. Msg", "{{ HELP }}. Msg", "welcome", "shows-stop"),
        ("Nudges wait until", "All of your nudges wait now until", "crisis_self", "segments"),
        ("It matters.", "It matters ♥.", "crisis_self", "gsm-7"),
        ("Thank you for saying this. It", "This is automated. It", "crisis_self", "warm-opening"),
        ("It matters.", "Are you sure?", "crisis_self", "no-questions"),
        ("please {{ helplines }}. Real", "please call. Real", "crisis_self", "whom-to-call"),
        ("Please {{ emergency }}", "{{ line }}: {{ emergency }}", "crisis_taken", "emergency-first"),
        ("choose Delete", "choose it", "crisis_danger", "how-to-delete"),
        ("Thank you for writing.", "Nobody may hurt you.", "crisis_danger", "plain-danger"),
        ("That sounds like a lot.", "You are in danger.", "concern", "plain-danger"),
        ("Staying with them can", "Somebody is waiting and can", "crisis_other", "no-promise"),
    ],
)
def test_answers_are_held_to_what_they_have_to_say(
    find: str, put: str, key: str, rule: str, english: Mapping[str, str]
) -> None:
    assert find in english["en/system.toml"]
    system = english["en/system.toml"].replace(find, put)
    assert (key, rule) in [(one.key, one.rule) for one in lint({**english, "en/system.toml": system})]


DELETE_ES = "Puedes borrar este mensaje y el tuyo: mantén el dedo sobre cada uno y elige Borrar."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("voice", "find", "put", "key", "rule"),
    [
        ("es.tu", "Gracias por decirlo: importa.", "Es un programa.", "crisis_self", "warm-opening"),
        ("es.tu", "Gracias por escribir.", "Nadie puede hacerte daño.", "crisis_danger", "plain-danger"),
        ("es.tu", DELETE_ES, "", "crisis_danger", "how-to-delete"),
        (
            "es.tu",
            "{{ emergency }} ahora, aunque",
            "{{ line }} ahora, aunque",
            "crisis_taken",
            "whom-to-call",
        ),
        ("es.tu", "Contestan personas.", "Te esperan.", "crisis_self", "no-promise"),
        ("fr.vous", "Merci de l'avoir dit. Si", "Ceci est un programme. Si", "crisis_self", "warm-opening"),
        ("fr.vous", "Merci d'avoir écrit.", "Contre les violences.", "crisis_danger", "plain-danger"),
        ("fr.vous", "Pour effacer ce message", "Pour ce message", "crisis_danger", "how-to-delete"),
        ("fr.vous", "De vraies personnes répondent.", "On vous attend.", "crisis_self", "no-promise"),
    ],
)
def test_answers_in_other_languages_are_held_to_the_same(
    voice: str, find: str, put: str, key: str, rule: str, sources: Mapping[str, str]
) -> None:
    path = f"{voice.partition('.')[0]}/system.toml"
    assert find in sources[path]
    findings = lint({**sources, path: sources[path].replace(find, put, 1)})
    assert (voice, key, rule) in [(one.language, one.key, one.rule) for one in findings]


def switched(files: Mapping[str, str], language: str, *, full: bool) -> dict[str, str]:
    """The same, with a bank that calls itself whole, or does not."""
    path = f"{language}/tone.toml"
    return {**files, path: re.sub(r"(?m)^full( *)= \w+", f"full = {str(full).lower()}", files[path])}


def bank(count: int, *, opening: str = "", **tags: str) -> str:
    """So many messages, each of other words; `tags` by their key."""
    extra = "".join(f"{key} = {value}\n" for key, value in {"effort": '"tiny"', **tags}.items())
    words = ["apple", "birch", "cloud", "drum", "elm", "fern", "gate", "hill", "iron", "jade", "kite", "leaf"]
    return "\n".join(
        f'[[message]]\nkey = "m{number}"\n{extra}text = "{opening or words[number % 12].title()} '
        f'{words[number // 12]} {words[number % 12]} x{chr(97 + number % 26)} y{chr(97 + number // 26)}."\n'
        for number in range(count)
    )


def of_bank(files: Mapping[str, str], text: str, *, full: bool) -> set[str]:
    """The rules that a bank of rest breaks as a whole."""
    findings = lint(switched({**files, "en/rest.toml": text}, "en", full=full))
    return {one.rule for one in findings if one.kind == "rest" and not one.key}


def test_until_it_is_whole_a_bank_has_enough_that_nothing_comes_again_soon(
    english: Mapping[str, str],
) -> None:
    assert of_bank(english, bank(11), full=False) == {"enough"}
    assert of_bank(english, bank(12, effort='"small"'), full=False) == {"enough-tiny"}
    assert of_bank(english, bank(12), full=False) == set()


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        (bank(39), {"enough", "sizes"}),
        (bank(40), {"sizes"}),
        (bank(40, avoid='"food"').replace('avoid = "food"\n', "", 11), {"sizes", "enough-left"}),
        (bank(40, part='"evening"').replace('part = "evening"\n', "", 11), {"sizes", "enough-left"}),
        (bank(40, part='"evening"').replace('part = "evening"\n', "", 12), {"sizes"}),
        (bank(40, opening="You could"), {"sizes", "openings"}),
    ],
)
def test_a_whole_bank_has_forty_of_every_size_for_every_hour_and_topic_in_varied_words(
    text: str, rules: set[str], english: Mapping[str, str]
) -> None:
    assert of_bank(english, text, full=True) == rules | {"enough-questions"}


@pytest.mark.parametrize("form", ["line", "number", "yes/no", "choice"])
def test_a_whole_bank_has_three_questions_of_every_form(form: str, english: Mapping[str, str]) -> None:
    text = english["en/rest.toml"]
    first = next(part for part in text.split("[[message]]") if f'ask = "{form}"' in part)

    whole, one_less = (
        of_bank(english, bank, full=True) for bank in (text, text.replace(f"[[message]]{first}", "", 1))
    )

    assert (whole, one_less) == (set(), {"enough-questions"})


def test_a_whole_bank_has_messages_that_only_keep_company(english: Mapping[str, str]) -> None:
    none = {path: text.replace("company = true\n", "") for path, text in english.items()}
    rules = {one.rule for one in lint(switched(none, "en", full=True)) if one.kind == "all"}
    assert "enough-company" in rules


def test_a_whole_bank_with_contacts_names_them_often_enough(english: Mapping[str, str]) -> None:
    naming = bank(19, effort='"small"', contact="true").replace(" x", " {{ contact.name }} x")
    support = bank(40) + naming.replace('"m', '"c')
    findings = lint(switched({**english, "en/support.toml": support}, "en", full=True))
    found = [one.message for one in findings if one.rule == "enough" and one.kind == "support"]
    assert found == ["has 19 messages with a contact; 20 are enough"]


def test_a_key_that_another_whole_language_lacks_is_found(sources: Mapping[str, str]) -> None:
    changed = sources["en/rest.toml"] + with_message("A quiet corner, for a bit.")
    findings = lint({**sources, "en/rest.toml": changed})
    assert {(one.language, one.rule) for one in findings if one.key == "added"} == {
        (language, "same-keys") for language in LANGUAGES if language != "en"
    }


@pytest.mark.parametrize("change", [('"tiny"', '"medium"'), ("\ntext", '\npart = "evening"\ntext')])
def test_a_key_means_the_same_step_at_the_same_hour_in_every_language(
    change: tuple[str, str], sources: Mapping[str, str]
) -> None:
    text = sources["es/rest.toml"]
    assert 'key = "sip-of-water"\neffort = "tiny"\n' in text
    start = text.index('key = "sip-of-water"')
    changed = text[:start] + text[start:].replace(*change, 1)
    (finding,) = lint({**sources, "es/rest.toml": changed})
    assert (finding.language, finding.rule, finding.key) == ("es", "same-tags", "sip-of-water")


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
        ('[[rule]]\nname = "x"', "expected name, instead, words and finds"),
        ("[[", "is not valid TOML"),
    ],
)
def test_a_faulty_tone_file_says_where_and_what(text: str, said: str, english: Mapping[str, str]) -> None:
    with pytest.raises(WordingError, match=r"en/tone.toml:\d+:\d+: ") as raised:
        lint({**english, "en/tone.toml": text})
    assert said in str(raised.value)
