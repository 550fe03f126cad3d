"""Plans as they were loaded, when losing them is no edit, and days as they were laid out. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from nudger.errors import Problem
from nudger.model import ChannelName, Kind, Person, Plan, Slot

# From when on a person may be asked for consent on a channel; None: not, until something changes.
AskFrom = Callable[[Person, ChannelName], datetime | None]


# Of whom so many are gone by one look, an edit is less likely than a disk that is not mounted, a copy that
# broke off, or a spreadsheet that was saved empty.
FEW = 2  # people whose plans may always go
MANY = 10  # people of whom half may go
LATELY = timedelta(minutes=1)  # what is gone within it counts as gone by one look: a slow disk empties slowly


def is_sudden(lost: int, of: int) -> bool:
    """Whether `lost` people of `of` are too many to be gone because somebody edited their plans: all, if
    they are three or more, or more than half of ten or more."""
    return lost > FEW and (lost == of or (of >= MANY and 2 * lost > of))


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody whose plan is gone, with many others: they go on until the operator has accepted it."""

    person: str
    file: str  # where it was
    since: datetime


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
    host: str = ""  # where they were looked for: the folder of another host may hold other files
    opaque: Collection[str] = ()  # files of which it cannot be told who all is in them: nobody is gone
    refused: Collection[str] = ()  # people among them whose consent line says that there is none
    untold: Collection[str] = ()  # people with an opt-in to a notice that says so
    replaced: bool = False  # an empty folder stands where another one was: nobody leaves for that
    accepted: bool = False  # whoever is in none of them any more may go, however many they are


def without(plan: Plan, *, consent: bool, tell: bool) -> Plan:
    """The plan without its consent line, and with nobody to tell: what its file says no longer."""
    contacts = tuple(replace(one, tell=None, agreed=None) for one in plan.contacts) if tell else plan.contacts
    return replace(plan, consent=None if consent else plan.consent, contacts=contacts)


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What a load did: ids of people."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # their plans are gone, and they go on until the operator has accepted it

    def __add__(self, other: "PlanChange") -> "PlanChange":
        """What two loads did, one after the other."""
        return PlanChange(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.restored + other.restored,
            self.missing + other.missing,
        )


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
