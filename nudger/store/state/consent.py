"""Consent: the record of it, every question and answer as it came, to which rows are added and never changed;
and as it stands, for each channel: where a person is reached, and whether they agreed to it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from nudger.agenda.laying_out import MOST_ASKED, ask_again_at
from nudger.domain.model import ChannelName, Person, Plan, one_phone, phone_forms, same_phone
from nudger.store.schema.tables import consent, person, reach
from nudger.store.sql.statements import AnyRow, Bulk, among, binds
from nudger.store.sql.transactions import Safe, Transaction, put_right, readable_rows, suppress_theirs
from nudger.store.state import erased
from nudger.store.state.erased import Stop

ASKED = "asked"
NOT_REACHED = "not reached"  # the address would not take the question
NOT_ASKED = "not asked"  # after "asked": the provider surely does not have the question
AGREED = "agreed"
WITHDRAWN = "withdrawn"  # the plan's line is gone
OPTED_OUT = "opted out"
UNREADABLE = "could not be read"
NEVER = 2  # times asked, from which on it is not asked
_RECORD = ("person", "channel", "address", "at", "what", "how", "question", "answer")
_NEW_RECORDS = Bulk(insert(consent).inline(), _RECORD)
Asked = tuple[str, ChannelName, str]  # whose, on which channel, where


@dataclass(frozen=True, slots=True)
class Past:
    """What an address that someone comes back to had said before."""

    asked_at: datetime | None = None
    agreed_at: datetime | None = None
    agreed_how: str | None = None
    times: int = 0  # it was asked; NEVER where it will not take the question
    before_at: datetime | None = None  # when it was asked before that


def record(
    tx: Transaction,
    person: str,
    channel: ChannelName,
    address: str | None,
    at: datetime,
    what: str,
    how: str,
    *,
    question: str | None = None,
    answer: str | None = None,
) -> None:
    """Adds one line to the record: what was asked or said, of which address, how, in which words."""
    record_all(tx, [(person, channel, address, at, what, how, question, answer)])


def record_all(tx: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Adds lines to the record; their fields are those of _RECORD."""
    _NEW_RECORDS.run(tx.connection, [dict(zip(_RECORD, row, strict=True)) for row in rows])


def answered(
    tx: Transaction,
    one: Person,
    channels: Collection[ChannelName],
    at: datetime,
    what: str,
    how: str,
    words: str | None,
) -> None:
    """Records the person's answer on each channel, with the question that it answers where there was one."""
    for channel in sorted(channels):
        address = one.plan.address(channel)
        asked = select(consent.c.question).where(
            consent.c.person == one.id,
            consent.c.channel == channel,
            consent.c.address.in_(phone_forms(address or "")),
            consent.c.what == ASKED,
        )
        question = tx.connection.scalar(asked.order_by(consent.c.id.desc()).limit(1))
        record(tx, one.id, channel, address, at, what, how, question=question, answer=words)


def past(tx: Transaction, addresses: Collection[Asked]) -> Mapping[Asked, Past]:
    """Returns what these addresses had said, as far as it still stands."""
    found: dict[Asked, Past] = {}
    if not addresses:
        return found
    people = {person for person, _, _ in addresses}
    wanted = {(person, channel, one_phone(address)): address for person, channel, address in addresses}
    said = select(consent).where(consent.c.person.in_(people), consent.c.channel.in_(ChannelName))
    for row in readable_rows(tx, said.order_by(consent.c.id), consent.c.id):
        person, channel = row.person, ChannelName(row.channel)
        if (address := wanted.get((person, channel, one_phone(row.address or "")))) is not None:
            key = (person, channel, address)
            found[key] = _after(found.get(key, Past()), row.what, row.at, row.how)
    return found


def _after(before: Past, what: str, at: datetime, how: str) -> Past:
    if what == ASKED:
        return replace(before, asked_at=at, times=before.times + 1, before_at=before.asked_at)
    if what == NOT_REACHED:
        return replace(before, asked_at=at, times=NEVER)
    if what == NOT_ASKED:
        return replace(before, asked_at=before.before_at, times=max(0, before.times - 1), before_at=None)
    if what == AGREED:
        return replace(before, agreed_at=at, agreed_how=how)
    return replace(before, agreed_at=None, agreed_how=None)


FROM_PLAN = "plan: "  # how a consent that the plan's file states is marked
_SAME = reach.c.address == bindparam("address")  # another address has not failed yet
_REACH = binds(
    *("address", "consented_at", "consent_how", "opted_out_at", "opted_out_how"),
    *("ask_at", "asked_at", "times_asked"),
)
_NEW_REACH = Bulk(insert(reach).values(**binds("person", "channel"), **_REACH))
_REACH_CHANGES = Bulk(
    update(reach)
    .where(reach.c.person == bindparam("person"), reach.c.channel == bindparam("channel"))
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
    """Brings addresses and consents in line with these plans.

    Returns:
        Each (person, channel) that was unreachable, for too much did not arrive, and has another address now.
    """
    ids = [plan.person for plan in plans]
    old = {(row.person, row.channel): row for row in _reached_so_far(tx, ids, now)}
    stops, before = _stops(tx, plans, old, now), _said_before(tx, plans, old)
    new: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    said: list[tuple[object, ...]] = []
    for plan in plans:
        for channel in ChannelName:
            row, address = old.get((plan.person, channel)), plan.address(channel)
            if row is None and address is None:
                continue
            reached = _reached(plan, channel, row, stops, before, now)
            said += _said(plan, channel, row, reached, now)
            (new if row is None else changes).append(reached)
    record_all(tx, said)
    _NEW_REACH.run(tx.connection, new)
    _REACH_CHANGES.run(tx.connection, changes)
    refresh(tx, ids)
    addresses = {plan.person: plan for plan in plans}
    return [
        key
        for key, row in old.items()
        if row.rested_at is not None and addresses[key[0]].address(ChannelName(key[1])) != row.address
    ]


def ask_nobody(tx: Transaction, ids: Collection[str]) -> None:
    """Asks these people for nothing: their plans say that there is no consent."""
    tx.connection.execute(_UNASKED, {"person_in": sorted(ids)})
    refresh(tx, ids)


def _reached_so_far(tx: Transaction, ids: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """Rows of `reach`; what cannot be read of them is put right first."""
    rows = select(reach).where(reach.c.person.in_(ids), reach.c.channel.in_(ChannelName))
    with suppress_theirs():
        found = tx.connection.execute(rows).all()
        texts = (text for row in found for text in (row.address, row.consent_how, row.opted_out_how))
        if all(isinstance(text, str | None) for text in texts):
            return found
    mend_reach(tx, ids, now)
    return tx.connection.execute(rows).all()


def refresh(tx: Transaction, ids: Collection[str]) -> None:
    """Brings what `reach` says of these people into the rows that a claim reads."""
    tx.connection.execute(_STANDING, {"id_in": list(ids)})


def _reached(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    stops: Mapping[erased.Address, Stop],
    before: Mapping[Asked, Past],
    now: datetime,
) -> dict[str, Any]:
    address = one.address(channel)
    known = _known(one, channel, row, before)
    agreed, agreed_how = _consent(one, channel, known, now)
    # The person's own STOP outlives their address; and an address new to the person brings its own.
    stop = _own_stop(row)
    if stop is None and (row is None or not same_phone(row.address, address)):
        stop = stops.get((channel, address or ""))
    asks = address and channel in one.sends_on and not (agreed or stop)
    again_at = ask_again_at(known.asked_at, known.times, now)
    return {
        "person": one.person,
        "channel": channel,
        "address": address,
        "ask_at": (again_at if known.asked_at else now) if asks else None,
        "asked_at": known.asked_at,
        "times_asked": known.times,
        "consented_at": agreed,
        "consent_how": agreed_how,
        "opted_out_at": stop.opted_out_at if stop else None,
        "opted_out_how": stop.opted_out_how if stop else None,
    }


def _known(
    one: Plan,
    channel: ChannelName,
    row: AnyRow | None,
    before: Mapping[Asked, Past],
) -> Past:
    """What the address that the plan names has been asked, and has said."""
    address = one.address(channel)
    if row is not None and same_phone(row.address, address):
        return Past(row.asked_at, row.consented_at, row.consent_how, row.times_asked)
    return before.get((one.person, channel, address or ""), Past())


def _said_before(
    tx: Transaction, plans: Sequence[Plan], old: Mapping[tuple[str, str], AnyRow]
) -> Mapping[Asked, Past]:
    """What addresses that people come back to had said: nobody is asked twice."""
    moved = {
        (plan.person, channel, address)
        for plan in plans
        for channel in ChannelName
        if (address := plan.address(channel))
        and (row := old.get((plan.person, channel)))
        and not same_phone(row.address, address)
    }
    return past(tx, moved)


def _said(
    one: Plan, channel: ChannelName, row: AnyRow | None, reached: Mapping[str, Any], now: datetime
) -> Iterator[tuple[object, ...]]:
    """What the plan's own line newly says of consent, or says no longer."""
    how, was = reached["consent_how"], row.consent_how if row else None
    if reached["consented_at"] == now and how is not None and how.startswith(FROM_PLAN):
        yield (one.person, channel, reached["address"], now, AGREED, how, None, None)
    elif row is not None and was is not None and was.startswith(FROM_PLAN) and how is None:
        yield (one.person, channel, row.address, now, WITHDRAWN, was, None, None)


def _own_stop(row: AnyRow | None) -> Stop | None:
    return None if row is None or row.opted_out_at is None else Stop(row.opted_out_at, row.opted_out_how)


def _stops(
    tx: Transaction, plans: Sequence[Plan], old: Mapping[tuple[str, str], AnyRow], now: datetime
) -> dict[erased.Address, Stop]:
    """Where an address has said STOP under another name, or that of somebody who was erased: a file that
    is renamed, or comes back, must not undo that."""
    new = {
        (str(channel), address)
        for plan in plans
        for channel in ChannelName
        if (address := plan.address(channel))
        and ((row := old.get((plan.person, channel))) is None or not same_phone(row.address, address))
    }
    if not new:
        return {}
    of_others = {
        (row.channel, form): Stop(row.opted_out_at, row.opted_out_how)
        for row in _stopped(tx, sorted({form for _, number in new for form in phone_forms(number)}), now)
        for form in phone_forms(row.address)
    }
    return erased.stops(tx, new) | of_others


def _stopped(tx: Transaction, addresses: Sequence[str], now: datetime) -> Sequence[AnyRow]:
    """Rows of `reach` whose people said STOP; one that cannot be read is one of now."""
    given = {"address_in": addresses}
    with suppress_theirs():
        return tx.connection.execute(_STOPPED, given).all()
    whose = tx.connection.scalars(_STOPPED.with_only_columns(reach.c.person), given).all()
    mend_reach(tx, whose, now)
    return tx.connection.execute(_STOPPED, given).all()


def _consent(
    one: Plan, channel: ChannelName, known: Past, now: datetime
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


def mend_reach(tx: Transaction, ids: Collection[str], now: datetime) -> list[str]:
    """Puts right how these people are reached; returns what had to be."""
    mended: list[str] = []
    for person_id, channel in tx.connection.execute(
        select(reach.c.person, reach.c.channel).where(reach.c.person.in_(ids))
    ).all():
        that = (reach.c.person == person_id) & (reach.c.channel == channel)
        if channel in set(ChannelName):
            mended += put_right(tx, that, _of_reach(now))
        else:
            _no_channel(tx, person_id, that, now)
            mended.append("channel")
    return mended


def _no_channel(tx: Transaction, person_id: str, that: ColumnElement[bool], now: datetime) -> None:
    """A STOP on nobody knows which channel is one on all."""
    stopped = tx.connection.scalar(select(reach.c.opted_out_at.is_not(None)).where(that))
    tx.connection.execute(delete(reach).where(that))
    for channel in ChannelName if stopped else ():
        tx.connection.execute(tx.database.insert_new(reach), {"person": person_id, "channel": channel})
        those = update(reach).where(reach.c.person == person_id, reach.c.channel == channel)
        tx.connection.execute(those.values(opted_out_at=now, opted_out_how=UNREADABLE))


def _of_reach(now: datetime) -> Safe:
    columns = reach.c
    return {
        columns.address: None,
        columns.consented_at: None,
        columns.consent_how: None,
        columns.opted_out_at: now,
        columns.opted_out_how: UNREADABLE,
        columns.failures: 0,
        columns.rested_at: None,
        columns.ask_at: None,
        columns.asked_at: now,
        columns.times_asked: MOST_ASKED,
    }
