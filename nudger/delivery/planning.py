"""Plans as they were loaded, and days as they were laid out: values only."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from nudger.errors import Problem
from nudger.model import ChannelName, Kind, Person, Plan, Slot

# From when on a person may be asked for consent on a channel; None: not, until something changes.
AskFrom = Callable[[Person, ChannelName], datetime | None]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as it was loaded: what it came from, and a digest that changes when the plan does."""

    plan: Plan
    file: str
    digest: str


@dataclass(frozen=True, slots=True)
class PlanRead:
    """What was read of some plan files: of all that there are, or of those that an edit can reach."""

    files: Collection[str] | None  # this is all that there is in them; None: in all that there are
    plans: Sequence[PlanFile]  # of the people who are right
    people: Mapping[str, str]  # id -> file, of everyone in them, faulty ones included
    problems: Sequence[Problem]
    marks: Mapping[str, str] = field(default_factory=dict)  # file -> how it was when it was read
    lenders: Collection[str] = ()  # files that have something told in the file of another


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a load did: ids of people."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layable:
    """A person whose days are to be laid out."""

    person: Person
    laid_out_through: date | None  # None: never
    afresh: bool  # the plan changed, or START: what is planned for the future is replaced
    version: int = 0  # goes into LaidOut: one more with each reason to lay out afresh


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The days of one person, computed: slots with an instant to add, and when to come back."""

    person: str
    slots: tuple[Slot, ...]
    expires: Mapping[str, timedelta]  # nudge id -> how late it may be
    kinds: Mapping[str, Kind]
    through: date
    next_at: datetime
    afresh: bool
    version: int | None = None  # the Layable's; where it is no longer the person's, nothing is written
