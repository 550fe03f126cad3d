"""Which texts need a person: danger, and words that ask for somebody to call or to talk. Pure.

A program must not be what such words end in: the operator is told of them (`operations.attention`). The rules
are few and plain: what they miss is still on the page of replies, and what they find too much costs a look.
They run over a text without accents, in small letters, in the language of the plan and in English.
"""

import re

from nudger.domain.effects import Need
from nudger.replies import Intent, Understood
from nudger.replies.language.normalisation import fold

_WHO = {
    "en": r"(?:some(?:one|body)|any(?:one|body)|a (?:real |live |human )?(?:person|human|being|nurse|doctor"
    r"|therapist|counsell?or|social worker|case ?worker|peer|member of staff)|(?:my|the|your) (?:nurse|doctor"
    r"|therapist|counsell?or|social worker|case ?worker|key ?worker|care team|team|staff))",
    "es": r"(?:alguien|una persona|un humano|(?:un|una|mi|el|la) (?:terapeuta|medic[oa]|doctora?|enfermer[oa]"
    r"|psicolog[oa]|psiquiatra|trabajador(?:a)? social|consejer[oa]|equipo))",
    "fr": r"(?:quelqu.?un|une (?:vraie )?personne|un humain|un etre humain|(?:un|une|mon|ma|le|la) (?:medecin"
    r"|docteur|infirmiere?|psy|psychologue|psychiatre|therapeute|conseillere?|assistante? sociale?|equipe))",
    "pt": r"(?:alguem|uma pessoa|um humano|(?:um|uma|meu|minha|o|a) (?:terapeuta|medic[oa]|doutora?"
    r"|enfermeir[oa]|psicolog[oa]|psiquiatra|assistente social|conselheir[oa]|equipe))",
}
# "Call me Sam" is a name.
_CALL_ENDS = (
    r"(?= ?$| ?[.,!?;)]| (?:please|back|now|today|tonight|tomorrow|asap|soon|when|whenever|if|at|on|later))"
)
_RULES = {
    "en": (
        rf"\b(?:can|could|would|will) (?:{_WHO['en']}|you|u) (?:please )?(?:call|ring|phone|visit|contact"
        r"|talk to|speak (?:to|with)|get in touch with|reach out to) (?:me|us)\b",
        rf"\b(?:call|ring|phone) me{_CALL_ENDS}",
        r"\bgive (?:me|us) a (?:call|ring)\b",
        r"\b(?:need|want|like|wish|have|love|try|possible|able) to (?:talk|speak|chat) (?:to|with) "
        rf"{_WHO['en']}",
        rf"\b(?:can|could|may|let me) (?:i )?(?:talk|speak|chat) (?:to|with) {_WHO['en']}",
        rf"\b(?:need|want) {_WHO['en']} to (?:call|ring|phone|talk|speak|come|help)\b",
        r"\b(?:need|want) a (?:call ?back|phone call|real person|human)\b",
        r"\bis (?:there )?(?:any|some)(?:one|body) (?:really )?(?:there|reading)\b",
    ),
    "es": (
        r"\b(?:puede[ns]?|podri[a]n?|podrias?|podeis|quiere[ns]?)(?: alguien| ustedes| usted)?(?: por favor)?"
        r" (?:llamar|telefonear|contactar|visitar)me\b",
        r"\bme (?:puede[ns]?|podri[a]n?|podrias?|podeis) (?:llamar|telefonear|contactar|visitar)\b",
        r"\b(?:llameme|llamenme|llamame|llamadme)\b",
        rf"\b(?:necesito|quiero|quisiera|querria|me gustaria|puedo|podria|tengo que) hablar con {_WHO['es']}",
        rf"\b(?:necesito|quiero) (?:que )?{_WHO['es']} (?:me llame|con quien hablar|que me llame)\b",
        r"\bnecesito (?:una llamada|que me llamen)\b",
        r"\bhay alguien (?:ahi|leyendo)\b",
    ),
    "fr": (
        r"\b(?:peut|peux|pouvez|pourrait|pourriez|pourrais|veut|voulez)(?:[- ](?:on|tu|vous|il))?"
        r"(?: (?:quelqu.?un|s.?il (?:vous|te) plait|svp|stp))? (?:m.?(?:r?appeler|telephoner|contacter)"
        r"|me (?:r?appeler|telephoner|contacter|joindre|parler))\b",
        r"\b(?:appelez|appelle|telephonez|telephone)[- ]moi\b",
        # With a time it says "remind me".
        r"\brappel(?:ez|le)[- ]moi(?= ?$| ?[.,!?;)]| (?:s.il|svp|stp|vite|vous|des que))",
        rf"\b(?:besoin|envie) de parler (?:a|avec) {_WHO['fr']}",
        r"\b(?:veux|voudrais|aimerais|souhaite|puis-je|peux|dois|pourrais-je) parler (?:a|avec) "
        rf"{_WHO['fr']}",
        r"\b(?:besoin|veux|voudrais) (?:qu.?on|que quelqu.?un) (?:me|m.?) ?(?:r?appelle|parle|telephone)\b",
        r"\by a-?t-?il quelqu.?un\b|\bil y a quelqu.?un\b",
    ),
    "pt": (
        r"\b(?:pode[m]?|poderia[m]?|podes)(?: alguem| voces?)?(?: por favor)? (?:me )?(?:ligar|telefonar)\b",
        r"\bme (?:liga|ligue|liguem|telefona|telefone)\b",
        r"\b(?:liga|ligue|liguem)[- ](?:me|pra mim|para mim)\b",
        rf"\b(?:preciso|quero|queria|gostaria de|posso|poderia) (?:falar|conversar) com {_WHO['pt']}",
        r"\bpreciso (?:de uma ligacao|que me liguem|que alguem me ligue)\b",
        r"\btem alguem ai\b",
    ),
}
# "Please don't call me", "no hace falta que hablar con": right before what asks.
_NOT = {
    "en": r"(?:\b(?:don.?t|do not|dont|didn.?t|never|not|no need|no one|nobody|stop|without)(?: \w+){0,2} "
    r"|\b(?:they|people|he|she|who) )$",
    "es": r"(?:\b(?:no|nunca|nadie|sin)(?: \w+){0,2} )$",
    "fr": r"(?:\b(?:pas|jamais|personne|sans|plus)(?: \w+){0,2} )$",
    "pt": r"(?:\b(?:nao|nunca|ninguem|sem)(?: \w+){0,2} )$",
}
_ASKS = {language: re.compile("|".join(rules)) for language, rules in _RULES.items()}
_DENIES = {language: re.compile(rule) for language, rule in _NOT.items()}
_BEFORE = 40  # characters in which a denial is looked for


def need_of(understood: Understood, text: str, language: str) -> Need | None:
    """Returns why a text needs a person; None where it does not, or where no person has typed it."""
    if understood.crisis or understood.intent is Intent.CRISIS:
        return Need.CRISIS
    if understood.concern or understood.intent is Intent.CONCERN:
        return Need.CONCERN
    return Need.PERSON if not understood.automatic and asks_for_a_person(text, language) else None


def asks_for_a_person(text: str, language: str) -> bool:
    """Tells whether these words ask for somebody to call, to come, or to talk."""
    plain = _plain(text)
    return any(_asks(plain, one) for one in dict.fromkeys((language, "en")) if one in _ASKS)


def _asks(plain: str, language: str) -> bool:
    return any(
        not _DENIES[language].search(plain[max(0, found.start() - _BEFORE) : found.start()])
        for found in _ASKS[language].finditer(plain)
    )


def _plain(text: str) -> str:
    """In small letters, without accents, with one space between words."""
    return re.sub(r"[\s¿¡]+", " ", fold(text)).strip()
