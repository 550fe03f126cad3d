"""The store: people, their agenda, what was sent and what came back, in SQLite or PostgreSQL."""

from nudger.store.backup import back_up, restore
from nudger.store.condition import Condition
from nudger.store.opening import carry_over, look_at, name_of, open_beside, open_store, open_to_look
from nudger.store.sqlstore import SqlStore

__all__ = [
    "Condition",
    "SqlStore",
    "back_up",
    "carry_over",
    "look_at",
    "name_of",
    "open_beside",
    "open_store",
    "open_to_look",
    "restore",
]
