"""Silence as the store keeps it, in each person's row: their signs, nudges that arrived or did not, and what
was no silence of theirs. What it comes to says `agenda/thinning.py`."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Column, ColumnElement, bindparam, case, func, select, update

from nudger.agenda import thinning
from nudger.domain.errors import Unreadable
from nudger.domain.model import Standing
from nudger.domain.wishes import NO_WISHES, Wishes
from nudger.store.schema.tables import person
from nudger.store.sql.statements import Bulk, Instant, among, binds
from nudger.store.sql.transactions import Transaction
from nudger.store.state import people


def _later(kept: Column[datetime], at: ColumnElement[datetime]) -> ColumnElement[datetime]:
    return case((kept > at, kept), else_=at)


_KEPT = select(
    person.c.id,
    person.c.paused_at,
    person.c.paused_until,
    person.c.silent_since,
    person.c.arrived_at,
    person.c.lost_at,
    person.c.wishes,
).where(among(person.c.id))
_ARRIVED = Bulk(
    update(person)
    .where(person.c.id == bindparam("id"))
    .values(binds("silent_since", "arrived_at", "lost_at"))
)
_LOST = (
    update(person)
    .where(among(person.c.id))
    .values(lost_at=func.coalesce(person.c.lost_at, bindparam("lost_at", type_=Instant())))
)
_THESE = update(person).where(among(person.c.id))
_BEGINS = _THESE.values(silent_since=bindparam("silent_since"))
# A text that is taken late is not the last sign any more where one came after it.
_SIGN = _THESE.values(
    silent_since=_later(person.c.silent_since, bindparam("silent_since", type_=Instant())),
    signed_at=_later(person.c.signed_at, bindparam("signed_at", type_=Instant())),
)


def sign(tx: Transaction, person_id: str, at: datetime) -> None:
    """Notes that somebody is there: silence begins anew."""
    tx.connection.execute(_SIGN, {"id_in": [person_id], "silent_since": at, "signed_at": at})


def begin_anew(tx: Transaction, ids: Collection[str], at: datetime) -> None:
    """Has the silence of these people count from here: what was before was none of theirs."""
    if ids:
        tx.connection.execute(_BEGINS, {"id_in": list(ids), "silent_since": at})


def arrived(tx: Transaction, ids: Collection[str], at: datetime) -> None:
    """Notes that a nudge has arrived at each of these people, who are locked."""
    rows = tx.connection.execute(_KEPT, {"id_in": list(ids)}).all() if ids else ()
    changed = []
    for person_id, paused_at, paused_until, silent_since, arrived_at, lost_at, wishes in rows:
        before = Standing(
            paused_at=paused_at,
            paused_until=paused_until,
            silent_since=silent_since,
            arrived_at=arrived_at,
            lost_at=lost_at,
            wishes=_wishes(person_id, wishes),
        )
        after = thinning.arrived(before, at)
        changed.append(
            {
                "id": person_id,
                "silent_since": after.silent_since,
                "arrived_at": after.arrived_at,
                "lost_at": after.lost_at,
            }
        )
    if changed:
        _ARRIVED.run(tx.connection, changed)


def _wishes(person_id: str, text: str | None) -> Wishes:
    """Those of somebody who cannot be read whole are none: what arrived did arrive."""
    try:
        return people.wishes_from_json(person_id, text)
    except Unreadable:
        return NO_WISHES


def lost(tx: Transaction, ids: Collection[str], at: datetime) -> None:
    """Notes that a nudge to each of these people did not arrive, by any way."""
    if ids:
        tx.connection.execute(_LOST, {"id_in": list(ids), "lost_at": at})
