"""What a reply or an operator does to a person: decided by pure code, applied in one transaction.

Whoever decides it has seen to it that each instant is one to reckon with; one that is not is a fault here,
before anything of it is kept.
"""

from dataclasses import dataclass
from datetime import datetime

from nudger.domain.model import ChannelName, Kind, Outcome
from nudger.domain.reach import checked, checked_end


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
class Resume:
    """Ends a pause, and a crisis hold with it where `lifts` says so: the person's own RESUME does."""

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
    | Resume
    | OptOut
    | OptIn
    | Hold
    | Rate
    | LowDays
    | Reached
    | Tell
    | Untell
    | Ask
    | Answer
    | Unanswered
)


@dataclass(frozen=True, slots=True)
class Response:
    """What was understood, and everything that follows from it."""

    intent: str
    until: datetime | None = None
    effects: tuple[Effect, ...] = ()

    def __post_init__(self) -> None:
        checked_end(self.until)
