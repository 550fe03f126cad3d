"""What is a danger however it goes on, and what only sounds like one, in the three languages."""

import pytest

from nudger.replies import CrisisKind, Intent
from tests.support.replies import alarmed_by

WISHES = {
    "en": ("I want to die", "i just want to die", "I wanna die", "I really want to be dead"),
    "es": ("quiero morir", "me quiero morir", "ya quiero morirme"),
    "pt": ("quero morrer", "eu queria morrer", "quero me matar"),
    "fr": ("je veux mourir", "j'ai envie de mourir", "je voudrais être morte"),
}
TAILS = {
    "en": ("", "in the rain", "at home", "here in the kitchen", "tonight", "before christmas", "with my dog",
           "mum", "of an overdose", "so much", "by the sea"),
    "es": ("", "bajo la lluvia", "en casa", "esta noche", "antes de navidad", "con mi perro", "mamá",
           "de una sobredosis", "junto al mar"),
    "pt": ("", "na chuva", "em casa", "hoje à noite", "antes do natal", "com meu cachorro", "mãe",
           "de overdose", "perto do mar"),
    "fr": ("", "sous la pluie", "chez moi", "ce soir", "avant noël", "avec mon chien", "maman",
           "d'une overdose", "au bord de la mer"),
}  # fmt: skip
FIGURES = [
    ("en", "I want to die of embarrassment"),
    ("en", "could have died laughing"),
    ("en", "i nearly died of boredom in that meeting"),
    ("en", "that cake was to die for"),
    ("es", "me quiero morir de vergüenza"),
    ("es", "casi me muero de risa"),
    ("es", "me muero por un café"),
    ("es", "me muero de ganas de verte"),
    ("pt", "quero morrer de vergonha"),
    ("pt", "quase morri de rir"),
    ("pt", "tô morta de cansaço, depois"),
    ("fr", "je veux mourir de honte"),
    ("fr", "j'ai failli mourir de rire"),
    ("fr", "je meurs d'ennui dans cette réunion"),
    ("fr", "morte de fatigue, plus tard"),
]


def person(here, language):
    return here.__class__(here.words, language=language)


@pytest.mark.parametrize("mark", [" ", ", ", "... "])
@pytest.mark.parametrize(
    ("language", "wish", "tail"),
    [(code, wish, tail) for code, some in WISHES.items() for wish in some for tail in TAILS[code]],
)
def test_a_wish_to_die_is_a_crisis_whatever_place_time_or_company_follows(language, wish, tail, mark, here):
    assert person(here, language).read(f"{wish}{mark}{tail}").intent is Intent.CRISIS


@pytest.mark.parametrize(("language", "text"), FIGURES)
def test_a_figure_of_speech_alarms_nobody(language, text, here):
    assert not alarmed_by(person(here, language).read(text))


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "j'ai fait une tentative la semaine dernière"),
        ("fr", "j'ai fait une TS il y a un mois"),
        ("fr", "j'ai essayé de me tuer hier"),
        ("fr", "mets tout en pause, je prends les cachets ce soir"),
        ("fr", "fini, j'ai avalé tous mes cachets"),
        ("es", "intenté matarme la semana pasada"),
        ("es", "tuve un intento la semana pasada"),
        ("es", "he intentado quitarme la vida"),
        ("es", "pausa todo, me tomo las pastillas esta noche"),
        ("es", "hecho, me tomé todas las pastillas"),
        ("en", "pause it all, im taking the pills tonight"),
        ("en", "i made an attempt last week"),
    ],
)
def test_an_attempt_and_a_plan_beside_a_command_are_crises_and_obeyed_by_nobody(language, text, here):
    found = person(here, language).read(text)

    assert found.intent is Intent.CRISIS
    assert found.danger in {CrisisKind.SELF, CrisisKind.TAKEN}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "j'ai pris mes cachets pour la tension"),
        ("fr", "j'ai fait une promenade"),
        ("es", "me tomé las pastillas de la tensión"),
        ("es", "di un paseo"),
    ],
)
def test_medicine_as_prescribed_and_small_deeds_hold_nobody(language, text, here):
    assert not person(here, language).read(text).crisis


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "me tomé todas las pastillas de la tensión"),
        ("fr", "j'ai pris tous mes cachets pour la tension"),
    ],
)
def test_all_of_a_medicine_is_not_as_prescribed(language, text, here):
    assert alarmed_by(person(here, language).read(text))
