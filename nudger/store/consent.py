"""Where a person is reached, and whether they agreed to it, for each channel."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    update,
)

from nudger.delivery.asking import ask_again_at
from nudger.model import ChannelName, Plan
from nudger.phones import are_one, forms
from nudger.store import erased, mending, records
from nudger.store.bulk import Bulk
from nudger.store.care import suppress_theirs
from nudger.store.erased import Stop
from nudger.store.keys import among
from nudger.store.tables import AnyRow, person, reach
from nudger.store.transaction import Transaction

FROM_PLAN = "plan: "  # how a consent that the plan's file states is marked

_SAME = reach.c.address == bindparam("at")  # another address has not failed yet
_REACH: dict[str, BindParameter[Any]] = {
    "address": bindparam("at"),
    "consented_at": bindparam("agreed"),
    "consent_how": bindparam("agreed_how"),
    "opted_out_at": bindparam("out"),
    "opted_out_how": bindparam("out_how"),
    "ask_at": bindparam("asks"),
    "asked_at": bindparam("asked"),
    "times_asked": bindparam("times"),
}
_NEW_REACH = Bulk(insert(reach).values(person=bindparam("one"), channel=bindparam("by"), **_REACH))
_REACH_CHANGES = Bulk(
    update(reach)
    .where(reach.c.person == bindparam("one"), reach.c.channel == bindparam("by"))
    .values(
        **_REACH,
        failures=case((_SAME, reach.c.failures), else_=literal_column("0")),
        rested_at=case((_SAME, reach.c.rested_at)),
    )
)


# When an address that was asked is asked once more; null where it is not.
_AGAIN_AT = case((and_(reach.c.asked_at.is_not(None), reach.c.consented_at.is_(None)), reach.c.ask_at))


def _channels(that: ColumnElement[datetime]) -> ScalarSelect[str]:
    """The person's channels of which that is true, with spaces between."""
    return (
        select(func.coalesce(func.aggregate_strings(reach.c.channel, " "), ""))
        .where(reach.c.person == person.c.id, that.is_not(None))
        .scalar_subquery()
    )


_STOPPED = select(reach).where(among(reach.c.address), reach.c.opted_out_at.is_not(None))
_UNASKED = update(reach).where(among(reach.c.person)).values(ask_at=None)
_STANDING = (
    update(person)
    .where(among(person.c.id))
    .values(
        opted_out=_channels(reach.c.opted_out_at),
        consented=_channels(reach.c.consented_at),
        asked=_channels(reach.c.asked_at),
        asks_again=_channels(_AGAIN_AT),
        asks_again_at=select(func.min(_AGAIN_AT)).where(reach.c.person == person.c.id).scalar_subquery(),
        rested=_channels(reach.c.rested_at),
    )
)


def align(tx: Transaction, plans: Sequence[Plan], now: datetime) -> list[tuple[str, str]]:
    """Addresses and consents brought in line with these plans. Returns each (person, channel) that had
    rested, for too much did not arrive, and has another address now."""
    ids = [one.person for one in plans]
    old = {(row.person, row.channel): row for row in _reached_so_far(tx, ids, now)}
    stops, before = _stops(tx, plans, old, now), _past(tx, plans, old)
    new: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    said: list[tuple[object, ...]] = []
    for one in plans:
        for channel in ChannelName:
            row, address = old.get((one.person, channel)), one.address(channel)
            if row is None and address is None:
                continue
            reached = _reached(one, channel, row, stops, before, now)
            said += _said(one, channel, row, reached, now)
            (new if row is None else changes).append(reached)
    records.record_all(tx, said)
    _NEW_REACH.run(tx.connection, new)
    _REACH_CHANGES.run(tx.connection, changes)
    refresh(tx, ids)
    addresses = {one.person: one for one in plans}
    return [
        key
        for key, row in old.items()
        if row.rested_at is not None and addresses[key[0]].address(ChannelName(key[1])) != row.address
    ]


def ask_nobody(tx: Transaction, ids: Collection[str]) -> None:
    """The plans of these people say that there is no consent: they are not asked for one either."""
    tx.connection.execute(_UNASKED, {"ids": sorted(ids)})
    refresh(tx, ids)


def _reached_so_far(tx: Transaction, ids: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """Rows of `reach`; what cannot be read of them is put right first."""
    rows = select(reach).where(reach.c.person.in_(ids), reach.c.channel.in_(ChannelName))
    with suppress_theirs():
        found = tx.connection.execute(rows).all()
        texts = (text for row in found for text in (row.address, row.consent_how, row.opted_out_how))
        if all(isinstance(text, str | None) for text in texts):
            return found
    mending.reaches(tx, ids, now)
    return tx.connection.execute(rows).all()


def refresh(tx: Transaction, ids: Collection[str]) -> None:
    """What `reach` says of these people, brought into the rows that a claim reads."""
    tx.connection.execute(_STANDING, {"ids": list(ids)})


def _reached(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    stops: Mapping[erased.Address, Stop],
    before: Mapping[records.Address, records.Past],
    now: datetime,
) -> dict[str, Any]:
    address = one.address(channel)
    known = _known(one, channel, row, before)
    agreed, agreed_how = _consent(one, channel, known, now)
    # The person's own STOP outlives their address; and an address new to the person brings its own.
    stop = _own_stop(row)
    if stop is None and (row is None or not are_one(row.address, address)):
        stop = stops.get((channel, address or ""))
    asks = address and channel in one.sends_on and not (agreed or stop)
    again_at = ask_again_at(known.asked_at, known.times, now)
    return {
        "one": one.person,
        "by": channel,
        "at": address,
        "asks": (again_at if known.asked_at else now) if asks else None,
        "asked": known.asked_at,
        "times": known.times,
        "agreed": agreed,
        "agreed_how": agreed_how,
        "out": stop.opted_out_at if stop else None,
        "out_how": stop.opted_out_how if stop else None,
    }


def _known(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    before: Mapping[records.Address, records.Past],
) -> records.Past:
    """What the address that the plan names has been asked, and has said."""
    address = one.address(channel)
    if row is not None and are_one(row.address, address):
        return records.Past(row.asked_at, row.consented_at, row.consent_how, row.times_asked)
    return before.get((one.person, channel, address or ""), records.Past())


def _past(
    tx: Transaction, plans: Sequence[Plan], old: Mapping[tuple[str, str], AnyRow]
) -> Mapping[records.Address, records.Past]:
    """What addresses that people come back to had said: nobody is asked twice."""
    moved = {
        (one.person, channel, address)
        for one in plans
        for channel in ChannelName
        if (address := one.address(channel))
        and (row := old.get((one.person, channel)))
        and not are_one(row.address, address)
    }
    return records.past(tx, moved)


def _said(
    one: Plan, channel: ChannelName, row: AnyRow | None, reached: Mapping[str, Any], now: datetime
) -> Iterator[tuple[object, ...]]:
    """What the plan's own line newly says of consent, or says no longer."""
    how, was = reached["agreed_how"], row.consent_how if row else None
    if reached["agreed"] == now and how is not None and how.startswith(FROM_PLAN):
        yield (one.person, channel, reached["at"], now, records.AGREED, how, None, None)
    elif row is not None and was is not None and was.startswith(FROM_PLAN) and how is None:
        yield (one.person, channel, row.address, now, records.WITHDRAWN, was, None, None)


def _own_stop(row: AnyRow | None) -> Stop | None:
    return None if row is None or row.opted_out_at is None else Stop(row.opted_out_at, row.opted_out_how)


def _stops(
    tx: Transaction, plans: Sequence[Plan], old: Mapping[tuple[str, str], AnyRow], now: datetime
) -> dict[erased.Address, Stop]:
    """Where an address has said STOP under another name, or that of somebody who was erased: a file that
    is renamed, or comes back, must not undo that."""
    new = {
        (str(channel), address)
        for one in plans
        for channel in ChannelName
        if (address := one.address(channel))
        and ((row := old.get((one.person, channel))) is None or not are_one(row.address, address))
    }
    if not new:
        return {}
    of_others = {
        (row.channel, one): Stop(row.opted_out_at, row.opted_out_how)
        for row in _stopped(tx, sorted({one for _, number in new for one in forms(number)}), now)
        for one in forms(row.address)
    }
    return erased.stops(tx, new) | of_others


def _stopped(tx: Transaction, addresses: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """Rows of `reach` whose people said STOP; one that cannot be read is one of now."""
    given = {"ids": addresses}
    with suppress_theirs():
        return tx.connection.execute(_STOPPED, given).all()
    whose = tx.connection.scalars(_STOPPED.with_only_columns(reach.c.person), given).all()
    mending.reaches(tx, whose, now)
    return tx.connection.execute(_STOPPED, given).all()


def _consent(
    one: Plan, channel: ChannelName, known: records.Past, now: datetime
) -> tuple[datetime | None, str | None]:
    """Since when and how the person agreed to be written to at the address that the plan names."""
    address, since, how = one.address(channel), known.agreed_at, known.agreed_how
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
        refresh(tx, [person_id])
