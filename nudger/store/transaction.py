"""What every verb works with: one transaction, and what it needs to read people in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from sqlalchemy import Connection, text

from nudger.model import Plan
from nudger.store.codec import PlanCache
from nudger.store.database import Database

# Messages and replies share the sequence of `message`: one cursor for a conversation. In PostgreSQL a
# line that is committed late may stand below one that was read before.
_NEXT_LINE_SQLITE = text("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'message' RETURNING seq")
_NEXT_LINE_POSTGRESQL = text("SELECT nextval(pg_get_serial_sequence('message', 'line'))")
_TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:key)")


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
