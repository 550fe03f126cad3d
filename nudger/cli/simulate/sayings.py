"""What simulated people text, in their languages, and what they mean by it.

The meaning is theirs, and what the referee goes by. That nudger understands it so is held by a test.
"""

from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum


class Means(StrEnum):
    """What a person wants."""

    DONE = "done"
    SKIP = "skip"
    SNOOZE = "snooze"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    START = "start"
    LESS = "less"
    MORE = "more"
    NOW = "now"
    CRISIS = "crisis"
    NONSENSE = "unknown"


@dataclass(frozen=True, slots=True)
class Saying:
    """One text. `span`: how long from now; `wall`: that time tomorrow."""

    text: str
    means: Means
    span: timedelta | None = None
    wall: time | None = None


HOUR, TWO_HOURS, THREE_DAYS = timedelta(hours=1), timedelta(hours=2), timedelta(days=3)

LATER = {
    "en": Saying("later", Means.SNOOZE, span=HOUR),
    "es": Saying("luego", Means.SNOOZE, span=HOUR),
    "fr": Saying("plus tard", Means.SNOOZE, span=HOUR),
}
IN_TWO_HOURS = {
    "en": Saying("2h", Means.SNOOZE, span=TWO_HOURS),
    "es": Saying("en dos horas", Means.SNOOZE, span=TWO_HOURS),
    "fr": Saying("dans deux heures", Means.SNOOZE, span=TWO_HOURS),
}
TOMORROW = {
    "en": Saying("tomorrow at 9", Means.SNOOZE, wall=time(9)),
    "es": Saying("mañana a las 9", Means.SNOOZE, wall=time(9)),
    "fr": Saying("demain à 9h", Means.SNOOZE, wall=time(9)),
}
DONE = {
    "en": Saying("Done, thanks", Means.DONE),
    "es": Saying("hecho", Means.DONE),
    "fr": Saying("fait", Means.DONE),
}
SKIP = {
    "en": Saying("skip", Means.SKIP),
    "es": Saying("saltar", Means.SKIP),
    "fr": Saying("passer", Means.SKIP),
}
PAUSE_HOURS = {
    "en": Saying("pause 2h", Means.PAUSE, span=TWO_HOURS),
    "es": Saying("pausa 2 horas", Means.PAUSE, span=TWO_HOURS),
    "fr": Saying("pause 2 heures", Means.PAUSE, span=TWO_HOURS),
}
PAUSE_DAYS = {
    "en": Saying("pause 3 days", Means.PAUSE, span=THREE_DAYS),
    "es": Saying("pausa 3 días", Means.PAUSE, span=THREE_DAYS),
    "fr": Saying("pause 3 jours", Means.PAUSE, span=THREE_DAYS),
}
RESUME = {
    "en": Saying("RESUME", Means.RESUME),
    "es": Saying("seguir", Means.RESUME),
    "fr": Saying("reprendre", Means.RESUME),
}
STOP = {
    "en": Saying("STOP", Means.STOP),
    "es": Saying("Baja", Means.STOP),
    "fr": Saying("ARRÊT", Means.STOP),
}
START = dict.fromkeys(("en", "es", "fr"), Saying("START", Means.START))
YES = {
    "en": Saying("Yes", Means.START),
    "es": Saying("sí", Means.START),
    "fr": Saying("oui", Means.START),
}
LESS = {
    "en": Saying("LESS", Means.LESS),
    "es": Saying("menos", Means.LESS),
    "fr": Saying("moins", Means.LESS),
}
MORE = {
    "en": Saying("MORE", Means.MORE),
    "es": Saying("más", Means.MORE),
    "fr": Saying("plus", Means.MORE),
}
NOW = {
    "en": Saying("NOW", Means.NOW),
    "es": Saying("ahora", Means.NOW),
    "fr": Saying("maintenant", Means.NOW),
}
CRISIS = {
    "en": Saying("I want to die", Means.CRISIS),
    "es": Saying("quiero morir", Means.CRISIS),
    "fr": Saying("je veux mourir", Means.CRISIS),
}
NONSENSE = {
    "en": Saying("purple elephants", Means.NONSENSE),
    "es": Saying("elefantes morados", Means.NONSENSE),
    "fr": Saying("des éléphants violets", Means.NONSENSE),
}
ALL = (
    LATER,
    IN_TWO_HOURS,
    TOMORROW,
    DONE,
    SKIP,
    PAUSE_HOURS,
    PAUSE_DAYS,
    RESUME,
    STOP,
    START,
    YES,
    LESS,
    MORE,
    NOW,
    CRISIS,
    NONSENSE,
)
