"""The store: people, their agenda, what was sent and what came back, in SQLite or PostgreSQL."""

from nudger.store.condition import Condition
from nudger.store.opening import look_at, open_store
from nudger.store.sqlstore import SqlStore

__all__ = ["Condition", "SqlStore", "look_at", "open_store"]
