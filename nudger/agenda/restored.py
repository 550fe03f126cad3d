"""A database that is older than what was done with it: noticed, and held until the operator says go on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(minutes=2)  # a mark is a minute old at most where its machine lost its power


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a database has come: which one it is, and how often that was written down."""

    instance: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Machine:
    """Which machine this is; either name may change, hardly both at once."""

    id: str  # empty: it has none
    host: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A mark as it was kept outside of the database."""

    mark: Mark
    machine: Machine
    database: str = ""  # where it is; empty: not said


@dataclass(frozen=True, slots=True)
class Restored:
    """What is known of a restored database, and what it does not know itself."""

    noticed_at: datetime
    knows_until: datetime  # what came in since then, it has not
    done_until: datetime  # what was due until then may have gone out already, and never goes out again
    why: str
    asked_at: datetime | None = None  # when the provider was asked for what came in meanwhile
    accepted_at: datetime | None = None  # None: no nudge goes out


def notice(found: Mark, kept: Kept | None, here: Machine, now: datetime, *, shared: bool) -> Restored | None:
    """Compares a database with what was kept beside it; None where it is the one that it should be.

    `shared`: the database is a server's, so that a copied state folder brings no second copy of it.
    """
    if kept is None:
        return None
    mark, done_until = kept.mark, min(now, kept.mark.at + SLACK)
    if found.instance != mark.instance:
        why = "this is not the database that nudger worked with here until then"
        return Restored(now, mark.at, done_until, why)
    if found.number < mark.number:
        return Restored(now, found.at, done_until, "the database is older than what was done with it")
    there = kept.machine
    if not shared and there.id != here.id and there.host != here.host:
        # What the other machine does meanwhile cannot be known from here.
        why = f"the state folder comes from another machine ({there.host}); if it runs, each sends everything"
        return Restored(now, found.at, now, why)
    return None
