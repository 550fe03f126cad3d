"""The store: people, their agenda, what was sent and what came back, in SQLite or PostgreSQL."""

from nudger.store.opening.copies import back_up, carry_over, restore
from nudger.store.opening.opening import Condition, look_at, name_of, open_beside, open_store, open_to_look
from nudger.store.stores import Stores

__all__ = [
    "Condition",
    "Stores",
    "back_up",
    "carry_over",
    "look_at",
    "name_of",
    "open_beside",
    "open_store",
    "open_to_look",
    "restore",
]
