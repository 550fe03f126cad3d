"""Where a person is reached, and whether they agreed to it, for each channel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Column, ScalarSelect, bindparam, func, insert, select, update

from nudger.model import ChannelName, Plan
from nudger.store.bulk import Bulk
from nudger.store.keys import among
from nudger.store.tables import AnyRow, person, reach
from nudger.store.transaction import Transaction

FROM_PLAN = "plan: "  # how a consent that the plan's file states is marked

_REACH: dict[str, BindParameter[Any]] = {
    "address": bindparam("at"),
    "consented_at": bindparam("agreed"),
    "consent_how": bindparam("agreed_how"),
    "opted_out_at": bindparam("out"),
    "opted_out_how": bindparam("out_how"),
}
_NEW_REACH = Bulk(insert(reach).values(person=bindparam("one"), channel=bindparam("by"), **_REACH))
_REACH_CHANGES = Bulk(
    update(reach).where(reach.c.person == bindparam("one"), reach.c.channel == bindparam("by")).values(_REACH)
)


def _channels(that: Column[datetime]) -> ScalarSelect[str]:
    """The person's channels of which that is true, with spaces between."""
    return (
        select(func.coalesce(func.aggregate_strings(reach.c.channel, " "), ""))
        .where(reach.c.person == person.c.id, that.is_not(None))
        .scalar_subquery()
    )


_STANDING = (
    update(person)
    .where(among(person.c.id))
    .values(opted_out=_channels(reach.c.opted_out_at), consented=_channels(reach.c.consented_at))
)


def align(tx: Transaction, plans: Sequence[Plan], now: datetime) -> None:
    """Addresses and consents brought in line with these plans."""
    ids = [one.person for one in plans]
    old = {
        (row.person, row.channel): row
        for row in tx.connection.execute(select(reach).where(reach.c.person.in_(ids)))
    }
    stops = _stops(tx, plans)
    new, changes = [], []
    for one in plans:
        for channel in ChannelName:
            row, address = old.get((one.person, channel)), one.address(channel)
            if row is not None:
                changes.append(_reached(one, channel, row, stops, now))
            elif address is not None:
                new.append(_reached(one, channel, None, stops, now))
    _NEW_REACH.run(tx.connection, new)
    _REACH_CHANGES.run(tx.connection, changes)
    tx.connection.execute(_STANDING, {"ids": ids})


def _reached(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    stops: Mapping[tuple[str, str | None], AnyRow],
    now: datetime,
) -> dict[str, Any]:
    address = one.address(channel)
    agreed, agreed_how = _consent(one, channel, row, now)
    # The person's own STOP outlives their address; and an address new to the person brings its own.
    stop = row
    if row is None or (row.opted_out_at is None and row.address != address):
        stop = stops.get((channel, address))
    return {
        "one": one.person,
        "by": channel,
        "at": address,
        "agreed": agreed,
        "agreed_how": agreed_how,
        "out": stop.opted_out_at if stop else None,
        "out_how": stop.opted_out_how if stop else None,
    }


def _stops(tx: Transaction, plans: Sequence[Plan]) -> dict[tuple[str, str | None], AnyRow]:
    """Where an address has said STOP under another name: a file that is renamed must not undo that."""
    addresses = {address for one in plans for address in (one.phone, one.email) if address}
    rows = tx.connection.execute(
        select(reach).where(reach.c.address.in_(addresses), reach.c.opted_out_at.is_not(None))
    )
    return {(row.channel, row.address): row for row in rows}


def _consent(
    one: Plan, channel: ChannelName, row: AnyRow | None, now: datetime
) -> tuple[datetime | None, str | None]:
    """Since when and how the person agreed to be written to at the address that the plan names."""
    address = one.address(channel)
    since, how = None, None
    if row is not None and row.address == address:
        since, how = row.consented_at, row.consent_how
    if one.consent is None:
        # What only the file said is gone with its line; what the person said stays.
        return (None, None) if how is not None and how.startswith(FROM_PLAN) else (since, how)
    if since is None and address is not None and channel in _named(one):
        return now, FROM_PLAN + one.consent
    return since, how


def _named(one: Plan) -> frozenset[ChannelName]:
    return frozenset(one.channels).union(*(nudge.channels for nudge in one.nudges))


def put(tx: Transaction, person_id: str, channels: Collection[ChannelName], **values: Any) -> None:
    """Changes what is known of these channels, whether there is an address yet or not: a STOP outlives
    all addresses."""
    new = [{"person": person_id, "channel": channel} for channel in channels]
    if new:
        tx.connection.execute(tx.database.insert_new(reach), new)
        those = update(reach).where(reach.c.person == person_id, reach.c.channel.in_(channels))
        tx.connection.execute(those.values(**values))
        tx.connection.execute(_STANDING, {"ids": [person_id]})
