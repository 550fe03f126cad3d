"""The duty that asks for consent: one welcome to each address, one more a week later where the question was
left open, and then silence."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from nudger.agenda.decide import Decider
from nudger.agenda.port import AgendaStore

BATCH = 500  # people of one transaction
MOST_ASKED = 2  # times one address is
AGAIN_AFTER = timedelta(days=7)  # a question that was left open is put once more, and never a third time
AGAIN_WITHIN = timedelta(days=30)  # later it would come out of the blue


def ask_again_at(asked_at: datetime | None, times: int, now: datetime) -> datetime | None:
    """When an open question that was put so often is put once more; None: it is not."""
    if asked_at is None or times != MOST_ASKED - 1 or now - asked_at >= AGAIN_AFTER + AGAIN_WITHIN:
        return None
    return min(asked_at, now) + AGAIN_AFTER


@dataclass(frozen=True, slots=True)
class Asking:
    """Plans the welcomes that may go out now; the gate looks at each once more when it is claimed."""

    store: AgendaStore
    decider: Decider

    async def run_once(self, now: datetime) -> int:
        """Looks over everyone whose time to be asked has come; returns how many that were."""
        seen = 0
        while batch := await asyncio.to_thread(self._batch, now):
            seen += batch
        return seen

    def _batch(self, now: datetime) -> int:
        return self.store.ask_for_consent(
            now, BATCH, lambda person, channel: self.decider.asks_from(person, channel, now)
        )
