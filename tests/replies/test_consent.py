"""Answers to the question whether nudger may write: a yes has to be clear, and a no is one."""

import pytest

from nudger.replies import Intent

YES = {
    "en": """
    ok | OK! | okay thanks | k | sure | sure, go ahead | Sure thing | yes | yeah go on | yep, sounds
    good | go for it | why not? | I'd like that | that would be nice | fine by me | count me in | please
    do | of course | let's try | I agree | perfect | great, thank you | ok let's go | no problem |
    absolutely | i'll give it a try
    """,
    "es": """
    vale | ok | sí | si, adelante | claro | claro que sí | de acuerdo, gracias | por qué no | me parece
    bien | acepto | está bien | adelante por favor | me gustaría | perfecto | probemos | con gusto
    """,
    "fr": """
    d'accord | ok | oui | oui merci | pourquoi pas ? | allez-y | bien sûr ! | volontiers | avec plaisir
    | ça marche | je veux bien | c'est parti | parfait | pas de souci | on essaie
    """,
    "pt": """
    sim | ok | beleza | claro que sim | pode mandar | aceito | quero sim | com certeza | tudo bem | bora
    """,
}
NO = {
    "en": "no | No thanks | nope | nah | I'd rather not | ok no | no thank you, not interested",
    "es": "no | no gracias | mejor no | prefiero que no | no me interesa",
    "fr": "non | non merci | sans façon | je préfère pas",
    "pt": "não | não obrigado | melhor não | prefiro não | não quero",
}
UNCLEAR = {
    "en": """
    thanks | thank you | hi | not sure | maybe | maybe later | ok but who is this | hm | later | done |
    not now | what is it | how much | ok i guess so but not today | I don't know | sure of what
    """,
    "es": "gracias | quién eres | no sé | luego | quizás | qué es esto | vale, pero quién eres",
    "pt": "obrigada | quem é você | não sei | depois | talvez | o que é isso",
    "fr": "merci | c'est qui | je ne sais pas | plus tard | peut-être | c'est quoi | ok mais qui êtes-vous",
}


def texts(by_language):
    return [
        pytest.param(text.strip(), language, id=f"{language} {text.strip()}")
        for language, some in by_language.items()
        for text in some.split("|")
    ]


def read(here, text, language):
    return here.__class__(here.words, language=language).read(text, asked_consent=True)


@pytest.mark.parametrize(("text", "language"), texts(YES))
def test_a_yes_is_a_yes(here, text, language):
    found = read(here, text, language)

    assert (found.intent, found.agrees) == (Intent.START, True)


@pytest.mark.parametrize(("text", "language"), texts(NO))
def test_a_no_is_no_yes_and_opts_out_or_is_said_to_be_one(here, text, language):
    found = read(here, text, language)

    assert found.intent is Intent.STOP or found.agrees is False


@pytest.mark.parametrize(("text", "language"), texts(UNCLEAR))
def test_what_is_unclear_is_neither(here, text, language):
    found = read(here, text, language)

    assert found.agrees is None
    assert found.intent not in (Intent.START, Intent.STOP)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("ok stop", Intent.STOP),
        ("STOP", Intent.STOP),
        ("sure, I want to die", Intent.CRISIS),
        ("START", Intent.START),
    ],
)
def test_what_counts_anyway_counts_while_the_question_is_open(here, text, intent):
    assert read(here, text, "en").intent is intent


@pytest.mark.parametrize("text", ["ok", "👍", "sure, go ahead", "no"])
def test_without_a_question_it_means_what_it_always_means(here, text):
    found = here.read(text)

    assert found.agrees is None
    assert found.intent is not Intent.STOP


@pytest.mark.parametrize(
    ("mark", "agrees"), [("👍", True), ("❤️", True), ("🙏🏿", True), ("👎", False), ("🤷", None)]
)
def test_emoji_and_taps_answer_too(here, mark, agrees):
    question = "Hi Maya, this is nudger. Reply YES to begin, LATER to put one off, HELP or STOP."
    tap = here.read(f"{mark} to “{question}”", ours=[question], asked_consent=True)

    assert (read(here, mark, "en").agrees, tap.agrees) == (agrees, agrees)
