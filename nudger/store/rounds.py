"""The rounds of one time of one nudge: 0 as planned, one more with each snooze."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from nudger.store.tables import IS_PLANNED, AnyRow, occurrence
from nudger.store.transaction import Transaction


def last(tx: Transaction, entry: AnyRow) -> int:
    """The latest round that there is. Above the entry's own: the entry was put off, and with its first
    snooze counted out of the person's history, whatever came of it later."""
    found: int | None = tx.connection.scalar(select(func.max(occurrence.c.round)).where(_same(entry)))
    return found or 0


def waiting(tx: Transaction, entry: AnyRow) -> int | None:
    """The id of a snooze of this entry that is still to come."""
    found: int | None = tx.connection.scalar(
        select(occurrence.c.id)
        .where(_same(entry), occurrence.c.round > entry.round, IS_PLANNED)
        .order_by(occurrence.c.round.desc())
        .limit(1)
    )
    return found


def comes_again_at(tx: Transaction, entry: AnyRow) -> datetime | None:
    """When a snooze of this entry that is still to come comes, or is tried again."""
    waits = waiting(tx, entry)
    if waits is None:
        return None
    found: datetime | None = tx.connection.scalar(
        select(occurrence.c.wake_at).where(occurrence.c.id == waits)
    )
    return found


def _same(entry: Any) -> ColumnElement[bool]:
    return and_(
        occurrence.c.person == entry.person,
        occurrence.c.local_date == entry.local_date,
        occurrence.c.nudge == entry.nudge,
        occurrence.c.slot == entry.slot,
    )
