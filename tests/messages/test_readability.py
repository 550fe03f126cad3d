"""How easy a text is to read, by the formula of its language: data of its tone.toml."""

from collections.abc import Mapping

import pytest

from nudger.messages.bank.source import Source
from nudger.messages.lint.tone import Formula, Tone, faults_of_formula, sentences

ENGLISH = """the:1 like:1 little:2 table:2 asked:1 wanted:2 movement:2 something:2 quiet:2 idea:3 people:2
    being:2 anything:3 picture:2 enough:2 library:3 emergency:4 automated:4 message:2 dishes:2 minutes:2
    likes:1 places:2 video:3 radio:3 station:2 special:2 musical:3 usual:3 safely:2 whole:1 able:2 ease:1
    easy:2 friend:1 worried:2 tired:1 thoughts:1 counsellor:3 listening:3 nothing:2 thing:1 breathe:1"""
SPANISH = """hoy:1 mañana:3 quieres:2 agua:2 música:3 día:2 tiempo:2 siguiente:3 aire:2 leer:2 cuidarte:3
    guitarra:3 cigüeña:3 muy:1 y:1 automático:5 alegría:4 país:2 idea:3 cuerpo:2 ya:1"""
FRENCH = """vous:1 voulez:2 petite:2 minute:2 chose:1 musique:2 lumière:2 réalité:4 peuvent:1 eau:1
    respirer:3 maintenant:3 yeux:1 quelque:1 fenêtre:2 naïf:2 le:1 les:1 oreille:2 pieds:1"""


def formula(sources: Mapping[str, str], language: str) -> Formula:
    tone = Tone.parse(Source("tone.toml", sources[f"{language}/tone.toml"]))
    assert isinstance(tone, Tone)
    assert tone.formula is not None
    return tone.formula


@pytest.mark.parametrize(("language", "words"), [("en", ENGLISH), ("es", SPANISH), ("fr", FRENCH)])
def test_syllables_are_counted_as_spoken(language: str, words: str, sources: Mapping[str, str]) -> None:
    expected = {word: int(number) for word, number in (pair.split(":") for pair in words.split())}
    count = formula(sources, language).syllables
    assert {word: count(word) for word in expected} == expected


def test_a_text_is_read_sentence_by_sentence() -> None:
    text = "One, two: three. Four? ¿Cinco y seis?\n\nIt's self-made..."
    assert sentences(text) == [
        ["One", "two", "three"],
        ["Four"],
        ["Cinco", "y", "seis"],
        ["It's", "self-made"],
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        # 6 words, 1 sentence, 6 syllables: 0.39 * 6 + 11.8 - 15.59
        ("en", "The cat sat on the mat.", -1.45),
        # 6 words, 9 syllables: 206.84 - 90 - 6.12 = 110.72
        ("es", "El gato duerme en la cama.", 1.93),
        # 6 words, 7 syllables: 207 - 6.09 - 85.87 = 115.04
        ("fr", "Le chat dort sur le tapis.", 1.50),
    ],
)
def test_the_grade_is_that_of_the_languages_formula(
    language: str, text: str, expected: float, sources: Mapping[str, str]
) -> None:
    assert formula(sources, language).grade([text]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("language", "easy", "hard"),
    [
        ("en", "You could rest a bit.", "Professional organisations recommend systematic documentation."),
        ("es", "Puedes descansar un rato.", "Las organizaciones recomiendan documentación sistemática."),
        (
            "fr",
            "Vous pouvez dormir un peu.",
            "Les organisations recommandent une documentation systématique.",
        ),
    ],
)
def test_long_words_read_as_harder(language: str, easy: str, hard: str, sources: Mapping[str, str]) -> None:
    grade = formula(sources, language).grade
    assert (grade([easy]) or 0) < 8 < (grade([hard]) or 0)


def test_no_words_have_no_grade(sources: Mapping[str, str]) -> None:
    assert formula(sources, "en").grade(["", "..."]) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"per_word": "much"}, "expected a number for per_word, got 'much'"),
        ({"scale": "stars"}, 'expected scale = "grade" or "ease", got \'stars\''),
        ({"syllable": "["}, "expected a regular expression for syllable, got '['"),
        ({"rewrite": ["qu"]}, "expected rewrite as pairs"),
        ({"rewrite": [["[", ""]]}, "has a rewrite that is no regular expression"),
        ({"vowels": "a"}, "expected a table of rewrite, syllable"),
    ],
)
def test_a_faulty_formula_says_what_is_wrong(change: dict[str, object], said: str) -> None:
    good = {"per_word": 1, "per_syllable": 1, "constant": 0, "scale": "grade", "syllable": "a"}
    assert list(faults_of_formula(good)) == []
    assert any(said in fault for fault in faults_of_formula({**good, **change}))
