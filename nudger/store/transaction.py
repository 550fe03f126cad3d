"""What every verb works with: one transaction, and what it needs to read people in it.

The order of locks, in PostgreSQL, which every verb keeps to, so that no two wait for each other: turns
(`take_turns`), leases, people (all of them at once, by id), what is theirs alone, contacts' words, senders
(by name), alarms, facts, counters (by name). What works on many people's rows at once (claims, alerts,
doubts, what the dead left behind, tidying of alarms) waits for none of them and passes over what is locked.
"""

import inspect
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import wraps
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, text

from nudger.model import Plan
from nudger.store.codec import PlanCache
from nudger.store.database import Contended, Database

TRIES = 6  # of one verb
APART = 0.02  # seconds, doubled from try to try: whoever won has to end first

_Store = TypeVar("_Store")
log = structlog.get_logger("nudger.store")

# Messages and replies share the sequence of `message`: one cursor for a conversation. In PostgreSQL a
# line that is committed late may stand below one that was read before.
_NEXT_LINE_SQLITE = text("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'message' RETURNING seq")
_NEXT_LINE_POSTGRESQL = text("SELECT nextval(pg_get_serial_sequence('message', 'line'))")
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key)")


def begins_again(store: type[_Store]) -> type[_Store]:
    """Every verb of this store whose transaction was undone for another's sake is begun again. Nothing of it
    was kept, and what it asks (`decide`, `respond`, `judge`) is pure and is asked again."""
    for name, verb in inspect.getmembers(store, inspect.isfunction):
        if not name.startswith("_") and not inspect.iscoroutinefunction(verb):
            setattr(store, name, _again(verb))
    return store


def _again(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    def run(*arguments: Any, **named: Any) -> Any:
        for number in range(1, TRIES):
            try:
                return verb(*arguments, **named)
            except Contended as fault:
                log.warning("begun_again", verb=verb.__name__, number=number, fault=fault.message)
                time.sleep(random.SystemRandom().uniform(0, APART * 2**number))
        return verb(*arguments, **named)

    return run


@dataclass(frozen=True, slots=True)
class Transaction:
    connection: Connection
    database: Database
    plans: PlanCache
    zone: Callable[[str], tzinfo]

    def local_date(self, plan: Plan, at: datetime) -> date:
        return at.astimezone(self.zone(plan.timezone)).date()

    def take_turns(self, key: int) -> None:
        """Waits until no other transaction holds this key, then holds it to the end. SQLite's writers
        take turns anyway."""
        if not self.database.is_sqlite:
            self.connection.execute(_TAKE_TURNS, {"key": key})

    def next_line(self) -> int:
        """A number that no message and no reply has, above all that have one."""
        statement = _NEXT_LINE_SQLITE if self.database.is_sqlite else _NEXT_LINE_POSTGRESQL
        return int(self.connection.execute(statement).scalar_one())
