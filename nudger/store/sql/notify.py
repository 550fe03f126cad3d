"""Daemons on one PostgreSQL wake each other: whoever commits what may be due at once says so.

It is a courtesy. A daemon that hears nothing (the connection is lost, a pooler hands sessions around)
looks by itself within its longest wait, and nothing is lost or late beyond that.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from typing import Any

import structlog
from sqlalchemy import Connection, exc, text

from nudger.domain.errors import StoreError
from nudger.store.sql.database import Database

CHANNEL = "nudger"
AGAIN = 5.0  # seconds after which a lost connection is sought again
SELDOM = 600.0  # where a pooler keeps it from hearing
HEARD_WITHIN = 3.0  # seconds in which it hears itself, where it hears at all
_SAY = text("SELECT pg_notify(:channel, :who)")

log = structlog.get_logger("nudger.waking")


class Waking:
    """One process's voice and ear."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._me = token_hex(8)

    def say(self, connection: Connection) -> None:
        """Heard by the others when this transaction commits."""
        if not self._database.is_sqlite:
            connection.execute(_SAY, {"channel": CHANNEL, "who": self._me})

    async def listen(self, woken: Callable[[], None]) -> None:
        """Calls `woken` for what others say, and after each pause in hearing. Never returns."""
        if self._database.is_sqlite:
            await asyncio.Event().wait()
        deaf = False
        while True:
            try:
                ear = await asyncio.to_thread(self._open)
            except StoreError as fault:
                log.warning("not_listening", fault=fault.message)
                await asyncio.sleep(AGAIN)
                continue
            try:
                hears = await self._hear(ear, woken)
            finally:
                await asyncio.to_thread(_close, ear)
            if not hears and not deaf:
                log.warning(
                    "not_woken",
                    what="other hosts are seen within 15 s, not at once",
                    why="the database is reached through a pooler that keeps no session (PgBouncer)",
                )
            deaf = not hears
            await asyncio.sleep(AGAIN if hears else SELDOM)

    def _open(self) -> Connection:
        with self._database.faults():
            ear = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            ear.detach()
            ear.exec_driver_sql(f"LISTEN {CHANNEL}")
            return ear

    async def _hear(self, ear: Connection, woken: Callable[[], None]) -> bool:
        """Until the connection is lost; False where nothing is heard on it, not even oneself."""
        driver: Any = ear.connection.dbapi_connection
        readable, loop = asyncio.Event(), asyncio.get_running_loop()
        handle = driver.fileno()
        loop.add_reader(handle, readable.set)
        try:
            await asyncio.to_thread(self._say_aloud)
            async with asyncio.timeout(HEARD_WITHIN):
                await self._next(driver, readable)
            woken()
            while True:
                if set(await self._next(driver, readable)) - {self._me}:
                    woken()
        except TimeoutError:
            return False
        except (StoreError, exc.SQLAlchemyError) as fault:
            log.warning("not_listening", fault=str(fault))
        except Exception as fault:
            # The driver's own, which only PostgreSQL's extra brings along.
            if not _is_the_drivers(driver, fault):
                raise
            log.warning("not_listening", fault=" ".join(str(fault).split()))
        finally:
            loop.remove_reader(handle)
        return True

    def _say_aloud(self) -> None:
        with self._database.write() as connection:
            self.say(connection)

    async def _next(self, driver: Any, readable: asyncio.Event) -> list[str]:
        """What was said, once something was."""
        while True:
            await readable.wait()
            readable.clear()
            said = await asyncio.to_thread(lambda: [one.payload for one in driver.notifies(timeout=0)])
            if said:
                return said


def _is_the_drivers(driver: Any, fault: Exception) -> bool:
    return type(fault).__module__.partition(".")[0] == type(driver).__module__.partition(".")[0]


def _close(ear: Connection) -> None:
    with suppress(exc.SQLAlchemyError):
        ear.close()
