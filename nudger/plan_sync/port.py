"""What reading plans needs of the store, and what it hands over. Raises as `agenda.port` says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nudger.agenda.entries import Missing
from nudger.domain.errors import Problem
from nudger.domain.model import Plan


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


class PlanStore(Protocol):
    """Which plans run, and the files they came from."""

    def load_plans(self, read: PlanRead, now: datetime) -> PlanChange:
        """Stores new and changed plans and marks them to be laid out afresh. People who were in one of
        `read.files` (None: anywhere) and are not among `read.people` become removed, and what is planned
        for them is cancelled; a removed person whose file is back is restored. The problems and marks of
        these files replace what was kept of them. A plan whose `consent` is set gives consent on each of
        its channels, but never undoes an opt-out; a faulty one whose line says that there is none takes back
        what an earlier line gave, and ends an opt-in to notices in the same way.

        Nobody is removed for a file in `read.opaque`. Where too many are gone (`entries.is_sudden`, of all
        people or of one file), they are missing in place of removed, with an alarm: they go on until a plan
        of theirs is read, or the operator accepts it. A large load is many transactions; cut off, the next
        one goes on with it."""

    def missing(self, limit: int = 50) -> Sequence[Missing]:
        """Returns the first of those whose plans are missing, by id."""

    def count_missing(self) -> int:
        """Counts those whose plans are missing."""

    def accept_removal(self, now: datetime) -> Collection[str]:
        """Removes whoever is missing; returns who they were."""

    def plan_marks(self, files: Collection[str] | None = None, host: str = "") -> Mapping[str, str]:
        """Returns file -> its mark when it was last read; of these files, or of all. None is trusted, "", of
        a file whose people this host misses: once it is there again, it is read."""

    def count_plan_files(self) -> int:
        """Counts the files that have a mark."""

    def linked_files(self, ids: Collection[str], phones: Collection[str]) -> Collection[str]:
        """Returns the files that must be read together with those of these people: where an id or a number of
        theirs stands too, and every file that has an error, or something told in another's."""

    def digests(self, ids: Collection[str]) -> Mapping[str, str]:
        """Returns person id -> digest of the plan that runs, of those among `ids` who have one."""

    def has_people(self) -> bool:
        """Tells whether anybody's plan runs."""
