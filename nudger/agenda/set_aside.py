"""A person whom nudger fails over is set aside, so that all others go on. Values and rules only.

What a person's rows, plan or zone bring about in the step that works on them alone is theirs. What comes
of the database as such, or hits more than a few and most of those looked at, is not: then the duty dies,
and the process with it.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from nudger.agenda.entries import Due
from nudger.domain.errors import NudgerError, StoreError, Unreadable, UsageError
from nudger.domain.model import Person

TRY_AGAIN = timedelta(days=1)
A_FEW = 10  # people: more than so many, and more than half, are no one person's fault
FRAMES = 2  # of a fault that are named
# Why an entry has not gone out; `gate` says it of one that is too late then.
REASON = "nudger failed over this person and had set them aside"


class Step(StrEnum):
    """What was done for a person when nudger failed over them."""

    JUDGE = "judging what is due for them"
    LAY_OUT = "laying out their days"
    ASK = "asking for their consent"
    END = "recording what became of a message"
    READ = "reading what they wrote"
    ACT = "acting on them"
    TRY = "trying them again"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A person who gets no nudges until they are tried again without a fault."""

    person: str
    since: datetime
    step: str
    fault: str
    try_at: datetime

    @property
    def words(self) -> str:
        """What is wrong, and what to do; nothing that they or their plan say."""
        return (
            f"nudger fails over {self.person}, in {self.step} ({self.fault}): they get no nudges, all others "
            f"go on. Put their plan right, or type: nudger resume {self.person}. They are tried again then, "
            "at each start and once a day. Where it stays so, nudger forget and their plan begin them anew"
        )


def alarm_key(person: str) -> str:
    return f"person {person}"


def is_theirs(fault: BaseException) -> bool:
    """Tells whether a fault in the step that works on one person alone may be that person's. A database that
    is away and a machine without memory are everybody's, and what an operator cannot do is no fault.

    Lets go of what the step that failed holds open: a statement that is half read keeps a database busy."""
    if isinstance(fault, MemoryError | UsageError) or not isinstance(fault, Exception):
        return False
    if isinstance(fault, StoreError) and not isinstance(fault, Unreadable):
        return False
    traceback.clear_frames(fault.__traceback__)
    return True


def is_everybodys(failed: int, of: int) -> bool:
    """Tells whether so many faults among so many people are nudger's own."""
    return failed > A_FEW and failed * 2 > of


def in_words(fault: Exception) -> str:
    """Returns the fault and its place; never its message, which may quote a number or a text."""
    if isinstance(fault, NudgerError):
        return fault.message  # written for people
    frames = traceback.extract_tb(fault.__traceback__)[-FRAMES:]
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return f"{type(fault).__name__} at {' > '.join(places) or 'an unknown place'}"


@dataclass(frozen=True, slots=True)
class Trial:
    """A person with all that is planned for them, as the steps of the duties find them."""

    person: Person
    dues: Sequence[Due]
