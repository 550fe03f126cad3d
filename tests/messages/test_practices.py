"""The practices that nudger is for, each found in the messages of each language."""

import re
import tomllib
from collections.abc import Mapping

import pytest

from nudger.domain.model import Kind

# What each practice is called: kinds, and a word or two in English, Spanish, French and Portuguese.
PRACTICES = {
    "warm baths": ("rest", r"\bbath", r"\bbaño", r"\bbain\b", r"\bbanho"),
    "calming music": ("rest", r"calm song", r"canción tranquila", r"chanson douce", r"música calma"),
    "sleep": ("rest", r"\bsleep\b|go to bed", r"dormir", r"dormir|coucher", r"dormir|sono"),
    "resting in between": ("rest", r"lying down|lie down", r"quietos", r"sans rien faire", r"sem fazer nada"),
    "gentle yoga": ("movement", r"gentle yoga", r"yoga suave", r"yoga doux", r"yoga suave"),
    "walking": ("movement", r"\bwalk", r"paseo|caminar", r"balade|marcher", r"passeio|caminhar"),
    "dancing": ("movement", r"\bdanc", r"bailar", r"danser", r"dançar"),
    "sport": ("movement", r"\bsport\b", r"deporte", r"\bsport\b", r"esporte"),
    "journaling": (
        "reflection",
        r"write .*(line|ten minutes)",
        r"escribir",
        r"écrire",
        r"escrever|escrevendo",
    ),
    "reflecting": (
        "reflection",
        r"matters to you",
        r"te importa",
        r"compte pour (vous|toi)",
        r"importa para você",
    ),
    "meditation": ("mindfulness", r"meditation", r"meditar", r"méditation", r"meditar"),
    "breathing": ("mindfulness", r"breath", r"respira", r"respirations|souffle", r"respir"),
    "art": ("creative", r"\bdraw\b|paint", r"dibujar|pintar", r"dessiner|peinture", r"desenhar|tinta"),
    "noticing what sets numbness off": (
        "triggers",
        r"first sign",
        r"primera señal",
        r"premier signe",
        r"primeiro sinal",
    ),
    "kindness to oneself": (
        "compassion",
        r"kind to yourself|friend",
        r"tratar[ts]e bien",
        r"douceur pour vous",
        r"cuidar bem de si",
    ),
    "setbacks are part of it": (
        "compassion",
        r"setbacks are part",
        r"tropiezos son parte",
        r"font partie",
        r"tropeços fazem parte",
    ),
    "friends": (
        "support",
        r"friend|contact\.name",
        r"amistades|contact\.name",
        r"amis|contact\.name",
        r"amizades|contact\.name",
    ),
    "family": ("support", r"\bfamily", r"\bfamilia", r"\bfamille", r"\bfamília"),
    "groups": ("support", r"\bgroup\b", r"\bgrupo\b", r"\bgroupe\b", r"\bgrupo\b"),
    "therapy": ("care", r"counsellor", r"profesional", r"professionnel", r"profissional"),
}
# Outward and open: nobody is asked to go back to what hurt.
OUTWARD = {
    "en": r"you (see|look)|look around|press",
    "es": r"se ven|mirar alrededor|miro alrededor",
    "fr": r"regarder autour|regarde autour",
    "pt": r"olhar em volta|olho em volta",
}
LANGUAGES = ["en", "es", "fr", "pt"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("practice", PRACTICES)
def test_each_practice_has_messages_in_each_language(
    practice: str, language: str, sources: Mapping[str, str]
) -> None:
    kind, *called = PRACTICES[practice]
    texts = [message["text"] for message in messages(sources, language, kind)]

    pattern = re.compile(called[LANGUAGES.index(language)], re.IGNORECASE)

    assert any(pattern.search(text) for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_sets_numbness_off_is_met_with_the_eyes_open(language: str, sources: Mapping[str, str]) -> None:
    texts = " ".join(message["text"] for message in messages(sources, language, "triggers"))

    assert len(re.findall(OUTWARD[language], texts, re.IGNORECASE)) >= 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [kind.value for kind in Kind])
def test_each_kind_has_steps_of_every_size(kind: str, language: str, sources: Mapping[str, str]) -> None:
    efforts = {message["effort"] for message in messages(sources, language, kind)}

    assert efforts == {"tiny", "small", "medium"}


def messages(sources: Mapping[str, str], language: str, kind: str) -> list[dict[str, str]]:
    """Each message as it is said in every form of address, one after the other."""
    found = tomllib.loads(sources[f"{language}/{kind}.toml"])["message"]
    texts = (one["text"] if isinstance(one["text"], dict) else {"": one["text"]} for one in found)
    return [{**one, "text": " ".join(said.values())} for one, said in zip(found, texts, strict=True)]
