"""A PostgreSQL server: how it is connected to, what its faults mean, and how daemons on it wake each other.

Whoever commits what may be due at once says so. It is a courtesy: a daemon that hears nothing (the connection
is lost, a pooler hands sessions around) looks by itself within its longest wait, and nothing is lost or late
beyond that.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from secrets import token_hex
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL

from nudger.domain.errors import StoreError

CONNECT_SECONDS = 10
# A host that was cut off, or stopped in the middle of a transaction, must not hold people locked for all
# others: the server ends its session. And it must itself notice, long before its lease is over.
IDLE_SECONDS = 10
CUT_OFF = {
    "tcp_user_timeout": 15_000,  # milliseconds that what was written may stay unanswered for
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def engine_of(url: URL) -> Engine:
    """Makes the engine that connects to the server, its sessions told what nudger needs of them."""
    known = {"connect_timeout": CONNECT_SECONDS, "application_name": "nudger", **CUT_OFF}
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,  # a server that was restarted costs one question, not a failed claim
        connect_args=known | dict(url.query),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        pid, idle = connection.execute(_SESSION).fetchone()
        pooled = pid != connection.info.backend_pid
        if pooled:
            # PgBouncer hands each transaction to another session: what one was told, or has prepared,
            # the next does not know.
            connection.prepare_threshold = None
        if idle == "0" and not pooled:
            connection.execute(f"SET {_IDLE}")
        record.info["pooled"], record.info["told anew"] = pooled, pooled and idle == "0"
        connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.info.get("told anew"):
            connection.exec_driver_sql(f"SET LOCAL {_IDLE}")

    return engine


_IDLE = f"idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'"
_SESSION = "SELECT pg_backend_pid(), current_setting('idle_in_transaction_session_timeout')"


_POSTGRESQL_HINTS = {
    "28": "Check the user and the password in DATABASE_URL.",
    "3D": "Create the database first: createdb nudger.",
    "53": "The server has run out of connections, memory or disk.",
    "57": "The server is starting or stopping; nudger tries again when it is restarted.",
}


def in_words(error: Exception) -> tuple[str, str]:
    """Puts what the server says in words for a person.

    Returns:
        What it said, and what to do.
    """
    original = getattr(error, "orig", None)
    said = " ".join(str(original or error).split())
    state = getattr(original, "sqlstate", None) or _state_of_refusal(said)
    hint = _POSTGRESQL_HINTS.get(state[:2], "Check that the server runs, and the host in DATABASE_URL.")
    return said, hint


def _state_of_refusal(said: str) -> str:
    """A refused connection carries no code, only the server's words."""
    if "password" in said or "authentication" in said or "role" in said:
        return "28"
    return "3D" if "database" in said and "does not exist" in said else ""


CHANNEL = "nudger"
AGAIN = 5.0  # seconds after which a lost connection is sought again
SELDOM = 600.0  # where a pooler keeps it from hearing
HEARD_WITHIN = 3.0  # seconds in which it hears itself, where it hears at all
_SAY = text("SELECT pg_notify(:channel, :who)")

log = structlog.get_logger("nudger.waking")


class Waking:
    """One process's voice and ear."""

    def __init__(
        self,
        engine: Engine,
        faults: Callable[[], AbstractContextManager[None]],
        write: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._engine, self._faults, self._write = engine, faults, write
        self._me = token_hex(8)

    def say(self, connection: Connection) -> None:
        """Wakes the others when this transaction commits."""
        connection.execute(_SAY, {"channel": CHANNEL, "who": self._me})

    async def listen(self, woken: Callable[[], None]) -> None:
        """Calls `woken` for what others say, and after each pause in hearing. Never returns."""
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
        with self._faults():
            ear = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
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
        with self._write() as connection:
            self.say(connection)

    async def _next(self, driver: Any, readable: asyncio.Event) -> list[str]:
        """What was said, once something was."""
        while True:
            await readable.wait()
            readable.clear()
            said = await asyncio.to_thread(lambda: [notice.payload for notice in driver.notifies(timeout=0)])
            if said:
                return said


def _is_the_drivers(driver: Any, fault: Exception) -> bool:
    return type(fault).__module__.partition(".")[0] == type(driver).__module__.partition(".")[0]


def _close(ear: Connection) -> None:
    with suppress(exc.SQLAlchemyError):
        ear.close()
