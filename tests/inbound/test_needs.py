"""Which texts need a person: danger, and words that ask for one."""

import pytest

from nudger.domain.effects import Need
from nudger.inbound.needs import asks_for_a_person, need_of
from nudger.replies import CrisisKind, Intent, Understood
from nudger.replies.language.normalisation import LONGEST

ASKS = [
    ("en", "can someone call me please?"),
    ("en", "Could anybody ring me back today"),
    ("en", "Please call me."),
    ("en", "call me when you can"),
    ("en", "can you phone me, it's about my tablets"),
    ("en", "I need to talk to someone"),
    ("en", "i want to speak with a real person"),
    ("en", "would like to talk to my nurse"),
    ("en", "can i speak to the team"),
    ("en", "I need someone to talk to"),
    ("en", "is anyone there??"),
    ("en", "give me a call"),
    ("es", "¿Alguien me puede llamar, por favor?"),
    ("es", "¿podrían llamarme?"),
    ("es", "pueden ustedes llamarme hoy"),
    ("es", "Llámenme cuando puedan"),
    ("es", "necesito hablar con alguien"),
    ("es", "quisiera hablar con mi terapeuta"),
    ("es", "necesito que alguien me llame"),
    ("fr", "Est-ce que quelqu’un peut m’appeler ?"),
    ("fr", "pouvez-vous me rappeler svp"),
    ("fr", "Rappelez-moi s'il vous plaît"),
    ("fr", "appelle-moi"),
    ("fr", "j'ai besoin de parler à quelqu'un"),
    ("fr", "je voudrais parler à mon infirmière"),
    ("fr", "y a-t-il quelqu'un ?"),
    ("pt", "alguém pode me ligar, por favor?"),
    ("pt", "me liga quando puder"),
    ("pt", "preciso falar com alguém"),
    ("pt", "queria conversar com minha psicóloga"),
    ("pt", "tem alguém aí?"),
    ("es", "can someone call me"),  # whoever's plan is in Spanish may write in English
]
DOES_NOT = [
    ("en", "call me Sam"),
    ("en", "please don't call me"),
    ("en", "no need to call me back, all fine"),
    ("en", "nobody can talk to someone like that"),
    ("en", "they call me, and I let it ring"),
    ("en", "called my sister, it was good"),
    ("en", "stop texting me"),
    ("en", "I talked to someone at the bus stop"),
    ("es", "llamé a mi hermana"),
    ("es", "no necesito hablar con alguien"),
    ("fr", "rappelle-moi à 16h"),
    ("fr", "j'ai appelé ma mère"),
    ("fr", "pas besoin de parler à quelqu'un"),
    ("pt", "liguei para minha irmã"),
    ("pt", "não preciso falar com ninguém"),
    ("pt", "por favor não me liga"),
    ("en", ""),
    ("xx", "necesito hablar con alguien"),
]


@pytest.mark.parametrize(("language", "text"), ASKS)
def test_words_that_ask_for_a_person_are_heard(language: str, text: str) -> None:
    assert asks_for_a_person(text, language)
    assert asks_for_a_person(text.upper(), language)


@pytest.mark.parametrize(("language", "text"), DOES_NOT)
def test_words_that_ask_for_nobody_are_not(language: str, text: str) -> None:
    assert not asks_for_a_person(text, language)


def test_danger_is_what_a_text_needs_a_person_for_whatever_it_asks() -> None:
    text = "can someone call me please?"

    assert need_of(Understood(Intent.CRISIS, crisis=True, danger=CrisisKind.SELF), text, "en") is Need.CRISIS
    assert need_of(Understood(Intent.STOP, crisis=True), "stop, I want to die", "en") is Need.CRISIS
    assert need_of(Understood(Intent.SKIP, concern=True), text, "en") is Need.CONCERN
    assert need_of(Understood(Intent.UNKNOWN), text, "en") is Need.PERSON
    assert need_of(Understood(Intent.DONE), "done", "en") is None


def test_what_no_person_has_typed_asks_for_none() -> None:
    away = "I'm driving. Call me later."

    assert need_of(Understood(Intent.UNKNOWN, automatic=True), away, "en") is None


def test_a_text_of_any_length_takes_no_time() -> None:
    assert not asks_for_a_person("can someone " * 100_000, "en")
    assert not asks_for_a_person("a" * LONGEST + " call me", "en")
