"""What a reply can mean."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from nudger.domain.model import Kind
from nudger.replies.time.resolution import LONGEST_SNOOZE, Now


class Intent(StrEnum):
    """What a person wants; the order is the order of precedence where it matters."""

    STOP = "stop"
    START = "start"
    CRISIS = "crisis"  # sure: helplines, and a hold
    CONCERN = "concern"  # perhaps: helplines, and a quiet day
    ANSWER = "answer"  # to an open ask
    SNOOZE = "snooze"
    DONE = "done"
    SKIP = "skip"
    PAUSE = "pause"
    AWAY = "away"  # a pause with a start and an end
    TODAY = "today"  # quiet until tomorrow
    RESUME = "resume"
    UNDO = "undo"  # takes the last command back
    NOW = "now"
    PLAN = "plan"
    LINK = "link"
    LESS = "less"
    MORE = "more"
    TINY = "tiny"
    HOURS = "hours"  # the earliest and the latest that is wanted
    TRAVEL = "travel"  # another zone until then
    MET = "met"  # was in touch with somebody
    LIKE = "like"
    DISLIKE = "dislike"
    UNTELL = "untell"
    WHO = "who"  # who sends this
    HELP = "help"
    SAID = "said"  # their own words
    UNKNOWN = "unknown"


class CrisisKind(StrEnum):
    """What kind of danger a text speaks of. Of several the first counts."""

    TAKEN = "taken"  # something was taken or done already
    DANGER = "danger"  # somebody else does them harm, threatens them, keeps them in
    OTHER = "other"  # somebody else's life or safety
    SELF = "self"  # suicide, self-harm


@dataclass(frozen=True, slots=True)
class Understood:
    """A reply, understood."""

    intent: Intent
    until: datetime | None = None  # snooze, undo, today: when it comes again; pause, away, travel: its end
    moved: bool = False  # the time asked for lies in quiet hours: `until` is their end
    everywhere: bool = False  # STOP ALL: every channel
    crisis: bool = False  # set on every crisis, and on a stop that is one too ("STOP, I want to die")
    concern: bool = False  # the same of a concern
    danger: CrisisKind | None = None  # of a crisis or a concern
    kind: Kind | None = None  # NOW REST
    asked: datetime | None = None  # snooze, and undo to one: the time as asked for, before it was moved
    begins: datetime | None = None  # away: its start
    earliest: time | None = None  # hours: wall times of the person's zone
    latest: time | None = None
    zone: str | None = None  # travel: the name of the zone
    contacts: tuple[str, ...] = ()  # met: who it was, or the names of those who may be meant
    value: int | bool | str | None = (
        None  # answer: a number, yes or no, the plan's own word, the words of a line
    )
    automatic: bool = False  # no person typed it (a tap without a meaning, an automatic reply): not answered
    agrees: bool | None = None  # to the question for consent, where that is open and the answer is clear
    tapped: int | None = None  # which of our messages it is a tap on


UNKNOWN = Understood(Intent.UNKNOWN)


def plainly(intent: Intent, now: Now) -> Understood:
    """An intent without a word about time: a snooze is the nudge's own."""
    return snoozed_to(now.at + now.snooze, now) if intent is Intent.SNOOZE else Understood(intent)


def snoozed_to(at: datetime, now: Now) -> Understood:
    """A snooze to this instant: moved out of quiet hours, a pause where it is longer than a snooze is."""
    if at - now.at > LONGEST_SNOOZE:
        return Understood(Intent.PAUSE, until=at)
    until = now.after_quiet(at)
    return Understood(Intent.SNOOZE, until=until, moved=until != at, asked=at)


# --- until delivery acts on them ----------------------------------------------------------------------
# What the newer intents are to a daemon that has no effects for them yet: what such texts were to it before
# they had a name. Each line goes when delivery has its effect; the last one takes `as_today` with it.
_TODAY = {
    Intent.TRAVEL: Intent.UNKNOWN,
    Intent.LIKE: Intent.DONE,
    Intent.DISLIKE: Intent.SKIP,
}


def as_today(understood: Understood) -> Understood:
    """The same in the intents that delivery acts on so far."""
    meant = _TODAY.get(understood.intent)
    if meant is None:
        return understood
    return Understood(
        meant,
        concern=understood.concern,  # is answered however much else was
        danger=understood.danger,
        automatic=understood.automatic,
        value=understood.value,  # of an ask, beside it
    )
