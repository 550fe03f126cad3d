"""Taking back what was handed over and may still wait at its provider: after a STOP, and in a crisis.

1. The STOP's own transaction marks what may still lie there: sent, on its way, or of unknown end. So the wish
   survives a crash, as the STOP does.
2. `Recalling` asks the provider to take each back, and asks again where there was no answer.
3. What is taken back is cancelled. What no longer waits is left as it is: it is gone.
4. What the provider does not know, while an attempt is under way or its end unknown, is asked for again until
   that is settled: it may still come.

A provider that cannot take anything back is not asked; only its time limit bounds what it holds.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from nudger.domain.errors import ChannelError
from nudger.domain.model import ChannelName, State

EVERY = timedelta(seconds=2)
BATCH = 50
AT_ONCE = 5  # questions under way
AGAIN = timedelta(seconds=5)  # where there was no answer, or not the last one
HOPE = timedelta(hours=48)  # from the attempt on: no text waits longer anywhere
OPEN = frozenset({State.SENDING, State.UNKNOWN})

log = structlog.get_logger("nudger.recall")


class TakenBack(StrEnum):
    """What a provider says of a message that it is to take back."""

    YES = "taken back"
    ASKED = "it has asked the phone"
    TOO_LATE = "it no longer waits"
    NOT_THERE = "it is not known"


@dataclass(frozen=True, slots=True)
class Recall:
    """A message that is to be taken back."""

    message: str
    person: str
    channel: ChannelName
    state: State


def again_at(recall: Recall, answer: TakenBack, now: datetime) -> datetime | None:
    """Returns when to ask for it again; None: never, its end is known or cannot be changed."""
    open_ = answer is TakenBack.NOT_THERE and recall.state in OPEN
    return now + AGAIN if open_ or answer is TakenBack.ASKED else None


class Recaller(Protocol):
    """A provider that can take back what still waits there."""

    async def take_back(self, message_id: str) -> TakenBack:
        """Asks for one message, by our id; any number of times. Raises ChannelError where there is no
        answer."""


class RecallStore(Protocol):
    """What is to be taken back."""

    def recalls(self, now: datetime, channels: Collection[ChannelName], limit: int) -> Sequence[Recall]:
        """Lists at most `limit` messages on these channels that are due to be asked for, first those that
        are due longest; none that was attempted longer than HOPE ago."""

    def recalled(self, recall: Recall, answer: TakenBack | None, now: datetime) -> None:
        """Writes what the provider said, None for nothing. YES: the message is cancelled, its entry too, and
        no limit counts it. It is among `recalls` again as `again_at` has it, by the state that it is in by
        now; without an answer after AGAIN."""


@dataclass(slots=True)
class Recalling:
    """The duty that asks."""

    store: RecallStore
    recallers: Mapping[ChannelName, Recaller]
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def run_once(self, now: datetime) -> int:
        """Asks for all that is due; returns how many were taken back. Nothing is due because of it."""
        due = await asyncio.to_thread(self.store.recalls, now, frozenset(self.recallers), BATCH)
        answers = await asyncio.gather(*map(self._ask, due))
        for recall, answer in zip(due, answers, strict=True):
            await asyncio.to_thread(self.store.recalled, recall, answer, now)
        taken = answers.count(TakenBack.YES)
        if taken:
            log.info("taken_back", count=taken)
        return 0

    async def _ask(self, recall: Recall) -> TakenBack | None:
        try:
            async with self._places:
                return await self.recallers[recall.channel].take_back(recall.message)
        except ChannelError as fault:
            log.warning("not_taken_back", channel=str(recall.channel), fault=fault.message)
            return None
