"""Daemons on one PostgreSQL wake each other, and do without where they cannot."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import text

from nudger.domain.effects import OptOut, Response
from nudger.store import Stores, open_store
from nudger.store.sql import postgresql
from nudger.store.sql.database import Database
from tests.support.doubles import pgbouncer
from tests.support.worlds.store import NOON, SMS, World, empty, laid_out, plan, slot

SOON = 5  # seconds, on a busy machine
# A SQLite file is one host's.
pytestmark = pytest.mark.parametrize("kind", ["postgresql"])


class Ear:
    """How often it was woken."""

    def __init__(self) -> None:
        self.times = 0
        self._news = asyncio.Event()

    def woken(self) -> None:
        self.times += 1
        self._news.set()

    async def next(self, after: int) -> None:
        async with asyncio.timeout(SOON):
            while self.times <= after:
                self._news.clear()
                await self._news.wait()


class Log:
    """What is said, and when."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, str]]] = []
        self.news = asyncio.Event()

    def warning(self, event: str, **said: str) -> None:
        self.lines.append((event, said))
        self.news.set()


@asynccontextmanager
async def listening(store: Stores) -> AsyncIterator[Ear]:
    """Woken once already, for it hears from now on."""
    ear = Ear()
    task = asyncio.create_task(store.listen(ear.woken))
    try:
        await ear.next(after=0)
        yield ear
    finally:
        task.cancel()
        await asyncio.wait([task])


def stop(store: Stores) -> None:
    store.inbound.act(
        "maya", NOON, lambda _: Response("stop", None, (OptOut(frozenset({SMS}), "said so"),)), "stop"
    )


async def test_what_one_host_commits_wakes_the_other(world: World, second: Stores) -> None:
    world.load(plan())
    verbs = (
        partial(world.text),
        partial(stop, world.store),
        partial(world.load, plan(name="Maya B.")),
        partial(world.store.agenda.lay_out, [laid_out("maya", slot(NOON))], NOON),
    )
    async with listening(second) as ear:
        for verb in verbs:
            before = ear.times
            await asyncio.to_thread(verb)
            await ear.next(before)


async def test_nobody_is_woken_by_oneself_or_by_what_changes_nothing_for_others(
    world: World, second: Stores
) -> None:
    world.maya(NOON)
    async with listening(second) as ear:
        before = ear.times
        await asyncio.to_thread(stop, second)
        await asyncio.to_thread(world.deliver)
        await asyncio.to_thread(world.text)  # the only one that counts

        await ear.next(before)

        assert ear.times == before + 1


async def test_a_lost_connection_is_sought_again_and_what_was_missed_is_looked_for(
    world: World, second: Stores, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "AGAIN", 0.05)
    world.load(plan())
    async with listening(second) as ear:
        with database.write() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )

        await ear.next(after=1)
        await asyncio.to_thread(world.text)
        await ear.next(after=2)


@pytest.fixture
def pooled(new_database: object, database_url: str) -> Iterator[Stores]:
    """The same database through PgBouncer."""
    if pgbouncer.program() is None:
        pytest.skip("apt-get install pgbouncer")
    with pgbouncer.pooled(database_url) as url:
        store = open_store(url)
        yield store
        store.close()


async def test_through_a_pooler_that_keeps_no_session_it_says_that_nobody_is_woken(
    pooled: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log()
    monkeypatch.setattr(postgresql, "HEARD_WITHIN", 0.5)
    monkeypatch.setattr(postgresql, "log", log)
    task = asyncio.create_task(pooled.listen(Ear().woken))

    async with asyncio.timeout(SOON):
        await log.news.wait()
    task.cancel()
    await asyncio.wait([task])

    ((event, said),) = log.lines
    assert event == "not_woken"
    assert "within 15 s" in said["what"]
    assert "PgBouncer" in said["why"]


def test_through_pgbouncer_in_transaction_mode_the_verbs_work_as_ever(
    pooled: Stores, database: Database
) -> None:
    empty(database)
    world = World(pooled)
    world.maya(NOON)
    for _ in range(20):  # more than it takes a driver to prepare a statement
        world.load(plan(), plan("jonas"))
        assert world.claim(limit=0).sendings == ()
    (sending,) = world.claim().sendings

    assert not pooled.sending.stopped([sending], NOON)
    world.accept(sending)

    assert world.states() == ["sent"]
    with pooled.transactions.database.write() as connection:
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10s"
    with pooled.transactions.database.engine.connect() as raw:
        assert raw.connection.driver_connection.prepare_threshold is None  # type: ignore[union-attr]


def test_a_session_of_ones_own_is_ended_by_the_server_where_its_host_stands_still(store: Stores) -> None:
    with store.transactions.database.write() as connection:
        assert connection.scalar(text("SHOW idle_in_transaction_session_timeout")) == "10s"
