"""What a reply can mean."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nudger.model import Kind


class Intent(StrEnum):
    """What a person wants; the order is the order of precedence where it matters."""

    STOP = "stop"
    START = "start"
    CRISIS = "crisis"
    SNOOZE = "snooze"
    DONE = "done"
    SKIP = "skip"
    PAUSE = "pause"
    RESUME = "resume"
    NOW = "now"
    PLAN = "plan"
    LINK = "link"
    LESS = "less"
    MORE = "more"
    TINY = "tiny"
    UNTELL = "untell"
    HELP = "help"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Understood:
    """A reply, understood."""

    intent: Intent
    until: datetime | None = None  # snooze: when it comes again; pause: its end, None until RESUME
    moved: bool = False  # the time asked for lies in quiet hours: `until` is their end
    everywhere: bool = False  # STOP ALL: every channel
    crisis: bool = False  # set on every crisis, and on a stop that is one too ("STOP, I want to die")
    kind: Kind | None = None  # NOW REST
    automatic: bool = False  # no person typed it (a tap without a meaning, an automatic reply): not answered
    tapped: int | None = None  # which of our messages it is a tap on
    asked: datetime | None = None  # snooze: the time as asked for, before it was moved
