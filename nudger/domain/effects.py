"""What a reply or an operator does to a person: decided by pure code, applied in one transaction. First the
instants that nudger takes from anybody.

What lies outside no calendar, zone or sum may be able to reach. Year 9999 in London is year 10000 in Tokyo,
which Python has no date for; one such instant, once it is kept, is a fault each time that it is looked at.
So whatever comes in (from the API, a link, a person's own page, a reply, a provider, a plan, a command line)
goes through here. Whoever decides an effect has seen to it; an instant that cannot be reckoned with is a
fault here, before anything of it is kept.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from nudger.domain.model import ChannelName, Kind, Outcome

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, tzinfo=UTC)
YEARS = f"the years {FIRST.year} to {LAST.year}"
FARTHEST = timedelta(days=3660)  # how far ahead anything may be put off: ten years


def computable(at: datetime) -> bool:
    """Tells whether an instant, with its offset, can be reckoned with in every zone."""
    return at.tzinfo is not None and FIRST <= at <= LAST


def computable_date(day: date) -> bool:
    """Tells the same of a local date."""
    return FIRST.date() <= day <= LAST.date()


def checked(at: datetime) -> datetime:
    """Returns the instant, for what is about to be done, kept or shown. Raises ValueError where it cannot be
    reckoned with."""
    if not computable(at):
        raise ValueError(f"expected an instant of {YEARS}, with its offset")
    return at


def checked_end(at: datetime | None) -> datetime | None:
    """Checks the same of an end that may be open."""
    return None if at is None else checked(at)


def nearest(at: datetime) -> datetime:
    """Returns the nearest instant that can be reckoned with, in UTC, for what others say of their own clocks.
    Without an offset it is taken for UTC."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max(aware, FIRST), LAST).astimezone(UTC)


def reachable(at: datetime, now: datetime) -> datetime:
    """Bounds what a person names in words: FARTHEST ahead at most, and the answer says until when."""
    return min(at, now + FARTHEST)


def stated(text: str, otherwise: datetime) -> datetime:
    """Returns the instant that was written down; `otherwise` where nothing legible is."""
    try:
        return checked(datetime.fromisoformat(text))
    except ValueError:
        return otherwise


@dataclass(frozen=True, slots=True)
class Snooze:
    """The bound nudge comes again at `until`; a snooze of it that is still waiting is replaced."""

    occurrence: int
    until: datetime

    def __post_init__(self) -> None:
        checked(self.until)


@dataclass(frozen=True, slots=True)
class Settle:
    """The bound nudge is done or skipped; a snooze of it that is still waiting is cancelled."""

    occurrence: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Pause:
    """No nudges until `until`, or until Resume where it is None."""

    until: datetime | None

    def __post_init__(self) -> None:
        checked_end(self.until)


@dataclass(frozen=True, slots=True)
class GoAway:
    """No nudges from one instant until another one."""

    begins: datetime
    until: datetime

    def __post_init__(self) -> None:
        if checked(self.begins) >= checked(self.until):
            raise ValueError("days away end later than they begin")


@dataclass(frozen=True, slots=True)
class Hours:
    """No nudges before this wall time, and none from that one on; both None: as the plan has it."""

    earliest: time | None
    latest: time | None


@dataclass(frozen=True, slots=True)
class Undo:
    """The person's last command is taken back, as far as what it did still stands. What is said in its place
    follows it."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Ends a pause, with the days away that they are in, and a crisis hold with it where `lifts` says so: the
    person's own RESUME does. Where nothing is quiet now it ends the days away that are to come."""

    lifts: bool = True


@dataclass(frozen=True, slots=True)
class OptOut:
    """No more messages on these channels; what waits and has no other channel is cancelled."""

    channels: frozenset[ChannelName]
    how: str  # "texted STOP", "provider said 21610"


@dataclass(frozen=True, slots=True)
class OptIn:
    """Consent, given by the person in words; what is still to come today is laid out again."""

    channels: frozenset[ChannelName]
    how: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A crisis hold: everything planned, snoozed or retrying is cancelled; it stands until Resume."""


@dataclass(frozen=True, slots=True)
class Rate:
    """LESS and MORE: so many times half of the nudges in the plan."""

    fewer: int


@dataclass(frozen=True, slots=True)
class LowDays:
    """Only tiny messages until then; None ends it."""

    until: datetime | None

    def __post_init__(self) -> None:
        checked_end(self.until)


@dataclass(frozen=True, slots=True)
class Reached:
    """The person was in touch with this contact."""

    contact: str


@dataclass(frozen=True, slots=True)
class Tell:
    """One notice to the trusted contact, in words that quote nothing."""

    contact: str
    text: str


@dataclass(frozen=True, slots=True)
class Untell:
    """The person withdraws this opt-in to notices; one that waits is cancelled."""

    record: str


@dataclass(frozen=True, slots=True)
class Keep:
    """What the person has said is kept for them: their answer to an ask, or their own words."""

    occurrence: int  # the nudge that it answers, or follows
    words: str
    value: int | bool | str | None = None  # of an answer, in the form that was asked for
    form: str | None = None  # of the ask; None: their own words
    question: str = ""  # as it was put


@dataclass(frozen=True, slots=True)
class Ask:
    """One nudge of this kind (None: of the plan's next nudge) now."""

    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A text back to the person, on the channel on which they wrote, in quiet hours too."""

    text: str
    key: str = ""  # which of nudger's texts
    at: datetime | None = None  # not before; None: at once


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No text back, and why: for the person's log."""

    why: str


Effect = (
    Snooze
    | Settle
    | Pause
    | GoAway
    | Hours
    | Resume
    | OptOut
    | OptIn
    | Hold
    | Rate
    | LowDays
    | Reached
    | Tell
    | Untell
    | Keep
    | Ask
    | Undo
    | Answer
    | Unanswered
)


NOBODYS = "an automatic reply"  # why one is unanswered that no person wrote


class Need(StrEnum):
    """Why a text needs a person, the gravest first."""

    CRISIS = "crisis"
    CONCERN = "concern"
    PERSON = "person"  # it asks for one: "can someone call me please?"


@dataclass(frozen=True, slots=True)
class Response:
    """What was understood, and everything that follows from it."""

    intent: str
    until: datetime | None = None
    effects: tuple[Effect, ...] = ()
    needs: Need | None = None  # a person, besides

    @property
    def is_sign(self) -> bool:
        """Tells whether a person wrote what it responds to."""
        return Unanswered(NOBODYS) not in self.effects

    def __post_init__(self) -> None:
        checked_end(self.until)
