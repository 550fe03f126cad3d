"""The way in for what a provider reports of a message, by a callback that carries the message's id."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from nudger.delivery.ports import Clock, Store
from nudger.delivery.sends import Report, Stage
from nudger.model import State

log = structlog.get_logger("nudger.reports")


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes reports in whatever order they come."""

    store: Store
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
