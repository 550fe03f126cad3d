"""The care with which a verb goes through people: all at once, and after a fault each alone, so that the
others go on. Who has failed is then set aside (`set_aside.put`)."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

from nudger.agenda.set_aside import is_theirs
from nudger.store.sql.database import Transaction


@contextmanager
def suppress_theirs() -> Iterator[None]:
    """For a look at one person that has a plainer one to fall back on."""
    try:
        yield
    except Exception as fault:
        if not is_theirs(fault):
            raise


class Care(Protocol):
    """How a verb goes through people: all at once, or each alone."""

    careful: bool

    def groups(self, ids: Collection[str]) -> Sequence[Sequence[str]]:
        """The people in the parts in which they are taken."""

    def over(self, ids: Sequence[str]) -> AbstractContextManager[object]:
        """Around what is done for these alone."""

    def failed(self, ids: Sequence[str]) -> Sequence[str]:
        """Who of them has failed."""


class AtOnce:
    """As nearly always: nobody is expected to fail, and the first fault ends the verb."""

    careful = False

    def groups(self, ids: Collection[str]) -> Sequence[Sequence[str]]:
        return [list(ids)] if ids else []

    def over(self, ids: Sequence[str]) -> AbstractContextManager[object]:  # noqa: ARG002
        return nullcontext()

    def failed(self, ids: Sequence[str]) -> Sequence[str]:  # noqa: ARG002
        return ()


@dataclass
class OneByOne:
    """After a fault, in a transaction of its own: each person's part is undone where it fails."""

    tx: Transaction
    careful: bool = field(default=True, init=False)
    seen: set[str] = field(default_factory=set)
    faults: dict[str, Exception] = field(default_factory=dict)

    def groups(self, ids: Collection[str]) -> Sequence[Sequence[str]]:
        return [[one] for one in ids]

    @contextmanager
    def over(self, ids: Sequence[str]) -> Iterator[None]:
        """Of one person. What is not theirs ends the verb."""
        (one,) = ids
        self.seen.add(one)
        try:
            with self.tx.database.faults(), self.tx.connection.begin_nested():
                yield
        except Exception as fault:
            if not is_theirs(fault):
                raise
            self.faults.setdefault(one, fault)

    def failed(self, ids: Sequence[str]) -> Sequence[str]:
        return [one for one in ids if one in self.faults]
