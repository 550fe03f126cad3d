"""The database is away for a while in the middle of sending: nothing goes out without its word, and what went
out is written down when it is back, once."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from nudger.agenda.entries import Result
from nudger.domain.errors import StoreAway
from nudger.domain.model import State
from nudger.sending import dispatcher
from nudger.store.sql.database import Database
from tests.support.maya import ONE, states
from tests.support.maya import ONE_REST as MAYA
from tests.support.observers import Unwatched
from tests.support.worlds.delivery import MONDAY_NINE, World

AWAY = StoreAway("the database is away", said="its file has gone")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "AGAIN", dispatcher.SOON)
    monkeypatch.setattr(dispatcher, "LONGEST_QUESTION_S", 0.2)


@dataclass
class Watch(Unwatched):
    """Does something at a step of delivery."""

    at_claim: Callable[[], None] = lambda: None
    at_end: Callable[[], None] = lambda: None

    def dropped(self, number: int) -> None:
        self.at_claim()

    def ended(self, result: Result) -> None:
        self.at_end()


def database(world: World) -> Database:
    found = world.store.transactions.database  # type: ignore[attr-defined]
    assert isinstance(found, Database)
    return found


def leave(world: World) -> None:
    database(world).refuse(AWAY)


def come_back(world: World) -> None:
    database(world)._refused = None


async def watched(world: World, watch: Watch) -> None:
    await world.start(maya=MAYA)
    world.dispatcher._watch = watch
    world.clock.at = MONDAY_NINE + ONE


async def test_what_went_out_while_the_database_was_away_is_recorded_when_it_is_back(world: World) -> None:
    await watched(world, Watch(at_end=lambda: leave(world)))
    with pytest.raises(StoreAway):  # the duty is told, and called again
        await world.dispatcher.run_once(world.clock.now())
    await asyncio.sleep(0.3)
    unrecorded = world.dispatcher._ended

    come_back(world)
    await world.dispatcher.settled()
    await world.tick()

    assert len(unrecorded) == 1
    assert world.texts == ["A rest, Maya?"]
    assert states(world) == {State.SENT: 1}


async def test_nothing_goes_out_that_the_database_cannot_be_asked_about(world: World) -> None:
    await watched(world, Watch(at_claim=lambda: leave(world)))
    with pytest.raises(StoreAway):
        await world.dispatcher.run_once(world.clock.now())
    await asyncio.sleep(0.3)
    meanwhile: Sequence[str] = world.texts

    come_back(world)
    await world.dispatcher.settled()

    assert meanwhile == []
    assert world.texts == ["A rest, Maya?"]
    assert states(world) == {State.SENT: 1}


async def test_who_said_stop_as_soon_as_the_database_was_back_gets_nothing(world: World) -> None:
    await watched(world, Watch(at_claim=lambda: leave(world)))
    with pytest.raises(StoreAway):
        await world.dispatcher.run_once(world.clock.now())

    come_back(world)
    world.store.inbound.take_reply(*_stop(world))
    await world.dispatcher.settled()

    assert world.texts == []


async def test_a_stop_of_nudger_while_the_database_is_away_does_not_wait_for_it(world: World) -> None:
    await watched(world, Watch(at_claim=lambda: leave(world)))
    with pytest.raises(StoreAway):
        await world.dispatcher.run_once(world.clock.now())

    world.dispatcher.close()
    async with asyncio.timeout(5):
        await world.dispatcher.drain(dispatcher.SOON * 4)

    come_back(world)
    assert world.texts == []


def _stop(world: World) -> Any:
    inbound = world.inbound("STOP")
    return inbound, lambda writer: world.core.responder.respond(
        writer, inbound.text, inbound.channel, inbound.received_at
    )
