"""What simulated people text, in their languages, and what they mean by it.

The words stand in sayings.toml, a table a language. The meaning is theirs, and what the referee goes by. That
nudger understands it so is held by a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from importlib.resources import files

import tomli


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
_TEXTS = tomli.loads((files(__package__) / "sayings.toml").read_text("utf-8"))
LANGUAGES = tuple(_TEXTS)


def _said(
    key: str, means: Means, span: timedelta | None = None, wall: time | None = None
) -> Mapping[str, Saying]:
    """One saying in each language."""
    return {language: Saying(texts[key], means, span, wall) for language, texts in _TEXTS.items()}


LATER = _said("later", Means.SNOOZE, span=HOUR)
IN_TWO_HOURS = _said("in_two_hours", Means.SNOOZE, span=TWO_HOURS)
TOMORROW = _said("tomorrow", Means.SNOOZE, wall=time(9))
DONE = _said("done", Means.DONE)
SKIP = _said("skip", Means.SKIP)
PAUSE_HOURS = _said("pause_hours", Means.PAUSE, span=TWO_HOURS)
PAUSE_DAYS = _said("pause_days", Means.PAUSE, span=THREE_DAYS)
RESUME = _said("resume", Means.RESUME)
STOP = _said("stop", Means.STOP)
START = _said("start", Means.START)
YES = _said("yes", Means.START)
LESS = _said("less", Means.LESS)
MORE = _said("more", Means.MORE)
NOW = _said("now", Means.NOW)
CRISIS = _said("crisis", Means.CRISIS)
NONSENSE = _said("nonsense", Means.NONSENSE)
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
