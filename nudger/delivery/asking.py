"""The duty that asks for consent: one welcome to each address that has to be asked, and then silence."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from nudger.delivery.decide import Decider
from nudger.delivery.ports import Store

BATCH = 500  # people of one transaction


@dataclass(frozen=True, slots=True)
class Asking:
    """Plans the welcomes that may go out now; the gate looks at each once more when it is claimed."""

    store: Store
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
