"""What a provider reports of a message, by a callback that carries the message's id: reports come in any
order, late, and more than once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from nudger.agenda.entries import Failure, Report, Stage
from nudger.agenda.port import Clock
from nudger.domain.model import State
from nudger.sending.port import SendingStore

QUEUE_FULL = timedelta(minutes=1)  # how long a provider's full queue is left alone
FAILURES_IN_A_ROW = 5  # then the number rests: a changed number, or `nudger resume`
# Not the number's fault, or nothing to do with it.
_NOT_THE_NUMBERS = frozenset({Failure.NOT_SENT, Failure.SENDER, Failure.OPTED_OUT, Failure.AMBIGUOUS})
_OPEN = frozenset({State.SENDING, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of a message when a report of it comes in."""

    state: State
    not_there: bool = False  # FAILED because the provider did not list it, and not by its own word


def after(known: Known, report: Report) -> State | None:
    """The message's state after the report; None where it changes nothing.

    Never backwards: what was delivered stays so, whatever comes later. DELIVERED wins over FAILED, for
    it says what the phone has. Acceptance wins over "not there", for a list may lag.
    """
    match report.stage:
        case Stage.ACCEPTED:
            accepted = known.state in _OPEN or (known.state is State.FAILED and known.not_there)
            return State.SENT if accepted else None
        case Stage.DELIVERED:
            open_ = known.state in _OPEN or known.state in (State.SENT, State.FAILED)
            return State.DELIVERED if open_ else None
        case Stage.FAILED:
            open_ = known.state in _OPEN or known.state is State.SENT
            return State.FAILED if open_ or (known.state is State.FAILED and known.not_there) else None


def again_at(failure: Failure, now: datetime) -> datetime | None:
    """When an entry whose message failed at the carrier may be tried once more: by the next channel at
    once, by the same one later. None: never, for the person may have it."""
    if failure in (Failure.LOST, Failure.AMBIGUOUS):
        return None
    return now + QUEUE_FULL if failure is Failure.NOT_SENT else now


def is_the_numbers(failure: Failure) -> bool:
    """Whether it counts towards a number that does not work."""
    return failure not in _NOT_THE_NUMBERS


log = structlog.get_logger("nudger.reports")


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes reports in whatever order they come."""

    store: SendingStore
    clock: Clock
    wake: Callable[[], None]  # what failed may be due on the next channel

    async def take(self, message_id: str, told: Report) -> State | None:
        """Returns once it is committed: the message's new state, or None where nothing changed."""
        state = await asyncio.to_thread(self.store.report, message_id, told, self.clock.now())
        if told.stage is Stage.FAILED:
            # Also one that changes nothing: after "delivered" it is the provider contradicting itself.
            code = told.failure.code if told.failure else None
            log.info("not_delivered", message=message_id, code=code, ignored=state is None)
        if state is State.FAILED:
            self.wake()
        return state
