"""Several daemons on one database, at the same moment."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Thread

from nudger.agenda.entries import Decision, Due, Sending, Ways
from nudger.domain.model import Person
from nudger.store import Stores
from tests.support.worlds.store import NOON, counting, send

PEOPLE = [f"person-{number:03}" for number in range(120)]


def together(*works: Callable[[], object]) -> list[object]:
    """Runs these at the same time; their results."""
    ready = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        ready.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(run, work) for work in works]]


@contextmanager
def judging(store: Stores) -> Iterator[list[Sending]]:
    """Holds another daemon's claim of one entry open, inside its decision; then what it claimed."""
    inside, go, claimed = Event(), Event(), list[Sending]()

    def decide(one: Person, dues: Sequence[Due], _ways: Ways) -> Decision:
        inside.set()
        assert go.wait(10)
        return counting(send, NOON)(one, dues)

    def claim() -> None:
        claimed.extend(store.sending.claim_due(NOON, 1, "other", decide).sendings)

    thread = Thread(target=claim)
    thread.start()
    assert inside.wait(10)
    yield claimed
    go.set()
    thread.join(10)
